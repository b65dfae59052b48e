"""The minutes of a meeting as Markdown: general, stand-up, decision log; in English or Korean.

Pure: `render_minutes(source)` makes the same text of the same values. Knows nothing of where they are kept,
of versions, or of which extractor found them (it only names it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from vori_ray.errors import BadInputError
from vori_ray.meetings.exports import clock, markdown_escape

Template = Literal["general", "standup", "decisions"]
TEMPLATES: tuple[Template, ...] = ("general", "standup", "decisions")


@dataclass(frozen=True, slots=True)
class NotedTicket:
    """A ticket that the meeting made (`old_status` None) or moved."""

    title: str
    status: str
    old_status: str | None = None
    owner: str | None = None
    due_date: date | None = None
    at_s: float | None = None
    said_by: str | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class NotedRemark:
    """A decision, blocker or question that was voiced."""

    kind: str
    text: str
    said_by: str | None = None
    at_s: float | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class MinutesSource:
    """All that minutes are made of. Times are in the group's zone; offsets in seconds since the start."""

    title: str
    started_at: datetime
    ended_at: datetime | None = None
    language: str = "en"
    participants: Sequence[str] = ()
    summary: Sequence[str] = ()
    tickets: Sequence[NotedTicket] = ()
    remarks: Sequence[NotedRemark] = ()
    extractor: str = ""
    covered_segments: int = 0
    total_segments: int = 0

    def of_kind(self, kind: str) -> list[NotedRemark]:
        """Remarks of one kind, as voiced."""
        return [remark for remark in self.remarks if remark.kind == kind]


_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "date": "Date",
        "participants": "Participants",
        "nobody": "nobody spoke",
        "minutes": "min",
        "summary": "Summary",
        "decisions": "Decisions",
        "tickets": "New tickets",
        "changes": "Status changes",
        "blockers": "Blockers",
        "questions": "Open questions",
        "none": "None.",
        "title": "Title",
        "owner": "Owner",
        "due": "Due",
        "status": "Status",
        "evidence": "Evidence",
        "unassigned": "unassigned",
        "done": "Done",
        "doing": "In progress",
        "next": "Next",
        "made_by": "Made by VORI ({extractor}); {covered} of {total} passages read.",
        "TODO": "To do",
        "IN_PROGRESS": "In progress",
        "DONE": "Done",
    },
    "ko": {
        "date": "일시",
        "participants": "참석자",
        "nobody": "발언 없음",
        "minutes": "분",
        "summary": "요약",
        "decisions": "결정 사항",
        "tickets": "새 할 일",
        "changes": "상태 변경",
        "blockers": "막힌 일",
        "questions": "남은 질문",
        "none": "없음.",
        "title": "제목",
        "owner": "담당",
        "due": "기한",
        "status": "상태",
        "evidence": "근거",
        "unassigned": "담당 미정",
        "done": "완료",
        "doing": "진행 중",
        "next": "다음 할 일",
        "made_by": "VORI({extractor}) 작성. 발언 {total}개 중 {covered}개 반영.",
        "TODO": "할 일",
        "IN_PROGRESS": "진행 중",
        "DONE": "완료",
    },
}


def render_minutes(source: MinutesSource, *, template: str = "general") -> str:
    """Minutes in Markdown. `BadInputError` for a template that does not exist."""
    if template not in TEMPLATES:
        raise BadInputError(f"expected a template of {', '.join(TEMPLATES)}, got {template!r}")
    words = _WORDS["ko" if source.language.startswith("ko") else "en"]
    body = _BODIES[template](source, words)
    return "\n".join([*_head(source, words), *body, *_foot(source, words)]).strip() + "\n"


def _head(source: MinutesSource, words: dict[str, str]) -> list[str]:
    people = ", ".join(markdown_escape(name) for name in source.participants) or words["nobody"]
    return [
        f"# {markdown_escape(source.title)}",
        "",
        f"- **{words['date']}**: {_when(source, words)}",
        f"- **{words['participants']}**: {people}",
        "",
    ]


def _when(source: MinutesSource, words: dict[str, str]) -> str:
    start = f"{source.started_at:%Y-%m-%d %H:%M}"
    if source.ended_at is None:
        return start
    length = max(0, round((source.ended_at - source.started_at).total_seconds() / 60))
    return f"{start}-{source.ended_at:%H:%M} ({length} {words['minutes']})"


def _foot(source: MinutesSource, words: dict[str, str]) -> list[str]:
    if not source.extractor:
        return []
    line = words["made_by"].format(
        extractor=source.extractor, covered=source.covered_segments, total=source.total_segments
    )
    return ["---", "", f"*{line}*"]


def _general(source: MinutesSource, words: dict[str, str]) -> list[str]:
    return [
        *_section(words["summary"], [*_counts(source, words), *_sentences(source)], words),
        *_remarks(source, "decision", words["decisions"], words),
        *_section(words["tickets"], _ticket_table(source, words), words),
        *_section(words["changes"], _changes(source, words), words),
        *_remarks(source, "blocker", words["blockers"], words),
        *_remarks(source, "question", words["questions"], words),
    ]


