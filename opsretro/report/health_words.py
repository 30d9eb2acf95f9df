"""The building blocks of team health's words: names of groups, dimensions and items, scores, months."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from opsretro.report import numbers
from opsretro.report.section_words import SectionWords
from opsretro.tables.health_register import EVERYBODY
from opsretro.tables.parse import parse_slice
from opsretro.tables.survey_files import TEAM
from opsretro.words import catalogue, say

if TYPE_CHECKING:
    from opsretro.analysis.health_review import HealthReview

DIGITS = (1, 2, 3)
"""Decimals of a score: one, and more only where it takes them to tell a mean from the end of its band."""


class HealthWords(SectionWords):
    """Names, numbers and labels of one health review in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: HealthReview

    def __init__(self, review: HealthReview, lang: str) -> None:
        super().__init__(review, lang)
        groups = {*review.cells["group"], *review.workload["group"], *review.participation["group"]}
        self._values = {value for group in groups for _, value in parse_slice(group)}

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"health.{key}", self.lang, **values)

    def dimension(self, name: str) -> str:
        """A dimension in the team's words, else in ours, else as it is; a name of a group is not its name."""
        if name in self.review.context.names and name not in self._values:
            return self.called(name)
        return self.word(f"dimension.{name}") if self._is_ours(f"dimension.{name}") else name

    def item(self, name: str) -> str:
        """An item in the team's words, else in ours, else as it is."""
        if name in self.review.context.names:
            return self.called(name)
        return self.word(f"item.{name}") if self._is_ours(f"item.{name}") else name

    def _is_ours(self, key: str) -> bool:
        return f"health.{key}" in catalogue(self.lang)

    def group(self, name: str) -> str:
        """A group: everybody, one of a team by its name, one of another attribute with that attribute's name."""
        if name == EVERYBODY:
            return self.word("everybody")
        parts = [
            self.called(value) if attribute == TEAM else self.word("attribute", name=self.called(attribute), value=own)
            for attribute, value in parse_slice(name)
            for own in [self.called(value)]
        ]
        return self.word("dot").join(parts)

    def what(self, group: str, dimension: str) -> str:
        """A dimension, with its group where it is not everybody's."""
        name = self.dimension(dimension)
        return name if group == EVERYBODY else self.word("of_group", group=self.group(group), dimension=name)

    def score(self, value: float, digits: int = 1) -> str:
        """A score from 1 to 5."""
        return self.missing() if math.isnan(value) else f"{value:.{digits}f}"

    def scores(self, mean: float, lower: float, upper: float) -> tuple[str, str, str]:
        """A mean and its band, with as many decimals as it takes to see on which side of the band it lies."""
        for digits in DIGITS:
            near, low, high = (round(value, digits) for value in (mean, lower, upper))
            if (near < low, near > high) == (mean < lower, mean > upper):
                break
        return self.score(mean, digits), self.score(lower, digits), self.score(upper, digits)

    def span(self, low: str, high: str) -> str:
        """From a number to a number; a dash where they are not known."""
        return self.word("range", low=low, high=high) if low != self.missing() else low

    def percent(self, value: float) -> str:
        """A share in whole per cent."""
        if math.isnan(value):
            return self.missing()
        whole = round(100 * value)
        return f"{numbers.MINUS if whole < 0 else ''}{abs(whole)}%"

    def amount(self, column: str, value: float) -> str:
        """Overtime, training or leave in its unit."""
        if column == "overtime" or math.isnan(value):
            return self.percent(value)
        return self.word(f"unit.{column}", value=numbers.number(value, self.lang, digits=2))

    def bands(self, low: float, middle: float, high: float) -> str:
        """How many answered low, middle and high; 1 to 3 as one where three would single somebody out."""
        if math.isnan(high):
            return self.missing()
        values = {"middle": f"{middle:.0f}", "high": f"{high:.0f}"}
        return self.word("bands.two" if math.isnan(low) else "bands.three", low=f"{low:.0f}", **values)

    def month(self, label: str) -> str:
        """A month in words."""
        return numbers.month(label, self.lang)

    def tick(self, label: str) -> str:
        """A month under an axis."""
        year, month = int(label[:4]), int(label[5:7])
        return self.word("tick", year=year, month=month, name=say(f"date.short.m{month}", self.lang))
