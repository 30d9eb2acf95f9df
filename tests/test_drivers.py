"""The split of a product over its factors: published answers, exact sums, zero values, clear refusals."""

import math
import re

import numpy as np
import pytest

from opsretro import rootcause
from opsretro.errors import InputError

# MatthewHeun/LMDIR, its own tests: two sub-categories a step, factors a, b, c, values 80 -> 180 -> 239
STEPS = (
    {"a": [1, 4], "b": [10, 5], "c": [2, 3]},
    {"a": [4, 5], "b": [5, 6], "c": [3, 4]},
    {"a": [8, 5], "b": [2, 7], "c": [4, 5]},
)
BEFORE = {"visits": 100_000, "conversion": 0.02, "basket": 150}
AFTER = {"visits": 120_000, "conversion": 0.018, "basket": 160}


@pytest.mark.parametrize(
    ("step", "effects"),
    [(0, [69.79006598, -9.455125793, 39.66505981]), (1, [42.96021467, -34.31902656, 50.3588119])],
)
def test_lmdi_equals_the_published_steps_of_lmdir(step, effects):
    found = rootcause.drivers(STEPS[step], STEPS[step + 1], method="lmdi")
    assert list(found.effects.values()) == pytest.approx(effects, rel=1e-9)


def test_multiplicative_lmdi_equals_the_published_step_of_lmdir():
    found = rootcause.drivers(STEPS[0], STEPS[1], method="lmdi")
    assert list(found.ratios.values()) == pytest.approx([1.761117821, 0.926191306, 1.379410116], rel=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "effects"),
    [((0, 10, 2), (4, 5, 3), (60, 0, 0)), ((4, 5, 3), (5, 6, 0), (0, 0, -60))],
)
def test_the_zero_rule_gives_what_lmdir_gives(before, after, effects):
    found = rootcause.drivers(
        dict(zip("abc", before, strict=True)), dict(zip("abc", after, strict=True)), method="lmdi"
    )
    assert tuple(found.effects.values()) == effects


def test_two_factors_that_appear_together_share_the_whole_evenly():
    # both from the same small number: each logarithm is half of the product's (Wood and Lenzen 2006)
    small = 1e-12
    limit = rootcause.drivers({"a": small, "b": small, "c": 2}, {"a": 3, "b": 5, "c": 2}, method="lmdi")
    found = rootcause.drivers({"a": 0, "b": 0, "c": 2}, {"a": 3, "b": 5, "c": 2}, method="lmdi")
    assert found.effects == {"a": 15.0, "b": 15.0, "c": 0.0}
    assert limit.effects["a"] == pytest.approx(15.0, rel=0.03)


def test_nothing_moves_where_both_sides_are_zero():
    assert rootcause.drivers({"a": 0, "b": 10}, {"a": 4, "b": 0}, method="lmdi").effects == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize(
    ("method", "effects"),
    [("lmdi", [58755.40, -33953.74, 20798.34]), ("shapley", [58866.67, -34133.33, 20866.67])],
)
def test_a_month_of_sales_splits_as_worked_out_by_hand(method, effects):
    # by hand: 300,000 -> 345,600; Shapley over six orders, LMDI with L(345600, 300000)
    found = rootcause.drivers(BEFORE, AFTER, method=method)
    assert list(found.effects.values()) == pytest.approx(effects, abs=0.005)
    assert found.method == method


@pytest.mark.parametrize("method", ["shapley", "lmdi"])
def test_the_effects_add_up_to_the_last_digit(method):
    rng = np.random.default_rng(1)
    for _ in range(200):
        n = int(rng.integers(2, 6))
        names = [f"f{i}" for i in range(n)]
        before, after = (dict(zip(names, np.exp(rng.normal(0, 3, n)), strict=True)) for _ in range(2))
        found = rootcause.drivers(before, after, method=method)
        last_digit = math.ulp(max(abs(value) for value in (found.change, *found.effects.values())))
        assert abs(sum(found.effects.values()) - found.change) <= 2 * last_digit


def test_the_ratios_multiply_up_to_the_whole_ratio():
    found = rootcause.drivers(BEFORE, AFTER, method="lmdi")
    assert math.prod(found.ratios.values()) == pytest.approx(345_600 / 300_000, rel=1e-12)


def test_shapley_takes_values_below_zero():
    # by hand: -2 x 3 = -6 -> 4 x 3 = 12
    assert rootcause.drivers({"a": -2.0, "b": 3.0}, {"a": 4.0, "b": 3.0}).effects == {"a": 18.0, "b": 0.0}


def test_every_problem_is_named_at_once():
    told = (
        "before: 1 problem. Column 'c' is missing; add it to the header.\n"
        "method: 1 problem. 'shaply' is not known; write one of: shapley / lmdi.\n"
        "before: 2 problems. Column 'a': 'many' is not a number; write it in plain digits, such as 12000. The factors "
        "have different numbers of values; give one value a part for every factor."
    )
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        rootcause.drivers({"a": "many", "b": 1.0}, {"a": 1.0, "b": [1.0, 2.0], "c": 2.0}, method="shaply")


def test_lmdi_refuses_a_value_below_zero():
    with pytest.raises(
        InputError, match=r"^after: 1 problem\. Column 'b': '-1\.0' is less than nothing; write 0 or more\.$"
    ):
        rootcause.drivers({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": -1.0}, method="lmdi")


def test_no_factor_at_all_is_refused():
    with pytest.raises(
        InputError, match=r"^before: 1 problem\. There is no factor; give at least one, such as visits\.$"
    ):
        rootcause.drivers({}, {})


def test_more_factors_than_can_be_ordered_are_refused_and_logarithms_take_them():
    many = {f"f{i}": 2.0 for i in range(13)}
    told = r"^before: 1 problem\. There are more than 12 factors; put some together, or write method='lmdi'\.$"
    with pytest.raises(InputError, match=told):
        rootcause.drivers(many, many)
    assert rootcause.drivers(many, many, method="lmdi").change == 0.0
