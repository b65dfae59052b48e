"""The bulk of the work on Ray Data: streams -> windows -> words, on as many actors as there are places for.

    sources --cut (tasks)--> rows of windows --Transcribe (actors, one model each)--> rows of words

A row is a window, or the end of a stream: how many windows it had, or what was wrong with it. Errors travel in rows,
so that one meeting's do not stop the others. Rows come in no order. Knows nothing of databases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import ray

from vori_ray.errors import VoriError
from vori_ray.reanalysis.cutting import Piece, Window, spread
from vori_ray.reanalysis.sound import Source, windows_of
from vori_ray.speech.guards import guard_sound, guard_words
from vori_ray.speech.recognizer import PreparedWindow, Recognizer, RecognizerOptions
from vori_ray.speech.windows import WindowRequest, WindowResult, Word

BLOCK_BYTES = 8 * 2**20
STORE_BYTES = 128 * 2**20
"""What the pipeline may hold in the object store, which is small here (256 MB) and not its own."""
DECODES_A_BATCH = 4
BEAM = 5

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """`actors` models at once, each with `num_cpus` of Ray's bookkeeping and `num_gpus`; `batch` windows a decode."""

    recognizer: RecognizerOptions
    actors: int = 1
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    cutters: int = 1
    batch: int = 8


@dataclass(frozen=True, slots=True)
class HeardWindow:
    """Words of one window by piece, in stream time."""

    source: int
    pieces: tuple[tuple[Piece, tuple[Word, ...]], ...]
    language: str


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """A stream was cut into `windows`, or could not be: `error`."""

    source: int
    windows: int
    error: str | None = None


Heard = HeardWindow | StreamEnd


def hear(sources: Sequence[Source], options: PipelineOptions) -> Iterator[Heard]:
    """Hear all sources. Raises what Ray Data raises where the pipeline as a whole fails, such as a model not found."""
    _limit()
    listed = ray.data.from_items([{"source": index} for index in range(len(sources))], override_num_blocks=len(sources))
    cut = listed.map_batches(
        Cut,
        fn_constructor_args=(list(sources),),
        compute=ray.data.ActorPoolStrategy(size=options.cutters),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0.5,
    )
    heard = cut.map_batches(
        Transcribe,
        fn_constructor_args=(options.recognizer, options.batch),
        compute=ray.data.ActorPoolStrategy(size=options.actors),
        batch_size=DECODES_A_BATCH * options.batch,
        batch_format="pyarrow",
        num_cpus=options.num_cpus,
        num_gpus=options.num_gpus,
    )
    for batch in heard.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        for row in batch.to_pylist():
            yield _heard(row)


def _limit() -> None:
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = BLOCK_BYTES
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    limits = context.execution_options.resource_limits
    context.execution_options.resource_limits = limits.copy(object_store_memory=STORE_BYTES)


class Cut:
    """Cuts streams into windows, one at a time, block by block."""

    def __init__(self, sources: list[Source]) -> None:
        self._sources = sources

    def __call__(self, batch: pa.Table) -> Iterator[pa.Table]:
        """The windows of the streams in the batch, and the end of each."""
        for source in batch.column("source").to_pylist():
            yield from self._cut(source)

    def _cut(self, index: int) -> Iterator[pa.Table]:
        source, count, rows, size = self._sources[index], 0, [], 0
        try:
            for window in windows_of(source):
                rows.append(_window_row(index, source, window))
                count, size = count + 1, size + window.audio.nbytes
                if size >= BLOCK_BYTES // 2:
                    yield _table(rows)
                    rows, size = [], 0
            rows.append(_end_row(StreamEnd(index, count)))
        except (VoriError, OSError) as exc:
            rows = [_end_row(StreamEnd(index, count, str(exc)))]
        yield _table(rows)


