"""The month: check the inputs, run each section's notebook, make the pages, publish."""

from __future__ import annotations

import hashlib
import json
import platform
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from opsretro.analysis.follow_review import FollowUp
from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.minutes import Minutes
from opsretro.analysis.result import Result
from opsretro.errors import InputError, Problem, collecting, unseen
from opsretro.monthly.notebook import Ran, notebook_folder, run_notebook
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import MANIFEST, publish, staging
from opsretro.report.page import MonthPage, page_html
from opsretro.report.sections import SECTIONS, Section
from opsretro.report.views import load
from opsretro.tables.contracts import FORMS
from opsretro.tables.health_register import record
from opsretro.tables.inputs import Source
from opsretro.tables.meetings import read_meetings
from opsretro.tables.period import Period
from opsretro.tables.readings import add_readings
from opsretro.tables.settings import read_settings
from opsretro.tables.survey import read_survey
from opsretro.tables.survey_files import REGISTER, survey_folder
from opsretro.words import LANGUAGES, say
from opsretro.workspace import Workspace, open_workspace

PACKAGES = ("jupyterlab", "matplotlib", "numpy", "pandas", "papermill", "seaborn")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one section.

    Attributes:
        status: ``done``, ``failed`` or ``absent``.
        seconds: Wall time of its notebook, where it has one.
        result: Its result, when it has one.
        why: Why it failed, by language.
        notebook_sha256: Hash of the notebook that ran.
    """

    status: str
    seconds: float = 0.0
    result: Result | None = None
    why: Mapping[str, str] | None = None
    notebook_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A month that is out.

    Attributes:
        page: The page to open; None when every section failed and an earlier report was kept.
        failed: Sections that failed.
    """

    page: Path | None
    failed: tuple[str, ...]


