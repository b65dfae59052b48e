"""Korean for training: what vori_ray/tickets/korean gives to the models, and templated acts filled with things.

Nothing is random but the things that fill the templates, and their seed is fixed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from meetings import Row, act_turns

from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment
from vori_ray.tickets.korean.features import features
from vori_ray.tickets.korean.owners import candidates as people
from vori_ray.tickets.korean.owners import measures as owner_measures
from vori_ray.tickets.korean.reader import KoreanRules, turns_of
from vori_ray.tickets.korean.claims import measures
from vori_ray.tickets.korean.stems import nearness, stems
from vori_ray.tickets.korean.talk import Talk, listen
from vori_ray.tickets.korean.takes import measures as work_measures
from vori_ray.tickets.korean.titles import SAME_WORD, Candidate, candidates, title_of
from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Models

ACTS = Path(__file__).with_name("acts-ko.txt")
SEED = 1
TIMES = 2  # how often each template is filled

THINGS = dict(
    entry.split(" = ")
    for entry in """창고 선반 설치 = 창고 선반; 출입문 도어록 수리 = 도어록 수리; 직원 명찰 제작 = 명찰 제작; 현수막 문구 수정 = 현수막 문구
    화재 대피도 교체 = 대피도 교체; 겨울 메뉴 가격표 개정 = 겨울 메뉴 가격표; 반품 접수 화면 개선 = 반품 접수 화면; 강당 음향 점검 = 강당 음향
    보육실 바닥 매트 교환 = 바닥 매트; 협력사 평가표 정리 = 협력사 평가표; 온실 난방기 배관 보수 = 난방기 배관; 회원 만족도 조사 = 만족도 조사
    논문 초록 번역 = 초록 번역; 셔틀버스 시간표 조정 = 셔틀버스 시간표; 냉동고 온도 기록 = 냉동고 온도; 방송 자막 검수 = 자막 검수
    용접 시편 시험 = 용접 시편; 입주민 공고문 게시 = 입주민 공고문; 기부금 영수증 발급 = 기부금 영수증; 장비 대여 계약 = 장비 대여""".replace(
        "\n    ", "; "
    ).split("; ")
)
NEWS = """거래처 명단; 홍보 영상; 소화기 점검표; 환불 안내문; 주차 배정표; 교육 자료; 악보; 시식 행사 안내; 작업복 치수표; 방문 일정표; 재고 목록
견적 비교표; 설문 문항; 민원 답변서; 약도; 사진 정리; 택배 상자 주문; 세척 순서도; 비상 연락망; 회식 장소 예약; 건강 검진 예약; 도서 목록; 안전 수칙
공모전 신청서""".replace("\n", "; ").split("; ")
DATES = "금요일; 다음 주 화요일; 15일; 이번 주; 내일; 월말; 다음 주 수요일".split("; ")
OTHERS = "연못 청소; 층간 소음 안내; 기념품 선정; 전광판 문구 변경".split("; ")
PARTICLES = {"으로": ("으로", "로"), "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를")}


class Korean:
    """`Language` of Korean."""

    name = "ko"
    penalties = {"turns": 0.2, "title": 0.3, "work": 0.3, "owner": 1.0, "status": 0.3}
    positive_weight = 1.0
    min_meetings = 4

    def __init__(self) -> None:
        self._templated: list[tuple[str, Row]] | None = None

    def listen(self, given: ExtractionInput, place: int | None = None) -> Talk:
        return listen(given)

    def features(self, talk: Talk, turn: int) -> Row:
        return dict.fromkeys(features(talk, turn), 1.0)

    def turns_of(self, talk: Talk, models: Models) -> Turns:
        return turns_of(talk, models)

    def title_rows(self, talk: Talk, turns: Turns, turn: int, titles: Sequence[str]) -> list[tuple[Row, bool]]:
        return [(dict.fromkeys(word.features, 1.0), _belongs(word, titles)) for word in candidates(talk, turns, turn)]

    def work_row(self, talk: Talk, turns: Turns, turn: int, models: Models) -> Row:
        return work_measures(talk, turns, turn, title_of(talk, turns, turn, models.title))

    def owner_rows(self, talk: Talk, turns: Turns, turn: int, owner: str | None) -> list[tuple[Row, bool]]:
        return [(owner_measures(talk, turns, turn, name), name == owner) for name in people(talk, turn)]

    def status_row(self, talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> Row:
        return measures(talk, turns, turn, ticket, says)

    def templated(self) -> list[tuple[str, Row]]:
        if self._templated is None:
            self._templated = [(name, dict.fromkeys(found, 1.0)) for name, found in templated(ACTS)]
        return self._templated

    def rules(self, models: Models, place: int | None = None) -> Any:
        return KoreanRules(lambda: models)


def _with_particles(text: str, slot: str, word: str) -> str:
    final = (ord(word[-1]) - 0xAC00) % 28 if "가" <= word[-1] <= "힣" else 0
    for written, (closed, open_) in PARTICLES.items():
        is_open = not final or (written == "으로" and final == 8)
        text = re.sub(re.escape(slot + written) + r"(?![가-힣])", word + (open_ if is_open else closed), text)
    return text.replace(slot, word)


def templated(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """The class and the features of the last or marked turn of each templated act, filled with things and names."""
    chance = random.Random(SEED)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, dialogue = line.split("\t")
        for _ in range(TIMES):
            title, thing = chance.choice(list(THINGS.items()))
            slots = {"{X}": thing, "{N}": chance.choice(NEWS), "{D}": chance.choice(DATES)}
            status = {"begun": "TODO", "reopen": "DONE"}.get(name) or chance.choice(["TODO", "IN_PROGRESS"])
            is_plain = chance.random() < 0.3
            others = [OpenTicket(2 + i, other, "TODO", "연우") for i, other in enumerate(chance.sample(OTHERS, 2))]
            segments = []
            turns, learned = act_turns(dialogue)
            for place, (who, text) in enumerate(turns):
                for slot, word in slots.items():
                    text = _with_particles(text, slot, word)
                text = re.sub(r"[.,?]", "", text) if is_plain else text
                speaker = {"A": "연우", "B": "다인"}[who]
                segments.append(SpokenSegment(place, text.replace("B 씨", "다인 씨"), speaker))
            given = ExtractionInput(
                segments=segments,
                tickets=(OpenTicket(1, title, status, "다인"), *others),  # type: ignore[arg-type]
                roster=("연우", "다인"),
                meeting_date=date(2026, 3, 4),
            )
            yield name, features(listen(given), learned)


def _belongs(candidate: Candidate, titles: Sequence[str]) -> bool:
    """Whether a word stands in one of the titles."""
    for title in titles:
        if any(nearness(a, b) >= SAME_WORD for a in candidate.key for b in stems(title)):
            return True
        if len(candidate.text) > 1 and candidate.text in title.replace(" ", ""):
            return True
    return False
