"""Generated actions whose true effect on their metric is known, for ``bench/followup.py``.

Family 1 is as a statistician would assume it: growth, a weekday pattern, holidays that repeat, errors with a memory
of a day. Family 2 breaks that, each of the `BREAKS` in three cases out of ten. The level of every day without the
action is made first; what the action does is a ratio of that level, so the truth is exact. Counting noise comes on top.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from opsretro.tables.calendar import working_calendar

CALENDAR = working_calendar(date(2020, 1, 1), date(2026, 12, 31), country="CN").days
DAYS = pd.DatetimeIndex(CALENDAR["date"])
KIND_OF_DAY = CALENDAR["day_type"].to_numpy()
HOLIDAY, WORKED = KIND_OF_DAY == "holiday", np.isin(KIND_OF_DAY, ["workday", "makeup_workday"])
SPRING = HOLIDAY & ((DAYS.month == 2) | ((DAYS.month == 1) & (DAYS.day > 3)))
FESTIVAL = SPRING | (HOLIDAY & (DAYS.month == 10))
MONTH_ENDS = np.flatnonzero(DAYS.is_month_end & (DAYS >= "2022-06-30") & (DAYS <= "2026-10-31"))
METRIC = "the_metric"
KINDS = ("count", "money", "ratio", "near 100 %", "sparse", "working days")
BREAKS = (
    "heavy tails",
    "memory",
    "random walk",
    "week changes",
    "noise grows",
    "past shift",
    "yearly season",
    "outliers",
    "festival wake",
    "gaps",
)
LARGE, SMALL = (0.08, 0.20), (0.02, 0.04)
EFFECTS = {"large": LARGE, "small": SMALL, "delayed": LARGE, "gradual": LARGE, "large, festival inside": LARGE}
EFFECTS |= {"large, after the worst of six months": LARGE}
EFFECTS |= {"wrong way": (-0.15, -0.04)}
FESTIVALS = ("zero, festival inside", "large, festival inside")
AFTER_BAD = ("zero, after the worst of six months", "large, after the worst of six months")
"""Somebody acts because a number was bad; months differ by 3 % for no reason."""
MUST_REFUSE = ("two at once", "few days", "vanished")
"""No single verdict can be right: any is a fault."""
SITUATIONS = (
    "zero",
    "small",
    "large",
    "delayed",
    "gradual",
    *FESTIVALS,
    "pre-trend",
    "wrong way",
    *MUST_REFUSE,
    *AFTER_BAD,
)
Vector = np.ndarray


class Plan(NamedTuple):
    """Places in `DAYS`: first day of the data, the action's start, the period's last day, one beyond the data."""

    first: int
    start: int
    end: int
    stop: int


class Case(NamedTuple):
    """What is handed over, and what is true of it.

    `truth` is the mean change over `counted` (days from the start with data, no holidays) as a ratio of the level
    without any action, positive = the wanted way; of several actions it is that of all together. `daily` is what the
    metric shows (index: date), for the other methods.
    """

    actions: list[dict[str, Any]]
    metrics: pd.DataFrame
    period: str
    kind: str
    breaks: frozenset[str]
    truth: float
    hoped: float
    sign: int
    start: pd.Timestamp
    end: pd.Timestamp
    counted: pd.DatetimeIndex
    daily: pd.Series


class Shown(NamedTuple):
    """A metric by day: its value or numerator, its denominator (None = a sum), and the level without the action."""

    value: Vector
    denominator: Vector | None
    expected: Vector
    changed: Vector


def plan(rng: np.random.Generator, situation: str, kind: str) -> Plan:
    """Dates: 6 to 24 months before, 10 to 60 days from start to the period's end; a festival only where it belongs."""
    shortest = {"delayed": 25, "gradual": 21}.get(situation, 18 if situation in FESTIVALS else 10)
    shortest = max(shortest, 14) if kind == "working days" else shortest
    while True:
        end = int(rng.choice(MONTH_ENDS))
        length = int(rng.integers(1, 7) if situation == "few days" else rng.integers(shortest, 61))
        start, held = end - length + 1, FESTIVAL[end - length + 1 : end + 1].sum()
        if held >= 3 if situation in FESTIVALS else held == 0:
            later = int(rng.integers(1, 21)) if rng.random() < 0.3 else 0
            return Plan(start - int(rng.integers(183, 731)), start, end, end + 1 + later)


