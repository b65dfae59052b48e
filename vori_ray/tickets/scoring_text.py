"""How alike two texts are, as the evaluation counts it: the measure of the hand-written meetings' scorer.

Pure. It is a fixed yardstick, in Korean and English, and must not be tuned: extractors match tickets with `matching`,
never with this.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

WEAK = 0.4  # weight of a word that says little about which task is meant

Weighted = list[tuple[str, float]]

_HANGUL = re.compile(r"[\uac00-\ud7a3]")

_STOP = frozenset(
    """a an the of for to in on at by with from and or that this these those it its is are be been being was were will
    would shall should can could may might must we i you he she they them us our your their his her my me as so then
    than there here which who whom whose what when where how if into about over out up off via per please some any
    each every all both before after until only also just not no nobody nothing do does did have has had let lets
    need needs needed want wants wanted""".split()
)

_WEAK_EN = frozenset(
    """write create make prepare draft update fix send get add set check run review ask find build produce finish
    complete put give provide implement handle do arrange organize new first next one-off task ticket item work take
    look start ensure schedule plan define monday tuesday wednesday thursday friday saturday sunday today tomorrow
    tonight week month january february march april may june july august september october november december team
    people share submit deliver follow contact obtain compile collect gather book call buy change delete notify move
    talk speak use replace renew apply open close select confirm""".split()
)


def _table(text: str) -> dict[str, str]:
    """`a=b; c=d` as a dictionary."""
    pairs = (entry.split("=", 1) for entry in " ".join(text.split()).split(";"))
    return {key.strip(): value.strip() for key, value in pairs}


_ALIAS_EN = _table(
    """docs=document; doc=document; documentation=document; db=database; config=configuration; configs=configuration;
    repo=repository; auth=authentication; env=environment; mail=email; e-mail=email; info=information; app=app;
    application=application; perf=performance; postmortem=post mortem; qbr=quarterly review; rfp=request proposals;
    a11y=accessibility; l10n=localization; i18n=internationalization; centre=center; colour=color; licence=license;
    cheque=check; mum=mom; grey=gray; behavioural=behavioral; catalogue=catalog; programme=program; metre=meter;
    wi-fi=wifi; wi=wifi; fi=; photograph=photo; photographs=photo; picture=photo; pictures=photo; quotation=quote;
    signup=sign; login=log; setup=set; vs=; phone=call; telephone=call; ring=call; kick=start; purchase=buy;
    order=buy; remove=delete; drop=delete; modify=change; alter=change; edit=change; announce=notify; inform=notify;
    tell=notify; enquire=ask; inquire=ask"""
)

_KO_ENDINGS = sorted(
    """하겠습니다 하겠음 했습니다 했어요 했음 합니다 합시다 해주세요 해주기 해야함 해야합니다 해야한다 해야 하기로
    하기위해 하기 하고 하는 하여 해서 해요 한다 할게요 할것 하세요 하지 하도록 함 됩니다
    되었습니다 됐습니다 되도록 되는 되기 됨 시키기 하게 입니다 이에요 예요 겠습니다 습니다 을게요 ㄹ게요
    게요""".split(),
    key=len,
    reverse=True,
)

_KO_PARTICLES = sorted(
    """으로부터 에서부터 에게서 한테서 으로써 으로서 에서는 에서도 에게는 까지는 까지 부터 에서 에게 한테 으로 께서
    이나 라는 이라는 처럼 보다 마다 조차 마저 밖에 이랑 하고 대한 관련 을 를 이 가 은
    는 의 에 로 와 과 도 만 께 랑 나""".split(),
    key=len,
    reverse=True,
)

_KO_KEEP = tuple(
    """평가 휴가 단가 원가 추가 증가 참가 국가 작가 전문가 허가 인가 회의 문의 논의 협의 결의 동의 강의 합의 심의 주의
    정의 건의 의의 결과 효과 성과 초과 통과 경과 학과 부과 도로 경로 진로 회로
    속도 한도 온도 만족도 지도 제도 태도 용도 정도 년도 연도 강도 각도 밀도 데이 사이 차이 놀이 높이 길이 종이 페이
    와이파이 바이 언로드 로드 프로 제로 결로 정만 불만 미만""".split()
)

_KO_STOP = frozenset(
    """위한 위해 대한 대해 관련 관한 및 등 것 건 수 그 이 저 좀 다시 새 새로
    더 또 바로 직접 함께 통해 따른 기존""".split()
)

_KO_WEAK = frozenset(
    """작성 작업 확인 요청 진행 준비 정리 공유 처리 수정 추가 변경 제작 만들기 만들 쓰기 보내기 발송 전달 검토
    업데이트 개선 완료 등록 하기 적용 마련 실시 수립 관리 올리기 짜기 받기 넣기 보기 잡기
    고치기 바꾸기 그리기 다시 문서 초안 신규 개 건 팀 월요일 화요일 수요일 목요일 금요일 토요일 일요일 내일 오늘 이번
    다음 이번주 다음주 주 월말 말일""".split()
)
_ALIAS_KO = _table(
    """push=푸시; index=인덱스; query=쿼리; 커리=쿼리; layout=레이아웃; banner=배너; template=템플릿; guide=가이드;
    email=메일; 이메일=메일; mail=메일;
    test=테스트; server=서버; dashboard=대시보드; log=로그; error=에러; 오류=에러; message=메시지; 메세지=메시지;
    data=데이터; checklist=체크리스트;
    report=리포트; backup=백업; monitoring=모니터링; alarm=알람; alert=알람; 알림=알람; font=폰트; build=빌드;
    demo=데모; texture=텍스처;
    tablet=태블릿; popup=팝업; token=토큰; review=리뷰; printer=프린터; battery=배터리; account=계정; batch=배치;
    timezone=타임존;
    setting=설정; settings=설정; 세팅=설정; 셋팅=설정; 셋업=설정; setup=설정; 문서화=문서; seminar=세미나;
    poster=포스터; teaser=티저; video=영상;
    동영상=영상; cloud=클라우드; thread=스레드; pool=풀; 쓰레드=스레드; deploy=배포; release=배포; 릴리즈=배포;
    string=스트링; 문자열=스트링;
    pipeline=파이프라인; color=색상; 컬러=색상; 색=색상; 색깔=색상; 아이오에스=ios; 에이피아이=api; 피디에프=pdf;
    디비=db; 리퀘스트=요청; 스케줄=일정;
    schedule=일정; plan=계획; 계획표=계획; 일정표=일정; 보고자료=보고서; 보고서=보고서"""
)
_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS)}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SUFFIXES = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ations", ""),
    ("ation", ""),
    ("ments", "ment"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ied", "y"),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
)


def _stem(word: str) -> str:
    if word.isdigit() or len(word) < 4:
        return word
    if word.endswith("isation"):
        word = word[:-7] + "ization"
    elif word.endswith(("ise", "ised", "ises", "ising")):
        word = re.sub(r"is(e|ed|es|ing)$", r"iz\1", word)
    for suffix, instead in _SUFFIXES:
        is_plural_of_ss = suffix in ("s", "es") and word.endswith("ss")
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not is_plural_of_ss:
            word = word[: len(word) - len(suffix)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


_WEAK_STEMS = {_stem(word) for word in _WEAK_EN}


def _korean_stem(token: str) -> str:
    for ending in _KO_ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= 2:
            token = token[: -len(ending)]
            break
    if token in _KO_WEAK or token.endswith(_KO_KEEP):
        return token
    for particle in _KO_PARTICLES:
        if token.endswith(particle) and len(token) - len(particle) >= 2:
            return token[: -len(particle)]
    return token


def cleaned(text: str) -> str:
    """Text as it is compared: NFKC, case folded, letters and digits only, single blanks."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=[a-z])['\u2019](s|re|ll|ve|d|m|t)\b", "", text)
    return re.sub(r"[^0-9a-z\u00c0-\u024f\uac00-\ud7a3]+", " ", text).strip()


