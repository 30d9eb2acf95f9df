"""Turn text cells into numbers, dates and the rest, and name every cell that cannot be turned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd

from opsretro.errors import Problem
from opsretro.tables.contracts import Column, Kind
from opsretro.tables.parse import iso_day, parse_date

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_STONE = r"\s*\d{4}-(0[1-9]|1[0-2])\s*:\s*\d*\.?\d+\s*"
_MILESTONES = re.compile(f"{_STONE}(;{_STONE})*;?\\s*")
VALUES_SHOWN = 5
FIELD_SHOWN = 40
MOST_NUMBER = 1e15
"""Beyond every figure a team has: squares of larger ones leave what a computer can hold."""


def convert(cells: pd.Series, column: Column, source: str) -> tuple[pd.Series, list[Problem]]:
    """One column of text as its kind.

    Args:
        cells: Text cells, indexed by row number; empty cells are missing values.
        column: What the column should hold.
        source: File name for the problems.

    Returns:
        The typed column (numbers float64, dates datetime64, timestamps datetime64 in UTC, the rest text; missing
        stays missing), and a problem for every distinct value that does not fit.
    """
    codes, raw = pd.factorize(cells)
    distinct = [str(text).strip() for text in raw]
    values = _values(distinct, column)
    empty = np.array([not text for text in distinct], dtype=bool)
    wrong = values.isna().to_numpy() & ~empty
    problems = _wrong_values(cells, codes, distinct, wrong, column, source)
    if column.filled and empty.any():
        rows = tuple(int(row) for row in cells.index[empty[codes]])
        problems.append(Problem(code="empty_cell", source=source, column=column.name, rows=rows))
    typed = values.take(codes).set_axis(cells.index).rename(column.name)
    if column.unique:
        problems += _repeated(typed, source)
    return typed, problems


def _values(distinct: list[str], column: Column) -> pd.Series:
    """The distinct texts of a column as its kind; what is empty or wrong is missing."""
    if column.kind in {Kind.NUMBER, Kind.SCORE}:
        numbers = pd.to_numeric(pd.Series(distinct, dtype="object"), errors="coerce").astype("float64")
        return numbers.where(numbers.abs() <= MOST_NUMBER if column.kind is Kind.NUMBER else numbers.between(0, 100))
    if column.kind is Kind.CHOICE:
        return pd.Series([text if text in column.choices else None for text in distinct], dtype="str")
    parse = _PARSERS.get(column.kind, str)
    parsed = pd.Series([parse(text) if text else None for text in distinct], dtype="object")
    if column.kind is Kind.DATE:
        return pd.to_datetime(parsed, format="%Y-%m-%d")
    if column.kind is Kind.TIMESTAMP:
        return pd.to_datetime(parsed, format="ISO8601", utc=True)
    return parsed.astype("str")


def _wrong_values(
    cells: pd.Series, codes: np.ndarray, distinct: list[str], wrong: np.ndarray, column: Column, source: str
) -> list[Problem]:
    problems = []
    found = np.flatnonzero(wrong)
    for code in found[:VALUES_SHOWN]:
        rows = tuple(int(row) for row in cells.index[codes == code])
        problems.append(_wrong_value(distinct[code], rows, column, source))
    if len(found) > VALUES_SHOWN:
        rows = tuple(int(row) for row in cells.index[np.isin(codes, found[VALUES_SHOWN:])])
        problems.append(Problem(code="and_more", source=source, column=column.name, rows=rows))
    return problems


def _wrong_value(text: str, rows: tuple[int, ...], column: Column, source: str) -> Problem:
    shown = text if len(text) <= FIELD_SHOWN else text[:FIELD_SHOWN] + "…"
    fix = _fix(text, column)
    if column.kind is Kind.NUMBER and _is_large(fix or text):
        return Problem(code="number_large", source=source, column=column.name, rows=rows, values={"value": shown})
    code = f"not_a_{column.kind.value}{'_write' if fix else ''}"
    if code == "not_a_number" and any(letter.isdigit() for letter in text):
        code = "not_a_number_plain"
    return Problem(code=code, source=source, column=column.name, rows=rows, values={"value": shown, "fix": fix})


def _is_large(text: str) -> bool:
    """Whether a text is a number beyond any that is taken."""
    return bool(pd.to_numeric(pd.Series([text]), errors="coerce").abs().gt(MOST_NUMBER).item())


def _repeated(typed: pd.Series, source: str) -> list[Problem]:
    again = typed[typed.duplicated(keep=False) & typed.notna()]
    return [
        Problem(
            code="not_unique",
            source=source,
            column=str(typed.name),
            rows=tuple(map(int, rows)),
            values={"value": str(value)},
        )
        for value, rows in again.groupby(again, sort=False).groups.items()
    ]


def _to_stamp(text: str) -> str | None:
    if not _STAMP.fullmatch(text):
        return None
    try:
        return pd.Timestamp(text).isoformat()
    except ValueError:
        return None


def _shares_fit(milestones: str) -> bool:
    """Whether every share of the way lies between 0 and 1."""
    return all(float(part.split(":")[1]) <= 1 for part in milestones.strip(" ;").split(";"))


def _fix(text: str, column: Column) -> str:
    """What to write instead, where it can be guessed from the text; empty where it cannot."""
    if column.kind is Kind.CHOICE:
        return ", ".join(column.choices)
    if column.kind is Kind.NUMBER:
        plain = re.sub(r"[,\s¥$€%]", "", unicodedata.normalize("NFKC", text).replace("\u2212", "-"))
        return plain if _NUMBER.fullmatch(plain) else ""
    if column.kind is Kind.DATE and (parts := re.fullmatch(r"(\d{4})\D(\d{1,2})\D(\d{1,2})", text)):
        year, day, month = (int(part) for part in parts.groups())
        return iso_day(year, month, day) or ""
    return ""


_PARSERS: dict[Kind, Callable[[str], str | None]] = {
    Kind.DATE: parse_date,
    Kind.TIMESTAMP: _to_stamp,
    Kind.MONTH: lambda text: text if _MONTH.fullmatch(text) else None,
    Kind.MILESTONES: lambda text: text if _MILESTONES.fullmatch(text) and _shares_fit(text) else None,
}
