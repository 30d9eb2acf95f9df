"""Before anything runs: inputs, meetings and notebooks of a month, with every problem of them in one error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opsretro.analysis.minutes import Minutes
from opsretro.errors import InputError, Problem, collecting, unseen
from opsretro.monthly.audience import inputs_for, sections_for
from opsretro.monthly.notebook import notebook_of
from opsretro.monthly.options import ALL, Options
from opsretro.monthly.own import Own, own_notebooks
from opsretro.monthly.parameters import declared_parameters, fitting, given_parameters
from opsretro.monthly.reuse import input_digests
from opsretro.report.sections import SECTIONS
from opsretro.tables.contracts import FORMS
from opsretro.tables.inputs import Source
from opsretro.tables.meetings import meetings_folder, read_meetings
from opsretro.tables.period import Period
from opsretro.tables.settings import read_settings
from opsretro.tables.survey_files import survey_folder

if TYPE_CHECKING:
    from opsretro.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A month whose inputs are in order.

    Attributes:
        ops: The workspace.
        period: What is reviewed.
        forms: Forms of the survey.
        minutes: What the retro of the period came to; None = there was none.
        own: The team's own notebooks.
        others: Files beside them that do not join.
        given: Parameters, as text.
        digests: Fingerprint by input.
        audience: Who it is for.
    """

    ops: Workspace
    period: Period
    forms: int
    minutes: Minutes | None
    own: Sequence[Own]
    others: Sequence[str]
    given: Mapping[str, str]
    digests: Mapping[str, str]
    audience: str = ALL

    @property
    def sources(self) -> dict[str, Source]:
        """Every file that was read, those of the meetings among them, as far as the audience is told."""
        folder = self.ops.settings.sources.get("meetings", FORMS["meetings"])
        months = self.minutes.meetings["month"] if self.minutes else ()
        files = {f"{folder}/{month}.json": self.ops.inputs.folder / folder / f"{month}.json" for month in months}
        sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
        told = inputs_for(self.audience, self.ops.inputs.sources)
        tables = {name: self.ops.inputs.sources[name] for name in told}
        return {**tables, **{name: Source(file=name, rows=1, sha256=sums[name]) for name in files}}

    @property
    def header_only(self) -> list[str]:
        """Files with a header and no rows, as far as the audience is told."""
        sources = self.ops.inputs.sources
        return [sources[name].file for name in inputs_for(self.audience, sources) if not sources[name].rows]


def check(workspace: Path, month: str, options: Options) -> Checked:
    """Read and check everything a month needs.

    Args:
        workspace: Folder with the tables.
        month: ``2026-10``, ``2026-Q3`` or ``2026``.
        options: How it will be run.

    Raises:
        InputError: The period, a table, a meeting, a notebook or a parameter cannot be used; all problems at once.
    """
    from opsretro.tables.survey import read_survey
    from opsretro.workspace import open_workspace

    problems: list[Problem] = []
    inside = options.audience == ALL
    with collecting(problems):
        period = Period.parse(month)
        folder = meetings_folder(workspace.resolve(), read_settings(workspace)[0].sources)
        meetings = read_meetings(folder, period.months)
    with collecting(problems):
        ops = open_workspace(workspace.resolve(), lang=options.langs[0], as_of=options.as_of)
    with collecting(problems):
        answers = survey_folder(workspace.resolve(), read_settings(workspace)[0])
        forms = len(unseen("survey")(read_survey)(answers).answers) if inside else 0
    own: Sequence[Own] = ()
    others: Sequence[str] = ()
    given: Mapping[str, str] = {}
    with collecting(problems):
        own, others = own_notebooks(options.notebooks)
    with collecting(problems):
        given = given_parameters(options.given)
        _check_given(given, own)
    with collecting(problems):
        _check_only(options, own, month)
    if problems:
        raise InputError(problems)
    ops.check_period(month)
    return Checked(
        ops=ops,
        period=period,
        forms=forms,
        minutes=ops.minutes(month) if meetings and inside else None,
        own=own,
        others=others,
        given=given,
        digests=input_digests(ops),
        audience=options.audience,
    )


def _check_only(options: Options, own: Sequence[Own], month: str) -> None:
    """Every section that is asked for can be had; a single month has none over months."""
    ours = [section.key for section in sections_for(options.audience)]
    single = re.fullmatch(r"\d{4}-\d\d", month) is not None
    known = [*(key for key in ours if key != "months" or not single), *(one.name for one in own)]
    unknown = [name for name in options.only if name not in known]
    if unknown:
        fix = ", ".join(known)
        raise InputError(
            Problem(code="no_section", source="--only", values={"value": name, "fix": fix}) for name in unknown
        )


def _check_given(given: Mapping[str, str], own: Sequence[Own]) -> None:
    """Every `-p` belongs to a notebook that runs, and fits there."""
    ours = [declared_parameters(notebook_of(section)) for section in SECTIONS if section.notebook]
    declared = [*ours, *(one.declared for one in own)]
    known = {name for parameters in declared for name in parameters}
    problems = [
        Problem(code="no_parameter", source="-p", values={"value": name, "fix": ", ".join(sorted(known))})
        for name in given
        if name not in known
    ]
    for parameters in declared:
        with collecting(problems):
            fitting(parameters, given)
    if problems:
        raise InputError({problem.line(): problem for problem in problems}.values())
