"""What a clause does about work, by the frames of `frame_table` and by its imperatives.

Pure. Whether anything becomes of it is told by the learned models.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vori_ray.tickets.english.frame_table import FRAMES, Act
from vori_ray.tickets.english.lexicon import SOFT_VERBS
from vori_ray.tickets.english.verbs import VERBS
from vori_ray.tickets.roles import Role

_TABLE = tuple((re.compile(pattern), build) for pattern, build in FRAMES)
_IMPERATIVE_LEAD = re.compile(
    r"^(?:(?:and|but|so|then|okay|ok|right|well|yes|yeah|sure|fine|good|great|perfect|lovely"
    r"|also|oh|no|just|now|do|please|"
    r"go ahead and|all right|alright|in that case|for now)[ ,]+)*"
)
_NOT_IMPERATIVE = frozenset(
    """please thank thanks look wait hang hold go come let carry see say tell show ask give get take try keep stay
    mind do
    have make forget remember imagine sound work answer question note mark point cost time plan name place design report
    order need phone email mail list start stop turn return change number watch cook count market face group document
    process project record review sign study schedule support target test train transport trial update upgrade water
    load
    program present print paint open lock light lead last label issue interview increase human hand guide frame form
    film
    file fix flag estimate email drive draft double deal cut cover copy contact code check charge catch cast call
    brief block
    blog bill bid battle bake back attack audit approach answer address act access clean clear cool correct dry empty
    finish free level live own complete separate welcome warm thin tidy secure rank range rate reach ring rise roll
    route run
    scan score seal search seat set share ship shoot shop show sort speak split spread staff stage stand stick stock
    store
    sweep swap switch talk tape touch track trade visit vote walk wash wire wrap""".split()
)
_NOT_ME = re.compile(
    r"^tell (?:him|her|them)\b|^(?:ask|tell|show|give|remind|excuse|trust|believe|forgive|let"
    r"|correct|bear with|count) (?:me|us)\b|^(?:put|get|set|take) (?:it|that|this|them) (?:back"
    r"|off|down|on (?:the|my|your) list)\b"
)


@lru_cache(maxsize=16384)
def act_of(text: str) -> Act | None:
    """What a cleaned clause does about work, by the first frame that fits; None where it does nothing."""
    for pattern, build in _TABLE:
        match = pattern.search(text)
        if match:
            act = build(match, text)
            if act is not None:
                return None if act.role is Role.REPORT else act
    return None


def imperative(text: str, *, names: frozenset[str] = frozenset()) -> str | None:
    """The verb phrase of a clause that tells somebody to work: "then hire a water truck, luka" -> "hire a water
    truck, luka".
    """
    rest = _IMPERATIVE_LEAD.sub("", text)
    first, _, after = rest.partition(" ")
    if first.strip(",") in names and after:
        rest = re.sub(r"^(?:you|please|just|then)[ ,]+", "", after)
        first, _, after = rest.partition(" ")
    is_told = bool(
        re.match(
            r"^(?:the|a|an|it|them|that|this|those|these|your|my|our|his|her|their|all|both|him|some"
            r"|two|three|four|five|six|eight|ten|twelve|twenty|every|each|another|new|one)\b",
            after,
        )
    )
    if _NOT_ME.match(rest):
        return None
    if first not in VERBS or first in SOFT_VERBS - {"put", "bring", "get", "take", "tell"} or not after:
        return None
    is_object = bool(re.match(r"^(?:[a-z]+ )+[a-z]+", after)) and not re.match(
        r"^(?:and|or|but|to|for|in|on|at|is|are|was|were|has|will)\b", after
    )
    return rest if is_told or (first not in _NOT_IMPERATIVE and is_object) else None
