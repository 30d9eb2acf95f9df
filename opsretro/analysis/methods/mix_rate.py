"""Why a ratio moved: because its slices' own rates did, or because their weights did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsretro.analysis.methods.locate_grid import factorised
from opsretro.analysis.methods.locate_input import leaf_problems
from opsretro.errors import InputError, Problem

PARTS = ("rate", "mix", "cross")


@dataclass(frozen=True, kw_only=True, eq=False)
class MixRate:
    """The change of a ratio, split by one dimension after another.

    Attributes:
        table: One row a dimension and value (missing = unknown): dimension, value; weight_before, weight_after (of the
            denominator, 0 to 1); rate_before, rate_after (NaN where nothing stands below the line); rate, mix, cross
            (what each moves in the whole ratio, as a fraction: 0.004 = 0.4 points); relative_mix (mix by how far the
            slice lies off the whole ratio: what its weight moves; adds up to the same). Within a dimension rate, mix
            and cross add up to `change` to the last digit.
        method: ``base_weights``: rate at the weights before, mix at the rates before, cross apart.
        before: The ratio before.
        after: The ratio after.
    """

    table: pd.DataFrame
    method: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """The whole change of the ratio."""
        return self.after - self.before

    @property
    def totals(self) -> pd.DataFrame:
        """Rate, mix and cross by dimension."""
        return self.table.groupby("dimension", sort=False)[list(PARTS)].sum()


def mix_rate(leaves: pd.DataFrame, dims: Sequence[str]) -> MixRate:
    """Split the change of a ratio into rate, mix and cross, once for each dimension.

    A value that is new or has vanished has one rate only: its coming or going counts as mix.

    Args:
        leaves: One row a leaf: the dimensions, and num_actual, den_actual, num_forecast, den_forecast (before).
            Missing numbers count as 0 (the leaf was not there); missing values of a dimension are a value of their own.
        dims: Columns to split by.

    Returns:
        The split. It says which slices the change sits in, not why.

    Raises:
        InputError: As `locate`; or a denominator adds up to zero.

    Source:
        E. M. Kitagawa, Components of a difference between two rates, JASA 50 (1955), with the interaction kept apart.

    Example:
        >>> leaves = pd.DataFrame({"tier": ["t1", "t3"], "num_forecast": [800, 40], "den_forecast": [8000, 2000],
        ...                        "num_actual": [315, 154], "den_actual": [3000, 7000]})
        >>> mix_rate(leaves, ["tier"]).totals.round(4).to_dict("records")
        [{'rate': 0.0044, 'mix': -0.04, 'cross': -0.0015}]
    """
    if problems := list(leaf_problems(leaves, dims, "ratio")):
        raise InputError(problems)
    sides = {
        name: pd.to_numeric(leaves[name]).fillna(0.0).to_numpy(dtype=float)
        for name in ("num_forecast", "den_forecast", "num_actual", "den_actual")
    }
    whole = {name: float(numbers.sum()) for name, numbers in sides.items()}
    if empty := [name for name in ("den_forecast", "den_actual") if whole[name] == 0]:
        raise InputError(Problem(code="nothing_below", source="leaves", column=name) for name in empty)
    before, after = (whole[f"num_{side}"] / whole[f"den_{side}"] for side in ("forecast", "actual"))
    tables = [_split(dim, leaves[dim], sides, before, after) for dim in dims]
    return MixRate(table=pd.concat(tables, ignore_index=True), method="base_weights", before=before, after=after)


def _split(dim: str, cells: pd.Series, sides: Mapping[str, np.ndarray], before: float, after: float) -> pd.DataFrame:
    (code,), (values,) = factorised([cells])
    sums = {name: np.bincount(code, numbers, len(values)) for name, numbers in sides.items()}
    weights, rates = [], []
    for side in ("forecast", "actual"):
        den = sums[f"den_{side}"]
        weights.append(den / den.sum())
        rates.append(np.divide(sums[f"num_{side}"], den, out=np.full(len(den), np.nan), where=den != 0))
    base = [np.where(np.isnan(one), other, one) for one, other in (rates, rates[::-1])]
    old, new = (np.nan_to_num(rate) for rate in base)
    shift, moved = weights[1] - weights[0], new - old
    found = {"rate": weights[0] * moved, "mix": shift * old, "cross": shift * moved}
    brought = sums["num_actual"] / sums["den_actual"].sum() - sums["num_forecast"] / sums["den_forecast"].sum()
    found["rate"] = found["rate"] + (brought - sum(found.values()))  # a numerator without anything below it
    _close(found, after - before)
    return pd.DataFrame(
        {
            "dimension": dim,
            "value": pd.Series(values, dtype=object),
            "weight_before": weights[0],
            "weight_after": weights[1],
            "rate_before": rates[0],
            "rate_after": rates[1],
            **found,
            "relative_mix": shift * (old - before),
        }
    )


def _close(found: Mapping[str, np.ndarray], change: float) -> None:
    """What rounding left over goes to the largest term, so that all of them add up to the last digit."""
    part = max(found, key=lambda name: np.abs(found[name]).max(initial=0.0))
    place = int(np.abs(found[part]).argmax())
    for _ in range(3):
        found[part][place] += change - sum(float(terms.sum()) for terms in found.values())
