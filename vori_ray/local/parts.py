"""How an installation's own PostgreSQL and Kafka are set up: the same at the first start and at every later one.

Knows nothing of when they are started, nor of who watches them.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from vori_ray.errors import UnavailableError
from vori_ray.local.jars import Jars, find_jars
from vori_ray.local.java import Java, find_java
from vori_ray.local.kafka import KafkaBroker
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.state import State
from vori_ray.settings import Settings


def own_postgres(home: Path, *, instance: str, port: int | None = None) -> PostgresServer:
    """The installation's PostgreSQL."""
    return PostgresServer(home / "postgres", instance=instance, port=port)


def own_kafka(
    settings: Settings, home: Path, *, jars: Jars, java: Java, instance: str, port: int | None = None
) -> KafkaBroker:
    """The installation's Kafka."""
    return KafkaBroker(
        home,
        jars.kafka,
        java=java,
        instance=instance,
        port=port,
        partitions=settings.topic_partitions,
        retention_h=settings.event_retention_h,
    )


def restart_postgres(home: Path, state: State) -> int:
    """Start PostgreSQL on the port that it had; returns its process id. Raises UnavailableError."""
    server = own_postgres(home, instance=state.instance, port=urlsplit(state.database_url or "").port)
    server.start()
    return server.pid or 0


def restart_kafka(home: Path, state: State) -> int:
    """Start Kafka on the port that it had; returns its process id. Raises UnavailableError."""
    jars = find_jars(home)
    if jars is None:
        raise UnavailableError(f"expected Kafka's jars under {home}, they are gone: `vori up` fetches them")
    port = int((state.kafka_bootstrap or "").rpartition(":")[2])
    broker = own_kafka(Settings(), home, jars=jars, java=find_java(), instance=state.instance, port=port)
    broker.start()
    return broker.pid or 0
