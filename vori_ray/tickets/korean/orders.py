"""Tickets that are asked for by name in Korean: "로그인 페이지 티켓을 만들어 주세요", "서연 씨에게 할당할게요".

Pure: a table of phrases over morphemes. Knows nothing about the work that people take on in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from vori_ray.tickets.heard import Work
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.phrases import Word, words_of
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import alike, covered, likeness, stems, telling, with_digits
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.orders import NAMED, NAMED_SINCE, Order, added, unowned

_ASKED = re.compile(
    r"(?:티켓|태스크)/NN\w (?:[^ ]+/J\w+ )*"
    r"(?:(?:새로|하나|따로|먼저|일단|우선|바로|또|같이|더|얼른)/\w+ (?:[^ ]+/J\w+ )*)*"
    r"(?:(?:만들|열|파|끊)/VV|(?:생성|추가|등록|발행|발급|작성)/NNG |필요/NNG 하/XSA)"
)
_ASKS = (Act.COMMIT, Act.ASSIGN, Act.PROPOSE, Act.NEED)
_NOT_ASKED = (Act.ASK, Act.IF, Act.REJECT, Act.REFUSE, Act.RETRACT, Act.HEARSAY, Act.MUSE)
_NONE = re.compile(r"(?:안/MAG|지/EC (?:말|않|마)|없/VA|아니/V)")
_TICKET = re.compile(r"티켓|태스크")
_OF = re.compile(r"^(?:에 (?:대한|관한)|[을를] 위한|의)? *(?:관련)? *(?:새|새로운|별도)? *$")
_JOURNEYS = frozenset("공연 콘서트 영화 기차 열차 비행기 버스 연극 경기 입장 주차 전시 뮤지컬 항공".split())
_CALLED = re.compile(
    r"(?:티켓 ?)?(?:이름|제목)[은는] (?P<name>[^,.?!]+?)(?:으?로|이?라고) (?:하|할|해|합|지|정|부르|부탁)"
)
_GIVEN = re.compile(r"(?:에게|한테|께)/JKB (?:[^ ]+/J\w+ )*(?:할당|배정)/NNG|(?:에게|한테|께)/JKB 맡기/VV")
_GIVING = ("할당", "배정")
_TAKEN = re.compile(
    r"(?:맡/VV|(?:담당|진행|처리|작업|시작|수행)/NNG (?:를/JKO )?하/XSV|하/VV) ?"
    r"(?:어/EC (?:보/VX|두/VX) )?(?:겠/EP|ㄹ게|도록)"
)
_ME = re.compile(r"(?:저|나|제|내)/NP (?:가|도|는)/J")


def orders_of(talk: Talk) -> list[Order]:
    """The tickets that are asked for, each once."""
    found: list[Order] = []
    for turn, clauses in enumerate(talk.turns):
        for said in clauses:
            for order in () if _is_turned_down(talk, turn) else _asked(turn, said):
                found = added(found, order, _alike)
            place = _meant(found, turn, said)
            if place is not None:
                found[place] = _told_more(turn, said, found[place])
    return found


def taken_of_board(talk: Talk) -> list[Order]:
    """The tickets of the board that nobody owns and somebody takes or is given: "결제 서버 점검은 제가 맡겠습니다"."""
    orders = unowned(talk.board.tickets.values())
    for turn, clauses in enumerate(talk.turns):
        for said in clauses:
            place = _named(orders, said) if _owner(said) is not None else None
            if place is not None and not _names_more(said, orders[place]):
                orders[place] = _given(turn, said, orders[place])
    return [order for order in orders if order.owner]


def _names_more(said: Said, order: Order) -> bool:
    """Whether a clause names something else besides a ticket and people."""
    known = [*stems(order.title), *_GIVING, *(stem for m in said.clause.mentions for stem in stems(m.name))]
    return any(not any(alike(stem, other) for other in known) for stem in telling(said.stems))


def fits(talk: Talk, orders: Sequence[Order], work: Work, order: Order) -> float:
    """How well (0..1) some work that was heard is what was asked for: its turn names nothing else but other tickets."""
    heard = stems(work.title)
    known = [*stems(order.title), *(stem for each in orders for stem in stems(each.called)), *_GIVING]
    known += [stem for said in talk.turns[work.turn] for m in said.clause.mentions for stem in stems(m.name)]
    own = [stem for stem in telling(heard) if stem in talk.telling[work.turn]]
    if any(not any(alike(stem, other) for other in known) for stem in own):
        return 0.0
    if work.turn in order.turns:
        return 1.0
    return max(likeness(heard, stems(name)) for name in (order.title, order.called))


def _alike(one: str, other: str) -> float:
    return likeness(stems(one), stems(other))


def _asked(turn: int, said: Said) -> Iterator[Order]:
    line = said.clause.line
    if not (_ASKED.search(line) and said.has(*_ASKS)) or said.has(*_NOT_ASKED) or _NONE.search(line):
        return
    name = _name_before(said)
    if telling(stems(name)) and not _JOURNEYS & set(name.split()):
        yield Order((turn,), name, name)


def _is_turned_down(talk: Talk, turn: int) -> bool:
    """Whether what is asked for is taken back at the end of its turn, or refused in the next."""
    last, answer = talk.turns[turn][-1:], talk.turns[turn + 1][:1] if turn + 1 < len(talk.turns) else ()
    is_refused = any(said.has(Act.REFUSE, Act.REJECT, Act.RETRACT) and not said.has(Act.ASK) for said in answer)
    return is_refused or any(said.has(Act.RETRACT) for said in last)


def _name_before(said: Said) -> str:
    """The nouns in front of "티켓": what the ticket is for; "" where nothing stands there."""
    match = _TICKET.search(said.clause.text)
    if match is None:
        return ""
    at = said.clause.start + match.start()
    words = [word for word in words_of(said.clause.morphemes, said.clause.source, skip=said.skipped) if word.start < at]
    return _title(words) if words and _OF.match(_behind(words[-1], said, at)) else ""


def _behind(word: Word, said: Said, at: int) -> str:
    return said.clause.source[word.start + len(word.text) : at]


def _title(words: Sequence[Word]) -> str:
    first = len(words) - 1
    while first > 0 and not (words[first - 1].josa or words[first - 1].is_done or words[first].is_far):
        first -= 1
    return " ".join(with_digits(word.text) for word in words[first:])


def _named(orders: Sequence[Order], said: Said) -> int | None:
    """The place of the ticket that a clause names."""
    shares = [covered(stems(order.called), said.stems) for order in orders]
    best = max(shares, default=0.0)
    return shares.index(best) if best >= NAMED else None


def _meant(orders: Sequence[Order], turn: int, said: Said) -> int | None:
    """The place of the ticket that a clause names; where it names none, of the one that was asked for just before."""
    place = _named(orders, said)
    if place is not None or not orders or turn - orders[-1].turns[-1] > NAMED_SINCE:
        return place
    says_more = _GIVEN.search(said.clause.line) or _CALLED.search(said.clause.text)
    return len(orders) - 1 if says_more else None


def _told_more(turn: int, said: Said, order: Order) -> Order:
    """What a clause adds to a ticket that was asked for: whose it is, and its name."""
    called = _CALLED.search(said.clause.text)
    if called:
        return replace(order, title=called["name"].strip(), turns=(*order.turns, turn))
    return _given(turn, said, order)


def _given(turn: int, said: Said, order: Order) -> Order:
    owner = _owner(said)
    return replace(order, owner=owner, turns=tuple(dict.fromkeys((*order.turns, turn)))) if owner else order


def _owner(said: Said) -> str | None:
    """Who is given a ticket in a clause, or takes it."""
    line, named = said.clause.line, said.clause.mentions
    if said.has(Act.ASK, Act.IF, Act.REJECT):
        return None
    if _GIVEN.search(line):
        return next((mention.name for mention in named if mention.way == "receiver"), None)
    if said.has(Act.ASSIGN) and not said.has(Act.META):
        return next((mention.name for mention in named if mention.way in ("called", "subject")), None)
    return said.speaker if said.has(Act.COMMIT) and _TAKEN.search(line) and _ME.search(line) else None
