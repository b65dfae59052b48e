"""The Ray side of the chaos run. To be imported only once Ray's address is in the environment: ray reads it then."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import ray

from vori_ray.errors import VoriError
from vori_ray.insights.driver import NAME as DRIVER
from vori_ray.insights.driver import plan_of, start_insights_driver
from vori_ray.messaging.actors import NAMESPACE, find_actor
from vori_ray.messaging.relay import NAME as RELAY
from vori_ray.messaging.relay import start_outbox_relay
from vori_ray.settings import Settings

ACTORS = {"relay": RELAY, "driver": DRIVER}


def start_actors(home: Path, database_url: str, bootstrap: str, *, partitions: int) -> None:
    """Connect to the cluster; start the relay and the analytics."""
    ray.init(namespace=NAMESPACE, log_to_driver=False)
    start_outbox_relay(database_url, bootstrap, partitions=partitions, retention_h=1)
    settings = Settings(
        home=home, database_url=database_url, kafka_bootstrap_servers=bootstrap, topic_partitions=partitions
    )
    start_insights_driver(plan_of(settings))


def status_of(part: str) -> dict[str, Any] | None:
    """What the relay or the driver says of itself; None while it cannot."""
    with suppress(ray.exceptions.RayError, VoriError):
        return dict(ray.get(find_actor(ACTORS[part]).status.remote(), timeout=10))
    return None


def disconnect() -> None:
    """Leave the cluster."""
    ray.shutdown()
