"""Which of the team's lessons are about what comes up in a review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from opsretro.analysis.result import Result
from opsretro.tables.parse import parse_slice
from opsretro.tables.period import Period

R = TypeVar("R", bound=Result)
Traits = Mapping[str, set[str]]


def with_lessons(review: R, tables: Mapping[str, pd.DataFrame]) -> R:
    """A review with the lessons about its goals, activities, causes or actions beside it.

    A lesson is about a subject when they have a trait in common and contradict each other in none: one about conversion
    on android is about conversion, and not about conversion on ios. One that has expired by the end of the period is no
    longer told; only the follow-up lists it, so that somebody looks at it again.

    Args:
        review: Any result.
        tables: Those of the workspace; lessons is optional.
    """
    lessons = tables.get("lessons")
    if lessons is None:
        return review
    end = str(Period.parse(review.period).end)
    expired = lessons["expires"] < min(review.context.as_of or end, end)
    lessons = lessons.assign(expired=expired)
    if review.section == "followup":
        return replace(review, lessons=lessons.assign(subject=""))
    about = [(subject, traits) for subject, traits in _subjects(review)]
    rows = [
        {**lesson, "subject": subject}
        for subject, traits in about
        for lesson in lessons[~expired].to_dict("records")
        if is_about(lesson["scope"], traits)
    ]
    found = pd.DataFrame(rows, columns=[*lessons.columns, "subject"])
    return replace(review, lessons=found.drop_duplicates(["subject", "id"]))


def is_about(scope: str, traits: Traits) -> bool:
    """Whether a lesson is about something.

    Args:
        scope: ``kpi=orders|gmv&device=android``.
        traits: What is known of it, values by key.

    Example:
        >>> is_about("kpi=conversion&device=android", {"kpi": {"conversion"}})
        True
        >>> is_about("kpi=conversion&device=android", {"kpi": {"conversion"}, "device": {"ios"}})
        False
    """
    wanted = {key: set(values.split("|")) for key, values in parse_slice(scope)}
    shared = [bool(values & traits[key]) for key, values in wanted.items() if traits.get(key)]
    return bool(shared) and all(shared)


def _subjects(review: Result) -> Iterator[tuple[str, Traits]]:
    """What a review is about, with what is known of each."""
    if review.section == "goals":
        for goal in review.to_frame().to_dict("records"):
            yield goal["goal_id"], _of_slice(goal["dimension"]) | {"kpi": {goal["kpi"]}, "goal": {goal["goal_id"]}}
    elif review.section == "roi":
        for row in review.to_frame().to_dict("records"):
            traits = {"activity": {row["activity_id"]}, "activity_type": {row["type"]}, "segment": {row["segment"]}}
            yield row["activity_id"], traits
    elif review.section == "rootcause":
        yield from _of_causes(review)


def _of_slice(dimension: str) -> dict[str, set[str]]:
    return {column: {value} for column, value in parse_slice(dimension)}


def _of_causes(review: Result) -> Iterator[tuple[str, Traits]]:
    """Each KPI with its causes, one by one, and alone where it has none."""
    elements: pd.DataFrame = review.elements
    for row in review.to_frame().to_dict("records"):
        kpi = _of_slice(row["dimension"]) | {"kpi": {row["kpi"]}, "goal": {row["subject"]}}
        mine = elements[elements["subject"] == row["subject"]]
        for _, parts in mine.groupby("rank"):
            values = {str(name): set(cells["value"]) for name, cells in parts.groupby("dimension")}
            yield row["subject"], {**kpi, **values}
        if mine.empty:
            yield row["subject"], kpi
