"""What a change caused: series whose effect was planted, exact cases by hand, and what must never happen."""

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.counterfactual import effect
from opsretro.analysis.methods.counterfactual_columns import day_columns, holiday_columns
from opsretro.analysis.methods.counterfactual_controls import holiday_spreads, touched
from opsretro.analysis.methods.counterfactual_fit import Columns, Fit, Past, fits, grid, log_scale, whiten
from opsretro.analysis.methods.counterfactual_history import drift_score, past_of
from opsretro.analysis.methods.counterfactual_paths import paths
from opsretro.analysis.methods.counterfactual_task import as_task, scales
from opsretro.analysis.methods.effect import Basis, Caution
from opsretro.errors import InputError

DAYS = pd.date_range("2026-03-02", periods=88)
START, END = DAYS[60], DAYS[73]
"""60 days before, 14 in the window, 14 after."""
WEEK = 1000.0 * np.array([1.0, 1.0, 1.0, 1.1, 1.2, 1.5, 1.4])[DAYS.day_of_week]


def autocorrelated(rng, size, deviation, rho=0.4):
    errors = rng.standard_normal((len(DAYS), size)) * deviation * np.sqrt(1 - rho**2)
    errors[0] /= np.sqrt(1 - rho**2)
    for i in range(1, len(DAYS)):
        errors[i] += rho * errors[i - 1]
    return errors


def world(seed, lift=0.0, n_controls=3, noise=0.03):
    """A target and controls that share their weekdays and a common shock; the target is lifted in the window."""
    rng = np.random.default_rng(seed)
    logs = autocorrelated(rng, 1, 0.04) + autocorrelated(rng, n_controls + 1, noise)
    table = pd.DataFrame(WEEK[:, None] * np.exp(logs), index=DAYS)
    caused = table.loc[START:END, 0] * lift
    return table[0].add(caused, fill_value=0.0), table.drop(columns=0).add_prefix("c"), float(caused.sum())


def found(seed=1, **changes):
    target, controls, _ = world(seed)
    return effect(**{"target": target, "start": START, "end": END, "controls": controls} | changes)


def calendar(*holidays):
    days = DAYS.strftime("%Y-%m-%d")
    return pd.DataFrame({"date": days, "day_type": np.where(days.isin(holidays), "holiday", "workday")})


def task_of(target, controls, kinds=None):
    kinds = pd.DataFrame({"day_type": []}, index=pd.DatetimeIndex([]), dtype="str") if kinds is None else kinds
    return as_task(target, controls, kinds, (START, END), pd.DatetimeIndex([]), 14)


def test_a_lift_on_a_multiple_of_a_control_is_found_to_the_yuan():
    caused = np.where((DAYS >= START) & (DAYS <= END), 0.1, 0.0)
    controls = pd.DataFrame({"north": WEEK, "south": 3.0 * WEEK}, index=DAYS)
    one = effect(pd.Series(2.0 * WEEK * (1.0 + caused), index=DAYS), START, END, controls=controls)
    # By hand: two whole weeks of 2,000 x (1 + 1 + 1 + 1.1 + 1.2 + 1.5 + 1.4) = 16,400 each, a tenth of it.
    assert one.window.point == pytest.approx(3280.0, abs=1.0)
    assert one.baseline == pytest.approx(32800.0, abs=1.0)
    assert one.window.lower == pytest.approx(one.window.upper, abs=10.0)


def test_intervals_cover_and_zero_effects_are_seldom_called_effects():
    hits, false, widths = [], [], []
    for seed in range(60):
        target, controls, caused = world(seed, lift=0.1 * (seed % 2))
        one = effect(target, START, END, controls=controls)
        hits.append(one.window.lower <= caused <= one.window.upper)
        widths.append((one.window.upper - one.window.lower) / one.baseline)
        if not seed % 2:
            false.append(one.window.lower > 0 or one.window.upper < 0)
    # The bars of the project: at least 93 % covered, at most 7 % false, at most 20 % of baseline wide.
    assert (np.mean(hits) >= 0.93, np.mean(false) <= 0.07, np.mean(widths) <= 0.2) == (True, True, True)


def test_intervals_cover_without_controls():
    worlds = [world(seed, lift=0.1) for seed in range(100, 140)]
    ones = [(effect(target, START, END).window, caused) for target, _, caused in worlds]
    # The bar of the project: at least 93 % covered.
    assert np.mean([one.lower <= caused <= one.upper for one, caused in ones]) >= 0.93


