"""What people say about how far work has come: finished, begun, not finished, open again.

Pure: a table of phrases and the guards that undo them ("almost", "not", "if", "will be"). Says nothing about which
ticket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from vori_ray.tickets.english.verbs import base_of


class Report(StrEnum):
    """What a clause says of some work's status."""

    DONE = "done"
    BEGUN = "begun"
    UNFINISHED = "unfinished"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Said:
    """Status talk of a clause. `is_plain`: the words state it outright, whatever the work is."""

    talk: Report
    is_plain: bool


_VERY = (
    r"(?:all |now |finally |also |completely |fully |totally |already |actually |officially "
    r"|just |basically |pretty much |well and truly |indeed |therefore )*"
)
_IT = (
    r"(?:it|that|this|them|that one|this one|that ticket|this ticket|that box|the ticket|the card"
    r"|it all|everything|[\w' -]{3,40}?)"
)

_DONE_PLAIN = re.compile(
    rf"\bnothing (?:is )?(?:left|more|else) (?:to do|to be done)(?! with)\b|\b(?:is|are|'s|was"
    rf"|were|been|be|all|call(?:ing)? {_IT}|consider {_IT}|considered|mark(?:ed|ing)? {_IT}(?: as)?"
    rf"|count {_IT} as|got {_IT}|say that's|as) {_VERY}"
    r"(?:done|finished|complete|completed|closed|sorted(?: out)?|resolved|wrapped up|over (?:and done )?with"
    r"|in the bag|in the can|behind (?:us|me)|dealt with|taken care of|dusted"
    r"|off (?:my|the|our|your|her|his) (?:desk|plate|list|table|board|hands|back)|through with (?:it"
    r"|that)(?: one)?|history|done and dusted|out of the way|a wrap|ticked off|crossed off|a done deal"
    r"|over the line|good to go|signed and sealed|as good as new|put to bed|nailed|squared away"
    r"|all set|history now)\b"
    rf"|\b(?:cross|tick|strike|check|mark|take|scratch|knock) (?:that|it|this|them|that one|this one"
    rf"|{_IT}) (?:off|as done|as complete[d]?|as finished|to done|done)\b"
    rf"|\btick (?:that|the) box\b|\b(?:can|may|could|let's|you can|we can|please|to) (?:be )?(?:close"
    rf"|closed|archive|archived|tick|ticked|strike|struck)(?: off)?(?: (?:it|that|this|the|them)\b"
    rf"|$|[ ,])"
    rf"|\b(?:move|moved|put|set|goes?|drag) {_IT} (?:to|in|into|under) (?:the )?(?:done|closed"
    rf"|finished|complete[d]?)\b|\bclose (?:it|that|this|that one|the ticket|the card)\b|^(?:and "
    rf"|so |yes |yeah |okay |there |it's |all )*(?:all )?(?:done|finished|sorted)(?: now| yesterday"
    rf"| today| too| as well| already)?$"
    r"|\bthat's that\b|\bdone and dusted\b|\b(?:i|we)(?:'ve| have)? (?:just |already |finally "
    r"|all )*(?:finished|completed|wrapped up|sorted out|closed)\b|\bone less thing\b|\bi(?:'m"
    r"| am) (?:done|finished|through) with\b"
    r"|\bmission accomplished\b|\bthrough with (?:that|it)\b|\bready to (?:be )?close\b|\bno longer (?:open"
    r"|outstanding)\b"
)
_PARTICIPLE = r"(?P<verb>[a-z][\w-]+)"
_WE_ARE = re.compile(
    r"\b(?:we're|i'm|we are|i am|shop is|office is) (?:\w+ )?(?:closed|complete|finished|done)\b(?! with)"
)
_PERFECT = re.compile(
    rf"\b(?:has|have|had|'s|'ve|was|were|is|are|got|been) {_VERY}(?:been |all been |gone )?{_PARTICIPLE}"
)
_ACTIVE = re.compile(rf"\b(?:i|we|he|she|they)(?:'ve| have|'s| has)? {_VERY}{_PARTICIPLE}")
_LEADING = re.compile(
    rf"^(?:and |so |okay |yeah |yes |oh |well )*{_PARTICIPLE} (?:it|that|them|the|all|everything"
    rf"|last|this|on|yesterday|out|off)\b"
)
_FINISHING = frozenset(
    """fix repair replace install fit merge release publish print send submit file deliver sign book order pay approve
    clean restock
    update upload migrate deploy close resolve solve settle write record paint build mail post email archive translate
    confirm hire pour
    lay wire ship hand move reconcile seal swap rebuild rewrite upgrade refund renew register return mend hang
    assemble finish complete
    transfer switch clear remove add set sort pick make issue circulate launch extend calibrate test collect label
    pack""".split()
)
_ARRIVED = re.compile(
    r"\b(?:(?:has |have |'s |is |are |was |were |went |gone |been )(?:now |finally |just |all "
    r"|already |also )*(?:live|public|out|online|through|up and running|in place|in production"
    r"|merged|shipped|up on)"
    r"|(?:is|are|'s|'re|was|were) (?:all |now |finally )*(?:in (?:the|my|our|your) (?:\w+ )?(?:drive"
    r"|folder|inbox|mail|post|system|box|fridge|store|cupboard|hands|office|archive)|on (?:the"
    r"|our|your) (?:site|wall|shelf|server|desk|website|shelves|door)|here|back|fixed|up|set)\b"
    r"|shipped|landed|arrived|turned up|came (?:back|in|through)|(?:it|that|onsite|they|session"
    r"|interview|training|\w+) (?:happened|took place)|signed off|passed|back to normal|(?:working"
    r"|running|up) again|went (?:to|out|off|through|live)|(?:all |everything )?reconciled?"
    r"|has been (?:up|in)|went into production|rolled out|in (?:my|our|the) inbox|\bhave (?:the"
    r"|a|her|his|their|our) .*(?:signature|receipt|confirmation|certificate|stamp)|have said yes"
    r"|said yes|countersigned)\b"
)
_BEGUN = re.compile(
    r"\b(?:(?:i|we|you|i've|we've|you've|has|have|he|she|they|been|'ve|'s|finally|already|just"
    r"|also) (?:\w+ly |finally |now |already |just |also |actually )*(?:started|begun|began"
    r"|kicked off|got going|got started|opened (?:it|them|that) up|sat down|dived in)"
    r"|started|begun|under ?way|in progress|in the middle of|half ?way|half (?:of|a page|done"
    r"|finished|written|wired|built|through|full|filled)|(?:one|two|three) (?:thirds?|quarters?)"
    r"|ongoing|in the works|on the go|in hand"
    r"|working on (?:it|that|this|the|them)|work(?:ed)? on (?:it|that|the)|(?:i'm|you're|we're"
    r"|she's|he's) on it(?: (?:now|today|already|as we speak|yeah|yes|then|again))?$|in the oven"
    r"|kicked (?:[\w' ]{1,25} )?off|got the ball rolling|on the case|onto it|wheels (?:are )?in motion"
    r"|i'm (?:knee|waist|elbow).deep|at it (?:since|now|already)|on (?:it|that) since|broken ground"
    r"|a dent in|on it (?:now|today|already|as we speak)|made a start|make a start|been working"
    r"|(?:has|have) begun|(?:had|has|did|held|ran|got) (?:its|the|a|our|my|one)? ?(?:first )?(?:trial"
    r"|batch|session|round|meeting|try|attempt)|busy with|getting there|it's (?:moving|happening"
    r"|running|rolling|coming along)|coming along|making (?:good )?progress|so (?:that's|it's) (?:running"
    r"|moving|rolling)"
    r"|chewing (?:through|on)|as we speak|(?:first|last) (?:two|three|four|five|few|half|couple"
    r"|chapter|page|part|third|draft)|(?:already|just) (?:scribbled|sketched|jotted|drafted"
    r"|roughed|outlined|noted)|(?:four|two|three|five|six|seven|eight|\d+) (?:of|out of) (?:the )?(?:\w+)"
    r"|the rest (?:is|are|will|comes|by)"
    r"|put a hold on|a first (?:draft|version|cut|pass)|part(?:ly|ially)? (?:done|finished|written"
    r"|built|through)|on the (?:first|second|third|last|\w+) (?:page|chapter|lift|section|floor"
    r"|round|draft)|got (?:a|the) .{0,30}half|relabell?ing|midway|knee.deep|up to the"
    r"|i'm (?:already |now |just |still |currently )*(?!going\b|putting\b|happy\b|not\b|having\b"
    r"|thinking\b|doing well\b|wondering\b|asking\b|saying\b|sorry\b|hoping\b|trying to say\b"
    r"|planning\b|meeting\b|seeing\b|getting tired\b|looking forward\b|kidding\b|leaving\b|taking\b"
    r"|calling (?:that|it)\b|being\b|counting\b|feeling\b|sitting\b|eating\b|calling\b|starting (?:on"
    r"|next|tomorrow)\b|telling\b)\w+ing (?:it|them|that|the|through|on|out|my|our|names|things)\b)"
)
_UNFINISHED = re.compile(
    r"\b(?:almost|nearly|not (?:quite|done|finished|yet|there|complete|fully|ready|closed|fixed"
    r"|through)|isn't (?:done|finished|ready|complete|fixed)|to go\b|missing|still (?:have|has"
    r"|need|needs|to|waiting|in|missing|open|left|got|not|work|a|one|some|outstanding|pending"
    r"|some)|the rest|haven't|hasn't|didn't|don't have"
    r"|left to|remaining|outstanding|except|apart from|close to done|close to (?:done|finished)"
    r"|just needs|only needs|lacks|yet|one more (?:go|round|week)|two more|not a page|won't be"
    r"|will be (?:done|finished|ready)|should be (?:done|finished|ready)"
    r"|touched it|laid a finger|not started|untouched|nothing (?:yet|done)|open again|waiting for"
    r"|waiting on|ninety percent|most of|half of|mostly|didn't get round|no capacity|not before"
    r"|have yet to|never got|so far|not booked|promised for|not count|don't count|can't call it"
    r"|wouldn't call|nothing i'd call|or so)\b"
)
_REOPENED = re.compile(
    r"\b(?:(?:is|'s|it's|are|that's|that one's|one's) (?:now )?(?:open|broken|down|failing|leaking"
    r"|dead|back) again|open again|re-?open(?:ed|ing|s)?|put (?:it|that|this|them) back (?:on"
    r"|in|to|into)|open (?:it|that|this|that one|this one|that ticket|the ticket) (?:back up"
    r"|up again|again|back)|back (?:on|onto|to|in|into) (?:the )?(?:list|board|backlog|in progress"
    r"|to do|todo|progress)"
    r"|rolled (?:it|that|this|them)? ?back|(?:they|he|she|got|was|were|agency|customer|client) (?:sent"
    r"|bounced) (?:them |it |that )?(?:right |straight )?back(?: to us)?(?: from)?\b(?! (?:in"
    r"|last night|clean))|not (?:done|fixed|closed|finished|solved|sorted) (?:after all|any ?more)"
    r"|isn't (?:closed|done|fixed|finished|solved)(?: after all| any ?more)?|has to be (?:redone"
    r"|done again)"
    r"|do (?:it|that|them|those|these|this) (?:all )?(?:over )?again|(?:it's|they're|that's"
    r"|is|are) back on (?:my|our|the|her|his) (?:desk|plate|list|board|table)|start(?:ing)? (?:it )?(?:over"
    r"|again)|broke again|(?:is|'s|has|it's) .{0,20}\bagain\b|no longer (?:works|done|fixed)"
    r"|failed again|undone|spoke too soon|back to square one|come undone|reared its (?:ugly )?head"
    r"|playing up again|acting up again|gone again|out again|wasn't (?:really |actually )?(?:done"
    r"|finished|fixed))\b"
)
_HEDGED = re.compile(
    r"\b(?:if|when|once|until|till|unless|before|after|whether|hope|hopefully|will|'ll|going to"
    r"|gonna|should|would|might|may|could|want|wants|wanted|plan|planning|supposed|aim|expect"
    r"|expects|need|needs|must|has to|have to|got to|gotta|to be|as soon as|almost|nearly|as good as"
    r"|more or less|about to|soon|maybe|perhaps|probably|like to"
    r"|trying|tomorrow|next (?:week|month))\b|n't\b|\b(?:not|never|nobody|none|hardly|barely"
    r"|without|neither|no one)\b"
)
_CLOSES_NOW = re.compile(
    r"\bi(?:'ll| will) (?:just |then )?(?:take|cross|tick|strike|close|mark|move|put|check|scratch)\b(?!.*\b(?:when"
    r"|once|if|after|tomorrow|later|as soon as|until|monday|tuesday|wednesday|thursday|friday)\b)"
)
# Only a part is done, or only a first try.
_PARTLY = re.compile(
    r"\b(?:(?:on|in|to) (?:staging|test|the test system)|locally|half|partly|most of|some of"
    r"|part of|a part|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen"
    r"|fifteen|twenty|\d+) (?:of|out of|from)\b|the first|a first|a few|"
    r"(?:the )?(?:left|right|one|first|upper|lower) (?:side|half|part|corner)|so far|one sentence"
    r"|one corner|is planned|are planned|is scheduled|are scheduled|(?:is|are|comes?|follows?"
    r"|goes?) (?:next|tomorrow|on (?:monday|tuesday|wednesday|thursday|friday))|planned for"
    r"|go(?:es)? out next|a lot more|lots more|plenty (?:more|left)|half done)\b"
)
_LATER = re.compile(
    r"\b(?:next (?:week|month|year|monday|tuesday|wednesday|thursday|friday)|tomorrow|(?:is"
    r"|are|'s) (?:planned|scheduled|due|supposed)|planned for|scheduled for|in (?:two|three"
    r"|a few|a couple of) (?:days|weeks))\b"
)
_TAKES_BACK = re.compile(
    r"\bno,? (?:honestly|actually|wait|not really|sorry)\b|^(?:no,? |honestly,? |actually,? )*it (?:doesn't"
    r"|isn't|hasn't)\b|\bnot really\b"
)
_MAY_CLOSE = re.compile(
    r"\b(?:can|may|could|let's|you can|we can|please) (?:be )?(?:close|closed|archive|archived"
    r"|tick|ticked|strike|struck|cross|crossed|mark|take|check)\b|\bi'd call\b|\bi would call\b"
    r"|\bso cross\b|\bwould call that\b"
)


