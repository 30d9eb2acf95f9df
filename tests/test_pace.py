"""Month-end pace: small answers known by hand, what must never happen, and coverage on generated KPIs."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.day_index import by_date, day_index
from opsretro.analysis.methods.pace import month_end
from opsretro.errors import InputError
from opsretro.tables.calendar import calendar_days

INTERVALS = ("lower80", "upper80", "lower95", "upper95")
CHINA = calendar_days(date(2023, 1, 1), date(2026, 12, 31))


def days(first, last, value=10.0):
    index = pd.date_range(first, last)
    return pd.Series(value, index=index) if np.isscalar(value) else pd.Series(value(index), index=index)


def weekly(index):
    """100 on workdays, 60 at weekends."""
    return np.where(index.day_of_week >= 5, 60.0, 100.0)


def by_kind(index):
    """100 on workdays, 60 at weekends, 30 on holidays, 90 on make-up workdays."""
    kind = CHINA.set_index("date")["day_type"].reindex(index)
    return kind.map({"workday": 100.0, "weekend": 60.0, "holiday": 30.0, "makeup_workday": 90.0}).to_numpy()


def noisy(first, last, seed=1, sd=0.05):
    index = pd.date_range(first, last)
    return pd.Series(weekly(index) * (1 + sd * np.random.default_rng(seed).normal(size=len(index))), index=index)


def june(daily, **options):
    return month_end(daily, **({"month": "2026-06", "direction": "higher"} | options))


def intervals(end):
    return [getattr(end, name) for name in INTERVALS]


# Known answers


def test_a_constant_kpi_ends_at_its_value_times_the_days():
    end = june(days("2026-01-01", "2026-06-10"), target=300.0)
    # 30 days of 10
    assert [end.point, *intervals(end)] == pytest.approx([300.0] * 5)
    assert end.hit_probability == 1.0


def test_a_target_just_above_a_constant_kpi_is_missed():
    assert june(days("2026-01-01", "2026-06-10"), target=301.0).hit_probability == 0.0
    assert june(days("2026-01-01", "2026-06-10"), target=301.0, direction="lower").hit_probability == 1.0


def test_a_weekly_pattern_without_noise_is_carried_on_exactly():
    # June 2026 has 22 workdays and 8 days of weekend: 22 x 100 + 8 x 60.
    assert june(days("2026-01-01", "2026-06-10", weekly)).point == pytest.approx(2680.0)


def test_a_mean_is_the_mean_of_all_days_of_the_month():
    for aggregation in ("mean", "mean_rate"):
        assert june(days("2026-01-01", "2026-06-10", weekly), aggregation=aggregation).point == pytest.approx(2680 / 30)


def test_a_level_ends_on_its_last_day():
    # 30 June 2026 is a Tuesday.
    assert june(days("2026-01-01", "2026-06-10", weekly), aggregation="last").point == pytest.approx(100.0)


def test_a_level_that_grows_by_three_a_day_goes_on_growing():
    daily = days("2025-06-01", "2026-06-10", lambda index: 1000.0 + 3 * np.arange(len(index)))
    # 20 days after the last value
    assert june(daily, aggregation="last").point == pytest.approx(daily.iloc[-1] + 60, rel=5e-4)


def test_a_ratio_is_forecast_from_its_parts():
    den = days("2026-01-01", "2026-06-10", weekly)
    end = june(pd.DataFrame({"num": den * 0.25, "den": den}), aggregation="ratio", target=0.25)
    assert [end.point, end.hit_probability] == pytest.approx([0.25, 1.0])


def test_a_ratio_weighs_its_days_by_the_denominator():
    den = days("2026-01-01", "2026-06-10", lambda index: np.where(index.day_of_week >= 5, 300.0, 100.0))
    num = den * np.where(den.index.day_of_week >= 5, 0.5, 0.1)
    # 22 workdays of 10 in 100, 8 days of weekend of 150 in 300: 1420 in 4600, not the mean of the rates.
    assert june(pd.DataFrame({"num": num, "den": den}), aggregation="ratio").point == pytest.approx(
        1420 / 4600, rel=1e-4
    )


def test_a_ratio_that_was_never_above_one_stays_below():
    rng = np.random.default_rng(2)
    den = days("2026-03-01", "2026-06-05", 3.0)
    end = june(pd.DataFrame({"num": rng.binomial(3, 0.97, len(den)), "den": den}), aggregation="ratio")
    assert max(intervals(end)) <= 1.0


def test_holidays_are_foreseen_from_those_of_earlier_years():
    end = month_end(days("2024-01-01", "2026-10-10", by_kind), month="2026-10", direction="higher", calendar=CHINA)
    expected = days("2026-10-01", "2026-10-31", by_kind).sum()
    assert end.point == pytest.approx(expected, rel=1e-3)


def test_a_lunar_holiday_is_found_again_on_another_date():
    daily = days("2024-01-01", "2026-02-10", by_kind)
    end = month_end(daily, month="2026-02", direction="higher", calendar=CHINA)
    # The Spring Festival of 2026 begins on 15 February, that of 2025 began on 28 January.
    assert end.point == pytest.approx(days("2026-02-01", "2026-02-28", by_kind).sum(), rel=2e-3)


def test_a_make_up_workday_is_no_weekend():
    index = day_index(days("2024-01-01", "2026-10-08", by_kind), CHINA, pd.DatetimeIndex(["2026-10-09", "2026-10-10"]))
    # Friday 9 October is a workday (100), Saturday 10 October is worked in exchange (90).
    assert index.factors.iloc[1] / index.factors.iloc[0] == pytest.approx(0.9, rel=1e-2)


def test_a_calendar_that_ends_leaves_plain_weekdays():
    short = CHINA[CHINA["date"] < "2026-06-01"]
    daily = days("2026-01-01", "2026-06-10", weekly)
    assert june(daily, calendar=short).point == pytest.approx(2680.0, rel=1e-3)


def test_a_marked_campaign_lifts_its_future_days_as_it_lifted_past_ones():
    daily = days("2025-06-01", "2026-06-15")
    table = pd.DataFrame({"date": pd.date_range("2025-06-01", "2026-06-30"), "day_type": "workday", "event": ""})
    marked = table["date"].isin(pd.to_datetime(["2025-11-11", "2025-11-12", "2026-03-08", "2026-06-18", "2026-06-19"]))
    table.loc[marked, "event"] = "sale"
    daily[table.loc[marked, "date"].iloc[:3]] = 15.0
    # 28 days of 10 and two of 15
    assert june(daily, calendar=table).point == pytest.approx(310.0, rel=2e-3)


def test_a_campaign_that_nobody_marked_is_not_extrapolated():
    daily = noisy("2025-06-01", "2026-06-12")
    lifted = daily.copy()
    lifted["2026-06-03":"2026-06-08"] *= 1.5
    added = (lifted - daily).sum()
    assert june(lifted).point - added == pytest.approx(june(daily).point, rel=0.01)


def test_a_change_that_stays_is_followed():
    daily = noisy("2025-06-01", "2026-06-15")
    daily["2026-05-20":] *= 1.2
    # 22 workdays of 120 and 8 days of weekend of 72
    assert june(daily).point == pytest.approx(1.2 * 2680, rel=0.03)


def stepped(days_ago, seed=3):
    """A lasting +20 % that began some days before the twelfth of June, noise 4 %."""
    daily = noisy("2025-06-01", "2026-06-30", seed, sd=0.04)
    daily[pd.Timestamp("2026-06-13") - pd.Timedelta(days=days_ago) :] *= 1.2
    return daily


@pytest.mark.parametrize("days_ago", [6, 10])
def test_while_it_is_open_whether_a_change_stays_the_interval_spans_both_futures(days_ago):
    daily = stepped(days_ago)
    end, stays = june(daily[:"2026-06-12"]), daily["2026-06"].sum()
    # 18 of the 30 days are left, 20 % lower if the change was a campaign.
    ends = stays - daily["2026-06-13":].sum() * (1 - 1 / 1.2)
    assert end.lower95 < ends < stays < end.upper95


def test_a_change_is_believed_the_longer_it_lasts():
    daily = [stepped(days_ago) for days_ago in (3, 10, 30)]
    # Left without the change: 12 workdays of 100 and 6 days of weekend of 60 = 1560; with it a fifth more.
    left = [june(each[:"2026-06-12"]).point - each["2026-06-01":"2026-06-12"].sum() for each in daily]
    assert left == pytest.approx([1560, 1.2 * 1560, 1.2 * 1560], rel=0.04)


def test_a_campaign_that_has_ended_is_over():
    daily = noisy("2025-06-01", "2026-06-30", sd=0.04)
    daily["2026-05-28":"2026-06-08"] *= 1.4
    end = june(daily[:"2026-06-14"])
    assert end.lower95 < daily["2026-06"].sum() < end.upper95
    assert end.point == pytest.approx(daily["2026-06"].sum(), rel=0.03)


@pytest.mark.filterwarnings("error")
def test_weekly_rows_have_a_forecast_without_a_warning():
    daily = days("2024-01-01", "2026-06-15")[::7]
    # Mondays: 1, 8, 15, 22 and 29 June
    assert june(daily).point == pytest.approx(50.0)


def test_growth_is_carried_on():
    daily = noisy("2025-01-01", "2026-06-30", sd=0.03)
    daily *= 1.002 ** np.arange(len(daily))
    assert june(daily[:"2026-06-10"]).point == pytest.approx(daily["2026-06"].sum(), rel=0.02)


# Missing days, whole months, little data


def test_a_missing_day_of_the_month_is_forecast_not_zero():
    daily = days("2026-01-01", "2026-06-10", weekly)
    holed = daily.drop(pd.Timestamp("2026-06-03"))
    assert june(holed).point == pytest.approx(2680.0)
    assert june(daily.mask(daily.index == "2026-06-03")).point == june(holed).point


def test_a_weekday_that_never_has_data_is_not_forecast():
    daily = days("2026-01-01", "2026-06-10", weekly)
    # 22 workdays of 100, and nothing is missing at weekends
    assert june(daily[daily > 60]).point == pytest.approx(2200.0)
    assert june(daily[daily > 60], aggregation="mean").point == pytest.approx(100.0)


def test_a_whole_month_is_its_actual_value():
    daily = noisy("2026-01-01", "2026-06-30")
    end = june(daily, target=daily["2026-06"].sum() + 1)
    assert [end.point, *intervals(end)] == pytest.approx([daily["2026-06"].sum()] * 5, rel=1e-12)
    assert end.hit_probability == 0.0


def test_days_after_the_month_do_not_matter():
    daily = noisy("2026-01-01", "2026-07-20")
    assert june(daily).point == pytest.approx(daily["2026-06"].sum())


def test_incomplete_days_are_left_out():
    daily = days("2026-01-01", "2026-06-12", weekly)
    daily.iloc[-2:] = 1.0
    end = june(daily, incomplete_days=2)
    assert (end.days_elapsed, end.last_day, end.n_history) == (10, "2026-06-10", 151)
    assert end.point == pytest.approx(2680.0)


@pytest.mark.parametrize(
    "daily",
    [
        days("2026-06-01", "2026-06-20"),
        days("2026-01-01", "2026-05-31"),
        pd.Series([], index=pd.DatetimeIndex([]), dtype=float),
        days("2026-01-01", "2026-06-10", np.nan),
    ],
    ids=["20 days", "no elapsed day", "empty", "all missing"],
)
def test_too_little_data_has_no_forecast(daily):
    end = june(daily, target=5.0)
    assert np.isnan([end.point, *intervals(end)]).all()
    assert end.hit_probability is None
    assert len(end.path) == 30


def test_twenty_one_days_are_enough():
    end = june(noisy("2026-06-01", "2026-06-21"), target=2000.0)
    assert end.lower95 < end.lower80 < end.point < end.upper80 < end.upper95


def test_a_ratio_without_any_denominator_has_no_forecast():
    parts = pd.DataFrame({"num": 0.0, "den": days("2026-01-01", "2026-06-10", 0.0)})
    assert np.isnan(june(parts, aggregation="ratio").point)


def test_without_a_target_there_is_no_chance():
    assert june(days("2026-01-01", "2026-06-10")).hit_probability is None
    assert june(days("2026-01-01", "2026-06-10"), direction="range", low=1.0).hit_probability is None


def test_a_range_is_hit_between_its_ends():
    daily = days("2026-01-01", "2026-06-10")
    assert june(daily, direction="range", low=300.0, high=310.0).hit_probability == 1.0
    assert june(daily, direction="range", low=301.0, high=310.0).hit_probability == 0.0


def test_a_kpi_of_zeros_stays_at_zero():
    end = june(days("2026-01-01", "2026-06-10", 0.0), target=1.0)
    assert [end.point, *intervals(end), end.hit_probability] == [0.0] * 6


def test_refunds_are_carried_on_as_negative_values():
    assert june(-days("2026-01-01", "2026-06-10", weekly)).point == pytest.approx(-2680.0)


def test_values_of_both_signs_have_an_interval_around_what_they_add_up_to():
    index = pd.date_range("2025-06-01", "2026-06-10")
    end = june(pd.Series(np.random.default_rng(4).normal(0, 10, len(index)), index=index))
    # The 20 days left add up to 0 with a standard deviation of 10 x sqrt(20) = 45; 80 % of it is 115 wide.
    assert 90 < end.upper80 - end.lower80 < 180


def test_small_counts_never_end_below_what_has_happened():
    index = pd.date_range("2025-06-01", "2026-06-10")
    daily = pd.Series(np.random.default_rng(5).poisson(0.2, len(index)).astype(float), index=index)
    assert june(daily).lower95 >= daily["2026-06"].sum()


# The path


def test_the_path_has_a_row_for_every_day_and_meets_the_forecast_at_its_end():
    end = june(noisy("2025-06-01", "2026-06-10"))
    assert end.path["date"].tolist() == pd.date_range("2026-06-01", "2026-06-30").tolist()
    assert end.path.iloc[-1][["expected", *INTERVALS]].tolist() == pytest.approx([end.point, *intervals(end)])


def test_the_path_shows_what_was_until_the_last_day_and_what_is_expected_after():
    daily = noisy("2025-06-01", "2026-06-10")
    path = june(daily).path
    assert path["actual"].iloc[:10].tolist() == pytest.approx(daily["2026-06"].cumsum().tolist())
    assert path["actual"].iloc[10:].isna().all()
    assert path["expected"].isna().tolist() == [True] * 10 + [False] * 20


def test_the_share_of_the_month_follows_the_calendar():
    path = june(days("2026-01-01", "2026-06-10", weekly)).path
    # 1 to 7 June 2026: five workdays and a weekend, 620 of 2680.
    assert path["share"].iloc[[6, 29]].tolist() == pytest.approx([620 / 2680, 1.0])


def test_the_path_of_a_mean_is_a_running_mean():
    path = june(days("2026-01-01", "2026-06-10", weekly), aggregation="mean").path
    assert path.loc[6, "actual"] == pytest.approx(620 / 7)


# Input


def test_order_and_form_of_the_dates_do_not_matter():
    daily = noisy("2025-06-01", "2026-06-10")
    point = june(daily).point
    assert june(daily.iloc[::-1]).point == point
    assert june(daily.set_axis(daily.index.strftime("%Y-%m-%d"))).point == point
    assert june(daily.set_axis(daily.index.date)).point == point


def test_the_same_input_gives_the_same_answer():
    daily = noisy("2025-06-01", "2026-06-10")
    first, second = june(daily, target=2700.0), june(daily, target=2700.0)
    assert intervals(first) == intervals(second)
    assert first.path.equals(second.path)


def test_inputs_stay_as_they_were():
    daily, calendar = noisy("2025-06-01", "2026-06-10").iloc[::-1], CHINA.copy()
    before = daily.copy()
    june(daily, calendar=calendar)
    assert daily.equals(before)
    assert calendar.equals(CHINA)


@pytest.mark.parametrize("scale", [1e-6, 1e9, -1.0])
def test_the_unit_does_not_matter(scale):
    daily = noisy("2025-06-01", "2026-06-10")
    assert june(daily * scale).point == pytest.approx(scale * june(daily).point, rel=1e-3)


def test_every_argument_that_is_wrong_is_named_at_once():
    daily = pd.Series([1.0, np.inf, 2.0], index=["2026-06-01", "2026-06-02", "2026-06-02"])
    message = (
        "direction: 1 problem. 'up' is not known; write one of: higher, lower, range.\n"
        "aggregation: 1 problem. 'median' is not known; write one of: sum, mean, last, ratio, mean_rate.\n"
        "incomplete_days: 1 problem. '-1' is less than nothing; write 0 or more.\n"
        "daily: 2 problems. '2026-06-02' is there more than once; every row needs its own. "
        "A value is infinite; leave it missing."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        june(daily, direction="up", aggregation="median", incomplete_days=-1)


def test_dates_and_values_that_cannot_be_read_are_named():
    message = (
        "daily: 2 problems. 'soon' is not a date; write it as year-month-day, such as 2026-06-13. "
        "'many' is not a number; leave the cell empty."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        by_date(pd.Series([1, "many"], index=["soon", "2026-06-02"]), "daily")


def test_a_calendar_with_an_unknown_kind_of_day_is_refused():
    calendar = pd.DataFrame({"date": ["2026-06-01"], "day_type": ["bridge"]})
    message = (
        "calendar: 1 problem. 'bridge' is not one of the words used here; "
        "write one of: workday, weekend, holiday, makeup_workday."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        june(days("2026-01-01", "2026-06-10"), calendar=calendar)


def test_a_ratio_needs_both_parts():
    message = "daily: 1 problem. Column 'den' is missing; add it to the header."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        june(pd.DataFrame({"num": days("2026-01-01", "2026-06-10")}), aggregation="ratio")


def test_a_series_is_no_ratio():
    message = (
        "daily: 2 problems. Column 'num' is missing; add it to the header. "
        "Column 'den' is missing; add it to the header."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        june(days("2026-01-01", "2026-06-10"), aggregation="ratio")


# The index


def test_the_index_of_a_weekly_pattern_is_the_pattern():
    index = day_index(days("2026-01-05", "2026-05-31", weekly))
    # An ordinary week holds 620, on average 88.57 a day.
    assert index.factors.iloc[[0, 5]].tolist() == pytest.approx([700 / 620, 420 / 620], rel=1e-3)


def test_a_single_spike_bends_no_factor():
    daily = noisy("2025-06-01", "2026-05-31")
    spiked = daily.copy()
    spiked.iloc[100] *= 10
    assert day_index(spiked).factors.to_numpy() == pytest.approx(day_index(daily).factors.to_numpy(), rel=0.01)


def test_a_holiday_never_seen_is_less_sure_than_one_seen():
    daily = noisy("2025-02-10", "2025-09-20")
    index = day_index(daily, CHINA, pd.DatetimeIndex(["2025-05-02", "2025-09-22", "2025-10-03"]))
    assert index.errors.iloc[2] > 2 * index.errors.iloc[0] > 2 * index.errors.iloc[1]


def test_values_of_both_signs_have_no_index():
    index = day_index(days("2026-01-01", "2026-05-31", lambda at: np.where(at.day % 2, 1.0, -1.0)))
    assert (index.factors == 1).all()


# How often it is right


@pytest.mark.parametrize("sd", [0.05, 0.1])
def test_intervals_cover_what_they_say_on_generated_kpis(sd):
    covered80, covered95, errors = [], [], []
    for seed in range(7000, 7060):
        daily = noisy("2025-02-01", "2026-06-30", seed, sd)
        end, actual = june(daily[:"2026-06-12"]), daily["2026-06"].sum()
        covered80.append(end.lower80 <= actual <= end.upper80)
        covered95.append(end.lower95 <= actual <= end.upper95)
        errors.append(abs(end.point / actual - 1))
    # 60 independent draws: 0.80 ± 3 x 0.052, 0.95 - 3 x 0.028; the 18 days left have 0.6 sd / sqrt(18) of the month.
    assert 0.64 <= np.mean(covered80) <= 0.96
    assert np.mean(covered95) >= 0.86
    assert np.mean(errors) < 0.3 * sd


def covered(series, month="2026-06", until="2026-06-10", **options):
    """Share of series whose month ends within the 80 % and within the 95 % interval."""
    inside = []
    for daily in series:
        end = june(daily[:until], **options)
        actual = daily.iloc[-1] if options else daily[month].sum()
        inside.append([end.lower80 <= actual <= end.upper80, end.lower95 <= actual <= end.upper95])
    return np.mean(inside, axis=0)


def test_intervals_of_a_wandering_level_cover_what_they_say():
    index = pd.date_range("2026-02-01", "2026-06-30")
    steps = [np.random.default_rng(seed).normal(0.1, 0.5, len(index)) for seed in range(8100, 8160)]
    share80, share95 = covered([pd.Series(100 + each.cumsum(), index=index) for each in steps], aggregation="last")
    # 60 independent draws: 0.80 - 3 x 0.052, 0.95 - 3 x 0.028
    assert share80 >= 0.64
    assert share95 >= 0.86


def test_intervals_of_six_weeks_of_history_cover_what_they_say():
    share80, share95 = covered([noisy("2026-04-20", "2026-06-30", seed) for seed in range(8200, 8260)])
    # as above
    assert share80 >= 0.64
    assert share95 >= 0.86


def test_intervals_cover_changes_that_stay_and_campaigns():
    lasting = [stepped(6, seed) for seed in range(8300, 8330)]
    campaigns = [noisy("2025-06-01", "2026-06-30", seed, sd=0.04) for seed in range(8330, 8360)]
    for daily in campaigns:
        daily["2026-06-06":"2026-06-14"] *= 1.3
    # 60 independent draws: 0.95 - 3 x 0.028
    assert covered([*lasting, *campaigns], until="2026-06-12")[1] >= 0.86


def test_a_range_whose_ends_are_exchanged_has_no_chance():
    daily = pd.Series(10.0, index=pd.date_range("2026-03-01", "2026-06-10"))
    assert month_end(daily, month="2026-06", direction="range", low=310, high=290).hit_probability is None
