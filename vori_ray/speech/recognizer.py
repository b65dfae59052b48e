"""Whisper on CTranslate2: a batch of windows in, a list of words with times for each of them out.

One decode goes: log-mel features -> encode once -> (language) -> generate -> align on the kept encoder output.
The batch path is our own because faster-whisper's pads every window to 30 s and encodes again to align; its
feature extractor, tokenizer and downloads are used as they are. This module knows nothing of sessions, queues
or Ray; it blocks, so call it in a thread.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations
from faster_whisper.utils import download_model
from numpy.typing import NDArray

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.speech.model_card import ModelCard, read_model_card
from vori_ray.speech.pieces import WrittenWord, piece_bytes, written_words
from vori_ray.speech.windows import SAMPLE_RATE, WindowRequest, WindowResult, Word

DEMO_MODEL = "demo"
DEMO_DIRECTORY = Path(__file__).parent.parent / "data" / "whisper-demo"
PROMPT_BUCKETS = (48, 16, 0)
"""Exact prompt lengths in tokens: CTranslate2 wants <|startoftranscript|> at one index in a whole batch."""
_TAIL = 400
"""Silent samples after a window, one FFT long: the rest of its bucket is then filled with the features of silence."""
FRAMES_PER_S = 100
TOKENS_PER_S = 10
PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RecognizerOptions:
    """Which model runs where. `model`: "demo", a directory, or a name that faster-whisper knows or finds on the hub."""

    model: str = DEMO_MODEL
    device: str = "auto"
    device_index: int = 0
    compute_type: str = "default"
    cpu_threads: int = 1
    parallel_batches: int = 1


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Windows with equal keys can be decoded together."""

    frames: int
    prompt_tokens: int
    beam_size: int


@dataclass(frozen=True, slots=True)
class PreparedWindow:
    """A request with its features (mel bins x frames of its bucket) and prompt tokens."""

    request: WindowRequest
    features: Features
    prompt: tuple[int, ...]
    content_frames: int

    @property
    def key(self) -> BatchKey:
        """What it can be batched with."""
        return BatchKey(self.features.shape[1], len(self.prompt), self.request.beam_size)


def locate_model(model: str) -> Path:
    """Directory of a model; downloads it when it is a hub name. Raises BadInputError, UnavailableError."""
    if model == DEMO_MODEL:
        return DEMO_DIRECTORY
    path = Path(model)
    if path.is_dir():
        return path
    try:
        return Path(download_model(model))
    except ValueError as exc:
        raise BadInputError(f"model {model!r} is no directory and no model that faster-whisper knows: {exc}") from exc
    except Exception as exc:
        raise UnavailableError(f"model {model!r} could not be downloaded: {exc}") from exc


