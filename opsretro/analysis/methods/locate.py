"""Which slices of a total moved, out of channel x city x device and so on: root-cause localisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, nan
from typing import Literal

import numpy as np
import pandas as pd

from opsretro.analysis.methods.cause import Cause, Located
from opsretro.analysis.methods.locate_elements import explained
from opsretro.analysis.methods.locate_grid import Grid, factorised
from opsretro.analysis.methods.locate_input import MEASURES, leaf_problems
from opsretro.analysis.methods.locate_report import Teller, Totals, mix_causes, rate_causes, volume_causes
from opsretro.analysis.methods.locate_search import Search
from opsretro.errors import InputError

NEAR = 0.3
"""A total rate above this has leaves that cannot rise as far as the others."""
LEAST_RATE = 1e-6


def locate(
    leaves: pd.DataFrame,
    dims: Sequence[str],
    *,
    kind: Literal["sum", "ratio"] = "sum",
    min_size: float = 0.0,
    min_confidence: float = 0.5,
    max_depth: int | None = None,
) -> Located:
    """The few elements that explain why a total differs from its forecast; none where nothing stands out.

    An element is a cause when its rows moved together beyond the common growth, the drift that all values of a
    dimension show, and the noise of leaves of its size. Elements are compared by the likelihood of the leaves, an
    element with more words paying for them; what was found is fitted together with the growth, described anew and
    left out again where the others tell it as well. Correlation only: a cause is a place to look, not a proof.

    Args:
        leaves: One row a leaf: the dimensions and actual, forecast (a sum) or num_actual, den_actual, num_forecast,
            den_forecast (a ratio). Rows with the same dimensions are added up; a missing number counts as 0, a row
            without any as absent; a missing dimension is the value None. Other columns are left alone.
        dims: Columns to search.
        kind: ``sum`` or ``ratio``. A ratio is searched twice: its rate, and the mix of its denominators.
        min_size: Least share of the forecast (of a ratio, of its denominator) an element holds.
        min_confidence: Least confidence of a cause.
        max_depth: Most dimensions an element names; None = all, as long as no more than 130 combinations of
            dimensions need searching (all up to 7 dimensions; beyond, the deepest but the single leaf are left out).

    Returns:
        The causes, the largest change first, and what they were read from. Without rows: no causes.

    Raises:
        InputError: A column is absent or there twice, no dimension is named or one twice, a number is text or
            infinite, the kind is unknown, a limit is out of range; names all of it.

    Source:
        The search over elements with a robust baseline follows R. Bhagwan et al., Adtributor (NSDI 2014), Z. Li et al.,
        Squeeze (ISSRE 2019) and M. Kalander, RiskLoc (arXiv 2205.10004, 2022); comparing both sides of a leaf given
        their sum follows N. Mantel and W. Haenszel (JNCI 22, 1959).

    Example:
        >>> rows = [(city, app, 100.0 + 7 * app) for city in "abcdef" for app in range(6)]
        >>> leaves = pd.DataFrame(rows, columns=["city", "app", "forecast"])
        >>> leaves["actual"] = leaves["forecast"] * (1.0 + 0.01 * (leaves["app"] % 2))
        >>> leaves.loc[leaves["city"] == "b", "actual"] *= 0.7
        >>> cause = locate(leaves, ["city", "app"]).causes[0]
        >>> cause.element, cause.effect.value, round(cause.multiplier, 2)
        ({'city': 'b'}, 'volume', 0.7)
    """
    dims = [dims] if isinstance(dims, str) else list(dims)
    if problems := list(leaf_problems(leaves, dims, kind, min_size, min_confidence, max_depth)):
        raise InputError(problems)
    totals = _totals(leaves, dims, MEASURES[kind], max_depth)
    searches = [explained(Search(totals.grid, *sides)) for sides in _sides(kind, totals.measures)]
    found = [cause for told, search in zip(_told(kind), searches, strict=True) for cause in told(totals, search)]
    kept = [one for one in found if one.confidence >= min_confidence and not one.size < min_size]
    return _located(kind, totals, searches, sorted(kept, key=lambda one: -abs(one.change)))


def _located(kind: str, totals: Totals, searches: Sequence[Search], causes: Sequence[Cause]) -> Located:
    """The causes with what they were read from."""
    return Located(
        kind=kind,
        dims=totals.dims,
        causes=tuple(causes),
        growth=_growth(searches[0]),
        mix_growth=_growth(searches[1]) if kind == "ratio" else nan,
        actual=totals.actual,
        forecast=totals.forecast,
        change=totals.change,
        explained=sum(one.change for one in causes) / totals.change if totals.change else nan,
        n=totals.grid.n,
        tested=sum(cuboid.n for cuboid in totals.grid.cuboids),
    )


def _growth(search: Search) -> float:
    """Common growth; none where one side has nothing at all."""
    return float(search.growth) if 0 < search.growth < inf else 1.0


def _told(kind: str) -> tuple[Teller, ...]:
    """What turns the elements of each search into causes."""
    return (volume_causes,) if kind == "sum" else (rate_causes, mix_causes)


def _sides(kind: str, measures: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]]:
    """What is compared, at which exposure and up to which factor: a sum; a ratio's numerators, then denominators."""
    equal = np.ones(measures.shape[1])
    if kind == "sum":
        yield measures[0], measures[1], equal, None
        return
    num_actual, den_actual, num_forecast, den_forecast = measures
    known = (den_actual > 0) & (den_forecast > 0)
    exposure = np.divide(den_actual, den_forecast, out=equal.copy(), where=known)
    rate = np.divide(num_forecast, den_forecast, out=np.zeros_like(equal), where=known)
    near = num_forecast.sum() > NEAR * den_forecast.sum() and rate.max() <= 1
    ceiling = exposure / np.maximum(rate, LEAST_RATE) if near else None
    yield np.where(known, num_actual, 0.0), np.where(known, num_forecast, 0.0), exposure, ceiling
    yield den_actual, den_forecast, equal, None


def _totals(leaves: pd.DataFrame, dims: list[str], names: Sequence[str], max_depth: int | None) -> Totals:
    """The leaves as numbers, those with the same dimensions added up, those without any measure left out."""
    measures = np.array([pd.to_numeric(leaves[name]).to_numpy(dtype=float, na_value=nan) for name in names])
    present = ~np.isnan(measures).all(axis=0)
    measures = np.nan_to_num(measures[:, present])
    codes, values = factorised(leaves.loc[present, dim] for dim in dims)
    sizes = tuple(len(one) for one in values)
    whole = Grid(codes, sizes).whole
    if whole.n < codes.shape[1]:
        order = np.lexsort([*measures, whole.key])
        measures = np.array([np.bincount(whole.key[order], row[order], whole.n) for row in measures])
    else:
        measures = measures[:, whole.first]
    codes = codes[:, whole.first]
    grid = Grid(codes, sizes, max_depth)
    return Totals(grid=grid, dims=tuple(dims), values=values, measures=measures)
