"""English utterances -> clauses, for punctuated text and for raw speech recognition without any punctuation.

Pure. Drops fillers and stutters from the text that rules read and keeps the raw words of clause and sentence, so that
a quote is always literal. Knows nothing about what a clause does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vori_ray.tickets.english.contractions import with_apostrophes
from vori_ray.tickets.english.lexicon import FILLERS, PREPOSITIONS
from vori_ray.tickets.extraction import SpokenSegment

# A sentence ends here: punctuation and a blank, but not after an initial or a title ("M. Achterberg", "Mrs. Wendt").
_ENDS = re.compile(
    r"(?<![\s.][A-Z])(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)[.?!…;]+[\"'”’)]*\s+|\s[–—-]\s"
)

_SUBJECT = r"(?:i|we|you|they|he|she|it|there|that|this|nobody|somebody|someone|everybody|everyone|people)"
_FINITE = (
    r"(?:'ll|'ve|'m|'re|'s|'d|will|won't|have|haven't|has|hasn't|had|am|is|isn't|are|aren't"
    r"|was|wasn't|were|can|can't|"
    r"could|couldn't|should|would|must|might|need|needs|want|wants|think|thought|guess|mean"
    r"|got|did|didn't|do|don't|does|"
    r"doesn't|started|finished|said|keep|know|saw|put|sent|did|made|called|went|came|take|make"
    r"|write|just|already|also|"
    r"still|only|really|actually|finally|never|both|all|talked|spoke|tried|wrote|ordered|booked"
    r"|checked|wonder|hope|stay|go)"
)
_INVERSION = re.compile(
    r"(?:can|could|would|will|do|did|does|have|has|are|is|should|shall|shouldn't|isn't|don't)"
    r" (?:you|we|i|they|he|she|it|somebody|someone|anybody|anyone)(?![\w'])"
)
_STARTS = re.compile(
    rf"(?:{_SUBJECT}(?:'ll|'ve|'m|'re|'s|'d)\b|{_SUBJECT} {_FINITE}\b"
    r"|let's\b|let me\b"
    r"|who's\b|who (?:is|can|wants|will|has|does)\b|what about\b|how about\b|what's\b|what (?:is|do|did|are)\b"
    r"|when (?:can|do|will|is|are)\b|where (?:is|are|do)\b|how (?:is|are|do|does|many|much|long)\b|why\b"
    r"|okay\b|ok\b|yeah\b|yes\b|thanks\b|thank you\b|from now on\b|one more\b|last thing\b"
    r"|oh\b|speaking of\b|anyway\b)"
)
_THINGS = frozenset("the a that this one other only first same last next another main good bad".split())
_NAMES = re.compile(r"(?:then |and |so |but |now |okay )*(?:the|my|our|one|last|next|new|also)\b")
_HOLDS = frozenset(
    """that if when because cause who which what where how why until till before after unless as while since than think
    thought believe know hope guess say said says saying sure suppose bet whether wish tell told glad afraid like once
    everything something anything nothing thing way so and but or then the a an my our mean means see saw not also
    just everybody anybody hear
    heard remember forgot sounds way idea asked asks ask wonder wondering wonders whatever whoever is are was be for
    to of
    with about do did does have has had can could will would should shall""".split()
)
_ASKS_AFTER = frozenset("that it this so and but or then".split())
_ENDS_IN_SUBJECT = re.compile(r"^(?:i|you|we|they|he|she)$|'(?:ll|ve|re|m|d)$")
_LINKS = frozenset("and but so then or because".split())
_OPENS_CONDITION = re.compile(
    r"^(?:and |but |so |or |well |okay |yeah )*(?:if|when|once|unless|until|as long as|as soon as"
    r"|even if|in case|before|after"
    r"|while|since|because|whenever)\b"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of one utterance.

    `text` is lower case, without fillers, stutters and final punctuation; `raw` and the whole sentence, `said`, stand
    literally in the segment.
    `turn` counts utterances from 0, `sentence` counts sentences within the meeting: clauses of one sentence share it.
    """

    index: int
    turn: int
    sentence: int
    segment_id: int
    speaker: str | None
    text: str
    raw: str
    said: str
    is_asked: bool
    is_first: bool


def fold(text: str) -> str:
    """Lower case, plain apostrophes and quotes, and the apostrophes of contractions; it keeps its words."""
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    return with_apostrophes(text.casefold())


def clean(text: str) -> str:
    """Text as the rules read it: folded, no fillers, no stutters ("the the"), spelled letters joined ("a p i")."""
    text = re.sub(
        r"\b(some|any|what|which|that|this|a|an|the|one|each|every) (?:\w+ )?(?:kind|sort|type) of\b(?: of\b)?",
        r"\1",
        fold(text),
    )
    text = re.sub(r"\b(?:you know|i mean|sort of|kind of)\b,?", " ", text)
    text = re.sub(r"(?<=\w),? by the way\b,?|[\"()\[\]]", " ", text)
    tokens = [token for token in text.split() if token.strip(",.?!;:") not in FILLERS]
    return " ".join(_without_stutter(_joined_letters(tokens)))


