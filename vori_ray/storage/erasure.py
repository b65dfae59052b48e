"""Forgetting a meeting: every word of it, everywhere in the database. SQL text only: migrations execute it.

Tickets and their history stay, without the quotes and without the meeting. The history is append-only for the
application, so the function belongs to the tables' owner; it looks at the transaction's groups itself. Events keep
their place in the sequence and lose their words. What the analytics know of the meeting goes with it; their sums over
many meetings are mended when they are computed next.
"""

from __future__ import annotations

from collections.abc import Sequence

from vori_ray.storage.row_security import APP_ROLE, sees

_ELEMENTS_OF_OTHERS = """(SELECT coalesce(jsonb_agg(each), '[]') FROM jsonb_array_elements(evidence) AS each
        WHERE (each->>'meeting_id')::int IS DISTINCT FROM meeting)"""


def forget_meeting(*, insight_tables: Sequence[str]) -> str:
    """Statement that makes the function. `insight_tables` have rows of a meeting, by `group_id` and `meeting_id`."""
    deletions = "\n    ".join(
        f"DELETE FROM {table} WHERE group_id = tenant AND meeting_id = meeting;" for table in insight_tables
    )
    return f"""
CREATE OR REPLACE FUNCTION vori_forget_meeting(tenant int, meeting int) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE sessions text[];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM groups WHERE id = tenant AND ({sees("id")})) THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(array_agg(id), '{{}}') INTO sessions
        FROM audio_sessions WHERE group_id = tenant AND meeting_id = meeting;
    DELETE FROM suggestions WHERE group_id = tenant AND meeting_id = meeting;
    DELETE FROM remarks WHERE group_id = tenant AND meeting_id = meeting;
    DELETE FROM minutes WHERE group_id = tenant AND meeting_id = meeting;
    {deletions}
    DELETE FROM segments WHERE group_id = tenant AND meeting_id = meeting;
    DELETE FROM audio_sessions WHERE group_id = tenant AND meeting_id = meeting;
    UPDATE ticket_history SET meeting_id = NULL, evidence = '[]', reason = ''
        WHERE group_id = tenant AND meeting_id = meeting;
    UPDATE tickets SET evidence = {_ELEMENTS_OF_OTHERS},
        meeting_id = CASE WHEN meeting_id = meeting THEN NULL ELSE meeting_id END
        WHERE group_id = tenant AND (meeting_id = meeting OR evidence @> jsonb_build_array(
            jsonb_build_object('meeting_id', meeting)));
    UPDATE llm_usage SET meeting_id = NULL WHERE group_id = tenant AND meeting_id = meeting;
    UPDATE outbox SET payload = payload || '{{"transcript": ""}}'
        WHERE group_id = tenant AND (payload->>'meetingId')::int = meeting AND payload ? 'transcript';
    UPDATE outbox SET payload = payload || '{{"evidence": [], "reason": ""}}'
        WHERE group_id = tenant AND (payload->>'meetingId')::int = meeting AND payload ? 'evidence';
    UPDATE webhook_deliveries SET payload = payload || '{{"evidence": [], "reason": ""}}'
        WHERE group_id = tenant AND (payload->>'meetingId')::int = meeting AND payload ? 'evidence';
    DELETE FROM meetings WHERE group_id = tenant AND id = meeting;
    RETURN sessions;
END $$
"""


GIVE_TO_APP = f"""
DO $$ BEGIN
    REVOKE EXECUTE ON FUNCTION vori_forget_meeting(int, int) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION vori_forget_meeting(int, int) TO {APP_ROLE};
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN NULL;
END $$
"""
