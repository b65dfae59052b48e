"""New work: the turns that take it on or give it out, and what they say of owner, date and state.

Pure. Which turns do so is told by the learned models; a turn that takes on what another has given is the same work.
Knows nothing about status changes of tickets that are on the board already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from vori_ray.tickets import taking
from vori_ray.tickets.dates_ko import DatePhrase
from vori_ray.tickets.heard import Title, Turns, Work, until
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.claims import follow
from vori_ray.tickets.korean.orders import fits, orders_of, taken_of_board
from vori_ray.tickets.korean.owners import owner_of
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import alike, covered, likeness, stems, telling
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.korean.titles import title_of
from vori_ray.tickets.linear import Models, probability
from vori_ray.tickets.orders import AGAIN, NAMED, asked_work, with_orders

DATE_TURNS = 3
NEAR_TURNS, NEXT_TURNS = 4, 2
SAME_NEAR, SAME_NEXT, SAME_FAR = 0.45, 0.25, 0.75  # likeness of titles, by how near the turns are
DONE_TURNS = 15
TAKEN_BACK_TURNS = 2
HALF = 0.5  # share (0..1) of a ticket's name that a turn has to say to speak of it
OWN_WORDS = 3  # of a title that the turn itself says: it names its work
_DAY_RANK = 7
_AT_ONCE = re.compile(
    r"화면/NNG (?:를/JKO )?(?:공유/NNG (?:를/JKO )?하/|띄우/|보이/VV 어/EC 드리/)[^ ]+ (?:ㄹ게|겠/EP)"
)


def new_work(talk: Talk, turns: Turns, models: Models, *, at_least: float) -> list[Work]:
    """The work that is taken on, as surely as `at_least` (0..1), in the order of the talk; the same work once."""
    found = [_work(talk, turns, turn, models) for turn in range(len(talk.turns)) if taking.possible(turns, turn)]
    found = [work for work in found if work.likely >= at_least]
    taken = {work.turn for work in found}
    kept: list[Work] = []
    for work in found:
        if not work.title or _is_at_once(talk, work.turn) or _is_taken_back(talk, work):
            continue
        _date(talk, work, taken)
        same = next((other for other in kept if _is_same(talk, other, work)), None)
        if same is None:
            kept.append(work)
        else:
            if _names_nothing(talk, work.turn) and not _names_nothing(talk, same.turn):
                work.title = same.title
            same.join(work)
    orders = orders_of(talk)
    kept = with_orders(kept, orders, partial(fits, talk, orders))
    names = [*(ticket.title for ticket in talk.board.tickets.values()), *(order.called for order in orders)]
    for work in kept:
        _finish(talk, work, taken)
        _clear_title(talk, work, names)
    follow(talk, kept)
    taken_up = [asked_work(order) for order in taken_of_board(talk)]
    return [work for work in kept if not _is_known(talk, work)] + taken_up


def _work(talk: Talk, turns: Turns, turn: int, models: Models) -> Work:
    title = title_of(talk, turns, turn, models.title)
    likely = probability(models.work.measured(measures(talk, turns, turn, title)))
    is_own = turns.of("self", turn) >= turns.of("other", turn)
    owner = owner_of(talk, turns, turn, models.owner)
    work = Work(turn, is_own, likely, title.text, owner, last_turn=turn, evidence=[turn])
    if is_own and any(said.has(Act.BEGUN) for said in talk.turns[turn]):
        work.status = "IN_PROGRESS"
    return work


def measures(talk: Talk, turns: Turns, turn: int, title: Title) -> dict[str, float]:
    """What the model of new work weighs."""
    return {
        "dated": float(any(said.dates for said in talk.turns[turn])),
        "asks": float(any(said.has(Act.ASK) for said in talk.turns[turn])),
        "length": math.log1p(sum(len(said.stems) for said in talk.turns[turn])),
        **taking.surroundings(talk, turns, turn, title),
    }


def _is_at_once(talk: Talk, turn: int) -> bool:
    """Whether all that is promised is done while one speaks: "화면 공유할게요"."""
    promises = [said for said in talk.turns[turn] if said.has(Act.COMMIT)]
    return bool(promises) and all(_AT_ONCE.search(said.clause.line) and not said.dates for said in promises)


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


def _is_same(talk: Talk, earlier: Work, later: Work) -> bool:
    """Whether two turns speak of one piece of work: near ones of one owner, far ones only by the same words."""
    if _names_another(talk, later, earlier):
        return False
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


def _names_nothing(talk: Talk, turn: int) -> bool:
    """Whether a turn does not say by itself which work it takes on: "네, 오늘 오후에 다시 확인하겠습니다"."""
    return all(said.phrase.is_thin for said in talk.turns[turn])


def _names_another(talk: Talk, later: Work, earlier: Work) -> bool:
    """Whether a turn itself names its work, and with no word of an earlier one's: the title's other words are near."""
    own = set(stems(later.title)) & set(talk.stems(later.turn))
    return len(own) >= OWN_WORDS and not own & set(stems(earlier.title))


def _clear_title(talk: Talk, work: Work, names: Sequence[str]) -> None:
    """Take a ticket's words out of the title where the turn itself names something else: they are of turns before."""
    spoken = talk.stems(work.turn)
    for named in () if work.called else map(stems, names):
        title = stems(work.title)
        own = telling(stem for stem in title if stem in spoken and not _share([stem], named))
        if own and covered(named, title) >= NAMED and covered(named, spoken) < HALF:
            words = work.title.split()
            work.title = " ".join(w for w in words if _share(stems(w), spoken) or not _share(stems(w), named))


def _is_known(talk: Talk, work: Work) -> bool:
    """Whether the board has the work; one that is asked for by name only if the names are the same."""
    ticket = talk.board.same_as(work.title)
    if ticket is None or not work.called:
        return ticket is not None
    return likeness(stems(work.called), stems(talk.board.tickets[ticket].title)) >= AGAIN


def _share(some: Iterable[str], others: Sequence[str]) -> bool:
    return any(alike(one, other) for one in some for other in others)


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
