"""Month-end pace: where a running month will end, how sure that is, and the chance of hitting its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation, Direction
from opsretro.analysis.day_index import day_index, day_kinds, has_data, parts_by_date
from opsretro.analysis.targets import wanted_range
from opsretro.errors import InputError, Problem, as_code, collecting
from opsretro.tables.period import Period

LEAST_DAYS = 21
"""Days with data, elapsed ones included, below which nothing is said."""
HISTORY = pd.DateOffset(months=36)
"""Older days are not looked at."""
SAMPLES = 1000
QUANTILES = {"expected": 0.5, "lower80": 0.1, "upper80": 0.9, "lower95": 0.025, "upper95": 0.975}
ON_TARGET = 1e-6
"""A value this close to the target, relative to it, is on target: the fit of a KPI without noise ends there."""
MEMORIES = (0.2, 3.0, 7.0, 14.0, 28.0, 56.0, 112.0)
"""Mean ages in days of the candidate levels: from the last value to an average over half a year."""
SLOPES = (28, 84)
"""Days in each of the two windows that a candidate slope compares."""
RECENT = 21
"""Days whose median says where the level is: a campaign of up to ten days does not move it, a longer change does."""
CAUTION = 6.0
"""How little a candidate level far from that median is held against it: 2 would be the likelihood of normal noise."""
DOUBT = 2.5
"""Days this many standard deviations off the recent median begin to lose weight; at twice as many they have none."""
SPARSE = 0.5
"""Daily noise (relative) above which single days say nothing about the level."""
WANDER = 0.1
"""Daily wandering of a level, as a share of the daily noise, that is assumed before a KPI has shown its own."""
PRIOR_TRIALS = 3.0
"""How many forecasts of its own past a KPI needs before they count as much as that assumption."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MonthEnd:
    """Where a running month is expected to end.

    Attributes:
        point: Median of the month's final value, the KPI's own unit; NaN (as the intervals) when there is too little
            to go by.
        lower80: Lower end of the 80 % interval.
        upper80: Upper end of the 80 % interval.
        lower95: Lower end of the 95 % interval.
        upper95: Upper end of the 95 % interval.
        hit_probability: Chance that the month meets its target, 0 to 1; None without a target or a forecast.
        days_elapsed: Days of the month up to the last one with data.
        last_day: That day (``"2026-10-15"``); empty when the month has none.
        n_history: Days with data before the month.
        path: One row a day of the month. date; actual (month to date: running sum, mean or ratio, or the level; NaN
            after the last day); expected, lower80, upper80, lower95, upper95 (month to date; NaN up to the last day);
            share (of the month's total due by that day, 0 to 1, calendar-aware).
    """

    point: float
    lower80: float
    upper80: float
    lower95: float
    upper95: float
    hit_probability: float | None
    days_elapsed: int
    last_day: str
    n_history: int
    path: pd.DataFrame


class _Forecast(NamedTuple):
    """Values of the month, one row a sample (elapsed days as they were, the others drawn), and its factors."""

    samples: np.ndarray
    factor: np.ndarray


class _Past(NamedTuple):
    """Values divided by their factors, gaps filled with the day before.

    What each is worth, the median of the last weeks (NaN where it says nothing), how large the values are, and the
    noise relative to that.
    """

    a: np.ndarray
    weight: np.ndarray
    middle: np.ndarray
    size: np.ndarray
    noise: float


