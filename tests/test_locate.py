"""Root-cause localisation: planted causes come back, null data stay silent, odd input is refused or borne."""

import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.cause import Movement
from opsretro.analysis.methods.locate import locate
from opsretro.errors import InputError

SIZES = (6, 8, 10, 12)
DIMS = ["channel", "city", "device", "plan"]


def grid(seed, *, sizes=SIZES, noise=0.05, drift=0.0, growth=1.0):
    """A full grid of log-normal leaves, actual = forecast x growth x drift x noise."""
    rng = np.random.default_rng(seed)
    codes = np.indices(sizes).reshape(len(sizes), -1)
    leaves = pd.DataFrame(dict(zip(DIMS, codes, strict=False)))
    leaves["forecast"] = np.exp(rng.normal(4, 1, len(leaves)))
    leaves["actual"] = leaves["forecast"] * growth * np.exp(rng.normal(0, noise, len(leaves)))
    for dim, size in zip(DIMS, sizes, strict=False):
        leaves["actual"] *= np.exp(rng.normal(0, drift, size))[leaves[dim]]
    return leaves


def counts(seed, *, total=30_000):
    """Sparse Zipf counts on both sides; leaves with nothing on either are absent."""
    rng = np.random.default_rng(seed)
    leaves = grid(seed)
    share = np.prod([(1.0 / (1 + leaves[dim])) for dim in DIMS], axis=0)
    leaves["mean"] = total * share / share.sum()
    leaves["forecast"] = rng.poisson(leaves["mean"])
    leaves["actual"] = rng.poisson(leaves["mean"])
    return leaves, rng


def ratios(seed, *, volume=400):
    """Visits and orders of two periods, the rate differing between slices."""
    rng = np.random.default_rng(seed)
    leaves = grid(seed, sizes=(6, 8, 10))[DIMS[:3]]
    leaves["visits"] = volume * np.exp(rng.normal(0, 0.5, len(leaves)))
    leaves["rate"] = 0.05 + 0.01 * leaves["channel"]
    return leaves, rng


def with_orders(leaves, rng, *, rate=1.0, visits=1.0):
    leaves["den_forecast"] = rng.poisson(leaves["visits"])
    leaves["num_forecast"] = rng.binomial(leaves["den_forecast"], leaves["rate"])
    leaves["den_actual"] = rng.poisson(leaves["visits"] * visits)
    leaves["num_actual"] = rng.binomial(leaves["den_actual"], leaves["rate"] * rate)
    return leaves


def move(leaves, factor, **where):
    """Multiply the actual of an element."""
    rows = rows_of(leaves, where)
    leaves.loc[rows, "actual"] = leaves.loc[rows, "actual"] * factor
    return leaves


def rows_of(leaves, where):
    return np.logical_and.reduce([leaves[dim].isin(np.atleast_1d(value)) for dim, value in where.items()])


def elements(found):
    return [cause.element for cause in found.causes]


def test_a_planted_cause_is_found_with_its_multiplier():
    found = locate(move(grid(1), 0.65, channel=2, plan=5), DIMS)
    assert elements(found) == [{"channel": 2, "plan": 5}]
    # Planted: -35 %.
    assert found.causes[0].multiplier == pytest.approx(0.65, abs=0.03)
    assert found.causes[0].effect is Movement.VOLUME


def test_the_interval_of_the_change_holds_the_planted_change():
    leaves = grid(2)
    rows = rows_of(leaves, {"city": 3})
    cause = locate(move(leaves, 0.8, city=3), DIMS).causes[0]
    # Planted: -20 % of what the forecast says of city 3.
    assert cause.lower < -0.2 * leaves.loc[rows, "forecast"].sum() < cause.upper
    assert cause.share_lower < cause.share < cause.share_upper


@pytest.mark.parametrize("seed", range(3, 7))
def test_common_growth_is_no_cause(seed):
    found = locate(grid(seed, growth=1.2), DIMS)
    assert found.causes == ()
    assert found.growth == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("seed", range(7, 11))
def test_a_small_drift_of_every_value_is_no_cause(seed):
    assert locate(grid(seed, drift=0.03), DIMS).causes == ()


