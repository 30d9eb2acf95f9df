"""Months of a team's health, from published cells only: dimensions, changes, participation, workload beside them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from opsretro.analysis.health_publish import EVERYBODY
from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.methods.disclosure_audit import SMALL
from opsretro.analysis.methods.month_changes import Method, Verdict, changes
from opsretro.tables.survey import TEAM

LOWEST, HIGHEST = 1.0, 5.0
FALSE_ALARMS = 0.05
"""Chance of any false alarm in a month, over everybody, all groups and all dimensions."""
CONFIDENCE = 0.95


def dimension_means(cells: pd.DataFrame) -> pd.DataFrame:
    """The dimensions of every month and group, from the shown means of their items.

    A mean of what is published anyway tells nothing more; a mean over answers to several items would.

    Args:
        cells: month, group, item, dimension, n, mean, low, middle, high, suppressed.

    Returns:
        month, group, dimension, n (least of the shown items), n_items, mean, lower, upper, and is_whole (bool: all
        items of the dimension that were asked that month are shown, so that months can be compared).
    """
    keys = ["month", "group", "dimension"]
    shown = cells[~cells["suppressed"]].copy()
    half = [widest_half(*row) for row in shown[["n", "mean", "low", "middle", "high"]].itertuples(index=False)]
    shown["half"] = np.array(half, dtype="float64")
    found = shown.groupby(keys, sort=False).agg(
        n=("n", "min"), n_items=("item", "size"), mean=("mean", "mean"), half=("half", "mean")
    )
    asked = cells.groupby(keys, sort=False)["item"].size()
    found["is_whole"] = found["n_items"] == asked.reindex(found.index)
    found["lower"] = (found["mean"] - found["half"]).clip(lower=LOWEST)
    found["upper"] = (found["mean"] + found["half"]).clip(upper=HIGHEST)
    return found.drop(columns="half").reset_index()


def widest_half(n: int, mean: float, low: float, middle: float, high: float) -> float:
    """Half the width of a 95 % t interval of a mean, with the widest spread the published figures allow.

    Args:
        n: People who answered.
        mean: From 1 to 5.
        low: People who answered 1 or 2; NaN = not shown, then `middle` counts 1 to 3.
        middle: People who answered 3.
        high: People who answered 4 or 5; NaN = no distribution is shown.

    Returns:
        Points. The true spread would give less: nobody publishes it, since it can give answers away.

    Source:
        R. Bhatia and C. Davis, A better bound on the variance (2000), where only the mean is known.

    Example:
        >>> round(widest_half(24, 3.7, 3, 7, 14), 2)
        0.49
    """
    total, known = mean * n, not math.isnan(high)
    squares = total * (LOWEST + HIGHEST) - n * LOWEST * HIGHEST  # everybody at one end or the other
    if known:
        bottom, step = (0.0 if math.isnan(low) else low), 2 if math.isnan(low) else 1
        base = (bottom, middle, high)
        floors = (1.0, 1.0 if math.isnan(low) else 3.0, 4.0)
        left = max(total - float(np.dot(base, floors)), 0.0)
        fives = min(left, high)
        raised = left - fives  # what the favourable answers cannot hold lies in the lower bands
        squares = float(np.dot(base, np.square(floors))) + 9 * fives + raised * (8 / 2 if step == 2 else 3)
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * math.sqrt(variance / n)


def month_changes(dimensions: pd.DataFrame, month: str) -> pd.DataFrame:
    """What changed in a month, for everybody and for each group.

    Half of the false alarms allowed goes to everybody, the other half is shared by the groups.

    Args:
        dimensions: From `dimension_means`.
        month: The month to judge.

    Returns:
        One row a group and dimension that has a figure in the month; as `changes`, without its p.
    """
    now = dimensions[dimensions["month"] == month]
    groups = list(now["group"].unique())
    found = []
    for group in groups:
        share = 1.0 if groups == [EVERYBODY] else 0.5 if group == EVERYBODY else 0.5 / (len(groups) - 1)
        rows = dimensions[(dimensions["group"] == group) & (dimensions["month"] <= month)]
        comparable = rows[rows["is_whole"]]
        if (comparable["month"] == month).any():
            found.append(changes(comparable[["month", "group", "dimension", "mean", "n"]], alpha=FALSE_ALARMS * share))
        part = rows.loc[(rows["month"] == month) & ~rows["is_whole"], ["group", "dimension", "mean", "n"]]
        found.append(part.assign(verdict=str(Verdict.CANNOT_TELL), n_months=0, method=str(Method.NONE)))
    told = pd.concat(found) if found else pd.DataFrame(columns=list(HealthReview.frames["changes"]))
    return told[told["mean"].notna()].reset_index(drop=True)


def participation(cells: pd.DataFrame, headcount: pd.DataFrame) -> pd.DataFrame:
    """How many answered, by month and group.

    Args:
        cells: Published cells.
        headcount: month, group, headcount of teams.csv.

    Returns:
        month, group, headcount, n (NaN = fewer than five), share; NaN = unknown.
    """
    found = cells.groupby(["month", "group"], sort=False)["n"].max().astype("float64").reset_index()
    teams = headcount.assign(group=TEAM + "=" + headcount["group"].astype("str"))
    whole = headcount.groupby("month", as_index=False)["headcount"].sum().assign(group=EVERYBODY)
    known = pd.concat([whole, teams[["month", "group", "headcount"]]])
    found = found.merge(known.drop_duplicates(["month", "group"]), on=["month", "group"], how="left")
    found["n"] = found["n"].where(found["n"] >= SMALL)
    found["headcount"] = found["headcount"].astype("float64")
    found["share"] = found["n"] / found["headcount"].where(found["headcount"] >= found["n"])
    return found[["month", "group", "headcount", "n", "share"]]


def workload_beside(workload: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Hours beside opinion, for the groups that may be shown.

    A group is shown as long as the survey shows something of it that month (where there was no survey: from five
    people on). Everybody's hours would give away those of the groups left out; so while these have fewer than five
    people together, the next smallest is left out as well.

    Args:
        workload: Rows of the workload table.
        cells: Published cells.

    Returns:
        month, group, headcount, overtime, training_hours and leave_days (a head), suppressed.
    """
    surveyed = set(cells["month"])
    shown = {(row.month, row.group) for row in cells[~cells["suppressed"]].itertuples()}
    found = []
    for month, rows in workload.groupby("month"):
        label = TEAM + "=" + rows["group"].astype("str")
        told = [(month, name) in shown for name in label] if month in surveyed else rows["headcount"] >= SMALL
        hidden = ~np.asarray(told, dtype=bool) | (rows["headcount"] < SMALL).to_numpy()
        heads = rows["headcount"].to_numpy()
        while hidden.any() and heads[hidden].sum() < SMALL and not hidden.all():
            hidden[np.flatnonzero(~hidden)[heads[~hidden].argmin()]] = True
        parts = rows.assign(group=label, suppressed=hidden)
        whole = rows.select_dtypes("number").sum(min_count=len(rows)).to_frame().T
        whole = whole.assign(month=month, group=EVERYBODY, suppressed=bool(heads.sum() < SMALL))
        found.append(pd.concat([whole, parts]))
    if not found:
        return pd.DataFrame(
            columns=["month", "group", "headcount", "overtime", "training_hours", "leave_days", "suppressed"]
        )
    table = pd.concat(found, ignore_index=True)
    table["overtime"] = table["worked_hours"] / table["contracted_hours"].where(table["contracted_hours"] > 0) - 1
    for name in ("training_hours", "leave_days"):
        table[name] = table.get(name, np.nan) / table["headcount"]
    figures = ["overtime", "training_hours", "leave_days"]
    table[figures] = table[figures].astype("float64").mask(table["suppressed"].astype(bool))
    return table[["month", "group", "headcount", *figures, "suppressed"]]
