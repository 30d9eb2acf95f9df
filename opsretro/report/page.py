"""The month's page: one self-contained HTML file per language, made from the results' own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from opsretro import __version__
from opsretro.analysis.result import Context, Result
from opsretro.report import numbers
from opsretro.report.lessons_view import beside
from opsretro.report.look import css_tokens
from opsretro.report.sections import SECTIONS, TILE_ORDER, Section
from opsretro.report.templates import render, style
from opsretro.report.views import View, view
from opsretro.tables.period import Period
from opsretro.words import join_list, pick, say

SENTENCES = 5


@dataclass(frozen=True, kw_only=True)
class MonthPage:
    """Everything a month's page is made of.

    Attributes:
        period: ``2026-10``, ``2026-Q3`` or ``2026``.
        context: Team, currency, names.
        results: Result by section.
        failures: Why a section failed, in words by language, by section.
        files: Rows by file read.
        header_only: Files with a header and no rows.
    """

    period: str
    context: Context
    results: Mapping[str, Result]
    failures: Mapping[str, Mapping[str, str]]
    files: Mapping[str, int]
    header_only: Sequence[str] = ()


def page_html(page: MonthPage, lang: str, *, other: tuple[str, str] | None = None) -> str:
    """The page in one language.

    Args:
        page: What to show.
        lang: ``zh-CN`` or ``en``.
        other: Language and file name of the same page in the other language, when there is one.

    Returns:
        HTML that loads nothing from outside.
    """
    views = {key: view(result.in_language(lang)) for key, result in page.results.items()}
    kind = Period.parse(page.period).kind
    title = say(f"page.title.{kind}", lang, period=numbers.period(page.period, lang))
    return str(
        render(
            "page.html.jinja",
            lang=lang,
            word=lambda key, **values: say(f"page.{key}", lang, **values),
            title=title,
            conclusions_title=say(f"page.conclusions.{kind}", lang),
            changes_title=say(f"page.changes.{kind}", lang),
            team=pick(page.context.team, lang),
            as_of=say("page.as_of", lang, day=numbers.day(page.context.as_of, lang)) if page.context.as_of else "",
            other={"lang": other[0], "file": other[1], "name": say("page.other_language", lang)} if other else None,
            tokens=Markup(css_tokens()),  # noqa: S704 - constants of ours
            style=style(),
            conclusions=_conclusions([shown.conclusions() for shown in views.values()]),
            tiles=[_tile(key, views, page, lang) for key in TILE_ORDER],
            changes=[text for shown in views.values() for text in shown.changes()],
            sections=[_section(section, views, page, lang) for section in SECTIONS],
            method=_method(views, page, lang),
        )
    )


def _conclusions(found: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The page's sentences: every section's first before any section's second, shown in the order of the sections."""
    ranked = sorted((rank, place) for place, items in enumerate(found) for rank in range(len(items)))
    kept = sorted((place, rank) for rank, place in ranked[:SENTENCES])
    return [found[place][rank] for place, rank in kept]


def _tile(key: str, views: Mapping[str, View], page: MonthPage, lang: str) -> dict[str, object]:
    title = say(f"page.short.{key}", lang)
    if key in views:
        line, picture = views[key].tile()
        return {"key": key, "title": title, "line": line, "picture": picture}
    line = say("page.tile.failed" if key in page.failures else "page.tile.none", lang)
    return {"key": key, "title": title, "line": line, "picture": render("dots.html.jinja", states=["no_data"])}


def _section(section: Section, views: Mapping[str, View], page: MonthPage, lang: str) -> dict[str, object]:
    shown: dict[str, object] = {
        "key": section.key,
        "title": say(f"page.section.{section.key}", lang),
        "body": "",
        "lessons": "",
        "text": "",
    }
    if section.key in views:
        lessons = beside(page.results[section.key].in_language(lang))
        return shown | {"state": "shown", "body": views[section.key].section(), "lessons": lessons}
    if section.key in page.failures:
        return shown | {"state": "failed", "text": say("page.failed", lang, why=page.failures[section.key][lang])}
    absent = say("page.absent", lang, tables=join_list(section.files, lang))
    if section.notebook is None:
        absent = say("page.no_meeting", lang, month=Period.parse(page.period).months[-1])
    return shown | {"state": "absent", "text": absent}


def _method(views: Mapping[str, View], page: MonthPage, lang: str) -> list[str]:
    read = [f"{file} ({say('page.row', lang, rows=f'{rows:,}')})" for file, rows in page.files.items()]
    texts = [shown.method() for shown in views.values()]
    texts.append(say("page.method_read", lang, files=say("list.comma", lang).join(read)))
    if page.header_only:
        texts.append(say("page.header_only", lang, files=join_list(list(page.header_only), lang)))
    return [*texts, say("page.made_by", lang, version=__version__, team=pick(page.context.team, lang))]
