"""The first tables, row-level security and full-text search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vori_ray.storage.migrations.columns import json_column, time_column
from vori_ray.storage.migrations.first_ticket_tables import TICKET_TABLES
from vori_ray.storage.row_security import APP_ROLE, GRANTS, create_role, protect
from vori_ray.storage.text_search import LETTER_PAIRS, SEARCH_ROLE, TEXT_OF, give_to_search_role, searchable

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WITHOUT_GROUP = ("groups", "users", "api_tokens")


def upgrade() -> None:
    """Make the tables, then protect them and make their text searchable."""
    for make_table in _TABLES.values():
        make_table()
    for table in _TABLES.keys() - _WITHOUT_GROUP:
        _execute(*protect(table))
    _execute(*protect("groups", column="id"))
    _execute(create_role(APP_ROLE), GRANTS, create_role(SEARCH_ROLE), LETTER_PAIRS)
    for table in TEXT_OF:
        _execute(*searchable(table), give_to_search_role(table))


def downgrade() -> None:
    """Drop everything but the role, which belongs to the whole server."""
    for table in TEXT_OF:
        _execute(f"DROP FUNCTION vori_find_{table}")
    for table in reversed(_TABLES):
        op.drop_table(table)
    _execute("DROP FUNCTION vori_pairs")


def _execute(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def _make_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        json_column("vocabulary"),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        time_column("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        time_column("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("external_id"),
    )


def _make_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        time_column("last_used_at", nullable=True),
        time_column("revoked_at", nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"])


def _make_meetings() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        time_column("started_at", nullable=False),
        time_column("ended_at", nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        time_column("last_audio_at", nullable=True),
        time_column("last_speech_at", nullable=True),
        sa.Column("open_sessions", sa.Integer(), nullable=False),
        sa.Column("extraction_state", sa.String(), nullable=False),
        sa.Column("extraction_error", sa.String(), nullable=True),
        sa.Column("extractor", sa.String(), nullable=True),
        sa.Column("live_cursor", sa.Integer(), nullable=False),
        sa.Column("covered_segments", sa.Integer(), nullable=False),
        sa.Column("total_segments", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_meetings_extraction_state"), "meetings", ["extraction_state"])
    op.create_index(op.f("ix_meetings_group_id"), "meetings", ["group_id"])
    op.create_index(op.f("ix_meetings_state"), "meetings", ["state"])
    op.create_index("meetings_by_start", "meetings", ["group_id", "started_at"])


def _make_members() -> None:
    op.create_table(
        "members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("group_id", "user_id"),
    )
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"])


def _make_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        json_column("payload"),
        time_column("created_at", nullable=False),
        time_column("read_at", nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notifications_group_id"), "notifications", ["group_id"])
    op.create_index(op.f("ix_notifications_user_id"), "notifications", ["user_id"])
    op.create_index("notifications_by_user", "notifications", ["user_id", "id"])


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        json_column("payload"),
        time_column("occurred_at", nullable=False),
        time_column("published_at", nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("group_id", "seq"),
    )
    op.create_index("outbox_by_time", "outbox", ["occurred_at"])
    op.create_index("outbox_unpublished", "outbox", ["id"], postgresql_where=sa.text("published_at IS NULL"))


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        json_column("topics"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_webhooks_group_id"), "webhooks", ["group_id"])


def _make_audio_sessions() -> None:
    op.create_table(
        "audio_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("offset_s", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        json_column("draft"),
        time_column("created_at", nullable=False),
        time_column("updated_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audio_sessions_group_id"), "audio_sessions", ["group_id"])
    op.create_index(op.f("ix_audio_sessions_meeting_id"), "audio_sessions", ["meeting_id"])


def _make_llm_usage() -> None:
    op.create_table(
        "llm_usage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_llm_usage_group_id"), "llm_usage", ["group_id"])
    op.create_index(op.f("ix_llm_usage_meeting_id"), "llm_usage", ["meeting_id"])
    op.create_index("llm_usage_by_time", "llm_usage", ["group_id", "created_at"])


def _make_minutes() -> None:
    op.create_table(
        "minutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("meeting_id", "version"),
    )
    op.create_index(op.f("ix_minutes_group_id"), "minutes", ["group_id"])
    op.create_index(op.f("ix_minutes_meeting_id"), "minutes", ["meeting_id"])


def _make_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        json_column("payload"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        time_column("next_attempt_at", nullable=True),
        time_column("delivered_at", nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_webhook_deliveries_group_id"), "webhook_deliveries", ["group_id"])
    op.create_index(op.f("ix_webhook_deliveries_webhook_id"), "webhook_deliveries", ["webhook_id"])
    op.create_index(
        "webhook_deliveries_due",
        "webhook_deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("delivered_at IS NULL"),
    )


def _make_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("transcript_version", sa.Integer(), nullable=False),
        sa.Column("utterance", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        json_column("words"),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("corrected_text", sa.String(), nullable=True),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["audio_sessions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("session_id", "utterance", "part", "transcript_version"),
    )
    op.create_index(op.f("ix_segments_group_id"), "segments", ["group_id"])
    op.create_index(op.f("ix_segments_meeting_id"), "segments", ["meeting_id"])
    op.create_index("segments_in_time", "segments", ["meeting_id", "transcript_version", "start_s", "id"])


_TABLES = {
    "groups": _make_groups,
    "users": _make_users,
    "api_tokens": _make_api_tokens,
    "meetings": _make_meetings,
    "members": _make_members,
    "notifications": _make_notifications,
    "outbox": _make_outbox,
    "webhooks": _make_webhooks,
    "audio_sessions": _make_audio_sessions,
    "llm_usage": _make_llm_usage,
    "minutes": _make_minutes,
    "webhook_deliveries": _make_webhook_deliveries,
    "segments": _make_segments,
    **TICKET_TABLES,
}
