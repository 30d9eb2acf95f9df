"""The survey folder of a workspace: every form export in it, month by month, without a trace of who answered.

Raw answers stay in memory while a month is worked on. Nothing here writes them, and their files are made readable by
their owner only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.contracts import TEAM_SIZES
from opsretro.tables.form import Form, read_form
from opsretro.tables.inputs import read_table
from opsretro.tables.suggestions import read_suggestions
from opsretro.tables.survey_files import ITEMS, OWN_ITEMS, SUGGESTIONS, TEAMS, exports, guard, month_of
from opsretro.tables.survey_items import survey_items

TEAM = "team"
"""Name of the group column whose values are the groups of teams.csv, whatever its header says."""
MOST_TEAMS_UNKNOWN = 0.2


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
    items, forms = pd.DataFrame(), dict[Path, Form]()
    headcount = _headcount(folder, problems)
    with collecting(problems):
        items = survey_items(folder / ITEMS if (folder / ITEMS).exists() else OWN_ITEMS)
    with collecting(problems):
        read_suggestions(folder / SUGGESTIONS, month="2999-12")
    if len(items):
        for path in exports(folder):
            if month_of(path) in without:
                continue
            with collecting(problems):
                forms[path] = read_form(path, items=items)
    problems += _month_problems(forms)
    if problems:
        raise InputError(problems)
    return _together(forms, items, headcount)


def _month_problems(forms: Mapping[Path, Form]) -> Iterator[Problem]:
    for path, form in forms.items():
        if not month_of(path) and ("month" not in form.answers or form.answers["month"].isna().any()):
            yield Problem(code="survey_no_month", source=path.name)


def _headcount(folder: Path, problems: list[Problem]) -> pd.DataFrame:
    """teams.csv: how many people were asked."""
    table = pd.DataFrame(columns=["month", "group", "headcount"])
    if (folder / TEAMS).exists():
        read, found = read_table(folder / TEAMS, TEAM_SIZES)
        problems += found
        table = table if read is None else read
    return table.reset_index(drop=True)


def _together(forms: Mapping[Path, Form], items: pd.DataFrame, headcount: pd.DataFrame) -> Survey:
    """All exports as one table, with one name for the team whatever each header calls it."""
    ids = list(items["item"].unique())
    answers, logs, comments = [], [], dict[str, list[str]]()
    teams = set(headcount["group"])
    for path, form in forms.items():
        month = month_of(path)
        rows = form.answers.assign(month=month) if month else form.answers
        answers.append(rows.rename(columns=_team_column(rows, ids, teams)))
        logs.append(form.log.assign(month=month or str(rows["month"].max()) if len(rows) else month))
        texts = [text for said in form.comments.values() for text in said]
        comments.setdefault(month or (str(rows["month"].max()) if len(rows) else ""), []).extend(texts)
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
    """The group column that holds the teams of teams.csv, under whatever header, renamed."""
    for name in rows:
        if name in {"month", *ids}:
            continue
        values = rows[name].dropna().astype("str").str.strip()
        if len(values) and (~values.isin(teams)).mean() <= MOST_TEAMS_UNKNOWN:
            return {name: TEAM}
    return {}
