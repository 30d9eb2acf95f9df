"""What a month costs: `opsretro run` against papermill and nbconvert, as a library and as commands, in the same run.

All start from nothing and run the same cells. Our command checks every table and writes two pages, the numbers and the
manifest; the others run the notebooks and write an HTML page of each. In turns, so that a slow moment of the machine
hits all. Memory is taken in the warm-up round, whose seconds do not count, because taking it costs time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import month_sections
import psutil

from opsretro.monthly.notebook import nbformat, notebook_folder, without_live_cells

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MONTH = "2026-10"
SIZE = 2**20
BARS = {"papermill and nbconvert, as a library": 3.0, "papermill and jupyter nbconvert commands": 8.0}
JOBS_BAR = 1.8
OURS, ONE, COLD, CACHED = "opsretro run --force --jobs 2", "the same, --jobs 1", "into an empty folder", "run again"
LIBRARY, COMMANDS = BARS
AS_LIBRARY = """
import sys
from pathlib import Path
from nbconvert import HTMLExporter
from papermill import execute_notebook

out, workspace, *notebooks = sys.argv[1:]
for notebook in notebooks:
    record = Path(out) / Path(notebook).name
    values = {"workspace": workspace, "out": out}
    execute_notebook(notebook, str(record), parameters=values, cwd=out, progress_bar=False)
    record.with_suffix(".html").write_text(HTMLExporter().from_filename(str(record))[0], encoding="utf-8")
