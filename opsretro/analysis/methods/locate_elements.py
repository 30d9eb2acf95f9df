"""The elements that moved: the one that stands out most, then the next on what is left, then all looked over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf, lgamma, log

import numpy as np

from opsretro.analysis.methods.locate_grid import Cuboid, Found, Grid, Slice
from opsretro.analysis.methods.locate_noise import (
    HALF_NORMAL,
    MOST_FACTOR,
    information,
    quantile,
    sampled,
    tail_cost,
    tail_of,
)
from opsretro.analysis.methods.locate_search import ALL, Rows, Search
from opsretro.analysis.methods.locate_variants import variants

EVIDENCE = 4.0
"""Log-likelihood an element must bring beyond what the number of elements searched brings by chance."""
MOST_CAUSES = 12
ANOTHER = 8.0
"""What one more element must bring where fewer tell nearly the same."""
USUAL_GROWTH = 0.25
"""How far (log scale, standard deviation) a common growth may be expected to lie from none: of two readings that fit
alike, half that stayed and half that doubled, the one in which less grew is told."""
MOST_STARTS = 5
LEAST_MOVE = 0.03
"""A movement smaller than this is no cause, however sure it is."""
LIGHT = 1000.0
"""Degrees of freedom of a tail that is none."""
DRIFTING = 12.0
"""The same of a dimension's values that drift: how far they do is an estimate from few of them."""
LISTED = 3.0
"""What a list of values must bring beyond the number of such lists: lists are rare among causes."""
ENOUGH = 16
"""Elements of a combination from which its own spread can be read."""
FEW = 3
"""So many leaves may stray together by chance where tails are heavy."""
SMALL = 1000
"""Of so few leaves, an element may be much of what growth and noise are told from."""
LOOKED = 20.0
"""What an element told that way must bring more, by the number of leaves."""
UNEVEN = (0.5, 0.15)
"""A part of an element that moved stands out only if it moved by this much more or less of the movement: a few leaves,
and more of them."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far the elements of a combination stray.

    Attributes:
        drift: Variance (log) beyond the noise of their leaves.
        scale: Variance by what noise and drift say.
        tail: Degrees of freedom of their tails.
    """

    drift: float = 0.0
    scale: float = 1.0
    tail: float = LIGHT


def next_element(search: Search) -> Found | None:
    """The element that stands out most from the spread of its own combination, if any does."""
    tops = []
    for cuboid, gains in scan(search):
        top = int(np.argmax(gains))
        if gains[top] > (0 if search.grid.n > SMALL else -EVIDENCE):
            tops.append(search.grid.slice_at(cuboid, top))
    starts = sorted(tops, key=lambda where: -worth(search, where))[:MOST_STARTS]
    tried = []
    for start in starts:
        one = climb(search, start, search.without(free=alone(start)))
        if stands(search, one):
            return one
        tried.append(one)
    if search.grid.n <= SMALL and (likely := [one for one in tried if one.where and one.gain > 0]):
        return looked_at(search, max(likely, key=lambda one: one.gain))
    return None


def looked_at(search: Search, one: Found) -> Found | None:
    """The element, if it stands out once growth and noise are told with it: of few leaves it is much of them."""
    trial = search.copy()
    trial.found.append(one)
    trial.refit()
    again = climb(trial, one.where, trial.without(one, free=alone(one.where)), one)
    trial.found.remove(one)
    return again if stands(trial, again) and again.margin > LOOKED / search.grid.n else None


def alone(where: Slice) -> int | None:
    """The dimension of an element that names but one: its drift is not to be told from its movement."""
    return next(iter(where)) if len(where) == 1 else None


def stands(search: Search, one: Found) -> bool:
    """Whether an element stands out by itself, from the drift of its like, and is no mere part of another."""
    if one.gain <= EVIDENCE or not one.where or len(one.rows) == search.grid.n:
        return False
    if abs(one.multiplier - 1) < LEAST_MOVE:
        return False
    factor = search.without(one, free=alone(one.where))[one.rows]
    spread = search.spreads.get(tuple(sorted(one.where)), Spread())
    info = float((information(search.a[one.rows], search.k[one.rows], factor) / search.usual[one.rows]).sum())
    shared = 1 if len(one.where) == 1 else max(len(codes) for codes in one.where.values())
    drift = spread.drift / shared
    moved = log(min(max(one.multiplier, 1e-3), 1e3))
    squares = moved * moved / (drift + 1 / max(info, 1e-300))
    told = float(tail_cost(np.array([squares]), spread.tail if len(one.where) == 1 else LIGHT)[0])
    named = price(search.grid, one.where)
    gain = one.gain + named
    one.margin = min(gain / search.noise.unsure if len(one.rows) <= FEW else gain, told) - named - EVIDENCE
    return one.margin > 0 and not part_of(search, one)


