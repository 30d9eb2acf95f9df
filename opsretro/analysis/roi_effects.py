"""What each activity caused: which series it is judged on, what it is compared with, and what cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.counterfactual import effect
from opsretro.analysis.methods.effect import FIGURES, Caution, Effect, ends_of, figures
from opsretro.analysis.methods.holdout import holdout_effect as randomised
from opsretro.analysis.methods.returns import judge
from opsretro.analysis.methods.windows import EVERYBODY, Window, told_apart
from opsretro.analysis.roi_money import accrued_cost
from opsretro.analysis.roi_table import ACTIVITIES, activities_checked
from opsretro.errors import InputError, Problem
from opsretro.tables.calendar import working_calendar

AFTER_DAYS = 14
CONTROLS = "controls"
"""Column of activities with the segments one of them is compared with, where somebody chose them."""
COST_TOLERANCE = 0.02
"""Share by which the cost in activities may stay below the ledger before it is called incomplete."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Effects:
    """What activities caused.

    Attributes:
        activities: One row an activity. activity_id; incremental, lower, upper (revenue caused in the window, 95 %
            interval), incremental_after, lower_after, upper_after (window and the days after it), in the unit of the
            series, NaN = no figure; after_days (how many days after were there, at most 14); cost, probability (of a
            profit), verdict (profit, loss, unclear); method (randomised, controls, no_control, none); warnings (tuple
            of codes); refused (code of the reason, empty = there is a figure).
        joint: The same of activities whose windows overlap on the same segment, over the union of their windows:
            joint_id, activity_ids (tuple), start, end (datetime64).
        found: The whole effect by activity_id and joint_id.
        costs: Accrual cost by activity_id.
    """

    activities: pd.DataFrame
    joint: pd.DataFrame
    found: Mapping[str, Effect]
    costs: pd.Series


def effects(
    daily: pd.DataFrame,
    activities: pd.DataFrame,
    *,
    calendar: pd.DataFrame | None = None,
    ledger: pd.DataFrame | None = None,
) -> Effects:
    """What each activity caused, and what activities that overlap caused together.

    Segments that no activity aims at are the controls; an activity without a target_segment, or with ``all``, is aimed
    at everybody and has none. Days that other activities touched are not learnt from.

    Args:
        daily: date, segment, revenue; one row a segment and day, a missing day stays missing.
        activities: activity_id, start_date, end_date (inclusive), target_segment, and margin_rate (a fraction) and
            actual_cost for the verdict.
        calendar: date, day_type (workday, weekend, holiday, makeup_workday) in place of mainland China's.
        ledger: activity_id, amount: the cost in place of actual_cost.

    Returns:
        Effects, verdicts and warnings; a refusal has no figure and says why.

    Raises:
        InputError: As `activities_checked`; or a window goes on after the last day of daily.

    Example:
        >>> days = pd.date_range("2026-03-02", periods=74)
        >>> shape = 1.0 + 0.2 * (days.day_of_week >= 5) + 0.02 * np.sin(np.arange(74) * 5.0)
        >>> lift = np.where(days >= "2026-05-01", 1.1, 1.0)
        >>> daily = pd.concat(
        ...     pd.DataFrame({"date": days, "segment": name, "revenue": 1000.0 * shape * factor})
        ...     for name, factor in (("vip", lift), ("regular", 1.0), ("new", 0.5))
        ... )
        >>> sale = {"activity_id": "sale", "start_date": "2026-05-01", "end_date": "2026-05-14"}
        >>> found = effects(daily, pd.DataFrame([sale | {"target_segment": "vip"}])).activities.loc[0]
        >>> found["method"], bool(found["lower"] > 0)
        ('controls', True)
    """
    tables = {"daily_metrics": daily, "activities": activities}
    tables |= {"cost_ledger": ledger} if ledger is not None else {}
    return estimated(tables, activities_checked(tables), calendar=calendar)


