"""Month-end pace: where a running month will end, how sure that is, and the chance of hitting its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation, Direction
from opsretro.analysis.methods.daily_forecast import SAMPLES, draw_ahead
from opsretro.analysis.methods.day_index import day_index, day_kinds, has_data, parts_by_date
from opsretro.analysis.methods.targets import wanted_range
from opsretro.errors import InputError, Problem, as_code, collecting
from opsretro.tables.period import Period

LEAST_DAYS = 21
"""Days with data, elapsed ones included, below which nothing is said."""
HISTORY = pd.DateOffset(months=36)
"""Older days are not looked at."""
QUANTILES = {"expected": 0.5, "lower80": 0.1, "upper80": 0.9, "lower95": 0.025, "upper95": 0.975}
ON_TARGET = 1e-6
"""A value this close to the target, relative to it, is on target: the fit of a KPI without noise ends there."""


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

    Every day is divided by its factor (`day_index`), which leaves a level; `draw_ahead` carries it on, with what it
    may do while the last days stand off it. Values are put back on their factors, with the uncertainty of these.

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
    if len(ends) and not np.isnan(ends).any() and wanted[0] <= wanted[1]:
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
        values = {"value": str(incomplete_days)}
        problems.append(Problem(code="not_a_count", source="incomplete_days", values=values))
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
    lead = max(len(every) - 1 - now, 1)
    # An elapsed day without data is as uncertain as a day as far ahead.
    ahead = np.clip(np.abs(np.arange(first, len(every)) - now), 1, lead) - 1
    rng = np.random.default_rng(len(every))
    draws = draw_ahead(a / factor[: now + 1], np.nan_to_num(weight), lead, rng, at_end=at_end)
    wrong = rng.standard_normal((SAMPLES, index.loadings.shape[1])) @ index.loadings[first:].T
    drawn = factor[first:] * np.exp(wrong) * draws[:, ahead]
    drawn = np.maximum(drawn, 0) if known.min() >= 0 else drawn
    drawn[:, ~has_data(known.index, every, calendar)[first:]] = np.nan
    month = known.reindex(days).to_numpy()
    return _Forecast(samples=np.where(np.isfinite(month), month, drawn), factor=factor[first:])
