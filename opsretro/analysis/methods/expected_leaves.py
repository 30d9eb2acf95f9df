"""What every slice would have been by its own past: leaves of a period against leaves of days before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from opsretro.analysis.methods.day_index import Days, day_kinds

LEAST_SHARE = 0.01
"""A value with a smaller share of the total has no weekdays and holidays of its own; it follows the whole."""
MOST_VALUES = 40
"""Values of one dimension, the largest first, that may have them."""
BEYOND_CHANCE = 1.64
"""Standard errors by which the spread of a dimension's values must exceed what their errors alone would give."""
STANDS_OUT = 3.0
"""Standard errors beyond which a value's own weekdays and holidays are believed whatever the other values do."""
LEAST_DAYS = 28
"""Days with data from which weekdays and holidays can be told."""
ROUNDS = 20
"""Rounds of bringing the leaves in line with the values of each dimension; two dimensions settle in a few."""


def expected_leaves(
    rows: pd.DataFrame,
    dims: Sequence[str],
    measure: str,
    *,
    period: pd.DatetimeIndex,
    base: pd.DatetimeIndex,
    calendar: pd.DataFrame | None,
) -> pd.DataFrame:
    """Add up the rows of a period and of the days before it by leaf, and make them comparable.

    A month with five weekends is no cause, nor is a holiday that one slice feels more than the others: every value of
    every dimension has its own weekdays and holidays, learnt from the whole history, and the leaves are brought in
    line with all of them at once.

    Args:
        rows: date (datetime64), the dimensions and the measure; missing numbers are skipped.
        dims: Columns that make a leaf.
        measure: Column to add up.
        period: Days under review; days without any row count as missing.
        base: Days to expect from.
        calendar: date, day_type and optionally event; None = all days are alike.

    Returns:
        One row a leaf: the dimensions (missing = None), actual (over the period), base (over the days before, as they
        were), forecast (base, brought to the days of the period: their number, weekdays and holidays; 0 without days of
        data in `base`).

    Source:
        Bringing leaves in line with margins (raking): W. E. Deming and F. F. Stephan, On a least squares adjustment of
        a sampled frequency table when the expected marginal totals are known, Ann. Math. Stat. 11 (1940).

    Example:
        >>> days = pd.date_range("2026-06-01", periods=42)
        >>> rows = pd.DataFrame({"date": days.repeat(2), "tier": ["t1", "t3"] * 42, "value": [3.0, 5.0] * 42})
        >>> calendar = pd.DataFrame({"date": days, "day_type": "workday"})
        >>> found = expected_leaves(rows, ["tier"], "value", period=days[35:], base=days[:35], calendar=calendar)
        >>> found[["actual", "base", "forecast"]].round(3).to_numpy().tolist()
        [[21.0, 105.0, 21.0], [35.0, 175.0, 35.0]]
    """
    rows = rows.dropna(subset=[measure])
    amount = rows[measure].to_numpy(dtype=float)
    day, days = pd.factorize(rows["date"], sort=True)
    days = pd.DatetimeIndex(days)
    codes, values = zip(*(_factorised(rows[dim]) for dim in dims), strict=True) if dims else ((), ())
    leaf, first = _leaf_of(codes, len(rows))
    inside, before = days.isin(period), days.isin(base)
    sums = [np.bincount(leaf, amount * chosen[day], len(first)) for chosen in (inside, before)]
    total = np.bincount(day, amount, len(days))
    known = _Known(days=days, total=total, inside=inside, before=before, calendar=calendar)
    forecast = sums[1] * known.of_whole()
    margins = []
    for code, names in zip(codes, values, strict=True):
        by_value = np.bincount(code[first], sums[1], len(names))
        margins.append((code[first], by_value * known.of_values(day, code, amount, by_value)))
    cells = {dim: names[code[first]] for dim, code, names in zip(dims, codes, values, strict=True)}
    leaves = pd.DataFrame(cells, dtype=object)
    leaves = leaves.assign(actual=sums[0], base=sums[1], forecast=_raked(forecast, margins))
    seen = np.bincount(leaf, (inside | before)[day], len(first)) > 0
    return leaves[seen].reset_index(drop=True)


