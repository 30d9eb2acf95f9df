"""The generated causes of `bench/causes.py` are what they say they are: recomputed here from the drawn data."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
worlds = importlib.import_module("cause_worlds")
NULL = [name for name in worlds.SITUATIONS if name.startswith("nothing")]


def drawn(name, world=1, seed=7):
    return worlds.case(np.random.default_rng(seed), world, worlds.SITUATIONS[name])


@pytest.mark.parametrize("name", worlds.SITUATIONS)
def test_every_situation_has_as_many_causes_as_it_says(name):
    fewest, most = worlds.SITUATIONS[name].causes
    each = 2 if worlds.SITUATIONS[name].effects == ("both",) else 1
    assert fewest * each <= len(drawn(name).causes) <= most * each


def test_same_seed_draws_the_same_case():
    assert drawn("sparse counts").leaves.equals(drawn("sparse counts").leaves)


def test_observed_change_of_a_cause_is_its_stated_change_within_five_of_its_noise():
    case = drawn("one cause")
    (cause,), leaves = case.causes, case.leaves
    gap = (leaves["actual"] - leaves["forecast"])[cause.rows]
    # In world 1 the forecast is the true mean, so what is left of the gap is noise alone.
    noise = np.sqrt(len(gap)) * (gap - cause.change / len(gap)).std()
    assert abs(gap.sum() - cause.change) < 5 * noise


def test_vanished_value_has_no_actual_and_new_value_no_forecast():
    for seed in range(5):
        case = drawn("new and vanished values", seed=seed)
        for cause in case.causes:
            assert (case.leaves.loc[cause.rows, "forecast" if cause.new else "actual"] == 0).all()


def test_ups_and_downs_cancel_in_the_total():
    case = drawn("ups and downs cancel")
    up, down = (cause.change for cause in case.causes)
    assert abs(up + down) < 0.1 * abs(up)


def test_nested_cause_lies_inside_its_parent():
    parent, child = drawn("nested causes").causes
    assert not (child.rows & ~parent.rows).any()
    assert child.rows.sum() < parent.rows.sum()


def test_simpson_case_has_every_rate_up_and_the_ratio_down():
    case = drawn("ratio, Simpson")
    leaves, (cause,) = case.leaves, case.causes
    parts = [leaves[cause.rows].sum(numeric_only=True), leaves[~cause.rows].sum(numeric_only=True)]
    ratio = [each["num_actual"] / each["den_actual"] - each["num_forecast"] / each["den_forecast"] for each in parts]
    whole = leaves.sum(numeric_only=True)
    assert min(ratio) > 0 > whole["num_actual"] / whole["den_actual"] - whole["num_forecast"] / whole["den_forecast"]


def test_sparse_counts_leave_about_half_of_the_grid_out():
    case = drawn("sparse counts")
    grid = np.prod([case.leaves[name].nunique() for name in case.dims])
    assert 0.2 < len(case.leaves) / grid < 0.6


@pytest.mark.parametrize("name", NULL)
def test_nothing_means_no_cause(name):
    assert drawn(name).causes == []
