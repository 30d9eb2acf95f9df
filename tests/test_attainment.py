"""Attainment: the definitions worked by hand, for every direction, sign and kind of goal."""

import re

import pytest

from opsretro.analysis.codes import Direction
from opsretro.analysis.goals import attainment
from opsretro.analysis.methods.targets import due_target, growth_target
from opsretro.errors import InputError

NAN = float("nan")


@pytest.mark.parametrize(
    ("actual", "target", "baseline", "expected"),
    [
        (90.0, 100.0, 50.0, 0.8),  # 40 of 50
        (100.0, 100.0, 50.0, 1.0),
        (50.0, 100.0, 50.0, 0.0),
        (110.0, 100.0, 50.0, 1.2),  # not clamped above
        (40.0, 100.0, 50.0, -0.2),  # a regression is not hidden
        (-20.0, 0.0, -100.0, 0.8),  # a loss of 100 to be turned into nothing: 80 of 100
        (5.0, 20.0, -10.0, 0.5),  # 15 of 30 across zero
        (-45.0, -40.0, -50.0, 0.5),
    ],
)
def test_with_a_baseline_attainment_is_the_share_of_the_way_covered(actual, target, baseline, expected):
    assert attainment(actual, target, direction="higher", baseline=baseline) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("actual", "target", "baseline", "expected"),
    [
        (0.04, 0.03, 0.05, 0.5),  # refund rate from 5 % to 3 %, half way
        (0.06, 0.03, 0.05, -0.5),
        (0.02, 0.03, 0.05, 1.5),
        (-30.0, -40.0, -20.0, 0.5),
    ],
)
def test_the_same_formula_holds_where_less_is_better(actual, target, baseline, expected):
    assert attainment(actual, target, direction="lower", baseline=baseline) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("actual", "target", "direction", "expected"),
    [
        (80.0, 100.0, "higher", 0.8),  # 1 + (80 - 100) / 100
        (120.0, 100.0, "higher", 1.2),
        (0.0, 100.0, "higher", 0.0),
        (-50.0, 100.0, "higher", -0.5),
        (-110.0, -100.0, "higher", 0.9),  # 1 + (-110 + 100) / 100: a loss of 110 where 100 was allowed
        (-90.0, -100.0, "higher", 1.1),
        (0.06, 0.05, "lower", 0.8),  # 1 - (0.06 - 0.05) / 0.05
        (0.04, 0.05, "lower", 1.2),
        (0.15, 0.05, "lower", -1.0),
        (-110.0, -100.0, "lower", 1.1),  # 1 - (-110 + 100) / 100
    ],
)
def test_without_a_baseline_attainment_is_relative_to_the_target(actual, target, direction, expected):
    assert attainment(actual, target, direction=direction) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (100.0, 1.0),
        (90.0, 1.0),
        (110.0, 1.0),
        (115.0, 0.5),  # 5 outside, half-width 10
        (85.0, 0.5),
        (120.0, 0.0),
        (500.0, 0.0),  # never below zero
    ],
)
def test_a_range_loses_by_its_distance_in_half_widths(actual, expected):
    assert attainment(actual, None, direction="range", low=90.0, high=110.0) == pytest.approx(expected)


def test_a_range_below_zero_works_like_any_other():
    assert attainment(-16.0, None, direction="range", low=-15.0, high=-11.0) == pytest.approx(0.5)


def test_a_range_ignores_target_and_baseline():
    assert attainment(7.0, 99.0, direction="range", low=6.0, high=8.0, baseline=1.0) == 1.0


def test_two_to_three_per_cent_is_one_percentage_point():
    # 2.5 % on the way from 2 % to 3 % is half of it, whatever the unit.
    assert attainment(0.025, 0.03, direction="higher", baseline=0.02) == pytest.approx(0.5)
    assert attainment(2.5, 3.0, direction="higher", baseline=2.0) == pytest.approx(0.5)


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_attainment_is_none_when_target_equals_baseline(direction):
    assert attainment(90.0, 100.0, direction=direction, baseline=100.0) is None


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_attainment_is_none_for_a_target_of_zero_without_a_baseline(direction):
    assert attainment(3.0, 0.0, direction=direction) is None


