"""From the tables about activities to the review of a period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.methods.effect import Effect, Estimate
from opsretro.analysis.methods.returns import Verdict, horizon, part_of, payback_days, ratio, recap_figures
from opsretro.analysis.result import Context, Finding
from opsretro.analysis.roi_figures import (
    STAGES,
    by_type,
    effect_figures,
    funnel_rows,
    profit_figures,
    split_rows,
)
from opsretro.analysis.roi_review import ActivityReview
from opsretro.tables.period import Period, add_months

if TYPE_CHECKING:
    from opsretro.analysis.roi_effects import Effects

PORTFOLIO_MONTHS = 12
Scope = tuple[pd.DataFrame, pd.DataFrame, frozenset[str]]
EMPTY_FUNNEL = pd.DataFrame({"activity_id": [], "version": []})
EMPTY_LEDGER = pd.DataFrame({"activity_id": [], "item": [], "service_date": [], "booked_date": [], "amount": []})


def scope_of(begun: pd.DataFrame, period: Period) -> Scope:
    """The activities a review of a period is about.

    Args:
        begun: Of `begun_by`.
        period: A month, a quarter or a year.

    Returns:
        Those whose window touches the period; those of the 12 months up to its end; and the ids of all whose effect is
        needed, among them the newest earlier one of each type.
    """
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    now = begun[(begun["start_date"] <= end) & (begun["planned_end"] >= start)]
    since = pd.Timestamp(f"{add_months(period.months[-1], 1 - PORTFOLIO_MONTHS)}-01")
    year = begun[(begun["start_date"] <= end) & (begun["end_date"] >= since)]
    last = [earlier["activity_id"].iloc[-1] for _, row in now.iterrows() if len(earlier := earlier_of(row, begun))]
    return now, year, frozenset([*now["activity_id"], *year["activity_id"], *last])


def earlier_of(activity: pd.Series, begun: pd.DataFrame) -> pd.DataFrame:
    """Activities of the same type that are over and began before, oldest first."""
    same = (begun["type"] == activity["type"]) & ~begun["running"] & bool(activity["type"])
    return begun[same & (begun["start_date"] < activity["start_date"])]


def review_activities(
    found: Effects,
    begun: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    scope: Scope,
    *,
    period: str,
    context: Context,
) -> ActivityReview:
    """The activity review of a period.

    Args:
        found: Effects of everything that `scope_of` wants.
        begun: Of `begun_by`.
        tables: As `activities_checked`, cut to what was known.
        scope: Of `scope_of`.
        period: What is reviewed, ``2026-10``.
        context: Shared with the other sections.

    Returns:
        The review; without rows when no activity ran.
    """
    now, year, _ = scope
    names = set(now["activity_id"])
    shared = {name for ids in found.joint["activity_ids"] if names & set(ids) for name in ids}
    now = begun[begun["activity_id"].isin(names | shared)]
    rows = _Rows(begun, found, tables)
    singles = [rows.single(row) for _, row in now.iterrows()]
    names = set(now["activity_id"])
    joints = [rows.joint(joint) for _, joint in found.joint.iterrows() if names & set(joint["activity_ids"])]
    ids = [row["activity_id"] for row in [*singles, *joints]]
    funnels = {name: funnel_rows(rows.funnel, name) for name in names}
    judged = [row for row in [*singles, *joints] if not row["joint_id"] or not math.isnan(row["incremental"])]
    return ActivityReview(
        period=period,
        context=context,
        findings=_findings(judged),
        activities=pd.DataFrame(singles),
        joint=pd.DataFrame(joints),
        days=_days({name: found.found[name] for name in ids}),
        costs=_costs(rows.ledger, now),
        funnel=pd.DataFrame([row for name in now["activity_id"] for row in _stages(name, funnels[name])]),
        split=pd.DataFrame([row for name in now["activity_id"] for row in split_rows(name, funnels[name])]),
        types=by_type(*_portfolio(year, found)),
    )


class _Rows:
    """Builds the rows of the review's two main frames."""

    def __init__(
        self,
        activities: pd.DataFrame,
        found: Effects,
        tables: Mapping[str, pd.DataFrame],
    ) -> None:
        self.activities, self.found = activities.set_index("activity_id", drop=False), found
        self.funnel = tables.get("funnel", EMPTY_FUNNEL)
        ledger = tables.get("cost_ledger", EMPTY_LEDGER)
        self.ledger = ledger.reindex(columns=list(dict.fromkeys([*ledger.columns, *EMPTY_LEDGER.columns])))
        self.costs = found.costs
        self.joint_of = {name: row["joint_id"] for _, row in found.joint.iterrows() for name in row["activity_ids"]}
        self.warned = _warnings(found)

    def single(self, activity: pd.Series) -> dict[str, Any]:
        """The row of one activity."""
        name = activity["activity_id"]
        funnel = funnel_rows(self.funnel, name)
        row = self._row(name, [name])
        row |= {"joint_id": self.joint_of.get(name, ""), "name": activity["name"], "owner": activity["owner"]}
        row |= recap_figures(row, funnel["actual"], funnel["plan"])
        return row | self._last_time(activity)

    def joint(self, joint: pd.Series) -> dict[str, Any]:
        """The row of a joint effect."""
        row = self._row(joint["joint_id"], list(joint["activity_ids"])) | {"joint_id": "", "name": "", "owner": ""}
        row |= recap_figures(row, {}, {})
        return row | {"last_id": "", "last_verdict": ""}

    def _row(self, name: str, ids: list[str]) -> dict[str, Any]:
        mine, effect = self.activities.loc[ids], self.found.found[name]
        budget, stated, attributed = (
            mine[column].sum(skipna=False) for column in ("budget", "actual_cost", "attributed_revenue")
        )
        cost, margins = float(self.costs.loc[ids].sum(skipna=False)), mine["margin_rate"].tolist()
        earned = float((mine["attributed_revenue"] * mine["margin_rate"]).sum(skipna=False)) - cost
        row = {
            "activity_id": name,
            "members": ids,
            "type": "+".join(dict.fromkeys(mine["type"])),
            "segment": "+".join(dict.fromkeys(mine["target_segment"])),
            "start": f"{mine['start_date'].min():%Y-%m-%d}",
            "end": f"{mine['planned_end'].max():%Y-%m-%d}",
            "running": bool(mine["running"].any()),
            "budget": budget,
            "cost": cost,
            "cost_stated": stated,
            "over_budget": cost - budget,
            "booked_share": self._booked(ids, cost),
            "margin": float(mine["margin_rate"].mean(skipna=False)),
            "expected_roi": float(mine["expected_roi"].iloc[0]) if len(ids) == 1 else math.nan,
            "attributed": attributed,
            "attributed_profit": earned,
            "attributed_roi": ratio(earned, cost),
        }
        row |= effect_figures(effect)
        whole = not row["running"] and not effect.missing_days  # part of an effect is no return
        row |= profit_figures(effect, margins, cost if whole else math.nan)
        row |= {"warnings": list(self.warned[name])}
        paid = row["verdict"] == Verdict.PROFIT and not horizon(row)
        return row | {"payback_days": payback_days(effect, row["margin"], cost) if paid else math.nan}

    def _booked(self, ids: Sequence[str], cost: float) -> float:
        """Share of the cost that was booked when the window closed: what a report of that day would have shown."""
        mine = self.ledger[self.ledger["activity_id"].isin(list(ids))]
        end = self.activities.loc[list(ids), "planned_end"].max()
        in_time = pd.to_datetime(mine["booked_date"]) <= end
        return ratio(float(mine.loc[in_time, "amount"].sum()), cost) if len(mine) else math.nan

    def _last_time(self, activity: pd.Series) -> dict[str, Any]:
        """The newest earlier activity of the same type."""
        before = earlier_of(activity, self.activities)
        if before.empty:
            return {"last_id": "", "last_verdict": ""}
        name = before["activity_id"].iloc[-1]
        effect, margins = self.found.found.get(name, Effect()), [before["margin_rate"].iloc[-1]]
        figures = profit_figures(effect, margins, float(self.costs[name])) | {"warnings": self.warned.get(name, ())}
        later = horizon(figures)
        ends = {f"last_roi{end}": figures[f"roi{later}{end}"] for end in ("", "_lower", "_upper")}
        return {"last_id": name, "last_verdict": figures[f"verdict{later}"], **ends}


