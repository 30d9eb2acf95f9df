"""The review of a month: what is looked at, what adds up, what is ruled out and what the team makes of it."""

import json

import numpy as np
import pandas as pd
import pytest
from cause_cases import DIMS, FALL, HOURS, RISE, counts, leaves, opened, shop, told

from opsretro.analysis.cause_review import CauseReview

AGAINST = ["expected", "previous", "same_last_year", "2026-02", "2025-Q4"]
ASKED = ["sales", "refunds", "buying", "store", "hours", "logins"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("review"))


@pytest.fixture(scope="module")
def review(workspace):
    """What the goal review flags."""
    return workspace.root_cause("2026-06")


@pytest.fixture(scope="module", params=AGAINST)
def compared(request, workspace):
    """Every kind of KPI, compared with other days."""
    return workspace.root_cause("2026-06", kpi=ASKED, against=request.param)


def test_it_takes_what_the_goal_review_flags_signals_first(workspace, review):
    goals = workspace.goal_review("2026-06").goals
    signals = goals.loc[goals["variation"] == "signal", "goal_id"].tolist()
    missed = goals.loc[(goals["status"] == "missed") & (goals["variation"] != "signal"), "goal_id"].tolist()
    assert signals and missed
    assert review.kpis["subject"].tolist() == [*signals, *missed]
    assert review.kpis["why"].tolist() == [*["signal"] * len(signals), *["missed"] * len(missed)]


def test_it_leaves_out_a_goal_that_is_met_and_quiet(workspace, review):
    goal = workspace.goal_review("2026-06").goal("revenue")
    assert (goal["status"], goal["variation"]) == ("met", "noise")
    assert "revenue" not in review.kpis["subject"].tolist()


def test_signals_to_the_good_and_to_the_bad_side_are_both_looked_at(review):
    signals = review.kpis[review.kpis["why"] == "signal"].set_index("subject")["change"]
    assert signals["refunds"] > 0 > signals["buying"]


def test_two_goals_on_the_same_numbers_are_looked_at_once(tmp_path):
    goals = "goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source\n"
    goals += "".join(
        f"{name},{name},Sell,sales,team,higher,count,9999999,0.5,2026-01-01,2026-12-31,sum,metrics\n" for name in "ab"
    )
    rows = counts("sales", 51, days=pd.date_range("2025-09-01", "2026-06-30"))
    assert opened(tmp_path / "ws", rows, goals_csv=goals).root_cause("2026-06").kpis["subject"].tolist() == ["a"]


def test_a_goal_on_a_slice_is_looked_at_inside_that_slice(review):
    row = review.kpi("north")
    assert (row["kpi"], row["dimension"], row["dims"]) == ("sales", "city=north", ["channel", "device"])
    assert review.element("north", 1) == {"channel": ["ads"]}


@pytest.mark.parametrize(
    ("name", "subject", "kpi"),
    [
        ("revenue", "revenue", "sales"),
        ("sales", "revenue", "sales"),
        ("north", "north", "sales"),
        ("refund_rate", "refunds", "refund_rate"),
        ("logins", "logins", "logins"),
    ],
)
def test_a_kpi_is_known_by_its_goal_its_name_and_without_a_goal(workspace, name, subject, kpi):
    row = workspace.root_cause("2026-06", kpi=name).kpis.iloc[0]
    assert (row["subject"], row["kpi"], row["why"]) == (subject, kpi, "asked")


def test_several_kpis_come_in_the_order_they_were_asked_for(compared):
    assert compared.kpis["subject"].tolist() == ["revenue", "refunds", "buying", "store", "hours", "logins"]


@pytest.mark.parametrize("names", [["sales", "sales"], ["sales", "revenue"]])
def test_a_kpi_that_is_asked_for_twice_is_told_once(workspace, names):
    review = workspace.root_cause("2026-06", kpi=names)
    assert review.kpis["subject"].tolist() == ["revenue"]
    assert review.element("revenue", 1) == {"channel": ["ads"], "city": ["north"]}


def test_without_goals_nothing_is_flagged_and_a_kpi_can_be_asked_for(tmp_path):
    workspace = opened(tmp_path / "ws", counts("sales", 52, days=pd.date_range("2026-01-01", "2026-06-30")))
    assert len(workspace.root_cause("2026-06").kpis) == 0
    assert workspace.root_cause("2026-06", kpi="sales").kpi("sales")["state"] == "nothing"


