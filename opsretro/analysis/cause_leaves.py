"""The leaves of a KPI: what each slice was, is, and was to be by its own past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.analysis.methods.expected_leaves import expected_leaves

if TYPE_CHECKING:
    from opsretro.analysis.cause_subjects import Subject


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days under review and those they are compared with.

    Attributes:
        period: Days under review.
        base: Days to expect from.
        extends: Whether the base is the recent past, from which a movement that had begun before is taken out.
    """

    period: pd.DatetimeIndex
    base: pd.DatetimeIndex
    extends: bool = False

    def seen(self, days: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
        """The days of both sides that have data."""
        return days.intersection(self.period), days.intersection(self.base)


def leaves_of(subject: Subject, span: Span, calendar: pd.DataFrame | None) -> pd.DataFrame:
    """The leaves of a KPI, of a level on the newest day of either side.

    Returns:
        One row a leaf: its dimensions, and actual, base, forecast; of a ratio num_actual, … den_forecast.
    """
    if subject.aggregation is Aggregation.LAST:
        now, then = (side[-1:] for side in span.seen(subject.days))
        span, calendar = replace(span, period=now, base=then), None
    dims, leaves = list(subject.dims), pd.DataFrame()
    for measure in subject.measures:
        found = expected_leaves(subject.rows, dims, measure, period=span.period, base=span.base, calendar=calendar)
        start = f"{measure}_" if subject.is_ratio else ""
        table = found.rename(columns={name: f"{start}{name}" for name in ("actual", "base", "forecast")})
        leaves = table if leaves.empty else leaves.merge(table, on=dims, how="outer") if dims else leaves.join(table)
    numbers = leaves.columns.difference(dims)
    return leaves.fillna(dict.fromkeys(numbers, 0.0))
