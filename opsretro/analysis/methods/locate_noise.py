"""How far a leaf strays by itself: its sides as two noisy counts, with spread and tails read from the leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log, sqrt

import numpy as np

SHARES = (0.5, 0.1, 0.03)
STUDENT = {
    2.0: (0.8165, 2.9200, 5.6428),
    3.0: (0.7649, 2.3534, 3.8960),
    4.0: (0.7407, 2.1318, 3.2976),
    5.0: (0.7267, 2.0150, 3.0029),
    7.0: (0.7111, 1.8946, 2.7146),
    10.0: (0.6998, 1.8125, 2.5275),
    20.0: (0.6870, 1.7247, 2.3362),
    50.0: (0.6794, 1.6759, 2.2340),
    1000.0: (0.6747, 1.6464, 2.1732),
}
"""What a Student t exceeds, either side, with the probabilities of `SHARES`; by degrees of freedom."""
HALF_NORMAL = 0.6745
"""Half of all normal scores lie within this many standard deviations."""
INNER = 0.5244
"""Two fifths of them lie within this many: a scale that causes do not reach."""
LEAST_IN_BIN = 60
MOST_BINS = 15
LEAST_SPREAD = 1e-4
"""Relative spread below which noise is rounding."""
SMALL_COUNT = 10.0
"""Counts below this are too coarse for quantiles."""
LEAST_TAIL_OF_COUNTS = 10.0
"""Coarse counts look heavier tailed than they are."""
BLENDS = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 25)])
"""Ratios tried of the relative to the counting part of the dispersion, at the middle size."""
LEAST_TAIL = 2.5
"""Degrees of freedom that leave a variance."""
ENOUGH, TAILED = 40, 0.08
"""Fewer leaves tell nothing of the tail; of more it is drawn towards this (one by degrees of freedom)."""
SEVERAL = 3
"""Bins of sizes wanted; with too few leaves for as many, bins are smaller."""
USUAL, USUAL_COUNT = 0.07, 0.7
"""Spread that leaves usually have: relative, and of whole numbers what counting brings (the forecast is smoother)."""
GUESSED, FITTED = 12.0, 3.0
"""What is usual counts as so many leaves; fitting takes about so many out of the spread of few."""
LEAST_TELLING, RAISED = 16, 24.0
"""From so many leaves on, what is usual raises their own dispersion by no more than this by their number."""
PULL = 20.0
"""How strongly few whole numbers are held to be counts."""
OUTERMOST, OUTER = 12, 60
"""So many leaves may be causes by themselves and tell nothing of the tail; at least so many more do."""
BEND, LIGHT_TAIL = 4.0, 0.4
"""How fast the tail is taken to thin out beyond an exponential one, and from when on it counts as light."""
MANY, GOLDEN = 20_000, 0.6180339887498949
"""So many elements tell how far their like stray; more are sampled."""
LEAST_FACTOR, MOST_FACTOR = 1e-6, 1e6


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Noise of a leaf: its dispersion is linear + square * size, 1 for plain counts.

    Attributes:
        linear: Counting part.
        square: Relative part.
        grain: Part that rounding to whole numbers adds to small leaves.
        tail: Degrees of freedom of a Student t with tails as heavy.
        outer: Score from which on the outermost leaves tell of the tail; infinite where they do not.
        power: There the tail falls off with this power of the score.
        bend: And ever faster with this one: 0 for a power law, 2 for a normal tail.
        unsure: Cost of a leaf by the least that so many leaves let it be.
    """

    linear: float
    square: float
    grain: float = 0.0
    tail: float = 10.0
    outer: float = inf
    power: float = inf
    bend: float = 0.0
    unsure: float = 1.0

    def dispersion(self, size: np.ndarray) -> np.ndarray:
        """Deviance a leaf of this size has by itself."""
        return self.linear + self.square * size + self.grain / np.maximum(size, LEAST_FACTOR)

    @property
    def excess(self) -> float:
        """Variance of a leaf by that of a normal one with the same median."""
        tail = max(self.tail, LEAST_TAIL)
        return tail / (tail - 2) / _stretch(tail) ** 2

    def cost(self, squares: np.ndarray) -> np.ndarray:
        """Minus the log-likelihood of squared scores, 0 at best: an outlier costs much, but not without end."""
        found = tail_cost(squares, self.tail)
        if len(far := np.flatnonzero(squares > self.outer**2)):
            beyond = np.log(squares[far]) / 2 - log(self.outer)
            edge = float(tail_cost(np.array([self.outer**2]), self.tail)[0])
            told = edge + self.power * (np.expm1(self.bend * beyond) / self.bend if self.bend else beyond)
            found[far] = np.maximum(found[far], told) if self.bend > LIGHT_TAIL else told
        return found


