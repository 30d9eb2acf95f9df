"""Was a series on the move before a change? Slopes that are known, and series that only wander."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from follow_cases import whole

from opsretro.analysis.methods.drift_before import Drift, drift_before, rebounds_before
from opsretro.errors import InputError

DAYS = pd.date_range("2025-06-01", "2026-06-30")
START = pd.Timestamp("2026-06-01")


def series(drift: float = 0.0, since: int = 28, noise: float = 0.02, seed: int = 1) -> pd.Series:
    """A level with weekends of its own that drifts since some days before the start."""
    rng = np.random.default_rng(seed)
    ahead = np.clip((DAYS - START).days + since, 0, since)
    level = 1000 * (1 + 0.3 * (DAYS.day_of_week >= 5)) * np.exp(drift * ahead + rng.normal(0, noise, len(DAYS)))
    return pd.Series(level, index=DAYS)


@pytest.mark.parametrize("drift", [0.004, -0.004, 0.01])
def test_the_slope_of_four_weeks_is_found(drift):
    found = drift_before(series(drift), START)[0]
    assert found.days == 28 and abs(found.slope - drift) < 3 * found.error and abs(found.score) > 3


@pytest.mark.parametrize("drift", [0.003, -0.003])
def test_the_slope_of_eight_weeks_is_found(drift):
    found = drift_before(series(drift, since=56), START)[1]
    assert found.days == 56 and abs(found.slope - drift) < 3 * found.error and abs(found.score) > 3


def test_a_level_series_has_drifts_of_next_to_nothing():
    assert all(abs(drift.slope) < 0.001 and abs(drift.score) < 3 for drift in drift_before(series(), START))


def test_level_series_seldom_seem_to_drift():
    # beyond 3 standard errors: 0.27 % of normal ones, 10 % would be a fault of ours
    scores = [drift.score for seed in range(60) for drift in drift_before(series(seed=100 + seed), START)]
    assert np.mean(np.abs(scores) > 3) < 0.1


def test_a_series_that_always_wanders_needs_a_steeper_drift():
    rng = np.random.default_rng(3)
    wander = series(0.004) * np.exp(np.cumsum(rng.normal(0, 0.02, len(DAYS))))
    assert drift_before(wander, START)[0].error > 2 * drift_before(series(0.004), START)[0].error


def test_growth_that_is_usual_is_no_drift():
    grown = series() * np.exp(0.003 * np.arange(len(DAYS)))
    assert abs(drift_before(grown, START)[0].slope) < 0.001


def test_the_change_itself_and_later_days_are_not_looked_at():
    later = series(0.004)
    later[later.index >= START] = 1.0
    assert drift_before(later, START) == drift_before(series(0.004), START)


def test_holidays_are_left_out():
    feast = pd.date_range("2026-05-25", "2026-05-31")
    odd = series()
    odd[feast] *= 3
    plain, spared = (drift_before(each, START, holidays=feast)[0].slope for each in (series(), odd))
    assert abs(spared - plain) < 1e-9 and abs(drift_before(odd, START)[0].slope) > 0.003


def test_one_spike_is_no_drift():
    odd = series()
    odd[pd.Timestamp("2026-05-30")] *= 10
    assert abs(drift_before(odd, START)[0].slope) < 0.002


def test_the_order_of_the_days_is_of_no_account():
    assert drift_before(series(0.004).sample(frac=1, random_state=1), START) == drift_before(series(0.004), START)


def test_missing_days_are_skipped():
    gaps = series(0.004).drop(pd.date_range("2026-05-10", "2026-05-14"))
    assert abs(drift_before(gaps, START)[0].slope - 0.004) < 0.002


def test_a_stretch_with_few_days_says_nothing():
    # 14 of 28 days are less than 0.6 of them; 42 of 56 are enough
    gaps = series().drop(pd.date_range("2026-05-04", "2026-05-17"))
    assert [drift.days for drift in drift_before(gaps, START)] == [56]


def test_a_short_past_has_its_own_days_as_the_only_yardstick():
    # 31 days are less than 0.6 of eight weeks
    young = series(0.006)["2026-05-01":]
    assert [drift.days for drift in drift_before(young, START)] == [28]


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_one_day_at_or_below_nought_hides_no_drift(value):
    odd = series(drift=0.004)
    odd.iloc[200] = value
    assert drift_before(odd, START)[0].score > 3


def test_a_series_around_nought_has_none():
    assert drift_before(series() - series().mean(), START) == ()


@pytest.mark.parametrize("days", [0, 5])
def test_a_series_without_a_past_has_none(days):
    assert drift_before(series()[START : START + pd.Timedelta(days=days)], START) == ()


def test_a_constant_series_does_not_drift():
    found = drift_before(pd.Series(5.0, index=DAYS), START)
    assert [abs(drift.score) for drift in found] == [0.0, 0.0]


def test_a_drift_without_any_noise_is_seen():
    assert drift_before(series(0.004, noise=0.0), START)[0].score > 3


def test_the_score_is_the_slope_in_standard_errors_and_nought_without_one():
    assert Drift(slope=0.006, error=0.002, days=28).score == pytest.approx(3)
    assert Drift(slope=0.006, error=0.0, days=28).score == 0.0


def test_a_drift_adds_what_lies_between_the_middles_of_the_two_stretches():
    # the middle of 28 days before and that of 14 days after are (28 + 14) / 2 = 21 days apart
    assert Drift(slope=0.01, error=0.01, days=28).change(14) == pytest.approx(0.21)


def low(by: float, days: int = 28, seed: int = 1) -> pd.Series:
    """A level that lies lower in the last days before the start."""
    steady = series(seed=seed)
    return steady.where((steady.index < START - pd.Timedelta(days=days)) | (steady.index >= START), steady * (1 - by))


def gap(daily: pd.Series, days: int = 28):
    """The rebound of a block."""
    return next(found for found in rebounds_before(daily, START) if found.days == days)


def test_a_bad_month_is_a_gap_that_going_back_would_close():
    # ten per cent lower: the way back is 1 / 0.9 - 1 = 0.111
    assert gap(low(0.1)).gap == pytest.approx(0.111, abs=0.02) and gap(low(0.1)).score > 3


@pytest.mark.parametrize("days", [3, 7, 14, 28, 56])
def test_a_bad_stretch_of_any_length_is_a_gap_of_its_block(days):
    assert gap(low(0.2, days=days), days).gap == pytest.approx(0.25, abs=0.04)


def test_a_usual_month_is_no_gap():
    assert abs(gap(series()).gap) < 0.03


def test_steady_growth_is_no_gap():
    assert abs(gap(series() * np.exp(0.002 * np.arange(len(DAYS)))).gap) < 0.03


def test_a_bad_quarter_does_not_become_what_is_usual():
    assert gap(low(0.1, days=84)).gap == pytest.approx(0.111, abs=0.03)


def test_a_day_at_nought_changes_no_gap_much():
    out = low(0.1)
    out.iloc[100] = 0.0
    assert gap(out).gap == pytest.approx(gap(low(0.1)).gap, abs=0.02)


def test_a_few_sales_a_day_have_a_usual_level_too():
    rng = np.random.default_rng(5)
    few = pd.Series(rng.poisson(1.0, len(DAYS)).astype(float), index=DAYS)
    assert gap(few.where((few.index < "2026-05-04") | (few.index >= START), 0.0)).gap > 0.5


def test_a_short_history_has_no_usual_level_of_long_blocks():
    short = series()
    found = rebounds_before(short[short.index >= START - pd.Timedelta(days=100)], START)
    assert {one.days for one in found} == {3, 7, 14}


def test_a_series_of_nothing_but_nought_has_no_usual_level():
    assert rebounds_before(series() * 0.0, START) == ()


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (pd.Series([1.0, 2.0], index=["2026-05-01", "2026-05-01"]),
         "'2026-05-01' is there more than once; every row needs its own."),
        (pd.Series([1.0], index=["soon"]), "'soon' is not a date; write it as year-month-day, such as 2026-06-13."),
        (pd.Series([np.inf], index=["2026-05-01"]), "A value is infinite; leave it missing."),
    ],
)  # fmt: skip
def test_a_series_that_cannot_be_read_is_refused(odd, message):
    with pytest.raises(InputError, match=whole(f"daily: 1 problem. {message}")):
        drift_before(odd, START)
