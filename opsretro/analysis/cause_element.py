"""Slices of a table: which rows belong to one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

Element = Mapping[str, object]
"""A slice: value, or list of values, by dimension; None stands for a missing one."""


def inside(table: pd.DataFrame, element: Element) -> np.ndarray:
    """Whether each row belongs to a slice.

    Example:
        >>> inside(pd.DataFrame({"tier": ["t1", None, "t3"]}), {"tier": ["t3", None]}).tolist()
        [False, True, True]
    """
    chosen = np.ones(len(table), dtype=bool)
    for dim, value in element.items():
        values = values_of(value)
        known = [one for one in values if one is not None]
        chosen &= (table[dim].isin(known) | (table[dim].isna() & (None in values))).to_numpy(dtype=bool)
    return chosen


def values_of(value: object) -> list[object]:
    """The values of a slice in one dimension, one or many, as a list."""
    return value if isinstance(value, list) else [value]
