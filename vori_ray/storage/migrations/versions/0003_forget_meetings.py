"""A function that forgets a meeting, also in the append-only history."""

from __future__ import annotations

from alembic import op

from vori_ray.storage.erasure import GIVE_TO_APP, forget_meeting

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the function."""
    for statement in (forget_meeting(insight_tables=("meeting_keywords",)), GIVE_TO_APP):
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    """Drop it."""
    op.get_bind().exec_driver_sql("DROP FUNCTION vori_forget_meeting(int, int)")
