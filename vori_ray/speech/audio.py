"""Any sound becomes 16 kHz mono int16, as it comes in.

Raw PCM is converted frame by frame. Containers (WebM/Opus as a browser's MediaRecorder makes it, Ogg, FLAC, MP3, WAV)
are one continuous stream: FFmpeg reads them from a pipe in a thread of their own. Resampling is soxr's, streaming, so
the samples do not depend on how the sound was cut into messages. This module knows nothing of speech or sessions.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from vori_ray.errors import BadAudioError
from vori_ray.speech.ports import Encoding, SessionConfig
from vori_ray.speech.windows import SAMPLE_RATE, Samples

MIN_RATE: Final = 8_000
MAX_RATE: Final = 48_000
MAX_FRAME_BYTES: Final = 1024 * 1024
SAMPLE_BYTES: Final[dict[Encoding, int]] = {"pcm_s16le": 2, "pcm_f32le": 4, "pcm_mulaw": 1, "pcm_alaw": 1}
MAX_WAITING_CHUNKS: Final = 16
MIN_GAP_S: Final = 0.1
MAX_GAP_S: Final = 600.0
RESAMPLER_LEAD_S: Final = 0.24
"""Sound that a resampler must hear again to go on as if it had not been interrupted; a multiple of 40 ms, so that it
is a whole number of samples at every usual rate."""

Floats = NDArray[np.float32]


class Resampler:
    """Mono float32 at any rate to int16 at 16 kHz, streaming."""

    def __init__(self, rate: int) -> None:
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def push(self, samples: Floats, *, is_last: bool = False) -> Samples:
        """Resample the next samples; the last push gives what the filter still holds."""
        if self._stream is not None:
            samples = self._stream.resample_chunk(samples, last=is_last)
        return to_int16(samples)


class PcmDecoder:
    """Raw PCM frames. Raises BadAudioError for a rate, channel count or frame that cannot be."""

    def __init__(self, *, encoding: Encoding, sample_rate: int, channels: int) -> None:
        if encoding not in SAMPLE_BYTES:
            known = ", ".join(SAMPLE_BYTES)
            raise BadAudioError(f"encoding: one of {known} expected, came {encoding!r}", code="unknown_encoding")
        if not MIN_RATE <= sample_rate <= MAX_RATE:
            message = f"sample_rate: {MIN_RATE} to {MAX_RATE} expected, came {sample_rate}"
            raise BadAudioError(message, code="bad_sample_rate")
        if channels not in (1, 2):
            raise BadAudioError(f"channels: 1 or 2 expected, came {channels}", code="bad_channels")
        self._encoding, self._channels = encoding, channels
        self._frame_bytes = SAMPLE_BYTES[encoding] * channels
        self._is_plain = encoding == "pcm_s16le" and sample_rate == SAMPLE_RATE and channels == 1
        self.is_resampling = sample_rate != SAMPLE_RATE
        self._resampler = Resampler(sample_rate)

    @classmethod
    def of(cls, config: SessionConfig) -> PcmDecoder:
        """The decoder that a session asks for."""
        return cls(encoding=config.encoding, sample_rate=config.sample_rate, channels=config.channels)

    def push(self, data: bytes) -> Samples:
        """Convert one frame; it must hold whole samples of every channel."""
        if len(data) % self._frame_bytes:
            message = (
                f"a multiple of {self._frame_bytes} bytes expected in a frame of {self._encoding}, came {len(data)}"
            )
            raise BadAudioError(message, code="odd_bytes")
        if self._is_plain:
            return np.frombuffer(data, "<i2").astype(np.int16)
        return self._resampler.push(self._mono(data))

    def finish(self) -> Samples:
        """What the resampler still holds."""
        return self._resampler.push(np.empty(0, np.float32), is_last=True)

    def _mono(self, data: bytes) -> Floats:
        samples = _to_float(data, self._encoding)
        mono: Floats = samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        return mono


class ContainerDecoder:
    """One continuous container. `write` from one side, iterate in a thread on the other.

    At most 16 chunks wait to be read. Gaps in the timestamps (a recorder that paused) become silence, so that the
    stream's time stays the recording's.
    """

    def __init__(self) -> None:
        self._pipe = _Pipe()

    def write(self, data: bytes) -> bool:
        """Add bytes; returns False, and does nothing, while the decoder is behind."""
        return self._pipe.write(data)

    def close_input(self) -> None:
        """Say that the last bytes were written."""
        self._pipe.end()

    def abort(self) -> None:
        """Release the reading side at once."""
        self._pipe.abort()

    def __iter__(self) -> Iterator[Samples]:
        """Decoded sound as it becomes available; blocks. Raises BadAudioError for what is no sound."""
        try:
            yield from _decode(self._pipe)
        finally:
            self._pipe.abort()


def decode_file(path: str | Path) -> Samples:
    """A whole file as 16 kHz mono int16. Raises BadAudioError for what is no sound, OSError for what is not there."""
    with Path(path).open("rb") as file:
        return decode_bytes(file.read())


def decode_bytes(data: bytes) -> Samples:
    """A whole container as 16 kHz mono int16. Raises BadAudioError."""
    if not data:
        raise BadAudioError("sound expected, came an empty file", code="empty_audio")
    pieces = list(_decode(io.BytesIO(data)))
    return np.concatenate(pieces) if pieces else np.empty(0, np.int16)


def decode_stream(source: IO[bytes]) -> Iterator[Samples]:
    """A container that is read bit by bit, as 16 kHz mono int16; blocks. Raises BadAudioError for what is no sound."""
    return _decode(source)


def to_int16(samples: Floats) -> Samples:
    """Float samples, full scale 1.0, as int16; louder ones are clipped."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), np.int16)


