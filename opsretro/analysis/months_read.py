"""What a look back keeps of one published month: codes and numbers out of its sections' JSON, nothing computed anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opsretro.analysis.months_columns import TAKEN
from opsretro.analysis.roi_published import kind_of, standing
from opsretro.tables.actions import NOT_DONE, OPEN
from opsretro.tables.health_register import EVERYBODY
from opsretro.tables.parse import parse_slice

Row = dict[str, Any]
MOVED = ("up", "down")
"""Verdicts of the team's health that its page counts as changes."""


def taken(month: str, data: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The rows a look back is made of, out of one section of one month.

    Args:
        month: Its label, ``2026-10``.
        data: The section's JSON. What is missing in it, or is no number where one belongs, is missing here.

    Returns:
        Rows by frame of `Months`: ``cells``, ``counts`` and the frame of the section.
    """
    section = text(data.get("section"))
    frames = {name: list(make(data)) for name, make in _FRAMES.get(section, {}).items()}
    findings = rows_of(data, "findings")
    first = findings[0] if findings else {}
    cell: Row = {name: text(first.get(name)) for name in ("code", "subject")}
    cell |= {name: number(first.get(name)) for name in ("value", "lower", "upper", "n")}
    counts = [{"section": section, "what": what, "n": n} for what, n in _counted(section, frames).items()]
    found: dict[str, list[Row]] = {
        "cells": [{"section": section, "status": "done", **cell}],
        "counts": counts,
        **frames,
    }
    return {name: [{"month": month, **row} for row in rows] for name, rows in found.items()}


def _goals(data: Mapping[str, Any]) -> list[Row]:
    return [{**_copied(row, "goals"), "better": text(row.get("better")) == "better"} for row in rows_of(data, "goals")]


def _activities(data: Mapping[str, Any]) -> list[Row]:
    """Everything with a verdict of its own: activities that were judged alone, and joint effects."""
    alone = [row for row in rows_of(data, "activities") if not text(row.get("joint_id")) or row.get("incremental")]
    rows = map(standing, [*alone, *rows_of(data, "joint")])
    return [
        {**_copied(row, "activities"), "running": row.get("running") is True, "verdict": kind_of(row)} for row in rows
    ]


def _actions(data: Mapping[str, Any]) -> list[Row]:
    rows = rows_of(data, "actions")
    return [{**_copied(row, "actions"), "is_next": row.get("is_next") is True} for row in rows]


def _causes(data: Mapping[str, Any]) -> list[Row]:
    kpis = {text(row.get("subject")): row for row in rows_of(data, "kpis")}
    parts: dict[tuple[str, float], list[str]] = {}
    for row in rows_of(data, "elements"):
        value = "" if row.get("is_missing") else text(row.get("value"))
        place = (text(row.get("subject")), number(row.get("rank")))
        parts.setdefault(place, []).append(f"{text(row.get('dimension'))}={value}")
    found = [_copied(row, "causes") for row in rows_of(data, "causes")]
    return [
        {
            **row,
            **{name: text(kpis.get(row["subject"], {}).get(name)) for name in ("kpi", "unit")},
            "slice": "&".join(sorted(parts.get((row["subject"], row["rank"]), []))),
        }
        for row in found
    ]


def _health(data: Mapping[str, Any]) -> list[Row]:
    """The verdicts the month's page puts first: everybody's, and what changed; nothing of a month that is withheld."""
    if data.get("state") != "shown" or data.get("month") != data.get("period"):
        return []
    known = [*rows_of(data, "cells"), *rows_of(data, "participation"), *rows_of(data, "workload")]
    groups = {value for name in {text(row.get("group")) for row in known} for _, value in parse_slice(name)}
    rows = [_copied(row, "health") for row in rows_of(data, "changes")]
    rows = [{**row, "named": row["dimension"] not in groups} for row in rows]
    return [row for row in rows if row["group"] == EVERYBODY or row["verdict"] in MOVED]


_FRAMES: Mapping[str, Mapping[str, Callable[[Mapping[str, Any]], list[Row]]]] = {
    "goals": {"goals": _goals},
    "roi": {
        "activities": _activities,
        "types": lambda data: [_copied(row, "types") for row in rows_of(data, "types")],
    },
    "rootcause": {"causes": _causes},
    "health": {"health": _health},
    "followup": {"actions": _actions},
}


def _counted(section: str, frames: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """The counts of a cell of the archive: those the month's own page shows."""
    if section == "goals":
        states = [row["status"] for row in frames["goals"]]
        signals = sum(row["variation"] == "signal" for row in frames["goals"])
        return {"met": states.count("met"), "missed": states.count("missed"), "all": len(states), "signal": signals}
    if section == "roi":
        kinds = [row["verdict"] for row in frames["activities"]]
        return {code: kinds.count(code) for code in ("profit", "loss", "unclear")}
    if section == "rootcause":
        return {"found": len(frames["causes"])}
    if section == "health":
        verdicts = [row["verdict"] for row in frames["health"]]
        changed = sum(code in MOVED for code in verdicts)
        return {"judged": len(verdicts), "changed": changed, "steady": verdicts.count("steady")}
    if section == "followup":
        return _deeds(frames["actions"])
    return {}


def _deeds(actions: Sequence[Row]) -> dict[str, int]:
    judged = [row["verdict"] for row in actions if not row["is_next"] and row["status"] != "dropped"]
    late = [row for row in actions if row["overdue_days"] > 0]
    return {
        "open": sum(row["status"] in OPEN for row in actions),
        "overdue": len(late),
        "carried": sum(row["carry_count"] > 0 and row["status"] in NOT_DONE for row in actions),
        **{code: judged.count(code) for code in ("moved", "not_moved", "cannot_tell")},
    }


def _copied(row: Mapping[str, Any], table: str) -> Row:
    texts, figures = TAKEN[table]
    return {name: text(row.get(name)) for name in texts} | {name: number(row.get(name)) for name in figures}


def rows_of(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A table of a section; nothing where there is none."""
    rows = data.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def text(value: object) -> str:
    """A text; empty where there is none."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float:
    """A finite number; NaN where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value) if math.isfinite(value) else math.nan
    except OverflowError:  # an integer no result of ours holds
        return math.nan
