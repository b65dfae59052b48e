"""Claims: what turns say of the status of the tickets on the board, in any language.

Pure. A turn says so as surely as the learned model tells by what the turn, its neighbours and the meeting say of the
ticket; a turn speaks of one ticket, and of each ticket the surest claim counts. Knows no language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vori_ray.tickets.about import About
from vori_ray.tickets.extraction import Op, Operation, Status
from vori_ray.tickets.heard import Sureness, Turns, Work
from vori_ray.tickets.linear import probability

POSSIBLE = 0.01  # how likely (0..1) a turn must say a status for a ticket to be asked about it
PLAIN = 0.8  # how likely (0..1) at least it is that a plain report on a ticket that it names is meant
NAMED, ALONE = 0.6, 0.3  # such a report names this much of the title, and is about no other ticket as much by so much
BEFORE, AFTER = 3, 2  # turns near a turn in which its ticket may be named, or what it says be taken up
USUAL_PLACE = 0.3  # how far on (0..1) in a meeting most claims are made
LONG = 20  # turns from which a meeting has a beginning and an end
SILENT = -4.0  # log odds that stand for a turn that is not there: it says nothing

# what may be said of a ticket of each status, and the status that it has then
MAY_BE: Mapping[Status, tuple[str, ...]] = {"TODO": ("done", "begun"), "IN_PROGRESS": ("done",), "DONE": ("reopen",)}
BECOMES: Mapping[str, Status] = {"done": "DONE", "begun": "IN_PROGRESS", "reopen": "IN_PROGRESS"}
Found = Mapping[tuple[int, int, str], float]  # a turn, a ticket, what is said of it: how likely (0..1)
Likely = Callable[[int, int, str], float]  # the same, asked one by one
IsPlain = Callable[[int, int, str], bool]
_OPS: Mapping[str, Op] = {"done": "complete", "begun": "update", "reopen": "reopen"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a turn says of a ticket's status, and how surely (0..1)."""

    ticket: int
    turn: int
    says: str
    likely: float

    def operation(self, *, segment_id: int, quote: str, sure: Sureness) -> Operation:
        """As an operation: applied where it is said surely, else suggested."""
        is_plain = self.likely >= sure.status
        return Operation(
            op=_OPS[self.says],
            ticket_ref=self.ticket,
            status=BECOMES[self.says],
            segment_ids=(segment_id,),
            quote=quote,
            certainty=1.0 if is_plain else self.likely,
            is_explicit=is_plain,
        )


def possible_claims(turns: Turns, statuses: Mapping[int, Status]) -> Iterator[tuple[int, int, str]]:
    """Each turn, ticket and status that may be said of it there."""
    for says in BECOMES:
        for turn, odds in enumerate(turns.odds[says]):
            if probability(odds) > POSSIBLE:
                yield from ((turn, ticket, says) for ticket, status in statuses.items() if says in MAY_BE[status])


def claims_of(talk: Talk, turns: Turns, likely: Likely, is_plain: IsPlain, *, at_least: float) -> list[Claim]:
    """For each ticket what is said of it most surely, where that is at least `at_least` (0..1); plain claims are."""
    found = {claim: likely(*claim) for claim in possible_claims(turns, talk.statuses)}
    plain = {claim: max(PLAIN, found.get(claim, 0.0)) for claim in plain_claims(talk, is_plain)}
    return surest_claims({**found, **plain}, at_least=at_least)


def plain_claims(talk: Talk, is_plain: IsPlain) -> Iterator[tuple[int, int, str]]:
    """The claims that turns make in plain words of a ticket that they name, and of no other; the models know few."""
    for turn in range(len(talk.turns)):
        for ticket, status in talk.statuses.items():
            if talk.about.named_alone(turn, ticket) >= ALONE:
                yield from ((turn, ticket, says) for says in MAY_BE[status] if is_plain(turn, ticket, says))