def test_a_target_of_zero_with_a_baseline_is_fine():
    assert attainment(3.0, 0.0, direction="lower", baseline=12.0) == 0.75


@pytest.mark.parametrize(
    ("actual", "target", "bounds"),
    [
        (NAN, 100.0, {}),
        (90.0, None, {}),
        (90.0, NAN, {}),
        (NAN, None, {"low": 1.0, "high": 2.0}),
        (1.0, None, {"low": None, "high": 2.0}),
        (1.0, None, {"low": 1.0, "high": NAN}),
    ],
)
def test_attainment_is_none_where_a_value_is_missing(actual, target, bounds):
    assert attainment(actual, target, direction="range" if bounds else "higher", **bounds) is None


def test_a_missing_actual_may_be_none():
    assert attainment(None, 100.0, direction="higher") is None


def test_a_missing_baseline_is_no_baseline():
    assert attainment(80.0, 100.0, direction="higher", baseline=NAN) == 0.8


def test_a_range_turned_round_has_no_attainment():
    assert attainment(95.0, None, direction="range", low=110.0, high=90.0) is None


@pytest.mark.parametrize(("actual", "expected"), [(100.0, 1.0), (100.1, 0.0), (99.0, 0.0)])
def test_a_range_of_one_value_is_met_by_it_alone(actual, expected):
    assert attainment(actual, None, direction="range", low=100.0, high=100.0) == expected


def test_direction_may_be_a_word_or_its_code():
    assert attainment(8, 10, direction="higher") == attainment(8, 10, direction=Direction.HIGHER) == 0.8


def test_all_infinite_values_and_an_unknown_direction_are_refused_at_once():
    message = (
        "actual: 1 problem. A value is infinite; leave it missing.\n"
        "baseline: 1 problem. A value is infinite; leave it missing.\n"
        "direction: 1 problem. 'up' is not known; write one of: higher, lower, range."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        attainment(float("inf"), 1.0, direction="up", baseline=float("-inf"))


@pytest.mark.parametrize(
    ("baseline", "growth", "expected"),
    [(500.0, 0.2, 600.0), (500.0, -0.1, 450.0), (-100.0, 0.2, -120.0), (0.04, 0.5, 0.06), (0.0, 0.2, 0.0)],
)
def test_growth_target_is_the_baseline_times_one_plus_growth(baseline, growth, expected):
    assert growth_target(baseline, growth) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("month", "expected"),
    [("2026-02", 100.0), ("2026-03", 105.0), ("2026-05", 105.0), ("2026-06", 110.0), ("2027-01", 120.0)],
)
def test_due_target_follows_the_milestones(month, expected):
    # 100 to 120: a quarter of the way is 105, half of it 110.
    assert due_target(120.0, 100.0, "2026-03:0.25; 2026-06:0.5; 2026-12:1;", month) == expected


def test_milestones_may_stand_in_any_order():
    assert due_target(120.0, 100.0, "2026-06:0.5;2026-03:0.25", "2026-04") == 105.0


def test_milestones_towards_less_go_down():
    assert due_target(0.03, 0.05, "2026-03:0.5", "2026-03") == pytest.approx(0.04)


@pytest.mark.parametrize(("baseline", "milestones"), [(100.0, None), (100.0, ""), (None, "2026-03:0.25")])
def test_without_milestones_or_baseline_the_target_holds_from_the_start(baseline, milestones):
    assert due_target(120.0, baseline, milestones, "2026-01") == 120.0


def test_a_target_that_equals_the_baseline_but_for_the_computer_has_no_attainment():
    assert attainment(0.5, 0.3, direction="higher", baseline=0.1 + 0.2) is None  # 0.1 + 0.2 is 0.30000000000000004
