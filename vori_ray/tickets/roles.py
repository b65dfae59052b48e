"""What a sentence does in a meeting: the vocabulary that the languages' rules share.

Pure. Knows nothing about any language; English and Korean rules answer with these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A speech act, as far as tickets care. One sentence may have several."""

    COMMITMENT = "commitment"  # the speaker takes work on: "I'll write it"
    OFFER = "offer"  # the speaker could; becomes a commitment when somebody agrees
    ASSIGNMENT = "assignment"  # somebody else is told to, or asked to: "Ana, can you write it?"
    NEED = "need"  # work that must be done, nobody named: "somebody has to write it"
    PROPOSAL = "proposal"  # the group could: "let's", "should we"
    COMPLETION = "completion"  # work is finished
    PROGRESS = "progress"  # work has begun and goes on
    REOPEN = "reopen"  # finished work is open again
    UNFINISHED = "unfinished"  # said not to be finished, or not begun
    BLOCKER = "blocker"  # something outside keeps a person from going on
    DECISION = "decision"  # a choice is made
    AGREEMENT = "agreement"  # yes to what came before
    REFUSAL = "refusal"  # no to what came before
    RETRACTION = "retraction"  # what was said is taken back
    QUESTION = "question"
    HYPOTHETICAL = "hypothetical"  # if, would, one day: nothing happens
    RECAP = "recap"  # says again what was agreed
    REPORT = "report"  # tells what others said or what happened long ago


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of one speaker. `index` counts sentences of the meeting from 0; `segment_id` is its evidence."""

    index: int
    segment_id: int
    speaker: str | None
    text: str
    roles: frozenset[Role] = field(default_factory=frozenset)
