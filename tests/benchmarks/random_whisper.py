"""Whisper models of the real sizes with random weights, made without network or torch: for measuring speed only.

They say nonsense, and never stop by themselves. The vocabulary is the demo model's 51,865 tokens (large-v3 has one
language, one token, more). This module knows nothing of measuring.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import WhisperSpec
from numpy.typing import NDArray

from vori_ray.speech.model_card import CARD_FILE
from vori_ray.speech.recognizer import DEMO_DIRECTORY

Weights = NDArray[np.float16]


@dataclass(frozen=True)
class Dimensions:
    """Sizes of a model; its feed-forward layers are four times as wide as the rest. "tiny" below is ours."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    mels: int


SIZES = {
    "large-v3-turbo": Dimensions(width=1280, heads=20, encoder_layers=32, decoder_layers=4, mels=128),
    "large-v3": Dimensions(width=1280, heads=20, encoder_layers=32, decoder_layers=32, mels=128),
    "tiny": Dimensions(width=64, heads=2, encoder_layers=2, decoder_layers=2, mels=80),
}


def build_model(directory: Path, size: str) -> Path:
    """Write a CTranslate2 model in float16 into `directory`; returns it."""
    dimensions, draw = SIZES[size], np.random.default_rng(0)
    spec = WhisperSpec(dimensions.encoder_layers, dimensions.heads, dimensions.decoder_layers, dimensions.heads)
    vocabulary = json.loads((DEMO_DIRECTORY / "vocabulary.json").read_text(encoding="utf-8"))
    _fill_encoder(spec.encoder, dimensions, draw)
    _fill_decoder(spec.decoder, dimensions, len(vocabulary), draw)
    spec.register_vocabulary(vocabulary)
    config = json.loads((DEMO_DIRECTORY / "config.json").read_text(encoding="utf-8"))
    spec.config.lang_ids, spec.config.suppress_ids = config["lang_ids"], []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [(dimensions.decoder_layers - 1, head) for head in range(4)]
    spec.validate()
    spec.optimize("float16")
    directory.mkdir(parents=True, exist_ok=True)
    spec.save(str(directory))
    shutil.copy(DEMO_DIRECTORY / "tokenizer.json", directory)
    card = {"name": f"random {size}", "uses_prompt": False, "languages": ["en", "ko"]}
    (directory / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
    return directory


def _fill_encoder(encoder: Any, size: Dimensions, draw: np.random.Generator) -> None:
    encoder.conv1.weight, encoder.conv1.bias = _random(draw, size.width, size.mels, 3), _zeros(size.width)
    encoder.conv2.weight, encoder.conv2.bias = _random(draw, size.width, size.width, 3), _zeros(size.width)
    encoder.position_encodings.encodings = _random(draw, 1500, size.width)
    _fill_norm(encoder.layer_norm, size.width)
    for layer in encoder.layer:
        _fill_attention(layer.self_attention, size.width, (3, 1), draw)
        _fill_feed_forward(layer.ffn, size.width, draw)


def _fill_decoder(decoder: Any, size: Dimensions, vocabulary: int, draw: np.random.Generator) -> None:
    decoder.embeddings.weight = _random(draw, vocabulary, size.width)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.position_encodings.encodings = _random(draw, 448, size.width)
    _fill_norm(decoder.layer_norm, size.width)
    for layer in decoder.layer:
        _fill_attention(layer.self_attention, size.width, (3, 1), draw)
        _fill_attention(layer.attention, size.width, (1, 2, 1), draw)
        _fill_feed_forward(layer.ffn, size.width, draw)


def _fill_attention(attention: Any, width: int, parts: tuple[int, ...], draw: np.random.Generator) -> None:
    """`parts` are the outputs of each linear layer in widths: queries, keys and values are fused."""
    _fill_norm(attention.layer_norm, width)
    for linear, part in zip(attention.linear, parts, strict=True):
        _fill_linear(linear, part * width, width, draw)


def _fill_feed_forward(ffn: Any, width: int, draw: np.random.Generator) -> None:
    _fill_norm(ffn.layer_norm, width)
    _fill_linear(ffn.linear_0, 4 * width, width, draw)
    _fill_linear(ffn.linear_1, width, 4 * width, draw)


def _fill_linear(linear: Any, outputs: int, inputs: int, draw: np.random.Generator) -> None:
    linear.weight, linear.bias = _random(draw, outputs, inputs), _zeros(outputs)


def _fill_norm(norm: Any, width: int) -> None:
    norm.gamma, norm.beta = np.ones(width, np.float16), _zeros(width)


def _random(draw: np.random.Generator, *shape: int) -> Weights:
    return (draw.standard_normal(shape, np.float32) * np.float32(0.02)).astype(np.float16)


def _zeros(width: int) -> Weights:
    return np.zeros(width, np.float16)
