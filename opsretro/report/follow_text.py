"""The follow-up in sentences: what was decided and what it did, how sure that is, what to talk about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.follow_codes import LEAST_DAYS, LONGEST, Reason, Verdict
from opsretro.report.follow_words import FollowWords
from opsretro.tables.period import Period

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding

KINDS = (*Verdict, "dropped")
PLAIN = frozenset(Reason) - {Reason.NONE, Reason.WIDE, Reason.PRE_TREND, Reason.REBOUND, Reason.JOINT}
"""Reasons that need no figure to be told."""
WAITING = (Reason.FEW_DAYS, Reason.STARTS_LATER, Reason.NOT_BEGUN)
"""Reasons that go by themselves."""


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
        if not finding.subject:
            return self.headline()
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
        if row["reason"] in PLAIN:
            values = {"metric": self.metric(row), "start": self.day(row["start"] or row["compared_from"])}
            return self.word(f"told.{row['reason']}", n=int(row["n_days"]), least=LEAST_DAYS, **values)
        if row["reason"] == Reason.JOINT:
            others = self.some([self.quoted(name) for name in row["joint_with"]])
            return self.join(self.word("told.joint", metric=self.metric(row), others=others), self._together(row))
        return self.join(self._figured(row), self._cut_short(row))

    def _side(self, row: Mapping[str, Any]) -> str:
        """``up`` or ``down``: the metric itself; ``wrong_`` before it where that was not wanted."""
        side = "up" if self.own(row, row["effect"]) > 0 else "down"
        return side if row["effect"] > 0 else f"wrong_{side}"

    def _figured(self, row: Mapping[str, Any]) -> str:
        """A verdict, or what speaks against one, with its figures."""
        values = {"metric": self.metric(row), **self.figures(row)}
        if row["verdict"] == Verdict.MOVED or self.went_wrong(row):
            return self.join(self.word(f"told.{self._side(row)}", **values), self._held(row))
        if row["verdict"] == Verdict.NOT_MOVED:
            return self.word("told.no_worth" if math.isnan(row["hoped"]) else "told.ruled_out", **values)
        told, hope = self.word(f"told.{row['reason']}", **values), ""
        if row["reason"] == Reason.WIDE:
            hope = self.word("wide.out", **values) if row["upper"] < row["hoped"] else self.hope(row)
        return self.join(told, hope)

    def _cut_short(self, row: Mapping[str, Any]) -> str:
        """Until when an action was compared, where another one then began on its metric; empty where none did."""
        others = self.review.actions
        others = others[(others["metric"] == row["metric"]) & (others["reason"] != Reason.DROPPED)]
        begins = pd.to_datetime(others.set_index("id")["compared_from"])
        last = pd.Timestamp(row["compared_from"]) + pd.Timedelta(days=LONGEST - 1)
        last = min(last, pd.Timestamp(Period.parse(self.review.period).end))
        begins = begins[begins.between(row["compared_to"], last, inclusive="right")]
        if begins.empty:
            return ""
        day = str((begins.min() - pd.Timedelta(days=1)).date())
        return self.word("cut_short", day=self.day(day), title=self.quoted(str(begins.idxmin())))

    def _together(self, row: Mapping[str, Any]) -> str:
        low, high = self.ends(row, "joint_")
        if math.isnan(low):
            return self.word("joint.none")
        side = "up" if low > 0 else "down" if high < 0 else "open"
        return self.word(f"joint.{side}", metric=self.metric(row), **self.figures(row, "joint_"))

    def hope(self, row: Mapping[str, Any], key: str = "held") -> str:
        """What was hoped for; empty where nothing was."""
        return "" if math.isnan(row["hoped"]) else self.word(f"hoped.{key}", hoped=self.figures(row)["hoped"])

    def _held(self, row: Mapping[str, Any]) -> str:
        """How a movement stands to what was hoped for."""
        key = "less" if 0 < row["upper"] < row["hoped"] else "beyond" if row["lower"] > row["hoped"] else "held"
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
        key = "joint" if row["reason"] == Reason.JOINT else str(row["verdict"])
        if row["verdict"] == Verdict.MOVED or self.went_wrong(row):
            key = self._side(row)
        return self.word(f"title.{key}", metric=self.metric(row), **self.figures(row))

    def forest_title(self, rows: pd.DataFrame) -> str:
        """The message of the picture of all actions."""
        return self.word("forest.title", n=int((rows["verdict"] == Verdict.MOVED).sum()), total=len(rows))

    def grid_title(self, rows: pd.DataFrame) -> str:
        """The message of the picture of all months."""
        return self.word("grid.title", n=int((rows["verdict"] == Verdict.MOVED).sum()), total=len(rows))

    def chart_caption(self, row: Mapping[str, Any]) -> str:
        """Unit, what it is compared with, source and n."""
        n, start, _ = self.compared(row)
        key = "joint.caption" if row["reason"] == Reason.JOINT else "caption"
        return self.word(key, unit=self.unit(row), n=n, start=self.day(start))

    def chart_key(self, row: Mapping[str, Any]) -> str:
        """What the lines of an action's chart are."""
        return self.word("joint.key" if row["reason"] == Reason.JOINT else "key")

    def compared(self, row: Mapping[str, Any]) -> tuple[int, str, str]:
        """How many days were compared, the first and the last; for actions that share them, since the first began."""
        if row["reason"] != Reason.JOINT:
            return int(row["n_days"]), row["compared_from"], row["compared_to"]
        days = self.review.days
        days = days[(days["id"] == row["id"]) & (days["phase"] == "window")]
        known = days[days[["actual", "expected"]].notna().all(axis=1)]
        return len(known), min([row["compared_from"], *days["date"]]), max(["", *known["date"]])

    def rests(self, row: Mapping[str, Any]) -> str:
        """The days a verdict rests on; a dash where there are none."""
        n, start, end = self.compared(row)
        key = "joint.rests" if row["reason"] == Reason.JOINT else "rests"
        return self.word(key, n=n, start=self.day(start), end=self.day(end)) if end else self.missing()

    def certainty(self) -> str:
        """How sure the section is, in a few sentences."""
        rows = self.review.judged
        rows = rows[rows["effect"].notna() | rows["joint_effect"].notna()]
        if rows.empty:
            waits = self.review.judged["reason"].isin(WAITING).any()
            return self.word("certainty.none", least=LEAST_DAYS) if waits else ""
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
