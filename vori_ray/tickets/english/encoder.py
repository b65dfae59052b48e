"""A small encoder that reads turns as a whole, where the linear models count features.

It is MiniLM (all-MiniLM-L6-v2, Apache 2.0), tuned by training/speech-acts/tuning.py three times: to the turns that take
work on, to the words of titles, and to what is said of tickets. Knows no task: take_reader.py, title_reader.py and
claim_reader.py do.
Pure but for reading the package's own data files once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vori_ray.tickets.english.phrasing import WORD
from vori_ray.tickets.english.sentences import Clause

TAKES, TITLES, CLAIMS, TOKENIZER = "takes.onnx", "titles.onnx", "claims.onnx", "tokenizer.json"
START, END = 101, 102  # the tokenizer's [CLS] and [SEP]
KEPT_ROWS = 512  # what was read of them: live passes read the last minute again

Place = tuple[int, int]  # a word: the index of its clause, and its place there


class Heard(Protocol):
    """What of a talk is read."""

    @property
    def turns(self) -> Sequence[Sequence[Clause]]:
        """The clauses of each turn."""

    @property
    def speakers(self) -> Sequence[str | None]:
        """Who spoke each turn."""


@dataclass(slots=True)
class Row:
    """Turns as tokens: `kinds` is 1 for those of the turn in question; `words` has where each word begins and ends."""

    tokens: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    words: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: Row) -> None:
        """Append what `other` has."""
        start = len(self.tokens)
        self.words |= {place: (start + first, start + stop) for place, (first, stop) in other.words.items()}
        self.tokens += other.tokens
        self.kinds += other.kinds

    def last(self, count: int) -> Row:
        """Its last tokens: what a long turn comes to is said at its end."""
        cut = max(0, len(self.tokens) - count)
        words = {place: (first - cut, stop - cut) for place, (first, stop) in self.words.items() if first >= cut}
        return Row(self.tokens[cut:], self.kinds[cut:], words)


Encode = Callable[[Row], npt.NDArray[np.float32]]  # log odds: of each token for titles, of each report for the others


@dataclass(frozen=True, slots=True)
class Span:
    """How much of a talk is read: turns before and after one; tokens of it, of a neighbour, of all together."""

    before: int
    after: int
    longest_turn: int
    longest_near: int
    room: int


def add_turns(row: Row, talk: Heard, turn: int, span: Span) -> None:
    """Append a turn among its neighbours; where they are too long, the nearest."""
    around = range(max(0, turn - span.before), min(len(talk.turns), turn + span.after + 1))
    kept: dict[int, Row] = {}
    room = span.room
    for at in sorted(around, key=lambda each: (each != turn, each < turn, abs(each - turn))):
        said = _said(talk, at, turn).last(span.longest_turn if at == turn else span.longest_near)
        if talk.turns[at] and len(said.tokens) < room:
            kept[at] = said
            room -= len(said.tokens)
    for _, said in sorted(kept.items()):
        row.add(said)


def _said(talk: Heard, at: int, turn: int) -> Row:
    """A turn near the one in question: whether the same person speaks, the words of each clause, whether it asks."""
    said = Row()
    tokens = tokens_of(["i" if talk.speakers[at] == talk.speakers[turn] else "they", ":"])
    for clause in talk.turns[at]:
        for place, match in enumerate(WORD.finditer(clause.text)):
            word = _tokens(match.group())
            said.words[clause.index, place] = (len(tokens), len(tokens) + len(word))
            tokens += word
        tokens += _tokens("?" if clause.is_asked else ".")
    said.tokens = [*tokens, END]
    said.kinds = [int(at == turn)] * len(said.tokens)
    return said


def tokens_of(words: Iterable[str]) -> list[int]:
    """The tokens of lower-case words."""
    return [token for word in words for token in _tokens(word)]


@lru_cache(maxsize=16384)
def _tokens(word: str) -> tuple[int, ...]:
    return tuple(_tokenizer().encode(word, add_special_tokens=False).ids)


@cache
def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    text = resources.files(__package__).joinpath(TOKENIZER).read_text(encoding="utf-8")
    return Tokenizer.from_str(text)


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoder as tuned to each task."""

    takes: Encode
    titles: Encode
    claims: Encode


def encoding(model: Path, *, kept: int = KEPT_ROWS) -> Encode:
    """An ONNX model as an encoder, on one thread; what it read of the last `kept` rows is kept."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    @lru_cache(maxsize=kept)
    def encoded(tokens: tuple[int, ...], kinds: tuple[int, ...]) -> npt.NDArray[np.float32]:
        (odds,) = session.run(None, {"tokens": np.array([tokens]), "kinds": np.array([kinds])})
        return np.asarray(odds[0], dtype=np.float32)

    return lambda row: encoded(tuple(row.tokens), tuple(row.kinds))


@cache
def _own(model: str) -> Encode:
    with resources.as_file(resources.files(__package__).joinpath(model)) as path:
        return encoding(path)


OWN = Encoders(lambda row: _own(TAKES)(row), lambda row: _own(TITLES)(row), lambda row: _own(CLAIMS)(row))
"""The package's own; each is loaded when it first reads."""
