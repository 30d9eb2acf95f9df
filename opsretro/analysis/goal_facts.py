"""The facts of a goal review: the months of the KPI each goal watches, and whether they can be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.aggregate import aggregate
from opsretro.analysis.codes import Aggregation
from opsretro.analysis.goal_table import kpis_of
from opsretro.tables.cells import parse_slice
from opsretro.tables.period import Period

DAILY = 0.95
"""A KPI whose usual month has at least this share of its days is a daily one."""

WORKING = 0.05
"""A KPI with at most this share of its days on weekends, and half a month of them, comes on working days."""

LEAST = 0.95
"""A month with a smaller share of the days of a daily or working-day KPI is incomplete."""

LEAST_USUAL = 0.6
"""A month with a smaller share of its usual number of days is incomplete, for every other KPI."""


@dataclass(frozen=True, kw_only=True)
class MonthlyFacts:
    """The months of one goal's KPI, as `aggregate` gives them, up to the period.

    Attributes:
        months: Indexed by month; value (missing where the month is incomplete), coverage, n_days, n_rows, missing_days
            (of a daily or working-day KPI), incomplete (too many days are missing for a verdict).
        last_day: Newest day with data inside the period, ISO; empty = none.
        running: The period is not over in the data yet, so there is no verdict.
    """

    months: pd.DataFrame
    last_day: str = ""
    running: bool = False


def monthly_facts(
    goals: pd.DataFrame,
    metrics: pd.DataFrame,
    period: Period,
    *,
    timezone: str,
    working_days: Callable[[str], int],
    known_until: pd.Timestamp | None = None,
) -> dict[str, MonthlyFacts]:
    """The months of each goal's KPI up to the period.

    Args:
        goals: From `goals_in_force`.
        metrics: Rows of the metrics table that exist, with their local day in ``date``.
        period: A month.
        timezone: IANA name.
        working_days: How many working days outside weekends a month has, for a KPI that keeps them.
        known_until: Local day up to which data was loaded; None = the tables do not say.

    Returns:
        By goal_id.
    """
    end = pd.Timestamp(period.end)
    absent = [name for name in ("value", "numerator", "denominator") if name not in metrics]
    known = metrics[metrics["date"] <= end].assign(**dict.fromkeys(absent, np.nan))
    by_kpi = defaultdict(lambda: known.iloc[:0], list(known.groupby("kpi", sort=False)))
    went_on = set(metrics.loc[metrics["date"] > end, "kpi"])
    loaded = known_until is not None and known_until > end
    facts = {}
    for goal in goals.to_dict("records"):
        slices = [_slice(by_kpi[kpi], goal["dimension"]) for kpi in kpis_of(goal)]
        months = aggregate(_rows_of(goal, slices), aggregation=goal["aggregation"], timezone=timezone)
        unfinished = [_days(by_kpi[kpi]) for kpi in kpis_of(goal) if not loaded and kpi not in went_on]
        running = not all(_is_over(days, end) for days in unfinished)
        facts[goal["goal_id"]] = _facts(goal, slices, months, period, running=running, working_days=working_days)
    return facts


def _facts(
    goal: Mapping[str, Any],
    slices: list[pd.DataFrame],
    months: pd.DataFrame,
    period: Period,
    *,
    running: bool,
    working_days: Callable[[str], int],
) -> MonthlyFacts:
    day_sets = [_days(rows) for rows in slices]
    found = [_missing(days, months.index, working_days) for days in day_sets]
    missing = pd.concat([days for days, _ in found], axis=1).max(axis=1)
    incomplete = pd.concat([thin for _, thin in found], axis=1).any(axis=1)
    if goal["aggregation"] == Aggregation.LAST:
        incomplete |= _newest_is_thin(slices[0], months.index)
    now = months.index == period.label
    present = bool(len(months)) and bool((months["n_days"] > 0)[now].any())
    running = running and present
    hidden = incomplete & ~(now & running)
    return MonthlyFacts(
        months=months.assign(
            value=months["value"].mask(hidden), missing_days=missing.astype(int), incomplete=incomplete.astype(bool)
        ),
        last_day=str(min(days.iloc[-1] for days in day_sets).date()) if present else "",
        running=running,
    )


def _days(rows: pd.DataFrame) -> pd.Series:
    filled = rows["value"].notna() | (rows["numerator"].notna() & rows["denominator"].notna())
    return rows.loc[filled, "date"].drop_duplicates().sort_values()


def _missing(days: pd.Series, months: pd.Index, working_days: Callable[[str], int]) -> tuple[pd.Series, pd.Series]:
    """Days missing in each month, and whether too many are: against the calendar, or against the KPI's own habit."""
    counts = days.dt.strftime("%Y-%m").value_counts().reindex(months, fill_value=0)
    lengths = pd.Series(pd.PeriodIndex(months, freq="M").days_in_month, index=months)
    usual = (counts / lengths).median()
    weekend = (days.dt.day_of_week >= 5).mean()
    if usual >= DAILY:
        expected = lengths
    elif weekend <= WORKING and usual >= 0.5:
        expected = pd.Series([working_days(month) for month in months], index=months)
    else:
        return counts * 0, counts < LEAST_USUAL * counts.median()
    return (expected - counts).clip(lower=0), counts < LEAST * expected


