"""Segments: settled words, in time order.

Knows nothing of events: whoever saves segments adds the outbox rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from vori_ray.storage.models import Segment
from vori_ray.storage.repositories.base import Repository, Rows

Identity = tuple[str, int, int, int]
IDENTITY = ("session_id", "utterance", "part", "transcript_version")


def identity(segment: Segment) -> Identity:
    """What makes a segment the same one when it is saved again."""
    return segment.session_id, segment.utterance, segment.part, segment.transcript_version


class Segments(Repository):
    """Segments of a meeting. `transcript_version` 1 is the live transcript."""

    def save(self, segments: Sequence[Segment]) -> dict[Identity, tuple[int, bool]]:
        """Insert what is new, keep what is there. Returns identity -> (id, whether it is new)."""
        if not segments:
            return {}
        rows = [segment.model_dump(exclude={"id"}) for segment in {identity(s): s for s in segments}.values()]
        statement = insert(Segment).on_conflict_do_nothing(index_elements=IDENTITY)
        kept = statement.returning(col(Segment.id), *(getattr(Segment, name) for name in IDENTITY))
        added = self._session.execute(kept, rows, execution_options={"dml_strategy": "raw"}).all()
        ids = {(row[1], row[2], row[3], row[4]): (int(row[0]), True) for row in added}
        missing = [identity(segment) for segment in segments if identity(segment) not in ids]
        return ids | {key: (row_id, False) for key, row_id in self._ids_of(missing).items()}

    def _ids_of(self, identities: Sequence[Identity]) -> dict[Identity, int]:
        if not identities:
            return {}
        columns = [getattr(Segment, name) for name in IDENTITY]
        rows = self._session.execute(select(col(Segment.id), *columns).where(tuple_(*columns).in_(identities)))
        return {(row[1], row[2], row[3], row[4]): int(row[0]) for row in rows}

    def get(self, group_id: int, segment_id: int) -> Segment:
        """The segment. Raises NotFoundError."""
        return self._get(Segment, group_id, segment_id)

    def list(
        self,
        group_id: int,
        meeting_id: int,
        *,
        transcript_version: int = 1,
        after_id: int = 0,
        since_s: float | None = None,
    ) -> Rows[Segment]:
        """A meeting's segments in time order, whole: a transcript is never cut.

        `after_id` leaves out what was there when that segment came; `since_s` what ended before that time.
        """
        query = select(Segment).where(
            col(Segment.group_id) == group_id,
            col(Segment.meeting_id) == meeting_id,
            col(Segment.transcript_version) == transcript_version,
            col(Segment.id) > after_id,
        )
        if since_s is not None:
            query = query.where(col(Segment.end_s) >= since_s)
        return self._all(query.order_by(col(Segment.start_s), col(Segment.id)))

    def list_by_ids(self, group_id: int, segment_ids: Collection[int]) -> Rows[Segment]:
        """The group's segments among these ids, in time order."""
        query = select(Segment).where(col(Segment.group_id) == group_id, col(Segment.id).in_(segment_ids))
        return self._all(query.order_by(col(Segment.start_s), col(Segment.id)))

    def list_for_utterance(self, group_id: int, session_id: str, utterance: int) -> Rows[Segment]:
        """The saved pieces of one utterance of the live transcript, in order of `part`."""
        query = select(Segment).where(
            col(Segment.group_id) == group_id,
            col(Segment.session_id) == session_id,
            col(Segment.utterance) == utterance,
            col(Segment.transcript_version) == 1,
        )
        return self._all(query.order_by(col(Segment.part)))

    def end_utterance(self, group_id: int, session_id: str, utterance: int) -> None:
        """Mark the newest piece of an utterance of the live transcript as its last."""
        for segment in self.list_for_utterance(group_id, session_id, utterance)[-1:]:
            segment.is_last = True

    def count(self, group_id: int, meeting_id: int, *, transcript_version: int = 1) -> int:
        """How many segments a meeting's transcript has."""
        query = (
            select(func.count())
            .select_from(Segment)
            .where(
                col(Segment.group_id) == group_id,
                col(Segment.meeting_id) == meeting_id,
                col(Segment.transcript_version) == transcript_version,
            )
        )
        return self._session.scalar(query) or 0

    def speakers(self, group_id: int, meeting_id: int) -> Sequence[str]:
        """The names of those who spoke, in alphabetical order."""
        query = (
            select(col(Segment.speaker))
            .where(
                col(Segment.group_id) == group_id,
                col(Segment.meeting_id) == meeting_id,
                col(Segment.speaker).is_not(None),
            )
            .distinct()
            .order_by(col(Segment.speaker))
        )
        return [speaker for speaker in self._session.scalars(query) if speaker is not None]
