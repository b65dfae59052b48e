"""The whole system, started once by the command that users type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vori_ray.local.jars import Jars

ROOT = Path(__file__).parents[2]
VORI = Path(sys.executable).with_name("vori")
START_DEADLINE_S = 420


@dataclass(frozen=True, slots=True)
class Installation:
    """A VORI in a folder of its own, driven by its command line."""

    home: Path

    def run(self, *arguments: str, deadline_s: float = START_DEADLINE_S) -> subprocess.CompletedProcess[str]:
        """Run `vori` with the given arguments; its output goes into the failure's message."""
        done = subprocess.run(
            [VORI, *arguments],
            cwd=ROOT,
            env=os.environ | {"VORI_HOME": str(self.home), "VORI_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=deadline_s,
        )
        assert done.returncode == 0, f"vori {' '.join(arguments)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, deadline_s: float = START_DEADLINE_S) -> Any:
        """Run `vori ... --json` and read what it prints."""
        return json.loads(self.run(*arguments, "--json", deadline_s=deadline_s).stdout)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that is up."""

    installation: Installation
    url: str
    token: str
    group_id: int


@pytest.fixture(scope="package")
def installation(make_home: Callable[[], Path], jars: Jars) -> Iterator[Installation]:
    """An installation that is taken down at the end, whatever happened."""
    made = Installation(make_home())
    (made.home / "jars").symlink_to(ROOT / ".vori" / "jars")
    yield made
    made.run("down")


@pytest.fixture(scope="package")
def service(installation: Installation) -> RunningService:
    """`vori up --detach --json`."""
    return RunningService(installation, **installation.json("up", "--detach"))
