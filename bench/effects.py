"""Activity effects: coverage, false positives, width and warnings on two generated worlds, beside three other methods.

Run as ``python bench/effects.py [SEED] [REPETITIONS]``. Every figure is measured in this run; every figure that misses
its bar is marked, "!" within the noise of the repetitions, "!!" beyond it. The rows of partial overlap and identical
windows are the joint effect; "single" rows are the activities in it, where they were answered.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import effect_worlds as worlds
import numpy as np
import pandas as pd

from opsretro import roi

try:
    import statsmodels.api as statsmodels
except ImportError:
    statsmodels = None
try:
    from causal_impact import CausalImpact
except ImportError:
    CausalImpact = None

SEED, REPETITIONS, BSTS_REPETITIONS = 20260501, 200, 30
BAR_COVER, BAR_FALSE, BAR_ANSWERED, BAR_POWER, BAR_WARNED_FALSELY, BAR_SECONDS = 93.0, 7.0, 95.0, 50.0, 10.0, 0.1
BAR_WIDTH = dict.fromkeys(worlds.HOLIDAYS, 32.0) | {"no control": 34.0}
BAR_WIDTH |= dict.fromkeys(["zero baseline", "negative baseline", "ten days", "pre-trend"], np.inf)
"""No bar where the baseline is about zero; with ten days, or after a drift, no figure is asked for at all."""
BAR_RECALL = {"pull_forward": 60.0, "control_contaminated": 50.0}
MAY_REFUSE = ("ten days", "pre-trend")
HEADER = "answered   cover   after      FP    bias   width   power"
Interval = tuple[float, float, float]


class Score(NamedTuple):
    """One activity (or one joint effect) by one method; shares and sizes as ratios, NaN = does not apply."""

    answered: float = 0.0
    cover: float = np.nan
    after: float = np.nan
    false: float = np.nan
    bias: float = np.nan
    width: float = np.nan
    power: float = np.nan


class Warned(NamedTuple):
    """Warnings of one activity against those there ought to be."""

    situation: str
    given: frozenset[str]
    expected: frozenset[str]
    neutral: frozenset[str]


class Tally:
    """All that is measured in one world."""

    def __init__(self) -> None:
        self.scores: dict[tuple[str, str], list[Score]] = defaultdict(list)
        self.by_break: dict[str, list[Score]] = defaultdict(list)
        self.warned: list[Warned] = []
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.faults: Counter[str] = Counter()


def student_975(freedom: float) -> float:
    """The 97.5 % quantile of Student's t, by its expansion around the normal's (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def inside(low: float, value: float, high: float, size: float) -> bool:
    """Whether a value lies in an interval, but for the computer's rounding."""
    return low - 1e-6 * size <= value <= high + 1e-6 * size


def score(case: worlds.Case, name: str, found: Interval, later: Interval | None = None) -> Score:
    """One answer (point, lower, upper) against the truth."""
    point, low, high = found
    if not np.isfinite([point, low, high]).all():
        return Score()
    (true, true_later), size = case.truth[name], max(abs(case.baseline[name]), 1.0)
    excludes = not inside(low, 0.0, high, size)
    known = later is not None and np.isfinite(later).all()
    return Score(
        1.0,
        inside(low, true, high, size),
        inside(later[1], true_later, later[2], size) if known else np.nan,
        excludes if case.lift == 0 else np.nan,
        (point - true) / size,
        (high - low) / size,
        excludes and low > 0 if case.lift > 0 else np.nan,
    )


def before_after(case: worlds.Case, start: int, end: int) -> Interval:
    """Mean day of the window less that of the days before, weekday means taken out; interval from days taken alike."""
    y, weekday = case.wide[worlds.TARGET].to_numpy(), case.wide.index.day_of_week.to_numpy()
    means = pd.Series(y[:start]).groupby(weekday[:start]).mean().reindex(range(7)).to_numpy()
    gap, n, length = y - means[weekday], start, end - start + 1
    point, freedom = gap[start : end + 1].sum(), max(n - 7, 1)
    spread = np.sqrt((gap[:start] ** 2).sum() / freedom * (length + length**2 / n))
    half = student_975(freedom) * spread
    return point, point - half, point + half


def differences(case: worlds.Case, start: int, end: int) -> Interval:
    """Difference in differences: target less the scaled mean control, standard errors by Newey and West."""
    wide = case.wide.to_numpy()[: end + 1]
    control = wide[:, 1:].mean(axis=1)
    gap = wide[:, 0] - control * wide[:start, 0].mean() / control[:start].mean()
    columns, length = np.column_stack([np.ones(end + 1), np.arange(end + 1) >= start]), end - start + 1
    fit = statsmodels.OLS(gap, columns).fit(cov_type="HAC", cov_kwds={"maxlags": 7})
    half = 1.96 * fit.bse[1]
    return fit.params[1] * length, (fit.params[1] - half) * length, (fit.params[1] + half) * length


def bsts(case: worlds.Case, start: int, end: int) -> Interval:
    """CausalImpact's model with its default settings."""
    days = case.wide.index.strftime("%Y-%m-%d")
    found = CausalImpact(
        case.wide.iloc[: end + 1].set_axis(days[: end + 1]), [days[0], days[start - 1]], [days[start], days[end]]
    ).summary_stats
    return tuple(found[key] * (end - start + 1) for key in ("point_effect_mean", "ci_lower", "ci_upper"))


Peer = Callable[[worlds.Case, int, int], Interval]


def peers() -> dict[str, Peer]:
    """The other methods that are installed; says which are not."""
    found: dict[str, Peer] = {"before/after": before_after}
    found |= {"DiD, Newey-West": differences} if statsmodels else {}
    found |= {"bsts, default": bsts} if CausalImpact else {}
    if statsmodels is None or CausalImpact is None:
        print(f"only beside {', '.join(found)}: pip install statsmodels bsts-causalimpact for the others")
    return found


def text(value: Any) -> str:
    """A code, empty where there is none."""
    return value if isinstance(value, str) else ""


def codes(row: pd.Series) -> frozenset[str]:
    """Warnings of a row, joined by "+" or a tuple, its reason for refusing among them."""
    given = row["warnings"].split("+") if isinstance(row["warnings"], str) else row["warnings"]
    return frozenset({*map(str, given), text(row["refused"])} - {""})


def contradictions(row: pd.Series, case: worlds.Case, name: str) -> list[str]:
    """What in a row does not agree with the rest of it."""
    point, low, high = row["incremental"], row["lower"], row["upper"]
    refused, figures = text(row["refused"]), np.isfinite([point, low, high])
    if not figures.any():
        return [] if refused else ["no figure and no reason"]
    found = ["figure although refused"] if refused else []
    found += [] if figures.all() and low <= point <= high else ["point outside its interval"]
    later = row["incremental_after"], row["lower_after"], row["upper_after"]
    found += (
        ["after: point outside its interval"]
        if np.isfinite(later).all() and not later[1] <= later[0] <= later[2]
        else []
    )
    if name in case.cost:
        cost, margins = case.cost[name], case.activities.set_index("activity_id")["margin_rate"]
        low, high = low * margins[name], high * margins[name]
        right = "profit" if low > cost else "loss" if high < cost else "unclear"
        found += [] if text(row["verdict"]) == right else [f"verdict {text(row['verdict'])} instead of {right}"]
    return found


def rows_of(result: Any, case: worlds.Case) -> dict[str, pd.Series]:
    """The rows that are judged: the activity, or both activities and their joint effect."""
    found = {row["activity_id"]: row for _, row in result.activities.iterrows()}
    judged = {name: found[name] for name in case.spans if name in found and not name.startswith("E")}
    if len(result.joint) and "joint" in case.spans:
        judged["joint"] = result.joint.iloc[0]
    return judged


def joint_windows(result: Any, case: worlds.Case) -> list[tuple[int, int]]:
    """First and last day of every joint effect, by their place in the case."""
    ends = result.joint[["start", "end"]].apply(pd.to_datetime)
    return [tuple(case.wide.index.get_indexer(list(row))) for row in ends.to_numpy()]


def judge(case: worlds.Case, situation: str, tally: Tally) -> None:
    """Ours on one case."""
    begin = time.perf_counter()
    try:
        result = roi.effects(case.daily, case.activities, ledger=case.ledger)
    except Exception as error:  # a crash is a finding of this bench
        tally.faults[f"crashed in {situation}: {error!r:.150}"] += 1
        rows = {}
    else:
        tally.seconds["opsretro"].append((time.perf_counter() - begin) / len(case.activities))
        rows = rows_of(result, case)
        if joint_windows(result, case) != [case.spans[name] for name in case.spans if name == "joint"]:
            tally.faults[f"{situation}: wrong joint windows"] += 1
    for name in case.spans:
        if name.startswith("E"):
            continue
        key = f"{situation}, single" if "joint" in case.spans and name != "joint" else situation
        judge_row(case, name, key, rows.get(name), tally)


def judge_row(case: worlds.Case, name: str, key: str, row: pd.Series | None, tally: Tally) -> None:
    """One activity, or the joint effect."""
    if row is None:
        tally.scores[key, "opsretro"].append(Score())
        return
    figures = [(row["incremental" + end], row["lower" + end], row["upper" + end]) for end in ("", "_after")]
    made = score(case, name, *figures)
    tally.scores[key, "opsretro"].append(made)
    if key in ("lift", "zero"):
        for broken in case.breaks or {"none"}:
            tally.by_break[broken].append(made)
    for fault in contradictions(row, case, name):
        tally.faults[f"{key}: {fault}"] += 1
    given, expected, neutral = codes(row), case.expected, case.neutral
    if name == "joint":
        neutral, expected = neutral | {"overlap", "not_separable"}, expected - {"overlap", "not_separable"}
    if text(row["refused"]):
        neutral, expected = neutral | (expected - given), expected & ({text(row["refused"])} | set(worlds.ALWAYS_SAID))
    tally.warned.append(Warned(key, given, expected, neutral))


def judge_peers(case: worlds.Case, situation: str, methods: dict[str, Peer], tally: Tally) -> None:
    """The others on one case, the joint effect where windows overlap."""
    name = "joint" if "joint" in case.spans else "A"
    start, end = case.spans[name]
    for method, answer in methods.items():
        if method.startswith("DiD") and case.wide.shape[1] == 1:
            continue
        begin = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = answer(case, start, end)
        except (ValueError, RuntimeError, np.linalg.LinAlgError):
            found = (np.nan, np.nan, np.nan)
        tally.seconds[method].append(time.perf_counter() - begin)
        tally.scores[situation, method].append(score(case, name, found))


def measure(world: int, seed: int, n: int, methods: dict[str, Peer]) -> Tally:
    """All situations of one world, each with a random stream of its own."""
    tally = Tally()
    for number, situation in enumerate(worlds.SITUATIONS):
        rng = np.random.default_rng([seed, world, number])
        for repetition in range(n):
            case = worlds.case(rng, world, situation)
            judge(case, situation, tally)
            quick = {name: method for name, method in methods.items() if method is not bsts}
            judge_peers(case, situation, methods if repetition < BSTS_REPETITIONS else quick, tally)
    return tally


def marked(value: float, bar: float, n: int, *, least: bool) -> str:
    """A figure in per cent, marked where it misses its bar."""
    if not np.isfinite(value):
        return f"{'–':>6}  "
    missed = value < bar if least else value > bar
    noise = 2 * np.sqrt(bar * (100 - bar) / n) if np.isfinite(bar) and 0 < bar < 100 else 0.0
    return f"{value:6.1f}{'!!' if missed and abs(value - bar) > noise else '! ' if missed else '  '}"


def line(name: str, situation: str, scores: list[Score]) -> str:
    """Figures of one method in one situation."""
    made = np.array(scores, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answered, cover, after, false, bias, width, power = 100 * np.nanmean(made, axis=0)
    n = dict(zip(Score._fields, np.isfinite(made).sum(axis=0), strict=True))
    free = situation.endswith("single") or situation in MAY_REFUSE
    bar = BAR_WIDTH.get(situation, 20.0)
    unscaled = situation in ("zero baseline", "negative baseline")
    parts = [
        marked(answered, -1.0 if free else BAR_ANSWERED, len(scores), least=True),
        marked(cover, BAR_COVER, n["cover"], least=True),
        marked(after, BAR_COVER, n["after"], least=True),
        marked(false, BAR_FALSE, n["false"], least=False),
        f"{'–':>6}  " if unscaled or answered == 0 else f"{bias:6.1f}  ",
        f"{'–':>6}  " if unscaled else marked(width, bar, 10**9, least=False),
        marked(power, -1.0 if free or unscaled else BAR_POWER, n["power"], least=True),
    ]
    return f"{name:<30}{len(scores):5}{''.join(parts)}"


def print_world(world: int, tally: Tally) -> None:
    """The table of situations, ours first, then the others."""
    kind = f"world {world}, {'as assumed' if world == 1 else 'broken assumptions'}"
    print(f"\n{kind:<30}    n  {HEADER}   (%; width and bias of the baseline)")
    for (situation, method), scores in sorted(tally.scores.items(), key=lambda item: place(*item[0])):
        name = situation if method == "opsretro" else f"    {method}"
        print(line(name, situation, scores))
    pairs = [f"{name} {np.mean(seconds):.4f}" for name, seconds in tally.seconds.items() if seconds]
    print(f"seconds an activity (below {BAR_SECONDS}): {', '.join(pairs)}")


def place(situation: str, method: str) -> tuple[int, bool, bool]:
    """Order of the rows."""
    return (
        worlds.SITUATIONS.index(situation.removesuffix(", single")),
        situation.endswith("single"),
        method != "opsretro",
    )


def print_warnings(tally: Tally) -> None:
    """Recall and false rate of every warning, and where it is false most often."""
    print(f"{'warning':<24}{'due':>5}{'recall':>8}{'not due':>9}{'false':>8}    false most often in")
    names = {name for each in tally.warned for name in each.given | each.expected}
    for name in sorted(names):
        due = [name in each.given for each in tally.warned if name in each.expected]
        clear = [each for each in tally.warned if name not in each.expected | each.neutral]
        false = pd.Series([100.0 * (name in each.given) for each in clear], index=[each.situation for each in clear])
        recall = marked(100 * np.mean(due) if due else np.nan, BAR_RECALL.get(name, 95.0), max(len(due), 1), least=True)
        rate = marked(false.mean() if len(false) else np.nan, BAR_WARNED_FALSELY, max(len(false), 1), least=False)
        worst = false.groupby(level=0).mean().nlargest(3)
        where = ", ".join(f"{situation} {value:.0f}" for situation, value in worst.items() if value > 0)
        print(f"{name:<24}{len(due):5}{recall:>8}{len(false):9}{rate:>8}    {where}")


def print_breaks(tally: Tally) -> None:
    """World 2's plain lifts and zeros by the assumption that is broken; most cases break several."""
    print("lift and zero by what is broken   n  " + HEADER)
    for name, scores in sorted(tally.by_break.items()):
        print(line(f"  {name}", "lift", scores))


def main(seed: int = SEED, n: int = REPETITIONS) -> None:
    """Print the tables."""
    begin, methods = time.perf_counter(), peers()
    print(f"seed {seed}, {n} repetitions a situation (bsts {min(n, BSTS_REPETITIONS)})")
    print("bars: cover >= 93, FP <= 7, answered >= 95, width <= 20 (holiday 32, no control 34), power >= 50;")
    print("warnings: recall >= 95 (pull_forward 60, control_contaminated 50), false <= 10")
    for world in (1, 2):
        tally = measure(world, seed, n, methods)
        print_world(world, tally)
        print_warnings(tally)
        if world == 2:
            print_breaks(tally)
        faults = [f"  {count} x {fault}" for fault, count in tally.faults.most_common(25)]
        print("\n".join(["contradictions and crashes:", *(faults or ["  none"])]), flush=True)
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
