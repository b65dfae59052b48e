"""What can be told from a turn by its form: the features that the learned models weigh.

Pure. A feature is a name; it holds of a turn or it does not. Nouns are left out as words, so that no trade is learned:
what remains are endings, particles, auxiliaries, verbs, the acts of the patterns, dates, names, and whether a ticket of
the board is named. Of the neighbouring turns only the acts count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.morphemes import Morpheme
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.sentences import MARKS
from vori_ray.tickets.korean.talk import Talk

NAMED = 0.3  # share of a ticket's title that has to be named for the turn to speak of it
LENGTH_STEP, LONGEST = 15, 6
_NOUNS = frozenset({"NNG", "NNP", "SL", "XR", "NR", "SN", "SH", "NNB"})
_KEPT = frozenset(
    """것 수 중 때 건 쪽 정도 나머지 완료 진행 시작 끝 마무리 확정 결정 결론 반 다음 이번 오늘 내일 지금 어제 담당
    처음 앞 당분간 안 말 티켓 목록 보드 카드 상태 전부 전체""".split()
)
_WORDS = frozenset({"VV", "VA", "VX", "MAG", "XSV"})
_NEAR = ((-1, "before "), (-2, "before that "), (1, "after "))


def features(talk: Talk, turn: int) -> frozenset[str]:
    """The features of a turn in its place."""
    clauses = talk.turns[turn]
    found = set(_shape(clauses))
    for said in clauses:
        found |= clause_features(said)
    for away, near in _NEAR:
        if 0 <= turn + away < len(talk.turns):
            found |= {near + feature for feature in _acts(talk.turns[turn + away])}
            found.add(near + ("same speaker" if talk.speakers[turn + away] == talk.speakers[turn] else "other speaker"))
    return frozenset(found | set(_between(talk, turn)) | set(_of_board(talk, turn)))


def clause_features(said: Said) -> frozenset[str]:
    """The features that one clause gives its turn."""
    words = _pattern([part for part in said.clause.morphemes if part.tag not in MARKS])
    found = {f"{part.form}/{part.tag[:2]}" for part in said.clause.morphemes if part.tag.split("-")[0] in _WORDS}
    for length in (1, 2, 3):
        found |= {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}
    found |= {"… " + " ".join(words[-length:]) for length in (2, 3, 4)}
    return frozenset(found | set(_flags(said)))


def _pattern(parts: Sequence[Morpheme]) -> list[str]:
    """The clause as its grammar: nouns that stand together are one N, all else is itself."""
    words: list[str] = []
    for part in parts:
        is_noun = part.tag in _NOUNS and part.form not in _KEPT
        word = "N" if is_noun else f"{part.form}/{part.tag.split('-')[0]}"
        if not (is_noun and part.tag != "NNB" and words and words[-1] == "N"):
            words.append(word)
    return words


def _flags(said: Said) -> Iterator[str]:
    yield from (f"act {act.value}" for act in said.acts)
    yield from (f"name {mention.way}" for mention in said.clause.mentions)
    yield from ("limit" if date.is_limit else "day" for date in said.dates)
    is_thing = not said.phrase.is_thin
    is_told = said.has(Act.ASSIGN) and bool(said.clause.mentions)
    named = {
        "I do": "저/NP 가/JKS" in said.clause.line or "나/NP 가/JKS" in said.clause.line,
        "I": any(me in said.clause.line for me in ("저/NP 는", "나/NP 는", "저/NP 도", "나/NP 도")),
        "points back": said.points_back,
        "outsider": said.is_by_outsider,
        "only if": said.is_conditional,
        "date": bool(said.dates),
        "?": said.clause.is_asked,
        "thing": is_thing,
        "commits to a thing": is_thing and said.has(Act.COMMIT),
        "commits with a date": bool(said.dates) and said.has(Act.COMMIT),
        "somebody is told": is_told,
        "somebody is told a thing": is_told and is_thing,
        "somebody is told with a date": is_told and bool(said.dates),
    }
    yield from (name for name, holds in named.items() if holds)


def _acts(clauses: Sequence[Said]) -> Iterator[str]:
    """What a neighbouring turn does, and what it does last."""
    for said in clauses:
        yield from _flags(said)
    if clauses:
        yield from _shape(clauses)


def _shape(clauses: Sequence[Said]) -> Iterator[str]:
    if not clauses:
        yield "nothing"
        return
    yield from (f"ends {act.value}" for act in clauses[-1].acts)
    yield f"length {min(sum(len(said.clause.text) for said in clauses) // LENGTH_STEP, LONGEST)}"
    if clauses[0].begins_with_yes:
        yield "yes"


def _between(talk: Talk, turn: int) -> Iterator[str]:
    """A date that is said again, a name that is called."""
    days = [{date.day for said in talk.turns[turn + away] for date in said.dates} if 0 <= turn + away < len(talk.turns)
            else set() for away in (-1, 0, 1)]  # fmt: skip
    if days[1] & days[2]:
        yield "date said again"
    if days[0] & days[1]:
        yield "date taken up"
    if talk.is_called(turn):
        yield "called"
    if turn + 1 < len(talk.turns) and any(
        mention.name == talk.speakers[turn] for said in talk.turns[turn + 1] for mention in said.clause.mentions
    ):
        yield "called after"


def _of_board(talk: Talk, turn: int) -> Iterator[str]:
    """Whether this turn or the one before names a ticket, of which status, and whose."""
    for away, near in ((0, "ticket"), (1, "ticket before")):
        share, ticket = talk.about.named_best(turn - away) if turn >= away else (0.0, None)
        if ticket is None or share < NAMED:
            continue
        yield near
        yield f"{near} {talk.board.tickets[ticket].status}"
        if talk.board.tickets[ticket].assignee == talk.speakers[turn]:
            yield f"{near} mine"
    if any(ticket.assignee == talk.speakers[turn] for ticket in talk.board.tickets.values()):
        yield "has a ticket"
