"""Where a micro-batch goes: metric rows and scores to PostgreSQL in one transaction, then events for Kafka.

Knows nothing of Spark: it gets rows. Doing a batch twice leaves the same rows and tells events with the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from vori_ray.insights.announcer import content_id
from vori_ray.insights.score import MeetingFacts, score_meeting
from vori_ray.messaging.topics import Event, MeetingInsights, TicketMetrics, Window
from vori_ray.storage.database import Database, UnitOfWork
from vori_ray.storage.insight_models import MeetingScore, SpeechMetric, TicketMetric
from vori_ray.storage.repositories.insight_facts import InsightFacts
from vori_ray.storage.repositories.insight_writes import InsightWrites

Row = Mapping[str, Any]
METRICS = "metrics"


class MetricSink:
    """Writes the batches of the streaming queries."""

    def __init__(self, database: Database, *, tell: Callable[[Sequence[Event]], None]) -> None:
        self._database = database
        self._tell = tell

    def write(self, checkpoint_id: str, batch_id: int, rows: Sequence[Row]) -> None:
        """Write a batch and tell of it. Raises UnavailableError when the database or Kafka is away."""
        with self._database.unit_of_work(None) as uow:
            if InsightWrites(uow.session).claim_batch(METRICS, checkpoint_id=checkpoint_id, batch_id=batch_id):
                _upsert(uow, rows)
            tickets = [row for row in rows if row["speaker"] is None]
            scores = rescore(uow, {row["meeting_id"] for row in tickets})
        self._tell([*map(_ticket_metrics, tickets), *_insights(tickets, scores)])

    def mend(self, rows: Sequence[Row]) -> None:
        """Write rows that were counted anew; a row that the stream has with more events stays."""
        with self._database.unit_of_work(None) as uow:
            _upsert(uow, rows)
            rescore(uow, {row["meeting_id"] for row in rows if row["speaker"] is None})


@contextmanager
def writing_in_turn(database: Database) -> Iterator[InsightWrites]:
    """A transaction of which there is one at a time, so that two recomputes do not mix their rows."""
    with database.unit_of_work(None) as uow:
        writes = InsightWrites(uow.session)
        writes.take_turn()
        yield writes


def _upsert(uow: UnitOfWork, rows: Sequence[Row]) -> None:
    writes = InsightWrites(uow.session)
    writes.upsert_streamed(SpeechMetric, [row for row in rows if row["speaker"] is not None])
    writes.upsert_streamed(TicketMetric, [row for row in rows if row["speaker"] is None])


def rescore(uow: UnitOfWork, meeting_ids: Collection[int]) -> list[dict[str, Any]]:
    """Compute and store the scores of meetings; returns the rows of `meeting_scores`."""
    rows: list[dict[str, Any]] = []
    if not meeting_ids:
        return rows
    for facts in InsightFacts(uow.session).score_facts(meeting_ids):
        counts = {name: facts[name] for name in MeetingFacts.__slots__}
        score = score_meeting(MeetingFacts(**counts))
        rows.append(
            {
                "meeting_id": facts["meeting_id"],
                "group_id": facts["group_id"],
                "value": score.value,
                "items": score.items,
                "parts": [asdict(part) for part in score.parts],
                "ticket_count": facts["tickets"],
                "actionable_tickets": facts["actionable_tickets"],
            }
        )
    InsightWrites(uow.session).replace(MeetingScore, rows)
    return rows


def _ticket_metrics(row: Row) -> TicketMetrics:
    counts = {
        "actionableItemsCount": row["actionable_items"],
        "statusUpdatesCount": row["status_updates"],
        "blockersMentioned": row["blockers"],
    }
    return TicketMetrics(
        event_id=content_id("tickets", row["meeting_id"], row["window_start"], row["events"]),
        group_id=row["group_id"],
        meetingId=row["meeting_id"],
        window=Window(start=row["window_start"], end=row["window_end"]),
        **counts,
    )


def _insights(rows: Sequence[Row], scores: Sequence[Row]) -> list[MeetingInsights]:
    latest = {row["meeting_id"]: row for row in sorted(rows, key=lambda row: row["window_start"])}
    return [_meeting_insights(score, latest[score["meeting_id"]]) for score in scores]


def _meeting_insights(score: Row, row: Row) -> MeetingInsights:
    return MeetingInsights(
        event_id=content_id("insights", row["meeting_id"], row["window_start"], row["events"]),
        group_id=score["group_id"],
        meetingId=score["meeting_id"],
        window=Window(start=row["window_start"], end=row["window_end"]),
        productivity_score=score["value"],
        ticket_count=score["ticket_count"],
        actionable_tickets=score["actionable_tickets"],
        parts={part["name"]: part["value"] for part in score["parts"]},
    )
