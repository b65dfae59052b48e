"""English words of a date, seen from Monday, 2 March 2026."""

from __future__ import annotations

from datetime import date

import pytest

from vori_ray.tickets.dates import resolve

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", date(2026, 3, 2)),
        ("tomorrow", date(2026, 3, 3)),
        ("by Friday", date(2026, 3, 6)),
        ("Monday", date(2026, 3, 9)),  # a bare weekday is the next one after the meeting
        ("next Tuesday", date(2026, 3, 10)),
        ("next Friday, the thirteenth", date(2026, 3, 13)),  # the day of the month says it more exactly
        ("the twenty-fifth", date(2026, 3, 25)),
        ("the fourteenth of April", date(2026, 4, 14)),
        ("the end of the month", date(2026, 3, 31)),
        ("in two weeks", date(2026, 3, 16)),
        ("Black Friday", None),  # the name of a day is no date
        ("soon", None),
        ("", None),
    ],
)
def test_resolve(words: str, day: date | None) -> None:
    assert resolve(words, MONDAY) == day
