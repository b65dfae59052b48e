"""Speakers of a mixed recording: who they are, and which words are whose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vori_ray.storage.erasure import forget_meeting
from vori_ray.storage.migrations.columns import time_column
from vori_ray.storage.row_security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES_BEFORE = (
    "speech_metrics",
    "ticket_metrics",
    "meeting_scores",
    "meeting_keywords",
    "meeting_terms",
    "transcript_versions",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "speakers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["audio_sessions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("session_id", "number"),
    )
    op.create_index(op.f("ix_speakers_group_id"), "speakers", ["group_id"])
    op.create_index(op.f("ix_speakers_meeting_id"), "speakers", ["meeting_id"])
    for statement in protect("speakers"):
        op.execute(statement)
    op.add_column("audio_sessions", sa.Column("diarize", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("segments", sa.Column("speaker_number", sa.Integer(), nullable=True))
    _make_forgetful_of((*TABLES_BEFORE, "speakers"))


def downgrade() -> None:
    """Undo; the names stay in the words, the numbers are lost."""
    _make_forgetful_of(TABLES_BEFORE)
    op.drop_column("segments", "speaker_number")
    op.drop_column("audio_sessions", "diarize")
    op.drop_table("speakers")


def _make_forgetful_of(tables: tuple[str, ...]) -> None:
    op.get_bind().exec_driver_sql(forget_meeting(insight_tables=tables).replace("%", "%%"))
