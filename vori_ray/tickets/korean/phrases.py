"""What a Korean clause is about: its telling nouns and its verb, and the title of a ticket made from them.

Pure. Works on morphemes. Knows nothing about who speaks or what was said before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vori_ray.tickets.korean.lexicon import (
    AMOUNTS,
    DEED_NOUNS,
    EMPTY_NOUNS,
    LIGHT_VERBS,
    MANNERS,
    TELLING,
    TITLE_VERBS,
    WEAK_NOUNS,
)
from vori_ray.tickets.korean.morphemes import Morpheme

MAX_TITLE_CHARACTERS = 100
MAX_TITLE_WORDS = 7

_POINTS_BACK = frozenset("그거 이거 저거 그것 이것 그쪽 거기 여기 이쪽".split())
_NUMBER_TAGS = frozenset({"SN", "NR"})
_TO_WHOM = frozenset({"에", "에게", "한테", "께", "로", "에서"})
_CUT = frozenset("어서 아서 라서 느라 느라고 니까 는데 ㄴ데 고".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a title: as it is written, the particle behind it ("" for none), its place in the text.

    `is_done` marks the noun of a verb ("준비" in "준비하다"), `is_said_of` a predicate ("큰일" in "큰일이다"), and
    `is_far` a word that does not stand directly behind the one before it.
    """

    text: str
    josa: str
    start: int
    is_done: bool = False
    is_said_of: bool = False
    is_far: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """The work that a clause speaks of. `verb` is the noun for what is done ("" where the verb says nothing).

    `verbs` are all that the clause says is done: "얘기해서 구해 볼게요" -> 얘기, 구하기. `asides` are the words for
    where, to whom and with what; they name no work by themselves, but a call or question is named by its receiver, and
    `has_place` says that a place is named by more than one word ("비상 연락망에 추가").
    """

    words: tuple[str, ...] = ()
    verb: str = ""
    points_back: bool = False
    verbs: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    has_place: bool = False

    @property
    def is_thin(self) -> bool:
        """Whether the clause does not say by itself which work is meant."""
        if (self.verb in TELLING and self.asides) or self.has_place:
            return False
        return all(word in DEED_NOUNS or word in self.asides for word in self.words)

    @property
    def title(self) -> str:
        """The words and the verb as one title."""
        return title_of(self.words, self.verb)

    @property
    def weight(self) -> float:
        """How much it tells: 1 for each telling word, less for one that says little."""
        return sum(0.4 if word in WEAK_NOUNS else 1.0 for word in self.words) + (0.4 if self.verb else 0.0)


def title_of(words: Sequence[str], verb: str) -> str:
    """Words and verb as a title of at most 100 characters; no word twice, and the verb only where it is not said."""
    kept = list(dict.fromkeys(words))[:MAX_TITLE_WORDS]
    if verb and not any(word.endswith(verb) for word in kept):
        kept.append(verb)
    while len(" ".join(kept)) > MAX_TITLE_CHARACTERS and len(kept) > 1:
        kept.pop(0)
    return " ".join(kept)[:MAX_TITLE_CHARACTERS]


def _eojeols(parts: Sequence[Morpheme], source: str) -> Iterable[list[Morpheme]]:
    """Morphemes grouped by the blanks of the text."""
    group: list[Morpheme] = []
    for part in parts:
        if group and (part.start > group[-1].end or source[group[-1].end : part.start].isspace()):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _noun_part(group: Sequence[Morpheme], source: str) -> tuple[str, int]:
    """The noun at the head of an eojeol as it is written, and how many morphemes it takes."""
    count = 0
    if len(group) > 1 and group[0].tag == "MM" and group[0].end == group[1].start and group[1].tag == "NNG":
        count = 1  # an unknown word, its first syllable taken for "this" or "each"
    for part in group[count:]:
        if part.tag in {"NNG", "NNP", "SL", "SN", "NR", "XR", "XPN", "XSN", "SH", "NNB", "SW", "SO", "W_SERIAL"} or (
            count and part.tag == "MM"
        ):
            count += 1
        else:
            break
    if not count:
        return "", 0
    return source[group[0].start : group[count - 1].end], count


def _introduces(rest: Sequence[Morpheme]) -> bool:
    """ "화재보험 갱신인데": the noun is what the next words are about."""
    return len(rest) > 1 and rest[0].tag == "VCP" and rest[1].form in {"ㄴ데", "는데"}


def _is_time(group: Sequence[Morpheme]) -> bool:
    """ "점검 전에", "회의 때": the words before are when, not what."""
    return group[0].form in {"전", "후", "뒤", "때", "이후", "이전", "직전", "직후"} and group[0].tag in {"NNG", "NNB"}


