"""What a series would have been in the window and after it: draws of every day, all doubts of the model included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opsretro.analysis.methods.counterfactual_fit import Fit


def paths(
    found: Sequence[Fit],
    n: int,
    ahead: np.ndarray,
    x_ahead: np.ndarray,
    x_last: np.ndarray,
    y_last: float,
    swell: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the days ahead under every fit, as often as it deserves.

    Args:
        found: Fits, their weights adding up to one.
        n: Draws.
        ahead: Days ahead of the last day learnt from, ascending.
        x_ahead: Columns of these days.
        x_last: Columns of the last day learnt from.
        y_last: Its value.
        swell: How much larger the errors' variance is than the fits know, because odd days were drawn in.
        rng: Of the draws.

    Returns:
        One row a draw, one column a day ahead.
    """
    place = np.searchsorted(np.cumsum([fit.weight for fit in found]), (np.arange(n) + 0.5) / n * (1 - 1e-12))
    normal = rng.standard_normal((n, x_ahead.shape[1]))
    normal[1::2] = -normal[: n - n % 2 : 2]
    mean, error, sigma = np.empty((n, len(ahead))), np.empty(n), np.empty(n)
    rho = np.array([fit.autocorrelation for fit in found])[place]
    for i, fit in enumerate(found):
        mine = place == i
        if not mine.any():
            continue
        sigma[mine] = np.sqrt(fit.variance * fit.freedom / rng.chisquare(fit.freedom, mine.sum()))
        effects = normal[mine] * sigma[mine, None]
        loading = fit.root.T
        mean[mine] = x_ahead @ fit.beta + effects @ (loading @ x_ahead.T)
        error[mine] = y_last - x_last @ fit.beta - effects @ (loading @ x_last)
    return mean + _errors(error, sigma * np.sqrt(swell), rho, ahead, rng)


def _errors(
    error: np.ndarray, sigma: np.ndarray, rho: np.ndarray, ahead: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """AR(1) errors that go on from the last one."""
    drawn = rng.standard_normal((len(ahead), len(error)))
    found, steps = np.empty((len(ahead), len(error))), np.diff(ahead, prepend=0)
    for i, step in enumerate(steps):
        carried = rho**step
        error = carried * error + np.sqrt(1.0 - carried**2) * sigma * drawn[i]
        found[i] = error
    return found.T
