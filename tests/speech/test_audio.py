"""Decoding and resampling: any format, any chunking, clear errors."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vori_ray.errors import BadAudioError
from vori_ray.speech.audio import ContainerDecoder, PcmDecoder, decode_bytes, decode_file, to_int16
from vori_ray.speech.windows import SAMPLE_RATE, Samples

FAST = settings(deadline=None, max_examples=25)
CONTAINERS = [
    ("webm", "libopus", 48_000),
    ("ogg", "libopus", 48_000),
    ("flac", "flac", 16_000),
    ("mp3", "libmp3lame", 44_100),
    ("wav", "pcm_s16le", 22_050),
    ("adts", "aac", 32_000),
]


def tone(rate: int, seconds: float = 1.0, *, channels: int = 1) -> np.ndarray:
    time_s = np.arange(int(rate * seconds)) / rate
    mono = 0.4 * np.sin(2 * np.pi * 440 * time_s) * np.minimum(1, np.minimum(time_s, seconds - time_s) * 20)
    return np.repeat(mono[:, np.newaxis], channels, axis=1).astype(np.float32)


def encode(container: str, codec: str, rate: int, samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(to_int16(samples.T), format="s16", layout="mono")
        frame.rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def dominant_hz(samples: Samples) -> float:
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4].astype(np.float64)
    return float(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle))))) * SAMPLE_RATE / len(middle))


def stream_container(data: bytes, size: int) -> Samples:
    decoder = ContainerDecoder()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]

    pause = threading.Event()

    def feed() -> None:
        for chunk in chunks:
            while not decoder.write(chunk):
                pause.wait(0.001)
        decoder.close_input()

    thread = threading.Thread(target=feed)
    thread.start()
    pieces = list(decoder)
    thread.join()
    return np.concatenate(pieces)


@pytest.mark.parametrize(("container", "codec", "rate"), CONTAINERS)
def test_containers_become_16_khz_mono(container: str, codec: str, rate: int, tmp_path: Path) -> None:
    data = encode(container, codec, rate, tone(rate, 2.0))
    path = tmp_path / f"sound.{container}"
    path.write_bytes(data)
    samples = decode_file(path)
    assert samples.dtype == np.int16
    assert abs(len(samples) / SAMPLE_RATE - 2.0) < 0.12
    assert dominant_hz(samples) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(("container", "codec", "rate"), CONTAINERS)
@pytest.mark.parametrize("size", [7, 1000, 65_536])
def test_a_container_stream_gives_the_same_samples_however_it_is_cut(
    container: str, codec: str, rate: int, size: int
) -> None:
    data = encode(container, codec, rate, tone(rate))
    assert np.array_equal(stream_container(data, size), stream_container(data, len(data)))


def test_a_webm_stream_is_decoded_while_it_comes() -> None:
    data = encode("webm", "libopus", 48_000, tone(48_000, 6.0))
    decoder = ContainerDecoder()
    for start in range(0, len(data) // 2, 500):
        assert decoder.write(data[start : start + 500]) or start > 500 * 15
    first = next(iter(decoder))
    assert len(first) > 0
    decoder.abort()


def test_a_video_containers_sound_is_taken() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        video = output.add_stream("mpeg4", rate=5)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = output.add_stream("pcm_s16le", rate=16_000)
        audio.layout = "mono"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        frame = av.AudioFrame.from_ndarray(to_int16(tone(16_000).T), format="s16", layout="mono")
        frame.rate = 16_000
        for packet in [*video.encode(picture), *video.encode(None), *audio.encode(frame), *audio.encode(None)]:
            output.mux(packet)
    assert dominant_hz(decode_bytes(file.getvalue())) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    "data",
    [b"this is no sound at all, not even a little", b"\x00" * 5000, b"RIFF\x00\x00\x00\x00WAVE", b"\x1aE\xdf\xa3"],
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(BadAudioError):
        decode_bytes(data)
    decoder = ContainerDecoder()
    decoder.write(data)
    decoder.close_input()
    with pytest.raises(BadAudioError):
        list(decoder)


def test_an_empty_file_is_refused_by_name() -> None:
    with pytest.raises(BadAudioError) as caught:
        decode_bytes(b"")
    assert caught.value.error_code == "empty_audio"


def test_a_container_without_sound_is_refused_by_name() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        video = output.add_stream("mpeg4", rate=5)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for packet in [*video.encode(picture), *video.encode(None)]:
            output.mux(packet)
    with pytest.raises(BadAudioError) as caught:
        decode_bytes(file.getvalue())
    assert caught.value.error_code == "no_audio"


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("encoding", ["pcm_s16le", "pcm_f32le"])
def test_raw_pcm_of_every_kind(rate: int, channels: int, encoding: str) -> None:
    samples = tone(rate, channels=channels)
    data = to_int16(samples).astype("<i2") if encoding == "pcm_s16le" else samples.astype("<f4")
    decoder = PcmDecoder(encoding=encoding, sample_rate=rate, channels=channels)  # type: ignore[arg-type]
    decoded = np.concatenate([decoder.push(data.tobytes()), decoder.finish()])
    assert abs(len(decoded) - SAMPLE_RATE) <= 2
    assert dominant_hz(decoded) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("encoding", ["pcm_mulaw", "pcm_alaw"])
def test_telephone_codes_match_ffmpeg(encoding: str) -> None:
    codes = np.arange(256, dtype=np.uint8)
    codec = av.CodecContext.create(encoding, "r")
    codec.sample_rate = 16_000
    codec.layout = "mono"
    expected = np.concatenate([frame.to_ndarray().reshape(-1) for frame in codec.decode(av.Packet(codes.tobytes()))])
    decoder = PcmDecoder(encoding=encoding, sample_rate=16_000, channels=1)  # type: ignore[arg-type]
    assert np.array_equal(decoder.push(codes.tobytes()), expected)


@FAST
@given(st.sampled_from([8_000, 24_000, 44_100, 48_000]), st.lists(st.integers(1, 9_000), min_size=1, max_size=30))
def test_resampling_does_not_depend_on_the_chunking(rate: int, sizes: list[int]) -> None:
    data = to_int16(tone(rate))[:, 0].astype("<i2")

    def decode(cuts: list[int]) -> Samples:
        decoder = PcmDecoder(encoding="pcm_s16le", sample_rate=rate, channels=1)
        parts = np.split(data, cuts)
        return np.concatenate([*(decoder.push(part.tobytes()) for part in parts), decoder.finish()])

    cuts = [cut for cut in np.cumsum(sizes).tolist() if cut < len(data)]
    assert np.array_equal(decode(cuts), decode([]))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: PcmDecoder(encoding="pcm_s16le", sample_rate=7_999, channels=1), "bad_sample_rate"),
        (lambda: PcmDecoder(encoding="pcm_s16le", sample_rate=96_000, channels=1), "bad_sample_rate"),
        (lambda: PcmDecoder(encoding="pcm_s16le", sample_rate=16_000, channels=3), "bad_channels"),
        (lambda: PcmDecoder(encoding="opus", sample_rate=16_000, channels=1), "unknown_encoding"),  # type: ignore[arg-type]
        (lambda: PcmDecoder(encoding="pcm_s16le", sample_rate=16_000, channels=1).push(b"abc"), "odd_bytes"),
        (lambda: PcmDecoder(encoding="pcm_s16le", sample_rate=16_000, channels=2).push(b"ab"), "odd_bytes"),
        (
            lambda: PcmDecoder(encoding="pcm_f32le", sample_rate=16_000, channels=1).push(
                np.array([np.nan], "<f4").tobytes()
            ),
            "not_finite",
        ),
    ],
)
def test_unusable_pcm_is_refused_by_name(make: Callable[[], object], code: str) -> None:
    with pytest.raises(BadAudioError) as caught:
        make()
    assert caught.value.error_code == code


def test_loud_floats_are_clipped() -> None:
    assert to_int16(np.array([2.0, -2.0, 1.0, -1.0, 0.0], np.float32)).tolist() == [32767, -32768, 32767, -32768, 0]