def estimated(
    tables: Mapping[str, pd.DataFrame],
    activities: pd.DataFrame,
    *,
    calendar: pd.DataFrame | None = None,
    only: Collection[str] | None = None,
) -> Effects:
    """`effects` of checked tables; users and orders among them give a held-out activity its randomised effect.

    Args:
        tables: As `activities_checked`.
        activities: What it returned.
        calendar: As `effects`.
        only: activity_ids wanted; None = all.

    Raises:
        InputError: A window goes on after the last day of daily_metrics.
    """
    randomly = {name: _randomised(activities, tables, name) for name in _held_out(activities, tables)}
    held_out = {name: one for name, one in randomly.items() if one is not None}
    singles, joints = told_apart([_window(activity) for _, activity in activities.iterrows()], held_out)
    needed = {window.id for window in singles} if only is None else set(only)
    needed |= {name for joint in joints if needed & set(joint.ids) for name in joint.ids}
    wanted = [window for window in [*singles, *joints] if needed & set(window.ids)]
    found = dict(held_out)
    if todo := [window for window in wanted if window.id not in held_out]:
        found |= _compared(todo, singles, tables, calendar)
    costs = costs_of(activities, tables.get("cost_ledger"))
    by_id = activities.set_index("activity_id")
    rows = {window.id: _row(window, found[window.id], by_id.loc[list(window.ids)], costs) for window in wanted}
    alone = [{"activity_id": window.id, **rows[window.id]} for window in wanted if window in singles]
    joint = [
        {"joint_id": window.id, "activity_ids": window.ids, "start": window.start, "end": window.end, **rows[window.id]}
        for window in wanted
        if window in joints
    ]
    columns = [*FIGURES, "after_days", "cost", "probability", "verdict", "method", "warnings", "refused"]
    return Effects(
        activities=pd.DataFrame(alone, columns=["activity_id", *columns]),
        joint=pd.DataFrame(joint, columns=["joint_id", "activity_ids", "start", "end", *columns]),
        found={window.id: found[window.id] for window in wanted},
        costs=costs,
    )


def holdout_effect(users: pd.DataFrame, orders: pd.DataFrame, activity: Mapping[str, Any] | pd.Series) -> pd.Series:
    """What an activity caused, from the people who were held out of it at random.

    Args:
        users: activity_id, user_id, group (treat/holdout), optionally pre_revenue (what they spent before).
        orders: order_id, user_id, order_date, gross_amount, kind (order/refund; refunds are negative).
        activity: activity_id, start_date, end_date, and margin_rate and actual_cost for the verdict.

    Returns:
        The columns of `Effects.activities`, and winsorised, winsorised_lower, winsorised_upper (the largest 1 % of
        buyers cut; NaN unless a few decide it).

    Raises:
        InputError: As `activities_checked`, or somebody is in both groups, or a group is empty.
    """
    table = activity if isinstance(activity, pd.DataFrame) else pd.DataFrame([dict(activity)])
    tables = {"activities": table, "users": users, "orders": orders}
    if "activity_id" not in users:
        tables["users"] = users.assign(activity_id=str(table["activity_id"].iloc[0]))
    activities = activities_checked(tables | {"users": tables["users"].iloc[:0]})
    name = activities["activity_id"].iloc[0]
    found = _randomised(activities, tables, name)
    if found is None:
        values = {"value": name, "known": ", ".join(tables["users"]["activity_id"].astype("str").unique()[:8])}
        raise InputError([Problem(code="unknown_activity", source="users.csv", column="activity_id", values=values)])
    window = _window(activities.iloc[0])
    row = {"activity_id": name, **_row(window, found, activities.set_index("activity_id"), costs_of(activities, None))}
    cut = found.winsorised
    ends = (math.nan,) * 3 if cut is None else ends_of(cut)
    return pd.Series(row | dict(zip(("winsorised", "winsorised_lower", "winsorised_upper"), ends, strict=True)))


def costs_of(activities: pd.DataFrame, ledger: pd.DataFrame | None) -> pd.Series:
    """Accrual cost by activity_id: from the ledger, and where that has no row of it, as the activity states it."""
    stated = activities.set_index("activity_id")["actual_cost"]
    if ledger is None:
        return stated
    return accrued_cost(ledger).reindex(stated.index).fillna(stated)


def begun_by(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame], today: str) -> pd.DataFrame:
    """The activities that have begun, a running one only as far as its data go.

    Args:
        activities: Of `activities_checked`.
        tables: daily_metrics has the last day of what is judged by it; users and orders are known up to today.
        today: Day up to which data is known, ISO; empty = unknown.

    Returns:
        The activities by start, with planned_end (the end that was meant) and running (it is still to come).
    """
    today_or_end = pd.Timestamp(today) if today else activities["end_date"].max()
    daily = tables.get("daily_metrics")
    last_day = today_or_end if daily is None else pd.to_datetime(daily["date"]).max()
    by_people = activities["activity_id"].isin(_held_out(activities, tables))
    last = pd.Series(last_day, index=activities.index).mask(by_people, today_or_end)
    found = activities.assign(planned_end=activities["end_date"], running=activities["end_date"] > last)
    found["end_date"] = found["end_date"].clip(upper=last)
    return found[activities["start_date"] <= last].sort_values(["start_date", "activity_id"])


