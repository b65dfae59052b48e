"""Group commit: requests of many callers go into one transaction. PURE apart from asyncio and one thread.

Knows nothing of what is committed: a blocking function takes a batch and answers with one result a request.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from vori_ray.errors import OverloadedError, UnavailableError

log = logging.getLogger(__name__)
Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a first request waits for company, how much goes into a transaction, how much may stand in line.

    `patience_s` is how long a batch is tried again while the database is away, at intervals from `retry_s` up to 2 s.
    """

    window_s: float = 0.01
    max_rows: int = 200
    max_waiting_rows: int = 20_000
    patience_s: float = 30.0
    retry_s: float = 0.1


@dataclass(slots=True)
class _Entry(Generic[Request, Result]):
    request: Request
    rows: int
    done: asyncio.Future[Result]


class GroupCommit(Generic[Request, Result]):
    """Collects requests and commits them together. One event loop owns it."""

    def __init__(
        self,
        commit: Callable[[Sequence[Request]], Sequence[Result]],
        *,
        rows_of: Callable[[Request], int],
        executor: Executor,
        limits: Limits | None = None,
    ) -> None:
        """`commit` runs in `executor`: all of a batch or nothing; one result a request, in order."""
        self._commit = commit
        self._rows_of = rows_of
        self._executor = executor
        self._limits = limits or Limits()
        self._line: deque[_Entry[Request, Result]] = deque()
        self._waiting_rows = 0
        self._worker: asyncio.Task[None] | None = None

    @property
    def waiting_rows(self) -> int:
        """Rows in line, those under way included."""
        return self._waiting_rows

    async def submit(self, request: Request) -> Result:
        """Commit a request; returns when it is durable.

        Raises OverloadedError when the line is full, UnavailableError when the database stays away, and what
        `commit` raises for this very request.
        """
        rows = self._rows_of(request)
        if self._waiting_rows + rows > self._limits.max_waiting_rows:
            raise OverloadedError(
                f"{self._waiting_rows} rows wait for the database; {self._limits.max_waiting_rows} are the limit."
            )
        entry: _Entry[Request, Result] = _Entry(request, rows, asyncio.get_running_loop().create_future())
        self._line.append(entry)
        self._waiting_rows += rows
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await entry.done

    async def _work(self) -> None:
        """Commit until the line is empty. While one batch is under way the next one gathers by itself."""
        await asyncio.sleep(self._limits.window_s)
        while self._line:
            batch = self._take()
            try:
                await self._settle(batch)
            finally:
                self._waiting_rows -= sum(entry.rows for entry in batch)

    def _take(self) -> list[_Entry[Request, Result]]:
        batch = [self._line.popleft()]
        rows = batch[0].rows
        while self._line and rows + self._line[0].rows <= self._limits.max_rows:
            rows += self._line[0].rows
            batch.append(self._line.popleft())
        return batch

    async def _settle(self, batch: Sequence[_Entry[Request, Result]]) -> None:
        """Commit a batch; one that is refused is halved until the request that is to blame stands alone."""
        try:
            results = await self._persist([entry.request for entry in batch])
        except Exception as exc:  # it goes to the caller, whatever it is
            if len(batch) > 1 and not isinstance(exc, UnavailableError):
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
                return
            for entry in batch:
                if not entry.done.done():
                    entry.done.set_exception(exc)
            return
        for entry, result in zip(batch, results, strict=True):
            if not entry.done.done():  # the caller may have gone
                entry.done.set_result(result)

    async def _persist(self, requests: Sequence[Request]) -> Sequence[Result]:
        loop = asyncio.get_running_loop()
        deadline, pause_s = loop.time() + self._limits.patience_s, self._limits.retry_s
        while True:
            try:
                return await loop.run_in_executor(self._executor, self._commit, requests)
            except UnavailableError as exc:
                if loop.time() + pause_s > deadline:
                    raise
                log.warning("Trying %d requests again in %.1f s: %s", len(requests), pause_s, exc)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)
