"""Every chart is drawn, in both languages, as text that a browser can show; the process that draws may die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from vori_ray.errors import UnavailableError
from vori_ray.insights.charts import draw
from vori_ray.insights.painter import Painter, document_of
from vori_ray.insights.report import Column, Language, Report, report_of

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [f"2026-03-{day:02}" for day in range(1, 15)]
ROWS: dict[str, list[dict[str, Any]]] = {
    "productivity": [{"last_day": day, "score": 0.5, "low": 0.4, "high": 0.6, "scored": 4} for day in DAYS]
    + [{"last_day": "2026-03-15", "score": 0.5, "low": None, "high": None, "scored": 1}],
    "meetings": [{"day": day, "meetings": number % 3, "items": number} for number, day in enumerate(DAYS)],
    "completion": [
        {"last_day": day, "completion": 0.5, "todo_hours": 20.5, "in_progress_hours": None, "carried_over": 2}
        for day in DAYS
    ],
    "keywords": [
        {"keyword": word, "log_odds": odds, "low": low, "high": 2.0, "mentions": 9, "meetings": 3, "mentions_before": 1}
        for word, odds, low in (("배포", 1.1, 0.2), ("roadmap", -0.4, None))
    ],
    "topics": [{"topic": "결제, 카드, 환불", "meetings": 12}, {"topic": "release, test", "meetings": 1}],
    "hours": [
        {"weekday": "화", "hour": "10:00", "score": 0.62, "low": 0.5, "high": 0.7, "scored": 9},
        {"weekday": "화", "hour": "15:00", "score": None, "low": None, "high": None, "scored": 3},
    ],
    "score": [{"part": "10분당 결정", "value": 0.5, "weight": 1.0, "counted": "1 of 2"}],
    "timeline": [
        {"minute": minute, "speaker": speaker, "talk_s": 12.5}
        for minute in range(3)
        for speaker in ("지훈", "Ada & <Bo>")
    ],
}


def report(name: str, *, is_enough: bool = True) -> Report:
    rows = ROWS[name] if is_enough else []
    columns = tuple(Column(key, f"label {key}", "text") for key in ROWS[name][0])
    return Report(name, "Title", "아직 데이터가 부족합니다. " * 6, "n = 3", 3, is_enough, columns, tuple(rows))


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    made = Painter(deadline_s=120)
    yield made
    made.close()


def texts(svg: str) -> str:
    return " ".join("".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_chart_is_a_picture_of_text_and_shapes_only(painter: Painter, name: str) -> None:
    svg = painter.paint(report(name), language="ko", theme="dark", size="narrow")
    tree = ElementTree.fromstring(svg)
    assert tree.tag == f"{SVG}svg"
    used = {node.tag.removeprefix(SVG) for node in tree.iter()}
    assert used <= {"svg", "g", "path", "text", "rect", "line", "defs", "clipPath", "linearGradient", "stop", "tspan"}
    assert "http" not in svg.replace("http://www.w3.org/", "")
    assert "style=" not in svg


@pytest.mark.parametrize(
    ("name", "said"),
    [("keywords", "배포"), ("topics", "결제, 카드, 환불  ·  12"), ("hours", "0.62 (n=9)"), ("hours", "n=3"),
     ("score", "10분당 결정"), ("timeline", "지훈"), ("timeline", "Ada & <Bo>"), ("meetings", "3월")],
)  # fmt: skip
def test_hangul_and_names_stay_text(painter: Painter, name: str, said: str) -> None:
    drawn = texts(painter.paint(report(name), language="ko", theme="light", size="wide"))
    assert " ".join(said.split()) in " ".join(drawn.split())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_report_without_enough_data_is_drawn_as_its_sentence(painter: Painter, language: Language) -> None:
    drawn = texts(painter.paint(report("hours", is_enough=False), language=language, theme="light", size="narrow"))
    assert drawn.count("부족합니다") == 6


def test_light_and_dark_and_sizes_differ(painter: Painter) -> None:
    pictures = {
        painter.paint(report("score"), language="en", theme=theme, size=size)
        for theme in ("light", "dark")
        for size in ("wide", "narrow")
    }
    assert len(pictures) == 4


def test_speakers_keep_their_order(painter: Painter) -> None:
    drawn = texts(painter.paint(report("timeline"), language="en", theme="light", size="wide"))
    assert drawn.index("지훈") < drawn.index("Ada")


def test_a_report_survives_the_wire() -> None:
    for name in ROWS:
        assert report_of(document_of(report(name))) == report(name)


def test_a_chart_carries_its_sentence_for_screen_readers() -> None:
    assert draw(report("score")).to_dict()["description"] == report("score").sentence


def test_a_killed_process_is_replaced_and_known_pictures_need_none(painter: Painter) -> None:
    first = painter.paint(report("score"), language="en", theme="light", size="wide")
    (child,) = painters()
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert painter.paint(report("score"), language="en", theme="light", size="wide") == first
    assert painters() == []
    assert painter.paint(report("score"), language="ko", theme="dark", size="wide")
    assert len(painters()) == 1


def test_what_cannot_be_drawn_is_said_and_the_next_is_drawn(painter: Painter) -> None:
    with pytest.raises(UnavailableError, match="could not be drawn: KeyError"):
        painter.paint(
            Report("ranking", "", "", "", 1, True, (), ({"x": 1},)), language="en", theme="light", size="wide"
        )
    assert painter.paint(report("topics"), language="en", theme="light", size="wide")


def test_a_process_that_takes_too_long_is_ended() -> None:
    hasty = Painter(deadline_s=0.01)
    with pytest.raises(UnavailableError, match="has ended"):
        hasty.paint(report("score"), language="en", theme="light", size="wide")
    hasty.close()


def test_the_process_ends_when_there_is_nothing_to_draw() -> None:
    before = {child.pid for child in painters()}
    brief = Painter(idle_s=0.05, deadline_s=120)
    brief.paint(report("score"), language="en", theme="light", size="wide")
    deadline = time.monotonic() + 20
    while {child.pid for child in painters()} - before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert brief.paint(report("topics"), language="en", theme="light", size="wide")
    brief.close()


def painters() -> list[psutil.Process]:
    """The processes that draw for this test run; one that has ended and was not waited for yet does not count."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            found += [child] if "vori_ray.insights.paint" in child.cmdline() else []
    return found
