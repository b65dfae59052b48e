"""How far a transcript is from the truth, and how late its words were. PURE.

English is scored by words (WER), Korean by syllables without spaces (CER); case and punctuation do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ErrorKind = Literal["wer", "cer"]
CHARACTER_LANGUAGES = frozenset({"ko", "ja", "zh", "th"})


def error_kind(language: str) -> ErrorKind:
    """How a language is scored."""
    return "cer" if language in CHARACTER_LANGUAGES else "wer"


def units(text: str, language: str) -> list[str]:
    """The units that are compared: words, or characters where spaces do not count."""
    clean = "".join(letter if letter.isalnum() or letter in "' " else " " for letter in text.lower())
    if error_kind(language) == "wer":
        return clean.split()
    return list(clean.replace(" ", "").replace("'", ""))


def error_rate(reference: str, hypothesis: str, language: str) -> float:
    """Substitutions, insertions and deletions over the reference's length (jiwer's definition); 0.0 is perfect.

    An empty reference gives 0.0 for an empty hypothesis and 1.0 for any other.
    """
    truth, heard = units(reference, language), units(hypothesis, language)
    if not truth:
        return 1.0 if heard else 0.0
    return error_count(reference, hypothesis, language) / len(truth)


def error_count(reference: str, hypothesis: str, language: str) -> int:
    """Substitutions, insertions and deletions, in words or characters."""
    return int(_distances(units(reference, language), units(hypothesis, language))[-1, -1])


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and a time: its true end in the sound, or the moment it was settled."""

    text: str
    at_s: float


def settling_times(truth: Sequence[TimedWord], settled: Sequence[TimedWord], language: str) -> dict[int, float]:
    """When each true word that was heard right was settled, by its index in `truth`.

    Words are paired by the alignment of least edits; for languages scored by characters a true word counts when
    all of its characters were heard, at the time of the last of them.
    """
    true_units, true_owner = _spread(truth, language)
    heard_units, heard_owner = _spread(settled, language)
    latest: dict[int, float] = {}
    matched = Counter[int]()
    for left, right in _matches(true_units, heard_units):
        owner = true_owner[left]
        matched[owner] += 1
        latest[owner] = max(latest.get(owner, -np.inf), settled[heard_owner[right]].at_s)
    sizes = Counter(true_owner)
    return {owner: latest[owner] for owner in sorted(matched) if matched[owner] == sizes[owner]}


def word_latencies(truth: Sequence[TimedWord], settled: Sequence[TimedWord], language: str) -> list[float]:
    """Settling time minus true end, for every true word that was heard right. Both in seconds of one clock."""
    return [at_s - truth[index].at_s for index, at_s in settling_times(truth, settled, language).items()]


def final_latencies(
    utterances: Sequence[Sequence[TimedWord]], settled: Sequence[TimedWord], language: str
) -> list[float]:
    """The same for the last word of each true utterance only: how long after the speech its end is settled."""
    truth = [word for utterance in utterances for word in utterance]
    lasts = np.cumsum([len(utterance) for utterance in utterances]) - 1
    times = settling_times(truth, settled, language)
    return [times[index] - truth[index].at_s for index in lasts.tolist() if index in times]


def percentiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """`{"n", "p50", "p95"}` of some seconds, rounded to milliseconds; None where there are no values."""
    if not values:
        return {"n": 0, "p50": None, "p95": None}
    p50, p95 = np.percentile(np.asarray(values), [50, 95])
    return {"n": len(values), "p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def speaker_error_rate(truth: Sequence[str], found: Sequence[int], durations_s: Sequence[float]) -> float:
    """Share of the speech given to the wrong speaker, under the best match of found numbers to true speakers.

    One number matches one speaker. Silence and overlap do not count: the stretches are given.
    """
    speakers = {speaker: at for at, speaker in enumerate(dict.fromkeys(truth))}
    shared_s: dict[int, list[float]] = {number: [0.0] * len(speakers) for number in found}
    for speaker, number, duration_s in zip(truth, found, durations_s, strict=True):
        shared_s[number][speakers[speaker]] += duration_s
    # Most seconds matched by the numbers so far, for each set of speakers (bits) that they use up.
    best = {0: 0.0}
    for shares in shared_s.values():
        taken = [
            (used | 1 << at, matched_s + share_s)
            for used, matched_s in best.items()
            for at, share_s in enumerate(shares)
            if not used >> at & 1
        ]
        for used, matched_s in taken:
            best[used] = max(best.get(used, 0.0), matched_s)
    return 1.0 - max(best.values()) / (sum(durations_s) or 1.0) if durations_s else 0.0


def _spread(words: Sequence[TimedWord], language: str) -> tuple[list[str], list[int]]:
    spread = [(unit, index) for index, word in enumerate(words) for unit in units(word.text, language)]
    return [unit for unit, _ in spread], [index for _, index in spread]


def _distances(truth: Sequence[str], heard: Sequence[str]) -> NDArray[np.int32]:
    """Edit distances of all prefixes, row by row: (len(truth) + 1) x (len(heard) + 1)."""
    ids = {unit: number for number, unit in enumerate(dict.fromkeys([*truth, *heard]))}
    right = np.array([ids[unit] for unit in heard], dtype=np.int32)
    steps = np.arange(len(heard) + 1, dtype=np.int32)
    table = np.empty((len(truth) + 1, len(heard) + 1), dtype=np.int32)
    table[0] = steps
    for row, unit in enumerate(truth, start=1):
        above = table[row - 1]
        best = np.minimum(above[1:] + 1, above[:-1] + (right != ids[unit]))
        candidates = np.concatenate(([row], best)) - steps
        table[row] = np.minimum.accumulate(candidates) + steps  # insertions: a running minimum along the row
    return table


def _matches(truth: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    table = _distances(truth, heard)
    row, column = len(truth), len(heard)
    pairs: list[tuple[int, int]] = []
    while row and column:
        same = truth[row - 1] == heard[column - 1]
        if table[row, column] == table[row - 1, column - 1] + (not same):
            if same:
                pairs.append((row - 1, column - 1))
            row, column = row - 1, column - 1
        elif table[row, column] == table[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]
