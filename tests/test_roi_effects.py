"""Which series an activity is judged on, what it is compared with, and what is not told apart."""

import numpy as np
import pandas as pd
import pytest
from roi_frames import activities, activity, daily, ledger, people

from opsretro import InputError, roi

COLUMNS = [
    "incremental",
    "lower",
    "upper",
    "incremental_after",
    "lower_after",
    "upper_after",
    "verdict",
    "method",
    "warnings",
]
LIFT = ("vip", "2026-05-04", "2026-05-17", 0.10)


def one(found, name="sale"):
    return found.activities.set_index("activity_id").loc[name]


def planted(frame, lift=LIFT):
    """The true effect: what the lift added in its window."""
    segment, first, last, share = lift
    inside = frame["date"].between(first, last) & (frame["segment"] == segment)
    return float((frame.loc[inside, "revenue"] * share / (1 + share)).sum())


@pytest.fixture(scope="module")
def lifted():
    return daily(lifts=[LIFT])


@pytest.fixture(scope="module")
def found(lifted):
    return roi.effects(lifted, activities())


def test_every_column_that_was_promised_is_there(found):
    assert set(COLUMNS) <= set(found.activities.columns)
    assert {"joint_id", "activity_ids", "start", "end", *COLUMNS} <= set(found.joint.columns)


def test_the_interval_holds_the_planted_effect(found, lifted):
    row = one(found)
    assert row["lower"] < planted(lifted) < row["upper"]
    assert row["lower"] > 0


def test_the_effect_after_is_cumulative(found, lifted):
    row = one(found)
    assert row["lower_after"] < planted(lifted) < row["upper_after"]
    assert (row["after_days"], row["upper_after"] - row["lower_after"] > row["upper"] - row["lower"]) == (13, True)


def test_segments_nobody_aims_at_are_the_controls(found):
    assert (one(found)["method"], found.found["sale"].controls) == ("controls", ("new", "regular"))


def test_a_segment_another_activity_aims_at_is_no_control(lifted):
    both = activities(activity(), activity("fair", "2026-03-20", "2026-03-25", "new"))
    assert roi.effects(lifted, both).found["sale"].controls == ("regular",)


def test_an_activity_for_everybody_has_no_control(lifted):
    row = one(roi.effects(lifted, activities(activity(segment="all"))))
    assert row["method"] == "no_control"
    assert "no_control" in row["warnings"]


def test_everybody_is_the_sum_of_all_segments():
    frame = daily(lifts=[("all", "2026-05-04", "2026-05-17", 0.2)])
    baseline = roi.effects(frame, activities(activity(segment="all"))).found["sale"].baseline
    inside = frame[frame["date"].between("2026-05-04", "2026-05-17")]["revenue"].sum() / 1.2
    assert baseline == pytest.approx(inside, rel=0.1)


def test_an_activity_for_everybody_leaves_the_others_their_controls(lifted):
    both = activities(activity(), activity("push", "2026-03-10", "2026-03-12", "all"))
    assert one(roi.effects(lifted, both))["method"] == "controls"


def test_windows_that_share_some_days_are_judged_together_only(lifted):
    found = roi.effects(lifted, activities(activity(), activity("fair", "2026-05-14", "2026-05-22")))
    assert found.activities["incremental"].isna().all()
    assert found.activities["refused"].tolist() == ["overlap", "overlap"]
    joint = found.joint.iloc[0]
    assert (joint["activity_ids"], f"{joint['start']:%m-%d}", f"{joint['end']:%m-%d}") == (
        ("sale", "fair"),
        "05-04",
        "05-22",
    )
    assert np.isfinite(joint["incremental"])
    assert "overlap" in joint["warnings"]


def test_identical_windows_cannot_be_separated(lifted):
    found = roi.effects(lifted, activities(activity(), activity("fair")))
    assert found.activities["refused"].tolist() == ["not_separable"] * 2
    assert found.activities["warnings"].tolist() == [("overlap", "not_separable")] * 2


def test_a_window_inside_another_has_no_day_of_its_own(lifted):
    found = roi.effects(lifted, activities(activity(), activity("flash", "2026-05-08", "2026-05-09")))
    assert found.activities["refused"].tolist() == ["overlap", "not_separable"]


def test_three_in_a_chain_are_one_joint_effect(lifted):
    chain = activities(activity(), activity("b", "2026-05-16", "2026-05-20"), activity("c", "2026-05-19", "2026-05-24"))
    joint = roi.effects(lifted, chain).joint
    assert joint["activity_ids"].tolist() == [("sale", "b", "c")]


def test_activities_on_different_segments_do_not_overlap(lifted):
    found = roi.effects(lifted, activities(activity(), activity("fair", segment="new")))
    assert found.joint.empty
    assert found.activities["refused"].tolist() == ["", ""]


def test_an_activity_for_everybody_overlaps_with_any_other(lifted):
    found = roi.effects(lifted, activities(activity(), activity("push", "2026-05-10", "2026-05-30", "all")))
    assert found.joint["method"].tolist() == ["no_control"]


def test_the_joint_cost_is_the_sum(lifted):
    found = roi.effects(lifted, activities(activity(), activity("fair", actual_cost=700.0)))
    assert found.joint["cost"].tolist() == [5_700.0]


def test_the_days_after_end_where_the_next_activity_begins(lifted):
    found = roi.effects(lifted, activities(activity(), activity("next", "2026-05-22", "2026-05-25")))
    assert one(found)["after_days"] == 4


