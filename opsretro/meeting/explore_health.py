"""Explore team health live: pick a group, a dimension and an item of what may be shown; the months follow."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.meeting.live import WIDE, Live
from opsretro.report.health_view import HealthView
from opsretro.words import say
from opsretro.workspace import Workspace


def explore_health(ops: Workspace, period: str) -> widgets.VBox:
    """A widget to look at one dimension after another, group by group.

    Args:
        ops: From `open_workspace(…)`.
        period: A month, a quarter or a year.

    Returns:
        Three controls above the card of the chosen dimension: group (everybody first), dimension, and one of its items,
        whose months are listed below. Only what may be published can be picked, and everything comes from published
        figures; a month nothing may be shown of is a gap that says why. It needs a running kernel; without one the last
        card stays as it is. Nothing is saved.

    Raises:
        InputError: As `team_health`.

    Example:
        >>> from opsretro import open_workspace
        >>> explore_health(open_workspace("data", lang="en"), "2026-10").children[0].label
        'Everybody'
    """
    return _Explorer(ops, period).box


class _Explorer(Live):
    """Group by group, dimension by dimension."""

    def __init__(self, ops: Workspace, period: str) -> None:
        super().__init__(ops)
        self.review = ops.team_health(period)
        self.view = HealthView(self.review)
        self.text = self.view.text
        groups = [(self.text.group(name), name) for name in dict.fromkeys(self.review.dimensions["group"])]
        self.group = widgets.Dropdown(options=groups, description=say("explore.group", ops.lang), layout=WIDE)
        self.dimension = widgets.Dropdown(options=[], description=say("explore.dimension", ops.lang), layout=WIDE)
        self.item = widgets.Dropdown(options=[], description=say("explore.item", ops.lang), layout=WIDE)
        self._offer()
        self.box = self._box([self.group, self.dimension, self.item])

    def _before(self, owner: Any) -> None:
        """Another group has dimensions of its own, another dimension its items."""
        if owner is not self.item:
            self._offer()

    def _offer(self) -> None:
        shown, cells = self.review.dimensions, self.review.cells
        names = dict.fromkeys(shown.loc[shown["group"] == self.group.value, "dimension"])
        self._swap(self.dimension, [(self.text.dimension(name), name) for name in names])
        mine = cells[(cells["group"] == self.group.value) & (cells["dimension"] == self.dimension.value)]
        items = dict.fromkeys(mine.loc[~mine["suppressed"], "item"])
        every = (say("explore.no_item", self.ops.lang), "")
        self._swap(self.item, [every, *((self.text.item(name), name) for name in items)])

    def _swap(self, control: widgets.Dropdown, options: list[tuple[str, str]]) -> None:
        """Offer something else, and keep the choice where it is still there."""
        if options == list(control.options):
            return
        values = [value for _, value in options]
        kept = control.value if control.value in values else next(iter(values), None)
        self._quietly(control, options=options)
        self._quietly(control, value=kept)

    def _show(self) -> None:
        if not self.dimension.value:
            self.card.value = str(Markup("<p>{}</p>").format(self.review.headline))
            return
        self.card.value = str(self.view.card(self.group.value, self.dimension.value, self.item.value))
