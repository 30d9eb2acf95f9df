"""Read a reports folder: every published month, quarter and year as it lies there; nothing is computed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsretro.analysis.months_join import MonthRead, span
from opsretro.analysis.months_read import Row, taken
from opsretro.analysis.result import SCHEMA
from opsretro.monthly.archive_names import NAMED, is_month
from opsretro.monthly.archive_says import OldWords, Said, spoken
from opsretro.monthly.publish import MANIFEST
from opsretro.report.sections import TILE_ORDER
from opsretro.words import LANGUAGES

MOST_SENTENCES = 2
"""Conclusions of a section that are looked up from an old month; its manifest would hold those of its page."""
LARGEST = 200_000_000
"""Bytes of a file, from which on it is none of ours."""
PAGES = {"zh-CN": ("index.html",), "en": ("index.en.html", "index.html")}
"""Where the page of a period lies by language, the best place first."""


class _Gap(Exception):
    """Something that is not there or cannot be read, by its code."""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One published period, as it lies in its folder.

    Attributes:
        label: ``2026-10``, ``2026-Q3``, ``2026`` or ``2026-01..2026-10``.
        read: Its figures; of a month only.
        pages: Names of the pages that are there.
        says: What its pages say, by language: conclusions, and sections (headline by key).
    """

    label: str
    read: MonthRead
    pages: Sequence[str]
    says: Said = field(default_factory=dict)

    def page(self, lang: str) -> str:
        """The page to open in a language; empty where there is none."""
        return next((name for name in PAGES[lang] if name in self.pages), "")


def read_archive(out: Path, langs: Sequence[str] = LANGUAGES) -> tuple[Filed, ...]:
    """Everything that is published in a reports folder, oldest first.

    Args:
        out: The reports folder. Whatever lies in it that is not named like a period is left alone.
        langs: Languages in which it is wanted what pages say.

    Returns:
        One a period. What is missing, broken, of another schema, unreadable or a link stands in its gaps; the rest of
        it is read all the same.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(out) if NAMED.fullmatch(entry.name))
    except OSError:
        return ()
    words = OldWords(out)
    found = tuple(_filed(out / name, words, langs) for name in names)
    words.keep()
    return found


def months_in(filed: Sequence[Filed]) -> tuple[str, ...]:
    """Every month from the first published one to the last, those between that are missing included."""
    found = [one.label for one in filed if is_month(one.label)]
    return span(min(found), max(found)) if found else ()


def _filed(folder: Path, words: OldWords, langs: Sequence[str]) -> Filed:
    label = folder.name
    if folder.is_symlink():
        return _lost(label, "link")
    if not folder.is_dir():
        return _lost(label, "no_folder")
    try:
        there = {entry.name for entry in os.scandir(folder)}
    except OSError:
        return _lost(label, "unreadable")
    gaps: list[tuple[str, str]] = []
    manifest: Mapping[str, Any] = {}
    try:
        manifest = _json(folder / MANIFEST)
    except _Gap as gap:
        gaps.append(("", "no_manifest" if str(gap) == "lost" else "broken_manifest"))
    pages = [name for name in ("index.html", "index.en.html") if name in there and _is_file(folder / name)]
    gaps += [] if pages else [("", "no_page")]
    says = spoken(manifest)
    if not is_month(label):
        return Filed(label=label, read=MonthRead(month=label, gaps=gaps), pages=pages, says=says)
    own = _Sections(folder, says, words, gaps, langs)
    own.take(manifest, there)
    read = MonthRead(month=label, rows=own.rows, status=own.status, context=own.context, gaps=gaps)
    return Filed(label=label, read=read, pages=pages, says=own.says)


def _lost(label: str, code: str) -> Filed:
    return Filed(label=label, read=MonthRead(month=label, gaps=[("", code)]), pages=())


class _Sections:
    """The sections of one month: rows, status of what has no result, context, and words the manifest lacks."""

    def __init__(
        self, folder: Path, says: Said, words: OldWords, gaps: list[tuple[str, str]], langs: Sequence[str]
    ) -> None:
        self._folder, self._words, self._gaps = folder, words, gaps
        self._lacking = [lang for lang in langs if lang not in says]
        self.rows: dict[str, list[Row]] = {}
        self.status: dict[str, str] = {}
        self.context: Mapping[str, Any] = {}
        self.says: Said = says | {lang: {"conclusions": [], "sections": {}} for lang in self._lacking}

    def take(self, manifest: Mapping[str, Any], there: set[str]) -> None:
        """Read what is there, and note what is not."""
        for key in TILE_ORDER:
            known = _status(manifest, key)
            if f"{key}.json" not in there and known in ("absent", "failed", "left_out", ""):
                self.status |= {key: known} if known else {}
                continue
            try:
                self._taken(key, _result(self._folder, key))
            except _Gap as gap:
                self._gaps.append((key, str(gap)))
                self.status[key] = str(gap)

    def _taken(self, key: str, data: Mapping[str, Any]) -> None:
        for name, found in taken(self._folder.name, data).items():
            self.rows.setdefault(name, []).extend(found)
        own = data.get("context")
        self.context = own if isinstance(own, Mapping) else self.context
        for lang, said in (self._words.of(self._folder / f"{key}.json", data) if self._lacking else {}).items():
            if lang in self._lacking:
                self.says[lang]["conclusions"] += said["conclusions"][:MOST_SENTENCES]
                self.says[lang]["sections"] |= said["sections"]


def _status(manifest: Mapping[str, Any], key: str) -> str:
    sections = manifest.get("sections")
    section = sections.get(key) if isinstance(sections, Mapping) else None
    told = section.get("status") if isinstance(section, Mapping) else ""
    return told if isinstance(told, str) else ""


def _result(folder: Path, key: str) -> Mapping[str, Any]:
    data = _json(folder / f"{key}.json")
    if data.get("schema") != SCHEMA:
        raise _Gap("other_schema")
    if data.get("section") != key or data.get("period") != folder.name:
        raise _Gap("broken")
    return data


def _json(path: Path) -> Mapping[str, Any]:
    """A file of a month; a link is never followed, for it may lead out of the reports folder."""
    if path.is_symlink():
        raise _Gap("link")
    try:
        if path.stat().st_size > LARGEST:
            raise _Gap("broken")
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise _Gap("lost") from error
    except OSError as error:
        raise _Gap("unreadable") from error
    except (ValueError, RecursionError) as error:
        raise _Gap("broken") from error
    if not isinstance(data, Mapping):
        raise _Gap("broken")
    return data


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
