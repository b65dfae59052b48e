"""How far the whole-meeting pass of each meeting is: PENDING -> RUNNING -> DONE, back to PENDING when it failed.

Also what a group has spent on language models this month. Decides nothing about what is read or by whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vori_ray.storage.database import Database
from vori_ray.storage.models import utc_now
from vori_ray.tickets.applying import lock_meeting

_MAXIMUM_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Turn:
    """A meeting that is to be read, and what its group has spent since the month began (UTC)."""

    meeting_id: int
    group_id: int
    spent_usd: float


class ExtractionProgress:
    """The state of extraction, in the meeting's row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, meeting_id: int) -> Turn:
        """The meeting and its group's spending. Raises NotFoundError."""
        with self._database.unit_of_work(None) as uow:
            meeting = uow.meetings.get_in(None, meeting_id)
            spent = uow.usage.cost_usd_since(meeting.group_id, _month_start(utc_now()))
            return Turn(meeting_id, meeting.group_id, spent)

    def begin(self, meeting_id: int) -> bool:
        """Note that the whole-meeting pass runs. False if none is due: the meeting runs still, or all is done."""
        with self._database.unit_of_work(None) as uow:
            meeting = lock_meeting(uow, meeting_id)
            is_due = meeting.state == "ENDED" and meeting.extraction_state in ("PENDING", "RUNNING")
            if is_due:
                meeting.extraction_state = "RUNNING"
            return is_due

    def finish(self, meeting_id: int, *, note: str | None = None) -> None:
        """Note that tickets and minutes are there. `note` says what people should know about how they were made."""
        self._set(meeting_id, "DONE", note)

    def fail(self, meeting_id: int, *, error: str) -> None:
        """Note that the pass has to be tried again, and why."""
        self._set(meeting_id, "PENDING", error)

    def _set(self, meeting_id: int, state: str, note: str | None) -> None:
        with self._database.unit_of_work(None) as uow:
            meeting = lock_meeting(uow, meeting_id)
            meeting.extraction_state = state
            meeting.extraction_error = note[:_MAXIMUM_NOTE] if note else None


def _month_start(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
