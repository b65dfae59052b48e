"""Dynamic batching of windows across sessions: who is decoded next, and together with whom.

    submit --prepare (thread)--> waiting windows --earliest deadline, same key--> decode (thread) --> answers

Finals are due when they come, partials a little later, so finals go first and nothing waits for ever. A worker that
becomes free takes what waits at once; only a window that comes to an idle worker waits for company. This module
knows nothing of Ray or Whisper: it is given a `prepare` and a `decode` that block.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from vori_ray.errors import BadInputError, OverloadedError, UnavailableError
from vori_ray.speech.windows import WindowRequest, WindowResult

logger = logging.getLogger(__name__)

LOAD_WINDOW_S = 10.0


class HasKey(Protocol):
    """A prepared window: windows of equal keys can be decoded together."""

    @property
    def key(self) -> object:
        """The key."""


Prepared = TypeVar("Prepared", bound=HasKey)


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """`max_windows` decoded together, `wait_s` for company, `parallel` batches at once, `max_waiting` in the queue."""

    max_windows: int = 4
    wait_s: float = 0.01
    partial_slack_s: float = 0.25
    parallel: int = 1
    max_waiting: int = 256


@dataclass(slots=True)
class BatchStats:
    """Counts since the start. `load` is the share of the last ten seconds in which the workers were busy."""

    windows: int = 0
    batches: int = 0
    refused: int = 0
    failed: int = 0
    waiting: int = 0
    audio_s: float = 0.0
    decode_s: float = 0.0
    load: float = 0.0


@dataclass(order=True, slots=True)
class _Waiting(Generic[Prepared]):
    due: float
    number: int
    item: Prepared = field(compare=False)
    duration_s: float = field(compare=False)
    answer: asyncio.Future[WindowResult] = field(compare=False)


class Batcher(Generic[Prepared]):
    """Batches the windows of one model. Create and use it on one event loop; `close` when done."""

    def __init__(
        self,
        *,
        prepare: Callable[[WindowRequest], Prepared],
        decode: Callable[[Sequence[Prepared]], list[WindowResult]],
        options: BatchOptions | None = None,
        on_batch: Callable[[int, float], None] | None = None,
    ) -> None:
        self._prepare, self._decode, self._options = prepare, decode, options or BatchOptions()
        self._on_batch = on_batch
        self._waiting: list[_Waiting[Prepared]] = []
        self._numbers = itertools.count()
        self._arrived = asyncio.Event()
        self._threads = ThreadPoolExecutor(self._options.parallel, thread_name_prefix="decode")
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="features")
        self._workers: list[asyncio.Task[None]] = []
        self._busy: deque[tuple[float, float]] = deque()
        self._running_since: dict[int, float] = {}
        self._stats = BatchStats()

    @property
    def stats(self) -> BatchStats:
        """A view of the counts."""
        self._stats.waiting = len(self._waiting)
        self._stats.load = self._load()
        return self._stats

    @property
    def longest_running_s(self) -> float:
        """For how long the oldest decode has been running; a large figure means a stuck device."""
        now = time.monotonic()
        return max((now - since for since in self._running_since.values()), default=0.0)

    async def submit(self, request: WindowRequest) -> WindowResult:
        """Decode one window. Raises OverloadedError when the queue is full, BadInputError, UnavailableError."""
        if len(self._waiting) >= self._options.max_waiting:
            self._stats.refused += 1
            raise OverloadedError(f"{len(self._waiting)} windows wait already, at most {self._options.max_waiting} may")
        self._start_workers()
        loop = asyncio.get_running_loop()
        due = loop.time() + (0.0 if request.is_final else self._options.partial_slack_s)
        item = await loop.run_in_executor(self._preparing, self._prepare, request)
        waiting = _Waiting(due, next(self._numbers), item, request.duration_s, loop.create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        try:
            return await waiting.answer
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def close(self) -> None:
        """Stop the workers; windows that wait get UnavailableError."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for waiting in self._waiting:
            if not waiting.answer.done():
                waiting.answer.set_exception(UnavailableError("the recogniser is shutting down"))
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._preparing.shutdown(wait=False, cancel_futures=True)

    def _start_workers(self) -> None:
        if not self._workers:
            self._workers = [asyncio.create_task(self._work(number)) for number in range(self._options.parallel)]

    async def _work(self, number: int) -> None:
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                if len(self._waiting) < self._options.max_windows and self._options.wait_s:
                    await asyncio.sleep(self._options.wait_s)
            batch = self._choose()
            if batch:
                await self._run(number, batch)

    def _choose(self) -> list[_Waiting[Prepared]]:
        """The window that is due first, and those of its key that are due next."""
        self._waiting = sorted(waiting for waiting in self._waiting if not waiting.answer.done())
        if not self._waiting:
            return []
        key = self._waiting[0].item.key
        batch = [waiting for waiting in self._waiting if waiting.item.key == key][: self._options.max_windows]
        chosen = {waiting.number for waiting in batch}
        self._waiting = [waiting for waiting in self._waiting if waiting.number not in chosen]
        return batch

    async def _run(self, number: int, batch: list[_Waiting[Prepared]]) -> None:
        started = self._running_since[number] = time.monotonic()
        try:
            await self._answer(batch)
        finally:
            ended = time.monotonic()
            self._running_since.pop(number, None)
            self._busy.append((started, ended))
            self._forget_before(ended - LOAD_WINDOW_S)
            self._stats.batches += 1
            self._stats.decode_s += ended - started
            if self._on_batch:
                self._on_batch(len(batch), ended - started)

    async def _answer(self, batch: list[_Waiting[Prepared]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._threads, self._decode, [waiting.item for waiting in batch])
        except Exception as exc:
            await self._answer_failure(batch, exc)
            return
        for waiting, result in zip(batch, results, strict=True):
            self._stats.windows += 1
            self._stats.audio_s += waiting.duration_s
            if not waiting.answer.done():
                waiting.answer.set_result(result)

    async def _answer_failure(self, batch: list[_Waiting[Prepared]], exc: Exception) -> None:
        """Decode the windows of a failed batch one by one, so that a bad one (or a full GPU) fails alone."""
        logger.warning("a batch of %d windows failed: %r", len(batch), exc)
        if len(batch) > 1:
            for waiting in batch:
                await self._answer([waiting])
            return
        self._stats.failed += 1
        if not batch[0].answer.done():
            known = isinstance(exc, BadInputError)
            batch[0].answer.set_exception(exc if known else UnavailableError(f"the recogniser failed: {exc!r}"))

    def _load(self) -> float:
        now = time.monotonic()
        begin = now - LOAD_WINDOW_S
        self._forget_before(begin)
        running = [(since, now) for since in self._running_since.values()]
        busy_s = sum(ended - max(started, begin) for started, ended in [*self._busy, *running])
        return min(1.0, busy_s / (LOAD_WINDOW_S * self._options.parallel))

    def _forget_before(self, begin: float) -> None:
        """Drop the batches that had ended by then: there is one many times a second, for months."""
        while self._busy and self._busy[0][1] <= begin:
            self._busy.popleft()
