"""Randomised holdout: coverage, false findings and width on generated users and orders, beside plain t intervals.

``python bench/holdout.py [SEED] [REPETITIONS]``. Every figure is measured in this run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.analysis.methods.effect import Caution, Effect
from opsretro.analysis.methods.holdout import difference, holdout_effect

SEED, REPETITIONS = 20260601, 200
START, DAYS = pd.Timestamp("2026-06-01"), 14
END = START + pd.Timedelta(days=DAYS - 1)
BAR_COVER, BAR_FALSE, BAR_WIDTH, BAR_SECONDS = 93.0, 7.0, 60.0, 0.1
NORMAL = 1.959964
Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a case is drawn from; a pair is a range.

    Attributes:
        users: How many.
        treated: Share of them, one of these.
        buyers: Share of users who order in the window.
        sd: Of the log of a basket.
        lift: Share of orders, or of their amounts, that the change adds.
        refunds: Share of the orders sent back; twice as many of those only the change caused.
        memory: How far pre_revenue and orders follow the same taste of a user (log, sd); 0 = not at all.
        width_judged: Whether so few buyers can give an interval of the width asked for.
    """

    users: Range = (3000, 6000)
    treated: tuple[float, ...] = (0.5, 0.6, 0.7)
    buyers: Range = (0.12, 0.2)
    sd: Range = (0.4, 0.9)
    lift: Range = (0.04, 0.15)
    refunds: Range = (0.0, 0.0)
    memory: float = 0.0
    width_judged: bool = True


HEAVY: Range = (1.4, 1.5)
FEW: Range = (0.05, 0.1)
NOTHING: Range = (0.0, 0.0)
SITUATIONS = {
    "plain": Situation(),
    "zero effect": Situation(lift=NOTHING),
    "refunds": Situation(refunds=(0.05, 0.3)),
    "pre_revenue strong": Situation(memory=0.8, buyers=(0.5, 0.8), sd=(0.2, 0.4)),
    "heavy tail": Situation(sd=HEAVY, width_judged=False),
    "heavy tail, zero effect": Situation(sd=HEAVY, lift=NOTHING, width_judged=False),
    "small arms": Situation(users=(2000, 3000), treated=(0.8, 0.9), buyers=FEW, width_judged=False),
    "small arms, heavy, zero": Situation(
        users=(2000, 3000), treated=(0.1, 0.9), buyers=FEW, sd=HEAVY, lift=NOTHING, width_judged=False
    ),
}


class Case(NamedTuple):
    """Users and orders, and what the change truly added, net of refunds."""

    users: pd.DataFrame
    orders: pd.DataFrame
    added: float


class Figures(NamedTuple):
    """Answers of a method over the cases of a situation."""

    cover: float
    false: float
    width: float
    bias: float
    seconds: float


Answer = tuple[float, float, float]
Method = Callable[[Case, Effect], Answer]


def case(given: Situation, rng: np.random.Generator) -> Case:
    """One randomised change; orders and refunds from before and after it, and of strangers, are there as well."""
    n, treated_share = int(rng.integers(*given.users)), rng.choice(given.treated)
    treated = rng.permutation(n) < round(n * treated_share)
    taste = np.exp(rng.normal(0, given.memory, n) - given.memory**2 / 2)
    chance, lift = rng.uniform(*given.buyers) * np.sqrt(taste), rng.uniform(*given.lift)
    more_orders = rng.random() < 0.5
    spans = [(0, DAYS, chance), (-30, 30, chance / 4), (DAYS, 30, chance / 4)]
    spans += [(0, DAYS, chance * lift * treated * more_orders)]
    waves = [wave(rng, *span) for span in spans]
    orders = pd.concat(waves, keys=range(len(waves)), names=["wave", "row"]).reset_index()
    basket = 100 * np.sqrt(taste[orders["user"]]) * np.exp(rng.normal(0, rng.uniform(*given.sd), len(orders)))
    raised = lift * (not more_orders) * treated[orders["user"]] * (orders["wave"] == 0)
    returned = rng.random(len(orders)) < rng.uniform(*given.refunds) * (1 + (orders["wave"] == 3))
    caused = np.where(orders["wave"] == 3, basket, basket * raised) * ~returned
    orders = orders.assign(order_id=np.arange(len(orders)), gross_amount=basket * (1 + raised), kind="order")
    refunds = orders[returned].assign(kind="refund", gross_amount=lambda sent: -sent["gross_amount"])
    refunds["day"] += rng.integers(1, 30, len(refunds))
    rows = pd.concat([orders, refunds], ignore_index=True)
    rows["order_date"] = START + pd.to_timedelta(rows["day"], unit="D")
    rows["user_id"] = rows["user"]
    users = pd.DataFrame({"user_id": np.arange(n), "group": np.where(treated, "treat", "holdout")})
    users["pre_revenue"] = 100 * taste * rng.gamma(8.0, 1 / 8, n)
    strangers = rows.sample(50, random_state=1).assign(user_id=-1, order_id=lambda frame: -1 - np.arange(len(frame)))
    return Case(users, pd.concat([rows, strangers], ignore_index=True), float(caused.sum()))


