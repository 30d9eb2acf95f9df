"""What a month costs: `opsretro run` against papermill and nbconvert commands on the same notebooks, in the same run.

Both sides start from nothing: our command checks every table, runs the notebooks, and writes two pages, the numbers and
the manifest; the peer runs them and writes an HTML page of each. Alternating, so that a slow moment of the
machine hits both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROUNDS = 5


def measured(commands: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Run commands one after the other.

    Args:
        commands: Each a list of words.

    Returns:
        Wall seconds, and the peak memory of the process tree in MiB (sampled 100 times a second).
    """
    started, peak = time.perf_counter(), 0.0
    for words in commands:
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.01)
        if process.returncode:
            raise SystemExit(f"failed with {process.returncode}: {' '.join(words)}")
    return time.perf_counter() - started, peak / 2**20


def tree_memory(pid: int) -> float:
    """Resident bytes of a process and everything it started."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        ours = [
            [str(BIN / "opsretro"), "run", "--month", "2026-10", "--workspace", "data", "--out", f"{folder}/reports"]
        ]
        words = ["-p", "workspace", str(ROOT / "data"), "-p", "out", folder]
        peer = [
            command
            for notebook in NOTEBOOKS
            for command in (
                [str(BIN / "papermill"), str(notebook), f"{folder}/{notebook.name}", *words],
                [str(BIN / "jupyter"), "nbconvert", "--to", "html", f"{folder}/{notebook.name}"],
            )
        ]
        rows = {
            "opsretro run (check, notebooks, 2 pages, JSON)": ours,
            "papermill + nbconvert (notebooks, a page each)": peer,
        }
        for commands in rows.values():
            measured(commands)
        figures = {name: [] for name in rows}
        for _ in range(ROUNDS):
            for name, commands in rows.items():
                figures[name].append(measured(commands))
    print(f"One month of the sample, median of {ROUNDS} alternating runs after one warm-up each")
    print(f"{'':48}{'seconds':>9}{'peak MiB':>10}")
    for name, runs in figures.items():
        print(f"{name:48}{median(s for s, _ in runs):9.2f}{median(m for _, m in runs):10.0f}")
    ours_s, peer_s = (median(s for s, _ in runs) for runs in figures.values())
    print(f"ratio peer ÷ ours: {peer_s / ours_s:.2f}")


if __name__ == "__main__":
    main()
