"""Short English answers and turns of phrase: yes, no, "scrap that", "one day", "by the way".

Pure data and one function. Reads cleaned clauses (lower case, no fillers).
"""

from __future__ import annotations

import re
from functools import lru_cache

from vori_ray.tickets.roles import Role

_YES = (
    r"yes|yeah|yep|yup|sure|okay|ok|fine|great|good|perfect|agreed|alright|all right|right|lovely"
    r"|deal|brilliant|super|absolutely"
    r"|of course|definitely|certainly|please|do that|do|go ahead|go for it|no problem|excellent"
    r"|wonderful|nice|cool|thank you|thanks"
    r"|will do|gladly|makes (?:total |perfect |a lot of )?sense|sounds good|works for me|that works"
    r"|i agree|you angel|marvell?ous|splendid"
    r"|fantastic|ta|true|exactly|consider it done|bless you|by all means|why not|happy to|with pleasure"
    r"|understood|noted|got it"
    r"|would be (?:great|lovely|perfect|good|nice|wonderful|brilliant|fantastic|super)|that(?:'d"
    r"|'s| would be| would|'ll be) (?:be )?(?:great|lovely|perfect|good|help|fine|helpful|brilliant"
    r"|nice|wonderful|kind|useful)|would you|happily"
    r"|magic|amazing|awesome|can do|no worries|easy|on it|you're a (?:star|hero|treasure|lifesaver"
    r"|legend)|approved|granted|i'd appreciate (?:it|that)"
)
_NO = (
    r"no|nope|nah|not (?:now|yet|me|it|really|today|again|this (?:year|time|week|month|quarter)"
    r"|happening)|let's not|don't|please don't|please no|rather not"
    r"|i'd rather not|i can't|i'm not|never|sorry|absolutely not|certainly not|in your dreams|forget it"
)
_LEAD = r"^(?:(?:and|but|oh|well|all|so|hm|ha|a|that's|it's a|then|very|no,? that's)[ ,]+)*"

_TABLE: tuple[tuple[Role, re.Pattern[str]], ...] = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        (Role.AGREEMENT, rf"{_LEAD}(?:{_YES})\b(?! (?:no\b|not\b))"),
        (Role.REFUSAL, rf"{_LEAD}(?:{_NO})\b(?! (?:problem|worries|rush|doubt|objection|wonder|one))"),
        (
            Role.RETRACTION,
            r"\b(?:scrap (?:that|it)|scratch (?:that|it)|forget (?:it|that|about it|about that|i said)"
            r"|never mind(?! (?:the|that)\b)|ignore that|strike that"
            r"|no wait|wait,? no|actually,? no|on second thoughts?|i take (?:it|that) back|let's not"
            r"|don't bother|no need|keep out of it|i'll pass|belay that"
            r"|don't (?:worry about (?:it|that)|do (?:it|that))|cancel that|let's leave (?:it|that)"
            r"|leave it(?: be)?$|drop (?:it|that)$|actually,? leave it)\b",
        ),
        (
            Role.HYPOTHETICAL,
            r"\b(?:one day|some ?day|in theory|in an ideal world|if (?:we|i) (?:had|were|ever|won)|would be (?:nice"
            r"|cool|great|lovely|wonderful|good|fun)|ideally"
            r"|at some point|eventually|wouldn't it be|i wish|i wonder|i(?:'m| am| was)(?: only)? wondering"
            r"|(?:mad|crazy|wild) idea|(?:just|only) an idea|it's an idea|dreaming"
            r"|perhaps one|maybe one day|if (?:only|anything)|were (?:we|i) to|thinking (?:maybe|out loud"
            r"|aloud)|brainstorming)\b",
        ),
        (
            Role.BLOCKER,
            r"\b(?:(?:is|are|am|was|were|we|i|still|it)(?:'s|'re|'m)? (?:still |all |totally |completely )?"
            r"(?:blocked|stuck|held up|stalled|on hold)|blocked (?:by|on|until)|held up by"
            r"|waiting (?:for|on) (?:the|a|an|our|their|his|her|them|him|somebody|someone)"
            r"|waits? (?:for|on) the|(?:can't|cannot|couldn't|can not) (?:go on|continue|start|begin|proceed"
            r"|carry on|move|finish|get (?:on|any further)|do (?:it|that|this|anything|any))\b.{0,60}"
            r"\b(?:until|till|without|before|because|unless|since)"
            r"|nothing (?:moves|happens|goes on|works) (?:on|until|without|before|there)"
            r"|no (?:access|answer|permission|approval|permit|reply) (?:yet|so|and|from|to))\b",
        ),
    )
)

# Words to a machine, not to a colleague: nobody hands out work like this, so nothing that is said with them counts.
_TO_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:all |any |the |your |my )*"
    r"(?:previous|prior|above|earlier|former|other)?"
    r" ?(?:instructions?|rules|prompts?|guidelines)\b"
    r"|\b(?:system|developer) (?:prompt|message|instructions?)\b"
    r"|\bas an? (?:ai|assistant|language model)\b|\byou are now an?\b|\bnew instructions\b"
    r"|</?(?:transcript|system|instructions?)>"
    r"|\b(?:mark|set|close|delete|complete|assign) (?:all|every|everything)(?: the| of the)?"
    r" ?(?:open )?(?:tickets?|tasks?|items?)\b"
    r"|\bmark everything (?:as )?(?:done|complete[d]?|closed)\b"
)

SHIFT = re.compile(
    r"^(?:(?:and|but|okay|ok|right|so|oh|now|well|good|great|then|lovely|perfect|thanks|fine)[ ,]+)*"
    r"(?:also|next|something\b|there's (?:also |still )?the (?:question|issue|problem|matter)"
    r"|new business|any other business|one more|another|second thing|last (?:thing|one|point"
    r"|item)|one (?:other )?thing|by the way|what about|how about|speaking of|finally"
    r"|before (?:we|i) (?:go|close|finish|forget)|while (?:we|i)|moving on|on (?:the|to)|new (?:topic"
    r"|client|item)|small thing|quick (?:one|thing)|then there)\b"
)
IS_QUESTION = re.compile(
    r"^(?:(?:and|but|okay|ok|so|oh|well|right|yeah|hm|then|no)[ ,]+)*(?:who|what|when|where"
    r"|why|how|which|whose|is|are|was|were|do|does|did|have|has|had|can|could|will|would|should"
    r"|shall|may|any(?:thing|body|one)?|isn't|aren't|didn't|don't|doesn't|haven't|hasn't|shouldn't"
    r"|couldn't)\b(?! (?:it|that|this) (?:to me|on me|please|today)\b)"
)


def is_to_machine(text: str) -> bool:
    """Whether an utterance addresses a machine that reads along: the transcript is data, never an instruction."""
    return bool(_TO_MACHINE.search(text.casefold()))


@lru_cache(maxsize=16384)
def roles_of(text: str) -> frozenset[Role]:
    """Agreement, refusal, retraction, hypothetical, blocker: what a cleaned clause shows by its words alone."""
    return frozenset(role for role, pattern in _TABLE if pattern.search(text))


def is_question(text: str, *, is_asked: bool) -> bool:
    """Whether a clause asks: by its mark, or (speech recognition writes none) by its first words."""
    return is_asked or bool(IS_QUESTION.match(text))
