"""One goal over months: what it wants of each, what the KPI did, and whether that meets it."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation, Direction, Reason, Status
from opsretro.analysis.methods.attainment import attainment
from opsretro.analysis.methods.signals import snap
from opsretro.analysis.methods.targets import due_target, growth_target, wanted_range
from opsretro.tables.period import add_months

WANTED = ("target", "low", "high", "baseline")


def in_force(goal: Mapping[str, Any], months: Sequence[str]) -> list[str]:
    """The months in which a goal holds, from its start to its deadline, both included."""
    first = "" if pd.isna(goal["start"]) else f"{goal['start']:%Y-%m}"
    last = "9999" if pd.isna(goal["deadline"]) else f"{goal['deadline']:%Y-%m}"
    return [month for month in months if first <= month <= last]


def wanted(goal: Mapping[str, Any], months: Sequence[str]) -> dict[str, float]:
    """What a goal wants over months in which it holds: target, low, high and baseline, NaN = none.

    A sum wants the sum of what it wants of each month; a level what it wants of the last; a mean or a ratio the mean.
    """
    each = [_wanted_of_month(goal, month) for month in in_force(goal, months)]
    if not each:
        return dict.fromkeys(WANTED, np.nan)
    if len(each) == 1 or goal["aggregation"] == Aggregation.LAST:
        return each[-1]
    table = pd.DataFrame(each)
    if goal["aggregation"] == Aggregation.SUM:
        return table.sum(skipna=False).to_dict()
    return table.mean(skipna=False).where(table.nunique() > 1, table.iloc[0]).to_dict()


def _wanted_of_month(goal: Mapping[str, Any], month: str) -> dict[str, float]:
    baseline, target = goal["baseline"], goal["target"]
    if math.isnan(target) and not math.isnan(goal["target_growth"]) and not math.isnan(baseline):
        target = growth_target(baseline, goal["target_growth"])
    last_month = not pd.isna(goal["deadline"]) and month >= f"{goal['deadline']:%Y-%m}"
    if not math.isnan(target) and not math.isnan(baseline) and not last_month:
        target = due_target(target, baseline, goal["milestones"], month)
    if goal["direction"] == Direction.RANGE:
        return {"target": np.nan, "low": goal["low"], "high": goal["high"], "baseline": np.nan}
    return {"target": target, "low": np.nan, "high": np.nan, "baseline": baseline}


def facts_over(goal: Mapping[str, Any], months: pd.DataFrame, labels: Sequence[str]) -> dict[str, Any]:
    """What the KPI did over months: actual, in its own unit, and how much data stands behind it.

    Args:
        goal: Row of the goals table.
        months: From `MonthlyFacts`.
        labels: The months wanted, oldest first; those the data has not reached yet are left out of the value.

    Returns:
        actual (NaN = missing), coverage, n_days, missing_days, n_rows, incomplete (a month is, or is absent).
    """
    known = [month for month in labels if month in months.index]
    absent = known != list(labels)
    if goal["aggregation"] == Aggregation.LAST:
        absent = known[-1:] != list(labels)[-1:]
        known = labels = known[-1:]
    part = months.loc[known]
    counts = {name: int(part[name].sum()) for name in ("n_days", "missing_days", "n_rows")}
    days = sum(monthrange(int(month[:4]), int(month[5:]))[1] for month in labels)
    absent = absent or bool((part["n_days"] == 0).any())
    return {
        "actual": _value_over(goal["aggregation"], part) if known else np.nan,
        "coverage": counts["n_days"] / days if days else 0.0,
        **counts,
        "incomplete": bool(part["incomplete"].any()) or absent,
    }


def _value_over(aggregation: str, part: pd.DataFrame) -> float:
    if len(part) == 1:
        return float(part["value"].iloc[0])
    if aggregation == Aggregation.SUM:
        return float(part["value"].sum(skipna=False))
    if aggregation == Aggregation.RATIO:
        den = part["den"].sum()
        return float(part["num"].sum() / den) if den else np.nan
    return float((part["value"] * part["n_rows"]).sum() / part["n_rows"][part["value"].notna()].sum())


def judge(
    goal: Mapping[str, Any], facts: Mapping[str, Any], asked: Mapping[str, float]
) -> tuple[Status, Reason, float | None]:
    """Met or missed and the attainment, where the data allows a verdict at all.

    Args:
        goal: Row of the goals table.
        facts: From `facts_over`.
        asked: From `wanted`.
    """
    status, reason = _judged(goal, facts, asked)
    if status is Status.NO_DATA:
        return status, reason, None
    actual = snap(facts["actual"], asked["target"], asked["low"], asked["high"])
    return status, reason, attainment(actual, direction=goal["direction"], **given(asked))


def _judged(goal: Mapping[str, Any], facts: Mapping[str, Any], asked: Mapping[str, float]) -> tuple[Status, Reason]:
    if not facts["n_days"]:
        return Status.NO_DATA, Reason.NO_ROWS
    if facts["incomplete"]:
        return Status.NO_DATA, Reason.INCOMPLETE
    actual, direction = facts["actual"], Direction(goal["direction"])
    status = _status(actual, asked, direction)
    if goal["aggregation"] == Aggregation.SUM and facts["missing_days"]:
        filled = actual * (facts["n_days"] + facts["missing_days"]) / facts["n_days"]
        return status if _status(filled, asked, direction) == status else (Status.NO_DATA, Reason.INCOMPLETE)
    return status


def _status(actual: float, asked: Mapping[str, float], direction: Direction) -> tuple[Status, Reason]:
    low, high = wanted_range(direction=direction, **given(asked, "target", "low", "high"))
    if math.isnan(actual):
        return Status.NO_DATA, Reason.UNDEFINED
    if math.isnan(low) or math.isnan(high) or low > high:
        return Status.NO_DATA, Reason.NO_TARGET
    return (Status.MET if low <= snap(actual, low, high) <= high else Status.MISSED), Reason.NONE


def given(asked: Mapping[str, float], *keys: str) -> dict[str, float | None]:
    """Missing numbers as None, the way the plain functions take them."""
    return {key: None if math.isnan(asked[key]) else asked[key] for key in keys or asked}


def month_verdicts(goal: Mapping[str, Any], months: pd.DataFrame) -> pd.DataFrame:
    """What the goal wanted of each month and whether it got it.

    Returns:
        Indexed like `months`: target, low, high, baseline (NaN where the goal does not hold); status and reason (codes,
        empty where it does not hold; no data while the month is running); attainment (NaN = none).
    """
    rows = [_month_verdict(goal, month, facts) for month, facts in months.to_dict("index").items()]
    columns = [*WANTED, "status", "reason", "attainment"]
    return pd.DataFrame(rows, columns=columns, index=months.index).astype({"attainment": "float64"})


def _month_verdict(goal: Mapping[str, Any], month: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    asked = wanted(goal, [month])
    if not in_force(goal, [month]):
        return asked | {"status": "", "reason": "", "attainment": None}
    if facts["running"]:
        return asked | {"status": Status.NO_DATA.value, "reason": Reason.RUNNING.value, "attainment": None}
    status, reason, attained = judge(goal, {**facts, "actual": facts["value"]}, asked)
    return asked | {"status": status.value, "reason": reason.value, "attainment": attained}


def year_so_far(months: pd.DataFrame, last: str) -> pd.DataFrame:
    """The rows of `months` from January of a month's year to that month."""
    january = add_months(last, 1 - int(last[5:]))
    return months[(months.index >= january) & (months.index <= last)]
