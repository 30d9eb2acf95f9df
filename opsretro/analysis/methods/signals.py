"""Signals of a process-behaviour chart: the patterns that ordinary variation hardly ever makes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Rule

HAIR = 1e-12
"""Relative size of a difference that the computer makes and people do not mean."""


def snap(value: float, *lines: float) -> float:
    """A value that differs from a line only in the computer's last digits, moved onto it.

    Example:
        >>> snap(31 * 0.1, 3.1)
        3.1
    """
    near = (line for line in lines if np.isfinite(line) and abs(value - line) <= HAIR * max(abs(value), abs(line)))
    return next(near, value)


def find_signals(x: np.ndarray, mean: float, lower: float, upper: float, *, newest: bool = False) -> pd.DataFrame:
    """Signals of every position against given limits.

    Differences in the last digits of the computer are none: a value within 1e-12 of a line, relative to the largest
    value, lies on it.

    Args:
        x: Values, NaN = missing.
        mean: Centre line.
        lower: Lower limit.
        upper: Upper limit.
        newest: Flag each position by what was known when it was the newest, instead of every member of a pattern.

    Returns:
        One row a position, bool columns beyond, two_of_three, run7, run8, trend7.
    """
    present = np.flatnonzero(np.isfinite(x))
    found = np.zeros((len(x), len(Rule)), dtype=bool)
    names = [rule.value for rule in Rule]
    if np.isnan(mean) or not len(present):
        return pd.DataFrame(found, columns=names)
    y = x[present]
    hair = HAIR * max(np.abs(y).max(), abs(mean))
    side = np.sign(np.where(np.abs(y - mean) <= hair, 0.0, y - mean))
    step = np.diff(y, prepend=np.nan)
    step = np.sign(np.where(np.abs(step) <= hair, 0.0, step))
    flags = {
        Rule.BEYOND: (y > upper + hair) | (y < lower - hair),
        Rule.TWO_OF_THREE: np.zeros(len(y), dtype=bool),
        **{rule: np.zeros(len(y), dtype=bool) for rule in (Rule.RUN7, Rule.RUN8, Rule.TREND7)},
    }
    for way, limit in ((1, upper), (-1, lower)):
        outer = (way * (y - mean) > 2 / 3 * abs(limit - mean) + hair) & (way * y <= way * limit + hair)
        pairs = _ends(side == way, 3) & (_count(outer, 3) >= 2)
        flags[Rule.TWO_OF_THREE] |= outer & (pairs if newest else _members(pairs, 3))
        for rule, ends, length in (
            (Rule.RUN7, _ends(side == way, 7), 7),
            (Rule.RUN8, _ends(side == way, 8), 8),
            (Rule.TREND7, _ends(step == way, 6), 7),
        ):
            flags[rule] |= ends if newest else _members(ends, length)
    found[present] = np.column_stack([flags[rule] for rule in Rule])
    return pd.DataFrame(found, columns=names)


def _count(flags: np.ndarray, length: int) -> np.ndarray:
    """How many of the last `length` flags are set, at every position; 0 where there are fewer than that many."""
    sums = np.cumsum(flags)
    before = np.concatenate([np.zeros(min(length, len(flags)), dtype=int), sums[:-length]])
    return np.where(np.arange(len(flags)) >= length - 1, sums - before, 0)


def _ends(flags: np.ndarray, length: int) -> np.ndarray:
    """Where `length` set flags in a row end."""
    return _count(flags, length) == length


def _members(ends: np.ndarray, length: int) -> np.ndarray:
    """Every member of the windows of `length` that end at the set positions."""
    flags = ends.copy()
    for back in range(1, length):
        flags[:-back] |= ends[back:]
    return flags
