"""The activity review of a period: cost, what was attributed, what was caused, and whether it paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.methods.effect import FIGURES
from opsretro.analysis.result import Result

_F, _S, _B, _I, _O = "float64", "str", "bool", "int64", "object"
ENDS = ("", "_lower", "_upper")


def _with_ends(*names: str) -> dict[str, str]:
    return {f"{name}{end}": _F for name in names for end in ENDS}


_ROW = {
    **dict.fromkeys(("activity_id", "name", "type", "owner", "segment", "start", "end"), _S),
    "running": _B,
    "members": _O,
    "joint_id": _S,
    **dict.fromkeys(("budget", "cost", "cost_stated", "over_budget", "booked_share", "margin", "expected_roi"), _F),
    **dict.fromkeys(("attributed", "attributed_profit", "attributed_roi"), _F),
    **dict.fromkeys(FIGURES, _F),
    **dict.fromkeys(("missing_days", "after_days"), _I),
    "baseline": _F,
    **_with_ends("lift", "profit", "roi", "profit_after", "roi_after"),
    **dict.fromkeys(("probability", "probability_after"), _F),
    **dict.fromkeys(("verdict", "verdict_after"), _S),
    **_with_ends("winsorised"),
    **dict.fromkeys(("method", "grade", "refused"), _S),
    **dict.fromkeys(("warnings", "controls"), _O),
    "n_before": _I,
    **dict.fromkeys(("gmv", "gmv_per_cost", "completion", "redemption", "subsidy_rate", "aov", "acquisition_cost"), _F),
    **dict.fromkeys(("break_even", "break_even_lift", "payback_days", "participation", "interaction", "spread"), _F),
    **dict.fromkeys(("last_id", "last_verdict"), _S),
    **_with_ends("last_roi"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ActivityReview(Result):
    """Activities of one period: what each cost, what it caused, why it missed its plan.

    Attributes:
        activities: One row an activity whose window touches the period, by start. activity_id, name, type, owner,
            segment, start, end (ISO, inclusive; of a running one its planned end), running; members (ids), joint_id (of
            the joint effect it is part of, empty = none). Money in the context's currency, NaN = unknown: budget, cost
            (accrual), cost_stated, over_budget (cost − budget), booked_share (of the cost, booked when the window
            closed), margin, expected_roi; attributed, attributed_profit, attributed_roi (as the platform counts);
            incremental (caused in the window), lower, upper (95 %), missing_days (of the window, without data: then no
            profit is told), incremental_after, lower_after, upper_after (with the after_days after it); baseline
            (expected without the activity), lift (of it); profit, roi, profit_after, roi_after, each with its interval
            (_lower, _upper);
            probability (of a profit), verdict (profit, loss, unclear), the same _after (empty = no day after it yet);
            winsorised (a held-out test with its largest buyers cut); method, grade (A held out at random, B compared
            with controls, C with its own past), refused (why there is no figure), warnings (list of codes), controls
            (list), n_before (days or users behind it); gmv … spread as `recap_figures`, payback_days; last_id,
            last_verdict, last_roi: the same type last time.
        joint: The same of activities that cannot be told apart; activity_id is their ids joined by +.
        days: One row an effect and day: activity_id, date (ISO), phase (before, window, after), actual, expected,
            lower, upper (without the activity, 95 %).
        costs: One row a ledger entry: activity_id, item, service_date, booked_date (ISO), amount, late (booked after
            the window).
        funnel: One row an activity and stage: activity_id, stage, plan, actual, share (of the plan), step (of the
            stage it follows from).
        split: One row an activity and factor: activity_id, factor, plan, actual, effect (on the net profit).
        types: One row a type, of the activities of the last 12 months that are over, joint effects included: type, n,
            n_unknown (without a figure), cost; profit and roi of those with a figure, with intervals, verdict; newest
            and previous (ids), marginal_cost (what the newest cost more), marginal_roi (of that money) with its
            interval.
    """

    section: ClassVar[str] = "roi"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "activities": _ROW,
        "joint": _ROW,
        "days": {
            **dict.fromkeys(("activity_id", "date", "phase"), _S),
            **dict.fromkeys(("actual", "expected", "lower", "upper"), _F),
        },
        "costs": {
            **dict.fromkeys(("activity_id", "item", "service_date", "booked_date"), _S),
            "amount": _F,
            "late": _B,
        },
        "funnel": {
            **dict.fromkeys(("activity_id", "stage"), _S),
            **dict.fromkeys(("plan", "actual", "share", "step"), _F),
        },
        "split": {**dict.fromkeys(("activity_id", "factor"), _S), "plan": _F, "actual": _F, "effect": _F},
        "types": {
            "type": _S,
            **dict.fromkeys(("n", "n_unknown"), _I),
            "cost": _F,
            **_with_ends("profit", "roi"),
            **dict.fromkeys(("verdict", "newest", "previous"), _S),
            "marginal_cost": _F,
            **_with_ends("marginal_roi"),
        },
    }
    activities: pd.DataFrame
    joint: pd.DataFrame
    days: pd.DataFrame
    costs: pd.DataFrame
    funnel: pd.DataFrame
    split: pd.DataFrame
    types: pd.DataFrame

    @property
    def judged(self) -> pd.DataFrame:
        """Everything with a verdict of its own: the single activities that have a figure, and the joint effects."""
        own = self.activities[self.activities["joint_id"].eq("") | self.activities["incremental"].notna()]
        return pd.concat([own, self.joint], ignore_index=True)

    def activity(self, activity_id: str) -> pd.Series:
        """Row of one activity, or of a joint effect.

        Raises:
            KeyError: No such activity.
        """
        for frame in (self.activities, self.joint):
            found = frame[frame["activity_id"] == activity_id]
            if len(found):
                return found.iloc[0]
        raise KeyError(activity_id)

    def why(self, activity_id: str) -> Any:
        """The picture of why the net profit of an activity differs from its plan.

        Returns:
            A matplotlib Figure; words in place of it where the funnel does not hold both versions.
        """
        return self._view().why(activity_id)

    def by_type(self) -> Any:
        """The activities of the last 12 months by type, in words.

        Returns:
            A DataFrame of text.
        """
        return self._view().by_type()