def week(rng: np.random.Generator) -> Vector:
    """A weekday pattern on the log scale, the weekend a level of its own."""
    return np.append(rng.normal(0, 0.04, 5), rng.uniform(-0.35, 0.35) + rng.normal(0, 0.04, 2))


def weekdays(rng: np.random.Generator, where: Plan, breaks: frozenset[str]) -> Vector:
    """The pattern of every day (a make-up workday is like a Wednesday), or one that turns into another."""
    days, n = slice(where.first, where.stop), where.stop - where.first
    weekday = np.where(KIND_OF_DAY[days] == "makeup_workday", 2, DAYS[days].day_of_week)
    pattern = week(rng)[weekday]
    if "week changes" not in breaks:
        return pattern
    share = np.clip((np.arange(n) - rng.uniform(0, n)) / rng.uniform(1, 180), 0, 1)
    return (1 - share) * pattern + share * week(rng)[weekday]


def holidays(rng: np.random.Generator, where: Plan, breaks: frozenset[str]) -> Vector:
    """Holidays much the same every year, or ("festival wake") other each time and felt in the week around them."""
    days = slice(where.first, where.stop)
    by_month, year = rng.uniform(-0.4, 0.4, 13), DAYS[days].year - DAYS[0].year
    own = rng.normal(0, 0.12 if "festival wake" in breaks else 0.02, (8, 13))
    found = np.where(HOLIDAY[days], by_month[DAYS[days].month] + own[year, DAYS[days].month], 0.0)
    if "festival wake" in breaks:
        before, after = (rng.uniform(-0.25, 0.15, 8)[year] for _ in range(2))
        near = np.exp(-np.arange(1, 9) / 4)
        ahead = np.max([np.append(FESTIVAL[k:], np.zeros(k)) * near[k - 1] for k in range(1, 9)], axis=0)
        behind = np.max([np.append(np.zeros(k), FESTIVAL[:-k]) * near[k - 1] for k in range(1, 9)], axis=0)
        found += np.where(HOLIDAY[days], 0, before * ahead[days] + after * behind[days])
    return found


def errors(rng: np.random.Generator, n: int, breaks: frozenset[str]) -> Vector:
    """Errors of 2 to 12 % a day that remember the day before, and what wanders."""
    size = np.exp(rng.uniform(np.log(0.02), np.log(0.12)))
    shocks = rng.standard_t(3, n + 50) / np.sqrt(3) if "heavy tails" in breaks else rng.normal(size=n + 50)
    memory = rng.uniform(0.6, 0.85) if "memory" in breaks else rng.uniform(0, 0.5)
    made = size * np.sqrt(1 - memory**2) * lfilter([1.0], [1.0, -memory], shocks)[50:]
    made *= np.linspace(0.5, 1.6, n) if "noise grows" in breaks else 1.0
    made += np.cumsum(rng.normal(0, rng.uniform(0.002, 0.007), n)) if "random walk" in breaks else 0.0
    if "outliers" in breaks:
        made += (rng.random(n) < 0.012) * rng.choice([-1, 1], n) * rng.uniform(0.25, 0.7, n)
    return made


def course(rng: np.random.Generator, where: Plan, breaks: frozenset[str]) -> Vector:
    """Log of the level by day, around nought, had nothing been done."""
    n, start = where.stop - where.first, where.start - where.first
    found = rng.uniform(-0.0005, 0.001) * np.arange(n) + errors(rng, n, breaks)
    found += weekdays(rng, where, breaks) + holidays(rng, where, breaks)
    if "past shift" in breaks:
        found[int(rng.integers(30, start - 21)) :] += rng.choice([-1, 1]) * rng.uniform(0.06, 0.2)
    if "yearly season" in breaks:
        found += rng.uniform(0.03, 0.1) * np.sin(2 * np.pi * (np.arange(n) / 365.25 + rng.random()))
    return found


