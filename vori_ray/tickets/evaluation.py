"""Runs an extractor over a folder of meetings with gold and scores what it read.

Goes the way of live meetings: extractor, validation, planning. Only what would be applied counts as predicted, a
suggestion that waits for a person does not. Knows nothing about Ray, the database or which extractor it is given.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vori_ray.errors import BadInputError
from vori_ray.tickets.extraction import ExtractionInput, Extractor, OpenTicket, SpokenSegment
from vori_ray.tickets.planning import Plan, plan
from vori_ray.tickets.scoring import Scores, score, table
from vori_ray.tickets.validation import validate


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation measured. `notes` says by meeting what was missed or wrong; cost in US dollars."""

    extractor: str
    scores: Mapping[str, Scores]
    notes: Mapping[str, list[str]]
    dropped: Mapping[str, int]
    evidence_total: int
    evidence_valid: int
    seconds: float
    cost_usd: float

    def text(self, *, with_notes: bool = False) -> str:
        """The report as text for a terminal."""
        valid = self.evidence_valid / self.evidence_total if self.evidence_total else 1.0
        lines = [
            table(self.scores),
            f"{'evidence valid':<38}{valid:>12.3f}  ({self.evidence_valid}/{self.evidence_total})",
            f"{'operations dropped by validation':<38}{sum(self.dropped.values()):>12}",
            f"{'seconds, whole set':<38}{self.seconds:>12.2f}",
        ]
        if self.cost_usd:
            lines.append(f"{'cost, US dollars':<38}{self.cost_usd:>12.4f}")
        for meeting_id, notes in self.notes.items() if with_notes else ():
            lines += [f"\n{meeting_id}", *(f"  {note}" for note in notes)]
        return "\n".join(lines)


def load_meetings(folder: Path) -> dict[str, dict[str, Any]]:
    """The meetings of a folder by id. Raises `BadInputError` for a folder without any or a file that is not one."""
    meetings: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(folder).glob("*.json")):
        try:
            meeting = json.loads(path.read_text(encoding="utf-8"))
            meetings[str(meeting["id"])] = meeting
            meeting_input(meeting)
        except (ValueError, KeyError, TypeError) as exc:
            raise BadInputError(
                f"expected a meeting with id, date, transcript and gold in {path.name}: {exc!r}"
            ) from exc
    if not meetings:
        raise BadInputError(f"expected meeting files (*.json) in {folder}, found none")
    return meetings


def meeting_input(meeting: Mapping[str, Any]) -> ExtractionInput:
    """What an extractor may know of a meeting file: everything but the gold. Segment ids are the utterances' `i`."""
    tickets = tuple(
        OpenTicket(id=ticket["id"], title=ticket["title"], status=ticket["status"], assignee=ticket["assignee"])
        for ticket in meeting["existing_tickets"]
    )
    segments = tuple(
        SpokenSegment(said["i"], said["text"], said["speaker"], said["start"], said["end"])
        for said in meeting["transcript"]
    )
    names = [said.speaker for said in segments] + [ticket.assignee for ticket in tickets]
    return ExtractionInput(
        segments=segments,
        tickets=tickets,
        roster=tuple(dict.fromkeys(name for name in names if name)),
        meeting_date=date.fromisoformat(meeting["date"]),
        language=meeting.get("language"),
    )


def prediction(meeting_id: str, planned: Plan) -> dict[str, Any]:
    """A plan in the format of a prediction file."""
    return {
        "id": meeting_id,
        "new_tickets": [
            {
                "title": ticket.title,
                "status": ticket.status,
                "assignee": ticket.assignee,
                "due": ticket.due.isoformat() if ticket.due else None,
                "evidence": list(ticket.evidence.segment_ids),
            }
            for ticket in planned.tickets
            if ticket.is_applied
        ],
        "status_changes": [
            {"ticket_id": change.ticket_id, "to": change.new, "evidence": list(change.evidence.segment_ids)}
            for change in planned.changes
            if change.is_applied
        ],
        **{
            f"{kind}s": [
                {"text": remark.text, "evidence": list(remark.evidence.segment_ids)}
                for remark in planned.remarks
                if remark.kind == kind
            ]
            for kind in ("blocker", "decision")
        },
    }


def evaluate(extractor: Extractor, set_dir: Path, out_dir: Path) -> Report:
    """Read every meeting of `set_dir`, write a prediction file each and `scores.txt` to `out_dir`, score them.

    Raises `BadInputError` for a folder without meetings, and what the extractor raises when it is away.
    """
    meetings = load_meetings(Path(set_dir))
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    predictions: dict[str, dict[str, Any]] = {}
    dropped: dict[str, int] = {}
    counts = {"valid": 0, "total": 0}
    cost_usd, started = 0.0, time.perf_counter()
    for meeting_id, meeting in meetings.items():
        given = meeting_input(meeting)
        extraction = extractor.extract(given)
        validated = validate(extraction, given, meeting_id=meeting_id)
        predictions[meeting_id] = prediction(meeting_id, plan(validated.accepted, given.tickets))
        cost_usd += extraction.usage.cost_usd
        counts["valid"] += len(validated.accepted)
        for reason, number in (validated.dropped or {}).items():
            dropped[reason] = dropped.get(reason, 0) + number
        counts["total"] += len(validated.accepted) + _evidence_flaws(validated.dropped or {})
        path = out / f"{meeting_id}.json"
        path.write_text(json.dumps(predictions[meeting_id], ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    seconds = time.perf_counter() - started
    scores, notes = score(meetings, predictions)
    name = getattr(extractor, "name", type(extractor).__name__)
    report = Report(name, scores, notes, dropped, counts["total"], counts["valid"], seconds, cost_usd)
    (out / "scores.txt").write_text(report.text(with_notes=True) + "\n", encoding="utf-8")
    return report


def _evidence_flaws(dropped: Mapping[str, int]) -> int:
    return sum(dropped.get(reason, 0) for reason in ("unknown_segment", "quote_not_in_evidence"))
