"""What the controls say about the window: how differently holidays strike, and which control was touched itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from opsretro.analysis.methods.counterfactual_fit import Columns, Fit, fits, grid

TOUCHED = 0.08
"""Chance that a control was touched by the change, before any data."""
TOUCH_SIZE = 0.12
"""How far it then moves (log scale, standard deviation)."""
MOST_TOUCHED = 3
"""At most this many controls, and never all, are taken to be touched."""
HOLIDAY_SPREADS = ((0.02, 0.15), (0.05, 0.25), (0.1, 0.3), (0.2, 0.2), (0.35, 0.1))
"""How differently series may respond to a holiday (log scale, standard deviation), and the chance of each."""
LEAST_SHARE = 0.015
"""A group of touched controls less likely than this is not followed up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Touched:
    """Which controls the change may have touched.

    Attributes:
        groups: Positions of the controls touched; the empty group is the first.
        weight: Chance of each group.
    """

    groups: list[tuple[int, ...]]
    weight: np.ndarray

    @property
    def chance(self) -> float:
        """Chance that any was touched."""
        return float(1.0 - self.weight[0])


def ordinary(x: np.ndarray, columns: Columns, ordinary_days: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """What the controls would be without holidays, from the ordinary days around."""
    keep = columns.kind != "holiday"
    design, spread = columns.x[:, keep], columns.spread[keep] * np.where(columns.kind[keep] == "drift", 0.02, 1.0)
    rows = design[ordinary_days]
    gram = rows.T @ rows + np.diag((noise.mean() / spread) ** 2)
    return design @ np.linalg.solve(gram, rows.T @ x[ordinary_days])


def holiday_spreads(response: np.ndarray, stretches: np.ndarray, noise: np.ndarray) -> list[tuple[float, float]]:
    """How differently the controls respond to holidays, each possible size with its chance.

    Args:
        response: One row a holiday day, one column a control.
        stretches: Number of the holiday each row belongs to.
        noise: Standard deviation of a day, by control.
    """
    log_chance = np.log([chance for _, chance in HOLIDAY_SPREADS])
    for stretch in np.unique(stretches):
        rows = response[stretches == stretch]
        mean = rows.mean(axis=0)
        for i, (size, _) in enumerate(HOLIDAY_SPREADS):
            variance = size**2 + noise**2 * (1 / len(rows) + 1 / 14) * 2
            centre = np.average(mean, weights=1 / variance)
            log_chance[i] += (
                0.5 * np.log((1 / variance).sum() ** -1)
                - 0.5 * (np.log(variance) + (mean - centre) ** 2 / variance).sum()
            )
    chance = np.exp(log_chance - log_chance.max())
    chance /= chance.sum()
    return [(size, float(share)) for (size, _), share in zip(HOLIDAY_SPREADS, chance, strict=True) if share > 0.01]


def touched(x: np.ndarray, columns: Columns, before: np.ndarray, window: np.ndarray, weight: np.ndarray) -> Touched:
    """Which controls moved in the window as neither the others nor their own past lead one to expect.

    Args:
        x: One row a day, one column a control; holidays taken out.
        columns: Of the days.
        before: Positions learnt from.
        window: Positions looked at.
        weight: How much each day learnt from counts.
    """
    n_controls = x.shape[1]
    if n_controls < 2:
        return Touched(groups=[()], weight=np.ones(1))
    common = x.mean(axis=1)
    own = x - common[:, None]
    miss, factor = _miss(common, columns, before, window, weight)
    together = factor
    parts = [_miss(own[:, k], columns, before, window, weight) for k in range(n_controls)]
    misses = np.array([part[0] for part in parts]) + miss
    own_factor = np.array([part[1] for part in parts])
    centring = np.eye(n_controls) - 1.0 / n_controls
    spread = _independent(own_factor, n_controls)
    covariance = together * np.ones((n_controls, n_controls)) + centring @ np.diag(spread) @ centring
    covariance += 1e-4 * covariance.trace() / n_controls * np.eye(n_controls)
    return _weighed(misses, covariance)


def _independent(contrast: np.ndarray, n: int) -> np.ndarray:
    """Variance of each series' own part, from those of its differences from the mean of all."""
    if n == 2:
        return np.full(2, 2.0 * contrast.mean())
    mixing = np.full((n, n), 1.0 / n**2) + np.eye(n) * ((1 - 1 / n) ** 2 - 1 / n**2)
    return np.maximum(np.linalg.solve(mixing, contrast), 0.3 * contrast)


def _miss(
    y: np.ndarray, columns: Columns, before: np.ndarray, window: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    """How far the mean of the window lies from its forecast, and the variance of that forecast's error."""
    keep = columns.kind != "holiday"
    some = Columns(x=columns.x[:, keep], mean=columns.mean[keep], spread=columns.spread[keep], kind=columns.kind[keep])
    rows = Columns(x=some.x[before], mean=some.mean, spread=some.spread, kind=some.kind)
    noise = float(np.std(np.diff(y[before]))) / 1.4 + 1e-4
    settings = grid(slope=[(0.02, 0.5), (1.0, 0.5)], drift=[(0.02 * noise, 0.5), (0.3 * noise, 0.5)])
    found = fits(y[before], rows, before, weight, noise, settings, (0.0, 0.3, 0.6, 0.85))
    means, variances, weights = [], [], []
    for fit in found:
        mean, variance = _window_mean(y, some.x, before, window, fit)
        means.append(mean), variances.append(variance), weights.append(fit.weight)
    mean = float(np.dot(weights, means))
    variance = float(np.dot(weights, np.array(variances) + (np.array(means) - mean) ** 2))
    return float(y[window].mean()) - mean, variance


def _window_mean(y: np.ndarray, x: np.ndarray, before: np.ndarray, window: np.ndarray, fit: Fit) -> tuple[float, float]:
    last, ahead = before[-1], window - before[-1]
    carried = (fit.autocorrelation**ahead).mean()
    row = x[window].mean(axis=0) - carried * x[last]
    loading = row @ fit.root
    lag = np.abs(ahead[:, None] - ahead[None, :])
    path = fit.autocorrelation**lag - fit.autocorrelation ** (ahead[:, None] + ahead[None, :])
    return float(row @ fit.beta + carried * y[last]), float(fit.variance * (loading @ loading + path.mean()))


def _weighed(misses: np.ndarray, covariance: np.ndarray) -> Touched:
    n = len(misses)
    most = min(MOST_TOUCHED, n - 1)
    groups = [group for size in range(most + 1) for group in combinations(range(n), size)]
    log_weight = []
    for group in groups:
        wider = covariance.copy()
        wider[list(group), list(group)] += TOUCH_SIZE**2
        root = np.linalg.cholesky(wider)
        z = np.linalg.solve(root, misses)
        # A Student t of 6 degrees of freedom: the covariance is an estimate.
        fit = -0.5 * (6 + n) * np.log1p(z @ z / 6) - np.log(np.diag(root)).sum()
        log_weight.append(fit + len(group) * np.log(TOUCHED / (1 - TOUCHED)))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    weight /= weight.sum()
    kept = [i for i in range(len(groups)) if i == 0 or weight[i] > LEAST_SHARE]
    return Touched(groups=[groups[i] for i in kept], weight=weight[kept] / weight[kept].sum())
