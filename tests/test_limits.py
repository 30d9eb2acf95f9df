"""Process-behaviour limits: published examples, a slow second reading of the rules, and what must never change."""

import re

import numpy as np
import pandas as pd
import pytest
from known_answers import FLOW, LOAN_COSTS, RULES, VISCOSITY, flags_by_hand, limits_by_hand, raised_by_hand

from opsretro import goals
from opsretro.errors import InputError

CALM = [9.0, 11.0] * 6
"""Mean 10, every moving range 2: limits 10 ± 2.66 · 2 = 4.68 and 15.32, two thirds of the way up 13.5467."""
NHS = ("beyond", "two_of_three", "run7", "trend7")


def flagged(limits, rule):
    """Flagged positions counted from 1, as the sources count them."""
    return (np.flatnonzero(limits.signals[rule]) + 1).tolist()


def after_calm(*values):
    return goals.process_limits([*CALM, *values], baseline_n=12)


def random_series(rng):
    """Noise with, by chance, a shift, a drift, a spike and missing months; None and NaN both."""
    n = int(rng.integers(4, 40))
    x = rng.normal(100, 5, n) + rng.choice([0, 2, 8]) * (np.arange(n) >= rng.integers(0, n)) + rng.choice([0, 1]) * n
    x += rng.choice([0, 0.7]) * np.arange(n)
    x[rng.integers(0, n)] += rng.choice([0, 40])
    holes = rng.random(n) < rng.choice([0, 0.15, 0.5])
    return [rng.choice([None, float("nan")]) if hole else float(value) for value, hole in zip(x, holes, strict=True)]


def test_limits_match_the_flow_example_of_the_nist_handbook():
    limits = goals.process_limits(FLOW, baseline_n=10)
    # NIST/SEMATECH e-Handbook 6.3.2.2: centre 50.81, mean moving range 1.8778, limits 45.8151 and 55.8049.
    assert [limits.mean, limits.mean_range] == pytest.approx([50.81, 1.8778], abs=5e-5)
    assert [limits.lower, limits.upper] == pytest.approx([45.8151, 55.8049], abs=5e-5)
    assert not limits.signals.to_numpy().any()


def test_limits_match_the_loan_cost_example_of_montgomery():
    limits = goals.process_limits(LOAN_COSTS, baseline_n=20)
    # Montgomery, Introduction to Statistical Quality Control, example 6.5: 300.5, 7.79, 279.78, 321.22.
    assert limits.mean == pytest.approx(300.5)
    assert [limits.mean_range, limits.lower, limits.upper] == pytest.approx([7.7895, 279.78, 321.22], abs=5e-3)
    assert not limits.signals.to_numpy().any()


def test_screening_drops_nothing_of_the_loan_costs():
    limits = goals.process_limits(LOAN_COSTS, baseline_n=20)
    assert goals.process_limits(LOAN_COSTS, baseline_n=20, screen=False).mean_range == limits.mean_range
    # Montgomery, example 6.5: upper limit of the moving range 25.45; the largest of the 20 weeks is 22.
    assert 22 < 3.267 * limits.mean_range == pytest.approx(25.448, abs=5e-4)


def test_unscreened_limits_match_the_viscosity_data_of_qcc():
    limits = goals.process_limits(VISCOSITY, baseline_n=20, screen=False)
    # qcc, data(viscosity), individuals chart of the first 20: 34.088, 32.5648 to 35.6112, batch 4 outside.
    assert [limits.mean, limits.lower, limits.upper] == pytest.approx([34.088, 32.5648, 35.6112], abs=5e-4)
    assert flagged(limits, "beyond") == [4]


def test_screened_limits_match_the_viscosity_data_of_qcc():
    limits = goals.process_limits(VISCOSITY, baseline_n=20)
    # The same data with the moving range of batch 4 (2.37, above 3.267 x 0.5726) dropped: batch 28 shows as well.
    assert [limits.mean, limits.lower, limits.upper] == pytest.approx([34.088, 32.8304, 35.3456], abs=5e-4)
    assert flagged(limits, "beyond") == [4, 28]


