"""Quarters, years, rebases, the pace of a running month, the team's score and the SMART check, on small workspaces."""

import math
import re
from datetime import date, timedelta

import pytest
from test_goal_review import CALM, GOAL, every_day, monthly, write

from opsretro import open_workspace
from opsretro.errors import InputError
from opsretro.report.goal_text import GoalText

REBASE = '[[rebase]]\nkpi = "kpi"\nmonth = "2026-01"\nreason = "second shop"\n'
YEAR = {"start": "2026-01-01", "deadline": "2026-12-31"}
WAVE = [100, 102, 98, 101, 99, 103, 97, 100, 102, 98, 101, 99]


@pytest.fixture
def ops(tmp_path):
    """Write a workspace and open it."""

    def opened(goals, metrics, *, toml="", assessments=(), as_of=None):
        goals = [GOAL | goal for goal in ([goals] if isinstance(goals, dict) else goals)]
        write(tmp_path / "goals.csv", goals)
        write(tmp_path / "metrics.csv", metrics)
        if assessments:
            write(tmp_path / "assessments.csv", list(assessments))
        (tmp_path / "retro.toml").write_text(toml, encoding="utf-8")
        return open_workspace(tmp_path, lang="en", as_of=as_of)

    return opened


def goal_of(ops, period, **more):
    return ops.goal_review(period, **more).goal("g")


def test_a_quarter_of_a_sum_is_held_against_three_monthly_targets(ops):
    row = goal_of(ops({"target": 100}, monthly([*WAVE, 101, 99, 103])), "2026-Q1")
    # 101 + 99 + 103 = 303 against 3 x 100
    assert (row["actual"], row["target"], row["status"], row["attainment"]) == (303, 300, "met", 1.01)


def test_a_quarter_of_a_mean_is_held_against_the_monthly_target(ops):
    row = goal_of(ops({"aggregation": "mean"}, monthly([*WAVE, 101, 99, 103])), "2026-Q1")
    assert (row["actual"], row["target"], row["status"]) == (101, 100, "met")


def test_a_quarter_of_a_ratio_is_computed_from_its_parts(ops):
    parts = [(1, 2), (1, 2), (6, 8)]  # 8 of 12, where the mean of the rates would be 7 of 12
    rows = [
        {"date": f"2026-{month:02d}-01", "kpi": "kpi", "numerator": num, "denominator": den}
        for month, (num, den) in enumerate(parts, 1)
    ]
    row = goal_of(ops({"aggregation": "ratio", "unit": "fraction", "target": 0.6}, rows), "2026-Q1")
    assert row["actual"] == pytest.approx(8 / 12)


def test_a_quarter_of_a_level_is_its_last_month(ops):
    row = goal_of(ops({"aggregation": "last"}, monthly([*WAVE, 90, 95, 104])), "2026-Q1")
    assert (row["actual"], row["target"], row["status"]) == (104, 100, "met")


def test_a_quarter_whose_goal_begins_in_its_second_month_counts_two(ops):
    row = goal_of(ops({"start": "2026-02-01"}, monthly([*WAVE, 500, 101, 101])), "2026-Q1")
    assert (row["actual"], row["target"]) == (202, 200)


def test_a_quarter_that_lacks_a_month_has_no_verdict(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, None, 103])), "2026-Q1")
    assert (row["status"], row["reason"]) == ("no_data", "incomplete")


def test_a_quarter_is_compared_with_the_one_before_and_a_year_ago(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, 99, 103])), "2026-Q1")
    assert (row["previous"], row["same_last_year"]) == (98 + 101 + 99, 100 + 102 + 98)


def test_a_quarter_names_the_months_that_were_signals(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, 60, 103])), "2026-Q1")
    assert (row["variation"], row["signal_months"], row["side"]) == ("signal", "2026-02", "down")


