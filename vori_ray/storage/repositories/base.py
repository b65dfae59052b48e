"""What all repositories share: adding a row, and finding one of a group's rows by its id.

Knows nothing of any single table.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from vori_ray.errors import NotFoundError

Row = TypeVar("Row", bound=SQLModel)
Rows: TypeAlias = list[Row]
MAX_ROWS = 1000


def in_groups(column: Any, group_ids: Collection[int] | None) -> ColumnElement[bool]:
    """Condition that `column` is one of `group_ids`; None means every group that the unit of work may see."""
    return true() if group_ids is None else col(column).in_(list(group_ids))


def bounded(limit: int) -> int:
    """A limit that no caller can drive past `MAX_ROWS`."""
    return max(0, min(limit, MAX_ROWS))


class Repository:
    """Queries over one unit of work's session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _add(self, row: Row) -> Row:
        """Insert a row at once, so that it has its id."""
        self._session.add(row)
        self._session.flush()
        return row

    def _find(self, model: type[Row], group_id: int, row_id: Any) -> Row | None:
        return self._session.scalars(_by_id(model, group_id, row_id)).first()

    def _get(self, model: type[Row], group_id: int, row_id: Any) -> Row:
        return found(self._find(model, group_id, row_id), model, group_id, row_id)

    def _lock(self, model: type[Row], group_id: int, row_id: Any) -> Row:
        """Read a row as it is now and keep others from changing it until the unit of work ends.

        `key_share`: rows that only refer to this one may still be added by others.
        """
        query = _by_id(model, group_id, row_id).with_for_update(key_share=True)
        row = self._session.scalars(query.execution_options(populate_existing=True)).first()
        return found(row, model, group_id, row_id)

    def _all(self, query: Select[Row]) -> Rows[Row]:
        return list(self._session.scalars(query))


def found(row: Row | None, model: type[Row], group_id: int, row_id: Any) -> Row:
    """The row, or `NotFoundError` with the names of what was looked for."""
    if row is None:
        raise NotFoundError(f"There is no {model.__name__.lower()} {row_id} in group {group_id}.")
    return row


def _by_id(model: type[Row], group_id: int, row_id: Any) -> Select[Row]:
    columns: Any = model
    return select(model).where(columns.group_id == group_id, columns.id == row_id)
