"""The page over all months: where things stand, a grid of months and sections, trends, and a search in them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from opsretro import __version__
from opsretro.analysis.months import Months
from opsretro.report.archive_search import entries
from opsretro.report.look import css_tokens
from opsretro.report.months_text import MonthsText
from opsretro.report.months_view import MonthsView
from opsretro.report.sections import TILE_ORDER
from opsretro.report.templates import render, style
from opsretro.words import pick, say

SENTENCES = 6
BAD = ("failed", "lost", "broken", "other_schema", "unreadable", "link")


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What the archive knows of one published period beside its figures.

    Attributes:
        label: ``2026-10``, ``2026-Q3``, ``2026`` or ``2026-01..2026-10``.
        pages: Place of its page by language, from the reports folder; without one it is not linked.
        says: What its page says, by language: conclusions, and sections (headline by key).
    """

    label: str
    pages: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Everything the page over all months is made of.

    Attributes:
        whole: The look back over all of them.
        axis: Every month from the first to the last, gaps included.
        parts: Look backs over each year and each quarter with a published month, by label.
        shelves: Published periods by label.
    """

    whole: Months
    axis: Sequence[str]
    parts: Mapping[str, Months]
    shelves: Mapping[str, Shelf]


def archive_html(archive: Archive, lang: str, *, other: tuple[str, str] | None = None) -> str:
    """The page in one language.

    Args:
        archive: What to show.
        lang: ``zh-CN`` or ``en``.
        other: Language and file name of the same page in the other language, when there is one.

    Returns:
        HTML that loads nothing from outside, and runs nothing but the script its own policy names by its sum.
    """
    shown = MonthsView(archive.whole.in_language(lang), archive.axis)
    text, context = shown.text, archive.whole.context
    look = f"{css_tokens()}\n{style()}\n{style('months.css')}\n{style('archive.css')}"
    script = str(style("archive.js"))
    parts = shown.parts()
    return str(
        render(
            "archive.html.jinja",
            lang=lang,
            word=lambda key, **values: say(f"archive.{key}", lang, **values),
            months_word=text.word,
            title=say("archive.title", lang),
            team=pick(context.team, lang),
            extent=_extent(text, archive.axis),
            other={"lang": other[0], "file": other[1], "name": say("page.other_language", lang)} if other else None,
            style=Markup(look),  # noqa: S704 - ours
            style_sum=_sum(look),
            script=Markup(script),  # noqa: S704 - ours
            script_sum=_sum(script),
            sums=[
                _told("", text),
                *(_told(label, MonthsText(one.in_language(lang), lang)) for label, one in archive.parts.items()),
            ],
            periods=[(label, text.label(label)) for label in archive.parts],
            axis=[(month, text.month(month)) for month in archive.axis],
            columns=[say(f"page.short.{key}", lang) for key in text.sections],
            years=_years(archive, text, lang),
            headings={name: say(f"months.heading.{name}", text.lang) for name in HEADINGS},
            links={label: shelf.pages[lang] for label, shelf in archive.shelves.items() if shelf.pages.get(lang)},
            method=shown.method(),
            version=__version__,
            dot=say("health.dot", lang),
            data=_data(archive, text, lang),
            **{name: parts[name] for name in PARTS},
        )
    )


HITS = ("none", "single", "many", "most")
HEADINGS = ("kpis", "activities", "actions", "causes", "health")
PARTS = (*HEADINGS, "types", "follow", "gaps", "most")


def _sum(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _extent(text: MonthsText, axis: Sequence[str]) -> str:
    return (
        say("months.range", text.lang, low=text.month(axis[0]), high=text.month(axis[-1]))
        if len(axis) > 1
        else text.months(axis)
    )


def _told(label: str, text: MonthsText) -> dict[str, object]:
    """Where things stand in a period, in a few sentences: the answer, then one of each kind."""
    return {"label": label, "lead": text.headline(), "texts": text.firsts(SENTENCES)}


def _years(archive: Archive, text: MonthsText, lang: str) -> list[dict[str, object]]:
    """Months by year, the newest first; and what else is published of that year."""
    found: list[dict[str, object]] = []
    for year in sorted({month[:4] for month in [*archive.axis, *archive.shelves]}, reverse=True):
        months = [month for month in reversed(archive.axis) if month[:4] == year]
        reviews = [shelf for label, shelf in archive.shelves.items() if label[:4] == year and label not in archive.axis]
        links = [(text.label(one.label), one.pages[lang]) for one in reviews if one.pages.get(lang)]
        rows = [_row(archive, month, text, lang) for month in months]
        found.append({"label": year, "name": text.label(year), "reviews": links, "rows": rows})
    return found


def _row(archive: Archive, month: str, text: MonthsText, lang: str) -> dict[str, object]:
    shelf = archive.shelves.get(month)
    row: dict[str, object] = {"label": month, "name": text.month(month), "cells": []}
    if shelf is None:
        return row | {"text": say("archive.not_published", lang)}
    href = shelf.pages.get(lang, "")
    states = {one["section"]: one["status"] for one in text.cells(month)}
    if not states:
        return row | {"text": say("archive.nothing", lang)}
    return row | {"href": href, "cells": [_cell(month, key, states.get(key, ""), href, text) for key in text.sections]}


def _cell(month: str, key: str, status: str, href: str, text: MonthsText) -> dict[str, object]:
    link = f"{href}#{key}" if href else ""
    if status == "done":
        return {"texts": text.cell(month, key), "href": link, "kind": ""}
    if status in BAD:
        return {"texts": [say(f"months.state.{status}", text.lang)], "href": link, "kind": "bad"}
    told = "page.tile.left_out" if status == "left_out" else "months.state.absent"
    return {"texts": [say(told, text.lang)], "href": "", "kind": "no"}


def _data(archive: Archive, text: MonthsText, lang: str) -> Markup:
    """What the script reads: text only, and none of it can end the element it stands in."""
    shelves = [archive.shelves[month] for month in reversed(archive.axis) if month in archive.shelves]
    months = [shelf.label for shelf in shelves]
    found = {
        "axis": list(archive.axis),
        "axisOf": months,
        "names": [text.month(month) for month in months],
        "pages": [shelf.pages.get(lang, "") for shelf in shelves],
        "sections": [*(_named(key, text) for key in TILE_ORDER), say("archive.concluded", lang)],
        "periods": [(label, *_ends(one)) for label, one in archive.parts.items()],
        "sums": list(archive.parts),
        "entries": entries(text, {shelf.label: shelf.says.get(lang, {}) for shelf in shelves}),
        "says": {name: say(f"archive.hits.{name}", lang, n="{n}", most="{most}") for name in HITS},
    }
    plain = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        plain = plain.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(plain)  # noqa: S704 - no sign of markup is left in it


def _named(key: str, text: MonthsText) -> str:
    """The name of a section that some month knows of."""
    return say(f"page.short.{key}", text.lang) if key in text.sections else ""


def _ends(part: Months) -> tuple[str, str]:
    known = sorted({*part.published, *part.gaps["month"]})
    return known[0], known[-1]
