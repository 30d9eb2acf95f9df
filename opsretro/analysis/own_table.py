"""A DataFrame of a team's own notebook as the kit keeps it: plain columns, each of one kind, nothing rounded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from opsretro.errors import Problem

MOST_ROWS = 10_000
MOST_COLUMNS = 50
NUMBERS = ("int64", "float64")
DTYPES = {"int64": "int64", "float64": "float64", "text": "str", "date": "str", "yes_no": "object"}
"""dtype by kind of column. A date is ISO text, a missing text or date is empty, a missing number NaN."""
_NUMERIC = {"integer", "integer-na", "floating", "mixed-integer-float", "decimal"}
_DATES = {"datetime64", "datetime", "date", "period"}
_LARGEST = 2**63 - 1


def own_table(frame: object, problems: list[Problem]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and columns of a frame; an index that says something comes first, as columns.

    Args:
        frame: What a notebook gives; refused unless it is a DataFrame.
        problems: Grows by what is wrong with it.

    Returns:
        The rows, each column of one kind; and the columns: name, kind. Both are empty where the frame is refused.

    Example:
        >>> rows, columns = own_table(pd.DataFrame({"day": pd.to_datetime(["2026-10-01"]), "n": [3]}), [])
        >>> rows.to_dict("records"), columns["kind"].tolist()
        ([{'day': '2026-10-01', 'n': 3}], ['date', 'int64'])
    """
    if not isinstance(frame, pd.DataFrame):
        problems.append(Problem(code="own_no_frame", source="frame", values={"value": type(frame).__name__}))
        return pd.DataFrame(), _columns([], [])
    flat = _flat(frame)
    names = [_name(label) for label in flat.columns]
    before = len(problems)
    _check_shape(flat, names, problems)
    if len(problems) > before:
        return pd.DataFrame(), _columns([], [])
    kept = [_of_one_kind(flat.iloc[:, place]) for place in range(len(names))]
    _check_finite(names, [values for _, values in kept], problems)
    rows = pd.DataFrame({name: values for name, (_, values) in zip(names, kept, strict=True)})
    return rows, _columns(names, [kind for kind, _ in kept])


def _columns(names: Sequence[str], kinds: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"name": list(names), "kind": list(kinds), "unit": [""] * len(names)})


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with what its index says as columns; numbers without a name say nothing."""
    levels = [frame.index.get_level_values(place) for place in range(frame.index.nlevels)]
    told = [level for level in levels if level.name is not None or not pd.api.types.is_integer_dtype(level.dtype)]
    flat = frame.reset_index(drop=True)
    parts = [*(pd.Series(level, index=flat.index) for level in told), flat]
    labels = [*(level.name for level in told), *frame.columns]
    joined = pd.concat(parts, axis=1)
    joined.columns = pd.Index(labels, dtype="object", tupleize_cols=False)
    return joined


def _name(label: object) -> str:
    """A label as text: of several levels joined by a dot, nothing where there is none."""
    parts = label if isinstance(label, tuple) else (label,)
    texts = ["" if _is_missing(part) else " ".join(_moment(part).split()) for part in parts]
    return " · ".join(text for text in texts if text)


def _check_shape(flat: pd.DataFrame, names: Sequence[str], problems: list[Problem]) -> None:
    n_rows, n_columns = flat.shape
    if not (n_rows and n_columns):
        problems.append(Problem(code="own_empty", source="frame"))
    if n_rows > MOST_ROWS or n_columns > MOST_COLUMNS:
        sizes = {"rows": n_rows, "columns": n_columns, "most_rows": MOST_ROWS, "most_columns": MOST_COLUMNS}
        values = {name: f"{size}" for name, size in sizes.items()}
        problems.append(Problem(code="own_large", source="frame", values=values))
    twice = [name for name, n in Counter(names).items() if n > 1]
    problems.extend(Problem(code="column_twice", source="frame", column=name) for name in twice)


def _check_finite(names: Sequence[str], columns: Sequence[pd.Series], problems: list[Problem]) -> None:
    for name, values in zip(names, columns, strict=True):
        rows = [place + 2 for place, value in enumerate(values) if isinstance(value, float) and math.isinf(value)]
        if rows:
            problems.append(Problem(code="infinite", source="frame", column=name, rows=tuple(rows)))


def _of_one_kind(values: pd.Series) -> tuple[str, pd.Series]:
    """Kind of a column, and its values as plain Python has them."""
    cells = list(values.astype(object))
    found = pd.api.types.infer_dtype([cell for cell in cells if not _is_missing(cell)], skipna=True)
    if found in _NUMERIC or (found == "empty" and pd.api.types.is_numeric_dtype(values.dtype)):
        return _number(cells, whole=found == "integer")
    if found == "boolean":
        answers = [None if _is_missing(cell) else bool(cell) for cell in cells]
        return "yes_no", pd.Series(answers, dtype="object")
    texts = ["" if _is_missing(cell) else _moment(cell) for cell in cells]
    return "date" if found in _DATES else "text", pd.Series(texts, dtype="str")


def _number(cells: Sequence[Any], *, whole: bool) -> tuple[str, pd.Series]:
    """Whole numbers where nothing is missing, else floats; numbers too large for either as text."""
    if whole and not any(_is_missing(cell) or abs(int(cell)) > _LARGEST for cell in cells):
        return "int64", pd.Series([int(cell) for cell in cells], dtype="int64")
    try:
        return "float64", pd.Series([math.nan if _is_missing(cell) else float(cell) for cell in cells], dtype="float64")
    except OverflowError:
        return "text", pd.Series(["" if _is_missing(cell) else f"{cell}" for cell in cells], dtype="str")


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _moment(cell: object) -> str:
    """A cell as text; a day or a time without the parts that are nothing."""
    if isinstance(cell, datetime):
        text = cell.replace(tzinfo=None).isoformat(sep=" ")
        return text.removesuffix(":00").removesuffix(" 00:00")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
