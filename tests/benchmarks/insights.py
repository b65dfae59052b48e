"""The analytics: how fast events reach the tables and the boards, what survives chaos, what it takes at rest.

    python -m tests.benchmarks.insights [--only latency boards rest chaos reanalysis notebooks] [--meetings 500]

Writes bench-results/insights.json and docs/benchmarks/insights.md. Run it on a machine with nothing else to do: the
figures are wall times. The goals are those of the design; a goal that is missed is shown as missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.insights_rig import (
    BatchWatch,
    Meetings,
    Vori,
    empty_home,
    open_folder,
    running_vori,
    status_changes,
)
from tests.benchmarks.reanalysis import ratio
from tests.benchmarks.table import REPOSITORY, Goal, Table, percentiles_ms, percentiles_s

PACKAGES = ("pyspark", "raydp", "ray", "kafka-python", "psycopg2-binary", "websockets")
LOAD_BEFORE = os.getloadavg()[0]
REST_S = 30.0
SETTLED_WITHIN_S = 120.0
BOARD_PAUSE_S = 0.25


class Bench:
    """The measurements. Those that need a running VORI share one."""

    def __init__(self, given: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self._given = given
        self._folder = folder
        self._stack = stack
        self._vori: Vori | None = None

    def vori(self) -> Vori:
        """The one that runs."""
        if self._vori is None:
            self._vori = self._stack.enter_context(running_vori(empty_home(self._folder / "vori")))
        return self._vori

    def rest(self) -> list[Goal]:
        """Memory and CPU of the analytics when nothing happens."""
        vori = self.vori()
        time.sleep(REST_S)  # let the start's dust settle
        before, began = vori.status(), time.monotonic()
        time.sleep(REST_S)
        after, wall_s = vori.status(), time.monotonic() - began
        mine = {row["pid"]: row for row in after if _is_analytics(row["name"])}
        was = {row["pid"]: row["cpu_s"] for row in before}
        cpu_s = sum(row["cpu_s"] - was.get(pid, 0.0) for pid, row in mine.items())
        value = {"mb": sum(row["pss_mb"] for row in mine.values()), "cores": round(cpu_s / wall_s, 3)}
        return [Goal("rest", "analytics at rest: memory (PSS) and share of a core", value)]

    def boards(self) -> list[Goal]:
        """A status change until every open board has heard of it."""
        given = self._given
        changes = asyncio.run(
            status_changes(self.vori(), boards=given.boards, changes=given.changes, pause_s=BOARD_PAUSE_S)
        )
        complete = [times for times in changes if len(times) == given.boards]
        last = percentiles_ms([max(times) for times in complete])
        value = {"last_board_ms": last, "any_board_ms": percentiles_ms([at for times in changes for at in times])}
        met = len(complete) == len(changes) and last["p95"] <= 150
        what = f"status change (PATCH sent) until the last of {given.boards} boards has it, {len(changes)} changes"
        note = f"{len(complete)} of {len(changes)} changes reached every board"
        return [Goal("boards", what, value, "p95 <= 150 ms", met, note)]

    def latency(self) -> list[Goal]:
        """An event in Kafka until the row that counts it is committed."""
        given, vori = self._given, self.vori()
        meetings = Meetings(vori, given.meetings)
        with BatchWatch(vori) as watch:
            warm = meetings.talk(given.warm_s)
            sent = meetings.talk(given.seconds)
            total = len(warm) + len(sent)
            counted = _wait_for(lambda: meetings.count_rows(), total)
        latencies = watch.latencies_s(sent)
        batches = [later - at for (at, _), (later, _) in zip(watch.seen, watch.seen[1:], strict=False)]
        value = percentiles_s(latencies) | {"batch_p50": round(float(np.median(batches)), 2)}
        met = counted == total and len(latencies) == len(sent) and value["p50"] <= 2 and value["p95"] <= 3
        what = f"event in Kafka until its row is committed, {given.meetings} meetings at 1 event/s each (s)"
        note = f"{counted} of {total} events counted; {given.seconds:g} s after {given.warm_s:g} s of warming up"
        return [Goal("latency", what, value, "p50 <= 2 s, p95 <= 3 s", met, note)]

    def chaos(self) -> list[Goal]:
        """A thousand events, twenty kills."""
        home = empty_home(self._folder / "chaos")
        report = self._folder / "chaos.json"
        command = [sys.executable, "-m", "tests.benchmarks.chaos", "--home", str(home), "--json", str(report)]
        subprocess.run([*command, "--seed", str(self._given.seed)], cwd=REPOSITORY, check=False, timeout=1500)
        found = json.loads(report.read_text())
        kept = ("events", "lost", "twice", "rows_unlike_batch", "repeated_in_kafka", "settled_s")
        met = not (found["lost"] or found["twice"] or found["rows_unlike_batch"])
        kills = ", ".join(f"{what} {count}" for what, count in found["kills"].items())
        what = f"chaos: {sum(found['kills'].values())} kills ({kills})"
        return [Goal("chaos", what, {name: found[name] for name in kept}, "0 lost, 0 twice, stream = batch", met)]

    def reanalysis(self) -> list[Goal]:
        """The batch reanalysis against the bare recogniser."""
        found = ratio()
        goal = f">= {found.pop('goal')}"
        what = "reanalysis: throughput over bare faster-whisper's, batched"
        note = "the start of the job's actors is in it, so 20 minutes of sound come to less"
        return [Goal("reanalysis", what, found, goal, bool(found.pop("met")), note)]

    def notebooks(self) -> list[Goal]:
        """The notebooks, executed from top to bottom by their test."""
        if not sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
            return []
        files = sorted(str(path) for path in (REPOSITORY / "tests").rglob("test_notebooks*.py"))
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", *files], cwd=REPOSITORY, check=False)
        value = {"passed": done.returncode == 0, "wall_s": round(time.monotonic() - began, 1)}
        return [Goal("notebooks", "notebooks run from top to bottom", value, "all run", value["passed"])]

    def all(self) -> dict[str, Callable[[], list[Goal]]]:
        """Every measurement by its name, in the order in which they disturb each other least."""
        return {
            "rest": self.rest,
            "boards": self.boards,
            "latency": self.latency,
            "chaos": self.chaos,
            "reanalysis": self.reanalysis,
            "notebooks": self.notebooks,
        }


NEED_VORI = ("rest", "boards", "latency")


def _is_analytics(name: str) -> bool:
    return name.startswith("ray ") and any(part in name for part in ("java", "Insights", "RayDP"))


def _wait_for(count: Callable[[], int], wanted: int) -> int:
    """Wait until the count is as wanted, or for `SETTLED_WITHIN_S`; returns the last one."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while (found := count()) < wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def measure(given: argparse.Namespace) -> list[Goal]:
    """Measure what was asked for, one after another."""
    goals: list[Goal] = []
    with open_folder() as folder, ExitStack() as stack:
        bench = Bench(given, folder, stack)
        for name, work in bench.all().items():
            if given.only and name not in given.only:
                continue
            if name not in NEED_VORI:
                stack.close()
            began = time.monotonic()
            print(f"-- {name}: {(work.__doc__ or '').strip()}", flush=True)
            found = work()
            for goal in found:
                print(f"   {goal.value} met: {goal.met} ({time.monotonic() - began:.0f} s)", flush=True)
            goals += found
    return goals


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--meetings", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the meetings talk")
    parser.add_argument("--warm-s", type=float, default=30.0)
    parser.add_argument("--boards", type=int, default=200)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="order of the kills")
    given: Any = parser.parse_args()
    table = Table("insights", "Analytics", PACKAGES)
    table.goals.extend(measure(given))
    print(table.write(load_before=LOAD_BEFORE).read_text())


if __name__ == "__main__":
    main()
