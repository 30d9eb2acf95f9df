"""Reported causes against planted ones, for `bench/causes.py`: who reports, what counts as found, what goes wrong."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cause_worlds as worlds
import numpy as np
import pandas as pd

from opsretro.analysis.methods.locate import locate

try:
    import wise_pizza
except ImportError:
    wise_pizza = None
try:
    import metriclens
except ImportError:
    metriclens = None

TOP = 3
"""How many answers are taken of a package that always names something."""


class Answer(NamedTuple):
    """One reported cause, whoever reports it."""

    element: dict[str, Any]
    effect: str
    change: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    confidence: float = np.nan


Method = Callable[[pd.DataFrame, list[str], str], list[Answer]]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One case by one method; `real` holds confidence and truth of each answer."""

    situation: str
    world: int
    method: str
    planted: int
    answers: int
    found: int
    seconds: float
    labels: list[bool] = field(default_factory=list)
    covers: list[bool] = field(default_factory=list)
    real: list[tuple[float, bool]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """1 where nothing was planted and nothing is reported."""
        total = self.planted + self.answers
        return 2 * self.found / total if total else 1.0

    @property
    def precision(self) -> float:
        """NaN without answers."""
        return self.found / self.answers if self.answers else np.nan

    @property
    def recall(self) -> float:
        """NaN without causes."""
        return self.found / self.planted if self.planted else np.nan


def ours(leaves: pd.DataFrame, dims: list[str], kind: str) -> list[Answer]:
    """What `locate` reports."""
    found = locate(leaves, dims, kind=kind).causes
    return [
        Answer(each.element, str(each.effect), each.change, each.lower, each.upper, each.confidence) for each in found
    ]


def sides(leaves: pd.DataFrame, dims: list[str], kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Before and after as two tables of value and size."""
    values = ("forecast", "actual") if kind == "sum" else ("num_forecast", "num_actual")
    size = {"num_forecast": "den_forecast", "num_actual": "den_actual"}
    before, after = (
        leaves[dims].assign(value=leaves[name], size=leaves[size[name]] if name in size else 1.0) for name in values
    )
    return before, after


def of_wise_pizza(leaves: pd.DataFrame, dims: list[str], kind: str) -> list[Answer]:
    """Its three segments of largest impact; default depth (two dimensions)."""
    before, after = sides(leaves, dims, kind)
    arguments = (before, after, dims, "value", "size")
    if kind == "sum":
        lists = {"volume": wise_pizza.explain_changes_in_totals(*arguments, max_segments=TOP)}
    else:
        both = wise_pizza.explain_changes_in_average(*arguments, max_segments=TOP, how="split_fits")
        lists = {"mix": both.s1, "rate": both.s2}
    segments = [
        (abs(each["impact"]), effect, each["segment"]) for effect, fit in lists.items() for each in fit.segments
    ]
    top = sorted(segments, key=lambda each: -each[0])[:TOP]
    return [Answer({name: str(value) for name, value in each.items()}, effect) for _, effect, each in top]


def of_metriclens(leaves: pd.DataFrame, dims: list[str], kind: str) -> list[Answer]:
    """Its three values of largest effect."""
    before, after = sides(leaves, dims, kind)
    raw = pd.concat([before.assign(date="2026-01-01"), after.assign(date="2026-02-01")])
    lens = metriclens.MetricLens(raw, "date", ("2026-01-01",) * 2, ("2026-02-01",) * 2, dims)
    metric = metriclens.SumMetric("value") if kind == "sum" else metriclens.RatioMetric("value", "size")
    table = lens.analyze(metric).segment_contributions()
    columns = {"segment_delta": "volume"} if kind == "sum" else {"rate_effect": "rate", "mix_effect": "mix"}
    sizes = table[list(columns)].abs().astype(float)
    top = sizes.max(axis=1).nlargest(TOP).index
    effects = sizes.loc[top].idxmax(axis=1).map(columns)
    pairs = zip(table.loc[top, "dimension"], table.loc[top, "segment"], effects, strict=True)
    return [Answer({name: value}, effect) for name, value, effect in pairs]


def peers() -> dict[str, Method]:
    """The other packages that are installed; says which are not."""
    found: dict[str, Method] = {"wise-pizza": of_wise_pizza} if wise_pizza else {}
    found |= {"metriclens": of_metriclens} if metriclens else {}
    if len(found) < 2:
        print(f"beside {', '.join(found) or 'nothing'} only: pip install wise-pizza metriclens for the others\n")
    return found


def covered(leaves: pd.DataFrame, element: dict[str, Any]) -> worlds.Vector:
    """Which rows an element covers; a name that is no dimension covers none."""
    rows = np.ones(len(leaves), dtype=bool)
    for name, values in element.items():
        group = [values] if isinstance(values, str) else list(values)
        rows &= leaves[name].isin(group).to_numpy() if name in leaves else False
    return rows


def answered(method: Method, case: worlds.Case) -> tuple[list[Answer], float, str]:
    """Answers, CPU seconds and the crash if there was one, without what is printed on the way."""
    begin, nowhere, crash, found = time.process_time(), io.StringIO(), "", []
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = method(case.leaves, case.dims, case.kind)
        except Exception as error:  # a crash is a finding of this bench
            crash = f"{method.__name__} crashes: {error!r:.150}"
    return found, time.process_time() - begin, crash


def matched(case: worlds.Case, answers: list[Answer], rows: list[worlds.Vector]) -> dict[int, int]:
    """Answer of each planted cause that has one: the same rows, the same effect first."""
    pairs: dict[int, int] = {}
    for strict in (True, False):
        for number, cause in enumerate(case.causes):
            for place, answer in enumerate(answers):
                free = number not in pairs and place not in pairs.values()
                if free and (answer.effect == cause.effect or not strict) and (rows[place] == cause.rows).all():
                    pairs[number] = place
    return pairs


def inside(answer: Answer, change: float) -> bool:
    """Whether an interval holds the true change, but for the computer's rounding."""
    return answer.lower - 1e-6 * abs(change) <= change <= answer.upper + 1e-6 * abs(change)


def alone(case: worlds.Case, cause: worlds.Cause) -> bool:
    """Whether no other cause of the same effect touches its rows: the part they share has no one owner."""
    others = [each.rows for each in case.causes if each is not cause and each.effect == cause.effect]
    return not any((rows & cause.rows).any() for rows in others)


def judge(situation: str, world: int, name: str, method: Method, case: worlds.Case) -> Score:
    """One method on one case."""
    answers, seconds, crash = answered(method, case)
    rows = [covered(case.leaves, each.element) for each in answers]
    pairs = matched(case, answers, rows)
    both = [(case.causes[number], answers[place]) for number, place in pairs.items()]
    right = [(cause, each) for cause, each in both if cause.effect == each.effect and np.isfinite(cause.change)]
    return Score(
        situation=situation,
        world=world,
        method=name,
        planted=len(case.causes),
        answers=len(answers),
        found=len(pairs),
        seconds=seconds,
        labels=[cause.effect == each.effect for cause, each in both],
        covers=[inside(each, cause.change) for cause, each in right if alone(case, cause)],
        real=[(each.confidence, place in pairs.values()) for place, each in enumerate(answers)],
        failures=[(crash, "")] if crash else list(failures(case, answers, rows, pairs)) if method is ours else [],
    )


def written(leaves: pd.DataFrame, element: dict[str, Any]) -> str:
    """An element in one line."""
    groups = [[values] if isinstance(values, str) else sorted(values) for values in element.values()]
    return " × ".join("/".join(group) for group in groups) or "everything"


def planted(case: worlds.Case, cause: worlds.Cause) -> str:
    """A planted cause in one line."""
    labels = {
        case.dims[place]: sorted(case.leaves.loc[cause.rows, case.dims[place]].unique()) for place in cause.element
    }
    return f"{written(case.leaves, labels)} ({cause.effect}, {'new' if cause.new else f'×{np.exp(cause.log):.2f}'})"


def failures(
    case: worlds.Case, answers: list[Answer], rows: list[worlds.Vector], pairs: dict[int, int]
) -> Iterable[tuple[str, str]]:
    """What is wrong with the answers, in words, with the case in one line."""
    loose = [place for place in range(len(answers)) if place not in pairs.values()]
    lost = [cause for number, cause in enumerate(case.causes) if number not in pairs]
    given = ", ".join(f"{written(case.leaves, each.element)} ({each.effect})" for each in answers) or "nothing"
    line = f"{'; '.join(planted(case, cause) for cause in case.causes) or 'nothing'} → {given:.400}"
    for cause in lost:
        yield missed(case, cause, [(answers[place], rows[place]) for place in loose], answers), line
    for place in loose:
        if not any((rows[place] & cause.rows).any() for cause in lost):
            yield extra(case, answers[place], rows[place]), line


def missed(
    case: worlds.Case, cause: worlds.Cause, loose: list[tuple[Answer, worlds.Vector]], answers: list[Answer]
) -> str:
    """How a planted cause is missed."""
    own, names = cause.rows, {case.dims[place] for place in cause.element}
    around = [each for each, rows in loose if not (own & ~rows).any()]
    inside = [each for each, rows in loose if rows.any() and not (rows & ~own).any()]
    crossing = [each for each, rows in loose if (rows & own).any()]
    leaf = ", a single leaf," if len(names) == len(case.dims) else ""
    kind = f"a {cause.effect} cause{leaf}"
    if not answers:
        return f"{kind} is missed: nothing at all is reported"
    if around:
        same = set(around[0].element) == names
        return f"{kind} comes as {'a group with values too many' if same else 'the larger slice around it'}"
    if inside:
        part = "values of the group" if set(inside[0].element) == names else "parts of it (a dimension too many)"
        return f"{kind} comes as {'one or some' if len(inside) == 1 else 'several'} {part} instead of the whole"
    if crossing:
        return f"{kind} comes as a slice that only crosses it"
    known = [other for other in case.causes if other is not cause and (other.rows & own).any()]
    beside = " (it overlaps another cause that is found or mistaken)" if known else ""
    return f"{kind} is left out while others are reported{beside}"


def extra(case: worlds.Case, answer: Answer, rows: worlds.Vector) -> str:
    """What an answer is that stands for no cause."""
    few = int(rows.sum())
    size = (
        "one leaf" if few == 1 else "a few leaves" if few < 10 else f"{len(answer.element)} dimension(s), many leaves"
    )
    if not case.causes:
        return f"a {answer.effect} cause ({size}) is reported where nothing happened"
    for cause in case.causes:
        if (cause.rows == rows).all():
            return f"a found cause is named a second time, as {answer.effect}"
        if (cause.rows & rows).any():
            inside, around = not (rows & ~cause.rows).any(), not (cause.rows & ~rows).any()
            how = "a part of" if inside else "the larger slice around" if around else "a slice that crosses"
            return f"besides a found cause, {how} it is reported, as {answer.effect}"
        if (cause.rows | rows).all():
            return f"the rest of a cause's dimension is reported besides, as {answer.effect}"
    return f"a slice that shares no row with any cause ({size}) is reported besides, as {answer.effect}"
