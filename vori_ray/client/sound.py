"""Recordings and the microphone as 16 kHz mono PCM. Knows nothing of the network."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import av
import av.error

from vori_ray.errors import BadAudioError

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE
MICROPHONE = "mic"

_MICROPHONES = {"linux": ("default", "pulse"), "darwin": (":0", "avfoundation"), "win32": ("audio=default", "dshow")}
"""What FFmpeg calls the usual microphone: (file, format) for each platform."""


def read_pcm(source: str | Path, *, chunk_s: float = 0.1) -> Iterator[bytes]:
    """Decode any recording, or `mic`, into chunks of signed 16-bit samples at 16 kHz, mono.

    Raises BadAudioError where FFmpeg finds no sound in it.
    """
    size = int(chunk_s * SAMPLE_RATE) * 2
    kept = bytearray()
    for piece in _decode(source):
        kept += piece
        while len(kept) >= size:
            yield bytes(kept[:size])
            del kept[:size]
    if kept:
        yield bytes(kept)


async def stream_pcm(source: str | Path, *, chunk_s: float = 0.1) -> AsyncIterator[bytes]:
    """As `read_pcm`; decoding runs in a thread, so that the event loop goes on."""
    chunks = read_pcm(source, chunk_s=chunk_s)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk


def _decode(source: str | Path) -> Iterator[bytes]:
    try:
        with _open(source) as container:
            if not container.streams.audio:
                raise BadAudioError(f"expected a recording with a sound track, {source} has none")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(container.streams.audio[0]):
                yield from (_samples(out) for out in resampler.resample(frame))
            yield from (_samples(out) for out in resampler.resample(None))
    except (av.error.FFmpegError, OSError) as exc:
        raise BadAudioError(f"expected a recording that FFmpeg can decode, {source}: {exc}") from exc


def _open(source: str | Path) -> av.container.InputContainer:
    if str(source) != MICROPHONE:
        return av.open(str(source), mode="r")
    file, format_name = _MICROPHONES[sys.platform]
    return av.open(file, mode="r", format=format_name)


def _samples(frame: av.AudioFrame) -> bytes:
    return bytes(frame.to_ndarray().tobytes())
