"""KafkaBridge: the actor that brings the analytics back from Kafka to the EventHub.

Knows nothing of what computes them. What cannot be read goes to the dead-letter topic with the reason.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any

import ray

from vori_ray.errors import UnavailableError
from vori_ray.messaging.actors import start_actor
from vori_ray.messaging.consumer import AnalyticsConsumer
from vori_ray.messaging.hub import start_event_hub
from vori_ray.messaging.producer import EventProducer, quiet_kafka_client

log = logging.getLogger(__name__)

NAME = "KafkaBridge"
POLL_S = 1.0
FIRST_BACKOFF_S = 0.2
LAST_BACKOFF_S = 5.0


@ray.remote
class KafkaBridge:
    """Reads `analytics.*` for as long as it lives."""

    def __init__(self, bootstrap: str, partitions: int, retention_h: int) -> None:
        producer = EventProducer(bootstrap, partitions=partitions, retention_h=retention_h)
        quiet_kafka_client()
        self._hub = start_event_hub()
        self._consumer = AnalyticsConsumer(bootstrap, publish=self._publish, dead_letters=producer)
        self._error: str | None = "starting"
        threading.Thread(target=self._run, name="kafka-bridge", daemon=True).start()

    def status(self) -> dict[str, Any]:
        """`kafka`: "up", or what is wrong."""
        return {"kafka": self._error or "up"}

    def _publish(self, envelopes: Iterable[dict[str, Any]]) -> None:
        ray.get(self._hub.publish.remote(list(envelopes)))

    def _run(self) -> None:
        backoff_s, pause = FIRST_BACKOFF_S, threading.Event()
        while True:
            try:
                self._consumer.step(POLL_S)
                self._error, backoff_s = None, FIRST_BACKOFF_S
            except Exception as exc:  # the thread must outlive whatever happens to one step
                if str(exc) != self._error:
                    log.warning("The analytics' way back is interrupted: %s", exc, exc_info=not _is_expected(exc))
                self._error = str(exc)
                self._consumer.close()
                self._hub = start_event_hub()
                pause.wait(backoff_s)
                backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)


def _is_expected(exc: Exception) -> bool:
    return isinstance(exc, UnavailableError | ray.exceptions.RayError)


def start_kafka_bridge(bootstrap: str, *, partitions: int, retention_h: int) -> Any:
    """The KafkaBridge, started if need be."""
    return start_actor(KafkaBridge, NAME, bootstrap, partitions, retention_h)
