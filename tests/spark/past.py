"""A group's past, written straight into the tables at the times when it would have happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import SQLModel

from vori_ray.storage.database import Database
from vori_ray.storage.models import AudioSession, Meeting, Remark, Segment, Ticket, TicketHistory

NOW = datetime(2026, 3, 30, 3, 0, tzinfo=UTC)  # a Monday, noon in Seoul


@dataclass(frozen=True, slots=True)
class Past:
    """A group whose past is made up."""

    database: Database
    group_id: int

    @classmethod
    def of(cls, database: Database, name: str = "Garden", *, time_zone: str = "Asia/Seoul") -> Past:
        """A new group without a past."""
        with database.unit_of_work(None) as uow:
            return cls(database, uow.groups.add(name, time_zone=time_zone).id or 0)

    def _add(self, row: SQLModel) -> int:
        with self.database.unit_of_work(None) as uow:
            uow.session.add(row)
            uow.session.flush()
            return int(getattr(row, "id", 0) or 0) if not isinstance(row, AudioSession) else 0

    def meeting(self, at: datetime, *, minutes: float = 30, said: tuple[str, ...] = (), speaker: str = "Mo") -> int:
        """A meeting that was held and read."""
        row = Meeting(
            group_id=self.group_id,
            title="Weekly",
            state="ENDED",
            started_at=at,
            ended_at=at + timedelta(minutes=minutes),
            extraction_state="DONE",
        )
        meeting_id = self._add(row)
        session_id = f"session-{meeting_id}"
        self._add(AudioSession(id=session_id, group_id=self.group_id, meeting_id=meeting_id, speaker=speaker))
        for n, text in enumerate(said):
            self._add(
                Segment(
                    group_id=self.group_id,
                    meeting_id=meeting_id,
                    session_id=session_id,
                    utterance=n,
                    part=0,
                    speaker=speaker,
                    text=text,
                    start_s=n * 10.0,
                    end_s=n * 10.0 + 8,
                    created_at=at,
                )
            )
        return meeting_id

    def ticket(
        self, at: datetime, *moves: tuple[datetime, str, int | None], meeting_id: int | None = None, owner: str = "Mo"
    ) -> int:
        """A ticket made at `at`, and its status changes: (when, new status, the meeting that said so)."""
        status = moves[-1][1] if moves else "TODO"
        changed_at = moves[-1][0] if moves else at
        row = Ticket(
            group_id=self.group_id,
            meeting_id=meeting_id,
            title="Task",
            status=status,
            assignee=owner,
            created_at=at,
            updated_at=changed_at,
        )
        ticket_id = self._add(row)
        old: str | None = None
        for when, new, said_in in ((at, "TODO", meeting_id), *moves):
            self._add(
                TicketHistory(
                    group_id=self.group_id,
                    ticket_id=ticket_id,
                    meeting_id=said_in,
                    action="updated",
                    actor="test",
                    old_status=old,
                    new_status=new,
                    changed_at=when,
                )
            )
            old = new
        return ticket_id

    def remark(self, meeting_id: int, kind: str, at: datetime, *, owner: str | None = None) -> int:
        """A blocker or decision of a meeting."""
        key = f"{meeting_id}-{kind}-{at.timestamp()}-{owner}"
        row = Remark(
            group_id=self.group_id,
            meeting_id=meeting_id,
            kind=kind,
            text="x",
            operation_key=key,
            created_at=at,
            owner=owner,
        )
        return self._add(row)
