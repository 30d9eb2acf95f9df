"""The sections of a month: run those that need it side by side, take over the others, have all of them drawn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.analysis.follow_review import FollowUp
from opsretro.monthly.audience import sections_for, without_sources
from opsretro.monthly.hiding import hide
from opsretro.monthly.keeping import keep_in_register, keep_readings
from opsretro.monthly.notebook import notebook_of
from opsretro.monthly.options import FORK, OUTSIDE
from opsretro.monthly.parameters import declared_parameters, fitting
from opsretro.monthly.progress import Progress
from opsretro.monthly.reuse import fingerprint, sum_of, why_again
from opsretro.monthly.section import Outcome, Task, run_task, saved_result
from opsretro.monthly.template import can_fork
from opsretro.report.sections import SECTIONS
from opsretro.words import LANGUAGES, say

if TYPE_CHECKING:
    from opsretro.monthly.check import Checked
    from opsretro.monthly.options import Options
    from opsretro.monthly.workers import Workers


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a month lies.

    Attributes:
        final: Where people read it.
        staged: Where it is made.
        before: The manifest of the earlier publication; empty = there is none.
    """

    final: Path
    staged: Path
    before: Mapping[str, Any]


class Sections:
    """The sections of one run.

    Args:
        known: The month, checked.
        place: Where it lies.
        workers: What runs side by side.
        progress: Told what happens.
        options: How it is run.
    """

    def __init__(self, known: Checked, place: Place, workers: Workers, progress: Progress, options: Options) -> None:
        self.known, self.place, self.workers = known, place, workers
        self.progress, self.options = progress, options

    def outcomes(self) -> dict[str, Outcome]:
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
        sections = sections_for(self.options.audience)
        lacking = [section.key for section in sections if section.key not in (*outcomes, "months")]
        absent = {key: self._absent(key) for key in lacking}
        ordered = [section.key for section in sections] + [one.name for one in self.known.own]
        found = {**absent, **outcomes}
        if "meeting" in ordered:
            found["meeting"] = self._met(outcomes.get("followup"))
        if "followup" in outcomes and self._is_asked("followup") and self.known.period.kind == "month":
            keep_readings(self.known.ops, outcomes["followup"].result, self.progress)
        found |= self._months()
        known = [key for key in ordered if key != "months" or key in found]
        return {key: found.get(key, Outcome(status="left_out")) for key in known}

    def _months(self) -> dict[str, Outcome]:
        """Month by month, of a quarter or a year with published months."""
        from opsretro.monthly.archive_look_back import months_within  # what a month alone never loads

        period = self.known.period
        result = months_within(self.place.final.parent, period) if period.kind != "month" else None
        if result is None or not (self._is_asked("months") or self._is_kept("months")):
            return {}
        result.save(self.place.staged)
        return {"months": Outcome(status="done", result=result)}

    def _is_asked(self, key: str) -> bool:
        return not self.options.only or key in self.options.only

    def _is_kept(self, key: str) -> bool:
        """Whether a section nobody asked for is published, and whole."""
        old = self.place.before.get("sections", {}).get(key, {})
        name = f"{key}.json"
        known = self.place.before.get("sha256", {}).get(name)
        return old.get("status") == "done" and bool(known) and sum_of(self.place.final / name) == known

    def _tasks(self) -> Iterator[Task]:
        known = self.known
        offered = {"month": known.period.label, "workspace": str(known.ops.inputs.folder), "out": "."}
        offered |= {"lang": known.ops.lang} | ({"as_of": self.options.as_of} if self.options.as_of else {})
        shown = sections_for(self.options.audience)
        ours = [section for section in shown if section.notebook and set(section.tables) <= known.ops.inputs.present]
        places = [(section.key, section, notebook_of(section)) for section in ours]
        for key, section, source in [*places, *((own.name, None, own.path) for own in known.own)]:
            kept = not self._is_asked(key)
            if kept and not self._is_kept(key):
                continue
            declared = declared_parameters(source)
            values = {name: value for name, value in offered.items() if name in declared} | fitting(
                declared, known.given
            )
            depends_on = fingerprint(section, known.digests, values, source.read_bytes(), known.period)
            again = (
                ["forced"] if self.options.force else why_again(self.place.before, key, depends_on, self.place.final)
            )
            again = [] if kept else again
            titles = {lang: say(f"page.section.{key}", lang) for lang in LANGUAGES} if section else {}
            yield Task(
                key=key,
                source=source,
                values=values,
                depends_on=depends_on,
                again=tuple(again),
                titles=titles or dict.fromkeys(LANGUAGES, next(own.title for own in known.own if own.name == key)),
                is_own=section is None,
                kept=kept,
            )

    def _one(self, task: Task) -> Outcome:
        """Run a section, or take over what is there, and draw it."""
        title = task.titles[self.progress.lang]
        folder = self.place.staged / f"run-{task.key}"
        if not task.again:
            names = [
                f"{task.key}.{kind}" for kind in ("ipynb", "json") if (self.place.final / f"{task.key}.{kind}").exists()
            ]
            for name in names:
                shutil.copyfile(self.place.final / name, self.place.staged / name)
            self.progress.say("reused", section=title)
            result = saved_result(self.place.staged, replace(task, is_own=False), self.known.ops.lang)
            return Outcome(status="done", result=result, task=task)
        self.progress.say("running", section=title, notebook=task.source.name)
        folder.mkdir()
        limit = self.options.seconds
        done = run_task(task, folder, engine=self.options.engine, seconds=limit, lang=self.known.ops.lang)
        for name in (f"{task.key}.ipynb", f"{task.key}.json"):
            if (folder / name).exists() and (done.result is not None or name.endswith("ipynb")):
                (folder / name).replace(self.place.staged / name)
        shutil.rmtree(folder, ignore_errors=True)
        if self.workers.is_over:  # somebody stopped the run: it failed nobody
            return done
        if done.result is not None:
            if task.key == "followup" and self.options.audience == OUTSIDE:
                without_sources(self.place.staged / "followup.json")
            self.workers.draw(self.place.staged / f"{task.key}.json")
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
        data = self.place.staged / f"{task.key}.json"
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
        if not self._is_asked(key):
            return Outcome(status="left_out")
        if section.notebook:
            name = say(f"page.section.{key}", self.progress.lang)
            self.progress.say("absent", section=name, tables=", ".join(section.files))
        return Outcome(status="absent")

    def _met(self, followup: Outcome | None) -> Outcome:
        """The section of the meeting: what the room wrote is what is shown, so it needs no notebook."""
        name, minutes = say("page.short.meeting", self.progress.lang), self.known.minutes
        if not self._is_asked("meeting") and not self._is_kept("meeting"):
            return Outcome(status="left_out")
        if minutes is None:
            self.progress.say("absent", section=name, tables="meetings/")
            return Outcome(status="absent")
        actions = followup.result if followup is not None else None
        shown = minutes.beside(actions.actions["id"]) if isinstance(actions, FollowUp) else minutes
        shown.save(self.place.staged)
        self.progress.say("ran", section=name, seconds="0.0")
        return Outcome(status="done", result=shown)

    def _kept_in_register(self, done: Outcome) -> Outcome:
        """Record what is about to be published of the team's health; what cannot be recorded is not published."""
        why = keep_in_register(self.known.ops, done.result)
        if why is None:
            return done
        for kind in ("ipynb", "json"):
            (self.place.staged / f"health.{kind}").unlink(missing_ok=True)
        name = say("page.section.health", self.progress.lang)
        self.progress.say("failed", section=name, seconds=f"{done.seconds:.1f}", why=why[self.progress.lang])
        return replace(done, status="failed", result=None, why=why)
