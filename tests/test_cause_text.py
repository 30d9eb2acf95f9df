"""The root causes in words: sentences, cells and numbers agree with the figures, in both languages."""

import math
import re

import pandas as pd
import pytest
from cause_results import (
    ABOUT,
    BIDI,
    DATED,
    ENDED,
    EVIL,
    cause,
    drill,
    every_state,
    kpi,
    lead,
    named,
    rate,
    rate_cause,
    review,
    tree,
)

from opsretro.analysis.cause_review import Against, State
from opsretro.report.cause_text import KINDS, CauseText
from opsretro.report.cause_view import CauseView
from opsretro.words import LANGUAGES, say

ENDS = {"en": ".", "zh-CN": "。"}
UNDATED = dict.fromkeys(DATED, "")
"""A movement without a day."""
SINCE = {"en": "since 22 Sep 2026", "zh-CN": "自 2026年9月22日起"}


@pytest.fixture(scope="module")
def states():
    """The section of the page with a KPI in every state, and the team's trees."""
    trees = [*tree(), *tree("whys"), *tree(subject="conversion")]
    return str(CauseView(every_state(trees=trees)).section())


def of(*kpis, lang="en", **more):
    """Words of a review of these KPIs, and the row of the first."""
    found = review(*kpis, lang=lang, **more)
    return CauseText(found, lang), found.kpis.iloc[0]


def short(*causes, lang="en", **values):
    """The one sentence about a KPI with these causes."""
    text, row = of(kpi(*causes, **values), lang=lang)
    return text.short(row)


def told(*causes, lang="en", **values):
    """All that is said of a KPI with these causes."""
    text, row = of(kpi(*causes, **values), lang=lang)
    return text.told(row)


def what(lang="en", make=kpi, **values):
    """What moved in a slice, and the word for it."""
    text, row = of(make(cause(**values)), lang=lang)
    one = text.review.causes.iloc[0]
    return text.what(row, one), text.what_short(one)


def slice_of(element, lang="en", **names):
    """Name of a slice."""
    text, row = of(kpi(cause(element=element)), lang=lang, names={name: {"en": told} for name, told in names.items()})
    return text.slice_name(row["subject"], 1)


def drilled(*kpis, **more):
    """The drill-down of the first KPI, in words."""
    found = review(*kpis, **more)
    return CauseView(found)._drill(found.kpis.iloc[0])


def card(*kpis, **more):
    """The card of the first KPI, as HTML."""
    found = review(*kpis, **more)
    return str(CauseView(found).card(found.kpis["subject"].iloc[0]))


# --- how a search ended


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            "Sales was ¥900, ¥100 (10%) below what the three months before let expect. App × Android brings −¥75 of it "
            "(−¥90 to −¥60): its own volume changed by −50%, since 22 Sep 2026.",
        ),
        (
            "zh-CN",
            "销售额为 ¥900，比前三个月推算的预期低 ¥100（10%）。其中应用 × 安卓带来 −¥75（−¥90 至 −¥60）："
            "自身体量变动 −50%，自 2026年9月22日起。",
        ),
    ],
)
def test_what_was_found_is_told_whole(lang, words):
    assert told(cause(), lang=lang) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("nothing", "no slice stands out of its noise among 215 combinations."),
        ("no_dims", "metrics has no dimension for it, so no slice can be named."),
        ("no_base", "there is no data for what the three months before let expect, so no change can be explained."),
        ("no_data", "there is no data in the period."),
    ],
)
def test_a_search_without_a_cause_says_how_it_ended(state, words):
    assert told(state=state).startswith("Sales") and told(state=state).endswith(words)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("state", list(State)[1:])
def test_a_search_without_a_cause_names_no_slice_and_no_size_it_does_not_know(state, lang):
    unknown = {"change": math.nan} if state in {"no_base", "no_data"} else {}
    words = told(state=state.value, lang=lang, **unknown)
    assert words.endswith(ENDS[lang]) and "nan" not in words and say("cause.dot", lang) not in words


