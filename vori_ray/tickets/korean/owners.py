"""Whose some new work is: what speaks for each person at the turn that takes it on or gives it out.

Pure. What is weighed for every language is in `owning`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vori_ray.tickets.heard import Turns
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.linear import Linear
from vori_ray.tickets.owning import surest, weighed_for

BEFORE, AFTER = 2, 2
_TELLING_ACTS = (Act.COMMIT, Act.CAN, Act.PLAN, Act.VOLUNTEER, Act.ASSIGN, Act.ASK_WHO, Act.NEED, Act.PROPOSE, Act.META,
                 Act.ASK, Act.BEGUN, Act.DONE)  # fmt: skip
_TAKING_ACTS = (Act.COMMIT, Act.CAN, Act.PLAN, Act.VOLUNTEER, Act.BEGUN, Act.DONE, Act.DID)
_DOER = ("called", "subject", "topic")  # how somebody who is told to do something is named
_I = re.compile(r"(?:^| )(?:저|나|제|내)/NP")
_NOBODYS = re.compile(
    r"담당/NNG [^/]+/J\w+ (?:비우|없|미정|나중|다음)|담당/NNG 없이|담당자?/NNG (?:는|은)/J\w+ (?:나중|다음|아직)"
    r"|누구/NP 가/JKS 하/VV ㄹ지"
    r"|(?:할_?일|일|목록|리스트|보드|백로그)/NN. (?:에|로)/JKB (?:만/JX |다/MAG )?(?:[^ ]+/MAG )*"
    r"(?:넣|올리|적|남기|등록|추가)"
    r"|(?:적|쓰)/VV 어/EC (?:만/JX )?(?:두|놓)"
)


def owner_of(talk: Talk, turns: Turns, turn: int, model: Linear) -> str | None:
    """The owner of the work that `turn` takes on or gives out, None where nobody is sure enough."""
    people = {name: measures(talk, turns, turn, name) for name in candidates(talk, turn) if _may_own(talk, turn, name)}
    return surest(people, model) or _told(talk, turn)


def _may_own(talk: Talk, turn: int, name: str) -> bool:
    """Whether the work may be somebody's: who only tells others to do it does not do it."""
    said = talk.turns[turn]
    only_tells = any(each.has(Act.ASSIGN) for each in said) and not any(each.has(*_TAKING_ACTS) for each in said)
    return name != talk.speakers[turn] or not only_tells


def _told(talk: Talk, turn: int) -> str | None:
    """Who is told to do something by name, where it is one person: "지영 님, 회의실 예약 좀 해 주세요"."""
    told = {m.name for said in talk.turns[turn] if said.has(Act.ASSIGN) for m in said.clause.mentions if m.way in _DOER}
    if any(_NOBODYS.search(said.clause.line) for said in talk.turns[turn]):
        return None
    return told.pop() if len(told) == 1 and talk.speakers[turn] not in told else None


def candidates(talk: Talk, turn: int) -> list[str]:
    """Those who speak or are named around a turn."""
    near = range(max(0, turn - BEFORE), min(len(talk.turns), turn + AFTER + 1))
    return list(dict.fromkeys(name for at in near for name in (talk.speakers[at], *_ways(talk, at)) if name))


def measures(talk: Talk, turns: Turns, turn: int, name: str) -> dict[str, float]:
    """What speaks for and against a person, by name."""
    of_turn, of_person = _of_turn(talk, turn), _of_person(talk, turns, turn, name)
    return weighed_for(name, talk.speakers, turns, turn, of_turn=of_turn, of_person=of_person)


def _of_turn(talk: Talk, turn: int) -> Iterator[str]:
    said = talk.turns[turn]
    lines = " ".join(each.clause.line for each in said)
    yield from (name for name, words in (("I", _I), ("nobody's", _NOBODYS)) if words.search(lines))
    yield from (f"act {act}" for act in _TELLING_ACTS if any(each.has(act) for each in said))
    yield from (f"last act {act}" for act in _TELLING_ACTS if said and said[-1].has(act))
    if any(way in ("called", "receiver") for way in _ways(talk, turn).values()):
        yield "calls somebody"


def _of_person(talk: Talk, turns: Turns, turn: int, name: str) -> Iterator[str]:
    for away, near in ((0, "here"), (-1, "before"), (1, "after"), (-2, "before that"), (2, "after that")):
        at = turn + away
        if not 0 <= at < len(talk.turns) or not talk.turns[at]:
            continue
        way = _ways(talk, at).get(name)
        if way:
            yield from (f"named {near}", f"{way} {near}")
        if away and talk.speakers[at] == name:
            yield f"speaks {near}"
            yield from (f"{act} {near}" for act in _TELLING_ACTS if any(said.has(act) for said in talk.turns[at]))
            if talk.turns[at][0].begins_with_yes:
                yield f"agrees {near}"
            if talk.turns[at][0].has(Act.REFUSE):
                yield f"refuses {near}"
            if turns.of("self", at) > 0:
                yield f"takes {near}"


def _ways(talk: Talk, turn: int) -> dict[str, str]:
    """Who is named in a turn, and how first."""
    found: dict[str, str] = {}
    for said in talk.turns[turn]:
        for mention in said.clause.mentions:
            found.setdefault(mention.name, mention.way)
    return found
