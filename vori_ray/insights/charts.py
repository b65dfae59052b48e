"""Reports as Altair charts, the same for the page and the notebooks. PURE: a report in, a chart out.

Colours are Okabe and Ito's, which colour-blind people can tell apart, and nothing is told by colour alone: there is a
shape, a dash, a label or a panel of its own beside it. Text stays text in the picture: whoever shows it supplies the
font, so Korean shows wherever the reader has a Korean font. Importing this file takes a second and 35 MB: services
leave it to a process of its own (see painter.py).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import altair as alt

from vori_ray.insights.report import Language, Report

Theme = Literal["light", "dark"]
Size = Literal["wide", "narrow"]
Chart: TypeAlias = Any

FONTS = (
    'system-ui, -apple-system, "Segoe UI", "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", '
    '"Malgun Gothic", sans-serif'
)
_WEEKDAYS_SHOWN = {"en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "ko": list("월화수목금토일")}


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in pixels and colours of one picture."""

    language: Language
    width: int
    font_size: int
    paper: str
    ink: str
    quiet: str
    line: str
    first: str
    second: str
    scale: tuple[str, str]

    @property
    def day_format(self) -> str:
        """How an axis writes days (d3's format)."""
        return "%-m월 %-d일" if self.language == "ko" else "%b %-d"


_COLOURS: dict[Theme, dict[str, Any]] = {
    "light": {
        "paper": "#ffffff", "ink": "#1b1f29", "quiet": "#616a7b", "line": "#e1e4ea",
        "first": "#0072b2", "second": "#d55e00", "scale": ("#f2f8fc", "#56b4e9"),
    },
    "dark": {
        "paper": "#1a1d24", "ink": "#e9ecf2", "quiet": "#98a2b5", "line": "#2d323d",
        "first": "#56b4e9", "second": "#e69f00", "scale": ("#1f2a35", "#0f5f8f"),
    },
}  # fmt: skip
_SIZES: dict[Size, dict[str, Any]] = {
    "wide": {"width": 640, "font_size": 13},
    "narrow": {"width": 290, "font_size": 12},
}


def draw(report: Report, *, language: Language = "en", theme: Theme = "light", size: Size = "wide") -> Chart:
    """Draw a report; one without enough data is drawn as its sentence."""
    style = Style(language=language, **_COLOURS[theme], **_SIZES[size])
    chart = _CHARTS[report.name](report, style) if report.is_enough else _sentence(report, style)
    return _dressed(chart.properties(description=report.sentence), style)


def _dressed(chart: Chart, style: Style) -> Chart:
    """The same look for all charts."""
    text = {"labelColor": style.ink, "titleColor": style.quiet, "labelFontSize": style.font_size}
    return (
        chart.configure(font=FONTS, background=style.paper, padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            **text,
            titleFontSize=style.font_size,
            titleFontWeight="normal",
            gridColor=style.line,
            domainColor=style.line,
            tickColor=style.line,
        )
        .configure_axisY(titleAngle=0, titleAlign="left", titleAnchor="start", titleX=0, titleY=-8)
        .configure_legend(**text, titleFontSize=style.font_size, orient="bottom", symbolStrokeWidth=2)
        .configure_header(
            **text,
            titleFontSize=style.font_size,
            titleFontWeight="normal",
            labelAngle=0,
            labelAlign="left",
            labelOrient="top",
        )
        .configure_text(font=FONTS, fontSize=style.font_size, color=style.ink)
    )


def _base(report: Report, style: Style, *, height: int, rows: list[dict[str, Any]] | None = None) -> Chart:
    values = [dict(row) for row in report.rows] if rows is None else rows
    return alt.Chart(alt.Data(values=values), width=style.width, height=height)


def _days(name: str, style: Style, *, is_labelled: bool = True) -> Chart:
    """An axis of days. A date without a time is UTC for a browser: so is the scale, and no zone moves a day."""
    axis = alt.Axis(
        format=style.day_format,
        labels=is_labelled,
        grid=False,
        title=None,
        tickCount=8,
        labelOverlap="greedy",
        labelSeparation=8,
    )
    return alt.X(f"{name}:T", scale=alt.Scale(type="utc"), axis=axis)


