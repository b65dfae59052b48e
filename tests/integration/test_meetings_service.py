"""MeetingService on the real PostgreSQL: ended once, minutes in versions, corrections, exports, idle ends."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.integration.room import STARTED, Room, complete, create
from vori_ray.errors import BadInputError, ConflictError, NotFoundError
from vori_ray.meetings.service import make_minutes
from vori_ray.tickets.extraction import Operation

pytestmark = pytest.mark.integration


def test_an_end_is_one_event_and_makes_the_whole_pass_due(room: Room) -> None:
    ended = room.meetings.end(room.groups, room.meeting_id)
    assert (ended.meeting.state, ended.meeting.extraction_state, ended.is_first) == ("ENDED", "PENDING", True)
    (event,) = room.events()
    assert (event["topic"], event["meetingId"], event["reason"]) == ("meeting.ended", room.meeting_id, "asked")
    assert room.meetings.list_unread() == ([], [room.meeting_id])


def test_what_cannot_be_a_meeting_is_refused(room: Room) -> None:
    with pytest.raises(BadInputError, match="title"):
        room.meetings.create(room.group_id, title="  ")
    with pytest.raises(BadInputError, match="language"):
        room.meetings.create(room.group_id, title="x", language="fr")
    with pytest.raises(NotFoundError):
        room.meetings.create(999, title="x")


def test_another_group_finds_nothing(room: Room) -> None:
    other = Room(room.database, name="Kitchen")
    for attempt in (
        lambda: other.meetings.get(other.groups, room.meeting_id),
        lambda: other.meetings.end(other.groups, room.meeting_id),
        lambda: other.meetings.transcript(other.groups, room.meeting_id),
        lambda: other.meetings.minutes(other.groups, room.meeting_id),
        lambda: other.meetings.export(other.groups, room.meeting_id, kind="srt"),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert room.meetings.get(room.groups, room.meeting_id).state == "LIVE"


def test_meetings_whose_sound_is_gone_or_that_are_silent_end_and_others_do_not(room: Room) -> None:
    now = datetime.now(UTC)
    gone, silent, talking = room.meeting_id, room.new_meeting(), room.new_meeting()
    never_heard = room.new_meeting()
    long_ago, just_now = now - timedelta(seconds=200), now - timedelta(seconds=2)
    with room.database.unit_of_work(None) as uow:
        uow.meetings.touch(
            {
                gone: (long_ago, long_ago),
                silent: (just_now, now - timedelta(seconds=1000)),
                talking: (just_now, just_now),
            }
        )
    ended = room.meetings.end_idle(now, disconnect_end_s=120.0, silence_end_s=900.0)
    assert sorted(ended) == [gone, silent]
    reasons = {meeting.id: meeting.end_reason for meeting in room.meetings.list(room.groups)}
    assert reasons == {gone: "disconnected", silent: "silent", talking: None, never_heard: None}
    assert room.meetings.end_idle(now, disconnect_end_s=120.0, silence_end_s=900.0) == []


def test_minutes_tell_what_the_meeting_came_to(room: Room) -> None:
    ticket = room.ticket("Paint the fence")
    task = room.say("I'll order the filters by Thursday.")
    done = room.say("The fence is painted.", speaker="Ada Park")
    choice = room.say("We go with the red one then.", speaker="Ada Park")
    room.end_and_apply(
        create("Order the filters", task, "I'll order the filters", owner="Mo", due_text="by Thursday"),
        complete(ticket.id or 0, done, "fence is painted"),
        Operation("create", kind="decision", title="Red it is", segment_ids=(choice,), quote="go with the red one"),
    )
    minutes = make_minutes(room.database, room.meeting_id, ["Filters, fence and colour."])
    assert (minutes.version, minutes.author) == (1, "vori")
    assert "- Filters, fence and colour." in minutes.markdown
    assert "**Date**: 2026-11-02 18:00" in minutes.markdown  # the group's zone is Seoul
    assert "| Order the filters | Mo Reyes | 2026-11-05 | To do | 00:00:00 |" in minutes.markdown
    assert "- Paint the fence: To do → Done (Ada Park, 00:00:10)" in minutes.markdown
    assert "- Red it is (Ada Park, 00:00:20)" in minutes.markdown
    with room.database.unit_of_work(None) as uow:
        notices = uow.notifications.list(room.groups, room.ada.user_id)
    assert [notice.kind for notice in notices] == ["meeting.minutes"]


def test_minutes_made_again_add_no_version_and_pass_over_a_persons(room: Room) -> None:
    room.say("Hello.")
    room.end_and_apply()
    make_minutes(room.database, room.meeting_id, [])
    assert make_minutes(room.database, room.meeting_id, []).version == 1
    edited = room.meetings.edit_minutes(
        room.groups, room.meeting_id, markdown="# Ours", by=room.ada, expected_version=1
    )
    assert (edited.version, edited.author) == (2, "Ada Park")
    assert make_minutes(room.database, room.meeting_id, ["New."]).markdown == "# Ours"
    with pytest.raises(ConflictError):
        room.meetings.edit_minutes(room.groups, room.meeting_id, markdown="# Mine", by=room.mo, expected_version=1)
    assert [each.version for each in room.meetings.minutes_versions(room.groups, room.meeting_id)] == [2, 1]
    assert room.meetings.minutes(room.groups, room.meeting_id, version=1).author == "vori"


def test_korean_meetings_have_korean_minutes(room: Room) -> None:
    room.new_meeting(language="auto")
    room.say("제가 필터를 주문하겠습니다.", speaker="이서연")
    room.end_and_apply()
    text = room.meetings.render_minutes(room.groups, room.meeting_id)
    assert "## 결정 사항" in text
    assert "이서연" in text


def test_a_corrected_segment_is_what_is_read_and_exported(room: Room) -> None:
    said = room.say("I'll order the fillers.")
    room.meetings.correct(room.groups, room.meeting_id, said, text="I'll order the filters.")
    reading = room.tickets.read(room.meeting_id, is_whole=True)
    assert reading is not None
    assert [segment.text for segment in reading.given.segments] == ["I'll order the filters."]
    assert "I'll order the filters." in room.meetings.export(room.groups, room.meeting_id, kind="srt").content
    with pytest.raises(BadInputError):
        room.meetings.correct(room.groups, room.new_meeting(), said, text="x")


@pytest.mark.parametrize(
    ("kind", "media_type", "filename"),
    [
        ("srt", "application/x-subrip", "meeting-{}.srt"),
        ("vtt", "text/vtt", "meeting-{}.vtt"),
        ("csv", "text/csv", "meeting-{}.csv"),
        ("json", "application/json", "meeting-{}.json"),
        ("md", "text/markdown", "meeting-{}.md"),
        ("tickets", "text/csv", "meeting-{}-tickets.csv"),
        ("ics", "text/calendar", "meeting-{}-due.ics"),
        ("minutes", "text/markdown", "meeting-{}-minutes.md"),
    ],
)
def test_exports(room: Room, kind: str, media_type: str, filename: str) -> None:
    said = room.say("I'll order the filters by Thursday.")
    room.end_and_apply(create("Order the filters", said, "order the filters", due_text="by Thursday"))
    make_minutes(room.database, room.meeting_id, [])
    export = room.meetings.export(room.groups, room.meeting_id, kind=kind)
    assert (export.media_type, export.filename) == (media_type, filename.format(room.meeting_id))
    assert "rder the filters" in export.content
    if kind == "json":
        assert json.loads(export.content)["meeting"]["meetingId"] == room.meeting_id


def test_an_unknown_export_is_refused(room: Room) -> None:
    with pytest.raises(BadInputError, match="srt"):
        room.meetings.export(room.groups, room.meeting_id, kind="docx")


def test_all_tickets_of_a_group_in_one_file(room: Room) -> None:
    for number in range(3):
        room.ticket(f"Task {number}", due_date=date(2026, 12, 1))
    assert room.meetings.export_tickets(room.group_id, kind="tickets").content.count("Task") == 3
    assert room.meetings.export_tickets(room.group_id, kind="ics").content.count("BEGIN:VEVENT") == 3


def test_what_was_said_and_what_is_to_be_done_is_found(room: Room) -> None:
    room.say("제가 필터를 주문하겠습니다.", speaker="이서연")
    room.ticket("Order the filters")
    assert {hit.kind for hit in room.meetings.search(room.groups, "필터")} == {"segment"}
    assert {hit.kind for hit in room.meetings.search(room.groups, "filter", language="en")} == {"ticket"}


def test_a_meeting_is_read_again_only_after_its_end(room: Room) -> None:
    with pytest.raises(ConflictError):
        room.meetings.extract_again(room.groups, room.meeting_id)


def test_spoken_dates_are_read_in_the_groups_zone(room: Room) -> None:
    late = STARTED.replace(hour=16)  # past midnight in Seoul: a Tuesday already
    room.new_meeting(started_at=late)
    said = room.say("I'll order the filters by tomorrow.")
    room.apply(create("Order the filters", said, "order the filters", due_text="tomorrow"))
    (ticket,) = room.tickets.list(room.groups)
    assert ticket.due_date == date(2026, 11, 4)


def test_a_forgotten_meeting_leaves_its_tickets_and_none_of_its_words(room: Room) -> None:
    fence = room.ticket("Paint the fence")
    task, done = room.say("I'll order the filters secretly."), room.say("The fence is secretly painted.")
    room.end_and_apply(
        create("Order the filters", task, "order the filters secretly"),
        complete(fence.id or 0, done, "fence is secretly painted"),
        Operation("create", kind="decision", title="A secret", segment_ids=(task,), quote="secretly"),
    )
    make_minutes(room.database, room.meeting_id, ["secretly"])
    events = len(room.events())
    forgotten, other = room.meeting_id, room.new_meeting()
    assert room.meetings.delete(room.groups, forgotten) == [f"session-{forgotten}"]
    with pytest.raises(NotFoundError):
        room.meetings.get(room.groups, forgotten)
    tickets = room.tickets.list(room.groups)
    assert {ticket.title: (ticket.status, ticket.meeting_id, ticket.evidence) for ticket in tickets} == {
        "Order the filters": ("TODO", None, []),
        "Paint the fence": ("DONE", None, []),
    }
    history = [entry.model_dump_json() for ticket in tickets for entry in room.history(ticket.id or 0)]
    told = [json.dumps(event) for event in room.events()]
    assert (len(history), len(told)) == (3, events)
    assert not any("secret" in words for words in (*history, *told))
    assert room.meetings.search(room.groups, "secretly") == []
    assert room.meetings.get(room.groups, other).state == "LIVE"


def test_a_running_meeting_or_anothers_is_not_forgotten(room: Room) -> None:
    with pytest.raises(ConflictError, match="running"):
        room.meetings.delete(room.groups, room.meeting_id)
    room.meetings.end(room.groups, room.meeting_id)
    other = Room(room.database, name="Kitchen")
    with pytest.raises(NotFoundError):
        other.meetings.delete(other.groups, room.meeting_id)
    assert room.meetings.get(room.groups, room.meeting_id).state == "ENDED"
