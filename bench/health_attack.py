"""What an insider can tell from published survey cells: exact, by integer programming.

The insider knows who answered which item in which month and every group of each of them, but no answer, and sees every
published cell. One answer to one item is a *unit*; people of the same groups are exchangeable, so a world is a count of
answers 1..5 in each *class* of units. A published mean bounds the total of its cell, a band fixes a count. Something is
*forced* when no world that agrees with every cell has another value of it:

- a person's answer, or whether a person is favourable (4, 5) or unfavourable (1, 2): only a class whose people truly
  agree can force it, for in any other they could change places;
- the total, favourable count or unfavourable count of 1 to 4 people that values of one or two attributes name:
  a team, a team's newcomers, everybody outside two teams, a published group less some others (every such set is
  "these values of one attribute and those of another").

First, worlds one or two steps beside the truth are tried; only what they leave open goes to the solver, whose worlds
are kept for the targets after it. Every answer is exact; the steps only save time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

SCALE = np.arange(1, 6)
STATES = {"total": SCALE, "favourable": (SCALE >= 4).astype(int), "unfavourable": (SCALE <= 2).astype(int)}
PLAIN = {"presolve": False}
"""Worlds this small gain nothing from it, and it prints lines of its own."""
SMALL, TRIED = 4, 6000
"""Most people of a group that must not be recovered; most pairs of steps tried before the solver."""

Array = np.ndarray


@dataclass(frozen=True)
class Cell:
    """A published cell as the insider reads it.

    Attributes:
        members: Units it covers (bool).
        low: Smallest total of their answers that agrees with the mean.
        high: Largest.
        bands: First and last answer of each band, and its count.
    """

    members: Array
    low: int
    high: int
    bands: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class Leak:
    """Something that can have one value only: `kind` is answer, state or group; `n` people; `what` names the value."""

    kind: str
    month: str
    n: int
    what: str


@dataclass(frozen=True)
class Target:
    """A linear figure of a world: its value in the truth is `truth`."""

    kind: str
    n: int
    what: str
    weights: Array
    truth: int


@dataclass
class Puzzle:
    """Worlds that agree with the cells.

    Attributes:
        truth: Count of answers 1..5 in each class (classes × 5).
        rows: One constraint a row, over the flattened world.
        low: Smallest value of each row.
        high: Largest.
        pool: Worlds found so far, the truth first.
    """

    truth: Array
    rows: Array
    low: Array
    high: Array
    pool: Array = field(init=False)

    def __post_init__(self) -> None:
        """The truth is a world, or the cells were untrue."""
        flat = self.truth.ravel()
        value = self.rows @ flat
        if ((value < self.low) | (value > self.high)).any():
            raise ValueError("a published cell disagrees with the answers")
        self.pool = flat[None].copy()

    @cached_property
    def constraint(self) -> LinearConstraint:
        """Cells, and the size of each class."""
        sizes = self.truth.sum(axis=1)
        whole = sparse.vstack([sparse.csc_array(np.kron(np.eye(len(sizes)), np.ones(5))), sparse.csc_array(self.rows)])
        return LinearConstraint(sparse.csc_array(whole), np.r_[sizes, self.low], np.r_[sizes, self.high])

    def extreme(self, weights: Array) -> Array:
        """A world with the smallest weighted sum; kept in the pool."""
        upper = np.repeat(self.truth.sum(axis=1), 5)
        bounds, integral = Bounds(0, upper), np.ones(len(upper))
        found = milp(weights, integrality=integral, bounds=bounds, constraints=self.constraint, options=PLAIN)
        if found.status != 0:
            raise RuntimeError(f"the solver stopped: {found.message}")
        world = np.rint(found.x).astype(int)
        value = self.rows @ world
        if ((value < self.low) | (value > self.high)).any():
            raise RuntimeError("the solver's world disagrees with a cell")
        self.pool = np.vstack([self.pool, world])
        return world

    def beside(self) -> Array:
        """Worlds one or two steps from the truth that agree with the cells; a step changes one person's answer."""
        kind, before, after = (axis.ravel() for axis in np.indices((len(self.truth), 5, 5)))
        can = (before != after) & (self.truth[kind, before] > 0)
        kind, before, after = kind[can], before[can], after[can]
        source, aim = kind * 5 + before, kind * 5 + after
        effect = np.vstack([(self.rows[:, aim] - self.rows[:, source]).T, np.zeros(len(self.rows), dtype=int)])
        room_low, room_high = self.low - self.rows @ self.pool[0], self.high - self.rows @ self.pool[0]
        first, second = np.triu_indices(len(effect), 1)
        fits = np.ones(len(first), dtype=bool)
        for change, low, high in zip(effect.T, room_low, room_high, strict=True):
            both = change[first] + change[second]
            fits &= (both >= low) & (both <= high)
        chosen = np.random.default_rng(0).permutation(np.flatnonzero(fits))[:TRIED]
        worlds = np.repeat(self.pool[:1], len(chosen), axis=0)
        for end in (first[chosen], second[chosen]):
            real = np.flatnonzero(end < len(source))
            np.add.at(worlds, (real, source[end[real]]), -1)
            np.add.at(worlds, (real, aim[end[real]]), 1)
        return worlds[(worlds >= 0).all(axis=1)]

    def open(self, targets: list[Target]) -> Iterator[Target]:
        """Targets that neither the pool nor a world beside the truth settles."""
        weights, truth = np.array([each.weights for each in targets]), np.array([each.truth for each in targets])
        worlds = np.vstack([self.pool, self.beside()])
        left = ((worlds @ weights.T) == truth).all(axis=0)
        yield from (target for target, stays in zip(targets, left, strict=True) if stays)

    def forced(self, targets: list[Target]) -> Iterator[Target]:
        """Targets that have one value in every world."""
        for target in self.open(targets) if targets else ():
            if ((self.pool @ target.weights) != target.truth).any():
                continue
            if all(self.extreme(side * target.weights) @ target.weights == target.truth for side in (1, -1)):
                yield target


