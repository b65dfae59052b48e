"""Facts that the analytics compute from: plain rows read across meetings and groups.

Knows nothing of what is computed. Needs a unit of work that sees the groups in question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from vori_ray.storage.repositories.base import Repository

DUE_WITHIN_DAYS = 14
# The whole-meeting pass comes after the end: what it found still belongs to the meeting.
SETTLED_AFTER = "1 hour"

# A ticket's status as it stood at a moment: the last change before it, else as it was made. Ids are unique over all
# groups; naming the group as well makes a planner without statistics read the whole group's history for each ticket.
_STATUS_AT = """COALESCE((
    SELECT h.new_status FROM ticket_history h
    WHERE h.ticket_id = t.id AND h.new_status IS NOT NULL AND h.changed_at <= m.settled_at
    ORDER BY h.changed_at DESC, h.id DESC LIMIT 1), 'TODO')"""

_SCORE_FACTS = f"""
WITH m AS (
    SELECT m.id, m.group_id, m.started_at, COALESCE(m.ended_at, now()) AS until,
           COALESCE(m.ended_at, now()) + INTERVAL '{SETTLED_AFTER}' AS settled_at,
           (m.started_at AT TIME ZONE g.time_zone)::date AS day
    FROM meetings m JOIN groups g ON g.id = m.group_id WHERE m.id = ANY(:meeting_ids)
), made AS (
    SELECT m.id, count(*) AS tickets, count(*) FILTER (
        WHERE t.assignee_id IS NOT NULL OR COALESCE(t.assignee, '') <> '' OR t.due_date IS NOT NULL
           OR {_STATUS_AT} <> 'TODO') AS actionable_tickets
    FROM m JOIN tickets t ON t.group_id = m.group_id AND t.meeting_id = m.id AND t.deleted_at IS NULL GROUP BY m.id
), due AS (
    SELECT m.id, count(*) AS due_items, count(*) FILTER (WHERE {_STATUS_AT} = 'DONE') AS due_items_closed
    FROM m JOIN tickets t ON t.group_id = m.group_id AND t.deleted_at IS NULL AND t.created_at < m.started_at
        AND t.due_date BETWEEN m.day - {DUE_WITHIN_DAYS} AND m.day
    GROUP BY m.id
), said AS (
    SELECT m.id, count(*) FILTER (WHERE r.kind = 'blocker') AS blockers,
           count(*) FILTER (WHERE r.kind = 'blocker' AND COALESCE(r.owner, '') <> '') AS owned_blockers,
           count(*) FILTER (WHERE r.kind = 'decision') AS decisions
    FROM m JOIN remarks r ON r.group_id = m.group_id AND r.meeting_id = m.id GROUP BY m.id
)
SELECT m.id AS meeting_id, m.group_id, EXTRACT(EPOCH FROM m.until - m.started_at)::float / 60 AS duration_min,
       COALESCE(tickets, 0) AS tickets, COALESCE(actionable_tickets, 0) AS actionable_tickets,
       COALESCE(due_items, 0) AS due_items, COALESCE(due_items_closed, 0) AS due_items_closed,
       COALESCE(blockers, 0) AS blockers, COALESCE(owned_blockers, 0) AS owned_blockers,
       COALESCE(decisions, 0) AS decisions
FROM m LEFT JOIN made USING (id) LEFT JOIN due USING (id) LEFT JOIN said USING (id) ORDER BY m.id
"""


# Ended meetings, with what is known of each. `parts` are those of the score.
_MEETINGS = """
SELECT m.group_id, m.id AS meeting_id, m.started_at, m.ended_at,
       (SELECT count(DISTINCT COALESCE(s.speaker, s.session_id)) FROM segments s
        WHERE s.group_id = m.group_id AND s.meeting_id = m.id AND s.transcript_version = 1) AS speakers,
       (SELECT count(*) FROM remarks r
        WHERE r.group_id = m.group_id AND r.meeting_id = m.id AND r.kind = 'blocker') AS blockers,
       (SELECT count(*) FROM ticket_history h
        WHERE h.group_id = m.group_id AND h.meeting_id = m.id AND h.old_status <> h.new_status
          AND h.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM ticket_history u
              WHERE u.ticket_id = h.ticket_id AND u.undoes_id = h.id)) AS status_updates,
       c.value AS score, COALESCE(c.parts, '[]') AS parts, COALESCE(c.actionable_tickets, 0) AS actionable_items,
       COALESCE(c.ticket_count, 0) AS tickets
