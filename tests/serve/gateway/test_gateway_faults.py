"""The service on a real Ray, through HAProxy: a demo meeting's beginning, and replicas killed while it is spoken.

"Nothing lost" is checked on the sound itself: what the journal holds is what was sent. "Nothing twice" on the words:
they are those of a run without a fault. The sound is played faster than life, for then the cadence of interim decodes
does not follow the machine's load; where decodes are dropped all the same, words may differ, and the run is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.serve.gateway.conftest import Service, deploy
from vori_ray.client import VoriClient
from vori_ray.client.sound import read_pcm
from vori_ray.errors import NotFoundError, UnauthenticatedError
from vori_ray.speech.journal import durable_samples, read_samples, session_folder

pytestmark = pytest.mark.serve

SPEED = 2.0
KILL_AFTER_S = 3.0
DEADLINE_S = 240.0


@dataclass
class Run:
    """What came of one streamed meeting."""

    meeting_id: int
    session_id: str = ""
    finals: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    duration_s: float = 0.0

    @property
    def words(self) -> list[str]:
        return [word["word"] for final in self.finals for word in final["words"]]


async def stream(service: Service, recording: Path, *, fault: Callable[[], None] | None = None) -> Run:
    """Speak the recording into a new meeting; `fault` strikes in the middle of a sentence."""
    with service.client() as client:
        run = Run(client.create_meeting(service.group_id, "Faults", language="en")["meetingId"])
        async with asyncio.timeout(DEADLINE_S):
            async for message in client.stream_file(
                run.meeting_id, recording, language="en", speed=SPEED, patience_s=120
            ):
                note(run, message)
                if fault is not None and message["received_s"] > KILL_AFTER_S and message["type"] == "interim":
                    fault()
                    fault = None
        assert fault is None, "the fault never struck"
        check(service, client, run, recording)
    return run


def note(run: Run, message: dict[str, Any]) -> None:
    if message["type"] == "ready":
        run.session_id = message["session_id"]
        run.connections += 1
    elif message["type"] == "final" and message["text"]:
        run.finals.append(message)
    elif message["type"] == "stopped":
        run.duration_s = message["duration_s"]


def check(service: Service, client: VoriClient, run: Run, recording: Path) -> None:
    """The sound is whole, and every settled word was given once and is in the transcript."""
    sent = b"".join(read_pcm(recording))
    folder = session_folder(str(service.home / "audio"), run.session_id)
    assert read_samples(folder, 0, durable_samples(folder)).tobytes() == sent
    assert run.duration_s == pytest.approx(len(sent) / 32_000, abs=0.04)
    segments = client.transcript(run.meeting_id)["segments"]
    assert [final["segment_id"] for final in run.finals] == [segment["segment_id"] for segment in segments]
    assert [final["text"] for final in run.finals] == [segment["text"] for segment in segments]
    ends = [word["end_s"] for final in run.finals for word in final["words"]]
    assert ends == sorted(ends)


@pytest.fixture(scope="module")
def words(service: Service, recording: Path) -> list[str]:
    """The words of a run without a fault."""
    return asyncio.run(stream(service, recording)).words


def kill(service: Service, deployment: str) -> Callable[[], None]:
    def strike() -> None:
        pids = service.pids(deployment)
        assert pids, f"no replica of {deployment} was found"
        for pid in pids:
            psutil.Process(pid).kill()

    return strike


def test_the_beginning_of_the_demo_meeting_is_heard(words: list[str]) -> None:
    heard = " ".join(words).lower()
    assert len(words) >= 20
    assert "good morning" in heard
    assert "planning" in heard


@pytest.mark.parametrize("deployment", ["Transcriber", "Gateway"])
async def test_a_killed_replica_loses_nothing_and_says_nothing_twice(
    service: Service, recording: Path, words: list[str], deployment: str
) -> None:
    run = await stream(service, recording, fault=kill(service, deployment))
    assert run.words == words
    assert run.connections == (2 if deployment == "Gateway" else 1)


async def test_a_replica_that_serve_replaces_moves_its_clients(
    service: Service, recording: Path, words: list[str]
) -> None:
    loop, waiting = asyncio.get_running_loop(), []
    env = service.env | {"VORI_TEST_VERSION": "1"}
    run = await stream(
        service,
        recording,
        fault=lambda: waiting.append(loop.run_in_executor(None, deploy, service.ray, env)),
    )
    await asyncio.gather(*waiting)
    assert run.words == words


async def test_words_reach_the_group_as_events_while_they_are_spoken(service: Service, recording: Path) -> None:
    with service.client() as client:
        after = client.last_seq(service.group_id)
        listening = asyncio.create_task(first_words(client.events(service.group_id, after_seq=after)))
        run = await stream(service, recording)
        async with asyncio.timeout(DEADLINE_S):
            event = await listening
    assert event["payload"]["meetingId"] == run.meeting_id
    assert event["payload"]["transcript"] == run.finals[0]["text"]


async def first_words(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    async for event in events:
        if event["topic"] == "transcription.completed" and not event["payload"]["isPartial"]:
            return event
    raise AssertionError("the events ended")


async def test_an_ended_meeting_has_its_minutes_and_ending_it_again_changes_nothing(
    service: Service, recording: Path
) -> None:
    run = await stream(service, recording)
    with service.client() as client:
        first = await asyncio.to_thread(client.end_meeting, run.meeting_id)
        client.wait_until_extracted(run.meeting_id, timeout_s=DEADLINE_S)
        again = client.end_meeting(run.meeting_id)
        assert client.minutes(run.meeting_id)["markdown"]
        assert again["tickets"] == client.tickets(meeting_id=run.meeting_id)
    assert first["meetingId"] == run.meeting_id


async def test_refusals_come_through_the_proxy_as_they_are(service: Service) -> None:
    with service.client() as client:
        meeting_id = client.create_meeting(service.group_id, "Refusals")["meetingId"]
    for path in (f"/ws/meetings/{meeting_id}/audio", f"/ws/groups/{service.group_id}/events"):
        for headers, status in (({}, 401), (bearer("wrong"), 401), (bearer(service.stranger), 404)):
            with pytest.raises(InvalidStatus) as refusal:
                await connect("ws" + service.url.removeprefix("http") + path, additional_headers=headers)
            assert refusal.value.response.status_code == status
    with VoriClient(service.url, "wrong") as client, pytest.raises(UnauthenticatedError):
        client.groups()
    with VoriClient(service.url, service.stranger) as client, pytest.raises(NotFoundError):
        client.transcript(meeting_id)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
