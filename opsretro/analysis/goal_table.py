"""The goals table, ready to be judged: which goals are in force, in one unit, with every slip of the pen named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import pandas as pd

from opsretro.analysis.codes import Aggregation, is_percent
from opsretro.analysis.methods.smart import smart_defects
from opsretro.errors import InputError, Problem
from opsretro.tables.goal_settings import Rebase
from opsretro.tables.parse import parse_slice
from opsretro.tables.period import Period
from opsretro.tables.settings import FILE as SETTINGS

NUMBERS = ("baseline", "target", "target_growth", "low", "high", "weight")
TEXTS = ("name", "owner", "unit", "milestones", "numerator", "denominator", "dimension")
FILE = "goals.csv"
_DIGITS = re.compile(r"\d+")


def goals_in_force(
    tables: Mapping[str, pd.DataFrame],
    period: Period,
    rebases: Sequence[Rebase] = (),
    targets: Mapping[str, float] | None = None,
    instead: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rows of the goals table that hold in the year so far, at least one of them in the period.

    Args:
        tables: Typed tables of the workspace.
        period: A month, a quarter or a year.
        rebases: New starts of limits; each must name a KPI or a goal there is.
        targets: Target by goal_id, as it would be typed, that replaces the one of the table; a range keeps its own.
        instead: Rows in place of the goals table; new starts of the limits of others are no mistake then.

    Returns:
        Goals with every optional column present and `defects` (codes joined by +); percent goals turned into fractions;
        missing text empty.

    Raises:
        InputError: A missing table, no goal in force, milestones without a baseline, half a ratio, a name that metrics
            does not have although it has one much like it, or a rebase of nothing.
    """
    if instead is not None:
        tables, rebases = {**tables, "goals": instead}, ()
    problems = [
        Problem(code="table_needed", source=f"{name}.csv", values={"section": "goals"})
        for name in ("goals", "metrics")
        if name not in tables
    ]
    if problems:
        raise InputError(problems)
    written = _with_targets(tables["goals"], targets or {})
    everything = completed(written).assign(defects=_defects(written, tables["metrics"]))
    begun = everything[~(everything["start"] > pd.Timestamp(period.end))]
    goals = begun[~(begun["deadline"].dt.year < period.end.year)]
    if (goals["deadline"] < pd.Timestamp(period.start)).all():
        raise InputError([Problem(code="no_goal_in_force", source=FILE, values={"period": period.label})])
    problems = [*_milestone_problems(goals), *_part_problems(goals), *_name_problems(goals, tables["metrics"])]
    problems += _rebase_problems(everything, rebases)
    if problems:
        raise InputError(problems)
    return goals


def goals_if_any(tables: Mapping[str, pd.DataFrame], period: Period, rebases: Sequence[Rebase] = ()) -> pd.DataFrame:
    """`goals_in_force`, and no row where there is no goals table or no goal is in force.

    Args:
        tables: Typed tables of the workspace.
        period: A month, a quarter or a year.
        rebases: New starts of limits.

    Raises:
        InputError: A goal that is in force cannot be used.
    """
    if "goals" not in tables:
        return pd.DataFrame()
    try:
        return goals_in_force(tables, period, rebases)
    except InputError as refused:
        if {problem.code for problem in refused.problems} != {"no_goal_in_force"}:
            raise
    return pd.DataFrame()


def rebases_of(goal: Mapping[str, Any], rebases: Sequence[Rebase]) -> list[Rebase]:
    """The new starts that concern a goal: of the goal itself or of its KPI, oldest first."""
    return sorted((item for item in rebases if item.kpi in {goal["goal_id"], goal["kpi"]}), key=lambda item: item.month)


def _rebase_problems(goals: pd.DataFrame, rebases: Sequence[Rebase]) -> Iterator[Problem]:
    known = sorted({*goals["goal_id"], *goals["kpi"]})
    for item in rebases:
        if item.kpi not in known:
            close = get_close_matches(item.kpi, known, n=1, cutoff=0) or known
            yield Problem(code="rebase_unknown", source=SETTINGS, values={"value": item.kpi, "known": close[0]})