def _portfolio(year: pd.DataFrame, found: Effects) -> tuple[pd.DataFrame, dict[str, Estimate]]:
    """One row an effect of activities that are over, a joint one in place of its members, and what each brought."""
    year = year[~year["running"]].set_index("activity_id")
    joints = zip(found.joint["joint_id"], found.joint["activity_ids"], strict=True)
    groups = {name: list(ids) for name, ids in joints if set(ids) <= set(year.index)}
    alone = year.index.difference([name for ids in groups.values() for name in ids], sort=False)
    warned, rows, gains = _warnings(found), [], {}
    for name, ids in {**{name: [name] for name in alone}, **groups}.items():
        mine, effect, cost = year.loc[ids], found.found[name], float(found.costs.loc[ids].sum(skipna=False))
        margins, kind = mine["margin_rate"].tolist(), "+".join(dict.fromkeys(mine["type"]))
        figures = profit_figures(effect, margins, cost) | {"warnings": warned[name]}
        row = {"activity_id": name, "type": kind, "n": len(ids), "start": mine["start_date"].min()}
        rows.append(row | {"cost": cost, "margin": sum(margins) / len(margins)})
        gain = effect.after if horizon(figures) else effect.window
        if gain is not None and not effect.missing_days:
            gains[name] = gain
    table = pd.DataFrame(rows, columns=["activity_id", "type", "n", "start", "cost", "margin"])
    return table.sort_values("start", kind="stable"), gains


