"""The bundled demo meetings: played one track a speaker, as if all had a microphone, and measured."""

from __future__ import annotations

import asyncio
import json
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from vori_ray.client import VoriClient

BEFORE_S, AFTER_S = 0.1, 0.25
"""Sound around an utterance that belongs to its speaker's track."""

SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class HeardFinal:
    """A final of the protocol, and when it came on the recording's clock, in seconds."""

    message: dict[str, Any]
    at_s: float
    end_s: float


class Recording:
    """One demo meeting with its ground truth."""

    def __init__(self, language: str) -> None:
        self.language = language
        folder = resources.files("vori_ray") / "data" / "meetings"
        self._sound = folder / f"meeting-{language}.flac"
        self.truth: dict[str, Any] = json.loads((folder / f"meeting-{language}.json").read_text(encoding="utf-8"))

    async def play(
        self, client: VoriClient, meeting_id: int, *, speed: float, show: Callable[[dict[str, Any]], None]
    ) -> list[HeardFinal]:
        """Play all speakers' tracks at once; returns the finals in the order in which they were spoken."""
        heard: list[HeardFinal] = []

        async def speak(speaker: str, track: Path) -> None:
            offset_s = 0.0
            stream = client.stream_file(meeting_id, track, language=self.language, speaker=speaker, speed=speed)
            async for message in stream:
                offset_s = message.get("offset_s", offset_s)
                if message["type"] == "final":
                    heard.append(HeardFinal(message, message["received_s"] * speed, message["end_s"] - offset_s))
                show(message)

        with tempfile.TemporaryDirectory() as folder:
            tracks = self.write_tracks(Path(folder))
            await asyncio.gather(*(speak(speaker, track) for speaker, track in tracks.items()))
        return sorted(heard, key=lambda final: final.end_s)

    def write_tracks(self, folder: Path) -> dict[str, Path]:
        """One WAV file a speaker, each as long as the meeting and silent while others speak."""
        from vori_ray.speech.audio import decode_file

        with resources.as_file(self._sound) as path:
            sound = decode_file(path)
        tracks: dict[str, np.ndarray[Any, np.dtype[np.int16]]] = {}
        for utterance in self.truth["utterances"]:
            track = tracks.setdefault(utterance["speaker"], np.zeros_like(sound))
            start, end = utterance["start"] - BEFORE_S, utterance["end"] + AFTER_S
            piece = slice(max(0, int(start * SAMPLE_RATE)), int(end * SAMPLE_RATE))
            track[piece] = sound[piece]
        return {speaker: _write(folder / f"{speaker}.wav", track) for speaker, track in tracks.items()}

    def measure(self, heard: list[HeardFinal]) -> dict[str, Any]:
        """Error rate against the truth, and how long words and whole utterances took to be settled, in seconds."""
        from vori_ray.speech import scoring

        spoken = [word for utterance in self.truth["utterances"] for word in utterance["words"]]
        truth = [scoring.TimedWord(text, end_s) for text, _, end_s in spoken]
        settled = [scoring.TimedWord(word["word"], final.at_s) for final in heard for word in final.message["words"]]
        said, written = (" ".join(word.text for word in words) for words in (truth, settled))
        endings = [final.at_s - final.end_s for final in heard if final.message["is_last"]]
        return {
            "error_rate": round(scoring.error_rate(said, written, self.language), 4),
            "error_kind": scoring.error_kind(self.language),
            "word_latency_s": scoring.percentiles(scoring.word_latencies(truth, settled, self.language)),
            "final_latency_s": scoring.percentiles(endings),
        }


def _write(path: Path, samples: np.ndarray[Any, np.dtype[np.int16]]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path
