"""Months of a team's health, from published cells only: dimensions, changes, participation, workload beside them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import special

from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.methods.disclosure_audit import SMALL
from opsretro.analysis.methods.month_changes import FULL_MONTHS, LEAST_MONTHS, Method, Verdict, changes
from opsretro.tables.health_register import EVERYBODY
from opsretro.tables.survey_files import TEAM
from opsretro.tables.survey_items import plain_group

STEPS = np.arange(1.0, 6.0)
STEEPEST, LEAST_SHARE = 12.0, 0.01
"""How far a distribution is tilted at most, and what a step nobody chose counts before it is."""
LEAST_SPREAD = 0.05
"""Months of a mean with one decimal are not taken to differ by less."""
FALSE_ALARMS = 0.05
"""Chance of any false alarm in a month, over everybody, all groups and all dimensions."""
CONFIDENCE = 0.95


def dimension_means(cells: pd.DataFrame) -> pd.DataFrame:
    """The dimensions of every month and group, from the shown means of their items.

    A mean of what is published anyway tells nothing more; a mean over answers to several items would. Its interval says
    how far it moves by itself: from its own earlier months where there are six of them, since mostly the same people
    answer; else from the number of answers and the spread that the published distribution suggests.

    Args:
        cells: month, group, item, dimension, n, mean, low, middle, high, suppressed.

    Returns:
        month, group, dimension, n (least of the shown items), n_items, mean, lower, upper, items (ids asked that month)
        and is_whole (bool: all of them are shown). Months with the same items can be compared if they are whole.
    """
    keys = ["month", "group", "dimension"]
    shown = cells[~cells["suppressed"]].copy()
    shown["half"] = _halves(shown)
    found = shown.groupby(keys, sort=False).agg(
        n=("n", "min"), n_items=("item", "size"), mean=("mean", "mean"), half=("half", "mean")
    )
    found["items"] = (
        cells.groupby(keys, sort=False)["item"].agg(lambda ids: "\n".join(sorted(ids))).reindex(found.index)
    )
    found["is_whole"] = found["n_items"] == found["items"].str.count("\n") + 1
    found["half"] = _own_halves(found).fillna(found["half"])
    found["lower"] = (found["mean"] - found["half"]).clip(lower=STEPS[0])
    found["upper"] = (found["mean"] + found["half"]).clip(upper=STEPS[-1])
    return found.drop(columns="half").reset_index()


def _own_halves(found: pd.DataFrame) -> pd.Series:
    """Half the width of the 95 % t interval of one month of a group's dimension, from its earlier months, if enough."""
    halves = [pd.Series(np.nan, index=found.index[:0])]
    for _, rows in found[found["is_whole"]].groupby(["group", "dimension", "items"], sort=False):
        means = rows.sort_index(level="month")["mean"]
        before = means.shift(1).rolling(FULL_MONTHS, min_periods=LEAST_MONTHS)
        quantile = special.stdtrit(before.count() - 1, (1 + CONFIDENCE) / 2)
        halves.append(before.std().clip(lower=LEAST_SPREAD) * quantile)
    return pd.concat(halves).reindex(found.index)


def spread(mean: float, low: float, middle: float, high: float, like: np.ndarray | None = None) -> np.ndarray:
    """How the answers behind a published mean are likely to lie: as evenly as what is published allows.

    The true spread is never published, since it can give answers away.

    Args:
        mean: From 1 to 5.
        low: People who answered 1 or 2; NaN = not shown, then `middle` counts 1 to 3.
        middle: People who answered 3.
        high: People who answered 4 or 5; NaN = no distribution is shown.
        like: Shares of 1 to 5 to start from where there is none, such as everybody's; None = all alike.

    Returns:
        Shares of 1 to 5: those of greatest entropy, or next to `like`, with this mean.

    Source:
        E. T. Jaynes, Information theory and statistical mechanics (1957): the dice problem.

    Example:
        >>> spread(4.0, 2, 6, 14).round(2).tolist()
        [0.02, 0.07, 0.27, 0.16, 0.48]
    """
    if math.isnan(high):
        bands, people = [0, 0, 0, 0, 0], [1.0]
    elif math.isnan(low):
        bands, people = [0, 0, 0, 1, 1], [middle, high]
    else:
        bands, people = [0, 0, 1, 2, 2], [low, middle, high]
    start = np.ones(5) if like is None or not math.isnan(high) else like + LEAST_SHARE
    band = np.array(bands)
    weight, away = np.array(people)[band], STEPS - 3

    def tilted(slope: float) -> np.ndarray:
        raised = start * np.exp(slope * away)
        return weight * raised / np.bincount(band, raised)[band] / sum(people)

    least, most = -STEEPEST, STEEPEST
    for _ in range(40):
        slope = (least + most) / 2
        least, most = (slope, most) if tilted(slope) @ STEPS < mean else (least, slope)
    return tilted((least + most) / 2)


def half_width(shares: np.ndarray, n: int) -> float:
    """Half the width of the t interval of a mean of n answers that lie like this.

    Example:
        >>> round(half_width(np.array([0.0, 0.1, 0.2, 0.5, 0.2]), 24), 2)
        0.38
    """
    variance = float(shares @ STEPS**2 - (shares @ STEPS) ** 2) * n / (n - 1)
    return float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(max(variance, 0.0) / n)


def _halves(shown: pd.DataFrame) -> np.ndarray:
    """Half the width of every shown cell; without a distribution, as if it lay like everybody's of that month."""
    whole = shown[(shown["group"] == EVERYBODY) & shown["high"].notna()]
    everybody = {(row.month, row.item): spread(row.mean, row.low, row.middle, row.high) for row in whole.itertuples()}
    halves = [
        half_width(spread(row.mean, row.low, row.middle, row.high, everybody.get((row.month, row.item))), row.n)
        for row in shown.itertuples()
    ]
    return np.array(halves, dtype="float64")


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
        asked = rows[rows["month"] == month].set_index("dimension")["items"]
        comparable = rows[rows["is_whole"] & (rows["items"] == rows["dimension"].map(asked))]
        if (comparable["month"] == month).any():
            found.append(changes(comparable[["month", "group", "dimension", "mean", "n"]], alpha=FALSE_ALARMS * share))
        part = rows.loc[(rows["month"] == month) & ~rows["is_whole"], ["group", "dimension", "mean", "n"]]
        found.append(part.assign(verdict=str(Verdict.CANNOT_TELL), n_months=0, method=str(Method.NONE)))
    told = (pd.concat(found) if found else pd.DataFrame()).reindex(columns=list(HealthReview.frames["changes"]))
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
        label = TEAM + "=" + rows["group"].astype("str").map(plain_group)
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
