"""Judge the goals of a month: for every one the three verdicts met, variation, assurance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from opsretro.analysis.attainment import attainment
from opsretro.analysis.codes import (
    ALERT_RULES,
    Aggregation,
    Assurance,
    Direction,
    LimitsState,
    Reason,
    Status,
    Variation,
)
from opsretro.analysis.goal_review import GoalReview, findings_of
from opsretro.analysis.limits import ProcessLimits, assurance, no_limits, process_limits
from opsretro.analysis.result import Context
from opsretro.analysis.signals import snap
from opsretro.analysis.targets import due_target, growth_target, wanted_range
from opsretro.tables.period import add_months

if TYPE_CHECKING:
    from opsretro.analysis.goal_facts import MonthlyFacts


def review_goals(
    goals: pd.DataFrame, facts: Mapping[str, MonthlyFacts], *, month: str, context: Context, baseline_months: int
) -> GoalReview:
    """Judge every goal of one month.

    Args:
        goals: Rows of the goals table that are in force in the month; targets of percent goals already as fractions.
        facts: The months of each goal, by goal_id.
        month: ``2026-10``.
        context: For display.
        baseline_months: Months the limits are computed from.

    Returns:
        The review; a goal without rows or target, or whose month is running or incomplete, has the status ``no_data``.
    """
    rows, months = [], []
    for goal in goals.to_dict("records"):
        fact = facts[goal["goal_id"]]
        series = fact.months["value"]
        baseline_n = _baseline_length(series, month, baseline_months)
        limits = process_limits(series, baseline_n=baseline_n) if baseline_n else no_limits(len(series))
        rows.append(verdicts(goal, fact, limits, month))
        months.append(_month_rows(goal["goal_id"], fact.months, limits, baseline_n))
    table = pd.DataFrame(rows)
    return GoalReview(
        period=month,
        context=context,
        findings=findings_of(rows),
        goals=table,
        months=pd.concat(months) if months else pd.DataFrame(),
    )


def _baseline_length(series: pd.Series, month: str, baseline_months: int) -> int:
    """Positions up to the last month of the baseline: the first months that have a value, never the one reviewed."""
    present = np.flatnonzero(series.notna().to_numpy() & (series.index < month))[:baseline_months]
    return int(present[-1]) + 1 if len(present) else 0


def _month_rows(goal_id: str, months: pd.DataFrame, limits: ProcessLimits, baseline_n: int) -> pd.DataFrame:
    rules = [rule.value for rule in ALERT_RULES]
    signals = limits.signals[rules].set_axis(months.index)
    return pd.DataFrame(
        {
            "goal_id": goal_id,
            "month": months.index,
            "value": months["value"].to_numpy(),
            "coverage": months["coverage"].to_numpy(),
            "in_baseline": [position < baseline_n for position in range(len(months))],
            "signal": signals.any(axis=1).to_numpy(),
            **{rule: signals[rule].to_numpy() for rule in rules},
        }
    )


def verdicts(goal: Mapping[str, Any], fact: MonthlyFacts, limits: ProcessLimits, month: str) -> dict[str, Any]:
    """Judge one goal in one month.

    Args:
        goal: Row of the goals table, from `goals_in_force`.
        fact: The months of its KPI.
        limits: Their limits.
        month: ``2026-10``.

    Returns:
        A row of `GoalReview.goals`.
    """
    values, before = fact.months["value"], add_months(month, -1)
    direction, wanted, wanted_before = Direction(goal["direction"]), _wanted(goal, month), _wanted(goal, before)
    actual, previous, same_last_year = (
        float(values.get(key, np.nan)) for key in (month, before, add_months(month, -12))
    )
    actual = snap(actual, wanted["target"], wanted["low"], wanted["high"])
    status, reason = _judged(actual, wanted, goal, fact, month)
    if fact.running:
        status, reason = Status.NO_DATA, Reason.RUNNING
    decided = status is not Status.NO_DATA
    in_force_before = pd.isna(goal["start"]) or f"{goal['start']:%Y-%m}" <= before
    judged = decided or reason is Reason.NO_TARGET
    variation, rules = _variation(limits, values.index.get_loc(month) if judged else None)
    side = "" if variation is Variation.UNKNOWN or actual == limits.mean else "up" if actual > limits.mean else "down"
    limits = _bounded(limits, values, goal)
    expected = _assurance(limits, variation, direction, wanted) if decided else Assurance.UNKNOWN
    return {
        **{key: goal[key] for key in ("goal_id", "kpi", "dimension", "name", "owner", "unit", "direction", "weight")},
        **{key: wanted[key] for key in ("target", "low", "high", "baseline")},
        "actual": actual,
        "previous": previous,
        "previous_target": wanted_before["target"],
        "same_last_year": same_last_year,
        "attainment": attainment(actual, direction=direction, **_given(wanted)) if decided else None,
        "status": status.value,
        "reason": reason.value,
        "previous_status": _judged(previous, wanted_before, goal, fact, before)[0].value if in_force_before else "",
        "variation": variation.value,
        "rules": "+".join(rules),
        "side": side,
        "better": _is_better(side, direction),
        "assurance": expected.value,
        "limits_state": limits.state.value,
        **{key: getattr(limits, key) for key in ("mean", "lower", "upper", "n_baseline")},
        **{key: fact.months[key].get(month, 0) for key in ("coverage", "n_days", "missing_days", "n_rows")},
        "last_day": fact.last_day,
    }


def _bounded(limits: ProcessLimits, series: pd.Series, goal: Mapping[str, Any]) -> ProcessLimits:
    """Limits no wider than what the KPI can be: not below 0 if it never was, a share of parts not above 1."""
    lower = max(limits.lower, 0.0) if series.min() >= 0 else limits.lower
    is_share = goal["unit"] in {"percent", "fraction"} and series.max() <= 1
    return replace(limits, lower=lower, upper=min(limits.upper, 1.0) if is_share else limits.upper)


def _judged(
    actual: float, wanted: Mapping[str, float], goal: Mapping[str, Any], fact: MonthlyFacts, month: str
) -> tuple[Status, Reason]:
    """Met or missed, where the month's data allows a verdict at all."""
    here = fact.months.loc[month] if month in fact.months.index else None
    if here is None or not here["n_days"]:
        return Status.NO_DATA, Reason.NO_ROWS
    if here["incomplete"]:
        return Status.NO_DATA, Reason.INCOMPLETE
    direction = Direction(goal["direction"])
    status = _status(actual, wanted, direction)
    if goal["aggregation"] == Aggregation.SUM and here["missing_days"]:
        filled = actual * (here["n_days"] + here["missing_days"]) / here["n_days"]
        return status if _status(filled, wanted, direction) == status else (Status.NO_DATA, Reason.INCOMPLETE)
    return status


