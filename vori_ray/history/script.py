"""What is said and done in a synthetic history, as plain values. PURE.

A script says who speaks when, which words first tell of which piece of work, and what people do on the board between
meetings. Knows nothing of tickets: what becomes of the words is for the extractor to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["talk", "task", "vague", "started", "finished", "not_yet", "blocker", "decision"]


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance. Times are seconds since the meeting's start; `task` numbers the group's work that it is about."""

    speaker: str
    text: str
    start_s: float
    end_s: float
    kind: Kind = "talk"
    task: int | None = None


@dataclass(frozen=True, slots=True)
class HandMove:
    """Somebody moves the card of a piece of work after the meeting, without a word."""

    task: int
    by: str
    at: datetime
    status: Literal["IN_PROGRESS", "DONE"]


@dataclass(frozen=True, slots=True)
class ScriptedMeeting:
    """A meeting, and what happens on the board until the next one. Times have a zone."""

    title: str
    starts_at: datetime
    ends_at: datetime
    lines: tuple[Line, ...]
    moves: tuple[HandMove, ...] = ()


@dataclass(frozen=True, slots=True)
class ScriptedGroup:
    """A group with its people (the first one leads) and its meetings in the order of time."""

    key: str
    name: str
    language: str
    time_zone: str
    people: tuple[str, ...]
    meetings: tuple[ScriptedMeeting, ...]
