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
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the days ahead under every fit, as often as it deserves.

    Args:
        found: Fits, their weights adding up to one.
        n: Draws.
        x: Columns, one row a day.
        last: Position of the last day learnt from.
        ahead: Positions of the days ahead, ascending.
        past: Its last value, and how much larger errors may be than the fits know.
        rng: Of the draws.

    Returns:
        One row a draw, one column a day ahead.
    """
    place = np.searchsorted(np.cumsum([fit.weight for fit in found[:-1]]), (np.arange(n) + 0.5) / n)
    normal = rng.standard_normal((n, x.shape[1]))
    mean, error, sigma = np.empty((n, len(ahead))), np.empty(n), np.empty(n)
    for i, fit in enumerate(found):
        mine = place == i
        sigma[mine] = np.sqrt(fit.variance * fit.freedom / rng.chisquare(fit.freedom, mine.sum()))
        effects = normal[mine] * sigma[mine, None]
        mean[mine] = x[ahead] @ fit.beta + effects @ (x[ahead] @ fit.root).T
        error[mine] = past.values[-1] - x[last] @ fit.beta - effects @ (x[last] @ fit.root)
    rho = np.array([fit.autocorrelation for fit in found])[place]
    return mean + _errors(error, sigma * np.sqrt(past.swell), rho, ahead - last, rng)


def _errors(
    error: np.ndarray, sigma: np.ndarray, rho: np.ndarray, ahead: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """AR(1) errors that go on from the last one."""
    drawn = rng.standard_normal((len(ahead), len(error)))
    for i, step in enumerate(np.diff(ahead, prepend=0)):
        carried = rho**step
        error = carried * error + np.sqrt(1.0 - carried**2) * sigma * drawn[i]
        drawn[i] = error
    return drawn.T
