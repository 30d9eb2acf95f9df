"""The metrics table: daily leaves of the shop's key figures, with the planted story in them."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opsretro.tables.sample import story

DIMENSIONS = ["channel", "city_tier", "device", "user_type"]
COLUMNS = ["date", "kpi", "value", "numerator", "denominator", *DIMENSIONS, "row_id", "loaded_at"]
CHANNELS = {"app": 0.42, "mini": 0.30, "search": 0.17, "ads": 0.11}
DEVICES = {
    "app": {"ios": 0.36, "android": 0.64},
    "mini": {"ios": 0.34, "android": 0.66},
    "search": {"ios": 0.20, "android": 0.32, "pc": 0.48},
    "ads": {"ios": 0.28, "android": 0.64, "pc": 0.08},
}
TIERS = {"t1": 0.19, "t2": 0.32, "t3": 0.49}
NEW_SHARE = {"app": 0.42, "mini": 0.50, "search": 0.55, "ads": 0.82}
CONVERSION = {"app": 0.050, "mini": 0.044, "search": 0.033, "ads": 0.024, "new": 0.92, "old": 1.08}
BASKET_CNY = {"t1": 205.0, "t2": 168.0, "t3": 148.0, "ios": 1.08, "android": 0.96, "pc": 1.15, "new": 0.93, "old": 1.06}

Grid = NDArray[np.float64]


def leaves() -> pd.DataFrame:
    """The 60 leaves of the shop.

    Returns:
        One row a leaf. channel, city_tier, device, user_type (str); share (of visits, ratio); conversion (ratio);
        basket_cny (mean value of an order); bug (bool): hit by the planted checkout bug.
    """
    keys = [
        (channel, tier, device, user)
        for channel, tier in itertools.product(CHANNELS, TIERS)
        for device in DEVICES[channel]
        for user in ("new", "old")
    ]
    frame = pd.DataFrame(keys, columns=DIMENSIONS)
    new = frame["channel"].map(NEW_SHARE)
    device = np.array([DEVICES[channel][device] for channel, _, device, _ in keys])
    frame["share"] = frame["channel"].map(CHANNELS) * frame["city_tier"].map(TIERS) * device
    frame["share"] *= np.where(frame["user_type"] == "new", new, 1 - new)
    frame["conversion"] = frame["channel"].map(CONVERSION) * frame["user_type"].map(CONVERSION)
    frame["basket_cny"] = (
        frame["city_tier"].map(BASKET_CNY) * frame["device"].map(BASKET_CNY) * frame["user_type"].map(BASKET_CNY)
    )
    frame["bug"] = (frame[list(story.BUG_SLICE)] == pd.Series(story.BUG_SLICE)).all(axis=1)
    return frame


def metrics(seed: int) -> pd.DataFrame:
    """The whole metrics table, late and restated rows included.

    Args:
        seed: Seed of the workspace.

    Returns:
        Columns as in COLUMNS; one row a day, KPI and leaf, and a second one where a value was restated.
    """
    shop, gmv_by_channel = _shop(story.rng_for(seed, "shop"))
    frame = pd.concat(
        [
            _with_loads(shop, story.rng_for(seed, "loads")),
            _channel_money(seed, gmv_by_channel),
            _reads(story.rng_for(seed, "reads_per_article")),
            _service(story.rng_for(seed, "service_60s")),
            _followers(story.rng_for(seed, "followers")),
        ]
    )
    frame["date"] = frame["date"].dt.strftime("%Y-%m-%d")
    return frame.reindex(columns=COLUMNS).sort_values("date", kind="stable")


def _shop(rng: np.random.Generator) -> tuple[pd.DataFrame, Grid]:
    """Visits, orders and GMV by leaf; and GMV a day and channel."""
    leaf, busy = leaves(), story.demand()
    days = pd.DatetimeIndex(busy.index)
    day_noise = np.exp(rng.normal(0.0, 0.02, len(days)))
    mean_visits = np.outer(busy * day_noise, leaf["share"] * story.VISITS_A_DAY)
    visits = rng.poisson(mean_visits * rng.gamma(150.0, 1 / 150.0, mean_visits.shape))
    rate = np.outer(story.monthly_noise(rng, days, 0.009), leaf["conversion"])
    rate[np.ix_(days >= story.BUG_START, leaf["bug"])] *= story.BUG_CONVERSION_LEFT
    rate[np.ix_(days == story.INCIDENT_DAY, leaf["channel"] == "mini")] *= story.INCIDENT_ORDERS_LEFT
    orders = rng.binomial(visits, rate)
    gmv = np.ceil(rng.standard_gamma(1.5 * orders) * leaf["basket_cny"].to_numpy() / 1.5)
    by_channel = np.column_stack([gmv[:, leaf["channel"] == channel].sum(axis=1) for channel in CHANNELS])
    values = np.stack([visits, orders, gmv], axis=1).astype(np.int64)
    return _long(days, ["visits", "orders", "gmv"], values, leaf[DIMENSIONS]), by_channel


def _long(days: pd.DatetimeIndex, kpis: list[str], values: NDArray[np.int64], keys: pd.DataFrame) -> pd.DataFrame:
    """Days × KPIs × keys as one row each, in that order."""
    n_days, n_kpis, n_keys = values.shape
    frame = pd.DataFrame(
        {
            "date": np.repeat(days, n_kpis * n_keys),
            "kpi": np.tile(np.repeat(kpis, n_keys), n_days),
            "value": pd.array(values.ravel(), dtype="Int64"),
        }
    )
    for name in keys:
        frame[name] = np.tile(keys[name].to_numpy(dtype=str), n_days * n_kpis)
    return frame


def _with_loads(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give some rows of each month's last three days an id: half came late, half were loaded low first and restated."""
    month_end = frame["date"] + pd.offsets.MonthEnd(0)
    picked = ((month_end - frame["date"]).dt.days < 3) & (rng.random(len(frame)) < 0.08)
    final = frame[picked].assign(row_id=[f"r{i}" for i in range(int(picked.sum()))])
    second_of_month = month_end[picked] + pd.Timedelta(days=2)
    final["loaded_at"] = second_of_month.dt.strftime("%Y-%m-%d") + story.NEWEST_LOAD[10:]
    first = final[rng.random(len(final)) < 0.5].copy()
    first["value"] = (first["value"] * 9) // 10
    first["loaded_at"] = first["date"].dt.strftime("%Y-%m-%dT22:05:00Z")
    return pd.concat([frame[~picked], first, final]).sort_index(kind="stable")


