"""Computes the long view of groups anew from PostgreSQL: scores, trends, keywords, findings.

Reads facts through repositories, has Spark (trends.py, keywords.py) and findings.py compute, writes absolute values and
tells Kafka. Doing it twice gives the same rows. Groups are taken a few at a time; what one kind of result replaces is
written in one transaction, so that whoever reads sees the old picture or the new one. Knows nothing of Ray, nor of when
it is called.
"""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from vori_ray import clock
from vori_ray.errors import BadInputError, NotFoundError, UnavailableError
from vori_ray.insights import keywords, trends, words
from vori_ray.insights.calendar import GroupCalendar
from vori_ray.insights.findings import MIN_MEETINGS, Association, Peer, find_associations
from vori_ray.insights.lot import (
    FINDING_DAYS,
    Lot,
    Row,
    keyword_frame,
    keyword_rows,
    meeting_points,
    newest_meetings,
    subject_rows,
    topic_rows,
    trends_frame,
    window_rows,
)
from vori_ray.insights.news import insight_event, trend_events
from vori_ray.insights.session import batch_session
from vori_ray.insights.sink import rescore, writing_in_turn
from vori_ray.messaging.topics import Event, MeetingInsights
from vori_ray.storage.database import Database
from vori_ray.storage.insight_models import Finding, GroupTopic, GroupTrend, KeywordTrend, MeetingKeywords, MeetingTerms
from vori_ray.storage.repositories.insight_facts import InsightFacts
from vori_ray.storage.time_zones import zone_named

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_DAYS = 56
MAX_DAYS = 3660
GROUPS_AT_ONCE = 32
SCORES_AT_ONCE = 500
TEXTS_AT_ONCE = 400
Say = Callable[[str], None]
Tell = Callable[[Sequence[Event]], None]


@dataclass(slots=True)
class Report:
    """What a recompute did. `skipped` says in words what was left out and why; `seconds` is the time by step."""

    days: int
    groups: int = 0
    meetings: int = 0
    trends: int = 0
    keyword_trends: int = 0
    meeting_keywords: int = 0
    topics: int = 0
    findings: int = 0
    skipped: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self) | {"seconds": {step: round(spent, 2) for step, spent in self.seconds.items()}}


