"""The documents of the month: a PDF a language, set side by side from what the pages show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from opsretro.monthly.apart import done
from opsretro.monthly.hiding import hide
from opsretro.monthly.template import TEMPLATE, can_fork

if TYPE_CHECKING:
    from opsretro.report.page import MonthPage, Shown

SECONDS = 120.0
"""Time for one document; a second is usual."""


def pdf_files(langs: Sequence[str]) -> dict[str, str]:
    """File name by language.

    Example:
        >>> pdf_files(["en"])
        {'en': 'retro.en.pdf'}
    """
    return {lang: f"retro.{lang}.pdf" for lang in langs}


def write_pdfs(
    page: MonthPage, drawn: Mapping[str, Mapping[str, Shown]], staged: Path, warn: Callable[[str], object]
) -> list[str]:
    """Set the month as a document, in every language at the same time.

    Args:
        page: What it shows.
        drawn: Sections by key, by language, each drawn already.
        staged: Where the documents go.
        warn: Told why there is none, where there is none: the pages are published without it.

    Returns:
        Names of the documents that could be made.

    Raises:
        BaseException: Somebody stopped the run.
    """
    files = pdf_files(list(drawn))
    with ThreadPoolExecutor(len(files)) as pool:
        waiting = {lang: pool.submit(_write, page, lang, drawn[lang], staged / name) for lang, name in files.items()}
        try:
            problems = {lang: one.result() for lang, one in waiting.items()}
        except BaseException:
            TEMPLATE.stop()
            raise
    for lang, problem in problems.items():
        if problem:
            warn(f"{files[lang]}: {problem}")
    return [name for lang, name in files.items() if not problems[lang]]


def _write(page: MonthPage, lang: str, drawn: Mapping[str, Shown], path: Path) -> str:
    """Why there is no document; empty = there is one."""
    from opsretro.report.document import document

    data = path.with_suffix(".document")
    try:
        data.write_text(hide(json.dumps(document(page, lang, drawn), ensure_ascii=False)), encoding="utf-8")
        done(f"{__name__}:set_now", {"data": str(data), "path": str(path)}, apart=can_fork(), seconds=SECONDS)
    except Exception as error:  # whatever it is, the pages are not kept from their readers
        return hide(str(error))
    finally:
        data.unlink(missing_ok=True)
    return ""


def set_now(order: Mapping[str, str]) -> None:
    """Set one document: ``data`` to ``path``.

    Raises:
        OSError: It cannot be written.
        RuntimeError: It cannot be set.
    """
    from opsretro.report.document_pdf import pdf

    Path(order["path"]).write_bytes(pdf(Path(order["data"]).read_text(encoding="utf-8")))
