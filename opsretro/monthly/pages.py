"""The pages of the month: sections are drawn one by one, side by side where processes can fork, then joined."""

from __future__ import annotations

import gc
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from opsretro.monthly.engine import ForkEngine, how_it_ended, running
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
    order = {"do": "opsretro.monthly.pages:draw_now", "seconds": None, "data": str(data), "lang": lang}
    if not apart:
        try:
            _draw(order)
        except OSError:
            raise
        except Exception as error:
            raise RuntimeError(f"{type(error).__name__}: {error}".splitlines()[0]) from error
        return
    with running(ForkEngine.template, order) as job:
        with os.fdopen(os.dup(job.hear), "rb") as told:
            problem = json.loads(told.read() or "null")
        how = how_it_ended(job.leash)
    if problem:
        number, text = problem
        raise OSError(number, text, str(data)) if number else RuntimeError(text)
    if how.get("code") != 0:
        raise RuntimeError(f"{data.name}: the process that draws it ended early")


def draw_now(_: int, told: int, order: Mapping[str, Any]) -> None:
    """What the fork does."""
    problem: Any = None
    gc.disable()  # looking for garbage after every few figures takes a sixth of the time, and this process ends soon
    try:
        _draw(order)
    except OSError as error:
        problem = [error.errno, error.strerror]
    except Exception as error:  # told to the process that waits
        problem = [0, f"{type(error).__name__}: {error}".splitlines()[0]]
    os.write(told, json.dumps(problem).encode())


def _draw(order: Mapping[str, Any]) -> None:
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


def write_pages(
    page: MonthPage, files: Mapping[str, Path], staged: Path, langs: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Join the sections that are drawn into a page a language.

    Args:
        page: What the pages show.
        files: JSON by section, each drawn already.
        staged: Where the pages go.
        langs: Languages.

    Returns:
        What each says in a few words, by language; names of the pages.
    """
    pages, says = page_files(langs), {}
    for lang, name in pages.items():
        other = next(((code, file) for code, file in pages.items() if code != lang), None)
        parts = {key: drawn(data, lang) for key, data in files.items()}
        (staged / name).write_text(page_html(page, lang, other=other, drawn=parts), encoding="utf-8")
        says[lang] = page_says(page, lang, parts)
    for data in files.values():
        for lang in pages:
            _place(data, lang).unlink(missing_ok=True)
    return says, list(pages.values())
