"""A team's own result, shown: its answer, its chart, its table, as every other section of the page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.analysis.own_table import NUMBERS
from opsretro.report import own_charts
from opsretro.report.bars import note
from opsretro.report.own_words import OwnWords
from opsretro.report.shown import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.own_result import TeamResult

MOST_ROWS = 200
MOST_COLUMNS = 20
"""What is shown of a table; the JSON beside the page holds all of it."""
OPEN_ROWS = 20
"""Rows of a table that stands open; a longer one is folded."""
NARROW_COLUMNS = 3
"""Columns that fit a phone side by side; of more, each row becomes a list of its own."""


class OwnView(Shown):
    """Shows a team's own result in its language. It has no tile: the five pictures of the page are ours.

    Args:
        review: The result.
    """

    template = "own.html.jinja"

    def __init__(self, review: TeamResult) -> None:
        self.review: TeamResult = review
        self.text = OwnWords(review, review.lang)
        super().__init__(self.text)

    def title(self) -> str:
        """What the table is about; empty where nobody said it."""
        return self.text.text(self.review.title)

    def plot(self, subject: str | None = None) -> Figure:
        """The chart, or one column of it; without a chart the answer in words.

        Raises:
            KeyError: No such column in the chart; names those there are.
        """
        names = self.text.drawn() if self.review.chart else []
        if subject is not None and subject not in names:
            raise KeyError(f"{subject!r} is not drawn; {', '.join(names) or 'nothing'} is")
        return self._draw([subject] if subject else names) if names else note(self.headline())

    def table(self) -> pd.DataFrame:
        """The table in words."""
        rows = [self._cells(row) for row in self._rows()]
        return pd.DataFrame(rows, columns=[self.text.name(name) for name in self._names()])

    def certainty(self) -> pd.DataFrame:
        """How sure the answer is, as the team wrote it; no row where it wrote nothing."""
        sure = self.text.text(self.review.sure)
        return pd.DataFrame([sure] if sure else [], columns=[self.text.word("sure")])

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, chart, table (folded where it is long), how sure."""
        text, names = self.text, self._names()
        drawn, n = text.drawn() if self.review.chart else [], len(self.review.rows)
        return {
            "headline": self.headline(),
            "title": self.title(),
            "pictures": self._both_sizes(drawn) if drawn else None,
            "caption": text.caption(drawn) if drawn else "",
            "folded": text.word("table", n=n) if n > OPEN_ROWS else "",
            "columns": [(text.name(name), self._is_number(name)) for name in names],
            "rows": [self._cells(row) for row in self._rows()],
            "kept": len(names) <= NARROW_COLUMNS,
            "left_out": self._left_out(),
            "sure": text.text(self.review.sure),
        }

    def conclusions(self) -> list[tuple[str, str]]:
        """The answer."""
        return [(self.headline(), "own")]

    def changes(self) -> list[str]:
        """Nothing: a team's own result is not compared with the month before."""
        return []

    def method(self) -> str:
        """How it was computed, as the team wrote it."""
        how, title = self.text.text(self.review.how), self.title()
        return self.text.word("told", title=title, how=how) if how and title else how or self.text.word("method")

    def _both_sizes(self, names: list[str]) -> dict[str, Markup]:
        ident = hashlib.sha256(self.review.to_json().encode()).hexdigest()[:8]  # a page may show several of them
        return self._pictures(f"own-{ident}", self.text.title(), lambda size: self._draw(names, size))

    def _draw(self, names: list[str], size: str = "") -> Figure:
        """The chart of a page in one of its sizes, or with its title the one of a notebook."""
        draw = own_charts.lines if self.review.chart == "line" else own_charts.bars
        return draw(self.text, names, size=size or "wide", title=not size)

    def _names(self) -> list[str]:
        return list(self.review.columns["name"][:MOST_COLUMNS])

    def _rows(self) -> list[dict[str, Any]]:
        return self.review.rows[self._names()].head(MOST_ROWS).to_dict("records")

    def _cells(self, row: dict[str, Any]) -> list[str]:
        return [self.text.cell(name, value) for name, value in row.items()]

    def _is_number(self, name: str) -> bool:
        return self.text.kinds[name] in NUMBERS

    def _table(self) -> dict[str, object]:
        rows = [("", False, self._cells(row)) for row in self._rows()]
        return {"columns": [self.text.name(name) for name in self._names()], "rows": rows}

    def _left_out(self) -> list[str]:
        """What of the table is only in the JSON."""
        sizes = {"rows": (MOST_ROWS, len(self.review.rows)), "columns": (MOST_COLUMNS, len(self.review.columns))}
        return [self.text.word(f"shown.{name}", shown=most, n=n) for name, (most, n) in sizes.items() if n > most]
