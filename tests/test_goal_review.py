"""The goal review of small workspaces written for the purpose: three verdicts, each for its own reason."""

import csv
import json
import math
import re
import shutil
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from opsretro import open_workspace
from opsretro.analysis.cause_subjects import plain_goal
from opsretro.analysis.goal_review import GoalReview
from opsretro.analysis.goals import process_limits
from opsretro.errors import InputError
from opsretro.tables.calendar import calendar_days
from opsretro.tables.period import add_months

GOAL = {
    "goal_id": "g",
    "name": "Goal",
    "statement": "",
    "kpi": "kpi",
    "owner": "team",
    "direction": "higher",
    "unit": "count",
    "target": "100",
    "weight": "1",
    "start": "",
    "deadline": "",
    "aggregation": "sum",
    "source": "",
}
CALM = [99, 101] * 8
"""16 months from 2025-01 to 2026-04, mean 100, moving ranges 2: limits 100 ± 5.32."""


def monthly(values, *, kpi="kpi", start="2025-01", **more):
    """One row a month, on its first day; None = no row."""
    months = enumerate(values)
    return [
        {"date": f"{add_months(start, n)}-01", "kpi": kpi, "value": value, **more}
        for n, value in months
        if value is not None
    ]


def write(path, rows, encoding="utf-8"):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def review(tmp_path):
    """Write goals and metrics as a workspace and review April 2026."""

    def reviewed(goals, metrics, *, month="2026-04", encoding="utf-8", toml=""):
        goals = [GOAL | goal for goal in ([goals] if isinstance(goals, dict) else goals)]
        write(tmp_path / "goals.csv", goals, encoding)
        write(tmp_path / "metrics.csv", metrics, encoding)
        (tmp_path / "retro.toml").write_text(toml, encoding="utf-8")
        return open_workspace(tmp_path, lang="en").goal_review(month)

    return reviewed


def daily(month, days, *, value=1, **more):
    return [{"date": f"{month}-{day:02d}", "kpi": "kpi", "value": value, **more} for day in range(1, days + 1)]


@pytest.mark.parametrize(
    ("direction", "target", "status", "attainment"),
    [
        ("higher", 100, "met", 1.01),
        ("higher", 101, "met", 1.0),  # on target is met
        ("higher", 102, "missed", 101 / 102),
        ("lower", 101, "met", 1.0),
        ("lower", 100, "missed", 0.99),
    ],
)
def test_a_goal_is_met_on_the_wanted_side_of_its_target(review, direction, target, status, attainment):
    row = review({"direction": direction, "target": target}, monthly(CALM)).goal("g")
    assert (row["actual"], row["status"], row["reason"]) == (101.0, status, "")
    assert row["attainment"] == pytest.approx(attainment)


@pytest.mark.parametrize(
    ("low", "high", "status", "attainment"),
    [(95, 101, "met", 1.0), (101, 110, "met", 1.0), (104, 110, "missed", 0.0), (80, 100, "missed", 0.9)],
)
def test_a_range_goal_is_met_inside_ends_included(review, low, high, status, attainment):
    goal = {"direction": "range", "target": "", "low": low, "high": high}
    row = review(goal, monthly(CALM)).goal("g")
    # Actual 101; 80 to 100 has the half-width 10, 104 to 110 the half-width 3.
    assert (row["status"], row["attainment"]) == (status, pytest.approx(attainment))


def test_a_goal_without_rows_in_the_month_has_no_verdict(review):
    row = review({}, [*monthly(CALM[:15]), *monthly([1], kpi="other", start="2026-04")]).goal("g")
    assert (row["status"], row["reason"], row["variation"]) == ("no_data", "no_rows", "unknown")
    assert math.isnan(row["actual"])
    assert math.isnan(row["attainment"])
    assert (row["coverage"], row["n_days"], row["n_rows"]) == (0.0, 0, 0)


def test_a_goal_without_rows_still_shows_the_month_before(review):
    row = review({}, [*monthly(CALM[:15]), *monthly([1], kpi="other", start="2026-04")]).goal("g")
    assert (row["previous"], row["previous_status"]) == (99.0, "missed")


def test_a_goal_without_a_target_has_no_verdict_but_a_variation(review):
    row = review({"target": ""}, monthly([*CALM[:15], 130])).goal("g")
    assert (row["status"], row["reason"], row["variation"]) == ("no_data", "no_target", "signal")


