"""What the follow-up is asked about: actions as a ledger, a table or a list has them, and the days of their metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.aggregate import known_rows, local_dates
from opsretro.errors import InputError, Problem
from opsretro.tables.actions import CHOICES, COLUMNS, Actions, read_actions
from opsretro.tables.checks import dates_of, number_problems
from opsretro.tables.parse import parse_date

ACTIONS, METRICS = "actions", "metrics"
DAYS = ("due", "start", "check_on")
NUMBERS = ("baseline", "expected_effect")
VALUES = ("value", "numerator", "denominator")
TIMEZONE = "Asia/Shanghai"
"""Whose days a moment in UTC belongs to, where no workspace says."""
ONE_TEXT = {name: (f"{name}_zh", f"{name}_en") for name in ("title", "evidence")} | {"trigger": ("then_zh", "then_en")}


def as_actions(actions: str | Path | Actions | pd.DataFrame | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Actions with every column of the ledger, whatever they came in.

    Args:
        actions: A ledger's file, `Actions`, its table, or rows with an id and any of the ledger's fields.

    Returns:
        The columns of `Actions.table`; what was not given is empty, but for a direction, which the sign of the expected
        effect tells, too.

    Raises:
        InputError: An id is missing or comes twice, a day is no date, a direction or status is none, a number is none;
            names all of it.
    """
    actions = read_actions(actions) if isinstance(actions, (str, Path)) else actions
    actions = actions.table if isinstance(actions, Actions) else actions
    given = actions if isinstance(actions, pd.DataFrame) else pd.DataFrame([dict(action) for action in actions])
    table = given.reset_index(drop=True)
    problems: list[Problem] = []
    for name, columns in ONE_TEXT.items():
        for column in columns if name in table else ():
            table[column] = table.get(column, table[name])
    for column in COLUMNS:
        table[column] = table[column] if column in table else pd.Series(np.nan, index=table.index, dtype="object")
    for column in NUMBERS:
        problems += number_problems(table, column, ACTIONS)
        table[column] = pd.to_numeric(table[column], errors="coerce")
    for column, kind in COLUMNS.items():
        if kind == "str":
            table[column] = [_text(value, row, column, problems) for row, value in table[column].items()]
        elif kind == "int64":
            counts = pd.to_numeric(table[column], errors="coerce")
            table[column] = counts.where(np.isfinite(counts), 0)
    for column in DAYS:
        table[column] = [_day(text, row, column, problems) for row, text in table[column].items()]
    problems += _id_problems(table["id"])
    for column in ("direction", "status"):
        fix = {"fix": ", ".join(CHOICES[column])}
        wrong = table[column][~table[column].isin([*CHOICES[column], ""])]
        problems += [_problem("not_a_choice_write", row, column, {"value": text} | fix) for row, text in wrong.items()]
    if problems:
        raise InputError(problems)
    meant = np.select([table["expected_effect"] > 0, table["expected_effect"] < 0], ["higher", "lower"], "")
    table["direction"] = table["direction"].where(table["direction"] != "", meant)
    return table[list(COLUMNS)].astype(COLUMNS)


def _text(value: Any, row: Any, column: str, problems: list[Problem]) -> str:
    if isinstance(value, (list, tuple, set)):
        problems.append(_problem("action_owners", row, column, {"value": ", ".join(map(str, value))}))
        return ""
    return "" if pd.isna(value) else str(value).strip()


def _day(text: str, row: Any, column: str, problems: list[Problem]) -> str:
    day = parse_date(text.partition(" ")[0].partition("T")[0]) if text and text != "NaT" else ""
    if day is None:
        problems.append(_problem("not_a_date", row, column, {"value": text}))
    return day or ""


def _id_problems(ids: pd.Series) -> list[Problem]:
    found = [_problem("empty_cell", row, "id", {}) for row in ids.index[ids == ""]]
    twice = ids[(ids != "") & ids.duplicated()]
    return found + [_problem("not_unique", row, "id", {"value": text}) for row, text in twice.items()]


def _problem(code: str, row: Any, column: str, values: dict[str, str]) -> Problem:
    return Problem(code=code, source=ACTIONS, column=column, rows=(int(row),), values=values)


def as_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of metrics that exist, with their local day.

    Args:
        metrics: The metrics table, typed or not.

    Raises:
        InputError: A column is missing, a day is none, a value is no number or infinite; names all of it.
    """
    problems = [
        Problem(code="column_missing", source=METRICS, values={"column": column})
        for column, there in (("kpi", "kpi" in metrics), ("date", bool({"date", "ts_utc"} & set(metrics.columns))))
        if not there
    ]
    if problems:
        raise InputError(problems)
    known, numbers = known_rows(metrics), [name for name in VALUES if name in metrics]
    for column in numbers:
        problems += number_problems(known, column, METRICS)
    cells = known["ts_utc" if "ts_utc" in known else "date"]
    cells = cells.astype("str") if pd.api.types.is_integer_dtype(cells.dtype) else cells
    if "ts_utc" in known:
        cells = cells[pd.to_datetime(cells, utc=True, errors="coerce", format="ISO8601").isna()]
    days = dates_of(cells, METRICS, problems)
    if problems:
        raise InputError(problems)
    days = local_dates(known, TIMEZONE) if "ts_utc" in known else days
    typed = {name: pd.to_numeric(known[name]).astype("float64") for name in numbers}
    return known.assign(date=days, kpi=known["kpi"].astype("str"), **typed)
