"""Shared material of the tests: small real workspaces in temporary folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[1] / "data"

GOALS = """\
goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source
sales,Sales,Sell for 300 a month,sales,growth-1,higher,count,300,1,2026-01-01,2026-12-31,sum,metrics
"""


@pytest.fixture
def workspace(tmp_path) -> Path:
    """A whole small workspace: one goal, twenty months of daily rows, ten a day."""
    return small_workspace(tmp_path / "ws")


def small_workspace(folder: Path) -> Path:
    """One goal, twenty months of daily rows, ten a day."""
    folder.mkdir()
    (folder / "goals.csv").write_text(GOALS, encoding="utf-8")
    days = [f"2025-{m:02d}-{d:02d}" for m in range(3, 13) for d in range(1, 29)]
    days += [f"2026-{m:02d}-{d:02d}" for m in range(1, 11) for d in range(1, 29)]
    rows = [f"{day},sales,{10 + int(day[-2:]) % 3}" for day in [*days, "2026-10-31"]]
    (folder / "metrics.csv").write_text("\n".join(["date,kpi,value", *rows, ""]), encoding="utf-8")
    return folder


def publish(workspace: Path, out: Path) -> Path:
    """The folder of October 2026, published by the real command."""
    command = [Path(sys.executable).with_name("opsretro"), "run", "--month", "2026-10"]
    done = subprocess.run(
        [*command, "--workspace", workspace, "--out", out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / "2026-10"


@pytest.fixture(scope="session")
def sample_month(tmp_path_factory) -> Path:
    """The sample's month, published once for all processes of the tests; nobody writes into it."""
    import fcntl  # Unix only

    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "sample"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return folder / "2026-10" if (folder / "2026-10").exists() else publish(SAMPLE, folder)
