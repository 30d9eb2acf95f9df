"""What a change caused, by the users who were held out of it at random: the strongest evidence there is."""

from __future__ import annotations

from collections.abc import Iterator
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
LEAST_USERS = 2
LEAST_KNOWN = 0.95
"""Share of each group whose pre_revenue must be known for it to be used."""
TOP = 100
"""One buyer in so many counts among the largest."""
HEAVY = 0.20
"""Share of gross revenue above which the largest buyers decide the figure."""
NOTICED = 0.01
"""Share of the orders, or of gross revenue, sent back from which it is worth a word."""
USUAL_EFFECT = 0.3
"""How far (log scale, standard deviation) a change may be expected to move a mean, before any data."""
VARIANCE_POWER = 1.5
"""Variance by mean: more buyers raise it by the power 1, larger baskets by 2."""
EXACT = 256
"""So many largest users are dealt to the groups one by one; all others together are as good as normal."""
DEALS = 5_000


@dataclass(frozen=True, kw_only=True, eq=False)
class _Revenue:
    """What the users spent in one window.

    Attributes:
        gross: Their orders, one value a user.
        net: Less the refunds counted, one value a user.
        n_orders: Orders of all of them.
        n_refunds: Refund rows counted.
    """

    gross: np.ndarray
    net: np.ndarray
    n_orders: int
    n_refunds: int


def holdout_effect(
    users: pd.DataFrame, orders: pd.DataFrame, *, start: Any, end: Any, after_days: int = 14, refund_days: int = 30
) -> Effect:
    """Difference of the groups' mean net revenue a user, times the treated users.

    Net revenue is the orders of the window and the refund rows from its start to `refund_days` after its end; a user
    without orders counts as 0, orders of anybody else do not count, nor does a refund row with the order_id of an order
    outside the window. What users spent before takes its part out of the difference (CUPED) where it is known of at
    least 95 % of both groups; the few others are taken as average. Nothing is winsorised.

    The interval is that of a permutation test: how far apart chance alone would put the means if the same users were
    dealt to the two groups anew. Unlike a t interval it holds when a few large buyers in a small group decide it.

    Args:
        users: user_id, group (treat/holdout), optionally pre_revenue; the users of this change only.
        orders: order_id, user_id, order_date, gross_amount, kind (order/refund; refunds are negative).
        start: First day.
        end: Last day.
        after_days: Days after the window for `after`; fewer when the newest order is older.
        refund_days: Days after the end in which refunds count.

    Returns:
        Totals over the treated users. `baseline` is their revenue less the effect (without pre_revenue the held-out
        mean times the treated users), `n_before` the users compared, `days` empty; `winsorised`, the largest 1 % of
        buyers cut to the next one, is there under heavy_tail. heavy_tail: the largest 1 % of buyers, at least one,
        hold more than 20 % of the gross revenue. refunds: at least 1 % of the orders or of the gross revenue came back.

    Raises:
        InputError: A column is absent, an id or kind or amount is empty or unknown, a user is there twice or in both
            groups, a group has fewer than two users, an order or its refund is there twice, a refund is positive or an
            order negative, a date cannot be read, an amount is infinite, the window ends before it starts, or nobody
            ordered anything since it started; names all of it.

    Source:
        E. J. G. Pitman, Significance tests which may be applied to samples from any populations, JRSS Suppl. 4 (1937);
        M. D. Ernst, Permutation methods: a basis for exact inference, Statistical Science 19 (2004), for intervals;
        A. Deng et al., Improving the sensitivity of online controlled experiments (CUPED), WSDM 2013.

    Example:
        >>> users = pd.DataFrame({"user_id": range(6), "group": ["treat"] * 3 + ["holdout"] * 3})
        >>> orders = pd.DataFrame({"order_id": ["a", "b", "c"], "user_id": [0, 1, 4], "order_date": "2026-06-02",
        ...                        "gross_amount": [60.0, 90.0, 30.0], "kind": "order"})
        >>> found = holdout_effect(users, orders, start="2026-06-01", end="2026-06-07")
        >>> found.window.point, found.baseline, found.after
        (120.0, 30.0, None)
    """
    people, rows, first, last = _checked(users, orders, start, end)
    treated = (people["group"] == "treat").to_numpy()
    before = _before(people, treated)
    window = _revenue(len(people), rows, first, last, refund_days)
    newest = rows.loc[rows["kind"] == "order", "day"].max()
    ahead = int(np.clip((newest - last).days, 0, after_days))
    later = _revenue(len(people), rows, first, last + pd.Timedelta(days=ahead), refund_days)
    found = _estimate(window.net, treated, before)
    cautions = tuple(_cautions(window))
    return Effect(
        window=found,
        after=_estimate(later.net, treated, before) if ahead else None,
        after_days=ahead,
        baseline=float(window.net[treated].sum()) - found.point,
        basis=Basis.RANDOMISED,
        cautions=cautions,
        n_before=len(people),
        winsorised=_estimate(_cut(window), treated, before) if Caution.HEAVY_TAIL in cautions else None,
    )


