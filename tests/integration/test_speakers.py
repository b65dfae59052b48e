"""Renaming a speaker on the real PostgreSQL: transcripts, tickets, remarks, suggestions and minutes get the name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.archive import Archive
from tests.integration.room import Room, create
from vori_ray.errors import BadInputError, NotFoundError
from vori_ray.meetings.service import make_minutes
from vori_ray.meetings.speakers import SpeakerService, carried_over
from vori_ray.reanalysis.cutting import Piece
from vori_ray.reanalysis.gathering import Gathering
from vori_ray.reanalysis.pipeline import HeardWindow, StreamEnd
from vori_ray.reanalysis.plan import Turn, Wanted, make_plan
from vori_ray.speech.windows import SAMPLE_RATE, Word
from vori_ray.storage.models import Minutes, Segment
from vori_ray.storage.segment_writer import SegmentWriter
from vori_ray.storage.transcript_writer import Heard, save_transcript
from vori_ray.tickets.extraction import Extraction, Operation
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.renaming import rename_owner
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.running import ExtractorChoice, PassRunner

pytestmark = pytest.mark.integration


def row(room: Room, text: str, number: int, *, session: str | None = None) -> dict[str, Any]:
    with room.database.unit_of_work(None) as uow:
        count = uow.segments.count(room.group_id, room.meeting_id)
    return {
        "group_id": room.group_id,
        "meeting_id": room.meeting_id,
        "session_id": session or f"session-{room.meeting_id}",
        "utterance": count,
        "part": 0,
        "speaker_number": number,
        "text": text,
        "start_s": 10.0 * count,
        "end_s": 10.0 * count + 8.0,
        "language": "en",
    }


def say(room: Room, text: str, number: int) -> int:
    """Settle a sentence of the stream's speaker of that number; returns its segment id."""
    (ids,) = SegmentWriter(room.database).save_segments([[row(room, text, number)]])
    return ids[0]


def service(room: Room) -> SpeakerService:
    return SpeakerService(room.database, rename_owner)


def rename(room: Room, number: int, name: str) -> None:
    (speaker_id,) = (one.id for one in service(room).list(room.groups, room.meeting_id) if one.number == number)
    assert speaker_id is not None
    service(room).rename(room.groups, room.meeting_id, speaker_id, name=name, by=room.ada)


def said_by(room: Room, **options: Any) -> list[str | None]:
    return [segment.speaker for segment in room.meetings.transcript(room.groups, room.meeting_id, **options)]


def order(segment_id: int, quote: str, owner: str) -> Operation:
    return create("Order the new filters", segment_id, quote, owner=owner)


def test_speakers_get_the_next_name_once(room: Room) -> None:
    rows = [row(room, "one", 2), row(room, "two", 1) | {"utterance": 1}]
    writer = SegmentWriter(room.database)
    assert writer.save_segments([rows]) == writer.save_segments([rows])
    assert said_by(room) == ["Speaker 1", "Speaker 2"]
    listed = service(room).list(room.groups, room.meeting_id)
    assert [(one.number, one.name) for one in listed] == [(2, "Speaker 1"), (1, "Speaker 2")]
    completed = [event for event in room.events() if event["topic"] == "transcription.completed"]
    assert [event["speaker"] for event in completed] == ["Speaker 1", "Speaker 2"]


def test_the_owner_of_a_ticket_is_the_speaker_and_then_whoever_that_is(room: Room) -> None:
    say(room, "We need new filters this week.", 1)
    say(room, "I'll order the new filters by Thursday.", 2)
    room.meetings.end(room.groups, room.meeting_id)
    choice = ExtractorChoice(RulesExtractor(), None, 0.0)

    def minutes(meeting_id: int, summary: Sequence[str]) -> Minutes:
        return make_minutes(room.database, meeting_id, summary)

    runner = PassRunner(room.tickets, ExtractionProgress(room.database), choice, make_minutes=minutes)
    assert runner.whole(room.meeting_id).state == "DONE"
    (ticket,) = room.tickets.list(room.groups)
    assert (ticket.assignee, ticket.assignee_id) == ("Speaker 2", None)
    rename(room, 2, "mo reyes")
    (renamed,) = room.tickets.list(room.groups)
    assert (renamed.assignee, renamed.assignee_id) == ("Mo Reyes", room.mo.user_id)
    assert renamed.evidence[-1]["speaker"] == "mo reyes"
    assert said_by(room) == ["Speaker 1", "mo reyes"]
    room.meetings.extract_again(room.groups, room.meeting_id)
    runner.whole(room.meeting_id)
    (again,) = room.tickets.list(room.groups)
    assert (again.id, again.assignee) == (ticket.id, "Mo Reyes")


