"""Where a running month is heading: the pace of a goal, from the days that are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.analysis.goal_review import INTERVALS
from opsretro.analysis.methods.pace import month_end

if TYPE_CHECKING:
    from opsretro.analysis.goal_facts import MonthlyFacts
    from opsretro.tables.period import Period

COLUMNS = ("pace", *(f"pace_{name}" for name in INTERVALS), "hit_probability")
PATH = ("date", "actual", "expected", *INTERVALS, "goal_line")


def pace(
    goal: Mapping[str, Any],
    fact: MonthlyFacts,
    period: Period,
    asked: Mapping[str, float | None],
    *,
    calendar: pd.DataFrame,
    incomplete_days: int,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Where the period's month is heading, while it is running.

    Args:
        goal: Row of the goals table.
        fact: Months and days of its KPI.
        period: Only a month has a pace.
        asked: target, low and high of the month, None = none.
        calendar: date, day_type and optionally event.
        incomplete_days: Newest days that are still filling up.

    Returns:
        The columns of `GoalReview.goals` (pace and its intervals in the KPI's own unit, hit_probability; NaN = none),
        and one row a day: date (ISO), actual (month to date), expected, the intervals, goal_line (what the goal wants
        by that day).
    """
    if not fact.running or period.kind != "month":
        return dict.fromkeys(COLUMNS, np.nan) | {"pace_days": 0}, pd.DataFrame(columns=list(PATH))
    found = month_end(
        fact.daily,
        month=period.label,
        **asked,
        direction=goal["direction"],
        incomplete_days=incomplete_days,
        calendar=calendar,
        aggregation=fact.daily_kind,
    )
    path = found.path.assign(date=found.path["date"].astype(str).str[:10])
    line = found.path["share"] if goal["aggregation"] == Aggregation.SUM else 1.0
    path["goal_line"] = np.nan if asked["target"] is None else asked["target"] * line
    chance = np.nan if found.hit_probability is None else found.hit_probability
    columns = {"pace": found.point, **{f"pace_{name}": getattr(found, name) for name in INTERVALS}}
    return columns | {"hit_probability": chance, "pace_days": found.days_elapsed}, path


def so_far(values: pd.Series, targets: Mapping[str, float]) -> pd.DataFrame:
    """A quarter or a year of a sum, added up month by month, beside what the goal asks for by then.

    Args:
        values: By month.
        targets: By month of the period.

    Returns:
        As the frame of `pace`, a row a month; actual ends before the first month without a value.
    """
    months = list(targets)
    path = pd.DataFrame({"date": months, "goal_line": np.cumsum(list(targets.values()))})
    path["actual"] = values.reindex(months).to_numpy(dtype=float).cumsum()
    return path.reindex(columns=list(PATH))
