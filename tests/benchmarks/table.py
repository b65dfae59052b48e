"""A benchmark's result: goals and what was measured, as JSON (bench-results) and as a page (docs/benchmarks)."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table. `met` None: there is no goal, or it could not be measured here."""

    name: str
    what: str
    value: Any
    goal: str = "-"
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """All lines of one benchmark, with the machine and the versions of what was measured."""

    name: str
    title: str
    packages: Sequence[str]
    goals: list[Goal] = field(default_factory=list)

    def write(self, *, load_before: float) -> Path:
        """Write both files, with the earlier results of what was not measured now; returns the page."""
        path = REPOSITORY / "bench-results" / f"{self.name}.json"
        path.parent.mkdir(exist_ok=True)
        earlier = json.loads(path.read_text())["goals"] if path.exists() else {}
        goals = earlier | {goal.name: _without_name(goal) for goal in self.goals}
        result = {
            "goals": goals,
            "machine": machine() | {"load_before": round(load_before, 2)},
            "versions": {name: version(name) for name in self.packages} | {"python": platform.python_version()},
            "command": " ".join([f"python -m tests.benchmarks.{self.name}", *sys.argv[1:]]),
        }
        path.write_text(json.dumps(result, indent=1) + "\n")
        page = REPOSITORY / "docs" / "benchmarks" / f"{self.name}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(self._markdown(result))
        return page

    def _markdown(self, result: dict[str, Any]) -> str:
        about = [f"{name} {value}" for name, value in (result["machine"] | result["versions"]).items()]
        rows = [_row(name, goal) for name, goal in result["goals"].items()]
        head = ["| | what | goal | measured | met | remarks |", "|---|---|---|---|---|---|"]
        return "\n".join(
            [f"# {self.title}", "", f"`{result['command']}`", "", *head, *rows, "", f"{', '.join(about)}.", ""]
        )


def machine() -> dict[str, Any]:
    """What it ran on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory_gib = round(psutil.virtual_memory().total / 2**30)
    return {"cpu": model or platform.processor(), "cores": os.cpu_count(), "memory_gib": memory_gib}


def show(value: Any) -> str:
    """A value as a cell of the table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {show(item)}" for name, item in value.items())
    return str(value)


def percentiles_s(values: list[float]) -> dict[str, float]:
    """p50, p95 and the largest, in seconds."""
    if not values:
        raise RuntimeError("expected something to be measured, nothing was")
    return {
        "p50": round(float(np.percentile(values, 50)), 3),
        "p95": round(float(np.percentile(values, 95)), 3),
        "max": round(max(values), 3),
    }


def percentiles_ms(values: list[float]) -> dict[str, float]:
    """p50, p95 and the largest of seconds, in milliseconds."""
    return {name: round(value * 1000, 1) for name, value in percentiles_s(values).items()}


def _row(name: str, goal: dict[str, Any]) -> str:
    cells = (name, goal["what"], goal["goal"], show(goal["value"]), _mark(goal["met"]), goal["note"])
    return f"| {' | '.join(cells)} |"


def _without_name(goal: Goal) -> dict[str, Any]:
    return {name: value for name, value in asdict(goal).items() if name != "name"}


def _mark(is_met: bool | None) -> str:
    return {True: "yes", False: "**no**", None: "-"}[is_met]
