"""What a client may say on the native audio socket, and how a refusal is said. PURE.

A text that cannot be used raises `Refusal`: an error with a stable code and, where the session cannot go on, the
WebSocket close code. Knows nothing of sockets, sessions or sound.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from vori_ray.errors import ProtocolError, VoriError

MAX_FRAME_BYTES = 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024
MAX_SPEAKER_CHARACTERS = 100
SAMPLE_RATES = (8_000, 48_000)
MAX_CHANNELS = 2

UNSUPPORTED = 1003
UNREADABLE = 1007
OUT_OF_ORDER = 1008
TOO_BIG = 1009
MOVING = 1012
TRY_LATER = 1013

Encoding = Literal["pcm_s16le", "pcm_f32le", "container"]
Command = Literal["finalize", "stop", "ping"]
_ENCODINGS: tuple[str, ...] = get_args(Encoding)
_COMMANDS: tuple[str, ...] = get_args(Command)


class Refusal(ProtocolError):
    """The message breaks the streaming protocol. `close_code` is set where the session cannot go on."""

    def __init__(self, message: str, *, code: str, close_code: int | None) -> None:
        super().__init__(message, code=code)
        self.close_code = close_code


@dataclass(frozen=True, slots=True)
class Start:
    """The first message of a session. `session_id` resumes one; `last_segment_id` is the newest final it has.

    `diarize` asks for the speakers of one stream to be told apart; a resumed session stays as it was begun.
    """

    encoding: Encoding = "pcm_s16le"
    sample_rate: int = 16_000
    channels: int = 1
    language: str = "auto"
    session_id: str | None = None
    last_segment_id: int = 0
    speaker: str | None = None
    diarize: bool = False


def parse_start(text: str, languages: tuple[str, ...]) -> Start:
    """Read the first message. `languages` are those that may be asked for beside `auto`. Raises Refusal."""
    message = _parse(text, close_code=UNREADABLE)
    if message.get("type") != "start":
        raise _refused("start_expected", f"expected a start message first, came {_kind(message)}", OUT_OF_ORDER)
    return Start(
        encoding=_one_of(message, "encoding", _ENCODINGS, "pcm_s16le"),  # type: ignore[arg-type]
        sample_rate=_whole(message, "sample_rate", SAMPLE_RATES, 16_000),
        channels=_whole(message, "channels", (1, MAX_CHANNELS), 1),
        language=_one_of(message, "language", ("auto", *languages), "auto"),
        session_id=_text(message, "session_id", 200),
        last_segment_id=_whole(message, "last_segment_id", (0, 2**53), 0),
        speaker=_text(message, "speaker", MAX_SPEAKER_CHARACTERS),
        diarize=_flag(message, "diarize"),
    )


def parse_command(text: str) -> Command:
    """Read a later message. Raises Refusal, without a close code where the session goes on."""
    message = _parse(text, close_code=None)
    kind = message.get("type")
    if kind == "start":
        raise _refused("already_started", "expected sound or a command, came a second start", None)
    if kind not in _COMMANDS:
        raise _refused("unknown_type", f"expected one of {', '.join(_COMMANDS)}, came {_kind(message)}", None)
    return kind  # type: ignore[no-any-return]


def check_frame(size_bytes: int) -> None:
    """Raises Refusal for a frame that is larger than the protocol allows."""
    if size_bytes > MAX_FRAME_BYTES:
        said = f"expected frames of at most {MAX_FRAME_BYTES} bytes, came {size_bytes}"
        raise _refused("frame_too_large", said, TOO_BIG)


def error_message(error: VoriError) -> dict[str, Any]:
    """How an error is said on the socket."""
    return {"type": "error", "code": error.error_code, "message": error.message}


def warning_message(code: str, text: str) -> dict[str, Any]:
    """How a warning is said on the socket."""
    return {"type": "warning", "code": code, "message": text}


def close_code_of(error: VoriError) -> int:
    """The close code with which an error ends a session."""
    if isinstance(error, Refusal):
        return error.close_code or OUT_OF_ORDER
    if error.retryable:
        return TRY_LATER
    return {400: UNREADABLE, 422: UNREADABLE, 500: 1011, 502: 1011}.get(error.status_code, OUT_OF_ORDER)


def _parse(text: str, *, close_code: int | None) -> dict[str, Any]:
    if len(text) > MAX_TEXT_BYTES:
        raise _refused("frame_too_large", f"expected texts of at most {MAX_TEXT_BYTES} characters", TOO_BIG)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("bad_json", f"expected a JSON object, came {text[:40]!r}", close_code) from None
    if not isinstance(message, dict):
        raise _refused("bad_json", f"expected a JSON object, came {type(message).__name__}", close_code)
    return message


def _kind(message: dict[str, Any]) -> str:
    return repr(message.get("type"))[:60]


def _one_of(message: dict[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = message.get(name, default)
    if not isinstance(value, str) or value not in allowed:
        said = f"expected {name} to be one of {', '.join(allowed)}, came {str(value)[:60]!r}"
        raise _refused(f"unknown_{name}", said, UNSUPPORTED)
    return value


def _whole(message: dict[str, Any], name: str, bounds: tuple[int, int], default: int) -> int:
    value = message.get(name, default)
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        said = f"expected {name} to be a whole number from {low} to {high}, came {str(value)[:60]!r}"
        raise _refused(f"bad_{name}", said, UNSUPPORTED)
    return value


def _flag(message: dict[str, Any], name: str) -> bool:
    value = message.get(name, False)
    if not isinstance(value, bool):
        raise _refused(f"bad_{name}", f"expected {name} to be true or false, came {str(value)[:60]!r}", UNSUPPORTED)
    return value


def _text(message: dict[str, Any], name: str, longest: int) -> str | None:
    value = message.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        said = f"expected {name} to be a text of 1 to {longest} printable characters, came {str(value)[:60]!r}"
        raise _refused(f"bad_{name}", said, UNREADABLE)
    return value


def _refused(code: str, message: str, close_code: int | None) -> Refusal:
    return Refusal(message, code=code, close_code=close_code)
