"""Process-behaviour (XmR) limits: what a KPI does by itself, so that a movement can be told from noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.codes import ALERT_RULES, Assurance, Direction, LimitsState, Rule
from opsretro.analysis.methods.signals import HAIR, find_signals, snap
from opsretro.analysis.methods.targets import wanted_range
from opsretro.errors import InputError, Problem, as_code

WIDTH = 2.66
"""Limits lie this many mean moving ranges from the mean (3 ÷ 1.128)."""

RANGE_LIMIT = 3.267
"""A moving range at or above this many mean moving ranges is exceptional."""

FULL_MONTHS = 12
LEAST_MONTHS = 8

Values = Sequence[float | None] | Any


@dataclass(frozen=True, kw_only=True, eq=False)
class ProcessLimits:
    """Limits of one KPI and what its months say against them.

    Attributes:
        mean: Mean of the baseline, the KPI's own unit; NaN when the baseline has fewer than 8 values.
        lower: Lower limit.
        upper: Upper limit.
        mean_range: Mean moving range after screening.
        n_baseline: Values present in the baseline.
        state: ``frozen`` from 12 values, ``trial`` from 8, ``none`` below.
        signals: One row a position of the input; bool columns beyond, two_of_three, run7, run8, trend7. All False
            where the value is missing or there are no limits.
    """

    mean: float
    lower: float
    upper: float
    mean_range: float
    n_baseline: int
    state: LimitsState
    signals: pd.DataFrame


def process_limits(values: Values, *, baseline_n: int, screen: bool = True) -> ProcessLimits:
    """XmR limits from the first months, frozen, and the signals of every month against them.

    Moving ranges are taken between neighbouring present months only. A missing month neither breaks nor extends a
    run. With fewer than 8 values in the baseline there are no limits: they are NaN and nothing is a signal.

    Args:
        values: One value a month, oldest first; None or NaN = missing.
        baseline_n: The limits are computed from the first `baseline_n` positions, later values never move them.
        screen: Drop moving ranges of at least 3.267 times their mean once, so that a single spike does not hide
            later signals.

    Returns:
        The limits and the signals.

    Raises:
        InputError: A value is infinite or `baseline_n` is below 1; names all of it.

    Source:
        D. J. Wheeler, Understanding Variation (2000): natural process limits; NIST/SEMATECH e-Handbook 6.3.2.2.
        The screening of moving ranges follows NHS England, Making Data Count.

    Example:
        >>> limits = process_limits([10, 12, 11, 13, 12, 10, 11, 12, 13, 11, 12, 11, 30], baseline_n=12)
        >>> round(limits.upper, 2), bool(limits.signals["beyond"].iloc[12])
        (15.13, True)
    """
    x = as_floats(values, baseline_n)
    base = x[:baseline_n]
    n = int(np.isfinite(base).sum())
    state = LimitsState.FROZEN if n >= FULL_MONTHS else LimitsState.TRIAL if n >= LEAST_MONTHS else LimitsState.NONE
    mean_range = _mean_range(base, screen=screen)
    if state is LimitsState.NONE or np.isnan(mean_range):
        state, mean, half = LimitsState.NONE, np.nan, np.nan
    else:
        mean, half = _mean(base), WIDTH * mean_range
    signals = find_signals(x, mean, mean - half, mean + half)
    return ProcessLimits(
        mean=mean,
        lower=mean - half,
        upper=mean + half,
        mean_range=mean_range,
        n_baseline=n,
        state=state,
        signals=signals,
    )


def no_limits(n: int) -> ProcessLimits:
    """The limits of a KPI without any baseline: none, and no signals in its n positions."""
    nan = float("nan")
    signals = find_signals(np.full(n, nan), nan, nan, nan)
    return ProcessLimits(
        mean=nan, lower=nan, upper=nan, mean_range=nan, n_baseline=0, state=LimitsState.NONE, signals=signals
    )


def as_floats(values: Values, length: int, *, name: str = "baseline_n") -> np.ndarray:
    """Months as numbers, missing ones NaN.

    Args:
        values: One a month; None or NaN = missing.
        length: Of the baseline.
        name: Of the argument that holds the length, for the error.

    Raises:
        InputError: A value is infinite or the length is below 1; names all of it.
    """
    x = np.array([float("nan") if value is None or pd.isna(value) else float(value) for value in values], dtype=float)
    problems = [
        Problem(code="infinite_at", source="values", values={"position": str(position)})
        for position in np.flatnonzero(np.isinf(x))
    ]
    if length < 1:
        problems.append(Problem(code="baseline_n", source=name, values={"value": str(length)}))
    if problems:
        raise InputError(problems)
    return x


def _mean(base: np.ndarray) -> float:
    """The mean, kept between the values by rounding too: the mean of equal values is that value."""
    return float(np.clip(np.nanmean(base), np.nanmin(base), np.nanmax(base)))


def _mean_range(base: np.ndarray, *, screen: bool) -> float:
    ranges = np.abs(np.diff(base))
    ranges = ranges[np.isfinite(ranges)]
    if not len(ranges):
        return float("nan")
    if ranges.mean() <= HAIR * np.nanmax(np.abs(base)):
        return 0.0
    if screen and (kept := ranges[ranges < RANGE_LIMIT * ranges.mean()]).size:
        ranges = kept
    return float(ranges.mean())


def new_signals(values: Values, *, baseline_n: int, rules: Sequence[Rule | str] = ALERT_RULES) -> tuple[int, ...]:
    """Positions that would have been raised when they were the newest month: no look-ahead.

    Args:
        values: One value a month, oldest first; None or NaN = missing.
        baseline_n: As in `process_limits`; positions inside the baseline are never raised.
        rules: Which signals raise a month.

    Returns:
        Positions, ascending.

    Raises:
        InputError: As `process_limits`, or a rule is unknown.

    Example:
        >>> new_signals([10, 12, 11, 13, 12, 10, 11, 12, 13, 11, 12, 11, 30, 12], baseline_n=12)
        (12,)
    """
    names = [as_code(Rule, rule, "rules").value for rule in rules]
    x = as_floats(values, baseline_n)
    limits = process_limits(x, baseline_n=baseline_n)
    seen = find_signals(x, limits.mean, limits.lower, limits.upper, newest=True)
    raised = np.flatnonzero(seen[names].any(axis=1))
    return tuple(int(position) for position in raised if position >= baseline_n)


def assurance(
    limits: ProcessLimits,
    target: float | None,
    *,
    direction: Direction | str,
    low: float | None = None,
    high: float | None = None,
) -> Assurance:
    """Whether the process, as it runs, will meet the target: always, never, or by chance.

    Args:
        limits: From `process_limits`.
        target: The KPI's own unit; None for a range.
        direction: ``higher``, ``lower`` or ``range``.
        low: Lower end of the range, for ``range``.
        high: Upper end of the range, for ``range``.

    Returns:
        ``consistent_pass`` when the whole band is on the wanted side (or inside the range), ``consistent_fail`` when
        none of it is, ``hit_or_miss`` between, ``unknown`` without limits or target.

    Raises:
        InputError: The direction is unknown.

    Example:
        >>> limits = process_limits([10, 12, 11, 13, 12, 10, 11, 12, 13, 11, 12, 11], baseline_n=12)
        >>> assurance(limits, 20, direction="higher").value
        'consistent_fail'
    """
    wanted_low, wanted_high = wanted_range(target, direction=direction, low=low, high=high)
    if limits.state is LimitsState.NONE or np.isnan(wanted_low) or np.isnan(wanted_high):
        return Assurance.UNKNOWN
    lower, upper = snap(limits.lower, wanted_low, wanted_high), snap(limits.upper, wanted_low, wanted_high)
    if lower >= wanted_low and upper <= wanted_high:
        return Assurance.CONSISTENT_PASS
    if upper < wanted_low or lower > wanted_high:
        return Assurance.CONSISTENT_FAIL
    return Assurance.HIT_OR_MISS
