"""The actions as a terminal, a chat, a tracker or a calendar takes them; what people wrote stays text in each."""

from __future__ import annotations

import math
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from opsretro.report import numbers
from opsretro.report.plain_text import JOINER, one_line, spreadsheet, tame
from opsretro.tables.contracts import CONTRACTS, FORMS
from opsretro.tables.settings import FILE, Settings
from opsretro.words import join_list, pick, say

COLUMNS = (
    "id", "title", "when", "then", "owner", "due", "start", "created_in", "status", "metric", "direction", "baseline",
    "expected_effect", "check_on", "controllable", "source_finding", "evidence", "carry_count", "outcome",
)  # fmt: skip
"""Columns for a tracker."""
LISTED = ("id", "status", "due", "owner", "metric", "title")
"""Columns for a terminal."""
FOLD = 75
"""Octets of a line of a calendar, its end not counted."""

_TEXTS = {"title", "when", "then", "evidence"}
_NUMBERS = {"baseline", "expected_effect", "carry_count"}

Names = Mapping[str, Mapping[str, str]]
"""Name of a metric by id and language."""

Row = Mapping[str, Any]


def listing(rows: Sequence[Row], today: str, lang: str) -> list[str]:
    """Actions in columns for a terminal, below each what is still to say, and how many there are.

    Args:
        rows: Rows of `read_actions` with overdue, due_check (bool: its day to be checked has come) and missing (fields
            an open action is asked for).
        today: The day that makes one overdue, ISO.
        lang: ``zh-CN`` or ``en``.

    Returns:
        Lines; no value can steer the terminal.
    """
    if not rows:
        return [say("ledger.none", lang)]
    table = [[say(f"ledger.field.{column}", lang) for column in LISTED]]
    for row in rows:
        shown = {**row, "status": say(f"ledger.status.{row['status']}", lang), "title": told(row, "title", lang)}
        table.append([one_line(shown[column]) for column in LISTED])
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    head, *lines = ["  ".join(map(_padded, cells, widths)).rstrip() for cells in table]
    told_of = [[line, *_remarks(row, today, lang)] for row, line in zip(rows, lines, strict=True)]
    count = say("ledger.count", lang, n=len(rows), late=sum(row["overdue"] for row in rows))
    return [head, *chain.from_iterable(told_of), count]


def _remarks(row: Row, today: str, lang: str) -> list[str]:
    remarks = []
    if row["overdue"]:
        days = (date.fromisoformat(today) - date.fromisoformat(row["due"])).days
        remarks.append(say("ledger.overdue", lang, n=days))
    elif row["due_check"]:
        remarks.append(say("followup.due_check", lang, day=_day(row["check_on"], lang)))
    if row["missing"]:
        fields = [say(f"ledger.field.{field}", lang) for field in row["missing"]]
        remarks.append(say("ledger.missing", lang, fields=join_list(fields, lang)))
    return [f"    {remark}" for remark in remarks]


