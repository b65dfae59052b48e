"""The contract of an Extractor: what it reads, what it answers, and what code makes of the answer.

Pure: standard library and errors only. Claude and the rules answer with the same `Operation`; validation,
matching, dates and transitions are code, never the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

Op = Literal["create", "update", "complete", "reopen", "none"]
Kind = Literal["task", "blocker", "decision", "question"]
Status = Literal["TODO", "IN_PROGRESS", "DONE"]


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """Settled words of one speaker. Times are seconds since the meeting's start."""

    id: int
    text: str
    speaker: str | None = None
    start_s: float = 0.0
    end_s: float = 0.0
    language: str | None = None


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket of the group, as far as an extractor needs it."""

    id: int
    title: str
    status: Status
    assignee: str | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class ExtractionInput:
    """All that an extractor may know.

    `read_before` are the ids of segments that an earlier pass has read: context, on which alone nothing rests.
    """

    segments: Sequence[SpokenSegment]
    tickets: Sequence[OpenTicket] = ()
    roster: Sequence[str] = ()
    vocabulary: Sequence[str] = ()
    meeting_date: date = date(1970, 1, 1)
    time_zone: str = "UTC"
    language: str | None = None
    is_whole_meeting: bool = True
    read_before: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was said, as an extractor understood it.

    `status` is the status that the work has after what was said (`create` may say IN_PROGRESS or DONE;
    `update` with IN_PROGRESS starts a ticket). `certainty` is 0..1; `is_explicit`: the words state it outright.
    """

    op: Op
    kind: Kind = "task"
    ticket_ref: int | None = None
    title: str = ""
    content: str = ""
    owner: str | None = None
    due_text: str | None = None
    due_date: date | None = None
    status: Status | None = None
    priority: str | None = None
    segment_ids: tuple[int, ...] = ()
    quote: str = ""
    certainty: float = 1.0
    is_explicit: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost. Tokens; US dollars."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor answered, what was dropped (reason -> count), and how much it read.

    `looks_back`: of how many segments that were read before it may tell new work now that it knows what followed.
    Only for one that tells the same of the same words each time.
    `summary` holds sentences on what the meeting came to, if the extractor can tell; minutes without it are extractive.
    """

    operations: tuple[Operation, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    covered_segments: int = 0
    total_segments: int = 0
    extractor: str = ""
    usage: Usage = Usage()
    summary: tuple[str, ...] = ()
    looks_back: int = 0


class Extractor(Protocol):
    """Reads a transcript, answers with operations. Raises `ExtractionPendingError` when it should be asked again."""

    name: str

    def extract(self, given: ExtractionInput) -> Extraction:
        """Read `given.segments`; must not raise for odd words, only for a reader that is away."""
        ...
