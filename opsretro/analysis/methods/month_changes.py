"""Whether the newest month of a survey stands out from the months before by more than they differ by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from opsretro.analysis.methods.reliability import as_numbers, item_problems, share_problems
from opsretro.errors import InputError, Problem

FULL_MONTHS, LEAST_MONTHS = 12, 6
"""Earlier months a prediction interval looks at, and needs."""
LEAST_PEOPLE = 6
"""With fewer, reshuffling the answers of two months can never be rare enough: 2 of the 2^5 ways is more than 5 %."""
KEPT = 0.5
"""Share of this month's people who must have answered an earlier month for the two to be compared person by person."""
WIDER = 1.05
"""Months lean on each other (people leave slowly, moods last), which the spread of a few months cannot show."""
LEAST_SPREAD = 0.5
"""Of one person's answers, in points: a few calm months (everybody at the top of the scale) do not show less."""
RESHUFFLES = 2000
SEED = 20261101
STEPS = (0.1, 0.01)
"""What means may have been rounded to."""
ROUNDED = 9
HAIR = 1e-9
COLUMNS = ("group", "dimension", "verdict", "mean", "expected", "lower", "upper", "n", "n_months", "method", "p")


class Verdict(StrEnum):
    """What the newest month says."""

    UP = "up"
    DOWN = "down"
    STEADY = "steady"
    CANNOT_TELL = "cannot_tell"


class Method(StrEnum):
    """What a verdict rests on."""

    PREDICTION = "prediction"
    PERMUTATION = "permutation"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """The months of one group, oldest first, the newest month last.

    Attributes:
        name: Of the group.
        means: One row a month, one column a dimension.
        counts: People behind them; NaN = unknown.
        people: One row a person and month: month, dimensions, perhaps respondent; None = only means are known.
        step: What the means were rounded to; 0 = not at all.
    """

    name: str
    means: pd.DataFrame
    counts: pd.DataFrame
    people: pd.DataFrame | None
    step: float


@dataclass(frozen=True, kw_only=True)
class _Band:
    """Where the mean of the newest month would lie if nothing had changed."""

    expected: float = math.nan
    half: float = math.nan
    n_months: int = 0
    method: Method = Method.NONE
    p: float = math.nan


