"""Which KPIs the search for causes looks at, and the rows and dimensions each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.cause_review import Why
from opsretro.analysis.codes import Aggregation, Status, Variation
from opsretro.analysis.goal_table import kpis_of
from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.contracts import CONTRACTS
from opsretro.tables.parse import parse_slice
from opsretro.tables.settings import FILE as SETTINGS

KNOWN = {column.name for column in CONTRACTS["metrics"].columns} | {"unit"}
MEASURES = ("actual", "base", "forecast", "shared", "fitted")
OTHER_NAMES = {part + name: f"{part}{name}_" for part in ("", "num_", "den_") for name in MEASURES}
OTHER_NAMES |= {"num": "num_", "den": "den_"}
"""Dimensions that are called as a figure of ours is: they go by another name, so that neither overwrites the other."""
RATIOS = (Aggregation.RATIO, Aggregation.MEAN, Aggregation.MEAN_RATE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One KPI to explain.

    Attributes:
        subject: goal_id of the goal that watches it, or the KPI.
        kpi: The KPI.
        dimension: The slice the goal watches, as written; empty = all of it.
        where: Value by dimension of the slice that is looked inside beyond that; None = missing.
        unit: ``currency``, ``percent``, ``count``, …
        aggregation: How its rows become one value.
        why: What drew attention to it.
        rows: date, the dimensions, and value (sum, last) or num and den (ratios).
        dims: Dimensions along which the rows differ.
    """

    subject: str
    kpi: str
    dimension: str
    where: Mapping[str, str | None]
    unit: str
    aggregation: Aggregation
    why: Why
    rows: pd.DataFrame
    dims: tuple[str, ...]

    @property
    def is_ratio(self) -> bool:
        """Whether it is a numerator by a denominator."""
        return self.aggregation in RATIOS

    @property
    def within(self) -> Mapping[str, object]:
        """The slice all of it lies in: the goal's own and what is looked inside; None stands for a missing value."""
        return {dim: value or None for dim, value in parse_slice(self.dimension)} | dict(self.where)

    @cached_property
    def days(self) -> pd.DatetimeIndex:
        """Days with data, in order."""
        return pd.DatetimeIndex(self.rows["date"].unique()).sort_values()

    @property
    def measures(self) -> tuple[str, ...]:
        """Columns of `rows` that are added up."""
        return ("num", "den") if self.is_ratio else ("value",)


def flagged(judged: pd.DataFrame, goals: pd.DataFrame, metrics: pd.DataFrame) -> list[Subject]:
    """The KPIs a goal review flags: the signals first, then the goals that were missed; each KPI and slice once.

    Args:
        judged: `GoalReview.goals`.
        goals: From `goals_in_force`.
        metrics: Rows of metrics that exist.
    """
    found: dict[tuple[object, ...], Subject] = {}
    ids = goals.set_index("goal_id", drop=False)
    for why, column, code in ((Why.SIGNAL, "variation", Variation.SIGNAL), (Why.MISSED, "status", Status.MISSED)):
        for goal_id in judged.loc[judged[column] == code, "goal_id"]:
            goal = ids.loc[goal_id].to_dict()
            if (key := _key(goal)) not in found:
                found[key] = of_goal(goal, metrics, why)
    return list(found.values())


def _key(goal: Mapping[str, Any]) -> tuple[object, ...]:
    """What makes two goals the same question."""
    return kpis_of(goal), goal["dimension"], goal["aggregation"]


def asked(names: Sequence[str], goals: pd.DataFrame, metrics: pd.DataFrame, where: Mapping[str, str]) -> list[Subject]:
    """KPIs by name: as the goal of that id or on that KPI counts them, or as their own rows suggest; each once.

    Args:
        names: goal_ids or KPIs.
        goals: As `flagged`; may be empty.
        metrics: Rows of metrics that exist.
        where: Value by dimension, to look inside a slice only; empty = missing.

    Raises:
        InputError: Neither goals nor metrics have a name, or metrics has no such dimension or value; names all of it.
    """
    problems = list(_where_problems(where, metrics))
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for name in names:
        with collecting(problems):
            goal = named_goal(name, goals, metrics)
            found.setdefault(_key(goal), goal)
    if problems:
        raise InputError(problems)
    return [of_goal(goal, metrics, Why.ASKED, where) for goal in found.values()]


def named_goal(name: str, goals: pd.DataFrame, metrics: pd.DataFrame) -> dict[str, Any]:
    """The goal of that id or on that KPI, or one made up from the KPI's own rows.

    Args:
        name: A goal_id or a KPI.
        goals: As `completed` returns them; may be empty.
        metrics: Rows of metrics that exist.

    Raises:
        InputError: Neither goals nor metrics have the name.
    """
    if len(goals):
        watching = goals[(goals["goal_id"] == name) | ((goals["kpi"] == name) & (goals["dimension"] == ""))]
        if len(watching):
            return watching.sort_values("goal_id", key=lambda ids: ids != name, kind="stable").iloc[0].to_dict()
    rows = metrics[metrics["kpi"] == name]
    if rows.empty:
        known = sorted({*metrics["kpi"], *(goals["goal_id"] if len(goals) else ())})
        raise InputError([_unknown("kpi", name, known)])
    parts = {"numerator", "denominator"} <= set(rows.columns) and rows["denominator"].notna().any()
    how, unit = (Aggregation.RATIO, "percent") if parts else (Aggregation.SUM, "count")
    plain = {"goal_id": name, "kpi": name, "dimension": "", "numerator": "", "denominator": ""}
    return plain | {"aggregation": how, "unit": unit}


