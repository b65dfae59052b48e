"""`vori demo --history`: weeks of made-up groups, performed through the write path of real meetings.

Asks the analytics to count everything anew at the end: what was said weeks ago comes later than the stream can wait.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vori_ray.cli.bring_up import Say
from vori_ray.cli.connection import Service
from vori_ray.client import VoriClient
from vori_ray.errors import UnavailableError
from vori_ray.settings import Settings

if TYPE_CHECKING:
    from vori_ray.history.performer import Performed
    from vori_ray.local.stack import StackInfo
    from vori_ray.storage.database import Database

KAFKA_DEADLINE_S = 300.0
SPARK_DEADLINE_S = 300.0
_LOOK_EVERY_S = 0.5


def play_history(service: Service, settings: Settings, *, seed: int, weeks: int, say: Say) -> dict[str, Any]:
    """Make the history, or find it; returns the report that `--json` writes.

    Raises UnavailableError where the service does not run from here, or Kafka or Spark stay away too long.
    """
    from vori_ray.history.staging import HistoryOrder, make_history
    from vori_ray.local.stack import read_stack
    from vori_ray.storage.database import Database

    stack = read_stack(settings.home)
    if stack is None:
        raise UnavailableError("a history is written where VORI runs: expected a service that was started from here")
    with VoriClient(service.url, service.token) as client:
        owner_id = client.me()["userId"]
    order = HistoryOrder(owner_id=owner_id, today=datetime.now(UTC).date(), seed=seed, weeks=weeks)
    database = Database(stack.database_url)
    performed = make_history(database, order, say=say)
    if not sum(one.performed for one in performed):
        say(f"the history with seed {seed} is there already")
    elif stack.kafka_bootstrap:
        wait_for_kafka(database, say)
        if settings.insights:
            count_anew(stack, say)
    database.close()
    return report(performed)


def wait_for_kafka(database: Database, say: Say) -> None:
    """Wait until Kafka has every event. Raises UnavailableError at the deadline."""
    deadline, shown = time.monotonic() + KAFKA_DEADLINE_S, -1
    while True:
        with database.unit_of_work(None) as uow:
            waiting = uow.outbox.count_unpublished()
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise UnavailableError(f"Kafka has not got {waiting} events after {KAFKA_DEADLINE_S:.0f} s")
        if waiting != shown:
            say(f"history: {waiting} events on their way to Kafka")
            shown = waiting
        time.sleep(_LOOK_EVERY_S)


def count_anew(stack: StackInfo, say: Say) -> None:
    """Have the analytics count every minute that Kafka has events of. Raises UnavailableError at the deadline."""
    os.environ.update(stack.environment())  # before ray is imported
    import ray

    from vori_ray.insights.driver import recount
    from vori_ray.messaging.actors import NAMESPACE

    say("history: Spark counts the minutes")
    ray.init(namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")
    try:
        say(f"history: {recount(timeout_s=SPARK_DEADLINE_S)} minutes counted")
    finally:
        ray.shutdown()


def report(performed: list[Performed]) -> dict[str, Any]:
    """The groups, and what all of them hold together."""
    events: Counter[str] = sum((one.events for one in performed), Counter())
    names = ("group_id", "name", "language", "meetings", "tickets")
    return {
        "groups": [{name: getattr(one, name) for name in names} for one in performed],
        "meetings": sum(one.meetings for one in performed),
        "tickets": sum(one.tickets for one in performed),
        "events": dict(sorted(events.items())),
        "was_there": not sum(one.performed for one in performed),
    }
