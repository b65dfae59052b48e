"""What long sessions do to the process: latency of eight streams at real time, and memory over hours of sound."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.speech_rig import Played, Player, Rig, on_disk, own_mb, streams

COUNT = 8
WARM_UP_S = 60.0  # in which windows of every length occur: the model's buffers for them are no stream's
KEPT_S = 10  # the least memory of so many seconds is what the process keeps; above it are decodes under way
Sample = tuple[float, float]  # seconds since the start, megabytes


@dataclass(frozen=True)
class Soak:
    """Streams at real time: what each of them takes, and whether they come later and later."""

    minutes: float
    mb_a_stream: float
    slope_s_per_hour: float


@dataclass(frozen=True)
class Growth:
    """What the process kept while streams played faster than real time, in megabytes.

    `kept_mb` has the median of each eighth of the sound. The growth is a straight line through all but the first
    quarter, in per cent of what the process had before, for two hours of sound in every stream.
    """

    sound_minutes: float
    speed: float
    before_mb: float
    kept_mb: list[float]
    percent_in_2_h: float
    standard_error: float


async def soak(rig: Rig, minutes: float) -> Soak:
    """Streams at real time for some minutes."""
    async with _watched(rig) as (player, before, samples):
        played = await _play(player, minutes, speed=1.0)
    settled = [mb for _, mb in samples[len(samples) // 4 :]]
    return Soak(minutes, round((float(np.median(settled)) - before) / COUNT, 2), _slope_s_per_hour(played))


async def growth(rig: Rig, sound_minutes: float, speed: float) -> Growth:
    """Hours of sound, played `speed` times faster than they were spoken."""
    async with _watched(rig) as (player, before, samples):
        await _play(player, sound_minutes, speed=speed)
    kept = [min(samples[at : at + KEPT_S], key=lambda sample: sample[1]) for at in range(0, len(samples), KEPT_S)]
    eighths = [round(float(np.median([mb for _, mb in part])), 1) for part in np.array_split(np.array(kept), 8)]
    at_s, mb = np.array(kept[len(kept) // 4 :]).T
    (slope_mb_s, _), covariance = np.polyfit(at_s * speed, mb, 1, cov=True)
    percent, error = (round(float(100 * mb_s * 7200 / before), 2) for mb_s in (slope_mb_s, covariance[0, 0] ** 0.5))
    return Growth(sound_minutes, speed, round(before, 1), eighths, percent, error)


@asynccontextmanager
async def _watched(rig: Rig) -> AsyncIterator[tuple[Player, float, list[Sample]]]:
    """A warm player, the megabytes before it plays, and those of every second while it does."""
    samples: list[Sample] = []
    async with rig.open() as player:
        await player.play_all(streams(COUNT, WARM_UP_S))
        gc.collect()  # the warm-up's sound is in cycles of its tasks
        watching = asyncio.create_task(_watch_memory(samples))
        try:
            yield player, own_mb(), samples
        finally:
            watching.cancel()


async def _play(player: Player, minutes: float, *, speed: float) -> list[Played]:
    with tempfile.TemporaryDirectory(prefix="vori-bench-") as folder:
        recordings = [on_disk(one, Path(folder)) for one in streams(COUNT, minutes * 60)]
        return await player.play_all(recordings, speed=speed)


def _slope_s_per_hour(played: list[Played]) -> float:
    points = [point for one in played for point in one.timed_latencies]
    return round(3600 * float(np.polyfit([at for at, _ in points], [late for _, late in points], 1)[0]), 3)


async def _watch_memory(samples: list[Sample]) -> None:
    started = time.monotonic()
    while True:
        samples.append((time.monotonic() - started, own_mb()))
        await asyncio.sleep(1.0)