def test_the_same_input_gives_the_same_draws():
    assert (found().window.draws == found().window.draws).all()


def test_an_effect_grows_with_the_unit_of_its_series():
    target, controls, _ = world(1)
    large, small = found(target=target * 1000.0, controls=controls / 7.0).window, found().window
    assert [large.point, large.lower] == pytest.approx([small.point * 1000.0, small.lower * 1000.0])


def test_the_point_lies_inside_the_interval():
    one = found()
    assert one.window.lower < one.window.point < one.window.upper
    assert one.after.lower < one.after.point < one.after.upper


def test_basis_controls_and_days_are_told():
    one = found()
    assert (one.basis, one.controls, one.n_before, one.after_days) == (Basis.CONTROLS, ("c1", "c2", "c3"), 60, 14)
    assert (one.cautions, one.refused) == ((), None)


def test_days_hold_the_weeks_before_the_window_and_the_days_after():
    days = found().days
    # 56 days before, 14 in the window, 14 after.
    assert days["phase"].value_counts().to_dict() == {"before": 56, "window": 14, "after": 14}
    assert (days["lower"] < days["expected"]).all() and (days["expected"] < days["upper"]).all()


def test_expected_days_of_the_window_add_up_to_about_the_baseline():
    one = found()
    window = one.days[one.days["phase"] == "window"]
    assert window["expected"].sum() == pytest.approx(one.baseline, rel=0.01)


def test_without_controls_the_basis_says_so():
    one = found(controls=None)
    assert (one.basis, one.controls, one.cautions) == (Basis.NO_CONTROL, (), (Caution.NO_CONTROL,))


@pytest.mark.parametrize(("n", "refused"), [(27, Caution.SHORT_PRE), (28, None)])
def test_fewer_than_28_days_before_are_refused(n, refused):
    target, _, _ = world(1)
    one = found(target=target[START - pd.Timedelta(days=n) :])
    assert (one.refused, one.n_before, one.window is None) == (refused, n, refused is not None)


def test_a_refusal_says_all_that_is_known():
    target, _, _ = world(1)
    one = found(target=target["2026-04-20":], calendar=calendar("2026-05-04"))
    assert one.cautions == (Caution.HOLIDAY_OVERLAP, Caution.SHORT_PRE)


def test_excluded_days_are_not_learnt_from():
    target, _, _ = world(1)
    spoilt = target.where(~target.index.isin(DAYS[20:34]), target * 3.0)
    plain, other = (found(target=series, exclude=DAYS[20:34]) for series in (target, spoilt))
    assert (plain.n_before, plain.window.point) == (46, other.window.point)


def test_there_is_no_after_before_its_first_day():
    target, _, _ = world(1)
    one = found(target=target[:END])
    assert (one.after, one.after_days) == (None, 0)


def test_after_counts_the_days_there_are():
    target, _, _ = world(1)
    assert found(target=target[: END + pd.Timedelta(days=5)]).after_days == 5
    assert found(after_days=3).after_days == 3


def test_a_missing_day_of_the_window_counts_neither_here_nor_there():
    target, _, _ = world(1)
    one, whole = found(target=target.drop(DAYS[62:69])), found()
    # Half of the window's days.
    assert one.baseline == pytest.approx(whole.baseline / 2, rel=0.03)


def test_a_holiday_in_the_window_is_told_and_widens_the_interval():
    one, plain = found(calendar=calendar("2026-05-04", "2026-05-05")), found()
    assert one.cautions == (Caution.HOLIDAY_OVERLAP,)
    assert one.window.upper - one.window.lower > plain.window.upper - plain.window.lower


def test_a_holiday_outside_the_window_is_not_told():
    assert found(calendar=calendar("2026-04-06")).cautions == ()


def test_a_holiday_that_all_series_share_is_no_effect():
    target, controls, _ = world(3)
    dip = np.where((DAYS >= "2026-05-04") & (DAYS <= "2026-05-08"), 0.6, 1.0)
    holidays = [f"2026-05-0{day}" for day in range(4, 9)]
    one = effect(target * dip, START, END, controls=controls.mul(dip, axis=0), calendar=calendar(*holidays))
    assert one.window.lower < 0 < one.window.upper
    assert abs(one.window.point) < 0.04 * one.baseline


