"""The team's own tables: survey exports of made-up people, working hours, and the scores others give the team."""

import numpy as np
import pandas as pd

from opsretro.tables.calendar import calendar_days
from opsretro.tables.sample import story
from opsretro.tables.survey_files import OWN_ITEMS

SURVEY_MONTHS = [str(month) for month in pd.period_range("2025-10", "2026-10", freq="M")]
LABELS = ["非常不同意", "不同意", "一般", "同意", "非常同意"]
SKIPPED = "(跳过)"
USUAL_SCORE = 3.7
COMMENTS = [
    "大促排期希望提前两周确定", "周会可以再短一些", "希望数据看板每天早上自动更新", "新工具的培训很有帮助",
    "跨组协作比上个月顺畅", "版本上线前希望有检查清单", "需求变更太频繁", "建议增加一次内容复盘",
    "加班有点多，希望安排调休", "客服知识库更新很及时", "希望明确每个活动的负责岗位", "素材审核流程可以简化",
]  # fmt: skip
SUGGESTIONS = [
    ("2026-07", "大促当天的值班表能不能提前一周公布", "从 8 月起提前十天公布", "2026-08"),
    ("2026-08", "客服高峰时段希望有机动人手", "", ""),
    ("2026-09", "The weekly report could be sent before the meeting", "Sent on Monday evening from now on", "2026-10"),
    ("2026-10", "复盘会请控制在一小时以内", "", ""),
]
ASSESSORS = {"supervisor": 78.0, "peer": 81.0, "self": 84.0}


def months() -> list[str]:
    """Every month of the sample.

    Returns:
        `2024-11` to `2026-10`.
    """
    return [str(month) for month in pd.period_range(story.START, story.END, freq="M")]


def survey(seed: int) -> dict[str, pd.DataFrame]:
    """The form exports of each survey month, and who was asked.

    Args:
        seed: Seed of the workspace.

    Returns:
        File name → frame: one export a month in the shape of 问卷星, teams.csv and suggestions.csv.
    """
    rng = story.rng_for(seed, "survey")
    items = pd.read_csv(OWN_ITEMS).drop_duplicates("item")
    people = pd.DataFrame({"group": np.repeat(list(story.GROUPS), list(story.GROUPS.values()))})
    outlook = rng.normal(0.0, 0.35, (len(people), 1)) + rng.normal(0.0, 0.25, (len(people), len(items)))
    files = {f"{month}.csv": _export(rng, month, people["group"], items, outlook) for month in SURVEY_MONTHS}
    files["teams.csv"] = pd.DataFrame(
        [(month, group, size) for month in SURVEY_MONTHS for group, size in story.GROUPS.items()],
        columns=["month", "group", "headcount"],
    )
    files["suggestions.csv"] = pd.DataFrame(SUGGESTIONS, columns=["month", "suggestion", "answer", "answered_in"])
    return files


def _export(
    rng: np.random.Generator, month: str, group: pd.Series, items: pd.DataFrame, outlook: np.ndarray
) -> pd.DataFrame:
    """One month's export: answers shuffled, a person or two missing, a few answers skipped."""
    mean = USUAL_SCORE + outlook
    if month == story.WORKLOAD_MONTH:
        hit = np.ix_(group == story.WORKLOAD_GROUP, items["dimension"] == "workload")
        mean[hit] -= story.WORKLOAD_FALL
    scores = np.clip(np.rint(mean + rng.normal(0.0, 0.5, mean.shape)), 1, 5).astype(int)
    typed = np.where(items["reversed"] == "Y", 6 - scores, scores)
    answers = np.where(rng.random(mean.shape) < 0.01, SKIPPED, np.array(LABELS)[typed - 1])
    order = rng.permutation(len(group))[: len(group) - int(rng.integers(0, 3))]
    n = len(order)
    sent = pd.Timestamp(f"{month}-25 09:00:00") + pd.to_timedelta(np.sort(rng.integers(0, 270_000, n)), unit="s")
    said = np.where(rng.random(n) < 0.4, rng.choice(COMMENTS, n), SKIPPED)
    columns: dict[str, object] = {
        "序号": np.arange(1, n + 1),
        "提交答卷时间": sent.strftime("%Y/%m/%d %H:%M:%S"),
        "所用时间": [f"{seconds}秒" for seconds in rng.integers(60, 240, n)],
        "来源": rng.choice(["微信", "链接"], n),
        "来源详情": "N/A",
        "来自IP": [f"192.0.2.{last}" for last in rng.integers(1, 255, n)],
        "1、团队": group.to_numpy()[order],
    }
    for i, question in enumerate(items["question"]):
        columns[f"{i + 2}、{question}"] = answers[order, i]
    columns[f"{len(items) + 2}、您的建议"] = said
    columns["总分"] = np.where(answers == SKIPPED, 0, typed)[order].sum(axis=1)
    return pd.DataFrame(columns)


def workload(seed: int) -> pd.DataFrame:
    """Working hours of each group and month; the growth group works far more in the last month.

    Args:
        seed: Seed of the workspace.

    Returns:
        month, group (str); headcount, leave_days (int); contracted_hours, worked_hours, training_hours (hours).
    """
    rng = story.rng_for(seed, "workload")
    days = calendar_days(story.START, story.END)
    worked = days[days["day_type"].isin(["workday", "makeup_workday"])]
    workdays = worked.groupby(worked["date"].dt.strftime("%Y-%m")).size()
    keys = pd.MultiIndex.from_product([months(), list(story.GROUPS)], names=["month", "group"])
    frame = keys.to_frame(index=False)
    frame["headcount"] = frame["group"].map(story.GROUPS)
    frame["contracted_hours"] = frame["headcount"] * frame["month"].map(workdays) * 8
    worse = (frame["month"] == story.WORKLOAD_MONTH) & (frame["group"] == story.WORKLOAD_GROUP)
    overtime = np.where(worse, story.OVERTIME_WORSE, story.OVERTIME_USUAL) + rng.normal(0.0, 0.01, len(frame))
    frame["worked_hours"] = np.rint(frame["contracted_hours"] * (1.0 + overtime)).astype(int)
    frame["training_hours"] = rng.poisson(frame["headcount"] * np.where(worse, 0.5, 2.0))
    frame["leave_days"] = rng.poisson(frame["headcount"] * 0.6)
    return frame


def assessments(seed: int) -> pd.DataFrame:
    """Scores of the team, never of a person, by supervisor, peers and itself.

    Args:
        seed: Seed of the workspace.

    Returns:
        month, assessor (str); score (int, 0 to 100).
    """
    rng = story.rng_for(seed, "assessments")
    keys = pd.MultiIndex.from_product([months(), list(ASSESSORS)], names=["month", "assessor"])
    frame = keys.to_frame(index=False)
    usual = frame["assessor"].map(ASSESSORS) + rng.normal(0.0, 3.0, len(frame))
    frame["score"] = np.clip(np.rint(usual), 0, 100).astype(int)
    return frame
