"""A year of activities with every rare kind once, and ways to change a review where no data would lead to it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from roi_frames import activities, activity, actual_row, daily, funnel_row, ledger, people

from opsretro import open_workspace

YEAR = "2026"
EVIL = "<script>alert(1)</script>{{ 7*7 }}$x^2$"
FREE = ("corporate", "visitors")
"""Segments no activity aims at."""
AIMED = ("vip", "regular", "new", "lapsed", "guests", "press", "clubs", "schools")
WINDOW = {"start": "2026-05-11", "end": "2026-05-17"}
LIFTS = {"regular": 0.20, "new": 0.01, "lapsed": 0.10, "guests": 0.15, "press": 0.15, "clubs": 0.10}
"""What the activities of the window bring, by segment; nothing to the VIP buyers."""
JOINT = "stamps+points"
TURNED = {
    "warnings": ["pull_forward"],
    "verdict_after": "loss",
    "after_days": 13,
    **dict(zip(("roi_after", "roi_after_lower", "roi_after_upper"), (-0.4, -0.8, -0.1), strict=True)),
    **dict(
        zip(("profit_after", "profit_after_lower", "profit_after_upper"), (-2_400.0, -4_800.0, -600.0), strict=True)
    ),
}
"""What the days after tell of a profit that was bought ahead and did not last."""


def write(folder, **tables):
    """A workspace of these tables."""
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def every_kind():
    """Tables of a year in which every kind of activity happens once; all but the last day of one are over."""
    lifts = [(segment, WINDOW["start"], WINDOW["end"], share) for segment, share in LIFTS.items()]
    rows = [
        activity("gift", **WINDOW, segment="vip", actual_cost=9_000.0, attributed_revenue=60_000.0),
        activity("sale", **WINDOW, segment="regular", attributed_revenue=60_000.0),
        activity("trial", **WINDOW, segment="new", actual_cost=1_000.0, type="innovation", attributed_revenue=8_000.0),
        activity("coupon", "2026-05-06", "2026-05-12", "lapsed", holdout="Y", type="recall"),
        activity("stamps", **WINDOW, segment="guests", type="stamps"),
        activity("points", "2026-05-15", "2026-05-19", "guests", type="stamps"),
        activity("article", **WINDOW, segment="press", actual_cost=None, margin_rate=None, type=""),
        activity("march", "2026-03-10", "2026-03-16", "clubs"),
        activity("lottery", "2026-05-25", "2026-06-03", "schools", type="lottery"),
    ]
    costs = ledger(("sale", 3_000.0), ("sale", 3_000.0, "2026-05-16", "2026-06-10"))
    users, orders = people(extra=40.0, activity_id="coupon")
    return {
        "activities": activities(*rows),
        "daily_metrics": daily((*AIMED, *FREE), lifts=lifts),
        "cost_ledger": costs,
        "funnel": pd.DataFrame([funnel_row(), actual_row(), funnel_row("gift"), funnel_row("gift", "actual")]),
        "users": users,
        "orders": orders,
    }


def year_of_every_kind(folder):
    """Its review in English."""
    return open_workspace(write(folder / "kinds", **every_kind()), lang="en").activity_roi(YEAR)


def altered(review, which, **values):
    """The review with other values in the row of one activity or joint effect."""
    frames = {}
    for frame in ("activities", "joint"):
        rows = getattr(review, frame).to_dict("records")
        changed = [row | values if row["activity_id"] == which else row for row in rows]
        frames[frame] = pd.DataFrame(changed, columns=getattr(review, frame).columns)
    return replace(review, **frames)


def named(review, **names):
    """The review with names for ids, the same in both languages."""
    return replace(review, context=replace(review.context, names=dict(review.context.names) | names))


def two_activities(folder, **sale):
    """A small workspace: a sale in May that paid, a gift to VIP buyers in April that brought nothing."""
    rows = [
        activity("sale", **WINDOW, segment="regular") | sale,
        activity("gift", "2026-04-13", "2026-04-19", "vip", actual_cost=9_000.0),
    ]
    lifts = [("regular", WINDOW["start"], WINDOW["end"], LIFTS["regular"])]
    tables = {"activities": activities(*rows), "daily_metrics": daily(("vip", "regular", *FREE), lifts=lifts)}
    return write(folder / "two", **tables)
