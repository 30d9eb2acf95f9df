"""Metrics whose daily course is known, actions on them, and small workspaces that hold both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from opsretro import followup, open_workspace
from opsretro.workspace import Workspace

START = "2026-09-07"
"""A Monday; 55 days up to the end of October."""
HOLIDAYS = [*pd.date_range("2026-09-25", "2026-09-27"), *pd.date_range("2026-10-01", "2026-10-07")]
"""Mid-Autumn and National Day 2026, by the State Council's notice: 10 of the 55 days."""
ORDERS = {"id": "A-1", "metric": "orders", "direction": "higher", "start": START}


def whole(text: str) -> str:
    """A pattern that this message and no other matches."""
    return f"^{re.escape(text)}$"


def daily(
    kpi: str = "orders",
    *,
    lift: float = 0.0,
    since: str = START,
    level: float = 1000.0,
    noise: float = 0.03,
    drift: float = 0.0,
    first: str = "2025-10-01",
    last: str = "2026-10-31",
    seed: int = 1,
    **dimensions: str,
) -> pd.DataFrame:
    """A metric by day: a weekend of its own, noise, a lift since a day, and a drift a day from 50 days before it."""
    days = pd.date_range(first, last)
    rng = np.random.default_rng(seed)
    course = level * (1 + 0.1 * (days.day_of_week >= 5)) * np.exp(rng.normal(0, noise, len(days)))
    ahead = np.clip((days - pd.Timestamp(since)).days + 50, 0, 50)
    value = course * np.exp(drift * ahead) * np.where(days >= since, 1 + lift, 1.0)
    return pd.DataFrame({"date": days, "kpi": kpi, "value": value}).assign(**dimensions)


def action(name: str = "A-1", **fields: Any) -> dict[str, Any]:
    """An action on orders that began on `START`, or another one."""
    return ORDERS | {"id": name} | fields


def one(metrics: pd.DataFrame, period: str = "2026-10", **fields: Any) -> dict[str, Any]:
    """What is said of a single action."""
    return followup.check([action(**fields)], metrics, period).iloc[0].to_dict()


def by_id(found: pd.DataFrame, column: str) -> dict[str, Any]:
    """One column of what was found, by action."""
    return dict(zip(found["id"], found[column], strict=True))


def entry(name: str, **fields: Any) -> str:
    """An action as people write it; five lines and one a further field."""
    written = {"title": f"Do {name}", "metric": "orders", "direction": "higher", "owner": "growth-1"} | fields
    lines = [f"    {field}: {value}" for field, value in written.items() if value is not None]
    return "\n".join([f"  - id: {name}", *lines, ""])


def ledger(*entries: str) -> str:
    """A whole `actions.yaml`; the first entry begins in line 2."""
    return "".join(["actions:\n", *entries])


def workspace(
    folder: Path,
    actions: str,
    metrics: pd.DataFrame | None = None,
    files: Mapping[str, str] | None = None,
    as_of: str | None = None,
) -> Workspace:
    """A workspace with a ledger, its metrics (none where the frame is None) and further files, opened."""
    folder.mkdir(exist_ok=True)
    (folder / "actions.yaml").write_text(actions, encoding="utf-8")
    if metrics is not None:
        metrics.to_csv(folder / "metrics.csv", index=False)
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return open_workspace(folder, lang="en", as_of=as_of)
