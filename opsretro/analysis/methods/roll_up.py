"""From key results to the score of a team: clamped attainments, the ratings of people, months to the year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsretro.errors import InputError, Problem

DATA = "data"
"""The assessor whose score is computed from the key results."""


@dataclass(frozen=True, kw_only=True)
class RollUp:
    """The score of a team and what stands behind it.

    Attributes:
        goal_score: Weighted mean of the clamped attainments, ratio (1.0 = on target); None = no key result with a
            weight has one.
        weight_coverage: Share of the key results' weight that has an attainment, 0–1; 0 where there is no weight.
        total: Weighted mean of the scores in `parts`, 0–100 times the cap; None = there are none.
        parts: By assessor, (score, weight): those that have a score and a positive weight, the weights renormalised to
            add up to 1.
    """

    goal_score: float | None
    weight_coverage: float
    total: float | None
    parts: Mapping[str, tuple[float, float]]


def roll_up(
    key_results: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    ratings: Mapping[str, float | None],
    weights: Mapping[str, float],
    floor: float = 0.0,
    cap: float = 1.2,
) -> RollUp:
    """The score of a team from its key results and the ratings of its assessors.

    What is missing takes no part, and the weights of the rest are renormalised; `weight_coverage` tells how much that
    was. Attainments are clamped here and nowhere else.

    Args:
        key_results: One row or mapping each: weight, attainment (ratio; None or NaN = none), optionally goal_id (names
            the row in an error).
        ratings: Score by assessor, 0–100; None or NaN = absent. An assessor without a weight counts for nothing.
        weights: Weight by assessor, 0 or more, in any scale; ``data`` is that of the key results.
        floor: The least an attainment counts, ratio.
        cap: The most an attainment counts, ratio.

    Returns:
        The scores.

    Raises:
        InputError: A weight is missing, negative or infinite, an attainment is infinite, a rating lies outside 0–100,
            ratings has a score for ``data`` (it is computed, and two figures for one thing cannot both be right), or
            floor is above cap; names all of it.

    Source:
        Key results as in J. Doerr, Measure What Matters (2018); the weighted scorecard with a cap is common practice
        of Chinese 绩效考核 (完成率封顶).

    Example:
        >>> results = [{"weight": 3, "attainment": 1.5}, {"weight": 1, "attainment": 0.8}, {"weight": 1}]
        >>> rolled = roll_up(results, ratings={"peer": 80.0}, weights={"peer": 0.2, "data": 0.6})
        >>> round(rolled.goal_score, 6), rolled.weight_coverage, round(rolled.total, 6)
        (1.1, 0.8, 102.5)
    """
    rows = key_results.to_dict("records") if isinstance(key_results, pd.DataFrame) else list(key_results)
    if problems := [*_row_problems(rows), *_assessor_problems(ratings, weights), *_clamp_problems(floor, cap)]:
        raise InputError(problems)
    reached = [(_number(row.get("attainment")), _number(row["weight"])) for row in rows]
    counted = [(min(max(value, floor), cap), weight) for value, weight in reached if not math.isnan(value)]
    weight_sum = math.fsum(weight for _, weight in reached)
    goal_score = _weighted_mean(counted)
    scores: dict[str, float | None] = {**ratings, DATA: None if goal_score is None else 100 * goal_score}
    parts = {name: (_number(scores.get(name)), _number(weight)) for name, weight in weights.items()}
    present = {name: part for name, part in parts.items() if part[1] > 0 and not math.isnan(part[0])}
    share = math.fsum(weight for _, weight in present.values())
    return RollUp(
        goal_score=goal_score,
        weight_coverage=math.fsum(weight for _, weight in counted) / weight_sum if weight_sum else 0.0,
        total=_weighted_mean(list(present.values())),
        parts={name: (score, weight / share) for name, (score, weight) in present.items()},
    )


def year_to_date(monthly_scores: pd.Series | Mapping[str, float | None] | Iterable[float | None]) -> float | None:
    """The mean of the months that have a score, each month the same.

    Args:
        monthly_scores: One score a month, of one year; None or NaN = none.

    Returns:
        The mean; None where no month has a score.

    Raises:
        InputError: A score is infinite or no number.

    Example:
        >>> year_to_date({"2026-01": 80.0, "2026-02": None, "2026-03": 90.0})
        85.0
    """
    values = monthly_scores.values() if isinstance(monthly_scores, Mapping) else monthly_scores
    numbers = [_number(value) for value in values]
    if any(math.isinf(number) for number in numbers):
        raise InputError([Problem(code="infinite", source="monthly_scores")])
    return _weighted_mean([(number, 1.0) for number in numbers if not math.isnan(number)])


def _number(value: Any) -> float:
    """The number; NaN where it is missing, infinite where it is none, so that one check refuses both."""
    if value is None or value is pd.NA:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.inf


def _weighted_mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The mean of (value, weight), kept between the values by rounding too; None without any weight."""
    weight_sum = math.fsum(weight for _, weight in pairs)
    if not weight_sum:
        return None
    values = [value for value, weight in pairs if weight]
    mean = math.fsum(value * weight for value, weight in pairs) / weight_sum
    return min(max(mean, min(values)), max(values))


def _row_problems(rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    for position, row in enumerate(rows):
        name = str(row.get("goal_id", f"key_results[{position}]"))
        if not 0 <= _number(row.get("weight")) < math.inf:
            yield Problem(code="weight_of", source="key_results", values=_named(name, row.get("weight")))
        if math.isinf(_number(row.get("attainment"))):
            yield Problem(code="attainment_of", source="key_results", values=_named(name, row.get("attainment")))


def _assessor_problems(ratings: Mapping[str, Any], weights: Mapping[str, Any]) -> Iterator[Problem]:
    for name, rating in ratings.items():
        number = _number(rating)
        if name == DATA and not math.isnan(number):
            yield Problem(code="data_rated", source="ratings")
        elif not (math.isnan(number) or 0 <= number <= 100):
            yield Problem(code="rating_of", source="ratings", values=_named(name, rating))
    for name, weight in weights.items():
        if not 0 <= _number(weight) < math.inf:
            yield Problem(code="weight_of", source="weights", values=_named(name, weight))


def _clamp_problems(floor: float, cap: float) -> Iterator[Problem]:
    if not floor <= cap:
        yield Problem(code="floor_above_cap", source="floor", values={"floor": str(floor), "cap": str(cap)})


def _named(name: str, value: Any) -> dict[str, str]:
    return {"name": name, "value": str(value)}
