"""Sessions on real sound with a deterministic recogniser that hears blocks of sound.

Its words are the blocks of 0.4 s that lie wholly in a window, named after their samples; so a lost, doubled or moved
sample shows as another word.
"""

from __future__ import annotations

import asyncio
import functools
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from tests.speech.speech_support import MemorySink, MemoryStore, load_meeting
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.model_card import read_model_card
from vori_ray.speech.ports import Journal, SessionConfig, Transcribe
from vori_ray.speech.recognizer import DEMO_DIRECTORY
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult, Word

DEADLINE_S = 60.0
BLOCK = int(0.4 * SAMPLE_RATE)
SLOW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


@functools.cache
def sound() -> Samples:
    """Eighteen seconds of the demo meeting: several utterances, the last one cut off."""
    return load_meeting("en")[0][: 18 * SAMPLE_RATE]


def hear_blocks(request: WindowRequest) -> WindowResult:
    start = round(request.start_s * SAMPLE_RATE)
    end = start + len(request.audio)
    words = []
    for block in range(-(-start // BLOCK), end // BLOCK):
        samples = request.audio[block * BLOCK - start : (block + 1) * BLOCK - start]
        name = f"b{block}x{zlib.crc32(samples.tobytes()):08x}"
        words.append(Word(name, block * 0.4, block * 0.4 + 0.4, 0.95, (block,)))
    return WindowResult(words=tuple(words[len(request.prefix) :]), language="en")


async def hear(request: WindowRequest) -> WindowResult:
    await asyncio.sleep(0)
    return hear_blocks(request)


def config(**changes: Any) -> SessionConfig:
    card = read_model_card(DEMO_DIRECTORY)
    return SessionConfig(**{"session_id": "s1", "language": "en", "card": card, "grace_s": 0.0, **changes})


def journal(folder: Path) -> FileJournal:
    return FileJournal(session_folder(str(folder), "s1"))


def session(
    folder: Path, store: MemoryStore, *, transcribe: Transcribe = hear, own: Journal | None = None, **changes: Any
) -> tuple[LiveSession, MemorySink]:
    sink = MemorySink(store)
    return LiveSession(config(**changes), transcribe=transcribe, journal=own or journal(folder), sink=sink), sink


async def feed(live: LiveSession, data: bytes, sizes: list[int] | None = None) -> None:
    position, turn = 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)] if sizes else 3200
        await live.feed(data[position : position + size])
        position, turn = position + size, turn + 1


async def play(folder: Path, data: bytes, *, sizes: list[int] | None = None, **changes: Any) -> MemorySink:
    live, sink = session(folder, MemoryStore(), **changes)
    assert await live.start(resume=False) == 0.0
    await feed(live, data, sizes)
    await live.stop()
    return sink


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


def finals(sink: MemorySink) -> list[dict[str, Any]]:
    """The finals of a client that drops what it has: one for each (utterance, part)."""
    unique = {(message["utterance"], message["part"]): message for message in sink.of_type("final")}
    return [unique[key] for key in sorted(unique)]


async def kill(live: LiveSession) -> None:
    """End a session as `kill -9` does: nothing is written any more."""
    await live._tasks.cancel()
    live._is_open = False
