"""Could an insider work out an answer? The exact audit behind every cell that is published.

The insider knows who answered and in which groups they are, and sees all published cells. People who are in the same
groups cannot be told apart, so it is enough to count: for every such class the sum of its answers, how many of them are
favourable and how many unfavourable. Whatever is published bounds one of these counts over some classes; whether it
forces anything is settled by two possible worlds that differ, or by an integer program that shows there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

import numpy as np

from opsretro.analysis.methods.disclosure_worlds import Count, Fact, Steps, wandered
from opsretro.errors import InputError, Problem

SMALL = 5
"""Groups below this size are protected."""

MOST_UNIONS = 5_000
"""Small groups that can be put together from the classes of one item, at most."""

KEPT = 600
"""Possible worlds that are kept for the next question."""


class Audit:
    """What everybody can know about one item in one month, and whether that is safe.

    Safe means: nobody is certain to have answered favourably, certain not to, certain to have answered unfavourably or
    certain not to (so no answer is certain, either), and no group of fewer than five people, however it is put
    together, has only one possible sum, or number of favourable, or of unfavourable answers.
    """

    def __init__(self, sizes: np.ndarray, steps: Steps, truth: np.ndarray) -> None:
        """Begin with nothing published.

        Args:
            sizes: int, number of people who answered, one a class: people who share all their groups.
            steps: The scale.
            truth: int (count, class), how they answered: the first of the possible worlds. It saves time only; what is
                safe does not depend on it.

        Raises:
            InputError: The groups divide people so finely that their combinations cannot all be looked at.
        """
        self._sizes, self._steps = sizes, steps
        self._facts: tuple[Fact, ...] = ()
        self._rng = np.random.default_rng(1)
        self._questions = _questions(sizes)
        self._rules = _class_rules(sizes, steps)
        self._truth = truth[None]
        self._worlds = self._more(self._truth, ())

    def add(self, fact: Fact) -> None:
        """Take something as known from now on."""
        self._worlds = self._matching([fact])
        self._facts += (fact,)
        self._worlds = self._more(self._worlds, ())

    def is_safe(self, fact: Fact) -> bool | None:
        """Whether nothing is forced once one thing more is known.

        Args:
            fact: What would be known besides.

        Returns:
            True or False; None where it contradicts what is known, so that it cannot come about.
        """
        worlds = self._matching([fact])
        if not len(worlds):
            found = self._furthest(np.zeros_like(self._questions[0]), fact)
            if found is None:
                return None
            worlds = found[None]
        before, wanders = len(worlds), True
        while len(questions := self._open(worlds)):
            if wanders:
                worlds, wanders = self._more(worlds, (fact,)), False
                continue
            found = self._settling(questions, worlds, fact)
            if found is None:
                return False
            worlds = np.concatenate([worlds, found[None]])
        self._worlds = np.concatenate([self._worlds, worlds[before:]])[-KEPT:]
        return True

    def _matching(self, facts: Sequence[Fact]) -> np.ndarray:
        worlds = np.concatenate([self._truth, self._worlds])
        for fact in facts:
            worlds = worlds[fact.holds(worlds)]
        return worlds

    def _more(self, worlds: np.ndarray, facts: Sequence[Fact]) -> np.ndarray:
        return np.concatenate([worlds, wandered(worlds, [*self._facts, *facts], self._sizes, self._steps, self._rng)])

    def _open(self, worlds: np.ndarray) -> np.ndarray:
        """Questions that no two of the worlds settle; of a state, no world in which a class is divided over it."""
        found = worlds.reshape(len(worlds), -1) @ self._questions.reshape(len(self._questions), -1).T
        same = (found == found[:1]).all(axis=0)
        n = 2 * len(self._sizes)
        same[:n] &= ~((found[:, :n] > 0) & (found[:, :n] < np.tile(self._sizes, 2))).any(axis=0)
        return self._questions[same]

    def _settling(self, questions: np.ndarray, worlds: np.ndarray, fact: Fact) -> np.ndarray | None:
        """A possible world that settles at least one of the questions; None = the first of them is forced."""
        for asked in (questions.sum(axis=0), questions[0]):
            for sign in (1, -1):
                found = self._furthest(sign * asked, fact)
                if found is not None and np.tensordot(questions, found - worlds[0], axes=2).any():
                    return found
        return None

    def _furthest(self, direction: np.ndarray, fact: Fact) -> np.ndarray | None:
        """The possible world (count, class) that lies furthest in a direction; None = there is none at all."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # takes a quarter of a second, and is hardly needed

        n = len(self._sizes)
        known = [*self._facts, fact]
        rows = np.zeros((len(known), 3, n))
        for row, one in zip(rows, known, strict=True):
            row[one.count, one.members] = 1
        matrix, least, most = self._rules
        answer = milp(
            -direction.ravel(),
            integrality=np.ones(3 * n),
            bounds=Bounds(0, np.concatenate([self._steps.top * self._sizes, self._sizes, self._sizes])),
            constraints=LinearConstraint(
                np.concatenate([matrix, rows.reshape(-1, 3 * n)]),
                [*least, *(one.low for one in known)],
                [*most, *(one.high for one in known)],
            ),
        )
        if answer.status == 2:
            return None
        if not answer.success:
            raise RuntimeError(f"the audit of published cells came to no end: {answer.message}")
        return np.rint(answer.x).astype(int).reshape(3, n)


def _class_rules(sizes: np.ndarray, steps: Steps) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`can_be` as rows of an integer program: matrix, lower and upper bounds."""
    one = np.eye(len(sizes), dtype=int)
    good, bad, top = steps.favourable, steps.unfavourable, steps.top
    least = np.hstack([one, (bad + 1 - good) * one, (bad + 1) * one])
    most = np.hstack([one, (good - 1 - top) * one, (good - 1 - bad) * one])
    total = np.hstack([0 * one, one, one])
    open_ended = np.full(len(sizes), np.inf)
    low = [(bad + 1) * sizes, -open_ended, 0 * sizes if bad + 1 < good else sizes]
    high = [open_ended, (good - 1) * sizes, sizes]
    return np.concatenate([least, most, total]), np.concatenate(low), np.concatenate(high)


def _questions(sizes: np.ndarray) -> np.ndarray:
    """Directions (question, count, class) in which two possible worlds must differ.

    First one a class and state of an answer, then one a count and small union of whole classes. A group that holds a
    part of a class needs no question of its own: whom of the class it holds can be exchanged.
    """
    n = len(sizes)
    unions = list(islice(_small_unions(sizes), MOST_UNIONS + 1))
    if len(unions) > MOST_UNIONS:
        raise InputError([Problem(code="groups_too_fine", source="groups", values={"n": str(n)})])
    asked = [(count, one) for count in (Count.FAVOURABLE, Count.UNFAVOURABLE) for one in np.eye(n, dtype=int)]
    asked += [(count, union) for count in Count for union in unions]
    questions = np.zeros((len(asked), 3, n), dtype=int)
    for place, (count, members) in enumerate(asked):
        questions[place, count] = members
    return questions


def _small_unions(sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Every union of whole classes with fewer than five people, as 0 and 1."""
    small = np.flatnonzero(sizes < SMALL)
    for n in range(1, SMALL):
        for places in combinations(small, n):
            if sizes[list(places)].sum() < SMALL:
                union = np.zeros(len(sizes), dtype=int)
                union[list(places)] = 1
                yield union
