"""The month: check the inputs, run the sections side by side, draw the pages, publish."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opsretro.analysis.follow_review import FollowUp
from opsretro.monthly.archive_beside import link_neighbours, link_pages
from opsretro.monthly.archive_write import write_archive
from opsretro.monthly.check import Checked, Options, check, notebook_of
from opsretro.monthly.hiding import hide, hide_in
from opsretro.monthly.keeping import keep_in_register, keep_readings
from opsretro.monthly.manifest import changed_figures, finished, keep_figures, manifest, page_digest
from opsretro.monthly.notebook import FORK
from opsretro.monthly.pages import page_files, undrawn, write_pages
from opsretro.monthly.parameters import declared_parameters, fitting
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import MANIFEST, one_run, publish, staging
from opsretro.monthly.reuse import WRITTEN, code, fingerprint, input_digests, read_manifest, sum_of, why_again
from opsretro.monthly.section import Outcome, Task, run_task, saved_result
from opsretro.monthly.template import TEMPLATE, can_fork
from opsretro.monthly.workers import Workers
from opsretro.report.own_page import OwnPart
from opsretro.report.page import MonthPage
from opsretro.report.sections import SECTIONS
from opsretro.words import LANGUAGES, say


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
    month: str, *, workspace: Path, out: Path, progress: Progress, options: Options | None = None
) -> Published:
    """Review a month, a quarter or a year and publish it.

    Args:
        month: ``2026-10``, ``2026-Q3`` or ``2026``.
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
    known = check(workspace, month, options)
    rows = known.forms + sum(source.rows for source in known.sources.values())
    tables = len(known.ops.inputs.tables) + bool(known.forms) + (known.minutes is not None)
    progress.say("checked", n=f"{rows:,}", tables=tables)
    if known.ops.inputs.header_only:
        progress.say("header_only", files=", ".join(known.ops.inputs.header_only))
    for name in known.others:
        progress.say("no_parameters", file=name)
    label = known.period.label
    with one_run(out, label, lambda: progress.say("waiting", month=label)), staging(out, label) as staged:
        done = _Month(known, out / label, staged, progress, options).run(began)
    write_archive(out, options.langs, progress)
    link_neighbours(out, label)
    return done


