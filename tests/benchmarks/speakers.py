"""Speakers of one mixed stream: how often the wrong one is named, and what telling them apart costs.

    python -m tests.benchmarks.speakers [--meetings 6] [--json bench-results/speakers.json]

Each meeting is heard as a live stream with `diarize` and the demo model: the two demo meetings, and new ones said by
synthetic voices drawn anew (needs the espeak-ng library). The speaker error rate is the share of spoken time that was
given to the wrong speaker, under the best match of labels to speakers. People were not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.fresh_speech import GAPS_S, NOISE, TRAINING
from tests.speech.speech_support import MemorySink, demo_recognizer, frames, load_meeting
from vori_ray.speech.diarization import Voice, VoiceEngine
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.labels import SpeakerLabels
from vori_ray.speech.model_card import read_model_card
from vori_ray.speech.ports import SessionConfig, Transcribe
from vori_ray.speech.recognizer import DEMO_DIRECTORY
from vori_ray.speech.runner import LiveSession
from vori_ray.speech.scoring import speaker_error_rate
from vori_ray.speech.voices import AcousticVoices
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest, WindowResult

VARIANTS = ("", *(f"+m{number}" for number in range(1, 9)), *(f"+f{number}" for number in range(1, 6)))
"""Each sounds like another person; accents of one variant sound like the same."""
ACCENTS = {"en": ("en-us", "en-gb-x-rp"), "ko": ("ko",)}
SENTENCES = 30
FIRST_SEED = 50
"""Others, and the demo meetings, served to choose the threshold."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A mixed recording, and who spoke from when to when (seconds)."""

    name: str
    language: str
    samples: Samples
    turns: Sequence[tuple[str, float, float]]

    def speaker_at(self, at_s: float) -> str:
        """Who spoke then, or nearest to then."""
        return min(self.turns, key=lambda turn: max(turn[1] - at_s, at_s - turn[2]))[0]


def demo_talk(language: str) -> Talk:
    """A demo meeting."""
    samples, truth = load_meeting(language)
    turns = [(each["speaker"], each["start"], each["end"]) for each in truth["utterances"]]
    return Talk("demo meeting", language, samples, turns)


def new_talk(language: str, speakers: int, seed: int) -> Talk:
    """A meeting of synthetic voices, drawn by the seed. Raises OSError without espeak-ng."""
    sys.path.insert(0, str(TRAINING))
    espeak = importlib.import_module("espeak").Espeak()
    texts = importlib.import_module(f"text_{language}")
    sys.path.remove(str(TRAINING))
    draw = random.Random(f"speakers-{language}-{speakers}-{seed}")
    people = [
        {
            "voice": draw.choice(ACCENTS[language]) + variant,
            "speed": draw.randint(150, 175),
            "pitch": draw.randint(40, 60),
        }
        for variant in draw.sample(VARIANTS, speakers)
    ]
    pieces, turns = [np.zeros(int(0.6 * SAMPLE_RATE))], []
    for _ in range(SENTENCES):
        person, sentence = draw.choice(people), texts.template_sentence(draw)
        said, _, _ = espeak.say(texts.spoken(sentence) if language == "ko" else sentence, **person)
        start_s = sum(map(len, pieces)) / SAMPLE_RATE
        turns.append((person["voice"], start_s, start_s + len(said) / SAMPLE_RATE))
        pieces += [0.5 * said / np.abs(said).max(), np.zeros(int(draw.uniform(*GAPS_S) * SAMPLE_RATE))]
    sound = np.concatenate(pieces)
    sound += NOISE * np.random.default_rng(draw.randrange(2**32)).standard_normal(len(sound))
    samples = np.asarray(np.clip(sound, -1, 1) * 32767, np.int16)
    return Talk(f"{speakers} new voices", language, samples, turns)


@dataclass
class TimedVoices:
    """An engine that counts the processor time it takes."""

    engine: VoiceEngine = field(default_factory=AcousticVoices)
    spent_s: float = 0.0

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def threshold(self) -> float:
        return self.engine.threshold

    def embed(self, samples: Samples) -> Voice | None:
        begun = time.thread_time()
        voice = self.engine.embed(samples)
        self.spent_s += time.thread_time() - begun
        return voice