def named_sets(keys: pd.DataFrame, sizes: Array, attributes: list[str]) -> dict[bytes, str]:
    """Sets of 1 to 4 people that values of one or two attributes name, as masks over the classes; the name is one."""
    found: dict[bytes, str] = {}
    subsets = {name: list(value_sets(keys[name])) for name in attributes}
    anyone = [("", np.ones(len(keys), dtype=bool))]
    alone = [(subsets[name], anyone) for name in attributes]
    for one, other in [*alone, *((subsets[a], subsets[b]) for a, b in combinations(attributes, 2))]:
        left, right = np.array([mask for _, mask in one]), np.array([mask for _, mask in other])
        people = (left * sizes) @ right.T
        for i, j in np.argwhere((people >= 1) & (people <= SMALL)):
            mask = left[i] & right[j] & (sizes > 0)
            found.setdefault(mask.tobytes(), " & ".join(filter(None, (one[i][0], other[j][0]))))
    return found


def value_sets(column: pd.Series) -> Iterator[tuple[str, Array]]:
    """Every choice of values of one attribute, smallest first, with its classes."""
    values = sorted(column.unique())
    for size in range(1, len(values) + 1):
        for chosen in combinations(values, size):
            yield f"{column.name}={'|'.join(chosen)}", column.isin(chosen).to_numpy()


def flat(mask: Array, weights: Array) -> Array:
    """Weights of the answers 1..5 in the classes of the mask."""
    return (mask[:, None] * weights).ravel()


def person_targets(truth: Array, index: int) -> Iterator[Target]:
    """What can be forced of each person of a class: only what is true of all of them."""
    n, mask = int(truth[index].sum()), np.arange(len(truth)) == index
    for name, weights in {f"answer {answer}": (answer == SCALE).astype(int) for answer in SCALE}.items():
        if truth[index] @ weights == n:
            yield Target("answer", n, name, flat(mask, weights), n)
    for name in ("favourable", "unfavourable"):
        value = int(truth[index] @ STATES[name])
        if value in (0, n):
            yield Target("state", n, f"{'not ' * (not value)}{name}", flat(mask, STATES[name]), value)


def group_targets(truth: Array, mask: Array, name: str) -> Iterator[Target]:
    """Total, favourable and unfavourable count of a small group."""
    for state, weights in STATES.items():
        vector = flat(mask, weights)
        n = int(truth[mask].sum())
        yield Target("group", n, f"{state} of {name}", vector, int(vector @ truth.ravel()))


