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
        """The goal's name: from [names] by goal, or by KPI unless that hides a slice or another goal; else its own."""
        names = self.review.context.names
        shared = sum(other["kpi"] == goal["kpi"] for other in self._goals.values()) > 1
        kpi = goal["goal_id"] if goal["name"] and (shared or goal["dimension"]) else goal["kpi"]
        known = names.get(goal["goal_id"]) or names.get(kpi)
        return (pick(known, self.lang) if known else "") or goal["name"] or goal["goal_id"]

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

    def amounts(self, values: Sequence[float], goal: pd.Series) -> list[str]:
        """Values of the goal's KPI, with as many digits as tell them apart."""
        return numbers.distinct(values, goal["unit"], self.lang, currency=self.review.context.currency)

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
        low, high = self.amounts([goal["lower"], goal["upper"]], goal)
        return self.word("range", low=low, high=high)

    def tick(self, month: str) -> str:
        """A month under the axis."""
        return self.word(
            "tick", year=month[2:4], month=int(month[5:]), name=say(f"date.short.m{int(month[5:])}", self.lang)
        )

    def headline(self) -> str:
        """The answer of the section in one sentence."""
        counts = self.review.counts()
        if not counts["decided"]:
            answer = self.word("headline.goals_open", n=counts["total"])
        else:
            answer = self.word("headline.goals_met", met=counts["met"], n=counts["decided"])
            answer += self.word("headline.rest", n=counts["open"]) if counts["open"] else ""
        signals = (
            self.word("headline.signals", n=counts["signal"]) if counts["judged"] else self.word("headline.untold")
        )
        return answer + self.word("headline.gap") + signals

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
            few = goal["reason"] == Reason.INCOMPLETE and not goal["missing_days"]
            return self.word(f"verdict.{'few_rows' if few else goal['reason']}", name=name, **values)
        if goal["direction"] == Direction.RANGE:
            actual, low, high = self.amounts([goal["actual"], goal["low"], goal["high"]], goal)
            return self.word(f"verdict.range_{goal['status']}", name=name, actual=actual, low=low, high=high)
        actual, target = self.amounts([goal["actual"], goal["target"]], goal)
        attained = self._attained(goal)
        return self.word(f"verdict.{goal['status']}", name=name, actual=actual, target=target, attained=attained)

    def _attained(self, goal: pd.Series) -> str:
        if math.isnan(goal["attainment"]) or self._is_floor(goal):
            return ""
        if math.isnan(goal["baseline"]):
            return self.word("attained", share=self.share(goal))
        key = "attained_from" if goal["attainment"] >= 0 else "attained_back"
        return self.word(key, share=self.share(goal), baseline=self.amount(goal["baseline"], goal))

    def _is_floor(self, goal: pd.Series) -> bool:
        """Whether the target is worse than the start: a line not to cross, no way to go."""
        gain = goal["target"] - goal["baseline"]
        return bool(gain < 0 if goal["direction"] == Direction.HIGHER else gain > 0)

    def share(self, goal: pd.Series) -> str:
        """The attainment as per cent; none for a target that is a line not to cross."""
        return numbers.share(None if self._is_floor(goal) else goal["attainment"], self.lang)

    def variation(self, goal: pd.Series) -> str:
        """Whether the month stands out from the KPI's own ordinary variation."""
        if goal["status"] == Status.NO_DATA and goal["reason"] != Reason.NO_TARGET:
            return ""
        if goal["variation"] == Variation.UNKNOWN:
            return self.word("variation.unknown", n=goal["n_baseline"])
        lower, upper = self.amounts([goal["lower"], goal["upper"]], goal)
        band = {"lower": lower, "upper": upper}
        if goal["variation"] == Variation.NOISE:
            return self.word("variation.constant" if goal["lower"] == goal["upper"] else "variation.noise", **band)
        return self.word(f"variation.{self._rule(goal)}_{goal['side']}", **band)

    def _rule(self, goal: pd.Series) -> str:
        return str(goal["rules"]).split("+", maxsplit=1)[0]

    def assurance(self, goal: pd.Series) -> str:
        """What the process, as it runs, can be expected to do to the target."""
        return "" if goal["status"] == Status.NO_DATA else self.word(f"assurance.{goal['assurance']}")

    def compare(self, goal: pd.Series) -> str:
        """The month before and the same month of last year, where they are known."""
        values = {"before": goal["previous"], "year_ago": goal["same_last_year"]}
        shown = {key: self.amount(value, goal) for key, value in values.items() if not math.isnan(value)}
        known = [self.word(f"compare.{key}", value=value) for key, value in shown.items()]
        return self.word("compare.gap").join(known)

    def certainty(self) -> str:
        """How sure the section is, in one line."""
        goals = self.review.goals
        trial, short = (int((goals["limits_state"] == state).sum()) for state in (LimitsState.TRIAL, LimitsState.NONE))
        limited = goals[goals["limits_state"] != LimitsState.NONE]
        parts = [self.word("certainty.base", n=int(limited["n_baseline"].max()))] if len(limited) else []
        parts += [self.word("certainty.trial", n=trial)] if trial else []
        parts += [self.word("certainty.short", n=short)] if short else []
        thin = goals[(goals["status"] != Status.NO_DATA) & (goals["missing_days"] > 0)]
        if len(thin):
            names = say("list.comma", self.lang).join(self.name(goal) for _, goal in thin.iterrows())
            parts.append(self.word("certainty.coverage", names=names, n=int(thin["missing_days"].max())))
        return self.join(*parts)

    def changes(self) -> list[str]:
        """What is different from the month before: goals whose verdict turned."""
        told = {Status.MET.value, Status.MISSED.value}
        rows = [row for row in self._goals.values() if {row["status"], row["previous_status"]} == told]
        return [self._change(row) for row in rows]

    def _change(self, goal: pd.Series) -> str:
        before, now = self.amounts([goal["previous"], goal["actual"]], goal)
        text = self.word(f"change.{goal['status']}", name=self.name(goal), before=before, now=now)
        if math.isnan(goal["target"]) or goal["target"] == goal["previous_target"]:
            return text
        old, new = self.amounts([goal["previous_target"], goal["target"]], goal)
        return self.join(text, self.word("change.target", before=old, now=new))

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
        counts = self.review.counts()
        told = "title" if counts["judged"] else "untold"
        return self.word(f"overview.{told}", n=counts["signal"], total=counts["total"])
