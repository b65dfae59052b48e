"""Plays the demo meetings at real time into live sessions, in process, through a real batcher; measures what comes out.

Used by speech.py. One process holds everything: sessions, voice detection, journals on disk, and the model's threads.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vori_ray.speech.audio import decode_file
from vori_ray.speech.batching import Batcher, BatchOptions
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.ports import Draft, SessionConfig, SettledSegment, Transcribe
from vori_ray.speech.recognizer import DEMO_DIRECTORY, PreparedWindow, Recognizer, RecognizerOptions
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.scoring import TimedWord, error_rate, final_latencies, percentiles, settling_times, word_latencies
from vori_ray.speech.windows import SAMPLE_RATE, Samples

MEETINGS = DEMO_DIRECTORY.parent / "meetings"
FRAME_S = 0.1
LAG_SAMPLE_S = 0.25


@dataclass(frozen=True)
class Recording:
    """Sound with its truth: utterances of (word, true end in seconds)."""

    language: str
    samples: Samples
    utterances: list[list[TimedWord]]

    @property
    def text(self) -> str:
        """What was really said."""
        return " ".join(word.text for utterance in self.utterances for word in utterance)

    @property
    def words(self) -> list[TimedWord]:
        """All true words."""
        return [word for utterance in self.utterances for word in utterance]

    def repeated(self, seconds: float) -> Recording:
        """The recording again and again, to at least `seconds`, cut between utterances."""
        length_s = len(self.samples) / SAMPLE_RATE
        times = max(1, round(seconds / length_s + 0.5))
        utterances = [
            [TimedWord(word.text, word.at_s + turn * length_s) for word in utterance]
            for turn in range(times)
            for utterance in self.utterances
        ]
        return Recording(self.language, np.tile(self.samples, times), utterances).until(seconds)

    def until(self, seconds: float) -> Recording:
        """The utterances that end before `seconds`, and their sound."""
        kept = [utterance for utterance in self.utterances if utterance[-1].at_s < seconds - 0.5]
        end_s = min(seconds, kept[-1][-1].at_s + 0.5) if kept else 0.0
        return replace(self, samples=self.samples[: round(end_s * SAMPLE_RATE)], utterances=kept)

    def rotated(self, utterances: int) -> Recording:
        """The recording, beginning with another utterance, so that streams do not all say the same at once."""
        turn = utterances % len(self.utterances)
        if not turn:
            return self
        cut = round((self.utterances[turn - 1][-1].at_s + 0.1) * SAMPLE_RATE)
        shift_s, total_s = cut / SAMPLE_RATE, len(self.samples) / SAMPLE_RATE
        moved = [
            [TimedWord(word.text, (word.at_s - shift_s) % total_s) for word in utterance]
            for utterance in [*self.utterances[turn:], *self.utterances[:turn]]
        ]
        return replace(self, samples=np.concatenate([self.samples[cut:], self.samples[:cut]]), utterances=moved)


def load_recording(language: str) -> Recording:
    """A demo meeting."""
    truth = json.loads((MEETINGS / f"meeting-{language}.json").read_text(encoding="utf-8"))
    utterances = [[TimedWord(word, end_s) for word, _, end_s in said["words"]] for said in truth["utterances"]]
    return Recording(language, decode_file(MEETINGS / f"meeting-{language}.flac"), utterances)


class Notes:
    """What a benchmark notes of one stream: on disk, for the memory that is measured is to be the streams' alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8")

    def add(self, at_s: float, text: str = "") -> None:
        """Note a number, and a word with it."""
        self._file.write(f"{at_s!r} {text}\n")

    def rows(self) -> list[tuple[float, str]]:
        """All that was noted; no more can be."""
        self._file.close()
        lines = (line.partition(" ") for line in self._path.read_text(encoding="utf-8").splitlines())
        return [(float(at), text) for at, _, text in lines]


@dataclass
class Client:
    """A client that notes when each word came, in seconds since its stream began."""

    notes: Notes
    began: float = field(default_factory=time.monotonic)

    async def send(self, message: dict[str, Any]) -> None:
        """Take a message."""
        if message["type"] == "final":
            now = time.monotonic() - self.began
            for word in message["words"]:
                self.notes.add(now, word["word"])

    async def save_segment(self, segment: SettledSegment) -> int:
        """Nothing is stored here: the database is not what this measures."""
        return segment.utterance * 1000 + segment.part

    async def end_utterance(self, utterance: int) -> None:
        """Nothing is stored here."""

    async def save_draft(self, draft: Draft) -> None:
        """Forget it."""

    async def load_saved(self, utterance: int) -> Sequence[SettledSegment]:
        """Nothing is stored."""
        return []


