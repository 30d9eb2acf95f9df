"""What the search for root causes answers: the elements that moved, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum

import pandas as pd


class Movement(StrEnum):
    """What of an element moved."""

    VOLUME = "volume"
    RATE = "rate"
    MIX = "mix"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """An element whose movement is its own, beyond the common growth and the noise.

    Attributes:
        element: Value by dimension, or a list of values in one dimension; dimensions that are not named are free, the
            value None is the missing one.
        effect: ``volume`` of a sum, ``rate`` or ``mix`` of a ratio.
        change: What it moves in the total: of a sum in its unit, of a ratio in points of the total ratio (a fraction).
        lower: Lower end of the 95 % interval of the change.
        upper: Upper end.
        share: Change by the change of the total; NaN where the total did not change, above 1 or below 0 where ups and
            downs cancel.
        multiplier: Actual by expected, given the common growth and the other causes; infinite where nothing was
            expected.
        multiplier_lower: Lower end of its 95 % interval.
        multiplier_upper: Upper end.
        confidence: Probability that exactly these rows are a real cause.
        n: Leaves it covers.
        size: Share of the forecast it holds; of a ratio, of the forecast denominator.
    """

    element: dict[str, object]
    effect: Movement
    change: float
    lower: float
    upper: float
    share: float
    multiplier: float
    multiplier_lower: float
    multiplier_upper: float
    confidence: float
    n: int
    size: float

    @property
    def share_lower(self) -> float:
        """Lower end of the 95 % interval of the share."""
        return min(self._share_ends())

    @property
    def share_upper(self) -> float:
        """Upper end of the 95 % interval of the share."""
        return max(self._share_ends())

    def _share_ends(self) -> tuple[float, float]:
        if math.isnan(self.share) or not self.change:
            return math.nan, math.nan
        return self.lower * self.share / self.change, self.upper * self.share / self.change


@dataclass(frozen=True, kw_only=True)
class Located:
    """Where a total moved.

    Attributes:
        kind: ``sum`` or ``ratio``.
        dims: Dimensions searched.
        causes: Largest change first; empty where nothing stands out.
        growth: Common growth of everything that is no cause, 1.05 = +5 %; of a ratio, of its rate.
        mix_growth: Of a ratio, common growth of its denominator; NaN for a sum.
        actual: Total or total ratio; NaN without a denominator.
        forecast: The same, as forecast.
        change: Actual less forecast.
        explained: What the causes move by the change; NaN where nothing changed.
        n: Leaves.
        tested: Elements searched.
    """

    kind: str
    dims: tuple[str, ...]
    causes: tuple[Cause, ...]
    growth: float
    mix_growth: float
    actual: float
    forecast: float
    change: float
    explained: float
    n: int
    tested: int

    def to_frame(self) -> pd.DataFrame:
        """One row a cause, the most important first; a column a dimension (None = free) and the figures of `Cause`."""
        figures = [name for name in Cause.__dataclass_fields__ if name not in ("element", "effect")]
        rows = [
            {dim: cause.element.get(dim, "*") for dim in self.dims}
            | {"effect": cause.effect.value}
            | {name: asdict(cause)[name] for name in figures}
            for cause in self.causes
        ]
        return pd.DataFrame(rows, columns=[*self.dims, "effect", *figures])
