"""Daily alerts: what is news, what an ordinary day of its kind is, and what must never change a verdict."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.daily_signals import daily_signals
from opsretro.errors import InputError
from opsretro.tables.calendar import calendar_days

WEEK = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 0.6])
COLUMNS = ["date", "kind", "side", "better", "actual", "expected", "change", "excess", "lower", "upper", "days"]


def orders(n=200, *, seed=1, cv=0.05, mean=1000.0, start="2026-01-05"):
    """Noise around a mean with weekends at 0.6; the first day is a Monday."""
    days = pd.date_range(start, periods=n)
    return pd.Series(mean * WEEK[days.day_of_week] * (1 + cv * np.random.default_rng(seed).normal(size=n)), index=days)


def changed(daily, days, share):
    """The same with its newest days at a share of what they were."""
    return pd.concat([daily.iloc[:-days], daily.iloc[-days:] * share])


def kinds(found):
    return list(zip(found.signals["kind"], found.signals["side"], strict=True))


def raised(daily, last, **how):
    """Kind and side of everything raised, by how many days ago."""
    each = [(ago, daily_signals(daily, as_of=daily.index[-1 - ago], **how)) for ago in reversed(range(last))]
    return [(ago, *signal) for ago, found in each for signal in kinds(found)]


def test_a_day_far_below_days_of_its_kind_is_a_signal():
    found = daily_signals(changed(orders(), 1, 0.6))
    row = found.signals.iloc[0]
    assert (found.state, found.as_of, kinds(found)) == ("judged", "2026-07-23", [("day", "down")])
    # A Thursday of 1000, kept at 0.6; the noise of one day is 5 %.
    assert [row["actual"], row["expected"], row["change"]] == pytest.approx([600, 1000, -0.4], rel=0.1)
    assert row["excess"] == row["actual"] - row["expected"]
    assert row["actual"] < row["lower"] < row["expected"] < row["upper"]


def test_an_ordinary_day_is_no_signal_and_keeps_its_columns():
    found = daily_signals(orders())
    assert (found.state, len(found.signals), list(found.signals.columns)) == ("judged", 0, COLUMNS)


def test_a_sunday_is_compared_with_sundays():
    daily = orders(202)
    assert daily.index[-1].day_name() == "Saturday"
    assert len(daily_signals(daily).signals) == 0
    # A Saturday as high as a workday: 1 over 0.6 = 67 % more than a Saturday.
    signal = daily_signals(changed(daily, 1, 1 / 0.6)).signals.iloc[0]
    assert (signal["side"], signal["expected"]) == ("up", pytest.approx(600, rel=0.05))


def test_a_lasting_drop_smaller_than_the_limits_of_a_day_is_a_shift():
    # 10 % with noise of 5 % is two standard deviations: within the limits of most single days.
    found = raised(changed(orders(seed=3), 10, 0.9), 10)
    assert [signal[1:] for signal in found] == [("shift", "down")]


def test_a_shift_tells_its_days_and_their_mean():
    daily = changed(orders(seed=3), 6, 0.85)
    rows = [daily_signals(daily, as_of=day).signals for day in daily.index[-6:]]
    row = pd.concat(rows).query("kind == 'shift'").iloc[0]
    run = daily[: row["date"]].iloc[-int(row["days"]) :]
    assert (row["actual"], row["days"] >= 3) == (pytest.approx(run.mean()), True)
    assert row["actual"] < row["lower"] < row["expected"] < row["upper"]


def test_an_episode_is_raised_once():
    found = raised(changed(orders(seed=4), 20, 0.7), 20)
    assert [signal[1:] for signal in found] == [("day", "down"), ("shift", "down")]


def test_an_episode_that_doubles_is_raised_again():
    daily = changed(changed(orders(seed=4), 3, 0.75), 1, 0.1)
    assert (0, "day", "down") in raised(daily, 3)


def test_an_outage_inside_a_shift_is_news():
    daily = changed(changed(orders(seed=5), 12, 0.85), 1, 0.2)
    assert ("day", "down") in kinds(daily_signals(daily))


def test_a_level_that_has_settled_is_the_new_normal():
    daily = changed(orders(300, seed=6), 90, 0.7)
    assert raised(daily, 8) == []
    signal = daily_signals(changed(daily, 1, 0.6)).signals.iloc[0]
    assert signal["expected"] == pytest.approx(1000 * 0.7 * WEEK[daily.index[-1].day_of_week], rel=0.05)


def test_one_spike_is_a_day_and_no_shift():
    daily = orders(seed=2)
    daily.iloc[-5] *= 6
    assert [signal[1:] for signal in raised(daily, 5)] == [("day", "up")]


def test_a_campaign_in_the_baseline_hides_no_drop():
    daily = orders(seed=8)
    daily.iloc[-40:-33] *= 1.6
    assert ("shift", "down") in [signal[1:] for signal in raised(changed(daily, 7, 0.8), 7)]


def holiday_sales(*, years):
    """Two or more autumns, weekends at 0.6 and public holidays at 0.5; ends in the October week of 2026."""
    end = date(2026, 10, 4)
    calendar = calendar_days(date(2026 - years, 3, 1), date(2026, 12, 31))
    kind = calendar.set_index("date")["day_type"][: pd.Timestamp(end)]
    noise = 1 + 0.05 * np.random.default_rng(9).normal(size=len(kind))
    return 1000 * kind.map({"workday": 1.0, "weekend": 0.6, "holiday": 0.5, "makeup_workday": 1.0}) * noise, calendar


def test_a_holiday_is_compared_with_holidays():
    daily, calendar = holiday_sales(years=2)
    assert raised(daily, 14, calendar=calendar) == []
    assert ("day", "down") in [signal[1:] for signal in raised(daily, 14)]


def test_a_day_that_loses_half_of_a_holiday_is_a_signal():
    daily, calendar = holiday_sales(years=2)
    assert ("day", "down") in kinds(daily_signals(changed(daily, 1, 0.3), calendar=calendar))


def test_a_first_holiday_ever_raises_nothing():
    days = pd.date_range("2026-06-01", periods=120)
    calendar = pd.DataFrame({"date": days, "day_type": np.where(days.day_of_week < 5, "workday", "weekend")})
    calendar.loc[117:, "day_type"] = "holiday"
    daily = changed(orders(120, start="2026-06-01"), 3, 0.6)
    assert raised(daily, 3, calendar=calendar) == []


def test_a_planned_event_is_compared_with_earlier_ones():
    daily = orders(seed=10)
    calendar = pd.DataFrame({"date": daily.index, "event": ""})
    calendar["day_type"] = np.where(daily.index.day_of_week < 5, "workday", "weekend")
    for begin in (60, 110, 150, 198):
        daily.iloc[begin : begin + 2] *= 1.5
        calendar.loc[begin : begin + 1, "event"] = "members' day"
    assert raised(daily, 2, calendar=calendar) == []
    assert raised(daily, 2) != []


def test_missing_days_are_not_zeros():
    daily = orders(seed=11)
    daily.iloc[[-60, -41, -20, -6, -3, -2]] = np.nan
    assert raised(daily, 1) == raised(daily.dropna(), 1) == []


def test_a_day_without_a_value_is_no_data():
    daily = orders()
    assert daily_signals(daily, as_of="2026-08-30").state == "no_data"
    assert daily_signals(daily, as_of="2020-01-01").state == "no_data"


def test_a_kpi_without_any_value_is_no_data():
    found = daily_signals(pd.Series(dtype=float))
    assert (found.state, found.as_of, len(found.signals)) == ("no_data", "", 0)


def test_five_weeks_of_history_are_enough():
    # 21 days of baseline, 14 newest days.
    assert daily_signals(orders(34)).state == "short_history"
    assert daily_signals(orders(35)).state == "judged"


@pytest.mark.parametrize(("direction", "better"), [("higher", "worse"), ("lower", "better"), ("range", "")])
def test_the_direction_says_what_a_drop_is(direction, better):
    found = daily_signals(changed(orders(), 1, 0.6), direction=direction)
    assert found.signals["better"].tolist() == [better]


def test_only_the_worse_side_can_be_asked_for():
    daily = changed(orders(), 1, 0.6)
    found = [daily_signals(daily, direction=way, worse_only=True) for way in ("higher", "lower", "range")]
    assert [len(each.signals) for each in found] == [1, 0, 1]


def test_both_the_size_and_the_count_must_be_reached():
    # Down from 1000 to about 600: 40 % and 400 units.
    daily = changed(orders(), 1, 0.6)
    limits = [{"size": 0.3, "count": 300}, {"size": 0.5}, {"count": 500}]
    assert [len(daily_signals(daily, **limit).signals) for limit in limits] == [1, 0, 0]


def rates(n=200, *, rate=0.05, visits=4000, seed=12):
    """Buyers among visits; weekends have 0.6 of the visits and the same rate."""
    days, rng = pd.date_range("2026-01-05", periods=n), np.random.default_rng(seed)
    den = np.round(visits * WEEK[days.day_of_week])
    return pd.DataFrame({"num": rng.binomial(den.astype(int), rate), "den": den}, index=days).astype(float)


def test_a_rate_is_judged_by_its_parts():
    daily = rates()
    daily.iloc[-1, 0] *= 0.5
    row = daily_signals(daily, aggregation="ratio").signals.iloc[0]
    # 5 % of 4,000 visits are 200 buyers; half of them are missing.
    assert [row["expected"], row["excess"]] == pytest.approx([0.05, -100], rel=0.15)
    assert row["actual"] == daily["num"].iloc[-1] / daily["den"].iloc[-1]


def test_a_rate_of_few_visits_needs_more_to_stand_out():
    # 1 of 40 is half the rate; by chance it happens in 28 % of days: binomial(40, 0.05), P(0) + P(1) = 0.40.
    daily = rates()
    daily.iloc[-1] = [1.0, 40.0]
    assert len(daily_signals(daily, aggregation="ratio").signals) == 0


def test_half_a_ratio_is_incomplete():
    daily = rates()
    daily.iloc[-1, 1] = np.nan
    assert daily_signals(daily, aggregation="ratio").state == "incomplete"


def followers(gained):
    """A level that gains about 300 a day."""
    return 100_000 + (gained * 0.3).cumsum().round()


def test_a_level_that_grows_every_day_raises_nothing():
    assert raised(followers(orders(seed=13)), 20, aggregation="last") == []


def test_a_level_that_falls_at_once_is_a_signal():
    daily = followers(orders(seed=13))
    daily.iloc[-1] -= 2000
    row = daily_signals(daily, aggregation="last").signals.iloc[0]
    # Where it would stand: the day before, and about 300 more.
    assert (row["kind"], row["expected"]) == ("day", pytest.approx(daily.iloc[-2] + 300, abs=60))
    assert row["excess"] == row["actual"] - row["expected"] == pytest.approx(-2000, abs=60)


def test_a_level_without_the_day_before_is_incomplete():
    assert daily_signals(followers(orders()).drop("2026-07-22"), aggregation="last").state == "incomplete"


def test_small_counts_raise_nothing_that_chance_makes():
    rng = np.random.default_rng(14)
    daily = pd.Series(rng.poisson(0.3, 200).astype(float), index=pd.date_range("2026-01-05", periods=200))
    # Poisson(0.3): three or more come on 0.4 % of days, zero on 74 %.
    daily.iloc[-1] = 2.0
    assert len(daily_signals(daily).signals) == 0
    daily.iloc[-1] = 9.0
    assert kinds(daily_signals(daily)) == [("day", "up")]


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 0.1])
def test_a_constant_kpi_raises_nothing(value):
    daily = pd.Series(value, index=pd.date_range("2026-01-05", periods=100))
    assert raised(daily, 3) == []


def test_negative_values_are_judged_like_positive_ones():
    daily = -changed(orders(), 1, 0.6)
    row = daily_signals(daily, direction="lower").signals.iloc[0]
    mirror = daily_signals(-daily).signals.iloc[0]
    assert (row["side"], row["better"]) == ("up", "worse")
    assert [row["expected"], row["change"]] == pytest.approx([-mirror["expected"], -mirror["change"]])


def test_values_of_both_signs_keep_their_weekdays():
    days = pd.date_range("2026-01-05", periods=203)
    noise = np.random.default_rng(15).normal(0, 20, 203)
    daily = pd.Series(np.where(days.day_of_week < 5, 200.0, -400.0) + noise, index=days)
    assert raised(daily, 7) == []
    daily.iloc[-1] += 300
    assert daily_signals(daily).signals.iloc[0]["expected"] == pytest.approx(-400, abs=30)


def test_growth_is_followed():
    daily = orders(400, seed=16, cv=0.04)
    growth = 1.03 ** (np.arange(400) / 30)
    signal = daily_signals(changed(daily * growth, 1, 0.6)).signals.iloc[0]
    # The mean of the eight weeks alone would lie 41 days behind, 4 % too low.
    mean = 1000 * growth[-1] * WEEK[daily.index[-1].day_of_week]
    assert signal["expected"] == pytest.approx(mean, rel=0.025)


def test_nothing_after_the_day_is_used():
    daily = changed(orders(seed=17), 9, 0.6)
    whole = daily_signals(daily, as_of=daily.index[-9])
    pd.testing.assert_frame_equal(whole.signals, daily_signals(daily.iloc[:-8]).signals)
    assert len(whole.signals) == 1


def test_order_and_kind_of_dates_do_not_matter():
    daily = changed(orders(), 1, 0.6)
    text = daily.set_axis(daily.index.strftime("%Y-%m-%d")).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(daily_signals(text).signals, daily_signals(daily).signals)


def test_inputs_are_left_alone():
    daily, calendar = holiday_sales(years=1)
    before = daily.copy(), calendar.copy()
    daily_signals(daily, calendar=calendar)
    pd.testing.assert_series_equal(daily, before[0])
    pd.testing.assert_frame_equal(calendar, before[1])


def test_scaling_a_kpi_changes_no_verdict():
    daily = changed(orders(seed=18) + 0.5, 5, 0.8)
    assert raised(daily * 1024, 5) == raised(daily, 5) != []


def test_everything_that_is_wrong_is_said_at_once():
    daily = orders()
    daily.iloc[3] = np.inf
    texts = [
        "direction: 1 problem. 'up' is not known; write one of: higher, lower, range.",
        "aggregation: 1 problem. 'total' is not known; write one of: sum, mean, last, ratio, mean_rate.",
        "daily: 1 problem. A value is infinite; leave it missing.",
        "as_of: 1 problem. 'soon' is not a date; write it as year-month-day, such as 2026-06-13.",
    ]
    with pytest.raises(InputError, match=f"^{re.escape(chr(10).join(texts))}$"):
        daily_signals(daily, direction="up", aggregation="total", as_of="soon")


def test_a_ratio_needs_both_its_parts():
    text = "daily: 1 problem. Column 'den' is missing; add it to the header."
    with pytest.raises(InputError, match=f"^{re.escape(text)}$"):
        daily_signals(rates().drop(columns="den"), aggregation="ratio")


def test_stable_days_are_quiet_and_drops_are_found_in_a_week():
    seeds = np.random.default_rng(20260601).integers(0, 2**31, 50)
    stable = [len(daily_signals(orders(150, seed=seed, cv=0.1)).signals) for seed in seeds]
    found = [raised(changed(orders(150, seed=seed, cv=0.07), 7, 0.8), 7) for seed in seeds[:12]]
    # At most 0.5 % of stable days: three of 50 would come by chance once in 400 times. 90 % of drops of 20 %.
    assert (np.count_nonzero(stable) <= 2, sum(map(bool, found)) >= 11) == (True, True), (stable, found)
