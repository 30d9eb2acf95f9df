"""Money of an activity: what it cost, whether it paid, and why its profit differs from the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.effect import Caution, Estimate
from opsretro.analysis.methods.shapley import shapley
from opsretro.errors import InputError, Problem
from opsretro.tables.checks import number_problems, one_currency

CHAIN = ("reach", "clicks", "orders", "gmv", "gross_profit")
FACTORS = ("reach", "ctr", "cvr", "aov", "margin", "cost")


class Verdict(StrEnum):
    """Whether an activity earned more than it cost."""

    PROFIT = "profit"
    LOSS = "loss"
    UNCLEAR = "unclear"


def accrued_cost(ledger: pd.DataFrame) -> pd.Series:
    """What each activity cost: everything it used, whenever the invoice is booked.

    Args:
        ledger: activity_id, item, service_date, booked_date, amount (one currency; a credit note is negative).

    Returns:
        amount by activity_id, in the order of the ids.

    Raises:
        InputError: A column is absent, an amount is missing or infinite, or amounts are in several currencies.

    Example:
        >>> ledger = pd.DataFrame({"activity_id": ["a", "a"], "amount": [300.0, 200.0]})
        >>> accrued_cost(ledger).to_dict()
        {'a': 500.0}
    """
    absent = [name for name in ("activity_id", "amount") if name not in ledger]
    problems = [Problem(code="column_missing", source="cost_ledger.csv", values={"column": name}) for name in absent]
    if not absent:
        problems += [*number_problems(ledger, "amount", "cost_ledger.csv", filled=True)]
        problems += one_currency({"cost_ledger": ledger})
    if problems:
        raise InputError(problems)
    return ledger["amount"].astype("float64").groupby(ledger["activity_id"].astype("str")).sum()


def explain_miss(plan: Mapping[str, Any] | pd.DataFrame, actual: Mapping[str, Any] | pd.DataFrame) -> pd.Series:
    """Why the net profit differs from the plan: how much each factor moved it.

    Net profit is reach x click rate x conversion x basket x margin less cost. A factor that one side cannot know (the
    conversion of no clicks) counts as unchanged.

    Args:
        plan: A row of the funnel: reach, clicks, orders, gmv, gross_profit, cost.
        actual: The same of what happened.

    Returns:
        Change of the net profit by factor: reach, ctr, cvr, aov, margin, cost (a higher cost is negative), in the
        currency of the funnel; they add up to the whole change.

    Raises:
        InputError: A number is missing, infinite or negative where it counts something, or a step follows from nothing
            (orders without clicks); names all of it.

    Source:
        As `shapley`.

    Example:
        >>> plan = {"reach": 1000, "clicks": 100, "orders": 10, "gmv": 1000, "gross_profit": 300, "cost": 200}
        >>> explain_miss(plan, plan | {"gross_profit": 250, "cost": 190}).round(6).to_dict()
        {'reach': 0.0, 'ctr': 0.0, 'cvr': 0.0, 'aov': 0.0, 'margin': -50.0, 'cost': 10.0}
    """
    sides = {"plan": _row(plan), "actual": _row(actual)}
    if problems := [problem for side, row in sides.items() for problem in _step_problems(row, side)]:
        raise InputError(problems)
    before, after = (_factors(row) for row in sides.values())
    known = [factor for factor in before if not (math.isnan(before[factor]) and math.isnan(after[factor]))]
    filled = [
        {f: one[f] if not math.isnan(one[f]) else other[f] for f in known}
        for one, other in ((before, after), (after, before))
    ]
    found = dict.fromkeys(FACTORS, 0.0) | shapley(*filled)
    found["cost"] = float(sides["plan"]["cost"]) - float(sides["actual"]["cost"])
    return pd.Series(found, name="effect").reindex(list(FACTORS))


def _row(given: Mapping[str, Any] | pd.DataFrame) -> Mapping[str, Any]:
    if isinstance(given, pd.DataFrame):
        return given.iloc[0].to_dict() if len(given) else {}
    return dict(given)


def _step_problems(row: Mapping[str, Any], side: str) -> list[Problem]:
    """Every figure of a funnel that cannot be, named."""
    table = pd.DataFrame([row]).reindex(columns=[*CHAIN, "cost"])
    problems = [item for name in table for item in number_problems(table, name, f"funnel.csv {side}", filled=True)]
    if problems:
        return problems
    counts = table.iloc[0][["reach", "clicks", "orders"]].astype("float64")
    problems = [
        Problem(code="not_a_count", source=f"funnel.csv {side}", column=str(name), values={"value": f"{value:g}"})
        for name, value in counts.items()
        if value < 0
    ]
    for parent, child in pairwise(CHAIN):
        if row[parent] == 0 and row[child] != 0:
            values = {"child": child, "parent": parent}
            problems.append(Problem(code="step_from_nothing", source=f"funnel.csv {side}", column=child, values=values))
    return problems


def _factors(row: Mapping[str, Any]) -> dict[str, float]:
    values = [float(row[name]) for name in CHAIN]
    ratios = (child / parent if parent else math.nan for parent, child in pairwise(values))
    return {"reach": values[0], **dict(zip(FACTORS[1:5], ratios, strict=True))}


def judge(gain: Estimate | None, margins: Sequence[float], cost: float) -> tuple[Verdict, float]:
    """Whether an effect paid for its cost.

    Args:
        gain: Incremental revenue; None = unknown.
        margins: Margin on it, a fraction; several where several activities share the effect, and then the verdict
            holds for whichever of them earned it.
        cost: In the currency of the revenue; NaN = unknown.

    Returns:
        profit or loss where the 95 % interval of the profit lies on one side of 0, else unclear; and the chance of a
        profit (NaN = unknown).

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
    return verdict, min(_chance(gain, margin, cost) for margin in margins)


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
