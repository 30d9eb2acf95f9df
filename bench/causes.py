"""Root causes: how many planted causes `locate` finds, and what else it names, beside two other packages.

Run as ``python bench/causes.py [REPETITIONS] [SEED]``. Every figure is measured in this run, on cases drawn from the
seed: `cause_worlds` says from what, `cause_rules` when a planted cause counts as one that can be seen. Half of the
cases of a situation are world 1, as assumed, half world 2, which breaks what is assumed. A reported cause is found
when it covers the same rows of the data as a planted one, however it is written; scores are means over cases, and a
situation in which nothing happened counts the cases with any cause. `cover` is how often the 95 % interval of a found
cause's change holds the truth: the sum of its rows' true means with the effect less that without it (a rate: of the
numerator, per actual denominator of the whole). A mix and causes that overlap are not judged, for their truth depends
on what comes first.

The others see the first cases of each situation: wise-pizza its three segments of largest impact
(`explain_changes_in_totals`, every leaf of size 1; ratios `explain_changes_in_average` with "split_fits", whose two
lists are mix and rate), metriclens the three values of largest effect over all dimensions (it knows one dimension at a
time). Both always name something, so three answers to one cause can reach an F1 of 0.5 at most.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

import cause_worlds as worlds
import numpy as np
from cause_judge import Method, Score, judge, ours, peers
from cause_size import print_sizes

SEED, REPETITIONS, PEER_REPETITIONS, EXAMPLES = 20261101, 40, 6, 2
HARD = ("single leaves", "drift and heavy noise")
BAR_F1, BAR_HARD, BAR_FALSE, BAR_EFFECT = 0.95, 0.90, 0.03, 0.98
BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)


def measure(repetitions: int, seed: int, methods: dict[str, Method]) -> list[Score]:
    """All situations, each with a random stream of its own, the worlds in turn."""
    scores = []
    for number, (name, situation) in enumerate(worlds.SITUATIONS.items()):
        for repetition in range(repetitions):
            world = 1 + repetition % 2
            case = worlds.case(np.random.default_rng([seed, number, repetition]), world, situation)
            chosen = {"opsretro": ours} | (methods if repetition < PEER_REPETITIONS else {})
            scores += [judge(name, world, key, method, case) for key, method in chosen.items()]
    return scores


def mean(values: Iterable[float], form: str = ".2f") -> str:
    """Mean of what is finite, a dash where nothing is."""
    finite = [value for value in values if np.isfinite(value)]
    return format(np.mean(finite), form) if finite else "–"


def row(*cells: str) -> None:
    """One line of a Markdown table."""
    print(f"| {' | '.join(cells)} |")


def head(*cells: str) -> None:
    """First two lines of a Markdown table."""
    row(*cells)
    row(*("---" for _ in cells))


def print_scores(scores: list[Score], methods: dict[str, Method]) -> None:
    """One row a situation."""
    head("situation", "cases", "F1", "as assumed", "broken", "precision", "recall", "effect", "cover", "CPU s",
         *(f"{name} F1 / s" for name in methods))  # fmt: skip
    for name, situation in worlds.SITUATIONS.items():
        made = [each for each in scores if each.situation == name]
        own, null = [each for each in made if each.method == "opsretro"], situation.causes == worlds.NONE
        figure = (lambda each: float(each.answers > 0)) if null else (lambda each: each.f1)
        form, first = (".1%" if null else ".2f"), [figure(each) for each in own]
        worlds_of = [[figure(each) for each in own if each.world == world] for world in (1, 2)]
        others = [[each for each in made if each.method == key] for key in methods]
        pairs = [f"{mean(map(figure, each), form)} / {np.median([one.seconds for one in each]):.2f}" for each in others]
        listed = [[value for each in own for value in each.labels], [value for each in own for value in each.covers]]
        rest = ["–"] * 4 if null else [
            mean(each.precision for each in own), mean(each.recall for each in own), *(mean(each) for each in listed)
        ]  # fmt: skip
        seconds = f"{np.median([each.seconds for each in own]):.3f}"
        row(name + (" (false alarms)" if null else ""), str(len(own)), mean(first, form),
            *(mean(each, form) for each in worlds_of), *rest, seconds, *pairs)  # fmt: skip


def print_summary(scores: list[Score], methods: dict[str, Method]) -> None:
    """Means over situations, by which the bars are worded; "!" = misses its bar."""
    print()
    head("mean over situations", f"macro-F1 (bar {BAR_F1})", f"{' and '.join(HARD)} (bar {BAR_HARD})",
         f"false alarms (bar {BAR_FALSE:.0%})", f"effect right (bar {BAR_EFFECT})")  # fmt: skip
    for name in ["opsretro", *methods]:
        own = [each for each in scores if each.method == name]
        groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for each in own:
            null = not each.planted
            kind = "false" if null else "hard" if each.situation in HARD else "usual"
            groups[kind][each.situation].append(float(each.answers > 0) if null else each.f1)
        macro = {kind: float(np.mean([np.mean(values) for values in of.values()])) for kind, of in groups.items()}
        effect = float(np.mean([value for each in own for value in each.labels] or [np.nan]))
        row(
            name,
            f"{macro['usual']:.3f}{'' if macro['usual'] >= BAR_F1 else ' !'}",
            f"{macro['hard']:.3f}{'' if macro['hard'] >= BAR_HARD else ' !'}",
            f"{macro['false']:.1%}{'' if macro['false'] <= BAR_FALSE else ' !'}",
            f"{effect:.3f}{'' if effect >= BAR_EFFECT else ' !'}",
        )


def print_calibration(scores: list[Score]) -> None:
    """Reported causes by their confidence."""
    print()
    head("confidence", "causes", "real", "mean confidence")
    real = np.array([pair for each in scores if each.method == "opsretro" for pair in each.real]).reshape(-1, 2)
    for low, high in pairwise(BINS):
        within = real[(real[:, 0] > low) & (real[:, 0] <= high)] if low else real[real[:, 0] <= high]
        row(f"{low} to {high}", str(len(within)), mean(within[:, 1]), mean(within[:, 0]))


def print_failures(scores: list[Score]) -> None:
    """What is missed and what is reported in vain, most frequent first, with examples: planted → reported."""
    print("\n## What goes wrong")
    for name in worlds.SITUATIONS:
        found = [(each.world, *pair) for each in scores if each.situation == name for pair in each.failures]
        counts = Counter(text for _, text, _ in found)
        if counts:
            print(f"\n{name}")
        for text, count in counts.most_common():
            first = sum(1 for world, other, _ in found if other == text and world == 1)
            print(f"- {count}× {text} ({first} of them in data as assumed)")
            lines = dict.fromkeys(line for _, other, line in found if other == text)
            print("\n".join(f"    - {line}" for line in list(lines)[:EXAMPLES]))


def main(repetitions: int = REPETITIONS, seed: int = SEED) -> None:
    """All tables."""
    methods = peers()
    print(f"{repetitions} cases a situation (the others: {PEER_REPETITIONS}), seed {seed}\n")
    scores = measure(repetitions, seed, methods)
    print_scores(scores, methods)
    print_summary(scores, methods)
    print_calibration(scores)
    print_sizes(seed, pizza="wise-pizza" in methods)
    print_failures(scores)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