def _to_float(data: bytes, encoding: Encoding) -> Floats:
    if encoding == "pcm_s16le":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32768.0
    if encoding == "pcm_f32le":
        samples = np.frombuffer(data, "<f4").astype(np.float32)
        if not np.isfinite(samples).all():
            raise BadAudioError("finite float samples expected, came NaN or infinity", code="not_finite")
        return samples
    table = _MULAW if encoding == "pcm_mulaw" else _ALAW
    return table[np.frombuffer(data, np.uint8)]


def _mulaw_table() -> Floats:
    """G.711 mu-law as floats."""
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.float32) / 32768.0


def _alaw_table() -> Floats:
    """G.711 A-law as floats."""
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (codes & 0x70) >> 4, (codes & 0x0F) << 4
    magnitude = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.float32) / 32768.0


_MULAW = _mulaw_table()
_ALAW = _alaw_table()


class _Pipe:
    """Bytes from one thread to another, as the file object that FFmpeg reads."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._condition = threading.Condition()
        self._is_ended = False

    def write(self, data: bytes) -> bool:
        """Add bytes; False, and nothing done, while too many wait."""
        with self._condition:
            if len(self._chunks) >= MAX_WAITING_CHUNKS and not self._is_ended:
                return False
            self._chunks.append(data)
            self._condition.notify()
            return True

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end. Blocks."""
        with self._condition:
            self._condition.wait_for(lambda: self._chunks or self._is_ended)
            if not self._chunks:
                return b""
            chunk = self._chunks.popleft()
            if len(chunk) > size:
                self._chunks.appendleft(chunk[size:])
            return chunk[:size]

    def end(self) -> None:
        """No more bytes will come."""
        with self._condition:
            self._is_ended = True
            self._condition.notify()

    def abort(self) -> None:
        """Forget what waits, too."""
        with self._condition:
            self._chunks.clear()
        self.end()


def _decode(source: Any) -> Iterator[Samples]:
    import av

    try:
        with av.open(source, mode="r", options={"analyzeduration": "0"}, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise BadAudioError("a container with an audio stream expected, came one without", code="no_audio")
            yield from (piece for piece in _decode_stream(container) if len(piece))
    except (av.FFmpegError, ValueError, IndexError) as exc:
        raise BadAudioError(f"the sound could not be decoded: {exc}", code="bad_audio") from exc


def _decode_stream(container: Any) -> Iterator[Samples]:
    import av

    stream = container.streams.audio[0]
    rate = int(stream.codec_context.sample_rate or SAMPLE_RATE)
    mixer = av.AudioResampler(format="flt", layout="mono", rate=rate)
    resampler = Resampler(rate)
    position_s: float | None = None
    for frame in container.decode(stream):
        if position_s is not None and frame.time is not None and MIN_GAP_S < frame.time - position_s < MAX_GAP_S:
            yield resampler.push(np.zeros(round((frame.time - position_s) * rate), np.float32))
        position_s = (frame.time if frame.time is not None else position_s or 0.0) + frame.samples / frame.sample_rate
        for mixed in mixer.resample(frame):
            yield resampler.push(mixed.to_ndarray().reshape(-1))
    for mixed in mixer.resample(None):
        yield resampler.push(mixed.to_ndarray().reshape(-1))
    yield resampler.push(np.empty(0, np.float32), is_last=True)


def lead_in_start(samples: int) -> int:
    """Where a resampled stream of `samples` at 16 kHz must be heard again from: a multiple of 40 ms."""
    step = SAMPLE_RATE // 25
    return max(0, samples - round(RESAMPLER_LEAD_S * SAMPLE_RATE)) // step * step
