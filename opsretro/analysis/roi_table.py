"""The tables about activities, checked together before anything is computed: every slip named, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.funnel import step_problems
from opsretro.analysis.methods.holdout import order_problems, people_problems
from opsretro.analysis.methods.windows import EVERYBODY
from opsretro.errors import InputError, Problem
from opsretro.tables.checks import dates_of, number_problems, one_currency, rows

ACTIVITIES, DAILY, FUNNEL = (f"{name}.csv" for name in ("activities", "daily_metrics", "funnel"))
NEEDED = {
    "activities": ("activity_id", "start_date", "end_date"),
    "daily_metrics": ("date", "segment", "revenue"),
    "cost_ledger": ("activity_id", "amount"),
    "funnel": ("activity_id", "version"),
    "orders": ("order_id", "user_id", "order_date", "gross_amount", "kind"),
    "users": ("activity_id", "user_id", "group"),
}
NUMBERS = ("budget", "actual_cost", "expected_roi", "margin_rate", "attributed_revenue")
TEXTS = ("name", "type", "owner", "target_segment", "holdout")
MOST_MARGIN = 1.0
"""Nobody keeps more than the whole price; a larger one was typed as per cent."""


def activities_checked(tables: Mapping[str, pd.DataFrame], *, currency: str = "", today: str = "") -> pd.DataFrame:
    """The activities, every column present and typed.

    Args:
        tables: activities, and of daily_metrics, cost_ledger, funnel, users, orders those there are; columns as in a
            workspace, dates as dates or ISO text.
        currency: What amounts are counted in; empty = whatever one currency they name.
        today: Day after which nothing can have happened yet, ISO; empty = unknown.

    Returns:
        One row an activity, dates as datetime64, missing numbers NaN, missing text empty; target_segment ``all`` where
        none is named.

    Raises:
        InputError: A column is absent, an activity ends before it starts or comes twice, aims at a segment without a
            series, costs or funnels or users of no activity, a plan without what happened, amounts in another currency,
            orders or days twice, facts dated in the future, a margin typed as per cent, an infinite number; all of it.
    """
    problems = [
        Problem(code="column_missing", source=f"{name}.csv", values={"column": column})
        for name, columns in NEEDED.items()
        if name in tables
        for column in columns
        if column not in tables[name]
    ]
    if problems:
        raise InputError(problems)
    activities = _completed(tables["activities"], problems)
    days = {
        name: pd.to_datetime(tables[name][column], errors="coerce", format="ISO8601").dt.normalize()
        for name, column in (("orders", "order_date"), ("cost_ledger", "service_date"))
        if column in tables.get(name, ())
    }
    if "daily_metrics" in tables:
        days["daily_metrics"] = dates_of(tables["daily_metrics"]["date"], DAILY, problems)
    problems += [
        *_activity_problems(activities),
        *_strangers(activities, tables, today),
        *one_currency(tables, currency),
    ]
    for name, column in (("daily_metrics", "revenue"), ("cost_ledger", "amount")):
        if name in tables:
            problems += number_problems(tables[name], column, f"{name}.csv", filled=name != "daily_metrics")
    problems += [*_people(activities, tables), *_future(days, today)]
    problems += step_problems(tables["funnel"], FUNNEL) if "funnel" in tables else []
    problems += _twice(tables, days) + _plans_alone(activities, tables, today)
    if problems:
        raise InputError(problems)
    return activities


def known_tables(tables: Mapping[str, pd.DataFrame], until: str) -> dict[str, pd.DataFrame]:
    """The tables about activities that have rows.

    Args:
        tables: Those of a workspace.
        until: Last day whose facts exist, ISO, because somebody named it; empty = all do.
    """
    days = {"daily_metrics": "date", "orders": "order_date", "cost_ledger": "service_date"}
    found = {name: tables[name] for name in ("activities", *days, "funnel", "users") if name in tables}
    for name, column in days.items() if until else ():
        if name in found:
            found[name] = found[name][found[name][column] <= pd.Timestamp(until)]
    return {name: table for name, table in found.items() if len(table)}


def changed(tables: Mapping[str, pd.DataFrame], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """The tables with other values for some activities, to see what they would mean.

    Args:
        tables: As `activities_checked`.
        changes: Values by column by activity_id; another actual_cost takes the place of the ledger's rows.

    Raises:
        InputError: There is no such activity or column.
    """
    tables = dict(tables)
    activities = tables["activities"].copy()
    known, columns = (
        activities["activity_id"].tolist(),
        ("start_date", "end_date", "margin_rate", "actual_cost", "controls"),
    )
    wrong = [(name, known) for name in changes if name not in known]
    wrong += [(column, list(columns)) for values in changes.values() for column in values if column not in columns]
    segments = sorted(set(tables["daily_metrics"]["segment"].astype("str"))) if "daily_metrics" in tables else []
    for chosen in (values["controls"] for values in changes.values() if "controls" in values):
        names = chosen if isinstance(chosen, (list, tuple)) and len(chosen) else [str(chosen)]
        wrong += [(str(name), segments) for name in names if name not in segments]
    if wrong:
        raise InputError(
            Problem(code="bad_argument", source="changes", values={"value": value, "fix": ", ".join(fix)})
            for value, fix in wrong
        )
    for name, values in changes.items():
        for column, value in values.items():
            cells = activities[column] if column in activities else pd.Series(index=activities.index)
            activities[column] = cells.astype("object")
            activities.at[activities.index[known.index(name)], column] = value
    costs = [name for name, values in changes.items() if "actual_cost" in values]
    if costs and "cost_ledger" in tables:
        tables["cost_ledger"] = tables["cost_ledger"][~tables["cost_ledger"]["activity_id"].isin(costs)]
    return tables | {"activities": activities}


def _completed(activities: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    table = activities.reindex(columns=list(dict.fromkeys([*activities.columns, *NUMBERS, *TEXTS])))
    for column in ("start_date", "end_date"):
        table[column] = dates_of(table[column], ACTIVITIES, problems)
    for column in NUMBERS:
        problems += number_problems(table, column, ACTIVITIES)
        table[column] = pd.to_numeric(table[column], errors="coerce").astype("float64")
    if table["activity_id"].isna().any():
        at = rows(table["activity_id"].isna())
        problems.append(Problem(code="empty_cell", source=ACTIVITIES, column="activity_id", rows=at))
    table["activity_id"] = table["activity_id"].astype("str")
    table[list(TEXTS)] = table[list(TEXTS)].astype("str").fillna("").replace({"nan": "", "None": ""})
    table["target_segment"] = table["target_segment"].str.strip().replace("", EVERYBODY)
    return table


def _activity_problems(activities: pd.DataFrame) -> Iterator[Problem]:
    twice = activities["activity_id"].duplicated()
    for name in activities.loc[twice, "activity_id"].unique():
        at = rows(activities["activity_id"] == name)
        yield Problem(code="not_unique", source=ACTIVITIES, column="activity_id", rows=at, values={"value": name})
    for row, activity in activities[activities["end_date"] < activities["start_date"]].iterrows():
        values = {"name": activity["activity_id"]}
        values |= {end: f"{activity[f'{end}_date']:%Y-%m-%d}" for end in ("start", "end")}
        yield Problem(code="window_backwards", source=ACTIVITIES, column="end_date", rows=_at(row), values=values)
    for row, margin in activities["margin_rate"][activities["margin_rate"].abs() > MOST_MARGIN].items():
        values = {"value": f"{margin:g}", "fix": f"{margin / 100:g}"}
        yield Problem(code="not_a_fraction", source=ACTIVITIES, column="margin_rate", rows=_at(row), values=values)
    for column in ("budget", "actual_cost"):
        for row, value in activities[column][activities[column] < 0].items():
            values = {"value": f"{value:g}"}
            yield Problem(code="not_a_count", source=ACTIVITIES, column=column, rows=_at(row), values=values)


def _at(row: Any) -> tuple[int, ...]:
    return (int(row),) if isinstance(row, (int, np.integer)) else ()


def _strangers(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame], today: str) -> Iterator[Problem]:
    """Rows about activities there are none of, and activities that have begun on a segment without a series."""
    known = activities["activity_id"].tolist()
    for name in ("cost_ledger", "funnel", "users"):
        for where in _unknown(tables[name]["activity_id"], known, f"{name}.csv") if name in tables else ():
            yield Problem(code="unknown_activity", **where)
    if "daily_metrics" in tables:
        segments = tables["daily_metrics"]["segment"].dropna().astype("str").unique().tolist()
        begun = activities["start_date"] <= pd.Timestamp(today or "2262-01-01")
        aimed = activities.loc[begun & (activities["target_segment"] != EVERYBODY), "target_segment"]
        for where in _unknown(aimed, segments, ACTIVITIES):
            yield Problem(code="unknown_segment", **where)


def _unknown(cells: pd.Series, known: Sequence[str], source: str) -> Iterator[dict[str, Any]]:
    """Where each name stands that is not among the known ones."""
    cells = cells.astype("str")
    for value in cells[~cells.isin(known)].unique():
        values = {"value": str(value), "known": ", ".join(known[:8])}
        yield {"source": source, "column": str(cells.name), "rows": rows(cells == value), "values": values}


def _people(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """What is wrong with orders, and with the users of the activities some were held out of."""
    held_out = activities.loc[activities["holdout"].str.upper() == "Y", "activity_id"]
    users = tables.get("users", pd.DataFrame({"activity_id": []}))
    mine = [part for _, part in users[users["activity_id"].astype("str").isin(held_out)].groupby("activity_id")]
    found = [*(order_problems(tables["orders"]) if "orders" in tables else ()), *chain(*map(people_problems, mine))]
    for problem in found:
        yield replace(problem, source=f"{problem.source}.csv")


def _future(days: Mapping[str, pd.Series], today: str) -> Iterator[Problem]:
    for name, dates in days.items() if today else ():
        late = dates > pd.Timestamp(today)
        if late.any():
            values = {"value": f"{dates[late].max():%Y-%m-%d}", "today": today}
            yield Problem(
                code="future_date", source=f"{name}.csv", column=str(dates.name), rows=rows(late), values=values
            )


def _twice(tables: Mapping[str, pd.DataFrame], days: Mapping[str, pd.Series]) -> list[Problem]:
    """A day of a segment, or a version of a funnel, that is there twice: which row counts cannot be guessed."""
    keys = {}
    if "daily_metrics" in tables:
        keys[DAILY] = (tables["daily_metrics"]["segment"].astype("str"), days["daily_metrics"].dt.strftime("%Y-%m-%d"))
    if "funnel" in tables:
        keys[FUNNEL] = (tables["funnel"]["activity_id"].astype("str"), tables["funnel"]["version"].astype("str"))
    problems = []
    for source, (one, other) in keys.items():
        key = one + " " + other
        again = key.duplicated()
        if again.any():
            values = {"value": key[again].iloc[0]}
            problems.append(
                Problem(code="not_unique", source=source, column=str(one.name), rows=rows(again), values=values)
            )
    return problems


def _plans_alone(activities: pd.DataFrame, tables: Mapping[str, pd.DataFrame], today: str) -> list[Problem]:
    """Activities that are over and have a plan, but not what happened."""
    if "funnel" not in tables:
        return []
    funnel = tables["funnel"]
    ids = {
        version: set(funnel.loc[funnel["version"] == version, "activity_id"].astype("str"))
        for version in ("plan", "actual")
    }
    over = activities["end_date"] <= pd.Timestamp(today or "2262-01-01")
    alone = activities.loc[over & activities["activity_id"].isin(ids["plan"] - ids["actual"]), "activity_id"]
    wrong = funnel["activity_id"].astype("str").isin(alone)
    return [
        Problem(
            code="plan_alone",
            source=FUNNEL,
            column="version",
            rows=rows(wrong & (funnel["activity_id"].astype("str") == name)),
            values={"value": name},
        )
        for name in alone
    ]
