"""Run one notebook through papermill: in a warm fork or in a kernel of its own, watched over either way."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from opsretro.monthly.engine import Ended, ForkEngine, how_it_ended, running
from opsretro.monthly.options import FORK, KERNEL
from opsretro.monthly.parameters import nbformat
from opsretro.monthly.template import can_fork
from opsretro.report.sections import Section

QUIET = "--IPKernelApp.log_level=CRITICAL"
LIVE = "live"
"""Cells with this tag are for people; the scheduled run leaves them out."""
SKIPPED = "skip-execution"
"""papermill's own tag for cells that are not run."""
INJECTED = "injected-parameters"
"""papermill's tag of the cell it adds."""
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a notebook ended.

    Attributes:
        seconds: Wall time.
        cell: Number of the cell it ended in, the first is 1; None = all ran.
        error: Kind and text of the cell's error, one line.
        how: ``done``, ``error``, ``time`` (its time was over), ``died`` (its process did) or ``stopped`` (a cell
            ended the notebook before its last one).
        signal: Number of the signal it died of; 0 = none.
    """

    seconds: float
    cell: int | None = None
    error: str = ""
    how: str = "done"
    signal: int = 0

    @property
    def good(self) -> bool:
        """Whether every cell ran."""
        return self.how == "done"


def notebook_folder() -> Path:
    """Where our notebooks are: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "notebooks"
    return packaged if packaged.is_dir() else package.parent / "notebooks"


def notebook_of(section: Section) -> Path:
    """The notebook of a section."""
    return notebook_folder() / f"{section.notebook}.ipynb"


