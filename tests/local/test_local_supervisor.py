"""The supervisor's decisions, with parts that are small processes: what died is started again, later and later."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from vori_ray.errors import UnavailableError
from vori_ray.local.state import State, forget_state, read_state, write_state
from vori_ray.local.supervisor import Supervisor


class Part:
    """Starts sleeping processes; may refuse to."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.is_broken = False
        self.tries = 0

    def restart(self, _: State) -> int:
        self.tries += 1
        if self.is_broken:
            raise UnavailableError("it does not start")
        self.processes.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return self.processes[-1].pid

    def kill(self) -> None:
        self.processes[-1].kill()
        self.processes[-1].wait()


@pytest.fixture
def part() -> Iterator[Part]:
    made = Part()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


@pytest.fixture
def supervisor(tmp_path: Path, part: Part) -> Supervisor:
    pid = part.restart(State("", "starting"))
    write_state(tmp_path, State("mark", "running", {"postgres": pid, "ray": 1}))
    return Supervisor(tmp_path, {"postgres": part.restart, "kafka": part.restart})


def test_what_died_is_started_again_and_noted(supervisor: Supervisor, part: Part, tmp_path: Path) -> None:
    assert supervisor.check()
    assert part.tries == 1, "it lives, and there is no kafka here"
    part.kill()
    assert supervisor.check()
    state = read_state(tmp_path)
    assert state is not None
    assert state.parts == {"postgres": part.processes[-1].pid, "ray": 1}
    assert psutil.pid_exists(state.parts["postgres"])
    assert supervisor.check()
    assert part.tries == 2


def test_a_part_that_will_not_start_is_tried_less_and_less_often(
    supervisor: Supervisor, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supervisor.check()
    part.kill()
    part.is_broken, now = True, time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tried_at = []
    for second in range(20):
        before, now = part.tries, now + 1
        assert supervisor.check()
        if part.tries > before:
            tried_at.append(second)
    assert tried_at == [0, 1, 3, 7, 15]


def test_it_ends_with_the_installation(supervisor: Supervisor, tmp_path: Path) -> None:
    assert supervisor.check()
    forget_state(tmp_path)
    assert not supervisor.check()
