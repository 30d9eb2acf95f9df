"""The retro meeting in presenter mode: a private copy of its notebook, in a JupyterLab that shows nothing else."""

from __future__ import annotations

import copy
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat as _nbformat

from opsretro.errors import InputError, Problem, collecting
from opsretro.meeting.board_templates import read_agenda
from opsretro.meeting.meet_server import ServerError, serving
from opsretro.tables.meetings import FOLDER, MONTH, meetings_folder, read_meetings
from opsretro.words import say
from opsretro.workspace import Workspace, open_workspace

nbformat: Any = _nbformat  # it has no types
_LOCKED = {"editable": False, "deletable": False}


def meet(
    month: str,
    *,
    notebook: Path,
    workspace: Path,
    lang: str | None = None,
    as_of: str | None = None,
    port: int | None = None,
    browser: bool = True,
) -> int:
    """Hold the retro meeting of a month: show its notebook full window in JupyterLab until somebody ends it.

    Prints the address, with the token it needs, as the only line on standard output.

    Args:
        month: ``2026-10``.
        notebook: The meeting's notebook.
        workspace: Folder with the tables.
        lang: ``zh-CN`` or ``en``; None = the workspace's locale.
        as_of: Day or moment up to which data is known; None = the newest loaded_at.
        port: The only port to use; None = 8899, or another where it is taken.
        browser: Open the address in the browser.

    Returns:
        Exit code: 0 JupyterLab was shut down, 3 it did not start or ended by itself, 130 and 143 interrupted.

    Raises:
        InputError: The month or the workspace is refused; nothing was started.
    """
    ops = _checked(month, workspace, lang, as_of, port)
    folder = ops.inputs.folder.resolve()
    values = {"month": month, "workspace": str(folder), "lang": ops.lang} | ({"as_of": as_of} if as_of else {})
    shown = prepared(nbformat.read(notebook, as_version=4), values)
    words = {"month": month, "path": folder / FOLDER / f"{month}.json"}
    try:
        code = _held(shown, ops.lang, port, browser, words)
        why = f"exit {code}" if code else ""
    except ServerError as error:
        why = str(error)
    except KeyboardInterrupt as stop:
        print(say("meet.ended", ops.lang, **words), file=sys.stderr)
        return 143 if stop.args == ("SIGTERM",) else 130
    if why:
        print(say("meet.failed", ops.lang, why=why, **words), file=sys.stderr)
    return 3 if why else 0


def _held(notebook: Any, lang: str, port: int | None, browser: bool, words: Mapping[str, object]) -> int:
    """Exit code of the JupyterLab that showed a notebook, once somebody has shut it down."""
    name = say("meet.file", lang, **words)
    with tempfile.TemporaryDirectory(prefix="opsretro-meet-", ignore_cleanup_errors=True) as place:
        root = Path(place).resolve() / "root"
        root.mkdir()
        nbformat.write(notebook, root / name)
        with serving(root.parent, name, port=port) as (server, address):
            print(address, flush=True)
            print(say("meet.opened", lang, **words), file=sys.stderr, flush=True)
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            return server.wait()


def prepared(notebook: Any, parameters: Mapping[str, str]) -> Any:
    """A notebook as it is shown to a room: its parameters filled in, no code to see, no cell to lose by a stray key.

    Args:
        notebook: As nbformat reads it; it is not changed.
        parameters: Value by name; they follow the cell with the tag ``parameters``, or come first.

    Returns:
        A copy without outputs; every cell is locked, live cells are kept.

    Example:
        >>> cell = nbformat.v4.new_code_cell('month = "2026-01"', metadata={"tags": ["parameters"]})
        >>> shown = prepared(nbformat.v4.new_notebook(cells=[cell]), {"month": "2026-10"})
        >>> [(cell.source, cell.metadata.editable) for cell in shown.cells]
        [('month = "2026-01"', False), ("month = '2026-10'", False)]
    """
    shown = copy.deepcopy(notebook)
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    injected = nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
    tags = [cell.metadata.get("tags", []) for cell in shown.cells]
    place = next((n for n, own in enumerate(tags, start=1) if "parameters" in own), 0)
    shown.cells.insert(place, injected)
    for cell in shown.cells:
        cell.metadata.update(_LOCKED)
        if cell.cell_type == "code":
            cell.metadata["jupyter"] = {"source_hidden": True}
            cell.outputs, cell.execution_count = [], None
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    shown.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    return shown


def _checked(month: str, workspace: Path, lang: str | None, as_of: str | None, port: int | None) -> Workspace:
    """The workspace, or every problem of it, its boards, the meeting's file, the month and the port in one error."""
    problems: list[Problem] = []
    if port is not None and not 0 <= port <= 65535:
        problems.append(Problem(code="port_odd", source="--port", values={"value": str(port)}))
    elif port is not None and _is_taken(port):
        problems.append(Problem(code="port_taken", source="--port", values={"value": str(port)}))
    if not MONTH.fullmatch(month):
        problems.append(Problem(code="not_a_month", source="--month", values={"value": month}))
    with collecting(problems):
        ops = open_workspace(workspace.resolve(), lang=lang, as_of=as_of)
        with collecting(problems):
            read_agenda(ops.inputs.folder)
        with collecting(problems):
            read_meetings(meetings_folder(ops.inputs.folder, ops.settings.sources), [month])
    if problems:
        raise InputError(problems)
    ops.check_period(month)
    return ops


def _is_taken(port: int) -> bool:
    """Whether another program listens there."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
