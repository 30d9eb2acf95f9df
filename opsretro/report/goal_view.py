"""The goal review, shown: table, pictures, the section of the page."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.analysis.codes import Direction, Status, Variation
from opsretro.report import goal_charts, goal_overview
from opsretro.report.goal_notes import score, smart
from opsretro.report.goal_text import GoalText
from opsretro.report.goal_words import is_met_but_worse, is_told
from opsretro.report.look import light_tokens
from opsretro.report.numbers import rate
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.goal_review import GoalReview

TOP_SENTENCES = 4
COLUMNS = ("goal", "actual", "before", "target", "attainment", "status", "variation", "assurance", "year")
RUNNING = ("goal", "so_far", "before", "target", "pace", "chance")


class GoalView(Shown):
    """Shows one goal review in its language.

    Args:
        review: The result.
    """

    template = "goals.html.jinja"

    def __init__(self, review: GoalReview) -> None:
        self.review = review
        self.text = GoalText(review, review.lang)
        super().__init__(self.text)

    def plot(self, subject: str | None = None) -> Figure:
        """The overview, or the card of one goal.

        Raises:
            KeyError: No such goal.
        """
        if subject is None:
            return self._overview(title=True)
        return goal_charts.card(self.text, self.review.goal(subject), self._months(subject))

    def table(self) -> pd.DataFrame:
        """One row a goal: actual, what it was before, target, attainment and the verdicts in words.

        While the period is running, the verdicts give way to where each goal is heading.
        """
        running = self.text.is_running()
        rows = [self._running_cells(goal) if running else self._cells(goal) for goal in self._by_importance]
        return pd.DataFrame(rows, columns=list(map(self._column, RUNNING if running else COLUMNS)))

    def _column(self, name: str) -> str:
        if name == "actual" and self.text.kind != "month" and not self.review.counts()["decided"]:
            name = "so_far"
        return self.text.word(f"before.{self.text.kind}" if name == "before" else f"column.{name}")

    def certainty(self) -> pd.DataFrame:
        """One row a goal: its usual range, what stands behind it, and what would change the verdicts."""
        text, word = self.text, self.text.word
        rows = [
            {
                word("column.goal"): text.name(goal),
                word("column.range"): text.band(goal),
                word("column.history"): word(f"history.{goal['limits_state']}", n=goal["n_baseline"]),
                word("column.coverage"): rate(goal["coverage"], self.review.lang),
                word("column.turn"): text.turn(goal),
            }
            for goal in self._by_importance
        ]
        return pd.DataFrame(rows)

    def team_score(self) -> pd.DataFrame:
        """The team's score, one row a month."""
        found = score(self.text)
        return pd.DataFrame(found["rows"], columns=found["columns"])

    def advice(self) -> pd.DataFrame:
        """How each goal could be written better."""
        columns = [self.text.word("column.goal"), self.text.word("column.advice")]
        return pd.DataFrame([(name, " ".join(texts)) for name, texts in smart(self.text)["goals"]], columns=columns)

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, picture, table, certainty, details."""
        return {
            "headline": self.headline(),
            "overview_title": self.text.overview_title(),
            "overview_key": self.text.overview_key(),
            "overview": self._pictures("goals-overview", self.text.overview_title(), self._overview),
            "table": self._table(),
            "worse": self._worse(),
            "certainty": self.text.certainty(),
            "score": score(self.text),
            "smart": smart(self.text),
            "cards": [self._card(goal) for goal in self._by_importance],
        }

    def _worse(self) -> str:
        """What the mark of a goal means that was met although it fell; empty when none was."""
        before = self.text.word(f"before.{self.text.kind}").lower()
        return self.text.word("status.key", before=before) if any(map(is_met_but_worse, self._by_importance)) else ""

    def card(self, goal_id: str) -> Markup:
        """The card of one goal alone, for a live notebook.

        Raises:
            KeyError: No such goal.
        """
        return render("card.html.jinja", card=self._card(self.review.goal(goal_id)), tokens=light_tokens(), live=True)

    def conclusions(self) -> list[tuple[str, str]]:
        """The headline and the most important findings, each with the anchor of its evidence."""
        top = [item for item in self.review.findings if item.subject][:TOP_SENTENCES]
        return [(self.headline(), "goals")] + [
            (self.sentence(item), f"open-{anchor('goal', item.subject)}") for item in top
        ]

    def changes(self) -> list[str]:
        """Goals that turned from met to missed or back."""
        none = [self.text.word("change.none")] if self.review.counts()["decided"] else []
        return self.text.changes() or none

    def tile(self) -> tuple[str, Markup]:
        """How many goals were met, and a dot for each."""
        counts = self.review.counts()
        line = self.text.word("tile", met=counts["met"], n=counts["total"])
        if not counts["decided"]:
            line = self.text.word("tile_open", n=counts["total"])
        if self.text.is_running():
            line = self.text.word("tile_running", likely=counts["likely"], n=counts["paced"])
        states = sorted(self.review.goals["status"], key=list(Status).index)
        return line, render("dots.html.jinja", states=states)

    def method(self) -> str:
        """Definitions and method."""
        return say("page.method_goals", self.review.lang)

    @cached_property
    def _by_importance(self) -> list[pd.Series]:
        return [self.review.goal(finding.subject) for finding in self.review.findings if finding.subject]

    def _ranked(self) -> pd.DataFrame:
        return pd.DataFrame(self._by_importance)

    def _months(self, goal_id: str) -> pd.DataFrame:
        months = self.review.months
        return months[months["goal_id"] == goal_id]

    def _cells(self, goal: pd.Series) -> tuple[str, ...]:
        text, word = self.text, self.text.word
        actual, before, wanted = self._amounts(goal)
        judged = goal["status"] != Status.NO_DATA
        status = word(f"status.{goal['status'] if judged else goal['reason']}")
        mark = f"signal_{goal['side']}" if goal["variation"] == Variation.SIGNAL else goal["variation"]
        return (
            text.name(goal),
            actual,
            before,
            wanted,
            text.share(goal),
            word("status.worse", status=status) if is_met_but_worse(goal) else status,
            word(f"mark.{mark if is_told(goal) else 'none'}"),
            word(f"expect.{goal['assurance'] if judged else 'none'}"),
            text.year(goal),
        )

    def _running_cells(self, goal: pd.Series) -> tuple[str, ...]:
        heading, chance = self.text.pace_cells(goal)
        if goal["status"] != Status.NO_DATA:
            heading = self.text.word(f"status.{goal['status']}")
        return (self.text.name(goal), *self._amounts(goal), heading, chance)

    def _amounts(self, goal: pd.Series) -> tuple[str, str, str]:
        """Actual, what it was before, and what is wanted."""
        if goal["direction"] == Direction.RANGE:
            actual, before, low, high = self.text.amounts(goal[["actual", "previous", "low", "high"]].tolist(), goal)
            return actual, before, self.text.word("range", low=low, high=high)
        actual, before, wanted = self.text.amounts([goal[key] for key in ("actual", "previous", "target")], goal)
        return actual, before, wanted

    def _table(self) -> dict[str, object]:
        table = self.table()
        look = [goal["variation"] == Variation.SIGNAL for goal in self._by_importance]
        ids = [anchor("goal", goal["goal_id"]) for goal in self._by_importance]
        return {"columns": list(table.columns), "rows": list(zip(ids, look, table.to_numpy().tolist(), strict=True))}

    def _card(self, goal: pd.Series) -> dict[str, object]:
        flagged = goal["status"] == Status.MISSED or goal["variation"] == Variation.SIGNAL
        title = self.text.chart_title(goal)
        return {
            "id": anchor("goal", goal["goal_id"]),
            "title": title,
            "compare": self.text.compare(goal),
            "caption": self.text.chart_caption(goal),
            "explanation": self.text.explanation(goal),
            "turn": self.text.word("turn.label", text=self.text.turn(goal)),
            "rebased": self.text.rebased(goal),
            "open": flagged,
            "pictures": self._pictures(anchor("goal", goal["goal_id"]), title, partial(self._draw_card, goal)),
            "days": self._days(goal),
        }

    def _overview(self, size: str = "wide", *, title: bool = False) -> Figure:
        return goal_overview.overview(self.text, self._ranked(), self.review.months, size=size, title=title)

    def _draw_card(self, goal: pd.Series, size: str) -> Figure:
        return goal_charts.card(self.text, goal, self._months(goal["goal_id"]), size=size, title=False)

    def _days(self, goal: pd.Series) -> dict[str, object] | None:
        """The picture of a period that is still running, and of a quarter or a year of a sum."""
        path = self.review.days[self.review.days["goal_id"] == goal["goal_id"]]
        if path["actual"].notna().sum() == 0:
            return None
        title, ident = self.text.days_title(goal), f"{anchor('goal', goal['goal_id'])}-days"
        pictures = self._pictures(
            ident, title, lambda size: goal_charts.days(self.text, goal, path, size=size, title=False)
        )
        parts = [
            "gap" if goal_charts.is_from_goal(goal, path) else "level",
            *(["cone"] if path["expected"].any() else []),
        ]
        key = self.text.word("compare.gap").join(self.text.word(f"pace.key.{part}") for part in parts)
        return {"title": title, "pictures": pictures, "key": key}
