"""Starts a rival's program for each stream, lets all begin together, and reads what they settled."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.speech_rig import Played, Recording
from vori_ray.speech.recognizer import DEMO_DIRECTORY
from vori_ray.speech.scoring import TimedWord

RIVALS = ("whisper_streaming", "whisper_live", "whisper_live_kit", "realtime_stt")
START_TIMEOUT_S = 180.0
ROOT = Path(__file__).parents[3]


async def play_rival(
    name: str, path: Path, recordings: Sequence[Recording], *, extra: Sequence[str] = ()
) -> list[Played]:
    """Play recordings at the same time, at real time, one process each."""
    with tempfile.TemporaryDirectory(prefix="vori-rival-") as folder:
        processes = [await _start(name, path, item, f"{folder}/{n}.npy", extra) for n, item in enumerate(recordings)]
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await asyncio.gather(*(_ready(process) for process in processes))
            return await asyncio.gather(
                *(_play(process, item) for process, item in zip(processes, recordings, strict=True))
            )
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


async def _start(name: str, path: Path, recording: Recording, sound: str, extra: Sequence[str]) -> Any:
    np.save(sound, recording.samples)
    own = path.absolute() / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    command = [python, "-m", f"tests.benchmarks.rivals.{name}", "--path", str(path.absolute())]
    command += ["--sound", sound, "--model", str(DEMO_DIRECTORY), "--language", recording.language, *extra]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**24)


async def _ready(process: Any) -> None:
    while (line := await process.stdout.readline()) != b"ready\n":
        if not line:
            raise RuntimeError(f"a rival ended before it was ready, exit status {await process.wait()}")


async def _play(process: Any, recording: Recording) -> Played:
    answer, _ = await process.communicate(b"\n")
    found = json.loads(answer.splitlines()[-1])
    settled = [TimedWord(text, at_s) for text, at_s in found["settled"]]
    return Played(recording, settled, found["lags_s"], len(recording.samples) / 16_000)