def test_a_year_that_is_not_over_has_no_verdict_but_its_months(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, 99, 103])), "2026")
    assert (row["status"], row["reason"]) == ("no_data", "running")
    assert (row["months_met"], row["months_judged"]) == (2, 3)


def test_a_year_that_is_not_over_tells_its_signals_already(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, 60, 103])), "2026")
    assert (row["reason"], row["variation"], row["signal_months"]) == ("running", "signal", "2026-02")


def test_a_rebase_that_is_yet_to_come_is_not_told(ops):
    row = goal_of(ops({}, monthly([*WAVE, 101, 99]), toml=REBASE.replace("2026-01", "2026-02")), "2026-01")
    assert row["rebase_month"] == ""


def test_a_year_adds_up_beside_what_its_goal_asks_for_by_then(ops):
    days = ops({}, monthly([*WAVE, 101, 99, 103])).goal_review("2026").days
    assert days["date"].tolist()[:4] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert days["actual"].tolist()[:3] == [101, 200, 303] and math.isnan(days["actual"][3])
    assert days["goal_line"].tolist() == [100 * n for n in range(1, 13)]


def test_every_month_shows_the_target_that_was_due_then(ops):
    goal = {
        "baseline": 100,
        "target": 200,
        "milestones": "2026-02:0.5",
        "start": "2026-01-01",
        "deadline": "2026-12-31",
    }
    months = ops(goal, monthly([*WAVE, 101, 99, 103])).goal_review("2026-03").months
    assert months["target"].tolist()[-3:] == [100, 150, 150] and months["target"][:12].isna().all()


def test_a_rebase_gives_the_range_a_new_start(ops):
    values = monthly([*WAVE, *(2 * value for value in WAVE), 200])
    row = goal_of(ops({}, values, toml=REBASE), "2027-01")
    assert (row["variation"], row["mean"], row["rebase_reason"]) == ("noise", 200, "second shop")
    assert goal_of(ops({}, values), "2027-01")["variation"] == "signal"


def test_a_rebase_with_too_little_after_it_cannot_tell(ops):
    row = goal_of(ops({}, monthly([*WAVE, 200, 202]), toml=REBASE), "2026-02")
    assert (row["variation"], row["limits_state"], row["n_baseline"]) == ("unknown", "none", 1)


def test_a_rebase_of_a_kpi_that_does_not_exist_is_refused(ops):
    message = "retro.toml: 1 problem. [[rebase]] names 'kpl', which is no KPI or goal; write kpi, for example."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ops({}, monthly(CALM), toml=REBASE.replace('"kpi"', '"kpl"')).goal_review("2026-04")


def test_a_growing_kpi_is_no_signal_every_month(ops):
    row = goal_of(ops({}, monthly([1000 + 50 * n + n % 3 for n in range(20)])), "2026-08")
    assert (row["variation"], row["method"]) == ("noise", "trend")


def test_another_baseline_can_be_tried_without_changing_the_settings(ops):
    opened = ops({}, monthly([*WAVE, 101, 99, 103, 100]))
    assert [goal_of(opened, "2026-04", baseline_months=n)["n_baseline"] for n in (None, 15)] == [12, 15]


def test_another_target_can_be_tried(ops):
    opened = ops({}, monthly(CALM))
    assert goal_of(opened, "2026-04", targets={"g": 102})["status"] == "missed"
    assert goal_of(opened, "2026-04")["status"] == "met"


def test_another_target_of_an_unknown_goal_is_refused(ops):
    message = "targets: 1 problem. 'h' is not known; write one of: g."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ops({}, monthly(CALM)).goal_review("2026-04", targets={"h": 1})


def steady(last, value=10):
    return every_day("2025-01-01", last, value=value)


