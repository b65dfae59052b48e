"""The days of a group, in its own time zone, and the windows of seven of them. PURE: time is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from vori_ray.insights.trends import WINDOW_DAYS

WindowRow = tuple[int, date, date, float, float]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GroupCalendar:
    """A group's zone, and when its first meeting began (None: it has had none)."""

    group_id: int
    zone: tzinfo
    first_meeting_at: datetime | None = None

    def day_of(self, at: datetime) -> date:
        """The local day of a moment."""
        return at.astimezone(self.zone).date()

    def starts_s(self, day: date) -> float:
        """When a local day begins, in seconds since 1970."""
        return datetime.combine(day, time(), tzinfo=self.zone).timestamp()

    def last_days(self, days: int, *, now: datetime) -> list[date]:
        """Today and the days before it, `days` in all at most, none before the first meeting."""
        if self.first_meeting_at is None:
            return []
        today, first = self.day_of(now), self.day_of(self.first_meeting_at)
        return [day for day in (today - ONE_DAY * n for n in reversed(range(days))) if day >= first]

    def windows(self, days: int, *, now: datetime) -> list[WindowRow]:
        """A row of `trends.WINDOW_SCHEMA` for each of `last_days`; today's window ends now."""
        return [self._window(day, now) for day in self.last_days(days, now=now)]

    def _window(self, last_day: date, now: datetime) -> WindowRow:
        first_day = last_day - ONE_DAY * (WINDOW_DAYS - 1)
        ends_s = min(self.starts_s(last_day + ONE_DAY), now.timestamp())
        return self.group_id, first_day, last_day, self.starts_s(first_day), ends_s
