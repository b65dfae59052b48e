"""Gathering: a meeting is finished once, by its last window or its first error, in whatever order they come."""

from __future__ import annotations

import random

from vori_ray.reanalysis.cutting import Piece
from vori_ray.reanalysis.gathering import Finished, Gathering
from vori_ray.reanalysis.pipeline import Heard, HeardWindow, StreamEnd
from vori_ray.reanalysis.plan import Speaker, Task, Turn, fingerprint
from vori_ray.reanalysis.sound import Source
from vori_ray.speech.windows import SAMPLE_RATE, Word

TASKS = [
    Task(
        1,
        10,
        "a",
        (Speaker(Source(10, "s1", "", 9, 10.0), "Ada", 100.0), Speaker(Source(10, "s2", "", 9, 10.0), "Mo", 0.0)),
    ),
    Task(1, 11, "b", (Speaker(Source(11, "s3", "", 9, 10.0), None, 0.0),)),
]


def window(source: int, *pieces: tuple[int, int, str]) -> HeardWindow:
    """Pieces of one second: (utterance, part, word)."""
    made = []
    for utterance, part, text in pieces:
        at = 10 * utterance + part
        piece = Piece(utterance, part, at * SAMPLE_RATE, (at + 1) * SAMPLE_RATE, SAMPLE_RATE)
        made.append((piece, (Word(text, at + 0.1, at + 0.9),)))
    return HeardWindow(source, tuple(made), "en")


ROWS: list[Heard] = [
    window(0, (0, 0, "zero"), (1, 0, "one")),
    window(0, (1, 2, "more"), (2, 0, "two")),
    StreamEnd(0, 2),
    StreamEnd(1, 0),
    window(2, (0, 0, "other")),
    StreamEnd(2, 1),
]


def test_any_order_gives_the_same_meetings() -> None:
    for seed in range(20):
        rows = random.Random(seed).sample(ROWS, len(ROWS))
        gathering = Gathering(TASKS)
        finished = {one.task.meeting_id: one for row in rows for one in gathering.add(row)}
        assert gathering.left() == []
        said = [(s.text, s.speaker, s.utterance, s.part, s.is_last, s.start_s) for s in finished[10].segments]
        assert said == [
            ("zero", "Ada", 0, 0, True, 100.1),
            ("one", "Ada", 1, 0, False, 110.1),
            ("more", "Ada", 1, 1, True, 112.1),
            ("two", "Ada", 2, 0, True, 120.1),
        ]
        assert finished[10].segments[0].words[0]["start_s"] == 100.1
        assert [s.text for s in finished[11].segments] == ["other"]


def test_an_utterance_ends_where_the_next_speaker_begins() -> None:
    turns = (Turn(100.0, 100.95, 1), Turn(101.05, 111.5, 2), Turn(112.0, 113.0, 1))
    stream = Speaker(Source(10, "s1", "", 9, 10.0), "Ada", 100.0, turns)
    words = tuple(Word(text, at, at + 0.4) for text, at in (("so", 0.1), ("what", 0.5), ("now", 1.0), ("then", 1.5)))
    first = (Piece(0, 0, 0, 2 * SAMPLE_RATE, SAMPLE_RATE), words)
    rows: list[Heard] = [
        HeardWindow(0, (first,), "en"),
        window(0, (1, 0, "wait"), (1, 2, "yes")),
        StreamEnd(0, 2),
    ]
    gathering = Gathering([Task(1, 10, "a", (stream,))])
    (finished,) = [one for row in rows for one in gathering.add(row)]
    said = [(s.text, s.speaker, s.speaker_number, s.utterance, s.part, s.is_last) for s in finished.segments]
    assert said == [
        ("so what", None, 1, 0, 0, True),
        ("now then", None, 2, 1, 0, True),
        ("wait", None, 2, 2, 0, True),
        ("yes", None, 1, 3, 0, True),
    ]


def test_an_error_finishes_its_meeting_only() -> None:
    gathering = Gathering(TASKS)
    finished = [one for row in [StreamEnd(1, 0, "lost"), *ROWS] for one in gathering.add(row)]
    assert [(one.task.meeting_id, one.error) for one in finished] == [(10, "lost"), (11, None)]


def test_what_did_not_come_back_is_known() -> None:
    gathering = Gathering(TASKS)
    finished: list[Finished] = [one for row in ROWS[:4] for one in gathering.add(row)]
    assert [one.task.meeting_id for one in finished] == [10]
    assert gathering.left() == [TASKS[1]]


def test_a_fingerprint_tells_sound_from_more_sound() -> None:
    sources = [stream.source for stream in TASKS[0].streams]
    assert fingerprint(sources) == fingerprint(sources[::-1])
    assert fingerprint(sources) != fingerprint(sources[:1])
    assert fingerprint(sources) != fingerprint([sources[0], Source(10, "s2", "", 10, 10.0)])
