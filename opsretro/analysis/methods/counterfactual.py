"""What a series would have been without a change, from others like it and its own past; the difference is the effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.counterfactual_columns import Columns, day_columns, together
from opsretro.analysis.methods.counterfactual_controls import (
    HOLIDAY_SPREADS,
    Touched,
    holiday_spreads,
    ordinary,
    touched,
)
from opsretro.analysis.methods.counterfactual_fit import DRAWS, fits, grid
from opsretro.analysis.methods.counterfactual_history import drift_score, shift_columns
from opsretro.analysis.methods.counterfactual_paths import paths
from opsretro.analysis.methods.day_index import by_date, day_kinds
from opsretro.analysis.methods.effect import Basis, Caution, Effect, Estimate
from opsretro.errors import InputError, Problem, collecting

LEAST_DAYS = 28
MOST_DAYS = 730
HALF_LIFE = 100
"""Age in days at which a day counts half."""
UNLIKE = 8.0
"""Without a clear mean a series is measured in this many standard deviations, so that effects are as large as usual."""
SHOWN = 56
"""Days before the window that `days` holds."""


INFO = []
@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """A target and its controls over gapless days, positions instead of dates.

    Attributes:
        days: Every day from the first learnt from to the last after the window.
        y: Target; NaN = missing.
        x: Controls, complete, one column each; no column = none.
        kinds: Day types.
        before: Positions learnt from.
        start: Position of the window's first day.
        stop: Position after the window's last day.
        names: Of the controls.
    """

    days: pd.DatetimeIndex
    y: np.ndarray
    x: np.ndarray
    kinds: pd.Series
    before: np.ndarray
    start: int
    stop: int
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scale:
    """Between the unit of the series and that of the model."""

    log: bool
    centre: float = 0.0
    size: float = 1.0
    alike: bool = True

    def to(self, values: np.ndarray) -> np.ndarray:
        return np.log(values) if self.log else (values - self.centre) / self.size

    def back(self, values: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(values, 700.0)) if self.log else values * self.size + self.centre


def effect(
    target: pd.Series,
    start: Any,
    end: Any,
    *,
    controls: pd.DataFrame | None = None,
    calendar: pd.DataFrame | None = None,
    exclude: pd.DatetimeIndex | None = None,
    after_days: int = 14,
) -> Effect:
    """What a change caused: the target in its window less what it would have been without."""
    series, others, kinds, first, last = _checked(target, start, end, controls, calendar)
    task = _task(series, others, kinds, first, last, exclude, after_days)
    cautions = [Caution.HOLIDAY_OVERLAP] if (task.kinds[task.start : task.stop] == "holiday").any() else []
    cautions += [] if task.names else [Caution.NO_CONTROL]
    if len(task.before) < LEAST_DAYS:
        return Effect(
            cautions=(*cautions, Caution.SHORT_PRE),
            refused=Caution.SHORT_PRE,
            n_before=len(task.before),
            controls=task.names,
        )
    drawn, fitted, more = _expected(task)
    return _effect(task, drawn, fitted, [*cautions, *more])


def _checked(
    target: pd.Series, start: Any, end: Any, controls: pd.DataFrame | None, calendar: pd.DataFrame | None
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    problems: list[Problem] = []
    series, others, kinds = pd.Series(dtype=float), pd.DataFrame(), pd.DataFrame()
    first, last = pd.Timestamp(start).normalize(), pd.Timestamp(end).normalize()
    with collecting(problems):
        series = by_date(target, "target")
    with collecting(problems):
        others = _frame(controls)
    with collecting(problems):
        kinds = day_kinds(calendar)
    if last < first:
        problems.append(Problem(code="end_before_start", source="end", values={"value": f"{last:%Y-%m-%d}"}))
    elif not problems and series[first:last].empty:
        values = {"start": f"{first:%Y-%m-%d}", "end": f"{last:%Y-%m-%d}"}
        problems.append(Problem(code="window_empty", source="target", values=values))
    if problems:
        raise InputError(problems)
    return series, others, kinds, first, last


def _frame(controls: pd.DataFrame | None) -> pd.DataFrame:
    """Controls in order of their days."""
    if controls is None or not controls.shape[1]:
        return pd.DataFrame(index=pd.DatetimeIndex([]))
    place = by_date(pd.Series(np.arange(len(controls)), index=controls.index), "controls")
    values = controls.apply(pd.to_numeric, errors="coerce").astype(float).iloc[place.to_numpy(dtype=int)]
    if np.isinf(values.to_numpy()).any():
        raise InputError([Problem(code="infinite", source="controls")])
    return values.set_axis(place.index)


def _task(
    series: pd.Series,
    others: pd.DataFrame,
    kinds: pd.DataFrame,
    first: pd.Timestamp,
    last: pd.Timestamp,
    exclude: pd.DatetimeIndex | None,
    after_days: int,
) -> _Task:
    origin = max(series.index[0], first - pd.Timedelta(days=MOST_DAYS))
    end = min(last + pd.Timedelta(days=after_days), max(series.index[-1], last))
    days = pd.date_range(min(origin, first), end)
    y = series.reindex(days).to_numpy()
    start, stop = days.get_loc(first), days.get_loc(last) + 1
    usable = np.isfinite(y) & (np.arange(len(days)) < start)
    if exclude is not None:
        usable &= ~days.isin(exclude)
    names, x = _complete(others.reindex(days), usable, start)
    usable &= np.isfinite(x).all(axis=1)
    return _Task(
        days=days,
        y=y,
        x=x,
        kinds=kinds["day_type"].reindex(days).fillna("").reset_index(drop=True),
        before=np.flatnonzero(usable),
        start=start,
        stop=stop,
        names=names,
    )


def _complete(others: pd.DataFrame, usable: np.ndarray, start: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Controls that are there in the weeks before and all the time since; single gaps filled from the others."""
    values = others.to_numpy(dtype=float)
    recent = np.flatnonzero(usable)[-90:]
    there = np.isfinite(values)
    keep = (there[recent].mean(axis=0) >= 0.8) if len(recent) else np.zeros(values.shape[1], dtype=bool)
    keep &= there[start:].mean(axis=0) >= 0.8
    if (keep & there[start:].all(axis=0)).any():
        keep &= there[start:].all(axis=0)
    values = values[:, keep]
    if values.shape[1] > 1 and not np.isfinite(values).all():
        centre = np.nanmean(values[recent], axis=0)
        size = np.where(np.abs(centre) > 0, centre, 1.0)
        with np.errstate(all="ignore"):
            ratio = np.nanmean(values / size, axis=1) if np.isfinite(values).any() else values[:, 0]
        values = np.where(np.isfinite(values), values, ratio[:, None] * size)
    elif values.shape[1] == 1:
        since = values[start:, 0]
        week = np.nanmean(since)
        values[start:, 0] = np.where(np.isfinite(since), since, week)
    return tuple(str(name) for name in others.columns[keep]), values


