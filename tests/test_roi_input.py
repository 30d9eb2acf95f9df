"""Bad tables about activities: every slip is named with its place and its cure, all at once, and nothing is guessed."""

import pandas as pd
import pytest
from roi_frames import activities, activity, actual_row, daily, funnel_row, ledger, people

from opsretro import InputError, roi
from opsretro.analysis.roi_table import activities_checked, changed


def tables(**more):
    users, orders = people(10, 10)
    known = {"activities": activities(), "daily_metrics": daily(), "cost_ledger": ledger(("sale", 5_000.0))}
    known |= {"funnel": pd.DataFrame([funnel_row(), actual_row()]), "users": users, "orders": orders}
    return known | more


def refused(*, currency="", today="", **more):
    with pytest.raises(InputError, match=r"problem") as caught:
        activities_checked(tables(**more), currency=currency, today=today)
    return str(caught.value)


def test_good_tables_are_taken_as_they_are():
    assert activities_checked(tables())["activity_id"].tolist() == ["sale"]


def test_an_activity_that_ends_before_it_starts():
    assert refused(activities=activities(activity(end="2026-05-01"))) == (
        "activities.csv: 1 problem. Column 'end_date', row 0: activity 'sale' ends on 2026-05-01, "
        "before it starts on 2026-05-04; swap or correct the dates."
    )


def test_cost_without_an_activity():
    assert refused(cost_ledger=ledger(("sale", 1.0), ("sail", 2.0))) == (
        "cost_ledger.csv: 1 problem. Column 'activity_id', row 1: 'sail' is no activity; activities has sale."
    )


def test_a_segment_without_a_series():
    assert refused(activities=activities(activity(segment="VIPs"))) == (
        "activities.csv: 1 problem. Column 'target_segment', row 0: daily_metrics has no segment 'VIPs'; "
        "it has vip, regular, new."
    )


def test_a_plan_without_what_happened():
    assert refused(funnel=pd.DataFrame([funnel_row()])) == (
        "funnel.csv: 1 problem. Column 'version', row 0: 'sale' has a plan but no row of what happened; "
        "add the row with version actual."
    )


def test_the_plan_of_an_activity_that_still_runs_may_stand_alone():
    activities_checked(tables(funnel=pd.DataFrame([funnel_row()]), daily_metrics=daily(days=70)), today="2026-05-12")


def test_what_happened_may_stand_without_a_plan():
    activities_checked(tables(funnel=pd.DataFrame([actual_row()])))


def test_amounts_in_another_currency():
    mixed = daily().assign(currency="CNY")
    mixed.loc[3, "currency"] = "USD"
    assert refused(daily_metrics=mixed) == (
        "daily_metrics.csv: 1 problem. Column 'currency', row 3: amounts in 'USD' among amounts in CNY; "
        "convert them, nothing is converted here."
    )


def test_amounts_in_a_currency_that_is_not_the_workspaces():
    assert "amounts in 'EUR' among amounts in CNY" in refused(
        activities=activities(activity(currency="EUR")), currency="CNY"
    )


def test_duplicated_orders():
    users, orders = people(10, 10)
    assert refused(users=users, orders=pd.concat([orders, orders.iloc[[0]]], ignore_index=True)) == (
        f"orders.csv: 1 problem. Column 'order_id', rows 0 and {len(orders)}: 'o0' is there more than once; "
        "every row needs its own."
    )


def test_a_refund_may_carry_the_number_of_its_order():
    users, orders = people(10, 10)
    back = orders.iloc[[0]].assign(kind="refund", gross_amount=-5.0)
    activities_checked(tables(users=users, orders=pd.concat([orders, back], ignore_index=True)))


def test_days_in_the_future():
    assert refused(today="2026-05-29").splitlines() == [
        "daily_metrics.csv: 1 problem. Column 'date', rows 89, 179 and 269: 2026-05-30 lies after 2026-05-29, "
        "the day up to which data is known; correct it or leave the row out."
    ]


def test_an_order_of_tomorrow():
    users, orders = people(10, 10)
    late = orders.assign(order_date=["2027-01-01", *orders["order_date"][1:]])
    said = refused(users=users, orders=late, today="2026-06-30")
    assert "orders.csv: 1 problem. Column 'order_date', row 0: 2027-01-01 lies after 2026-06-30" in said


def test_a_day_of_a_segment_that_is_there_twice():
    twice = pd.concat([daily(), daily().iloc[[5]]], ignore_index=True)
    assert "daily_metrics.csv: 1 problem. Column 'segment', row 270: 'vip 2026-03-07' is there more" in refused(
        daily_metrics=twice
    )


def test_an_activity_that_is_there_twice():
    said = refused(activities=activities(activity(), activity(start="2026-05-20", end="2026-05-24")))
    assert said.startswith(
        "activities.csv: 1 problem. Column 'activity_id', rows 0 and 1: 'sale' is there more than once"
    )


