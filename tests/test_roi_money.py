"""Cost, verdict and plan-to-actual split of an activity, against arithmetic that is written out."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from roi_frames import actual_row, funnel_row, ledger

from opsretro import InputError, roi
from opsretro.analysis.methods.effect import Estimate, total
from opsretro.analysis.methods.funnel import FACTORS
from opsretro.analysis.methods.returns import judge, profit_ends

GAIN = Estimate(point=100.0, draws=np.linspace(0.0, 200.0, 2001))


def by_orders(before, after):
    """The Shapley split written from its definition: the mean over all orders in which factors change."""
    moved = dict.fromkeys(before, 0.0)
    orders = list(permutations(before))
    for order in orders:
        now = dict(before)
        for factor in order:
            was = math.prod(now.values())
            now[factor] = after[factor]
            moved[factor] += (math.prod(now.values()) - was) / len(orders)
    return moved


def test_the_split_of_the_published_plan():
    """Plan 1M x 5 % x 4 % x 120 x 30 % = 72,000, actual 1.2M x 4 % x 5 % x 110 x 28 % = 73,920 (plain arithmetic)."""
    moved = roi.explain_miss(funnel_row(), actual_row())
    assert moved.round().to_dict() == {
        "reach": 13_458.0, "ctr": -16_485.0, "cvr": 16_470.0, "aov": -6_426.0, "margin": -5_095.0, "cost": 0.0,
    }  # fmt: skip


def test_the_split_adds_up_to_the_change_of_the_net_profit():
    moved = roi.explain_miss(funnel_row(cost=30_000.0), actual_row(cost=34_000.0))
    assert moved.sum() == pytest.approx(73_920 - 34_000 - (72_000 - 30_000), abs=1e-6)
    assert moved["cost"] == -4_000


@pytest.mark.parametrize("seed", range(5))
def test_the_split_is_the_mean_over_all_orders_of_change(seed):
    rng = np.random.default_rng(seed)
    before, after = (
        {name: float(value) for name, value in zip("abcd", rng.lognormal(0, 1, 4), strict=True)} for _ in "12"
    )
    assert roi.shapley(before, after) == pytest.approx(by_orders(before, after), rel=1e-9)


def test_a_factor_at_zero_takes_its_share():
    assert roi.shapley({"a": 2.0, "b": 5.0}, {"a": 0.0, "b": 5.0}) == {"a": -10.0, "b": 0.0}


def test_a_split_needs_the_same_factors_and_finite_values():
    with pytest.raises(InputError, match=r"^after: 1 problem\. Column 'b' is missing; add it to the header\.$"):
        roi.shapley({"a": 1.0, "b": 1.0}, {"a": 1.0})
    with pytest.raises(InputError, match=r"^before: 1 problem\. 'a: nan' is not a number; write it in plain digits"):
        roi.shapley({"a": math.nan}, {"a": 1.0})


def test_an_activity_nobody_clicked_on_lost_its_profit_at_the_click():
    nothing = actual_row(clicks=0, orders=0, gmv=0.0, gross_profit=0.0)
    moved = roi.explain_miss(funnel_row(), nothing)
    assert moved["ctr"] + moved["reach"] == pytest.approx(-72_000)
    assert moved[["cvr", "aov", "margin"]].to_list() == [0.0, 0.0, 0.0]


def test_the_factors_come_in_the_order_of_the_funnel():
    assert tuple(roi.explain_miss(funnel_row(), funnel_row()).index) == FACTORS


def test_a_frame_of_one_row_is_a_row():
    frames = pd.DataFrame([funnel_row()]), pd.DataFrame([actual_row()])
    assert roi.explain_miss(*frames).equals(roi.explain_miss(funnel_row(), actual_row()))


@pytest.mark.parametrize("side", ["plan", "actual"])
def test_a_plan_without_a_funnel_is_named_in_full(side):
    rows = {"plan": funnel_row(), "actual": actual_row()} | {side: {"cost": 5.0}}
    with pytest.raises(InputError, match=rf"^funnel\.csv {side}: 5 problems\. ") as refused:
        roi.explain_miss(rows["plan"], rows["actual"])
    assert [problem.column for problem in refused.value.problems] == [
        "reach",
        "clicks",
        "orders",
        "gmv",
        "gross_profit",
    ]
    assert {problem.code for problem in refused.value.problems} == {"empty_cell"}


def test_orders_without_clicks_are_no_funnel():
    with pytest.raises(
        InputError, match=r"^funnel\.csv actual: 1 problem\. Column 'orders': orders is not 0 although clicks is"
    ):
        roi.explain_miss(funnel_row(), actual_row(clicks=0))


def test_a_negative_count_is_refused():
    with pytest.raises(
        InputError, match=r"^funnel\.csv plan: 1 problem\. Column 'clicks': '-5' is less than nothing; write 0"
    ):
        roi.explain_miss(funnel_row(clicks=-5), actual_row())


def test_the_cost_is_every_entry_whenever_it_is_booked():
    late = ledger(("a", 300.0, "2026-05-10", "2026-05-11"), ("a", 200.0, "2026-05-10", "2026-07-01"), ("b", 50.0))
    assert roi.accrued_cost(late).to_dict() == {"a": 500.0, "b": 50.0}


def test_a_credit_note_lowers_the_cost():
    assert roi.accrued_cost(ledger(("a", 300.0), ("a", -100.0)))["a"] == 200.0


def test_an_empty_amount_is_no_zero():
    with pytest.raises(
        InputError, match=r"^cost_ledger\.csv: 1 problem\. Column 'amount', row 1: the cell is empty; fill it\.$"
    ):
        roi.accrued_cost(ledger(("a", 300.0), ("a", None)))


def test_currencies_are_never_added_up():
    mixed = ledger(("a", 300.0), ("a", 40.0)).assign(currency=["CNY", "USD"])
    with pytest.raises(
        InputError,
        match=r"^cost_ledger\.csv: 1 problem\. Column 'currency', row 1: amounts in 'USD' among amounts in CNY",
    ):
        roi.accrued_cost(mixed)


def test_a_ledger_without_amounts_names_the_column():
    with pytest.raises(
        InputError, match=r"^cost_ledger\.csv: 1 problem\. Column 'amount' is missing; add it to the header\.$"
    ):
        roi.accrued_cost(ledger(("a", 1.0)).drop(columns="amount"))


@pytest.mark.parametrize(
    ("cost", "verdict"),
    [
        (1.0, "profit"),
        (4.9, "unclear"),
        (40.0, "unclear"),
        (79.0, "loss"),
        (100.0, "loss"),
    ],
)
def test_the_verdict_is_where_the_whole_interval_lies(cost, verdict):
    assert judge(GAIN, [0.4], cost)[0] == verdict


@pytest.mark.parametrize("seed", range(40))
def test_verdict_interval_and_probability_never_disagree(seed):
    rng = np.random.default_rng(seed)
    gain = Estimate(point=0.0, draws=np.sort(rng.normal(rng.normal(0, 60), 40, 500)))
    margin, cost = float(rng.uniform(0.05, 0.9)), float(rng.uniform(0, 60))
    verdict, chance = judge(gain, [margin], cost)
    low, high = profit_ends(gain, margin, cost)
    assert (verdict == "profit") == (low > 0) == (chance > 0.975)
    assert (verdict == "loss") == (high < 0) == (chance < 0.025)


def test_without_cost_or_margin_nothing_is_said_about_profit():
    for margin, cost in ((math.nan, 5.0), (0.4, math.nan)):
        verdict, chance = judge(GAIN, [margin], cost)
        assert verdict == "unclear"
        assert math.isnan(chance)


def test_activities_of_different_margins_paid_only_if_the_lower_margin_pays():
    gain = Estimate(point=100.0, draws=np.linspace(90.0, 110.0, 101))
    assert judge(gain, [0.2, 0.8], 30.0)[0] == "unclear"
    assert judge(gain, [0.4, 0.8], 30.0)[0] == "profit"
    assert judge(gain, [0.1, 0.2], 30.0)[0] == "loss"


def test_what_has_no_margin_never_pays():
    assert judge(GAIN, [0.0], 10.0) == ("loss", 0.0)
    assert judge(GAIN, [-0.2], 10.0)[0] == "loss"


def test_a_free_activity_pays_if_it_brought_anything():
    gain = Estimate(point=10.0, draws=np.linspace(5.0, 15.0, 101))
    assert judge(gain, [0.3], 0.0) == ("profit", 1.0)


def test_the_chance_is_read_from_the_same_draws_as_the_interval():
    assert GAIN.above(GAIN.lower) == pytest.approx(0.975)
    assert GAIN.above(GAIN.upper) == pytest.approx(0.025)


def test_an_estimate_without_spread_is_certain():
    sure = Estimate(point=3.0, draws=np.full(10, 3.0))
    assert (sure.above(2.0), sure.above(3.0), sure.lower, sure.upper) == (1.0, 0.0, 3.0, 3.0)


def test_independent_estimates_add_up_in_quadrature():
    """The variance of a sum of independent estimates is the sum of their variances."""
    rng = np.random.default_rng(3)
    parts = [(Estimate(point=m, draws=np.sort(rng.normal(m, s, 4000))), f) for m, s, f in ((10, 3, 1.0), (20, 4, 2.0))]
    whole = total(parts)
    assert whole.point == pytest.approx(50.0)
    assert whole.draws.std() == pytest.approx(np.hypot(3, 8), rel=0.05)


def test_the_sum_of_no_estimates_is_nothing():
    assert (total([]).point, total([]).lower, total([]).upper) == (0.0, 0.0, 0.0)
