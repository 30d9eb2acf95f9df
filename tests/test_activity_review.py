"""The activity review of a workspace: the sample's planted truths, and small workspaces with one thing each."""

import json
import math
import tomllib

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLE
from roi_cases import write
from roi_frames import activities, activity, actual_row, daily, funnel_row, ledger, people

from opsretro import InputError, open_workspace
from opsretro.analysis.roi_review import ActivityReview
from opsretro.tables.sample import story
from opsretro.tables.sample.campaigns import campaigns

REFUSED_BY = {"d11_2024": "short_pre"}


@pytest.fixture(scope="module")
def sample():
    return open_workspace(SAMPLE, lang="en")


@pytest.fixture(scope="module")
def october(sample):
    return sample.activity_roi("2026-10")


@pytest.fixture(scope="module")
def everything(sample):
    """Every activity of the sample, by its id, from the reviews of the three years."""
    reviews = [sample.activity_roi(year) for year in ("2024", "2025", "2026")]
    return pd.concat(review.activities for review in reviews).set_index("activity_id")


@pytest.fixture(scope="module")
def truth():
    return campaigns(story.SEED).truth.set_index("activity_id")


@pytest.fixture
def small(tmp_path):
    """One activity with everything about it."""
    return write(
        tmp_path / "ws",
        activities=activities(activity(attributed_revenue=90_000.0)),
        daily_metrics=daily(lifts=[("vip", "2026-05-04", "2026-05-17", 0.10)]),
        cost_ledger=ledger(("sale", 4_000.0), ("sale", 2_000.0, "2026-05-17", "2026-06-10")),
        funnel=pd.DataFrame([funnel_row(), actual_row()]),
    )


def only(review):
    assert len(review.activities) == 1
    return review.activities.iloc[0]


def test_october_has_its_three_activities(october):
    assert october.activities["activity_id"].tolist() == ["recall_coupon", "live_trial", "d11_warmup"]


def test_most_intervals_of_the_sample_hold_the_planted_truth(everything, truth):
    """95 % intervals of 12 activities: fewer than ten hits would have a chance below 2 %."""
    told = everything[everything["incremental"].notna()]
    true = truth.loc[told.index, "incremental_cny"]
    assert len(told) == len(truth) - len(REFUSED_BY)
    assert int(((told["lower"] < true) & (true < told["upper"])).sum()) >= 10


def test_an_activity_a_week_after_the_data_begin_is_refused(everything):
    assert everything["refused"][everything["refused"] != ""].to_dict() == REFUSED_BY


def test_the_warm_up_that_the_platform_celebrates_lost_money(october, truth):
    row = october.activity("d11_warmup")
    assert row["attributed_roi"] > 2
    assert (row["verdict"], truth.loc["d11_warmup", "roi"] < 0) == ("loss", True)


def test_the_cost_is_the_ledgers_and_the_understatement_is_named(october, truth):
    row = october.activity("d11_warmup")
    assert row["cost"] == truth.loc["d11_warmup", "accrual_cost_cny"]
    assert "cost_incomplete" in row["warnings"]


def test_the_attributed_roi_is_plain_arithmetic(october, truth):
    for row in october.activities.itertuples():
        assert row.attributed_roi == pytest.approx(truth.loc[row.activity_id, "attributed_roi"])


def test_the_held_out_coupon_rests_on_the_strongest_evidence(october):
    row = october.activity("recall_coupon")
    assert (row["method"], row["grade"]) == ("randomised", "A")


def test_what_was_bought_ahead_is_found(everything):
    assert "pull_forward" in everything.loc["member_day", "warnings"]
    assert everything.loc["member_day", "incremental_after"] < everything.loc["member_day", "incremental"]


def test_the_push_to_everybody_has_no_control(everything):
    assert everything.loc["app_push", ["method", "grade"]].tolist() == ["no_control", "C"]


def test_roi_and_profit_are_the_same_statement(everything):
    told = everything[everything["profit"].notna()]
    for end in ("", "_lower", "_upper"):
        assert np.allclose(told[f"roi{end}"], told[f"profit{end}"] / told["cost"])
    assert np.allclose(told["profit"], told["incremental"] * told["margin"] - told["cost"])


