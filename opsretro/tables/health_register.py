"""The register of what was published of a team's health: cells only, never an answer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.reader import read_cells

COLUMNS = ("month", "group", "item", "n", "mean", "decimals", "dist", "suppressed", "reason")


def read_register(path: Path) -> pd.DataFrame:
    """Cells published so far.

    Args:
        path: The register; need not exist.

    Returns:
        One row a month, group and item: n (int), mean (float, NaN = withheld), decimals (int), dist (people by band, or
        None), suppressed (bool), reason (str).

    Raises:
        InputError: It is not a register; nothing is published over a register that cannot be read.
    """
    if not path.exists():
        return empty_cells()
    cells, problems = read_cells(path)
    if cells is None or problems:
        raise InputError(problems)
    try:
        return _typed(cells[list(COLUMNS)])
    except (KeyError, ValueError, TypeError):
        raise InputError([Problem(code="register_broken", source=path.name)]) from None


def empty_cells() -> pd.DataFrame:
    """A register with nothing in it."""
    return _typed(pd.DataFrame(columns=list(COLUMNS), dtype=str))


def _typed(cells: pd.DataFrame) -> pd.DataFrame:
    typed = cells.reset_index(drop=True).astype("str")
    dist = [json.loads(text) if text else None for text in typed["dist"]]
    if not typed["suppressed"].isin(["True", "False"]).all() or not typed["month"].str.fullmatch(r"\d{4}-\d\d").all():
        raise ValueError("not a register")
    return typed.assign(
        n=typed["n"].astype("int64"),
        mean=pd.to_numeric(typed["mean"].mask(typed["mean"] == "")).astype("float64"),
        decimals=typed["decimals"].astype("int64"),
        dist=pd.Series(dist, dtype="object"),
        suppressed=typed["suppressed"] == "True",
    )


def months_that_differ(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Months that stand in both with different cells."""
    both = set(old["month"]) & set(new["month"])
    return sorted(month for month in both if _lines(old[old["month"] == month]) != _lines(new[new["month"] == month]))


def record(path: Path, cells: pd.DataFrame) -> None:
    """Add the months that are new; a month that stands in the register already must be the same.

    Args:
        path: The register; made when it does not exist. It is replaced whole or not at all.
        cells: As `read_register` returns them.

    Raises:
        InputError: A month was published with other cells; nothing is written.
        OSError: The register cannot be written.
    """
    old = read_register(path)
    if differing := months_that_differ(old, cells):
        raise InputError(
            Problem(code="published_differently", source=path.name, values={"month": month}) for month in differing
        )
    fresh = cells[~cells["month"].isin(old["month"])]
    if fresh.empty and path.exists():
        return
    lines = sorted(_lines(old) + _lines(fresh))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text("".join(line + "\n" for line in [",".join(COLUMNS), *lines]), encoding="utf-8")
    draft.replace(path)


def _lines(cells: pd.DataFrame) -> list[str]:
    """One line of the file a cell; the same cell is always the same line."""
    dist = cells["dist"].map(lambda bands: json.dumps(bands, separators=(",", ":")) if bands else "")
    text = cells[list(COLUMNS)].assign(dist=dist, mean=cells["mean"].map("{:.1f}".format).replace("nan", ""))
    return sorted(text.to_csv(index=False, header=False, lineterminator="\n").splitlines())
