"""Put published months side by side: which figures belong together, what became of what was decided."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from opsretro.analysis.months import Months
from opsretro.analysis.months_read import Row, text
from opsretro.analysis.result import Context, Finding
from opsretro.tables.actions import NOT_DONE
from opsretro.tables.period import add_months

SAME = ("unit", "kpi", "dimension")
"""What must be the same for two months of a goal to make one line."""
TOLD = (*SAME, "name", "direction", "aggregation")
FINDINGS = ("goals", "signals", "activities", "actions", "cause_again", "causes", "kpi_signals", "health", "published")
"""Codes of the findings, the most important first."""
OFTEN = 2
"""Months in which a cause comes up, from which on it is said to come back."""


@dataclass(frozen=True, kw_only=True)
class MonthRead:
    """One published month, as it was read from its folder.

    Attributes:
        month: Its label, ``2026-10``.
        rows: Rows by frame of `Months`, out of every section that could be read; see `taken`.
        status: Status by section of those that could not, or that have no result.
        context: What its newest section says of team, currency and names; empty = no section could be read.
        gaps: Section (empty = the month as a whole) and code of what is missing or cannot be read.
    """

    month: str
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    gaps: Sequence[tuple[str, str]] = ()


def months_of(read: Iterable[MonthRead], *, period: str, months: Sequence[str]) -> Months:
    """What the published months of a span say together.

    Args:
        read: Published months, in any order; those outside the span are left out.
        period: What the span is called: ``2026-Q3``, ``2026``, ``2026-01..2026-10``.
        months: Its months, oldest first. One that is not published is a gap, never zero.

    Returns:
        The result; `Months` says what each frame holds.

    Example:
        >>> row = {"section": "roi", "status": "done", "code": "no_activity"}
        >>> one = MonthRead(month="2026-09", rows={"cells": [{"month": "2026-09", **row}]})
        >>> found = months_of([one], period="2026-Q3", months=["2026-07", "2026-08", "2026-09"])
        >>> found.published, list(found.gaps["month"])
        (['2026-09'], ['2026-07', '2026-08'])
    """
    known = {one.month: one for one in read if one.month in set(months)}
    ordered = [known[month] for month in months if month in known]
    rows = {name: [row for one in ordered for row in one.rows.get(name, ())] for name in Months.frames}
    rows["cells"] += [
        {"month": one.month, "section": section, "status": status}
        for one in ordered
        for section, status in one.status.items()
    ]
    rows["kpis"], rows["goals"] = _kpis(rows["goals"])
    newest = _newest(rows["actions"], "id")
    rows["actions"] = [{**row, "first": first["month"], "done": _is_done(row)} for row, first, _ in newest]
    rows["activities"] = _activities(rows["activities"])
    rows["types"] = _last_month(rows["types"])
    rows["follow"] = _follow([one.month for one in ordered if _has(one, "followup")], rows["actions"])
    rows["causes"] = _causes(rows["causes"])
    rows["gaps"] = [*_gaps(months, known)]
    found = {name: _frame(rows[name], dtypes) for name, dtypes in Months.frames.items()}
    result = Months(period=period, context=_context(ordered), findings=(), **found)
    object.__setattr__(result, "findings", tuple(_findings(result)))
    return result


def span(first: str, last: str) -> tuple[str, ...]:
    """Every month from the first to the last.

    Example:
        >>> span("2026-11", "2027-01")
        ('2026-11', '2026-12', '2027-01')
    """
    months = [first]
    while months[-1] < last:
        months.append(add_months(months[-1], 1))
    return tuple(months)


def _frame(rows: Sequence[Row], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """A frame by its contract; what a row does not say is the contract's way to write nothing."""
    nothing: Row = {name: _NOTHING[kind] for name, kind in dtypes.items()}
    return pd.DataFrame([{**nothing, **row} for row in rows], columns=list(dtypes)).astype(dtypes)


_NOTHING: Mapping[str, Any] = {"str": "", "int64": 0, "bool": False, "float64": math.nan}


def _has(one: MonthRead, section: str) -> bool:
    return any(row["section"] == section for row in one.rows.get("cells", ()))


