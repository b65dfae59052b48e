"""Tunes the English encoder to the titles of the meetings with gold; train.py builds the linear models on it.

    python training/speech-acts/tuning.py [START]

START is all-MiniLM-L6-v2, by its name on the model hub or as a folder of `transformers`. Writes
vori_ray/tickets/english/encoder.onnx, and under build/ the encoders that train.py needs besides: each was tuned
without some of the meetings, and reads those. Needs torch, transformers and onnx beside the project's own packages;
about half an hour on two cores. Knows nothing about the linear models.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from english import READERS, English, belongs, reader_path
from meetings import Meeting, read_meeting
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from transformers import AutoModel

from vori_ray.tickets.english.encoder import MODEL, Row, row_of
from vori_ray.tickets.english.titles import places

ROOT = Path(__file__).resolve().parents[2]
BASE = "sentence-transformers/all-MiniLM-L6-v2"
SEED = 1
ROUNDS = 4
BATCH = 8
RATE, HEAD_RATE = 7e-5, 1e-3
WARM_UP = 60  # steps
DROPOUT = 0.1
ALIKE = 40  # tokens by which the rows of a batch may differ
OPSET = 17


class Tuned(nn.Module):
    """The encoder, and of each token the log odds that it is of a title."""

    def __init__(self, start: str) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(start, add_pooling_layer=False)
        self.head = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(self.encoder.config.hidden_size, 1))

    def forward(self, tokens: Tensor, kinds: Tensor, mask: Tensor | None = None) -> Tensor:
        """(rows, tokens) each -> (rows, tokens)."""
        found = self.encoder(input_ids=tokens, token_type_ids=kinds, attention_mask=mask)
        return self.head(found.last_hidden_state)[..., 0].float()


@dataclass(frozen=True)
class Example:
    """A row, and its words that may stand in the title: first and last token, and whether they do."""

    row: Row
    words: list[tuple[int, int, float]]


def examples(meeting: Meeting) -> Iterator[Example]:
    """One of each ticket of a meeting."""
    for turn, ticket in meeting.taken:
        row = row_of(meeting.talk, turn)
        is_so = belongs([ticket["title"], *ticket.get("alt_titles", ())])
        words = [
            (*row.words[place], float(is_so(key))) for key, place in places(meeting.talk, turn) if place in row.words
        ]
        if words:
            yield Example(row, words)


def tuned(meetings: Sequence[Meeting], start: str) -> Tuned:
    """The encoder tuned to some meetings."""
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    model = Tuned(start)
    of_all = [example for meeting in meetings for example in examples(meeting)]
    batches = [batch for _ in range(ROUNDS) for batch in _batches(of_all, chance)]
    optimizer = torch.optim.AdamW(
        [{"params": model.encoder.parameters(), "top": RATE}, {"params": model.head.parameters(), "top": HEAD_RATE}],
        weight_decay=0.01,
    )
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * min(1.0, step / WARM_UP) * (1 - step / len(batches))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            odds = model(*_padded([example.row for example in batch]))
        loss = torch.stack([_loss(example, odds[place]) for place, example in enumerate(batch)]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step} of {len(batches)}: loss {loss.item():.3f}", flush=True)
    return model.eval()


def _batches(of_all: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """Every example once, rows of like length together."""
    order = sorted(of_all, key=lambda each: len(each.row.tokens) + chance.randrange(ALIKE))
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    chance.shuffle(batches)
    return batches


def _loss(example: Example, odds: Tensor) -> Tensor:
    found = torch.stack([odds[first:stop].mean() for first, stop, _ in example.words])
    return cross_entropy(found, torch.tensor([is_so for *_, is_so in example.words]))


def _padded(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, kinds, and where they are."""
    out = torch.zeros(3, len(rows), max(len(row.tokens) for row in rows), dtype=torch.long)
    for place, row in enumerate(rows):
        for kind, values in enumerate((row.tokens, row.kinds, [1] * len(row.tokens))):
            out[kind, place, : len(values)] = torch.tensor(values)
    return out[0], out[1], out[2]


def export(model: Tuned, path: Path) -> None:
    """Write the model as ONNX with weights of 8 bits, of which 7 are used: sums overflow on some processors else."""
    tokens = torch.tensor([[101, 102, 102]])
    axes = {name: {0: "rows", 1: "tokens"} for name in ("tokens", "kinds", "odds")}
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder, "whole.onnx"))
        torch.onnx.export(
            model, (tokens, tokens * 0), whole, input_names=["tokens", "kinds"], output_names=["odds"],
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(whole, str(path), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    print(f"wrote {path.name} ({path.stat().st_size / 1e6:.1f} MB)", flush=True)


def main() -> None:
    """Tune to the meetings but a third, for each third; then to all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", nargs="?", default=BASE)
    start = parser.parse_args().start
    language = English()
    meetings = [read_meeting(path, language) for path in sorted((ROOT / "tests/data/tickets").glob("en-dev-*.json"))]
    reader_path(0).parent.mkdir(parents=True, exist_ok=True)
    for reader in range(READERS):
        rest = [meeting for place, meeting in enumerate(meetings) if place % READERS != reader]
        export(tuned(rest, start), reader_path(reader))
    export(tuned(meetings, start), ROOT / "vori_ray/tickets/english" / MODEL)


if __name__ == "__main__":
    main()
