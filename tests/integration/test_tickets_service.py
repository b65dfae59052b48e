"""TicketService on the real PostgreSQL: what speech may do, and each guard against it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.integration.room import STARTED, Room, complete, create
from vori_ray.errors import ConflictError
from vori_ray.tickets.extraction import Extraction, Operation

pytestmark = pytest.mark.integration


def test_a_task_becomes_a_ticket_with_evidence_history_event_and_notification(room: Room) -> None:
    said = room.say("I'll order the filters by Thursday.")
    report = room.apply(create("Order the filters", said, "I'll order the filters", owner="Mo", due_text="by Thursday"))
    (ticket,) = room.tickets.list(room.groups)
    assert report.created == (ticket.id,)
    assert (ticket.title, ticket.status, ticket.due_date) == ("Order the filters", "TODO", date(2026, 11, 5))
    assert (ticket.assignee_id, ticket.assignee, ticket.source) == (room.mo.user_id, "Mo Reyes", "speech")
    assert ticket.evidence == [
        {
            "segment_id": said,
            "quote": "I'll order the filters",
            "start_s": 0.0,
            "end_s": 8.0,
            "speaker": "Mo Reyes",
            "meeting_id": room.meeting_id,
        }
    ]
    (entry,) = room.history(ticket.id or 0)
    assert (entry.action, entry.old_status, entry.new_status, entry.actor) == ("created", None, "TODO", "vori")
    assert (entry.extractor, entry.evidence) == ("rules", ticket.evidence)
    (event,) = [event for event in room.events() if event["topic"] == "ticket.created"]
    assert (event["meetingId"], event["ticket"]["assigneeId"]) == (room.meeting_id, room.mo.user_id)
    with room.database.unit_of_work(None) as uow:
        (notice,) = uow.notifications.list(room.groups, room.mo.user_id)
    assert (notice.kind, notice.payload["ticketId"]) == ("ticket.assigned", ticket.id)


def test_a_status_change_reaches_a_ticket_of_an_earlier_meeting(room: Room) -> None:
    first = room.say("I'll paint the fence.")
    room.apply(create("Paint the fence", first, "I'll paint the fence", owner="Mo Reyes"))
    room.end_and_apply(create("Paint the fence", first, "I'll paint the fence", owner="Mo Reyes"))
    (ticket,) = room.tickets.list(room.groups)
    room.new_meeting(started_at=STARTED + timedelta(days=7))
    said = room.say("The fence is painted.", speaker="Ada Park")
    report = room.apply(complete(ticket.id or 0, said, "The fence is painted"))
    assert report.changed == (ticket.id,)
    last = room.history(ticket.id or 0)[-1]
    assert (last.old_status, last.new_status, last.meeting_id) == ("TODO", "DONE", room.meeting_id)
    assert [(each["quote"], each["speaker"]) for each in last.evidence] == [("The fence is painted", "Ada Park")]
    event = room.events()[-1]
    assert (event["topic"], event["oldStatus"], event["newStatus"]) == ("ticket.updated", "TODO", "DONE")
    assert (event["meetingId"], event["changed"]) == (room.meeting_id, ["status"])


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (Operation("create", title="Buy a boat", segment_ids=(0,), quote="buy a boat"), "quote_not_in_evidence"),
        (Operation("create", title="Buy a boat", segment_ids=(99_999,), quote="x"), "unknown_segment"),
        (Operation("complete", ticket_ref=99_999, segment_ids=(0,), quote="is done"), "unknown_ticket"),
        (Operation("reopen", ticket_ref=0, segment_ids=(0,), quote="is done"), "illegal_transition"),
        (Operation("none", segment_ids=(0,), quote="is done"), "nothing_to_do"),
    ],
)
def test_what_may_not_be_believed_changes_nothing(room: Room, operation: Operation, reason: str) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is done.")
    ids = tuple(said if each == 0 else each for each in operation.segment_ids)
    ref = ticket.id if operation.ticket_ref == 0 else operation.ticket_ref
    before = room.events()
    report = room.apply(
        Operation(operation.op, ticket_ref=ref, title=operation.title, segment_ids=ids, quote=operation.quote)
    )
    assert report.dropped == {reason: 1}
    assert room.board() == {"Paint the fence": "TODO"}
    assert room.events() == before


def test_an_owner_whom_nobody_knows_is_nobody(room: Room) -> None:
    said = room.say("Somebody has to order the filters.")
    room.apply(create("Order the filters", said, "has to order the filters", owner="Zoe"))
    (ticket,) = room.tickets.list(room.groups)
    assert (ticket.assignee, ticket.assignee_id) == (None, None)


def test_the_same_words_read_twice_act_once(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    done = room.say("The fence is painted.")
    task = room.say("I'll order the filters.")
    operations = (
        complete(ticket.id or 0, done, "fence is painted"),
        create("Order the filters", task, "order the filters"),
    )
    room.apply(*operations)
    board, events = room.board(), room.events()
    room.say("Fine.")  # the next live window overlaps
    report = room.apply(*operations)
    assert (report.created, report.changed, room.board(), room.events()) == ((), (), board, events)
    assert board == {"Paint the fence": "DONE", "Order the filters": "TODO"}


def test_a_repeated_end_and_a_repeated_whole_pass_double_nothing(room: Room) -> None:
    task = room.say("I'll order the filters.")
    room.apply(create("Order the filters", task, "order the filters"))
    first = room.meetings.end(room.groups, room.meeting_id)
    room.apply(create("Order the filters", task, "order the filters"), is_whole=True)
    events = room.events()
    again = room.meetings.end(room.groups, room.meeting_id, reason="silent")
    room.apply(create("Order the filters", task, "order the filters"), is_whole=True)
    assert (first.is_first, again.is_first) == (True, False)
    assert [each.id for each in again.tickets] == [each.id for each in first.tickets]
    assert again.meeting.end_reason == "asked"
    assert room.events() == events
    assert [event["topic"] for event in events].count("meeting.ended") == 1


def test_the_same_task_in_other_words_is_one_ticket(room: Room) -> None:
    first = room.say("I'll order new filters for the pump.")
    room.apply(create("Order new filters for the pump", first, "I'll order new filters"))
    second = room.say("So the pump filters get ordered by Friday.")
    room.apply(create("Order the pump filters", second, "pump filters get ordered", due_text="by Friday"))
    (ticket,) = room.tickets.list(room.groups)
    assert ticket.due_date == date(2026, 11, 6)
    assert [entry.action for entry in room.history(ticket.id or 0)] == ["created", "changed"]


def test_a_ticket_made_by_hand_is_not_made_again_by_speech(room: Room) -> None:
    ticket = room.ticket("Order new filters for the pump")
    said = room.say("I'll order the new pump filters by Friday.", speaker="Ada Park")
    room.apply(create("Order new pump filters", said, "order the new pump filters", owner="Ada", due_text="by Friday"))
    (only,) = room.tickets.list(room.groups)
    assert (only.id, only.assignee, only.due_date) == (ticket.id, "Ada Park", date(2026, 11, 6))


def test_what_is_not_explicit_waits_for_a_person(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("I think the fence might be done.")
    report = room.apply(complete(ticket.id or 0, said, "might be done", is_explicit=False))
    assert (report.suggested, room.board()) == (1, {"Paint the fence": "TODO"})
    (suggestion,) = room.tickets.suggestions(room.groups)
    accepted = room.tickets.accept(room.groups, suggestion.id or 0, by=room.ada)
    assert accepted.status == "DONE"
    last = room.history(ticket.id or 0)[-1]
    assert (last.actor, last.extractor, last.evidence[0]["quote"]) == ("Ada Park", "rules", "might be done")
    with pytest.raises(ConflictError):
        room.tickets.accept(room.groups, suggestion.id or 0, by=room.mo)


def test_a_suggested_task_becomes_a_ticket_when_it_is_accepted(room: Room) -> None:
    said = room.say("We might order filters.")
    room.apply(create("Order filters", said, "might order filters", owner="Mo", certainty=0.2))
    (suggestion,) = room.tickets.suggestions(room.groups, meeting_id=room.meeting_id)
    ticket = room.tickets.accept(room.groups, suggestion.id or 0, by=room.ada, changes={"priority": "high"})
    assert (ticket.title, ticket.assignee, ticket.priority) == ("Order filters", "Mo Reyes", "high")
    room.end_and_apply()
    assert room.board() == {"Order filters": "TODO"}


def test_a_rejected_suggestion_never_returns_on_the_same_evidence(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("I think the fence might be done.")
    room.apply(complete(ticket.id or 0, said, "might be done", is_explicit=False))
    (suggestion,) = room.tickets.suggestions(room.groups)
    room.tickets.reject(room.groups, suggestion.id or 0, by=room.ada)
    report = room.end_and_apply(complete(ticket.id or 0, said, "the fence might be done"))
    assert report.skipped["refused"] == 1
    assert (room.tickets.suggestions(room.groups), room.board()) == ([], {"Paint the fence": "TODO"})


def test_remarks_are_kept_once_with_their_place(room: Room) -> None:
    said = room.say("We go with the red one.", speaker="Ada Park")
    decision = Operation("create", kind="decision", title="Red it is", segment_ids=(said,), quote="go with the red one")
    room.apply(decision)
    room.end_and_apply(decision)
    (remark,) = room.tickets.remarks(room.groups, room.meeting_id)
    assert (remark.kind, remark.text, remark.owner) == ("decision", "Red it is", "Ada Park")
    assert remark.evidence[0]["start_s"] == 0.0


# the whole meeting settles what live passes saw


def test_a_task_that_was_taken_back_is_withdrawn_with_history(room: Room) -> None:
    said = room.say("I'll order the filters.")
    room.apply(create("Order the filters", said, "order the filters"))
    (ticket,) = room.tickets.list(room.groups)
    room.say("Forget the filters, we have some.")
    report = room.end_and_apply()
    assert (report.withdrawn, room.board()) == ((ticket.id,), {})
    assert [entry.action for entry in room.history(ticket.id or 0)] == ["created", "withdrawn"]
    assert room.events()[-1]["changed"] == ["deleted"]


def test_a_task_that_a_person_has_touched_is_not_withdrawn(room: Room) -> None:
    said = room.say("I'll order the filters.")
    room.apply(create("Order the filters", said, "order the filters"))
    (ticket,) = room.tickets.list(room.groups)
    room.tickets.edit(room.groups, ticket.id or 0, by=room.ada, changes={"priority": "low"})
    room.end_and_apply()
    assert room.board() == {"Order the filters": "TODO"}


def test_nothing_is_withdrawn_when_the_meeting_was_not_read_whole(room: Room) -> None:
    said = room.say("I'll order the filters.")
    room.apply(create("Order the filters", said, "order the filters"))
    report = room.end_and_apply(covered_segments=0)
    assert (report.withdrawn, room.board()) == ((), {"Order the filters": "TODO"})
    meeting = room.meetings.get(room.groups, room.meeting_id)
    assert (meeting.covered_segments, meeting.total_segments) == (0, 1)


def test_the_rules_overrule_no_model(room: Room) -> None:
    """A model that goes away before the meeting's end leaves its tickets; the rules only add."""
    said = room.say("I'll order the filters.")
    room.apply(create("Order the filters for the pump", said, "order the filters"), extractor="claude")
    report = room.end_and_apply(create("Order filters", said, "order the filters", owner="Mo"), extractor="rules")
    assert (report.withdrawn, room.board()) == ((), {"Order the filters for the pump": "TODO"})
    (ticket,) = room.tickets.list(room.groups)
    assert ticket.assignee == "Mo Reyes"


