"""Makes the groups of a synthetic history and has their scripts performed, side by side.

A history is known by the names of its groups. One that is there is left as it is; one that was cut off goes on where
it stopped, on the days on which it was begun. Knows nothing of what is said.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vori_ray import clock
from vori_ray.errors import BadInputError
from vori_ray.history.cast import CASTS, Cast
from vori_ray.history.performer import Performed, Performer, Person
from vori_ray.history.script import ScriptedGroup
from vori_ray.history.story import write_story
from vori_ray.storage.database import Database, UnitOfWork

MAIL_DOMAIN = "synthetic.invalid"
WORKERS = 2
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class HistoryOrder:
    """Which history is wanted: the last `weeks` weeks before `today`. `owner_id` becomes ADMIN of every group."""

    owner_id: int
    today: date
    seed: int = 1
    weeks: int = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """A group that is there, and the script to be performed in it."""

    group_id: int
    script: ScriptedGroup
    people: tuple[Person, ...]

    @property
    def length(self) -> int:
        """How many meetings the script has."""
        return len(self.script.meetings)


def make_history(database: Database, order: HistoryOrder, *, say: Callable[[str], None]) -> list[Performed]:
    """Perform what is missing of a history, one process a group; returns what each group holds then.

    Raises BadInputError for weeks that cannot be, and what a performance raises; what was performed stays.
    """
    if not 1 <= order.weeks <= 52:
        raise BadInputError(f"expected 1 to 52 weeks, got {order.weeks}")
    stages = [open_stage(database, cast, order) for cast in CASTS]
    missing = sorted((stage for stage in stages if not _is_complete(database, stage)), key=lambda one: -one.length)
    if missing:
        with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = {stage.group_id: pool.submit(perform_stage, database.url, stage) for stage in missing}
            _watch(database, stages, list(futures.values()), say)
    made = {group_id: future.result() for group_id, future in futures.items()} if missing else {}
    return [made.get(stage.group_id) or perform_stage(database.url, stage) for stage in stages]


def perform_stage(database_url: str, stage: Stage) -> Performed:
    """Perform one group's script, as far as it was not performed yet."""
    database = Database(database_url, pool_size=1)
    try:
        return Performer(database, stage.script, group_id=stage.group_id, people=stage.people).perform()
    finally:
        database.close()


def open_stage(database: Database, cast: Cast, order: HistoryOrder) -> Stage:
    """The group of a cast with its members, made if need be as if at the beginning, and its script."""
    name = f"{cast.name} (synthetic: seed {order.seed}, {order.weeks} weeks)"
    zone = ZoneInfo(cast.time_zone)
    with database.unit_of_work(None) as uow:
        group = uow.groups.find_by_name(name)
        first_day = group.created_at.astimezone(zone).date() if group else order.today - timedelta(7 * order.weeks)
        with clock.at(datetime.combine(first_day, time(), zone)):
            group = group or uow.groups.add(name, time_zone=cast.time_zone, language=cast.language)
            group_id = group.id or 0
            people = _members(uow, group_id, cast, owner_id=order.owner_id)
    script = write_story(cast, name=name, seed=order.seed, first_day=first_day, weeks=order.weeks)
    return Stage(group_id, script, people)


def _members(uow: UnitOfWork, group_id: int, cast: Cast, *, owner_id: int) -> tuple[Person, ...]:
    """Make sure of the group's people; their addresses are of a domain that cannot be."""
    users = [
        uow.users.upsert(f"{cast.key}-{number}@{MAIL_DOMAIN}", name=name) for number, name in enumerate(cast.people)
    ]
    wanted = [(owner_id, "ADMIN"), *((user.id or 0, "MEMBER") for user in users)]
    for user_id, role in wanted:
        if uow.groups.find_member(group_id, user_id) is None:
            uow.groups.add_member(group_id, user_id, role=role)
    return tuple(Person(user.id or 0, user.name) for user in users)


def _is_complete(database: Database, stage: Stage) -> bool:
    with database.unit_of_work([stage.group_id]) as uow:
        return uow.meetings.count([stage.group_id]) >= stage.length


def _watch(
    database: Database,
    stages: Sequence[Stage],
    futures: Sequence[Future[Performed]],
    say: Callable[[str], None],
) -> None:
    """Say how far it is until all have ended. Each meeting is one transaction: those that are there are complete."""
    group_ids = [stage.group_id for stage in stages]
    total, shown = sum(stage.length for stage in stages), -1
    while wait(futures, timeout=_LOOK_EVERY_S).not_done:
        with database.unit_of_work(group_ids) as uow:
            count = uow.meetings.count(group_ids)
        if count != shown:
            say(f"history: {count} of {total} meetings")
            shown = count