def test_run_of_the_viscosity_data_covers_all_its_members():
    limits = goals.process_limits(VISCOSITY, baseline_n=20)
    # qcc flags the run from batch 25 on: 25 to 35 are all above 34.088, batch 24 is below.
    assert flagged(limits, "run7") == flagged(limits, "run8") == list(range(25, 36))


@pytest.mark.parametrize("seed", range(4))
def test_limits_and_signals_agree_with_a_slow_reading_of_the_rules(seed):
    rng = np.random.default_rng(seed)
    for _ in range(100):
        x, n, screen = random_series(rng), int(rng.integers(6, 30)), bool(rng.integers(2))
        limits, expected = goals.process_limits(x, baseline_n=n, screen=screen), limits_by_hand(x, n, screen=screen)
        if expected is None:
            assert limits.state == "none"
            continue
        assert (limits.mean, limits.lower, limits.upper) == pytest.approx(expected)
        assert {rule: set(np.flatnonzero(limits.signals[rule])) for rule in RULES} == flags_by_hand(x, *expected)


@pytest.mark.parametrize("rules", [("beyond", "two_of_three", "run8"), NHS, *[(rule,) for rule in RULES]])
def test_new_signals_are_the_months_flagged_when_the_series_ended_with_them(rules):
    rng = np.random.default_rng(7)
    for _ in range(40):
        x, n = random_series(rng), int(rng.integers(8, 16))
        assert goals.new_signals(x, baseline_n=n, rules=rules) == raised_by_hand(x, n, rules)


def test_cutting_off_the_future_never_changes_an_earlier_answer():
    rng = np.random.default_rng(3)
    for _ in range(8):
        x = random_series(rng)
        raised = goals.new_signals(x, baseline_n=10)
        cuts = [goals.new_signals(x[:end], baseline_n=10) for end in range(len(x) + 1)]
        assert cuts == [tuple(position for position in raised if position < end) for end in range(len(x) + 1)]


def test_members_flagged_by_hindsight_only_are_not_new():
    # CALM ends above its mean: month 19 (position 18) is the eighth in a row, the months before it were silent.
    assert goals.new_signals([*CALM, *[11.0] * 8], baseline_n=12, rules=["run8"]) == (18, 19)
    assert flagged(after_calm(*[11.0] * 8), "run8") == list(range(12, 21))


def test_new_signals_never_raise_a_month_of_the_baseline():
    assert goals.new_signals([*CALM[:11], 99.0], baseline_n=12) == ()


def test_new_signals_take_the_limits_of_the_screened_baseline():
    x = [10, 11, 10, 11, 10, 30, 10, 11, 10, 11, 10, 11, 20]
    # By hand: ranges 9 x 1, 20 and 20, mean 49/11 = 4.4545, both 20 above 3.267 x 4.4545 = 14.55; half-width 2.66.
    limits = goals.process_limits(x, baseline_n=12)
    assert limits.mean_range == 1.0
    assert goals.new_signals(x, baseline_n=12) == (12,)
    assert goals.process_limits(x, baseline_n=12, screen=False).upper > 20


def test_screening_happens_once_only():
    x = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 5, 0, 40]
    limits = goals.process_limits(x, baseline_n=24)
    # By hand: ranges 20 x 1, 5, 5, 40, mean 70/23 = 3.04, only 40 above 9.94; then mean 30/22 = 1.364 and
    # 5 is above 3.267 x 1.364 = 4.45, but it stays because the ranges are screened once.
    assert limits.mean_range == pytest.approx(30 / 22)


def test_equal_ranges_are_all_kept():
    limits = after_calm()
    # 10 ± 2.66 x 2
    assert (limits.mean, limits.mean_range) == (10.0, 2.0)
    assert [limits.lower, limits.upper] == pytest.approx([4.68, 15.32])


def test_a_moving_range_across_a_missing_month_does_not_exist():
    x = [1, 2, None, 102, 101, 102, 101, 102, 101, 102]
    # Ranges between neighbouring present months are all 1; the step of 100 spans a hole.
    assert goals.process_limits(x, baseline_n=10).mean_range == 1.0


def test_a_value_on_a_limit_is_not_beyond_it():
    upper, lower = after_calm().upper, after_calm().lower
    limits = after_calm(upper, lower, upper + 1e-9, lower - 1e-9)
    assert flagged(limits, "beyond") == [15, 16]