class Recompute:
    """Computes groups anew on one Spark session."""

    def __init__(self, spark: SparkSession, database: Database, *, tell: Tell, say: Say = lambda _: None) -> None:
        self._spark = batch_session(spark)
        self._database = database
        self._tell = tell
        self._say = say

    def run(self, *, days: int = DEFAULT_DAYS, group_ids: Collection[int] | None = None) -> Report:
        """Compute the trends of the last `days` days, and the findings, of these groups (None: of all).

        Raises BadInputError for impossible days, NotFoundError for a group that is not there, UnavailableError when
        the database is away.
        """
        if not 1 <= days <= MAX_DAYS:
            raise BadInputError(f"days: expected 1 to {MAX_DAYS}, got {days}")
        report = Report(days)
        states = self._states(group_ids)
        ids = sorted(states) if group_ids is None else sorted(set(group_ids))
        for start in range(0, len(ids), GROUPS_AT_ONCE):
            self._run_lot(states, ids[start : start + GROUPS_AT_ONCE], report)
        self._say(f"computed {report.groups} groups anew in {sum(report.seconds.values()):.1f} s")
        return report

    def _states(self, group_ids: Collection[int] | None) -> dict[int, Row]:
        with self._database.unit_of_work(None) as uow:
            states = {row["group_id"]: row for row in InsightFacts(uow.session).group_states()}
        if missing := set(group_ids or ()) - states.keys():
            raise NotFoundError(f"There is no group {min(missing)}.")
        return states

    def _run_lot(self, states: Mapping[int, Row], group_ids: Sequence[int], report: Report) -> None:
        now = clock.now()
        since = now - timedelta(days=max(FINDING_DAYS, report.days + trends.WINDOW_DAYS + keywords.BEFORE_DAYS))
        with self._step(report, "scores"):
            self._score(group_ids, since)
        with self._step(report, "words"):
            self._count_words(group_ids, since)
        with self._step(report, "facts"):
            lot = self._read(states, group_ids, since=since, now=now)
        with self._step(report, "trends"):
            rows = self._compute_trends(lot, report.days)
            self._replace_days(GroupTrend, lot, rows, days=report.days)
        with self._step(report, "keyword trends"):
            risen = self._compute_keyword_trends(lot, report.days)
            self._replace_days(KeywordTrend, lot, risen, days=report.days)
        with self._step(report, "keywords and topics"):
            self._fit_subjects(lot, report)
        with self._step(report, "findings"):
            found = self._find(lot, report)
        self._announce([*trend_events(rows, lot), *self._insight_events(lot, found)], report)
        report.groups += len(group_ids)
        report.meetings += len(lot.meetings)
        report.trends += len(rows)
        report.keyword_trends += len(risen)

    @contextmanager
    def _step(self, report: Report, name: str) -> Iterator[None]:
        self._say(name)
        started = time.monotonic()
        yield
        report.seconds[name] = report.seconds.get(name, 0.0) + time.monotonic() - started

    def _score(self, group_ids: Collection[int], since: datetime) -> None:
        """Score every meeting anew: tickets may have been closed since, and a stream may not have seen it."""
        with self._database.unit_of_work(None) as uow:
            ids = InsightFacts(uow.session).ended_meeting_ids(group_ids, since=since)
        for start in range(0, len(ids), SCORES_AT_ONCE):
            with self._database.unit_of_work(None) as uow:
                rescore(uow, ids[start : start + SCORES_AT_ONCE])

    def _read(self, states: Mapping[int, Row], group_ids: Sequence[int], *, since: datetime, now: datetime) -> Lot:
        with self._database.unit_of_work(None) as uow:
            facts = InsightFacts(uow.session)
            names = facts.names(group_ids)
            return Lot(
                calendars={group_id: _calendar(states[group_id]) for group_id in group_ids},
                names={group_id: state["name"] for group_id, state in states.items()},
                now=now,
                meetings=facts.meetings(group_ids, since=since),
                moves=facts.status_moves(group_ids, since=since),
                blockers=facts.blockers(group_ids, since=since),
                peers=facts.peers(group_ids),
                words=subject_rows(facts.words(group_ids, since=since), names=names),
            )

    def _compute_trends(self, lot: Lot, days: int) -> list[dict[str, Any]]:
        windows = window_rows(lot, days=days)
        return [row.asDict() for row in trends_frame(self._spark, lot, windows).collect()] if windows else []

    def _compute_keyword_trends(self, lot: Lot, days: int) -> list[dict[str, Any]]:
        windows = window_rows(lot, days=days)
        return [row.asDict() for row in keyword_frame(self._spark, lot, windows).collect()] if windows else []

    def _replace_days(self, model: type[Any], lot: Lot, rows: Sequence[Row], *, days: int) -> None:
        """Write the rows of the last days: a day that has nothing any more loses its rows."""
        with writing_in_turn(self._database) as writes:
            for group_id, calendar in lot.calendars.items():
                first = calendar.day_of(lot.now) - timedelta(days=days - 1)
                own = [row for row in rows if row["group_id"] == group_id]
                writes.replace_groups(model, [group_id], own, since=first)

    def _count_words(self, group_ids: Collection[int], since: datetime) -> None:
        """Count the words of new or corrected texts, some hundred at a time; what was counted stays counted."""
        while True:
            with self._database.unit_of_work(None) as uow:
                texts = InsightFacts(uow.session).uncounted_texts(
                    group_ids, since=since, version=words.VERSION, limit=TEXTS_AT_ONCE
                )
            if not texts:
                return
            self._say(f"counting the words of {len(texts)} meetings")
            frame = self._spark.createDataFrame(
                [tuple(text[name] for name in ("meeting_id", "group_id", "source", "text")) for text in texts],
                keywords.TEXT_SCHEMA,
            ).repartition(math.ceil(len(texts) / keywords.TEXTS_A_TASK))
            counted = [row.asDict() for row in keywords.counted_words(frame).collect()]
            with writing_in_turn(self._database) as writes:
                writes.replace(MeetingTerms, [row | {"terms": json.loads(row["terms"])} for row in counted])

    def _fit_subjects(self, lot: Lot, report: Report) -> None:
        """Keywords and topics of the groups whose words have changed."""
        with self._database.unit_of_work(None) as uow:
            stale = InsightFacts(uow.session).groups_with_new_words(list(lot.calendars))
        for group_id in stale:
            spoken = {row["meeting_id"]: row["terms"] for row in lot.words if row["group_id"] == group_id}
            subjects = keywords.fit_group(self._spark, spoken)
            if not subjects.topics:
                report.skipped.append(
                    f"topics of group {group_id}: {sum(map(bool, spoken.values()))} meetings with words, "
                    f"at least {keywords.MIN_MEETINGS_FOR_TOPICS} needed"
                )
            with writing_in_turn(self._database) as writes:
                writes.forget_topics(group_id)
                writes.replace(MeetingKeywords, [*keyword_rows(group_id, subjects)])
                writes.replace_groups(GroupTopic, [group_id], [*topic_rows(group_id, subjects)])
            report.meeting_keywords += len(subjects.keywords)
            report.topics += len(subjects.topics)

    def _find(self, lot: Lot, report: Report) -> dict[int, list[Association]]:
        found: dict[int, list[Association]] = {}
        scores = self._scores_of_peers(lot)
        for group_id in lot.calendars:
            points = meeting_points(lot, group_id)
            if len(points) < MIN_MEETINGS:
                report.skipped.append(
                    f"findings of group {group_id}: {len(points)} scored meetings, at least {MIN_MEETINGS} needed"
                )
            peers = [Peer(other, lot.names[other], scores[other]) for group, other in lot.peers if group == group_id]
            found[group_id] = find_associations(points, peers=peers)
        with writing_in_turn(self._database) as writes:
            writes.replace_groups(Finding, list(found), [*_finding_rows(found)])
        report.findings += sum(map(len, found.values()))
        return found

    def _announce(self, events: Sequence[Event], report: Report) -> None:
        """What was computed stands in the database: without Kafka it is told the next time."""
        try:
            self._tell(events)
        except UnavailableError as exc:
            report.skipped.append(f"telling of {len(events)} results: {exc.message}")

    def _insight_events(self, lot: Lot, found: Mapping[int, Sequence[Association]]) -> list[MeetingInsights]:
        newest = newest_meetings(lot)
        with self._database.unit_of_work(None) as uow:
            terms = InsightFacts(uow.session).keywords([row["meeting_id"] for row in newest])
        return [
            insight_event(row, keywords=terms.get(row["meeting_id"], []), found=found[row["group_id"]])
            for row in newest
        ]

    def _scores_of_peers(self, lot: Lot) -> dict[int, tuple[float, ...]]:
        """The scores of every group that one of the lot is compared with."""
        others = {other for _, other in lot.peers}
        since = lot.now - timedelta(days=FINDING_DAYS)
        with self._database.unit_of_work(None) as uow:
            rows = InsightFacts(uow.session).meetings(others - lot.calendars.keys(), since=since)
        scores: dict[int, list[float]] = defaultdict(list)
        for row in (*rows, *lot.meetings):
            if row["score"] is not None and row["started_at"] >= since:
                scores[row["group_id"]].append(row["score"])
        return {other: tuple(scores[other]) for other in others}


def _calendar(state: Row) -> GroupCalendar:
    return GroupCalendar(state["group_id"], zone_named(state["time_zone"]), state["first_meeting_at"])


def _finding_rows(found: Mapping[int, Sequence[Association]]) -> Iterator[dict[str, Any]]:
    for group_id, associations in found.items():
        for association in associations:
            yield asdict(association) | {"group_id": group_id}
