"""Link the pages of a month to the months beside it: only that line of a finished page is written anew."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from markupsafe import Markup

from opsretro.errors import OutputError
from opsretro.monthly.archive_names import NAMED
from opsretro.monthly.publish import MANIFEST, one_run
from opsretro.monthly.reuse import read_object, sum_of
from opsretro.report.templates import render
from opsretro.words import LANGUAGES, say

OPEN, CLOSE = "<!--beside-->", "<!--/beside-->"
"""What stands between them on a page is the line of links, and nothing else of it is ever touched."""
_BETWEEN = re.compile(f"{OPEN}.*?{CLOSE}", re.DOTALL)
_LANG = re.compile(r'<html lang="([A-Za-z-]+)">')


class _BusyError(Exception):
    """A run of that month is going on; it links its pages itself when it is done."""


def link_pages(staged: Path, names: Sequence[str], final: Path) -> None:
    """Write the line of links into pages that are about to be published.

    Args:
        staged: Folder of the pages.
        names: Files, the pages among them.
        final: The month's folder, beside which the others lie.
    """
    for name in (name for name in names if name.endswith(".html")):
        path = staged / name
        html = path.read_text(encoding="utf-8")
        path.write_text(_linked(html, name, final), encoding="utf-8")


def link_neighbours(out: Path, label: str) -> None:
    """Bring the line of links of a published month, and of those beside it, in step with what is published.

    A month that is being run just now does it itself when it is done; a page that somebody edited is left alone.

    Args:
        out: The reports folder.
        label: The month that was published.
    """
    for one in (label, *filter(None, _beside(out / label))):
        with suppress(_BusyError, OutputError, OSError), one_run(out, one, _busy):
            _relink(out / one)


def _busy() -> None:
    raise _BusyError


def _relink(final: Path) -> None:
    manifest = read_object(final / MANIFEST)
    sums = dict(known) if isinstance(known := manifest.get("sha256"), dict) else {}
    changed = False
    for name in ("index.html", "index.en.html"):
        path = final / name
        if final.is_symlink() or path.is_symlink() or not sums.get(name) or sum_of(path) != sums[name]:
            continue
        html = path.read_text(encoding="utf-8")
        new = _linked(html, name, final)
        if new != html:
            _replace(path, new)
            sums[name], changed = hashlib.sha256(new.encode()).hexdigest(), True
    if changed:
        text = json.dumps({**manifest, "sha256": sums}, ensure_ascii=False, indent=1) + "\n"
        _replace(final / MANIFEST, text)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _linked(html: str, name: str, final: Path) -> str:
    """A page with its line of links; as it is where it has no marks."""
    told = _LANG.search(html)
    lang = told[1] if told else ""
    if lang not in LANGUAGES or len(_BETWEEN.findall(html)) != 1:
        return html
    line = f"{OPEN}{_line(name, lang, final)}{CLOSE}"
    return _BETWEEN.sub(lambda _: line, html)


def _line(name: str, lang: str, final: Path) -> Markup:
    before, after = _beside(final)
    known = {"before": before, "after": after}
    links = {kind: f"../{label}/{_page(final.parent / label, name)}" if label else "" for kind, label in known.items()}
    archive = f"../{name}" if (final.parent / name).is_file() else ""
    back = say("archive.back", lang)
    return Markup(str(render("beside.html.jinja", **known, links=links, archive=archive, back=back)).strip())  # noqa: S704


def _page(folder: Path, name: str) -> str:
    return name if (folder / name).is_file() else "index.html"


def _beside(final: Path) -> tuple[str, str]:
    """The published periods of the same kind before and after one; empty = there is none."""
    labels = sorted({final.name, *_published(final)})
    place = labels.index(final.name)
    return labels[place - 1] if place else "", labels[place + 1] if place + 1 < len(labels) else ""


def _published(final: Path) -> Iterator[str]:
    try:
        there = list(os.scandir(final.parent))
    except OSError:  # who may write there need not be allowed to look
        return
    for entry in there:
        same = NAMED.fullmatch(entry.name) and _kind(entry.name) == _kind(final.name)
        if same and not entry.is_symlink() and (final.parent / entry.name / "index.html").is_file():
            yield entry.name


def _kind(label: str) -> str:
    return re.sub(r"\d", "0", label)
