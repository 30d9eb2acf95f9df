"""Run one notebook through papermill: what it is offered, what it leaves, how it failed."""

from __future__ import annotations

import ast
import logging
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat as _nbformat

nbformat: Any = _nbformat  # it has no types
QUIET = "--IPKernelApp.log_level=CRITICAL"

LIVE = "live"
"""Cells with this tag are for people; the scheduled run leaves them out."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a notebook ended.

    Attributes:
        seconds: Wall time.
        cell: Number of the code cell that failed; None = all ran.
        error: Kind and text of its error, one line.
        dead: The process ended before the notebook did.
    """

    seconds: float
    cell: int | None = None
    error: str = ""
    dead: bool = False

    @property
    def good(self) -> bool:
        """Whether every cell ran."""
        return self.cell is None and not self.dead


def notebook_folder() -> Path:
    """Where our notebooks are: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "notebooks"
    return packaged if packaged.is_dir() else package.parent / "notebooks"


def run_notebook(source: Path, record: Path, offered: Mapping[str, str], *, progress: bool = False) -> Ran:
    """Run a notebook without its live cells.

    Args:
        source: The notebook.
        record: Where the executed notebook goes; its folder is the working folder of the run.
        offered: Parameters; the notebook gets those it declares, as text.
        progress: Show papermill's bar, a step a cell.

    Returns:
        How it ended. The record holds what ran, also after a failure.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    draft = record.with_name(f".draft-{record.name}")
    nbformat.write(without_live_cells(source), draft)
    values = {name: offered[name] for name in declared_parameters(draft) if name in offered}
    started = time.perf_counter()
    cell, error, dead = None, "", False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            execute_notebook(
                _literal(draft),
                _literal(record),
                parameters=values,
                cwd=str(record.parent),
                progress_bar=progress,
                log_output=False,
                extra_arguments=[QUIET],
            )
    except PapermillExecutionError as failure:
        cell, error = failure.cell_index + 1, f"{failure.ename}: {failure.evalue}".splitlines()[0]
    except (DeadKernelError, RuntimeError) as failure:
        error, dead = str(failure).splitlines()[0], True
    finally:
        draft.unlink(missing_ok=True)
    return Ran(seconds=time.perf_counter() - started, cell=cell, error=error, dead=dead)


def _literal(path: Path) -> str:
    """A path papermill takes as it is: it fills in braces like a template."""
    return str(path).replace("{", "{{").replace("}", "}}")


def without_live_cells(source: Path) -> Any:
    """A notebook as the scheduler runs it."""
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if LIVE not in cell.metadata.get("tags", [])]
    return notebook


def declared_parameters(notebook: Path) -> list[str]:
    """Names assigned in the notebook's `parameters` cell, in their order.

    Read from the syntax tree: papermill's own inspection goes by a pattern and overlooks a parameter whose comment
    holds an equals sign.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    lines = [line for source in sources for line in ast.parse(source).body]
    plain = [target for line in lines if isinstance(line, ast.Assign) for target in line.targets]
    typed = [line.target for line in lines if isinstance(line, ast.AnnAssign)]
    return [target.id for target in [*plain, *typed] if isinstance(target, ast.Name)]
