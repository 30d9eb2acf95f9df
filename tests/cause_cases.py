# ruff: noqa: E501 - rows of a table
"""Small workspaces in which the causes are known: every one is planted here, all else is chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from opsretro import open_workspace
from opsretro.analysis.cause_review import CauseReview
from opsretro.tables.calendar import working_calendar
from opsretro.workspace import Workspace

FIRST, LAST, MONTH = "2025-01-01", "2026-06-30", "2026-06"
DIMS = {"channel": ("ads", "mail", "search"), "city": ("east", "north", "south", "west"), "device": ("app", "web")}
Effect = tuple[Mapping[str, str | None], str, str, float]
"""Slice, first day, last day, multiplier."""

FALL: Effect = ({"channel": "ads", "city": "north"}, "2026-06-10", LAST, 0.4)
"""Orders fall in one slice, visits do not: conversion and sales with them."""
RISE: Effect = ({"city": "west"}, "2026-05-20", LAST, 2.0)
"""Refunds double in one city, and had begun to before the month."""
STOCK: Effect = ({"city": "south"}, "2026-06-22", LAST, 0.3)
HOURS: Effect = ({}, "2026-06-08", LAST, 0.6)

SETTINGS = """\
locale = "en"
[drivers]
sales = ["visits", "orders"]
"""
GOALS = """\
goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,numerator,denominator,source,dimension
revenue,Sales,Sell for 1 million a month,sales,growth-1,higher,currency,1000000,0.3,2026-01-01,2026-12-31,sum,,,metrics,
refunds,Refunds,At most 30 % sent back,refund_rate,growth-1,lower,percent,30,0.2,2026-01-01,2026-12-31,ratio,,,metrics,
busy,Visits,Reach 9 million visits,visits,growth-2,higher,count,9000000,0.1,2026-01-01,2026-12-31,sum,,,metrics,
buying,Conversion,2 % of the visits buy,conversion,growth-2,higher,percent,2,0.1,2026-01-01,2026-12-31,ratio,orders,visits,metrics,
store,Stock,Hold 100 pallets,stock,growth-2,higher,count,100,0.1,2026-01-01,2026-12-31,last,,,metrics,
north,Sales in the north,Sell for 10 in the north,sales,growth-2,higher,currency,10,0.1,2026-01-01,2026-12-31,sum,,,metrics,city=north
hours,Hours,Work 1000 hours,hours,growth-2,higher,count,1000,0.1,2026-01-01,2026-12-31,sum,,,metrics,
"""
EVENTS = """\
date,end_date,kind,title,channel,city
2026-06-09,,release,New landing page,ads,
2026-06-11,2026-06-12,incident,Outage in the north,,north
2026-06-10,,market,Sale of a competitor,,
2026-06-10,,release,New mail template,mail,
2026-01-05,,data,Long ago,,
"""
ACTIVITIES = """\
activity_id,name,type,owner,start_date,end_date,budget,actual_cost,expected_roi,margin_rate,target_segment
spring,Spring sale,promotion,growth-1,2026-06-08,2026-06-14,100,100,0.1,0.3,all
southern,Gift for the south,promotion,growth-1,2026-06-08,2026-06-14,100,100,0.1,0.3,south
northern,Gift for the north,promotion,growth-1,2026-06-08,2026-06-14,100,100,0.1,0.3,north
"""
TREES = """\
trees:
  - id: sales-2026-06
    kind: fishbone
    month: 2026-06
    kpi: sales
    problem: {en: Sales fell, zh-CN: 销售额下降}
    causes:
      - category: product
        cause: {en: Landing page is slow, zh-CN: 落地页很慢}
        basis: guess
        verify: {en: Measure it, zh-CN: 测量}
        control: controllable
        slice: {city: north, channel: ads}
      - category: market
        cause: {en: Competitors are cheaper, zh-CN: 竞品更便宜}
        basis: fact
        control: escalate
        slice: {city: south}
  - id: sales-2026-05
    kind: fishbone
    month: 2026-05
    kpi: sales
    problem: {en: Sales rose, zh-CN: 销售额上升}
    causes:
      - category: product
        cause: {en: Fewer steps, zh-CN: 步骤更少}
        basis: fact
        control: controllable
