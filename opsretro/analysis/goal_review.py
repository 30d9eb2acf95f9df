"""The goal review of a period: for every goal the separate verdicts met, variation, assurance and pace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.codes import Status, Variation
from opsretro.analysis.result import Finding, Result

_F, _S, _B, _I = "float64", "str", "bool", "int64"
INTERVALS = ("lower80", "upper80", "lower95", "upper95")

LIKELY = 0.8
"""A chance from which a target counts as likely to be met, and below whose rest as unlikely."""

FALSE_ALERTS = 0.04
"""Share of months in which a KPI that has not changed is flagged all the same; `make bench` measures 3.8 to 4.3 %."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GoalReview(Result):
    """Goals of one period against their targets.

    Attributes:
        goals: One row a goal. goal_id, kpi, dimension, name, owner, unit, direction, aggregation, defects (codes of the
            SMART check, joined by +); weight; actual, target, low, high, baseline, previous (the period before) and its
            previous_target, same_last_year (the KPI's own unit, rates as fractions; NaN = none); attainment (ratio, 1.0
            = on target, NaN = not defined); status, reason, previous_status; against_previous (better, worse or empty);
            variation, signal_months (of the period, joined by +), rules (that fired in the newest of them), side (up,
            down or empty: its side of the mean), better (the side is the wanted one); assurance (``changed`` when the
            period has a signal); limits_state, mean, lower, upper (of the newest month), n_baseline, method (what they
            follow), slope (a month, NaN = no trend), autocorrelation, autocorrelated; rebase_month, rebase_reason (the
            newest); months_met, months_judged (of the year so far); pace (expected end of a running month),
            pace_lower80 … pace_upper95, hit_probability, pace_days (days it rests on); coverage (share of the period's
            days with data), n_days, missing_days (of a daily KPI), n_rows, last_day (ISO).
        months: One row a goal and month up to the period. goal_id, month, value, coverage, running; target, low, high,
            status, attainment (of that month; NaN or empty where the goal did not hold); mean, lower, upper, segment
            (counts the rebases), in_baseline; beyond, two_of_three, run8, signal (the month is flagged by a rule that
            alerts).
        days: One row a goal and day of a running month, or month of a sum's quarter or year. goal_id, date (ISO),
            actual (to date), expected, lower80, upper80, lower95, upper95 (of the days to come), goal_line (what the
            goal wants by that day).
        scores: One row a month of the year so far, of the team: goal_score (1.0 = on target), weight_coverage (share of
            the goals' weight behind it), supervisor, peer, self, data, total (0 to 100; NaN = none).
        score: Mean of the totals of the period's months; None = none.
        year_to_date: Mean of all totals; None = none.
        weights: Of the scores, by assessor.
    """

    section: ClassVar[str] = "goals"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "goals": {
            **dict.fromkeys(("goal_id", "kpi", "dimension", "name", "owner", "unit"), _S),
            **dict.fromkeys(("direction", "aggregation", "defects"), _S),
            **dict.fromkeys(("weight", "actual", "target", "low", "high", "baseline"), _F),
            **dict.fromkeys(("previous", "previous_target", "same_last_year", "attainment"), _F),
            **dict.fromkeys(("status", "reason", "previous_status", "against_previous"), _S),
            **dict.fromkeys(("variation", "rules", "signal_months", "side", "better", "assurance"), _S),
            "limits_state": _S,
            **dict.fromkeys(("mean", "lower", "upper"), _F),
            "n_baseline": _I,
            "method": _S,
            **dict.fromkeys(("slope", "autocorrelation"), _F),
            "autocorrelated": _B,
            **dict.fromkeys(("rebase_month", "rebase_reason"), _S),
            **dict.fromkeys(("months_met", "months_judged"), _I),
            **dict.fromkeys(("pace", *(f"pace_{name}" for name in INTERVALS), "hit_probability"), _F),
            "pace_days": _I,
            "coverage": _F,
            **dict.fromkeys(("n_days", "missing_days", "n_rows"), _I),
            "last_day": _S,
        },
        "months": {
            **dict.fromkeys(("goal_id", "month"), _S),
            **dict.fromkeys(("value", "coverage"), _F),
            "running": _B,
            **dict.fromkeys(("target", "low", "high"), _F),
            "status": _S,
            **dict.fromkeys(("attainment", "mean", "lower", "upper"), _F),
            "segment": _I,
            **dict.fromkeys(("in_baseline", "beyond", "two_of_three", "run8", "signal"), _B),
        },
        "days": {
            **dict.fromkeys(("goal_id", "date"), _S),
            **dict.fromkeys(("actual", "expected", *INTERVALS, "goal_line"), _F),
        },
        "scores": {
            "month": _S,
            **dict.fromkeys(("goal_score", "weight_coverage", "supervisor", "peer", "self", "data", "total"), _F),
        },
    }
    goals: pd.DataFrame
    months: pd.DataFrame
    days: pd.DataFrame
    scores: pd.DataFrame
    score: float | None
    year_to_date: float | None
    weights: Mapping[str, float]

    def goal(self, goal_id: str) -> pd.Series:
        """The row of one goal.

        Raises:
            KeyError: No such goal in this period.
        """
        rows = self.goals.set_index("goal_id", drop=False)
        if goal_id not in rows.index:
            raise KeyError(f"{goal_id!r} is no goal of {self.period}; it has {', '.join(rows.index)}")
        return rows.loc[goal_id]

    def team_score(self) -> pd.DataFrame:
        """The team's score month by month in words, as it stands on the page; no rows without any."""
        return self._view().team_score()

    def advice(self) -> pd.DataFrame:
        """How each goal could be written better, in words; one row a goal that has a defect."""
        return self._view().advice()

    def counts(self) -> dict[str, int]:
        """How many goals there are of each kind, counted once for headline, tile and chart.

        Returns:
            met, missed, open (no verdict), decided, signal, judged (signal or noise could be told), total; and of those
            with a pace: paced, likely (to meet the target: chance of 80 % or more), unlikely (20 % or less).
        """
        goals = self.goals
        met, missed = ((goals["status"] == status).sum() for status in (Status.MET, Status.MISSED))
        counts = {"met": met, "missed": missed, "decided": met + missed, "open": len(goals) - met - missed}
        variation, chance = goals["variation"], goals["hit_probability"]
        counts |= {"signal": (variation == Variation.SIGNAL).sum(), "judged": (variation != Variation.UNKNOWN).sum()}
        counts |= {"paced": chance.notna().sum(), "likely": (chance >= LIKELY).sum()}
        counts["unlikely"] = (1 - chance >= LIKELY).sum()
        return {key: int(count) for key, count in counts.items()} | {"total": len(goals)}