def _newest_is_thin(rows: pd.DataFrame, months: pd.Index) -> pd.Series:
    """Where fewer rows stand at a month's newest time than at most times of that month: a part of the level is missing.

    Each month is its own measure, so a channel that was given up is missed once and not for ever.
    """
    rows = rows.dropna(subset=["value"])
    moment = rows["ts_utc"] if "ts_utc" in rows else rows["date"]
    per_moment = rows.groupby([rows["date"].dt.strftime("%Y-%m"), moment]).size().groupby(level=0)
    return (per_moment.last() < per_moment.median()).reindex(months, fill_value=False)


def _is_over(days: pd.Series, end: pd.Timestamp) -> bool:
    """Whether the KPI's next row would lie after the period.

    It is expected after the KPI's usual gap: a day, a week, a month (whose length varies by a tenth); a KPI without any
    row on a weekend goes on on Monday.
    """
    if days.empty:
        return True
    gap = days.diff().median() if len(days) > 1 else pd.Timedelta(days=1)
    following = days.iloc[-1] + gap
    if (days.dt.day_of_week < 5).all() and following.day_of_week >= 5:
        following += pd.Timedelta(days=7 - following.day_of_week)
    return bool(following > end - pd.Timedelta(days=gap.days // 10))


def _rows_of(goal: Mapping[str, Any], slices: list[pd.DataFrame]) -> pd.DataFrame:
    """The raw rows behind a goal, in the short columns `aggregate` takes."""
    if len(slices) > 1:
        return _parts(*slices)
    rows = slices[0]
    moment = ["date", "ts_utc"] if "ts_utc" in rows else ["date"]
    rows = rows.rename(columns={"numerator": "num", "denominator": "den"})
    return rows.reindex(columns=[*moment, "value", "num", "den"]).assign(unit=goal["unit"])


def _parts(num: pd.DataFrame, den: pd.DataFrame) -> pd.DataFrame:
    """Two KPIs as the parts of a ratio: by the days both have, or by month where one of them comes less often."""
    sums = [rows.dropna(subset=["value"]).groupby("date")["value"].sum() for rows in (num, den)]
    by_day = pd.concat(sums, axis=1, keys=["num", "den"], sort=True).dropna()
    if 2 * len(by_day) < max(map(len, sums)):
        monthly = [part.groupby(part.index.to_period("M").start_time).sum() for part in sums]
        by_day = pd.concat(monthly, axis=1, keys=["num", "den"], sort=True).dropna()
    return by_day.rename_axis("date").reset_index()


def _slice(rows: pd.DataFrame, dimension: str) -> pd.DataFrame:
    for column, value in parse_slice(dimension):
        rows = rows[rows[column] == value]
    return rows
