"""What else happened in a slice at the time it moved: a lead for a conversation, never proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from opsretro.analysis.cause_element import Element, values_of

BEFORE, AFTER = 7, 2
"""Days before and after the beginning of a movement in which an event is a lead."""
SCOPES = ("slice", "part", "all")


def leads(
    tables: Mapping[str, pd.DataFrame], element: Element, first: pd.Timestamp, last: pd.Timestamp, *, dated: bool
) -> pd.DataFrame:
    """Events and activities in a slice and time.

    Args:
        tables: events and activities, where the workspace has them.
        element: The slice; empty = everything.
        first: Where the movement is dated, its earliest first day; else the first day of the period.
        last: Where it is dated, its latest first day; else the last day of the period.
        dated: Whether it is.

    Returns:
        One row a lead, the nearest slice and day first: kind (of the event, or ``activity``), id (of an activity),
        title, start, end (ISO), days (from its start to `first`; below 0 = it came later), scope: ``slice`` (it names
        values of this slice and no others), ``part`` (it touches the slice and more, or names what the slice leaves
        free), ``all`` (it names no slice).
    """
    rows = [*_events(tables, element), *_activities(tables, element)]
    found = pd.DataFrame(rows, columns=["kind", "id", "title", "start", "end", "scope"])
    starts, ends = found["start"], found["end"].fillna(found["start"])
    near = starts.between(first - pd.Timedelta(days=BEFORE), last + pd.Timedelta(days=AFTER))
    near |= (starts <= last) & (ends >= first) if not dated else False
    found = found.assign(end=ends, days=(first - starts).dt.days if len(found) else 0)[near]
    order = found.assign(rank=found["scope"].map(SCOPES.index), far=found["days"].abs())
    return order.sort_values(["rank", "far"], kind="stable").drop(columns=["rank", "far"]).reset_index(drop=True)


def _events(tables: Mapping[str, pd.DataFrame], element: Element) -> Iterator[dict[str, Any]]:
    if "events" not in tables:
        return
    events = tables["events"]
    known = {"date", "end_date", "kind", "title"}
    for event in events.reindex(columns=list(dict.fromkeys([*events.columns, "end_date"]))).to_dict("records"):
        named = {key: str(value) for key, value in event.items() if key not in known and pd.notna(value) and value}
        if (scope := _scope(named, element)) is not None:
            times = {"start": pd.Timestamp(event["date"]), "end": pd.Timestamp(event["end_date"])}
            yield {"kind": event["kind"], "id": "", "title": event["title"], "scope": scope, **times}


def _activities(tables: Mapping[str, pd.DataFrame], element: Element) -> Iterator[dict[str, Any]]:
    """Activities; one that names a segment is a lead only where the slice names it too."""
    if "activities" not in tables:
        return
    values = {str(value) for named in element.values() for value in values_of(named)}
    for row in tables["activities"].to_dict("records"):
        segment = row.get("target_segment")
        names_one = isinstance(segment, str) and segment not in {"", "all"}
        if not names_one or segment in values:
            times = {"start": pd.Timestamp(row["start_date"]), "end": pd.Timestamp(row["end_date"])}
            scope = "slice" if names_one else "all"
            yield {"kind": "activity", "id": row["activity_id"], "title": row["name"], "scope": scope, **times}


def _scope(named: Mapping[str, str], element: Element) -> str | None:
    """How the slice an event names lies to the one that moved; None = they do not touch."""
    if not named or not element:
        return "part" if named else "all"
    common = [dim for dim in named if dim in element]
    if any(named[dim] not in map(str, values_of(element[dim])) for dim in common):
        return None
    return "slice" if len(common) == len(named) else "part"
