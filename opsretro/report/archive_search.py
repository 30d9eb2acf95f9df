"""What can be found in the archive: what the months concluded, their goals, activities, causes and actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opsretro.report.months_text import MonthsText
from opsretro.report.sections import TILE_ORDER
from opsretro.report.templates import anchor
from opsretro.words import say, without_unseen

CONCLUDED = "concluded"
FOUND_IN = (*TILE_ORDER, CONCLUDED)
"""Where something is found: in a section, or at the top of the month's page."""
LONGEST = 240
"""Letters of a text that are kept: the page of the month has all of it."""
Entry = tuple[int, int, str, str]
"""Place of the month (the newest first) and of the section, anchor on the month's page, text."""


def entries(text: MonthsText, says: Mapping[str, Mapping[str, Any]]) -> list[Entry]:
    """Everything that can be found, the newest month first, no text twice in a month.

    Args:
        text: Words of the look back over all months.
        says: What each month's page says, by month, the newest first.
    """
    months = {month: position for position, month in enumerate(says)}
    found: dict[tuple[int, str], Entry] = {}
    for month, key, place, told in [*_said(says), *_goals(text), *_activities(text), *_causes(text), *_actions(text)]:
        short = without_unseen(" ".join(told.split()))[:LONGEST]
        if month in months and short:
            found.setdefault((months[month], short), (months[month], FOUND_IN.index(key), place, short))
    return sorted(found.values(), key=lambda entry: entry[0])


Told = Iterator[tuple[str, str, str, str]]


def _said(says: Mapping[str, Mapping[str, Any]]) -> Told:
    for month, said in says.items():
        headlines = said.get("sections", {})
        yield from ((month, key, key, headlines[key]) for key in TILE_ORDER if key in headlines)
        yield from ((month, CONCLUDED, "", told) for told in said.get("conclusions", ()))


def _goals(text: MonthsText) -> Told:
    for row in text.goals:
        told = say(
            "months.found.goal",
            text.lang,
            name=text.goal(row),
            status=text.status(row),
            value=text.amount(row["actual"], row),
            aim=text.aim(row),
        )
        yield row["month"], "goals", f"open-{anchor('goal', row['goal_id'])}", told


def _activities(text: MonthsText) -> Told:
    for row in text.review.activities.to_dict("records"):
        told = say(
            "months.found.activity", text.lang, name=text.activity(row), verdict=text.verdict(row), roi=text.roi(row)
        )
        yield row["month"], "roi", f"open-{anchor('activity', row['activity_id'])}", told


def _causes(text: MonthsText) -> Told:
    for row in text.causes:
        values = {"kpi": text.kpi(row["subject"], row["kpi"]), "slice": text.slice(row["slice"])}
        told = say("months.found.cause", text.lang, change=text.change(row["change"], row), **values)
        yield row["month"], "rootcause", f"open-{anchor('cause', row['subject'])}", told


def _actions(text: MonthsText) -> Told:
    for row in text.review.actions.to_dict("records"):
        told = say(
            "months.found.action",
            text.lang,
            name=text.action(row),
            id=row["id"],
            verdict=text.verdict(row) if row["done"] else say("months.verdict.not_done", text.lang),
        )
        yield row["month"], "followup", f"open-{anchor('action', row['id'])}", told
