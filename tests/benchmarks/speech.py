"""Streaming speech on the demo model: latency, accuracy, capacity, memory, fairness.

    python -m tests.benchmarks.speech [--minutes 3] [--only G1 G4 ...] [--rival whisper_streaming=PATH]

Writes bench-results/speech.json and docs/benchmarks/speech.md; goals of earlier runs stay there until they are
measured again. Run it on a machine with nothing else to do: the figures are wall times. The goals are those of the
design; one that is missed is shown as missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path

from tests.benchmarks.rivals.play import RIVALS
from tests.benchmarks.speech_goals import Bench, Plan
from tests.benchmarks.speech_report import Result, write


async def measure(plan: Plan, only: list[str]) -> Result:
    """Measure the goals, one after another."""
    bench = Bench(plan)
    for name, work in bench.all().items():
        if only and name not in only:
            continue
        started = time.monotonic()
        print(f"-- {name}: {(work.__doc__ or '').strip()}", flush=True)
        goal = await work()
        bench.result.goals.append(goal)
        print(f"   {goal.value} met: {goal.met} ({time.monotonic() - started:.0f} s)", flush=True)
    return bench.result


def rival(text: str) -> tuple[str, Path]:
    """NAME=PATH."""
    name, _, path = text.partition("=")
    if name not in RIVALS or not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"NAME=FOLDER with NAME one of {', '.join(RIVALS)} expected, came {text!r}")
    return name, Path(path)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=Plan.minutes, help="length of the soak (G5, G9)")
    parser.add_argument("--sound-minutes", type=float, default=Plan.sound_minutes, help="sound a stream (growth, G5)")
    parser.add_argument("--sound-speed", type=float, default=Plan.sound_speed, help="times real time (growth, G5)")
    parser.add_argument("--meeting-s", type=float, default=Plan.meeting_s, help="seconds of each demo meeting played")
    parser.add_argument("--only", nargs="*", default=[], metavar="GOAL")
    parser.add_argument("--rival", type=rival, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--threads", type=int, default=Plan.threads, help="threads of one decode")
    parser.add_argument("--parallel", type=int, default=Plan.parallel, help="decodes at a time")
    parser.add_argument("--max-windows", type=int, default=Plan.max_windows, help="windows in a batch")
    parser.add_argument("--fresh-meetings", type=int, default=Plan.fresh_meetings, help="of new speech, a language")
    arguments = parser.parse_args()
    plan = Plan(
        minutes=arguments.minutes,
        sound_minutes=arguments.sound_minutes,
        sound_speed=arguments.sound_speed,
        meeting_s=arguments.meeting_s,
        threads=arguments.threads,
        parallel=arguments.parallel,
        max_windows=arguments.max_windows,
        fresh_meetings=arguments.fresh_meetings,
        rivals=dict(arguments.rival),
    )
    load_before = os.getloadavg()[0]
    result = asyncio.run(measure(plan, arguments.only))
    shown = {**plan.__dict__, "rivals": sorted(plan.rivals)}
    print(write(result, shown, load_before))


if __name__ == "__main__":
    main()
