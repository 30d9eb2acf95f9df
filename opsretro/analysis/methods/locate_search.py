"""Leaves, and what is known of them while the search goes on: growth, drift, noise and the elements found so far."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from math import inf, nan
from typing import Any

import numpy as np

from opsretro.analysis.methods.locate_grid import Found, Grid, Slice
from opsretro.analysis.methods.locate_noise import (
    HALF_NORMAL,
    MOST_FACTOR,
    Noise,
    bins_of,
    deviance,
    fit_noise,
    information,
    quantile,
)

Rows = np.ndarray | slice
ALL = slice(None)
LEAST_SCATTER = 4
"""Leaves of an element from which the scatter of its own movement can be read."""
FAR = 12.0
"""Leaves that stray further (squared standard deviations) tell nothing of the common growth."""
COARSE = 20.0
"""Whole numbers are treated as counts when the median leaf is below this; above, their own spread tells."""
EXTREME = 10.0
"""Of an element that moved more than this, how unevenly its leaves moved tells nothing further."""
POOLED = 12
"""A dimension of so many values has its drift half from them, half from all dimensions; one of fewer from all."""
GRAIN = 1 / 24
"""What rounding to whole numbers adds to the dispersion of a leaf of size 1 (half the variance of rounding)."""


@dataclass(eq=False)
class Search:
    """The state of a search.

    Attributes:
        grid: The leaves' dimensions.
        actual: One a leaf.
        forecast: One a leaf.
        exposure: What the forecast is to be multiplied by before they compare; 1, or a ratio's denominators.
        ceiling: Most that the forecast can be multiplied by, as no rate goes beyond 1; None where nothing is near it.
        found: Elements that moved.
        growth: Common growth.
        drifts: By dimension, what each value strays (log) from the common growth.
        spread: By dimension, variance of these.
        known: By dimension, how much is known of each (one by its variance).
        loose: Dispersion of each leaf by that of the noise alone: elements may move unevenly.
        spreads: By combination of dimensions, how far its elements usually stray.
    """

    grid: Grid
    actual: np.ndarray
    forecast: np.ndarray
    exposure: np.ndarray
    ceiling: np.ndarray | None = None
    found: list[Found] = field(default_factory=list)
    growth: float = 1.0
    spreads: dict[tuple[int, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.a, self.k = np.maximum(self.actual, 0.0), np.maximum(self.forecast, 0.0)
        known = self.k[self.k > 0]
        self.whole = bool((self.a == np.rint(self.a)).all())
        self.counts = self.whole and (not len(known) or float(np.median(known)) < COARSE)
        self.grain = GRAIN * step_of(self.a) ** 2
        if self.counts:
            self.leave_out_chance()
        self.growth = first_growth(self.a, self.k * self.exposure)
        self.told = np.flatnonzero(self.a + self.k > 0)
        self.bins = bins_of((self.a + self.k * self.exposure)[self.told])
        self.loose = np.ones(len(self.a))
        self.drifts = [np.zeros(size) for size in self.grid.sizes]
        self.known = [np.zeros(size) for size in self.grid.sizes]
        self.spread = np.zeros(len(self.grid.sizes))
        self.noise = Noise(linear=1.0, square=0.0)
        self.usual = np.ones(len(self.a))
        self.factor = self.exposure.copy()
        if not (self.a.any() and self.k.any()):
            self.told = np.empty(0, dtype=np.int64)
            self.growth = 0.0 if self.k.any() else inf if self.a.any() else nan
            return
        self.refit()

    def copy(self) -> Search:
        """The same state, to try something on."""
        other = copy(self)
        other.found, other.loose = [replace(one) for one in self.found], self.loose.copy()
        other.drifts, other.known = list(self.drifts), list(self.known)
        return other

    def leave_out_chance(self) -> None:
        """Leave out leaves that are there only because something came.

        Where as little was expected and nothing came there is no leaf: the others alone would look like growth.
        """
        quiet = self.k[(self.a == 0) & (self.k > 0)]
        chance = (self.k > 0) & (self.k < (quiet.min() if len(quiet) else 0.0))
        self.a[chance] = self.k[chance] = 0.0

    def base(self, *, free: int | None = None) -> np.ndarray:
        """Factor of every leaf with nothing found; the drift of one dimension may be left in the data."""
        return self.drifted(self.exposure * self.growth, free)

    def drifted(self, factor: np.ndarray, free: int | None) -> np.ndarray:
        """The same with the drift of every dimension but one in it."""
        for dim in range(len(self.drifts)):
            if dim != free and self.spread[dim] > 0:
                factor = factor * np.exp(self.shrunk(dim))[self.grid.codes[dim]]
        return factor

    def shrunk(self, dim: int) -> np.ndarray:
        """The drift of a dimension's values, nearer to none the less is known of it."""
        telling = self.spread[dim] * self.known[dim]
        return self.drifts[dim] * telling / (1 + telling)

    def without(self, left_out: Found | None = None, *, free: int | None = None) -> np.ndarray:
        """Factor of every leaf with all that was found but one."""
        return self.moved(self.base(free=free), left_out)

    def plain(self, left_out: Found, *, free: int | None = None) -> np.ndarray:
        """Factor of growth, drift and all that was found but one, without the correction of small counts."""
        return self.moved(self.drifted(self.exposure * self.growth, free), left_out)

    def moved(self, factor: np.ndarray, left_out: Found | None = None) -> np.ndarray:
        """The same with the elements found in it, but one."""
        for one in self.found:
            if one is not left_out:
                factor[one.rows] *= min(one.multiplier, MOST_FACTOR)
        return self.capped(factor)

    def capped(self, factor: np.ndarray, rows: Rows = ALL) -> np.ndarray:
        """The factor of leaves, where it can be as high."""
        return factor if self.ceiling is None else np.minimum(factor, self.ceiling[rows])

    def settled(self, left_out: Found | None = None) -> np.ndarray:
        """Leaves that a movement without measure has explained for good: what is left of them tells nothing more."""
        rows = [one.rows for one in self.found if one is not left_out and not 1 / EXTREME < one.multiplier < EXTREME]
        return np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)

    def cost(self, factor: np.ndarray, rows: Rows = ALL) -> np.ndarray:
        """Minus the log-likelihood of leaves, 0 at best: an outlier costs much, but not without end."""
        return self.noise.cost(self.far(factor, rows))

    def far(self, factor: np.ndarray, rows: Rows = ALL) -> np.ndarray:
        """Squared distance of leaves from their factor, in standard deviations."""
        return deviance(self.a[rows], self.k[rows], factor) / self.usual[rows]

    def refit(self, rounds: int = 2) -> None:
        """Growth, drift, multipliers and noise, all together, on all leaves."""
        for _ in range(rounds):
            self.factor = self.without()
            size = information(self.a, self.k, self.exposure * self.growth)
            far = deviance(self.a, self.k, self.factor) / self.loose
            self.noise = self.fitted_noise(far, size)
            self.usual = self.noise.dispersion(size) * self.loose
            self.growth *= self.ratio(self.factor)
            self.fit_drift()
            self.loose[:] = 1.0
            self.usual = self.noise.dispersion(size)
            for one in self.found:
                self.fit_found(one)
            self.usual = self.noise.dispersion(size) * self.loose
        self.factor = self.without()

    def fitted_noise(self, far: np.ndarray, size: np.ndarray) -> Noise:
        """The noise as the leaves show it that are not explained for good."""
        rows, bins = self.told, self.bins
        if len(settled := self.settled()):
            rows = np.setdiff1d(rows, settled)
            bins = bins_of(size[rows])
        if not len(rows):
            return self.noise
        return fit_noise(far[rows], size[rows], bins, counts=self.counts, whole=self.whole, grain=self.grain)

    def sides(self, factor: np.ndarray, rows: Rows = ALL) -> tuple[np.ndarray, np.ndarray]:
        """Actual and expected, each leaf by how much it tells (Mantel and Haenszel), outliers by little."""
        far = self.far(factor, rows)
        tells = (self.noise.tail + 1) / (self.noise.tail + far) / (self.usual[rows] * (1 + factor))
        if not self.counts:
            tells = tells * (far < FAR)
        finite = np.where(np.isfinite(factor), factor, 0.0)  # what is new has nothing to be held against
        return tells * self.a[rows], tells * self.k[rows] * finite

    def ratio(self, factor: np.ndarray, rows: Rows = ALL) -> float:
        """How far actual lies above expected."""
        above, below = (float(side.sum()) for side in self.sides(factor, rows))
        return max(above / below, 1e-6) if below > 0 else 1.0

    def fit_found(self, one: Found) -> None:
        """Multiplier of an element, and how unevenly its leaves moved."""
        others = self.without(one)[one.rows]
        one.multiplier = self.multiplier(one.rows, others)
        if one.multiplier != inf and len(one.rows) >= LEAST_SCATTER:
            far = self.far(one.multiplier * others, one.rows)
            usual, normal = (0.5, HALF_NORMAL) if 1 / EXTREME < one.multiplier < EXTREME else (0.95, 1.96)
            self.loose[one.rows] *= max(quantile(far, usual) / normal**2, 1.0)

    def unsure(self, where: Slice) -> float:
        """Relative variance of what is expected of an element: growth and drift are estimates."""
        info = float((information(self.a, self.k, self.factor) / self.usual).sum())
        sizes = np.array(self.grid.sizes)
        own = self.spreads.get(tuple(sorted(where)))
        strays = 0.0 if own is None else own.drift / max(len(values) for values in where.values())
        return 1 / max(info, 1e-300) + float((self.spread / sizes).sum()) + strays

    def strays(self, dim: int) -> np.ndarray:
        """How far (log) the totals of a dimension's values lie from their expectation, outliers included."""
        tells = 1 / (self.usual * (1 + self.factor))
        codes, size = self.grid.codes[dim], self.grid.sizes[dim]
        above = np.bincount(codes, tells * self.a, size)
        below = np.bincount(codes, tells * self.k * self.factor, size)
        least = 1e-3 * max(float(below.max()), 1e-300)
        return np.log(np.maximum(above, 1e-3 * below + least) / np.maximum(below, least))

    def fit_drift(self) -> None:
        """How far each value of each dimension strays, all dimensions at once, and how far they usually do."""
        factor = self.without()
        above, below = self.sides(factor)
        for dim, size in enumerate(self.grid.sizes):
            codes = self.grid.codes[dim]
            actual, expected = np.bincount(codes, above, size), np.bincount(codes, below, size)
            old = self.shrunk(dim)
            step = np.log(np.maximum(actual, 1e-9 * expected + 1e-300) / np.maximum(expected, 1e-300))
            self.drifts[dim] = np.clip(old + step, -5, 5)
            self.known[dim] = np.maximum(expected, 1e-12)
            self.drifts[dim] -= quantile(self.drifts[dim])
        self.fit_spread()

    def fit_spread(self) -> None:
        """Variance of the drift: of all dimensions, and of each by how many values it has."""
        squares = [drift**2 / HALF_NORMAL**2 - 1 / known for drift, known in zip(self.drifts, self.known, strict=True)]
        several = [one for one, size in zip(squares, self.grid.sizes, strict=True) if size > 2]
        pooled = max(quantile(np.concatenate(several)), 0.0) if several else 0.0
        weights = [len(one) / (len(one) + POOLED) if len(one) >= POOLED else 0.0 for one in squares]
        own = [max(quantile(one), 0.0) for one in squares]
        self.spread = np.array([pooled + weight * (one - pooled) for weight, one in zip(weights, own, strict=True)])

    def multiplier(self, rows: np.ndarray, factor: np.ndarray) -> float:
        """Actual by expected of an element: of the total, or where most of it lies, whichever explains more."""
        factor = np.where(np.isfinite(factor), factor, 0.0)
        expected = self.k[rows] * factor
        present = expected > 0
        if not present.any():
            return inf if self.a[rows].any() and not self.k[rows].any() else 1.0
        starts = [
            float(self.a[rows].sum() / expected[present].sum()),
            quantile(self.a[rows][present] / expected[present]),
        ]
        best = min(starts, key=lambda start: float(self.cost(self.capped(start * factor, rows), rows).sum()))
        for _ in range(3):
            if best > 0:
                best *= self.ratio(self.capped(best * factor, rows), rows)
        return best if best > 1e-4 else 0.0


def step_of(actual: np.ndarray) -> float:
    """What all values are multiples of, as far as they tell: the least step between two, or 1; otherwise nothing."""
    steps = np.diff(np.unique(actual))
    steps = steps[steps > 1e-9 * float(actual.max(initial=0.0))]
    for step in (float(steps.min()) if len(steps) else 1.0, 1.0):
        if np.abs(actual / step - np.rint(actual / step)).max(initial=0.0) < 1e-6:
            return step
    return 0.0


def first_growth(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Where most of the larger leaves lie close together: the middle of the shortest half of their growths."""
    both = np.flatnonzero((actual > 0) & (forecast > 0))
    if not len(both):
        return 1.0
    total = actual[both] + forecast[both]
    large = both[total >= np.quantile(total, 0.75 if len(both) >= 200 else 0.0)]
    growth = np.sort(np.log(actual[large] / forecast[large]))
    half = (len(growth) + 1) // 2
    widths = growth[half - 1 :] - growth[: len(growth) - half + 1]
    start = int(np.argmin(widths))
    return float(np.exp(np.median(growth[start : start + half])))