def worth(search: Search, where: Slice) -> float:
    """Log-likelihood an element brings by itself, less its price."""
    rows = np.flatnonzero(search.grid.rows(where))
    factor = search.factor[rows]
    gains = leaf_gains(search, factor, search.multiplier(rows, factor), rows)
    return float(gains.sum()) - price(search.grid, where)


def part_of(search: Search, one: Found) -> bool:
    """Whether an element is but an uneven part of one that was found."""
    for other in search.found:
        inside = np.isin(one.rows, other.rows, assume_unique=True).mean()
        if inside > 0.8 and (one.where == other.where or inf in (other.multiplier, one.multiplier)):
            return True
        if inside > 0.8:
            apart = abs(other.multiplier * (one.multiplier - 1))
            if apart < UNEVEN[len(one.rows) > FEW and search.ceiling is None] * abs(other.multiplier - 1):
                return True
    return False


def scan(search: Search) -> Iterator[tuple[Cuboid, np.ndarray]]:
    """For every combination, the evidence of each element beyond chance."""
    cuboids = search.grid.cuboids
    pushed, known = scores(search)
    for cuboid in cuboids:
        push = np.bincount(cuboid.key, pushed, cuboid.n)
        info = np.maximum(np.bincount(cuboid.key, known, cuboid.n), 1e-300)
        moved = push / info
        if len(cuboid.dims) == 1:
            moved = search.strays(cuboid.dims[0]) + search.shrunk(cuboid.dims[0])
        elif cuboid.n >= ENOUGH:
            moved -= quantile(sampled(moved)[sampled(info) >= quantile(sampled(info))])
        spread = spread_of(moved, info)
        if len(cuboid.dims) == 1:
            drift = float(search.spread[cuboid.dims[0]])
            spread = Spread(drift=drift, tail=DRIFTING if drift else LIGHT)
        search.spreads[cuboid.dims] = spread
        found = tail_cost(moved * moved * info / (1 + info * spread.drift) / spread.scale, spread.tail)
        yield cuboid, found - log(cuboid.n) - log(len(cuboids)) - EVIDENCE


def scores(search: Search) -> tuple[np.ndarray, np.ndarray]:
    """How far each leaf pushes a multiplier up or down, and how much it tells; sums of both give that of an element.

    Of counts the plain score, which coarse leaves do not bend; of amounts one that outliers do not stretch.
    """
    factor = search.factor
    known = information(search.a, search.k, factor) / search.usual
    known[search.settled()] = 0.0
    away = search.a - search.k * factor
    if search.counts:
        return np.where(known > 0, away / (1 + factor) / search.usual, 0.0), known
    return np.copysign(np.sqrt(2 * search.cost(factor) * known), away), known


def spread_of(moved: np.ndarray, info: np.ndarray) -> Spread:
    """How far the elements of a combination usually stray, whatever the noise of leaves says."""
    if len(info) < ENOUGH:
        return Spread()
    moved, info = sampled(moved), sampled(info)
    telling = info >= quantile(info, 0.5 if len(info) < 4 * ENOUGH else 0.75)
    drift = max(quantile(moved[telling] ** 2 / HALF_NORMAL**2 - 1 / info[telling]), 0.0)
    squares = moved * moved * info / (1 + info * drift)
    scale = max(1.0, quantile(squares) / HALF_NORMAL**2)
    return Spread(drift=drift, scale=scale, tail=tail_of(np.sqrt(squares)) if len(info) >= 200 else LIGHT)


def climb(search: Search, start: Slice, factor: np.ndarray, old: Found | None = None) -> Found:
    """The best description near an element: values added or dropped in one dimension, dimensions dropped or added.

    Args:
        search: What is known.
        start: The element.
        factor: What is expected without it.
        old: Itself, where it was found before.
    """
    grid, where, value = search.grid, start, -inf
    rows = np.flatnonzero(grid.rows(where))
    moved = search.multiplier(rows, factor[rows])
    for _ in range(8):
        gains = leaf_gains(search, factor, moved)
        gains[search.settled(old)] = 0.0
        best, described = max(neighbours(grid, where, gains), key=lambda one: one[0])
        if best <= value + 1e-9 or (described == where and value > -inf):
            break
        value, where = best, described
        rows = np.flatnonzero(grid.rows(where))
        moved = search.multiplier(rows, factor[rows])
    return Found(where=where, rows=rows, multiplier=moved, gain=value)


def leaf_gains(search: Search, factor: np.ndarray, moved: float, rows: Rows = ALL) -> np.ndarray:
    """What each leaf would gain in log-likelihood if it moved by a factor more."""
    then = search.capped(factor * min(moved, MOST_FACTOR), rows)
    return search.cost(factor, rows) - search.cost(then, rows)


