"""What can be a piece of work at all: "write the report", not "think about it".

Pure. Reads verb phrases, base form first.
"""

from __future__ import annotations

import re

from vori_ray.tickets.english.lexicon import PREPOSITIONS
from vori_ray.tickets.english.wording import telling

_NO_WORK = frozenset(
    """be become believe bet admit come care die eat excuse feel forget forgive guess happen hear hope hurry ignore
    imagine
    know laugh learn like listen live lose love mean mind miss need phrase promise pretend remember remain rest say seem
    shut sit sleep smile stay stick stop struggle suffer suppose survive swear think trust understand wait want wish
    wonder
    worry keep leave let stand never not have hold see go confess lie end touch win rather risk stick argue cry spare
    regret consider carry reproduce
    survive carry own owe last enjoy manage drink wear stare pass vote second chew behave join watch sit""".split()
)
_WORK_AFTER_ALL = re.compile(
    r"^(?:see (?:to|about|whether|if i can (?:get|find))\b|have (?:a|another) (?:word|look|chat"
    r"|talk|go|think)\b|go (?:through|over|and|back to|to)\b"
    r"|have (?:the|a|an|my|that|his|her|our|two|three|\w+ \w+) .*\b(?:ready|done|finished|built"
    r"|made|printed|checked|fixed|in order|with the|in place|together|sorted|up and running"
    r"|on (?:your|the|his|her) desk)\b|carry (?:out|the|it)\b|watch out for\b"
    r"|look (?:into|at|for|after|up|through|over|it up)\b|come up with\b|keep (?:an eye on|track of)\b"
    r"|sit (?:down )?with\b|think of a\b)"
)

_PRIVATE = re.compile(
    r"\b(?:my|our) (?:daughter|son|kids?|child|children|wife|husband|mother|father|mum|mom|dad"
    r"|dog|cat|dentist|doctor|train|bus|lunch|coffee|car|flight home|bike)\b"
)
_ASIDE = re.compile(
    r"^(?:drop|run|leave|go|head|rush|be|jump|dash|pop|step)(?: (?:off|out))?(?: (?:at|in|by"
    r"|now|soon|before|early|after)\b.*)?$"
)


# Done while one speaks, or only said: "I'll share my screen", "I'll text it to you now".
_AT_ONCE = re.compile(
    r"^(?:share|stop sharing) (?:my|the) screen\b|^\w+ (?:it|them|that|you)\b.{0,20}\b(?:right now"
    r"|now|in a sec\w*|in a minute|as we speak)$|^(?:mute|unmute|record) (?:my|the|you|this)\b"
)
_TALK = frozenset("tell thank inform remind share".split())


_IDIOM = re.compile(
    r"^take (?:the|a|my|your) (?:heat|blame|point|risk|stairs|bus|train|liberty|rest|hit|break"
    r"|seat|hint|day|week|afternoon|morning)\b|^(?:cross|burn) (?:my|that) (?:fingers|bridge)"
    r"|^bet\b"
)


def is_work(work: str) -> bool:
    """Whether a verb phrase can be a piece of work at all: "write the report", not "think about it"."""
    if _IDIOM.match(work) or _PRIVATE.search(work) or _ASIDE.match(work):
        return False
    verb = re.split(r"[ ,]", work.strip(), maxsplit=1)[0]
    if not verb or not verb[0].isalpha():
        return False
    if _AT_ONCE.search(work) or verb in PREPOSITIONS or re.match(r"^\w+ \w+(?:er|ly)$", work):
        return False
    if verb in _TALK and len(telling(work)) <= 1 and not re.match(r"^\w+ (?:it|them|him|her)\b", work):
        return False
    if re.match(
        r"^(?:talk|speak|say|mention|bring up|raise (?:it|that|this|(?:a|the) (?:question|issue"
        r"|point|matter|topic)))\b(?! (?:to|with)\b)|^(?:give|tell|show|ask|remind|excuse) (?:me"
        r"|us)\b",
        work,
    ):
        return False
    return verb not in _NO_WORK or bool(_WORK_AFTER_ALL.match(work))
