"""Makes the script of a group's weeks from its cast and a seed. PURE: the same seed and days give the same script.

Work is taken on, begun, blocked and finished; part of it is told in meetings and part only moved on the board. The
story knows what it means to say; whether the extractor understands it is not its business.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from vori_ray.history.cast import Cast, Slot
from vori_ray.history.phrases import PHRASES, Phrases, Work
from vori_ray.history.script import HandMove, Kind, Line, ScriptedGroup, ScriptedMeeting

HALF_HOUR_MIN = 30.0
Block = list[tuple[str, str, Kind, int | None]]
"""Utterances that belong together: speaker, text, kind, task."""


def write_story(cast: Cast, *, name: str, seed: int, first_day: date, weeks: int) -> ScriptedGroup:
    """The script of `weeks` weeks of the group `name`, from `first_day` on (in its own time zone)."""
    story = _Story(cast, Random(f"{seed} {cast.key}"), first_day, weeks)
    return ScriptedGroup(
        key=cast.key,
        name=name,
        language=cast.language,
        time_zone=cast.time_zone,
        people=cast.people,
        meetings=tuple(story.meetings()),
    )


@dataclass(slots=True)
class _Task:
    """A piece of work and its fate. `begun_at` and `done_at` None: never; `is_told`: in a meeting, not by hand."""

    number: int
    area: str
    place: str
    work: Work
    owner: str
    due: date
    day: str
    begun_at: datetime | None
    done_at: datetime | None
    is_told: bool
    has_begun: bool = False
    is_done: bool = False


class _Story:
    def __init__(self, cast: Cast, chance: Random, first_day: date, weeks: int) -> None:
        self._cast = cast
        self._phrases: Phrases = PHRASES[cast.language]
        self._chance = chance
        self._zone = ZoneInfo(cast.time_zone)
        self._first_day = first_day
        self._days = 7 * weeks
        self._places = chance.sample(self._phrases.places, len(self._phrases.places))
        self._tasks: list[_Task] = []
        self._used: list[tuple[str, Work]] = []

    def meetings(self) -> Iterator[ScriptedMeeting]:
        """All meetings in order; work goes on in between."""
        calendar = list(self._calendar())
        ends = [start for start, _ in calendar[1:]] + [self._at(self._days, 0)]
        for (start, slot), until in zip(calendar, ends, strict=True):
            yield self._meeting(start, slot, until)

    def _calendar(self) -> Iterator[tuple[datetime, Slot]]:
        for number in range(self._days):
            weekday = (self._first_day + timedelta(days=number)).weekday()
            for slot in sorted(self._cast.slots, key=lambda one: one.hour):
                if slot.weekday == weekday:
                    yield self._at(number, slot.hour) + timedelta(minutes=self._chance.randrange(6)), slot

    def _at(self, day: int, hour: int) -> datetime:
        """That hour of the group's own day, as UTC: arithmetic on local times forgets about summer time."""
        local = datetime.combine(self._first_day + timedelta(days=day), time(hour), self._zone)
        return local.astimezone(UTC)

    def _meeting(self, start: datetime, slot: Slot, until: datetime) -> ScriptedMeeting:
        minutes = self._chance.choice(slot.minutes)
        overrun = max(0.0, minutes / HALF_HOUR_MIN - 1.0) if self._cast.long_is_hard else 0.0
        progress = (start.date() - self._first_day).days / self._days
        clarity = min(0.98, max(0.1, slot.clarity + self._cast.learns * progress - 0.3 * overrun))
        length = minutes / HALF_HOUR_MIN
        blocks: list[Block] = [
            *self._status_blocks(start),
            *self._blocker_blocks(slot.blockers * length * (1.0 + 2.0 * overrun)),
            *(self._task_block(start, clarity) for _ in range(2 + self._draw(1.5 * length))),
            *(
                self._decision_block()
                for _ in range(self._draw(slot.decisions * clarity / 0.7 * (1.0 if overrun else length)))
            ),
        ]
        lines = self._timed(self._with_chatter(blocks, minutes, progress), minutes)
        end = start + timedelta(minutes=minutes)
        return ScriptedMeeting(slot.title, start, end, lines, tuple(self._moves(end, until)))

    # what is said

    def _status_blocks(self, now: datetime) -> Iterator[Block]:
        """What has come of earlier work; told by whoever does it."""
        for task in [task for task in self._tasks if not task.is_done]:
            say: tuple[str, ...] = ()
            kind: Kind = "talk"
            if task.is_told and task.done_at is not None and task.done_at <= now:
                say, kind, task.is_done = self._phrases.finished, "finished", True
            elif task.is_told and not task.has_begun and task.begun_at is not None and task.begun_at <= now:
                say, kind, task.has_begun = self._phrases.started, "started", True
            elif not task.has_begun and task.due < now.date() and self._chance.random() < 0.2:
                say, kind = self._phrases.not_yet, "not_yet"
            if say:
                yield [(task.owner, self._fill(say, task), kind, task.number)]

    def _blocker_blocks(self, expected: float) -> Iterator[Block]:
        """Trouble with open work, which delays it."""
        open_tasks = [task for task in self._tasks if not task.is_done and task.owner]
        for task in self._chance.sample(open_tasks, min(len(open_tasks), self._draw(expected))):
            if task.done_at is not None:
                task.done_at += timedelta(days=self._chance.randrange(4, 11))
            yield [(task.owner, self._fill(self._phrases.blocked, task), "blocker", task.number)]

    def _task_block(self, now: datetime, clarity: float) -> Block:
        lead, *others = self._cast.people
        task = self._new_task(now, clarity)
        if self._chance.random() > clarity:
            return [(lead, self._fill(self._phrases.vague, task), "vague", task.number)]
        if self._chance.random() < 0.5:
            return [(task.owner, self._fill(self._phrases.takes, task), "task", task.number)]
        task.owner = task.owner if task.owner != lead else self._chance.choice(others)
        ask, answer = self._chance.choice(self._phrases.asks)
        return [
            (lead, self._fill((ask,), task), "task", task.number),
            (task.owner, answer, "task", task.number),
        ]

    def _decision_block(self) -> Block:
        choice = self._chance.choice(self._phrases.choices)
        text = self._chance.choice(self._phrases.decided).format(choice=choice)
        return [(self._cast.people[0], text, "decision", None)]

    def _with_chatter(self, blocks: Sequence[Block], minutes: int, progress: float) -> Block:
        """The blocks in a loose order of talk: greeting, business with asides, farewell."""
        lead = self._cast.people[0]
        asides = [self._aside(progress) for _ in range(max(6, round(1.4 * minutes) - 2 * len(blocks)))]
        places = sorted(self._chance.randrange(len(blocks) + 1) for _ in asides)
        talk: Block = [(lead, self._chance.choice(self._phrases.openings), "talk", None)]
        for number, block in enumerate([*blocks, []]):
            talk += [aside for aside, place in zip(asides, places, strict=True) if place == number]
            talk += block
        return [*talk, (lead, self._chance.choice(self._phrases.closings), "talk", None)]

    def _aside(self, progress: float) -> tuple[str, str, Kind, int | None]:
        text = self._chance.choice(self._phrases.chatter).format(area=self._area(progress))
        return self._chance.choice(self._cast.people), text, "talk", None

    def _timed(self, talk: Block, minutes: int) -> tuple[Line, ...]:
        """Spread the talk over the meeting, at the pace of speech, with pauses of chance; answers come at once."""
        durations = [0.5 + len(text) * self._phrases.seconds_a_letter for _, text, _, _ in talk]
        tasks = [task for _, _, _, task in talk] + [None]
        is_answered = [task is not None and task == tasks[number + 1] for number, task in enumerate(tasks[:-1])]
        pauses = [0.01 if answered else self._chance.expovariate(1.0) for answered in is_answered]
        scale = max(0.0, minutes * 60 - sum(durations)) / sum(pauses)
        lines, at_s = [], 0.0
        for (speaker, text, kind, task), duration_s, pause in zip(talk, durations, pauses, strict=True):
            end_s = at_s + duration_s
            lines.append(Line(speaker, text, round(at_s, 2), round(end_s, 2), kind, task))
            at_s = end_s + pause * scale
        return tuple(lines)

    # the work behind it

    def _new_task(self, now: datetime, clarity: float) -> _Task:
        """Work of the week's subjects. The clearer it was said, the likelier it is done in time."""
        area, work = self._fresh_work(now)
        due_at = now + timedelta(days=self._chance.randrange(2, 9))
        if due_at.weekday() > 4:
            due_at += timedelta(days=7 - due_at.weekday())
        begun_at: datetime | None = now + (due_at - now) * self._chance.uniform(0.2, 0.6)
        done_at: datetime | None = now + (due_at - now) * self._chance.uniform(0.6, 0.95)
        if self._chance.random() > 0.3 + 0.65 * clarity:
            late = timedelta(days=self._chance.randrange(3, 12))
            begun_at, done_at = (due_at, due_at + late) if self._chance.random() < 0.6 else (None, None)
        task = _Task(
            number=len(self._tasks),
            area=area,
            place=self._places[len(self._tasks) % len(self._places)],
            work=work,
            owner=self._chance.choice(self._cast.people),
            due=due_at.astimezone(self._zone).date(),
            day=self._day_words(now, due_at),
            begun_at=begun_at,
            done_at=done_at,
            is_told=self._chance.random() < 0.6,
        )
        self._tasks.append(task)
        return task

    def _fresh_work(self, now: datetime) -> tuple[str, Work]:
        """Work that was not had yet, and sounds the least like what is open: people want to tell things apart."""
        progress = (now.date() - self._first_day).days / self._days
        pairs = [(self._area(progress), self._chance.choice(self._phrases.works)) for _ in range(20)]
        taken = [(task.area, task.work) for task in self._tasks if not task.is_done] + self._used[-8:]
        pair = min(pairs, key=lambda pair: (pair in self._used, sum(_likeness(pair, other) for other in taken)))
        self._used.append(pair)
        return pair

    def _area(self, progress: float) -> str:
        """What is talked about: each theme has its weeks, the others are mentioned now and then."""
        themes = self._cast.themes
        centres = [(number + 0.5) / len(themes) for number in range(len(themes))]
        weights = [0.04 + max(0.0, 1.0 - 1.2 * len(themes) * abs(progress - centre)) for centre in centres]
        (theme,) = self._chance.choices(themes, weights)
        return self._chance.choice(theme)

    def _moves(self, end: datetime, until: datetime) -> list[HandMove]:
        """What people do on the board between this meeting and the next."""
        moves = []
        for task in [task for task in self._tasks if not (task.is_told or task.is_done)]:
            if not task.has_begun and task.begun_at is not None and task.begun_at < until:
                task.has_begun = True
                moves.append(HandMove(task.number, task.owner, max(end, task.begun_at), "IN_PROGRESS"))
            if task.done_at is not None and task.done_at < until:
                task.is_done = True
                moves.append(HandMove(task.number, task.owner, max(end, task.done_at), "DONE"))
        return sorted((move for move in moves if move.at < until), key=lambda move: move.at)

    # small help

    def _fill(self, templates: Sequence[str], task: _Task) -> str:
        text = self._chance.choice(templates).format(
            verb=task.work.verb,
            object=task.work.object.format(area=task.area, place=task.place),
            thing=task.work.thing.format(area=task.area, place=task.place),
            name=task.owner.split()[0],
            day=task.day,
            party=self._chance.choice(self._phrases.parties),
        )
        return text[0].upper() + text[1:]

    def _day_words(self, now: datetime, due_at: datetime) -> str:
        """The day as it is spoken of at a meeting."""
        today, due = now.astimezone(self._zone).date(), due_at.astimezone(self._zone).date()
        day = self._phrases.weekdays[due.weekday() % 5]
        is_this_week = due.isocalendar().week == today.isocalendar().week
        return day if is_this_week else self._phrases.next_week.format(day=day)

    def _draw(self, expected: float) -> int:
        """A Poisson number."""
        limit, product, count = math.exp(-expected), self._chance.random(), 0
        while product > limit:
            product *= self._chance.random()
            count += 1
        return count


def _likeness(one: tuple[str, Work], other: tuple[str, Work]) -> int:
    return 2 * (one[1] == other[1]) + (one[0] == other[0]) + (one[1].verb == other[1].verb)
