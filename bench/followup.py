"""Verdicts on actions: how often moved, not moved and cannot tell are right, beside what people use today.

Run as ``python bench/followup.py [REPEATS] [SEED]``. Every figure is measured in this run, on actions whose effect is
known: `follow_worlds` says from what. Family 1 is as a statistician would assume it, family 2 breaks that; cells say
"family 1 / family 2", in per cent. False moved: called moved without an effect the wanted way. False not moved: a real
effect at least as large as hoped (0.05 where nothing is hoped for, 0.1 at most) is called not moved. Where no verdict
on a single action can be right (two at once, few days, vanished) every verdict is false; two at once are covered when
the joint interval holds the sum. Covers: the 95 % interval holds the truth, wherever one is given; width of the level.

The others on the same cases: a Welch test of the days from the start against as many before (its interval gets the
same three verdicts), "this month's mean beats last month's" and "done = worked". A "!" misses its bar, "!!" beyond
what the number of cases leaves to chance.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import follow_worlds as worlds
import numpy as np
import pandas as pd
from scipy import stats

from opsretro import followup

SEED, REPEATS, EXAMPLES = 20261401, 150, 3
BAR_FALSE, BAR_SECONDS = 7.0, 10.0
REAL = tuple(name for name in worlds.EFFECTS if name != "wrong way")
NOTHING = tuple(name for name in worlds.SITUATIONS if name not in REAL)
JUDGED = tuple(name for name in NOTHING if name not in worlds.MUST_REFUSE)
DUE = {"two at once": {"joint", "few_days"}, "few days": {"few_days", "starts_later"}}
DUE |= {"vanished": {"metric_gone", "no_metric", "few_days"}}
VERDICTS = ("moved", "not_moved", "cannot_tell")


class Answer(NamedTuple):
    """What a method says of one action."""

    verdict: str
    reason: str = ""
    lower: float = np.nan
    upper: float = np.nan


class Judged(NamedTuple):
    """One answer beside the truth; `where` is what makes the case again."""

    situation: str
    family: int
    method: str
    answer: Answer
    truth: float
    hoped: float
    kind: str
    days: int
    breaks: frozenset[str]
    where: str

    @property
    def false_moved(self) -> bool:
        """Whether an effect is claimed that there is not, or that nobody could know."""
        refuse = self.situation in worlds.MUST_REFUSE
        return self.answer.verdict == "moved" and (refuse or not self.truth > 0)

    @property
    def false_not_moved(self) -> bool:
        """Whether an effect as large as hoped is denied, or one that nobody could know."""
        refuse = self.situation in worlds.MUST_REFUSE
        return self.answer.verdict == "not_moved" and (refuse or self.truth >= self.hoped)

    @property
    def covers(self) -> float:
        """Whether the interval holds the truth; NaN = none was given."""
        if not np.isfinite([self.answer.lower, self.answer.upper, self.truth]).all():
            return np.nan
        return float(self.answer.lower <= self.truth <= self.answer.upper)


def contradictions(row: pd.Series, case: worlds.Case, situation: str) -> Iterable[str]:
    """What in a row does not agree with the rest of it, or with what was handed over."""
    verdict, reason, figures = row["verdict"], row["reason"], row[["lower", "effect", "upper"]].to_numpy(float)
    if verdict not in VERDICTS:
        yield f"verdict {verdict!r}"
    if (verdict == "cannot_tell") != bool(reason):
        yield f"{verdict} with the reason {reason!r}"
    if verdict != "cannot_tell" and not np.isfinite(figures).all():
        yield f"{verdict} without figures"
    if np.isfinite(figures).all() and not (np.diff(figures) >= 0).all():
        yield "effect outside its interval"
    if (verdict == "moved") != (row["lower"] > 0) and verdict != "cannot_tell":
        yield f"{verdict}, although the interval begins at {row['lower']:.3f}"
    if verdict == "not_moved" and row["upper"] >= case.hoped:
        yield f"not_moved, although up to {row['upper']:.3f} is possible and {case.hoped} hoped for"
    if reason and reason not in DUE.get(situation, {reason}):
        yield f"refused for {reason}"
    if reason == "few_days" and len(case.counted) >= 7 and row["id"] == "A1":
        yield f"few_days, although there are {len(case.counted)}"
    if situation not in worlds.MUST_REFUSE and row["n_days"] != len(case.counted):
        yield "n_days is not the number of days with data since the start, without holidays"


def ours(case: worlds.Case, situation: str, faults: list[str]) -> list[Answer]:
    """One answer an action; of two at once, the interval of both together."""
    try:
        found = followup.check(case.actions, case.metrics, case.period)
    except Exception as error:  # a crash is a finding of this bench
        faults.append(f"crashed: {error!r:.150}")
        return [Answer("crashed") for _ in case.actions]
    if list(found["id"]) != [each["id"] for each in case.actions]:
        faults.append("not one row an action, in their order")
    answers = []
    for _, row in found.iterrows():
        faults += contradictions(row, case, situation)
        joint = "joint_" if len(case.actions) > 1 else ""
        answers.append(Answer(row["verdict"], row["reason"], row[f"{joint}lower"], row[f"{joint}upper"]))
    return answers


def three(lower: float, upper: float, hoped: float) -> Answer:
    """The verdict that goes with an interval."""
    verdict = "moved" if lower > 0 else "not_moved" if upper < hoped else "cannot_tell"
    return Answer(verdict, "wide" if verdict == "cannot_tell" else "", lower, upper)


def welch(case: worlds.Case) -> Answer:
    """Mean day since the start against the mean of as many days before, by Welch's test."""
    length = (case.end - case.start).days + 1
    after = case.daily[case.start : case.end]
    before = case.daily[case.start - pd.Timedelta(days=length) : case.start - pd.Timedelta(days=1)]
    if min(len(after), len(before)) < 2 or before.mean() <= 0:
        return Answer("cannot_tell", "few_days")
    interval = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    lower, upper = sorted(case.sign * bound / before.mean() for bound in (interval.low, interval.high))
    return three(lower, upper, case.hoped)


