"""OutboxRelay: the actor that carries committed events to the EventHub and, independently, to Kafka.

Two threads, so that neither waits for the other: boards stay live while Kafka is away, and the other way round.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import ray

from vori_ray.errors import UnavailableError
from vori_ray.messaging.actors import start_actor
from vori_ray.messaging.feed import HubFeed
from vori_ray.messaging.hub import start_event_hub
from vori_ray.messaging.producer import EventProducer, quiet_kafka_client
from vori_ray.messaging.publisher import KafkaPublisher, prune
from vori_ray.storage.database import Database
from vori_ray.storage.listener import OutboxListener

log = logging.getLogger(__name__)

NAME = "OutboxRelay"
POLL_S = 1.0
FIRST_BACKOFF_S = 0.2
LAST_BACKOFF_S = 5.0
PRUNE_EVERY_S = 3600.0


@ray.remote
class OutboxRelay:
    """Carries events out for as long as it lives; started again, it goes on where the outbox and the hub stand."""

    def __init__(self, database_url: str, bootstrap: str | None, partitions: int, retention_h: int) -> None:
        """`bootstrap` None: there is no Kafka; events go to the hub only, and are kept for `retention_h`."""
        quiet_kafka_client()
        self._database = Database(database_url, pool_size=3)
        self._listener = OutboxListener(database_url)
        self._retention_h = retention_h
        self._publisher = None
        if bootstrap is not None:
            producer = EventProducer(bootstrap, partitions=partitions, retention_h=retention_h)
            self._publisher = KafkaPublisher(self._database, producer)
        self._news = threading.Event()
        self._errors: dict[str, str | None] = {"hub": None, "kafka": None}
        threading.Thread(target=self._feed_hub, name="hub-feed", daemon=True).start()
        threading.Thread(target=self._feed_kafka, name="kafka-publisher", daemon=True).start()

    def status(self) -> dict[str, Any]:
        """`kafka` and `hub`: "up", "none" or what is wrong; `waiting`: events that Kafka has not got yet."""
        with self._database.unit_of_work(None) as uow:
            waiting = uow.outbox.count_unpublished()
        kafka = (self._errors["kafka"] or "up") if self._publisher else "none"
        return {"hub": self._errors["hub"] or "up", "kafka": kafka, "waiting": waiting, "pid": os.getpid()}

    def _feed_hub(self) -> None:
        feed: HubFeed | None = None

        def step() -> None:
            nonlocal feed
            try:
                if feed is None:
                    feed = self._new_feed()
                    feed.step()
                groups = self._listener.wait(POLL_S)
                if groups:
                    self._news.set()
                feed.step(groups or None)
            except ray.exceptions.RayError:
                feed = None  # the hub may be gone for good: begin again with the one that there is
                raise

        self._forever("hub", step)

    def _new_feed(self) -> HubFeed:
        hub = start_event_hub()
        positions = ray.get(hub.positions.remote())
        return HubFeed(self._database, lambda events: ray.get(hub.publish.remote(events)), positions)

    def _feed_kafka(self) -> None:
        pruned_at = datetime.min.replace(tzinfo=UTC)

        def step() -> None:
            nonlocal pruned_at
            now = datetime.now(UTC)
            if (now - pruned_at).total_seconds() > PRUNE_EVERY_S:
                has_kafka = self._publisher is not None
                prune(self._database, now=now, retention_h=self._retention_h, has_kafka=has_kafka)
                pruned_at = now
            if self._publisher is None or self._publisher.step() == 0:
                self._news.wait(POLL_S)
                self._news.clear()

        self._forever("kafka", step)

    def _forever(self, name: str, step: Callable[[], None]) -> None:
        """Step without end; after a failure wait, each time longer, and say so once."""
        backoff_s = FIRST_BACKOFF_S
        pause = threading.Event()
        while True:
            try:
                step()
                self._errors[name] = None
                backoff_s = FIRST_BACKOFF_S
            except Exception as exc:  # the thread must outlive whatever happens to one step
                if self._errors[name] is None or not isinstance(exc, UnavailableError):
                    log.warning("The way to %s is interrupted: %s", name, exc, exc_info=not _is_expected(exc))
                self._errors[name] = str(exc)
                pause.wait(backoff_s)
                backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)


def _is_expected(exc: Exception) -> bool:
    return isinstance(exc, UnavailableError | ray.exceptions.RayError)


def start_outbox_relay(database_url: str, bootstrap: str | None, *, partitions: int, retention_h: int) -> Any:
    """The OutboxRelay, started if need be."""
    return start_actor(OutboxRelay, NAME, database_url, bootstrap, partitions, retention_h)
