"""The made-up groups: who is in them, what they talk about, when they meet, and how their meetings differ. Data.

What differs between meetings here is what findings may find: the others differ by chance only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly meeting. `weekday` 0 is Monday, `hour` local time.

    `clarity` 0..1: how often work gets an owner and a day, and gets done in time. `decisions` and `blockers` are
    expected counts in half an hour.
    """

    title: str
    weekday: int
    hour: int
    minutes: tuple[int, ...] = (30,)
    clarity: float = 0.7
    decisions: float = 2.0
    blockers: float = 0.7


@dataclass(frozen=True, slots=True)
class Cast:
    """A group before it has met. `themes`: its subjects, which follow one another over the weeks, as areas of work.

    `long_is_hard`: what is beyond half an hour brings blockers and takes clarity. `learns`: clarity won by the end.
    """

    key: str
    name: str
    language: str
    time_zone: str
    people: tuple[str, ...]
    themes: tuple[tuple[str, ...], ...]
    slots: tuple[Slot, ...]
    long_is_hard: bool = False
    learns: float = 0.0


_HARBOUR = Cast(
    key="harbour",
    name="Harbour app",
    language="en",
    time_zone="Europe/London",
    people=("Maya Chen", "Tom Okafor", "Priya Nair", "Leo Brandt"),
    themes=(
        ("signup", "welcome", "tutorial", "invitation", "profile", "consent"),
        ("search", "filter", "ranking", "synonym", "spelling", "category"),
        ("checkout", "refund", "invoice", "coupon", "receipt", "wallet"),
        ("camera", "offline", "widget", "tablet", "gesture", "battery"),
    ),
    slots=(
        Slot("Product planning", 1, 10, clarity=0.95, decisions=3.5, blockers=0.3),
        Slot("Design review", 2, 14),
        Slot("Engineering sync", 3, 10, clarity=0.75),
        Slot("Weekly wrap-up", 4, 16, clarity=0.35, decisions=0.8, blockers=1.6),
    ),
)
_ORCHARD = Cast(
    key="orchard",
    name="Orchard logistics",
    language="en",
    time_zone="America/Chicago",
    people=("Dana Ruiz", "Sam Whitfield", "Ines Moreau", "Victor Lang", "Ruth Adeyemi"),
    themes=(
        ("harvest", "orchard", "cider", "seedling", "frost", "pruning"),
        ("warehouse", "pallet", "shelf", "forklift", "label", "scanner"),
        ("hiring", "payroll", "shift", "training", "uniform", "holiday"),
        ("trucking", "fuel", "route", "customs", "cooling", "insurance"),
    ),
    slots=(
        Slot("Operations meeting", 0, 9, minutes=(20, 30, 45, 60, 75)),
        Slot("Dispatch round", 2, 11, minutes=(20, 30, 45, 60, 75)),
        Slot("Suppliers and stock", 3, 15, minutes=(20, 30, 45, 60, 75)),
        Slot("Staff meeting", 4, 10, minutes=(20, 30, 45, 60, 75)),
        Slot("Week ahead", 4, 14, minutes=(20, 30, 45)),
    ),
    long_is_hard=True,
)
_PAYMENTS = Cast(
    key="payments",
    name="결제 개발팀",
    language="ko",
    time_zone="Asia/Seoul",
    people=("김서연", "박도윤", "이지우", "최하준"),
    themes=(
        ("가입", "인증", "로그인", "약관", "본인확인", "알림"),
        ("정산", "수수료", "세금", "환율", "입금", "영수증"),
        ("환불", "쿠폰", "포인트", "할인", "장바구니", "배송"),
        ("보안", "백업", "서버", "접속", "권한", "암호"),
    ),
    slots=(
        Slot("주간 계획 회의", 0, 10, clarity=0.55),
        Slot("개발 점검 회의", 1, 14, clarity=0.55),
        Slot("운영 회의", 2, 11, clarity=0.55),
        Slot("품질 회의", 3, 16, clarity=0.55),
        Slot("서비스 회의", 4, 10, clarity=0.55),
        Slot("주간 마무리 회의", 4, 16, clarity=0.55),
    ),
    learns=0.4,
)
_MARKETING = Cast(
    key="marketing",
    name="홍보 마케팅팀",
    language="ko",
    time_zone="Asia/Seoul",
    people=("정유나", "한지민", "오태양", "송민호"),
    themes=(
        ("전시회", "부스", "초청", "명함", "통역", "행사"),
        ("광고", "배너", "검색어", "예산", "영상", "모델"),
        ("블로그", "소식지", "사진", "인터뷰", "후기", "번역"),
        ("설문", "고객", "만족도", "이벤트", "경품", "당첨자"),
    ),
    slots=(
        Slot("홍보 회의", 1, 10),
        Slot("콘텐츠 회의", 2, 15),
        Slot("캠페인 회의", 3, 10),
    ),
)
CASTS = (_HARBOUR, _ORCHARD, _PAYMENTS, _MARKETING)
