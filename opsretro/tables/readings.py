"""What each month's run read about each action: lines the run adds to a file of its own, which people never edit."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.cells import MOST_NUMBER
from opsretro.tables.one_writer import alone, replace_whole

FILE = "readings.jsonl"
COLUMNS = {
    **dict.fromkeys(("period", "as_of", "id", "metric", "start", "end", "verdict", "reason"), "str"),
    **dict.fromkeys(("effect", "lower", "upper"), "float64"),
}
CODES = [name for name, kind in COLUMNS.items() if kind == "str" and name != "as_of"]
NUMBERS = [name for name, kind in COLUMNS.items() if kind != "str"]
VERDICTS = ("moved", "not_moved", "cannot_tell")
DIGITS = 6
SAME = 0.005
"""Figures within half a point say the same: another machine computes last digits in another order, and draws follow."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_readings(path: Path) -> pd.DataFrame:
    """The newest reading of each month and action.

    Args:
        path: The file; need not exist. A last line that was cut off by a kill is left out.

    Returns:
        One row a month and action (the one that knew most), months in order: period (``2026-10``); as_of (day up to
        which data was known); id; metric; start, end (days that were compared); verdict, reason (codes); effect, lower,
        upper (NaN = no figure).

    Raises:
        InputError: A line is no reading; names it.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    lines = path.read_bytes().split(b"\n")
    found, wrong = [], []
    for number, line in enumerate(lines, 1):
        reading = _reading(line)
        if reading is not None:
            found.append(reading)
        elif line.strip() and number < len(lines):
            wrong.append(number)
    if wrong:
        raise InputError([Problem(code="reading_broken", source=path.name, rows=tuple(wrong))])
    table = pd.DataFrame(found, columns=list(COLUMNS)).astype(COLUMNS)
    newest = table.sort_values(["period", "as_of"], kind="stable").drop_duplicates(["period", "id"], keep="last")
    return newest.reset_index(drop=True)


def add_readings(path: Path, readings: pd.DataFrame) -> int:
    """Add what is new; a reading that says the same as the newest one of its month and action is not added again.

    Args:
        path: Made when it does not exist; one writer at a time, and every line is there in full or not at all.
        readings: As `read_readings` returns them.

    Returns:
        How many were added.

    Raises:
        InputError: The file holds something else.
        OSError: It cannot be written.
    """
    if not len(_news(read_readings(path), readings)):
        return 0
    with alone(path.parent):
        news = _news(read_readings(path), readings)
        kept = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        kept = [line if line.endswith(b"\n") else line + b"\n" for line in kept if _reading(line) is not None]
        replace_whole(path, b"".join(kept) + "".join(f"{_line(row)}\n" for row in news.to_dict("records")).encode())
    return len(news)


def _news(known: pd.DataFrame, readings: pd.DataFrame) -> pd.DataFrame:
    """The readings that differ from the newest known ones."""
    both = readings[list(COLUMNS)].merge(known, on=["period", "id"], how="left", suffixes=("", "_known"))
    same = pd.Series(True, index=both.index)
    for name in set(CODES) - {"period", "id"}:
        same &= both[name] == both[f"{name}_known"]
    for name in NUMBERS:
        near = (both[name] - both[f"{name}_known"]).abs() <= SAME
        same &= near | (both[name].isna() & both[f"{name}_known"].isna())
    late = both["as_of_known"] > both["as_of"]  # somebody looks back at what was known then
    return readings[~(same | late).to_numpy()]


def _line(row: dict[str, object]) -> str:
    numbers = {name: None if math.isnan(value := float(str(row[name]))) else round(value, DIGITS) for name in NUMBERS}
    return json.dumps({name: row[name] for name in COLUMNS} | numbers, ensure_ascii=False)


def _reading(line: bytes) -> dict[str, object] | None:
    """A line as a reading; None when it is none."""
    try:
        reading = json.loads(line)
        good = all(isinstance(reading[name], str) for name in (*CODES, "as_of"))
        good = good and bool(_MONTH.fullmatch(reading["period"])) and reading["verdict"] in VERDICTS
        good = good and all(reading[name] is None or _is_figure(reading[name]) for name in NUMBERS)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return reading if good else None


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST_NUMBER
