"""The supervisor: starts the installation's own PostgreSQL or Kafka again when it has died.

One small process beside them, `python -m vori_ray.local.supervisor HOME`, which ends when the installation does. The
data and the port stay, so that whoever uses the part only has to connect again. Ray looks after its own processes.
Knows nothing of how the parts were started first.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from vori_ray.errors import VoriError
from vori_ray.local.processes import is_alive, spawn
from vori_ray.local.state import State, read_state, write_state

PART = "supervisor"
CHECK_EVERY_S = 1.0
FIRST_BACKOFF_S = 1.0
LAST_BACKOFF_S = 30.0

log = logging.getLogger(__name__)

Restart = Callable[[State], int]
"""Starts a part again where the state says that it was; returns the new process id. Raises VoriError or OSError."""


def start_supervisor(home: Path, *, instance: str) -> None:
    """Start the supervisor of a running installation."""
    command: list[str | Path] = [sys.executable, "-m", __name__, home.absolute()]
    spawn(command, instance=instance, part=PART, log_path=home.absolute() / "logs" / "supervisor.log")


@dataclass(slots=True)
class Watched:
    """One part. `retry_at` is of the monotonic clock."""

    restart: Restart
    process: psutil.Process | None = None
    retry_at: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S


@dataclass(slots=True)
class Supervisor:
    """Watches the parts that `restarts` can start; `check` is one look at all of them."""

    home: Path
    restarts: Mapping[str, Restart]
    _watched: dict[str, Watched] = field(default_factory=dict)

    def check(self) -> bool:
        """Start again what has died; False once the installation has ended."""
        state = read_state(self.home)
        if state is None or state.phase != "running":
            return False
        for part in self.restarts.keys() & state.parts.keys():
            watched = self._watched.setdefault(part, Watched(self.restarts[part], _find(state.parts[part])))
            if watched.process is None or not is_alive(watched.process):
                self._restart(part, watched, state)
        return True

    def _restart(self, part: str, watched: Watched, state: State) -> None:
        if time.monotonic() < watched.retry_at:
            return
        log.warning("%s has died; starting it again", part)
        try:
            pid = watched.restart(state)
        except (VoriError, OSError) as exc:
            log.error("%s could not be started: %s; the next try is in %g s", part, exc, watched.backoff_s)
            watched.retry_at = time.monotonic() + watched.backoff_s
            watched.backoff_s = min(2 * watched.backoff_s, LAST_BACKOFF_S)
            return
        watched.process, watched.backoff_s = _find(pid), FIRST_BACKOFF_S
        self._note(part, pid)
        log.warning("%s runs again as process %d", part, pid)

    def _note(self, part: str, pid: int) -> None:
        state = read_state(self.home)
        if state is not None:
            write_state(self.home, replace(state, parts=state.parts | {part: pid}))


def _find(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def supervise(home: Path) -> None:
    """Look every second, until the installation has ended."""
    from vori_ray.local.parts import restart_kafka, restart_postgres

    restarts = {"postgres": lambda state: restart_postgres(home, state), "kafka": lambda s: restart_kafka(home, s)}
    supervisor = Supervisor(home, restarts)
    while supervisor.check():
        time.sleep(CHECK_EVERY_S)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    supervise(Path(sys.argv[1]))
