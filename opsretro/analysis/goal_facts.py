"""The facts of a goal review: which goals are in force, and the months of the KPI each one watches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.aggregate import aggregate, is_percent
from opsretro.analysis.codes import Aggregation
from opsretro.errors import InputError, Problem
from opsretro.tables.period import Period

NUMBERS = ("baseline", "target", "target_growth", "low", "high", "weight")
TEXTS = ("name", "owner", "unit", "milestones", "numerator", "denominator", "dimension")


DAILY_COVERAGE = 0.95
LEAST_COVERAGE = 0.9
"""A KPI whose usual month has 95 % of its days is daily; the sum of a month with fewer than 90 % of them is missing."""


@dataclass(frozen=True, kw_only=True)
class MonthlyFacts:
    """The months of one goal's KPI, as `aggregate` gives them, up to the period.

    Attributes:
        months: Indexed by month; value, coverage, n_days, n_rows.
        last_day: Newest day with data inside the period, ISO; empty = none.
        running: The period is not over in the data yet, so there is no verdict.
        incomplete: Too many days of the period are missing for a verdict.
    """

    months: pd.DataFrame
    last_day: str = ""
    running: bool = False
    incomplete: bool = False


def goals_in_force(tables: Mapping[str, pd.DataFrame], period: Period) -> pd.DataFrame:
    """Rows of the goals table that apply to the whole period, ready to be judged.

    Args:
        tables: Typed tables of the workspace.
        period: A month.

    Returns:
        Goals with every optional column present; percent goals turned into fractions; missing text empty.

    Raises:
        InputError: Not a month, a missing table, no goal in force, or a dimension metrics does not have.
    """
    problems = [
        Problem(code="table_needed", source=f"{name}.csv", values={"section": "goals"})
        for name in ("goals", "metrics")
        if name not in tables
    ]
    if not period.is_month:
        problems.append(Problem(code="month_only", source="period", values={"value": period.label}))
    if problems:
        raise InputError(problems)
    goals = _completed(tables["goals"])
    first, last = pd.Timestamp(period.start), pd.Timestamp(period.end)
    goals = goals[~(goals["start"] > first) & ~(goals["deadline"] < last)]
    if goals.empty:
        raise InputError([Problem(code="no_goal_in_force", source="goals.csv", values={"period": period.label})])
    if problems := _dimension_problems(goals, tables["metrics"]) + _milestone_problems(goals):
        raise InputError(problems)
    return goals


def _completed(goals: pd.DataFrame) -> pd.DataFrame:
    goals = goals.reindex(columns=list(dict.fromkeys([*goals.columns, *NUMBERS, *TEXTS, "start", "deadline"])))
    for column in ("start", "deadline"):
        goals[column] = pd.to_datetime(goals[column])
    goals[list(NUMBERS)] = goals[list(NUMBERS)].astype("float64")
    goals[list(TEXTS)] = goals[list(TEXTS)].astype("str").fillna("")
    percent = is_percent(goals["unit"])
    goals["unit"] = goals["unit"].mask(percent, "percent")
    for column in ("baseline", "target", "low", "high"):
        goals[column] = goals[column].where(~percent, goals[column] / 100)
    return goals


def _filters(dimension: str) -> list[tuple[str, str]]:
    """``channel=app&device=ios`` as pairs."""
    pairs = [part.partition("=") for part in dimension.split("&") if part]
    return [(column.strip(), value.strip()) for column, _, value in pairs]


def _dimension_problems(goals: pd.DataFrame, metrics: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            code="unknown_dimension", source="goals.csv", column="dimension", rows=(int(row),), values={"value": text}
        )
        for row, text in goals["dimension"].items()
        if any(not value or column not in metrics for column, value in _filters(text))
    ]


def _milestone_problems(goals: pd.DataFrame) -> list[Problem]:
    rows = tuple(int(row) for row in goals.index[(goals["milestones"] != "") & goals["baseline"].isna()])
    return [Problem(code="milestones_baseline", source="goals.csv", column="baseline", rows=rows)] if rows else []


def monthly_facts(goals: pd.DataFrame, metrics: pd.DataFrame, period: Period, timezone: str) -> dict[str, MonthlyFacts]:
    """The months of each goal's KPI up to the period.

    Args:
        goals: From `goals_in_force`.
        metrics: Rows of the metrics table that exist, with their local day in ``date``.
        period: A month.
        timezone: IANA name.

    Returns:
        By goal_id.
    """
    absent = [name for name in ("value", "numerator", "denominator") if name not in metrics]
    known = metrics[metrics["date"] <= pd.Timestamp(period.end)].assign(**dict.fromkeys(absent, np.nan))
    newest = metrics["date"].max()
    by_kpi = defaultdict(lambda: known.iloc[:0], list(known.groupby("kpi", sort=False)))
    return {goal["goal_id"]: _facts(goal, by_kpi, newest, period, timezone) for goal in goals.to_dict("records")}


def _facts(
    goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame], newest: pd.Timestamp, period: Period, timezone: str
) -> MonthlyFacts:
    rows = _rows_of(goal, by_kpi)
    months = aggregate(rows, aggregation=goal["aggregation"], timezone=timezone)
    used = ["num", "den"] if goal["aggregation"] == Aggregation.RATIO else ["value"]
    days = rows.dropna(subset=used)["date"].drop_duplicates().sort_values()
    inside = days[days >= pd.Timestamp(period.start)]
    running = bool(len(inside)) and not _is_over(days, newest, pd.Timestamp(period.end))
    thin = _incomplete(months) if goal["aggregation"] == Aggregation.SUM else months["value"].isna()
    unfinished = running & (months.index == period.label)
    return MonthlyFacts(
        months=months.assign(value=months["value"].mask(thin & ~unfinished)),
        last_day=str(inside.iloc[-1].date()) if len(inside) else "",
        running=running,
        incomplete=bool(thin.get(period.label, False)) and len(inside) > 0,
    )


def _incomplete(months: pd.DataFrame) -> pd.Series:
    """Months of a daily KPI in which so many days are missing that their sum is no sum of the month."""
    daily = len(months) > 0 and months["coverage"].median() >= DAILY_COVERAGE
    return (months["coverage"] < LEAST_COVERAGE) & daily


def _is_over(days: pd.Series, newest: pd.Timestamp, end: pd.Timestamp) -> bool:
    """Whether no more of the period is to come: other data is past its end, or the KPI's next row would be.

    The next row is expected after the KPI's usual gap: a day, a week, a month (whose length varies by a tenth).
    """
    gap = days.diff().median() if len(days) > 1 else pd.Timedelta(days=1)
    slack = pd.Timedelta(days=gap.days // 10)
    return bool(newest >= end or days.iloc[-1] + gap > end - slack)


def _rows_of(goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The raw rows behind a goal, in the short columns `aggregate` takes."""
    if goal["aggregation"] == Aggregation.RATIO and goal["numerator"] and goal["denominator"]:
        num = _by_day(_slice(by_kpi, goal["numerator"], goal["dimension"]))
        den = _by_day(_slice(by_kpi, goal["denominator"], goal["dimension"]))
        return pd.DataFrame({"num": num, "den": den}).dropna().rename_axis("date").reset_index()
    rows = _slice(by_kpi, goal["kpi"], goal["dimension"])
    rows = rows.rename(columns={"numerator": "num", "denominator": "den"})
    if goal["aggregation"] in {Aggregation.MEAN, Aggregation.LAST}:
        rows = _by_moment(rows)
    moment = ["date", "ts_utc"] if "ts_utc" in rows else ["date"]
    return rows.reindex(columns=[*moment, "value", "num", "den"]).assign(unit=goal["unit"])


def _by_moment(rows: pd.DataFrame) -> pd.DataFrame:
    """Leaves of one moment add up: a level by channel is the level of all channels."""
    moment = [name for name in ("date", "ts_utc") if name in rows]
    return rows.dropna(subset=["value"]).groupby(moment, as_index=False)["value"].sum()


def _slice(by_kpi: Mapping[str, pd.DataFrame], kpi: str, dimension: str) -> pd.DataFrame:
    rows = by_kpi[kpi]
    for column, value in _filters(dimension):
        rows = rows[rows[column] == value]
    return rows


def _by_day(rows: pd.DataFrame) -> pd.Series:
    return rows.dropna(subset=["value"]).groupby("date")["value"].sum()
