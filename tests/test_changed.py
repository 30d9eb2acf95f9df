"""What a month that is published again says otherwise: every figure is found, the telling ones stand in words."""

from __future__ import annotations

import json
import math
from copy import deepcopy
from dataclasses import asdict

import pandas as pd
import pytest

from opsretro import TeamResult
from opsretro.analysis.changed import Changed, What, compare
from opsretro.analysis.result import Context
from opsretro.report.changed_view import MOST_FIGURES, MOST_LINES, changed_lines
from opsretro.words import LANGUAGES

EVIL = "<script>alert(1)</script> $x^2$ =1+1"
NAMES = {
    "gmv": {"zh-CN": "成交额", "en": "Sales"},
    "d11": {"zh-CN": "双 11", "en": "Double 11"},
    "t3": {"zh-CN": "三线城市", "en": "Tier 3"},
    "app": {"zh-CN": "应用", "en": "App"},
}
CONTEXT = Context(names=NAMES)
GOAL = {
    "goal_id": "gmv",
    "kpi": "gmv",
    "dimension": "",
    "name": "Sales of the shop",
    "unit": "currency",
    "status": "missed",
    "variation": "noise",
    "attainment": 0.98,
    "actual": 4_522_319.0,
    "low": None,
    "weight": 0.2,
    "autocorrelated": False,
}


def section(name, **parts):
    return {"schema": 1, "section": name, "period": "2026-10", "context": {}, "findings": [], "lessons": [], **parts}


def goals(*rows, **more):
    """A goal review of goals that are like `GOAL` but for what is said."""
    return section("goals", goals=[GOAL | row for row in rows], **more)


def between(before, after):
    return [(row.row, row.figure, row.before, row.after) for row in compare(before, after).rows]


def told(before, after, lang="en", context=CONTEXT):
    return changed_lines([compare(before, after)], context, lang)


def test_the_same_twice_has_no_change():
    assert compare(goals({}, {"goal_id": "orders"}), goals({}, {"goal_id": "orders"})).rows == ()


def test_a_number_that_differs_is_found_unrounded():
    after = goals({"attainment": 0.980000123456789})
    assert between(goals({}), after) == [(("gmv",), "attainment", 0.98, 0.980000123456789)]


@pytest.mark.parametrize("noise", [0.98 * (1 + 1e-12), 0.98 + 1e-13])
def test_the_noise_of_floats_is_no_change(noise):
    assert between(goals({}), goals({"attainment": noise})) == []


def test_a_verdict_that_differs_is_found():
    assert between(goals({}), goals({"status": "met"})) == [(("gmv",), "status", "missed", "met")]


@pytest.mark.parametrize(("before", "after"), [(None, 0.98), (0.98, None), (math.nan, 0.98)])
def test_a_number_that_came_or_went_is_found(before, after):
    ((_, figure, was, now),) = between(goals({"attainment": before}), goals({"attainment": after}))
    assert (figure, was, now) == ("attainment", None if was is None else before, after)


def test_a_text_that_is_no_verdict_is_no_figure():
    assert between(goals({}), goals({"name": "Sales, renamed", "autocorrelated": True})) == []


def test_rows_are_matched_by_their_id_whatever_their_order():
    orders = {"goal_id": "orders", "attainment": 1.1}
    assert between(goals({}, orders), goals(orders, {})) == []


def test_a_row_that_came_or_went_is_one_change():
    changes = compare(goals({}, {"goal_id": "old"}), goals({}, {"goal_id": "new"}))
    assert [(row.row, row.what, row.figure) for row in changes.rows] == [
        (("new",), What.NEW, ""),
        (("old",), What.GONE, ""),
    ]


def test_rows_of_one_name_are_told_apart_by_their_order():
    assert between(goals({}, {}), goals({}, {"actual": 5.0})) == [(("gmv", "#2"), "actual", 4_522_319.0, 5.0)]


def test_a_column_only_one_of_them_has_is_no_change():
    after = goals({})
    after["goals"][0]["chance"] = 0.4
    assert between(goals({}), after) == []


def test_a_table_only_one_of_them_has_is_no_change():
    scores = [{"month": "2026-10", "total": 80.0}]
    assert between(goals({}), goals({}, scores=scores)) == []


def test_figures_of_the_whole_section_are_compared():
    assert between(goals({}, score=80.0), goals({}, score=81.5)) == [((), "score", 80.0, 81.5)]


@pytest.mark.parametrize("name", ["months", "days", "lessons"])
def test_the_series_of_charts_and_the_lessons_are_left_out(name):
    before, after = (goals({}, **{name: [{"goal_id": "gmv", "value": value}]}) for value in (1.0, 2.0))
    assert between(before, after) == []


