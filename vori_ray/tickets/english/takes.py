"""New work: the turns that take it on or give it out, and what they say of owner, date and state.

Pure. Which turns do so is told by the learned models; a turn that takes on what another has given is the same work.
Knows nothing about status changes of tickets that are on the board already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import partial

from vori_ray.tickets import taking
from vori_ray.tickets.english.claims import follow
from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.frames import act_of
from vori_ray.tickets.english.orders import fits, orders_of, taken_of_board
from vori_ray.tickets.english.owners import owner_of
from vori_ray.tickets.english.status import Report, status_talk
from vori_ray.tickets.english.take_reader import read_take
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.english.titles import title_of
from vori_ray.tickets.english.wording import due_words, likeness, telling
from vori_ray.tickets.heard import Title, Turns, Work, until
from vori_ray.tickets.linear import Models, probability
from vori_ray.tickets.orders import AGAIN, NAMED, asked_work, with_orders
from vori_ray.tickets.roles import Role
from vori_ray.tickets.stems import english_words

NEAR_TURNS, NEXT_TURNS, DATE_TURNS = 5, 2, 2
SAME_NEXT, SAME_NEAR, SAME_FAR = 0.3, 0.4, 0.7  # likeness of titles, by how near the turns are
DONE_TURNS = 15
HALF = 0.5  # share (0..1) of a ticket's name that a turn has to say to speak of it
# "I'll start this morning" says when it begins, not when it is due.
_BEGINS = re.compile(r"\b(?:start|starting|begin|beginning)\b(?!.*\b(?:by|done|finish|finished|ready|before|until)\b)")
_NOW = re.compile(
    r"\b(?:now|right away|straight away|as we speak|this minute|this second|while we(?:'re| are)|hang on|hold on)\b"
)


def new_work(talk: Talk, turns: Turns, models: Models, *, at_least: float) -> list[Work]:
    """The work that is taken on, as surely as `at_least` (0..1), in the order of the talk; the same work once."""
    found = [_work(talk, turns, turn, models) for turn in range(len(talk.turns)) if taking.possible(turns, turn)]
    found = [work for work in found if work.likely >= at_least]
    taken = {work.turn for work in found}
    kept: list[Work] = []
    for work in found:
        if not work.title or _is_taken_back(talk, work.turn):
            continue
        _date(talk, work, taken)
        same = next((other for other in kept if _is_same(other, work)), None)
        if same is None:
            kept.append(work)
        else:
            same.join(work)
    orders = orders_of(talk)
    kept = with_orders(kept, orders, partial(fits, talk, orders))
    names = [*(ticket.title for ticket in talk.tickets.values()), *(order.called for order in orders)]
    for work in kept:
        _finish(talk, work, taken)
        _clear_title(talk, turns, work, models, names)
    follow(talk, kept)
    for work in kept:
        _late_date(talk, work)
    taken_up = [asked_work(order) for order in taken_of_board(talk)]
    return [work for work in kept if not _is_known(talk, work)] + taken_up


def _work(talk: Talk, turns: Turns, turn: int, models: Models) -> Work:
    title = title_of(talk, turns, turn, models.title)
    likely = probability(models.work.measured(measures(talk, turns, turn, title)))
    is_own = turns.of("self", turn) >= turns.of("other", turn)
    owner = owner_of(talk, turns, turn, models.owner)
    work = Work(turn, is_own, likely, title.text, owner, last_turn=turn, evidence=[turn])
    if is_own and Report.BEGUN in _reports(talk, turn):
        work.status = "IN_PROGRESS"
    return work


def measures(talk: Talk, turns: Turns, turn: int, title: Title) -> dict[str, float]:
    """What the model of new work weighs."""
    return {
        "read": read_take(talk, turn, talk.encoders.takes),
        "dated": float(bool(_dates(talk, turn, asked=True))),
        "dated next to it": float(any(_dates(talk, at, asked=True) for at in (turn - 1, turn + 1))),
        "asks": float(any(is_question(clause.text, is_asked=clause.is_asked) for clause in talk.turns[turn])),
        "length": math.log1p(sum(len(clause.text.split()) for clause in talk.turns[turn])),
        **taking.surroundings(talk, turns, turn, title),
    }


def _reports(talk: Talk, turn: int) -> set[Report]:
    """What a turn reports of some work's status, questions left out."""
    told = (clause for clause in talk.turns[turn] if not is_question(clause.text, is_asked=clause.is_asked))
    return {said.talk for clause in told if (said := status_talk(clause.text))}


