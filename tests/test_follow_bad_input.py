"""What people and programs hand over by mistake: named with its place, nothing lost, nothing guessed."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from follow_cases import HOLIDAYS, ORDERS, START, action, by_id, daily, entry, ledger, one, whole, workspace

from opsretro import InputError, cli, followup, open_workspace

LIFTED = daily(lift=0.2)
CALM = daily()
FIGURES = ["effect", "lower", "upper"]


def refused(message, *actions, metrics=LIFTED, period="2026-10", **more):
    with pytest.raises(InputError, match=whole(message)):
        followup.check(list(actions), metrics, period, **more)


def same(found, other):
    pd.testing.assert_frame_equal(pd.DataFrame([found]), pd.DataFrame([other]))


@pytest.mark.parametrize("day", [date(2026, 9, 7), datetime(2026, 9, 7, 18), pd.Timestamp(START), "2026-09-07T09:00",
                                 "2026/9/7", "2026年9月7日", "20260907", 20260907, " 2026-09-07 "])  # fmt: skip
def test_a_start_is_read_in_whatever_way_it_is_written(day):
    assert one(LIFTED, start=day)["start"] == START


@pytest.mark.parametrize("day", [None, "", np.nan, pd.NaT, pd.NA, "NaT"])
def test_a_missing_start_is_no_start(day):
    assert one(LIFTED, start=day)["reason"] == "no_start"


def test_a_frame_a_list_and_a_ledger_that_was_read_say_the_same():
    read = followup.Actions(table=pd.DataFrame([action(start=pd.Timestamp(START))])).table
    same(followup.check(read, LIFTED, "2026-10").iloc[0].to_dict(), one(LIFTED))


def test_ids_that_are_numbers_become_text():
    assert followup.check([action(7), action(8, metric="gone")], LIFTED, "2026-10")["id"].tolist() == ["7", "8"]


@pytest.mark.parametrize("actions", [[], pd.DataFrame(), pd.DataFrame({"id": [], "metric": []})])
def test_no_action_is_no_row_and_every_column(actions):
    found = followup.check(actions, LIFTED, "2026-10")
    assert (len(found), list(found)) == (0, list(followup.check([ORDERS], LIFTED, "2026-10")))


def test_columns_of_the_teams_own_are_of_no_account():
    same(one(LIFTED, ticket="X-12", tags=["a", "b"], line=12), one(LIFTED))


def test_several_owners_in_a_list_are_refused_and_do_not_crash():
    told = "Column 'owner', row 0: 'a, b' is more than one owner; write one role or id, the others help."
    refused(f"actions: 1 problem. {told}", action(owner=["a", "b"]))


def test_what_is_handed_over_is_not_changed():
    actions, metrics = pd.DataFrame([ORDERS]), LIFTED.copy()
    followup.check(actions, metrics, "2026-10")
    pd.testing.assert_frame_equal(actions, pd.DataFrame([ORDERS]))
    pd.testing.assert_frame_equal(metrics, LIFTED)


def test_everything_wrong_with_the_actions_is_told_at_once():
    refused(
        "actions: 6 problems. "
        "Column 'expected_effect', row 1: '5 %' is not a number; write it in plain digits, such as 12000. "
        "Column 'start', row 0: 'next Friday' is not a date; write it as year-month-day, such as 2026-06-13. "
        "Column 'id', row 2: the cell is empty; fill it. "
        "Column 'id', row 1: 'A-1' is there more than once; every row needs its own. "
        "Column 'direction', row 2: 'up' is not one of the words used here; write one of: higher, lower. Column "
        "'status', row 0: 'done' is not one of the words used here; write one of: plan, do, check, act, dropped.",
        action(start="next Friday", status="done"),
        action(expected_effect="5 %"),
        action("", direction="up"),
    )


def test_an_infinite_hope_is_refused():
    refused("actions: 1 problem. Column 'expected_effect', row 0: a value is infinite; leave it missing.",
            action(expected_effect=np.inf))  # fmt: skip


@pytest.mark.parametrize("count", [np.inf, "often", None, 2, "2"])
def test_a_strange_carry_count_is_no_reason_to_stop(count):
    same(one(LIFTED, carry_count=count), one(LIFTED))


def test_actions_metrics_and_period_are_refused_at_once():
    refused(
        "actions: 1 problem. Column 'start', row 0: 'soon' is not a date; write it as year-month-day, such as "
        "2026-06-13.\nmetrics: 1 problem. Column 'value', row 3: a value is infinite; leave it missing.\n"
        "period: 1 problem. 'October' is no period; write 2026-10, 2026-Q3 or 2026.",
        action(start="soon"), metrics=LIFTED.assign(value=LIFTED["value"].where(LIFTED.index != 3, np.inf)),
        period="October",
    )  # fmt: skip


@pytest.mark.parametrize("kind", [str, object, "float32"])
def test_values_of_any_kind_are_numbers(kind):
    np.testing.assert_allclose(one(LIFTED.assign(value=LIFTED["value"].astype(kind)))["effect"], one(LIFTED)["effect"],
                               rtol=1e-5)  # fmt: skip


def test_values_that_are_text_add_up_as_numbers():
    half = LIFTED.assign(value=LIFTED["value"] / 2)
    text = half.assign(value=half["value"].map("{:.10f}".format))
    np.testing.assert_allclose(one(pd.concat([text, text]))["effect"], one(LIFTED)["effect"], rtol=1e-5)


def test_parts_that_are_text_are_numbers():
    ratio = LIFTED.assign(numerator=LIFTED["value"], denominator=5000.0).drop(columns="value")
    text = ratio.astype({"numerator": str, "denominator": str})
    np.testing.assert_allclose(one(text)["effect"], one(ratio)["effect"], rtol=1e-5)


@pytest.mark.parametrize(
    "dates",
    [
        lambda day: day.dt.date,
        lambda day: day.dt.strftime("%Y-%m-%d"),
        lambda day: day.dt.strftime("%Y%m%d"),
        lambda day: day.dt.strftime("%Y%m%d").astype(int),
        lambda day: day.dt.tz_localize("Asia/Shanghai"),
        lambda day: day + pd.Timedelta(hours=9),
    ],
)
def test_days_of_any_kind_are_days(dates):
    same(one(LIFTED.assign(date=dates(LIFTED["date"]))), one(LIFTED))


def test_a_moment_counts_on_its_day_in_shanghai():
    # 17:00 in London's winter is 1:00 of the next day in Shanghai
    stamps = (LIFTED["date"] - pd.Timedelta(hours=7)).dt.strftime("%Y-%m-%dT%H:%MZ")
    same(one(LIFTED.drop(columns="date").assign(ts_utc=stamps)), one(LIFTED))


def test_a_moment_in_words_is_refused():
    refused("metrics: 1 problem. Column 'ts_utc', row 2: 'soon' is not a date; write it as year-month-day, such as "
            "2026-06-13.", ORDERS, metrics=LIFTED.drop(columns="date").assign(
                ts_utc=LIFTED["date"].dt.strftime("%Y-%m-%dT00:00Z").where(LIFTED.index != 2, "soon")))  # fmt: skip


def test_everything_wrong_with_the_metrics_is_told_at_once():
    odd = LIFTED.astype({"value": object, "date": object})
    odd.loc[2, "value"], odd.loc[3, "value"], odd.loc[4, "date"], odd.loc[5, "date"] = "n/a", np.inf, "soon", None
    refused(
        "metrics: 4 problems. Column 'value', row 2: 'n/a' is not a number; write it in plain digits, such as 12000. "
        "Column 'value', row 3: a value is infinite; leave it missing. Column 'date', row 4: 'soon' is not a date; "
        "write it as year-month-day, such as 2026-06-13. Column 'date', row 5: the cell is empty; fill it.",
        ORDERS, metrics=odd,
    )  # fmt: skip


@pytest.mark.parametrize("column", ["date", "kpi"])
def test_a_missing_column_is_named(column):
    told = f"metrics: 1 problem. Column '{column}' is missing; add it to the header."
    refused(told, ORDERS, metrics=LIFTED.drop(columns=column))


def test_metrics_without_a_single_value_column_have_no_days():
    assert one(LIFTED.drop(columns="value"))["reason"] == "metric_gone"


@pytest.mark.parametrize("metrics", [LIFTED[:0], pd.DataFrame(columns=["date", "kpi", "value"])])
def test_empty_metrics_are_a_metric_that_vanished(metrics):
    assert one(metrics)["reason"] == "metric_gone"


def test_metrics_that_end_before_the_start_say_too_little():
    found = one(daily(last="2026-08-31"))
    assert (found["reason"], found["n_days"], found["end"]) == ("few_days", 0, "")


def test_a_calendar_without_its_kinds_of_days_is_refused():
    refused("calendar: 1 problem. Column 'day_type' is missing; add it to the header.", ORDERS,
            calendar=pd.DataFrame({"date": ["2026-10-01"]}))  # fmt: skip


GOAL = {"goal_id": "g", "kpi": "orders", "aggregation": "sum", "unit": "count", "dimension": ""}


def on_goal(**fields):
    return followup.check([action(metric="g")], LIFTED, "2026-10", goals=pd.DataFrame([GOAL | fields])).loc[0, "reason"]


@pytest.mark.parametrize(
    "fields",
    [
        {"dimension": "channle=app"},
        {"aggregation": "median"},
        {"kpi": "returns"},
        {"aggregation": "ratio", "numerator": "orders", "denominator": "returns"},
        {"aggregation": "ratio", "numerator": "orders"},
    ],
)
def test_a_goal_that_finds_nothing_in_the_metrics_is_a_metric_that_vanished(fields):
    assert on_goal(**fields) == "metric_gone"


def test_the_order_of_the_rows_changes_no_figure():
    same(one(LIFTED.sample(frac=1, random_state=1)), one(LIFTED))


def test_a_restated_row_replaces_the_one_before():
    known = LIFTED.assign(row_id=LIFTED["date"].dt.strftime("%Y%m%d"), loaded_at=pd.Timestamp("2026-11-02", tz="UTC"))
    older = known.assign(value=1.0, loaded_at=pd.Timestamp("2026-11-01", tz="UTC"))
    same(one(pd.concat([known, older])), one(LIFTED))


def test_missing_days_are_no_days_of_nought():
    gaps = LIFTED[~LIFTED["date"].isin(pd.date_range("2026-09-14", "2026-09-20"))]
    found = one(gaps)
    assert (found["verdict"], found["n_days"], found["lower"] < 0.2 < found["upper"]) == ("moved", 45 - 7, True)


def test_an_empty_value_is_a_missing_day():
    gaps = LIFTED.assign(value=LIFTED["value"].where(~LIFTED["date"].isin(HOLIDAYS[:3]), np.nan))
    same(one(gaps), one(LIFTED))


# The bad input the issue names, in the file people edit: each with its line, and the file as it was.

CLEAN = ledger(entry("A-1", start=START, created_in="2026-09", status="check"))


def publish(folder, capsys, text, *, code):
    """Run the month on a ledger; what it said."""
    workspace(folder, CLEAN, CALM)
    (folder / "actions.yaml").write_text(text, encoding="utf-8")
    words = ["run", "--month", "2026-10", "--workspace", str(folder), "--out", str(folder / "reports"), "--lang", "en"]
    assert cli.main(words) == code
    assert (folder / "actions.yaml").read_text(encoding="utf-8") == text
    return capsys.readouterr().err


BAD = {
    "tab": (
        CLEAN.replace("    owner", "\towner"),
        "Row 6: a tab stands at the start of this line; indent with spaces.",
    ),
    "tab after the name": (CLEAN.replace("owner: ", "owner:\t"), "Row 6: "),
    "full-width colon": (
        CLEAN.replace("owner: ", "owner："),
        "Row 6: 'owner：' needs a plain colon and a space after the name, as in 'title: …'; a full-width colon ",
    ),
    "full-width colon before a blank line": (
        CLEAN.replace("owner: growth-1", "owner：growth-1\n"),
        "Row 6: 'owner：' needs a plain colon and a space after the name, as in 'title: …'; a full-width colon ",
    ),
    "full-width colon in the first field": (
        CLEAN.replace("id: ", "id："),
        "Row 2: 'id：' needs a plain colon and a space ",
    ),
    "date in words": (
        CLEAN.replace(START, "next Friday"),
        "Column 'start', row 7: 'next Friday' is not a date; write it as year-month-day, such as 2026-06-13.",
    ),
    "duplicated id": (
        CLEAN + entry("A-1"),
        "Column 'id', row 10: 'A-1' is there more than once; every row needs its own.",
    ),
    "broken": (CLEAN.replace("direction: higher", "direction: [higher"), "Row 6: not valid YAML ("),
    "misspelt list": (CLEAN.replace("actions:", "actoins:"), "Row 1: 'actoins' is not a field here; write 'actions'."),
    "several owners": (
        CLEAN.replace("growth-1", "[growth-1, growth-2]"),
        "Column 'owner', row 6: 'growth-1, growth-2' is more than one owner; write one role or id, the others help.",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_ledger_that_cannot_be_read_stops_the_month_with_its_line(tmp_path, capsys, kind):
    text, told = BAD[kind]
    said = publish(tmp_path, capsys, text, code=2)
    assert f"actions.yaml: {told}" in said and not (tmp_path / "reports").exists()


def test_the_ledger_is_refused_together_with_the_other_tables(tmp_path):
    workspace(tmp_path, CLEAN, CALM)
    (tmp_path / "actions.yaml").write_text(CLEAN.replace(START, "soon"), encoding="utf-8")
    (tmp_path / "lessons.yaml").write_text("lessons:\n  - id: L-1\n", encoding="utf-8")
    (tmp_path / "readings.jsonl").write_text("no reading\n", encoding="utf-8")
    (tmp_path / "metrics.csv").write_text("date,kpi,value\n2026-10-01,orders,many\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^metrics\.csv: 1 problem\.") as refusal:
        open_workspace(tmp_path, lang="en")
    files = [problem.source for problem in refusal.value.problems]
    assert list(dict.fromkeys(files)) == ["metrics.csv", "actions.yaml", "lessons.yaml", "readings.jsonl"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The follow-up of a ledger that can be read and has everything else the issue names."""
    text = ledger(
        entry("nobody", owner=None, metric="calm", start=START, created_in="2026-09"),
        entry("aimless", metric=None, created_in="2026-09"),
        entry("vanished", metric="gone", start=START, created_in="2026-09"),
        entry("later", start="2026-11-09", created_in="2026-09"),
        entry("one", start=START, created_in="2026-09"),
        entry("two", start="2026-09-14", created_in="2026-09"),
    )
    metrics = pd.concat([LIFTED, daily("calm", seed=2)])
    return workspace(tmp_path_factory.mktemp("odd"), text, metrics).follow_up("2026-10").actions


def test_an_action_without_an_owner_is_read_and_asked_for_one(odd):
    row = odd.set_index("id").loc["nobody"]
    assert (row["missing"], row["verdict"], row["line"]) == (("owner", "due"), "not_moved", 2)


def test_an_action_without_a_metric_says_so(odd):
    row = odd.set_index("id").loc["aimless"]
    assert (row["reason"], row["missing"]) == ("no_metric", ("metric", "due"))


def test_a_metric_that_vanished_says_so(odd):
    assert by_id(odd, "reason")["vanished"] == "metric_unknown"  # not a row of that name is left


def test_a_start_after_the_period_says_so(odd):
    assert by_id(odd, "reason")["later"] == "starts_later"


def test_two_actions_on_one_metric_at_once_are_joint(odd):
    found = by_id(odd, "joint_with")
    assert (found["one"], found["two"]) == (("two",), ("one",))


def test_every_action_of_an_odd_ledger_is_listed(odd):
    assert sorted(odd["id"]) == ["aimless", "later", "nobody", "one", "two", "vanished"]
