"""A meeting's life: created, ended once, its transcript, minutes, exports and search.

Every method is one transaction. Blocking: call it in a thread from asynchronous code. `group_ids` are the caller's
groups; a meeting of another group is not found. Knows nothing of how tickets are found in what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from vori_ray.errors import BadInputError, ConflictError
from vori_ray.meetings import exports
from vori_ray.meetings.minutes import TEMPLATES, render_minutes
from vori_ray.meetings.reading import minutes_source, ticket_line, transcript_line
from vori_ray.meetings.versions import Version, check_version, list_versions, transcript_of
from vori_ray.messaging.topics import MeetingEnded
from vori_ray.messaging.webhooks import announce
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import Meeting, Minutes, Segment, Ticket, utc_now
from vori_ray.storage.repositories.search import Hit
from vori_ray.storage.utterances import join_utterances

Groups = Collection[int] | None
Reason = Literal["asked", "disconnected", "silent"]
AUTOMATIC = "vori"
LANGUAGES = ("auto", "en", "ko")
_MAXIMUM_TITLE = 200


class Person(Protocol):
    """Who acts: a gateway's principal is one."""

    @property
    def user_id(self) -> int:
        """Id of the user."""
        ...

    @property
    def name(self) -> str:
        """Name as others see it."""
        ...


@dataclass(frozen=True, slots=True)
class EndedMeeting:
    """A meeting that is over and its tickets so far. `is_first`: this call ended it."""

    meeting: Meeting
    tickets: Sequence[Ticket]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Export:
    """A file to hand out."""

    content: str
    media_type: str
    filename: str


