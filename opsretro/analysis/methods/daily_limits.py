"""What the days of a KPI ordinarily do: limits of single days and of runs of days, by kind of day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.analysis.methods.day_index import DayIndex, day_index

WINDOW = 56
"""Days of the baseline; eight weeks hold every weekday eight times and still follow a KPI that drifts."""
GUARD = 14
"""Newest days the baseline leaves out, and the longest run that is compared with it."""
SHORTEST = 3
"""Days a shift has at least."""
LEAST = 21
"""Days the baseline must have; with the guard that is five weeks of history."""
WIDTH = 3.2
"""Standard errors from the mean to a limit, for a baseline without end; widened as Student's t for a short one."""
SCREEN = 4.0
"""Baseline days more than this many robust standard deviations from the median are left out."""
CAP = 2.5
"""Standard deviations a single day counts in a run at most: one spike makes a shift in one of 50 cases only."""
DOUBT = 2
"""The errors of the factors count this many times, for holidays hardly ever do exactly what those before did."""
HALF_TREND = 91
"""Days of each of the two stretches that must agree on a trend."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DailyKpi:
    """A KPI on every day up to the one in question.

    Attributes:
        days: Without gaps.
        actual: The KPI's value; NaN = missing.
        judged: What has limits: the values, or the daily differences of a level.
        weight: Denominator of a ratio, else 1.
        offset: Added before factors are taken where values have both signs, so that factors make sense.
        grain: Sampling variance of a day but for its mean: 1 for counts, 1 ÷ den for shares of counts, else 0.
        how: Sum, mean, last, ratio or mean_rate.
        is_share: Whether the ratio is a share, between 0 and 1.
    """

    days: pd.DatetimeIndex
    actual: np.ndarray
    judged: np.ndarray
    weight: np.ndarray
    offset: float
    grain: np.ndarray
    how: Aggregation
    is_share: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Baseline:
    """What the days before ordinarily do, one number a day in question, indexed values.

    Attributes:
        mean: Of the days kept.
        var: Of a day, sampling variance left out.
        grain: Sampling variance of a day per unit of its grain.
        error: Variance of the mean.
        memory: Correlation of neighbouring days.
        load: Mean loadings of the factors.
        shape: Third over second moment of a day, per unit of its variance.
        width: Standard errors from the mean to a limit.
    """

    mean: np.ndarray
    var: np.ndarray
    grain: np.ndarray
    error: np.ndarray
    memory: np.ndarray
    load: np.ndarray
    shape: np.ndarray
    width: np.ndarray


class Reading(NamedTuple):
    """What the limits say, one row a kind (day, shift), one column a day in question.

    Attributes:
        side: 1 above the limits, -1 below, 0 inside.
        days: Length of the run.
        actual: Mean of the run, KPI's own unit; of a level its newest value.
        expected: What days of these kinds do; of a level where it would stand.
        lower: Limit, same unit.
        upper: Limit, same unit.
        excess: actual - expected; of a ratio in units of its numerator, a day.
        reach: Deviation of what is judged, relative to what was expected of it; 0 expected counts as next to nothing.
    """

    side: np.ndarray
    days: np.ndarray
    actual: np.ndarray
    expected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    excess: np.ndarray
    reach: np.ndarray


def daily_kpi(parts: pd.DataFrame, last: pd.Timestamp, how: Aggregation) -> DailyKpi:
    """A KPI as the limits take it.

    Args:
        parts: By date, sorted: column value, or num and den of a ratio.
        last: The newest day.
        how: How the KPI is aggregated.
    """
    days = pd.date_range(parts.index.min(), last) if len(parts) else pd.DatetimeIndex([])
    columns = parts.reindex(days).to_numpy().T
    actual = judged = columns[0]
    weight, grain, is_share = np.ones(len(days)), np.zeros(len(days)), False
    whole = not (columns % 1 > 0).any() and not (columns < 0).any()
    if how is Aggregation.RATIO:
        weight = np.where((columns[1] > 0) & ~np.isnan(actual), columns[1], np.nan)
        actual = judged = actual / weight
        is_share = whole and not (actual > 1).any()
        grain = 1 / weight if is_share else grain
    elif how is Aggregation.LAST:
        judged = np.diff(actual, prepend=np.nan)
    elif how is Aggregation.SUM and whole:
        grain = np.ones(len(days))
    size = np.nansum(np.abs(judged))
    offset = 0.0 if abs(np.nansum(judged)) > 0.8 * size else 10 * size / max(np.isfinite(judged).sum(), 1)
    return DailyKpi(
        days=days,
        actual=actual,
        judged=judged,
        weight=weight,
        offset=offset,
        grain=grain,
        how=how,
        is_share=is_share,
    )


def read_days(kpi: DailyKpi, calendar: pd.DataFrame | None, at: np.ndarray) -> Reading:
    """What the limits say about some days, each week by the factors and the trend known when it began.

    A day is therefore read the same way whenever it is read, and a week needs one fit. Days without a baseline are
    left out.

    Args:
        kpi: From `daily_kpi`.
        calendar: As in `day_index`.
        at: Places in `kpi.days`, ascending.
    """
    seen = np.concatenate([np.zeros(GUARD + WINDOW), np.cumsum(np.isfinite(kpi.judged))])
    at = at[seen[at + WINDOW] - seen[at] >= LEAST]
    mondays = np.maximum(at - kpi.days.day_of_week.to_numpy()[at], 1)
    # A holiday is known by its length, so the calendar is read to the end of one that has begun.
    horizon = pd.date_range(kpi.days[0], periods=len(kpi.days) + GUARD)
    weeks = []
    for monday in np.unique(mondays):
        known = pd.Series(kpi.judged + kpi.offset, index=kpi.days)[:monday]
        weight = pd.Series(kpi.weight, index=kpi.days)[:monday] if kpi.how is Aggregation.RATIO else None
        index = day_index(known, calendar, days=horizon, weights=weight)
        weeks.append(_read(kpi, index, int(monday), at[mondays == monday]))
    return Reading(*(np.concatenate(columns, axis=1) for columns in zip(*weeks, strict=True)))


def _window(values: np.ndarray, at: np.ndarray, first: int, length: int) -> np.ndarray:
    """The `length` values up to `first` days before each place, newest first; NaN before the beginning."""
    place = at[:, None] - np.arange(first, first + length)
    there = (place >= 0).reshape(place.shape + (1,) * (values.ndim - 1))
    return np.where(there, values[np.maximum(place, 0)], np.nan)


def _read(kpi: DailyKpi, index: DayIndex, monday: int, at: np.ndarray) -> Reading:
    """Limits of single days and of runs on the days `at` of one week."""
    n = len(kpi.days)
    factor, loads = index.factors.to_numpy()[:n], index.loadings[:n]
    x = (kpi.judged + kpi.offset) / factor - kpi.offset
    drift = _trend(x[: max(monday - GUARD, 0)]) * (np.arange(n) - monday)
    indexed = (x - drift, kpi.grain / factor, loads)
    base = _baseline(kpi, *(_window(values, at, GUARD, WINDOW) for values in indexed))
    runs = _runs(kpi, base, *(_window(values, at, 0, GUARD) for values in indexed))
    expected = (base.mean[:, None] + _window(drift + kpi.offset, at, 0, GUARD)) * _window(factor, at, 0, GUARD)
    return _in_units(kpi, runs, expected - kpi.offset, _window(factor, at, 0, GUARD), at)


def _trend(x: np.ndarray) -> float:
    """Slope a day that the last two quarters agree on, the flatter of the two; 0.0 when they do not or are short."""
    slopes = []
    for half in (x[-HALF_TREND:], x[-2 * HALF_TREND : -HALF_TREND]):
        there = np.flatnonzero(np.isfinite(half))
        if len(there) < HALF_TREND * 2 // 3:
            return 0.0
        y, t = half[there], there - there.mean()
        far = SCREEN * _robust_sd(y[None])[0]
        y = np.clip(y, np.median(y) - far, np.median(y) + far)
        slopes.append(float(t @ y / (t @ t)))
    return min(slopes, key=abs) if slopes[0] * slopes[1] > 0 else 0.0


def _robust_sd(x: np.ndarray) -> np.ndarray:
    """Standard deviation of each row by its median absolute deviation."""
    return 1.4826 * np.nanmedian(np.abs(x - np.nanmedian(x, axis=1, keepdims=True)), axis=1)


def _baseline(kpi: DailyKpi, x: np.ndarray, grain: np.ndarray, loads: np.ndarray) -> _Baseline:
    unit = np.nanmean(grain, axis=1)
    floor = _sampling(kpi, np.nanmedian(x, axis=1), unit, LEAST)[0] * unit
    sd = np.sqrt(np.maximum(_robust_sd(x) ** 2, floor))[:, None]
    spike = np.abs(x - np.nanmedian(x, axis=1, keepdims=True)) > SCREEN * sd
    # More than a fifth of all days, or any day where most are equal, is no exception but how the KPI is.
    spike &= (spike.sum(axis=1, keepdims=True) <= 0.2 * np.isfinite(x).sum(axis=1, keepdims=True)) & (sd > 0)
    x = np.where(spike, np.nan, x)
    n, mean, var = np.isfinite(x).sum(axis=1), np.nanmean(x, axis=1), np.nanvar(x, axis=1, ddof=1)
    away = np.nan_to_num(x - mean[:, None])
    pairs = (np.isfinite(x[:, 1:]) & np.isfinite(x[:, :-1])).sum(axis=1)
    memory = (away[:, 1:] * away[:, :-1]).sum(axis=1) / np.maximum(pairs * var, 1e-300)
    # The plain estimate is too low by about (1 + 3·memory)/n (M. G. Kendall, 1954).
    memory = np.clip(memory + (1 + 3 * np.clip(memory, 0, 1)) / n, 0, 0.8)
    grain, shape = _sampling(kpi, mean, unit, n)
    return _Baseline(
        mean=mean,
        var=np.maximum(var - grain * unit, 0),
        grain=grain,
        error=np.maximum(var, grain * unit) / n * (1 + memory) / (1 - memory),
        memory=memory,
        load=np.where(np.isfinite(x)[..., None], np.nan_to_num(loads), 0).sum(axis=1) / n[:, None],
        shape=shape,
        width=WIDTH * (1 + (WIDTH**2 + 1) / (4 * n)),
    )


def _sampling(kpi: DailyKpi, mean: np.ndarray, unit: np.ndarray, n: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """Sampling variance per unit of grain, and skewness as third over second moment per variance.

    A count that was never seen may still come: one event in all the days is added.
    """
    if kpi.is_share:
        p = np.clip(mean, unit / n, np.maximum(1 - unit / n, 0.5))
        return p * (1 - p), (1 - 2 * p) / (p * (1 - p))
    level = mean + unit / n
    tail = np.divide(1, level, out=np.zeros_like(level), where=level != 0)
    return np.maximum(level, 0), tail * (kpi.offset == 0)


class _Runs(NamedTuple):
    """What stands out of indexed values, one row a kind (day, shift), one column a day in question.

    Attributes:
        inside: The days of the run, newest first, along a third axis.
        side: 1 above the limits, -1 below, 0 inside.
        lower: Limit, from the mean of the baseline.
        upper: Limit, from the mean of the baseline.
    """

    inside: np.ndarray
    side: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def _runs(kpi: DailyKpi, base: _Baseline, x: np.ndarray, grain: np.ndarray, loads: np.ndarray) -> _Runs:
    """The mean of the last 1 … 14 days against its limits, for every day in question."""
    away, there = x - base.mean[:, None], np.isfinite(x)
    var = np.where(there, base.var[:, None] + base.grain[:, None] * grain, 0)
    length = np.maximum(np.cumsum(there, axis=1), 1)
    load = np.cumsum(np.where(there[..., None], loads, 0), axis=1) / length[..., None] - base.load[:, None]
    of_factors = (base.mean + kpi.offset)[:, None] ** 2 * DOUBT**2 * (load**2).sum(axis=-1)
    mean_var, r = np.cumsum(var, axis=1) / length, base.memory[:, None]
    grows = (1 + r) / (1 - r) - 2 * r * (1 - r**length) / (length * (1 - r) ** 2)
    error = np.sqrt(mean_var * grows / length + base.error[:, None] + of_factors)
    half = base.width[:, None] * np.maximum(error, 1e-9 * np.abs(base.mean[:, None]) + 1e-300)
    skew = (base.width[:, None] ** 2 - 1) / 6 * mean_var * base.shape[:, None] / length
    cap = CAP * np.sqrt(var * (1 + r) / (1 - r))
    mean = np.cumsum(np.where(there, np.clip(away, -cap, cap), 0), axis=1) / length
    # The expansion holds while it moves the nearer limit by less than half; beyond, that limit would turn back.
    lower, upper = np.minimum(skew, half / 2) - half, np.maximum(skew, -half / 2) + half
    return _stand_out(np.where(there, away, 0)[:, 0], mean, length, lower, upper, there)


def _stand_out(
    newest: np.ndarray, mean: np.ndarray, length: np.ndarray, lower: np.ndarray, upper: np.ndarray, there: np.ndarray
) -> _Runs:
    """The newest day and the run that stands out most."""
    rows, z = np.arange(len(mean)), mean / np.where(mean > 0, upper, -lower)
    best = np.abs(np.where(there & (length >= SHORTEST), z, 0)).argmax(axis=1)
    shift = np.trunc(np.clip(z[rows, best], -1, 1)) * (length[rows, best] >= SHORTEST)
    # Inside a shift a day is news only if it stands out from the shifted level as well.
    level = np.where(shift != 0, mean[rows, best], 0)
    low, high = lower[:, 0] + np.minimum(level, 0), upper[:, 0] + np.maximum(level, 0)
    column = np.stack([0 * best, best])
    return _Runs(
        inside=there & (np.arange(GUARD) <= column[..., None]),
        side=np.stack([(newest > high) * 1.0 - (newest < low), shift]),
        lower=np.stack([low, lower[rows, best]]),
        upper=np.stack([high, upper[rows, best]]),
    )


def _in_units(kpi: DailyKpi, runs: _Runs, expected: np.ndarray, factor: np.ndarray, at: np.ndarray) -> Reading:
    """From indexed values back to the KPI's own unit: means over each run, weighted where it is a ratio."""
    weight, actual = (_window(values, at, 0, GUARD) for values in (kpi.weight, kpi.judged))
    weight = np.where(runs.inside, weight, 0)
    total = np.maximum(weight.sum(axis=-1), 1e-300)
    means = [(weight * np.nan_to_num(values)).sum(axis=-1) / total for values in (actual, expected, factor)]
    days = np.maximum(runs.inside.sum(axis=-1), 1)
    actual, expected, factor = means
    lower, upper = expected + runs.lower * factor, expected + runs.upper * factor
    reach = (actual - expected) / np.maximum(np.abs(expected), 1e-100)
    if kpi.how is Aggregation.LAST:
        start = kpi.actual[at] - actual * days
        actual, expected, lower, upper = (start + days * values for values in (actual, expected, lower, upper))
    elif not (kpi.judged < 0).any():
        lower, upper = np.maximum(lower, 0), np.minimum(upper, 1) if kpi.is_share else upper
    excess = (actual - expected) * (total / days if kpi.how is Aggregation.RATIO else 1)
    return Reading(runs.side, days, actual, expected, lower, upper, excess, reach)
