"""Scores of a survey: every item and every dimension with its number of people, interval and shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from opsretro.analysis.methods.reliability import as_numbers, cronbach_alpha, item_problems, share_problems
from opsretro.errors import InputError
from opsretro.tables.survey_items import Items, on_five, survey_items

FAVOURABLE, UNFAVOURABLE = 4.0, 2.0
"""At or above the one, at or below the other, on the scale 1 to 5 after turning."""
HAIR = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What the people of one survey answered; all shares are ratios, NaN where nobody answered.

    Attributes:
        items: One row an item, in the order of the items: item; dimension; n (valid answers); mean, lower, upper (1 to
            5 after turning); favourable, neutral, unfavourable (shares of n: at least 4, between, at most 2); dist
            (answers by step: of a scale with five steps "1" to "5" after turning, else the steps as typed, not
            turned); balance (only of a 0-10 scale that is not reversed, else NaN: share of 9 and 10 less share of 0
            to 6).
        dimensions: One row a dimension: dimension; n (people with a valid answer to any of its items); n_items; mean,
            lower, upper (of the people's own means over their valid answers); favourable (share of all its valid
            answers); alpha, alpha_lower, alpha_upper (`cronbach_alpha`, pairwise).
        confidence: Of all intervals.
    """

    items: pd.DataFrame
    dimensions: pd.DataFrame
    confidence: float


def score(answers: pd.DataFrame, items: Items, *, confidence: float = 0.95) -> Scores:
    """Scores of every item and dimension on the scale 1 to 5, turned so that 5 is the best.

    A person's score of a dimension is the mean of that person's valid answers; a 1-10 item is mapped linearly. What
    lies outside its scale or between two steps is missing. Intervals are t intervals of the mean, cut at 1 and 5. One
    person has no interval; people who all agree have one of width 0, which says that these people agree and not that
    others would.

    Args:
        answers: One row a person: a column an item with what was typed (NaN = missing, not turned). More columns are
            fine.
        items: Table of items, its path, or item ids (`survey_items`).
        confidence: Of all intervals.

    Returns:
        The scores. With nobody or one person, what is not defined is NaN.

    Raises:
        InputError: An item has no column or several, a column holds something that is no number, or the confidence is
            not between 0 and 1; names all of it, and no answer.

    Source:
        R. Likert, A Technique for the Measurement of Attitudes (1932): items summed over a dimension, contrary ones
        turned. The t interval of a mean: NIST/SEMATECH e-Handbook 1.3.5.2.

    Example:
        >>> found = score(pd.DataFrame({"clear": [4, 5, 3], "calm": [4, None, 5]}), ["clear", "calm"])
        >>> found.items[["item", "n", "mean", "favourable"]].round(2).to_dict("records")[1]
        {'item': 'calm', 'n': 2, 'mean': 4.5, 'favourable': 1.0}
    """
    table = survey_items(items).drop_duplicates("item")
    problems = [*item_problems(answers, table["item"]), *share_problems(confidence, "confidence", 0.95)]
    if problems:
        raise InputError(problems)
    rows = {row["item"]: row for row in table.to_dict("records")}
    typed = pd.DataFrame({item: as_numbers(answers[item]).to_numpy() for item in rows})
    five = pd.DataFrame({item: on_five(typed[item], row) for item, row in rows.items()})
    by_dimension = table.groupby("dimension", sort=False)["item"]
    return Scores(
        items=pd.DataFrame([_item(typed[item], five[item], row, confidence) for item, row in rows.items()]),
        dimensions=pd.DataFrame([_dimension(str(name), five[list(ids)], confidence) for name, ids in by_dimension]),
        confidence=confidence,
    )


def _item(typed: pd.Series, five: pd.Series, row: dict[str, Any], confidence: float) -> dict[str, Any]:
    valid = five.dropna()
    favourable, unfavourable = _share(valid >= FAVOURABLE - HAIR), _share(valid <= UNFAVOURABLE + HAIR)
    return {
        "item": row["item"],
        "dimension": row["dimension"],
        "n": len(valid),
        **_mean(valid, confidence),
        "favourable": favourable,
        "neutral": _share((valid > UNFAVOURABLE + HAIR) & (valid < FAVOURABLE - HAIR)),
        "unfavourable": unfavourable,
        "dist": _steps(typed[valid.index], valid, row),
        "balance": _balance(typed[valid.index], row),
    }


def _dimension(name: str, five: pd.DataFrame, confidence: float) -> dict[str, Any]:
    people = five.mean(axis="columns").dropna()
    alpha = cronbach_alpha(five, confidence=confidence)
    answered = five.stack().dropna()
    return {
        "dimension": name,
        "n": len(people),
        "n_items": five.shape[1],
        **_mean(people, confidence),
        "favourable": _share(answered >= FAVOURABLE - HAIR),
        "alpha": alpha.alpha,
        "alpha_lower": alpha.lower,
        "alpha_upper": alpha.upper,
    }


def _mean(values: pd.Series, confidence: float) -> dict[str, float]:
    """Mean and t interval, inside the scale; NaN where there are too few."""
    n = len(values)
    mean = float(values.mean())
    error = float(values.std()) / math.sqrt(n) if n > 1 else math.nan
    half = float(special.stdtrit(max(n - 1, 1), (1 + confidence) / 2)) * error
    lower, upper = np.clip([mean - half, mean + half], 1, 5).tolist()
    return {"mean": mean, "lower": lower, "upper": upper}


def _share(chosen: pd.Series) -> float:
    return float(chosen.mean()) if len(chosen) else math.nan


def _steps(typed: pd.Series, five: pd.Series, row: dict[str, Any]) -> dict[str, int]:
    """Answers by step, steps that nobody chose included."""
    low, high = int(row["low"]), int(row["high"])
    shown, steps = (five, range(1, 6)) if high - low == 4 else (typed, range(low, high + 1))
    return {str(step): int((shown == step).sum()) for step in steps}


def _balance(typed: pd.Series, row: dict[str, Any]) -> float:
    if (row["low"], row["high"], row["reversed"]) != (0, 10, False):
        return math.nan
    return _share(typed >= 9) - _share(typed <= 6)
