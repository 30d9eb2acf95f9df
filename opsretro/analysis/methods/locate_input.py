"""What is wrong with leaves handed over for a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from opsretro.errors import Problem
from opsretro.tables.checks import number_problems

MEASURES = {
    "sum": ("actual", "forecast"),
    "ratio": ("num_actual", "den_actual", "num_forecast", "den_forecast"),
}
SOURCE = "leaves"


def leaf_problems(
    leaves: pd.DataFrame,
    dims: Sequence[str],
    kind: str,
    min_size: float = 0.0,
    min_confidence: float = 0.5,
    max_depth: int | None = None,
) -> Iterator[Problem]:
    """Everything that keeps leaves from being searched.

    Args:
        leaves: As `locate`, as are the others.
        dims: Columns to search.
        kind: ``sum`` or ``ratio``.
        min_size: Least share of the forecast of an element.
        min_confidence: Least confidence of a cause.
        max_depth: Most dimensions of an element.
    """
    if kind not in MEASURES:
        yield Problem(code="bad_argument", source="kind", values={"value": str(kind), "fix": ", ".join(MEASURES)})
    measures = MEASURES.get(kind, ())
    if not dims:
        columns = [str(name) for name in leaves.columns if name not in measures]
        yield Problem(code="bad_argument", source="dims", values={"value": "", "fix": ", ".join(columns)})
    for name in dict.fromkeys(dim for dim in dims if list(dims).count(dim) > 1 or dim in measures):
        yield Problem(code="column_twice", source="dims", column=str(name))
    yield from _column_problems(leaves, dict.fromkeys([*dims, *measures]), measures)
    for name, value in (("min_size", min_size), ("min_confidence", min_confidence)):
        if not 0 <= value <= 1:
            code = "not_a_count" if value < 0 else "not_a_fraction"
            yield Problem(code=code, source=name, values={"value": str(value), "fix": "0.05"})
    if max_depth is not None and max_depth < 1:
        yield Problem(code="bad_argument", source="max_depth", values={"value": str(max_depth), "fix": "1, 2, 3, …"})


def _column_problems(leaves: pd.DataFrame, names: dict[str, None], measures: Sequence[str]) -> Iterator[Problem]:
    """Columns that are absent or there twice, and measures that are no numbers."""
    for name in names:
        if (times := list(leaves.columns).count(name)) == 0:
            yield Problem(code="column_missing", source=SOURCE, values={"column": str(name)})
        elif times > 1:
            yield Problem(code="column_twice", source=SOURCE, column=str(name))
        elif name in measures:
            yield from number_problems(leaves, name, SOURCE)
