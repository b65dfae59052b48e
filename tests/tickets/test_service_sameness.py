"""Which titles are one piece of work. Pure."""

from __future__ import annotations

import pytest

from vori_ray.tickets.planning import SAME_WORK
from vori_ray.tickets.sameness import sameness


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Order new filters for the pump", "Order the pump filters"),
        ("Update the visitor guide", "Revise visitor guide"),
        ("Invite the donors to the opening by email", "Send donors an email about the opening"),
        ("Order 12 chairs", "Buy twelve chairs"),
        ("Phone the roofer", "phone the roofer!"),
        ("정원 안내 문서 작성", "정원 안내 문서화"),
        ("회의실 예약하기", "회의실 예약"),
        ("전기 점검 일정 잡기", "전기 점검 일정 다시 잡기"),
    ],
)
def test_the_same_work(a: str, b: str) -> None:
    assert sameness(a, b) >= SAME_WORK
    assert sameness(b, a) == sameness(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Order new filters", "Order new curtains"),
        ("Order filters", "Order chairs"),
        ("Fix the garden gate", "Fix the cellar door"),
        ("Fix the login page", "Fix the payment page"),
        ("Send the report to Ada", "Send the contract to Ada"),
        ("거래처 계약서 작성", "거래처 견적서 작성"),
        ("신규 서버 구매", "신규 의자 구매"),
        ("안전 교육 신청", "안전 교육 이수증 제출"),
        ("", "Order filters"),
    ],
)
def test_two_pieces_of_work(a: str, b: str) -> None:
    assert sameness(a, b) < SAME_WORK