class Recognizer:
    """One loaded model. `decode` may be called from several threads; they share the model's workers."""

    def __init__(self, options: RecognizerOptions) -> None:
        directory = locate_model(options.model)
        self.card: ModelCard = read_model_card(directory)
        self._model = _load(directory, options)
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizer = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
        self._by_language: dict[str, Tokenizer] = {}
        self._pieces: dict[int, bytes] = {}

    @property
    def device(self) -> str:
        """Where the model runs: "cpu" or "cuda"."""
        return str(self._model.device)

    @property
    def compute_type(self) -> str:
        """The arithmetic that CTranslate2 chose."""
        return str(self._model.compute_type)

    def prepare(self, request: WindowRequest) -> PreparedWindow:
        """Compute features and prompt tokens. Raises BadInputError for a window longer than 30 s or empty."""
        if not 0 < request.duration_s <= 30:
            raise BadInputError(
                f"a window holds more than 0 and at most 30 s of sound, came {request.duration_s:.2f} s"
            )
        audio = np.concatenate([request.audio.astype(np.float32) / 32768.0, np.zeros(_TAIL, np.float32)])
        features = self._features(audio)
        content = min(round(request.duration_s * FRAMES_PER_S), 3000)
        bucket = self._bucket_frames(content)
        padded = np.full((features.shape[0], bucket), features.min(), np.float32)
        padded[:, : features.shape[1]] = features[:, :bucket]
        return PreparedWindow(request, padded, self._prompt_tokens(request), content)

    def decode(self, batch: Sequence[PreparedWindow]) -> list[WindowResult]:
        """Decode windows of one key; the answers stand in their order."""
        started = time.perf_counter()
        encoded = self.encode(batch)
        probabilities = self._detect(encoded, batch)
        languages = [_language_of(item.request, found) for item, found in zip(batch, probabilities, strict=True)]
        generated = self._generate(encoded, batch, languages)
        tokens = [self._text_tokens(answer.sequences_ids[0]) for answer in generated]
        words = self._align(encoded, batch, languages, tokens)
        decode_s = time.perf_counter() - started
        return [
            WindowResult(
                words=words[index],
                language=languages[index],
                language_probabilities=probabilities[index],
                avg_logprob=answer.scores[0],
                no_speech_probability=answer.no_speech_prob,
                decode_s=decode_s,
                batch_windows=len(batch),
            )
            for index, answer in enumerate(generated)
        ]

    def warm_up(self) -> None:
        """Decode silence as long as live windows are, with every beam: the first real window does not wait then."""
        for seconds in self._live_buckets():
            for window in self._silences(seconds):
                self.decode([window])

    def silent_batches(self, *, windows: int) -> Iterator[list[PreparedWindow]]:
        """Silence in every batch that live sessions may make, of 2 to `windows` windows."""
        for seconds, size in itertools.product(self._live_buckets(), range(2, windows + 1)):
            yield [self._silences(seconds)[0]] * size

    def _live_buckets(self) -> list[float]:
        """Lengths (s) to which the windows of sessions are padded."""
        buckets = sorted(self.card.frame_buckets_s)
        return [to for above, to in itertools.pairwise([0.0, *buckets]) if above < self.card.longest_window_s]

    def _silences(self, seconds: float) -> list[PreparedWindow]:
        """Silence of some length, as it is decoded while people speak and at the end."""
        audio = np.zeros(int(seconds * SAMPLE_RATE), np.int16)
        return [
            self.prepare(WindowRequest(audio=audio, start_s=0.0, language=self._any_language, beam_size=beam_size))
            for beam_size in (1, 5)
        ]

    @property
    def _any_language(self) -> str:
        return self.card.languages[0] if self.card.languages else "en"

    @cached_property
    def _suppressed(self) -> list[int]:
        return list(get_suppressed_tokens(self._language_tokenizer(self._any_language), [-1]))

    def _language_tokenizer(self, language: str) -> Tokenizer:
        if language not in self._by_language:
            multilingual = self._model.is_multilingual
            try:
                made = Tokenizer(self._tokenizer, multilingual, task="transcribe", language=language)
            except ValueError as exc:
                raise BadInputError(f"the model knows no language {language!r}", code="unknown_language") from exc
            self._by_language[language] = made
        return self._by_language[language]

    def _bucket_frames(self, frames: int) -> int:
        fitting = [round(bucket_s * FRAMES_PER_S) for bucket_s in self.card.frame_buckets_s]
        return min((bucket for bucket in fitting if bucket >= frames), default=3000)

    def _prompt_tokens(self, request: WindowRequest) -> tuple[int, ...]:
        if not self.card.uses_prompt:
            return ()
        names: list[int] = []
        if request.vocabulary:
            names = self._tokenizer.encode(" " + ", ".join(request.vocabulary) + ".", add_special_tokens=False).ids
        return fill_prompt(tuple(names), request.prompt)

    def encode(self, batch: Sequence[PreparedWindow]) -> Any:
        return self._model.encode(ctranslate2.StorageView.from_array(np.stack([item.features for item in batch])))

    def _detect(self, encoded: Any, batch: Sequence[PreparedWindow]) -> list[dict[str, float]]:
        wanted = [item.request.wants_language or item.request.language is None for item in batch]
        if not any(wanted) or not self._model.is_multilingual:
            return [{} for _ in batch]
        found = self._model.detect_language(encoded)
        return [
            _restrict({token[2:-2]: probability for token, probability in pairs}, item.request.languages)
            if want
            else {}
            for pairs, item, want in zip(found, batch, wanted, strict=True)
        ]

    def _generate(self, encoded: Any, batch: Sequence[PreparedWindow], languages: list[str]) -> Any:
        prompts = [self._start_tokens(item, language) for item, language in zip(batch, languages, strict=True)]
        new_tokens = 8 + round(TOKENS_PER_S * batch[0].features.shape[1] / FRAMES_PER_S)
        return self._model.generate(
            encoded,
            prompts,
            beam_size=batch[0].request.beam_size,
            max_length=min(448, len(batch[0].prompt) + 4 + new_tokens),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )

    def _start_tokens(self, item: PreparedWindow, language: str) -> list[int]:
        tokenizer = self._language_tokenizer(language)
        before = [tokenizer.sot_prev, *item.prompt] if item.prompt else []
        return [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps, *item.request.prefix]

    def _text_tokens(self, tokens: list[int]) -> list[int]:
        end = self._language_tokenizer(self._any_language).eot
        return [token for token in tokens if token < end]

    def _align(
        self, encoded: Any, batch: Sequence[PreparedWindow], languages: list[str], tokens: list[list[int]]
    ) -> list[tuple[Word, ...]]:
        words: list[tuple[Word, ...]] = [()] * len(batch)
        for chosen in self._align_groups(languages, tokens):
            tokenizer = self._language_tokenizer(languages[chosen[0]])
            answers = self._model.align(
                encoded if len(chosen) == len(batch) else _rows(encoded, chosen),
                tokenizer.sot_sequence,
                [tokens[index] for index in chosen],
                [batch[index].content_frames for index in chosen],
            )
            for index, answer in zip(chosen, answers, strict=True):
                words[index] = self._words(languages[index], tokens[index], answer, batch[index].request)
        return words

    def _words(self, language: str, tokens: list[int], answer: Any, request: WindowRequest) -> tuple[Word, ...]:
        """A last word that ends within a character waits for the next decode, where there is one."""
        pieces = [self._piece(token) for token in tokens[len(request.prefix) :]]
        written = written_words(pieces, language=language)
        is_held = bool(written) and not written[-1].is_whole and not request.is_final
        return tuple(_timed(written[:-1] if is_held else written, tokens, answer, request))

    def _piece(self, token: int) -> bytes:
        if token not in self._pieces:
            self._pieces[token] = piece_bytes(self._tokenizer.id_to_token(token) or "")
        return self._pieces[token]

    def _align_groups(self, languages: list[str], tokens: list[list[int]]) -> list[list[int]]:
        """Indices of windows to align together: one language each.

        CTranslate2 normalises attention over the batch's padded length, so company moves word times by 20 ms and more.
        On a CPU, where a batch costs as much as its parts, each window goes alone and its answer is always the same.
        """
        said = [index for index, own in enumerate(tokens) if own]
        if self.device == "cpu":
            return [[index] for index in said]
        return [[index for index in said if languages[index] == one] for one in sorted({languages[i] for i in said})]