class MeetingService:
    """The meetings of each group."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, group_id: int, *, title: str, language: str = "auto", started_at: datetime | None = None
    ) -> Meeting:
        """Begin a meeting. Raises BadInputError for a title or language that cannot be, NotFoundError for the group."""
        with self._database.unit_of_work([group_id]) as uow:
            uow.groups.get(group_id)
            return uow.meetings.add(
                group_id, title=_checked_title(title), language=_checked_language(language), started_at=started_at
            )

    def list(
        self, group_ids: Groups, *, state: str | None = None, limit: int = 50, before_id: int | None = None
    ) -> Sequence[Meeting]:
        """Meetings, newest first. `before_id` is the last meeting of the page before."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.meetings.list(group_ids, state=state, limit=limit, before_id=before_id)

    def get(self, group_ids: Groups, meeting_id: int) -> Meeting:
        """One meeting. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.meetings.get_in(group_ids, meeting_id)

    def edit(
        self,
        group_ids: Groups,
        meeting_id: int,
        *,
        title: str | None = None,
        language: str | None = None,
        transcript_version: int | None = None,
    ) -> Meeting:
        """Change what is given; `transcript_version` is the one to be read. Raises NotFoundError, BadInputError."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = self._lock(uow, group_ids, meeting_id)
            if transcript_version is not None:
                meeting.transcript_version = check_version(uow, meeting, transcript_version)
            meeting.title = meeting.title if title is None else _checked_title(title)
            meeting.language = meeting.language if language is None else _checked_language(language)
            return meeting

    def end(self, group_ids: Groups, meeting_id: int, *, reason: Reason = "asked") -> EndedMeeting:
        """End a meeting; the whole-meeting pass is due then. Ending twice does nothing twice."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = self._lock(uow, group_ids, meeting_id)
            is_first = meeting.state != "ENDED"
            if is_first:
                _end(uow, meeting, reason)
            tickets = uow.tickets.list_for_meeting(meeting.group_id, meeting_id)
            return EndedMeeting(meeting, tickets, is_first)

    def end_idle(self, now: datetime, *, disconnect_end_s: float, silence_end_s: float) -> Sequence[int]:
        """End running meetings whose sound is gone or in which nobody speaks any more; returns the ids of those."""
        with self._database.unit_of_work(None) as uow:
            gone = uow.meetings.list_disconnected(now - timedelta(seconds=disconnect_end_s))
            quiet = uow.meetings.list_silent(now - timedelta(seconds=silence_end_s))
        reasons: dict[int, tuple[Meeting, Reason]] = {meeting.id or 0: (meeting, "silent") for meeting in quiet}
        reasons |= {meeting.id or 0: (meeting, "disconnected") for meeting in gone}
        return [meeting_id for meeting_id, (seen, reason) in reasons.items() if self._end_unless_heard(seen, reason)]

    def _end_unless_heard(self, seen: Meeting, reason: Reason) -> bool:
        """End a meeting unless something was heard, or somebody has ended it, since it was looked at."""
        with self._database.unit_of_work(None) as uow:
            meeting = uow.meetings.lock(seen.group_id, seen.id or 0)
            heard = (meeting.last_audio_at, meeting.last_speech_at) != (seen.last_audio_at, seen.last_speech_at)
            heard = heard and (reason == "disconnected" or meeting.last_speech_at != seen.last_speech_at)
            if heard or meeting.state == "ENDED":
                return False
            _end(uow, meeting, reason)
            return True

    def list_unread(self) -> tuple[Sequence[int], Sequence[int]]:
        """Ids of running meetings, and of ended ones whose whole-meeting pass is due or was cut short."""
        with self._database.unit_of_work(None) as uow:
            live = [meeting.id or 0 for meeting in uow.meetings.list_live()]
            return live, [meeting.id or 0 for meeting in uow.meetings.list_pending_extraction()]

    def extract_again(self, group_ids: Groups, meeting_id: int) -> Meeting:
        """Ask for the whole-meeting pass once more. Raises ConflictError while the meeting runs."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = self._lock(uow, group_ids, meeting_id)
            if meeting.state != "ENDED":
                raise ConflictError(f"Meeting {meeting_id} is still running; it is read as a whole when it has ended.")
            meeting.extraction_state = "PENDING" if meeting.extraction_state == "DONE" else meeting.extraction_state
            return meeting

    def delete(self, group_ids: Groups, meeting_id: int) -> Sequence[str]:
        """Forget a meeting: transcript, minutes, quotes. Its tickets stay. Returns its audio sessions.

        Their sound lies in the journal: the caller removes it. Raises NotFoundError, ConflictError while it runs.
        """
        with self._database.unit_of_work(group_ids) as uow:
            meeting = self._lock(uow, group_ids, meeting_id)
            if meeting.state != "ENDED":
                raise ConflictError(f"Meeting {meeting_id} is still running; end it first.")
            return uow.meetings.forget(meeting.group_id, meeting_id)

    # what was said

    def transcript(self, group_ids: Groups, meeting_id: int, *, version: int | None = None) -> Sequence[Segment]:
        """All segments of the transcript that people read, or of a version, in time order. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            return transcript_of(uow, uow.meetings.get_in(group_ids, meeting_id), version)

    def transcripts(self, group_ids: Groups, meeting_id: int) -> Sequence[Version]:
        """The versions of a meeting's transcript, oldest first. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            return list_versions(uow, uow.meetings.get_in(group_ids, meeting_id))

    def correct(self, group_ids: Groups, meeting_id: int, segment_id: int, *, text: str) -> Segment:
        """Put a person's words in place of the recognised ones, which are kept. No words: the recognised ones again."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            segment = uow.segments.get(meeting.group_id, segment_id)
            if segment.meeting_id != meeting_id:
                raise BadInputError(f"expected a segment of meeting {meeting_id}, got segment {segment_id}")
            corrected = " ".join(text.split())
            segment.corrected_text = corrected if corrected and corrected != segment.text else None
            return segment

    def search(
        self, group_ids: Collection[int], query: str, *, language: str | None = None, limit: int = 50
    ) -> Sequence[Hit]:
        """What was said and what is to be done, the best match first."""
        with self._database.unit_of_work(group_ids) as uow:
            return uow.search(group_ids, query, language=language, limit=limit)

    # minutes

    def minutes(self, group_ids: Groups, meeting_id: int, *, version: int | None = None) -> Minutes:
        """The current minutes, or a version of them. Raises NotFoundError before there are any."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            if version is None:
                return uow.minutes.get_latest(meeting.group_id, meeting_id)
            return uow.minutes.get(meeting.group_id, meeting_id, version)

    def minutes_versions(self, group_ids: Groups, meeting_id: int) -> Sequence[Minutes]:
        """All versions, newest first."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return uow.minutes.list(meeting.group_id, meeting_id)

    def edit_minutes(
        self, group_ids: Groups, meeting_id: int, *, markdown: str, by: Person, expected_version: int | None = None
    ) -> Minutes:
        """Add a person's version. Raises ConflictError when another has come since `expected_version`."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            last = uow.minutes.find_latest(meeting.group_id, meeting_id)
            return uow.minutes.add(
                meeting.group_id,
                meeting_id,
                markdown=markdown,
                author=by.name,
                template=last.template if last else TEMPLATES[0],
                expected_version=expected_version,
            )

    def render_minutes(self, group_ids: Groups, meeting_id: int, *, template: str = "general") -> str:
        """Minutes as they would be made now, by any template; nothing is kept. Raises BadInputError, NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return render_minutes(minutes_source(uow, meeting), template=template)

    def make_minutes(self, meeting_id: int, *, summary: Sequence[str] = (), template: str = "general") -> Minutes:
        """Make the minutes of a meeting, by the system. A person's version stays the current one."""
        with self._database.unit_of_work(None) as uow:
            meeting = uow.meetings.get_in(None, meeting_id)
            last = uow.minutes.find_latest(meeting.group_id, meeting_id)
            if last is not None and last.author != AUTOMATIC:
                return last
            markdown = render_minutes(minutes_source(uow, meeting, summary=summary), template=template)
            if last is not None and last.markdown == markdown:
                return last
            made = uow.minutes.add(meeting.group_id, meeting_id, markdown=markdown, author=AUTOMATIC, template=template)
            if last is None:
                _tell_members(uow, meeting)
            return made

    # files

    def export(self, group_ids: Groups, meeting_id: int, *, kind: str, version: int | None = None) -> Export:
        """A meeting as a file: srt, vtt, csv, json, md (transcript), minutes (Markdown), ics, tickets (CSV).

        `version` is the transcript's; the one that people read if not given.
        """
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            if kind == "minutes":
                minutes = uow.minutes.get_latest(meeting.group_id, meeting_id)
                return Export(minutes.markdown, "text/markdown", f"meeting-{meeting_id}-minutes.md")
            if kind in ("ics", "tickets"):
                tickets = uow.tickets.list_for_meeting(meeting.group_id, meeting_id)
                return _tickets_file(tickets, kind, name=f"meeting-{meeting_id}", title=meeting.title)
            return _transcript_file(meeting, transcript_of(uow, meeting, version), kind)

    def export_tickets(self, group_id: int, *, kind: str) -> Export:
        """All tickets of a group as a file: tickets (CSV) or ics (due dates)."""
        with self._database.unit_of_work([group_id]) as uow:
            group = uow.groups.get(group_id)
            tickets: list[Ticket] = []
            page = uow.tickets.list([group_id], limit=1000)
            while page:
                tickets += page
                page = uow.tickets.list([group_id], limit=1000, before_id=page[-1].id)
            return _tickets_file(tickets, kind, name=f"group-{group_id}", title=group.name)

    def _lock(self, uow: UnitOfWork, group_ids: Groups, meeting_id: int) -> Meeting:
        meeting = uow.meetings.get_in(group_ids, meeting_id)
        return uow.meetings.lock(meeting.group_id, meeting_id)


