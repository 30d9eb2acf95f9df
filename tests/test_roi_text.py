"""The activity review in words: sentences, cells and prompts agree with the figures, in both languages."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from roi_cases import EVIL, JOINT, TURNED, altered, named, year_of_every_kind

from opsretro.analysis.methods.effect import Caution
from opsretro.report import roi_recap
from opsretro.report.roi_text import RoiText
from opsretro.report.roi_view import RoiView
from opsretro.words import LANGUAGES, say

REFUSALS = ("short_pre", "pre_trend", "overlap", "not_separable")  # product.md, section 5: nothing else may be refused
ENDS = {"en": ".", "zh-CN": "。"}
LOST = {"roi": -0.4, "roi_lower": -0.8, "roi_upper": -0.1, "verdict": "loss"}
OPEN = {"roi": 0.1, "roi_lower": -0.3, "roi_upper": 0.5, "verdict": "unclear"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return year_of_every_kind(tmp_path_factory.mktemp("text"))


@pytest.fixture(scope="module")
def section(kinds):
    """The section of the page, in English."""
    return RoiView(kinds).section()


@pytest.fixture(scope="module")
def nothing(kinds):
    """A period without activities."""
    empty = {name: getattr(kinds, name).head(0) for name in kinds.frames}
    return replace(kinds, findings=(replace(kinds.findings[0], code="no_activity", subject=""),), **empty)


def told(review, name, lang="en", **values):
    """The sentence about an activity whose row has other values."""
    changed = altered(review, name, **values)
    return RoiText(changed, lang).told(changed.activity(name))


def recap(review, name, part=roi_recap.results):
    """Label and value of a recap's part, in English."""
    return dict(part(RoiText(review, "en"), review.activity(name)))


def cells(review, name, lang="en"):
    """The row of the table about an activity."""
    return list(RoiView(review.in_language(lang))._cells(review.activity(name)))


def amounts(words):
    """Money and per cent in a text, without the sign of a gain."""
    return set(re.findall(r"−?¥\d+(?:\.\d+)?(?:k|M| 万)?|−?\d[\d.]*%", words))


def known_amounts(review, lang):
    """Every number of the JSON as money, as a rate and as a chance."""
    text, data = RoiText(review, lang), review.to_dict()
    rows = [row for frame in review.frames for row in data[frame]]
    values = [value for row in rows for value in row.values() if isinstance(value, float)]
    values += [-value for value in values]
    return {show(value) for value in values for show in (text.money, text.rate)} | {
        f"{100 * value:.0f}%" for value in values
    }


# --- headline and sentences


def test_the_headline_counts_every_activity_once(kinds):
    # sale, stamps and points paid; gift lost; coupon, trial and article are open; lottery runs; march is refused
    assert kinds.headline.startswith(
        "9 activities ran this year: 3 paid for themselves, 1 lost money, 2 cannot be told, "
        "1 still running and 2 without a verdict."
    )


def test_the_parts_of_the_headline_add_up_to_its_total(kinds):
    total, *parts = re.findall(r"\d+", kinds.headline.split(".")[0])
    assert int(total) == sum(map(int, parts)) == len(kinds.activities)


def test_a_joint_effect_that_lost_counts_for_each_of_its_activities(kinds):
    assert "1 paid for itself, 3 lost money" in altered(kinds, JOINT, **LOST).headline


def test_the_headline_names_what_only_attribution_calls_profitable(kinds):
    assert "attribution shows 3 of them in profit" in kinds.headline
    assert "其中 3 个看起来赚钱" in kinds.in_language("zh-CN").headline


@pytest.mark.parametrize("verdict", [LOST, OPEN])
def test_one_activity_attribution_is_wrong_about_is_enough_for_the_clause(kinds, verdict):
    rest = altered(altered(kinds, "gift", attributed_roi=-0.1), "trial", attributed_roi=-0.1)
    assert altered(rest, "sale", **verdict).headline.endswith("attribution shows 1 of them in profit.")


