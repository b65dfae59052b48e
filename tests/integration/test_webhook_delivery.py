"""Webhooks end to end: the event's transaction, the real PostgreSQL, a real HTTP receiver on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integration.room import Room
from vori_ray.errors import IllegalTransitionError
from vori_ray.messaging.delivery import WAITS_S, WebhookSender, is_signed

pytestmark = pytest.mark.integration


class Receiver:
    """A web server that keeps what it gets and answers with the statuses of a script, then 204."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((dict(self.headers), body))
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("location", receiver.url)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class Clock:
    """A time that is moved by hand. It begins a minute ahead, so that what was just written is due."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC) + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.time

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hook(room: Room, url: str, topics: tuple[str, ...] = ()) -> int:
    with room.database.unit_of_work(None) as uow:
        return uow.webhooks.add(room.group_id, url=url, secret="s3cret", topics=topics).id or 0


def sender_of(room: Room, clock: Clock, **kwargs: Any) -> WebhookSender:
    return WebhookSender(room.database, now=clock, timeout_s=2.0, **{"allows_private": True, **kwargs})


def deliveries(room: Room, webhook_id: int) -> list[Any]:
    with room.database.unit_of_work(None) as uow:
        return list(uow.webhooks.list_deliveries(room.group_id, webhook_id))


def test_an_event_arrives_once_and_signed(room: Room, receiver: Receiver, clock: Clock) -> None:
    webhook_id = hook(room, receiver.url)
    ticket = room.ticket("필터 주문")
    sender = sender_of(room, clock)
    assert (sender.send_due(), sender.send_due()) == (1, 0)
    ((headers, body),) = receiver.got
    assert headers["X-Vori-Event"] == "ticket.created"
    assert is_signed(body, headers["X-Vori-Signature"], secret="s3cret", now=int(clock().timestamp()))
    payload = json.loads(body)
    assert payload["ticket"]["ticketId"] == ticket.id
    assert headers["X-Vori-Delivery"] == payload["event_id"]
    (delivery,) = deliveries(room, webhook_id)
    assert (delivery.attempts, delivery.delivered_at, delivery.last_error) == (1, clock(), None)


def test_only_the_topics_that_were_asked_for(room: Room, receiver: Receiver, clock: Clock) -> None:
    hook(room, receiver.url, topics=("meeting.ended",))
    room.ticket("Order the filters")
    room.meetings.end(room.groups, room.meeting_id)
    sender_of(room, clock).send_due()
    assert [headers["X-Vori-Event"] for headers, _ in receiver.got] == ["meeting.ended"]


def test_another_groups_webhook_hears_nothing(room: Room, receiver: Receiver, clock: Clock) -> None:
    other = Room(room.database, name="Kitchen")
    hook(other, receiver.url)
    room.ticket("Order the filters")
    assert sender_of(room, clock).send_due() == 0


def test_a_change_that_is_rolled_back_is_not_told(room: Room, receiver: Receiver, clock: Clock) -> None:
    ticket = room.ticket("Order the filters")
    hook(room, receiver.url)
    room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status="DONE")
    with pytest.raises(IllegalTransitionError):
        room.tickets.move(room.groups, ticket.id or 0, by=room.ada, status="TODO")
    assert sender_of(room, clock).send_due() == 1


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_failure_is_tried_again_with_growing_waits_then_given_up(
    room: Room, receiver: Receiver, clock: Clock, status: int
) -> None:
    webhook_id = hook(room, receiver.url)
    room.ticket("Order the filters")
    receiver.statuses = [status] * 50
    sender = sender_of(room, clock)
    for wait_s in (*WAITS_S, 0):
        assert (sender.send_due(), sender.send_due()) == (1, 0)
        clock.later(wait_s)
    assert sender.send_due() == 0
    (delivery,) = deliveries(room, webhook_id)
    assert (delivery.attempts, delivery.next_attempt_at) == (len(WAITS_S) + 1, None)
    assert delivery.last_error == f"expected a status of 200 to 299, got {status}"
    assert len(receiver.got) == len(WAITS_S) + 1


def test_it_arrives_after_a_failure_with_the_same_delivery_id(room: Room, receiver: Receiver, clock: Clock) -> None:
    hook(room, receiver.url)
    room.ticket("Order the filters")
    receiver.statuses = [503]
    sender = sender_of(room, clock)
    sender.send_due()
    clock.later(WAITS_S[0])
    sender.send_due()
    assert len({headers["X-Vori-Delivery"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 2


def test_an_address_inside_the_house_is_never_called(room: Room, receiver: Receiver, clock: Clock) -> None:
    webhook_id = hook(room, receiver.url.replace("http://", "https://"))
    room.ticket("Order the filters")
    sender_of(room, clock, allows_private=False).send_due()
    assert receiver.got == []
    (delivery,) = deliveries(room, webhook_id)
    assert "127.0.0.1" in delivery.last_error


def test_a_name_that_answers_differently_the_second_time_is_not_followed(
    room: Room, receiver: Receiver, clock: Clock
) -> None:
    """DNS rebinding: what was checked is what is connected to."""
    port = receiver.url.split(":")[2].split("/")[0]
    webhook_id = hook(room, f"http://rebind.example:{port}/")
    room.ticket("Order the filters")
    answers = [["127.0.0.1"], ["203.0.113.9"]]
    sender_of(room, clock, resolve=lambda host, port: answers.pop(0)).send_due()
    assert len(answers) == 1
    assert receiver.got[0][0]["Host"] == f"rebind.example:{port}"
    assert deliveries(room, webhook_id)[0].delivered_at is not None


def test_a_receiver_that_is_away_is_a_failure_not_a_crash(room: Room, receiver: Receiver, clock: Clock) -> None:
    webhook_id = hook(room, receiver.url)
    room.ticket("Order the filters")
    receiver.close()
    sender_of(room, clock).send_due()
    assert "Error" in deliveries(room, webhook_id)[0].last_error


def test_a_sender_that_dies_gives_its_deliveries_back(room: Room, receiver: Receiver, clock: Clock) -> None:
    hook(room, receiver.url)
    room.ticket("Order the filters")
    dying = sender_of(room, clock, resolve=lambda host, port: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        dying.send_due()
    sender = sender_of(room, clock)
    assert sender.send_due() == 0
    clock.later(3600)
    assert sender.send_due() == 1
