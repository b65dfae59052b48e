"""Tickets that are asked for by name in English: "let's create a ticket for the login page and assign it to Priya".

Pure: a table of phrases. Knows nothing about the work that people take on in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.phrasing import WORD, spelled_words
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.talk import WHEN, Talk
from vori_ray.tickets.english.wording import as_title, likeness, telling
from vori_ray.tickets.heard import Work
from vori_ray.tickets.orders import NAMED_SINCE, Order, added, unowned
from vori_ray.tickets.roles import Role

_TICKET = r"(?:ticket|task|card|to-?do|action item|backlog item)"
_ASKED = re.compile(
    rf"\b(?:create|open|make|add|file|raise|log|write|set up|put in|need|want|have) (?:up |us |me )?"
    rf"(?:an? |another |one |one more )(?:new |separate |extra |small |quick )*{_TICKET} "
    r"(?:(?:for|about|on|called|named|titled) (?P<thing>.+)|to (?P<deed>.+))"
)
_CALLED = re.compile(
    rf"\b(?:the|that|this|its|my) (?:new )?(?:{_TICKET}|name|title)(?: is| will be|'s)(?: called| named)? (?P<thing>.+)"
    r"|\bcall (?:it|that one|the ticket) (?P<name>.+)"
)
_IS_CALLED = re.compile(rf"{_TICKET} (?:is|will be) (?!called|named)")  # "the ticket is blocked" names nothing
_GIVEN = re.compile(r"\b(?:assign|give|hand) (?P<what>.+?) to (?P<who>[\w' -]+)")
_TAKEN = re.compile(
    r"\bi(?:'ll| will| can| could|'d like to| would like to|'m going to)(?: \w+ly| also| just| then)* "
    r"(?:take|handle|do|pick up|own|start|begin|look after|take care of|work on|get started on)\b"
)
_TAKES = re.compile(
    r"\b(?!i\b)(?P<who>[\w'-]+)(?: will|'ll| can| should| is going to) (?:take|handle|do|own) (?P<what>.+)"
)
_ME = re.compile(r"(?:me|myself)\b")
_IT = re.compile(r"(?:^| )(?:it|that|this|that one|this one|the ticket)$")
_ENDS = re.compile(
    r",? (?:and (?:please )?(?:assign|give|put|move|set|mark)|because|since|so that|if|when"
    r"|which|please|right (?:now|away)|too|as well|now|today|then|on the board"
    r"|(?:to|in) the (?:board|backlog|sprint))\b.*$|, .*$"
)
_BY = re.compile(r"\b(?:by|on|before|until|this|next|tomorrow|today|tonight)\b.*$")
_POINTS = re.compile(r"^(?:it|that|this|them|those|these|everything|each|every|both|you|me|us)\b")
_SUBJECT = re.compile(
    r"\b(?:the|our) (?P<thing>[a-z][\w-]*(?: [\w-]+){0,3}?) "
    r"(?:is|are|has|have|was|were|needs?|looks?|takes?|keeps?|isn't|aren't|doesn't|don't)\b"
)
_JOURNEY = re.compile(
    r"^(?:the |a |an |my |our )?(?:\w+ )?(?:train|bus|flight|ferry|concert|show|match|game|museum|parking|play)$"
)
_NOT_ASKED = re.compile(r"\b(?:not|never|no|already|if|whether|why|when|until|before|instead|they|who)\b|n't\b")
_MAY_ASK = re.compile(r"\b(?:can|could|would|will) (?:you|we|i|somebody|someone|anybody|anyone)\b")


def orders_of(talk: Talk) -> list[Order]:
    """The tickets that are asked for, each once."""
    found: list[Order] = []
    for turn, clauses in enumerate(talk.turns):
        for clause in clauses:
            for order in () if _is_turned_down(talk, turn) else _asked(talk, turn, clause):
                found = added(found, order, likeness)
            found = [_told_more(talk, turn, clause, order, is_last=order is found[-1]) for order in found]
    return found


def taken_of_board(talk: Talk) -> list[Order]:
    """The tickets of the board that nobody owns and somebody takes or is given: "I can take the login page"."""
    orders = unowned(talk.tickets.values())
    for turn, clauses in enumerate(talk.turns):
        for clause in clauses:
            if any(words.search(clause.text) for words in (_GIVEN, _TAKES, _TAKEN)):
                orders = [_told_more(talk, turn, clause, order, is_last=False) for order in orders]
    return [order for order in orders if order.owner]


def fits(talk: Talk, orders: Sequence[Order], work: Work, order: Order) -> float:
    """How well (0..1) some work that was heard is what was asked for: its turn names nothing else but other tickets."""
    when = " ".join(match.group() for clause in talk.turns[work.turn] for match in WHEN.finditer(clause.text))
    known = {word for each in orders for word in _words(each.called)} | _words(order.title)
    more = set(telling(work.title.casefold())) & talk.telling[work.turn] - set(telling(when)) - known
    if more - talk.people.words:
        return 0.0
    return 1.0 if work.turn in order.turns else max(likeness(work.title, each) for each in (order.title, order.called))


def _asked(talk: Talk, turn: int, clause: Clause) -> Iterator[Order]:
    match = _ASKED.search(clause.text)
    if match is None or _NOT_ASKED.search(clause.text[: match.start()]):
        return
    if is_question(clause.text, is_asked=clause.is_asked) and not _MAY_ASK.search(clause.text):
        return
    said = match["thing"] or match["deed"]
    thing, where = (_name(talk, said), clause) if not _POINTS.match(said) else _spoken_of(talk, turn, clause)
    if telling(thing) and not _POINTS.match(thing) and not _JOURNEY.match(thing):
        title = _title(where, thing)
        yield Order((turn,), title, title)


def _is_turned_down(talk: Talk, turn: int) -> bool:
    """Whether what is asked for is taken back at the end of its turn, or refused in the next."""
    last, answer = talk.turns[turn][-1:], talk.turns[turn + 1][:1] if turn + 1 < len(talk.turns) else ()
    is_refused = any(roles_of(clause.text) & {Role.REFUSAL, Role.RETRACTION} for clause in answer)
    return is_refused or any(Role.RETRACTION in roles_of(clause.text) for clause in last)


def _spoken_of(talk: Talk, turn: int, clause: Clause) -> tuple[str, Clause]:
    """What "that" is, with the clause it is in: "the printer is slow, so let's create a ticket for that"."""
    for before in (c for at in (turn, turn - 1) if at >= 0 for c in reversed(talk.turns[at])):
        subject = _SUBJECT.search(before.text) if before.index < clause.index else None
        if subject:
            return subject["thing"], before
    return "", clause


def _told_more(talk: Talk, turn: int, clause: Clause, order: Order, *, is_last: bool) -> Order:
    """What a clause adds to a ticket that was asked for before: whose it is, and its name."""
    is_near = is_last and turn - order.turns[-1] <= NAMED_SINCE
    called = _CALLED.search(clause.text)
    if is_near and called and not _IS_CALLED.search(clause.text):
        thing = _name(talk, called["thing"] or called["name"])
        return replace(order, title=_title(clause, thing), turns=(*order.turns, turn)) if telling(thing) else order
    owner = None if is_question(clause.text, is_asked=clause.is_asked) else _owner(talk, clause, order, is_near=is_near)
    return replace(order, owner=owner, turns=tuple(dict.fromkeys((*order.turns, turn)))) if owner else order


def _owner(talk: Talk, clause: Clause, order: Order, *, is_near: bool) -> str | None:
    """Who is given a ticket in a clause, or takes it."""
    for given in (_GIVEN.search(clause.text), _TAKES.search(clause.text)):
        if given and _names(order, given["what"], is_near=is_near):
            who = next(iter(talk.people.named(given["who"])), None)
            return clause.speaker if _ME.match(given["who"]) else who
    taken = _TAKEN.search(clause.text)
    return clause.speaker if taken and _names(order, clause.text[taken.end() :], is_near=is_near) else None


def _names(order: Order, said: str, *, is_near: bool) -> bool:
    text = _BY.sub("", _ENDS.sub("", WHEN.sub(" ", said))).strip()
    least = set(telling(order.called.casefold()))
    most = _words(order.called) | _words(order.title)
    return bool(is_near and _IT.search(text)) or least <= set(telling(text)) <= most


def _name(talk: Talk, said: str) -> str:
    """The name of a ticket without what follows it: reasons, orders, whom one speaks to."""
    words = _ENDS.sub("", said).split()
    while words and words[-1].strip(",") in talk.people.words:
        words.pop()
    return " ".join(words)


def _words(name: str) -> set[str]:
    """The words of a name, also the first where it may be a verb: "release notes"."""
    return {*telling(name.casefold()), *telling(f"the {name.casefold()}")}


def _title(clause: Clause, thing: str) -> str:
    """As a title, with the capitals of the transcript."""
    spelled = spelled_words(clause)
    return as_title(WORD.sub(lambda match: spelled.get(match.group(), match.group()), thing))