def wave(rng: np.random.Generator, first: int, days: int, chance: np.ndarray) -> pd.DataFrame:
    """Orders of some days: user and day, counted from the first of the window."""
    user = np.repeat(np.arange(len(chance)), rng.poisson(chance))
    return pd.DataFrame({"user": user, "day": first + rng.integers(0, days, len(user))})


def ours(_: Case, found: Effect) -> Answer:
    """The estimate of the package."""
    window = found.window
    assert window is not None
    return window.lower, window.point, window.upper


def welch(values: pd.Series, each: Case) -> Answer:
    """Difference of means with a normal interval, times the treated users."""
    treated = (each.users["group"] == "treat").to_numpy()
    spent = values.reindex(each.users["user_id"]).fillna(0.0).to_numpy()
    point, error = difference(spent[treated], spent[~treated])
    n = treated.sum()
    return (point - NORMAL * error) * n, point * n, (point + NORMAL * error) * n


def spent(each: Case, *, net: bool) -> pd.Series:
    """Revenue of the window by user, refunds of its orders taken off or not."""
    orders = each.orders
    inside = orders[(orders["kind"] == "order") & orders["order_date"].between(START, END)]
    counted = orders[orders["order_id"].isin(inside["order_id"])] if net else inside
    return counted.groupby("user_id")["gross_amount"].sum()


def on_net(each: Case, _: Effect) -> Answer:
    """Welch on net revenue."""
    return welch(spent(each, net=True), each)


def on_gross(each: Case, _: Effect) -> Answer:
    """Welch on gross revenue."""
    return welch(spent(each, net=False), each)


def on_winsorised(each: Case, _: Effect) -> Answer:
    """Welch on net revenue, the largest 1 % of buyers cut."""
    values = spent(each, net=True)
    return welch(values.clip(upper=values.quantile(0.99)), each)


METHODS: dict[str, Method] = {
    "opsretro": ours,
    "Welch, net": on_net,
    "Welch, gross": on_gross,
    "Welch, 1 % winsorised": on_winsorised,
}


def measure(given: Situation, rng: np.random.Generator, n: int) -> tuple[dict[str, Figures], dict[Caution, float]]:
    """Figures by method, and how often each caution was given when due and when not."""
    rows: dict[str, list[list[float]]] = {name: [] for name in METHODS}
    warned: dict[Caution, float] = dict.fromkeys((Caution.HEAVY_TAIL, Caution.REFUNDS), 0.0)
    for _ in range(n):
        each = case(given, rng)
        begin = time.perf_counter()
        found = holdout_effect(each.users, each.orders, start=START, end=END)
        seconds = time.perf_counter() - begin
        treated = each.users.loc[each.users["group"] == "treat", "user_id"]
        baseline = float(spent(each, net=True).reindex(treated).sum()) - each.added
        for name, method in METHODS.items():
            low, point, high = method(each, found)
            inside, zero_outside = low <= each.added <= high, not low <= 0 <= high
            rows[name].append([inside, zero_outside, (high - low) / baseline, (point - each.added) / baseline, seconds])
        for caution in warned:
            warned[caution] += (caution in found.cautions) / n
    return {name: Figures(*np.mean(found, axis=0)) for name, found in rows.items()}, warned


def line(name: str, given: Situation, found: Figures, *, judged: bool) -> str:
    """One method in one situation; * = a bar is missed."""
    cover, false, width, bias = (100 * value for value in found[:4])
    zero = given.lift == NOTHING
    low = judged and cover < BAR_COVER
    often = judged and zero and false > BAR_FALSE
    wide = judged and given.width_judged and width > BAR_WIDTH
    parts = [f"{cover:7.1f}{'*' if low else ' '}", f"{false:7.1f}{'*' if often else ' '}" if zero else f"{'–':>7} "]
    return f"{name:<26}{''.join(parts)}{width:8.0f}{'*' if wide else ' '}{bias:8.1f}"


def main(seed: int = SEED, n: int = REPETITIONS) -> None:
    """Print the table and the bars."""
    begin, seconds, missed = time.perf_counter(), [], 0
    rng = np.random.default_rng(seed)
    print(f"seed {seed}, {n} repetitions a situation; %, width and bias of the baseline; * = bar missed")
    print(f"{'':<26}{'cover':>7} {'FP':>7} {'width':>8} {'bias':>8}   warned")
    for situation, given in SITUATIONS.items():
        found, warned = measure(given, rng, n)
        told = ", ".join(f"{caution.value} {100 * share:.0f}" for caution, share in warned.items())
        for name, figures in found.items():
            ours_here = name == "opsretro"
            text = line(situation if ours_here else f"    {name}", given, figures, judged=ours_here)
            missed += text.count("*") if ours_here else 0
            print(f"{text}   {told if ours_here else ''}".rstrip(), flush=True)
        seconds.append(found["opsretro"].seconds)
    mean = float(np.mean(seconds))
    print(f"bars: cover >= {BAR_COVER:g}, FP <= {BAR_FALSE:g}, width <= {BAR_WIDTH:g} where buyers are many enough")
    print(f"missed: {missed}; {mean:.4f} s an effect (below {BAR_SECONDS}): {'ok' if mean < BAR_SECONDS else 'MISSED'}")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
