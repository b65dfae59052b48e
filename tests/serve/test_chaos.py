"""A thousand events and twenty kills: relay, broker, database, Spark. Nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vori_ray.local.jars import Jars

pytestmark = [pytest.mark.serve, pytest.mark.spark, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


def test_every_event_is_counted_once_whatever_is_killed(make_home: Callable[[], Path], jars: Jars) -> None:
    home = make_home()
    (home / "jars").symlink_to(jars.kafka[0].parents[1])
    report = home / "chaos.json"
    command = [sys.executable, "-m", "tests.benchmarks.chaos", "--home", str(home), "--json", str(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    outcome = json.loads(report.read_text())
    assert (outcome["events"], outcome["lost"], outcome["twice"], outcome["rows_unlike_batch"]) == (1000, 0, 0, 0)
    assert sum(outcome["kills"].values()) == 20