def _warnings(found: Effects) -> dict[str, tuple[str, ...]]:
    tables = ((found.activities, "activity_id"), (found.joint, "joint_id"))
    return {name: codes for table, key in tables for name, codes in zip(table[key], table["warnings"], strict=True)}


def _days(effects: Mapping[str, Effect]) -> pd.DataFrame:
    frames = [effect.days.assign(activity_id=name) for name, effect in effects.items() if len(effect.days)]
    if not frames:
        return pd.DataFrame()
    days = pd.concat(frames, ignore_index=True)
    return days.assign(date=pd.to_datetime(days["date"]).dt.strftime("%Y-%m-%d"))


def _costs(ledger: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The entries of the reviewed activities, by activity and service date."""
    ends = dict(zip(now["activity_id"], now["planned_end"], strict=True))
    mine = ledger[ledger["activity_id"].isin(list(ends))].copy()
    mine["late"] = pd.to_datetime(mine["booked_date"]) > pd.to_datetime(mine["activity_id"].map(ends))
    for name in ("service_date", "booked_date"):
        mine[name] = pd.to_datetime(mine[name]).dt.strftime("%Y-%m-%d").fillna("")
    mine["item"] = mine["item"].astype("str").fillna("")
    return mine.sort_values(["activity_id", "service_date"], kind="stable")


def _stages(name: str, funnel: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    plan, actual = funnel["plan"], funnel["actual"]
    known = [stage for stage in STAGES if not all(math.isnan(side.get(stage, math.nan)) for side in (plan, actual))]
    return [
        {
            "activity_id": name,
            "stage": stage,
            "plan": plan.get(stage, math.nan),
            "actual": actual.get(stage, math.nan),
            "share": part_of(actual.get(stage), plan.get(stage)),
            "step": part_of(actual.get(stage), actual.get(STAGES[stage])),
        }
        for stage in known
    ]


def _findings(judged: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Losses first, then what cannot be told, then profits, then refusals; among equals the larger sum first."""
    rank = {Verdict.LOSS.value: 0, Verdict.UNCLEAR.value: 1, Verdict.PROFIT.value: 2}

    def place(row: Mapping[str, Any]) -> tuple[int, float]:
        size = row[f"profit{horizon(row)}"]
        standing = rank[row[f"verdict{horizon(row)}"]]
        return (3 if row["refused"] else standing, 0.0 if math.isnan(size) else -abs(size))

    return tuple(
        Finding(
            code="refused" if row["refused"] else row[f"verdict{horizon(row)}"],
            subject=row["activity_id"],
            value=row[f"roi{horizon(row)}"],
            lower=row[f"roi{horizon(row)}_lower"],
            upper=row[f"roi{horizon(row)}_upper"],
            n=row["n_before"],
        )
        for row in sorted(judged, key=place)
    ) or (Finding(code="no_activity"),)
