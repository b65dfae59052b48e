"""What a row of the outbox is on its two ways out: an envelope for sockets, a record for Kafka. PURE.

Knows nothing of the database or of Kafka's client.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol


class OutboxRow(Protocol):
    """The columns of `storage.models.Outbox` that leave the house."""

    group_id: int
    seq: int
    event_id: str
    topic: str
    key: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One message for Kafka. Records of one topic and key stay in order; consumers act once an `event_id`."""

    topic: str
    key: bytes
    value: bytes
    event_id: str


def envelope(row: OutboxRow) -> dict[str, Any]:
    """The event as sockets show it; `seq` counts the group's events without gaps."""
    return event_envelope(row.topic, row.payload, group_id=row.group_id, seq=row.seq)


def event_envelope(
    topic: str, payload: dict[str, Any], *, group_id: int | None, seq: int | None = None
) -> dict[str, Any]:
    """An envelope; events that are not of the outbox (analytics) have no `seq`."""
    return {"type": "event", "topic": topic, "seq": seq, "group_id": group_id, "payload": payload}


def record(row: OutboxRow) -> KafkaRecord:
    """The event as Kafka carries it: JSON in UTF-8, keyed by meeting (or group)."""
    value = json.dumps(row.payload, ensure_ascii=False, separators=(",", ":")).encode()
    return KafkaRecord(topic=row.topic, key=row.key.encode(), value=value, event_id=row.event_id)
