"""Prometheus metrics of the speech sessions of one process.

Labels carry no session ids. The Transcriber's own metrics are in transcriber.py, because they leave through Ray.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("vori_speech_sessions", "Audio sessions that are open in this process.")
LAG = Histogram(
    "vori_speech_lag_seconds",
    "Age of the oldest sound that waits for its decode, measured once a second and session.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32),
)
AUDIO = Counter("vori_speech_audio_seconds_total", "Sound received, in seconds.")
DECODE = Histogram(
    "vori_speech_decode_seconds",
    "Time from a window's request to its answer, retries included.",
    ["kind"],
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4),
)
RETRIES = Counter("vori_speech_decode_retries_total", "Decodes that failed and were tried again.")
GUARDS = Counter("vori_speech_guards_total", "Text that was not believed, by guard.", ["guard"])
DROPPED = Counter("vori_speech_dropped_decodes_total", "Interim decodes left out under overload; no sound is lost.")
REFUSED = Counter("vori_speech_refused_sessions_total", "Sessions refused for lack of capacity.")
WORDS = Counter("vori_speech_words_total", "Settled words.")
