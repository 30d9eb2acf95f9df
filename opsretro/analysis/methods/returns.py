"""What an activity returned: whether it paid for its cost, and the rates and unit costs people ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from opsretro.analysis.methods.effect import Caution, Effect, Estimate


class Verdict(StrEnum):
    """Whether an activity earned more than it cost."""

    PROFIT = "profit"
    LOSS = "loss"
    UNCLEAR = "unclear"


def judge(gain: Estimate | None, margins: Sequence[float], cost: float) -> tuple[Verdict, float]:
    """Whether an effect paid for its cost.

    Args:
        gain: Incremental revenue; None = unknown.
        margins: Margin on it, a fraction; several where several activities share the effect, and then the verdict
            holds for whichever of them earned it.
        cost: In the currency of the revenue; NaN = unknown.

    Returns:
        profit or loss where the 95 % interval of the profit lies on one side of 0, else unclear; and the chance of a
        profit (NaN = unknown, or open because the margins differ).

    Example:
        >>> judge(Estimate(point=500.0, draws=np.linspace(400.0, 600.0, 101)), [0.3], 100.0)
        (<Verdict.PROFIT: 'profit'>, 1.0)
    """
    if gain is None or not np.isfinite([*margins, cost]).all():
        return Verdict.UNCLEAR, math.nan
    low, high = (
        pick(profit_ends(gain, margin, cost)[side] for margin in margins) for side, pick in ((0, min), (1, max))
    )
    verdict = Verdict.PROFIT if low > 0 else Verdict.LOSS if high < 0 else Verdict.UNCLEAR
    chances = sorted(_chance(gain, margin, cost) for margin in margins)
    if verdict == Verdict.UNCLEAR and chances[0] != chances[-1]:
        return verdict, math.nan  # whose margin it earned is not known
    return verdict, chances[-1] if verdict == Verdict.LOSS else chances[0]


def horizon(row: Mapping[str, Any]) -> str:
    """Which figures a verdict rests on: ``_after`` where a profit was bought ahead and does not last, else empty.

    Args:
        row: verdict, verdict_after and warnings of an activity.
    """
    taken_back = row["verdict"] == Verdict.PROFIT and row["verdict_after"] not in {"", Verdict.PROFIT}
    return "_after" if taken_back and Caution.PULL_FORWARD in row["warnings"] else ""


def profit_ends(gain: Estimate, margin: float, cost: float) -> tuple[float, float]:
    """The 95 % interval of incremental revenue x margin − cost."""
    low, high = sorted((gain.lower * margin, gain.upper * margin))
    return low - cost, high - cost


def _chance(gain: Estimate, margin: float, cost: float) -> float:
    if margin == 0:
        return float(cost < 0)
    above = gain.above(cost / margin)
    return above if margin > 0 else 1.0 - above


def recap_figures(row: Mapping[str, Any], actual: Mapping[str, float], plan: Mapping[str, float]) -> dict[str, float]:
    """Rates and unit costs of one activity; NaN where a part is missing or nothing stands below the line.

    Args:
        row: cost, margin, attributed, incremental, baseline of the activity.
        actual: Its funnel, by column.
        plan: The plan of it.

    Returns:
        gmv (of the funnel, else attributed), gmv_per_cost, completion (of the planned gmv), redemption (coupons
        redeemed ÷ issued), subsidy_rate (subsidy ÷ gmv), aov (gmv ÷ orders), acquisition_cost (cost ÷ incremental
        new customers: those of the funnel in proportion to the incremental share of its gmv), break_even (incremental
        revenue that just pays for the cost), break_even_lift (of the baseline), participation (participants ÷ reach),
        interaction (interactions ÷ participants), spread (shares ÷ participants).
    """
    gmv = actual.get("gmv", math.nan)
    gmv = row["attributed"] if math.isnan(gmv) else gmv
    caused = min(1.0, max(0.0, ratio(row["incremental"], gmv)))
    break_even = ratio(row["cost"], row["margin"])
    return {
        "gmv": gmv,
        "gmv_per_cost": ratio(gmv, row["cost"]),
        "completion": ratio(gmv, plan.get("gmv", math.nan)),
        "redemption": _part(actual, "coupons_redeemed", "coupons_issued"),
        "subsidy_rate": ratio(actual.get("subsidy", math.nan), gmv),
        "aov": ratio(gmv, actual.get("orders", math.nan)),
        "acquisition_cost": ratio(row["cost"], actual.get("new_customers", math.nan) * caused),
        "break_even": break_even,
        "break_even_lift": ratio(break_even, row["baseline"]),
        "participation": _part(actual, "participants", "reach"),
        "interaction": _part(actual, "interactions", "participants"),
        "spread": _part(actual, "shares", "participants"),
    }


def _part(funnel: Mapping[str, float], one: str, other: str) -> float:
    return part_of(funnel.get(one), funnel.get(other))


def part_of(one: float | None, other: float | None) -> float:
    """As `ratio`; NaN where one of them is not there."""
    return math.nan if one is None or other is None else ratio(one, other)


def ratio(one: float, other: float) -> float:
    """One number over another; NaN unless the other is above 0."""
    return one / other if other > 0 else math.nan


def payback_days(found: Effect, margin: float, cost: float) -> float:
    """Days from the start until what was earned more than usual had paid for the cost; NaN = not in the days known."""
    if found.days.empty:
        return math.nan
    since = found.days[found.days["phase"] != "before"]
    earned = ((since["actual"] - since["expected"]).fillna(0.0) * margin).cumsum().to_numpy()
    paid = np.flatnonzero(earned >= cost)
    return float(paid[0] + 1) if len(paid) and found.window is not None else math.nan
