"""How soon against how right: both settling policies over their parameters, in simulated time.

Every setting hears the same recordings. Its errors are divided by those of the same model decoding the same
utterances afterwards with beam 5; its latency is that of a word in mid-speech. What lies on the front (nothing else is
both sooner and righter) is marked; the default of the program is marked too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks.speech_rig import Played, Recording, together
from tests.benchmarks.speech_simulation import Simulator
from vori_ray.speech.options import SessionOptions
from vori_ray.speech.ports import SessionConfig
from vori_ray.speech.scoring import error_count, units
from vori_ray.speech.setup import session_options
from vori_ray.speech.windows import SAMPLE_RATE


@dataclass(frozen=True)
class Setting:
    """One point of the figure. The rest is as the program has it."""

    policy: str = "agreement"
    beam: int = 5
    edge_guard_s: float = 0.5
    interval_s: float = 0.5
    attention_guard_s: float = 0.8
    attention_probability: float = 0.9

    def options(self, defaults: SessionOptions) -> SessionOptions:
        """The session's options with this setting."""
        settling = replace(
            defaults.settling,
            policy=self.policy,
            edge_guard_s=self.edge_guard_s,
            attention_guard_s=self.attention_guard_s,
            attention_probability=self.attention_probability,
        )
        endpointer = replace(defaults.endpointer, decode_interval=round(self.interval_s * SAMPLE_RATE))
        return replace(defaults, settling=settling, endpointer=endpointer, partial_beam=self.beam)

    @property
    def name(self) -> str:
        """What differs, in short."""
        shown = f"{self.policy}, beam {self.beam}, guard {self.edge_guard_s:g} s, every {self.interval_s:g} s"
        if self.policy == "attention":
            shown += f"; at once beyond {self.attention_guard_s:g} s at p >= {self.attention_probability:g}"
        return shown


SETTINGS = (
    Setting(),
    Setting(beam=1),
    Setting(beam=2),
    Setting(edge_guard_s=0.8),
    Setting(edge_guard_s=0.3),
    Setting(interval_s=0.75),
    Setting(policy="attention"),
    Setting(policy="attention", attention_guard_s=1.2, attention_probability=0.95),
)


def measure_front(
    simulator: Simulator, recordings: Sequence[Recording], settings: Sequence[Setting] = SETTINGS
) -> list[dict[str, Any]]:
    """A row for every setting; ratios are errors over the offline errors of the same language."""
    offline = simulator.offline(recordings)
    rows = []
    for setting in settings:
        defaults = session_options(SessionConfig("front", language="auto", card=simulator.recognizer.card))
        played = simulator.stream(recordings, setting.options(defaults))
        rows.append(_row(setting, played, offline))
        print(f"   {rows[-1]}", flush=True)
    for row in rows:
        row["on_front"] = not any(_beats(other, row) for other in rows)
    return rows


def _row(setting: Setting, played: Sequence[Played], offline: Sequence[Played]) -> dict[str, Any]:
    words = together([one.word_latencies for one in played])
    ends = together([one.final_latencies for one in played])
    ratios = {}
    for language in sorted({one.recording.language for one in played}):
        ratios[language] = round(_errors(played, language) / max(1, _errors(offline, language)), 3)
    return {
        "setting": setting.name,
        "policy": setting.policy,
        "is_default": setting == SETTINGS[0],
        "ratio": round(_errors(played) / max(1, _errors(offline)), 3),
        **{f"ratio_{language}": ratio for language, ratio in ratios.items()},
        "error_rate": round(_errors(played) / _units(played), 4),
        "word_p50_s": words["p50"],
        "word_p95_s": words["p95"],
        "end_p50_s": ends["p50"],
        "end_p95_s": ends["p95"],
    }


def _errors(played: Sequence[Played], language: str | None = None) -> int:
    return sum(
        error_count(one.recording.text, " ".join(word.text for word in one.settled), one.recording.language)
        for one in played
        if language in (None, one.recording.language)
    )


def _units(played: Sequence[Played]) -> int:
    return sum(len(units(one.recording.text, one.recording.language)) for one in played)


def _beats(other: dict[str, Any], row: dict[str, Any]) -> bool:
    sooner, righter = other["word_p50_s"] <= row["word_p50_s"], other["ratio"] <= row["ratio"]
    return sooner and righter and (other["word_p50_s"], other["ratio"]) != (row["word_p50_s"], row["ratio"])


def draw_front(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """The figure as an SVG."""
    import altair

    points = altair.Chart(altair.Data(values=list(rows))).encode(
        x=altair.X("word_p50_s:Q", title="word settled after its end, median (s)", scale=altair.Scale(zero=False)),
        y=altair.Y("ratio:Q", title="errors / errors offline", scale=altair.Scale(zero=False)),
    )
    marks = points.mark_point(size=90, filled=True).encode(
        color=altair.Color("policy:N", title="policy"),
        shape=altair.Shape("on_front:N", title="on the front"),
    )
    names = points.mark_text(align="left", dx=8, fontSize=9).encode(text="setting:N")
    goal = altair.Chart(altair.Data(values=[{"ratio": 1.05}])).mark_rule(strokeDash=[4, 4]).encode(y="ratio:Q")
    path.parent.mkdir(parents=True, exist_ok=True)
    (marks + names + goal).properties(width=640, height=360).save(str(path))
