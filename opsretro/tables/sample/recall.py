"""The randomised recall coupon: who got it, who was held out, and what they ordered and sent back."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opsretro.tables.sample import story

ACTIVITY = "recall_coupon"
USERS, TREATED = 6_000, 0.7
BUY, EXTRA, LATER = 0.13, 0.07, 0.06
BASKET_CNY, REFUND_SHARE = 140.0, 0.08


def recall(seed: int, activity: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Users and orders of the coupon, and what it truly added.

    Args:
        seed: Seed of the workspace.
        activity: The coupon's row of activities: start_date and end_date (inclusive).

    Returns:
        users: activity_id, user_id, group (treat/holdout), pre_revenue; orders: order_id, user_id, order_date,
        gross_amount (refunds negative), kind (order/refund); the orders only the coupon caused, net of refunds, in CNY.
    """
    rng = story.rng_for(seed, ACTIVITY)
    taste = rng.lognormal(-0.18, 0.6, USERS)
    treated = rng.permutation(USERS) < USERS * TREATED
    users = pd.DataFrame(
        {
            "activity_id": ACTIVITY,
            "user_id": [f"u{i:04d}" for i in range(USERS)],
            "group": np.where(treated, "treat", "holdout"),
            "pre_revenue": np.rint(taste * BASKET_CNY * rng.poisson(1.5, USERS)).astype(np.int64),
        }
    )
    orders = _with_refunds(rng, _orders(rng, taste, treated, activity))
    added_cny = float(orders.loc[orders["wave"] == "extra", "gross_amount"].sum())
    orders["user_id"] = users["user_id"].to_numpy()[orders["user"]]
    orders["order_date"] = orders["order_date"].dt.strftime("%Y-%m-%d")
    orders["gross_amount"] = orders["gross_amount"].astype(np.int64)
    return users, orders[["order_id", "user_id", "order_date", "gross_amount", "kind"]], added_cny


def _orders(
    rng: np.random.Generator, taste: NDArray[np.float64], treated: NDArray[np.bool_], activity: pd.Series
) -> pd.DataFrame:
    """Orders in three waves: usual ones, those only the coupon caused, and usual ones after the window."""
    start, end, last = activity["start_date"], activity["end_date"], pd.Timestamp(story.END)
    length, later = (end - start).days + 1, (last - end).days
    everyone = np.ones(USERS, dtype=bool)
    waves = []
    for wave, who, chance, first, days in [
        ("usual", everyone, BUY, 0, length),
        ("extra", treated, EXTRA, 0, length),
        ("later", everyone, LATER, length, later),
    ]:
        buyer = np.flatnonzero(who & (rng.random(USERS) < chance * taste))
        day = start + pd.to_timedelta(first + rng.integers(0, days, len(buyer)), unit="D")
        amount = np.ceil(taste[buyer] * BASKET_CNY * rng.lognormal(-0.245, 0.7, len(buyer)))
        waves.append(pd.DataFrame({"wave": wave, "user": buyer, "order_date": day, "gross_amount": amount}))
    return pd.concat(waves).sort_values(["order_date", "user"], kind="stable", ignore_index=True)


def _with_refunds(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Number the orders and add a negative row for each refund known by the last day of the sample."""
    orders = orders.assign(order_id=[f"o{i:04d}" for i in range(len(orders))], kind="order")
    refunds = orders[rng.random(len(orders)) < REFUND_SHARE].copy()
    refunds["order_date"] += pd.to_timedelta(rng.integers(1, 31, len(refunds)), unit="D")
    refunds["gross_amount"] *= -1
    refunds["order_id"] += "-r"
    refunds["kind"] = "refund"
    return pd.concat([orders, refunds[refunds["order_date"] <= pd.Timestamp(story.END)]])
