"""MeetingKeeper and TicketExtractor on a real Ray: words become cards, ended meetings are read, whatever is killed."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import ray
from ray import serve

from tests.conftest import address_of, run_sql
from tests.integration.room import Room
from vori_ray.local.postgres import ROLE, PostgresServer
from vori_ray.meetings.keeper import NAME, start_meeting_keeper
from vori_ray.meetings.service import make_minutes
from vori_ray.messaging.actors import find_actor
from vori_ray.storage.database import Database
from vori_ray.tickets.extractor import TicketExtractor

pytestmark = pytest.mark.serve

APPLICATION = "vori"


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """One database for this file: the deployment and the keeper are started once."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    run_sql(postgres_server, "CREATE DATABASE {} OWNER {} TEMPLATE {}", name, ROLE, template_database)
    yield address_of(postgres_server, name)
    run_sql(postgres_server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="module")
def house(local_ray: None, url: str) -> Iterator[Any]:
    """The extractor and the keeper; gives the keeper."""
    extractor = TicketExtractor.bind(database_url=url, make_minutes=make_minutes, extractor="rules")
    serve.run(extractor, name=APPLICATION, route_prefix=None)
    keeper = start_meeting_keeper(url, disconnect_end_s=120.0, silence_end_s=900.0, interval_s=0.2)
    yield keeper
    ray.kill(keeper)
    wait_for(lambda: find_actor(NAME) is None)
    serve.delete(APPLICATION)


@pytest.fixture
def room(url: str) -> Iterator[Room]:
    database = Database(url, pool_size=2)
    yield Room(database, name=uuid.uuid4().hex)
    database.close()


def wait_for(condition: Callable[[], Any], *, timeout_s: float = 240.0) -> Any:
    """What the condition gives once it holds."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"the condition did not hold within {timeout_s} s")


def state_of(room: Room) -> str:
    return room.meetings.get(room.groups, room.meeting_id).extraction_state


def pid_of(keeper: Any) -> int:
    return int(ray.get(keeper.status.remote(), timeout=240)["pid"])


def test_words_become_a_card_while_people_speak_and_minutes_at_the_end(house: Any, room: Room) -> None:
    room.say("I'll order the new filters by Thursday.")
    house.segments_settled.remote([room.meeting_id])
    wait_for(room.board)
    assert state_of(room) == "NONE"
    room.meetings.end(room.groups, room.meeting_id)
    house.meeting_ended.remote(room.meeting_id)
    wait_for(lambda: state_of(room) == "DONE")
    assert len(room.board()) == 1
    assert room.meetings.minutes(room.groups, room.meeting_id).author == "vori"


def test_without_a_kick_the_keeper_finds_it_by_itself(house: Any, room: Room) -> None:
    room.say("I'll order the new filters by Thursday.")
    room.meetings.end(room.groups, room.meeting_id)
    wait_for(lambda: state_of(room) == "DONE")
    assert len(room.board()) == 1


def test_a_killed_keeper_comes_back_and_takes_up_what_was_cut_short(house: Any, room: Room) -> None:
    os.kill(pid_of(house), signal.SIGKILL)
    room.say("I'll order the new filters by Thursday.")
    room.meetings.end(room.groups, room.meeting_id)
    with room.database.unit_of_work(None) as uow:
        uow.meetings.get(room.group_id, room.meeting_id).extraction_state = "RUNNING"
    wait_for(lambda: state_of(room) == "DONE")
    assert len(room.board()) == 1


def test_a_killed_extractor_costs_a_retry_and_nothing_is_doubled(house: Any, room: Room) -> None:
    pid = replica_pid()
    for number in range(300):
        room.say(f"I'll order part number {number} by Thursday.")
    room.meetings.end(room.groups, room.meeting_id)
    house.meeting_ended.remote(room.meeting_id)
    wait_for(lambda: state_of(room) == "RUNNING" or state_of(room) == "DONE")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: state_of(room) == "DONE")
    events = [event["topic"] for event in room.events()]
    assert events.count("ticket.created") == len(room.board())
    assert len(room.meetings.minutes_versions(room.groups, room.meeting_id)) == 1


def replica_pid() -> int:
    """The process of the TicketExtractor's one replica."""
    answer = serve.get_deployment_handle("TicketExtractor", APPLICATION).describe.remote().result(timeout_s=240)
    return int(answer["pid"])
