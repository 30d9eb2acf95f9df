"""One table of a workspace: read, its header and its cells checked against what it should look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from opsretro.errors import Problem
from opsretro.tables.cells import convert
from opsretro.tables.contracts import Column, Contract
from opsretro.tables.reader import read_cells


def read_table(path: Path, contract: Contract) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read one table and check it against its contract.

    Args:
        path: CSV file.
        contract: What the table should look like.

    Returns:
        The typed table (None when the file or its header cannot be used) and every problem.
    """
    cells, problems = read_cells(path)
    if cells is None:
        return None, problems
    if found := _header_problems(list(cells.columns), contract, path.name):
        return None, problems + found
    known = {column.name: column for column in contract.columns}
    typed = {}
    for name in cells.columns:
        column = known.get(name, Column(name=name, required=False))
        if column.required or cells[name].ne("").any():
            typed[name], found = convert(cells[name], column, path.name)
            problems += found
    return pd.DataFrame(typed, index=cells.index), problems


def _header_problems(header: list[str], contract: Contract, source: str) -> list[Problem]:
    names = {column.name for column in contract.columns}
    strangers = {name.lower(): name for name in header if name not in names}
    missing = [column.name for column in contract.columns if column.required and column.name not in header]
    unmet = [groups for groups in contract.any_of if not any(set(group) <= set(header) for group in groups)]
    problems = [_missing_column(name, strangers, source) for name in missing]
    return problems + [_missing_choice(groups, strangers, source) for groups in unmet]


def _missing_column(name: str, strangers: Mapping[str, str], source: str) -> Problem:
    close = get_close_matches(name, list(strangers), n=1, cutoff=0.7)
    values = {"column": name, "found": strangers[close[0]] if close else ""}
    return Problem(code="column_misspelt" if close else "column_missing", source=source, values=values)


def _missing_choice(groups: Sequence[Sequence[str]], strangers: Mapping[str, str], source: str) -> Problem:
    """One of several columns is needed; where one stands there under another spelling, that one is named."""
    near = [name for group in groups for name in group if name in strangers]
    if near:
        return _missing_column(near[0], strangers, source)
    choice = " / ".join(" + ".join(group) for group in groups)
    return Problem(code="column_choice", source=source, values={"choice": choice})
