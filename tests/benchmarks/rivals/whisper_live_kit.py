"""WhisperLiveKit (github.com/QuentinFuxa/WhisperLiveKit, Apache-2.0): its audio processor, as its server opens one.

Its defaults: its Silero voice controller, sound taken as it comes, beam 5, the text before the buffer as prompt, the
buffer trimmed at segments beyond 15 s, frames of 0.1 s. Set differently here: the model, and with it the policy. The
default (SimulStreaming) needs a PyTorch decoder, and our model is for CTranslate2 only, so this is the other one,
LocalAgreement with faster-whisper, which chooses device and type itself. Its warm-up file would be downloaded; silence
is decoded instead. One thread for a decode, unless --threads says otherwise.

Settled are the words of its lines; its buffer is not. The lag is the sound that came after the last finished pass had
begun, and nothing while it waits for none, as in a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import numpy as np

from tests.benchmarks.rivals.program import RATE, Stage, run


class Kit:
    """One session of its server."""

    frame = RATE // 10

    def __init__(self, arguments: argparse.Namespace, stage: Stage) -> None:
        self._stage, self._sent_s, self._until_s, self._is_busy = stage, 0.0, 0.0, False
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._processor, results = self._wait(_open(arguments))
        self._watch(self._processor.transcription)
        self._reading = asyncio.run_coroutine_threadsafe(self._read(results), self._loop)

    @property
    def lag_s(self) -> float:
        """Sound that no finished pass has seen, if there is any for it to see."""
        is_waiting = self._is_busy or not self._processor.transcription_queue.empty()
        return self._stage.due_s - (self._until_s if is_waiting else self._sent_s)

    def hear(self, samples: np.ndarray) -> None:
        """As its browser page can send it: raw int16."""
        self._wait(self._processor.process_audio(samples.tobytes()))
        self._sent_s += len(samples) / RATE

    def finish(self) -> None:
        """An empty message is the end; its results end when all has been decoded."""
        self._wait(self._processor.process_audio(b""))
        self._reading.result()

    async def _read(self, results: AsyncIterator[Any]) -> None:
        settled = 0
        async for front in results:
            words = " ".join(line.text or "" for line in front.lines).split()
            self._stage.settle(" ".join(words[settled:]))
            settled = max(settled, len(words))

    def _watch(self, transcription: Any) -> None:
        """Note what each pass over the sound has seen."""
        process = transcription.process_iter

        def watched() -> Any:
            begun_s, self._is_busy = self._processor.total_pcm_samples / RATE, True
            try:
                return process()
            finally:
                self._until_s, self._is_busy = begun_s, False

        transcription.process_iter = watched

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _open(arguments: argparse.Namespace) -> tuple[Any, AsyncIterator[Any]]:
    from whisperlivekit import AudioProcessor, TranscriptionEngine

    engine = TranscriptionEngine(
        backend="faster-whisper",
        backend_policy="localagreement",
        model_path=arguments.model,
        lan=arguments.language,
        pcm_input=True,
        warmup_file="",
    )
    engine.asr.transcribe(np.zeros(2 * RATE, np.float32))
    processor = AudioProcessor(transcription_engine=engine)
    return processor, await processor.create_tasks()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    run(Kit, __doc__)
