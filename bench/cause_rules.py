"""When a planted cause counts as one that can be seen, for `bench/causes.py`.

A cause is planted only where it can be told from noise by someone who knows where to look; otherwise it is drawn anew:

- the change of its sum is at least 5 standard deviations of the true noise of that sum (actual and forecast), on
  the rows that no other cause touches; so is the change from all causes together on these rows, which is at least
  0.08 on the log scale (a part that two opposite causes put back to where it was is no cause). A single leaf passes on
  the log scale as well, and has no t noise: among 50,000 leaves such noise alone makes larger ones;
- it can be told from its neighbours at 4: what is left of it without any one value of a further dimension, each value
  of a group by itself, and what each of its parents holds beside it, had that moved alike;
- its log multiplier is at least 0.08, and under drift 4 standard deviations of the drift of an element of its depth;
- a change of mix moves the ratio itself by at least 5 standard deviations of its noise (`cause_worlds.ratio_seen`);
- all causes hold less than 45 % of the total and of the leaves: which part is the rule and which the exception is
  otherwise a matter of taste. Values of one dimension that move alike are one group, so two causes never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[Any]
Element = dict[int, tuple[int, ...]]
DISCERNIBLE, NEIGHBOUR, OF_DRIFT, SMALLEST, LARGEST, MOST = 5.0, 4.0, 4.0, 0.08, 1.9, 0.45


class Grid(NamedTuple):
    """All combinations of values: their codes, cardinalities, and the true mean of each."""

    codes: Vector
    sizes: tuple[int, ...]
    mean: Vector


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One planted cause.

    Attributes:
        element: Values by place of the dimension.
        effect: volume, rate or mix.
        log: Log of its multiplier; minus infinity = vanished.
        rows: Which leaves it covers.
        factor: Multiplier of each leaf.
        new: Whether there was nothing before.
        change: True mean with it less true mean without it, per denominator for a rate; NaN = not judged.
    """

    element: Element
    effect: str
    log: float
    rows: Vector
    factor: Vector
    new: bool = False
    change: float = np.nan


def covered(codes: Vector, element: Element) -> Vector:
    """Which rows an element covers."""
    rows = np.ones(len(codes), dtype=bool)
    for place, values in element.items():
        rows &= np.isin(codes[:, place], values)
    return rows


def pick(rng: np.random.Generator, all_of: Grid, depth: int, inside: Element | None = None) -> Element:
    """An element of some depth, larger ones more often; inside another where that is given."""
    within = covered(all_of.codes, inside or {})
    row = rng.choice(len(within), p=np.sqrt(all_of.mean) * within / np.sqrt(all_of.mean)[within].sum())
    free = [place for place in range(len(all_of.sizes)) if place not in (inside or {})]
    chosen = rng.choice(free, min(depth, len(free)), replace=False)
    return {**(inside or {}), **{int(place): (int(all_of.codes[row, place]),) for place in chosen}}


