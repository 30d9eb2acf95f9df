"""The goal review of a month: for every goal three separate verdicts — met, variation, assurance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.codes import Status, Variation
from opsretro.analysis.result import Finding, Result

_F, _S, _B, _I = "float64", "str", "bool", "int64"


@dataclass(frozen=True, kw_only=True, eq=False)
class GoalReview(Result):
    """Goals of one period against their targets.

    Attributes:
        goals: One row a goal. goal_id, kpi, dimension, name, owner, unit, direction (codes); weight; actual, target,
            low, high, baseline, previous (the month before) and its previous_target, same_last_year (the KPI's own
            unit, rates as fractions; NaN = none);
            attainment (ratio, 1.0 = on target, NaN = not defined); status, reason, previous_status; variation, rules
            (those that fired, joined by +), side (up, down or empty: against the mean), better (the side is the wanted
            one); assurance (``changed`` when the newest month is a signal); limits_state, mean, lower, upper,
            n_baseline; coverage (share of the month's days with data), n_days, missing_days (of a daily KPI), n_rows,
            last_day (ISO).
        months: One row a goal and month up to the period. goal_id, month, value, coverage, in_baseline, beyond,
            two_of_three, run8, signal (the month is flagged by a rule that alerts).
    """

    section: ClassVar[str] = "goals"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "goals": {
            **dict.fromkeys(("goal_id", "kpi", "dimension", "name", "owner", "unit", "direction"), _S),
            **dict.fromkeys(("weight", "actual", "target", "low", "high", "baseline"), _F),
            **dict.fromkeys(("previous", "previous_target", "same_last_year", "attainment"), _F),
            **dict.fromkeys(("status", "reason", "previous_status"), _S),
            **dict.fromkeys(("variation", "rules", "side", "better", "assurance", "limits_state"), _S),
            **dict.fromkeys(("mean", "lower", "upper"), _F),
            "n_baseline": _I,
            "coverage": _F,
            **dict.fromkeys(("n_days", "missing_days", "n_rows"), _I),
            "last_day": _S,
        },
        "months": {
            **dict.fromkeys(("goal_id", "month"), _S),
            **dict.fromkeys(("value", "coverage"), _F),
            **dict.fromkeys(("in_baseline", "beyond", "two_of_three", "run8", "signal"), _B),
        },
    }
    goals: pd.DataFrame
    months: pd.DataFrame

    def goal(self, goal_id: str) -> pd.Series:
        """The row of one goal.

        Raises:
            KeyError: No such goal in this period.
        """
        rows = self.goals.set_index("goal_id", drop=False)
        if goal_id not in rows.index:
            raise KeyError(f"{goal_id!r} is no goal of {self.period}; it has {', '.join(rows.index)}")
        return rows.loc[goal_id]

    def counts(self) -> dict[str, int]:
        """How many goals there are of each kind, counted once for headline, tile and chart.

        Returns:
            met, missed, open (no verdict), decided, signal, judged (signal or noise could be told), total.
        """
        goals = self.goals
        met, missed = ((goals["status"] == status).sum() for status in (Status.MET, Status.MISSED))
        counts = {"met": met, "missed": missed, "decided": met + missed, "open": len(goals) - met - missed}
        counts["signal"] = (goals["variation"] == Variation.SIGNAL).sum()
        counts["judged"] = (goals["variation"] != Variation.UNKNOWN).sum()
        return {key: int(count) for key, count in counts.items()} | {"total": len(goals)}


def findings_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """What the rows of a review say: how many were met, then every goal, the most important first."""
    met, missed = (sum(row["status"] == status for row in rows) for status in (Status.MET, Status.MISSED))
    summary = Finding(code="goals_met" if met + missed else "goals_open", value=met, n=met + missed or len(rows))
    ranked = sorted(rows, key=_importance)
    return (summary, *(Finding(code=_code(row), subject=row["goal_id"], value=row["attainment"]) for row in ranked))


def _code(row: Mapping[str, Any]) -> str:
    return f"goal_{row['status']}" if row["status"] != Status.NO_DATA else f"goal_{row['reason']}"


def _importance(row: Mapping[str, Any]) -> tuple[int, float, str]:
    """Sort key: a missed goal that is a signal first, a quiet success last; heavier goals before lighter ones."""
    missed, signal = row["status"] == Status.MISSED, row["variation"] == Variation.SIGNAL
    worse = row["better"] != "better"
    order = [missed and signal and worse, missed, signal and worse, signal, row["status"] == Status.NO_DATA, True]
    weight = row["weight"]
    return order.index(True), -(0.0 if math.isnan(weight) else weight), str(row["goal_id"])