def _scales(task: _Task) -> tuple[_Scale, list[_Scale]]:
    """Logarithms where all is positive; parts of the mean where the mean is clear; else standard deviations."""
    y, x = task.y[task.before], np.vstack([task.x[task.before], task.x[task.start :]])
    if (y > 0).all() and (x > 0).all() and np.std(np.diff(np.log(y))) < 0.7:
        return _Scale(log=True), [_Scale(log=True)] * x.shape[1]
    past = task.x[task.before]
    alike = y.mean() > 1.5 * y.std() and all(past[:, k].mean() > 1.5 * past[:, k].std() for k in range(past.shape[1]))
    found = []
    for values in [y, *past.T]:
        size = values.mean() if alike else UNLIKE * values.std()
        found.append(_Scale(log=False, centre=float(values.mean()), size=float(size) or 1.0, alike=alike))
    return found[0], found[1:]


def _expected(task: _Task) -> tuple[np.ndarray, np.ndarray, list[Caution]]:
    """Draws of the days from the window on, the fitted days before with their error, and cautions."""
    scale, scales = _scales(task)
    y = scale.to(np.where(np.isfinite(task.y), np.where(task.y > 0, task.y, 1.0) if scale.log else task.y, 1.0))
    x = np.column_stack([one.to(task.x[:, k]) for k, one in enumerate(scales)]) if task.names else task.x
    x = np.where(np.isfinite(x), x, 0.0)
    columns = day_columns(task.days, task.start, task.kinds)
    before, ahead = task.before, np.arange(task.start, len(task.days))
    holiday = (task.kinds == "holiday").to_numpy()
    spreads, maybe, common = (
        [(size * 2, chance) for size, chance in HOLIDAY_SPREADS],
        Touched(groups=[()], weight=np.ones(1)),
        np.zeros_like(x),
    )
    cautions = []
    if task.names:
        ordinary_days = np.flatnonzero(~holiday & np.isin(np.arange(len(holiday)), np.concatenate([before, ahead])))
        plain = ordinary(x, columns, ordinary_days, np.full(x.shape[1], 0.03 if scale.alike else 0.12))
        control_noise = np.std((x - plain)[before[~holiday[before]]], axis=0) + 1e-9
        common = np.where(holiday[:, None], x - plain, 0.0)
        known = np.flatnonzero(holiday & np.isin(np.arange(len(holiday)), np.concatenate([before, ahead])))
        if x.shape[1] > 1 and len(known):
            stretch = np.cumsum(np.diff(holiday.astype(int), prepend=0) == 1)[known]
            spreads = holiday_spreads(common[known], stretch, control_noise)
        else:
            spreads = list(HOLIDAY_SPREADS)
        window = np.arange(task.start, task.stop)
        quiet = window[~holiday[window]]
        if len(quiet) >= max(2, 0.25 * len(window)):
            maybe = touched(x - common * scale.alike, columns, before, quiet, 0.5 ** ((task.start - before) / HALF_LIFE))
        if maybe.chance > 0.5:
            cautions.append(Caution.CONTROL_CONTAMINATED)
    return _averaged(task, y, x, common * scale.alike, columns, maybe, spreads, scale, cautions)


