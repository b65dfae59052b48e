"""From a stream's speech probabilities to windows worth decoding, and from their words back to the stream. PURE.

    hops of sound + probabilities -> Cutter -> pieces (an utterance, or a part of a long one)
    pieces -> Packer -> windows (pieces side by side, the silence between them left out)
    words of a window -> spread -> words of each piece, in stream time

Windows are packed because genuine Whisper pads each to 30 s: a window costs the same however little is in it. All
positions are samples of the stream at 16 kHz. Knows nothing of models, files or Ray.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vori_ray.speech.vad import HOP, Endpointer, EndpointerOptions, PointKind
from vori_ray.speech.windows import SAMPLE_RATE, SampleBuffer, Samples, Word

VOICE = 0.5
PAD = int(0.35 * SAMPLE_RATE)
"""Sound after the last voice that still belongs to an utterance."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples `start` to `end` of the stream: part `part` of an utterance. `speech` samples of it hold a voice."""

    utterance: int
    part: int
    start: int
    end: int
    speech: int


@dataclass(frozen=True, slots=True)
class CutPiece:
    """A piece with its sound."""

    piece: Piece
    audio: Samples


class Cutter:
    """Cuts one stream into pieces of at most `longest` samples, at silences, else where the voice is weakest.

    Holds no more sound than one piece and its surroundings.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._endpointer = Endpointer(EndpointerOptions())
        self._buffer = SampleBuffer()
        self._probabilities: list[float] = []
        self._first_hop = 0
        self._start: int | None = None
        self._part = 0

    def hear(self, samples: Samples, probabilities: Sequence[float]) -> list[CutPiece]:
        """Take the next whole hops and their probabilities; returns the pieces that are complete."""
        self._buffer.append(samples)
        found: list[CutPiece] = []
        for probability in probabilities:
            self._probabilities.append(probability)
            for point in self._endpointer.advance(probability):
                if point.kind is PointKind.SPEECH_STARTED:
                    self._start, self._part = point.start, 0
                elif point.kind is PointKind.UTTERANCE_END:
                    found += self._cut(point.utterance, min(point.at, point.voice_end + PAD))
                    self._start = None
            found += self._shorten()
        self._forget()
        return found

    def end(self) -> list[CutPiece]:
        """The stream is over: what is being said ends here."""
        points = self._endpointer.end()
        return [piece for point in points for piece in self._cut(point.utterance, min(point.at, point.voice_end + PAD))]

    def _shorten(self) -> list[CutPiece]:
        """Cut off the beginning of an utterance that has grown too long."""
        clock = self._endpointer.state.clock
        if self._start is None or clock - self._start < self._longest:
            return []
        first, last = (self._start + self._longest // 2) // HOP, clock // HOP
        weakest = first + int(np.argmin(self._probabilities[first - self._first_hop : last - self._first_hop]))
        return self._cut(self._endpointer.state.utterance, weakest * HOP)

    def _cut(self, utterance: int, end: int) -> list[CutPiece]:
        """The sound from the open piece's start to `end`; the next piece begins there."""
        if self._start is None or end <= self._start:
            return []
        hops = self._probabilities[max(0, self._start // HOP - self._first_hop) : end // HOP - self._first_hop]
        speech = HOP * sum(probability >= VOICE for probability in hops)
        made = CutPiece(Piece(utterance, self._part, self._start, end, speech), self._buffer.read(self._start, end))
        self._start, self._part = end, self._part + 1
        return [made]

    def _forget(self) -> None:
        needed = self._endpointer.earliest_needed if self._start is None else self._start
        self._buffer.forget(needed)
        hop = max(needed // HOP, self._first_hop)
        del self._probabilities[: hop - self._first_hop]
        self._first_hop = hop


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces side by side, to be decoded together."""

    pieces: tuple[Piece, ...]
    audio: Samples

    @property
    def speech(self) -> int:
        """Samples with a voice in them."""
        return sum(piece.speech for piece in self.pieces)


class Packer:
    """Puts pieces of one stream together into windows of at most `longest` samples, in order."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._waiting: list[CutPiece] = []
        self._samples = 0

    def add(self, piece: CutPiece) -> list[Window]:
        """Take the next piece; returns a window that is full without it."""
        full = self.end() if self._samples + len(piece.audio) > self._longest else []
        self._waiting.append(piece)
        self._samples += len(piece.audio)
        return full

    def end(self) -> list[Window]:
        """What waits."""
        waiting, self._waiting, self._samples = self._waiting, [], 0
        if not waiting:
            return []
        return [Window(tuple(one.piece for one in waiting), np.concatenate([one.audio for one in waiting]))]


def spread(words: Sequence[Word], pieces: Sequence[Piece]) -> list[tuple[Piece, tuple[Word, ...]]]:
    """The words of each piece that has any. Word times are the window's coming in, the stream's going out.

    A word belongs to the piece in which its middle lies, and is kept within it.
    """
    ends = np.cumsum([piece.end - piece.start for piece in pieces])
    middles: NDArray[np.float64] = np.array([(word.start_s + word.end_s) / 2 * SAMPLE_RATE for word in words])
    places = np.minimum(np.searchsorted(ends, middles, side="right"), len(pieces) - 1)
    found = []
    for index, piece in enumerate(pieces):
        shift_s = (piece.end - int(ends[index])) / SAMPLE_RATE
        own = [_moved(word, shift_s, piece) for word, place in zip(words, places, strict=True) if place == index]
        if own:
            found.append((piece, tuple(own)))
    return found


def _moved(word: Word, shift_s: float, piece: Piece) -> Word:
    first_s, last_s = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
    start_s = min(max(word.start_s + shift_s, first_s), last_s)
    return replace(word, start_s=start_s, end_s=min(max(word.end_s + shift_s, start_s), last_s))
