"""Outbox to Kafka and back on a real broker: order per meeting, nothing lost, whatever stops in between."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from storage_world import Place, make_place, opened, ticket_created

from vori_ray.errors import UnavailableError
from vori_ray.local.kafka import KafkaBroker
from vori_ray.messaging.admin import TOPICS, create_topics
from vori_ray.messaging.consumer import AnalyticsConsumer
from vori_ray.messaging.outbox import KafkaRecord
from vori_ray.messaging.producer import EventProducer
from vori_ray.messaging.publisher import KafkaPublisher
from vori_ray.messaging.topics import (
    ANALYTICS_TICKET_METRICS,
    DEAD_LETTER,
    TICKET_CREATED,
    DeadLetter,
    GroupTrends,
    Window,
    group_trends_topic,
)
from vori_ray.storage.database import Database
from vori_ray.storage.models import Outbox, utc_now

pytestmark = pytest.mark.integration

RETENTION = {"partitions": 4, "retention_h": 24}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


@pytest.fixture
def producer(kafka_bootstrap: str) -> Iterator[EventProducer]:
    producer = EventProducer(kafka_bootstrap, **RETENTION, ack_timeout_s=15.0)
    yield producer
    producer.close()


def read_all(bootstrap: str, topic: str) -> list[Any]:
    """Everything that lies in a topic now."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        messages: list[Any] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=500).values():
                messages += batch
        return messages
    finally:
        consumer.close()


def dead_letters(bootstrap: str) -> list[DeadLetter]:
    """The dead letters that lie there; other tests may have put other things there."""
    values = [message.value for message in read_all(bootstrap, DEAD_LETTER)]
    return [DeadLetter.model_validate_json(value) for value in values if value.startswith(b"{")]


def events_of(bootstrap: str, event_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(meeting, event id) in the order in which Kafka has them, each event as often as it lies there."""
    wanted = set(event_ids)
    found = [
        (message.key.decode(), json.loads(message.value)["event_id"]) for message in read_all(bootstrap, TICKET_CREATED)
    ]
    return [(key, event_id) for key, event_id in found if event_id in wanted]


def once(found: Sequence[tuple[str, str]], key: str) -> list[str]:
    """A meeting's events as a reader acts on them: each event id the first time it comes."""
    return list(dict.fromkeys(event_id for meeting, event_id in found if meeting == key))


def add_events(database: Database, place: Place, numbers: Sequence[int], *, meetings: int = 1) -> list[Outbox]:
    for number in numbers:
        with database.unit_of_work(None) as uow:
            uow.outbox.add(ticket_created(place, number, meeting_id=1_000_000 + number % meetings))
    with database.unit_of_work(None) as uow:
        return uow.outbox.list_after(place.group_id, 0, limit=1000)


def keep_publishing(publisher: KafkaPublisher, is_over: Callable[[], bool]) -> threading.Thread:
    """What the relay's thread does, until `is_over`."""

    def run() -> None:
        while not is_over():
            try:
                if publisher.step() == 0:
                    time.sleep(0.01)
            except UnavailableError:
                time.sleep(0.1)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waiting(database: Database) -> int:
    with database.unit_of_work(None) as uow:
        return uow.outbox.count_unpublished()


def wait_until_published(database: Database) -> None:
    deadline = time.monotonic() + 120
    while waiting(database):
        assert time.monotonic() < deadline, f"{waiting(database)} events still wait"
        time.sleep(0.1)


def test_topics_are_made_once(kafka_bootstrap: str) -> None:
    name = f"analytics.trends.group.{uuid.uuid4().int % 10**9}"
    assert create_topics(kafka_bootstrap, **RETENTION, names=[name]) == [name]
    assert create_topics(kafka_bootstrap, **RETENTION, names=[name]) == []
    create_topics(kafka_bootstrap, **RETENTION)
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap)
    try:
        assert set(TOPICS) <= consumer.topics()
        assert consumer.partitions_for_topic(name) == {0, 1, 2, 3}
    finally:
        consumer.close()


