"""The root-cause review, shown: what a change is made of, slices, days, drill-down, trees, the section of the page."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import HTML
from markupsafe import Markup

from opsretro.analysis.cause_review import State
from opsretro.report import cause_charts, numbers
from opsretro.report.bars import note
from opsretro.report.cause_text import CauseText
from opsretro.report.look import ON_PAGE, light_tokens
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render
from opsretro.report.tree_drawing import Labels, fishbone_svg, whys_svg
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.cause_review import CauseReview

TOP_SENTENCES = 3
COLUMNS = ("slice", "change", "interval", "share", "since", "what", "sure")
DRILL = ("value", "actual", "expected", "change", "share", "state")
LOOKS = {State.FOUND: "loss", State.NOTHING: "unclear"}
"""How the tile shows a KPI: searched with and without a find; any other could not be searched."""
MOST_VALUES = 8
"""Values of a dimension that are listed, those that moved most first."""


class CauseView(Shown):
    """Shows one root-cause review in its language.

    Args:
        review: The result.
    """

    template = "cause.html.jinja"

    def __init__(self, review: CauseReview) -> None:
        self.review = review
        self.text = CauseText(review, review.lang)
        super().__init__(self.text)

    def plot(self, subject: str | None = None) -> Figure:
        """What the change of a KPI is made of; of the most important one unless told otherwise.

        Raises:
            KeyError: It was not looked at.
        """
        row = self._row(subject)
        if row is None or row["state"] != State.FOUND:
            return note(self.headline() if row is None else self.text.told(row))
        return cause_charts.parts(self.text, row)

    def course(self, subject: str | None = None, rank: int = 1) -> Figure:
        """The days of a slice beside what they would be in step with the rest."""
        row = self._row(subject)
        causes = pd.DataFrame() if row is None else self.review.of("causes", row["subject"], rank)
        if row is None or causes.empty or self.review.of("days", row["subject"], rank).empty:
            return note(self.headline() if row is None else self.text.told(row))
        return cause_charts.course(self.text, row, causes.iloc[0])

    def pareto(self, subject: str | None = None, dimension: str | None = None) -> Figure:
        """The values of a dimension by what they bring to the change."""
        row = self._row(subject)
        rows = pd.DataFrame() if row is None else self._pareto_rows(row, dimension)
        if row is None or rows.empty:
            return note(self.headline() if row is None else self.text.told(row))
        return cause_charts.pareto(self.text, row, rows)

    def table(self) -> pd.DataFrame:
        """One row a cause: KPI and slice, what it brings, its interval, share, since when, what moved, how sure."""
        rows = [self._cells(row, cause) for row, cause in self._causes()]
        return pd.DataFrame(rows, columns=[self.text.word(f"column.{name}") for name in COLUMNS])

    def certainty(self) -> pd.DataFrame:
        """One row a KPI: how its search ended, what was ruled out, what the data cannot say."""
        text, word = self.text, self.text.word
        rows = [
            {
                word("column.kpi"): text.name(row),
                word("column.answer"): text.short(row),
                word("column.ruled"): text.ruled(row["subject"]),
                word("column.cannot"): text.join(*text.limits(row)),
            }
            for _, row in self._ranked.iterrows()
        ]
        return pd.DataFrame(rows)

    def ruled_out(self) -> pd.DataFrame:
        """What moved too, and what is left of it when the causes are set aside."""
        word, rows = self.text.word, self.review.drill
        found = [
            {
                word("column.kpi"): self.text.name(kpi),
                word("column.value"): self.text.value_of(row),
                word("column.change"): self.text.moved(row["own"], kpi),
                word("column.left"): self._left(row, kpi),
            }
            for _, row in rows[rows["state"] == "ruled_out"].iterrows()
            for kpi in [self.review.kpi(row["subject"])]
        ]
        return pd.DataFrame(found, columns=[word(f"column.{name}") for name in ("kpi", "value", "change", "left")])

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, what the change is made of, table, certainty, a card a KPI."""
        top = self._row(None)
        found = top is not None and top["state"] == State.FOUND
        return {
            "headline": self.headline(),
            "title": self.text.bars_title(top) if found else "",
            "key": self.text.bars_key(top) if found else "",
            "bars": self._bars(top, "top") if found else None,
            "table": self._table(),
            "certainty": self.text.certainty() if top is not None else "",
            "trees": [tree for subject in self._apart() for tree in self._trees(subject)],
            "cards": [self._card(row, bars=place > 0) for place, (_, row) in enumerate(self._ranked.iterrows())],
        }

    def drawn_trees(self) -> HTML:
        """The team's trees of the period, for a notebook."""
        subjects = dict.fromkeys(self.review.trees["subject"])
        trees = [tree for subject in subjects for tree in self._trees(subject, linked=False)]
        values = {"trees": trees, "word": self.text.word, "tokens": light_tokens()}
        return HTML(str(render("cause_trees.html.jinja", live=True, **values)))  # type: ignore[no-untyped-call]

    def card(self, subject: str) -> Markup:
        """One KPI alone, for a live notebook.

        Raises:
            KeyError: It was not looked at.
        """
        card = self._card(self.review.kpi(subject)) | {"trees": self._trees(subject, linked=False)}
        return render("cause_card.html.jinja", card=card, word=self.text.word, tokens=light_tokens(), live=True)

    def conclusions(self) -> list[tuple[str, str]]:
        """The most important findings, each with the anchor of its evidence."""
        found = self._ranked
        found = found[found["state"] == State.FOUND].head(TOP_SENTENCES)
        return [(self.text.short(row), f"open-{anchor('cause', row['subject'])}") for _, row in found.iterrows()]

    def changes(self) -> list[str]:
        """Causes are not compared month by month: each is a comparison itself."""
        return []

    def tile(self) -> tuple[str, Markup]:
        """How many causes there are, and a dot for each KPI looked at."""
        found = int((self.review.kpis["state"] == State.FOUND).sum())
        looks = [LOOKS.get(state, "no_data") for state in self._ranked["state"]] or ["no_data"]
        line = self.text.word("tile.found", n=len(self.review.causes)) if found else self.text.word("tile.none")
        return line, render("dots.html.jinja", states=looks)

    def method(self) -> str:
        """Definitions and method."""
        return say("page.method_rootcause", self.review.lang)

    @cached_property
    def _ranked(self) -> pd.DataFrame:
        """The KPIs, the most important first."""
        order = [item.subject for item in self.review.findings if item.subject]
        return pd.DataFrame([self.review.kpi(subject) for subject in order], columns=self.review.kpis.columns)

    def _row(self, subject: str | None) -> pd.Series | None:
        if subject:
            return self.review.kpi(subject)
        ranked = self._ranked
        return ranked.iloc[0] if len(ranked) else None

    def _causes(self) -> list[tuple[pd.Series, pd.Series]]:
        return [
            (row, cause)
            for _, row in self._ranked.iterrows()
            for _, cause in self.review.of("causes", row["subject"]).iterrows()
        ]

    def _cells(self, row: pd.Series, cause: pd.Series) -> tuple[str, ...]:
        text = self.text
        slice_ = text.slice_name(row["subject"], int(cause["rank"]))
        return (
            text.word("of_slice", kpi=text.name(row), slice=slice_),
            text.moved(cause["change"], row),
            text.span(cause["lower"], cause["upper"], row),
            text.whole(cause["share"]),
            text.since_cell(cause),
            text.what_short(cause),
            text.sure(cause),
        )

    def _table(self) -> dict[str, object]:
        table = self.table()
        ids = [anchor("cause", row["subject"]) for row, _ in self._causes()]
        rows = [(ident, False, cells) for ident, cells in zip(ids, table.to_numpy().tolist(), strict=True)]
        return {"columns": list(table.columns), "rows": rows}

    def _bars(self, row: pd.Series, ident: str) -> dict[str, Markup]:
        return self._pictures(
            f"bars-{ident}",
            self.text.bars_title(row),
            lambda size: cause_charts.parts(self.text, row, size=size, title=False),
        )

    def _pareto_rows(self, row: pd.Series, dimension: str | None = None) -> pd.DataFrame:
        return cause_charts.pareto_rows(self.review.of("drill", row["subject"]), dimension)

    def _card(self, row: pd.Series, *, bars: bool = True) -> dict[str, Any]:
        text, ident = self.text, anchor("cause", row["subject"])
        found, causes = row["state"] == State.FOUND, self.review.of("causes", row["subject"])
        pareto = self._pareto_rows(row)
        return {
            "id": ident,
            "title": text.word(
                "card.title", kpi=text.name(row), answer=text.word(f"state.{row['state']}", n=len(causes))
            ),
            "say": text.told(row),
            "bars_title": text.bars_title(row),
            "bars_key": text.bars_key(row),
            "bars": self._bars(row, ident) if found and bars else None,
            "courses": [self._course(row, cause, ident) for _, cause in causes.head(TOP_SENTENCES).iterrows()],
            "pareto_title": text.pareto_title(row, pareto) if len(pareto) else "",
            "pareto": self._pictures(
                f"pareto-{ident}",
                text.pareto_title(row, pareto),
                lambda size: cause_charts.pareto(text, row, pareto, size=size, title=False),
            )
            if len(pareto)
            else None,
            "drill": self._drill(row),
            "drivers": self._drivers(row),
            "ruled": text.ruled(row["subject"]) if found else "",
            "leads": text.leads(row["subject"]),
            "cannot": text.limits(row),
            "trees": self._trees(row["subject"]),
            "open": False,
        }

    def _apart(self) -> list[str]:
        """KPIs the team has a tree of although they were not looked at."""
        return [
            name for name in dict.fromkeys(self.review.trees["subject"]) if name not in set(self.review.kpis["subject"])
        ]

    def _trees(self, subject: str, *, linked: bool = True) -> list[dict[str, Any]]:
        """The team's trees of one KPI, each drawn in both sizes; on a page a slice that was found is a link."""
        rows, labels = self.review.of("trees", subject), Labels.of(self.review.lang)
        known = rows.loc[rows["rank"] > 0, "slice"]
        anchors = dict.fromkeys(known, f"open-{anchor('cause', subject)}") if linked else {}
        found = []
        for _, tree in rows.groupby("tree", sort=False):
            kind = tree["kind"].iloc[0]
            draw = fishbone_svg if kind == "fishbone" else whys_svg
            pictures = {size: draw(tree, labels=labels, anchors=anchors, narrow=size == "narrow") for size in ON_PAGE}
            title = self.text.word(f"tree.{kind}", kpi=self.text.called(subject))
            found.append({"title": title, "pictures": pictures})
        return found

    def _course(self, row: pd.Series, cause: pd.Series, ident: str) -> dict[str, Any] | None:
        if self.review.of("days", row["subject"], int(cause["rank"])).empty:
            return None
        title = self.text.course_title(row, cause)
        return {
            "title": title,
            "key": self.text.course_caption(row, cause),
            "pictures": self._pictures(
                f"course-{ident}-{cause['rank']}",
                title,
                lambda size: cause_charts.course(self.text, row, cause, size=size, title=False),
            ),
        }

    def _drill(self, row: pd.Series) -> dict[str, Any]:
        """The values of every dimension, and whether anything is left of each when the causes are set aside."""
        text, drill = self.text, self.review.of("drill", row["subject"])
        unit = text.word("column.points") if row["unit"] in numbers.RATES else text.word("column.change")
        columns = [unit if name == "change" else text.word(f"column.{name}") for name in DRILL]
        drill["shown"] = text.bares(drill["change"].tolist(), row)
        found = []
        for dim, part in drill.groupby("dimension", sort=False):
            rows = [
                (
                    text.value_of(one),
                    text.amount(one["actual"], row),
                    text.amount(one["forecast"], row),
                    one["shown"],
                    text.whole(one["share"]),
                    text.word(f"drill.{one['state']}"),
                )
                for _, one in part.head(MOST_VALUES).iterrows()
            ]
            found.append({"title": text.called(str(dim)), "rows": rows})
        return {"columns": columns, "dims": found}

    def _left(self, one: pd.Series, row: pd.Series) -> str:
        """What is left of a value's movement, with twice its standard error."""
        error = self.text.gap(2 * one["error"], row)
        return self.text.word("left", left=self.text.moved(one["left"], row), error=error)

    def _drivers(self, row: pd.Series) -> dict[str, Any]:
        """The factors of the KPI as a whole: before, after, what each brings."""
        text = self.text
        rows = [
            (
                text.factor(one["factor"]),
                *(self._factor(one[side], one["factor"], row) for side in ("before", "after")),
                text.moved(one["effect"], row),
            )
            for _, one in self.review.of("drivers", row["subject"], 0).iterrows()
        ]
        return {
            "columns": [text.word(f"column.{name}") for name in ("factor", "before", "after", "brings")],
            "rows": rows,
        }

    def _factor(self, value: float, factor: str, row: pd.Series) -> str:
        if factor.startswith(f"{row['kpi']}/") and row["unit"] == "currency":
            return self.text.amount(value, row)
        show = numbers.rate if value < 1 else numbers.number
        return show(value, self.review.lang)
