"""Judge the goals of a period: for every one the separate verdicts met, variation, assurance and pace."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

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
from opsretro.analysis.goal_months import facts_over, given, in_force, judge, month_verdicts, wanted, year_so_far
from opsretro.analysis.goal_pace import pace, so_far
from opsretro.analysis.goal_review import GoalReview, findings_of
from opsretro.analysis.goal_table import rebases_of
from opsretro.analysis.methods.adjusted_limits import AdjustedLimits, adjusted_limits
from opsretro.analysis.methods.limits import ProcessLimits, assurance
from opsretro.analysis.methods.roll_up import year_to_date as year_to_date_of
from opsretro.analysis.methods.signals import HAIR, snap
from opsretro.analysis.result import Context
from opsretro.analysis.team_score import team_scores
from opsretro.tables.period import add_months

if TYPE_CHECKING:
    from opsretro.analysis.goal_facts import MonthlyFacts
    from opsretro.tables.period import Period
    from opsretro.tables.settings import Settings

RULES = [rule.value for rule in ALERT_RULES]
COPIED = ("goal_id", "kpi", "dimension", "name", "owner", "unit", "direction", "aggregation", "weight", "defects")


def review_goals(
    goals: pd.DataFrame,
    facts: Mapping[str, MonthlyFacts],
    *,
    period: Period,
    context: Context,
    settings: Settings,
    calendar: pd.DataFrame,
    assessments: pd.DataFrame | None = None,
) -> GoalReview:
    """Judge every goal of one period.

    Args:
        goals: From `goals_in_force`: the goals of the year so far; targets of percent goals already as fractions.
        facts: The months of each goal, by goal_id.
        period: A month, a quarter or a year.
        context: For display.
        settings: Months of the baseline, rebases, weights of the assessments.
        calendar: date and day_type, for the pace of a running month.
        assessments: The table, None = there is none.

    Returns:
        The review; a goal without rows or target, or whose period is running or incomplete, has the status
        ``no_data``.
    """
    rows, months, days, year = [], [], [], []
    for goal in goals.to_dict("records"):
        fact = facts[goal["goal_id"]]
        judged = fact.months.join(month_verdicts(goal, fact.months))
        year.append(year_so_far(judged, period.months[-1]).assign(weight=goal["weight"], direction=goal["direction"]))
        if not in_force(goal, period.months):
            continue
        rebases = [item for item in rebases_of(goal, settings.rebases) if item.month <= period.months[-1]]
        limits = adjusted_limits(
            judged["value"].mask(judged["running"]),
            baseline_months=settings.baseline_months,
            month=period.months[-1],
            rebases=[item.month for item in rebases],
        )
        limits = _bounded(limits, goal, judged["value"])
        asked = given(wanted(goal, period.months), "target", "low", "high")
        forecast, path = pace(goal, fact, period, asked, calendar=calendar, incomplete_days=settings.incomplete_days)
        if period.kind != "month" and goal["aggregation"] == Aggregation.SUM:
            path = so_far(judged["value"], {month: wanted(goal, [month])["target"] for month in period.months})
        told = {"rebase_month": "", "rebase_reason": ""}
        told |= {f"rebase_{key}": getattr(item, key) for item in rebases for key in ("month", "reason")}
        rows.append(verdicts(goal, fact, limits, period) | _year(year[-1]) | forecast | told)
        months.append(_month_rows(goal, judged, limits))
        days.append(path.assign(goal_id=goal["goal_id"]))
    weights = settings.assessment_weights or {"data": 1.0}
    scores, year_to_date = team_scores(pd.concat(year), assessments, weights)
    table = pd.concat(months)
    over = table.loc[table["month"].isin(period.months) & ~table["running"], "month"].nunique()
    return GoalReview(
        period=period.label,
        context=context,
        findings=findings_of(rows, n_months=over),
        goals=pd.DataFrame(rows),
        months=table,
        days=pd.concat(days),
        scores=scores,
        score=year_to_date_of(scores.loc[scores["month"].isin(period.months), "total"]),
        year_to_date=year_to_date,
        weights=weights,
    )


def _year(months: pd.DataFrame) -> dict[str, int]:
    """How many months of the year so far have a verdict, and how many of them were met."""
    met, missed = (int((months["status"] == status).sum()) for status in (Status.MET, Status.MISSED))
    return {"months_met": met, "months_judged": met + missed}


def _month_rows(goal: Mapping[str, Any], months: pd.DataFrame, limits: AdjustedLimits) -> pd.DataFrame:
    shown = limits.months[["mean", "lower", "upper", "segment", "in_baseline", *RULES]]
    table = months.join(shown).assign(goal_id=goal["goal_id"], signal=shown[RULES].any(axis=1))
    return table.rename_axis("month").reset_index()


def _bounded(limits: AdjustedLimits, goal: Mapping[str, Any], values: pd.Series) -> AdjustedLimits:
    """The limits no wider than what the KPI can be: not below 0 if it never was, a share of parts not above 1."""
    is_share = goal["unit"] in {"percent", "fraction"} and values.max() <= 1
    least, most = 0.0 if values.min() >= 0 else -np.inf, 1.0 if is_share else np.inf
    columns = ["mean", "lower", "upper"]
    return replace(limits, months=limits.months.assign(**limits.months[columns].clip(least, most)))


def verdicts(goal: Mapping[str, Any], fact: MonthlyFacts, limits: AdjustedLimits, period: Period) -> dict[str, Any]:
    """Judge one goal in one period.

    Args:
        goal: Row of the goals table, from `goals_in_force`.
        fact: The months of its KPI.
        limits: Their limits.
        period: A month, a quarter or a year.

    Returns:
        A row of `GoalReview.goals`, without year, pace and rebase.
    """
    labels = in_force(goal, period.months)
    running = fact.running and bool(fact.months["running"].get(labels[-1], True))
    reached = [month for month in labels if not running or month in fact.months.index]
    before, year_ago = ([add_months(month, -n) for month in reached] for n in (len(period.months), 12))
    now, earlier = facts_over(goal, fact.months, labels), facts_over(goal, fact.months, before)
    asked, asked_before = wanted(goal, labels), wanted(goal, before)
    now["actual"] = snap(now["actual"], asked["target"], asked["low"], asked["high"])
    status, reason, attained = judge(goal, now, asked)
    if running:
        status, reason, attained = Status.NO_DATA, Reason.RUNNING, None
    decided = status is not Status.NO_DATA
    told = decided or reason is Reason.NO_TARGET or (period.kind != "month" and reason is Reason.RUNNING)
    direction = Direction(goal["direction"])
    signals = _signals(limits, period) if told else None
    variation = _variation(limits, signals)
    side = _side(limits, signals, fact.months["value"])
    band = _band(limits)
    expected = _assurance(band, variation, direction, wanted(goal, labels[-1:])) if decided else Assurance.UNKNOWN
    return {
        **{key: goal[key] for key in COPIED},
        **asked,
        **{key: now[key] for key in ("actual", "coverage", "n_days", "missing_days", "n_rows")},
        "previous": earlier["actual"],
        "previous_target": asked_before["target"],
        "same_last_year": facts_over(goal, fact.months, year_ago)["actual"],
        "attainment": attained,
        "status": status.value,
        "reason": reason.value,
        "previous_status": judge(goal, earlier, asked_before)[0].value if in_force(goal, before) == before else "",
        "against_previous": _against(now["actual"], earlier["actual"], direction) if decided else "",
        "variation": variation.value,
        **_raised(signals),
        "side": side,
        "better": _is_better(side, direction),
        "assurance": expected.value,
        "limits_state": limits.state.value,
        **{key: getattr(band, key) for key in ("mean", "lower", "upper", "n_baseline")},
        **{key: getattr(limits, key) for key in ("method", "slope", "autocorrelation", "autocorrelated")},
        "last_day": fact.last_day,
    }


def _signals(limits: AdjustedLimits, period: Period) -> pd.DataFrame:
    """The signals of the period's months, each as it was when it was the newest."""
    return limits.newest.loc[limits.newest.index.isin(period.months), RULES]