def test_a_target_that_drifts_away_from_its_controls_is_told():
    target, _, _ = world(1)
    assert Caution.PRE_TREND in found(target=target * np.exp(0.006 * np.arange(len(DAYS)))).cautions


def test_growth_that_controls_share_is_no_drift():
    target, controls, _ = world(1)
    growth = np.exp(0.006 * np.arange(len(DAYS)))
    assert Caution.PRE_TREND not in found(target=target * growth, controls=controls.mul(growth, axis=0)).cautions


def test_a_past_shift_of_level_is_no_drift():
    target, _, _ = world(1)
    one = found(target=target * np.where(np.arange(len(DAYS)) < 30, 0.75, 1.0))
    assert Caution.PRE_TREND not in one.cautions
    assert one.window.lower < 0 < one.window.upper


def test_a_control_that_the_change_touched_is_told_and_does_not_mislead():
    target, controls, caused = world(2, lift=0.1)
    controls.loc[START:END, "c2"] *= 0.8
    one = effect(target, START, END, controls=controls)
    assert Caution.CONTROL_CONTAMINATED in one.cautions
    assert one.window.lower <= caused <= one.window.upper


def test_with_two_controls_that_disagree_the_interval_is_wide():
    target, controls, _ = world(2, n_controls=2)
    plain = effect(target, START, END, controls=controls).window
    controls.loc[START:END, "c2"] *= 0.9
    one = effect(target, START, END, controls=controls).window
    assert one.upper - one.lower > 1.1 * (plain.upper - plain.lower)


def test_sales_that_were_only_brought_forward_are_told():
    target, controls, _ = world(4, lift=0.15)
    target[END + pd.Timedelta(days=1) :] *= 0.88
    one = effect(target, START, END, controls=controls)
    assert one.cautions == (Caution.PULL_FORWARD,)
    assert one.after.point < one.window.point


def test_a_loss_that_goes_on_is_not_brought_forward():
    target, controls, _ = world(4, lift=-0.15)
    target[END + pd.Timedelta(days=1) :] *= 0.85
    assert effect(target, START, END, controls=controls).cautions == ()


def test_a_target_of_zeros_is_expected_to_stay_zero():
    target = pd.Series(np.where((DAYS >= START) & (DAYS <= END), 50.0, 0.0), index=DAYS)
    one = found(target=target)
    # 14 days of 50.
    assert (one.baseline, one.window.lower, one.window.upper) == pytest.approx((0.0, 700.0, 700.0), abs=0.01)


def test_a_negative_target_is_judged_on_its_levels():
    target, controls, _ = world(1)
    one = effect(-target, START, END, controls=controls)
    assert one.baseline < 0
    assert one.window.lower < 0 < one.window.upper


@pytest.mark.parametrize("value", [0.0, 1000.0, -5.0])
def test_series_that_never_change_have_no_effect(value):
    target, controls = pd.Series(value, index=DAYS), pd.DataFrame({"c": value}, index=DAYS)
    one = effect(target, START, END, controls=controls)
    assert one.window.point == pytest.approx(0.0, abs=0.1)


def test_one_absurd_day_does_not_decide():
    target, _, _ = world(1)
    target.iloc[30] = 1e7
    one, plain = found(target=target).window, found().window
    assert one.upper - one.lower < 2.0 * (plain.upper - plain.lower)


def test_a_window_of_forty_days_has_an_answer():
    one = found(start=DAYS[40], end=DAYS[79])
    assert one.window.lower < 0 < one.window.upper
    assert one.n_before == 40


def test_a_control_that_starts_late_is_left_out():
    _, controls, _ = world(1)
    controls.loc[: DAYS[45], "c1"] = np.nan
    assert found(controls=controls).controls == ("c2", "c3")


def test_a_control_that_ends_in_the_window_is_left_out():
    _, controls, _ = world(1)
    controls.loc[DAYS[68] :, "c1"] = np.nan
    assert found(controls=controls).controls == ("c2", "c3")


def test_a_single_gap_of_a_control_is_filled_from_the_others():
    _, controls, _ = world(1)
    controls.loc[DAYS[20], "c1"] = np.nan
    one, plain = found(controls=controls), found()
    assert one.n_before == 60
    assert one.window.point == pytest.approx(plain.window.point, abs=0.005 * plain.baseline)


