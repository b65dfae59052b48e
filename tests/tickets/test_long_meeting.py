"""A meeting of three hours is read to its end by the offline extractor: work of each third gets its ticket."""

from __future__ import annotations

from itertools import cycle

import pytest

from tests.tickets.short_talks import read_talk

TURNS = 1_200  # three hours at nine seconds a turn
WORK = {
    "en": {
        100: "Ana: I'll renew the parking permits by Friday.",
        600: "Bob: I'll translate the safety leaflet, I need it anyway.",
        1_100: "Ana: Okay, I'll order the new projector lamp today.",
    },
    "ko": {
        100: "지민: 주차권 갱신은 제가 금요일까지 하겠습니다.",
        600: "서준: 안전 안내문 번역은 제가 맡겠습니다.",
        1_100: "지민: 프로젝터 램프 주문은 제가 오늘 할게요.",
    },
}
SMALL_TALK = {
    "en": (
        "Bob: It rained the whole weekend where we live.",
        "Ana: The train was full again this morning.",
        "Bob: That film was longer than I thought.",
        "Ana: My sister says the same about hers.",
        "Bob: We had soup for lunch, it was quite good.",
    ),
    "ko": (
        "서준: 주말 내내 비가 왔더라고요.",
        "지민: 오늘 아침에도 전철에 사람이 많았어요.",
        "서준: 그 영화는 생각보다 길었어요.",
        "지민: 제 동생도 똑같이 말하더라고요.",
        "서준: 점심에 국밥을 먹었는데 맛있었어요.",
    ),
}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_third_of_three_hours_has_its_ticket(language: str) -> None:
    small_talk = cycle(SMALL_TALK[language])
    turns = [WORK[language].get(place) or next(small_talk) for place in range(TURNS)]
    roster = sorted({turn.split(":")[0] for turn in turns})
    planned = read_talk("\n".join(turns), language=language, tickets=(), roster=roster)
    places = [min(ticket.evidence.segment_ids) for ticket in planned.tickets if ticket.is_applied]
    assert sorted(places) == sorted(WORK[language])