def neighbours(grid: Grid, where: Slice, gains: np.ndarray) -> Iterator[tuple[float, Slice]]:
    """Descriptions that differ in one dimension, each with its gain less the price of its length."""
    yield float(gains[grid.rows(where)].sum()) - price(grid, where), where
    for dim, size in enumerate(grid.sizes):
        rest = {other: values for other, values in where.items() if other != dim}
        if size < 2:
            continue
        inside = np.flatnonzero(grid.rows(rest)) if rest else slice(None)
        codes = grid.codes[dim, inside]
        present = np.flatnonzero(np.bincount(codes, minlength=size))
        sums = np.bincount(codes, gains[inside], size)[present]
        if rest:
            yield float(sums.sum()) - price(grid, rest), rest
        many = all(len(values) == 1 for values in rest.values())
        for chosen in subsets(sums, most=0 if not many else len(sums) - 1 if rest else len(sums) // 2):
            described = rest | {dim: tuple(int(code) for code in present[chosen])}
            yield float(sums[chosen].sum()) - price(grid, described), described


def subsets(sums: np.ndarray, *, most: int) -> Iterator[np.ndarray]:
    """Values worth a try together: the best one, those that gain for sure, all but those that lose for sure."""
    if len(sums) < 2:
        return
    yield np.array([int(np.argmax(sums))])
    if most > 1:
        sure = log(len(sums)) + 2.0
        for chosen in (np.flatnonzero(sums > sure), np.flatnonzero(sums >= -sure)):
            if 1 < len(chosen) <= most:
                yield chosen


def price(grid: Grid, where: Slice) -> float:
    """Log of the number of elements as long as this one, and a little for each dimension and for a list."""
    return sum(
        0.5 + log_choices(grid.sizes[dim], len(values)) + (LISTED if len(values) > 1 else 0.0)
        for dim, values in where.items()
    )


def log_choices(size: int, chosen: int) -> float:
    """Log of the ways to choose so many values of a dimension."""
    return lgamma(size + 1) - lgamma(chosen + 1) - lgamma(size - chosen + 1)


def explained(search: Search) -> Search:
    """The same search with the elements that moved, added one by one and then looked over again, until all is told."""
    for _ in range(3 if len(search.told) else 0):
        before = len(search.found)
        while len(search.found) < MOST_CAUSES and (one := next_element(search)) is not None:
            search.found.append(one)
            search.refit(rounds=1 if search.grid.n > SMALL else 2)
        if len(search.found) == before:
            break
        described = [one.where for one in search.found]
        review(search)
        if [one.where for one in search.found] == described:
            break
    for one in search.found:
        find_rival(search, one)
    return search


def find_rival(search: Search, one: Found) -> None:
    """How well the data tell an element from the descriptions next to it."""
    factor = search.without(one, free=alone(one.where))
    gains = leaf_gains(search, factor, one.multiplier)
    gains[search.settled(one)] = 0.0
    one.gain = float(gains[one.rows].sum()) - price(search.grid, one.where)
    others = sorted(neighbours(search.grid, one.where, gains), key=lambda other: -other[0])
    for value, where in others:
        rows = np.flatnonzero(search.grid.rows(where)) if where != one.where else one.rows
        if not np.array_equal(rows, one.rows):
            one.rival = max(one.gain - value, 0.0)
            return


def review(search: Search) -> None:
    """Describe every element anew with all others known; drop what no longer stands out."""
    for _ in range(3):
        before = [one.where for one in search.found]
        for one in list(search.found):
            again = climb(search, one.where, search.without(one, free=alone(one.where)), one)
            search.found.remove(one)
            if stands(search, again):
                search.found.append(again)
        search.refit()
        simplify(search)
        if [one.where for one in search.found] == before:
            break


def simplify(search: Search) -> None:
    """Take another set of elements, much like the one found, where it explains as much in fewer words."""
    for _ in range(MOST_CAUSES):
        start, best = search.found, None
        kept = start, search.growth
        for found, growth in variants(search.grid, start, search.growth):
            if best is None:
                best = burden(search)
                kept = start, search.growth
            search.found, search.growth = [replace(one) for one in found], growth
            if (value := burden(search)) < best - 1e-6:
                best, kept = value, (search.found, search.growth)
        search.found, search.growth = kept
        if kept[0] is start:
            break
    search.refit(rounds=1)


def burden(search: Search) -> float:
    """What the data cost with the elements found, fitted together, and what it costs to name these."""
    for _ in range(2):
        for one in search.found:
            one.multiplier = search.multiplier(one.rows, search.without(one)[one.rows])
        search.growth *= search.ratio(search.without())
    named = sum(ANOTHER + price(search.grid, one.where) for one in search.found)
    strange = (log(search.growth) / USUAL_GROWTH) ** 2 / 2 if 0 < search.growth < inf else 0.0
    return float(search.cost(search.without()).sum()) + named + strange
