"""What the rooms of the follow-up share: verdicts, reasons, the columns of a reading, a metric and its days."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

LONGEST = 90
"""Days from the start that are compared; later ones say more about everything else than about the action."""
LEAST_DAYS = 7
"""Days with data since the start, public holidays aside, from which there is a verdict."""
WORTH, MOST_WORTH = 0.05, 0.1
"""An effect worth having where nobody said what they hoped for, and the most that has to be ruled out."""


class Verdict(StrEnum):
    """Whether an action moved its metric the wanted way."""

    MOVED = "moved"
    NOT_MOVED = "not_moved"
    CANNOT_TELL = "cannot_tell"


class Reason(StrEnum):
    """Why it cannot be told."""

    NONE = ""
    NO_METRIC = "no_metric"
    NO_DIRECTION = "no_direction"
    NO_START = "no_start"
    NOT_BEGUN = "not_begun"
    DROPPED = "dropped"
    STARTS_LATER = "starts_later"
    METRIC_UNKNOWN = "metric_unknown"
    METRIC_GONE = "metric_gone"
    FEW_DAYS = "few_days"
    JOINT = "joint"
    SHORT_PRE = "short_pre"
    UNDEFINED = "undefined"
    PRE_TREND = "pre_trend"
    REBOUND = "rebound"
    WIDE = "wide"


COLUMNS = (
    "id", "metric", "start", "end", "n_days", "verdict", "reason", "effect", "lower", "upper", "hoped", "probability",
    "warnings", "joint_with", "joint_effect", "joint_lower", "joint_upper",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric:
    """The number an action is meant to move.

    Attributes:
        kpi: The KPI whose rows it is made of; actions on one KPI, or on slices of it, share it.
        days: One value a day by date; empty = there is no such metric.
        unit: As the goal on it says, per cent as fractions.
        known: Whether a KPI or a goal is called so.
    """

    kpi: str = ""
    days: pd.Series = field(default_factory=lambda: pd.Series(dtype="float64", index=pd.DatetimeIndex([])))
    unit: str = ""
    known: bool = True
