"""The facts of a goal review: the months of the KPI each goal watches, and whether they can be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.aggregate import aggregate
from opsretro.analysis.codes import Aggregation
from opsretro.tables.cells import parse_slice
from opsretro.tables.period import Period

DAILY = 0.95
"""A KPI whose usual month has at least this share of its days is a daily one."""

LEAST_DAILY = 0.95
"""A month of a daily KPI with a smaller share of its days is incomplete: more than one day in twenty is missing."""

LEAST_USUAL = 0.6
"""A month of any other KPI with a smaller share of its usual number of days is incomplete."""


@dataclass(frozen=True, kw_only=True)
class MonthlyFacts:
    """The months of one goal's KPI, as `aggregate` gives them, up to the period.

    Attributes:
        months: Indexed by month; value (missing where a sum is incomplete), coverage, n_days, n_rows.
        last_day: Newest day with data inside the period, ISO; empty = none.
        running: The period is not over in the data yet, so there is no verdict.
        incomplete: Too many days of the period are missing for a verdict.
        missing_days: Days of the period without data, for a daily KPI; 0 for others.
    """

    months: pd.DataFrame
    last_day: str = ""
    running: bool = False
    incomplete: bool = False
    missing_days: int = 0


def monthly_facts(
    goals: pd.DataFrame, metrics: pd.DataFrame, period: Period, *, timezone: str, known_until: pd.Timestamp | None
) -> dict[str, MonthlyFacts]:
    """The months of each goal's KPI up to the period.

    Args:
        goals: From `goals_in_force`.
        metrics: Rows of the metrics table that exist, with their local day in ``date``.
        period: A month.
        timezone: IANA name.
        known_until: Local day up to which data was loaded; None = the tables do not say.

    Returns:
        By goal_id.
    """
    absent = [name for name in ("value", "numerator", "denominator") if name not in metrics]
    known = metrics[metrics["date"] <= pd.Timestamp(period.end)].assign(**dict.fromkeys(absent, np.nan))
    by_kpi = defaultdict(lambda: known.iloc[:0], list(known.groupby("kpi", sort=False)))
    loaded = known_until is not None and known_until > pd.Timestamp(period.end)
    return {goal["goal_id"]: _facts(goal, by_kpi, period, timezone, loaded=loaded) for goal in goals.to_dict("records")}


def _facts(
    goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame], period: Period, timezone: str, *, loaded: bool
) -> MonthlyFacts:
    rows = _rows_of(goal, by_kpi)
    months = aggregate(rows, aggregation=goal["aggregation"], timezone=timezone)
    present = period.label in months.index and months.loc[period.label, "n_days"] > 0
    if not present:
        return MonthlyFacts(months=months)
    end = pd.Timestamp(period.end)
    day_sets = [_days(by_kpi[kpi]) for kpi in _kpis(goal)]
    running = not loaded and not all(_is_over(days, end) for days in day_sets)
    daily = bool(months["coverage"].median() >= DAILY)
    thin = months["coverage"] < LEAST_DAILY if daily else months["n_days"] < LEAST_USUAL * months["n_days"].median()
    hidden = thin & (goal["aggregation"] == Aggregation.SUM) & ~((months.index == period.label) & running)
    return MonthlyFacts(
        months=months.assign(value=months["value"].mask(hidden)),
        last_day=str(min(days.iloc[-1] for days in day_sets).date()),
        running=running,
        incomplete=bool(thin[period.label]),
        missing_days=end.day - int(months.loc[period.label, "n_days"]) if daily else 0,
    )


def _kpis(goal: Mapping[str, Any]) -> tuple[str, ...]:
    """The KPIs whose rows a goal is computed from: its own, or the two parts of its ratio."""
    if goal["aggregation"] == Aggregation.RATIO and goal["numerator"] and goal["denominator"]:
        return goal["numerator"], goal["denominator"]
    return (goal["kpi"],)


def _days(rows: pd.DataFrame) -> pd.Series:
    filled = rows["value"].notna() | (rows["numerator"].notna() & rows["denominator"].notna())
    return rows.loc[filled, "date"].drop_duplicates().sort_values()


def _is_over(days: pd.Series, end: pd.Timestamp) -> bool:
    """Whether the KPI's next row would lie after the period.

    It is expected after the KPI's usual gap: a day, a week, a month (whose length varies by a tenth); a KPI without any
    row on a weekend goes on on Monday.
    """
    gap = days.diff().median() if len(days) > 1 else pd.Timedelta(days=1)
    following = days.iloc[-1] + gap
    if (days.dt.day_of_week < 5).all() and following.day_of_week >= 5:
        following += pd.Timedelta(days=7 - following.day_of_week)
    return bool(following > end - pd.Timedelta(days=gap.days // 10))


def _rows_of(goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The raw rows behind a goal, in the short columns `aggregate` takes."""
    kpis = _kpis(goal)
    if len(kpis) > 1:
        return _parts(*(_slice(by_kpi[kpi], goal["dimension"]) for kpi in kpis))
    rows = _slice(by_kpi[kpis[0]], goal["dimension"])
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