def test_a_running_month_has_a_pace(ops):
    review = ops({"target": 300}, steady("2026-04-20")).goal_review("2026-04")
    row = review.goal("g")
    # ten a day, thirty days: 300 without any doubt
    assert (row["status"], row["reason"], row["actual"], row["pace"]) == ("no_data", "running", 200, 300)
    assert row["hit_probability"] == 1 and row["pace_days"] == 20
    assert len(review.days) == 30 and review.days["actual"].notna().sum() == 20


def test_the_pace_knows_nothing_of_the_days_to_come(ops):
    until = ops({"target": 300}, steady("2026-04-30"), as_of="2026-04-20")
    assert goal_of(until, "2026-04")["pace_days"] == 20


def test_a_day_that_was_loaded_before_its_end_is_left_out_of_the_pace(ops):
    rows = [row | {"loaded_at": "2026-04-20T04:00:00Z"} for row in steady("2026-04-20")]  # noon in Shanghai
    rows[-1]["value"] = 3
    assert goal_of(ops({}, rows), "2026-04")["pace"] == 300


def test_half_loaded_days_can_be_left_out_by_a_setting(ops):
    rows = [*steady("2026-04-18"), *({"date": f"2026-04-{day}", "kpi": "kpi", "value": 1} for day in (19, 20))]
    row = goal_of(ops({}, rows, toml="[thresholds]\nincomplete_days = 2\n"), "2026-04")
    assert (row["pace"], row["pace_days"]) == (300, 18)


def test_a_month_that_is_over_has_no_pace(ops):
    assert math.isnan(goal_of(ops({}, steady("2026-04-30")), "2026-04")["pace"])


def test_a_kpi_of_working_days_is_not_expected_to_work_on_weekends(ops):
    rows = [row for row in steady("2026-04-17") if date.fromisoformat(row["date"]).weekday() < 5]
    row = goal_of(ops({}, rows, toml='[calendar]\ncountry = "GB"\n'), "2026-04")
    # April 2026 in Britain: 22 Mondays to Fridays, of which the 3rd is Good Friday and the 6th Easter Monday; the rows
    # hold both, so the KPI works on them: 22 days of 10
    assert row["pace"] == pytest.approx(220)


