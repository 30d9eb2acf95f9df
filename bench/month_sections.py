"""Seconds per section: our engine, a script in a warm interpreter, and papermill's own engine, in turns.

The script is the floor: the notebook's own cells in an IPython shell that is there already, in a process that has
loaded every module they need, each result formatted as a notebook formats it (HTML, PNG figures), nothing sent and
nothing written but what the cells themselves save. It runs in a fork, as our notebooks do, so that no run profits from
the one before; its seconds are taken inside, from the first cell to the last.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MONTH = "2026-10"
BAR = 1.5
WAYS = ("engine", "script", "engine, reads", "script, reads", "papermill")


def ready(known: tuple[Any | None, Sequence[str]]) -> None:
    """What the warm process of the scripts does before it serves: keep the tables, load modules, have a shell."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from opsretro.tables.inputs import keep

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """`%matplotlib inline` has none to enable."""

    inputs, modules = known
    for name in modules:
        with contextlib.suppress(Exception):  # names of modules that others make up as they go
            import_module(name)
    Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    if inputs is not None:
        keep(inputs)


def run_script(_: int, told: int, order: Mapping[str, Any]) -> None:
    """Run the cells in the shell that is there; tell the seconds and which modules are loaded afterwards."""
    from IPython.core.interactiveshell import InteractiveShell

    os.chdir(order["folder"])
    shell = InteractiveShell._instance  # in this process there is one
    began = time.perf_counter()
    for source in order["cells"]:
        shell.run_cell(source, store_history=True).raise_error()
    seconds = time.perf_counter() - began
    with os.fdopen(told, "w") as answer:
        json.dump({"seconds": seconds, "modules": sorted(sys.modules)}, answer)


class Sections:
    """The notebooks of the month, and every way to run one of them.

    Args:
        workspace: Folder with the tables.
        folder: An empty folder to work in.
    """

    def __init__(self, workspace: Path, folder: Path) -> None:
        from opsretro.monthly.check import check
        from opsretro.monthly.notebook import nbformat, notebook_folder, without_live_cells
        from opsretro.monthly.options import Options
        from opsretro.monthly.template import Template
        from opsretro.monthly.warm import WARM

        logging.getLogger("papermill").setLevel(logging.ERROR)
        self.folder = folder
        self.values = {"month": MONTH, "workspace": str(workspace), "out": "."}
        self.notebooks = {path.stem: folder / path.name for path in sorted(notebook_folder().glob("*.ipynb"))}
        for path in self.notebooks.values():
            nbformat.write(without_live_cells(notebook_folder() / path.name), path)
        inputs = check(workspace, MONTH, Options()).ops.inputs
        look = Template()
        look.start(WARM)
        look.tell("month_sections:ready", (inputs, ()))
        warm = sorted(
            {name for key in self.notebooks for name in self._script(look, key)["modules"]} - set(sys.modules)
        )
        look.close()
        self.templates = {way: Template() for way in WAYS[:4]}
        for template in self.templates.values():
            template.start(WARM)
        self.templates["engine"].tell("opsretro.tables.inputs:keep", inputs)
        self.templates["script"].tell("month_sections:ready", (inputs, warm))
        self.templates["script, reads"].tell("month_sections:ready", (None, warm))

    def run(self, way: str, key: str) -> float:
        """Seconds of one notebook, one way."""
        if way.startswith("script"):
            return float(self._script(self.templates[way], key)["seconds"])
        return self._through_papermill(way, key)

    def _script(self, template: Any, key: str) -> dict[str, Any]:
        from papermill.iorw import load_notebook_node
        from papermill.parameterize import parameterize_notebook

        from opsretro.monthly.engine import running

        notebook = parameterize_notebook(load_notebook_node(str(self.notebooks[key])), self.values)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        order = {"do": "month_sections:run_script", "seconds": None, "folder": self._out(), "cells": cells}
        with running(template, order) as job, os.fdopen(os.dup(job.hear), "rb") as told:
            answer = told.read()
        if not answer:
            raise SystemExit(f"the script of {key} failed")
        return dict(json.loads(answer))

    def _through_papermill(self, way: str, key: str) -> float:
        from papermill import execute_notebook

        from opsretro.monthly.engine import ForkEngine
        from opsretro.monthly.notebook import QUIET

        out = self._out()
        how: dict[str, Any] = {"engine_name": "opsretro", "folder": out}
        if way == "papermill":
            how = {"cwd": out, "kernel_name": "python3", "extra_arguments": [QUIET]}
        else:
            ForkEngine.template = self.templates[way]
        began = time.perf_counter()
        execute_notebook(
            str(self.notebooks[key]), f"{out}/{key}.ipynb", parameters=self.values, progress_bar=False, **how
        )
        return time.perf_counter() - began

    def _out(self) -> str:
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return str(out)


def measured(run: Callable[[str, str], float], keys: Sequence[str], rounds: int) -> dict[tuple[str, str], float]:
    """Median seconds by way and notebook; every round goes through all of them, after one that does not count."""
    found: dict[tuple[str, str], list[float]] = {(way, key): [] for way in WAYS for key in keys}
    for number in range(rounds + 1):
        for key in keys:
            for way in WAYS if number % 2 else reversed(WAYS):
                seconds = run(way, key)
                if number:
                    found[way, key].append(seconds)
    return {where: median(seconds) for where, seconds in found.items()}


def report(found: Mapping[tuple[str, str], float], keys: Sequence[str], rounds: int) -> None:
    """Print the table and whether the bar holds."""
    print(f"Seconds per section, median of {rounds} alternating rounds after a warm-up")
    print(f"{'':20}{'tables kept warm':^30}{'tables read':^30}{'papermill':^20}")
    print(f"{'':20}" + f"{'engine':>10}{'script':>10}{'ratio':>10}" * 2 + f"{'seconds':>10}{'÷ engine':>10}")
    for key in (*keys, "all"):
        sums = {way: sum(found[way, one] for one in (keys if key == "all" else [key])) for way in WAYS}
        ours, floor, ours_reads, floor_reads, peer = sums.values()
        kept = f"{ours:10.2f}{floor:10.2f}{ours / floor:10.2f}"
        reads = f"{ours_reads:10.2f}{floor_reads:10.2f}{ours_reads / floor_reads:10.2f}"
        print(f"{key:20}{kept}{reads}{peer:10.2f}{peer / ours:10.2f}")
    for what, ours_way, floor_way in (("kept warm", *WAYS[:2]), ("read", *WAYS[2:4])):
        worst = max(keys, key=lambda key: found[ours_way, key] / found[floor_way, key])
        ratio = found[ours_way, worst] / found[floor_way, worst]
        holds = "holds" if ratio <= BAR else "DOES NOT HOLD"
        print(f"bar: a section at most {BAR} x the script, tables {what}: worst {ratio:.2f} ({worst}): {holds}")


def main(workspace: str, rounds: int) -> None:
    """Measure and print."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # as the command does
    with tempfile.TemporaryDirectory() as folder:
        sections = Sections(Path(workspace), Path(folder))
        keys = list(sections.notebooks)
        report(measured(sections.run, keys, rounds), keys, rounds)
        for template in sections.templates.values():
            template.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
