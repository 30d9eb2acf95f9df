"""The codes results are made of: one word each, the same in data, JSON and the catalogue of words."""

from __future__ import annotations

from enum import StrEnum


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    RANGE = "range"


class Aggregation(StrEnum):
    """How the rows of a month become its value."""

    SUM = "sum"
    MEAN = "mean"
    LAST = "last"
    RATIO = "ratio"
    MEAN_RATE = "mean_rate"


class Status(StrEnum):
    """Whether a goal was met in the period."""

    MET = "met"
    MISSED = "missed"
    NO_DATA = "no_data"


class Reason(StrEnum):
    """Why a goal has no verdict."""

    NONE = ""
    NO_ROWS = "no_rows"
    NO_TARGET = "no_target"
    RUNNING = "running"
    INCOMPLETE = "incomplete"
    UNDEFINED = "undefined"


class Variation(StrEnum):
    """Whether a month of the period stands out from the KPI's own ordinary variation."""

    SIGNAL = "signal"
    NOISE = "noise"
    UNKNOWN = "unknown"


class Assurance(StrEnum):
    """What the process, as it runs, can be expected to do to the target."""

    CONSISTENT_PASS = "consistent_pass"
    CONSISTENT_FAIL = "consistent_fail"
    HIT_OR_MISS = "hit_or_miss"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class LimitsState(StrEnum):
    """How much history stands behind the limits."""

    FROZEN = "frozen"
    TRIAL = "trial"
    NONE = "none"


class Rule(StrEnum):
    """Signals of a process-behaviour chart."""

    BEYOND = "beyond"
    TWO_OF_THREE = "two_of_three"
    RUN7 = "run7"
    RUN8 = "run8"
    TREND7 = "trend7"


ALERT_RULES = (Rule.BEYOND, Rule.TWO_OF_THREE, Rule.RUN8)
"""The rules that raise a signal unless the caller chooses others."""


def is_percent(unit: str) -> bool:
    """Whether a unit says per cent, however it is written.

    Example:
        >>> is_percent("Per cent "), is_percent("fraction")
        (True, False)
    """
    return unit.strip().lower() in {"percent", "per cent", "%", "\uff05", "百分比"}
