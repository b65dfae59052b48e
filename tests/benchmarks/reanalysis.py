"""Throughput of the reanalysis against bare faster-whisper: same sound, same demo model, same cores, same run.

    python -m tests.benchmarks.reanalysis [--minutes 50]

The reanalysis is measured whole: Ray Data's start, model loads, voice detection, decoding with word times, PostgreSQL,
and reading for tickets. Bare is `BatchedInferencePipeline.transcribe` as it comes (beam 5, batches of 8, its own voice
detection, no word times), with its model's load; beside it the same with word times, which the reanalysis has too.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import ray
from faster_whisper import BatchedInferencePipeline, WhisperModel

from tests.archive import Archive
from tests.speech.speech_support import load_meeting, truth_text
from vori_ray.local.postgres import PostgresServer
from vori_ray.reanalysis.job import Reanalysis
from vori_ray.reanalysis.pipeline import PipelineOptions
from vori_ray.reanalysis.plan import Wanted, make_plan
from vori_ray.speech.model_card import read_model_card
from vori_ray.speech.recognizer import DEMO_DIRECTORY, RecognizerOptions
from vori_ray.speech.scoring import error_rate
from vori_ray.speech.windows import SAMPLE_RATE, Samples
from vori_ray.storage.database import Database
from vori_ray.storage.migrate import upgrade
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.running import Reader, choose_extractors

GOAL = 0.95
MINUTES = 50.0  # an archive of an hour: the job's start, some seconds whatever its size, is in the figure
LANGUAGES = ("en", "ko")
OBJECT_STORE_BYTES = 256 * 2**20

Talk = tuple[str, Samples]


def ratio(minutes: float = MINUTES) -> dict[str, Any]:
    """`value`: throughput of the reanalysis over that of bare faster-whisper, with the figures behind it.

    Starts a PostgreSQL and a Ray of its own and ends them.
    """
    talks = demo_talks(minutes)
    audio_s = sum(len(samples) for _, samples in talks) / SAMPLE_RATE
    bare_s, bare_texts = bare(talks, word_times=False)
    with_times_s, _ = bare(talks, word_times=True)
    again = reanalyse(talks)
    value = bare_s / again["wall_s"]
    return {
        "goal": GOAL,
        "value": round(value, 3),
        "met": value >= GOAL,
        "value_with_word_times": round(with_times_s / again["wall_s"], 3),
        "cores": os.cpu_count(),
        "audio_s": round(audio_s, 1),
        "reanalysis_s": again["wall_s"],
        "bare_s": round(bare_s, 2),
        "bare_with_word_times_s": round(with_times_s, 2),
        "reanalysis_x_real_time": round(audio_s / again["wall_s"], 1),
        "bare_x_real_time": round(audio_s / bare_s, 1),
        "error_rates": {"bare": scores(talks, bare_texts), "reanalysis": scores(talks, again["texts"])},
    }


def demo_talks(minutes: float) -> list[Talk]:
    """The demo meetings in turn until there are enough minutes."""
    sounds = {language: load_meeting(language)[0] for language in LANGUAGES}
    talks: list[Talk] = []
    while sum(len(samples) for _, samples in talks) < minutes * 60 * SAMPLE_RATE:
        language = LANGUAGES[len(talks) % len(LANGUAGES)]
        talks.append((language, sounds[language]))
    return talks


def bare(talks: list[Talk], *, word_times: bool) -> tuple[float, list[str]]:
    """Seconds and texts of faster-whisper's batched pipeline, one file after the other."""
    started = time.perf_counter()
    model = WhisperModel(str(DEMO_DIRECTORY), device="cpu", cpu_threads=os.cpu_count() or 1)
    pipeline, texts = BatchedInferencePipeline(model), []
    for language, samples in talks:
        sound = samples.astype(np.float32) / 32768
        segments, _ = pipeline.transcribe(sound, language=language, beam_size=5, word_timestamps=word_times)
        texts.append(" ".join(segment.text for segment in segments))
    return time.perf_counter() - started, texts


def reanalyse(talks: list[Talk]) -> dict[str, Any]:
    """Seconds and texts of the job, from its plan to its last suggestion. The tables and Ray are there before."""
    card = read_model_card(DEMO_DIRECTORY)
    with tempfile.TemporaryDirectory(prefix="vori-bench-") as folder, database_in(Path(folder)) as database:
        with database.unit_of_work(None) as uow:
            group_id = uow.groups.add("Bench").id or 0
        archive = Archive(database, group_id, str(Path(folder) / "audio"))
        meetings = [archive.meeting(samples, language=language) for language, samples in talks]
        ray.init("local", object_store_memory=OBJECT_STORE_BYTES, log_to_driver=False, include_dashboard=False)
        try:
            started = time.perf_counter()
            plan = make_plan(
                database, Wanted("demo", archive.url, card.longest_window_s, LANGUAGES, "rules", group_id=group_id)
            )
            reader = Reader(ExtractionProgress(database), choose_extractors("rules"))
            report = Reanalysis(database, model="demo", reader=reader, say=print).run(plan, options())
            wall_s = round(time.perf_counter() - started, 2)
        finally:
            ray.shutdown()
        if report.failed or report.heard != len(meetings):
            raise AssertionError(f"expected {len(meetings)} meetings to be heard, came {report}")
        return {"wall_s": wall_s, "texts": [archive.text(meeting_id, 2) for meeting_id in meetings]}


def options() -> PipelineOptions:
    """What the job takes on a machine without a GPU."""
    return PipelineOptions(RecognizerOptions(device="cpu", cpu_threads=os.cpu_count() or 1), batch=4)


@contextmanager
def database_in(folder: Path) -> Iterator[Database]:
    """A migrated database of a PostgreSQL in a folder."""
    folder.chmod(0o711)
    server = PostgresServer(folder / "postgres", instance=f"bench-{os.getpid()}", is_durable=False)
    server.start()
    upgrade(server.url)
    database = Database(server.url)
    try:
        yield database
    finally:
        database.close()
        server.stop()


def scores(talks: list[Talk], texts: list[str]) -> dict[str, float]:
    """Mean error rate by language (WER, CER)."""
    truths = {language: truth_text(load_meeting(language)[1]) for language in LANGUAGES}
    found: dict[str, list[float]] = {}
    for (language, _), text in zip(talks, texts, strict=True):
        found.setdefault(language, []).append(error_rate(truths[language], text, language))
    return {language: round(float(np.mean(values)), 4) for language, values in found.items()}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=MINUTES)
    print(json.dumps(ratio(arguments.parse_args().minutes), indent=2))
