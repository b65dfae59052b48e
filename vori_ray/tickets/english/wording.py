"""The words of a piece of work -> a title: imperative, short, with the telling nouns and without dates or asides.

Pure. Reads cleaned clauses. Knows nothing about who does the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from vori_ray.tickets import dates_en
from vori_ray.tickets.english.lexicon import DETERMINERS, PREPOSITIONS, WEAK_WORDS
from vori_ray.tickets.english.verbs import VERBS
from vori_ray.tickets.stems import english_words, stem

MAX_TITLE_WORDS = 14

VERB_STEMS = frozenset(stem(word) for word in VERBS)
EVERYDAY_STEMS = frozenset(stem(word) for word in WEAK_WORDS)
_WEAK_STEMS = VERB_STEMS | EVERYDAY_STEMS
_ADJECTIVES = frozenset(
    "new old first second third final next last short long whole full big small good own other more".split()
)
_COUNTS = frozenset("hundr thousand million dozen percent coupl pair".split())
_LEADS = re.compile(
    r"^(?:and|but|so|or|oh|well|okay|ok|right|yeah|yes|now|then|also|just|please|maybe|perhaps"
    r"|probably|quickly|definitely"
    r"|actually|basically|still|really|first|next|simply|kindly|gladly|happily|certainly|only"
    r"|at least|go ahead and|go and"
    r"|try and|try to|be able to|have to|need to|remember to|start to|get to|help to|to|make sure that"
    r"|make sure|see that"
    r"|something (?:else )?that came up(?: (?:is|was))?(?: that| when)?|(?:one )?last (?:point"
    r"|thing|one|item)|(?:small|one|quick|first|other|the other|the next|next) thing(?: is)?"
    r"|something else|one more thing|one more|another thing|second thing|last thing|by the way"
    r"|finally|me|in writing)\b[ ,:]*"
)
_TAILS = re.compile(
    r"[ ,]+(?:for (?:you|us|me|them|everyone|everybody|now|the moment|a start|that|it|this)"
    r"|to (?:you|us|me|everyone|everybody)"
    r"|with (?:you|us)|please|too|as well|then|though|right (?:after|before) (?:this|that|the meeting|lunch)"
    r"|straight (?:after|before) (?:this|that)|after (?:this|that|the (?:call|meeting))|right away"
    r"|right now|straight away"
    r"|now|myself|yourself|ourselves|again|first thing|anyway|anyhow|if you (?:like|want|can"
    r"|could|don't mind)|if (?:possible|we can|i can)|somehow"
    r"|at some point|real quick|in the meantime|meanwhile|somewhere|or something|or so|or whatever"
    r"|and everything|and stuff"
    r"|and so on|okay|ok|yeah|right|honestly|actually|maybe|perhaps|instead|already|soon|later"
    r"|today|today's|tomorrow|in time|on time"
    r"|and see|and|or|but|so|the|a|an|of|in|on|at|by|for|with|from|which|who|because|until|till"
    r"|before|after|to|first|i think|i guess)$"
)


def telling(text: str) -> list[str]:
    """Stems of the words of `text` that tell which work is meant, in order, without verbs and everyday words.

    A word that may be a verb ("quote", "survey") tells something where it stands as a noun: after "the", "of", "new".
    """
    return list(_telling(text))


@lru_cache(maxsize=16384)
def _telling(text: str) -> tuple[str, ...]:
    """Stems of the words of `text` that tell which work is meant, in order, without verbs and everyday words.

    A word that may be a verb ("quote", "survey") tells something where it stands as a noun: after "the", "of", "new".
    """
    out: list[str] = []
    before, after_noun = "", False
    for word in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.casefold()):
        stems = [part for part in english_words(word) if not part.isdigit() and part not in _COUNTS]
        is_noun = before in DETERMINERS or before in PREPOSITIONS or before in _ADJECTIVES or after_noun
        count = len(out)
        for part in stems:
            if part not in _WEAK_STEMS or (is_noun and part in VERB_STEMS and part not in EVERYDAY_STEMS):
                out.append(part)
        after_noun = len(out) > count
        before = word
    return tuple(out)


def likeness(one: str, other: str, words: Callable[[str], Sequence[str]] = telling) -> float:
    """How alike (0..1) two names are, by their telling words, or by other `words` of theirs."""
    first, second = set(words(one)), set(words(other))
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


_ASIDE = re.compile(r", (?:if|they|we|he|she|it|the|because|since|that's|but|i)\b|\b(?:because|since)\b")


def due_words(text: str, today: date) -> str | None:
    """The words of the dates in `text`, from the first to the last, or None."""
    found = dates_en.find(text, today)
    if not found:
        return None
    aside = _ASIDE.search(text, found[0].end)
    kept = [phrase for phrase in found if aside is None or phrase.end <= aside.start()]
    return text[kept[0].start : kept[-1].end]


_ARTICLE = re.compile(r"^(?:the|an?) ")


def trimmed(text: str) -> str:
    """Without leading links and adverbs and trailing asides."""
    text = text.strip(" ,.:;-")
    before = None
    while before != text:
        before = text
        text = _LEADS.sub("", text)
        text = _TAILS.sub("", text).strip(" ,.:;-")
    return text


def as_title(work: str) -> str:
    """A title of the words of some work: capital first letter, at most `MAX_TITLE_WORDS` words, no loose ends."""
    words = _ARTICLE.sub("", trimmed(work)).split()
    if len(words) > MAX_TITLE_WORDS:
        words = trimmed(" ".join(words[:MAX_TITLE_WORDS])).split()
    title = " ".join(words)
    return title[:1].upper() + title[1:]
