"""Kills Gateway replicas while people speak, behind the real ingress, with a PostgreSQL and a Ray of their own.

Two replicas; four clients at real time, first undisturbed, then while every few seconds the replica that has been there
for longest is killed with SIGKILL; each client finds its way back by itself. A stream has recovered when none of its
sound has waited for longer than a second to be durable, and no word is missing that came undisturbed a second ago. All
is played twice: where sessions may not hurry, so that words can be compared, and as they are, for the times.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml

from tests.benchmarks.speech_recovery import SECONDS, found, four_recordings, play_and_kill, recovery_s
from tests.benchmarks.speech_rig import LAG_SAMPLE_S, Recording
from tests.benchmarks.table import REPOSITORY
from vori_ray.client import VoriClient
from vori_ray.gateway.auth import ensure_owner, new_token
from vori_ray.local.deploy import deploy_serve
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.processes import end_instance, find_processes, instance_of, name_of
from vori_ray.local.ray_cluster import PART, RayCluster
from vori_ray.speech.journal import durable_samples, read_samples, session_folder
from vori_ray.speech.windows import SAMPLE_RATE
from vori_ray.storage.database import Database
from vori_ray.storage.migrate import upgrade

REPLICAS = 2
IN_FLIGHT_S = 0.1  # what a Gateway had sent when it was killed has come by then, and no client is back yet


async def gateway_recovery() -> dict[str, Any]:
    """As `speech_recovery.recovery`, for Gateways; seconds to recover are those of the streams that a kill cut."""
    pairs, kills_s = await _disturbed(may_hurry=False)
    hurrying, more_kills_s = await _disturbed(may_hurry=True)
    cuts = [(pair, at_s - pair[0].began) for pair in hurrying for at_s in more_kills_s]
    times = [recovery_s(one.timed_lags(quiet), at_s) for (one, quiet), at_s in cuts if one.is_cut(at_s)]
    same = [one.is_whole and one.words == quiet.words for one, quiet in pairs]
    return found([*kills_s, *more_kills_s], same, times)


async def _disturbed(*, may_hurry: bool) -> tuple[list[tuple[Heard, Heard]], list[float]]:
    """Each stream while Gateways are killed and undisturbed, and the clock at each kill."""
    recordings = four_recordings()
    with running_service(may_hurry=may_hurry) as service:
        quiet = await service.play_all(recordings)
        disturbed, kills_s = await play_and_kill(service.play_all(recordings), service.kill_gateway)
    return list(zip(disturbed, quiet, strict=True)), kills_s


@dataclass(frozen=True)
class Heard:
    """One stream: (seconds since `began`, message) of what its client was told; words told and stored; is the sound?"""

    began: float
    told: list[tuple[float, dict[str, Any]]]
    words: tuple[list[str], list[str]]
    is_whole: bool

    def is_cut(self, killed_s: float) -> bool:
        """Whether a kill took this stream's connection: `ready` comes again before any more is acknowledged."""
        kinds = [one["type"] for at_s, one in self.told if at_s > killed_s + IN_FLIGHT_S]
        return next((kind for kind in kinds if kind in ("ready", "ack")), "ready") == "ready"

    def timed_lags(self, quiet: Heard) -> list[tuple[float, float]]:
        """(seconds since the start, lag), right while the sound plays: how long sound or a word has been waited for."""
        durable = self._reached("ack", "until_s")
        settled, expected = (one._reached("final", "end_s") for one in (self, quiet))
        lags = []
        for at_s in np.arange(0.0, SECONDS, LAG_SAMPLE_S).tolist():
            missing = min((came_s for came_s, end_s in expected if end_s > _latest(settled, at_s)), default=at_s)
            lags.append((at_s, at_s - min(_latest(durable, at_s), missing)))
        return lags

    def _reached(self, kind: str, position: str) -> list[tuple[float, float]]:
        """(when, position in the sound) of each message of a kind, in seconds; a final without words says nothing."""
        return [(at_s, one[position]) for at_s, one in self.told if one["type"] == kind and one.get("words") != []]


@dataclass(frozen=True)
class Service:
    """A running VORI without Kafka and analytics."""

    home: Path
    group_id: int
    client: VoriClient

    def kill_gateway(self) -> None:
        """Kill the oldest replica: after the first kill all streams are there."""
        processes = find_processes(instance_of(self.home), PART)
        gateways = [process for process in processes if "ServeReplica:vori:Gateway" in name_of(process)]
        min(gateways, key=psutil.Process.create_time).kill()

    async def play_all(self, recordings: list[Recording]) -> list[Heard]:
        """Play streams at the same time, each into a new meeting."""
        return list(await asyncio.gather(*map(self._play, recordings)))

    async def _play(self, recording: Recording) -> Heard:
        path = self.home / f"{id(recording)}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes(recording.samples.tobytes())
        meeting_id = (await asyncio.to_thread(self.client.create_meeting, self.group_id, "Recovery"))["meetingId"]
        stream = self.client.stream_file(meeting_id, path, language=recording.language, patience_s=120)
        came = [(time.monotonic(), message) async for message in stream]
        began = came[0][0]  # the sound begins with the first message, `ready`
        finals = [message for _, message in came if message["type"] == "final"]
        segments = (await asyncio.to_thread(self.client.transcript, meeting_id))["segments"]
        words = [[word["word"] for one in given for word in one["words"]] for given in (finals, segments)]
        folder = session_folder(str(self.home / "audio"), came[0][1]["session_id"])
        is_whole = np.array_equal(read_samples(folder, 0, durable_samples(folder)), recording.samples)
        return Heard(began, [(at - began, message) for at, message in came], (words[0], words[1]), is_whole)


@contextmanager
def running_service(*, may_hurry: bool) -> Iterator[Service]:
    """Start PostgreSQL, Ray and the application; end all of it, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="vori-bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        home, instance, token = Path(folder), instance_of(Path(folder)), new_token()
        postgres = PostgresServer(home / "postgres", instance=instance)
        cluster = RayCluster(home, java=None, instance=instance)
        stack.callback(end_instance, instance)
        stack.callback(postgres.stop)
        stack.callback(cluster.stop)
        postgres.start()
        upgrade(postgres.url)
        database = Database(postgres.url)
        group_id = ensure_owner(database, token)
        database.close()
        env = {"VORI_MAY_HURRY": str(may_hurry), "VORI_INSIGHTS": "false", "VORI_EXTRACTOR": "rules"}
        env |= {"VORI_DATABASE_URL": postgres.url, "VORI_HOME": str(home)}
        url = deploy_serve(_config(home), cluster.start(), host="127.0.0.1", port=0, env=env, say=print)
        yield Service(home, group_id, stack.enter_context(VoriClient(url, token)))


def _config(home: Path) -> Path:
    """What `vori up` deploys, with more Gateways."""
    config = yaml.safe_load((REPOSITORY / "deployments" / "local.yaml").read_text(encoding="utf-8"))
    gateway = next(one for one in config["applications"][0]["deployments"] if one["name"] == "Gateway")
    gateway["autoscaling_config"]["min_replicas"] = REPLICAS
    path = home / "serve.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _latest(reached: list[tuple[float, float]], at_s: float) -> float:
    return max((position_s for came_s, position_s in reached if came_s <= at_s), default=0.0)
