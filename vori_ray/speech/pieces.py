"""From a decoder's tokens to written words, never cutting a character. PURE.

Whisper's tokens are strings of bytes, and a Korean syllable of three bytes may lie across two or three of them. A
hypothesis can end, or the decoder can go astray, in the middle of one. Bytes that are no whole character are never
shown. This module knows the byte alphabet of GPT-2's vocabulary and nothing of models or sound.
"""

from __future__ import annotations

import codecs
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages written without spaces between words: there every character is a word of its own."""

INSIDE_WORDS = "'-"


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """A word with the space before it, how many tokens spell it, and whether the last of them ends a character."""

    text: str
    tokens: int
    is_whole: bool = True


def piece_bytes(piece: str) -> bytes:
    """The bytes of a token as the vocabulary writes it."""
    return bytes(_BYTES[letter] for letter in piece if letter in _BYTES)


def written_words(pieces: Sequence[bytes], *, language: str) -> list[WrittenWord]:
    """The words that some tokens spell; every token belongs to exactly one of them."""
    words: list[WrittenWord] = []
    for found in _characters(pieces):
        if words and language not in WITHOUT_SPACES and not _begins_word(found.text):
            before = words.pop()
            found = WrittenWord(before.text + found.text, before.tokens + found.tokens, found.is_whole)
        words.append(found)
    return words


def _characters(pieces: Sequence[bytes]) -> Iterator[WrittenWord]:
    """The shortest runs of tokens that end with a character, or where the next token cannot go on with it."""
    run: list[bytes] = []
    for piece in pieces:
        if run and not _continues(piece):
            yield _written(run)
            run = []
        run.append(piece)
        if not _unfinished(run):
            yield _written(run)
            run = []
    if run:
        yield _written(run)


def _written(run: Sequence[bytes]) -> WrittenWord:
    return WrittenWord(b"".join(run).decode("utf-8", "ignore"), len(run), not _unfinished(run))


def _unfinished(run: Sequence[bytes]) -> bytes:
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(b"".join(run))
    return decoder.getstate()[0]


def _continues(piece: bytes) -> bool:
    return piece[:1] != b"" and piece[0] & 0xC0 == 0x80


def _begins_word(text: str) -> bool:
    """Punctuation stands alone, so that the pause after it is not the word's; but "I've" and "follow-up" are words."""
    stripped = text.strip()
    return text.startswith(" ") or (stripped != "" and stripped in string.punctuation and stripped not in INSIDE_WORDS)


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's letters for bytes: printable ones stand for themselves, the others for letters from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + number): byte for number, byte in enumerate(others)}


_BYTES = _byte_alphabet()