def _width(text: str) -> int:
    """Columns a text takes on a terminal: a Chinese sign takes two, a mark on another sign none."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def markdown(actions: pd.DataFrame, lang: str, *, names: Names | None = None) -> str:
    """Actions for a chat: a title and a few plain lines each, no table.

    Args:
        actions: As `read_actions` returns them; those to be told.
        lang: ``zh-CN`` or ``en``.
        names: Name of a metric by id and language.

    Returns:
        Markdown that WeCom, DingTalk, Feishu and Slack show alike. Values cannot become markup, links or mentions.
    """
    rows: list[Any] = actions.to_dict("records")
    blocks = [f"**{say('ledger.open', lang, n=len(rows))}**"]
    return "\n\n".join([*blocks, *(_block(row, lang, names or {}) for row in rows)]) + "\n"


def _metric(row: Row, lang: str, names: Names) -> str:
    """A metric in words, with what is expected of it."""
    metric, expected = pick(names.get(row["metric"], row["metric"]), lang), row["expected_effect"]
    if not metric or math.isnan(expected):
        return metric
    return say("ledger.metric_expected", lang, metric=metric, effect=_signed(expected, lang))


def _block(row: Row, lang: str, names: Names) -> str:
    status = say(f"ledger.status.{row['status']}", lang)
    days = {field: _day(row[field], lang) for field in ("due", "check_on")}
    values = {
        "owner": row["owner"],
        "status": status,
        **days,
        "metric": _metric(row, lang, names),
        **_trigger(row, lang),
    }
    lines = [f"- {_line(field, tame(value), lang)}" for field, value in values.items() if value]
    title = say("ledger.title", lang, title=tame(told(row, "title", lang)), id=tame(row["id"]))
    return "\n".join([title, *lines])


def tracker(actions: pd.DataFrame, lang: str) -> bytes:
    """Actions as CSV for a tracker or a spreadsheet.

    Args:
        actions: As `read_actions` returns them; those to be told.
        lang: Language of the texts; the header is the same in both.

    Returns:
        UTF-8 with its mark, lines ending as spreadsheets want them, every cell in quotation marks. A text that a
        spreadsheet would take for a formula begins with ``'``, and none turns the direction of reading. Numbers are
        plain, days ISO.
    """
    rows = actions.to_dict("records")
    return spreadsheet(COLUMNS, [[_cell(row, column, lang) for column in COLUMNS] for row in rows])


def _cell(row: Any, column: str, lang: str) -> str | float:
    if column in _NUMBERS:
        return float(row[column])
    return str(told(row, column, lang) if column in _TEXTS else row[column])


def calendar(actions: pd.DataFrame, lang: str, *, names: Names | None = None, team: str = "") -> bytes:
    """Actions as all-day events: one on the day each is due, one on the day it is checked.

    Args:
        actions: As `read_actions` returns them; those to be told.
        lang: Language of the texts.
        names: Name of a metric by id and language.
        team: Whose ledger it is, so that two teams' actions of one number stay two events.

    Returns:
        An iCalendar file (RFC 5545). The same ledger gives the same bytes, and an event keeps its identity when its
        action changes.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//opsretro//ledger//EN", "CALSCALE:GREGORIAN"]
    words: dict[str, Callable[[str], str]] = {
        "due": lambda title: say("ledger.event.due", lang, title=title),
        "check_on": lambda title: say("ledger.event.check_on", lang, title=title),
    }
    for row in actions.to_dict("records"):
        facts = {"owner": row["owner"], "metric": _metric(row, lang, names or {}), **_trigger(row, lang)}
        about = "\n".join([row["id"], *(_line(field, value, lang) for field, value in facts.items() if value)])
        for field, summary in words.items():
            if row[field]:
                lines += _event(row, field, team, summary(told(row, "title", lang)), about)
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def belongs_to(path: Path, workspace: Path, settings: Settings, *more: Path) -> bool:
    """Whether a file is one a workspace is read from, there or not: a table, a folder of exports, the settings.

    Args:
        path: Where somebody wants to write.
        workspace: Its folder.
        settings: Of the workspace; they may name other files.
        more: Files that belong to it, too.
    """
    names = {**{name: f"{name}.csv" for name in CONTRACTS}, **FORMS, **settings.sources}
    files = (workspace / name for name in (*names.values(), settings.calendar.get("file", FILE), FILE))
    return any(_known_by(path).is_relative_to(_known_by(own)) for own in (*files, *more))


def _known_by(path: Path) -> Path:
    """A path as a system that does not tell capitals apart knows it."""
    return Path(str(path.resolve()).casefold())


def _event(row: Any, field: str, team: str, summary: str, about: str) -> list[str]:
    day = date.fromisoformat(row[field])
    return [
        "BEGIN:VEVENT",
        f"UID:{uuid.uuid5(uuid.NAMESPACE_URL, ':'.join(('opsretro', team, row['id'], field)))}",
        f"DTSTAMP:{day:%Y%m%d}T000000Z",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(about)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    """A text of a calendar: its four signs escaped, other signs nobody sees left out."""
    lines = re.sub(r"([\\;,])", r"\\\1", text).splitlines()
    return r"\n".join("".join(sign for sign in line if sign.isprintable() or sign == JOINER) for line in lines)


def _folded(line: str) -> bytes:
    """A line in pieces of 75 octets at most, no sign cut in two."""
    pieces, length = [b""], 0
    for sign in line.encode(errors="replace").decode():
        data = sign.encode()
        if length + len(data) > FOLD:
            pieces.append(b" ")
            length = 1
        pieces[-1] += data
        length += len(data)
    return b"\r\n".join(pieces) + b"\r\n"


def told(row: Row, field: str, lang: str) -> str:
    """A text of an action in one language."""
    return str(row[f"{field}_{'zh' if lang == 'zh-CN' else 'en'}"])


def _trigger(row: Row, lang: str) -> dict[str, str]:
    """When and then; a trigger that is one text has no when."""
    when, then = told(row, "when", lang), told(row, "then", lang)
    return {"when": when, "then": then} if when else {"trigger": then}


def _line(field: str, value: str, lang: str) -> str:
    return say("ledger.line", lang, field=say(f"ledger.field.{field}", lang), value=value)


def _day(iso: str, lang: str) -> str:
    return numbers.day(iso, lang) if iso else ""


def _signed(ratio: float, lang: str) -> str:
    return f"{'+' if ratio > 0 else ''}{numbers.rate(ratio, lang)}"
