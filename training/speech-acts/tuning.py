"""Tunes the English encoder to the meetings with gold; train.py builds the linear models on it.

    python training/speech-acts/tuning.py takes|titles|claims [START] [--without N]

`takes`: which turns take work on. `titles`: which words near such a turn name the work. `claims`: what a turn says of a
ticket's status.
START is all-MiniLM-L6-v2, by its name on the model hub or as a folder of `transformers`. Writes the package's encoder,
and under build/ those that train.py needs besides: each was tuned without some of the meetings, and reads those.
--without makes one of these alone, for who has several processors. Needs torch, transformers and onnx beside the
project's own packages; each task takes up to an hour on two cores. Knows nothing about the linear models but which
turns those of the package take for reports, or for taking work on, at all: few others are examples.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from english import ACTS, READERS, English, belongs, reader_path, templated_talks
from meetings import Meeting, read_meeting
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from transformers import AutoModel

from vori_ray.tickets.claiming import BECOMES, MAY_BE
from vori_ray.tickets.english.claim_reader import REPORTS, claim_row
from vori_ray.tickets.english.claims import may_speak_of
from vori_ray.tickets.english.encoder import CLAIMS, TAKES, TITLES, Row
from vori_ray.tickets.english.reader import turns_of
from vori_ray.tickets.english.take_reader import take_row
from vori_ray.tickets.english.title_reader import title_row
from vori_ray.tickets.english.titles import places
from vori_ray.tickets.heard import Turns
from vori_ray.tickets.linear import learned, probability

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "vori_ray.tickets.english"
BASE = "sentence-transformers/all-MiniLM-L6-v2"
SEED = 1
RATE, HEAD_RATE = 7e-5, 1e-3
WARM_UP = 60  # steps
DROPOUT = 0.1
ALIKE = 40  # tokens by which the rows of a batch may differ
MAYBE = 0.03  # how likely (0..1) the linear model must find it that a turn takes work on for the turn to be an example
EASY = 10  # one in so many of the turns that cannot be taken for what is looked for
OPSET = 17


@dataclass(frozen=True)
class Example:
    """A row, and what is to be told of it: the first and last token of a word, or the place of a report; if it is so."""

    row: Row
    told: list[tuple[int, int, float]]


class Tuned(nn.Module):
    """The encoder, with a head for what it is to tell."""

    def __init__(self, start: str, *, outputs: int, inputs: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(start, add_pooling_layer=False)
        self.head = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(inputs * self.encoder.config.hidden_size, outputs))

    def read(self, tokens: Tensor, kinds: Tensor, mask: Tensor | None) -> Tensor:
        """(rows, tokens) each -> (rows, tokens, width)."""
        return self.encoder(input_ids=tokens, token_type_ids=kinds, attention_mask=mask).last_hidden_state


class Titles(Tuned):
    """The log odds of each token to be of a title."""

    def __init__(self, start: str) -> None:
        super().__init__(start, outputs=1, inputs=1)

    def forward(self, tokens: Tensor, kinds: Tensor, mask: Tensor | None = None) -> Tensor:
        """(rows, tokens) each -> (rows, tokens)."""
        return self.head(self.read(tokens, kinds, mask))[..., 0].float()


class Reports(Tuned):
    """The log odds of each of what a turn may do, by the row's first token and those of the turn."""

    def __init__(self, start: str, *, outputs: int) -> None:
        super().__init__(start, outputs=outputs, inputs=2)

    def forward(self, tokens: Tensor, kinds: Tensor, mask: Tensor | None = None) -> Tensor:
        """(rows, tokens) each -> (rows, reports)."""
        read = self.read(tokens, kinds, mask)
        of_turn = kinds.unsqueeze(-1).to(read.dtype)
        turn = (read * of_turn).sum(1) / of_turn.sum(1).clamp(min=1)
        return self.head(torch.cat([turn, read[:, 0]], -1)).float()


@dataclass(frozen=True)
class Task:
    """What the encoder is tuned to."""

    model: Callable[[str], Tuned]
    examples: Callable[[Meeting], Iterator[Example]]
    file: str
    meetings: str  # a pattern of their files
    rounds: int
    batch: int
    more: Callable[[], Iterator[Example]] = lambda: iter(())  # examples of no meeting


def take_examples(meeting: Meeting) -> Iterator[Example]:
    """One of each turn that takes work on, might be taken for such, or is one of some others."""
    does = meeting.classes["self"] | meeting.classes["other"]
    turns = turns_of(meeting.talk, learned(PACKAGE))
    for turn in range(len(meeting.talk.turns)):
        if turn not in meeting.ignored and (turn in does or _may_take(turns, turn) or turn % EASY == 0):
            yield Example(take_row(meeting.talk, turn), [(0, 1, float(turn in does))])


