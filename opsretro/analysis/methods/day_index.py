"""What kind of day it is: a factor for every day by weekday, public holiday, make-up workday and planned event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsretro.analysis.methods.calendar_columns import holiday_families, week_columns
from opsretro.errors import InputError, Problem, collecting

DAY_TYPES = ("workday", "weekend", "holiday", "makeup_workday")
ROUNDS = 8
"""Rounds of level and factors in turn; the factors settle to well under 0.1 % in five."""
CLIP = 2.5
"""Residuals of ordinary days beyond this many standard deviations count as this many: a spike bends no factor."""
HALF_WINDOW = 21
"""Days to either side that a day's level is averaged over."""
HALF_LIFE = 365
"""Age in days at which a day counts half: weekday patterns change, but holidays come once a year."""
LARGEST = 10
"""An effect is not expected to be many times the noise: no holiday changes a follower count by half."""
TINY = 1e-6
"""Noise (relative) at or below this is the computer's, and no reason to doubt a factor."""
SPREAD = {
    "weekday": 0.3,
    "holiday": 0.4,
    "weekend_holiday": 0.3,
    "makeup_workday": 0.2,
    "next_to": 0.1,
    "which_holiday": 0.2,
    "one_holiday": 0.04,
    "event": 0.4,
    "which_event": 0.2,
}
"""How far (log scale, standard deviation) an effect may be expected from the one it refines, before any data."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DayIndex:
    """What the kind of a day does to a KPI.

    Attributes:
        factors: By date, positive; 1.0 = as the average of an ordinary week. All 1 where no index makes sense: values
            of both signs, or nothing but zeros.
        errors: By date, standard error of the factor, relative to it; large for a kind of day never or hardly seen.
        loadings: One row a day; ``loadings @ standard normal draws`` are joint relative errors of the factors, for the
            days of one kind are wrong together.
        noise: Robust relative standard deviation of a day around level × factor; 0.0 without any index.
    """

    factors: pd.Series
    errors: pd.Series
    loadings: np.ndarray
    noise: float


def day_index(
    daily: pd.Series,
    calendar: pd.DataFrame | None = None,
    days: pd.DatetimeIndex | None = None,
    weights: pd.Series | None = None,
) -> DayIndex:
    """Factor of every day by weekday, public holiday, make-up workday and planned event.

    One penalised log-linear fit around a moving level: an effect that was seen often is taken as seen, one that was
    seen little is drawn towards what it refines (this holiday → its namesakes of other years → holidays at large → an
    ordinary weekday). Holidays of several years belong together when they are of similar length and at most 31 days
    apart in the year, so that a lunar holiday finds itself again.

    Args:
        daily: One value a day by date (dates, ISO strings or a DatetimeIndex); NaN or absent = missing.
        calendar: date and day_type (workday, weekend, holiday, makeup_workday), optionally event (text; empty = none);
            days it does not hold are taken by their weekday. None = weekdays only.
        days: Days to index, past or future; None = those of `daily`.
        weights: By date, how much each day counts (the denominator of a rate); None = all alike.

    Returns:
        Factors and how reliable they are.

    Raises:
        InputError: A date cannot be read or comes twice, a value is infinite or no number, or a day type is unknown;
            names all of it.

    Source:
        Factors by ratio to a moving level: W. S. Cleveland and S. J. Devlin, Calendar effects in monthly time series,
        JASA 77 (1982); shrinkage by random effects: G. K. Robinson, That BLUP is a good thing, Statistical Science 6
        (1991); winsorised residuals: P. J. Huber, Robust Statistics (1981), 7.3.

    Example:
        >>> daily = pd.Series([100.0] * 5 + [50.0] * 2, index=pd.date_range("2026-06-01", periods=7))
        >>> daily = pd.concat([daily.set_axis(daily.index + pd.Timedelta(days=7 * week)) for week in range(8)])
        >>> day_index(daily).factors.iloc[4:6].round(2).tolist()
        [1.17, 0.58]
    """
    problems: list[Problem] = []
    with collecting(problems):
        daily = by_date(daily, "daily")
    with collecting(problems):
        kinds = day_kinds(calendar)
    if problems:
        raise InputError(problems)
    days = pd.DatetimeIndex(daily.index if days is None else days)
    return Days.of(daily.index, days, kinds, weights).index(daily)


@dataclass(frozen=True, kw_only=True, eq=False)
class Days:
    """What a day index is made of but the values, so that it is told once for several series of the same days.

    Attributes:
        days: Days to index.
        every: All days from the first to the last.
        columns: One row of `every`, one column an effect.
        spread: How far each effect may be from 0.
        weight: How much each of `every` counts.
    """

    days: pd.DatetimeIndex
    every: pd.DatetimeIndex
    columns: np.ndarray
    spread: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(
        cls, known: pd.DatetimeIndex, days: pd.DatetimeIndex, kinds: pd.DataFrame, weights: pd.Series | None = None
    ) -> Days:
        """Those of an index that is learnt from the known days.

        Args:
            known: Days with data, in order, local midnight each.
            days: Days to index.
            kinds: From `day_kinds`.
            weights: As in `day_index`.
        """
        ends = known[:1].append([known[-1:], days])
        every = pd.date_range(ends.min(), ends.max()) if len(days) else days
        columns, spread = _design(every, kinds)
        weight = np.ones(len(every)) if weights is None else weights.reindex(every).fillna(0.0).to_numpy(dtype=float)
        return cls(days=days, every=every, columns=columns, spread=spread, weight=weight)

    def index(self, daily: pd.Series) -> DayIndex:
        """The index of one series: the value of every known day, by date."""
        y, days = daily.reindex(self.every).to_numpy(dtype=float), self.days
        sign = 1.0 if np.nansum(y) >= 0 else -1.0
        if not len(y) or sign * np.nansum(y) <= 0.8 * np.nansum(np.abs(y)):
            ones = pd.Series(1.0, index=days)
            return DayIndex(factors=ones, errors=ones * 0.0, loadings=np.zeros((len(days), 1)), noise=0.0)
        log_factor, loadings, noise = _fit(sign * y, self.columns, self.spread, self.weight)
        place = self.every.get_indexer(days)
        errors = np.sqrt((loadings[place] ** 2).sum(axis=1))
        return DayIndex(
            factors=pd.Series(np.exp(log_factor[place]), index=days),
            errors=pd.Series(errors, index=days),
            loadings=loadings[place],
            noise=noise,
        )


def by_date(values: pd.Series, source: str) -> pd.Series:
    """A series of numbers in order of its days, local midnight each; missing ones dropped.

    Args:
        values: By date, in any order.
        source: The argument it came in, for the error.

    Raises:
        InputError: As `day_index`.

    Example:
        >>> by_date(pd.Series([2, None, 1], index=["2026-06-02", "2026-06-03", "2026-06-01"]), "daily").tolist()
        [1.0, 2.0]
    """
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    stamps = pd.Series(_stamps(values.index))
    wrong = [("not_a_date", _text(values.index[stamps.isna()]))]
    wrong += [("not_unique", stamps[stamps.duplicated() & stamps.notna()].dt.date.unique())]
    wrong += [("not_a_number", values[numbers.isna() & values.notna()])]
    problems = [
        Problem(code=code, source=source, values={"value": str(value)}) for code, found in wrong for value in found[:3]
    ]
    problems += [Problem(code="infinite", source=source)] if np.isinf(numbers).any() else []
    if problems:
        raise InputError(problems)
    return numbers.set_axis(pd.DatetimeIndex(stamps, name="date")).sort_index().dropna()


def parts_by_date(daily: pd.Series | pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """One column a part of a KPI, in order of the days; a part is NaN where only the others have data.

    Args:
        daily: By date; a frame holds the parts by name, a series is the only part.
        names: ``("value",)``, or ``("num", "den")`` of a ratio.

    Raises:
        InputError: A part is absent, or refused as in `day_index`; names all of it.
    """
    problems: list[Problem] = []
    parts = {}
    for name in names:
        with collecting(problems):
            if (isinstance(daily, pd.DataFrame) or len(names) > 1) and name not in daily:
                raise InputError([Problem(code="column_missing", source="daily", values={"column": name})])
            parts[name] = by_date(daily[name] if isinstance(daily, pd.DataFrame) else daily, "daily")
    if problems:
        raise InputError(problems)
    return pd.DataFrame(parts)


def _stamps(index: pd.Index) -> pd.DatetimeIndex:
    """Local midnight of every day; NaT where it is none."""
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).normalize().as_unit("us")
    return pd.to_datetime(_text(index), errors="coerce", format="ISO8601")


def _text(index: pd.Index) -> pd.Index:
    """Days as ISO text, whatever they were; the time of day and its zone are of no account."""
    if isinstance(index, pd.DatetimeIndex):
        return index.strftime("%Y-%m-%d")
    return pd.Index([str(day)[:10] for day in index], dtype="str")


def day_kinds(calendar: pd.DataFrame | None) -> pd.DataFrame:
    """A calendar by date: day_type and event (empty = none), checked.

    Args:
        calendar: As in `day_index`.

    Raises:
        InputError: A column is absent, a date cannot be read or comes twice, or a day type is unknown; names all of it.
    """
    if calendar is None:
        return pd.DataFrame({"day_type": [], "event": []}, index=pd.DatetimeIndex([]), dtype="str")
    absent = [name for name in ("date", "day_type") if name not in calendar]
    problems = [Problem(code="column_missing", source="calendar", values={"column": name}) for name in absent]
    if absent:
        raise InputError(problems)
    with collecting(problems):
        place = by_date(pd.Series(np.arange(len(calendar)), index=pd.Index(calendar["date"])), "calendar")
    kinds = calendar["day_type"].astype("str")
    problems += [
        Problem(code="not_a_choice_write", source="calendar", values={"value": str(kind), "fix": ", ".join(DAY_TYPES)})
        for kind in kinds[~kinds.isin(DAY_TYPES)].unique()
    ]
    if problems:
        raise InputError(problems)
    events = calendar["event"].fillna("").astype("str") if "event" in calendar else pd.Series("", index=calendar.index)
    table = pd.DataFrame({"day_type": kinds.to_numpy(), "event": events.str.strip().to_numpy()})
    return table.iloc[place.to_numpy(dtype=int)].set_axis(place.index)


def has_data(present: pd.DatetimeIndex, every: pd.DatetimeIndex, calendar: pd.DataFrame | None = None) -> np.ndarray:
    """Whether days of its kind ever have data: a shop that is closed on Sundays misses nothing on a Sunday.

    Args:
        present: Days with data.
        every: All days since the first of them, in order, future ones too.
        calendar: As in `day_index`.

    Returns:
        A bool a day; False where less than a tenth of at least four earlier days of its kind (weekday, holiday, make-up
        workday) had data.

    Example:
        >>> every = pd.date_range("2026-06-01", "2026-07-05")
        >>> has_data(every[every.day_of_week < 6][:30], every)[-2:].tolist()
        [True, False]
    """
    kind = day_kinds(calendar)["day_type"].reindex(every)
    _, group = np.unique(kind.where(kind.isin(["holiday", "makeup_workday"]), every.day_name()), return_inverse=True)
    seen = np.bincount(group, every.isin(present))
    possible = np.bincount(group, every <= present[-1])
    return ((possible < 4) | (seen >= 0.1 * possible))[group]


def _design(every: pd.DatetimeIndex, kinds: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """One column an effect, and how far each may be from 0; the seven weekdays come first."""
    kinds = kinds.reindex(every).fillna("")
    weekday, holiday = every.day_of_week.to_numpy(), (kinds["day_type"] == "holiday").to_numpy()
    makeup = (kinds["day_type"] == "makeup_workday").to_numpy()
    base = week_columns(weekday, makeup)
    effects = [("holiday", holiday), ("weekend_holiday", holiday & (weekday >= 5)), ("makeup_workday", makeup)]
    before, after = np.append(holiday[1:], False), np.append(False, holiday[:-1])
    effects += [("next_to", before & ~holiday), ("next_to", after & ~holiday)]
    effects += _holidays(every, holiday)
    event = kinds["event"].to_numpy()
    effects += [("event", event != "")] + [("which_event", event == name) for name in sorted({*event} - {""})]
    seen = [(name, column) for name, column in effects if column.any()]
    columns = np.column_stack([base, *(column.astype(float) for _, column in seen)])
    return columns, np.array([SPREAD["weekday"]] * 7 + [SPREAD[name] for name, _ in seen])


def _holidays(every: pd.DatetimeIndex, holiday: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A column for every stretch of holidays, and one for all years of the same holiday."""
    position = np.arange(len(every))
    for family in holiday_families(holiday):
        stretches = [(position >= start) & (position < end) for start, end in family]
        yield "which_holiday", np.logical_or.reduce(stretches)
        yield from (("one_holiday", stretch) for stretch in stretches)