def test_a_cause_stands_out_of_the_drift_of_its_dimension():
    assert elements(locate(move(grid(11, drift=0.02), 0.6, device=4), DIMS)) == [{"device": 4}]


def test_ups_and_downs_that_cancel_are_both_found():
    leaves = move(move(grid(12), 0.6, channel=0, city=1), 1.4, channel=3, city=5)
    assert sorted(map(str, elements(locate(leaves, DIMS)))) == [
        "{'channel': 0, 'city': 1}",
        "{'channel': 3, 'city': 5}",
    ]


def test_values_that_move_alike_are_one_element():
    assert elements(locate(move(grid(13), 1.5, channel=1, plan=[2, 3, 9]), DIMS)) == [{"channel": 1, "plan": [2, 3, 9]}]


def test_a_part_that_moved_otherwise_is_found_beside_the_whole():
    found = locate(move(move(grid(14), 0.6, channel=2), 1.8, channel=2, city=4), DIMS)
    assert elements(found) == [{"channel": 2}, {"channel": 2, "city": 4}]


def test_causes_that_cross_are_both_found():
    found = locate(move(move(grid(15), 0.6, channel=2), 1.5, city=4), DIMS)
    assert sorted(map(str, elements(found))) == ["{'channel': 2}", "{'city': 4}"]


def test_a_single_leaf_is_found_among_thousands():
    leaf = {"channel": 3, "city": 4, "device": 5, "plan": 6}
    assert elements(locate(move(grid(16), 0.2, **leaf), DIMS)) == [leaf]


def test_a_vanished_value_has_multiplier_zero():
    found = locate(move(grid(17), 0.0, device=7), DIMS)
    assert elements(found) == [{"device": 7}]
    assert found.causes[0].multiplier == 0.0


def test_a_new_value_has_an_infinite_multiplier():
    leaves = grid(18)
    leaves.loc[leaves["device"] == 7, "forecast"] = 0.0
    found = locate(leaves, DIMS)
    assert elements(found) == [{"device": 7}]
    assert found.causes[0].multiplier == np.inf


def test_sparse_counts_bring_the_planted_cause():
    leaves, rng = counts(19)
    rows = rows_of(leaves, {"channel": 1, "city": 0})
    leaves.loc[rows, "actual"] = rng.poisson(0.5 * leaves.loc[rows, "mean"])
    leaves = leaves[(leaves["actual"] > 0) | (leaves["forecast"] > 0)]
    assert elements(locate(leaves, DIMS)) == [{"channel": 1, "city": 0}]


@pytest.mark.parametrize("seed", range(20, 24))
def test_sparse_counts_by_themselves_bring_nothing(seed):
    leaves, _ = counts(seed)
    assert locate(leaves[(leaves["actual"] > 0) | (leaves["forecast"] > 0)], DIMS).causes == ()


def test_heavy_tails_by_themselves_bring_nothing():
    leaves = grid(24)
    rng = np.random.default_rng(24)
    leaves["actual"] = leaves["forecast"] * np.maximum(1 + 0.1 * rng.standard_t(3, len(leaves)), 0)
    assert locate(leaves, DIMS).causes == ()


@pytest.mark.parametrize("seed", range(50, 56))
def test_heavy_tails_that_grow_in_common_bring_no_single_leaf(seed):
    leaves = grid(seed, growth=1.2)
    noise = np.random.default_rng(seed).standard_t(5, len(leaves))
    leaves["actual"] *= np.maximum(1 + 0.06 * noise, 0)
    assert locate(leaves, DIMS).causes == ()


def few(seed, *, sizes=(4, 3, 3, 2), moved=1.0, **where):
    """A small grid of whole numbers: thousands a leaf, 4 % noise besides counting."""
    rng = np.random.default_rng(seed)
    leaves = grid(seed, sizes=sizes)
    mean = 2000 * np.exp(rng.normal(0, 0.7, len(leaves)))
    leaves["forecast"] = rng.poisson(3 * mean) / 3
    noise = np.exp(rng.normal(0, 0.04, len(leaves)))
    leaves["actual"] = rng.poisson(mean * noise * np.where(rows_of(leaves, where), moved, 1) if where else mean * noise)
    return leaves


@pytest.mark.parametrize("seed", range(60, 64))
def test_a_slice_of_a_small_grid_is_found(seed):
    where = {"channel": 1, "city": 2}
    assert elements(locate(few(seed, moved=0.57, **where), DIMS)) == [where]


