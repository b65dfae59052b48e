"""Whether a turn takes new work on, in any language: by its words, its neighbours' and what it would be called.

Pure. The models of the turns hear each turn alone; this weighs it among the others. Knows no language.
"""

from __future__ import annotations

from vori_ray.tickets.claiming import SILENT, Talk, how_far_on, odds_at
from vori_ray.tickets.heard import Title, Turns
from vori_ray.tickets.linear import probability

POSSIBLE = 0.01  # how likely (0..1) a turn alone must take work on for its neighbours to be asked
NEAR = 2  # turns to each side that are heard whole
BEFORE, AFTER = 5, 3  # turns to each side in which the work may be taken on as well
USUAL_PLACE = 0.6  # how far on (0..1) in a meeting most work is taken on
NAMED_BEFORE = 3  # turns before in which a ticket of the board may be named
SAID, MAYBE = 0.5, 0.2  # how likely (0..1) a turn must do something to do it, or maybe
MATTER = 0.4  # and to be about a matter of its own


def possible(turns: Turns, turn: int) -> bool:
    """Whether a turn may take work on at all."""
    return probability(_takes(turns, turn)) >= POSSIBLE


def surroundings(talk: Talk, turns: Turns, turn: int, title: Title) -> dict[str, float]:
    """What speaks for and against a turn taking new work on, in any language, as measures for the model."""
    count = len(talk.turns)
    near = {
        f"{name} at {away:+d}": odds_at(turns, name, turn + away)
        for away in range(-NEAR, NEAR + 1)
        for name in turns.odds
    }
    return {
        **near,
        "takes": _takes(turns, turn),
        "is own": float(turns.of("self", turn) >= turns.of("other", turn)),
        "taken before": max((_takes(turns, at) for at in range(max(0, turn - BEFORE), turn)), default=SILENT),
        "taken after": max((_takes(turns, at) for at in range(turn + 1, min(count, turn + 1 + AFTER))), default=SILENT),
        "title fits": title.likeness,
        "title words": float(len(title.text.split())),
        "how far on": how_far_on(talk, turn, usual=USUAL_PLACE),
        "ticket named": _named(talk, turn),
        "ticket named before": max((_named(talk, at) for at in range(max(0, turn - NAMED_BEFORE), turn)), default=0.0),
        "goes on": float(turn + 1 < count and talk.speakers[turn + 1] == talk.speakers[turn]),
    }


def ways(turns: Turns, turn: int, at: int) -> set[str]:
    """What the turn of a word and the turns on the way to the one that takes the work on do, as features of the word.

    A turn that takes on or reports something else has words of another matter, and so has what lies before it.
    """
    if at == turn:
        return set()
    where = "next" if at > turn else "just before" if at == turn - 1 else "before"
    between = range(min(at, turn) + 1, max(at, turn))
    does = {name for name in turns.odds if _likely(turns, name, at) >= SAID}
    maybe = {name for name in turns.odds if MAYBE <= _likely(turns, name, at) < SAID}
    passed = {name for name in turns.odds if any(_likely(turns, name, other) >= SAID for other in between)}
    works = sum(probability(_takes(turns, other)) >= MATTER for other in between)
    matters = sum(max(_likely(turns, name, other) for name in turns.odds) >= MATTER for other in between)
    found = {f"its turn {name}" for name in does} | {f"{where} its turn {name}" for name in does or {"nothing"}}
    found |= {f"{where} its turn maybe {name}" for name in maybe}
    found |= {f"{name} between" for name in passed} | {f"{where} {name} between" for name in passed}
    return found | {f"{where} {min(works, 3)} works between", f"{where} {min(matters, 3)} things between"}


def _likely(turns: Turns, name: str, turn: int) -> float:
    return probability(turns.of(name, turn))


def _takes(turns: Turns, turn: int) -> float:
    return max(turns.of("self", turn), turns.of("other", turn))


def _named(talk: Talk, turn: int) -> float:
    return talk.about.named_best(turn)[0]
