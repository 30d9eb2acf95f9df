"""Write the page over all months, when a month has been published; whatever happens to it, the month stands."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from opsretro.analysis.months import Months
from opsretro.analysis.months_join import months_of
from opsretro.monthly.archive import Filed, months_in, read_archive
from opsretro.monthly.archive_names import is_month
from opsretro.monthly.pages import page_files
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import one_run, staging
from opsretro.report.archive_page import Archive, Shelf, archive_html
from opsretro.report.months_text import MonthsText
from opsretro.tables.period import Period
from opsretro.words import LANGUAGES

NAME = "archive"
"""What its lock and its working folder are called."""


def write_archive(out: Path, langs: Sequence[str], progress: Progress) -> Path | None:
    """Write ``index.html`` and ``index.en.html`` over all published months.

    An archive in both languages stays in both, whatever one run publishes.

    Args:
        out: The reports folder.
        langs: Languages of the run.
        progress: Told what is missing or damaged, a line each, and why nothing could be written.

    Returns:
        The page; None when it could not be written or nothing is published.
    """
    try:
        with one_run(out, NAME, lambda: None), staging(out, NAME) as staged:
            langs = _langs(out, langs)
            archive = archive_of(read_archive(out, langs))
            for line in problems(archive.whole, progress.lang):
                progress.say("archive_gap", line=line)
            return _written(out, staged, archive, langs) if archive.axis else None
    except Exception as error:  # the month is published; what becomes of the archive is told in a line
        why = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}".splitlines()[0]
        progress.say("no_archive", path=out / "index.html", why=why)
        return None


def archive_of(filed: Sequence[Filed]) -> Archive:
    """What the archive shows of the published periods.

    Args:
        filed: Everything that is published.
    """
    axis = months_in(filed)
    read = [one.read for one in filed if is_month(one.label)]
    spans = {label: [month for month in Period.span(label).months if month in axis] for label in _spans(axis)}
    known = {one.month for one in read}
    parts = {
        label: months_of(read, period=label, months=months) for label, months in spans.items() if known & set(months)
    }
    whole = f"{axis[0]}..{axis[-1]}" if len(axis) > 1 else "".join(axis)
    return Archive(
        whole=_with_reviews(months_of(read, period=whole, months=axis), filed),
        axis=axis,
        parts=parts,
        shelves={one.label: _shelf(one) for one in filed if one.pages or is_month(one.label)},
    )


def problems(whole: Months, lang: str) -> list[str]:
    """What is missing or damaged, a line each; months that were never published are not.

    Args:
        whole: The look back.
        lang: ``zh-CN`` or ``en``.
    """
    text = MonthsText(whole, lang)
    return [text.gap(row) for row in whole.gaps.to_dict("records") if row["code"] != "not_published"]


def _with_reviews(whole: Months, filed: Sequence[Filed]) -> Months:
    """The look back with what is damaged of quarters, years and spans, too."""
    others = [one for one in filed if not is_month(one.label)]
    rows = [{"month": one.label, "section": name, "code": code} for one in others for name, code in one.read.gaps]
    if not rows:
        return whole
    data = whole.to_dict()
    return Months.from_dict({**data, "gaps": [*data["gaps"], *rows]})


def _spans(axis: Sequence[str]) -> list[str]:
    """Years and quarters that touch the months, the newest first, each year before its quarters."""
    labels = {month[:4] for month in axis} | {f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}" for month in axis}
    return sorted(labels, key=lambda label: (-int(label[:4]), -int(label[-1]) if "Q" in label else -9))


def _shelf(one: Filed) -> Shelf:
    pages = {lang: f"{one.label}/{page}" for lang in LANGUAGES if (page := one.page(lang))}
    return Shelf(label=one.label, pages=pages, says=one.says)


def _langs(out: Path, langs: Sequence[str]) -> Sequence[str]:
    return LANGUAGES if (out / "index.en.html").exists() else langs


def _written(out: Path, staged: Path, archive: Archive, langs: Sequence[str]) -> Path:
    pages = page_files(langs)
    for lang, name in pages.items():
        other = next(((code, file) for code, file in pages.items() if code != lang), None)
        (staged / name).write_text(archive_html(archive, lang, other=other), encoding="utf-8")
    for name in pages.values():
        with (staged / name).open("rb") as file:
            os.fsync(file.fileno())
        (staged / name).replace(out / name)
    return out / "index.html"