FROM meetings m LEFT JOIN meeting_scores c ON c.meeting_id = m.id AND c.group_id = m.group_id
WHERE m.group_id = ANY(:group_ids) AND m.ended_at IS NOT NULL AND m.started_at >= :since ORDER BY m.started_at, m.id
"""

_TICKETS_OF_LATE = """
t.group_id = ANY(:group_ids) AND (t.deleted_at IS NULL OR t.deleted_at >= :since)
AND (t.status <> 'DONE' OR t.updated_at >= :since)"""

# Which status each ticket took when; GONE when it was deleted. A ticket without a history stands as it was made.
_MOVES = f"""
SELECT * FROM (
    SELECT h.group_id, h.ticket_id, h.changed_at AS at, h.id AS nth, h.new_status AS status
    FROM ticket_history h JOIN tickets t ON t.id = h.ticket_id AND t.group_id = h.group_id
    WHERE h.new_status IS NOT NULL AND h.old_status IS DISTINCT FROM h.new_status AND {_TICKETS_OF_LATE}
    UNION ALL
    SELECT t.group_id, t.id, t.created_at, 0, t.status FROM tickets t
    WHERE {_TICKETS_OF_LATE} AND NOT EXISTS (SELECT 1 FROM ticket_history h
        WHERE h.ticket_id = t.id AND h.old_status IS DISTINCT FROM h.new_status)
    UNION ALL
    SELECT t.group_id, t.id, t.deleted_at, {2**31 - 1}, 'GONE' FROM tickets t
    WHERE {_TICKETS_OF_LATE} AND t.deleted_at IS NOT NULL
) AS moves ORDER BY group_id, ticket_id, at, nth
"""

_BLOCKERS = """
SELECT group_id, created_at, resolved_at FROM remarks
WHERE kind = 'blocker' AND group_id = ANY(:group_ids) AND (resolved_at IS NULL OR resolved_at >= :since) ORDER BY id
"""

_STATES = """
SELECT g.id AS group_id, g.name, g.time_zone, g.event_seq,
       (SELECT min(m.started_at) FROM meetings m
        WHERE m.group_id = g.id AND m.ended_at IS NOT NULL) AS first_meeting_at,
       (SELECT count(*) FROM meetings m
        WHERE m.group_id = g.id AND m.state = 'ENDED' AND m.extraction_state NOT IN ('PENDING', 'RUNNING')) AS settled
FROM groups g ORDER BY g.id
"""

# What was said in each ended meeting, in the version that people read and as they corrected it; only where it is not
# what was counted.
_TEXTS = """
WITH said AS (
    SELECT m.id AS meeting_id, m.group_id,
           string_agg(COALESCE(s.corrected_text, s.text), chr(10) ORDER BY s.start_s, s.id) AS text
    FROM meetings m LEFT JOIN segments s
        ON s.meeting_id = m.id AND s.group_id = m.group_id AND s.transcript_version = m.transcript_version
    WHERE m.group_id = ANY(:group_ids) AND m.ended_at IS NOT NULL AND m.started_at >= :since GROUP BY m.id
)
SELECT said.meeting_id, said.group_id, COALESCE(said.text, '') AS text,
       :version || md5(COALESCE(said.text, '')) AS source
FROM said LEFT JOIN meeting_terms c ON c.meeting_id = said.meeting_id AND c.group_id = said.group_id
WHERE c.source IS DISTINCT FROM :version || md5(COALESCE(said.text, '')) ORDER BY said.meeting_id LIMIT :limit
"""

_WORDS = """
SELECT c.group_id, c.meeting_id, m.started_at, c.terms FROM meeting_terms c
JOIN meetings m ON m.id = c.meeting_id AND m.group_id = c.group_id
WHERE c.group_id = ANY(:group_ids) AND m.started_at >= :since ORDER BY c.meeting_id
"""

# Groups whose words have changed since their keywords and topics were computed, or that have lost a meeting.
_STALE = """
SELECT g.id AS group_id FROM groups g
LEFT JOIN (SELECT group_id, count(*) AS meetings, max(computed_at) AS at FROM meeting_terms GROUP BY 1) t
    ON t.group_id = g.id
LEFT JOIN (SELECT group_id, count(*) AS meetings, count(topic) AS with_topic, max(computed_at) AS at
           FROM meeting_keywords GROUP BY 1) k ON k.group_id = g.id
LEFT JOIN (SELECT group_id, sum(meetings) AS meetings FROM group_topics GROUP BY 1) s ON s.group_id = g.id
WHERE g.id = ANY(:group_ids) AND (COALESCE(t.meetings, 0) <> COALESCE(k.meetings, 0) OR t.at > k.at
    OR COALESCE(k.with_topic, 0) <> COALESCE(s.meetings, 0)) ORDER BY g.id
