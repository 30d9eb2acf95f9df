"""Checks of frames that were handed over by a program and not read from a file: dates, numbers, one currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from opsretro.errors import Problem


def rows(wrong: pd.Series) -> tuple[int, ...]:
    """Row numbers of the rows that are True, as far as the index holds numbers."""
    found = wrong.index[wrong.to_numpy(dtype=bool)]
    return tuple(int(row) for row in found) if pd.api.types.is_integer_dtype(found) else ()


def number_problems(table: pd.DataFrame, column: str, source: str, *, filled: bool = False) -> Iterator[Problem]:
    """What is no number in a column, or infinite, or missing where it must be filled."""
    cells = table[column]
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    text = numbers.isna() & cells.notna()
    for code, wrong in (("not_a_number_plain", text), ("infinite", pd.Series(np.isinf(numbers), index=cells.index))):
        if wrong.any():
            value = {"value": str(cells[wrong].iloc[0])}
            yield Problem(code=code, source=source, column=column, rows=rows(wrong), values=value)
    if filled and cells.isna().any():
        yield Problem(code="empty_cell", source=source, column=column, rows=rows(cells.isna()))


def one_currency(tables: Mapping[str, pd.DataFrame], currency: str = "") -> list[Problem]:
    """Amounts that name another currency than the rest; nothing is converted."""
    named = [
        (name, table["currency"].dropna().astype("str").str.strip())
        for name, table in tables.items()
        if "currency" in table
    ]
    first = currency or next((cells.iloc[0] for _, cells in named if len(cells)), "")
    return [
        Problem(
            code="currency_mixed",
            source=f"{name}.csv",
            column="currency",
            rows=rows(cells == other),
            values={"value": str(other), "currency": first},
        )
        for name, cells in named
        for other in cells[~cells.isin(["", first])].unique()
    ]


def dates_of(cells: pd.Series, source: str, problems: list[Problem]) -> pd.Series:
    """Days as datetime64 at midnight; what is no date, or missing, is added to the problems."""
    cells = cells.dt.tz_localize(None) if isinstance(cells.dtype, pd.DatetimeTZDtype) else cells
    found = pd.to_datetime(cells, errors="coerce", format="ISO8601").astype("datetime64[ns]").dt.normalize()
    wrong = cells[found.isna()]
    problems += [
        Problem(
            code="not_a_date",
            source=source,
            column=str(cells.name),
            rows=rows(wrong == value),
            values={"value": str(value)},
        )
        for value in wrong.dropna().unique()[:3]
    ]
    if wrong.isna().any():
        problems.append(Problem(code="empty_cell", source=source, column=str(cells.name), rows=rows(wrong.isna())))
    return found
