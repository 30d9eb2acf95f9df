"""Shared material of the tests: small real workspaces in temporary folders."""

from __future__ import annotations

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
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "goals.csv").write_text(GOALS, encoding="utf-8")
    days = [f"2025-{m:02d}-{d:02d}" for m in range(3, 13) for d in range(1, 29)]
    days += [f"2026-{m:02d}-{d:02d}" for m in range(1, 11) for d in range(1, 29)]
    rows = [f"{day},sales,{10 + int(day[-2:]) % 3}" for day in [*days, "2026-10-31"]]
    (folder / "metrics.csv").write_text("\n".join(["date,kpi,value", *rows, ""]), encoding="utf-8")
    return folder
