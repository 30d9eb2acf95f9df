"""Explore a goal live: pick a KPI, a period, a baseline, another target; the card follows."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.analysis.codes import Direction
from opsretro.errors import InputError, Problem
from opsretro.meeting.live import WIDE, Live
from opsretro.report.goal_view import GoalView
from opsretro.tables.goal_settings import THRESHOLDS
from opsretro.words import say
from opsretro.workspace import Workspace


def explore(ops: Workspace, period: str) -> widgets.VBox:
    """A widget to look at one goal after another, and to ask what if.

    Args:
        ops: From `open_workspace(…)`.
        period: A month, a quarter or a year to begin with.

    Returns:
        Four controls above the card of the chosen goal: KPI (the most important first), period (the months with data,
        newest first, and the one it began with), months of the baseline, and another target, which marks the card as
        a supposition. It needs a running kernel; without one the last card stays as it is. Nothing is saved.

    Raises:
        InputError: As `goal_review`.

    Example:
        >>> from opsretro import open_workspace
        >>> explore(open_workspace("data", lang="en"), "2026-10").children[0].label
        'Conversion'
    """
    return _Explorer(ops, period).box


class _Explorer(Live):
    """Goal by goal."""

    def __init__(self, ops: Workspace, period: str) -> None:
        super().__init__(ops)
        least, most = THRESHOLDS["baseline_months"]
        periods = list(dict.fromkeys([period, *reversed(ops.months)]))
        self.review = ops.goal_review(period)
        self.kpi = widgets.Dropdown(options=self._goals(), description=say("explore.kpi", ops.lang), layout=WIDE)
        self.period = widgets.Dropdown(options=periods, description=say("explore.period", ops.lang), layout=WIDE)
        self.baseline = widgets.IntSlider(
            value=ops.settings.baseline_months,
            min=least,
            max=most,
            description=say("explore.baseline", ops.lang),
            continuous_update=False,
            layout=WIDE,
        )
        self.target = widgets.Text(description=say("explore.target", ops.lang), continuous_update=False, layout=WIDE)
        self.box = self._box([self.kpi, self.period, self.baseline, self.target])

    def _goals(self) -> list[tuple[str, str]]:
        text = GoalView(self.review).text
        subjects = [item.subject for item in self.review.findings if item.subject]
        return [(text.name(self.review.goal(subject)), subject) for subject in subjects]

    def _before(self, owner: Any) -> None:
        """Another goal or period has its own target."""
        if owner in {self.kpi, self.period}:
            self._quietly(self.target, value="")

    def _show(self) -> None:
        goal, target = self.kpi.value, self._target()
        targets = {} if target is None else {goal: target}
        self.review = self.ops.goal_review(self.period.value, baseline_months=self.baseline.value, targets=targets)
        goals = self._goals()
        if set(goals) != set(self.kpi.options):
            kept = goal in [known for _, known in goals]
            self.kpi.options = goals
            self.kpi.value = goal = goal if kept else goals[0][1]
        self.target.disabled = self.review.goal(goal)["direction"] == Direction.RANGE
        supposed = "" if target is None else Markup("<p>{}</p>").format(say("explore.what_if", self.ops.lang))
        self.card.value = str(supposed + GoalView(self.review).card(goal))

    def _target(self) -> float | None:
        """The target that was typed, as it would be in goals.csv; None = the goal's own."""
        typed = self.target.value.strip().removesuffix("%")
        if not typed:
            return None
        with suppress(ValueError):
            if math.isfinite(target := float(typed)):
                return target
        where = say("explore.target", self.ops.lang)
        problem = Problem(code="not_a_number_plain", source=where, values={"value": typed})
        raise InputError([problem], lang=self.ops.lang)
