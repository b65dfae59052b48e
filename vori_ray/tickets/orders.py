"""Tickets that people ask for by name, in any language: "create a ticket for the login page", "assign it to Priya".

Pure. What is asked for outright becomes a ticket whatever the learned models say of it, under the name that it was
given; what the models hear of the same work is joined to it. Knows no language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.heard import Work

SAME = 0.6  # likeness (0..1) from which work that was heard is what was asked for
AGAIN = 0.85  # likeness of two names that ask for the same
NAMED = 0.6  # share (0..1) of its name that has to be said to mean a ticket
NAMED_SINCE = 3  # turns in which "it" is the ticket that was asked for


@dataclass(frozen=True, slots=True)
class Order:
    """A ticket that is asked for in some turns: its name; how it was called first; whose it is, where that is said."""

    turns: tuple[int, ...]
    title: str
    called: str
    owner: str | None = None


Fits = Callable[[Work, Order], float]  # how well (0..1) some work that was heard is what was asked for


def added(orders: Sequence[Order], order: Order, likeness: Callable[[str, str], float]) -> list[Order]:
    """The orders and another, last; where it asks for the same again, the two as one."""
    again = next((each for each in orders if likeness(each.called, order.called) >= AGAIN), None)
    if again is None:
        return [*orders, order]
    joined = replace(again, turns=(*again.turns, *order.turns), owner=order.owner or again.owner)
    return [*(each for each in orders if each is not again), joined]


def unowned(tickets: Iterable[OpenTicket]) -> list[Order]:
    """The open tickets of the board that nobody owns, to be given to who takes them."""
    return [Order((), each.title, each.title) for each in tickets if each.assignee is None and each.status != "DONE"]


def with_orders(works: Sequence[Work], orders: Sequence[Order], fits: Fits) -> list[Work]:
    """The work that was heard and the tickets that were asked for, each once, in the order of the talk."""
    asked = [(order, asked_work(order)) for order in orders]
    rest: list[Work] = []
    for work in works:
        order, ticket = max(asked, key=lambda each: fits(work, each[0]), default=(None, None))
        if order is None or ticket is None or fits(work, order) < SAME:
            rest.append(work)
        else:
            _take_in(order, ticket, work)
    return sorted([*rest, *(ticket for _, ticket in asked)], key=lambda work: work.turn)


def asked_work(order: Order) -> Work:
    """What is asked for as a piece of work."""
    work = Work(order.turns[0], False, 1.0, order.title, order.owner, last_turn=order.turns[-1], called=order.called)
    work.evidence = list(order.turns)
    return work


def _take_in(order: Order, ticket: Work, heard: Work) -> None:
    """Join what was heard of a ticket. Its name stays; who takes it on owns it, who only writes it down does not."""
    if heard.turn not in order.turns:
        ticket.owner, ticket.is_own = heard.owner or ticket.owner, heard.is_own
    ticket.due_text = heard.due_text or ticket.due_text
    ticket.status = heard.status if ticket.status == "TODO" else ticket.status
    ticket.last_turn = max(ticket.last_turn, heard.last_turn)
    ticket.evidence += [turn for turn in heard.evidence if turn not in ticket.evidence]