def run_month(
    month: str, *, workspace: Path, out: Path, langs: Sequence[str], progress: Progress, as_of: str | None = None
) -> Published:
    """Review a month, a quarter or a year and publish it.

    Args:
        month: ``2026-10``, ``2026-Q3`` or ``2026``.
        workspace: Folder with the tables.
        out: Reports folder; the month goes into ``<out>/<month>``.
        langs: Languages of the pages, one or two of ``zh-CN`` and ``en``.
        progress: Told what happens.
        as_of: Day or moment up to which data is known; None = the newest loaded_at.

    Returns:
        Where the page is and which sections failed.

    Raises:
        InputError: The input is refused; nothing was written.
        OutputError: The result could not be written.
    """
    started = time.perf_counter()
    progress.say("checking", workspace=workspace)
    ops, period, forms, minutes = _checked(workspace, month, langs[0], as_of)
    sources = {**ops.inputs.sources, **_meeting_files(ops, minutes)}
    rows = forms + sum(source.rows for source in sources.values())
    progress.say("checked", n=f"{rows:,}", tables=len(ops.inputs.tables) + bool(forms) + (minutes is not None))
    if ops.inputs.header_only:
        progress.say("header_only", files=", ".join(ops.inputs.header_only))
    with staging(out.resolve(), period.label) as staged:
        offered = {"month": period.label, "workspace": str(ops.inputs.folder), "out": ".", "lang": ops.lang}
        offered |= {"as_of": as_of} if as_of else {}
        notebooks = [section for section in SECTIONS if section.notebook]
        outcomes = {section.key: _run_section(section, ops, offered, staged, progress) for section in notebooks}
        outcomes |= _recorded(ops, outcomes, staged, progress)
        is_good = any(outcome.status == "done" for outcome in outcomes.values())
        outcomes["meeting"] = _met(minutes, outcomes["followup"].result, staged, progress)
        _archived(ops, outcomes["followup"].result, period, progress)
        files = {source.file: source.rows for source in sources.values() if source.rows}
        files |= {"survey/": forms} if forms else {}
        names = _write_pages(ops, period, outcomes, files, staged, langs)
        names += [
            f"{key}.{kind}" for key in outcomes for kind in ("ipynb", "json") if (staged / f"{key}.{kind}").exists()
        ]
        manifest = _manifest(ops, period, outcomes, sources, names, seconds=time.perf_counter() - started)
        (staged / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        final = out.resolve() / period.label
        failed = tuple(key for key, outcome in outcomes.items() if outcome.status == "failed")
        worth_it = is_good or (minutes is not None and not failed) or not (final / MANIFEST).exists()
        if worth_it:
            publish(staged, final, [*names, MANIFEST])
        progress.say("published" if worth_it else "kept", path=final / "index.html")
    return Published(page=final / "index.html" if worth_it else None, failed=failed)


def _checked(
    workspace: Path, month: str, lang: str, as_of: str | None
) -> tuple[Workspace, Period, int, Minutes | None]:
    """The inputs, the month, the number of survey forms and the minutes, or every problem of them in one error."""
    problems: list[Problem] = []
    with collecting(problems):
        period = Period.parse(month)
        folder = workspace.resolve() / read_settings(workspace)[0].sources.get("meetings", FORMS["meetings"])
        meetings = read_meetings(folder, period.months)
    with collecting(problems):
        ops = open_workspace(workspace.resolve(), lang=lang, as_of=as_of)
    with collecting(problems):
        folder = survey_folder(workspace.resolve(), read_settings(workspace)[0])
        forms = len(unseen("survey")(read_survey)(folder).answers)
    if problems:
        raise InputError(problems)
    ops.check_period(period.label)
    return ops, period, forms, ops.minutes(period.label) if meetings else None


def _meeting_files(ops: Workspace, minutes: Minutes | None) -> dict[str, Source]:
    """The files of the meetings, for the manifest and the list of what was read."""
    folder = ops.settings.sources.get("meetings", FORMS["meetings"])
    files = [f"{folder}/{month}.json" for month in minutes.meetings["month"]] if minutes else []
    digests = {file: hashlib.sha256((ops.inputs.folder / file).read_bytes()).hexdigest() for file in files}
    return {file: Source(file=file, rows=1, sha256=digest) for file, digest in digests.items()}


def _met(minutes: Minutes | None, followup: Result | None, staged: Path, progress: Progress) -> Outcome:
    """The section of the meeting: what the room wrote is what is shown, so it needs no notebook."""
    name = say("page.short.meeting", progress.lang)
    if minutes is None:
        progress.say("absent", section=name, tables="meetings/")
        return Outcome(status="absent")
    shown = minutes.beside(followup.actions["id"]) if isinstance(followup, FollowUp) else minutes
    shown.save(staged)
    progress.say("ran", section=name, seconds="0.0")
    return Outcome(status="done", result=shown)


def _run_section(
    section: Section, ops: Workspace, offered: Mapping[str, str], staged: Path, progress: Progress
) -> Outcome:
    name = say(f"page.section.{section.key}", progress.lang)
    if not set(section.tables) <= ops.inputs.present:
        progress.say("absent", section=name, tables=", ".join(section.files))
        return Outcome(status="absent")
    source = notebook_folder() / f"{section.notebook}.ipynb"
    progress.say("running", section=name, notebook=source.name)
    ran = run_notebook(source, staged / f"{section.key}.ipynb", offered, progress=progress.bars)
    data = staged / f"{section.key}.json"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    seconds = f"{ran.seconds:.1f}"
    if ran.good and data.exists():
        progress.say("ran", section=name, seconds=seconds)
        result = load(json.loads(data.read_text(encoding="utf-8")), lang=ops.lang)
        return Outcome(status="done", seconds=ran.seconds, result=result, notebook_sha256=digest)
    why = {lang: _reason(ran, lang) for lang in LANGUAGES}
    progress.say("failed", section=name, seconds=seconds, why=why[progress.lang])
    return Outcome(status="failed", seconds=ran.seconds, why=why, notebook_sha256=digest)


def _recorded(ops: Workspace, outcomes: Mapping[str, Outcome], staged: Path, progress: Progress) -> dict[str, Outcome]:
    """Record what is about to be published of the team's health; what cannot be recorded is not published."""
    done = outcomes["health"]
    if not isinstance(done.result, HealthReview):
        return {}
    try:
        record(survey_folder(ops.inputs.folder, ops.settings) / REGISTER, done.result.register_rows())
    except (InputError, OSError) as error:
        why = {
            lang: error.text(lang) if isinstance(error, InputError) else _not_kept(error, lang) for lang in LANGUAGES
        }
    else:
        return {}
    for kind in ("ipynb", "json"):
        (staged / f"health.{kind}").unlink(missing_ok=True)
    name = say("page.section.health", progress.lang)
    progress.say("failed", section=name, seconds=f"{done.seconds:.1f}", why=why[progress.lang])
    return {"health": replace(done, status="failed", result=None, why=why)}


def _archived(ops: Workspace, result: Result | None, period: Period, progress: Progress) -> None:
    """Add what the month read about the actions to the file of readings; where that cannot be written, it is said."""
    if not isinstance(result, FollowUp) or period.kind != "month":
        return
    path = ops.inputs.folder / ops.settings.sources.get("readings", FORMS["readings"])
    try:
        if n := add_readings(path, result.reading_rows()):
            progress.say("read", n=n, path=path)
    except (InputError, OSError) as error:
        why = error.text(progress.lang) if isinstance(error, InputError) else error.strerror or error
        progress.say("not_read", path=path, why=why)


def _not_kept(error: OSError, lang: str) -> str:
    return say("cli.not_written", lang, path=error.filename or "published.csv", why=error.strerror or error)


def _reason(ran: Ran, lang: str) -> str:
    if ran.cell is not None:
        return say("cli.cell", lang, cell=ran.cell, error=ran.error)
    return say("cli.dead" if ran.dead else "cli.no_result", lang)


def _write_pages(
    ops: Workspace,
    period: Period,
    outcomes: Mapping[str, Outcome],
    files: Mapping[str, int],
    staged: Path,
    langs: Sequence[str],
) -> list[str]:
    page = MonthPage(
        period=period.label,
        context=ops.context,
        results={key: outcome.result for key, outcome in outcomes.items() if outcome.result is not None},
        failures={key: outcome.why for key, outcome in outcomes.items() if outcome.why is not None},
        files=files,
        header_only=ops.inputs.header_only,
    )
    pages = page_files(langs)
    for lang, name in pages.items():
        other = next(((code, file) for code, file in pages.items() if code != lang), None)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a sign the chart font lacks is a box, no event
            (staged / name).write_text(page_html(page, lang, other=other), encoding="utf-8")
    return list(pages.values())


def page_files(langs: Sequence[str]) -> dict[str, str]:
    """File name by language: `index.html` is Chinese and `index.en.html` English; a single language is `index.html`.

    Example:
        >>> page_files(["en"])
        {'en': 'index.html'}
    """
    if len(langs) == 1:
        return {langs[0]: "index.html"}
    return {"zh-CN": "index.html", "en": "index.en.html"}


def _manifest(
    ops: Workspace,
    period: Period,
    outcomes: Mapping[str, Outcome],
    sources: Mapping[str, Source],
    names: Sequence[str],
    *,
    seconds: float,
) -> dict[str, Any]:
    return {
        "schema": 1,
        "period": period.label,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "as_of": ops.as_of,
        "versions": {"opsretro": version("opsretro"), "python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "inputs": {
            table: {"file": source.file, "rows": source.rows, "sha256": source.sha256}
            for table, source in sources.items()
        },
        "sections": {
            key: {
                "status": outcome.status,
                "seconds": round(outcome.seconds, 3),
                "reused": False,
                "notebook_sha256": outcome.notebook_sha256,
                "why": dict(outcome.why) if outcome.why else None,
            }
            for key, outcome in outcomes.items()
        },
        "files": sorted(names),
    }
