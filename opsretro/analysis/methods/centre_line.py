"""The line a KPI's months vary around: its mean, a trend, a yearly season, whichever the history gives evidence of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from opsretro.analysis.methods.signals import HAIR

SEASON_MONTHS = 36
"""Months a yearly season is estimated from; a trend is estimated again when there are 24 and when there are 36."""

SEASON_F = 3.14
"""1 % point of F(11, 23): the twelve months of the year against a straight line, 36 months."""

TREND_T = 5.0
"""Least slope of a trend in its standard errors; 36 months of lag-1 correlation 0.7 reach it one time in a hundred."""

BENT_T = 2.1
"""Most curvature of a straight line in its standard errors: two-sided 5 %."""

CLEAR_SHARE = 0.8
"""Least share of the variance that a line explains where the KPI wanders around it or bends away."""

LEAST_MONTHS, YEAR_MONTHS = 8, 12
"""Growth is looked for from 8 months on; fewer than a year may be one side of a season."""

SHORT_SHARE = 0.85
"""Least share with less than a year."""

INDEPENDENT = 1.5
"""Least von Neumann ratio of independent months: they have 2 on average, a KPI that wanders comes near 0."""


class Method(StrEnum):
    """What the centre line of the limits follows."""

    PLAIN = "plain"
    TREND = "trend"
    DRIFT = "drift"
    SEASON = "season"
    TREND_SEASON = "trend_season"


SLOPING = {Method.TREND, Method.TREND_SEASON}
SEASONAL = {Method.SEASON, Method.TREND_SEASON}


@dataclass(frozen=True, kw_only=True, eq=False)
class CentreLine:
    """A centre line through all months of one process.

    Attributes:
        method: ``plain`` = mean of the baseline; ``trend`` = straight line; ``season`` = one level a month of the year;
            ``trend_season`` = both; ``drift`` = the month before and the usual change.
        base: Positions of the baseline.
        centre: The line; NaN where there is none.
        leverage: Variance of the line as a share of the variance of a month; 0 for ``plain``, which is not widened.
        design: Regressors of the deviations from the line.
        slope: A month; NaN without growth.
    """

    method: Method
    base: np.ndarray
    centre: np.ndarray
    leverage: np.ndarray
    design: np.ndarray
    slope: float = np.nan


def stage(n: int, baseline_months: int) -> int:
    """How many of the first `n` months speak for a trend or a season: more only at 24 and at 36 months.

    Example:
        >>> [stage(n, 12) for n in (9, 12, 23, 24, 35, 99)]
        [9, 12, 12, 24, 24, 36]
    """
    return max([step for step in (24, SEASON_MONTHS) if step <= n], default=min(n, baseline_months))


def centre_line(x: np.ndarray, calendar: np.ndarray, usable: np.ndarray, baseline_months: int) -> CentreLine:
    """The line that the first usable months give evidence of.

    Args:
        x: Values, NaN = missing.
        calendar: Month of the year of each, 0 to 11.
        usable: Positions the baseline may be taken from, ascending; all present.
        baseline_months: Length of the baseline of a plain line.

    Returns:
        The line; its centre is NaN without usable months.

    Source:
        Least squares and leverage: N. R. Draper and H. Smith, Applied Regression Analysis (1998), chapters 5 and 8;
        J. von Neumann, Distribution of the ratio of the mean square successive difference to the variance (1941).

    Example:
        >>> line = centre_line(np.arange(14.0), np.arange(14) % 12, np.arange(13), 12)
        >>> line.method.value, float(line.centre[13].round(6))
        ('trend', 13.0)
    """
    base = usable[: stage(len(usable), baseline_months)]
    method = _method(x[base], calendar, base)
    if method is Method.PLAIN:
        base = usable[:baseline_months]
    design, slope = _design(calendar, method), np.nan
    if method is Method.PLAIN:
        centre, leverage = np.full(len(x), x[base].mean() if len(base) else np.nan), np.zeros(len(x))
    elif method is Method.DRIFT:
        centre, leverage, slope = _from_month_before(x, base)
    else:
        inverse = np.linalg.inv(design[base].T @ design[base])
        weights = inverse @ design[base].T @ x[base]
        centre, leverage = design @ weights, ((design @ inverse) * design).sum(axis=1)
        leverage[: base[-1] + 1] = leverage[base].mean()
        slope = float(weights[-1]) if method in SLOPING else np.nan
    return CentreLine(method=method, base=base, centre=centre, leverage=leverage, design=design, slope=slope)


def _design(calendar: np.ndarray, method: Method) -> np.ndarray:
    """The regressors of every month: one, or one a month of the year, then the time."""
    level = np.eye(12)[calendar] if method in SEASONAL else np.ones((len(calendar), 1))
    time = np.arange(len(calendar))[:, None] - len(calendar) / 2
    return np.hstack([level, time]) if method in SLOPING else level


def _from_month_before(x: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The present month before each plus the usual change; less certain the more months lie between."""
    places = pd.Series(np.where(np.isfinite(x), np.arange(len(x)), np.nan))
    before = places.ffill().shift()
    gap = (np.arange(len(x)) - before).fillna(1).to_numpy()
    length = base[-1] - base[0]
    change = float(x[base[-1]] - x[base[0]]) / length
    centre = pd.Series(x).ffill().shift().to_numpy() + gap * change
    return centre, gap - 1 + gap**2 / length, change