def test_a_kpi_without_a_goal_is_judged_by_its_own_past_alone(review, tmp_path):
    others = '[[rebase]]\nkpi = "kpi"\nmonth = "2025-03"\nreason = "new"\n'
    review({}, [*monthly(CALM), *monthly([*CALM[:-1], 150], kpi="refunds")], toml=others)
    ops = open_workspace(tmp_path, lang="en")
    found = ops.goal_review("2026-04", instead=plain_goal("refunds", ops.tables["metrics"])).goals.iloc[0]
    assert (found["kpi"], found["actual"], found["status"], found["variation"]) == ("refunds", 150, "no_data", "signal")
    assert math.isnan(found["target"])


def test_a_kpi_that_metrics_does_not_have_has_no_months_either():
    with pytest.raises(InputError, match="refund"):
        plain_goal("refund", pd.DataFrame({"kpi": ["refunds"]}))


def test_a_month_still_running_in_the_data_has_no_verdict(review):
    rows = [row for n in range(15) for row in daily(add_months("2025-01", n), 28)]
    row = review({}, [*rows, *daily("2026-04", 20)]).goal("g")
    assert (row["status"], row["reason"], row["last_day"]) == ("no_data", "running", "2026-04-20")
    assert (row["variation"], row["n_days"]) == ("unknown", 20)


def test_a_kpi_with_one_row_a_month_is_not_running(review):
    row = review({}, monthly(CALM)).goal("g")
    assert (row["reason"], row["last_day"], row["coverage"]) == ("", "2026-04-01", 1 / 30)


def test_growth_with_milestones_asks_for_the_share_due(review):
    goal = {"target": "", "target_growth": 0.2, "baseline": 500, "milestones": "2026-03:0.25;2026-06:0.5"}
    row = review(goal, monthly([*[500] * 15, 520])).goal("g")
    # 500 x 1.2 = 600; a quarter of the way is 525, of which 20 are done.
    assert (row["target"], row["status"], row["attainment"]) == (525.0, "missed", 0.8)


def test_before_the_first_milestone_the_baseline_is_asked_for(review):
    goal = {"target": 600, "baseline": 500, "milestones": "2026-06:0.5"}
    row = review(goal, monthly([*[500] * 15, 501])).goal("g")
    assert (row["target"], row["status"]) == (500.0, "met")
    assert math.isnan(row["attainment"])


def test_the_month_before_is_judged_by_what_was_due_then(review):
    goal = {"target": 120, "baseline": 100, "milestones": "2026-03:0.25;2026-04:0.5"}
    assert review(goal, monthly([*[100] * 14, 105, 110])).goal("g")["previous_status"] == "met"


def test_in_the_month_of_its_deadline_the_whole_target_is_due(review):
    goal = {"target": 120, "baseline": 100, "milestones": "2026-02:0.25;2026-03:0.5", "deadline": "2026-04-30"}
    assert review(goal, monthly([*[100] * 15, 112])).goal("g")["target"] == 120.0


def test_percent_goals_meet_percent_rows_as_fractions(review):
    goal = {"unit": "percent", "target": 4.2, "baseline": 4.0, "aggregation": "mean_rate"}
    row = review(goal, monthly([4.0, 4.1] * 8)).goal("g")
    # From 4.0 % to 4.2 %: 4.1 % is half way.
    assert [row["actual"], row["target"], row["baseline"]] == pytest.approx([0.041, 0.042, 0.04])
    assert (row["status"], row["attainment"]) == ("missed", pytest.approx(0.5))


def test_percent_ranges_are_fractions_too(review):
    goal = {"unit": "percent", "direction": "range", "target": "", "low": 4, "high": 5, "aggregation": "mean_rate"}
    row = review(goal, monthly([4.5] * 16)).goal("g")
    assert [row["actual"], row["low"], row["high"]] == pytest.approx([0.045, 0.04, 0.05])


def test_a_percent_goal_on_a_ratio_takes_the_parts_as_they_are(review):
    goal = {"unit": "percent", "target": 4.2, "aggregation": "ratio", "numerator": "orders", "denominator": "visits"}
    rows = [*monthly([40, 44] * 8, kpi="orders"), *monthly([1000] * 16, kpi="visits")]
    row = review(goal, rows).goal("g")
    assert (row["actual"], row["target"]) == (pytest.approx(0.044), pytest.approx(0.042))