def test_an_earlier_activity_on_the_segment_is_not_learnt_from():
    earlier = ("vip", "2026-04-06", "2026-04-19", 1.0)
    frame = daily(lifts=[LIFT, earlier])
    row = one(roi.effects(frame, activities(activity(), activity("boom", "2026-04-06", "2026-04-19"))))
    assert row["lower"] < planted(frame) < row["upper"]


def test_without_any_day_after_there_is_no_figure_after():
    row = one(roi.effects(daily(days=77, lifts=[LIFT]), activities()))
    assert (row["after_days"], np.isnan(row["incremental_after"])) == (0, True)


def test_ten_days_of_history_are_refused():
    row = one(roi.effects(daily(start="2026-04-24", days=40), activities()))
    assert (row["refused"], row["method"], row["verdict"]) == ("short_pre", "none", "unclear")
    assert row[["incremental", "lower", "upper", "incremental_after"]].isna().all()
    assert "short_pre" in row["warnings"]


def test_the_ledger_replaces_the_stated_cost(lifted):
    row = one(roi.effects(lifted, activities(), ledger=ledger(("sale", 6_000.0), ("sale", 1_000.0))))
    assert row["cost"] == 7_000.0
    assert "cost_incomplete" in row["warnings"]


@pytest.mark.parametrize(("stated", "warned"), [(9_799.0, True), (9_801.0, False), (10_500.0, False)])
def test_a_cost_is_incomplete_from_two_per_cent(lifted, stated, warned):
    row = one(roi.effects(lifted, activities(activity(actual_cost=stated)), ledger=ledger(("sale", 10_000.0))))
    assert ("cost_incomplete" in row["warnings"]) == warned


def test_an_activity_the_ledger_does_not_hold_keeps_its_stated_cost(lifted):
    both = activities(activity(), activity("fair", segment="new"))
    assert one(roi.effects(lifted, both, ledger=ledger(("fair", 10.0))))["cost"] == 5_000.0


@pytest.mark.parametrize(("cost", "verdict"), [(100.0, "profit"), (500_000.0, "loss")])
def test_the_verdict_follows_from_the_interval(lifted, cost, verdict):
    row = one(roi.effects(lifted, activities(activity(actual_cost=cost))))
    assert row["verdict"] == verdict
    assert row["probability"] == (1.0 if verdict == "profit" else 0.0)


def test_a_calendar_of_ones_own_replaces_the_built_in_one(lifted):
    days = pd.date_range("2026-03-02", periods=90)
    plain = pd.DataFrame({"date": days, "day_type": "workday"})
    own = plain.assign(day_type=np.where(days == "2026-05-12", "holiday", "workday"))
    codes = [one(roi.effects(lifted, activities(), calendar=calendar))["warnings"] for calendar in (plain, own)]
    assert ["holiday_overlap" in found for found in codes] == [False, True]


def test_the_built_in_calendar_knows_labour_day(lifted):
    row = one(roi.effects(lifted, activities(activity(start="2026-04-28", end="2026-05-06"))))
    assert "holiday_overlap" in row["warnings"]


def test_a_day_that_is_missing_stays_missing(lifted):
    gappy = lifted[~((lifted["segment"] == "vip") & (lifted["date"] == "2026-05-10"))]
    row = one(roi.effects(gappy, activities()))
    assert row["lower"] < planted(gappy) < row["upper"]


def test_the_order_of_the_rows_does_not_matter(lifted, found):
    shuffled = lifted.sample(frac=1.0, random_state=3)
    assert one(roi.effects(shuffled, activities())).drop("warnings").equals(one(found).drop("warnings"))


def test_the_same_input_gives_the_same_figures(lifted, found):
    again = roi.effects(lifted, activities())
    assert again.activities.equals(found.activities)


def test_the_unit_of_the_money_does_not_matter(lifted, found):
    cents = lifted.assign(revenue=lifted["revenue"] * 100)
    row = one(roi.effects(cents, activities()))
    assert row["lower"] / 100 == pytest.approx(one(found)["lower"], rel=1e-6)


def test_the_frames_that_were_handed_over_stay_as_they_were(lifted):
    before, table = lifted.copy(), activities()
    roi.effects(lifted, table)
    assert lifted.equals(before)
    assert table.equals(activities())


def test_a_held_out_activity_has_the_same_columns():
    users, orders = people(extra=30.0)
    row = roi.holdout_effect(users, orders, activity())
    assert set(COLUMNS) <= set(row.index)
    assert row["method"] == "randomised"
    assert row["lower"] < 30.0 * 300 < row["upper"]


def test_a_held_out_activity_may_be_a_row_of_a_frame():
    users, orders = people()
    assert roi.holdout_effect(users, orders, activities().iloc[0]).equals(roi.holdout_effect(users, orders, activity()))


def test_only_the_users_of_the_activity_count():
    users, orders = people()
    strangers = users.assign(activity_id="other", user_id=users["user_id"] + "x")
    both = roi.holdout_effect(pd.concat([users, strangers]), orders, activity())
    assert both["incremental"] == roi.holdout_effect(users, orders, activity())["incremental"]


def test_an_activity_without_users_is_named():
    users, orders = people(activity_id="other")
    with pytest.raises(
        InputError,
        match=r"^users\.csv: 1 problem\. Column 'activity_id': 'sale' is no activity; activities has other\.$",
    ):
        roi.holdout_effect(users, orders, activity())
