"""Moves committed events from the outbox to Kafka, each at least once. Knows nothing of Kafka's client.

An event is marked as published after Kafka has acknowledged it. A crash in between sends it again, with the same
`event_id`. Nothing is held in memory but one batch: while Kafka is away, events wait in the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from vori_ray.errors import UnavailableError
from vori_ray.messaging.outbox import KafkaRecord, record
from vori_ray.messaging.producer import Producer, Receipt
from vori_ray.messaging.topics import DEAD_LETTER, DeadLetter
from vori_ray.storage.database import Database
from vori_ray.storage.models import Outbox

log = logging.getLogger(__name__)
BATCH = 500
PRUNE_BATCH = 10_000


class KafkaPublisher:
    """Publishes the outbox, oldest first, batch after batch."""

    def __init__(self, database: Database, producer: Producer, *, batch_size: int = BATCH) -> None:
        self._database = database
        self._producer = producer
        self._batch_size = batch_size

    def step(self) -> int:
        """Publish one batch; returns how many events are settled. Raises UnavailableError: try again later.

        0 means that nothing was waiting, an UnavailableError that Kafka (or the database) is away.
        """
        with self._database.unit_of_work(None) as uow:
            rows = uow.outbox.unpublished(limit=self._batch_size)
        if not rows:
            return 0
        receipts = self._producer.send_all([record(row) for row in rows])
        self._bury([(row, receipt) for row, receipt in zip(rows, receipts, strict=True) if receipt.refusal])
        settled = [row for row, receipt in zip(rows, receipts, strict=True) if receipt.is_acked or receipt.refusal]
        if not settled:
            raise UnavailableError(f"Kafka has acknowledged none of {len(rows)} events.")
        self._mark(settled)
        return len(settled)

    def close(self) -> None:
        """Let go of Kafka."""
        self._producer.close()

    def _mark(self, rows: Sequence[Outbox]) -> None:
        with self._database.unit_of_work(None) as uow:
            uow.outbox.mark_published([row.id for row in rows if row.id is not None])

    def _bury(self, refused: Sequence[tuple[Outbox, Receipt]]) -> None:
        """Tell the dead-letter topic of events that Kafka will never take, so that they do not stop the others."""
        for row, receipt in refused:
            log.error("Kafka refuses event %s of %s: %s", row.event_id, row.topic, receipt.refusal)
        if refused:
            self._producer.send_all([_dead_letter(row, receipt) for row, receipt in refused])


def prune(database: Database, *, now: datetime, retention_h: int, has_kafka: bool) -> int:
    """Delete events older than the retention; returns how many.

    With Kafka only those that it has: the others wait as long as it takes. Without one nobody will ever fetch them.
    """
    count, before = 0, now - timedelta(hours=retention_h)
    while True:
        with database.unit_of_work(None) as uow:
            deleted = uow.outbox.prune(before, is_published=has_kafka, limit=PRUNE_BATCH)
        count += deleted
        if deleted < PRUNE_BATCH:
            return count


def _dead_letter(row: Outbox, receipt: Receipt) -> KafkaRecord:
    letter = DeadLetter(
        group_id=row.group_id, reason=receipt.refusal or "", topic=row.topic, key=row.key, value=f"event {row.event_id}"
    )
    return KafkaRecord(DEAD_LETTER, row.key.encode(), letter.model_dump_json().encode(), letter.event_id)