async def heard(talk: Talk, transcribe: Transcribe, engine: VoiceEngine | None) -> list[dict[str, Any]]:
    """The finals with words of a live stream, as fast as it can be heard; None: its speakers are not told apart."""
    card, is_asked = read_model_card(DEMO_DIRECTORY), engine is not None
    config = SessionConfig("s1", language=talk.language, card=card, may_hurry=False, diarize=is_asked)
    sink = MemorySink()
    with tempfile.TemporaryDirectory() as folder:
        journal = FileJournal(session_folder(folder, "s1"))
        live = LiveSession(config, transcribe=transcribe, journal=journal, sink=sink)
        if engine is not None:
            live._labels = live._delivery._labels = SpeakerLabels(engine)
        await live.start(resume=False)
        for frame in frames(talk.samples):
            await live.feed(frame)
        await live.stop()
    return [final for final in sink.of_type("final") if final["text"]]


def measured(talk: Talk, transcribe: Transcribe) -> dict[str, Any]:
    """Errors, speakers and cost of one talk."""
    engine, seconds = TimedVoices(), len(talk.samples) / SAMPLE_RATE
    finals = asyncio.run(heard(talk, transcribe, engine))
    durations_s = [final["end_s"] - final["start_s"] for final in finals]
    truth = [talk.speaker_at((final["start_s"] + final["end_s"]) / 2) for final in finals]
    found = [final["speaker_number"] for final in finals]
    return {
        "what": talk.name,
        "language": talk.language,
        "seconds": round(seconds, 1),
        "speakers": len({speaker for speaker, _, _ in talk.turns}),
        "found": len(set(found)),
        "error_rate": round(speaker_error_rate(truth, found, durations_s), 4),
        "engine_share": round(engine.spent_s / seconds, 5),
    }


def more(talk: Talk, transcribe: Transcribe) -> float:
    """Processor time that a stream takes more with `diarize` than without, as a share of real time.

    It is below zero where utterances that end sooner spare more decodes than the engine costs.
    """
    begun = time.process_time()
    asyncio.run(heard(talk, transcribe, None))
    without = time.process_time()
    asyncio.run(heard(talk, transcribe, AcousticVoices()))
    return (time.process_time() - 2 * without + begun) / (len(talk.samples) / SAMPLE_RATE)


def main() -> None:
    """Measure, print, and keep the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--meetings", type=int, default=6, help="new meetings for each language and number of voices")
    options.add_argument("--json", type=Path, default=Path("bench-results/speakers.json"))
    given = options.parse_args()
    recognizer = demo_recognizer()

    async def transcribe(request: WindowRequest) -> WindowResult:
        (result,) = await asyncio.to_thread(recognizer.decode, [recognizer.prepare(request)])
        return result

    for language in ("en", "ko"):
        print(f"{language}  demo meeting: {more(demo_talk(language), transcribe):+.2%} of real time in all", flush=True)
    rows = [measured(demo_talk(language), transcribe) for language in ("en", "ko")]
    try:
        for language in ("en", "ko"):
            for speakers in (2, 3, 4):
                for seed in range(FIRST_SEED, FIRST_SEED + given.meetings):
                    rows.append(measured(new_talk(language, speakers, seed), transcribe))
                    print(rows[-1], flush=True)
    except OSError as exc:
        print(f"new voices need the espeak-ng library: {exc}")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    _print(rows)


def _print(rows: Sequence[dict[str, Any]]) -> None:
    for kind in dict.fromkeys((row["language"], row["what"]) for row in rows):
        of_kind = [row for row in rows if (row["language"], row["what"]) == kind]
        errors = [row["error_rate"] for row in of_kind]
        print(
            f"{kind[0]}  {kind[1]:14} {len(of_kind)} meetings, {sum(row['seconds'] for row in of_kind):.0f} s: error"
            f" {np.mean(errors):.1%} (worst {max(errors):.1%}), {sum(row['found'] for row in of_kind)} labels for"
            f" {sum(row['speakers'] for row in of_kind)} speakers,"
            f" {np.mean([row['engine_share'] for row in of_kind]):.2%} of real time for the engine"
        )


if __name__ == "__main__":
    main()
