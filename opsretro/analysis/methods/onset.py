"""Since when: the days in which a series stands off what was expected of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsretro.errors import InputError
from opsretro.tables.checks import number_problems

LEAST_DAYS = 14
"""Days with data from which a beginning can be told."""
EVIDENCE = 20.0
"""Squared standard errors the days must stand off; scanning some hundred days for noise alone hardly ever gives it."""
PRICE_OF_AN_END = 12.0
"""How much better (squared standard errors) days with an end must fit than days that go on to the last one."""
DUST = 1e-9
"""A series whose values differ by less than this share of their size is constant, but for the computer."""
CLIP = 3.0
"""Standard deviations a single day counts at most."""


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When a movement began, and ended.

    Attributes:
        start: First day of it.
        earliest: First day it may have begun on, 95 %.
        latest: Last day it may have begun on, 95 %.
        end: Its last day; None = it goes on.
        multiplier: Level on these days, divided by that of the others.
    """

    start: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp
    end: pd.Timestamp | None
    multiplier: float


def onset(actual: pd.Series, expected: pd.Series) -> Onset | None:
    """The run of days in which a series stands off its expectation most, by least squares.

    Days count by their expected size, for a larger count is relatively steadier.

    Args:
        actual: One value a day by date; missing days are skipped.
        expected: The same days; days without an expectation above zero are skipped. Its level does not matter.

    Raises:
        InputError: A value is no number or infinite; names it.

    Returns:
        The run; None where there is none beyond the noise, too few days, or the first days are already in it: then it
        is older than the series.

    Source:
        A change point by least squares: D. M. Hawkins, Testing a sequence of observations for a shift in location, JASA
        72 (1977); a stretch with two ends: B. Levin and J. Kline, The cusum test of homogeneity with an application in
        spontaneous abortion epidemiology, Statistics in Medicine 4 (1985).

    Example:
        >>> days = pd.date_range("2026-09-01", periods=60)
        >>> actual = pd.Series(np.where(days < "2026-10-12", 100.0, 70.0) + np.tile([2.0, -2.0], 30), index=days)
        >>> found = onset(actual, pd.Series(50.0, index=days))
        >>> str(found.start.date()), found.end, round(found.multiplier, 2)
        ('2026-10-12', None, 0.7)
    """
    sides = pd.DataFrame({"actual": actual, "expected": expected})
    if problems := [found for name in sides for found in number_problems(sides, name, name)]:
        raise InputError(problems)
    table = sides.set_axis(["x", "e"], axis=1).dropna().astype("float64").sort_index()
    table = table[table["e"] > 0]
    if len(table) < LEAST_DAYS or not (table["x"] != 0).any():
        return None
    weight = (table["e"] / table["e"].mean()).to_numpy()
    level = (table["x"] / table["e"]).to_numpy()
    if np.ptp(level) <= DUST * np.abs(level).mean():
        return None
    level, variance = _cut(level, weight)
    gains, n = _gains(level, weight), len(level)
    if not gains.any():
        return None
    for _ in range(3):
        start, end = _best(gains, variance)
        inside = (np.arange(n) >= start) & (np.arange(n) < end)
        if inside.all() or not inside.any():
            return None
        means = [np.average(level[chosen], weights=weight[chosen]) for chosen in (inside, ~inside)]
        least = (DUST * float(np.abs(level).mean())) ** 2
        variance = max(_variance(level - np.where(inside, *means), weight), least)
    gain = gains[start, end]
    if gain < EVIDENCE * variance or start == 0:
        return None
    days = pd.DatetimeIndex(table.index)
    near = np.flatnonzero(gains[:end, end] >= gain - 3.84 * variance)
    return Onset(
        start=days[start],
        earliest=days[near.min()],
        latest=days[near.max()],
        end=None if end == n else days[end - 1],
        multiplier=float(means[0] / means[1]) if means[1] else float("inf"),
    )


def _cut(level: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Levels with lone spikes cut to what their neighbours allow, and the variance of a day of weight 1."""
    spread = np.abs(np.diff(level)) * np.sqrt(1 / (1 / weight[1:] + 1 / weight[:-1]))
    deviation = max(float(np.median(spread)) / 0.6745, 1e-9 * float(np.abs(level).mean()), 1e-300)
    middle = pd.Series(level).rolling(7, center=True, min_periods=4).median().to_numpy()
    room = CLIP * deviation / np.sqrt(weight)
    return np.clip(level, middle - room, middle + room), deviation**2


def _best(gains: np.ndarray, variance: float) -> tuple[int, int]:
    """The best run: its first position and the one after its last."""
    n = len(gains) - 1
    start, end = divmod(int(gains.argmax()), n + 1)
    onward = int(gains[:, n].argmax())
    if gains[start, end] < gains[onward, n] + PRICE_OF_AN_END * variance:
        start, end = onward, n
    return start, end


def _variance(residual: np.ndarray, weight: np.ndarray) -> float:
    """Variance of a day of weight 1, as large as it takes for days that resemble the day before them."""
    scaled = residual * np.sqrt(weight)
    n, squares = len(scaled), float(scaled @ scaled)
    if squares <= 0:
        return 1e-300
    memory = float(scaled[1:] @ scaled[:-1]) / squares
    memory = min(max(memory + (1 + 4 * memory) / n, 0.0), 0.9)
    return squares / (n - 3) * (1 + memory) / (1 - memory)


def _gains(level: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Squares saved by a level of their own for the days from a first (row) to before an end (column)."""
    n = len(level)
    mass = np.concatenate([[0.0], weight.cumsum()])
    sums = np.concatenate([[0.0], (weight * level).cumsum()])
    inside = mass[None, :] - mass[:, None]
    total = sums[None, :] - sums[:, None]
    outside = mass[-1] - inside
    allowed = (inside > 0) & (outside > 1e-12) & (np.arange(n + 1)[None, :] - np.arange(n + 1)[:, None] >= 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = total / inside - (sums[-1] - total) / outside
        return np.where(allowed, gap**2 * inside * outside / mass[-1], 0.0)