def _is_number(group: Sequence[Morpheme], count: int) -> bool:
    """두세 군데, 세 개, 2주: an amount or a time, no name of a thing; 3층, 2반 and 15초 stay."""
    if not count or group[0].tag not in {"NR", "SN", "MM"}:
        return False
    rest = [part for part in group[:count] if part.tag not in {"NR", "SN", "MM", "SO", "SW"}]
    return all(part.form in AMOUNTS or part.tag == "XSN" for part in rest)


def _drop_run(found: list[Word]) -> None:
    """Take back the words that stand together at the end."""
    while found:
        word = found.pop()
        if word.is_far or (found and found[-1].josa):
            return


def words_of(parts: Sequence[Morpheme], source: str, *, skip: Sequence[tuple[int, int]] = ()) -> list[Word]:
    """The telling nouns among `parts` in order; spans in `skip` (people, dates) are passed over."""
    found: list[Word] = []
    is_far = True
    for group in _eojeols(parts, source):
        was_far, is_far = is_far, True
        if any(start <= group[0].start < end for start, end in skip):
            continue
        if _is_time(group) and not was_far:
            _drop_run(found)
            continue
        text, count = _noun_part(group, source)
        if not count or text in EMPTY_NOUNS or _is_number(group, count):
            continue
        if (count == 1 and group[0].tag in {"NNB", "NR"}) or (group[0].tag == "NNB" and group[0].form in AMOUNTS):
            continue
        after = group[count] if count < len(group) else None
        if after is not None and after.tag == "JKB" and after.form == "로" and count == 1 and text in MANNERS:
            continue
        josa = after.form if after is not None and after.tag.startswith("J") else ""
        josa = "와" if josa in {"하고", "랑", "이랑"} and after is not None and after.tag == "JKB" else josa
        is_said_of = after is not None and after.tag in {"VCP", "VCN"} and not _introduces(group[count:])
        josa = "는" if after is not None and after.tag == "VCP" and not is_said_of else josa
        if is_said_of and found and after is group[-1]:
            continue
        is_far = False
        is_done = after is not None and after.tag.startswith(("XSV", "XSA"))
        if len(text) > 2 and text.endswith("님"):
            text = text.removesuffix("님")
        found.append(Word(text, josa, group[0].start, is_done, is_said_of, was_far))
    return found


def _verb_of(parts: Sequence[Morpheme], *, is_first: bool = False) -> tuple[str, int]:
    """The noun for the last (or first) verb that says something, and where it stands; ("", -1) where none does."""
    places = range(len(parts)) if is_first else range(len(parts) - 1, -1, -1)
    for position in places:
        part = parts[position]
        base = part.tag.split("-")[0]
        if base == "XSV" and position and parts[position - 1].tag in {"NNG", "XR", "SL", "NNP"}:
            noun = parts[position - 1].form
            if noun in {"시작", "진행", "처리", "담당", "부탁", "말씀"}:
                continue
            return noun, position - 1
        place = _object_of(parts, position)
        if base == "VV" and place >= 0 and _says_it(part.form, parts[place].form):
            return parts[place].form, place
        if base == "VV" and part.form not in LIGHT_VERBS:
            before = parts[position - 1] if position else None
            if part.form in {"드리"} and before is not None and before.tag == "NNG":
                return before.form, position - 1
            return TITLE_VERBS.get(part.form, _gerund(part.form)), position
    return "", -1


def _asides(words: Sequence[Word]) -> tuple[tuple[str, ...], bool]:
    """The words up to a particle of place, receiver or means, and whether a place takes more than one of them."""
    asides: list[str] = []
    has_place = False
    run: list[str] = []
    for word in words:
        run = [word.text] if word.is_far else [*run, word.text]
        if word.josa in _TO_WHOM or word.josa == "와":
            asides += run
            has_place = has_place or (word.josa == "에" and len(run) > 1)
        if word.josa:
            run = []
    return tuple(asides), has_place


def _object_of(parts: Sequence[Morpheme], position: int) -> int:
    """Where the noun right before a verb stands ("부탁을 넣", "연락 주"); -1 for none."""
    before = position - 2 if position > 1 and parts[position - 1].tag == "JKO" else position - 1
    return before if before >= 0 and parts[before].tag == "NNG" else -1


def _says_it(verb: str, noun: str) -> bool:
    """Whether the noun before a verb is the deed: "접수를 하다", "부탁을 넣다", "연락을 주다"."""
    if verb == "하":
        return noun not in EMPTY_NOUNS
    return verb in {"넣", "드리", "주", "올리", "남기", "돌리", "보내"} and noun in TELLING | {
        "신청",
        "접수",
        "예약",
        "독촉",
    }


