"""The service on a real Ray behind HAProxy, with the real PostgreSQL, and the beginning of a demo meeting as sound."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import address_of, run_sql
from vori_ray.client import VoriClient
from vori_ray.client.sound import read_pcm
from vori_ray.gateway.auth import ensure_owner, hash_token, new_token
from vori_ray.local.deploy import deploy_serve
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.processes import find_processes
from vori_ray.local.ray_cluster import PART, RayCluster, RayInfo
from vori_ray.storage.database import Database

REPOSITORY = Path(__file__).parents[3]
SPOKEN_S = 15
DATABASE = "gateway_service"


@dataclass(frozen=True)
class Service:
    """A running VORI without Kafka and analytics."""

    url: str
    token: str
    stranger: str
    group_id: int
    home: Path
    instance: str
    ray: RayInfo
    env: dict[str, str]

    def pids(self, deployment: str) -> list[int]:
        """The processes of a deployment's replicas."""
        title = f"ray::ServeReplica:vori:{deployment}"
        found = find_processes(self.instance, PART)
        return [process.pid for process in found if any(word.startswith(title) for word in command_line(process))]

    def client(self) -> VoriClient:
        return VoriClient(self.url, self.token)


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="package")
def service(
    instance: str, postgres_server: PostgresServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("service")
    run_sql(postgres_server, "CREATE DATABASE {} OWNER vori TEMPLATE {}", DATABASE, template_database)
    url = address_of(postgres_server, DATABASE)
    token, stranger, group_id = make_people(url)
    mark = f"{instance}-faults"
    cluster = RayCluster(home, java=None, instance=mark)
    ray = cluster.start({"RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "3"})
    # Words that are compared must not depend on how busy the machine is.
    env = {"VORI_DATABASE_URL": url, "VORI_HOME": str(home), "VORI_INSIGHTS": "false", "VORI_MAY_HURRY": "false"}
    try:
        address = deploy(ray, env)
        yield Service(address, token, stranger, group_id, home, mark, ray, env)
    finally:
        cluster.stop()
        run_sql(postgres_server, "DROP DATABASE {} WITH (FORCE)", DATABASE)


def deploy(ray: RayInfo, env: dict[str, str]) -> str:
    config = REPOSITORY / "deployments" / "local.yaml"
    return deploy_serve(config, ray, host="127.0.0.1", port=0, env=env, say=print)


def make_people(url: str) -> tuple[str, str, int]:
    """The owner's token, a stranger's token, the owner's group."""
    database, token, stranger = Database(url), new_token(), new_token()
    group_id = ensure_owner(database, token)
    with database.unit_of_work(None) as uow:
        user = uow.users.upsert("stranger@example.org")
        uow.users.add_token(user.id or 0, name="test", token_hash=hash_token(stranger))
    database.close()
    return token, stranger, group_id


@pytest.fixture(scope="package")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the English demo meeting."""
    path = tmp_path_factory.mktemp("sound") / "beginning.wav"
    source = REPOSITORY / "vori_ray" / "data" / "meetings" / "meeting-en.flac"
    chunks = itertools.islice(read_pcm(source, chunk_s=1.0), SPOKEN_S)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(chunks))
    return path
