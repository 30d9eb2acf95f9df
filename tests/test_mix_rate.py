"""Rate, mix and cross of a ratio: published answers, an independent group-by, exact sums, missing values, refusals."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from opsretro import InputError, rootcause

COLUMNS = ["num_forecast", "den_forecast", "num_actual", "den_actual"]


def leaves(**tiers):
    """One row a tier: rate and denominator before, rate and denominator after."""
    rows = {tier: (p * n, n, q * m, m) for tier, (p, n, q, m) in tiers.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis("tier").reset_index()


SIMPSON = leaves(t1=(0.1, 8000, 0.105, 3000), t3=(0.02, 2000, 0.022, 7000))
REVERSAL = leaves(t1=(0.05, 4000, 0.03, 1000), t3=(0.2, 1000, 0.18, 4000))


def drawn(seed, n=200):
    """Rows of three dimensions with missing values; some rows are on one side only."""
    rng = np.random.default_rng(seed)
    cells = {name: rng.choice(["a", "b", "c", None], n) for name in ("tier", "app", "city")}
    dens = {side: rng.integers(0, 500, n) * (rng.random(n) < 0.8) for side in ("forecast", "actual")}
    nums = {f"num_{side}": rng.binomial(den, 0.3) for side, den in dens.items()}
    return pd.DataFrame(cells | nums | {f"den_{side}": den for side, den in dens.items()})


@pytest.mark.parametrize(
    ("table", "before", "after", "points"),
    [
        # evidence: 8.40 -> 4.69 %: rate +0.44, mix -4.00, cross -0.15 points (of 4.69 and 0.44 the digits not shown
        # there: (315 + 154) / 10000, 0.8 x 0.5 + 0.2 x 0.2, -0.5 x 0.5 + 0.5 x 0.2)
        (SIMPSON, 0.084, 0.0469, (0.44, -4.00, -0.15)),
        # evidence: 8 -> 15 %: rate -2.0, mix +9.0, cross 0
        (REVERSAL, 0.08, 0.15, (-2.0, 9.0, 0.0)),
    ],
)
def test_the_published_reversals_are_split_as_they_were_published(table, before, after, points):
    found = rootcause.mix_rate(table, ["tier"])
    assert (found.before, found.after) == pytest.approx((before, after), abs=1e-12)
    assert found.totals.loc["tier"].tolist() == pytest.approx([x / 100 for x in points], abs=1e-12)
    assert found.method == "base_weights"


def test_every_rate_rose_and_the_ratio_fell():
    found = rootcause.mix_rate(SIMPSON, ["tier"])
    assert (found.table["rate"] > 0).all()
    assert found.change < 0


def by_hand(table, dim):
    """Rate, mix and cross by value, by a plain group-by; for values that are there on both sides."""
    sums = table.groupby(dim, dropna=False)[COLUMNS].sum()
    weight = {side: sums[f"den_{side}"] / sums[f"den_{side}"].sum() for side in ("forecast", "actual")}
    rate = {side: sums[f"num_{side}"] / sums[f"den_{side}"] for side in weight}
    shift, moved = weight["actual"] - weight["forecast"], rate["actual"] - rate["forecast"]
    parts = {"rate": weight["forecast"] * moved, "mix": shift * rate["forecast"], "cross": shift * moved}
    return pd.DataFrame(parts | {"weight_before": weight["forecast"], "rate_after": rate["actual"]})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("dim", ["tier", "app", "city"])
def test_it_equals_an_independent_group_by(seed, dim):
    table = drawn(seed)
    found = rootcause.mix_rate(table, ["tier", "app", "city"]).table.query("dimension == @dim")
    expected = by_hand(table, dim)
    key = found["value"].map(lambda value: "" if value is None else value).tolist()
    order = expected.set_axis(expected.index.fillna("")).loc[key]
    columns = list(expected.columns)
    assert found[columns].to_numpy() == pytest.approx(order[columns].to_numpy(), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_each_dimension_adds_up_to_the_last_digit(seed):
    found = rootcause.mix_rate(drawn(seed), ["tier", "app", "city"])
    for _, rows in found.table.groupby("dimension"):
        terms = rows[["rate", "mix", "cross"]].to_numpy().ravel()
        # the largest term takes what rounding left over, so nothing finer than two of its own digits can be left
        assert abs(math.fsum(terms) - found.change) <= 2 * math.ulp(np.abs(terms).max())


def test_relative_mix_adds_up_to_mix():
    found = rootcause.mix_rate(drawn(4), ["tier", "app"]).table.groupby("dimension")[["mix", "relative_mix"]].sum()
    assert found["relative_mix"].tolist() == pytest.approx(found["mix"].tolist(), abs=1e-12)


def test_a_heavier_slice_above_the_ratio_lifts_it_and_one_below_lowers_it():
    # t1 (10 %) lies 1.6 points above 8.4 % and loses 0.5 of the weight, t3 (2 %) 6.4 below and wins it
    found = rootcause.mix_rate(SIMPSON, ["tier"]).table
    assert found["relative_mix"].tolist() == pytest.approx([-0.5 * 0.016, 0.5 * -0.064], abs=1e-12)


def test_weights_of_each_side_add_up_to_one():
    found = rootcause.mix_rate(drawn(5), ["tier", "app"]).table.groupby("dimension")
    assert found[["weight_before", "weight_after"]].sum().to_numpy() == pytest.approx(np.ones((2, 2)))


def test_a_value_that_is_new_counts_as_mix():
    table = leaves(old=(0.1, 1000, 0.1, 1000), new=(0.0, 0, 0.3, 1000))
    found = rootcause.mix_rate(table, ["tier"]).table.set_index("value")
    assert math.isnan(found.loc["new", "rate_before"])
    # by hand: half of the weight at 30 % in place of 10 %
    assert found.loc["new", ["rate", "mix", "cross"]].tolist() == pytest.approx([0.0, 0.15, 0.0])
    assert found.loc["old", ["rate", "mix", "cross"]].tolist() == pytest.approx([0.0, -0.05, 0.0])


def test_a_value_that_has_vanished_counts_as_mix():
    table = leaves(old=(0.1, 1000, 0.1, 1000), gone=(0.3, 1000, 0.0, 0))
    found = rootcause.mix_rate(table, ["tier"]).table.set_index("value")
    assert math.isnan(found.loc["gone", "rate_after"])
    assert found.loc["gone", ["rate", "mix", "cross"]].tolist() == pytest.approx([0.0, -0.15, 0.0])


def test_missing_values_are_a_value_of_their_own():
    found = rootcause.mix_rate(SIMPSON.assign(tier=["t1", None]), ["tier"]).table
    assert found["value"].tolist() == ["t1", None]
    assert found["mix"].tolist() == rootcause.mix_rate(SIMPSON, ["tier"]).table["mix"].tolist()


def test_a_missing_number_is_a_leaf_that_was_not_there():
    zero = leaves(old=(0.1, 1000, 0.1, 1000), new=(0.0, 0, 0.3, 1000))
    gap = zero.mask(zero == 0)
    pd.testing.assert_frame_equal(rootcause.mix_rate(gap, ["tier"]).table, rootcause.mix_rate(zero, ["tier"]).table)


def test_the_same_leaf_twice_is_added_up():
    halves = pd.concat([SIMPSON, SIMPSON], ignore_index=True)
    halves[COLUMNS] /= 2
    twice, once = (rootcause.mix_rate(table, ["tier"]).totals for table in (halves, SIMPSON))
    assert twice.to_numpy() == pytest.approx(once.to_numpy(), abs=1e-15)


def test_rows_handed_over_are_left_as_they_are():
    table = drawn(6)
    before = table.copy(deep=True)
    rootcause.mix_rate(table, ["tier"])
    pd.testing.assert_frame_equal(table, before)


def refused(table, dims):
    with pytest.raises(InputError, match="problem") as caught:
        rootcause.mix_rate(table, dims)
    return str(caught.value)


def test_all_that_is_wrong_is_named_at_once():
    table = SIMPSON.drop(columns="den_actual").astype({"num_actual": object})
    table.loc[1, "num_actual"] = "many"
    assert refused(table, ["tier", "town"]) == (
        "leaves: 3 problems. Column 'town' is missing; add it to the header. Column 'num_actual', row 1: 'many' is not "
        "a number; write it in plain digits, such as 12000. Column 'den_actual' is missing; add it to the header."
    )


@pytest.mark.parametrize("side", ["den_forecast", "den_actual"])
def test_a_denominator_of_zero_has_no_ratio_to_split(side):
    told = f"leaves: 1 problem. Column '{side}': the denominator adds up to zero; there is no ratio to split."
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        rootcause.mix_rate(SIMPSON.assign(**{side: 0}), ["tier"])


def test_no_dimension_is_refused():
    assert refused(SIMPSON, []) == "dims: 1 problem. '' is not known; write one of: tier."


def test_a_dimension_named_twice_is_refused():
    assert refused(SIMPSON, ["tier", "tier"]) == "dims: 1 problem. Column 'tier': the header has it twice; keep one."


def test_a_numerator_without_anything_below_it_closes_too():
    # by hand: 20/200 -> 20/100 = +0.1, all of it from d, whose denominator is no longer sent
    table = pd.DataFrame([("a", 10, 100, 10, 100), ("d", 10, 0, 10, 100)], columns=["city", *MEASURES_OF_A_RATIO])
    found = rootcause.mix_rate(table, ["city"])
    assert found.change == pytest.approx(0.1)
    assert found.totals.loc["city"].sum() == pytest.approx(0.1, rel=1e-12)


MEASURES_OF_A_RATIO = ["num_actual", "den_actual", "num_forecast", "den_forecast"]
