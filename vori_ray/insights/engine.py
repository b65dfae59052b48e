"""Keeps the streaming queries of one Spark session going, and says how they are.

A query that failed is started again on the same session, where its checkpoint stands. A query that neither finishes
its batch nor fails is beyond help from here: `StalledError` says that the session must go. Rows that came later than
the watermark are counted anew from Kafka. Knows nothing of Ray, nor of how sessions are made.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vori_ray.errors import UnavailableError
from vori_ray.insights import queries
from vori_ray.insights.late import LateRows
from vori_ray.insights.queries import DEAD_LETTERS, METRICS, KafkaSource
from vori_ray.insights.sink import MetricSink

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming import StreamingQuery

log = logging.getLogger(__name__)
FIRST_BACKOFF_S = 1.0
LAST_BACKOFF_S = 15.0
Start = Callable[[], "StreamingQuery"]


class StalledError(UnavailableError):
    """A streaming query makes no progress; its session must be built anew."""

    code = "stalled"


@dataclass(slots=True)
class QueryState:
    """One query under supervision. Times are of the monotonic clock, in seconds."""

    name: str
    start: Start
    query: StreamingQuery | None = None
    batch_id: int = -1
    moved_at: float = 0.0
    retry_at: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S
    restarts: int = 0
    input_rows: int = 0
    dropped_late: int = 0
    batch_ms: int = 0
    phases_ms: dict[str, int] = field(default_factory=dict)
    error: str | None = None


@dataclass(slots=True)
class StreamEngine:
    """The queries of one session."""

    spark: SparkSession
    source: KafkaSource
    sink: MetricSink
    checkpoint_root: str
    trigger_s: float = 1.0
    dead_letters_every_s: float = queries.DEAD_LETTERS_EVERY_S
    stall_s: float = 60.0
    no_executor_s: float = 15.0
    count_executors: Callable[[], int] = lambda: 1
    is_source_up: Callable[[], bool] = lambda: True
    states: list[QueryState] = field(default_factory=list)
    late: LateRows = field(default_factory=LateRows)
    executor_seen_at: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        """Set the queries up; `check` starts them."""
        self.states = [QueryState(METRICS, self._start_metrics), QueryState(DEAD_LETTERS, self._start_dead_letters)]
        self.check()

    def check(self) -> None:
        """One step of supervision; call it every second or so. Raises StalledError."""
        self._check_executors(time.monotonic())
        for state in self.states:
            self._check_query(state, time.monotonic())
        self._mend_late_rows()

    def stop(self) -> None:
        """Stop the queries after their batch."""
        for state in self.states:
            if state.query is not None:
                state.query.stop()

    def recount(self) -> int:
        """Count anew every minute that Kafka has events of; returns how many rows those are."""
        rows = queries.recompute(self.spark, self.source)
        self.sink.mend(rows)
        return len(rows)

    def status(self) -> list[dict[str, Any]]:
        """Each query as a plain dictionary."""
        hidden = ("start", "query", "moved_at", "retry_at", "backoff_s")
        return [
            {name: getattr(state, name) for name in QueryState.__slots__ if name not in hidden}
            | {"is_running": state.query is not None and state.error is None}
            for state in self.states
        ]

    def _check_executors(self, now: float) -> None:
        """RayDP replaces an executor that dies within seconds, but not when its master has died too."""
        if self.count_executors() > 0:
            self.executor_seen_at = now
        elif now - self.executor_seen_at > self.no_executor_s:
            raise StalledError(f"Spark has had no executor for {now - self.executor_seen_at:.0f} s.")

    def _start_metrics(self) -> StreamingQuery:
        return queries.start_metrics(
            self.spark, self.source, sink=self.sink, checkpoint_root=self.checkpoint_root, trigger_s=self.trigger_s
        )

    def _start_dead_letters(self) -> StreamingQuery:
        return queries.start_dead_letters(
            self.spark, self.source, checkpoint_root=self.checkpoint_root, trigger_s=self.dead_letters_every_s
        )

    def _check_query(self, state: QueryState, now: float) -> None:
        if state.query is None:
            self._start_query(state, now)
        elif not state.query.isActive:
            self._note_failure(state, str(state.query.exception() or "stopped"), now)
        else:
            self._read_progress(state, now)
            self._check_for_stall(state, now)

    def _start_query(self, state: QueryState, now: float) -> None:
        if now < state.retry_at:
            return
        state.query, state.moved_at = state.start(), now

    def _note_failure(self, state: QueryState, reason: str, now: float) -> None:
        """Let a failed query rest a little longer each time, until a batch of it succeeds."""
        state.error, state.query = _first_line(reason), None
        state.retry_at, state.restarts = now + state.backoff_s, state.restarts + 1
        state.backoff_s = min(state.backoff_s * 2, LAST_BACKOFF_S)
        log.warning("The query %s failed and is started again: %s", state.name, state.error)

    def _read_progress(self, state: QueryState, now: float) -> None:
        assert state.query is not None
        for progress in state.query.recentProgress:
            if progress["batchId"] <= state.batch_id or not progress["numInputRows"]:
                continue
            state.batch_id, state.moved_at = progress["batchId"], now
            state.error, state.backoff_s = None, FIRST_BACKOFF_S
            state.input_rows += progress["numInputRows"]
            state.phases_ms = dict(progress["durationMs"])
            state.batch_ms = state.phases_ms.get("triggerExecution", 0)
            dropped = sum(part["numRowsDroppedByWatermark"] for part in progress["stateOperators"])
            state.dropped_late += dropped
            if state.name == METRICS:
                self.late.note(progress, dropped=dropped, now=now)

    def _check_for_stall(self, state: QueryState, now: float) -> None:
        """A trigger that has been at work for `stall_s` is stuck, unless Kafka is away: then it may wait."""
        assert state.query is not None
        if not state.query.status["isTriggerActive"] or not self.is_source_up():
            state.moved_at = now
        elif now - state.moved_at > self.stall_s:
            raise StalledError(f"The query {state.name} has been in one batch for {now - state.moved_at:.0f} s.")

    def _mend_late_rows(self) -> None:
        """Count the minutes anew that lost events to the watermark."""
        offsets = self.late.due(time.monotonic())
        if offsets is not None:
            rows = queries.recompute(self.spark, self.source, touched_by=offsets)
            self.sink.mend(rows)
            log.warning("Counted %d minutes anew, because events came later than the watermark.", len(rows))


def _first_line(reason: str) -> str:
    return next((line.strip() for line in reason.splitlines() if line.strip()), "stopped")[:300]
