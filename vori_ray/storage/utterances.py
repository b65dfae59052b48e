"""Settled pieces joined to the utterances that they are pieces of.

A segment is what was settled at once, often a few words; people and extractors read whole utterances. Rows in, values
out: reads nothing and decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vori_ray.storage.models import Segment


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker said in one go. `id` is its first piece's; `segment_ids` are those of all pieces.

    Times are seconds since the meeting's start. `is_over` is false while more may come; `is_whole` is false when the
    beginning is missing.
    """

    id: int
    segment_ids: tuple[int, ...]
    text: str
    speaker: str | None
    start_s: float
    end_s: float
    language: str | None
    words: tuple[dict[str, Any], ...]
    is_over: bool
    is_whole: bool


def join_utterances(segments: Iterable[Segment]) -> list[Utterance]:
    """The utterances of some segments, in time order. The newest of a session counts as over once it says so."""
    pieces: dict[tuple[str, int], list[Segment]] = {}
    newest: dict[str, int] = {}
    for segment in segments:
        pieces.setdefault((segment.session_id, segment.utterance), []).append(segment)
        newest[segment.session_id] = max(newest.get(segment.session_id, 0), segment.utterance)
    joined = [
        _joined(sorted(rows, key=lambda row: row.part), is_newest=newest[session_id] == utterance)
        for (session_id, utterance), rows in pieces.items()
    ]
    return sorted(joined, key=lambda one: (one.start_s, one.id))


def _joined(rows: Sequence[Segment], *, is_newest: bool) -> Utterance:
    is_corrected = any(row.corrected_text for row in rows)
    return Utterance(
        id=rows[0].id or 0,
        segment_ids=tuple(row.id or 0 for row in rows),
        text=" ".join(row.corrected_text or row.text for row in rows),
        speaker=rows[0].speaker,
        start_s=rows[0].start_s,
        end_s=max(row.end_s for row in rows),
        language=rows[-1].language,
        words=() if is_corrected else tuple(word for row in rows for word in row.words),
        is_over=not is_newest or any(row.is_last for row in rows),
        is_whole=rows[0].part == 0,
    )
