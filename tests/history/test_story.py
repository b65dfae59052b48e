"""The scripts of a synthetic history, as plain values."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from vori_ray.history.cast import CASTS, Cast
from vori_ray.history.script import ScriptedGroup
from vori_ray.history.story import write_story

FIRST_DAY = date(2026, 2, 4)
WEEKS = 8  # with a change to summer time in it


def story(cast: Cast, seed: int = 1) -> ScriptedGroup:
    return write_story(cast, name=cast.name, seed=seed, first_day=FIRST_DAY, weeks=WEEKS)


@pytest.fixture(params=CASTS, ids=lambda cast: cast.key)
def cast(request: pytest.FixtureRequest) -> Cast:
    return request.param


def test_a_seed_tells_the_same_story_and_another_one_another(cast: Cast) -> None:
    assert story(cast) == story(cast)
    assert story(cast) != story(cast, seed=2)


def test_every_weekly_meeting_is_held_every_week_at_its_local_hour(cast: Cast) -> None:
    zone = ZoneInfo(cast.time_zone)
    starts = [meeting.starts_at.astimezone(zone) for meeting in story(cast).meetings]
    held = Counter((start.weekday(), start.hour) for start in starts)
    assert held == {(slot.weekday, slot.hour): WEEKS for slot in cast.slots}
    assert min(starts).date() >= FIRST_DAY
    assert max(starts).date() < FIRST_DAY + timedelta(weeks=WEEKS)


def test_meetings_come_one_after_another_and_moves_in_between(cast: Cast) -> None:
    meetings = story(cast).meetings
    for meeting, following in pairwise(meetings):
        assert meeting.ends_at < following.starts_at
        assert all(meeting.ends_at <= move.at < following.starts_at for move in meeting.moves)
    assert sum(len(meeting.moves) for meeting in meetings) > len(meetings) / 2


def test_people_speak_in_turn_and_within_the_meeting(cast: Cast) -> None:
    for meeting in story(cast).meetings:
        assert {line.speaker for line in meeting.lines} <= set(cast.people)
        length_s = (meeting.ends_at - meeting.starts_at).total_seconds()
        times = [time_s for line in meeting.lines for time_s in (line.start_s, line.end_s)]
        assert times == sorted(times)
        assert times[-1] <= length_s + 0.01


def test_work_is_spoken_of_only_after_it_was_taken_on(cast: Cast) -> None:
    known: set[int] = set()
    for meeting in story(cast).meetings:
        for line in meeting.lines:
            if line.kind in ("task", "vague"):
                known.add(line.task if line.task is not None else -1)
            elif line.task is not None:
                assert line.task in known
        assert all(move.task in known for move in meeting.moves)


def test_subjects_follow_one_another(cast: Cast) -> None:
    meetings = story(cast).meetings
    quarter = len(meetings) // 4
    for number, theme in enumerate(cast.themes):
        counts = [
            sum(
                area in line.text
                for meeting in meetings[start : start + quarter]
                for line in meeting.lines
                for area in theme
            )
            for start in range(0, 4 * quarter, quarter)
        ]
        assert counts.index(max(counts)) == number


def test_what_a_cast_says_of_its_meetings_shows() -> None:
    clear, unclear = Counter[str](), Counter[str]()
    for meeting in story(CASTS[0]).meetings:
        counts = {"Product planning": clear, "Weekly wrap-up": unclear}.get(meeting.title)
        if counts is not None:
            counts.update({line.task: line.kind for line in meeting.lines if line.task is not None}.values())
            counts.update(line.kind for line in meeting.lines if line.kind == "decision")
    assert clear["vague"] < unclear["vague"]
    assert clear["decision"] > 2 * unclear["decision"]
    assert clear["blocker"] < unclear["blocker"]