def _newest(rows: Sequence[Row], key: str) -> list[tuple[Row, Row, int]]:
    """Newest row, oldest row and number of rows of each thing, the newest thing first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    groups = sorted(found.values(), key=lambda group: group[-1]["month"], reverse=True)
    return [(group[-1], group[0], len(group)) for group in groups]


def _is_done(row: Row) -> bool:
    return row["status"] not in (*NOT_DONE, "dropped", "")


def _kpis(goals: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """One row a goal, and its months with whether they fit the newest one."""
    groups: dict[str, list[Row]] = {}
    for row in goals:
        groups.setdefault(row["goal_id"], []).append(row)
    kpis, told = [], []
    for goal_id, group in groups.items():
        newest = group[-1]
        own = [{**row, "joined": all(row[name] == newest[name] for name in SAME)} for row in group]
        joined = [row for row in own if row["joined"]]
        differs = [name for name in TOLD if len({row[name] for row in group}) > 1]
        aims = {(row["target"], row["low"], row["high"]) for row in map(_comparable, joined)}
        kpis.append(
            {
                "goal_id": goal_id,
                "month": newest["month"],
                "n": len(group),
                "n_judged": sum(row["status"] in ("met", "missed") for row in group),
                "n_met": sum(row["status"] == "met" for row in group),
                "n_signal": sum(row["variation"] == "signal" for row in group),
                "differs": "+".join([*differs, *(["target"] if len(aims) > 1 else [])]),
                "apart": len(own) - len(joined),
            }
        )
        told += own
    return sorted(kpis, key=lambda row: row["month"], reverse=True), told


def _comparable(row: Row) -> Row:
    """A row whose missing numbers are equal to each other."""
    return {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN


def _activities(rows: Sequence[Row]) -> list[Row]:
    """Each activity once, as its newest month judged it, and what the month before had said."""
    before = {(row["activity_id"], row["month"]): row["verdict"] for row in rows}
    found = []
    for row, _, n in _newest(rows, "activity_id"):
        was = before.get((row["activity_id"], add_months(row["month"], -1)), "")
        found.append({**row, "n": n, "was": was if was != row["verdict"] else ""})
    return sorted(found, key=lambda row: (row["end"], row["activity_id"]), reverse=True)


def _last_month(rows: Sequence[Row]) -> list[Row]:
    newest = max((row["month"] for row in rows), default="")
    return [row for row in rows if row["month"] == newest]


def _follow(months: Sequence[str], actions: Sequence[Row]) -> list[Row]:
    """What became of the actions of each month; of an action what its newest month knew."""
    found = []
    for month in months:
        due = [row for row in actions if row["due"][:7] == month]
        made = [row for row in actions if row["created_in"] == month]
        done = [row["verdict"] for row in due if row["done"]]
        dropped = sum(row["status"] == "dropped" for row in due)
        counts = {f"n_{code}": done.count(code) for code in ("moved", "not_moved", "cannot_tell")}
        decided = {"n_decided": len(made), "n_decided_done": sum(row["done"] for row in made)}
        counts |= {"n_due": len(due), "n_done": len(done), "n_dropped": dropped, **decided}
        found.append({"month": month, **counts})
    return found


def _causes(rows: Sequence[Row]) -> list[Row]:
    times = Counter(
        (row["subject"], row["slice"]) for row in {(r["month"], r["subject"], r["slice"]): r for r in rows}.values()
    )
    return [{**row, "times": times[row["subject"], row["slice"]]} for row in rows]


def _gaps(months: Sequence[str], known: Mapping[str, MonthRead]) -> Iterable[Row]:
    for month in months:
        if month not in known:
            yield {"month": month, "section": "", "code": "not_published"}
        else:
            yield from ({"month": month, "section": name, "code": code} for name, code in known[month].gaps)


def _context(read: Sequence[MonthRead]) -> Context:
    """Team, currency and day of the newest month; names of all months, the newest first."""
    told = [one.context for one in read if one.context]
    newest = {name: value for name, value in (told[-1] if told else {}).items() if name in _CONTEXT}
    plain = {name: text(value) for name, value in newest.items() if name not in ("team", "names")}
    names = {key: value for one in told for key, value in _names(one.get("names")).items()}
    return Context(team=_names({"": newest.get("team")}).get("", {}), names=names, **plain)


_CONTEXT = {item.name for item in fields(Context)}


def _names(value: object) -> dict[str, dict[str, str]]:
    found = value if isinstance(value, Mapping) else {}
    return {
        str(key): {str(lang): text(name) for lang, name in names.items()}
        for key, names in found.items()
        if isinstance(names, Mapping)
    }


def _findings(result: Months) -> Iterable[Finding]:
    """What the span says, most important first."""
    published, total = len(result.published), len(set(result.published) | set(result.gaps["month"]))
    judged = [month for month in result.published if result.count(month, "goals").get("all")]
    if judged:
        newest = result.count(judged[-1], "goals")
        met = [result.count(month, "goals")["met"] for month in judged[:-1]]
        ends = {"lower": float(min(met)), "upper": float(max(met))} if met else {}
        yield Finding(code="goals", subject=judged[-1], value=float(newest["met"]), n=newest["all"], **ends)
        yield Finding(code="signals", subject=judged[-1], value=float(newest["signal"]), n=newest["all"])
    if len(result.activities):
        yield Finding(code="activities", n=len(result.activities))
    if len(result.actions):
        yield Finding(code="actions", n=result.deeds()["all"])
    causes = result.causes.sort_values("month").drop_duplicates(["subject", "slice"], keep="last")
    for row in causes.sort_values("times", ascending=False, kind="stable").to_dict("records"):
        if row["times"] >= OFTEN:
            yield Finding(code="cause_again", subject=row["subject"], value=float(row["rank"]), n=row["times"])
    if len(result.causes) and result.causes["times"].max() < OFTEN:
        yield Finding(code="causes", n=len(causes))
    for row in result.kpis.sort_values("n_signal", ascending=False, kind="stable").to_dict("records"):
        if row["n_signal"]:
            yield Finding(code="kpi_signals", subject=row["goal_id"], value=float(row["n_signal"]), n=row["n"])
    if len(result.health):
        month = result.health["month"].max()
        yield Finding(code="health", subject=month, n=result.count(month, "health")["changed"])
    yield Finding(code="published", value=float(published), n=total)
