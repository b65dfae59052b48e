"""Versions of a meeting's transcript that were made again from the kept sound. Version 1, the live one, has no row."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import col

from vori_ray.storage.models import TranscriptVersion
from vori_ray.storage.repositories.base import Repository, Rows


class Transcripts(Repository):
    """Who made which version of what sound; the words are segments."""

    def list(self, group_id: int, meeting_id: int) -> Rows[TranscriptVersion]:
        """A meeting's versions, oldest first."""
        mine = (col(TranscriptVersion.group_id) == group_id) & (col(TranscriptVersion.meeting_id) == meeting_id)
        return self._all(select(TranscriptVersion).where(mine).order_by(col(TranscriptVersion.version)))

    def find(self, group_id: int, meeting_id: int, *, model: str, audio: str) -> TranscriptVersion | None:
        """The version that this model made of this sound, or None."""
        found = (one for one in self.list(group_id, meeting_id) if (one.model, one.audio) == (model, audio))
        return next(found, None)

    def add(self, row: TranscriptVersion) -> TranscriptVersion:
        """Keep a version under the next free number. The meeting must be locked."""
        mine = col(TranscriptVersion.meeting_id) == row.meeting_id
        newest = self._session.scalar(select(func.max(col(TranscriptVersion.version))).where(mine))
        row.version = (newest or 1) + 1
        return self._add(row)
