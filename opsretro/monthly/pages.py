"""The pages of the month: sections are drawn one by one, side by side where processes can fork, then joined."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from opsretro.monthly.apart import done
from opsretro.monthly.printing import pdf_files, write_pdfs
from opsretro.report.page import MonthPage, Shown, page_html, page_says, shown
from opsretro.report.views import load

DRAWN = ".drawn"
"""Ending of what was drawn of a section; gone before anything is published."""
_HTML = ("picture", "body", "lessons")


def page_files(langs: Sequence[str]) -> dict[str, str]:
    """File name by language: `index.html` is Chinese and `index.en.html` English; a single language is `index.html`.

    Example:
        >>> page_files(["en"])
        {'en': 'index.html'}
    """
    if len(langs) == 1:
        return {langs[0]: "index.html"}
    return {"zh-CN": "index.html", "en": "index.en.html"}


def draw(data: Path, lang: str, *, apart: bool) -> None:
    """Draw a section in one language, into a file beside its result.

    Args:
        data: Its JSON.
        lang: ``zh-CN`` or ``en``.
        apart: In a fork of the warm process, so that others can be drawn at the same time.

    Raises:
        OSError: It cannot be written.
        RuntimeError: It cannot be drawn.
    """
    done(f"{__name__}:draw_now", {"data": str(data), "lang": lang}, apart=apart)


def draw_now(order: Mapping[str, str]) -> None:
    """Draw a section in one language: ``data`` in ``lang``."""
    data, lang = Path(order["data"]), order["lang"]
    result = load(json.loads(data.read_text(encoding="utf-8")), lang=lang)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a sign the chart font lacks is a box, no event
        part = vars(shown(result, lang))
    _place(data, lang).write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")


def _place(data: Path, lang: str) -> Path:
    return data.with_suffix(f".{lang}{DRAWN}")


def undrawn(data: Path, langs: Sequence[str]) -> list[str]:
    """Languages in which a section has not been drawn."""
    return [lang for lang in langs if not _place(data, lang).exists()]


def drawn(data: Path, lang: str) -> Shown:
    """What was drawn of a section, in one language."""
    part = json.loads(_place(data, lang).read_text(encoding="utf-8"))
    html = {name: Markup(part[name]) for name in _HTML}  # noqa: S704 - our own, read back
    return Shown(**part | html | {"conclusions": [(text, anchor) for text, anchor in part["conclusions"]]})


def all_files(langs: Sequence[str]) -> list[str]:
    """Names of everything that is joined out of the sections: pages and documents."""
    return [*page_files(langs).values(), *pdf_files(langs).values()]


def write_pages(
    page: MonthPage, files: Mapping[str, Path], staged: Path, langs: Sequence[str], tell: Callable[[str], object]
) -> tuple[dict[str, Any], list[str]]:
    """Join the sections that are drawn into a page and a document a language.

    Args:
        page: What the pages show.
        files: JSON by section, each drawn already.
        staged: Where the pages go.
        langs: Languages.
        tell: Told why there is no document, where there is none.

    Returns:
        What each page says in a few words, by language; names of the pages and documents.
    """
    pages = page_files(langs)
    parts = {lang: {key: drawn(data, lang) for key, data in files.items()} for lang in pages}
    for lang, name in pages.items():
        other = next(((code, file) for code, file in pages.items() if code != lang), None)
        (staged / name).write_text(page_html(page, lang, other=other, drawn=parts[lang]), encoding="utf-8")
    for data in files.values():
        for lang in pages:
            _place(data, lang).unlink(missing_ok=True)
    says = {lang: page_says(page, lang, parts[lang]) for lang in pages}
    return says, [*pages.values(), *write_pdfs(page, parts, staged, tell)]
