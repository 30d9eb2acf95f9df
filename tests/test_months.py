"""Months side by side: what belongs together is joined, what does not is told, and a gap stays a gap."""

import json
import math

import pytest
from archive_lab import ACTION, ACTIVITY, CHANGE, GOAL, months, read_from, read_of, section

from opsretro.analysis.changed import compare
from opsretro.analysis.months import Months
from opsretro.analysis.months_join import months_of, span
from opsretro.analysis.months_read import taken
from opsretro.report.views import load, view
from opsretro.words import LANGUAGES

Q3 = ("2026-07", "2026-08", "2026-09")


def looked_back(*data, period="2026-Q3", axis=Q3):
    """The look back over sections by month."""
    by_month = {}
    for one in data:
        by_month.setdefault(one["period"], []).append(one)
    return months_of([read_from(month, found) for month, found in by_month.items()], period=period, months=axis)


def deeds(month, **fields):
    return section("followup", month, actions=[{**ACTION, **fields}])


def earned(month, **fields):
    return section("roi", month, activities=[{**ACTIVITY, **fields}], joint=[], types=[])


def codes(result):
    return [finding.code for finding in result.findings]


def told(result, code, lang="en"):
    shown = view(result.in_language(lang))
    return [shown.sentence(finding) for finding in result.findings if finding.code == code]


def test_a_month_that_is_not_published_is_a_gap_and_never_zero():
    found = looked_back(earned("2026-07"), earned("2026-09"))
    assert found.published == ["2026-07", "2026-09"]
    assert found.gaps.to_dict("records") == [{"month": "2026-08", "section": "", "code": "not_published"}]
    assert "2026-08" not in set(found.cells["month"])


def test_months_outside_the_span_are_left_out():
    assert looked_back(earned("2026-06"), earned("2026-07")).published == ["2026-07"]


def test_a_goal_with_another_unit_is_not_joined_to_the_line_and_it_is_said():
    found = months("2026-09", "2026-10", changed={"2026-09": {"unit": "currency"}})
    assert dict(zip(found.goals["month"], found.goals["joined"], strict=True)) == {"2026-09": False, "2026-10": True}
    shown = view(found)
    assert shown.parts()["kpis"][0]["differs"] == (
        "Not the same in all months: unit. One month is not joined to the line."
    )


@pytest.mark.parametrize("field", ["kpi", "dimension"])
def test_a_goal_about_another_kpi_or_slice_is_not_joined(field):
    found = months("2026-09", "2026-10", changed={"2026-09": {field: "device=ios"}})
    assert found.kpis.iloc[0]["apart"] == 1


def test_a_new_target_or_name_is_told_and_the_line_goes_on():
    found = months("2026-09", "2026-10", changed={"2026-09": {"target": 250.0, "name": "Sold"}})
    assert (found.kpis.iloc[0]["differs"], found.kpis.iloc[0]["apart"]) == ("name+target", 0)


def test_months_met_and_signals_are_counted_a_goal():
    found = months(*Q3, changed={"2026-08": {"status": "missed", "variation": "signal"}})
    row = found.kpis.iloc[0]
    assert (row["n"], row["n_judged"], row["n_met"], row["n_signal"]) == (3, 3, 2, 1)


def test_a_month_without_a_verdict_is_neither_met_nor_judged():
    found = months("2026-09", status="no_data", reason="running", actual=None)
    assert (found.kpis.iloc[0]["n_judged"], found.kpis.iloc[0]["n_met"]) == (0, 0)
    assert math.isnan(found.goals.iloc[0]["actual"])


def test_the_headline_names_the_newest_month_the_months_before_and_the_signals():
    found = months("2026-08", "2026-09", changed={"2026-08": {"status": "missed"}, "2026-09": {"variation": "signal"}})
    assert view(found).headline() == (
        "Sep 2026: 1 of 1 goal met; 0 in the months before. One KPI moved beyond its ordinary variation: Sales."
    )


def test_noise_is_called_noise():
    assert told(months("2026-09"), "signals") == ["No KPI moved beyond its ordinary variation: the rest is noise."]


def test_an_activity_that_two_months_show_counts_once_as_the_newest_judged_it():
    found = looked_back(earned("2026-07", verdict="unclear"), earned("2026-08", verdict="profit"))
    row = found.activities.iloc[0]
    assert (len(found.activities), row["verdict"], row["was"], row["n"]) == (1, "profit", "unclear", 2)
    assert found.verdicts() == {"profit": 1, "loss": 0, "unclear": 0}


def test_there_is_no_sum_over_activities():
    names = {name for frame in Months.frames for name in Months.frames[frame]}
    assert not {"total", "roi_total", "profit_total", "sum"} & names


def test_an_activity_inside_a_joint_effect_has_no_verdict_of_its_own():
    apart = {**ACTIVITY, "joint_id": "gift+sale", "incremental": None}
    joint = {**ACTIVITY, "activity_id": "gift+sale", "verdict": "loss"}
    found = looked_back(section("roi", "2026-09", activities=[apart], joint=[joint], types=[]))
    assert list(found.activities["activity_id"]) == ["gift+sale"]


def test_types_are_those_of_the_newest_month_that_has_them():
    kind = {"type": "recall", "verdict": "profit", "n": 2, "cost": 5.0, "roi": 0.4, "roi_lower": 0.1, "roi_upper": 0.7}
    data = [section("roi", month, activities=[], joint=[], types=[kind]) for month in Q3[:2]]
    assert list(looked_back(*data, section("roi", "2026-09", types=[])).types["month"]) == ["2026-08"]