def run_notebook(
    source: Path, record: Path, values: Mapping[str, Any], *, engine: str = FORK, seconds: float | None = None
) -> Ran:
    """Run a notebook without its live cells.

    Args:
        source: The notebook.
        record: Where the executed notebook goes; its folder is the working folder of the run.
        values: Its parameters.
        engine: ``fork`` (a fork of the warm template) or ``kernel`` (papermill's own engine).
        seconds: Time for the whole notebook; None = any.

    Returns:
        How it ended. The record holds what ran, also after a failure.

    Raises:
        OSError: The record cannot be written.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    draft = record.with_name(f".draft-{record.name}")
    nbformat.write(without_live_cells(source), draft)
    if not can_fork():
        engine = KERNEL
    order = {"draft": str(draft), "record": str(record), "values": dict(values), "folder": str(record.parent)}
    began = time.perf_counter()
    try:
        if engine == KERNEL and can_fork():
            found = _kept(order, seconds)
        else:
            found = _execute(order, engine=engine, seconds=seconds)
    finally:
        draft.unlink(missing_ok=True)
    _name_as_published(record, source)
    if not found and (cell := _never_ran(record)):
        found = {"how": "stopped", "cell": cell}
    return Ran(seconds=time.perf_counter() - began, **found)


def _name_as_published(record: Path, source: Path) -> None:
    """Have the record hold what is true of every run: no folder of this one, no id drawn for it, no moment."""
    try:
        notebook = nbformat.read(record, as_version=4)
    except (OSError, ValueError):
        return
    notebook.metadata.get("papermill", {}).update(input_path=source.name, output_path=record.name)
    for cell in notebook.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if "outputs" in cell:
            cell.outputs = whole_streams(cell.outputs)
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    if not any(WIDGET in data for data in shown):
        notebook.metadata.pop("widgets", None)  # the state of what nobody sees, under ids drawn for this run
    nbformat.write(notebook, record)


def whole_streams(outputs: Sequence[Any]) -> list[Any]:
    """Join what a stream put out piece by piece: where it was cut depends on how fast the machine was.

    Args:
        outputs: Of a cell.

    Returns:
        The same in the same order, without two pieces of one stream in a row.

    Example:
        >>> piece = {"output_type": "stream", "name": "stdout"}
        >>> whole_streams([piece | {"text": "a"}, piece | {"text": "b"}])
        [{'output_type': 'stream', 'name': 'stdout', 'text': 'ab'}]
    """
    whole: list[Any] = []
    for stream, found in groupby(outputs, key=lambda output: output.get("name")):  # None = what is no stream
        pieces = list(found)
        if stream:
            pieces = [type(pieces[0])(pieces[0], text="".join(piece["text"] for piece in pieces))]
        whole += pieces
    return whole


def _execute(order: Mapping[str, Any], *, engine: str, seconds: float | None = None) -> dict[str, Any]:
    """Have papermill run it; what `Ran` says of a failure, or nothing."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    how: dict[str, Any] = {"engine_name": "opsretro", "folder": order["folder"], "seconds": seconds}
    if engine == KERNEL:
        how = {"cwd": order["folder"], "extra_arguments": [QUIET], "execution_timeout": seconds}
    paths = [_literal(order["draft"]), _literal(order["record"])]
    try:
        execute_notebook(*paths, parameters=order["values"], progress_bar=False, log_output=False, **how)
    except PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}".splitlines()[0]
        return {"how": "error", "cell": failure.cell_index + 1, "error": error}
    except Ended as end:
        return _ended(end.how, Path(order["record"]))
    except CellTimeoutError:
        return _ended({"end": "time"}, Path(order["record"]))
    except DeadKernelError:
        return _ended({"end": "itself"}, Path(order["record"]))
    except (ValueError, NoSuchKernel) as error:  # it names no kernel, or none that is here
        return {"how": "error", "cell": 1, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {}


def _ended(how: Mapping[str, Any], record: Path) -> dict[str, Any]:
    code = how.get("code", 1)
    kind = "time" if how["end"] == "time" else "died" if code else "stopped"
    return {"how": kind, "cell": _last_begun(record), "signal": max(0, -code)}


def _kept(order: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    """Papermill with its own engine, in a process that is watched over as the cells of a fork are."""
    where = {"seconds": seconds, "do": "opsretro.monthly.notebook:run_in_kernel", **order}
    with running(ForkEngine.template, where) as job:
        with os.fdopen(os.dup(job.hear), "rb") as answer:
            found = answer.read()
        how = how_it_ended(job.leash)
    if how["end"] == "itself" and found:
        result: dict[str, Any] = json.loads(found)
        return result
    return _ended(how, Path(order["record"]))


def run_in_kernel(_: int, told: int, order: Mapping[str, Any]) -> None:
    """What the watched process does: papermill and its own engine."""
    found = _execute(order, engine=KERNEL)
    os.write(told, json.dumps(found).encode())


def _cells(record: Path) -> list[Any]:
    try:
        cells: list[Any] = nbformat.read(record, as_version=4).cells
    except (OSError, ValueError):
        return []
    return cells


def _never_ran(record: Path) -> int | None:
    """Number of the cell after which nothing ran; None = everything did. By what ran, whatever the metadata says."""
    last = 0
    for number, cell in enumerate(_cells(record), start=1):
        if cell.cell_type != "code" or not cell.source.strip() or SKIPPED in cell.metadata.get("tags", []):
            continue
        if cell.execution_count is None:
            return last or number
        last = number
    return None


def _last_begun(record: Path) -> int | None:
    """Number of the cell that was running: papermill says so when it begins, and a kernel numbers what it runs."""
    cells = list(enumerate(_cells(record), start=1))
    states = {number: cell.metadata.get("papermill", {}).get("status") for number, cell in cells}
    begun = [number for number, cell in cells if states[number] in ("running", "failed") or cell.get("execution_count")]
    return begun[-1] if begun else None


def _literal(path: str) -> str:
    """A path papermill takes as it is: it fills in braces like a template."""
    return path.replace("{", "{{").replace("}", "}}")


def without_live_cells(source: Path) -> Any:
    """A notebook as the scheduler runs it."""
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if LIVE not in cell.metadata.get("tags", [])]
    return notebook
