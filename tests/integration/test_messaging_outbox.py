"""The outbox inside PostgreSQL: feed, listener, a publisher whose Kafka fails as told, retention."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from storage_world import AT, Place, make_place, opened, ticket_created

from vori_ray.errors import NotFoundError, UnavailableError
from vori_ray.messaging.feed import HubFeed
from vori_ray.messaging.outbox import KafkaRecord
from vori_ray.messaging.producer import Receipt, in_order
from vori_ray.messaging.publisher import KafkaPublisher, prune
from vori_ray.messaging.topics import DEAD_LETTER, DeadLetter
from vori_ray.storage.database import Database
from vori_ray.storage.listener import OutboxListener

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url, pool_size=8) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


def add(database: Database, place: Place, *numbers: int) -> list[int]:
    with database.unit_of_work(None) as uow:
        return [uow.outbox.add(ticket_created(place, number)) for number in numbers]


# rows


def test_numbers_have_no_gaps_even_after_a_rollback(database: Database, place: Place) -> None:
    assert add(database, place, 1, 2) == [1, 2]

    def fail() -> None:
        with database.unit_of_work(None) as uow:
            uow.outbox.add(ticket_created(place, 3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert add(database, place, 4) == [3]
    with database.unit_of_work([place.group_id]) as uow:
        assert (uow.outbox.first_seq(place.group_id), uow.outbox.last_seq(place.group_id)) == (1, 3)
        assert uow.outbox.count_by_topic(None) == {"ticket.created": 3}


def test_events_of_several_groups_are_added_in_their_order(database: Database, place: Place) -> None:
    other = make_place(database, "other")
    events = [ticket_created(one, number) for number in range(3) for one in (other, place)]
    with database.unit_of_work(None) as uow:
        assert uow.outbox.add_all(events) == [1, 1, 2, 2, 3, 3]
    with database.unit_of_work(None) as uow:
        for group in (place, other):
            rows = uow.outbox.list_after(group.group_id, 0)
            assert [row.payload["ticket"]["ticketId"] for row in rows] == [0, 1, 2]


def test_an_event_needs_its_group(database: Database, place: Place) -> None:
    stranger = Place(987_654, 1, 1, "s", 1)
    with pytest.raises(NotFoundError, match="no group 987654"):
        add(database, stranger, 1)
    with pytest.raises(NotFoundError):
        with database.unit_of_work([place.group_id + 1]) as uow:
            uow.outbox.add(ticket_created(place))


# the hub's feed


class Board:
    """A hub that can be away."""

    def __init__(self) -> None:
        self.events: list[tuple[int, int]] = []
        self.is_away = False

    def publish(self, envelopes: list[dict[str, Any]]) -> None:
        if self.is_away:
            raise UnavailableError("The hub is away.")
        self.events += [(envelope["group_id"], envelope["seq"]) for envelope in envelopes]


def test_the_feed_hands_over_what_is_new(database: Database, place: Place) -> None:
    add(database, place, 1, 2)
    board = Board()
    feed = HubFeed(database, board.publish, {})
    assert feed.step() == 0
    later = make_place(database, "later")
    add(database, place, 3)
    add(database, later, 1)
    assert feed.step([place.group_id]) == 1
    assert feed.step() == 1
    assert board.events == [(place.group_id, 3), (later.group_id, 1)]


def test_the_feed_goes_on_where_the_hub_stands(database: Database, place: Place) -> None:
    add(database, place, 1, 2, 3)
    board = Board()
    feed = HubFeed(database, board.publish, {place.group_id: 1})
    board.is_away = True
    with pytest.raises(UnavailableError):
        feed.step()
    board.is_away = False
    assert feed.step() == 2
    assert board.events == [(place.group_id, 2), (place.group_id, 3)]


def test_the_feed_passes_over_what_was_pruned(database: Database, place: Place) -> None:
    add(database, place, 1, 2)
    prune(database, now=AT + timedelta(days=9999), retention_h=1, has_kafka=False)
    board = Board()
    feed = HubFeed(database, board.publish, {place.group_id: 0})
    assert feed.step() == 0
    add(database, place, 3)
    assert feed.step() == 1
    assert board.events == [(place.group_id, 3)]


def test_the_feed_misses_nothing_of_writers_that_overlap(database: Database, place: Place) -> None:
    """Transactions that take their id early and commit late must not be passed over."""
    places = [place, *(make_place(database, f"other-{n}") for n in range(3))]
    board, over = Board(), threading.Event()
    feed = HubFeed(database, board.publish, {})

    def write(number: int) -> None:
        for n in range(15):
            add(database, places[number % len(places)], n, n)

    def follow() -> None:
        while not over.is_set():
            feed.step()

    follower = threading.Thread(target=follow)
    follower.start()
    with ThreadPoolExecutor(max_workers=6) as threads:
        list(threads.map(write, range(8)))
    over.set()
    follower.join()
    feed.step()
    for one in places:
        assert [seq for group_id, seq in board.events if group_id == one.group_id] == list(range(1, 61))


# the listener


def until_told(listener: OutboxListener) -> set[int]:
    deadline = time.monotonic() + 30
    while not (groups := listener.wait(1.0)):
        assert time.monotonic() < deadline, "nothing was told"
    return groups


def test_the_listener_tells_of_committed_events(database: Database, database_url: str, place: Place) -> None:
    listener = OutboxListener(database_url)
    assert listener.wait(0.0) == set()
    with database.unit_of_work(None) as uow:
        uow.outbox.add(ticket_created(place))
        assert listener.wait(0.05) == set()
    assert until_told(listener) == {place.group_id}
    assert listener.wait(0.0) == set()
    listener.close()


def test_the_listener_connects_again(database: Database, database_url: str, place: Place) -> None:
    listener = OutboxListener(database_url)
    listener.wait(0.0)
    listener._connection.close()
    with pytest.raises(UnavailableError):
        listener.wait(0.0)
    listener.wait(0.0)
    add(database, place, 1)
    assert until_told(listener) == {place.group_id}
    listener.close()


# the publisher, with a Kafka that fails as told


class FakeKafka:
    """Takes records, in order; refuses some for good, does not answer for others, or is away."""

    def __init__(self) -> None:
        self.records: list[KafkaRecord] = []
        self.silent_after: int | None = None
        self.refused: set[str] = set()
        self.is_away = False

    def send_all(self, records: Sequence[KafkaRecord]) -> list[Receipt]:
        if self.is_away:
            raise UnavailableError("Kafka is away.")
        receipts = []
        for number, record in enumerate(records):
            if record.event_id in self.refused:
                receipts.append(Receipt(is_acked=False, refusal="too large"))
                continue
            is_silent = self.silent_after is not None and number >= self.silent_after
            receipts.append(Receipt(is_acked=not is_silent))
            if not is_silent:
                self.records.append(record)
        return in_order(records, receipts)

    def close(self) -> None:
        pass


def waiting(database: Database) -> list[int]:
    with database.unit_of_work(None) as uow:
        return [row.seq for row in uow.outbox.unpublished()]


def test_only_what_was_acknowledged_is_marked(database: Database, place: Place) -> None:
    add(database, place, *range(5))
    kafka = FakeKafka()
    publisher = KafkaPublisher(database, kafka)
    kafka.silent_after = 3
    assert publisher.step() == 3
    assert waiting(database) == [4, 5]
    kafka.silent_after = 0
    with pytest.raises(UnavailableError, match="none of 2 events"):
        publisher.step()
    kafka.is_away = True
    with pytest.raises(UnavailableError):
        publisher.step()
    kafka.silent_after, kafka.is_away = None, False
    assert [publisher.step(), publisher.step()] == [2, 0]
    assert [record.key for record in kafka.records] == [str(place.meeting_id).encode()] * 5


def test_what_is_refused_for_good_is_buried(database: Database, place: Place) -> None:
    add(database, place, 0, 1, 2)
    kafka = FakeKafka()
    with database.unit_of_work(None) as uow:
        kafka.refused = {uow.outbox.list_after(place.group_id, 1)[0].event_id}
    assert KafkaPublisher(database, kafka).step() == 3
    assert waiting(database) == []
    (letter,) = [DeadLetter.model_validate_json(one.value) for one in kafka.records if one.topic == DEAD_LETTER]
    assert (letter.group_id, letter.topic, letter.reason) == (place.group_id, "ticket.created", "too large")


def test_a_batch_is_bounded(database: Database, place: Place) -> None:
    add(database, place, *range(7))
    kafka = FakeKafka()
    publisher = KafkaPublisher(database, kafka, batch_size=3)
    assert [publisher.step() for _ in range(4)] == [3, 3, 1, 0]


# retention


def test_events_that_kafka_has_not_got_are_kept_while_there_is_a_kafka(database: Database, place: Place) -> None:
    add(database, place, 1, 2, 3)
    kafka = FakeKafka()
    kafka.silent_after = 1
    KafkaPublisher(database, kafka).step()
    far = AT + timedelta(days=9999)
    assert prune(database, now=AT, retention_h=1, has_kafka=True) == 0
    assert prune(database, now=far, retention_h=1, has_kafka=True) == 1
    assert waiting(database) == [2, 3]
    assert prune(database, now=far, retention_h=1, has_kafka=False) == 2
    assert add(database, place, 4) == [4]