def test_a_control_with_a_single_gap_in_the_window_is_kept():
    _, controls, _ = world(1)
    controls.loc[DAYS[65], "c1"] = np.nan
    assert found(controls=controls).controls == ("c1", "c2", "c3")


def test_a_day_without_any_control_is_not_learnt_from():
    _, controls, _ = world(1)
    assert found(controls=controls.drop(DAYS[20:23])).n_before == 57


def test_dates_may_be_text():
    target, controls, _ = world(1)
    text = DAYS.strftime("%Y-%m-%d")
    one = effect(target.set_axis(text), "2026-05-01", "2026-05-14", controls=controls.set_axis(text))
    assert one.window.point == found().window.point


def test_infinite_values_are_refused_wherever_they_are():
    target, controls, _ = world(1)
    target.iloc[3], controls.iloc[5, 1] = np.inf, np.inf
    message = (
        r"target: 1 problem\. A value is infinite; leave it missing\.\ncontrols: 1 problem\. A value is infinite; "
    )
    with pytest.raises(InputError, match=message):
        effect(target, START, END, controls=controls)


def test_an_unreadable_start_is_refused():
    with pytest.raises(InputError, match=r"start: 1 problem\. 'soon' is not a date; write it as year-month"):
        found(start="soon")


def test_a_window_without_any_value_is_refused():
    message = r"target: 1 problem\. There is no value between 2027-01-01 and 2027-01-02; choose a window with data\."
    with pytest.raises(InputError, match=message):
        found(start="2027-01-01", end="2027-01-02")


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.88])
def test_whitened_rows_of_autocorrelated_errors_are_independent(rho):
    day = np.array([0, 1, 2, 5, 6, 12])
    covariance = rho ** np.abs(day[:, None] - day[None, :])
    white = whiten(np.eye(6), day, rho)
    # The covariance of an AR(1) process: rho to the power of the distance.
    assert white @ covariance @ white.T == pytest.approx(np.eye(6), abs=1e-12)
    assert log_scale(day, np.ones(6), rho) == pytest.approx(-0.5 * np.linalg.slogdet(covariance)[1])


def test_a_fit_with_a_wide_prior_is_least_squares():
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(50), rng.standard_normal(50)])
    y = x @ [2.0, -1.0] + 0.1 * rng.standard_normal(50)
    columns = Columns(x=x, mean=np.zeros(2), spread=np.full(2, 1e3), kind=np.array(["level", "slope"]))
    day = np.arange(50)
    (fit,) = fits(y, columns, day=day, weight=np.ones(50), noise=0.1, settings=[{}], autocorrelations=[0.0])
    assert fit.beta == pytest.approx(np.linalg.lstsq(x, y)[0], abs=1e-6)


def test_weights_of_a_grid_add_up_to_one():
    settings = grid(slope=[(0.0, 0.5), (1.0, 0.5)], drift=[(0.1, 0.2), (0.2, 0.8)])
    assert (len(settings), sum(setting["weight"] for setting in settings)) == (4, pytest.approx(1.0))


def test_draws_of_the_days_ahead_vary_as_an_autocorrelated_process_does():
    rho, n = 0.6, 40_000
    fit = Fit(
        setting=0,
        weight=1.0,
        autocorrelation=rho,
        beta=np.zeros(1),
        root=np.zeros((1, 1)),
        variance=4.0,
        freedom=1e6,
    )
    past = Past(values=np.array([3.0]), shifts=(), noise=1.0, swell=1.0)
    drawn = paths([fit], n, x=np.zeros((3, 1)), last=0, ahead=np.array([1, 2]), past=past, seed=(7,))
    # AR(1): mean rho^h times the last error, variance sigma^2 (1 - rho^2h).
    assert drawn.mean(axis=0) == pytest.approx([1.8, 1.08], abs=0.04)
    assert drawn.var(axis=0) == pytest.approx([4.0 * (1 - 0.36), 4.0 * (1 - 0.1296)], rel=0.03)


def test_a_past_shift_is_found_on_its_day_and_an_odd_day_drawn_in():
    rng = np.random.default_rng(2)
    day = np.arange(80)
    y = 0.03 * rng.standard_normal(80) + 0.3 * (day >= 50)
    y[20] += 1.0
    past = past_of(y, np.ones((80, 1)), day)
    assert past.shifts == (50,)
    assert past.values[20] < -0.3 + 0.3 + 0.2


