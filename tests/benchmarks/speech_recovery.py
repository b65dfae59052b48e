"""Kills Transcriber replicas while people speak: what is lost, what is said twice, how long until all is well again.

Two replicas on a real Ray; four streams at real time; every few seconds one replica is killed with SIGKILL. A stream
has recovered when nothing of its sound waits for longer than a second. The words are compared with those of the same
streams undisturbed in this process. All is played twice: where sessions may not hurry, so that words can be compared,
and as they are, for the times.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psutil
import ray
from ray import serve

from tests.benchmarks.speech_rig import Recording, Rig, load_recording
from vori_ray.speech.ports import Transcribe
from vori_ray.speech.scoring import percentiles
from vori_ray.speech.transcriber import Transcriber, TranscriberOptions
from vori_ray.speech.windows import WindowRequest, WindowResult

SECONDS = 40.0
KILLS_AT_S = (8.0, 20.0)
WELL_S = 1.0
T = TypeVar("T")


async def recovery(rig: Rig) -> dict[str, Any]:
    """Seconds to recover over all streams and kills; words lost and doubled are counted against undisturbed streams."""
    recordings = four_recordings()
    async with rig.open() as player:
        quiet = [await player.play(one, speed=None, may_hurry=False) for one in recordings]
    async with _replicas() as transcribe, rig.open(transcribe) as player:
        disturbed, kills_s = await play_and_kill(player.play_all(recordings, may_hurry=False), _kill_transcriber)
        hurrying, more_kills_s = await play_and_kill(player.play_all(recordings), _kill_transcriber)
    times = [recovery_s(played.timed_lags, at_s - played.began) for played in hurrying for at_s in more_kills_s]
    same = [
        [word.text for word in one.settled] == [word.text for word in other.settled]
        for one, other in zip(quiet, disturbed, strict=True)
    ]
    return found([*kills_s, *more_kills_s], same, times)


def four_recordings() -> list[Recording]:
    """Two stretches of each demo meeting, about `SECONDS` long."""
    return [load_recording(lang).rotated(turn).until(SECONDS) for turn in (0, 9) for lang in ("en", "ko")]


def found(kills_s: Sequence[float], same: Sequence[bool], times: Sequence[float]) -> dict[str, Any]:
    """What came of the kills: whether each stream is the same as undisturbed, and seconds to recover."""
    return {"kills": len(kills_s), "streams": len(same), "streams_that_differ": same.count(False)} | percentiles(times)


@asynccontextmanager
async def _replicas() -> AsyncIterator[Transcribe]:
    ray.init(address="local", namespace="vori-bench", num_cpus=4, include_dashboard=False, log_to_driver=False)
    try:
        serve.start(proxy_location="Disabled")
        options = TranscriberOptions(model="demo", device="cpu", compute_type="int8")
        handle = serve.run(Transcriber.options(num_replicas=2).bind(options), name="bench", route_prefix=None)

        async def transcribe(request: WindowRequest) -> WindowResult:
            result: WindowResult = await handle.transcribe.remote(request)
            return result

        yield transcribe
    finally:
        serve.shutdown()
        ray.shutdown()


async def play_and_kill(playing: Awaitable[T], kill: Callable[[], None]) -> tuple[T, list[float]]:
    """Kill at the times of `KILLS_AT_S` while it plays; returns what was played, and the clock at each kill."""
    kills_s: list[float] = []

    async def kill_later(after_s: float) -> None:
        await asyncio.sleep(after_s)
        await asyncio.to_thread(kill)
        kills_s.append(time.monotonic())

    async with asyncio.TaskGroup() as kills:
        for at_s in KILLS_AT_S:
            kills.create_task(kill_later(at_s))
        return await playing, kills_s


def _kill_transcriber() -> None:
    names = {process.pid: " ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)}
    os.kill(min(pid for pid, name in names.items() if "ServeReplica:bench" in name), signal.SIGKILL)


def recovery_s(timed_lags: Sequence[tuple[float, float]], killed_s: float) -> float:
    """From the kill to the last moment, before the next one, at which sound had waited too long; all in seconds."""
    next_s = killed_s + KILLS_AT_S[1] - KILLS_AT_S[0]
    late = [at_s for at_s, lag_s in timed_lags if killed_s <= at_s < next_s and lag_s > WELL_S]
    return max(late, default=killed_s) - killed_s
