"""Full-text search over transcripts and tickets, in English and Korean.

Knows nothing of how a hit is shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Integer, Text, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from vori_ray.storage.models import Segment, Ticket
from vori_ray.storage.repositories.base import Repository, bounded
from vori_ray.storage.repositories.text import escape_like, tokens


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. `start_s` and `speaker` are a segment's, `title` and `status` a ticket's."""

    kind: Literal["segment", "ticket"]
    id: int
    group_id: int
    meeting_id: int | None
    text: str
    rank: float
    created_at: datetime
    title: str = ""
    status: str | None = None
    speaker: str | None = None
    start_s: float | None = None


class Search(Repository):
    """Finds words in what was said and in what is to be done."""

    def __call__(
        self, group_ids: Collection[int], query: str, *, language: str | None = None, limit: int = 50
    ) -> list[Hit]:
        """Segments of live transcripts and tickets, the best match first, at most `limit` of each.

        `language` "en" matches English stems; another code matches parts of words, all of them; None does both.
        """
        words = tokens(unicodedata.normalize("NFKC", query))
        if not words or not group_ids:
            return []
        hits = [_segment_hit(*row) for row in self._rows(Segment, group_ids, words, language, limit)]
        hits += [_ticket_hit(*row) for row in self._rows(Ticket, group_ids, words, language, limit)]
        return sorted(hits, key=lambda hit: (-hit.rank, -hit.created_at.timestamp()))

    def _rows(
        self, model: type[Any], group_ids: Collection[int], words: list[str], language: str | None, limit: int
    ) -> list[Any]:
        """(row, rank) pairs. NULL for either kind of match leaves that kind out."""
        text, is_english = " ".join(words), language == "en"
        patterns = None if is_english else [f"%{escape_like(word)}%" for word in words]
        found = (
            getattr(func, f"vori_find_{model.__tablename__}")(
                literal(sorted(group_ids), ARRAY(Integer)),
                func.websearch_to_tsquery("english", text)
                if is_english or language is None
                else literal_column("NULL"),
                func.vori_pairs(text),
                literal(patterns, ARRAY(Text)),
                bounded(limit),
            )
            .table_valued("id", "rank")
            .alias("found")
        )
        query = select(model, found.c.rank).join(found, found.c.id == col(model.id))
        return list(self._session.execute(query))


def _segment_hit(segment: Segment, rank: float) -> Hit:
    return Hit(
        kind="segment",
        id=segment.id or 0,
        group_id=segment.group_id,
        meeting_id=segment.meeting_id,
        text=segment.corrected_text or segment.text,
        rank=rank,
        created_at=segment.created_at,
        speaker=segment.speaker,
        start_s=segment.start_s,
    )


def _ticket_hit(ticket: Ticket, rank: float) -> Hit:
    return Hit(
        kind="ticket",
        id=ticket.id or 0,
        group_id=ticket.group_id,
        meeting_id=ticket.meeting_id,
        text=ticket.content,
        rank=rank,
        created_at=ticket.created_at,
        title=ticket.title,
        status=ticket.status,
    )
