"""Work that is given or taken on in plain words in a short talk, and talk that only sounds like it."""

from __future__ import annotations

import pytest

from tests.tickets.short_talks import owners, read_talk

ENGLISH = """Omar: Let's go through the open points.
Omar: What's next?
Dana: {said}
Omar: {answer}
Omar: Then we are through."""
KOREAN = """지영: 그럼 안건을 볼까요.
지영: 다음은요?
민수: {said}
지영: 그럼 마치겠습니다."""


def work_in(said: str, *, language: str, answer: str = "I see.") -> list[tuple[str, str | None]]:
    """The titles and the owners of the new work in a talk."""
    talk, roster = (ENGLISH, ("Dana", "Omar")) if language == "en" else (KOREAN, ("민수", "지영"))
    planned = read_talk(talk.format(said=said, answer=answer), language=language, tickets=(), roster=roster)
    return [(ticket.title, owner) for ticket, owner in zip(planned.tickets, owners(planned), strict=True)]


@pytest.mark.parametrize(
    ("language", "said", "title", "owner"),
    [
        ("en", "I'll write the API documentation by Friday.", "Write the API documentation", "Dana"),
        ("en", "I will fix the login bug tomorrow.", "Fix the login bug", "Dana"),
        ("en", "Omar, please book the venue for the party.", "Book the venue for the party", "Omar"),
        ("en", "Omar, can you send the invoice to Baker by Monday?", "Send the invoice to Baker", "Omar"),
        ("en", "Somebody has to renew the insurance.", "Renew the insurance", "Omar"),
        ("ko", "제가 금요일까지 API 문서를 작성하겠습니다.", "API 문서 작성", "민수"),
        ("ko", "로그인 버그는 제가 내일 고칠게요.", "로그인 버그 수정", "민수"),
        ("ko", "지영 님, 금요일까지 회의실 예약 부탁드립니다.", "회의실 예약", "지영"),
        ("ko", "지영 님, 회의실 예약 좀 해 주세요.", "회의실 예약", "지영"),
        ("ko", "고객에게는 제가 전화할게요.", "고객 전화", "민수"),
        ("ko", "지영 씨가 월요일까지 베이커사에 청구서를 보내 주세요.", "베이커사 청구서 발송", "지영"),
    ],
)
def test_plain_words_make_a_ticket(language: str, said: str, title: str, owner: str | None) -> None:
    assert work_in(said, language=language, answer="Sure, will do.") == [(title, owner)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "I wrote the API documentation last week."),
        ("en", "The supplier will send the chairs on Friday."),
        ("en", "I usually check the backups on Mondays."),
        ("en", "I'd book the venue if we had the money."),
        ("en", "I'll be in Berlin next week."),
        ("en", "Omar, did you send the invoice?"),
        ("ko", "제가 지난주에 API 문서를 썼어요."),
        ("ko", "업체에서 금요일에 의자를 보내 준대요."),
        ("ko", "백업은 제가 보통 월요일마다 확인해요."),
        ("ko", "돈만 있으면 장소부터 예약할 텐데요."),
        ("ko", "다음 주에는 제가 부산에 있어요."),
        ("ko", "지영 님, 청구서 보내셨어요?"),
    ],
)
def test_what_only_sounds_like_work_makes_none(language: str, said: str) -> None:
    assert work_in(said, language=language) == []


@pytest.mark.parametrize(
    "talk",
    [
        "지영: 어제는 비가 많이 왔네요.\n민수: {said}\n지영: 참, 어제 경기 보셨어요?",
        "민수: 다들 모이셨죠.\n민수: {said}\n지영: 날씨가 많이 추워졌어요.\n민수: 그러게요.",
        "지영: 저는 특별한 게 없습니다.\n민수: {said}",
    ],
)
@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("지영 님, 회의실 예약 좀 해 주세요.", "회의실 예약"),
        ("지영 님, 신입 사원 명단 정리 부탁드려요.", "신입 사원 명단 정리"),
    ],
)
def test_who_is_told_by_name_owns_the_work_whatever_is_said_around(talk: str, said: str, title: str) -> None:
    planned = read_talk(talk.format(said=said), language="ko", tickets=(), roster=("민수", "지영"))
    assert [(ticket.title, ticket.assignee) for ticket in planned.tickets] == [(title, "지영")]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Omar, please order new chairs for the hall.", "Order new chairs for the hall"),
        ("Omar, can you update the website by Friday?", "Update the website"),
    ],
)
def test_a_request_by_name_needs_no_answer(said: str, title: str) -> None:
    assert work_in(said, language="en", answer="By the way, how was the trip?") == [(title, "Omar")]
