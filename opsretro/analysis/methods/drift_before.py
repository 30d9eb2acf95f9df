"""Was a series on the move before a change, or unusually low or high? What it would do by itself is no effect of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsretro.analysis.methods.day_index import by_date

SPANS = (28, 56)
"""Last days before the change whose slope is looked at."""
HISTORY = 365
"""Days before the change that say how steep such a stretch usually is."""
STEP = 7
"""Days from one stretch of the history to the next."""
ENOUGH = 6
"""Stretches of the history from which their slopes are a measure."""
LEAST_SHARE = 0.6
"""A stretch with data on a smaller share of its days says nothing."""
BLOCKS = (3, 7, 14, 28, 56)
"""Last days before the change whose mean is compared with that of as many days before them."""
LEAST_BLOCKS, STRAIGHT_BLOCKS = 3, 6
"""Blocks of the history from which there is a usual level, and from which it may rise or fall in a straight line."""
MOSTLY = 0.9
"""A series with a larger share of its days above nought is looked at in logarithms, those days left out."""
CUT = 4.0
"""Days further off than this many standard deviations count as this far."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How a series moved in the last weeks before a change.

    Attributes:
        slope: Change a day beyond the usual growth, as a ratio of the level.
        error: Standard error of the slope, as steep as such stretches usually are included.
        days: Length of the stretch.
    """

    slope: float
    error: float
    days: int

    @property
    def score(self) -> float:
        """The slope in standard errors."""
        return self.slope / self.error if self.error > 0 else 0.0

    def change(self, length: int) -> float:
        """What going on would add to the mean of the days ahead, as a ratio of the level.

        Args:
            length: Days ahead.
        """
        return self.slope * (self.days + length) / 2


@dataclass(frozen=True, kw_only=True)
class Rebound:
    """How far the last days before a change lay from the usual level.

    Attributes:
        gap: What going back to the usual level would add, as a ratio of the level.
        error: How far such a block of days usually lies from it.
        days: Length of the block.
    """

    gap: float
    error: float
    days: int

    @property
    def score(self) -> float:
        """The gap in standard errors."""
        return self.gap / self.error if self.error > 0 else 0.0


def drift_before(
    daily: pd.Series, start: pd.Timestamp, *, holidays: pd.DatetimeIndex | None = None
) -> tuple[Drift, ...]:
    """Slopes of the last four and eight weeks before a day, beyond the usual growth of the series.

    Weekdays are taken out by their medians and public holidays left out. How sure a slope is, is read from its own days
    (errors AR(1)) and from how steep other stretches of the year before were; the larger counts.

    Args:
        daily: One value a day by date; missing days are skipped.
        start: First day of the change.
        holidays: Days to leave out.

    Returns:
        One drift a stretch that has data on enough of its days; none for a series that is not positive.

    Raises:
        InputError: A date cannot be read or comes twice, or a value is infinite or no number.

    Source:
        Errors of a slope under autocorrelation: A. C. Harvey, The Econometric Analysis of Time Series (1990), 6.2; the
        history as its own yardstick is a placebo test: A. Abadie, A. Diamond and J. Hainmueller, Synthetic control
        methods, JASA 105 (2010).

    Example:
        >>> days = pd.date_range("2026-01-01", periods=200)
        >>> flat = 100.0 + np.sin(np.arange(200.0) * 2.4)
        >>> rising = flat * np.exp(0.004 * np.maximum(np.arange(200) - 172, 0))
        >>> [round(drift.slope, 3) for drift in drift_before(pd.Series(rising, index=days), days[-1])][0]
        0.004
    """
    level, age = _levels(daily, start, holidays)
    return tuple(drift for span in SPANS if (drift := _drift(level, age, span)) is not None)


def rebounds_before(
    daily: pd.Series, start: pd.Timestamp, *, holidays: pd.DatetimeIndex | None = None
) -> tuple[Rebound, ...]:
    """How far the last 3, 7, 14, 28 and 56 days before a day lay from the level, or straight line, of the year before.

    Who acts because a number was bad will often see it get better by itself. The line and the spread are medians, so
    that a bad stretch of some weeks does not become what is usual.

    Args:
        daily: One value a day by date; missing days are skipped.
        start: First day of the change.
        holidays: Days to leave out.

    Returns:
        One rebound a block that has data on enough of its days, and enough blocks before it; none for a series that
        has no size: it is as often below nought as above.

    Raises:
        InputError: A date cannot be read or comes twice, or a value is infinite or no number.

    Source:
        Regression towards the mean: F. Galton, Journal of the Anthropological Institute 15 (1886); as a threat to
        before-and-after comparisons: A. G. Barnett, J. C. van der Pols and A. J. Dobson, International Journal of
        Epidemiology 34 (2005). Line by the median of slopes: P. K. Sen, JASA 63 (1968).

    Example:
        >>> days = pd.date_range("2026-01-01", periods=200)
        >>> flat = 100.0 + np.sin(np.arange(200.0) * 2.4)
        >>> low = np.where(np.arange(200) >= 185, 0.9, 1.0) * flat
        >>> [round(found.gap, 2) for found in rebounds_before(pd.Series(low, index=days), days[-1])][:3]
        [0.11, 0.11, 0.11]
    """
    level, age = _levels(daily, start, holidays)
    return tuple(found for days in BLOCKS if (found := _rebound(level, age, days)) is not None)


def _rebound(level: np.ndarray, age: np.ndarray, days: int) -> Rebound | None:
    block = (age - 1) // days
    counts = np.bincount(block, minlength=1)
    full = np.flatnonzero(counts >= LEAST_SHARE * days)
    if not len(full) or full[0] or len(full) <= LEAST_BLOCKS:
        return None
    means = np.bincount(block, weights=level)[full] / counts[full]
    x, y = full[1:].astype(float), means[1:]
    slope = 0.0
    if len(x) >= STRAIGHT_BLOCKS:
        one, other = np.triu_indices(len(x), 1)
        slope = float(np.median((y[other] - y[one]) / (x[other] - x[one])))
    usual = float(np.median(y - slope * x))
    spread = 1.4826 * float(np.median(np.abs(y - slope * x - usual)))
    return Rebound(gap=float(np.expm1(usual - means[0])), error=spread * float(np.sqrt(1 + 1.5 / len(x))), days=days)


def _levels(daily: pd.Series, start: pd.Timestamp, holidays: pd.DatetimeIndex | None) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms without their weekdays, and how many days before the start each lies; empty for what has no size.

    Days at or below nought are left out where they are few; where they are many, shares of the mean replace logarithms.
    """
    known = by_date(daily, "daily")
    known = known[(known.index < start) & (known.index >= start - pd.Timedelta(days=HISTORY))]
    if holidays is not None:
        known = known[~known.index.isin(holidays)]
    if known.empty or known.mean() <= 0:
        return np.array([]), np.array([], dtype=int)
    if (known > 0).mean() > MOSTLY:
        level = np.log(known[known > 0])
    elif (known >= 0).all():
        level = known / known.mean() - 1.0
    else:
        return np.array([]), np.array([], dtype=int)
    usual = level.groupby(level.index.day_of_week).transform("median") - level.median()
    return (level - usual).to_numpy(), (start - level.index).days.to_numpy()


