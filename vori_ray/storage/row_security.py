"""Row-level security: which rows of a tenant's table a transaction may see and write.

PostgreSQL checks every row against the setting `vori.group_ids`, which a unit of work sets for its transaction only:
a comma-separated list of groups, or `*` for the system. Without the setting nothing is seen. Superusers pass by the
policies, so units of work take the role `vori_app`. This module is SQL text only: migrations execute it.
"""

from __future__ import annotations

APP_ROLE = "vori_app"
GROUPS_SETTING = "vori.group_ids"
ALL_GROUPS = "*"

# A sub-select is evaluated once a statement, not once a row.
_SEES = (
    f"(SELECT current_setting('{GROUPS_SETTING}', true) = '{ALL_GROUPS}') OR {{column}} = ANY "
    f"((SELECT string_to_array(nullif(nullif(current_setting('{GROUPS_SETTING}', true), ''), '{ALL_GROUPS}'), ',')"
    "::int[])::int[])"
)


def create_role(role: str) -> str:
    """Statement that makes a role without a login, where that is allowed, and lets the migrating user take it.

    Roles belong to the whole server: another database's migration may make the same one at the same moment. The user
    may switch to the role, and inherits nothing from it: policies for the role must not hold for the user.
    """
    return f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
    IF current_setting('server_version_num')::int >= 160000 THEN
        GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$
"""


def sees(column: str) -> str:
    """Condition that the transaction may see rows of the group in `column`."""
    return _SEES.format(column=column)


GRANTS = f"""
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO {APP_ROLE}', current_schema());
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {APP_ROLE}',
                       current_schema());
        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO {APP_ROLE}', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES '
                       'TO {APP_ROLE}', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE}',
                       current_schema());
        REVOKE UPDATE, DELETE ON ticket_history FROM {APP_ROLE};
    END IF;
END $$
"""


def protect(table: str, *, column: str = "group_id") -> tuple[str, ...]:
    """Statements that let a transaction see and write only its groups' rows of a table."""
    condition = sees(column)
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_of_groups ON {table} USING ({condition}) WITH CHECK ({condition})",
    )