def test_the_headline_is_silent_where_all_that_attribution_shows_in_profit_paid(kinds):
    calm = altered(altered(kinds, "gift", attributed_roi=-0.1), "trial", attributed_roi=math.nan)
    assert calm.activity("sale")["attributed_roi"] > 0 and "attribution" not in calm.headline


def test_attribution_is_held_against_the_verdict_of_the_joint_effect(kinds):
    calm = altered(altered(kinds, "gift", attributed_roi=-0.1), "trial", attributed_roi=math.nan)
    joint = altered(calm, JOINT, attributed_roi=0.5)
    assert "attribution" not in joint.headline
    assert "attribution shows 3 of them in profit" in altered(joint, JOINT, **LOST).headline


@pytest.mark.parametrize("name", ["lottery", "march"])
def test_attribution_is_not_held_against_what_has_no_verdict(kinds, name):
    calm = altered(altered(kinds, "gift", attributed_roi=-0.1), "trial", attributed_roi=math.nan)
    assert "attribution" not in altered(calm, name, attributed_roi=2.0).headline


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_a_whole_sentence(kinds, lang):
    sentences = kinds.in_language(lang).sentences()
    assert len(sentences) == len(kinds.judged)
    assert all(sentence.endswith(ENDS[lang]) and "nan" not in sentence for sentence in sentences)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_and_interval_never_disagree(kinds, lang):
    text = RoiText(kinds, lang)
    for _, row in kinds.judged[kinds.judged["roi"].notna()].iterrows():
        side = "profit" if row["roi_lower"] > 0 else "loss" if row["roi_upper"] < 0 else "unclear"
        sentence = text.told(row).removesuffix(text.after(row)).strip()
        assert sentence.endswith(say(f"roi.so.{side}", lang) + ENDS[lang])
        assert text.verdict(row) == say(f"roi.verdict.{side}", lang)


def test_a_verdict_is_the_one_of_the_interval_it_is_told_with(kinds):
    turned = altered(kinds, "sale", **TURNED)
    row = RoiText(turned, "en").standing(turned.activity("sale"))
    assert (row["roi_upper"] < 0, row["profit_upper"] < 0, row["verdict"]) == (True, True, "loss")


@pytest.mark.parametrize(("values", "words"), [(LOST, "it lost money"), (OPEN, "whether it paid cannot be told")])
def test_a_sentence_has_both_rois_interval_and_verdict(kinds, values, words):
    low, high = ("−80% to −10%", "−30% to +50%")[values is OPEN], words
    sentence = told(kinds, "sale", **values, verdict_after=values["verdict"])
    assert re.match(rf"Sale: attributed ROI \+300%, incremental ROI \S+ \({re.escape(low)}\); {high}\.$", sentence)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("part", ["sentences", "table", "certainty", "recap"])
def test_every_amount_in_words_is_in_the_json(kinds, lang, part):
    review, text = kinds.in_language(lang), RoiText(kinds, lang)
    rows = [row for frame in (kinds.activities, kinds.joint) for _, row in frame.iterrows()]
    words = {
        "sentences": lambda: [review.headline, *review.sentences(), text.certainty()],
        "table": lambda: review.table().to_numpy().ravel(),
        "certainty": lambda: review.certainty().to_numpy().ravel(),
        "recap": lambda: [
            pair[1] for row in rows for show in (roi_recap.results, roi_recap.aims) for pair in show(text, row)
        ],
    }[part]()
    found = amounts(" ".join(words).replace("+", "")) - {"95%", "1%", "99%"}  # of an interval; <1%, >99%
    assert found and found <= known_amounts(kinds, lang)


def test_a_loss_comes_first_and_what_is_refused_last(kinds):
    subjects = [finding.subject for finding in kinds.findings]
    assert (subjects[0], subjects[-1]) == ("gift", "march")


# --- what happens in the days after


def test_what_was_bought_ahead_is_told_with_the_verdict_it_leads_to(kinds):
    after = {"roi_after": -0.4, "roi_after_lower": -0.8, "roi_after_upper": -0.1, "verdict_after": "loss"}
    sentence = told(kinds, "sale", warnings=["pull_forward"], after_days=13, **after)
    assert "it paid for itself. Part of it was bought ahead: with the 13 days after it the ROI is −40%" in sentence
    assert sentence.endswith("(−80% to −10%); it lost money.")


