"""Sets of elements that differ in one step from a set: one left out, two as one, a list told apart or as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from opsretro.analysis.methods.locate_grid import Found, Grid, Slice

LONGEST = 12
"""Lists of more values are not told apart."""


def variants(grid: Grid, found: list[Found], growth: float) -> Iterator[tuple[list[Found], float]]:
    """Sets of elements that differ in one step, and the common growth to start from."""
    short = [shorter(grid, one) for one in found]
    if sum(one is not other for one, other in zip(short, found, strict=True)) > 1:
        yield short, growth
    for one, other in combinations(found, 2):
        if (union := united(one.where, other.where)) is not None:
            yield [*(kept for kept in found if kept not in (one, other)), placed(grid, one, union)], growth
    for one, brief in zip(found, short, strict=True):
        others = [other for other in found if other is not one]
        if brief is not one:
            yield [*others, brief], growth
        if any(np.isin(one.rows, other.rows, assume_unique=True).any() for other in others):
            yield others, growth
        if len(one.rows) > grid.n / 4:
            yield others, growth * one.multiplier
        for dim, values in one.where.items():
            if len(one.where) == 1 and 2 * len(values) >= grid.sizes[dim]:
                rest = tuple(code for code in range(grid.sizes[dim]) if code not in values)
                yield [*others, placed(grid, one, {dim: rest})], growth * one.multiplier
            if 1 < len(values) <= LONGEST:
                yield from splits(grid, one, dim, others, growth)


def splits(grid: Grid, one: Found, dim: int, others: list[Found], growth: float) -> Iterator[tuple[list[Found], float]]:
    """A list of values with each of them told apart, and without each that another element holds."""
    for value in one.where[dim]:
        single = one.where | {dim: (value,)}
        rest = placed(grid, one, one.where | {dim: tuple(code for code in one.where[dim] if code != value)})
        taken = any(other.where == single for other in others)
        yield [*others, rest] if taken else [*others, rest, placed(grid, one, single)], growth


def united(one: Slice, other: Slice) -> Slice | None:
    """Two elements as one, where they differ in the values of one dimension only and no other has a list."""
    if one.keys() != other.keys():
        return None
    apart = [dim for dim in one if one[dim] != other[dim]]
    if len(apart) != 1 or any(len(one[dim]) > 1 for dim in one if dim not in apart):
        return None
    return one | {apart[0]: tuple(sorted({*one[apart[0]], *other[apart[0]]}))}


def placed(grid: Grid, one: Found, where: Slice) -> Found:
    """The same movement of another element."""
    return replace(one, where=where, rows=np.flatnonzero(grid.rows(where)))


def shorter(grid: Grid, one: Found) -> Found:
    """The same without its lists of most values of a dimension."""
    where = {dim: codes for dim, codes in one.where.items() if len(codes) <= grid.sizes[dim] / 2}
    return placed(grid, one, where) if where and where != one.where else one
