"""Speech that the demo model never heard: new sentences of its training grammar, said by its synthesiser.

The sentences come from the generators under training/demo-model, of which every fortieth (by hash) was kept out of
the training. Needs the espeak-ng library (apt-get install espeak-ng) and says so where it is missing.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.speech_rig import Recording
from vori_ray.errors import UnavailableError
from vori_ray.speech.scoring import TimedWord
from vori_ray.speech.windows import SAMPLE_RATE

TRAINING = Path(__file__).parents[2] / "training" / "demo-model"
VOICES = {
    "en": ("en-us", "en-us+m3", "en-us+f3", "en-us+f2", "en-gb-x-rp+m7", "en-us+m1"),
    "ko": ("ko", "ko+f3", "ko+m3"),
}
GAPS_S = (0.35, 1.1)
NOISE = 10 ** (-58 / 20)


def fresh_recordings(language: str, *, meetings: int, sentences: int, seed: int = 0) -> list[Recording]:
    """Meetings of three voices. Raises UnavailableError without espeak-ng."""
    sys.path.insert(0, str(TRAINING))
    try:
        espeak = importlib.import_module("espeak").Espeak()
        texts = importlib.import_module(f"text_{language}")
    except OSError as exc:
        raise UnavailableError(f"fresh speech needs the espeak-ng library: {exc}") from exc
    finally:
        sys.path.remove(str(TRAINING))
    draws = [random.Random(f"{language}-{seed}-{number}") for number in range(meetings)]
    return [_meeting(language, _unheard(texts, draw, sentences), draw, espeak, texts) for draw in draws]


def _unheard(texts: Any, draw: random.Random, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        text = texts.template_sentence(draw)
        letters = "".join(letter for letter in text.lower() if letter.isalnum())
        if int(hashlib.md5(letters.encode()).hexdigest(), 16) % 40 == 0 and len(text) < 150 and text not in found:
            found.append(text)
    return found


def _meeting(language: str, sentences: list[str], draw: random.Random, espeak: Any, texts: Any) -> Recording:
    speakers = [
        {"voice": voice, "speed": draw.randint(152, 172), "pitch": draw.randint(46, 54)}
        for voice in draw.sample(VOICES[language], 3)
    ]
    pieces, utterances = [np.zeros(int(0.6 * SAMPLE_RATE))], []
    for sentence in sentences:
        spoken = texts.spoken(sentence) if language == "ko" else sentence
        audio, times, _ = espeak.say(spoken, **draw.choice(speakers))
        begin_s = sum(map(len, pieces)) / SAMPLE_RATE
        written = zip(sentence.split(), times, strict=False)
        utterances.append([TimedWord(word, begin_s + float(end_s)) for word, (_, _, end_s) in written])
        pieces += [0.5 * audio / np.abs(audio).max(), np.zeros(int(draw.uniform(*GAPS_S) * SAMPLE_RATE))]
    sound = np.concatenate(pieces)
    sound += NOISE * np.random.default_rng(draw.randrange(2**32)).standard_normal(len(sound))
    return Recording(language, np.asarray(np.clip(sound, -1, 1) * 32767, np.int16), utterances)