def _with_digits(words: list[str]) -> list[str]:
    out: list[str] = []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in _TENS:
            unit = _NUMBERS.get(words[0], 0) if words else 0
            if 0 < unit < 10:
                words.pop(0)
            out.append(str(_TENS[word] + (unit if 0 < unit < 10 else 0)))
        elif word in _NUMBERS and word not in ("one", "zero"):
            out.append(str(_NUMBERS[word]))
        else:
            out.append(word)
    return out


@lru_cache(maxsize=8192)
def content(text: str) -> tuple[tuple[str, float], ...]:
    """The words of `text` that carry meaning, normalised, each with its weight."""
    out: Weighted = []
    for raw in _with_digits(cleaned(text).split()):
        for part in re.findall(r"[\uac00-\ud7a3]+|[^\uac00-\ud7a3]+", raw):
            out += _korean_content(part) if _HANGUL.search(part) else _english_content(part)
    return tuple(out)


def _korean_content(part: str) -> Weighted:
    stem = _korean_stem(part)
    stem = _ALIAS_KO.get(stem, stem)
    return [(stem, WEAK if stem in _KO_WEAK else 1.0)] if stem and stem not in _KO_STOP else []


def _english_content(part: str) -> Weighted:
    stems = (_stem(word) for word in _ALIAS_EN.get(part, part).split() if word not in _STOP)
    return [(stem, WEAK if stem in _WEAK_STEMS else 1.0) for stem in stems]


def _token_dice(a: Weighted, b: Weighted) -> float:
    weights: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for into, words in zip(weights, (a, b), strict=True):
        for word, weight in words:
            into[word] = max(into.get(word, 0.0), weight)
    left, right = weights
    total = sum(left.values()) + sum(right.values())
    return 2 * sum(min(left[word], right[word]) for word in left if word in right) / total if total else 0.0


def _pairs(words: Weighted, *, joined: bool) -> Counter[str]:
    parts = [("".join(word for word, _ in words), 1.0)] if joined else words
    counts: Counter[str] = Counter()
    for part, weight in parts:
        for pair in [part] if len(part) == 1 else [part[i : i + 2] for i in range(len(part) - 1)]:
            counts[pair] += weight  # type: ignore[assignment]  # Counter holds part weights here
    return counts


def _pair_dice(a: Weighted, b: Weighted, *, joined: bool) -> float:
    left, right = _pairs(a, joined=joined), _pairs(b, joined=joined)
    total = sum(left.values()) + sum(right.values())
    return 2 * sum((left & right).values()) / total if total else 0.0


def similarity(x: str, y: str) -> float:
    """0..1: the larger of the weighted word Dice and the character-pair Dice."""
    a, b = list(content(x)), list(content(y))
    if not a or not b:
        return 1.0 if cleaned(x) and cleaned(x) == cleaned(y) else 0.0
    korean = bool(_HANGUL.search(x) or _HANGUL.search(y))
    if korean:
        a, b = ([(_ALIAS_KO.get(word, word), weight) for word, weight in words] for words in (a, b))
    best = max(_token_dice(a, b), _pair_dice(a, b, joined=korean))
    telling_a, telling_b = ([item for item in words if item[1] == 1.0] for words in (a, b))
    if korean and all(sum(len(word) for word, _ in words) >= 4 for words in (telling_a, telling_b)):
        best = max(best, _pair_dice(telling_a, telling_b, joined=True))
    return best
