"""Chaos: events on their way through outbox, Kafka and Spark while every process on the way is killed again and again.

    python -m tests.benchmarks.chaos --home FOLDER --json FILE [--seed 1] [--events 1000] [--only broker driver]

What was committed to the outbox is the truth: afterwards the tables must hold each of those events once, and be equal
to a batch recompute of Kafka. Kills are SIGKILL, in a random order that the seed gives. Ray starts its own processes
again; the broker and the database are started again here, after some seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from vori_ray.errors import ConflictError, UnavailableError, VoriError
from vori_ray.insights import queries
from vori_ray.insights.session import local_session, use_java
from vori_ray.local.jars import fetch_jars
from vori_ray.local.java import find_java
from vori_ray.local.kafka import KafkaBroker
from vori_ray.local.postgres import PostgresServer
from vori_ray.local.processes import end_instance, find_processes, instance_of
from vori_ray.local.ray_cluster import RayCluster
from vori_ray.messaging.admin import create_topics
from vori_ray.messaging.topics import TicketCreated, TicketPayload
from vori_ray.storage.database import Database
from vori_ray.storage.migrate import upgrade
from vori_ray.storage.models import utc_now
from vori_ray.storage.segment_writer import SegmentWriter

KILLS = {"relay": 6, "database": 5, "broker": 4, "driver": 3, "executor": 2}
MEETINGS = 10
SPEAKERS = ("Ada", "Mo")
PARTITIONS = 4
SETTLED_WITHIN_S = 300.0
SPEECH_COLUMNS = ("turns", "words", "talk_ms", "blockers_mentioned", "events")
TICKET_COLUMNS = ("tickets_created", "actionable_items", "status_updates", "blockers", "events")
Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What the run left behind. Of events: committed, missing from the tables, and counted more than once."""

    events: int
    lost: int = 0
    twice: int = 0
    rows_unlike_batch: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    repeated_in_kafka: int = 0
    wall_s: float = 0.0
    settled_s: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing twice, stream = batch."""
        return not (self.lost or self.twice or self.rows_unlike_batch)


class Installation:
    """PostgreSQL, Kafka and Ray with the relay and the analytics, each to be killed and brought back."""

    def __init__(self, home: Path, say: Say) -> None:
        self.home = home.absolute()
        self._instance = instance_of(self.home)
        self._say = say
        self._java = find_java()
        self.jars = fetch_jars(self.home, say)
        self.postgres = PostgresServer(self.home / "postgres", instance=self._instance)
        self.kafka = KafkaBroker(self.home, self.jars.kafka, java=self._java, instance=self._instance)
        self.ray = RayCluster(self.home, java=self._java, instance=self._instance)
        self.actors: Any = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all; end all, whatever happened."""
        try:
            self._start()
            yield
        finally:
            if self.actors is not None:
                self.actors.disconnect()
            end_instance(self._instance)

    def _start(self) -> None:
        self.postgres.start()
        upgrade(self.postgres.url)
        self.kafka.start()
        create_topics(self.kafka.bootstrap_servers, partitions=PARTITIONS, retention_h=1)
        os.environ.update(self.ray.start().environment())
        use_java(self._java.home)
        from tests.benchmarks import chaos_actors  # not before: see there

        self.actors = chaos_actors
        self.actors.start_actors(self.home, self.postgres.url, self.kafka.bootstrap_servers, partitions=PARTITIONS)

    def kill(self, what: str, pause_s: float) -> None:
        """Kill one part; bring it back after a pause unless Ray does."""
        if what in ("relay", "driver"):
            os.kill(_until_given(lambda: self.actors.status_of(what))["pid"], signal.SIGKILL)
        elif what == "executor":
            _until_given(self._executors)[-1].kill()
        else:
            server = self.kafka if what == "broker" else self.postgres
            server.kill()
            time.sleep(pause_s)
            server.start()

    def _executors(self) -> list[psutil.Process]:
        """Spark's executors: Java workers of Ray, of which the first is RayDP's master."""
        workers = [
            process
            for process in find_processes(self._instance, "ray")
            if "DefaultWorker" in " ".join(_command(process))
        ]
        return sorted(workers, key=psutil.Process.create_time)[1:]

    def relay_waits(self) -> int:
        """How many events Kafka has not got."""
        with Database(self.postgres.url, pool_size=1).unit_of_work(None) as uow:
            return uow.outbox.count_unpublished()


