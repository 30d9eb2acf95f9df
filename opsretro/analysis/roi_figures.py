"""The figures of a recap: what an activity cost and earned, its rates, its funnel, and its type beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.effect import Basis, Effect, Estimate, ends_of, figures, total
from opsretro.analysis.methods.funnel import CHAIN, FACTORS, explain_miss, factors
from opsretro.analysis.methods.returns import Verdict, judge, profit_ends, ratio

GRADES = {Basis.RANDOMISED: "A", Basis.CONTROLS: "B", Basis.NO_CONTROL: "C", Basis.NONE: ""}
"""How much weight the evidence bears: held out at random, compared with others, compared with its own past."""

STAGES = {
    "reach": "",
    "clicks": "reach",
    "orders": "clicks",
    "gmv": "",
    "gross_profit": "",
    "coupons_issued": "",
    "coupons_redeemed": "coupons_issued",
    "subsidy": "",
    "new_customers": "orders",
    "participants": "reach",
    "interactions": "participants",
    "shares": "participants",
}
"""The stages of the funnel, each with the one it follows from."""
LEAST_COST_CHANGE = 0.1
"""An activity that cost less than this much more than the one before says nothing about the next unit of money."""


def profit_figures(found: Effect, margins: Sequence[float], cost: float) -> dict[str, Any]:
    """Profit and ROI in the window and with the days after it, each with its 95 % interval and verdict.

    Args:
        found: The effect.
        margins: As `judge`.
        cost: As `judge`.

    Returns:
        profit, roi (with _lower, _upper), verdict, probability; the same with _after (verdict_after is empty while
        there is no such day).
    """
    row: dict[str, Any] = {}
    for suffix, gain in (("", found.window), ("_after", found.after)):
        margin = float(np.mean(margins))
        ends = (math.nan,) * 3
        if gain is not None and np.isfinite([*margins, cost]).all():
            spans = [profit_ends(gain, one, cost) for one in margins]
            ends = (gain.point * margin - cost, min(low for low, _ in spans), max(high for _, high in spans))
        verdict, chance = judge(gain, margins, cost)
        for name, value in zip(("", "_lower", "_upper"), ends, strict=True):
            row[f"profit{suffix}{name}"] = value
            row[f"roi{suffix}{name}"] = value / cost if cost > 0 else math.nan
        row[f"verdict{suffix}"] = "" if gain is None and suffix else verdict.value
        row[f"probability{suffix}"] = chance
    return row


def effect_figures(found: Effect) -> dict[str, Any]:
    """The effect itself, its share of what was to be expected, and what it rests on."""
    row = figures(found)
    ends = (math.nan,) * 3 if found.winsorised is None else ends_of(found.winsorised)
    row |= dict(zip(("winsorised", "winsorised_lower", "winsorised_upper"), ends, strict=True))
    for name, one in (("lift", "incremental"), ("lift_lower", "lower"), ("lift_upper", "upper")):
        row[name] = row[one] / found.baseline if found.baseline > 0 else math.nan
    return row | {
        "baseline": found.baseline,
        "missing_days": found.missing_days,
        "after_days": found.after_days,
        "method": found.basis.value,
        "grade": GRADES[found.basis],
        "refused": found.refused.value if found.refused else "",
        "controls": list(found.controls),
        "n_before": found.n_before,
    }


def funnel_rows(funnel: pd.DataFrame, name: str) -> dict[str, dict[str, float]]:
    """Numbers by column, of the plan and of what happened; a version that is absent is empty."""
    mine = funnel[funnel["activity_id"].astype("str") == name] if len(funnel) else funnel
    found: dict[str, dict[str, float]] = {"plan": {}, "actual": {}}
    for _, row in mine.iterrows():
        found[row["version"]] = {stage: float(row[stage]) for stage in (*STAGES, "cost") if stage in row}
    return found


def split_rows(name: str, funnel: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """The plan-to-actual split of the net profit, one row a factor; none without both versions in full."""
    plan, actual = funnel["plan"], funnel["actual"]
    if any(math.isnan(side.get(column, math.nan)) for side in (plan, actual) for column in (*CHAIN, "cost")):
        return []
    moved = explain_miss(plan, actual)
    values = [factors(side) for side in (plan, actual)]
    return [
        {
            "activity_id": name,
            "factor": factor,
            "plan": values[0][factor],
            "actual": values[1][factor],
            "effect": moved[factor],
        }
        for factor in FACTORS
    ]


def by_type(table: pd.DataFrame, gains: Mapping[str, Estimate]) -> pd.DataFrame:
    """Activities summed up by type, the return on the next unit of money beside the average one.

    Args:
        table: One row an effect, oldest first: activity_id, type, n (activities in it), cost, margin.
        gains: Incremental revenue by activity_id, of those that have a figure.

    Returns:
        One row a type, the largest cost first; see `ActivityReview.types`.
    """
    rows = [_type_row(str(kind), part, gains) for kind, part in table.groupby("type")]
    return pd.DataFrame(rows).sort_values("cost", ascending=False) if rows else pd.DataFrame()


def _type_row(kind: str, part: pd.DataFrame, gains: Mapping[str, Estimate]) -> dict[str, Any]:
    known = part[part["activity_id"].isin(list(gains)) & part["cost"].notna() & part["margin"].notna()]
    cost = float(part["cost"].sum(min_count=1))
    earned = total([(gains[row.activity_id], row.margin) for row in known.itertuples()])
    row: dict[str, Any] = {"type": kind, "n": int(part["n"].sum()), "cost": cost}
    row["n_unknown"] = row["n"] - int(known["n"].sum())
    for name, value in (("", earned.point), ("_lower", earned.lower), ("_upper", earned.upper)):
        row[f"profit{name}"] = value - known["cost"].sum() if len(known) else math.nan
        row[f"roi{name}"] = ratio(row[f"profit{name}"], known["cost"].sum())
    verdict = (
        Verdict.PROFIT if row["profit_lower"] > 0 else Verdict.LOSS if row["profit_upper"] < 0 else Verdict.UNCLEAR
    )
    return row | {"verdict": verdict.value} | _marginal(known, gains)


def _marginal(known: pd.DataFrame, gains: Mapping[str, Estimate]) -> dict[str, Any]:
    """The newest two of a type: what the additional money brought."""
    empty = {"newest": "", "previous": "", "marginal_cost": math.nan}
    empty |= {f"marginal_roi{end}": math.nan for end in ("", "_lower", "_upper")}
    if len(known) < 2:
        return empty
    previous, newest = known.iloc[-2], known.iloc[-1]
    row = empty | {"newest": newest["activity_id"], "previous": previous["activity_id"]}
    extra = newest["cost"] - previous["cost"]
    if not extra >= LEAST_COST_CHANGE * previous["cost"]:
        return row
    more = total(
        [
            (gains[newest["activity_id"]], newest["margin"] / extra),
            (gains[previous["activity_id"]], -previous["margin"] / extra),
        ]
    )
    ends = {"": more.point, "_lower": more.lower, "_upper": more.upper}
    return row | {"marginal_cost": extra} | {f"marginal_roi{end}": value - 1.0 for end, value in ends.items()}
