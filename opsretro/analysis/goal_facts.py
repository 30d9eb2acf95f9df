"""The facts of a goal review: the months of the KPI each goal watches, and whether they can be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.analysis.goal_table import kpis_of
from opsretro.analysis.methods.aggregate import aggregate
from opsretro.tables.parse import parse_slice
from opsretro.tables.period import Period

MEANS = (Aggregation.MEAN, Aggregation.MEAN_RATE)

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
    """The months of one goal's KPI, as `aggregate` gives them, up to the end of the period.

    Attributes:
        months: Indexed by month; value (missing where the month is incomplete), coverage, num, den, n_days, n_rows,
            missing_days (of a daily or working-day KPI), incomplete (too many days are missing for a verdict), running
            (its days are not over in the data; the value is that of the days so far).
        daily: The value, or num and den, of every day with data, as `month_end` and `daily_signals` take it.
            Newest days whose rows are not all in yet are left out.
        late_days: Those days.
        daily_kind: The aggregation they are to be told: a mean comes as the ratio of its parts.
        last_day: Newest day with data inside the period, ISO; empty = none.
        running: The period is not over in the data yet, so there is no verdict.
    """

    months: pd.DataFrame
    daily: pd.Series | pd.DataFrame
    daily_kind: Aggregation
    late_days: pd.DatetimeIndex
    last_day: str = ""
    running: bool = False


def monthly_facts(
    goals: pd.DataFrame,
    metrics: pd.DataFrame,
    period: Period,
    *,
    timezone: str,
    calendar: pd.DataFrame,
    known_until: pd.Timestamp | None = None,
) -> dict[str, MonthlyFacts]:
    """The months of each goal's KPI up to the end of the period.

    Args:
        goals: From `goals_in_force`.
        metrics: Rows of the metrics table that exist, with their local day in ``date``.
        period: A month, a quarter or a year.
        timezone: IANA name.
        calendar: date and day_type of every day from the first row to the end of the period.
        known_until: Local day up to which data was loaded; None = the tables do not say.

    Returns:
        By goal_id.
    """
    end = pd.Timestamp(period.end)
    absent = [name for name in ("value", "numerator", "denominator") if name not in metrics]
    known = metrics[metrics["date"] <= end].assign(**dict.fromkeys(absent, np.nan))
    by_kpi = defaultdict(lambda: known.iloc[:0], list(known.groupby("kpi", sort=False)))
    went_on = set(metrics.loc[metrics["date"] > end, "kpi"])
    workdays = calendar.loc[calendar["day_type"] == "workday", "date"].dt.strftime("%Y-%m").value_counts()
    facts = {}
    for goal in goals.to_dict("records"):
        slices = [_slice(by_kpi[kpi], goal["dimension"]) for kpi in kpis_of(goal)]
        rows = _rows_of(goal, slices)
        months = aggregate(rows, aggregation=goal["aggregation"], timezone=timezone)
        days = [_days(each) for each in slices]
        whole = [_days(by_kpi[kpi]) for kpi in kpis_of(goal)] if goal["dimension"] else days
        ended = [each for kpi, each in zip(kpis_of(goal), whole, strict=True) if kpi not in went_on]

        def is_running(until: pd.Timestamp, ended: list[pd.Series] = ended) -> bool:
            loaded = known_until is not None and known_until > until
            return not loaded and not all(_is_over(each, until) for each in ended)

        months = _checked(goal, slices, days, months, period, is_running=is_running, workdays=workdays)
        late = _late_days(slices)
        inside = months.loc[months.index.isin(period.months), "n_days"].sum() > 0
        facts[goal["goal_id"]] = MonthlyFacts(
            months=months,
            daily=_daily(rows[~rows["date"].isin(late)], goal["aggregation"]),
            late_days=late,
            daily_kind=Aggregation.RATIO if goal["aggregation"] in MEANS else Aggregation(goal["aggregation"]),
            last_day=str(min(each.iloc[-1] for each in days).date()) if inside else "",
            running=bool(inside) and is_running(end),
        )
    return facts


def _checked(
    goal: Mapping[str, Any],
    slices: list[pd.DataFrame],
    days: list[pd.Series],
    months: pd.DataFrame,
    period: Period,
    *,
    is_running: Callable[[pd.Timestamp], bool],
    workdays: pd.Series,
) -> pd.DataFrame:
    """The months with what is missing from each; an incomplete month has no value, unless it is still running."""
    found = [_missing(each, months.index, workdays) for each in days]
    missing = pd.concat([gaps for gaps, _ in found], axis=1).max(axis=1)
    incomplete = pd.concat([thin for _, thin in found], axis=1).any(axis=1)
    if goal["aggregation"] == Aggregation.LAST:
        incomplete |= _newest_is_thin(slices[0], months.index)
    newest = months.index[-1] if len(months) else ""
    open_end = newest in period.months and is_running(pd.Period(newest).end_time.normalize())
    running = pd.Series(months.index == newest, index=months.index) & open_end
    return months.assign(
        value=months["value"].mask(incomplete & ~running),
        missing_days=missing.astype(int),
        incomplete=incomplete.astype(bool),
        running=running,
    )


def _late_days(slices: list[pd.DataFrame]) -> pd.DatetimeIndex:
    """Which of the newest seven days have fewer rows than every day of the four weeks before had, all alike.

    Late rows come within days; a channel that stays away for longer is a change of the KPI and no gap in the data.
    """
    late = []
    for rows in slices:
        counts = rows.groupby("date").size()
        newest, before = counts.iloc[-7:], counts.iloc[-35:-7]
        if len(before) == 28 and before.nunique() == 1:
            late += newest.index[newest < before.iloc[0]].tolist()
    return pd.DatetimeIndex(late).unique()


def _daily(rows: pd.DataFrame, aggregation: str) -> pd.Series | pd.DataFrame:
    """One value a day; a mean of rows keeps its parts, so that days with more rows weigh more."""
    if aggregation == Aggregation.RATIO:
        return rows.dropna(subset=["num", "den"]).groupby("date")[["num", "den"]].sum()
    values = rows.dropna(subset=["value"])
    if aggregation == Aggregation.LAST and "ts_utc" in values:
        values = values[values["ts_utc"] == values.groupby("date")["ts_utc"].transform("max")]
    by_day = values.groupby("date")["value"]
    if aggregation in MEANS:
        return pd.DataFrame({"num": by_day.sum(), "den": by_day.size().astype("float64")})
    return by_day.sum()


def _days(rows: pd.DataFrame) -> pd.Series:
    filled = rows["value"].notna() | (rows["numerator"].notna() & rows["denominator"].notna())
    return rows.loc[filled, "date"].drop_duplicates().sort_values()


def _missing(days: pd.Series, months: pd.Index, workdays: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Days missing in each month, and whether too many are: against the calendar, or against the KPI's own habit."""
    counts = days.dt.to_period("M").value_counts().rename(str).reindex(months, fill_value=0)
    lengths = pd.Series(pd.PeriodIndex(months, freq="M").days_in_month, index=months)
    usual = (counts / lengths).median()
    weekend = (days.dt.day_of_week >= 5).mean()
    if usual >= DAILY:
        expected = lengths
    elif weekend <= WORKING and usual >= 0.5:
        expected = workdays.reindex(months, fill_value=0)
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
    rows = rows.reindex(columns=[*moment, "value", "numerator", "denominator"])
    rows = rows.rename(columns={"numerator": "num", "denominator": "den"})
    return rows.assign(value=rows["value"] / 100) if goal["unit"] == "percent" else rows


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
