"""The embedded Kafka: records and the port survive a restart, a crash, and a crash of the command line."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from vori_ray.errors import UnavailableError
from vori_ray.local.jars import Jars
from vori_ray.local.java import Java, find_java
from vori_ray.local.kafka import KafkaBroker
from vori_ray.local.ports import find_free_ports

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(tmp_path: Path, jars: Jars, java: Java, instance: str) -> Iterator[KafkaBroker]:
    """A broker of the test's own, started."""
    made = KafkaBroker(tmp_path, jars.kafka, java=java, instance=instance, partitions=3)
    made.start()
    yield made
    made.stop()


def send(broker: KafkaBroker, value: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    except TopicAlreadyExistsError:
        pass
    finally:
        admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all", enable_idempotence=True)
    producer.send("kept", value.encode()).get(timeout=60)
    producer.close()


def received(broker: KafkaBroker, count: int) -> list[str]:
    consumer = KafkaConsumer("kept", bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
    values: list[str] = []
    while len(values) < count:
        for records in consumer.poll(timeout_ms=60_000).values():
            values += [record.value.decode() for record in records]
    consumer.close()
    return values


def test_records_and_port_survive_a_restart_and_a_crash(broker: KafkaBroker) -> None:
    address = broker.bootstrap_servers
    send(broker, "one")
    broker.stop()
    assert not broker.is_ready()
    broker.start()
    send(broker, "two")
    broker.kill()
    broker.start()
    send(broker, "three")
    assert broker.bootstrap_servers == address
    assert received(broker, 3) == ["one", "two", "three"]


def test_a_broker_that_a_crashed_command_line_left_is_taken_over(
    broker: KafkaBroker, tmp_path: Path, jars: Jars, instance: str
) -> None:
    send(broker, "one")
    second = KafkaBroker(tmp_path, jars.kafka, java=find_java({}), instance=instance)
    second.start()
    assert psutil.Process(broker.pid).status() == psutil.STATUS_ZOMBIE
    assert received(second, 1) == ["one"]
    assert Path(psutil.Process(second.pid).exe()).is_relative_to(find_java({}).home), "the wheel's Java runs it"
    second.stop()


def test_a_port_that_is_taken_before_the_broker_binds_it_costs_one_attempt(
    tmp_path: Path, jars: Jars, java: Java, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, controller_port = find_free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = iter([taken.getsockname()[1], taken.getsockname()[1], controller_port])
        monkeypatch.setattr("vori_ray.local.kafka.find_free_ports", lambda count: [next(found)])
        broker = KafkaBroker(tmp_path, jars.kafka, java=java, instance=instance, port=port)
        with pytest.raises(UnavailableError, match=r"(?s)Kafka ended with code 1; the end of .*Address already in use"):
            broker.start(attempts=1)
        broker.start(attempts=2)
        assert broker.bootstrap_servers == f"127.0.0.1:{port}"
        assert broker.is_ready()
        broker.stop()


def test_settings_reach_the_broker_and_only_loopback_is_listened_on(broker: KafkaBroker, tmp_path: Path) -> None:
    properties = (tmp_path / "kafka" / "server.properties").read_text().splitlines()
    assert "num.partitions=3" in properties
    assert "log.retention.hours=168" in properties
    listening = {one.laddr.ip for one in psutil.Process(broker.pid).net_connections() if one.status == "LISTEN"}
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
