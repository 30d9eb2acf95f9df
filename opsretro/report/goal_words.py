"""The building blocks of the goal review's words: names, numbers in their unit, labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.codes import Reason, Status, Variation
from opsretro.report import numbers
from opsretro.report.drawing import shorten
from opsretro.report.section_words import SectionWords
from opsretro.tables.period import Period
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.goal_review import GoalReview
    from opsretro.analysis.result import Context

LONGEST_NAME = {"wide": 20, "narrow": 17}


def is_met_but_worse(goal: pd.Series) -> bool:
    """Whether a goal was met although its KPI is worse than in the period before."""
    return bool(goal["status"] == Status.MET and goal["against_previous"] == "worse")


def is_told(goal: pd.Series) -> bool:
    """Whether signal or noise is spoken of: a period without a verdict may still hold months that are over."""
    judged = goal["status"] != Status.NO_DATA or goal["reason"] == Reason.NO_TARGET
    return bool(judged or goal["variation"] != Variation.UNKNOWN)


def goal_name(goal: Mapping[str, Any], context: Context, lang: str, *, shared: bool = False) -> str:
    """The goal's name: from [names] by goal, or by KPI unless that hides a slice or another goal; else its own.

    Args:
        goal: goal_id, kpi, name, dimension.
        context: Has the names.
        lang: ``zh-CN`` or ``en``.
        shared: Whether another goal has the same KPI.
    """
    kpi = goal["goal_id"] if goal["name"] and (shared or goal["dimension"]) else goal["kpi"]
    known = context.names.get(goal["goal_id"]) or context.names.get(kpi)
    return str((pick(known, lang) if known else "") or goal["name"] or goal["goal_id"])


class GoalWords(SectionWords):
    """Names, numbers and labels of one goal review in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: GoalReview

    def __init__(self, review: GoalReview, lang: str) -> None:
        super().__init__(review, lang)
        self._goals = {row["goal_id"]: row for _, row in review.goals.iterrows()}

    def word(self, key: str, **values: object) -> str:
        """A text of the goal review."""
        return say(f"goals.{key}", self.lang, **values)

    def name(self, goal: pd.Series) -> str:
        """The goal's name."""
        shared = sum(other["kpi"] == goal["kpi"] for other in self._goals.values()) > 1
        return goal_name(goal, self.review.context, self.lang, shared=shared)

    def short_name(self, goal: pd.Series, size: str) -> str:
        """The name as far as a chart has room for it; a Chinese character counts as two."""
        return shorten(self.name(goal), LONGEST_NAME[size])

    def amount(self, value: float, goal: pd.Series) -> str:
        """A value of the goal's KPI."""
        return numbers.amount(value, goal["unit"], self.lang, currency=self.review.context.currency)

    def amounts(self, values: Sequence[float], goal: pd.Series) -> list[str]:
        """Values of the goal's KPI, with as many digits as tell them apart."""
        return numbers.distinct(values, goal["unit"], self.lang, currency=self.review.context.currency)

    def axis(self, values: Sequence[float], goal: pd.Series) -> list[str]:
        """Labels of the axis of the goal's KPI."""
        return numbers.axis(values, goal["unit"], self.lang, currency=self.review.context.currency)

    def gap(self, distance: float, goal: pd.Series) -> str:
        """A distance between two values of the goal's KPI."""
        return numbers.gap(distance, goal["unit"], self.lang, currency=self.review.context.currency)

    def line_labels(self, lines: Mapping[str, float], goal: pd.Series) -> dict[str, str]:
        """The words at the ends of a chart's lines, told apart by their numbers."""
        amounts = self.amounts(list(lines.values()), goal)
        told = zip(lines, amounts, strict=True)
        return {line: value if line == "value" else self.word(f"line.{line}", value=value) for line, value in told}

    @property
    def kind(self) -> str:
        """Month, quarter or year."""
        return Period.parse(self.review.period).kind

    @property
    def months_in_period(self) -> tuple[str, ...]:
        """The months of the period."""
        return Period.parse(self.review.period).months

    @property
    def span(self) -> str:
        """``this month`` and the like."""
        return self.word(f"span.{self.kind}")

    def is_running(self) -> bool:
        """Whether where the goals are heading is the answer, and not whether they were met."""
        counts = self.review.counts()
        return counts["paced"] > counts["decided"]

    def band(self, goal: pd.Series) -> str:
        """The usual range in words, or that there is none."""
        if math.isnan(goal["lower"]):
            return say("number.missing", self.lang)
        low, high = self.amounts([goal["lower"], goal["upper"]], goal)
        return self.word("range", low=low, high=high)

    def tick(self, month: str) -> str:
        """A month under the axis."""
        return self.word(
            "tick", year=month[2:4], month=int(month[5:]), name=say(f"date.short.m{int(month[5:])}", self.lang)
        )

    def day_tick(self, date: str) -> str:
        """A day under the axis, or a month of a quarter or year."""
        return str(int(date[8:])) if len(date) > 7 else self.tick(date)
