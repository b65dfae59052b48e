"""Meetings and the audio sessions in them.

Lock order, so that nothing deadlocks: meeting, then ticket, then the group's row (`outbox.add`, always last).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_, update
from sqlmodel import col

from vori_ray.errors import NotFoundError
from vori_ray.storage.models import AudioSession, Meeting, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, bounded, in_groups


class Meetings(Repository):
    """Meetings of a group, and the ones that something has to happen to."""

    def add(self, group_id: int, *, title: str, language: str = "auto", started_at: datetime | None = None) -> Meeting:
        """Begin a meeting, now or at the time given."""
        begin = started_at or utc_now()
        return self._add(Meeting(group_id=group_id, title=title, language=language, started_at=begin))

    def find(self, group_id: int, meeting_id: int) -> Meeting | None:
        """The meeting, or None."""
        return self._find(Meeting, group_id, meeting_id)

    def get(self, group_id: int, meeting_id: int) -> Meeting:
        """The meeting. Raises NotFoundError."""
        return self._get(Meeting, group_id, meeting_id)

    def find_in(self, group_ids: Collection[int] | None, meeting_id: int) -> Meeting | None:
        """The meeting, if it belongs to one of the groups (None: to any that may be seen)."""
        query = select(Meeting).where(col(Meeting.id) == meeting_id, in_groups(Meeting.group_id, group_ids))
        return self._session.scalars(query).first()

    def get_in(self, group_ids: Collection[int] | None, meeting_id: int) -> Meeting:
        """Like `find_in`. Raises NotFoundError, also for a meeting of another group."""
        meeting = self.find_in(group_ids, meeting_id)
        if meeting is None:
            raise NotFoundError(f"There is no meeting {meeting_id}.")
        return meeting

    def lock(self, group_id: int, meeting_id: int) -> Meeting:
        """The meeting as it is now, kept from change by others until the unit of work ends. Raises NotFoundError."""
        return self._lock(Meeting, group_id, meeting_id)

    def list(
        self,
        group_ids: Collection[int] | None,
        *,
        state: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> Rows[Meeting]:
        """Meetings, newest first. `before_id` is the last meeting of the page before."""
        query = select(Meeting).where(in_groups(Meeting.group_id, group_ids))
        if state is not None:
            query = query.where(col(Meeting.state) == state)
        order = tuple_(col(Meeting.started_at), col(Meeting.id))
        if before_id is not None:
            last = select(col(Meeting.started_at), col(Meeting.id)).where(col(Meeting.id) == before_id)
            query = query.where(order < last.scalar_subquery())
        query = query.order_by(col(Meeting.started_at).desc(), col(Meeting.id).desc())
        return self._all(query.limit(bounded(limit)))

    def list_disconnected(self, before: datetime) -> Rows[Meeting]:
        """Live meetings whose last sound, or sign of life of an audio connection, came before that time."""
        return self._live(col(Meeting.last_audio_at) < before)

    def list_silent(self, before: datetime) -> Rows[Meeting]:
        """Live meetings that have sound, but in which nobody has spoken since that time."""
        spoken = func.coalesce(col(Meeting.last_speech_at), col(Meeting.started_at))
        return self._live(col(Meeting.last_audio_at).is_not(None) & (spoken < before))

    def list_never_heard(self, before: datetime) -> Rows[Meeting]:
        """Live meetings that began before that time and never had sound."""
        return self._live(col(Meeting.last_audio_at).is_(None) & (col(Meeting.started_at) < before))

    def list_live(self) -> Rows[Meeting]:
        """All live meetings that may be seen."""
        return self._live(col(Meeting.id).is_not(None))

    def list_pending_extraction(self, *, limit: int = 100) -> Rows[Meeting]:
        """Ended meetings whose whole-meeting pass is due or was cut short, the oldest end first."""
        due = col(Meeting.extraction_state).in_(("PENDING", "RUNNING"))
        query = select(Meeting).where(due, col(Meeting.state) == "ENDED").order_by(col(Meeting.ended_at))
        return self._all(query.limit(bounded(limit)))

    def count(self, group_ids: Collection[int] | None) -> int:
        """How many meetings there are."""
        query = select(func.count()).select_from(Meeting).where(in_groups(Meeting.group_id, group_ids))
        return self._session.scalar(query) or 0

    def forget(self, group_id: int, meeting_id: int) -> Sequence[str]:
        """Delete a meeting with every word of it; tickets stay. Returns its audio sessions, whose sound is elsewhere.

        Raises NotFoundError.
        """
        self._lock(Meeting, group_id, meeting_id)
        self._session.flush()
        sessions = self._session.scalar(select(func.vori_forget_meeting(group_id, meeting_id)))
        self._session.expire_all()
        return list(sessions or ())

    def touch(self, seen: Mapping[int, tuple[datetime | None, datetime | None]]) -> None:
        """Move `last_audio_at` and `last_speech_at` forward, never back. `seen`: meeting id -> (audio, speech)."""
        for meeting_id, (audio_at, speech_at) in sorted(seen.items()):
            # GREATEST passes over NULL, so a time that is not given changes nothing.
            later = {
                "last_audio_at": func.greatest(col(Meeting.last_audio_at), audio_at),
                "last_speech_at": func.greatest(col(Meeting.last_speech_at), speech_at),
            }
            self._session.execute(
                update(Meeting)
                .where(col(Meeting.id) == meeting_id)
                .values(**later)
                .execution_options(synchronize_session=False)
            )

    def _live(self, condition: object) -> Rows[Meeting]:
        query = select(Meeting).where(col(Meeting.state) == "LIVE", condition)  # type: ignore[arg-type]
        return self._all(query.order_by(col(Meeting.id)))


class Sessions(Repository):
    """Audio sessions: one speaker's stream of sound each."""

    def find(self, group_id: int, session_id: str) -> AudioSession | None:
        """The session, or None."""
        return self._find(AudioSession, group_id, session_id)

    def get(self, group_id: int, session_id: str) -> AudioSession:
        """The session. Raises NotFoundError."""
        return self._get(AudioSession, group_id, session_id)

    def find_by_id(self, session_id: str) -> AudioSession | None:
        """The session in whatever group that may be seen, or None."""
        return self._session.get(AudioSession, session_id, populate_existing=True)

    def list_by_ids(self, session_ids: Collection[str]) -> Rows[AudioSession]:
        """The sessions with these ids that may be seen."""
        return self._all(select(AudioSession).where(col(AudioSession.id).in_(session_ids)))

    def list_for_meeting(self, group_id: int, meeting_id: int) -> Rows[AudioSession]:
        """A meeting's sessions, in the order in which they began."""
        query = select(AudioSession).where(
            col(AudioSession.group_id) == group_id, col(AudioSession.meeting_id) == meeting_id
        )
        return self._all(query.order_by(col(AudioSession.offset_s), col(AudioSession.created_at)))

    def beat(self, session_ids: Collection[str]) -> None:
        """Note that these sessions are being listened to."""
        mine = col(AudioSession.id).in_(session_ids)
        statement = update(AudioSession).where(mine).values(updated_at=utc_now())
        self._session.execute(statement.execution_options(synchronize_session=False))

    def claim_abandoned(self, before: datetime, *, limit: int) -> Rows[AudioSession]:
        """Open sessions of which nothing was heard since that time. Whoever claims them counts as heard of."""
        abandoned = (col(AudioSession.state) == "OPEN") & (col(AudioSession.updated_at) < before)
        query = select(AudioSession).where(abandoned).order_by(col(AudioSession.updated_at)).limit(bounded(limit))
        rows = self._all(query.with_for_update(skip_locked=True))
        for session in rows:
            session.updated_at = utc_now()
        return rows

    def save(self, session: AudioSession) -> AudioSession:
        """Insert or change a session and count its meeting's open ones anew."""
        self._add(session)
        is_open = (col(AudioSession.meeting_id) == session.meeting_id) & (col(AudioSession.state) == "OPEN")
        count = select(func.count()).select_from(AudioSession).where(is_open).scalar_subquery()
        self._session.execute(
            update(Meeting)
            .where(col(Meeting.id) == session.meeting_id)
            .values(open_sessions=count)
            .execution_options(synchronize_session="fetch")
        )
        return session
