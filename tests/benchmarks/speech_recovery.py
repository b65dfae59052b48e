"""Kills Transcriber replicas while people speak: what is lost, what is said twice, how long until all is well again.

Two replicas on a real Ray; four streams at real time; every few seconds one replica is killed with SIGKILL. A stream
has recovered when nothing of its sound waits for longer than a second. The words are compared with those of the same
streams undisturbed in this process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import ray
from ray import serve

from tests.benchmarks.speech_rig import Played, Player, Recording, Rig, load_recording
from vori_ray.speech.ports import Transcribe
from vori_ray.speech.scoring import percentiles
from vori_ray.speech.transcriber import Transcriber, TranscriberOptions
from vori_ray.speech.windows import WindowRequest, WindowResult

SECONDS = 40.0
KILLS_AT_S = (8.0, 20.0)
WELL_S = 1.0


async def recovery(rig: Rig) -> dict[str, Any]:
    """Seconds to recover over all streams and kills; words lost and doubled are counted against undisturbed streams."""
    recordings = [load_recording(lang).rotated(turn).until(SECONDS) for turn in (0, 9) for lang in ("en", "ko")]
    async with rig.open() as player:
        quiet = [await player.play(one, speed=None, may_hurry=False) for one in recordings]
    async with _replicas() as transcribe, rig.open(transcribe) as player:
        disturbed, kills_s = await _play_and_kill(player, recordings)
    times = [_recovery_s(played, at_s - played.began) for played in disturbed for at_s in kills_s]
    different = sum(
        [word.text for word in one.settled] != [word.text for word in other.settled]
        for one, other in zip(quiet, disturbed, strict=True)
    )
    return {"kills": len(kills_s), "streams": len(recordings), "streams_that_differ": different} | percentiles(times)


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


async def _play_and_kill(player: Player, recordings: list[Recording]) -> tuple[list[Played], list[float]]:
    kills_s: list[float] = []

    async def kill(after_s: float) -> None:
        await asyncio.sleep(after_s)
        names = {process.pid: " ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)}
        os.kill(min(pid for pid, name in names.items() if "ServeReplica:bench" in name), signal.SIGKILL)
        kills_s.append(time.monotonic())

    played, *_ = await asyncio.gather(
        player.play_all(recordings, may_hurry=False), *(kill(at_s) for at_s in KILLS_AT_S)
    )
    return played, kills_s


def _recovery_s(played: Played, killed_s: float) -> float:
    """From the kill to the last moment, before the next one, at which sound had waited too long."""
    next_s = killed_s + KILLS_AT_S[1] - KILLS_AT_S[0]
    late = [at_s for at_s, lag_s in played.timed_lags if killed_s <= at_s < next_s and lag_s > WELL_S]
    return max(late, default=killed_s) - killed_s
