"""The Transcriber deployment on a real Ray: batches of many sessions, and a replica killed while it decodes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray import serve
from ray.serve.handle import DeploymentHandle

from tests.speech.speech_support import MemorySink, demo_batcher, demo_recognizer, frames, load_meeting
from vori_ray.errors import BadInputError
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.model_card import read_model_card
from vori_ray.speech.ports import SessionConfig, Transcribe
from vori_ray.speech.recognizer import DEMO_DIRECTORY
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.transcriber import Transcriber, TranscriberOptions
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult

pytestmark = pytest.mark.serve
DEADLINE_S = 120.0
CARD = read_model_card(DEMO_DIRECTORY)


@pytest.fixture(scope="module")
def transcriber(local_ray: None) -> Iterator[DeploymentHandle]:
    options = TranscriberOptions(model="demo", device="cpu", compute_type="int8")
    yield serve.run(Transcriber.options(num_replicas=1).bind(options), name="speech", route_prefix=None)
    serve.delete("speech")


def sound(language: str = "en") -> Samples:
    return load_meeting(language)[0][: 20 * SAMPLE_RATE]


def remote(handle: DeploymentHandle) -> Transcribe:
    async def transcribe(request: WindowRequest) -> WindowResult:
        result: WindowResult = await handle.transcribe.remote(request)
        return result

    return transcribe


async def play(folder: Path, transcribe: Transcribe, sound: Samples) -> MemorySink:
    """Play sound at four times real time and settle it."""
    sink = MemorySink()
    live = LiveSession(
        SessionConfig("s1", language="auto", card=CARD, may_hurry=False),
        transcribe=transcribe,
        journal=FileJournal(session_folder(str(folder), "s1")),
        sink=sink,
    )
    await live.start(resume=False)
    begin = asyncio.get_running_loop().time()
    for number, frame in enumerate(frames(sound)):
        await asyncio.sleep(max(0.0, begin + number * 0.025 - asyncio.get_running_loop().time()))
        await live.feed(frame)
    await live.stop()
    return sink


def words(sink: MemorySink) -> list[tuple[str, float, float]]:
    return [
        (word["word"], word["start_s"], word["end_s"]) for message in sink.of_type("final") for word in message["words"]
    ]


async def undisturbed(folder: Path, sound: Samples) -> list[tuple[str, float, float]]:
    batcher = demo_batcher(demo_recognizer())
    sink = await play(folder, batcher.submit, sound)
    await batcher.close()
    return words(sink)


async def status(handle: DeploymentHandle) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        found: dict[str, Any] = await handle.status.remote()
        return found


async def test_words_through_ray_are_the_words_in_process(tmp_path: Path, transcriber: DeploymentHandle) -> None:
    sink = await play(tmp_path / "ray", remote(transcriber), sound())
    assert words(sink) == await undisturbed(tmp_path / "here", sound())
    assert (await status(transcriber))["windows"] > 10
    assert await transcriber.card.remote() == CARD


async def test_a_replica_killed_while_it_decodes_changes_no_word(tmp_path: Path, transcriber: DeploymentHandle) -> None:
    pid = (await status(transcriber))["pid"]
    asked = 0

    async def transcribe(request: WindowRequest) -> WindowResult:
        nonlocal asked
        asked += 1
        answer = transcriber.transcribe.remote(request)
        if asked == 3:
            os.kill(pid, signal.SIGKILL)
        result: WindowResult = await answer
        return result

    sink = await play(tmp_path / "killed", transcribe, sound())
    assert (await status(transcriber))["pid"] != pid, "another replica answers"
    assert words(sink) == await undisturbed(tmp_path / "here", sound())


async def test_sessions_are_decoded_together_and_do_not_mix(tmp_path: Path, transcriber: DeploymentHandle) -> None:
    sounds = {"en": sound("en"), "ko": sound("ko")}
    before = await status(transcriber)
    names = [f"{language}{number}" for language in sounds for number in range(3)]
    sinks = await asyncio.gather(
        *(play(tmp_path / name, remote(transcriber), sounds[name[:2]]) for name in names),
    )
    after = await status(transcriber)
    assert after["windows"] - before["windows"] > after["batches"] - before["batches"], "some windows shared a batch"
    for name, sink in zip(names, sinks, strict=True):
        first = sinks[names.index(f"{name[:2]}0")]
        assert words(sink) == words(first)


async def test_a_bad_request_is_refused_and_the_replica_lives(transcriber: DeploymentHandle) -> None:
    pid = (await status(transcriber))["pid"]
    window = WindowRequest(audio=sound()[:SAMPLE_RATE], start_s=0.0, language="xx")
    with pytest.raises(BadInputError, match="no language"):
        await transcriber.transcribe.remote(window)
    assert (await status(transcriber))["pid"] == pid


@pytest.mark.slow
async def test_replicas_killed_at_random_under_twenty_streams_change_no_word(
    tmp_path: Path, transcriber: DeploymentHandle
) -> None:
    options = TranscriberOptions(model="demo", device="cpu", compute_type="int8")
    handle = serve.run(Transcriber.options(num_replicas=2).bind(options), name="killed", route_prefix=None)
    sounds = {"en": sound("en"), "ko": sound("ko")}
    expected = {language: await undisturbed(tmp_path / language, sounds[language]) for language in sounds}
    killed: list[int] = []
    killing = asyncio.create_task(kill_at_random("killed", killed, random.Random(7)))
    names = [f"{language}{number}" for language in sounds for number in range(10)]
    sinks = await asyncio.gather(*(play(tmp_path / name, remote(handle), sounds[name[:2]]) for name in names))
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    assert len(killed) >= 2, "replicas were killed"
    assert {name: words(sink) for name, sink in zip(names, sinks, strict=True)} == {
        name: expected[name[:2]] for name in names
    }
    serve.delete("killed")


async def kill_at_random(application: str, killed: list[int], draw: random.Random) -> None:
    """Whenever both replicas run, kill one of them at a random time, until cancelled; `killed` notes which.

    On a slow machine a replica starts for longer than any fixed interval, and none would ever serve.
    """
    while True:
        await asyncio.sleep(draw.uniform(1.0, 5.0))
        if await asyncio.to_thread(running, application) < 2:
            continue
        replicas = [
            process.pid
            for process in psutil.Process().children(recursive=True)
            if f"ServeReplica:{application}:" in process.name() + " ".join(process.cmdline())
        ]
        if replicas:
            killed.append(draw.choice(sorted(replicas)))
            os.kill(killed[-1], signal.SIGKILL)


def running(application: str) -> int:
    """How many replicas of an application Serve counts as running; one that was just killed may be among them."""
    found = serve.status().applications[application].deployments["Transcriber"].replica_states
    return found.get("RUNNING", 0)