@pytest.mark.parametrize("state", ["nothing", "no_dims", "no_base"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_kpi_that_moved_as_a_whole_says_since_when(state, lang):
    assert SINCE[lang] in told(state=state, lang=lang, **DATED)
    assert SINCE[lang] not in short(state=state, lang=lang, **DATED)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "all slices together moved by about −9%, and none stands out among 215 combinations."),
        ("zh-CN", "各切片合计变动约 −9%，215 个组合中没有切片突出。"),
    ],
)
def test_what_all_slices_share_is_told_as_such(lang, words):
    assert told(common=-90.0, growth=-0.09, lang=lang).endswith(words)


@pytest.mark.parametrize("common", [-10.0, 90.0])
def test_what_hardly_any_slice_shares_is_not_called_alike(common):
    assert "alike" not in told(common=common, growth=common / 1_000)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_a_whole_sentence(lang):
    sentences = every_state(lang).sentences()
    assert len(sentences) == 1 + 6  # the count, then every KPI
    assert all(sentence.endswith(ENDS[lang]) and not re.search(r"nan|\{", sentence) for sentence in sentences)


def test_the_headline_is_the_kpi_that_comes_first():
    assert every_state().headline == (
        "Conversion −0.4 points: three quarters of it comes from App × Android (its own rate, since 22 Sep 2026)."
    )


def test_what_was_found_comes_before_what_was_not():
    found = review(kpi(subject="orders"), kpi(cause()))
    assert found.headline.startswith("Sales")
    assert [finding.subject for finding in found.findings] == ["", "sales", "orders"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "No KPI was flagged, so there is nothing to explain."), ("zh-CN", "没有指标被标记，因此无需归因。")],
)
def test_a_period_without_a_flagged_kpi_is_one_sentence(lang, words):
    view = CauseView(review(lang=lang))
    assert (view.headline(), len(view.table()), view.conclusions()) == (words, 0, [])
    assert str(view.section()).strip() == f'<p class="answer">{words}</p>'


# --- what moved in a slice


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ("its own volume changed by −50%", "volume")),
        ({"multiplier": 1.25}, ("its own volume changed by +25%", "volume")),
        ({"multiplier": math.inf, "expected": 0.0}, ("it is new, with ¥75", "new")),
        ({"multiplier": 0.0, "actual": 0.0}, ("it vanished, after ¥150", "vanished")),
        (
            {"effect": "rate", "expected": 0.04, "actual": 0.02},
            ("its own rate went from ¥0.04 to ¥0.02", "its own rate"),
        ),
        ({"effect": "mix", "expected": 0.2, "actual": 0.35}, ("its weight went from 20% to 35%", "its weight")),
    ],
)
def test_every_effect_is_told_with_its_numbers(values, words):
    assert what(**values) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "自身体量变动 −50%"),
        ({"multiplier": math.inf, "expected": 0.0}, "为新出现，达到 ¥75"),
        ({"multiplier": 0.0, "actual": 0.0}, "已消失，此前为 ¥150"),
        ({"effect": "mix", "expected": 0.2, "actual": 0.35}, "占比由 20% 变为 35%"),
    ],
)
def test_every_effect_is_told_in_chinese(values, words):
    assert what("zh-CN", **values)[0] == words


def test_the_rate_of_a_kpi_in_per_cent_is_told_in_per_cent():
    assert what(make=rate, effect="rate", expected=0.04, actual=0.02)[0] == "its own rate went from 4% to 2%"


@pytest.mark.parametrize(("share", "named"), [(0.5, True), (1.2, True), (0.49, False), (math.nan, False)])
def test_a_driver_is_named_where_it_makes_up_half_of_a_slices_change(share, named):
    words, word = what(driver="orders/visits", driver_share=share)
    assert (words.endswith(", mostly its Orders per Visits"), word == "Orders per Visits") == (named, named)


def test_a_slice_that_vanished_is_told_as_such_and_not_by_its_driver():
    assert what(actual=0.0, driver="visits", driver_share=1.0)[0] == "it vanished, after ¥150"


# --- since when