def test_verdict_and_interval_never_disagree(everything):
    told = everything[everything["profit"].notna()]
    assert ((told["verdict"] == "profit") == (told["profit_lower"] > 0)).all()
    assert ((told["verdict"] == "loss") == (told["profit_upper"] < 0)).all()
    assert ((told["verdict"] == "profit") == (told["probability"] > 0.975)).all()


def test_the_same_type_last_time_stands_beside(october):
    assert october.activity("d11_warmup")["last_id"] == "618_2026"
    assert october.activity("live_trial")["last_id"] == ""


def test_the_portfolio_covers_twelve_months(october):
    kinds = october.types.set_index("type")
    assert kinds["n"].to_dict() == {"promotion": 3, "recall": 2, "membership": 1, "innovation": 1}
    assert kinds.loc["promotion", ["previous", "newest"]].tolist() == ["618_2026", "d11_warmup"]


def test_the_average_return_of_a_type_is_that_of_all_its_money(october, everything):
    recall = everything.loc[["recall_spring", "recall_coupon"]]
    row = october.types.set_index("type").loc["recall"]
    assert row["profit"] == pytest.approx(recall["profit"].sum())
    assert row["roi"] == pytest.approx(recall["profit"].sum() / recall["cost"].sum())


def test_the_next_unit_is_what_the_additional_money_brought(sample):
    types = sample.activity_roi("2026-06").types.set_index("type")
    rows = pd.concat(sample.activity_roi(month).activities for month in ("2025-11", "2026-06")).set_index("activity_id")
    old, new = rows.loc["d11_2025"], rows.loc["618_2026"]
    earned = new["incremental"] * new["margin"] - old["incremental"] * old["margin"]
    assert types.loc["promotion", "marginal_cost"] == new["cost"] - old["cost"]
    assert types.loc["promotion", "marginal_roi"] == pytest.approx(earned / (new["cost"] - old["cost"]) - 1)


def test_a_month_without_activities_says_so(sample):
    review = sample.activity_roi("2026-08")
    assert review.activities.empty
    assert review.headline == "No activity ran this month."
    assert "No activity ran" in review._repr_html_()


def test_a_quarter_holds_the_activities_of_its_months(sample):
    assert sample.activity_roi("2026-Q2").activities["activity_id"].tolist() == ["member_day", "618_2026"]


def test_the_json_holds_everything_and_gives_it_back(october):
    text = october.to_json()
    again = ActivityReview.from_dict(json.loads(text), lang="zh-CN")
    assert again.to_json() == text
    assert again.in_language("en").sentences() == october.sentences()


def test_the_same_workspace_gives_the_same_bytes(october):
    assert open_workspace(SAMPLE, lang="en").activity_roi("2026-10").to_json() == october.to_json()


def test_a_day_before_the_end_the_warm_up_is_still_running():
    row = open_workspace(SAMPLE, as_of="2026-10-27").activity_roi("2026-10").activity("d11_warmup")
    assert (row["running"], row["end"], row["verdict"]) == (True, "2026-10-31", "unclear")
    assert math.isnan(row["roi"])
    assert row["lower"] < row["incremental"] < row["upper"]


def test_an_activity_that_has_not_begun_is_left_out():
    assert (
        "d11_warmup"
        not in open_workspace(SAMPLE, as_of="2026-10-18").activity_roi("2026-10").activities["activity_id"].tolist()
    )


def test_the_recap_figures_are_plain_arithmetic(small):
    row = only(open_workspace(small).activity_roi("2026-05"))
    assert row["gmv_per_cost"] == pytest.approx(264_000 / 6_000)
    assert row["completion"] == pytest.approx(264_000 / 240_000)
    assert row["aov"] == 110.0
    assert row["break_even"] == pytest.approx(6_000 / 0.4)
    assert row["over_budget"] == 1_000.0


def test_only_part_of_the_cost_was_booked_when_the_window_closed(small):
    review = open_workspace(small).activity_roi("2026-05")
    assert only(review)["booked_share"] == pytest.approx(4_000 / 6_000)
    assert review.costs["late"].tolist() == [False, True]


def test_new_customers_count_only_as_far_as_they_were_caused(small):
    extra = {"new_customers": 500, "coupons_issued": 1_000, "coupons_redeemed": 200, "subsidy": 13_200.0}
    write(small, funnel=pd.DataFrame([funnel_row(), actual_row(**extra)]))
    row = only(open_workspace(small).activity_roi("2026-05"))
    caused = row["incremental"] / 264_000
    assert row["acquisition_cost"] == pytest.approx(6_000 / (500 * caused))
    assert (row["redemption"], row["subsidy_rate"]) == (0.2, 0.05)


