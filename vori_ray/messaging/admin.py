"""Makes VORI's topics. Knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from vori_ray.errors import UnavailableError
from vori_ray.messaging import topics

TOPICS = (
    topics.TRANSCRIPTION_COMPLETED,
    topics.MEETING_ENDED,
    topics.TICKET_CREATED,
    topics.TICKET_UPDATED,
    topics.ANALYTICS_TICKET_METRICS,
    topics.ANALYTICS_INSIGHTS,
    topics.DEAD_LETTER,
    topics.AUDIO_BRIDGE,
)


def create_topics(
    bootstrap: str,
    *,
    partitions: int,
    retention_h: int,
    names: Collection[str] = TOPICS,
    replication_factor: int = -1,
    timeout_s: float = 10.0,
) -> list[str]:
    """Make the topics that are not there yet; returns their names. -1 takes the broker's replication factor.

    Topics that are there keep their partitions: more of them would break the order of keys. Raises UnavailableError.
    """
    with _admin(bootstrap, timeout_s) as admin:
        missing = sorted(set(names) - set(admin.list_topics()))
        options = {
            "num_partitions": partitions,
            "replication_factor": replication_factor,
            "configs": {"retention.ms": str(retention_h * 3_600_000)},
        }
        return [name for name in missing if _create(admin, name, options)]


def _create(admin: KafkaAdminClient, name: str, options: dict[str, object]) -> bool:
    try:
        admin.create_topics({name: options}, wait_for_metadata=True)
    except TopicAlreadyExistsError:  # somebody else was faster
        return False
    return True


@contextmanager
def _admin(bootstrap: str, timeout_s: float) -> Iterator[KafkaAdminClient]:
    timeout_ms = int(timeout_s * 1000)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap, request_timeout_ms=timeout_ms, bootstrap_timeout_ms=timeout_ms
        )
    except KafkaError as exc:
        raise UnavailableError(f"Kafka at {bootstrap} did not answer: {exc}") from exc
    try:
        yield admin
    except KafkaError as exc:
        raise UnavailableError(f"Kafka at {bootstrap} did not make the topics: {exc}") from exc
    finally:
        admin.close()
