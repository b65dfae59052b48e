"""What is called a decision or a blocker is one, in both languages; talk about deciding is none."""

from __future__ import annotations

import pytest

from tests.tickets.short_talks import read_talk

ROSTER = {"en": ("Dana", "Omar"), "ko": ("민수", "지영")}


def remarks(talk: str) -> list[tuple[str, str]]:
    """The kind and the text of each remark in a talk."""
    language = "en" if talk.isascii() else "ko"
    planned = read_talk(talk, language=language, tickets=(), roster=ROSTER[language])
    return [(remark.kind, remark.text) for remark in planned.remarks]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("decision", "We decided to postpone the release until next week."),
        ("decision", "So the decision is to use the new database for the load test."),
        ("decision", "We agreed on the blue logo."),
        ("decision", "출시를 다음 주로 연기하기로 했습니다."),
        ("blocker", "The data migration is blocked by the security review."),
        ("blocker", "데이터 이전은 보안 검토 때문에 막혀 있습니다."),
    ],
)
def test_what_is_called_so_is_so(kind: str, said: str) -> None:
    first, last = ("Omar: Go on.", "Omar: All right.") if said.isascii() else ("지영: 말씀하세요.", "지영: 네.")
    who = "Dana" if said.isascii() else "민수"
    ((found, text),) = remarks(f"{first}\n{who}: {said}\n{last}")
    assert (found, text.rstrip(".")) == (kind, said.rstrip("."))


@pytest.mark.parametrize(
    "talk",
    [
        "Omar: Go on.\nDana: Should we use the old database or the new one for the load test?\nOmar: I don't know.",
        "Omar: Go on.\nDana: If we decided to move, we would need a bigger van.\nOmar: True.",
        "지영: 네.\n민수: 먼저 로그인 페이지에 대해 이야기해 봅시다.\n지영: 네.",
        "지영: 네.\n민수: 혹시 막혀 있는 일이 있나요?\n지영: 아니요.",
    ],
)
def test_talk_about_it_is_none(talk: str) -> None:
    assert remarks(talk) == []


def test_the_choice_counts_and_not_the_question_before_it() -> None:
    talk = """Dana: Should we use the old database or the new database for the load test?
Omar: I think the new database, because the old one is too slow.
Dana: So the decision is to use the new database for the load test."""
    assert remarks(talk) == [("decision", "So the decision is to use the new database for the load test.")]
