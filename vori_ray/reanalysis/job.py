"""The job: plan, hear, keep, read for suggestions; one meeting after the other, each kept whole or not at all.

Killed at any moment and started again, it goes on where it was: what is kept is not done again. The progress says how
many meetings are done, how much sound, and how many times faster than it was spoken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from vori_ray.errors import UnavailableError, VoriError
from vori_ray.reanalysis.gathering import Finished, Gathering
from vori_ray.reanalysis.pipeline import PipelineOptions, hear
from vori_ray.reanalysis.plan import Plan, Task
from vori_ray.storage.database import Database
from vori_ray.storage.transcript_writer import Heard, save_transcript
from vori_ray.tickets.rereading import read_version, suggest
from vori_ray.tickets.running import Reader

Say = Callable[[str], None]
HOUR_S = 3600.0


@dataclass(slots=True)
class Report:
    """What came of it. `versions` maps a meeting to its new transcript; `failed` and `skipped` to the reason."""

    meetings: int
    heard: int = 0
    reread: int = 0
    done_before: int = 0
    suggestions: int = 0
    audio_s: float = 0.0
    wall_s: float = 0.0
    versions: dict[int, int] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, with the real-time factor."""
        return asdict(self) | {"real_time_factor": round(self.audio_s / self.wall_s, 2) if self.wall_s else None}


class Reanalysis:
    """One run over a plan."""

    def __init__(self, database: Database, *, model: str, reader: Reader, say: Say) -> None:
        self._database = database
        self._model = model
        self._reader = reader
        self._say = say

    def run(self, plan: Plan, options: PipelineOptions) -> Report:
        """Do all that is planned. Failures of single meetings are in the report.

        Raises UnavailableError where nothing can be heard at all, such as without the model.
        """
        report = Report(plan.total, done_before=len(plan.done), skipped=plan.skipped, failed=dict(plan.failed))
        started = time.monotonic()
        total_s = sum(task.duration_s for task in plan.hear)
        with ThreadPoolExecutor(1, "suggestions") as readers:
            reading = [readers.submit(self._read, meeting_id, version, report) for meeting_id, version in plan.reread]
            for number, finished in enumerate(self._finished(plan.hear, options), start=1):
                reading += self._keep(finished, readers, report)
                report.wall_s = time.monotonic() - started
                self._tell(report, total_s, left=len(plan.hear) - number)
            for future in reading:
                future.result()
        report.wall_s = round(time.monotonic() - started, 3)
        return report

    def _finished(self, tasks: list[Task], options: PipelineOptions) -> Iterator[Finished]:
        if not tasks:
            return
        gathering = Gathering(tasks)
        try:
            for heard in hear([stream.source for task in tasks for stream in task.streams], options):
                yield from gathering.add(heard)
        except VoriError:
            raise
        except Exception as exc:  # whatever Ray Data makes of a worker's error
            raise UnavailableError(f"the meetings could not be heard: {_cause(exc)}") from exc
        for task in gathering.left():
            yield Finished(task, error="not all of its sound came back")

    def _keep(self, finished: Finished, readers: ThreadPoolExecutor, report: Report) -> list[Future[None]]:
        task = finished.task
        if finished.error is not None:
            self._fail(task.meeting_id, finished.error, report)
            return []
        heard = Heard(task.group_id, task.meeting_id, self._model, task.audio, task.duration_s, finished.segments)
        try:
            version = save_transcript(self._database, heard).version
        except VoriError as exc:
            self._fail(task.meeting_id, str(exc), report)
            return []
        report.heard += 1
        report.audio_s += task.duration_s
        report.versions[task.meeting_id] = version
        return [readers.submit(self._read, task.meeting_id, version, report)]

    def _read(self, meeting_id: int, version: int, report: Report) -> None:
        """Read a version for suggestions. A failure is the meeting's; its transcript stays."""
        try:
            rereading = read_version(self._database, meeting_id, version)
            extraction, note = self._reader.extract(rereading.reading)
            made = suggest(self._database, extraction, rereading)
        except Exception as exc:
            self._fail(meeting_id, f"transcript {version} is kept, its tickets could not be read: {exc}", report)
            return
        report.reread += 1
        report.suggestions += made.suggested
        if note:
            report.notes[meeting_id] = note

    def _fail(self, meeting_id: int, reason: str, report: Report) -> None:
        report.failed[meeting_id] = reason
        self._say(f"meeting {meeting_id} failed: {reason}")

    def _tell(self, report: Report, total_s: float, *, left: int) -> None:
        done, heard_h = report.meetings - left, report.audio_s / HOUR_S
        self._say(
            f"meetings {done}/{report.meetings}, {heard_h:.2f} of {total_s / HOUR_S:.2f} h of sound,"
            f" {report.audio_s / report.wall_s:.1f} x real time"
        )


def _cause(exc: BaseException) -> str:
    """The innermost reason in one line."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return " ".join(str(getattr(exc, "cause", None) or exc).split())[-600:]
