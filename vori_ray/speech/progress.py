"""What a session's second half remembers between two points, as plain data. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vori_ray.errors import ProtocolError
from vori_ray.speech.language import LanguageState
from vori_ray.speech.utterance import UtteranceState
from vori_ray.speech.vad import EndpointerState

CHECKPOINT_VERSION = 1


@dataclass(slots=True)
class Progress:
    """The utterance whose words are being settled (None in silence) and what is known from the ones before.

    `voice_end` is the sample at which the last utterance's voice ended; `before` holds tokens of settled words that
    have left the window, for the prompt; `spoken` is the language of the last decode.
    """

    utterance: UtteranceState | None = None
    next_utterance: int = 0
    voice_end: int = 0
    before: tuple[int, ...] = ()
    language: LanguageState = field(default_factory=LanguageState)
    spoken: str = "en"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A session's whole state just after a point of its stream."""

    endpointer: EndpointerState
    progress: Progress

    def as_dict(self) -> dict[str, Any]:
        """The checkpoint as JSON data."""
        progress = self.progress
        return {
            "version": CHECKPOINT_VERSION,
            "endpointer": self.endpointer.as_dict(),
            "utterance": progress.utterance.as_dict() if progress.utterance else None,
            "next_utterance": progress.next_utterance,
            "voice_end": progress.voice_end,
            "before": list(progress.before),
            "language": progress.language.as_dict(),
            "spoken": progress.spoken,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Checkpoint:
        """The checkpoint that `as_dict` wrote. Raises ProtocolError for another version."""
        if data.get("version") != CHECKPOINT_VERSION:
            raise ProtocolError(f"checkpoint version {CHECKPOINT_VERSION} expected, came {data.get('version')!r}")
        progress = Progress(
            utterance=UtteranceState.from_dict(data["utterance"]) if data["utterance"] else None,
            next_utterance=data["next_utterance"],
            voice_end=data["voice_end"],
            before=tuple(data["before"]),
            language=LanguageState(**data["language"]),
            spoken=data["spoken"],
        )
        return cls(EndpointerState(**data["endpointer"]), progress)