def attack(
    units: pd.DataFrame,
    cells: Iterable[Cell],
    attributes: list[str],
    *,
    known: Array | None = None,
    first: bool = False,
) -> list[Leak]:
    """Everything the cells force, of one item.

    Args:
        units: One row an answer: month, value (1..5) and the attributes (text).
        cells: What is published of the item.
        attributes: Columns the insider knows everybody by.
        known: Units whose answers the insider knows besides (their own); nothing is reported of them.
        first: Stop at the first leak.

    Returns:
        Leaks, months in order; a person whose state follows from the forced answer counts in both.

    Raises:
        ValueError: A cell disagrees with the answers.

    Example:
        >>> units = pd.DataFrame({"month": "m", "value": [5, 5, 5, 5, 5], "team": "a"})
        >>> [leak.kind for leak in attack(units, [Cell(np.ones(5, dtype=bool), 25, 25)], ["team"])]
        ['answer', 'state', 'state']
    """
    cells = list(cells)
    known = np.zeros(len(units), dtype=bool) if known is None else known
    leaks: list[Leak] = []
    for part in connected(units["month"].to_numpy(), cells):
        inside = [
            Cell(cell.members[part], cell.low, cell.high, cell.bands) for cell in cells if cell.members[part].any()
        ]
        leaks += attack_part(units[part], inside, attributes, known[part], first)
        if first and leaks:
            break
    return leaks


def connected(months: Array, cells: list[Cell]) -> Iterator[Array]:
    """Units in sets of months that cells join: nothing carries over between the others."""
    joined = {month: frozenset([month]) for month in dict.fromkeys(months)}
    for cell in cells:
        whole = frozenset().union(*(joined[month] for month in set(months[cell.members])))
        joined |= dict.fromkeys(whole, whole)
    for part in dict.fromkeys(joined.values()):
        yield np.isin(months, list(part))


def attack_part(units: pd.DataFrame, cells: list[Cell], attributes: list[str], known: Array, first: bool) -> list[Leak]:
    """Leaks of months that cells join."""
    puzzle, keys, _ = pose(units, cells, attributes, known)
    truth = puzzle.truth
    leaks = []
    for month in keys["month"].unique():
        for found in puzzle.forced(list(targets(keys, truth, attributes, month))):
            leaks.append(Leak(found.kind, month, found.n, found.what))
            if first:
                return leaks
    return leaks


def pose(
    units: pd.DataFrame, cells: list[Cell], attributes: list[str], known: Array
) -> tuple[Puzzle, pd.DataFrame, Array]:
    """The puzzle, what each class is, and the class of each unit."""
    keyed = units[["month", *attributes]].assign(own=np.where(known, units["value"], 0).astype(int))
    marks = {f"cell {place}": cell.members for place, cell in enumerate(cells)}
    keyed = pd.concat([keyed, pd.DataFrame(marks, index=keyed.index)], axis=1)
    number = keyed.groupby(list(keyed.columns), sort=False).ngroup().to_numpy()
    keys = keyed[~pd.Series(number, index=keyed.index).duplicated()].reset_index(drop=True)
    truth = np.zeros((len(keys), 5), dtype=int)
    np.add.at(truth, (number, units["value"].to_numpy(dtype=int) - 1), 1)
    return Puzzle(truth, *constraints(cells, keys, truth)), keys, number


def constraints(cells: list[Cell], keys: pd.DataFrame, truth: Array) -> tuple[Array, Array, Array]:
    """Rows over the flattened world, with their smallest and largest values."""
    rows = [np.zeros(truth.size, dtype=int)]
    low, high = [0], [0]
    for place, cell in enumerate(cells):
        mask = keys[f"cell {place}"].to_numpy()
        rows.append(flat(mask, SCALE))
        low.append(cell.low)
        high.append(cell.high)
        for start, end, count in cell.bands:
            rows.append(flat(mask, ((start <= SCALE) & (end >= SCALE)).astype(int)))
            low.append(count)
            high.append(count)
    for index in np.flatnonzero(keys["own"]):
        rows.append(flat(np.arange(len(keys)) == index, (keys["own"][index] == SCALE).astype(int)))
        low.append(int(truth[index].sum()))
        high.append(int(truth[index].sum()))
    return np.array(rows), np.array(low), np.array(high)


def targets(keys: pd.DataFrame, truth: Array, attributes: list[str], month: str) -> Iterator[Target]:
    """Everything of one month that must not be forced."""
    of_month = ((keys["month"] == month) & (keys["own"] == 0)).to_numpy()
    for index in np.flatnonzero(of_month):
        yield from person_targets(truth, index)
    for mask, name in named_sets(keys, truth.sum(axis=1) * of_month, attributes).items():
        yield from group_targets(truth, np.frombuffer(mask, dtype=bool), name)
