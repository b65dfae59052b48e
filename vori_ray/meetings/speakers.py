"""The speakers of a meeting that were told apart by their voices: who they are, and renaming them.

Blocking. `group_ids` are the caller's groups; a speaker of another group's meeting is not found. Knows nothing of how
voices are told apart, nor of how tickets keep their owner's name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from vori_ray.errors import BadInputError
from vori_ray.meetings.minutes import render_minutes
from vori_ray.meetings.reading import minutes_source
from vori_ray.meetings.service import AUTOMATIC, Person
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import Meeting, Minutes, Speaker
from vori_ray.storage.repositories.speakers import Renaming

Groups = Collection[int] | None
RenameOwner = Callable[[UnitOfWork, Renaming, str], None]
"""Gives a renamed speaker's tickets the new name; told who renamed them."""

_LONGEST_NAME = 100


class SpeakerService:
    """The speakers of each group's meetings."""

    def __init__(self, database: Database, rename_owner: RenameOwner) -> None:
        self._database = database
        self._rename_owner = rename_owner

    def list(self, group_ids: Groups, meeting_id: int) -> Sequence[Speaker]:
        """A meeting's speakers, in the order in which they were first heard. Raises NotFoundError."""
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            return uow.speakers.list(meeting.group_id, meeting_id)

    def rename(self, group_ids: Groups, meeting_id: int, speaker_id: int, *, name: str, by: Person) -> Speaker:
        """Give a speaker a name, everywhere in the meeting. Raises NotFoundError, BadInputError.

        Minutes that VORI made get a new version; a person's stay as they are.
        """
        wanted = _checked_name(name)
        with self._database.unit_of_work(group_ids) as uow:
            meeting = uow.meetings.get_in(group_ids, meeting_id)
            meeting = uow.meetings.lock(meeting.group_id, meeting_id)
            speaker = uow.speakers.lock(meeting.group_id, meeting_id, speaker_id)
            if speaker.name == wanted:
                return speaker
            minutes = uow.minutes.find_latest(meeting.group_id, meeting_id)
            before = _rendered(uow, meeting, minutes)
            self._rename_owner(uow, uow.speakers.rename(speaker, wanted), by.name)
            if minutes is not None and before is not None:
                _renew(uow, meeting, minutes, before)
            return uow.speakers.get(meeting.group_id, speaker_id)


def _checked_name(name: str) -> str:
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= _LONGEST_NAME or not wanted.isprintable():
        raise BadInputError(f"expected a name of 1 to {_LONGEST_NAME} printable characters, got {name[:60]!r}")
    return wanted


def _rendered(uow: UnitOfWork, meeting: Meeting, minutes: Minutes | None) -> str | None:
    """VORI's minutes as they would be made now; None where there are none, or a person's."""
    if minutes is None or minutes.author != AUTOMATIC:
        return None
    return render_minutes(minutes_source(uow, meeting), template=minutes.template)


def _renew(uow: UnitOfWork, meeting: Meeting, minutes: Minutes, before: str) -> None:
    after = _rendered(uow, meeting, minutes) or before
    markdown = carried_over(minutes.markdown, before, after)
    if markdown != minutes.markdown:
        uow.minutes.add(
            meeting.group_id, meeting.id or 0, markdown=markdown, author=AUTOMATIC, template=minutes.template
        )


def carried_over(markdown: str, before: str, after: str) -> str:
    """Do to some minutes what a change did to others, line by line: a model's summary stands in no other.

    Where the change added or took lines, the minutes are made anew.
    """
    old, new = before.splitlines(), after.splitlines()
    if len(old) != len(new):
        return after
    changed = {was: now for was, now in zip(old, new, strict=True) if was != now}
    return "\n".join(changed.get(line, line) for line in markdown.splitlines()) + "\n"
