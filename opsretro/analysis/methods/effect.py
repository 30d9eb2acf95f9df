"""What a change caused: the one shape every method of this folder answers in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

FIGURES = ("incremental", "lower", "upper", "incremental_after", "lower_after", "upper_after")


class Basis(StrEnum):
    """What an effect rests on, the strongest evidence first."""

    RANDOMISED = "randomised"
    CONTROLS = "controls"
    NO_CONTROL = "no_control"
    NONE = "none"


class Caution(StrEnum):
    """What to know before an effect is believed."""

    HOLIDAY_OVERLAP = "holiday_overlap"
    PRE_TREND = "pre_trend"
    OVERLAP = "overlap"
    NOT_SEPARABLE = "not_separable"
    COST_INCOMPLETE = "cost_incomplete"
    NO_CONTROL = "no_control"
    CONTROL_CONTAMINATED = "control_contaminated"
    PULL_FORWARD = "pull_forward"
    SHORT_PRE = "short_pre"
    HEAVY_TAIL = "heavy_tail"
    REFUNDS = "refunds"


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """A total with its uncertainty.

    Attributes:
        point: Best single value, in the unit of the series.
        draws: Equally likely values, ascending; interval and probability are both read from them, so that they cannot
            disagree.
    """

    point: float
    draws: np.ndarray

    @property
    def lower(self) -> float:
        """Lower end of the 95 % interval."""
        return float(np.quantile(self.draws, 0.025))

    @property
    def upper(self) -> float:
        """Upper end of the 95 % interval."""
        return float(np.quantile(self.draws, 0.975))

    def above(self, value: float) -> float:
        """Chance that the true total is above a value, by the same interpolation as the interval.

        Args:
            value: In the unit of the series.

        Example:
            >>> Estimate(point=0.5, draws=np.linspace(0, 1, 101)).above(0.975)
            0.025
        """
        if self.draws[0] == self.draws[-1]:
            return float(self.draws[0] > value)
        return round(float(1.0 - np.interp(value, self.draws, np.linspace(0.0, 1.0, len(self.draws)))), 12)


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """What a change caused in its window, and in the days after it.

    Attributes:
        window: Total over the window; None = refused.
        after: Total over the window and the days after it; None = refused, or there is no such day yet.
        missing_days: Days of the window without data; the totals leave them out.
        after_days: Days after the window that `after` holds.
        baseline: Total over the window that was to be expected without the change; NaN = unknown.
        basis: What the effect rests on.
        cautions: What to know before it is believed.
        refused: Why there is no figure; None = there is one.
        controls: Series it was compared with.
        n_before: Days before the window it learnt from, or users compared.
        days: One row a day from some weeks before the window to the end of the days after it. date; actual; expected,
            lower, upper (without the change, 95 %; NaN = unknown); phase (before, window, after).
        winsorised: The window with its largest values cut, beside the estimate when few buyers decide it.
    """

    window: Estimate | None = None
    after: Estimate | None = None
    missing_days: int = 0
    after_days: int = 0
    baseline: float = np.nan
    basis: Basis = Basis.NONE
    cautions: tuple[Caution, ...] = ()
    refused: Caution | None = None
    controls: tuple[str, ...] = ()
    n_before: int = 0
    days: pd.DataFrame = field(default_factory=pd.DataFrame)
    winsorised: Estimate | None = None


def total(parts: Sequence[tuple[Estimate, float]], *, seed: int = 0) -> Estimate:
    """The sum of independent estimates, each times a factor.

    Args:
        parts: Estimate and its factor; none gives 0.
        seed: Of the shuffle that makes their draws independent.

    Returns:
        The sum, of 4,000 draws.

    Example:
        >>> one = Estimate(point=1.0, draws=np.linspace(0.0, 2.0, 101))
        >>> round(total([(one, 3.0), (one, 2.0)]).point, 9)
        5.0
    """
    if len(parts) == 1:
        part, factor = parts[0]
        return Estimate(point=part.point * factor, draws=np.sort(part.draws * factor))
    rng, places = np.random.default_rng(seed), (np.arange(4000) + 0.5) / 4000
    draws = np.zeros(len(places))
    for part, factor in parts:
        known = (np.arange(len(part.draws)) + 0.5) / len(part.draws)
        draws += factor * rng.permutation(np.interp(places, known, part.draws))
    return Estimate(point=float(sum(part.point * factor for part, factor in parts)), draws=np.sort(draws))


def ends_of(part: Estimate) -> tuple[float, float, float]:
    """Point, lower and upper end of the 95 % interval."""
    return part.point, part.lower, part.upper


def figures(found: Effect) -> dict[str, Any]:
    """Incremental revenue in the window and with the days after it, each with its 95 % interval; NaN = no figure."""
    ends = [ends_of(part) if part else (math.nan,) * 3 for part in (found.window, found.after)]
    return dict(zip(FIGURES, (*ends[0], *ends[1]), strict=True))
