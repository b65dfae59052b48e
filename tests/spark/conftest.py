"""One plain local Spark session for all Spark tests, and a Kafka with topics of the test's own events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from vori_ray.insights.queries import ALL_TOPICS
from vori_ray.insights.session import local_session, use_java
from vori_ray.local.jars import Jars
from vori_ray.local.java import Java
from vori_ray.local.processes import wait_until
from vori_ray.messaging import topics

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MADE_TOPICS = (*ALL_TOPICS, topics.ANALYTICS_TICKET_METRICS, topics.ANALYTICS_INSIGHTS, topics.DEAD_LETTER)
Send = Callable[..., None]
Read = Callable[[str], list[Any]]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory, jars: Jars, java: Java) -> Iterator[SparkSession]:
    use_java(java.home)
    session = local_session(tmp_path_factory.mktemp("spark"), jars=jars.spark)
    yield session
    session.stop()


@pytest.fixture
def kafka_topics(kafka_bootstrap: str) -> Iterator[str]:
    """Address of a broker whose topics are there and empty."""
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    if there := set(MADE_TOPICS) & set(admin.list_topics()):
        admin.delete_topics(list(there))
        wait_until(lambda: not there & set(admin.list_topics()), what="the end of other tests' topics", timeout_s=30)
    admin.create_topics([NewTopic(name, num_partitions=4, replication_factor=1) for name in MADE_TOPICS])
    yield kafka_bootstrap
    admin.delete_topics(list(MADE_TOPICS))
    admin.close()


@pytest.fixture
def send(kafka_topics: str) -> Iterator[Send]:
    """Send events, or raw bytes to a topic, and wait until the broker has them."""
    producer = KafkaProducer(bootstrap_servers=kafka_topics, acks="all", enable_idempotence=True)

    def send_all(*events: topics.Event, raw: bytes | None = None, topic: str = "") -> None:
        for event in events:
            producer.send(event.topic, key=event.key.encode(), value=event.model_dump_json().encode())
        if topic:
            producer.send(topic, key=b"5", value=raw)
        producer.flush(timeout=30)

    yield send_all
    producer.close()


@pytest.fixture
def read(kafka_topics: str) -> Iterator[Read]:
    """All values that a topic holds now, as bytes."""
    consumer = KafkaConsumer(bootstrap_servers=kafka_topics, enable_auto_commit=False, consumer_timeout_ms=500)

    def read_all(topic: str) -> list[Any]:
        parts = [TopicPartition(topic, number) for number in range(4)]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        values = []
        while any(consumer.position(part) < ends[part] for part in parts):
            for records in consumer.poll(timeout_ms=500).values():
                values += [record.value for record in records]
        return values

    yield read_all
    consumer.close()
