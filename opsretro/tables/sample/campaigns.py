"""Activities, the daily series they are judged on, their costs and funnels, and the randomised recall coupon."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opsretro.tables.sample import recall, story

AFTER_DAYS = 14
LATE_INVOICE_SHARE = 0.25
UNDERSTATED, UNDERSTATED_SHARE = "d11_warmup", 0.09
PLAN_CTR, PLAN_CVR, PLAN_BASKET_CNY = 0.12, 0.05, 165.0
SEGMENT_BASKET_CNY = {"regular": 160, "vip": 260, "new_buyers": 130, "lapsed": 150, "visitors": 120, "corporate": 420}


@dataclass(frozen=True, kw_only=True, eq=False)
class Campaigns:
    """Every table about activities.

    Attributes:
        tables: Table name → frame: daily_metrics, cost_ledger, funnel, users, orders.
        truth: One row an activity. activity_id; incremental_cny (true, in the window); accrual_cost_cny;
            attributed_roi, roi (ratios; the second is the true one).
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def campaigns(seed: int) -> Campaigns:
    """Build every table about activities, and what they truly caused.

    Args:
        seed: Seed of the workspace.

    Returns:
        The tables and the truth they were built from.
    """
    path = Path(__file__).parent / "static" / "activities.csv"
    activities = pd.read_csv(path, parse_dates=["start_date", "end_date"])
    daily, incremental = _daily(story.rng_for(seed, "daily_metrics"), activities)
    coupon = activities.set_index("activity_id").loc[recall.ACTIVITY]
    users, orders, incremental[recall.ACTIVITY] = recall.recall(seed, coupon)
    ledger = _ledger(activities)
    truth = activities[["activity_id"]].assign(
        incremental_cny=activities["activity_id"].map(incremental),
        accrual_cost_cny=activities["activity_id"].map(ledger.groupby("activity_id")["amount"].sum()),
    )
    attributed_margin = activities["attributed_revenue"] * activities["margin_rate"]
    truth["attributed_roi"] = attributed_margin / truth["accrual_cost_cny"] - 1.0
    truth["roi"] = truth["incremental_cny"] * activities["margin_rate"] / truth["accrual_cost_cny"] - 1.0
    funnel = _funnel(story.rng_for(seed, "funnel"), activities[activities["start_date"] >= "2026-01-01"], truth)
    tables = {"daily_metrics": daily, "cost_ledger": ledger, "funnel": funnel, "users": users, "orders": orders}
    return Campaigns(tables=tables, truth=truth)


def _daily(rng: np.random.Generator, activities: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float]]:
    """Revenue of six segments a day, and what each activity added to it in its window."""
    busy = story.demand()
    days, shape = pd.DatetimeIndex(busy.index), (len(busy), len(story.SEGMENTS))
    common = np.exp(rng.normal(0.0, 0.03, len(days)))[:, None]
    without = np.outer(busy, list(story.SEGMENTS.values())) * common * np.exp(rng.normal(0.0, 0.018, shape))
    effect, incremental = np.ones(shape), {}
    for row in activities.itertuples():
        columns = np.array([row.target_segment in (name, "all") for name in story.SEGMENTS])
        inside = np.ix_((days >= row.start_date) & (days <= row.end_date), columns)
        after = np.ix_((days > row.end_date) & (days <= row.end_date + pd.Timedelta(days=AFTER_DAYS)), columns)
        lift = story.LIFTS[str(row.activity_id)]
        effect[inside] *= 1.0 + lift.window
        effect[after] *= 1.0 + lift.after
        incremental[str(row.activity_id)] = float((without[inside] * lift.window).sum())
    revenue = np.rint(without * effect)
    baskets = np.array([SEGMENT_BASKET_CNY[name] for name in story.SEGMENTS])
    frame = pd.DataFrame(
        {
            "date": np.repeat(days.strftime("%Y-%m-%d"), shape[1]),
            "segment": np.tile(list(story.SEGMENTS), shape[0]),
            "revenue": revenue.ravel().astype(np.int64),
            "orders": rng.poisson(revenue / baskets).ravel(),
            "active_users": rng.poisson(without / baskets * 9.0).ravel(),
        }
    )
    return frame, incremental


