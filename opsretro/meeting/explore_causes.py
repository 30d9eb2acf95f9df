"""Explore a movement live: pick a KPI and two periods, then click through the dimensions, slice inside slice."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from opsretro.analysis.cause_review import Against, CauseReview
from opsretro.meeting.live import WIDE, Live
from opsretro.report.cause_view import CauseView
from opsretro.words import say
from opsretro.workspace import Workspace

MOST_VALUES = 12
"""Values of a dimension that get a button, those that moved most first."""
BUTTON = widgets.Layout(width="auto", height="44px")


def explore_causes(ops: Workspace, period: str) -> widgets.VBox:
    """A widget to drill into a movement by clicking, and to compare any two periods.

    Args:
        ops: From `open_workspace(…)`.
        period: A month, a quarter or a year to begin with.

    Returns:
        Controls above the card of the chosen KPI: KPI (those the goal review flags first, then every other), period,
        what it is compared with (its expectation, the period before, last year, or any month), a dimension, and a
        button for each of its values, which looks inside that slice; the path of slices stands above, each a button
        back. It needs a running kernel; without one the last card stays as it is. Nothing is saved.

    Raises:
        InputError: As `root_cause`.

    Example:
        >>> from opsretro import open_workspace
        >>> explore_causes(open_workspace("data", lang="en"), "2026-10").children[0].label
        'Conversion'
    """
    return _Explorer(ops, period).box


class _Explorer(Live):
    """KPI by KPI, slice inside slice."""

    def __init__(self, ops: Workspace, period: str) -> None:
        super().__init__(ops)
        self.where: dict[str, str] = {}
        months = list(dict.fromkeys([period, *reversed(ops.months)]))
        lang = ops.lang
        names = [(say(f"explore.against.{code.value}", lang), code.value) for code in Against]
        self.kpi = widgets.Dropdown(options=self._kpis(period), description=say("explore.kpi", lang), layout=WIDE)
        self.period = widgets.Dropdown(options=months, description=say("explore.period", lang), layout=WIDE)
        self.against = widgets.Dropdown(
            options=[*names, *((month, month) for month in months)],
            description=say("explore.compared", lang),
            layout=WIDE,
        )
        self.dimension = widgets.Dropdown(options=[], description=say("explore.dimension", lang), layout=WIDE)
        wrap = widgets.Layout(flex_flow="row wrap")
        self.path, self.values = widgets.Box(layout=wrap), widgets.Box(layout=wrap)
        controls = [self.kpi, self.period, self.against, self.dimension]
        box = self._box(controls)
        self.box = widgets.VBox([*controls, self.path, self.values, *box.children[-1:]])

    def _kpis(self, period: str) -> list[tuple[str, str]]:
        """What was flagged, the most important first, then every other KPI."""
        review = self.ops.root_cause(period)
        text = CauseView(review).text
        flagged = [(text.name(review.kpi(item.subject)), item.subject) for item in review.findings if item.subject]
        known = {subject for _, subject in flagged} | set(review.kpis["kpi"])
        return flagged + [(text.called(kpi), kpi) for kpi in self.ops.kpis if kpi not in known]

    def _before(self, owner: Any) -> None:
        """Another KPI is looked at as a whole first."""
        if owner is self.kpi:
            self.where = {}

    def _show(self) -> None:
        asked: dict[str, Any] = {"kpi": self.kpi.value, "against": self.against.value}
        review = self.ops.root_cause(self.period.value, where=self.where, **asked)
        subject = review.kpis["subject"].iloc[0]
        view = CauseView(review)
        self._offer(review, view, subject)
        self.card.value = str(view.card(subject))

    def _offer(self, review: CauseReview, view: CauseView, subject: str) -> None:
        """The dimensions that are left, a button for each value of the chosen one, and the way back."""
        text, dims = view.text, list(review.kpi(subject)["dims"])
        options = [(text.called(dim), dim) for dim in dims]
        if options != list(self.dimension.options):
            kept = self.dimension.value if self.dimension.value in dims else (dims or [None])[0]
            self._quietly(self.dimension, options=options)
            self._quietly(self.dimension, value=kept)
        rows = review.of("drill", subject)
        rows = rows[rows["dimension"] == self.dimension.value].head(MOST_VALUES)
        row = review.kpi(subject)
        self.values.children = [
            self._button(
                self._label(text.value_of(one), text.moved(one["change"], row)),
                {**self.where, one["dimension"]: one["value"]},
            )
            for _, one in rows.iterrows()
        ]
        steps = list(self.where.items())
        names = [say("explore.all", self.ops.lang), *(text.value_name(dim, value or None) for dim, value in steps)]
        ways = [self._button(name, dict(steps[:depth])) for depth, name in enumerate(names)]
        self.path.children = ways if self.where else []

    def _label(self, name: str, change: str) -> str:
        return say("explore.value", self.ops.lang, name=name, change=change)

    def _button(self, label: str, where: dict[str, str]) -> widgets.Button:
        button = widgets.Button(description=label, layout=BUTTON)

        def look(_: Any) -> None:
            self.where = where
            self._follow({"owner": button})

        button.on_click(look)
        return button
