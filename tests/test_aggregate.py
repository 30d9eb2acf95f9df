"""From raw rows to months: what counts, to which day it belongs, and what a month is worth."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from opsretro import InputError
from opsretro.analysis.goals import aggregate

SHANGHAI = "Asia/Shanghai"


def by_month(columns, aggregation="sum", *, timezone=SHANGHAI, as_of=None):
    """Value by month, missing months as None."""
    table = aggregate(pd.DataFrame(columns), aggregation=aggregation, timezone=timezone, as_of=as_of)
    return {month: None if math.isnan(value) else value for month, value in table["value"].items()}


def restated():
    """One row, restated twice, and a row of its own."""
    return pd.DataFrame(
        {
            "date": ["2026-04-01"] * 3 + ["2026-04-02"],
            "row_id": ["a", "a", "a", "b"],
            "loaded_at": ["2026-04-02T01:00Z", "2026-04-09T01:00Z", "2026-04-05T01:00Z", "2026-04-03T01:00Z"],
            "value": [1.0, 100.0, 10.0, 0.5],
        }
    )


def test_the_newest_form_of_a_row_wins():
    assert by_month(restated()) == {"2026-04": 100.5}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-04-09T01:00Z", 100.5),  # loaded at that very moment: known
        ("2026-04-09T00:59Z", 10.5),
        ("2026-04-04", 1.5),
        ("2026-04-03T08:59+08:00", 1.0),
        (pd.Timestamp("2026-04-02T01:00"), 1.0),
    ],
)
def test_rows_loaded_after_as_of_do_not_exist(as_of, expected):
    assert by_month(restated(), as_of=as_of) == {"2026-04": expected}


def test_nothing_is_known_before_the_first_load():
    assert by_month(restated(), as_of="2026-04-01") == {}


def test_of_rows_loaded_at_the_same_moment_the_later_one_wins():
    rows = {"date": ["2026-04-01"] * 2, "row_id": ["a"] * 2, "loaded_at": ["2026-04-02"] * 2, "value": [1.0, 2.0]}
    assert by_month(rows) == {"2026-04": 2.0}


def test_a_row_with_a_load_time_wins_over_one_without():
    rows = {"date": ["2026-04-01"] * 2, "row_id": ["a"] * 2, "loaded_at": ["2026-04-02", None], "value": [1.0, 2.0]}
    assert by_month(rows) == {"2026-04": 1.0}


def test_without_load_times_the_later_row_of_an_id_wins():
    assert by_month({"date": ["2026-04-01"] * 2, "row_id": ["a"] * 2, "value": [1.0, 2.0]}) == {"2026-04": 2.0}


def test_rows_without_an_id_are_all_kept():
    rows = {"date": ["2026-04-01"] * 4, "row_id": [None, None, "a", "a"], "value": [1.0, 1.0, 5.0, 7.0]}
    assert by_month(rows) == {"2026-04": 9.0}


def test_a_restated_row_may_move_to_another_month():
    rows = {"date": ["2026-04-30", "2026-05-01"], "row_id": ["a"] * 2, "value": [1.0, 2.0]}
    assert by_month(rows) == {"2026-05": 2.0}


def test_tables_joined_with_repeated_index_labels_lose_no_restatement():
    old = pd.DataFrame({"date": ["2026-04-01", "2026-04-02"], "row_id": ["a", "b"], "value": [1.0, 1.0]})
    joined = pd.concat([old, old.assign(value=10.0)], ignore_index=True)
    assert by_month(joined) == {"2026-04": 20.0}


def test_tables_joined_without_a_new_index_count_no_row_twice():
    old = pd.DataFrame({"date": ["2026-04-01", "2026-04-02"], "row_id": ["a", "b"], "value": [1.0, 1.0]})
    assert by_month(pd.concat([old, old.assign(value=10.0)])) == {"2026-04": 20.0}


def test_a_month_begins_at_local_midnight_in_shanghai():
    # Shanghai is eight hours ahead of UTC: 15:59 is 23:59 of the same day, 16:00 is the next day.
    rows = {"ts_utc": ["2026-03-31T15:59:59Z", "2026-03-31T16:00:00Z"], "value": [1.0, 2.0]}
    assert by_month(rows) == {"2026-03": 1.0, "2026-04": 2.0}


def test_a_month_begins_at_local_midnight_after_the_clocks_went_forward():
    # New York: UTC-5 until 8 March 2026, 02:00, UTC-4 from then on: April begins at 04:00Z, March at 05:00Z.
    stamps = ["2026-03-01T04:59Z", "2026-03-01T05:00Z", "2026-04-01T03:59Z", "2026-04-01T04:00Z"]
    rows = {"ts_utc": stamps, "value": [1.0, 2.0, 4.0, 8.0]}
    assert by_month(rows, timezone="America/New_York") == {"2026-02": 1.0, "2026-03": 6.0, "2026-04": 8.0}


def test_the_hour_that_comes_twice_belongs_to_one_day():
    # Berlin, 25 October 2026: 02:30 comes twice, at 00:30Z and 01:30Z.
    rows = pd.DataFrame({"ts_utc": ["2026-10-25T00:30Z", "2026-10-25T01:30Z"], "value": [1.0, 1.0]})
    assert aggregate(rows, aggregation="sum", timezone="Europe/Berlin").loc["2026-10", "n_days"] == 1


@pytest.mark.parametrize(
    "stamps",
    [
        ["2026-03-31T16:00"],
        ["2026-04-01T00:00+08:00"],
        ["2026-03-31 16:00:00.000001"],
        pd.to_datetime(["2026-03-31 16:00"]),
        pd.to_datetime(["2026-03-31 16:00Z"]),
        pd.to_datetime(["2026-04-01T00:00+08:00"]),
        [pd.Timestamp("2026-04-01T00:00+08:00").to_pydatetime()],
        np.array(["2026-03-31T16:00"], dtype="datetime64[s]"),
    ],
)
def test_time_stamps_of_any_kind_name_the_same_moment(stamps):
    assert by_month({"ts_utc": stamps, "value": [1.0]}) == {"2026-04": 1.0}


@pytest.mark.parametrize(
    "days", [["2026-04-01"], ["2026/04/01"], [pd.Timestamp("2026-04-01").date()], pd.to_datetime(["2026-04-01"])]
)
def test_dates_of_any_kind_are_local_days(days):
    assert by_month({"date": days, "value": [1.0]}, timezone="America/New_York") == {"2026-04": 1.0}


def test_a_date_written_as_a_whole_number_is_that_date():
    assert by_month({"date": [20260401], "value": [1.0]}) == {"2026-04": 1.0}


@pytest.mark.parametrize("values", [["1.5", "2"], [1.5, 2], pd.array([1.5, 2], dtype="Float64"), np.array([1.5, 2])])
def test_numbers_of_any_kind_add_up(values):
    assert by_month({"date": ["2026-04-01", "2026-04-02"], "value": values}) == {"2026-04": 3.5}


def test_parts_given_as_text_are_numbers_too():
    assert by_month({"date": ["2026-04-01"], "num": ["1"], "den": ["4"]}, "ratio") == {"2026-04": 0.25}


def test_a_ratio_comes_from_its_parts_and_not_from_daily_rates():
    # 1 of 1 and 1 of 99: 2 of 100, not the mean of 100 % and 1 %.
    rows = {"date": ["2026-04-01", "2026-04-02"], "num": [1.0, 1.0], "den": [1.0, 99.0]}
    assert by_month(rows, "ratio") == {"2026-04": 0.02}


def test_the_sums_of_the_parts_are_handed_out():
    rows = pd.DataFrame({"date": ["2026-04-01", "2026-04-02"], "num": [1.0, 1.0], "den": [1.0, 99.0]})
    table = aggregate(rows, aggregation="ratio", timezone=SHANGHAI)
    assert table.loc["2026-04", ["num", "den"]].tolist() == [2.0, 100.0]


def test_a_part_without_the_other_counts_for_nothing():
    rows = {"date": ["2026-04-01", "2026-04-02", "2026-04-03"], "num": [1.0, None, 5.0], "den": [4.0, 100.0, None]}
    assert by_month(rows, "ratio") == {"2026-04": 0.25}


def test_a_ratio_of_nothing_is_missing():
    assert by_month({"date": ["2026-04-01"], "num": [0.0], "den": [0.0]}, "ratio") == {"2026-04": None}


def test_percent_and_fraction_rows_meet_as_fractions():
    rows = {"date": ["2026-04-01"] * 3, "value": [4.0, 0.06, 5.0], "unit": ["percent", "fraction", "percent"]}
    assert by_month(rows, "mean_rate") == {"2026-04": pytest.approx(0.05)}


def test_a_unit_that_is_not_given_leaves_the_value_as_it_is():
    rows = {"date": ["2026-04-01"] * 2, "value": [4.0, 6.0], "unit": [None, "count"]}
    assert by_month(rows, "mean") == {"2026-04": 5.0}


def test_mean_is_the_mean_of_rows():
    assert by_month({"date": ["2026-04-01", "2026-04-01", "2026-04-20"], "value": [1.0, 2.0, 6.0]}, "mean") == {
        "2026-04": 3.0
    }


def test_last_adds_up_the_rows_of_the_newest_moment():
    stamps = ["2026-04-30T01:00Z", "2026-04-30T02:00Z", "2026-04-30T10:00+08:00", "2026-04-02T00:00Z"]
    assert by_month({"ts_utc": stamps, "value": [100.0, 1.0, 2.0, 50.0]}, "last") == {"2026-04": 3.0}


def test_last_of_days_adds_up_the_rows_of_the_newest_day():
    rows = {"date": ["2026-04-29", "2026-04-30", "2026-04-30", "2026-05-03"], "value": [9.0, 1.0, 2.0, 4.0]}
    assert by_month(rows, "last") == {"2026-04": 3.0, "2026-05": 4.0}


def test_last_passes_over_a_newest_row_without_a_value():
    assert by_month({"date": ["2026-04-29", "2026-04-30"], "value": [9.0, None]}, "last") == {"2026-04": 9.0}


@pytest.mark.parametrize("aggregation", ["sum", "mean", "last", "mean_rate"])
def test_a_missing_value_is_never_zero(aggregation):
    rows = {"date": ["2026-03-01", "2026-04-01", "2026-04-01", "2026-05-01"], "value": [1.0, None, None, 1.0]}
    assert by_month(rows, aggregation) == {"2026-03": 1.0, "2026-04": None, "2026-05": 1.0}


def test_missing_values_do_not_pull_a_mean_down():
    assert by_month({"date": ["2026-04-01"] * 3, "value": [4.0, None, 6.0]}, "mean") == {"2026-04": 5.0}


def test_a_true_zero_is_a_value():
    assert by_month({"date": ["2026-04-01"], "value": [0.0]}) == {"2026-04": 0.0}


def test_a_month_without_rows_stands_in_the_middle_without_a_value():
    rows = pd.DataFrame({"date": ["2025-11-30", "2026-02-01"], "value": [1.0, 2.0]})
    table = aggregate(rows, aggregation="sum", timezone=SHANGHAI)
    assert table.index.tolist() == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert table["coverage"].tolist() == [1 / 30, 0.0, 0.0, 1 / 28]
    assert table["n_rows"].tolist() == [1, 0, 0, 1]


def test_coverage_counts_distinct_local_days():
    # 15:00Z and 17:00Z of one UTC day are two days in Shanghai, 17:00Z and 18:00Z are one.
    stamps = ["2026-04-09T15:00Z", "2026-04-09T17:00Z", "2026-04-09T18:00Z"]
    table = aggregate(pd.DataFrame({"ts_utc": stamps, "value": 1.0}), aggregation="sum", timezone=SHANGHAI)
    assert table.loc["2026-04", ["coverage", "n_days", "n_rows"]].tolist() == [2 / 30, 2, 3]


def test_coverage_counts_a_day_with_times_once():
    rows = pd.DataFrame({"date": ["2026-04-01 10:00", "2026-04-01 11:00"], "value": [1.0, 1.0]})
    assert aggregate(rows, aggregation="sum", timezone=SHANGHAI).loc["2026-04", "n_days"] == 1


@pytest.mark.parametrize(("month", "days"), [("2024-02", 29), ("2026-02", 28), ("2025-12", 31), ("2026-04", 30)])
def test_a_month_with_every_day_is_covered_whole(month, days):
    dates = pd.date_range(f"{month}-01", periods=days)
    table = aggregate(pd.DataFrame({"date": dates, "value": 1.0}), aggregation="sum", timezone=SHANGHAI)
    assert table.loc[month, ["value", "coverage"]].tolist() == [days, 1.0]


def test_the_year_turns_at_local_midnight():
    rows = {"ts_utc": ["2025-12-31T15:59Z", "2025-12-31T16:00Z"], "value": [1.0, 2.0]}
    assert by_month(rows) == {"2025-12": 1.0, "2026-01": 2.0}


@pytest.mark.parametrize("columns", [("ts_utc", "value"), ("date", "value", "row_id", "loaded_at")])
def test_no_rows_are_no_months(columns):
    table = aggregate(pd.DataFrame({name: [] for name in columns}), aggregation="sum", timezone=SHANGHAI)
    assert (len(table), table.index.name) == (0, "month")
    assert list(table.columns) == ["value", "coverage", "num", "den", "n_days", "n_rows"]


def test_rows_without_a_time_belong_to_no_month():
    assert by_month({"ts_utc": [None, "2026-04-01"], "value": [1.0, 2.0]}) == {"2026-04": 2.0}


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(4)
    stamps = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10_000_000, 300), unit="s")
    loads = pd.Timestamp("2026-06-01") + pd.to_timedelta(rng.permutation(300), unit="min")
    values = rng.integers(0, 99, 300)
    rows = pd.DataFrame({"ts_utc": stamps, "value": values, "row_id": rng.integers(0, 150, 300), "loaded_at": loads})
    mixed = rows.sample(frac=1, random_state=1)
    tables = [aggregate(frame, aggregation="sum", timezone=SHANGHAI) for frame in (rows, mixed)]
    pd.testing.assert_frame_equal(*tables)


def test_rows_handed_in_are_left_alone():
    rows = restated()
    aggregate(rows, aggregation="sum", timezone=SHANGHAI, as_of="2026-04-05")
    pd.testing.assert_frame_equal(rows, restated())


@pytest.mark.parametrize("unit", ["percent", "Percent", "%", "per cent", "\uff05"])
def test_per_cent_is_understood_however_it_is_written(unit):
    assert by_month({"date": ["2026-04-01"], "value": [4.2], "unit": [unit]}, "mean_rate") == {"2026-04": 0.042}


def test_an_empty_row_id_is_none():
    rows = {"date": ["2026-04-01", "2026-04-02"], "row_id": ["", ""], "value": [1.0, 2.0]}
    assert by_month(rows) == {"2026-04": 3.0}


def test_as_of_a_day_means_the_whole_local_day():
    rows = {"date": ["2026-04-01"] * 2, "value": [1.0, 2.0], "loaded_at": ["2026-04-05T15:59Z", "2026-04-05T16:00Z"]}
    assert by_month(rows, as_of="2026-04-05") == {"2026-04": 1.0}


def test_everything_wrong_with_a_call_is_said_at_once():
    message = (
        "aggregation: 1 problem. 'total' is not known; write one of: sum, mean, last, ratio, mean_rate.\n"
        "timezone: 1 problem. Timezone is 'Mars'; write an IANA name such as \"Asia/Shanghai\".\n"
        "facts: 2 problems. The header needs one of these: ts_utc / date; add it. "
        "The header needs one of these: value; add it."
    )
    with pytest.raises(InputError, match="aggregation: 1 problem") as refused:
        aggregate(pd.DataFrame({"x": [1]}), aggregation="total", timezone="Mars")
    assert str(refused.value) == message


def test_a_moment_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"^as_of: 1 problem\. 'soon' is not a day or a time; write 2026-11-02 or "):
        by_month({"date": ["2026-04-01"], "value": [1.0]}, as_of="soon")


def test_cells_that_are_no_numbers_days_or_finite_are_named_all_at_once():
    facts = pd.DataFrame({"date": ["2026-13-01", "2026-04-02"], "value": ["1,200", "inf"]})
    message = (
        "facts: 3 problems. Column 'value': '1,200' is not a number; leave the cell empty. Column 'date': '2026-13-01' "
        "is not a date; write it as year-month-day, such as 2026-06-13. Column 'value': a value is infinite; "
        "leave it missing."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        aggregate(facts, aggregation="sum", timezone="Asia/Shanghai")
