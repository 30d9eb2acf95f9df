"""Team health in sentences: what changed, what cannot be told, what is not shown and why, what to talk about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from opsretro.analysis.health_review import HealthFinding, HealthState
from opsretro.analysis.methods.month_changes import LEAST_MONTHS, Verdict
from opsretro.report import numbers
from opsretro.report.health_words import HealthWords
from opsretro.tables.health_register import EVERYBODY

if TYPE_CHECKING:
    from opsretro.analysis.result import Finding

MOVED = (Verdict.DOWN, Verdict.UP)
KINDS = ("identifier", "total", "dropped", "duplicate", "empty", "repaired", "missing", "unsure", "invalid", "absent")
"""What may happen to a form while it is read."""
COUNTED = ("duplicate", "empty", "repaired")
"""Kinds that are about rows and not about columns."""
QUESTIONS = 3
LEAST_ITEMS = 2
"""Items from which on they can be compared."""
MOST_NAMES = 6
"""Columns that are named in one sentence."""


class HealthText(HealthWords):
    """Every sentence of the section."""

    def judged(self, group: str | None = None) -> pd.DataFrame:
        """The month's dimensions, everybody's first: mean, interval (low, high), band (lower, upper), verdict."""
        rows = self._judged
        return rows.copy() if group is None else rows[rows["group"] == group].reset_index(drop=True)

    @cached_property
    def months(self) -> list[str]:
        """Every month from the first to the last of the survey."""
        known = {*self.review.cells["month"], *self.review.dimensions["month"]}
        return [f"{month}" for month in pd.period_range(min(known), max(known), freq="M")] if known else []

    @cached_property
    def _judged(self) -> pd.DataFrame:
        rows, found = self.review.dimensions, self.review.changes
        rows = rows[rows["month"] == self.review.month].rename(columns={"lower": "low", "upper": "high"})
        columns = ["group", "dimension", "verdict", "expected", "lower", "upper", "n_months"]
        rows = rows.merge(found[columns], on=["group", "dimension"], how="left")
        rows = rows.fillna({"verdict": Verdict.CANNOT_TELL.value, "n_months": 0}).astype({"n_months": "int64"})
        places = {name: place for place, name in enumerate(dict.fromkeys([EVERYBODY, *rows["group"]]))}
        return rows.sort_values("group", key=lambda names: names.map(places), kind="stable", ignore_index=True)

    def moved(self) -> pd.DataFrame:
        """What changed, everybody's first."""
        return self._judged[self._judged["verdict"].isin(MOVED)]

    def headline(self) -> str:
        """The answer in one sentence or two: what changed, or that nothing did, or why nothing is said."""
        if self.review.state != HealthState.SHOWN:
            return self._stated(self.review.state)
        moved, everybody = self.moved(), self.judged(EVERYBODY)
        if len(moved):
            return self.join(self.told(moved.iloc[0]), self._others(moved.iloc[1:], everybody))
        told = int((everybody["verdict"] == Verdict.STEADY).sum())
        if told:
            return self.join(self._steady(told, len(everybody)), self._untold(len(everybody) - told))
        return self.word("headline.untold", month=self.month(self.review.month))

    def _stated(self, state: str) -> str:
        return self.word(f"state.{state}", month=numbers.period(self.review.month or self.review.period, self.lang))

    def _others(self, moved: pd.DataFrame, everybody: pd.DataFrame) -> str:
        """What else changed; where nothing did, how many of everybody's other dimensions stayed where they were."""
        names = [
            self.word(f"move.{row['verdict']}", what=self.what(row["group"], row["dimension"]))
            for _, row in moved.iterrows()
        ]
        if names:
            return self.word("headline.also", names=self.listed(names))
        steady = int((everybody["verdict"] == Verdict.STEADY).sum())
        return self.word("rest", n=steady) if steady else ""

    def _steady(self, told: int, n: int) -> str:
        return self.word("steady.all", n=n) if told == n else self.word("steady.some", told=told, n=n)

    def _untold(self, n: int) -> str:
        return self.word("untold", n=n) if n else ""

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        code, n = finding.code, finding.n or 0
        value = math.nan if finding.value is None else finding.value
        if code in MOVED:
            rows = self.review.changes
            return self.told(rows[rows["group"] + "/" + rows["dimension"] == finding.subject].iloc[0])
        if code in set(HealthState):
            return self._stated(code)
        if code == HealthFinding.STEADY:
            if len(self.moved()):
                return self.word("steady.count", told=int(value), n=n)
            return self._steady(int(value), n)
        if code == HealthFinding.CANNOT_TELL:
            return self._untold(n)
        if code == HealthFinding.PARTICIPATION:
            return self._answered(n, value)
        if code == HealthFinding.OVERTIME:
            return self.overtime(finding.subject, value)
        return self.word(f"finding.{code}", n=n)

    def told(self, row: pd.Series) -> str:
        """A dimension in one sentence: where it lies beside the months before."""
        mean, lower, upper = self.scores(row["mean"], row["lower"], row["upper"])
        values = {"what": self.what(row["group"], row["dimension"]), "mean": mean, "lower": lower, "upper": upper}
        key = self.doubt(row) if row["verdict"] == Verdict.CANNOT_TELL else row["verdict"]
        past = self.word("months", n=int(row["n_months"]))
        return self.word(f"told.{key}", past=past, least=LEAST_MONTHS, n=int(row["n"]), **values)

    def doubt(self, row: pd.Series) -> str:
        """Why a change cannot be told: part of the items withheld, too short a past, or months that differ too much."""
        cells = self.review.cells
        now = cells[(cells["month"] == self.review.month) & cells["suppressed"]]
        if ((now["group"] == row["group"]) & (now["dimension"] == row["dimension"])).any():
            return "part"
        return "wide" if row["n_months"] >= LEAST_MONTHS else "short"

    def _answered(self, n: int, share: float) -> str:
        """How many answered."""
        if n < 1:
            return self.word("answered.few")
        if math.isnan(share):
            return self.word("answered.count", n=n)
        return self.word("answered.share", n=n, share=self.percent(share))

    def overtime(self, group: str, value: float) -> str:
        """Overtime that stands off."""
        rows = self.review.workload
        rows = rows[(rows["month"] == self.review.month) & (rows["group"] == EVERYBODY)]
        usual = rows["overtime"].iloc[0] if len(rows) else math.nan
        key = "overtime" if math.isnan(usual) else "overtime_beside"
        return self.word(
            f"finding.{key}", group=self.group(group), value=self.percent(value), usual=self.percent(usual)
        )

    def found(self, code: HealthFinding) -> list[Finding]:
        """The findings of one code."""
        return [finding for finding in self.review.findings if finding.code == code]

    def certainty(self) -> str:
        """How sure the section is, in one line."""
        answered = [self.sentence(finding) for finding in self.found(HealthFinding.PARTICIPATION)[:1]]
        late = [self.sentence(finding) for finding in self.found(HealthFinding.LATE)]
        rows = self.judged()
        chance = self.word("certainty.chance") if (rows["n_months"] >= LEAST_MONTHS).any() else ""
        shown = self.word("certainty.interval") if len(rows) else ""
        return self.join(*answered, *late, shown, chance)

    def sure(self, row: pd.Series) -> str:
        """How sure one line is."""
        if row["verdict"] == Verdict.CANNOT_TELL:
            return self.told(row)
        half = self.score((row["upper"] - row["lower"]) / 2)
        return self.word("sure.moved" if row["verdict"] in MOVED else "sure.steady", half=half, n=row["n_months"])

    def changed(self) -> list[str]:
        """What changed."""
        return [self.told(row) for _, row in self.moved().iterrows()]

    def cannot(self) -> list[str]:
        """What the survey cannot tell: dimensions and groups in words, then what no survey can."""
        if self.review.state != HealthState.SHOWN:
            return []
        return [*self._cannot_groups(), *self._cannot_silent(), self.word("cannot.why")]

    def _cannot_groups(self) -> Iterator[str]:
        """Of which dimensions a change could not be told; groups of which the same is to be said stand together."""
        found: dict[tuple[str, str, int], list[str]] = {}
        for group, part in self.judged().groupby("group", sort=False):
            unknown = part[part["verdict"] == Verdict.CANNOT_TELL]
            doubts = pd.Series([self.doubt(row) for _, row in unknown.iterrows()], index=unknown.index, dtype="object")
            for key, some in unknown.groupby(doubts, sort=False):
                whole = len(some) == len(part)
                names = "" if whole else self.listed([self.dimension(name) for name in some["dimension"]])
                told = (f"{key}_all" if whole else f"{key}", names, int(some["n_months"].max()))
                found.setdefault(told, []).append(self.group(str(group)))
        for (key, names, n), groups in found.items():
            yield self.word(f"cannot.{key}", group=self.listed(groups), names=names, least=LEAST_MONTHS, n=n)
        if hidden := self.hidden_groups():
            yield self.word("cannot.groups", names=self.listed([self.group(name) for name in hidden]))

    def hidden_groups(self) -> list[str]:
        """Groups of the month of which nothing may be shown."""
        cells = self.review.cells
        cells = cells[cells["month"] == self.review.month]
        shown = set(cells.loc[~cells["suppressed"], "group"])
        return [name for name in dict.fromkeys(cells["group"]) if name not in shown]

    def took_part(self, group: str) -> str:
        """A group, and how many of it answered where that may be said."""
        rows = self.review.participation
        rows = rows[(rows["month"] == self.review.month) & (rows["group"] == group)].dropna(subset=["headcount", "n"])
        if rows.empty:
            return self.group(group)
        n, head = int(rows["n"].iloc[0]), int(rows["headcount"].iloc[0])
        return self.word("took_part", group=self.group(group), n=n, head=head)

    def _cannot_silent(self) -> list[str]:
        rows = self.review.participation
        rows = rows[(rows["month"] == self.review.month) & (rows["group"] == EVERYBODY)]
        silent = (rows["headcount"] - rows["n"]).dropna()
        return [self.word("cannot.silent", n=int(silent.iloc[0]))] if len(silent) and silent.iloc[0] > 0 else []

    def questions(self) -> list[str]:
        """Three questions for the room: from what changed, what stands off, what waits and what cannot be told."""
        return list(dict.fromkeys(self._asked()))[:QUESTIONS]

    def _asked(self) -> Iterator[str]:
        for _, row in self.moved().drop_duplicates("dimension").head(QUESTIONS - 1).iterrows():
            yield self.word(f"ask.{row['verdict']}", what=self.what(row["group"], row["dimension"]))
        for finding in self.found(HealthFinding.OVERTIME)[:1]:
            yield self.word("ask.overtime", group=self.group(finding.subject))
        for finding in self.found(HealthFinding.OPEN_SUGGESTIONS):
            yield self.word("ask.suggestions", n=finding.n or 0)
        rows = self.judged()
        if (rows["verdict"] == Verdict.CANNOT_TELL).any() or self.hidden_groups():
            yield self.word("ask.cannot")
        yield from (self.word("ask.keep"), self.word("ask.change"), self.word("ask.answer"))

    def overview_title(self) -> str:
        """The message of the picture."""
        moved, everybody = self.moved(), self.judged(EVERYBODY)
        if len(moved) == 1:
            return self.word(
                f"overview.{moved['verdict'].iloc[0]}", what=self.what(*moved.iloc[0][["group", "dimension"]])
            )
        if len(moved):
            return self.word("overview.several", n=len(moved))
        steady = int((everybody["verdict"] == Verdict.STEADY).sum())
        if steady == len(everybody) and steady:
            return self.word("overview.steady", n=steady)
        return self.word("overview.some", told=steady) if steady else self.word("overview.untold")

    def beside_title(self, rows: pd.DataFrame) -> str:
        """The message of the workload: whose overtime stands off."""
        found = self.found(HealthFinding.OVERTIME)
        known = rows["overtime"].notna() & (rows["group"] != EVERYBODY)
        if not self.review.month or not known.any():
            return self.word("beside.plain")
        if not found:
            return self.word("beside.title")
        value = math.nan if found[0].value is None else found[0].value
        return self.word("beside.loud", group=self.group(found[0].subject), value=self.percent(value))

    def spread_title(self, cells: pd.DataFrame) -> str:
        """The message of the spread: what most people, and fewest, answered 4 or 5 to."""
        high = (cells["high"] / cells["n"]).reset_index(drop=True)
        if high.notna().sum() < LEAST_ITEMS or high.max() == high.min():
            return self.word("spread.title")
        most, fewest = (self.item(cells["item"].iloc[place]) for place in (int(high.idxmax()), int(high.idxmin())))
        return self.word("spread.most", most=most, fewest=fewest)

    def course_title(self, row: pd.Series) -> str:
        """The message of a dimension's months."""
        return self.word(f"course.{row['verdict']}", what=self.what(row["group"], row["dimension"]))

    def all_title(self, group: str, rows: pd.DataFrame) -> str:
        """The message of the small pictures."""
        n = int(rows["verdict"].isin(MOVED).sum())
        key = "moved" if n else "none" if (rows["verdict"] == Verdict.STEADY).any() else "untold"
        return self.word(f"courses.{key}", group=self.group(group), n=n)

    def gaps(self, group: str, dimension: str | None = None) -> str:
        """The months nothing is shown of, with the reason of each."""
        found = [
            self.word("gap", month=self.month(month), why=self.why(reason))
            for month, reason in self.hidden_months(group, dimension).items()
        ]
        return self.word("gaps", months=self.listed(found)) if found else ""

    def hidden_months(self, group: str, dimension: str | None = None) -> dict[str, str]:
        """Months without a mean, oldest first, and the first reason of each."""
        cells = self.review.cells
        cells = cells[cells["group"] == group]
        cells = cells if dimension is None else cells[cells["dimension"] == dimension]
        shown = set(cells.loc[~cells["suppressed"], "month"])
        hidden = cells[~cells["month"].isin(shown)].sort_values("month", kind="stable")
        return {str(month): str(part["reason"].iloc[0]) for month, part in hidden.groupby("month")}

    def why(self, reason: str) -> str:
        """Why a cell may not be shown, in a few words."""
        return self.word(f"why.{reason}")

    def withheld(self) -> list[str]:
        """How many cells of the month are withheld, group by group and reason by reason."""
        cells = self.review.cells
        cells = cells[(cells["month"] == self.review.month) & cells["suppressed"]]
        return [
            self.word("withheld", group=self.group(str(group)), n=len(part), why=self.why(str(reason)))
            for (group, reason), part in cells.groupby(["group", "reason"], sort=False)
        ]

    def dropped(self) -> list[str]:
        """What was left out while the month's form was read, in counts."""
        log = self.review.log
        log = log[log["month"] == self.review.month]
        return [
            self.word(
                f"log.{kind}" if kind in KINDS else "log.unknown",
                kind=kind,
                n=int(part["n"].sum()),
                columns=self._columns([name for name in part["column"].unique() if name]),
            )
            for kind, part in log.groupby("kind", sort=False)
            if part["n"].sum() or kind not in COUNTED
        ]

    def _columns(self, names: list[str]) -> str:
        shown = self.listed([self.item(name) for name in names[:MOST_NAMES]])
        more = len(names) - MOST_NAMES
        return self.word("and_more", names=shown, n=more) if more > 0 else shown

    def carried(self, row: pd.Series) -> str:
        """A suggestion's answer, or how long it has waited."""
        if row["answer"]:
            return self.word("suggestion.answered", answer=row["answer"], month=self.month(row["answered_in"]))
        if not row["carried"]:
            return self.word("suggestion.new")
        return self.word("suggestion.waits", month=self.month(row["month"]), n=row["carried"])
