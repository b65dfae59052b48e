"""A Korean transcript read clause by clause: acts, people, dates, the phrase of the work.

Joins sentences, acts, phrases and people to what the listeners (works, board, remarks) hear. Decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from vori_ray.tickets.dates_ko import DatePhrase, find
from vori_ray.tickets.extraction import ExtractionInput
from vori_ray.tickets.korean.acts import Act, acts_of
from vori_ray.tickets.korean.lexicon import OUTSIDERS
from vori_ray.tickets.korean.morphemes import is_plain_noun
from vori_ray.tickets.korean.people import People
from vori_ray.tickets.korean.phrases import Phrase, Thing, phrase_of, things_of
from vori_ray.tickets.korean.sentences import Clause, Turn, line_of, split
from vori_ray.tickets.korean.stems import stems

_SHARED_MOOD = frozenset({Act.COMMIT, Act.ASSIGN, Act.NEED, Act.PROPOSE})
_DOES = re.compile(
    rf"(?:^| )(?:{OUTSIDERS})/NN[GP] (?:[^ ]+/(?:NNG|NNP|XSN) )*(?:들/XSN )?(?:에서|가|는|측/NN. (?:에서|가))/J"
)
_NOW = re.compile(r"(?:지금|바로|당장|금방|잠깐|잠시|얼른|이제)/(?:MAG|NNG)")
_BACK = re.compile(r"(?:그거|이거|저거|그|이)/(?:NP|MM)|(?:그것|이것)/NP")
_UNTIL = re.compile(r"(?:[ ]?[가-힣A-Za-z]{1,6}){0,2}[ ]?(?:전까지|까지|전에|때까지)(?:만|는|요)?")
_TAIL = re.compile(
    r"(?:[ ]?(?:오전|오후|아침|점심|저녁|밤|퇴근|전|중|안|안에|중으로"
    r"|까지|까지만|까지는|쯤|정도|전까지|에|에는|에요|이요))+"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One clause as the listeners hear it. `stems` are its telling words, `things` all that it names, `skipped` where
    people and dates stand in its text."""

    clause: Clause
    acts: frozenset[Act]
    phrase: Phrase
    things: tuple[Thing, ...]
    stems: tuple[str, ...]
    dates: tuple[DatePhrase, ...]
    is_conditional: bool
    is_by_outsider: bool
    is_now: bool
    points_back: bool
    skipped: tuple[tuple[int, int], ...] = ()
    begins_with_yes: bool = False

    @property
    def turn(self) -> int:
        return self.clause.turn

    @property
    def speaker(self) -> str | None:
        return self.clause.speaker

    @property
    def segment_id(self) -> int:
        return self.clause.segment_id

    def has(self, *acts: Act) -> bool:
        """Whether the clause does any of `acts`."""
        return any(act in self.acts for act in acts)


def people_of(given: ExtractionInput) -> People:
    """Everybody whose name may fall: the roster, the speakers, the assignees."""
    speakers = [segment.speaker or "" for segment in given.segments]
    assignees = [ticket.assignee or "" for ticket in given.tickets]
    return People([*speakers, *given.roster, *assignees], is_plain_noun=is_plain_noun)


def read(given: ExtractionInput) -> list[list[Said]]:
    """The clauses of each segment, in order."""
    people = people_of(given)
    turns: list[list[Said]] = []
    sentence = 0
    for index, segment in enumerate(given.segments):
        turn = split(index, segment.id, segment.speaker, segment.text, people=people, first_sentence=sentence)
        sentence += len({clause.sentence for clause in turn.clauses}) or 1
        turns.append(_heard(turn, given.meeting_date))
    return turns


def _heard(turn: Turn, today: date) -> list[Said]:
    """The clauses of a turn with their acts; "-고" hands the mood of the last clause to the ones before it."""
    heard: list[Said] = []
    mood: frozenset[Act] = frozenset()
    for clause in reversed(turn.clauses):
        acts = acts_of(clause.line, is_asked=clause.is_asked)
        if clause.joins in {"고", "며"} and not re.search(r"(?:었|겠)/EP|/VA|/VC", clause.line):
            acts |= mood
        elif not clause.joins:
            mood = acts & _SHARED_MOOD
        heard.append(_said(clause, acts, today))
    heard.reverse()
    if heard and Act.AGREE in heard[0].acts:
        heard = [replace(said, begins_with_yes=True) for said in heard]
    return _with_conditions(heard)


def _said(clause: Clause, acts: frozenset[Act], today: date) -> Said:
    dates = tuple(find(clause.text, today))
    skip = [(m.start, m.end) for m in clause.mentions if m.way != "receiver" or Act.ASSIGN in acts]
    dated = [(clause.start + d.start, clause.start + _stretched(clause.text, d.end)) for d in dates]
    skip += dated
    return Said(
        clause=clause,
        acts=acts,
        phrase=phrase_of(clause.morphemes, clause.source, skip=skip),
        things=things_of(clause.morphemes, clause.source, skip=skip),
        stems=stems(clause.text),
        dates=dates,
        is_conditional=False,
        is_by_outsider=bool(_DOES.search(line_of(clause.morphemes))),
        is_now=bool(_NOW.search(clause.line)),
        points_back=bool(_BACK.search(clause.line)),
        skipped=(*((m.start, m.end) for m in clause.mentions), *dated),
    )


def _stretched(text: str, end: int) -> int:
    """The end of a date's words with what belongs to it: "금요일" in "금요일 오전까지"."""
    tail = _UNTIL.match(text, end) or _TAIL.match(text, end)
    return tail.end() if tail else end


def _with_conditions(heard: list[Said]) -> list[Said]:
    """Mark clauses that hold only if the clause before them in the sentence does."""
    marked: list[Said] = []
    open_sentence = -1
    for said in heard:
        is_conditional = said.clause.sentence == open_sentence
        if Act.IF in said.acts and said.clause.joins:
            open_sentence = said.clause.sentence
        marked.append(replace(said, is_conditional=True) if is_conditional else said)
    return marked
