"""The building blocks of the follow-up's words: names of actions and metrics, changes of a metric, days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsretro.analysis.codes import is_percent
from opsretro.analysis.follow_codes import WORTH, Reason, Verdict
from opsretro.report import numbers
from opsretro.report.section_words import SectionWords
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.follow_review import FollowUp

MOST_NAMED = 3
"""Names in a sentence; of more only how many."""
MOST_DIGITS = 12
FIGURES = ("low", "high", "effect", "hoped", "size")


class FollowWords(SectionWords):
    """Names, numbers and labels of one follow-up in one language.

    The data count a change the wanted way as positive. In words and at the ends of a chart's lines a signed per cent is
    always the change of the metric itself (a refund rate that fell is -4.1 %, though that is what was wanted), and
    which way was wanted is said in words. `own` is the one place that turns a sign.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: FollowUp

    def __init__(self, review: FollowUp, lang: str) -> None:
        super().__init__(review, lang)
        self._titles = {row["id"]: self.title(row) for _, row in review.actions.iterrows()}

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"followup.{key}", self.lang, **values)

    def either(self, row: Mapping[str, Any], field: str) -> str:
        """A text of the ledger in this language, else in the other; empty where there is none."""
        texts = {"zh-CN": row[f"{field}_zh"], "en": row[f"{field}_en"]}
        return pick(texts, self.lang) if any(texts.values()) else ""

    def title(self, row: Mapping[str, Any]) -> str:
        """What an action is called; its id where it has no title."""
        return self.either(row, "title") or str(row["id"])

    def quoted(self, action_id: str) -> str:
        """The title of an action in quotes; one the review does not list is told by its id."""
        return self.word("quoted", title=self._titles.get(action_id, action_id))

    def some(self, names: Sequence[str]) -> str:
        """The first names in a row, and how many more there are."""
        told = self.listed(names[:MOST_NAMED])
        return self.word("more", names=told, n=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else told

    def metric(self, row: Mapping[str, Any]) -> str:
        """The metric of an action in the team's words."""
        return self.called(row["metric"]) or self.missing()

    def owner(self, row: Mapping[str, Any]) -> str:
        """Who carries an action."""
        return self.called(row["owner"]) or self.word("owner.none")

    def kind(self, row: Mapping[str, Any]) -> str:
        """moved, not_moved, cannot_tell or dropped."""
        return "dropped" if row["reason"] == Reason.DROPPED else str(row["verdict"])

    def verdict(self, row: Mapping[str, Any]) -> str:
        """The verdict in a mark and a word or two."""
        return self.word("wrong_way") if self.went_wrong(row) else self.word(f"verdict.{self.kind(row)}")

    def went_wrong(self, row: Mapping[str, Any]) -> bool:
        """Whether a metric surely went the way that was not wanted."""
        return row["verdict"] == Verdict.NOT_MOVED and bool(row["upper"] < 0)

    def own(self, row: Mapping[str, Any], value: float) -> float:
        """A change of the metric itself, from one counted the wanted way."""
        return -value if row["direction"] == "lower" else value

    def ends(self, row: Mapping[str, Any], prefix: str = "") -> tuple[float, float]:
        """The interval of the metric's own change, lower end first."""
        low, high = sorted(self.own(row, float(row[f"{prefix}{end}"])) for end in ("lower", "upper"))
        return low, high

    def figures(self, row: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
        """The change of the metric itself, its interval and what was hoped for (else is worth having); a dash for none.

        All in as many digits as tell those apart that differ, so that none is rounded onto another one; ``size`` is
        the effect without its sign, where a verb tells which way.
        """
        aim = WORTH if math.isnan(row["hoped"]) else row["hoped"]
        low, high = self.ends(row, prefix)
        effect = self.own(row, row[f"{prefix}effect"])
        texts = self.changes_of(low, high, effect, self.own(row, aim))
        return dict(zip(FIGURES, (*texts, texts[2].lstrip(f"+{numbers.MINUS}")), strict=True))

    def changes_of(self, *values: float) -> list[str]:
        """Signed changes in as many digits as tell those apart that differ, two at least."""
        known = {value for value in values if not math.isnan(value)}
        for digits in range(2, MOST_DIGITS + 1):
            texts = {value: self._signed(value, digits) for value in known}
            if len(set(texts.values())) == len(known):
                break
        return [texts.get(value, self.missing()) for value in values]

    def _signed(self, value: float, digits: int) -> str:
        text = numbers.rate(value, self.lang, digits=max(digits, 3) if abs(value) >= 1 else digits)
        return f"+{text}" if value > 0 else text

    def span(self, row: Mapping[str, Any]) -> str:
        """The interval in words; a dash where there is none."""
        return self.missing() if math.isnan(row["lower"]) else self.word("range", **self.figures(row))

    def baseline(self, row: Mapping[str, Any]) -> str:
        """Where the metric stood, in the unit of its goal; per cent are written as such in the ledger."""
        value = row["baseline"] / 100 if is_percent(row["unit"]) else row["baseline"]
        return numbers.amount(value, row["unit"], self.lang, currency=self.review.context.currency)

    def axis(self, unit: str, values: Sequence[float]) -> list[str]:
        """Labels of an axis of a metric."""
        return numbers.axis(values, unit, self.lang, currency=self.review.context.currency)

    def unit(self, row: Mapping[str, Any]) -> str:
        """The unit of an action's metric."""
        if row["unit"] in numbers.RATES:
            return self.word("unit.rate")
        if row["unit"] == "currency":
            return self.review.context.currency
        return self.word("unit.count") if row["unit"] in {"", "count"} else self.called(row["unit"])

    def day(self, iso: str) -> str:
        """A day in words; a dash where there is none."""
        return numbers.day(iso, self.lang) if iso else self.missing()

    def tick(self, iso: str) -> str:
        """A day under an axis."""
        month = int(iso[5:7])
        return self.word("tick", month=month, day=int(iso[8:]), name=say(f"date.short.m{month}", self.lang))
