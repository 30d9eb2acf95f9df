"""What a change caused: a series less what it would have been without, by others like it and its own past."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from opsretro.analysis.methods.counterfactual_expected import Expected, expected
from opsretro.analysis.methods.counterfactual_task import Task, as_task
from opsretro.analysis.methods.day_index import by_date, day_kinds
from opsretro.analysis.methods.effect import Basis, Caution, Effect, Estimate
from opsretro.errors import InputError, Problem, collecting

LEAST_DAYS = 28
"""Days before the window below which there is no figure."""
WIDER, WIDER_ALONE = 1.12, 1.2
"""No series is quite as the model takes it: intervals are widened by these factors, with controls and without, chosen
so that series made in other ways are covered; `make bench` measures it on a generator of somebody else's."""
SHOWN = 56
"""Days before the window that `Effect.days` holds."""
BELOW = 0.94
"""Chance that the days after fell short from which the effect counts as pulled forward."""


def effect(
    target: pd.Series,
    start: date | str,
    end: date | str,
    *,
    controls: pd.DataFrame | None = None,
    calendar: pd.DataFrame | None = None,
    exclude: pd.DatetimeIndex | None = None,
    after_days: int = 14,
) -> Effect:
    """What a change caused: the target in its window, less what it would have been without the change.

    A log-linear regression on the controls (on levels where values are not all positive) with weekday and holiday
    terms, growth of its own, a wandering level and AR(1) errors. How large each of these is, which controls to weigh,
    and which of them the change touched itself is not decided but averaged over, so that the interval holds that doubt.

    Args:
        target: Daily values by date; NaN or absent = missing.
        start: First day of the change.
        end: Last day of the change.
        controls: Series the change did not touch, one column each, by date. One that is absent on many days is left
            out; single gaps are filled from the others. None = the target's own past only.
        calendar: date and day_type (workday, weekend, holiday, makeup_workday); None = weekdays only.
        exclude: Days that other changes touched; they are not learnt from.
        after_days: Days after the window that `Effect.after` counts, if there are data.

    Returns:
        The effect; refused as SHORT_PRE with fewer than 28 days to learn from.

    Raises:
        InputError: A date cannot be read or comes twice, a value is infinite or no number, a day type is unknown, the
            window ends before it starts or holds no value of the target; names all of it.

    Source:
        Counterfactual by regression on controls with draws of its path: K. H. Brodersen et al., Inferring causal
        impact using Bayesian structural time-series models, Annals of Applied Statistics 9 (2015); averaging over
        models: J. A. Hoeting et al., Bayesian model averaging, Statistical Science 14 (1999).

    Example:
        >>> days = pd.date_range("2026-03-02", periods=74)
        >>> shape = 1000.0 * (1.0 + 0.2 * (days.day_of_week >= 5) + 0.02 * np.sin(np.arange(74) * 5.0))
        >>> lift = np.where(days >= "2026-05-01", 1.1, 1.0)
        >>> controls = pd.DataFrame({"north": shape, "south": 2.0 * shape}, index=days)
        >>> found = effect(pd.Series(shape * lift, index=days), "2026-05-01", "2026-05-14", controls=controls)
        >>> round(found.window.point / found.baseline, 3)
        0.1
    """
    series, others, kinds, first, last = _checked(target, (start, end), controls, calendar)
    excluded = pd.DatetimeIndex([] if exclude is None else exclude).normalize()
    task = as_task(series, others, kinds, (first, last), excluded, after_days)
    cautions = [Caution.HOLIDAY_OVERLAP] if task.holiday[task.start : task.stop].any() else []
    cautions += [] if task.names else [Caution.NO_CONTROL]
    if len(task.before) < LEAST_DAYS:
        return Effect(
            cautions=(*cautions, Caution.SHORT_PRE),
            refused=Caution.SHORT_PRE,
            controls=task.names,
            n_before=len(task.before),
        )
    return _effect(task, expected(task), cautions)