"""

_KEYWORDS = "SELECT meeting_id, keywords FROM meeting_keywords WHERE meeting_id = ANY(:meeting_ids)"

# What people are called: members, and whoever spoke or was given work.
_NAMES = """
SELECT group_id, name FROM members JOIN users ON users.id = members.user_id WHERE group_id = ANY(:group_ids)
UNION SELECT group_id, speaker FROM audio_sessions WHERE group_id = ANY(:group_ids) AND speaker IS NOT NULL
UNION SELECT group_id, speaker FROM segments WHERE group_id = ANY(:group_ids) AND speaker IS NOT NULL
UNION SELECT group_id, assignee FROM tickets WHERE group_id = ANY(:group_ids) AND assignee IS NOT NULL
"""

# Pairs of groups that some person belongs to both of.
_PEERS = """
SELECT DISTINCT a.group_id, b.group_id AS other_group_id FROM members a
JOIN members b ON b.user_id = a.user_id AND b.group_id <> a.group_id
WHERE a.group_id = ANY(:group_ids) ORDER BY 1, 2
"""


class InsightFacts(Repository):
    """Rows to compute from."""

    def score_facts(self, meeting_ids: Collection[int]) -> Sequence[Mapping[str, Any]]:
        """What the score of each of these meetings rests on; meetings that are not there are left out."""
        return self._rows(_SCORE_FACTS, meeting_ids=sorted(meeting_ids))

    def group_states(self) -> Sequence[Mapping[str, Any]]:
        """Each group's name, zone, event counter, first meeting, and number of meetings that are ended and read."""
        return self._rows(_STATES)

    def peers(self, group_ids: Collection[int]) -> Sequence[tuple[int, int]]:
        """Pairs (group, other group) that some person belongs to both of."""
        rows = self._rows(_PEERS, group_ids=sorted(group_ids))
        return [(row["group_id"], row["other_group_id"]) for row in rows]

    def ended_meeting_ids(self, group_ids: Collection[int], *, since: datetime) -> Sequence[int]:
        """Meetings of the groups that began since then and have ended."""
        query = (
            "SELECT id FROM meetings WHERE group_id = ANY(:group_ids) AND ended_at IS NOT NULL AND started_at >= :at"
        )
        return [row["id"] for row in self._rows(f"{query} ORDER BY id", group_ids=sorted(group_ids), at=since)]

    def meetings(self, group_ids: Collection[int], *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Ended meetings that began since then, with their score and counts."""
        return self._rows(_MEETINGS, group_ids=sorted(group_ids), since=since)

    def status_moves(self, group_ids: Collection[int], *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """All status changes, in order, of the tickets that were open or changed since then."""
        return self._rows(_MOVES, group_ids=sorted(group_ids), since=since)

    def blockers(self, group_ids: Collection[int], *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """When the blockers that were open since then were raised and resolved."""
        return self._rows(_BLOCKERS, group_ids=sorted(group_ids), since=since)

    def uncounted_texts(
        self, group_ids: Collection[int], *, since: datetime, version: int, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """Texts of meetings whose words were not counted, or have changed since; at most `limit`.

        `version` is the counting's: another one makes all texts uncounted. `source` is what to note with the words.
        """
        parameters = {"group_ids": sorted(group_ids), "since": since, "version": f"{version}:", "limit": limit}
        return self._rows(_TEXTS, **parameters)

    def words(self, group_ids: Collection[int], *, since: datetime) -> Sequence[Mapping[str, Any]]:
        """The counted words of the meetings that began since then."""
        return self._rows(_WORDS, group_ids=sorted(group_ids), since=since)

    def groups_with_new_words(self, group_ids: Collection[int]) -> Sequence[int]:
        """Those of the groups whose words have changed since their keywords were computed."""
        return [row["group_id"] for row in self._rows(_STALE, group_ids=sorted(group_ids))]

    def keywords(self, meeting_ids: Collection[int]) -> Mapping[int, list[str]]:
        """The keywords of each of these meetings, the weightiest first."""
        rows = self._rows(_KEYWORDS, meeting_ids=sorted(meeting_ids))
        return {row["meeting_id"]: [word["term"] for word in row["keywords"]] for row in rows}

    def names(self, group_ids: Collection[int]) -> Mapping[int, set[str]]:
        """What the people of each group are called."""
        found: dict[int, set[str]] = {group_id: set() for group_id in group_ids}
        for row in self._rows(_NAMES, group_ids=sorted(group_ids)):
            found[row["group_id"]].add(row["name"])
        return found

    def _rows(self, statement: str, **parameters: Any) -> Sequence[Mapping[str, Any]]:
        return [dict(row) for row in self._session.execute(text(statement), parameters).mappings()]
