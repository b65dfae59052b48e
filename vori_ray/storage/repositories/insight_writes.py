"""Writes of the analytics: absolute values, so that writing the same thing twice changes nothing.

A streamed row only ever gains events, so the version with more events is the truer one and wins, whichever comes
last: a replayed batch, a rebuilt checkpoint and a batch recompute may all write the same row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col

from vori_ray.storage.insight_models import MeetingKeywords, StreamBatch
from vori_ray.storage.models import utc_now
from vori_ray.storage.repositories.base import Repository

Values = Mapping[str, Any]


class InsightWrites(Repository):
    """Upserts of metrics, scores, trends, keywords and findings."""

    def claim_batch(self, query: str, *, checkpoint_id: str, batch_id: int) -> bool:
        """Note that this transaction writes a batch; False when the batch was written before."""
        row = {"query": query, "checkpoint_id": checkpoint_id, "batch_id": batch_id, "updated_at": utc_now()}
        added = insert(StreamBatch).values(**row)
        statement = added.on_conflict_do_update(
            index_elements=["query"],
            set_={name: added.excluded[name] for name in ("checkpoint_id", "batch_id", "updated_at")},
            where=(col(StreamBatch.checkpoint_id) != checkpoint_id) | (col(StreamBatch.batch_id) < batch_id),
        ).returning(col(StreamBatch.query))
        return self._session.execute(statement).first() is not None

    def upsert_streamed(self, model: type[SQLModel], rows: Sequence[Values]) -> None:
        """Write metric rows (column name -> value); a row with fewer events than the stored one loses."""
        if rows:
            self._session.execute(
                text(_upsert_sql(model, where="excluded.events >= {table}.events")),
                {"rows": json.dumps([dict(row) for row in rows], default=str)},
            )

    def replace(self, model: type[SQLModel], rows: Sequence[Values]) -> None:
        """Write rows of one table, over those with the same key."""
        if rows:
            stamped = [{"computed_at": utc_now(), **row} for row in rows]
            self._session.execute(text(_upsert_sql(model)), {"rows": json.dumps(stamped, default=str)})

    def replace_groups(
        self, model: type[SQLModel], group_ids: Collection[int], rows: Sequence[Values], *, since: date | None = None
    ) -> None:
        """Write all rows that the groups have in a table (since `last_day`); what is not among them goes."""
        table = model.__table__  # type: ignore[attr-defined]
        condition = table.c.group_id.in_(sorted(group_ids))
        if since is not None:
            condition &= table.c.last_day >= since
        self._session.execute(table.delete().where(condition))
        self.replace(model, rows)

    def forget_topics(self, group_id: int) -> None:
        """Take the topics from a group's meetings: they are about to be numbered anew."""
        statement = update(MeetingKeywords).where(col(MeetingKeywords.group_id) == group_id).values(topic=None)
        self._session.execute(statement.execution_options(synchronize_session=False))

    def take_turn(self) -> None:
        """Wait until no other transaction recomputes, and keep others waiting until this one ends."""
        self._session.execute(text("SELECT pg_advisory_xact_lock(hashtext('vori.insights.recompute'))"))


def _upsert_sql(model: type[SQLModel], *, where: str = "TRUE") -> str:
    """One statement for any number of rows: they come as one JSON parameter, so nothing is compiled anew."""
    table = model.__table__  # type: ignore[attr-defined]
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    given = {name: "COALESCE(r.updated_at, now())" if name == "updated_at" else f"r.{name}" for name in names}
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT {', '.join(given.values())} FROM json_populate_recordset(NULL::{table.name}, :rows) AS r "
        f"ORDER BY {', '.join(keys)} "  # one order of row locks for everybody
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
        f"{', '.join(f'{name} = excluded.{name}' for name in names if name not in keys)} "
        f"WHERE {where.format(table=table.name)}"
    )
