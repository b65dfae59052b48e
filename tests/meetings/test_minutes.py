"""Minutes: three templates, two languages, nothing in them is read as markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from vori_ray.errors import BadInputError
from vori_ray.meetings.minutes import MinutesSource, NotedRemark, NotedTicket, render_minutes

SOURCE = MinutesSource(
    title="Weekly | garden",
    started_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    ended_at=datetime(2026, 11, 2, 9, 45, tzinfo=UTC),
    participants=("Ada", "Mo"),
    summary=("The pump is back.",),
    tickets=(
        NotedTicket("Order the filters", "TODO", None, "Mo", date(2026, 11, 5), 62.0, "Mo", "I'll order them"),
        NotedTicket("Paint the fence", "DONE", "IN_PROGRESS", "Ada", None, 130.0, "Ada", "it is painted"),
    ),
    remarks=(
        NotedRemark("decision", "Red it is", "Ada", 200.0, "we go with the red one"),
        NotedRemark("blocker", "The gate is locked", "Mo", 210.0),
        NotedRemark("question", "Who has the key?", "Ada", 220.0),
    ),
    extractor="rules",
    covered_segments=40,
    total_segments=41,
)


def test_general_minutes() -> None:
    text = render_minutes(SOURCE)
    assert text.startswith("# Weekly \\| garden\n")
    assert "- **Date**: 2026-11-02 09:00-09:45 (45 min)" in text
    assert "- **Participants**: Ada, Mo" in text
    assert "| Order the filters | Mo | 2026-11-05 | To do | 00:01:02 |" in text
    assert '- Paint the fence: In progress → Done (Ada, 00:02:10) "it is painted"' in text
    assert "- Red it is (Ada, 00:03:20)" in text
    counts = "- Decisions: 1, New tickets: 1, Status changes: 1, Blockers: 1, Open questions: 1"
    assert f"## Summary\n\n{counts}\n- The pump is back.\n" in text
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["Summary", "Decisions", "New tickets", "Status changes", "Blockers", "Open questions"]
    assert text.rstrip().endswith("*Made by VORI (rules); 40 of 41 passages read.*")


def test_korean_minutes() -> None:
    text = render_minutes(replace(SOURCE, language="ko"))
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["요약", "결정 사항", "새 할 일", "상태 변경", "막힌 일", "남은 질문"]
    assert "진행 중 → 완료" in text
    assert "발언 41개 중 40개 반영" in text


def test_stand_up_has_a_section_for_each_person() -> None:
    text = render_minutes(SOURCE, template="standup")
    ada, mo = text.split("## Ada")[1].split("## Mo")
    assert "**Done**" in ada
    assert "Paint the fence" in ada
    assert "Order the filters, Due: 2026-11-05" in mo
    assert "The gate is locked" in mo


def test_stand_up_keeps_work_without_an_owner() -> None:
    loose = NotedTicket("Find the key", "TODO")
    assert "## unassigned\n\n- Find the key" in render_minutes(replace(SOURCE, tickets=(loose,)), template="standup")


def test_the_decision_log_quotes_the_words() -> None:
    text = render_minutes(SOURCE, template="decisions")
    assert "1. **Red it is** (Ada, 00:03:20)\n   > we go with the red one" in text
    assert "Order the filters" not in text


@pytest.mark.parametrize("template", ["general", "standup", "decisions"])
def test_an_empty_meeting_says_so(template: str) -> None:
    empty = MinutesSource("Weekly", SOURCE.started_at)
    text = render_minutes(empty, template=template)
    assert "nobody spoke" in text
    assert "None." in text


def test_words_are_no_markup() -> None:
    hostile = NotedRemark("decision", "# <script>alert(1)</script>\n| x [a](http://b)")
    text = render_minutes(replace(SOURCE, remarks=(hostile,)))
    assert "- \\# \\<script\\>alert(1)\\</script\\> \\| x \\[a\\](http://b)" in text


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(BadInputError, match="standup"):
        render_minutes(SOURCE, template="poem")
