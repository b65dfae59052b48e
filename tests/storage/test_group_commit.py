"""Group commit: company shares a transaction, a poisoned request stands alone, a lost database is waited for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from vori_ray.errors import BadInputError, OverloadedError, UnavailableError
from vori_ray.storage.group_commit import GroupCommit, Limits


class Ledger:
    """A database of rows in memory: all of a batch or nothing; it can be away, slow, or dislike a row."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.failures: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_reached = threading.Event()

    def commit(self, requests: Sequence[list[str]]) -> list[int]:
        self.is_reached.set()
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        rows = [row for request in requests for row in request]
        if "poison" in rows:
            raise BadInputError("Expected no poison.")
        self.transactions.append(rows)
        return [len(request) for request in requests]

    @property
    def rows(self) -> list[str]:
        return [row for rows in self.transactions for row in rows]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


def grouped(ledger: Ledger, thread: ThreadPoolExecutor, **limits: float) -> GroupCommit[list[str], int]:
    given = {"window_s": 0.005, "retry_s": 0.001} | limits
    return GroupCommit(ledger.commit, rows_of=len, executor=thread, limits=Limits(**given))  # type: ignore[arg-type]


async def test_company_shares_one_transaction(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread)
    results = await asyncio.gather(*(group.submit([f"{n}a", f"{n}b"]) for n in range(20)))
    assert results == [2] * 20
    assert len(ledger.transactions) == 1
    assert group.waiting_rows == 0


async def test_a_transaction_holds_no_more_than_its_limit(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread, max_rows=5)
    await asyncio.gather(*(group.submit([str(n)]) for n in range(12)))
    assert [len(rows) for rows in ledger.transactions] == [5, 5, 2]
    assert ledger.rows == [str(n) for n in range(12)]


async def test_a_request_larger_than_the_limit_goes_alone(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread, max_rows=2)
    assert await group.submit(["a", "b", "c"]) == 3


async def test_what_comes_during_a_commit_goes_into_the_next(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread)
    ledger.gate.clear()
    first = asyncio.create_task(group.submit(["first"]))
    assert await asyncio.to_thread(ledger.is_reached.wait, 10)
    others = [asyncio.create_task(group.submit([str(n)])) for n in range(3)]
    await asyncio.sleep(0)
    ledger.gate.set()
    await asyncio.gather(first, *others)
    assert ledger.transactions == [["first"], ["0", "1", "2"]]


@pytest.mark.parametrize("position", [0, 3, 6])
async def test_a_poisoned_request_fails_alone(ledger: Ledger, thread: ThreadPoolExecutor, position: int) -> None:
    group = grouped(ledger, thread)
    requests = [[str(n)] for n in range(7)]
    requests[position] = ["good", "poison"]
    results = await asyncio.gather(*map(group.submit, requests), return_exceptions=True)
    assert isinstance(results.pop(position), BadInputError)
    assert results == [1] * 6
    assert ledger.rows == [str(n) for n in range(7) if n != position]


async def test_a_database_that_comes_back_is_waited_for(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread)
    ledger.failures = [UnavailableError("away"), UnavailableError("still away")]
    assert await group.submit(["a"]) == 1
    assert ledger.transactions == [["a"]]


async def test_a_database_that_stays_away_is_told_to_all(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread, patience_s=0.0)
    ledger.failures = [UnavailableError("away")]
    results = await asyncio.gather(group.submit(["a"]), group.submit(["b"]), return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError, UnavailableError]
    assert await group.submit(["c"]) == 1
    assert ledger.rows == ["c"]


async def test_a_full_line_is_refused(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread, max_waiting_rows=3)
    ledger.gate.clear()
    waiting = asyncio.create_task(group.submit(["a", "b"]))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError, match="2 rows wait"):
        await group.submit(["c", "d"])
    ledger.gate.set()
    assert await waiting == 2
    assert await group.submit(["c", "d"]) == 2


async def test_a_caller_that_goes_leaves_the_others(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    group = grouped(ledger, thread)
    gone, stays = asyncio.create_task(group.submit(["gone"])), asyncio.create_task(group.submit(["stays"]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 1
    assert group.waiting_rows == 0
