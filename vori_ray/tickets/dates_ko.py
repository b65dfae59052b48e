"""The Korean words of a date -> the date, and where such words stand in a sentence.

Pure. A table of patterns with what each means. A bare weekday is the next such day after `today`; "다음 주 화요일" is
in the following calendar week (Monday to Sunday); a day of the month beats a weekday said with it; a week that has to
hold the work ("이번 주 안에") ends on its Friday. Vague words ("다음 주에", "나중에", "가을에") name no date.
Numbers may be digits or spoken ("십칠일", "시월 삼일").
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_WEEKDAYS = {name: number for number, name in enumerate("월화수목금토일")}
_DIGITS = {name: number for number, name in enumerate("일이삼사오육칠팔구", start=1)}
_MONTHS: dict[str, int] = {"유": 6, "시": 10}
_COUNTED = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "한두": 2, "두세": 3, "두어": 2, "서너": 4}
_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10, "보름": 15}

_NUMBER = r"\d{1,2}|[이삼]?십[ ]?[일이삼사오육칠팔구]?|[일이삼사오육칠팔구]"
_DAY = rf"(?P<day>{_NUMBER})[ ]?일"
_NOT_SPAN = r"(?!간|째|[ ]?(?:동안|뒤|후|이내|안에|치|정도|차|전(?:부터|에도?[ ]?(?:보|나|말|했))|넘|걸|만에))"
_MONTH = rf"(?P<month>{_NUMBER}|[유시])[ ]?월"
_WEEKDAY = r"(?P<weekday>[월화수목금토일])(?:요일|욜)(?!마다)"
_COUNT = rf"(?P<count>{_NUMBER}|{'|'.join(sorted(_COUNTED, key=len, reverse=True))})"
_AHEAD = r"(?:[ ]?(?:뒤|후|이내|안에|안으로|내로|내에|있다가))"
_HOLD = r"(?:[ ]?(?:까지|안에|안으로|안(?![가-힣])|중으로|중에|내로|내에|내(?![가-힣])|말까지|말에|말(?![가-힣])))"
_START = r"(?<![가-힣\d])"
_MUSED = r"(?:[ ]?(?:중에|에))?[ ,.]{0,2}(?:[음어그][ ,.…]{1,3})?"
_NOT_SINCE = r"(?![ ]?(?:부터|이후))"


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """Words of a date: where they stand in the text, and the date. The highest `rank` says it most exactly."""

    start: int
    end: int
    day: date
    rank: int
    is_limit: bool


Meaning = Callable[[re.Match[str], date], "date | None"]


def _number(words: str) -> int:
    """The value of digits or of a spoken Sino-Korean number up to 39; 0 where it is none."""
    words = words.replace(" ", "")
    if words.isdigit():
        return int(words)
    tens, ten, ones = words.rpartition("십")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def _made(year: int, month: int, day: int) -> date | None:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_end(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def _in_days(days: int) -> Meaning:
    return lambda _, today: today + timedelta(days=days)


def _month_and_day(match: re.Match[str], today: date) -> date | None:
    month = _MONTHS.get(match["month"]) or _number(match["month"])
    if not 1 <= month <= 12:
        return None
    this = _made(today.year, month, _number(match["day"]))
    if this is None or this >= today:
        return this
    return None if (today - this).days < _JUST_PAST_DAYS else _made(today.year + 1, month, this.day)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    days = (_made(today.year, today.month + ahead, _number(match["day"])) for ahead in range(3))
    return next((day for day in days if day and day >= today), None)


def _day_of_this_month(match: re.Match[str], today: date) -> date | None:
    return _made(today.year, today.month, _number(match["day"]))


def _day_of_next_month(match: re.Match[str], today: date) -> date | None:
    return _made(today.year, today.month + 1, _number(match["day"]))


def _week(ahead: int, weekday: int) -> Meaning:
    return lambda _, today: today + timedelta(days=7 * ahead + weekday - today.weekday())


def _weekday_of_week(ahead: int) -> Meaning:
    return lambda match, today: _week(ahead, _WEEKDAYS[match["weekday"]])(match, today)


def _weekday(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=(_WEEKDAYS[match["weekday"]] - today.weekday() - 1) % 7 + 1)


def _this_week(_: re.Match[str], today: date) -> date:
    return max(today, today + timedelta(days=4 - today.weekday()))


def _end_of_month(ahead: int) -> Meaning:
    return lambda _, today: _month_end(today.year, today.month + ahead)


def _end_of_named_month(match: re.Match[str], today: date) -> date | None:
    month = _MONTHS.get(match["month"]) or _number(match["month"])
    if not 1 <= month <= 12:
        return None
    return _month_end(today.year + (month < today.month), month)


def _end_of_quarter(_: re.Match[str], today: date) -> date:
    return _month_end(today.year, (today.month - 1) // 3 * 3 + 3)


def _counted(match: re.Match[str]) -> int:
    return _COUNTED.get(match["count"]) or _number(match["count"])


def _days_ahead(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=_counted(match))


def _weeks_ahead(match: re.Match[str], today: date) -> date:
    return today + timedelta(weeks=_counted(match))


def _months_ahead(match: re.Match[str], today: date) -> date:
    end = _month_end(today.year, today.month + _counted(match))
    return end.replace(day=min(today.day, end.day))


def _named_days_ahead(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=_DAYS[match["days"]])


# rank, pattern, meaning; a phrase inside a longer one is not counted
_TABLE: tuple[tuple[int, str, Meaning], ...] = (
    (9, rf"{_MONTH}[ ]?{_DAY}(?!간)", _month_and_day),
    (9, r"(?<![\d/.])(?P<month>1[0-2]|[1-9])/(?P<day>[12]\d|3[01]|[1-9])(?![\d/])", _month_and_day),
    (8, rf"{_START}(?:다음[ ]?달|내달)[ ]?{_DAY}{_NOT_SPAN}", _day_of_next_month),
    (8, rf"{_START}(?:이번[ ]?달|이달)[ ]?{_DAY}{_NOT_SPAN}", _day_of_this_month),
    (7, rf"{_START}(?<!월 ){_DAY}{_NOT_SPAN}", _day_of_month),
    (6, rf"{_START}(?:다다음|다음[ ]?다음)[ ]?주[ ]?{_WEEKDAY}", _weekday_of_week(2)),
    (6, rf"{_START}(?:다음[ ]?주|담주|차주|내주){_MUSED}{_WEEKDAY}", _weekday_of_week(1)),
    (6, rf"{_START}(?:이번[ ]?주|금주){_MUSED}{_WEEKDAY}", _weekday_of_week(0)),
    (5, rf"{_START}(?:내일[ ]?모레|낼[ ]?모레|모레)", _in_days(2)),
    (5, rf"{_START}글피", _in_days(3)),
    (5, rf"{_START}(?:내일|낼|명일)", _in_days(1)),
    (5, rf"{_START}(?:오늘|금일|이따가?(?![가-힣])|이따|당일)", _in_days(0)),
    (4, rf"{_START}{_WEEKDAY}", _weekday),
    (4, rf"{_START}{_COUNT}[ ]?주(?:일)?{_AHEAD}", _weeks_ahead),
    (4, rf"{_START}{_COUNT}[ ]?(?:달|개월){_AHEAD}", _months_ahead),
    (4, rf"{_START}{_COUNT}[ ]?일{_AHEAD}", _days_ahead),
    (4, rf"{_START}(?P<days>{'|'.join(_DAYS)}){_AHEAD}", _named_days_ahead),
    (3, rf"{_START}(?:다음[ ]?달|내달)[ ]?(?:말일?|안에|안으로|중으로|내로|까지)", _end_of_month(1)),
    (3, rf"{_START}(?:이번[ ]?달|이달|금월)[ ]?(?:말일?|안에|안으로|중으로|내로|내에|까지)", _end_of_month(0)),
    (3, rf"{_MONTH}[ ]?(?:말일?|안에|안으로|중으로|내로|내에|까지)", _end_of_named_month),
    (3, rf"{_START}(?:월말|말일|달[ ]?말)", _end_of_month(0)),
    (3, rf"{_START}(?:분기[ ]?말|이번[ ]?분기[ ]?(?:안에|내로|말))", _end_of_quarter),
    (3, rf"{_START}(?:연말|올해[ ]?(?:안에|안으로|내로|말))", lambda _, today: date(today.year, 12, 31)),
    (2, rf"{_START}(?:다다음|다음[ ]?다음)[ ]?주{_HOLD}", _week(2, 4)),
    (2, rf"{_START}(?:다음[ ]?주|담주|차주|내주){_HOLD}", _week(1, 4)),
    (2, rf"{_START}(?:이번[ ]?주|금주){_HOLD}", _this_week),
    (2, rf"{_START}(?:이번[ ]?|다가오는[ ]?)?주말", _week(0, 6)),
)
_PATTERNS = tuple((rank, re.compile(pattern + _NOT_SINCE), meaning) for rank, pattern, meaning in _TABLE)
_LIMIT = re.compile(
    r"(?:(?:[ ]?(?:오전|오후|아침|점심|저녁|밤|퇴근|정오|자정|새벽|[가-힣]{1,4}[ ]?(?:시|전|오픈)))*)"
    r"[ ]?(?:까지|안에|안으로|중으로|내로|내에|이내|전에|전까지|이면|면[ ]|뒤|후)"
)
_PAST = re.compile(r"(?:지난|저번|지지난|작년|전|매주|매달|매월)[ ]?(?:주|달|번)?[ ]?$")
_JUST_PAST_DAYS = 90
_DAY_RANK = 7
_BESIDE = re.compile(r"[ ,]{0,2}(?:이요|이니까|이면)?[ ,]{0,2}")


def find(text: str, today: date) -> list[DatePhrase]:
    """The dates named in `text`, in order; words that only look like a date inside a longer one are left out."""
    found: list[DatePhrase] = []
    for rank, pattern, meaning in _PATTERNS:
        for match in pattern.finditer(text):
            day = meaning(match, today)
            overlaps = any(match.start() < other.end and other.start < match.end() for other in found)
            if day is None or overlaps or _PAST.search(text[: match.start()]):
                continue
            is_limit = bool(_LIMIT.match(text[match.end() :])) or bool(_LIMIT.search(match.group()))
            found.append(DatePhrase(match.start(), match.end(), day, rank, is_limit))
    return _joined(sorted(found, key=lambda phrase: phrase.start), text)


def _joined(phrases: list[DatePhrase], text: str) -> list[DatePhrase]:
    """A day of the month and a weekday side by side ("24일 금요일까지") become one phrase: the day of the month."""
    joined: list[DatePhrase] = []
    for phrase in phrases:
        before = joined[-1] if joined else None
        if (
            before is not None
            and (before.rank >= _DAY_RANK) != (phrase.rank >= _DAY_RANK)
            and _BESIDE.fullmatch(text[before.end : phrase.start])
        ):
            exact = max(before, phrase, key=lambda one: one.rank)
            is_limit = before.is_limit or phrase.is_limit
            joined[-1] = DatePhrase(before.start, phrase.end, exact.day, exact.rank, is_limit)
        else:
            joined.append(phrase)
    return joined


def best(phrases: list[DatePhrase]) -> DatePhrase | None:
    """The phrase that says a deadline most exactly: a limit before a mere day, a day of the month before a weekday."""
    return max(phrases, key=lambda phrase: (phrase.is_limit, phrase.rank >= _DAY_RANK, phrase.start), default=None)


def resolve(words: str, today: date) -> date | None:
    """The date that `words` name, seen from `today`, or None."""
    phrase = best(find(words, today))
    return phrase.day if phrase else None
