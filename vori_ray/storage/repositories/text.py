"""Conditions on text, for filters and search.

Knows nothing of tables.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, true

MAX_TOKENS = 16


def escape_like(text: str) -> str:
    """Text that LIKE takes literally, with a backslash as the escape."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def tokens(query: str) -> list[str]:
    """The words of a query, at most `MAX_TOKENS`."""
    return query.replace("\x00", " ").split()[:MAX_TOKENS]


def contains_all(text: Any, query: str) -> ColumnElement[bool]:
    """Condition that every word of the query stands in the text, in any order and case."""
    words = tokens(query)
    return and_(true(), *(text.ilike(f"%{escape_like(word)}%", escape="\\") for word in words))