def test_a_margin_typed_as_per_cent():
    assert refused(activities=activities(activity(margin_rate=35.0))) == (
        "activities.csv: 1 problem. Column 'margin_rate', row 0: '35' is more than the whole; "
        "write a fraction, such as 0.35."
    )


def test_a_negative_cost():
    said = refused(activities=activities(activity(actual_cost=-5.0)))
    assert "Column 'actual_cost', row 0: '-5' is less than nothing; write 0 or more." in said


@pytest.mark.parametrize(("column", "value"), [("budget", "12k"), ("margin_rate", "n/a")])
def test_text_where_a_number_belongs(column, value):
    said = refused(activities=activities(activity(**{column: value})))
    assert f"Column '{column}', row 0: '{value}' is not a number; write it in plain digits, such as 12000." in said


def test_an_infinite_amount():
    wrong = daily()
    wrong.loc[8, "revenue"] = float("inf")
    said = refused(daily_metrics=wrong)
    assert said == "daily_metrics.csv: 1 problem. Column 'revenue', row 8: a value is infinite; leave it missing."


def test_a_date_of_an_order_that_is_none_is_told_once():
    users, orders = people(10, 10)
    said = refused(users=users, orders=orders.assign(order_date=["x", *orders["order_date"][1:]]))
    assert said.startswith("orders.csv: 1 problem. Column 'order_date', row 0: 'x' is not a date;")


def test_a_segment_may_come_into_being_with_the_activity_that_is_planned_for_it():
    planned = activities(activity(), activity("autumn", "2026-09-01", "2026-09-07", "students"))
    activities_checked(tables(activities=planned), today="2026-06-01")


def test_a_date_that_is_none():
    said = refused(activities=activities(activity(end="2026/13/06")))
    assert "Column 'end_date', row 0: '2026/13/06' is not a date; write it as year-month-day" in said


def test_an_empty_date():
    assert "Column 'start_date', row 0: the cell is empty; fill it." in refused(
        activities=activities(activity(start=None))
    )


def test_a_missing_column_is_named_for_every_table():
    said = refused(
        activities=activities().drop(columns="end_date"), cost_ledger=ledger(("sale", 1.0)).drop(columns="amount")
    )
    assert said.splitlines() == [
        "activities.csv: 1 problem. Column 'end_date' is missing; add it to the header.",
        "cost_ledger.csv: 1 problem. Column 'amount' is missing; add it to the header.",
    ]


def test_all_problems_come_at_once():
    said = refused(
        activities=activities(activity(end="2026-05-01", margin_rate=40.0)),
        cost_ledger=ledger(("sail", 2.0)),
        funnel=pd.DataFrame([funnel_row()]),
    )
    assert [line.split(":")[0] for line in said.splitlines()] == ["activities.csv", "cost_ledger.csv", "funnel.csv"]
    assert "activities.csv: 2 problems." in said


def test_the_same_is_refused_by_the_plain_function():
    with pytest.raises(
        InputError,
        match=r"^activities\.csv: 1 problem\. Column 'target_segment', row 0: daily_metrics has no segment 'x'",
    ):
        roi.effects(daily(), activities(activity(segment="x")))


def test_a_window_that_goes_on_after_the_last_day():
    late = activities(activity(end="2026-07-01"))
    with pytest.raises(
        InputError,
        match=r"activity 'sale' runs to 2026-07-01, but the daily figures end on 2026-05-30; add the days, or",
    ):
        roi.effects(daily(), late)


def test_text_dates_and_real_dates_are_the_same():
    typed = activities().assign(start_date=pd.Timestamp("2026-05-04"), end_date=pd.Timestamp("2026-05-17"))
    given, parsed = (activities_checked(tables(activities=table)) for table in (activities(), typed))
    assert given["start_date"].equals(parsed["start_date"])


def test_nobody_named_means_everybody():
    assert activities_checked(tables(activities=activities(activity(segment=None))))["target_segment"].tolist() == [
        "all"
    ]


def test_another_cost_replaces_the_ledger():
    other = changed(tables(), {"sale": {"actual_cost": 9.0}})
    assert other["cost_ledger"].empty
    assert other["activities"]["actual_cost"].tolist() == [9.0]


def test_a_change_leaves_the_tables_as_they_were():
    before = tables()
    changed(before, {"sale": {"margin_rate": 0.1, "controls": ["new"]}})
    assert before["activities"]["margin_rate"].tolist() == [0.4]
    assert "controls" not in before["activities"]


def test_a_change_of_nothing_there_is_named():
    with pytest.raises(
        InputError, match=r"'sail' is not known; write one of: sale\. 'owner' is not known; write one of: start_date"
    ):
        changed(tables(), {"sail": {"owner": "x"}})