"""


class Cost(NamedTuple):
    """Of one run: wall seconds, those of the sections side by side, and the peak memory of all its processes in bytes.

    Resident memory counts a page once a process; the proportional share counts a page that processes share once.
    """

    seconds: float
    sections: float
    resident: int
    proportional: int


class Memory(threading.Thread):
    """Looks at a process tree 20 times a second until it is told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root, self.resident, self.proportional = psutil.Process(pid), 0, 0
        self.is_over = threading.Event()

    def run(self) -> None:
        """Look."""
        while not self.is_over.wait(0.05):
            try:
                tree = [self.root, *self.root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            sizes = [_sizes(process.pid) for process in tree]
            self.resident = max(self.resident, sum(size[0] for size in sizes))
            self.proportional = max(self.proportional, sum(size[1] for size in sizes))


def _sizes(pid: int) -> tuple[int, int]:
    """Resident and proportional bytes of a process; nothing where it is gone or the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0, 0
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return kib.get("Rss", 0) * 1024, kib.get("Pss", 0) * 1024


def cost(commands: Sequence[Sequence[str]], *, with_memory: bool) -> Cost:
    """Run commands one after the other.

    Args:
        commands: Each a list of words.
        with_memory: Look at the memory, too, which makes them slower.

    Raises:
        SystemExit: One failed.
    """
    resident = proportional = 0
    began, sections = time.perf_counter(), 0.0
    for words in commands:
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch = Memory(process.pid)
        if with_memory:
            watch.start()
        said = process.communicate()[1]
        watch.is_over.set()
        if process.returncode:
            raise SystemExit(f"failed with {process.returncode}: {' '.join(words)}\n{said}")
        resident, proportional = max(resident, watch.resident), max(proportional, watch.proportional)
        sections += side_by_side(said)
    return Cost(time.perf_counter() - began, sections, resident, proportional)


def side_by_side(said: str) -> float:
    """Seconds from the first section's start to the end of the last, by the events of a run; 0 without any."""
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    begun = [event["at"] for event in events if event["event"] == "running"]
    ended = [event["at"] for event in events if event["event"] in ("ran", "failed", "absent")]
    return max(ended) - min(begun) if begun and ended else 0.0


def ways(folder: Path) -> dict[str, list[list[str]]]:
    """Commands by what they are; the order matters: a month must be there before it can be run again."""
    workspace, out = folder / "data", folder / "reports"
    notebooks = []
    for source in sorted(notebook_folder().glob("*.ipynb")):
        notebooks.append(str(folder / source.name))
        nbformat.write(without_live_cells(source), notebooks[-1])
    run = [str(BIN / "opsretro"), "run", "--month", MONTH, "--workspace", str(workspace), "--log-format", "json"]
    peer = folder / "peer"
    peer.mkdir()
    values = ["-p", "workspace", str(workspace), "-p", "out", str(peer), "--cwd", str(peer)]
    records = [str(peer / Path(notebook).name) for notebook in notebooks]
    commands = [
        words
        for notebook, record in zip(notebooks, records, strict=True)
        for words in (
            [str(BIN / "papermill"), notebook, record, *values, "--no-progress-bar"],
            [str(BIN / "jupyter"), "nbconvert", "--to", "html", record],
        )
    ]
    return {
        COLD: [[*run, "--out", str(folder / "cold"), "--jobs", "2"]],
        CACHED: [[*run, "--out", str(folder / "cold"), "--jobs", "2"]],
        OURS: [[*run, "--out", str(out), "--jobs", "2", "--force"]],
        ONE: [[*run, "--out", str(out), "--jobs", "1", "--force"]],
        LIBRARY: [[sys.executable, "-c", AS_LIBRARY, str(peer), str(workspace), *notebooks]],
        COMMANDS: commands,
    }


def measured(folder: Path, rounds: int) -> dict[str, list[Cost]]:
    """Costs by way, the warm-up with its memory first."""
    everything = ways(folder)
    found: dict[str, list[Cost]] = {name: [] for name in everything}
    for number in range(rounds + 1):
        shutil.rmtree(folder / "cold", ignore_errors=True)
        for name, commands in everything.items():
            found[name].append(cost(commands, with_memory=number == 0))
    return found


def report(found: Mapping[str, Sequence[Cost]], rounds: int) -> None:
    """Print the tables, each bar, and whether it holds."""
    seconds = {name: median(one.seconds for one in runs[1:]) for name, runs in found.items()}
    apart = {name: median(one.sections for one in found[name][1:]) for name in (OURS, ONE)}
    ours = seconds[OURS]
    print(f"The month of the sample, {len(os.sched_getaffinity(0))} processors, median of {rounds} alternating rounds")
    print(f"{'':44}{'seconds':>9}{'÷ ours':>9}{'peak RSS':>10}{'peak PSS':>10}  MiB, all processes")
    for name, runs in found.items():
        first = runs[0]
        memory = f"{first.resident / SIZE:10.0f}{first.proportional / SIZE:10.0f}"
        print(f"{name:44}{seconds[name]:9.2f}{seconds[name] / ours:9.2f}{memory}")
    for name, bar in BARS.items():
        _bar(f"the month at least {bar:g} x faster than {name}", seconds[name] / ours, bar)
    _bar(f"two workers at least {JOBS_BAR} x: the whole command", seconds[ONE] / ours, JOBS_BAR)
    print(f"    sections side by side: {apart[ONE]:.2f} s with one worker, {apart[OURS]:.2f} s with two")
    _bar(f"two workers at least {JOBS_BAR} x: the part side by side", apart[ONE] / apart[OURS], JOBS_BAR)
    print(f"cold ÷ run again with nothing changed: {seconds[COLD] / seconds[CACHED]:.2f}")


def _bar(what: str, ratio: float, bar: float) -> None:
    print(f"bar: {what}: {ratio:.2f}: {'holds' if ratio >= bar else 'DOES NOT HOLD'}")


def main(rounds: int = 3) -> None:
    """Print the tables.

    Args:
        rounds: How often everything is run, after a warm-up.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data", folder / "data")
        words = [sys.executable, month_sections.__file__, str(folder / "data"), str(rounds)]
        subprocess.run(words, check=True)
        print(flush=True)
        report(measured(folder, rounds), rounds)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
