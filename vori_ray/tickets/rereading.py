"""A meeting read again from another transcript: what it would change waits as suggestions, and nothing else happens.

Another transcript has other segments, so what was said, refused or made before is found again by its time and speaker.
A person's word stands as ever: what was rejected, undone or thrown away stays away, and so does what has been
suggested already. A ticket that has moved on since the meeting is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.models import Meeting
from vori_ray.storage.utterances import Utterance, join_utterances
from vori_ray.tickets.applying import ApplyReport, Carrier, lock_meeting, record_usage
from vori_ray.tickets.board import Reading, read_cards, read_past, read_whole
from vori_ray.tickets.extraction import Extraction, SpokenSegment
from vori_ray.tickets.matching import plain_words
from vori_ray.tickets.planning import SAME_WORK, plan
from vori_ray.tickets.reconcile import (
    Card,
    ChangeCard,
    CreateCard,
    Effect,
    Effects,
    Noted,
    Past,
    Suggest,
    reconcile,
    ticket_operation,
)
from vori_ray.tickets.sameness import sameness
from vori_ray.tickets.validation import Accepted, validate
from vori_ray.tickets.writing import row_id

LIVE_VERSION = 1
SHARED = 0.5
"""Share of the shorter of two stretches of speech that must lie in the other for them to be the same."""

Ids = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Rereading:
    """A transcript that is to be read, and its version."""

    reading: Reading
    version: int


def read_version(database: Database, meeting_id: int, version: int) -> Rereading:
    """What an extractor is to be given of a version. Raises NotFoundError."""
    with database.unit_of_work(None) as uow:
        meeting = uow.meetings.get_in(None, meeting_id)
        return Rereading(read_whole(uow, meeting, version=version), version)


def suggest(database: Database, extraction: Extraction, rereading: Rereading) -> ApplyReport:
    """Keep what `extraction` would change as suggestions, and who has read the version; once."""
    reading = rereading.reading
    with database.unit_of_work(None) as uow:
        meeting = lock_meeting(uow, reading.meeting_id)
        record_usage(uow, group_id=meeting.group_id, meeting_id=reading.meeting_id, usage=extraction.usage)
        validated = validate(extraction, reading.given, meeting_id=reading.meeting_id)
        effects = _suggestions(uow, meeting, rereading, validated.accepted)
        carrier = Carrier(uow, meeting, extraction, {segment.id: segment for segment in reading.given.segments})
        carrier.carry_out(effects)
        for row in uow.transcripts.list(meeting.group_id, reading.meeting_id):
            row.extractor = extraction.extractor if row.version == rereading.version else row.extractor
        return carrier.report(effects, dropped=validated.dropped or {})


def _suggestions(uow: UnitOfWork, meeting: Meeting, rereading: Rereading, accepted: Sequence[Accepted]) -> Effects:
    given = rereading.reading.given
    rows = uow.tickets.list_by_ids(meeting.group_id, [ticket.id for ticket in given.tickets])
    same = same_speech(_other_utterances(uow, meeting, rereading.version), given.segments)
    cards = [heard_anew(card, same) for card in read_cards(uow, meeting, tickets={row_id(row.id): row for row in rows})]
    past = past_anew(read_past(uow, meeting, given=given), same)
    effects = reconcile(plan(accepted, given.tickets), cards, past, is_whole=True, is_final=False)
    return only_suggestions(effects, past, moved_on=_moved_on(uow, meeting, [card.id for card in cards]))


def _other_utterances(uow: UnitOfWork, meeting: Meeting, version: int) -> list[Utterance]:
    meeting_id = row_id(meeting.id)
    versions = [LIVE_VERSION, *(row.version for row in uow.transcripts.list(meeting.group_id, meeting_id))]
    return [
        utterance
        for other in versions
        if other != version
        for utterance in join_utterances(uow.segments.list(meeting.group_id, meeting_id, transcript_version=other))
    ]


def _moved_on(uow: UnitOfWork, meeting: Meeting, ticket_ids: Iterable[int]) -> set[int]:
    """Tickets whose status has been changed elsewhere since the meeting ended."""
    return {
        ticket_id
        for ticket_id in ticket_ids
        for entry in uow.tickets.history(meeting.group_id, ticket_id)
        if meeting.ended_at is not None
        and entry.old_status not in (None, entry.new_status)
        and entry.meeting_id != meeting.id
        and entry.changed_at > meeting.ended_at
    }


# pure from here on


def same_speech(old: Iterable[Utterance], new: Sequence[SpokenSegment]) -> Ids:
    """Segment ids of other transcripts -> ids of the new one's segments that the same person said at the same time."""
    found: dict[int, frozenset[int]] = {}
    for utterance in old:
        ids = frozenset(
            segment.id for segment in new if segment.speaker == utterance.speaker and _is_same_time(utterance, segment)
        )
        found |= dict.fromkeys(utterance.segment_ids, ids)
    return found