def red_green(case: worlds.Case) -> Answer:
    """Whether this month's mean day beats last month's."""
    months = pd.DatetimeIndex(case.daily.index).to_period("M")
    this, last = (case.daily[months == pd.Period(case.period) - back].mean() for back in (0, 1))
    if not np.isfinite([this, last]).all():
        return Answer("cannot_tell", "no_data")
    return Answer("moved" if case.sign * (this - last) > 0 else "not_moved")


def done(case: worlds.Case) -> Answer:
    """Done is worked."""
    return Answer("moved")


PEERS: dict[str, Callable[[worlds.Case], Answer]] = {"Welch": welch, "month beats last": red_green, "done": done}


def measure(repeats: int, seed: int) -> tuple[list[Judged], Counter[str], dict[str, list[str]], list[float]]:
    """All situations of both families, each case with a random stream of its own."""
    judged, faults, examples, seconds = [], Counter[str](), defaultdict(list), []
    for index, number, repeat in np.ndindex(2, len(worlds.SITUATIONS), repeats):
        family, situation = index + 1, worlds.SITUATIONS[number]
        case = worlds.case(np.random.default_rng([seed, family, number, repeat]), family, situation)
        where, said = f"[{seed}, {family}, {number}, {repeat}]", list[str]()
        begin = time.perf_counter()
        answers = {"opsretro": ours(case, situation, said)}
        seconds.append((time.perf_counter() - begin) / len(case.actions))
        answers |= {name: [peer(case)] * len(case.actions) for name, peer in PEERS.items()}
        rest = case.truth, case.hoped, case.kind, len(case.counted), case.breaks, where
        judged += [Judged(situation, family, name, each, *rest) for name, given in answers.items() for each in given]
        for fault in said:
            faults[f"{situation}: {fault}"] += 1
            examples[f"{situation}: {fault}"].append(where)
    return judged, faults, examples, seconds


