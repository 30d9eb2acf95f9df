"""Explore an activity live: its window, what it is compared with, another margin and cost; the recap follows."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.analysis.methods.effect import Basis
from opsretro.errors import InputError, Problem
from opsretro.meeting.live import WIDE, Live
from opsretro.report.roi_view import RoiView
from opsretro.words import say
from opsretro.workspace import Workspace

MOST_COST = 1e15
PLAIN = re.compile(r"\d+(\.\d+)?")


def explore_activities(ops: Workspace, period: str) -> widgets.VBox:
    """A widget to look at one activity after another, and to ask what if.

    Args:
        ops: From `open_workspace(…)`.
        period: A month, a quarter or a year.

    Returns:
        Controls above the recap of the chosen activity: activity, first and last day of its window, the segments it is
        compared with (none chosen = all that no activity aims at), and another margin (per cent) and cost. It needs a
        running kernel; without one the last recap stays as it is. Nothing is saved.

    Raises:
        InputError: As `activity_roi`.

    Example:
        >>> from opsretro import open_workspace
        >>> explore_activities(open_workspace("data", lang="en"), "2026-10").children[0].label
        'Double 11 warm-up'
    """
    return _Explorer(ops, period).box


class _Explorer(Live):
    """Activity by activity."""

    def __init__(self, ops: Workspace, period: str) -> None:
        super().__init__(ops)
        self.period, self.review = period, ops.activity_roi(period)
        self.activity = widgets.Dropdown(
            options=self._activities(), **self._described(say("explore.activity", ops.lang))
        )
        self.start = widgets.DatePicker(**self._described(say("explore.start", ops.lang)))
        self.end = widgets.DatePicker(**self._described(say("explore.end", ops.lang)))
        tall = widgets.Layout(width="min(100%, 480px)", height="120px")
        self.controls = widgets.SelectMultiple(
            **(self._described(say("explore.controls", ops.lang)) | {"layout": tall})
        )
        self.margin = widgets.Text(continuous_update=False, **self._described(say("explore.margin", ops.lang)))
        self.cost = widgets.Text(continuous_update=False, **self._described(say("explore.cost", ops.lang)))
        self._reset()
        self.box = self._box([self.activity, self.start, self.end, self.controls, self.margin, self.cost])

    def _described(self, description: str) -> dict[str, Any]:
        return {"description": description, "layout": WIDE}

    def _activities(self) -> list[tuple[str, str]]:
        text = RoiView(self.review).text
        subjects = [item.subject for item in self.review.findings if item.subject]
        names = [name for subject in subjects for name in self.review.activity(subject)["members"]]
        return [(text.one_name(name), name) for name in dict.fromkeys(names)]

    def _before(self, owner: Any) -> None:
        if owner is self.activity:
            self._reset()

    def _reset(self) -> None:
        """Another activity has its own window, controls, margin and cost."""
        if not self.activity.value:
            return
        row = self._row()
        self._quietly(self.start, value=row["start_date"].date())
        self._quietly(self.end, value=row["end_date"].date())
        daily = self.ops.tables.get("daily_metrics")
        segments = [] if daily is None else sorted(set(daily["segment"]) - {row.get("target_segment")})
        names = RoiView(self.review).text
        self._quietly(self.controls, value=(), options=[(names.called(name), name) for name in segments])
        self.controls.disabled = self.review.activity(self.activity.value)["method"] in {
            Basis.RANDOMISED,
            Basis.NO_CONTROL,
        }
        self._quietly(self.margin, value="")
        self._quietly(self.cost, value="")

    def _row(self) -> Any:
        activities = self.ops.tables["activities"]
        return activities[activities["activity_id"] == self.activity.value].iloc[0]

    def _show(self) -> None:
        if not self.activity.value:
            self.card.value = str(Markup("<p>{}</p>").format(self.review.headline))
            return
        changes, review = self._changes(), self.review
        if changes:
            review = self.ops.activity_roi(self.period, changes={self.activity.value: changes})
        if self.activity.value not in set(review.activities["activity_id"]):
            raise InputError([Problem(code="window_elsewhere", source=say("explore.start", self.ops.lang))])
        supposed = Markup("<p>{}</p>").format(say("explore.what_if_activity", self.ops.lang)) if changes else ""
        self.card.value = str(supposed + RoiView(review).card(self.activity.value))

    def _changes(self) -> dict[str, Any]:
        """What differs from the tables."""
        row = self._row()
        dates = {"start_date": self.start.value, "end_date": self.end.value}
        changes: dict[str, Any] = {
            name: value.isoformat() for name, value in dates.items() if value and value != row[name].date()
        }
        if self.controls.value:
            changes["controls"] = list(self.controls.value)
        if (margin := self._number(self.margin)) is not None:
            changes["margin_rate"] = margin / 100.0
        if (cost := self._number(self.cost)) is not None:
            changes["actual_cost"] = cost
        return changes

    def _number(self, control: widgets.Text) -> float | None:
        """What was typed; None = nothing."""
        typed, most = control.value.strip(), MOST_COST
        if control is self.margin:
            typed, most = typed.removesuffix("%").strip(), 100.0
        if not typed:
            return None
        if PLAIN.fullmatch(typed) and float(typed) <= most:
            return float(typed)
        if control is self.margin:
            problem = Problem(code="not_a_margin", source=control.description, values={"value": typed})
        else:
            problem = Problem(code="not_a_cost", source=control.description, values={"value": typed})
        raise InputError([problem], lang=self.ops.lang)
