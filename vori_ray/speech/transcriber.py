"""Serve deployment "Transcriber": one loaded model, windows of all sessions batched together.

Stateless: everything that an answer depends on is in the request, so a killed replica costs a retry of one window.
Replicas share a GPU by fractions of `num_gpus`, or split cores by `cpu_threads`; the Serve config says how many.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import time
from dataclasses import dataclass
from typing import Any

from ray import serve
from ray.util.metrics import Counter, Gauge, Histogram

from vori_ray.errors import UnavailableError
from vori_ray.speech.batching import Batcher, BatchOptions
from vori_ray.speech.model_card import ModelCard
from vori_ray.speech.recognizer import PreparedWindow, Recognizer, RecognizerOptions
from vori_ray.speech.windows import WindowRequest, WindowResult

logger = logging.getLogger(__name__)

STUCK_S = 120.0
ACQUAINT_AFTER_S, ACQUAINT_EVERY_S, ACQUAINT_FOR_S = 30.0, 2.0, 5.0


@dataclass(frozen=True, slots=True)
class TranscriberOptions:
    """What a replica loads and how it batches. Plain values, so that they travel through Serve configs."""

    model: str = "demo"
    device: str = "auto"
    device_index: int = 0
    compute_type: str = "default"
    cpu_threads: int = 1
    parallel_batches: int = 1
    max_batch_windows: int = 4
    batch_wait_ms: int = 10
    max_waiting_windows: int = 256

    def recognizer_options(self) -> RecognizerOptions:
        """The part that concerns the model."""
        return RecognizerOptions(
            model=self.model,
            device=self.device,
            device_index=self.device_index,
            compute_type=self.compute_type,
            cpu_threads=self.cpu_threads,
            parallel_batches=self.parallel_batches,
        )

    def batch_options(self) -> BatchOptions:
        """The part that concerns the queue."""
        return BatchOptions(
            max_windows=self.max_batch_windows,
            wait_s=self.batch_wait_ms / 1000,
            parallel=self.parallel_batches,
            max_waiting=self.max_waiting_windows,
        )


@serve.deployment(name="Transcriber", max_ongoing_requests=512, health_check_period_s=5, graceful_shutdown_timeout_s=20)
class Transcriber:
    """Decodes windows. Ready when the model is loaded and has decoded every kind of window once."""

    def __init__(self, options: TranscriberOptions | None = None) -> None:
        self._options = options or TranscriberOptions()
        self._recognizer = Recognizer(self._options.recognizer_options())
        self._recognizer.warm_up()
        self._batcher: Batcher[PreparedWindow] | None = None
        self._acquainting: asyncio.Task[None] | None = None  # asyncio itself keeps no task alive
        self._metrics = _Metrics()
        logger.info("model %s on %s, %s", self.card().name, self._recognizer.device, self._recognizer.compute_type)

    async def transcribe(self, request: WindowRequest) -> WindowResult:
        """Decode one window. Raises OverloadedError, UnavailableError, BadInputError."""
        return await self._open_batcher().submit(request)

    def card(self) -> ModelCard:
        """What the model is good at."""
        return self._recognizer.card

    def status(self) -> dict[str, Any]:
        """Counts and load of this replica as plain data."""
        stats = dataclasses.asdict(self._batcher.stats) if self._batcher else {}
        return {
            **stats,
            "pid": os.getpid(),
            "model": self.card().name,
            "device": self._recognizer.device,
            "compute_type": self._recognizer.compute_type,
        }

    def check_health(self) -> None:
        """Raises when a decode has been running for two minutes: the device is stuck and Serve starts anew."""
        if self._batcher and self._batcher.longest_running_s > STUCK_S:
            raise UnavailableError(f"a decode has been running for {self._batcher.longest_running_s:.0f} s")

    def _open_batcher(self) -> Batcher[PreparedWindow]:
        if self._batcher is None:
            self._batcher = Batcher(
                prepare=self._recognizer.prepare,
                decode=self._recognizer.decode,
                options=self._options.batch_options(),
                on_batch=self._note_batch,
            )
            self._acquainting = asyncio.create_task(self._acquaint())
        return self._batcher

    async def _acquaint(self) -> None:
        """Encode every kind of batch once, at leisure: a replica that takes another's place is needed at once.

        CTranslate2's convolutions keep half a megabyte of code and buffers for every shape of a batch. They would else
        come one by one for hours, and look like a leak. `ACQUAINT_FOR_S` seconds of work at most.
        """
        await asyncio.sleep(ACQUAINT_AFTER_S)
        left_s = ACQUAINT_FOR_S
        for batch in self._recognizer.silent_batches(windows=self._options.max_batch_windows):
            if left_s <= 0:
                return
            started = time.monotonic()
            await asyncio.to_thread(self._recognizer.encode, batch)
            left_s -= time.monotonic() - started
            await asyncio.sleep(ACQUAINT_EVERY_S)

    def _note_batch(self, windows: int, decode_s: float) -> None:
        stats = self._open_batcher().stats
        self._metrics.windows.inc(windows)
        self._metrics.batch_windows.observe(windows)
        self._metrics.decode_s.observe(decode_s)
        self._metrics.waiting.set(stats.waiting)
        self._metrics.load.set(stats.load)
        self._metrics.real_time_factor.set(stats.decode_s / stats.audio_s if stats.audio_s else 0.0)


class _Metrics:
    """What a replica tells Ray's metrics agent."""

    def __init__(self) -> None:
        self.windows = Counter("vori_transcriber_windows_total", description="Windows decoded.")
        self.batch_windows = Histogram(
            "vori_transcriber_batch_windows", description="Windows in a batch.", boundaries=[1, 2, 4, 8, 16]
        )
        self.decode_s = Histogram(
            "vori_transcriber_decode_seconds",
            description="Time of one batch on the device.",
            boundaries=[0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
        )
        self.waiting = Gauge("vori_transcriber_waiting_windows", description="Windows in the queue.")
        self.load = Gauge("vori_transcriber_load", description="Share of the last ten seconds spent decoding.")
        self.real_time_factor = Gauge(
            "vori_transcriber_real_time_factor", description="Decode time over window time since the start."
        )
