"""The whole application over a real PostgreSQL, with stand-ins for what is behind Ray."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from tests.gateway.fakes import FakeHub, FakeKeeper, FakeSpeech, FakeStore
from vori_ray.gateway.auth import ensure_owner, hash_token, new_token
from vori_ray.gateway.http import create_app
from vori_ray.gateway.ports import GatewayLimits, GatewayPorts
from vori_ray.meetings.service import MeetingService
from vori_ray.speech.ports import SessionConfig
from vori_ray.storage.database import Database


@dataclass(frozen=True)
class Person:
    """Somebody with a token, a group and a meeting in it."""

    user_id: int
    name: str
    token: str
    group_id: int
    meeting_id: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class World:
    """The application and everything around it."""

    client: TestClient
    database: Database
    ports: GatewayPorts
    store: FakeStore
    hub: FakeHub
    keeper: FakeKeeper
    speech: FakeSpeech
    owner: Person
    stranger: Person
    member: Person


@pytest.fixture
def limits() -> GatewayLimits:
    """Bounds of the gateway; a test may override them."""
    return GatewayLimits(max_sessions=4, start_timeout_s=5.0, heartbeat_s=5.0)


@pytest.fixture
def world(database_url: str, limits: GatewayLimits, tmp_path: Path) -> Iterator[World]:
    """An ADMIN with a meeting, a MEMBER of the same group, and a stranger with a group of their own."""
    database = Database(database_url)
    store, hub, keeper, speech = FakeStore(database), FakeHub(database), FakeKeeper(database), FakeSpeech()
    owner = make_owner(database)
    stranger = make_person(database, "stranger@example.org", group_id=None)
    member = make_person(database, "member@example.org", group_id=owner.group_id)
    ports = GatewayPorts(
        database=database,
        store=store,
        events=hub,
        keeper=keeper,
        open_stream=speech.open,
        session_template=SessionConfig(session_id=""),
        journal_url=str(tmp_path),
        check_speech=speech.check,
        limits=limits,
    )
    with TestClient(create_app(ports)) as client:
        yield World(client, database, ports, store, hub, keeper, speech, owner, stranger, member)
    database.close()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The world's application on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(create_app(world.ports), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def make_owner(database: Database) -> Person:
    token = new_token()
    group_id = ensure_owner(database, token)
    meeting = MeetingService(database).create(group_id, title="Planning")
    with database.unit_of_work(None) as uow:
        found = uow.users.find_by_token(hash_token(token))
    assert found is not None
    return Person(found[0].id or 0, found[0].name, token, group_id, meeting.id or 0)


def make_person(database: Database, email: str, *, group_id: int | None) -> Person:
    token = new_token()
    with database.unit_of_work(None) as uow:
        user = uow.users.upsert(email, name=email.partition("@")[0])
        uow.users.add_token(user.id or 0, name="test", token_hash=hash_token(token))
        role = "ADMIN" if group_id is None else "MEMBER"
        own_id = group_id if group_id is not None else uow.groups.add("Others").id or 0
        uow.groups.add_member(own_id, user.id or 0, role=role)
    meeting = MeetingService(database).create(own_id, title=f"Meeting of {user.name}")
    return Person(user.id or 0, user.name, token, own_id, meeting.id or 0)