@dataclass(frozen=True)
class Played:
    """What came of one stream. Latencies in seconds; lags were sampled four times a second."""

    recording: Recording
    settled: list[TimedWord]
    lags_s: list[float]
    wall_s: float
    began: float = 0.0

    @property
    def timed_lags(self) -> list[tuple[float, float]]:
        """(seconds since the start, lag), about."""
        return [(number * LAG_SAMPLE_S, lag_s) for number, lag_s in enumerate(self.lags_s)]

    @property
    def error_rate(self) -> float:
        """Errors over the truth's length."""
        return error_rate(self.recording.text, " ".join(word.text for word in self.settled), self.recording.language)

    @property
    def word_latencies(self) -> list[float]:
        """Of every word that was heard right."""
        return word_latencies(self.recording.words, self.settled, self.recording.language)

    @property
    def timed_latencies(self) -> list[tuple[float, float]]:
        """(true end, latency) of the same words."""
        times = settling_times(self.recording.words, self.settled, self.recording.language)
        ends = [word.at_s for word in self.recording.words]
        return [(ends[index], at_s - ends[index]) for index, at_s in times.items()]

    @property
    def final_latencies(self) -> list[float]:
        """Of each utterance's last word."""
        return final_latencies(self.recording.utterances, self.settled, self.recording.language)


class Rig:
    """A model with its batcher and a folder for journals."""

    def __init__(self, *, threads: int, parallel: int, max_windows: int) -> None:
        options = RecognizerOptions(device="cpu", compute_type="int8", cpu_threads=threads, parallel_batches=parallel)
        self.recognizer = Recognizer(options)
        self.recognizer.warm_up()
        for batch in self.recognizer.silent_batches(windows=max_windows):
            self.recognizer.encode(batch)
        self._batch_options = BatchOptions(max_windows=max_windows, parallel=parallel)
        self._sessions = 0

    @asynccontextmanager
    async def open(self, transcribe: Transcribe | None = None) -> AsyncIterator[Player]:
        """A player; its journals go with it. Windows go to the rig's own batcher or to `transcribe`."""
        batcher: Batcher[PreparedWindow] = Batcher(
            prepare=self.recognizer.prepare, decode=self.recognizer.decode, options=self._batch_options
        )
        with tempfile.TemporaryDirectory(prefix="vori-bench-") as folder:
            yield Player(self, batcher, folder, transcribe or batcher.submit)
        await batcher.close()


class Player:
    """Plays recordings through one batcher."""

    def __init__(self, rig: Rig, batcher: Batcher[PreparedWindow], folder: str, transcribe: Transcribe) -> None:
        self._rig, self.batcher, self._folder, self._transcribe = rig, batcher, folder, transcribe
        self._count = 0

    async def play(self, recording: Recording, *, speed: float | None = 1.0, **changes: Any) -> Played:
        """Play one stream at `speed` times real time; None plays as fast as the session takes it."""
        self._count += 1
        name = f"s{self._count}"
        config = SessionConfig(name, language=recording.language, card=self._rig.recognizer.card)
        client = Client(Notes(Path(self._folder, f"{name}.words")))
        live = LiveSession(
            replace(config, **changes),
            transcribe=self._transcribe,
            journal=FileJournal(session_folder(self._folder, name)),
            sink=client,
        )
        await live.start(resume=False)
        lags = Notes(Path(self._folder, f"{name}.lags"))
        sampling = asyncio.create_task(_sample_lag(live, lags))
        client.began = time.monotonic()
        for number, frame in enumerate(_frames(recording.samples), start=1):
            due = client.began + number * FRAME_S / speed if speed else 0.0
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await live.feed(frame)
        await live.stop()
        sampling.cancel()
        wall_s = time.monotonic() - client.began
        settled = [TimedWord(text, at_s) for at_s, text in client.notes.rows()]
        return Played(recording, settled, [lag_s for lag_s, _ in lags.rows()], wall_s, client.began)

    async def play_all(self, recordings: Sequence[Recording], **changes: Any) -> list[Played]:
        """Play streams at the same time, their starts spread over one second."""

        async def later(number: int, recording: Recording) -> Played:
            await asyncio.sleep(number / len(recordings))
            return await self.play(recording, **changes)

        return list(await asyncio.gather(*(later(number, item) for number, item in enumerate(recordings))))


def streams(count: int, seconds: float) -> list[Recording]:
    """Different stretches of both meetings, `seconds` long."""
    both = [load_recording("en"), load_recording("ko")]
    return [both[number % 2].rotated(3 * number).repeated(seconds) for number in range(count)]


def on_disk(recording: Recording, folder: Path) -> Recording:
    """The same recording with its sound in a file, so that it takes none of the memory that is measured."""
    path = folder / f"{len(list(folder.iterdir()))}.npy"
    np.save(path, recording.samples)
    return replace(recording, samples=np.load(path, mmap_mode="r"))


def own_mb() -> float:
    """Resident memory of this process that stands in no file, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1000


def together(values: Sequence[Sequence[float]]) -> dict[str, float | int | None]:
    """Percentiles over several streams."""
    return percentiles([value for one in values for value in one])


async def _sample_lag(live: LiveSession, lags: Notes) -> None:
    while True:
        lags.add(live.lag_s)
        await asyncio.sleep(LAG_SAMPLE_S)


def _frames(samples: Samples) -> Iterator[bytes]:
    size = round(FRAME_S * SAMPLE_RATE)
    for start in range(0, len(samples), size):
        yield samples[start : start + size].tobytes()
