"""A meeting read again from another transcript: suggestions and nothing else, and a person's word stays above them."""

from __future__ import annotations

import pytest

from tests.integration.room import Room, complete, create
from vori_ray.storage.models import Segment
from vori_ray.storage.transcript_writer import Heard, save_transcript
from vori_ray.tickets.applying import ApplyReport
from vori_ray.tickets.extraction import Extraction, Operation
from vori_ray.tickets.rereading import Rereading, read_version, suggest

pytestmark = pytest.mark.integration


def hear_again(room: Room, *texts: str, model: str = "small") -> Rereading:
    """Another transcript of the room's meeting: sentences at the times at which `Room.say` puts them."""
    segments = [
        Segment(
            group_id=room.group_id,
            meeting_id=room.meeting_id,
            session_id=f"session-{room.meeting_id}",
            utterance=100 + number,
            part=0,
            speaker="Mo Reyes",
            text=text,
            start_s=10.0 * number + 0.5,
            end_s=10.0 * number + 7.0,
        )
        for number, text in enumerate(texts)
    ]
    heard = Heard(room.group_id, room.meeting_id, model, "sound", 60.0, segments)
    version = save_transcript(room.database, heard).version
    return read_version(room.database, room.meeting_id, version)


def answer(room: Room, rereading: Rereading, *operations: Operation) -> ApplyReport:
    """What an extractor made of it."""
    total = len(rereading.reading.given.segments)
    return suggest(room.database, Extraction(operations, {}, total, total, "rules"), rereading)


def ids(rereading: Rereading) -> list[int]:
    return [segment.id for segment in rereading.reading.given.segments]


def waiting(room: Room) -> list[tuple[str, object]]:
    """Pending suggestions: (operation, title or ticket)."""
    found = room.tickets.suggestions(room.groups, meeting_id=room.meeting_id)
    return [(one.operation["op"], one.operation.get("title") or one.ticket_id) for one in found]


def test_a_task_that_was_missed_becomes_a_suggestion_once_and_nothing_is_changed(room: Room) -> None:
    said = room.say("I'll order the filters.")
    room.end_and_apply(create("Order the filters", said, "I'll order the filters"))
    board, events = room.board(), len(room.events())
    again = hear_again(room, "I'll order the filters.", "And I'll call the plumber.")
    first, second = ids(again)
    operations = (
        create("Order the filters", first, "I'll order the filters"),
        create("Call the plumber", second, "I'll call the plumber"),
    )
    assert answer(room, again, *operations).suggested == 1
    assert answer(room, again, *operations).suggested == 0
    assert waiting(room) == [("create", "Call the plumber")]
    assert (room.board(), len(room.events())) == (board, events)
    with room.database.unit_of_work(None) as uow:
        assert [row.extractor for row in uow.transcripts.list(room.group_id, room.meeting_id)] == ["rules"]


def test_a_second_model_does_not_suggest_the_same_again(room: Room) -> None:
    room.say("Mumble.")
    room.end_and_apply()
    first = hear_again(room, "I'll call the plumber.")
    answer(room, first, create("Call the plumber", ids(first)[0], "I'll call the plumber"))
    second = hear_again(room, "I will call the plumber.", model="large-v3")
    report = answer(room, second, create("Call the plumber", ids(second)[0], "I will call the plumber"))
    assert (report.suggested, report.skipped) == (0, {"repeated": 1})


def test_what_was_rejected_stays_away_from_every_later_transcript(room: Room) -> None:
    room.say("Mumble.")
    room.end_and_apply()
    first = hear_again(room, "I'll call the plumber.")
    answer(room, first, create("Call the plumber", ids(first)[0], "I'll call the plumber"))
    (suggestion,) = room.tickets.suggestions(room.groups)
    room.tickets.reject(room.groups, suggestion.id or 0, by=room.ada)
    second = hear_again(room, "I will call the plumber.", model="large-v3")
    report = answer(room, second, create("Call plumber", ids(second)[0], "I will call the plumber"))
    assert (report.suggested, report.skipped) == (0, {"refused": 1})
    assert waiting(room) == []


def test_a_ticket_that_a_person_threw_away_is_not_suggested(room: Room) -> None:
    said = room.say("I'll call the plumber.")
    room.end_and_apply(create("Call the plumber", said, "I'll call the plumber"))
    (ticket,) = room.tickets.list(room.groups)
    room.tickets.delete(room.groups, ticket.id or 0, by=room.ada)
    again = hear_again(room, "I will call a plumber.")
    report = answer(room, again, create("Call a plumber", ids(again)[0], "I will call a plumber"))
    assert (report.suggested, report.skipped) == (0, {"refused": 1})


def test_a_status_change_that_was_missed_is_suggested_unless_the_ticket_has_moved_on(room: Room) -> None:
    ticket, moved = room.ticket("Paint the fence"), room.ticket("Order the filters")
    room.say("Mumble.")
    room.end_and_apply()
    room.tickets.move(room.groups, moved.id or 0, by=room.ada, status="IN_PROGRESS")
    again = hear_again(room, "The fence is painted.", "The filters are ordered.")
    first, second = ids(again)
    report = answer(
        room,
        again,
        complete(ticket.id or 0, first, "The fence is painted"),
        complete(moved.id or 0, second, "The filters are ordered"),
    )
    assert waiting(room) == [("status", ticket.id)]
    assert report.suggested == 1
    assert room.board() == {"Paint the fence": "TODO", "Order the filters": "IN_PROGRESS"}
    (suggestion,) = room.tickets.suggestions(room.groups)
    assert room.tickets.accept(room.groups, suggestion.id or 0, by=room.ada).status == "DONE"


def test_a_ticket_of_the_meeting_that_the_new_words_take_further_is_a_suggestion(room: Room) -> None:
    said = room.say("I'll paint the fence.")
    room.end_and_apply(create("Paint the fence", said, "I'll paint the fence"))
    (ticket,) = room.tickets.list(room.groups)
    again = hear_again(room, "I have painted the fence.")
    answer(room, again, create("Paint the fence", ids(again)[0], "I have painted the fence", status="DONE"))
    assert waiting(room) == [("status", ticket.id)]
    assert room.board() == {"Paint the fence": "TODO"}
