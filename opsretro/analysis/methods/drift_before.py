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
BLOCK = 28
"""Days whose mean is a level."""
LEAST_BLOCKS, STRAIGHT_BLOCKS = 3, 6
"""Blocks of the history from which there is a usual level, and from which it may rise or fall in a straight line."""
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
    """How far the last weeks before a change lay from the usual level.

    Attributes:
        gap: What going back to the usual level would add, as a ratio of the level.
        error: How far such a block of days usually lies from it.
    """

    gap: float
    error: float

    @property
    def score(self) -> float:
        """The gap in standard errors."""
        return self.gap / self.error if self.error > 0 else 0.0

    def change(self, length: int) -> float:
        """What going back would add to the mean of the days ahead."""
        return self.gap


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


def rebound_before(
    daily: pd.Series, start: pd.Timestamp, *, holidays: pd.DatetimeIndex | None = None
) -> Rebound | None:
    """How far the last four weeks before a day lay from the level, or the straight line, of the year before them.

    Who acts because a number was bad will often see it get better by itself.

    Args:
        daily: One value a day by date; missing days are skipped.
        start: First day of the change.
        holidays: Days to leave out.

    Returns:
        The rebound; None with too short a history, or for a series that is not positive.

    Raises:
        InputError: A date cannot be read or comes twice, or a value is infinite or no number.

    Source:
        Regression towards the mean: F. Galton, Journal of the Anthropological Institute 15 (1886); as a threat to
        before-and-after comparisons: A. G. Barnett, J. C. van der Pols and A. J. Dobson, International Journal of
        Epidemiology 34 (2005).

    Example:
        >>> days = pd.date_range("2026-01-01", periods=200)
        >>> flat = 100.0 + np.sin(np.arange(200.0) * 2.4)
        >>> low = np.where(np.arange(200) >= 175, 0.9, 1.0) * flat
        >>> round(rebound_before(pd.Series(low, index=days), days[-1]).gap, 1)
        0.1
    """
    level, age = _levels(daily, start, holidays)
    means = {}
    for block in range(HISTORY // BLOCK):
        inside = (age > block * BLOCK) & (age <= (block + 1) * BLOCK)
        if inside.sum() >= LEAST_SHARE * BLOCK:
            means[block] = float(_cut(level[inside]).mean())
    if 0 not in means or len(means) <= LEAST_BLOCKS:
        return None
    x = np.array([block for block in means if block], dtype=float)
    y = np.array([means[int(block)] for block in x])
    design = np.column_stack([np.ones_like(x), x])[:, : 2 if len(x) >= STRAIGHT_BLOCKS else 1]
    beta, *_ = np.linalg.lstsq(design, y, rcond=None)
    freedom = len(y) - design.shape[1]
    spread = float(np.sqrt(((y - design @ beta) ** 2).sum() / freedom))
    doubt = float(np.sqrt(1 + np.linalg.inv(design.T @ design)[0, 0]))  # the line at block 0
    return Rebound(gap=float(beta[0]) - means[0], error=spread * doubt)


def _levels(daily: pd.Series, start: pd.Timestamp, holidays: pd.DatetimeIndex | None) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms without their weekdays, and how many days before the start each lies; empty where none exist."""
    known = by_date(daily, "daily")
    known = known[(known.index < start) & (known.index >= start - pd.Timedelta(days=HISTORY))]
    if holidays is not None:
        known = known[~known.index.isin(holidays)]
    if known.empty or (known <= 0).any():
        return np.array([]), np.array([])
    level = np.log(known)
    usual = level.groupby(known.index.day_of_week).transform("median") - level.median()
    return (level - usual).to_numpy(), (start - known.index).days.to_numpy()


def _drift(level: np.ndarray, age: np.ndarray, span: int) -> Drift | None:
    found = _slope(level, age, span, 0)
    if found is None:
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