def deviance(actual: np.ndarray, forecast: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Distance of the two sides of a leaf from their factor, as of two counts given their sum (binomial)."""
    odds = np.clip(factor, LEAST_FACTOR, MOST_FACTOR)
    total = np.maximum(actual + forecast, 1e-300)
    share = odds / (1 + odds)
    above = actual * np.log(np.maximum(actual, 1e-300) / (total * share))
    below = forecast * np.log(np.maximum(forecast, 1e-300) / (total * (1 - share)))
    return 2 * np.maximum(above + below, 0.0)


def information(actual: np.ndarray, forecast: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """How much the two sides tell of the log of their factor, one by its variance."""
    odds = np.clip(factor, LEAST_FACTOR, MOST_FACTOR)
    return (actual + forecast) * odds / (1 + odds) ** 2


def tail_cost(squares: np.ndarray, tail: float) -> np.ndarray:
    """Minus the log-likelihood (Student t) of squared scores whose median is that of a normal one."""
    return 0.5 * (tail + 1) * np.log1p(squares * (_stretch(tail) ** 2 / tail))


def _stretch(tail: float) -> float:
    """Median of the size of a Student t by that of a normal score."""
    return float(np.interp(tail, list(STUDENT), [row[0] for row in STUDENT.values()])) / HALF_NORMAL


def quantile(values: np.ndarray, share: float = 0.5) -> float:
    """What a share of the values lies below; as numpy has it, at a fraction of its time for a few hundred values."""
    place = share * (len(values) - 1)
    low = int(place)
    parted = np.partition(values, (low, min(low + 1, len(values) - 1)))
    below, above = float(parted[low]), float(parted[min(low + 1, len(values) - 1)])
    return below + (above - below) * (place - low)


def sampled(values: np.ndarray) -> np.ndarray:
    """The values, or as many of them as tell their spread, evenly chosen (golden ratio)."""
    if len(values) <= MANY:
        return values
    return values[(np.arange(MANY) * GOLDEN % 1.0 * len(values)).astype(np.int64)]


def tail_of(scores: np.ndarray) -> float:
    """Degrees of freedom of the Student t whose outer scores lie as far out as these."""
    size = np.abs(scores)
    if len(size) < ENOUGH or not (middle := quantile(size)):
        return min(5.0 + len(size) / 10, 10.0)
    inverse, rows = 1 / np.array(list(STUDENT)), np.array(list(STUDENT.values()))
    outer = np.array([quantile(size, 1 - share) / middle for share in SHARES[1:]])
    found = sum(float(np.interp(-outer[one], -rows[:, one + 1] / rows[:, 0], inverse)) for one in (0, 1)) / 2
    return 1 / (found + (TAILED - found) * ENOUGH / len(size))


def bins_of(size: np.ndarray) -> list[np.ndarray]:
    """Positions of leaves of much the same size, bin by bin."""
    least = LEAST_IN_BIN if len(size) >= SEVERAL * LEAST_IN_BIN else LEAST_IN_BIN // SEVERAL
    return np.array_split(np.argsort(size, kind="stable"), int(np.clip(len(size) // least, 1, MOST_BINS)))


def fit_noise(
    far: np.ndarray, size: np.ndarray, bins: list[np.ndarray], *, counts: bool, whole: bool, grain: float
) -> Noise:
    """The noise of leaves from their deviances and sizes; leaves that stray far are left out by quantiles."""
    sizes = np.array([max(quantile(size[members]), 1e-300) for members in bins])
    guess = USUAL_COUNT * whole + USUAL**2 * sizes
    trust = 1 / (1 + GUESSED / len(far))
    spread = np.array([_dispersion(far[one], middle, counts=counts) for one, middle in zip(bins, sizes, strict=True)])
    most = spread * (1 + RAISED / len(far)) if len(far) >= LEAST_TELLING else inf
    spread = np.minimum(trust * spread + (1 - trust) * guess, most)
    middle = float(np.exp(np.log(sizes).mean()))
    gaps = np.log(spread) - np.log(1.0 + BLENDS[:, None] * sizes / middle)
    linear = np.exp(np.median(gaps, axis=1))
    misfit = np.abs(gaps - np.log(linear)[:, None]).sum(axis=1)
    if whole:
        misfit += np.abs(np.log(linear)) * PULL / len(far)
    best = int(np.argmin(misfit)) if len(bins) > 1 or whole else len(BLENDS) - 1
    noise = Noise(linear=float(linear[best]), square=float(linear[best] * BLENDS[best]) / middle, grain=grain)
    scores = np.sqrt(far / noise.dispersion(size))
    tail = tail_of(scores)
    noise = replace(noise, tail=max(tail, LEAST_TAIL_OF_COUNTS) if counts else tail)
    return _with_outer_tail(noise, scores)


def _with_outer_tail(noise: Noise, scores: np.ndarray) -> Noise:
    """How the outermost leaves thin out, but for the few that may be causes: a power law (Hill), or lighter."""
    wanted = OUTERMOST + max(OUTER, len(scores) // 100)
    if len(scores) < 5 * wanted:
        return noise
    largest = np.sort(np.partition(scores, len(scores) - wanted)[-wanted:])[::-1]
    spacings = np.arange(1, wanted) * -np.diff(np.log(largest))
    power = 1 / max(float(spacings[OUTERMOST:].mean()), 1e-3)
    bend = min(max(BEND * (power / log(len(scores) / wanted) - 1), 0.0), 2.0)
    unsure = 1 + 0.5 / sqrt(wanted - OUTERMOST)
    return replace(noise, outer=float(largest[-1]), power=power, bend=bend, unsure=unsure)


def _dispersion(far: np.ndarray, size: float, *, counts: bool) -> float:
    """Dispersion in one bin of sizes."""
    inner = quantile(far, 0.4) / INNER**2 * (1 + FITTED / len(far))
    if counts and size < SMALL_COUNT:
        return float(np.minimum(far, 9 * max(inner, 1.0)).mean())
    return max(inner, LEAST_SPREAD**2 * size)