def test_a_ratio_goal_divides_the_sums_of_two_kpis(review):
    goal = {"target": 0.1, "unit": "fraction", "aggregation": "ratio", "numerator": "a", "denominator": "b"}
    days = [("2026-04-01", 1, 1), ("2026-04-02", 1, 99)]
    rows = [{"date": day, "kpi": kpi, "value": v} for day, a, b in days for kpi, v in (("a", a), ("b", b))]
    # 2 of 100; the mean of the daily rates would be 50.5 %.
    assert review(goal, rows).goal("g")["actual"] == 0.02


def test_a_ratio_goal_uses_the_parts_in_its_own_rows(review):
    rows = [{"date": f"2026-04-0{day}", "kpi": "kpi", "numerator": 1, "denominator": b} for day, b in ((1, 1), (2, 99))]
    assert review({"aggregation": "ratio", "target": 0.1}, rows).goal("g")["actual"] == 0.02


def test_a_dimension_keeps_only_its_rows(review):
    rows = [
        {"date": "2026-04-01", "kpi": "kpi", "value": value, "channel": channel, "device": device}
        for value, channel, device in ((1, "app", "ios"), (10, "app", "android"), (100, "web", "ios"), (1000, "", ""))
    ]
    both = {"goal_id": "both", "dimension": "channel=app&device=ios"}
    one = {"goal_id": "one", "dimension": " channel = app "}
    table = review([both, one, {"dimension": ""}], rows).goals.set_index("goal_id")
    assert table["actual"].to_dict() == {"both": 1.0, "one": 11.0, "g": 1111.0}


def test_a_dimension_without_rows_is_no_data(review):
    row = review({"dimension": "channel=fax"}, monthly(CALM, channel="app")).goal("g")
    assert (row["status"], row["reason"]) == ("no_data", "no_rows")


def test_the_last_level_adds_up_the_channels_of_the_newest_day(review):
    rows = [
        {"date": day, "kpi": "kpi", "value": value, "channel": channel}
        for day, channel, value in (
            ("2026-04-01", "app", 500),
            ("2026-04-02", "app", 70),
            ("2026-04-02", "web", 7),
        )
    ]
    assert review({"aggregation": "last"}, rows).goal("g")["actual"] == 77.0


def test_the_last_level_of_a_day_is_the_newest_moment(review):
    rows = [{"ts_utc": f"2026-04-01T0{hour}:00Z", "kpi": "kpi", "value": 100 + hour} for hour in (1, 5)]
    assert review({"aggregation": "last"}, rows).goal("g")["actual"] == 105.0


def test_the_mean_of_a_level_read_twice_a_day_is_a_mean(review):
    rows = [{"ts_utc": f"2026-04-01T0{hour}:00Z", "kpi": "kpi", "value": 100 + hour} for hour in (1, 5)]
    assert review({"aggregation": "mean"}, rows).goal("g")["actual"] == 103.0


def test_a_month_before_all_data_is_no_data(review):
    row = review({}, monthly(CALM), month="2024-04").goal("g")
    assert (row["status"], row["reason"]) == ("no_data", "no_rows")


def test_a_review_as_of_a_day_before_the_first_load_is_no_data(review, tmp_path):
    review({}, monthly(CALM, loaded_at="2026-05-01T00:00Z"))
    early = open_workspace(tmp_path, as_of="2026-04-30").goal_review("2026-04")
    assert early.goal("g")["reason"] == "no_rows"


def test_a_ratio_of_two_kpis_in_a_table_of_parts_is_no_data(review):
    goal = {"aggregation": "ratio", "numerator": "a", "denominator": "b"}
    rows = [{"date": "2026-04-01", "kpi": "kpi", "numerator": 1, "denominator": 2}]
    assert review(goal, rows).goal("g")["reason"] == "no_rows"


def test_rows_without_a_usable_value_are_no_rows(review):
    assert review({"aggregation": "ratio"}, monthly(CALM)).goal("g")["reason"] == "no_rows"


