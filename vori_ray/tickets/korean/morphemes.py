"""Korean text -> morphemes, with endings and particles in one spelling each.

The only file that knows kiwipiepy. Its analyser is built once a process, at the first use (0.4 s, 300 MB); it cannot be
pickled, so nothing here holds it in an object. Knows nothing about meetings.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_CHARACTERS = 4000

_lock = threading.Lock()
_built: list[Any] = []

_SAME_PARTICLE = {
    "은": "는",
    "ㄴ": "는",
    "이": "가",
    "을": "를",
    "ㄹ": "를",
    "으로": "로",
    "ㄹ로": "로",
    "과": "와",
    "이나": "나",
}
_SAME_NOUN = {"걸": "것", "거": "것", "게": "것", "건": "것"}
_OPENS_ALIKE = (("을", "ㄹ"), ("은", "ㄴ"), ("습", "ㅂ"), ("읍", "ㅂ"), ("으", ""))
_KEEPS_POLITE = {"에요", "세요", "예요", "요"}


@dataclass(frozen=True, slots=True)
class Morpheme:
    """One morpheme: its form (endings and particles in one spelling), its Sejong tag, its place in the text."""

    form: str
    tag: str
    start: int
    end: int

    @property
    def is_noun(self) -> bool:
        """Whether it may be part of a name of a thing: a noun, a foreign word, a number, an affix."""
        return self.tag in {"NNG", "NNP", "SL", "SN", "NR", "XR", "XPN", "SH"} or self.tag == "XSN"

    @property
    def is_verb(self) -> bool:
        """Whether a predicate begins here."""
        return self.tag.split("-")[0] in {"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA"}


def _kiwi() -> Any:
    """The analyser, without its dictionary of famous names (a third less memory, half the load time)."""
    with _lock:
        if not _built:
            from kiwipiepy import Kiwi  # heavy: only where Korean is really read

            _built.append(Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False))
    return _built[0]


def _ending(form: str) -> str:
    """An ending without its linking vowel and its polite 요: 을게요, ㄹ게요 -> ㄹ게."""
    if form in _KEEPS_POLITE or form.endswith("세요"):
        return "세요" if form.endswith("세요") else form
    for written, same in _OPENS_ALIKE:
        if form.startswith(written) and len(form) > len(written):
            form = same + form[len(written) :]
            break
    if form in {"죠", "지요"} or form.endswith("죠"):
        return form[:-1] + "지" if form != "지요" else "지"
    return form[:-1] if form.endswith("요") and len(form) > 1 else form


def _folded(form: str, tag: str) -> str:
    if tag.startswith("J"):
        return _SAME_PARTICLE.get(form, form)
    if tag in {"EF", "EC"}:
        return _ending(form)
    if tag == "ETM":
        return {"을": "ㄹ", "은": "ㄴ"}.get(form, form)
    return form


def _morpheme(form: str, tag: str, start: int, end: int) -> Morpheme:
    if form == "요" and tag in {"MM", "NNG", "VCP", "EF", "EC"}:
        tag = "JX"
    if form == "이요":
        form, tag = "요", "JX"
    if form in {"걸", "것", "거", "게"} and tag in {"NNG", "NNB"}:
        return Morpheme("것", "NNB", start, end)
    if form == "그것" or form == "이것" or form == "저것":
        form = form[0] + "거"
    return Morpheme(_folded(form, tag), tag, start, end)


@lru_cache(maxsize=4096)
def _analysed(text: str, names: tuple[tuple[int, int], ...]) -> tuple[Morpheme, ...]:
    spans = [(start, end, "NNP") for start, end in names]
    tokens = _kiwi().tokenize(text, compatible_jamo=True, pretokenized=spans or None)
    found = [_morpheme(t.form, str(t.tag), t.start, t.start + t.len) for t in tokens]
    return tuple(_repaired(found))


def _repaired(found: list[Morpheme]) -> list[Morpheme]:
    """Undo slips that the analyser makes with spoken Korean.

    제가 read as 저의 + 가, 입고가 as 입- + -고 + 가, 안내도를 as 안내 + 도 + 를, 시안 as 시 + 안 (not).
    """
    fixed: list[Morpheme] = []
    for position, one in enumerate(found):
        after = found[position + 1] if position + 1 < len(found) else None
        before = fixed[-1] if fixed and fixed[-1].end == one.start else None
        if one.tag == "JKG" and after is not None and after.form == "가" and after.tag.startswith("J"):
            continue
        if before is not None and before.tag.startswith("NN") and _is_of_noun(one, after):
            fixed[-1] = Morpheme(before.form + one.form, "NNG", before.start, one.end)
            continue
        if one.form == "고" and one.tag == "EC" and after is not None and after.tag in {"JKS", "JKO"} and fixed:
            stem = fixed.pop()
            one = Morpheme(stem.form + "고", "NNG", stem.start, one.end)
        fixed.append(one)
    return fixed


def _is_of_noun(one: Morpheme, after: Morpheme | None) -> bool:
    """Whether what stands behind a noun is its last syllable: no particle follows 도, no noun touches 안 (not)."""
    if one.tag == "MAG":
        return one.form in {"안", "못"}
    is_before_particle = after is not None and after.tag.startswith("J") and after.start == one.end
    return one.tag == "JX" and one.form == "도" and is_before_particle and after is not None and after.form != "요"


def morphemes(text: str, names: Sequence[tuple[int, int]] = ()) -> tuple[Morpheme, ...]:
    """The morphemes of `text`; `names` are spans of people's names in it, which are kept whole.

    Raises nothing for odd text: what cannot be analysed gives no morphemes, very long text only its beginning.
    """
    text = text[:MAX_CHARACTERS]
    if not text.strip():
        return ()
    try:
        return _analysed(text, tuple(span for span in names if span[1] <= len(text)))
    except (ValueError, RuntimeError, UnicodeError):
        return ()


def clean(text: str) -> str:
    """NFKC, control characters and lone surrogates blanked, white space folded: the text that is analysed."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return re.sub(r"\s+", " ", text).strip()


@lru_cache(maxsize=1024)
def is_plain_noun(word: str) -> bool:
    """Whether a word (a person's name, say) is also an everyday noun: 수정, 기준, 보람."""
    found = morphemes(word)
    return len(found) == 1 and found[0].tag == "NNG"