def _method(x: np.ndarray, calendar: np.ndarray, base: np.ndarray) -> Method:
    """What the months of the baseline follow clearly enough."""
    if len(x) < LEAST_MONTHS:
        return Method.PLAIN
    trend = _design(calendar, Method.TREND)[base]
    season = _season(_design(calendar, Method.TREND_SEASON)[base], trend, x) if len(x) == SEASON_MONTHS else None
    if season is None:
        return _growth(trend, x)
    return Method.SEASON if _growth(trend, x - season) is Method.PLAIN else Method.TREND_SEASON


def _left_over(design: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x - design @ np.linalg.lstsq(design, x)[0]


def _season(both: np.ndarray, trend: np.ndarray, x: np.ndarray) -> np.ndarray | None:
    """What the month of the year adds, where there is clear evidence of it."""
    calendar = both[:, :-1]
    if not calendar.any(axis=0).all():
        return None
    effects = np.linalg.lstsq(both, x)[0][:-1]
    line, all_of_it = (float(np.sum(_left_over(design, x) ** 2)) for design in (trend, both))
    ratio = (line - all_of_it) / (both.shape[1] - trend.shape[1])
    clear = ratio > SEASON_F * all_of_it / (len(x) - both.shape[1]) + (HAIR * np.abs(x).max()) ** 2
    return calendar @ (effects - effects.mean()) if clear else None


def _growth(trend: np.ndarray, x: np.ndarray) -> Method:
    """Whether a straight line explains nearly everything, and whether what it leaves is independent."""
    left = _left_over(trend, x)
    rest, total = float(left @ left), float(np.sum((x - x.mean()) ** 2))
    nothing = len(x) * (HAIR * np.abs(x).max()) ** 2
    share = 1 - rest / total if total > nothing else 0.0
    short = len(x) < YEAR_MONTHS and share < SHORT_SHARE
    steps = np.diff(left)[np.diff(trend[:, -1]) == 1]
    if short or not len(steps) or share * (len(x) - 2) <= TREND_T**2 * (1 - share):
        return Method.PLAIN
    curve = _left_over(np.hstack([trend, trend[:, -1:] ** 2]), x)
    bent = (rest - curve @ curve) * (len(x) - 3) > BENT_T**2 * (curve @ curve)
    if rest > nothing and (bent or np.mean(steps**2) < INDEPENDENT * np.mean(left**2)):
        return Method.DRIFT if share >= CLEAR_SHARE else Method.PLAIN
    return Method.TREND
