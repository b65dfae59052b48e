"""A plain report moves the ticket that it names, in both languages, whoever owns it; what is not said moves nothing.

Short talks with nothing around them: what people try first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest

from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment, Status
from vori_ray.tickets.rules import RulesExtractor


@dataclass(frozen=True)
class Frame:
    """The talk around a sentence, and the tickets beside the one in question."""

    speakers: tuple[str, str]
    before: tuple[str, str]
    after: tuple[str, str]
    others: tuple[str, str]


ENGLISH = Frame(
    ("Dana", "Omar"),
    ("Let's look at the list.", "What's next?"),
    ("Good.", "Then we are through."),
    ("Polish the silver", "Count the stock"),
)
KOREAN = Frame(
    ("민수", "지영"),
    ("그럼 목록을 볼까요.", "다음은요?"),
    ("좋습니다.", "그럼 마치겠습니다."),
    ("은식기 닦기", "재고 파악"),
)
RULES = RulesExtractor()


def moves(frame: Frame, title: str, said: str, *, owner: str | None, answer: str | None = None) -> Sequence[Status]:
    """The statuses that the ticket is moved to."""
    speaker, other = frame.speakers
    spoken = [(other, frame.before[0]), (other, frame.before[1]), (speaker, said)]
    spoken += [(other, answer or frame.after[0]), (other, frame.after[1])]
    tickets = (
        OpenTicket(1, title, "TODO", owner),
        OpenTicket(2, frame.others[0], "TODO", speaker),
        OpenTicket(3, frame.others[1], "TODO"),
    )
    segments = [SpokenSegment(place, text, who) for place, (who, text) in enumerate(spoken)]
    given = ExtractionInput(segments, tickets, roster=frame.speakers, meeting_date=date(2026, 3, 4))
    found = RULES.extract(given).operations
    return [each.status for each in found if each.ticket_ref == 1 and each.is_explicit and each.status]


PLAIN = [
    (ENGLISH, "Write the API documentation", "The API documentation is finished.", "DONE"),
    (ENGLISH, "Book the venue", "The venue is booked.", "DONE"),
    (ENGLISH, "Review the contract", "I've reviewed the contract.", "DONE"),
    (ENGLISH, "Translate the manual", "The manual has been translated.", "DONE"),
    (ENGLISH, "Write the API documentation", "I've started the API documentation.", "IN_PROGRESS"),
    (ENGLISH, "Export button", "Yesterday I finished the export button, today I will test the mobile app.", "DONE"),
    (KOREAN, "API 문서 작성", "API 문서 작성 완료했습니다.", "DONE"),
    (KOREAN, "로그인 버그 수정", "로그인 버그 수정을 진행 중으로 옮겨 주세요.", "IN_PROGRESS"),
    (KOREAN, "로그인 버그 수정", "로그인 버그 수정은 완료로 바꾸겠습니다.", "DONE"),
    (KOREAN, "고객 설문", "고객 설문 티켓을 닫겠습니다.", "DONE"),
    (KOREAN, "계약서 검토", "계약서 검토를 마쳤습니다.", "DONE"),
    (KOREAN, "의자 주문", "의자는 어제 주문했습니다.", "DONE"),
    (KOREAN, "로그인 버그 수정", "로그인 버그는 지금 수정 중입니다.", "IN_PROGRESS"),
]


@pytest.mark.parametrize("owner", [None, 0, 1])
@pytest.mark.parametrize(("frame", "title", "said", "status"), PLAIN)
def test_a_plain_report_moves_the_ticket_that_it_names(
    frame: Frame, title: str, said: str, status: Status, owner: int | None
) -> None:
    assert moves(frame, title, said, owner=None if owner is None else frame.speakers[owner]) == [status]


@pytest.mark.parametrize(
    ("frame", "title", "said"),
    [
        (ENGLISH, "Repair the door lock", "The door lock will be repaired on Friday."),
        (ENGLISH, "Book the venue", "The venue is nearly booked."),
        (ENGLISH, "Write the API documentation", "The API documentation isn't finished."),
        (ENGLISH, "Fix the login bug", "Did you fix the login bug?"),
        (ENGLISH, "Paint the hall", "If the hall is painted we can open."),
        (ENGLISH, "Order the chairs", "The tables are ordered."),
        (KOREAN, "API 문서 작성", "API 문서는 아직 완료된 건 아닙니다."),
        (KOREAN, "로그인 버그 수정", "로그인 버그는 내일 수정하겠습니다."),
        (KOREAN, "회의실 예약", "회의실 예약했나요?"),
        (KOREAN, "계약서 검토", "계약서 검토가 거의 끝났습니다."),
        (KOREAN, "의자 주문", "의자 주문이 완료되면 알려 주세요."),
        (KOREAN, "의자 주문", "책상은 어제 주문했습니다."),
        (KOREAN, "고객 설문", "고객 설문 티켓을 닫을까요?"),
        (KOREAN, "고객 설문", "고객 설문은 아직 완료로 옮기지 마세요."),
        (KOREAN, "서버 교체", "서버는 다음 주에 교체하기로 결정했습니다."),
    ],
)
def test_what_is_not_said_moves_nothing(frame: Frame, title: str, said: str) -> None:
    assert moves(frame, title, said, owner=frame.speakers[0]) == []


@pytest.mark.parametrize(
    ("frame", "title", "said", "answer"),
    [
        (ENGLISH, "Book the venue", "The venue is booked.", "No, that's not done yet."),
        (KOREAN, "의자 주문", "의자 주문 완료했습니다.", "아니요, 아직 안 끝났어요."),
    ],
)
def test_a_report_that_is_denied_moves_nothing(frame: Frame, title: str, said: str, answer: str) -> None:
    assert moves(frame, title, said, owner=None, answer=answer) == []


@pytest.mark.parametrize(
    ("frame", "title", "said", "answer"),
    [
        (ENGLISH, "Book the venue", "The venue is booked.", "The flyers are not done yet."),
        (KOREAN, "의자 주문", "의자 주문 완료했습니다.", "전단지는 아직 진행 중입니다."),
    ],
)
def test_what_is_open_about_another_thing_denies_nothing(frame: Frame, title: str, said: str, answer: str) -> None:
    assert moves(frame, title, said, owner=None, answer=answer) == ["DONE"]


@pytest.mark.parametrize(
    ("frame", "title", "said", "later"),
    [
        (ENGLISH, "Book the venue", "The venue is booked.", "Wait, the venue isn't booked after all."),
        (KOREAN, "의자 주문", "의자 주문 완료했습니다.", "잠깐만요, 의자 주문은 아직 안 끝났어요."),
    ],
)
def test_the_last_word_counts(frame: Frame, title: str, said: str, later: str) -> None:
    assert moves(replace(frame, after=(frame.after[0], later)), title, said, owner=None) == []
