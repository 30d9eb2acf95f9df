"""Since when a series stands off what was expected of it: planted days are found, noise is left alone."""

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.onset import onset
from opsretro.errors import InputError

DAYS = pd.date_range("2026-07-01", periods=123)
FLAT = pd.Series(100.0, index=DAYS)


def noisy(rng, sd=0.1, memory=0.0):
    shocks = rng.normal(0, sd, len(DAYS))
    for day in range(1, len(DAYS)):
        shocks[day] += memory * shocks[day - 1]
    return FLAT * np.exp(shocks)


@pytest.mark.parametrize("first", [60, 83, 95, 110])
def test_a_drop_of_a_third_is_dated_to_the_day_nearly_always(first):
    rng = np.random.default_rng(61)
    found = [onset(noisy(rng).where(DAYS[first] > DAYS, lambda x: x * 0.65), FLAT) for _ in range(40)]
    assert np.mean([one is not None and abs((one.start - DAYS[first]).days) <= 1 for one in found]) >= 0.95
    assert all(one.end is None for one in found if one)


def test_the_days_it_may_have_begun_on_hold_the_true_one_nineteen_times_in_twenty():
    rng = np.random.default_rng(62)
    found = [onset(noisy(rng).where(DAYS[83] > DAYS, lambda x: x * 0.85), FLAT) for _ in range(100)]
    held = [one.earliest <= DAYS[83] <= one.latest for one in found if one]
    assert len(held) >= 95
    assert np.mean(held) >= 0.90


def test_a_stretch_has_an_end():
    rng = np.random.default_rng(63)
    values = noisy(rng)
    values.iloc[95:101] *= 0.5
    found = onset(values, FLAT)
    assert (found.start, found.end) == (DAYS[95], DAYS[100])
    assert found.multiplier == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("sd", "memory"), [(0.08, 0.0), (0.3, 0.0), (0.06, 0.5)])
def test_noise_alone_has_hardly_ever_a_beginning(sd, memory):
    rng = np.random.default_rng(64)
    assert sum(onset(noisy(rng, sd, memory), FLAT) is not None for _ in range(60)) <= 5


def test_the_level_of_the_expectation_does_not_matter():
    rng = np.random.default_rng(65)
    values = noisy(rng).where(DAYS[90] > DAYS, lambda x: x * 0.6)
    assert onset(values, FLAT) == onset(values, FLAT * 7)


def test_weekends_that_are_expected_are_no_beginning():
    rng = np.random.default_rng(66)
    week = FLAT.where(DAYS.day_of_week < 5, 30.0)
    assert onset(noisy(rng, 0.05) * week / 100, week) is None


def test_a_movement_from_the_first_day_on_is_older_than_the_series():
    values = FLAT.copy()
    values.iloc[:40] = 150.0
    assert onset(values, FLAT) is None


@pytest.mark.parametrize("values", [FLAT[:10], FLAT * 0, FLAT * np.nan, FLAT])
def test_too_few_days_nothing_or_nothing_but_a_level_have_no_beginning(values):
    assert onset(values, FLAT) is None


def test_missing_days_and_days_without_an_expectation_are_skipped():
    rng = np.random.default_rng(67)
    values = noisy(rng, 0.05).where(DAYS[90] > DAYS, lambda x: x * 0.6)
    values.iloc[[3, 91]] = np.nan
    expected = FLAT.copy()
    expected.iloc[50] = 0.0
    assert onset(values, expected).start == DAYS[90]


def test_dust_of_the_computer_is_no_movement():
    rng = np.random.default_rng(68)
    values = FLAT * (1 + 1e-12 * rng.normal(size=len(DAYS)))
    values.iloc[60:] += 1e-10
    assert onset(values, FLAT) is None


def test_what_is_no_number_or_infinite_is_refused():
    told = r"^actual: 1 problem\. Column 'actual': a value is infinite; leave it missing\.$"
    with pytest.raises(InputError, match=told):
        onset(FLAT.where(DAYS[3] != DAYS, np.inf), FLAT)
