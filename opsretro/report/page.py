"""The month's page: one self-contained HTML file per language, made from the results' own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from opsretro import __version__
from opsretro.analysis.result import Context, Result
from opsretro.report import numbers
from opsretro.report.lessons_view import beside, told
from opsretro.report.look import css_tokens
from opsretro.report.own_page import OwnPart, own_text
from opsretro.report.sections import SECTIONS, TILE_ORDER, Section
from opsretro.report.templates import render, style
from opsretro.report.views import view
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
        own: What the team's own notebooks made, in their order.
        changed: What was published otherwise before, by language; empty = nothing, or it is the first time.
        changed_since: Day of that earlier publication, ISO.
        shows: Sections it has room for; nothing tells of the others.
        left_out: Sections nobody asked for this time, and nothing is published of.
    """

    period: str
    context: Context
    results: Mapping[str, Result]
    failures: Mapping[str, Mapping[str, str]]
    files: Mapping[str, int]
    header_only: Sequence[str] = ()
    own: Sequence[OwnPart] = ()
    changed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed_since: str = ""
    shows: Sequence[str] = tuple(section.key for section in SECTIONS if section.key != "months")
    left_out: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page shows of one section, in one language; made apart, so that sections can be drawn side by side.

    Attributes:
        headline: Its answer in one sentence.
        conclusions: Sentences for the top of the page, each with the anchor of its evidence.
        line: The line of its tile.
        picture: The small picture of its tile, as HTML.
        changes: What is different from the month before.
        body: The section, as HTML.
        lessons: What was learnt earlier, as HTML.
        method: Definitions and method.
        printed: The section of the printed document, as plain data.
    """

    headline: str
    conclusions: Sequence[tuple[str, str]]
    line: str
    picture: Markup
    changes: Sequence[str]
    body: Markup
    lessons: Markup
    method: str
    printed: Sequence[Mapping[str, Any]] = ()


def shown(result: Result, lang: str) -> Shown:
    """Draw one section of the page.

    Args:
        result: What it shows.
        lang: ``zh-CN`` or ``en``.
    """
    from opsretro.report.document_sections import printed

    spoken = result.in_language(lang)
    drawn = view(spoken)
    line, picture = drawn.tile() if result.section in TILE_ORDER else ("", Markup())
    return Shown(
        headline=str(drawn.headline()),
        conclusions=[(str(text), anchor) for text, anchor in drawn.conclusions()],
        line=str(line),
        picture=picture,
        changes=[str(text) for text in drawn.changes()],
        body=drawn.section(),
        lessons=beside(spoken),
        method=str(drawn.method()),
        printed=printed(result.section, drawn.made, told(spoken), lang),
    )


def page_html(
    page: MonthPage,
    lang: str,
    *,
    other: tuple[str, str] | None = None,
    drawn: Mapping[str, Shown] | None = None,
) -> str:
    """The page in one language.

    Args:
        page: What to show.
        lang: ``zh-CN`` or ``en``.
        other: Language and file name of the same page in the other language, when there is one.
        drawn: Sections by key that are drawn already, in this language; None = all are drawn now.

    Returns:
        HTML that loads nothing from outside.
    """
    parts = all_shown(page, lang) if drawn is None else drawn
    return str(
        render(
            "page.html.jinja",
            lang=lang,
            word=lambda key, **values: say(f"page.{key}", lang, **values),
            other={"lang": other[0], "file": other[1], "name": say("page.other_language", lang)} if other else None,
            tokens=Markup(css_tokens()),  # noqa: S704 - constants of ours
            style=style(),
            **page_parts(page, lang, parts),
        )
    )


def all_shown(page: MonthPage, lang: str) -> dict[str, Shown]:
    """Every section that has a result, drawn in one language."""
    results = {**page.results, **{part.key: part.result for part in page.own if part.result is not None}}
    return {key: shown(result, lang) for key, result in results.items()}


def page_parts(page: MonthPage, lang: str, parts: Mapping[str, Shown]) -> dict[str, Any]:
    """What a page and a printed document say in one language, by name.

    Args:
        page: What to show.
        lang: ``zh-CN`` or ``en``.
        parts: Sections by key, drawn in this language.
    """
    kind = Period.span(page.period).kind
    return {
        "title": _title(page, lang),
        "conclusions_title": say(f"page.conclusions.{kind}", lang),
        "changes_title": say(f"page.changes.{kind}", lang),
        "team": pick(page.context.team, lang),
        "as_of": say("page.as_of", lang, day=numbers.day(page.context.as_of, lang)) if page.context.as_of else "",
        "conclusions": _conclusions([_led(key, part, page) for key, part in parts.items()]),
        "tiles": [_tile(key, parts, page, lang) for key in TILE_ORDER if key in page.shows],
        "changes": [text for part in parts.values() for text in part.changes],
        "changed": page.changed.get(lang, ()),
        "changed_title": _changed_title(page, lang),
        "sections": [
            *(_section(section, parts, page, lang) for section in SECTIONS if section.key in page.shows),
            *(_block(own.key, own.title, parts.get(own.key), *own_text(own, lang)) for own in page.own),
        ],
        "method": _method(parts, page, lang),
    }


def page_says(page: MonthPage, lang: str, drawn: Mapping[str, Shown]) -> dict[str, object]:
    """The page in a few words, for whoever tells of it elsewhere.

    Args:
        page: What it shows.
        lang: ``zh-CN`` or ``en``.
        drawn: Its sections, in this language.

    Returns:
        ``title``; ``conclusions``, the sentences at its top; ``sections``, the answer of each.
    """
    found = _conclusions([_led(key, part, page) for key, part in drawn.items()])
    answers = {key: part.headline for key, part in drawn.items()}
    return {"title": _title(page, lang), "conclusions": [text for text, _ in found], "sections": answers}


def _title(page: MonthPage, lang: str) -> str:
    kind = Period.span(page.period).kind
    return say(f"page.title.{kind}", lang, period=numbers.period(page.period, lang))


def _led(key: str, part: Shown, page: MonthPage) -> Sequence[tuple[str, str]]:
    """The sentences of a section; those of the team's own lead to its place on the page."""
    return part.conclusions if key in page.results else [(text, key) for text, _ in part.conclusions]


