"""A whole VORI for benchmarks, and two instruments of the analytics: many meetings' events, and many open boards.

Used by insights.py and tickets.py. The events go straight to Kafka, since the way from there to the tables is what is
measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg2
from kafka import KafkaProducer
from websockets.asyncio.client import connect

from tests.benchmarks.table import REPOSITORY
from vori_ray.local.stack import read_stack
from vori_ray.messaging import topics
from vori_ray.messaging.topics import TicketCreated, TicketPayload, TranscriptionCompleted
from vori_ray.storage.database import Database
from vori_ray.storage.models import utc_now

VORI = Path(sys.executable).with_name("vori")
SENTENCE = "I think that we should look at the numbers of the last week before we decide anything else"
TICKET_EVERY = 20
BATCH_POLL_S = 0.02
WARM_CHANGES = 10
ENGINE_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Vori:
    """A VORI that is up."""

    home: Path
    url: str
    token: str
    database_url: str
    kafka: str

    def status(self) -> list[dict[str, Any]]:
        """`vori status`: every process with its memory and CPU time."""
        return json.loads(_vori(self.home, "status", "--json"))


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for a while, that PostgreSQL's own user may pass through."""
    with tempfile.TemporaryDirectory(prefix="vori-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def empty_home(folder: Path) -> Path:
    """An empty folder that PostgreSQL's own user may pass through, with the jars that are there already."""
    folder.mkdir(mode=0o711)
    jars = REPOSITORY / ".vori" / "jars"
    if jars.exists():
        (folder / "jars").symlink_to(jars.resolve())
    return folder


@contextmanager
def running_vori(home: Path, *, insights: bool = True) -> Iterator[Vori]:
    """Start all of VORI in `home`, wait until Spark counts if `insights`, take it down at the end."""
    try:
        service = json.loads(_vori(home, "up", "--detach", "--json", *(() if insights else ("--no-insights",))))
        stack = read_stack(home)
        assert stack is not None
        vori = Vori(home, service["url"], service["token"], stack.database_url, stack.kafka_bootstrap or "")
        if insights:
            _wait_for_spark(home)
        yield vori
    finally:
        _vori(home, "down")


def _vori(home: Path, *arguments: str) -> str:
    env = os.environ | {"VORI_HOME": str(home), "VORI_PORT": "0"}
    return subprocess.run(
        [VORI, *arguments], env=env, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _wait_for_spark(home: Path) -> None:
    """The metrics query keeps its first offsets once it has begun."""
    deadline = time.monotonic() + ENGINE_PATIENCE_S
    while not (home / "checkpoints" / "metrics" / "metadata").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Spark had not begun after {ENGINE_PATIENCE_S:.0f} s")
        time.sleep(0.5)


# -- many meetings


@dataclass(slots=True)
class Sent:
    """An event on its way: when it was handed to Kafka's client, and where Kafka has put it."""

    at: float
    receipt: Any


class Meetings:
    """Meetings in which something happens once a second each."""

    def __init__(self, vori: Vori, count: int) -> None:
        self._vori = vori
        database = Database(vori.database_url)
        with database.unit_of_work(None) as uow:
            self.group_id = uow.groups.add("Benchmark").id or 0
            self._ids = [uow.meetings.add(self.group_id, title=f"Meeting {n}").id or 0 for n in range(count)]
        database.close()

    def talk(self, seconds: float) -> list[Sent]:
        """Send one event a second of each meeting, evenly spread; one of twenty is a ticket."""
        producer = KafkaProducer(bootstrap_servers=self._vori.kafka, acks="all", enable_idempotence=True, linger_ms=5)
        count, sent = len(self._ids), []
        began = time.monotonic()
        for number in range(int(seconds * count)):
            wait_s = began + number / count - time.monotonic()
            if wait_s > 0.001:
                time.sleep(wait_s)
            event = self._event(number)
            value = event.model_dump_json().encode()
            at = time.time()
            sent.append(Sent(at, producer.send(event.topic, key=event.key.encode(), value=value)))
        producer.flush(timeout=60)
        producer.close()
        return sent

    def _event(self, number: int) -> topics.Event:
        place = {"group_id": self.group_id, "groupId": self.group_id, "meetingId": self._ids[number % len(self._ids)]}
        turn = number // len(self._ids)
        if (number + turn) % TICKET_EVERY == 0:
            now = utc_now()
            payload = TicketPayload(ticketId=number + 1, title="Look", status="TODO", createdAt=now, updatedAt=now)
            return TicketCreated(**place, ticket=payload, actor="benchmark")
        words = {"transcript": SENTENCE, "startS": float(turn), "endS": turn + 0.9, "language": "en"}
        return TranscriptionCompleted(**place, segmentId=number + 1, speaker=f"Speaker {turn % 4}", **words)

    def count_rows(self) -> int:
        """Events that the tables have counted so far."""
        query = "SELECT coalesce(sum(events), 0) FROM {} WHERE group_id = %s"
        with psycopg2.connect(self._vori.database_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT set_config('vori.group_ids', '*', false)")
            total = 0
            for table in ("speech_metrics", "ticket_metrics"):
                cursor.execute(query.format(table), (self.group_id,))
                total += int(cursor.fetchone()[0])
        return total


Offsets = dict[str, dict[str, int]]


@dataclass(slots=True)
class BatchWatch:
    """Notes when each micro-batch was seen committed, and how far in Kafka it reached. A thread of its own."""

    vori: Vori
    seen: list[tuple[float, Offsets]] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> BatchWatch:
        self._thread = threading.Thread(target=self._watch, name="batch-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        connection = psycopg2.connect(self.vori.database_url)
        connection.autocommit = True
        last = -1
        with connection.cursor() as cursor:
            while not self._stopped.wait(BATCH_POLL_S):
                cursor.execute("SELECT batch_id FROM stream_batches WHERE query = 'metrics'")
                row = cursor.fetchone()
                if row is not None and row[0] > last:
                    at, last = time.time(), row[0]
                    self.seen.append((at, self._reached(last)))
        connection.close()

    def _reached(self, batch_id: int) -> Offsets:
        """Spark writes a batch's end offsets to the checkpoint before it begins the batch: the last line of a file."""
        path = self.vori.home / "checkpoints" / "metrics" / "offsets" / str(batch_id)
        return json.loads(path.read_text().splitlines()[-1])

    def latencies_s(self, sent: Sequence[Sent]) -> list[float]:
        """For each event: from its sending to the moment when its batch was seen committed, at most 20 ms late."""
        return [latency for one in sent if (latency := self._latency_s(one)) is not None]

    def _latency_s(self, one: Sent) -> float | None:
        place = one.receipt.get(timeout=60)
        for at, reached in self.seen:
            if reached.get(place.topic, {}).get(str(place.partition), -1) > place.offset:
                return at - one.at
        return None


# -- many boards


class Boards:
    """WebSockets that follow one group, as open boards do; notes when each has heard of each version of a ticket."""

    def __init__(self, vori: Vori, group_id: int, count: int) -> None:
        self._address = f"ws{vori.url.removeprefix('http')}/ws/groups/{group_id}/events"
        self._headers = {"Authorization": f"Bearer {vori.token}"}
        self._count = count
        self._open = 0
        self.heard: dict[int, list[float]] = {}

    async def follow(self) -> None:
        """Open all boards and follow until cancelled."""
        gate = asyncio.Semaphore(20)
        await asyncio.gather(*(self._follow_one(gate) for _ in range(self._count)))

    async def wait_until_open(self) -> None:
        """Wait until each board has been greeted."""
        while self._open < self._count:
            await asyncio.sleep(0.05)

    async def _follow_one(self, gate: asyncio.Semaphore) -> None:
        async with gate:
            socket = await connect(self._address, additional_headers=self._headers, compression=None, open_timeout=60)
        async with socket:
            async for text in socket:
                at = time.monotonic()
                if '"hello"' in text:
                    self._open += 1
                elif '"ticket.updated"' in text:
                    version = json.loads(text)["payload"]["ticket"]["ticketVersion"]
                    self.heard.setdefault(version, []).append(at)


async def status_changes(vori: Vori, *, boards: int, changes: int, pause_s: float) -> list[list[float]]:
    """Change a ticket's status again and again; for each change the seconds until each board had heard of it.

    The first `WARM_CHANGES` open connections and fill caches, and are left out.
    """
    headers = {"Authorization": f"Bearer {vori.token}"}
    async with httpx.AsyncClient(base_url=vori.url, headers=headers, timeout=30) as client:
        group_id = (await client.post("/api/groups", json={"name": "Boards"})).json()["groupId"]
        ticket = (await client.post("/api/tickets", json={"groupId": group_id, "title": "Move me"})).json()
        open_boards = Boards(vori, group_id, boards)
        following = asyncio.create_task(open_boards.follow())
        await asyncio.wait_for(open_boards.wait_until_open(), timeout=120)
        asked: dict[int, float] = {}
        for number in range(WARM_CHANGES + changes):
            status = "DONE" if number % 2 else "IN_PROGRESS"
            at = time.monotonic()
            answer = await client.patch(f"/api/tickets/{ticket['ticketId']}", json={"status": status})
            version = answer.raise_for_status().json()["version"]
            if number >= WARM_CHANGES:
                asked[version] = at
            await asyncio.sleep(pause_s)
        await _wait_until_heard(open_boards, asked, boards)
        following.cancel()
    return [[at - asked[version] for at in open_boards.heard.get(version, [])] for version in asked]


async def _wait_until_heard(boards: Boards, asked: dict[int, float], count: int) -> None:
    deadline = time.monotonic() + 30
    while any(len(boards.heard.get(version, [])) < count for version in asked) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
