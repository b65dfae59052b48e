"""The job's command line: arguments and settings to values, then plan and run. Prints progress and the report."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ray

from vori_ray.errors import BadInputError, VoriError
from vori_ray.reanalysis.job import HOUR_S, Reanalysis, Report
from vori_ray.reanalysis.pipeline import PipelineOptions
from vori_ray.reanalysis.plan import Plan, Wanted, make_plan
from vori_ray.settings import Settings
from vori_ray.speech.model_card import read_model_card
from vori_ray.speech.recognizer import RecognizerOptions, locate_model
from vori_ray.storage.database import Database
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.running import ExtractorChoice, Reader, choose_extractors

CPU_BATCH, GPU_BATCH = 4, 16
OWN_STORE_BYTES = 256 * 2**20

Say = Callable[[str], None]


def parser() -> argparse.ArgumentParser:
    """The options; what is not given comes from the settings."""
    options = argparse.ArgumentParser(prog="reanalyze.py", description="Hear archived meetings again.")
    which = options.add_mutually_exclusive_group(required=True)
    which.add_argument("--group", type=int, help="all ended meetings of this group")
    which.add_argument("--meetings", type=_ids, help="some meetings: 1,2,3")
    options.add_argument("--model", help="demo, a faster-whisper name or a directory; VORI_MODEL if not given")
    options.add_argument("--device", choices=("auto", "cpu", "cuda"), help="VORI_DEVICE if not given")
    options.add_argument("--compute-type", help="VORI_COMPUTE_TYPE if not given")
    options.add_argument("--extractor", choices=("auto", "claude", "rules"), help="VORI_EXTRACTOR if not given")
    options.add_argument("--actors", type=_count, help="models at once; one a GPU, or one on a CPU, if not given")
    options.add_argument("--threads", type=_count, help="threads of a model on a CPU; VORI_CPU_THREADS if not given")
    options.add_argument("--batch", type=_count, help=f"windows a decode; {CPU_BATCH} on a CPU, {GPU_BATCH} on a GPU")
    options.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    options.add_argument("--json", type=Path, help="write the report to this file")
    return options


def main(arguments: Sequence[str]) -> int:
    """Run the job; returns the exit code. An error is printed as one line."""
    given = parser().parse_args(arguments)
    started = time.monotonic()

    def say(message: str) -> None:
        print(f"[{time.monotonic() - started:7.1f} s] {message}", flush=True)

    try:
        return _run(given, Settings(), say)
    except VoriError as exc:
        say(f"error: {exc.message}")
        return 1


def _run(given: argparse.Namespace, settings: Settings, say: Say) -> int:
    if settings.database_url is None:
        raise BadInputError("expected VORI_DATABASE_URL to be set: `vori reanalyze` sets it")
    model = given.model or settings.model
    choice = _choice(settings, given.extractor or settings.extractor)
    database = Database(settings.database_url)
    plan = make_plan(database, _wanted(given, settings, model, choice))
    _show(plan, say)
    if given.dry_run:
        return 1 if plan.failed else 0
    reader = Reader(ExtractionProgress(database), choice)
    work = Reanalysis(database, model=_name(model), reader=reader, say=say)
    options = _start_ray(given, settings, model) if plan.hear else PipelineOptions(RecognizerOptions())
    report = work.run(plan, options)
    _conclude(report, given.json, say)
    return 1 if report.failed else 0


def _wanted(given: argparse.Namespace, settings: Settings, model: str, choice: ExtractorChoice) -> Wanted:
    return Wanted(
        model=_name(model),
        journal_url=settings.audio_url,
        longest_s=read_model_card(locate_model(model)).longest_window_s,
        languages=settings.allowed_languages,
        extractor=(choice.claude or choice.rules).name,
        group_id=given.group,
        meeting_ids=tuple(given.meetings or ()),
    )


def _choice(settings: Settings, extractor: str) -> ExtractorChoice:
    return choose_extractors(
        extractor,
        api_key=settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else None,
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        timeout_s=settings.llm_timeout_s,
        budget_usd=settings.llm_budget_usd,
    )


def _name(model: str) -> str:
    """What a version says of its model: a directory's name rather than where it lies."""
    return Path(model).name if Path(model).is_dir() else model


def _start_ray(given: argparse.Namespace, settings: Settings, model: str) -> PipelineOptions:
    """Join the cluster (or begin one of this process's own) and fit the pipeline to it."""
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False, logging_level="WARNING")
    else:
        ray.init("local", log_to_driver=False, logging_level="WARNING", object_store_memory=OWN_STORE_BYTES)
    gpus = int(ray.cluster_resources().get("GPU", 0))
    device = given.device or settings.device
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    if device == "cuda" and not gpus:
        raise BadInputError("expected a GPU for --device cuda, the cluster has none")
    is_gpu = device == "cuda"
    recognizer = RecognizerOptions(
        model=model,
        device=device,
        compute_type=given.compute_type or settings.compute_type,
        cpu_threads=given.threads or settings.cpu_threads,
    )
    return PipelineOptions(
        recognizer,
        actors=given.actors or (gpus if is_gpu else 1),
        num_gpus=1.0 if is_gpu else 0.0,
        batch=given.batch or (GPU_BATCH if is_gpu else CPU_BATCH),
    )


def _show(plan: Plan, say: Say) -> None:
    hours = sum(task.duration_s for task in plan.hear) / HOUR_S
    say(
        f"{plan.total} meetings: {len(plan.hear)} to be heard ({hours:.2f} h of sound), {len(plan.reread)} only to be"
        f" read for tickets, {len(plan.done)} done before, {len(plan.skipped)} left out, {len(plan.failed)} failed"
    )
    for what, reasons in (("left out", plan.skipped), ("failed", plan.failed)):
        for meeting_id, reason in reasons.items():
            say(f"meeting {meeting_id} {what}: {reason}")


def _conclude(report: Report, path: Path | None, say: Say) -> None:
    for meeting_id, note in report.notes.items():
        say(f"meeting {meeting_id}: {note}")
    say(
        f"heard {report.heard}, done before {report.done_before}, left out {len(report.skipped)}, failed"
        f" {len(report.failed)}; {report.suggestions} suggestions wait; {report.audio_s / HOUR_S:.2f} h of sound in"
        f" {report.wall_s:.1f} s"
    )
    document = json.dumps(report.as_dict())
    print(f"report: {document}", flush=True)
    if path is not None:
        path.write_text(document + "\n", encoding="utf-8")


def _ids(text: str) -> list[int]:
    try:
        return [_count(part) for part in text.split(",")]
    except argparse.ArgumentTypeError as exc:
        raise argparse.ArgumentTypeError(f"expected meetings as 1,2,3, got {text!r}") from exc


def _count(text: str) -> int:
    if not text.strip().isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)
