"""The words of a team's own result: its answer, its columns, its cells, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from opsretro.analysis.own_result import drawable
from opsretro.analysis.own_table import NUMBERS
from opsretro.report import numbers
from opsretro.report.drawing import shorten
from opsretro.report.plain_text import one_line
from opsretro.report.section_words import SectionWords
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.own_result import TeamResult
    from opsretro.analysis.result import Finding

LONGEST_CELL = 240
"""Width in letters of a text in the table; a Chinese character counts as two."""
SPOKEN_BELOW = 1e15
"""Numbers from here on have no words."""
DRAWN_BELOW = 1e100
"""A column with a number from here on stands in the table only: no axis holds it."""
MOST_DRAWN = 5
"""Lines of a chart, or bars of a row."""
MOST_ROWS = {"line": 400, "bars": 24}
"""Rows of a line; bars of a chart in all."""


class OwnWords(SectionWords):
    """Texts and numbers of one result in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: TeamResult

    def __init__(self, review: TeamResult, lang: str) -> None:
        super().__init__(review, lang)
        columns = review.columns
        self.kinds: dict[str, str] = dict(zip(columns["name"], columns["kind"], strict=True))
        self.units: dict[str, str] = dict(zip(columns["name"], columns["unit"], strict=True))

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"own.{key}", self.lang, **values)

    def text(self, texts: Mapping[str, str]) -> str:
        """A text of the team; of one in the other language that one."""
        return one_line(pick(texts, self.lang))

    def headline(self) -> str:
        """The answer, as the team wrote it."""
        return self.text(self.review.answer)

    def sentence(self, finding: Finding) -> str:
        """The answer: a team's own result finds nothing else."""
        del finding
        return self.headline()

    def title(self) -> str:
        """What the table is about; where nobody said it, the answer."""
        return self.text(self.review.title) or self.headline()

    def drawn(self) -> list[str]:
        """Columns of the chart: those of the unit of the first one that has numbers, for there is one axis."""
        rows = self.review.rows
        known = [name for name in drawable(self.review.columns) if rows[name].abs().max() < DRAWN_BELOW]
        return [name for name in known if self.units[name] == self.units[known[0]]][:MOST_DRAWN]

    def rows_drawn(self, names: Sequence[str]) -> pd.DataFrame:
        """Rows of the chart: the newest of a line, the first ones of bars, as many as can be told apart."""
        rows, chart = self.review.rows, self.review.chart
        if chart == "line":
            return rows.tail(MOST_ROWS[chart]).reset_index(drop=True)
        return rows.head(MOST_ROWS["bars"] // len(names))

    def caption(self, names: Sequence[str]) -> str:
        """The unit, and what of the table is not drawn."""
        n, total = len(self.rows_drawn(names)), len(self.review.rows)
        unit, chart = self.units[names[0]], self.review.chart
        rate = self.word("unit.rate") if unit in numbers.RATES else self.review.context.currency
        parts = [self.word("unit.count") if unit == "count" else rate] if unit else []
        parts.append(self.word(f"drawn.{chart}", n=n, total=total) if n < total else self.word("rows", n=n))
        others = [self.name(name) for name in drawable(self.review.columns) if name not in names]
        parts += [self.word("only_table", names=self.listed(others))] if others else []
        return self.word("gap").join(parts)

    def name(self, column: str, room: int = LONGEST_CELL) -> str:
        """The name of a column, as far as there is room for it."""
        return shorten(one_line(column), room)

    def cell(self, column: str, value: Any) -> str:
        """A cell in words."""
        kind = self.kinds[column]
        if kind in NUMBERS:
            return self.amount(float(value), self.units[column])
        if kind == "yes_no" and value is not None:
            return self.word("yes" if value else "no")
        return (shorten(one_line(str(value)), LONGEST_CELL) if value is not None else "") or self.missing()

    def amount(self, value: float, unit: str) -> str:
        """A number in its unit; one no word is known for as a power of ten."""
        if abs(value) >= SPOKEN_BELOW:
            return f"{value:.3g}".replace("-", numbers.MINUS)
        return numbers.amount(value, unit, self.lang, currency=self.review.context.currency)

    def axis(self, values: Sequence[float], unit: str) -> list[str]:
        """Labels of an axis."""
        if max(map(abs, values), default=0) >= SPOKEN_BELOW:
            return [self.amount(value, unit) for value in values]
        return numbers.axis(values, unit, self.lang, currency=self.review.context.currency)

    def places(self, rows: pd.DataFrame) -> np.ndarray:
        """Where the rows stand on the line's axis, in rows: by day or number where the first column has them."""
        first, kind = rows.iloc[:, 0], self.kinds[rows.columns[0]]
        known = pd.to_datetime(first, errors="coerce", format="mixed") if kind == "date" else first
        if kind not in ("date", *NUMBERS) or known.isna().any() or not known.is_monotonic_increasing:
            return np.arange(len(rows), dtype=float)
        steps = (known - known.iloc[0]).to_numpy().astype(float)
        return steps / (steps[-1] or 1.0) * (len(rows) - 1)

    def tick(self, column: str, value: Any, room: int) -> str:
        """A value of the first column under or beside a chart; a number as it is, for it may be a year."""
        if self.kinds[column] in NUMBERS and pd.notna(value) and not self.units[column]:
            return f"{value:.12g}".replace("-", numbers.MINUS)
        return shorten(self.cell(column, value), room)