def _wanted(goal: Mapping[str, Any], month: str) -> dict[str, float]:
    baseline, target = goal["baseline"], goal["target"]
    if math.isnan(target) and not math.isnan(goal["target_growth"]) and not math.isnan(baseline):
        target = growth_target(baseline, goal["target_growth"])
    last_month = not pd.isna(goal["deadline"]) and month >= f"{goal['deadline']:%Y-%m}"
    if not math.isnan(target) and not math.isnan(baseline) and not last_month:
        target = due_target(target, baseline, goal["milestones"], month)
    if goal["direction"] == Direction.RANGE:
        return {"target": np.nan, "low": goal["low"], "high": goal["high"], "baseline": np.nan}
    return {"target": target, "low": np.nan, "high": np.nan, "baseline": baseline}


def _given(wanted: Mapping[str, float], *keys: str) -> dict[str, float | None]:
    """Missing numbers as None, the way the plain functions take them."""
    return {key: None if math.isnan(wanted[key]) else wanted[key] for key in keys or wanted}


def _status(actual: float, wanted: Mapping[str, float], direction: Direction) -> tuple[Status, Reason]:
    low, high = wanted_range(direction=direction, **_given(wanted, "target", "low", "high"))
    if math.isnan(actual):
        return Status.NO_DATA, Reason.UNDEFINED
    if math.isnan(low) or math.isnan(high) or low > high:
        return Status.NO_DATA, Reason.NO_TARGET
    return (Status.MET if low <= snap(actual, low, high) <= high else Status.MISSED), Reason.NONE


def _variation(limits: ProcessLimits, position: int | None) -> tuple[Variation, list[str]]:
    if position is None or limits.state is LimitsState.NONE:
        return Variation.UNKNOWN, []
    flags = limits.signals.iloc[position]
    rules = [rule.value for rule in ALERT_RULES if flags[rule.value]]
    return (Variation.SIGNAL if rules else Variation.NOISE), rules


def _is_better(side: str, direction: Direction) -> str:
    """``better`` or ``worse`` for the side a value is on; empty where neither can be said."""
    if not side or direction == Direction.RANGE:
        return ""
    return "better" if (side == "up") == (direction == Direction.HIGHER) else "worse"


def _assurance(
    limits: ProcessLimits, variation: Variation, direction: Direction, wanted: Mapping[str, float]
) -> Assurance:
    """What to expect; limits of a process that has just changed promise nothing about it."""
    if variation is Variation.SIGNAL:
        return Assurance.CHANGED
    return assurance(limits, direction=direction, **_given(wanted, "target", "low", "high"))
