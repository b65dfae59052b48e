"""A stream of kept sound as windows worth decoding: reads the journal piece by piece, so that no stream is held whole.

Knows nothing of Ray, of databases, or of what is done with the windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vori_ray.errors import BadAudioError
from vori_ray.reanalysis.cutting import Cutter, Packer, Window
from vori_ray.speech import silero
from vori_ray.speech.journal import Folder, read_samples, session_folder
from vori_ray.speech.vad import HOP
from vori_ray.speech.windows import SAMPLE_RATE, Samples

READ_SAMPLES = 3750 * HOP
"""Two minutes: about one file of the journal."""


@dataclass(frozen=True, slots=True)
class Source:
    """One stream to be heard again. `samples` of it are kept in the journal at `journal_url`.

    `language` None lets the model choose among `languages`. Windows hold at most `longest_s`.
    """

    meeting_id: int
    session_id: str
    journal_url: str
    samples: int
    longest_s: float
    language: str | None = None
    languages: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of the kept sound in seconds."""
        return self.samples / SAMPLE_RATE


def windows_of(source: Source) -> Iterator[Window]:
    """The windows of a stream, in order. Raises BadAudioError for sound that is not there whole, OSError."""
    longest = int(source.longest_s * SAMPLE_RATE)
    cutter, packer, state = Cutter(longest), Packer(longest), silero.initial_state()
    for samples in _stretches(source):
        whole = np.pad(samples, (0, -len(samples) % HOP))
        probabilities, state = silero.speech_probabilities(whole, state)
        for piece in cutter.hear(whole, probabilities.tolist()):
            yield from packer.add(piece)
    for piece in cutter.end():
        yield from packer.add(piece)
    yield from packer.end()


def _stretches(source: Source) -> Iterator[Samples]:
    folder = session_folder(source.journal_url, source.session_id)
    for start in range(0, source.samples, READ_SAMPLES):
        end = min(start + READ_SAMPLES, source.samples)
        yield _read(folder, source.session_id, start, end)


def _read(folder: Folder, session_id: str, start: int, end: int) -> Samples:
    try:
        samples = read_samples(folder, start, end)
    except ValueError as exc:
        raise BadAudioError(f"the sound of session {session_id} cannot be read: {exc}") from exc
    if len(samples) != end - start:
        expected, came = (end - start) / SAMPLE_RATE, len(samples) / SAMPLE_RATE
        raise BadAudioError(
            f"expected {expected:.1f} s of sound of session {session_id} from {start / SAMPLE_RATE:.1f} s on,"
            f" came {came:.1f} s: a part of it is lost"
        )
    return samples
