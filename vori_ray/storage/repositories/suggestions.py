"""Suggestions that wait for a person, and remarks: blockers, decisions, questions.

Both act once an operation key: what was rejected does not come back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from vori_ray.errors import ConflictError, NotFoundError
from vori_ray.storage.models import Remark, Suggestion, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, bounded, in_groups

Keyed = TypeVar("Keyed", Suggestion, Remark)


class _KeyedRows(Repository):
    def _add_once(self, row: Keyed) -> Keyed | None:
        """Insert a row unless its operation key is there already; then None."""
        model = type(row)
        statement = insert(model).values(row.model_dump(exclude={"id"}))
        statement = statement.on_conflict_do_nothing(index_elements=["group_id", "operation_key"])
        return self._session.scalars(select(model).from_statement(statement.returning(model))).first()


class Suggestions(_KeyedRows):
    """Operations that a person accepts or rejects. State: PENDING, ACCEPTED, REJECTED."""

    def add(self, suggestion: Suggestion) -> Suggestion | None:
        """Keep a suggestion; None when one with its key was made before, whatever became of it."""
        return self._add_once(suggestion)

    def get(self, group_id: int, suggestion_id: int) -> Suggestion:
        """The suggestion. Raises NotFoundError."""
        return self._get(Suggestion, group_id, suggestion_id)

    def get_in(self, group_ids: Collection[int] | None, suggestion_id: int) -> Suggestion:
        """The suggestion, if it is one of the groups'. Raises NotFoundError, also for one of another group."""
        query = select(Suggestion).where(col(Suggestion.id) == suggestion_id, in_groups(Suggestion.group_id, group_ids))
        suggestion = self._session.scalars(query).first()
        if suggestion is None:
            raise NotFoundError(f"There is no suggestion {suggestion_id}.")
        return suggestion

    def find_by_key(self, group_id: int, operation_key: str) -> Suggestion | None:
        """The suggestion of an operation, or None."""
        query = select(Suggestion).where(
            col(Suggestion.group_id) == group_id, col(Suggestion.operation_key) == operation_key
        )
        return self._session.scalars(query).first()

    def list(
        self,
        group_ids: Collection[int] | None,
        *,
        meeting_id: int | None = None,
        state: str | None = "PENDING",
        limit: int = 200,
    ) -> Rows[Suggestion]:
        """Suggestions in one state (None: in any), oldest first."""
        query = select(Suggestion).where(in_groups(Suggestion.group_id, group_ids))
        if meeting_id is not None:
            query = query.where(col(Suggestion.meeting_id) == meeting_id)
        if state is not None:
            query = query.where(col(Suggestion.state) == state)
        return self._all(query.order_by(col(Suggestion.id)).limit(bounded(limit)))

    def decide(self, group_id: int, suggestion_id: int, *, state: str, decided_by: str) -> Suggestion:
        """Set ACCEPTED or REJECTED. Raises ConflictError when somebody has decided already, NotFoundError."""
        suggestion = self._lock(Suggestion, group_id, suggestion_id)
        if suggestion.state != "PENDING":
            raise ConflictError(
                f"Suggestion {suggestion_id} is {suggestion.state} already, by {suggestion.decided_by}."
            )
        suggestion.state, suggestion.decided_by, suggestion.decided_at = state, decided_by, utc_now()
        return self._add(suggestion)


class Remarks(_KeyedRows):
    """What was voiced beside tasks."""

    def add(self, remark: Remark) -> Remark | None:
        """Keep a remark; None when one with its key is there already."""
        return self._add_once(remark)

    def get(self, group_id: int, remark_id: int) -> Remark:
        """The remark. Raises NotFoundError."""
        return self._get(Remark, group_id, remark_id)

    def list(
        self,
        group_ids: Collection[int] | None,
        *,
        meeting_id: int | None = None,
        kind: str | None = None,
        is_open: bool = False,
        limit: int = 1000,
    ) -> Rows[Remark]:
        """Remarks, oldest first; with `is_open` only those that are not resolved."""
        query = select(Remark).where(in_groups(Remark.group_id, group_ids))
        if meeting_id is not None:
            query = query.where(col(Remark.meeting_id) == meeting_id)
        if kind is not None:
            query = query.where(col(Remark.kind) == kind)
        if is_open:
            query = query.where(col(Remark.resolved_at).is_(None))
        return self._all(query.order_by(col(Remark.id)).limit(bounded(limit)))

    def resolve(self, group_id: int, remark_id: int) -> Remark:
        """Mark a blocker or question as settled; the first time stands. Raises NotFoundError."""
        remark = self._lock(Remark, group_id, remark_id)
        remark.resolved_at = remark.resolved_at or utc_now()
        return self._add(remark)

    def remove(self, group_id: int, remark_id: int) -> None:
        """Take a remark back that the whole meeting does not hold. Raises NotFoundError."""
        self._session.delete(self._lock(Remark, group_id, remark_id))
        self._session.flush()
