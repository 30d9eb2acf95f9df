"""What may be shown of one item in one month so that nobody's answer can be worked out.

A figure is shown only if it would be safe and if the next lower and the next higher one that can come about would be
safe as well. So whoever notices that a figure is withheld, and knows this rule, still has to reckon with a value that
gives nothing away: what is withheld says as little as what is shown. (Auditors that decide by the true value alone leak
it by their refusals; see Kenthapadi, Mishra and Nissim, "Simulatable auditing", PODS 2005.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

import numpy as np

from opsretro.analysis.methods.disclosure_audit import SMALL, Audit
from opsretro.analysis.methods.disclosure_worlds import Count, Fact, Steps

BANDS_FROM = 10
"""People from whom on a distribution is shown."""

REACH = 3
"""Values to either side that are looked at to learn what a withheld figure could be."""


class Reason(StrEnum):
    """Why a cell is withheld; none tells what was answered."""

    FEW = "few"
    COMPLEMENT = "complement"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One cell.

    Attributes:
        n: People who answered.
        mean: From 1 to 5, rounded to one decimal; None = withheld.
        bands: Number of people by band of the 1 to 5 scale (``1-2``, ``3``, ``4-5``, or ``1-3``, ``4-5``); None = the
            mean stands alone.
        reason: Why it is withheld; None = it is not.
    """

    n: int
    mean: float | None = None
    bands: Mapping[str, int] | None = None
    reason: Reason | None = None


def shown_cells(steps_typed: np.ndarray, cells: Mapping[str, np.ndarray], top: int) -> dict[str, Shown]:
    """Decide on every cell of one item in one month, the largest first.

    Args:
        steps_typed: int, one a person who answered: the step of the answer from 0, already turned where the item is.
        cells: Name of a group → bool, one a person; groups may overlap.
        top: Highest step.

    Returns:
        One decision a group.

    Raises:
        InputError: The groups divide people too finely to look at all combinations.

    Example:
        >>> answers = np.array([3, 4, 2, 3, 3, 1, 4, 2])
        >>> shown_cells(answers, {"all": np.full(8, True), "team=a": answers > 2}, top=4)["all"].mean
        3.8
    """
    names = sorted(cells, key=lambda name: (-int(cells[name].sum()), name))
    patterns, of_person = np.unique(np.array([cells[name] for name in names]), axis=1, return_inverse=True)
    item = _Item(steps_typed, np.asarray(of_person).ravel(), patterns.shape[1], Steps(top=top))
    members = dict(zip(names, patterns, strict=True))
    decided: dict[str, Shown] = {}
    for name in names:
        n = int(cells[name].sum())
        if n < SMALL:
            decided[name] = Shown(n=n, reason=Reason.FEW)
            continue
        mean = item.mean_of(members[name])
        reason = None if mean is not None else _reason(name, cells, decided)
        decided[name] = Shown(n=n, mean=mean, reason=reason)
    crossing = (np.array([cells[name] for name in names if not cells[name].all()]).sum(axis=0) > 1).any()
    for name in names:
        is_asked = cells[name].all() or not crossing
        if is_asked and decided[name].mean is not None and decided[name].n >= BANDS_FROM:
            bands = item.bands_of(members[name])
            decided[name] = Shown(n=decided[name].n, mean=decided[name].mean, bands=bands)
    return decided


def _reason(name: str, cells: Mapping[str, np.ndarray], decided: Mapping[str, Shown]) -> Reason:
    """`complement` where taking shown groups from a larger shown one, or from this, would leave one to four people."""
    shown = [cells[other] for other, cell in decided.items() if cell.mean is not None] + [cells[name]]
    for whole in shown:
        rest = whole.copy()
        for part in shown:
            if part is not whole and not (part & ~whole).any():
                rest &= ~part
        if 0 < rest.sum() < SMALL:
            return Reason.COMPLEMENT
    return Reason.AUDIT


class _Item:
    """The true answers to one item on one side, what everybody can know of them on the other."""

    def __init__(self, answers: np.ndarray, of_person: np.ndarray, n_classes: int, steps: Steps) -> None:
        self._steps = steps
        self._sizes = np.bincount(of_person, minlength=n_classes)
        counted = [answers, answers >= steps.favourable, answers <= steps.unfavourable]
        totals = [np.bincount(of_person, weights=count, minlength=n_classes) for count in counted]
        self._truth = np.array(totals).astype(int)
        self._audit = Audit(self._sizes, steps, self._truth)

    def mean_of(self, members: np.ndarray) -> float | None:
        """The mean of a group to one decimal, half a tenth rounded up, or None where it must not be shown."""
        scale = self._steps.top * int(self._sizes[members].sum())
        tenths = (21 * scale + 80 * np.arange(scale + 1)) // (2 * scale)
        values, first = np.unique(tenths, return_index=True)
        last = [*(first[1:] - 1), scale]
        options = [
            Fact(count=Count.SUM, members=members, low=int(low), high=int(high))
            for low, high in zip(first, last, strict=True)
        ]
        place = int(np.searchsorted(first, self._true(Count.SUM, members), side="right")) - 1
        return float(values[place]) / 10 if self._show(options, place) else None

    def bands_of(self, members: np.ndarray) -> dict[str, int] | None:
        """How many of a group are favourable, and unfavourable, as far as that may be shown."""
        n = int(self._sizes[members].sum())
        good, bad = (self._true(count, members) for count in (Count.FAVOURABLE, Count.UNFAVOURABLE))
        if not self._show(_exactly(Count.FAVOURABLE, members, n), good):
            return None
        if not self._show(_exactly(Count.UNFAVOURABLE, members, n - good), bad, barred=n - good):
            return {"1-3": n - good, "4-5": good}
        return {"1-2": bad, "3": n - good - bad, "4-5": good}

    def _true(self, count: Count, members: np.ndarray) -> int:
        return int(self._truth[count, members].sum())

    def _show(self, options: Sequence[Fact], place: int, *, barred: int | None = None) -> bool:
        """Whether the figure at a place may be shown; what everybody learns, either way, is known from then on."""
        is_safe = cache(lambda at: False if at == barred else self._audit.is_safe(options[at]))

        def beside(step: int) -> bool:
            """Whether the next value that can come about in a direction is safe, or there is none."""
            there = range(place + step, len(options) if step > 0 else -1, step)
            return next((bool(is_safe(at)) for at in there if is_safe(at) is not None), True)

        below, above = beside(-1), beside(1)
        if is_safe(place) and below and above:
            self._audit.add(options[place])
            return True
        first = place if is_safe(place) and below else self._nearest(is_safe, range(place - 1, -1, -1), 0)
        last = place if is_safe(place) and above else self._nearest(is_safe, range(place + 1, len(options)), -1)
        self._audit.add(replace(options[place], low=options[first].low, high=options[last].high))
        return False

    @staticmethod
    def _nearest(is_safe: Callable[[int], bool | None], places: range, otherwise: int) -> int:
        return next((at for at in places[:REACH] if is_safe(at)), otherwise)


def _exactly(count: Count, members: np.ndarray, most: int) -> list[Fact]:
    return [Fact(count=count, members=members, low=value, high=value) for value in range(most + 1)]
