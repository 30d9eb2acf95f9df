"""Daily alerts: false alerts on stable KPIs and drops found, beside the rules dashboards use.

Run by ``make bench``; ``python bench/alerts.py SEED [SERIES]`` for another seed. Every figure is measured in this run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.analysis.methods.daily_limits import daily_kpi, read_days
from opsretro.analysis.methods.daily_signals import QUIET, daily_signals, is_new, stands_out
from opsretro.tables.calendar import calendar_days

SEED, SERIES = 20260820, 40
WATCHED, FOUND = 100, 7
"""Stable days watched a series; days a drop lasts before the verdict."""
DROPS = (0.1, 0.2, 0.4)
BAR_FALSE, BAR_FALSE_AR, BAR_FOUND, BAR_SECONDS = 0.005, 0.01, 0.90, 0.02

Daily = pd.Series | pd.DataFrame
Calendar = pd.DataFrame | None
Alerts = np.ndarray
"""One row up, down or none a day: 1, -1, 0."""


def noise(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """Standard normal days; `memory` is the correlation of neighbours."""
    steps = rng.normal(size=n + 50)
    series = steps.copy()
    for day in range(1, len(series)):
        series[day] = memory * series[day - 1] + np.sqrt(1 - memory**2) * steps[day]
    return series[-n:]


def dates(rng: np.random.Generator) -> pd.DatetimeIndex:
    """Eight to 24 months that end somewhere in 2025 or 2026."""
    end = pd.Timestamp("2025-01-31") + pd.Timedelta(days=int(rng.integers(0, 690)))
    return pd.date_range(end=end, periods=int(rng.integers(240, 730)))


def weekly(days: pd.DatetimeIndex, weekend: float) -> np.ndarray:
    """Weekends at a share of workdays."""
    return np.where(days.day_of_week >= 5, weekend, 1.0)


def amounts(weekend: float, cv: float, memory: float = 0.0) -> Callable[..., Daily]:
    """A KPI of large amounts; `kept` is what is left of each day."""

    def draw(rng: np.random.Generator, days: pd.DatetimeIndex, kept: np.ndarray) -> Daily:
        level = np.exp(rng.uniform(np.log(300), np.log(30_000)))
        return pd.Series(level * weekly(days, weekend) * kept * (1 + cv * noise(rng, len(days), memory)), index=days)

    return draw


def holidays(rng: np.random.Generator, days: pd.DatetimeIndex, kept: np.ndarray) -> Daily:
    """Public holidays at 0.6 (New Year and spring) or 0.85 of a workday, make-up workdays as workdays."""
    kinds = CALENDAR.set_index("date")["day_type"].reindex(days).to_numpy()
    holiday = np.where(days.month <= 2, 0.6, 0.85)
    mean = np.select([kinds == "holiday", kinds == "weekend"], [holiday, np.full(len(days), 0.7)], 1.0)
    return pd.Series(5_000 * mean * kept * (1 + 0.07 * rng.normal(size=len(days))), index=days)


def counts(rng: np.random.Generator, days: pd.DatetimeIndex, kept: np.ndarray) -> Daily:
    """Three a workday."""
    return pd.Series(rng.poisson(3 * weekly(days, 0.6) * kept).astype(float), index=days)


def ratio(rng: np.random.Generator, days: pd.DatetimeIndex, kept: np.ndarray) -> Daily:
    """A conversion rate of 5 %, 5 % overdispersed, of 4,000 visits a workday."""
    den = rng.poisson(4_000 * weekly(days, 0.6))
    rate = 0.05 * kept * np.clip(1 + 0.05 * rng.normal(size=len(days)), 0, None)
    return pd.DataFrame({"num": rng.binomial(den, rate), "den": den}, index=days).astype(float)


CALENDAR = calendar_days(date(2022, 1, 1), date(2026, 12, 31))
PROCESSES: dict[str, Callable[..., Daily]] = {
    "no weekends, cv 7 %": amounts(1.0, 0.07),
    "weekends 0.6, cv 5 %": amounts(0.6, 0.05),
    "weekends 0.6, cv 10 %": amounts(0.6, 0.10),
    "AR(1) 0.4, cv 7 %": amounts(0.6, 0.07, 0.4),
    "public holidays, cv 7 %": holidays,
    "counts, mean 3": counts,
    "ratio, 5 % of 4,000": ratio,
}


def ours(daily: Daily, last: int, calendar: Calendar) -> Alerts:
    """What `daily_signals` would have raised on each of the last days."""
    is_ratio = isinstance(daily, pd.DataFrame)
    parts = daily if is_ratio else daily.to_frame("value")
    kpi = daily_kpi(parts, daily.index[-1], Aggregation.RATIO if is_ratio else Aggregation.SUM)
    n = len(daily)
    reach = stands_out(read_days(kpi, calendar, np.arange(n - last - QUIET, n)))
    return (np.sign(reach) * is_new(reach))[:, -last:]


def values(daily: Daily) -> np.ndarray:
    """One number a day."""
    return (daily["num"] / daily["den"]).to_numpy() if isinstance(daily, pd.DataFrame) else daily.to_numpy()


def raw_xmr(daily: Daily, last: int, _calendar: Calendar) -> Alerts:
    """A day outside mean ± 2.66 mean moving ranges of the 56 days before."""
    x, n = values(daily), len(daily)
    base = np.array([x[day - 56 : day] for day in range(n - last, n)])
    half = 2.66 * np.abs(np.diff(base, axis=1)).mean(axis=1)
    away = x[-last:] - base.mean(axis=1)
    return (np.sign(away) * (np.abs(away) > half))[None]


def week_over_week(daily: Daily, last: int, _calendar: Calendar) -> Alerts:
    """A day more than 10 % away from the same weekday a week before."""
    x = values(daily)
    now, before = x[-last:], x[-last - 7 : -7]
    return (np.sign(now - before) * (np.abs(now - before) > 0.10 * np.abs(before)))[None]


def three_sd(daily: Daily, last: int, _calendar: Calendar) -> Alerts:
    """A day outside mean ± 3 sd of the 28 days before."""
    x, n = values(daily), len(daily)
    base = np.array([x[day - 28 : day] for day in range(n - last, n)])
    away = x[-last:] - base.mean(axis=1)
    return (np.sign(away) * (np.abs(away) > 3 * base.std(axis=1, ddof=1)))[None]


RULES: dict[str, Callable[[Daily, int, Calendar], Alerts]] = {
    "opsretro": ours,
    "raw XmR": raw_xmr,
    "week on week 10 %": week_over_week,
    "mean ± 3 sd, 28 days": three_sd,
}


def stable(rng: np.random.Generator, draw: Callable[..., Daily]) -> Daily:
    """A KPI without any change."""
    days = dates(rng)
    return draw(rng, days, np.ones(len(days)))


def dropped(rng: np.random.Generator, draw: Callable[..., Daily], drop: float) -> Daily:
    """The same with its last seven days lower."""
    days = dates(rng)
    return draw(rng, days, np.where(np.arange(len(days)) >= len(days) - FOUND, 1 - drop, 1.0))


def check(daily: Daily, calendar: Calendar) -> None:
    """Stop unless the days of `ours` are the very days `daily_signals` raises."""
    alerts = ours(daily, 10, calendar)
    for place in range(10):
        day = daily.index[place - 10].date()
        how = "ratio" if isinstance(daily, pd.DataFrame) else "sum"
        found = daily_signals(daily, as_of=day, calendar=calendar, aggregation=how).signals
        sides = {"day": 0, "shift": 0} | dict(zip(found["kind"], found["side"].map({"up": 1, "down": -1}), strict=True))
        if list(sides.values()) != alerts[:, place].tolist():
            sys.exit(f"bench/alerts.py disagrees with daily_signals on {day} of {daily.to_dict()}")


def measure(
    rule: Callable[[Daily, int, Calendar], Alerts],
    calm: list[Daily],
    drops: dict[float, list[Daily]],
    calendar: Calendar,
) -> list[float]:
    """Share of stable days with an alert, then of each drop the share found in 7 days and the median day."""
    figures = [float(np.mean([(rule(daily, WATCHED, calendar) != 0).any(axis=0).mean() for daily in calm]))]
    for changed in drops.values():
        down = np.array([(rule(daily, FOUND, calendar) < 0).any(axis=0) for daily in changed])
        day = np.where(down.any(axis=1), down.argmax(axis=1) + 1, np.inf)
        figures += [down.any(axis=1).mean(), float(np.median(day))]
    return figures


def time_alert(rng: np.random.Generator) -> str:
    """Processor seconds a KPI with holidays and, in every second, a drop."""
    series = [dropped(rng, holidays, 0.3 * (i % 2)) for i in range(20)]
    begin = time.process_time()
    for daily in series:
        daily_signals(daily, calendar=CALENDAR)
    seconds = (time.process_time() - begin) / len(series)
    good = verdict(seconds <= BAR_SECONDS)
    return f"a KPI with 8 to 24 months: {seconds:.3f} processor seconds ({good}, at most {BAR_SECONDS})"


def verdict(good: bool) -> str:
    """Whether a bar is reached."""
    return "ok" if good else "MISSED"


def bars(process: str, figures: list[float]) -> str:
    """One process against its bars."""
    most = BAR_FALSE_AR if process.startswith("AR") else BAR_FALSE
    line = f"{process}: {figures[0]:.4f} false ({verdict(figures[0] <= most)}, at most {most})"
    if process.startswith("weekends"):
        line += f", {figures[3]:.3f} of 20 % drops found ({verdict(figures[3] >= BAR_FOUND)}, at least {BAR_FOUND})"
    return line


def main(seed: int = SEED, n: int = SERIES) -> None:
    """Print the table."""
    rng = np.random.default_rng(seed)
    print(f"a process: {n} stable series of {WATCHED} days; {3 * n} drops each of 10, 20, 40 %; seed {seed}")
    print(f"{'process':<25}{'rule':<22}  % false a KPI-day   % found in 7 days (median day)")
    lines = []
    for process, draw in PROCESSES.items():
        calendar = CALENDAR if draw is holidays else None
        calm = [stable(rng, draw) for _ in range(n)]
        drops = {drop: [dropped(rng, draw, drop) for _ in range(3 * n)] for drop in DROPS}
        check(drops[0.2][0], calendar)
        for name, rule in RULES.items():
            figures = measure(rule, calm, drops, calendar)
            found = "".join(f"{100 * a:8.0f} ({b:.0f})" for a, b in zip(figures[1::2], figures[2::2], strict=True))
            print(f"{process:<25}{name:<22}{100 * figures[0]:15.2f}   {found}", flush=True)
            lines += [bars(process, figures)] if rule is ours else []
    print("bars")
    print("\n".join([*lines, time_alert(rng)]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