class _Month:
    """One run of one month, in its staging folder."""

    def __init__(self, known: Checked, final: Path, staged: Path, progress: Progress, options: Options) -> None:
        self.known, self.final, self.staged = known, final, staged
        self.progress, self.options = progress, options
        self.before = read_manifest(final)
        self.workers = Workers(options.jobs, options.langs, known.ops.inputs)

    def run(self, began: float) -> Published:
        """Run, draw and publish."""
        outcomes = self._sections()
        failed = tuple(key for key, outcome in outcomes.items() if outcome.status == "failed")
        ours = [one for key, one in outcomes.items() if key != "meeting" and not (one.task and one.task.is_own)]
        is_good = any(outcome.status == "done" for outcome in ours)
        worth_it = is_good or (self.known.minutes is not None and not failed) or not (self.final / MANIFEST).exists()
        page = self.final / "index.html"
        if worth_it:
            publish(self.staged, self.final, self._files(outcomes, began))
        self.progress.say("published" if worth_it else "kept", path=page)
        return Published(page=page if worth_it else None, failed=failed)

    def _files(self, outcomes: Mapping[str, Outcome], began: float) -> list[str]:
        """Write the pages and the manifest; the names of everything that is to be published."""
        results = [key for key, outcome in outcomes.items() if outcome.result is not None]
        changed = changed_figures(self.before, self.final, self.staged, results, self.known.ops.context)
        after = {name: value for name, value in input_digests(self.known.ops).items() if name in WRITTEN}
        known, told = self.known, {"changed": changed, "before": self.before}
        said = manifest(known.ops, known.period.label, outcomes, known.sources, after, **told)
        said["page"], names = self._pages(outcomes, results, changed)
        link_pages(self.staged, names, self.final)
        kinds = [f"{key}.{kind}" for key in outcomes for kind in ("ipynb", "json")]
        names += [name for name in kinds if (self.staged / name).exists()]
        failed = [key for key, outcome in outcomes.items() if outcome.status == "failed"]
        names += keep_figures(self.final, self.staged, failed)
        hide_in(self.staged)
        whole = finished(said, self.staged, names, seconds=time.perf_counter() - began)
        (self.staged / MANIFEST).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if changed and changed != self.before.get("changed"):
            for line in changed["lines"][self.progress.lang]:
                self.progress.say("changed", line=line, since=changed["since"])
        return [*names, MANIFEST]

    # -- sections ------------------------------------------------------------------------------------------------------

    def _sections(self) -> dict[str, Outcome]:
        """Every section of the month, those of the team's own notebooks last."""
        tasks = [*self._tasks()]
        self.progress.expect([task.titles[self.progress.lang] for task in tasks if task.again])
        if self.options.engine == FORK and not can_fork():
            self.progress.say("no_fork")
        is_work = any(task.again for task in tasks)
        with self.workers.at_work(warm=is_work):
            outcomes = self.workers.each(self._one, tasks)
            if is_work:
                self.progress.say("drawing")
            outcomes = {key: self._drawn(done) for key, done in outcomes.items()}
        outcomes |= {"health": self._kept_in_register(outcomes["health"])} if "health" in outcomes else {}
        absent = {section.key: self._absent(section.key) for section in SECTIONS if section.key not in outcomes}
        ordered = [section.key for section in SECTIONS] + [one.name for one in self.known.own]
        found = {**absent, **outcomes, "meeting": self._met(outcomes.get("followup"))}
        if "followup" in outcomes and self.known.period.kind == "month":
            keep_readings(self.known.ops, outcomes["followup"].result, self.progress)
        return {key: found[key] for key in ordered}

    def _tasks(self) -> Iterator[Task]:
        known = self.known
        offered = {"month": known.period.label, "workspace": str(known.ops.inputs.folder), "out": "."}
        offered |= {"lang": known.ops.lang} | ({"as_of": self.options.as_of} if self.options.as_of else {})
        ours = [section for section in SECTIONS if section.notebook and set(section.tables) <= known.ops.inputs.present]
        places = [(section.key, section, notebook_of(section)) for section in ours]
        for key, section, source in [*places, *((own.name, None, own.path) for own in known.own)]:
            declared = declared_parameters(source)
            values = {name: value for name, value in offered.items() if name in declared} | fitting(
                declared, known.given
            )
            depends_on = fingerprint(section, known.digests, values, source.read_bytes(), known.period)
            again = ["forced"] if self.options.force else why_again(self.before, key, depends_on, self.final)
            titles = {lang: say(f"page.section.{key}", lang) for lang in LANGUAGES} if section else {}
            yield Task(
                key=key,
                source=source,
                values=values,
                depends_on=depends_on,
                again=tuple(again),
                titles=titles or dict.fromkeys(LANGUAGES, next(own.title for own in known.own if own.name == key)),
                is_own=section is None,
            )

    def _one(self, task: Task) -> Outcome:
        """Run a section, or take over what is there, and draw it."""
        title = task.titles[self.progress.lang]
        folder = self.staged / f"run-{task.key}"
        if not task.again:
            names = [f"{task.key}.{kind}" for kind in ("ipynb", "json") if (self.final / f"{task.key}.{kind}").exists()]
            for name in names:
                shutil.copyfile(self.final / name, self.staged / name)
            self.progress.say("reused", section=title)
            result = saved_result(self.staged, replace(task, is_own=False), self.known.ops.lang)
            return Outcome(status="done", result=result, task=task)
        self.progress.say("running", section=title, notebook=task.source.name)
        folder.mkdir()
        limit = self.options.seconds
        done = run_task(task, folder, engine=self.options.engine, seconds=limit, lang=self.known.ops.lang)
        for name in (f"{task.key}.ipynb", f"{task.key}.json"):
            if (folder / name).exists() and (done.result is not None or name.endswith("ipynb")):
                (folder / name).replace(self.staged / name)
        shutil.rmtree(folder, ignore_errors=True)
        if self.workers.is_over:  # somebody stopped the run: it failed nobody
            return done
        if done.result is not None:
            self.workers.draw(self.staged / f"{task.key}.json")
        seconds = f"{done.seconds:.1f}"
        if done.why is not None:
            self.progress.say("failed", section=title, seconds=seconds, why=done.why[self.progress.lang])
        else:
            self.progress.say("ran", section=title, seconds=seconds)
        return done

    def _drawn(self, done: Outcome) -> Outcome:
        """A section once it is drawn; one that cannot be drawn has failed, and the others have not."""
        task = done.task
        if task is None:
            return done
        data = self.staged / f"{task.key}.json"
        try:
            self.workers.drawn(data)
        except RuntimeError as error:
            data.unlink()
            why = {lang: say("cli.not_drawn", lang, error=hide(str(error))) for lang in LANGUAGES}
            told, title = why[self.progress.lang], task.titles[self.progress.lang]
            self.progress.say("failed", section=title, seconds=f"{done.seconds:.1f}", why=told)
            return replace(done, status="failed", result=None, why=why)
        return done

    def _absent(self, key: str) -> Outcome:
        section = next(section for section in SECTIONS if section.key == key)
        if section.notebook:
            name = say(f"page.section.{key}", self.progress.lang)
            self.progress.say("absent", section=name, tables=", ".join(section.files))
        return Outcome(status="absent")

    def _met(self, followup: Outcome | None) -> Outcome:
        """The section of the meeting: what the room wrote is what is shown, so it needs no notebook."""
        name, minutes = say("page.short.meeting", self.progress.lang), self.known.minutes
        if minutes is None:
            self.progress.say("absent", section=name, tables="meetings/")
            return Outcome(status="absent")
        actions = followup.result if followup is not None else None
        shown = minutes.beside(actions.actions["id"]) if isinstance(actions, FollowUp) else minutes
        shown.save(self.staged)
        self.progress.say("ran", section=name, seconds="0.0")
        return Outcome(status="done", result=shown)

    def _kept_in_register(self, done: Outcome) -> Outcome:
        """Record what is about to be published of the team's health; what cannot be recorded is not published."""
        why = keep_in_register(self.known.ops, done.result)
        if why is None:
            return done
        for kind in ("ipynb", "json"):
            (self.staged / f"health.{kind}").unlink(missing_ok=True)
        name = say("page.section.health", self.progress.lang)
        self.progress.say("failed", section=name, seconds=f"{done.seconds:.1f}", why=why[self.progress.lang])
        return replace(done, status="failed", result=None, why=why)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _pages(
        self, outcomes: Mapping[str, Outcome], results: Sequence[str], changed: Mapping[str, Any]
    ) -> tuple[str, list[str]]:
        """Write the pages, or take over those that would be the same; their fingerprint and names."""
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
            header_only=known.ops.inputs.header_only,
            own=[
                OwnPart(key=key, title=one.title, record=f"{one.name}.ipynb", result=done.result, failure=done.why)
                for key, done, one in own
            ],
            changed=changed.get("lines", {}),
            changed_since=changed.get("since", ""),
        )
        langs, data = self.options.langs, {key: self.staged / f"{key}.json" for key in results if key in ours}
        data |= {key: self.staged / f"{one.name}.json" for key, done, one in own if done.result is not None}
        print_of = page_digest(page, data, langs, code())
        names = list(page_files(langs).values())
        if print_of == self.before.get("page") and not self.options.force and self._are_there(names):
            for name in names:
                shutil.copyfile(self.final / name, self.staged / name)
            return print_of, names
        left = [path for path in data.values() if undrawn(path, langs)]
        with self.workers.at_work(warm=bool(left)):
            for path in left:
                self.workers.draw(path)
            for path in left:
                self.workers.drawn(path)
        return print_of, write_pages(page, data, self.staged, langs)

    def _are_there(self, names: Sequence[str]) -> bool:
        return all(sum_of(self.final / name) == self.before["sha256"].get(name) for name in names)
