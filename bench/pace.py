"""Month-end pace: error, coverage and Brier score on generated KPIs, beside run-rates and exponential smoothing.

Run by ``make bench``; ``python bench/pace.py SEED [SERIES]`` for another seed. Every figure is measured in this run.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from datetime import date
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.analysis.methods.pace import month_end
from opsretro.tables.calendar import calendar_days

try:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
except ImportError:
    ETSModel = None

SEED, SERIES = 20260401, 150
ELAPSED = (10, 15, 20)
JUDGED = ("stationary", "drifting", "holiday", "spiky")
BAR_ERROR, BAR_80, BAR_95, BAR_BRIER, BAR_SECONDS = 2.2, (76, 88), (92, 99), 0.13, 0.1
LEVELS = (0.1, 0.9, 0.025, 0.975)
STEP_AFTER = 4
"""Days of the month before a change of level that stays: at 10, 15 and 20 days it is 6, 11 and 16 days old."""

CALENDAR = calendar_days(date(2022, 1, 1), date(2026, 12, 31))
DAYS = pd.DatetimeIndex(CALENDAR["date"])
WEEKDAY = DAYS.day_of_week.to_numpy()
HOLIDAY, MAKEUP = ((CALENDAR["day_type"] == kind).to_numpy() for kind in ("holiday", "makeup_workday"))
HOLIDAY_MONTHS = ("2024-02", "2024-10", "2025-01", "2025-02", "2025-05", "2025-10", "2026-02", "2026-05", "2026-10")


class Kpi(NamedTuple):
    """Days from the first of the history to the end of the month, which begins at `start`."""

    num: np.ndarray
    den: np.ndarray
    span: slice
    start: int
    how: str

    def end(self) -> float:
        """Value of the month."""
        num, den = self.num[self.start :], self.den[self.start :]
        return {"sum": num.sum(), "last": num[-1], "ratio": num.sum() / den.sum()}[self.how]


Answer = tuple[float, list[float], float]
Method = Callable[[Kpi, int, float], Answer]


def noise(rng: np.random.Generator, memory: float = 0.0) -> np.ndarray:
    """Positive days with mean 1, their coefficient of variation drawn from 3 to 12 %."""
    steps = rng.normal(size=len(DAYS))
    for day in range(1, len(steps) if memory else 0):
        steps[day] = memory * steps[day - 1] + np.sqrt(1 - memory**2) * steps[day]
    sd = rng.uniform(0.03, 0.12)
    return np.exp(sd * steps - sd**2 / 2)


def week(rng: np.random.Generator) -> np.ndarray:
    """Five similar workdays and a weekend of its own."""
    return np.append(rng.uniform(0.95, 1.05, 5), rng.uniform(0.5, 1.3) * rng.uniform(0.95, 1.05, 2))


def holidays(rng: np.random.Generator, factor: np.ndarray) -> np.ndarray:
    """Each holiday with an effect of its own, the same every year; make-up workdays like workdays."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], HOLIDAY.astype(int), [0]])))
    effects = {name: rng.uniform(0.5, 1.1) for name in ("spring", "october", "other")}
    found = np.where(MAKEUP, factor[WEEKDAY == 2].mean(), factor)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        month, long = DAYS[start].month, end - start >= 6
        found[start:end] = effects["spring" if long and month < 3 else "october" if long else "other"]
        found[start - 1] *= 0.95
    return found


def values(process: str, rng: np.random.Generator) -> np.ndarray:
    """All days of one KPI whose month is a sum."""
    size, factor = 10 ** rng.uniform(2, 6), week(rng)[WEEKDAY]
    days = size * factor * noise(rng, memory=rng.choice([0.0, 0.3]))
    if process == "drifting":
        wandering = rng.normal(rng.choice([-0.0005, 0, 0.001]), rng.uniform(0.002, 0.008), len(DAYS))
        days *= np.exp(wandering.cumsum())
    if process == "holiday":
        days *= holidays(rng, factor) / factor
    if process == "spiky":
        days *= np.where(rng.random(len(DAYS)) < 0.02, rng.uniform(1.3, 2.5, len(DAYS)), 1)
    return days


