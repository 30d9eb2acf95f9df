"""A look back in sentences: what the months said, side by side, each with its number and where it was published."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opsretro.report import numbers
from opsretro.report.goal_words import goal_name
from opsretro.report.section_words import SectionWords
from opsretro.report.sections import TILE_ORDER
from opsretro.tables.health_register import EVERYBODY
from opsretro.tables.parse import parse_slice
from opsretro.tables.survey_files import TEAM
from opsretro.words import catalogue, pick, say

if TYPE_CHECKING:
    from opsretro.analysis.months import Months
    from opsretro.analysis.result import Finding

Row = Mapping[str, Any]
MOST_NAMES = 4


class MonthsText(SectionWords):
    """Every sentence of a look back.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: Months

    def word(self, key: str, **values: object) -> str:
        """A text of the section."""
        return say(f"months.{key}", self.lang, **values)

    @cached_property
    def published(self) -> list[str]:
        """The months that are published, oldest first."""
        return self.review.published

    @cached_property
    def goals(self) -> list[Row]:
        """Goals of all months."""
        found: list[Row] = self.review.goals.to_dict("records")
        return found

    @cached_property
    def _newest(self) -> dict[str, Row]:
        """The newest row of each goal."""
        return {row["goal_id"]: row for row in sorted(self.goals, key=lambda row: row["month"])}

    def month(self, label: str) -> str:
        """A month in words."""
        return numbers.month(label, self.lang)

    def label(self, label: str) -> str:
        """A period in words."""
        return numbers.period(label, self.lang)

    def months(self, labels: Sequence[str]) -> str:
        """Months in words, the first few by name; a row of them as from the first to the last."""
        if len(labels) <= MOST_NAMES:
            return self.listed([self.month(label) for label in labels])
        return self.word("from_to", n=len(labels), first=self.month(labels[0]), last=self.month(labels[-1]))

    def headline(self) -> str:
        """The answer in a sentence or two: the newest month, how it compares, and what the actions did."""
        if not self.published:
            return self.word("none")
        first = [finding for finding in self.review.findings if finding.code in ("goals", "signals")]
        return self.join(*map(self.sentence, first)) or self.sentence(self.review.findings[0])

    def firsts(self, most: int) -> list[str]:
        """Beside the headline the first sentence of each kind, and last how complete the months are."""
        kinds: dict[str, str] = {}
        for finding in self.review.findings:
            if finding.code not in ("goals", "signals", *kinds):
                kinds[finding.code] = self.sentence(finding)
        last = [told for code, told in kinds.items() if code == "published"]
        return [told for code, told in kinds.items() if code != "published"][: most - 1] + last

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        told = getattr(self, f"_say_{finding.code}")(finding)
        return str(told)

    def _say_goals(self, finding: Finding) -> str:
        values = {"month": self.month(finding.subject), "met": f"{finding.value:.0f}", "n": finding.n}
        if finding.lower is None or finding.upper is None:
            return self.word("say.goals", **values)
        if finding.lower == finding.upper:
            return self.word("say.goals_same", low=f"{finding.lower:.0f}", **values)
        return self.word("say.goals_before", low=f"{finding.lower:.0f}", high=f"{finding.upper:.0f}", **values)

    def _say_signals(self, finding: Finding) -> str:
        if not finding.value:
            return self.word("say.no_signal")
        rows = [row for row in self.goals if row["month"] == finding.subject and row["variation"] == "signal"]
        return self.word("say.signals", n=len(rows), names=self.few([self.goal(row) for row in rows]))

    def _say_activities(self, finding: Finding) -> str:
        counts = self.review.verdicts()
        told = [self.word(f"count.{code}", n=n) for code, n in counts.items() if n]
        rest = finding.n - sum(counts.values()) if finding.n else 0
        told += [self.word("count.untold", n=rest)] if rest else []
        return self.word("say.activities", n=finding.n, parts=self.listed(told))

    def _say_actions(self, finding: Finding) -> str:
        if not finding.n:
            return self.word("say.no_action")
        told = [self.word(f"count.{code}", n=n) for code, n in self.review.deeds().items() if n and code != "all"]
        return self.word("say.actions", n=finding.n, parts=self.listed(told) or self.missing())

    def _say_cause_again(self, finding: Finding) -> str:
        rows = [row for row in self.causes if row["subject"] == finding.subject and row["times"] == finding.n]
        months = sorted({row["month"] for row in rows if row["slice"] == rows[-1]["slice"]})
        kpi, where = self.kpi(finding.subject, rows[-1]["kpi"]), self.slice(rows[-1]["slice"])
        return self.word("say.cause_again", kpi=kpi, where=where, months=self.months(months))

    def _say_causes(self, finding: Finding) -> str:
        return self.word("say.causes", n=finding.n)

    def _say_kpi_signals(self, finding: Finding) -> str:
        rows = [row for row in self.goals if row["goal_id"] == finding.subject]
        months = [row["month"] for row in rows if row["variation"] == "signal"]
        values = {"name": self.goal(rows[-1]), "months": self.months(months), "of": finding.n}
        return self.word("say.kpi_signals", n=len(months), **values)

    def _say_health(self, finding: Finding) -> str:
        rows = [row for row in self.health if row["month"] == finding.subject and row["verdict"] in ("up", "down")]
        month = self.month(finding.subject)
        if not rows:
            return self.word("say.health_same", month=month)
        names = [self.word(f"moved.{row['verdict']}", what=self.dimension(row)) for row in rows]
        return self.word("say.health", month=month, names=self.few(names))

    def _say_published(self, finding: Finding) -> str:
        gone = [row["month"] for row in self.review.gaps.to_dict("records") if row["code"] == "not_published"]
        told = self.word("say.published", told=f"{finding.value:.0f}", n=finding.n)
        return self.join(told, self.word("say.missing", months=self.months(gone)) if gone else "")

    def join_dots(self, parts: Sequence[str]) -> str:
        """Short remarks in a row."""
        return say("health.dot", self.lang).join(part for part in parts if part)

    def few(self, names: Sequence[str]) -> str:
        """Names in a row; of many the first ones and how many there are beyond."""
        if len(names) <= MOST_NAMES + 1:
            return self.listed(list(names))
        more = self.word("more", n=len(names) - MOST_NAMES)
        return self.listed([*names[:MOST_NAMES], more])

    @cached_property
    def causes(self) -> list[Row]:
        """Causes, the oldest month first."""
        found: list[Row] = self.review.causes.sort_values("month", kind="stable").to_dict("records")
        return found

    @cached_property
    def sections(self) -> list[str]:
        """The sections that some month knows of, in the order of the page; readers outside get no team health."""
        known = set(self.review.cells["section"])
        return [key for key in TILE_ORDER if key in known]

    @cached_property
    def health(self) -> list[Row]:
        """Verdicts of the team's health, as they were published."""
        found: list[Row] = self.review.health.to_dict("records")
        return found

    def goal(self, row: Row) -> str:
        """The name of a goal."""
        shared = len({one["goal_id"] for one in self._newest.values() if one["kpi"] == row["kpi"]}) > 1
        return goal_name(row, self.review.context, self.lang, shared=shared)

    def kpi(self, subject: str, kpi: str) -> str:
        """The name of what a cause is about: a goal, or a KPI."""
        return self.goal(self._newest[subject]) if subject in self._newest else self.called(kpi or subject)

    def slice(self, slice_: str) -> str:
        """A slice in words: its values, each by its name."""
        names = self.review.context.names
        told = []
        for part in filter(None, slice_.split("&")):
            dim, _, value = part.partition("=")
            bare = self.called(value) if value in names else f"{self.called(dim)} {value}".strip()
            told.append(pick(bare, self.lang))
        return say("cause.dot", self.lang).join(told) or self.missing()

    def amount(self, value: float, row: Row) -> str:
        """A value of a goal's KPI."""
        return numbers.amount(value, row["unit"], self.lang, currency=self.review.context.currency)

    def aim(self, row: Row) -> str:
        """The target of a goal, or its range."""
        if not math.isnan(row["low"]) and not math.isnan(row["high"]):
            low, high = self.amount(row["low"], row), self.amount(row["high"], row)
            return self.word("range", low=low, high=high)
        return self.amount(row["target"], row)

    def change(self, value: float, row: Row) -> str:
        """A change of a KPI in its unit, signed."""
        gap = numbers.gap(value, row["unit"], self.lang, currency=self.review.context.currency)
        return self.signed(value, gap)

    def bare(self, value: float, row: Row) -> str:
        """A change, signed; of a rate in points without the word for them."""
        if row["unit"] not in numbers.RATES:
            return self.change(value, row)
        return self.signed(value, numbers.number(abs(value) * 100, self.lang))

    def roi(self, row: Row) -> str:
        """The ROI of an activity with its interval; why there is none."""
        if math.isnan(row["roi"]):
            return self.word("no_figure")
        value, low, high = (self.signed_rate(row[name]) for name in ("roi", "roi_lower", "roi_upper"))
        return self.word("with_interval", value=value, low=low, high=high)

    def effect(self, row: Row) -> str:
        """What an action did to its metric, with its interval; a dash where it cannot be told."""
        if math.isnan(row["effect"]):
            return self.missing()
        value, low, high = (self.signed_rate(row[name]) for name in ("effect", "lower", "upper"))
        return self.word("with_interval", value=value, low=low, high=high)

    def signed_rate(self, value: float) -> str:
        """A ratio as per cent with its sign."""
        return self.signed(value, numbers.rate(abs(value), self.lang, digits=2))

    def signed(self, value: float, text: str) -> str:
        """A text with the sign of a number; a dash where there is none."""
        if math.isnan(value):
            return self.missing()
        return f"{'+' if value > 0 else numbers.MINUS if value < 0 else ''}{text}"

    def verdict(self, row: Row) -> str:
        """The verdict on an activity or an action; why there is none."""
        code = row["verdict"] or "untold"
        return self.word(f"verdict.{code}") if self._is_ours(f"months.verdict.{code}") else self.missing()

    def status(self, row: Row) -> str:
        """Whether a goal was met."""
        return self.word(f"status.{row['status']}") if row["status"] in ("met", "missed") else self.word("status.open")

    def action(self, row: Row) -> str:
        """What an action is called."""
        return pick({"zh-CN": row["title_zh"], "en": row["title_en"]}, self.lang) or pick(row["id"], self.lang)

    def activity(self, row: Row) -> str:
        """What an activity is called."""
        names = self.review.context.names
        if row["activity_id"] in names:
            return self.called(row["activity_id"])
        joint = row["activity_id"].split("+")
        if len(joint) > 1 and all(part in names for part in joint):
            return self.listed([self.called(part) for part in joint])
        return pick(row["name"], self.lang) or row["activity_id"]

    def dimension(self, row: Row) -> str:
        """A dimension of the team's health, with its group where it is not everybody's."""
        code, ours = row["dimension"], f"health.dimension.{row['dimension']}"
        known = not (row["named"] and code in self.review.context.names) and self._is_ours(ours)
        name = say(ours, self.lang) if known else self.called(code)
        if row["group"] == EVERYBODY:
            return name
        named = [(attribute, self.called(value)) for attribute, value in parse_slice(row["group"])]
        parts = [value if attribute == TEAM else f"{self.called(attribute)} {value}" for attribute, value in named]
        group = say("health.dot", self.lang).join(parts)
        return say("health.of_group", self.lang, group=group, dimension=name)

    def _is_ours(self, key: str) -> bool:
        return key in catalogue(self.lang)

    def differs(self, row: Row) -> str:
        """What is not the same in all months of a goal; empty where all is."""
        codes = [code for code in row["differs"].split("+") if code]
        if not codes:
            return ""
        told = self.word("differs", what=self.listed([self.word(f"differ.{code}") for code in codes]))
        return self.join(told, self.word("apart", n=row["apart"]) if row["apart"] else "")

    def gap(self, row: Row) -> str:
        """Something of a month that is not there or cannot be read: what, and what it means."""
        month = self.label(row["month"])
        if row["section"]:
            section = say(f"page.short.{row['section']}", self.lang)
            return self.word(f"gap.section.{row['code']}", month=month, section=section, name=row["section"])
        return self.word(f"gap.month.{row['code']}", month=month, label=row["month"])

    def cells(self, month: str) -> list[Row]:
        """The sections of a month, with their status."""
        return self._cells.get(month, [])

    @cached_property
    def _cells(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.review.cells.to_dict("records"):
            found.setdefault(row["month"], []).append(row)
        return found

    def cell(self, month: str, section: str) -> list[str]:
        """The short state of a section in a month: what its page counts."""
        counts = self.review.count(month, section)
        told: list[str] = getattr(self, f"_cell_{section}")(counts) if counts else []
        return told

    def _cell_goals(self, counts: Mapping[str, int]) -> list[str]:
        told = [self.word("cell.met", met=counts["met"], n=counts["all"])]
        return told + ([self.word("cell.signals", n=counts["signal"])] if counts["signal"] else [])

    def _cell_roi(self, counts: Mapping[str, int]) -> list[str]:
        told = [say(f"roi.tile.{code}", self.lang, n=n) for code, n in counts.items() if n]
        return told or [say("roi.tile.none", self.lang)]

    def _cell_rootcause(self, counts: Mapping[str, int]) -> list[str]:
        return [self.word("cell.causes", n=counts["found"]) if counts["found"] else self.word("cell.no_cause")]

    def _cell_health(self, counts: Mapping[str, int]) -> list[str]:
        if counts["changed"]:
            return [self.word("cell.changed", n=counts["changed"])]
        told = "steady" if counts["steady"] else "untold" if counts["judged"] else "none"
        return [say(f"health.tile.{told}", self.lang)]

    def _cell_followup(self, counts: Mapping[str, int]) -> list[str]:
        told = [(code, counts[code]) for code in ("open", "overdue", "moved")]
        return [self.word(f"cell.{code}", n=n) for code, n in told if n or code == "open"]