def month_end(  # noqa: PLR0913
    daily: pd.Series | pd.DataFrame,
    *,
    month: str,
    direction: Direction | str,
    target: float | None = None,
    incomplete_days: int = 0,
    calendar: pd.DataFrame | None = None,
    aggregation: Aggregation | str = "sum",
    low: float | None = None,
    high: float | None = None,
) -> MonthEnd:
    """Forecast the final value of a running month.

    Every day is divided by its factor (`day_index`), which leaves a level. The level now is a mixture of averages
    over the last days to months, with and without a slope. Each is weighed by how well it would have forecast the
    KPI's own past this many days ahead, and by how well it agrees with the median of the last three weeks; days far
    off that median count little. So a campaign of some days is not extrapolated, and a change that stays is followed.
    How wrong the mixture was from every earlier day, path by path, is how wrong it may be now, stretched for the few
    independent trials a short history holds; the uncertainty of the factors comes on top.

    Args:
        daily: One value a day by date, history and the month's elapsed days; NaN or absent = missing, never zero. For
            a ratio a frame by date with the columns num and den.
        month: ``2026-10``.
        direction: ``higher``, ``lower`` or ``range``: what meets the target.
        target: The KPI's own unit; None = there is none.
        incomplete_days: That many of the newest days with data are left out, because they are half loaded.
        calendar: As in `day_index`; covers history and the month. None = weekdays only.
        aggregation: What the month's value is: ``sum``, ``mean`` or ``mean_rate`` of its days, ``last`` day's level,
            ``ratio`` of the sums of num and den.
        low: Lower end of the wanted range.
        high: Upper end of the wanted range.

    Returns:
        Point, intervals, chance and the path of the month. With fewer than 21 days of data, or none in the month, the
        figures are NaN and the chance is None; a whole month is its actual value.

    Raises:
        InputError: A date, value or calendar is refused as in `day_index`, or an argument is unknown; names all of it.

    Source:
        Intervals from the forecast's own past errors: R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and
        Practice, 3rd ed., 5.5 and 5.10; weighing by past errors: J. M. Bates and C. W. J. Granger, The combination of
        forecasts, Operational Research Quarterly 20 (1969).

    Example:
        >>> daily = pd.Series(10.0, index=pd.date_range("2026-03-01", "2026-06-10"))
        >>> end = month_end(daily, month="2026-06", direction="higher", target=290.0)
        >>> end.point, end.hit_probability
        (300.0, 1.0)
    """
    parts, period, how = _checked(daily, month, direction, aggregation, incomplete_days, calendar)
    days = pd.date_range(period.start, period.end)
    wanted = wanted_range(target, direction=direction, low=low, high=high)
    known = parts.dropna()
    known = known.iloc[: max(len(known) - incomplete_days, 0)].loc[days[0] - HISTORY : days[-1]]
    elapsed = known.loc[days[0] :]
    enough = len(known) >= LEAST_DAYS and len(elapsed) > 0
    forecasts = _forecasts(known, days, calendar, how) if enough else []
    path, ends = _path(known, days, forecasts, how)
    chance = None
    if len(ends) and not np.isnan([*ends, *wanted]).any():
        hair = ON_TARGET * np.abs(ends).max()
        chance = float(((ends >= wanted[0] - hair) & (ends <= wanted[1] + hair)).mean())
    figures = {name: float(np.quantile(ends, q)) if len(ends) else np.nan for name, q in QUANTILES.items()}
    return MonthEnd(
        point=figures.pop("expected"),
        **figures,
        hit_probability=chance,
        days_elapsed=elapsed.index[-1].day if len(elapsed) else 0,
        last_day=f"{elapsed.index[-1]:%Y-%m-%d}" if len(elapsed) else "",
        n_history=len(known) - len(elapsed),
        path=path,
    )


def _checked(
    daily: pd.Series | pd.DataFrame,
    month: str,
    direction: Direction | str,
    aggregation: Aggregation | str,
    incomplete_days: int,
    calendar: pd.DataFrame | None,
) -> tuple[pd.DataFrame, Period, Aggregation]:
    problems: list[Problem] = []
    parts, period, how = pd.DataFrame(), None, Aggregation.SUM
    with collecting(problems):
        as_code(Direction, direction, "direction")
    with collecting(problems):
        how = as_code(Aggregation, aggregation, "aggregation")
    with collecting(problems):
        period = Period.parse(month, source="month")
    with collecting(problems):
        day_kinds(calendar)
    if period is not None and len(period.months) > 1:
        problems.append(Problem(code="month_only", source="month", values={"value": month}))
    if incomplete_days < 0:
        values = {"value": str(incomplete_days), "fix": "0, 1, 2, 3"}
        problems.append(Problem(code="bad_argument", source="incomplete_days", values=values))
    with collecting(problems):
        parts = parts_by_date(daily, ("num", "den") if how is Aggregation.RATIO else ("value",))
    if problems or period is None:
        raise InputError(problems)
    return parts, period, how


def _forecasts(
    known: pd.DataFrame, days: pd.DatetimeIndex, calendar: pd.DataFrame | None, how: Aggregation
) -> list[_Forecast]:
    """One forecast; of a ratio two, its denominator and its rate; none when there is too little to go by."""
    if how is not Aggregation.RATIO:
        return [_forecast(known["value"], days, calendar, at_end=how is Aggregation.LAST)]
    some = known[known["den"] > 0]
    if len(some) < LEAST_DAYS:
        return []
    rates = some["num"] / some["den"]
    den, rate = _forecast(known["den"], days, calendar), _forecast(rates, days, calendar, some["den"])
    return [den, rate._replace(samples=np.clip(rate.samples, 0, 1) if rates.between(0, 1).all() else rate.samples)]


