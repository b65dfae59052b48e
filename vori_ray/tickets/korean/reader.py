"""Reads a Korean meeting: hears the talk, asks the learned models what each turn does, and tells it as operations.

Knows nothing about the database or about what becomes of the operations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from vori_ray.tickets.extraction import ExtractionInput, Operation
from vori_ray.tickets.heard import KINDS, Sureness, Turns, weighed
from vori_ray.tickets.korean.claims import claims
from vori_ray.tickets.korean.features import features
from vori_ray.tickets.korean.remarks import quote_of, remarks, surest_sentence
from vori_ray.tickets.korean.takes import new_work
from vori_ray.tickets.korean.talk import Talk, listen
from vori_ray.tickets.linear import Models, learned

# Words to a machine, not to a colleague: nobody hands out work like this, so nothing that is said with them counts.
_TO_MACHINE = re.compile(
    r"(?:이전|앞선|위의?|기존|지금까지의?) ?(?:모든 )?(?:지시|명령|규칙|프롬프트)\S*.{0,12}(?:무시|잊|따르지)"
    r"|시스템 ?(?:프롬프트|메시지|지시)|(?:너는|넌|당신은) 이제(?:부터)?\b"
    r"|(?:모든|전체) 티켓\S* .{0,12}(?:완료|삭제|종료|닫|바꾸|바꿔|변경|처리)"
)


WHOLE = Sureness(work=0.25, status=0.75, maybe=0.3, blocker=0.3, decision=0.35)
LIVE = Sureness(work=0.25, status=0.8, maybe=0.8, blocker=0.5, decision=0.5)


class KoreanRules:
    """The rules of Korean (`LanguageRules`). Holds nothing between meetings."""

    def __init__(self, models: Callable[[], Models] | None = None) -> None:
        self._models = models or (lambda: learned(__package__))

    def read(self, given: ExtractionInput) -> list[Operation]:
        """What is said in `given.segments`; never raises for odd words. Of a live window only what is plainly said."""
        spoken = [segment for segment in given.segments if not is_to_machine(segment.text)]
        talk = listen(replace(given, segments=spoken))
        models, sure = self._models(), WHOLE if given.is_whole_meeting else LIVE
        turns = turns_of(talk, models)

        def quote(turn: int, name: str) -> str:
            return quote_of(surest_sentence(talk.turns[turn], models.turns[name]))

        heard = [
            claim.operation(segment_id=talk.segment_ids[claim.turn], quote=quote(claim.turn, claim.says), sure=sure)
            for claim in claims(talk, turns, models.status, at_least=sure.maybe)
        ]
        heard += [
            work.operation(segment_ids=talk.segment_ids, quote=quote(work.turn, "self" if work.is_own else "other"))
            for work in new_work(talk, turns, models, at_least=sure.work)
        ]
        for kind in KINDS:
            found = remarks(talk, turns, kind, models.turns[kind], at_least=sure.of(kind))
            heard += [remark.operation(segment_id=talk.segment_ids[remark.turn]) for remark in found]
        return heard


def turns_of(talk: Talk, models: Models) -> Turns:
    """How likely each turn does what."""
    return weighed(models.turns, [dict.fromkeys(features(talk, turn), 1.0) for turn in range(len(talk.turns))])


def is_to_machine(text: str) -> bool:
    """Whether an utterance addresses a machine that reads along: the transcript is data, never an instruction."""
    return bool(_TO_MACHINE.search(text))
