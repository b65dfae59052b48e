"""The English words of a date -> the date, and where such words stand in a sentence.

Pure. A table of patterns with what each means. A bare weekday is the next such day after `today`; "next Tuesday" is in
the following calendar week (Monday to Sunday); a day of the month beats a weekday said with it. Vague words ("soon",
"next week", "in spring") name no date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tue tues",
            "wednesday wed",
            "thursday thu thurs",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if number} | {
    name.casefold(): number for number, name in enumerate(calendar.month_abbr) if number
}
_UNITS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth".split()
)
_ORDINALS = {
    name: number
    for number, name in enumerate(
        [*_UNITS, *"fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split()], start=1
    )
} | {"thirtieth": 30, "thirty-first": 31, **{f"twenty-{_UNITS[n]}": 21 + n for n in range(9)}}
_NUMBERS = {
    name: number
    for number, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(), start=1
    )
} | {"a": 1, "an": 1, "a couple of": 2, "a couple": 2, "couple of": 2, "a few": 3, "twenty": 20, "thirty": 30}

_DAY_NAME = (
    r"(?P<weekday>monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thurs?" r"|fri|sat|sun)"
)
_MONTH_NAME = (
    r"(?P<month>january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_ORDINAL = (
    r"(?P<day>\d{1,2}(?:st|nd|rd|th)|(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth"
    r"|sixth|seventh|eighth|ninth)|"
    + "|".join(sorted((name for name in _ORDINALS if "-" not in name), key=len, reverse=True))
    + ")"
)
_ANY_DAY = _ORDINAL[:-1] + r"|\d{1,2})"
_COUNT = (
    r"(?P<count>\d{1,2}|a couple of|a couple|couple of|a few|an?|"
    + "|".join(sorted((name for name in _NUMBERS if " " not in name and len(name) > 2), key=len, reverse=True))
    + ")"
)
_NOT_PLACE = (
    r"(?! (?:floor|time|round|one|draft|half|person|thing|option|point|step|quarter|attempt"
    r"|page|line|item|of all|party|version|place|paragraph|question|section|slide|figure|chapter"
    r"|phase|day|week|shift|team|batch|year|grade|class|team|rank|edition|try|part))"
)


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """Words of a date: where they stand in the text, and the date. The highest `rank` says it most exactly."""

    start: int
    end: int
    day: date
    rank: int


Meaning = Callable[[re.Match[str], date], "date | None"]


def _this_week(today: date, weekday: int) -> date:
    return today + timedelta(days=weekday - today.weekday())


def _after(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _month_end(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def _day_number(words: str) -> int:
    digits = re.match(r"\d+", words)
    return int(digits.group()) if digits else _ORDINALS.get(words.replace(" ", "-"), 0)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    """The next such day; a month that is named fixes the month."""
    found = match.groupdict()
    day, year = _day_number(found["day"]), found.get("year")
    if found.get("month"):
        month = _MONTHS["sep" if found["month"].startswith("sep") and len(found["month"]) < 9 else found["month"]]
        this = _made(int(year) if year else today.year, month, day)
        return this if year or (this and this >= today) else _made(today.year + 1, month, day)
    months = ((today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1) for ahead in range(3))
    days = (_made(year_number, month, day) for year_number, month in months)
    return next((day for day in days if day and day >= today), None)


def _weekday(match: re.Match[str], today: date) -> date:
    return _after(today, _WEEKDAYS[match["weekday"]])


def _named_weekday(match: re.Match[str], today: date) -> date:
    """ "this Friday" is in this calendar week (where that is past, in the next one); "next Friday" in the following."""
    number = _WEEKDAYS[match["weekday"]]
    this = _this_week(today, number)
    if match["which"] in ("this", "this coming", "coming"):
        return this if this >= today else this + timedelta(days=7)
    return this + timedelta(days=7)


def _week_after_weekday(match: re.Match[str], today: date) -> date:
    return _after(today, _WEEKDAYS[match["weekday"]]) + timedelta(days=7)


def _ahead(match: re.Match[str], today: date) -> date:
    count = match["count"]
    number = int(count) if count.isdigit() else _NUMBERS[count]
    unit = match["unit"]
    if unit.startswith("month"):
        month = today.month + number
        end = _month_end(today.year, month)
        return end.replace(day=min(today.day, end.day))
    return today + timedelta(days=number * {"d": 1, "w": 7, "f": 14}[unit[0]])


def _end_of_month(match: re.Match[str], today: date) -> date:
    name = match.groupdict().get("month")
    if name is None:
        return _month_end(today.year, today.month + ("next" in match[0]))
    month = _MONTHS["sep" if name == "sept" else name]
    return _month_end(today.year + (month < today.month), month)


def _friday(match: re.Match[str], today: date) -> date:
    days = 7 if "next" in match[0] else 0
    return max(_this_week(today, 4), today) + timedelta(days=days)


def _iso(match: re.Match[str], today: date) -> date | None:  # noqa: ARG001  # every meaning takes both
    return _made(int(match["y"]), int(match["m"]), int(match["d"]))


def _days(count: int) -> Meaning:
    return lambda _match, today: today + timedelta(days=count)


# (pattern, meaning, rank): a day of the month says it most exactly, a time of day the least.
_TABLE: tuple[tuple[re.Pattern[str], Meaning, int], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), meaning, rank)
    for pattern, meaning, rank in (
        (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", _iso, 9),
        (rf"(?:the )?{_ANY_DAY} (?:of )?{_MONTH_NAME}(?:,? (?P<year>20\d\d))?", _day_of_month, 8),
        (
            rf"{_MONTH_NAME} (?:the )?{_ANY_DAY}(?:,? (?P<year>20\d\d))?(?! (?:percent|people|euros?"
            rf"|dollars?|pounds?))",
            _day_of_month,
            8,
        ),
        (rf"(?:{_DAY_NAME},? )?the {_ORDINAL}{_NOT_PLACE}", _day_of_month, 7),
        (rf"(?:by|before|on|until) {_ORDINAL}{_NOT_PLACE}", _day_of_month, 6),
        (r"end of (?:the |this |next )?month|month[- ]end|month['’]s end|last day of the month", _end_of_month, 6),
        (rf"(?:the )?end of {_MONTH_NAME}", _end_of_month, 8),
        (r"(?:by |the )?(?:middle of|mid)[- ](?:the month)", lambda _m, today: today.replace(day=15), 6),
        (
            r"(?:the )?(?:end of (?:the |this )?quarter|quarter[- ]end)",
            lambda _m, today: _month_end(today.year, (today.month + 2) // 3 * 3),
            6,
        ),
        (r"(?:the )?(?:end of (?:the |this )?year|year[- ]end)", lambda _m, today: date(today.year, 12, 31), 6),
        (r"the day after tomorrow", _days(2), 5),
        (
            rf"(?:a )?week (?:on|from|after) (?:this |next )?{_DAY_NAME}"
            rf"|{_DAY_NAME.replace('weekday', 'weekday2')} week",
            lambda m, today: _after(today, _WEEKDAYS[(m["weekday"] or m["weekday2"]).casefold()]) + timedelta(days=7),
            6,
        ),
        (
            rf"(?:in|within|give me|need|have|gimme|takes? me|another) (?:the next |about |like |maybe "
            rf"|around |another |roughly )?{_COUNT} (?P<unit>days?|weeks?|fortnight|months?)(?:['’] time)?(?! (?:ago"
            rf"|long|of))",
            _ahead,
            5,
        ),
        (rf"{_COUNT} (?P<unit>days?|weeks?|fortnight|months?) (?:from (?:now|today)|hence)", _ahead, 6),
        (r"(?:by )?this time next week", _days(7), 5),
        (rf"(?P<which>this coming|this|coming|next|the following) {_DAY_NAME}", _named_weekday, 5),
        (rf"{_DAY_NAME} (?P<which>next) week", _named_weekday, 5),
        (rf"(?P<which>next) week(?:['’]s)?,? (?:on |by |maybe )?{_DAY_NAME}", _named_weekday, 5),
        (r"(?:the )?end of (?:the |this |next )?week|before the weekend|end of next week|week['’]s end", _friday, 4),
        (rf"(?<!black )(?<!good ){_DAY_NAME}", _weekday, 4),
        (r"tomorrow", _days(1), 4),
        (r"(?:over|at|this|on|by) (?:the |this )?weekend", lambda _m, today: _this_week(today, 6), 3),
        (r"today|tonight|this (?:morning|afternoon|evening)|later today", _days(0), 3),
        (
            r"(?:end of (?:the )?day|eod|close of business|cob|before (?:i|we) (?:leave|go home)|before closing)",
            _days(0),
            2,
        ),
        (r"(?:by|before|after|over|at) (?:lunch(?:time)?|noon|midday|midnight|dinner)", _days(0), 2),
    )
)


def find(text: str, today: date) -> list[DatePhrase]:
    """All dates that `text` names, in the order of the text; of overlapping words the most exact reading counts."""
    text = text.casefold()
    found: list[DatePhrase] = []
    for pattern, meaning, rank in _TABLE:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            day = meaning(match, today)
            if day is not None:
                found.append(DatePhrase(match.start(), match.end(), day, rank))
    return sorted(found, key=lambda phrase: phrase.start)


def resolve(words: str, today: date) -> date | None:
    """The date that `words` name: the most exact of several, the last of equally exact ones (people correct
    themselves).
    """
    found = find(words, today)
    return max(found, key=lambda phrase: (phrase.rank, phrase.start)).day if found else None
