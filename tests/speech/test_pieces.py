"""From tokens to words: no token sequence gives a broken character, and whole text comes back as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vori_ray.speech.pieces import piece_bytes, written_words

letters = st.characters(categories=["Ll", "Lu", "Lo", "Nd"], max_codepoint=0xFFFC)
spoken = st.lists(st.text(letters, min_size=1, max_size=6), min_size=1, max_size=5)


def cut(data: bytes, cuts: set[int]) -> list[bytes]:
    bounds = [0, *sorted(at for at in cuts if 0 < at < len(data)), len(data)]
    return [data[low:high] for low, high in pairwise(bounds)]


@given(st.lists(st.binary(max_size=5), max_size=12), st.sampled_from(["en", "ko", "zh"]))
def test_whatever_the_decoder_says_no_broken_character_is_written(pieces: list[bytes], language: str) -> None:
    words = written_words(pieces, language=language)
    assert not any("\ufffd" in word.text for word in words if "\ufffd".encode() not in b"".join(pieces))
    assert sum(word.tokens for word in words) == len(pieces)


@given(spoken, st.sets(st.integers(1, 120)), st.data())
def test_words_are_whole_however_their_bytes_are_cut_into_tokens(
    words: list[str], cuts: set[int], data: st.DataObject
) -> None:
    pieces = [piece for word in words for piece in cut(b" " + word.encode(), cuts)]
    written = written_words(pieces, language="ko")
    assert [word.text for word in written] == [" " + word for word in words]
    assert all(word.is_whole for word in written)

    heard = written_words(pieces[: data.draw(st.integers(0, len(pieces)))], language="ko")
    before = [word.text for word in heard if word.is_whole]
    assert all(whole.startswith(part) for part, whole in zip(before, [" " + word for word in words], strict=False))


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([b" \xeb\x8d\xb0", b"\xec\x9d\xb4", b"\xed\x84\xb0\xeb", b"\xb2", b"\xa0"], [" 데이터베"]),
        ([b" \xeb\x8d\xb0", b"\xed\x84\xb0\xeb", b" \xed\x81\xac"], [" 데터", " 크"]),
        ([b"\xb2", b" a"], ["", " a"]),
        ([b" a", b".", b"b"], [" a", ".b"]),
        ([b" I", b"'", b"ve", b" a", b" follow", b"-", b"up"], [" I've", " a", " follow-up"]),
        ([], []),
    ],
)
def test_examples(pieces: list[bytes], texts: list[str]) -> None:
    assert [word.text for word in written_words(pieces, language="ko")] == texts


def test_languages_without_spaces_are_written_character_by_character() -> None:
    assert [word.text for word in written_words(["好".encode(), "的".encode()], language="zh")] == ["好", "的"]


def test_the_byte_alphabet_is_gpt2s() -> None:
    assert piece_bytes("Ġí") == b" \xed"
    assert piece_bytes("ĠticketÃ©") == " ticketé".encode()