def _raised(signals: pd.DataFrame | None) -> dict[str, str]:
    """The months that were signals, and the rules of the newest of them."""
    raised = pd.DataFrame(columns=RULES) if signals is None else signals[signals.any(axis=1)]
    rules = [rule for rule in RULES if len(raised) and raised[rule].iloc[-1]]
    return {"rules": "+".join(rules), "signal_months": "+".join(raised.index)}


def _variation(limits: AdjustedLimits, signals: pd.DataFrame | None) -> Variation:
    if signals is None or limits.state is LimitsState.NONE:
        return Variation.UNKNOWN
    return Variation.SIGNAL if signals.to_numpy().any() else Variation.NOISE


def _side(limits: AdjustedLimits, signals: pd.DataFrame | None, values: pd.Series) -> str:
    """The side of the mean the newest signal is on, or the newest month without one."""
    if signals is None or limits.state is LimitsState.NONE or signals.empty:
        return ""
    raised = signals.index[signals.any(axis=1)]
    month = raised[-1] if len(raised) else signals.index[-1]
    value, mean = values.loc[month], limits.months["mean"].loc[month]
    return "" if np.isnan(value) or np.isnan(mean) or value == mean else "up" if value > mean else "down"


def _band(limits: AdjustedLimits) -> ProcessLimits:
    """The limits of the newest month."""
    newest = limits.months[["mean", "lower", "upper"]].iloc[-1] if len(limits.months) else {}
    mean, lower, upper = (float(newest.get(key, np.nan)) for key in ("mean", "lower", "upper"))
    return ProcessLimits(
        mean=mean,
        lower=lower,
        upper=upper,
        mean_range=np.nan,
        n_baseline=limits.n_baseline,
        state=limits.state,
        signals=limits.months[RULES],
    )


def _against(actual: float, previous: float, direction: Direction) -> str:
    """``better`` or ``worse`` than the period before; empty where neither can be said."""
    if math.isnan(actual) or math.isnan(previous) or math.isclose(actual, previous, rel_tol=HAIR):
        return ""
    return _is_better("up" if actual > previous else "down", direction)


def _is_better(side: str, direction: Direction) -> str:
    """``better`` or ``worse`` for the side a value is on; empty where neither can be said."""
    if not side or direction == Direction.RANGE:
        return ""
    return "better" if (side == "up") == (direction == Direction.HIGHER) else "worse"


def _assurance(
    band: ProcessLimits, variation: Variation, direction: Direction, asked: Mapping[str, float]
) -> Assurance:
    """What to expect; limits of a process that has just changed promise nothing about it."""
    if variation is Variation.SIGNAL:
        return Assurance.CHANGED
    return assurance(band, direction=direction, **given(asked, "target", "low", "high"))