@pytest.mark.parametrize(
    ("dates", "lang", "words"),
    [
        (DATED, "en", "since 22 Sep 2026"),
        (DATED | {"earliest": "2026-09-21", "latest": "2026-09-23"}, "en", "since 22 Sep 2026"),  # two days are no span
        (ABOUT, "en", "since about 20 Sep 2026 to 26 Sep 2026"),
        (ENDED, "en", "from 22 Sep 2026 to 5 Oct 2026"),
        (ABOUT | ENDED, "en", "from 22 Sep 2026 to 5 Oct 2026"),
        (UNDATED, "en", ""),
        (DATED, "zh-CN", "自 2026年9月22日起"),
        (ABOUT, "zh-CN", "约自 2026年9月20日至 2026年9月26日间起"),
        (ENDED, "zh-CN", "自 2026年9月22日 至 2026年10月5日"),
    ],
)
def test_a_movement_is_dated_as_well_as_is_known(dates, lang, words):
    text, _ = of(kpi(cause(**(UNDATED | dates))), lang=lang)
    assert text.since(text.review.causes.iloc[0]) == words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_undated_movement_has_no_clause_and_no_cell(lang):
    found = review(kpi(cause(**UNDATED)), lang=lang)
    assert not re.search(r"2026|since|起", found.headline)
    assert found.table().iloc[0, 4] == say("number.missing", lang)
    assert say("cause.cannot.date", lang) in found.certainty().iloc[0, 3]


@pytest.mark.parametrize("dates", [ABOUT, ENDED])
def test_the_table_dates_no_better_than_the_sentence(dates):
    (cell,) = review(kpi(cause(**dates))).table()["Since"]
    assert cell != "22 Sep 2026"


# --- shares in words


@pytest.mark.parametrize(
    ("change", "lang", "words"),
    [
        (-46.0, "en", "half of it"),
        (-54.0, "zh-CN", "一半"),
        (-66.7, "en", "two thirds of it"),
        (-63.0, "zh-CN", "约三分之二"),
        (-75.0, "en", "three quarters of it"),
        (-79.0, "zh-CN", "约四分之三"),
        (-105.0, "en", "all of it"),
        (-95.0, "zh-CN", "全部"),
        (-62.0, "en", "62% of it"),
        (-90.0, "zh-CN", "90%"),
        (-10.0, "en", "10% of it"),
    ],
)
def test_a_share_is_told_in_words_people_use(change, lang, words):
    assert (
        f": {words} comes" in short(cause(change))
        if lang == "en"
        else f"：{words}来自" in short(cause(change), lang=lang)
    )


@pytest.mark.parametrize(
    ("change", "lang", "words"),
    [
        (-160.0, "en", "Sales −10%: App × Android alone brings −¥160, more than the whole change (volume, since"),
        (-160.0, "zh-CN", "销售额 −10%：仅应用 × 安卓就带来 −¥160，超过全部变动（体量，"),
        (40.0, "en", "Sales −10%, although App × Android moved the other way and brings +¥40 (volume, since"),
        (40.0, "zh-CN", "销售额 −10%；应用 × 安卓则反向变动，带来 +¥40（体量，"),
    ],
)
def test_more_than_the_whole_and_the_other_way_are_told_as_such(change, lang, words):
    assert short(cause(change), lang=lang).startswith(words)


def test_a_rise_is_told_as_a_rise():
    rise = told(cause(75.0, actual=225.0, multiplier=1.5), change=100.0)
    assert (
        "¥1.1k, ¥100 (10%) above" in rise and "brings +¥75 of it (+¥60 to +¥90): its own volume changed by +50%" in rise
    )


# --- a verdict, its interval and its words never disagree

ONE_SIGN = [(-100.0, -75.0, 0.0), (100.0, 75.0, 0.0), (-100.0, -10.0, 20.0)]
"""Change of the KPI, of its cause, and the calendar's part of the KPI's: where the cause is part of the change."""
TWO_SIGNS = [(-100.0, 75.0, 0.0), (100.0, -75.0, 0.0), (10.0, -100.0, 110.0), (-10.0, 100.0, -110.0)]
"""Where it is not: it moved the other way, or the calendar turned the sign of the whole."""


@pytest.mark.parametrize(("lang", "above", "below"), [("en", " above ", " below "), ("zh-CN", "高 ", "低 ")])
@pytest.mark.parametrize(("change", "part", "calendar"), ONE_SIGN + TWO_SIGNS)
def test_above_and_below_follow_the_sign_of_the_change(change, part, calendar, lang, above, below):
    text, row = of(kpi(cause(part), change=change, calendar=calendar), lang=lang)
    assert (above in text.stands(row), below in text.stands(row)) == (change > 0, change < 0)
    assert text.change(row)[0] == ("+" if change > 0 else "−")


