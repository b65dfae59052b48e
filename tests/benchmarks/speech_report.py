"""The benchmark's results as JSON and as a page; goals of an earlier run stay until they are measured again."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
RESULT = REPOSITORY / "bench-results" / "speech.json"
PAGE = REPOSITORY / "docs" / "benchmarks" / "speech.md"
VERSIONS = ("ctranslate2", "faster-whisper", "onnxruntime", "numpy", "soxr", "av")
FRONT_COLUMNS = ("setting", "ratio", "ratio_en", "ratio_ko", "word_p50_s", "word_p95_s", "end_p50_s", "end_p95_s")


@dataclass(frozen=True)
class Goal:
    """One line of the table. `met` None: not measured here, or nothing to compare with."""

    name: str
    what: str
    value: Any
    goal: str
    met: bool | None
    note: str = ""


@dataclass
class Result:
    """What one run found."""

    goals: list[Goal] = field(default_factory=list)
    rivals: dict[str, Any] = field(default_factory=dict)
    front: list[dict[str, Any]] = field(default_factory=list)


def at_most(value: Any, limit: float) -> bool:
    """Whether something was measured and is within its limit."""
    return value is not None and float(value) <= limit


def write(result: Result, plan: dict[str, Any], load_before: float) -> str:
    """Merge with the earlier result, write both files; returns the page."""
    before = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    stamp = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": machine()["cpu"],
        "load_before": round(load_before, 2),
        "plan": plan,
    }
    goals = before.get("goals", {}) | {goal.name: asdict(goal) | stamp for goal in result.goals}
    rivals = before.get("rivals", {})
    merged = {
        "goals": {name: goals[name] for name in sorted(goals)},
        "machine": machine(),
        "versions": {name: version(name) for name in VERSIONS} | {"python": platform.python_version()},
        "command": " ".join(["python -m tests.benchmarks.speech", *sys.argv[1:]]),
        "rivals": {name: rivals.get(name, {}) | result.rivals.get(name, {}) for name in rivals | result.rivals},
        "front": result.front or before.get("front", []),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = markdown(merged)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    return page


def machine() -> dict[str, Any]:
    """What it ran on."""
    model = next((line for line in _cpuinfo() if line.startswith("model name")), "").partition(":")[2].strip()
    return {"cpu": model or platform.processor(), "cores": os.cpu_count()}


def markdown(result: dict[str, Any]) -> str:
    """The result as a page."""
    rows = [
        f"| {name} | {goal['what']} | {goal['goal']} | {_show(goal['value'])} | {_mark(goal['met'])} | {goal['note']} |"
        for name, goal in result["goals"].items()
    ]
    loads = "; ".join(f"{name} {goal['cpu']}, {goal['load_before']}" for name, goal in result["goals"].items())
    about = ", ".join(f"{name} {value}" for name, value in (result["machine"] | result["versions"]).items())
    return "\n".join(
        [
            "# Streaming speech, demo model",
            "",
            "Made by `make bench-speech`; the goals are the design's. Latencies are wall times of real sessions in one",
            "process (voice detection, journal on disk, batcher, model), without Serve and database but for G6.",
            "",
            "| | what | goal | measured | met | remarks |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            *_rivals(result["rivals"]),
            *_front(result["front"]),
            f"Machine and versions: {about}.",
            f"Processor, and load average of the machine when each run was begun: {loads}.",
            "Beyond the number of its cores other work was in the way, and wall times are upper bounds.",
            "",
        ]
    )


def _rivals(rivals: dict[str, Any]) -> list[str]:
    if not rivals:
        return ["No rival was run: give one with `--rival whisper_streaming=PATH`.", ""]
    rows = [f"| {name} | {_show(found)} |" for name, found in rivals.items()]
    return ["## Rivals, same sound and model, same run", "", "| rival | measured |", "|---|---|", *rows, ""]


def _front(front: list[dict[str, Any]]) -> list[str]:
    if not front:
        return []
    rows = [
        "| "
        + " | ".join(str(row.get(name, "")) for name in FRONT_COLUMNS)
        + f" | {'yes' if row['on_front'] else ''}{' (default)' if row['is_default'] else ''} |"
        for row in front
    ]
    return [
        "## Latency against errors, in simulated time",
        "",
        "Errors over those of the same utterances decoded afterwards with beam 5; `word` is the latency of a word in",
        "mid-speech, `end` that of an utterance's last word. Decode times are assumed, words are real.",
        "",
        "![latency against errors](speech-front.svg)",
        "",
        "| " + " | ".join(FRONT_COLUMNS) + " | on the front |",
        "|" + "---|" * (len(FRONT_COLUMNS) + 1),
        *rows,
        "",
    ]


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_show(item)}" for name, item in value.items() if name != "steps")
    return str(value)


def _mark(is_met: bool | None) -> str:
    return {True: "yes", False: "**no**", None: "-"}[is_met]


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
