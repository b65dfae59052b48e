"""What the scripts in jobs/ do on a Ray cluster: use the InsightsDriver where it runs, else start what they need.

Needs `ray.init` to have been called. Knows nothing of what is computed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from vori_ray.errors import BadInputError
from vori_ray.insights.announcer import Announcer
from vori_ray.insights.driver import ACK_TIMEOUT_S, find_insights_driver, plan_of, start_insights_driver
from vori_ray.insights.recompute import Recompute, Tell
from vori_ray.insights.session import SparkSize, raydp_session, stop_raydp_session
from vori_ray.messaging.producer import EventProducer
from vori_ray.settings import Settings
from vori_ray.storage.database import Database

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Say = Callable[[str], None]
LOOK_EVERY_S = 1.0


def recompute(settings: Settings, *, days: int, group_ids: Sequence[int] | None, say: Say) -> dict[str, Any]:
    """Compute trends, keywords and findings anew; returns the report. Raises as `Recompute.run`."""
    driver = find_insights_driver()
    if driver is not None:
        say("the InsightsDriver computes")
        return _followed(driver, driver.recompute.remote(days, list(group_ids) if group_ids else None), say)
    if settings.database_url is None:
        raise BadInputError("expected VORI_DATABASE_URL to be set: `vori insights recompute` sets it")
    say("no InsightsDriver runs: starting Spark for this job")
    with _spark_for_a_while(settings) as spark, _telling(settings) as tell:
        worker = Recompute(spark, Database(settings.database_url, pool_size=2), tell=tell, say=say)
        return worker.run(days=days, group_ids=group_ids).as_dict()


def stream(settings: Settings, *, is_over: Callable[[], bool], until_running: bool, say: Say) -> dict[str, Any]:
    """Watch the streaming queries until `is_over`, or until they run; returns their last status.

    An InsightsDriver that runs already is watched and left alone; one that had to be started ends with the watching,
    unless it was only waited for.
    """
    driver = find_insights_driver()
    is_own = driver is None
    say("starting the streaming queries" if is_own else "the streaming queries are supervised already")
    driver = driver or start_insights_driver(plan_of(settings))
    status = _watched(driver, is_over=is_over, until_running=until_running, say=say)
    if is_own and not until_running:
        say("stopping the streaming queries after their batch")
        driver.stop.remote()
        time.sleep(LOOK_EVERY_S)  # the order must leave this process before it ends
    return status


def _watched(driver: Any, *, is_over: Callable[[], bool], until_running: bool, say: Say) -> dict[str, Any]:
    shown = ""
    while True:
        status: dict[str, Any] = ray.get(driver.status.remote())
        line = json.dumps(status, default=str)
        if line != shown:
            say(line)
            shown = line
        if is_over() or (until_running and status["state"] == "running"):
            return status
        time.sleep(LOOK_EVERY_S)


def _followed(driver: Any, result: Any, say: Say) -> dict[str, Any]:
    """Wait for a result of the driver, and say which step it is at."""
    shown = None
    while not ray.wait([result], timeout=LOOK_EVERY_S)[0]:
        status = ray.get(driver.status.remote())
        step = (status["recompute"] or {}).get("step") or f"Spark is {status['state']}"
        if step != shown:
            say(step)
            shown = step
    report: dict[str, Any] = ray.get(result)
    return report


@contextmanager
def _spark_for_a_while(settings: Settings) -> Iterator[SparkSession]:
    size = SparkSize(settings.spark_executors, settings.spark_executor_cores, settings.spark_executor_memory)
    scratch = Path(settings.home).absolute() / "spark"
    try:
        yield raydp_session(f"vori-trends-{int(time.time())}", size, scratch=scratch)
    finally:
        stop_raydp_session()


@contextmanager
def _telling(settings: Settings) -> Iterator[Tell]:
    """Tells Kafka, where there is one."""
    if settings.kafka_bootstrap_servers is None:
        yield lambda _: None
        return
    producer = EventProducer(
        settings.kafka_bootstrap_servers,
        partitions=settings.topic_partitions,
        retention_h=settings.event_retention_h,
        ack_timeout_s=ACK_TIMEOUT_S,
    )
    try:
        yield Announcer(producer).tell
    finally:
        producer.close()
