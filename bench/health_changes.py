"""Change from month to month: false alarms and power of `health.changes`, beside three rules that teams use.

Run as ``python bench/health_changes.py [SEED] [TEAMS]``. A team has stable people: an outlook on each of 8 dimensions
that differs between them (sd 0.9) and wobbles by the month (sd 0.55), rounded to 1..5. A month is judged against the
months before. *False*: share of calm months with any dimension called up or down (bar 0.05; a figure fails when it is
beyond what chance allows at a true 0.05). *Power*: share of the 2 moved dimensions called down, when everybody's
outlook there falls so that the mean falls by 0.79. *Wrong*: share of the 6 others called, in the same months. *Silent*:
share of calm dimensions answered ``cannot_tell``.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

SEED, TEAMS = 20261201, 300
SIZES, HISTORIES, DIMENSIONS, MOVED = (6, 10, 20), (2, 4, 6, 12), 8, 2
MEAN, BETWEEN, WITHIN, FALL, SHIFT = 3.55, 0.9, 0.55, 0.84, 0.79
"""FALL of the outlooks makes the mean of the rounded answers fall by SHIFT: `moved_by` checks it."""
ALPHA = 0.05
POWER = {6: 0.41, 10: 0.64, 20: 0.95}
"""Power of a plain t prediction interval at 12 months, people the same (evidence)."""

Array = np.ndarray
Year = Array
"""Answers of a team: months × people × dimensions, the judged month last."""


class Team(NamedTuple):
    """How a team's months come about.

    Attributes:
        turnover: Share of people replaced each month.
        memory: Correlation of neighbouring months' wobbles.
        common: Sd of a wobble that the whole team shares (0 = people wobble on their own).
    """

    turnover: float = 0.0
    memory: float = 0.0
    common: float = 0.0


SAME = "same people"
KINDS = {
    SAME: Team(),
    "everybody new each month": Team(turnover=1.0),
    "people change, 5 % a month": Team(turnover=0.05),
    "autocorrelated, 0.3": Team(memory=0.3),
    "shared wobble, sd 0.15": Team(common=0.15),
}


def remember(shocks: Array, memory: float) -> Array:
    """The same spread along the first axis, with neighbours correlated."""
    series = shocks.copy()
    for month in range(1, len(series)):
        series[month] = memory * series[month - 1] + np.sqrt(1 - memory**2) * shocks[month]
    return series


def draw(rng: np.random.Generator, n: int, months: int, team: Team) -> tuple[Year, Array, Array]:
    """A calm team, the same team after a fall in the last month, and who answered (a number a person)."""
    outlook, keys = np.empty((months + 1, n, DIMENSIONS)), np.empty((months + 1, n), dtype=int)
    outlook[0], keys[0] = rng.normal(MEAN, BETWEEN, (n, DIMENSIONS)), np.arange(n)
    for month in range(1, months + 1):
        new = rng.random(n) < team.turnover
        outlook[month] = np.where(new[:, None], rng.normal(MEAN, BETWEEN, (n, DIMENSIONS)), outlook[month - 1])
        keys[month] = np.where(new, np.arange(n) + n * month, keys[month - 1])
    wobble = remember(rng.normal(0, WITHIN, outlook.shape), team.memory)
    wobble += remember(rng.normal(0, 1, (months + 1, 1, DIMENSIONS)), team.memory) * team.common
    fallen = outlook.copy()
    fallen[-1, :, :MOVED] -= FALL
    return likert(outlook + wobble), likert(fallen + wobble), keys


def likert(values: Array) -> Array:
    """Rounded to the scale."""
    return np.clip(np.rint(values), 1, 5)


NAMES = [f"d{place}" for place in range(DIMENSIONS)]
VERDICTS = {"up": 1, "down": -1, "steady": 0, "cannot_tell": 9}


def month_names(count: int) -> list[str]:
    """As many months as needed, the last 2026-12."""
    return pd.period_range(end="2026-12", periods=count, freq="M").astype(str).tolist()


def means_frame(year: Year, decimals: int = 9) -> pd.DataFrame:
    """One row a month and dimension."""
    means = np.round(year.mean(axis=1), decimals)
    index = pd.MultiIndex.from_product([month_names(len(year)), NAMES], names=["month", "dimension"])
    return pd.DataFrame({"mean": means.ravel(), "n": year.shape[1]}, index=index).reset_index()


def people_frame(year: Year, keys: Array) -> pd.DataFrame:
    """One row a person and month."""
    frame = pd.DataFrame(year.reshape(-1, DIMENSIONS), columns=NAMES)
    frame.insert(0, "month", np.repeat(month_names(len(year)), year.shape[1]))
    frame.insert(0, "respondent", [f"r{key}" for key in keys.ravel()])
    return frame


def ours(history: pd.DataFrame) -> Array:
    """Verdicts of `health.changes` as 1, -1, 0, 9; stops when the band and the verdict disagree."""
    from opsretro import health

    found = health.changes(history, alpha=ALPHA).set_index("dimension").loc[NAMES]
    verdict = found["verdict"].map(VERDICTS).to_numpy()
    outside = np.where(found["mean"] > found["upper"], 1, np.where(found["mean"] < found["lower"], -1, 0))
    called = np.isin(verdict, (1, -1))
    if (outside != verdict)[called].any() or (outside[verdict == 0] != 0).any():
        sys.exit(f"bench/health_changes.py: verdict and band disagree:\n{found}")
    return verdict


def moved(year: Year, _keys: Array) -> Array:
    """The mean moved more than 0.3 from the month before."""
    change = np.diff(year[-2:].mean(axis=1), axis=0)[0]
    return np.sign(change) * (np.abs(change) > 0.3)


def welch(year: Year, _keys: Array) -> Array:
    """Welch's test of this month and the one before, each dimension by itself."""
    return tested(year, np.full(DIMENSIONS, ALPHA))


