"""Remembers which micro-batches lost rows to the watermark, and says when to count their minutes anew.

A minute is counted anew once the stream cannot touch it any more, that is when the watermark has passed its end;
while the stream is idle it is counted at once, and once more later. PURE: knows nothing of Spark or Kafka.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

Offsets = dict[str, dict[str, int]]
WINDOW = timedelta(minutes=1)
IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class OffsetRange:
    """A piece of Kafka's topics: topic -> partition -> offset. `start` is None from the beginning."""

    start: Offsets | None
    end: Offsets

    def joined(self, other: OffsetRange) -> OffsetRange:
        """The smallest range that holds both."""
        start = None if self.start is None or other.start is None else _merge(self.start, other.start, min)
        return OffsetRange(start, _merge(self.end, other.end, max))


@dataclass(frozen=True, slots=True)
class Loss:
    """Where rows lie that came too late, and the watermark that they were measured by."""

    offsets: OffsetRange
    watermark: datetime
    is_mended: bool = False


@dataclass(slots=True)
class LateRows:
    """The loss that is not made good yet, if there is one. Times are of the monotonic clock, in seconds."""

    loss: Loss | None = None
    watermark: datetime | None = None
    moved_at: float = 0.0

    def note(self, progress: Mapping[str, Any], *, dropped: int, now: float) -> None:
        """Take in a finished micro-batch, as Spark's progress describes it."""
        self.moved_at = now
        if stamp := progress.get("eventTime", {}).get("watermark"):
            self.watermark = datetime.fromisoformat(stamp)
        if dropped and self.watermark is not None:
            offsets = OffsetRange(progress["sources"][0]["startOffset"], progress["sources"][0]["endOffset"])
            self.loss = Loss(self.loss.offsets.joined(offsets) if self.loss else offsets, self.watermark)

    def due(self, now: float) -> OffsetRange | None:
        """What to count anew now, if anything; a loss is handed out once while idle and once at its end."""
        loss = self.loss
        if loss is None or self.watermark is None:
            return None
        if self.watermark >= loss.watermark + WINDOW:
            self.loss = None
        elif loss.is_mended or now - self.moved_at < IDLE_S:
            return None
        else:
            self.loss = replace(loss, is_mended=True)
        return loss.offsets


def _merge(one: Offsets, other: Offsets, choose: Any) -> Offsets:
    topics = one.keys() | other.keys()
    return {topic: _merge_partitions(one.get(topic, {}), other.get(topic, {}), choose) for topic in topics}


def _merge_partitions(one: dict[str, int], other: dict[str, int], choose: Any) -> dict[str, int]:
    parts = one.keys() | other.keys()
    return {part: choose(offsets[part] for offsets in (one, other) if part in offsets) for part in parts}
