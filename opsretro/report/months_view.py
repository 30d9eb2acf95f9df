"""A look back, shown: sentences, one small line a KPI, activities with their intervals, what the actions did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.report.bars import note
from opsretro.report.drawing import shorten
from opsretro.report.months_lines import Point, interval, kpi_line, mark, stacks, strip
from opsretro.report.months_text import MonthsText, Row
from opsretro.report.shown import Shown
from opsretro.report.templates import anchor, render, style
from opsretro.tables.health_register import EVERYBODY
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.analysis.months import Months

COLUMNS = ("goal", "met", "signals", "newest", "target", "variation")
CERTAINTY = ("activity", "verdict", "roi", "attributed", "cost")
DEEDS = ("action", "due", "state", "effect", "did")
SENTENCES = 5
LONGEST_NAME = 24
MOST = 12
"""Activities, actions and causes that are shown at once; the rest is folded."""
REACH = (-1.5, 4.0)
"""The scale of the ROI reaches no farther, whatever one activity made; what does is drawn with an arrow."""


class MonthsView(Shown):
    """Shows a look back in its language.

    Args:
        review: The result.
        months: The months of the axis, oldest first; empty = from the first published one to the last.
    """

    def __init__(self, review: Months, months: Sequence[str] = ()) -> None:
        self.review: Months = review
        self.text = MonthsText(review, review.lang)
        known = {*review.published, *review.gaps["month"][review.gaps["code"] == "not_published"]}
        self.axis = list(months) or sorted(known)
        super().__init__(self.text)

    @cached_property
    def ends(self) -> tuple[str, str]:
        """The words of the first and the last month."""
        return (self.text.month(self.axis[0]), self.text.month(self.axis[-1])) if self.axis else ("", "")

    # -- for a notebook ------------------------------------------------------------------------------------------------

    def plot(self, subject: str | None = None) -> Figure:
        """In which months each goal was met, in which its KPI moved beyond its ordinary variation.

        Args:
            subject: Not used: the lines of one KPI stand on the page.
        """
        from opsretro.report.months_chart import record

        del subject
        rows = [(shorten(row["name"], LONGEST_NAME), row["marks"], row["end"]) for row in self.records()]
        if not rows:
            return note(self.headline())
        title = self.sentence(self.review.findings[0])
        return record(rows, self.axis, title=title, caption=self.text.word("record_key"), ends=self.ends)

    def table(self) -> pd.DataFrame:
        """One row a goal: months met, signals, newest value and target."""
        columns = [self.text.word(f"column.{name}") for name in COLUMNS]
        return pd.DataFrame([self._cells(row) for row in self.kpis()], columns=columns)

    def certainty(self) -> pd.DataFrame:
        """One row an activity: verdict, ROI with its interval, and what the platform attributes."""
        columns = [self.text.word(f"column.{name}") for name in CERTAINTY]
        rows = [[row[name] for name in CERTAINTY] for row in self.activities()]
        return pd.DataFrame(rows, columns=columns)

    def _table(self) -> dict[str, object]:
        rows = [(anchor("months", row["goal_id"]), False, self._cells(row)) for row in self.kpis()]
        return {"columns": [self.text.word(f"column.{name}") for name in COLUMNS], "rows": rows}

    def _cells(self, row: Row) -> tuple[str, ...]:
        text, newest = self.text, row["newest"]
        variation = text.word(f"variation.{newest['variation']}") if newest["variation"] else text.missing()
        met, signals = text.word("of", told=row["n_met"], n=row["n_judged"]), str(row["n_signal"])
        return (row["name"], met, signals, text.amount(newest["actual"], newest), text.aim(newest), variation)

    # -- for the page --------------------------------------------------------------------------------------------------

    def section(self) -> Markup:
        """The section of the page: answer, sentences, KPIs, activities, actions, causes, health, what is missing."""
        return render("months.html.jinja", word=self.text.word, style=style("months.css"), **self.parts())

    def parts(self) -> dict[str, Any]:
        """What the section of a page, and the page of the archive, are made of."""
        text = self.text
        told = [finding for finding in self.review.findings if finding.code not in ("goals", "signals")]
        return {
            "headline": self.headline(),
            "table": self._table(),
            "sentences": [text.sentence(finding) for finding in told],
            "kpis": [self._kpi(row) for row in self.kpis()],
            "activities": self.activities(),
            "types": self._types(),
            "follow": self._follow(),
            "actions": self._deeds(),
            "causes": self._causes(),
            "health": self._health(),
            "gaps": [text.gap(row) for row in self.review.gaps.to_dict("records") if row["code"] != "not_published"],
            "most": MOST,
        }

    def conclusions(self) -> list[tuple[str, str]]:
        """What the months say together: the headline, then the first sentence of each kind."""
        return [(told, "months") for told in [self.headline(), *self.text.firsts(SENTENCES)[:-1]]]

    def changes(self) -> list[str]:
        """Nothing: what changed against the month before stands in that month's own page."""
        return []

    def tile(self) -> tuple[str, Markup]:
        """How many months are published, and a dot for each."""
        published = set(self.review.published)
        looks = ["met" if month in published else "no_data" for month in self.axis]
        n = len(published)
        return self.text.word("tile", n=n), render("dots.html.jinja", states=looks)

    def method(self) -> str:
        """What a look back rests on, and what it never does."""
        texts = [
            self.text.word("method"),
            *([self.text.word("method_health")] if "health" in self.text.sections else []),
        ]
        return say("sentence.gap", self.review.lang).join(texts)

    # -- goals ---------------------------------------------------------------------------------------------------------

    def kpis(self) -> list[dict[str, Any]]:
        """Goals, those of the newest month first, each with its months."""
        groups: dict[str, list[Row]] = {}
        for row in self.text.goals:
            groups.setdefault(row["goal_id"], []).append(row)
        return [
            {**row, "rows": rows, "newest": rows[-1], "name": self.text.goal(rows[-1])}
            for row in self.review.kpis.to_dict("records")
            for rows in [sorted(groups[row["goal_id"]], key=lambda one: one["month"])]
        ]

    def _kpi(self, row: Row) -> dict[str, Any]:
        text, newest = self.text, row["newest"]
        own = {one["month"]: _point(one) for one in row["rows"] if one["joined"]}
        signals = [one["month"] for one in row["rows"] if one["variation"] == "signal"]
        end, aim = text.amount(newest["actual"], newest), text.aim(newest)
        told = text.word("kpi.met", told=row["n_met"], n=row["n_judged"]) if row["n_judged"] else text.word("kpi.open")
        signs = (
            text.word("kpi.signals", n=len(signals), months=text.months(signals)) if signals else text.word("kpi.calm")
        )
        label = text.word("kpi.label", name=row["name"], value=end, aim=aim)
        picture = kpi_line([own.get(month) for month in self.axis], label=label, end=end, aim=aim, ends=self.ends)
        lines = [text.word("kpi.aim", aim=aim), told, signs]
        return {"name": row["name"], "picture": picture, "told": text.join_dots(lines), "differs": text.differs(row)}

    def records(self) -> list[dict[str, Any]]:
        """Goals with a mark a month: met, missed, or met with a signal."""
        found = []
        for row in self.kpis():
            codes = {one["month"]: _code(one) for one in row["rows"]}
            end = self.text.word("of", told=row["n_met"], n=row["n_judged"])
            found.append({"name": row["name"], "marks": [codes.get(month, "") for month in self.axis], "end": end})
        return found

    # -- activities and actions ----------------------------------------------------------------------------------------

    def activities(self) -> list[dict[str, Any]]:
        """Activities, the newest first, each with its interval on one scale."""
        rows = self.review.activities.to_dict("records")
        low, high = self._scale
        return [self._activity(row, low, high) for row in rows]

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """One scale for the ROI of activities and of their types."""
        return _reach([*self.review.activities.to_dict("records"), *self.review.types.to_dict("records")])

    def _activity(self, row: Row, low: float, high: float) -> dict[str, Any]:
        text, known = self.text, not math.isnan(row["roi"])
        ends = (row["roi"], row["roi_lower"], row["roi_upper"])
        currency = {"unit": "currency"}
        return {
            "activity": text.activity(row),
            "verdict": text.verdict(row) if known else text.word("verdict.untold"),
            "roi": text.roi(row),
            "attributed": text.signed_rate(row["attributed_roi"]),
            "cost": text.amount(row["cost"], currency),
            "month": row["month"],
            "when": text.month(row["month"]),
            "was": text.word("was", verdict=text.verdict({"verdict": row["was"]})) if row["was"] else "",
            "picture": interval(*ends, row["verdict"], low=low, high=high) if known else Markup("<div></div>"),
            "anchor": f"open-{anchor('activity', row['activity_id'])}",
        }

    def _types(self) -> dict[str, Any]:
        rows = self.review.types.to_dict("records")
        text = self.text
        told = []
        for row in rows:
            ends, known = (row["roi"], row["roi_lower"], row["roi_upper"]), not math.isnan(row["roi"])
            drawn = interval(*ends, row["verdict"], low=self._scale[0], high=self._scale[1]) if known else Markup()
            verdict = text.verdict(row) if known else ""
            told.append((text.called(row["type"]), drawn or Markup("<div></div>"), verdict, text.roi(row)))
        return {"title": text.word("types", month=text.month(rows[0]["month"])) if rows else "", "rows": told}

    def _follow(self) -> dict[str, Any]:
        """The actions due in each month, and what they did."""
        rows = {row["month"]: row for row in self.review.follow.to_dict("records")}
        columns = [_stack(rows[month]) if month in rows else [] for month in self.axis]
        due, done = (sum(row[name] for row in rows.values()) for name in ("n_due", "n_done"))
        label = self.text.word("follow.told", n=due, done=done)
        return {"told": label, "picture": stacks(columns, label=label, ends=self.ends) if due else ""}

    def _deeds(self) -> list[dict[str, Any]]:
        text = self.text
        rows = [row for row in self.review.actions.to_dict("records") if not row["is_next"]]
        return [
            {
                "name": text.action(row),
                "mark": mark(row["verdict"] if row["done"] else "not_done", 8, 9, 4.5),
                "verdict": text.verdict(row) if row["done"] else text.word("verdict.not_done"),
                "effect": "" if math.isnan(row["effect"]) else text.effect(row),
                "metric": text.called(row["metric"]),
                "month": row["month"],
                "when": text.month(row["month"]),
                "anchor": f"open-{anchor('action', row['id'])}",
            }
            for row in sorted(rows, key=_by_verdict)
        ]

    # -- causes and health ---------------------------------------------------------------------------------------------

    def _causes(self) -> list[dict[str, Any]]:
        """Each slice once, the most frequent first, with what it brought in its newest month."""
        text = self.text
        newest = {(row["subject"], row["slice"]): row for row in text.causes}
        groups: dict[tuple[str, str], list[str]] = {}
        for row in text.causes:
            groups.setdefault((row["subject"], row["slice"]), []).append(row["month"])
        rows = sorted(newest.items(), key=lambda item: (-item[1]["times"], item[1]["month"]))
        return [
            {
                "kpi": text.kpi(row["subject"], row["kpi"]),
                "slice": text.slice(row["slice"]),
                "months": text.months(sorted(set(groups[key]))),
                "change": text.word(
                    "with_interval",
                    value=text.change(row["change"], row),
                    low=text.bare(row["lower"], row),
                    high=text.bare(row["upper"], row),
                ),
                "month": row["month"],
                "when": text.month(row["month"]),
                "anchor": f"open-{anchor('cause', row['subject'])}",
            }
            for key, row in rows
        ]

    def _health(self) -> list[dict[str, Any]]:
        """The verdicts of everybody's dimensions by month, then groups that changed; nothing but what was published."""
        rows = self.text.health
        groups: dict[tuple[str, str], dict[str, Row]] = {}
        for row in rows:
            groups.setdefault((row["group"], row["dimension"]), {})[row["month"]] = row
        order = sorted(groups, key=lambda key: key[0] != EVERYBODY)
        return [self._verdicts(groups[key]) for key in order]

    def _verdicts(self, rows: Mapping[str, Row]) -> dict[str, Any]:
        text, last = self.text, max(rows)
        name, known = text.dimension(rows[last]), {month: row["verdict"] for month, row in rows.items()}
        end = text.word(f"health.{known[last]}") if last == max(row["month"] for row in text.health) else ""
        told = text.listed([f"{text.month(month)} {text.word(f'health.{code}')}" for month, code in known.items()][-3:])
        marks = [known.get(month, "") for month in self.axis]
        return {"name": name, "picture": strip(marks, label=f"{name}: {told}", end=end)}