def _may_take(turns: Turns, turn: int) -> bool:
    return probability(max(turns.of("self", turn), turns.of("other", turn))) >= MAYBE


def take_templates() -> Iterator[Example]:
    """One of each templated act."""
    for name, talk, turn in templated_talks(ACTS):
        yield Example(take_row(talk, turn), [(0, 1, float(name in ("self", "other")))])


def title_examples(meeting: Meeting) -> Iterator[Example]:
    """One of each ticket of a meeting: its words that may stand in the title."""
    for turn, ticket in meeting.taken:
        row = title_row(meeting.talk, turn)
        is_so = belongs([ticket["title"], *ticket.get("alt_titles", ())])
        words = [
            (*row.words[place], float(is_so(key))) for key, place in places(meeting.talk, turn) if place in row.words
        ]
        if words:
            yield Example(row, words)


def claim_examples(meeting: Meeting) -> Iterator[Example]:
    """One of each turn and ticket of which it speaks or might: what may be said of a ticket of that status."""
    talk, said_so = meeting.talk, meeting.said_so
    turns = turns_of(talk, learned(PACKAGE))
    for turn in range(len(talk.turns)):
        for ticket, status in talk.statuses.items():
            reports = MAY_BE[status]
            is_so = {says: (turn, ticket, BECOMES[says]) in said_so for says in reports}
            if any(is_so.values()) or may_speak_of(talk, turns, turn, ticket):
                places_of = [(REPORTS.index(says), REPORTS.index(says) + 1, float(is_so[says])) for says in reports]
                yield Example(claim_row(talk, turn, ticket), places_of)


TASKS = {
    "takes": Task(
        partial(Reports, outputs=1), take_examples, TAKES, "en-*.json", rounds=2, batch=16, more=take_templates
    ),
    "titles": Task(Titles, title_examples, TITLES, "en-*.json", rounds=4, batch=8),
    # The short meetings ("plain") have few tickets on their boards.
    "claims": Task(
        partial(Reports, outputs=len(REPORTS)), claim_examples, CLAIMS, "en-dev-*.json", rounds=3, batch=16
    ),
}


def tuned(meetings: Sequence[Meeting], task: Task, start: str) -> Tuned:
    """The encoder tuned to some meetings."""
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    model = task.model(start)
    of_all = [example for meeting in meetings for example in task.examples(meeting)] + list(task.more())
    batches = [batch for _ in range(task.rounds) for batch in _batches(of_all, task.batch, chance)]
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


def _batches(of_all: Sequence[Example], size: int, chance: random.Random) -> list[list[Example]]:
    """Every example once, rows of like length together."""
    order = sorted(of_all, key=lambda each: len(each.row.tokens) + chance.randrange(ALIKE))
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    chance.shuffle(batches)
    return batches


def _loss(example: Example, odds: Tensor) -> Tensor:
    found = torch.stack([odds[first:stop].mean() for first, stop, _ in example.told])
    return cross_entropy(found, torch.tensor([is_so for *_, is_so in example.told]))


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
    axes = {name: {0: "rows", 1: "tokens"} for name in ("tokens", "kinds")}
    axes["odds"] = axes["tokens"] if isinstance(model, Titles) else {0: "rows"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = str(Path(folder, "whole.onnx"))
        torch.onnx.export(
            model, (tokens, torch.ones_like(tokens)), whole, input_names=["tokens", "kinds"], output_names=["odds"],
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(whole, str(path), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    print(f"wrote {path.name} ({path.stat().st_size / 1e6:.1f} MB)", flush=True)


def main() -> None:
    """Tune to the meetings but a third, for each third; then to all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("start", nargs="?", default=BASE)
    parser.add_argument("--without", type=int, choices=range(READERS + 1), help=f"which third; {READERS} for none")
    options = parser.parse_args()
    language, task = English(), TASKS[options.task]
    meetings = [read_meeting(path, language) for path in sorted((ROOT / "tests/data/tickets").glob(task.meetings))]
    for reader in range(READERS + 1) if options.without is None else [options.without]:
        rest = [meeting for place, meeting in enumerate(meetings) if place % READERS != reader or reader == READERS]
        path = ROOT / "vori_ray/tickets/english" / task.file if reader == READERS else reader_path(task.file, reader)
        export(tuned(rest, task, options.start), path)


if __name__ == "__main__":
    main()
