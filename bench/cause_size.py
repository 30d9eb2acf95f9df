"""Wall seconds and memory of root causes, each in a fresh process, for `bench/causes.py`.

``python bench/cause_size.py FILE METHOD`` measures one table and prints JSON; `print_sizes` does it for all of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

SECOND = pd.Timestamp("2026-10-01")
"""Where the second period of the raw rows begins."""
RAW_SIZES = {"channel": 8, "city": 24, "device": 4, "category": 12, "plan": 4}


class Table(NamedTuple):
    """What is handed to a method; kind "raw" = rows with a date and a value."""

    rows: pd.DataFrame
    dims: list[str]
    kind: str


def raw_rows(rng: np.random.Generator, n: int) -> Table:
    """Rows of date × dimensions × value over two months; in the second, one slice loses every other row."""
    rows = pd.DataFrame({"date": SECOND + pd.to_timedelta(rng.integers(-30, 30, n), unit="D")})
    for name, size in RAW_SIZES.items():
        labels = np.array([f"{name} {value:02}" for value in range(size)])
        weights = np.arange(1, size + 1) ** -0.8
        rows[name] = labels[rng.choice(size, n, p=weights / weights.sum())]
    rows["value"] = rng.lognormal(3, 0.6, n)
    slice_of = (rows["city"] == "city 03") & (rows["device"] == "device 01") & (rows["date"] >= SECOND)
    return Table(rows[~(slice_of & (rng.random(n) < 0.5))].reset_index(drop=True), list(RAW_SIZES), "raw")


def tables(seed: int) -> Iterator[tuple[str, Table]]:
    """What is measured: leaves of a sum and of a ratio, few and many, and raw rows."""
    import cause_worlds as worlds

    causes = {"sum": ("volume",), "ratio": ("rate", "mix")}
    for number, (leaves, near) in enumerate(
        {"9,000 leaves": (8_900, 9_100), "200,000 leaves": (195_000, 205_000)}.items()
    ):
        for place, (kind, effects) in enumerate(causes.items()):
            situation = worlds.Situation(kind=kind, causes=(2, 3), leaves=near, effects=effects)
            case = worlds.case(np.random.default_rng([seed, 900, number, place]), 2, situation)
            yield f"{leaves}, {kind}", Table(case.leaves, case.dims, kind)
    yield "1,000,000 raw rows", raw_rows(np.random.default_rng([seed, 901]), 1_000_000)


def of_opsretro(table: Table) -> list[str]:
    """Our answer; raw rows are summed up to leaves first, and held against what weekdays and holidays let expect."""
    from opsretro.analysis.methods.expected_leaves import expected_leaves
    from opsretro.analysis.methods.locate import locate
    from opsretro.tables.calendar import calendar_days

    leaves = table.rows
    if table.kind == "raw":
        days = pd.DatetimeIndex(leaves["date"].unique()).sort_values()
        sides = {"period": days[days >= SECOND], "base": days[days < SECOND]}
        span = (SECOND - pd.Timedelta(days=30)).date(), (SECOND + pd.Timedelta(days=30)).date()
        leaves = expected_leaves(leaves, table.dims, "value", **sides, calendar=calendar_days(*span))
    found = locate(leaves, table.dims, kind="sum" if table.kind == "raw" else table.kind).causes
    return [f"{each.element} {each.effect}" for each in found]


def of_wise_pizza(table: Table) -> list[str]:
    """The answer of wise-pizza to raw rows, its three segments."""
    import wise_pizza

    rows = table.rows.assign(size=1.0)
    before, after = rows[rows["date"] < SECOND], rows[rows["date"] >= SECOND]
    found = wise_pizza.explain_changes_in_totals(before, after, table.dims, "value", "size", max_segments=3)
    return [str(each["segment"]) for each in found.segments]


METHODS: dict[str, Callable[[Table], list[str]]] = {"opsretro": of_opsretro, "wise-pizza": of_wise_pizza}


def peak() -> float:
    """Most memory this process has held, MB; where it can be told, without what its parent held when it began."""
    status = Path("/proc/self/status")
    own = [line.split()[1] for line in status.read_text().splitlines() if "VmHWM" in line] if status.exists() else []
    return float(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def child(path: str, method: str) -> None:
    """Wall seconds of the first and the median of up to five runs, CPU seconds of one, memory beyond the imports'."""
    answer, small = METHODS[method], pd.DataFrame({"date": [], "channel": [], "value": []})
    with contextlib.suppress(Exception):
        answer(Table(small, ["channel"], "raw"))
    base, table = peak(), pickle.loads(Path(path).read_bytes())
    seconds: list[float] = []
    busy = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        while len(seconds) < 5 and sum(seconds) < 2:
            begin = time.perf_counter()
            found = answer(table)
            seconds.append(time.perf_counter() - begin)
    busy = (time.process_time() - busy) / len(seconds)
    input_mb = float(table.rows.memory_usage(deep=True).sum()) / 2**20
    figures = {
        "first": seconds[0],
        "median": float(np.median(seconds)),
        "busy": busy,
        "peak": peak() - base,
        "input": input_mb,
    }
    print(json.dumps({**figures, "rows": len(table.rows), "found": found}))


def measured(path: str, method: str) -> dict[str, Any]:
    """What a fresh process measures; empty where it fails."""
    command = [sys.executable, __file__, path, method]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        print(made.stderr.strip().rpartition("\n")[2])
    return json.loads(made.stdout.strip().rpartition("\n")[2]) if made.returncode == 0 else {}


def print_sizes(seed: int, *, pizza: bool) -> None:
    """One row a table and method."""
    print("\nBars: 0.05 s at 9,000 leaves, 1 s at 200,000, 2 s from raw rows to the answer.\n")
    print(
        "| table | method | first s | median s | CPU s | peak MB beyond imports | of it the input |\n|" + " --- |" * 7
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables(seed):
            path = Path(folder) / "table.pickle"
            path.write_bytes(pickle.dumps(table))
            for method in ["opsretro", *(["wise-pizza"] if pizza and table.kind == "raw" else [])]:
                if got := measured(str(path), method):
                    times = f"{got['first']:.3f} | {got['median']:.3f} | {got['busy']:.3f}"
                    print(f"| {name} | {method} | {times} | {got['peak']:.0f} | {got['input']:.0f} |")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    from cause_size import Table, child  # the pickle names this module, not the command

    child(*sys.argv[1:3])