def _factorised(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Code of every row and the values in order; what is missing is the value None."""
    codes, found = pd.factorize(cells, sort=True)
    names = np.full(len(found) + int((codes < 0).any()), None, dtype=object)
    names[: len(found)] = found
    return np.where(codes < 0, len(found), codes), names


def _leaf_of(codes: Sequence[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Leaf of every row, in the order of the dimensions' values, and the first row of every leaf."""
    leaf = np.zeros(n, dtype=np.int64)
    for code in codes:
        leaf, _ = pd.factorize(leaf * (int(code.max(initial=0)) + 1) + code, sort=True)
    first = np.zeros(int(leaf.max(initial=-1)) + 1, dtype=np.int64)
    first[leaf[::-1]] = np.arange(n)[::-1]
    return leaf, first


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """The days of the history: their total, which are under review, which are before; and their kinds."""

    days: pd.DatetimeIndex
    total: np.ndarray
    inside: np.ndarray
    before: np.ndarray
    calendar: pd.DataFrame | None

    def of_whole(self) -> float:
        """How much more the days of the period should bring than those before."""
        if not self.before.any():
            return 0.0
        if not self._is_daily() or not (self.total > 0).any():
            return float(self.inside.sum() / self.before.sum())
        factors = Days.of(self.days, self.days, self._kinds).index(pd.Series(self.total, self.days)).factors
        return float(factors[self.inside].sum() / factors[self.before].sum())

    def of_values(self, day: np.ndarray, code: np.ndarray, amount: np.ndarray, base: np.ndarray) -> np.ndarray:
        """How the kinds of day move the share of each value from the days before to those of the period.

        A share's factor counts as far as it stands out of its own error.
        """
        moved, whole = np.ones(len(base)), base.sum()
        if not (self._is_daily() and self.before.any() and self.inside.any() and whole > 0 and len(base) > 1):
            return moved
        large = np.argsort(-base, kind="stable")[:MOST_VALUES]
        large = large[base[large] >= LEAST_SHARE * whole]
        place = np.full(len(base), len(large))
        place[large] = np.arange(len(large))
        own = np.bincount(place[code] * len(self.days) + day, amount, (len(large) + 1) * len(self.days))
        known = self._days_of_shares
        share = own.reshape(-1, len(self.days))[: len(large), self.total > 0] / self.total[self.total > 0]
        ratios, errors = np.zeros(len(large)), np.zeros(len(large))
        for place_of, series in enumerate(share):
            index = known.index(pd.Series(series, known.days))
            ratios[place_of], errors[place_of] = self._moved(index.factors.to_numpy(), index.loadings)
        moved[large] = np.exp(_reliable(ratios, errors) * ratios)
        return moved

    @cached_property
    def _kinds(self) -> pd.DataFrame:
        return day_kinds(self.calendar)

    @cached_property
    def _days_of_shares(self) -> Days:
        """Only a day of some size has shares."""
        known = pd.Series(self.total, self.days)[self.total > 0]
        return Days.of(known.index, known.index, self._kinds, known)

    def _moved(self, factors: np.ndarray, loadings: np.ndarray) -> tuple[float, float]:
        """Log ratio of the mean factors of both sides, days by their size, and its standard error."""
        weights = [np.where(chosen, self.total, 0.0).clip(min=0) for chosen in (self.inside, self.before)]
        if min(weight.sum() for weight in weights) <= 0:
            return 0.0, 0.0
        now, then = ((weight / weight.sum())[self.total > 0] for weight in weights)  # only such a day has shares
        return float(np.log((now @ factors) / (then @ factors))), float(np.linalg.norm((now - then) @ loadings))

    def _is_daily(self) -> bool:
        """Whether kinds of day can be told: most days from the first to the last have data."""
        if self.calendar is None or self.days.empty:
            return False
        span = (self.days[-1] - self.days[0]).days + 1
        return len(self.days) >= max(LEAST_DAYS, 0.6 * span)


def _reliable(ratios: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """How far each value's ratio counts: as all of them spread beyond their errors, or as it stands out on its own."""
    chance = 1 + BEYOND_CHANCE * np.sqrt(2 / max(len(ratios), 1))
    spread = max(0.0, float((ratios**2 - chance * errors**2).mean())) if len(ratios) else 0.0
    known = spread + errors**2
    together = np.divide(spread, known, out=np.zeros(len(ratios)), where=known > 0)
    alone = 1 - np.divide(STANDS_OUT * errors, ratios, out=np.full(len(ratios), np.inf), where=ratios != 0) ** 2
    return np.maximum(together, alone)


def _raked(forecast: np.ndarray, margins: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The forecasts, scaled until each value of each dimension adds up to its margin; the total stays."""
    total = forecast.sum()
    if total <= 0 or (forecast < 0).any():
        return forecast
    wanted = [(code, margin * total / margin.sum()) for code, margin in margins]
    for _ in range(ROUNDS):
        largest = 0.0
        for code, margin in wanted:
            now = np.bincount(code, forecast, len(margin))
            scale = np.divide(margin, now, out=np.ones(len(margin)), where=now > 0)
            largest = max(largest, np.abs(scale - 1).max(initial=0.0))
            forecast = forecast * scale[code]
        if largest < 1e-9:
            break
    return forecast