"""


def leaves(
    dims: Mapping[str, Sequence[str | None]] = DIMS,
    *,
    level: float = 50.0,
    days: pd.DatetimeIndex | None = None,
    week: Sequence[float] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.3, 1.2),
) -> pd.DataFrame:
    """The mean of every leaf and day: leaves differ in size, all have the same week."""
    days = pd.date_range(FIRST, LAST) if days is None else days
    cells = pd.DataFrame(list(product(*dims.values())), columns=list(dims), dtype=object)
    cells["mean"] = level * (1 + np.arange(max(len(cells), 1)) % 4 / 4)
    table = pd.DataFrame({"date": days}).merge(cells, how="cross")
    return table.assign(mean=table["mean"] * np.array(week)[table["date"].dt.day_of_week])


def multiplier(table: pd.DataFrame, effects: Iterable[Effect]) -> np.ndarray:
    """What the planted effects make of every row."""
    found = np.ones(len(table))
    for element, first, last, times in effects:
        hit = table["date"].between(first, last)
        for dim, value in element.items():
            hit &= table[dim].isna() if value is None else table[dim] == value
        found[hit] *= times
    return found


def counts(kpi: str, seed: int, *tables: Any, effects: Iterable[Effect] = (), **more: Any) -> pd.DataFrame:
    """Rows of a KPI that counts: Poisson numbers round the means of `leaves`."""
    table = leaves(*tables, **more)
    mean = table.pop("mean") * multiplier(table, effects)
    return table.assign(kpi=kpi, value=np.random.default_rng(seed).poisson(mean).astype(float))


def shares(kpi: str, seed: int, below: pd.DataFrame, share: float, effects: Iterable[Effect] = ()) -> pd.DataFrame:
    """The part of the counts below a line that are above it: binomial numbers; effects multiply the share."""
    share_of = share * multiplier(below, effects)
    value = np.random.default_rng(seed).binomial(below["value"].astype(int), share_of).astype(float)
    return below.assign(kpi=kpi, value=value)


def ratio(kpi: str, seed: int, below: pd.DataFrame, share: float, effects: Iterable[Effect] = ()) -> pd.DataFrame:
    """The same in columns of their own: numerator and denominator."""
    above = shares(kpi, seed, below, share, effects)
    return above.rename(columns={"value": "numerator"}).assign(denominator=below["value"])


def write(folder: Path, *metrics: pd.DataFrame, **texts: str) -> Path:
    """A workspace of these rows and texts, by the name of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    pd.concat(metrics, ignore_index=True).to_csv(folder / "metrics.csv", index=False)
    texts = {"retro_toml": SETTINGS} | texts
    for name, text in texts.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return folder


def opened(folder: Path, *metrics: pd.DataFrame, **texts: str) -> Workspace:
    """The same, opened in English."""
    return open_workspace(write(folder, *metrics, **texts), lang="en")


def shop_metrics() -> pd.DataFrame:
    """KPIs of a shop: a chain of counts, a ratio by columns, a level, one without dimensions, one that does nothing."""
    visits = counts("visits", 2, level=2_000.0)
    orders = shares("orders", 3, visits, 0.025, [FALL])
    basket = 40 * np.random.default_rng(4).normal(1, 0.02, len(orders))
    sales = orders.assign(kpi="sales", value=(orders["value"] * basket).round(2))
    refunds = ratio("refund_rate", 5, counts("refund_rate", 6, level=200.0), 0.1, [RISE])
    stock = counts("stock", 7, {"city": DIMS["city"]}, level=900.0, effects=[STOCK], week=[1.0] * 7)
    hours = counts("hours", 8, {}, level=400.0, effects=[HOURS])
    return pd.concat([visits, orders, sales, refunds, stock, hours, counts("logins", 9)], ignore_index=True)


def shop(folder: Path, **texts: str) -> Workspace:
    """The workspace of a shop with goals, events, activities and trees; other texts in their place."""
    usual = {"goals_csv": GOALS, "events_csv": EVENTS, "activities_csv": ACTIVITIES, "causes_yaml": TREES}
    return opened(folder / "shop", shop_metrics(), **(usual | texts))


def customers(seed: int, first: str, last: str) -> pd.DataFrame:
    """Rows of two kinds of customers in four cities: firms buy on workdays only, homes most on free days."""
    days = pd.date_range(first, last)
    calendar = working_calendar(days[0].date(), days[-1].date(), country="CN", own=None).days
    works = calendar.set_index("date")["day_type"].reindex(days).isin(["workday", "makeup_workday"])
    parts = []
    for place, (name, at_work, free) in enumerate((("firms", 300.0, 6.0), ("homes", 200.0, 400.0))):
        part = leaves({"customer": [name], "city": DIMS["city"]}, level=1.0, days=days, week=[1.0] * 7)
        mean = part.pop("mean") * part["date"].map(works).map({True: at_work, False: free})
        parts.append(part.assign(kpi="sales", value=np.random.default_rng([seed, place]).poisson(mean).astype(float)))
    return pd.concat(parts, ignore_index=True)


def told(review: CauseReview) -> list[tuple[dict[str, list[str | None]], str]]:
    """Slice and effect of every cause, in the order of the review."""
    causes = review.causes
    pairs = zip(causes["subject"], causes["rank"], causes["effect"], strict=True)
    return [(review.element(subject, rank), effect) for subject, rank, effect in pairs]