@pytest.mark.parametrize("verdict", ["profit", "unclear", "loss", ""])
def test_days_after_are_told_only_where_something_was_bought_ahead(kinds, verdict):
    after = {"roi_after": 0.2, "roi_after_lower": -0.1, "roi_after_upper": 0.5, "verdict_after": verdict}
    assert told(kinds, "sale", **after).endswith("; it paid for itself.")
    ahead = told(kinds, "sale", **after, warnings=["pull_forward"])
    assert ("after it the ROI is +20% (−10% to +50%);" in ahead) == bool(verdict)


@pytest.fixture(scope="module")
def turned(kinds):
    """The sale paid in its window; with the days after it, it lost: part of it was bought ahead."""
    return altered(kinds, "sale", **TURNED)


def test_the_table_shows_the_figures_a_verdict_after_rests_on(turned):
    assert cells(turned, "sale")[1:] == [
        *("¥6k", "+300%", "−40%", "−80% to −10%", "B with controls", "◆ lost money, with 13 days after")
    ]
    assert cells(turned, "sale", "zh-CN")[-1] == "◆ 亏损（含之后 13 天）"


def test_an_activity_that_loses_in_the_end_counts_as_lost_everywhere(turned):
    assert "2 paid for themselves, 2 lost money" in turned.headline
    assert RoiView(turned).tile()[0] == "2 paid, 2 lost, 2 open"
    assert re.findall(r'id="([^"]+)" open', str(RoiView(turned).section())) == ["activity-sale", "activity-gift"]


def test_an_activity_that_loses_in_the_end_stands_by_its_final_profit(turned):
    names = turned.table()["Activity"].tolist()
    assert names.index("Trial") < names.index("Sale") < names.index("Gift")  # about −65, −2,400, −9,000


def test_a_profit_that_cannot_be_told_in_the_end_is_open(kinds):
    after = {"roi_after": 0.1, "roi_after_lower": -0.3, "roi_after_upper": 0.5, "verdict_after": "unclear"}
    assert cells(altered(kinds, "sale", **(TURNED | after)), "sale")[3:5] == ["+10%", "−30% to +50%"]


@pytest.mark.parametrize("values", [{"warnings": []}, {"verdict_after": "profit"}, {"verdict": "unclear"}])
def test_only_a_profit_that_was_bought_ahead_is_judged_by_the_days_after(kinds, values):
    steady = altered(kinds, "sale", **(TURNED | values))
    assert cells(steady, "sale")[3:5] == cells(kinds, "sale")[3:5]


# --- refused, running, joint, without cost, without series


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_says_why_and_shows_no_figure(kinds, lang, code):
    refused = altered(kinds, "stamps", refused=code, warnings=[code])
    shown = cells(refused, "stamps", lang)
    assert say(f"roi.why.{code}", lang, others="Points") in told(refused, "stamps", lang)
    assert (amounts(" ".join(shown[2:])), shown[-1]) == (set(), say(f"roi.verdict.{code}", lang))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", list(Caution))
def test_every_warning_has_a_sentence_without_its_code(kinds, lang, code):
    warned = altered(kinds, "sale", warnings=[code.value], after_days=13)
    (sentence,) = RoiText(warned, lang).warned(warned.activity("sale"))
    assert sentence.endswith(ENDS[lang]) and code.value not in sentence and "{" not in sentence


def test_a_warning_about_cost_names_both_amounts(kinds):
    (sentence,) = RoiText(kinds, "en").warned(kinds.activity("sale"))
    assert sentence == "The stated cost, ¥5k, leaves out part of what the ledger holds, ¥6k; the ledger counts."


def test_a_running_activity_has_no_verdict_yet(kinds):
    assert told(kinds, "lottery").endswith("Whether it pays is told when it is over.")
    assert cells(kinds, "lottery")[3:] == ["–", "–", "B with controls", "… running"]
    assert not {"Incremental ROI", "Profit it caused", "Chance that it paid"} & set(recap(kinds, "lottery"))


