"""Leaves as whole numbers: every combination of dimensions is one key a leaf, so that sums need no masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb, inf

import numpy as np
import pandas as pd

Slice = dict[int, tuple[int, ...]]
"""An element: the codes of its values by the position of the dimension."""

MOST_COMBINATIONS = 130
"""Combinations of dimensions searched at most; beyond, the deepest are left out (but never the single leaf)."""


@dataclass(frozen=True, kw_only=True)
class Cuboid:
    """One combination of dimensions.

    Attributes:
        dims: Positions of its dimensions.
        key: Number of the element of each leaf.
        first: One leaf of each element.
    """

    dims: tuple[int, ...]
    key: np.ndarray
    first: np.ndarray

    @property
    def n(self) -> int:
        """Elements that hold a leaf."""
        return len(self.first)


@dataclass(frozen=True)
class Grid:
    """The leaves' dimensions.

    Attributes:
        codes: One row a dimension, one column a leaf.
        sizes: Values of each dimension.
        max_depth: Deepest combination asked for.
    """

    codes: np.ndarray
    sizes: tuple[int, ...]
    max_depth: int | None = None

    @property
    def n(self) -> int:
        """Leaves."""
        return self.codes.shape[1]

    @cached_property
    def cuboids(self) -> list[Cuboid]:
        """Every combination that is searched, the shallow ones first; dimensions with one value are left out."""
        dims = [dim for dim, size in enumerate(self.sizes) if size > 1]
        deepest = len(dims) if self.max_depth is None else min(self.max_depth, len(dims))
        while deepest > 1 and sum(comb(len(dims), depth) for depth in range(1, deepest + 1)) > MOST_COMBINATIONS:
            deepest -= 1
        chosen = [subset for depth in range(1, deepest + 1) for subset in combinations(dims, depth)]
        if self.max_depth is None and len(dims) > deepest:
            chosen.append(tuple(dims))
        keys: dict[tuple[int, ...], Cuboid] = {}
        for subset in chosen:
            keys[subset] = self._cuboid(subset, keys.get(subset[:-1]))
        return list(keys.values())

    @cached_property
    def whole(self) -> Cuboid:
        """All dimensions at once: one element a distinct leaf."""
        return self._cuboid(tuple(range(len(self.sizes))), None)

    def _cuboid(self, dims: tuple[int, ...], parent: Cuboid | None) -> Cuboid:
        """Key of a combination, made from the key of the one with a dimension less."""
        if parent is None:
            key, size = np.zeros(self.n, dtype=np.int64), 1
            for dim in dims:
                key, size = _packed(key * self.sizes[dim] + self.codes[dim], size * self.sizes[dim])
        else:
            key, _ = _packed(parent.key * self.sizes[dims[-1]] + self.codes[dims[-1]], parent.n * self.sizes[dims[-1]])
        count = int(key.max()) + 1 if len(key) else 0
        first = np.zeros(count, dtype=np.int64)
        first[key[::-1]] = np.arange(self.n)[::-1]
        return Cuboid(dims=dims, key=key, first=first)

    def slice_at(self, cuboid: Cuboid, element: int) -> Slice:
        """The element of a combination by its number."""
        return {dim: (int(self.codes[dim, cuboid.first[element]]),) for dim in cuboid.dims}

    def rows(self, element: Slice) -> np.ndarray:
        """Whether each leaf belongs to an element."""
        inside = np.ones(self.n, dtype=bool)
        for dim, values in element.items():
            if len(values) == 1:
                inside &= self.codes[dim] == values[0]
            else:
                wanted = np.zeros(self.sizes[dim], dtype=bool)
                wanted[list(values)] = True
                inside &= wanted[self.codes[dim]]
        return inside


@dataclass(eq=False)
class Found:
    """An element that moved.

    Attributes:
        where: The element.
        rows: Positions of its leaves.
        multiplier: Actual by expected; infinite where all of it is new.
        gain: Log-likelihood it brings, less the price of its description.
        margin: What is left of the gain after all that chance could bring.
        rival: How much less the next best description of other rows brings.
    """

    where: Slice
    rows: np.ndarray
    multiplier: float
    gain: float = 0.0
    margin: float = 0.0
    rival: float = inf


def _packed(key: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """The same key without the numbers no leaf has."""
    if size <= 4 * len(key):
        seen = np.zeros(size, dtype=np.int64)
        seen[key] = 1
        count = int(seen.sum())
        return (key, size) if count == size else ((np.cumsum(seen) - 1)[key], count)
    codes, values = pd.factorize(key, sort=True)
    return codes.astype(np.int64), len(values)


def factorised(columns: Iterable[pd.Series]) -> tuple[np.ndarray, list[list[object]]]:
    """Codes of every column, and what they stand for.

    Args:
        columns: One a dimension.

    Returns:
        One row of codes a dimension, and the values of each, sorted where they can be; a missing value is None, last.
    """
    coded, values = [], []
    for column in columns:
        cells = column.astype("object")
        numbers, found = pd.factorize(cells.to_numpy())
        order = _ordered(found)
        place = np.empty(len(found) + 1, dtype=np.int64)
        place[order] = np.arange(len(found))
        place[-1] = len(found)
        coded.append(place[numbers])
        values.append([found[position] for position in order] + ([None] if (numbers < 0).any() else []))
    return np.array(coded, dtype=np.int64).reshape(len(coded), -1), values


def _ordered(found: Sequence[object]) -> list[int]:
    """Positions in sorted order; values that cannot be compared are sorted by kind and text."""
    try:
        return sorted(range(len(found)), key=lambda position: found[position])  # type: ignore[arg-type, return-value]
    except TypeError:
        return sorted(range(len(found)), key=lambda position: (type(found[position]).__name__, str(found[position])))
