"""A team's own notebooks: which of a folder join the month, and under which name and title."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsretro.errors import InputError, Problem
from opsretro.monthly.parameters import declared_parameters, has_parameters, nbformat
from opsretro.report.sections import SECTIONS

TAKEN = {section.key for section in SECTIONS} | {"index", "index.en", "run", "retro"}
"""Names of files the month writes itself."""
_PLAIN = re.compile(r"[\w][\w .()（）·-]{0,79}")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Own:
    """A notebook of the team that joins the month.

    Attributes:
        name: File name without ending; names its files and its place on the page.
        path: The notebook.
        title: Its first heading, else its name.
        declared: Default by parameter.
    """

    name: str
    path: Path
    title: str
    declared: Mapping[str, Any]


def own_notebooks(folder: Path | None) -> tuple[list[Own], list[str]]:
    """Notebooks of a folder that have a parameters cell, in the order of their names.

    Args:
        folder: The folder; None = there are none.

    Returns:
        Those that join, and file names of those that do not.

    Raises:
        InputError: There is no such folder, or a notebook cannot be read, or its name is taken; all problems at once.
    """
    if folder is None:
        return [], []
    if not folder.is_dir():
        raise InputError([Problem(code="no_notebooks", source="--notebooks", values={"value": str(folder)})])
    found, others, problems = [], [], []
    for path in sorted(folder.glob("*.ipynb")):
        if path.name.startswith("."):
            continue
        try:
            notebook = nbformat.read(path, as_version=4)
            declared = declared_parameters(path)
        except SyntaxError as error:
            problems.append(Problem(code="bad_cell", source=path.name, values={"value": error.msg or "?"}))
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            problems.append(Problem(code="not_a_notebook", source=path.name))
        else:
            if not has_parameters(notebook):
                others.append(path.name)
                continue
            problems += _badly_named(path)
            found.append(Own(name=path.stem, path=path.resolve(), title=_title(notebook, path), declared=declared))
    if problems:
        raise InputError(problems)
    return found, others


def _badly_named(path: Path) -> Sequence[Problem]:
    if path.stem.lower() in TAKEN:
        return [Problem(code="name_taken", source=path.name, values={"value": path.stem})]
    if not _PLAIN.fullmatch(path.stem):
        return [Problem(code="odd_name", source=path.name)]
    return []


def _title(notebook: Any, path: Path) -> str:
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    headings = [found[1] for text in texts if (found := _HEADING.search(text))]
    return headings[0] if headings else path.stem
