"""Explore a goal live: pick a KPI, a period, a baseline, another target; the card follows."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.analysis.codes import Direction
from opsretro.errors import InputError, Problem
from opsretro.report.goal_view import GoalView
from opsretro.tables.settings import THRESHOLDS
from opsretro.words import say
from opsretro.workspace import Workspace

WIDE = widgets.Layout(width="min(100%, 480px)", height="44px")


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


class _Explorer:
    """The controls and the card they change."""

    def __init__(self, ops: Workspace, period: str) -> None:
        self.ops, self.busy, self.asked = ops, False, 0
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
        self.card = widgets.HTML()
        for control in (self.kpi, self.period, self.baseline, self.target):
            control.observe(self._follow, names="value")
            control.style.description_width = "120px"
        self.box = widgets.VBox([self.kpi, self.period, self.baseline, self.target, self.card])
        self._show()

    def _goals(self) -> list[tuple[str, str]]:
        text = GoalView(self.review).text
        subjects = [item.subject for item in self.review.findings if item.subject]
        return [(text.name(self.review.goal(subject)), subject) for subject in subjects]

    def _follow(self, change: dict[str, Any]) -> None:
        """Show what the controls ask for, and again if they asked for something else meanwhile.

        A kernel may hand over the next change while it works on the one before: no wish is lost, the last one holds.
        """
        self.asked += 1
        if change["owner"] in {self.kpi, self.period}:
            self._forget_target()
        if self.busy:
            return
        self.busy = True
        try:
            answered = 0
            while answered != self.asked:
                answered = self.asked
                self._answer()
        finally:
            self.busy = False

    def _forget_target(self) -> None:
        """Another goal or period has its own target."""
        busy, self.busy = self.busy, True
        self.target.value = ""
        self.busy = busy

    def _answer(self) -> None:
        """The card, or in its place what cannot be done."""
        try:
            self._show()
        except InputError as refused:
            self.card.value = str(Markup("<p>{}</p>").format(refused.text(self.ops.lang)))

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