def test_an_ordinary_month_is_noise_and_says_what_to_expect(review):
    row = review({"target": 94}, monthly(CALM)).goal("g")
    # Limits 94.68 to 105.32: the whole band is above 94.
    assert (row["variation"], row["rules"], row["assurance"]) == ("noise", "", "consistent_pass")
    assert [row["mean"], row["lower"], row["upper"]] == pytest.approx([100.0, 94.68, 105.32])


@pytest.mark.parametrize(("newest", "side", "better"), [(120, "up", "better"), (80, "down", "worse")])
def test_a_month_beyond_the_limits_is_a_signal_and_promises_nothing(review, newest, side, better):
    row = review({}, monthly([*CALM[:15], newest])).goal("g")
    assert (row["variation"], row["rules"], row["assurance"]) == ("signal", "beyond", "changed")
    assert (row["side"], row["better"]) == (side, better)


def test_less_is_better_turns_the_side_round(review):
    assert review({"direction": "lower"}, monthly([*CALM[:15], 80])).goal("g")["better"] == "better"


def test_two_rules_that_fire_are_both_named(review):
    row = review({}, monthly([*CALM[:8], *[102] * 7, 120]), toml="[thresholds]\nbaseline_months = 8\n").goal("g")
    assert (row["rules"], row["n_baseline"]) == ("beyond+run8", 8)


def test_the_month_under_review_never_enters_its_own_baseline(review):
    metrics = monthly([*CALM[:11], 500], start="2025-05")
    row = review({}, metrics).goal("g")
    expected = process_limits(CALM[:11], baseline_n=11)
    assert (row["n_baseline"], row["limits_state"], row["variation"]) == (11, "trial", "signal")
    assert (row["mean"], row["upper"]) == (expected.mean, expected.upper)


def test_the_first_month_of_a_kpi_has_no_limits(review):
    review_of_one = review({}, monthly([101], start="2026-04"))
    row = review_of_one.goal("g")
    assert (row["limits_state"], row["variation"], row["assurance"]) == ("none", "unknown", "unknown")
    assert review_of_one.months["in_baseline"].tolist() == [False]


def test_the_first_month_of_a_kpi_is_not_counted_as_its_baseline(review):
    assert review({}, monthly([101], start="2026-04")).goal("g")["n_baseline"] == 0


def test_months_after_the_one_under_review_change_nothing(review):
    early = review({}, monthly(CALM), month="2026-03").to_json()
    assert review({}, monthly([*CALM[:15], 9000]), month="2026-03").to_json() == early


def test_the_month_before_and_the_year_before_stand_beside_the_month(review):
    row = review({}, monthly([99, 101, 98, 97, *CALM[4:14], 90, 101])).goal("g")
    assert (row["previous"], row["previous_status"], row["same_last_year"]) == (90.0, "missed", 97.0)


def test_a_gap_before_the_month_is_no_value(review):
    row = review({}, monthly([*CALM[:14], None, 101])).goal("g")
    assert math.isnan(row["previous"])
    assert (row["previous_status"], row["actual"], row["limits_state"]) == ("no_data", 101.0, "frozen")


def test_months_hold_every_month_up_to_the_one_under_review(review):
    months = review({}, monthly([*CALM[:14], None, 120]), month="2026-04").months
    assert months["month"].tolist() == [add_months("2025-01", n) for n in range(16)]
    assert months["in_baseline"].tolist() == [True] * 12 + [False] * 4
    assert months.loc[months["signal"], "month"].tolist() == ["2026-04"]


def test_findings_put_a_missed_signal_first_and_a_quiet_success_last(review):
    calm, fell, rose = (monthly([*CALM[:15], newest], kpi=kpi) for kpi, newest in (("c", 101), ("f", 80), ("r", 120)))
    goals = [
        {"goal_id": "quiet", "kpi": "c"},
        {"goal_id": "empty", "kpi": "x"},
        {"goal_id": "rose", "kpi": "r"},
        {"goal_id": "fell_but_met", "kpi": "f", "target": 50},
        {"goal_id": "missed", "kpi": "c", "target": 102},
        {"goal_id": "missed_heavy", "kpi": "c", "target": 102, "weight": 3},
        {"goal_id": "fell", "kpi": "f"},
    ]
    findings = review(goals, [*calm, *fell, *rose]).findings
    order = ["", "fell", "missed_heavy", "missed", "fell_but_met", "rose", "empty", "quiet"]
    assert [finding.subject for finding in findings if finding.code != "false_alarms"] == order