def _ledger(activities: pd.DataFrame) -> pd.DataFrame:
    """Three rows an activity; the last invoice is booked after the window, one activity's is missing from its cost."""
    hidden = np.where(activities["activity_id"] == UNDERSTATED, UNDERSTATED_SHARE, 0.0)
    total = np.rint(activities["actual_cost"] / (1.0 - hidden))
    last = np.rint(total * LATE_INVOICE_SHARE)
    first = np.rint(total * 0.5)
    start, end = activities["start_date"], activities["end_date"]
    booked_late = (end + pd.Timedelta(days=12)).clip(upper=pd.Timestamp(story.NEWEST_LOAD[:10]))
    parts = [
        ("coupons", end, end, first),
        ("media", start, start + pd.Timedelta(days=2), total - first - last),
        ("late invoice", end, booked_late, last),
    ]
    rows = [
        pd.DataFrame(
            {
                "activity_id": activities["activity_id"],
                "item": item,
                "service_date": service.dt.strftime("%Y-%m-%d"),
                "booked_date": booked.dt.strftime("%Y-%m-%d"),
                "amount": amount.astype(np.int64),
            }
        )
        for item, service, booked, amount in parts
    ]
    return pd.concat(rows).sort_index(kind="stable")


def _funnel(rng: np.random.Generator, activities: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Plan and actual of each activity of 2026: fewer clicks and a smaller basket than planned."""
    plan_orders = np.rint(activities["attributed_revenue"] * 1.1 / PLAN_BASKET_CNY).to_numpy()
    reach = np.rint(plan_orders / PLAN_CVR / PLAN_CTR)
    actual_reach = np.rint(reach * rng.uniform(0.98, 1.08, len(reach)))
    clicks = np.rint(actual_reach * PLAN_CTR * rng.uniform(0.84, 0.97, len(reach)))
    orders = np.rint(clicks * PLAN_CVR * rng.uniform(0.95, 1.12, len(reach)))
    accrual = truth.set_index("activity_id").loc[activities["activity_id"], "accrual_cost_cny"].to_numpy()
    plan_gmv, actual_gmv = plan_orders * PLAN_BASKET_CNY, activities["attributed_revenue"].to_numpy()
    plan = _version(activities, "plan", reach, np.rint(reach * PLAN_CTR), plan_orders, plan_gmv)
    actual = _version(activities, "actual", actual_reach, clicks, orders, actual_gmv)
    plan["cost"], actual["cost"] = activities["budget"].to_numpy(), accrual
    frame = pd.concat([plan, actual])
    for cell, base, share in [
        ("coupons_issued", "clicks", 0.6), ("coupons_redeemed", "orders", 0.7), ("subsidy", "cost", 0.5),
        ("new_customers", "orders", 0.2), ("participants", "clicks", 0.8), ("interactions", "clicks", 0.3),
        ("shares", "clicks", 0.05),
    ]:  # fmt: skip
        frame[cell] = np.rint(frame[base] * share).astype(np.int64)
    return frame.sort_index(kind="stable")


def _version(activities: pd.DataFrame, version: str, *counts: NDArray[np.float64]) -> pd.DataFrame:
    """One version of the funnel: reach, clicks, orders, gmv and the gross profit on it."""
    frame = pd.DataFrame({"activity_id": activities["activity_id"], "version": version})
    for name, count in zip(["reach", "clicks", "orders", "gmv"], counts, strict=True):
        frame[name] = count.astype(np.int64)
    frame["gross_profit"] = np.rint(frame["gmv"] * activities["margin_rate"]).astype(np.int64)
    return frame