def make_minutes(database: Database, meeting_id: int, summary: Sequence[str]) -> Minutes:
    """Make the minutes of a meeting that was read as a whole: what a TicketExtractor is given to call."""
    return MeetingService(database).make_minutes(meeting_id, summary=summary)


def _end(uow: UnitOfWork, meeting: Meeting, reason: Reason) -> None:
    """The end, its event, and the whole-meeting pass that is due, in one transaction."""
    meeting.state, meeting.end_reason, meeting.extraction_state = "ENDED", reason, "PENDING"
    meeting.ended_at = utc_now()
    event = MeetingEnded(
        group_id=meeting.group_id,
        groupId=meeting.group_id,
        meetingId=meeting.id or 0,
        startedAt=meeting.started_at,
        endedAt=meeting.ended_at,
        reason=reason,
    )
    announce(uow, [event])


def _tell_members(uow: UnitOfWork, meeting: Meeting) -> None:
    """The group hears once that there are minutes, and how much waits for a person."""
    waiting = uow.suggestions.list([meeting.group_id], meeting_id=meeting.id)
    payload = {
        "meetingId": meeting.id,
        "title": meeting.title,
        "tickets": len(uow.tickets.list_for_meeting(meeting.group_id, meeting.id or 0)),
        "suggestions": len(waiting),
    }
    for member, _ in uow.groups.members(meeting.group_id):
        uow.notifications.add(meeting.group_id, member.user_id, kind="meeting.minutes", payload=payload)


def _transcript_file(meeting: Meeting, segments: Sequence[Segment], kind: str) -> Export:
    lines = [transcript_line(utterance) for utterance in join_utterances(segments)]
    facts = {
        "meetingId": meeting.id,
        "groupId": meeting.group_id,
        "title": meeting.title,
        "language": meeting.language,
        "startedAt": meeting.started_at.isoformat(),
        "endedAt": meeting.ended_at.isoformat() if meeting.ended_at else None,
    }
    makers: dict[str, tuple[str, Callable[[], str]]] = {
        "srt": ("application/x-subrip", lambda: exports.to_srt(lines)),
        "vtt": ("text/vtt", lambda: exports.to_vtt(lines)),
        "csv": ("text/csv", lambda: exports.to_csv(lines)),
        "json": ("application/json", lambda: exports.to_json(lines, meeting=facts)),
        "md": ("text/markdown", lambda: exports.to_markdown(lines, title=meeting.title)),
    }
    if kind not in makers:
        raise BadInputError(f"expected one of {', '.join(makers)}, minutes, ics, tickets, got {kind!r}")
    media_type, make = makers[kind]
    return Export(make(), media_type, f"meeting-{meeting.id}.{kind}")


def _tickets_file(tickets: Sequence[Ticket], kind: str, *, name: str, title: str) -> Export:
    lines = [ticket_line(ticket) for ticket in tickets]
    if kind == "ics":
        return Export(exports.tickets_to_ics(lines, calendar=title), "text/calendar", f"{name}-due.ics")
    if kind == "tickets":
        return Export(exports.tickets_to_csv(lines), "text/csv", f"{name}-tickets.csv")
    raise BadInputError(f"expected tickets or ics, got {kind!r}")


def _checked_title(title: str) -> str:
    folded = " ".join(title.split())
    if not 1 <= len(folded) <= _MAXIMUM_TITLE:
        raise BadInputError(f"expected a title of 1 to {_MAXIMUM_TITLE} characters, got {len(folded)}")
    return folded


def _checked_language(language: str) -> str:
    if language not in LANGUAGES:
        raise BadInputError(f"expected a language of {', '.join(LANGUAGES)}, got {language!r}")
    return language
