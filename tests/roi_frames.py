"""Small frames about activities: a quiet series with a planted effect, so that the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

WEEK = np.array([1.0, 0.95, 0.97, 1.0, 1.1, 1.25, 1.2])


def daily(
    segments=("vip", "regular", "new"),
    *,
    start="2026-03-02",
    days=90,
    lifts=(),
    noise=0.01,
    seed=7,
) -> pd.DataFrame:
    """One row a segment and day; `lifts` holds (segment, first day, last day, share added)."""
    rng, dates = np.random.default_rng(seed), pd.date_range(start, periods=days)
    common = WEEK[dates.day_of_week] * np.exp(rng.normal(0, 0.02, days))
    frames = []
    for place, name in enumerate(segments):
        revenue = 10_000.0 * (place + 1) * common * np.exp(rng.normal(0, noise, days))
        for segment, first, last, share in lifts:
            if segment in (name, "all"):
                revenue = revenue * np.where((dates >= first) & (dates <= last), 1 + share, 1.0)
        frames.append(pd.DataFrame({"date": dates, "segment": name, "revenue": revenue}))
    return pd.concat(frames, ignore_index=True)


def activity(name="sale", start="2026-05-04", end="2026-05-17", segment="vip", **more) -> dict:
    """A row of activities."""
    row = {"activity_id": name, "name": name.title(), "type": "promotion", "owner": "growth-1"}
    row |= {"start_date": start, "end_date": end, "target_segment": segment}
    row |= {"budget": 5_000.0, "actual_cost": 5_000.0, "expected_roi": 0.5, "margin_rate": 0.4}
    return row | more


def activities(*rows) -> pd.DataFrame:
    """Rows of activities, one by default."""
    return pd.DataFrame(list(rows) or [activity()])


def ledger(*rows) -> pd.DataFrame:
    """Rows (activity_id, amount[, service day, booked day])."""
    full = [(*row, "2026-05-10", "2026-05-10")[:4] if len(row) < 4 else row for row in rows]
    return pd.DataFrame(full, columns=["activity_id", "amount", "service_date", "booked_date"]).assign(item="media")


def funnel_row(name="sale", version="plan", **more) -> dict:
    """A row of the funnel: the published plan 1M x 5 % x 4 % x 120 x 30 %, cost apart."""
    row = {"activity_id": name, "version": version, "reach": 1_000_000, "clicks": 50_000, "orders": 2_000}
    return row | {"gmv": 240_000.0, "gross_profit": 72_000.0, "cost": 30_000.0} | more


def actual_row(name="sale", **more) -> dict:
    """What happened: 1.2M x 4 % x 5 % x 110 x 28 %."""
    row = {"reach": 1_200_000, "clicks": 48_000, "orders": 2_400, "gmv": 264_000.0, "gross_profit": 73_920.0}
    return funnel_row(name, "actual", **(row | more))


def people(treated=300, held_out=300, *, seed=5, extra=0.0, activity_id="sale"):
    """Users and orders of a held-out activity; the treated buy for `extra` more a head."""
    rng, n = np.random.default_rng(seed), treated + held_out
    users = pd.DataFrame({"activity_id": activity_id, "user_id": [f"u{i}" for i in range(n)]})
    users["group"] = np.where(np.arange(n) < treated, "treat", "holdout")
    buys = rng.random(n) < 0.4
    amounts = rng.gamma(4.0, 25.0, n) + np.where(users["group"] == "treat", extra / 0.4, 0.0)
    orders = pd.DataFrame({"user_id": users["user_id"], "gross_amount": amounts})[buys]
    orders = orders.assign(order_id=[f"o{i}" for i in range(len(orders))], kind="order", order_date="2026-05-10")
    return users, orders.reset_index(drop=True)
