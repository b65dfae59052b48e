"""Linear models over named features, read from the weights that training/speech-acts writes.

Pure but for reading the package's own data files once. Knows nothing about any language: a model adds up the weights of
the features that are there and says how likely its class is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

WEIGHTS = "weights.json"


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression: `bias`, and the weight of each feature that it knows."""

    bias: float
    weights: Mapping[str, float]

    def score(self, features: Iterable[str]) -> float:
        """The log odds of the class, given the features that hold."""
        return self.bias + sum(self.weights.get(feature, 0.0) for feature in features)

    def measured(self, values: Mapping[str, float]) -> float:
        """The log odds of the class, given features that have values."""
        return self.bias + sum(self.weights.get(feature, 0.0) * value for feature, value in values.items())


@dataclass(frozen=True, slots=True)
class Models:
    """All that was learned of a language: a model for each class of turn, and one for each question behind that.

    `title`: does a word belong to the title of new work; `work`: does a turn take work on; `owner`: is somebody its
    owner; `status`: does a turn say a status of a ticket.
    """

    turns: Mapping[str, Linear]
    title: Linear
    work: Linear
    owner: Linear
    status: Linear


def probability(log_odds: float) -> float:
    """0..1."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))


def models_of(data: Mapping[str, Any]) -> Models:
    """Models from the plain data of a file of weights: rows of weights, one number a class of turn."""
    turns, rows = data["turns"], data["turns"]["weights"].items()
    return Models(
        turns={
            name: Linear(bias, {feature: row[place] for feature, row in rows})
            for place, (name, bias) in enumerate(zip(turns["classes"], turns["bias"], strict=True))
        },
        **{name: Linear(data[name]["bias"], data[name]["weights"]) for name in ("title", "work", "owner", "status")},
    )


@lru_cache(maxsize=4)
def learned(package: str) -> Models:
    """The models of a language's package."""
    text = resources.files(package).joinpath(WEIGHTS).read_text(encoding="utf-8")
    return models_of(json.loads(text))
