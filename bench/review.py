"""The goal review of a large workspace: 200 KPIs with 36 months of daily rows, from files to verdicts.

Run by ``make bench``; ``python bench/review.py [KPIS] [MONTHS]`` for another size.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from opsretro import open_workspace
from opsretro.tables.period import Period, add_months

SEED, BAR_SECONDS = 20261122, 10.0
GOAL = "{id},{id},Reach {id},{id},growth-1,higher,count,3000,1,2026-01-01,2026-12-31,sum,metrics\n"
HEADER = "goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source\n"


def write_workspace(folder: Path, kpis: int, months: int) -> int:
    """Daily rows up to 2026-10-31, one goal a KPI; returns the number of rows."""
    first = Period.parse(add_months("2026-10", 1 - months)).start
    days = pd.date_range(first, "2026-10-31").strftime("%Y-%m-%d")
    names = [f"kpi_{n:03d}" for n in range(kpis)]
    values = np.random.default_rng(SEED).normal(100, 5, (kpis, len(days))).round(2)
    table = pd.DataFrame({"date": np.tile(days, kpis), "kpi": np.repeat(names, len(days)), "value": values.ravel()})
    table.to_csv(folder / "metrics.csv", index=False)
    (folder / "goals.csv").write_text(HEADER + "".join(GOAL.format(id=name) for name in names), encoding="utf-8")
    return len(table)


def main(kpis: int = 200, months: int = 36) -> None:
    """Print seconds for reading, for the review of a whole month and for one that is still running."""
    with tempfile.TemporaryDirectory() as name:
        rows = write_workspace(Path(name), kpis, months)
        started = time.perf_counter()
        ops = open_workspace(name, lang="en")
        read = time.perf_counter() - started
        running = open_workspace(name, lang="en", as_of="2026-10-15")
        print(f"{kpis} KPIs x {months} months, {rows:,} daily rows: read and checked in {read:.1f} s")
        for what, opened in (("whole month", ops), ("running month, with pace", running)):
            started = time.perf_counter()
            opened.goal_review("2026-10")
            seconds = time.perf_counter() - started
            good = "ok" if seconds < BAR_SECONDS else "MISSED"
            print(
                f"{what}: reviewed in {seconds:.1f} s, {seconds / kpis:.3f} s a KPI (bar {BAR_SECONDS:.0f} s): {good}"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
