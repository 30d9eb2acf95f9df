"""Money of an activity: what it cost, whether it paid, and why its profit differs from the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from opsretro.analysis.methods.shapley import shapley
from opsretro.errors import InputError, Problem
from opsretro.tables.checks import number_problems, one_currency

CHAIN = ("reach", "clicks", "orders", "gmv", "gross_profit")
FACTORS = ("reach", "ctr", "cvr", "aov", "margin", "cost")


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
