"""MeetingStore, OutboxRelay and EventHub on a real Ray: words go in, live events come out, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import ray
from kafka import KafkaConsumer, TopicPartition
from ray.exceptions import RayTaskError

from tests.integration.storage_world import Place, make_place, opened, segment_row
from vori_ray.errors import BadInputError, NotFoundError
from vori_ray.local.kafka import KafkaBroker
from vori_ray.messaging.actors import find_actor, start_actor
from vori_ray.messaging.bridge import start_kafka_bridge
from vori_ray.messaging.hub import start_event_hub
from vori_ray.messaging.outbox import KafkaRecord
from vori_ray.messaging.producer import EventProducer
from vori_ray.messaging.relay import start_outbox_relay
from vori_ray.messaging.topics import TRANSCRIPTION_COMPLETED, GroupTrends, Window, group_trends_topic
from vori_ray.storage.database import Database
from vori_ray.storage.models import utc_now
from vori_ray.storage.store import start_meeting_store

pytestmark = pytest.mark.serve


@pytest.fixture
def actors(local_ray: None) -> Iterator[list[Any]]:
    """Actors to be ended with the test."""
    started: list[Any] = []
    yield started
    for actor in started:
        ray.kill(actor)
    for name in ("MeetingStore", "OutboxRelay", "EventHub", "MeetingKeeper", "KafkaBridge"):
        wait_for(lambda name=name: find_actor(name) is None)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


def wait_for(condition: Callable[[], Any], timeout_s: float = 120.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return result


class Reader:
    """Reads the hub as a gateway does."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._cursor, _ = ray.get(hub.next.remote(0, 0.0))

    def until(self, count: int) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        deadline = time.monotonic() + 120
        while len(events) < count:
            assert time.monotonic() < deadline, f"{len(events)} of {count} events came"
            self._cursor, more = ray.get(self._hub.next.remote(self._cursor, 1.0))
            events += more
        return events


def test_words_that_are_saved_come_out_of_the_hub(
    actors: list[Any], database: Database, database_url: str, place: Place
) -> None:
    store, relay, hub = (
        start_meeting_store(database_url),
        start_outbox_relay(database_url, None, partitions=1, retention_h=1),
        start_event_hub(),
    )
    actors += [store, relay, hub]
    wait_for(lambda: ray.get(relay.status.remote())["hub"] == "up")
    reader = Reader(hub)
    calls = [store.save_segments.remote([segment_row(place, n)]) for n in range(30)]
    ids = [one for answer in ray.get(calls) for one in answer]
    events = reader.until(30)
    assert sorted(ids) == sorted(event["payload"]["segmentId"] for event in events)
    seqs = [event["seq"] for event in events]
    assert seqs == list(range(seqs[0], seqs[0] + 30))
    assert {event["topic"] for event in events} == {"transcription.completed"}
    again = ray.get(store.save_segments.remote([segment_row(place, 3)]))
    assert again == [ids[3]]
    ray.get(store.save_segments.remote([segment_row(place, 30, is_last=False)]))
    ray.get(store.end_utterance.remote(place.session_id, 30))
    with database.unit_of_work([place.group_id]) as uow:
        (ended,) = uow.segments.list_for_utterance(place.group_id, place.session_id, 30)
    assert ended.is_last
    assert ray.get(relay.status.remote())["kafka"] == "none"


def test_a_stores_errors_come_back_as_they_are(actors: list[Any], database_url: str, place: Place) -> None:
    store = start_meeting_store(database_url)
    actors.append(store)
    with pytest.raises(RayTaskError) as raised:
        ray.get(store.save_segments.remote([segment_row(place, 0, session_id="unknown")]))
    assert isinstance(raised.value.cause, NotFoundError)
    with pytest.raises(BadInputError, match="columns of a segment"):
        ray.get(store.save_segments.remote([segment_row(place, 0, start_s="soon")]))