def test_the_days_until_the_cost_was_earned_back(small):
    write(small, cost_ledger=ledger(("sale", 1_000.0)))
    review = open_workspace(small).activity_roi("2026-05")
    since = review.days[review.days["phase"] != "before"]
    earned = ((since["actual"] - since["expected"]) * 0.4).cumsum().to_numpy()
    days = only(review)["payback_days"]
    assert earned[int(days) - 1] >= 1_000 > earned[int(days) - 2]


def test_the_split_is_there_for_those_who_planned(small):
    assert open_workspace(small).activity_roi("2026-05").split["effect"].sum() == pytest.approx(73_920 - 72_000)
    write(small, funnel=pd.DataFrame([actual_row()]))
    assert open_workspace(small).activity_roi("2026-05").split.empty


@pytest.mark.parametrize("absent", ["daily_metrics", "cost_ledger", "funnel"])
def test_a_table_that_is_absent_takes_nothing_else_along(small, absent):
    (small / f"{absent}.csv").unlink()
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    assert only(review)["attributed"] == 90_000.0
    assert review._view().section()
    assert math.isnan(only(review)["incremental"]) == (absent == "daily_metrics")


def test_without_an_activities_table_the_review_names_it(small):
    (small / "activities.csv").unlink()
    with pytest.raises(
        InputError, match=r"^activities\.csv: 1 problem\. The table is absent or has no rows, and the section 'roi'"
    ):
        open_workspace(small, lang="en").activity_roi("2026-05")


def test_overlapping_activities_have_one_joint_row(small):
    both = activities(activity(), activity("fair", "2026-05-10", "2026-05-20", actual_cost=1_000.0))
    write(small, activities=both)
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    assert review.activities["joint_id"].tolist() == ["sale+fair"] * 2
    assert review.activities["profit"].isna().all()
    assert review.joint["members"].tolist() == [["sale", "fair"]]
    assert review.findings[0].subject == "sale+fair"


def test_a_held_out_activity_is_judged_by_its_people(small):
    users, orders = people(extra=40.0)
    write(small, activities=activities(activity(holdout="Y")), users=users, orders=orders)
    row = only(open_workspace(small).activity_roi("2026-05"))
    assert row["method"] == "randomised"
    assert row["lower"] < 40.0 * 300 < row["upper"]


def test_people_are_not_looked_at_unless_some_were_held_out(small):
    users, orders = people(extra=40.0)
    write(small, activities=activities(activity(holdout="N")), users=users, orders=orders)
    assert only(open_workspace(small).activity_roi("2026-05"))["method"] == "controls"


def test_what_if_another_cost_and_margin(small):
    ops = open_workspace(small)
    row = only(ops.activity_roi("2026-05", changes={"sale": {"actual_cost": 1.0, "margin_rate": 0.1}}))
    assert (row["cost"], row["margin"], row["verdict"]) == (1.0, 0.1, "profit")
    assert row["incremental"] == only(ops.activity_roi("2026-05"))["incremental"]


def test_what_if_another_window_and_control(small):
    ops = open_workspace(small)
    row = only(ops.activity_roi("2026-05", changes={"sale": {"end_date": "2026-05-10", "controls": ["new"]}}))
    assert (row["end"], row["controls"]) == ("2026-05-10", ["new"])


def test_a_margin_per_activity_is_kept_apart_in_a_joint_effect(small):
    write(small, activities=activities(activity(margin_rate=0.0), activity("fair", margin_rate=0.9)))
    row = open_workspace(small).activity_roi("2026-05").joint.iloc[0]
    assert row["profit_lower"] <= -row["cost"]
    assert row["verdict"] == "unclear"


def test_an_id_with_markup_is_text(small):
    write(
        small,
        activities=activities(activity("<b>x</b>")),
        cost_ledger=ledger(("<b>x</b>", 5.0)),
        funnel=pd.DataFrame([actual_row("<b>x</b>")]),
    )
    section = open_workspace(small, lang="en").activity_roi("2026-05")._view().section()
    assert "<b>x</b>" not in section
    assert "&lt;b&gt;x&lt;/b&gt;" in section.lower()


