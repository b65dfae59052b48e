"""Trains what the offline rules have learned: writes vori_ray/tickets/LANGUAGE/weights.json.

    python training/speech-acts/train.py en|ko                    # train on all meetings, write the weights
    python training/speech-acts/train.py en|ko --cross-validate   # score meetings that the models have not seen; write nothing
    python training/speech-acts/train.py en|ko --score DIR ...    # train, then score the meetings of other folders; write nothing

Learns from the meetings with gold in tests/data/tickets (LANGUAGE-*.json) and from the templated acts in
acts-LANGUAGE.txt. English builds on the encoders that tuning.py makes. Seeds are fixed: the same data and encoders
give the same weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from english import English
from fitting import FOLDS, train
from korean import Korean
from meetings import Language, Meeting, read_meeting

from vori_ray.tickets.evaluation import meeting_input, prediction
from vori_ray.tickets.linear import WEIGHTS, Models, models_of
from vori_ray.tickets.planning import plan
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.scoring import score, table
from vori_ray.tickets.validation import validate

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"en": "english", "ko": "korean"}


def predicted(
    meeting: Mapping[str, Any], models: Models, language: Language, place: int | None = None
) -> dict[str, Any]:
    """What the rules with `models` make of a meeting, the way of `vori eval tickets`."""
    given = meeting_input(meeting)
    extraction = RulesExtractor({language.name: language.rules(models, place)}).extract(given)
    validated = validate(extraction, given, meeting_id=meeting["id"])
    return prediction(meeting["id"], plan(validated.accepted, given.tickets))


def cross_validated(meetings: Sequence[Meeting], language: Language) -> dict[str, dict[str, Any]]:
    """What is predicted of each meeting with models of the others."""
    predictions: dict[str, dict[str, Any]] = {}
    for fold in range(FOLDS):
        rest = [meeting for place, meeting in enumerate(meetings) if place % FOLDS != fold]
        models = models_of(train(rest, language))
        for place in range(fold, len(meetings), FOLDS):
            gold = meetings[place].gold
            predictions[gold["id"]] = predicted(gold, models, language, place)
        print(f"fold {fold + 1} of {FOLDS}", flush=True)
    return predictions


def show(golds: Mapping[str, Mapping[str, Any]], predictions: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the scores, and what was missed or wrong."""
    scores, notes = score(golds, predictions)
    for meeting_id, lines in notes.items():
        print(meeting_id, *lines, sep="\n   ")
    print(f"\n{table(scores)}")


def main() -> None:
    """Read the arguments, train, write or score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", choices=sorted(FOLDERS))
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--score", nargs="*", type=Path, default=[])
    options = parser.parse_args()
    language: Language = English() if options.language == "en" else Korean()
    folder = ROOT / "tests/data/tickets"
    # The short ones ("plain") sort behind those ("dev") that tuning.py counts off: each keeps its place, and its encoders.
    paths = sorted(folder.glob(f"{language.name}-*.json"))
    meetings = [read_meeting(path, language, place) for place, path in enumerate(paths)]
    print(f"{len(meetings)} meetings", flush=True)
    if options.cross_validate:
        show({m.gold["id"]: m.gold for m in meetings}, cross_validated(meetings, language))
        return
    data = train(meetings, language)
    if not options.score:
        path = ROOT / "vori_ray/tickets" / FOLDERS[language.name] / WEIGHTS
        path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)} ({path.stat().st_size / 1000:.0f} kB)")
    models = models_of(data)
    for other in options.score:
        golds = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(other.glob(f"{language.name}-*.json"))
        }
        print(f"\n{other}")
        show(golds, {name: predicted(gold, models, language) for name, gold in golds.items()})


if __name__ == "__main__":
    main()