@pytest.mark.parametrize("seed", range(64, 68))
def test_one_value_of_four_is_found(seed):
    found = locate(few(seed, sizes=(4,), moved=0.5, channel=2), DIMS[:1])
    assert elements(found) == [{"channel": 2}]


@pytest.mark.parametrize("seed", range(68, 76))
@pytest.mark.parametrize("sizes", [(4,), (3, 3), (4, 3, 3, 2)])
def test_small_grids_by_themselves_bring_nothing(seed, sizes):
    assert locate(few(seed, sizes=sizes), DIMS[: len(sizes)]).causes == ()


def test_a_rate_that_moved_is_a_rate_cause():
    leaves, rng = ratios(25)
    moved = np.where(leaves["city"] == 2, 0.6, 1.0)
    found = locate(with_orders(leaves, rng, rate=moved), DIMS[:3], kind="ratio")
    assert [(one.element, one.effect.value) for one in found.causes] == [({"city": 2}, "rate")]
    assert found.causes[0].change < 0


def test_a_rate_that_reaches_its_ceiling_is_one_cause():
    leaves, rng = ratios(40)
    leaves["rate"] = 0.5 + 0.08 * leaves["channel"]
    # At most 100 %: the higher a channel's rate, the less it rises.
    moved = np.where(leaves["city"] == 2, np.minimum(1.5, 1 / leaves["rate"]), 1.0)
    assert elements(locate(with_orders(leaves, rng, rate=moved), DIMS[:3], kind="ratio")) == [{"city": 2}]


def test_every_rate_up_and_the_total_down_is_a_mix_cause_alone():
    leaves, rng = ratios(26)
    moved = np.where(leaves["channel"] == 0, 5.0, 1.0)
    found = locate(with_orders(leaves, rng, rate=1.05, visits=moved), DIMS[:3], kind="ratio")
    assert [(one.element, one.effect.value) for one in found.causes] == [({"channel": 0}, "mix")]
    # Simpson's reversal: 5 times the visits where the rate is lowest.
    assert found.actual < found.forecast
    assert found.causes[0].change < 0


def test_a_slice_whose_rate_and_mix_moved_gives_two_causes():
    leaves, rng = ratios(27)
    here = leaves["city"] == 2
    found = locate(
        with_orders(leaves, rng, rate=np.where(here, 1.5, 1), visits=np.where(here, 2, 1)), DIMS[:3], kind="ratio"
    )
    assert sorted((str(one.element), one.effect.value) for one in found.causes) == [
        ("{'city': 2}", "mix"),
        ("{'city': 2}", "rate"),
    ]


def test_the_unit_does_not_matter():
    leaves = move(grid(28), 0.7, city=3)
    scaled = leaves.assign(actual=leaves["actual"] * 1e6, forecast=leaves["forecast"] * 1e6)
    one, other = locate(leaves, DIMS).causes[0], locate(scaled, DIMS).causes[0]
    assert other.multiplier == pytest.approx(one.multiplier)
    assert other.change == pytest.approx(one.change * 1e6)


def test_rows_in_parts_and_in_another_order_say_the_same():
    leaves = move(grid(29), 0.7, city=3)
    halves = leaves.assign(actual=leaves["actual"] / 2, forecast=leaves["forecast"] / 2)
    doubled = pd.concat([halves, halves]).sample(frac=1, random_state=1)
    assert elements(locate(doubled, DIMS)) == elements(locate(leaves, DIMS))


@pytest.mark.parametrize("kind", ["sum", "ratio"])
def test_the_order_of_the_rows_changes_no_figure(kind):
    leaves, rng = ratios(41)
    leaves = with_orders(leaves, rng, rate=np.where(leaves["city"] == 2, 0.6, 1.0))
    leaves["actual"], leaves["forecast"] = leaves["num_actual"], leaves["num_forecast"] * 1.01
    twice = pd.concat([leaves, leaves.head(50)])
    assert locate(twice.sample(frac=1, random_state=2), DIMS[:3], kind=kind) == locate(twice, DIMS[:3], kind=kind)