def _verbs_of(parts: Sequence[Morpheme]) -> tuple[str, ...]:
    """The nouns for all verbs of a clause that say something."""
    ends = (i + 1 for i, part in enumerate(parts) if part.tag.startswith(("VV", "XSV")))
    found = (_verb_of(parts[max(0, end - 3) : end])[0] for end in ends)
    return tuple(dict.fromkeys(verb for verb in found if verb))


def _gerund(stem: str) -> str:
    return stem + "기"


def phrase_of(parts: Sequence[Morpheme], source: str, *, skip: Sequence[tuple[int, int]] = ()) -> Phrase:
    """The work that a clause speaks of, without its people (`skip`), dates, fillers and polite verbs."""
    main = _after_reason(parts, source, skip)
    found = words_of(main, source, skip=skip)
    words = [word.text for word in found]
    asides, has_place = _asides(found)
    verb, place = _verb_of(main, is_first=not words)
    if place >= 0 and main[place].tag.startswith(("NN", "XR", "SL")) and verb in words:
        words.remove(verb)
    points_back = any(part.tag == "NP" and part.form in _POINTS_BACK for part in parts)
    deeds = tuple(word for word in words if word in DEED_NOUNS)
    return Phrase(tuple(dict.fromkeys(words)), verb, points_back, (*_verbs_of(main), *deeds), asides, has_place)


def _after_reason(parts: Sequence[Morpheme], source: str, skip: Sequence[tuple[int, int]]) -> Sequence[Morpheme]:
    """The part behind a clause of time or occasion, and behind the last "-어서" where it still names a thing."""
    hard = [i for i, part in enumerate(parts) if i and _is_occasion(parts[i - 1], part)]
    if hard and any(part.is_verb for part in parts[hard[-1] + 1 :]):
        parts = parts[hard[-1] + 1 :]
    soft = [i for i, part in enumerate(parts) if part.tag == "EC" and part.form in _CUT]
    soft += [i + 1 for i, part in enumerate(parts[:-1]) if part.form == "가지" and part.tag == "VX"]
    for cut in sorted(soft, reverse=True):
        rest = parts[cut + 1 :]
        verb, _ = _verb_of(rest)
        said_of = [
            word for word in words_of(rest, source, skip=skip) if word.text not in WEAK_NOUNS and word.text != verb
        ]
        if any(word.josa not in _TO_WHOM for word in said_of) or any(part.form in _POINTS_BACK for part in rest):
            return rest
    return parts


def _is_occasion(before: Morpheme, part: Morpheme) -> bool:
    """ "-기 전에", "-는 김에", "-ㄴ 뒤", "때문에", "-면서": when or why, not what."""
    if part.tag == "EC":
        return part.form in {"면서", "다가"}
    if part.form == "때문" and part.tag == "NNB":
        return True
    return (before.tag == "ETN" and part.form == "전") or (
        before.tag == "ETM" and part.form in {"김", "길", "뒤", "후", "때"}
    )


_SALIENCE = {"는": 3.0, "가": 2.6, "를": 2.4, "도": 2.4, "만": 2.2, "요": 2.2, "": 2.0}


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that a clause names, and how much the clause is about it (0 .. 3, topic before subject before object)."""

    words: tuple[str, ...]
    salience: float


def things_of(parts: Sequence[Morpheme], source: str, *, skip: Sequence[tuple[int, int]] = ()) -> tuple[Thing, ...]:
    """Every thing that a clause names: nouns up to the particle behind them; what is only said of it is none."""
    found: list[Thing] = []
    run: list[Word] = []
    words = words_of(parts, source, skip=skip)
    for position, word in enumerate(words):
        if word.is_said_of:
            run = []
            continue
        run.append(word)
        is_end = bool(word.josa) or word.is_done or position == len(words) - 1 or words[position + 1].is_far
        if is_end:
            texts = tuple(one.text for one in run[-4:] if not one.is_done)
            first = 0.0 if found else 0.3
            if texts:
                found.append(Thing(texts, _SALIENCE.get(word.josa, 0.8) + first))
            run = []
    return tuple(found)


def noun_phrase(parts: Sequence[Morpheme], source: str, *, skip: Sequence[tuple[int, int]] = ()) -> tuple[str, ...]:
    """The thing that a clause names first as its topic, subject or object: what "그거" may mean later."""
    run: list[Word] = []
    for word in words_of(parts, source, skip=skip):
        if word.is_done:
            break
        run.append(word)
        if word.josa in {"는", "가", "를", "도", "요"}:
            return tuple(word.text for word in run[-4:])
        if word.josa:
            run = []
    return tuple(word.text for word in run[-4:])


def same_words(text: str) -> list[str]:
    """Title words in lower case, without blanks around them."""
    return [word for word in re.split(r"\s+", text.casefold()) if word]
