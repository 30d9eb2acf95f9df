"""What the month's review brings to the meeting: the flagged facts in both languages, and the picture behind each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from opsretro.errors import InputError
from opsretro.report.templates import anchor
from opsretro.tables.health_register import read_register
from opsretro.tables.meetings import Fact
from opsretro.tables.survey_files import REGISTER, survey_folder
from opsretro.words import LANGUAGES, say

if TYPE_CHECKING:
    from opsretro.report.views import View
    from opsretro.workspace import Workspace

REVIEWS = {
    "followup": ("follow_up", "action"),
    "goals": ("goal_review", "goal"),
    "roi": ("activity_roi", "activity"),
    "rootcause": ("root_cause", "cause"),
    "health": ("team_health", ""),
}
"""Method of the workspace, and what an anchor of the section is about."""
SHOWN_IN = {"actions": ("followup",), "goal": ("goals",), "result": ("roi", "health"), "analysis": ("rootcause",)}
"""Sections whose facts open a phase."""


class Evidence:
    """The reviews of the month and their pictures, each made when it is first asked for, by one thread at a time.

    Args:
        ops: The workspace.
        month: ``2026-10``.
    """

    def __init__(self, ops: Workspace, month: str) -> None:
        self._ops, self._month = ops, month
        self._turn = RLock()
        self.review = self._once(self._review)
        self.picture = self._once(self._picture)
        self.metric = self._once(self._metric)
        self.section = self._once(self._section)

    def _once(self, make: Callable[..., Any]) -> Callable[..., Any]:
        kept = lru_cache(maxsize=None)(make)

        def asked(*what: str | None) -> Any:
            with self._turn:
                return kept(*what)

        return asked

    def _review(self, section: str) -> Any:
        """The result of a section; None where the workspace has no such data, or may not show it yet.

        Team health may leave this process only after its cells were recorded, which the monthly run does.
        """
        if section == "health" and not self._is_recorded():
            return None
        with suppress(InputError):
            return getattr(self._ops, REVIEWS[section][0])(self._month)
        return None

    def facts(self) -> list[Fact]:
        """What each review flagged, as at the top of the month's page, in the order of the sections."""
        from opsretro.report.views import view

        found = []
        for section in REVIEWS:
            if (review := self.review(section)) is not None:
                told = {lang: _told(view(review.in_language(lang))) for lang in LANGUAGES}
                for places in zip(*told.values(), strict=True):
                    text = {lang: sentence for lang, (sentence, _) in zip(told, places, strict=True)}
                    found.append(Fact(section=section, anchor=places[0][1], text=text))
        return found

    def _picture(self, section: str, place: str) -> Markup:
        """The chart behind a fact, empty where there is none.

        Args:
            section: Of the fact.
            place: Its anchor.
        """
        from opsretro.report.look import svg  # pictures are drawn when they are asked for

        if (review := self.review(section)) is None:
            return Markup("")
        kind = REVIEWS[section][1]
        subjects = {f"open-{anchor(kind, item.subject)}": item.subject for item in review.findings if item.subject}
        figure = review.plot(subjects.get(place) if kind else None)
        return svg(figure, ident=f"stage-{section}-{anchor('at', place)}", label=review.headline)

    def _section(self, section: str) -> Markup:
        """A section as on the month's page; empty where there is none."""
        from opsretro.report.views import view

        review = self.review(section)
        return Markup("") if review is None else view(review.in_language(self._ops.lang)).section()

    def _metric(self, metric: str) -> Markup:
        """The months of a metric, drawn to be read beside a form; empty where there is none of that name."""
        from opsretro.analysis.cause_subjects import plain_goal
        from opsretro.report.goal_charts import card
        from opsretro.report.goal_text import GoalText
        from opsretro.report.look import svg

        review = self.review("goals")
        if review is None or metric not in {*review.goals["kpi"], *review.goals["goal_id"]}:
            try:
                goal = plain_goal(metric, self._ops.tables.get("metrics", pd.DataFrame(columns=["kpi"])))
                review = self._ops.goal_review(self._month, instead=goal)
            except InputError:
                return Markup("")
        rows = review.goals
        goal = rows[(rows["goal_id"] == metric) | (rows["kpi"] == metric)].iloc[0]
        months = review.months[review.months["goal_id"] == goal["goal_id"]]
        text = GoalText(review, review.lang)
        drawn = svg(
            card(text, goal, months, size="beside", title=False),
            ident=f"stage-metric-{anchor('goal', metric)}",
            label=text.chart_title(goal),
        )
        return Markup('<p class="om-title">{}</p>{}').format(text.chart_title(goal), drawn)

    def _is_recorded(self) -> bool:
        """Whether the month's team health was published: only then is it certain what may be shown."""
        register = survey_folder(self._ops.inputs.folder, self._ops.settings) / REGISTER
        with suppress(InputError):
            return self._month in set(read_register(register)["month"])
        return False


def _told(shown: View) -> Sequence[tuple[str, str]]:
    """What opens a phase: of the actions every one with its verdict, of the rest what the page says at its top."""
    from opsretro.report.follow_view import FollowView

    if not isinstance(shown, FollowView):
        return shown.conclusions()
    text, rows = shown.text, shown.review.judged
    lines = [
        (say("meeting.action", text.lang, verdict=text.verdict(row), title=text.title(row), told=text.told(row)), row)
        for _, row in rows.iterrows()
    ]
    asked = [
        (" ".join(filter(None, (line, text.asks(row)))), f"open-{anchor('action', row['id'])}") for line, row in lines
    ]
    return [*shown.conclusions()[:1], *asked]