def test_the_first_finding_counts_met_among_decided_goals(review):
    goals = [{"goal_id": "a"}, {"goal_id": "b", "target": 500}, {"goal_id": "c", "kpi": "x"}]
    result = review(goals, monthly(CALM))
    first = result.findings[0]
    assert (first.code, first.value, first.n) == ("goals_met", 1, 2)
    assert {finding.subject: finding.code for finding in result.findings[1:-1]} == {
        "a": "goal_met",
        "b": "goal_missed",
        "c": "goal_no_rows",
    }


def test_without_a_decided_goal_the_first_finding_says_so(review):
    first = review({"target": ""}, monthly(CALM)).findings[0]
    assert (first.code, first.value, first.n) == ("goals_open", 0, 1)


def test_a_review_survives_its_json_byte_for_byte(review):
    goals = [{}, {"goal_id": "none", "kpi": "x", "owner": ""}, {"goal_id": "range", "direction": "range"}]
    result = review(goals, monthly([*CALM[:14], None, 120]))
    again = GoalReview.from_dict(json.loads(result.to_json()))
    assert again.to_json() == result.to_json()
    pd.testing.assert_frame_equal(again.goals, result.goals)
    pd.testing.assert_frame_equal(again.months, result.months)


def test_missing_numbers_are_null_in_json(review):
    row = review({"kpi": "x"}, monthly(CALM)).to_dict()["goals"][0]
    assert (row["actual"], row["attainment"], row["mean"]) == (None, None, None)


def test_frames_are_handed_out_as_copies(review):
    result = review({}, monthly(CALM))
    goals, months = result.goals, result.months
    goals["actual"], months["value"] = 0.0, 0.0
    assert (result.goal("g")["actual"], result.months["value"].tolist()) == (101.0, CALM)
    assert result.to_frame() is not result.to_frame()


def test_a_review_keeps_its_own_copy_of_the_frames_it_was_made_of(review):
    result = review({}, monthly(CALM))
    goals = result.goals
    again = replace(result, goals=goals)
    goals["actual"] = 0.0
    assert again.goal("g")["actual"] == 101.0


def test_the_encoding_of_the_tables_makes_no_difference(review):
    goal = {"goal_id": "成交额", "name": "成交额", "owner": "增长组", "kpi": "成交", "dimension": "渠道=小程序"}
    rows = [*monthly(CALM, kpi="成交", 渠道="小程序"), *monthly([5], kpi="成交", 渠道="应用")]
    utf8, bom, gb = (review(goal, rows, encoding=code).to_json() for code in ("utf-8", "utf-8-sig", "gb18030"))
    assert utf8 == bom == gb
    assert "成交额" in utf8


def test_opening_a_workspace_twice_gives_the_same_bytes(review, tmp_path):
    first = review({}, monthly(CALM)).to_json()
    shutil.copytree(tmp_path, tmp_path / "copy", ignore=shutil.ignore_patterns("copy"))
    assert open_workspace(tmp_path / "copy", lang="zh-CN").goal_review("2026-04").to_json() == first


def test_rows_loaded_after_as_of_do_not_exist(review, tmp_path):
    late = {"date": "2026-04-01", "kpi": "kpi", "value": 40, "row_id": "a", "loaded_at": "2026-05-09T00:00Z"}
    early = late | {"value": 70, "loaded_at": "2026-05-02T00:00Z"}
    assert review({}, [early, late]).goal("g")["actual"] == 40.0
    before = open_workspace(tmp_path, as_of="2026-05-08").goal_review("2026-04")
    assert before.goal("g")["actual"] == 70.0


def test_a_month_begins_at_midnight_of_the_workspace(review):
    rows = [{"ts_utc": f"2026-0{m}-{d}T16:00Z", "kpi": "kpi", "value": v} for m, d, v in ((3, 31, 1), (4, 30, 50))]
    assert review({}, rows, toml='timezone = "Asia/Shanghai"\n').goal("g")["actual"] == 1.0


def test_goals_not_in_force_in_the_month_are_left_out(review):
    late = {"goal_id": "late", "start": "2026-05-01"}
    over = {"goal_id": "over", "deadline": "2026-03-31"}
    inside = {"start": "2026-04-30", "deadline": "2026-04-30"}
    assert review([late, over, inside], monthly(CALM)).goals["goal_id"].tolist() == ["g"]


