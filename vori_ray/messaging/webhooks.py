"""Events on their way to a group's webhooks: chosen with the event, in its transaction.

A delivery row is written beside the outbox row, so that an event reaches a webhook exactly as surely as it reaches
Kafka. Sending is `delivery.py`'s work; this file knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vori_ray.messaging.topics import MEETING_ENDED, TICKET_CREATED, TICKET_UPDATED, Event

if TYPE_CHECKING:
    from vori_ray.storage.database import UnitOfWork

WEBHOOK_TOPICS = (MEETING_ENDED, TICKET_CREATED, TICKET_UPDATED)


def announce(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Add events to the outbox and to the group's webhooks. Call it last in a unit of work: it locks the group."""
    for event in events:
        hooks = uow.webhooks.list(event.group_id, topic=event.topic) if event.topic in WEBHOOK_TOPICS else ()
        for hook in hooks:
            payload = event.model_dump(mode="json")
            uow.webhooks.add_delivery(hook, event_id=event.event_id, topic=event.topic, payload=payload)
    uow.outbox.add_all(events)
