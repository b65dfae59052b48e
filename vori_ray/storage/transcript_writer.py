"""Keeps a transcript that was made again from the sound, beside the one that is there. Blocking.

All or nothing in one transaction, and once: the same model on the same sound gives the version that is there. Makes no
events: the words were told of when they were spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vori_ray.storage.database import Database
from vori_ray.storage.models import Segment, TranscriptVersion


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model heard in all of a meeting's sound. `segments` are in meeting time; their version is set here."""

    group_id: int
    meeting_id: int
    model: str
    audio: str
    duration_s: float
    segments: Sequence[Segment]


def save_transcript(database: Database, heard: Heard) -> TranscriptVersion:
    """Keep the version and return its row; one that is there already stays. Raises NotFoundError, UnavailableError."""
    with database.unit_of_work([heard.group_id]) as uow:
        uow.meetings.lock(heard.group_id, heard.meeting_id)
        there = uow.transcripts.find(heard.group_id, heard.meeting_id, model=heard.model, audio=heard.audio)
        if there is not None:
            return there
        made = uow.transcripts.add(
            TranscriptVersion(
                group_id=heard.group_id,
                meeting_id=heard.meeting_id,
                version=0,
                model=heard.model,
                audio=heard.audio,
                duration_s=heard.duration_s,
                segments=len(heard.segments),
            )
        )
        for segment in heard.segments:
            segment.transcript_version = made.version
        uow.speakers.fill_in(heard.segments)
        uow.segments.save(heard.segments)
        return made
