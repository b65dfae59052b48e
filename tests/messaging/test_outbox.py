"""Envelopes and records; receipts that keep the order of a key."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vori_ray.messaging.outbox import KafkaRecord, envelope, record
from vori_ray.messaging.producer import Receipt, in_order
from vori_ray.messaging.topics import (
    EVENT_TYPES,
    GroupTrends,
    MeetingEnded,
    event_type,
    group_trends_topic,
    parse_event,
)
from vori_ray.storage.models import Outbox

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ENDED = MeetingEnded(group_id=7, groupId=7, meetingId=3, startedAt=AT, endedAt=AT, reason="asked")


def row() -> Outbox:
    payload = ENDED.model_dump(mode="json") | {"note": "회의"}
    return Outbox(group_id=7, seq=12, event_id=ENDED.event_id, topic=ENDED.topic, key=ENDED.key, payload=payload)


def test_an_envelope_carries_the_payload_and_its_number() -> None:
    assert envelope(row()) == {
        "type": "event",
        "topic": "meeting.ended",
        "seq": 12,
        "group_id": 7,
        "payload": row().payload,
    }


def test_a_record_is_keyed_by_its_meeting_and_carries_utf_8() -> None:
    sent = record(row())
    assert (sent.topic, sent.key, sent.event_id) == ("meeting.ended", b"3", ENDED.event_id)
    assert "회의".encode() in sent.value
    assert json.loads(sent.value) == row().payload


def test_every_topic_is_read_with_its_own_payload() -> None:
    assert parse_event("meeting.ended", ENDED.model_dump_json()) == ENDED
    assert event_type(group_trends_topic(5)) is GroupTrends
    assert {event_type(topic) for topic in EVENT_TYPES} == set(EVENT_TYPES.values())


@pytest.mark.parametrize(
    ("topic", "value"),
    [("meeting.ended", b"\xff"), ("meeting.ended", b"{}"), ("meeting.ended", b""), ("other", b"{}")],
)
def test_what_cannot_be_read_is_said(topic: str, value: bytes) -> None:
    with pytest.raises(ValueError):
        parse_event(topic, value)


ACKED, REFUSED, OPEN = Receipt(is_acked=True), Receipt(is_acked=False, refusal="too large"), Receipt(is_acked=False)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([ACKED, REFUSED, OPEN]))))
def test_nothing_counts_behind_an_open_record_of_its_key(given_receipts: list[tuple[str, Receipt]]) -> None:
    records = [KafkaRecord("t", key.encode(), b"", str(n)) for n, (key, _) in enumerate(given_receipts)]
    receipts = in_order(records, [receipt for _, receipt in given_receipts])
    for key in (b"a", b"b"):
        mine = [n for n, one in enumerate(records) if one.key == key]
        is_open = [given_receipts[n][1] == OPEN for n in mine]
        before = is_open.index(True) if True in is_open else len(mine)
        assert [receipts[n] for n in mine[:before]] == [given_receipts[n][1] for n in mine[:before]]
        assert all(receipts[n] == OPEN for n in mine[before:])
