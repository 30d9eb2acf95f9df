"""The suggestion box (意见箱): what was suggested, what was answered, and what still waits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.reader import read_cells
from opsretro.tables.redact import redact

_COLUMNS = ("month", "suggestion", "answer", "answered_in")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_suggestions(path: str | Path, *, month: str, roster: Collection[str] = ()) -> pd.DataFrame:
    """The suggestions to speak of in a month: its own, older ones that still wait, and those answered in it.

    Args:
        path: CSV file with the columns month and suggestion and, if there are any, answer and answered_in (a month).
            An answer without answered_in was given in the month of the suggestion. Rows that are empty throughout are
            none; rows that are alike are as many suggestions. A file that is not there holds no suggestion.
        month: Such as ``2026-10``; later suggestions and later answers do not exist yet.
        roster: Names and ids to hide, as in `redact`.

    Returns:
        One row a suggestion: month (str, when it was raised), text and answer (redacted; answer is empty while it
        waits), answered_in (str, empty while it waits), carried (int, months it has waited, or waited before it was
        answered). The order says nothing about that of the file.

    Raises:
        InputError: The file cannot be read, a column is missing, a month is none, a suggestion is empty, an answer
            is missing although answered_in is filled, or came before the suggestion; names file, column and rows of
            all of it and never what was written.

    Example:
        >>> read_suggestions("survey/no_such_box.csv", month="2026-10").empty
        True
    """
    path = Path(path)
    if not _MONTH.fullmatch(str(month)):
        raise InputError([Problem(code="month_only", source="month", values={"value": str(month)})])
    cells, problems = read_cells(path) if path.exists() else (pd.DataFrame(columns=list(_COLUMNS), dtype=str), [])
    if cells is not None and not problems:
        problems = [
            Problem(code="column_missing", source=path.name, values={"column": name})
            for name in _COLUMNS[:2]
            if name not in cells
        ]
    if cells is None or problems:
        raise InputError(problems)
    box = cells.reindex(columns=list(_COLUMNS), fill_value="").apply(lambda column: column.str.strip())
    box = box[box.ne("").any(axis=1)]
    if problems := list(_row_problems(box, path.name)):
        raise InputError(problems)
    return _as_of(box, str(month), roster)


def _row_problems(box: pd.DataFrame, source: str) -> Iterator[Problem]:
    """Rows that cannot be; the months are not quoted, a cell out of place could hold what somebody wrote."""
    month, answered_in = (box[name].str.fullmatch(_MONTH) for name in ("month", "answered_in"))
    checks = (
        ("empty_cell", "month", box["month"] == ""),
        ("not_a_month", "month", ~month & (box["month"] != "")),
        ("empty_cell", "suggestion", box["suggestion"] == ""),
        ("empty_cell", "answer", (box["answer"] == "") & (box["answered_in"] != "")),
        ("not_a_month", "answered_in", ~answered_in & (box["answered_in"] != "")),
    )
    for code, column, wrong in checks:
        if wrong.any():
            yield Problem(code=code, source=source, column=column, rows=_rows(wrong), values={"value": "…"})
    early = month & answered_in & (box["answered_in"] < box["month"])
    for value in sorted(set(box.loc[early, "answered_in"])):
        rows = _rows(early & (box["answered_in"] == value))
        yield Problem(code="answered_early", source=source, column="answered_in", rows=rows, values={"value": value})


def _rows(wrong: pd.Series) -> tuple[int, ...]:
    return tuple(int(row) for row in wrong.index[wrong])


def _as_of(box: pd.DataFrame, month: str, roster: Collection[str]) -> pd.DataFrame:
    """The suggestions a month has to do with, as they stood at its end."""
    answered_in = box["answered_in"].mask((box["answer"] != "") & (box["answered_in"] == ""), box["month"])
    waits = (answered_in == "") | (answered_in > month)
    kept = (box["month"] <= month) & (waits | (answered_in == month) | (box["month"] == month))
    shown = pd.DataFrame(
        {
            "month": box["month"],
            "text": redact(box["suggestion"], roster),
            "answer": redact(box["answer"].mask(waits, ""), roster),
            "answered_in": answered_in.mask(waits, ""),
        },
        dtype="str",
    )[kept]
    shown["carried"] = (_number(shown["answered_in"].mask(waits[kept], month)) - _number(shown["month"])).astype(
        "int64"
    )
    order = shown.apply(lambda row: hashlib.sha256("\n".join(map(str, row)).encode()).hexdigest(), axis=1)
    return shown.loc[order.astype("str").sort_values(kind="stable").index].reset_index(drop=True)


def _number(months: pd.Series) -> pd.Series:
    """Months counted through, so that a difference is a number of months."""
    return months.str[:4].astype("int64") * 12 + months.str[5:].astype("int64")
