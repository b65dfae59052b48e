"""The outbox: events that are committed together with the state that they tell of.

`add` takes the lock of the group's row, so that within a group the order of `seq`, of `id` and of commits is the
same. Call it last in a unit of work, and keep that short: all events of the group wait behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, case, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from vori_ray.errors import NotFoundError
from vori_ray.messaging.topics import Event
from vori_ray.storage.models import Group, Outbox, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, bounded, in_groups

CHANNEL = "vori_outbox"


class OutboxRows(Repository):
    """Events of groups, in order."""

    def add(self, event: Event) -> int:
        """Add one event; returns its sequence number in the group. Raises NotFoundError without the group."""
        return self.add_all([event])[0]

    def add_all(self, events: Sequence[Event]) -> list[int]:
        """Add events of any groups; their order within a group is kept. Returns their sequence numbers."""
        if not events:
            return []
        numbers = self._reserve(Counter(event.group_id for event in events))
        rows = [_row(event, next(numbers[event.group_id])) for event in events]
        self._session.execute(insert(Outbox), rows)
        told = func.unnest(literal([str(group_id) for group_id in numbers], ARRAY(Text)))
        self._session.execute(select(func.pg_notify(CHANNEL, told)))
        return [row["seq"] for row in rows]

    def _reserve(self, counts: Counter[int]) -> dict[int, Iterator[int]]:
        """Take each group's next numbers. The locks are taken in one order, so that no two writers wait in a circle."""
        self._session.flush()
        mine = select(col(Group.id)).where(col(Group.id).in_(counts)).order_by(col(Group.id))
        found = set(self._session.scalars(mine.with_for_update(key_share=True)))
        if missing := counts.keys() - found:
            raise NotFoundError(f"There is no group {min(missing)} for the event.")
        statement = (
            update(Group)
            .where(col(Group.id).in_(counts))
            .values(event_seq=Group.event_seq + case(dict(counts), value=col(Group.id)))
            .returning(col(Group.id), col(Group.event_seq))
            .execution_options(synchronize_session=False)
        )
        rows = self._session.execute(statement).tuples()
        return {group_id: iter(range(last - counts[group_id] + 1, last + 1)) for group_id, last in rows if group_id}

    def list_after(self, group_id: int, seq: int, *, limit: int = 500) -> Rows[Outbox]:
        """A group's events after a sequence number, in order."""
        query = select(Outbox).where(col(Outbox.group_id) == group_id, col(Outbox.seq) > seq)
        return self._all(query.order_by(col(Outbox.seq)).limit(bounded(limit)))

    def first_seq(self, group_id: int) -> int | None:
        """The oldest event that is still kept, or None: what came before was pruned."""
        return self._session.scalar(select(func.min(col(Outbox.seq))).where(col(Outbox.group_id) == group_id))

    def last_seq(self, group_id: int) -> int:
        """The sequence number of the group's last event; 0 before the first."""
        return self._session.scalar(select(col(Group.event_seq)).where(col(Group.id) == group_id)) or 0

    def unpublished(self, *, limit: int = 500) -> Rows[Outbox]:
        """Events that Kafka has not acknowledged, oldest first. Within a group nothing is passed over."""
        query = select(Outbox).where(col(Outbox.published_at).is_(None)).order_by(col(Outbox.id))
        return self._all(query.limit(bounded(limit)))

    def count_unpublished(self) -> int:
        """How many events wait for Kafka."""
        query = select(func.count()).select_from(Outbox).where(col(Outbox.published_at).is_(None))
        return self._session.scalar(query) or 0

    def mark_published(self, ids: Collection[int]) -> None:
        """Note that Kafka has acknowledged these events."""
        statement = update(Outbox).where(col(Outbox.id).in_(ids)).values(published_at=utc_now())
        self._session.execute(statement.execution_options(synchronize_session=False))

    def prune(self, before: datetime, *, is_published: bool = True, limit: int = 10_000) -> int:
        """Delete up to `limit` events older than that time; with `is_published` only those that Kafka has had so long.

        An event of a synthetic history is old when it is written. Returns how many were deleted.
        """
        old = select(col(Outbox.id)).where(col(Outbox.occurred_at) < before).order_by(col(Outbox.occurred_at))
        if is_published:
            old = old.where(col(Outbox.published_at) < before)
        statement = delete(Outbox).where(col(Outbox.id).in_(old.limit(limit))).returning(col(Outbox.id))
        return len(self._session.execute(statement.execution_options(synchronize_session=False)).all())

    def count_by_topic(self, group_ids: Collection[int] | None) -> Mapping[str, int]:
        """How many events of each topic are kept."""
        query = select(col(Outbox.topic), func.count()).where(in_groups(Outbox.group_id, group_ids))
        rows = self._session.execute(query.group_by(col(Outbox.topic)))
        return {row[0]: row[1] for row in rows}


def _row(event: Event, seq: int) -> dict[str, Any]:
    return {
        "group_id": event.group_id,
        "seq": seq,
        "event_id": event.event_id,
        "topic": event.topic,
        "key": event.key,
        "payload": event.model_dump(mode="json"),
        "occurred_at": event.occurred_at,
        "published_at": None,
    }
