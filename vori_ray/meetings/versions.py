"""A meeting's transcripts: the live one, and those that were made again from the kept sound.

Reads rows of one unit of work; decides only which of them exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vori_ray.errors import NotFoundError
from vori_ray.storage.database import UnitOfWork
from vori_ray.storage.models import Meeting, Segment

LIVE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Version:
    """One transcript. `model` is None for the live one, whose model nobody noted; `extractor` has read it anew."""

    version: int
    model: str | None
    created_at: datetime
    segments: int
    is_current: bool
    duration_s: float | None = None
    extractor: str | None = None


def list_versions(uow: UnitOfWork, meeting: Meeting) -> Sequence[Version]:
    """All transcripts of a meeting, oldest first; the live one is always among them."""
    current, group_id, meeting_id = meeting.transcript_version, meeting.group_id, meeting.id or 0
    live = Version(
        LIVE_VERSION,
        None,
        meeting.started_at,
        uow.segments.count(group_id, meeting_id),
        current == LIVE_VERSION,
        extractor=meeting.extractor,
    )
    again = (
        Version(
            row.version,
            row.model,
            row.created_at,
            row.segments,
            row.version == current,
            duration_s=row.duration_s,
            extractor=row.extractor,
        )
        for row in uow.transcripts.list(group_id, meeting_id)
    )
    return [live, *again]


def check_version(uow: UnitOfWork, meeting: Meeting, version: int) -> int:
    """The version, if the meeting has it. Raises NotFoundError."""
    known = [one.version for one in list_versions(uow, meeting)]
    if version not in known:
        shown = ", ".join(map(str, known))
        raise NotFoundError(f"There is no transcript {version} of meeting {meeting.id}; it has {shown}.")
    return version


def transcript_of(uow: UnitOfWork, meeting: Meeting, version: int | None = None) -> Sequence[Segment]:
    """The segments of the transcript that people read, or of a version, in time order. Raises NotFoundError."""
    number = meeting.transcript_version if version is None else check_version(uow, meeting, version)
    return uow.segments.list(meeting.group_id, meeting.id or 0, transcript_version=number)
