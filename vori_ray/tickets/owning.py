"""Whose some new work is, in any language: what speaks for a person, and who is sure enough.

Pure. The languages tell what a turn and a person show; the learned models weigh it. Nobody rather than somebody wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Linear, probability

SURE, AHEAD = 0.9, 0.6  # probability of an owner, and how far the next likeliest must be behind
LITTLE = -4.0  # log odds of somebody who says nothing next to the turn


def surest(people: Mapping[str, Mapping[str, float]], model: Linear) -> str | None:
    """Of people and what speaks for each: the likeliest owner, where sure and well ahead of the next."""
    ranked = sorted(((probability(model.measured(shown)), name) for name, shown in people.items()), reverse=True)
    if not ranked or ranked[0][0] < SURE:
        return None
    return ranked[0][1] if len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= AHEAD else None


def weighed_for(
    name: str,
    speakers: Sequence[str | None],
    turns: Turns,
    turn: int,
    *,
    of_turn: Iterable[str],
    of_person: Iterable[str],
) -> dict[str, float]:
    """What speaks for and against a person owning the work of a turn: by name, for the speaker and others apart."""
    own, given = turns.of("self", turn), turns.of("other", turn)
    who = "speaker" if speakers[turn] == name else "other"
    found = {f"{who} own": own / 4, f"{who} given": given / 4, f"{who}": 1.0, f"{who} lead": (own - given) / 4}
    found |= {f"{who} {feature}": 1.0 for feature in (*of_turn, *of_person)}
    if who == "other":
        near = (turns.of("self", at) for at in (turn - 1, turn + 1) if _is_by(speakers, at, name))
        found["other takes"] = max(near, default=LITTLE) / 4
    return found


def _is_by(speakers: Sequence[str | None], turn: int, name: str) -> bool:
    return 0 <= turn < len(speakers) and speakers[turn] == name
