"""The activity review, shown: portfolio, table, recaps, the section of the page."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.analysis.methods.returns import Verdict
from opsretro.report import roi_charts, roi_recap
from opsretro.report.bars import note
from opsretro.report.look import light_tokens
from opsretro.report.roi_text import RoiText
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.roi_review import ActivityReview

TOP_SENTENCES = 4
COLUMNS = ("activity", "cost", "attributed_roi", "roi", "interval", "evidence", "verdict")
LOOKS = {
    **{kind.value: kind.value for kind in Verdict},
    "running": "no_data",
    "untold": "no_data",
}


class RoiView(Shown):
    """Shows one activity review in its language.

    Args:
        review: The result.
    """

    template = "roi.html.jinja"

    def __init__(self, review: ActivityReview) -> None:
        self.review = review
        self.text = RoiText(review, review.lang)
        super().__init__(self.text)

    def plot(self, subject: str | None = None) -> Figure:
        """The portfolio, or one activity against what would have happened without it.

        Raises:
            KeyError: No such activity.
        """
        if not subject:
            ranked = self._ranked()
            return roi_charts.portfolio(self.text, ranked) if len(ranked) else note(self.headline())
        row = self.review.activity(subject)
        if math.isnan(row["incremental"]):
            return note(self.text.told(row))
        return roi_charts.course(self.text, row, self._days(subject))

    def why(self, subject: str) -> Figure:
        """Why the net profit of an activity differs from its plan."""
        rows = self._split(subject)
        if not rows["effect"].any():
            told = self.text.split_title(rows, self.text.one_name(subject)) if len(rows) else ""
            return note(told or self.text.word("recap.no_split"))
        return roi_charts.split(self.text, rows, self.text.one_name(subject))

    def table(self) -> pd.DataFrame:
        """One row an activity or joint effect: cost, attributed and incremental ROI, interval, evidence, verdict."""
        rows = [self._cells(row) for _, row in self._everything.iterrows()]
        return pd.DataFrame(rows, columns=[self.text.word(f"column.{name}") for name in COLUMNS])

    def certainty(self) -> pd.DataFrame:
        """One row an activity: what its figure rests on, what to know before it is believed, what would change it."""
        text, word = self.text, self.text.word
        rows = [
            {
                word("column.activity"): text.name(row),
                word("column.evidence"): text.evidence(row),
                word("column.incremental"): text.span(row["lower"], row["upper"], money=True),
                word("column.warnings"): text.join(*text.warned(row)),
                word("column.turn"): text.turn(row),
            }
            for _, row in self._everything.iterrows()
        ]
        return pd.DataFrame(rows)

    def by_type(self) -> pd.DataFrame:
        """The activities of the last 12 months by type."""
        found = self._types()
        return pd.DataFrame(found["rows"], columns=found["columns"])

    def section(self) -> Markup:
        """The section of the page; without an activity the answer alone."""
        if self.review.activities.empty:
            return Markup('<p class="answer">{}</p>').format(self.headline())
        return super().section()

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, portfolio, table, certainty, types, a recap an activity."""
        title = self.text.portfolio_title()
        ranked = self._ranked()
        return {
            "headline": self.headline(),
            "portfolio_title": title,
            "portfolio_key": self.text.portfolio_key(),
            "portfolio": self._pictures(
                "roi-portfolio", title, lambda size: roi_charts.portfolio(self.text, ranked, size=size, title=False)
            ),
            "table": self._table(),
            "certainty": self.text.certainty(),
            "types": self._types(),
            "recaps": [self._recap(row) for _, row in self._everything.iterrows()],
        }

    def card(self, activity_id: str) -> Markup:
        """The recap of one activity alone, for a live notebook.

        Raises:
            KeyError: No such activity.
        """
        recap = self._recap(self.review.activity(activity_id))
        return render("roi_recap.html.jinja", recap=recap, word=self.text.word, tokens=light_tokens(), live=True)

    def conclusions(self) -> list[tuple[str, str]]:
        """The most important findings, each with the anchor of its evidence."""
        top = [item for item in self.review.findings if item.subject][:TOP_SENTENCES]
        told = [(self.sentence(item), f"open-{anchor('activity', item.subject)}") for item in top]
        return [(self.headline(), "roi"), *told]

    def changes(self) -> list[str]:
        """Activities are not compared month by month; each stands beside its own type's last one."""
        return []

    def tile(self) -> tuple[str, Markup]:
        """How many paid and lost, and a dot for each."""
        counts = self.text.counts()
        if not counts["total"]:
            return self.text.word("tile.none"), render("dots.html.jinja", states=["no_data"])
        states = [look for kind, look in LOOKS.items() for _ in range(counts[kind])]
        parts = [self.text.word(f"tile.{kind}", n=counts[kind]) for kind in Verdict if counts[kind]]
        return say("list.comma", self.review.lang).join(parts) or self.text.word("tile.open"), render(
            "dots.html.jinja", states=states
        )

    def method(self) -> str:
        """Definitions and method."""
        return say("page.method_roi", self.review.lang)

    @cached_property
    def _everything(self) -> pd.DataFrame:
        """Every row in the order of the portfolio, a joint effect followed by its members."""
        rows = []
        for _, ranked in self._ranked().iterrows():
            row = self.review.activity(ranked["activity_id"])
            members = [name for name in row["members"] if name != row["activity_id"]]
            if not row["joint_id"]:
                rows += [row, *map(self.review.activity, members)]
        return pd.DataFrame(rows)

    def _ranked(self) -> pd.DataFrame:
        """What the portfolio draws: highest profit first, what has none last."""
        rows = [self.text.standing(row) for _, row in self.review.judged.iterrows()]
        return pd.DataFrame(rows).sort_values("profit", ascending=False, kind="stable") if rows else pd.DataFrame()

    def _cells(self, row: pd.Series) -> tuple[str, ...]:
        text, missing, name, verdict = self.text, self.text.missing(), self.text.name(row), self.text.verdict(row)
        row = text.standing(row)
        known = not math.isnan(row["roi"])
        return (
            name,
            text.money(row["cost"]),
            text.rate(row["attributed_roi"], signed=True),
            text.rate(row["roi"], signed=True) if known else missing,
            text.span(row["roi_lower"], row["roi_upper"]) if known else missing,
            text.evidence(row),
            verdict,
        )

    def _table(self) -> dict[str, object]:
        table, rows = self.table(), self._everything
        look = [self.text.kind(row) == Verdict.LOSS for _, row in rows.iterrows()]
        ids = [anchor("activity", row["activity_id"]) for _, row in rows.iterrows()]
        return {"columns": list(table.columns), "rows": list(zip(ids, look, table.to_numpy().tolist(), strict=True))}

    def _types(self) -> dict[str, Any]:
        text = self.text
        columns = [
            text.word(f"types.{name}") for name in ("type", "n", "cost", "profit", "roi", "interval", "marginal")
        ]
        rows = [
            [
                text.called(row["type"]) or text.missing(),
                text.word("types.unknown" if row["n_unknown"] else "types.all", n=row["n"], unknown=row["n_unknown"]),
                text.money(row["cost"]),
                text.money(row["profit"], signed=True),
                text.rate(row["roi"], signed=True),
                text.span(row["roi_lower"], row["roi_upper"]),
                self._marginal(row),
            ]
            for _, row in self.review.types.iterrows()
        ]
        return {"columns": columns, "rows": rows}

    def _marginal(self, row: pd.Series) -> str:
        if math.isnan(row["marginal_roi"]):
            return self.text.missing()
        span = self.text.span(row["marginal_roi_lower"], row["marginal_roi_upper"])
        return self.text.word("types.told", roi=self.text.rate(row["marginal_roi"], signed=True), span=span)

    def _recap(self, row: pd.Series) -> dict[str, object]:
        text, name = self.text, row["activity_id"]
        ident, told = anchor("activity", name), not math.isnan(row["incremental"])
        split = self._split(name)
        days = self._days(name)
        return {
            "id": ident,
            "title": text.word("recap.title", name=text.name(row), verdict=text.verdict(row)),
            "say": text.told(row),
            "aims": roi_recap.aims(text, row),
            "results": roi_recap.results(text, row),
            "warnings": text.warned(row),
            "turn": text.turn(row),
            "course_title": text.chart_title(row) if told else "",
            "course": self._pictures(
                f"course-{ident}",
                text.chart_title(row),
                lambda size: roi_charts.course(text, row, days, size=size, title=False),
            )
            if told
            else None,
            "course_key": text.join(text.chart_key(row), text.chart_caption(row)) if told else "",
            "split_title": text.split_title(split, text.one_name(name)) if len(split) else "",
            "split": self._pictures(
                f"split-{ident}",
                text.one_name(name),
                lambda size: roi_charts.split(text, split, name, size=size, title=False),
            )
            if split["effect"].any()
            else None,
            "split_key": text.word("split.key"),
            "funnel": roi_recap.funnel(text, name),
            "costs": roi_recap.costs(text, row),
            "rates": roi_recap.rates(text, row),
            "last": text.last_time(row),
            "prompts": roi_recap.prompts(text, row),
            "open": text.kind(row) == Verdict.LOSS,
            "told": told,
        }

    def _days(self, name: str) -> pd.DataFrame:
        days = self.review.days
        return days[days["activity_id"] == name]

    def _split(self, name: str) -> pd.DataFrame:
        split = self.review.split
        return split[split["activity_id"] == name].reset_index(drop=True)
