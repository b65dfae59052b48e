"""What the gateway needs from the rest of VORI, as values and protocols: the seam between HTTP and Ray.

`gateway.deployment` fills them with Ray handles, the tests with stateful fakes. Knows nothing of Ray.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from vori_ray.gateway.auth import IdentityVerifier
from vori_ray.insights.painter import Painter
from vori_ray.speech.ports import SessionConfig, Sink, SpeechStream
from vori_ray.storage.database import Database

Event = dict[str, Any]
"""The envelope on the wire: {"type": "event", "topic", "seq", "group_id", "payload"}, or {"type": "gap"}."""

OpenStream = Callable[[SessionConfig, Sink], SpeechStream]


class TranscriptStore(Protocol):
    """The MeetingStore: writes what sessions hear, many sessions' rows in one commit."""

    async def open_session(self, session: dict[str, Any]) -> dict[str, Any]:
        """Begin a session or take one up: `session_id`, and the other columns of `AudioSession`."""
        ...

    async def save_segments(self, segments: Sequence[dict[str, Any]]) -> list[int]:
        """Keep settled words, the columns of `Segment`; returns their ids, the same on a repeat."""
        ...

    async def end_utterance(self, session_id: str, utterance: int) -> None:
        """Note that nothing follows the saved words of an utterance."""

    async def save_draft(self, session_id: str, draft: dict[str, Any]) -> None:
        """Keep unfinished text."""

    async def close_session(self, session_id: str, duration_s: float) -> None:
        """Note that a session is over."""

    async def touch(self, meeting_id: int, *, audio: bool, speech: bool) -> None:
        """Note that a meeting had sound, or speech, just now."""


class EventSource(Protocol):
    """The EventHub."""

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[Event]]:
        """Events after `cursor`, with the new cursor; waits up to `timeout_s` for the first. 0 asks for the cursor."""
        ...


class Keeper(Protocol):
    """The MeetingKeeper: takes care of meetings that have ended."""

    async def meeting_ended(self, meeting_id: int) -> None:
        """Take up a meeting that was just ended, at once instead of at the next look."""


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bounds of one replica."""

    max_sessions: int = 32
    start_timeout_s: float = 10.0
    max_waiting_bytes: int = 32 * 1024 * 1024
    max_waiting_messages: int = 2_000
    max_body_bytes: int = 2 * 1024 * 1024
    max_upload_bytes: int = 256 * 1024 * 1024
    heartbeat_s: float = 20.0
    extraction_wait_s: float = 15.0


async def _nobody_asks() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class GatewayPorts:
    """Everything that `create_app` is built from.

    `session_template` is the SessionConfig whose encoding, language and so on each session replaces. `journal_url` is
    where sound is kept. `check_speech` raises UnavailableError when nothing can be transcribed.
    """

    database: Database
    store: TranscriptStore
    events: EventSource
    keeper: Keeper
    open_stream: OpenStream
    session_template: SessionConfig
    journal_url: str
    check_speech: Callable[[], Awaitable[None]]
    describe: Callable[[], Awaitable[dict[str, Any]]] = _nobody_asks
    verifier: IdentityVerifier | None = None
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    replica: str = "local"
    painter: Painter = field(default_factory=Painter)
