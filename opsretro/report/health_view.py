"""The health review, shown: dimensions on one scale, months, workload, what people say, the section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import HTML
from markupsafe import Markup

from opsretro.analysis.health_review import HealthFinding, HealthState
from opsretro.analysis.methods.month_changes import Verdict
from opsretro.report import health_charts
from opsretro.report.bars import note
from opsretro.report.health_text import MOVED, HealthText
from opsretro.report.look import light_tokens
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render
from opsretro.tables.health_register import EVERYBODY
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.health_review import HealthReview

COLUMNS = ("dimension", "mean", "interval", "n", "expected", "months", "verdict")
GROUPS = ("dimension", "mean", "n", "verdict", "expected")
"""Columns of the groups' tables; on a phone the last one is left out."""
ITEM = ("month", "mean", "n", "spread", "why")
LOOKS = {Verdict.DOWN: "loss", Verdict.UP: "loss", Verdict.STEADY: "met", Verdict.CANNOT_TELL: "unclear"}
"""How the tile shows a dimension: a change stands out, whichever way."""
TOP_SENTENCES = 3
MOST_EXTRA = 4
"""Groups' changes that are drawn below everybody's dimensions."""


class HealthView(Shown):
    """Shows one health review in its language.

    Args:
        review: The result.
    """

    template = "health.html.jinja"

    def __init__(self, review: HealthReview) -> None:
        self.review = review
        self.text = HealthText(review, review.lang)
        super().__init__(self.text)

    def plot(self, subject: str | None = None) -> Figure:
        """Every dimension on one scale; the months of one where it is named (`workload`, `team=growth/workload`).

        Raises:
            KeyError: Nothing is shown of it.
        """
        if subject is not None:
            groups = sorted(set(self.review.dimensions["group"]), key=len, reverse=True)
            group = next((name for name in groups if subject.startswith(f"{name}/")), "")
            return self.course(subject.removeprefix(f"{group}/"), group or EVERYBODY)
        rows = self._drawn()
        return health_charts.overview(self.text, rows) if len(rows) else note(self.headline())

    def course(self, dimension: str | None = None, group: str = EVERYBODY) -> Figure:
        """The months of a dimension beside what they would be by ordinary variation; of all unless one is named.

        Raises:
            KeyError: Nothing is shown of it.
        """
        if dimension is not None:
            return health_charts.course(self.text, self._row(dimension, group))
        rows = self.text.judged(group)
        return health_charts.courses(self.text, rows) if len(rows) else note(self.headline())

    def beside(self) -> Figure:
        """Overtime, training and leave of the groups that may be shown."""
        rows = self._workload()
        return health_charts.beside(self.text, rows) if len(rows) else note(self.text.word("beside.none"))

    def voices(self) -> HTML:
        """Themes, comments and suggestions of the month, for a notebook."""
        values = {"voices": self._voices(), "word": self.text.word, "tokens": light_tokens()}
        return HTML(str(render("health_voices.html.jinja", live=True, **values)))  # type: ignore[no-untyped-call]

    def questions(self) -> list[str]:
        """Three questions for the room."""
        return self.text.questions()

    def table(self) -> pd.DataFrame:
        """One row a group and dimension, everybody first: mean, interval, people, ordinary variation, verdict."""
        rows = [self._cells(row, named=True) for _, row in self.text.judged().iterrows()]
        return pd.DataFrame(rows, columns=[self.text.word(f"column.{name}") for name in COLUMNS])

    def certainty(self) -> pd.DataFrame:
        """One row a line of the table: how large a change would have shown, and what it rests on."""
        rows = [
            (self.text.what(row["group"], row["dimension"]), self._verdict(row), self.text.sure(row))
            for _, row in self.text.judged().iterrows()
        ]
        return pd.DataFrame(
            rows, columns=[self.text.word(f"column.{name}") for name in ("dimension", "verdict", "sure")]
        )

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, picture, table, certainty, what changed, workload, questions, details."""
        text, rows, workload, spread = self.text, self._drawn(), self._workload(), self._spread()
        return {
            "headline": self.headline(),
            "title": text.overview_title(),
            "overview": self._draw("overview", text.overview_title(), rows),
            "table": self._table(),
            "certainty": text.certainty(),
            "changed": text.changed(),
            "cannot": text.cannot(),
            "beside": self._draw("beside", text.beside_title(workload), workload),
            "beside_title": text.beside_title(workload),
            "few": self._few(),
            "questions": self.questions() if self.review.state == HealthState.SHOWN else [],
            "courses": self._courses(),
            "groups": self._groups(),
            "spread": self._draw("spread", text.spread_title(spread), spread),
            "spread_title": text.spread_title(spread),
            "withheld": text.withheld(),
            "dropped": text.dropped(),
            "voices": self._voices(),
        }

    def card(self, group: str, dimension: str, item: str = "") -> Markup:
        """One dimension of a group alone, for a live notebook; with an item, the months of that item too.

        Raises:
            KeyError: Nothing is shown of it.
        """
        text, row = self.text, self._row(dimension, group)
        rows = self.review.cells
        rows = rows[(rows["group"] == group) & (rows["item"] == item)].sort_values("month", ascending=False)
        card = {
            "id": anchor("health", f"{group}-{dimension}"),
            "title": self.text.word("card.title", group=text.group(group), dimension=text.dimension(dimension)),
            "say": text.told(row) if row["n"] else text.word("told.hidden", month=text.month(self.review.month)),
            "course": self._course(row),
            "item": text.item(item) if item else "",
            "columns": [text.word(f"column.{name}") for name in ITEM],
            "rows": [self._item_cells(cell) for _, cell in rows.iterrows()],
        }
        return render("health_card.html.jinja", card=card, word=text.word, tokens=light_tokens(), live=True)

    def conclusions(self) -> list[tuple[str, str]]:
        """The changes, or that there are none, each with the anchor of its evidence."""
        moved = self.text.moved()
        if len(moved) > 1:
            return [
                (self.text.told(row), f"open-{self._anchor(row)}") for _, row in moved.head(TOP_SENTENCES).iterrows()
            ]
        told = self.text.judged()["verdict"].isin({*MOVED, Verdict.STEADY}).any()
        where = f"open-{self._anchor(moved.iloc[0])}" if len(moved) else "health"
        return [(self.headline(), where)] if told else []

    def changes(self) -> list[str]:
        """What left its ordinary variation."""
        return [self.text.told(row) for _, row in self.text.moved().iterrows()]

    def tile(self) -> tuple[str, Markup]:
        """How many dimensions changed, and a dot for each."""
        text, rows = self.text, self._drawn()
        looks = [LOOKS[verdict] for verdict in rows["verdict"]] or ["no_data"]
        return self._tile_line(text.moved(), rows), render("dots.html.jinja", states=looks)

    def _tile_line(self, moved: pd.DataFrame, rows: pd.DataFrame) -> str:
        names = [self.text.what(row["group"], row["dimension"]) for _, row in moved.iterrows()]
        if len(moved) == 1:
            return self.text.word("tile.single", name=names[0])
        if names:
            return self.text.word("tile.several", n=len(names))
        told = bool(len(rows)) and (rows["verdict"] == Verdict.STEADY).any()
        return self.text.word("tile.steady" if told else "tile.untold" if len(rows) else "tile.none")

    def method(self) -> str:
        """Definitions and method."""
        return say("page.method_health", self.review.lang)

    def _anchor(self, row: pd.Series) -> str:
        if row["group"] != EVERYBODY:
            return "health-groups"
        return anchor("health", row["dimension"])

    def _row(self, dimension: str, group: str) -> pd.Series:
        """What is known of a dimension: of the month, or, where nothing of it is shown then, of the months before."""
        rows = self.text.judged(group)
        rows = rows[rows["dimension"] == dimension]
        if len(rows):
            return rows.iloc[0]
        known = self.review.dimensions
        named = list(dict.fromkeys(known.loc[known["group"] == group, "dimension"]))
        if dimension not in named:
            raise KeyError(f"nothing is shown of '{dimension}' in '{group}'; shown are {', '.join(named) or 'none'}")
        nothing = {name: float("nan") for name in ("mean", "low", "high", "expected", "lower", "upper")}
        some = {"group": group, "dimension": dimension, "verdict": Verdict.CANNOT_TELL.value, "n": 0, "n_months": 0}
        return pd.Series(some | nothing)

    def _drawn(self) -> pd.DataFrame:
        """What changed, groups included, then everybody's other dimensions (the first group's, where all has none)."""
        rows, moved = self.text.judged(), self.text.moved()
        groups = self.review.groups
        first = rows[rows["group"] == groups[0]] if groups else rows
        extra = moved[moved["group"] != first["group"].iloc[0]].head(MOST_EXTRA) if groups else moved
        drawn = pd.concat([first, extra]) if len(extra) else first
        return drawn.sort_values(
            "verdict", key=lambda verdicts: ~verdicts.isin(MOVED), kind="stable", ignore_index=True
        )

    def _draw(self, kind: str, title: str, rows: pd.DataFrame) -> dict[str, Markup] | None:
        """A picture in both sizes; None where there is nothing to draw."""
        if rows.empty:
            return None
        draw = getattr(health_charts, kind)
        return self._pictures(f"health-{kind}", title, lambda size: draw(self.text, rows, size=size, title=False))

    def _verdict(self, row: pd.Series) -> str:
        return self.text.word(f"verdict.{row['verdict']}")

    def _cells(self, row: pd.Series, *, named: bool = False) -> tuple[str, ...]:
        """One line of the table."""
        text = self.text
        mean, lower, upper = text.scores(row["mean"], row["lower"], row["upper"])
        return (
            text.what(row["group"], row["dimension"]) if named else text.dimension(row["dimension"]),
            mean,
            text.span(text.score(row["low"]), text.score(row["high"])),
            f"{row['n']}",
            text.span(lower, upper),
            text.word("months", n=int(row["n_months"])) if row["n_months"] else text.missing(),
            self._verdict(row),
        )

    def _table(self) -> dict[str, object]:
        rows = [
            (self._anchor(row), row["verdict"] in MOVED, self._cells(row, named=True))
            for _, row in self._drawn().iterrows()
        ]
        return {"columns": [self.text.word(f"column.{name}") for name in COLUMNS], "rows": rows}

    def _groups(self) -> dict[str, Any]:
        """A table for each group but everybody."""
        places = [COLUMNS.index(name) for name in GROUPS]
        found = []
        for group in self.review.groups:
            if group == EVERYBODY:
                continue
            cells = [self._cells(row) for _, row in self.text.judged(group).iterrows()]
            found.append({"title": self.text.took_part(group), "rows": [[line[at] for at in places] for line in cells]})
        moved = self.text.moved()
        courses = [self._course(row) for _, row in moved[moved["group"] != EVERYBODY].head(MOST_EXTRA).iterrows()]
        columns = [self.text.word(f"column.{name}") for name in GROUPS]
        return {"columns": columns, "groups": found, "courses": courses}

    def _course(self, row: pd.Series) -> dict[str, Any]:
        """The months of one dimension of one group."""
        title, ident = self.text.course_title(row), anchor("course", f"{row['group']}-{row['dimension']}")
        return {
            "title": title,
            "pictures": self._pictures(
                f"health-{ident}", title, lambda size: health_charts.course(self.text, row, size=size, title=False)
            ),
            "gaps": self.text.gaps(row["group"], row["dimension"]),
        }

    def _courses(self) -> dict[str, Any] | None:
        """The months of everybody's dimensions, and where each is linked to."""
        rows = self.text.judged(EVERYBODY)
        if rows.empty:
            return None
        title = self.text.all_title(EVERYBODY, rows)
        return {
            "title": title,
            "pictures": self._draw("courses", title, rows),
            "gaps": self.text.gaps(EVERYBODY),
            "targets": [anchor("health", name) for name in rows["dimension"]],
        }

    def _hours(self) -> pd.DataFrame:
        """The workload of the month; of its newest month where no month of the survey is judged."""
        rows = self.review.workload
        return rows[rows["month"] == (self.review.month or rows["month"].max())].reset_index(drop=True)

    def _workload(self) -> pd.DataFrame:
        """The month's workload of the groups that may be shown and of which anything is known."""
        rows = self._hours()
        known = rows[list(health_charts.WORKLOAD)].notna().any(axis=1)
        return rows[known & ~rows["suppressed"]].reset_index(drop=True)

    def _few(self) -> str:
        rows = self._hours()
        names = [self.text.group(name) for name in rows.loc[rows["suppressed"], "group"]]
        return self.text.word("beside.few", names=self.text.listed(names)) if names else ""

    def _spread(self) -> pd.DataFrame:
        """Everybody's items of the month whose distribution is shown."""
        cells = self.review.cells
        cells = cells[(cells["month"] == self.review.month) & (cells["group"] == EVERYBODY)]
        return cells[cells[["low", "middle", "high"]].notna().any(axis=1)].reset_index(drop=True)

    def _item_cells(self, cell: pd.Series) -> tuple[str, ...]:
        """One month of an item."""
        text = self.text
        spread = text.bands(*(cell[band] for band in ("low", "middle", "high")))
        why = text.why(cell["reason"]) if cell["suppressed"] else ""
        few = cell["reason"] == "few"
        return (
            text.month(cell["month"]),
            text.score(cell["mean"]),
            text.missing() if few else f"{cell['n']}",
            spread,
            why,
        )

    def _voices(self) -> dict[str, Any]:
        text, review = self.text, self.review
        waiting = text.found(HealthFinding.OPEN_SUGGESTIONS)
        hidden = review.n_comments - len(review.comments)
        return {
            "themes": [(row["theme"], f"{row['n']}") for _, row in review.themes.iterrows()],
            "theme_columns": [text.word("column.theme"), text.word("column.comments")],
            "comments": list(review.comments["text"]),
            "hidden": text.word("comments.hidden", n=hidden) if hidden > 0 else "",
            "suggestions": [(row["suggestion"], text.carried(row)) for _, row in review.suggestions.iterrows()],
            "open": [text.sentence(finding) for finding in waiting],
        }