def test_bad_tables_refuse_the_month_before_anything_runs(small):
    write(small, cost_ledger=ledger(("sail", 5.0)))
    with pytest.raises(
        InputError, match=r"^cost_ledger\.csv: 1 problem\. Column 'activity_id', row 2: 'sail' is no activity"
    ):
        open_workspace(small, lang="en").check_period("2026-05")


def test_the_sample_names_every_type_and_segment():
    names = tomllib.loads((SAMPLE / "retro.toml").read_text(encoding="utf-8"))["names"]
    table = pd.read_csv(SAMPLE / "activities.csv")
    assert {*table["type"], *table["target_segment"], *table["activity_id"]} <= set(names)


def test_days_without_data_are_no_days_without_sales(small):
    frame = daily(lifts=[("vip", "2026-05-04", "2026-05-17", 0.10)])
    gone = (frame["segment"] == "vip") & frame["date"].between("2026-05-06", "2026-05-10")
    write(small, daily_metrics=frame[~gone])
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    row = only(review)
    assert (row["missing_days"], row["verdict"]) == (5, "unclear")
    assert math.isnan(row["profit"])
    assert "5 days of it have no data" in review.sentences()[0]


def test_an_overlap_with_an_activity_of_last_month_brings_that_along(small):
    both = activities(activity(), activity("april", "2026-04-24", "2026-05-06"))
    write(small, activities=both)
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    assert review.activities["activity_id"].tolist() == ["april", "sale"]
    assert review.table()["Activity"].tolist() == ["April + Sale, together", "April", "Sale"]


def test_nobody_bought_is_no_loss(small):
    users, orders = people(extra=40.0)
    late = orders.assign(order_date="2026-05-28")
    write(small, activities=activities(activity(holdout="Y")), users=users, orders=late)
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    assert (only(review)["verdict"], only(review)["method"]) == ("unclear", "none")
    assert "cannot be told" in review.sentences()[0]


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "gmv is not 0 although orders is"), ("zh-CN", "orders 为 0 而 gmv 不为 0")]
)
def test_a_funnel_that_cannot_be_is_refused_before_anything_runs(small, lang, words):
    write(small, funnel=pd.DataFrame([funnel_row(), actual_row(orders=0)]))
    with pytest.raises(InputError, match=words):
        open_workspace(small, lang=lang).activity_roi("2026-05")


def test_an_activity_that_still_runs_is_no_last_time(small):
    both = activities(activity("long", "2026-04-06", "2026-06-30", "new"), activity())
    write(small, activities=both)
    assert open_workspace(small).activity_roi("2026-05").activity("sale")["last_id"] == ""


def test_what_cost_nothing_is_told_in_money(small):
    (small / "cost_ledger.csv").unlink()
    write(small, activities=activities(activity(actual_cost=0.0)))
    review = open_workspace(small, lang="en").activity_roi("2026-05")
    assert "cost nothing and earned +¥" in review.sentences()[0]
    assert "1 paid for itself" in review.headline


def test_a_chance_is_not_told_where_the_margins_leave_it_open(small):
    write(
        small,
        activities=activities(activity(margin_rate=0.05), activity("fair", margin_rate=0.9)),
        funnel=pd.DataFrame([actual_row()]),
    )
    row = open_workspace(small).activity_roi("2026-05").joint.iloc[0]
    assert (row["verdict"], math.isnan(row["probability"])) == ("unclear", True)


def test_a_service_of_next_year_is_in_the_future(small):
    write(small, cost_ledger=ledger(("sale", 5.0, "2027-01-01", "2027-01-02")))
    with pytest.raises(
        InputError,
        match=r"^cost_ledger\.csv: 1 problem\. Column 'service_date', row 2: 2027-01-01 lies after 2026-05-30",
    ):
        open_workspace(small, lang="en").check_period("2026-05")


def test_an_id_like_that_of_a_joint_effect_stays_apart(small):
    three = activities(activity("a"), activity("b"), activity("a+b", "2026-05-20", "2026-05-24", "new"))
    write(small, activities=three, cost_ledger=ledger(("a", 5.0)), funnel=pd.DataFrame([actual_row("a")]))
    review = open_workspace(small).activity_roi("2026-05")
    assert review.joint["activity_id"].tolist() == ["a+b+"]
    assert review.activity("a+b")["segment"] == "new"
