"""Which view shows which result; a new section adds one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from markupsafe import Markup

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from opsretro.analysis.result import Finding, Result


class View(Protocol):
    """What every section can show of its result, in the language of the result."""

    def headline(self) -> str:
        """The answer in one sentence."""

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""

    def plot(self, subject: str | None = None) -> Figure:
        """The picture of the section, or of one subject."""

    def table(self) -> pd.DataFrame:
        """The table of the section in words."""

    def certainty(self) -> pd.DataFrame:
        """How sure each line of the table is, in words."""

    def html(self) -> Markup:
        """Headline and table, for a notebook."""

    def section(self) -> Markup:
        """The section of the page."""

    @property
    def made(self) -> Mapping[str, Any]:
        """What page and document show of the section, by name."""

    def conclusions(self) -> Sequence[tuple[str, str]]:
        """Sentences for the top of the page, each with the anchor of its evidence."""

    def changes(self) -> Sequence[str]:
        """What is different from the month before."""

    def tile(self) -> tuple[str, Markup]:
        """A line and a small picture for the top of the page."""

    def method(self) -> str:
        """Definitions and method, for the end of the page."""


_HOMES = {
    "followup": ("opsretro.analysis.follow_review:FollowUp", "opsretro.report.follow_view:FollowView"),
    "goals": ("opsretro.analysis.goal_review:GoalReview", "opsretro.report.goal_view:GoalView"),
    "health": ("opsretro.analysis.health_review:HealthReview", "opsretro.report.health_view:HealthView"),
    "rootcause": ("opsretro.analysis.cause_review:CauseReview", "opsretro.report.cause_view:CauseView"),
    "meeting": ("opsretro.analysis.minutes:Minutes", "opsretro.report.minutes_view:MinutesView"),
    "months": ("opsretro.analysis.months:Months", "opsretro.report.months_view:MonthsView"),
    "own": ("opsretro.analysis.own_result:TeamResult", "opsretro.report.own_view:OwnView"),
    "roi": ("opsretro.analysis.roi_review:ActivityReview", "opsretro.report.roi_view:RoiView"),
}
"""Result and view by section, loaded when first asked for: a page needs only the charts of its own sections."""


def view(result: Result) -> View:
    """The view of a result."""
    shown: View = _load(_HOMES[result.section][1])(result)
    return shown


def load(data: dict[str, Any], *, lang: str) -> Result:
    """The result a section's JSON holds.

    Args:
        data: What `Result.to_dict` returned.
        lang: Language of display.
    """
    result: Result = _load(_HOMES[data["section"]][0]).from_dict(data, lang=lang)
    return result


def load_all() -> None:
    """Load every result and view: for a process others are forked from."""
    for homes in _HOMES.values():
        for home in homes:
            _load(home)


def _load(home: str) -> Any:
    module, _, name = home.partition(":")
    return getattr(import_module(module), name)
