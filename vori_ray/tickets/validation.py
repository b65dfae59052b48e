"""What may be believed of an extractor's answer: the checks that code makes, for Claude and the rules alike.

Pure: no database, no model, no clock. Each operation stands or falls alone; what is dropped is counted by its reason.
What the accepted operations do to the board is decided in planning.

    1 evidence   every segment is in the input, and the quote stands in those segments
    2 ticket     a ticket that is named is in the list that was supplied
    3 owner      on the roster, or named in the evidence; else nobody: a wrong owner is worse than none
    4 due date   resolved here from the words and the meeting's date; an extractor's own date is not believed
    5 status     only transitions of the table
    6 newness    something of the evidence was not read by an earlier pass: at the window's edge, old words lose their
                 context and seem to say what they do not
    7 key        the same thing said of the same evidence has the same key, and acts once
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vori_ray.tickets.dates import resolve
from vori_ray.tickets.extraction import Extraction, ExtractionInput, Operation, SpokenSegment, Status
from vori_ray.tickets.transitions import is_legal

MAX_TITLE_CHARACTERS = 100

_OPS = frozenset({"create", "update", "complete", "reopen"})
_KINDS = frozenset({"task", "blocker", "decision", "question"})
_STATUSES = frozenset({"TODO", "IN_PROGRESS", "DONE"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """An operation that stood every check. `key` is the same on every repeat of the same words."""

    operation: Operation
    key: str


@dataclass(frozen=True, slots=True)
class Validated:
    """Operations that may be acted on, in the order given, and what was dropped: reason -> count."""

    accepted: tuple[Accepted, ...] = ()
    dropped: Mapping[str, int] | None = None


def folded(text: str) -> str:
    """Text as quotes are compared: NFKC, case folded, white space as single blanks."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def validate(extraction: Extraction, given: ExtractionInput, *, meeting_id: str | int) -> Validated:
    """Check each operation of `extraction` against what the extractor was given; nothing is raised for a bad one."""
    segments = {segment.id: segment for segment in given.segments}
    status_of: dict[int, Status] = {ticket.id: ticket.status for ticket in given.tickets}
    dropped: Counter[str] = Counter(extraction.dropped)
    accepted: list[Accepted] = []
    keys: set[str] = set()
    context = _context(given, looks_back=extraction.looks_back)
    for operation in extraction.operations:
        reason = _flaw(operation, segments, status_of)
        is_new = operation.kind == "task" and operation.op == "create"
        if reason is None and (context if is_new else given.read_before).issuperset(operation.segment_ids):
            reason = "read_before"
        if reason is None:
            checked = _completed(operation, given, [segments[i] for i in operation.segment_ids])
            key = operation_key(checked, meeting_id=meeting_id)
            reason = "repeated" if key in keys else None
        if reason is not None:
            dropped[reason] += 1
            continue
        keys.add(key)
        accepted.append(Accepted(checked, key))
        if checked.kind == "task" and checked.ticket_ref is not None:
            status_of[checked.ticket_ref] = target_status(checked) or status_of[checked.ticket_ref]
    return Validated(tuple(accepted), dict(dropped))


def _context(given: ExtractionInput, *, looks_back: int) -> frozenset[int]:
    """The segments that were read before, but for the last `looks_back` of them: no new work rests on these alone."""
    earlier = [segment.id for segment in given.segments if segment.id in given.read_before]
    return frozenset(earlier[: len(earlier) - looks_back])


def target_status(operation: Operation) -> Status | None:
    """The status that a task has after the operation; None where it says nothing about one."""
    if operation.op == "complete":
        return "DONE"
    if operation.op == "reopen":
        return "IN_PROGRESS"
    return operation.status


def operation_key(operation: Operation, *, meeting_id: str | int) -> str:
    """The idempotency key: meeting, op, kind, ticket or title, first segment. 64 hexadecimal digits."""
    subject = f"#{operation.ticket_ref}" if operation.ticket_ref is not None else folded(operation.title)
    first = min(operation.segment_ids)
    parts = (str(meeting_id), operation.op, operation.kind, subject, target_status(operation) or "", str(first))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _flaw(operation: Operation, segments: Mapping[int, SpokenSegment], status_of: Mapping[int, Status]) -> str | None:
    """The first reason to drop the operation, or None."""
    if operation.op not in _OPS or operation.kind not in _KINDS or operation.status not in {None, *_STATUSES}:
        return "nothing_to_do" if operation.op == "none" else "malformed"
    if not operation.segment_ids or any(i not in segments for i in operation.segment_ids):
        return "unknown_segment"
    if not _is_quoted(operation.quote, (segments[i] for i in operation.segment_ids)):
        return "quote_not_in_evidence"
    if operation.ticket_ref is not None and operation.ticket_ref not in status_of:
        return "unknown_ticket"
    return _task_flaw(operation, status_of) if operation.kind == "task" else _text_flaw(operation)


def _text_flaw(operation: Operation) -> str | None:
    return None if (operation.title or operation.content or operation.quote).strip() else "no_text"


def _task_flaw(operation: Operation, status_of: Mapping[int, Status]) -> str | None:
    if operation.ticket_ref is None:
        if operation.op != "create":
            return "no_ticket"
        return None if operation.title.strip() else "no_title"
    new, old = target_status(operation), status_of[operation.ticket_ref]
    if operation.op in ("create", "update") and new in (None, old):
        return None
    if new is None or not is_legal(old, new, is_reopen=operation.op == "reopen"):
        return "no_change" if new == old else "illegal_transition"
    return None


def _is_quoted(quote: str, evidence: Iterable[SpokenSegment]) -> bool:
    words = folded(quote)
    return bool(words) and words in folded(" ".join(segment.text for segment in evidence))


def _completed(operation: Operation, given: ExtractionInput, evidence: list[SpokenSegment]) -> Operation:
    """The operation with what code decides: the owner, the date, the title's length."""
    due = resolve(operation.due_text, given.meeting_date) if operation.due_text else None
    title = re.sub(r"\s+", " ", operation.title).strip()
    if operation.kind == "task" and len(title) > MAX_TITLE_CHARACTERS:
        title = title[:MAX_TITLE_CHARACTERS].rsplit(" ", 1)[0].rstrip(" ,;:-")
    owner = known_owner(operation.owner, roster=given.roster, evidence=evidence)
    return replace(operation, owner=owner, due_date=due, title=title)


def known_owner(owner: str | None, *, roster: Iterable[str], evidence: Iterable[SpokenSegment]) -> str | None:
    """The owner as the roster spells it, or as the evidence names it; None where neither knows the name."""
    wanted = folded(owner or "")
    if not wanted:
        return None
    names = list(roster)
    exact = [name for name in names if folded(name) == wanted]
    partly = [name for name in names if set(wanted.split()) & set(folded(name).split())]
    if exact or len(partly) == 1:
        return (exact or partly)[0]
    for segment in evidence:
        if folded(segment.speaker or "") == wanted or re.search(rf"\b{re.escape(wanted)}", folded(segment.text)):
            return (owner or "").strip()
    return None