def test_a_store_that_is_killed_loses_and_repeats_nothing(
    actors: list[Any], database: Database, database_url: str, place: Place
) -> None:
    store = start_meeting_store(database_url)
    actors.append(store)
    pid = wait_for(lambda: ray.get(store.status.remote())["pid"])
    with ThreadPoolExecutor(max_workers=1) as killer:
        calls = [store.save_segments.remote([segment_row(place, n)]) for n in range(100)]
        killer.submit(os.kill, pid, signal.SIGKILL)
        calls += [store.save_segments.remote([segment_row(place, n)]) for n in range(100, 200)]
        ids = [answer[0] for answer in ray.get(calls)]
    with database.unit_of_work([place.group_id]) as uow:
        segments = uow.segments.list(place.group_id, place.meeting_id)
        events = uow.outbox.list_after(place.group_id, 0)
    assert [segment.id for segment in segments] == ids
    assert sorted(event.payload["segmentId"] for event in events) == sorted(ids)
    assert ray.get(store.status.remote())["pid"] != pid


def test_sessions_drafts_and_signs_of_life(
    actors: list[Any], database: Database, database_url: str, place: Place
) -> None:
    store = start_meeting_store(database_url)
    actors.append(store)
    session_id = uuid.uuid4().hex
    wanted = {"session_id": session_id, "group_id": place.group_id, "meeting_id": place.meeting_id, "offset_s": 4.0}
    assert ray.get(store.open_session.remote(wanted | {"speaker": "Ann"}))["is_new"]
    assert not ray.get(store.open_session.remote(wanted))["is_new"]
    ray.get(store.save_draft.remote(session_id, {"text": "so far", "start_s": 4.0, "end_s": 5.0, "duration_s": 1.0}))
    ray.get(store.touch.remote(place.meeting_id, audio=True, speech=True))

    def spoken() -> Any:
        with database.unit_of_work([place.group_id]) as uow:
            return uow.meetings.get(place.group_id, place.meeting_id).last_speech_at

    assert wait_for(spoken)
    ray.get(store.close_session.remote(session_id, 2.5))
    with database.unit_of_work([place.group_id]) as uow:
        session = uow.sessions.get(place.group_id, session_id)
        events = uow.outbox.list_after(place.group_id, 0)
    assert (session.state, session.duration_s, session.speaker, session.draft) == ("CLOSED", 2.5, "Ann", {})
    assert [(event.payload["transcript"], event.payload["isPartial"]) for event in events] == [("so far", True)]


@ray.remote
class FakeKeeper:
    """Notes what the store tells it."""

    def __init__(self) -> None:
        self.meetings: list[int] = []

    def segments_settled(self, meeting_ids: list[int]) -> None:
        self.meetings += meeting_ids

    def told(self) -> list[int]:
        return self.meetings


def test_the_keeper_is_told_after_the_commit(actors: list[Any], database_url: str, place: Place) -> None:
    keeper = start_actor(FakeKeeper, "MeetingKeeper")
    ray.get(keeper.told.remote())
    store = start_meeting_store(database_url)
    actors += [keeper, store]
    ray.get(store.save_segments.remote([segment_row(place, 0)]))
    assert wait_for(lambda: ray.get(keeper.told.remote())) == [place.meeting_id]


def test_boards_get_every_event_once_while_relay_and_hub_are_killed(
    actors: list[Any], database: Database, database_url: str, place: Place
) -> None:
    """What a gateway does: follow the hub, and ask the outbox after a gap."""
    store, relay, hub = (
        start_meeting_store(database_url),
        start_outbox_relay(database_url, None, partitions=1, retention_h=1),
        start_event_hub(),
    )
    actors += [store, relay, hub]
    cursor, _ = ray.get(hub.next.remote(0, 0.0))
    seen: list[int] = []
    pids = {"relay": wait_for(lambda: ray.get(relay.status.remote())["pid"]), "hub": ray.get(hub.pid.remote())}
    for name, first in (("relay", 0), ("hub", 20), ("none", 40)):
        ray.get([store.save_segments.remote([segment_row(place, n)]) for n in range(first, first + 20)])
        if name in pids:
            os.kill(pids[name], signal.SIGKILL)
    deadline = time.monotonic() + 120
    while len(seen) < 60:
        assert time.monotonic() < deadline, f"{len(seen)} of 60 events came"
        cursor, events = ray.get(hub.next.remote(cursor, 1.0))
        for event in events:
            if event["type"] == "gap":
                with database.unit_of_work([place.group_id]) as uow:
                    seen += [row.seq for row in uow.outbox.list_after(place.group_id, seen[-1] if seen else 0)]
            elif event["seq"] > (seen[-1] if seen else 0):
                seen.append(event["seq"])
    assert seen == list(range(1, 61))