@pytest.mark.parametrize(("lang", "words"), [("en", "of it comes from"), ("zh-CN", "来自")])
@pytest.mark.parametrize(("change", "part", "calendar"), ONE_SIGN)
def test_a_cause_of_the_same_sign_is_part_of_the_change(change, part, calendar, lang, words):
    assert words in short(cause(part), change=change, calendar=calendar, lang=lang)


@pytest.mark.parametrize(("lang", "words"), [("en", "of it comes from"), ("zh-CN", "来自")])
@pytest.mark.parametrize(("change", "part", "calendar"), TWO_SIGNS)
def test_a_cause_of_the_other_sign_is_no_part_of_the_change(change, part, calendar, lang, words):
    assert words not in short(cause(part), change=change, calendar=calendar, lang=lang)


@pytest.mark.parametrize(("lang", "words"), [("en", " of it in "), ("zh-CN", "其中 ")])
@pytest.mark.parametrize(("change", "part", "calendar"), ONE_SIGN + TWO_SIGNS)
def test_the_title_of_the_bars_calls_a_cause_a_part_only_where_it_is_one(change, part, calendar, lang, words):
    text, row = of(kpi(cause(part), change=change, calendar=calendar), lang=lang)
    assert (words in text.bars_title(row)) == (change * part > 0)


