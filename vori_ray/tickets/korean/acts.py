"""What a Korean clause does in a meeting: one table of patterns over its morphemes.

Pure. An act is given by endings, auxiliaries and a few verbs, never by what the talk is about. Several acts may hold of
one clause. Knows nothing about tickets, people or what was said before.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from vori_ray.tickets.korean import act_patterns as p


class Act(StrEnum):
    """A speech act, as far as tickets care."""

    COMMIT = "commit"  # the speaker takes work on: -겠습니다, -ㄹ게요, 제가 하죠
    CAN = "can"  # the speaker could: 할 수 있어요, 가능합니다; a yes where it answers
    PLAN = "plan"  # the speaker means to, some time: -려고요, -ㄹ 예정입니다
    VOLUNTEER = "volunteer"  # the speaker and nothing else: 제가요, 저요
    ASSIGN = "assign"  # somebody is told or asked to: -어 주세요, -세요, 부탁드려요
    ASK_WHO = "ask who"  # 누가 하실래요
    NEED = "need"  # work that must be done: -어야 합니다, 필요합니다
    PROPOSE = "propose"  # -ㅂ시다, -죠, -ㄹ까요
    DONE = "done"  # said outright to be finished: 끝냈습니다, 완료됐어요, 다 했어요
    DID = "did"  # a plain past: 보냈어요; finished only as the answer to how a thing stands
    BEGUN = "begun"  # 시작했습니다, 하고 있어요, 진행 중
    REOPEN = "reopen"  # 다시 열어야, 재발
    UNFINISHED = "unfinished"  # 아직, 거의, 덜, 남았어요, 못 했어요
    STUCK = "stuck"  # cannot go on: 못 하고 있어요, 막혀 있어요, 멈춰 있어요
    WAITS = "waits"  # 안 와서, 답이 없어요, 기다리고 있어요: why somebody cannot go on
    DECIDE = "decide"  # -기로 했습니다, -는 걸로 합시다, 확정
    REJECT = "reject"  # -지 맙시다, 없던 일로, 안 하기로
    AGREE = "agree"
    REFUSE = "refuse"
    RETRACT = "retract"  # 아니다, 취소할게요, 없던 걸로
    ASK = "ask"  # any question
    ASK_STATE = "ask state"  # 어떻게 됐어요, 끝났나요
    ASK_WHEN = "ask when"
    IF = "if"  # what follows holds only if
    MUSE = "muse"  # 언젠가, -면 좋겠다, -텐데
    HEARSAY = "hearsay"  # -대요, -다고 했어요: somebody else's words
    META = "meta"  # of the meeting or the board itself: 시작하겠습니다, 적어 두겠습니다
    SMALL = "small"  # courtesies and thoughts that are no work: 참고할게요, 생각해 볼게요


_ROWS: tuple[tuple[Act, p.Rows], ...] = (
    (Act.COMMIT, p.COMMIT),
    (Act.CAN, p.CAN),
    (Act.PLAN, p.PLAN),
    (Act.VOLUNTEER, p.VOLUNTEER),
    (Act.ASSIGN, p.ASSIGN),
    (Act.ASK_WHO, p.ASK_WHO),
    (Act.NEED, p.NEED),
    (Act.PROPOSE, p.PROPOSE),
    (Act.DECIDE, p.DECIDE),
    (Act.REJECT, p.REJECT),
    (Act.DONE, p.DONE),
    (Act.DID, p.DID),
    (Act.BEGUN, p.BEGUN),
    (Act.REOPEN, p.REOPEN),
    (Act.UNFINISHED, p.UNFINISHED),
    (Act.STUCK, p.STUCK),
    (Act.WAITS, p.WAITS),
    (Act.AGREE, p.AGREE),
    (Act.REFUSE, p.REFUSE),
    (Act.RETRACT, p.RETRACT),
    (Act.ASK, p.ASK),
    (Act.ASK_STATE, p.ASK_STATE),
    (Act.ASK_WHEN, p.ASK_WHEN),
    (Act.IF, p.IF),
    (Act.MUSE, p.MUSE),
    (Act.HEARSAY, p.HEARSAY),
    (Act.META, p.META),
)
_TABLE = tuple(
    (act, re.compile(shows), re.compile(unless) if unless else None) for act, rows in _ROWS for shows, unless in rows
)
_SMALL = re.compile("|".join(shows for shows, _ in p.SMALL))
_TAIL = 9  # morphemes at the end of a clause that may forbid an act
_SHORT_TAIL = 7  # morphemes at the end of a clause that say what it comes to
_STATES = frozenset({Act.DONE, Act.DID, Act.BEGUN, Act.VOLUNTEER})
_ME = re.compile(r"\b(?:저|나)/NP")


def _end_of(line: str, count: int) -> str:
    return " ".join(line.split(" ")[-count - 1 :])


@lru_cache(maxsize=8192)
def acts_of(line: str, *, is_asked: bool = False) -> frozenset[Act]:
    """The acts of a clause, given its morphemes as a line; `is_asked` says that a question mark ends it."""
    tail = _end_of(line, _TAIL)
    found = {act for act, shows, unless in _TABLE if shows.search(line) and not (unless and unless.search(tail))}
    if _SMALL.search(_end_of(line, _SHORT_TAIL)):
        found.add(Act.SMALL)
    if is_asked:
        found.add(Act.ASK)
        if "ㄹ/ETM 수/NNB" in line and Act.CAN in found and not _ME.search(line):
            found.add(Act.ASSIGN)
    if Act.ASK in found and Act.COMMIT not in found:
        found -= _STATES
    return frozenset(found)
