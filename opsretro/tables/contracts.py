"""What each table of a workspace must look like, out of `contracts.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    SCORE = "score"
    DATE = "date"
    TIMESTAMP = "timestamp"
    MONTH = "month"
    CHOICE = "choice"
    MILESTONES = "milestones"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        name: As in the header.
        kind: What its cells hold.
        required: The header must have it.
        filled: No cell may be empty.
        unique: No value may come twice.
        choices: The values allowed, for `Kind.CHOICE`.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    filled: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One table of a workspace.

    Attributes:
        name: Table name; its file is ``<name>.csv`` unless ``[sources]`` says otherwise.
        columns: Known columns in the order `init` writes them; further columns are dimensions and stay text.
        any_of: Each entry is a choice of column groups; the header must have one group of it in full.
    """

    name: str
    columns: tuple[Column, ...]
    any_of: tuple[tuple[tuple[str, ...], ...], ...] = ()


def _column(told: Mapping[str, Any]) -> Column:
    given = {name: told[name] for name in ("name", "filled", "unique") if name in told}
    kind, choices = Kind(told.get("kind", Kind.TEXT)), tuple(told.get("choices", ()))
    return Column(**given, kind=kind, required=not told.get("optional", False), choices=choices)


def _contract(name: str, told: Mapping[str, Any]) -> Contract:
    any_of = tuple(tuple(map(tuple, groups)) for groups in told.get("any_of", ()))
    return Contract(name=name, columns=tuple(map(_column, told["columns"])), any_of=any_of)


_TOLD = tomllib.loads(files("opsretro.tables").joinpath("contracts.toml").read_text(encoding="utf-8"))
CONTRACTS = {name: _contract(name, told) for name, told in _TOLD.items()}
CALENDAR = CONTRACTS.pop("calendar")
"""The team's own working calendar, read where `[calendar] file` names it."""
TEAM_SIZES = CONTRACTS.pop("teams")
"""How many people were asked in the survey, of each group and month."""

FORMS = {"survey": "survey", "actions": "actions.yaml", "causes": "causes.yaml"}
FORMS |= {"lessons": "lessons.yaml", "readings": "readings.jsonl", "meetings": "meetings"}
"""Inputs that are no plain tables, and the file or folder that holds them."""
