"""The past of a series before it is learnt from: single days that stand out, and shifts of its level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opsretro.analysis.methods.counterfactual_fit import LEAST_NOISE, Past, whiten

CLIP = 3.5
"""Days this many standard deviations off count as this many."""
TREND_DAYS = 90
"""Days before the window in which a drift is looked for."""
AROUND = 3
"""Days to either side that say whether a day is a spike."""
FAR = 8.0
"""As far off as this an odd day still widens what may happen in the days ahead; beyond it was an accident."""
MOST_SHIFTS = 3
SHORTEST = 6
"""Days a level has to last before it counts as shifted."""
CLEAR = 13.0
"""Squared standard deviations from which a shift is worth a column."""


def past_of(y: np.ndarray, x: np.ndarray, day: np.ndarray) -> Past:
    """Find shifts of the level and draw in odd days.

    Args:
        y: One value a day learnt from.
        x: What else explains it.
        day: Number of each day, ascending.
    """
    found: list[int] = []
    while True:
        design = np.column_stack([x, *[(day >= first) - 1.0 for first in found]])
        residual, robust = _residual(y, design)
        inside = np.clip(residual, -CLIP * robust, CLIP * robust)
        first = _largest(y - residual + _without_spikes(residual), design, day) if len(found) < MOST_SHIFTS else None
        if first is None:
            break
        found.append(first)
    freedom = max(len(y) - design.shape[1], len(y) / 4)
    squares = float((np.clip(residual, -FAR * robust, FAR * robust) ** 2).sum())
    left = float((inside**2).sum())
    return Past(
        values=y - residual + inside,
        shifts=tuple(sorted(found)),
        noise=max(np.sqrt(squares / freedom), LEAST_NOISE),
        swell=max(squares / max(left, 1e-18), 1.0),
    )


def _without_spikes(residual: np.ndarray) -> np.ndarray:
    """Days that stand out from the days around them drawn in: a spike is no shift there and back."""
    padded = np.pad(residual, AROUND, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1), axis=1)
    limit = CLIP * 1.4826 * np.median(np.abs(residual - middle)) + LEAST_NOISE
    return middle + np.clip(residual - middle, -limit, limit)


def _residual(y: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, float]:
    """What a fit leaves over that odd days hardly bend, and its size by the median."""
    weight = np.ones(len(y))
    for _ in range(4):
        rows = design * weight[:, None]
        gram = rows.T @ design + 1e-8 * np.eye(design.shape[1]) * len(y)
        residual = y - design @ np.linalg.solve(gram, rows.T @ y)
        robust = max(
            1.4826 * float(np.median(np.abs(residual))) * np.sqrt(len(y) / max(len(y) - design.shape[1], 8)), 1e-9
        )
        weight = np.minimum(1.0, 2.0 * robust / np.maximum(np.abs(residual), 1e-12))
    return residual, robust


def _largest(y: np.ndarray, design: np.ndarray, day: np.ndarray) -> int | None:
    """First day of the clearest new level; None when none is clear."""
    n = len(y)
    candidates = day[SHORTEST : n - SHORTEST + 1]
    if not len(candidates):
        return None
    residual, _ = _residual(y, design)
    rho = float(np.clip(_autocorrelation(residual, day) + 3.0 / n, 0.0, 0.8))
    basis = np.linalg.qr(whiten(design, day, rho))[0]
    steps = whiten((day[:, None] >= candidates[None, :]) - 1.0, day, rho)
    steps = steps - basis @ (basis.T @ steps)
    white = whiten(y, day, rho)
    white = white - basis @ (basis.T @ white)
    size = (steps**2).sum(axis=0)
    gain = np.where(size > 1e-6 * n, (steps.T @ white) ** 2 / np.maximum(size, 1e-12), 0.0)
    best = int(np.argmax(gain))
    left = max((white @ white - gain[best]) / max(n - design.shape[1] - 1, 8), 1e-18)
    return int(candidates[best]) if gain[best] / left > CLEAR else None


def drift_score(y: np.ndarray, x: np.ndarray, day: np.ndarray, shifts: Sequence[int]) -> float:
    """How many standard errors the slope of a series is from 0 over its last weeks, errors AR(1).

    Args:
        y: One value a day.
        x: What else explains it, the level included.
        day: Number of each day, ascending.
        shifts: First days of new levels.
    """
    recent = day >= day[-1] - TREND_DAYS
    steps = [(day >= first) - 1.0 for first in shifts]
    y, design, day = y[recent], np.column_stack([x, *steps, day - day.mean()])[recent], day[recent]
    residual, _ = _residual(y, design)
    rho = _autocorrelation(residual, day)
    rho = float(np.clip(rho + (1 + 4 * rho) / len(y), 0.0, 0.9))
    rows, target = whiten(design, day, rho), whiten(y, day, rho)
    inverse = np.linalg.inv(rows.T @ rows + 1e-8 * len(y) * np.eye(design.shape[1]))
    beta = inverse @ rows.T @ target
    left = target - rows @ beta
    variance = left @ left / max(len(y) - design.shape[1], 8)
    return float(beta[-1] / np.sqrt(max(variance, LEAST_NOISE**2) * inverse[-1, -1]))


def _autocorrelation(residual: np.ndarray, day: np.ndarray) -> float:
    neighbours = (residual[1:] * residual[:-1])[np.diff(day) == 1].sum()
    return float(neighbours / max((residual**2).sum(), 1e-18))
