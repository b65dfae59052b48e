"""The sentence frames in which English speakers hand out work: "I'll …", "can you …", "somebody has to …".

Pure: one table of frames and what each makes of a clause. A frame gives the role and the words of the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vori_ray.tickets.english.verbs import VERBS, base_of
from vori_ray.tickets.english.wording import telling
from vori_ray.tickets.english.work import is_work
from vori_ray.tickets.roles import Role

_ADVERBS = (
    r"(?:just |also |then |probably |definitely |quickly |actually |maybe |perhaps |certainly "
    r"|gladly |happily |still |really "
    r"|only |at least |please |now |first |basically |simply |obviously |always |personally "
    r"|kindly |either |even |both |all )*"
)
_SOMEBODY = r"(?:somebody|someone|anybody|anyone|one of (?:us|you))"
_THING = r"(?:it|that|this|this one|that one|those|them|these|the (?:first|second|other|last) one)"


@dataclass(frozen=True, slots=True)
class Act:
    """What a clause does about work. `work` is a verb phrase (base form first), empty where it only points at work."""

    role: Role
    work: str
    is_pointing: bool = False  # "leave it with me": the work was named before


# "what I can do meanwhile is the flyer", "what I'd find more useful is a scorecard"
_CLEFT = re.compile(
    r"^(?:do|find|like|want|need|propose|suggest|offer|see)\b[^,]{0,40}?\b(?:is|was|would be) (?:to " r"|that )?"
)

_WHEN = re.compile(
    r"\b(?:by|on|before|until|tomorrow|today|tonight|in (?:your|a|two|three)|at|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday|weekend|week|soon|ready|done|morning|afternoon"
    r"|running|post)\b"
)

Build = Callable[[re.Match[str], str], "Act | None"]


def _phrase(role: Role) -> Build:
    """The words after the frame are the verb phrase."""

    def build(match: re.Match[str], text: str) -> Act | None:
        work = re.sub(rf"^{_ADVERBS}", "", text[match.end() :]).strip(" ,")
        work = re.sub(r"^let ([\w' ]{2,25}?) know\b(?: about| that)?", r"tell \1", work)
        work = _CLEFT.sub("do ", work) if _CLEFT.match(work) else work
        work = re.sub(
            r"^(?:have to|need to|try to|try and|be able to|make sure to"
            r"|go and|go ahead and|get to|be the one to|be happy to) ",
            "",
            work,
        )
        verb, _, rest = work.partition(" ")
        base = base_of(verb)
        work = f"{base} {rest}" if base and verb not in VERBS else work
        return Act(role, work) if is_work(work) else None

    return build


def _gerund(role: Role) -> Build:
    """The word after the frame is a gerund: "would you mind booking a room"."""

    def build(match: re.Match[str], text: str) -> Act | None:
        verb, _, rest = text[match.end() :].partition(" ")
        base = base_of(verb)
        return Act(role, f"{base} {rest}".strip()) if base else None

    return build


def _pointing(role: Role) -> Build:
    return lambda _match, _text: Act(role, "", is_pointing=True)


def _delivery(match: re.Match[str], text: str) -> Act | None:
    if not _WHEN.search(text):
        return None
    return Act(Role.COMMITMENT, f"deliver {text[match.end() :].strip()}")


def _begun(match: re.Match[str], text: str) -> Act | None:
    """ "I've started writing a seed script" -> "write a seed script"; nobody has made it a ticket yet."""
    verb, _, rest = text[match.end() :].partition(" ")
    base = base_of(verb) if verb.endswith("ing") else None
    if verb.endswith("ing") and base is None:
        return None
    return Act(Role.PROGRESS, f"{base} {rest}" if base else f"do {verb} {rest}")


def _noun(role: Role) -> Build:
    """What follows is a thing: "put me down for the cake" -> "do the cake"; "leave the cake to me"."""

    def build(match: re.Match[str], text: str) -> Act | None:
        thing = text[match.end() :]
        if match.group().strip().endswith("leave") and not re.search(r" (?:to|with) me\b", thing):
            return None
        thing = re.sub(r" (?:to|with|from) me\b.*$", "", thing)
        return Act(role, f"do {thing}") if telling(thing) else None

    return build


def _named_noun(match: re.Match[str], text: str) -> Act | None:
    """ "the seating chart is on my list" -> "do the seating chart"."""
    return (
        Act(Role.COMMITMENT, f"do {match['noun']} {text[match.end() :].strip()}".strip())
        if telling(match["noun"])
        else None
    )


def _passive(match: re.Match[str], text: str) -> Act | None:
    """ "the site plan must be corrected" -> "correct the site plan"."""
    base = base_of(match["verb"])
    subject = re.sub(r"^(?:and|but|so|then|well|okay|right|also|now|because) ", "", match["subject"].strip(" ,"))
    subject = re.split(r", |: | (?:because|and then|but|so) ", subject)[-1]
    if base is None or not subject or subject in ("i", "we", "you", "there"):
        return None
    subject = {
        "it": "it",
        "it'll": "it",
        "that": "it",
        "that'll": "it",
        "they": "them",
        "they'll": "them",
        "it's": "it",
    }.get(subject, subject)
    rest = text[match.end() :].strip()
    return Act(Role.NEED, f"{base} {subject} {rest}".strip())


def _nothing(_match: re.Match[str], _text: str) -> Act | None:
    """Words that look like a frame and are none: "I'd call that finished"."""
    return Act(Role.REPORT, "")


def _to_be(match: re.Match[str], text: str) -> Act | None:
    """ "there should be an automatic email": work, though nobody says whose."""
    thing = text[match.end() :].strip()
    return Act(Role.NEED, f"set up {thing}") if thing else None


def _wanted(match: re.Match[str], text: str) -> Act | None:
    thing = text[match.end() :].strip()
    if match["thing"].endswith(" to"):
        return Act(Role.NEED, thing) if is_work(thing) else None
    return Act(Role.NEED, f"get {match['thing']} {thing}".strip())


_SUBJECT = r"(?P<subject>[^.?!]*?)"

FRAMES: tuple[tuple[str, Build], ...] = (
    # The work was named before; these only say whose it is.
    (
        rf"\b(?:leave {_THING} (?:with|to) me|give {_THING} to me|pass {_THING} to me|(?<!i'll )consider it done"
        rf"|i do {_THING}(?= (?:today|tonight|tomorrow|this|on|right|straight|myself|later|next|over)\b)"
        rf"|(?:i'?ll |i )(?:take|grab|own) {_THING}(?! to\b| from\b| up\b| off\b| back\b| down\b"
        rf"| out\b)"
        rf"|i've got {_THING}(?: (?:open|here|covered|up|in front of me).*)?$|i'm taking {_THING}"
        rf"|i'll have {_THING}$|(?:that's|that one's|it's|this one's|put {_THING}) on me\b"
        rf"|i'll see to (?:it|that)$|put me down(?: for (?:it|that))?$|{_THING}(?:'ll| will) be me"
        rf"|(?:that|it)(?:'s| is) my (?:job|department|baby|turn)|i'm (?:the one )?doing {_THING}$"
        rf"|leave {_THING} (?:up )?to me|somebody is me|someone is me|that somebody is me|i can take {_THING}$)",
        _pointing(Role.COMMITMENT),
    ),
    (
        r"^(?:(?:yes|yeah|okay|sure|fine|then|well|oh|so|right|and|i think|i guess|i suppose)[ ,]+)*(?:that(?:'s"
        r"| is) (?:mine|me)|me|mine|will do|i will|i'll do (?:it|that|this|them|so)|i can|i do (?:it"
        r"|that|this)|on it"
        r"|i'm on it|count me in|(?:it's|it is|that's) (?:obviously |probably |clearly |only |then )*me"
        r"|(?:i )?should be able to|i(?:'m| am) your (?:man|woman|person)|i volunteer|happy to|i could"
        r"|can do)(?=$|[ ,]+(?:yeah|yes|today|tomorrow|by|on|this|tonight|leave|before|next|right"
        r"|then|too|again|okay|sure|no problem|easily|of course)\b)",
        _pointing(Role.COMMITMENT),
    ),
    (
        rf"\b(?:{_THING}|that|this)(?:'s| is) (?:yours|all yours|your job|one for you)\b|\byou(?:'re"
        rf"| are) our (?:man|woman|person)\b|\bput {_THING} on your list\b|\bover to you\b"
        rf"|\b(?:can|could|would|will) you (?:please )?(?:take|do|handle|own|pick up|see to) {_THING}(?: up"
        rf"| on)?(?:,? (?:please|since|because|if|then|for|by|on|before|tomorrow|today)\b.*)?$|^you do (?:it"
        rf"|that)$|\byou take {_THING}\b|\b{_THING}(?:'s| is) your (?:department|job|call|turn|baby"
        rf"|thing)\b|\b(?:i'm|i am) giving {_THING} to you\b|\byour turn\b|^(?:(?:and|so|then|okay"
        rf"|well|it will|of course|yes)[ ,]+)*(?:[\w-]+,? )?(?:would|could|can|will) you(?: please"
        rf"| do that| do it)?(?: (?:by|before|until) .*)?$|^(?:and |so |then )*(?:that(?:'s| is|'d be"
        rf"|'ll be)|it's) you(?: then)?$|\bthat(?:'s| is) one for you\b|\b(?:somebody|someone) is you\b",
        _pointing(Role.ASSIGNMENT),
    ),
    # What was said elsewhere is told, not done: "we told the couple we would look at it".
    (
        r"\b(?:told|said|thought|asked|heard|wrote|promised)\b.{0,40}\b(?:we|i|they|he|she) (?:would"
        r"|could|should|might)\b|\b(?:i|we) (?:said|thought) (?:i|we)(?:'d| would)\b",
        _nothing,
    ),
    # Work that the speaker has begun of their own accord.
    (
        rf"\bi(?:'ve| have)? {_ADVERBS}(?:been |also been )?(?:started|begun|began)"
        rf"(?: on| with| to)? (?=(?:\w+ing )?(?:a"
        rf"|an|the|my|some|our) )|\bi(?:'ve| have) {_ADVERBS}been (?=\w+ing (?:a|an|some|the|my|our) )"
        rf"|\bi(?:'m| am) (?:already|currently|busy) (?=\w+ing (?:a|an|some|the|my|our) )",
        _begun,
    ),
    # When, not what.
    (
        r"\b(?:you|he|she|they)(?:'ll| will|'d) (?:have|get|see|find|receive) |\b(?:it|that|they)(?:'ll"
        r"| will|'d) be (?:with you|on your desk|in your|there|ready|done|up|out|finished)"
        r"|\bi(?:'ll| will|'d| can| could) have (?:it|that|them|one|this|an answer|something|a draft"
        r"|a first draft|everything)\b|\bit(?:'s| is) with you\b|\bi'd say it's\b"
        r"|\bi(?:'d| would)? (?:like|want) you to have (?=(?:it|that|them|this|the|a|an)\b)|\b(?:i(?:'ll"
        r"| will)|i'm|let me|let's say i|i'd) (?:aim|aiming|shoot|target) for "
        r"|\bi(?:'d| would)? (?:like|want) to have (?=(?:it|that|them|this)\b)",
        _delivery,
    ),
    # The speaker takes work on.
    (
        r"\b(?:put me down for|count me in for|i volunteer (?:for|to do)|i've volunteered (?:for"
        r"|to do)|i'm down for|leave|i owe (?:you|them|him|her|everybody|everyone)(?! (?:a|one|three"
        r"|two|an?) (?:beer|drink|coffee|one|favou?r|apology|lunch|pint))|you'll get) (?=(?:the"
        r"|a|an|that|my|some|your|our) )(?!.*\bhere\b)",
        _noun(Role.COMMITMENT),
    ),
    (
        r"\b(?P<noun>(?:the|that|this|our) [\w' -]{3,40}?) (?:is|are) (?:on my (?:plate|list|desk)"
        r"|on me|mine|my job|my department|with me)\b",
        _named_noun,
    ),
    (rf"\bi(?:'ll| will) {_ADVERBS}be (?=\w+ing\b)", _gerund(Role.COMMITMENT)),
    (rf"\bi(?:'ve| have|'m| am)? {_ADVERBS}(?:been )?(?:asked|told|roped in) to ", _phrase(Role.COMMITMENT)),
    (
        rf"\bi(?:'d| had) better {_ADVERBS}|\bi promised (?:\w+ )?(?:to|i'd) |\bi(?:'m| am) supposed to "
        rf"|\bi(?:'ve| have) promised (?:\w+ )?to ",
        _phrase(Role.COMMITMENT),
    ),
    (rf"\bi(?:'ll| will| shall) {_ADVERBS}", _phrase(Role.COMMITMENT)),
    (rf"\bi(?:'m| am) {_ADVERBS}(?:going to|gonna|about to) ", _phrase(Role.COMMITMENT)),
    (rf"\blet me {_ADVERBS}(?=\w)", _phrase(Role.COMMITMENT)),
    (
        rf"\bi {_ADVERBS}(?:have to|need to|must|'ve got to|got to|ought to|promise to) |\bi've {_ADVERBS}got to ",
        _phrase(Role.COMMITMENT),
    ),
    (r"\b(?:nothing|something|anything|not what) i(?:'d| would|'ll) \w+", _nothing),
    (
        rf"\bi(?:'d| would) {_ADVERBS}(?:call (?:it|that|this|them|those)|say)\b|\bi was {_ADVERBS}(?:going"
        rf"|about) to (?:ask|say|mention|tell|bring)\b",
        _nothing,
    ),
    # Asked, not said: "do we have to evacuate the dentists?"
    (
        rf"^(?:(?:and|but|so|okay|oh)[ ,]+)*(?:do|did|don't|does|will|would) (?:we|i|they|you|she"
        rf"|he) {_ADVERBS}(?:have to|need to|need|really)\b",
        _nothing,
    ),
    # "I'm ordering ten sets tomorrow": planned, and it has a day.
    (
        rf"\bi(?:'m| am) {_ADVERBS}(?=(?!going|doing|seeing|meeting|leaving|coming|having|working"
        rf"|being|off|away|flying|driving|talking|starting|getting|taking|giving)\w+ing (?:the|a"
        rf"|an|some|two|three|four|five|six|ten|twelve|twenty|new|more|my|our|all|another|it|them"
        rf"|that)\b.*\b(?:tomorrow|tonight|today|this (?:afternoon|evening|week)|(?:on|by|next) (?:monday"
        rf"|tuesday|wednesday|thursday|friday|saturday|sunday|week)))",
        _gerund(Role.COMMITMENT),
    ),
    # "so I order twelve of them": the plain present does it.
    (
        rf"^(?:(?:so|then|okay|and|fine|right|good|well|yes|yeah|sure)[ ,]+)*i {_ADVERBS}(?=(?:order"
        rf"|book|write to|write|draft|send|call|ring|phone|ask|make|prepare|organi[sz]e|arrange|fix"
        rf"|buy|get|check|clean|print|update|draw up|set up|take over|bring|cancel|register|pay|contact"
        rf"|mail|email|sort|collect|post|test|move|order) (?:the|a|an|them|him|her|it|some|two|three"
        rf"|four|five|six|ten|twelve|another|that|those|this|my|our|new|all|everybody|everyone)\b)(?!.*\b(?:every"
        rf"|each|always|usually|normally|often|never) )",
        _phrase(Role.COMMITMENT),
    ),
    # Somebody else is asked.
    (r"\b(?:would|do) you mind (?=\w+ing)|\b(?:how|what) about you (?=\w+ing)", _gerund(Role.ASSIGNMENT)),
    (
        rf"\b(?:any chance (?:that )?you (?:could|can)|(?:it|that)(?:'d| would) be (?:good|great"
        rf"|nice|lovely|helpful|handy|a help) if you(?:'d| could| would| can)?|if you (?:could|would"
        rf"|can|'d)|i'd appreciate it if you (?:could|would)|maybe you (?:can|could)|perhaps you (?:can"
        rf"|could)|you might want to|how about you|why don't you|do you think you (?:can|could)|are you able to"
        rf"|are you up for|could i ask you to|can i ask you to|may i ask you to|i'd ask you to|see if you can"
        rf"|(?:please )?try to|be so kind (?:as to|and)|you want to) {_ADVERBS}(?!see\b|hear\b|go\b"
        rf"|start\b|be\b)",
        _phrase(Role.ASSIGNMENT),
    ),
    (
        r"(?<!did )(?<!has )(?<!does )\b(?:somebody|someone|anyone|anybody) (?:please |maybe |just )*(?=(?:order"
        r"|book|write|send|call|ring|ask|make|fix|buy|get|check|clean|print|update|bring|cancel"
        r"|tell) )",
        _phrase(Role.NEED),
    ),
    (
        rf"\b(?:can|could|would|will) (?:you|one of you) (?:two )?{_ADVERBS}(?:have a go at (?=\w+ing))?"
        r"(?!hear\b|see\b|imagine\b|believe\b|remember\b|say\b|tell me\b|tell us\b|walk (?:us|me)\b"
        r"|explain\b|go (?:first|next|on)\b|start us\b|like\b|mind\b|hold on\b|want\b|be\b|repeat that\b)",
        _phrase(Role.ASSIGNMENT),
    ),
    (rf"\bi(?:'d| would)? {_ADVERBS}(?:like|want|need|love|expect) you to ", _phrase(Role.ASSIGNMENT)),
    (rf"\bi(?:'d| would) {_ADVERBS}(?:ask|trust|count on) you to ", _phrase(Role.ASSIGNMENT)),
    (
        rf"\byou {_ADVERBS}(?:should|need to|have to|must|ought to|had better|could) {_ADVERBS}",
        _phrase(Role.ASSIGNMENT),
    ),
    # Work that must be done, by nobody yet.
    (
        rf"\b{_SOMEBODY} {_ADVERBS}(?:needs? to|has to|have to|should|must|ought to|had better|'s got to"
        rf"|has got to|will have to|'ll have to|would have to|'d have to) {_ADVERBS}",
        _phrase(Role.NEED),
    ),
    (
        r"\bwhat (?:we|i) (?:really |still |also )*need (?:now )?is (?P<thing>an?|the|some|more"
        r"|new|someone to|somebody to) ",
        _wanted,
    ),
    (rf"\b(?:i|we) {_ADVERBS}(?:need|want) {_SOMEBODY} (?:who can |to ){_ADVERBS}", _phrase(Role.NEED)),
    (
        rf"{_SUBJECT}\b(?:has to|have to|needs to|need to|must|should|ought to|has got to|'s got to) {_ADVERBS}(?:be"
        rf"|get) {_ADVERBS}(?P<verb>[\w-]+)\b",
        _passive,
    ),
    (
        rf"{_SUBJECT} (?:needs?|wants?|could do with|is due for|is ready for) {_ADVERBS}(?:a )?(?P<verb>\w+ing)\b",
        _passive,
    ),
    (r"\b(?:can|could) (?:your|his|her|our|my) \w+ (?!not\b)(?=\w+ )", _phrase(Role.NEED)),
    (rf"\b(?:should|shouldn't|could|can) {_SOMEBODY} (?:maybe |please |also |not )*", _phrase(Role.NEED)),
    (
        r"\b(?:they|she|he|people|everybody|everyone|it|the [\w' -]{2,25}?) (?:really |also |all )?(?:ought to"
        r"|should|must|need to|has to|have to) (?:have|get) (?P<thing>an?|the|some|more|new|another) ",
        _wanted,
    ),
    (
        rf"\bwho (?:can|could|will|wants to|would|is going to|'s going to|should) {_ADVERBS}(?!want\b" rf"|like\b)",
        _phrase(Role.NEED),
    ),
    (r"\bwho(?:'s| is) (?=\w+ing\b)", _gerund(Role.NEED)),
    (
        rf"\bwe(?:'ve| have)? {_ADVERBS}(?:need to|have to|must|got to|ought to|gotta|had better) {_ADVERBS}",
        _phrase(Role.NEED),
    ),
    (
        rf"\bwe(?:'ll| will|'re going to)? {_ADVERBS}need (?P<thing>an?|the|some|more|new|another"
        rf"|(?!to\b|you\b|that\b|it\b|this\b|them\b|all\b|not\b|no\b|for\b|from\b|is\b|me\b|us\b"
        rf"|{_SOMEBODY}|him\b|her\b|until\b|about\b|anything\b|something\b)\w+) ",
        _wanted,
    ),
    (rf"\bthere {_ADVERBS}(?:should|ought to|must|has to|needs to|have to) {_ADVERBS}be ", _to_be),
    # The speaker could.
    (
        rf"\bi {_ADVERBS}(?:can|could|should|might) {_ADVERBS}(?!not\b|see\b|hear\b|imagine\b|be\b"
        rf"|have\b|tell you\b|live\b)",
        _phrase(Role.OFFER),
    ),
    (rf"\b(?:shall|should|can) i {_ADVERBS}", _phrase(Role.OFFER)),
    (rf"\b(?:do|did) you want me to {_ADVERBS}", _phrase(Role.OFFER)),
    (
        rf"\bi(?:'d| would)? {_ADVERBS}(?:like|love|prefer|want|plan|intend|be happy|be glad|be willing) to ",
        _phrase(Role.OFFER),
    ),
    (rf"\bi(?:'m| am)? {_ADVERBS}(?:happy|glad|willing|planning) to |^happy to ", _phrase(Role.OFFER)),
    (
        rf"\bi(?:'d| would) {_ADVERBS}(?:feel better if i|rather(?! (?:not|move|keep|leave|stay|wait"
        rf"|have|go|be|do (?:it|that)|we|you|it|they|stick)\b)) ",
        _phrase(Role.OFFER),
    ),
    (
        rf"\bi(?:'d| would) {_ADVERBS}(?!like\b|love\b|rather\b|be\b|say\b|have\b|not\b|never\b|prefer\b" rf"|want\b)",
        _phrase(Role.OFFER),
    ),
    (r"\bi don't mind (?=\w+ing)", _gerund(Role.OFFER)),
    (rf"\bi was {_ADVERBS}(?:going to|about to|planning to) ", _phrase(Role.OFFER)),
    # The group could.
    (
        rf"\blet's {_ADVERBS}(?!see\b|go\b|start\b|move\b|wait\b|not\b|be\b|hope\b|face\b|say\b|begin\b"
        rf"|do that\b|get going\b)",
        _phrase(Role.PROPOSAL),
    ),
    (
        rf"\b(?:should|shall|can|could|shouldn't) we {_ADVERBS}|\bwe (?:also )?(?:could|should|might"
        rf"|'ll|will|would)(?: also)? {_ADVERBS}|\bwe'll {_ADVERBS}",
        _phrase(Role.PROPOSAL),
    ),
    (r"\b(?:how|what) about (?=\w+ing\b)", _gerund(Role.PROPOSAL)),
)