def findings_of(rows: Sequence[Mapping[str, Any]], *, n_months: int = 1) -> tuple[Finding, ...]:
    """What the rows of a review say: how many were met, then every goal, the most important first, then false alarms.

    Args:
        rows: Rows of `GoalReview.goals`.
        n_months: Months of the period that are over, each of which may raise a false alarm.
    """
    met, missed = (sum(row["status"] == status for row in rows) for status in (Status.MET, Status.MISSED))
    summary = Finding(code="goals_met" if met + missed else "goals_open", value=met, n=met + missed or len(rows))
    ranked = sorted(rows, key=_importance)
    judged = sum(row["variation"] != Variation.UNKNOWN for row in rows)
    chance = Finding(code="false_alarms", value=judged * n_months * FALSE_ALERTS, n=judged)
    goals = (Finding(code=_code(row), subject=row["goal_id"], value=row["attainment"]) for row in ranked)
    return (summary, *goals, *([chance] if judged else []))


def _code(row: Mapping[str, Any]) -> str:
    return f"goal_{row['status']}" if row["status"] != Status.NO_DATA else f"goal_{row['reason']}"


def _importance(row: Mapping[str, Any]) -> tuple[int, float, str]:
    """Sort key: a missed goal that is a signal first, a quiet success last; heavier goals before lighter ones.

    Of goals that are still running, those that will hardly be met come first and those that most likely will, last.
    """
    missed, signal = row["status"] == Status.MISSED, row["variation"] == Variation.SIGNAL
    worse = row["better"] != "better"
    chance = row["hit_probability"]
    unlikely, likely = 1 - chance >= LIKELY, chance >= LIKELY
    open_ = row["status"] == Status.NO_DATA and not likely
    order = [missed and signal and worse, missed, unlikely, signal and worse, signal, open_, True]
    weight = row["weight"]
    return order.index(True), -(0.0 if math.isnan(weight) else weight), str(row["goal_id"])
