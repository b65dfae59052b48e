"""Full-text search in PostgreSQL: the functions and indexes behind `repositories/search.py`, as SQL text.

English is searched by stems. Korean glues particles to its words, and the embedded PostgreSQL carries no `pg_trgm`:
so every text has an index of its pairs of letters, which finds any part of a word in any language.

Below a row-level security policy PostgreSQL uses no index for text, as such operators are not leak-proof. The
functions that find ids therefore belong to a role that may read all rows, and look at the transaction's groups
themselves; callers join the ids with the tables, where the policies hold once more. Where that role cannot be made,
searches are right as well, and slow.
"""

from __future__ import annotations

from vori_ray.storage.row_security import APP_ROLE, sees

SEARCH_ROLE = "vori_search"

LETTER_PAIRS = r"""
CREATE FUNCTION vori_pairs(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(word, at, 2)), '{}')
    FROM regexp_split_to_table(lower(normalize(words, NFKC)), '[[:space:][:punct:]]+') AS word,
         generate_series(1, length(word) - 1) AS at
$$
"""

TEXT_OF = {"segments": "coalesce(corrected_text, text)", "tickets": "title || ' ' || content"}
WANTED = {"segments": "transcript_version = 1", "tickets": "deleted_at IS NULL"}


def searchable(table: str) -> tuple[str, ...]:
    """Statements that make a table's text searchable by `vori_find_<table>`."""
    text, wanted = TEXT_OF[table], WANTED[table]
    return (
        f"CREATE INDEX search_{table}_english ON {table} USING gin (to_tsvector('english', {text}))",
        f"CREATE INDEX search_{table}_pairs ON {table} USING gin (vori_pairs({text}))",
        f"""
CREATE FUNCTION vori_find_{table}(groups int[], english tsquery, pairs text[], patterns text[], most int)
RETURNS TABLE (id int, rank real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, coalesce(ts_rank(to_tsvector('english', {text}), english), 0)
    FROM {table}
    WHERE group_id = ANY (groups) AND ({sees("group_id")}) AND {wanted} AND (
        to_tsvector('english', {text}) @@ english
        OR (vori_pairs({text}) @> pairs AND normalize({text}, NFKC) ILIKE ALL (patterns)))
    ORDER BY 2 DESC, 1 DESC
    LIMIT most
$$""",
    )


def give_to_search_role(table: str) -> str:
    """Statement that lets `vori_find_<table>` read all rows by index, and only the application call it."""
    function = f"vori_find_{table}(int[], tsquery, text[], text[], int)"
    return f"""
DO $$ BEGIN
    REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}, CURRENT_USER;
    GRANT SELECT ON {table} TO {SEARCH_ROLE};
    CREATE POLICY {table}_of_search ON {table} FOR SELECT TO {SEARCH_ROLE} USING (true);
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO {SEARCH_ROLE}', current_schema());
    ALTER FUNCTION {function} OWNER TO {SEARCH_ROLE};
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM {SEARCH_ROLE}', current_schema());
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN NULL;
END $$
"""