def worst(rng: np.random.Generator, where: Plan, breaks: frozenset[str], sign: int) -> Vector:
    """Of six courses the one whose last four weeks lie furthest to the unwanted side of what came before."""
    n, start = where.stop - where.first, where.start - where.first
    month = (np.arange(n) - start) // 30
    found = [course(rng, where, breaks) + rng.normal(0, 0.03, 40)[month - month[0]] for _ in range(6)]
    return min(
        found, key=lambda level: sign * (level[start - 28 : start].mean() - level[start - 150 : start - 28].mean())
    )


def shape(rng: np.random.Generator, situation: str, since: Vector) -> Vector:
    """How much of an effect each day has, by days since the start."""
    if situation == "delayed":
        return (since >= rng.integers(10, 21)).astype(float)
    return np.clip((since + 1) / 21, 0, 1) if situation == "gradual" else (since >= 0).astype(float)


def lifts(rng: np.random.Generator, situation: str, since: list[Vector]) -> Vector:
    """Change of each day's level the wanted way, of all actions together."""
    if situation in EFFECTS:
        return rng.uniform(*EFFECTS[situation]) * shape(rng, situation, since[0])
    if situation not in MUST_REFUSE:
        return np.zeros(len(since[0]))
    sizes = [rng.choice([0.0, rng.uniform(*SMALL), rng.uniform(*LARGE)]) for _ in since]
    return sum(size * (days >= 0) for size, days in zip(sizes, since, strict=True))


def total(rng: np.random.Generator, log_level: Vector, lift: Vector, low: float, high: float) -> Shown:
    """A number counted each day."""
    level = np.exp(rng.uniform(np.log(low), np.log(high)) + log_level)
    return Shown(rng.poisson(level * (1 + lift)).astype(float), None, level, level * (1 + lift))


def money(rng: np.random.Generator, log_level: Vector, lift: Vector) -> Shown:
    """A sum of money."""
    level = np.exp(rng.uniform(np.log(1e4), np.log(1e6)) + log_level)
    return Shown(np.round(level * (1 + lift), 2), None, level, level * (1 + lift))


def share(rng: np.random.Generator, rate: Vector, lift: Vector, size: float) -> Shown:
    """Successes among a number of tries, which has a week and noise of its own; half of the failures stay at least."""
    changed = np.minimum(rate * (1 + lift), np.where(lift > 0, (rate + 1) / 2, 1.0))
    pattern = week(rng)[np.arange(len(rate)) % 7]
    tries = 1 + rng.poisson(size * np.exp(pattern + rng.normal(0, 0.05, len(rate))))
    return Shown(rng.binomial(tries, changed).astype(float), tries.astype(float), tries * rate, tries * changed)


def ratio(rng: np.random.Generator, log_level: Vector, lift: Vector) -> Shown:
    """A rate of 5 to 30 %; of the week it feels a third."""
    rate = np.clip(rng.uniform(0.05, 0.3) * np.exp(log_level), 0.005, 0.7)
    return share(rng, rate, lift, rng.uniform(3_000, 20_000))


def near_hundred(rng: np.random.Generator, log_level: Vector, lift: Vector) -> Shown:
    """A rate of 92 to 98.5 %: the failures vary, three times as much as other levels do."""
    failing = np.clip(rng.uniform(0.015, 0.08) * np.exp(-3 * log_level), 0.001, 0.5)
    return share(rng, 1 - failing, lift, rng.uniform(150, 3_000))


MAKERS: dict[str, Callable[[np.random.Generator, Vector, Vector], Shown]] = {
    "count": lambda rng, level, lift: total(rng, level, lift, 500, 5_000),
    "money": money,
    "ratio": ratio,
    "near 100 %": near_hundred,
    "sparse": lambda rng, level, lift: total(rng, level, lift, 2, 12),
    "working days": lambda rng, level, lift: total(rng, level, lift, 100, 5_000),
}


