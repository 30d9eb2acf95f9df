"""Which figures of a section differ from those that were published before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile
from typing import Any

from opsretro.analysis.result import SCHEMA

NOISE = 1e-9
"""Share of a number below which a difference is the computer's doing."""
Value = float | str | None
Row = Mapping[str, Any]


class What(StrEnum):
    """What happened to a figure or to a row."""

    NUMBER = "number"
    CODE = "code"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One figure or verdict that is another one now, or one row that came or went.

    Attributes:
        section: ``goals``, ``roi``, …
        frame: Table of the section; empty = a figure of the section as a whole.
        row: Values that say which row it is.
        figure: Column; empty = the whole row.
        what: A number, a code (a verdict, a status), a new row or one that is gone.
        before: Unrounded number or code as published before; None = there was none.
        after: The same as it is now; None = there is none.
        unit: Of the row, where it has one.
        title: What the row calls itself, by language.
        also: Another id whose name in [names] it goes by; empty = none.
    """

    section: str
    frame: str
    row: tuple[str, ...]
    figure: str
    what: What
    before: Value
    after: Value
    unit: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    also: str = ""

    @property
    def size(self) -> float:
        """Change as a share of the larger of both numbers, 0 to 2; 1 where one of them is missing, 0 of a code."""
        if self.what is not What.NUMBER:
            return 0.0
        if not (isinstance(self.before, int | float) and isinstance(self.after, int | float)):
            return 1.0
        largest = max(abs(self.before), abs(self.after)) or 1
        return abs(self.after / largest - self.before / largest)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What differs between two publications of one section.

    Attributes:
        section: ``goals``, ``roi``, …; empty where not even that can be read.
        rows: Every change, in the order of the section's tables.
        comparable: False where one of the two is no result of the same section and period, or of another schema.
    """

    section: str
    rows: tuple[Changed, ...] = ()
    comparable: bool = True


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """How a table is compared.

    Attributes:
        keys: Columns that say which row it is; empty = as many of the texts it begins with as tell its rows apart.
        codes: Columns of verdicts and statuses; None = every text that is no key.
    """

    keys: tuple[str, ...] = ()
    codes: tuple[str, ...] | None = ()


_ACTIVITY = Sheet(keys=("activity_id",), codes=("verdict", "verdict_after", "grade", "refused"))
_MONTHLY = Sheet(keys=("month", "group"))
SHEETS: Mapping[str, Mapping[str, Sheet]] = {
    "goals": {
        "goals": Sheet(keys=("goal_id",), codes=("status", "reason", "variation", "assurance")),
        "scores": Sheet(keys=("month",)),
    },
    "roi": {
        "activities": _ACTIVITY,
        "joint": _ACTIVITY,
        "types": Sheet(keys=("type",), codes=("verdict",)),
        "funnel": Sheet(keys=("activity_id", "stage")),
        "split": Sheet(keys=("activity_id", "factor")),
    },
    "rootcause": {
        "kpis": Sheet(keys=("subject",), codes=("state",)),
        "causes": Sheet(keys=("subject", "slice"), codes=("effect",)),
        "drivers": Sheet(keys=("subject", "slice", "factor")),
    },
    "health": {
        "cells": Sheet(keys=("month", "group", "item")),
        "dimensions": Sheet(keys=("month", "group", "dimension")),
        "changes": Sheet(keys=("group", "dimension"), codes=("verdict",)),
        "participation": _MONTHLY,
        "workload": _MONTHLY,
    },
    "followup": {"actions": Sheet(keys=("id",), codes=("verdict", "reason", "status", "outcome"))},
    "meeting": {"decisions": Sheet(keys=("month", "id")), "topics": Sheet(keys=("month", "board", "id"))},
    "months": {"cells": Sheet(keys=("month", "section"), codes=("status",))},
    "own": {"rows": Sheet(codes=None)},
}
"""The tables whose figures people quote, the main one first.

Left out are the series a chart is drawn from (days, months of the past), copies of what was read (costs, the texts of
the meeting and of the trees), and the drill-down: they move with the figures of these tables and would bury them.
"""
WHOLE = {"goals": ("score", "year_to_date"), "health": ("state",)}
"""Figures and verdicts of a section as a whole."""
_NOT_TOLD = {"line", "rank"}
"""Numbers that say where something stands, and nothing about the month."""


def compare(before: object, after: object) -> Changes:
    """The figures and verdicts of a section that are others than those published before.

    Args:
        before: `Result.to_dict` of the section as it was published, or the JSON of it.
        after: The same as it is now.

    Returns:
        Numbers that differ by more than the computer's noise, codes that differ, rows that came or went. A column that
        only one of the two has is no change. Whatever stands in the two, nothing is raised: what is no result of the
        same section, period and schema cannot be compared, and says so.

    Example:
        >>> def goals(status, value):
        ...     row = {"goal_id": "gmv", "status": status, "attainment": value}
        ...     return {"schema": 1, "section": "goals", "period": "2026-10", "goals": [row]}
        >>> [(row.figure, row.before, row.after) for row in compare(goals("missed", 0.98), goals("met", 1.02)).rows]
        [('status', 'missed', 'met'), ('attainment', 0.98, 1.02)]
        >>> compare({"schema": 0}, goals("met", 1.02)).comparable
        False
    """
    new = after if isinstance(after, Mapping) else {}
    old = before if isinstance(before, Mapping) else {}
    section = _text(new.get("section")) or _text(old.get("section"))
    sheets = SHEETS.get(section) or {name: Sheet(codes=None) for name in _tables(new)[:1]}
    same = all(old.get(name) == new.get(name) for name in ("schema", "section", "period"))
    main = next(iter(sheets), "")
    if not (same and section and new.get("schema") == SCHEMA and _is_table(old, main) and _is_table(new, main)):
        return Changes(section=section, comparable=False)
    found = [*_whole(section, old, new)]
    for name, sheet in sheets.items():
        if _is_table(old, name) and _is_table(new, name):
            found += _between(section, name, sheet, old, new)
    return Changes(section=section, rows=tuple(found))


