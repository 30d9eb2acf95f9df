"""Who a month is published for: the team, or readers outside, who get nothing of its health and its meeting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from opsretro.errors import InputError, Problem
from opsretro.monthly.options import ALL, OUTSIDE
from opsretro.monthly.publish import MANIFEST
from opsretro.report.sections import SECTIONS, Section

INSIDE = ("health", "meeting")
"""Sections that stay in the team."""
INSIDE_INPUTS = ("survey", "register", "workload", "meetings")
"""Inputs that only those read."""


def sections_for(audience: str) -> tuple[Section, ...]:
    """The sections an audience gets.

    Example:
        >>> [section.key for section in sections_for("outside")]
        ['followup', 'goals', 'roi', 'rootcause', 'months']
    """
    return tuple(section for section in SECTIONS if audience == ALL or section.key not in INSIDE)


def inputs_for(audience: str, names: Iterable[str]) -> list[str]:
    """The inputs an audience is told of."""
    return [name for name in names if audience == ALL or name not in INSIDE_INPUTS]


def without_sources(data: Path) -> None:
    """Empty the findings that actions were made of: one of them may be of the team's health.

    Args:
        data: The JSON of the actions.

    Raises:
        OSError: It cannot be read or written.
    """
    said = json.loads(data.read_text(encoding="utf-8"))
    for action in said["actions"]:
        action["source_finding"] = ""
    data.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def check_folder(out: Path, audience: str) -> None:
    """Refuse a reports folder that holds months for other readers: a folder is handed on whole.

    Args:
        out: Reports folder; it may not exist yet.
        audience: ``all`` or ``outside``.

    Raises:
        InputError: There is a month for the other audience in it, or, for readers outside, one nobody knows of; names
            the newest.
    """
    told = dict(_audiences(out))
    others = [month for month, known in told.items() if known and known != audience]
    unknown = [month for month, known in told.items() if not known and audience == OUTSIDE]
    if others:
        values = {"month": others[-1], "audience": told[others[-1]], "asked": audience}
        raise InputError([Problem(code="other_audience", source="--audience", values=values)])
    if unknown:
        raise InputError([Problem(code="unknown_audience", source="--audience", values={"month": unknown[-1]})])


def _audiences(out: Path) -> Iterator[tuple[str, str]]:
    """Whom each published month is for; empty = there are files, and no manifest that tells."""
    for folder in sorted(out.glob("[12][0-9][0-9][0-9]*/")):
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            yield folder.name, said.get("audience", ALL)
        except (OSError, ValueError, AttributeError):
            if any(folder.glob("*.*")):
                yield folder.name, ""