def _with_targets(goals: pd.DataFrame, targets: Mapping[str, float]) -> pd.DataFrame:
    known = goals["goal_id"].tolist()
    if unknown := [name for name in targets if name not in known]:
        values = {"fix": ", ".join(known)}
        raise InputError(Problem(code="bad_argument", source="targets", values=values | {"value": n}) for n in unknown)
    asked = goals["goal_id"].isin(list(targets))
    goals = goals.reindex(columns=list(dict.fromkeys([*goals.columns, "target", "target_growth"])))
    goals["target"] = goals["goal_id"].map(dict(targets)).where(asked, goals["target"])
    goals["target_growth"] = goals["target_growth"].mask(asked)
    return goals


def completed(goals: pd.DataFrame) -> pd.DataFrame:
    """Goals with every optional column present, percent turned into fractions, missing text empty."""
    goals = goals.reindex(columns=list(dict.fromkeys([*goals.columns, *NUMBERS, *TEXTS, "start", "deadline"])))
    for column in ("start", "deadline"):
        goals[column] = pd.to_datetime(goals[column])
    goals[list(NUMBERS)] = goals[list(NUMBERS)].astype("float64")
    goals[list(TEXTS)] = goals[list(TEXTS)].astype("str").fillna("")
    percent = goals["unit"].map(is_percent)
    known = goals["unit"].str.strip().str.lower()
    goals["unit"] = goals["unit"].where(~known.isin({"count", "fraction", "currency"}), known).mask(percent, "percent")
    for column in ("baseline", "target", "low", "high"):
        goals[column] = goals[column].where(~percent, goals[column] / 100)
    return goals


def _defects(goals: pd.DataFrame, metrics: pd.DataFrame) -> list[str]:
    """What each goal, as it was written, lacks to be a good one."""
    with_parts = metrics["numerator"].notna() & metrics["denominator"].notna() if "numerator" in metrics else []
    parts = set(metrics.loc[with_parts, "kpi"])
    return ["+".join(smart_defects(goal, has_parts=goal["kpi"] in parts)) for goal in goals.to_dict("records")]


def _milestone_problems(goals: pd.DataFrame) -> list[Problem]:
    rows = tuple(int(row) for row in goals.index[(goals["milestones"] != "") & goals["baseline"].isna()])
    return [Problem(code="milestones_baseline", source=FILE, column="baseline", rows=rows)] if rows else []


def _part_problems(goals: pd.DataFrame) -> list[Problem]:
    half = (goals["aggregation"] == Aggregation.RATIO) & ((goals["numerator"] == "") != (goals["denominator"] == ""))
    return [Problem(code="half_a_ratio", source=FILE, rows=tuple(map(int, goals.index[half])))] if half.any() else []


def _name_problems(goals: pd.DataFrame, metrics: pd.DataFrame) -> Iterator[Problem]:
    """Names metrics does not have: a column always, a KPI or a value where another is much like it (else: no data)."""
    kpis = _known(metrics["kpi"])
    for row, goal in goals.iterrows():
        for column in _kpi_columns(goal):
            yield from _misspelt(goal[column], kpis, column, row)
        for column, value in parse_slice(goal["dimension"]):
            if value and column in metrics:
                yield from _misspelt(value, _known(metrics[column]), "dimension", row)
            else:
                yield Problem(
                    code="unknown_dimension",
                    source=FILE,
                    column="dimension",
                    rows=(int(row),),
                    values={"value": goal["dimension"]},
                )


def _known(cells: pd.Series) -> list[str]:
    return [str(value) for value in cells.dropna().unique()]


def kpis_of(goal: Mapping[str, Any]) -> tuple[str, ...]:
    """The KPIs whose rows a goal is computed from: its own, or the two parts of its ratio."""
    return tuple(str(goal[column]) for column in _kpi_columns(goal))


def _kpi_columns(goal: Mapping[str, Any]) -> tuple[str, ...]:
    if goal["aggregation"] == Aggregation.RATIO and goal["numerator"] and goal["denominator"]:
        return ("numerator", "denominator")
    return ("kpi",)


def _misspelt(name: str, known: list[str], column: str, row: int) -> Iterator[Problem]:
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    numbered = close and _DIGITS.sub("", name) == _DIGITS.sub("", close[0])  # store_03 is no slip for store_02
    if name not in known and close and not numbered:
        values = {"value": name, "known": close[0]}
        yield Problem(code="misspelt", source=FILE, column=column, rows=(int(row),), values=values)
