"""The speakers of streams that hold several, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from vori_ray.errors import NotFoundError
from vori_ray.storage.models import Segment, Speaker
from vori_ray.storage.repositories.base import Repository, Rows

Voice = tuple[str, int]
"""A session's id and the number of a speaker in it."""
FIRST_NAME = re.compile(r"Speaker \d+")


@dataclass(frozen=True, slots=True)
class Renaming:
    """A speaker's old and new name, and the segments in which they speak."""

    group_id: int
    meeting_id: int
    segment_ids: frozenset[int]
    old: str
    new: str


def first_name(count: int) -> str:
    """What the `count`-th speaker of a meeting is called until somebody knows better."""
    return f"Speaker {count}"


class Speakers(Repository):
    """Speakers by meeting. A number belongs to its stream; names are the meeting's."""

    def get(self, group_id: int, speaker_id: int) -> Speaker:
        """The speaker. Raises NotFoundError."""
        return self._get(Speaker, group_id, speaker_id)

    def lock(self, group_id: int, meeting_id: int, speaker_id: int) -> Speaker:
        """The speaker as it is now, kept from change by others. Raises NotFoundError, also for another meeting's."""
        speaker = self._lock(Speaker, group_id, speaker_id)
        if speaker.meeting_id != meeting_id:
            raise NotFoundError(f"There is no speaker {speaker_id} in meeting {meeting_id}.")
        return speaker

    def list(self, group_id: int, meeting_id: int) -> Rows[Speaker]:
        """A meeting's speakers, in the order in which they were first heard."""
        mine = (col(Speaker.group_id) == group_id) & (col(Speaker.meeting_id) == meeting_id)
        return self._all(select(Speaker).where(mine).order_by(col(Speaker.id)))

    def list_for_session(self, group_id: int, session_id: str) -> Rows[Speaker]:
        """The speakers of one stream, by number."""
        mine = (col(Speaker.group_id) == group_id) & (col(Speaker.session_id) == session_id)
        return self._all(select(Speaker).where(mine).order_by(col(Speaker.number)))

    def fill_in(self, segments: Sequence[Segment]) -> None:
        """Set the names of these segments' numbered speakers; one who is new gets the meeting's next name.

        The names stand until the unit of work ends: who renames a speaker waits.
        """
        numbered = {
            (each.session_id, each.speaker_number): each for each in segments if each.speaker_number is not None
        }
        names = self._known(numbered) if numbered else {}
        if missing := [segment for voice, segment in numbered.items() if voice not in names]:
            for segment in missing:
                self._add_once(segment)
            names = self._known(numbered)
        for segment in segments:
            if segment.speaker_number is not None:
                segment.speaker = names[segment.session_id, segment.speaker_number]

    def _known(self, voices: Collection[Voice]) -> dict[Voice, str]:
        is_wanted = tuple_(col(Speaker.session_id), col(Speaker.number)).in_(voices)
        query = select(Speaker).where(is_wanted).order_by(col(Speaker.id)).with_for_update(read=True)
        rows = self._all(query.execution_options(populate_existing=True))
        return {(row.session_id, row.number): row.name for row in rows}

    def _add_once(self, segment: Segment) -> None:
        count = select(func.count()).select_from(Speaker).where(col(Speaker.meeting_id) == segment.meeting_id)
        row = Speaker(
            group_id=segment.group_id,
            meeting_id=segment.meeting_id,
            session_id=segment.session_id,
            number=segment.speaker_number or 0,
            name=first_name((self._session.scalar(count) or 0) + 1),
        )
        statement = insert(Speaker).values(row.model_dump(exclude={"id"}))
        self._session.execute(statement.on_conflict_do_nothing(index_elements=["session_id", "number"]))

    def rename(self, speaker: Speaker, name: str) -> Renaming:
        """Call a speaker by another name, in every transcript of what they have said. The speaker must be locked."""
        old, speaker.name = speaker.name, name
        self._add(speaker)
        said = (
            (col(Segment.meeting_id) == speaker.meeting_id)
            & (col(Segment.session_id) == speaker.session_id)
            & (col(Segment.speaker_number) == speaker.number)
        )
        statement = update(Segment).where(said).values(speaker=name).returning(col(Segment.id))
        # What was read before must not keep the old name.
        changed = self._session.scalars(statement.execution_options(synchronize_session=False)).all()
        self._session.expire_all()
        return Renaming(speaker.group_id, speaker.meeting_id, frozenset(row_id or 0 for row_id in changed), old, name)
