"""TicketService on the real PostgreSQL: what people do by hand, and how it stands against speech."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.integration.room import Room, complete, create
from vori_ray.errors import BadInputError, ConflictError, IllegalTransitionError, NotFoundError
from vori_ray.tickets.extraction import Operation, Usage

pytestmark = pytest.mark.integration


def test_an_edited_field_keeps_its_value(room: Room) -> None:
    said = room.say("I'll order the filters by Thursday.")
    task = create("Order the filters", said, "order the filters", owner="Mo", due_text="by Thursday")
    room.apply(task)
    (ticket,) = room.tickets.list(room.groups)
    own = {"title": "Order twelve filters", "due_date": date(2026, 12, 1), "assignee_id": None}
    room.tickets.edit(room.groups, ticket.id or 0, by=room.ada, changes=own)
    room.end_and_apply(task)
    (after,) = room.tickets.list(room.groups)
    assert (after.title, after.due_date, after.assignee) == ("Order twelve filters", date(2026, 12, 1), None)


def test_a_move_by_hand_stands_against_older_words(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is painted.")
    room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status="IN_PROGRESS")
    report = room.apply(complete(ticket.id or 0, said, "fence is painted"))
    assert report.skipped == {"edited_by_hand": 1}
    assert room.board() == {"Paint the fence": "IN_PROGRESS"}


def test_a_move_by_hand_gives_way_to_a_later_meeting(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status="IN_PROGRESS")
    room.new_meeting(started_at=datetime.now(UTC) + timedelta(minutes=1))
    said = room.say("The fence is painted.")
    room.apply(complete(ticket.id or 0, said, "fence is painted"))
    assert room.board() == {"Paint the fence": "DONE"}


def test_a_deleted_ticket_does_not_come_back(room: Room) -> None:
    said = room.say("I'll order the filters.")
    task = create("Order the filters", said, "order the filters")
    room.apply(task)
    (ticket,) = room.tickets.list(room.groups)
    room.tickets.delete(room.groups, ticket.id or 0, by=room.ada)
    room.say("Right.")
    room.apply(task)
    room.end_and_apply(create("Order all filters", said, "I'll order the filters"))
    assert room.board() == {}


# undo


def test_an_undone_creation_is_gone_and_stays_away(room: Room) -> None:
    said = room.say("I'll order the filters.")
    task = create("Order the filters", said, "order the filters")
    room.apply(task)
    (ticket,) = room.tickets.list(room.groups)
    room.tickets.undo(room.groups, ticket.id or 0, by=room.ada)
    room.end_and_apply(task)
    assert room.board() == {}
    created, undone = room.history(ticket.id or 0)
    assert (undone.action, undone.undoes_id, undone.actor) == ("undone", created.id, "Ada Park")


def test_an_undone_status_change_is_back_and_stays_so(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is painted.")
    done = complete(ticket.id or 0, said, "fence is painted")
    room.apply(done)
    undone = room.tickets.undo(room.groups, ticket.id or 0, by=room.ada)
    assert undone.status == "TODO"
    report = room.end_and_apply(complete(ticket.id or 0, said, "The fence is painted"))
    assert (room.board(), report.skipped) == ({"Paint the fence": "TODO"}, {"refused": 1})
    with pytest.raises(ConflictError, match="no automatic change"):
        room.tickets.undo(room.groups, ticket.id or 0, by=room.ada)


def test_undo_of_a_field_that_changed_since_is_refused(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    said = room.say("The fence is begun.")
    start = Operation("update", ticket_ref=ticket.id, status="IN_PROGRESS", segment_ids=(said,), quote="fence is begun")
    room.apply(start)
    room.tickets.move(room.groups, ticket.id or 0, by=room.mo, status="DONE")
    with pytest.raises(ConflictError, match="status was changed again"):
        room.tickets.undo(room.groups, ticket.id or 0, by=room.ada)


def test_undo_of_what_a_person_did_is_refused(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    entry = room.history(ticket.id or 0)[0]
    with pytest.raises(BadInputError, match="automatic change"):
        room.tickets.undo(room.groups, ticket.id or 0, by=room.ada, history_id=entry.id)


# by hand


def test_two_editors_do_not_overwrite_each_other(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    room.tickets.edit(room.groups, ticket.id or 0, by=room.ada, changes={"title": "Paint it red"}, expected_version=1)
    with pytest.raises(ConflictError, match="version 2"):
        room.tickets.edit(room.groups, ticket.id or 0, by=room.mo, changes={"title": "Paint it"}, expected_version=1)


def test_only_legal_moves_by_hand(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    for status in ("IN_PROGRESS", "DONE", "IN_PROGRESS"):
        assert room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status=status).status == status
    with pytest.raises(IllegalTransitionError):
        room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status="TODO")


def test_a_change_without_an_assignee_keeps_the_assignee(room: Room) -> None:
    ticket = room.ticket("Paint the fence", assignee_id=room.mo.user_id)
    changed = room.tickets.edit(room.groups, ticket.id or 0, by=room.ada, changes={"content": "both sides"})
    assert (changed.assignee_id, changed.assignee) == (room.mo.user_id, "Mo Reyes")


def test_every_change_by_hand_is_in_history_and_outbox(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    ticket_id = ticket.id or 0
    room.tickets.move(room.groups, ticket_id, by=room.mo, status="IN_PROGRESS", reason="sunny")
    room.tickets.edit(room.groups, ticket_id, by=room.mo, changes={"assignee": "ada", "labels": ["garden"]})
    room.tickets.delete(room.groups, ticket_id, by=room.ada)
    assert [(entry.action, entry.actor) for entry in room.history(ticket_id)] == [
        ("created", "Ada Park"),
        ("moved", "Mo Reyes"),
        ("edited", "Mo Reyes"),
        ("deleted", "Ada Park"),
    ]
    events = [event for event in room.events() if event["topic"].startswith("ticket.")]
    assert [event["topic"] for event in events] == ["ticket.created"] + ["ticket.updated"] * 3
    assert [event.get("changed") for event in events[1:]] == [
        ["status"],
        ["assignee", "assignee_id", "labels"],
        ["deleted"],
    ]
    assert events[1]["reason"] == "sunny"


@pytest.mark.parametrize(
    "fields",
    [{}, {"title": " "}, {"title": "x" * 101}, {"title": "x", "status": "LATER"}, {"title": "x", "colour": "red"}],
)
def test_fields_that_cannot_be_are_refused(room: Room, fields: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        room.tickets.create(room.group_id, by=room.ada, fields=fields)


def test_an_assignee_must_be_a_member(room: Room) -> None:
    with pytest.raises(NotFoundError):
        room.ticket("Paint the fence", assignee_id=999)


def test_another_group_sees_nothing(room: Room) -> None:
    other = Room(room.database, name="Kitchen")
    ticket = room.ticket("Paint the fence")
    for attempt in (
        lambda: other.tickets.get(other.groups, ticket.id or 0),
        lambda: other.tickets.history(other.groups, ticket.id or 0),
        lambda: other.tickets.undo(other.groups, ticket.id or 0, by=other.ada),
        lambda: other.tickets.move(other.groups, ticket.id or 0, by=other.ada, status="DONE"),
        lambda: other.tickets.comment(other.groups, ticket.id or 0, by=other.ada, text="hi"),
        lambda: other.tickets.list_for_meeting(other.groups, room.meeting_id),
    ):
        with pytest.raises(NotFoundError):
            attempt()


def test_a_comment_reaches_the_assignee(room: Room) -> None:
    ticket = room.ticket("Paint the fence", assignee_id=room.mo.user_id)
    room.tickets.comment(room.groups, ticket.id or 0, by=room.ada, text=" Which colour? ")
    assert [each.text for each in room.tickets.comments(room.groups, ticket.id or 0)] == ["Which colour?"]
    with room.database.unit_of_work(None) as uow:
        kinds = [notice.kind for notice in uow.notifications.list(room.groups, room.mo.user_id)]
    assert kinds == ["ticket.commented", "ticket.assigned"]


def test_what_an_extraction_cost_is_recorded(room: Room) -> None:
    room.say("Hello.")
    room.apply(usage=Usage("claude-sonnet-5-5", 1000, 100, cost_usd=0.003), extractor="claude")
    with room.database.unit_of_work(None) as uow:
        (usage,) = uow.usage.list_for_meeting(room.group_id, room.meeting_id)
        month = datetime.now(UTC) - timedelta(days=1)
        assert uow.usage.cost_usd_since(room.group_id, month) == pytest.approx(0.003)
    assert (usage.model, usage.input_tokens) == ("claude-sonnet-5-5", 1000)
