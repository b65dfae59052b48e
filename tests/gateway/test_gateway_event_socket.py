"""The events socket: what happens, in order, each once, also across gaps; the slow are cut and hold up nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from tests.gateway.conftest import World
from vori_ray.gateway.feed import EventFeed
from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.ports import GatewayLimits
from vori_ray.tickets.service import TicketService

pytestmark = pytest.mark.integration


class By:
    """Whoever changes tickets in these tests."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.name = "Tester"


@contextmanager
def listening(world: World, after_seq: int | str | None = None) -> Iterator[WebSocketTestSession]:
    query = "" if after_seq is None else f"?after_seq={after_seq}"
    path = f"/ws/groups/{world.owner.group_id}/events{query}"
    with world.client.websocket_connect(path, headers=world.owner.headers) as socket:
        yield socket


def make_tickets(world: World, count: int, group_id: int | None = None) -> None:
    service = TicketService(world.database)
    for number in range(count):
        service.create(
            group_id or world.owner.group_id, by=By(world.owner.user_id), fields={"title": f"Do thing {number}"}
        )


def events(socket: WebSocketTestSession, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = socket.receive_json()
        if message["type"] == "event":
            found.append(message)
    return found


def titles(messages: list[dict[str, Any]]) -> list[str]:
    return [message["payload"]["ticket"]["title"] for message in messages]


def test_events_come_as_they_happen_and_in_order(world: World) -> None:
    make_tickets(world, 2)
    with listening(world) as socket:
        assert socket.receive_json() == {"type": "hello", "group_id": world.owner.group_id, "seq": 2}
        make_tickets(world, 3)
        assert [message["seq"] for message in events(socket, 3)] == [3, 4, 5]


def test_what_was_missed_comes_first_and_nothing_twice(world: World) -> None:
    make_tickets(world, 4)
    with listening(world, after_seq=1) as socket:
        assert socket.receive_json()["seq"] == 4
        make_tickets(world, 2)
        assert [message["seq"] for message in events(socket, 5)] == [2, 3, 4, 5, 6]


def test_more_than_a_page_was_missed(world: World) -> None:
    make_tickets(world, 520)
    with listening(world, after_seq=0) as socket:
        assert [message["seq"] for message in events(socket, 520)] == list(range(1, 521))


def test_events_that_the_hub_has_lost_are_found_in_the_outbox(world: World) -> None:
    with listening(world) as socket:
        socket.receive_json()
        make_tickets(world, 1)
        events(socket, 1)
        world.hub.has_gap = True
        make_tickets(world, 2)
        assert [message["seq"] for message in events(socket, 2)] == [2, 3]


def test_another_groups_events_are_not_heard(world: World) -> None:
    with listening(world) as socket:
        socket.receive_json()
        make_tickets(world, 2, group_id=world.stranger.group_id)
        make_tickets(world, 1)
        heard = events(socket, 1)
    assert heard[0]["group_id"] == world.owner.group_id


def test_analytics_have_no_number_and_come_all_the_same(world: World) -> None:
    with listening(world) as socket:
        socket.receive_json()
        world.hub.tell("analytics.insights", world.owner.group_id, meetingId=1)
        message = events(socket, 1)[0]
    assert (message["seq"], message["topic"]) == (None, "analytics.insights")


def test_pruned_events_are_said_to_be_gone(world: World) -> None:
    make_tickets(world, 3)
    with world.database.unit_of_work(None) as uow:
        rows = uow.outbox.list_after(world.owner.group_id, 0)
        uow.outbox.prune(rows[1].occurred_at, is_published=False)
    with listening(world, after_seq=0) as socket:
        socket.receive_json()
        warning = socket.receive_json()
        assert warning["code"] == "events_expired"
        assert events(socket, 2)[-1]["seq"] == 3


def test_a_client_may_ping_and_is_told_of_what_it_may_not(world: World) -> None:
    with listening(world) as socket:
        socket.receive_json()
        socket.send_json({"type": "ping"})
        assert socket.receive_json() == {"type": "pong"}
        for text in ("{", "[]", '"x"', '{"type":"shout"}'):
            socket.send_text(text)
            assert socket.receive_json()["code"] == "unknown_type"
        socket.send_text("x" * 70_000)
        with pytest.raises(WebSocketDisconnect) as end:
            socket.receive_json()
        assert end.value.code == 1009


@pytest.mark.parametrize("after_seq", ["x", "-1", "1.5", "9" * 30, "%00"])
def test_a_bad_number_is_refused(world: World, after_seq: str) -> None:
    with pytest.raises(WebSocketDenialResponse) as refusal, listening(world, after_seq):
        pass
    assert refusal.value.status_code == 422
    assert "after_seq" in refusal.value.json()["detail"]


def test_the_same_events_page_by_page_over_http(world: World) -> None:
    make_tickets(world, 3)
    params = {"group_id": world.owner.group_id, "after_seq": 1}
    page = world.client.get("/api/events", params=params, headers=world.owner.headers).json()
    assert [event["seq"] for event in page["events"]] == [2, 3]
    assert (page["lastSeq"], page["firstSeq"]) == (3, 1)
    empty = world.client.get("/api/events", params={**params, "limit": 0}, headers=world.owner.headers).json()
    assert (empty["events"], empty["lastSeq"]) == ([], 3)


def closing_code(socket: WebSocketTestSession) -> int:
    """The code with which the server closes, whatever it says before."""
    try:
        while True:
            socket.receive_json()
    except WebSocketDisconnect as end:
        return end.code


class TestHeartbeat:
    @pytest.fixture
    def limits(self) -> GatewayLimits:
        return GatewayLimits(heartbeat_s=0.05)

    def test_the_line_shows_that_it_stands(self, world: World) -> None:
        with listening(world) as socket:
            socket.receive_json()
            assert socket.receive_json() == {"type": "heartbeat", "seq": 0}

    def test_who_is_put_out_of_the_group_hears_no_more(self, world: World) -> None:
        path = f"/ws/groups/{world.owner.group_id}/events"
        with world.client.websocket_connect(path, headers=world.member.headers) as socket:
            socket.receive_json()
            with world.database.unit_of_work(None) as uow:
                uow.groups.remove_member(world.owner.group_id, world.member.user_id)
            assert closing_code(socket) == 1008

    def test_a_revoked_token_hears_no_more(self, world: World) -> None:
        path = f"/ws/groups/{world.owner.group_id}/events"
        with world.client.websocket_connect(path, headers=world.member.headers) as socket:
            socket.receive_json()
            with world.database.unit_of_work(None) as uow:
                (token,) = uow.users.list_tokens(world.member.user_id)
                uow.users.revoke_token(world.member.user_id, token.id or 0)
            assert closing_code(socket) == 1008


class OneByOne:
    """A hub that gives what it is told to."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[list[dict[str, Any]] | Exception] = asyncio.Queue()

    async def next(self, cursor: int, timeout_s: float) -> tuple[int, list[dict[str, Any]]]:
        given = await self.queue.get()
        if isinstance(given, Exception):
            raise given
        return cursor + len(given), given


def event(seq: int, group_id: int = 1) -> dict[str, Any]:
    return {"type": "event", "topic": "ticket.created", "seq": seq, "group_id": group_id, "payload": {}}


async def test_a_slow_listener_is_cut_and_the_others_hear_everything() -> None:
    hub = OneByOne()
    feed = EventFeed(hub, Metrics("test"), limit=10)
    polling = asyncio.create_task(feed.run())
    with feed.subscribe(1) as slow, feed.subscribe(1) as quick:
        heard = []
        for number in range(1, 31):
            await hub.queue.put([event(number)])
            told = await quick.next(5)
            assert told is not None
            heard.append(json.loads(told.text)["seq"])
        assert slow.is_cut.is_set()
        assert not quick.is_cut.is_set()
    assert heard == list(range(1, 31))
    polling.cancel()


async def test_the_feed_goes_on_after_the_hub_was_away() -> None:
    hub = OneByOne()
    feed = EventFeed(hub, Metrics("test"), limit=10)
    polling = asyncio.create_task(feed.run())
    with feed.subscribe(1) as listener:
        await hub.queue.put(ConnectionError("for the test"))
        await hub.queue.put([event(1), event(1, group_id=2)])
        told = await listener.next(5)
        assert told is not None
        assert told.seq == 1
        assert await listener.next(0.01) is None
    polling.cancel()
