"""English words cut to stems, without the words that say nothing about the work.

Pure. A light stemmer: inflection only ("reports", "reported", "reporting" -> "report"), never derivation. Knows nothing
about tickets or speech acts.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_STOP = frozenset(
    """a an the of for to in on at by with from and or that this these those it its is are be been being was were will
    would shall should can could may might must we i you he she they them us our your their his her my me as so then
    than there here which who whom whose what when where how if into about over out up off via per please some any each
    every all both because since why through during without within against while unless whether although though none
    neither nor anybody somebody everybody anyone someone everyone nowhere everywhere somewhere anywhere ought oh ah
    hey said told says always never before after until only also just not no do does did done doing have has had let
    lets need needs
    want wants get got getting go going goes gone okay ok yeah yes um uh er like really actually still now well right
    him himself herself itself themselves myself yourself ourselves yours mine ours theirs think know mean thing
    things stuff bit lot re ll ve s t d m am im ill ive id thats theres dont""".split()
)
_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split()) if number > 1} | {
    word: str(10 * number) for number, word in enumerate(_TENS.split(), start=3)
}
_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ations", ""),
    ("ation", ""),
    ("ments", "ment"),
    ("ings", ""),
    ("ing", ""),
    ("ied", "y"),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
)


def stem(word: str) -> str:
    """The stem of a lower-case English word; short words and numbers stay as they are."""
    if len(word) < 4 or word.isdigit():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
            word = word[: len(word) - len(ending)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@lru_cache(maxsize=4096)
def english_words(text: str) -> tuple[str, ...]:
    """The content words of `text` as stems, in order."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"(?<=[a-z])['’](s|re|ll|ve|d|m|t)\b", "", folded)
    words = re.findall(r"[^\W_]+", folded)
    return tuple(stem(_NUMBERS.get(word, word)) for word in words if word not in _STOP)
