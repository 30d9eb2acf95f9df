"""The facts of a goal review: which goals are in force, and the months of the KPI each one watches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.aggregate import aggregate
from opsretro.analysis.codes import Aggregation
from opsretro.analysis.goal_review import MonthlyFacts
from opsretro.errors import InputError, Problem
from opsretro.tables.period import Period

NUMBERS = ("baseline", "target", "target_growth", "low", "high", "weight")
TEXTS = ("name", "owner", "unit", "milestones", "numerator", "denominator", "dimension")
SPARSE_DAYS = 2
"""A KPI with at most this many days of data a month is not daily: its month is over when the data is there."""


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
    if problems := _dimension_problems(goals, tables["metrics"]):
        raise InputError(problems)
    return goals


def _completed(goals: pd.DataFrame) -> pd.DataFrame:
    goals = goals.reindex(columns=list(dict.fromkeys([*goals.columns, *NUMBERS, *TEXTS, "start", "deadline"])))
    for column in ("start", "deadline"):
        goals[column] = pd.to_datetime(goals[column])
    goals[list(NUMBERS)] = goals[list(NUMBERS)].astype("float64")
    goals[list(TEXTS)] = goals[list(TEXTS)].astype("str").fillna("")
    percent = goals["unit"] == "percent"
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


def monthly_facts(goals: pd.DataFrame, metrics: pd.DataFrame, period: Period) -> dict[str, MonthlyFacts]:
    """The months of each goal's KPI up to the period.

    Args:
        goals: From `goals_in_force`.
        metrics: Rows of the metrics table that exist, with their local day in ``date``.
        period: A month.

    Returns:
        By goal_id.
    """
    known = metrics[metrics["date"] <= pd.Timestamp(period.end)]
    newest = metrics["date"].max()
    by_kpi = dict(list(known.groupby("kpi", sort=False)))
    return {goal["goal_id"]: _facts(goal, by_kpi, newest, period) for goal in goals.to_dict("records")}


def _facts(
    goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame], newest: pd.Timestamp, period: Period
) -> MonthlyFacts:
    rows = _rows_of(goal, by_kpi)
    months = aggregate(rows, aggregation=goal["aggregation"], timezone="UTC")
    days = rows.loc[rows["date"] >= pd.Timestamp(period.start), "date"]
    last = days.max() if len(days) else pd.NaT
    sparse = days.nunique() <= SPARSE_DAYS and _usual_days(months, period) <= SPARSE_DAYS
    over = sparse or max(newest, last) >= pd.Timestamp(period.end)
    return MonthlyFacts(
        months=months,
        last_day="" if pd.isna(last) else str(last.date()),
        running=bool(len(days)) and not over,
    )


def _usual_days(months: pd.DataFrame, period: Period) -> float:
    earlier = months.loc[months.index < period.label, "n_days"]
    return float(earlier.median()) if len(earlier) else np.inf


def _rows_of(goal: Mapping[str, Any], by_kpi: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The raw rows behind a goal, in the short columns `aggregate` takes."""
    if goal["aggregation"] == Aggregation.RATIO and goal["numerator"] and goal["denominator"]:
        num = _by_day(_slice(by_kpi, goal["numerator"], goal["dimension"]))
        den = _by_day(_slice(by_kpi, goal["denominator"], goal["dimension"]))
        return pd.DataFrame({"num": num, "den": den}).dropna().rename_axis("date").reset_index()
    rows = _slice(by_kpi, goal["kpi"], goal["dimension"])
    rows = rows.rename(columns={"numerator": "num", "denominator": "den"}).reindex(
        columns=["date", "value", "num", "den"]
    )
    if goal["aggregation"] in {Aggregation.MEAN, Aggregation.LAST}:
        rows = _by_day(rows).rename_axis("date").reset_index()
    return rows.assign(unit=goal["unit"])


def _slice(by_kpi: Mapping[str, pd.DataFrame], kpi: str, dimension: str) -> pd.DataFrame:
    rows = by_kpi.get(kpi, next(iter(by_kpi.values())).iloc[:0])
    for column, value in _filters(dimension):
        rows = rows[rows[column] == value]
    return rows


def _by_day(rows: pd.DataFrame) -> pd.Series:
    """Leaves of one day add up: a level by channel is the level of all channels."""
    return rows.dropna(subset=["value"]).groupby("date")["value"].sum()