def _averaged(task, y, x, common, columns, maybe, spreads, scale, cautions):
    before, ahead = task.before, np.arange(task.start, len(task.days))
    K = x.shape[1]
    shared = common.mean(axis=1) if K else np.zeros(len(y))
    centre = (x - common)[before].mean(axis=0) if K else np.zeros(0)
    rest = x - shared[:, None] - centre if K else x
    y_rest = y - shared
    weight = 0.5 ** ((task.start - before) / HALF_LIFE)
    plain = np.column_stack(
        [columns.x[:, np.isin(columns.kind, ["level", "weekday", "makeup_workday", "holiday"])], rest]
    )
    mean_first = rest.mean(axis=1) if K and scale.alike else np.zeros(len(y))
    slope_col = columns.x[:, columns.kind == "slope"] / 100.0
    firsts, drawn_in, swell, noise = shift_columns(
        (y_rest - mean_first)[before], np.column_stack([plain, slope_col])[before], before
    )
    if K:
        steps = np.column_stack([np.zeros((len(before), 0)), *[(before >= f) - 1.0 for f in firsts]])
        recent = before >= before[-1] - 90
        slope, score = drift_score(
            (y_rest - mean_first)[before][recent],
            np.column_stack([plain[before][:, : plain.shape[1] - K], steps])[recent],
            before[recent],
        )
    drawn_in = drawn_in + mean_first[before]
    position = np.arange(len(y))
    groups = []
    n_done = 0
    all_draws = []
    rng = np.random.default_rng(20260501)
    fitted = None
    kept, rhos = None, None
    counts = np.diff(np.round(np.concatenate([[0], np.cumsum(maybe.weight)]) * DRAWS).astype(int))
    for group, count in zip(maybe.groups, counts, strict=True):
        if count == 0:
            continue
        good = [k for k in range(K) if k not in group]
        if K:
            shared_g = np.where(position >= task.start, common[:, good].mean(axis=1), shared)
            rest_g = x - shared_g[:, None] - centre
        else:
            shared_g, rest_g = shared, x
        parts = [("control", rest_g[:, good], 1.0)] if good else []
        parts += [("shift", (position >= f)[:, None] - 1.0, 0.5) for f in firsts]
        extra = together(parts) if parts else None
        cols = columns
        if extra is not None:
            mean = np.where(extra.kind == "control", 1.0 / max(len(good), 1) if scale.alike else 0.0, 0.0)
            cols = Columns(
                x=np.hstack([columns.x, extra.x]),
                mean=np.concatenate([columns.mean, mean]),
                spread=np.concatenate([columns.spread, extra.spread]),
                kind=np.concatenate([columns.kind, extra.kind]),
            )
        unit = 1.0
        choices = dict(
            slope=[(0.02, 0.5), (1.0, 0.4), (4.0, 0.1)],
            drift=[(0.02 * noise, 0.5), (0.2 * noise, 0.3), (0.5 * noise, 0.2)],
        )
        if good:
            choices["control"] = [(0.15, 0.5), (0.6, 0.5)]
        if (columns.kind == "holiday").any():
            choices["holiday"] = [(size * unit, share) for size, share in spreads]
        if firsts:
            choices["shift"] = [(0.002 * unit, 0.5), (unit, 0.5)]
        rows = Columns(x=cols.x[before], mean=cols.mean, spread=cols.spread, kind=cols.kind)
        target_rows = drawn_in
        settings = grid(**choices)
        if kept is None:
            found = fits(target_rows, rows, before, weight, noise, settings)
            share = np.zeros(len(settings))
            rhos = {}
            for f in found:
                share[f.setting] += f.weight; rhos[f.autocorrelation] = rhos.get(f.autocorrelation, 0) + f.weight
            kept = [i for i in range(len(settings)) if share[i] > 0.01]
            rhos = [r for r in rhos if rhos[r] > 0.03]
            steep = sum(share[i] for i in range(len(settings)) if settings[i]["slope"] > 0.5)
            if K:
                w0 = max(before[0], before[-1] - 56)
                row = np.where(cols.kind == "slope", cols.x[before[-1]] - cols.x[w0], 0.0) / (before[-1] - w0)
                on = [f for f in found if settings[f.setting]["slope"] > 0.5]
                W = np.array([f.weight for f in on]); M = np.array([row @ f.beta for f in on]); V = np.array([f.variance * ((row @ f.root) ** 2).sum() for f in on])
                if len(on):
                    W = W / W.sum(); m = W @ M; v = W @ (V + M**2) - m**2
                else:
                    m, v = 0., 1.
                INFO.append((score, slope, steep, noise, m / np.sqrt(v), m))
                if abs(score) > 3:
                    cautions.append(Caution.PRE_TREND)
        else:
            found = fits(target_rows, rows, before, weight, noise, [settings[i] for i in kept], rhos)
        draws = paths(found, count, ahead - before[-1], cols.x[ahead], cols.x[before[-1]], float(drawn_in[-1]), swell, rng)
        all_draws.append(scale.back(draws + shared_g[ahead]))
        if fitted is None:
            beta = sum(f.weight * f.beta for f in found)
            sd = np.sqrt(sum(f.weight * f.variance for f in found))
            centre_line = cols.x @ beta + shared_g
            fitted = np.array([scale.back(centre_line + z * sd) for z in (0.0, -1.96, 1.96)])
    return np.vstack(all_draws), fitted, cautions


