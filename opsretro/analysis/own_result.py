"""What a team's own notebook saves: a table with its answer, shown like every other section of the month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import pandas as pd

from opsretro.analysis.own_table import DTYPES, NUMBERS, own_table
from opsretro.analysis.result import Context, Finding, Result
from opsretro.errors import InputError, Problem
from opsretro.words import LANGUAGES

Words = str | Mapping[str, str]
CHARTS = ("line", "bars")
UNITS = ("percent", "fraction", "count", "currency")


@dataclass(frozen=True, kw_only=True, eq=False)
class TeamResult(Result):
    """A table of a team's own notebook, with its answer in words; made by `TeamResult.of`.

    Attributes:
        answer: The finding in one sentence, by language.
        rows: The table, unrounded, in its own order. Missing numbers are NaN, missing texts and dates empty.
        columns: One row a column: name, kind (int64, float64, text, date, yes_no), unit (percent, fraction, count,
            currency; empty = none).
        title: What the table is about, by language; empty = nothing.
        how: How it was computed, by language.
        sure: How sure the answer is, by language.
        chart: ``line``, ``bars``; empty = none.
    """

    section: ClassVar[str] = "own"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {"columns": {"name": "str", "kind": "str", "unit": "str"}}

    period: str = ""
    context: Context = field(default_factory=Context)
    findings: tuple[Finding, ...] = ()
    answer: Mapping[str, str]
    rows: pd.DataFrame
    columns: pd.DataFrame
    title: Mapping[str, str] = field(default_factory=dict)
    how: Mapping[str, str] = field(default_factory=dict)
    sure: Mapping[str, str] = field(default_factory=dict)
    chart: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        columns = self.columns
        dtypes = {name: DTYPES[kind] for name, kind in zip(columns["name"], columns["kind"], strict=True)}
        rows = pd.DataFrame(self.rows, columns=list(dtypes)).astype(dtypes).reset_index(drop=True)
        object.__setattr__(self, "rows", rows)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        *,
        answer: Words,
        chart: str | None = None,
        title: Words = "",
        how: Words = "",
        sure: Words = "",
        unit: Words | None = None,
        lang: str = "en",
    ) -> Self:
        """A result out of one table.

        Args:
            frame: Numbers, texts and dates; an index with a name, or of anything but numbers, comes first.
            answer: The finding in one sentence: a text, or one a language (``zh-CN``, ``en``); one serves both.
            chart: ``line`` or ``bars`` of the numbers over the first column, at most five of one unit; None = none.
            title: What the table is about.
            how: How it was computed, for the end of the page.
            sure: How sure the answer is.
            unit: ``percent`` or ``fraction`` (a rate, 0.05 = 5 %), ``count`` or ``currency``, for display: one for all
                columns of numbers, or by column.
            lang: Language of display.

        Returns:
            The result; `save(out)` writes ``own.json``, and the next page of the month shows it.

        Raises:
            InputError: All that is wrong at once: no table, one without rows or too large, a column that is there
                twice, infinite values, an unknown chart, unit or language, a chart with nothing to draw, no answer.

        Example:
            >>> complaints = pd.DataFrame({"month": ["2026-08", "2026-09", "2026-10"], "complaints": [41, 36, 30]})
            >>> own = TeamResult.of(complaints, answer="Complaints have fallen for two months", chart="line")
            >>> own.headline
            'Complaints have fallen for two months'
            >>> own.table()["complaints"].tolist()
            ['41', '36', '30']
            >>> TeamResult.of(complaints, answer="", chart="pie")
            Traceback (most recent call last):
            opsretro.errors.InputError: answer: 1 problem. It is empty; write the answer in one sentence.
            chart: 1 problem. 'pie' is not known; write one of: line, bars.
        """
        problems: list[Problem] = []
        rows, columns = own_table(frame, problems)
        told = _texts("answer", answer, problems)
        if not told and not any(problem.source == "answer" for problem in problems):
            problems.append(Problem(code="own_silent", source="answer"))
        about, method, certain = (
            _texts(name, value, problems) for name, value in (("title", title), ("how", how), ("sure", sure))
        )
        columns = _with_units(columns, unit or {}, problems)
        _check_chart(chart or "", rows, columns, problems)
        if lang not in LANGUAGES:
            problems.append(Problem(code="not_a_language", source="lang", values={"value": str(lang)}))
        if problems:
            raise InputError(problems, lang=lang if lang in LANGUAGES else "en")
        return cls(
            answer=told, rows=rows, columns=columns, title=about, how=method, sure=certain, chart=chart or "", lang=lang
        )

    def to_frame(self) -> pd.DataFrame:
        """The table, unrounded."""
        return self.rows


def _texts(name: str, value: object, problems: list[Problem]) -> dict[str, str]:
    """A text by language; one without a language serves both."""
    given = value if isinstance(value, Mapping) else dict.fromkeys(LANGUAGES, value)
    for lang in given:
        if lang not in LANGUAGES:
            problems.append(Problem(code="not_a_language", source=name, values={"value": str(lang)}))
    kinds = {type(text).__name__ for text in given.values() if not isinstance(text, str)}
    problems.extend(Problem(code="own_no_text", source=name, values={"value": kind}) for kind in sorted(kinds))
    return {lang: text.strip() for lang, text in given.items() if isinstance(text, str) and text.strip()}


def _with_units(columns: pd.DataFrame, given: Words, problems: list[Problem]) -> pd.DataFrame:
    kinds = dict(zip(columns["name"], columns["kind"], strict=True))
    numeric = [name for name, kind in kinds.items() if kind in NUMBERS]
    unit = given if isinstance(given, Mapping) else dict.fromkeys(numeric, given)
    for name in unit if kinds else ():
        if name not in kinds:
            values = {"value": str(name), "known": ", ".join(map(str, kinds))}
            problems.append(Problem(code="own_no_column", source="unit", values=values))
        elif kinds[name] not in NUMBERS:
            problems.append(Problem(code="own_no_unit", source="unit", values={"value": str(name)}))
    wrong = dict.fromkeys(str(value) for value in unit.values() if value not in UNITS)
    fix = ", ".join(UNITS)
    problems.extend(Problem(code="bad_argument", source="unit", values={"value": value, "fix": fix}) for value in wrong)
    return columns.assign(unit=[str(unit.get(name, "")) for name in columns["name"]])


def drawable(columns: pd.DataFrame) -> Sequence[str]:
    """The columns of numbers beside the first column, in their order.

    Args:
        columns: As `TeamResult.columns`.
    """
    beside = columns.iloc[1:]
    return list(beside.loc[beside["kind"].isin(NUMBERS), "name"])


def _check_chart(chart: str, rows: pd.DataFrame, columns: pd.DataFrame, problems: list[Problem]) -> None:
    if not chart:
        return
    if chart not in CHARTS:
        values = {"value": str(chart), "fix": ", ".join(CHARTS)}
        problems.append(Problem(code="bad_argument", source="chart", values=values))
    elif len(columns) and not rows[drawable(columns)].notna().any(axis=None):
        problems.append(Problem(code="own_no_numbers", source="chart"))
    elif chart == "line" and len(columns):
        first = rows.iloc[:, 0]
        for value in first[first.duplicated()].head(1):
            problems.append(Problem(code="own_repeated", source="chart", values={"value": str(value)}))