def _channel_money(seed: int, gmv: Grid) -> pd.DataFrame:
    """Refunds (booked to the day of the order) and discounts, by channel."""
    days = pd.DatetimeIndex(story.demand().index)
    money = []
    for kpi, rate in {"refunds": story.REFUND_RATE, "discounts": story.DISCOUNT_SHARE}.items():
        rng = story.rng_for(seed, kpi)
        noise = story.monthly_noise(rng, days, 0.02)[:, None] * np.exp(rng.normal(0, 0.08, gmv.shape))
        money.append(gmv * rate * noise)
    values = np.rint(np.stack(money, axis=1)).astype(np.int64)
    return _long(days, ["refunds", "discounts"], values, pd.DataFrame({"channel": list(CHANNELS)}))


def _reads(rng: np.random.Generator) -> pd.DataFrame:
    """Reads per article: pure noise around one level."""
    days = pd.DatetimeIndex(story.demand().index)
    articles = 2 + rng.poisson(1.6, len(days))
    reads = rng.standard_gamma(8.0 * articles) / 8.0 * story.READS_PER_ARTICLE * story.monthly_noise(rng, days, 0.025)
    return _parts(days, "reads_per_article", np.rint(reads), articles)


def _service(rng: np.random.Generator) -> pd.DataFrame:
    """Customer requests and those answered within 60 seconds: better from SERVICE_START on."""
    busy = story.demand()
    days = pd.DatetimeIndex(busy.index)
    requests = rng.poisson(420.0 * busy)
    level = np.where(days >= story.SERVICE_START, story.SERVICE_AFTER, story.SERVICE_BEFORE)
    answered = rng.binomial(requests, level * story.monthly_noise(rng, days, 0.006))
    return _parts(days, "service_60s", answered, requests)


def _parts(days: pd.DatetimeIndex, kpi: str, numerator: NDArray[Any], denominator: NDArray[Any]) -> pd.DataFrame:
    """Rows of a ratio KPI that carry their own parts."""
    frame = pd.DataFrame({"date": days, "kpi": kpi, "numerator": numerator, "denominator": denominator})
    return frame.astype({"numerator": "Int64", "denominator": "Int64"})


def _followers(rng: np.random.Generator) -> pd.DataFrame:
    """Followers at the end of each day; faster growth from 2026 on."""
    days = pd.DatetimeIndex(story.demand().index)
    in_2026 = days >= "2026-01-01"
    total = np.cumsum(rng.poisson(np.where(in_2026, story.FOLLOWERS_A_DAY[1], story.FOLLOWERS_A_DAY[0])))
    total += story.FOLLOWERS_2026 - total[int((~in_2026).sum()) - 1]
    return pd.DataFrame({"date": days, "kpi": "followers", "value": pd.array(total, dtype="Int64")})
