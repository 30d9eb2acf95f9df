"""What a change caused, from users who were held out of it at random: the strongest evidence there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.methods.effect import Basis, Caution, Effect, Estimate
from opsretro.errors import InputError, Problem

GROUPS = ("treat", "holdout")
KINDS = ("order", "refund")
NEEDED = {
    "users": ("user_id", "group"),
    "orders": ("order_id", "user_id", "order_date", "gross_amount", "kind"),
}
LEAST_KNOWN = 0.95
"""Share of each group whose pre_revenue must be known for it to be used."""
TOP = 100
"""One buyer in so many counts as the largest."""
HEAVY = 0.20
"""Share of gross revenue from which the largest buyers decide the figure."""
NOTICED = 0.01
"""Share of orders or of gross revenue sent back from which it is worth a word."""
DRAWS = 4000


@dataclass(frozen=True, kw_only=True, eq=False)
class _Revenue:
    """What the users spent in one window, one value a user.

    Attributes:
        gross: Orders of the window.
        net: Less the refunds counted.
        n_orders: Orders of the window, of all users together.
        n_refunds: Refund rows counted.
    """

    gross: np.ndarray
    net: np.ndarray
    n_orders: int
    n_refunds: int


def holdout_effect(
    users: pd.DataFrame, orders: pd.DataFrame, *, start: Any, end: Any, after_days: int = 14, refund_days: int = 30
) -> Effect:
    """What a change caused: difference of the groups' mean net revenue a user, times the treated users."""
    people, rows = _checked(users, orders, start, end)
    treated = (people["group"] == "treat").to_numpy()
    before = _covariate(people, treated)
    first, last = pd.Timestamp(start).normalize(), pd.Timestamp(end).normalize()
    newest = rows.loc[rows["kind"] == "order", "day"].max()
    window = _revenue(people, rows, first, last, refund_days)
    found = _estimate(window.net, treated, before)
    ahead = int(np.clip((newest - last).days, 0, after_days)) if pd.notna(newest) else 0
    after = None
    if ahead:
        later = _revenue(people, rows, first, last + pd.Timedelta(days=ahead), refund_days)
        after = _estimate(later.net, treated, before)
    cautions = _cautions(window)
    return Effect(
        window=found,
        after=after,
        after_days=ahead,
        baseline=float(window.net[treated].sum()) - found.point,
        basis=Basis.RANDOMISED,
        cautions=cautions,
        n_before=len(people),
        winsorised=_estimate(_cut(window), treated, before) if Caution.HEAVY_TAIL in cautions else None,
    )


def difference(treated: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    """Difference of two means and its standard error, each group with a variance of its own."""
    error = np.sqrt(np.var(treated, ddof=1) / len(treated) + np.var(control, ddof=1) / len(control))
    return float(np.mean(treated) - np.mean(control)), float(error)


def _checked(users: pd.DataFrame, orders: pd.DataFrame, start: Any, end: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    absent = [
        Problem(code="column_missing", source=name, values={"column": column})
        for name, table in (("users", users), ("orders", orders))
        for column in NEEDED[name]
        if column not in table
    ]
    if absent:
        raise InputError(absent)
    people = pd.DataFrame({"user_id": users["user_id"].astype("str"), "group": users["group"].astype("str")})
    if "pre_revenue" in users:
        people["pre_revenue"] = pd.to_numeric(users["pre_revenue"], errors="coerce").astype("float64")
    rows = pd.DataFrame({name: orders[name].astype("str") for name in ("order_id", "user_id", "kind")})
    rows["day"] = pd.to_datetime(orders["order_date"], errors="coerce").astype("datetime64[ns]").dt.normalize()
    rows["amount"] = pd.to_numeric(orders["gross_amount"], errors="coerce").astype("float64")
    return people.reset_index(drop=True), rows.reset_index(drop=True)


def _covariate(people: pd.DataFrame, treated: np.ndarray) -> np.ndarray | None:
    if "pre_revenue" not in people:
        return None
    x = people["pre_revenue"].to_numpy()
    known = np.isfinite(x)
    if min(known[treated].mean(), known[~treated].mean()) < LEAST_KNOWN:
        return None
    x = np.where(known, x, x[known].mean())
    return x - x.mean() if np.ptp(x) > 0 else None


def _revenue(
    people: pd.DataFrame, rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, refund_days: int
) -> _Revenue:
    who = pd.Index(people["user_id"]).get_indexer(rows["user_id"])
    order = (rows["kind"] == "order").to_numpy()
    inside = rows["day"].between(first, last).to_numpy()
    elsewhere = rows["order_id"].isin(rows.loc[order & ~inside, "order_id"]).to_numpy()
    until = rows["day"].between(first, last + pd.Timedelta(days=refund_days)).to_numpy()
    bought, returned = order & inside & (who >= 0), ~order & until & ~elsewhere & (who >= 0)
    amount = rows["amount"].to_numpy()
    gross, refunds = (np.bincount(who[some], amount[some], len(people)) for some in (bought, returned))
    return _Revenue(gross=gross, net=gross + refunds, n_orders=int(bought.sum()), n_refunds=int(returned.sum()))


def _estimate(net: np.ndarray, treated: np.ndarray, before: np.ndarray | None) -> Estimate:
    y = net
    if before is not None:
        within = before - np.where(treated, before[treated].mean(), before[~treated].mean())
        y = net - before * (within @ net) / (within @ within)
    point, error = difference(y[treated], y[~treated])
    n = int(treated.sum())
    places = np.random.default_rng(0).standard_normal(DRAWS)
    return Estimate(point=point * n, draws=np.sort(point + error * places) * n)


def _cautions(window: _Revenue) -> tuple[Caution, ...]:
    gross = np.sort(window.gross[window.gross > 0])[::-1]
    heavy = len(gross) and gross[: max(1, len(gross) // TOP)].sum() > HEAVY * gross.sum()
    returned = (window.gross - window.net).sum()
    sent_back = window.n_refunds > 0 and (
        window.n_refunds >= NOTICED * window.n_orders or returned >= NOTICED * gross.sum()
    )
    return tuple(c for c, is_so in ((Caution.HEAVY_TAIL, heavy), (Caution.REFUNDS, sent_back)) if is_so)


def _cut(window: _Revenue) -> np.ndarray:
    buyers = np.sort(window.net[window.gross > 0])
    return np.minimum(window.net, buyers[-1 - max(1, len(buyers) // TOP)]) if len(buyers) > 1 else window.net
