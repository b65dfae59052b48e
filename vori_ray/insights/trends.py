"""7-day trends of groups, sliding by day, as pure functions DataFrame -> DataFrame.

    moves -> stays_in_status ---\
    meetings --------------------> group_trends (the columns of `GroupTrend`)
    blockers, windows ----------/

    windows    group_id, first_day, last_day, starts_s, ends_s     one row a group and day; half-open
    meetings   group_id, day, minutes, score, actionable_items, status_updates
    moves      group_id, ticket_id, day, at_s, nth, status          GONE when a ticket was deleted
    blockers   group_id, day, raised_s, resolved_day, resolved_s

Times are seconds since 1970, days are dates in the group's time zone. A stay is the time that a ticket was in one
status. What lasted is repeated for the last day of every window that it may touch, so that windows are looked up and
never compared one by one. Knows nothing of where rows come from or go to.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

WINDOW_DAYS = 7
WINDOW_SCHEMA = "group_id int, first_day date, last_day date, starts_s double, ends_s double"
MEETING_SCHEMA = "group_id int, day date, minutes double, score double, actionable_items long, status_updates long"
MOVE_SCHEMA = "group_id int, ticket_id int, day date, at_s double, nth int, status string"
BLOCKER_SCHEMA = "group_id int, day date, raised_s double, resolved_day date, resolved_s double"
_KEYS = ["group_id", "last_day"]
_SECONDS_PER_HOUR = 3600.0


def group_trends(windows: DataFrame, *, meetings: DataFrame, moves: DataFrame, blockers: DataFrame) -> DataFrame:
    """One row for every window, also for one in which nothing happened."""
    parts = (
        meetings_per_window(meetings, windows),
        tickets_per_window(stays_in_status(moves), windows),
        blockers_per_window(blockers, windows),
    )
    joined = windows
    for part in parts:
        joined = joined.join(F.broadcast(part), on=_KEYS, how="left")
    return joined.select(
        "group_id",
        "last_day",
        "first_day",
        _or_zero("meeting_count"),
        "avg_productivity",
        _or_zero("avg_actionable_items"),
        _or_zero("avg_status_updates"),
        _or_zero("meeting_minutes"),
        "completion_rate",
        "todo_hours",
        "in_progress_hours",
        _or_zero("carried_over"),
        "blocker_open_hours",
    )


def meetings_per_window(meetings: DataFrame, windows: DataFrame) -> DataFrame:
    """Counts and means over the meetings of each window. A meeting without a score leaves the mean as it is."""
    return (
        _in_windows(meetings, windows, until_day=F.col("day"))
        .groupBy(*_KEYS)
        .agg(
            F.count("*").alias("meeting_count"),
            F.avg("score").alias("avg_productivity"),
            F.avg("actionable_items").alias("avg_actionable_items"),
            F.avg("status_updates").alias("avg_status_updates"),
            F.sum("minutes").alias("meeting_minutes"),
        )
    )


def stays_in_status(moves: DataFrame) -> DataFrame:
    """Each time that a ticket was in a status: day, from_s, until_day, until_s (null: still), status, next_status."""
    by_ticket = Window.partitionBy("group_id", "ticket_id").orderBy("at_s", "nth")
    return (
        moves.withColumn("until_s", F.lead("at_s").over(by_ticket))
        .withColumn("until_day", F.lead("day").over(by_ticket))
        .withColumn("next_status", F.lead("status").over(by_ticket))
        .where(F.col("status") != "GONE")
        .select(
            "group_id",
            "ticket_id",
            "day",
            F.col("at_s").alias("from_s"),
            "until_day",
            "until_s",
            "status",
            "next_status",
        )
    )


def tickets_per_window(stays: DataFrame, windows: DataFrame) -> DataFrame:
    """Completion, time in status and carried-over tickets of each window. A deleted ticket is not work left undone."""
    until = F.coalesce("until_s", F.lit(float("inf")))
    overlaps = (F.col("from_s") < F.col("ends_s")) & (until > F.col("starts_s"))
    is_open, is_at_end = F.col("status") != "DONE", until >= F.col("ends_s")
    is_at_start = F.col("from_s") < F.col("starts_s")
    # What was done before a window began says nothing about it: its windows are those of its first day.
    until_day = F.when(is_open, F.col("until_day")).otherwise(F.col("day"))
    per_ticket = (
        _in_windows(stays, windows, until_day=until_day)
        .where(overlaps)
        .groupBy(*_KEYS, "ticket_id")
        .agg(
            F.max(is_open).alias("was_open"),
            F.max(~is_open & is_at_end).alias("is_done"),
            F.max(is_open & is_at_start).alias("was_open_before"),
            F.max(is_open & is_at_end).alias("is_open"),
            F.max(F.coalesce(F.col("next_status") == "GONE", F.lit(False)) & ~is_at_end).alias("is_gone"),
            *_ended_stays("TODO", until),
            *_ended_stays("IN_PROGRESS", until),
        )
    )
    return per_ticket.groupBy(*_KEYS).agg(
        F.avg(F.when(F.col("was_open") & ~F.col("is_gone"), F.col("is_done").cast("double"))).alias("completion_rate"),
        (F.sum("todo_s") / F.sum("todo_stays") / _SECONDS_PER_HOUR).alias("todo_hours"),
        (F.sum("in_progress_s") / F.sum("in_progress_stays") / _SECONDS_PER_HOUR).alias("in_progress_hours"),
        F.count(F.when(F.col("was_open_before") & F.col("is_open"), 1)).alias("carried_over"),
    )


def blockers_per_window(blockers: DataFrame, windows: DataFrame) -> DataFrame:
    """How long the blockers that were open in a window had been open, on average."""
    resolved = F.coalesce("resolved_s", F.lit(float("inf")))
    overlaps = (F.col("raised_s") < F.col("ends_s")) & (resolved > F.col("starts_s"))
    open_s = F.least(resolved, F.col("ends_s")) - F.col("raised_s")
    return (
        _in_windows(blockers, windows, until_day=F.col("resolved_day"))
        .where(overlaps)
        .groupBy(*_KEYS)
        .agg((F.avg(open_s) / _SECONDS_PER_HOUR).alias("blocker_open_hours"))
    )


def _in_windows(rows: DataFrame, windows: DataFrame, *, until_day: Column) -> DataFrame:
    """Each row once for every window of its group with a day between `day` and `until_day` (null: without an end)."""
    bounds = windows.groupBy("group_id").agg(F.min("last_day").alias("earliest"), F.max("last_day").alias("latest"))
    first = F.greatest("day", "earliest")
    last = F.least(F.date_add(F.coalesce(until_day, "latest"), WINDOW_DAYS - 1), F.col("latest"))
    return (
        rows.join(F.broadcast(bounds), on="group_id", how="inner")
        .withColumn("last_day", F.explode(F.when(first <= last, F.sequence(first, last))))
        .join(F.broadcast(windows), on=_KEYS, how="inner")
    )


def _ended_stays(status: str, until: Column) -> tuple[Column, Column]:
    """Sum and number of a ticket's stays in a status that ended in the window by a move to another one."""
    has_ended = (F.col("status") == status) & (until >= F.col("starts_s")) & (until < F.col("ends_s"))
    chosen = has_ended & (F.col("next_status") != "GONE")
    length = F.when(chosen, until - F.col("from_s"))
    return F.sum(length).alias(f"{status.lower()}_s"), F.count(length).alias(f"{status.lower()}_stays")


def _or_zero(name: str) -> Column:
    return F.coalesce(name, F.lit(0)).alias(name)
