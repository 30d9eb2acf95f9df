"""One dimension after another: what each value did, and what is left of it when the causes found are set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from opsretro.analysis.cause_element import values_of
from opsretro.analysis.methods.locate_grid import factorised

if TYPE_CHECKING:
    from opsretro.analysis.cause_search import Searched

COLUMNS = (
    *("dimension", "value", "is_missing", "actual", "forecast", "weight_before", "weight_after", "rate", "mix"),
    *("cross", "change", "share", "part", "total", "own", "left", "error", "state"),
)
STANDS_OUT = 3.0
"""Standard errors beyond which what is left of a value is more than noise."""
NOTABLE = 0.05
"""A value whose own movement is a smaller share of all movements needs no ruling out."""
MOST_VALUES = 40
"""Values of a dimension that are kept, those that moved most first."""


def drill(searched: Searched) -> pd.DataFrame:
    """What each value of each dimension did.

    Returns:
        One row a dimension and value, the largest movement of a dimension first. dimension, value (text), is_missing;
        actual, forecast (of a ratio: its rates); weight_before, weight_after (of the denominator), rate, mix, cross
        (points of the total ratio; NaN for a sum); change (it brings to the total, in its unit), share (of the
        change of the total); part (of all in its dimension that moved the way of the total; NaN = it moved the other
        way), total (parts added up so far); own (of that change beyond the common growth, without mix), left (of it
        when the causes are set aside too), error (standard error of both), state: ``cause`` (a cause names it),
        ``ruled_out`` (it moved, and the causes leave nothing of that), ``moved`` (something is left), ``quiet``.
    """
    leaves, located = searched.leaves, searched.located
    if located is None:
        return pd.DataFrame()
    side = "num_" if searched.subject.is_ratio else ""
    whole = float(leaves["den_actual"].sum()) if side else 1.0
    own, left = ((leaves[f"{side}actual"] - leaves[name]).to_numpy() / whole for name in ("shared", "fitted"))
    tables = []
    for dim in searched.subject.dims:
        table = _of_ratio(searched.mix, dim) if side else _of_sum(leaves, dim)
        (code,), _ = factorised([leaves[dim]])
        table["own"], table["left"] = (np.bincount(code, part, len(table)) for part in (own, left))
        table["error"] = np.sqrt(np.bincount(code, left**2, len(table)))
        named = [value for cause in located.causes for value in values_of(cause.element.get(dim, []))]
        table["state"] = _states(table, np.array([value in named for value in table["value"]]))
        order = table["change"].abs().sort_values(ascending=False, kind="stable").index
        tables.append(_added_up(table.loc[order], located.change).head(MOST_VALUES).assign(dimension=dim))
    found = pd.concat(tables, ignore_index=True)
    found["share"] = found["change"] / located.change if located.change else np.nan
    found["is_missing"] = found["value"].isna()
    found["value"] = found["value"].map(lambda value: "" if value is None else str(value))
    return found.reindex(columns=list(COLUMNS))


def _added_up(table: pd.DataFrame, change: float) -> pd.DataFrame:
    """Values, the largest movement first, with their parts of all that moved one way."""
    this_way = table["change"].where(table["change"] * change > 0)
    part = this_way / this_way.sum()
    return table.assign(part=part, total=part.cumsum())


def _of_sum(leaves: pd.DataFrame, dim: str) -> pd.DataFrame:
    (code,), (values,) = factorised([leaves[dim]])
    sums = {name: np.bincount(code, leaves[name], len(values)) for name in ("actual", "forecast")}
    table = pd.DataFrame({"value": pd.Series(values, dtype=object), **sums})
    return table.assign(change=table["actual"] - table["forecast"])


def _of_ratio(mix: pd.DataFrame, dim: str) -> pd.DataFrame:
    table = mix[mix["dimension"] == dim].reset_index(drop=True)
    table["mix"] = table.pop("relative_mix")
    table["change"] = table["rate"] + table["mix"] + table["cross"]
    return table.rename(columns={"rate_before": "forecast", "rate_after": "actual"})


def _states(table: pd.DataFrame, named: np.ndarray) -> np.ndarray:
    own, left = (table[name].abs() for name in ("own", "left"))
    moved, remains = (part > STANDS_OUT * table["error"] for part in (own, left))
    moved &= own > NOTABLE * own.sum()
    states = np.where(moved & remains, "moved", np.where(moved, "ruled_out", "quiet"))
    return np.where(named, "cause", states)
