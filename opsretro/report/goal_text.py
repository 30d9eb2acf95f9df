"""The goal review in words: every sentence is chosen by codes and filled with numbers, nothing is computed here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.codes import Direction, LimitsState, Reason, Status, Variation
from opsretro.analysis.goal_review import LIKELY
from opsretro.analysis.methods.centre_line import Method
from opsretro.analysis.methods.limits import LEAST_MONTHS
from opsretro.analysis.methods.targets import is_floor
from opsretro.report import numbers
from opsretro.report.goal_words import GoalWords, is_met_but_worse, is_told
from opsretro.words import join_list, pick, say

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding


class GoalText(GoalWords):
    """Every sentence of one goal review in one language."""

    def headline(self) -> str:
        """The answer of the section in one sentence."""
        counts = self.review.counts()
        if self.is_running():
            open_ = counts["paced"] - counts["likely"] - counts["unlikely"]
            return self.word("headline.pace", **counts | {"open": open_, "n": counts["paced"]})
        if not counts["decided"]:
            answer = self.word("headline.goals_open", n=counts["total"])
        else:
            answer = self.word("headline.goals_met", met=counts["met"], n=counts["decided"])
            answer += self.word("headline.rest", n=counts["open"]) if counts["open"] else ""
        goals = self.review.goals
        short = ((goals["limits_state"] == LimitsState.NONE) & (goals["n_rows"] > 0)).any()
        if not counts["judged"] and not short:
            return answer + self.word("headline.end")
        signals = self.word("headline.signals", n=counts["signal"]) if counts["judged"] else ""
        return answer + self.word("headline.gap") + (signals or self.word("headline.untold"))

    def sentence(self, finding: Finding) -> str:
        """A finding in words: met or missed, signal or noise."""
        if finding.code == "false_alarms":
            return self.word("certainty.chance", n=finding.n, value=numbers.number(finding.value, self.lang, digits=1))
        if not finding.subject:
            return self.headline()
        goal = self._goals[finding.subject]
        return self.join(self.verdict(goal), self.pace(goal), self.variation(goal))

    def explanation(self, goal: pd.Series) -> str:
        """All verdicts of a goal in words."""
        worse = self.word("met_worse", **self._before(goal)) if is_met_but_worse(goal) else ""
        lean = self.word("lean") if goal["autocorrelated"] and goal["variation"] == Variation.SIGNAL else ""
        return self.join(self.verdict(goal), worse, self.pace(goal), self.variation(goal), lean, self.assurance(goal))

    def _before(self, goal: pd.Series) -> dict[str, str]:
        return {"before": self.word(f"before.{self.kind}").lower(), "value": self.amount(goal["previous"], goal)}

    def verdict(self, goal: pd.Series) -> str:
        """Whether the goal was met, by how much."""
        name = self.name(goal)
        if goal["status"] == Status.NO_DATA:
            until = numbers.day(goal["last_day"], self.lang) if goal["last_day"] else ""
            coverage = numbers.rate(goal["coverage"], self.lang)
            actual = self.amount(goal["actual"], goal)
            values = {"until": until, "coverage": coverage, "actual": actual, "span": self.span}
            few = goal["reason"] == Reason.INCOMPLETE and not goal["missing_days"]
            if goal["reason"] == Reason.RUNNING and math.isnan(goal["actual"]):
                return self.word("verdict.running_empty", name=name, until=until)
            return self.word(f"verdict.{'few_rows' if few else goal['reason']}", name=name, **values)
        if goal["direction"] == Direction.RANGE:
            actual, low, high = self.amounts([goal["actual"], goal["low"], goal["high"]], goal)
            return self.word(f"verdict.range_{goal['status']}", name=name, actual=actual, low=low, high=high)
        actual, target = self.amounts([goal["actual"], goal["target"]], goal)
        attained = self._attained(goal)
        return self.word(f"verdict.{goal['status']}", name=name, actual=actual, target=target, attained=attained)

    def pace(self, goal: pd.Series) -> str:
        """Where a running month is heading, and the chance of the target."""
        if goal["reason"] != Reason.RUNNING or self.kind != "month":
            return ""
        if math.isnan(goal["pace"]):
            return self.word("pace.untold")
        low, high = self.amounts([goal["pace_lower80"], goal["pace_upper80"]], goal)
        if math.isnan(goal["hit_probability"]):
            return self.word("pace.bare", span=self.span, low=low, high=high)
        chance = numbers.chance(goal["hit_probability"], self.lang)
        return self.word("pace.told", span=self.span, low=low, high=high, chance=chance)

    def pace_cells(self, goal: pd.Series) -> tuple[str, str]:
        """Where a running month is heading (80 % interval), and the chance of its target."""
        missing = say("number.missing", self.lang)
        if math.isnan(goal["pace"]):
            return missing, missing
        low, high = self.amounts([goal["pace_lower80"], goal["pace_upper80"]], goal)
        chance = goal["hit_probability"]
        told = missing if math.isnan(chance) else numbers.chance(chance, self.lang)
        return self.word("range", low=low, high=high), told

    def year(self, goal: pd.Series) -> str:
        """In how many months of the year so far the goal was met."""
        if not goal["months_judged"]:
            return say("number.missing", self.lang)
        return self.word("year", met=goal["months_met"], n=goal["months_judged"])

    def _attained(self, goal: pd.Series) -> str:
        if math.isnan(goal["attainment"]) or self._is_floor(goal):
            return ""
        if math.isnan(goal["baseline"]):
            return self.word("attained", share=self.share(goal))
        key = "attained_from" if goal["attainment"] >= 0 else "attained_back"
        return self.word(key, share=self.share(goal), baseline=self.amount(goal["baseline"], goal))

    def _is_floor(self, goal: pd.Series) -> bool:
        return is_floor(goal["target"], goal["baseline"], direction=goal["direction"])

    def share(self, goal: pd.Series) -> str:
        """The attainment as per cent; none for a target that is a line not to cross."""
        return numbers.share(None if self._is_floor(goal) else goal["attainment"], self.lang)

    def variation(self, goal: pd.Series) -> str:
        """Whether the month stands out from the KPI's own ordinary variation."""
        if not is_told(goal):
            return ""
        if goal["variation"] == Variation.UNKNOWN:
            return self.word("variation.unknown", n=goal["n_baseline"])
        lower, upper = self.amounts([goal["lower"], goal["upper"]], goal)
        band = {"lower": lower, "upper": upper}
        if goal["variation"] == Variation.SIGNAL and self.kind != "month":
            months = goal["signal_months"].split("+")
            return self.word("variation.months", n=len(months), months=join_list([*map(self.tick, months)], self.lang))
        if goal["variation"] == Variation.NOISE and self.kind != "month":
            return self.word("variation.calm", **band)
        if goal["variation"] == Variation.NOISE:
            return self.word("variation.constant" if goal["lower"] == goal["upper"] else "variation.noise", **band)
        return self.word(f"variation.{self._rule(goal)}_{goal['side']}", **band)

    def _rule(self, goal: pd.Series) -> str:
        return str(goal["rules"]).split("+", maxsplit=1)[0]

    def assurance(self, goal: pd.Series) -> str:
        """What the process, as it runs, can be expected to do to the target."""
        return "" if goal["status"] == Status.NO_DATA else self.word(f"assurance.{goal['assurance']}")

    def compare(self, goal: pd.Series) -> str:
        """The period before and the same one of last year, where they are known."""
        values = [(self.word(f"before.{self.kind}"), goal["previous"])]
        if self.kind != "year":
            values.append((self.word(f"year_ago.{self.kind}"), goal["same_last_year"]))
        known = [
            self.word("compare.value", when=when, value=self.amount(value, goal))
            for when, value in values
            if not math.isnan(value)
        ]
        return self.word("compare.gap").join(known)

    def turn(self, goal: pd.Series) -> str:
        """What would change the verdicts: how far the target is, and from where on a month is a signal."""
        parts = []
        if not math.isnan(goal["target"]) and goal["status"] != Status.NO_DATA:
            parts.append(self.word(f"turn.{goal['status']}", gap=self.gap(goal["actual"] - goal["target"], goal)))
        if goal["limits_state"] == LimitsState.NONE:
            parts.append(self.word("turn.history", n=max(1, LEAST_MONTHS - goal["n_baseline"])))
        elif goal["variation"] == Variation.SIGNAL:
            parts.append(self.word("turn.changed"))
        else:
            parts.append(self._band_turn(goal))
        return self.join(*parts)

    def _band_turn(self, goal: pd.Series) -> str:
        lower, upper = self.amounts([goal["lower"], goal["upper"]], goal)
        if goal["lower"] == goal["upper"]:
            return self.word("turn.constant", upper=upper)
        open_below = goal["lower"] > 0 or goal["mean"] < 0
        open_above = goal["unit"] not in numbers.RATES or goal["upper"] < 1
        key = "band" if open_below and open_above else "band_up" if open_above else "band_down"
        return self.word(f"turn.{key}", lower=lower, upper=upper)

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
        parts += [self.sentence(finding) for finding in self.review.findings if finding.code == "false_alarms"]
        lean = int(goals["autocorrelated"].sum())
        parts += [self.word("certainty.lean", n=lean)] if lean else []
        if until := self.review.context.holidays_until:
            parts.append(self.word("certainty.holidays", day=numbers.day(until, self.lang)))
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
        name = self.name(goal)
        if goal["variation"] == Variation.SIGNAL:
            return self.word(f"title.{self._rule(goal)}_{goal['side']}", name=name)
        if not math.isnan(goal["hit_probability"]):
            chance = goal["hit_probability"]
            likely = "likely" if chance >= LIKELY else "unlikely" if 1 - chance >= LIKELY else "open"
            return self.word(f"title.pace_{likely}", name=name)
        if goal["status"] == Status.NO_DATA and goal["reason"] != Reason.NO_TARGET:
            return self.word(f"title.{goal['reason']}", name=name, span=self.span)
        return self.word(f"title.{goal['variation']}", name=name)

    def chart_caption(self, goal: pd.Series) -> str:
        """Unit, source and n of a card, who owns the goal, and since when its range holds."""
        known = {"percent": "rate", "fraction": "rate", "count": "count"}
        unit = self.review.context.currency if goal["unit"] == "currency" else goal["unit"]
        unit = self.word(f"unit.{known[unit]}") if unit in known else unit
        state = self.word(f"limits.{goal['limits_state']}", n=goal["n_baseline"])
        parts = [self.word("caption", unit=unit, n=int(goal["n_days"]), state=state, span=self.span)]
        parts += [] if goal["method"] == Method.PLAIN else [self.word(f"follows.{goal['method']}")]
        parts += [self.word("owner", owner=goal["owner"])] if goal["owner"] else []
        return self.word("compare.gap").join(parts)

    def rebased(self, goal: pd.Series) -> str:
        """Since when and why the KPI's range starts anew; empty when it does not."""
        if not goal["rebase_month"]:
            return ""
        reason = pick(self.review.context.names.get(goal["rebase_reason"], goal["rebase_reason"]), self.lang)
        return self.word("rebased", month=numbers.month(goal["rebase_month"], self.lang), reason=reason)

    def days_title(self, goal: pd.Series) -> str:
        """The message of the picture of a running month, or of a quarter or year so far."""
        if math.isnan(goal["pace"]):
            return self.word("pace.so_far", name=self.name(goal))
        low, high = self.amounts([goal["pace_lower80"], goal["pace_upper80"]], goal)
        return self.word("pace.title", name=self.name(goal), low=low, high=high)

    def overview_key(self) -> str:
        """What the marks of the overview mean."""
        return self.word("overview.key_running" if self.is_running() else "overview.key")

    def overview_title(self) -> str:
        """The message of the overview as a full sentence."""
        counts = self.review.counts()
        told = "running" if self.is_running() else "title" if counts["judged"] else "untold"
        return self.word(f"overview.{told}", n=counts["signal"], total=counts["judged"])
