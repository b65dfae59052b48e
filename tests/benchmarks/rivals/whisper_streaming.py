"""whisper_streaming (github.com/ufal/whisper_streaming, MIT): its policy on faster-whisper, as its server runs it.

Its defaults: new sound is taken at least 1 s at a time, the buffer is trimmed at segments beyond 15 s, beam 5, the text
before the buffer as prompt, faster-whisper's voice filter. Set differently here: the model, the device (its file names
CUDA), and with --no-prompt the prompt, which our demo model was not made for. Its own voice controller (--vac) needs
torch and is not used. Its server takes one client a process, so one stream is one process.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import logging
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

MIN_CHUNK_S = 1.0
LAG_SAMPLE_S = 0.25


def load(path: Path) -> Any:
    """Its one module. What it imports only to open files may be missing: it is given arrays."""
    for name in ("librosa", "soundfile"):
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = types.ModuleType(name)
    sys.path.insert(0, str(path))
    module = importlib.import_module("whisper_online")
    logging.getLogger("whisper_online").setLevel(logging.ERROR)
    return module


def processor(module: Any, *, model: str, language: str, has_prompt: bool, threads: int) -> Any:
    """Its online processor on a model directory, on the CPU."""
    from faster_whisper import WhisperModel

    class OnCpu(module.FasterWhisperASR):  # type: ignore[misc]
        def load_model(self, modelsize: Any = None, cache_dir: Any = None, model_dir: Any = None) -> Any:
            return WhisperModel(model_dir, device="cpu", compute_type="int8", cpu_threads=threads)

    class Unprompted(module.OnlineASRProcessor):  # type: ignore[misc]
        def prompt(self) -> tuple[str, str]:
            return "", super().prompt()[1]

    asr = OnCpu(lan=language, model_dir=model)
    asr.use_vad()
    asr.transcribe_kargs = {"vad_filter": True}  # the name that faster-whisper knows it by
    return (module.OnlineASRProcessor if has_prompt else Unprompted)(asr)


class Playing:
    """Sound that becomes available in real time, and how long the oldest due part of it has waited."""

    def __init__(self, samples: np.ndarray) -> None:
        self._samples = samples
        self.began = time.monotonic()
        self.taken_s = 0.0
        self.lags_s: list[float] = []
        self.is_over = False
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def take(self) -> np.ndarray | None:
        """All new sound, once there is a chunk of it; None at the end."""
        duration_s = len(self._samples) / 16_000
        if self.taken_s >= duration_s:
            return None
        time.sleep(max(0.0, self.taken_s + MIN_CHUNK_S - self.now_s))
        begin, end_s = round(self.taken_s * 16_000), min(self.now_s, duration_s)
        self._pending = end_s
        return self._samples[begin : round(end_s * 16_000)]

    def done(self) -> None:
        """The sound that was taken has been decoded."""
        self.taken_s = self._pending

    def _watch(self) -> None:
        while not self.is_over:
            self.lags_s.append(max(0.0, self.now_s - self.taken_s - MIN_CHUNK_S))
            time.sleep(LAG_SAMPLE_S)


def play(online: Any, samples: np.ndarray) -> dict[str, Any]:
    """Its `online = simultaneous mode` loop."""
    playing, settled = Playing(samples), []
    while (chunk := playing.take()) is not None:
        online.insert_audio_chunk(chunk)
        with contextlib.suppress(AssertionError):  # it lets these pass too
            settled.append([online.process_iter()[2], playing.now_s])
        playing.done()
    playing.is_over = True
    settled.append([online.finish()[2], playing.now_s])
    return {"settled": [[word, at_s] for text, at_s in settled for word in text.split()], "lags_s": playing.lags_s}


def main() -> None:
    """Load, wait, play, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--sound", type=Path, required=True, help="16 kHz mono int16 as .npy")
    parser.add_argument("--language", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-prompt", action="store_true")
    arguments = parser.parse_args()
    online = processor(
        load(arguments.path),
        model=arguments.model,
        language=arguments.language,
        has_prompt=not arguments.no_prompt,
        threads=arguments.threads,
    )
    samples = np.load(arguments.sound).astype(np.float32) / 32768
    online.asr.transcribe(samples[: 2 * 16_000])
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(play(online, samples)), flush=True)


if __name__ == "__main__":
    main()