def followers(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """A level that only grows, by the days of a sum."""
    return np.cumsum(days * rng.choice([0.002, 0.02])) + days.mean() * 20 * rng.uniform(0.2, 1)


def stock(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """A level that wanders, with or without a drift."""
    return 100 + np.cumsum(rng.normal(rng.choice([0, 0.05, 0.1]), rng.uniform(0.2, 0.8), len(days))).clip(-80)


def inventory(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """A level that returns to its mean, half of the way in 4 to 20 days."""
    back, steps = 0.5 ** (1 / rng.uniform(4, 20)), rng.normal(size=len(days))
    for day in range(1, len(steps)):
        steps[day] = back * steps[day - 1] + np.sqrt(1 - back**2) * steps[day]
    return 100 + rng.uniform(2, 15) * steps


LEVEL = {"followers": followers, "stock": stock, "inventory": inventory}


def kpi(process: str, rng: np.random.Generator) -> Kpi:
    """One KPI with 3 to 36 months of history before a month; with holidays at least 12, 1 to 3 of a short one."""
    months = HOLIDAY_MONTHS if process == "holiday" else [f"{2025 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]
    first = pd.Timestamp(f"{rng.choice(months)}-01")
    least, most = {"holiday": (12, 36), "short": (1, 3)}.get(process, (3, 36))
    history = pd.DateOffset(months=int(rng.integers(least, most + 1)))
    begin, start = np.maximum(DAYS.searchsorted([first - history, first]), 0)
    span = slice(int(begin), int(DAYS.searchsorted(first + pd.offsets.MonthEnd())) + 1)
    num = values(process, rng)
    den = np.ones(len(num))
    if process == "campaign":
        opened = start + rng.integers(-3, 8)
        num[opened : opened + rng.integers(4, 13)] *= rng.uniform(1.2, 1.6)
    if process == "step":
        num[start + STEP_AFTER :] *= 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3)
    if process == "ratio":
        den = np.round(num / num.mean() * rng.choice([50, 500, 5000])) + 1
        num = rng.binomial(den.astype(int), np.clip(rng.uniform(0.02, 0.3) * noise(rng), 0, 1)).astype(float)
    if process in LEVEL:
        num = LEVEL[process](rng, num)
    how = process if process == "ratio" else "last" if process in LEVEL else "sum"
    return Kpi(num[span], den[span], span, int(start - begin), how)


def ours(each: Kpi, elapsed: int, target: float) -> Answer:
    """The forecast of the goal review."""
    until = each.start + elapsed
    parts = pd.DataFrame({"num": each.num[:until], "den": each.den[:until]}, index=DAYS[each.span][:until])
    found = month_end(
        parts if each.how == "ratio" else parts["num"],
        month=f"{DAYS[each.span][each.start]:%Y-%m}",
        direction="higher",
        target=target,
        calendar=CALENDAR[each.span],
        aggregation=each.how,
    )
    return found.point, [found.lower80, found.upper80, found.lower95, found.upper95], found.hit_probability or 0.0


def normal(point: float, error: float, target: float) -> Answer:
    """An answer from a normal distribution."""
    spread = NormalDist(point, max(error, 1e-9 * abs(point)))
    return point, [spread.inv_cdf(level) for level in LEVELS], 1 - spread.cdf(target)


def run_rate(each: Kpi, elapsed: int, target: float, *, by_weekday: bool = False) -> Answer:
    """The month's days so far, carried on; its interval from their own scatter and that of their mean."""
    now = each.start + elapsed
    num, den, left = each.num[each.start : now], each.den[each.start : now], len(each.num) - now
    if each.how == "last":
        steps = np.diff(each.num[now - 28 : now])
        return normal(num[-1] + left * steps.mean(), steps.std(ddof=1) * np.sqrt(left + left**2 / 27), target)
    if each.how == "ratio":
        rate = num.sum() / den.sum()
        scatter = np.sqrt(np.average((num / den - rate) ** 2, weights=den))
        return normal(rate, scatter * np.sqrt((left + left**2 / elapsed) / (left + elapsed) ** 2), target)
    weekday = WEEKDAY[each.span][each.start :]
    group = weekday if by_weekday else np.zeros(len(weekday), dtype=int)
    means = pd.Series(num).groupby(group[:elapsed]).mean().reindex(range(7)).fillna(num.mean()).to_numpy()
    freedom = max(elapsed - len(np.unique(group[:elapsed])), 1)
    scatter = np.sqrt(((num - means[group[:elapsed]]) ** 2).sum() / freedom)
    return normal(num.sum() + means[group[elapsed:]].sum(), scatter * np.sqrt(left + left**2 / elapsed), target)


def smoothing(each: Kpi, elapsed: int, target: float) -> Answer:
    """Exponential smoothing with additive trend and week, a thousand simulated paths."""
    now = each.start + elapsed
    series = each.num[:now] / each.den[:now]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ETSModel(series, trend="add", damped_trend=True, seasonal="add", seasonal_periods=7).fit(disp=False)
        shocks = np.random.default_rng(1).normal(0, np.sqrt(model.scale), (len(each.num) - now, 1000))
        paths = np.asarray(model.simulate(len(shocks), anchor="end", repetitions=1000, random_errors=shocks))
    ends = paths[-1] if each.how == "last" else each.num[each.start : now].sum() + paths.sum(axis=0)
    return float(np.median(ends)), list(np.quantile(ends, LEVELS)), float((ends >= target).mean())


def score(method: Method, each: Kpi, elapsed: int, target: float) -> list[float]:
    """Relative error, covered at 80 and 95 %, interval score relative to the actual, Brier score, seconds."""
    begin, end = time.perf_counter(), each.end()
    point, (low80, high80, low95, high95), chance = method(each, elapsed, target)
    outside = max(low80 - end, end - high80, 0.0)
    interval = (high80 - low80 + 2 / 0.2 * outside) / abs(end)
    seconds = time.perf_counter() - begin
    errors = [abs(point / end - 1), low80 <= end <= high80, low95 <= end <= high95]
    return [*errors, interval, (chance - (end >= target)) ** 2, seconds]


def measure(methods: dict[str, Method], process: str, rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Scores by method: series × days elapsed × figures."""
    found: dict[str, list[list[list[float]]]] = {name: [] for name in methods}
    for _ in range(n):
        each = kpi(process, rng)
        target = each.end() * np.exp(rng.normal(0, 0.05))
        for name, method in methods.items():
            if method is not smoothing or each.how != "ratio":
                found[name].append([score(method, each, elapsed, target) for elapsed in ELAPSED])
    return {name: np.array(scores) for name, scores in found.items() if scores}


def line(name: str, scores: np.ndarray) -> str:
    """Mean figures of one method: at 10, 15 and 20 days, then over them."""
    days = 100 * scores.mean(axis=0)
    parts = ["/".join(f"{value:.{digits}f}" for value in days[:, i]) for i, digits in ((0, 1), (1, 0), (2, 0), (3, 1))]
    brier = "/".join(f"{value:.2f}" for value in days[:, 4] / 100)
    return f"{name:<28}{parts[0]:>15}{parts[1]:>13}{parts[2]:>13}{parts[3]:>17}{brier:>17}{scores[..., 5].mean():9.4f}"


def verdicts(scores: np.ndarray) -> str:
    """The averages over the judged processes against the bars."""
    error, cover80, cover95, _interval, brier, seconds = scores.mean(axis=(0, 1))
    bars = [
        (f"MAPE {100 * error:.2f} % (at most {BAR_ERROR})", 100 * error <= BAR_ERROR),
        (f"80 % interval covers {100 * cover80:.1f} % (76 to 88)", BAR_80[0] <= 100 * cover80 <= BAR_80[1]),
        (f"95 % interval covers {100 * cover95:.1f} % (92 to 99)", BAR_95[0] <= 100 * cover95 <= BAR_95[1]),
        (f"Brier {brier:.3f} (at most {BAR_BRIER})", brier <= BAR_BRIER),
        (f"{seconds:.4f} s a KPI (below {BAR_SECONDS})", seconds < BAR_SECONDS),
    ]
    return "\n".join([f"{text}: {'ok' if good else 'MISSED'}" for text, good in bars])


def main(seed: int = SEED, n: int = SERIES) -> None:
    """Print the table."""
    rng = np.random.default_rng(seed)
    methods: dict[str, Method] = {"opsretro": ours, "run-rate": run_rate}
    methods["same-weekday run-rate"] = lambda *given: run_rate(*given, by_weekday=True)
    if ETSModel is None:
        print("statsmodels is not installed, exponential smoothing is skipped: pip install statsmodels")
    else:
        methods["statsmodels ETS"] = smoothing
    print(f"{n} KPIs a process, 3 to 36 months of history, at 10/15/20 days elapsed, seed {seed}")
    print(f"{'':<28}{'MAPE %':>15}{'cover 80':>13}{'cover 95':>13}{'interval score %':>17}{'Brier':>17}{'s a KPI':>9}")
    judged = []
    for process in (*JUDGED, "campaign", "step", "short", *LEVEL, "ratio"):
        found = measure(methods, process, rng, n)
        print("\n".join([process, *(line(f"  {name}", scores) for name, scores in found.items())]), flush=True)
        judged += [found["opsretro"]] if process in JUDGED else []
    print(f"bars, averages of opsretro over {', '.join(JUDGED)} and 10/15/20 days")
    print(verdicts(np.concatenate(judged)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
