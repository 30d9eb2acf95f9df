"""Writes small survey workspaces: random but seeded answers, exported month by month as 问卷星 does it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from opsretro import open_workspace
from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.methods.disclosure_worlds import Steps
from opsretro.tables.health_register import record
from opsretro.tables.survey import Survey, read_survey
from opsretro.tables.survey_files import REGISTER
from opsretro.workspace import Workspace

IDS = ["load", "late", "calm", "trust"]
ZH = {
    "load": "我的工作量是做得完的",
    "late": "我经常要加班到很晚",
    "calm": "休息之后我有精力",
    "trust": "指出问题是安全的",
}
EN = {
    "load": "My workload can be done",
    "late": "I often work late",
    "calm": "Rest gives me energy",
    "trust": "It is safe to speak up",
}
DIMENSION = {"load": "workload", "late": "workload", "calm": "recovery", "trust": "safety"}
NOVEMBER = "2026-11-05"
"""A day on which October is over."""


def months(n: int, last: str = "2026-10") -> list[str]:
    """The newest months up to one."""
    return [str(month) for month in pd.period_range(end=last, periods=n, freq="M")]


def answers(
    sizes: Mapping[str, int], when: Sequence[str] = ("2026-10",), *, seed: int = 1, skipped: float = 0.0
) -> pd.DataFrame:
    """Answers of the same people month after month: respondent, month, team and one column an item.

    Args:
        sizes: People a team.
        when: Months.
        seed: Of the random numbers; the first rows of a longer list of months are those of a shorter one.
        skipped: Share of answers that are missing.
    """
    rng = np.random.default_rng(seed)
    team = np.repeat(list(sizes), list(sizes.values()))
    outlook = rng.normal(3.4, 0.6, (len(team), 1))
    found = []
    for month in when:
        typed = np.clip(np.rint(outlook + rng.normal(0, 0.9, (len(team), len(IDS)))), 1, 5)
        typed[rng.random(typed.shape) < skipped] = np.nan
        people = pd.DataFrame({"respondent": range(len(team)), "month": month, "team": team})
        found.append(people.join(pd.DataFrame(typed, columns=IDS)))
    return pd.concat(found, ignore_index=True)


def write_items(folder: Path, wordings: Mapping[str, str] = ZH, name: str = "items.csv") -> Path:
    """items.csv with the wordings given and the English ones."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        (text, item, DIMENSION[item], "1-5", "Y" if item == "late" else "N")
        for words in (wordings, EN)
        for item, text in words.items()
    ]
    path = folder / name
    pd.DataFrame(rows, columns=["question", "item", "dimension", "scale", "reversed"]).to_csv(path, index=False)
    return path


def export(
    people: pd.DataFrame,
    path: Path,
    *,
    header: str = "团队",
    comments: Sequence[str] = (),
    wordings: Mapping[str, str] = ZH,
    start: int = 1,
) -> Path:
    """One export of one month: numbered questions, time and IP in front, a comment and a total behind."""
    questions = [header, *(wordings[item] for item in IDS), "您的建议"]
    top = [
        "序号",
        "提交答卷时间",
        "所用时间",
        "来自IP",
        *(f"{i}、{text}" for i, text in enumerate(questions, 1)),
        "总分",
    ]
    said = [*comments, *[""] * len(people)]
    rows = []
    for i, (_, one) in enumerate(people.iterrows()):
        number, minute = start + i, (start + i) % 60
        who = [
            number,
            f"{one['month'].replace('-', '/')}/25 09:{minute:02d}:11",
            f"{60 + number}秒",
            f"192.0.2.{number}",
        ]
        typed = ["(跳过)" if np.isnan(value) else int(value) for value in one[IDS].astype("float64")]
        rows.append([*who, "" if pd.isna(one["team"]) else one["team"], *typed, said[i], 99])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([top, *rows])
    return path


def write_survey(
    workspace: Path,
    people: pd.DataFrame,
    *,
    header: str = "团队",
    comments: Sequence[str] = (),
    teams: bool = True,
    own_items: bool = True,
) -> Path:
    """A workspace with one export a month, its items, and the head count of the teams; the survey folder."""
    folder = workspace / "survey"
    if own_items:
        write_items(folder)
    for month, part in people.groupby("month"):
        export(part, folder / f"{month}.csv", header=header, comments=comments)
    if teams:
        heads = people.groupby(["month", "team"]).size().rename("headcount").reset_index()
        heads.rename(columns={"team": "group"}).to_csv(folder / "teams.csv", index=False)
    return folder


def opened(workspace: Path, as_of: str | None = NOVEMBER) -> Workspace:
    return open_workspace(workspace, lang="en", as_of=as_of)


def review(workspace: Path, period: str = "2026-10", as_of: str | None = NOVEMBER) -> HealthReview:
    return opened(workspace, as_of).team_health(period)


def published(workspace: Path, period: str = "2026-10") -> HealthReview:
    """The review, written down in the register as the run does it."""
    found = review(workspace, period)
    record(workspace / "survey" / REGISTER, found.register_rows())
    return found


def survey(workspace: Path) -> Survey:
    return read_survey(workspace / "survey")


def codes(found: HealthReview) -> set[str]:
    return {finding.code for finding in found.findings}


def count(answers: Sequence[int] | np.ndarray, steps: Steps) -> tuple[int, int, int]:
    """Sum, favourable and unfavourable answers: all that the audit looks at."""
    typed = np.asarray(answers)
    good, bad = typed >= steps.favourable, typed <= steps.unfavourable
    return int(typed.sum()), int(good.sum()), int(bad.sum())


def files_below(*folders: Path, but: Collection[Path] = ()) -> list[Path]:
    """Every file below some folders, links and hidden ones included."""
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted({path for path in found if path not in but})
