"""The base of every result: codes and unrounded numbers that notebook, page, JSON and test all share."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from copy import copy
from dataclasses import Field, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

SCHEMA = 1
LESSONS = {
    **dict.fromkeys(("subject", "id", "rule_zh", "rule_en", "scope"), "str"),
    "n_evidence": "int64",
    "expires": "str",
    "expired": "bool",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a result says; the words are found by its code.

    Attributes:
        code: Key of the sentence.
        subject: Id of what it is about (a goal, an activity); empty = the whole section.
        value: The number of the sentence, in the unit its code implies; None = it has none.
        lower: Lower end of its interval.
        upper: Upper end of its interval.
        n: Count behind it.
    """

    code: str
    subject: str = ""
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every section of one month shares.

    Attributes:
        team: Team name by language.
        currency: ISO 4217 code.
        timezone: IANA name.
        as_of: Local day up to which data was known, ISO; empty = unknown.
        holidays_until: Last day whose public holidays the calendar knows, ISO; empty = all that were needed.
        names: Name by id and language.
    """

    team: Mapping[str, str] = field(default_factory=dict)
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    as_of: str = ""
    holidays_until: str = ""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """Base of all results.

    Display (`headline`, `plot`, the HTML of a notebook) is looked up in the report room when asked for; a result that
    is only computed, saved or compared never loads it.

    Attributes:
        period: What was reviewed (``2026-10``).
        context: Team, currency, names.
        findings: Most important first.
        lessons: What the team learnt earlier about what comes up here, one row a subject and lesson: subject (a goal,
            an activity, a KPI, an action), id, rule_zh, rule_en, scope, n_evidence (times it was seen), expires (ISO),
            expired.
        lang: Language of display; not part of the data.
    """

    section: ClassVar[str]
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """dtype by column by frame attribute: the contract of `to_dict` and `from_dict`."""

    period: str
    context: Context
    findings: tuple[Finding, ...]
    lessons: pd.DataFrame = field(default_factory=pd.DataFrame)
    lang: str = "en"

    def __post_init__(self) -> None:
        for name, dtypes in {**self.frames, "lessons": LESSONS}.items():
            object.__setattr__(self, name, _typed(object.__getattribute__(self, name), dtypes))

    def __getattribute__(self, name: str) -> Any:
        """Attributes; a frame is handed out as a copy (on write), so nobody changes a result by working on it."""
        value = super().__getattribute__(name)
        return value.copy(deep=False) if isinstance(value, pd.DataFrame) else value

    @property
    def headline(self) -> str:
        """The answer in one sentence, in the language of the result."""
        return str(self._view().headline())

    def plot(self, subject: str | None = None) -> Any:
        """The picture of the section, or of one subject of it.

        Args:
            subject: Id of a goal, an activity, …; None = the overview.

        Returns:
            A matplotlib Figure.
        """
        return self._view().plot(subject)

    def table(self) -> Any:
        """The table of the section in words, as it stands on the page.

        Returns:
            A DataFrame of text, columns named in the language of the result.
        """
        return self._view().table()

    def certainty(self) -> Any:
        """How sure each line of the table is, in words.

        Returns:
            A DataFrame of text, columns named in the language of the result.
        """
        return self._view().certainty()

    def learnt(self) -> Any:
        """The team's earlier lessons about what comes up here, in words.

        Returns:
            What a notebook shows: a list of lessons, or one sentence where there is none.
        """
        return self._view().learnt()

    def sentences(self) -> list[str]:
        """Every finding in words, most important first."""
        return [self._view().sentence(finding) for finding in self.findings]

    def _repr_html_(self) -> str:
        return str(self._view().html())

    def _view(self) -> Any:
        from opsretro.report.views import view  # the one door from results to their display

        return view(self)

    def to_frame(self) -> pd.DataFrame:
        """The main frame of the result, unrounded."""
        return getattr(self, next(iter(self.frames)))

    def in_language(self, lang: str) -> Self:
        """The same result, shown in another language."""
        shown = copy(self)  # `replace` would bring every frame to its contract again
        object.__setattr__(shown, "lang", lang)
        return shown

    def to_dict(self) -> dict[str, Any]:
        """Everything but the language, as plain JSON values; missing numbers are None."""
        data = {"schema": SCHEMA, "section": self.section}
        return data | {item.name: plain(getattr(self, item.name)) for item in _data_fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, lang: str = "en") -> Self:
        """The result a `to_dict` was made of.

        Args:
            data: What `to_dict` returned, or the JSON of it.
            lang: Language of display.
        """
        values = {item.name: data[item.name] for item in _data_fields(cls)}
        values["context"] = Context(**data["context"])
        values["findings"] = tuple(Finding(**finding) for finding in data["findings"])
        frames = {**cls.frames, "lessons": LESSONS}
        values |= {name: pd.DataFrame(data[name], columns=list(dtypes)) for name, dtypes in frames.items()}
        return cls(**values, lang=lang)

    def to_json(self) -> str:
        """`to_dict` as JSON text: same result, same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def save(self, out: str | Path = "") -> Path | None:
        """Write ``<section>.json``, whole or not at all.

        Args:
            out: Folder; empty = write nothing, as in a notebook opened by hand.

        Returns:
            The file, or None when nothing was written.

        Raises:
            OSError: The folder is missing or cannot be written to.
        """
        if not out:
            return None
        path = Path(out) / f"{self.section}.json"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(self.to_json(), encoding="utf-8")
        draft.replace(path)
        return path


def _typed(frame: pd.DataFrame, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """A frame as its contract has it; `astype` alone would take its time over columns that are right already."""
    frame = frame.reindex(columns=list(dtypes)).reset_index(drop=True)
    others = {name: dtypes[name] for name, dtype in frame.dtypes.items() if dtype != dtypes[name]}
    return frame.astype(others) if others else frame


def _data_fields(result: Result | type[Result]) -> list[Field[Any]]:
    return [item for item in fields(result) if item.name != "lang"]


def plain(value: Any) -> Any:
    """A value as JSON knows it: frames as lists of rows, missing and infinite numbers as None."""
    if isinstance(value, pd.DataFrame):
        return [{str(key): plain(cell) for key, cell in row.items()} for row in value.to_dict("records")]
    if isinstance(value, (Context, Finding)):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else None if value is None else str(value)