def _counts(source: MinutesSource, words: dict[str, str]) -> list[str]:
    """One line on what the meeting came to, in numbers; nothing where it came to nothing."""
    new = sum(ticket.old_status is None for ticket in source.tickets)
    counts = {
        "decisions": len(source.of_kind("decision")),
        "tickets": new,
        "changes": len(source.tickets) - new,
        "blockers": len(source.of_kind("blocker")),
        "questions": len(source.of_kind("question")),
    }
    line = ", ".join(f"{words[name]}: {count}" for name, count in counts.items() if count)
    return [f"- {line}"] if line else []


def _sentences(source: MinutesSource) -> list[str]:
    return [f"- {markdown_escape(each)}" for each in source.summary]


def _standup(source: MinutesSource, words: dict[str, str]) -> list[str]:
    """A section a person: what they finished, what they are at, what comes next, what holds them up."""
    out: list[str] = []
    owners = {ticket.owner or ticket.said_by for ticket in source.tickets}
    speakers = {remark.said_by for remark in source.of_kind("blocker")}
    known = [name for name in source.participants if name in owners | speakers]
    others = sorted(name for name in owners | speakers if name and name not in known)
    for name in [*known, *others]:
        out += _person(name, source, words)
    loose = [ticket for ticket in source.tickets if not (ticket.owner or ticket.said_by)]
    loose_lines = [f"- {_ticket_line(ticket, words)}" for ticket in loose]
    return [*out, *(_section(words["unassigned"], loose_lines, words) if loose else [])] or [words["none"], ""]


def _person(name: str, source: MinutesSource, words: dict[str, str]) -> list[str]:
    out = [f"## {markdown_escape(name)}", ""]
    mine = [ticket for ticket in source.tickets if (ticket.owner or ticket.said_by) == name]
    for status, heading in (("DONE", "done"), ("IN_PROGRESS", "doing"), ("TODO", "next")):
        lines = [f"- {_ticket_line(ticket, words)}" for ticket in mine if ticket.status == status]
        out += [f"**{words[heading]}**", "", *lines, ""] if lines else []
    blocked = [f"- {_remark_line(x)}" for x in source.of_kind("blocker") if x.said_by == name]
    return [*out, *([f"**{words['blockers']}**", "", *blocked, ""] if blocked else [])]


def _decisions(source: MinutesSource, words: dict[str, str]) -> list[str]:
    """Numbered decisions with the words that made them, then what stayed open."""
    out: list[str] = []
    for number, remark in enumerate(source.of_kind("decision"), start=1):
        out += [f"{number}. **{markdown_escape(remark.text)}**{_place(remark.said_by, remark.at_s)}"]
        out += [f"   > {markdown_escape(remark.quote)}"] if remark.quote and remark.quote != remark.text else []
    return [
        *_section(words["decisions"], out, words),
        *_remarks(source, "question", words["questions"], words),
    ]


_BODIES: dict[str, Callable[[MinutesSource, dict[str, str]], list[str]]] = {
    "general": _general,
    "standup": _standup,
    "decisions": _decisions,
}


def _section(heading: str, lines: Sequence[str], words: dict[str, str]) -> list[str]:
    return [f"## {heading}", "", *(lines or [words["none"]]), ""]


def _remarks(source: MinutesSource, kind: str, heading: str, words: dict[str, str]) -> list[str]:
    return _section(heading, [f"- {_remark_line(remark)}" for remark in source.of_kind(kind)], words)


def _remark_line(remark: NotedRemark) -> str:
    return markdown_escape(remark.text) + _place(remark.said_by, remark.at_s)


def _place(said_by: str | None, at_s: float | None) -> str:
    parts = [markdown_escape(said_by)] if said_by else []
    parts += [clock(at_s, with_ms=False)] if at_s is not None else []
    return f" ({', '.join(parts)})" if parts else ""


def _ticket_table(source: MinutesSource, words: dict[str, str]) -> list[str]:
    rows = [ticket for ticket in source.tickets if ticket.old_status is None]
    if not rows:
        return []
    columns = ("title", "owner", "due", "status", "evidence")
    return [
        "| " + " | ".join(words[column] for column in columns) + " |",
        "|" + " --- |" * len(columns),
        *(_row(ticket, words) for ticket in rows),
    ]


def _row(ticket: NotedTicket, words: dict[str, str]) -> str:
    cells = (
        markdown_escape(ticket.title),
        markdown_escape(ticket.owner) if ticket.owner else words["unassigned"],
        ticket.due_date.isoformat() if ticket.due_date else "-",
        words[ticket.status],
        clock(ticket.at_s, with_ms=False) if ticket.at_s is not None else "-",
    )
    return f"| {' | '.join(cells)} |"


def _changes(source: MinutesSource, words: dict[str, str]) -> list[str]:
    return [
        f"- {markdown_escape(ticket.title)}: {words[ticket.old_status]} → {words[ticket.status]}"
        f"{_place(ticket.said_by, ticket.at_s)}" + (f' "{markdown_escape(ticket.quote)}"' if ticket.quote else "")
        for ticket in source.tickets
        if ticket.old_status is not None
    ]


def _ticket_line(ticket: NotedTicket, words: dict[str, str]) -> str:
    due = f", {words['due']}: {ticket.due_date.isoformat()}" if ticket.due_date else ""
    return f"{markdown_escape(ticket.title)}{due}{_place(None, ticket.at_s)}"
