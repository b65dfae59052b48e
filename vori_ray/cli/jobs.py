"""Hands a script of jobs/ to the running installation as a Ray job, and follows it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vori_ray.cli.bring_up import service_environment
from vori_ray.cli.output import notes
from vori_ray.errors import UnavailableError
from vori_ray.settings import Settings

if TYPE_CHECKING:
    from vori_ray.local.stack import StackInfo

JOBS_FOLDER = Path(__file__).parents[2] / "jobs"


def run_script(name: str, options: Sequence[str], *, show: Callable[[str], None]) -> tuple[bool, list[str]]:
    """Submit jobs/`name`; each line that it prints goes to `show` as it comes.

    Returns whether it succeeded, and its lines. Raises UnavailableError where nothing runs, or the script is not there.
    """
    from vori_ray.local.jobs import RayJobs

    settings = Settings()
    stack = running_stack(settings)
    jobs = RayJobs(stack.ray)
    job_id = jobs.submit([sys.executable, str(script(name)), *options], env=service_environment(settings, stack))
    notes.print(f"job {job_id}; Ctrl-C stops looking, not the job")
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        show(line)

    return jobs.follow(job_id, note), lines


def running_stack(settings: Settings) -> StackInfo:
    """The installation that runs from here. Raises UnavailableError."""
    from vori_ray.local.stack import read_stack

    stack = read_stack(settings.home)
    if stack is None:
        raise UnavailableError("no VORI runs here: start one with `vori up`")
    return stack


def script(name: str) -> Path:
    """A job's script in the repository. Raises UnavailableError where it is not there."""
    path = JOBS_FOLDER / name
    if not path.exists():
        raise UnavailableError(f"expected the job at {path}: run VORI from its repository")
    return path
