"""Two notes beside the goals: the team's score, and how a goal could be written better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.codes import Direction
from opsretro.report import numbers

if TYPE_CHECKING:
    from opsretro.report.goal_text import GoalText

PARTS = ("data", "supervisor", "peer", "self")


def score(text: GoalText) -> dict[str, Any]:
    """The team's score as the page shows it.

    Returns:
        title (a sentence), note (how it is made), columns and rows (one a month, as text); all but the title empty
        without a score.
    """
    review, word, lang = text.review, text.word, text.lang
    scores = review.scores
    if review.score is None or review.year_to_date is None:
        return {"title": word("score.untold", span=text.span), "note": "", "columns": [], "rows": []}
    given = [name for name in (*PARTS, "total") if scores[name].notna().any()]
    total, year = (numbers.number(value, lang) for value in (review.score, review.year_to_date))
    return {
        "title": word("score.title", total=total, year=year),
        "note": _note(text),
        "columns": [word("score.month"), *(word(f"score.{name}") for name in given), word("score.coverage")],
        "rows": [_row(text, month, given) for _, month in scores.iterrows()],
    }


def _row(text: GoalText, month: pd.Series, given: list[str]) -> list[str]:
    figures = [numbers.number(month[name], text.lang) for name in given]
    return [numbers.month(month["month"], text.lang), *figures, numbers.rate(month["weight_coverage"], text.lang)]


def _note(text: GoalText) -> str:
    known = {who: share for who, share in text.review.weights.items() if share and who in PARTS}
    total = sum(known.values())
    shares = [
        text.word("score.weight", who=text.word(f"score.{who}"), share=numbers.rate(share / total, text.lang))
        for who, share in known.items()
    ]
    return text.word("score.note", weights=text.word("compare.gap").join(shares))


def smart(text: GoalText) -> dict[str, Any]:
    """How each goal could be written better.

    Returns:
        title (a sentence) and goals: name and list of texts of every goal with a defect.
    """
    goals = [goal for _, goal in text.review.goals.iterrows() if goal["defects"]]
    if not goals:
        return {"title": text.word("smart.none"), "goals": []}
    title = text.word("smart.title", n=len(goals))
    return {"title": title, "goals": [(text.name(goal), _advice(text, goal)) for goal in goals]}


def _advice(text: GoalText, goal: pd.Series) -> list[str]:
    keys = ("low", "high") if goal["direction"] == Direction.RANGE else ("target", "baseline")
    values = dict(zip(keys, text.amounts([goal[key] for key in keys], goal), strict=True))
    return [text.word(f"smart.{defect}", **values) for defect in goal["defects"].split("+")]
