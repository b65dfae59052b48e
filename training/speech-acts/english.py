"""English for training: what vori_ray/tickets/english gives to the models, and templated acts filled with things.

Nothing is random but the things that fill the templates, and their seed is fixed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from meetings import Row, act_turns

from vori_ray.tickets.english.claims import measures as status_measures
from vori_ray.tickets.english.encoder import CLAIMS, OWN, TAKES, TITLES, Encode, Encoders, encoding
from vori_ray.tickets.english.features import features
from vori_ray.tickets.english.owners import candidates as people
from vori_ray.tickets.english.owners import measures as owner_measures
from vori_ray.tickets.english.reader import EnglishRules, turns_of
from vori_ray.tickets.english.talk import Talk, listen
from vori_ray.tickets.english.takes import measures as work_measures
from vori_ray.tickets.english.titles import candidates as words
from vori_ray.tickets.english.titles import title_of
from vori_ray.tickets.extraction import ExtractionInput, OpenTicket, SpokenSegment
from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import Models
from vori_ray.tickets.stems import english_words

ACTS = Path(__file__).with_name("acts-en.txt")
READERS = 3
KEPT_ROWS = 20_000  # every row of the training meetings
SEED = 1
TIMES = 2  # how often each template is filled
THINGS = dict(
    entry.split(" = ")
    for entry in """Repair the door lock = door lock; Print the name badges = name badges; Replace the fire map = fire map
    Improve the checkout page = checkout page; Inspect the hall lights = hall lights; Mend the boiler pipe = boiler pipe
    Survey the members = member survey; Translate the summary = summary translation; Clean the cold store = cold store
    Review the subtitles = subtitles; Test the weld samples = weld samples; Issue the gift receipts = gift receipts
    Rent the sound equipment = sound equipment; Migrate the order database = order database; Fix the login bug = login bug""".replace(
        "\n    ", "; "
    ).split("; ")
)
NEWS = """customer list; promo video; safety checklist; refund notice; parking plan; training slides; sheet music; tasting invitation
size chart; visit schedule; stock list; price comparison; survey questions; reply to the complaint; site map; release notes
cardboard boxes; cleaning rota; emergency contacts; hotel booking; reading list; smoke detectors; staging server; budget sheet""".replace(
    "\n", "; "
).split("; ")
DATES = "Friday; next Tuesday; the fifteenth; tomorrow; the end of the month; Monday morning; next week".split("; ")
OTHERS = "Clean the pond; Choose the gifts; Change the sign; Sort the archive".split("; ")


class English:
    """`Language` of English."""

    name = "en"
    penalties = {"turns": 0.1, "title": 0.3, "work": 0.3, "owner": 1.0, "status": 1.0}
    positive_weight = 2.0
    min_meetings = 4

    def __init__(self) -> None:
        self._templated: list[tuple[str, Row]] | None = None

    def listen(self, given: ExtractionInput, place: int | None = None) -> Talk:
        return listen(given, _reader_of(place))

    def features(self, talk: Talk, turn: int) -> Row:
        return features(talk, turn)

    def turns_of(self, talk: Talk, models: Models) -> Turns:
        return turns_of(talk, models)

    def title_rows(self, talk: Talk, turns: Turns, turn: int, titles: Sequence[str]) -> list[tuple[Row, bool]]:
        is_so = belongs(titles)
        return [(word.measures(), is_so(word.key)) for word in words(talk, turns, turn)]

    def work_row(self, talk: Talk, turns: Turns, turn: int, models: Models) -> Row:
        return work_measures(talk, turns, turn, title_of(talk, turns, turn, models.title))

    def owner_rows(self, talk: Talk, turns: Turns, turn: int, owner: str | None) -> list[tuple[Row, bool]]:
        return [(owner_measures(talk, turns, turn, name), name == owner) for name in people(talk, turn)]

    def status_row(self, talk: Talk, turns: Turns, turn: int, ticket: int, says: str) -> Row:
        return status_measures(talk, turns, turn, ticket, says)

    def templated(self) -> list[tuple[str, Row]]:
        if self._templated is None:
            self._templated = list(templated(ACTS))
        return self._templated

    def rules(self, models: Models, place: int | None = None) -> Any:
        return EnglishRules(lambda: models, _reader_of(place))


def belongs(titles: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """Whether a word belongs to a title: the first has it, or half of all."""
    stems = [set(english_words(title)) for title in titles]
    return lambda key: any(k in stems[0] or 2 * sum(k in title for title in stems) >= len(stems) for k in key)


def _reader_of(place: int | None) -> Encoders:
    """The encoders that were not tuned to a meeting of the training; of other meetings the package's."""
    if place is None:
        return OWN
    reader = place % READERS
    return Encoders(
        lambda row: _encoder(TAKES, reader)(row),
        lambda row: _encoder(TITLES, reader)(row),
        lambda row: _encoder(CLAIMS, reader)(row),
    )


def reader_path(file: str, reader: int) -> Path:
    """Where tuning.py writes an encoder that was not tuned to every third meeting from `reader` on."""
    return Path(__file__).resolve().parents[2] / f"build/encoders/{reader}-{file}"


@cache
def _encoder(file: str, reader: int) -> Encode:
    return encoding(reader_path(file, reader), kept=KEPT_ROWS)


def templated(path: Path) -> Iterator[tuple[str, Row]]:
    """The class and the features of the turn that is learned of each templated act."""
    for name, talk, turn in templated_talks(path):
        yield name, features(talk, turn)


def templated_talks(path: Path) -> Iterator[tuple[str, Talk, int]]:
    """Each templated act, filled with things, dates and names: the class of the turn that is learned, the act, the turn."""
    chance = random.Random(SEED)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, dialogue = line.split("\t")
        for _ in range(TIMES):
            title, thing = chance.choice(list(THINGS.items()))
            slots = {"{X}": thing, "{N}": chance.choice(NEWS), "{D}": chance.choice(DATES)}
            status = {"begun": "TODO", "reopen": "DONE"}.get(name) or chance.choice(["TODO", "IN_PROGRESS"])
            is_plain = chance.random() < 0.3
            others = [OpenTicket(2 + i, other, "TODO", "Nadia") for i, other in enumerate(chance.sample(OTHERS, 2))]
            segments = []
            turns, learned = act_turns(dialogue)
            for place, (who, text) in enumerate(turns):
                for slot, word in slots.items():
                    text = text.replace(slot, word)
                text = re.sub(r"\bB\b", "Marcus", text)
                text = re.sub(r"[.,?:]", "", text).casefold() if is_plain else text
                segments.append(SpokenSegment(place, text, {"A": "Nadia", "B": "Marcus"}[who]))
            given = ExtractionInput(
                segments=segments,
                tickets=(OpenTicket(1, title, status, "Marcus"), *others),  # type: ignore[arg-type]
                roster=("Nadia", "Marcus"),
                meeting_date=date(2026, 3, 4),
            )
            yield name, listen(given), learned
