"""Explore a result live: pick a subject, the card follows."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from opsretro.analysis.goal_review import GoalReview
from opsretro.report.goal_view import GoalView
from opsretro.words import say


def explore(review: GoalReview) -> widgets.VBox:
    """A widget to look at one goal after another.

    Args:
        review: From `open_workspace(…).goal_review(…)`.

    Returns:
        A list of the goals, the most important first, above the card of the chosen one: chart, verdicts, source. It
        needs a running kernel; without one the last card stays as it is.

    Example:
        >>> from opsretro import open_workspace
        >>> explore(open_workspace("data", lang="en").goal_review("2026-10")).children[0].label
        'Conversion'
    """
    shown = GoalView(review)
    goals = [finding.subject for finding in review.findings if finding.subject]
    picker = widgets.Dropdown(
        options=[(shown.text.name(review.goal(goal)), goal) for goal in goals],
        description=say("explore.kpi", review.lang),
        layout=widgets.Layout(width="min(100%, 480px)", height="44px"),
    )
    card = widgets.HTML(value=str(shown.card(picker.value)))

    def follow(change: dict[str, Any]) -> None:
        card.value = str(shown.card(change["new"]))

    picker.observe(follow, names="value")
    return widgets.VBox([picker, card])
