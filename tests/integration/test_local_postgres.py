"""The embedded PostgreSQL: what was committed survives restarts and crashes, of the server and of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from vori_ray.errors import UnavailableError
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.processes import end_instance, find_processes, instance_of, wait_until
from vori_ray.local.stack import read_stack, status, stop_stack

pytestmark = pytest.mark.integration
Make = Callable[..., PostgresServer]


@pytest.fixture
def folder(make_home: Callable[[], Path]) -> Path:
    """A fresh folder that PostgreSQL's user can reach."""
    return make_home()


@pytest.fixture
def make(folder: Path, instance: str) -> Iterator[Make]:
    """Make servers on one data folder; they are stopped at the end."""
    made: list[PostgresServer] = []

    def server(**options: int) -> PostgresServer:
        made.append(PostgresServer(folder / "data", instance=f"{instance}-own", **options))
        return made[-1]

    yield server
    for one in made:
        one.stop()
    end_instance(f"{instance}-own")


def execute(server: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(server.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_data_and_port_survive_a_restart(make: Make) -> None:
    server = make()
    server.start()
    execute(server, "CREATE TABLE kept AS SELECT 7 AS value")
    url = server.url
    server.stop()
    assert not server.is_ready()
    again = make()
    again.start()
    assert again.url == url
    assert execute(again, "SELECT value FROM kept") == [(7,)]


def test_data_survives_a_crash_and_its_lock_file(make: Make, folder: Path) -> None:
    server = make()
    server.start()
    execute(server, "CREATE TABLE kept AS SELECT 7 AS value")
    server.kill()
    lock = folder / "data" / "postmaster.pid"
    # the crashed server's number now belongs to a process of the same user that is no PostgreSQL
    owner = "nobody" if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "600"], user=owner) as stranger:
        lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        again = make()
        again.start()
        assert execute(again, "SELECT value FROM kept") == [(7,)]
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_a_crashed_command_line_left_is_taken_over(make: Make) -> None:
    first = make()
    first.start()
    execute(first, "CREATE TABLE kept AS SELECT 7 AS value")
    second = make()
    second.start()
    assert not psutil.pid_exists(first.pid or 0) or psutil.Process(first.pid).status() == psutil.STATUS_ZOMBIE
    assert execute(second, "SELECT value FROM kept") == [(7,)]


def test_vori_is_no_superuser_and_owns_its_database(make: Make) -> None:
    server = make()
    server.start()
    query = "SELECT rolsuper, rolbypassrls, pg_get_userbyid(datdba) FROM pg_roles, pg_database"
    assert execute(server, f"{query} WHERE rolname = current_user AND datname = current_database()") == [
        (False, False, "vori")
    ]


def test_a_password_is_needed(make: Make) -> None:
    server = make()
    server.start()
    without = f"postgresql://vori:wrong@127.0.0.1:{server.port}/vori"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(without)


def test_only_loopback_is_listened_on(make: Make) -> None:
    server = make()
    server.start()
    listening = {one.laddr.ip for one in psutil.Process(server.pid).net_connections() if one.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_an_unfinished_first_start_does_not_count(make: Make, folder: Path) -> None:
    partial = folder / "data.partial"
    partial.mkdir()
    (partial / "PG_VERSION").write_text("18\n")
    server = make()
    server.start()
    assert execute(server, "SELECT 1") == [(1,)]
    assert not partial.exists()


def test_files_of_somebody_else_are_left_alone(make: Make, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(UnavailableError, match="found other files"):
        make().start()
    assert (folder / "data" / "thesis.txt").read_text() == "years of work"


def test_a_server_that_cannot_start_shows_its_log(make: Make, folder: Path) -> None:
    server = make()
    server.start()
    server.stop()
    (folder / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(UnavailableError, match=r"(?s)PostgreSQL ended with code 1.*no_such_setting"):
        make().start()


CRASH = """
import os, signal, sys
from pathlib import Path
from vori_ray.local.stack import LocalStack
from vori_ray.settings import Settings
settings = Settings(home=Path(sys.argv[1]), kafka_bootstrap_servers="127.0.0.1:1", ray_address="127.0.0.1:1")
LocalStack(settings, print).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_everything_is_found_after_a_crash_of_the_command_line(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH, str(folder)], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    stack = read_stack(folder)
    assert stack is not None
    psycopg2.connect(stack.database_url).close()
    assert stack.pids["postgres"] in {row["pid"] for row in status(folder)}
    (folder / "run" / "state.json").unlink()
    names = stop_stack(folder, lambda _: None)
    assert "postgres" in names
    assert find_processes(instance_of(folder)) == []
    wait_until(lambda: not psutil.pid_exists(stack.pids["postgres"]), what="the end", timeout_s=30)