def welch_holm(year: Year, _keys: Array) -> Array:
    """The same with Holm's correction."""
    return tested(year, ALPHA / (DIMENSIONS - np.arange(DIMENSIONS)))


def tested(year: Year, levels: Array) -> Array:
    """Welch's p-values in order against their levels; the first that fails ends it."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        p = np.nan_to_num(stats.ttest_ind(year[-1], year[-2], axis=0, equal_var=False).pvalue, nan=1.0)
    order = np.argsort(p, kind="stable")
    passed = p[order] <= levels
    real = passed if len(set(levels)) == 1 else np.logical_and.accumulate(passed)
    sign = np.zeros(DIMENSIONS)
    sign[order[real]] = np.sign(year[-1].mean(axis=0) - year[-2].mean(axis=0))[order[real]]
    return sign


Rule = Callable[[Year, Array], Array]
OURS: dict[str, Rule] = {
    "opsretro, answers": lambda year, keys: ours(people_frame(year, keys)),
    "opsretro, means": lambda year, _: ours(means_frame(year)),
    "opsretro, 1-decimal means": lambda year, _: ours(means_frame(year, 1)),
}
OTHERS: dict[str, Rule] = {"mean moved > 0.3": moved, "Welch": welch, "Welch + Holm": welch_holm}


def figures(rule: Rule, teams: list[tuple[Year, Year, Array]]) -> list[float]:
    """Share of calm months with any alarm, power, share of unmoved dimensions called, share silent.

    A third of the teams is enough for the last months that fell.
    """
    calm = np.array([rule(year, keys) for year, _, keys in teams])
    fallen = np.array([rule(year, keys) for _, year, keys in teams[: len(teams) // 3]])
    called = np.isin(calm, (1, -1))
    wrong = np.isin(fallen[:, MOVED:], (1, -1))
    return [called.any(axis=1).mean(), (fallen[:, :MOVED] == -1).mean(), wrong.mean(), (calm == 9).mean()]


def within_chance(share: float, n: int) -> bool:
    """Whether a share of alarms agrees with a true rate of at most ALPHA (one-sided 99 %)."""
    return share * n <= stats.binom.ppf(0.99, n, ALPHA)


def moved_by(rng: np.random.Generator) -> float:
    """The fall of the mean that FALL makes."""
    calm, fallen, _ = draw(rng, 40_000, 0, Team())
    return float((calm - fallen)[..., :MOVED].mean())


def row(*cells: object) -> None:
    """One line of a Markdown table."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def situations() -> Iterator[tuple[str, int, dict[str, Rule]]]:
    """Every kind of team and length of history, and who judges it."""
    answers, means, rounded = ({name: OURS[name]} for name in OURS)
    for months in HISTORIES:
        with_means = {2: {}, 4: {}, 6: rounded, 12: means | rounded | OTHERS}
        yield SAME, months, answers | with_means[months]
    for name, team in list(KINDS.items())[1:]:
        if team.turnover < 1:
            yield name, 4, answers
        yield name, 12, answers | rounded | (OTHERS if team.turnover == 1 else {})


def measure(seed: int, teams: int) -> Iterator[tuple[str, int, str, dict[int, list[float]], float]]:
    """Kind of team, months, method, its figures by size, seconds a call."""
    for place, (name, months, rules) in enumerate(situations()):
        count = teams if name == SAME else teams // 2
        drawn = {
            n: [draw(np.random.default_rng([seed, place, n, each]), n, months, KINDS[name]) for each in range(count)]
            for n in SIZES
        }
        for method, rule in rules.items():
            begin = time.process_time()
            found = {n: figures(rule, drawn[n]) for n in SIZES}
            calls = len(SIZES) * (count + count // 3)
            yield name, months, method, found, (time.process_time() - begin) / calls


def main(seed: int = SEED, teams: int = TEAMS) -> None:
    """Print the table and the bars."""
    fall = moved_by(np.random.default_rng(seed))
    print(
        f"{teams} teams a row and size (half as many where people are not the same), {DIMENSIONS} dimensions, ", end=""
    )
    print(f"{MOVED} of them fall by {fall:.2f}; seed {seed}; ! = more false alarms than chance allows at {ALPHA}\n")
    row("team", "months before", "method", *(f"n = {n}: false / power / wrong / silent" for n in SIZES), "ms a call")
    row(*["---"] * (4 + len(SIZES)))
    missed, powers = 0, dict.fromkeys(SIZES, 0.0)
    for name, months, method, found, seconds in measure(seed, teams):
        count = teams if name == SAME else teams // 2
        high = {n: method in OURS and not within_chance(found[n][0], count) for n in SIZES}
        missed += sum(high.values()) * (name == SAME)
        if (name, months, method) == (SAME, max(HISTORIES), next(iter(OURS))):
            powers = {n: found[n][1] for n in SIZES}
        cells = (" / ".join(f"{each:.2f}" for each in found[n]) + " !" * high[n] for n in SIZES)
        row(name, months, method, *cells, f"{1000 * seconds:.1f}")
    print(f"\nfalse alarms, same people: {f'MISSED in {missed} figures' if missed else 'ok'} (bar {ALPHA})")
    reached = (f"n = {n} {powers[n]:.2f} ({POWER[n]})" for n in SIZES)
    print(f"power at 12 months, same people (a plain prediction interval): {', '.join(reached)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
