"""The title of new work: the words around the turn that takes it on which tell most which work it is.

Pure. Every telling word of the turn, of the turns before it and of the next ones is a candidate; a learned model says
how likely each belongs to the title, by where and how it was said and, of words that many meetings have, which it is.
Words that stand together go in together, as they were spoken. Knows nothing about who takes the work on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vori_ray.tickets import dates_en
from vori_ray.tickets.english.cues import SHIFT, is_question, roles_of
from vori_ray.tickets.english.frames import act_of, imperative
from vori_ray.tickets.english.lexicon import AUXILIARIES, CONJUNCTIONS, DETERMINERS, PREPOSITIONS, PRONOUNS
from vori_ray.tickets.english.phrasing import WORD, Spot, spelled_words, title_text
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.status import status_talk
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.english.title_reader import SPAN, title_words
from vori_ray.tickets.english.verbs import VERBS, base_of
from vori_ray.tickets.english.wording import EVERYDAY_STEMS, VERB_STEMS
from vori_ray.tickets.heard import Title, Turns
from vori_ray.tickets.linear import Linear, probability
from vori_ray.tickets.stems import english_words
from vori_ray.tickets.taking import ways

USUAL_WEIGHT = 2.2  # what the words of a title weigh together: less than they do, for few words read better
MAX_PARTS = 3
GAIN = 0.01  # by which another part must raise the expected likeness
FAR_COUNTS = 0.5  # of a word of another turn, once for each word that names the work in the turn itself, at most twice
SURE_NAME = 0.45  # how likely (0..1) a word of the turn has to be for the turn to name its work
BACKGROUND_SHARE, BACKGROUND_TURNS = 0.25, 8  # a word of so many turns is what the whole meeting is about, and no title
LITTLE = 0.4  # weight of a word that says little
MAX_WORDS = 8
UNREAD = -3.0  # log odds of a word that the encoder does not get to see: it is in a long turn's first words
_FUNCTION = AUXILIARIES | CONJUNCTIONS | DETERMINERS | PREPOSITIONS | PRONOUNS
_SUBJECTS = frozenset("i we you he she they it i'll we'll you'll i'd i've we've to let's let me not".split())
_CLASSES: tuple[tuple[str, frozenset[str]], ...] = (
    ("subject", _SUBJECTS),
    ("a", frozenset(("a", "an", "some", "another"))),
    ("determiner", DETERMINERS),
    ("preposition", PREPOSITIONS),
    ("pronoun", PRONOUNS),
    ("auxiliary", AUXILIARIES),
    ("link", CONJUNCTIONS),
)
_BOARD_TALK = frozenset("ticket tickets task tasks card cards board backlog".split())  # of the tool, not of the work
_NO_TITLE_WORDS = _FUNCTION | _BOARD_TALK


@dataclass(slots=True)
class Candidate:
    """A word that may stand in a title: its stems, its turn, clause and place there, the words it stands with."""

    key: tuple[str, ...]
    clause: Clause
    place: int
    run: tuple[int, int]
    is_little: bool
    features: set[str] = field(default_factory=set)
    read: float = UNREAD

    def measures(self) -> dict[str, float]:
        """What the model of title words weighs."""
        return {**dict.fromkeys(self.features, 1.0), "read": self.read}


@dataclass(slots=True)
class _Meaning:
    """All candidates that are the same word: how likely it belongs to the title."""

    likely: float
    weight: float


def title_of(talk: Talk, turns: Turns, turn: int, model: Linear, *, is_alone: bool = False) -> Title:
    """The title of the work that `turn` takes on, `is_alone`: by its own words; "" where no word tells anything."""
    found = [word for word in candidates(talk, turns, turn) if not is_alone or word.clause.turn == turn]
    likely = [probability(model.measured(word.measures())) for word in found]
    far = FAR_COUNTS ** min(2, _names(found, likely, turn))
    likely = [chance * (1.0 if w.clause.turn == turn else far) for w, chance in zip(found, likely, strict=True)]
    chosen, likeness = _chosen(found, likely)
    ends: dict[tuple[int, int], int] = {}
    for word in found:
        ends[word.run] = max(ends.get(word.run, 0), word.place)
    return Title(title_text([Spot(c.clause, c.place, ends[c.run]) for c in chosen], talk.people.words), likeness)


def _tell_apart(talk: Talk, turn: int, found: Sequence[Candidate]) -> None:
    """How much the turn itself says of its work: where it names little or only points, the words before it count."""
    own = {word.key for word in found if word.clause.turn == turn and not word.is_little}
    done = {word.key for word in found if word.key in own and "here of the work" in word.features}
    acts = [act for clause in talk.turns[turn] if (act := act_of(clause.text)) is not None]
    points = "points" if any(act.is_pointing for act in acts) else "acts" if acts else "does not act"
    for word in found:
        where = f"turn {word.clause.turn - turn}"
        for told in (f"names {min(len(done), 3)}", f"tells {min(len(own), 4)}", points):
            word.features |= {f"{where} of one that {told}", f"{'here' if where == 'turn 0' else 'near'}, {told}"}


def _names(found: Sequence[Candidate], likely: Sequence[float], turn: int) -> int:
    """How many words say in the turn itself what its work is: the more, the less those of other turns count."""
    sure = {
        word.key
        for word, chance in zip(found, likely, strict=True)
        if word.clause.turn == turn
        and chance >= SURE_NAME
        and "here of the work" in word.features
        and not word.is_little
    }
    return len(sure)


def _chosen(found: Sequence[Candidate], likely: Sequence[float]) -> tuple[list[Candidate], float]:
    """The words, as they were said, that together may be expected to be most like the title, and how like."""
    meanings: dict[str, _Meaning] = {}
    for candidate, chance in zip(found, likely, strict=True):
        for stem in candidate.key:
            meaning = meanings.setdefault(stem, _Meaning(0.0, LITTLE if candidate.is_little else 1.0))
            meaning.likely = max(meaning.likely, chance)
    runs: dict[tuple[int, int], list[Candidate]] = {}
    for candidate in found:
        runs.setdefault(candidate.run, []).append(candidate)
    parts = [
        run[start:end] for run in runs.values() for start in range(len(run)) for end in range(start + 1, len(run) + 1)
    ]
    taken: list[Candidate] = []
    words: set[str] = set()
    best = 0.0
    for _ in range(MAX_PARTS):
        choices: list[tuple[float, int, list[Candidate], set[str]]] = []
        for part in parts:
            new = {stem for candidate in part for stem in candidate.key} - words
            if new and len(words | new) <= MAX_WORDS:
                nearness = 0.002 * (part[0].clause.turn - found[0].clause.turn)
                choices.append((_dice(words | new, meanings) + nearness, len(choices), part, new))
        dice, _, part, new = max(choices, default=(0.0, 0, [], set()))
        if dice <= best + (GAIN if taken else 0.0):
            break
        best = dice
        taken += [candidate for candidate in part if set(candidate.key) & new]
        words |= new
    return taken, best


def _dice(words: set[str], meanings: dict[str, _Meaning]) -> float:
    """Expected Dice coefficient (0..1) of some stems with the title."""
    right = sum(meanings[stem].weight * meanings[stem].likely for stem in words)
    return 2 * right / (sum(meanings[stem].weight for stem in words) + USUAL_WEIGHT)


def places(talk: Talk, turn: int) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """The stems and the place of each word that may stand in the title of a turn's work; for the encoder's training."""
    for at in talk.near(turn, before=SPAN.before, after=SPAN.after):
        for clause in talk.turns[at]:
            yield from ((word.key, (clause.index, word.place)) for word in _words(talk, turn, clause, set()))


def candidates(talk: Talk, turns: Turns, turn: int) -> list[Candidate]:
    """The words that may stand in the title of the work that `turn` takes on, with their features."""
    around = talk.near(turn, before=SPAN.before, after=SPAN.after)
    found: list[Candidate] = []
    shift = _shift(talk, turn)
    for at in around:
        way = ways(turns, turn, at)
        for place, clause in enumerate(talk.turns[at]):
            found += _words(talk, turn, clause, way | _place(talk, turn, clause, place, shift))
    _weigh(talk, turn, found)
    _tell_apart(talk, turn, found)
    read = title_words(talk, turn, talk.encoders.titles)
    for word in found:
        word.read = read.get((word.clause.index, word.place), UNREAD)
    return found


def _shift(talk: Talk, turn: int) -> int:
    """The clause that opened the topic, by index; -1 where none did."""
    near = (clause for at in talk.near(turn, before=SPAN.before, after=0) for clause in talk.turns[at])
    return max((clause.index for clause in near if SHIFT.match(clause.text)), default=-1)


def _place(talk: Talk, turn: int, clause: Clause, place: int, shift: int) -> set[str]:
    """Where a clause stands: how far from the turn, by whom, what it does, whether a new topic was opened since."""
    away = clause.turn - turn
    clauses = talk.turns[clause.turn]
    near = "here" if away == 0 else "near"
    who = "same" if clause.speaker == talk.speakers[turn] else "other"
    from_end = min(len(clauses) - 1 - place, 3)
    found = {
        f"turn {away}",
        f"turn {away} {who}",
        f"{near} from end {from_end}",
        f"{near} clauses {min(len(clauses), 4)}",
    }
    found |= {f"role {role}" for role in roles_of(clause.text)} | {
        f"{near} role {role}" for role in roles_of(clause.text)
    }
    act, said = act_of(clause.text), status_talk(clause.text)
    if act is not None:
        found |= {f"act {act.role}", f"{near} act {act.role}", f"turn {away} act"}
    elif not clause.is_asked and imperative(clause.text, names=talk.people.words):
        found |= {"act told", f"{near} act told"}
    if said is not None:
        found |= {f"status {said.talk}"}
    if is_question(clause.text, is_asked=clause.is_asked):
        found |= {"asked", f"{near} asked"}
    if clause.index < shift:
        found.add("before the shift")
    if clause.index == shift:
        found.add("opens the topic")
    if clause.is_first and len(clause.text.split()) <= 6:
        found.add(f"{near} short opening")
    if away:
        found.add(f"shares {min(len(talk.telling[clause.turn] & talk.telling[turn]), 2)}")
    return found


def _words(talk: Talk, turn: int, clause: Clause, common: set[str]) -> Iterator[Candidate]:
    words = list(WORD.finditer(clause.text))
    text = [match.group() for match in words]
    near = "here" if clause.turn == turn else "near"
    dated = [(phrase.start, phrase.end) for phrase in dates_en.find(clause.text, talk.today)]
    spelled = spelled_words(clause)
    act = act_of(clause.text)
    work = act.work.split() if act is not None else []
    run = 0
    for i, word in enumerate(text):
        is_gap = (
            word in _NO_TITLE_WORDS
            or not english_words(word)
            or talk.people.name_of(word.removesuffix("'s")) is not None
        )
        is_gap = is_gap or any(start <= words[i].start() < end for start, end in dated)
        if is_gap or (i and "," in clause.text[words[i - 1].end() : words[i].start()]):
            run += 1
        if is_gap or (clause.turn != turn and _is_background(talk, word)) or _is_a_time(text, i):
            continue
        key = english_words(word)
        yield Candidate(
            key,
            clause,
            i,
            (clause.index, run),
            _says_little(word),
            common | _shape(text, i, work, near, is_capital=word in spelled) | {f"word {stem}" for stem in key},
        )


def _is_a_time(text: Sequence[str], i: int) -> bool:
    """Whether a word only says when: "page" of "after the login page"."""
    lead = next((w for w in reversed(text[:i]) if w in _FUNCTION and w not in DETERMINERS), "")
    return lead in ("after", "before")


def _is_background(talk: Talk, word: str) -> bool:
    turns = min((talk.turns_with[stem] for stem in english_words(word)), default=0)
    return turns >= max(BACKGROUND_TURNS, BACKGROUND_SHARE * len(talk.turns))


def _says_little(word: str) -> bool:
    """Whether a word is an everyday one or the form of a verb: "test", "planned", but not "documentation"."""
    is_verb = base_of(word) is not None
    return all(stem in EVERYDAY_STEMS or (is_verb and stem in VERB_STEMS) for stem in english_words(word))


def _shape(text: Sequence[str], i: int, work: Sequence[str], near: str, *, is_capital: bool) -> set[str]:
    """How a word stands in its clause."""
    word, before, after = text[i], text[i - 1] if i else "", text[i + 1] if i + 1 < len(text) else ""
    stems = english_words(word)
    base = base_of(word)
    kind = "everyday" if all(stem in EVERYDAY_STEMS for stem in stems) else "verb" if base else "thing"
    found = {kind, f"{near} {kind}", f"letters {min(len(word) // 3, 3)}", f"{near} {kind} after {_class(before)}"}
    found |= {f"after {_class(before)}", f"{kind} before {_class(after)}"}
    if before in PREPOSITIONS:
        found.add(f"after {before}")
    if after in PREPOSITIONS:
        found.add(f"before {after}")
    lead = next((w for w in reversed(text[:i]) if w in _FUNCTION), "")
    found |= {f"led by {_class(lead)}", f"{near} led by {_class(lead)}"}
    if lead in PREPOSITIONS:
        found.add(f"led by {lead}")
    if base and base != word:
        found.add("verb " + ("ing" if word.endswith("ing") else "s" if word.endswith("s") else "ed"))
    if word in VERBS:
        found.add("verb base")
    found |= {
        name
        for name, holds in {"capital": is_capital, "number": word[-1].isdigit(), "hyphen": "-" in word}.items()
        if holds
    }
    if word in work:
        at = work.index(word)
        links = sum(other in PREPOSITIONS or other.endswith(",") for other in work[1:at])
        found |= {
            "of the work",
            f"{near} of the work",
            f"work {min(at, 6)}",
            f"work part {min(links, 3)}",
            f"{near} {kind} of the work",
        }
        if at == 0:
            found |= {"verb of the work", f"{near} verb of the work"}
    elif work:
        found.add("beside the work")
    found.add("last" if not after else "first" if not before else "middle")
    return found


def _class(word: str) -> str:
    if not word:
        return "nothing"
    found = next((name for name, words in _CLASSES if word in words), None)
    return found or ("verb" if base_of(word) else "word")


def _weigh(talk: Talk, turn: int, found: Sequence[Candidate]) -> None:
    """How often a word falls, by whom, and whether it is new here."""
    around = talk.near(turn, before=SPAN.before, after=SPAN.after)
    for candidate in found:
        stem = candidate.key[0]
        said = [at for at in around if stem in talk.stems[at]]
        everywhere = talk.turns_with[stem]
        by = {talk.speakers[at] for at in said}
        earlier = any(stem in words for words in talk.stems[: around.start])
        later = any(stem in words for words in talk.stems[around.stop :])
        kind = "verb" if candidate.is_little else "thing"
        candidate.features |= {
            f"{kind} said {min(len(said), 4)}",
            f"common {min(everywhere, 5)}",
            f"{kind} by {min(len(by), 3)}",
            f"{kind} {'said earlier' if earlier else 'new'}",
            f"{kind} {'said later' if later else 'not later'}",
            f"{kind} last said {turn - max(said, default=turn)}",
            f"{kind} here" if stem in talk.stems[turn] else f"{kind} not here",
        }
        if len(said) > 1 and not earlier:
            candidate.features.add(f"{kind} new and again")