def _held_out(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    if not {"users", "orders"} <= set(tables):
        return []
    return activities.loc[activities["holdout"].str.upper() == "Y", "activity_id"].tolist()


def _randomised(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame], name: str) -> Effect | None:
    """The effect by the users of an activity; None when it has none."""
    users = tables["users"]
    users = users[users["activity_id"].astype("str") == name]
    activity = activities.loc[activities["activity_id"] == name].iloc[0]
    if users.empty:
        return None
    orders = tables["orders"].loc[tables["orders"]["kind"] == "order"]
    placed, start, end = pd.to_datetime(orders["order_date"]), activity["start_date"], activity["end_date"]
    if not (placed.between(start, end) & orders["user_id"].astype("str").isin(users["user_id"].astype("str"))).any():
        return Effect()  # nobody bought: nothing to compare
    return randomised(users, tables["orders"], start=start, end=end, after_days=AFTER_DAYS)


def _window(activity: pd.Series) -> Window:
    name, controls = str(activity["activity_id"]), activity.get(CONTROLS)
    return Window(
        id=name,
        ids=(name,),
        targets=frozenset([activity["target_segment"]]),
        start=activity["start_date"],
        end=activity["end_date"],
        controls=tuple(controls) if isinstance(controls, (list, tuple)) else None,
    )


def _compared(
    windows: Sequence[Window],
    every: Sequence[Window],
    tables: Mapping[str, pd.DataFrame],
    calendar: pd.DataFrame | None,
) -> dict[str, Effect]:
    """The effects by the daily series."""
    if "daily_metrics" not in tables:
        return {window.id: Effect(cautions=window.cautions, refused=window.refused) for window in windows}
    daily = tables["daily_metrics"]
    dates = pd.to_datetime(daily["date"]).dt.normalize()
    frame = pd.DataFrame({"date": dates, "segment": daily["segment"].astype("str"), "revenue": daily["revenue"]})
    series = frame.pivot(index="date", columns="segment", values="revenue").astype("float64").sort_index()
    _within(windows, series.index[-1])
    if calendar is None:
        calendar = working_calendar(series.index[0].date(), series.index[-1].date(), country="CN").days
    aimed = frozenset().union(*(window.targets for window in every))
    free = [name for name in series if name not in aimed]
    return {window.id: _one(window, every, series, free, calendar) for window in windows}


def _within(windows: Sequence[Window], last: pd.Timestamp) -> None:
    """A window that goes on after the last day there is cannot be judged as a whole."""
    wrong = [window for window in windows if window.end > last]
    if wrong:
        raise InputError(
            Problem(
                code="window_ahead",
                source=ACTIVITIES,
                column="end_date",
                values={"name": window.id, "end": f"{window.end:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"},
            )
            for window in wrong
        )


def _one(
    window: Window, every: Sequence[Window], series: pd.DataFrame, free: Sequence[str], calendar: pd.DataFrame
) -> Effect:
    if window.refused is not None:
        return Effect(cautions=window.cautions, refused=window.refused)
    everybody = EVERYBODY in window.targets and EVERYBODY not in series
    columns = list(series) if everybody else sorted(window.targets)
    free = [name for name in series if name in window.controls and name not in columns] if window.controls else free
    others = [other for other in every if other.id not in window.ids and other.touches(window)]
    spans = [pd.date_range(other.start, other.end + pd.Timedelta(days=AFTER_DAYS)) for other in others]
    following = [(other.start - window.end).days - 1 for other in others if other.start > window.end]
    target = series[columns].sum(axis=1, min_count=len(columns))
    if target[window.start : window.end].isna().all():
        return Effect(cautions=window.cautions)
    found = effect(
        target,
        window.start,
        window.end,
        controls=None if everybody or not free else series[list(free)],
        calendar=calendar,
        exclude=pd.DatetimeIndex(np.concatenate([span.to_numpy() for span in spans])) if spans else None,
        after_days=min([AFTER_DAYS, *following]),
    )
    return replace(found, cautions=tuple(dict.fromkeys([*window.cautions, *found.cautions])))


def _row(window: Window, found: Effect, activities: pd.DataFrame, costs: pd.Series) -> dict[str, Any]:
    cost = costs.loc[list(window.ids)].sum(skipna=False)
    whole = found.window if not found.missing_days else None
    verdict, probability = judge(whole, activities["margin_rate"].tolist(), cost)
    stated = activities["actual_cost"]
    incomplete = [stated[name] < costs[name] * (1.0 - COST_TOLERANCE) for name in window.ids]
    cautions = (*found.cautions, *((Caution.COST_INCOMPLETE,) if any(incomplete) else ()))
    return figures(found) | {
        "after_days": found.after_days,
        "cost": cost,
        "probability": probability,
        "verdict": verdict.value,
        "method": found.basis.value,
        "warnings": tuple(caution.value for caution in cautions),
        "refused": found.refused.value if found.refused else "",
    }
