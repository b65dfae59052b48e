"""Gives the memory that the C library keeps between decodes back to the system.

The buffers of a decode come and go by the megabyte. They leave holes in the heap, and every few minutes one that fits
into none of them makes it longer: 30 MB of holes after half an hour, and a few more every hour. glibc gives whole
pages of a hole back when it is asked; with another C library nothing is done.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

EVERY_S = 30.0


def find_trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim, or None where the C library is another."""
    library: Any = ctypes.CDLL(None)
    return getattr(library, "malloc_trim", None)


class Heap:
    """This process's heap. Any thread may ask; asking takes up to 25 ms when it is time, and nothing before."""

    def __init__(self, *, every_s: float = EVERY_S, trim: Callable[[int], int] | None = None) -> None:
        """`trim` stands for the C library's malloc_trim."""
        self._every_s = every_s
        self._trim = trim or find_trim()
        self._lock = threading.Lock()
        self._due_at = time.monotonic() + every_s

    def give_back(self) -> bool:
        """Give the holes back if it is time; returns whether that was done."""
        if self._trim is None or time.monotonic() < self._due_at or not self._lock.acquire(blocking=False):
            return False
        try:
            self._trim(0)
            self._due_at = time.monotonic() + self._every_s
        finally:
            self._lock.release()
        return True