def _until_given(ask: Callable[[], Any]) -> Any:
    """What is asked for, once it is there: a part may be on its way back from the kill before."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while not (found := ask()):
        if time.monotonic() > deadline:
            raise UnavailableError(f"expected a part to come back within {SETTLED_WITHIN_S:.0f} s")
        time.sleep(0.2)
    return found


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


class Speakers:
    """Commits the events: four of five are words, the fifth is a ticket. A call that fails is made again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = SegmentWriter(database)
        with database.unit_of_work(None) as uow:
            self.group_id = uow.groups.add("Chaos").id or 0
            self._meetings = [uow.meetings.add(self.group_id, title=f"M{n}").id or 0 for n in range(MEETINGS)]
        for meeting_id in self._meetings:
            for speaker in SPEAKERS:
                session = {"session_id": f"{meeting_id}-{speaker}", "speaker": speaker, "offset_s": 0.0}
                self._writer.open_session({"group_id": self.group_id, "meeting_id": meeting_id, **session})

    def commit(self, number: int) -> None:
        """Commit event `number`, however often it takes."""
        while True:
            try:
                self._ticket(number) if number % 5 == 4 else self._words(number)
                return
            except ConflictError:  # the call before was answered by nobody, and had committed
                return
            except UnavailableError:
                time.sleep(0.2)

    def _words(self, number: int) -> None:
        meeting_id, speaker = self._meetings[number % MEETINGS], SPEAKERS[number // MEETINGS % 2]
        row = {
            "group_id": self.group_id,
            "meeting_id": meeting_id,
            "session_id": f"{meeting_id}-{speaker}",
            "utterance": number,
            "part": 0,
            "text": "we are blocked on this" if number % 7 == 0 else f"sentence {number}",
            "start_s": float(number),
            "end_s": number + 0.5 + number % 3,
        }
        self._writer.save_segments([[row]])

    def _ticket(self, number: int) -> None:
        payload = TicketPayload(
            ticketId=number, title=f"Task {number}", status="TODO", createdAt=utc_now(), updatedAt=utc_now()
        )
        event = TicketCreated(
            event_id=f"chaos-{number}",
            group_id=self.group_id,
            groupId=self.group_id,
            meetingId=self._meetings[number % MEETINGS],
            ticket=payload,
            actor="chaos",
        )
        with self._database.unit_of_work(None) as uow:
            uow.outbox.add(event)


def order_of(kills: Mapping[str, int], seed: int) -> list[str]:
    """The kills in the order of chance."""
    order = [what for what, count in kills.items() for _ in range(count)]
    random.Random(seed).shuffle(order)
    return order


def run(home: Path, *, events: int, kills: Mapping[str, int], seed: int, every_s: float, say: Say) -> Outcome:
    """Commit events while killing, wait until all is quiet, and look at what is there."""
    started, chance = time.monotonic(), random.Random(seed)
    outcome = Outcome(events, kills=dict(kills))
    installation = Installation(home, say)
    with installation.running():
        _until_given(lambda: (installation.actors.status_of("driver") or {}).get("state") == "running")
        say("Spark is there; the killing begins")
        database = Database(installation.postgres.url)
        order = order_of(kills, seed)
        talk = _talk(Speakers(database), events, over_s=every_s * len(order))
        for number, what in enumerate(order, start=1):
            time.sleep(every_s * chance.uniform(0.5, 1.5))
            say(f"kill {number} of {len(order)}: {what}")
            installation.kill(what, chance.uniform(0.5, 3.0))
        talk.join()
        quiet_at = time.monotonic()
        _judge(installation, database, outcome, say)
        outcome.settled_s = round(time.monotonic() - quiet_at, 1)
    outcome.wall_s = round(time.monotonic() - started, 1)
    return outcome


def _talk(speakers: Speakers, events: int, *, over_s: float) -> threading.Thread:
    """Commit the events in a thread of its own, spread over the time of the kills."""

    def work() -> None:
        began = time.monotonic()
        for number in range(events):
            time.sleep(max(0.0, began + over_s * number / events - time.monotonic()))
            speakers.commit(number)

    thread = threading.Thread(target=work, name="speakers")
    thread.start()
    return thread


def _judge(installation: Installation, database: Database, outcome: Outcome, say: Say) -> None:
    """Compare the tables with the outbox, and with a batch over Kafka."""
    committed = _committed(database)
    outcome.events = sum(committed.values())
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while (counted := _counted(database)) != committed and time.monotonic() < deadline:
        say(f"{sum(counted.values())} of {outcome.events} events counted, {_waiting(installation)} wait for Kafka")
        time.sleep(3.0)
    outcome.lost = sum((committed - counted).values())
    outcome.twice = sum((counted - committed).values())
    source = queries.KafkaSource(installation.kafka.bootstrap_servers)
    spark = local_session(installation.home / "batch", jars=installation.jars.spark)
    batch = {_key(row): _values(row) for row in queries.recompute(spark, source)}
    outcome.repeated_in_kafka = _kafka_rows(spark, source) - outcome.events
    spark.stop()
    stored = _stored(database)
    outcome.rows_unlike_batch = sum(batch.get(key) != stored.get(key) for key in batch.keys() | stored.keys())


def _waiting(installation: Installation) -> str:
    with suppress(VoriError):
        return str(installation.relay_waits())
    return "?"


Minute = tuple[int, datetime, str | None]


def _committed(database: Database) -> Counter[Minute]:
    """Events of the outbox by meeting, minute and speaker (None: tickets)."""
    found: Counter[Minute] = Counter()
    with database.unit_of_work(None) as uow:
        for topic, payload in uow.session.execute(text("SELECT topic, payload FROM outbox")):
            at = datetime.fromisoformat(payload["occurred_at"]).replace(second=0, microsecond=0)
            is_speech = topic == "transcription.completed"
            found[(payload["meetingId"], at, (payload["speaker"] or "") if is_speech else None)] += 1
    return found


def _counted(database: Database) -> Counter[Minute]:
    """Events that the tables have counted, by meeting, minute and speaker."""
    return Counter({key: values["events"] for key, values in _stored(database).items()})


def _stored(database: Database) -> dict[Minute, dict[str, int]]:
    place = "meeting_id, window_start, "
    speech = f"SELECT {place}speaker, {', '.join(SPEECH_COLUMNS)} FROM speech_metrics"
    tickets = f"SELECT {place}NULL AS speaker, {', '.join(TICKET_COLUMNS)} FROM ticket_metrics"
    with database.unit_of_work(None) as uow:
        rows = [row for query in (speech, tickets) for row in uow.session.execute(text(query)).mappings()]
    return {_key(row): _values(row) for row in rows}


def _key(row: Mapping[str, Any]) -> Minute:
    return row["meeting_id"], row["window_start"], row["speaker"]


def _values(row: Mapping[str, Any]) -> dict[str, int]:
    """The counts that belong to the row's table."""
    mine = SPEECH_COLUMNS if row["speaker"] is not None else TICKET_COLUMNS
    return {name: row[name] for name in mine}


def _kafka_rows(spark: Any, source: queries.KafkaSource) -> int:
    """Messages that Kafka has, those that were sent again included."""
    return int(spark.read.format("kafka").options(**source.options()).load().count())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; exit code 1 unless it is clean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="an empty folder for the installation")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--every-s", type=float, default=9.0, help="mean time between two kills")
    parser.add_argument("--only", nargs="*", choices=list(KILLS), default=list(KILLS), help="kill these only")
    given = parser.parse_args(arguments)
    kills = {what: KILLS[what] for what in given.only}
    outcome = run(given.home, events=given.events, kills=kills, seed=given.seed, every_s=given.every_s, say=_say)
    given.json.write_text(json.dumps(asdict(outcome), indent=1) + "\n")
    print(outcome)
    return 0 if outcome.is_clean else 1


STARTED = time.monotonic()


def _say(message: str) -> None:
    print(f"{time.monotonic() - STARTED:6.1f} s  {message}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
