"""The same recordings decoded offline, with beam 5 and voice detection: what streaming is measured against."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from tests.benchmarks.speech_rig import Recording
from vori_ray.speech import silero
from vori_ray.speech.recognizer import DEMO_DIRECTORY, Recognizer
from vori_ray.speech.scoring import error_rate
from vori_ray.speech.vad import HOP, Endpointer, EndpointerOptions, PointKind
from vori_ray.speech.windows import SAMPLE_RATE, Samples, WindowRequest


def offline_error_rates(recognizer: Recognizer, recording: Recording) -> dict[str, float]:
    """Error rates of three offline ways: faster-whisper on the whole file (plain and batched), and utterance by
    utterance as our voice detection cuts them."""
    texts = {
        "offline_whole_file": _whole_file(recording, is_batched=False),
        "offline_batched": _whole_file(recording, is_batched=True),
        "offline_by_utterance": _by_utterance(recognizer, recording),
    }
    return {name: round(error_rate(recording.text, text, recording.language), 4) for name, text in texts.items()}


def _whole_file(recording: Recording, *, is_batched: bool) -> str:
    model = WhisperModel(str(DEMO_DIRECTORY), device="cpu", compute_type="int8", cpu_threads=2)
    audio = recording.samples.astype(np.float32) / 32768
    if is_batched:
        pipeline = BatchedInferencePipeline(model)
        segments, _ = pipeline.transcribe(audio, language=recording.language, beam_size=5, batch_size=4)
    else:
        segments, _ = model.transcribe(
            audio, language=recording.language, beam_size=5, vad_filter=True, condition_on_previous_text=False
        )
    return " ".join(segment.text for segment in segments)


def _by_utterance(recognizer: Recognizer, recording: Recording) -> str:
    texts: list[str] = []
    for low, high in utterances(recording.samples, int(recognizer.card.longest_window_s * SAMPLE_RATE)):
        window = WindowRequest(
            audio=recording.samples[low:high],
            start_s=0.0,
            language=recording.language,
            beam_size=5,
            is_final=True,
        )
        (result,) = recognizer.decode([recognizer.prepare(window)])
        texts += [word.text for word in result.words]
    return " ".join(texts)


def utterances(samples: Samples, longest: int) -> list[tuple[int, int]]:
    """Samples from and to of every utterance as our voice detection cuts them, none longer than `longest`."""
    endpointer, state = Endpointer(EndpointerOptions()), silero.initial_state()
    found = []
    for start in range(0, len(samples) - HOP + 1, HOP):
        probability, state = silero.speech_probability(samples[start : start + HOP], state)
        found += endpointer.advance(probability)
    found += endpointer.end()
    ends = [(point.start, point.at) for point in found if point.kind is PointKind.UTTERANCE_END]
    return [piece for start, end in ends for piece in _pieces(start, end, longest)]


def _pieces(start: int, end: int, longest: int) -> list[tuple[int, int]]:
    bounds = np.linspace(start, end, -(-(end - start) // longest) + 1).astype(int).tolist()
    return list(pairwise(bounds))
