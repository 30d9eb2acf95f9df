"""What may be published of a survey: every cell, month by month, safe together with everything that was shown before.

Months, items and people's answers are independent unknowns as long as nothing pools them. So nothing here does: there
are no windows over several months and no index over several items, and each item of a month is audited by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

from opsretro.analysis.methods.disclosure import Shown, shown_cells
from opsretro.errors import InputError, Problem
from opsretro.tables.health_register import COLUMNS, EVERYBODY, empty_cells, in_order, record
from opsretro.tables.survey_items import Items, on_five, survey_items


def publish(
    answers: pd.DataFrame, *, groups: Sequence[str | tuple[str, ...]], items: Items, register: str | Path | None = None
) -> pd.DataFrame:
    """Every cell that may appear, and why the others may not.

    Ask once a month for all cuts: two calls without a register know nothing of each other.

    Means are shown from 5 answers, distributions from 10, and each only if nobody's answer, and no group of one to four
    people, can be worked out from everything shown, exactly, by somebody who knows who answered.

    Args:
        answers: One row a person and month: month (`2026-10`), the columns of `groups`, one column an item with what
            was typed (NaN = missing; what is not on the scale counts as missing), and perhaps respondent, an anonymous
            key. Other columns are not looked at.
        groups: Columns to cut by, one at a time; a tuple, or names joined by `&`, cuts by several at once. A person
            without a value belongs to everybody only.
        items: Table of items, the path of one, or item ids (scale 1-5).
        register: CSV of everything published so far, made when absent; None = there is none and none is kept.

    Returns:
        One row a month, group and item, in that order: group (`all`, `team=content`, `team=content&tenure=<1y`), n
        (people who answered), mean (1 to 5, reversed items turned, one decimal; NaN = withheld), decimals (1), dist
        (number of people by band, such as ``{"1-2": 3, "3": 7, "4-5": 14}``; None = none), suppressed (bool), reason
        (`few`, `complement`, `audit`; empty = shown).

    Raises:
        InputError: A column is missing, a month is none, somebody answered twice in a month, groups are too fine to be
            audited, or the register holds other cells for one of the months; nothing is written then.
        OSError: The register cannot be written.

    Example:
        >>> people = pd.DataFrame({"month": "2026-10", "team": "a", "calm": [4, 3, 5, 4, 2, 4]})
        >>> publish(people, groups=["team"], items=["calm"])[["group", "n", "mean"]].values.tolist()
        [['all', 6, 3.7], ['team=a', 6, 3.7]]
    """
    wordings = survey_items(items)
    rows = wordings.drop_duplicates("item")
    cuts = [tuple(cut.split("&")) if isinstance(cut, str) else tuple(cut) for cut in groups]
    if problems := list(_problems(answers, cuts, list(rows["item"]))):
        raise InputError(problems)
    found = [
        cell
        for month, part in answers.groupby("month", sort=True)
        for _, item in rows.iterrows()
        for cell in _cells(str(month), part, item, cuts)
    ]
    cells = pd.DataFrame(found, columns=list(COLUMNS)).astype(empty_cells().dtypes.to_dict())
    cells = in_order(cells)
    if register is not None:
        record(Path(register), cells)
    return cells


def _problems(answers: pd.DataFrame, cuts: Sequence[tuple[str, ...]], items: Sequence[str]) -> Iterator[Problem]:
    wanted = ["month", *(name for cut in cuts for name in cut), *items]
    absent = [name for name in dict.fromkeys(wanted) if name not in answers.columns]
    for name in absent:
        yield Problem(code="column_missing", source="answers", values={"column": name})
    if "month" in absent:
        return
    for value in answers.loc[~answers["month"].astype(str).str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])"), "month"].unique():
        yield Problem(code="not_a_month", source="answers", column="month", values={"value": str(value)})
    if "respondent" in answers:
        keyed = answers[answers["respondent"].notna()]
        if n := int(keyed.duplicated(["month", "respondent"]).sum()):
            yield Problem(code="answered_twice", source="answers", column="respondent", values={"n": str(n)})


def _cells(
    month: str, people: pd.DataFrame, item: pd.Series, cuts: Sequence[tuple[str, ...]]
) -> Iterator[dict[str, object]]:
    """The cells of one item in one month; none where nobody answered it."""
    five = on_five(pd.to_numeric(people[item["item"]], errors="coerce"), item)
    answered = people[~np.isnan(five)]
    if answered.empty:
        return
    top = int(item["high"] - item["low"])
    steps = np.rint((five[~np.isnan(five)] - 1) * top / 4).astype(int)
    for group, shown in shown_cells(steps, _members(answered, people, cuts), top).items():
        yield _row(month, group, str(item["item"]), shown)


def _members(answered: pd.DataFrame, people: pd.DataFrame, cuts: Sequence[tuple[str, ...]]) -> dict[str, np.ndarray]:
    """Who of those who answered is in which group; groups nobody of whom answered are there, too."""
    members = {EVERYBODY: np.full(len(answered), True)}
    for cut in cuts:
        labels = {frame is people: _labels(frame, cut) for frame in (answered, people)}
        for label in sorted(labels[True].dropna().unique()):
            members[str(label)] = (labels[False] == label).to_numpy(dtype=bool, na_value=False)
    return members


def _labels(people: pd.DataFrame, cut: Sequence[str]) -> pd.Series:
    """Name of everybody's group, missing where one of the columns is empty.

    Any blank in a value is one space, and what would read as a second column is no longer one.
    """
    values = people[list(cut)].astype("str").apply(lambda column: column.str.split().str.join(" "))
    is_there = (people[list(cut)].notna() & (values != "")).all(axis=1)
    values = values.apply(lambda column: column.str.replace(r"&(?=[^&]*=)", "＆", regex=True))
    return reduce(lambda left, right: left + "&" + right, [f"{name}=" + values[name] for name in cut]).where(is_there)


def _row(month: str, group: str, item: str, shown: Shown) -> dict[str, object]:
    return {
        "month": month,
        "group": group,
        "item": item,
        "n": shown.n,
        "mean": np.nan if shown.mean is None else shown.mean,
        "decimals": 1,
        "dist": dict(shown.bands) if shown.bands else None,
        "suppressed": shown.mean is None,
        "reason": str(shown.reason or ""),
    }
