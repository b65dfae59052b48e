"""InsightsDriver: the actor that holds the Spark session, its streaming queries and the upkeep of the long view.

Supervision is crash-only. The actor's process is the session's driver; when Spark's JVM dies, or a query makes no
progress for `stall_s`, the process exits, Ray starts the actor again, and the new session resumes from the
checkpoints. A kill from outside takes the same way, so there is one way to recover and it is used often.
Knows nothing of what is computed.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray

from vori_ray.errors import UnavailableError
from vori_ray.insights.announcer import Announcer
from vori_ray.insights.engine import StreamEngine
from vori_ray.insights.queries import KafkaSource
from vori_ray.insights.session import SparkSize, connector_jars, count_executors, raydp_session, stop_raydp_session
from vori_ray.insights.sink import MetricSink
from vori_ray.insights.upkeep import Upkeep
from vori_ray.messaging.actors import find_actor, start_actor
from vori_ray.messaging.admin import create_topics
from vori_ray.messaging.producer import EventProducer
from vori_ray.settings import Settings
from vori_ray.storage.database import Database

log = logging.getLogger(__name__)

NAME = "InsightsDriver"
CHECK_EVERY_S = 1.0
FIRST_START_S = 5.0
ACK_TIMEOUT_S = 10.0
SESSION_PATIENCE_S = 300.0
EXIT_CODE = 70  # "internal software error": Ray starts the actor again after any exit that was not asked for


@dataclass(frozen=True, slots=True)
class InsightsPlan:
    """All that the driver needs to know."""

    database_url: str
    kafka_bootstrap_servers: str
    checkpoint_root: str
    jars_folder: str
    scratch: str
    partitions: int = 4
    retention_h: int = 168
    size: SparkSize = field(default_factory=SparkSize)
    trigger_s: float = 1.0
    stall_s: float = 60.0
    recompute_every_s: float = 3600.0


def plan_of(settings: Settings) -> InsightsPlan:
    """The plan of an installation whose database and Kafka are known. Raises ValueError if they are not."""
    if settings.database_url is None or settings.kafka_bootstrap_servers is None:
        raise ValueError("expected VORI_DATABASE_URL and VORI_KAFKA_BOOTSTRAP_SERVERS to be set")
    home = settings.home.absolute()
    return InsightsPlan(
        database_url=settings.database_url,
        kafka_bootstrap_servers=settings.kafka_bootstrap_servers,
        checkpoint_root=settings.checkpoint_url or str(home / "checkpoints"),
        jars_folder=str(home / "jars" / "spark"),
        scratch=str(home / "spark"),
        partitions=settings.topic_partitions,
        retention_h=settings.event_retention_h,
        size=SparkSize(
            executors=settings.spark_executors,
            executor_cores=settings.spark_executor_cores,
            executor_memory=settings.spark_executor_memory,
        ),
        recompute_every_s=settings.insights_every_min * 60,
    )


@ray.remote
class InsightsDriver:
    """Runs the streaming queries for as long as it lives."""

    def __init__(self, plan: InsightsPlan) -> None:
        self._plan = plan
        self._state = "starting"
        self._error: str | None = None
        self._queries: list[dict[str, Any]] = []
        self._engine: StreamEngine | None = None
        self._upkeep: Upkeep | None = None
        self._stopping = threading.Event()
        self._beat_at = time.monotonic() + SESSION_PATIENCE_S
        self._worker = threading.Thread(target=self._run, name="insights", daemon=True)
        self._worker.start()
        threading.Thread(target=self._watch, name="insights-watchdog", daemon=True).start()

    def status(self) -> dict[str, Any]:
        """`state`: starting, running, waiting or stopped; queries with counts; `recompute`; `pid` of this process."""
        upkeep = self._upkeep.status() if self._upkeep else None
        return {
            "state": self._state,
            "error": self._error,
            "queries": self._queries,
            "recompute": upkeep,
            "pid": os.getpid(),
        }

    def recompute(self, days: int, group_ids: list[int] | None = None) -> dict[str, Any]:
        """Compute the long view of groups (None: all) anew; returns the report. Raises as `Recompute.run`."""
        deadline = time.monotonic() + SESSION_PATIENCE_S
        while self._upkeep is None:
            if self._stopping.wait(0.2) or time.monotonic() > deadline:
                raise UnavailableError(f"The Spark session is not there: {self._error or self._state}.")
        return self._upkeep.recompute(days=days, group_ids=group_ids)

    def recount(self) -> int:
        """Count anew every minute that Kafka has events of; returns how many rows those are.

        Runs beside the stream, whose rows it can only complete. Raises UnavailableError while there is no session.
        """
        if self._engine is None:
            raise UnavailableError(f"The Spark session is {self._state}.")
        return self._engine.recount()

    def stop(self) -> None:
        """Finish the batches, end the session, and end the actor for good."""
        self._stopping.set()
        self._worker.join(timeout=60)
        ray.actor.exit_actor()

    def _run(self) -> None:
        """Build the session, then supervise until asked to stop; whatever goes wrong ends the process."""
        try:
            self._engine = engine = self._build()
            self._supervise(engine)
            if self._upkeep:
                self._upkeep.stop()
            engine.stop()
            stop_raydp_session()
            self._state = "stopped"
        except Exception:
            log.exception("The Spark session has failed; it is built anew.")
            _die()

    def _build(self) -> StreamEngine:
        plan = self._plan
        self._wait_for_topics()
        spark = raydp_session(
            f"vori-insights-{os.getpid()}-{int(time.time())}",  # the last session's master may still be going away
            plan.size,
            scratch=Path(plan.scratch),
            jars=connector_jars(Path(plan.jars_folder)),
        )
        producer = EventProducer(
            plan.kafka_bootstrap_servers,
            partitions=plan.partitions,
            retention_h=plan.retention_h,
            ack_timeout_s=ACK_TIMEOUT_S,
        )
        database, tell = Database(plan.database_url, pool_size=2), Announcer(producer).tell
        engine = StreamEngine(
            spark,
            KafkaSource(plan.kafka_bootstrap_servers),
            MetricSink(database, tell=tell),
            checkpoint_root=plan.checkpoint_root,
            trigger_s=plan.trigger_s,
            stall_s=plan.stall_s,
            count_executors=lambda: count_executors(spark),
            is_source_up=lambda: is_reachable(plan.kafka_bootstrap_servers),
        )
        engine.start()
        self._upkeep = Upkeep(spark, database, tell=tell, every_s=plan.recompute_every_s)
        self._upkeep.start()
        return engine

    def _wait_for_topics(self) -> None:
        """Kafka may come later than we do; Spark would fail on a topic that is not there."""
        plan, pause_s = self._plan, FIRST_START_S
        while not self._stopping.is_set():
            try:
                create_topics(plan.kafka_bootstrap_servers, partitions=plan.partitions, retention_h=plan.retention_h)
                return
            except Exception as exc:
                self._state, self._error = "waiting", str(exc)
                self._beat_at = time.monotonic() + SESSION_PATIENCE_S
                self._stopping.wait(pause_s)
        raise SystemExit

    def _supervise(self, engine: StreamEngine) -> None:
        while not self._stopping.wait(CHECK_EVERY_S):
            engine.check()
            self._queries = engine.status()
            self._error = next((query["error"] for query in self._queries if query["error"]), None)
            self._state = "waiting" if self._error else "running"
            self._beat_at = time.monotonic()

    def _watch(self) -> None:
        """A JVM that hangs takes the supervising thread with it: this thread calls nothing that could hang."""
        while not self._stopping.wait(CHECK_EVERY_S):
            if time.monotonic() - self._beat_at > self._plan.stall_s:
                log.error("The Spark session has not answered for %.0f s; it is built anew.", self._plan.stall_s)
                _die()


def _die() -> None:
    """End this process as a crash would; with it go Spark's JVM, its master and its executors."""
    logging.shutdown()
    os._exit(EXIT_CODE)