def plain_goal(kpi: str, metrics: pd.DataFrame) -> pd.DataFrame:
    """A KPI that no goal is about, as a goal without a target: judged by its own past alone.

    Args:
        kpi: Its name in metrics.
        metrics: The metrics table.

    Returns:
        One row for `Workspace.goal_review`: the ratio of its parts where it has them, else a sum.

    Raises:
        InputError: Metrics has no such KPI.
    """
    goal = named_goal(kpi, pd.DataFrame(), metrics)
    return pd.DataFrame([goal | {"name": kpi, "owner": "", "direction": "higher"}])


def _where_problems(where: Mapping[str, str], metrics: pd.DataFrame) -> Iterator[Problem]:
    dims = [name for name in metrics.columns if name not in KNOWN]
    for dim, value in where.items():
        if dim not in dims:
            yield _unknown("where", dim, dims)
        elif (value or "") not in (known := metrics[dim].fillna("").unique()):
            yield _unknown("where", str(value), sorted(filter(None, known)))


def _unknown(source: str, name: str, known: Sequence[str]) -> Problem:
    """What is not known, with the nearest name that is, or all of them."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return Problem(
        code="bad_argument", source=source, values={"value": name, "fix": close[0] if close else ", ".join(known)}
    )


def of_goal(
    goal: Mapping[str, Any], metrics: pd.DataFrame, why: Why, where: Mapping[str, str] | None = None
) -> Subject:
    """The rows behind a goal, or a slice of them, with the dimensions along which they differ."""
    how = Aggregation(goal["aggregation"])
    taken = [*parse_slice(goal["dimension"]), *(where or {}).items()]
    parts = [metrics[metrics["kpi"] == kpi] for kpi in kpis_of(goal)]
    for column, value in taken:
        parts = [part[part[column].fillna("") == (value or "")] for part in parts]
    absent = [name for name in ("value", "numerator", "denominator") if name not in metrics]
    parts = [part.assign(**dict.fromkeys(absent, np.nan)).rename(columns=OTHER_NAMES) for part in parts]
    free = [OTHER_NAMES.get(name, name) for name in metrics.columns if name not in KNOWN and name not in dict(taken)]
    dims = tuple(name for name in free if all(_differs(part[name]) for part in parts))
    return Subject(
        subject=str(goal["goal_id"]),
        kpi=str(goal["kpi"]),
        dimension=str(goal["dimension"]),
        where={dim: value or None for dim, value in (where or {}).items()},
        unit=str(goal["unit"]),
        aggregation=how,
        why=why,
        rows=_measured(parts, how, percent=goal["unit"] == "percent")[["date", *dims, *_columns(how)]],
        dims=dims,
    )


def _differs(cells: pd.Series) -> bool:
    """Whether a dimension has something to tell apart: a value, and another or none beside it."""
    return bool(cells.notna().any() and (cells != cells.iloc[0]).any())


def _columns(how: Aggregation) -> list[str]:
    return ["num", "den"] if how in RATIOS else ["value"]


def _measured(parts: Sequence[pd.DataFrame], how: Aggregation, *, percent: bool) -> pd.DataFrame:
    """The rows with what is to be added up: value, or num and den."""
    if len(parts) > 1:
        num, den = parts
        return pd.concat([num.assign(num=num["value"]), den.assign(den=den["value"])], ignore_index=True)
    rows = parts[0]
    if how is Aggregation.RATIO:
        return rows.assign(num=rows["numerator"], den=rows["denominator"]).dropna(subset=["num", "den"])
    scaled = rows["value"] / 100 if percent else rows["value"]
    if how in RATIOS:
        return rows.assign(num=scaled, den=scaled.notna().astype("float64"))
    newest = rows.get("ts_utc")
    if how is Aggregation.LAST and newest is not None:
        rows, scaled = (part[newest == newest.groupby(rows["date"]).transform("max")] for part in (rows, scaled))
    return rows.assign(value=scaled)


def driver_problems(drivers: Mapping[str, Sequence[str]], metrics: pd.DataFrame) -> Iterator[Problem]:
    """Names in [drivers] that metrics does not have, but another much like them; of any other there is no data."""
    known = list(metrics["kpi"].unique())
    for name in dict.fromkeys([*drivers, *(kpi for chain in drivers.values() for kpi in chain)]):
        close = get_close_matches(name, known, n=1, cutoff=0.75)
        if close and name not in known:
            yield Problem(code="misspelt", source=SETTINGS, values={"value": name, "known": close[0]})


def chain_of(subject: Subject, kpis: Sequence[str], metrics: pd.DataFrame) -> list[Subject]:
    """The KPIs a sum is the product of, counted in the slice it is counted in; a ratio has none."""
    goal: dict[str, Any] = {"dimension": subject.dimension, "unit": "count", "numerator": "", "denominator": ""}
    goal["aggregation"] = Aggregation.SUM
    where = {dim: value or "" for dim, value in subject.where.items()}
    wanted = [] if subject.is_ratio else kpis
    return [of_goal(goal | {"goal_id": kpi, "kpi": kpi}, metrics, Why.ASKED, where) for kpi in wanted]