def _fit(
    y: np.ndarray, columns: np.ndarray, spread: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Log factor of every day, the loadings of its errors and the noise."""
    known = np.isfinite(y) & (weight > 0)
    age = np.flatnonzero(known).max() - np.arange(len(y))
    weight = np.where(known, weight / weight[known].mean(), 0.0) * 0.5 ** (np.clip(age, 0, None) / HALF_LIFE)
    special = (columns[:, 7:] != 0).any(axis=1)
    ordinary = weight * np.where(special, 0.05, 1.0)
    x, n = columns[known], weight[known]
    y = np.where(known, y, 0.0)
    gram = (x.T * n) @ x
    beta, week_variance, clipped = np.zeros(len(spread)), SPREAD["weekday"] ** 2, y.copy()
    for _ in range(ROUNDS):
        factor = np.exp(columns @ beta)
        expected = factor * _level(clipped / factor, ordinary)
        residual = (y / expected - 1)[known]
        noise = _noise(residual, n)
        limit = np.where(special[known], np.inf, CLIP * noise)
        residual = np.clip(residual, -limit, limit)
        clipped[known] = (1 + residual) * expected[known]
        variance = (spread * min(1.0, LARGEST * noise / SPREAD["holiday"])) ** 2
        variance[:7] = week_variance
        precision = gram / noise**2 + np.diag(1 / variance)
        covariance = np.linalg.inv(precision)
        beta = beta + np.clip(covariance @ (x.T @ (n * residual) / noise**2 - beta / variance), -1, 1)
        week_variance = max(((beta[:7] ** 2).sum() + np.trace(covariance[:7, :7])) / 7, 1e-4)
    week = np.log(np.exp((np.eye(7) - 1 / 7) @ beta[:7]).mean())
    loadings = columns @ np.linalg.cholesky(covariance) if noise > TINY else np.zeros(columns.shape)
    return columns @ beta - week, loadings, noise


def _level(a: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Moving average, triangular, that never falls below a twentieth of the whole."""
    kernel = 1 - np.abs(np.arange(-HALF_WINDOW, HALF_WINDOW + 1)) / (HALF_WINDOW + 1)
    mean = (a * weight).sum() / weight.sum()
    total = np.convolve(weight, kernel, "same") if len(weight) >= len(kernel) else np.zeros(len(weight))
    sums = np.convolve(a * weight, kernel, "same") if len(weight) >= len(kernel) else np.zeros(len(weight))
    return np.maximum((sums + 1e-3 * mean) / (total + 1e-3), mean / 20)


def _noise(residual: np.ndarray, weight: np.ndarray) -> float:
    """Standard deviation by the mean absolute deviation, outliers winsorised; never 0."""
    noise = np.inf
    for _ in range(4):
        inside = np.minimum(np.abs(residual), CLIP * noise)
        noise = max(float((inside * weight).sum() / weight.sum()) * np.sqrt(np.pi / 2), TINY)
    return noise
