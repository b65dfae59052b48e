"""A report: one thing that the analytics can say, as a sentence, a note and a table. PURE: values only.

The page, the notebooks and the charts all start from it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "ko"]
Kind = Literal["text", "day", "count", "number", "share"]

MIN_MEETINGS = 8
"""Meetings that a statement about averages needs: fewer say more about chance than about the group."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report's table. `kind` says how its values are written."""

    name: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Report:
    """What a chart shows. `n` counts what it rests on; without `is_enough` the sentence says what is missing.

    `rows`: column name -> value; days are ISO dates, shares lie in 0..1, None is "not known".
    """

    name: str
    title: str
    sentence: str
    note: str
    n: int
    is_enough: bool
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]

    def label(self, name: str) -> str:
        """The heading of a column."""
        return next(column.label for column in self.columns if column.name == name)


def report_of(document: Mapping[str, Any]) -> Report:
    """The report in a document of the API."""
    return Report(
        name=document["name"],
        title=document["title"],
        sentence=document["sentence"],
        note=document["note"],
        n=document["n"],
        is_enough=document["isEnough"],
        columns=tuple(Column(**column) for column in document["columns"]),
        rows=tuple(document["rows"]),
    )
