"""The embedded Ray: one head node on loopback, trimmed to what two cores can carry.

All of its ports, sockets and files are its own, so several clusters live side by side on one machine. Ray's logical
CPUs are bookkeeping: more are announced than there are cores, and deployments ask for fractions. Knows nothing of
the application.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from vori_ray.errors import UnavailableError
from vori_ray.local.java import Java
from vori_ray.local.ports import find_free_block, find_free_ports
from vori_ray.local.processes import end_instance, find_processes, name_of, spawn, wait_until

PART = "ray"
_LEAN = Path(__file__).with_name("lean")
_LOGICAL_CPUS = 16
_OBJECT_STORE_BYTES = 256 * 1024 * 1024
_INGRESS_PORTS = 64
# The buffers of a decode come and go by the megabyte. In glibc's heap they leave holes, and it grows by a few megabytes
# an hour; jemalloc, which Ray brings along, gives free pages back after five seconds and does not grow.
ALLOCATOR = {
    "RAY_LD_PRELOAD_ON_WORKERS": "1",
    "MALLOC_CONF": "background_thread:true,narenas:2,dirty_decay_ms:5000,muzzy_decay_ms:0",
}
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ROTATION_MAX_BYTES": str(8 * 2**20),
    "RAY_ROTATION_BACKUP_COUNT": "1",
    "RAY_START_HOOK": "vori_ray.local.ray_hook.trim",
    # no worker waits for work that may never come: each costs 45 MB
    "RAY_prestart_worker_first_driver": "0",
    **ALLOCATOR,
    "RAY_metrics_report_interval_ms": "30000",
    # Ten looks a second at nothing new took a twelfth of a core.
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.5",
    # importing is slow while two cores start everything at once
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "240",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "30",
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
    "RAY_SERVE_HAPROXY_MAXCONN": "2048",
    # Every change of replicas starts a new HAProxy; the old one keeps its WebSockets until this ends it. A port of a
    # replica that has gone is not used again while an old HAProxy may still send to it.
    "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": "14400",
    "RAY_SERVE_PORT_QUARANTINE_S": "150",
}


@dataclass(frozen=True, slots=True)
class RayInfo:
    """A running Ray: `address` is host:port of its control store, `job_address` the URL of its REST interface."""

    address: str
    job_address: str
    token_path: Path | None = None

    def environment(self) -> dict[str, str]:
        """Return what a process must have in its environment, before it imports ray, to speak to this Ray."""
        env = {"RAY_ADDRESS": self.address, "RAY_API_SERVER_ADDRESS": self.job_address}
        if self.token_path is not None:
            env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token_path)} | _LOOPBACK
        return env

    def headers(self) -> dict[str, str]:
        """Return the HTTP headers that its REST interface asks for."""
        token = os.environ.get("RAY_AUTH_TOKEN")
        if self.token_path is not None:
            token = self.token_path.read_text().strip()
        return {"Authorization": f"Bearer {token}"} if token else {}


# Ray's name for "stay on 127.0.0.1", as it does on other systems. Without it a laptop that changes networks loses
# its cluster, and the ports are open to the network.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


class RayCluster:
    """One Ray head node."""

    def __init__(
        self,
        home: Path,
        *,
        java: Java | None,
        instance: str,
        num_cpus: int = _LOGICAL_CPUS,
        num_gpus: int | None = None,
    ) -> None:
        """`java` is what Spark's executors run on; `num_gpus` None lets Ray count them."""
        self.home = home.absolute()
        self.log_path = self.home / "logs" / "ray.log"
        self.info: RayInfo | None = None
        self._java = java
        self._instance = instance
        self._num_cpus = num_cpus
        self._num_gpus = num_gpus

    @property
    def pid(self) -> int | None:
        """Process id of the node's raylet, while it runs."""
        found = (process.pid for process in find_processes(self._instance, PART) if name_of(process) == "raylet")
        return next(found, None)

    def start(self, env: Mapping[str, str] | None = None, *, timeout_s: float = 300.0, attempts: int = 3) -> RayInfo:
        """Start the node with `env` in the environment of all its processes; wait until its REST interface answers.

        Ray itself gives a node 30 s to come up, too little for a machine that is very busy: hence the attempts.
        Raises UnavailableError, with the log's end, if the node does not come up.
        """
        for _ in range(attempts - 1):
            with suppress(UnavailableError):
                return self._start_once(env or {}, timeout_s)
        return self._start_once(env or {}, timeout_s)

    def _start_once(self, env: Mapping[str, str], timeout_s: float) -> RayInfo:
        self.stop()
        temp_dir, token_path = self._make_folders()
        port, dashboard_port, *others = find_free_ports(8)
        info = RayInfo(f"127.0.0.1:{port}", f"http://127.0.0.1:{dashboard_port}", token_path)
        process = spawn(
            self._command(port, dashboard_port, agent_port=others[0], temp_dir=temp_dir),
            instance=self._instance,
            part=PART,
            log_path=self.log_path,
            env=self._environment(info, others[1:], temp_dir) | dict(env),
            cwd=self.home,
        )
        has_started = partial(_has_succeeded, process)
        wait_until(has_started, what="Ray", timeout_s=timeout_s, process=process, log_path=self.log_path)
        self.info = info
        wait_until(self.is_ready, what="Ray's REST interface", timeout_s=timeout_s, log_path=self.log_path)
        return info

    def is_ready(self) -> bool:
        """Whether the node's processes run and its REST interface answers."""
        if self.info is None:
            return False
        try:
            return httpx.get(f"{self.info.job_address}/api/version", headers=self.info.headers(), timeout=5).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """End every process of the node, the workers included; its logs go to HOME/logs/ray."""
        end_instance(self._instance, PART, grace_s=3.0)
        keep_logs(self.home, self._instance)
        self.info = None

    def kill(self) -> None:
        """End every process of the node as a crash would."""
        for process in find_processes(self._instance, PART):
            process.kill()
        self.stop()

    def _make_folders(self) -> tuple[Path, Path]:
        """Make a fresh folder for Ray's sockets, whose paths may have 107 bytes only, and a fresh token."""
        temp_dir = temp_folder(self.home, self._instance)
        temp_dir.mkdir(mode=0o700)
        (temp_dir / "h").mkdir()
        logs = self.home / "logs" / "ray"
        shutil.rmtree(logs, ignore_errors=True)
        logs.parent.mkdir(exist_ok=True)
        logs.symlink_to(temp_dir / "session_latest" / "logs")
        run_dir = self.home / "run"
        run_dir.mkdir(parents=True, exist_ok=True)
        token_path = run_dir / "ray.token"
        token_path.unlink(missing_ok=True)
        token_path.touch(mode=0o600)
        token_path.write_text(secrets.token_hex(32))
        return temp_dir, token_path

    def _command(self, port: int, dashboard_port: int, *, agent_port: int, temp_dir: Path) -> list[str]:
        options = {
            "node-ip-address": "127.0.0.1",
            "port": port,
            "dashboard-host": "127.0.0.1",
            "dashboard-port": dashboard_port,
            "dashboard-agent-listen-port": agent_port,
            "min-worker-port": 0,
            "max-worker-port": 0,
            "num-cpus": self._num_cpus,
            "object-store-memory": _OBJECT_STORE_BYTES,
            "temp-dir": temp_dir,
            "include-dashboard": "true",
            "include-log-monitor": "false",
        }
        if self._num_gpus is not None:
            options["num-gpus"] = self._num_gpus
        program = [
            sys.executable,
            "-m",
            "ray.scripts.scripts",
            "start",
            "--head",
            "--no-monitor",
            "--disable-usage-stats",
        ]
        return [*program, *(f"--{name}={value}" for name, value in options.items())]

    def _environment(self, info: RayInfo, ports: list[int], temp_dir: Path) -> dict[str, str]:
        """Environment of `ray start`, which all of its workers inherit."""
        env = dict(os.environ if self._java is None else self._java.environment())
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_LEAN), env.get("PYTHONPATH"))))
        first = find_free_block(2 * _INGRESS_PORTS)
        names = (
            "DASHBOARD_METRIC_PORT",
            "RAY_SERVE_HAPROXY_METRICS_PORT",
            "RAY_SERVE_HAPROXY_STATS_PORT",
            "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT",
            "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT",
        )
        own = dict(zip(names, map(str, ports), strict=True)) | {
            "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(first),
            "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(first + _INGRESS_PORTS),
            "RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT": str(first + _INGRESS_PORTS),
            "RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT": str(first + 2 * _INGRESS_PORTS),
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{temp_dir}/h/c",
            "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{temp_dir}/h/a",
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": f"{temp_dir}/h",
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{temp_dir}/h/s",
            "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": f"{temp_dir}/h/m",
        }
        env |= _SETTINGS | own | info.environment()
        del env["RAY_ADDRESS"]  # `ray start --head` is about to make it
        return env


