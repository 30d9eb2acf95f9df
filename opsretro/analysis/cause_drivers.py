"""Which factor of a KPI moved: sales as visits × orders a visit × value of an order, in all and in each slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd

from opsretro.analysis.cause_element import Element, inside
from opsretro.analysis.methods.drivers import drivers


def driver_table(tables: Mapping[str, pd.DataFrame], elements: Sequence[Element]) -> pd.DataFrame:
    """Split the change of a sum, and of each slice of it that moved, over the factors of its chain.

    Args:
        tables: Leaves of every KPI of the chain (actual, forecast), the widest first, the KPI itself last.
        elements: Slices; the whole comes before them.

    Returns:
        One row a slice (rank; 0 = the whole) and factor: factor (``visits``, ``orders/visits``, …), before (as its
        past lets expect), after, effect (on the KPI, in its unit), method. No rows for a slice that the chain's KPIs
        do not know, or where a step is missing or zero.
    """
    names = list(tables)
    factors = [names[0], *(f"{child}/{parent}" for parent, child in pairwise(names))]
    found = []
    for rank, element in enumerate([{}, *elements]):
        if not all(set(element) <= set(table.columns) for table in tables.values()):
            continue
        sums = [table.loc[inside(table, element), ["forecast", "actual"]].sum() for table in tables.values()]
        before, after = ([float(each[side]) for each in sums] for side in ("forecast", "actual"))
        if min([*before[:-1], *after[:-1]]) <= 0:
            continue
        sides = [dict(zip(factors, _factors(values), strict=True)) for values in (before, after)]
        split = drivers(*sides)
        table = pd.DataFrame({"before": sides[0], "after": sides[1], "effect": dict(split.effects)})
        found.append(table.rename_axis("factor").reset_index().assign(rank=rank, method=split.method))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _factors(chain: Sequence[float]) -> list[float]:
    return [chain[0], *(child / parent for parent, child in pairwise(chain))]