def test_a_running_activity_is_not_spoken_of_as_past(kinds):
    row = kinds.activity("lottery")
    assert row["running"] and row["break_even"] > 0 and RoiText(kinds, "en").turn(row) == ""


def test_a_running_activity_is_in_no_type_yet(kinds):
    assert kinds.activity("lottery")["type"] == "lottery"
    assert kinds.types["type"].tolist() == ["promotion", "stamps", "recall", "innovation", ""]


@pytest.mark.parametrize(("lang", "name"), [("en", "Stamps + Points, together"), ("zh-CN", "Stamps + Points（合计）")])
def test_a_joint_effect_names_all_and_is_followed_by_its_activities(kinds, lang, name):
    names = kinds.in_language(lang).table().iloc[:, 0].tolist()
    assert names[names.index(name) :][1:3] == ["Stamps", "Points"]
    assert [cells(kinds, name)[-1] for name in ("stamps", "points")] == ["– only jointly"] * 2


def test_an_activity_of_a_joint_effect_that_was_held_out_stands_with_it(kinds):
    # stamps has a figure of its own, and is in the joint effect all the same
    known = {name: kinds.activity("coupon")[name] for name in ("incremental", "lower", "upper", "profit", "roi")}
    held_out = altered(kinds, "stamps", refused="", method="randomised", grade="A", **known)
    names = held_out.table()["Activity"].tolist()
    assert names[names.index("Stamps + Points, together") :][1:3] == ["Stamps", "Points"] and len(names) == 10


def test_an_activity_that_overlaps_names_the_others(kinds):
    assert told(kinds, "stamps", "zh-CN") == "Stamps：不给数字，因为它与Points在同一人群上有重叠的日子，只能合并判断。"


def test_the_warning_of_a_joint_effect_names_all_of_it(kinds):
    (sentence,) = RoiText(kinds, "en").warned(kinds.joint.iloc[0])
    assert sentence == "These activities share days and people: Stamps and Points."


def test_without_a_cost_revenue_is_told_and_no_roi(kinds):
    assert told(kinds, "article").endswith("without its cost and margin no ROI can be told.")
    assert cells(kinds, "article")[1:] == [*("–",) * 4, "B with controls", "– no cost or margin"]
    assert cells(kinds, "article", "zh-CN")[-1] == "– 缺成本或毛利率"
    assert list(recap(kinds, "article")) == ["Additional revenue", "Lift", "Additional revenue with the days after"]