@lru_cache(maxsize=16384)
def status_talk(text: str, *, verbs: frozenset[str] = frozenset()) -> Said | None:
    """What a cleaned clause says of a status; `verbs` are the base forms of the verbs of the titles at hand."""
    if _REOPENED.search(text):
        return Said(Report.REOPENED, True)
    plain = _DONE_PLAIN.search(text)
    if plain and not _WE_ARE.search(text):
        if _MAY_CLOSE.search(text) or _CLOSES_NOW.search(text) or not _HEDGED.search(text[: plain.end()]):
            return Said(Report.DONE, True)
        return Said(Report.UNFINISHED, True)
    if _TAKES_BACK.search(text):
        return Said(Report.UNFINISHED, True)
    if _UNFINISHED.search(text):
        return Said(Report.BEGUN if _BEGUN.search(text) and not _NEVER_BEGUN.search(text) else Report.UNFINISHED, False)
    begun = _BEGUN.search(text)
    if begun and not _HEDGED.search(text[: begun.start() + 1]):
        return Said(Report.BEGUN, False)
    if _LATER.search(text):
        return Said(Report.UNFINISHED, False)
    if _is_finished(text, verbs):
        return Said(Report.BEGUN if _PARTLY.search(text) else Report.DONE, False)
    return (
        Said(Report.UNFINISHED, False)
        if _PARTLY.search(text) and re.search(r"\bplanned|scheduled|more\b", text)
        else None
    )


_NEVER_BEGUN = re.compile(r"\b(?:not|haven't|hasn't|didn't|never|nobody|nothing)\b")


def _is_finished(text: str, verbs: frozenset[str]) -> bool:
    """ "the rail's been fixed", "filed it last night", "the ad has gone live": finished by what was done to it."""
    arrived = _ARRIVED.search(text)
    if arrived and not _HEDGED.search(text[: arrived.end()]):
        return True
    for pattern in (_PERFECT, _ACTIVE, _LEADING):
        for match in pattern.finditer(text):
            base = base_of(match["verb"])
            is_past = (base is not None and match["verb"] != base and not match["verb"].endswith("ing")) or match[
                "verb"
            ] in ("put", "set", "cut")
            if is_past and base in _FINISHING | verbs and not _HEDGED.search(text[: match.end()]):
                return True
    return False