def move_on(
    works: Sequence[Work], claims: Iterable[tuple[int, int, str]], who_did: Callable[[int], str | None]
) -> None:
    """Move new work on by what is plainly said of it later in the same talk.

    `claims` are of the works by their places; `who_did` says who reports in a turn what he did himself.
    """
    for turn, place, says in sorted(claims):
        work = works[place]
        if turn > work.turn and work.status != "DONE":
            work.status = BECOMES[says]
            work.owner = work.owner or who_did(turn)
            work.evidence += [turn] if turn not in work.evidence else []


def surest_claims(found: Found, *, at_least: float) -> list[Claim]:
    """For each ticket what is said of it most surely; a turn speaks of one ticket, the likeliest.

    `found` says how likely (0..1) a turn says a status of a ticket.
    """
    best: dict[tuple[int, str], float] = {}
    for (turn, _, says), likely in found.items():
        best[turn, says] = max(best.get((turn, says), 0.0), likely)
    kept: dict[int, Claim] = {}
    for (turn, ticket, says), likely in sorted(found.items()):
        is_surest = ticket not in kept or likely > kept[ticket].likely
        if likely >= at_least and likely >= best[turn, says] and is_surest:
            kept[ticket] = Claim(ticket, turn, says, likely)
    return list(kept.values())


class Talk(Protocol):
    """What a language hears."""

    @property
    def turns(self) -> Sequence[Any]:
        """The turns of the meeting, or of a window of it."""

    @property
    def speakers(self) -> Sequence[str | None]:
        """Who spoke each turn."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole meeting."""

    @property
    def statuses(self) -> Mapping[int, Status]:
        """The status of each ticket of the board."""

    @property
    def about(self) -> About:
        """How much each turn is about each ticket."""


def surroundings(talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> dict[str, float]:
    """What speaks for and against a claim in any language, as measures for the model."""
    after = range(turn + 1, min(len(talk.turns), turn + 1 + AFTER))
    return {
        **{f"here {name}": turns.of(name, turn) for name in turns.odds},
        **{f"before {name}": odds_at(turns, name, turn - 1) for name in BECOMES},
        **{f"after {name}": odds_at(turns, name, turn + 1) for name in BECOMES},
        **{f"of {name}": float(name == says) for name in BECOMES},
        "of one to do": float(talk.statuses[ticket] == "TODO"),
        "work taken on after": max((turns.of("self", at) for at in after), default=SILENT),
        "blocker near": max(odds_at(turns, "blocker", at) for at in (turn - 1, turn, *after)),
        "how far on": how_far_on(talk, turn, usual=USUAL_PLACE),
        "led": talk.about.lead(turn, ticket),
        **_named(talk, turn, ticket),
    }


def odds_at(turns: Turns, name: str, turn: int) -> float:
    """The log odds that a turn is of a class, also where there is none."""
    return turns.of(name, turn) if 0 <= turn < len(turns.odds[name]) else SILENT


def how_far_on(talk: Talk, turn: int, *, usual: float) -> float:
    """Where in its meeting (0..1) a turn stands; `usual` where that tells nothing: in a window, in a short meeting."""
    return turn / len(talk.turns) if talk.is_whole and len(talk.turns) >= LONG else usual


def _named(talk: Talk, turn: int, ticket: int) -> dict[str, float]:
    """How much the turns say of the ticket's title, and this turn of other titles."""
    before, after = range(max(0, turn - BEFORE), turn), range(turn + 1, min(len(talk.turns), turn + 1 + AFTER))
    return {
        "named before": max((talk.about.named(at, ticket) for at in before), default=0.0),
        "named after": max((talk.about.named(at, ticket) for at in after), default=0.0),
        "named at most": talk.about.named_at_most(ticket),
        "turns that name it": float(talk.about.times_named(ticket)),
        "others named": max((talk.about.named(turn, other) for other in talk.statuses if other != ticket), default=0.0),
    }
