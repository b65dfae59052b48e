"""The jobs of the analytics, by `ray job submit` and by the command line, on a whole local stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.spark.past import Past
from vori_ray.local.jars import Jars
from vori_ray.local.processes import wait_until
from vori_ray.local.stack import LocalStack, StackInfo, stop_stack
from vori_ray.settings import Settings
from vori_ray.storage.database import Database
from vori_ray.storage.migrate import upgrade

pytestmark = [pytest.mark.serve, pytest.mark.spark, pytest.mark.slow]
JOBS = Path(__file__).parents[2] / "jobs"
PATIENCE_S = 400.0


@dataclass(frozen=True, slots=True)
class House:
    """A running stack, its home and its database."""

    home: Path
    stack: StackInfo
    database: Database

    def environment(self) -> dict[str, str]:
        return {**os.environ, "VORI_HOME": str(self.home), **self.stack.environment()}

    def job_environment(self) -> str:
        names = ("VORI_HOME", "VORI_DATABASE_URL", "VORI_KAFKA_BOOTSTRAP_SERVERS")
        return json.dumps({"env_vars": {name: self.environment()[name] for name in names}})

    def ray_job(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ray.scripts.scripts", "job", *arguments]
        return subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    def submit(self, script: str, *arguments: str) -> str:
        """Submit as a user does; returns what the job printed."""
        program = [sys.executable, str(JOBS / script), *arguments]
        result = self.ray_job("submit", "--runtime-env-json", self.job_environment(), "--", *program)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with self.database.unit_of_work(None) as uow:
            return [dict(row) for row in uow.session.execute(text(statement)).mappings()]


def report_in(output: str) -> dict[str, Any]:
    """The report that jobs/trends.py prints as its last line, among the lines of `ray job submit`."""
    line = [line for line in output.splitlines() if line.startswith("{")][-1]
    report: dict[str, Any] = json.loads(line)
    return report


@pytest.fixture(scope="module")
def house(make_home: Callable[[], Path], jars: Jars) -> Iterator[House]:
    home = make_home()
    (home / "jars").symlink_to(jars.kafka[0].parents[1])
    stack = LocalStack(Settings(home=home, database_url=None), print).start()
    upgrade(stack.database_url)
    database = Database(stack.database_url)
    yield House(home, stack, database)
    database.close()
    stop_stack(home, print)


@pytest.fixture(scope="module")
def past(house: House) -> Past:
    now = datetime.now(UTC)
    past = Past.of(house.database, time_zone="UTC")
    for days in range(1, 10):
        at = now - timedelta(days=days)
        meeting_id = past.meeting(at, said=("The invoice export is blocked by the tax service.",) * 3)
        past.ticket(at, meeting_id=meeting_id)
    return past


def test_trends_without_a_driver_bring_their_own_spark(house: House, past: Past) -> None:
    report = report_in(house.submit("trends.py", "--days", "14", "--group", str(past.group_id)))
    assert (report["days"], report["groups"], report["meetings"]) == (14, 1, 9)
    assert report["trends"] == len(house.rows("SELECT * FROM group_trends")) == 10
    assert report["meeting_keywords"] == len(house.rows("SELECT * FROM meeting_keywords")) == 9
    refused = house.ray_job(
        "submit",
        "--runtime-env-json",
        house.job_environment(),
        "--",
        sys.executable,
        str(JOBS / "trends.py"),
        "--days=0",
    )
    assert refused.returncode != 0
    assert "days: expected 1 to 3660, got 0" in refused.stdout


def test_the_stream_is_started_watched_and_used_by_the_others(house: House, past: Past) -> None:
    first = house.submit("stream_insights.py", "--until-running")
    assert "starting the streaming queries" in first
    again = house.submit("stream_insights.py", "--until-running")
    assert "supervised already" in again
    assert report_in(again)["state"] == "running"
    attached = house.submit("trends.py", "--days", "7")
    assert "the InsightsDriver computes" in attached
    assert report_in(attached)["trends"] == 7


def test_the_command_line_recomputes_on_the_running_service(house: House, past: Past) -> None:
    command = [sys.executable, "-c", "from vori_ray.cli import main; main()", "insights", "recompute", "--days=3"]
    result = subprocess.run(
        [*command, "--json"], env=house.environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["trends"] == 3


def test_the_schedule_computes_soon_after_a_meeting_was_read(house: House, past: Past) -> None:
    newest = past.meeting(datetime.now(UTC) - timedelta(hours=1), said=("The rocket engine needs fuel.",))
    statement = f"SELECT keywords FROM meeting_keywords WHERE meeting_id = {newest}"
    wait_until(lambda: bool(house.rows(statement)), what="the keywords of the newest meeting", timeout_s=PATIENCE_S)
    assert "rocket" in {word["term"] for word in house.rows(statement)[0]["keywords"]}


def test_a_stream_that_a_job_started_ends_with_the_job(house: House) -> None:
    """The driver of the tests before is ended first, so that this job must start its own."""
    program = [sys.executable, str(JOBS / "stream_insights.py")]
    end_driver(house)
    submitted = house.ray_job("submit", "--no-wait", "--runtime-env-json", house.job_environment(), "--", *program)
    job_id = next(word.strip("'") for word in submitted.stdout.split() if word.strip("'").startswith("raysubmit_"))
    wait_until(lambda: '"state": "running"' in logs(house, job_id), what="the stream", timeout_s=PATIENCE_S)
    house.ray_job("stop", job_id)
    wait_until(lambda: "stopping the streaming queries" in logs(house, job_id), what="the end", timeout_s=60)
    wait_until(lambda: driver_state(house) in ("DEAD", None), what="the end of the driver", timeout_s=PATIENCE_S)


def logs(house: House, job_id: str) -> str:
    reply = httpx.get(f"{house.stack.job_address}/api/jobs/{job_id}/logs", headers=house.stack.headers(), timeout=60)
    return str(reply.json().get("logs", ""))


IN_RAY = "import ray; ray.init(namespace='vori', log_to_driver=False); from vori_ray.insights import driver as d; "


def in_ray(house: House, code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", IN_RAY + code], env=house.environment(), capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def driver_state(house: House) -> str | None:
    return "ALIVE" if in_ray(house, "print(d.find_insights_driver() is not None)") == "True" else None


def end_driver(house: House) -> None:
    in_ray(house, "ray.kill(d.find_insights_driver())")
    wait_until(lambda: driver_state(house) is None, what="the end of the driver", timeout_s=PATIENCE_S)