@pytest.mark.parametrize(("lang", "words"), [("en", " of it ("), ("zh-CN", "其中应用")])
def test_a_cause_of_the_other_sign_is_not_told_as_part_of_it(lang, words):
    assert words not in told(cause(75.0), lang=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("make", [kpi, rate])
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_interval_holds_its_estimate_and_has_its_signs(sign, make, lang):
    size, half = (75.0, 15.0) if make is kpi else (0.003, 0.0002)
    text, row = of(make(cause(sign * size, half), change=sign * size), lang=lang)
    one = text.review.causes.iloc[0]
    words = text.span(one["lower"], one["upper"], row)
    assert words.count("+" if sign > 0 else "−") == 2 and ("−" if sign > 0 else "+") not in words


def test_an_interval_across_zero_shows_both_signs():
    assert "(−¥10 to +¥20)" in told(cause(5.0, 15.0))


def test_an_interval_of_points_has_its_unit_once_and_one_number_of_decimals():
    text, row = of(rate(rate_cause(-0.003297, 0.000205)))
    assert text.span(-0.003503, -0.003092, row) == "−0.350 to −0.309 points"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_number_that_is_not_known_is_a_dash(lang):
    text, row = of(kpi(cause()), lang=lang)
    dash = say("number.missing", lang)
    assert {text.moved(math.nan, row), text.span(math.nan, math.nan, row), text.whole(math.nan)} == {dash}


def test_a_change_of_nothing_is_no_share_of_anything():
    words = short(cause(75.0), cause(-75.0, element={"channel": ["mini"]}), change=0.0)
    assert "–" not in words and "of it" not in words


def test_a_level_kpi_is_neither_above_nor_below():
    words = told(cause(75.0), cause(-75.0, element={"channel": ["mini"]}), change=0.0)
    assert words.startswith("Sales was ¥1k, exactly what the three months before let expect.")
    assert not re.search("above|below", words)


# --- what it is compared with


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2026"])
@pytest.mark.parametrize("against", [code.value for code in Against])
def test_every_comparison_has_words_in_every_period(against, period, lang):
    text, row = of(kpi(cause(), against=against), period=period, lang=lang)
    assert text.against(row) and "_" not in text.against(row)


def test_another_period_is_named():
    assert "¥100 (10%) below Jul 2026." in told(cause(), against="2026-07")


# --- names of slices


@pytest.mark.parametrize(
    ("element", "lang", "name"),
    [
        ({"channel": ["app"]}, "en", "App"),
        ({"channel": ["app"], "device": ["ios"]}, "zh-CN", "应用 × 苹果"),
        ({"channel": ["app", "mini"]}, "en", "App / Mini program"),
        ({"channel": ["app", "mini"]}, "zh-CN", "应用/小程序"),
        ({"city": ["c1", "c2", "c3"]}, "en", "city c1 / c2 / c3"),
        ({"city": ["c1", "c2", "c3", "c4", "c5"]}, "en", "city c1 / c2 / c3 and 2 more"),
        ({"city": ["c1", "c2", "c3", "c4", "c5"]}, "zh-CN", "city c1/c2/c3等另 2 个"),
        ({"channel": [None]}, "en", "Channel unknown"),
        ({"channel": [None]}, "zh-CN", "渠道未知"),
        ({"channel": ["app", None]}, "en", "App / unknown"),
        ({"city": ["5"], "device": ["ios"]}, "en", "city 5 × iOS"),
    ],
)
def test_a_slice_is_named_by_its_values(element, lang, name):
    assert slice_of(element, lang) == name


@pytest.mark.parametrize(
    ("dimension", "name"),
    [("channel=app", "Sales: App"), ("channel=app&device=ios", "Sales: App × iOS"), ("", "Sales")],
)
def test_a_kpi_looked_at_inside_a_slice_says_so(dimension, name):
    text, row = of(kpi(cause(), dimension=dimension))
    assert text.name(row) == name


def test_a_goal_that_is_not_called_as_its_kpi_says_which_slice_is_looked_at():
    # root_cause(kpi="sell_more", where={"channel": "app"}); the goal itself watches all of its KPI
    inside = {"subject": "sell_more", "rank": 0, "dimension": "channel", "value": "app", "is_missing": False}
    made = kpi(cause(), subject="sell_more", kpi="sales")
    text, row = of(made | {"elements": [inside, *made["elements"]]})
    assert CauseText(named(text.review, sell_more="Sell more"), "en").name(row) == "Sell more: App"


@pytest.mark.parametrize(("value", "name"), [("", "Sales: Channel unknown"), ("R&D", "Sales: Channel R&D")])
def test_a_slice_is_named_whatever_its_value_is(value, name):
    inside = {"subject": "sales", "rank": 0, "dimension": "channel", "value": value, "is_missing": not value}
    made = kpi(cause())
    text, row = of(made | {"elements": [inside, *made["elements"]]})
    assert text.name(row) == name


@pytest.mark.parametrize(("is_missing", "name"), [(True, "Channel unknown"), (False, "Channel ")])
def test_a_missing_value_of_the_drill_down_is_unknown(is_missing, name):
    text, _ = of(kpi(cause()))
    assert text.value_of({"dimension": "channel", "value": "", "is_missing": is_missing}) == name


# --- leads, what was ruled out, what cannot be said


@pytest.mark.parametrize(
    ("scope", "lang", "words"),
    [
        ("slice", "en", "In this very slice: New checkout (release, 22 Sep 2026)"),
        ("part", "en", "In part of it: New checkout (release, 22 Sep 2026)"),
        ("all", "en", "Everywhere: New checkout (release, 22 Sep 2026)"),
        ("slice", "zh-CN", "就在该切片：New checkout（发布，2026年9月22日）"),
        ("part", "zh-CN", "部分重合：New checkout（发布，2026年9月22日）"),
        ("all", "zh-CN", "全局：New checkout（发布，2026年9月22日）"),
    ],
)
def test_a_lead_says_how_near_it_is(scope, lang, words):
    text, _ = of(kpi(cause()), lang=lang, leads=[lead(scope=scope)])
    assert text.leads("sales") == [words]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_known_kind_of_lead_has_a_word(kind, lang):
    text, _ = of(kpi(cause()), lang=lang, leads=[lead(kind=kind)])
    assert say(f"cause.kind.{kind}", lang) in text.leads("sales")[0]


def test_an_unknown_kind_of_lead_is_the_teams_own_word():
    text, _ = of(kpi(cause()), leads=[lead(kind="strike")])
    assert text.leads("sales") == ["In this very slice: New checkout (strike, 22 Sep 2026)"]


def test_leads_of_the_whole_are_told_only_where_no_slice_has_any():
    whole = lead("Sale", rank=0, scope="all")
    assert len(of(kpi(cause()), leads=[whole])[0].leads("sales")) == 1
    assert of(kpi(cause()), leads=[whole, lead()])[0].leads("sales") == [
        "In this very slice: New checkout (release, 22 Sep 2026)"
    ]


def test_a_lead_of_two_slices_is_told_once_and_at_most_five_are():
    text, _ = of(kpi(cause(), cause(-5.0)), leads=[lead(), lead(rank=2), *(lead(f"Event {n}") for n in range(9))])
    leads = text.leads("sales")
    assert len(leads) == len(set(leads)) == 5


@pytest.mark.parametrize("names", [{}, {"launch": {"zh-CN": "上线", "en": "Launch"}}])
def test_an_activity_is_called_by_its_name_where_it_has_one(names):
    text, _ = of(kpi(cause()), leads=[lead("Table name", id="launch", kind="activity")], names=names)
    assert ("Launch (activity" if names else "Table name (activity") in text.leads("sales")[0]


def test_what_moved_too_is_ruled_out_by_name():
    text, _ = of(kpi(cause()))
    assert text.ruled("sales") == "Mini program moved too, but only because of the slices above."


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "In Channel and Device no value moved beyond its noise."),
        ("zh-CN", "渠道和设备的各个取值变动均未超出噪声。"),
    ],
)
def test_a_dimension_in_which_nothing_moved_is_ruled_out_whole(lang, words):
    assert of(kpi(), lang=lang)[0].ruled("sales") == words