def test_two_of_three_counts_a_value_on_the_limit():
    # 14 lies between 13.5467 (two thirds of the way) and 15.32, the limit; a value on it is not beyond.
    upper = after_calm().upper
    assert flagged(after_calm(9.0, 14.0, upper, 9.0), "two_of_three") == []
    assert flagged(after_calm(9.0, 14.0, upper, 10.5), "two_of_three") == [14, 15]


def test_two_of_three_does_not_count_points_beyond_the_limit():
    assert flagged(after_calm(14.0, 16.0, 11.0), "two_of_three") == []
    assert flagged(after_calm(14.0, 16.0, 14.0), "two_of_three") == [13, 15]


def test_two_of_three_needs_all_three_on_one_side():
    assert flagged(after_calm(14.0, 9.9, 14.0), "two_of_three") == []
    assert flagged(after_calm(14.0, 10.0, 14.0), "two_of_three") == []
    assert flagged(after_calm(14.0, 10.1, 14.0), "two_of_three") == [13, 15]


def test_two_of_three_works_below_the_mean_as_well():
    # Below: between 4.68 and 6.4533.
    assert flagged(after_calm(6.0, 9.0, 5.0), "two_of_three") == [13, 15]


def test_two_of_three_does_not_mix_the_sides():
    assert flagged(after_calm(14.0, 6.0, 14.0, 6.0), "two_of_three") == []


def test_seven_on_one_side_are_a_run7_and_no_run8():
    limits = after_calm(9.0, *[11.0] * 7, 9.0)
    assert (flagged(limits, "run7"), flagged(limits, "run8")) == (list(range(14, 21)), [])


def test_a_value_on_the_mean_breaks_a_run():
    assert flagged(after_calm(9.0, *[11.0] * 6, 10.0, *[11.0] * 6), "run7") == []


def test_seven_rising_values_are_a_trend_and_six_are_not():
    assert flagged(after_calm(9, 9.1, 9.2, 9.3, 9.4, 9.5, 9.6), "trend7") == list(range(13, 20))
    assert flagged(after_calm(9, 9.1, 9.2, 9.3, 9.4, 9.5, 9.5), "trend7") == []


def test_falling_values_are_a_trend():
    assert flagged(after_calm(11.6, 11.5, 11.4, 11.3, 11.2, 11.1, 11), "trend7") == list(range(13, 20))


def test_missing_months_neither_break_nor_extend_a_run():
    whole, holed = after_calm(9.0, *[11.0] * 8), after_calm(9.0, *[11.0] * 4, None, float("nan"), *[11.0] * 4)
    assert flagged(whole, "run8") == list(range(14, 22))
    assert flagged(holed, "run8") == [14, 15, 16, 17, 20, 21, 22, 23]
    assert flagged(after_calm(9.0, *[11.0] * 6, None, 9.0), "run7") == []


def test_removing_missing_months_after_the_baseline_changes_no_signal():
    rng = np.random.default_rng(11)
    for _ in range(50):
        base, later = rng.normal(0, 1, 12).tolist(), rng.normal(0.8, 1.5, 15)
        later = [None if rng.random() < 0.3 else value for value in later]
        holed = goals.process_limits([*base, *later], baseline_n=12).signals
        present = [position for position in range(27) if position < 12 or later[position - 12] is not None]
        dense = goals.process_limits([[*base, *later][place] for place in present], baseline_n=12).signals
        assert (holed.iloc[present].to_numpy() == dense.to_numpy()).all()


def test_a_missing_month_is_never_a_signal():
    limits = goals.process_limits([*CALM, None, 99.0, float("nan")], baseline_n=12)
    assert limits.signals.any(axis=1).tolist() == [False] * 13 + [True, False]


@pytest.mark.parametrize(("n", "state"), [(7, "none"), (8, "trial"), (11, "trial"), (12, "frozen"), (24, "frozen")])
def test_state_of_the_limits_follows_the_values_present(n, state):
    limits = goals.process_limits([1.0, 2.0] * 12, baseline_n=n)
    assert (limits.state, limits.n_baseline, np.isnan(limits.mean)) == (state, n, state == "none")


def test_missing_months_do_not_count_towards_the_state():
    limits = goals.process_limits([None, *CALM[:7], float("nan"), *CALM[:4]], baseline_n=13)
    assert (limits.state, limits.n_baseline) == ("trial", 11)


