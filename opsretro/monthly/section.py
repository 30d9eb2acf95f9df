"""One section of the month: what is to be run for it, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsretro.analysis.result import Result
from opsretro.monthly.hiding import hide
from opsretro.monthly.notebook import Ran, run_notebook
from opsretro.report.views import load
from opsretro.words import LANGUAGES, say


@dataclass(frozen=True, kw_only=True)
class Task:
    """A notebook that fills a section.

    Attributes:
        key: Name of the section and of its files.
        source: The notebook.
        values: Its parameters.
        depends_on: Fingerprint of everything its result depends on.
        again: Why it is run; empty = what is there can stay.
        titles: What people call it, by language.
        is_own: The team wrote it.
        kept: It was not asked for, and what is published of it stays.
    """

    key: str
    source: Path
    values: Mapping[str, Any]
    depends_on: Mapping[str, str]
    again: tuple[str, ...]
    titles: Mapping[str, str]
    is_own: bool = False
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one section.

    Attributes:
        status: ``done``, ``failed``, ``absent`` or ``left_out`` (not asked for).
        seconds: Wall time of its notebook, where one ran.
        result: Its result, when it has one.
        why: Why it failed, by language.
        task: What was run for it; None = nothing.
    """

    status: str
    seconds: float = 0.0
    result: Result | None = None
    why: Mapping[str, str] | None = None
    task: Task | None = field(default=None, compare=False)

    @property
    def reused(self) -> bool:
        """Whether what an earlier run made could stay."""
        return self.task is not None and not self.task.again


def run_task(task: Task, folder: Path, *, engine: str, seconds: float | None, lang: str) -> Outcome:
    """Run the notebook of a section in a folder of its own.

    Args:
        task: What to run.
        folder: An empty folder; afterwards it holds ``<key>.ipynb`` and, where the notebook saved one, its result.
        engine: See `run_notebook`.
        seconds: Time for the notebook; None = any.
        lang: Language of display of the result.

    Raises:
        OSError: The folder cannot be written to.
    """
    ran = run_notebook(task.source, folder / f"{task.key}.ipynb", task.values, engine=engine, seconds=seconds)
    result = saved_result(folder, task, lang) if ran.good else None
    if ran.good and (result is not None or task.is_own):
        return Outcome(status="done", seconds=ran.seconds, result=result, task=task)
    why = {lang: hide(reason(ran, lang, seconds)) for lang in LANGUAGES}
    return Outcome(status="failed", seconds=ran.seconds, why=why, task=task)


def saved_result(folder: Path, task: Task, lang: str) -> Result | None:
    """The result a notebook saved beside itself, under the name of its section."""
    found = [path for path in folder.glob("*.json") if path.is_file() and not path.name.startswith(".")]
    names = sorted(found, key=lambda path: (path.name != "own.json", path.name))
    for path in names if task.is_own else [folder / f"{task.key}.json"]:
        try:
            result = load(json.loads(path.read_text(encoding="utf-8")), lang=lang)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if path.stem != task.key:
            path.replace(path.with_name(f"{task.key}.json"))
        return result
    return None


def reason(ran: Ran, lang: str, seconds: float | None) -> str:
    """Why a notebook failed, in words."""
    if ran.how == "error":
        return say("cli.cell", lang, cell=ran.cell or 0, error=ran.error)
    if ran.how == "time":
        return say("cli.timed_out", lang, seconds=f"{seconds or 0:g}", cell=ran.cell or 1)
    if ran.how == "stopped":
        return say("cli.stopped", lang, cell=ran.cell or 1)
    if ran.how == "died":
        key = "cli.killed" if ran.signal else "cli.dead"
        return say(key, lang, signal=ran.signal, cell=ran.cell or 1)
    return say("cli.no_result", lang)
