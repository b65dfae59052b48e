"""Start, show and stop the parts that one installation needs: PostgreSQL, Kafka and Ray.

A part that the settings name is used as it is; the others are started here, at the same time. Knows nothing of the
application that runs on them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from vori_ray.errors import ConflictError, UnavailableError
from vori_ray.local import ray_cluster
from vori_ray.local.jars import fetch_jars
from vori_ray.local.java import Java, find_java
from vori_ray.local.parts import own_kafka, own_postgres
from vori_ray.local.processes import (
    Say,
    end_instance,
    end_processes,
    find_parts,
    find_processes,
    hold_lock,
    instance_of,
    name_of,
    roots_of,
)
from vori_ray.local.ray_cluster import RayCluster, RayInfo
from vori_ray.local.state import State, forget_state, read_state, write_state
from vori_ray.local.supervisor import PART as SUPERVISOR
from vori_ray.local.supervisor import start_supervisor
from vori_ray.settings import Settings

# What ends first, by which signal (PostgreSQL waits for its clients on SIGTERM), and the seconds it is given.
_ENDING = (
    (SUPERVISOR, signal.SIGTERM, 3.0),  # or it would start again what is ended
    ("ray", signal.SIGTERM, 3.0),
    ("kafka", signal.SIGTERM, 20.0),
    ("postgres", signal.SIGINT, 20.0),
)


@dataclass(frozen=True, slots=True)
class StackInfo:
    """Where the parts are. `kafka_bootstrap` is None if there is no Kafka; `pids` has the parts started here."""

    instance: str
    database_url: str
    kafka_bootstrap: str | None
    ray: RayInfo
    pids: dict[str, int]

    @property
    def ray_address(self) -> str:
        """Address of Ray's control store, host:port."""
        return self.ray.address

    @property
    def job_address(self) -> str:
        """URL of Ray's REST interface, for Serve and for jobs."""
        return self.ray.job_address

    def headers(self) -> dict[str, str]:
        """Return the HTTP headers that Ray's REST interface asks for."""
        return self.ray.headers()

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that uses these parts; to be set before it imports ray."""
        env = {"VORI_DATABASE_URL": self.database_url} | self.ray.environment()
        return env | ({"VORI_KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap} if self.kafka_bootstrap else {})


class LocalStack:
    """The parts of the installation in `settings.home`."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.home = settings.home.absolute()
        self._settings = settings
        self._say = say
        self._instance = instance_of(self.home)
        self._state = State(self._instance, "starting")
        self._state_lock = threading.Lock()

    def start(self) -> StackInfo:
        """Start what the settings do not name; on an error, end what was started.

        Raises ConflictError if it runs already or is being started, UnavailableError if a part does not start. Without
        the jars there is no Kafka, and no error.
        """
        (self.home / "run").mkdir(parents=True, exist_ok=True)
        with hold_lock(self.home / "run" / "lock", wait=False):
            self._clear_the_way()
            try:
                database_url, kafka_bootstrap, ray = self._start_parts()
            except BaseException:
                stop_stack(self.home, lambda _: None)
                raise
            self._note(
                phase="running",
                database_url=database_url,
                kafka_bootstrap=kafka_bootstrap,
                ray_address=ray.address,
                job_address=ray.job_address,
                ray_token_path=str(ray.token_path) if ray.token_path else None,
            )
            if self._state.parts.keys() & {"postgres", "kafka"}:
                start_supervisor(self.home, instance=self._instance)
        return StackInfo(self._instance, database_url, kafka_bootstrap, ray, dict(self._state.parts))

    def _clear_the_way(self) -> None:
        """Refuse if a complete stack runs; end what is left of one that was cut off or has lost a part."""
        running = find_parts(self._instance)
        if not running:
            return
        state = read_state(self.home)
        if state is not None and state.phase == "running" and not _lost_parts(state):
            names = ", ".join(sorted(running))
            raise ConflictError(
                f"VORI runs already from {self.home} ({names}): `vori status` shows it, `vori down` ends it"
            )
        lost = ", ".join(_lost_parts(state)) if state else ""
        self._say(f"{lost or 'a start that was cut off'} has ended; ending the rest before starting again")
        end_instance(self._instance)

    def _start_parts(self) -> tuple[str, str | None, RayInfo]:
        java = self._find_java()
        steps: list[Callable[[Java | None], Any]] = [self._start_postgres, self._start_kafka, self._start_ray]
        with ThreadPoolExecutor(len(steps)) as pool:
            futures = [pool.submit(step, java) for step in steps]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                self._raise_first(futures)
            except BaseException:
                self._abandon(futures)
                raise
        database_url, kafka_bootstrap, ray = (future.result() for future in futures)
        return database_url, kafka_bootstrap, ray

    def _raise_first(self, futures: list[Future[Any]]) -> None:
        for future in futures:
            if future.done():
                future.result()

    def _abandon(self, futures: list[Future[Any]]) -> None:
        """End processes until the threads that start them have given up."""
        while wait(futures, timeout=0.2).not_done:
            end_instance(self._instance, grace_s=2.0)

    def _find_java(self) -> Java | None:
        try:
            return find_java()
        except UnavailableError as exc:
            self._say(f"no Java: {exc.message}")
            return None

    def _start_postgres(self, _: Java | None) -> str:
        if self._settings.database_url:
            return self._settings.database_url
        self._say("starting PostgreSQL")
        self._note(part="postgres")
        server = own_postgres(self.home, instance=self._instance)
        server.start()
        self._note(part="postgres", pid=server.pid or 0)
        self._say(f"PostgreSQL is ready on port {server.port}")
        return server.url

    def _start_kafka(self, java: Java | None) -> str | None:
        if self._settings.kafka_bootstrap_servers:
            return self._settings.kafka_bootstrap_servers
        try:
            jars = fetch_jars(self.home, self._say)
        except UnavailableError as exc:
            self._say(f"no Kafka and no analytics for now: {exc.message}. Meetings go on, their events wait")
            return None
        if java is None:
            return None
        self._say("starting Kafka")
        self._note(part="kafka")
        broker = own_kafka(self._settings, self.home, jars=jars, java=java, instance=self._instance)
        broker.start()
        self._note(part="kafka", pid=broker.pid or 0)
        self._say(f"Kafka is ready on port {broker.port}")
        return broker.bootstrap_servers

    def _start_ray(self, java: Java | None) -> RayInfo:
        if self._settings.ray_address:
            return ray_cluster.external_ray(self._settings.ray_address)
        self._say("starting Ray")
        self._note(part="ray")
        cluster = RayCluster(self.home, java=java, instance=self._instance)
        info = cluster.start()
        self._note(part="ray", pid=cluster.pid or 0)
        self._say(f"Ray is ready at {info.address}")
        return info

    def _note(self, *, part: str | None = None, pid: int = 0, **changes: Any) -> None:
        """Write down what has come to be; called from several threads."""
        with self._state_lock:
            parts = self._state.parts | ({part: pid} if part else {})
            self._state = replace(self._state, parts=parts, **changes)
            write_state(self.home, self._state)


