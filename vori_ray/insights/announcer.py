"""Tells Kafka what the analytics found out. Knows nothing of what that is.

An event may be told twice; its id is the same then. Threads take turns.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

from vori_ray.errors import UnavailableError
from vori_ray.messaging.outbox import KafkaRecord
from vori_ray.messaging.producer import Producer
from vori_ray.messaging.topics import Event, GroupTrends, group_trends_topic

_NAMESPACE = uuid.UUID("6f3b1c52-8b0e-4a52-9a3d-2d1f6a1f7c11")


def content_id(*parts: object) -> str:
    """An event id that is the same for the same content, so that what is told again has the id it had."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(map(str, parts))))


class Announcer:
    """Sends analytics events and waits until Kafka has them."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._turn = threading.Lock()

    def tell(self, events: Sequence[Event]) -> None:
        """Send events in order. Raises UnavailableError unless Kafka has all of them."""
        if not events:
            return
        records = [_record(event) for event in events]
        with self._turn:
            receipts = self._producer.send_all(records)
        open_ = sum(not receipt.is_acked for receipt in receipts)
        if open_:
            raise UnavailableError(f"Kafka took {len(records) - open_} of {len(records)} analytics events.")


def _record(event: Event) -> KafkaRecord:
    topic = group_trends_topic(event.group_id) if isinstance(event, GroupTrends) else event.topic
    return KafkaRecord(
        topic=topic, key=event.key.encode(), value=event.model_dump_json().encode(), event_id=event.event_id
    )