def test_without_limits_nothing_is_a_signal():
    limits = goals.process_limits([1, 2, 1, 2, 1, 2, 1, 900], baseline_n=7)
    assert np.isnan([limits.mean, limits.lower, limits.upper]).all()
    assert not limits.signals.to_numpy().any()
    assert goals.new_signals([1, 2, 1, 2, 1, 2, 1, 900], baseline_n=7) == ()


def test_a_baseline_without_neighbouring_months_has_no_limits():
    assert goals.process_limits([1.0, None] * 12, baseline_n=24).state == "none"


def test_a_baseline_longer_than_the_series_takes_what_there_is():
    limits = goals.process_limits(CALM, baseline_n=99)
    assert (limits.n_baseline, limits.mean, len(limits.signals)) == (12, 10.0, 12)
    assert goals.new_signals(CALM, baseline_n=99) == ()


def test_an_empty_series_has_no_limits_and_no_signals():
    limits = goals.process_limits([], baseline_n=12)
    assert (limits.state, len(limits.signals), goals.new_signals([], baseline_n=12)) == ("none", 0, ())
    assert list(limits.signals.columns) == list(RULES)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, iter])
def test_any_sequence_of_numbers_will_do(kind):
    numbers = [9, 11] * 7
    assert goals.process_limits(kind(numbers), baseline_n=12).upper == pytest.approx(15.32)


def test_signals_are_numbered_by_position_whatever_the_index():
    x = pd.Series([*CALM, 99.0], index=pd.period_range("2025-04", periods=13, freq="M"))
    assert goals.process_limits(x, baseline_n=12).signals.index.tolist() == list(range(13))


def test_limits_do_not_change_what_they_were_given():
    x = np.array([*CALM, np.nan, 99.0])
    goals.new_signals(x, baseline_n=12)
    assert np.array_equal(x, [*CALM, np.nan, 99.0], equal_nan=True)


@pytest.mark.parametrize("value", [5.0, 1000, 0.0, -3.0, 0.25])
def test_a_constant_series_has_no_signals(value):
    assert not goals.process_limits([value] * 30, baseline_n=12).signals.to_numpy().any()
    assert goals.new_signals([value] * 30, baseline_n=12) == ()


@pytest.mark.parametrize("value", [0.1, 0.07, 1.1, 123.456])
def test_a_constant_series_has_no_signals_whatever_its_digits(value):
    assert not goals.process_limits([value] * 30, baseline_n=12).signals.to_numpy().any()


def test_a_nullable_column_of_pandas_will_do():
    x = pd.Series([9, 11, None] * 6, dtype="Int64")
    assert goals.process_limits(x, baseline_n=18).n_baseline == 12


def test_a_constant_rate_has_no_signals_in_short_months():
    # The mean of 28 times 0.1 and of 31 times 0.1 differ in the last digit only.
    days = pd.date_range("2024-01-01", "2026-04-30")
    rates = goals.aggregate(pd.DataFrame({"date": days, "value": 0.1}), aggregation="mean_rate", timezone="UTC")
    assert goals.new_signals(rates["value"], baseline_n=12) == ()


def test_values_on_the_mean_are_on_neither_side_whatever_their_digits():
    # The mean of six times 9.1 and six times 11.1 is 10.1; in binary it comes out a last digit lower.
    assert goals.new_signals([9.1, 11.1] * 6 + [10.1] * 9, baseline_n=12) == ()


def test_leaving_a_constant_baseline_is_a_signal():
    assert goals.new_signals([5.0] * 12 + [5.0, 5.5, 4.9], baseline_n=12) == (13, 14)


@pytest.mark.parametrize(("scale", "shift"), [(0.5, 0.0), (1024.0, 0.0), (1.0, 64.0), (0.25, -512.0)])
def test_shifting_and_scaling_moves_the_limits_and_no_signal(scale, shift):
    x = np.round(np.random.default_rng(5).normal(100, 8, 40) * 4) / 4 + np.arange(40) // 20 * 10
    plain, moved = goals.process_limits(x, baseline_n=16), goals.process_limits(x * scale + shift, baseline_n=16)
    assert [moved.mean, moved.lower, moved.upper] == pytest.approx(
        [bound * scale + shift for bound in (plain.mean, plain.lower, plain.upper)]
    )
    assert moved.signals.equals(plain.signals)
    assert plain.signals.to_numpy().any()


