"""The team's score: goals, supervisor, peers and the team itself, month by month and over the year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Status
from opsretro.analysis.methods.attainment import attainment
from opsretro.analysis.methods.roll_up import roll_up, year_to_date
from opsretro.analysis.methods.targets import is_floor

ASSESSORS = ("supervisor", "peer", "self")
SCORES = ("month", "goal_score", "weight_coverage", *ASSESSORS, "data", "total")


def team_scores(
    verdicts: pd.DataFrame, assessments: pd.DataFrame | None, weights: Mapping[str, float]
) -> tuple[pd.DataFrame, float | None]:
    """Roll goals and assessments up to the team, for every month of the year so far.

    Args:
        verdicts: One row a goal and month, index month: weight, direction, status, attainment, running, and the
            month's target, baseline and value.
        assessments: month, assessor, score; several of one kind in a month count as their mean. None = none.
        weights: By assessor.

    Returns:
        One row a month that is over for every goal: goal_score (1.0 = on target), weight_coverage (share of the goals'
        weight that has an attainment), the scores of supervisor, peer, self and data (0 to 100; NaN = none), total. And
        the mean of the totals.
    """
    given = pd.DataFrame(columns=["month", "assessor", "score"]) if assessments is None else assessments
    ratings = given.groupby(["month", "assessor"])["score"].mean()
    rows = []
    held = verdicts[verdicts["status"] != ""]
    for month, goals in held[~held.index.isin(held.index[held["running"]])].groupby(level=0):
        here = {who: float(score) for (when, who), score in ratings.items() if when == month}
        found = roll_up(_key_results(goals), ratings=here, weights=weights)
        scores = {who: here.get(who, np.nan) for who in ASSESSORS}
        data = np.nan if found.goal_score is None else 100 * found.goal_score
        row = {"month": month, "goal_score": found.goal_score, "weight_coverage": found.weight_coverage}
        rows.append(row | scores | {"data": data, "total": found.total})
    table = pd.DataFrame(rows, columns=list(SCORES))
    return table, year_to_date(table.set_index("month")["total"])


def _key_results(goals: pd.DataFrame) -> pd.DataFrame:
    """Weight and attainment of each goal; goals without a weight do not count, unless none has one."""
    weight = goals["weight"] if goals["weight"].gt(0).any() else goals["weight"].fillna(1.0).clip(lower=1.0)
    counted = goals.assign(weight=weight)[weight.gt(0)]
    return pd.DataFrame({"weight": counted["weight"], "attainment": [_credit(row) for _, row in counted.iterrows()]})


def _credit(goal: pd.Series) -> float:
    """The attainment; where the target is worse than the start, so that there is no way to go, that without a start."""
    floor = is_floor(goal["target"], goal["baseline"], direction=goal["direction"])
    if not floor or goal["status"] not in {Status.MET, Status.MISSED}:
        return float(goal["attainment"])
    found = attainment(goal["value"], goal["target"], direction=goal["direction"])
    return np.nan if found is None else found
