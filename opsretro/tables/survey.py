"""The survey folder of a workspace: every form export in it, month by month, without a trace of who answered.

Raw answers stay in memory while a month is worked on. Nothing here writes them, and their files are made readable by
their owner only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.checks import rows
from opsretro.tables.contracts import TEAM_SIZES
from opsretro.tables.form import Form, read_forms
from opsretro.tables.suggestions import read_suggestions
from opsretro.tables.survey_files import ITEMS, OWN_ITEMS, SUGGESTIONS, TEAM, TEAMS, exports, guard, month_of
from opsretro.tables.survey_items import plain_group, survey_items
from opsretro.tables.table import read_table

MOST_KNOWN = 0.8
"""Share of a column that has to be groups of teams.csv for it to be the teams."""
_TEAM_HEADER = re.compile(r"团队|小组|组别|部门|班组|\b(?:team|group|department|dept)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """Everything the survey folder says.

    Attributes:
        items: As `survey_items`.
        answers: One row a form: month, group columns (text; `team` for the groups of teams.csv), one column an item.
        comments: Free texts by month, not redacted, in no order.
        headcount: month, group, headcount of teams.csv; empty without one.
        log: month, kind, column, n: what reading dropped, repaired or refused.
        groups: Names of the group columns, `team` first.
    """

    items: pd.DataFrame
    answers: pd.DataFrame = field(repr=False)
    comments: Mapping[str, Sequence[str]] = field(repr=False)
    headcount: pd.DataFrame
    log: pd.DataFrame
    groups: tuple[str, ...]


def read_survey(folder: Path, *, without: Collection[str] = ()) -> Survey:
    """Read every export of a survey folder.

    Args:
        folder: The folder; its exports carry their month in the name or in a column.
        without: Months whose exports need not be read.

    Returns:
        Answers without identifiers, shuffled; comments apart from them.

    Raises:
        InputError: Items, teams, suggestions or an export cannot be used; all problems at once, and no answer in them.
    """
    guard(folder)
    problems: list[Problem] = []
    items, forms = pd.DataFrame(), list[tuple[str, Form]]()
    headcount = _headcount(folder, problems)
    with collecting(problems):
        items = survey_items(folder / ITEMS if (folder / ITEMS).exists() else OWN_ITEMS)
    with collecting(problems):
        read_suggestions(folder / SUGGESTIONS, month="2999-12")
    by_month: dict[str, list[Path]] = {}
    for path in exports(folder) if len(items) else []:
        if month_of(path) not in without:
            by_month.setdefault(month_of(path), []).append(path)
    for month, paths in by_month.items():
        with collecting(problems):
            found = read_forms(paths, items=items)
            problems += [] if month else _month_problems(found, paths)
            forms += [(month, form) for form in found]
    if problems:
        raise InputError(problems)
    return _together(forms, items, headcount)


def _month_problems(forms: Sequence[Form], paths: Sequence[Path]) -> Iterator[Problem]:
    if any("month" not in form.answers or form.answers["month"].isna().any() for form in forms):
        yield Problem(code="survey_no_month", source=", ".join(path.name for path in paths))


def _headcount(folder: Path, problems: list[Problem]) -> pd.DataFrame:
    """teams.csv: how many people were asked."""
    table = pd.DataFrame(columns=["month", "group", "headcount"])
    if (folder / TEAMS).exists():
        read, found = read_table(folder / TEAMS, TEAM_SIZES)
        problems += found
        table = table if read is None else read.assign(group=read["group"].map(plain_group, na_action="ignore"))
        problems += list(_headcount_problems(table))
    return table.reset_index(drop=True)


def _headcount_problems(table: pd.DataFrame) -> Iterator[Problem]:
    """Headcounts that are none, and groups that are there twice in a month; by the rows of the file."""
    heads = table["headcount"].astype("float64")
    if (wrong := heads.notna() & ((heads < 1) | (heads % 1 != 0))).any():
        values = {"value": f"{heads[wrong].iloc[0]:g}", "fix": "24"}
        yield Problem(code="not_a_number_write", source=TEAMS, column="headcount", rows=rows(wrong), values=values)
    twice = table.duplicated(["month", "group"], keep=False) & table["group"].notna()
    for group in table.loc[twice, "group"].unique():
        same = rows(twice & (table["group"] == group))
        yield Problem(code="not_unique", source=TEAMS, column="group", rows=same, values={"value": str(group)})


def _together(forms: Sequence[tuple[str, Form]], items: pd.DataFrame, headcount: pd.DataFrame) -> Survey:
    """All exports as one table, with one name for the team whatever each header calls it."""
    ids = list(items["item"].unique())
    answers, logs, comments = [], [], dict[str, list[str]]()
    teams = set(headcount["group"])
    for month, form in forms:
        rows = form.answers.assign(month=month) if month else form.answers
        answers.append(rows.rename(columns=_team_column(rows, ids, teams)))
        logs.append(form.log.assign(month=month or str(rows["month"].max())))
        for said_in, text in form.said[["month", "text"]].itertuples(index=False):
            comments.setdefault(month or str(said_in), []).append(text)
    table = pd.concat(answers, ignore_index=True) if answers else pd.DataFrame(columns=["month", *ids])
    groups = [name for name in table if name not in {"month", *ids}]
    return Survey(
        items=items,
        answers=table,
        comments=comments,
        headcount=headcount,
        log=pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=["month", "kind", "column", "n"]),
        groups=tuple(sorted(groups, key=lambda name: name != TEAM)),
    )


def _team_column(rows: pd.DataFrame, ids: Sequence[str], teams: set[str]) -> dict[str, str]:
    """The group column that holds the teams, renamed: by the groups of teams.csv, else by its header."""
    columns = [name for name in rows if name not in {"month", *ids}]
    values = {name: rows[name].dropna().astype("str") for name in columns}
    known = [name for name in columns if len(values[name]) and values[name].isin(teams).mean() >= MOST_KNOWN]
    found = next(iter(known or [name for name in columns if _TEAM_HEADER.search(str(name))]), TEAM)
    return {found: TEAM} | ({TEAM: f"{TEAM} 2"} if found != TEAM and TEAM in columns else {})
