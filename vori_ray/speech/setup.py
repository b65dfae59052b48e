"""From a session's configuration and the model's card to the options of the pure machine."""

from __future__ import annotations

from vori_ray.errors import ProtocolError
from vori_ray.speech.hypothesis import SettlingOptions
from vori_ray.speech.options import SessionOptions
from vori_ray.speech.ports import SessionConfig
from vori_ray.speech.utterance import WindowOptions
from vori_ray.speech.vad import EndpointerOptions
from vori_ray.speech.windows import SAMPLE_RATE

LONGEST_WINDOW_S = 15.0
TRIM_AFTER_S = 10.0
TRIM_SHARE = 0.8
FORCE_AFTER_S = 10.0
TURN_SILENCE_MS = 300
"""Silence that ends an utterance where speakers are told apart: shorter than the pause between two people's turns."""


def session_options(config: SessionConfig) -> SessionOptions:
    """Raises ProtocolError for a language that the model does not know."""
    card = config.card
    longest_s = min(LONGEST_WINDOW_S, card.longest_window_s)
    end_silence_ms = min(config.end_silence_ms, TURN_SILENCE_MS) if config.diarize else config.end_silence_ms
    return SessionOptions(
        session_id=config.session_id,
        language=_language(config),
        languages=config.languages or card.languages,
        vocabulary=config.vocabulary,
        uses_prompt=card.uses_prompt,
        endpointer=EndpointerOptions(
            decode_interval=round(config.decode_interval_s * SAMPLE_RATE),
            end_silence=round(end_silence_ms / 1000 * SAMPLE_RATE),
            speculation=round(min(200, end_silence_ms) / 1000 * SAMPLE_RATE),
        ),
        window=WindowOptions(
            longest=round(longest_s * SAMPLE_RATE),
            trim_after=round(min(TRIM_AFTER_S, TRIM_SHARE * longest_s) * SAMPLE_RATE),
            force_after=round(min(FORCE_AFTER_S, TRIM_SHARE * longest_s) * SAMPLE_RATE),
        ),
        settling=SettlingOptions(policy=config.settling),
        partial_beam=config.partial_beam,
    )


def _language(config: SessionConfig) -> str | None:
    if config.language == "auto":
        return config.languages[0] if len(config.languages) == 1 else None
    known = config.card.languages or known_languages()
    if config.language not in known:
        shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        message = f'language: "auto" or one of {shown} expected, came {config.language!r}'
        raise ProtocolError(message, code="unknown_language")
    return config.language


def known_languages() -> tuple[str, ...]:
    """The languages of genuine Whisper, as ISO 639-1 codes where there are such."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    return tuple(_LANGUAGE_CODES)
