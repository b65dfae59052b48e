"""Starting parts together: what is brought along is used, what is missing is said, what has ended is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from vori_ray.errors import UnavailableError
from vori_ray.local.doctor import run_checks
from vori_ray.local.jars import Jars
from vori_ray.local.processes import end_instance, find_parts, instance_of, wait_until
from vori_ray.local.stack import LocalStack, read_stack, stop_stack
from vori_ray.local.supervisor import PART as SUPERVISOR
from vori_ray.settings import Settings

pytestmark = pytest.mark.integration
ELSEWHERE = {"ray_address": "127.0.0.1:1", "kafka_bootstrap_servers": "127.0.0.1:1"}


@pytest.fixture
def home(make_home: Callable[[], Path]) -> Iterator[Path]:
    folder = make_home()
    yield folder
    stop_stack(folder, print)


def settings(home: Path, **values: Any) -> Settings:
    return Settings(home=home, port=0, **(ELSEWHERE | values))


def test_parts_that_are_brought_along_are_used_and_not_started(home: Path) -> None:
    given = "postgresql://somebody@127.0.0.1:1/theirs"
    info = LocalStack(settings(home, database_url=given), print).start()
    assert (info.database_url, info.kafka_bootstrap, info.ray_address) == (given, "127.0.0.1:1", "127.0.0.1:1")
    assert info.pids == {}
    assert find_parts(instance_of(home)) == {}
    assert read_stack(home) == info
    env = info.environment()
    assert (env["VORI_DATABASE_URL"], env["VORI_KAFKA_BOOTSTRAP_SERVERS"]) == (given, "127.0.0.1:1")


def test_without_the_jars_all_but_kafka_starts_and_it_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    said: list[str] = []
    info = LocalStack(settings(home, kafka_bootstrap_servers=None), said.append).start()
    assert info.kafka_bootstrap is None
    psycopg2.connect(info.database_url).close()
    assert [line for line in said if line.startswith("no Kafka and no analytics for now: ")]
    assert "VORI_KAFKA_BOOTSTRAP_SERVERS" not in info.environment()


def test_parts_that_die_are_started_again_where_they_were(home: Path, jars: Jars) -> None:
    (home / "jars").symlink_to(jars.kafka[0].parents[1])
    first = LocalStack(settings(home, kafka_bootstrap_servers=None), print).start()
    for part in ("postgres", "kafka"):
        os.kill(first.pids[part], signal.SIGKILL)

    def are_new() -> bool:
        found = read_stack(home)
        return found is not None and not found.pids.items() & first.pids.items()

    wait_until(are_new, what="both parts", timeout_s=120)
    second = read_stack(home)
    assert second is not None
    assert (second.database_url, second.kafka_bootstrap) == (first.database_url, first.kafka_bootstrap)
    psycopg2.connect(second.database_url).close()
    stop_stack(home, print)
    assert find_parts(instance_of(home)) == {}


def test_a_stack_that_lost_a_part_and_its_supervisor_is_started_again(home: Path) -> None:
    first = LocalStack(settings(home), print).start()
    end_instance(instance_of(home), SUPERVISOR)
    os.kill(first.pids["postgres"], signal.SIGKILL)
    wait_until(lambda: read_stack(home) is None, what="the death", timeout_s=30)
    second = LocalStack(settings(home), print).start()
    assert second.database_url == first.database_url
    psycopg2.connect(second.database_url).close()


def test_a_start_that_fails_leaves_nothing_running(home: Path, jars: Jars) -> None:
    (home / "kafka").write_text("a file where a folder must be")
    (home / "jars").symlink_to(jars.kafka[0].parents[1])
    with pytest.raises(OSError, match="kafka"):
        LocalStack(settings(home, kafka_bootstrap_servers=None), print).start()
    assert find_parts(instance_of(home)) == {}
    assert read_stack(home) is None


START = """
import os, signal, sys
from pathlib import Path
from vori_ray.local.stack import LocalStack
from vori_ray.settings import Settings
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background inherit it ignored
def say(line):
    print(line, flush=True)
    if line == "starting Kafka":  # Ctrl-C, in the middle of the start however slow or fast the machine is
        os.kill(os.getpid(), signal.SIGINT)
LocalStack(Settings(home=Path(sys.argv[1]), ray_address="127.0.0.1:1"), say).start()
"""


def test_ctrl_c_in_the_middle_of_a_start_leaves_nothing_running(home: Path, jars: Jars) -> None:
    (home / "jars").symlink_to(jars.kafka[0].parents[1])
    started = subprocess.run([sys.executable, "-c", START, home], capture_output=True, timeout=120, check=False)
    assert b"starting Kafka\n" in started.stdout
    assert b"KeyboardInterrupt" in started.stderr
    assert find_parts(instance_of(home)) == {}
    assert read_stack(home) is None


def test_a_ray_address_that_is_none_is_refused(home: Path) -> None:
    with pytest.raises(UnavailableError, match="expected RAY_ADDRESS to be host:port"):
        LocalStack(settings(home, ray_address="auto"), print).start()
    assert find_parts(instance_of(home)) == {}


def test_doctor_looks_at_everything_and_says_what_to_do(home: Path) -> None:
    info = LocalStack(settings(home), print).start()
    checks = {
        check.name: check
        for check in run_checks(settings(home, model="/no/such/model", database_url=info.database_url))
    }
    assert set(checks) == {
        *("python", "java", "jars", "postgres", "kafka", "ray", "haproxy", "spark"),
        *("model", "device", "claude", "disk", "memory", "port", "chromium"),
    }
    assert checks["postgres"].ok
    assert checks["postgres"].detail.startswith("PostgreSQL 18.")
    assert not checks["jars"].ok
    assert "vori up" in checks["jars"].advice
    for name in ("ray", "kafka", "model"):
        assert not checks[name].ok, checks[name]
        assert checks[name].advice
    assert all(check.detail for check in checks.values())
