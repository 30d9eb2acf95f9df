"""The building blocks of the root causes' words: names, slices, changes, days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.cause_review import Against
from opsretro.report import numbers
from opsretro.report.section_words import SectionWords
from opsretro.tables.parse import parse_slice
from opsretro.tables.period import Period
from opsretro.words import say

if TYPE_CHECKING:
    from opsretro.analysis.cause_review import CauseReview

EXACT = 2
"""Days between the first and the last one a movement may have begun on, up to which one day is told."""
VALUES_SHOWN = 3
"""Values of one dimension that are spelt out."""
FRACTIONS = {"half": (0.46, 0.54), "two_thirds": (0.63, 0.70), "three_quarters": (0.71, 0.79), "all": (0.95, 1.05)}
"""Shares that have a word of their own."""


def is_exact(row: Mapping[str, Any]) -> bool:
    """Whether the day a movement began on is known to a day or two."""
    return (pd.Timestamp(row["latest"]) - pd.Timestamp(row["earliest"])).days <= EXACT


class CauseWords(SectionWords):
    """Names, numbers and labels of one root-cause review in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: CauseReview

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"cause.{key}", self.lang, **values)

    def name(self, row: Mapping[str, Any]) -> str:
        """The KPI's name, with the slice its goal watches."""
        name = row["subject"] if row["subject"] in self.review.context.names else row["kpi"]
        own = parse_slice(row["dimension"]) if name == row["kpi"] else []
        parts = [self.value_name(dim, value or None) for dim, value in own]
        parts += [self._values(dim, values) for dim, values in self.review.element(row["subject"], 0).items()]
        slice_ = self.word("dot").join(parts)
        return self.word("of_slice", kpi=self.called(name), slice=slice_) if slice_ else self.called(name)

    def value_name(self, dim: str, value: str | None) -> str:
        """A value of a dimension: its own name, or the dimension's beside it where it has none."""
        if value is None:
            return self.word("unknown", dim=self.called(dim))
        return self.called(value) if value in self.review.context.names else f"{self.called(dim)} {value}"

    def value_of(self, row: Mapping[str, Any]) -> str:
        """The value a row of the drill-down is about."""
        return self.value_name(row["dimension"], None if row["is_missing"] else row["value"])

    def slice_name(self, subject: str, rank: int) -> str:
        """A slice: the values of each dimension, the dimensions in a row."""
        element = self.review.element(subject, rank)
        return self.word("dot").join(self._values(dim, values) for dim, values in element.items())

    def _values(self, dim: str, values: Sequence[str | None]) -> str:
        names = [self.value_name(dim, value) for value in values[:VALUES_SHOWN]]
        bare = [name.removeprefix(f"{self.called(dim)} ") if place else name for place, name in enumerate(names)]
        more = len(values) - len(bare)
        text = self.word("or").join(bare)
        return self.word("and_more", names=text, n=more) if more else text

    def amount(self, value: float, row: Mapping[str, Any]) -> str:
        """A value of the KPI."""
        return numbers.amount(value, row["unit"], self.lang, currency=self.review.context.currency)

    def gap(self, value: float, row: Mapping[str, Any]) -> str:
        """A distance between two values of the KPI, without its sign."""
        return numbers.gap(value, row["unit"], self.lang, currency=self.review.context.currency)

    def moved(self, value: float, row: Mapping[str, Any]) -> str:
        """A change of the KPI in its unit, signed; of a rate in points."""
        if math.isnan(value):
            return say("number.missing", self.lang)
        return self.signed(value, self.gap(value, row))

    def bare(self, value: float, row: Mapping[str, Any]) -> str:
        """A change, signed; of a rate in points without the word for them."""
        if row["unit"] not in numbers.RATES:
            return self.moved(value, row)
        return self.signed(value, numbers.number(abs(value) * 100, self.lang))

    def bares(self, values: Sequence[float], row: Mapping[str, Any]) -> list[str]:
        """Changes as `bare`, rates with as many decimals as the largest needs."""
        largest = max((abs(value) for value in values), default=0.0)
        if row["unit"] not in numbers.RATES or not largest:
            return [self.bare(value, row) for value in values]
        digits = max(0, 2 - math.floor(math.log10(100 * largest)))
        return [self.signed(round(100 * value, digits), f"{100 * abs(value):.{digits}f}") for value in values]

    def whole(self, value: float) -> str:
        """A share in whole per cent."""
        if math.isnan(value):
            return self.missing()
        return self.signed(round(100 * value), f"{abs(round(100 * value))}%").removeprefix("+")

    def signed(self, value: float, text: str) -> str:
        """A size with the sign of its value."""
        bare = text.removeprefix(numbers.MINUS)
        if not any(digit in bare for digit in "123456789"):
            return bare
        return f"+{bare}" if value > 0 else f"{numbers.MINUS}{bare}" if value < 0 else bare

    def change(self, row: Mapping[str, Any]) -> str:
        """The change of the KPI: of a sum in per cent, of a rate in points."""
        if row["unit"] in numbers.RATES or not row["reference"]:
            return self.moved(row["change"], row)
        return self.percent(row["change"] / row["reference"])

    def percent(self, value: float) -> str:
        """A relative change, signed, in two digits that matter."""
        text = numbers.rate(value, self.lang, digits=3 if abs(value) >= 1 else 2)
        return self.signed(value, text)

    def span(self, low: float, high: float, row: Mapping[str, Any]) -> str:
        """An interval of changes, its unit once."""
        if math.isnan(low):
            return self.missing()
        if row["unit"] not in numbers.RATES:
            return self.word("range", low=self.moved(low, row), high=self.moved(high, row))
        low_text, high_text = self.bares([low, high], row)
        return say("number.points", self.lang, value=self.word("range", low=low_text, high=high_text))

    def share(self, value: float) -> str:
        """A share of the change in words people use: half, three quarters, 62 %."""
        for name, (low, high) in FRACTIONS.items():
            if low <= value <= high:
                return self.word(f"share.{name}")
        return self.whole(value)

    def factor(self, name: str) -> str:
        """A factor of a product: its own name, or what it is divided by what."""
        if name in self.review.context.names or "/" not in name:
            return self.called(name)
        known = {*self.review.context.names, *self.review.kpis["kpi"], *self.review.drivers["factor"]}
        cuts = [(name[:place], name[place + 1 :]) for place, sign in enumerate(name) if sign == "/"]
        child, parent = max(cuts, key=lambda parts: len(known.intersection(parts)))  # an id may hold a stroke, too
        return self.word("per", child=self.called(child), parent=self.called(parent))

    def day(self, iso: str) -> str:
        """A day in words."""
        return numbers.day(iso, self.lang)

    def tick(self, iso: str) -> str:
        """A day under an axis."""
        month = int(iso[5:7])
        return self.word("tick", month=month, day=int(iso[8:]), name=say(f"date.short.m{month}", self.lang))

    def since(self, row: Mapping[str, Any]) -> str:
        """Since when, or from when to when; empty where it cannot be dated."""
        if not row["since"]:
            return ""
        if row["until"]:
            return self.word("since.ended", start=self.day(row["since"]), end=self.day(row["until"]))
        if is_exact(row):
            return self.word("since.day", day=self.day(row["since"]))
        return self.word("since.about", first=self.day(row["earliest"]), last=self.day(row["latest"]))

    def since_cell(self, row: Mapping[str, Any]) -> str:
        """The same in a cell of a table."""
        if not row["since"]:
            return self.missing()
        if row["until"]:
            return self.word("cell.ended", start=self.day(row["since"]), end=self.day(row["until"]))
        day = self.day(row["since"])
        return day if is_exact(row) else self.word("cell.about", day=day)

    def against(self, row: Mapping[str, Any]) -> str:
        """What the period is compared with."""
        if row["against"] not in set(Against):
            return numbers.period(row["against"], self.lang)
        return self.word(f"against.{row['against']}_{Period.parse(self.review.period).kind}")

    def axis(self, values: Sequence[float], row: Mapping[str, Any]) -> list[str]:
        """Labels of an axis of changes of the KPI."""
        if row["unit"] in numbers.RATES:
            return [f"{self.signed(value, numbers.number(abs(value) * 100, self.lang))}" for value in values]
        return numbers.axis(values, row["unit"], self.lang, currency=self.review.context.currency)