def changes(history: pd.DataFrame, *, alpha: float = 0.05, telling: float = 0.5) -> pd.DataFrame:
    """Whether each dimension's newest month differs from the earlier ones, at a known rate of false alarms.

    From 6 earlier months on: a t prediction interval for one new month, from the dimension's own newest 12 monthly
    means. With people's keys, an earlier month is compared on the people who answered both, so that a new colleague is
    no change. Months that were all alike, by rounding or at an end of the scale, do not make it narrower than one
    person's point or one step of the rounding.

    Before that, from the answers of at least 6 people: a permutation test of the largest difference, on months
    reshuffled within each person where keys link at least half of this month's people to earlier months, else on
    people reshuffled between this month and the earlier ones.

    `alpha` is shared by all dimensions of a group. Simulated, any of 8 dimensions is told falsely in 3 to 5 % of the
    months of a group of 6 to 30 whose people stay or are new every month; in up to 10 % for a group of 6 when one of
    them is replaced and there are no keys to see it by.

    A swing of the whole team that comes and goes by the month is known from six months on only: before that a test
    among people takes it for a change (up to three times in ten, where everybody swings by 0.15 points and 20 answer).

    Args:
        history: One row a month and dimension (month, dimension, mean, [n]) or one row a person and month (month,
            [respondent], and one column a dimension, scores from 1 to 5). A column ``group`` is judged group by group.
            Missing months stay missing.
        alpha: Chance of any false alarm in a group and month.
        telling: A move worth knowing, in points.

    Returns:
        One row a group and dimension: group (``all`` without groups); dimension; verdict (``up`` or ``down`` when the
        mean lies outside the band, ``steady`` when it lies inside and the band reaches at most `telling` to either
        side, else ``cannot_tell``); mean (newest month); expected, lower, upper (the band); n (people, NaN =
        unknown); n_months (earlier months used, or there); method (``prediction``, ``permutation``, ``none``); p (of a
        permutation, for all dimensions of the group together).

    Raises:
        InputError: A column is missing, cells are no months or numbers or lie outside 1 to 5, rows are there twice, or
            an argument is out of range; names all of it, and no answer.

    Source:
        G. J. Hahn and W. Q. Meeker, Statistical Intervals (1991), chapter 4: prediction interval for one future mean.
        P. H. Westfall and S. S. Young, Resampling-Based Multiple Testing (1993): the largest of several statistics.
        B. Phipson and G. K. Smyth, Permutation P-values Should Never Be Zero (2010): the data are one of the ways.

    Example:
        >>> means = [3.9, 4.1, 4.0, 3.9, 4.1, 4.0, 3.2]
        >>> months = [f"2026-{month:02d}" for month in range(1, 8)]
        >>> found = changes(pd.DataFrame({"month": months, "dimension": "clarity", "mean": means, "n": 12}))
        >>> found[["verdict", "expected", "lower", "upper"]].round(2).to_dict("records")
        [{'verdict': 'down', 'expected': 4.0, 'lower': 3.74, 'upper': 4.26}]
    """
    problems = [*share_problems(alpha, "alpha", 0.05), *_telling_problems(telling), *_history_problems(history)]
    if problems:
        raise InputError(problems)
    rows = [row for group in _groups(history) for row in _judged(group, alpha, telling)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _telling_problems(telling: float) -> list[Problem]:
    if 0 < telling <= 4:
        return []
    return [
        Problem(
            code="not_between", source="telling", values={"value": str(telling), "low": "0", "high": "4", "fix": "0.5"}
        )
    ]


def _is_means(history: pd.DataFrame) -> bool:
    return {"dimension", "mean"} <= set(history.columns)


def _dimensions(history: pd.DataFrame) -> list[str]:
    return [column for column in history if column not in {"month", "respondent", "group"}]


def _history_problems(history: pd.DataFrame) -> list[Problem]:
    """Everything that is wrong with a history; counts and headers only."""
    scores = ["mean"] if _is_means(history) else _dimensions(history)
    counts = ["n"] if _is_means(history) and "n" in history else []
    needed = ["month", *([] if scores else ["dimension", "mean"])]
    absent = [name for name in needed if name not in history]
    found = [Problem(code="column_missing", source="history", values={"column": name}) for name in absent]
    found += item_problems(history, [*scores, *counts], "history")
    return found or [*_scale_problems(history, scores), *_row_problems(history)]


def _scale_problems(history: pd.DataFrame, scores: list[str]) -> Iterator[Problem]:
    for name in scores:
        cells = as_numbers(history[name]).dropna()
        if n := int((~cells.between(1 - HAIR, 5 + HAIR)).sum()):
            values = {"n": str(n), "low": "1", "high": "5"}
            yield Problem(code="outside_scale", source="history", column=str(name), values=values)


def _row_problems(history: pd.DataFrame) -> Iterator[Problem]:
    """Rows that cannot be placed: no month, no name of a dimension or group, or the same row again."""
    named = "dimension" if _is_means(history) else "respondent"
    keys = [name for name in ("group", "month", named) if name in history]
    for name in keys:
        if name != "respondent" and history[name].isna().any():
            yield Problem(code="empty_cell", source="history", column=name)
    months = history["month"].dropna().astype("str")
    if n := int((~months.str.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])").astype("bool")).sum()):
        yield Problem(code="not_months", source="history", column="month", values={"n": str(n)})
    if named in keys and (n := int(history[history[named].notna()].duplicated(keys).sum())):
        yield Problem(code="rows_twice", source="history", values={"n": str(n), "columns": ", ".join(keys)})


def _groups(history: pd.DataFrame) -> Iterator[_Group]:
    """The groups in the order they come in, all up to the newest month of the whole history."""
    means = _is_means(history)
    scores = ["mean"] if means else _dimensions(history)
    numbers = {name: as_numbers(history[name]).clip(1, 5) for name in scores}
    table = history.assign(group=history.get("group", "all"), month=history["month"].astype("str"), **numbers)
    if means:
        counts = as_numbers(table["n"]) if "n" in table else math.nan
        table = table.assign(n=counts).assign(n=lambda cells: cells["n"].where(cells["n"] > 0))
    step = _step(table["mean"]) if means else 0.0
    for name, part in table.groupby("group", sort=False):
        average, counts = _by_month(part) if means else _of_people(part, scores)
        months = sorted({*average.index, table["month"].max()})
        people = None if means else part
        frames = {"means": average.reindex(months), "counts": counts.reindex(months)}
        yield _Group(name=str(name), **frames, people=people, step=step)


def _by_month(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means and numbers of people, one row a month, one column a dimension in the order they come in."""
    order = rows["dimension"].unique()
    wide = rows.pivot(index="month", columns="dimension", values=["mean", "n"])
    return wide["mean"][order], wide["n"][order]


def _of_people(rows: pd.DataFrame, scores: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    by_month = rows.groupby("month")[scores]
    return by_month.mean(), by_month.count().astype("float64")


def _step(means: pd.Series) -> float:
    """What means were rounded to, read from all of them; a coarser look of finer numbers only widens the band."""
    known = means.dropna().to_numpy()
    return next((step for step in STEPS if np.allclose(known / step, np.round(known / step), rtol=0, atol=1e-6)), 0.0)


def _judged(group: _Group, alpha: float, telling: float) -> Iterator[dict[str, Any]]:
    """One row a dimension; alpha is shared out evenly among the dimensions that can be judged."""
    known = group.means.columns[group.means.iloc[-1].notna()]
    earlier = group.means[known].iloc[:-1].notna().sum()
    long = [name for name in known if earlier[name] >= LEAST_MONTHS]
    short = [name for name in known if 0 < earlier[name] < LEAST_MONTHS] if group.people is not None else []
    share = alpha / max(len(long) + len(short), 1)
    bands = {name: _predicted(group, name, share) for name in long}
    if short:
        bands |= _permuted(group, short, share * len(short))
    for name in group.means:
        past = int(group.means[name].iloc[:-1].notna().sum())
        yield _row(group, name, bands.get(name, _Band(n_months=past)), telling)


def _row(group: _Group, name: str, band: _Band, telling: float) -> dict[str, Any]:
    """The verdict, read from the very numbers that stand beside it."""
    mean, n = float(group.means[name].iloc[-1]), float(group.counts[name].iloc[-1])
    lower, upper = max(band.expected - band.half, 1.0), min(band.expected + band.half, 5.0)
    verdict = Verdict.CANNOT_TELL
    if band.method is not Method.NONE and not lower <= mean <= upper:
        verdict = Verdict.UP if mean > upper else Verdict.DOWN
    elif max(band.expected - lower, upper - band.expected) <= telling:
        verdict = Verdict.STEADY
    numbers = {"mean": mean, "expected": band.expected, "lower": lower, "upper": upper, "n": n}
    facts = {"n_months": band.n_months, "method": band.method.value, "p": band.p}
    return {"group": group.name, "dimension": name, "verdict": verdict.value, **numbers, **facts}


def _predicted(group: _Group, name: str, alpha: float) -> _Band:
    """Prediction interval of one new monthly mean."""
    past = _matched(group, name)
    fewer = 1.0
    if len(past) < LEAST_MONTHS:
        past = group.means[name].iloc[:-1].dropna()
        usual = group.counts[name][past.index[-FULL_MONTHS:]].mean()
        fewer = float(np.fmax(usual / group.counts[name].iloc[-1], 1))
    past = past.iloc[-FULL_MONTHS:]
    m = len(past)
    one_person = float(np.fmax(LEAST_SPREAD / group.counts[name].iloc[-1], 0))
    spread = max(float(past.std()), group.step / math.sqrt(12), one_person)
    width = WIDER * float(special.stdtrit(m - 1, 1 - alpha / 2)) * spread * math.sqrt(fewer + 1 / m)
    half = max(width, group.step) + HAIR
    return _Band(expected=float(past.mean()), half=half, n_months=m, method=Method.PREDICTION)


def _matched(group: _Group, name: str) -> pd.Series:
    """Earlier means as this month's people would have made them: this month's less what those in both months moved.

    Empty where there are no keys; without the months in which fewer than `KEPT` of this month's people answered.
    """
    if group.people is None or "respondent" not in group.people:
        return pd.Series(dtype="float64")
    linked = group.people.dropna(subset=["respondent", name])
    table = linked.pivot(index="respondent", columns="month", values=name).reindex(columns=group.means.index)
    table = table[table.iloc[:, -1].notna()]
    moved = table.iloc[:, :-1].rsub(table.iloc[:, -1], axis="index")
    enough = moved.notna().sum() >= max(KEPT * float(group.counts[name].iloc[-1]), LEAST_PEOPLE / 2)
    return float(group.means[name].iloc[-1]) - moved.loc[:, enough].mean()


def _permuted(group: _Group, names: list[str], alpha: float) -> dict[str, _Band]:
    """Bands of all dimensions from one set of reshuffles, by the largest statistic of each."""
    moved, error, n, n_months = _within_people(group, names) or _between_people(group, names)
    judged = np.flatnonzero(n >= LEAST_PEOPLE)
    if not len(judged):
        return {}
    size = np.round(np.abs(moved) / error, ROUNDED)[:, judged]
    largest = size.max(axis=1)
    limit = float(np.sort(largest)[::-1][int(alpha * len(largest))])
    return {
        names[at]: _Band(
            expected=float(group.means[names[at]].iloc[-1]) - float(moved[0, at]),
            half=limit * float(error[0, at]) + HAIR,
            n_months=n_months,
            method=Method.PERMUTATION,
            p=float((largest >= size[0, place]).mean()),
        )
        for place, at in enumerate(judged)
    }


_Reshuffled = tuple[np.ndarray, np.ndarray, np.ndarray, int]
"""Moves and their errors (a row a reshuffle, the first as it was; a column a dimension), people, earlier months."""


def _within_people(group: _Group, names: list[str]) -> _Reshuffled | None:
    """For each person any of their months stands for the newest, against the mean of their others.

    None where there are no keys, or too few of this month's people answered before.
    """
    people = group.people
    if people is None or "respondent" not in people:
        return None
    rows = people.dropna(subset=["respondent"]).dropna(subset=names, how="all")
    tables = (rows.pivot(index="respondent", columns="month", values=name) for name in names)
    cube = np.stack([table.reindex(columns=group.means.index).to_numpy() for table in tables], axis=2)
    there = np.isfinite(cube).any(axis=2)
    linked = there[:, -1] & (there.sum(axis=1) > 1)
    cube, there = cube[linked], there[linked]
    if len(cube) < max(KEPT * float(group.counts[names].iloc[-1].max()), LEAST_PEOPLE):
        return None
    lots = np.where(there, np.random.default_rng(SEED).random((RESHUFFLES, *there.shape)), -1.0)
    chosen = lots.argmax(axis=2)
    chosen[0] = there.shape[1] - 1
    moved = _against_others(cube)[np.arange(len(cube)), chosen]
    n = np.isfinite(moved).sum(axis=1)
    mean, variance = _moments(n, np.nansum(moved, axis=1), np.nansum(moved**2, axis=1))
    return mean, _error(variance / np.fmax(n, 1), n), n[0], int(there[:, :-1].any(axis=0).sum())


def _against_others(cube: np.ndarray) -> np.ndarray:
    """Each answer less the mean of the same person's other months."""
    k = np.isfinite(cube).sum(axis=1, keepdims=True)
    return np.where(k > 1, (k * cube - np.nansum(cube, axis=1, keepdims=True)) / np.fmax(k - 1, 1), np.nan)


def _between_people(group: _Group, names: list[str]) -> _Reshuffled:
    """The answers of this month and all earlier ones, dealt to the two sides anew.

    People who answered in several months make the differences smaller than dealing does, so that this errs towards
    saying nothing; only where nearly everybody is new at once does it tell too often.
    """
    assert group.people is not None
    rows = group.people.dropna(subset=names, how="all").sort_values([*names, "month"])
    newest = (rows["month"] == group.means.index[-1]).to_numpy()
    dealt = newest[np.random.default_rng(SEED).random((RESHUFFLES, len(newest))).argsort(axis=1)]
    dealt[0] = newest
    mean, variance, n = _dealt(rows[names].to_numpy(), dealt)
    mean_before, variance_before, n_before = _dealt(rows[names].to_numpy(), ~dealt)
    fewer = np.fmin(n, n_before)
    error = _error(variance / np.fmax(n, 1) + variance_before / np.fmax(n_before, 1), fewer)
    return mean - mean_before, error, fewer[0], rows["month"].nunique() - 1


def _dealt(values: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and number of the answers on one side, for every reshuffle."""
    filled = np.nan_to_num(values)
    n = side.astype("float64") @ np.isfinite(values)
    return *_moments(n, side @ filled, side @ filled**2), n


def _moments(n: np.ndarray, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance; 0 where there are too few."""
    mean = total / np.fmax(n, 1)
    return mean, np.fmax(squares - n * mean**2, 0) / np.fmax(n - 1, 1)


def _error(variance: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Standard error of a move, never below one person moving one point."""
    return np.fmax(np.sqrt(variance), 1 / np.fmax(n, 1))