def test_rows_with_both_parts_make_a_ratio_without_a_goal(tmp_path):
    below = counts("returned", 53, days=pd.date_range("2026-01-01", "2026-06-30"))
    rows = below.rename(columns={"value": "denominator"}).assign(numerator=lambda table: table["denominator"] // 4)
    row = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="returned").kpi("returned")
    assert (row["is_ratio"], row["aggregation"], row["unit"]) == (True, "ratio", "percent")


def test_every_change_is_its_calendar_what_all_share_its_causes_and_the_rest(compared):
    for _, row in compared.kpis.iterrows():
        causes = compared.of("causes", row["subject"])["change"].sum()
        assert row["actual"] - row["reference"] == row["change"]
        assert row["calendar"] + row["common"] + causes + row["rest"] == pytest.approx(row["change"], rel=1e-9)
        assert row["calendar"] + row["moved"] == pytest.approx(row["change"], rel=1e-9)
        assert row["explained"] * row["change"] == pytest.approx(causes, rel=1e-9)


def test_what_all_slices_share_and_the_rest_are_small_where_one_slice_fell(workspace):
    row = workspace.root_cause("2026-06", kpi="buying").kpi("buying")
    assert abs(row["rest"]) + abs(row["common"]) < 0.1 * abs(row["change"])
    assert row["explained"] == pytest.approx(1.0, abs=0.1)


def test_an_expectation_holds_the_calendar_already(workspace):
    row = workspace.root_cause("2026-06", kpi="sales").kpi("revenue")
    assert (row["calendar"], row["change"]) == (0.0, row["moved"])


def test_a_month_with_one_day_less_is_the_calendars_part(workspace):
    row = workspace.root_cause("2026-06", kpi="visits", against="previous").kpi("busy")
    # June has 30 days, 8 of them of a weekend, May 31 and 10; a Saturday brings 1.3, a Sunday 1.2 of a weekday
    days = leaves({}, level=1.0).assign(month=lambda table: table["date"].dt.strftime("%Y-%m"))
    by_hand = days.groupby("month")["mean"].sum()
    assert row["calendar"] / row["reference"] == pytest.approx(by_hand["2026-06"] / by_hand["2026-05"] - 1, abs=0.01)
    assert row["state"] == "nothing"


def test_states_tell_how_each_search_ended(compared):
    states = dict(zip(compared.kpis["subject"], compared.kpis["state"], strict=True))
    assert {name: states[name] for name in ("revenue", "refunds", "buying", "store")} == dict.fromkeys(
        ("revenue", "refunds", "buying", "store"), "found"
    )
    assert (states["hours"], states["logins"]) == ("no_dims", "nothing")


@pytest.mark.parametrize("kpi", ["sales", "buying", "store", "hours"])
def test_without_data_in_the_period_no_figure_is_given(workspace, kpi):
    review = workspace.root_cause("2026-09", kpi=kpi)
    row = review.kpis.iloc[0]
    assert (row["state"], row["start"], row["end"]) == ("no_data", "", "")
    assert row[["actual", "change", "moved", "rest"]].isna().all()
    assert len(review.causes) + len(review.drill) + len(review.leads) == 0


@pytest.mark.parametrize("kpi", ["sales", "buying", "store", "hours"])
def test_without_data_to_compare_with_the_actual_stands_alone(workspace, kpi):
    row = workspace.root_cause("2026-06", kpi=kpi, against="2024-06").kpis.iloc[0]
    assert (row["state"], row["base_start"], row["base_end"]) == ("no_base", "", "")
    assert np.isfinite(row["actual"])
    assert row[["reference", "change", "calendar", "moved", "rest"]].isna().all()


def test_causes_come_with_the_largest_change_first_and_ranks_from_one(compared):
    for subject in compared.kpis["subject"]:
        causes = compared.of("causes", subject)
        assert causes["rank"].tolist() == list(range(1, len(causes) + 1))
        assert causes["change"].abs().is_monotonic_decreasing


