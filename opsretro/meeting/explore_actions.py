"""Explore an action live: suppose it took effect on another day; its chart and verdict follow."""

from __future__ import annotations

from datetime import date

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.meeting.live import WIDE, Live
from opsretro.report.follow_view import FollowView
from opsretro.words import say
from opsretro.workspace import Workspace


def explore_actions(ops: Workspace, period: str) -> widgets.VBox:
    """A widget to look at one action after another, and to ask what another start would mean.

    Args:
        ops: From `open_workspace(…)`.
        period: A month, a quarter or a year.

    Returns:
        Two controls above the card of the chosen action: the action, and the day it took effect. It needs a running
        kernel; without one the last card stays as it is. Nothing is saved.

    Raises:
        InputError: As `follow_up`.

    Example:
        >>> from opsretro import open_workspace
        >>> explore_actions(open_workspace("data", lang="en"), "2026-10").children[0].value
        'A-2026-09-1'
    """
    return _Explorer(ops, period).box


class _Explorer(Live):
    """Action by action."""

    def __init__(self, ops: Workspace, period: str) -> None:
        super().__init__(ops)
        self.period, self.review = period, ops.follow_up(period)
        text = FollowView(self.review).text
        options = [(text.title(row), row["id"]) for _, row in self.review.actions.iterrows()]
        self.action = widgets.Dropdown(options=options, description=say("explore.action", ops.lang), layout=WIDE)
        self.start = widgets.DatePicker(description=say("explore.took_effect", ops.lang), layout=WIDE)
        self._reset()
        self.box = self._box([self.action, self.start])

    def _before(self, owner: object) -> None:
        if owner is self.action:
            self._reset()

    def _reset(self) -> None:
        """Another action took effect on a day of its own."""
        day = self._day()
        self._quietly(self.start, value=date.fromisoformat(day) if day else None)

    def _day(self) -> str:
        """The day the ledger has; empty = none."""
        if not self.action.value:
            return ""
        row = self.review.action(self.action.value)
        return str(row["start"] or row["due"])

    def _show(self) -> None:
        if not self.action.value:
            self.card.value = str(Markup("<p>{}</p>").format(self.review.headline))
            return
        day = self.start.value.isoformat() if self.start.value else ""
        supposed = bool(day) and day != self._day()
        review = self.ops.follow_up(self.period, starts={self.action.value: day}) if supposed else self.review
        told = Markup("<p>{}</p>").format(say("explore.what_if_start", self.ops.lang)) if supposed else Markup()
        self.card.value = str(told) + str(FollowView(review).card(self.action.value))