def test_the_table_of_what_was_ruled_out_has_what_was_and_nothing_else():
    found = review(kpi(cause()), kpi(subject="orders"))
    assert found.ruled_out().to_numpy().tolist() == [["Sales", "Mini program", "−¥15", "−¥1 ± ¥4"]]


@pytest.mark.parametrize(
    ("values", "part", "key", "said"),
    [
        ({}, {}, "cause", True),
        ({}, {}, "rest", False),  # a quarter of the change is no slice's
        ({}, {"change": -60.0}, "rest", True),
        ({}, {"n": 2}, "few", True),
        ({}, {"n": 3}, "few", False),
        ({}, UNDATED, "date", True),
        ({}, {}, "date", False),
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_the_data_cannot_say_is_said_where_it_holds(values, part, key, said, lang):
    text, row = of(kpi(cause(**part), **values), lang=lang)
    words = say(f"cause.cannot.{key}", lang, dims="", rest=text.moved(row["rest"], row))
    assert (words in text.limits(row)) == said


def test_what_could_be_searched_is_named():
    text, row = of(kpi(cause()))
    assert text.limits(row)[1].startswith("Only Channel and Device could be searched;")


@pytest.mark.parametrize("state", ["no_data", "no_base"])
def test_where_there_is_nothing_to_compare_no_movement_is_spoken_of(state):
    text, row = of(kpi(state=state, change=math.nan))
    assert not [words for words in text.limits(row) if "movement" in words or "moved together" in words]


# --- how sure


@pytest.mark.parametrize(
    ("confidence", "en", "zh"),
    [
        (0.999, "sure (>99%)", "把握大（超过 99%）"),
        (0.9, "sure (90%)", "把握大（90%）"),
        (0.75, "fairly sure (75%)", "较有把握（75%）"),
        (0.4, "a lead (40%)", "仅供参考（40%）"),
        (0.001, "a lead (<1%)", "仅供参考（不到 1%）"),
    ],
)
def test_how_sure_it_is_follows_the_confidence(confidence, en, zh):
    rows = [of(kpi(cause(confidence=confidence)), lang=lang)[0] for lang in ("en", "zh-CN")]
    assert [text.sure(text.review.causes.iloc[0]) for text in rows] == [en, zh]


def test_the_line_about_certainty_has_the_least_sure_slice():
    text, _ = of(kpi(cause(), cause(-5.0, confidence=0.62)))
    assert text.certainty().endswith("That each of the 2 slices named is exactly right: at least 62%.")


@pytest.mark.parametrize("confidence", [0.999, 0.001])
def test_a_bound_on_a_chance_is_one_bound(confidence):
    assert not re.search("at least [<>]", of(kpi(cause(confidence=confidence)))[0].certainty())
    assert not re.search("不低于 (超过|不到)", of(kpi(cause(confidence=confidence)), lang="zh-CN")[0].certainty())


def test_the_line_about_certainty_names_no_slice_where_none_was_found():
    assert "probability" not in of(kpi())[0].certainty()


def test_the_line_about_certainty_says_where_holidays_end():
    assert of(kpi(), holidays_until="2026-12-31")[0].certainty().endswith("are known up to 31 Dec 2026 only.")


# --- table, tile, conclusions, card


def test_the_table_has_a_row_a_cause_with_its_interval():
    found = review(kpi(cause(), cause(-15.0, 5.0, {"channel": ["mini"]}, confidence=0.8)))
    assert found.table().to_numpy().tolist() == [
        ["Sales: App × Android", "−¥75", "−¥90 to −¥60", "75%", "22 Sep 2026", "volume", "sure (95%)"],
        ["Sales: Mini program", "−¥15", "−¥20 to −¥10", "15%", "22 Sep 2026", "volume", "fairly sure (80%)"],
    ]


def test_both_languages_show_the_same_figures():
    tables = [every_state(lang).table() for lang in LANGUAGES]
    figures = [table.iloc[:, [1, 3]].map(lambda cell: re.sub(r"[^−+\d.%]", "", cell)) for table in tables]
    assert figures[0].to_numpy().tolist() == figures[1].to_numpy().tolist()


def test_every_kpi_has_a_line_about_how_sure_it_is():
    table = every_state().certainty()
    assert list(table["KPI"]) == ["Conversion", "Sales", "Orders", "Visits", "refunds", "reads"]
    assert (table["Answer"] != "").all()
    assert list(table["What the data cannot say"] != "") == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("kpis", "words"),
    [
        ([kpi(cause())], "1 slice stands out"),
        ([kpi(cause(), cause(-5.0))], "2 slices stand out"),
        ([kpi()], "nothing stands out"),
    ],
)
def test_the_tile_counts_the_slices(kpis, words):
    assert CauseView(review(*kpis)).tile()[0] == words


def test_the_tile_has_a_mark_a_kpi():
    picture = CauseView(every_state()).tile()[1]
    assert (picture.count("<path"), picture.count("<circle")) == (5, 1)


def test_conclusions_are_what_was_found_and_lead_to_open_cards(states):
    conclusions = CauseView(every_state()).conclusions()
    assert [anchor for _, anchor in conclusions] == ["open-cause-conversion", "open-cause-sales"]
    assert all(f'id="{anchor}"' in states for _, anchor in conclusions)


def test_ids_of_the_section_are_unique(states):
    ids = re.findall(r'\bid="([^"]+)"', states)
    assert len(ids) == len(set(ids)) > 20


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_card_says_first_what_was_found(lang):
    found = review(kpi(cause()), lang=lang)
    html = str(CauseView(found).card("sales"))
    title = say(
        "cause.card.title", lang, kpi=CauseText(found, lang).called("sales"), answer=say("cause.state.found", lang, n=1)
    )
    assert f"<h3>{title}</h3>" in html
    html = html.replace("&#8288;", "")
    assert html.index(title) < html.index(CauseText(found, lang).told(found.kpi("sales"))) < html.index("<svg")


def test_a_card_of_a_kpi_without_a_cause_has_no_bars_and_rules_nothing_out():
    html = card(kpi())
    assert "Sales: no slice stands out" in html
    assert "Bars: parts of the change" not in html and "Ruled out" not in html and "Since when" not in html


def test_a_card_shows_the_drivers_of_the_whole():
    split = {"subject": "sales", "rank": 0, "before": 0.04, "after": 0.036, "effect": -100.0, "method": "shapley"}
    html = card(kpi(cause()), drivers=[split | {"factor": "orders/visits"}])
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html.partition("<h4>Drivers</h4>")[2].partition("</table>")[0])
    assert cells[4:] == ["Orders per Visits", "4%", "3.6%", "−&#8288;¥100"]