def test_a_status_that_was_corrected_goes_back(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is painted.")
    room.apply(complete(ticket.id or 0, said, "fence is painted"))
    room.say("No wait, one side is still bare.")
    room.end_and_apply()
    assert room.board() == {"Paint the fence": "TODO"}
    last = room.history(ticket.id or 0)[-1]
    assert (last.action, last.old_status, last.new_status) == ("withdrawn", "DONE", "TODO")
    assert last.evidence[0]["quote"] == "fence is painted"


def test_a_status_that_live_got_half_right_is_corrected(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is painted, well, the first coat is.")
    room.apply(complete(ticket.id or 0, said, "The fence is painted"))
    start = Operation(
        "update", ticket_ref=ticket.id, status="IN_PROGRESS", segment_ids=(said,), quote="the first coat is"
    )
    room.end_and_apply(start)
    assert room.board() == {"Paint the fence": "IN_PROGRESS"}


def test_a_repeat_that_live_made_twice_is_joined(room: Room) -> None:
    first = room.say("I'll call the roofer.")
    room.apply(create("Call the roofer", first, "I'll call the roofer"))
    second = room.say("The one on the roof, I'll phone him by Friday.")
    room.apply(create("Phone the craftsman", second, "I'll phone him"))
    assert len(room.board()) == 2
    whole = Operation(
        "create",
        title="Call the roofer",
        segment_ids=(first, second),
        quote="I'll call the roofer",
        due_text="by Friday",
    )
    room.end_and_apply(whole)
    (ticket,) = room.tickets.list(room.groups)
    assert (ticket.title, ticket.due_date) == ("Call the roofer", date(2026, 11, 6))
    assert [each["segment_id"] for each in ticket.evidence] == [first, second]


def test_a_live_pass_that_comes_after_the_end_does_nothing(room: Room) -> None:
    said = room.say("I'll order the filters.")
    reading = room.tickets.read(room.meeting_id, is_whole=False)
    assert reading is not None
    room.end_and_apply()
    late = Extraction((create("Order the filters", said, "order the filters"),), extractor="rules")
    assert room.tickets.apply(room.meeting_id, late, reading=reading).skipped == {"meeting_ended": 1}
    assert room.board() == {}


def test_an_empty_meeting_makes_nothing(room: Room) -> None:
    assert room.end_and_apply().created == ()
    assert room.board() == {}
