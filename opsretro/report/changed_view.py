"""What a month that is published again says otherwise than before, in sentences for the page and the log."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from opsretro.analysis.changed import Changed, Changes, What
from opsretro.report import numbers
from opsretro.report.drawing import shorten
from opsretro.report.plain_text import one_line
from opsretro.tables.health_register import EVERYBODY
from opsretro.words import catalogue, pick, say

if TYPE_CHECKING:
    from opsretro.analysis.changed import Value
    from opsretro.analysis.result import Context

MOST_LINES = 8
MOST_FIGURES = 3
"""Figures of one row that are told; the others are counted."""
LONGEST = 60
"""Width in letters of a name or a text of the data; a Chinese character counts as two."""
CAME_OR_WENT = (What.NEW, What.GONE)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_ACTIVITY = {
    "verdict": ("verdict", "code"),
    "roi": ("roi", "percent"),
    "attributed_roi": ("attributed_roi", "percent"),
    "incremental": ("incremental", "currency"),
    "profit": ("profit", "currency"),
    "cost": ("cost", "currency"),
    "completion": ("completion", "percent"),
}
TOLD: Mapping[tuple[str, str], Mapping[str, tuple[str, str]]] = {
    ("goals", ""): {"score": ("score", "count"), "year_to_date": ("year_to_date", "count")},
    ("goals", "goals"): {
        "status": ("verdict", "code"),
        "variation": ("variation", "code"),
        "assurance": ("assurance", "code"),
        "attainment": ("attainment", "percent"),
        "actual": ("actual", "unit"),
        "target": ("target", "unit"),
        "pace": ("pace", "unit"),
    },
    ("goals", "scores"): {"total": ("score", "count")},
    ("roi", "activities"): _ACTIVITY,
    ("roi", "joint"): _ACTIVITY,
    ("roi", "types"): {name: _ACTIVITY[name] for name in ("verdict", "roi", "profit")},
    ("rootcause", "kpis"): {
        "state": ("verdict", "code"),
        "actual": ("actual", "unit"),
        "reference": ("reference", "unit"),
        "explained": ("explained", "percent"),
    },
    ("rootcause", "causes"): {"effect": ("moved", "code"), "share": ("share", "percent")},
    ("health", ""): {"state": ("verdict", "code")},
    ("health", "changes"): {"verdict": ("verdict", "code"), "mean": ("mean", "count")},
    ("health", "participation"): {"share": ("participation", "percent")},
    ("health", "workload"): {"overtime": ("overtime", "percent")},
    ("followup", "actions"): {
        "verdict": ("verdict", "code"),
        "status": ("status", "code"),
        "effect": ("effect", "percent"),
    },
    ("meeting", "decisions"): {},
    ("meeting", "topics"): {"votes": ("votes", "count")},
}
"""Label and kind of the figures that are told, by section and table, the most telling first; others are counted."""


def changed_lines(changes: Iterable[Changes], context: Context, lang: str) -> list[str]:
    """What was published otherwise before, the most important first.

    Args:
        changes: One a section, in the order of the sections.
        context: Names, currency.
        lang: ``zh-CN`` or ``en``.

    Returns:
        At most `MOST_LINES` lines, one a row: verdicts that are others now, then rows that came or went, then numbers
        by the relative size of their change. Before them one a section that cannot be compared, after them one that
        counts the figures not told. No lines where nothing changed. Text of the data is text: who writes it into HTML
        escapes it.

    Example:
        >>> from opsretro.analysis.changed import compare
        >>> from opsretro.analysis.result import Context
        >>> def goals(status, value):
        ...     row = {"goal_id": "gmv", "name": "GMV", "status": status, "attainment": value, "weight": value}
        ...     return {"schema": 1, "section": "goals", "period": "2026-10", "goals": [row]}
        >>> found = compare(goals("missed", 0.98), goals("met", 1.02))
        >>> changed_lines([found], Context(), "en")
        ['Goals, GMV: verdict missed → met, attainment 98% → 102%', 'and 1 more figure']
    """
    known = list(changes)
    rows = [row for found in known for row in found.rows]
    groups: dict[tuple[str, str, tuple[str, ...]], list[Changed]] = {}
    for row in rows:
        groups.setdefault((row.section, row.frame, row.row), []).append(row)
    words = _Words(context, lang)
    told = sorted(filter(None, map(words.told, groups.values())), key=_rank)[:MOST_LINES]
    lines = [words.incomparable(found.section) for found in known if not found.comparable]
    lines += [words.line(group) for group in told]
    if rest := len(rows) - sum(map(len, told)):
        lines.append(say("changed.more" if told else "changed.count", lang, n=rest))
    return lines


def _rank(group: Sequence[Changed]) -> tuple[int, float]:
    """Verdicts, then rows that came or went, then numbers by the size of their change."""
    kinds = {row.what for row in group}
    place = 0 if What.CODE in kinds else 2 if kinds == {What.NUMBER} else 1
    return place, -max(row.size for row in group)


class _Words:
    """Names, figures and lines in one language."""

    def __init__(self, context: Context, lang: str) -> None:
        self._context, self._lang = context, lang

    def told(self, group: Sequence[Changed]) -> list[Changed]:
        """Of the changes of one row, those a line tells."""
        first = group[0]
        labels = list(TOLD.get((first.section, first.frame), {}))
        if first.what in CAME_OR_WENT:
            return [first] if (first.section, first.frame) in TOLD or first.section == "own" else []
        if first.section != "own":
            group = sorted((row for row in group if row.figure in labels), key=lambda row: labels.index(row.figure))
        return [row for row in group if len(set(self._values(row))) == 2][:MOST_FIGURES]

    def line(self, group: Sequence[Changed]) -> str:
        """One line about one row."""
        first = group[0]
        figures = say("changed.gap", self._lang).join(self._figure(row) for row in group)
        section = self._section(first.section)
        if not first.row:
            return say("changed.whole", self._lang, section=section, figures=figures)
        return say("changed.line", self._lang, section=section, row=self._row(first), figures=figures)

    def incomparable(self, section: str) -> str:
        """The line of a section that cannot be compared."""
        return say("changed.incomparable", self._lang, section=self._section(section))

    def _section(self, section: str) -> str:
        known = f"page.short.{section}" in catalogue(self._lang)
        return (
            say(f"page.short.{section}", self._lang) if known else _short(section) or say("number.missing", self._lang)
        )

    def _figure(self, row: Changed) -> str:
        if row.what in CAME_OR_WENT:
            return say("changed.new" if row.what is What.NEW else "changed.gone", self._lang)
        before, after = self._values(row)
        label, _ = self._kind(row)
        figure = say(f"changed.figure.{label}", self._lang) if label else _short(row.figure)
        return say("changed.from_to", self._lang, figure=figure, before=before, after=after)

    def _kind(self, row: Changed) -> tuple[str, str]:
        """Label and kind of a figure; of a team's own table the column itself, in the column's own unit."""
        return TOLD.get((row.section, row.frame), {}).get(row.figure, ("", "unit"))

    def _values(self, row: Changed) -> tuple[str, str]:
        """Before and after, with as many digits as tell them apart."""
        if row.what is not What.NUMBER:
            return self._code(row.before), self._code(row.after)
        kind = self._kind(row)[1]
        both = [value if isinstance(value, int | float) else math.nan for value in (row.before, row.after)]
        unit = row.unit if kind == "unit" else kind
        before, after = numbers.distinct(both, unit, self._lang, currency=self._context.currency)
        return before, after

    def _code(self, value: Value) -> str:
        """A code in words; a text of a team's own as it is."""
        if value is None or value == "":
            return say("number.missing", self._lang)
        known = f"changed.code.{value}" in catalogue(self._lang)
        return say(f"changed.code.{value}", self._lang) if known else _short(str(value))

    def _row(self, row: Changed) -> str:
        """What a row is called: by [names], by itself, or by what tells it apart."""
        parts = [_short(part) for part in row.row]
        if row.section != "own":  # everybody goes without saying beside something else
            parts = [self._called(part) for part in row.row if part != EVERYBODY or len(row.row) == 1]
        if row.section != "own" and (row.title or len(row.row) == 1):
            names = self._context.names.get(row.row[0]) or self._context.names.get(row.also) or row.title
            parts = [_short(pick(names, self._lang))] if names else parts
        return say("changed.row_gap", self._lang).join(part for part in parts if part)

    def _called(self, part: str) -> str:
        """An id in words: a month, a name of [names], a dimension of ours, the values of a slice, else as it is."""
        if _MONTH.fullmatch(part):
            return numbers.month(part, self._lang)
        ours = f"health.dimension.{part}"
        if part in self._context.names or ours not in catalogue(self._lang):
            values = [piece.partition("=")[2] or piece for piece in part.split("&")]
            return _short(" × ".join(pick(self._context.names.get(value, value), self._lang) for value in values))
        return say(ours, self._lang)


def _short(text: str) -> str:
    """A text of the data in one line, as far as there is room for it."""
    return shorten(one_line(text), LONGEST)