def test_the_drill_down_lists_at_most_eight_values_a_dimension():
    values = [("channel", f"v{n}", 0.1, "quiet") for n in range(20)]
    (dim,) = drilled(kpi(cause()) | {"drill": drill("sales", -100.0, values)})["dims"]
    assert [row[0] for row in dim["rows"]] == [f"Channel v{n}" for n in range(8)]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("state", ["cause", "ruled_out", "moved", "quiet"])
def test_every_state_of_a_value_has_words(state, lang):
    table = drilled(kpi(cause()) | {"drill": drill("sales", -100.0, [("channel", "app", 1.0, state)])}, lang=lang)
    assert table["dims"][0]["rows"][0][-1] == say(f"cause.drill.{state}", lang)


def test_a_rate_is_drilled_down_in_points_with_one_number_of_decimals():
    table = drilled(rate(rate_cause()))
    assert table["columns"][3] == "Brings, points"
    # shares 0.8, 0.15 and 0.05 of −0.4 points, and 1.1 and −0.1 of it
    changes = [[row[3] for row in dim["rows"]] for dim in table["dims"]]
    assert changes == [["−0.320", "−0.060", "−0.020"], ["−0.440", "+0.040"]]


def test_no_word_of_code_is_on_the_section(states):
    section = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", states, flags=re.DOTALL)
    assert re.findall(r"\b[a-z]+_[a-z]+\b|\{|\bnan\b|None|inf\b", section) == []


