"""Did an action move its number? Every verdict and every reason, on metrics whose course is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from follow_cases import HOLIDAYS, ORDERS, START, action, by_id, daily, one

from opsretro import followup
from opsretro.tables.calendar import working_calendar

LIFTED = daily(lift=0.2)
CALM = daily()
WORLD = pd.concat(
    [
        LIFTED,
        daily("calm", seed=2),
        daily("drifting", drift=0.006, seed=3),
        daily("wild", noise=0.6, seed=4),
        daily("young", first="2026-08-20", seed=5),
        daily("shared", lift=0.2, seed=6),
        daily("gone", last="2026-09-20", seed=7),
        daily("nothing").assign(value=0.0),
        daily("losses", seed=8).assign(value=lambda rows: -rows["value"]),
    ],
    ignore_index=True,
)
CASES = {
    "no_metric": {"metric": ""},
    "no_direction": {"metric": "calm", "direction": ""},
    "no_start": {"start": ""},
    "not_begun": {"start": "", "due": "2026-09-07", "status": "plan"},
    "dropped": {"status": "dropped"},
    "starts_later": {"start": "2026-11-01"},
    "metric_gone": {"metric": "gone"},
    "few_days": {"metric": "calm", "start": "2026-10-26"},
    "short_pre": {"metric": "young"},
    "undefined": {"metric": "nothing"},
    "pre_trend": {"metric": "drifting"},
    "wide": {"metric": "wild", "start": "2026-10-12"},
}
"""One case a reason that an action has all by itself."""
FIGURES = ["effect", "lower", "upper", "probability"]
JOINT = ["joint_effect", "joint_lower", "joint_upper"]


@pytest.fixture(scope="module")
def together():
    """All cases, two actions on one metric and one that worked, in one ledger."""
    cases = [action(reason, **fields) for reason, fields in CASES.items()]
    both = [action("joint", metric="shared"), action("other", metric="shared", start="2026-09-14")]
    return followup.check([*cases, *both, action("good")], WORLD, "2026-10")


@pytest.mark.parametrize("reason", CASES)
def test_every_reason_is_told_of_an_action_that_stands_alone(reason):
    found = one(WORLD, **CASES[reason])
    assert (found["verdict"], found["reason"]) == ("cannot_tell", reason)


@pytest.mark.parametrize("reason", CASES)
def test_every_reason_is_the_same_among_neighbours(together, reason):
    assert by_id(together, "reason")[reason] == reason


def test_an_action_that_worked_is_told_so_among_all_others(together):
    row = together.set_index("id").loc["good"]
    assert (row["verdict"], row["reason"], row["lower"] < 0.2 < row["upper"]) == ("moved", "", True)


def test_rows_come_in_the_order_of_the_actions(together):
    assert together["id"].tolist() == [*CASES, "joint", "other", "good"]


def test_a_number_that_is_always_negative_has_no_ratio():
    assert one(WORLD, metric="losses")["reason"] == "undefined"


def test_what_did_nothing_is_not_moved():
    found = one(CALM)
    assert (found["verdict"], found["upper"] < 0.05) == ("not_moved", True)


@pytest.fixture(scope="module")
def many():
    """90 actions, each on a metric of its own: three sizes of noise, six lifts, five starts, hopes and directions."""
    rng, frames, actions = np.random.default_rng(20), [], []
    for number in range(90):
        start = ["2026-07-06", "2026-08-10", "2026-09-07", "2026-10-12", "2026-10-23"][number % 5]
        lift = [-0.15, 0.0, 0.0, 0.03, 0.1, 0.25][number % 6]
        name, noise = f"kpi {number}", [0.02, 0.06, 0.2][number % 3]
        frames.append(daily(name, lift=lift, since=start, noise=noise, drift=0.003 * (number % 7 == 0), seed=number))
        hope = [np.nan, 0.02, 0.3, -0.1][number % 4]
        direction = str(rng.choice(["higher", "lower"]))
        actions.append(action(name, metric=name, start=start, direction=direction, expected_effect=hope))
    return followup.check(actions, pd.concat(frames), "2026-10")


def test_moved_means_that_the_interval_lies_wholly_on_the_wanted_side(many):
    moved = many[many["verdict"] == "moved"]
    assert len(moved) > 5 and (moved["lower"] > 0).all() and (moved["probability"] >= 0.97).all()


def test_not_moved_means_that_what_was_hoped_for_is_ruled_out(many):
    still = many[many["verdict"] == "not_moved"]
    assert len(still) > 5 and (still["upper"] < still["hoped"].clip(upper=0.1).fillna(0.05)).all()


def test_cannot_tell_and_nothing_else_has_a_reason(many):
    assert ((many["verdict"] == "cannot_tell") == (many["reason"] != "")).all()
    assert set(many["reason"]) <= {"", "wide", "pre_trend", "rebound"}


def test_wide_means_that_neither_verdict_fits_the_interval(many):
    wide = many[many["reason"] == "wide"]
    assert len(wide) > 5 and (wide["lower"] <= 0).all()
    assert (wide["upper"] >= wide["hoped"].clip(upper=0.1).fillna(0.05)).all()


def test_the_effect_lies_in_its_interval_and_chances_are_chances(many):
    assert (many["lower"] <= many["effect"]).all() and (many["effect"] <= many["upper"]).all()
    assert many["probability"].between(0, 1).all()


def test_a_mild_drift_that_merely_goes_on_is_not_credited_to_an_action():
    frames = [daily(f"kpi {seed}", noise=0.06, seed=900 + seed) for seed in range(40)]
    ahead = np.clip((frames[0]["date"] - pd.Timestamp(START)).dt.days + 50, 0, None)
    metrics = pd.concat([frame.assign(value=frame["value"] * np.exp(0.002 * ahead)) for frame in frames])
    found = followup.check([action(name, metric=name) for name in metrics["kpi"].unique()], metrics, "2026-10")
    # without a look at the weeks before, one in ten is called moved
    assert (found["verdict"] == "moved").sum() <= 1 and (found["reason"] == "pre_trend").any()


@pytest.mark.parametrize("lift", [0.2, -0.2, 0.0])
def test_direction_lower_is_the_mirror_image_of_higher(lift):
    frame = daily(lift=lift)
    more, less = one(frame), one(frame, direction="lower")
    np.testing.assert_allclose(
        [less["effect"], less["lower"], less["upper"], less["probability"]],
        [-more["effect"], -more["upper"], -more["lower"], 1 - more["probability"]],
    )


def test_a_fall_that_was_wanted_is_moved():
    found = one(daily(lift=-0.2), direction="lower")
    assert (found["verdict"], found["lower"] < 0.2 < found["upper"]) == ("moved", True)


@pytest.mark.parametrize(
    ("direction", "expected", "hoped"),
    [
        ("higher", 0.08, 0.08),
        ("lower", -0.1, 0.1),
        ("higher", -0.1, np.nan),
        ("lower", 0.1, np.nan),
        ("lower", 0, np.nan),
    ],
)
def test_hoped_is_the_expected_effect_the_wanted_way(direction, expected, hoped):
    np.testing.assert_equal(one(CALM, direction=direction, expected_effect=expected)["hoped"], hoped)


def test_public_holidays_since_the_start_are_not_counted():
    # 55 days from 7 September to 31 October less 3 of Mid-Autumn and 7 of National Day
    assert one(LIFTED)["n_days"] == 55 - len(HOLIDAYS) == 45


def test_what_happens_on_public_holidays_changes_no_figure():
    feast = LIFTED.assign(value=LIFTED["value"].where(~LIFTED["date"].isin(HOLIDAYS), 5 * LIFTED["value"]))
    assert one(feast) == one(LIFTED) | {"hoped": pytest.approx(np.nan, nan_ok=True)} | dict.fromkeys(
        JOINT, pytest.approx(np.nan, nan_ok=True)
    )


def test_a_calendar_of_the_teams_own_says_what_a_holiday_is():
    plain = working_calendar(date(2025, 10, 1), date(2026, 10, 31)).days
    assert followup.check([ORDERS], LIFTED, "2026-10", calendar=plain).loc[0, "n_days"] == 55


def test_at_most_ninety_days_are_compared():
    # 1 June and 89 days more
    assert one(LIFTED, start="2026-06-01")["end"] == "2026-08-29"


def same(found, other):
    pd.testing.assert_frame_equal(pd.DataFrame([found]), pd.DataFrame([other]))


def test_later_days_than_ninety_change_nothing():
    later = LIFTED.assign(value=LIFTED["value"].where(LIFTED["date"] <= "2026-08-29", 7.0))
    same(one(later, start="2026-06-01"), one(LIFTED, start="2026-06-01"))


def test_days_after_the_period_are_not_looked_at():
    same(one(LIFTED, "2026-09"), one(LIFTED[LIFTED["date"] <= "2026-09-30"], "2026-09"))


@pytest.mark.parametrize(
    ("period", "end"), [("2026-09", "2026-09-30"), ("2026-Q3", "2026-09-30"), ("2026", "2026-10-31")]
)
def test_a_period_is_read_as_of_its_last_day_with_data(period, end):
    assert one(LIFTED, period)["end"] == end


def test_the_end_is_the_last_day_with_data():
    assert one(daily(lift=0.2, last="2026-10-20"))["end"] == "2026-10-20"


@pytest.mark.parametrize("status", ["do", "check", "act", ""])
def test_an_action_without_a_start_began_when_it_was_due(status):
    found = one(LIFTED, start="", due=START, status=status)
    assert (found["start"], found["verdict"]) == (START, "moved")


def test_a_plan_with_a_start_has_begun():
    assert one(LIFTED, status="plan")["verdict"] == "moved"


def test_seven_days_with_data_are_enough_and_six_are_not():
    assert [one(LIFTED, start=f"2026-10-{day}")["reason"] == "few_days" for day in (25, 26)] == [False, True]


def test_days_without_data_do_not_count():
    gaps = LIFTED[~LIFTED["date"].between("2026-10-14", "2026-10-22")]
    # 12 and 13, 23 to 31 October: 11 of the 20 days since 12 October
    assert one(gaps, start="2026-10-12")["n_days"] == 11


def test_a_metric_that_only_lags_has_not_vanished():
    lagging = pd.concat([daily(lift=0.2, last="2026-10-22"), daily("calm")])
    assert one(lagging)["verdict"] == "moved"


def test_a_metric_of_one_value_a_month_has_too_few_days_and_has_not_vanished():
    months = daily("nps", first="2024-10-01").query("date.dt.day == 1")
    assert one(pd.concat([CALM, months]), metric="nps")["reason"] == "few_days"


def test_a_metric_of_working_days_counts_those():
    worked = LIFTED[LIFTED["date"].dt.day_of_week < 5]
    found = one(worked)
    # 40 weekdays from 7 September to 31 October less 25 September and 1, 2, 5, 6, 7 October
    assert (found["verdict"], found["n_days"]) == ("moved", 40 - 6)


def test_two_actions_on_one_metric_are_told_together_and_never_split():
    found = followup.check([action("a"), action("b", start="2026-09-14")], LIFTED, "2026-10")
    assert found["reason"].tolist() == ["joint", "joint"] and found[FIGURES].isna().all(axis=None)
    assert found["joint_with"].tolist() == [("b",), ("a",)]
    assert (found["joint_lower"] < 0.2).all() and (found["joint_upper"] > 0.2).all()


def test_of_three_actions_at_once_each_names_the_other_two():
    starts = {"a": START, "b": "2026-09-14", "c": "2026-10-12"}
    found = followup.check([action(name, start=day) for name, day in starts.items()], LIFTED, "2026-10")
    assert by_id(found, "joint_with") == {"a": ("b", "c"), "b": ("a", "c"), "c": ("a", "b")}


def test_an_action_names_those_of_its_own_days_and_no_others():
    # 90 days each: a and b share April, b and c share June, a and c share none
    starts = {"a": "2026-02-02", "b": "2026-02-16", "c": "2026-05-11"}
    found = followup.check([action(name, start=day) for name, day in starts.items()], CALM, "2026-10")
    assert by_id(found, "joint_with") == {"a": ("b",), "b": ("a", "c"), "c": ("b",)}


def test_an_action_that_was_alone_for_four_weeks_keeps_the_verdict_of_these_days():
    found = followup.check([action("a"), action("b", start="2026-10-12")], LIFTED, "2026-10")
    assert (found.loc[0, "verdict"], found.loc[0, "end"], found.loc[0, "joint_with"]) == ("moved", "2026-10-11", ())
    assert (found.loc[1, "reason"], found.loc[1, "joint_with"]) == ("joint", ("a",))


def test_an_action_that_was_alone_for_a_day_less_is_told_with_the_other_only():
    # 27 days from 7 September
    found = followup.check([action("a"), action("b", start="2026-10-04")], LIFTED, "2026-10")
    assert found["reason"].tolist() == ["joint", "joint"]


def test_four_weeks_alone_with_too_few_days_of_data_are_told_with_the_other():
    # a metric of one day a week: five values from 3 August to 6 September
    weekly = LIFTED[LIFTED["date"].dt.day_of_week == 0]
    found = followup.check([action("a", start="2026-08-03"), action("b", start="2026-09-07")], weekly, "2026-10")
    assert found.loc[0, "reason"] == "joint"


def test_a_joint_effect_is_of_ninety_days_at_most():
    starts = {"a": "2026-02-02", "b": "2026-02-16"}
    rows = [action(name, start=day) for name, day in starts.items()]
    late = CALM.assign(value=CALM["value"].where(CALM["date"] < "2026-05-03", CALM["value"] * 3))
    pd.testing.assert_frame_equal(
        followup.check(rows, CALM, "2026-10")[JOINT], followup.check(rows, late, "2026-10")[JOINT]
    )


def test_actions_more_than_ninety_days_apart_are_told_apart():
    found = followup.check([action("a", start="2026-05-04"), action("b", start="2026-08-03")], CALM, "2026-10")
    assert not (found["reason"] == "joint").any() and found["effect"].notna().all()


def test_an_action_that_has_not_a_week_yet_is_at_work_all_the_same():
    found = followup.check([action("a", start="2026-10-12"), action("b", start="2026-10-28")], LIFTED, "2026-10")
    assert found["reason"].tolist() == ["joint", "few_days"] and found.loc[0, "joint_with"] == ("b",)


def test_an_action_without_a_direction_is_at_work_all_the_same():
    found = followup.check([action("a"), action("b", start="2026-09-14", direction="")], LIFTED, "2026-10")
    assert found["reason"].tolist() == ["joint", "no_direction"]


@pytest.mark.parametrize(
    "other",
    [
        {"status": "dropped"},
        {"start": "2026-11-02"},
        {"start": "", "due": START, "status": "plan"},
        {"start": ""},
        {"metric": "calm"},
    ],
)
def test_what_is_not_at_work_on_the_metric_is_no_second_action(other):
    metrics = pd.concat([LIFTED, daily("calm", seed=2)])
    found = followup.check([action("a"), action("b", **other)], metrics, "2026-10")
    assert found.loc[0, "verdict"] == "moved"


def test_joint_figures_are_turned_the_way_each_action_wanted():
    found = followup.check([action("a"), action("b", direction="lower")], LIFTED, "2026-10")
    up, down = found[JOINT].to_numpy()
    np.testing.assert_allclose(down, -up[[0, 2, 1]])


SLICED = pd.concat([daily(lift=0.2, channel="app"), daily(level=3000.0, channel="web", seed=2)])
GOAL = {"kpi": "orders", "dimension": "", "aggregation": "sum", "unit": "count", "numerator": "", "denominator": ""}
SLICES = pd.DataFrame([GOAL | {"goal_id": name, "dimension": f"channel={name}"} for name in ("app", "web")])


def goal(metrics, name="the goal", **fields):
    """What is said of an action on a goal."""
    goals = pd.DataFrame([GOAL | {"goal_id": name} | fields])
    return followup.check([action(metric=name)], metrics, "2026-10", goals=goals).iloc[0].to_dict()


def test_rows_of_one_day_add_up():
    same(one(SLICED), one(SLICED.groupby("date", as_index=False)["value"].sum().assign(kpi="orders")))


def test_a_goal_on_a_slice_is_counted_in_its_slice():
    found = goal(SLICED, dimension="channel=app")
    same(found, one(SLICED[SLICED["channel"] == "app"]) | {"metric": "the goal"})
    assert found["verdict"] == "moved"


def test_actions_on_slices_of_one_kpi_share_it():
    found = followup.check([action("a", metric="app"), action("w", metric="web")], SLICED, "2026-10", goals=SLICES)
    assert found["reason"].tolist() == ["joint", "joint"]


def test_an_action_on_a_kpi_shares_it_with_one_on_its_slice():
    found = followup.check([action("a", metric="app"), action("b")], SLICED, "2026-10", goals=SLICES)
    assert found["reason"].tolist() == ["joint", "joint"]


@pytest.mark.parametrize("names", ["aw", "wa"])
def test_nobody_is_told_the_joint_effect_of_another_slice(names):
    both = [action(name, metric={"a": "app", "w": "web"}[name]) for name in names]
    found = followup.check(both, SLICED, "2026-10", goals=SLICES).set_index("id")
    # nothing happened in web, so +20 % cannot be told of it; all orders together rose by 5 %: 0.2 × 1000 / 4000
    assert not found.loc["w", "joint_lower"] > 0.1


def test_the_order_of_the_ledger_changes_no_joint_figure():
    both = [action("a", metric="app"), action("w", metric="web")]
    found = [followup.check(each, SLICED, "2026-10", goals=SLICES).set_index("id") for each in (both, both[::-1])]
    pd.testing.assert_frame_equal(found[0][JOINT], found[1].loc[["a", "w"], JOINT])


def test_a_goal_by_its_kpi_is_the_goal_by_its_id():
    metrics = LIFTED.assign(channel="app")
    goals = pd.DataFrame([GOAL | {"goal_id": "more"}])
    found = followup.check([action("a", metric="more"), action("b")], metrics, "2026-10", goals=goals)
    assert found["reason"].tolist() == ["joint", "joint"]


def parts(rows):
    """The same numbers as numerator and denominator, and as two KPIs."""
    tries = pd.Series(5000.0 + 10 * (rows["date"].dt.day % 7), index=rows.index)
    ratio = rows.assign(numerator=rows["value"], denominator=tries, value=np.nan, kpi="rate")
    return ratio, pd.concat([rows, rows.assign(kpi="visits", value=tries)], ignore_index=True)


def test_a_ratio_is_the_sum_of_its_parts_and_no_mean_of_rates():
    ratio, _ = parts(LIFTED)
    half = ratio.assign(numerator=ratio["numerator"] / 2, denominator=ratio["denominator"] / 2)
    same(one(pd.concat([half, half]), metric="rate"), one(ratio, metric="rate"))


def test_a_ratio_of_two_kpis_is_that_of_its_parts():
    ratio, kpis = parts(LIFTED)
    found = goal(kpis, "rate", aggregation="ratio", numerator="orders", denominator="visits", unit="percent")
    same(found, one(ratio, metric="rate"))


def test_per_cent_changes_no_ratio():
    percent = LIFTED.assign(value=LIFTED["value"] / 50)
    found = goal(percent, "the goal", aggregation="mean", unit="percent")
    np.testing.assert_allclose(found["effect"], one(LIFTED)["effect"], rtol=1e-6)


def test_a_level_is_that_of_the_last_hour_of_the_day():
    hours = [LIFTED.assign(ts_utc=LIFTED["date"] + pd.Timedelta(hours=hour), value=LIFTED["value"] * size)
             for hour, size in ((1, 3.0), (9, 1.0))]  # fmt: skip
    metrics = pd.concat(hours).drop(columns="date")
    same(goal(metrics, aggregation="last"), one(LIFTED) | {"metric": "the goal"})


def test_a_goal_on_a_kpi_without_rows_is_a_metric_that_vanished():
    assert goal(LIFTED, kpi="returns")["reason"] == "metric_gone"


def test_the_same_input_gives_the_same_figures():
    pd.testing.assert_frame_equal(*(followup.check([ORDERS], LIFTED, "2026-10") for _ in range(2)))


def test_an_action_on_another_metric_changes_no_figure():
    metrics = pd.concat([LIFTED, daily("calm", seed=2)])
    apart = followup.check([action("a"), action("b", metric="calm")], metrics, "2026-10")
    same(apart.iloc[0].to_dict(), one(LIFTED) | {"id": "a"})


def test_who_acts_after_a_bad_month_is_not_credited_with_its_end():
    # ten per cent lower in the four weeks before the start, and back to the usual level since: nothing was done
    dip = CALM["date"].between(pd.Timestamp(START) - pd.Timedelta(days=28), pd.Timestamp(START), inclusive="left")
    found = one(CALM.assign(value=CALM["value"].mask(dip, CALM["value"] * 0.9)))
    assert (found["verdict"], found["reason"]) in {("cannot_tell", "rebound"), ("cannot_tell", "pre_trend")}
