"""New work: the turns that take it on or give it out, and what they say of owner, date and state.

Pure. Which turns do so is told by the learned models; a turn that takes on what another has given is the same work.
Knows nothing about status changes of tickets that are on the board already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from vori_ray.tickets.dates_ko import DatePhrase
from vori_ray.tickets.heard import Turns, Work, until
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import likeness, stems
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.korean.titles import title_of
from vori_ray.tickets.linear import Linear

DATE_TURNS = 3
NEAR_TURNS, NEXT_TURNS = 4, 2
SAME_NEAR, SAME_NEXT, SAME_FAR = 0.45, 0.25, 0.75  # likeness of titles, by how near the turns are
DONE_TURNS = 15
TAKEN_BACK_TURNS = 2
_DAY_RANK = 7
_NOBODYS = re.compile(
    r"담당/NNG [^/]+/J\w+ (?:비우|없|미정|나중|다음)|담당/NNG 없이|담당자?/NNG (?:는|은)/J\w+ (?:나중|다음|아직)"
    r"|누구/NP 가/JKS 하/VV ㄹ지"
    r"|(?:할_?일|일|목록|리스트|보드|백로그)/NN. (?:에|로)/JKB (?:만/JX |다/MAG )?(?:[^ ]+/MAG )*"
    r"(?:넣|올리|적|남기|등록|추가)"
    r"|(?:적|쓰)/VV 어/EC (?:만/JX )?(?:두|놓)"
)
_WAYS = ("subject", "called", "topic", "receiver")


def new_work(talk: Talk, turns: Turns, title_model: Linear, *, at_least: float) -> list[Work]:
    """The work that is taken on, as surely as `at_least` (0..1), in the order of the talk; the same work once."""
    taken = [turn for turn in range(len(talk.turns)) if turns.takes_work(turn)[0] >= at_least]
    kept: list[Work] = []
    for turn in taken:
        work = _work(talk, turns, turn, title_model)
        if not work.title or work.likely < at_least or _is_taken_back(talk, work):
            continue
        _date(talk, work, set(taken))
        same = next((other for other in kept if _is_same(other, work)), None)
        if same is None:
            kept.append(work)
        else:
            same.join(work)
    for work in kept:
        _finish(talk, work, set(taken))
    return [work for work in kept if talk.board.same_as(work.title) is None]


def _work(talk: Talk, turns: Turns, turn: int, title_model: Linear) -> Work:
    likely, is_own = turns.takes_work(turn)
    clauses = talk.turns[turn]
    owner = talk.speakers[turn] if is_own and not _only_gives(clauses) else _receiver(talk, turn)
    title = title_of(talk, turn, title_model)
    work = Work(turn, is_own, likely * title.likeness, title.text, owner, last_turn=turn, evidence=[turn])
    if is_own and any(said.has(Act.BEGUN) for said in clauses):
        work.status = "IN_PROGRESS"
    return work


def _only_gives(clauses: Sequence[Said]) -> bool:
    """Whether a turn gives work to somebody or nobody, and says nothing of what the speaker will do."""
    if any(_NOBODYS.search(said.clause.line) for said in clauses):
        return not any("제가" in said.clause.text or "내가" in said.clause.text for said in clauses)
    takes = any(said.has(Act.COMMIT, Act.VOLUNTEER, Act.CAN, Act.PLAN) or said.begins_with_yes for said in clauses)
    return not takes and any(said.has(Act.ASSIGN, Act.ASK_WHO) for said in clauses)


def _receiver(talk: Talk, turn: int) -> str | None:
    """Who is named as the one to do it: nobody rather than somebody wrong."""
    names = {m.name for said in talk.turns[turn] for m in said.clause.mentions if m.way in _WAYS}
    names.discard(talk.speakers[turn] or "")
    return names.pop() if len(names) == 1 else None


def _is_taken_back(talk: Talk, work: Work) -> bool:
    """Whether the next turns drop the work: "아니에요, 그건 안 해도 돼요", "아니다, 안 할게요"."""
    for turn in range(work.turn, min(len(talk.turns), work.turn + TAKEN_BACK_TURNS + 1)):
        for said in talk.turns[turn]:
            is_back = turn == work.turn or said.points_back or (said.phrase.is_thin and said.speaker == work.owner)
            if is_back and said.has(Act.RETRACT, Act.REJECT) and not said.has(Act.ASK) and said is talk.turns[turn][-1]:
                return True
    return False


@dataclass(frozen=True, slots=True)
class _Found:
    """A date that a turn names."""

    turn: int
    said: Said
    date: DatePhrase


def _dates(talk: Talk, turns: Iterable[int]) -> Iterator[_Found]:
    for turn in turns:
        for said in talk.turns[turn]:
            if not said.has(Act.HEARSAY):
                yield from (_Found(turn, said, date) for date in said.dates)


def _date(talk: Talk, work: Work, taken: set[int]) -> None:
    """The date of the turn itself, else of the turns behind it, else of the request before it."""
    own = [(each.said, each.date) for each in _dates(talk, [work.turn])]
    behind = range(work.turn + 1, min(len(talk.turns), work.turn + DATE_TURNS + 1))
    later = list(_dates(talk, until(behind, taken)))
    earlier = list(_dates(talk, until(range(work.turn - 1, max(-1, work.turn - DATE_TURNS - 1), -1), taken)))
    choices = (
        (work.turn, _best(own)),
        _first(later, lambda each: each.date.is_limit),
        _first(earlier, lambda each: each.date.is_limit),
        _first(later, lambda each: each.turn == work.turn + 1),
        _first(earlier, lambda each: each.said.has(Act.ASSIGN, Act.NEED, Act.ASK)),
    )
    for turn, found in choices:
        if found is not None:
            said, date = found
            work.due_text = said.clause.text[date.start : date.end]
            if turn not in work.evidence:
                work.evidence.append(turn)
            return


def _best(found: list[tuple[Said, DatePhrase]]) -> tuple[Said, DatePhrase] | None:
    """The date that is a limit, the most exact, the last: "일요일까지, 아니, 금요일까지" is Friday."""
    ranked = [(date.is_limit, date.rank >= _DAY_RANK, place) for place, (_, date) in enumerate(found)]
    return found[max(ranked)[2]] if ranked else None


def _first(found: Sequence[_Found], holds: Callable[[_Found], bool]) -> tuple[int, tuple[Said, DatePhrase] | None]:
    """The best date of the first turn that has one of which `holds`, and the turn; (-1, None) for none."""
    fitting = [each for each in found if holds(each)]
    if not fitting:
        return -1, None
    turn = fitting[0].turn
    return turn, _best([(each.said, each.date) for each in fitting if each.turn == turn])


def _is_same(earlier: Work, later: Work) -> bool:
    """Whether two turns speak of one piece of work: near ones of one owner, far ones only by the same words."""
    alike = likeness(stems(later.title), stems(earlier.title))
    away = later.turn - earlier.last_turn
    is_his = earlier.owner == later.owner or None in (earlier.owner, later.owner) or not earlier.is_own
    if later.is_of_another(earlier):
        return alike >= SAME_FAR
    if away <= NEXT_TURNS and not is_his:
        return alike >= SAME_NEAR  # what one has brought up, the other takes on
    if away <= NEAR_TURNS and is_his:
        return alike >= (SAME_NEXT if away <= NEXT_TURNS else SAME_NEAR)
    return alike >= SAME_FAR


def _finish(talk: Talk, work: Work, taken: set[int]) -> None:
    """ "지금 넣을게요" ... "넣었습니다": what is done at once and reported before the end is done."""
    if work.status != "TODO" or not work.is_own or not any(said.is_now for said in talk.turns[work.turn]):
        return
    last = talk.turns[work.turn][-1]
    if last.has(Act.DONE, Act.DID) and not last.has(Act.UNFINISHED):
        work.status = "DONE"
    for turn in range(work.turn + 1, min(len(talk.turns), work.turn + DONE_TURNS + 1)):
        is_report = any(s.has(Act.DONE, Act.DID) and not s.has(Act.ASK, Act.UNFINISHED) for s in talk.turns[turn])
        if talk.speakers[turn] == work.owner and turn not in taken and is_report and work.status == "TODO":
            work.status = "DONE"
            work.evidence.append(turn)
