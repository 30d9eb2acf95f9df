"""Reliability: how far the items of one dimension measure the same thing (Cronbach's alpha with its interval)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from scipy import special

from opsretro.errors import InputError, Problem, as_code, collecting

ROUNDING = 1e-9


class Missing(StrEnum):
    """Which people count where some of their answers are missing."""

    PAIRWISE = "pairwise"
    LISTWISE = "listwise"


@dataclass(frozen=True, kw_only=True)
class Alpha:
    """Cronbach's alpha of one set of items.

    Attributes:
        alpha: At most 1; below 0 where items contradict each other (one was perhaps not turned). NaN where it is not
            defined: fewer than 2 people or items, nobody differs, or two items were never answered by two same people.
        lower: Lower end of the interval.
        upper: Upper end of the interval.
        n: People with at least one answer.
        k: Items with at least one answer.
    """

    alpha: float
    lower: float
    upper: float
    n: int
    k: int


def cronbach_alpha(
    answers: pd.DataFrame, *, confidence: float = 0.95, missing: Missing | str = Missing.PAIRWISE
) -> Alpha:
    """Cronbach's alpha with Feldt's interval.

    Alpha is k / (k - 1) x (1 - sum of the item variances / variance of the total). Missing answers are not filled in:
    ``pairwise`` takes each variance and covariance from the people who have both answers, ``listwise`` takes people
    who answered every item. The interval counts the n people with any answer, as pingouin does for either choice;
    for the wider interval of the complete rows alone hand over ``answers.dropna()``.

    Args:
        answers: One row a person, one numeric column an item, turned to one direction; NaN = missing.
        confidence: Of the interval.
        missing: ``pairwise`` or ``listwise``.

    Returns:
        Alpha and its interval. People and items without any answer do not count.

    Raises:
        InputError: A column holds something that is no number or infinite, a column is there twice, or an argument is
            out of range; names all of it.

    Source:
        L. J. Cronbach, Psychometrika 16 (1951): 297-334. L. S. Feldt, D. J. Woodruff and F. A. Salih, Statistical
        inference for coefficient alpha, Applied Psychological Measurement 11 (1987): 93-103. Missing answers as in
        pingouin's ``cronbach_alpha``.

    Example:
        >>> found = cronbach_alpha(pd.DataFrame({"a": [1, 2, 4, 5], "b": [2, 2, 5, 4], "c": [1, 3, 4, 4]}))
        >>> round(found.alpha, 3), found.n, found.k
        (0.938, 4, 3)
    """
    problems = [*item_problems(answers, answers.columns), *share_problems(confidence, "confidence", 0.95)]
    with collecting(problems):
        rule = as_code(Missing, missing, "missing")
    numbers = answers.apply(as_numbers)
    endless = answers.columns[np.isinf(numbers.to_numpy(dtype="float64")).any(axis=0)]
    problems += [Problem(code="infinite", source="answers", column=str(item)) for item in endless]
    if problems:
        raise InputError(problems)
    table = numbers.dropna(how="all").dropna(axis="columns", how="all")
    n, k = table.shape
    used = table.dropna() if rule is Missing.LISTWISE else table
    alpha = _alpha(used.cov().to_numpy(), k) if min(n, k) >= 2 else math.nan
    lower, upper = _feldt(alpha, n, k, confidence)
    return Alpha(alpha=alpha, lower=lower, upper=upper, n=n, k=k)


def _alpha(covariance: np.ndarray, k: int) -> float:
    """From the covariances; NaN where one is unknown, nobody differs, or holes in the answers make it impossible."""
    total = float(covariance.sum())
    if not total > ROUNDING * abs(float(np.trace(covariance))):
        return math.nan
    alpha = k / (k - 1) * (1 - float(np.trace(covariance)) / total)
    return min(alpha, 1.0) if alpha <= 1 + ROUNDING else math.nan


def _feldt(alpha: float, n: int, k: int, confidence: float) -> tuple[float, float]:
    """The ends of Feldt's interval; NaN where alpha is."""
    if math.isnan(alpha):
        return math.nan, math.nan
    people, rest = n - 1, (n - 1) * (k - 1)
    tail = (1 - confidence) / 2
    lower, upper = (1 - (1 - alpha) * float(special.fdtri(people, rest, 1 - share)) for share in (tail, 1 - tail))
    return lower, upper


def item_problems(answers: pd.DataFrame, items: Iterable[str], source: str = "answers") -> list[Problem]:
    """What keeps columns from being numbers; tells counts and headers, never an answer.

    Args:
        answers: One row a person.
        items: Columns that must be there, once each; missing cells are no problem.
        source: Where the frame comes from.
    """
    problems = []
    for item in dict.fromkeys(items):
        found = answers.loc[:, answers.columns == item]
        if found.shape[1] != 1:
            code, column = ("column_twice", str(item)) if found.shape[1] else ("column_missing", None)
            problems.append(Problem(code=code, source=source, column=column, values={"column": str(item)}))
        elif n := int((as_numbers(found.iloc[:, 0]).isna() & found.iloc[:, 0].notna()).sum()):
            problems.append(Problem(code="not_numbers", source=source, column=str(item), values={"n": str(n)}))
    return problems


def as_numbers(cells: pd.Series) -> pd.Series:
    """A column as floats; what is no number is missing."""
    return pd.to_numeric(cells, errors="coerce").astype("float64")


def share_problems(value: float, name: str, example: float) -> list[Problem]:
    """An argument that must lie between 0 and 1 and does not.

    Args:
        value: What was given.
        name: Of the argument.
        example: A value that would do.
    """
    if 0 < value < 1:
        return []
    values = {"value": str(value), "low": "0", "high": "1", "fix": str(example)}
    return [Problem(code="not_between", source=name, values=values)]