def _sentence(report: Report, style: Style) -> Chart:
    """What is missing, in words."""
    lines = textwrap.wrap(report.sentence, width=style.width // (style.font_size if style.language == "ko" else 7))
    text = {"text": lines or [report.sentence], "align": "left", "baseline": "top", "lineHeight": style.font_size + 7}
    return _base(report, style, height=max(1, len(lines)) * 20, rows=[{}]).mark_text(
        **text, x=0, y=0, color=style.quiet
    )


def _productivity(report: Report, style: Style) -> Chart:
    base = _base(report, style, height=240).encode(x=_days("last_day", style))
    whole = alt.Scale(domain=[0, 1])
    band = base.mark_area(color=style.first, opacity=0.18, interpolate="monotone").encode(
        y=alt.Y("low:Q", scale=whole, title=report.label("score")), y2="high:Q"
    )
    line = base.mark_line(
        color=style.first, strokeWidth=2, point={"size": 18, "color": style.first, "filled": True}
    ).encode(y=alt.Y("score:Q", scale=whole))
    return alt.layer(band, line)


def _meetings(report: Report, style: Style) -> Chart:
    bar_px = max(2.0, style.width / max(1, len(report.rows)) * 0.7)
    panels = [
        _base(report, style, height=100)
        .mark_bar(color=colour, width=bar_px)
        .encode(
            x=_days("day", style, is_labelled=is_last),
            y=alt.Y(
                f"{name}:Q", title=report.label(name), axis=alt.Axis(values=_whole_ticks(report, name), format="d")
            ),
        )
        for name, colour, is_last in (("meetings", style.first, False), ("items", style.second, True))
    ]
    return alt.vconcat(*panels, spacing=26)


def _whole_ticks(report: Report, name: str) -> list[int]:
    """About four ticks for counts: there are no half meetings."""
    top = max(row[name] for row in report.rows)
    return list(range(0, top + 1, max(1, top // 4)))


def _completion(report: Report, style: Style) -> Chart:
    share = (
        _base(report, style, height=120)
        .mark_line(color=style.first, strokeWidth=2, point={"size": 18, "color": style.first})
        .encode(
            x=_days("last_day", style, is_labelled=False),
            y=alt.Y(
                "completion:Q",
                title=report.label("completion"),
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=4),
            ),
        )
    )
    return alt.vconcat(share, _hours_in_status(report, style), spacing=26)


def _hours_in_status(report: Report, style: Style) -> Chart:
    """Two lines that differ by colour, dash and shape."""
    labels = [report.label(name) for name in ("todo_hours", "in_progress_hours")]
    rows = [
        {"last_day": row["last_day"], "status": label, "hours": row[name]}
        for row in report.rows
        for name, label in zip(("todo_hours", "in_progress_hours"), labels, strict=True)
    ]
    base = _base(report, style, height=120, rows=rows).encode(
        x=_days("last_day", style), y=alt.Y("hours:Q", title=None, axis=alt.Axis(tickCount=4))
    )
    colour = alt.Color("status:N", title=None, scale=alt.Scale(domain=labels, range=[style.first, style.second]))
    dash = alt.StrokeDash("status:N", title=None, scale=alt.Scale(domain=labels, range=[[1, 0], [5, 3]]))
    shape = alt.Shape("status:N", title=None, scale=alt.Scale(domain=labels, range=["circle", "triangle-up"]))
    line = base.mark_line(strokeWidth=2).encode(color=colour, strokeDash=dash)
    return alt.layer(line, base.mark_point(size=22, filled=True).encode(color=colour, shape=shape))


def _keywords(report: Report, style: Style) -> Chart:
    """Log-odds with their intervals around none; what grows points right and up, what shrinks left and down."""
    if report.columns[1].name == "strength":
        return _labelled_bars(report, style, label="keyword", value="strength")
    rows = [
        dict(row) | {"said": f"{row['mentions']} : {row['mentions_before']}", "is_more": row["log_odds"] > 0}
        for row in report.rows
    ]
    order = [row["keyword"] for row in rows]
    base = _base(report, style, height=28 * len(rows), rows=rows).encode(
        y=alt.Y("keyword:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False))
    )
    colour = alt.Color(
        "is_more:N", legend=None, scale=alt.Scale(domain=[True, False], range=[style.first, style.second])
    )
    shape = alt.Shape(
        "is_more:N", legend=None, scale=alt.Scale(domain=[True, False], range=["triangle-right", "triangle-left"])
    )
    interval = base.mark_rule(strokeWidth=2, opacity=0.6).encode(
        x=alt.X("low:Q", title=report.label("log_odds"), axis=alt.Axis(tickCount=8)), x2="high:Q", color=colour
    )
    point = base.mark_point(size=90, filled=True, opacity=1).encode(x="log_odds:Q", color=colour, shape=shape)
    said = base.mark_text(align="center", dy=-11, fontSize=style.font_size - 2, color=style.quiet).encode(
        x="log_odds:Q", text="said:N"
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=style.quiet, strokeDash=[2, 3]).encode(x="zero:Q")
    return alt.layer(zero, interval, point, said)


def _topics(report: Report, style: Style) -> Chart:
    return _labelled_bars(report, style, label="topic", value="meetings", note="meetings")


def _score(report: Report, style: Style) -> Chart:
    rows = [dict(row) | {"said": f"{row['counted']} · {row['weight']:.0%}"} for row in report.rows]
    return _labelled_bars(report, style, label="part", value="value", note="said", rows=rows, domain=(0.0, 1.0))


def _labelled_bars(
    report: Report,
    style: Style,
    *,
    label: str,
    value: str,
    note: str | None = None,
    rows: list[dict[str, Any]] | None = None,
    domain: tuple[float, float] | None = None,
) -> Chart:
    """Bars with their whole name above them, so that no name is cut off."""
    values = [dict(row) for row in report.rows] if rows is None else rows
    named = [row | {"_name": f"{row[label]}  ·  {row[note]}" if note else row[label]} for row in values]
    base = _base(report, style, height=44 * len(named), rows=named).encode(
        y=alt.Y(f"{label}:N", sort=[row[label] for row in named], axis=None)
    )
    top = max((row[value] for row in named), default=1) or 1
    scale = alt.Scale(domain=list(domain or (0, top)))
    axis = alt.Axis(tickCount=4, **({"tickMinStep": 1} if isinstance(top, int) else {}))
    bar = base.mark_bar(color=style.first, height=10, cornerRadius=2, yOffset=8).encode(
        x=alt.X(f"{value}:Q", title=report.label(value), scale=scale, axis=axis)
    )
    name = base.mark_text(align="left", dy=-7, color=style.ink, limit=style.width).encode(
        x=alt.value(0), text="_name:N"
    )
    return alt.layer(bar, name)


def _hours(report: Report, style: Style) -> Chart:
    """Hours of the week: enough meetings give a colour and a number, too few give only their n."""
    rows = [dict(row) | {"said": _cell_text(row)} for row in report.rows]
    hours = sorted({row["hour"] for row in rows})
    base = _base(report, style, height=34 * 7, rows=rows).encode(
        x=alt.X("hour:O", sort=hours, title=None, axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False)),
        y=alt.Y(
            "weekday:O",
            scale=alt.Scale(domain=_WEEKDAYS_SHOWN[style.language]),
            title=None,
            axis=alt.Axis(domain=False, ticks=False),
        ),
    )
    enough, few = "datum.score !== null", "datum.score === null"
    scores = [row["score"] for row in rows if row["score"] is not None]
    colour = alt.Color(
        "score:Q",
        title=report.label("score"),
        scale=alt.Scale(domain=[min(scores), max(scores)], range=list(style.scale)),
        legend=None,
    )
    full = base.transform_filter(enough).mark_rect(cornerRadius=3, stroke=style.first, strokeWidth=0.6)
    thin = base.transform_filter(few).mark_rect(cornerRadius=3, fill=None, stroke=style.line, strokeDash=[2, 2])
    bold = base.transform_filter(enough).mark_text(color=style.ink, fontWeight=600).encode(text="said:N")
    faint = base.transform_filter(few).mark_text(color=style.quiet, fontSize=style.font_size - 2).encode(text="said:N")
    return alt.layer(full.encode(color=colour), thin, bold, faint)


def _cell_text(row: Any) -> str:
    return f"n={row['scored']}" if row["score"] is None else f"{row['score']:.2f} (n={row['scored']})"


def _timeline(report: Report, style: Style) -> Chart:
    """A strip for each speaker: seconds of speech in each minute. The order is that of the rows."""
    rows = [dict(row) | {"until": row["minute"] + 1, "floor": 0} for row in report.rows]
    speakers = list(dict.fromkeys(row["speaker"] for row in rows))
    strip = (
        _base(report, style, height=38, rows=rows)
        .mark_rect(color=style.first)
        .encode(
            x=alt.X("minute:Q", title=report.label("minute"), axis=alt.Axis(grid=False, tickMinStep=1)),
            x2="until:Q",
            y=alt.Y(
                "talk_s:Q",
                scale=alt.Scale(domain=[0, 60], clamp=True),
                title=None,
                axis=alt.Axis(values=[0, 60], grid=True),
            ),
            y2="floor:Q",
        )
    )
    header = alt.Header(title=report.label("talk_s"), titleAnchor="start", titleOrient="top", labelAnchor="start")
    return strip.facet(row=alt.Row("speaker:N", sort=speakers, header=header), spacing=8)


_CHARTS: dict[str, Callable[[Report, Style], Chart]] = {
    "productivity": _productivity,
    "meetings": _meetings,
    "completion": _completion,
    "keywords": _keywords,
    "topics": _topics,
    "hours": _hours,
    "score": _score,
    "timeline": _timeline,
}