def test_without_a_series_nothing_is_claimed(kinds):
    empty = {"incremental": math.nan, "lower": math.nan, "upper": math.nan, "roi": math.nan, "grade": ""}
    bare = altered(kinds, "sale", **empty)
    assert told(bare, "sale").startswith("Sale: what it caused cannot be told; ")
    assert cells(bare, "sale")[3:] == ["–", "–", "–", say("roi.verdict.untold", "en")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_period_without_activities_is_one_sentence(nothing, lang):
    view = RoiView(nothing.in_language(lang))
    assert view.headline() == {"en": "No activity ran this year.", "zh-CN": "本年没有活动。"}[lang]
    assert (view.sentence(nothing.findings[0]), len(view.table())) == (view.headline(), 0)
    assert view.conclusions() == [(view.headline(), "roi")]
    assert view.section() == f'<p class="answer">{view.headline()}</p>'


def test_a_notebook_shows_a_period_without_activities(nothing):
    assert nothing.certainty().empty and nothing.by_type().empty
    assert "No activity ran this year." in nothing._repr_html_()
    assert RoiView(nothing).tile()[0] == "no activity"


# --- how sure, what would change it


def test_the_line_about_certainty_grades_what_is_told(kinds):
    line = RoiText(kinds, "en").certainty()
    assert "strongest evidence: Coupon. Compared with segments left alone: " in line
    assert "March" not in line


@pytest.mark.parametrize("code", ["pull_forward", "control_contaminated", "pre_trend", "holiday_overlap"])
def test_a_warning_that_matters_is_in_the_line_about_certainty(kinds, code):
    line = RoiText(altered(kinds, "sale", warnings=[code]), "en").certainty()
    assert say(f"roi.certain.{code}", "en", names="Sale") in line


def test_an_activity_without_controls_is_named_once_in_the_line_about_certainty(kinds):
    line = RoiText(altered(kinds, "sale", warnings=["no_control"], grade="C", method="no_control"), "en").certainty()
    assert line.count("Sale") == 1 and "its own past only, the weakest evidence: Sale." in line


def test_the_line_about_certainty_says_where_holidays_end(kinds):
    context = replace(kinds.context, holidays_until="2025-12-31")
    assert RoiText(replace(kinds, context=context), "en").certainty().endswith("later days count as plain weekdays.")


def test_what_would_change_a_verdict_is_the_revenue_that_pays(kinds):
    # cost 9,000 at a margin of 0.4
    assert RoiText(kinds, "en").turn(kinds.activity("gift")).startswith("To pay for its cost it needed ¥22.5k of ")
    assert [RoiText(kinds, "en").turn(kinds.activity(name)) for name in ("march", "article")] == ["", ""]


def test_a_chance_is_never_certain(kinds):
    assert recap(altered(kinds, "sale", probability=1.0), "sale")["Chance that it paid"] == ">99%"
    assert recap(altered(kinds, "sale", probability=0.0), "sale")["Chance that it paid"] == "<1%"


def test_nothing_is_paid_back_while_the_verdict_is_open(kinds):
    # the point estimate of the coupon lies above its cost, its interval does not
    assert kinds.activity("coupon")["profit"] > 0
    known = kinds.judged[kinds.judged["payback_days"].notna()]
    assert set(known["activity_id"]) <= {"sale", JOINT} and "sale" in set(known["activity_id"])
    assert "Paid back after" in recap(kinds, "sale") and "Paid back after" not in recap(kinds, "trial")


# --- the recap


def test_a_recap_begins_with_what_was_meant(kinds):
    assert recap(kinds, "sale", roi_recap.aims) == {
        "Budget": "¥5k",
        "Expected ROI": "+50%",
        "Planned GMV": "¥240k",
        "Window": "11 May 2026 to 17 May 2026",
        "Aimed at": "regular",
    }


def test_cost_is_told_beside_the_budget(kinds):
    assert recap(kinds, "sale")["Cost (accrual)"] == "¥6k, ¥1k over budget"
    assert recap(altered(kinds, "sale", over_budget=-400.0), "sale")["Cost (accrual)"] == "¥6k, ¥400 under budget"


def test_the_figure_without_its_largest_buyers_stands_beside(kinds):
    heavy = altered(kinds, "coupon", winsorised=9_000.0, winsorised_lower=5_000.0, winsorised_upper=13_000.0)
    assert recap(heavy, "coupon")["With the largest 1% of buyers cut"] == "+¥9k (+¥5k to +¥13k)"
    assert "With the largest 1% of buyers cut" not in recap(kinds, "coupon")


def test_the_funnel_shows_share_of_plan_and_of_the_stage_before(kinds):
    table = roi_recap.funnel(RoiText(kinds, "en"), "sale")["rows"]
    # plan 50,000 clicks of 1M reached, actual 48,000 of 1.2M
    assert table[:2] == [["Reached", "1M", "1.2M", "120%", "–"], ["Clicks", "50k", "48k", "96%", "4%"]]


def test_a_share_that_is_not_known_is_no_number(kinds):
    bare = replace(kinds, funnel=kinds.funnel.assign(share=math.nan, step=math.nan))
    assert {cell for row in roi_recap.funnel(RoiText(bare, "en"), "sale")["rows"] for cell in row[3:]} == {"–"}


def test_figures_a_participant_are_plain_numbers(kinds):
    unusual = altered(kinds, "sale", interaction=2.5, spread=0.4, participation=0.03)
    shown = recap(unusual, "sale", roi_recap.rates)
    assert (shown["Interactions a participant"], shown["Shares a participant"]) == ("2.5", "0.4")
    assert shown["Participation, of those reached"] == "3%"


def test_a_cost_that_was_booked_late_is_marked(kinds):
    costs = roi_recap.costs(RoiText(kinds, "en"), kinds.activity("sale"))
    assert [row[2] for row in costs["rows"]] == ["10 May 2026", "10 Jun 2026, after the window"]
    assert costs["note"].startswith("When the window closed only 50% of the cost was booked")


def test_the_split_names_the_gap_and_the_factor_that_weighs_most(kinds):
    # the factor is larger than the gap, so it is not called most of it
    rows = kinds.split[kinds.split["activity_id"] == "sale"]
    assert rows["effect"].max() > rows["effect"].sum()
    assert RoiText(kinds, "en").split_title(rows, "Sale") == (
        "Sale earned ¥1.92k more than planned; conversion weighs most (+¥16.5k)"
    )


def test_a_gap_below_the_plan_names_what_cost_most(kinds):
    rows = kinds.split[kinds.split["activity_id"] == "sale"].assign(effect=[100.0, -300.0, 0, 0, 0, -50.0])
    assert RoiText(kinds, "en").split_title(rows, "Sale") == (
        "Sale earned ¥250 less than planned; click rate weighs most (−¥300)"
    )


def test_a_plan_that_was_met_to_the_unit_has_no_factor_and_no_picture(kinds):
    rows = kinds.split[kinds.split["activity_id"] == "gift"]
    assert not rows.empty and RoiText(kinds, "en").split_title(rows, "Gift") == "Gift earned what was planned"
    card = str(RoiView(kinds).card("gift"))
    assert "Gift earned what was planned" in card and "they add up (Shapley)" not in card
    assert "they add up (Shapley)" in str(RoiView(kinds).card("sale"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"last_id": ""}, "No earlier activity of the type promotion to compare with."),
        ({"last_id": "gift", "last_roi": math.nan}, "Last of the type promotion: Gift, without a figure."),
        ({"last_id": "gift", "type": "", "last_roi": math.nan}, "Last of the type : Gift"),
    ],
)
def test_the_same_type_last_time_is_told(kinds, values, words):
    changed = altered(kinds, "sale", **values)
    assert RoiText(changed, "en").last_time(changed.activity("sale")).startswith(words)


