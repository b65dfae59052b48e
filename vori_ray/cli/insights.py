"""`vori insights ...`: commands about the analytics."""

from __future__ import annotations

import json as json_format
from typing import Annotated

import typer

from vori_ray.cli.jobs import run_script
from vori_ray.cli.output import JsonFlag, Progress, console, print_json
from vori_ray.errors import UnavailableError

insights = typer.Typer(help="Trends, keywords and findings of groups.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(insights, name="insights")


@insights.callback()
def group() -> None:
    """Trends, keywords and findings of groups."""


@insights.command("recompute")
def recompute(
    days: Annotated[int, typer.Option(min=1, help="How many days back the trends go.")] = 56,
    group: Annotated[int | None, typer.Option("--group", help="Group to compute; all if not given.")] = None,
    json: JsonFlag = False,
) -> None:
    """Compute trends, keywords and findings anew, on the Spark of the service that runs here."""
    arguments = ["--days", str(days), *(["--group", str(group)] if group is not None else [])]
    is_good, lines = run_script("trends.py", arguments, show=Progress())
    if not is_good:
        raise UnavailableError(f"the job trends.py failed: {lines[-1] if lines else 'it said nothing'}")
    report = json_format.loads(lines[-1])
    if json:
        print_json(report)
        return
    console.print(", ".join(f"{name}: {value}" for name, value in report.items() if isinstance(value, int)))
    for note in report["skipped"]:
        console.print(f"left out: {note}", markup=False)