def _drift(level: np.ndarray, age: np.ndarray, span: int) -> Drift | None:
    if not len(age) or (found := _slope(level, age, span, 0)) is None:
        return None
    slope, error = found
    ends = range(span, int(age.max()) - span + STEP, STEP)
    others = [one[0] for end in ends if (one := _slope(level, age, span, end)) is not None]
    if len(others) < ENOUGH:
        return Drift(slope=slope, error=error, days=span)
    usual = float(np.median(others))
    spread = 1.4826 * float(np.median(np.abs(np.array(others) - usual)))
    independent = max(len(others) * STEP / span, 2.0)
    return Drift(slope=slope - usual, error=max(error, spread) * float(np.sqrt(1 + 1 / independent)), days=span)


def _slope(level: np.ndarray, age: np.ndarray, span: int, end: int) -> tuple[float, float] | None:
    """Slope a day and its standard error over the days of an age from end to end + span; None = too few."""
    inside = (age > end) & (age <= end + span)
    if inside.sum() < LEAST_SHARE * span:
        return None
    day, values = -age[inside].astype(float), level[inside]
    values = _cut(values)
    away = day - day.mean()
    slope = float(away @ values / (away @ away))
    residual = values - values.mean() - slope * away
    memory = _memory(residual, day)
    variance = float(residual @ residual) / (len(values) - 2) * (1 + memory) / (1 - memory)
    return slope, float(np.sqrt(variance / (away @ away)))


def _memory(residual: np.ndarray, day: np.ndarray) -> float:
    """Autocorrelation of neighbouring days, corrected for the slope and level that were fitted."""
    squares = float(residual @ residual)
    if squares <= 0:
        return 0.0
    raw = float((residual[1:] * residual[:-1])[np.diff(day) == 1].sum()) / squares
    return float(np.clip(raw + (2 + 4 * raw) / len(residual), 0.0, 0.8))


def _cut(values: np.ndarray) -> np.ndarray:
    """Values with lone spikes drawn in."""
    middle = np.median(values)
    room = CUT * 1.4826 * float(np.median(np.abs(values - middle)))
    return np.clip(values, middle - room, middle + room) if room > 0 else values