def kafka_events(bootstrap: str, group_id: int) -> list[dict[str, Any]]:
    """A group's transcriptions as they lie in Kafka, each once."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        partitions = [TopicPartition(TRANSCRIPTION_COMPLETED, number) for number in range(4)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        found: dict[str, dict[str, Any]] = {}
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=500).values():
                for message in batch:
                    event = json.loads(message.value)
                    found.setdefault(event["event_id"], event)
        return [event for event in found.values() if event["group_id"] == group_id]
    finally:
        consumer.close()


def test_boards_stay_live_while_kafka_is_away_and_kafka_gets_everything(
    actors: list[Any], database_url: str, place: Place, kafka_broker: KafkaBroker, kafka_bootstrap: str
) -> None:
    store, relay, hub = (
        start_meeting_store(database_url),
        start_outbox_relay(database_url, kafka_bootstrap, partitions=4, retention_h=1),
        start_event_hub(),
    )
    actors += [store, relay, hub]
    wait_for(lambda: ray.get(relay.status.remote())["hub"] == "up")
    reader = Reader(hub)
    ray.get([store.save_segments.remote([segment_row(place, n)]) for n in range(10)])
    assert len(reader.until(10)) == 10
    kafka_broker.stop()
    try:
        ray.get([store.save_segments.remote([segment_row(place, n)]) for n in range(10, 40)])
        assert len(reader.until(30)) == 30
        pid = ray.get(relay.status.remote())["pid"]
        os.kill(pid, signal.SIGKILL)  # what waits for Kafka waits in the database, not in the relay
        ray.get([store.save_segments.remote([segment_row(place, n)]) for n in range(40, 50)])
        assert len(reader.until(10)) == 10
        assert ray.get(relay.status.remote())["waiting"] > 0
    finally:
        kafka_broker.start()
    wait_for(lambda: ray.get(relay.status.remote())["waiting"] == 0, timeout_s=120)
    events = kafka_events(kafka_bootstrap, place.group_id)
    segment_ids = [event["segmentId"] for event in events]
    assert len(segment_ids) == 50
    assert segment_ids == sorted(segment_ids)
    assert ray.get(relay.status.remote())["kafka"] == "up"


def test_analytics_come_back_over_the_bridge(actors: list[Any], kafka_bootstrap: str) -> None:
    group_id = uuid.uuid4().int % 10**9
    hub = start_event_hub()
    bridge = start_kafka_bridge(kafka_bootstrap, partitions=4, retention_h=1)
    actors += [hub, bridge]
    reader = Reader(hub)
    window = Window(start=utc_now(), end=utc_now())
    event = GroupTrends(
        group_id=group_id,
        period=window,
        avg_productivity=None,
        avg_actionable_items=1.0,
        avg_status_updates=2.0,
        meeting_count=3,
    )
    producer = EventProducer(kafka_bootstrap, partitions=4, retention_h=1)
    topic = group_trends_topic(group_id)
    producer.send_all([KafkaRecord(topic, b"1", event.model_dump_json().encode(), event.event_id)])
    producer.close()
    found: list[dict[str, Any]] = []
    while not found:
        found = [envelope for envelope in reader.until(1) if envelope["topic"] == topic]
    assert found[0]["payload"] == event.model_dump(mode="json")
