"""Draws of the days ahead of a series, with the doubts of every fit and errors that go on from the last one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opsretro.analysis.methods.counterfactual_fit import Fit, Past


def paths(
    found: Sequence[Fit],
    n: int,
    *,
    x: np.ndarray,
    last: int,
    ahead: np.ndarray,
    past: Past,
    seed: Sequence[int],
) -> np.ndarray:
    """Draw the days ahead under every fit, as often as it deserves.

    Draws come in pairs of opposite sign, and day by day: the first days are drawn alike however many follow.

    Args:
        found: Fits, their weights adding up to one.
        n: Draws.
        x: Columns, one row a day.
        last: Position of the last day learnt from.
        ahead: Positions of the days ahead, ascending.
        past: Its last value, and how much larger errors may be than the fits know.
        seed: Of the draws.

    Returns:
        One row a draw, one column a day ahead.
    """
    half, sizes = (n + 1) // 2, np.random.default_rng((*seed, 1))
    normal = np.random.default_rng((*seed, 0)).standard_normal((len(ahead), half)).T
    place = np.searchsorted(np.cumsum([fit.weight for fit in found[:-1]]), (np.arange(half) + 0.5) / half)
    drawn = np.empty((2, half, len(ahead)))
    for i, fit in enumerate(found):
        mine = place == i
        sigma = np.sqrt(fit.variance * fit.freedom / sizes.chisquare(fit.freedom, int(mine.sum())))
        middle, root = _ahead(fit, x, last, ahead, past)
        off = sigma[:, None] * np.einsum("ij,kj->ik", normal[mine], root)
        drawn[:, mine] = middle + off, middle - off
    return drawn.reshape(-1, len(ahead))[:n]


def _ahead(fit: Fit, x: np.ndarray, last: int, ahead: np.ndarray, past: Past) -> tuple[np.ndarray, np.ndarray]:
    """Best values of the days ahead, and the root of their covariance in units of the errors' variance."""
    steps = ahead - last
    carried = fit.autocorrelation**steps
    lag = np.abs(steps[:, None] - steps[None, :])
    errors = fit.autocorrelation**lag - fit.autocorrelation ** (steps[:, None] + steps[None, :])
    loadings = (x[ahead] - carried[:, None] * x[last]) @ fit.root
    covariance = loadings @ loadings.T + past.swell * errors
    middle = x[ahead] @ fit.beta + carried * (past.values[-1] - x[last] @ fit.beta)
    return middle, np.linalg.cholesky(covariance + 1e-12 * np.eye(len(ahead)) * covariance.diagonal().mean())
