"""Korean segments -> sentences -> clauses, each with its morphemes as a line that patterns can read.

Speech without punctuation is cut at final endings, long sentences at connecting endings. Knows nothing about what a
clause does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from vori_ray.tickets.korean.morphemes import Morpheme, clean, morphemes
from vori_ray.tickets.korean.people import Mention, People

_CUTS_CLAUSE = frozenset("고 는데 ㄴ데 던데 니까 지만 면 며 더니 는데도 ㄴ데도 거든 려면 길래".split())
_FINAL = frozenset("ㅂ니다 ㄹ게 ㄹ까 세요 네".split())
_MAY_END = _FINAL | frozenset("지 자 어 라 에요 예요".split())
MARKS = frozenset({"SF", "SP", "SE", "SS", "SSO", "SSC"})
_BINDS = re.compile(r"^(?:있|나|말|싶|보|주|두|놓|버리|하|되|좋|안|가지|계시|못|어떻|괜찮|드리|없)$")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence with one predicate.

    `line` is "form/TAG form/TAG " (one blank behind each), `joins` the connecting ending that hangs it on the next
    clause ("" for the last clause), `turn` counts utterances and `sentence` sentences of the whole meeting.
    """

    morphemes: tuple[Morpheme, ...]
    line: str
    text: str
    source: str
    start: int
    segment_id: int
    turn: int
    sentence: int
    speaker: str | None
    joins: str
    is_asked: bool
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One segment: who spoke, the clauses, and the text they were read from."""

    index: int
    segment_id: int
    speaker: str | None
    text: str
    clauses: tuple[Clause, ...] = field(default=())


def line_of(parts: Iterable[Morpheme]) -> str:
    """Morphemes as patterns read them; punctuation is left out."""
    return "".join(f"{part.form.replace(' ', '_')}/{part.tag} " for part in parts if part.tag not in MARKS)


def _ended(parts: tuple[Morpheme, ...]) -> tuple[Morpheme, ...]:
    """A sentence without the word that trails behind its ending ("제가 하죠 뭐"), and that ending as a final one."""
    spoken = [place for place, part in enumerate(parts) if part.tag not in MARKS]
    while len(spoken) > 1 and parts[spoken[-1]].tag == "IC" and parts[spoken[-2]].tag in {"EF", "EC", "JX"}:
        spoken.pop()
    ending = spoken[-1] if spoken else -1
    if ending > 0 and parts[ending].form == "요" and parts[ending].tag == "JX":
        ending -= 1
    if ending > 0 and parts[ending].tag == "EC" and parts[ending].form in _MAY_END:
        parts = (*parts[:ending], replace(parts[ending], tag="EF"), *parts[ending + 1 :])
    return (
        tuple(part for place, part in enumerate(parts) if place <= spoken[-1] or part.tag in MARKS) if spoken else parts
    )


def _sentences(parts: tuple[Morpheme, ...]) -> Iterator[tuple[Morpheme, ...]]:
    """Cut behind punctuation, behind final endings, and behind a polite 요."""
    current: list[Morpheme] = []
    for position, part in enumerate(parts):
        current.append(part)
        after = parts[position + 1] if position + 1 < len(parts) else None
        if after is not None and (after.tag in {"SF", "SE"} or (after.tag == "JX" and after.form == "요")):
            continue
        if _is_end(part, after):
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)


def _with_late_objects(sentences: Iterator[tuple[Morpheme, ...]]) -> list[tuple[Morpheme, ...]]:
    """ "문서로 쓰고 있거든요, 설치 가이드를": an object behind its verb joins the sentence of that verb, before it."""
    joined: list[tuple[Morpheme, ...]] = []
    for sentence in sentences:
        spoken = [part for part in sentence if part.tag not in {"SF", "SP", "SE"}]
        is_object = bool(spoken) and spoken[-1].tag == "JKO" and not any(part.is_verb for part in spoken)
        if is_object and joined and len(joined[-1]) > 2:
            joined[-1] = tuple(spoken) + joined[-1]
        else:
            joined.append(sentence)
    return joined


def _is_end(part: Morpheme, after: Morpheme | None) -> bool:
    if part.tag in {"SF", "EF"} or (part.tag == "SE" and part.form in {"…", "..."}):
        return not (part.tag == "SF" and after is not None and after.start == part.end and after.tag in {"SN", "SL"})
    if part.tag == "JX" and part.form == "요":
        return True
    return part.tag == "EC" and (
        part.form == "ㅂ시다" or (part.form in _FINAL and after is not None and after.tag == "SP")
    )


def _clauses(sentence: tuple[Morpheme, ...]) -> Iterator[tuple[tuple[Morpheme, ...], str]]:
    """Cut a sentence behind connecting endings that do not bind an auxiliary."""
    current: list[Morpheme] = []
    for position, part in enumerate(sentence):
        current.append(part)
        rest = [other for other in sentence[position + 1 :] if other.tag not in {"SP", "SF", "SE"}]
        if (
            part.tag == "EC"
            and part.form in _CUTS_CLAUSE
            and rest
            and not _binds(part, rest, is_reason=_is_reason(current), is_told=_is_told(current))
        ):
            yield tuple(current), part.form
            current = []
    if current:
        yield tuple(current), ""


def _is_told(current: list[Morpheme]) -> bool:
    """Whether the clause before "-고" says something whole ("됐고", "좋고", "일차고"), not a step of what follows."""
    return len(current) > 1 and current[-2].tag.split("-")[0] in {"EP", "VA", "VCP", "VCN", "XSA"}


def _is_reason(current: list[Morpheme]) -> bool:
    """ "-어 가지고", the spoken "because"."""
    return len(current) > 1 and current[-2].form == "가지" and current[-2].tag == "VX"


def _binds(part: Morpheme, rest: list[Morpheme], *, is_reason: bool, is_told: bool) -> bool:
    """Whether a connecting ending holds its clause to the next: "보고 있", "-어 가지고", "내고 오다"."""
    after = rest[0]
    if after.tag == "JX":
        return True
    if part.form == "고":
        return (
            is_reason
            or not is_told
            or after.tag == "VX"
            or (after.form in {"있", "싶", "나", "오", "가"} and after.is_verb)
        )
    if part.form == "면":
        return bool(_BINDS.match(after.form)) and after.tag in {"VV", "VX", "VA", "VA-I", "MAG"} and len(rest) <= 6
    return False


def split(turn: int, segment_id: int, speaker: str | None, text: str, *, people: People, first_sentence: int) -> Turn:
    """A segment's clauses. Never raises; words that cannot be read give no clauses."""
    source = clean(text)
    mentions = people.find(source)
    parts = morphemes(source, [(m.start, m.name_end) for m in mentions])
    clauses: list[Clause] = []
    for number, sentence in enumerate(_with_late_objects(_sentences(parts)), start=first_sentence):
        is_asked = any(part.tag == "SF" and part.form == "?" for part in sentence)
        for inner, joins in _clauses(_ended(sentence)):
            start, end = min(part.start for part in inner), max(part.end for part in inner)
            clauses.append(
                Clause(
                    morphemes=inner,
                    line=line_of(inner),
                    text=source[start:end],
                    source=source,
                    start=start,
                    segment_id=segment_id,
                    turn=turn,
                    sentence=number,
                    speaker=speaker,
                    joins=joins,
                    is_asked=is_asked and not joins,
                    mentions=tuple(m for m in mentions if start <= m.start < end),
                )
            )
    return Turn(turn, segment_id, speaker, source, tuple(clauses))
