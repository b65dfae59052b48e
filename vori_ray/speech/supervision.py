"""Owns the tasks of one session: the first failure wakes and reaches whoever waits next. And a thread to read in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class Supervisor:
    """Tasks with one owner. Call `changed` whenever something happens that somebody may wait for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()
        self.failure: BaseException | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine as a task of ours."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return task

    def changed(self) -> None:
        """Let every waiter look again."""
        self._change.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; raises the first failure of a task, before or meanwhile."""
        while True:
            if self.failure is not None:
                raise self.failure
            if condition():
                return
            self._change.clear()
            await self._change.wait()

    async def cancel(self) -> None:
        """End every task and wait for it."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.failure = self.failure or failure
        self._change.set()


async def in_thread(items: Iterable[T], *, ahead: int = 4) -> AsyncGenerator[T, None]:
    """Iterate over something that blocks, in a daemon thread of its own, `ahead` items ahead at most.

    The event loop's default threads are few and serve the disk; a stream that blocks for an hour must not take one.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[list[T], BaseException | None]] = asyncio.Queue(ahead)
    is_closed = threading.Event()

    def hand_over(found: list[T], end: BaseException | None) -> None:
        if not is_closed.is_set():
            asyncio.run_coroutine_threadsafe(queue.put((found, end)), loop).result()

    def read() -> None:
        try:
            for item in items:
                hand_over([item], None)
            hand_over([], StopAsyncIteration())
        except Exception as exc:
            hand_over([], exc)

    threading.Thread(target=read, name="reader", daemon=True).start()
    try:
        while True:
            found, end = await queue.get()
            if isinstance(end, StopAsyncIteration):
                return
            if end is not None:
                raise end
            yield found[0]
    finally:
        is_closed.set()
        while not queue.empty():
            queue.get_nowait()
