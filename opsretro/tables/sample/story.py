"""What is planted in the sample workspace: the constants every table is built from."""

import zlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opsretro.tables.calendar import calendar_days

SEED = 20261031
START, END = date(2024, 11, 1), date(2026, 10, 31)
NEWEST_LOAD = "2026-11-02T01:30:00Z"
GROWTH_A_YEAR = 0.06

VISITS_A_DAY = 19_500
BUG_START = "2026-09-22"
BUG_CONVERSION_LEFT = 0.35
BUG_SLICE = {"device": "android", "city_tier": "t3", "user_type": "new"}
INCIDENT_DAY, INCIDENT_ORDERS_LEFT = "2026-05-14", 0.6
REFUND_RATE = 0.054
DISCOUNT_SHARE = 0.100
READS_PER_ARTICLE = 1_300
SERVICE_START, SERVICE_BEFORE, SERVICE_AFTER = "2026-08-03", 0.81, 0.90
FOLLOWERS_2026, FOLLOWERS_A_DAY = 120_000, (34, 69)

GROUPS = {"growth": 11, "content": 8, "service": 5}
WORKLOAD_MONTH, WORKLOAD_GROUP, WORKLOAD_FALL = "2026-10", "growth", 1.2
OVERTIME_USUAL, OVERTIME_WORSE = 0.04, 0.17

SEGMENTS = {
    "regular": 52_000,
    "vip": 30_000,
    "new_buyers": 22_000,
    "lapsed": 9_000,
    "visitors": 14_000,
    "corporate": 11_000,
}


@dataclass(frozen=True, kw_only=True)
class Lift:
    """True effect of an activity on its segment's revenue.

    Attributes:
        window: Share added in the window, 0.07 = +7 %.
        after: Share added (negative: pulled forward) in the 14 days after it.
    """

    window: float
    after: float = 0.0


LIFTS = {
    "d11_2024": Lift(window=0.09),
    "newyear_goods": Lift(window=0.06),
    "app_push": Lift(window=0.03),
    "spring_new": Lift(window=0.12),
    "618_2025": Lift(window=0.08),
    "vip_gift": Lift(window=0.0),
    "d11_2025": Lift(window=0.09),
    "recall_spring": Lift(window=0.25),
    "member_day": Lift(window=0.18, after=-0.08),
    "618_2026": Lift(window=0.10),
    "recall_coupon": Lift(window=0.35),
    "live_trial": Lift(window=0.035),
    "d11_warmup": Lift(window=0.07),
}


def rng_for(seed: int, table: str) -> np.random.Generator:
    """Random numbers of one table, independent of every other table's.

    Args:
        seed: Seed of the whole workspace.
        table: Name of the table.

    Returns:
        A generator; the same seed and table always give the same stream.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(table.encode()),)))


def monthly_noise(rng: np.random.Generator, days: pd.DatetimeIndex, sd: float) -> NDArray[np.float64]:
    """A factor near 1 that is the same on every day of a month.

    Args:
        rng: Random numbers to draw from.
        days: Days in order.
        sd: Standard deviation of the factor's logarithm.

    Returns:
        One factor a day.
    """
    month = days.year * 12 + days.month
    index = np.asarray(month - month[0])
    return np.exp(rng.normal(0.0, sd, index[-1] + 1))[index]


def demand() -> pd.Series:
    """How busy each day is: growth, weekday, public holidays and the two big sales; 1.0 = an ordinary workday at START.

    Returns:
        One value a day, indexed by date.
    """
    calendar = calendar_days(START, END).set_index("date")
    days = pd.DatetimeIndex(calendar.index)
    level = calendar["day_type"].map({"workday": 1.0, "makeup_workday": 1.0, "weekend": 1.1, "holiday": 1.02})
    holiday = calendar["day_type"] == "holiday"
    level[holiday & days.month.isin([1, 2]) & (days.day > 3)] = 0.62
    level[holiday & (days.month == 10)] = 0.92
    month_day = days.month * 100 + days.day
    for first, last, factor in [
        (601, 615, 1.08), (616, 618, 1.7), (1024, 1031, 1.08), (1101, 1101, 1.8), (1102, 1110, 1.12), (1111, 1111, 2.2),
    ]:  # fmt: skip
        level[(month_day >= first) & (month_day <= last)] *= factor
    years = np.arange(len(days)) / 365.0
    return level * (1.0 + GROWTH_A_YEAR) ** years
