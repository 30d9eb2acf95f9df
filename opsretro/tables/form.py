"""Read one export of a survey form: what was answered, without a trace of who did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from random import SystemRandom

import numpy as np
import pandas as pd

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.form_headers import Column, Role, asked_item, column_of, is_shared, known_wordings, wording_key
from opsretro.tables.form_items import Reading, Scale, read_item
from opsretro.tables.form_labels import read_answer
from opsretro.tables.form_table import FormTable, read_table
from opsretro.tables.form_values import as_month, is_given, role_by_values, tells_who
from opsretro.tables.survey_items import Items, plain_group, survey_items

HEADER_SHOWN = 40

Log = Counter[tuple[str, str]]
"""How many of each kind and column."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """One export without a trace of who answered, when, or in which order.

    Attributes:
        answers: One row a person, shuffled, fresh index: ``month`` and group columns where the form has them (text
            under their own header), then one column an item (float, as typed on the item's own scale, not turned;
            NaN = missing).
        said: Free texts, shuffled by themselves and not redacted: month (missing = the form has none), column (header),
            text.
        log: What was done: kind, column (header or item), n. Kinds: ``identifier``, ``total``, ``dropped`` (columns
            left out; n = filled cells), ``duplicate`` and ``empty`` (rows left out), ``repaired``, ``missing``
            (skipped), ``unsure`` (not sure, not applicable: missing), ``invalid`` (outside the scale, half steps,
            unknown words), ``absent`` (items without a column).
    """

    answers: pd.DataFrame = field(repr=False)
    said: pd.DataFrame = field(repr=False)
    log: pd.DataFrame

    @property
    def comments(self) -> dict[str, list[str]]:
        """Free texts by header; not redacted."""
        return {str(column): list(rows["text"]) for column, rows in self.said.groupby("column", sort=False)}


def read_form(path: str | Path, *, items: Items) -> Form:
    """Read one export of a survey form, whichever tool wrote it.

    问卷星, Tencent, Feishu, Google and Microsoft Forms as delimited text or workbook; numbered headers; labels in
    Chinese or English, codes, or both in one cell. Columns that tell who answered, when or from where go first, by
    their header and by their values. "Not sure" and "not applicable" are missing, never the middle of the scale.

    Args:
        path: The file. Rows repeated in every column count once, if a column (number, time, account) tells rows apart.
        items: As `survey_items`.

    Returns:
        Answers, comments and a log. The order of rows is random on every call, on purpose.

    Raises:
        InputError: The file is no table, no column is an item, an item stands there twice, holds two scales or mostly
            unknown words. Names headers and counts, never an answer.
    """
    return read_forms([Path(path)], items=items)[0]


def read_forms(paths: Sequence[Path], *, items: Items) -> list[Form]:
    """Read exports that may overlap, such as one saved halfway and one at the end.

    Args:
        paths: The files. Those with the same header are read as one: a row that stands in two of them counts once.
        items: As `survey_items`.

    Returns:
        One form a header.

    Raises:
        InputError: As `read_form`; the problems of all files at once.
    """
    asked, problems = survey_items(items), list[Problem]()
    wordings = known_wordings(asked)
    known = cache(partial(asked_item, wordings=wordings))  # files have most cells in common; gone with this call
    tables: dict[tuple[str, ...], list[tuple[str, FormTable]]] = {}
    for path in paths:
        with collecting(problems):
            table = read_table(path, known)
            tables.setdefault(tuple(table.header), []).append((path.name, table))
    forms = []
    for same in tables.values():
        with collecting(problems):
            forms.append(_read(FormTable.joined([table for _, table in same]), asked, ", ".join(n for n, _ in same)))
    if problems:
        raise InputError(problems)
    return forms


def _read(table: FormTable, asked: pd.DataFrame, source: str) -> Form:
    """One table as a form."""
    wordings = known_wordings(asked)
    columns = [column_of(place, header, wordings) for place, header in enumerate(table.header)]
    if not any(column.item for column in columns):
        raise InputError([_no_items(table.header, asked, wordings, source)])
    cells = _once(table.cells, columns)
    columns = [Column(c.place, c.label, role_by_values(c, cells[c.place]), c.item) for c in columns]
    cells = _once(cells, columns)
    log: Log = Counter({("repaired", ""): table.repaired, ("duplicate", ""): len(table.cells) - len(cells)})
    log.update({(c.role.value, c.label): _filled(cells[c.place]) for c in columns if c.role in _LEFT_OUT})
    scored, problems = _scores(cells, columns, asked, log, source)
    if problems:
        raise InputError(problems)
    answers = pd.concat([_groups(cells, columns, list(scored), log), scored], axis=1)
    filled = scored.notna().any(axis=1)
    months = answers.get("month", pd.Series(None, cells.index, dtype="str"))
    said = _said(cells[filled], columns, months[filled], log)
    return _form(answers, filled, said, log)


_LEFT_OUT = {Role.IDENTIFIER, Role.TOTAL, Role.UNKNOWN}


def _form(answers: pd.DataFrame, filled: pd.Series, said: pd.DataFrame, log: Log) -> Form:
    """The form without empty rows, in no order."""
    order = list(np.flatnonzero(filled.to_numpy(dtype="bool")))
    SystemRandom().shuffle(order)
    log["empty", ""] += len(answers) - len(order)
    known = [(kind, column, n) for (kind, column), n in log.items() if n or kind in {"identifier", "total", "absent"}]
    lines = known if len(answers) else [*known, ("empty", "", 0)]
    frame = pd.DataFrame(lines, columns=["kind", "column", "n"])
    frame["kind"] = frame["kind"].replace(Role.UNKNOWN.value, "dropped")
    return Form(answers=answers.iloc[order].reset_index(drop=True), said=said, log=frame)


def _no_items(header: list[str], asked: pd.DataFrame, wordings: Mapping[str, str], source: str) -> Problem:
    """No column is an item: the headers that come close to one, quoted; any other could be what somebody wrote."""
    filled = [cell for cell in header if cell]
    answers = (read_answer(cell) for cell in filled)
    if any(map(tells_who, filled)) or any(answer.labelled or answer.code is not None for answer in answers):
        return Problem(code="survey_no_header", source=source)
    questions = {wording_key(question): question for question in asked["question"]}
    close = {cell: get_close_matches(wording_key(cell), list(questions), n=1, cutoff=0.6) for cell in filled}
    pairs = ", ".join(f"'{cell[:HEADER_SHOWN]}' ≈ '{questions[found[0]]}'" for cell, found in close.items() if found)
    if pairs:
        return Problem(code="survey_close_items", source=source, values={"close": pairs})
    return Problem(code="survey_no_items", source=source, values={"n": str(len(filled))})


def _once(cells: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """Rows repeated in every column once, provided that some column tells one person from another."""
    marks = (cells[c.place] for c in columns if c.role is Role.IDENTIFIER and not is_shared(c.label))
    return cells.drop_duplicates().reset_index(drop=True) if any(map(_tells_apart, marks)) else cells


def _tells_apart(mark: pd.Series) -> bool:
    """Whether a column can hold a value a row: even a file pasted twice has half as many values as rows."""
    n = mark.nunique()
    return 3 * n >= len(mark) and (n > 1 or bool(mark.str.contains(r"\d").any()))


def _filled(cells: pd.Series) -> int:
    return sum(map(is_given, cells))


def _scores(
    cells: pd.DataFrame, columns: list[Column], asked: pd.DataFrame, log: Log, source: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """One column an item, in the order of the items, and every reason to refuse."""
    of_items = [column for column in columns if column.role is Role.ITEM]
    form = frozenset(read_answer(cell) for column in of_items for cell in cells[column.place].unique())
    scored: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for row in asked.drop_duplicates("item").itertuples():
        scale = Scale(item=str(row.item), low=row.low, high=row.high)
        mine = [column for column in of_items if column.item == scale.item]
        readings = [read_item(cells[column.place], scale, form) for column in mine]
        for column, reading in zip(mine, readings, strict=True):
            problems += [replace(found, source=source, column=column.label) for found in reading.problems]
            log.update({(kind, column.label): n for kind, n in reading.counts.items()})
        scored[scale.item], twice = _merged(mine, readings, len(cells), source)
        problems += twice
        log.update({("absent", scale.item): len(cells)} if not mine else {})
    return pd.DataFrame(scored, index=cells.index), problems


def _merged(columns: list[Column], readings: list[Reading], n: int, source: str) -> tuple[np.ndarray, list[Problem]]:
    """One item out of its columns: two wordings of which each person saw one make one, anything else is refused."""
    if not columns:
        return np.full(n, np.nan), []
    values = np.array([reading.values for reading in readings])
    same = len({wording_key(column.label) for column in columns}) < len(columns)
    both = int(((~np.isnan(values)).sum(axis=0) > 1).sum())
    if len(columns) > 1 and (same or both):
        told = {"item": columns[0].item, "columns": ", ".join(f"'{column.label}'" for column in columns)}
        return values[0], [Problem(code="survey_item_twice", source=source, values=told)]
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0)), []


def _groups(cells: pd.DataFrame, columns: list[Column], taken: list[str], log: Log) -> pd.DataFrame:
    """Month and group columns as text, without cells that tell who answered."""
    found: dict[str, list[str | None]] = {}
    for column in columns:
        texts = cells[column.place].map(plain_group)
        if column.role is Role.MONTH and "month" not in found:
            found["month"] = [as_month(text) for text in texts]
            log["invalid", column.label] += sum(
                bool(text) and not month for text, month in zip(texts, found["month"], strict=True)
            )
        elif column.role is Role.GROUP:
            names = (_numbered(column.label, i) for i in range(1, len(columns) + 2))
            name = next(name for name in names if name not in {*found, *taken})
            found[name] = [text if is_given(text) and not tells_who(text) else None for text in texts]
            log.update({("identifier", column.label): n} if (n := sum(map(tells_who, texts))) else {})
    return pd.DataFrame({name: pd.Series(texts, dtype="str") for name, texts in found.items()}, index=cells.index)


def _numbered(label: str, i: int) -> str:
    return label if i == 1 and label != "month" else f"{label} {i}"


def _said(cells: pd.DataFrame, columns: list[Column], months: pd.Series, log: Log) -> pd.DataFrame:
    """Free texts in an order of their own; cells that are nothing but a contact are left out."""
    found: list[tuple[str | None, str, str]] = []
    for column in columns:
        if column.role is Role.COMMENT:
            texts = [
                (month, text.strip()) for month, text in zip(months, cells[column.place], strict=True) if is_given(text)
            ]
            kept = [(month, column.label, text) for month, text in texts if not tells_who(text)]
            log.update({("identifier", column.label): n} if (n := len(texts) - len(kept)) else {})
            found += kept
    SystemRandom().shuffle(found)
    return pd.DataFrame(found, columns=["month", "column", "text"], dtype="str")