def _path(
    known: pd.DataFrame, days: pd.DatetimeIndex, forecasts: list[_Forecast], how: Aggregation
) -> tuple[pd.DataFrame, np.ndarray]:
    """The month day by day, and the samples of its end."""
    month = known.reindex(days)
    future = int(np.flatnonzero(month.notna().all(axis=1)).max(initial=-1)) + 1
    ratio = how is Aggregation.RATIO
    parts = [month["den"], month["num"] / month["den"].mask(month["den"] == 0)] if ratio else [month["value"]]
    actual = _to_date([part.to_numpy()[None] for part in parts], how)[0]
    path = pd.DataFrame({"date": days, "actual": np.where(np.arange(len(days)) < future, actual, np.nan)})
    path[[*QUANTILES, "share"]] = np.nan
    if not forecasts:
        return path, np.array([])
    to_date = _to_date([forecast.samples for forecast in forecasts], how)
    path.loc[future:, list(QUANTILES)] = np.quantile(to_date[:, future:], [*QUANTILES.values()], axis=0).T
    path["share"] = forecasts[0].factor.cumsum() / forecasts[0].factor.sum()
    return path, to_date[:, -1]


def _to_date(parts: list[np.ndarray], how: Aggregation) -> np.ndarray:
    """Running values along the days; a day without data leaves them as they are."""
    known = np.isfinite(parts[-1])
    if how is Aggregation.LAST:
        latest = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)
        return np.take_along_axis(parts[0], latest, axis=1)
    total = np.nancumsum(np.prod(parts, axis=0), axis=1)
    if how is Aggregation.SUM:
        return total
    count = np.where(known, parts[0], 0).cumsum(axis=1) if how is Aggregation.RATIO else known.cumsum(axis=1)
    return total / np.where(count > 0, count, np.nan)


def _forecast(
    known: pd.Series,
    days: pd.DatetimeIndex,
    calendar: pd.DataFrame | None,
    weights: pd.Series | None = None,
    *,
    at_end: bool = False,
) -> _Forecast:
    """Draw the days of the month that are not known."""
    every = pd.date_range(known.index[0], days[-1])
    index = day_index(known, calendar, every, weights)
    first, now = len(every) - len(days), int((known.index[-1] - known.index[0]).days)
    factor = index.factors.to_numpy()
    weight = known * 0.0 + (1.0 if weights is None else weights)
    a, weight = (values.reindex(every[: now + 1]).to_numpy() for values in (known, weight))
    past = _past(a / factor[: now + 1], np.nan_to_num(weight), at_end=at_end)
    steps = np.arange(1, max(len(every) - 1 - now, 1) + 1)
    # An elapsed day without data is as uncertain as a day as far ahead.
    ahead = np.clip(np.abs(np.arange(first, len(every)) - now), 1, len(steps)) - 1
    rng = np.random.default_rng(len(every))
    wrong = rng.standard_normal((SAMPLES, index.loadings.shape[1])) @ index.loadings[first:].T
    drawn = factor[first:] * np.exp(wrong) * _draws(past, steps, rng, at_end=at_end)[:, ahead]
    drawn = np.maximum(drawn, 0) if known.min() >= 0 else drawn
    drawn[:, ~has_data(known.index, every, calendar)[first:]] = np.nan
    month = known.reindex(days).to_numpy()
    return _Forecast(samples=np.where(np.isfinite(month), month, drawn), factor=factor[first:])


def _past(a: np.ndarray, weight: np.ndarray, *, at_end: bool) -> _Past:
    values = pd.Series(a)
    filled = values.ffill().to_numpy()
    size = values.abs().ewm(halflife=90).mean().ffill().to_numpy()
    size = np.maximum(size, 0.2 * np.nanmean(np.abs(a)) or 1.0)
    middle = values.rolling(RECENT, min_periods=7).median()
    off = np.nan_to_num((values - middle.shift()) / size)
    steps = np.diff(filled) / size[1:]
    noise = _spread(steps - np.median(steps)) / np.sqrt(2)
    weight = weight / weight[weight > 0].mean()
    # A level is what the last day says it is, and a KPI of a few events a week has no outliers.
    if at_end or noise > SPARSE:
        return _Past(filled, weight, np.full(len(a), np.nan), size, noise)
    trust = np.clip(2 - np.abs(off) / _spread(off) / DOUBT, 0, 1)
    return _Past(filled, weight * trust, middle.ffill().to_numpy(), size, noise)


def _spread(deviations: np.ndarray) -> float:
    """Standard deviation by the mean absolute deviation, the largest cut off; never 0."""
    sizes = np.abs(deviations)
    return max(float(np.minimum(sizes, 4 * sizes.mean()).mean()) * np.sqrt(np.pi / 2), 1e-9)


