"""Transcripts that were made again from the kept sound, and which one of a meeting's counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vori_ray.storage.erasure import forget_meeting
from vori_ray.storage.migrations.columns import time_column
from vori_ray.storage.row_security import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES_BEFORE = ("speech_metrics", "ticket_metrics", "meeting_scores", "meeting_keywords", "meeting_terms")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "transcript_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("audio", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=True),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("meeting_id", "version"),
        sa.UniqueConstraint("meeting_id", "model", "audio"),
    )
    op.create_index(op.f("ix_transcript_versions_group_id"), "transcript_versions", ["group_id"])
    op.create_index(op.f("ix_transcript_versions_meeting_id"), "transcript_versions", ["meeting_id"])
    for statement in protect("transcript_versions"):
        op.execute(statement)
    op.add_column("meetings", sa.Column("transcript_version", sa.Integer(), nullable=False, server_default="1"))
    _make_forgetful_of((*TABLES_BEFORE, "transcript_versions"))


def downgrade() -> None:
    """Undo; what was heard again is lost."""
    _make_forgetful_of(TABLES_BEFORE)
    op.execute("DELETE FROM segments WHERE transcript_version > 1")
    op.drop_column("meetings", "transcript_version")
    op.drop_table("transcript_versions")


def _make_forgetful_of(tables: tuple[str, ...]) -> None:
    op.get_bind().exec_driver_sql(forget_meeting(insight_tables=tables).replace("%", "%%"))
