"""WhisperLive (github.com/collabora/WhisperLive, MIT): its server's client, fed as its own client program feeds it.

Its defaults: all sound since the last completed segment is decoded again and again, at least 1 s of it; a segment is
completed when another follows it, or when the same text came out more than ten times; frames of 4096 samples, the voice
filter of faster-whisper, int8 and one thread on a CPU. Set differently here: the model. Its server's web socket is left
out: the object that stands for one connection is used directly, and what it sends is read as its own client reads it.

Settled is a segment sent with `completed`. Its client waits for 15 s without new text before it hangs up, and takes the
open segment then; so it is here. The lag is the sound beyond the end of the last decoded stretch; while it waits for a
first second of new sound it lags by nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from typing import Any

import numpy as np

from tests.benchmarks.rivals.program import RATE, Stage, run

HANG_UP_S = 15.0
MIN_CHUNK_S = 1.0


class Connection:
    """Stands for the web socket: takes the server's messages as its client does."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._end_s = 0.0
        self._open = ""
        self._last_text = ""
        self._changed = time.monotonic()

    def send(self, message: str) -> None:
        """Settle what is completed and new."""
        segments = json.loads(message).get("segments", [])
        for segment in segments:
            if segment["completed"] and float(segment["start"]) >= self._end_s:
                self._end_s = float(segment["end"])
                self._stage.settle(segment["text"])
        if segments and segments[-1]["text"] != self._last_text:
            self._last_text, self._changed = segments[-1]["text"], time.monotonic()
        self._open = "" if not segments or segments[-1]["completed"] else segments[-1]["text"]

    def hang_up(self) -> None:
        """Wait for more, then take what is still open."""
        while time.monotonic() - self._changed < HANG_UP_S:
            time.sleep(0.1)
        self._stage.settle(self._open)


class Live:
    """One client of its server."""

    frame = 4096

    def __init__(self, arguments: argparse.Namespace, stage: Stage) -> None:
        self._stage, self._connection, self._until_s = stage, Connection(stage), 0.0
        self._client = self._watched()(
            self._connection,
            language=arguments.language,
            model=arguments.model,
            single_model=True,
            same_output_threshold=10,  # its client's default, which overrules that of this class
        )
        list(self._client.transcriber.transcribe(np.zeros(2 * RATE, np.float32), language=arguments.language)[0])

    @property
    def lag_s(self) -> float:
        """Sound beyond what was decoded last."""
        return self._stage.due_s - self._until_s

    def hear(self, samples: np.ndarray) -> None:
        """As its client sends it: float32."""
        self._client.add_frames(samples.astype(np.float32) / 32768)

    def finish(self) -> None:
        """Hang up when nothing comes any more."""
        self._connection.hang_up()
        self._client.cleanup()

    def _watched(self) -> Any:
        """Its class for one client; each time that it fetches sound to decode, what it fetched before is done."""
        from whisper_live.backend.faster_whisper_backend import ServeClientFasterWhisper

        live = self

        class Watched(ServeClientFasterWhisper):  # type: ignore[misc]
            fetched_s = 0.0

            def get_audio_chunk_for_processing(self) -> tuple[np.ndarray, float]:
                live._until_s = self.fetched_s
                chunk, duration_s = super().get_audio_chunk_for_processing()
                self.fetched_s = self.frames_offset + len(self.frames_np) / RATE
                if duration_s < MIN_CHUNK_S:
                    live._until_s = self.fetched_s
                return chunk, duration_s

        return Watched


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    run(Live, __doc__)