def grouped(rng: np.random.Generator, all_of: Grid, element: Element) -> Element:
    """The element with two to four values of one of its dimensions, at most a third of them."""
    wide = [place for place in element if all_of.sizes[place] >= 6]
    if not wide:
        return element
    place = int(rng.choice(wide))
    others = rng.permutation([each for each in range(all_of.sizes[place]) if each not in element[place]])
    more = int(rng.integers(1, min(3, all_of.sizes[place] // 3 - 1) + 1))
    return {**element, place: tuple(sorted([*element[place], *map(int, others[:more])]))}


def moved(causes: list[Cause], base: Vector, effect: str) -> tuple[Vector, dict[int, Vector]]:
    """Means with all causes of a kind, and without each of them."""
    chosen = {number: cause for number, cause in enumerate(causes) if cause.effect == effect}
    product, without = base.copy(), {number: base.copy() for number in chosen}
    for number, cause in chosen.items():
        product *= cause.factor
        own = {number: ~cause.rows if cause.new else 1.0}
        without = {other: mean * own.get(other, cause.factor) for other, mean in without.items()}
    return product, without


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the causes of one kind do to one quantity: means with and without, and the variance of each leaf."""

    base: Vector
    product: Vector
    without: dict[int, Vector]
    variance: Vector


def ratio_of(total: Any, variance: Any) -> Any:
    """How many standard deviations; 0 where there are none."""
    return np.abs(total) / np.sqrt(np.where(variance > 0, variance, np.inf))


def told_apart(all_of: Grid, cause: Cause, own: Vector, delta: Vector, change: Change) -> bool:
    """Whether a cause can be told from each of its neighbours."""
    for place, size in enumerate(all_of.sizes):
        code = all_of.codes[own, place]
        sums = np.bincount(code, delta[own], minlength=size), np.bincount(code, change.variance[own], minlength=size)
        values = np.unique(code)
        if place not in cause.element:
            rest = ratio_of(sums[0].sum() - sums[0][values], sums[1].sum() - sums[1][values])
            if rest.min() < NEIGHBOUR:
                return False
            continue
        if ratio_of(sums[0][values], sums[1][values]).min() < NEIGHBOUR or len(values) < len(cause.element[place]):
            return False
        beside = covered(all_of.codes, {at: each for at, each in cause.element.items() if at != place}) & ~cause.rows
        alike = change.base[beside].sum() * (1.0 if cause.new else -np.expm1(cause.log))
        if len(cause.element) < len(all_of.sizes) and ratio_of(alike, change.variance[beside].sum()) < NEIGHBOUR:
            return False
    return True


def discernible(all_of: Grid, causes: list[Cause], change: Change, drift: float) -> bool:
    """Whether each cause of one kind is a change that can be seen, by the rules above."""
    for number in change.without:
        cause = causes[number]
        others = [causes[each].rows for each in change.without if each != number]
        beside = [rows for rows in others if (cause.rows & ~rows).any()]
        own = cause.rows & ~np.logical_or.reduce([np.zeros_like(cause.rows), *beside])
        delta, noise_of = change.product - change.without[number], change.variance[own].sum()
        whole = change.product - change.base * (~cause.rows if cause.new else 1.0)
        seen = min(ratio_of(delta[own].sum(), noise_of), ratio_of(whole[own].sum(), noise_of))
        if len(cause.element) == len(all_of.sizes):
            deviation = np.sqrt(change.variance[own]) / np.maximum(change.product, change.base)[own]
            seen = min(seen, float((np.abs(cause.log) / deviation).min(initial=np.inf)))
        depth = len(cause.element)
        small = abs(cause.log) < max(SMALLEST, OF_DRIFT * drift * np.sqrt(depth + depth * (depth - 1) / 8))
        back = abs(np.log(max(change.product[own].sum(), 1e-9) / change.base[own].sum())) < SMALLEST
        if seen < DISCERNIBLE or ((small or back) and not cause.new) or cause.log > LARGEST:
            return False
        if not told_apart(all_of, cause, own, delta, change):
            return False
    return True


def siblings(first: Cause, second: Cause) -> bool:
    """Whether two causes are one: values of a dimension that move alike, an element twice, new within new."""
    ends = all(cause.new or not np.isfinite(cause.log) for cause in (first, second))
    inside = not (first.rows & ~second.rows).any() or not (second.rows & ~first.rows).any()
    if ends and inside:
        return True
    if first.effect != second.effect or set(first.element) != set(second.element):
        return False
    apart = sum(first.element[place] != second.element[place] for place in first.element)
    alike = first.log * second.log > 0 or not np.isfinite(first.log + second.log) or first.new or second.new
    return apart == 0 or (apart == 1 and bool(alike))


def sound(all_of: Grid, causes: list[Cause], shape: str, *, together: bool) -> bool:
    """Whether the causes together leave a rule to be exceptions to, and are not one another's group."""
    union = np.logical_or.reduce([np.zeros(len(all_of.mean), dtype=bool), *(cause.rows for cause in causes)])
    large = max(union.mean(), all_of.mean[union].sum() / all_of.mean.sum()) > MOST
    group = shape != "group" or any(len(each) > 1 for cause in causes for each in cause.element.values())
    return group and not large and (together or not any(siblings(*pair) for pair in combinations(causes, 2)))
