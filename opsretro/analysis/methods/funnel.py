"""The funnel of an activity, from reach to gross profit, and why its net profit differs from the plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from opsretro.analysis.methods.shapley import shapley
from opsretro.errors import InputError, Problem
from opsretro.tables.checks import number_problems, rows

CHAIN = ("reach", "clicks", "orders", "gmv", "gross_profit")
FACTORS = ("reach", "ctr", "cvr", "aov", "margin", "cost")


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
    if problems := [problem for side, row in sides.items() for problem in _side_problems(row, side)]:
        raise InputError(problems)
    before, after = (factors(row) for row in sides.values())
    moved = before.pop("cost") - after.pop("cost")
    known = [factor for factor in before if not (math.isnan(before[factor]) and math.isnan(after[factor]))]
    filled = [
        {f: one[f] if not math.isnan(one[f]) else other[f] for f in known}
        for one, other in ((before, after), (after, before))
    ]
    found = dict.fromkeys(FACTORS, 0.0) | shapley(*filled)
    return pd.Series(found | {"cost": moved}, name="effect").reindex(list(FACTORS))


def _row(given: Mapping[str, Any] | pd.DataFrame) -> Mapping[str, Any]:
    if isinstance(given, pd.DataFrame):
        return given.iloc[0].to_dict() if len(given) else {}
    return {} if given is None else dict(given)


def _side_problems(row: Mapping[str, Any], side: str) -> list[Problem]:
    """Every figure of one side that is missing or cannot be, named."""
    table = pd.DataFrame([row], index=["row"]).reindex(columns=[*CHAIN, "cost"])
    problems = [item for name in table for item in number_problems(table, name, f"funnel.csv {side}", filled=True)]
    return problems or list(step_problems(table, f"funnel.csv {side}"))


def step_problems(funnel: pd.DataFrame, source: str) -> Iterator[Problem]:
    """Counts below zero, and steps that follow from nothing.

    Args:
        funnel: As `explain_miss`, a row or more; missing numbers are no problem here.
        source: Where it comes from.
    """
    table = funnel.reindex(columns=list(CHAIN)).apply(pd.to_numeric, errors="coerce")
    for name in ("reach", "clicks", "orders"):
        if (below := table[name] < 0).any():
            values = {"value": f"{table.loc[below, name].iloc[0]:g}"}
            yield Problem(code="not_a_count", source=source, column=name, rows=rows(below), values=values)
    for parent, child in pairwise(CHAIN):
        wrong = (table[parent] == 0) & table[child].notna() & (table[child] != 0)
        if wrong.any():
            values = {"child": child, "parent": parent}
            yield Problem(code="step_from_nothing", source=source, column=child, rows=rows(wrong), values=values)


def factors(row: Mapping[str, Any]) -> dict[str, float]:
    """What a net profit is made of: reach, ctr, cvr, aov, margin, cost; NaN where nothing stands below the line."""
    values = [float(row[name]) for name in CHAIN]
    ratios = (child / parent if parent else math.nan for parent, child in pairwise(values))
    return dict(zip(FACTORS, (values[0], *ratios, float(row["cost"])), strict=True))