def test_every_figure_is_a_plain_number():
    found = locate(move(grid(42), 0.7, city=3), DIMS)
    told = [*asdict(found).values(), *asdict(found.causes[0]).values()]
    assert not [figure for figure in told if isinstance(figure, np.generic)]


def test_the_leaves_stay_as_they_are_and_the_answer_too():
    leaves = move(grid(30), 0.7, city=3)
    kept = leaves.copy()
    assert locate(leaves, DIMS) == locate(leaves, DIMS)
    pd.testing.assert_frame_equal(leaves, kept)


def test_a_missing_value_of_a_dimension_is_a_value_of_its_own():
    leaves = move(grid(31), 0.6, city=3)
    leaves["city"] = leaves["city"].astype("object").where(leaves["city"] != 3)
    assert elements(locate(leaves, DIMS)) == [{"city": None}]


def test_negative_values_and_an_empty_side_are_borne():
    leaves = grid(32)
    leaves.loc[:20, "actual"] = -5.0
    assert locate(leaves, DIMS).actual == pytest.approx(leaves["actual"].sum())
    assert locate(leaves.assign(forecast=0.0), DIMS).forecast == 0.0
    assert locate(leaves.assign(actual=np.nan), DIMS).actual == 0.0


def test_no_rows_bring_no_causes():
    found = locate(grid(33).head(0), DIMS)
    assert (found.causes, found.n) == ((), 0)
    assert len(found.to_frame()) == 0


def test_fifteen_dimensions_are_searched_as_deep_as_sensible():
    rng = np.random.default_rng(34)
    leaves = pd.DataFrame(rng.integers(0, 4, (3000, 15)), columns=[f"d{i:02d}" for i in range(15)])
    dims = list(leaves.columns)
    leaves["forecast"] = np.exp(rng.normal(4, 1, len(leaves)))
    leaves["actual"] = leaves["forecast"] * np.exp(rng.normal(0, 0.05, len(leaves)))
    leaves = move(leaves, 0.7, d03=2)
    assert elements(locate(leaves, dims)) == [{"d03": 2}]


def test_dimensions_of_any_kind_are_searched():
    leaves = grid(35, sizes=(2, 8, 10))
    leaves["channel"] = leaves["channel"].astype(bool)
    leaves["city"] = pd.Categorical(leaves["city"].map("c{}".format))
    leaves["device"] = [code if code < 5 else f"x{code}" for code in leaves["device"]]
    leaves = move(leaves, 0.6, city="c3", device="x7")
    assert elements(locate(leaves, DIMS[:3])) == [{"city": "c3", "device": "x7"}]


def test_small_elements_and_deep_ones_can_be_left_out():
    leaves = move(move(grid(36), 0.6, channel=2), 1.8, city=4, plan=3)
    assert elements(locate(leaves, DIMS, min_size=0.1)) == [{"channel": 2}]
    assert {"channel": 2} in elements(locate(leaves, DIMS, max_depth=1))


def test_the_table_has_a_row_a_cause():
    table = locate(move(grid(37), 0.7, city=3), DIMS).to_frame()
    assert table[[*DIMS, "effect"]].to_numpy().tolist() == [["*", 3, "*", "*", "volume"]]


def test_all_problems_of_the_leaves_are_told_at_once():
    leaves = grid(38).drop(columns="plan").assign(actual="n/a")
    wanted = (
        "dims: 1 problem. Column 'city': the header has it twice; keep one.\n"
        "leaves: 2 problems. Column 'plan' is missing; add it to the header. "
    )
    with pytest.raises(InputError, match="^" + re.escape(wanted) + "Column 'actual', rows .* is not a number"):
        locate(leaves, [*DIMS, "city"])


def test_arguments_out_of_range_are_refused():
    wanted = (
        "kind: 1 problem. 'mean' is not known; write one of: sum, ratio.\n"
        "min_size: 1 problem. '-0.1' is less than nothing; write 0 or more.\n"
        "min_confidence: 1 problem. '5' is more than the whole; write a fraction, such as 0.05.\n"
        "max_depth: 1 problem. '0' is not known; write one of: 1, 2, 3, …."
    )
    with pytest.raises(InputError, match="^" + re.escape(wanted) + "$"):
        locate(grid(39), DIMS, kind="mean", min_size=-0.1, min_confidence=5, max_depth=0)
