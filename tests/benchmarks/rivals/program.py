"""What the programs of rivals that take sound as it comes have in common.

Such a rival may run in an environment of its own, so only numpy and the standard library are imported here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

RATE = 16_000
LAG_SAMPLE_S = 0.25


class Rival(Protocol):
    """What plays here: it settles text on the stage that it was opened with."""

    frame: int
    """Samples that its own client sends at a time."""

    @property
    def lag_s(self) -> float:
        """Seconds of due sound that it has not processed."""

    def hear(self, samples: np.ndarray) -> None:
        """Take a frame of int16."""

    def finish(self) -> None:
        """The sound is over; return when all is settled."""


class Stage:
    """One stream at real time: its sound, what the rival settled when, and how far it lagged."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples
        self.settled: list[tuple[str, float]] = []
        self.lags_s: list[float] = []
        self._began = time.monotonic()
        self._is_over = False

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @property
    def due_s(self) -> float:
        """Seconds of sound that a microphone would have given by now."""
        return min(self.now_s, len(self.samples) / RATE)

    def settle(self, text: str) -> None:
        """The rival has just called these words final."""
        self.settled += [(word, self.now_s) for word in text.split()]

    def play(self, rival: Rival) -> None:
        """Give the rival each frame when its last sample is due; nobody waits for the rival but the rival itself."""
        self._began = time.monotonic()
        threading.Thread(target=self._watch, args=(rival,), daemon=True).start()
        for begin in range(0, len(self.samples), rival.frame):
            frame = self.samples[begin : begin + rival.frame]
            time.sleep(max(0.0, (begin + len(frame)) / RATE - self.now_s))
            rival.hear(frame)
        self._is_over = True
        rival.finish()

    def _watch(self, rival: Rival) -> None:
        while not self._is_over:
            self.lags_s.append(max(0.0, rival.lag_s))
            time.sleep(LAG_SAMPLE_S)


def run(opened: Callable[[argparse.Namespace, Stage], Rival], doc: str | None, *flags: str) -> None:
    """Load, wait, play, print; `flags` are switches of this rival."""
    arguments = _arguments(doc, flags)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    sys.path.insert(0, str(arguments.path))
    with _answers() as answers:
        stage = Stage(np.load(arguments.sound))
        rival = opened(arguments, stage)
        print("ready", file=answers, flush=True)
        sys.stdin.readline()
        stage.play(rival)
        print(json.dumps({"settled": stage.settled, "lags_s": stage.lags_s}), file=answers, flush=True)
    os._exit(0)  # a rival's threads may wait for a next stream for ever


def _arguments(doc: str | None, flags: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", type=Path, required=True, help="a copy of the rival")
    parser.add_argument("--model", required=True, help="a folder with a CTranslate2 model")
    parser.add_argument("--sound", type=Path, required=True, help="16 kHz mono int16 as .npy")
    parser.add_argument("--language", required=True)
    parser.add_argument("--threads", type=int, default=1, help="threads of one decode")
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def _answers() -> Any:
    """The real standard output; what a rival prints goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers
