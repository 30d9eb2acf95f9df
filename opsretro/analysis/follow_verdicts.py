"""From the ledger to the follow-up of a period: which actions are meant, how they stand, and what each month read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from opsretro.analysis.follow_check import metrics_of
from opsretro.analysis.follow_codes import Verdict
from opsretro.analysis.follow_input import as_actions
from opsretro.analysis.follow_reading import Reading, readings
from opsretro.analysis.follow_review import CHECK_NAMES, FollowUp
from opsretro.analysis.result import Context, Finding
from opsretro.errors import InputError, Problem
from opsretro.tables.actions import ASKED, NOT_DONE, OPEN
from opsretro.tables.actions import COLUMNS as LEDGER
from opsretro.tables.period import Period, add_months
from opsretro.tables.readings import COLUMNS as READING

MOST_OPEN = 3
"""Open actions of one owner beyond which it is asked, gently, whether one of them can wait."""
CARRIED = 2
"""Times an action was carried over from which it asks for a decision."""
THEME_MONTHS = 12
ORDER = (Verdict.MOVED, Verdict.NOT_MOVED, Verdict.CANNOT_TELL)


def review_actions(
    tables: Mapping[str, pd.DataFrame],
    metrics: pd.DataFrame,
    period: Period,
    *,
    starts: Mapping[str, str],
    calendar: pd.DataFrame | None,
    context: Context,
) -> FollowUp:
    """The follow-up of a period.

    Args:
        tables: actions (the ledger); readings (of earlier runs), goals (what a metric is) and activities (what else
            went on) where there are any.
        metrics: Rows of metrics that exist, with their local day in ``date``; may be empty.
        period: A month, a quarter or a year.
        starts: Another start by action id, to see what it would mean.
        calendar: date and day_type.
        context: Names and currency, and the day up to which data was known.

    Raises:
        InputError: There is no such action, or its start is no day.
    """
    ledger = _supposed(tables.get("actions", pd.DataFrame(columns=list(LEDGER)).astype(LEDGER)), starts)
    known = tables.get("readings", pd.DataFrame(columns=list(READING)).astype(READING))
    metrics = metrics if len(metrics) else pd.DataFrame({"kpi": [], "date": pd.to_datetime([]), "value": []})
    actions = _listed(ledger, period)
    goals = tables.get("goals") if len(metrics) else None
    at_work = ledger[(ledger["created_in"] <= period.months[-1]) | actions_begun(ledger, period)]
    of_name = metrics_of(at_work["metric"], metrics, goals)
    found = {
        one.row["id"]: one
        for one in readings(at_work, of_name, period.end, newest=metrics["date"].max(), calendar=calendar)
    }
    today = min(context.as_of or str(period.end), str(period.end))
    before = known[known["period"] < period.months[0]].drop_duplicates("id", keep="last").set_index("id")
    activities = tables.get("activities", pd.DataFrame())
    rows = [_row(action, found[action["id"]], today, before, activities) for action in actions.to_dict("records")]
    table = pd.DataFrame(rows, columns=list(FollowUp.frames["actions"]))
    kept = known[known["period"].le(period.months[-1]) & known["id"].isin(table["id"])]
    if period.kind == "month":
        kept = kept[kept["period"] != period.label]
    load = table[table["status"].isin(OPEN) & (table["owner"] != "")].groupby("owner", sort=False).size()
    busy = load[load > MOST_OPEN].sort_values(ascending=False, kind="stable").rename("n_open").rename_axis("owner")
    return FollowUp(
        period=period.label,
        context=context,
        findings=_findings(table, busy),
        actions=table,
        days=_days({name: found[name] for name in table["id"]}),
        readings=kept,
        themes=_themes(ledger, period, found),
        load=busy.reset_index(),
    )


def _supposed(ledger: pd.DataFrame, starts: Mapping[str, str]) -> pd.DataFrame:
    """The ledger with other starts."""
    strange = [name for name in starts if name not in set(ledger["id"])]
    if strange:
        fix = {"fix": ", ".join(ledger["id"])}
        raise InputError(
            Problem(code="bad_argument", source="starts", values={"value": name} | fix) for name in strange
        )
    moved = ledger["id"].map(dict(starts))
    return as_actions(ledger.assign(start=moved.where(moved.notna(), ledger["start"])))


def actions_begun(ledger: pd.DataFrame, period: Period) -> pd.Series:
    """Which actions began by the end of the period, whenever they were decided."""
    began = ledger["start"].mask(ledger["start"] == "", ledger["due"])
    return (began != "") & (began <= str(period.end))


def _listed(ledger: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The actions a period is about: what was decided last time, open ones, and those to be checked in it or later."""
    made, of_month = ledger["created_in"], period.kind == "month"
    begun, earlier = actions_begun(ledger, period), made[(made != "") & (made < period.months[0])]
    there = ((made != "") & (made <= period.months[-1])) | ((made == "") & (ledger["start"] <= str(period.end)))
    newest = earlier.max() if len(earlier) else None
    last = (made == newest) | ((made == period.label) & begun) if of_month else made.isin(period.months)
    until = ledger["check_on"].mask(ledger["check_on"] == "", ledger["start"])
    until = until.mask(until == "", ledger["due"])
    inside = last | ledger["status"].isin(OPEN) | (until >= str(period.start)) | made.isin(period.months)
    actions = ledger.assign(is_last=last, is_next=(made == period.label) & ~begun if of_month else False)[
        there & inside
    ]
    rank = actions["is_next"] * 2 + ~actions["is_last"]
    order = actions.assign(rank=rank).sort_values(["rank", "created_in"], ascending=[True, False], kind="stable")
    return order.drop(columns="rank")


def _row(
    action: dict[str, Any], found: Reading, today: str, before: pd.DataFrame, activities: pd.DataFrame
) -> dict[str, Any]:
    checked = {CHECK_NAMES.get(name, name): value for name, value in found.row.items() if name not in ("id", "metric")}
    late = action["status"] in NOT_DONE and action["due"] and action["due"] < today
    return {
        **action,
        **checked,
        "unit": found.unit,
        "overdue_days": (pd.Timestamp(today) - pd.Timestamp(action["due"])).days if late else 0,
        "asks": action["status"] in OPEN and action["carry_count"] >= CARRIED,
        "due_check": action["status"] in OPEN and "" < action["check_on"] <= today,
        "missing": tuple(name for name in ASKED if not action[name] and action["status"] in OPEN),
        "meanwhile": _meanwhile(checked["compared_from"], checked["compared_to"], activities),
        "was": str(before["verdict"].get(action["id"], "")),
    }


def _meanwhile(start: str, end: str, activities: pd.DataFrame) -> tuple[str, ...]:
    """Activities in the compared days: they may have moved the metric, too."""
    if activities.empty or not end:
        return ()
    inside = (activities["start_date"] <= pd.Timestamp(end)) & (activities["end_date"] >= pd.Timestamp(start))
    return tuple(activities.loc[inside, "activity_id"].astype("str"))


def _days(found: Mapping[str, Reading]) -> pd.DataFrame:
    frames = [one.days.assign(id=name, date=one.days["date"].dt.strftime("%Y-%m-%d"))
              for name, one in found.items() if len(one.days)]  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _themes(ledger: pd.DataFrame, period: Period, found: Mapping[str, Reading]) -> pd.DataFrame:
    """Metrics that come up again: how often, and what came of it. Counts only, of actions and never of people."""
    first = add_months(period.months[-1], 1 - THEME_MONTHS)
    recent = ledger[ledger["created_in"].between(first, period.months[-1]) & (ledger["metric"] != "")]
    rows = []
    for metric, actions in recent.groupby("metric", sort=False):
        verdicts = [found[name].row["verdict"] for name in actions["id"]]
        counts = {f"n_{verdict}": verdicts.count(verdict) for verdict in Verdict}
        n_open = int(actions["status"].isin(OPEN).sum())
        made = {"n_actions": len(actions), "n_months": actions["created_in"].nunique(), "n_open": n_open}
        rows += [{"metric": metric, **made, **counts}] if len(actions) > 1 else []
    table = pd.DataFrame(rows, columns=list(FollowUp.frames["themes"]))
    return table.sort_values(["n_actions", "metric"], ascending=[False, True], kind="stable")


def _findings(table: pd.DataFrame, busy: pd.Series) -> tuple[Finding, ...]:
    """Verdicts first, then what is late, what was carried over, and who carries much."""
    judged = table[~table["is_next"]]
    if judged.empty:
        return (Finding(code="none", n=len(table)),)
    rank = judged["verdict"].map({verdict.value: place for place, verdict in enumerate(ORDER)})
    found = [
        Finding(
            code=row["verdict"],
            subject=row["id"],
            **{name: None if pd.isna(row[end]) else float(row[end]) for name, end in
               (("value", "effect"), ("lower", "lower"), ("upper", "upper"))},
            n=int(row["n_days"]),
        )
        for _, row in judged.assign(rank=rank).sort_values("rank", kind="stable").iterrows()
    ]  # fmt: skip
    late = table[table["overdue_days"] > 0].sort_values("overdue_days", ascending=False, kind="stable")
    found += [Finding(code="overdue", subject=row["id"], n=int(row["overdue_days"])) for _, row in late.iterrows()]
    carried = table[table["asks"]]
    found += [Finding(code="carried", subject=row["id"], n=int(row["carry_count"])) for _, row in carried.iterrows()]
    return (*found, *(Finding(code="load", subject=str(owner), n=int(n)) for owner, n in busy.items()))