def test_each_cause_has_figures_that_agree(compared):
    causes = compared.causes
    assert (causes["lower"] <= causes["change"]).all() and (causes["change"] <= causes["upper"]).all()
    assert causes["confidence"].between(0.5, 1).all() and (causes["n"] > 0).all()
    assert causes["size"].between(0, 1).all()
    assert (np.sign(causes["change"]) == np.sign(causes["actual"] - causes["expected"])).all()


def test_share_of_a_cause_is_its_part_of_what_moved(review):
    moved = review.kpis.set_index("subject")["moved"]
    causes = review.causes
    assert causes["share"].tolist() == pytest.approx((causes["change"] / causes["subject"].map(moved)).tolist())
    assert (causes["share_lower"] <= causes["share"]).all() and (causes["share"] <= causes["share_upper"]).all()


@pytest.mark.parametrize(("subject", "effect"), [("revenue", FALL), ("refunds", RISE), ("buying", FALL)])
def test_the_day_is_the_planted_one(compared, subject, effect):
    cause = compared.of("causes", subject, 1).iloc[0]
    assert abs(pd.Timestamp(cause["since"]) - pd.Timestamp(effect[1])) <= pd.Timedelta(days=1)
    assert cause["until"] == ""


def test_a_kpi_that_was_missed_as_always_has_no_beginning(review):
    assert review.kpi("busy")[["why", "state", "since"]].tolist() == ["missed", "nothing", ""]


def test_a_kpi_without_dimensions_has_the_planted_beginning(review):
    assert review.kpi("hours")["since"] == HOURS[1]


def test_days_of_a_cause_are_the_sums_of_its_rows(workspace, compared):
    days = compared.of("days", "revenue", 1).set_index("date")["actual"]
    rows = workspace.tables["metrics"].query("kpi == 'sales' and channel == 'ads' and city == 'north'")
    by_hand = rows.groupby(rows["date"].dt.strftime("%Y-%m-%d"))["value"].sum()
    assert days.tolist() == pytest.approx(by_hand[days.index].tolist(), rel=1e-12)
    assert days.index[-1] == "2026-06-30"


def test_before_it_began_a_slice_kept_in_step_with_the_rest_and_then_fell(review):
    days = review.of("days", "buying", 1).set_index("date")
    ratio = days["actual"] / days["expected"]
    assert ratio[:"2026-06-09"].mean() == pytest.approx(1.0, abs=0.05)
    assert ratio["2026-06-10":].mean() == pytest.approx(FALL[3], abs=0.05)


def test_drill_tells_the_cause_from_what_it_rules_out_and_from_what_was_quiet(review):
    drill = review.of("drill", "buying").set_index("value")["state"]
    # both devices carry a part of the fall of ads in the north, and nothing of their own
    assert drill[["ads", "north", "web", "app"]].tolist() == ["cause", "cause", "ruled_out", "ruled_out"]
    assert set(drill.drop(["ads", "north", "web", "app"])) == {"quiet"}


def test_drill_finds_nothing_to_rule_out_where_nothing_happened(workspace):
    assert set(workspace.root_cause("2026-06", kpi="logins").drill["state"]) == {"quiet"}


def test_drill_has_every_value_of_every_dimension(review):
    drill = review.of("drill", "buying").groupby("dimension")["value"].agg(set)
    assert drill.to_dict() == {dim: set(values) for dim, values in DIMS.items()}


def test_drill_of_a_sum_equals_a_plain_group_by(workspace):
    drill = workspace.root_cause("2026-06", kpi="sales").drill.query("dimension == 'city'").set_index("value")
    rows = workspace.tables["metrics"].query("kpi == 'sales' and date >= '2026-06-01'")
    by_hand = rows.groupby("city")["value"].sum()
    assert drill["actual"].to_dict() == pytest.approx(by_hand.to_dict(), rel=1e-12)


@pytest.mark.parametrize("subject", ["revenue", "refunds", "buying", "store"])
def test_drill_of_each_dimension_adds_up_to_what_moved(compared, subject):
    moved = compared.kpi(subject)["moved"]
    for _, rows in compared.of("drill", subject).groupby("dimension"):
        assert rows["change"].sum() == pytest.approx(moved, rel=1e-9)
        assert rows["share"].sum() == pytest.approx(1.0, rel=1e-9)