def _effect(task: _Task, drawn: np.ndarray, fitted: np.ndarray, cautions: list[Caution]) -> Effect:
    actual = task.y[task.start :]
    there = np.isfinite(actual)
    difference = np.where(there, actual - drawn, 0.0)
    n_window = task.stop - task.start
    window = difference[:, :n_window].sum(axis=1)
    after_sum = difference[:, n_window:].sum(axis=1)
    after = _estimate(window + after_sum) if there[n_window:].any() else None
    found = _estimate(window)
    if after is not None and (after_sum < 0).mean() >= 0.95 and (window > 0).mean() > 0.3:
        cautions.append(Caution.PULL_FORWARD)
    expected = drawn[:, :n_window][:, there[:n_window]].sum(axis=1)
    return Effect(
        window=found,
        after=after,
        after_days=len(task.days) - task.stop if after is not None else 0,
        baseline=float(np.mean(expected)),
        basis=Basis.CONTROLS if task.names else Basis.NO_CONTROL,
        cautions=tuple(cautions),
        controls=task.names,
        n_before=len(task.before),
        days=_days(task, drawn, fitted),
    )


def _estimate(draws: np.ndarray) -> Estimate:
    draws = np.sort(draws)
    return Estimate(point=float(np.median(draws)), draws=draws)


def _days(task: _Task, drawn: np.ndarray, fitted: np.ndarray) -> pd.DataFrame:
    first = max(task.start - SHOWN, 0)
    ahead = np.vstack([np.median(drawn, axis=0), *np.quantile(drawn, [0.025, 0.975], axis=0)])
    band = np.hstack([fitted[:, first : task.start], ahead])
    phase = np.where(np.arange(first, len(task.days)) < task.start, "before", "window")
    phase[task.stop - first :] = "after"
    return pd.DataFrame(
        {
            "date": task.days[first:],
            "actual": task.y[first:],
            "expected": band[0],
            "lower": band[1],
            "upper": band[2],
            "phase": phase,
        }
    )
