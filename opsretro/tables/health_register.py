"""The register of what was published of a team's health: cells only, never an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.one_writer import alone, replace_whole
from opsretro.tables.reader import read_cells

SMALLEST = 5
"""People behind a cell that is shown."""
EVERYBODY = "all"
"""The group of everybody who answered."""
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
        raise InputError([Problem(code="register_broken", source=path.name)])
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
    known = typed["suppressed"].isin(["True", "False"]) & typed["month"].str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])")
    if not known.all() or not all(map(_are_bands, dist)) or typed.duplicated(["month", "group", "item"]).any():
        raise ValueError("not a register")
    typed = typed.assign(
        n=typed["n"].astype("int64"),
        mean=pd.to_numeric(typed["mean"].mask(typed["mean"] == "")).astype("float64"),
        decimals=typed["decimals"].astype("int64"),
        dist=pd.Series(dist, dtype="object"),
        suppressed=typed["suppressed"] == "True",
    )
    shown = typed[~typed["suppressed"]]
    if (shown["n"] < SMALLEST).any() or not shown["mean"].between(1, 5).all():
        raise ValueError("not a register")
    return in_order(typed)


def _are_bands(bands: object) -> bool:
    return bands is None or (isinstance(bands, dict) and all(type(n) is int for n in bands.values()))


def in_order(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells by month, everybody before the groups, and item."""
    cells = cells.reset_index(drop=True)
    keys = cells.assign(group=cells["group"].mask(cells["group"] == EVERYBODY, ""))[["month", "group", "item"]]
    return cells.loc[keys.sort_values(list(keys), kind="stable").index].reset_index(drop=True)


def months_that_differ(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Months that stand in both with different cells."""
    both = set(old["month"]) & set(new["month"])
    return sorted(month for month in both if _text(old[old["month"] == month]) != _text(new[new["month"] == month]))


def record(path: Path, cells: pd.DataFrame) -> None:
    """Add the months that are new; a month that stands in the register already must be the same.

    Args:
        path: The register; made when it does not exist. It is replaced whole or not at all, by one writer at a time.
        cells: As `read_register` returns them.

    Raises:
        InputError: A month was published with other cells; nothing is written.
        OSError: The register cannot be written.
    """
    if path.exists() and set(cells["month"]) <= set(read_register(path)["month"]):
        _check(read_register(path), cells, path)
        return
    with alone(path.parent):
        old = read_register(path)
        _check(old, cells, path)
        fresh = cells[~cells["month"].isin(old["month"])]
        replace_whole(path, _text(pd.concat([frame for frame in (old, fresh) if len(frame)] or [old])).encode())


def _check(old: pd.DataFrame, cells: pd.DataFrame, path: Path) -> None:
    if differing := months_that_differ(old, cells):
        raise InputError(
            Problem(code="published_differently", source=path.name, values={"month": month}) for month in differing
        )


def _text(cells: pd.DataFrame) -> str:
    """The file: the same cells are always the same bytes."""
    ordered = in_order(cells)
    dist = ordered["dist"].map(lambda bands: json.dumps(bands, separators=(",", ":")) if bands else "")
    mean = ordered["mean"].map("{:.1f}".format).replace("nan", "")
    return ordered[list(COLUMNS)].assign(dist=dist, mean=mean).to_csv(index=False, lineterminator="\n")
