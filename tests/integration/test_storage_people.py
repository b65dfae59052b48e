"""People, tokens, notifications, webhooks and costs on the real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from storage_world import AT, Place, make_place, opened

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.storage.database import Database
from vori_ray.storage.models import LlmUsage

pytestmark = pytest.mark.integration


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def place(database: Database) -> Place:
    return make_place(database, "team")


# people


def test_a_user_is_one_person_whatever_the_case_of_the_address(database: Database) -> None:
    with database.unit_of_work(None) as uow:
        first = uow.users.upsert(" Ann@Example.com ")
        assert (first.email, first.name) == ("ann@example.com", "ann")
        second = uow.users.upsert("ann@example.COM", name="Ann", external_id="sub-1")
        third = uow.users.upsert("ann@example.com")
        assert first.id == second.id == third.id
        assert (third.name, third.external_id) == ("Ann", "sub-1")
        assert uow.users.find_by_external_id("sub-1") == uow.users.find_by_email("ANN@example.com")
        assert uow.users.count() == 1


def test_tokens_are_found_until_they_are_revoked(database: Database, place: Place) -> None:
    with database.unit_of_work(None) as uow:
        token = uow.users.add_token(place.user_id, name="laptop", token_hash="h1")
        assert token.id
        uow.users.touch_token(token.id, AT)
        found = uow.users.find_by_token("h1")
        assert found is not None
        assert (found[0].id, found[1].id) == (place.user_id, token.id)
        assert uow.users.find_by_token("h2") is None
        with pytest.raises(NotFoundError):
            uow.users.revoke_token(place.user_id + 1, token.id)
        uow.users.revoke_token(place.user_id, token.id)
        assert uow.users.find_by_token("h1") is None
        assert uow.users.list_tokens(place.user_id) == []
        with pytest.raises(NotFoundError):
            uow.users.revoke_token(place.user_id, token.id)


def test_a_group_keeps_an_admin(database: Database, place: Place) -> None:
    with database.unit_of_work(None) as uow:
        other = uow.users.upsert("bob@example.com")
        assert other.id
        uow.groups.add_member(place.group_id, other.id)
    with database.unit_of_work([place.group_id]) as uow:
        with pytest.raises(ConflictError, match="last ADMIN"):
            uow.groups.set_role(place.group_id, place.user_id, "MEMBER")
        with pytest.raises(ConflictError, match="last ADMIN"):
            uow.groups.remove_member(place.group_id, place.user_id)
        with pytest.raises(ConflictError, match="already"):
            uow.groups.add_member(place.group_id, other.id)
        uow.groups.set_role(place.group_id, other.id, "ADMIN")
        uow.groups.remove_member(place.group_id, place.user_id)
        assert [user.email for _, user in uow.groups.members(place.group_id)] == ["bob@example.com"]
        assert uow.groups.roles_of(other.id) == {place.group_id: "ADMIN"}
        assert [(group.name, role) for group, role in uow.groups.list_for_user(other.id)] == [("team", "ADMIN")]
        with pytest.raises(NotFoundError):
            uow.groups.get_member(place.group_id, place.user_id)


# notifications, webhooks, usage


def test_notifications_are_read_once(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        made = [uow.notifications.add(place.group_id, place.user_id, kind="k", payload={"n": n}) for n in range(3)]
        assert uow.notifications.unread_count(None, place.user_id) == 3
        assert uow.notifications.mark_read(None, place.user_id, [made[0].id or 0]) == 1
        assert uow.notifications.mark_read(None, place.user_id, [made[0].id or 0]) == 0
        assert uow.notifications.mark_read(None, place.user_id + 1) == 0
        unread = uow.notifications.list([place.group_id], place.user_id, is_unread=True)
        assert [one.payload["n"] for one in unread] == [2, 1]
        assert uow.notifications.mark_read(None, place.user_id) == 2
        assert len(uow.notifications.list(None, place.user_id, before_id=made[2].id)) == 2


def test_a_delivery_is_taken_by_one_worker(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        hook = uow.webhooks.add(place.group_id, url="https://example.com", secret="s", topics=["meeting.ended"])
        every = uow.webhooks.add(place.group_id, url="https://example.org", secret="s", topics=[])
        assert uow.webhooks.list(place.group_id, topic="meeting.ended") == [hook, every]
        assert uow.webhooks.list(place.group_id, topic="ticket.created") == [every]
        uow.webhooks.add_delivery(hook, event_id="e1", topic="meeting.ended", payload={})
        uow.webhooks.add_delivery(every, event_id="e1", topic="meeting.ended", payload={})
    now = datetime.now(UTC)
    with database.unit_of_work(None) as one, database.unit_of_work(None) as other:
        taken = one.webhooks.take_due(now, limit=1)
        assert [(delivery.event_id, owner.url) for delivery, owner in taken] == [("e1", "https://example.com")]
        (rest,) = other.webhooks.take_due(now)
        assert rest[1].url == "https://example.org"
        taken[0][0].delivered_at = now
        rest[0].next_attempt_at = now + timedelta(hours=1)
    with database.unit_of_work([place.group_id]) as uow:
        assert uow.webhooks.take_due(now) == []
        uow.webhooks.remove(place.group_id, every.id or 0)
        assert uow.webhooks.list(place.group_id) == [hook]
        assert uow.webhooks.list_deliveries(place.group_id, every.id or 0)[0].next_attempt_at is None


def test_usage_is_summed_by_month(database: Database, place: Place) -> None:
    with database.unit_of_work([place.group_id]) as uow:
        for month, cost in ((1, 0.25), (2, 0.5), (2, 1.0)):
            at = datetime(2026, month, 28, 23, 30, tzinfo=UTC)
            uow.usage.add(LlmUsage(group_id=place.group_id, model="m", input_tokens=10, cost_usd=cost, created_at=at))
        assert uow.usage.cost_usd_since(place.group_id, datetime(2026, 2, 1, tzinfo=UTC)) == 1.5
        months = [
            (row["month"], row["calls"], row["input_tokens"], row["cost_usd"])
            for row in uow.usage.by_month(place.group_id)
        ]
        assert months == [("2026-01", 1, 10, 0.25), ("2026-02", 2, 20, 1.5)]
