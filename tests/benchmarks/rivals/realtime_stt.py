"""RealtimeSTT (github.com/KoljaB/RealtimeSTT, MIT): its recorder, fed instead of listening to a microphone.

Its defaults: WebRTC's and Silero's voice detection open a recording, 0.6 s of silence, after 0.16 s to be sure, end it,
and it is decoded whole with beam 5 and batches of 16; frames of 512 samples. Set differently here: the model, the
device, int8, no spinner and no log file. Text while somebody speaks is off by default, and would not count: it is not
promised to stay. With --short-silence 0.2 s ends a recording, as the documentation of its constructor has it: between
the turns of our meetings there is seldom the 0.8 s that the default needs.

Settled is what text() returns. At the end of the sound an open recording is stopped, as by a user. The lag is the sound
in its queue, and that of recordings without a text: it is decoded only once a recording has ended, so until then all
that was said since its beginning waits. It runs with one thread for a decode unless --threads says otherwise.
"""

from __future__ import annotations

import argparse
import logging
import os
import threading
import time
from collections import deque

import numpy as np

from tests.benchmarks.rivals.program import RATE, Stage, run


class Recorder:
    """One recorder and the loop that its documentation shows."""

    frame = 512

    def __init__(self, arguments: argparse.Namespace, stage: Stage) -> None:
        from RealtimeSTT import AudioToTextRecorder

        self._stage = stage
        self._waiting: deque[float] = deque()  # when each recording without a text began
        self._recorder = AudioToTextRecorder(
            model=arguments.model,
            language=arguments.language,
            device="cpu",
            compute_type="int8",
            use_microphone=False,
            spinner=False,
            no_log_file=True,
            level=logging.ERROR,
            **({"post_speech_silence_duration": 0.2} if arguments.short_silence else {}),
            on_recording_start=lambda: self._waiting.append(stage.now_s),
        )
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def lag_s(self) -> float:
        """Frames in its queue, and the age of the oldest recording without a text."""
        queued_s = self._recorder.audio_queue.qsize() * self.frame / RATE
        waiting = list(self._waiting)
        return queued_s + (self._stage.now_s - waiting[0] if waiting else 0.0)

    def hear(self, samples: np.ndarray) -> None:
        """As its microphone would give it."""
        self._recorder.feed_audio(samples)

    def finish(self) -> None:
        """Stop what is being recorded, and wait for all texts."""
        while self._recorder.is_recording or not self._recorder.audio_queue.empty() or self._waiting:
            if self._recorder.is_recording and self._recorder.audio_queue.empty():
                self._recorder.stop()
            time.sleep(0.02)

    def _listen(self) -> None:
        while True:
            self._stage.settle(self._recorder.text())
            self._waiting.popleft()


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"  # its semaphores end with the process, not before it
    run(Recorder, __doc__, "--short-silence")
