"""Keeps the long view fresh beside the streams: a thread that recomputes the groups that are due, one at a time.

A recompute that was asked for takes its turn with those of the schedule. What goes wrong is logged, shown in the status
and tried again later. Knows nothing of Ray.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from vori_ray import clock
from vori_ray.errors import UnavailableError
from vori_ray.insights.recompute import DEFAULT_DAYS, Recompute, Tell
from vori_ray.insights.schedule import GroupState, Schedule
from vori_ray.storage.database import Database
from vori_ray.storage.repositories.insight_facts import InsightFacts
from vori_ray.storage.time_zones import zone_named

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)
LOOK_EVERY_S = 15.0
PAUSE_AFTER_FAILURE_S = 60.0


class Upkeep:
    """Recomputes on one Spark session."""

    def __init__(
        self,
        spark: SparkSession,
        database: Database,
        *,
        tell: Tell,
        every_s: float,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._spark = spark
        self._database = database
        self._tell = tell
        self._look_every_s = look_every_s
        self._schedule = Schedule(every_s)
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="insights-upkeep", daemon=True)
        self._status: dict[str, Any] = {"step": None, "runs": 0, "last": None, "error": None}

    def start(self) -> None:
        """Begin to look after the groups."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 30.0) -> None:
        """Begin nothing more, and wait for what runs."""
        self._stopping.set()
        self._thread.join(timeout=timeout_s)

    def status(self) -> dict[str, Any]:
        """`step` that runs now or None, number of `runs`, report of the `last`, and the `error` that came since."""
        return dict(self._status)

    def recompute(self, *, days: int = DEFAULT_DAYS, group_ids: Collection[int] | None = None) -> dict[str, Any]:
        """Recompute now, after what runs already; returns the report. Raises as `Recompute.run`."""
        with self._turn:
            if self._stopping.is_set():
                raise UnavailableError("The analytics are being stopped.")
            worker = Recompute(self._spark, self._database, tell=self._tell, say=self._note_step)
            try:
                report = worker.run(days=days, group_ids=group_ids).as_dict()
            finally:
                self._status["step"] = None
            self._status |= {"runs": self._status["runs"] + 1, "last": report, "error": None}
            return report

    def _note_step(self, step: str) -> None:
        self._status["step"] = step

    def _run(self) -> None:
        while not self._stopping.wait(self._look_every_s):
            try:
                self._look()
            except Exception as exc:
                self._status["error"] = str(exc)
                self._schedule.note_failure(time.monotonic(), pause_s=PAUSE_AFTER_FAILURE_S)
                log.warning("The long view was not computed and is tried again: %s", exc, exc_info=True)

    def _look(self) -> None:
        states = self._states()
        due = self._schedule.due(states, time.monotonic())
        if due:
            self.recompute(group_ids=due)
            self._schedule.note_done(due, states, time.monotonic())

    def _states(self) -> dict[int, GroupState]:
        """Groups that have had a meeting."""
        with self._database.unit_of_work(None) as uow:
            rows = InsightFacts(uow.session).group_states()
        return {
            row["group_id"]: GroupState(
                row["event_seq"], row["settled"], clock.now().astimezone(zone_named(row["time_zone"])).date()
            )
            for row in rows
            if row["first_meeting_at"] is not None
        }
