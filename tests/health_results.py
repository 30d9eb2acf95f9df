"""Health reviews made by hand: every state and verdict, without a survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.result import Context, Finding

EVIL = "<script>alert(1)</script>{{ 7*7 }}$x^2$=1+1"
LONG = {
    "en": "Everybody who came through the partner programme of the second half of the year",
    "zh-CN": "通过下半年合作伙伴计划加入的全部三线及以下城市运营同事",
}
NAMES = {
    "growth": {"zh-CN": "增长组", "en": "Growth group"},
    "content": {"zh-CN": "内容组", "en": "Content group"},
    "service": {"zh-CN": "客服组", "en": "Service group"},
    "all": {"zh-CN": "全部人群", "en": "All segments"},
    "tenure": {"zh-CN": "司龄", "en": "Tenure"},
}
"""As a team names them: `growth` is a group here and a dimension of the survey, `all` a segment of buyers."""
ITEMS = {
    "workload_fits": "workload",
    "workload_late": "workload",
    "recovery_rest": "recovery",
    "safety_speak": "psychological_safety",
    "safety_blame": "psychological_safety",
    "clarity_goal": "clarity",
    "growth_learn": "growth",
    "recognition_fair": "recognition",
    "cooperation_help": "cooperation",
    "tools_work": "tools",
}
MONTH = "2026-10"
PEOPLE = {"all": 22, "team=growth": 11, "team=content": 7}
HEADS = {"all": 24, "team=growth": 11, "team=content": 8, "team=service": 5}
SHOWN = ("all", "team=growth")
LEVELS = {"workload": 3.6, "recovery": 3.4, "psychological_safety": 3.8, "clarity": 3.9, "growth": 3.5}
LEVELS |= {"recognition": 3.3, "cooperation": 3.6, "tools": 3.2}
HALF = 0.35
"""Half of a band of ordinary variation in which a change of half a point would stand out."""
MOVES = {"down": -0.6, "up": 0.6, "steady": 0.05, "cannot_tell": 0.05}
SHARES = {
    "overtime": (0.1, 0.17, 0.04, 0.03),
    "training_hours": (1.8, 2.2, 1.6, 1.2),
    "leave_days": (0.5, 0.7, 0.4, 0.2),
}
THEMES = [{"theme": "排期", "n": 4}, {"theme": "素材审核", "n": 3}]
COMMENTS = ["大促排期希望提前两周确定", "素材审核流程可以简化", "[姓名]帮了很多忙"]
BOX = (
    ("2026-10", "周会缩短到 30 分钟", "", "", 0),
    ("2026-07", "看板每天早上自动更新", "", "", 3),
    ("2026-09", "客服排班提前一周公布", "已从 10 月起执行", "2026-10", 1),
)
LOG = (
    *(("identifier", "来自IP", 22), ("identifier", "提交答卷时间", 22), ("total", "总分", 22), ("duplicate", "", 1)),
    *(("missing", "tools_work", 3), ("missing", "clarity_goal", 1), ("repaired", "", 0)),
)
DOWN = {("all", "workload"): "down"}
UNTOLD = {("all", dimension): "cannot_tell" for dimension in LEVELS} | {
    ("team=growth", dimension): "cannot_tell" for dimension in LEVELS
}


def months(n=13, last=MONTH):
    """The last months up to one."""
    return [f"{month}" for month in pd.period_range(end=last, periods=n, freq="M")]


def mean_of(group, dimension, month, verdict):
    """A mean of one decimal: the level of the dimension, and in the newest month what the verdict makes of it."""
    place = [*LEVELS].index(dimension) + 3 * SHOWN.index(group) + int(month[-2:]) + int(month[:4])
    wave = 0.1 * (place % 3 - 1)
    return round(LEVELS[dimension] + (MOVES[verdict] if month == MONTH else wave), 1)


def _cells(past, verdicts, hidden):
    rows = []
    for month in past:
        for item, dimension in ITEMS.items():
            for group in SHOWN:
                reason = hidden.get((month, group), hidden.get((month, group, dimension), ""))
                mean = np.nan if reason else mean_of(group, dimension, month, verdicts[group, dimension])
                n = 4 if reason == "few" else PEOPLE[group]
                rows.append(_cell(month, group, item, n, mean, reason))
            rows.append(_cell(month, "team=content", item, PEOPLE["team=content"], np.nan, "complement"))
            rows.append(_cell(month, "team=service", item, 4, np.nan, "few"))
    return pd.DataFrame(rows)


def _cell(month, group, item, n, mean, reason):
    row = {"month": month, "group": group, "item": item, "dimension": ITEMS[item], "n": n, "mean": mean}
    spread = {"low": np.nan, "middle": np.nan, "high": np.nan}
    if group == "all" and not reason and n >= 10:
        spread = (
            {"low": 3.0, "middle": 7.0, "high": n - 10.0}
            if item != "tools_work"
            else spread | {"middle": 9.0, "high": n - 9.0}
        )
    return row | spread | {"suppressed": bool(reason), "reason": reason}


def _dimensions(cells):
    shown = cells[~cells["suppressed"]]
    grouped = shown.groupby(["month", "group", "dimension"], sort=False)
    rows = grouped.agg(n=("n", "min"), n_items=("item", "size"), mean=("mean", "mean")).reset_index()
    half = 2.2 / np.sqrt(rows["n"])
    return rows.assign(lower=(rows["mean"] - half).clip(1, 5), upper=(rows["mean"] + half).clip(1, 5))


def _changes(dimensions, verdicts, past):
    rows = []
    for _, row in dimensions[dimensions["month"] == MONTH].iterrows():
        verdict, level = verdicts[row["group"], row["dimension"]], LEVELS[row["dimension"]]
        half = 2 * HALF if verdict == "cannot_tell" else HALF
        known = len(past) > 6
        band = {"expected": level, "lower": level - half, "upper": level + half} if known else {}
        rest = {"verdict": verdict if known else "cannot_tell", "mean": row["mean"], "n": row["n"]}
        rest |= {"n_months": len(past) - 1, "method": "prediction" if known else "none"}
        rows.append({"group": row["group"], "dimension": row["dimension"]} | rest | band)
    columns = list(HealthReview.frames["changes"])
    return pd.DataFrame(rows, columns=columns)


def _findings(state, changes, extra):
    if state != "shown":
        return (Finding(code=state), *extra)
    found = [
        Finding(
            code=row["verdict"],
            subject=f"{row['group']}/{row['dimension']}",
            **{name: row[name] for name in ("lower", "upper", "n")},
            value=row["mean"],
        )
        for _, row in changes[changes["verdict"].isin(["down", "up"])].iterrows()
    ]
    everybody = changes.loc[changes["group"] == "all", "verdict"]
    steady, unknown = (int((everybody == verdict).sum()) for verdict in ("steady", "cannot_tell"))
    found += [Finding(code="steady", value=float(steady), n=len(everybody))] if steady else []
    found += [Finding(code="cannot_tell", n=unknown)] if unknown else []
    return (*found, *extra)


def around(month=MONTH):
    """What stands beside the scores: participation, workload, words, suggestions and what was dropped."""
    workload = [
        {"month": month, "group": group, "headcount": head, "suppressed": group == "team=service"}
        | {column: values[place] for column, values in SHARES.items()}
        for place, (group, head) in enumerate(HEADS.items())
    ]
    people = [
        {"month": month, "group": group, "headcount": head, "n": PEOPLE.get(group, np.nan)}
        for group, head in HEADS.items()
    ]
    box = [dict(zip(HealthReview.frames["suggestions"], row, strict=True)) for row in BOX]
    log = [{"month": month, "kind": kind, "column": column, "n": n} for kind, column, n in LOG]
    participation = pd.DataFrame(people)
    participation["share"] = participation["n"] / participation["headcount"]
    frames = {"themes": THEMES, "comments": [{"text": text} for text in COMMENTS], "suggestions": box, "log": log}
    made = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    return made | {"workload": pd.DataFrame(workload), "participation": participation, "n_comments": len(COMMENTS)}


def review(verdicts=None, *, lang="en", n_months=13, state="shown", hidden=None, names=None, findings=(), **more):
    """A review of 22 of 24 people: everybody and one group may be shown, and nothing changed unless told.

    Args:
        verdicts: By group and dimension; steady where none is given.
        lang: Language of display.
        n_months: Months of the survey, the newest included.
        state: As in the result; unless it is shown, there is no score.
        hidden: Reason by month and group, or by month, group and dimension.
        names: Further names of the team.
        findings: Further findings.
        **more: Frames and numbers that stand instead of the usual ones.
    """
    every = dict.fromkeys(((group, dimension) for group in SHOWN for dimension in LEVELS), "steady") | (verdicts or {})
    past = months(n_months)
    hidden = dict(hidden or {}) | (
        {} if state == "shown" else {(month, group): "few" for month in past for group in SHOWN}
    )
    cells = _cells(past, every, hidden)
    dimensions = _dimensions(cells)
    changes = _changes(dimensions, every, past)
    usual = (
        Finding(code="participation", value=22 / 24, n=22),
        Finding(code="overtime", subject="team=growth", value=0.17),
        Finding(code="open_suggestions", n=2),
        *findings,
    )
    frames = {"cells": cells, "dimensions": dimensions, "changes": changes} | around() | more
    return HealthReview(
        period=MONTH,
        context=Context(
            team={"en": "Growth operations", "zh-CN": "增长运营组"}, as_of="2026-11-02", names=NAMES | (names or {})
        ),
        lang=lang,
        month=MONTH,
        state=state,
        findings=_findings(state, changes, usual),
        **frames,
    )


def empty(state="no_answers", lang="en"):
    """A review of a period nothing at all is known of."""
    nothing = {name: pd.DataFrame(columns=list(columns)) for name, columns in HealthReview.frames.items()}
    found = review(lang=lang)
    return replace(found, state=state, month="", findings=(Finding(code=state),), n_comments=0, **nothing)
