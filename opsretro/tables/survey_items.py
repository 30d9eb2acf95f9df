"""The items of a survey: what is asked, on which scale, and which way it points."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from opsretro.errors import InputError, Problem
from opsretro.tables.checks import rows
from opsretro.tables.reader import read_cells

COLUMNS = ("question", "item", "dimension", "scale", "reversed")
_SCALE = re.compile(r"(\d{1,3})\s*[-\u2010-\u2015\u2212~]\s*(\d{1,3})")
_TURNED = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}

Items: TypeAlias = pd.DataFrame | str | Path | Iterable[str]
"""A table of items, the path of one, or item ids (each its own question and dimension, scale 1-5, not reversed)."""


def survey_items(items: Items) -> pd.DataFrame:
    """The items of a survey in one form, whatever they came as.

    Args:
        items: Frame or CSV with question, item, dimension, scale (`1-5`, `0-10`), reversed (Y/N), one row a wording;
            or item ids; or what this function returned.

    Returns:
        One row a wording, fresh index: question, item, dimension (str), low, high (float, ends of the scale as typed),
        reversed (bool).

    Raises:
        InputError: A column is missing, a cell empty, a scale none, wordings of one item disagree, or one wording
            belongs to two items; names all of it.

    Example:
        >>> survey_items(["clarity"]).to_dict("records")
        [{'question': 'clarity', 'item': 'clarity', 'dimension': 'clarity', 'low': 1.0, 'high': 5.0, 'reversed': False}]
    """
    table, source = _table(items)
    if {"low", "high"} <= set(table) and "scale" not in table:
        table = table.assign(scale=[f"{low:g}-{high:g}" for low, high in zip(table["low"], table["high"], strict=True)])
    absent = [Problem(code="column_missing", source=source, values={"column": c}) for c in COLUMNS if c not in table]
    if absent:
        raise InputError(absent)
    if not len(table):
        raise InputError([Problem(code="empty_file", source=source)])
    text = table[list(COLUMNS)].fillna("").astype("str").apply(lambda cells: cells.str.strip())
    ends = text["scale"].map(_ends)
    problems = [*_cell_problems(text, ends, source)]
    if problems := problems or [*_sense_problems(text, source)]:
        raise InputError(problems)
    found = text[["question", "item", "dimension"]].assign(
        low=ends.str[0].astype("float64"),
        high=ends.str[1].astype("float64"),
        reversed=text["reversed"].str.lower().map(_TURNED).astype("bool"),
    )
    return found.reset_index(drop=True)


def on_five(values: ArrayLike, item_row: Mapping[str, Any] | pd.Series) -> np.ndarray:
    """Typed answers of one item on the scale 1 to 5, turned when the item is reversed.

    Args:
        values: What was typed, on the item's own scale.
        item_row: A row of `survey_items` (its low, high, reversed).

    Returns:
        Floats from 1 (least favourable) to 5; NaN where missing, outside the scale or between two of its steps.

    Example:
        >>> on_five([1, 10, 5.5, 11], {"low": 1, "high": 10, "reversed": True}).tolist()
        [5.0, 1.0, nan, nan]
    """
    typed = np.asarray(values, dtype="float64")
    low, high = float(item_row["low"]), float(item_row["high"])
    valid = (typed >= low) & (typed <= high) & (typed == np.floor(typed))
    five = 1 + 4 * (np.where(valid, typed, np.nan) - low) / (high - low)
    return 6 - five if item_row["reversed"] else five


def plain_group(text: str) -> str:
    """A group as everybody would write it: plain width, single spaces, no marks that nobody sees.

    Example:
        >>> plain_group("内容组（新） ")
        '内容组(新)'
    """
    plain = unicodedata.normalize("NFKC", text)
    return " ".join("".join(letter for letter in plain if unicodedata.category(letter) != "Cf").split())


def _table(items: Items) -> tuple[pd.DataFrame, str]:
    if isinstance(items, pd.DataFrame):
        return items, "items"
    if not isinstance(items, str | Path):
        ids = list(items)
        return pd.DataFrame({"question": ids, "item": ids, "dimension": ids, "scale": "1-5", "reversed": "N"}), "items"
    cells, problems = read_cells(Path(items))
    if cells is None or problems:
        raise InputError(problems)
    return cells, Path(items).name


def _ends(scale: str) -> tuple[int, int] | None:
    """First and last step of a scale; None when it is none."""
    match = _SCALE.fullmatch(unicodedata.normalize("NFKC", scale))
    low, high = map(int, match.groups()) if match else (0, 0)
    return (low, high) if low < high else None


def _cell_problems(text: pd.DataFrame, ends: pd.Series, source: str) -> Iterator[Problem]:
    for name in ("question", "item", "dimension"):
        if (empty := text[name] == "").any():
            yield Problem(code="empty_cell", source=source, column=name, rows=rows(empty))
    if (wrong := ends.isna()).any():
        value = {"value": str(text.loc[wrong, "scale"].iloc[0])}
        yield Problem(code="survey_scale", source=source, column="scale", rows=rows(wrong), values=value)
    if (wrong := ~text["reversed"].str.lower().isin(list(_TURNED))).any():
        value = {"value": str(text.loc[wrong, "reversed"].iloc[0]), "fix": "Y, N"}
        yield Problem(code="not_a_choice_write", source=source, column="reversed", rows=rows(wrong), values=value)


def _sense_problems(text: pd.DataFrame, source: str) -> Iterator[Problem]:
    """Wordings of one item that disagree about it, and wordings of two items."""
    for name in ("dimension", "scale", "reversed"):
        differ = text.groupby("item")[name].transform("nunique") > 1
        for item in text.loc[differ, "item"].unique():
            found = rows(text["item"] == item)
            yield Problem(
                code="survey_item_differs", source=source, column=name, rows=found, values={"item": str(item)}
            )
    for question, items in text.groupby("question")["item"]:
        if items.nunique() > 1:
            found = rows(text["question"] == question)
            yield Problem(code="not_unique", source=source, column="question", rows=found, values={"value": question})
