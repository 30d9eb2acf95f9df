"""Which factor moved a product by how much: the exact Shapley split, in which no order of the factors is preferred."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

from opsretro.errors import InputError, Problem


def shapley(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The change of a product, split over its factors.

    Each factor gets its mean contribution over all orders in which the factors could have changed one after another.

    Args:
        before: Value by factor.
        after: The same factors.

    Returns:
        Change by factor, in the unit of the product, in the order of `before`; they add up to its whole change.

    Raises:
        InputError: The factors differ, or a value is missing or infinite; names all of it.

    Source:
        L. S. Shapley, A value for n-person games (1953); for products of factors: B. W. Ang, F. L. Liu, E. P. Chew,
        Perfect decomposition techniques in energy and environmental analysis, Energy Policy 31 (2003).

    Example:
        >>> shapley({"visits": 100.0, "basket": 8.0}, {"visits": 120.0, "basket": 4.0})
        {'visits': 120.0, 'basket': -440.0}
    """
    problems = [
        Problem(code="column_missing", source=name, values={"column": factor})
        for name, given, other in (("before", before, after), ("after", after, before))
        for factor in other
        if factor not in given
    ]
    problems += [
        Problem(code="not_a_number_plain", source=name, values={"value": f"{factor}: {value}"})
        for name, given in (("before", before), ("after", after))
        for factor, value in given.items()
        if not math.isfinite(value)
    ]
    if problems:
        raise InputError(problems)
    return {factor: _share(factor, before, after) for factor in before}


def _share(factor: str, before: Mapping[str, float], after: Mapping[str, float]) -> float:
    others = [name for name in before if name != factor]
    n, terms = len(before), []
    for size in range(n):
        weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
        for moved in combinations(others, size):
            rest = math.prod(after[name] if name in moved else before[name] for name in others)
            terms.append(weight * rest)
    return math.fsum(terms) * (after[factor] - before[factor])
