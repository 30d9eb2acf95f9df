"""Many teams on this machine: seconds a team with nothing computed yet and with nothing changed, and how both grow.

Each team is a copy of the sample workspace: 152,314 rows, five sections, both languages, pages and documents.

    python bench/teams.py [most teams, 200]
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = (20, 50, 100, 200)
WRITTEN = ("readings.jsonl", "survey", "meetings", "retro.toml")
"""What a run or this bench writes into a workspace; everything else of the copies is one file on the disk."""


def copies(folder: Path, n: int) -> None:
    """Workspaces of teams, each with a name of its own."""
    for number in range(1, n + 1):
        team = folder / f"team-{number:03d}"
        shutil.copytree(ROOT / "data", team, copy_function=linked)
        settings = (team / "retro.toml").read_text(encoding="utf-8")
        named = settings.replace("增长运营组", f"第 {number} 组").replace("Growth operations", f"Team {number}")
        (team / "retro.toml").write_text(named, encoding="utf-8")


def linked(source: str, target: str) -> None:
    """A copy of what is written to, another name of what is only read."""
    if any(part in WRITTEN for part in Path(source).relative_to(ROOT / "data").parts):
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def run(teams: Path, out: Path, n: int) -> tuple[list[float], float]:
    """The seconds at which each of the first n teams was published, and those of the whole command."""
    names = [str(teams / f"team-{number:03d}") for number in range(1, n + 1)]
    command = [str(Path(sys.executable).with_name("opsretro")), "run", "--month", "2026-10", "--out", str(out)]
    began = time.perf_counter()
    words = [*command, "--log-format", "json", "--teams", *names]
    going = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    events = [json.loads(line) for line in going.stderr or ()]
    whole = time.perf_counter() - began
    if going.wait() != 0:
        raise SystemExit("\n".join(event["text"] for event in events if event["event"] == "team_problem"))
    return [event["at"] for event in events if event["event"] == "team_ran"], whole


def main() -> None:
    """Measure and print."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS[-1]
    steps = [step for step in STEPS if step <= most] or [most]
    with tempfile.TemporaryDirectory(prefix="opsretro-bench-") as place:
        folder = Path(place)
        copies(folder / "teams", most)
        ends, cold = run(folder / "teams", folder / "out", most)
        warm = {step: run(folder / "teams", folder / "out", step)[1] for step in steps}
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        weight = sum(path.stat().st_size for path in (folder / "out" / "teams").rglob("index*.html")) / 1024 / 2
    print(f"{most} teams of five sections, {os.cpu_count()} processors: {cold:.0f} s, {cold / most:.2f} s a team")
    print(f"largest process {peak:.0f} MiB; the page over all teams weighs {weight:.0f} kB a language")
    print(
        "\n| teams | first time: until they were published | s a team | nothing changed: the whole command | s a team |"
    )
    print("|---|---|---|---|---|")
    for step in steps:
        first = sorted(ends)[step - 1]
        print(f"| {step} | {first:.0f} s | {first / step:.2f} | {warm[step]:.0f} s | {warm[step] / step:.2f} |")
    parts = [sorted(ends)[b - 1] - sorted(ends)[a - 1] for a, b in pairwise(steps)]
    rates = [part / (b - a) for part, (a, b) in zip(parts, pairwise(steps), strict=True)]
    print("\nseconds for one more team between the lines: " + ", ".join(f"{rate:.2f}" for rate in rates))


if __name__ == "__main__":
    main()