def test_events_arrive_keyed_and_in_order(
    database: Database, place: Place, producer: EventProducer, kafka_bootstrap: str
) -> None:
    rows = add_events(database, place, range(60), meetings=3)
    publisher = KafkaPublisher(database, producer, batch_size=25)
    assert [publisher.step() for _ in range(4)] == [25, 25, 10, 0]
    found = events_of(kafka_bootstrap, [row.event_id for row in rows])
    assert len(found) == 60
    for key in ("1000000", "1000001", "1000002"):
        assert [event_id for meeting, event_id in found if meeting == key] == [
            row.event_id for row in rows if row.key == key
        ]


def test_a_crash_between_send_and_mark_repeats_and_loses_nothing(
    database: Database, place: Place, kafka_bootstrap: str
) -> None:
    rows = add_events(database, place, range(20), meetings=2)

    class DiesBeforeMark(KafkaPublisher):
        def _mark(self, rows: Sequence[Outbox]) -> None:
            raise KeyboardInterrupt

    dying = DiesBeforeMark(database, EventProducer(kafka_bootstrap, **RETENTION))
    with pytest.raises(KeyboardInterrupt):
        dying.step()
    dying.close()
    assert waiting(database) == 20
    successor = KafkaPublisher(database, EventProducer(kafka_bootstrap, **RETENTION))
    assert successor.step() == 20
    successor.close()
    found = events_of(kafka_bootstrap, [row.event_id for row in rows])
    assert len(found) == 40
    for key in ("1000000", "1000001"):
        assert once(found, key) == [row.event_id for row in rows if row.key == key]


def test_an_event_that_kafka_refuses_is_buried_and_stops_nobody(
    database: Database, place: Place, producer: EventProducer, kafka_bootstrap: str
) -> None:
    with database.unit_of_work(None) as uow:
        large = ticket_created(place, 1)
        large.reason = "x" * 2_000_000
        uow.outbox.add_all([ticket_created(place, 0), large, ticket_created(place, 2)])
        rows = uow.outbox.list_after(place.group_id, 0)
    assert KafkaPublisher(database, producer).step() == 3
    assert waiting(database) == 0
    assert [event for _, event in events_of(kafka_bootstrap, [row.event_id for row in rows])] == [
        rows[0].event_id,
        rows[2].event_id,
    ]
    letters = dead_letters(kafka_bootstrap)
    (letter,) = [letter for letter in letters if letter.value == f"event {large.event_id}"]
    assert letter.topic == TICKET_CREATED
    assert "2000" in letter.reason


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_kafka_away_in_the_middle_loses_nothing_and_keeps_the_order(
    database: Database, place: Place, kafka_broker: KafkaBroker, kafka_bootstrap: str, way: str
) -> None:
    publisher = KafkaPublisher(database, EventProducer(kafka_bootstrap, **RETENTION, ack_timeout_s=5.0))
    over = threading.Event()
    thread = keep_publishing(publisher, over.is_set)
    try:
        add_events(database, place, range(40), meetings=4)
        getattr(kafka_broker, way)()
        rows = add_events(database, place, range(40, 120), meetings=4)
        assert waiting(database) >= 80
        kafka_broker.start()
        assert kafka_broker.bootstrap_servers == kafka_bootstrap
        wait_until_published(database)
    finally:
        over.set()
        thread.join()
        publisher.close()
    found = events_of(kafka_bootstrap, [row.event_id for row in rows])
    assert len(rows) == 120
    for number in range(4):
        key = str(1_000_000 + number)
        assert once(found, key) == [row.event_id for row in rows if row.key == key]


