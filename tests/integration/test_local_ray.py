"""The whole local stack with a real Ray: what `vori up` starts, deploys to, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg2
import pytest
import websockets
import yaml
from kafka import KafkaAdminClient

from vori_ray.errors import ConflictError, UnavailableError
from vori_ray.local.deploy import deploy_serve
from vori_ray.local.jars import Jars
from vori_ray.local.java import Java
from vori_ray.local.processes import find_parts, find_processes, instance_of, wait_until
from vori_ray.local.ray_cluster import RayCluster, RayInfo
from vori_ray.local.stack import LocalStack, StackInfo, read_stack, status, stop_stack
from vori_ray.settings import Settings

pytestmark = pytest.mark.serve
ECHO = "tests.integration.echo_app:build_app"
BROKEN = "tests.integration.echo_app:build_broken"


@dataclass(frozen=True, slots=True)
class Running:
    """A stack and its home."""

    home: Path
    info: StackInfo


@pytest.fixture(scope="module")
def home(make_home: Callable[[], Path], jars: Jars) -> Path:
    """A home that shares the fetched jars."""
    folder = make_home()
    (folder / "jars").symlink_to(jars.kafka[0].parents[1])
    return folder


@pytest.fixture(scope="module")
def stack(home: Path) -> Iterator[Running]:
    info = LocalStack(Settings(home=home), print).start()
    yield Running(home, info)
    stop_stack(home, print)


@pytest.fixture(scope="module")
def url(stack: Running) -> str:
    """Where the echo application answers."""
    return deploy(stack.home, stack.info.ray, ECHO)


def deploy(folder: Path, ray: RayInfo, import_path: str) -> str:
    path = folder / "serve.yaml"
    application = {"name": "echo", "route_prefix": "/", "import_path": import_path, "args": {}}
    path.write_text(yaml.safe_dump({"proxy_location": "HeadOnly", "applications": [application]}))
    return deploy_serve(path, ray, host="127.0.0.1", port=0, env={"ECHO": "yes"}, say=print)


def answering(url: str) -> set[int]:
    """Pids of the replicas that HAProxy sends requests to; a new one is announced to it some time after it is ready."""
    answers = [httpx.get(f"{url}/whoami", timeout=60) for _ in range(8)]
    return {answer.json()["pid"] for answer in answers if answer.is_success}


async def connect(url: str) -> tuple[websockets.ClientConnection, int]:
    """Open a WebSocket; returns it and the pid of the replica that holds it."""
    socket = await websockets.connect(f"{url.replace('http', 'ws')}/echo")
    return socket, json.loads(await socket.recv())["pid"]


def test_all_parts_answer(stack: Running) -> None:
    psycopg2.connect(stack.info.database_url).close()
    admin = KafkaAdminClient(bootstrap_servers=stack.info.kafka_bootstrap)
    assert admin.list_topics() == []
    admin.close()
    version = httpx.get(f"{stack.info.job_address}/api/version", headers=stack.info.headers())
    assert version.json()["ray_version"]
    assert httpx.get(f"{stack.info.job_address}/api/version").status_code == 401


def test_status_shows_every_part_and_its_memory(stack: Running) -> None:
    rows = status(stack.home)
    names = {row["name"] for row in rows}
    assert {"kafka java", "postgres", "ray raylet", "ray gcs_server", "ray dashboard"} <= names
    assert set(stack.info.pids.values()) <= {row["pid"] for row in rows}
    assert all(row["rss_mb"] > 0 for row in rows)
    assert read_stack(stack.home) == stack.info


def test_a_second_start_is_refused_and_changes_nothing(stack: Running) -> None:
    before = read_stack(stack.home)
    with pytest.raises(ConflictError, match=r"VORI runs already from .*`vori down` ends it"):
        LocalStack(Settings(home=stack.home), print).start()
    assert read_stack(stack.home) == before == stack.info


def test_ray_listens_on_loopback_only(stack: Running) -> None:
    processes = find_processes(stack.info.instance, "ray")
    connections = [one for process in processes for one in process.net_connections() if one.status == "LISTEN"]
    addresses = {one.laddr.ip.removeprefix("::ffff:") for one in connections}
    assert addresses == {"127.0.0.1"}


def test_replicas_answer_with_java_the_mark_and_their_environment(stack: Running, url: str, java: Java) -> None:
    env = httpx.get(f"{url}/whoami").json()["env"]
    assert env == {"JAVA_HOME": str(java.home), "VORI_INSTANCE": stack.info.instance, "ECHO": "yes"}


def test_replicas_allocate_with_the_jemalloc_that_ray_brings_along(url: str) -> None:
    pid = httpx.get(f"{url}/whoami").json()["pid"]
    assert "libjemalloc" in Path(f"/proc/{pid}/maps").read_text()


async def test_the_ingress_is_haproxy_and_carries_websockets(stack: Running, url: str) -> None:
    names = {process.name() for process in find_processes(stack.info.instance, "ray")}
    assert "haproxy" in names
    socket, _ = await connect(url)
    async with socket:
        await socket.send(b"sound")
        assert await socket.recv() == b"sound"


async def test_a_killed_replica_closes_its_websockets_at_once_and_is_replaced(url: str) -> None:
    await asyncio.to_thread(wait_until, lambda: len(answering(url)) == 2, what="both replicas", timeout_s=180)
    opened = [await connect(url) for _ in range(8)]
    victim = opened[0][1]
    others = [socket for socket, pid in opened if pid != victim]
    assert others, "both replicas hold sockets"
    os.kill(victim, signal.SIGKILL)
    for socket, pid in opened:
        if pid == victim:
            with pytest.raises(websockets.ConnectionClosedError):
                await asyncio.wait_for(socket.recv(), timeout=30)

    def replaced() -> bool:
        pids = answering(url)
        return victim not in pids and len(pids) == 2

    await asyncio.to_thread(wait_until, replaced, what="the new replica", timeout_s=180)
    for socket in others:  # through the HAProxy that was there before, as each change of replicas starts a new one
        await socket.send(b"still here")
        assert await asyncio.wait_for(socket.recv(), timeout=30) == b"still here"
        await socket.close()


def test_a_job_runs(stack: Running) -> None:
    command = [Path(sys.executable).with_name("ray"), "job", "submit", "--", sys.executable, "-c", "print(6 * 7)"]
    env = os.environ | stack.info.environment()
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n42\n" in done.stdout


@pytest.mark.slow
def test_two_installations_live_side_by_side(
    stack: Running, url: str, tmp_path: Path, java: Java, instance: str
) -> None:
    other = RayCluster(tmp_path, java=java, instance=f"{instance}-other")
    try:
        info = other.start()
        other_url = deploy(tmp_path, info, ECHO)
        marks = [httpx.get(f"{one}/whoami", timeout=60).json()["env"]["VORI_INSTANCE"] for one in (url, other_url)]
        assert marks == [stack.info.instance, f"{instance}-other"]
    finally:
        other.stop()
    assert find_processes(f"{instance}-other") == []
    assert (tmp_path / "logs" / "ray" / "raylet.out").exists(), "its logs are kept"
    assert httpx.get(f"{url}/whoami", timeout=60).is_success


def test_an_application_that_cannot_start_says_why(stack: Running, url: str) -> None:
    with pytest.raises(UnavailableError, match=r"(?s)echo is .*the model file is not a model file"):
        deploy(stack.home, stack.info.ray, BROKEN)


def test_stopping_ends_every_process_and_the_data_stays(stack: Running) -> None:
    processes = find_parts(stack.info.instance)
    names = stop_stack(stack.home, print)
    assert {"kafka java", "postgres", "ray raylet"} <= set(names)
    assert find_processes(stack.info.instance) == []
    assert not [
        one for part in processes.values() for one in part if psutil.pid_exists(one.pid) and one.status() != "zombie"
    ]
    assert read_stack(stack.home) is None
    assert stop_stack(stack.home, print) == []
    assert (stack.home / "postgres" / "PG_VERSION").exists()
    assert instance_of(stack.home) == stack.info.instance
