"""Marked processes are found again by their mark alone, and end, whatever they do about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from vori_ray.errors import ConflictError, UnavailableError
from vori_ray.local.processes import (
    end_instance,
    find_parts,
    find_processes,
    hold_lock,
    instance_of,
    is_alive,
    roots_of,
    spawn,
    wait_until,
)

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = "import subprocess; subprocess.run(['sleep', '600'])"


@pytest.fixture
def mark() -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    end_instance(name, grace_s=0.1)


def start(mark: str, tmp_path: Path, *, part: str = "one", code: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code] if code else ["sleep", "600"]
    return spawn(command, instance=mark, part=part, log_path=tmp_path / "logs" / f"{part}.log")


def test_the_mark_depends_on_the_home_alone(tmp_path: Path) -> None:
    assert instance_of(tmp_path) == instance_of(tmp_path / "a" / "..")
    assert instance_of(tmp_path) != instance_of(tmp_path / "a")


def test_processes_are_found_by_mark_and_part(mark: str, tmp_path: Path) -> None:
    first, second = start(mark, tmp_path), start(mark, tmp_path, part="two")
    assert {process.pid for process in find_processes(mark)} == {first.pid, second.pid}
    assert [process.pid for process in find_processes(mark, "two")] == [second.pid]
    assert set(find_parts(mark)) == {"one", "two"}
    assert find_processes(mark + "x") == []


def test_children_are_found_too(mark: str, tmp_path: Path) -> None:
    parent = start(mark, tmp_path, code=PARENT)
    wait_until(lambda: {one.name() for one in find_processes(mark)} >= {"sleep"}, what="the child", timeout_s=30)
    parent.kill()
    parent.wait()
    (child,) = find_processes(mark)
    assert child.name() == "sleep"


def test_the_caller_is_never_among_them(tmp_path: Path, mark: str) -> None:
    code = f"from vori_ray.local.processes import find_processes; print(len(find_processes({mark!r})))"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"VORI_INSTANCE": mark},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "0"


def test_one_part_ends_alone(mark: str, tmp_path: Path) -> None:
    start(mark, tmp_path)
    second = start(mark, tmp_path, part="two")
    assert end_instance(mark, "one") == ["sleep"]
    assert [process.pid for process in find_processes(mark)] == [second.pid]


def test_a_process_that_ignores_sigterm_is_killed(mark: str, tmp_path: Path) -> None:
    process = start(mark, tmp_path, code=STUBBORN)
    log = tmp_path / "logs" / "one.log"
    wait_until(lambda: log.read_text() == "ready\n", what="the process", timeout_s=30)
    assert len(end_instance(mark, grace_s=0.2)) == 1
    assert process.wait() == -signal.SIGKILL
    assert find_processes(mark) == []


def test_roots_leave_out_children_and_whatever_has_just_ended(mark: str, tmp_path: Path) -> None:
    parent, brief = start(mark, tmp_path, code=PARENT), start(mark, tmp_path, part="two")
    wait_until(lambda: len(find_processes(mark)) == 3, what="the child", timeout_s=30)
    seen = find_processes(mark)
    brief.kill()
    brief.wait()
    assert [process.pid for process in roots_of(seen)] == [parent.pid]


def test_ctrl_c_does_not_reach_them(mark: str, tmp_path: Path) -> None:
    process = start(mark, tmp_path)
    assert os.getsid(process.pid) != os.getsid(0)


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen(["true"])
    seen = psutil.Process(process.pid)
    wait_until(lambda: not is_alive(seen), what="the end", timeout_s=30)
    process.wait()


def test_waiting_ends_with_the_process_and_shows_its_last_words(mark: str, tmp_path: Path) -> None:
    process = start(mark, tmp_path, code="print('no such file'); raise SystemExit(3)")
    log = tmp_path / "logs" / "one.log"
    with pytest.raises(UnavailableError, match=r"(?s)thing ended with code 3.*no such file"):
        wait_until(lambda: False, what="thing", timeout_s=60, process=process, log_path=log)


def test_waiting_ends_at_the_deadline() -> None:
    with pytest.raises(UnavailableError, match="thing was not ready after 0 s"):
        wait_until(lambda: False, what="thing", timeout_s=0.1)


def test_a_lock_holds_between_processes(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys, pathlib; from vori_ray.local.processes import hold_lock\n"
        f"with hold_lock(pathlib.Path({str(path)!r})):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ConflictError, match="another process holds"), hold_lock(path, wait=False):
            pytest.fail("the lock was held by somebody else")
        other.kill()
    with hold_lock(path, wait=False):
        assert path.exists()
