"""How the command line prints: JSON on request, else plain tables; progress and errors go to standard error."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vori_ray.errors import VoriError

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]

console = Console(highlight=False, soft_wrap=True)
notes = Console(stderr=True, highlight=False, soft_wrap=True)


class Progress:
    """Says each step of long work once, with the seconds since the start."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()

    def __call__(self, message: str) -> None:
        notes.print(f"[dim]{time.monotonic() - self._started_at:6.1f} s[/dim]  {message}")


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)


def write_json(path: Path, value: Any) -> None:
    """Write one JSON document to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table of the given columns, or all of them as JSON."""
    rows = list(rows)
    if as_json:
        print_json(rows)
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    console.print(table)


def fail(error: VoriError) -> None:
    """Print an error in plain words."""
    notes.print(f"[red]error[/red] ({error.error_code}): ", end="")
    notes.print(error.message, markup=False)
