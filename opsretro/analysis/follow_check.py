"""Did an action move the number it was meant to move? Asked of plain frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from opsretro.analysis.cause_review import Why
from opsretro.analysis.cause_subjects import named_goal, of_goal
from opsretro.analysis.follow_codes import COLUMNS, Metric
from opsretro.analysis.follow_input import as_actions, as_metrics
from opsretro.analysis.follow_reading import readings
from opsretro.analysis.goal_table import completed, kpis_of
from opsretro.analysis.methods.day_index import day_kinds
from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.actions import Actions
from opsretro.tables.period import Period


def check(
    actions: str | Path | Actions | pd.DataFrame | Sequence[Mapping[str, Any]],
    metrics: pd.DataFrame,
    period: str,
    *,
    calendar: pd.DataFrame | None = None,
    goals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Whether each action moved its metric: the days since its start, less what they would have been without it.

    The same engine judges activities: weekdays, public holidays, growth, a wandering level and autocorrelated days are
    taken into account, and how unsure they are is part of the interval. At most 90 days from the start count.

    Args:
        actions: A ledger's file, `read_actions(…)`, or rows with id, metric, direction (else the sign of
            expected_effect), start (else due), and optionally expected_effect and status.
        metrics: The metrics table: date, kpi, value or numerator and denominator; rows of one day add up.
        period: A month ``2026-10``, a quarter or a year; its last day is the last one that is looked at.
        calendar: date, day_type (workday, weekend, holiday, makeup_workday) in place of mainland China's.
        goals: The goals table; a metric that has a goal is counted as the goal counts it.

    Returns:
        One row an action, in their order. id; metric; start, end (ISO days that are compared); n_days (those with data,
        public holidays aside); verdict: ``moved`` (the interval lies wholly on the wanted side), ``not_moved`` (an
        effect as large as hoped for, at most 10 %, or one of 5 % where nothing was hoped for, is ruled out), or
        ``cannot_tell`` with its reason (a code of `Reason`); effect, lower, upper (ratio of the expected level, 95 %
        interval, positive = the wanted way, NaN = no figure); hoped (expected_effect the wanted way); probability of a
        movement the wanted way; warnings (tuple of codes); joint_with (ids of actions on the same metric at the same
        time, tuple), joint_effect, joint_lower, joint_upper (what they did together).

    Raises:
        InputError: An id comes twice, a day is no date, a number is none; names all of it. What cannot be judged is no
            error: it is told as ``cannot_tell``.

    Source:
        As `roi.effects`: K. H. Brodersen et al., Annals of Applied Statistics 9 (2015).

    Example:
        >>> import numpy as np
        >>> days = pd.date_range("2026-03-02", "2026-09-30")
        >>> level = 100.0 * (1.0 + 0.1 * (days.day_of_week >= 5) + 0.02 * np.sin(np.arange(len(days)) * 5.0))
        >>> value = level * np.where(days >= "2026-09-07", 1.2, 1.0)
        >>> metrics = pd.DataFrame({"date": days, "kpi": "orders", "value": value})
        >>> action = {"id": "A-1", "metric": "orders", "direction": "higher", "start": "2026-09-07"}
        >>> check([action], metrics, "2026-09").loc[0, "verdict"]
        'moved'
    """
    problems: list[Problem] = []
    with collecting(problems):
        table = as_actions(actions)
    with collecting(problems):
        known = as_metrics(metrics)
    with collecting(problems):
        last = Period.parse(period, source="period").end
    with collecting(problems):
        day_kinds(calendar)
    if problems:
        raise InputError(problems)
    of_name = metrics_of(table["metric"], known, goals)
    found = readings(table, of_name, last, newest=known["date"].max(), calendar=calendar)
    return pd.DataFrame([one.row for one in found], columns=list(COLUMNS))


def metric_of(name: str, goals: pd.DataFrame, metrics: pd.DataFrame) -> Metric:
    """The days of a metric, as the goal on it counts them.

    Args:
        name: A KPI or a goal_id.
        goals: The goals table; may be empty.
        metrics: As `as_metrics` returns them.

    Returns:
        The metric; without any day where there is none of that name.
    """
    try:
        goal = named_goal(name, completed(goals) if len(goals) else goals, metrics)
        found = of_goal(goal, metrics, Why.ASKED)
    except InputError:
        return Metric(kpi=name, known=metrics.empty)  # without any row nothing can be known of a name
    except (KeyError, ValueError):  # a goal that asks metrics for what it does not have
        return Metric(kpi=name)
    sums = found.rows.groupby("date")[list(found.measures)].sum(min_count=1)
    days = sums["num"] / sums["den"].where(sums["den"] != 0) if found.is_ratio else sums["value"]
    return Metric(kpi="/".join(kpis_of(goal)), days=days.dropna().astype("float64").sort_index(), unit=found.unit)


def metrics_of(names: Iterable[str], metrics: pd.DataFrame, goals: pd.DataFrame | None) -> dict[str, Metric]:
    """`metric_of` of several names, each once; the empty name is none.

    Args:
        names: KPIs or goal_ids.
        metrics: As `as_metrics` returns them.
        goals: The goals table; None = there is none.
    """
    goals = pd.DataFrame() if goals is None else goals
    return {name: metric_of(name, goals, metrics) for name in dict.fromkeys(names) if name}
