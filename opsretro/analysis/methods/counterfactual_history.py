"""The past of a series before it is learnt from: single days that stand out, and shifts of its level."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr

from opsretro.analysis.methods.counterfactual_fit import whiten

LEAST_NOISE = 1e-4
"""Of a day, as a share: a series that never changes is not certain to go on for ever."""
CLIP = 3.5
"""Days this many standard deviations off count as this many."""
MOST_SHIFTS = 3
SHORTEST = 6
"""Days a level has to last before it counts as shifted."""
CLEAR = 18.0
"""Squared standard deviations from which a shift is worth a column."""


def shift_columns(y: np.ndarray, x: np.ndarray, day: np.ndarray) -> tuple[list[int], np.ndarray, float, float]:
    """Days at which the level shifted, the series with its odd days drawn in, and the noise.

    Args:
        y: One value a day learnt from.
        x: What else explains it.
        day: Number of each day, ascending.

    Returns:
        Numbers of the first days of new levels; the series; standard deviation of a day, odd days included.
    """
    found: list[int] = []
    for _ in range(MOST_SHIFTS + 1):
        design = np.column_stack([x, *[(day >= first) - 1.0 for first in found]])
        residual, robust = _residual(y, design)
        drawn_in = y - residual + np.clip(residual, -CLIP * robust, CLIP * robust)
        first = _largest(drawn_in, design, day) if len(found) < MOST_SHIFTS else None
        if first is None:
            break
        found.append(first)
    degrees = max(len(y) - design.shape[1], len(y) / 4)
    inside = np.clip(residual, -CLIP * robust, CLIP * robust)
    swell = float((residual**2).sum() / max((inside**2).sum(), 1e-18))
    return sorted(found), drawn_in, min(swell, 9.0) if swell > 1 else 1.0, max(float(np.sqrt((residual**2).sum() / degrees)), LEAST_NOISE)


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
    one_day = (day[1:] - day[:-1]) == 1
    products = residual[1:] * residual[:-1]
    rho = float(np.clip(products[one_day].sum() / max((residual**2).sum(), 1e-18) + 3.0 / n, 0.0, 0.8))
    basis = qr(whiten(design, day, rho), mode="economic")[0]
    steps = whiten((day[:, None] >= candidates[None, :]) - 1.0, day, rho)
    steps = steps - basis @ (basis.T @ steps)
    white = whiten(y, day, rho)
    white = white - basis @ (basis.T @ white)
    size = (steps**2).sum(axis=0)
    gain = np.where(size > 1e-6 * n, (steps.T @ white) ** 2 / np.maximum(size, 1e-12), 0.0)
    best = int(np.argmax(gain))
    left = max((white @ white - gain[best]) / max(n - design.shape[1] - 1, 8), 1e-18)
    return int(candidates[best]) if gain[best] / left > CLEAR else None


def drift_score(y: np.ndarray, x: np.ndarray, day: np.ndarray) -> tuple[float, float]:
    """Slope of a series a day, and how many standard errors that is, errors AR(1).

    Args:
        y: Differences of the target from its controls.
        x: What else explains them, the level included.
        day: Number of each day, ascending.
    """
    design = np.column_stack([x, (day - day.mean()) / 1.0])
    residual, _ = _residual(y, design)
    one_day = (day[1:] - day[:-1]) == 1
    rho = (residual[1:] * residual[:-1])[one_day].sum() / max((residual**2).sum(), 1e-18)
    rho = float(np.clip(rho + (1 + 4 * rho) / len(y), 0.0, 0.9))
    rows, target = whiten(design, day, rho), whiten(y, day, rho)
    inverse = np.linalg.inv(rows.T @ rows + 1e-8 * len(y) * np.eye(design.shape[1]))
    beta = inverse @ rows.T @ target
    left = target - rows @ beta
    variance = left @ left / max(len(y) - design.shape[1], 8)
    return float(beta[-1]), float(beta[-1] / np.sqrt(max(variance * inverse[-1, -1], 1e-30)))
