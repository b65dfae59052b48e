"""Fits the models of a language to meetings with gold. The same meetings give the same weights.

Knows no language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from meetings import CLASSES, Language, Meeting, Row
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from vori_ray.tickets.claiming import BECOMES, possible_claims
from vori_ray.tickets.linear import Models, models_of
from vori_ray.tickets.taking import possible

SEED = 1
FOLDS = 9
TEMPLATE_WEIGHT = 0.5
TEMPLATES_WITH_FEATURE = 4
TOO_SMALL = 0.01
HEARD = -1.0  # log odds from which a turn may be taken for one that takes work on
NOTHING: dict[str, Any] = {"bias": 0.0, "weights": {}}
NO_MODELS: dict[str, Any] = {
    "turns": {"classes": list(CLASSES), "bias": [0.0] * len(CLASSES), "weights": {}},
    **dict.fromkeys(("title", "work", "owner", "status"), NOTHING),
}


def train(meetings: Sequence[Meeting], language: Language) -> dict[str, Any]:
    """All models of a language as plain data. What builds on other models is fitted to what these had not seen."""
    heard: list[Any] = [None] * len(meetings)
    for rest, fold in _folds(meetings):
        models = models_of({**NO_MODELS, "turns": fit_turns([meetings[place] for place in rest], language)})
        for place in fold:
            heard[place] = language.turns_of(meetings[place].talk, models)
    takes: list[tuple[Row, bool]] = []
    for rest, fold in _folds(meetings):
        title = fit_title([meetings[place] for place in rest], [heard[place] for place in rest], language)
        models = models_of({**NO_MODELS, "title": title})
        for place in fold:
            takes += work_rows(meetings[place], heard[place], models, language)
    return {
        "turns": fit_turns(meetings, language),
        "title": fit_title(meetings, heard, language),
        "work": standardised(takes, language.penalties["work"]),
        "owner": fit_owner(meetings, heard, language),
        "status": fit_status(meetings, heard, language),
    }


def _folds(meetings: Sequence[Meeting]) -> Iterator[tuple[list[int], list[int]]]:
    """The places of the meetings to fit to, and of those to hear with what was fitted."""
    for fold in range(FOLDS):
        rest = [place for place in range(len(meetings)) if place % FOLDS != fold]
        yield rest, list(range(fold, len(meetings), FOLDS))


def fit_turns(meetings: Sequence[Meeting], language: Language) -> dict[str, Any]:
    """One model a class over the features of turns."""
    acts = language.templated()
    in_meetings = Counter(f for meeting in meetings for f in {f for found in meeting.found for f in found})
    in_acts = Counter(f for _, found in acts for f in found)
    names = sorted(
        feature
        for feature, count in in_meetings.items()
        if count >= language.min_meetings or in_acts[feature] >= TEMPLATES_WITH_FEATURE
    )
    rows = [found for meeting in meetings for found in meeting.found] + [found for _, found in acts]
    x = _matrix(rows, names)
    columns, bias = [], []
    for name in CLASSES:
        y = [int(turn in m.classes[name]) for m in meetings for turn in range(len(m.found))]
        y += [int(act == name) for act, _ in acts]
        is_work = name in ("self", "other")
        weights = [
            m.weight * float(not (is_work and turn in m.ignored)) for m in meetings for turn in range(len(m.found))
        ]
        weights += [TEMPLATE_WEIGHT] * len(acts)
        weights = [w * (language.positive_weight if is_so else 1.0) for w, is_so in zip(weights, y, strict=True)]
        model = _fitted(x, y, language.penalties["turns"], weights)
        columns.append(model.coef_[0])
        bias.append(round(float(model.intercept_[0]), 4))
    table = np.round(np.stack(columns, axis=1), 3)
    kept = {
        name: [float(w) for w in row] for name, row in zip(names, table, strict=True) if np.abs(row).max() > TOO_SMALL
    }
    return {"classes": list(CLASSES), "bias": bias, "weights": kept}


def fit_title(meetings: Sequence[Meeting], heard: Sequence[Any], language: Language) -> dict[str, Any]:
    """The model of a title's words. `heard` must come from models without the meeting, here and in what follows."""
    rows = [
        [
            row
            for turn, ticket in meeting.taken
            for row in language.title_rows(meeting.talk, turns, turn, [ticket["title"], *ticket.get("alt_titles", ())])
        ]
        for meeting, turns in zip(meetings, heard, strict=True)
    ]
    in_meetings = Counter(f for of_meeting in rows for f in {f for row, _ in of_meeting for f in row})
    kept = {f for f, count in in_meetings.items() if count >= language.min_meetings}
    return _model(
        [({f: v for f, v in row.items() if f in kept}, is_so) for of_meeting in rows for row, is_so in of_meeting],
        language.penalties["title"],
    )


