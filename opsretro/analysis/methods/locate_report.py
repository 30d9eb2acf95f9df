"""From elements found to causes as they are told: totals, intervals, shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, log1p, nan, sqrt

import numpy as np

from opsretro.analysis.methods.cause import Cause, Movement
from opsretro.analysis.methods.locate_grid import Found, Grid, Slice
from opsretro.analysis.methods.locate_noise import information
from opsretro.analysis.methods.locate_search import Search

Z95 = 1.96
ODDS = (-2.1, 0.9, 1.33)
"""Log-odds of a cause being real: at no margin at all, by its margin, by its distance from the next description."""
CLEAR = 3.0
"""Log of a margin or distance from which on more of it makes a cause no surer."""
CHOSEN = 1.25
"""A list of values is chosen for lying far out, and what came or went has no other side to be told by."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Leaves with their measures, and what they come to.

    Attributes:
        grid: The leaves' dimensions.
        dims: Their names.
        values: Their values.
        measures: actual and forecast; of a ratio num_actual, den_actual, num_forecast and den_forecast.
    """

    grid: Grid
    dims: tuple[str, ...]
    values: Sequence[Sequence[object]]
    measures: np.ndarray

    @property
    def actual(self) -> float:
        """Total or total ratio."""
        return self._total(0)

    @property
    def forecast(self) -> float:
        """The same, as forecast."""
        return self._total(len(self.measures) // 2)

    @property
    def change(self) -> float:
        """Actual less forecast."""
        return self.actual - self.forecast

    def _total(self, row: int) -> float:
        sums = self.measures.sum(axis=1)
        if len(sums) == 2:
            return float(sums[row])
        return float(sums[row] / sums[row + 1]) if sums[row + 1] else nan

    def named(self, where: Slice) -> dict[str, object]:
        """An element by the names of its dimensions and values."""
        told: dict[str, object] = {}
        for dim, codes in sorted(where.items()):
            chosen = [self.values[dim][code] for code in sorted(codes)]
            told[self.dims[dim]] = chosen[0] if len(chosen) == 1 else chosen
        return told

    def cause(self, one: Found, effect: Movement, changes: Sequence[float], factors: Sequence[float]) -> Cause:
        """A cause out of its change and multiplier, each with the ends of its interval."""
        base = self.measures[-1]
        whole = float(base.sum())
        return Cause(
            element=self.named(one.where),
            effect=effect,
            change=float(changes[0]),
            lower=float(min(changes[1:])),
            upper=float(max(changes[1:])),
            share=float(changes[0] / self.change) if self.change else nan,
            multiplier=float(factors[0]),
            multiplier_lower=float(factors[1]),
            multiplier_upper=float(factors[2]),
            confidence=confidence(one),
            n=len(one.rows),
            size=float(base[one.rows].sum()) / whole if whole else nan,
        )


def span(search: Search, one: Found) -> tuple[float, float, float]:
    """Actual of an element, what was expected of it without its own movement, half its 95 % interval.

    The interval holds the noise of the leaves, and that growth and drift are estimates.
    """
    rows = one.rows
    free = next(iter(one.where)) if len(one.where) == 1 else None
    actual, forecast = search.actual[rows], np.maximum(search.forecast[rows], 0)
    usual = forecast * search.plain(one, free=free)[rows]
    expected = float(usual.sum())
    size = np.maximum(actual, usual if one.multiplier < 0.1 else search.factor[rows] * forecast)
    told = np.maximum(information(search.a[rows], search.k[rows], search.factor[rows]), size / 4)
    leaves = float((size * size * search.usual[rows] / np.maximum(told, 1e-300)).sum()) * search.noise.excess
    common = expected**2 * search.unsure(one.where)
    chosen = any(len(values) > 1 for values in one.where.values()) or not 0 < one.multiplier < inf
    return float(actual.sum()), expected, (CHOSEN if chosen else 1.0) * Z95 * sqrt(leaves + common)


def confidence(one: Found) -> float:
    """Probability that exactly these rows are a real cause, from how far it stands out of chance and of its rivals."""
    margin, rival = (min(log1p(max(beyond, 0.0)), CLEAR) for beyond in (one.margin, one.rival))
    odds = ODDS[0] + ODDS[1] * margin + ODDS[2] * rival
    return float(1 / (1 + exp(-odds)))


Teller = Callable[[Totals, Search], list[Cause]]


def by(above: float, below: float) -> float:
    """A quotient; infinite where nothing stands below."""
    return above / below if below else inf


def volume_causes(totals: Totals, search: Search) -> list[Cause]:
    """Causes of a sum."""
    told = []
    for one in search.found:
        actual, expected, half = span(search, one)
        ends = (actual, actual - half, actual + half)
        told.append(totals.cause(one, Movement.VOLUME, [x - expected for x in ends], [by(x, expected) for x in ends]))
    return told


def rate_causes(totals: Totals, search: Search) -> list[Cause]:
    """Causes within a ratio: the numerator moved more than its denominator."""
    _, den_actual, num_forecast, den_forecast = totals.measures
    whole = float(den_actual.sum())
    rate = np.divide(num_forecast, den_forecast, out=np.zeros_like(den_actual), where=den_forecast > 0)
    told = []
    for one in search.found:
        actual, expected, half = span(search, one)
        factors = [by(x, expected) for x in (actual, actual - half, actual + half)]
        base = float((rate * den_forecast * search.plain(one))[one.rows].sum()) / whole
        changes = (
            [base * (x - 1) for x in factors]
            if expected
            else [x / whole for x in (actual, actual - half, actual + half)]
        )
        told.append(totals.cause(one, Movement.RATE, changes, factors))
    return told


def mix_causes(totals: Totals, search: Search) -> list[Cause]:
    """Causes between the parts of a ratio: a denominator moved more than the others; at the rates before."""
    whole = totals.measures.sum(axis=1)
    told = []
    for one in search.found:
        actual, expected, half = span(search, one)
        rows = totals.measures[:, one.rows].sum(axis=1)
        ends, rest = (actual, max(actual - half, min(actual, 0.0)), actual + half), whole - rows
        rate, rest_rate = (_rate_before(*part) for part in (rows, rest))
        rest_den = rest[1]
        rest_num = rest_rate * rest_den
        unmoved = (rest_num + rate * expected) / (rest_den + expected) if rest_den + expected else nan
        moved = [(rest_num + rate * x) / (rest_den + x) if rest_den + x else nan for x in ends]
        told.append(totals.cause(one, Movement.MIX, [x - unmoved for x in moved], [by(x, expected) for x in ends]))
    return told


def _rate_before(num_actual: float, den_actual: float, num_forecast: float, den_forecast: float) -> float:
    """The rate as forecast; that of today for what is new."""
    return num_forecast / den_forecast if den_forecast else num_actual / den_actual if den_actual else 0.0
