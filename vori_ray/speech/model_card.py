"""What a model is good at: `vori.json` beside its weights, read into a `ModelCard`.

A directory without the file holds genuine Whisper weights: prompts help, windows of 30 s are good, and every
window is padded to 30 s. This module knows nothing of how a model is run.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vori_ray.errors import BadInputError

CARD_FILE = "vori.json"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Properties of a model that the streaming algorithm needs.

    `frame_buckets_s` are the lengths, in seconds, to which windows are padded; a model that was not trained on
    short windows has the one bucket 30. `uses_prompt` says whether the text before a window helps.
    """

    name: str = "whisper"
    uses_prompt: bool = True
    longest_window_s: float = 30.0
    frame_buckets_s: tuple[float, ...] = (30.0,)
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.frame_buckets_s or max(self.frame_buckets_s) > 30 or self.longest_window_s > 30:
            raise BadInputError(f"a model card needs frame buckets and a longest window of at most 30 s, came {self}")

    def as_dict(self) -> dict[str, Any]:
        """The card as plain data."""
        return asdict(self)


def read_model_card(directory: Path) -> ModelCard:
    """Read the card of the model in `directory`. Raises BadInputError for a card that cannot be understood."""
    path = directory / CARD_FILE
    if not path.exists():
        return ModelCard(name=directory.name)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        return ModelCard(**fields)
    except (TypeError, ValueError) as exc:
        raise BadInputError(f"{path} is not a model card: {exc}") from exc