def _point(row: Row) -> Point:
    """A month of a KPI as it is drawn."""
    figures = {name: row[name] for name in ("lower", "upper", "target", "low", "high")}
    flags = {"signal": float(row["variation"] == "signal"), "running": float(row["reason"] == "running")}
    return {"value": row["actual"], **figures, **flags}


def _code(row: Row) -> str:
    return row["status"] if row["status"] in ("met", "missed") else "no_data"


def _reach(rows: Sequence[Row]) -> tuple[float, float]:
    """One scale for all ROIs: wide enough for each estimate, not for the one whose interval has no end."""
    known = [row for row in rows if not math.isnan(row["roi"])]
    ends = [row[name] for row in known for name in ("roi_lower", "roi_upper")] or [0.0]
    low = min(0.0, max(min(ends), REACH[0]))
    return low, max(max(min(max(ends), REACH[1]), *(row["roi"] for row in known), 0.0) if known else 1.0, low + 0.5)


def _stack(row: Row) -> list[str]:
    told = [code for code in ("moved", "not_moved", "cannot_tell") for _ in range(row[f"n_{code}"])]
    return told + ["not_done"] * (row["n_due"] - row["n_done"] - row["n_dropped"])


def _by_verdict(row: Row) -> tuple[int, str]:
    order = ("moved", "not_moved", "cannot_tell")
    place = order.index(row["verdict"]) if row["done"] and row["verdict"] in order else len(order)
    return place, row["id"]