def rate(values: Iterable[Any], bar: float = np.inf) -> str:
    """A share in per cent, marked where it misses its bar; a dash where there is nothing."""
    finite = [float(value) for value in values if np.isfinite(value)]
    if not finite:
        return "–"
    found, noise = 100 * np.mean(finite), 2 * np.sqrt(max(bar * (100 - bar), 0) / len(finite)) if bar < 100 else 0
    return f"{found:.{int(bar < 100)}f}" + ("!!" if found > bar + noise else "!" if found > bar else "")


def both(judged: list[Judged], figure: Callable[[Judged], Any], bar: float = np.inf) -> str:
    """A figure of family 1 and of family 2."""
    return " / ".join(rate((figure(each) for each in judged if each.family == family), bar) for family in (1, 2))


def width(judged: list[Judged]) -> str:
    """Mean width of the intervals that are given, family 1 and 2."""
    sizes = [[each.answer.upper - each.answer.lower for each in judged if each.family == family] for family in (1, 2)]
    return " / ".join(f"{100 * np.nanmean(each):.0f}" if np.isfinite(each).any() else "–" for each in sizes)


def calls(judged: list[Judged], verdict: str) -> str:
    """How often a verdict is given."""
    return both(judged, lambda each: each.answer.verdict == verdict)


