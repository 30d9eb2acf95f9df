"""Process limits that follow a trend, a yearly season or a declared new process, widened for what they estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsretro.analysis.codes import ALERT_RULES, LimitsState, Rule
from opsretro.analysis.methods.centre_line import CentreLine, Method, centre_line, stage
from opsretro.analysis.methods.limits import FULL_MONTHS, LEAST_MONTHS, WIDTH, as_floats, process_limits
from opsretro.analysis.methods.signals import HAIR, find_signals

UNSURE = 2.0
"""Standard errors of the centre within which a month is on neither side of it."""

WARN = 1.645
"""Standard deviations above what independent months give: one-sided 5 %."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AdjustedLimits:
    """Limits of every month of one KPI, and what the months say against them.

    Attributes:
        months: One row a month of the input. mean, lower, upper (the KPI's own unit; NaN = no limits); segment (0 =
            before the first rebase); in_baseline; bool columns beyond, two_of_three, run7, run8, trend7 with every
            member of a pattern flagged.
        newest: The same five columns as they were when each month was the newest.
        state: Of the last segment: ``frozen`` from 12 values, ``trial`` from 8, ``none`` below.
        n_baseline: Values in the baseline of the last segment.
        method: What its centre line follows.
        slope: A month, the KPI's own unit; NaN without a trend.
        autocorrelation: Correlation of neighbouring months of the last segment around its centre, and around one shift
            where there is a signal; NaN = too few.
        autocorrelated: It is larger than chance allows (one-sided 5 %): false alerts are more frequent than usual.
    """

    months: pd.DataFrame
    newest: pd.DataFrame
    state: LimitsState
    n_baseline: int
    method: Method
    slope: float
    autocorrelation: float
    autocorrelated: bool


