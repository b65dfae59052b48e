"""Text -> the words that carry its subject: Korean nouns, English words in lower case. PURE, but for the analyser.

kiwipiepy's analyser is built once a process at the first Korean text (0.4 s, 300 MB); English alone never builds it.
English inflections are folded onto a base form that was really said, so that every keyword is a word of the meetings.
Knows nothing of meetings or tables.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

VERSION = 1  # raise it when the same text gives other words: all texts are then counted anew
MAX_CHARACTERS = 4000  # of one piece of text for the analyser
MIN_ENGLISH, MIN_KOREAN, MAX_LETTERS = 3, 2, 40
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_ENGLISH_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CONTRACTION = re.compile(r"(?<=[a-z])['’](?:s|re|ll|ve|d|m|t)\b")
_NOUNS = {"NNG", "NNP"}

STOP_WORDS = frozenset(
    """a about above actually after again against all almost alone along already also although always
    am an and another any anybody anyone anything anyway are aren around as ask asked at away back be
    became because become been before began behind being below best better between big bit both but by
    bye call called came can cannot cant case check come comes coming could couldn course day days did
    didn different do does doesn doing don done dont down during each early either else end enough even
    ever every everybody everyone everything exactly far feel few fine first five for four friday from
    full further gave get gets getting give given gives giving go goes going gone gonna good got great
    guess guys had happen happened happens hard has hasn have haven having he hear heard hello help her
    here hers him his hold hope how however idea if important in instead into is isn it its itself just
    keep kept kind knew know known last late later least left less let lets like likely little ll long
    longer look looked looking looks lot lots made make makes making many maybe mean means meet meeting
    meetings might mind minute minutes monday month months more morning most much must my myself need
    needed needs never new next nice no nobody none nor not nothing now of off often okay on once one
    only onto open or other others our ours out over own part people perhaps place please point
    possible pretty probably problem put question quick quickly quite rather re ready really reason
    remember right said same saturday saw say saying says second see seem seems seen set shall she
    should shouldn show side simply since six small so some somebody someone something sometimes soon
    sorry sort stand start started starting still stop stuff such sunday sure take taken takes taking
    talk talked talking tell ten than thank thanks that the their theirs them then there these they
    thing things think thinking this those though thought three through thursday till time times to
    today together told tomorrow too took top toward tried true try trying tuesday turn two um under
    understand until up update updates upon us use used using very via wait want wanted wants was wasn
    way we wednesday week weekly weeks well went were weren what whatever when where whether which
    while who whole whom whose why will wish with within without won wonder word work worked working
    works would wouldn yeah year years yep yes yesterday yet you your yours yourself zero eight nine
    seven hey oh ah hmm uh er alright okey gotta wanna team everyone's status item items""".split()
)
STOP_NOUNS = frozenset(
    """우리 저희 여러분 오늘 내일 어제 모레 이번 다음 지난 지난주 이번주 다음주 주 주간 요일 월요일
    화요일 수요일 목요일 금요일 토요일 일요일 오전 오후 아침 저녁 시간 시각 분 초 개 번 회의 미팅 정도
    부분 관련 경우 이야기 얘기 생각 말씀 질문 문제 내용 상황 진행 확인 작업 업무 일 것 거 수 때 중 전
    후 뒤 앞 위 아래 쪽 점 데 바 등 간 내 외 처음 마지막 하나 둘 셋 모두 전체 각자 다들 사람 본인 자신
    감사 안녕 네 예 아 음 그거 이거 저거 여기 거기 저기 지금 현재 최근 나중 예정 계획 필요 가능 시작
    완료 상태 공유 논의 정리 준비 추가 이유 방법 결과 느낌 누구 무엇 언제 어디 얼마 이상 이하 이후 이전
    동안 사이 대신 덕분 때문 만큼 달 년 월""".split()
)

_lock = threading.Lock()
_built: list[Any] = []


def count_words(text: str) -> Counter[str]:
    """How often each word of a text was said."""
    folded = unicodedata.normalize("NFKC", text)
    if not _HANGUL.search(folded):
        return Counter(_english(folded))
    counts: Counter[str] = Counter()
    for line in folded.splitlines():
        counts.update(_korean(line) if _HANGUL.search(line) else _english(line))
    return counts


def _english(text: str) -> Iterator[str]:
    plain = _CONTRACTION.sub("", text.lower())
    for word in _ENGLISH_WORD.findall(plain):
        if MIN_ENGLISH <= len(word) <= MAX_LETTERS and word not in STOP_WORDS:
            yield word


def _korean(text: str) -> Iterator[str]:
    """English words as they are written, and nouns: those that stand together without a blank are one word."""
    yield from _english(text)
    for start in range(0, len(text), MAX_CHARACTERS):
        noun, end = "", 0
        for token in (*_analyser().tokenize(text[start : start + MAX_CHARACTERS]), None):
            is_noun = token is not None and token.tag in _NOUNS
            if noun and not (is_noun and token.start == end):
                if MIN_KOREAN <= len(noun) <= MAX_LETTERS and noun not in STOP_NOUNS:
                    yield noun
                noun = ""
            if is_noun:
                noun, end = noun + token.form, token.start + token.len


def _analyser() -> Any:
    with _lock:
        if not _built:
            from kiwipiepy import Kiwi  # heavy: only where Korean is really read

            _built.append(Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False))
    return _built[0]


def base_forms(vocabulary: Collection[str]) -> dict[str, str]:
    """English inflections -> a base form that is among the words: deployed, deploys -> deploy."""
    known = set(vocabulary)
    found = {word: next((base for base in _candidates(word) if base in known), word) for word in known}
    return {word: base for word, base in found.items() if base != word}


def _candidates(word: str) -> Iterator[str]:
    """What a word may be an inflection of, the likeliest first."""
    if len(word) <= MIN_ENGLISH or not word.isascii():
        return
    for ending, bases in (("ies", ("y",)), ("ied", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ing", ("", "e"))):
        if word.endswith(ending) and not word.endswith("ss"):
            yield from (word[: -len(ending)] + base for base in bases)
    if word.endswith("ed"):
        yield from (word[:-2], word[:-1])
    stem = re.sub(r"(?:ed|ing)$", "", word)
    if stem != word and len(stem) > 2 and stem[-1] == stem[-2]:
        yield stem[:-1]


def subject_words(counts: Mapping[str, int], *, bases: Mapping[str, str], names: Collection[str]) -> dict[str, int]:
    """Counts with inflections folded, and without people's names: keywords speak of subjects, never of people."""
    folded: Counter[str] = Counter()
    for word, count in counts.items():
        if word not in names:
            folded[bases.get(word, word)] += count
    return dict(folded)


def name_words(names: Collection[str]) -> frozenset[str]:
    """The words that people's names are made of, in lower case; a Korean name also without its family name."""
    parts = {part for name in names for part in re.findall(r"\w+", unicodedata.normalize("NFKC", name).lower())}
    given = {part[1:] for part in parts if re.fullmatch(r"[\uac00-\ud7a3]{3}", part)}
    return frozenset(parts | given)