def test_negating_the_values_mirrors_the_limits_and_keeps_the_signals():
    x = np.random.default_rng(6).normal(0, 1, 60) + np.arange(60) // 30 * 1.5
    plain, mirrored = goals.process_limits(x, baseline_n=12), goals.process_limits(-x, baseline_n=12)
    assert (mirrored.lower, mirrored.upper) == pytest.approx((-plain.upper, -plain.lower))
    assert mirrored.signals.equals(plain.signals)


def test_later_values_never_move_the_limits():
    first, second = after_calm(), after_calm(99.0, -99.0, None)
    assert (first.mean, first.lower, first.upper) == (second.mean, second.lower, second.upper)


def test_every_infinite_value_is_refused_at_once():
    texts = [f"The value at position {n} (counted from 0) is infinite; leave it missing." for n in (1, 3)]
    message = f"values: 2 problems. {' '.join(texts)}"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        goals.process_limits([1, float("inf"), 2, float("-inf")], baseline_n=12)


def test_a_baseline_without_months_is_refused():
    message = "baseline_n: 1 problem. '0' is no length of a baseline; write a whole number from 1."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        goals.new_signals(CALM, baseline_n=0)


@pytest.mark.parametrize(
    ("target", "direction", "expected"),
    [
        (4.0, "higher", "consistent_pass"),
        (10.0, "higher", "hit_or_miss"),
        (16.0, "higher", "consistent_fail"),
        (16.0, "lower", "consistent_pass"),
        (10.0, "lower", "hit_or_miss"),
        (4.0, "lower", "consistent_fail"),
    ],
)
def test_assurance_asks_on_which_side_of_the_target_the_whole_band_lies(target, direction, expected):
    # Band 4.68 to 15.32, see CALM.
    assert goals.assurance(after_calm(), target, direction=direction) == expected


def test_a_target_on_a_limit_can_still_be_met():
    band = after_calm()
    assert goals.assurance(band, band.lower, direction="higher") == "consistent_pass"
    assert goals.assurance(band, band.upper, direction="higher") == "hit_or_miss"
    assert goals.assurance(band, band.upper, direction="lower") == "consistent_pass"
    assert goals.assurance(band, band.lower, direction="lower") == "hit_or_miss"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (4.0, 16.0, "consistent_pass"),
        (9.0, 11.0, "hit_or_miss"),
        (4.0, 10.0, "hit_or_miss"),
        (16.0, 20.0, "consistent_fail"),
        (0.0, 4.0, "consistent_fail"),
        (4.0, None, "unknown"),
        (None, 16.0, "unknown"),
    ],
)
def test_assurance_of_a_range_asks_whether_the_band_fits_inside(low, high, expected):
    assert goals.assurance(after_calm(), None, direction="range", low=low, high=high) == expected


def test_a_band_exactly_as_wide_as_the_range_passes():
    band = after_calm()
    assert goals.assurance(band, None, direction="range", low=band.lower, high=band.upper) == "consistent_pass"


@pytest.mark.parametrize("target", [None, float("nan")])
def test_assurance_without_a_target_is_unknown(target):
    assert goals.assurance(after_calm(), target, direction="higher") == "unknown"


def test_assurance_without_limits_is_unknown():
    assert goals.assurance(goals.process_limits(CALM, baseline_n=5), 1.0, direction="higher") == "unknown"


def test_default_rules_raise_few_false_alerts_and_find_real_changes():
    rng = np.random.default_rng(2026)
    stable = rng.normal(100, 5, (300, 24))
    shifted = rng.normal(100, 5, (300, 18)) + 10 * (np.arange(18) >= 12)
    false = sum(len(goals.new_signals(x, baseline_n=12)) for x in stable) / (300 * 12)
    found = np.mean([bool(goals.new_signals(x, baseline_n=12)) for x in shifted])
    # The bars of the project: at most 0.05 false alerts a stable KPI-month, at least 70 % of changes of
    # two standard deviations found within six months.
    assert (false <= 0.05, found >= 0.70) == (True, True), (false, found)
