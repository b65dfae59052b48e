"""Which meetings are to be heard again, and which are left out and why: read from the database and the journal.

What is done already is told by what is kept: a version of the same model and the same sound.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from vori_ray.errors import BadAudioError, NotFoundError, VoriError
from vori_ray.reanalysis.sound import Source
from vori_ray.speech.journal import durable_samples, session_folder
from vori_ray.speech.windows import SAMPLE_RATE
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import AudioSession, Meeting

PAGE = 500
LOST_S = 1.0
"""Sound that the database knows of and the journal does not may be this much: the last moment of a broken stream."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: all ended meetings of a group, or some by id, to be heard by a model.

    `longest_s` is the longest window that suits the model; `languages` are those that it may choose from.
    """

    model: str
    journal_url: str
    longest_s: float
    languages: tuple[str, ...]
    extractor: str
    group_id: int | None = None
    meeting_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds of the meeting in which a stream's speaker of that number was heard live."""

    start_s: float
    end_s: float
    number: int


@dataclass(frozen=True, slots=True)
class Speaker:
    """One stream of a meeting and where it stands in it. `turns` are there where several people speak in it."""

    source: Source
    speaker: str | None
    offset_s: float
    turns: tuple[Turn, ...] = ()

    def number_at(self, at_s: float) -> int | None:
        """Whose turn it was, or is the nearest, at a second of the meeting; None where turns are not told apart."""
        after = bisect_right(self.turns, at_s, key=lambda turn: turn.start_s)
        near = self.turns[max(0, after - 1) : after + 1]
        if not near:
            return None
        return min(near, key=lambda turn: max(turn.start_s - at_s, at_s - turn.end_s)).number


@dataclass(frozen=True, slots=True)
class Task:
    """One meeting to be heard again. `audio` is the fingerprint of its sound."""

    group_id: int
    meeting_id: int
    audio: str
    streams: tuple[Speaker, ...]

    @property
    def duration_s(self) -> float:
        """Sound in all of its streams."""
        return sum(stream.source.duration_s for stream in self.streams)


@dataclass(slots=True)
class Plan:
    """`hear`: from the sound. `reread`: (meeting, version) that only its tickets are due of. Reasons by meeting."""

    hear: list[Task] = field(default_factory=list)
    reread: list[tuple[int, int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All meetings that were asked for."""
        return len(self.hear) + len(self.reread) + len(self.done) + len(self.skipped) + len(self.failed)


def make_plan(database: Database, wanted: Wanted) -> Plan:
    """Look at every meeting that was asked for. Raises NotFoundError for a group that is not there."""
    plan = Plan()
    for meeting_id, meeting in _meetings(database, wanted):
        if meeting is None:
            plan.failed[meeting_id] = f"there is no meeting {meeting_id}"
            continue
        try:
            _place(database, wanted, meeting, plan)
        except (VoriError, OSError, ValueError) as exc:
            plan.failed[meeting_id] = str(exc)
    return plan


def _meetings(database: Database, wanted: Wanted) -> list[tuple[int, Meeting | None]]:
    with database.unit_of_work(None) as uow:
        if wanted.meeting_ids:
            return [(one, uow.meetings.find_in(None, one)) for one in dict.fromkeys(wanted.meeting_ids)]
        if wanted.group_id is None:
            raise NotFoundError("expected a group or meetings, got neither")
        uow.groups.get(wanted.group_id)
        found: list[Meeting] = []
        while page := uow.meetings.list([wanted.group_id], limit=PAGE, before_id=found[-1].id if found else None):
            found += page
        return [(meeting.id or 0, meeting) for meeting in reversed(found)]


def _place(database: Database, wanted: Wanted, meeting: Meeting, plan: Plan) -> None:
    meeting_id = meeting.id or 0
    if meeting.state != "ENDED":
        plan.skipped[meeting_id] = "it is still running"
        return
    with database.unit_of_work([meeting.group_id]) as uow:
        streams = _streams(uow, wanted, meeting)
        audio = fingerprint([stream.source for stream in streams])
        version = uow.transcripts.find(meeting.group_id, meeting_id, model=wanted.model, audio=audio)
    if not streams:
        plan.skipped[meeting_id] = "no sound of it is kept"
    elif version is None:
        plan.hear.append(Task(meeting.group_id, meeting_id, audio, tuple(streams)))
    elif version.extractor == wanted.extractor:
        plan.done.append(meeting_id)
    else:
        plan.reread.append((meeting_id, version.version))


def _streams(uow: UnitOfWork, wanted: Wanted, meeting: Meeting) -> list[Speaker]:
    """The streams that have sound. Raises BadAudioError where the journal has lost a part of one."""
    vocabulary = tuple(uow.groups.get(meeting.group_id).vocabulary)
    found: list[Speaker] = []
    is_any_lost: list[str] = []
    for session in uow.sessions.list_for_meeting(meeting.group_id, meeting.id or 0):
        samples = durable_samples(session_folder(wanted.journal_url, session.id))
        if samples < (session.duration_s - LOST_S) * SAMPLE_RATE:
            is_any_lost.append(f"{session.id}: {samples / SAMPLE_RATE:.1f} of {session.duration_s:.1f} s are there")
        if samples:
            source = _source(wanted, meeting, session, samples, vocabulary)
            turns = _turns(uow, session) if session.diarize else ()
            found.append(Speaker(source, session.speaker, session.offset_s, turns))
    if is_any_lost and found:
        raise BadAudioError(f"a part of its sound is lost: {'; '.join(is_any_lost)}")
    return found


def _turns(uow: UnitOfWork, session: AudioSession) -> tuple[Turn, ...]:
    """Who spoke when, as it was heard live: a person may have said since who they are."""
    return tuple(
        Turn(segment.start_s, segment.end_s, segment.speaker_number)
        for segment in uow.segments.list(session.group_id, session.meeting_id)
        if segment.session_id == session.id and segment.speaker_number is not None
    )


def _source(
    wanted: Wanted, meeting: Meeting, session: AudioSession, samples: int, vocabulary: tuple[str, ...]
) -> Source:
    language = session.language if session.language != "auto" else meeting.language
    return Source(
        meeting.id or 0,
        session.id,
        wanted.journal_url,
        samples,
        wanted.longest_s,
        language=None if language == "auto" else language,
        languages=wanted.languages,
        vocabulary=vocabulary,
    )


def fingerprint(sources: Collection[Source]) -> str:
    """Tells sound from other sound: a session's samples never change, there are only more of them."""
    parts: Sequence[str] = sorted(f"{source.session_id}:{source.samples}" for source in sources)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
