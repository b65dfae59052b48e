"""What is said of the tickets that are on the board already: finished, begun, open again.

Pure. A turn says so as surely as the learned models tell, of the ticket that it is about; one turn speaks of one
ticket. Knows nothing about new work.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from vori_ray.tickets.claiming import BECOMES, MAY_BE, NAMED, Claim, claims_of, move_on, plain_claims, surroundings
from vori_ray.tickets.english.board import Board
from vori_ray.tickets.english.claim_reader import read_claim
from vori_ray.tickets.english.cues import is_question, roles_of
from vori_ray.tickets.english.sentences import Clause
from vori_ray.tickets.english.status import Report, status_talk
from vori_ray.tickets.english.talk import Talk
from vori_ray.tickets.english.verbs import VERBS, base_of
from vori_ray.tickets.english.wording import telling
from vori_ray.tickets.extraction import OpenTicket
from vori_ray.tickets.heard import Turns, Work
from vori_ray.tickets.linear import Linear, probability
from vori_ray.tickets.roles import Role

LEAD_COUNTS = 0.3
# a turn may speak of a ticket, so that it is worth reading: how likely (0..1) it reports anything that may be said of
# it, how much it is about the ticket, and how much more than about another
REPORTING, MEANT, LEAD = 0.02, 0.2, -0.15
UNREAD = -6.0  # log odds of what is not read; what is read is not taken for less likely
UNSURE = 0.3  # what a turn that only asks or supposes keeps of its likelihood
_CONDITION = re.compile(
    r"^(?:(?:and|but|so|well|okay|yes|no)[ ,]+)*"
    r"(?:if|once|when|whenever|as soon as|after|until|till|unless|before|in case)\b"
)
# what leaves work open though a turn reports on it
_OPEN_ENDS = {
    "denied": re.compile(r"\b(?:not|never|no|nothing|nobody|none|cannot)\b|n't\b"),
    "left": re.compile(
        r"\b(?:still|yet|left|remaining|to go|almost|nearly|half|apart from|except|waiting|until|till|missing|the rest"
        r"|as good as|so far|halfway|stuck|blocked)\b"
    ),
    "later": re.compile(
        r"\b(?:will|going to|gonna|tomorrow|tonight|soon|next (?:week|month)|monday|tuesday|wednesday|thursday|friday"
        r"|have to|has to|need to|needs to)\b|'ll\b"
    ),
    "but": re.compile(r"\b(?:but|then|though|only|except|however|unfortunately)\b"),
}
_I = re.compile(
    r"^(?:\w+,? ){0,2}i(?:'ve|'m| have| am)? (?:just |already |now |finally |also )*"
    r"(?:\w+ed|begun|began|done|made|wrote|sent|put|working|through|busy|on it)\b"
)
# what comes next, and says nothing of what was reported: "yesterday i finished the menu, today i will test the app"
_NEXT = re.compile(
    r"(?:^|[, ]+)(?:(?:and|so|then|now)[ ,]+)*(?:today|tomorrow|now|next|this (?:morning|afternoon|week)"
    r"|after that|then),? i(?:'ll| will|'m| am| want to| plan to)\b.*$"
)
_A_THING = re.compile(r"\b(?:the|an?|our|my|your|his|her|their) (?P<thing>[\w-]+(?: [\w-]+)?)")
_NOT_BEGUN = re.compile(
    r"(?:\b(?:not|never|nobody)\b|n't\b).*"
    r"\b(?:start|started|begun|begin|in progress|touched|got(?:ten)? (?:to|round))\b"
)
_REPORT = {"done": Report.DONE, "begun": Report.BEGUN, "reopen": Report.REOPENED}


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
    """Move new work on by what is plainly said of it later: "move the login page to done"."""
    if not works:
        return
    fresh = {
        -1 - place: OpenTicket(-1 - place, work.called or work.title, "TODO", work.owner)
        for place, work in enumerate(works)
    }
    tickets = {**talk.tickets, **fresh}
    later = replace(
        talk, tickets=tickets, board=Board(list(tickets.values()), [c for turn in talk.turns for c in turn])
    )
    claims = plain_claims(later, lambda turn, ticket, says: _is_plain(later, turn, ticket, says))
    move_on(works, ((t, -1 - ticket, says) for t, ticket, says in claims if ticket in fresh), partial(_who_did, talk))


def _who_did(talk: Talk, turn: int) -> str | None:
    """Who reports in a turn what he did himself."""
    return talk.speakers[turn] if any(_I.match(clause.text) for clause in talk.turns[turn]) else None


def _likely(talk: Talk, turns: Turns, model: Linear, turn: int, ticket: int, says: str) -> float:
    likely = probability(model.measured(measures(talk, turns, turn, ticket, says)))
    return likely * UNSURE if says != "reopen" and _is_supposed(talk.turns[turn]) else likely


def _is_supposed(clauses: Sequence[Clause]) -> bool:
    return all(
        is_question(clause.text, is_asked=clause.is_asked)
        or _CONDITION.match(clause.text)
        or Role.HYPOTHETICAL in roles_of(clause.text)
        for clause in clauses
    )


def _is_plain(talk: Talk, turn: int, ticket: int, says: str) -> bool:
    """ "The API documentation is finished": a sentence that names the ticket, leaves nothing open and is not denied."""
    told = [c for c in talk.turns[turn] if not is_question(c.text, is_asked=c.is_asked)]
    told = [replace(clause, text=_NEXT.sub("", clause.text)) for clause in told]
    if any(words.search(clause.text) for words in _OPEN_ENDS.values() for clause in told):
        return False
    return any(
        _says_outright(clause.text, talk.tickets[ticket].title, says)
        and talk.board.coverage(clause.text, ticket)[0] >= NAMED
        and not _is_supposed([clause])
        for clause in told
    ) and not _is_denied(talk, turn, ticket, says)


def _says_outright(text: str, title: str, says: str) -> bool:
    """Whether a clause reports so in words that mean nothing else: "Review the contract" is finished when reviewed."""
    verbs = frozenset(title.casefold().split()[:1]) & VERBS
    said = status_talk(text, verbs=verbs)
    if said is None or said.talk is not _REPORT[says] or says == "reopen":  # "noisy again" may be another matter
        return False
    return said.is_plain or says == "begun" or any(base_of(word) in verbs for word in text.split())


def _is_denied(talk: Talk, turn: int, ticket: int, says: str) -> bool:
    """Whether the next turn says that it is not so, or a later one of the ticket: the last word counts."""
    title = set(telling(talk.tickets[ticket].title.casefold()))
    return any(
        _denies(clause.text, says, is_named=talk.board.coverage(clause.text, ticket)[0] >= NAMED)
        or (at == turn + 1 and says == "done" and _is_open(clause.text) and not _names_other(clause.text, title))
        for at in range(turn + 1, len(talk.turns))
        for clause in talk.turns[at]
    )


def _names_other(text: str, title: Collection[str]) -> bool:
    return any(word not in title for match in _A_THING.finditer(text) for word in telling(match["thing"]))


def _denies(text: str, says: str, *, is_named: bool) -> bool:
    if says == "begun":
        return is_named and bool(_NOT_BEGUN.search(text))
    return is_named and (_is_open(text) or bool(_OPEN_ENDS["denied"].search(text)))


def _is_open(text: str) -> bool:
    said = status_talk(text)
    return said is not None and said.talk in (Report.UNFINISHED, Report.REOPENED)


def measures(talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> dict[str, float]:
    """What the model weighs: what the turn and the next one do, and how much the turn is about the ticket."""
    assignee, speaker = talk.tickets[ticket].assignee, talk.speakers[turn]
    is_own = assignee is not None and assignee == speaker
    is_only = sum(other.assignee == speaker for other in talk.tickets.values()) == 1
    is_answered = turn + 1 < len(talk.turns) and talk.speakers[turn + 1] != speaker
    told = [c for c in talk.turns[turn] if not is_question(c.text, is_asked=c.is_asked)]
    reports = {said.talk for clause in told if (said := status_talk(clause.text))}
    return {
        "says so": turns.of(says, turn),
        "is answered so": turns.of(says, turn + 1) if is_answered else -4.0,
        "says another": max(turns.of(name, turn) for name in BECOMES if name != says),
        "takes work on": turns.of("self", turn),
        "meant": talk.about.meant(turn, ticket),
        "named": talk.about.named(turn, ticket),
        "lead": max(-LEAD_COUNTS, min(LEAD_COUNTS, talk.about.lead(turn, ticket))),
        "own": float(is_own),
        "another's": float(assignee is not None and not is_own),
        "called, and the only one": float(is_own and is_only and talk.is_called(turn)),
        **{name: float(any(words.search(clause.text) for clause in told)) for name, words in _OPEN_ENDS.items()},
        "denied at the end": float(bool(told) and bool(_OPEN_ENDS["denied"].search(told[-1].text))),
        "reported so": float(_REPORT[says] in reports),
        "unfinished": float(Report.UNFINISHED in reports),
        "read": _read(talk, turns, turn, ticket, says),
        **surroundings(talk, turns, turn, ticket, says),
    }


def may_speak_of(talk: Talk, turns: Turns, turn: int, ticket: int) -> bool:
    """Whether a turn may say something of a ticket's status at all."""
    reports = (turns.of(says, turn) for says in MAY_BE[talk.statuses[ticket]])
    return (
        probability(max(reports)) >= REPORTING
        and talk.about.meant(turn, ticket) >= MEANT
        and talk.about.lead(turn, ticket) >= LEAD
    )


def _read(talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> float:
    """The log odds of the claim as the encoder reads it."""
    if not may_speak_of(talk, turns, turn, ticket):
        return UNREAD
    return max(UNREAD, read_claim(talk, turn, ticket, says, talk.encoders.claims))