def _draws(past: _Past, steps: np.ndarray, rng: np.random.Generator, *, at_end: bool) -> np.ndarray:
    """Adjusted values of the days ahead, one row a sample."""
    n = len(past.a)
    start = min(max(28, n // 6), n // 2)
    trials = max((n - start) / (len(steps) + 1), 1.0)
    level, slope = _level(past, start, steps, trials, at_end=at_end)
    paths = _misses(past, level, slope, start, steps)
    squared = float(((paths[:, -1] if at_end else paths.mean(axis=1)) ** 2).mean())
    assumed = past.noise**2 * _assumed(len(steps), at_end=at_end)
    trials /= 2  # forecasts a few days apart share most of their level
    known = (trials * squared + PRIOR_TRIALS * assumed) / max(squared, 1e-18)
    scale = np.sqrt(known / rng.chisquare(trials + PRIOR_TRIALS, SAMPLES))
    paths = paths[np.arange(SAMPLES) * len(paths) // SAMPLES] * scale[:, None]
    return level[-1] + past.size[-1] * (slope[-1] * steps + paths)


def _assumed(ahead: int, *, at_end: bool) -> float:
    """Squared error of a forecast, in noise, before a KPI has shown its own: noise, error of the level, wandering."""
    days, share = (1, 1) if at_end else (ahead, 3)
    return 1 / days + 1 / 15 + WANDER**2 * ahead / share


def _level(past: _Past, start: int, steps: np.ndarray, trials: float, *, at_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Level and slope as known on every day: the candidates, weighed by their past errors and the recent median."""
    levels, slopes = _candidates(past)
    lead, n = len(steps), len(past.a)
    if n <= start + lead:
        return levels[len(levels) // 2], slopes[0]
    score = _errors(past, levels, slopes, slice(start, n - lead), lead, at_end=at_end)
    then = levels - slopes * past.size * (RECENT - 1) / 2
    off = np.nan_to_num((then - past.middle) / past.size) / past.noise / np.sqrt(np.pi / 2 / RECENT)
    logs = -trials * np.log(score)[:, None] - off**2 / CAUTION
    mix = np.exp(logs - logs.max(axis=0))
    mix /= mix.sum(axis=0)
    return (mix * levels).sum(axis=0), (mix * slopes).sum(axis=0)


def _errors(
    past: _Past, levels: np.ndarray, slopes: np.ndarray, origins: slice, lead: int, *, at_end: bool
) -> np.ndarray:
    """Mean absolute error of each candidate, `lead` days on or over the days until then; never 0."""
    sums = np.concatenate([[0.0], past.a.cumsum()])
    first, last = origins.start, origins.stop
    mean = (sums[first + lead + 1 : last + lead + 1] - sums[first + 1 : last + 1]) / lead
    ahead = past.a[first + lead : last + lead] if at_end else mean
    size = past.size[origins]
    guess = levels[:, origins] + slopes[:, origins] * size * (lead if at_end else (lead + 1) / 2)
    return np.abs((guess - ahead) / size).mean(axis=1) + 1e-9


def _candidates(past: _Past) -> tuple[np.ndarray, np.ndarray]:
    """Levels over every memory with every slope, and the slopes (relative, a day), as known on every day."""
    age = np.arange(len(past.a))
    slopes = [np.zeros(len(age)), *(_slope(past, window) for window in SLOPES)]
    levels = []
    for memory in MEMORIES:
        kernel = (memory / (1 + memory)) ** age
        total = np.convolve(past.weight, kernel)[: len(age)]
        level = np.convolve(past.weight * past.a, kernel)[: len(age)] / np.maximum(total, 1e-300)
        lag = (kernel * age).cumsum() / kernel.cumsum()
        levels += [level + slope * lag * past.size for slope in slopes]
    return np.array(levels), np.array(slopes * len(MEMORIES))


def _slope(past: _Past, window: int) -> np.ndarray:
    """Difference of the last two windows' means; 0 while they hold less than a fortnight each."""
    total, sums = (np.concatenate([[0.0], part.cumsum()]) for part in (past.weight, past.weight * past.a))
    end = np.arange(1, len(past.a) + 1)
    width = np.minimum(window, end // 2)
    means = [
        (sums[to] - sums[to - width]) / np.maximum(total[to] - total[to - width], 1e-9) for to in (end, end - width)
    ]
    return np.where(width >= 14, (means[0] - means[1]) / np.maximum(width, 1) / past.size, 0.0)


def _misses(past: _Past, level: np.ndarray, slope: np.ndarray, start: int, steps: np.ndarray) -> np.ndarray:
    """How wrong a forecast from every earlier day was on each day ahead; past the end it goes on from the start."""
    n = len(past.a)
    origin = np.arange(start, n - 1)[:, None]
    place = origin + steps
    beyond = place >= n
    place = np.where(beyond, start + 1 + (place - n) % (n - 1 - start), place)
    origin = np.where(beyond, place - 1, origin)
    return (past.a[place] - level[origin]) / past.size[origin] - slope[origin] * np.where(beyond, 1, steps)
