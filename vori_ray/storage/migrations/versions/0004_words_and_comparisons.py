"""Counted words of a meeting, findings that compare two groups, and a meeting forgotten also by the analytics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from vori_ray.storage.erasure import forget_meeting
from vori_ray.storage.row_security import protect, sees

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES_OF_A_MEETING = ("speech_metrics", "ticket_metrics", "meeting_scores", "meeting_keywords", "meeting_terms")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "meeting_terms",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False, index=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("meeting_id"),
    )
    for statement in protect("meeting_terms"):
        op.execute(statement)
    op.add_column("findings", sa.Column("other_group_id", sa.Integer(), nullable=True))
    _let_findings_be_seen_by(f"({sees('group_id')}) AND (other_group_id IS NULL OR ({sees('other_group_id')}))")
    _make_forgetful_of(TABLES_OF_A_MEETING)


def downgrade() -> None:
    """Undo."""
    _make_forgetful_of(("meeting_keywords",))
    op.execute("DELETE FROM findings WHERE other_group_id IS NOT NULL")
    _let_findings_be_seen_by(sees("group_id"))
    op.drop_column("findings", "other_group_id")
    op.drop_table("meeting_terms")


def _let_findings_be_seen_by(condition: str) -> None:
    op.execute("DROP POLICY findings_of_groups ON findings")
    op.execute(f"CREATE POLICY findings_of_groups ON findings USING ({condition}) WITH CHECK ({condition})")


def _make_forgetful_of(tables: tuple[str, ...]) -> None:
    op.get_bind().exec_driver_sql(forget_meeting(insight_tables=tables).replace("%", "%%"))
