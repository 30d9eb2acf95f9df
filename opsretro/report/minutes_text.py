"""The minutes in sentences: what was decided and what is still missing, and the words beside cards and tallies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.minutes import ASKED, SHOWN
from opsretro.report import numbers
from opsretro.report.section_words import SectionWords
from opsretro.tables.meetings import MONTH, PHASES, Stage
from opsretro.tables.parse import parse_date
from opsretro.tables.period import Period
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.minutes import Minutes
    from opsretro.analysis.result import Finding

FACTS = ("followup", "goals", "roi", "rootcause", "health")


class MinutesText(SectionWords):
    """Every sentence of the section.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: Minutes

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"minutes.{key}", self.lang, **values)

    def either(self, row: Mapping[str, Any], field: str) -> str:
        """A text in this language, else in the other; empty where there is none."""
        return self.plain(pick({"zh-CN": row[f"{field}_zh"], "en": row[f"{field}_en"]}, self.lang))

    def plain(self, text: str) -> str:
        """What somebody wrote, without signs nobody sees."""
        return pick(text, self.lang)

    def month(self, label: str) -> str:
        """A month in words."""
        return numbers.month(label, self.lang)

    def day(self, text: str) -> str:
        """A day in words; what is no day stays as somebody wrote it."""
        return numbers.day(text, self.lang) if parse_date(text) == text else self.plain(text)

    def headline(self) -> str:
        """The answer in a sentence or two: how much was decided, and what is still to be said of it."""
        decisions, kind = self.review.decisions, Period.parse(self.review.period).kind
        if decisions.empty:
            return self.word("headline.none")
        new = int(decisions["is_new"].sum())
        changed = self.word("headline.changed", n=len(decisions) - new) if new < len(decisions) else ""
        lacking = {name: int((decisions[name] == "").sum()) for name in ASKED}
        parts = [self.word(f"lacks.{name}", n=n) for name, n in lacking.items() if n]
        told = self.word("headline.lacking", parts=self.listed(parts)) if parts else self.word("headline.whole")
        made = self.word(f"headline.{kind}", n=new) if new else self.word("headline.none")
        return self.join(*filter(None, (made, changed, told)))

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        return self.headline() if finding.code == "decided" else self.word(f"finding.{finding.code}", n=finding.n)

    def state(self) -> str:
        """That a meeting is not closed yet; empty where all are."""
        meetings = self.review.meetings
        months = [self.month(label) for label in meetings["month"][~meetings["closed"]]]
        return self.word("still_open", months=self.listed(months)) if months else ""

    def title(self, row: Mapping[str, Any]) -> str:
        """What an action is called."""
        return self.either(row, "title") or self.plain(row["id"]) or self.missing()

    def ident(self, row: Mapping[str, Any]) -> str:
        """The id of an action in the ledger, or that it is not there yet."""
        return self.plain(row["id"]) or self.word("unwritten")

    def aim(self, row: Mapping[str, Any]) -> str:
        """The metric of an action and what is hoped for; empty where neither is told."""
        metric, effect = self.called(row["metric"]), self.effect(row)
        if not effect and row["direction"]:
            effect = self.word(f"wanted.{row['direction']}")
        if not metric:
            return effect and self.word("hoped", effect=effect)
        return self.word("aim" if effect else "metric", metric=metric, effect=effect)

    def effect(self, row: Mapping[str, Any]) -> str:
        """The change of the metric that is hoped for; empty where nobody said."""
        value = row["expected_effect"]
        return "" if math.isnan(value) else f"{'+' if value > 0 else ''}{numbers.rate(value, self.lang)}"

    def trigger(self, row: Mapping[str, Any]) -> str:
        """When what happens, then what is done."""
        when, then = self.either(row, "when"), self.either(row, "then")
        return self.word("trigger", when=when, then=then) if when and then else when or then

    def control(self, row: Mapping[str, Any]) -> str:
        """Who can change it; empty where nobody said."""
        if not row["controllable"]:
            return ""
        return self.word("control", text=say(f"followup.controllable.{row['controllable']}", self.lang))

    def lacking(self, row: Mapping[str, Any]) -> str:
        """What is still to be said of an action; empty where nothing is."""
        fields = [self.word(f"field.{name}") for name in ASKED if not row[name]]
        return self.word("lacking", fields=self.listed(fields)) if fields else ""

    def named(self, row: Mapping[str, Any]) -> str:
        """A board or a column, by name; by its key where it has none."""
        return self.either(row, "name") or self.plain(row["key"])

    def phase(self, row: Mapping[str, Any]) -> str:
        """A phase of the agenda and the minutes planned for it."""
        name = self.word(f"phase.{row['key']}") if row["key"] in PHASES else self.plain(row["key"])
        return self.word("minutes", name=name, n=round(row["seconds"] / 60))

    def stage(self, board: Mapping[str, Any]) -> str:
        """How far a board is, where its cards or its tallies cannot be seen, and what its tallies are of."""
        if board["stage"] not in SHOWN:
            return self.word("stage.write")
        if board["stage"] == Stage.COUNTED and board["people"]:
            return self.word("stage.counted", n=board["people"], votes=self.word("votes", n=board["budget"]))
        return self.word("stage.vote") if board["stage"] == Stage.VOTE else ""

    def number(self, count: float) -> str:
        """A count; a dash where nothing is counted."""
        return self.missing() if math.isnan(count) else f"{count:.0f}"

    def topic(self, row: Mapping[str, Any]) -> str:
        """A topic with its votes, where they are counted, and how many cards it has."""
        counts = [] if math.isnan(row["votes"]) else [self.word("votes", n=int(row["votes"]))]
        counts.append(self.word("cards", n=int(row["n_cards"])))
        return self.word("topic", title=self.plain(row["title"]), counts=say("list.comma", self.lang).join(counts))

    def held(self) -> str:
        """The days of the meetings; empty where nobody knows."""
        days = [self.day(day) for day in self.review.meetings["held"] if day]
        return self.word("held", days=self.listed(days)) if days else ""

    def remarks(self, card: Mapping[str, Any], topics: pd.DataFrame) -> list[str]:
        """What was said of a card: its topic, its votes, fact or guess, how it can be checked, who can change it."""
        own = topics[topics["id"] == card["topic"]] if card["topic"] else topics[:0]
        found = [self.word("under", topic=self.plain(own["title"].iloc[0]))] if len(own) else []
        found += [self.word("votes", n=int(card["votes"]))] if card["votes"] > 0 else []
        found += [say(f"cause.basis_{card['basis']}", self.lang)] if card["basis"] else []
        found += [self.word("verify", how=self.plain(card["verify"]))] if card["verify"] else []
        return found + ([say(f"cause.control_{card['control']}", self.lang)] if card["control"] else [])

    def fact(self, row: Mapping[str, Any]) -> str:
        """What the month showed, under the name of its section."""
        section = say(f"page.short.{row['section']}", self.lang) if row["section"] in FACTS else ""
        text = self.either(row, "text")
        return self.word("fact", section=section, text=text) if section else text

    def waiting(self, row: Mapping[str, Any]) -> str:
        """A card of the parking lot, and since when it is there where that is longer than this meeting."""
        text, since = self.plain(row["text"]), row["since"]
        known = since < row["month"] and MONTH.fullmatch(since)
        return self.word("waiting", text=text, month=self.month(since)) if known else text