def _conclusions(found: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The page's sentences: every section's first before any section's second, shown in the order of the sections."""
    ranked = sorted((rank, place) for place, items in enumerate(found) for rank in range(len(items)))
    kept = sorted((place, rank) for rank, place in ranked[:SENTENCES])
    return [found[place][rank] for place, rank in kept]


def _tile(key: str, parts: Mapping[str, Shown], page: MonthPage, lang: str) -> dict[str, object]:
    title = say(f"page.short.{key}", lang)
    if key in parts:
        return {"key": key, "title": title, "line": parts[key].line, "picture": parts[key].picture}
    kind = "failed" if key in page.failures else "left_out" if key in page.left_out else "none"
    line = say(f"page.tile.{kind}", lang)
    return {"key": key, "title": title, "line": line, "picture": render("dots.html.jinja", states=["no_data"])}


def _section(section: Section, parts: Mapping[str, Shown], page: MonthPage, lang: str) -> dict[str, object]:
    state, text = "absent", say("page.absent", lang, tables=join_list(section.files, lang))
    if section.notebook is None:
        text = say("page.no_meeting", lang, month=Period.span(page.period).months[-1])
    if section.key in page.left_out:
        text = say("page.left_out", lang)
    if section.key in page.failures:
        state, text = "failed", say("page.failed", lang, why=page.failures[section.key][lang])
    return _block(section.key, say(f"page.section.{section.key}", lang), parts.get(section.key), state, text)


def _block(key: str, title: str, part: Shown | None, state: str, text: str) -> dict[str, object]:
    """A section of the page, or why there is none."""
    shown = {"state": "shown", "body": part.body, "lessons": part.lessons} if part else {"state": state}
    return {"key": key, "title": title, "body": "", "lessons": "", "text": text, **shown}


def _changed_title(page: MonthPage, lang: str) -> str:
    return say("page.changed", lang, day=numbers.day(page.changed_since, lang)) if page.changed else ""


def _method(parts: Mapping[str, Shown], page: MonthPage, lang: str) -> list[str]:
    read = [f"{file} ({say('page.row', lang, rows=f'{rows:,}')})" for file, rows in page.files.items()]
    texts = [part.method for part in parts.values()]
    if read:
        texts.append(say("page.method_read", lang, files=say("list.comma", lang).join(read)))
    if page.header_only:
        texts.append(say("page.header_only", lang, files=join_list(list(page.header_only), lang)))
    return [*texts, say("page.made_by", lang, version=__version__, team=pick(page.context.team, lang))]