def adjusted_limits(
    values: pd.Series, *, baseline_months: int, month: str | None = None, rebases: Sequence[str] = ()
) -> AdjustedLimits:
    """XmR limits whose centre follows growth or a yearly season where the history clearly has one.

    Without clear evidence the limits are those of `process_limits` on the first `baseline_months` present months. A
    season is looked for in the first 36, growth in the first `baseline_months`, 24 and 36, whatever has passed. Limits
    around an estimated line are √((1 + h) ÷ (1 − p/n)) as wide: h is the leverage of the month, p the parameters, n the
    months; for a season of k years √((1 + 1/k) ÷ (1 − 1/k)). Around ``drift`` they are √(1 + h) as wide. A month
    within two standard errors of an estimated line is on neither side of it.

    Args:
        values: Indexed by month (``"2026-04"``), consecutive, oldest first; NaN = missing.
        baseline_months: Months the limits are frozen on.
        month: Baselines end before it; None = the last month of `values`.
        rebases: Months from which the KPI is a new process with a baseline of its own; those outside `values` do
            nothing.

    Returns:
        The limits.

    Raises:
        InputError: A value is infinite or `baseline_months` is below 1; names all of it.

    Source:
        Limits and rules as `process_limits`; leverage and prediction variance: N. R. Draper and H. Smith, Applied
        Regression Analysis (1998), 3.1 and 8.1.

    Example:
        >>> months = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]
        >>> followers = pd.Series([1000.0 + 50 * n + n % 3 for n in range(24)], index=months)
        >>> limits = adjusted_limits(followers, baseline_months=12)
        >>> limits.method.value, bool(limits.newest["beyond"].any())
        ('trend', False)
    """
    x = as_floats(values, baseline_months, name="baseline_months")
    labels = values.index.astype(str)
    known = np.isfinite(x) & (labels < (month or labels.max()))
    calendar = np.array([int(label[5:7]) - 1 for label in labels], dtype=int)
    starts = sorted({0, *(int(np.argmax(labels >= rebase)) for rebase in rebases if (labels >= rebase).any())})
    months, newest = [], []
    for segment, (start, end) in enumerate(zip(starts, [*starts[1:], len(x)], strict=True)):
        here = slice(start, end)
        limits = _limits(x[here], calendar[here], np.flatnonzero(known[here]), baseline_months)
        months.append(limits.months().assign(segment=segment))
        newest.append(_newest(x[here], calendar[here], baseline_months))
    estimate, warned = _autocorrelation(limits)
    return AdjustedLimits(
        months=pd.concat(months).set_axis(values.index),
        newest=pd.concat(newest).set_axis(values.index),
        state=limits.state,
        n_baseline=len(limits.line.base),
        method=limits.line.method,
        slope=limits.line.slope,
        autocorrelation=estimate,
        autocorrelated=warned,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Limits:
    """Limits of one process: `steady` and `width` as if the centre were level and no month wider than another."""

    x: np.ndarray
    line: CentreLine
    factor: np.ndarray
    steady: np.ndarray
    level: float
    width: float

    @property
    def state(self) -> LimitsState:
        """How much history stands behind the limits."""
        if np.isnan(self.width):
            return LimitsState.NONE
        return LimitsState.FROZEN if len(self.line.base) >= FULL_MONTHS else LimitsState.TRIAL

    def signals(self, *, newest: bool = False) -> pd.DataFrame:
        """As `find_signals`."""
        return find_signals(self.steady, self.level, self.level - self.width, self.level + self.width, newest=newest)

    def months(self) -> pd.DataFrame:
        """The line, the limits, and every member of every pattern."""
        half = self.width * self.factor
        mean = np.where(np.isnan(half), np.nan, self.line.centre)
        inside = np.arange(len(self.x)) <= max(self.line.base, default=-1)
        bounds = {"mean": mean, "lower": mean - half, "upper": mean + half, "in_baseline": inside}
        return pd.DataFrame(bounds).join(self.signals())


def _limits(x: np.ndarray, calendar: np.ndarray, usable: np.ndarray, baseline_months: int) -> _Limits:
    """Limits around the line that the usable months give evidence of."""
    line = centre_line(x, calendar, usable, baseline_months)
    end = max(line.base, default=0) + 1
    if line.method is Method.PLAIN:
        plain = process_limits(x[:end], baseline_n=end)
        line = replace(line, centre=np.full(len(x), plain.mean))
        return _Limits(
            x=x, line=line, factor=np.ones(len(x)), steady=x, level=plain.mean, width=plain.upper - plain.mean
        )
    level, distance = float(x[line.base].mean()), x - line.centre
    width = WIDTH * process_limits((level + distance)[:end], baseline_n=end).mean_range
    estimated = 0.0 if line.method is Method.DRIFT else line.design.shape[1] / len(line.base)
    factor = np.sqrt((1 + line.leverage) / (1 - estimated))
    unsure = np.abs(distance) < UNSURE * np.sqrt(line.leverage / (1 - estimated)) * width / 3
    steady = level + np.where(unsure, 0.0, distance / factor)
    return _Limits(x=x, line=line, factor=factor, steady=steady, level=level, width=width)


def _newest(x: np.ndarray, calendar: np.ndarray, baseline_months: int) -> pd.DataFrame:
    """Every month against the limits there were when it was the newest."""
    present = np.flatnonzero(np.isfinite(x))
    before = np.searchsorted(present, np.arange(len(x)))
    stages = np.array([stage(n, baseline_months) for n in before], dtype=int)
    flags = np.zeros((len(x), len(Rule)), dtype=bool)
    for n in np.unique(stages[stages >= LEAST_MONTHS]):
        then = _limits(x, calendar, present[:n], baseline_months).signals(newest=True).to_numpy()
        flags[stages == n] = then[stages == n]
    return pd.DataFrame(flags, columns=[rule.value for rule in Rule])


def _autocorrelation(limits: _Limits) -> tuple[float, bool]:
    """Lag-1 correlation of the months around their centre, and whether it is more than chance gives."""
    distance = limits.x - limits.line.centre
    kept = np.flatnonzero(np.isfinite(distance))
    design, y = limits.line.design[kept], distance[kept]
    if limits.state is LimitsState.NONE or len(kept) - design.shape[1] < LEAST_MONTHS:
        return np.nan, False
    maker = np.eye(len(kept)) - design @ np.linalg.pinv(design)
    if limits.signals()[list(ALERT_RULES)].to_numpy().any():
        maker = _without_a_shift(maker, y)
    left, free = maker @ y, np.trace(maker)
    if left @ left <= len(kept) * (HAIR * np.abs(limits.x[kept]).max()) ** 2:
        return np.nan, False
    lag = (np.abs(kept[:, None] - kept) == 1) / 2
    estimate = float(left @ lag @ left / (left @ left))
    # Exact mean and variance for independent normal months: J. Durbin and G. S. Watson (1950), Biometrika 37, 409-428.
    trace, square = np.trace(maker @ lag), np.trace(maker @ lag @ maker @ lag)
    variance = (trace**2 + 2 * square) / (free * (free + 2)) - (trace / free) ** 2
    return estimate, bool(estimate > trace / free + WARN * np.sqrt(variance))


def _without_a_shift(maker: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The residual maker that also takes the one shift that explains most: a real change is no autocorrelation."""
    places = np.arange(len(y))
    steps = maker @ (places[:, None] >= places[2:-1])
    lengths = (steps**2).sum(axis=0)
    gains = np.divide((y @ steps) ** 2, lengths, out=np.zeros_like(lengths), where=lengths > HAIR)
    best = steps[:, gains.argmax()]
    return maker - np.outer(best, best) / (best @ best)
