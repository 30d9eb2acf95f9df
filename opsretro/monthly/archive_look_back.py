"""Publish a look back over months, from their files alone: no notebook runs and no table is read."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.analysis.months import Months
from opsretro.analysis.months_join import months_of
from opsretro.errors import InputError, Problem
from opsretro.monthly.archive import Filed, read_archive
from opsretro.monthly.archive_beside import link_pages
from opsretro.monthly.archive_names import is_month
from opsretro.monthly.manifest import finished
from opsretro.monthly.pages import draw, write_pages
from opsretro.monthly.publish import MANIFEST, one_run, publish, staging
from opsretro.monthly.reuse import sum_of, versions
from opsretro.report.page import MonthPage
from opsretro.tables.period import Period

if TYPE_CHECKING:
    from opsretro.monthly.options import Options
    from opsretro.monthly.progress import Progress

KEY = "months"


def months_within(out: Path, period: Period) -> Months | None:
    """What the published months of a period say together; None where none of them is published.

    Args:
        out: The reports folder.
        period: A quarter, a year or a range.
    """
    read = [one.read for one in _inside(out, period)]
    found = months_of(read, period=period.label, months=period.months)
    return found if found.published else None


def look_back(period: Period, *, out: Path, progress: Progress, options: Options) -> Path:
    """Publish what the months of a period say together.

    Args:
        period: A range, a quarter or a year.
        out: The reports folder; the look back goes into ``<out>/<label>``.
        progress: Told what happens.
        options: Languages and readers.

    Returns:
        The page.

    Raises:
        InputError: No month of the period is published; nothing was written.
        OutputError: It could not be written.
    """
    began, label = time.perf_counter(), period.label
    result = months_within(out, period)
    if result is None:
        values = {"value": label, "out": str(out)}
        raise InputError([Problem(code="no_months", source="--month", values=values)])
    with one_run(out, label, lambda: progress.say("waiting", month=label)), staging(out, label) as staged:
        final = out / label
        progress.say("drawing")
        says, pages = _drawn(result, staged, final, options, progress)
        said = {
            "schema": 2,
            "period": label,
            "as_of": result.context.as_of,
            "versions": versions(),
            "inputs": {f"{month}/{MANIFEST}": {"sha256": sum_of(out / month / MANIFEST)} for month in result.published},
            "sections": {KEY: {"status": "done", "reused": False, "why": None, "depends_on": []}},
            "changed": {},
            "audience": options.audience,
            "page": hashlib.sha256((staged / f"{KEY}.json").read_bytes()).hexdigest()[:16],
            "says": says,
        }
        files = [*pages, f"{KEY}.json"]
        whole = finished(said, staged, files, seconds=time.perf_counter() - began)
        (staged / MANIFEST).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        publish(staged, final, [*files, MANIFEST])
    progress.say("published", path=final / "index.html")
    return final / "index.html"


def _drawn(
    result: Months, staged: Path, final: Path, options: Options, progress: Progress
) -> tuple[dict[str, Any], list[str]]:
    """Draw the section and join the pages."""
    result.save(staged)
    data = staged / f"{KEY}.json"
    for lang in options.langs:
        draw(data, lang, apart=False)
    page = MonthPage(
        period=result.period,
        context=result.context,
        results={KEY: result},
        failures={},
        files={},
        shows=[KEY],
    )
    says, pages = write_pages(page, {KEY: data}, staged, options.langs, lambda why: progress.say("no_pdf", why=why))
    link_pages(staged, pages, final)
    return says, pages


def _inside(out: Path, period: Period) -> list[Filed]:
    return [one for one in read_archive(out, langs=()) if is_month(one.label) and one.label in period.months]