def test_rate_mix_and_cross_of_a_ratio_equal_a_plain_group_by(workspace):
    drill = workspace.root_cause("2026-06", kpi="buying", against="previous").drill.query("dimension == 'city'")
    rows = workspace.tables["metrics"].query("kpi in ['orders', 'visits'] and date >= '2026-06-01'")
    sums = rows.groupby(["city", "kpi"])["value"].sum().unstack()
    found = drill.set_index("value").sort_index()
    assert found["actual"].tolist() == pytest.approx((sums["orders"] / sums["visits"]).tolist(), rel=1e-12)
    assert found["weight_after"].tolist() == pytest.approx((sums["visits"] / sums["visits"].sum()).tolist(), rel=1e-12)


def test_sums_have_no_rates(review):
    assert review.of("drill", "store")[["rate", "mix", "cross", "weight_before"]].isna().all(axis=None)


def test_a_node_of_a_tree_is_matched_to_the_slice_it_names_in_any_order(workspace):
    trees = workspace.root_cause("2026-06", kpi="revenue").trees
    assert trees[["node", "rank"]].to_numpy().tolist() == [["", 0], ["1", 1], ["2", 0]]
    assert set(trees["subject"]) == {"revenue"}


@pytest.mark.parametrize(("kpi", "where"), [("north", None), ("sales", {"city": "north"})])
def test_a_node_is_matched_inside_a_slice_too(workspace, kpi, where):
    # the tree says city=north & channel=ads, the cause in the north is channel=ads
    trees = workspace.root_cause("2026-06", kpi=kpi, where=where).trees
    assert trees[["node", "rank"]].to_numpy().tolist() == [["", 0], ["1", 1], ["2", 0]]


def test_trees_of_another_month_stay_away(review):
    assert set(review.trees["tree"]) == {"sales-2026-06"}


def test_trees_of_the_months_of_a_quarter_are_there(workspace):
    assert set(workspace.root_cause("2026-Q2", kpi="sales").trees["tree"]) == {"sales-2026-05", "sales-2026-06"}


def test_findings_begin_with_how_many_have_a_cause_and_tell_those_first(review):
    first, *others = review.findings
    found = review.kpis["state"] == "found"
    assert (first.code, first.value, first.n) == ("causes", found.sum(), len(review.kpis))
    assert [one.code for one in others] == ["cause_found"] * found.sum() + ["cause_no_dims", "cause_nothing"]
    assert [one.subject for one in others[: found.sum()]] == review.kpis.loc[found, "subject"].tolist()


def test_json_there_and_back_is_the_same(review):
    data = review.to_dict()
    again = CauseReview.from_dict(json.loads(review.to_json()))
    assert again.to_dict() == data
    for name in CauseReview.frames:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(review, name))


def test_a_new_value_survives_the_way_through_json(tmp_path):
    rows = counts("sales", 54, days=pd.date_range("2026-01-01", "2026-06-30"))
    rows = rows[~((rows["channel"] == "mail") & (rows["date"] < "2026-06-01"))]
    review = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales")
    again = CauseReview.from_dict(json.loads(review.to_json()))
    assert told(again) == told(review) == [({"channel": ["mail"]}, "volume")]
    assert again.causes["expected"].tolist() == [0.0]


def test_the_same_input_gives_the_same_bytes(workspace, review):
    assert workspace.root_cause("2026-06").to_json() == review.to_json()


@pytest.mark.parametrize("name", CauseReview.frames)
def test_frames_are_handed_out_as_copies(review, name):
    before = getattr(review, name)
    handed_out = getattr(review, name)
    handed_out["subject"] = "changed"
    pd.testing.assert_frame_equal(getattr(review, name), before)


def test_a_kpi_that_was_not_looked_at_is_named(workspace):
    review = workspace.root_cause("2026-06", kpi=["sales", "visits"])
    with pytest.raises(KeyError, match=r"^\"'logins' was not looked at in 2026-06; revenue, busy were\"$"):
        review.kpi("logins")


def test_the_tables_of_the_workspace_are_left_as_they_are(workspace):
    before = workspace.tables["metrics"]
    workspace.root_cause("2026-06", kpi=["buying", "store"])
    pd.testing.assert_frame_equal(workspace.tables["metrics"], before)
