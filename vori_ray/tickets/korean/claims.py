"""What is said of the tickets that are on the board already: finished, begun, open again.

Pure. A turn says so as surely as the learned models tell, of the ticket that it is about; one turn speaks of one
ticket. A turn that also says what is left finishes nothing. Knows nothing about new work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vori_ray.tickets.claiming import BECOMES, NAMED, Claim, claims_of, move_on, plain_claims, surroundings
from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.heard import Turns, Work
from vori_ray.tickets.korean.acts import Act
from vori_ray.tickets.korean.board import Board
from vori_ray.tickets.korean.said import Said
from vori_ray.tickets.korean.stems import telling
from vori_ray.tickets.korean.talk import Talk
from vori_ray.tickets.linear import Linear, probability

LEAD_COUNTS = 0.3
# share of a title that a sentence must name which only says what was done: "의자는 주문했습니다" of "의자 주문"
NAMED_DID = 0.9
UNSURE = 0.3  # what a turn that leaves something open, asks or supposes keeps of its likelihood
_OPEN_ENDS = (Act.UNFINISHED, Act.STUCK)
_REPORTS = (
    Act.DONE,
    Act.DID,
    Act.BEGUN,
    Act.REOPEN,
    Act.UNFINISHED,
    Act.STUCK,
    Act.WAITS,
    Act.PLAN,
    Act.NEED,
    Act.COMMIT,
)
_SUPPOSED = (Act.ASK, Act.IF, Act.MUSE, Act.PLAN)
_NOT_PLAIN = (*_SUPPOSED, *_OPEN_ENDS, Act.WAITS, Act.NEED, Act.COMMIT, Act.ASSIGN, Act.HEARSAY, Act.DECIDE)
_NOT_MOVED = (Act.ASK, Act.IF, Act.MUSE, Act.REJECT, Act.RETRACT, Act.HEARSAY)
_MOVING = (
    r"(?:상태/NNG |칸/NNG |쪽/NN\w )?(?:로|에)/JKB (?:옮기|바꾸|넘기|넣|두)/V"
    r"|(?:로/JKB )?(?:변경|이동|표시|처리|전환)/NNG"
)
_MOVED = {
    "begun": re.compile(rf"진행/NNG 중/NNB (?:{_MOVING})"),
    "done": re.compile(
        rf"완료/NNG (?:{_MOVING})"
        r"|(?:티켓|태스크|카드)/NNG (?:[를는도]/J\w+ )?(?:이제/MAG |바로/MAG )*(?:닫/VV|종료/NNG)"
    ),
}
_NOT = re.compile(r"안/MAG|못/MAG|지/EC (?:말|않|마|못)|없/VA|아직/MAG")
_I = re.compile(r"(?:저|나|제|내)/NP (?:가|는|도)/J")
_PLAINLY = {"done": Act.DONE, "begun": Act.BEGUN, "reopen": Act.REOPEN}


def claims(talk: Talk, turns: Turns, model: Linear, *, at_least: float) -> list[Claim]:
    """For each ticket what is said of it most surely, where that is at least `at_least` (0..1)."""
    return claims_of(
        talk,
        turns,
        lambda turn, ticket, says: _likely(talk, turns, model, turn, ticket, says),
        lambda turn, ticket, says: _is_plain(talk, turn, ticket, says),
        at_least=at_least,
    )


def follow(talk: Talk, works: Sequence[Work]) -> None:
    """Move new work on by what is plainly said of it later: "로그인 페이지 티켓을 닫겠습니다"."""
    if not works:
        return
    fresh = [OpenTicket(-1 - place, work.called or work.title, "TODO", work.owner) for place, work in enumerate(works)]
    later = replace(talk, board=Board([*talk.board.tickets.values(), *fresh]))
    claims = plain_claims(later, lambda turn, ticket, says: _is_plain(later, turn, ticket, says))
    move_on(works, ((t, -1 - ticket, says) for t, ticket, says in claims if ticket < 0), partial(_who_did, talk))


def _who_did(talk: Talk, turn: int) -> str | None:
    """Who reports in a turn what he did himself."""
    return talk.speakers[turn] if any(_I.search(said.clause.line) for said in talk.turns[turn]) else None


def _likely(talk: Talk, turns: Turns, model: Linear, turn: int, ticket: int, says: str) -> float:
    likely = probability(model.measured(measures(talk, turns, turn, ticket, says)))
    clauses = talk.turns[turn]
    if says == "done" and any(said.has(*_OPEN_ENDS) and not said.has(Act.ASK) for said in clauses):
        return likely * UNSURE
    return likely * UNSURE if says != "reopen" and _is_supposed(clauses) else likely


def _is_supposed(clauses: Sequence[Said]) -> bool:
    return all(said.has(*_SUPPOSED) or said.is_conditional for said in clauses)


def _is_plain(talk: Talk, turn: int, ticket: int, says: str) -> bool:
    """ "API 문서 작성 완료했습니다": a sentence that names the ticket, leaves nothing open and is not denied."""
    clauses = talk.turns[turn]
    if any(_moves(talk, said, ticket) == says for said in clauses):
        return not _is_denied(talk, turn, ticket)
    if any(said.has(*_NOT_PLAIN) or said.is_conditional for said in clauses):
        return False
    return any(_reports(talk, said, ticket, says) for said in clauses) and not _is_denied(talk, turn, ticket)


def _moves(talk: Talk, said: Said, ticket: int) -> str | None:
    """Where a clause moves a ticket that it names: "결제 서버 점검 티켓을 진행 중으로 옮겨 주세요"."""
    if said.has(*_NOT_MOVED) or said.dates or said.is_conditional or _NOT.search(said.clause.line):
        return None
    if talk.board.coverage(said.stems, ticket, text=said.clause.text) < NAMED:
        return None
    return next((says for says, words in _MOVED.items() if words.search(said.clause.line)), None)


def _is_denied(talk: Talk, turn: int, ticket: int) -> bool:
    """Whether the next turn says that it is not so, or a later one of the ticket: the last word counts."""
    return any(
        (at == turn + 1 and not telling(said.stems))
        or talk.board.coverage(said.stems, ticket, text=said.clause.text) >= NAMED
        for at in range(turn + 1, len(talk.turns))
        for said in talk.turns[at]
        if said.has(*_OPEN_ENDS, Act.REOPEN)
    )


def _reports(talk: Talk, said: Said, ticket: int, says: str) -> bool:
    named = talk.board.coverage(said.stems, ticket, text=said.clause.text)
    if says == "done" and said.has(Act.BEGUN):
        return False
    is_done_so = says == "done" and said.has(Act.DID) and named >= NAMED_DID
    return is_done_so or (said.has(_PLAINLY[says]) and named >= NAMED)


def measures(talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> dict[str, float]:
    """What the model weighs: what the turn and the next one do, and how much the turn is about the ticket."""
    assignee, speaker = talk.board.tickets[ticket].assignee, talk.speakers[turn]
    is_own = assignee is not None and assignee == speaker
    is_only = sum(other.assignee == speaker for other in talk.board.tickets.values()) == 1
    is_answered = turn + 1 < len(talk.turns) and talk.speakers[turn + 1] != speaker
    others = [name for name in BECOMES if name != says]
    told = [said for said in talk.turns[turn] if not said.has(Act.ASK)]
    return {
        **{f"act {act}": float(any(said.has(act) for said in told)) for act in _REPORTS},
        **{f"last act {act}": float(bool(told) and told[-1].has(act)) for act in _REPORTS},
        "says so": turns.of(says, turn),
        "is answered so": turns.of(says, turn + 1) if is_answered else -4.0,
        "says another": max(turns.of(name, turn) for name in others),
        "takes work on": turns.of("self", turn),
        "meant": talk.about.meant(turn, ticket),
        "named": talk.about.named(turn, ticket),
        "lead": max(-LEAD_COUNTS, min(LEAD_COUNTS, talk.about.lead(turn, ticket))),
        "own": float(is_own),
        "another's": float(assignee is not None and not is_own),
        "called, and the only one": float(is_own and is_only and talk.is_called(turn)),
        **surroundings(talk, turns, turn, ticket, says),
    }
