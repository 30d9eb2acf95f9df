"""A new workspace: every table with its header, and a commented `retro.toml`."""

from __future__ import annotations

from pathlib import Path

from opsretro.errors import InputError, Problem
from opsretro.tables.contracts import CONTRACTS, Contract
from opsretro.tables.settings import FILE
from opsretro.tables.survey_files import OWN_ITEMS, guard

_SURVEY = {
    "items.csv": OWN_ITEMS.read_text(encoding="utf-8"),
    "teams.csv": "month,group,headcount\n",
    "suggestions.csv": "month,suggestion,answer,answered_in\n",
}
_IGNORED = """\
# Names and raw answers never go into version control.
roster.txt
survey/*
!survey/items.csv
!survey/teams.csv
!survey/published.csv
# Of a meeting its file and its minutes are kept; what only serves the day is not.
meetings/.*
meetings/*.paper.html
meetings/*.kept-*.json
"""

_SETTINGS = """\
# 工作区设置 · Settings of this workspace. Everything has a default; delete what you do not need.

# 团队名称 · The team's name, in both languages (a plain string serves both).
team = { zh-CN = "我们的团队", en = "Our team" }

# 提示信息的语言 · Language of messages: "zh-CN" or "en". Pages are made in both.
locale = "zh-CN"

# 金额的币种 · Currency of every amount, ISO 4217.
currency = "CNY"

# 时区 · Months begin at midnight of this time zone; times in the tables are UTC.
timezone = "Asia/Shanghai"

[calendar]
# 工作日历 · Working calendar: a country (ISO 3166, such as CN, DE, US), or a file with the columns date, day_type
# (workday / weekend / holiday / makeup_workday), whose days go before the country's.
country = "CN"
# file = "calendar.csv"

[thresholds]
# 平时的范围取最初多少个月 · Months the usual range of a KPI is computed from, 8 to 24.
baseline_months = 12
# 最新几天的数据还不完整，预测时不用 · Newest days that are still filling up, left out of a forecast, 0 to 7.
incomplete_days = 0

[alerts]
# opsretro alerts 提醒的最小变化：相对、绝对、方向 both 或 worse；[alerts.gmv] 为单个指标另设
# The least change worth a message: relative, in units, direction both or worse; [alerts.gmv] for one KPI.
size = 0.05
# count = 30
# direction = "worse"

# 指标从某月起另起炉灶时，写明理由，重新起算平时的范围
# A KPI that works in a new way from a month on: its usual range starts anew, with a reason.
# [[rebase]]
# kpi = "gmv"
# month = "2026-03"
# reason = "second shop opened"

[assessment_weights]
# 团队得分的权重 · Weights of the team's score: supervisor, peer and self from assessments, data from the goals.
supervisor = 0.3
peer = 0.2
self = 0.1
data = 0.4

[sources]
# 表在别的文件里时 · Where a table has another file name.
# metrics = "export/metrics.csv"

[survey]
# 问卷按哪些列分组，一次一列；team 是 teams.csv 里的分组。列越多，能展示的越少
# The columns the survey is cut by, one at a time; team has the groups of teams.csv. The more, the less can be shown.
groups = ["team"]

[names]
# 目标、指标、活动、取值的名称 · Names of goals, KPIs, activities and values in each language.
# gmv = { zh-CN = "成交额", en = "GMV" }
"""


def _header(contract: Contract) -> str:
    """Every column but `ts_utc`, which a table has instead of `date`."""
    return ",".join(column.name for column in contract.columns if column.name != "ts_utc") + "\n"


def init_workspace(folder: str | Path) -> list[Path]:
    """Write an empty workspace: headers for every table, settings with comments.

    Args:
        folder: Made when it does not exist; files of these names must not exist in it.

    Returns:
        The files written.

    Raises:
        InputError: A file of the workspace is there already; names all of them, changes nothing.
        OSError: The folder cannot be written to.
    """
    folder = Path(folder)
    files = {FILE: _SETTINGS, ".gitignore": _IGNORED}
    files |= {f"{name}.csv": _header(contract) for name, contract in CONTRACTS.items()}
    files |= {f"survey/{name}": header for name, header in _SURVEY.items()}
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise InputError([Problem(code="not_empty", source=str(folder), values={"files": ", ".join(there)})])
    (folder / "survey").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    guard(folder / "survey")
    return [folder / name for name in files]