def causes(*ranked):
    """A cause review: causes of one KPI, each at its rank with its share."""
    return section(
        "rootcause",
        kpis=[{"subject": "gmv", "state": "found"}],
        causes=[{"subject": "gmv", "rank": rank, "effect": "rate", "share": share} for rank, _, share in ranked],
        elements=[
            {"subject": "gmv", "rank": rank, "dimension": name, "value": value}
            for rank, parts, _ in ranked
            for name, value in parts.items()
        ],
    )


APP, TIER3 = {"channel": "app"}, {"channel": "app", "city": "t3"}


def test_a_cause_is_matched_by_its_slice_and_not_by_its_rank():
    before, after = causes((1, APP, 0.6), (2, TIER3, 0.3)), causes((1, TIER3, 0.35), (2, APP, 0.6))
    assert between(before, after) == [(("gmv", "channel=app&city=t3"), "share", 0.3, 0.35)]


def test_a_slice_is_told_by_the_names_of_its_values():
    assert told(causes((1, TIER3, 0.3)), causes((1, TIER3, 0.35)), "zh-CN") == [
        "根因 · 成交额 · 应用 × 三线城市：占变动的比例 30% → 35%"
    ]


def own(values, names=("city", "note", "returns"), **more):
    frame = pd.DataFrame(values, columns=list(names))
    return TeamResult.of(frame, answer="Returns fell", **more).to_dict()


def test_a_table_of_a_team_is_matched_by_the_texts_it_begins_with():
    before = own([("Xi'an", "late", 12), ("Hefei", "late", 7)])
    after = own([("Hefei", "in time", 7), ("Xi'an", "late", 9)])
    assert between(before, after) == [(("Hefei",), "note", "late", "in time"), (("Xi'an",), "returns", 12, 9)]


def test_a_table_of_a_team_is_told_by_its_own_columns_in_its_own_unit():
    before, after = (own([("Xi'an", "", share)], unit={"returns": "percent"}) for share in (0.12, 0.09))
    assert told(before, after) == ["Team's own, Xi'an: returns 12% → 9%"]


def test_a_section_nobody_knows_is_compared_by_its_first_table():
    before, after = (section("new", rows=[{"id": "a", "value": value}], more=[{"value": value}]) for value in (1, 2))
    assert between(before, after) == [(("a",), "value", 1, 2)]


