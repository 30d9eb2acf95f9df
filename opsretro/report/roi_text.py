"""The activity review in sentences: what an activity cost and caused, how sure that is, what to talk about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.methods.returns import Verdict, horizon
from opsretro.report import numbers
from opsretro.report.roi_words import RoiWords

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding

KINDS = (*Verdict, "running", "untold")
ENDS = ("", "_lower", "_upper")
SHOWN = ("pull_forward", "control_contaminated", "pre_trend", "holiday_overlap", "overlap")
"""Warnings worth a clause in one sentence, the gravest first."""


class RoiText(RoiWords):
    """Every sentence of the section."""

    def counts(self) -> dict[str, int]:
        """How many activities paid, lost, cannot be told, are running, have no figure; and looked profitable."""
        rows = [self.judged(row) for _, row in self.review.activities.iterrows()]
        kinds = [self.kind(row) for row in rows]
        claimed = [
            kind for row, kind in zip(rows, kinds, strict=True) if row["attributed_roi"] > 0 and kind in KINDS[:3]
        ]
        counts = {kind: kinds.count(kind) for kind in KINDS} | {"total": len(rows), "claimed": len(claimed)}
        return counts | {"contradicted": len(claimed) - claimed.count(Verdict.PROFIT)}

    def judged(self, row: pd.Series) -> pd.Series:
        """The row an activity is judged by: its own, or that of the joint effect it is part of."""
        alone = not row["joint_id"] or not math.isnan(row["incremental"])
        return row if alone else self.review.activity(row["joint_id"])

    def standing(self, row: pd.Series) -> pd.Series:
        """The row with the figures its verdict rests on: those after the window where a profit did not last."""
        after = {f"{name}{end}": row[f"{name}_after{end}"] for name in ("profit", "roi") for end in ENDS}
        after |= {name: row[f"{name}_after"] for name in ("lower", "upper", "probability", "verdict")}
        return pd.Series({**row, **after, "payback_days": math.nan}) if horizon(row) else row

    def kind(self, row: pd.Series) -> str:
        """profit, loss, unclear, running or untold."""
        if row["running"]:
            return "running"
        return "untold" if math.isnan(row["profit"]) else str(row[f"verdict{horizon(row)}"])

    def headline(self) -> str:
        """The answer in one sentence."""
        counts = self.counts()
        if not counts["total"]:
            return self.word("headline.none", span=self.span_word)
        parts = [self.word(f"headline.{kind}", n=counts[kind]) for kind in KINDS if counts[kind]]
        text = self.word("headline.told", n=counts["total"], parts=self.listed(parts), span=self.span_word)
        if counts["contradicted"]:
            text = self.join(text, self.word("headline.claimed", n=counts["claimed"]))
        return text

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        if not finding.subject:
            return self.word("headline.none", span=self.span_word)
        return self.told(self.review.activity(finding.subject))

    def told(self, row: pd.Series) -> str:
        """An activity in one or two sentences: both ROIs, the interval, the verdict."""
        name = self.name(row)
        if row["refused"]:
            return self.word("told.refused", name=name, why=self.why(row))
        if math.isnan(row["incremental"]):
            return self.word("told.nothing", name=name)
        if row["running"]:
            low, high = (self.money(row[end], signed=True) for end in ("lower", "upper"))
            amount, day = self.money(row["incremental"], signed=True), numbers.day(row["end"], self.lang)
            return self.word("told.running", name=name, amount=amount, low=low, high=high, day=day)
        if math.isnan(row["profit"]):
            low, high = (self.money(row[end], signed=True) for end in ("lower", "upper"))
            values = {"name": name, "amount": self.money(row["incremental"], signed=True), "low": low, "high": high}
            n = row["missing_days"]
            return self.word("told.gaps", n=n, **values) if n else self.word("told.no_cost", **values)
        if math.isnan(row["roi"]):
            low, high = (self.money(row[f"profit{end}"], signed=True) for end in ENDS[1:])
            profit, verdict = self.money(row["profit"], signed=True), self.word(f"so.{row['verdict']}")
            return self.word("told.free", name=name, profit=profit, low=low, high=high, verdict=verdict)
        claim = (
            ""
            if math.isnan(row["attributed_roi"])
            else self.word("told.claim", roi=self.rate(row["attributed_roi"], signed=True))
        )
        text = self.word(
            "told.roi",
            name=name,
            claim=claim,
            roi=self.rate(row["roi"], signed=True),
            low=self.rate(row["roi_lower"], signed=True),
            high=self.rate(row["roi_upper"], signed=True),
            verdict=self.word(f"so.{row['verdict']}"),
        )
        return self.join(text, self.after(row))

    def after(self, row: pd.Series) -> str:
        """What the days after the window changed; empty when they changed nothing."""
        if "pull_forward" not in row["warnings"] or not row["verdict_after"]:
            return ""
        roi = self.rate(row["roi_after"], signed=True)
        span = self.span(row["roi_after_lower"], row["roi_after_upper"])
        verdict = self.word(f"so.{row['verdict_after']}")
        return self.word("after.back", n=row["after_days"], roi=roi, span=span, verdict=verdict)

    def why(self, row: pd.Series) -> str:
        """Why an activity has no figure."""
        others = [name for name in self._sharing(row) if name != row["activity_id"]]
        return self.word(f"why.{row['refused']}", others=self.listed(list(map(self.one_name, others))))

    def _sharing(self, row: pd.Series) -> list[str]:
        """Activities that share days and people, this one among them."""
        return list((self.review.activity(row["joint_id"]) if row["joint_id"] else row)["members"])

    def verdict(self, row: pd.Series) -> str:
        """The verdict in a word or two."""
        if row["refused"]:
            return self.word(f"verdict.{row['refused']}")
        if math.isnan(row["incremental"]):
            return self.word("verdict.untold")
        if row["running"]:
            return self.word("verdict.running")
        if math.isnan(row["profit"]):
            return self.word("verdict.gaps" if row["missing_days"] else "verdict.no_cost")
        text = self.word(f"verdict.{self.kind(row)}")
        return self.word("verdict.later", verdict=text, n=row["after_days"]) if horizon(row) else text

    def evidence(self, row: pd.Series) -> str:
        """The evidence grade and the method."""
        return self.word(f"grade.{row['grade'] or 'none'}")

    def warned(self, row: pd.Series) -> list[str]:
        """What each warning means."""
        values = {
            "n": row["after_days"],
            "stated": self.money(row["cost_stated"]),
            "cost": self.money(row["cost"]),
            "others": self.listed(list(map(self.one_name, self._sharing(row)))),
        }
        return [self.word(f"warning.{code}", **values) for code in row["warnings"]]

    def turn(self, row: pd.Series) -> str:
        """What would change the verdict: the revenue that just pays for the cost."""
        if math.isnan(row["break_even"]) or row["refused"] or row["running"] or math.isnan(row["profit"]):
            return ""
        row = self.standing(row)
        key = "turn.lift" if not math.isnan(row["break_even_lift"]) else "turn.money"
        lift = self.rate(row["break_even_lift"], signed=True)
        needed, low, high = self.moneys([row["break_even"], row["lower"], row["upper"]])
        return self.word(key, needed=needed, lift=lift, low=low, high=high)

    def certainty(self) -> str:
        """How sure the section is, in one line."""
        judged = self.review.judged
        told = judged[judged["incremental"].notna()]
        parts = [self.word("certainty.base")] if len(told) else []
        for grade in ("A", "B", "C"):
            names = [self.name(row) for _, row in told[told["grade"] == grade].iterrows()]
            parts += [self.word(f"certainty.{grade}", names=self.listed(names))] if names else []
        for code in SHOWN:
            names = [self.name(row) for _, row in told.iterrows() if code in row["warnings"]]
            parts += [self.word(f"certain.{code}", names=self.listed(names))] if names else []
        if until := self.review.context.holidays_until:
            parts.append(self.word("certainty.holidays", day=numbers.day(until, self.lang)))
        return self.join(*parts)

    def portfolio_title(self) -> str:
        """The message of the portfolio as a full sentence."""
        counts = self.counts()
        over = sum(counts[verdict] for verdict in Verdict)
        if not over:
            return self.word("portfolio.untold")
        return self.word("portfolio.title", n=counts["profit"], total=over)

    def portfolio_key(self) -> str:
        """What the marks of the portfolio mean."""
        return self.word("portfolio.key")

    def chart_title(self, row: pd.Series) -> str:
        """The message of an activity's chart."""
        name = self.name(row)
        low, high = self.moneys([row["lower"], row["upper"]])
        side = "up" if row["lower"] > 0 else "down" if row["upper"] < 0 else "open"
        return self.word(f"title.{side}", name=name, low=low, high=high)

    def chart_caption(self, row: pd.Series) -> str:
        """What the lines are, source and n."""
        if row["method"] == "randomised":
            return self.word("caption.randomised", currency=self.review.context.currency, n=row["n_before"])
        others = self.listed([self.called(name) for name in row["controls"]]) or self.word("caption.own")
        unit = self.review.context.currency
        return self.word(
            "caption.daily", currency=unit, n=row["n_before"], segment=self.called(row["segment"]), others=others
        )

    def chart_key(self, row: pd.Series) -> str:
        """What the marks of an activity's chart mean."""
        return self.word("key.bars" if row["method"] == "randomised" else "key.daily")

    def last_time(self, row: pd.Series) -> str:
        """The same type last time."""
        if not row["last_id"]:
            return self.word("last.none", type=self.called(row["type"])) if row["type"] else ""
        name, kind = self.one_name(row["last_id"]), self.called(row["type"])
        if math.isnan(row["last_roi"]):
            return self.word("last.untold", name=name, type=kind)
        roi, span = self.rate(row["last_roi"], signed=True), self.span(row["last_roi_lower"], row["last_roi_upper"])
        return self.word(
            "last.told", name=name, type=kind, roi=roi, span=span, verdict=self.word(f"so.{row['last_verdict']}")
        )

    def split_title(self, rows: pd.DataFrame, name: str) -> str:
        """The message of the plan-to-actual split."""
        gap = float(rows["effect"].sum())
        if not rows["effect"].any():
            return self.word("split.even", name=name)
        worst = rows.loc[rows["effect"].idxmin() if gap < 0 else rows["effect"].idxmax()]
        key = "below" if gap < 0 else "above"
        factor = self.word(f"factor.{worst['factor']}")
        return self.word(
            f"split.{key}",
            name=name,
            gap=self.money(abs(gap)),
            factor=factor,
            value=self.money(worst["effect"], signed=True),
        )
