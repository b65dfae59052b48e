"""Columns that many tables have, for migrations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def time_column(name: str, *, nullable: bool) -> sa.Column[Any]:
    """A time with its zone."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json_column(name: str) -> sa.Column[Any]:
    """JSON data."""
    return sa.Column(name, JSONB(), nullable=False)