def test_the_return_of_last_time_stands_with_its_interval(kinds):
    last = {f"last_{name}": value for name, value in LOST.items()} | {"last_id": "gift"}
    changed = altered(kinds, "sale", **last)
    assert RoiText(changed, "en").last_time(changed.activity("sale")) == (
        "Last of the type promotion: Gift, incremental ROI −40% (−80% to −10%); it lost money."
    )


# --- keep, stop, start


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_activity_has_three_things_to_talk_about(kinds, lang):
    text = RoiText(kinds, lang)
    for _, row in kinds.activities.iterrows():
        assert [label for label, _ in roi_recap.prompts(text, row)] == [
            say(f"roi.prompt.{part}_label", lang) for part in ("keep", "stop", "start")
        ]


def test_a_loss_asks_what_would_have_to_change(kinds):
    assert recap(kinds, "gift", roi_recap.prompts)["Stop:"].startswith("in this form it does not pay; what would have")


def test_a_profit_is_never_asked_to_stop_for_a_loss(kinds):
    prompts = recap(kinds, "sale", roi_recap.prompts)
    assert "does not pay" not in prompts["Stop:"] and " was better than planned (+¥" in prompts["Keep:"]


@pytest.mark.parametrize(
    ("name", "words"), [("sale", "leave out one in ten"), ("coupon", "the test worked"), ("stamps", "keep the windows")]
)
def test_what_to_start_follows_from_the_evidence(kinds, name, words):
    assert words in recap(kinds, name, roi_recap.prompts)["Start:"]


# --- keys, types, tile, page


def test_the_key_of_two_bars_says_which_is_which(kinds):
    key = RoiText(kinds, "en").chart_key(kinds.activity("coupon"))
    assert re.match(r"Upper bar: revenue of those who got it · lower: .* with its 95% interval\.$", key)


def test_a_type_counts_the_activities_of_a_joint_effect_and_what_they_cost(kinds):
    row = RoiView(kinds).by_type().set_index("Type").loc["stamps"]
    assert (row["Activities"], row["Cost"]) == ("2", "¥10k")
    assert kinds.types.set_index("type").loc["stamps", "profit"] == pytest.approx(kinds.joint["profit"].iloc[0])