def test_a_renamed_owner_is_in_the_history_and_told(room: Room) -> None:
    room.apply(order(say(room, "I'll order the new filters.", 1), "I'll order the new filters.", "Speaker 1"))
    (ticket,) = room.tickets.list(room.groups)
    assert ticket.assignee == "Speaker 1"
    rename(room, 1, "Mo Reyes")
    entry = room.history(ticket.id or 0)[-1]
    assert (entry.action, entry.reason) == ("renamed", "Speaker 1 is Mo Reyes (Ada Park)")
    assert entry.changes["assignee"] == {"old": "Speaker 1", "new": "Mo Reyes"}
    event = room.events()[-1]
    assert (event["topic"], event["ticket"]["assignee"]) == ("ticket.updated", "Mo Reyes")
    with room.database.unit_of_work(None) as uow:
        (told,) = uow.notifications.list(None, room.mo.user_id)
    assert told.kind == "ticket.assigned"


def test_a_speaker_who_is_renamed_while_the_meeting_is_read_owns_the_ticket(room: Room) -> None:
    segment = say(room, "I'll order the new filters.", 1)
    say(room, "Good.", 2)
    room.meetings.end(room.groups, room.meeting_id)
    reading = room.tickets.read(room.meeting_id, is_whole=True)
    assert reading is not None
    rename(room, 1, "Dana")
    operation = order(segment, "I'll order the new filters.", "Speaker 1")
    room.tickets.apply(room.meeting_id, Extraction((operation,), {}, 2, 2, "rules"), reading=reading)
    (ticket,) = room.tickets.list(room.groups)
    assert (ticket.assignee, ticket.evidence[0]["speaker"]) == ("Dana", "Dana")


def test_an_owner_that_a_person_has_set_stays(room: Room) -> None:
    room.apply(order(say(room, "I'll order the new filters.", 1), "I'll order the new filters.", "Speaker 1"))
    (ticket,) = room.tickets.list(room.groups)
    room.tickets.edit(room.groups, ticket.id or 0, by=room.ada, changes={"assignee": "Ada Park"})
    rename(room, 1, "Mo Reyes")
    assert [each.assignee for each in room.tickets.list(room.groups)] == ["Ada Park"]


def test_two_voices_of_one_name_keep_their_own_tickets(room: Room) -> None:
    first = say(room, "I'll order the new filters.", 1)
    second = say(room, "I'll paint the old fence.", 2)
    room.apply(
        order(first, "I'll order the new filters.", "Speaker 1"),
        create("Paint the old fence", second, "I'll paint the old fence.", owner="Speaker 2"),
    )
    rename(room, 1, "Dana")
    rename(room, 2, "Dana")
    assert {ticket.assignee for ticket in room.tickets.list(room.groups)} == {"Dana"}
    rename(room, 2, "Eve")
    owners = {ticket.title: ticket.assignee for ticket in room.tickets.list(room.groups)}
    assert owners == {"Order the new filters": "Dana", "Paint the old fence": "Eve"}
    assert said_by(room) == ["Dana", "Eve"]


def test_remarks_and_suggestions_get_the_name(room: Room) -> None:
    blocked = say(room, "I am blocked by the missing key.", 1)
    maybe = say(room, "Maybe I could order the new filters.", 1)
    room.apply(
        create("missing key", blocked, "I am blocked by the missing key.", kind="blocker"),
        replace(order(maybe, "Maybe I could order the new filters.", "Speaker 1"), certainty=0.3),
    )
    (suggestion,) = room.tickets.suggestions(room.groups)
    assert suggestion.operation["assignee"] == "Speaker 1"
    rename(room, 1, "Dana")
    (remark,) = room.tickets.remarks(room.groups, room.meeting_id)
    assert (remark.owner, remark.evidence[0]["speaker"]) == ("Dana", "Dana")
    (suggestion,) = room.tickets.suggestions(room.groups)
    assert (suggestion.operation["assignee"], suggestion.evidence[0]["speaker"]) == ("Dana", "Dana")


def test_minutes_of_vori_get_the_name_and_a_models_summary_stays(room: Room) -> None:
    segment = say(room, "I'll order the new filters.", 1)
    room.end_and_apply(order(segment, "I'll order the new filters.", "Speaker 1"))
    make_minutes(room.database, room.meeting_id, ["The filters are worn."])
    rename(room, 1, "Dana")
    minutes = room.meetings.minutes(room.groups, room.meeting_id)
    assert (minutes.version, minutes.author) == (2, "vori")
    assert "Speaker 1" not in minutes.markdown
    assert "- **Participants**: Dana" in minutes.markdown
    assert "The filters are worn." in minutes.markdown
    room.meetings.edit_minutes(room.groups, room.meeting_id, markdown="# Dana did it all", by=room.ada)
    rename(room, 1, "Eve")
    assert room.meetings.minutes(room.groups, room.meeting_id).markdown == "# Dana did it all"