def difference(treated: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    """Difference of two means and its standard error, each group with a variance of its own.

    Args:
        treated: Values of the treated users, at least two.
        control: Values of the others, at least two.

    Example:
        >>> difference(np.array([1.0, 3.0]), np.array([0.0, 2.0]))
        (1.0, 1.4142135623730951)
    """
    error = np.sqrt(np.var(treated, ddof=1) / len(treated) + np.var(control, ddof=1) / len(control))
    return float(np.mean(treated) - np.mean(control)), float(error)


def cuped(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Values with the part taken out that the same users' values before explain; their overall mean stays.

    Args:
        values: One a user, of both groups.
        before: One a user, from before the change; a constant takes nothing out.

    Source:
        A. Deng et al., Improving the sensitivity of online controlled experiments (CUPED), WSDM 2013, equation 4.

    Example:
        >>> cuped(np.array([1.0, 3.0, 2.0, 4.0]), np.array([0.0, 2.0, 0.0, 2.0]))
        array([2., 2., 3., 3.])
    """
    if np.ptp(before) <= 1e-12 * np.abs(before).max():
        return values
    centred = before - before.mean()
    return values - centred * (centred @ values) / (centred @ centred)


def _within(values: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Values less the mean of their group."""
    return values - np.where(treated, values[treated].mean(), values[~treated].mean())


def _checked(
    users: pd.DataFrame, orders: pd.DataFrame, start: Any, end: Any
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    problems = [*people_problems(users), *order_problems(orders)]
    if any(problem.code == "column_missing" for problem in problems):
        raise InputError(problems)
    people, rows = _people(users), _rows(orders)
    first, last = (pd.to_datetime(str(day)[:10], errors="coerce", format="ISO8601") for day in (start, end))
    for name, given, day in (("start", start, first), ("end", end, last)):
        if pd.isna(day):
            problems.append(Problem(code="not_a_date", source=name, values={"value": str(given)}))
    if last < first:
        problems.append(Problem(code="end_before_start", source="end", values={"value": f"{last:%Y-%m-%d}"}))
    elif not problems and not (rows.loc[rows["kind"] == "order", "day"] >= first).any():
        values = {"start": f"{first:%Y-%m-%d}", "end": f"{last:%Y-%m-%d}"}
        problems.append(Problem(code="window_empty", source="orders", values=values))
    if problems:
        raise InputError(problems)
    who, order = pd.Index(people["user_id"]).get_indexer(rows["user_id"]), pd.factorize(rows["order_id"])[0]
    return people, rows.assign(who=who, order=order), first, last


def _people(users: pd.DataFrame) -> pd.DataFrame:
    people = users[["user_id", "group"]].astype("str")
    if "pre_revenue" in users:
        people["pre_revenue"] = pd.to_numeric(users["pre_revenue"], errors="coerce").astype("float64")
    return people


def _rows(orders: pd.DataFrame) -> pd.DataFrame:
    rows = orders[["order_id", "user_id", "kind"]].astype("str")
    dates = orders["order_date"]
    if not pd.api.types.is_datetime64_dtype(dates):
        dates = pd.to_datetime(dates.astype("str").str[:10], errors="coerce", format="ISO8601")
    rows["day"] = dates.dt.normalize()
    rows["amount"] = pd.to_numeric(orders["gross_amount"], errors="coerce").astype("float64")
    return rows


def _missing(table: pd.DataFrame, source: str) -> list[Problem]:
    absent = [column for column in NEEDED[source] if column not in table]
    return [Problem(code="column_missing", source=source, values={"column": column}) for column in absent]


def people_problems(users: pd.DataFrame) -> Iterator[Problem]:
    """What is wrong with the users of one change.

    Args:
        users: As `holdout_effect`.
    """
    if missing := _missing(users, "users"):
        yield from missing
        return
    people = _people(users)
    for column in ("user_id", "group"):
        yield from (
            Problem(code="empty_cell", **where)
            for where in _wrong("users", column, users[column], users[column].isna())
        )
    filled, fix = users["group"].notna(), ", ".join(GROUPS)
    yield from (
        Problem(code="not_a_choice_write", **where)
        for where in _wrong("users", "group", people["group"], filled & ~people["group"].isin(GROUPS), fix)
    )
    again = people["user_id"].duplicated(keep=False) & users["user_id"].notna()
    both = again & ~people.duplicated(["user_id", "group"], keep=False)
    yield from (
        Problem(code="in_both_groups", **where) for where in _wrong("users", "user_id", people["user_id"], both)
    )
    yield from (
        Problem(code="not_unique", **where) for where in _wrong("users", "user_id", people["user_id"], again & ~both)
    )
    for group in GROUPS:
        n = int((people["group"] == group).sum())
        if n < LEAST_USERS:
            values = {"value": group, "n": str(n)}
            yield Problem(code="group_too_small", source="users", column="group", values=values)
    if "pre_revenue" in people:
        given, numbers = users["pre_revenue"], people["pre_revenue"]
        yield from (
            Problem(code="not_a_number", **where)
            for where in _wrong("users", "pre_revenue", given, given.notna() & numbers.isna())
        )
        yield from (
            Problem(code="infinite", **where) for where in _wrong("users", "pre_revenue", given, np.isinf(numbers))
        )


def order_problems(orders: pd.DataFrame) -> Iterator[Problem]:
    """What is wrong with orders and refunds.

    Args:
        orders: As `holdout_effect`. One order may be refunded in parts, but no row may be there twice.
    """
    if missing := _missing(orders, "orders"):
        yield from missing
        return
    rows = _rows(orders)
    for column in NEEDED["orders"]:
        yield from (
            Problem(code="empty_cell", **where)
            for where in _wrong("orders", column, orders[column], orders[column].isna())
        )
    kind, amount, given = rows["kind"], rows["amount"], orders["gross_amount"]
    filled, fix = orders["kind"].notna(), ", ".join(KINDS)
    yield from (
        Problem(code="not_a_choice_write", **where)
        for where in _wrong("orders", "kind", kind, filled & ~kind.isin(KINDS), fix)
    )
    parts = rows[["order_id", "kind", "day", "amount"]]
    again = rows.duplicated(["order_id", "kind"], keep=False).where(kind == "order", parts.duplicated(keep=False))
    again &= orders["order_id"].notna() & filled
    yield from (Problem(code="not_unique", **where) for where in _wrong("orders", "order_id", rows["order_id"], again))
    unread = rows["day"].isna() & orders["order_date"].notna()
    yield from (
        Problem(code="not_a_date", **where) for where in _wrong("orders", "order_date", orders["order_date"], unread)
    )
    yield from (
        Problem(code="not_a_number_plain", **where)
        for where in _wrong("orders", "gross_amount", given, given.notna() & amount.isna())
    )
    yield from (
        Problem(code="infinite", **where) for where in _wrong("orders", "gross_amount", given, np.isinf(amount))
    )
    yield from (
        Problem(code="refund_positive", **where)
        for where in _wrong("orders", "gross_amount", given, (kind == "refund") & (amount > 0))
    )
    yield from (
        Problem(code="order_negative", **where)
        for where in _wrong("orders", "gross_amount", given, (kind == "order") & (amount < 0))
    )


def _wrong(source: str, column: str, cells: pd.Series, wrong: pd.Series, fix: str = "") -> Iterator[dict[str, Any]]:
    """Where a problem is, for all the rows together, with the first of their values."""
    if wrong.any():
        found = cells.index[wrong.to_numpy(dtype=bool)]
        rows = tuple(int(row) for row in found) if pd.api.types.is_integer_dtype(found) else ()
        values = {"value": str(cells[wrong].iloc[0])} | ({"fix": fix} if fix else {})
        yield {"source": source, "column": column, "rows": rows, "values": values}


def _before(people: pd.DataFrame, treated: np.ndarray) -> np.ndarray | None:
    """What each user spent before, the few unknown ones taken as average; None = too few are known."""
    if "pre_revenue" not in people:
        return None
    spent = people["pre_revenue"].to_numpy()
    known = np.isfinite(spent)
    if min(known[treated].mean(), known[~treated].mean()) < LEAST_KNOWN:
        return None
    return np.where(known, spent, spent[known].mean())


def _revenue(n: int, rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, refund_days: int) -> _Revenue:
    """Of n users."""
    order, days, amount = (rows["kind"] == "order").to_numpy(), rows["day"].to_numpy(), rows["amount"].to_numpy()
    who, ids = rows["who"].to_numpy(), rows["order"].to_numpy()
    inside = order & (days >= first) & (days <= last)
    elsewhere = np.isin(ids, ids[order & ~inside], kind="table")
    in_time = (days >= first) & (days <= last + pd.Timedelta(days=refund_days))
    bought, returned = inside & (who >= 0), ~order & in_time & ~elsewhere & (who >= 0)
    gross, refunds = (np.bincount(who[some], amount[some], n) for some in (bought, returned))
    return _Revenue(gross=gross, net=gross + refunds, n_orders=int(bought.sum()), n_refunds=int(returned.sum()))


def _estimate(net: np.ndarray, treated: np.ndarray, before: np.ndarray | None) -> Estimate:
    """The total over the treated users; its draws are the estimate less what chance may have added."""
    values = net if before is None else cuped(net, before)
    n, point = int(treated.sum()), difference(values[treated], values[~treated])[0]
    residuals, error = _chance(values, treated)
    dealt = _dealt(residuals, float((~treated).mean()))
    draws, tail = point + error * np.sort(dealt), round(0.03 * DEALS)
    draws[:tail] = np.minimum(draws[:tail], point)
    draws[-tail:] = np.maximum(draws[-tail:], point)
    return Estimate(point=point * n, draws=draws * n)


def _chance(values: np.ndarray, treated: np.ndarray) -> tuple[np.ndarray, float]:
    """Residuals of all users, and the standard error of the difference of the means.

    Both groups come from the same people, so their variances are pooled: a small group that happens to hold no large
    buyer must not look certain. Where the change seems to have moved the variance, it is shared out to the groups that
    way, if that makes the error larger.
    """
    n, n_treated, n_control = len(values), int(treated.sum()), int((~treated).sum())
    residuals = _within(values, treated)
    variance = float(residuals @ residuals) / (n - 2)
    ratio = _variance_ratio(values, residuals, treated) if variance > 0 else 1.0
    errors = [variance * n / (n_treated * one + n_control) * (one / n_treated + 1 / n_control) for one in (1.0, ratio)]
    return residuals, float(np.sqrt(max(errors)))


def _variance_ratio(values: np.ndarray, residuals: np.ndarray, treated: np.ndarray) -> float:
    """Variance of the treated by that of the others: from the means, and from itself as far as it is known well."""
    squares, each = residuals**2, 1 / treated.sum() + 1 / (~treated).sum()
    means, spreads = ((some[treated].mean(), some[~treated].mean()) for some in (values, squares))
    by_mean = 0.0
    if min(means) > 0:
        noise = squares.mean() / values.mean() ** 2 * each
        by_mean = VARIANCE_POWER * _trust(noise) * np.log(means[0] / means[1])
    if min(spreads) <= 0:
        return float(np.exp(by_mean))
    weight = _trust(squares.var() / squares.mean() ** 2 * each)
    return float(np.exp(weight * np.log(spreads[0] / spreads[1]) + (1 - weight) * by_mean))


def _trust(noise: float) -> float:
    """Weight of what was seen, by its variance (log scale)."""
    return USUAL_EFFECT**2 / (USUAL_EFFECT**2 + noise)


def _dealt(residuals: np.ndarray, share: float) -> np.ndarray:
    """Mean of one group if the users were dealt anew, standardised: the largest dealt one by one, the rest as normal.

    The other group has what is left, so that this is the distribution of their difference too.
    """
    last = min(EXACT, len(residuals))
    largest = np.sort(residuals[np.argpartition(np.abs(residuals), -last)[-last:]])
    whole = float(residuals @ residuals)
    if whole == 0.0:
        return np.zeros(DEALS)
    rng = np.random.default_rng(0)
    taken = rng.random((DEALS, len(largest)), dtype=np.float32) < share
    held_out = np.einsum("ij,j->i", taken, largest)
    rest = np.sqrt(max(whole - float(largest @ largest), 0.0) * share * (1 - share))
    dealt = held_out - share * largest.sum() + rest * rng.standard_normal(DEALS)
    return dealt / np.sqrt(whole * share * (1 - share))


def _cautions(window: _Revenue) -> Iterator[Caution]:
    buyers = np.sort(window.gross[window.gross > 0])
    gross, returned = buyers.sum(), (window.gross - window.net).sum()
    if buyers[-max(1, len(buyers) // TOP) :].sum() > HEAVY * gross:
        yield Caution.HEAVY_TAIL
    if window.n_refunds and (window.n_refunds >= NOTICED * window.n_orders or returned >= NOTICED * gross):
        yield Caution.REFUNDS


def _cut(window: _Revenue) -> np.ndarray:
    """Net revenue with the largest 1 % of buyers, at least one, cut to the next."""
    buyers = np.sort(window.net[window.gross > 0])
    return np.minimum(window.net, buyers[max(len(buyers) - max(1, len(buyers) // TOP) - 1, 0)])