def _is_same_time(old: Utterance, new: SpokenSegment) -> bool:
    shared_s = min(old.end_s, new.end_s) - max(old.start_s, new.start_s)
    return shared_s > 0 and shared_s >= SHARED * min(old.end_s - old.start_s, new.end_s - new.start_s)


def heard_anew(card: Card, same: Ids) -> Card:
    """The card with its evidence in the new transcript."""
    return replace(card, said_in=_in_new(card.said_in, same))


def past_anew(past: Past, same: Ids) -> Past:
    """What was refused, with its evidence in the new transcript."""
    refusals = [replace(refusal, said_in=_in_new(refusal.said_in, same)) for refusal in past.refusals]
    return replace(past, refusals=refusals)


def _in_new(ids: Collection[int], same: Ids) -> frozenset[int]:
    return frozenset(new for old in ids for new in same.get(old, frozenset([old])))


def only_suggestions(effects: Effects, past: Past, *, moved_on: Collection[int]) -> Effects:
    """New tickets and status changes as suggestions, and nothing else; what is left out is counted."""
    out = Effects(skipped=effects.skipped)
    for effect in effects.effects:
        suggestion = _as_suggestion(effect)
        if suggestion is None:
            out.skipped["not_suggested"] += 1
        elif suggestion.ticket_id in moved_on:
            out.skipped["moved_on"] += 1
        elif suggestion.key in past.keys or any(_is_pending(noted, suggestion) for noted in past.pending):
            out.skipped["repeated"] += 1
        else:
            out.effects.append(suggestion)
    return out


def _as_suggestion(effect: Effect) -> Suggest | None:
    match effect:
        case Suggest():
            return effect
        case CreateCard(planned):
            return Suggest(planned.key, ticket_operation(planned), planned.evidence)
        case ChangeCard(evidence=evidence) if evidence is not None and "status" in effect.changes:
            if "deleted" in effect.changes:  # the whole meeting was found not to hold this
                return None
            old, new = effect.changes["status"]
            is_reopen = effect.action == "reopened"
            operation = {"op": "status", "old_status": old, "status": new, "is_reopen": is_reopen}
            return Suggest(effect.key or _key(effect, new), operation, evidence, effect.ticket_id)
    return None


def _key(effect: ChangeCard, status: str) -> str:
    """A key for a change that has none: the same ticket to the same status on the same evidence."""
    ids = effect.evidence.segment_ids if effect.evidence else ()
    return hashlib.sha256(f"reread {effect.ticket_id} {status} {min(ids, default=0)}".encode()).hexdigest()


def _is_pending(noted: Noted, suggestion: Suggest) -> bool:
    if suggestion.ticket_id is not None:
        return noted.ticket_id == suggestion.ticket_id
    title = str(suggestion.operation.get("title", ""))
    return noted.kind == "create" and sameness(noted.text, title, words=plain_words) >= SAME_WORK
