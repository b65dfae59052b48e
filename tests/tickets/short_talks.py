"""Short talks, read the way of live meetings, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment
from vori_ray.tickets.planning import Plan, plan
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.validation import validate

MEETING_DAY = date(2026, 3, 4)  # a Wednesday


def read_talk(
    talk: str, *, language: str, tickets: Sequence[OpenTicket], roster: Sequence[str], is_whole_meeting: bool = True
) -> Plan:
    """Read a talk, one turn a line, "name: words"."""
    turns = [line.strip().split(": ", 1) for line in talk.strip().splitlines()]
    given = ExtractionInput(
        segments=[SpokenSegment(place, text, speaker) for place, (speaker, text) in enumerate(turns)],
        tickets=tuple(tickets),
        roster=tuple(roster),
        meeting_date=MEETING_DAY,
        language=language,
        is_whole_meeting=is_whole_meeting,
    )
    extraction = RulesExtractor().extract(given)
    return plan(validate(extraction, given, meeting_id="test").accepted, given.tickets)


def owners(planned: Plan) -> Sequence[str | None]:
    return [ticket.assignee for ticket in planned.tickets if ticket.is_applied]


def changes(planned: Plan) -> dict[int, str]:
    return {change.ticket_id: change.new for change in planned.changes if change.is_applied}
