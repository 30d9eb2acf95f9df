"""The goal review in words: every sentence is chosen by codes and filled with numbers, nothing is computed here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.codes import Direction, LimitsState, Reason, Status, Variation
from opsretro.report import numbers
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.goal_review import GoalReview
    from opsretro.analysis.result import Finding

LONGEST_NAME = {"wide": 20, "narrow": 17}


class GoalText:
    """Words and numbers of one goal review in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    def __init__(self, review: GoalReview, lang: str) -> None:
        self.review, self.lang = review, lang
        self._goals = {row["goal_id"]: row for _, row in review.goals.iterrows()}

    def word(self, key: str, **values: object) -> str:
        """A text of the goal review."""
        return say(f"goals.{key}", self.lang, **values)

    def name(self, goal: pd.Series) -> str:
        """The goal's name: from [names] by goal, then by KPI, then as its table says."""
        names = self.review.context.names
        known = names.get(goal["goal_id"]) or names.get(goal["kpi"])
        return pick(known, self.lang) if known else goal["name"] or goal["goal_id"]

    def short_name(self, goal: pd.Series, size: str) -> str:
        """The name as far as a chart has room for it; a Chinese character counts as two."""
        room, name = LONGEST_NAME[size], self.name(goal)
        widths = [2 if ord(letter) > 0x2E7F else 1 for letter in name]
        if sum(widths) <= room:
            return name
        return name[: next(i for i in range(len(name)) if sum(widths[: i + 2]) > room - 1)] + "…"

    def amount(self, value: float, goal: pd.Series) -> str:
        """A value of the goal's KPI."""
        return numbers.amount(value, goal["unit"], self.lang, currency=self.review.context.currency)

    def axis(self, values: Sequence[float], goal: pd.Series) -> list[str]:
        """Labels of the axis of the goal's KPI."""
        return numbers.axis(values, goal["unit"], self.lang, currency=self.review.context.currency)

    def line_label(self, line: str, goal: pd.Series) -> str:
        """The words at the end of a line of the chart: target, low, high or mean with its number."""
        return self.word(f"line.{line}", value=self.amount(goal[line], goal))

    def band(self, goal: pd.Series) -> str:
        """The usual range in words, or that there is none."""
        if math.isnan(goal["lower"]):
            return say("number.missing", self.lang)
        return self.word("range", low=self.amount(goal["lower"], goal), high=self.amount(goal["upper"], goal))

    def tick(self, month: str) -> str:
        """A month under the axis."""
        return self.word(
            "tick", year=month[2:4], month=int(month[5:]), name=say(f"date.short.m{int(month[5:])}", self.lang)
        )

    def headline(self) -> str:
        """The answer of the section in one sentence."""
        goals = self.review.goals
        signals = int((goals["variation"] == Variation.SIGNAL).sum())
        summary = self.review.findings[0]
        met, n = int(summary.value or 0), summary.n or 0
        return self.word(f"headline.{summary.code}", met=met, n=n) + self.word("headline.signals", n=signals)

    def sentence(self, finding: Finding) -> str:
        """A finding in words: met or missed, signal or noise."""
        if not finding.subject:
            return self.headline()
        goal = self._goals[finding.subject]
        return self.join(self.verdict(goal), self.variation(goal))

    def explanation(self, goal: pd.Series) -> str:
        """All three verdicts of a goal in words."""
        return self.join(self.verdict(goal), self.variation(goal), self.assurance(goal))

    def join(self, *sentences: str) -> str:
        """Sentences in a row."""
        return say("sentence.gap", self.lang).join(sentence for sentence in sentences if sentence)

    def verdict(self, goal: pd.Series) -> str:
        """Whether the goal was met, by how much."""
        name = self.name(goal)
        if goal["status"] == Status.NO_DATA:
            until = numbers.day(goal["last_day"], self.lang) if goal["last_day"] else ""
            coverage = numbers.rate(goal["coverage"], self.lang)
            values = {"until": until, "coverage": coverage, "actual": self.amount(goal["actual"], goal)}
            return self.word(f"verdict.{goal['reason']}", name=name, **values)
        if goal["direction"] == Direction.RANGE:
            low, high = self.amount(goal["low"], goal), self.amount(goal["high"], goal)
            actual = self.amount(goal["actual"], goal)
            return self.word(f"verdict.range_{goal['status']}", name=name, actual=actual, low=low, high=high)
        actual, target = numbers.apart(
            goal["actual"], goal["target"], goal["unit"], self.lang, currency=self.review.context.currency
        )
        attained = self._attained(goal)
        return self.word(f"verdict.{goal['status']}", name=name, actual=actual, target=target, attained=attained)

    def _attained(self, goal: pd.Series) -> str:
        if math.isnan(goal["attainment"]):
            return ""
        if math.isnan(goal["baseline"]):
            return self.word("attained", share=self.share(goal))
        key = "attained_from" if goal["attainment"] >= 0 else "attained_back"
        return self.word(key, share=self.share(goal), baseline=self.amount(goal["baseline"], goal))

    def share(self, goal: pd.Series) -> str:
        """The attainment as per cent."""
        return numbers.share(goal["attainment"], self.lang)

    def variation(self, goal: pd.Series) -> str:
        """Whether the month stands out from the KPI's own ordinary variation."""
        if goal["status"] == Status.NO_DATA and goal["reason"] != Reason.NO_TARGET:
            return ""
        if goal["variation"] == Variation.UNKNOWN:
            return self.word("variation.unknown", n=goal["n_baseline"])
        band = {"lower": self.amount(goal["lower"], goal), "upper": self.amount(goal["upper"], goal)}
        if goal["variation"] == Variation.NOISE:
            return self.word("variation.noise", **band)
        return self.word(f"variation.{self._rule(goal)}_{goal['side']}", **band)

    def _rule(self, goal: pd.Series) -> str:
        return str(goal["rules"]).split("+", maxsplit=1)[0]

    def assurance(self, goal: pd.Series) -> str:
        """What the process, as it runs, can be expected to do to the target."""
        return self.word(f"assurance.{goal['assurance']}")

    def certainty(self) -> str:
        """How sure the section is, in one line."""
        goals = self.review.goals
        trial = int((goals["limits_state"] == LimitsState.TRIAL).sum())
        short = int((goals["limits_state"] == LimitsState.NONE).sum())
        most = int(goals["n_baseline"].max()) if len(goals) else 0
        parts = [self.word("certainty.base", n=most)]
        parts += [self.word("certainty.trial", n=trial)] if trial else []
        parts += [self.word("certainty.short", n=short)] if short else []
        thin = goals[(goals["status"] != Status.NO_DATA) & (goals["coverage"] < 1) & (goals["n_days"] > 2)]
        if len(thin):
            names = say("list.comma", self.lang).join(self.name(goal) for _, goal in thin.iterrows())
            least = numbers.rate(float(thin["coverage"].min()), self.lang)
            parts.append(self.word("certainty.coverage", names=names, least=least))
        return self.join(*parts)

    def changes(self) -> list[str]:
        """What is different from the month before: goals whose verdict turned."""
        told = {Status.MET.value, Status.MISSED.value}
        rows = [row for row in self._goals.values() if {row["status"], row["previous_status"]} == told]
        return [
            self.word(
                f"change.{row['status']}",
                name=self.name(row),
                before=self.amount(row["previous"], row),
                now=self.amount(row["actual"], row),
            )
            for row in rows
        ]

    def chart_title(self, goal: pd.Series) -> str:
        """The message of a card as a full sentence."""
        if goal["variation"] == Variation.SIGNAL:
            return self.word(f"title.{self._rule(goal)}_{goal['side']}", name=self.name(goal))
        key = (
            goal["reason"]
            if goal["status"] == Status.NO_DATA and goal["reason"] != Reason.NO_TARGET
            else goal["variation"]
        )
        return self.word(f"title.{key}", name=self.name(goal))

    def chart_caption(self, goal: pd.Series) -> str:
        """Unit, source and n of a card."""
        known = {"percent": "rate", "fraction": "rate", "count": "count"}
        unit = self.review.context.currency if goal["unit"] == "currency" else goal["unit"]
        unit = self.word(f"unit.{known[unit]}") if unit in known else unit
        state = self.word(f"limits.{goal['limits_state']}", n=goal["n_baseline"])
        return self.word("caption", unit=unit, days=goal["n_days"], state=state)

    def overview_title(self) -> str:
        """The message of the overview as a full sentence."""
        signals = int((self.review.goals["variation"] == Variation.SIGNAL).sum())
        return self.word("overview.title", n=signals, total=len(self.review.goals))