def test_a_producer_that_gives_up_holds_nothing_back(kafka_broker: KafkaBroker, kafka_bootstrap: str) -> None:
    """What it could not send must not arrive later from a thread that nobody owns any more."""
    before = set(threading.enumerate())
    producer = EventProducer(kafka_bootstrap, **RETENTION, ack_timeout_s=1.0)
    lost, kept = uuid.uuid4().hex, uuid.uuid4().hex
    producer.send_all([KafkaRecord(DEAD_LETTER, b"1", kept.encode(), kept)])
    kafka_broker.stop()
    try:
        receipts = producer.send_all([KafkaRecord(DEAD_LETTER, b"1", lost.encode(), lost)] * 3)
        assert [receipt.is_acked for receipt in receipts] == [False] * 3
        assert [thread for thread in set(threading.enumerate()) - before if "producer" in thread.name] == []
    finally:
        kafka_broker.start()
    assert producer.send_all([KafkaRecord(DEAD_LETTER, b"1", kept.encode(), kept)])[0].is_acked
    producer.close()
    values = [message.value.decode() for message in read_all(kafka_bootstrap, DEAD_LETTER)]
    assert (values.count(kept), values.count(lost)) == (2, 0)


def test_a_kafka_that_was_never_there_is_waited_for(database: Database, place: Place) -> None:
    add_events(database, place, range(3))
    publisher = KafkaPublisher(database, EventProducer("127.0.0.1:9", **RETENTION))
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9"):
        publisher.step()
    assert waiting(database) == 3


class Board:
    """Where the bridge publishes."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self.is_away = False

    def publish(self, envelopes: Sequence[dict[str, Any]]) -> None:
        if self.is_away:
            raise UnavailableError("The hub is away.")
        self.envelopes += envelopes


def step_until(consumer: AnalyticsConsumer, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come in time"
        consumer.step(0.5)


def trends(group_id: int) -> GroupTrends:
    window = Window(start=utc_now(), end=utc_now())
    numbers = {"avg_productivity": 0.5, "avg_actionable_items": 1.0, "avg_status_updates": 2.0, "meeting_count": 3}
    return GroupTrends(group_id=group_id, period=window, **numbers)


def test_analytics_come_back_and_what_is_unreadable_is_buried(producer: EventProducer, kafka_bootstrap: str) -> None:
    group_id = uuid.uuid4().int % 10**9
    topic, event = group_trends_topic(group_id), trends(group_id)
    board = Board()
    consumer = AnalyticsConsumer(
        kafka_bootstrap, publish=board.publish, dead_letters=producer, group=f"test-{uuid.uuid4().hex}"
    )
    poison = uuid.uuid4().hex
    producer.send_all(
        [
            KafkaRecord(ANALYTICS_TICKET_METRICS, b"1", b"\xff" + poison.encode(), "x"),
            KafkaRecord(topic, b"1", event.model_dump_json().encode(), event.event_id),
        ]
    )

    def mine() -> list[dict[str, Any]]:
        return [envelope for envelope in board.envelopes if envelope["topic"] == topic]

    step_until(consumer, lambda: bool(mine()))
    (envelope,) = mine()
    assert envelope == {
        "type": "event",
        "topic": topic,
        "seq": None,
        "group_id": group_id,
        "payload": event.model_dump(mode="json"),
    }

    def letters() -> list[DeadLetter]:
        return [letter for letter in dead_letters(kafka_bootstrap) if poison in (letter.value or "")]

    step_until(consumer, lambda: bool(letters()))
    consumer.close()
    (letter,) = letters()
    assert (letter.topic, letter.key) == (ANALYTICS_TICKET_METRICS, "1")
    assert "invalid" in letter.reason.lower()
    assert letter.offset is not None


def test_a_hand_over_that_fails_is_made_again(producer: EventProducer, kafka_bootstrap: str) -> None:
    group_id = uuid.uuid4().int % 10**9
    event, board = trends(group_id), Board()
    topic = group_trends_topic(group_id)
    producer.send_all([KafkaRecord(topic, b"1", event.model_dump_json().encode(), event.event_id)])
    consumer = AnalyticsConsumer(
        kafka_bootstrap, publish=board.publish, dead_letters=producer, group=f"test-{uuid.uuid4().hex}"
    )
    board.is_away = True
    with pytest.raises(UnavailableError):
        step_until(consumer, lambda: False)
    consumer.close()
    board.is_away = False
    step_until(consumer, lambda: any(envelope["topic"] == topic for envelope in board.envelopes))
    consumer.close()
