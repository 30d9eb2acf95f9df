"""Follow-ups made by hand: every verdict and reason, without a ledger and without metrics."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from opsretro.analysis.follow_review import FollowUp
from opsretro.analysis.result import LESSONS, Context, Finding

EVIL = "<script>alert(1)</script>{{ 7*7 }}$x^2$=1+1"
LONG = {
    "en": "Staggered shifts in customer service, with the “late” team's plan for every weekend until the year ends",
    "zh-CN": "客服早晚班改为错峰排班，并为每个周末另排一班，直到“双十一”和年货节全部结束之后再作调整",
}
PERIOD, START = "2026-10", "2026-09-07"
NAMES = {
    "refund_rate": {"zh-CN": "退款率", "en": "Refund rate"},
    "orders": {"zh-CN": "订单数", "en": "Orders"},
    "conversion": {"zh-CN": "转化率", "en": "Conversion"},
    "d11": {"zh-CN": "双 11 预热", "en": "Double 11 warm-up"},
}
EMPTY = {"str": "", "float64": math.nan, "bool": False, "int64": 0, "object": ()}
BASE = {
    **{name: EMPTY[kind] for name, kind in FollowUp.frames["actions"].items()},
    **dict.fromkeys(("due", "start", "compared_from"), START),
    **dict(zip(("metric", "direction", "unit", "owner"), ("orders", "higher", "count", "growth-2"), strict=True)),
    **dict(zip(("status", "created_in", "compared_to"), ("check", "2026-09", "2026-10-31"), strict=True)),
    "is_last": True,
    "n_days": 48,
    "line": 4,
}


def action(name, verdict, figures=(math.nan,) * 3, **more):
    """One row of the actions: effect, lower and upper the wanted way."""
    values = dict(zip(("effect", "lower", "upper"), figures, strict=True))
    titles = {"title_zh": f"行动 {name}", "title_en": f"Action {name}"}
    return BASE | titles | {"id": name, "verdict": verdict} | values | more


def untold(name, reason, **more):
    """An action that cannot be told."""
    return action(name, "cannot_tell", reason=reason, **more)


def days(row):
    """The days of an action: 56 before and 48 since the start, a week that repeats itself, and what it did."""
    dates = pd.date_range(end="2026-10-31", periods=111)
    wave = 100 + 8 * np.sin(np.arange(111) * 2 * np.pi / 7)
    since = np.asarray(dates >= START)
    wanted = -1 if row["direction"] == "lower" else 1
    gained = 0 if math.isnan(row["effect"]) else row["effect"] * wanted
    lines = {"actual": wave * np.where(since, 1 + gained, 1), "expected": wave, "lower": wave - 9, "upper": wave + 9}
    scale = 1 / 2000 if row["unit"] == "percent" else 1
    scaled = {name: line * scale for name, line in lines.items()}
    phase = np.where(since, "window", "before")
    return pd.DataFrame({"id": row["id"], "date": dates.strftime("%Y-%m-%d"), "phase": phase, **scaled})


MOVED = action("M", "moved", (0.041, 0.012, 0.07), metric="refund_rate", direction="lower", unit="percent", hoped=0.1)
NOT_MOVED = action("N", "not_moved", (-0.04, -0.16, 0.06), hoped=0.1, warnings=("holiday_overlap",), meanwhile=("d11",))
WIDE = action("W", "cannot_tell", (0.05, -0.03, 0.12), reason="wide", hoped=0.1)
JOINT = untold("J", "joint", joint_with=("K",), metric="conversion", unit="percent")
JOINT |= {"joint_effect": 0.05, "joint_lower": 0.01, "joint_upper": 0.09}
FEW = untold("F", "few_days", n_days=6, compared_from="2026-10-26", start="2026-10-26", due="2026-10-26")
LATE = untold(
    "L", "no_metric", metric="", overdue_days=31, carry_count=3, asks=True, is_last=False, missing=("metric",)
)
DROPPED = untold("D", "dropped", status="dropped")
NEXT = untold("X", "not_begun", is_next=True, is_last=False, due="2026-11-09", start="", status="plan")
EVERYTHING = (MOVED, NOT_MOVED, WIDE, JOINT, FEW, DROPPED, LATE, NEXT)
DRAWN = {"moved", "not_moved"}
READINGS = [
    ("2026-08", "M", "cannot_tell", (0.01, -0.02, 0.04)),
    ("2026-09", "M", "moved", (0.03, 0.01, 0.05)),
    ("2026-09", "N", "not_moved", (-0.02, -0.1, 0.06)),
]
THEMES = [{"metric": "orders", "n_actions": 3, "n_months": 2, "n_open": 2, "n_moved": 0, "n_not_moved": 1}]
LESSON = {"subject": "", "scope": "kpi=conversion&device=android", "n_evidence": 2, "expires": "2027-03-31"}
LEARNT = [
    LESSON | {"id": "L-1", "rule_zh": "发版后两天内看转化率", "rule_en": "Look at conversion after a release"},
    LESSON | {"id": "L-2", "rule_zh": "改标题前先看波动", "rule_en": "Look at the noise first", "expired": True},
]


def _findings(rows):
    order = ("moved", "not_moved", "cannot_tell")
    judged = sorted((row for row in rows if not row["is_next"]), key=lambda row: order.index(row["verdict"]))
    found = [Finding(code=row["verdict"], subject=row["id"], n=row["n_days"]) for row in judged]
    found += [Finding(code="overdue", subject=row["id"], n=row["overdue_days"]) for row in rows if row["overdue_days"]]
    return (*found, *(Finding(code="carried", subject=row["id"], n=row["carry_count"]) for row in rows if row["asks"]))


def _lessons(lessons):
    filled = {name: EMPTY[kind] for name, kind in LESSONS.items()}
    return pd.DataFrame([filled | lesson for lesson in lessons], columns=list(LESSONS))


def follow_up(*rows, period=PERIOD, lang="en", readings=(), themes=(), load=(), lessons=()):
    """A follow-up of these actions; those with a figure have days."""
    told = [
        row for row in rows if row["verdict"] in DRAWN or row["reason"] in {"wide", "joint", "pre_trend", "rebound"}
    ]
    read = [
        {"period": month, "id": name, "verdict": verdict} | dict(zip(("effect", "lower", "upper"), ends, strict=True))
        for month, name, verdict, ends in readings
    ]
    return FollowUp(
        period=period,
        context=Context(as_of="2026-11-02", names=NAMES),
        findings=(*_findings(rows), *(Finding(code="load", subject=one["owner"], n=one["n_open"]) for one in load)),
        actions=pd.DataFrame(rows, columns=list(BASE)),
        days=pd.concat(map(days, told)) if told else pd.DataFrame(),
        readings=_filled(read, "readings"),
        themes=_filled(themes, "themes"),
        load=_filled(load, "load"),
        lessons=_lessons(lessons),
        lang=lang,
    )


def _filled(rows, frame):
    empty = {name: EMPTY[kind] for name, kind in FollowUp.frames[frame].items()}
    return pd.DataFrame([empty | row for row in rows], columns=list(empty))


def everything(**options):
    """Every verdict, readings, themes, load and lessons in one review."""
    known = {"readings": READINGS, "themes": THEMES, "load": [{"owner": "growth-2", "n_open": 5}], "lessons": LEARNT}
    return follow_up(*EVERYTHING, **(known | options))
