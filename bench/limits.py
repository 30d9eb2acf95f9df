"""Process limits: false alerts on stable KPIs and real changes found, beside the rules dashboards use.

The second table does the same for the limits of the review, which follow growth and seasons, beside plain ones.
Run by ``make bench``; ``python bench/limits.py SEED [SERIES]`` for another seed. Every figure is measured in this run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from opsretro import goals
from opsretro.analysis.methods.adjusted_limits import AdjustedLimits, adjusted_limits

SEED, SERIES = 20260401, 4000
BASELINE, MONTHS = 12, 24
CHECKED = 60
"""Series a process on which the matrix form below must equal `goals.new_signals` month by month."""

OURS = ("beyond", "two_of_three", "run8")
NHS = ("beyond", "two_of_three", "run7", "trend7")
BAR_FALSE, BAR_FOUND = 0.05, 0.70

REVIEWED = 12
"""Months of the second table that come after the history; a fortieth of the series, month by month."""

Matrix = np.ndarray
Alert = Callable[[Matrix, Matrix], Matrix]


def noise(rng: np.random.Generator, n: int, *, memory: float = 0.0, months: int = MONTHS) -> Matrix:
    """Standard normal months; `memory` is the correlation of neighbours."""
    steps = rng.normal(size=(n, months + 50))
    series = steps.copy()
    for month in range(1, series.shape[1]):
        series[:, month] = memory * series[:, month - 1] + np.sqrt(1 - memory**2) * steps[:, month]
    return series[:, -months:]


def processes(rng: np.random.Generator, n: int) -> dict[str, tuple[Matrix, float]]:
    """Stable KPIs with mean 100, and the standard deviation of their noise."""
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    season = 1.5 * np.sin(2 * np.pi * np.arange(MONTHS) / 12 + phase)
    return {
        "independent, cv 5 %": (100 + 5 * noise(rng, n), 5.0),
        "independent, cv 10 %": (100 + 10 * noise(rng, n), 10.0),
        "AR(1) 0.4, cv 5 %": (100 + 5 * noise(rng, n, memory=0.4), 5.0),
        "season 1.5 sd, cv 5 %": (100 + 5 * (noise(rng, n) + season), 5.0),
    }


def frozen_limits(series: Matrix) -> Matrix:
    """Mean, lower and upper limit of each series from `goals.process_limits`, one row each."""
    limits = (goals.process_limits(row[:BASELINE], baseline_n=BASELINE) for row in series)
    return np.array([(each.mean, each.lower, each.upper) for each in limits])


def last_all(flags: Matrix, n: int) -> Matrix:
    """Whether the last n columns up to each column are all True."""
    counts = np.cumsum(flags, axis=1)
    counts[:, n:] -= counts[:, :-n].copy()
    return counts == n


def two_of_three(side: Matrix, outer: Matrix) -> Matrix:
    """Newest month in the outer third of a side, so is one of the two before it, and all three on that side."""
    others = np.zeros_like(outer)
    others[:, 1:] |= outer[:, :-1]
    others[:, 2:] |= outer[:, :-2]
    return outer & others & last_all(side, 3)


def newest_alerts(rules: tuple[str, ...]) -> Alert:
    """For every month: would a rule have flagged it when it was the newest month?"""

    def alerts(series: Matrix, limits: Matrix) -> Matrix:
        mean, lower, upper = (column[:, None] for column in limits.T)
        steps = np.diff(series, axis=1, prepend=np.nan)
        flags = {"beyond": (series > upper) | (series < lower)}
        for rule in ("two_of_three", "run7", "run8", "trend7"):
            flags[rule] = np.zeros(series.shape, dtype=bool)
        for sign, limit in ((1, upper), (-1, lower)):
            side = sign * (series - mean) > 0
            outer = (sign * (series - mean) > 2 / 3 * np.abs(limit - mean)) & (sign * series <= sign * limit)
            flags["two_of_three"] |= two_of_three(side, outer)
            flags["run7"] |= last_all(side, 7)
            flags["run8"] |= last_all(side, 8)
            flags["trend7"] |= last_all(sign * steps > 0, 6)
        return np.logical_or.reduce([flags[rule] for rule in rules])[:, BASELINE:]

    return alerts


def ten_per_cent(series: Matrix, _limits: Matrix) -> Matrix:
    """A month more than 10 % away from the month before."""
    return np.abs(series[:, BASELINE:] / series[:, BASELINE - 1 : -1] - 1) > 0.10


def two_sd(series: Matrix, _limits: Matrix) -> Matrix:
    """A month more than two standard deviations of the baseline away from its mean."""
    base = series[:, :BASELINE]
    distance = np.abs(series[:, BASELINE:] - base.mean(axis=1, keepdims=True))
    return distance > 2 * base.std(axis=1, ddof=1, keepdims=True)


ALERTS: Mapping[str, Alert] = {
    "opsretro default": newest_alerts(OURS),
    "NHS set": newest_alerts(NHS),
    "10 % month on month": ten_per_cent,
    "mean ± 2 sd": two_sd,
}


def check(series: Matrix, limits: Matrix) -> None:
    """Stop unless the matrix form gives the very months `goals.new_signals` raises."""
    for name, rules in (("opsretro default", OURS), ("NHS set", NHS)):
        flags = ALERTS[name](series[:CHECKED], limits[:CHECKED])
        for row, flagged in zip(series[:CHECKED], flags, strict=True):
            expected = goals.new_signals(row, baseline_n=BASELINE, rules=rules)
            if tuple(np.flatnonzero(flagged) + BASELINE) != expected:
                sys.exit(f"bench/limits.py disagrees with goals.new_signals on {row.tolist()}")


def measure(alert: Alert, series: Matrix, limits: Matrix, sd: float) -> list[float]:
    """False alerts a month, share of KPIs with one, then the share found in 6 and 12 months of 1, 2 and 3 sd."""
    false = alert(series, limits)
    figures = [false.mean(), false.any(axis=1).mean()]
    for size in (1, 2, 3):
        shifted = series.copy()
        shifted[:, BASELINE:] += size * sd
        found = alert(shifted, limits)
        figures += [found[:, :6].any(axis=1).mean(), found.any(axis=1).mean()]
    return figures


def time_review(rng: np.random.Generator) -> str:
    """Seconds for limits and new signals of 200 KPIs with 36 months, plain and as the review makes them."""
    kpis, longest = 100 + 5 * rng.normal(size=(200, 36)), 0.0
    begin = time.perf_counter()
    for kpi in kpis:
        start = time.perf_counter()
        goals.process_limits(kpi, baseline_n=BASELINE)
        goals.new_signals(kpi, baseline_n=BASELINE)
        as_reviewed(kpi)
        longest = max(longest, time.perf_counter() - start)
    return f"200 KPIs x 36 months: {time.perf_counter() - begin:.2f} s, slowest KPI {longest:.3f} s (bars 10 s, 0.1 s)"


def reviewed(rng: np.random.Generator, n: int) -> dict[tuple[str, int], Matrix]:
    """KPIs in steady operation, unit standard deviation, by name and months of history."""

    def made(history: int, *, memory: float = 0.0, season: float = 0.0, slope: float = 0.0) -> Matrix:
        months = np.arange(history + REVIEWED)
        wave = np.sin(2 * np.pi * (months / 12 + rng.uniform(size=(n, 1))))
        return 20 + noise(rng, n, memory=memory, months=len(months)) + season * wave + slope * months

    def total(history: int, added: float) -> Matrix:
        return 200 + np.cumsum(added + rng.normal(size=(n, history + REVIEWED)), axis=1)

    def per_cent(history: int) -> Matrix:
        months = np.arange(history + REVIEWED)
        return 33 * 1.02**months * (1 + 0.03 * rng.normal(size=(n, len(months))))

    return {
        **{("independent", history): made(history) for history in (12, 24, 36, 48)},
        **{("AR(1) 0.4", history): made(history, memory=0.4) for history in (12, 36)},
        **{("AR(1) 0.7", history): made(history, memory=0.7) for history in (12, 24, 36)},
        **{("random walk", history): total(history, 0.0) for history in (12, 36)},
        **{("season 1.5 sd", history): made(history, season=1.5) for history in (24, 36, 48)},
        ("season 3 sd", 36): made(36, season=3),
        **{("trend 0.5 sd a month", history): made(history, slope=0.5) for history in (12, 24)},
        **{("trend 1 sd a month", history): made(history, slope=1) for history in (12, 24, 36)},
        ("trend 2 sd a month", 12): made(12, slope=2),
        ("trend 1 sd + season 3 sd", 36): made(36, season=3, slope=1),
        **{("total, + 3 sd a month", history): total(history, 3.0) for history in (12, 24)},
        **{("2 % more each month", history): per_cent(history) for history in (12, 24)},
    }


def as_reviewed(row: Matrix) -> AdjustedLimits:
    """Limits of one KPI as the review makes them."""
    index = pd.period_range("2020-01", periods=len(row), freq="M").astype(str)
    return adjusted_limits(pd.Series(row, index=index), baseline_months=BASELINE)


def review_row(series: Matrix, history: int) -> tuple[list[float], str]:
    """Plain and reviewed: false alerts a month, 2 sd found in 6 months; warned; then what the centre follows."""
    shifted = series + 2.0 * (np.arange(series.shape[1]) >= history)
    limits = [as_reviewed(row) for row in series]
    ours = np.array([each.newest[list(OURS)].any(axis=1) for each in limits])[:, history:]
    found = np.array([as_reviewed(row).newest[list(OURS)].any(axis=1) for row in shifted])[:, history:]
    alerts = newest_alerts(OURS)
    plain, plain_found = (alerts(rows, frozen_limits(rows))[:, history - BASELINE :] for rows in (series, shifted))
    followed = pd.Series([each.method.value for each in limits]).value_counts(normalize=True)
    return [
        plain.mean(),
        ours.mean(),
        plain_found[:, :6].any(axis=1).mean(),
        found[:, :6].any(axis=1).mean(),
        float(np.mean([each.autocorrelated for each in limits])),
    ], ", ".join(f"{method} {100 * share:.0f}" for method, share in followed.items())


def print_review(rng: np.random.Generator, n: int) -> None:
    """Print the second table."""
    print(f"the review: {n} series a process, {REVIEWED} months after the history, plain limits / those of the review")
    print(f"{'process':<26}history  false/month    2 sd in 6  warned  follows")
    for (name, history), series in reviewed(rng, n).items():
        figures, followed = review_row(series, history)
        plain, ours, plain_found, found, warned = (100 * figure for figure in figures)
        pairs = f"{plain:6.1f} /{ours:5.1f}{plain_found:7.0f} /{found:4.0f}"
        print(f"{name:<26}{history:7}{pairs}{warned:8.0f}  {followed}")


def main(seed: int = SEED, n: int = SERIES) -> None:
    """Print the table."""
    rng = np.random.default_rng(seed)
    print(f"{n} series a process, 12 months frozen baseline, next 12 months, seed {seed}; all figures in %")
    print(f"{'process':<23}{'rules':<21}  false/month  KPIs a year   1 sd 6/12   2 sd 6/12   3 sd 6/12")
    verdicts = []
    for process, (series, sd) in processes(rng, n).items():
        limits = frozen_limits(series)
        check(series, limits)
        for name, alert in ALERTS.items():
            figures = measure(alert, series, limits, sd)
            false, kpis, *found = (100 * figure for figure in figures)
            pairs = "".join(f"{six:7.0f}/{twelve:<4.0f}" for six, twelve in zip(found[::2], found[1::2], strict=True))
            print(f"{process:<23}{name:<21}{false:11.1f}{kpis:13.0f}    {pairs}")
            if name == "opsretro default" and process.startswith("independent"):
                good = figures[0] <= BAR_FALSE and figures[4] >= BAR_FOUND
                verdicts.append(
                    f"{process}: {figures[0]:.4f} false, {figures[4]:.3f} found, {'ok' if good else 'MISSED'}"
                )
    print("bars (independent months: at most 0.05 false alerts a KPI-month, at least 0.70 of 2 sd found in 6 months)")
    print("\n".join([*verdicts, time_review(rng)]))
    print_review(rng, max(n // 40, 1))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
