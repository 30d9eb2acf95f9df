"""All inputs of a workspace, read and checked once, before anything is computed from them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.actions import read_actions
from opsretro.tables.contracts import CALENDAR, CONTRACTS, FORMS
from opsretro.tables.lessons import read_lessons
from opsretro.tables.people import everybody
from opsretro.tables.readings import read_readings
from opsretro.tables.settings import Settings, read_settings
from opsretro.tables.survey_files import REGISTER, exports, survey_folder
from opsretro.tables.table import read_table
from opsretro.tables.trees import read_cause_trees

READ_LAST = ("actions", "lessons", "readings", "causes")
"""Files that are no plain tables, in the order they are read: a cause may not name the owner of an action."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """One file that was read.

    Attributes:
        file: Path inside the workspace.
        rows: Rows read; 0 for a table that has a header and nothing else.
        sha256: Hash of the bytes.
    """

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """A checked workspace.

    Attributes:
        folder: The workspace.
        settings: What `retro.toml` says.
        tables: Typed table by name; only tables that have rows. Dates are datetime64, timestamps UTC, numbers float64,
            the rest text; missing stays missing; the index is the row number a spreadsheet shows.
        forms: Names of the inputs that are no plain tables (survey, actions, meetings) and exist.
        sources: What was read, by table.
    """

    folder: Path
    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    forms: tuple[str, ...]
    sources: Mapping[str, Source]

    @property
    def present(self) -> frozenset[str]:
        """Names of the inputs that have something to say."""
        return frozenset(self.tables) | frozenset(self.forms)

    @property
    def header_only(self) -> tuple[str, ...]:
        """Files that have a header and no rows; they count as absent."""
        return tuple(source.file for source in self.sources.values() if not source.rows)


_kept: list[Inputs] = []


def keep(inputs: Inputs) -> None:
    """Have `read_inputs` answer with these tables for their folder, as long as this process lives.

    For processes that are forked to work on one month: all of them see the tables that were checked, though somebody
    saves a file meanwhile, and none reads them again.
    """
    _kept[:] = [inputs]


def read_inputs(folder: str | Path) -> Inputs:
    """Read and check a whole workspace.

    Args:
        folder: The workspace: a folder with tables and, usually, `retro.toml`.

    Returns:
        The typed tables.

    Raises:
        InputError: Anything is wrong: the folder, the settings, a file, a header, a cell. All problems at once.
    """
    folder = Path(folder)
    if _kept and _kept[0].folder == folder.resolve():
        return _kept[0]
    if not folder.is_dir():
        raise InputError([Problem(code="no_folder", source=str(folder))])
    settings, problems = read_settings(folder)
    tables: dict[str, pd.DataFrame] = {}
    sources: dict[str, Source] = {}
    wanted = {name: settings.sources.get(name) for name in CONTRACTS} | {"calendar": settings.calendar.get("file")}
    for name, file in wanted.items():
        path, contract = folder / (file or f"{name}.csv"), CONTRACTS.get(name, CALENDAR)
        if file or (name in CONTRACTS and path.exists()):
            frame, found = read_table(path, contract)
            problems += found
            sources[name] = _source(path, folder, 0 if frame is None else len(frame))
            if frame is not None and len(frame):
                tables[name] = frame
    forms = tuple(name for name, file in FORMS.items() if _has_content(folder / settings.sources.get(name, file)))
    for name in (name for name in READ_LAST if name in forms):
        with collecting(problems):
            path = folder / settings.sources.get(name, FORMS[name])
            frame = _read(name, path, everybody(survey_folder(folder, settings), tables))
            sources |= {name: _source(path, folder, len(frame))} if name != "readings" else {}
            tables |= {name: frame} if len(frame) else {}
    if not problems and not tables and not forms:
        problems.append(Problem(code="no_tables", source=str(folder), values={"tables": "goals.csv, metrics.csv"}))
    if problems:
        raise InputError(problems)
    return Inputs(folder=folder, settings=settings, tables=tables, forms=forms, sources=sources)


def _read(name: str, path: Path, people: Collection[str]) -> pd.DataFrame:
    """One of the files that are no plain tables."""
    if name == "causes":
        return read_cause_trees(path, people=people)
    if name == "actions":
        return read_actions(path).table
    return read_lessons(path) if name == "lessons" else read_readings(path)


def _source(path: Path, folder: Path, rows: int) -> Source:
    data = path.read_bytes() if path.is_file() else b""
    return Source(file=path.relative_to(folder).as_posix(), rows=rows, sha256=hashlib.sha256(data).hexdigest())


def _has_content(path: Path) -> bool:
    if path.is_dir():
        has_meetings = any(path.glob("[0-9][0-9][0-9][0-9]-[01][0-9].json"))
        return has_meetings or bool(exports(path)) or (path / REGISTER).exists()
    return path.is_file() and path.stat().st_size > 0