def test_noise_has_no_shifts():
    day, x = np.arange(80), np.ones((80, 1))
    series = [np.random.default_rng(seed).standard_normal(80) for seed in range(20)]
    assert sum(len(past_of(y, x, day).shifts) for y in series) <= 1


def test_the_score_of_a_drift_knows_its_sign():
    rng = np.random.default_rng(3)
    day = np.arange(60)
    y = 0.03 * rng.standard_normal(60) - 0.005 * day
    assert drift_score(y, np.ones((60, 1)), day, []) < -10
    assert abs(drift_score(y + 0.005 * day, np.ones((60, 1)), day, [])) < 3


def test_the_touched_control_is_the_one_that_moved():
    target, controls, _ = world(2)
    controls.loc[START:END, "c3"] *= 1.25
    task = task_of(target, controls)
    maybe = touched(np.log(task.x), day_columns(task.days, task.start, task.kinds), task)
    assert maybe.groups[int(np.argmax(maybe.weight))] == (2,)
    assert maybe.chance > 0.95


def test_controls_that_respond_alike_make_small_holiday_differences_likely():
    noise, stretch = np.full(3, 0.01), np.zeros(4, dtype=int)
    alike = dict(holiday_spreads(np.full((4, 3), -0.3), stretch, noise))
    apart = dict(holiday_spreads(np.tile([-0.6, -0.3, 0.0], (4, 1)), stretch, noise))
    assert sum(size * chance for size, chance in alike.items()) < 0.06
    assert sum(size * chance for size, chance in apart.items()) > 0.2


def test_the_same_holiday_of_the_next_year_shares_a_column():
    days = pd.date_range("2025-01-01", "2026-12-31")
    holiday = days.isin(pd.date_range("2025-10-01", "2025-10-08")) | days.isin(
        pd.date_range("2026-10-01", "2026-10-07")
    )
    columns = [column for column, _ in holiday_columns(days, holiday)]
    # Any holiday, this one in both years, each by itself.
    assert [int(column.sum()) for column in columns] == [15, 15, 8, 7]


def test_weekday_columns_of_a_make_up_workday_are_those_of_an_ordinary_workday():
    kinds = np.where(DAYS == "2026-04-04", "makeup_workday", "")
    base = day_columns(DAYS, 60, kinds).only("weekday").x
    assert base[DAYS == "2026-04-04"][0] == pytest.approx(base[:5].mean(axis=0))


def test_scales_are_logarithms_shares_of_the_mean_or_deviations():
    target, controls, _ = world(1)
    zero = target.where(target.index != DAYS[5], 0.0)
    kinds = [scales(task_of(series, controls))[0] for series in (target, zero, target - target.mean())]
    assert [(kind.log, kind.alike) for kind in kinds] == [(True, True), (False, True), (False, False)]


def test_a_scale_goes_there_and_back():
    for scale in scales(task_of(*world(1)[:2]))[:1]:
        assert scale.back(scale.to(np.array([3.0, 7.0]))) == pytest.approx([3.0, 7.0])


def shared_spike(seed):
    """A quiet year of a target and two noisy controls, and a sale day at the end that doubles all of them."""
    rng, days = np.random.default_rng(seed), pd.date_range("2026-01-05", periods=120)
    common = rng.normal(0, 0.03, 120) + np.where(days >= days[-4], np.log(2.0), 0.0)
    series = np.exp(np.log(1000.0) + common[:, None] + rng.normal(0, 0.018, (120, 3)))
    return pd.DataFrame(series, index=days, columns=["target", "one", "two"])


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_day_on_which_everybody_buys_double_is_no_effect(seed):
    """A regression on noisy controls passes on less than a whole movement (attenuation); here nothing was caused."""
    frame = shared_spike(seed)
    found = effect(frame["target"], frame.index[-4], frame.index[-1], controls=frame[["one", "two"]])
    assert found.window.lower < 0 < found.window.upper
    assert abs(found.window.point) < 0.05 * found.baseline


def test_days_that_come_later_do_not_change_the_window():
    frame = shared_spike(14)
    short, long = (
        effect(part["target"], "2026-04-10", "2026-04-16", controls=part[["one", "two"]]).window
        for part in (frame[:"2026-04-18"], frame[:"2026-04-25"])
    )
    assert (short.lower, short.upper) == pytest.approx((long.lower, long.upper), rel=0.02)
