"""`vori reanalyze`: hands the reanalysis of archived meetings to the running installation as a Ray job; follows it."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any, Literal

import typer

from vori_ray.cli.jobs import run_script
from vori_ray.cli.output import JsonFlag, notes, print_json

REPORT = "report: "


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("reanalyze")(reanalyze)


def reanalyze(
    meetings: Annotated[str | None, typer.Option(help="Some meetings, as 1,2,3.")] = None,
    group: Annotated[int | None, typer.Option(help="All ended meetings of a group.")] = None,
    model: Annotated[str | None, typer.Option(help="demo, a faster-whisper name or a directory.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"] | None, typer.Option(help="Where it runs.")] = None,
    extractor: Annotated[Literal["auto", "claude", "rules"] | None, typer.Option(help="Who reads it.")] = None,
    actors: Annotated[int | None, typer.Option(min=1, help="Models at once.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: JsonFlag = False,
) -> None:
    """Hear archived meetings again: a new transcript beside the old one, and suggestions. Exit 1 if any failed."""
    if (meetings is None) == (group is None):
        raise typer.BadParameter("expected either --meetings 1,2,3 or --group N")
    given = {"meetings": meetings, "group": group, "model": model, "device": device, "extractor": extractor}
    options = [
        part for name, value in (given | {"actors": actors}).items() if value for part in (f"--{name}", str(value))
    ]
    is_good, lines = run_script("reanalyze.py", [*options, *(["--dry-run"] if dry_run else [])], show=show)
    if json:
        print_json(report_in(lines))
    if not is_good:
        raise typer.Exit(1)


def show(line: str) -> None:
    """Print a line of the job, but for its report."""
    if not line.startswith(REPORT):
        notes.print(line, markup=False)


def report_in(lines: list[str]) -> Any:
    """The report among a job's lines; None where it gave none."""
    reports = [line.removeprefix(REPORT) for line in lines if line.startswith(REPORT)]
    return json_module.loads(reports[-1]) if reports else None
