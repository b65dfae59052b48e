"""How one session hears: the options of the pure machine. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field

from vori_ray.speech.hypothesis import SettlingOptions
from vori_ray.speech.utterance import WindowOptions
from vori_ray.speech.vad import EndpointerOptions


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How one session hears. `language` None: choose among `languages`.

    What is settled in mid-speech is settled for good, so it is decoded as carefully as a final; only a session that
    has fallen behind takes `hurried_beam` there.
    """

    session_id: str
    language: str | None = None
    languages: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    uses_prompt: bool = False
    endpointer: EndpointerOptions = field(default_factory=EndpointerOptions)
    window: WindowOptions = field(default_factory=WindowOptions)
    settling: SettlingOptions = field(default_factory=SettlingOptions)
    partial_beam: int = 5
    hurried_beam: int = 1
    final_beam: int = 5