def fill_prompt(names: tuple[int, ...], text: tuple[int, ...]) -> tuple[int, ...]:
    """A prompt of exactly 48, 16 or 0 tokens: names, repeated to fill it but at most half of it, then text."""
    total = len(names) + len(text)
    if names and total > PROMPT_BUCKETS[1]:
        bucket = PROMPT_BUCKETS[0]
    elif names:
        bucket = PROMPT_BUCKETS[1]
    else:
        bucket = next(bucket for bucket in PROMPT_BUCKETS if total >= bucket)
    room = bucket - min(len(names), bucket // 2)
    tail = text[len(text) - min(room, len(text)) :]
    missing = bucket - len(tail)
    repeats = names * (missing // len(names) + 1) if names else ()
    return repeats[:missing] + tail


def _load(directory: Path, options: RecognizerOptions) -> Any:
    device = options.device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    return ctranslate2.models.Whisper(
        str(directory),
        device=device,
        device_index=options.device_index,
        compute_type=options.compute_type,
        inter_threads=options.parallel_batches,
        intra_threads=options.cpu_threads,
    )


def _restrict(probabilities: dict[str, float], languages: tuple[str, ...]) -> dict[str, float]:
    kept = {language: probabilities.get(language, 0.0) for language in languages} if languages else probabilities
    total = sum(kept.values()) or 1.0
    return {language: probability / total for language, probability in kept.items()}


def _language_of(request: WindowRequest, found: dict[str, float]) -> str:
    if request.language is not None:
        return request.language
    return max(found, key=found.__getitem__) if found else "en"


def _rows(encoded: Any, rows: list[int]) -> Any:
    """Some rows of an encoder output, by way of the CPU."""
    if encoded.device != "cpu":
        encoded = encoded.to_device(ctranslate2.Device.cpu)
    if encoded.dtype != ctranslate2.DataType.float32:
        encoded = encoded.to(ctranslate2.DataType.float32)
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[rows]))


def _timed(written: Sequence[WrittenWord], tokens: Sequence[int], answer: Any, request: WindowRequest) -> list[Word]:
    """Words after the prefix. Same arithmetic of times as faster-whisper's `find_alignment`."""
    bounds = len(request.prefix) + np.pad(np.cumsum([word.tokens for word in written]), (1, 0))
    text_indices = np.array([pair[0] for pair in answer.alignments])
    time_indices = np.array([pair[1] for pair in answer.alignments])
    jumps = np.pad(np.diff(text_indices), (1, 0), constant_values=1).astype(bool)
    times = request.start_s + time_indices[jumps] * 0.02
    pieces = [
        {
            "word": word.text,
            "tokens": list(tokens[first:last]),
            "start": times[first],
            "end": times[last],
            "p": answer.text_token_probs[first:last],
        }
        for word, first, last in zip(written, bounds[:-1], bounds[1:], strict=True)
    ]
    merge_punctuations(pieces, PREPENDED, APPENDED)
    return [
        Word(
            text=piece["word"].strip(),
            start_s=float(piece["start"]),
            end_s=float(piece["end"]),
            probability=float(np.mean(piece["p"])),
            tokens=tuple(piece["tokens"]),
        )
        for piece in pieces
        if piece["word"].strip()
    ]
