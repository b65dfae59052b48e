"""What was started from a home folder, in HOME/run/state.json: readable by the owner only, written whole or not at all.

Ending does not depend on it (see processes.py); it tells later commands where things are.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Phase = Literal["starting", "running"]


@dataclass(frozen=True, slots=True)
class State:
    """Where the parts of one installation are. An address is None while its part starts, or where it is left out."""

    instance: str
    phase: Phase
    parts: dict[str, int] = field(default_factory=dict)  # part: process id, 0 while it starts
    database_url: str | None = None
    kafka_bootstrap: str | None = None
    ray_address: str | None = None
    job_address: str | None = None
    ray_token_path: str | None = None


def _path(home: Path) -> Path:
    return home.absolute() / "run" / "state.json"


def write_state(home: Path, state: State) -> None:
    """Replace the state."""
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(state), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_state(home: Path) -> State | None:
    """Return the state, or None if nothing was started."""
    try:
        return State(**json.loads(_path(home).read_text()))
    except FileNotFoundError:
        return None


def forget_state(home: Path) -> None:
    """Everything has ended."""
    _path(home).unlink(missing_ok=True)