def test_a_month_without_a_goal_in_force_is_refused(review):
    message = "goals.csv: 1 problem. No goal is in force in 2026-04; check the columns start and deadline."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        review({"start": "2026-05-01"}, monthly(CALM))


def test_a_dimension_that_metrics_does_not_have_is_refused_for_every_goal_at_once(review):
    message = (
        "goals.csv: 2 problems. Column 'dimension', row 2: 'chanel=app' names a column that metrics does not have; "
        "write column=value, such as channel=app. Column 'dimension', row 3: 'app' names a column that metrics does "
        "not have; write column=value, such as channel=app."
    )
    goals = [{"goal_id": "a", "dimension": "chanel=app"}, {"goal_id": "b", "dimension": "app"}]
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        review(goals, monthly(CALM, channel="app"))


def test_an_unknown_goal_is_a_key_error(review):
    with pytest.raises(KeyError, match="'nobody' is no goal of 2026-04; it has g"):
        review({}, monthly(CALM)).goal("nobody")


def every_day(first, last, **more):
    days = pd.date_range(first, last).strftime("%Y-%m-%d")
    return [{"date": day, "kpi": "kpi", "value": 1, **more} for day in days]


LOADED = {"date": "2026-05-01", "kpi": "other", "value": 1, "loaded_at": "2026-05-02T00:00:00Z"}


def test_a_sum_with_a_third_of_its_days_missing_has_no_verdict(review):
    row = review({"target": 15}, [*every_day("2025-01-01", "2026-04-20"), LOADED]).goal("g")
    assert (row["status"], row["reason"], row["variation"]) == ("no_data", "incomplete", "unknown")


def test_a_row_of_another_kpi_does_not_end_the_month(review):
    later = {"date": "2026-12-31", "kpi": "budget", "value": 1}
    row = review({"target": 15}, [*every_day("2025-01-01", "2026-04-20"), later]).goal("g")
    assert (row["reason"], row["last_day"]) == ("running", "2026-04-20")


@pytest.mark.parametrize(("target", "status"), [(25, "met"), (29.5, "no_data"), (35, "missed")])
def test_a_missing_day_matters_only_where_it_could_turn_the_verdict(review, target, status):
    # 29 of 30 days at 1 a day: 29 in the table, 30 if the missing day was like the others
    rows = [row for row in every_day("2025-01-01", "2026-04-30") if row["date"] != "2026-04-10"]
    assert review({"target": target}, [*rows, LOADED]).goal("g")["status"] == status


def test_a_first_month_that_began_in_its_middle_stays_out_of_the_limits(review):
    row = review({}, every_day("2025-01-16", "2026-04-30")).goal("g")
    # the 365 days from February 2025 to January 2026; the 16 days of the first January are no month
    assert (row["n_baseline"], row["mean"]) == (12, pytest.approx(365 / 12))


@pytest.mark.parametrize("aggregation", ["mean", "last", "mean_rate"])
def test_two_thirds_of_a_month_are_no_month_for_any_aggregation(review, aggregation):
    row = review({"aggregation": aggregation}, [*every_day("2025-01-01", "2026-04-20"), LOADED]).goal("g")
    assert (row["reason"], round(row["coverage"], 3)) == ("incomplete", 0.667)


def test_a_kpi_of_working_days_ends_its_month_on_the_last_friday(review):
    days = pd.bdate_range("2025-01-01", "2026-02-27").strftime("%Y-%m-%d")  # the 28th is a Saturday
    rows = [{"date": day, "kpi": "kpi", "value": 5} for day in days]
    assert review({"target": 90}, rows, month="2026-02").goal("g")["status"] == "met"


def test_half_of_the_usual_weeks_are_no_month(review):
    mondays = pd.date_range("2025-01-06", "2026-04-27", freq="7D").strftime("%Y-%m-%d")
    weeks = [{"date": day, "kpi": "kpi", "value": 1} for day in mondays if day not in {"2026-04-13", "2026-04-20"}]
    assert review({"target": 4}, [*weeks, LOADED]).goal("g")["reason"] == "incomplete"