def test_a_campaign_in_the_calendar_file_is_expected_to_lift_its_days(ops, tmp_path):
    sale = [day["date"] for day in every_day("2026-02-10", "2026-02-19") + every_day("2026-04-21", "2026-04-30")]
    table = ["date,day_type,event", *(f"{day},workday,sale" for day in sale)]
    (tmp_path / "days.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    rows = [row | {"value": 20 if row["date"] in sale else 10} for row in steady("2026-04-20")]
    row = goal_of(ops({}, rows, toml='[calendar]\nfile = "days.csv"\n'), "2026-04")
    # 20 days of 10 are over; 10 days of the sale are to come, at the 20 a day of February's: 400, not 300
    assert row["pace"] == pytest.approx(400, rel=0.03)


def test_a_year_beyond_the_calendar_says_so(ops):
    first = date(2035, 1, 1)
    rows = [{"date": str(first + timedelta(days=n)), "kpi": "kpi", "value": 10} for n in range(110)]
    review = ops({}, rows).goal_review("2035-04")
    assert review.context.holidays_until.endswith("-12-31")
    assert "later days are taken as plain weekdays" in GoalText(review, "en").certainty()


WEIGHTS = "[assessment_weights]\nsupervisor = 0.2\nself = 0.2\ndata = 0.6\n"


def rated(**scores):
    return [{"month": "2026-04", "assessor": who, "score": score} for who, score in scores.items()]


def test_goals_and_assessments_roll_up_to_the_team(ops):
    goals = [{"weight": 3}, {"goal_id": "h", "target": 202, "weight": 1}]
    review = ops(goals, monthly(CALM), toml=WEIGHTS, assessments=rated(supervisor=80, self=90)).goal_review("2026-04")
    april = review.scores.set_index("month").loc["2026-04"]
    # (3 x 1.01 + 1 x 0.5) / 4 = 0.8825; 0.6 x 88.25 + 0.2 x 80 + 0.2 x 90 = 86.95
    assert april["goal_score"] == pytest.approx(0.8825) and april["total"] == pytest.approx(86.95)


def test_an_assessor_who_is_absent_does_not_count(ops):
    review = ops({}, monthly(CALM), toml=WEIGHTS, assessments=rated(supervisor=80)).goal_review("2026-04")
    # (0.6 x 101 + 0.2 x 80) / 0.8 = 95.75
    assert review.scores["total"].iloc[-1] == pytest.approx(95.75)


def test_without_weights_the_goals_alone_count(ops):
    review = ops({}, monthly(CALM)).goal_review("2026-04")
    # January to April 2026: 99, 101, 99, 101 of 100
    assert review.scores["total"].tolist() == pytest.approx([99, 101, 99, 101])
    assert review.year_to_date == pytest.approx(100)


def test_a_goal_that_ended_earlier_in_the_year_still_counts_in_its_months(ops):
    goals = [{}, {"goal_id": "old", "target": 202, "deadline": "2026-02-28"}]
    scores = ops(goals, monthly(CALM)).goal_review("2026-04").scores["goal_score"].tolist()
    # (99/100 + 99/202) / 2 with `old`, 99/100 without
    assert scores[0] == pytest.approx((0.99 + 99 / 202) / 2) and scores[2] == pytest.approx(0.99)


def test_a_line_not_to_cross_counts_as_kept_and_not_as_lost(ops):
    goal = {"direction": "lower", "baseline": 90, "target": 105}
    assert ops(goal, monthly(CALM)).goal_review("2026-04").scores["goal_score"].iloc[-1] > 1


def test_a_rating_beyond_a_hundred_is_refused_before_anything_runs(ops):
    message = "assessments.csv: 1 problem. Column 'score', row 2: '180' is no score; write a number from 0 to 100."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ops({}, monthly(CALM), assessments=rated(self=180))


def test_a_goal_carries_what_it_lacks(ops):
    row = goal_of(ops({"owner": "", "statement": "do better", "weight": ""}, monthly(CALM)), "2026-04")
    assert row["defects"] == "no_owner+no_deadline+no_source+no_baseline+bad_weight+vague_statement"


def test_a_goal_met_although_it_fell_is_told(ops):
    review = ops({}, monthly([*CALM[:14], 103, 101])).goal_review("2026-04")
    assert review.goal("g")["against_previous"] == "worse"
    assert review.table()["Met?"].tolist() == ["● met ▽"]
    assert "Met, although worse than the month before (103)." in GoalText(review, "en").explanation(review.goal("g"))


def test_the_false_alarms_to_expect_are_counted(ops):
    goals = [{}, {"goal_id": "h"}, {"goal_id": "none", "kpi": "x"}]
    found = ops(goals, monthly(CALM)).goal_review("2026-04").findings[-1]
    assert (found.code, found.n, found.value) == ("false_alarms", 2, pytest.approx(0.08))


def test_a_quarter_has_three_times_the_false_alarms_of_a_month(ops):
    assert ops({}, monthly([*WAVE, 101, 99, 103])).goal_review("2026-Q1").findings[-1].value == pytest.approx(0.12)


@pytest.mark.parametrize("period", ["2026-04", "2026-Q1", "2026-Q2", "2026"])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_every_period_is_told_and_drawn_in_both_languages(ops, period, lang):
    review = ops({"target": 310}, steady("2026-04-20")).goal_review(period).in_language(lang)
    assert review.headline and len(review.sentences()) == len(review.findings)
    assert len(review.table()) == 1 and review.plot("g").axes and "<svg" in review._view().section()


def test_a_kpi_that_fell_to_its_floor_has_no_range_below_what_it_can_be(ops):
    row = goal_of(ops({}, monthly([130 - 10 * n for n in range(12)] + [2] * 6)), "2026-06")
    assert 0 <= row["lower"] <= row["upper"] and row["mean"] >= 0


def test_one_finished_goal_does_not_hide_where_the_others_are_heading(ops):
    goals = [{"target": 300}, {"goal_id": "h", "target": 300, "kpi": "other"}, {"goal_id": "i", "kpi": "once"}]
    rows = [*steady("2026-04-15"), *(row | {"kpi": "other"} for row in steady("2026-04-15"))]
    once = monthly([100] * 16, kpi="once")
    review = ops(goals, [*rows, *once]).goal_review("2026-04")
    assert review.counts()["decided"] == 1 and review.headline.startswith("At this pace 2 of 2 goals")
    assert review.table().set_index("Goal")["Heading for (80%)"].tolist() == ["300 to 300", "300 to 300", "● met"]


def test_a_month_that_is_running_for_one_goal_has_no_team_score_yet(ops):
    goals = [{"target": 300}, {"goal_id": "i", "kpi": "once"}]
    review = ops(goals, [*steady("2026-04-15"), *monthly([100] * 16, kpi="once")]).goal_review("2026-04")
    assert review.scores["month"].tolist() == ["2026-01", "2026-02", "2026-03"] and review.score is None


def test_a_year_of_a_goal_that_began_in_may_is_compared_with_the_same_months(ops):
    goal = {"start": "2026-05-01", "deadline": "2026-12-31"}
    row = goal_of(ops(goal, monthly([100] * 24)), "2026")
    assert (row["actual"], row["previous"], row["against_previous"]) == (800, 800, "")


def test_a_goal_whose_last_month_is_over_has_its_verdict_while_the_year_goes_on(ops):
    row = goal_of(ops({"deadline": "2026-03-31"}, monthly([*WAVE, 101, 99, 103, 100])), "2026")
    assert (row["status"], row["actual"], row["target"]) == ("met", 303, 300)


def test_the_title_of_a_quarter_tells_the_newest_signal_and_its_own_rule(ops):
    review = ops({}, monthly([*WAVE, 200, 60, 99])).goal_review("2026-Q1")
    row = review.goal("g")
    assert (row["signal_months"], row["rules"], row["side"]) == ("2026-01+2026-02", "beyond", "down")
    assert GoalText(review, "en").chart_title(row) == "Goal fell below the usual range"


def test_the_same_value_but_for_the_computer_is_not_worse(ops):
    # 0.1 + 0.2 is 0.30000000000000004 to a computer, a hair more than the 0.3 of the month after
    row = goal_of(ops({"target": 0.05}, monthly([*[0.1 + 0.2] * 15, 0.3])), "2026-04")
    assert row["against_previous"] == ""


def test_a_month_without_rows_is_no_short_history(ops):
    review = ops({"kpi": "none"}, monthly(CALM)).goal_review("2026-04")
    assert review.headline == "No verdict on the goal yet."


def test_a_page_with_one_goal_links_to_what_is_there(ops):
    shown = ops({}, monthly(CALM)).goal_review("2026-04")._view()
    assert [anchor for _, anchor in shown.conclusions()] == ["goals", "open-goal-g"]


def test_a_day_before_all_data_is_refused_and_nothing_is_replaced(ops):
    message = "--as-of: 1 problem. No row of metrics is known as of 2020-01-01; write a later day."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        ops({}, monthly(CALM), as_of="2020-01-01").check_period("2026-04")


def test_a_quarter_of_a_level_that_lacks_its_last_month_is_not_judged_by_the_one_before(ops):
    loaded = {"date": "2026-04-01", "kpi": "other", "value": 1, "loaded_at": "2026-05-02T00:00:00Z"}
    row = goal_of(ops({"aggregation": "last"}, [*monthly([*WAVE, 90, 104]), loaded]), "2026-Q1")
    assert (row["status"], row["reason"], row["coverage"] <= 1) == ("no_data", "incomplete", True)
