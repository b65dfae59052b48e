"""Start processes that can always be found again, and end them.

Every process that VORI starts carries the mark VORI_INSTANCE in its environment, and so do its children. The mark
is made of the home folder alone, so a command line that crashed, or lost its state file, still finds them all.
VORI_PART names the part (postgres, kafka, ray). This module knows nothing of what the processes do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from vori_ray.errors import ConflictError, UnavailableError

INSTANCE_VARIABLE = "VORI_INSTANCE"
PART_VARIABLE = "VORI_PART"
Say = Callable[[str], None]


def instance_of(home: Path) -> str:
    """Return the mark of everything that is started from `home`: 12 hex digits.

    The pid namespace is part of it: a host must not take a container's processes for its own.
    """
    with suppress(OSError):
        namespace = Path("/proc/self/ns/pid").readlink()
        return _digest(f"{home.resolve()} {namespace}")
    return _digest(str(home.resolve()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def spawn(
    command: Sequence[str | Path],
    *,
    instance: str,
    part: str,
    log_path: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a marked process in its own session (Ctrl-C reaches only us); its output is appended to `log_path`."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [str(part) for part in command],
            env={**(os.environ if env is None else env), INSTANCE_VARIABLE: instance, PART_VARIABLE: part},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=_group_of(user) if user else None,
            extra_groups=[] if user else None,
        )


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def find_processes(instance: str, part: str | None = None) -> list[psutil.Process]:
    """Return the living processes that carry the mark, of one part or of all; never the caller or its ancestors.

    Their descendants are returned too: PostgreSQL's backends write their title over their environment.
    """
    parts = find_parts(instance)
    return parts.get(part, []) if part is not None else [one for processes in parts.values() for one in processes]


def find_parts(instance: str) -> dict[str, list[psutil.Process]]:
    """Return {part: its living processes} of everything that carries the mark."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[int, tuple[str, psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            env = process.environ()
            if env.get(INSTANCE_VARIABLE) == instance:
                part = env.get(PART_VARIABLE, "")
                for one in (*process.children(recursive=True), process):
                    found[one.pid] = (part, one)
    parts: dict[str, list[psutil.Process]] = {}
    for part, process in found.values():
        if process.pid not in own and is_alive(process):
            parts.setdefault(part, []).append(process)
    return parts


def roots_of(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those whose parent is none of them: a server's own children it ends itself, and in order.

    One that has ended meanwhile is left out.
    """
    pids = {process.pid for process in processes}
    roots = []
    for process in processes:
        with suppress(psutil.Error):
            if process.ppid() not in pids:
                roots.append(process)
    return roots


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end_processes(processes: Iterable[psutil.Process], *, grace_s: float = 10.0, first: int = signal.SIGTERM) -> None:
    """Ask the processes to end, wait, and kill what is left after `grace_s` seconds."""
    alive = [process for process in processes if is_alive(process)]
    for number, patience_s in ((first, grace_s), (signal.SIGKILL, 10.0)):
        for process in alive:
            with suppress(psutil.Error):
                process.send_signal(number)
        alive = _wait_for_end(alive, patience_s)


def _wait_for_end(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait, and return those that still run. Reaps nothing: a child's exit code belongs to whoever started it."""
    deadline = time.monotonic() + timeout_s
    while (alive := [process for process in processes if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def end_instance(instance: str, part: str | None = None, *, grace_s: float = 10.0) -> list[str]:
    """End every process that carries the mark, of one part or of all; returns the names of those that ran.

    Raises UnavailableError if one cannot be ended.
    """
    names: list[str] = []
    deadline = time.monotonic() + 3 * grace_s
    while processes := find_processes(instance, part):  # a dying parent may have started one more
        names += [name_of(process) for process in processes]
        end_processes(processes, grace_s=grace_s)
        if time.monotonic() > deadline and (left := find_processes(instance, part)):
            pids = ", ".join(str(process.pid) for process in left)
            raise UnavailableError(f"expected every process to end, these would not: {pids}")
    return names


def name_of(process: psutil.Process) -> str:
    """Return the process's name, or "gone"."""
    try:
        return process.name()
    except psutil.Error:
        return "gone"


def wait_until(
    is_ready: Callable[[], bool],
    *,
    what: str,
    timeout_s: float,
    process: subprocess.Popen[bytes] | None = None,
    log_path: Path | None = None,
) -> None:
    """Wait for a condition.

    Raises UnavailableError, with the log's last lines, at the deadline or if `process` ends before.
    """
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        if process is not None and process.poll() is not None:
            raise UnavailableError(f"{what} ended with code {process.returncode}{_tail(log_path)}")
        if time.monotonic() > deadline:
            raise UnavailableError(f"{what} was not ready after {timeout_s:.0f} s{_tail(log_path)}")
        time.sleep(0.05)


def _tail(log_path: Path | None, lines: int = 8) -> str:
    if log_path is None or not log_path.exists():
        return ""
    last = log_path.read_text(errors="replace").splitlines()[-lines:]
    return f"; the end of {log_path}:\n" + "\n".join(last)


@contextmanager
def hold_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock between processes; it falls with its holder. Raises ConflictError if it is held and not `wait`."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as exc:
            raise ConflictError(f"another process holds {path}") from exc
        yield
