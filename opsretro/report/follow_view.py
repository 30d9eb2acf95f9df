"""The follow-up, shown: a line an action with its chart, all on one scale, the months, the section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.analysis.follow_codes import Verdict
from opsretro.report import follow_charts, numbers
from opsretro.report.bars import note
from opsretro.report.follow_text import FollowText
from opsretro.report.lessons_view import LessonWords
from opsretro.report.look import SIZES, light_tokens, svg
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.follow_review import FollowUp

COLUMNS = ("action", "owner", "due", "metric", "effect", "interval", "verdict")
CERTAINTY = ("action", "verdict", "interval", "rests", "warnings")
READING = ("month", "effect", "interval", "verdict")
THEME = ("metric", "n_actions", "n_months", "n_open", *(f"n_{verdict}" for verdict in Verdict))
LOOKS = {Verdict.MOVED: "met", Verdict.NOT_MOVED: "loss", Verdict.CANNOT_TELL: "unclear", "dropped": "no_data"}
"""How the tile shows a verdict."""
TOLD = (Verdict.MOVED, Verdict.NOT_MOVED, "overdue")
"""Findings that are worth a sentence at the top of the page."""
TOP_SENTENCES = 3
MOST_DRAWN = 12
"""Actions with a chart on the page; a picture of each of hundreds would make it slow to open."""


class FollowView(Shown):
    """Shows one follow-up in its language.

    Args:
        review: The result.
    """

    template = "followup.html.jinja"

    def __init__(self, review: FollowUp) -> None:
        self.review: FollowUp = review
        self.text = FollowText(review, review.lang)
        super().__init__(self.text)
        with_days = set(review.days["id"])
        self._drawn = [name for name in review.judged["id"] if name in with_days][:MOST_DRAWN]

    def plot(self, subject: str | None = None) -> Figure:
        """All actions on one scale (of a quarter or a year: by month); one metric before and after its action.

        Raises:
            KeyError: No such action; names those there are.
        """
        if subject:
            row, days = self.review.action(subject), self._days(subject)
            return follow_charts.course(self.text, row, days) if len(days) else note(self.text.told(row))
        if self._has_grid():
            return follow_charts.grid(self.text, self.review.judged)
        rows = self._figures()
        return follow_charts.forest(self.text, rows) if len(rows) else note(self.headline())

    def table(self) -> pd.DataFrame:
        """One row an action: owner, due day, metric, its own change with its interval, verdict."""
        rows = [self._cells(row) for _, row in self.review.judged.iterrows()]
        return pd.DataFrame(rows, columns=self._columns(COLUMNS))

    def certainty(self) -> pd.DataFrame:
        """One row an action: its verdict, the interval, the days it rests on, what to know before it is believed."""
        rows = [
            (self.text.title(row), self.text.verdict(row), self.text.span(row), self.text.rests(row), self._warned(row))
            for _, row in self.review.judged.iterrows()
        ]
        return pd.DataFrame(rows, columns=self._columns(CERTAINTY))

    def recurring(self) -> pd.DataFrame:
        """Metrics that came up more than once in the last 12 months: actions on them, never people."""
        rows = [
            (self.text.called(row["metric"]), *(f"{row[name]}" for name in THEME[1:]))
            for _, row in self.review.themes.iterrows()
        ]
        return pd.DataFrame(rows, columns=[self.text.word(f"theme.{name}") for name in THEME])

    def questions(self) -> list[str]:
        """Three questions for the room."""
        return self.text.questions()

    def parts(self) -> dict[str, Any]:
        """The section of the page: answer, a line an action, certainty, and folded all on one scale, a card each."""
        text, judged, figures = self.text, self.review.judged, self._figures()
        undrawn = len(set(self.review.days["id"]) & set(judged["id"])) - len(self._drawn)
        return {
            "headline": self.headline(),
            "grid": self._picture("grid", judged, text.grid_title(judged)) if self._has_grid() else None,
            "groups": self._groups(),
            "undrawn": text.word("undrawn", n=undrawn) if undrawn else "",
            "certainty": text.certainty(),
            "forest": self._picture("forest", figures, text.forest_title(figures)) if len(figures) else None,
            "cards": [self._card(row) for _, row in judged.iterrows()],
            "coming": [self._line(row) for _, row in self.review.actions[self.review.actions["is_next"]].iterrows()],
            "themes": self.recurring(),
            "load": [text.load(row["owner"], int(row["n_open"])) for _, row in self.review.load.iterrows()],
            "lessons": self._lessons(),
        }

    def card(self, action_id: str) -> Markup:
        """One action alone, for a live notebook.

        Raises:
            KeyError: No such action; names those there are.
        """
        card = self._card(self.review.action(action_id), live=True)
        return render("follow_card.html.jinja", card=card, word=self.text.word, tokens=light_tokens(), live=True)

    def conclusions(self) -> list[tuple[str, str]]:
        """The answer, then what moved, what did not, and what is overdue, each with the anchor of its evidence."""
        if self.text.counted().empty:
            return []
        top = [finding for finding in self.review.findings if finding.code in TOLD][:TOP_SENTENCES]
        told = [(self.sentence(finding), f"open-{anchor('action', finding.subject)}") for finding in top]
        return [(self.headline(), "followup"), *told]

    def changes(self) -> list[str]:
        """Actions that stand otherwise than the month before."""
        rows = self.review.judged
        rows = rows[(rows["was"] != "") & (rows["was"] != rows["verdict"])]
        return [self.text.change(row) for _, row in rows.iterrows()]

    def tile(self) -> tuple[str, Markup]:
        """How many are open and overdue, and a dot for each action by its verdict."""
        rows = self.review.actions
        states = [LOOKS[self.text.kind(row)] for _, row in self.review.judged.iterrows()] or ["no_data"]
        n_open, n_late = len(self.review.open), int((rows["overdue_days"] > 0).sum())
        line = self.text.word("tile.open", n=n_open) if n_open else self.text.word("tile.done")
        late = [self.text.word("tile.overdue", n=n_late)] if n_late else []
        told = self.text.word("gap").join([line, *late]) if len(rows) else self.text.word("tile.none")
        return told, render("dots.html.jinja", states=states)

    def method(self) -> str:
        """Definitions and method."""
        return say("page.method_followup", self.review.lang)

    def _columns(self, names: tuple[str, ...]) -> list[str]:
        return [self.text.word(f"column.{name}") for name in names]

    def _figures(self) -> pd.DataFrame:
        """The actions that have a figure of their own."""
        rows = self.review.judged
        return rows[rows["effect"].notna()].reset_index(drop=True)

    def _has_grid(self) -> bool:
        """Whether months of a quarter or a year were read."""
        known, judged = self.review.readings, self.review.judged
        inside = known["period"].isin(self.text.months) & known["id"].isin(judged["id"])
        return not self.text.is_month and bool(inside.any())

    def _days(self, action_id: str) -> pd.DataFrame:
        days = self.review.days
        return days[days["id"] == action_id]

    def _picture(self, kind: str, rows: pd.DataFrame, title: str) -> dict[str, Any]:
        draw = getattr(follow_charts, kind)
        pictures = self._pictures(f"follow-{kind}", title, lambda size: draw(self.text, rows, size=size, title=False))
        return {"title": title, "pictures": pictures}

    def _cells(self, row: pd.Series) -> tuple[str, ...]:
        text = self.text
        who, due, change = text.owner(row), text.day(row["due"]), text.figures(row)["effect"]
        return (text.title(row), who, due, text.metric(row), change, text.span(row), text.verdict(row))

    def _table(self) -> dict[str, object]:
        rows = [
            (anchor("action", row["id"]), row["verdict"] == Verdict.NOT_MOVED, self._cells(row))
            for _, row in self.review.judged.iterrows()
        ]
        return {"columns": self._columns(COLUMNS), "rows": rows}

    def _warned(self, row: pd.Series) -> str:
        return self.text.word("gap").join(self.text.warned(row)) or self.text.missing()

    def _groups(self) -> list[dict[str, Any]]:
        """Lines of the actions decided last time (or in the period), then of the older ones."""
        text, judged = self.text, self.review.judged
        last = text.word("group.last") if text.is_month else text.word("group.inside", span=text.span_word)
        parts = ((last, judged["is_last"]), (text.word("group.older"), ~judged["is_last"]))
        return [
            {"title": title, "lines": [self._line(row) for _, row in judged[which].iterrows()]}
            for title, which in parts
            if which.any()
        ]

    def _line(self, row: pd.Series) -> dict[str, Any]:
        text, ident = self.text, anchor("action", row["id"])
        due = [text.word("due", day=text.day(row["due"]))] if row["due"] else []
        return {
            "id": ident,
            "kind": text.kind(row),
            "verdict": text.verdict(row),
            "title": text.title(row),
            "meta": [text.owner(row), *due],
            "late": text.late(row),
            "overdue": bool(row["overdue_days"]),
            "say": text.told(row),
            "asks": text.asks(row),
            "metric": text.metric(row) if row["metric"] else "",
            "missing": self._missing(row),
            "chart": self._chart(row, "narrow", "line") if row["id"] in self._drawn else None,
        }

    def _chart(self, row: pd.Series, size: str, where: str) -> Markup:
        figure = follow_charts.course(self.text, row, self._days(row["id"]), size=size, title=False)
        return svg(figure, ident=f"{where}-{anchor('action', row['id'])}-{size}", label=self.text.chart_title(row))

    def _card(self, row: pd.Series, *, live: bool = False) -> dict[str, Any]:
        text, ident = self.text, anchor("action", row["id"])
        shown = bool(len(self._days(row["id"]))) if live else row["id"] in self._drawn
        sizes = [size for size in SIZES if shown and (live or size == "wide")]
        return {
            "id": ident,
            "title": text.word("card.title", title=text.title(row), verdict=text.verdict(row)),
            "say": text.told(row),
            "asks": text.asks(row),
            "trigger": text.trigger(row),
            "done": text.either(row, "evidence"),
            "charts": {size: self._chart(row, size, "card") for size in sizes},
            "chart_title": text.chart_title(row),
            "chart_key": (text.chart_key(row), text.chart_caption(row)),
            "pairs": self._pairs(row),
            "meanwhile": text.meanwhile(row),
            "columns": self._columns(READING),
            "readings": self._readings(row),
            "missing": self._missing(row),
            "outcome": text.outcome(row),
            "where": text.word("where", id=row["id"], line=row["line"]),
        }

    def _pairs(self, row: pd.Series) -> list[tuple[str, str]]:
        """What the ledger says of an action; what nobody wrote is left out."""
        text = self.text
        known = {
            "owner": text.called(row["owner"]),
            "due": row["due"] and text.day(row["due"]),
            "start": row["start"] and text.day(row["start"]),
            "metric": text.called(row["metric"]),
            "baseline": "" if pd.isna(row["baseline"]) else text.baseline(row),
            "hoped": "" if pd.isna(row["hoped"]) else text.figures(row)["hoped"],
            "check_on": row["check_on"] and text.day(row["check_on"]),
            "status": say(f"ledger.status.{row['status']}", self.review.lang),
            "carried": f"{row['carry_count']}" if row["carry_count"] else "",
            "controllable": row["controllable"] and text.word(f"controllable.{row['controllable']}"),
            "source": row["source_finding"],
        }
        return [(text.word(f"label.{name}"), value) for name, value in known.items() if value]

    def _missing(self, row: pd.Series) -> str:
        fields = [self.text.word(f"label.{name}") for name in row["missing"]]
        return self.text.word("missing", fields=self.text.listed(fields)) if fields else ""

    def _readings(self, row: pd.Series) -> list[tuple[str, ...]]:
        """What the months before and this one read of an action; one month alone is told already."""
        known = self.review.readings
        before = [reading for _, reading in known[known["id"] == row["id"]].iterrows()]
        now = [row] if self.text.is_month else []
        months = [*(reading["period"] for reading in before), self.review.period]
        rows: list[tuple[str, ...]] = []
        for month, reading in zip(months, [*before, *now], strict=False):
            cells = row.to_dict() | {name: reading[name] for name in ("effect", "lower", "upper", "verdict", "reason")}
            told = pd.Series(cells)
            label = numbers.period(month, self.review.lang)
            rows.append((label, self.text.figures(told)["effect"], self.text.span(told), self.text.verdict(told)))
        return rows if len(rows) > 1 else []

    def _lessons(self) -> dict[str, list[dict[str, str]]]:
        """All lessons, those that have expired apart."""
        words, lessons = LessonWords(self.review, self.review.lang), self.review.lessons
        return {"held": words.told(lessons[~lessons["expired"]]), "expired": words.told(lessons[lessons["expired"]])}
