"""Sessions whose gateway died without a word: their sound is settled by another one, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.gateway.conftest import World
from tests.gateway.fakes import SECOND
from vori_ray.gateway.orphans import OrphanSettler
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.storage.models import AudioSession

pytestmark = pytest.mark.integration
AT_ONCE = timedelta(0)


@pytest.fixture
def sessions() -> LiveSessions:
    return LiveSessions(4)


def abandon(world: World, session_id: str, *, seconds: int) -> None:
    """A session as a dead gateway leaves it: open in the database, its sound in the journal, nothing settled."""
    world.speech.sounds[session_id] = bytearray(seconds * SECOND)
    with world.database.unit_of_work(None) as uow:
        uow.sessions.save(
            AudioSession(id=session_id, group_id=world.owner.group_id, meeting_id=world.owner.meeting_id, speaker="Kim")
        )


def session_of(world: World, session_id: str) -> AudioSession:
    with world.database.unit_of_work(None) as uow:
        return uow.sessions.get(world.owner.group_id, session_id)


async def test_an_abandoned_session_is_settled_and_closed(world: World, sessions: LiveSessions) -> None:
    abandon(world, "lost", seconds=3)
    settler = OrphanSettler(world.ports, sessions, abandoned_after=AT_ONCE)
    assert await settler.look() == 1
    assert world.speech.over == ["lost"]
    assert (session_of(world, "lost").state, session_of(world, "lost").duration_s) == ("CLOSED", 3.0)
    assert await settler.look() == 0


async def test_two_replicas_do_not_settle_the_same_session(world: World, sessions: LiveSessions) -> None:
    abandon(world, "lost", seconds=1)
    first = OrphanSettler(world.ports, sessions, abandoned_after=timedelta(seconds=30))
    with world.database.unit_of_work(None) as uow:
        session = uow.sessions.get(world.owner.group_id, "lost")
        session.updated_at -= timedelta(minutes=5)
    second = OrphanSettler(world.ports, LiveSessions(4), abandoned_after=timedelta(seconds=30))
    world.speech.sounds.pop("lost")
    assert await first.look() == 1
    assert session_of(world, "lost").state == "OPEN"
    assert await second.look() == 0


async def test_a_session_that_is_listened_to_is_not_abandoned(world: World, sessions: LiveSessions) -> None:
    class Listened:
        meeting_id = world.owner.meeting_id
        session_id = "live"

        def end(self) -> None: ...

        def move(self) -> None: ...

    abandon(world, "live", seconds=1)
    with world.database.unit_of_work(None) as uow:
        uow.sessions.get(world.owner.group_id, "live").updated_at -= timedelta(minutes=5)
    with sessions.place(Listened()):
        settler = OrphanSettler(world.ports, sessions, abandoned_after=timedelta(seconds=30))
        assert await settler.look() == 0
    assert session_of(world, "live").state == "OPEN"


async def test_a_stopping_replica_claims_nothing(world: World, sessions: LiveSessions) -> None:
    abandon(world, "lost", seconds=1)
    sessions.move_all()
    assert await OrphanSettler(world.ports, sessions, abandoned_after=AT_ONCE).look() == 0