def _tables(data: Mapping[str, Any]) -> list[str]:
    """Names of the tables of a section that is not known here, in their order."""
    return [str(name) for name in data if name not in ("findings", "lessons") and data[name] and _is_table(data, name)]


def _is_table(data: Mapping[str, Any], name: str) -> bool:
    rows = data.get(name)
    return isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)


def _whole(section: str, old: Row, new: Row) -> Iterator[Changed]:
    names = [name for name in WHOLE.get(section, ()) if name in old and name in new]
    for name, what, before, after in _differences(old, new, names, codes=names):
        yield Changed(section=section, frame="", row=(), figure=name, what=what, before=before, after=after)


def _between(section: str, name: str, sheet: Sheet, old: Row, new: Row) -> Iterator[Changed]:
    """The changes of one table: rows of both, in the order they have now, then those that are gone."""
    keys = sheet.keys or _leading(old[name], new[name])
    before, after = (_by_key(_with_slices(data, name), keys) for data in (old, new))
    units, shared = _units(new), _shared(new[name])
    for key, row in {**after, **before}.items():
        about: dict[str, Any] = {"section": section, "frame": name, "row": key}
        about |= _about(after.get(key, row), shared) if sheet.keys else {}
        if key in before and key in after:
            columns = [name for name in after[key] if name in before[key] and name not in {*keys, *_NOT_TOLD}]
            codes = columns if sheet.codes is None else sheet.codes
            for column, what, was, now in _differences(before[key], after[key], columns, codes=codes):
                told = about if sheet.keys else {**about, "unit": units.get(column, "")}
                yield Changed(figure=column, what=what, before=was, after=now, **told)
        else:
            what = What.NEW if key in after else What.GONE
            yield Changed(figure="", what=what, before=None, after=None, **about)


def _differences(
    old: Row, new: Row, columns: Sequence[str], *, codes: Sequence[str]
) -> Iterator[tuple[str, What, Value, Value]]:
    for column in columns:
        before, after = _value(old[column]), _value(new[column])
        texts = isinstance(before, str) or isinstance(after, str)
        if texts and column in codes and (before or "") != (after or ""):
            yield column, What.CODE, before, after
        elif not texts and _differ(before, after):
            yield column, What.NUMBER, before, after


def _value(value: object) -> Value:
    """A number or a text; anything else is nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an integer no result of ours holds
        return None


def _differ(before: Value, after: Value) -> bool:
    if isinstance(before, int | float) and isinstance(after, int | float):
        return not math.isclose(before, after, rel_tol=NOISE, abs_tol=1e-12)
    return before is not after


def _leading(*tables: Sequence[Row]) -> tuple[str, ...]:
    """As many of the columns of texts the tables begin with as tell their rows apart; without one the first column."""
    rows = [row for table in tables for row in table]
    columns = list(rows[0]) if rows else []
    texts = list(takewhile(lambda name: all(isinstance(row.get(name), str) for row in rows), columns)) or columns[:1]
    for n in range(1, len(texts)):
        if all(len(_by_key(table, texts[:n], numbered=False)) == len(table) for table in tables):
            return tuple(texts[:n])
    return tuple(texts)


def _by_key(rows: Sequence[Row], keys: Sequence[str], *, numbered: bool = True) -> dict[tuple[str, ...], Row]:
    """Rows by what they are called; of rows that are called the same, the later ones by a number, too."""
    found: dict[tuple[str, ...], Row] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        key = tuple(str(row.get(name, "")) for name in keys)
        seen[key] += 1
        found[(*key, f"#{seen[key]}") if numbered and seen[key] > 1 else key] = row
    return found


def _with_slices(data: Mapping[str, Any], name: str) -> list[Row]:
    """Rows of a table; those of root causes with their slice in words, for a rank is no name: it may change."""
    rows: list[Row] = data[name]
    if data.get("section") != "rootcause" or not _is_table(data, "elements"):
        return rows
    parts: dict[tuple[str, str], list[str]] = {}
    for part in data["elements"]:
        place = (str(part.get("subject")), str(part.get("rank")))
        parts.setdefault(place, []).append(f"{part.get('dimension')}={part.get('value')}")
    slices = {place: "&".join(sorted(texts)) for place, texts in parts.items()}
    return [{**row, "slice": slices.get((str(row.get("subject")), str(row.get("rank"))), "")} for row in rows]


def _shared(rows: Sequence[Row]) -> set[str]:
    """KPIs more than one row is about: their name would not tell which."""
    kpis = [_text(row.get("kpi")) for row in rows]
    return {kpi for kpi in kpis if kpis.count(kpi) > 1}


def _about(row: Row, shared: set[str]) -> dict[str, Any]:
    """Unit and names of a row."""
    kpi = _text(row.get("kpi"))
    name = row.get("title") or row.get("name")
    both = {"zh-CN": row.get("title_zh") or name, "en": row.get("title_en") or name}
    return {
        "unit": _text(row.get("unit")),
        "title": {lang: _text(text) for lang, text in both.items() if _text(text)},
        "also": "" if row.get("dimension") or kpi in shared else kpi,
    }


def _units(data: Mapping[str, Any]) -> dict[str, str]:
    """Units by column of a team's own table."""
    told = data["columns"] if _is_table(data, "columns") else []
    return {_text(column.get("name")): _text(column.get("unit")) for column in told}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