def test_a_change_of_some_lines_is_carried_over() -> None:
    assert carried_over("# A\nown\nx\n", "# A\nx\n", "# A\ny\n") == "# A\nown\ny\n"
    assert carried_over("# A\nown\n", "# A\n", "# A\nmore\n") == "# A\nmore\n"


def test_every_transcript_gets_the_name(room: Room) -> None:
    say(room, "I'll order the new filters.", 1)
    rename(room, 1, "Dana")
    heard = [Segment(**row(room, "I will order the new filters.", 1) | {"utterance": 0, "words": []})]
    save_transcript(room.database, Heard(room.group_id, room.meeting_id, "big", "sound", 8.0, heard))
    assert said_by(room, version=2) == ["Dana"]
    rename(room, 1, "Eve")
    assert (said_by(room, version=1), said_by(room, version=2)) == (["Eve"], ["Eve"])


def test_a_meeting_that_is_heard_again_keeps_its_speakers(room: Room, tmp_path: Path) -> None:
    meeting_id = Archive(room.database, room.group_id, str(tmp_path)).meeting(np.zeros(SAMPLE_RATE * 20, np.int16))
    session = f"archived-{meeting_id}-0"
    room.meeting_id = meeting_id
    with room.database.unit_of_work(None) as uow:
        uow.sessions.get(room.group_id, session).diarize = True
    for number in (1, 2):
        SegmentWriter(room.database).save_segments([[row(room, "words", number, session=session)]])
    rename(room, 2, "Dana")
    plan = make_plan(room.database, Wanted("big", str(tmp_path), 10.0, ("en",), "rules", meeting_ids=(meeting_id,)))
    (task,) = plan.hear
    assert task.streams[0].turns == (Turn(0.0, 8.0, 1), Turn(10.0, 18.0, 2))
    piece = Piece(0, 0, 0, 20 * SAMPLE_RATE, 20 * SAMPLE_RATE)
    words = (Word("one", 1.0, 2.0), Word("two", 12.0, 13.0))
    gathering = Gathering([task])
    list(gathering.add(HeardWindow(0, ((piece, words),), "en")))
    (finished,) = gathering.add(StreamEnd(0, 1))
    save_transcript(room.database, Heard(room.group_id, meeting_id, "big", task.audio, 20.0, finished.segments))
    segments = room.meetings.transcript(room.groups, meeting_id, version=2)
    assert [(each.text, each.speaker) for each in segments] == [("one", "Speaker 1"), ("two", "Dana")]


def test_what_is_no_name_or_no_speaker_is_refused(room: Room) -> None:
    say(room, "Hello.", 1)
    other = Room(room.database, name="Kitchen")
    (speaker,) = service(room).list(room.groups, room.meeting_id)
    with pytest.raises(BadInputError, match="expected a name of 1 to 100"):
        rename(room, 1, " ")
    for group_ids, meeting_id in ((other.groups, room.meeting_id), (other.groups, other.meeting_id)):
        with pytest.raises(NotFoundError):
            service(room).rename(group_ids, meeting_id, speaker.id or 0, name="x", by=other.ada)
    with pytest.raises(NotFoundError):
        service(room).list(other.groups, room.meeting_id)
    assert said_by(room) == ["Speaker 1"]


def test_words_that_come_while_a_speaker_is_renamed_get_one_name(room: Room) -> None:
    """Whoever comes second waits: no word keeps the old name."""
    say(room, "Hello.", 1)
    rows = [row(room, f"more {number}", 1) | {"utterance": 1 + number} for number in range(20)]

    def speak() -> None:
        for one in rows:
            SegmentWriter(room.database).save_segments([[one]])

    speaking = threading.Thread(target=speak)
    speaking.start()
    rename(room, 1, "Dana")
    speaking.join()
    assert said_by(room) == ["Dana"] * 21


def test_a_forgotten_meeting_has_no_speakers(room: Room) -> None:
    say(room, "Hello.", 1)
    room.meetings.end(room.groups, room.meeting_id)
    room.meetings.delete(room.groups, room.meeting_id)
    with room.database.unit_of_work(None) as uow:
        assert uow.speakers.list(room.group_id, room.meeting_id) == []