# --- texts of others


def evil():
    """A review in which every text that comes from outside is one that wants to be more."""
    rows = [lead(EVIL, kind=EVIL), lead("x", id=EVIL, kind="activity")]
    split = {"subject": "sales", "rank": 0, "factor": EVIL, "before": 1.0, "after": 2.0, "effect": 1.0, "method": ""}
    element = {EVIL: [EVIL, None], "channel": ["app"]}
    part = kpi(cause(element=element), dims=[EVIL], dimension=f"{EVIL}=1") | {
        "drill": drill(
            "sales", -100.0, [(EVIL, EVIL, 0.5, "ruled_out"), (EVIL, "b", 0.3, "moved"), (EVIL, "c", 0.2, "quiet")]
        )
    }
    trees = [*tree(text=EVIL, category=EVIL, verify_en=EVIL), *tree("whys", text=EVIL), *tree(subject=EVIL)]
    found = review(part, leads=rows, drivers=[split], trees=trees)
    return named(found, sales=f"KPI {EVIL}", channel=EVIL, app=f"App {EVIL}")


@pytest.mark.parametrize("shown", ["section", "card", "tile", "html", "drawn_trees"])
def test_texts_from_tables_are_text_everywhere(shown):
    view = CauseView(evil())
    found = view.card("sales") if shown == "card" else getattr(view, shown)()
    html = getattr(found, "data", found[1] if isinstance(found, tuple) else str(found))
    assert "<script" not in html and ("&lt;script&gt;" in html or shown == "tile")
    assert "49" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)


def test_a_mark_that_turns_the_direction_of_writing_does_not_turn_the_numbers_after_it():
    text, row = of(kpi(cause(element={"channel": [BIDI]})))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text.told(row))


@pytest.mark.parametrize("shown", ["card", "drawn_trees"])
def test_a_tree_in_a_notebook_has_no_link_that_leads_nowhere(shown):
    view = CauseView(review(kpi(cause()), trees=tree()))
    html = str(view.card("sales")) if shown == "card" else view.drawn_trees().data
    anchors = re.findall(r'href="#(open-[^"]+)"', html)
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in html] == []


def test_a_slice_of_a_slice_of_braces_is_shown_letter_by_letter():
    text, row = of(kpi(cause(element={"channel": ["{0.__class__} {kpi} %s"]})))
    assert "Channel {0.__class__} {kpi} %s brings" in text.told(row)


def test_a_subject_that_is_no_plain_id_has_a_plain_anchor():
    found = review(kpi(cause(), subject='成交 "额"<b>'))
    ids = re.findall(r'\bid="(open-[^"]+)"', CauseView(found).section())
    assert ids == [CauseView(found).conclusions()[0][1]] and re.fullmatch(r"[\w-]+", ids[0], re.ASCII)


def test_a_result_survives_json():
    found = review(rate(rate_cause()), kpi(subject="orders"))
    again = type(found).from_dict(found.to_dict())
    pd.testing.assert_frame_equal(again.causes, found.causes)
    assert str(CauseView(again).section()) == str(CauseView(found).section())
