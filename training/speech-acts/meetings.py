"""Meetings with gold as examples: what each turn shows, and what it does by the gold.

Knows no language: a language gives the talk and its features.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from vori_ray.tickets.claiming import LONG
from vori_ray.tickets.evaluation import meeting_input
from vori_ray.tickets.extraction import ExtractionInput
from vori_ray.tickets.linear import Models

CLASSES = ("self", "other", "done", "begun", "reopen", "blocker", "decision")

MARK = "> "  # before the turn of a templated act that is learned, where it is not the last
SHORT_WEIGHT = 3.0  # of a turn of a short meeting: there are few such meetings, and people hold many

Row = Mapping[str, float]


class Language(Protocol):
    """What training asks of a language."""

    name: str
    penalties: Mapping[str, float]  # inverse strength of the penalty, by model
    positive_weight: float  # of a turn that does something, beside one that does nothing
    min_meetings: int  # a feature of fewer meetings is left out

    def listen(self, given: ExtractionInput, place: int | None = None) -> Any:
        """The talk; `place` tells which meeting of the training it is: nothing that hears it may have learned of it."""
        ...

    def features(self, talk: Any, turn: int) -> Row:
        """What a turn shows."""
        ...

    def turns_of(self, talk: Any, models: Models) -> Any:
        """How likely each turn does what."""
        ...

    def title_rows(self, talk: Any, turns: Any, turn: int, titles: Sequence[str]) -> list[tuple[Row, bool]]:
        """The words that may stand in a title, and whether they do."""
        ...

    def work_row(self, talk: Any, turns: Any, turn: int, models: Models) -> Row:
        """What speaks for a turn taking work on."""
        ...

    def owner_rows(self, talk: Any, turns: Any, turn: int, owner: str | None) -> list[tuple[Row, bool]]:
        """Who may own the work of a turn, and whether they do."""
        ...

    def status_row(self, talk: Any, turns: Any, turn: int, ticket: int, says: str) -> Row:
        """What speaks for a turn saying a status of a ticket."""
        ...

    def templated(self) -> list[tuple[str, Row]]:
        """The class and the features of made-up turns, where the language has such."""
        ...

    def rules(self, models: Models, place: int | None = None) -> Any:
        """The rules of the language with some models; `place` as for `listen`."""
        ...


@dataclass(frozen=True)
class Meeting:
    """A meeting with gold, and what it shows: the features and the classes of each turn, the turn of each ticket."""

    gold: Mapping[str, Any]
    language: Language
    talk: Any
    classes: Mapping[str, frozenset[int]]
    taken: Sequence[tuple[int, Mapping[str, Any]]]
    spoken: Sequence[tuple[int, Mapping[str, Any]]]  # every turn that speaks of new work, with the work
    ignored: frozenset[int]  # turns that speak of new work but do not take it on: no example of either

    @cached_property
    def said_so(self) -> frozenset[tuple[int, int, str]]:
        """Each turn, ticket and status that the turn says of it."""
        place = {said["i"]: turn for turn, said in enumerate(self.gold["transcript"])}
        return frozenset(
            (place[i], change["ticket_id"], change["to"])
            for change in self.gold["gold"]["status_changes"]
            for i in change["evidence"]
        )

    @property
    def weight(self) -> float:
        """How much each of its turns counts."""
        return SHORT_WEIGHT if len(self.found) < LONG else 1.0

    @cached_property
    def found(self) -> Sequence[Row]:
        """The features of each turn."""
        return [self.language.features(self.talk, turn) for turn in range(len(self.talk.turns))]


def act_turns(act: str) -> tuple[list[tuple[str, str]], int]:
    """A templated act, "A: ... / > B: ...", as who says what in each turn, and the place of the turn that is learned."""
    turns = act.split(" / ")
    learned = next((place for place, said in enumerate(turns) if said.startswith(MARK)), len(turns) - 1)
    spoken = [said.removeprefix(MARK).split(": ", 1) for said in turns]
    return [(who, text) for who, text in spoken], learned


def read_meeting(path: Path, language: Language, place: int | None = None) -> Meeting:
    """A meeting file as an example; `place` is its place among the meetings of the training.

    The turn that takes a ticket on is the last of its owner's evidence.
    """
    gold = json.loads(path.read_text(encoding="utf-8"))
    talk = language.listen(meeting_input(gold), place)
    turn_of = {said["i"]: turn for turn, said in enumerate(gold["transcript"])}
    classes: dict[str, set[int]] = {name: set() for name in CLASSES}
    taken, spoken = [], []
    for ticket in gold["gold"]["new_tickets"]:
        evidence = sorted(turn_of[i] for i in ticket["evidence"])
        own = [turn for turn in evidence if talk.speakers[turn] == ticket["assignee"]]
        own = own[:-1] if ticket["status"] == "DONE" and len(own) > 1 else own
        turn = (own or evidence)[-1]
        classes["self" if own else "other"].add(turn)
        taken.append((turn, ticket))
        spoken += [(turn, ticket) for turn in evidence]
    for change in gold["gold"]["status_changes"]:
        says = "done" if change["to"] == "DONE" else "reopen" if change["from"] == "DONE" else "begun"
        classes[says].update(turn_of[i] for i in change["evidence"])
    for kind in ("blocker", "decision"):
        classes[kind].update(turn_of[i] for item in gold["gold"][f"{kind}s"] for i in item["evidence"])
    ignored = frozenset({turn for turn, _ in spoken} - classes["self"] - classes["other"])
    return Meeting(gold, language, talk, {k: frozenset(v) for k, v in classes.items()}, taken, spoken, ignored)
