"""A linear model with autocorrelated errors, averaged over how autocorrelated they are and how far effects may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

LEAST_NOISE = 1e-4
"""Of a day, as a share: a series that never changes is not certain to go on for ever."""
AUTOCORRELATIONS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.88)
DRAWS = 2000
PRIOR_DAYS = 2.0
"""Days that the first guess of the noise counts as."""
LEAST_WEIGHT = 0.004
"""A setting with less weight than this is left out of the draws."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """What explains a series, one row a day, and how far each effect may be expected to go.

    Attributes:
        x: One row a day, one column an effect.
        mean: Of each effect before any data.
        spread: Standard deviation of each effect around that, before any data.
        kind: Name of each column's kind; settings speak of kinds.
    """

    x: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    kind: np.ndarray

    def rows(self, positions: np.ndarray) -> Columns:
        """The same of some days."""
        return replace(self, x=self.x[positions])

    def only(self, *kinds: str) -> Columns:
        """The columns of some kinds."""
        return self._where(np.isin(self.kind, kinds))

    def without(self, kind: str) -> Columns:
        """The columns of all kinds but one."""
        return self._where(self.kind != kind)

    def beside(self, other: Columns) -> Columns:
        """These columns and others of the same days."""
        return Columns(
            x=np.hstack([self.x, other.x]),
            mean=np.concatenate([self.mean, other.mean]),
            spread=np.concatenate([self.spread, other.spread]),
            kind=np.concatenate([self.kind, other.kind]),
        )

    def _where(self, keep: np.ndarray) -> Columns:
        return Columns(x=self.x[:, keep], mean=self.mean[keep], spread=self.spread[keep], kind=self.kind[keep])


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """A series before it is learnt from.

    Attributes:
        values: One a day, odd days drawn in.
        shifts: Numbers of the first days of new levels.
        noise: Standard deviation of a day, odd days included.
        swell: How much larger the variance is with the odd days as they were.
    """

    values: np.ndarray
    shifts: tuple[int, ...]
    noise: float
    swell: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """The model under one setting.

    Attributes:
        setting: Position of the setting.
        weight: How well it explains the days; all add up to one.
        autocorrelation: Of the errors from one day to the next.
        beta: Effects.
        root: ``beta + root @ standard normals * sigma`` are draws of the effects.
        variance: Of the errors, best estimate; with `freedom` degrees of freedom.
        freedom: Degrees of freedom of the variance.
    """

    setting: int
    weight: float
    autocorrelation: float
    beta: np.ndarray
    root: np.ndarray
    variance: float
    freedom: float


def whiten(values: np.ndarray, day: np.ndarray, autocorrelation: float) -> np.ndarray:
    """Rows that are independent of one another when the errors are AR(1), gaps between days allowed.

    Args:
        values: One row a day.
        day: Number of the day, ascending.
        autocorrelation: From one day to the next.
    """
    carried = autocorrelation ** np.diff(day)
    scale = np.sqrt(1.0 - carried**2)
    white = values.astype(float).copy()
    shape = (-1, *[1] * (values.ndim - 1))
    white[1:] = (values[1:] - carried.reshape(shape) * values[:-1]) / scale.reshape(shape)
    return white


def log_scale(day: np.ndarray, weight: np.ndarray, autocorrelation: float) -> float:
    """Logarithm of the determinant that goes with `whiten`, every day as much as it counts."""
    return float(-0.5 * (weight[1:] * np.log1p(-(autocorrelation ** (2.0 * np.diff(day))))).sum())


def fits(
    y: np.ndarray,
    columns: Columns,
    *,
    day: np.ndarray,
    weight: np.ndarray,
    noise: float,
    settings: Sequence[Mapping[str, float]],
    autocorrelations: Sequence[float] = AUTOCORRELATIONS,
) -> list[Fit]:
    """The model under every setting and autocorrelation, weighed by how well it explains the days.

    Args:
        y: One value a day.
        columns: What explains them; rows as `y`.
        day: Number of each day, ascending.
        weight: How much each day counts.
        noise: First guess of the error's standard deviation.
        settings: By kind of column, what its spread is multiplied by; ``weight`` is the setting's own before any data.
        autocorrelations: Those to average over.

    Source:
        Conjugate linear regression: A. Gelman et al., Bayesian Data Analysis, 3rd ed., 14.2 to 14.8; averaging over
        models by marginal likelihood: J. A. Hoeting et al., Bayesian model averaging, Statistical Science 14 (1999).
    """
    share = np.sqrt(weight)
    x, centred = columns.x * share[:, None], (y - columns.x @ columns.mean) * share
    precision = np.array([_precision(columns, setting, noise) for setting in settings])
    prior = np.log([setting.get("weight", 1.0) for setting in settings]) + 0.5 * np.log(precision).sum(axis=1)
    freedom = weight.sum() + PRIOR_DAYS
    parts = []
    for rho in autocorrelations:
        white, target = whiten(x, day, rho), whiten(centred, day, rho)
        root = np.linalg.cholesky(white.T @ white + precision[:, :, None] * np.eye(x.shape[1]))
        half = np.linalg.solve(root, np.broadcast_to((white.T @ target)[:, None], (*root.shape[:2], 1)))[:, :, 0]
        squares = PRIOR_DAYS * noise**2 + np.maximum(target @ target - (half**2).sum(axis=1), 0.0)
        size = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        evidence = prior - size - freedom / 2 * np.log(squares) + log_scale(day, weight, rho)
        parts.append((evidence, root, half, squares / freedom))
    evidence, root, half, variance = (np.concatenate(part) for part in zip(*parts, strict=True))
    kept, chance = _likely(evidence)
    back = np.linalg.inv(root[kept]).transpose(0, 2, 1)
    return [
        Fit(
            setting=number % len(settings),
            weight=chance[i],
            autocorrelation=autocorrelations[number // len(settings)],
            beta=columns.mean + back[i] @ half[number],
            root=back[i],
            variance=float(variance[number]),
            freedom=float(freedom),
        )
        for i, number in enumerate(kept)
    ]


def _likely(evidence: np.ndarray) -> tuple[list[int], list[float]]:
    """Positions that are not too unlikely, and the chance of each."""
    chance = np.exp(evidence - evidence.max())
    kept = np.flatnonzero(chance > LEAST_WEIGHT * chance.sum())
    return kept.tolist(), (chance[kept] / chance[kept].sum()).tolist()


def _precision(columns: Columns, setting: Mapping[str, float], noise: float) -> np.ndarray:
    spread = columns.spread * np.array([setting.get(kind, 1.0) for kind in columns.kind])
    return (noise / spread) ** 2


def grid(**choices: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    """Every combination of choices; each choice is a factor and its weight.

    Example:
        >>> grid(slope=[(0.1, 0.5), (1.0, 0.5)], drift=[(1.0, 1.0)])
        [{'slope': 0.1, 'drift': 1.0, 'weight': 0.5}, {'slope': 1.0, 'drift': 1.0, 'weight': 0.5}]
    """
    return [
        {
            **{name: factor for name, (factor, _) in zip(choices, chosen, strict=True)},
            "weight": float(np.prod([w for _, w in chosen])),
        }
        for chosen in product(*choices.values())
    ]


def bend_of(slope: float) -> float:
    """How far growth may change, by how far it may be from none: what hardly grows hardly bends."""
    return slope**2 / 4
