"""The root causes in sentences: what moved, which slice, since when, how sure, what cannot be said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.cause_review import State, Why
from opsretro.report import numbers
from opsretro.report.cause_words import FRACTIONS, CauseWords

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding

FEW = 3
"""A cause of fewer leaves rests on few."""
DRIVER = 0.5
"""A factor that makes up at least this share of a slice's change is named as what moved in it."""
MOSTLY = 0.5
"""A common movement that makes up more than this share of the change is its explanation."""
MOST = 0.8
"""Share of a movement that counts as most of it."""
LARGE_REST = 0.3
"""An unexplained part beyond this share of the change is pointed out."""
KINDS = ("release", "incident", "data", "market", "policy", "activity")
"""Kinds of leads that have a word of their own."""
LEADS, NAMES = 5, 6
"""Leads, and names of values, in one sentence."""


class CauseText(CauseWords):
    """Every sentence of the section."""

    def headline(self) -> str:
        """The answer in one sentence: the most important KPI, its slice, what moved in it, since when."""
        top = [item for item in self.review.findings if item.subject]
        return self.short(self.review.kpi(top[0].subject)) if top else self.word("headline.none")

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        if finding.subject:
            return self.told(self.review.kpi(finding.subject))
        return self.word("headline.count", found=int(finding.value or 0), n=finding.n or 0)

    def short(self, row: pd.Series) -> str:
        """A KPI in one sentence."""
        if row["state"] != State.FOUND:
            return self._untold(row, "short")
        cause = self.review.of("causes", row["subject"]).iloc[0]
        key = "against" if cause["share"] < 0 else "more" if cause["share"] > FRACTIONS["all"][1] else "with"
        if math.isnan(cause["share"]):
            key = "level"
        elif key == "against" and cause["change"] * row["moved"] > 0:
            key = "calendar"
        return self.word(
            f"short.{key}",
            kpi=self.name(row),
            change=self.change(row),
            share=self.share(cause["share"]),
            slice=self.slice_name(row["subject"], int(cause["rank"])),
            part=self.moved(cause["change"], row),
            what=self.what_short(cause),
            since=self._clause(cause),
        )

    def told(self, row: pd.Series) -> str:
        """A KPI in full: where it stands, then each slice."""
        if row["state"] != State.FOUND:
            return self._untold(row, "told")
        causes = self.review.of("causes", row["subject"])
        return self.join(self.stands(row), *(self.told_cause(row, cause) for _, cause in causes.iterrows()))

    def stands(self, row: pd.Series) -> str:
        """Where a KPI stands against what it is compared with."""
        key = "level" if not row["change"] else "above" if row["change"] > 0 else "below"
        values = {"kpi": self.name(row), "actual": self.amount(row["actual"], row), "against": self.against(row)}
        gap = self.gap(row["change"], row)
        if row["unit"] not in numbers.RATES and row["reference"]:
            percent = numbers.rate(abs(row["change"] / row["reference"]), self.lang, digits=2)
            gap = self.word("gap", gap=gap, percent=percent)
        return self.word(f"stands.{key}", gap=gap, **values)

    def told_cause(self, row: pd.Series, cause: pd.Series) -> str:
        """One slice: what it brings, what moved in it, since when."""
        return self.word(
            "told.against" if cause["share"] < 0 else "told.cause",
            slice=self.slice_name(row["subject"], int(cause["rank"])),
            change=self.moved(cause["change"], row),
            span=self.span(cause["lower"], cause["upper"], row),
            what=self.what(row, cause),
            since=self._clause(cause),
        )

    def _clause(self, cause: pd.Series) -> str:
        return self.word("since.clause", since=self.since(cause)) if cause["since"] else ""

    def _untold(self, row: pd.Series, form: str) -> str:
        """A KPI without a cause: why there is none, and since when it stands off, where that is known."""
        values = {"kpi": self.name(row), "change": self.change(row), "against": self.against(row)}
        values |= {"n": row["tested"], "growth": self.percent(row["growth"])}
        alike = row["common"] * row["moved"] > MOSTLY * row["moved"] ** 2 and row["why"] != Why.MISSED
        alike &= row["state"] == State.NOTHING
        inside = row["state"] == State.NO_DIMS and self.review.element(row["subject"], 0)
        key = "alike" if alike else "inside" if inside else row["state"]
        if row["state"] == State.NOTHING and row["calendar"] * row["change"] > MOSTLY * row["change"] ** 2:
            key, values["calendar"] = "calendar", self.moved(row["calendar"], row)
        text = self.word(f"untold.{key}", **values)
        since = self.word("untold.since", since=self.since(row)) if row["since"] and form == "told" else ""
        return self.join(text, since)

    def what(self, row: pd.Series, cause: pd.Series) -> str:
        """What moved in a slice, with the numbers."""
        effect = cause["effect"]
        if effect == "volume":
            if math.isinf(cause["multiplier"]) or not cause["expected"]:
                return self.word("what.new", actual=self.amount(cause["actual"], row))
            if not cause["actual"]:
                return self.word("what.gone", expected=self.amount(cause["expected"], row))
            text = self.word("what.volume", percent=self.percent(cause["multiplier"] - 1))
            driver = self._driver(cause)
            return self.word("what.driver", text=text, driver=driver) if driver else text
        show = self.amount if effect == "rate" else lambda value, _: numbers.rate(value, self.lang)
        return self.word(f"what.{effect}", before=show(cause["expected"], row), after=show(cause["actual"], row))

    def what_short(self, cause: pd.Series) -> str:
        """What moved in a slice, in a word."""
        if cause["effect"] == "volume" and not (cause["expected"] and cause["actual"]):
            return self.word("effect.gone" if cause["expected"] else "effect.new")
        return self._driver(cause) or self.word(f"effect.{cause['effect']}")

    def _driver(self, cause: pd.Series) -> str:
        return self.factor(cause["driver"]) if cause["driver"] and cause["driver_share"] >= DRIVER else ""

    def sure(self, cause: pd.Series) -> str:
        """How sure it is that it is exactly this slice."""
        level = "high" if cause["confidence"] >= 0.9 else "some" if cause["confidence"] >= 0.7 else "low"
        return self.word(f"sure.{level}", chance=numbers.chance(cause["confidence"], self.lang))

    def lead(self, row: pd.Series) -> str:
        """Something else that happened there and then."""
        kind = self.word(f"kind.{row['kind']}") if row["kind"] in KINDS else row["kind"]
        title = self.called(row["id"]) if row["id"] in self.review.context.names else row["title"]
        day = self.day(row["start"])
        return self.word(f"lead.{row['scope']}", kind=kind, title=title, day=day)

    def leads(self, subject: str) -> list[str]:
        """The leads of a KPI's slices, or of the whole where no slice was found; each once."""
        found = self.review.of("leads", subject)
        ranked = found[found["rank"] > 0] if (found["rank"] > 0).any() else found
        return list(dict.fromkeys(self.lead(row) for _, row in ranked.iterrows()))[:LEADS]

    def ruled(self, subject: str) -> str:
        """What moved too, and of what the causes leave nothing."""
        rows = self.review.of("drill", subject)
        named = rows[rows["state"] == "ruled_out"]
        quiet = [dim for dim, part in rows.groupby("dimension", sort=False) if set(part["state"]) == {"quiet"}]
        parts = []
        if len(named):
            names = [self.value_of(row) for _, row in named.iterrows()]
            parts.append(self.word("ruled.follows", n=len(names), names=self.listed(names[:NAMES])))
        if quiet:
            parts.append(self.word("ruled.quiet", dims=self.listed([self.called(dim) for dim in quiet])))
        return self.join(*parts)

    def limits(self, row: pd.Series) -> list[str]:
        """What the data cannot say of a KPI."""
        if row["state"] in {State.NO_DATA, State.NO_BASE}:
            return []
        causes = self.review.of("causes", row["subject"])
        dims = self.listed([self.called(dim) for dim in row["dims"]])
        texts = [self.word("cannot.cause")]
        texts += [self.word("cannot.dims", dims=dims)] if dims else []
        if row["state"] == State.FOUND and row["moved"] and abs(row["rest"]) > LARGE_REST * abs(row["moved"]):
            texts.append(self.word("cannot.rest", rest=self.moved(row["rest"], row)))
        texts += [self.word("cannot.few")] if (causes["n"] < FEW).any() else []
        if (causes["since"] == "").any() or (row["state"] != State.FOUND and not row["since"]):
            texts.append(self.word("cannot.date"))
        return texts

    def certainty(self) -> str:
        """How sure the section is, in one line."""
        causes = self.review.causes
        parts = [self.word("certainty.base")]
        if len(causes):
            least = f"{math.floor(100 * min(causes['confidence'].min(), 0.99))}%"
            parts.append(self.word("certainty.sure", n=len(causes), chance=least))
        if until := self.review.context.holidays_until:
            parts.append(self.word("certainty.holidays", day=self.day(until)))
        return self.join(*parts)

    def bars_title(self, row: pd.Series) -> str:
        """The message of the contribution chart."""
        causes = self.review.of("causes", row["subject"])
        if causes.empty:
            return self.word("bars.none", kpi=self.name(row))
        values = {"kpi": self.name(row), "change": self.moved(row["change"], row)}
        part = self.moved(causes["change"].iloc[0], row)
        share = causes["share"].iloc[0]
        key = "against" if share < 0 else "more" if share > FRACTIONS["all"][1] else "title"
        return self.word(f"bars.{key}", slice=self.slice_name(row["subject"], 1), part=part, **values)

    def bars_key(self, row: pd.Series) -> str:
        """What the marks of the contribution chart mean, and the unit."""
        return self.join(self.word("bars.key"), self.word("bars.points") if row["unit"] in numbers.RATES else "")

    def course_title(self, row: pd.Series, cause: pd.Series) -> str:
        """The message of a slice's days."""
        slice_ = self.slice_name(row["subject"], int(cause["rank"]))
        if not cause["since"]:
            return self.word("course.undated", slice=slice_)
        return self.word("course.title", slice=slice_, since=self.since(cause))

    def course_caption(self, row: pd.Series, cause: pd.Series) -> str:
        """What the lines of a slice's days are, and the unit."""
        return self.word(f"course.{cause['effect']}", kpi=self.name(row))

    def course_axis(self, row: pd.Series, cause: pd.Series) -> Callable[[Sequence[float]], list[str]]:
        """Labels of the axis of a slice's days."""
        unit = "count" if cause["effect"] == "mix" else row["unit"]
        currency = self.review.context.currency
        return lambda values: numbers.axis(values, unit, self.lang, currency=currency)

    def pareto_title(self, row: pd.Series, rows: pd.DataFrame) -> str:
        """The message of a Pareto chart: how few values hold most of the movement."""
        few = int((rows["total"] < MOST).sum()) + 1
        few, dim = min(few, len(rows)), self.called(rows["dimension"].iloc[0])
        share = self.whole(rows["total"].iloc[few - 1])
        return self.word("pareto.title", n=few, dim=dim, share=share, kpi=self.name(row))