def test_a_type_says_how_many_have_no_figure(kinds):
    rows = RoiView(kinds).by_type().set_index("Type")
    assert rows.loc["promotion", "Activities"] == "3, 1 without a figure"


def test_a_cheaper_and_better_activity_has_no_next_unit(kinds):
    row = kinds.types.set_index("type").loc["promotion"]
    assert (row["previous"], row["newest"]) == ("gift", "sale")  # ¥9k, then ¥6k
    assert math.isnan(row["marginal_roi"]) and RoiView(kinds).by_type().iloc[0, -1] == "–"


def test_the_tile_counts_as_the_headline(kinds):
    assert RoiView(kinds).tile()[0] == "3 paid, 1 lost, 2 open"
    assert RoiView(kinds.in_language("zh-CN")).tile()[0] == "3 赚、1 亏、2 不能判断"


def test_the_tile_has_a_mark_for_every_kind(kinds):
    marks = re.findall(r'<circle[^>]*r="\d" fill="(.+?)"|<path d=".+?" (fill|stroke)="(.+?)"', RoiView(kinds).tile()[1])
    paid, lost = ("var(--data)", "", ""), ("", "fill", "var(--accent)")
    unclear, none = ("none", "", ""), ("", "stroke", "var(--quiet)")
    assert marks == [paid] * 3 + [lost] + [unclear] * 2 + [none] * 3


def test_conclusions_begin_with_the_headline_and_lead_to_open_recaps(kinds):
    first, *rest = RoiView(kinds).conclusions()
    assert first == (kinds.headline, "roi")
    assert [href for _, href in rest] == [
        f"open-activity-{name}" for name in [finding.subject for finding in kinds.findings[:4]]
    ]


def test_conclusions_and_table_lead_to_recaps(kinds, section):
    links = set(re.findall(r'<a href="#([^"]+)"', section))
    targets = re.findall(r'<span class="target" id="([^"]+)"', section)
    assert len(links) == 10 and links == set(targets)
    assert {href for _, href in RoiView(kinds).conclusions()[1:]} <= links


def test_recaps_follow_the_order_of_the_table(kinds, section):
    titles = re.findall(r"<summary><h3>(.*?):", section)
    assert titles == kinds.table()["Activity"].tolist()


def test_only_what_lost_money_is_open_at_first(section):
    assert re.findall(r'id="([^"]+)" open', section) == ["activity-gift"]


def test_recaps_follow_the_order_of_the_retro(section):
    assert re.findall(r"<h4>(.*?)</h4>", section) == ["Goal", "Result", "Analysis", "Insight"] * 10


def test_without_a_funnel_the_recap_says_what_is_missing(section):
    trial = section.partition('id="activity-trial"')[2].partition("</details>")[0]
    assert "funnel.csv does not hold both a plan and what happened." in trial and "<table" not in trial


def test_names_from_workspace_and_tables_are_text_on_the_page(kinds):
    ids = ("regular", "promotion", "media", "corporate")
    review = named(altered(kinds, "sale", name=EVIL), **{name: f"{name} {EVIL}" for name in ids})
    html = RoiView(review).card("sale")
    assert "<script" not in html
    assert all(f"{name} &lt;script&gt;alert(1)&lt;/script&gt;{{{{ 7*7 }}}}" in html for name in ids)


def test_a_name_in_retro_toml_goes_before_the_one_in_the_table(kinds):
    review = named(kinds, sale={"zh-CN": "大促", "en": "Big sale"})
    assert [RoiText(review, lang).one_name("sale") for lang in LANGUAGES] == ["大促", "Big sale"]
    assert RoiText(altered(kinds, "sale", name=""), "en").one_name("sale") == "sale"


def test_both_languages_show_the_same_figures(kinds):
    tables = [kinds.in_language(lang).table().iloc[:, 2:4].replace("万", "") for lang in LANGUAGES]
    assert pd.DataFrame(tables[0].to_numpy()).equals(pd.DataFrame(tables[1].to_numpy()))