def work_rows(meeting: Meeting, turns: Any, models: Models, language: Language) -> list[tuple[Row, bool]]:
    """The turns that may take work on, and whether they do. The models must not have seen the meeting."""
    does = meeting.classes["self"] | meeting.classes["other"]
    return [
        (language.work_row(meeting.talk, turns, turn, models), turn in does)
        for turn in range(len(meeting.found))
        if possible(turns, turn) and turn not in meeting.ignored
    ]


def fit_owner(meetings: Sequence[Meeting], heard: Sequence[Any], language: Language) -> dict[str, Any]:
    """The model of whether somebody owns the new work of a turn, of the turns that may be taken for taking it on."""
    return _model(
        [
            row
            for meeting, turns in zip(meetings, heard, strict=True)
            for turn, ticket in meeting.spoken
            if max(turns.of("self", turn), turns.of("other", turn)) >= HEARD
            for row in language.owner_rows(meeting.talk, turns, turn, ticket["assignee"])
        ],
        language.penalties["owner"],
    )


def fit_status(meetings: Sequence[Meeting], heard: Sequence[Any], language: Language) -> dict[str, Any]:
    """The model of whether a turn says a status of a ticket."""
    rows: list[tuple[Row, bool]] = []
    for meeting, turns in zip(meetings, heard, strict=True):
        for turn, ticket, says in possible_claims(turns, meeting.talk.statuses):
            row = language.status_row(meeting.talk, turns, turn, ticket, says)
            rows.append((row, (turn, ticket, BECOMES[says]) in meeting.said_so))
    return standardised(rows, language.penalties["status"])


def standardised(rows: Sequence[tuple[Row, bool]], penalty: float) -> dict[str, Any]:
    """A model of measures that all rows have; each is brought to one scale first."""
    names = sorted(rows[0][0])
    x = np.array([[row[name] for name in names] for row, _ in rows])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    model = _fitted((x - mean) / spread, [int(is_so) for _, is_so in rows], penalty)
    slopes = model.coef_[0] / spread
    bias = float(model.intercept_[0] - (slopes * mean).sum())
    return {"bias": round(bias, 4), "weights": dict(zip(names, (round(float(s), 4) for s in slopes), strict=True))}


def _model(rows: Sequence[tuple[Row, bool]], penalty: float) -> dict[str, Any]:
    names = sorted({name for row, _ in rows for name in row})
    if not names:
        return NOTHING
    model = _fitted(_matrix([row for row, _ in rows], names), [int(is_so) for _, is_so in rows], penalty)
    weights = {name: round(float(w), 3) for name, w in zip(names, model.coef_[0], strict=True) if abs(w) > TOO_SMALL}
    return {"bias": round(float(model.intercept_[0]), 4), "weights": weights}


def _matrix(rows: Sequence[Row], names: Sequence[str]) -> csr_matrix:
    columns_of: Mapping[str, int] = {name: place for place, name in enumerate(names)}
    known = [sorted((columns_of[f], value) for f, value in row.items() if f in columns_of) for row in rows]
    starts = np.cumsum([0, *map(len, known)], dtype=np.int32)
    columns = np.array([column for row in known for column, _ in row], dtype=np.int32)
    values = np.array([value for row in known for _, value in row])
    return csr_matrix((values, columns, starts), shape=(len(rows), len(names)))


def _fitted(x: Any, y: Sequence[int], penalty: float, weights: Sequence[float] | None = None) -> LogisticRegression:
    model = LogisticRegression(C=penalty, max_iter=1000, solver="liblinear", random_state=SEED)
    return model.fit(x, y, sample_weight=weights)
