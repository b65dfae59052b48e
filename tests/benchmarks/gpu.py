"""How many streams a GPU carries: the Transcriber's batches on random models of large-v3-turbo's and large-v3's sizes.

    python -m tests.benchmarks.gpu [--sizes large-v3-turbo large-v3] [--device cuda] [--seconds 20]
    python -m tests.benchmarks.gpu --device cpu --tiny        proves the script on a machine without a GPU

A stream that always speaks asks for two decodes a second. Every window holds ten seconds of noise and is decoded to 48
tokens (about four words a second), because random weights never end by themselves. Writes bench-results/gpu.json.
Without a GPU it says so, measures nothing and exits 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np

from tests.benchmarks.random_whisper import SIZES, build_model
from vori_ray.speech import recognizer as recognizing
from vori_ray.speech.batching import Batcher, BatchOptions
from vori_ray.speech.recognizer import PreparedWindow, Recognizer, RecognizerOptions
from vori_ray.speech.scoring import percentiles
from vori_ray.speech.windows import SAMPLE_RATE, WindowRequest

RESULT = Path(__file__).parents[2] / "bench-results" / "gpu.json"
WINDOW_S = 10
TOKENS = 48
DECODES_PER_S = 2.0
MAX_WINDOWS = 16


async def measure(model: Path, *, device: str, compute_type: str, beam_size: int, seconds: float) -> dict[str, Any]:
    """Keep the batcher full for some seconds."""
    recognizer = Recognizer(RecognizerOptions(model=str(model), device=device, compute_type=compute_type))
    batcher: Batcher[PreparedWindow] = Batcher(
        prepare=recognizer.prepare, decode=recognizer.decode, options=BatchOptions(max_windows=MAX_WINDOWS, parallel=1)
    )
    audio = np.random.default_rng(1).integers(-3000, 3000, WINDOW_S * SAMPLE_RATE).astype(np.int16)
    request = WindowRequest(audio=audio, start_s=0.0, language="en", beam_size=beam_size)
    await asyncio.gather(*(batcher.submit(request) for _ in range(MAX_WINDOWS)))
    ends_s, waits = time.monotonic() + seconds, list[float]()

    async def ask() -> None:
        while time.monotonic() < ends_s:
            asked_s = time.monotonic()
            await batcher.submit(request)
            waits.append(time.monotonic() - asked_s)

    began_s = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(2 * MAX_WINDOWS)))
    windows_per_s = len(waits) / (time.monotonic() - began_s)
    stats = batcher.stats
    await batcher.close()
    return {
        "beam": beam_size,
        "compute_type": recognizer.compute_type,
        "windows_per_s": round(windows_per_s, 2),
        "streams": int(windows_per_s / DECODES_PER_S),
        "windows_a_batch": round(stats.windows / stats.batches, 1),
        "wait_s": percentiles(waits),
    }


def main() -> None:
    """Build, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["large-v3-turbo", "large-v3"])
    parser.add_argument("--tiny", action="store_const", dest="sizes", const=["tiny"], help="a model for a proof")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--compute-type", default="default", help="e.g. float16, int8_float16")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of one measurement")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not ctranslate2.get_cuda_device_count():
        print("no GPU is here: nothing was measured. Prove the script with --device cpu --tiny")
        return
    recognizing.TOKENS_PER_S = (TOKENS - 8) * recognizing.FRAMES_PER_S / 3000
    found: dict[str, Any] = {}
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(prefix="vori-gpu-") as folder:
            print(f"-- {size}: {SIZES[size]}", flush=True)
            model = build_model(Path(folder), size)
            found[size] = []
            for beam_size in (1, 5):
                how = {"device": arguments.device, "compute_type": arguments.compute_type, "seconds": arguments.seconds}
                found[size].append(asyncio.run(measure(model, beam_size=beam_size, **how)))
                print(f"   {found[size][-1]}", flush=True)
    about = {"device": arguments.device, "ctranslate2": version("ctranslate2"), "window_s": WINDOW_S, "tokens": TOKENS}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(about | {"sizes": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
