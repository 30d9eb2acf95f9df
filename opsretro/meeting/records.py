"""What a meeting leaves on paper: the minutes, and a page to go on with if the screen dies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opsretro.tables.one_writer import alone, replace_whole
from opsretro.words import LANGUAGES

if TYPE_CHECKING:
    from opsretro.analysis.minutes import Minutes
    from opsretro.meeting.conductor import Conductor


def write_minutes(held: Conductor) -> list[Path]:
    """Write the minutes beside the meeting's file, in both languages, as Markdown, HTML and CSV.

    Args:
        held: The meeting.

    Returns:
        The files.

    Raises:
        OSError: They cannot be written.
    """
    from opsretro.report.minutes_export import csv_bytes, html, markdown

    minutes, written = _minutes(held), []
    with alone(held.folder):
        for lang in LANGUAGES:
            files = {"md": markdown(minutes, lang).encode(), "html": html(minutes, lang).encode()}
            files |= {"csv": csv_bytes(minutes, lang)}
            for kind, data in files.items():
                path = held.folder / f"{held.month}.minutes.{lang}.{kind}"
                replace_whole(path, data)
                written.append(path)
    return written


def write_paper(held: Conductor) -> Path:
    """Write one page with everything so far, pictures included, to read from if the projecting machine dies.

    Args:
        held: The meeting.

    Raises:
        OSError: It cannot be written.
    """
    from opsretro.report.minutes_export import html

    path = held.folder / f"{held.month}.paper.html"
    last = held.evidence.section("followup")
    shown = html(_minutes(held), held.lang, pictures={"followup": last} if last else {})
    with alone(held.folder):
        replace_whole(path, shown.encode())
    return path


def _minutes(held: Conductor) -> Minutes:
    from opsretro.analysis.minutes import minutes_of

    return minutes_of([held.meeting], period=held.month, context=held.ops.context)
