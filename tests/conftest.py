"""Fixtures for everybody: the real PostgreSQL and the real Kafka of vori_ray.local, started when first asked for.

`database_url` is a fresh, migrated database for one test. `kafka_bootstrap` is one broker for the whole run;
`kafka_broker` lets a test stop it, kill it and start it again.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from psycopg2 import sql
from xdist.scheduler import LoadScopeScheduling

from vori_ray.local.jars import Jars, fetch_jars
from vori_ray.local.java import Java, find_java
from vori_ray.local.kafka import KafkaBroker
from vori_ray.local.postgres import ROLE, PostgresServer
from vori_ray.local.processes import INSTANCE_VARIABLE, end_instance

REPOSITORY = Path(__file__).parents[1]
LONGEST_FIRST = ("e2e", "serve/gateway", "serve", "integration", "spark")
WITH_RAY = ("e2e", "serve/gateway", "serve")
TEMPLATE = "vori_template"
_INSTANCE_PREFIX = "pytest-"
# As Ray does for its replicas: on some processors sums over two threads differ in the last bit, and then a word may.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def room_of(node_id: str) -> str:
    """The folder of a test, under tests/."""
    return node_id.partition("::")[0].removeprefix("tests/").rpartition("/")[0]


class RoomScheduling(LoadScopeScheduling):
    """A room stays together on one worker, so that its servers are started once.

    All that need a whole Ray go to the same one: two that start at once take two cores for minutes.
    """

    def _split_scope(self, nodeid: str) -> str:
        room = room_of(nodeid)
        return "ray" if room in WITH_RAY else room


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RoomScheduling:
    """Hand out whole rooms to the workers."""
    return RoomScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest rooms begin first."""
    items.sort(key=lambda item: (*LONGEST_FIRST, room_of(item.nodeid)).index(room_of(item.nodeid)))


@pytest.fixture(scope="session")
def instance() -> Iterator[str]:
    """The mark of every process that this test run starts; whatever is left of it is ended with the run."""
    for leftover in _instances_of_dead_runs():
        end_instance(leftover)
    name = f"{_INSTANCE_PREFIX}{os.getpid()}"
    yield name
    end_instance(name)


def _instances_of_dead_runs() -> set[str]:
    """Marks of test runs that were killed before they could tidy up."""
    marks = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, ValueError):
            mark = process.environ().get(INSTANCE_VARIABLE, "")
            if mark.startswith(_INSTANCE_PREFIX) and not psutil.pid_exists(int(mark.split("-")[1])):
                marks.add(mark)
    return marks


@pytest.fixture(scope="session")
def make_home(instance: str) -> Iterator[Callable[[], Path]]:
    """Make folders to run servers in, dropped at the end of the run.

    Not under pytest's own folder: as root, each start of another pytest closes that one to PostgreSQL's user.
    """
    with tempfile.TemporaryDirectory(prefix="vori-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield lambda: Path(tempfile.mkdtemp(dir=folder))


@pytest.fixture(scope="session")
def postgres_server(instance: str, make_home: Callable[[], Path]) -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run."""
    server = PostgresServer(make_home() / "postgres", instance=instance, is_durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The run's PostgreSQL: an empty database, shared by all tests."""
    return postgres_server.url


@pytest.fixture(scope="session")
def template_database(postgres_server: PostgresServer) -> str:
    """A database with all tables, copied for each test; returns its name."""
    run_sql(postgres_server, "CREATE DATABASE {} OWNER {}", TEMPLATE, ROLE)
    if importlib.util.find_spec("vori_ray.storage.migrate"):
        from vori_ray.storage.migrate import upgrade

        upgrade(address_of(postgres_server, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """A fresh database with all tables, for one test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    run_sql(
        postgres_server, "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY", name, ROLE, template_database
    )
    yield address_of(postgres_server, name)
    run_sql(postgres_server, "DROP DATABASE {} WITH (FORCE)", name)


def address_of(server: PostgresServer, database: str) -> str:
    """Address of one of the server's databases."""
    return f"{server.url.rpartition('/')[0]}/{database}"


def run_sql(server: PostgresServer, statement: str, *names: str) -> None:
    """Run a statement about databases, which no transaction may hold, as the superuser."""
    with closing(psycopg2.connect(server.admin_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def java() -> Java:
    """The Java 17 that VORI finds here."""
    return find_java()


@pytest.fixture(scope="session")
def jars() -> Jars:
    """The jars, fetched into the checkout's own home if they are not there."""
    return fetch_jars(REPOSITORY / ".vori", print)


@pytest.fixture(scope="session")
def kafka_broker(
    instance: str, java: Java, jars: Jars, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaBroker]:
    """One Kafka broker for the whole run; a test that stops it starts it again."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), jars.kafka, java=java, instance=instance)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def kafka_bootstrap(kafka_broker: KafkaBroker) -> str:
    """Address of the run's broker, which is up when the test starts."""
    if not kafka_broker.is_ready():
        kafka_broker.stop()
        kafka_broker.start()
    return kafka_broker.bootstrap_servers