def _checked(
    target: pd.Series,
    window: tuple[date | str, date | str],
    controls: pd.DataFrame | None,
    calendar: pd.DataFrame | None,
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    problems: list[Problem] = []
    series, others, kinds, ends = pd.Series(dtype=float), pd.DataFrame(), pd.DataFrame(), []
    with collecting(problems):
        series = by_date(target, "target")
    with collecting(problems):
        others = _in_order(controls)
    with collecting(problems):
        kinds = day_kinds(calendar)
    for name, day in zip(("start", "end"), window, strict=True):
        with collecting(problems):
            ends.append(by_date(pd.Series([0.0], index=pd.Index([day])), name).index[0])
    if not problems:
        problems += _window_problems(series, *ends)
    if problems:
        raise InputError(problems)
    return series, others, kinds, ends[0], ends[1]


def _window_problems(series: pd.Series, first: pd.Timestamp, last: pd.Timestamp) -> list[Problem]:
    values = {"start": f"{first:%Y-%m-%d}", "end": f"{last:%Y-%m-%d}"}
    if last < first:
        return [Problem(code="end_before_start", source="end", values=values)]
    return [Problem(code="window_empty", source="target", values=values)] if series[first:last].empty else []


def _in_order(controls: pd.DataFrame | None) -> pd.DataFrame:
    """Controls in order of their days, checked."""
    if controls is None or not controls.shape[1]:
        return pd.DataFrame(index=pd.DatetimeIndex([]))
    problems: list[Problem] = []
    columns = {}
    for name in controls:
        with collecting(problems):
            columns[name] = by_date(controls[name], "controls")
    if problems:
        raise InputError(problems)
    return pd.DataFrame(columns)


def _effect(task: Task, found: Expected, cautions: list[Caution]) -> Effect:
    there = np.isfinite(task.y[task.start :])
    difference = np.where(there, task.y[task.start :] - found.draws, 0.0)
    length, wider = task.stop - task.start, WIDER if task.names else WIDER_ALONE
    window, following = difference[:, :length].sum(axis=1), difference[:, length:].sum(axis=1)
    after = _estimate(window + following, wider) if there[length:].any() else None
    shown = {
        Caution.PRE_TREND: found.pre_trend,
        Caution.CONTROL_CONTAMINATED: found.contaminated,
        Caution.PULL_FORWARD: (following < 0).mean() >= BELOW and (window < 0).mean() < BELOW,
    }
    return Effect(
        window=_estimate(window, wider),
        after=after,
        missing_days=int((~there[:length]).sum()),
        after_days=len(task.days) - task.stop if after else 0,
        baseline=float(np.median(found.draws[:, :length][:, there[:length]].sum(axis=1))),
        basis=Basis.CONTROLS if task.names else Basis.NO_CONTROL,
        cautions=(*cautions, *(caution for caution, holds in shown.items() if holds)),
        controls=task.names,
        n_before=len(task.before),
        days=_days(task, found),
    )


def _estimate(draws: np.ndarray, wider: float) -> Estimate:
    point = float(np.median(draws))
    return Estimate(point=point, draws=point + wider * (np.sort(draws) - point))


def _days(task: Task, found: Expected) -> pd.DataFrame:
    """Actual and expected day by day, some weeks before the window included."""
    first = max(task.start - SHOWN, 0)
    ahead = np.quantile(found.draws, [0.5, 0.025, 0.975], axis=0)
    best, lower, upper = np.hstack([found.fitted[:, first : task.start], ahead])
    position = np.arange(first, len(task.days))
    phase = np.select([position < task.start, position < task.stop], ["before", "window"], "after")
    return pd.DataFrame(
        {
            "date": task.days[first:],
            "actual": task.y[first:],
            "expected": best,
            "lower": lower,
            "upper": upper,
            "phase": phase,
        }
    )