def test_done_is_not_worked():
    found = looked_back(deeds("2026-09", due="2026-09-05", verdict="not_moved"))
    row = found.follow.iloc[0]
    assert (row["n_due"], row["n_done"], row["n_moved"], row["n_not_moved"]) == (1, 1, 0, 1)
    assert told(found, "actions") == ["1 action was done: 1 did not."]


def test_of_an_action_counts_what_its_newest_month_knew():
    early, late = deeds("2026-08", due="2026-08-09", status="do"), deeds("2026-09", due="2026-08-09")
    found = looked_back(early, late)
    due = {row["month"]: (row["n_due"], row["n_done"]) for row in found.follow.to_dict("records")}
    assert due == {"2026-08": (1, 1), "2026-09": (0, 0)}


def test_an_action_that_was_dropped_is_not_done():
    found = looked_back(deeds("2026-09", due="2026-09-05", status="dropped"))
    assert (found.follow.iloc[0]["n_dropped"], found.follow.iloc[0]["n_done"], found.deeds()["all"]) == (1, 0, 0)


def test_an_action_decided_for_the_next_month_is_not_judged():
    assert looked_back(deeds("2026-09", is_next=True, status="plan")).count("2026-09", "followup")["moved"] == 0


def test_a_cause_that_comes_back_is_told_with_its_months():
    found = months("2026-08", "2026-09")
    assert told(found, "cause_again") == ["Sales: device android stood out again and again, in Aug 2026 and Sep 2026."]


def test_a_cause_of_one_month_did_not_come_back():
    assert told(months("2026-09"), "causes") == ["One cause was found; it did not come back."]


def test_of_team_health_nothing_is_kept_but_verdicts():
    found = months("2026-09")
    assert set(Months.frames["health"]) == {"month", "group", "dimension", "verdict", "named"}
    data = json.dumps({name: rows for name, rows in found.to_dict().items() if name in ("health", "counts", "cells")})
    assert "2.1" not in data


def test_a_group_whose_page_shows_no_change_is_not_listed():
    rows = [{**CHANGE, "group": "team=growth", "verdict": "steady"}, {**CHANGE, "group": "team=ops", "verdict": "up"}]
    found = looked_back(section("health", "2026-09", changes=rows))
    assert list(found.health["group"]) == ["team=ops"]


@pytest.mark.parametrize("state", ["withheld", "running", "no_answers"])
def test_a_month_whose_health_is_not_shown_has_no_verdicts(state):
    data = {**section("health", "2026-09", changes=[CHANGE]), "state": state}
    assert looked_back(data).health.empty


def test_health_of_an_earlier_month_is_not_told_as_that_of_this_one():
    data = {**section("health", "2026-09", changes=[CHANGE]), "month": "2026-08"}
    assert looked_back(data).health.empty


@pytest.mark.parametrize("bad", ["12", None, [], {}, True, 10**400, float("nan")])
def test_what_is_no_number_is_missing(bad):
    rows = taken("2026-09", section("goals", "2026-09", goals=[{**GOAL, "actual": bad}]))["goals"]
    assert math.isnan(rows[0]["actual"])


@pytest.mark.parametrize("tables", [{"goals": None}, {"goals": "x"}, {"goals": [1, None]}, {"findings": 3}, {}])
def test_a_section_of_another_shape_is_read_as_far_as_it_goes(tables):
    assert taken("2026-09", section("goals", "2026-09") | tables)["goals"] == []


def test_the_result_survives_its_json():
    found = months(*Q3, last="2026-10")
    again = load(json.loads(found.to_json()), lang="en")
    assert again.to_json() == found.to_json()
    assert view(again).headline() == view(found).headline()


def test_the_same_months_make_the_same_bytes_in_any_order():
    read = [read_of(month) for month in Q3]
    both = [months_of(ordered, period="2026-Q3", months=Q3).to_json() for ordered in (read, read[::-1])]
    assert both[0] == both[1]


def test_without_any_month_it_says_so():
    found = months_of([], period="2026-Q3", months=Q3)
    assert view(found).headline() == "No month of this span is published."


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_a_sentence_in_both_languages(lang):
    found = months(*Q3, changed={"2026-09": {"variation": "signal"}}, last="2026-10")
    shown = view(found.in_language(lang))
    assert {*codes(found)} == {
        *("goals", "signals", "activities", "actions", "cause_again", "kpi_signals", "health", "published")
    }
    assert all(shown.sentence(finding) for finding in found.findings)


def test_missing_months_are_named():
    assert told(months("2026-07", "2026-09"), "published") == ["2 of 3 months are published. Missing: Aug 2026."]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_look_back_has_everything_a_view_shows(lang):
    shown = view(months(*Q3).in_language(lang))
    assert len(shown.table()) == len(shown.certainty()) == 1
    assert shown.section().count("<svg") >= 4
    assert shown.conclusions()[0] == (shown.headline(), "months")
    assert shown.changes() == []
    assert shown.tile()[0] == ("3 months" if lang == "en" else "3 个月")


def test_the_picture_has_a_mark_a_goal_and_month():
    figure = view(months(*Q3, changed={"2026-08": {"status": "missed"}})).plot()
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [2, 1, 0]


def test_without_goals_the_picture_is_words():
    assert view(looked_back(earned("2026-09"))).plot().axes == []


def test_a_change_of_the_months_is_a_change_of_the_look_back():
    before = months("2026-09").to_dict()
    after = {**before, "cells": [{**before["cells"][0], "status": "broken"}, *before["cells"][1:]]}
    assert [(row.figure, row.before, row.after) for row in compare(before, after).rows] == [
        ("status", "done", "broken")
    ]


def test_a_span_names_every_month():
    assert span("2025-12", "2026-02") == ("2025-12", "2026-01", "2026-02")