class Transcribe:
    """One model, loaded once. Windows of a batch are decoded together where their lengths allow it."""

    def __init__(self, options: RecognizerOptions, batch: int) -> None:
        self._recognizer = Recognizer(options)
        self._batch = batch

    def __call__(self, batch: pa.Table) -> pa.Table:
        """The words of the batch's windows; a stream's end passes through."""
        rows = batch.to_pylist()
        windows = [row for row in rows if row["windows"] < 0]
        answers = [_answer(row, result) for row, result in self._decode(windows)]
        return _table([row for row in rows if row["windows"] >= 0] + answers)

    def _decode(self, rows: Sequence[Row]) -> Iterator[tuple[Row, WindowResult | str]]:
        by_key: dict[object, list[tuple[Row, PreparedWindow]]] = {}
        for row in rows:
            request = _request(row)
            if guard_sound(request.audio, row["speech"]) is not None:
                yield row, WindowResult((), request.language or "")
                continue
            try:
                prepared = self._recognizer.prepare(request)
            except VoriError as exc:
                yield row, str(exc)
                continue
            by_key.setdefault(prepared.key, []).append((row, prepared))
        for group in by_key.values():
            for start in range(0, len(group), self._batch):
                yield from self._decode_together(group[start : start + self._batch])

    def _decode_together(self, group: Sequence[tuple[Row, PreparedWindow]]) -> Iterator[tuple[Row, WindowResult | str]]:
        """Where a batch fails, each window is tried alone: the others' words are not lost by one of them."""
        rows = [row for row, _ in group]
        try:
            results = self._recognizer.decode([prepared for _, prepared in group])
        except (VoriError, RuntimeError, ValueError) as exc:
            if len(group) == 1:
                yield rows[0], f"a window could not be decoded: {exc}"
                return
            for one in group:
                yield from self._decode_together([one])
            return
        yield from zip(rows, results, strict=True)


def _window_row(index: int, source: Source, window: Window) -> Row:
    pieces = [[piece.utterance, piece.part, piece.start, piece.end, piece.speech] for piece in window.pieces]
    how = {"language": source.language, "languages": source.languages, "vocabulary": source.vocabulary}
    return {
        "source": index,
        "windows": -1,
        "error": "",
        "speech": window.speech,
        "audio": window.audio.tobytes(),
        "pieces": json.dumps(pieces),
        "details": json.dumps(how),
    }


def _end_row(end: StreamEnd) -> Row:
    blank = {"speech": 0, "audio": b"", "pieces": "", "details": ""}
    return blank | {"source": end.source, "windows": end.windows, "error": end.error or ""}


def _request(row: Row) -> WindowRequest:
    how = json.loads(row["details"])
    return WindowRequest(
        audio=np.frombuffer(row["audio"], np.int16),
        start_s=0.0,
        language=how["language"],
        languages=tuple(how["languages"]),
        vocabulary=tuple(how["vocabulary"]),
        beam_size=BEAM,
        is_final=True,
    )


def _answer(row: Row, result: WindowResult | str) -> Row:
    """The window's row without its sound, with its words."""
    kept = {name: row[name] for name in ("source", "windows", "speech", "pieces")} | {"audio": b""}
    if isinstance(result, str):
        return kept | {"error": result, "details": ""}
    words, _ = guard_words(result, row["speech"])
    said = {"language": result.language, "words": [word.as_message() for word in words]}
    return kept | {"error": "", "details": json.dumps(said, ensure_ascii=False)}


def _heard(row: Row) -> Heard:
    if row["windows"] >= 0 or row["error"]:
        return StreamEnd(row["source"], row["windows"], row["error"] or None)
    said = json.loads(row["details"])
    pieces = [Piece(*piece) for piece in json.loads(row["pieces"])]
    words = [Word.from_message(word) for word in said["words"]]
    return HeardWindow(row["source"], tuple(spread(words, pieces)), said["language"])


SCHEMA = pa.schema(
    [
        ("source", pa.int32()),
        ("windows", pa.int32()),
        ("error", pa.string()),
        ("speech", pa.int32()),
        ("audio", pa.binary()),
        ("pieces", pa.string()),
        ("details", pa.string()),
    ]
)


def _table(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)