def head(*cells: str) -> None:
    """First two lines of a Markdown table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def row(*cells: str) -> None:
    """One line of a Markdown table."""
    print(f"| {' | '.join(cells)} |")


def line(name: str, judged: list[Judged]) -> None:
    """Our figures of one group of cases; a share of false verdicts where there can be any."""
    reasons = Counter(each.answer.reason for each in judged if each.answer.verdict == "cannot_tell").most_common(2)
    without = [each for each in judged if not each.truth > 0 or each.situation in worlds.MUST_REFUSE]
    missed = [each for each in judged if each.truth >= each.hoped or each.situation in worlds.MUST_REFUSE]
    row(
        name, str(len(judged)), calls(judged, "moved"), calls(judged, "not_moved"),
        f"{calls(judged, 'cannot_tell')} {', '.join(f'{reason} {count}' for reason, count in reasons)}",
        both(without, lambda each: each.false_moved, BAR_FALSE), both(missed, lambda each: each.false_not_moved),
        both(judged, lambda each: each.covers), width(judged),
    )  # fmt: skip


HEADER = ("cases", "moved", "not moved", "cannot tell", "false moved", "false not moved", "covers", "width")


def print_ours(judged: list[Judged]) -> None:
    """By situation; then what hides behind it."""
    own = [each for each in judged if each.method == "opsretro"]
    head("situation", *HEADER)
    for situation in worlds.SITUATIONS:
        line(situation, [each for each in own if each.situation == situation])
    line("**all without a wanted effect**", [each for each in own if each.situation in NOTHING])
    line("**of these, where a verdict can be given**", [each for each in own if each.situation in JUDGED])
    line("**all real effects**", [each for each in own if each.situation in REAL])
    usual = [each for each in own if each.situation not in worlds.MUST_REFUSE]
    head("all but the three that must be refused, by", *HEADER)
    for kind in worlds.KINDS:
        line(kind, [each for each in usual if each.kind == kind])
    for low, high in ((7, 14), (15, 28), (29, 60)):
        line(f"{low} to {high} days", [each for each in usual if low <= each.days <= high])
    for name in worlds.BREAKS:
        line(name, [each for each in usual if name in each.breaks])


def print_peers(judged: list[Judged]) -> None:
    """How often each method says moved, and what that is worth."""
    methods = ["opsretro", *PEERS]
    head("called moved", "which is", *methods, "Welch: false not moved", "Welch: covers", "Welch: width")
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in worlds.SITUATIONS}
    groups |= {"**all without a wanted effect**": NOTHING, "**where a verdict can be given**": JUDGED}
    for name, situations in (groups | {"**all real effects**": REAL}).items():
        of = {key: [each for each in judged if each.method == key and each.situation in situations] for key in methods}
        real = set(situations) <= set(REAL)
        peer = [each for each in of["Welch"] if each.situation not in worlds.MUST_REFUSE]
        missed = [each for each in peer if each.truth >= each.hoped]
        shares = [both(each, lambda one: one.answer.verdict == "moved", np.inf if real else BAR_FALSE)
                  for each in of.values()]  # fmt: skip
        row(name, "found" if real else "false", *shares, both(missed, lambda each: each.false_not_moved),
            both(peer, lambda each: each.covers), width(peer))  # fmt: skip


def print_faults(judged: list[Judged], faults: Counter[str], examples: dict[str, list[str]]) -> None:
    """What contradicts itself, then the worst false verdicts; each with the seed of its case."""
    print("\ncontradictions and crashes (case: `worlds.case(np.random.default_rng(SEED), SEED[1], SITUATION)`):")
    lines = [f"- {count} × {fault}: {', '.join(examples[fault][:EXAMPLES])}" for fault, count in faults.most_common(25)]
    print("\n".join(lines or ["- none"]))
    print("\nworst false verdicts:")
    own = [each for each in judged if each.method == "opsretro" and (each.false_moved or each.false_not_moved)]
    for situation in worlds.SITUATIONS:
        found = [each for each in own if each.situation == situation]
        found.sort(key=lambda each: -abs(each.answer.lower if each.false_moved else each.truth - each.answer.upper))
        for each in found[:EXAMPLES]:
            given = f"{each.answer.verdict} {100 * each.answer.lower:.1f} to {100 * each.answer.upper:.1f}"
            about = f"{each.kind}, {each.days} days, {', '.join(sorted(each.breaks)) or 'as assumed'}"
            print(f"- {situation}: {given} where {100 * each.truth:.1f} is true ({about}): {each.where}")


def print_speed(seed: int) -> None:
    """200 actions on 40 metrics of 24 months with four channels, checked in one call: apart, and all at once."""
    rng, days = np.random.default_rng([seed, 9]), pd.date_range("2024-11-01", "2026-10-31")
    frames = [
        pd.DataFrame({"date": days, "kpi": f"kpi {k}", "channel": c, "value": rng.poisson(rng.uniform(50, 900), 730)})
        for k in range(40)
        for c in ("app", "web", "shop", "partner")
    ]
    metrics = pd.concat(frames, ignore_index=True)
    for name, gap in (("95 days apart on each metric", 95), ("five on a metric within a month", 7)):
        starts = [days[-1 - 20 - gap * back] for back in range(5)]
        common = {"direction": "higher", "status": "check"}
        actions = [
            {"id": f"A{k}-{j}", "metric": f"kpi {k}", "start": f"{day:%Y-%m-%d}", **common}
            for k in range(40)
            for j, day in enumerate(starts)
        ]
        begin = time.perf_counter()
        found = followup.check(actions, metrics, "2026-10")
        seconds = time.perf_counter() - begin
        said = found["reason"].where(found["reason"] != "", found["verdict"]).value_counts()
        counts = ", ".join(f"{code} {count}" for code, count in said.items())
        print(f"200 actions, {name}: {seconds:.1f} s (bar {BAR_SECONDS:.0f}); {counts}")


def main(repeats: int = REPEATS, seed: int = SEED) -> None:
    """All tables."""
    begin = time.perf_counter()
    print(f"{repeats} cases a situation and family, seed {seed}; bar: false moved <= {BAR_FALSE:.0f} %")
    judged, faults, examples, seconds = measure(repeats, seed)
    print_ours(judged)
    print_peers(judged)
    print_faults(judged, faults, examples)
    print(f"\n{np.mean(seconds):.3f} s an action, {np.max(seconds):.2f} at most")
    print_speed(seed)
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
