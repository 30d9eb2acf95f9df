"""Possible worlds, found quickly: answers that agree with everything published, by random steps from one that does.

They only save time: what they leave open an integer program settles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations
from math import ceil, floor

import numpy as np

WALKERS = 200
PACES, PACES_FEW, FEW_CLASSES = 40, 12, 8
"""Steps of a walk; with few classes an integer program is as quick."""
MOST_CLASSES = 60
"""Classes up to which rectangles of four are looked for."""


class Count(IntEnum):
    """What is counted of a class of people who share all their groups."""

    SUM = 0
    FAVOURABLE = 1
    UNFAVOURABLE = 2


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of an answer scale, counted from 0.

    Attributes:
        top: Highest step: 4 on a scale from 1 to 5.
    """

    top: int

    @property
    def favourable(self) -> int:
        """Lowest step that counts as favourable: 4 of 5 and its like."""
        return ceil(0.75 * self.top)

    @property
    def unfavourable(self) -> int:
        """Highest step that counts as unfavourable: 2 of 5 and its like."""
        return floor(0.25 * self.top)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """Something everybody can know: a count over some classes lies within bounds.

    Attributes:
        count: What is counted.
        members: bool, one a class.
        low: Least value it can have.
        high: Greatest.
    """

    count: Count
    members: np.ndarray
    low: int
    high: int

    def holds(self, worlds: np.ndarray) -> np.ndarray:
        """Which worlds (world, count, class) agree with it."""
        found: np.ndarray = worlds[:, self.count, self.members].sum(axis=1)
        return (found >= self.low) & (found <= self.high)


def can_be(worlds: np.ndarray, sizes: np.ndarray, steps: Steps) -> np.ndarray:
    """Which worlds (world, count, class) people can have answered in at all.

    With k favourable, j unfavourable and n - k - j neutral answers of a class every sum from the least to the greatest
    is possible; where a scale has no neutral step, k + j = n.
    """
    total, good, bad = worlds[:, Count.SUM], worlds[:, Count.FAVOURABLE], worlds[:, Count.UNFAVOURABLE]
    neutral = sizes - good - bad
    least = steps.favourable * good + (steps.unfavourable + 1) * neutral
    most = steps.top * good + (steps.favourable - 1) * neutral + steps.unfavourable * bad
    fits = (good >= 0) & (bad >= 0) & (neutral >= 0) & (total >= least) & (total <= most)
    if steps.unfavourable + 1 >= steps.favourable:
        fits &= neutral == 0
    return fits.all(axis=1)


def wandered(
    worlds: np.ndarray, facts: Sequence[Fact], sizes: np.ndarray, steps: Steps, rng: np.random.Generator
) -> np.ndarray:
    """More worlds like some.

    Args:
        worlds: (world, count, class), at least one, all of them possible and in step with the facts.
        facts: What is known.
        sizes: People by class.
        steps: The scale.
        rng: Random numbers.

    Returns:
        Worlds (world, count, class), possible and in step with the facts, too.
    """
    alone = [_moves([fact.members for fact in facts if fact.count == count], len(sizes)) for count in Count]
    together = _moves([fact.members for fact in facts], len(sizes))
    walkers = worlds[rng.integers(len(worlds), size=WALKERS)].copy()
    for pace in range(PACES if len(sizes) > FEW_CLASSES else PACES_FEW):
        tried = walkers.copy()
        if pace % 2:  # somebody changes sides: the sum and the numbers of both sides move at once
            moves, far = (
                together,
                np.dstack([rng.integers(-steps.top, steps.top + 1, WALKERS), *rng.integers(-1, 2, (2, WALKERS))]),
            )
            tried += far.reshape(WALKERS, 3, 1) * moves[rng.integers(len(moves), size=WALKERS)][:, None]
        else:
            count = Count(pace // 2 % 3)
            tried[:, count] += (
                rng.integers(-2, 3, (WALKERS, 1)) * alone[count][rng.integers(len(alone[count]), size=WALKERS)]
            )
        fits = can_be(tried, sizes, steps)
        for fact in facts:
            fits &= fact.holds(tried)
        walkers[fits] = tried[fits]
    return walkers


def _moves(known: Sequence[np.ndarray], n: int) -> np.ndarray:
    """Changes (move, class) that leave known counts as they are, as far as two or four classes can.

    Beside them all steps of one class, for where a count is known within bounds only.
    """
    columns = np.array(known, dtype=int).reshape(len(known), n)
    unit = np.eye(n, dtype=int)
    moves = [*unit]
    pairs: dict[bytes, list[np.ndarray]] = {}
    for one, other in combinations(range(n), 2):
        if (columns[:, one] == columns[:, other]).all():
            moves.append(unit[one] - unit[other])
        elif n <= MOST_CLASSES:
            pairs.setdefault((columns[:, one] + columns[:, other]).tobytes(), []).append(unit[one] + unit[other])
    moves += [first - second for same in pairs.values() for first, second in combinations(same[:12], 2)]
    return np.array(moves)
