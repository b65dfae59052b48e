"""Findings: shuffled labels give none (but for 1 run in 20 at most), planted effects are found and worded as such."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from vori_ray.insights.findings import (
    MAX_Q,
    Association,
    MeetingPoint,
    Peer,
    benjamini_hochberg,
    find_associations,
    shrink,
)

SLOTS = ((0, 9), (1, 10), (2, 14), (3, 11), (3, 16), (4, 13))
SHUFFLES = 200


def meetings(seed: int, count: int = 48, *, good_slot: float = 0.0, per_minute: float = 0.0) -> list[MeetingPoint]:
    """Eight weeks of six meetings a week; those on Tuesdays at ten, and the shorter ones, may go better."""
    chance = random.Random(seed)
    points = []
    for n in range(count):
        weekday, hour = SLOTS[n % len(SLOTS)]
        minutes = chance.choice([20, 30, 45, 60, 90])
        gain = good_slot * ((weekday, hour) == (1, 10)) - per_minute * (minutes - 45)
        points.append(
            MeetingPoint(
                score=min(1.0, max(0.0, chance.gauss(0.55, 0.13) + gain)),
                weekday=weekday,
                hour=hour,
                duration_min=minutes + chance.random(),
                speakers=chance.randint(2, 6),
                blockers=chance.randint(0, 3),
                carried_over=chance.randint(0, 9),
            )
        )
    return points


def shuffled(points: Sequence[MeetingPoint], peers: Sequence[Peer], seed: int) -> tuple[list[MeetingPoint], list[Peer]]:
    """The same meetings, their scores dealt out anew over all groups."""
    scores = [point.score for point in points] + [score for peer in peers for score in peer.scores]
    random.Random(seed).shuffle(scores)
    dealt = iter(scores)
    own = [replace(point, score=next(dealt)) for point in points]
    return own, [replace(peer, scores=tuple(next(dealt) for _ in peer.scores)) for peer in peers]


@pytest.mark.parametrize("world", [{"seed": 1}, {"seed": 2, "good_slot": 0.25, "per_minute": 0.004}])
def test_shuffled_labels_give_a_finding_in_at_most_one_run_of_twenty(world: dict[str, float]) -> None:
    points = meetings(**world)  # type: ignore[arg-type]
    peer = Peer(2, "Backend", tuple(point.score for point in meetings(7, 30)))
    runs = [shuffled(points, [peer], seed) for seed in range(SHUFFLES)]
    with_finding = sum(bool(find_associations(own, peers=peers)) for own, peers in runs)
    assert with_finding <= 0.05 * SHUFFLES


def found(points: Sequence[MeetingPoint], **options: object) -> dict[str, Association]:
    return {one.subject: one for one in find_associations(points, **options)}  # type: ignore[arg-type]


def test_a_planted_best_time_is_found_shrunk_and_worded() -> None:
    results = [found(meetings(seed, good_slot=0.3)) for seed in range(20)]
    assert sum("tue-10" in result for result in results) >= 17
    assert {subject for result in results for subject in result if "-" in subject} == {"tue-10"}
    best = results[3]["tue-10"]
    assert (best.kind, best.n) == ("best_time", 8)
    assert 0 < best.low < best.estimate < best.high
    assert best.estimate < best.details["effect"]  # type: ignore[operator]
    assert best.q_value <= MAX_Q
    words: dict[str, str] = best.details["words"]  # type: ignore[assignment]
    assert words["en"].startswith("Meetings on Tuesdays at 10:00 had higher productivity scores")
    assert "8 meetings against 40" in words["en"]
    assert "association, not proof of a cause" in words["en"]
    assert words["ko"].startswith("화요일 10시 회의는")
    assert "95% 구간" in words["ko"]


def test_a_planted_cause_is_found_with_its_direction() -> None:
    results = [found(meetings(seed, per_minute=0.006)) for seed in range(20)]
    assert sum("duration_min" in result for result in results) >= 17
    cause = results[0]["duration_min"]
    assert (cause.kind, cause.n) == ("cause", 48)
    assert -1 <= cause.low < cause.estimate < cause.high < 0
    assert "Longer meetings tended to have lower" in cause.details["words"]["en"]  # type: ignore[index]


def test_a_factor_is_not_compared_with_its_own_part_of_the_score() -> None:
    """The decisions part falls with length by its definition; the rest of the score does not."""
    chance = random.Random(5)
    points = []
    for point in meetings(5, 60):
        rest, decisions = chance.gauss(0.5, 0.1), min(1.0, 10 / point.duration_min)
        parts = {"actionable_tickets": (rest, 0.6), "decisions": (decisions, 0.4)}
        points.append(replace(point, score=0.6 * rest + 0.4 * decisions, parts=parts))
    assert "duration_min" in found([replace(point, parts={}) for point in points])
    assert "duration_min" not in found(points)


def test_a_comparison_names_the_other_group_and_both_numbers() -> None:
    others = Peer(7, "Backend", tuple(point.score - 0.2 for point in meetings(9, 30)))
    one = found(meetings(3), peers=[others])["group-7"]
    assert (one.kind, one.n, one.other_group_id) == ("comparison", 48, 7)
    assert one.low > 0
    assert "higher productivity scores than those of Backend" in one.details["words"]["en"]  # type: ignore[index]
    assert "48 meetings against 30" in one.details["words"]["en"]  # type: ignore[index]


def test_fewer_than_eight_meetings_say_nothing() -> None:
    few = meetings(1, 7, good_slot=0.4)
    assert find_associations(few, peers=[Peer(2, "B", (0.0,) * 50)]) == []
    assert find_associations([]) == []
    lone = [point for point in meetings(1, 42, good_slot=0.4) if (point.weekday, point.hour) == (1, 10)]
    assert len(lone) == 7
    assert "tue-10" not in found(meetings(1, 42, good_slot=0.4))


def test_all_the_same_says_nothing() -> None:
    assert find_associations([replace(point, score=0.5) for point in meetings(1)]) == []


def test_the_same_meetings_give_the_same_findings() -> None:
    assert find_associations(meetings(4, good_slot=0.3)) == find_associations(meetings(4, good_slot=0.3))


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert benjamini_hochberg([]) == []


def test_shrinkage_takes_more_from_what_is_less_sure() -> None:
    (sure, _), (unsure, _) = shrink([0.3, 0.3], [0.01, 0.05])
    assert 0 < unsure < sure < 0.3
    assert shrink([0.1, -0.1], [0.04, 0.04]) == [(0.0, 0.0), (0.0, 0.0)]