def _is_taken_back(talk: Talk, turn: int) -> bool:
    """Whether the turn takes back at its end what it says."""
    return any(Role.RETRACTION in roles_of(clause.text) for clause in talk.turns[turn][-1:])


def _date(talk: Talk, work: Work, taken: set[int]) -> None:
    """The date of the turn itself, else of the turns behind it, else of the request before it."""
    behind = until(range(work.turn + 1, work.turn + 1 + DATE_TURNS), taken)
    before = until(range(work.turn - 1, work.turn - 1 - DATE_TURNS, -1), taken)
    of_it = [turn for turn in behind if not _is_anothers(talk, turn, work.owner)]
    for turn in (work.turn, *of_it, *before):
        found = _dates(talk, turn, asked=turn <= work.turn)
        if found:
            work.due_text = found[-1]
            if turn not in work.evidence:
                work.evidence.append(turn)
            return


def _late_date(talk: Talk, work: Work) -> None:
    """The date that is said later of a ticket which was asked for by name: "the login page will be done by Friday"."""
    name = set(telling(work.called.casefold()))
    if work.due_text or not name:
        return
    for turn in range(work.turn + 1, len(talk.turns)):
        found = _dates(talk, turn, asked=False) if name <= talk.telling[turn] else []
        if found:
            work.due_text = found[-1]
            work.evidence += [turn] if turn not in work.evidence else []


def _is_anothers(talk: Talk, turn: int, owner: str | None) -> bool:
    """Whether somebody else says in a turn what he will do himself."""
    if not 0 <= turn < len(talk.turns) or talk.speakers[turn] == owner:
        return False
    acts = [act for clause in talk.turns[turn] if (act := act_of(clause.text)) is not None]
    return any(act.role is Role.COMMITMENT and not act.is_pointing for act in acts)


def _dates(talk: Talk, turn: int, *, asked: bool) -> list[str]:
    """The words of a turn's dates; those of its questions only if `asked`."""
    if not 0 <= turn < len(talk.turns):
        return []
    clauses = [
        c
        for c in talk.turns[turn]
        if (asked or not is_question(c.text, is_asked=c.is_asked)) and not _BEGINS.search(c.text)
    ]
    return [words for clause in clauses if (words := due_words(clause.text, talk.today))]


def _is_same(earlier: Work, later: Work) -> bool:
    """Whether two turns speak of one piece of work: near ones of one owner, far ones only by the same words."""
    alike = likeness(earlier.title, later.title, english_words)
    away = later.turn - earlier.last_turn
    is_his = earlier.owner == later.owner or None in (earlier.owner, later.owner) or not earlier.is_own
    if away <= NEXT_TURNS and not later.is_of_another(earlier):
        return alike >= (SAME_NEXT if is_his else SAME_NEAR)
    if away <= NEAR_TURNS and is_his:
        return alike >= SAME_NEAR
    return max(alike, likeness(earlier.title, later.title)) >= SAME_FAR


def _clear_title(talk: Talk, turns: Turns, work: Work, models: Models, names: Sequence[str]) -> None:
    """Name the work by its own turn where a ticket's words came from turns before and the turn names another thing."""
    title, spoken = set(telling(work.title.casefold())), talk.telling[work.turn]
    for named in () if work.called else (set(telling(name.casefold())) for name in names):
        is_told_before = len(named & title) >= NAMED * len(named) and len(named & spoken) < HALF * len(named)
        if is_told_before and title & spoken - named:
            work.title = title_of(talk, turns, work.turn, models.title, is_alone=True).text


def _is_known(talk: Talk, work: Work) -> bool:
    """Whether the board has the work; one that is asked for by name only if the names are the same."""
    ticket = talk.board.same_work(work.title.casefold())
    return ticket is not None and (not work.called or likeness(work.called, ticket.title) >= AGAIN)


def _finish(talk: Talk, work: Work, taken: set[int]) -> None:
    """ "I'll send it now" ... "sent": what its owner reports before the end is done."""
    words = set(telling(work.title.casefold()))
    is_now = any(_NOW.search(clause.text) for clause in talk.turns[work.turn])
    for turn in range(work.turn + 1, min(len(talk.turns), work.turn + DONE_TURNS + 1)):
        if talk.speakers[turn] != work.owner or turn in taken or work.status == "DONE":
            continue
        reports = _reports(talk, turn)
        shared = len(words & talk.telling[turn])
        if Report.UNFINISHED not in reports and Report.DONE in reports and (is_now or shared >= 1):
            work.status = "DONE"
            work.evidence.append(turn)
        elif Report.BEGUN in reports and shared >= 1 and work.status == "TODO":
            work.status = "IN_PROGRESS"
