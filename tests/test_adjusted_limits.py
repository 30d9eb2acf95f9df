"""Limits that follow growth, a season and declared changes: closed forms, what stays plain, sampled processes."""

import re

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.adjusted_limits import adjusted_limits
from opsretro.analysis.methods.limits import new_signals, process_limits
from opsretro.errors import InputError

RULES = ["beyond", "two_of_three", "run7", "run8", "trend7"]
ALERTS = ["beyond", "two_of_three", "run8"]
BOUNDS = ["mean", "lower", "upper"]
CALM = [9.0, 11.0, 11.0, 9.0] * 3
YEAR = 10 * np.sin(2 * np.pi * np.arange(12) / 12)


def monthly(values, start="2022-03"):
    index = pd.period_range(start, periods=len(values), freq="M").astype(str)
    return pd.Series(np.array(values, dtype=float), index=index)


def limits_of(values, **options):
    return adjusted_limits(monthly(values), **{"baseline_months": 12} | options)


def noise(*shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def seasonal(*, years, seed=3):
    return 100 + np.tile(YEAR, years) + noise(12 * years, seed=seed)


def alerts_of(series, *, history):
    """Share of the months after the history that were raised when they were the newest."""
    raised = [limits_of(x).newest[ALERTS].any(axis=1).iloc[history:] for x in series]
    return np.mean(raised)


@pytest.mark.parametrize("seed", range(6))
def test_without_trend_or_season_the_limits_are_those_of_process_limits(seed):
    x = 100 + 5 * noise(30, seed=seed) + 12 * (np.arange(30) >= 20)
    x[[4, 17]] = np.nan
    ours, plain = limits_of(x), process_limits(x, baseline_n=13)
    assert (ours.method, ours.state, ours.n_baseline) == ("plain", plain.state, plain.n_baseline)
    assert ours.months[BOUNDS].to_numpy().tolist() == [[plain.mean, plain.lower, plain.upper]] * 30
    assert ours.months[RULES].reset_index(drop=True).equals(plain.signals)


@pytest.mark.parametrize("seed", range(6))
def test_without_trend_or_season_the_alerts_are_those_of_new_signals(seed):
    x = 100 + 5 * noise(30, seed=seed) + 12 * (np.arange(30) >= 20)
    raised = np.flatnonzero(limits_of(x).newest[ALERTS].any(axis=1))
    assert tuple(raised[raised >= 12]) == new_signals(x, baseline_n=12)


@pytest.mark.parametrize(("n", "state"), [(8, "none"), (9, "trial"), (12, "trial"), (13, "frozen")])
def test_the_newest_month_is_no_part_of_the_baseline(n, state):
    limits = limits_of((CALM * 2)[:n])
    assert (limits.state, limits.n_baseline) == (state, min(n - 1, 12))


def test_before_eight_values_there_are_no_limits_and_no_signals():
    limits = limits_of([*CALM[:7], 99.0])
    assert limits.months[BOUNDS].isna().all(axis=None)
    assert not limits.months[RULES].any(axis=None)
    assert np.isnan(limits.autocorrelation)


def test_the_baseline_ends_before_the_month_asked_for():
    x = monthly(CALM)
    assert adjusted_limits(x, baseline_months=12, month=x.index[9]).n_baseline == 9
    assert adjusted_limits(x, baseline_months=12, month="2030-01").n_baseline == 12


def test_a_noiseless_trend_is_followed_exactly():
    limits = limits_of(50.0 + 3.1 * np.arange(20))
    assert (limits.method, limits.slope) == ("trend", pytest.approx(3.1))
    assert limits.months["upper"].to_numpy() == pytest.approx(50 + 3.1 * np.arange(20))
    assert not limits.months[RULES].any(axis=None)


def test_leaving_a_noiseless_trend_is_a_signal():
    x = 50.0 + 3.0 * np.arange(20)
    x[16] += 0.5
    assert np.flatnonzero(limits_of(x).newest["beyond"]).tolist() == [16]


def test_a_falling_kpi_mirrors_a_growing_one():
    x = 1000 + 20 * np.arange(24) + 8 * noise(24, seed=9)
    up, down = limits_of(x), limits_of(-x)
    assert down.slope == pytest.approx(-up.slope)
    assert down.months["lower"].to_numpy() == pytest.approx(-up.months["upper"].to_numpy())
    assert down.newest.equals(up.newest)


def test_a_trend_widens_by_the_leverage_of_the_month():
    x = 100 * np.arange(20) + 10 * noise(20, seed=7)
    months = limits_of(x).months
    line = np.polyval(np.polyfit(np.arange(12), x[:12], 1), np.arange(20))
    ranges = np.abs(np.diff((x - line)[:12]))
    # Draper and Smith, Applied Regression Analysis, 3.1: 1/n + (t - mean)^2 / sum of squares; 143 for 12 months.
    leverage = 1 / 12 + (19 - 5.5) ** 2 / 143
    half = 2.66 * ranges.mean() * np.sqrt((1 + leverage) / (1 - 2 / 12))
    assert months["mean"].iloc[19] == pytest.approx(line[19])
    assert months["upper"].iloc[19] - line[19] == pytest.approx(half)


def test_three_full_years_widen_a_season_by_the_root_of_two():
    x = seasonal(years=4)
    limits = limits_of(x)
    centre = np.tile(x[:36].reshape(3, 12).mean(axis=0), 4)
    ranges = np.abs(np.diff((x - centre)[:36]))
    # The closed form for k years: (1 + 1/3) / (1 - 1/3) = 2.
    half = 2.66 * ranges[ranges < 3.267 * ranges.mean()].mean() * np.sqrt(2)
    assert (limits.method, limits.n_baseline) == ("season", 36)
    assert limits.months["mean"].to_numpy() == pytest.approx(centre)
    assert limits.months["lower"].to_numpy() == pytest.approx(centre - half)


def test_a_season_needs_three_full_years_before_the_newest_month():
    x = seasonal(years=4)
    assert [limits_of(x[:n]).method for n in (36, 37)] == ["plain", "season"]


def test_a_trend_and_a_season_are_found_together():
    limits = limits_of(seasonal(years=4) + 2.0 * np.arange(48))
    # Planted: 2 a month; the standard error of the slope is below 0.02.
    assert (limits.method, limits.slope) == ("trend_season", pytest.approx(2.0, abs=0.06))


def test_a_season_does_not_depend_on_the_month_the_history_begins():
    x = seasonal(years=4)
    moved = adjusted_limits(monthly(x, "2020-11"), baseline_months=12)
    assert moved.months["upper"].tolist() == limits_of(x).months["upper"].tolist()


def test_a_growing_total_is_expected_to_grow_from_the_month_before():
    added = 300 + 20 * noise(40, seed=2)
    total = 10_000 + np.cumsum(added)
    limits = limits_of(total)
    usual = added[1:36].mean()
    assert (limits.method, limits.slope) == ("drift", pytest.approx(usual))
    assert limits.months["mean"].to_numpy()[1:] == pytest.approx(total[:-1] + usual)


def test_a_month_after_a_gap_is_expected_at_two_steps_and_less_certain():
    total = 10_000 + np.cumsum(300 + 20 * noise(40, seed=2))
    total[38] = np.nan
    limits = limits_of(total)
    half = limits.months["upper"] - limits.months["mean"]
    assert limits.months["mean"].iloc[39] == pytest.approx(total[37] + 2 * limits.slope)
    # Two independent changes, and twice the error of a mean of 35 changes.
    assert half.iloc[39] / half.iloc[37] == pytest.approx(np.sqrt((2 + 4 / 35) / (1 + 1 / 35)))


def test_missing_months_move_neither_a_trend_nor_its_signals():
    x = 50.0 + 3.0 * np.arange(24)
    x[[3, 8, 15]] = np.nan
    limits = limits_of(x)
    assert (limits.slope, limits.n_baseline) == (pytest.approx(3.0), 12)
    assert not limits.months[RULES].any(axis=None)


def test_a_missing_month_does_not_hide_a_season():
    x = seasonal(years=4)
    x[[2, 20]] = np.nan
    limits = limits_of(x)
    assert (limits.method, limits.n_baseline, limits.months["in_baseline"].sum()) == ("season", 36, 38)


def test_a_rebase_starts_afresh():
    x = monthly([*CALM, *np.add(CALM, 50.0), 60.0])
    limits = adjusted_limits(x, baseline_months=12, rebases=[x.index[12]])
    alone = adjusted_limits(x.iloc[12:], baseline_months=12)
    assert limits.months["segment"].tolist() == [0] * 12 + [1] * 13
    assert limits.months.iloc[12:].drop(columns="segment").equals(alone.months.drop(columns="segment"))
    assert limits.newest.iloc[12:].equals(alone.newest)
    assert (limits.n_baseline, limits.state) == (12, "frozen")


def test_a_rebase_leaves_the_months_before_it_alone():
    x = monthly([*CALM, 10.0, *np.add(CALM, 50.0)])
    limits = adjusted_limits(x, baseline_months=12, rebases=[x.index[13]])
    before = adjusted_limits(x.iloc[:13], baseline_months=12)
    assert limits.months.iloc[:13].equals(before.months)


def test_soon_after_a_rebase_there_are_no_limits():
    x = monthly([*CALM, 50.0, 52.0, 70.0])
    limits = adjusted_limits(x, baseline_months=12, rebases=[x.index[12]])
    assert (limits.state, limits.months["upper"].isna().tolist()) == ("none", [False] * 12 + [True] * 3)


def test_rebases_outside_the_history_and_repeated_ones_do_nothing():
    x = monthly([*CALM, 10.0])
    limits = adjusted_limits(x, baseline_months=12, rebases=["2019-01", "2030-01", "2019-01"])
    assert limits.months.equals(adjusted_limits(x, baseline_months=12).months)


@pytest.mark.parametrize("kind", ["plain", "trend", "season"])
def test_the_newest_month_never_looks_ahead(kind):
    x = seasonal(years=4, seed=11) if kind == "season" else 100 + noise(30, seed=11)
    x = monthly(x + 2 * np.arange(len(x)) * (kind == "trend") + 4 * (np.arange(len(x)) == 25))
    whole = adjusted_limits(x, baseline_months=12)
    for n in range(8, len(x) + 1):
        then = adjusted_limits(x.iloc[:n], baseline_months=12)
        assert whole.newest.iloc[:n].equals(then.newest)
        assert then.newest.iloc[-1].tolist() == then.months[RULES].iloc[-1].tolist()


@pytest.mark.parametrize(("scale", "shift"), [(1024.0, 0.0), (0.5, 64.0)])
def test_units_change_no_signal(scale, shift):
    x = np.round(seasonal(years=4) * 64) / 64 + 2 * np.arange(48)
    first, second = limits_of(x), limits_of(x * scale + shift)
    assert second.months["upper"].to_numpy() == pytest.approx(first.months["upper"].to_numpy() * scale + shift)
    assert second.newest.equals(first.newest)


@pytest.mark.parametrize("value", [0.0, 0.1, 123.456])
def test_a_constant_kpi_is_plain_without_signals(value):
    limits = limits_of([value] * 40)
    assert (limits.method, limits.autocorrelated) == ("plain", False)
    assert not limits.newest.any(axis=None)


@pytest.mark.parametrize("values", [[], [np.nan] * 15, [1.0]])
def test_hardly_any_values_give_no_limits(values):
    limits = limits_of(values)
    assert (limits.state, limits.method, len(limits.months), len(limits.newest)) == (
        "none",
        "plain",
        *[len(values)] * 2,
    )


def test_every_bad_argument_is_named_at_once():
    lines = (
        "values: 1 problem. The value at position 1 (counted from 0) is infinite; leave it missing.",
        "baseline_months: 1 problem. '0' is no length of a baseline; write a whole number from 1.",
    )
    with pytest.raises(InputError, match="^" + re.escape("\n".join(lines)) + "$"):
        limits_of([1.0, np.inf], baseline_months=0)


def test_what_was_given_is_not_changed():
    x = monthly([*CALM, np.nan, 99.0])
    copy = x.copy()
    adjusted_limits(x, baseline_months=12, rebases=["2022-06"])
    assert x.equals(copy)


def test_autocorrelation_of_alternating_months_is_about_minus_one():
    limits = limits_of([9.0, 11.0] * 12)
    # Mean 10: every product of neighbours is -1, 23 of them, over 24 squares.
    assert (limits.autocorrelation, limits.autocorrelated) == (pytest.approx(-23 / 24), False)


def test_a_slow_wave_is_warned_of_and_a_single_shift_is_not():
    wave = 100 + 0.9 * np.sin(np.arange(36) / 2.5) + 0.3 * noise(36, seed=4)
    shift = 100 + noise(36, seed=4) + 4 * (np.arange(36) >= 24)
    assert (limits_of(wave).autocorrelated, limits_of(shift).autocorrelated) == (True, False)


def test_independent_months_are_warned_of_at_most_one_time_in_twenty():
    warned = np.mean([limits_of(x).autocorrelated for x in noise(200, 25, seed=41)])
    # One-sided 5 % (Durbin and Watson 1950); 200 series leave 1.5 points of chance.
    assert warned <= 0.08


def test_stable_months_give_at_most_five_false_alerts_in_a_hundred():
    # The bar of the project; 150 series leave half a point of chance.
    assert alerts_of(100 + 5 * noise(150, 24, seed=42), history=12) <= 0.055


def test_a_season_with_three_years_gives_few_false_alerts():
    x = 100 + 5 * (noise(80, 48, seed=43) + 1.5 * np.sin(2 * np.pi * np.arange(48) / 12))
    # Bar of the project; plain limits give 9.9 %.
    assert alerts_of(x, history=36) < 0.05


def test_a_growing_kpi_gives_few_false_alerts():
    x = 100 + 5 * (noise(100, 24, seed=44) + np.arange(24))
    # Bar of the project; plain limits flag nearly every month.
    assert alerts_of(x, history=12) < 0.05


def test_a_kpi_that_wanders_is_hardly_ever_taken_for_one_with_a_season_or_trend():
    steps = noise(150, 60, seed=45)
    for month in range(1, 60):
        steps[:, month] = 0.7 * steps[:, month - 1] + np.sqrt(1 - 0.7**2) * steps[:, month]
    methods = pd.Series([limits_of(x[-37:]).method.value for x in steps])
    # Measured over 2,000 others: 3 to 4 in a hundred.
    assert (methods == "plain").mean() >= 0.92
