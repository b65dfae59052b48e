"""Insight tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from vori_ray.storage.row_security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "speech_metrics",
    "ticket_metrics",
    "meeting_scores",
    "group_trends",
    "keyword_trends",
    "meeting_keywords",
    "group_topics",
    "findings",
)


def upgrade() -> None:
    """Apply."""
    _create_stream_tables()
    _create_meeting_tables()
    _create_group_tables()
    for table in TENANT_TABLES:
        for statement in protect(table):
            op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for table in (*TENANT_TABLES, "stream_batches"):
        op.drop_table(table)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _numbers(*names: str, kind: type[sa.Integer] | type[sa.Float[float]] = sa.Integer) -> list[sa.Column[object]]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def _create_stream_tables() -> None:
    op.create_table(
        "speech_metrics",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        _time("window_start"),
        sa.Column("speaker", sa.String(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        _time("window_end"),
        *_numbers("turns", "words"),
        sa.Column("talk_ms", sa.BigInteger(), nullable=False),
        *_numbers("blockers_mentioned", "events"),
        _time("updated_at"),
        sa.PrimaryKeyConstraint("meeting_id", "window_start", "speaker"),
    )
    op.create_table(
        "ticket_metrics",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        _time("window_start"),
        sa.Column("group_id", sa.Integer(), nullable=False),
        _time("window_end"),
        *_numbers("tickets_created", "actionable_items", "status_updates", "blockers", "events"),
        _time("updated_at"),
        sa.PrimaryKeyConstraint("meeting_id", "window_start"),
    )
    op.create_table(
        "stream_batches",
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("checkpoint_id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        _time("updated_at"),
        sa.PrimaryKeyConstraint("query"),
    )


def _create_meeting_tables() -> None:
    op.create_table(
        "meeting_scores",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False, index=True),
        sa.Column("value", sa.Float(), nullable=True),
        *_numbers("items"),
        sa.Column("parts", JSONB(), nullable=False),
        *_numbers("ticket_count", "actionable_tickets"),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("meeting_id"),
    )
    op.create_table(
        "meeting_keywords",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False, index=True),
        sa.Column("keywords", JSONB(), nullable=False),
        sa.Column("topic", sa.Integer(), nullable=True),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("meeting_id"),
    )


def _create_group_tables() -> None:
    op.create_table(
        "group_trends",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        *_numbers("meeting_count"),
        sa.Column("avg_productivity", sa.Float(), nullable=True),
        *_numbers("avg_actionable_items", "avg_status_updates", "meeting_minutes", kind=sa.Float),
        sa.Column("completion_rate", sa.Float(), nullable=True),
        sa.Column("todo_hours", sa.Float(), nullable=True),
        sa.Column("in_progress_hours", sa.Float(), nullable=True),
        *_numbers("carried_over"),
        sa.Column("blocker_open_hours", sa.Float(), nullable=True),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("group_id", "last_day"),
    )
    op.create_table(
        "keyword_trends",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("keyword", sa.String(), nullable=False),
        *_numbers("mentions", "meetings", "mentions_before"),
        *_numbers("log_odds", "z_score", kind=sa.Float),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("group_id", "last_day", "keyword"),
    )
    op.create_table(
        "group_topics",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Integer(), nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        *_numbers("meetings"),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("group_id", "topic"),
    )
    op.create_table(
        "findings",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        *_numbers("estimate", "low", "high", kind=sa.Float),
        *_numbers("n"),
        *_numbers("q_value", kind=sa.Float),
        sa.Column("details", JSONB(), nullable=False),
        _time("computed_at"),
        sa.PrimaryKeyConstraint("group_id", "kind", "subject"),
    )