def present(rng: np.random.Generator, where: Plan, kind: str, breaks: frozenset[str], situation: str) -> Vector:
    """Which days have data: now and then one has none, with "gaps" several in a row."""
    n = where.stop - where.first
    kept = rng.random(n) >= rng.uniform(0, 0.02)
    for begin in rng.integers(0, n, rng.integers(2, 6)) if "gaps" in breaks else ():
        kept[begin : begin + rng.integers(2, 7)] = False
    kept &= WORKED[where.first : where.stop] if kind == "working days" else True
    if situation == "vanished":
        kept[0 if rng.random() < 0.5 else where.start - where.first - int(rng.integers(1, 40)) :] = False
    return kept


def table(rng: np.random.Generator, days: pd.DatetimeIndex, shown: Shown, kept: Vector) -> pd.DataFrame:
    """The metrics table, one other metric in it; a metric may stand in two rows a day that add up."""
    parts = [1.0] if rng.random() < 0.6 else [0.0, 1.0]
    rows, cut = [], rng.binomial(shown.value.astype(int), 0.4).astype(float)
    whole = shown.denominator
    lower = None if whole is None else cut + rng.binomial((whole - shown.value).astype(int), 0.4)
    for part in parts:
        value = shown.value if len(parts) == 1 else cut if part == 0 else shown.value - cut
        frame = pd.DataFrame({"date": days, "kpi": METRIC, "channel": f"channel {part:.0f}"})
        if whole is None or lower is None:
            frame["value"] = value
        else:
            frame["numerator"] = value
            frame["denominator"] = whole if len(parts) == 1 else lower if part == 0 else whole - lower
        rows.append(frame[kept])
    other = pd.DataFrame({"date": days, "kpi": "another", "value": rng.poisson(100, len(days)).astype(float)})
    return pd.concat([*rows, other], ignore_index=True).reindex(
        columns=["date", "kpi", "value", "numerator", "denominator", "channel"]
    )


def entries(rng: np.random.Generator, starts: list[int], sign: int) -> list[dict[str, Any]]:
    """The actions; half of them say what is hoped for."""
    guess = float(rng.choice([0.03, 0.05, 0.08, 0.1, 0.15])) if rng.random() < 0.5 else np.nan
    direction = "higher" if sign > 0 else "lower"
    common = {"metric": METRIC, "direction": direction, "status": "check", "expected_effect": sign * guess}
    return [{"id": f"A{i}", "start": f"{DAYS[day]:%Y-%m-%d}", **common} for i, day in enumerate(starts, 1)]


def case(rng: np.random.Generator, family: int, situation: str) -> Case:
    """One case of a situation, with all that is true of it."""
    kind, sign = str(rng.choice(KINDS)), int(rng.choice([-1, 1]))
    breaks = frozenset(name for name in BREAKS if rng.random() < 0.3) if family == 2 else frozenset()
    where = plan(rng, situation, kind)
    days, starts = DAYS[where.first : where.stop], [where.start]
    if situation == "two at once":
        starts.append(min(where.start + int(rng.integers(2) * rng.integers(1, 15)), where.end))
    since = [np.arange(where.first, where.stop) - start for start in starts]
    log_level = worst(rng, where, breaks, sign) if situation in AFTER_BAD else course(rng, where, breaks)
    if situation == "pre-trend":
        begun = rng.integers(20, 61)
        log_level += sign * rng.uniform(0.0015, 0.005) * np.clip(since[0] + begun, 0, None)
    shown = MAKERS[kind](rng, log_level, sign * lifts(rng, situation, since))
    kept = present(rng, where, kind, breaks, situation)
    counted = kept & (since[0] >= 0) & (days <= DAYS[where.end]) & ~HOLIDAY[where.first : where.stop]
    actions = entries(rng, starts, sign)
    hoped = sign * float(actions[0]["expected_effect"])
    truth = sign * (shown.changed[counted].sum() / shown.expected[counted].sum() - 1) if counted.any() else np.nan
    value = shown.value / (1 if shown.denominator is None else shown.denominator)
    return Case(
        actions, table(rng, days, shown, kept), f"{DAYS[where.end]:%Y-%m}", kind, breaks, float(truth) + 0.0,
        0.05 if np.isnan(hoped) else min(hoped, 0.1), sign, DAYS[where.start], DAYS[where.end], days[counted],
        pd.Series(value, index=days)[kept],
    )  # fmt: skip
