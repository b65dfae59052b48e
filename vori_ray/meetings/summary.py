"""The sentences of a meeting that say most: an extractive summary for English and Korean.

Pure: words that come up often, but are no everyday words, weigh; each next sentence must say something new
(maximal marginal relevance, Carbonell & Goldstein 1998). Knows nothing of tickets or of language models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+")
_WORD = re.compile(r"[0-9A-Za-z가-힣]+")
_HANGUL = re.compile(r"[가-힣]")
_MINIMUM_WORDS = 4
_MAXIMUM_WORDS = 40
_NOVELTY = 0.6
_EVERYDAY_WORDS = """
    a about actually after again all also am an and any are as at back be because been before but by can could
    did do does doing done for from get go going good got had has have he her here him his how i if in into is
    it its just know let like ll made make me more my need no not now of off okay on one or our out over really
    right s say see she should so some still sure t take than thank thanks that the their them then there they
    thing think this those through to today too up us ve very was we week well were what when where which who
    why will with would yeah yes yet you your 그 그거 그게 그래서 그런데 그럼 그리고 그러면 근데 나 내 내가 네
    너무 다 다시 더 또 뭐 바로 아 아니 아직 안 어 어떻게 예 오늘 왜 우리 이 이거 이건 이게 이제 일단 있는
    있습니다 있어요 잘 저 저는 저희 제 제가 좀 좋습니다 좋아요 지금 참 하고 하는 하면 한 합니다 해서 해요 것 거
    거예요 것도 것이 같아요 같습니다 감사합니다 알겠습니다 맞아요 되는 됩니다 돼요 수
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())


def summarise(texts: Sequence[str], *, sentences: int = 4) -> list[str]:
    """At most `sentences` sentences of `texts`, in the order in which they were said."""
    said = [part.strip() for text in texts for part in _SENTENCE_END.split(text) if part.strip()]
    terms = [_terms(sentence) for sentence in said]
    weight = Counter(term for each in terms for term in set(each))
    candidates = [i for i, each in enumerate(terms) if _is_telling(said[i], each)]
    chosen: list[int] = []
    while candidates and len(chosen) < sentences:
        best = max(candidates, key=lambda i: (_score(terms[i], weight, [terms[j] for j in chosen]), -i))
        candidates.remove(best)
        chosen.append(best)
    return [said[i] for i in sorted(chosen)]


def _is_telling(sentence: str, terms: Sequence[str]) -> bool:
    return not sentence.endswith("?") and _MINIMUM_WORDS <= len(sentence.split()) <= _MAXIMUM_WORDS and len(terms) >= 2


def _terms(sentence: str) -> list[str]:
    """Telling words; a Korean word is known by its first two syllables, since what follows is mostly endings."""
    words = (word.casefold() for word in _WORD.findall(sentence))
    return [word[:2] if _HANGUL.match(word) else word[:6] for word in words if len(word) > 1 and word not in _EVERYDAY]


def _score(terms: Sequence[str], weight: Counter[str], chosen: Sequence[Sequence[str]]) -> float:
    """Mean weight of the words said more than once, less the likeness to what was already chosen."""
    unique = set(terms)
    salience = sum(weight[term] - 1 for term in unique) / (len(unique) + 3)
    likeness = max((len(unique & set(other)) / len(unique | set(other)) for other in chosen), default=0.0)
    return salience * (1.0 - _NOVELTY * likeness) - likeness
