"""The tables about tickets, as migration 0001 makes them. Do not change: later migrations do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vori_ray.storage.migrations.columns import json_column, time_column


def _make_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        json_column("labels"),
        json_column("evidence"),
        sa.Column("source", sa.String(), nullable=False),
        json_column("edited_fields"),
        sa.Column("version", sa.Integer(), nullable=False),
        time_column("created_at", nullable=False),
        time_column("updated_at", nullable=False),
        time_column("deleted_at", nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tickets_group_id"), "tickets", ["group_id"])
    op.create_index(op.f("ix_tickets_meeting_id"), "tickets", ["meeting_id"])
    op.create_index("tickets_by_status", "tickets", ["group_id", "status"])


def _make_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_comments_group_id"), "comments", ["group_id"])
    op.create_index(op.f("ix_comments_ticket_id"), "comments", ["ticket_id"])


def _make_remarks() -> None:
    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        json_column("evidence"),
        sa.Column("operation_key", sa.String(), nullable=False),
        time_column("created_at", nullable=False),
        time_column("resolved_at", nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "operation_key"),
    )
    op.create_index(op.f("ix_remarks_group_id"), "remarks", ["group_id"])
    op.create_index(op.f("ix_remarks_meeting_id"), "remarks", ["meeting_id"])


def _make_suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        json_column("operation"),
        json_column("evidence"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("operation_key", sa.String(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        time_column("created_at", nullable=False),
        time_column("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "operation_key"),
    )
    op.create_index(op.f("ix_suggestions_group_id"), "suggestions", ["group_id"])
    op.create_index(op.f("ix_suggestions_meeting_id"), "suggestions", ["meeting_id"])
    op.create_index(op.f("ix_suggestions_state"), "suggestions", ["state"])


def _make_ticket_history() -> None:
    op.create_table(
        "ticket_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=True),
        sa.Column("new_status", sa.String(), nullable=True),
        json_column("changes"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        json_column("evidence"),
        sa.Column("extractor", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("operation_key", sa.String(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        time_column("changed_at", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"]),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "operation_key"),
    )
    op.create_index(op.f("ix_ticket_history_group_id"), "ticket_history", ["group_id"])
    op.create_index(op.f("ix_ticket_history_meeting_id"), "ticket_history", ["meeting_id"])
    op.create_index(op.f("ix_ticket_history_ticket_id"), "ticket_history", ["ticket_id"])


TICKET_TABLES = {
    "tickets": _make_tickets,
    "comments": _make_comments,
    "remarks": _make_remarks,
    "suggestions": _make_suggestions,
    "ticket_history": _make_ticket_history,
}
