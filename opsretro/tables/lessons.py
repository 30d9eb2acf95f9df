"""lessons.yaml: what the team learnt, where it holds, how often it was seen, and until when it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml.nodes import Node, SequenceNode

from opsretro.errors import Problem
from opsretro.tables.contracts import CONTRACTS
from opsretro.tables.parse import parse_date, parse_slice
from opsretro.tables.yaml_nodes import Nodes, line_of, parsed, text_of

FILE = "lessons.yaml"
COLUMNS = {
    **dict.fromkeys(("id", "rule_zh", "rule_en", "scope"), "str"),
    "n_evidence": "int64",
    "evidence": "object",
    "expires": "str",
    "line": "int64",
}
_EXAMPLES = {
    "id": "L-1",
    "rule": "…",
    "scope": "{ kpi: conversion }",
    "evidence": "[A-2026-09-2]",
    "expires": "2027-06-30",
}


def read_lessons(path: str | Path) -> pd.DataFrame:
    """The lessons of a workspace.

    Args:
        path: The file; it exists.

    Returns:
        One row a lesson, in the order of the file. id; rule_zh, rule_en; scope (``kpi=orders|gmv&device=android``: what
        it is about, each key a kpi, goal, activity, activity_type or a dimension); n_evidence (how often it was seen);
        evidence (tuple of what it was seen in: ids of actions or activities, months, any text); expires (ISO day, the
        last on which it is believed); line.

    Raises:
        InputError: The file cannot be read, or something in it is wrong; tells everything at once, with lines.

    Example:
        >>> from opsretro.tables import sample
        >>> path = Path(sample.__file__).parent / "static" / "lessons.yaml"
        >>> int(read_lessons(path).loc[0, "n_evidence"])
        2
    """
    lessons = _Lessons(FILE, _EXAMPLES)
    if (top := parsed(text_of(Path(path), FILE), FILE)) is not None:
        for node in lessons.items(lessons.fields(top, (), ("lessons",)), "lessons"):
            lessons.read(node)
    lessons.done()
    return pd.DataFrame(lessons.rows, columns=list(COLUMNS)).astype(COLUMNS)


def unknown_scopes(lessons: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Scopes of lessons that nothing in a workspace is about, so that they would never be told.

    Args:
        lessons: As `read_lessons` returns them.
        tables: Those of the workspace, typed.

    Returns:
        One note a key or value that is not known, with the line of the lesson and the closest name that is.
    """
    known = _known(tables)
    found = []
    for scope, line in zip(lessons["scope"], lessons["line"], strict=True):
        for key, values in parse_slice(scope):
            names = known.get(key)
            for value in values.split("|") if names is not None else [key]:
                choice = list(known) if names is None else names
                if value not in choice:
                    close = get_close_matches(value, choice, n=1) or choice[:5]
                    told = {"value": value, "known": ", ".join(close)}
                    found.append(
                        Problem(code="lesson_scope", source=FILE, column="scope", rows=(int(line),), values=told)
                    )
    return found


def _known(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    """The values each key of a scope can have."""
    own = {column.name for name in ("metrics", "daily_metrics") for column in CONTRACTS[name].columns} - {"segment"}
    columns = [("kpi", "metrics", "kpi"), ("kpi", "goals", "kpi"), ("goal", "goals", "goal_id")]
    columns += [("activity", "activities", "activity_id"), ("activity_type", "activities", "type")]
    columns += [(str(name), table, str(name)) for table in ("metrics", "daily_metrics") if table in tables
                for name in tables[table] if name not in own]  # fmt: skip
    found: dict[str, list[str]] = {key: [] for key, _, _ in columns}
    for key, table, column in columns:
        if table in tables and column in tables[table]:
            found[key] += [str(value) for value in tables[table][column].dropna().unique()]
    return found


class _Lessons(Nodes):
    """Grows by the row of each lesson, and by everything that is wrong."""

    def __init__(self, source: str, examples: dict[str, str]) -> None:
        super().__init__(source, examples)
        self.rows: list[dict[str, Any]] = []
        self._ids: set[str] = set()

    def read(self, node: Node) -> None:
        """One lesson."""
        fields = self.fields(node, ("id", "rule", "scope", "evidence", "expires"), ())
        name, expires = self.plain(fields, "id"), self.plain(fields, "expires")
        if name in self._ids:
            self.refuse("not_unique", fields["id"], "id", value=name)
        self._ids |= {name} - {""}
        day = parse_date(expires) if expires else ""
        if day is None:
            self.refuse("not_a_date", fields["expires"], "expires", value=expires)
        rule, evidence = self.texts(fields, "rule"), tuple(self._listed(fields, "evidence"))
        scope = self.fields(fields["scope"]) if "scope" in fields else {}
        parts = [f"{key}={'|'.join(self._listed(scope, key))}" for key in scope]
        row = {"id": name, "rule_zh": rule[0], "rule_en": rule[1], "scope": "&".join(parts), "expires": day or ""}
        self.rows.append(row | {"n_evidence": len(evidence), "evidence": evidence, "line": line_of(node)})

    def _listed(self, fields: dict[str, Node], field: str) -> list[str]:
        """The values of a list; a single one may stand alone."""
        node = fields.get(field)
        items = self.items(fields, field) if isinstance(node, SequenceNode) else [] if node is None else [node]
        return [text for item in items if (text := self.plain({field: item}, field))]
