"""Which minutes are counted anew, and when, after rows came later than the watermark."""

from __future__ import annotations

from typing import Any

from vori_ray.insights.late import IDLE_S, LateRows, OffsetRange

TOPIC = "transcription.completed"


def batch(start: int, end: int, watermark: str) -> dict[str, Any]:
    """A finished micro-batch, as Spark describes it."""
    offsets = [{TOPIC: {"0": offset}} for offset in (start, end)]
    return {
        "eventTime": {"watermark": f"2026-03-02T10:{watermark}:00.000Z"},
        "sources": [{"startOffset": offsets[0], "endOffset": offsets[1]}],
    }


def piece(start: int, end: int) -> OffsetRange:
    return OffsetRange({TOPIC: {"0": start}}, {TOPIC: {"0": end}})


def test_nothing_lost_is_nothing_due() -> None:
    late = LateRows()
    late.note(batch(0, 5, "00"), dropped=0, now=0.0)
    assert late.due(IDLE_S * 100) is None


def test_an_idle_stream_is_mended_once_and_once_more_when_it_has_moved_on() -> None:
    late = LateRows()
    late.note(batch(0, 5, "00"), dropped=1, now=0.0)
    assert late.due(IDLE_S - 1) is None
    assert late.due(IDLE_S) == piece(0, 5)
    assert late.due(IDLE_S * 2) is None
    late.note(batch(5, 9, "01"), dropped=0, now=100.0)  # the watermark has passed the minute's end
    assert late.due(100.0) == piece(0, 5)
    assert late.due(1000.0) is None


def test_losses_are_joined_and_none_is_forgotten() -> None:
    late = LateRows()
    late.note(batch(5, 9, "00"), dropped=1, now=0.0)
    late.note(batch(9, 12, "00"), dropped=2, now=1.0)
    assert late.due(1.0 + IDLE_S) == piece(5, 12)
    late.note(batch(12, 15, "05"), dropped=1, now=50.0)
    assert late.due(50.0) is None
    assert late.due(50.0 + IDLE_S) == piece(5, 15)


def test_from_the_beginning_stays_from_the_beginning() -> None:
    joined = OffsetRange(None, {TOPIC: {"0": 3}}).joined(piece(3, 9))
    assert joined == OffsetRange(None, {TOPIC: {"0": 9}})
