"""Two generated worlds of activities whose true effect is known, for ``bench/effects.py``.

World 1 is as a log regression assumes it; world 2 breaks these assumptions, a few in each case. Revenue without any
activity is made first; what an activity causes is then added to it, so the truth is exact.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from opsretro.tables.calendar import calendar_days

CALENDAR = calendar_days(date(2022, 1, 1), date(2026, 12, 31))
DAYS = pd.DatetimeIndex(CALENDAR["date"])
HOLIDAY = (CALENDAR["day_type"] == "holiday").to_numpy()
MAKEUP = (CALENDAR["day_type"] == "makeup_workday").to_numpy()
AFTER = 14
"""Days after the window that the later figure holds."""
TARGET = "target"
BREAKS = ("additive", "noise grows", "memory", "second order", "shift", "heavy tails", "loadings", "week", "orders")
HOLIDAYS = ("zero in a holiday", "lift in a holiday", "long history")
OVERLAPS = ("partial overlap", "identical windows")
SITUATIONS = (
    "lift",
    "zero",
    *HOLIDAYS,
    "pre-trend",
    *OVERLAPS,
    "late invoices",
    "no control",
    "contaminated",
    "pull-forward",
    "ten days",
    "zero baseline",
    "negative baseline",
    "earlier activities",
)
ALWAYS_LIFT, NEVER_LIFT = {"lift", "lift in a holiday", "pull-forward", *OVERLAPS}, {"zero", "zero in a holiday"}
DUE = {"pre-trend": "pre_trend", "partial overlap": "overlap", "identical windows": "not_separable"}
DUE |= {"no control": "no_control", "contaminated": "control_contaminated"}
DUE |= {"pull-forward": "pull_forward", "ten days": "short_pre"}
ALWAYS_SAID = ("holiday_overlap", "cost_incomplete", "no_control", "short_pre")
"""Warnings that need no estimate: due on a refused activity as well."""
Matrix = np.ndarray


class Plan(NamedTuple):
    """Where the days of one case begin and end in `DAYS`, and its activities by their place in them."""

    days: slice
    spans: dict[str, tuple[int, int]]
    controls: int


class Without(NamedTuple):
    """Revenue by day and segment had there been no activity (the target first), and which assumptions it breaks."""

    revenue: Matrix
    breaks: frozenset[str] = frozenset()


class Case(NamedTuple):
    """What is handed over, and what is true of it.

    `truth` and `baseline` are by activity and for "joint": caused in the window and with the days after; without.
    """

    daily: pd.DataFrame
    activities: pd.DataFrame
    ledger: pd.DataFrame | None
    truth: dict[str, tuple[float, float]]
    baseline: dict[str, float]
    cost: dict[str, float]
    lift: float
    expected: frozenset[str]
    neutral: frozenset[str]
    breaks: frozenset[str]
    wide: pd.DataFrame
    spans: dict[str, tuple[int, int]]


def noise(rng: np.random.Generator, n: int, memory: tuple[float, ...] = (), *, tails: bool = False) -> Matrix:
    """An autoregressive series with standard deviation 1, of normal shocks or of t shocks with 3 degrees of freedom."""
    shocks = rng.standard_t(3, n + 200) / np.sqrt(3) if tails else rng.normal(size=n + 200)
    echo = remembered(np.eye(1, 500)[0], memory)
    return remembered(shocks, memory)[200:] / np.sqrt((echo**2).sum())


def remembered(shocks: Matrix, memory: tuple[float, ...]) -> Matrix:
    """Each shock plus the values before it, weighed by `memory`."""
    values = list(shocks)
    for day in range(len(values)):
        values[day] += sum(weight * values[day - lag] for lag, weight in enumerate(memory[:day], 1))
    return np.array(values)


def week(rng: np.random.Generator, segments: int) -> Matrix:
    """Weekday by segment (log scale): one pattern that every segment follows in a measure of its own."""
    shared = np.append(rng.normal(0, 0.04, 5), rng.uniform(-0.35, 0.35) + rng.normal(0, 0.04, 2))
    return shared[:, None] * rng.uniform(0.7, 1.3, segments) + rng.normal(0, 0.02, (7, segments))


def holidays(rng: np.random.Generator, where: slice, segments: int, *, by_loading: bool) -> Matrix:
    """Day by segment (log scale): a holiday is much the same a year later, and differs by segment."""
    found = np.zeros((where.stop - where.start, segments))
    size = dict(enumerate(rng.uniform(-0.3, 0.4, 13)))
    spread = rng.uniform(0.03, 0.12)
    trait, own = rng.normal(0, spread * 0.7, segments), rng.normal(0, spread * 0.7, (13, segments))
    loading = rng.uniform(0.6, 1.4, segments) if by_loading else np.ones(segments)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], HOLIDAY[where].astype(int), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        month = DAYS[min(where.start + (start + end) // 2 + 5, len(DAYS) - 1)].month
        found[start:end] = size[month] * loading + trait + own[month] + rng.normal(0, 0.02, segments)
    return found


def as_assumed(rng: np.random.Generator, where: slice, segments: int) -> Without:
    """World 1: log revenue = level + growth + weekday + holiday + common shock + own noise."""
    n = where.stop - where.start
    weekday = np.where(MAKEUP[where], 2, DAYS[where].day_of_week)
    growth = rng.uniform(-0.001, 0.002) * np.arange(n)
    shared = growth + rng.uniform(0.02, 0.06) * noise(rng, n, (rng.uniform(0.2, 0.8),))
    own = [rng.uniform(0.015, 0.05) * noise(rng, n, (rng.uniform(0, 0.6),)) for _ in range(segments)]
    level = np.log(rng.uniform(5_000, 200_000, segments))
    special = holidays(rng, where, segments, by_loading=False)
    return Without(np.exp(level + shared[:, None] + week(rng, segments)[weekday] + special + np.array(own).T))


def changing_week(rng: np.random.Generator, weekday: Matrix, segments: int, *, changes: bool) -> Matrix:
    """A weekday pattern, or one that turns into another over a year, at the same pace in every case."""
    first = week(rng, segments)
    if not changes:
        return first[weekday]
    share = np.clip(np.arange(len(weekday)) / 365 + rng.uniform(0, 0.3), 0, 1)[:, None]
    return (1 - share) * first[weekday] + share * week(rng, segments)[weekday]


def shocks(rng: np.random.Generator, n: int, segments: int, breaks: frozenset[str]) -> tuple[Matrix, Matrix]:
    """Common shocks as every segment feels them, and its own."""
    tails = "heavy tails" in breaks
    memories = [(0.0,), (0.4,), (0.8,)] if "memory" in breaks else [(0.3,)]
    memories = [(0.5, 0.25), (0.9, -0.4)] if "second order" in breaks else memories
    shared = rng.uniform(0.02, 0.06) * noise(rng, n, (rng.choice([0.0, 0.4, 0.8]),), tails=tails)
    loading = rng.uniform(0.5, 1.5, segments) if "loadings" in breaks else np.ones(segments)
    felt = shared[:, None] * loading
    if "loadings" in breaks and segments > 2:
        felt[:, -1] = rng.uniform(0.02, 0.06) * noise(rng, n, (0.4,))
    chosen = rng.integers(len(memories), size=segments)
    own = [rng.uniform(0.015, 0.05) * noise(rng, n, memories[each], tails=tails) for each in chosen]
    return felt, np.array(own).T


def broken(rng: np.random.Generator, where: slice, segments: int) -> Without:
    """World 2: each of the `BREAKS` in three cases out of ten."""
    n, breaks = where.stop - where.start, frozenset(name for name in BREAKS if rng.random() < 0.3)
    weekday = np.where(MAKEUP[where], 2, DAYS[where].day_of_week)
    mean = changing_week(rng, weekday, segments, changes="week" in breaks)
    mean = mean + holidays(rng, where, segments, by_loading=True)
    growth = rng.uniform(-0.001, 0.002) * np.arange(n)[:, None]
    felt, own = shocks(rng, n, segments, breaks)
    if "noise grows" in breaks:
        size = np.exp(mean + growth)
        own = own * size / size.mean(axis=0)
    if "orders" in breaks:
        own = own / 2
    revenue = 1 + mean + growth + felt + own if "additive" in breaks else np.exp(mean + growth + felt + own)
    revenue = np.maximum(revenue, 0.01) * rng.uniform(5_000, 200_000, segments)
    if "orders" in breaks:
        basket = revenue.mean(axis=0) / rng.uniform(600, 4000, segments)
        revenue = spent(rng, revenue / basket) * basket
    return Without(revenue, breaks)


def spent(rng: np.random.Generator, orders: Matrix) -> Matrix:
    """Revenue of a Poisson number of orders in units of the mean basket, whose coefficient of variation is 0.6."""
    shape = 1 / 0.6**2
    return rng.gamma(shape * rng.poisson(orders)) / shape


def all_zero(rng: np.random.Generator, world: Without, *, sparse: bool) -> None:
    """A target that sells nothing without the activity, or (sparse) an order every few days."""
    n = len(world.revenue)
    world.revenue[:, 0] = spent(rng, np.full(n, rng.uniform(0.2, 1.0))) * rng.uniform(50, 500) if sparse else 0.0


def net(rng: np.random.Generator, world: Without, *, only_target: bool) -> None:
    """Revenue net of refunds, around zero or below it: the same ups and downs on a level far lower."""
    columns = [0] if only_target else range(world.revenue.shape[1])
    for column in columns:
        size = world.revenue[:, column].mean()
        world.revenue[:, column] += (rng.uniform(-1.2, 0.1) - 1) * size


def plan(rng: np.random.Generator, situation: str) -> Plan:
    """Lengths and dates: a public holiday in the window only where the situation is about one."""
    before = int(rng.integers(45, 76))
    before = int(rng.integers(8, 14)) if situation == "ten days" else before
    before = {"long history": 400, "earlier activities": int(rng.integers(120, 200))}.get(situation, before)
    last = before + int(rng.integers(7, 22)) - 1
    spans = {"A": (before, last)}
    if situation == "partial overlap":
        first = int(rng.integers(before + 3, last - 1))
        spans["B"] = (first, max(last + 1, first + int(rng.integers(7, 22)) - 1))
    if situation == "identical windows":
        spans["B"] = spans["A"]
    if situation == "earlier activities":
        starts = before - 25 - 28 * np.arange(rng.integers(2, 4))
        spans |= {f"E{i}": (int(start), int(start + rng.integers(6, 14))) for i, start in enumerate(starts)}
    end = max(span[1] for span in spans.values())
    held = np.convolve(HOLIDAY, np.ones(end - before + 1), "valid")
    fits = held >= 2 if situation in HOLIDAYS else held == 0
    start = int(rng.choice(np.flatnonzero(fits[450:-60]) + 450))
    days = slice(start - before, start + end - before + 1 + AFTER + int(rng.integers(0, 8)))
    fewest = 2 if situation == "contaminated" else 1
    return Plan(days, spans, 0 if situation == "no control" else int(rng.integers(fewest, 6)))


def without(rng: np.random.Generator, world: int, situation: str, where: Plan) -> Without:
    """Revenue without any activity, in the situation asked for."""
    made = (as_assumed if world == 1 else broken)(rng, where.days, where.controls + 1)
    start, end = where.spans["A"]
    if situation == "zero baseline":
        all_zero(rng, made, sparse=world == 2)
    if situation == "negative baseline":
        net(rng, made, only_target=world == 2)
    if situation == "pre-trend":
        begins, slopes = (0, (0.003, 0.008)) if world == 1 else (max(start - 45, 0), (0.005, 0.01))
        slope = rng.choice([-1, 1]) * rng.uniform(*slopes)
        made.revenue[:, 0] *= np.exp(slope * np.clip(np.arange(len(made.revenue)) - begins, 0, None))
    if "shift" in made.breaks and start > 40:
        day, segment = rng.integers(15, start - 20), rng.integers(made.revenue.shape[1])
        made.revenue[day:, segment] *= 1 + rng.choice([-1, 1]) * rng.uniform(0.08, 0.2)
    if situation == "contaminated":
        touched = 1 + rng.permutation(where.controls)[: 2 if where.controls > 3 and rng.random() < 0.3 else 1]
        made.revenue[start : end + 1, touched] *= 1 + rng.choice([-1, 1]) * rng.uniform(0.05, 0.15)
    return made


def caused(rng: np.random.Generator, base: Matrix, span: tuple[int, int], lift: float, *, fades: bool) -> Matrix:
    """What one activity adds to each day; in world 2 it may fade over the window."""
    added, days = np.zeros(len(base)), np.arange(span[0], span[1] + 1)
    shape = np.linspace(1.5, 0.5, len(days)) if fades and rng.random() < 0.5 else np.ones(len(days))
    added[days] = lift * base[days] * shape
    return added


def pulled_forward(rng: np.random.Generator, added: Matrix, end: int) -> Matrix:
    """Most of what was gained is missing again in the two weeks after."""
    share = np.linspace(1, 0, AFTER + 2)[1:-1]
    taken = added.copy()
    taken[end + 1 : end + 1 + AFTER] -= rng.uniform(0.6, 1.1) * added.sum() * share / share.sum()
    return taken


def effects_of(rng: np.random.Generator, world: int, situation: str, made: Without, where: Plan) -> dict[str, Matrix]:
    """By activity, what it adds to the target each day."""
    lifted = situation in ALWAYS_LIFT or (situation not in NEVER_LIFT and rng.random() < 0.5)
    base = made.revenue[:, 0].copy()
    if situation == "zero baseline":
        base = spent(rng, np.full(len(base), rng.uniform(2, 10))) * rng.uniform(50, 500) / 0.1
    if situation == "negative baseline":
        base = np.full(len(base), made.revenue[:, 0].std() * rng.uniform(5, 20))
    found = {}
    for name, span in where.spans.items():
        lift = rng.uniform(0.04, 0.15) if lifted else 0.0
        lift = rng.uniform(0.05, 0.2) if name.startswith("E") else lift
        found[name] = caused(rng, base, span, lift, fades=world == 2)
        if situation == "pull-forward":
            found[name] = pulled_forward(rng, found[name], span[1])
    return found


def table(rng: np.random.Generator, where: Plan, base: Matrix) -> pd.DataFrame:
    """The activities; their cost is near what a lift of a tenth earns."""
    days, rows = DAYS[where.days], []
    for name, (first, last) in where.spans.items():
        margin = rng.uniform(0.2, 0.6)
        size = max(0.1 * np.abs(base[first : last + 1]).sum(), 1000.0)
        cost = round(margin * size * rng.uniform(0.2, 1.4), 2)
        rows.append((name, days[first], days[last], TARGET, margin, cost, f"activity {name}", "sale", "Li", cost, 0.5))
    names = "activity_id start_date end_date target_segment margin_rate actual_cost name type owner budget expected_roi"
    return pd.DataFrame(rows, columns=names.split())


def invoices(rng: np.random.Generator, activities: pd.DataFrame, *, late: bool) -> pd.DataFrame:
    """The ledger of the first activity; when late, its actual cost holds only what was booked by its end."""
    first, n = activities.iloc[0], int(rng.integers(4, 9))
    length = (first["end_date"] - first["start_date"]).days + 1
    service = first["start_date"] + pd.to_timedelta(rng.integers(0, length, n), unit="D")
    booked = service + pd.to_timedelta(rng.integers(0, 4, n) if not late else rng.integers(0, 45, n), unit="D")
    booked = booked.where(np.arange(n) > 0, first["end_date"] + pd.Timedelta(days=20)) if late else booked
    amount = (rng.dirichlet(np.full(n, 4.0)) * first["actual_cost"]).round(2) + 0.01
    amount[0] += 0.05 * first["actual_cost"]
    ledger = pd.DataFrame({"item": [f"item {i}" for i in range(n)], "service_date": service, "booked_date": booked})
    activities.loc[0, "actual_cost"] = amount[booked <= first["end_date"]].sum() if late else round(amount.sum(), 2)
    return ledger.assign(activity_id=first["activity_id"], amount=amount)


def warnings_of(situation: str, made: Without, where: Plan, *, late: bool) -> tuple[frozenset[str], frozenset[str]]:
    """Warnings there ought to be, and those that may come or not."""
    first, last = where.spans["A"][0], max(span[1] for span in where.spans.values())
    expected = {DUE[situation]} if situation in DUE else set()
    expected |= {"cost_incomplete"} if late else set()
    expected |= {"holiday_overlap"} if HOLIDAY[where.days][first : last + 1].any() else set()
    neutral = {"overlap", "not_separable"} if situation in OVERLAPS else set()
    neutral |= {"pre_trend"} if situation in {"zero baseline", "negative baseline", "no control"} else set()
    neutral |= {"pre_trend"} if "shift" in made.breaks else set()
    neutral |= {"control_contaminated"} if "loadings" in made.breaks else set()
    return frozenset(expected), frozenset(neutral - expected)


def case(rng: np.random.Generator, world: int, situation: str) -> Case:
    """One case of a situation, with all that is true of it."""
    where = plan(rng, situation)
    made = without(rng, world, situation, where)
    effects = effects_of(rng, world, situation, made, where)
    revenue = made.revenue.copy()
    revenue[:, 0] += sum(effects.values())
    spans = dict(where.spans)
    if situation in OVERLAPS:
        spans["joint"] = (spans["A"][0], max(spans["A"][1], spans["B"][1]))
        effects["joint"] = effects["A"] + effects["B"]
    truth = {
        name: tuple(float(effects[name][first : last + 1 + more].sum()) for more in (0, AFTER))
        for name, (first, last) in spans.items()
    }
    activities = table(rng, where, made.revenue[:, 0])
    late = situation == "late invoices" and rng.random() < 0.5
    ledger = invoices(rng, activities, late=late) if situation == "late invoices" else None
    cost = dict(zip(activities["activity_id"], activities["actual_cost"], strict=True))
    cost |= {} if ledger is None else {"A": float(ledger["amount"].sum())}
    segments = [TARGET, *(f"control {i}" for i in range(1, where.controls + 1))]
    wide = pd.DataFrame(revenue, index=pd.DatetimeIndex(DAYS[where.days], name="date"), columns=segments)
    daily = wide.rename_axis(columns="segment").stack().rename("revenue").reset_index()
    expected, neutral = warnings_of(situation, made, where, late=late)
    base = {name: float(made.revenue[first : last + 1, 0].sum()) for name, (first, last) in spans.items()}
    return Case(
        daily, activities, ledger, truth, base, cost, truth["A"][0], expected, neutral, made.breaks, wide, spans
    )