def is_reachable(bootstrap_servers: str, *, timeout_s: float = 1.0) -> bool:
    """Whether any of the brokers accepts a connection."""
    return any(_accepts(server, timeout_s) for server in bootstrap_servers.split(","))


def _accepts(server: str, timeout_s: float) -> bool:
    host, _, port = server.strip().rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def start_insights_driver(plan: InsightsPlan) -> Any:
    """The InsightsDriver, started if need be; it comes up on its own while the caller goes on."""
    return start_actor(InsightsDriver, NAME, plan, max_concurrency=4)


def find_insights_driver() -> Any | None:
    """The InsightsDriver, or None when the analytics do not run."""
    return find_actor(NAME)


def recount(*, timeout_s: float, look_every_s: float = 1.0) -> int:
    """Have the driver count anew what Kafka has, as soon as it can; returns how many rows those are.

    Raises UnavailableError when it does not come to it in time.
    """
    deadline = time.monotonic() + timeout_s
    reason = "no analytics run"
    while (left_s := deadline - time.monotonic()) > 0:
        driver = find_insights_driver()
        try:
            if driver is not None:
                return int(ray.get(driver.recount.remote(), timeout=left_s))
        except (UnavailableError, ray.exceptions.RayError) as exc:  # it may be starting anew
            reason = str(exc).splitlines()[-1]
        time.sleep(look_every_s)
    raise UnavailableError(f"the analytics have not counted anew in {timeout_s:.0f} s: {reason}")
