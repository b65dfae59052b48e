"""The reanalysis as `ray job submit` runs it, on a real Ray: heard once, whatever is killed or broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Archive
from tests.serve.gateway.conftest import REPOSITORY, Service, command_line
from tests.speech.speech_support import load_meeting, truth_text
from vori_ray.local.jobs import RayJobs
from vori_ray.local.processes import find_processes
from vori_ray.speech.scoring import error_rate
from vori_ray.speech.windows import SAMPLE_RATE, Samples
from vori_ray.storage.database import Database

pytestmark = pytest.mark.serve

SCRIPT = REPOSITORY / "jobs" / "reanalyze.py"
BEGINNING_S = 40


@pytest.fixture
def archive(service: Service) -> Iterator[Archive]:
    """A group of its own in the service's database."""
    database = Database(service.env["VORI_DATABASE_URL"])
    with database.unit_of_work(None) as uow:
        group_id = uow.groups.add("Archive").id or 0
    yield Archive(database, group_id, str(service.home / "audio"))
    database.close()


@pytest.fixture(scope="module")
def beginning() -> Samples:
    """The first seconds of the English demo meeting."""
    return load_meeting("en")[0][: BEGINNING_S * SAMPLE_RATE]


def submit(service: Service, *arguments: str) -> subprocess.Popen[str]:
    """`ray job submit`, as the README says it."""
    program = [str(Path(sys.executable).with_name("ray")), "job", "submit"]
    environment = json.dumps({"env_vars": service.env | {"VORI_EXTRACTOR": "rules"}})
    command = [*program, "--runtime-env-json", environment, "--", sys.executable, str(SCRIPT), *arguments]
    return subprocess.Popen(
        command, env=os.environ | service.ray.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def run(service: Service, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run a job to its end; returns its exit code, report and output."""
    job = submit(service, *arguments)
    output, _ = job.communicate(timeout=400)
    reports = [line for line in output.splitlines() if line.startswith("report: ")]
    assert reports, output
    return job.returncode, json.loads(reports[-1].removeprefix("report: ")), output


def test_a_group_is_heard_once_and_a_broken_meeting_stops_nobody(
    service: Service, archive: Archive, beginning: Samples
) -> None:
    half = len(beginning) // 2
    good = archive.meeting(beginning[:half], beginning[half:])
    broken = archive.meeting(beginning)
    archive.lose(broken, number=0)
    live = archive.meeting(beginning[:half], is_over=False)
    silent = archive.meeting()
    code, report, output = run(service, "--group", str(archive.group_id))
    assert code == 1, output
    assert report["heard"] == 1
    assert report["skipped"] == {str(live): "it is still running", str(silent): "no sound of it is kept"}
    assert list(report["failed"]) == [str(broken)]
    assert "expected 30.0 s of sound" in output or "is lost" in output
    assert f"meetings {report['meetings']}/{report['meetings']}" in output
    assert "x real time" in output
    assert archive.versions(good) == [(2, "demo", "rules")]
    assert archive.versions(broken) == archive.versions(live) == archive.versions(silent) == []
    truth = truth_text(load_meeting("en")[1], until_s=BEGINNING_S)
    assert error_rate(truth, archive.text(good, 2), "en") < 0.3
    code, report, output = run(service, "--meetings", str(good))
    assert (code, report["heard"], report["done_before"]) == (0, 0, 1), output
    assert archive.versions(good) == [(2, "demo", "rules")]


def test_a_job_is_submitted_and_followed_as_the_command_line_does_it(
    service: Service, archive: Archive, beginning: Samples
) -> None:
    meeting_id = archive.meeting(beginning)
    jobs, lines = RayJobs(service.ray), list[str]()
    command = [sys.executable, str(SCRIPT), "--meetings", f"{meeting_id},{meeting_id + 1000}", "--dry-run"]
    job_id = jobs.submit(command, env=service.env)
    assert jobs.follow(job_id, lines.append) is False
    assert any("2 meetings: 1 to be heard (0.01 h of sound)" in line for line in lines), lines
    assert any(
        line.endswith(f"meeting {meeting_id + 1000} failed: there is no meeting {meeting_id + 1000}") for line in lines
    )
    assert archive.versions(meeting_id) == []


@pytest.mark.slow
def test_what_was_heard_before_a_kill_is_not_heard_again(
    service: Service, archive: Archive, beginning: Samples
) -> None:
    meetings = [archive.meeting(beginning) for _ in range(4)]
    group = ("--group", str(archive.group_id), "--batch", "1")
    job = submit(service, *group)
    wait_for_first(archive, meetings, job)
    kill_driver(service)
    job.communicate(timeout=120)
    assert job.returncode != 0
    before = made_at(archive, meetings)
    code, report, output = run(service, *group)
    assert code == 0, output
    assert report["heard"] == 4 - len(before) < 4
    assert report["reread"] + report["done_before"] == 4  # one that was kept may not have been read for tickets yet
    assert made_at(archive, meetings).items() >= before.items()
    assert [archive.versions(meeting_id) for meeting_id in meetings] == [[(2, "demo", "rules")]] * 4
    assert len({archive.text(meeting_id, 2) for meeting_id in meetings}) == 1


def wait_for_first(archive: Archive, meetings: list[int], job: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not made_at(archive, meetings):
        assert job.poll() is None, job.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def made_at(archive: Archive, meetings: list[int]) -> dict[int, Any]:
    """When the new transcript of each meeting was made."""
    with archive.database.unit_of_work(None) as uow:
        rows = [row for one in meetings for row in uow.transcripts.list(archive.group_id, one)]
    return {row.meeting_id: row.created_at for row in rows}


def kill_driver(service: Service) -> None:
    """Kill the job's own process, as a machine that goes away would."""
    for process in find_processes(service.instance):
        if str(SCRIPT) in command_line(process)[1:2]:
            os.kill(process.pid, signal.SIGKILL)
