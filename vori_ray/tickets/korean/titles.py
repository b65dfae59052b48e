"""The title of new work: the words around the turn that takes it on which tell most which work it is.

Pure. Every noun of the turn, of the turns before it and of the next one is a candidate, and so is the verb; a learned
model says how likely each belongs to the title. Nouns that stand together go in together. Knows nothing about who
takes the work on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vori_ray.tickets.heard import Title, Turns
from vori_ray.tickets.korean.lexicon import DEED_NOUNS, TELLING, WEAK_NOUNS, is_person
from vori_ray.tickets.korean.phrases import Word, words_of
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import nearness, stems, with_digits
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.linear import Linear, probability
from vori_ray.tickets.taking import ways

TURNS_BEFORE, TURNS_AFTER = 6, 1
FAR = 3
USUAL_WORDS = 4.2  # words of a title, on average: the more are taken, the more of them have to be right
MAX_WORDS = 8
MAX_CHARACTERS = 100
REQUEST = "부탁"  # names no work: "예약 부탁드립니다"
SAME_WORD = 0.7
FAR_COUNTS = 0.7  # of a word of another turn, once for each word that names the work in the turn itself
SURE_NAME = 0.5  # how likely (0..1) a word of the turn has to be to name the work
_OPENS = re.compile(
    r"^(?:[^ ]+/(?:IC|NNP) )*(?:그리고|또|참|아참|근데|그런데)/(?:MAJ|IC|MAG)|^(?:[^ ]+/IC )*(?:저기|참|맞다)/IC"
    r"|다음/NNG (?:는|에|요|로|안건)|마지막/NNG|말/NNG 이/VCP (?:ㄴ데|야|어)|넘어가/VV|안건/NNG|하나/NR (?:더|만)"
    r"|^(?:[^ ]+/IC )*(?:저|나)/NP (?:는|도|한테)|있/V[^ ]* (?:잖아|지)/EF|/N[^ ]+ (?:요/JX|는/JX (?:요/JX )?)$"
)
_TURNS_ASIDE = re.compile(
    r"^(?:[^ ]+/IC )*(?:그리고|또|참|아참)/(?:MAJ|IC|MAG)|다음/NNG (?:는|에|요|로)|마지막/NNG 로|말/NNG 이/VCP ㄴ데"
    r"|넘어가/VV|안건/NNG|하나/NR (?:더|만)"
)


@dataclass(slots=True)
class Candidate:
    """A word that may stand in a title: as it is written, its stems, its place, the nouns it stands together with."""

    text: str
    key: tuple[str, ...]
    turn: int
    start: int
    run: tuple[int, ...]
    features: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Meaning:
    """All candidates that are the same word: how likely it belongs to the title, and its fullest form."""

    key: tuple[str, ...]
    likely: float
    text: str


def title_of(talk: Talk, turns: Turns, turn: int, model: Linear) -> Title:
    """The title of the work that `turn` takes on, of at most 100 characters; "" where no word tells anything."""
    found = candidates(talk, turns, turn)
    own = [candidate for candidate in found if candidate.turn == turn and "said of" not in candidate.features]
    if _names_a_thing(own):
        found = own
    likely = [probability(model.score(candidate.features)) for candidate in found]
    far = FAR_COUNTS ** min(2, _names(found, likely, turn))
    likely = [chance * (1.0 if c.turn == turn else far) for c, chance in zip(found, likely, strict=True)]
    chosen, likeness = _chosen(found, likely)
    while chosen and len(" ".join(chosen)) > MAX_CHARACTERS:
        chosen = chosen[1:]
    return Title(" ".join(chosen), likeness)


def _names(found: Sequence[Candidate], likely: Sequence[float], turn: int) -> int:
    """How many words say in the turn itself what its work is: the more, the less those of other turns count."""
    sure = {
        word.key
        for word, chance in zip(found, likely, strict=True)
        if word.turn == turn and chance >= SURE_NAME and not word.features & {"weak", "verb", "deed"}
    }
    return len(sure)


def _names_a_thing(own: Sequence[Candidate]) -> bool:
    """Whether a turn says by itself what it is about: nouns together, before a particle of topic or object."""
    runs = Counter(
        candidate.run
        for candidate in own
        if candidate.features & {"head's 은", "head's 는", "head's 을", "head's 를"}
        and "person" not in candidate.features
    )
    return any(count >= 2 for count in runs.values())


def _chosen(found: Sequence[Candidate], likely: Sequence[float]) -> tuple[list[str], float]:
    """The words, in the order in which they were said, that together may be expected to be most like the title.

    With them how like it they may be expected to be (0..1).
    """
    meanings: list[_Meaning] = []
    of: list[_Meaning] = []
    for candidate, chance in zip(found, likely, strict=True):
        same = next((meaning for meaning in meanings if _is_same(meaning.key, candidate.key)), None)
        if same is None:
            same = _Meaning(candidate.key, chance, candidate.text)
            meanings.append(same)
        same.likely = max(same.likely, chance)
        same.text = max(same.text, candidate.text, key=len)
        of.append(same)
    runs: dict[tuple[int, ...], list[int]] = {}
    for place, candidate in enumerate(found):
        runs.setdefault(candidate.run, []).append(place)
    ranked = sorted(runs.values(), key=lambda places: -_worth([of[place].likely for place in places]))
    taken, likeness = _taken(ranked, of)
    return [of[place].text for place in sorted(taken, key=lambda p: (found[p].turn, found[p].start))], likeness


def _worth(likely: Sequence[float]) -> float:
    return 0.5 * max(likely) + 0.5 * sum(likely) / len(likely)


def _taken(ranked: Sequence[Sequence[int]], of: Sequence[_Meaning]) -> tuple[list[int], float]:
    """Take runs of words, the best first, as long as the expected Dice coefficient (0..1) with the title grows."""
    taken: list[int] = []
    right = best = 0.0
    for places in ranked:
        new: list[int] = []
        for place in places:
            if not any(of[place] is of[other] for other in taken + new):
                new.append(place)
        gain = sum(of[place].likely for place in new)
        dice = 2 * (right + gain) / (len(taken) + len(new) + USUAL_WORDS)
        if new and dice > best and len(taken) + len(new) <= MAX_WORDS:
            taken, right, best = taken + new, right + gain, dice
    return taken, best


def _is_same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(nearness(a, b) >= SAME_WORD for a in one for b in other)


def candidates(talk: Talk, turns: Turns, turn: int) -> list[Candidate]:
    """The words that may stand in the title of the work that `turn` takes on, with their features."""
    found: list[Candidate] = []
    for at in range(max(0, turn - TURNS_BEFORE), min(len(talk.turns), turn + TURNS_AFTER + 1)):
        clauses, way = talk.turns[at], ways(turns, turn, at)
        for place, said in enumerate(clauses):
            common = way | _place_features(talk, turn, at=at, clause=place)
            found += _nouns(talk, turn, at=at, said=said, common=common)
            if said.phrase.verb not in ("", REQUEST) and at in (turn - 1, turn):
                found.append(_verb(said, at=at, away=at - turn, from_end=len(clauses) - 1 - place))
    _tell_apart(turn, found)
    return found


def _tell_apart(turn: int, found: Sequence[Candidate]) -> None:
    """How much the turn itself says of its work: where it names little, the words before it count."""
    own = {word.key for word in found if word.turn == turn and not word.features & {"weak", "verb"}}
    things = {word.key for word in found if word.key in own and word.turn == turn and "of the phrase" in word.features}
    for word in found:
        where = f"turn {word.turn - turn}"
        for told in (f"names {min(len(things), 3)}", f"tells {min(len(own), 4)}"):
            word.features |= {f"{where} of one that {told}", f"{'here' if where == 'turn 0' else 'near'}, {told}"}


def _place_features(talk: Talk, turn: int, *, at: int, clause: int) -> set[str]:
    """Where the clause stands: how far from the turn, by whom, whether a new topic was opened between."""
    clauses, away = talk.turns[at], at - turn
    said, near = clauses[clause], "here" if away == 0 else "near"
    is_same = talk.speakers[at] == talk.speakers[turn]
    from_end = min(len(clauses) - 1 - clause, 3)
    found = {f"turn {away}", f"turn {away} {'same' if is_same else 'other'}", f"from end {from_end}"}
    found |= {f"{near} from end {from_end}", "far" if away < -FAR else "close", f"clauses {min(len(clauses), 4)}"}
    found |= {f"act {act.value}" for act in said.acts} | {f"{near} act {act.value}" for act in said.acts}
    if said.is_by_outsider:
        found.add("outsider")
    aside = sum(bool(_TURNS_ASIDE.search(later.clause.line)) for later in _between(talk, turn, at=at, clause=clause))
    found.add(f"topics since {min(aside, 2)}")
    if away:
        found.add(f"shares {min(_shared(talk, at, turn), 2)}")
    if away <= 0 and _opens(clauses):
        later = sum(_opens(talk.turns[other]) for other in range(at + 1, turn + 1))
        found.add(f"opens topic {min(later, 3)} back")
    return found


def _between(talk: Talk, turn: int, *, at: int, clause: int) -> Iterator[Said]:
    """The clauses behind one, up to the end of the turn that takes the work on."""
    if at <= turn:
        yield from talk.turns[at][clause + 1 :]
        for other in range(at + 1, turn + 1):
            yield from talk.turns[other]


def _opens(clauses: Sequence[Said]) -> bool:
    return any(_OPENS.search(said.clause.line) for said in clauses)


def _shared(talk: Talk, at: int, turn: int) -> int:
    mine, other = talk.telling[turn], talk.telling[at]
    return sum(any(nearness(a, b) >= SAME_WORD for b in other) for a in mine)


def _nouns(talk: Talk, turn: int, *, at: int, said: Said, common: set[str]) -> Iterator[Candidate]:
    words = words_of(said.clause.morphemes, said.clause.source, skip=said.skipped)
    near = "here" if at == turn else "near"
    for place, word in enumerate(words):
        text = word.text.strip()
        if text in ("", REQUEST):
            continue
        key = stems(text) or (text,)
        first, last = _run(words, place)
        own = _word_features(word, words[last], near=near, size=last - first + 1, is_head=place == last)
        own |= _use_features(talk, turn, key, near=near) | {f"word {stem}" for stem in key}
        own.add("aside" if text in said.phrase.asides else "no aside")
        own.add("of the phrase" if text in said.phrase.words else "not of the phrase")
        own.add("last of clause" if place == len(words) - 1 else "not last")
        yield Candidate(with_digits(text), key, at, word.start, (at, said.clause.start, first), common | own)


def _run(words: Sequence[Word], place: int) -> tuple[int, int]:
    """The first and the last of the nouns that stand together with one, without a particle between."""
    last = place
    while last + 1 < len(words) and not (words[last].josa or words[last].is_done or words[last + 1].is_far):
        last += 1
    first = place
    while first > 0 and not (words[first - 1].josa or words[first - 1].is_done or words[first].is_far):
        first -= 1
    return first, last


def _word_features(word: Word, head: Word, *, near: str, size: int, is_head: bool) -> set[str]:
    found = {f"particle {word.josa}", f"{near} particle {word.josa}"}
    found |= {f"head's {head.josa}", f"{near} head's {head.josa}"}
    found |= {"head" if is_head else "modifier", f"run of {min(size, 4)}", f"letters {min(len(word.text), 5)}"}
    named = {
        "of a verb": word.is_done,
        "run of a verb": head.is_done,
        f"{near} run of a verb": head.is_done,
        "said of": word.is_said_of,
        "run said of": head.is_said_of,
        "person": is_person(word.text),
        "number": word.text[-1].isdigit(),
    }
    found.add("weak" if word.text in WEAK_NOUNS else "deed" if word.text in DEED_NOUNS else "thing")
    return found | {name for name, holds in named.items() if holds}


def _use_features(talk: Talk, turn: int, key: tuple[str, ...], *, near: str) -> set[str]:
    """How often the word falls, around the turn and in all, and whether it is of a ticket's title."""
    around = range(max(0, turn - TURNS_BEFORE), min(len(talk.turns), turn + 3))
    said = sum(any(stem in talk.stems(at) for stem in key) for at in around)
    common = sum(key[0] in talk.stems(at) for at in range(len(talk.turns)))
    found = {f"said {min(said, 4)}", f"{near} said {min(said, 3)}", f"common {min(common, 5)}"}
    return found | ({"of the board"} if any(stem in talk.board.words for stem in key) else set())


def _verb(said: Said, *, at: int, away: int, from_end: int) -> Candidate:
    verb = said.phrase.verb
    found = {"verb", f"verb turn {away}", f"verb from end {min(from_end, 2)}"}
    found |= {f"verb act {act.value}" for act in said.acts}
    found.add("verb weak" if verb in WEAK_NOUNS else "verb strong")
    found |= {"verb telling"} if verb in TELLING else set()
    found |= {"verb gerund"} if verb.endswith("기") else set()
    end = said.clause.start + len(said.clause.text)
    return Candidate(verb, (verb,), at, end, (at, said.clause.start, -1), found)