@pytest.mark.parametrize(
    ("goal", "values"),
    [
        ({"baseline": 100, "target": "", "target_growth": 0.1}, 110),  # 100 × (1 + 0.1) is 110.00000000000001
        ({"direction": "lower", "target": 3.1}, 31 * 0.1),  # 3.1000000000000001
    ],
)
def test_a_goal_hit_exactly_is_met_whatever_the_last_digits(review, goal, values):
    row = review(goal, monthly([100] * 15 + [values])).goal("g")
    assert (row["status"], row["attainment"]) == ("met", 1.0)


def test_a_kpi_that_never_was_negative_has_no_limit_below_zero(review):
    row = review({}, monthly([1, 9] * 8)).goal("g")
    assert (row["lower"], row["upper"] > 20) == (0.0, True)


def test_two_kpis_of_different_grain_make_a_ratio_by_month(review):
    rows = every_day("2025-01-01", "2026-04-30", value=1000)
    rows += monthly([3000] * 16, kpi="refunds")
    goal = {"aggregation": "ratio", "numerator": "refunds", "denominator": "kpi", "direction": "lower", "target": 0.2}
    assert review(goal, rows).goal("g")["actual"] == pytest.approx(0.1)


def test_row_ids_belong_to_their_kpi(review):
    rows = [{**row, "row_id": str(n)} for kpi in ("kpi", "b") for n, row in enumerate(monthly([5] * 16, kpi=kpi))]
    assert review({"target": 5}, rows).goal("g")["status"] == "met"


def test_a_kpi_without_load_times_keeps_its_newest_rows(review):
    early = {"date": "2025-03-01", "kpi": "other", "value": 1, "loaded_at": "2025-03-02T00:00:00Z"}
    assert review({"target": 5}, [*monthly([5] * 16), early]).goal("g")["status"] == "met"


@pytest.mark.parametrize(
    ("goal", "column", "known"),
    [({"kpi": "kpj_sales"}, "kpi", "kpi_sales"), ({"kpi": "kpi_sales", "dimension": "channel=ap"}, "dimension", "app")],
)
def test_a_slip_of_the_pen_is_refused_with_the_name_meant(review, goal, column, known):
    with pytest.raises(
        InputError, match=f"Column '{column}', row 2: metrics has no '.*'; it has '{known}', write that"
    ):
        review(goal, monthly([5] * 16, kpi="kpi_sales", channel="app"))


def test_a_range_turned_round_gives_no_verdict(review):
    row = review({"direction": "range", "target": "", "low": 6, "high": 2}, monthly([5] * 16)).goal("g")
    assert (row["status"], row["reason"]) == ("no_data", "no_target")


def test_the_baseline_is_made_of_months_that_have_a_value(review):
    values = [value for n in range(6) for value in (100 + n, 103 - n, None)]
    row = review({}, monthly([*values, 100], start="2024-10")).goal("g")
    assert (row["n_baseline"], row["limits_state"]) == (12, "frozen")


def test_weekly_rows_end_their_month_when_the_next_week_begins_outside_it(review):
    mondays = pd.date_range("2025-01-06", "2026-04-27", freq="7D").strftime("%Y-%m-%d")
    weeks = [{"date": day, "kpi": "kpi", "value": 1} for day in mondays]
    assert review({"target": 4}, weeks).goal("g")["status"] == "met"
    assert review({"target": 4}, weeks[:-1]).goal("g")["reason"] == "running"


def test_milestones_without_a_start_are_refused(review):
    message = r"Column 'baseline', row 2: milestones need a baseline to start from; fill it\."
    with pytest.raises(InputError, match=message):
        review({"target": 120, "milestones": "2026-03:0.25"}, monthly([100] * 16))


def test_the_month_before_is_judged_by_the_rules_of_its_own_review(review):
    # 29 of 30 September days: its own review gave no verdict, so October cannot say that it turned
    rows = [row for row in every_day("2025-01-01", "2026-10-31") if row["date"] != "2026-09-15"]
    assert review({"target": 30}, rows, month="2026-10").goal("g")["previous_status"] == "no_data"


def test_a_month_is_over_when_its_kpi_went_on(review):
    rows = [row for row in every_day("2025-01-01", "2026-05-20") if row["date"] != "2026-04-30"]
    row = review({"target": 20}, rows).goal("g")
    assert (row["status"], row["missing_days"]) == ("met", 1)


