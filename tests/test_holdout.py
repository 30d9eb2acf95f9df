"""Randomised holdout: what is counted, what the interval promises, what is refused."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.effect import Basis, Caution
from opsretro.analysis.methods.holdout import cuped, difference, holdout_effect
from opsretro.errors import InputError

START, END = "2026-06-01", "2026-06-14"
WINDOW = {"start": START, "end": END}
USERS = pd.DataFrame({"user_id": ["t1", "t2", "t3", "h1", "h2"], "group": ["treat"] * 3 + ["holdout"] * 2})
COLUMNS = ["order_id", "user_id", "order_date", "gross_amount", "kind"]


def table(*rows):
    """Orders: (order_id, user_id, day, amount); a negative amount is a refund."""
    return pd.DataFrame([(*row, "refund" if row[3] < 0 else "order") for row in rows], columns=COLUMNS)


ORDERS = [("o1", "t1", "2026-06-01", 90.0), ("o2", "t2", "2026-06-14", 30.0), ("o3", "h1", "2026-06-07", 20.0)]


def found(*more, users=USERS, **options):
    return holdout_effect(users, table(*ORDERS, *more), **WINDOW, **options)


def shop(seed=1, *, n=3000, share=0.7, sd=0.8, lift=0.0, chance=0.12, memory=0.0):
    """Users and orders of one window; `memory` = how much pre_revenue and orders follow the same taste."""
    rng = np.random.default_rng(seed)
    treated, taste = rng.permutation(n) < n * share, np.exp(rng.normal(0, memory, n))
    buyer = np.flatnonzero(rng.random(n) < chance * taste)
    amount = 100 * taste[buyer] * np.exp(rng.normal(0, sd, len(buyer))) * (1 + lift * treated[buyer])
    users = pd.DataFrame({"user_id": np.arange(n), "group": np.where(treated, "treat", "holdout")})
    orders = pd.DataFrame({"order_id": np.arange(len(buyer)), "user_id": buyer, "gross_amount": amount})
    return users.assign(pre_revenue=100 * taste), orders.assign(order_date=START, kind="order")


def ends(estimate):
    return estimate.lower, estimate.point, estimate.upper


def codes(users, orders, **window):
    with pytest.raises(InputError, match=r"problem") as refused:
        holdout_effect(users, orders, **(WINDOW | window))
    return [(problem.code, problem.source, problem.column, problem.rows) for problem in refused.value.problems]


# what is counted


def test_the_estimate_is_the_difference_of_means_times_the_treated_users():
    # (90 + 30) / 3 - 20 / 2 = 30 a user, times 3; users without orders count as 0
    assert found().window.point == pytest.approx(90.0)


def test_the_baseline_is_the_held_out_mean_times_the_treated_users():
    assert found().baseline == pytest.approx(20 / 2 * 3)


def test_an_effect_says_that_it_is_randomised_and_how_many_users_it_compared():
    effect = found()
    assert (effect.basis, effect.n_before, effect.refused, effect.days.empty) == (Basis.RANDOMISED, 5, None, True)


@pytest.mark.parametrize("day", ["2026-05-31", "2026-06-15"])
def test_an_order_outside_the_window_does_not_count(day):
    assert found(("o4", "t1", day, 500.0)).window.point == pytest.approx(90.0)


def test_an_order_of_somebody_else_does_not_count():
    assert found(("o4", "stranger", START, 500.0)).window.point == pytest.approx(90.0)


@pytest.mark.parametrize(("day", "point"), [("2026-06-02", 60.0), ("2026-07-14", 60.0), ("2026-07-15", 90.0)])
def test_a_refund_counts_until_thirty_days_after_the_end(day, point):
    # 30 of the 90 of t1 sent back; 14 June and 30 days is 14 July
    assert found(("o1", "t1", day, -30.0)).window.point == pytest.approx(point)


def test_a_refund_before_the_window_does_not_count():
    assert found(("x", "t1", "2026-05-31", -30.0)).window.point == pytest.approx(90.0)


def test_the_time_for_refunds_can_be_another():
    assert found(("o1", "t1", "2026-06-20", -30.0), refund_days=5).window.point == pytest.approx(90.0)


def test_a_refund_of_an_order_outside_the_window_does_not_count():
    early = [("o0", "h1", "2026-05-30", 40.0), ("o0", "h1", "2026-06-03", -40.0)]
    assert found(*early).window.point == pytest.approx(90.0)


def test_a_refund_with_a_number_of_its_own_counts():
    # 20 of h1 sent back: (90 + 30) / 3 - 0, times 3
    assert found(("o3-r", "h1", "2026-06-20", -20.0)).window.point == pytest.approx(120.0)


def test_after_holds_the_window_and_the_days_after_it():
    effect = found(("o4", "t3", "2026-06-15", 60.0), ("o5", "h2", "2026-06-20", 30.0))
    # to 20 June: (90 + 30 + 60) / 3 - (20 + 30) / 2 = 35 a user, times 3
    assert (effect.after.point, effect.after_days, effect.window.point) == pytest.approx((105.0, 6, 90.0))


def test_after_stops_at_its_last_day():
    effect = found(("o4", "t3", "2026-06-28", 60.0), ("o5", "t3", "2026-06-29", 600.0))
    assert (effect.after.point, effect.after_days) == pytest.approx((150.0, 14))


def test_a_refund_of_an_order_after_the_window_counts_after_it_only():
    effect = found(("o4", "t3", "2026-06-20", 60.0), ("o4", "t3", "2026-06-25", -60.0))
    assert (effect.window.point, effect.after.point) == pytest.approx((90.0, 90.0))


def test_without_an_order_after_the_window_there_is_no_after():
    effect = found(("o1", "t1", "2026-06-20", -30.0))
    assert (effect.after, effect.after_days) == (None, 0)


def test_orders_of_others_tell_how_far_the_table_reaches():
    effect = found(("o4", "stranger", "2026-06-17", 1.0))
    assert (effect.after.point, effect.after_days) == pytest.approx((90.0, 3))


@pytest.mark.parametrize("read", [str, pd.Timestamp, date.fromisoformat])
def test_dates_may_be_text_or_dates(read):
    orders = table(*ORDERS)
    orders["order_date"] = [read(day) for day in orders["order_date"]]
    assert holdout_effect(USERS, orders, start=read(START), end=read(END)).window.point == pytest.approx(90.0)


def test_the_time_of_day_does_not_push_an_order_out_of_the_window():
    orders = table(*ORDERS).assign(order_date=pd.to_datetime(["2026-06-14 23:59"] * 3))
    assert holdout_effect(USERS, orders, **WINDOW).window.point == pytest.approx(90.0)


def test_ids_may_be_numbers_in_one_table_and_text_in_the_other():
    users, orders = shop()
    plain = holdout_effect(users, orders, **WINDOW)
    assert ends(holdout_effect(users.astype({"user_id": "str"}), orders, **WINDOW).window) == ends(plain.window)


# the interval


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_interval_covers_and_zero_effects_are_seldom_called_real(share):
    inside = []
    for seed in range(80):
        lower, _, upper = ends(holdout_effect(*shop(seed, n=2000, share=share, sd=1.4, chance=0.08), **WINDOW).window)
        inside.append(lower <= 0 <= upper)
    # product: at least 93 %; three standard errors of 80 repetitions are 7 points
    assert np.mean(inside) > 0.86


def test_a_welch_interval_calls_zero_effects_real_where_a_small_group_decides():
    outside = {"welch": 0, "ours": 0}
    for seed in range(80):
        users, orders = shop(seed, n=2000, share=0.9, sd=1.4, chance=0.08)
        spent = orders.set_index("user_id")["gross_amount"].reindex(users["user_id"]).fillna(0.0).to_numpy()
        treated = (users["group"] == "treat").to_numpy()
        point, error = difference(spent[treated], spent[~treated])
        lower, _, upper = ends(holdout_effect(users, orders, **WINDOW).window)
        outside["welch"] += abs(point) > 1.96 * error
        outside["ours"] += not lower <= 0 <= upper
    assert outside["ours"] < outside["welch"]


def test_in_equal_groups_with_many_buyers_the_interval_is_that_of_welch():
    users, orders = shop(n=20000, share=0.5, sd=0.3, chance=0.5)
    spent = orders.set_index("user_id")["gross_amount"].reindex(users["user_id"]).fillna(0.0).to_numpy()
    treated = (users["group"] == "treat").to_numpy()
    point, error = difference(spent[treated], spent[~treated])
    lower, middle, upper = ends(holdout_effect(users.drop(columns="pre_revenue"), orders, **WINDOW).window)
    assert middle == pytest.approx(10000 * point)
    assert (middle - lower, upper - middle) == pytest.approx((19600 * error, 19600 * error), rel=0.04)


def test_a_large_buyer_in_the_small_group_leaves_room_upwards():
    users, orders = shop(share=0.9, sd=0.3)
    held_out = users.loc[users["group"] == "holdout", "user_id"]
    orders.loc[orders["user_id"].isin(held_out).idxmax(), "gross_amount"] = 20_000.0
    lower, point, upper = ends(holdout_effect(users, orders, **WINDOW).window)
    assert upper - point > 2 * (point - lower)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_the_estimate_lies_in_its_interval_even_when_one_buyer_decides(share):
    users, orders = shop(share=share)
    lower, point, upper = ends(holdout_effect(users, orders.iloc[:1], **WINDOW).window)
    assert lower <= point <= upper


def test_draws_ascend_and_agree_with_the_interval():
    window = holdout_effect(*shop(), **WINDOW).window
    assert (np.diff(window.draws) >= 0).all()
    assert window.above(window.lower) == pytest.approx(0.975, abs=1e-3)


def test_the_same_input_gives_the_same_draws():
    one, other = (holdout_effect(*shop(), **WINDOW).window.draws for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_swapping_the_groups_turns_the_difference_round():
    users, orders = shop(share=0.5)
    swapped = users.assign(group=users["group"].map({"treat": "holdout", "holdout": "treat"}))
    lower, point, upper = ends(holdout_effect(users, orders, **WINDOW).window)
    assert ends(holdout_effect(swapped, orders, **WINDOW).window) == pytest.approx((-upper, -point, -lower), rel=0.05)


def test_another_currency_changes_nothing_but_the_unit():
    users, orders = shop()
    plain = ends(holdout_effect(users, orders, **WINDOW).window)
    other = ends(holdout_effect(users, orders.assign(gross_amount=orders["gross_amount"] * 7), **WINDOW).window)
    assert other == pytest.approx(tuple(7 * end for end in plain))


def test_users_of_whom_nobody_bought_have_no_effect():
    users, _ = shop()
    effect = holdout_effect(users, table(("o1", "stranger", START, 5.0)), **WINDOW)
    assert (*ends(effect.window), effect.baseline, effect.cautions) == (0.0, 0.0, 0.0, 0.0, ())


def test_groups_that_sent_everything_back_have_no_effect():
    users, orders = shop()
    refunds = orders.assign(gross_amount=-orders["gross_amount"], kind="refund")
    window = holdout_effect(users, pd.concat([orders, refunds], ignore_index=True), **WINDOW).window
    assert ends(window) == (0.0, 0.0, 0.0)


# pre_revenue


def test_cuped_takes_out_what_a_perfect_memory_explains():
    before = np.array([1.0, 2.0, 3.0, 4.0])
    # values = 10 + 2 x before: nothing is left but their mean, 15
    assert cuped(10 + 2 * before, before) == pytest.approx([15.0] * 4)


def test_cuped_with_a_constant_takes_nothing_out():
    values = np.array([1.0, 5.0, 2.0])
    assert cuped(values, np.full(3, 0.1)).tolist() == values.tolist()


def width(users, orders):
    lower, _, upper = ends(holdout_effect(users, orders, **WINDOW).window)
    return upper - lower


def test_what_users_spent_before_narrows_the_interval():
    users, orders = shop(memory=0.8, chance=0.5, sd=0.1)
    assert width(users, orders) < 0.9 * width(users.drop(columns="pre_revenue"), orders)


def test_a_few_unknown_pre_revenues_are_taken_as_average():
    users, orders = shop(memory=0.8, chance=0.5, sd=0.1)
    known = users["pre_revenue"].where(users.index % 50 > 0)
    holed, filled = users.assign(pre_revenue=known), users.assign(pre_revenue=known.fillna(known.mean()))
    window = holdout_effect(filled, orders, **WINDOW).window
    assert ends(holdout_effect(holed, orders, **WINDOW).window) == pytest.approx(ends(window))


@pytest.mark.parametrize("group", ["treat", "holdout"])
def test_pre_revenue_that_one_group_lacks_is_not_used(group):
    users, orders = shop(memory=0.8)
    lacking = users.assign(pre_revenue=users["pre_revenue"].where((users["group"] != group) | (users.index % 10 > 0)))
    plain = holdout_effect(users.drop(columns="pre_revenue"), orders, **WINDOW).window
    assert ends(holdout_effect(lacking, orders, **WINDOW).window) == ends(plain)


@pytest.mark.parametrize("before", [0.0, 0.1, np.nan])
def test_pre_revenue_that_is_constant_or_empty_changes_nothing(before):
    users, orders = shop()
    plain = holdout_effect(users.drop(columns="pre_revenue"), orders, **WINDOW).window
    assert ends(holdout_effect(users.assign(pre_revenue=before), orders, **WINDOW).window) == ends(plain)


def test_effect_and_baseline_add_up_to_what_the_treated_spent():
    users, orders = shop(memory=0.8)
    effect = holdout_effect(users, orders, **WINDOW)
    treated = users.loc[users["group"] == "treat", "user_id"]
    spent = orders.loc[orders["user_id"].isin(treated), "gross_amount"].sum()
    assert effect.window.point + effect.baseline == pytest.approx(spent)


# cautions


def few_large(share, *, n=300):
    """300 buyers; the largest three hold that share of the gross revenue."""
    users, _ = shop(n=2000, share=0.5)
    small = (1 - share) / (n - 3)
    amounts = 1e6 * np.array([share / 3] * 3 + [small] * (n - 3))
    orders = pd.DataFrame({"order_id": range(n), "user_id": range(n), "gross_amount": amounts})
    return users, orders.assign(order_date=START, kind="order")


@pytest.mark.parametrize(("share", "heavy"), [(0.199, False), (0.201, True)])
def test_a_heavy_tail_is_more_than_a_fifth_with_the_largest_one_per_cent(share, heavy):
    effect = holdout_effect(*few_large(share), **WINDOW)
    assert (Caution.HEAVY_TAIL in effect.cautions, effect.winsorised is not None) == (heavy, heavy)


def test_of_fewer_than_a_hundred_buyers_the_largest_one_counts():
    assert Caution.HEAVY_TAIL in found().cautions  # 90 of 140


def test_the_winsorised_estimate_cuts_the_largest_to_the_next():
    # three buyers: 90 cut to 30, so (30 + 30) / 3 - 20 / 2 = 10 a user, times 3
    assert found().winsorised.point == pytest.approx(30.0)


def test_a_heavy_tail_is_judged_on_gross_revenue():
    assert Caution.HEAVY_TAIL in found(("o1", "t1", END, -90.0)).cautions


def test_refunds_counted_are_told():
    assert Caution.REFUNDS in found(("o1", "t1", "2026-06-20", -30.0)).cautions


@pytest.mark.parametrize("refund", [("o0", "t1", "2026-05-20", -9.0), ("o1", "t1", "2026-07-15", -9.0)])
def test_refunds_that_do_not_count_are_not_told(refund):
    assert Caution.REFUNDS not in found(refund).cautions


def test_a_refund_among_hundreds_of_orders_is_not_told():
    users, orders = shop(sd=0.1)
    refund = orders.iloc[[0]].assign(kind="refund", gross_amount=-50.0)
    assert holdout_effect(users, pd.concat([orders, refund], ignore_index=True), **WINDOW).cautions == ()


def test_one_refund_that_is_large_enough_is_told():
    users, orders = few_large(0.06)
    refund = orders.iloc[[0]].assign(kind="refund", gross_amount=-20_000.0)
    effect = holdout_effect(users, pd.concat([orders, refund], ignore_index=True), **WINDOW)
    assert effect.cautions == (Caution.REFUNDS,)


# what is refused


def test_a_missing_column_is_named():
    message = (
        "users: 1 problem. Column 'group' is missing; add it to the header.\n"
        "orders: 1 problem. Column 'kind' is missing; add it to the header."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        holdout_effect(USERS[["user_id"]], table(*ORDERS).drop(columns="kind"), **WINDOW)


def test_a_window_that_ends_before_it_starts_is_refused():
    message = "end: 1 problem. The end 2026-05-01 lies before the start; swap or correct the dates."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        holdout_effect(USERS, table(*ORDERS), start=START, end="2026-05-01")


def test_a_window_after_all_orders_is_refused():
    message = "orders: 1 problem. There is no value between 2026-07-01 and 2026-07-05; choose a window with data."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        holdout_effect(USERS, table(*ORDERS), start="2026-07-01", end="2026-07-05")


def test_a_day_nobody_can_read_is_refused():
    assert codes(USERS, table(*ORDERS), start="soon") == [("not_a_date", "start", None, ())]


def test_a_user_who_is_there_twice_is_refused():
    users = pd.concat([USERS, USERS.iloc[[0]]], ignore_index=True)
    assert codes(users, table(*ORDERS)) == [("not_unique", "users", "user_id", (0, 5))]


def test_an_unknown_group_and_an_empty_one_are_both_refused():
    wrong = pd.DataFrame({"user_id": ["x", "y"], "group": ["test", None]})
    assert codes(pd.concat([USERS, wrong], ignore_index=True), table(*ORDERS)) == [
        ("empty_cell", "users", "group", (6,)),
        ("not_a_choice_write", "users", "group", (5,)),
    ]


def test_an_order_that_is_there_twice_is_refused():
    assert codes(USERS, table(*ORDERS, ORDERS[0])) == [("not_unique", "orders", "order_id", (0, 3))]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("order_date", "2026-13-01", "not_a_date"),
        ("gross_amount", np.inf, "infinite"),
        ("gross_amount", "12 yuan", "not_a_number_plain"),
        ("gross_amount", None, "empty_cell"),
        ("kind", "return", "not_a_choice_write"),
        ("user_id", None, "empty_cell"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(column, value, code):
    orders = table(*ORDERS).astype({column: "object"})
    orders.loc[1, column] = value
    assert codes(USERS, orders) == [(code, "orders", column, (1,))]


def test_every_problem_is_told_at_once():
    orders = table(*ORDERS, ORDERS[0]).assign(order_date=["x", START, START, START])
    users = pd.concat([USERS, USERS.iloc[[0]]], ignore_index=True)
    found_codes = [code for code, *_ in codes(users, orders, end="x")]
    assert found_codes == ["not_unique", "not_unique", "not_a_date", "not_a_date"]


def test_nothing_that_was_handed_in_is_changed():
    users, orders = USERS.copy(), table(*ORDERS)
    holdout_effect(users, orders, **WINDOW)
    assert users.equals(USERS)
    assert orders.equals(table(*ORDERS))


def test_the_order_of_the_rows_does_not_matter():
    users, orders = shop()
    shuffled = orders.sample(frac=1.0, random_state=1)
    assert ends(holdout_effect(users, shuffled, **WINDOW).window) == pytest.approx(
        ends(holdout_effect(users, orders, **WINDOW).window)
    )
