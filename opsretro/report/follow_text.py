"""The follow-up in sentences: what was decided and what it did, how sure that is, what to talk about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.follow_codes import LEAST_DAYS, WORTH, Reason, Verdict
from opsretro.report.follow_words import FollowWords
from opsretro.tables.period import Period

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding

KINDS = (*Verdict, "dropped")
PLAIN = frozenset(Reason) - {Reason.NONE, Reason.WIDE, Reason.PRE_TREND, Reason.REBOUND, Reason.JOINT}
"""Reasons that need no figure to be told."""


class FollowText(FollowWords):
    """Every sentence of the section."""

    def counted(self) -> pd.DataFrame:
        """The actions the answer counts: those at work in a month; of a quarter or a year those decided in it."""
        judged = self.review.judged
        if self.is_month or not judged["is_last"].any():
            return judged
        return judged[judged["is_last"]].reset_index(drop=True)

    @property
    def is_month(self) -> bool:
        """Whether one month is told."""
        return Period.parse(self.review.period).kind == "month"

    @property
    def months(self) -> tuple[str, ...]:
        """The months of the period."""
        return Period.parse(self.review.period).months

    @property
    def span_word(self) -> str:
        """``this month`` and the like."""
        return self.word(f"span.{Period.parse(self.review.period).kind}")

    def headline(self) -> str:
        """The answer in one sentence."""
        rows = self.counted()
        if rows.empty:
            new = len(self.review.actions)
            return self.word("headline.fresh", n=new) if new else self.word("headline.none")
        key = "headline.earlier" if self.is_month else "headline.inside" if rows["is_last"].all() else "headline.older"
        return self.word(key, n=len(rows), parts=self.word("gap").join(self._parts(rows)), span=self.span_word)

    def _parts(self, rows: pd.DataFrame) -> list[str]:
        kinds = [self.kind(row) for _, row in rows.iterrows()]
        keys = {kind: kind for kind in KINDS} | ({"not_moved": "did_not"} if "moved" in kinds else {})
        return [self.word(f"headline.{keys[kind]}", n=kinds.count(kind)) for kind in KINDS if kind in kinds]

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        if finding.code == "load":
            return self.load(finding.subject, finding.n or 0)
        row = self.review.action(finding.subject)
        title = self.quoted(row["id"])
        if finding.code == "overdue":
            return self.word("finding.overdue", title=title, n=finding.n)
        told = self.asks(row) if finding.code == "carried" else self.told(row)
        return self.word("finding.verdict", title=title, told=told)

    def load(self, owner: str, n: int) -> str:
        """A gentle question to who carries much."""
        return self.word("load", owner=self.called(owner), n=n)

    def asks(self, row: Mapping[str, Any]) -> str:
        """What an action that was carried over again and again asks for."""
        return self.word("asks", n=int(row["carry_count"])) if row["asks"] else ""

    def told(self, row: Mapping[str, Any]) -> str:
        """What an action did, or why it cannot be told."""
        if row["verdict"] == Verdict.MOVED:
            return self.join(self._changed(row), self._held(row))
        if row["verdict"] == Verdict.NOT_MOVED:
            return self._not_moved(row)
        if row["reason"] in PLAIN:
            values = {"metric": self.metric(row), "start": self.day(row["start"] or row["compared_from"])}
            return self.word(f"told.{row['reason']}", n=int(row["n_days"]), least=LEAST_DAYS, **values)
        if row["reason"] == Reason.JOINT:
            others = self.some([self.quoted(name) for name in row["joint_with"]])
            return self.join(self.word("told.joint", metric=self.metric(row), others=others), self._together(row))
        low, high = self.changes_of(*self.ends(row))
        told = self.word(f"told.{row['reason']}", metric=self.metric(row), low=low, high=high)
        return self.join(told, self.hope(row) if row["reason"] == Reason.WIDE else "")

    def _side(self, row: Mapping[str, Any]) -> str:
        """``up`` or ``down``: the metric itself; ``wrong_`` before it where that was not wanted."""
        side = "up" if self.own(row, row["effect"]) > 0 else "down"
        return side if row["effect"] > 0 else f"wrong_{side}"

    def _changed(self, row: Mapping[str, Any]) -> str:
        low, high = self.changes_of(*self.ends(row))
        values = {"metric": self.metric(row), "effect": self.size(row["effect"]), "low": low, "high": high}
        return self.word(f"told.{self._side(row)}", **values)

    def _not_moved(self, row: Mapping[str, Any]) -> str:
        if row["upper"] < 0:
            return self.join(self._changed(row), self.hope(row))
        aim = WORTH if math.isnan(row["hoped"]) else row["hoped"]
        low, high, hoped = self.changes_of(*self.ends(row), self.own(row, aim))
        key = "told.no_worth" if math.isnan(row["hoped"]) else "told.ruled_out"
        return self.word(key, metric=self.metric(row), low=low, high=high, hoped=hoped)

    def _together(self, row: Mapping[str, Any]) -> str:
        low, high = self.ends(row, "joint_")
        if math.isnan(low):
            return self.word("joint.none")
        side = "up" if low > 0 else "down" if high < 0 else "open"
        texts = self.changes_of(low, high)
        values = {"metric": self.metric(row), "effect": self.size(row["joint_effect"])}
        return self.word(f"joint.{side}", low=texts[0], high=texts[1], **values)

    def hope(self, row: Mapping[str, Any], key: str = "held") -> str:
        """What was hoped for; empty where nothing was."""
        if math.isnan(row["hoped"]):
            return ""
        return self.word(f"hoped.{key}", hoped=self.changes_of(self.own(row, row["hoped"]))[0])

    def _held(self, row: Mapping[str, Any]) -> str:
        """How a movement stands to what was hoped for."""
        key = "less" if row["upper"] < row["hoped"] else "beyond" if row["lower"] > row["hoped"] else "held"
        return self.hope(row, key)

    def late(self, row: Mapping[str, Any]) -> str:
        """How long an action is overdue, or that its day to be checked has come; empty where it is neither."""
        if row["overdue_days"]:
            return self.word("overdue", n=int(row["overdue_days"]))
        return self.word("due_check", day=self.day(row["check_on"])) if row["due_check"] else ""

    def trigger(self, row: Mapping[str, Any]) -> str:
        """When what happens, then what is done."""
        when, then = self.either(row, "when"), self.either(row, "then")
        return self.word("trigger", when=when, then=then) if when and then else when or then

    def outcome(self, row: Mapping[str, Any]) -> str:
        """What people say came of it, beside what the days say; empty unless both are there."""
        if not row["outcome"] or self.kind(row) == "dropped":
            return ""
        said = row["outcome"].replace(" ", "_")
        told, ours = (self.word(f"so.{code}") for code in (said, row["verdict"]))
        return self.word("outcome.same" if said == row["verdict"] else "outcome.differs", told=told, ours=ours)

    def change(self, row: Mapping[str, Any]) -> str:
        """A verdict that is another than the month before."""
        was, now = (self.word(f"so.{code}") for code in (row["was"], row["verdict"]))
        return self.word("change", title=self.quoted(row["id"]), was=was, now=now)

    def chart_title(self, row: Mapping[str, Any]) -> str:
        """The message of an action's chart."""
        if row["verdict"] == Verdict.MOVED or row["upper"] < 0:
            key = self._side(row)
        else:
            key = "joint" if row["reason"] == Reason.JOINT else str(row["verdict"])
        effect = self.missing() if math.isnan(row["effect"]) else self.size(row["effect"])
        return self.word(f"title.{key}", metric=self.metric(row), effect=effect)

    def forest_title(self, rows: pd.DataFrame) -> str:
        """The message of the picture of all actions."""
        return self.word("forest.title", n=int((rows["verdict"] == Verdict.MOVED).sum()), total=len(rows))

    def grid_title(self, rows: pd.DataFrame) -> str:
        """The message of the picture of all months."""
        return self.word("grid.title", n=int((rows["verdict"] == Verdict.MOVED).sum()), total=len(rows))

    def chart_caption(self, row: Mapping[str, Any]) -> str:
        """Unit, what it is compared with, source and n."""
        start = self.day(row["compared_from"])
        return self.word("caption", unit=self.unit(row), n=int(row["n_days"]), start=start)

    def certainty(self) -> str:
        """How sure the section is, in a few sentences."""
        rows = self.review.judged
        rows = rows[rows["effect"].notna() | rows["joint_effect"].notna()]
        if rows.empty:
            return self.word("certainty.none", least=LEAST_DAYS) if len(self.review.judged) else ""
        holidays, beside = (int((rows[name].str.len() > 0).sum()) for name in ("warnings", "meanwhile"))
        until = self.review.context.holidays_until
        return self.join(
            self.word("certainty.base"),
            self.word("certainty.holiday", n=holidays) if holidays else "",
            self.word("certainty.meanwhile", n=beside) if beside else "",
            self.word("certainty.calendar", day=self.day(until)) if until else "",
        )

    def meanwhile(self, row: Mapping[str, Any]) -> str:
        """What else went on in the compared days; empty where nothing did."""
        names = [self.called(name) for name in row["meanwhile"]]
        return self.word("meanwhile", names=self.listed(names)) if names else ""

    def warned(self, row: Mapping[str, Any]) -> list[str]:
        """What to know before a verdict is believed."""
        names = self.some([self.called(name) for name in row["meanwhile"]])
        found = [self.word("warning.holiday")] if len(row["warnings"]) else []
        return [*found, self.word("warning.meanwhile", names=names)] if names else found

    def questions(self) -> list[str]:
        """Three questions for the room: what to keep, what to change, what to do with what is carried over."""
        rows = self.review.judged
        kinds = pd.Series([self.kind(row) for _, row in rows.iterrows()], dtype="str")
        moved, failed, untold = (self._named(rows[kinds == kind]) for kind in Verdict)
        late = rows[rows["asks"] | (rows["overdue_days"] > 0)]
        keep, change = self.word("ask.number"), self.word("ask.smallest")
        if moved or failed or untold:
            keep = self.word("ask.keep", titles=moved) if moved else self.word("ask.none_moved")
            change = self.word("ask.tell", titles=untold) if untold else self.word("ask.none_failed")
        if failed:
            change = self.word("ask.change", titles=failed)
        key = "ask.carried" if len(late) == 1 else "ask.carried_some"
        carry = self.word(key, titles=self._named(late)) if len(late) else self.word("ask.none_carried")
        return [keep, change, carry]

    def _named(self, rows: pd.DataFrame) -> str:
        return self.some([self.quoted(name) for name in rows["id"]])