def _joined_letters(tokens: Sequence[str]) -> Iterator[str]:
    run: list[str] = []
    for token in [*tokens, ""]:
        if len(token) == 1 and token.isalpha():
            run.append(token)
            continue
        yield from ["".join(run)] if len(run) > 2 or (len(run) == 2 and not {"a", "i"} & set(run)) else run
        run = []
        if token:
            yield token


def _without_stutter(tokens: Iterator[str]) -> list[str]:
    """A word said twice in a row counts once, as do two words said twice ("put in put in")."""
    out: list[str] = []
    for token in tokens:
        out.append(token)
        bare = [word.strip(",") for word in out[-4:]]
        if len(bare) >= 2 and bare[-1] == bare[-2] and bare[-1] not in ("no", "that", "had"):
            out.pop()
        elif len(bare) == 4 and bare[:2] == bare[2:]:
            del out[-2:]
    return out


def split(segments: Sequence[SpokenSegment]) -> list[Clause]:
    """The clauses of a meeting, in spoken order. Empty utterances give none."""
    clauses: list[Clause] = []
    sentence = 0
    for turn, segment in enumerate(segments):
        is_first = True
        for raw in _sentences(segment.text):
            sentence += 1
            asked = raw.rstrip().rstrip("\"'”’)").endswith("?")
            parts = list(_clauses(raw))
            for place, part in enumerate(parts):
                text = clean(part).strip(" ,.?!;:-–—…")
                if text:
                    clauses.append(
                        Clause(
                            len(clauses),
                            turn,
                            sentence,
                            segment.id,
                            segment.speaker,
                            text,
                            part,
                            raw,
                            asked and place == len(parts) - 1,
                            is_first,
                        )
                    )
                    is_first = False
    return clauses


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _ENDS.finditer(text):
        if text[start : end.end()].strip():
            yield text[start : end.end()].strip()
        start = end.end()
    if text[start:].strip():
        yield text[start:].strip()


def _clauses(sentence: str) -> Iterator[str]:
    """Cut a sentence where a new subject and its verb begin; a condition stays with what it conditions."""
    tokens = list(re.finditer(r"\S+", sentence))
    folded = fold(sentence).split()
    is_punctuated = bool(re.search(r"[,.?!]", sentence))
    start, conditions = 0, 0
    for place in range(1, len(tokens)):
        if not _begins(folded, place, is_punctuated=is_punctuated):
            continue
        cut = place - 1 if folded[place - 1].strip(",") in _LINKS and place - 1 > start else place
        head = clean(sentence[tokens[start].start() : tokens[cut].start()])
        if _OPENS_CONDITION.match(head) and not conditions:
            conditions += 1
            continue
        conditions = 0
        yield sentence[tokens[start].start() : tokens[cut].start()].strip()
        start = cut
    yield sentence[tokens[start].start() :].strip()


def _reopens(folded: Sequence[str], place: int) -> bool:
    """Whether a new thing is named after a filler: "no music um | then the shift plan for november"."""
    if folded[place - 1] not in FILLERS or place < 3 or not _NAMES.match(" ".join(folded[place : place + 3])):
        return False
    held = folded[place - 2]
    return held not in _HOLDS and held not in FILLERS and not held.endswith(("'s", "'re", "'m", "'ve", "'ll"))


def _begins(folded: Sequence[str], place: int, *, is_punctuated: bool) -> bool:
    """Whether a clause begins at the token `place`. In punctuated text only after a comma, a colon or a link."""
    rest = " ".join(token.strip(",:") for token in folded[place : place + 4])
    before = folded[place - 1]
    is_inverted = bool(_INVERSION.match(rest)) and not _ENDS_IN_SUBJECT.search(before)
    if before == folded[place]:
        return False
    if not (is_inverted or _STARTS.match(rest)):
        return not is_punctuated and _reopens(folded, place)
    if before.endswith((",", ":")):
        return True
    bare = before.strip(",:\"'")
    if bare in FILLERS and place > 1:
        bare = folded[place - 2].strip(",:\"'")
    if bare in _LINKS and place > 1:
        return folded[place - 2].endswith(",") or not is_punctuated
    if bare in PREPOSITIONS and not is_inverted and rest.split()[0] in ("there", "it", "this"):
        return False
    if bare == "thing" and place > 1:
        return not is_punctuated and folded[place - 2] not in _THINGS
    if bare == "that" and place > 1 and folded[place - 2] in PREPOSITIONS:
        return not is_punctuated
    return not is_punctuated and (bare not in _HOLDS or (is_inverted and bare in _ASKS_AFTER))
