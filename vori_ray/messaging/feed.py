"""Hands committed events to the EventHub, in each group's order. Knows nothing of Kafka.

Each group counts its events without gaps, in the order of commits (`outbox.add` holds the group's row). So one
number a group says how far the feed has come; no event can slip in behind it, as one with a lower id could.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from vori_ray.messaging.outbox import envelope
from vori_ray.storage.database import Database

Publish = Callable[[list[dict[str, Any]]], None]
BATCH = 500


class HubFeed:
    """Follows the outbox from where the hub stands."""

    def __init__(self, database: Database, publish: Publish, positions: Mapping[int, int]) -> None:
        """`positions`: group -> the last event that the hub has. What others have committed by now is not news."""
        self._database = database
        self._publish = publish
        with database.unit_of_work(None) as uow:
            self._positions = uow.groups.event_seqs() | dict(positions)

    def step(self, group_ids: Collection[int] | None = None) -> int:
        """Publish all that is new in these groups (None: in any); returns how many events. Raises UnavailableError."""
        with self._database.unit_of_work(None) as uow:
            seqs = uow.groups.event_seqs(group_ids)
        return sum(self._catch_up(group_id, seq) for group_id, seq in seqs.items())

    def _catch_up(self, group_id: int, last_seq: int) -> int:
        count = 0
        while self._positions.get(group_id, 0) < last_seq:
            count += self._batch(group_id, last_seq)
        return count

    def _batch(self, group_id: int, last_seq: int) -> int:
        with self._database.unit_of_work(None) as uow:
            rows = uow.outbox.list_after(group_id, self._positions.get(group_id, 0), limit=BATCH)
        if rows:
            self._publish([envelope(row) for row in rows])
        self._positions[group_id] = rows[-1].seq if rows else last_seq  # none left: they were pruned
        return len(rows)