ODD = [
    None,
    [],
    "{}",
    7,
    {},
    {"schema": 1},
    {"schema": [], "section": {}, "period": None},
    goals({}) | {"schema": 0},
    goals({}) | {"period": "2026-09"},
    goals({}) | {"section": "roi"},
    goals({}) | {"goals": None},
    goals({}) | {"goals": {"gmv": 1}},
    goals({}) | {"goals": [1, None]},
    {key: value for key, value in goals({}).items() if key != "goals"},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_what_is_no_result_of_the_same_kind_cannot_be_compared(odd):
    assert [compare(*pair).comparable for pair in ((odd, goals({})), (goals({}), odd))] == [False, False]


CELLS = [None, True, [], {}, {"a": [1]}, "text", "", 10**400, -(10**30), math.inf, math.nan, 0, -0.0, 1e-320]


@pytest.mark.parametrize("cell", CELLS, ids=map(repr, range(len(CELLS))))
@pytest.mark.parametrize("column", ["goal_id", "status", "attainment", "unit", "name", "kpi", "dimension"])
def test_odd_values_raise_nothing_and_can_be_told(column, cell):
    changes = [compare(goals({}), goals({column: cell})), compare(goals({column: cell}), goals({}))]
    assert all(isinstance(line, str) for lang in LANGUAGES for line in changed_lines(changes, CONTEXT, lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_section_that_cannot_be_compared_says_so(lang):
    words = {
        "en": "Goals: cannot be compared with what was published before",
        "zh-CN": "目标：无法与上次发布的内容比较",
    }
    assert told(None, goals({}), lang) == [words[lang]]


LINES = {
    "en": "Goals, Sales: verdict missed → met, attainment 98% → 102%, actual ¥4.52M → ¥4.71M",
    "zh-CN": "目标 · 成交额：结论 未达成 → 达成，完成率 98% → 102%，实际 ¥452 万 → ¥471 万",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_changes_of_one_row_are_one_line(lang):
    after = goals({"status": "met", "attainment": 1.02, "actual": 4_706_495.0})
    assert told(goals({}), after, lang) == [LINES[lang]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rows_that_came_or_went_are_told(lang):
    before, after = (section("roi", activities=[{"activity_id": name}]) for name in ("d10", "d11"))
    lines = {
        "en": ["Activities, Double 11: new", "Activities, d10: no longer there"],
        "zh-CN": ["活动 · 双 11：新增", "活动 · d10：不再出现"],
    }
    assert told(before, after, lang) == lines[lang]


def test_figures_without_a_word_are_counted():
    assert told(goals({}), goals({"attainment": 1.02, "weight": 0.3, "low": 7})) == [
        "Goals, Sales: attainment 98% → 102%",
        "and 2 more figures",
    ]


def test_where_nothing_else_changed_the_count_stands_alone():
    assert told(goals({}), goals({"weight": 0.3})) == ["1 figure changed, but no main one"]


def test_numbers_that_round_to_the_same_are_told_with_more_digits():
    assert told(goals({}), goals({"attainment": 0.98001})) == ["Goals, Sales: attainment 98% → 98.001%"]


def test_a_missing_number_is_a_dash():
    assert told(goals({}), goals({"attainment": None})) == ["Goals, Sales: attainment 98% → –"]


def test_a_goal_without_a_name_in_the_settings_is_called_by_its_own():
    plain = {"goal_id": "g-1", "kpi": "sales"}
    assert told(goals(plain), goals(plain | {"attainment": 1.0})) == ["Goals, Sales of the shop: attainment 98% → 100%"]


def test_a_goal_goes_by_the_name_of_its_kpi_unless_another_goal_shares_it():
    one, two = {"goal_id": "g-1"}, {"goal_id": "g-2"}
    assert told(goals(one), goals(one | {"attainment": 1.0}))[0].startswith("Goals, Sales:")
    assert told(goals(one, two), goals(one | {"attainment": 1.0}, two))[0].startswith("Goals, Sales of the shop:")


def test_everybody_goes_without_saying_and_dimensions_have_their_words():
    rows = [{"group": group, "dimension": "clarity", "verdict": "steady", "mean": 3.8} for group in ("all", "team=t3")]
    before, after = section("health", cells=[], changes=rows), section("health", cells=[], changes=deepcopy(rows))
    for row in after["changes"]:
        row["verdict"] = "down"
    assert told(before, after) == [
        "Team health, Clear goals: verdict no change → down",
        "Team health, Tier 3, Clear goals: verdict no change → down",
    ]


def test_verdicts_come_first_then_rows_then_the_largest_changes():
    names = ("small", "verdict", "large", "gone")
    before = goals(*({"goal_id": name, "kpi": name, "name": name} for name in names))
    after = goals(
        *(
            {"goal_id": name, "kpi": name, "name": name, **change}
            for name, change in zip(
                names[:3], ({"attainment": 0.99}, {"status": "met"}, {"attainment": 2.0}), strict=True
            )
        )
    )
    assert [line.split(":")[0] for line in told(before, after)] == [
        f"Goals, {name}" for name in (*names[1::2], *names[2::-2])
    ]


def test_there_are_few_lines_and_a_count_of_the_rest():
    rows = [{"goal_id": f"g{i}", "kpi": f"g{i}"} for i in range(20)]
    lines = told(goals(*rows), goals(*(row | {"attainment": 1.5} for row in rows)))
    assert (len(lines), lines[-1]) == (MOST_LINES + 1, f"and {20 - MOST_LINES} more figures")


def test_a_line_tells_few_figures():
    every = {"status": "met", "variation": "signal", "attainment": 1.1, "actual": 1.0}
    assert told(goals({}), goals(every))[0].count("→") == MOST_FIGURES


def test_the_sections_are_told_together():
    changes = [compare(goals({}), goals({"attainment": 1.0})), compare(causes((1, APP, 0.6)), causes((1, APP, 0.1)))]
    assert changed_lines(changes, CONTEXT, "en") == [
        "Root causes, Sales, App: share of the change 60% → 10%",
        "Goals, Sales: attainment 98% → 100%",
    ]


def test_nothing_changed_is_no_line():
    assert told(goals({}), goals({})) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_of_the_data_stays_text_in_one_line(lang):
    row = {"goal_id": f"g\n{EVIL}", "name": f"{EVIL}\u202e\n{{lang}}", "kpi": "", "status": EVIL}
    (line,) = told(goals(row), goals(row | {"status": "met"}), lang)
    assert EVIL in line
    assert line.isprintable()


def test_a_text_of_a_team_that_says_the_name_of_a_method_is_only_shown():
    before, after = (own([("a", text, 1)]) for text in ("{0.__class__}", EVIL))
    assert told(before, after) == [f"Team's own, a: note {{0.__class__}} → {EVIL}"]


def test_changes_can_be_written_as_json():
    changes = compare(goals({}), goals({"attainment": 1.0}))
    (row,) = json.loads(json.dumps(asdict(changes)))["rows"]
    assert Changed(**(row | {"row": tuple(row["row"]), "what": What(row["what"])})) == changes.rows[0]