def _has_succeeded(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() == 0


def temp_folder(home: Path, instance: str) -> Path:
    """Where a node keeps its sockets and files while it runs."""
    name = hashlib.sha256(f"{instance} {home}".encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"vori-{name}"


def keep_logs(home: Path, instance: str) -> None:
    """Move the logs of a node that has ended to HOME/logs/ray, and drop the rest of its files."""
    temp_dir, logs = temp_folder(home, instance), home / "logs" / "ray"
    session = (temp_dir / "session_latest" / "logs").resolve()
    if logs.is_symlink():
        logs.unlink()
        if session.is_dir():
            shutil.move(session, logs)
    shutil.rmtree(temp_dir, ignore_errors=True)


def external_ray(address: str) -> RayInfo:
    """Return a Ray that somebody else runs: `host:port`, or the http(s) URL of its REST interface.

    RAY_API_SERVER_ADDRESS names the REST interface; else it is taken to be at Ray's usual port of the same host.
    Raises UnavailableError if the address is neither.
    """
    host = address.removeprefix("ray://").partition(":")[0]
    if not host or host == "auto":
        raise UnavailableError(f"expected RAY_ADDRESS to be host:port, got {address!r}")
    return RayInfo(address, os.environ.get("RAY_API_SERVER_ADDRESS", f"http://{host}:8265").rstrip("/"))
