"""Reads an English meeting: hears the talk, asks the learned models what each turn does, and tells it as operations.

Knows nothing about the database or about what becomes of the operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vori_ray.tickets.english.claims import claims
from vori_ray.tickets.english.cues import is_to_machine
from vori_ray.tickets.english.encoder import OWN, Encoders
from vori_ray.tickets.english.features import features
from vori_ray.tickets.english.remarks import quote_of, remarks, surest_sentence
from vori_ray.tickets.english.takes import new_work
from vori_ray.tickets.english.talk import Talk, listen
from vori_ray.tickets.extraction import ExtractionInput, Operation
from vori_ray.tickets.heard import KINDS, Sureness, Turns, weighed
from vori_ray.tickets.linear import Models, learned

WHOLE = Sureness(work=0.25, status=0.7, maybe=0.3, blocker=0.25, decision=0.4)
LIVE = Sureness(work=0.25, status=0.8, maybe=0.8, blocker=0.5, decision=0.5)


class EnglishRules:
    """The rules of English (`LanguageRules`). Holds nothing between meetings."""

    def __init__(self, models: Callable[[], Models] | None = None, encoders: Encoders = OWN) -> None:
        self._models = models or (lambda: learned(__package__))
        self._encoders = encoders

    def read(self, given: ExtractionInput) -> list[Operation]:
        """What is said in `given.segments`; never raises for odd words. Of a live window only what is plainly said."""
        spoken = [segment for segment in given.segments if not is_to_machine(segment.text)]
        talk = listen(replace(given, segments=spoken), self._encoders)
        models, sure = self._models(), WHOLE if given.is_whole_meeting else LIVE
        turns = turns_of(talk, models)

        def quote(turn: int, name: str) -> str:
            return quote_of(surest_sentence(talk, turn, models.turns[name]))

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
    return weighed(models.turns, [features(talk, turn) if said else None for turn, said in enumerate(talk.turns)])