def read_stack(home: Path) -> StackInfo | None:
    """Return where the parts of a running installation are; None if one of them does not run."""
    state = read_state(home)
    if state is None or state.phase != "running" or _lost_parts(state):
        return None
    if not (state.database_url and state.ray_address and state.job_address):
        return None
    token_path = Path(state.ray_token_path) if state.ray_token_path else None
    ray = RayInfo(state.ray_address, state.job_address, token_path)
    return StackInfo(state.instance, state.database_url, state.kafka_bootstrap, ray, dict(state.parts))


def _lost_parts(state: State) -> list[str]:
    """Return the parts whose process does not run any more."""
    running = {process.pid for process in find_processes(state.instance)}
    return [part for part, pid in state.parts.items() if pid not in running]


def stop_stack(home: Path, say: Say) -> list[str]:
    """End every process that was started from `home`, however it was started; returns their names."""
    instance = instance_of(home)
    names: list[str] = []
    for part, first, grace_s in _ENDING:
        processes = find_processes(instance, part)
        if processes:
            say(f"stopping {part}")
            names += [describe(part, process) for process in processes]
            end_processes(roots_of(processes), grace_s=grace_s, first=first)
            end_processes(processes, grace_s=grace_s)  # some write over their mark: they are known from before only
            end_instance(instance, part, grace_s=grace_s)
    names += end_instance(instance)
    ray_cluster.keep_logs(home.absolute(), instance)
    forget_state(home)
    return names


def status(home: Path) -> list[dict[str, Any]]:
    """Return one row a process: name, pid, CPU seconds, MB resident (rss) and MB with shared pages divided (pss)."""
    rows = []
    for part, processes in sorted(find_parts(instance_of(home)).items()):
        for process in sorted(processes, key=lambda one: one.pid):
            if row := _row(part, process):
                rows.append(row)
    return rows


def _row(part: str, process: psutil.Process) -> dict[str, Any] | None:
    try:
        memory, cpu = process.memory_full_info(), process.cpu_times()
    except psutil.Error:
        return None
    return {
        "name": describe(part, process),
        "pid": process.pid,
        "rss_mb": round(memory.rss / 2**20),
        "pss_mb": round(getattr(memory, "pss", memory.uss) / 2**20),
        "cpu_s": round(cpu.user + cpu.system, 1),
    }


def describe(part: str, process: psutil.Process) -> str:
    """Name a process for people: its part, and what it calls itself or which script it runs."""
    try:
        command = process.cmdline()
    except psutil.Error:
        command = []
    title = command[0].strip() if command else ""
    if title.startswith(("ray::", "ray-dashboard")):
        return f"{part} {title.split(' (')[0]}"
    if title.startswith("postgres:"):
        return title.replace(":", "", 1)
    script = next((Path(word).stem for word in command[1:] if word.endswith(".py")), name_of(process))
    return script if script == part else f"{part} {script}".strip()
