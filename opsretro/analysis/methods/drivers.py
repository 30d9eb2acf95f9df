"""Which factor moved a product, such as GMV = visits × conversion × basket: a split that closes to the last digit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from opsretro.analysis.methods.shapley import shapley
from opsretro.errors import InputError, Problem

MOST_FACTORS = 12
"""Factors beyond which all their orders take too long."""
METHODS = ("shapley", "lmdi")
Value = float | Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """The change of a product, split over its factors.

    Attributes:
        effects: Change by factor, in the unit of the product; they add up to `change` to the last digit.
        ratios: Ratio by factor; they multiply up to after ÷ before. Only of LMDI, and only where both products are
            above zero; else empty.
        method: ``shapley`` or ``lmdi``.
        before: The product before, summed over the parts.
        after: The product after.
    """

    effects: Mapping[str, float]
    ratios: Mapping[str, float]
    method: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """The whole change of the product."""
        return self.after - self.before


def drivers(
    before: Mapping[str, Value], after: Mapping[str, Value], *, method: Literal["shapley", "lmdi"] = "shapley"
) -> Drivers:
    """Which factor of a product moved it by how much.

    Args:
        before: Value by factor; a list of values where the product is summed over several parts, one value a part.
        after: The same factors, as many parts.
        method: ``shapley``: the mean over all orders in which the factors could have changed, for values of any sign;
            ``lmdi``: by logarithms (LMDI-I, additive and multiplicative), for values that are not below zero. A factor
            that is zero on one side takes the whole of a part that appears or vanishes; several share it evenly.

    Returns:
        The split. It says how the numbers moved together, not what caused what.

    Raises:
        InputError: No factors, or more than 12 with Shapley; other factors or parts on one side; a value that is
            missing or infinite, or below zero with LMDI; an unknown method; names all of it.

    Source:
        Shapley: as `shapley`. LMDI-I: B. W. Ang, The LMDI approach to decomposition analysis: a practical guide, Energy
        Policy 33 (2005); zero values: R. Wood and M. Lenzen, Zero-value problems of the logarithmic mean Divisia index
        decomposition method, Energy Policy 34 (2006).

    Example:
        >>> before = {"visits": 100_000, "conversion": 0.02, "basket": 150}
        >>> after = {"visits": 120_000, "conversion": 0.018, "basket": 160}
        >>> {factor: round(effect) for factor, effect in drivers(before, after).effects.items()}
        {'visits': 58867, 'conversion': -34133, 'basket': 20867}
    """
    old, new = _checked(before, after, method)
    products = [math.fsum(map(math.prod, side)) for side in (old, new)]
    split = _shapley if method == "shapley" else _lmdi
    parts = [split(names_before, names_after) for names_before, names_after in zip(old, new, strict=True)]
    effects = {factor: math.fsum(part[place] for part in parts) for place, factor in enumerate(before)}
    ratios: dict[str, float] = {}
    if method == "lmdi" and min(products) > 0:
        whole = _logarithmic_mean(*products)
        ratios = {factor: math.exp(effect / whole) for factor, effect in effects.items()}
    return Drivers(
        effects=_closed(effects, products), ratios=ratios, method=method, before=products[0], after=products[1]
    )


def _shapley(before: Sequence[float], after: Sequence[float]) -> list[float]:
    sides = ({str(place): value for place, value in enumerate(side)} for side in (before, after))
    return list(shapley(*sides).values())


def _lmdi(before: Sequence[float], after: Sequence[float]) -> list[float]:
    old, new = math.prod(before), math.prod(after)
    if old > 0 and new > 0:
        mean = _logarithmic_mean(old, new)
        return [mean * math.log(b / a) for a, b in zip(before, after, strict=True)]
    zero = [(a == 0) != (b == 0) for a, b in zip(before, after, strict=True)]
    return [(new - old) * moved / max(sum(zero), 1) for moved in zero]


def _logarithmic_mean(a: float, b: float) -> float:
    return a if a == b else (b - a) / math.log(b / a)


def _closed(effects: dict[str, float], products: Sequence[float]) -> dict[str, float]:
    """The effects with what rounding left over put on the largest, so that they add up to the last digit."""
    largest = max(effects, key=lambda factor: abs(effects[factor]))
    for _ in range(3):
        effects[largest] += products[1] - products[0] - sum(effects.values())
    return effects


def _checked(
    before: Mapping[str, Value], after: Mapping[str, Value], method: str
) -> tuple[list[list[float]], list[list[float]]]:
    """Both sides as the factors' values of each part, or every problem."""
    problems = [
        Problem(code="column_missing", source=name, values={"column": factor})
        for name, given, other in (("before", before, after), ("after", after, before))
        for factor in other
        if factor not in given
    ]
    if not before and not after:
        problems.append(Problem(code="no_factors", source="before"))
    if method not in METHODS:
        values = {"value": str(method), "fix": " / ".join(METHODS)}
        problems.append(Problem(code="bad_argument", source="method", values=values))
    if method == "shapley" and len(before) > MOST_FACTORS:
        problems.append(Problem(code="many_factors", source="before", values={"most": str(MOST_FACTORS)}))
    least = 0.0 if method == "lmdi" else -math.inf
    sides = [_numbers(given, name, least, problems) for name, given in (("before", before), ("after", after))]
    if len({len(values) for side in sides for values in side.values()}) > 1:
        problems.append(Problem(code="parts_differ", source="before"))
    if problems:
        raise InputError(problems)
    old, new = ([list(part) for part in zip(*(side[factor] for factor in before), strict=True)] for side in sides)
    return old, new


def _numbers(given: Mapping[str, Value], name: str, least: float, problems: list[Problem]) -> dict[str, list[float]]:
    """Values by factor, one a part; what is no number, infinite or too small is added to the problems."""
    found = {}
    for factor, value in given.items():
        cells = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").astype("float64")
        for cell, number in zip(cells, numbers, strict=True):
            if not math.isfinite(number) or number < least:
                code = "not_a_count" if number < least and math.isfinite(number) else "not_a_number_plain"
                problems.append(Problem(code=code, source=name, column=factor, values={"value": str(cell)}))
        found[factor] = numbers.tolist()
    return found
