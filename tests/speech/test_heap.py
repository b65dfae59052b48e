"""Holes in the heap go back to the system, once in a while."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from vori_ray.speech.heap import Heap, find_trim

BLOCK_BYTES = 100_000  # too small to be mapped by itself


def resident_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1000


@pytest.mark.skipif(sys.platform != "linux" or find_trim() is None, reason="needs glibc")
def test_holes_go_back_to_the_system() -> None:
    blocks = [np.ones(BLOCK_BYTES, np.uint8) for _ in range(2000)]
    del blocks[:-1]  # the last one holds the heap's end where it is
    before = resident_mb()
    assert Heap(every_s=0.0).give_back()
    assert resident_mb() < before - 50


def test_it_is_done_once_in_an_interval() -> None:
    asked: list[int] = []
    heap = Heap(every_s=3600.0, trim=lambda pad: asked.append(pad) or 1)
    assert not heap.give_back()
    eager = Heap(every_s=0.0, trim=lambda pad: asked.append(pad) or 1)
    assert eager.give_back()
    assert eager.give_back()
    assert asked == [0, 0]
