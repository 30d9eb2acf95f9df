"""Root-cause reviews made by hand: every state and kind of cause, without a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from opsretro.analysis.cause_review import CauseReview
from opsretro.analysis.cause_verdicts import _findings
from opsretro.analysis.result import Context

EVIL = "<script>alert(1)</script>{{ 7*7 }}$x^2$=1+1"
BIDI = "\u202eevil"
LONG = {
    "en": "Everybody who came through the partner programme of the second half of the year",
    "zh-CN": "通过下半年合作伙伴计划到访的全部三线及以下城市新注册用户",
}
NAMES = {
    "sales": {"zh-CN": "销售额", "en": "Sales"},
    "visits": {"zh-CN": "访问量", "en": "Visits"},
    "orders": {"zh-CN": "订单", "en": "Orders"},
    "conversion": {"zh-CN": "转化率", "en": "Conversion"},
    "channel": {"zh-CN": "渠道", "en": "Channel"},
    "device": {"zh-CN": "设备", "en": "Device"},
    "app": {"zh-CN": "应用", "en": "App"},
    "mini": {"zh-CN": "小程序", "en": "Mini program"},
    "android": {"zh-CN": "安卓", "en": "Android"},
    "ios": {"zh-CN": "苹果", "en": "iOS"},
}
APP_ANDROID = {"channel": ["app"], "device": ["android"]}
DATED = {"since": "2026-09-22", "earliest": "2026-09-22", "latest": "2026-09-22"}
ABOUT = {"since": "2026-09-22", "earliest": "2026-09-20", "latest": "2026-09-26"}
ENDED = DATED | {"until": "2026-10-05"}
VALUES = (
    *(("channel", "app", 0.8, "cause"), ("channel", "mini", 0.15, "ruled_out"), ("channel", "web", 0.05, "quiet")),
    *(("device", "android", 1.1, "cause"), ("device", "ios", -0.1, "moved")),
)
QUIET = tuple((dim, value, share, "quiet") for dim, value, share, _ in VALUES)
DAYS = pd.date_range("2026-07-01", "2026-10-31")


def cause(change=-75.0, half=15.0, element=None, **values):
    """A cause and its slice: −75 (−90 to −60) by volume in App × Android, since 22 September."""
    row = {"effect": "volume", "change": change, "lower": change - half, "upper": change + half}
    row |= {"multiplier": 0.5, "multiplier_lower": 0.4, "multiplier_upper": 0.6, "actual": 75.0, "expected": 150.0}
    row |= {"confidence": 0.95, "n": 4, "size": 150.0, "until": "", "driver": "", "driver_share": np.nan, **DATED}
    return row | values, element or APP_ANDROID


def rate_cause(change=-0.003, half=0.0002, **values):
    """A cause of a ratio: its own rate fell from 4 % to 2 %."""
    row = {"effect": "rate", "expected": 0.04, "actual": 0.02} | values
    return cause(change, half, **row)


def kpi(*causes, subject="sales", change=-100.0, reference=1_000.0, **values):
    """Frames of one KPI: what is left of its change is unexplained, its drill-down and days are plain."""
    row = {"subject": subject, "kpi": subject, "dimension": "", "unit": "currency", "aggregation": "sum"}
    row |= {"is_ratio": False, "why": "signal", "state": "found" if causes else "nothing", "against": "expected"}
    row |= {"base_start": "2026-07-01", "base_end": "2026-09-30", "start": "2026-10-01", "end": "2026-10-31"}
    row |= {"reference": reference, "actual": reference + change, "change": change, "calendar": 0.0, "common": 0.0}
    row |= {"growth": 0.0, "n_leaves": 60, "tested": 215, "dims": ["channel", "device"]}
    row |= dict.fromkeys(("since", "earliest", "latest", "until"), "") | values
    told = sum(one["change"] for one, _ in causes)
    row |= {"moved": row["change"] - row["calendar"]}
    row |= {"rest": row["moved"] - row["common"] - told, "explained": told / row["moved"] if row["moved"] else np.nan}
    return {
        "kpis": [row],
        "causes": [_ranked(one, rank, row) for rank, (one, _) in enumerate(causes, 1)],
        "elements": [one for rank, (_, element) in enumerate(causes, 1) for one in _elements(subject, rank, element)],
        "drill": drill(subject, change, VALUES if causes else QUIET),
        "days": [day for rank in range(1, len(causes) + 1) for day in days(subject, rank)],
    }


def rate(*causes, subject="conversion", change=-0.004, reference=0.04, **values):
    """Frames of a KPI in per cent: 3.6 % where 4 % was expected."""
    unit = {"unit": "percent", "aggregation": "ratio", "is_ratio": True} | values
    return kpi(*causes, subject=subject, change=change, reference=reference, **unit)


def _ranked(one, rank, row):
    shares = {f"share{end}": one[name] / row["change"] for end, name in SHARES.items()} if row["change"] else {}
    return {"subject": row["subject"], "rank": rank} | shares | one


SHARES = {"": "change", "_lower": "lower", "_upper": "upper"}


def _elements(subject, rank, element):
    pairs = [(dim, value) for dim, values in element.items() for value in values]
    return [
        {"subject": subject, "rank": rank, "dimension": dim, "value": value or "", "is_missing": value is None}
        for dim, value in pairs
    ]


def drill(subject, change, values):
    """Rows of the drill-down: values of a dimension with their share of the change, and what is left of each."""
    level = 0.04 if abs(change) < 1 else 1_234_567.0
    plain = dict.fromkeys(("weight_before", "weight_after", "rate", "mix", "cross")) | {"error": abs(change) / 50}
    rows = [
        {
            "dimension": dim,
            "value": value,
            "actual": level + share * change,
            "forecast": level,
            "change": share * change,
        }
        | {"share": share, "own": share * change, "left": change / 100, "state": state}
        for dim, value, share, state in values
    ]
    table = pd.DataFrame(rows)
    this_way = table["share"].where(table["share"] > 0)
    table["part"] = this_way / this_way.groupby(table["dimension"]).transform("sum")
    table["total"] = table.groupby("dimension")["part"].cumsum()
    return [plain | row | {"subject": subject, "is_missing": False} for row in table.to_dict("records")]


def days(subject, rank, first="2026-09-22"):
    """Days of a slice that halves on one day."""
    weekly = 10.0 + np.arange(len(DAYS)) % 7
    actual = np.where(pd.Timestamp(first) <= DAYS, weekly / 2, weekly)
    dates = [f"{day:%Y-%m-%d}" for day in DAYS]
    return [
        {"subject": subject, "rank": rank, "date": day, "actual": have, "expected": due}
        for day, have, due in zip(dates, actual, weekly, strict=True)
    ]


def lead(title="New checkout", subject="sales", rank=1, **values):
    """Something that happened on 22 September in the very slice."""
    row = {"subject": subject, "rank": rank, "kind": "release", "id": "", "title": title, "scope": "slice"}
    return row | {"start": "2026-09-22", "end": "2026-09-22", "days": 0} | values


def tree(kind="fishbone", subject="sales", text="Slow page", rank=1, **values):
    """A problem and one cause of it, whose slice is the one found."""
    common = {"subject": subject, "tree": f"{kind}-{subject}", "kind": kind, "month": "2026-10", "kpi": subject}
    common |= dict.fromkeys(("category", "category_zh", "category_en", "verify_zh", "verify_en", "slice"), "")
    problem = {"node": "", "parent": "", "depth": 0, "text_zh": "销售少", "text_en": "Few sales", "basis": "fact"}
    below = {"node": "1", "parent": "", "depth": 1, "text_zh": text, "text_en": text, "basis": "guess"}
    below |= {"category": "product", "slice": "channel=app & device=android", "verify_en": "Look", "rank": rank}
    last = {"control": "controllable", "is_root": kind == "whys"}
    return [common | problem | {"rank": 0, "control": "", "is_root": False}, common | below | last | values]


def review(*kpis, lang="en", names=None, period="2026-10", holidays_until="", **more):
    """A review of these KPIs, with rows of more frames by name."""
    rows = {frame: [row for one in kpis for row in one.get(frame, [])] for frame in CauseReview.frames}
    rows |= {frame: rows[frame] + list(found) for frame, found in more.items()}
    frames = {name: pd.DataFrame(found) for name, found in rows.items()}
    context = Context(names=NAMES | (names or {}), holidays_until=holidays_until, as_of="2026-11-02")
    found = _findings(frames["kpis"], frames["causes"])
    return CauseReview(period=period, context=context, findings=found, lang=lang, **frames)


def named(result, **names):
    """The review with names for ids, the same in both languages."""
    both = {name: {"zh-CN": text, "en": text} for name, text in names.items()}
    return replace(result, context=replace(result.context, names=dict(result.context.names) | both))


def every_state(lang="en", **more):
    """A review with a KPI in every state, two of them found."""
    empty = {"actual": np.nan, "reference": np.nan, "change": np.nan}
    silent = [
        kpi(subject="orders", unit="count", change=-20.0, tested=15),
        kpi(subject="visits", unit="count", state="no_dims", dims=[], change=50.0) | {"drill": []},
        kpi(subject="refunds", state="no_base", **empty) | {"drill": []},
        kpi(subject="reads", state="no_data", **empty) | {"drill": []},
    ]
    found = [rate(rate_cause()), kpi(cause(), cause(-15.0, 5.0, {"channel": ["mini"]}, **ABOUT))]
    return review(*found, *silent, lang=lang, **more)
