"""Whether two titles name the same piece of work: what the work is on tells it, what is done to it hardly does.

"Order new filters" and "Order new chairs" share two words of three and are two tasks. So words that say only what is
done, or little of anything ("order", "new", 작성), weigh less than the things they are done to, and where letters are
compared (misheard words, Korean endings) only the things count. Pure.
"""

from __future__ import annotations

import re
from collections.abc import KeysView, Sequence

from vori_ray.tickets.matching import Words, dice, pairs, plain_words
from vori_ray.tickets.stems import english_words

SLIGHT = 0.4
OTHER_DEED = 0.85  # to apply for a training and to hand in its certificate are two things

_DEEDS = """
    write create make prepare draft update fix repair send get add set check run review ask find build order buy book
    call phone invite organize organise arrange finish complete start begin continue install deploy publish share upload
    sign submit request renew replace remove delete change rewrite redo move clean sort collect gather compile compare
    confirm verify contact talk speak tell inform notify teach train help support handle manage put take bring pick draw
    follow look hire pay
    new old first second next last final big small quick short long full current latest another other more
    team people today tomorrow week month monday tuesday wednesday thursday friday saturday sunday
    작성 작업 확인 요청 진행 준비 정리 공유 처리 수정 추가 변경 제작 발송 전달 검토 업데이트 개선 완료 등록
    적용 마련 실시 수립 관리 구매 주문 예약 연락 문의 신청 제출 설치 교체 배포 점검 섭외 신규 새 기존 다음 이번 최종
"""
_VERBAL = re.compile(r"(?<=[가-힣]{2})(하기|하고|하는|해서|하다|합니다|하겠습니다|할게요)$")
_SLIGHT_WORDS = frozenset(stem for word in _DEEDS.split() for stem in english_words(word))


def sameness(a: str, b: str, *, words: Words = plain_words) -> float:
    """0..1: how surely two titles are one piece of work."""
    mine, other = _weighted(words(a)), _weighted(words(b))
    if not mine or not other:
        return 1.0 if a.strip() and a.strip().casefold() == b.strip().casefold() else 0.0
    by_letters = dice(pairs(" ".join(_of(mine, 1.0))), pairs(" ".join(_of(other, 1.0))))
    deeds, other_deeds = _of(mine, SLIGHT), _of(other, SLIGHT)
    are_other_deeds = bool(deeds and other_deeds) and not deeds & other_deeds
    return max(dice(mine, other), by_letters) * (OTHER_DEED if are_other_deeds else 1.0)


def _weighted(words: Sequence[str]) -> dict[str, float]:
    bare = (_VERBAL.sub("", word) for word in words)
    return {word: SLIGHT if word in _SLIGHT_WORDS else 1.0 for word in bare}


def _of(weighted: dict[str, float], weight: float) -> KeysView[str]:
    """Words of one weight, in order."""
    return {word: None for word, own in weighted.items() if own == weight}.keys()
