"""Dynamic batching: keys, order, limits, failures. The decoder is a gate that the test opens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from vori_ray.errors import BadInputError, OverloadedError, UnavailableError
from vori_ray.speech import batching
from vori_ray.speech.batching import Batcher, BatchOptions
from vori_ray.speech.windows import SAMPLE_RATE, WindowRequest, WindowResult, Word

DEADLINE_S = 10.0


@dataclass(frozen=True)
class Item:
    request: WindowRequest

    @property
    def key(self) -> object:
        return (len(self.request.audio), self.request.beam_size)


class GatedDecoder:
    """Records batches and waits at a gate, as a busy device would."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[str]] = []
        self.broken: set[str] = set()

    def __call__(self, batch: Sequence[Item]) -> list[WindowResult]:
        names = [item.request.session_id for item in batch]
        self.batches.append(names)
        assert self.gate.wait(DEADLINE_S)
        if self.broken & set(names):
            raise RuntimeError("out of memory")
        return [WindowResult(words=(Word(name, 0, 1),), language="en", batch_windows=len(batch)) for name in names]


def request(name: str, *, seconds: float = 1.0, is_final: bool = False, beam_size: int = 1) -> WindowRequest:
    audio = np.zeros(int(seconds * SAMPLE_RATE), np.int16)
    return WindowRequest(audio=audio, start_s=0.0, session_id=name, is_final=is_final, beam_size=beam_size)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def decoder() -> GatedDecoder:
    return GatedDecoder()


@pytest.fixture
async def batcher(decoder: GatedDecoder) -> AsyncIterator[Batcher[Item]]:
    options = BatchOptions(max_windows=3, wait_s=0.0, max_waiting=6)
    made = Batcher(prepare=Item, decode=decoder, options=options)
    yield made
    decoder.gate.set()
    await made.close()


async def submit_behind_a_busy_device(
    batcher: Batcher[Item], decoder: GatedDecoder, requests: list[WindowRequest]
) -> list[WindowResult]:
    decoder.gate.clear()
    first = asyncio.create_task(batcher.submit(request("busy", seconds=9)))
    await until(lambda: decoder.batches == [["busy"]])
    tasks = [asyncio.create_task(batcher.submit(item)) for item in requests]
    await until(lambda: batcher.stats.waiting == len(requests))
    decoder.gate.set()
    await first
    return await asyncio.gather(*tasks)


async def test_each_caller_gets_its_own_answer(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    names = ["a", "b", "c"]
    answers = await submit_behind_a_busy_device(batcher, decoder, [request(name) for name in names])
    assert [answer.words[0].text for answer in answers] == names


async def test_windows_of_one_key_go_together_up_to_the_limit(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    requests = [request("a"), request("b", seconds=2), request("c"), request("d"), request("e")]
    await submit_behind_a_busy_device(batcher, decoder, requests)
    assert decoder.batches[1:] == [["a", "c", "d"], ["b"], ["e"]]


async def test_finals_go_first(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    requests = [request("partial"), request("final", seconds=2, is_final=True, beam_size=5)]
    await submit_behind_a_busy_device(batcher, decoder, requests)
    assert decoder.batches[1:] == [["final"], ["partial"]]


async def test_a_partial_does_not_wait_for_ever_behind_finals(decoder: GatedDecoder) -> None:
    batcher = Batcher(prepare=Item, decode=decoder, options=BatchOptions(max_windows=1, wait_s=0, partial_slack_s=0.0))
    requests = [request("partial"), request("late final", seconds=2, is_final=True)]
    await submit_behind_a_busy_device(batcher, decoder, requests)
    assert decoder.batches[1:] == [["partial"], ["late final"]]
    await batcher.close()


async def test_a_full_queue_refuses(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    decoder.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(request(f"{number}", seconds=number + 1))) for number in range(7)]
    await until(lambda: batcher.stats.waiting == 6)
    with pytest.raises(OverloadedError):
        await batcher.submit(request("one too many"))
    assert batcher.stats.refused == 1
    decoder.gate.set()
    await asyncio.gather(*tasks)


async def test_a_bad_window_fails_alone(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    decoder.broken = {"bad"}
    decoder.gate.clear()
    first = asyncio.create_task(batcher.submit(request("busy", seconds=9)))
    await until(lambda: len(decoder.batches) == 1)
    tasks = [asyncio.create_task(batcher.submit(request(name))) for name in ("a", "bad", "c")]
    await until(lambda: batcher.stats.waiting == 3)
    decoder.gate.set()
    await first
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[1], UnavailableError)
    assert [answer.words[0].text for answer in (answers[0], answers[2]) if isinstance(answer, WindowResult)] == [
        "a",
        "c",
    ]
    assert (await batcher.submit(request("after"))).words[0].text == "after"


async def test_a_window_that_cannot_be_prepared_says_so(decoder: GatedDecoder) -> None:
    def refuse(_: WindowRequest) -> Item:
        raise BadInputError("too long")

    batcher = Batcher(prepare=refuse, decode=decoder)
    with pytest.raises(BadInputError, match="too long"):
        await batcher.submit(request("a"))
    await batcher.close()


async def test_a_caller_that_gives_up_leaves_the_queue(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    decoder.gate.clear()
    first = asyncio.create_task(batcher.submit(request("busy")))
    await until(lambda: len(decoder.batches) == 1)
    gone = asyncio.create_task(batcher.submit(request("gone")))
    await until(lambda: batcher.stats.waiting == 1)
    gone.cancel()
    await until(lambda: batcher.stats.waiting == 0)
    decoder.gate.set()
    await first
    assert decoder.batches == [["busy"]]


async def test_closing_answers_those_who_wait(decoder: GatedDecoder) -> None:
    batcher = Batcher(prepare=Item, decode=decoder)
    decoder.gate.clear()
    first = asyncio.create_task(batcher.submit(request("busy")))
    await until(lambda: len(decoder.batches) == 1)
    waiting = asyncio.create_task(batcher.submit(request("waiting")))
    await until(lambda: batcher.stats.waiting == 1)
    await batcher.close()
    with pytest.raises(UnavailableError):
        await waiting
    decoder.gate.set()
    first.cancel()


async def test_stats_count(batcher: Batcher[Item], decoder: GatedDecoder) -> None:
    await submit_behind_a_busy_device(batcher, decoder, [request("a"), request("b")])
    stats = batcher.stats
    assert (stats.windows, stats.batches, stats.failed) == (3, 2, 0)
    assert stats.audio_s == 11.0
    assert 0.0 <= stats.load <= 1.0


async def test_old_batches_are_forgotten_though_nobody_asks_for_the_load(
    batcher: Batcher[Item], decoder: GatedDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "LOAD_WINDOW_S", 0.0)
    decoder.gate.set()
    for number in range(20):
        await batcher.submit(request(str(number)))
    assert len(batcher._busy) <= 1
