"""The building blocks of the activity review's words: names, money, rates, intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsretro.report import numbers
from opsretro.report.drawing import shorten
from opsretro.report.section_words import SectionWords
from opsretro.tables.period import Period
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.roi_review import ActivityReview

LONGEST_NAME = {"wide": 36, "narrow": 13}
MONEY = frozenset({"gmv", "gross_profit", "subsidy", "cost", "aov"})
RATES = frozenset({"ctr", "cvr", "margin"})


class RoiWords(SectionWords):
    """Names, numbers and labels of one activity review in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: ActivityReview

    def __init__(self, review: ActivityReview, lang: str) -> None:
        super().__init__(review, lang)
        self._own = {
            row["activity_id"]: row["name"]
            for frame in (review.activities, review.joint)
            for _, row in frame.iterrows()
        }

    def word(self, key: str, **values: object) -> str:
        """A text of the activity review."""
        return say(f"roi.{key}", self.lang, **values)

    def name(self, row: Mapping[str, Any]) -> str:
        """The activity's name; of a joint effect the names of all."""
        members = list(row["members"])
        if len(members) > 1:
            return self.word("joint", names=" + ".join(map(self.one_name, members)))
        return self.one_name(row["activity_id"])

    def one_name(self, activity_id: str) -> str:
        """The name of one activity: from [names], else its own, else its id."""
        known = self.review.context.names.get(activity_id)
        return pick(known, self.lang) if known else self._own.get(activity_id) or activity_id

    def short_name(self, row: Mapping[str, Any], size: str) -> str:
        """The name as far as a chart has room for it."""
        return shorten(self.name(row), LONGEST_NAME[size])

    def money(self, value: float, *, signed: bool = False) -> str:
        """An amount; signed shows a plus, too."""
        text = numbers.amount(value, "currency", self.lang, currency=self.review.context.currency)
        return self._plus(value, text) if signed else text

    def moneys(self, values: Sequence[float]) -> list[str]:
        """Amounts with as many digits as tell them apart."""
        return numbers.distinct(values, "currency", self.lang, currency=self.review.context.currency)

    def rate(self, value: float, *, signed: bool = False) -> str:
        """A fraction as per cent, in two digits that matter."""
        text = numbers.rate(value, self.lang, digits=3 if abs(value) >= 1 else 2)
        return self._plus(value, text) if signed else text

    def times(self, value: float) -> str:
        """A multiple: income per unit of money."""
        return numbers.number(value, self.lang)

    def span(self, low: float, high: float, *, money: bool = False) -> str:
        """An interval, both ends signed."""
        show = self.money if money else self.rate
        if math.isnan(low):
            return say("number.missing", self.lang)
        return self.word("range", low=show(low, signed=True), high=show(high, signed=True))

    def _plus(self, value: float, text: str) -> str:
        return f"+{text}" if value > 0 else text

    def stage(self, name: str, value: float) -> str:
        """A figure of the funnel or a factor of the profit."""
        if name in RATES:
            return numbers.rate(value, self.lang)
        return self.money(value) if name in MONEY else numbers.number(value, self.lang)

    def axis(self, values: Sequence[float]) -> list[str]:
        """Labels of an axis of money."""
        return numbers.axis(values, "currency", self.lang, currency=self.review.context.currency)

    def day(self, iso: str) -> str:
        """A day under the axis."""
        return self.word(
            "tick", month=int(iso[5:7]), day=int(iso[8:]), name=say(f"date.short.m{int(iso[5:7])}", self.lang)
        )

    @property
    def span_word(self) -> str:
        """``this month`` and the like."""
        return self.word(f"span.{Period.parse(self.review.period).kind}")
