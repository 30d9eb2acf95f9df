"""What the controls say about the window: how differently holidays strike, and which control was touched itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from opsretro.analysis.methods.counterfactual_fit import LEAST_NOISE, Columns, Fit, bend_of, fits, grid
from opsretro.analysis.methods.counterfactual_task import Task

TOUCHED = 0.16
"""Chance that a control was touched by the change, before any data; less where there are many."""
TOUCHED_OF_ALL = 0.5
"""Controls expected to be touched at most, before any data."""
TOUCH_SIZE = 0.12
"""How far it then moves (log scale, standard deviation)."""
MOST_TOUCHED = 3
"""At most this many controls, and never all, are taken to be touched."""
HOLIDAY_SPREADS = ((0.02, 0.15), (0.05, 0.25), (0.1, 0.3), (0.2, 0.2), (0.35, 0.1))
"""How differently series may respond to a holiday (log scale, standard deviation), and the chance of each."""
USUAL_NOISE, WANDERING = 0.03, 0.02
"""Noise of a control and weekly wandering of its level (log scale) when its ordinary days are smoothed."""
AUTOCORRELATIONS = (0.0, 0.3, 0.6, 0.85)
SLOPES = ((0.02, 0.5), (1.0, 0.5))
DRIFTS = ((0.02, 0.5), (0.3, 0.5))
"""As of the target, but coarser: it is done for every control."""
QUIET = 0.25
"""Share of the window that ordinary days have to make up before a control can be told to be touched."""
FREEDOM = 4.0
"""Degrees of freedom of the doubt about how much controls vary by themselves."""
BEYOND = 3.0
"""Standard deviations from which a common movement of the controls is out of the ordinary."""
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


def holiday_parts(x: np.ndarray, columns: Columns, task: Task) -> tuple[np.ndarray, Sequence[tuple[float, float]]]:
    """What holidays did to each control, and how differently series respond to holidays.

    Args:
        x: One row a day, one column a control.
        columns: Of the days.
        task: With at least one control.

    Returns:
        One row a day, 0 on other days; possible sizes of the difference, each with its chance.
    """
    position = np.arange(len(x))
    used = np.isin(position, task.before) | (position >= task.start)
    plain = _ordinary(x, columns, np.flatnonzero(used & ~task.holiday))
    known = np.flatnonzero(used & task.holiday)
    response = np.where(task.holiday[:, None], x - plain, 0.0)
    if x.shape[1] < 2 or not len(known):
        return response, HOLIDAY_SPREADS
    noise = np.std((x - plain)[task.before[~task.holiday[task.before]]], axis=0) + LEAST_NOISE
    stretch = np.cumsum(np.diff(task.holiday.astype(int), prepend=0) == 1)[known]
    return response, holiday_spreads(response[known], stretch, noise)


def _ordinary(x: np.ndarray, columns: Columns, ordinary_days: np.ndarray) -> np.ndarray:
    """What the controls would be without holidays, from the ordinary days around."""
    some = columns.without("holiday")
    spread = some.spread * np.where(some.kind == "drift", WANDERING, 1.0)
    rows = some.x[ordinary_days]
    gram = rows.T @ rows + np.diag((USUAL_NOISE / spread) ** 2)
    return some.x @ np.linalg.solve(gram, rows.T @ x[ordinary_days])


def beyond_ordinary(x: np.ndarray, columns: Columns, task: Task) -> np.ndarray:
    """How far all controls together moved beyond what they do on ordinary days; 0 on ordinary days.

    Small movements of a control are partly its own noise, so that a regression passes on less than all of them. A
    movement far beyond the noise is no noise: all of it is to be passed on.

    Args:
        x: One row a day, one column a control; holidays taken out.
        columns: Of the days.
        task: The days learnt from.
    """
    if not x.shape[1]:
        return np.zeros(len(x))
    common = np.median(x, axis=1)
    rest = common - _ordinary(common[:, None], columns, task.before)[:, 0]
    limit = BEYOND * (1.4826 * np.median(np.abs(rest[task.before])) + LEAST_NOISE)
    return rest - np.clip(rest, -limit, limit)


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


def touched(x: np.ndarray, columns: Columns, task: Task) -> Touched:
    """Which controls moved in the window as neither the others nor their own past lead one to expect.

    Args:
        x: One row a day, one column a control; holidays taken out.
        columns: Of the days.
        task: The window, and the days learnt from.
    """
    window, n = np.arange(task.start, task.stop), x.shape[1]
    window = window[~task.holiday[window]]
    if n < 2 or len(window) < max(2, QUIET * (task.stop - task.start)):
        return Touched(groups=[()], weight=np.ones(1))
    some = columns.without("holiday")
    common = x.mean(axis=1)
    parts = [_miss(values, some, task, window) for values in [common, *(x - common[:, None]).T]]
    misses, variances = (np.array(each) for each in zip(*parts, strict=True))
    centring = np.eye(n) - 1.0 / n
    covariance = variances[0] + centring @ np.diag(_independent(variances[1:])) @ centring
    covariance += 1e-4 * covariance.trace() / n * np.eye(n)
    return _weighed(misses[0] + misses[1:], covariance)


def _independent(contrast: np.ndarray) -> np.ndarray:
    """Variance of each series' own part, from those of its differences from the mean of all."""
    n = len(contrast)
    if n == 2:
        return np.full(2, 2.0 * contrast.mean())
    mixing = np.full((n, n), 1.0 / n**2) + np.eye(n) * ((1 - 1 / n) ** 2 - 1 / n**2)
    return np.maximum(np.linalg.solve(mixing, contrast), 0.3 * contrast)


def _miss(y: np.ndarray, columns: Columns, task: Task, window: np.ndarray) -> tuple[float, float]:
    """How far the mean of the window lies from its forecast, and the variance of that forecast's error."""
    before = task.before
    noise = float(np.std(np.diff(y[before]))) / np.sqrt(2.0) + LEAST_NOISE
    settings = grid(slope=SLOPES, bend=[(bend_of(1.0), 1.0)], drift=[(size * noise, chance) for size, chance in DRIFTS])
    found = fits(
        y[before],
        columns.rows(before),
        day=before,
        weight=task.weight,
        noise=noise,
        settings=settings,
        autocorrelations=AUTOCORRELATIONS,
    )
    parts = [_window_mean(y, columns.x, before, window, fit) for fit in found]
    means, variances = (np.array(each) for each in zip(*parts, strict=True))
    weights = np.array([fit.weight for fit in found])
    mean = float(weights @ means)
    return float(y[window].mean()) - mean, float(weights @ (variances + (means - mean) ** 2))


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
    log_weight, chance = [], min(TOUCHED, TOUCHED_OF_ALL / n)
    for group in groups:
        wider = covariance.copy()
        wider[list(group), list(group)] += TOUCH_SIZE**2
        root = np.linalg.cholesky(wider)
        z = np.linalg.solve(root, misses)
        # A Student t of few degrees of freedom: the covariance is an estimate.
        fit = -0.5 * (FREEDOM + n) * np.log1p(z @ z / FREEDOM) - np.log(np.diag(root)).sum()
        log_weight.append(fit + len(group) * np.log(chance / (1 - chance)))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    weight /= weight.sum()
    kept = [i for i in range(len(groups)) if i == 0 or weight[i] > LEAST_SHARE]
    return Touched(groups=[groups[i] for i in kept], weight=weight[kept] / weight[kept].sum())
