"""The files of a survey folder: which of them are form exports, which month they are of, who may read them."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from opsretro.tables.contracts import FORMS
from opsretro.tables.settings import Settings

ITEMS, TEAMS, ROSTER, SUGGESTIONS, REGISTER = "items.csv", "teams.csv", "roster.txt", "suggestions.csv", "published.csv"
TEAM = "team"
"""Name of the group column that holds the teams, whatever its header says."""
OWN_ITEMS = Path(__file__).parent / "static" / ITEMS
"""The wordings that come with the kit, for a workspace without its own."""
ENDINGS = {".csv", ".tsv", ".txt", ".xlsx", ".xls"}
_NO_EXPORT = {ITEMS, TEAMS, ROSTER, SUGGESTIONS, REGISTER}
_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_.年]?(0[1-9]|1[0-2]|[1-9](?=月))(?!\d{3})")


def survey_folder(workspace: Path, settings: Settings) -> Path:
    """Where a workspace keeps its survey."""
    return workspace / settings.sources.get("survey", FORMS["survey"])


def exports(folder: Path) -> list[Path]:
    """Form exports of a survey folder, by name."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name not in _NO_EXPORT)
    return sorted(path for path in found if not path.name.startswith((".", "~$")) and path.is_file())


def month_of(path: Path) -> str:
    """The month a file name tells (``2026-10.csv``, ``survey_202610.xlsx``, ``2026年9月.csv``); empty = none."""
    found = _MONTH.search(path.stem)
    return f"{found[1]}-{int(found[2]):02d}" if found else ""


def guard(folder: Path) -> None:
    """Make what people wrote readable by its owner only: exports, roster and suggestions 0600, the folder 0700."""
    with suppress(OSError):  # somebody else's folder, or a file system without permissions
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        for path in [*exports(folder), folder / ROSTER, folder / SUGGESTIONS]:
            if path.exists() and path.stat().st_mode & 0o177:
                path.chmod(0o600)
