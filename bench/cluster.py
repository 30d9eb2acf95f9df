"""1,000 small notebooks over a real dask scheduler and two workers, one of them killed on the way.

200 teams with five small notebooks of their own each. Printed: whether every one was published, once, by one command,
what it cost, and what was left behind.

    python bench/cluster.py [teams, 200]
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from dask_cluster import cluster

NOTEBOOKS = 5
CELL = "from pathlib import Path\nlen(Path(workspace, 'metrics.csv').read_text().splitlines())"


def workspaces(folder: Path, teams: int) -> None:
    """Small workspaces: one goal, a month of rows."""
    goal = "goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source\n"
    goal += "sales,Sales,Sell for 300 a month,sales,growth-1,higher,count,300,1,2026-01-01,2026-12-31,sum,metrics\n"
    rows = "".join(f"2026-10-{day:02d},sales,{10 + day % 3}\n" for day in range(1, 32))
    for number in range(1, teams + 1):
        team = folder / f"team-{number:03d}"
        team.mkdir(parents=True)
        (team / "retro.toml").write_text(f'team = {{ zh-CN = "第 {number} 组", en = "Team {number}" }}\n', "utf-8")
        (team / "goals.csv").write_text(goal, "utf-8")
        (team / "metrics.csv").write_text("date,kpi,value\n" + rows, "utf-8")


def notebooks(folder: Path) -> list[str]:
    """Five notebooks of a few lines."""
    folder.mkdir()
    for number in range(NOTEBOOKS):
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        parameters = nbformat.v4.new_code_cell('month = ""\nworkspace = ""', metadata={"tags": ["parameters"]})
        book.cells = [
            nbformat.v4.new_markdown_cell(f"# Small {number}"),
            parameters,
            nbformat.v4.new_code_cell(CELL),
        ]
        nbformat.write(book, folder / f"small-{number}.ipynb")
    return [f"small-{number}" for number in range(NOTEBOOKS)]


def mine(folder: Path) -> list[int]:
    """Processes whose command or open files name a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            named = str(folder) in " ".join(process.cmdline())
            if process.pid != os.getpid() and (named or any(str(folder) in file.path for file in process.open_files())):
                found.append(process.pid)
    return found


def main() -> None:
    """Measure and print."""
    teams = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="opsretro-cluster-") as place:
        folder = Path(place)
        workspaces(folder / "teams", teams)
        names = notebooks(folder / "own")
        out = folder / "out"
        with cluster(folder, workers=2) as (workers, address):
            code, seconds, events = spread(folder, address, names, workers, teams)
        left = mine(folder)
        for _ in range(50):  # what hears of an end only by a closed line may take a moment
            left = left and (time.sleep(0.1) or mine(folder))
        for process in left:
            print(process, " ".join(psutil.Process(process).cmdline())[:150])
        report(out, teams, code, seconds, events, left)


def spread(
    folder: Path, address: str, names: list[str], workers: list[subprocess.Popen[bytes]], teams: int
) -> tuple[int, float, list[dict[str, str]]]:
    """Run the command; kill a worker once a quarter of the teams is published."""
    command = [str(Path(sys.executable).with_name("opsretro")), "run", "--month", "2026-10", "--cluster", address]
    command += ["--teams", str(folder / "teams" / "*"), "--out", str(folder / "out"), "--only", ",".join(names)]
    command += ["--notebooks", str(folder / "own"), "--log-format", "json", "--lang", "en"]
    began, events = time.perf_counter(), []
    going = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for line in going.stderr or ():
        events.append(json.loads(line))
        done = sum(event["event"] == "team_ran" for event in events)
        if done == max(teams // 4, 1) and workers[0].poll() is None:
            while not list((folder / "out").glob("*/.2026-10.*")):
                time.sleep(0.01)  # in the middle of somebody's month
            workers[0].kill()
            workers[0].wait()
    for event in events:
        if event["event"] in {"team_problem", "failed"}:
            print(event["text"])
    return going.wait(), time.perf_counter() - began, events


def report(out: Path, teams: int, code: int, seconds: float, events: list[dict[str, str]], left: list[int]) -> None:
    """Print what became of them."""
    manifests = [json.loads(path.read_text("utf-8")) for path in out.glob("team-*/2026-10/run.json")]
    sections = [one for said in manifests for key, one in said["sections"].items() if key.startswith("small")]
    told = [event["team"] for event in events if event["event"] == "team_ran"]
    rows = {
        "notebooks published": sum(one["status"] == "done" for one in sections),
        "teams told as published": len(told),
        "of them told more than once": len(told) - len(set(told)),
        "commands that published them": len({said["run"] for said in manifests}),
        "processes left": len(left),
        "folders half made": sum(path.is_dir() for path in out.glob("*/.2026-10.*")),
    }
    print(f"{teams * NOTEBOOKS} notebooks of {teams} teams over two workers, one killed after a quarter of them:")
    print(f"{seconds:.0f} s, {seconds / teams:.2f} s a team, exit code {code}\n\n| what | number |\n|---|---|")
    for what, number in rows.items():
        print(f"| {what} | {number} |")


if __name__ == "__main__":
    main()