def test_an_incomplete_month_does_not_shape_the_range(review):
    rows = [{**row, "value": 90 + n * 7 % 20} for n, row in enumerate(every_day("2025-01-01", "2026-04-30"))]
    thin = [row for row in rows if not "2025-09-02" <= row["date"] <= "2025-09-30"]
    whole, cut = (review({"aggregation": "mean"}, found).goal("g") for found in (rows, thin))
    assert cut["n_baseline"] == 12 and abs(cut["upper"] / whole["upper"] - 1) < 0.01


def test_eight_of_twenty_two_working_days_missing_is_no_month(review):
    days = pd.bdate_range("2025-01-01", "2026-04-30").strftime("%Y-%m-%d")
    rows = [{"date": day, "kpi": "kpi", "value": 1} for day in days if not "2026-04-10" <= day <= "2026-04-21"]
    assert review({"target": 20}, [*rows, LOADED]).goal("g")["reason"] == "incomplete"


def test_the_holidays_of_china_are_no_missing_days(review):
    kinds = calendar_days(date(2025, 1, 1), date(2026, 10, 31))
    days = kinds.loc[kinds["day_type"] == "workday", "date"].dt.strftime("%Y-%m-%d")
    rows = [{"date": day, "kpi": "kpi", "value": 1} for day in days]
    row = review({"target": 15}, rows, month="2026-10").goal("g")
    assert (row["status"], row["n_days"] < 19) == ("met", True)


def test_a_level_that_lost_a_channel_on_its_last_day_has_no_verdict(review):
    rows = [{**row, "channel": channel} for channel in "ab" for row in every_day("2025-01-01", "2026-04-30")]
    lost = [row for row in rows if (row["date"], row["channel"]) != ("2026-04-30", "b")]
    assert review({"aggregation": "last", "target": 2}, lost).goal("g")["reason"] == "incomplete"


def test_a_channel_that_was_given_up_is_missed_once_and_not_for_ever(review):
    rows = [{**row, "channel": "a"} for row in every_day("2025-01-01", "2026-04-30")]
    rows += [{**row, "channel": "b"} for row in every_day("2025-01-01", "2026-02-20")]
    level = {"aggregation": "last", "target": 1}
    found = {month: review(level, rows, month=month).goal("g")["reason"] for month in ("2026-02", "2026-04")}
    assert found == {"2026-02": "incomplete", "2026-04": ""}


def test_a_month_with_all_its_days_is_not_said_to_lack_days(review):
    rows = [{**row, "channel": channel} for channel in "ab" for row in every_day("2025-01-01", "2026-04-30")]
    lost = [row for row in rows if (row["date"], row["channel"]) != ("2026-04-30", "b")]
    shown = review({"aggregation": "last", "target": 2}, lost).in_language("en")
    assert shown.sentences()[1].endswith(": no verdict, it has fewer rows than usual this month.")


def test_each_part_of_a_ratio_must_be_complete(review):
    rows = every_day("2025-01-01", "2026-04-10", value=1)
    rows += [*monthly([30] * 16, kpi="base"), LOADED]
    goal = {"aggregation": "ratio", "numerator": "kpi", "denominator": "base", "target": 0.9}
    assert review(goal, rows).goal("g")["reason"] == "incomplete"


def test_a_store_without_rows_is_not_taken_for_its_neighbour(review):
    rows = [row for store in ("store_01", "store_02") for row in monthly([5] * 16, store=store)]
    row = review({"dimension": "store=store_03"}, rows).goal("g")
    assert (row["status"], row["reason"]) == ("no_data", "no_rows")


def test_a_ratio_of_nothing_to_nothing_cannot_be_computed(review):
    rows = [{**row, "numerator": 0, "denominator": 0} for row in monthly([""] * 16)]
    assert review({"aggregation": "ratio"}, rows).goal("g")["reason"] == "undefined"


def test_half_a_ratio_is_refused(review):
    with pytest.raises(InputError, match=r"Row 2: a ratio needs both numerator and denominator, or neither"):
        review({"aggregation": "ratio", "numerator": "kpi"}, monthly([5] * 16))


def test_refusals_speak_the_language_of_the_workspace(tmp_path):
    shutil.copytree("data", tmp_path / "ws")
    with pytest.raises(InputError, match="不是月份"):
        open_workspace(tmp_path / "ws", lang="zh-CN").goal_review("2030-13")
