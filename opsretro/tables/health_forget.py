"""Delete what people answered, once its months are published: the figures stay, the answers go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.form import read_form
from opsretro.tables.health_register import read_register
from opsretro.tables.reader import read_cells
from opsretro.tables.suggestions import read_suggestions
from opsretro.tables.survey_files import ITEMS, OWN_ITEMS, REGISTER, SUGGESTIONS, exports, guard, month_of


def forget(folder: Path, before: str, *, unpublished: bool = False) -> list[str]:
    """Delete form exports of the months before one, and the suggestions answered in those months.

    Copies elsewhere (backups, the form's own site, version control) are not reached from here.

    Args:
        folder: The survey folder.
        before: First month that is kept, ``2026-07``.
        unpublished: Delete months that were never published as well; their figures are gone with them.

    Returns:
        What was deleted, in words of the file system: names of files, and ``suggestions.csv: 3``.

    Raises:
        InputError: Not a month; an export also holds later months; a month was never published. Nothing is deleted.
        OSError: A file cannot be deleted.
    """
    if not pd.Series([before]).str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])").all():
        raise InputError([Problem(code="month_only", source="--before", values={"value": before})])
    if not folder.is_dir():
        raise InputError([Problem(code="no_folder", source=str(folder))])
    guard(folder)
    read_suggestions(folder / SUGGESTIONS, month=before)  # refused before anything is deleted
    held = {path: _months(path, folder) for path in exports(folder)}
    old = {path: months for path, months in held.items() if months and min(months) < before}
    known = set(read_register(folder / REGISTER)["month"])
    if problems := list(_problems(old, before, set() if unpublished else known, unpublished=unpublished)):
        raise InputError(problems)
    for path in old:
        path.unlink()
    return [*(path.name for path in old), *_forget_suggestions(folder / SUGGESTIONS, before)]


def _months(path: Path, folder: Path) -> set[str]:
    """Months whose answers an export holds."""
    if month := month_of(path):
        return {month}
    answers = read_form(path, items=folder / ITEMS if (folder / ITEMS).exists() else OWN_ITEMS).answers
    return set(answers["month"].dropna()) if "month" in answers else set()


def _problems(old: dict[Path, set[str]], before: str, known: set[str], *, unpublished: bool) -> Iterator[Problem]:
    for path, months in old.items():
        if max(months) >= before:
            yield Problem(code="forget_mixed", source=path.name, values={"month": max(months)})
        elif not unpublished and (missing := sorted(months - known)):
            yield Problem(code="forget_unpublished", source=path.name, values={"month": missing[0]})


def _forget_suggestions(path: Path, before: str) -> list[str]:
    """Drop suggestions answered in the months before; those that still wait, or were answered later, stay."""
    if not path.exists():
        return []
    cells, problems = read_cells(path)
    if cells is None or problems:
        raise InputError(problems)
    box = cells.reindex(columns=["month", "answer", "answered_in"], fill_value="")
    box = box.apply(lambda column: column.str.strip())
    told_in = box["answered_in"].mask(box["answered_in"] == "", box["month"])
    gone = (box["answer"] != "") & (told_in < before)
    if not gone.any():
        return []
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(cells[~gone].to_csv(index=False, lineterminator="\n"))
    draft.replace(path)
    return [f"{path.name}: {int(gone.sum())}"]
