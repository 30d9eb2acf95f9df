"""The month: check the inputs, run the sections side by side, draw the pages, publish."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsretro.errors import InputError
from opsretro.monthly.archive_beside import link_neighbours, link_pages
from opsretro.monthly.audience import check_folder, sections_for
from opsretro.monthly.check import Checked, check
from opsretro.monthly.hiding import hide_in
from opsretro.monthly.manifest import changed_figures, finished, keep_figures, manifest, page_digest
from opsretro.monthly.options import ALL, Options
from opsretro.monthly.pages import all_files, undrawn, write_pages
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import MANIFEST, one_run, publish, staging
from opsretro.monthly.reuse import WRITTEN, code, input_digests, read_manifest, sum_of
from opsretro.monthly.section import Outcome
from opsretro.monthly.sections import Place, Sections
from opsretro.monthly.template import TEMPLATE
from opsretro.monthly.workers import Workers
from opsretro.report.own_page import OwnPart
from opsretro.report.page import MonthPage
from opsretro.report.sections import SECTIONS
from opsretro.tables.period import RANGE, Period


@dataclass(frozen=True, kw_only=True)
class Published:
    """A month that is out.

    Attributes:
        page: The page to open; None when every section failed and an earlier report was kept.
        failed: Sections that failed.
        why: Why each of them did, by language.
    """

    page: Path | None
    failed: tuple[str, ...]
    why: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def run_month(
    month: str, *, workspace: Path, out: Path, progress: Progress, options: Options | None = None
) -> Published:
    """Review a month, a quarter or a year and publish it.

    Args:
        month: ``2026-10``, ``2026-Q3`` or ``2026``; of a range of months, what they say together.
        workspace: Folder with the tables.
        out: Reports folder; the month goes into ``<out>/<month>``.
        progress: Told what happens.
        options: How; None = as the command does it when it is told nothing.

    Returns:
        Where the page is and which sections failed.

    Raises:
        InputError: The input is refused; nothing was written.
        OutputError: The result could not be written.
    """
    began, out, options = time.perf_counter(), out.resolve(), options or Options()
    progress.say("checking", workspace=workspace)
    try:
        return _checked_and_run(month, workspace, out, progress, options, began)
    finally:
        TEMPLATE.rest()


def _checked_and_run(
    month: str, workspace: Path, out: Path, progress: Progress, options: Options, began: float
) -> Published:
    period = _span(month)
    if period is not None and is_look_back(period, read_manifest(out / period.label), options.only):
        from opsretro.monthly.archive_look_back import look_back  # what a month alone never loads

        check_folder(out, options.audience)
        page = look_back(period, out=out, progress=progress, options=options)
        _file(out, period.label, progress, options)
        return Published(page=page, failed=())
    known = check(workspace, month, options)
    rows = known.forms + sum(source.rows for source in known.sources.values())
    tables = len(known.ops.inputs.tables) + bool(known.forms) + (known.minutes is not None)
    progress.say("checked", n=f"{rows:,}", tables=tables)
    if known.header_only:
        progress.say("header_only", files=", ".join(known.header_only))
    for name in known.others:
        progress.say("no_parameters", file=name)
    label = known.period.label
    check_folder(out, options.audience)
    with one_run(out, label, lambda: progress.say("waiting", month=label)), staging(out, label) as staged:
        done = _Month(known, out / label, staged, progress, options).run(began)
    _file(out, label, progress, options)
    return done


def _span(month: str) -> Period | None:
    """The months that are asked for; None = they are no period, which is told with all other problems."""
    try:
        return Period.span(month)
    except InputError:
        if RANGE in month and "/" not in month:
            raise
        return None


def _file(out: Path, label: str, progress: Progress, options: Options) -> None:
    """The archive over all months, and the links of the pages beside this one."""
    from opsretro.monthly.archive_write import write_archive  # when all else is done

    try:
        check_folder(out, options.audience)  # somebody may have published for others meanwhile
    except InputError as others:
        progress.say("no_archive", path=out / "index.html", why=others.problems[0].text(progress.lang))
        return
    write_archive(out, options.langs, progress)
    link_neighbours(out, label)


def is_look_back(period: Period, before: Mapping[str, Any], only: Sequence[str]) -> bool:
    """Whether a run needs nothing but published months.

    Args:
        period: What is asked for.
        before: The manifest of its earlier publication; empty = there is none.
        only: Sections that are asked for.

    Returns:
        True for a range, and where only the months are asked for and nothing else is published of the period.
    """
    others = set(before.get("sections", {})) - {"months"}
    return period.kind == "range" or (tuple(only) == ("months",) and period.kind != "month" and not others)


class _Month:
    """One run of one month, in its staging folder."""

    def __init__(self, known: Checked, final: Path, staged: Path, progress: Progress, options: Options) -> None:
        self.known, self.final, self.staged = known, final, staged
        self.progress, self.options = progress, options
        self.before = read_manifest(final)
        self.workers = Workers(options.jobs, options.langs, known.ops.inputs)
        self.sections = Sections(
            known, Place(final=final, staged=staged, before=self.before), self.workers, progress, options
        )

    def run(self, began: float) -> Published:
        """Run, draw and publish."""
        page = self.final / "index.html"
        if self._is_done():  # somebody lost the word of it and asks again
            self.progress.say("published", path=page)
            states = {key: one["status"] for key, one in self.before["sections"].items()}
            return Published(page=page, failed=tuple(key for key, state in states.items() if state == "failed"))
        outcomes = self.sections.outcomes()
        failed = tuple(key for key, outcome in outcomes.items() if outcome.status == "failed")
        ours = [one for key, one in outcomes.items() if key != "meeting" and not (one.task and one.task.is_own)]
        is_good = any(outcome.status == "done" for outcome in ours)
        worth_it = is_good or (self.known.minutes is not None and not failed) or not (self.final / MANIFEST).exists()
        if worth_it:
            publish(self.staged, self.final, self._files(outcomes, began))
        self.progress.say("published" if worth_it else "kept", path=page)
        why = {key: outcomes[key].why or {} for key in failed}
        return Published(page=page if worth_it else None, failed=failed, why=why)

    def _files(self, outcomes: Mapping[str, Outcome], began: float) -> list[str]:
        """Write the pages and the manifest; the names of everything that is to be published."""
        results = [key for key, outcome in outcomes.items() if outcome.result is not None]
        changed = changed_figures(self.before, self.final, self.staged, results, self.known.ops.context)
        after = {name: value for name, value in input_digests(self.known.ops).items() if name in WRITTEN}
        known, told = self.known, {"changed": changed, "before": self.before}
        said = manifest(known.ops, known.period.label, outcomes, known.sources, after, **told)
        said |= {"audience": self.options.audience} | ({"run": self.options.run} if self.options.run else {})
        said["page"], said["says"], names = self._pages(outcomes, results, changed)
        link_pages(self.staged, names, self.final)
        kinds = [f"{key}.{kind}" for key in outcomes for kind in ("ipynb", "json") if self._goes_out(key, kind)]
        names += [name for name in kinds if (self.staged / name).exists()]
        failed = [key for key, outcome in outcomes.items() if outcome.status in ("failed", "left_out")]
        names += keep_figures(self.final, self.staged, failed)
        hide_in(self.staged)
        whole = finished(said, self.staged, names, seconds=time.perf_counter() - began)
        (self.staged / MANIFEST).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if changed and changed != self.before.get("changed"):
            for line in changed["lines"][self.progress.lang]:
                self.progress.say("changed", line=line, since=changed["since"])
        return [*names, MANIFEST]

    def _is_done(self) -> bool:
        """Whether this very run has published the month already, and it is whole."""
        asked, known = self.options.run, self.before.get("sha256", {})
        return (
            bool(asked)
            and self.before.get("run") == asked
            and all(sum_of(self.final / name) == known[name] for name in known)
        )

    def _goes_out(self, key: str, kind: str) -> bool:
        """Whether a file of a section is published: our notebooks speak of the meeting, so readers outside get none."""
        ours = {section.key for section in SECTIONS}
        return kind == "json" or key not in ours or self.options.audience == ALL

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _pages(
        self, outcomes: Mapping[str, Outcome], results: Sequence[str], changed: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any], list[str]]:
        """Write the pages, or take over those that would be the same; their fingerprint, what they say, their names."""
        known = self.known
        ours = {section.key for section in SECTIONS}
        files = {source.file: source.rows for source in known.sources.values() if source.rows}
        own = [(f"own-{place}", outcomes[one.name], one) for place, one in enumerate(known.own, start=1)]
        page = MonthPage(
            period=known.period.label,
            context=known.ops.context,
            results={key: done.result for key, done in outcomes.items() if key in ours and done.result is not None},
            failures={key: done.why for key, done in outcomes.items() if key in ours and done.why is not None},
            files=files | ({"survey/": known.forms} if known.forms else {}),
            header_only=known.header_only,
            own=[
                OwnPart(key=key, title=one.title, record=f"{one.name}.ipynb", result=done.result, failure=done.why)
                for key, done, one in own
            ],
            changed=changed.get("lines", {}),
            changed_since=changed.get("since", ""),
            shows=[section.key for section in sections_for(self.options.audience) if section.key in outcomes],
            left_out=[key for key, done in outcomes.items() if done.status == "left_out"],
        )
        langs, data = self.options.langs, {key: self.staged / f"{key}.json" for key in results if key in ours}
        data |= {key: self.staged / f"{one.name}.json" for key, done, one in own if done.result is not None}
        print_of = page_digest(page, data, langs, code())
        names = all_files(langs)
        if print_of == self.before.get("page") and not self.options.force and self._are_there(names):
            for name in names:
                shutil.copyfile(self.final / name, self.staged / name)
            return print_of, self.before.get("says", {}), names
        left = [path for path in data.values() if undrawn(path, langs)]
        with self.workers.at_work(warm=bool(left)):
            for path in left:
                self.workers.draw(path)
            for path in left:
                self.workers.drawn(path)
        made = write_pages(page, data, self.staged, langs, lambda why: self.progress.say("no_pdf", why=why))
        return print_of, *made

    def _are_there(self, names: Sequence[str]) -> bool:
        return all(sum_of(self.final / name) == self.before["sha256"].get(name) for name in names)
