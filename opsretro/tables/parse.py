"""Days and slices out of the text people write."""

from __future__ import annotations

import re
from datetime import date

_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
)
_JOINT = re.compile("&(?=[^&]*=)")
_COMPACT = re.compile(r"([12]\d{3})(\d\d)(\d\d)")


def parse_date(text: str) -> str | None:
    """A date as ISO text, or None when it is none.

    Example:
        >>> parse_date("2026/6/13")
        '2026-06-13'
    """
    match = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    return iso_day(*map(int, filter(None, match.groups()))) if match else None


def parse_slice(text: str) -> list[tuple[str, str]]:
    """The pairs of a slice, ``column=value`` joined by ``&``; an ``&`` with no ``=`` behind it belongs to the value.

    Example:
        >>> parse_slice("channel=app&device=ios"), parse_slice("team=R&D")
        ([('channel', 'app'), ('device', 'ios')], [('team', 'R&D')])
    """
    pairs = [part.partition("=") for part in _JOINT.split(text) if part]
    return [(column.strip(), value.strip()) for column, _, value in pairs]


def iso_day(year: int, month: int, day: int) -> str | None:
    """A day as ISO text, or None where the calendar has no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
