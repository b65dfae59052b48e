"""The ports of a speech session: what its shell needs from the world, and how it is set up. PURE.

A gateway gives a `Sink` (client and database), a `Journal` (durable sound) and a function that decodes windows.
All times that cross these ports are STREAM time, seconds since the session's first sample; whoever owns the
meeting adds the session's offset when it stores or forwards them.

Order that a sink may rely on: `save_segment` returns before the segment's `final` message is sent, and a
message's predecessors have been sent. A segment is told by (session, utterance, part); after a resume the same
segment may be saved and sent again, with the same content: `save_segment` must answer with the id of the first
time, and clients drop a `final` whose segment_id they have.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from vori_ray.speech.model_card import ModelCard
from vori_ray.speech.windows import Samples, WindowRequest, WindowResult, Word, join_words

Encoding = Literal["pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw", "container"]
Transcribe = Callable[[WindowRequest], Awaitable[WindowResult]]
Clock = Callable[[], float]
"""Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """How one stream of sound is to be heard.

    `language` is an ISO 639-1 code, or "auto" to choose among `languages`. `sample_rate` and `channels` describe raw
    PCM and say nothing about containers. `grace_s` is how long a lost connection may come back before what was
    heard is settled as if the speaker had stopped. `may_hurry` lets a session that stays behind decode more rarely and
    less carefully; without it the words depend on the sound alone, however late they are. With `diarize` the stream may
    hold several speakers, which the engine `diarizer` (voices.py) tells apart.
    """

    session_id: str
    encoding: Encoding = "pcm_s16le"
    sample_rate: int = 16_000
    channels: int = 1
    language: str = "auto"
    languages: tuple[str, ...] = ("en", "ko")
    vocabulary: tuple[str, ...] = ()
    card: ModelCard = field(default_factory=ModelCard)
    settling: Literal["agreement", "attention"] = "agreement"
    decode_interval_s: float = 0.5
    end_silence_ms: int = 500
    partial_beam: int = 5
    may_hurry: bool = True
    autosave_s: float = 30.0
    grace_s: float = 3.0
    diarize: bool = False
    diarizer: str = "acoustic"


@dataclass(frozen=True, slots=True)
class SettledSegment:
    """Words that will not change any more. `part` counts the pieces of one utterance from 0.

    `is_last` says that the utterance ended with this piece. Only then may `words` be empty: everything had been
    settled before; such a piece is sent to the client, and stored as the end of the utterance's newest words. `speaker`
    numbers the speakers of a stream that is diarised, from 1; None: nobody asked.
    """

    session_id: str
    utterance: int
    part: int
    words: tuple[Word, ...]
    start_s: float
    end_s: float
    language: str
    is_last: bool
    speaker: int | None = None

    @property
    def text(self) -> str:
        """The words as text."""
        return join_words(self.words)


@dataclass(frozen=True, slots=True)
class Draft:
    """Unfinished text of a session, for the autosave."""

    session_id: str
    utterance: int
    text: str
    start_s: float
    end_s: float
    duration_s: float


class Sink(Protocol):
    """Where a session's words go. One sink belongs to one session."""

    async def send(self, message: dict[str, Any]) -> None:
        """Hand one message of the native protocol to the client; never raises because the client has gone."""

    async def save_segment(self, segment: SettledSegment) -> int:
        """Store settled words; returns their segment id, the same on a repeat. Retryable VoriErrors are retried."""

    async def end_utterance(self, utterance: int) -> None:
        """Note that nothing follows the stored pieces of an utterance. Retryable VoriErrors are retried."""

    async def save_draft(self, draft: Draft) -> None:
        """Store unfinished text. A failure is logged and forgotten: the next draft replaces it."""

    async def load_saved(self, utterance: int) -> Sequence[SettledSegment]:
        """The pieces of this session's utterance that are stored already, in order of `part`, in STREAM time."""


class SpeechStream(Protocol):
    """One running session, as a gateway sees it; `runner.LiveSession` is the one implementation.

    It sends `ack`, `speech_started`, `speech_ended`, `interim`, `final`, `lag`, `warning` and `stopped` through its
    sink; the gateway itself sends `ready` (after `start`), `error` (for what these methods raise) and `pong`. A final
    with empty `text` has `segment_id` null and says only that its utterance ended.
    """

    async def start(self, *, resume: bool) -> float:
        """Open the journal and begin; returns `resume_from_s`. Raises NotFoundError when there is nothing to resume."""

    async def feed(self, data: bytes) -> None:
        """Take one binary frame; waits while the session is too far behind. Raises BadAudioError, ProtocolError."""

    async def finalize(self) -> None:
        """Settle all that was said so far; returns when its finals are sent. The session goes on."""

    async def stop(self) -> float:
        """Decode and settle the rest, send `stopped`, close; returns the stream's duration in seconds."""

    async def disconnect(self) -> bool:
        """The connection is lost: after the grace settle the rest, unless somebody resumed the session meanwhile.

        Returns whether this stream still owned the session, that is, whether it is over for the meeting.
        """


class Journal(Protocol):
    """Durable sound of one session. Only one owner may write; a later `open` takes the session over."""

    async def open(self) -> JournalState:
        """Take the session over and say what is there. Raises UnavailableError."""

    async def append(self, audio: Samples) -> None:
        """Add 16 kHz mono int16 sound; it is durable after the next `flush`."""

    async def flush(self) -> int:
        """Make everything appended durable; returns the durable length in samples."""

    async def read(self, start: int, end: int) -> Samples:
        """Durable samples `start` to `end`."""

    async def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Replace the checkpoint (JSON data)."""

    async def is_owner(self) -> bool:
        """Whether nobody has taken the session over since `open`."""

    async def close(self) -> None:
        """Give back what `open` took; the sound stays."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """What a journal holds when it is opened."""

    samples: int = 0
    checkpoint: dict[str, Any] | None = None
