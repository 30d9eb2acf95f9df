"""The follow-up in words: sentences agree with verdict and interval, in both languages and with one sign."""

import json
import re
from html import unescape

import pandas as pd
import pytest
from follow_results import (
    DROPPED,
    EVERYTHING,
    EVIL,
    FEW,
    JOINT,
    LATE,
    LONG,
    MOVED,
    NEXT,
    NOT_MOVED,
    READINGS,
    WIDE,
    action,
    everything,
    follow_up,
    untold,
)

from opsretro.analysis.follow_codes import Reason
from opsretro.analysis.result import Finding
from opsretro.report.follow_text import FollowText
from opsretro.report.follow_view import MOST_DRAWN, FollowView
from opsretro.report.views import load, view
from opsretro.words import LANGUAGES

ENDS = (".", "。", "?", "？")
AGREEING = [
    MOVED,
    NOT_MOVED,
    WIDE,
    JOINT,
    action("A", "moved", (0.2, 0.1, 0.3), hoped=0.05),
    action("B", "not_moved", (-0.08, -0.1, -0.05), direction="lower", hoped=0.1),
    action("C", "not_moved", (0.0, -0.04, 0.04)),
    action("E", "cannot_tell", (0.08, 0.01, 0.15), reason="pre_trend", direction="lower"),
    action("G", "not_moved", (0.02, -0.05, 0.0999), hoped=0.1),
]


def told(row, lang="en"):
    """What is said of one action."""
    review = follow_up(row, lang=lang)
    return FollowText(review, lang).told(review.actions.iloc[0])


def view_of(*rows, lang="en", **options):
    """A view of these actions."""
    return FollowView(follow_up(*rows, lang=lang, **options))


def words(html):
    """What can be read of HTML, without pictures."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", str(html), flags=re.DOTALL)))


@pytest.fixture(scope="module")
def section():
    return str(FollowView(everything()).section())


# --- the answer


def test_the_answer_counts_the_actions_at_work_by_verdict():
    said = "7 actions decided earlier: 1 moved its metric, 1 did not, 4 cannot be told yet, 1 was dropped."
    assert everything().headline == said
    zh = "此前定下的 7 项行动：1 项见效，1 项未见效，4 项还不能判断，1 项已放弃。"
    assert everything(lang="zh-CN").headline == zh


def test_without_any_that_moved_the_answer_says_what_did_not_move():
    assert follow_up(NOT_MOVED).headline == "1 action decided earlier: 1 did not move its metric."


def test_nothing_decided_says_how_to_add_one():
    assert follow_up().headline == "No action was decided yet: `opsretro ledger add` adds the first one."
    assert follow_up(lang="zh-CN").headline == "还没有任何行动项：用 `opsretro ledger add` 添加第一项。"


def test_only_new_actions_are_told_in_the_next_retro():
    said = "The first action is decided, for the next month: what it did is told in the next retro."
    assert follow_up(NEXT).headline == said


def test_a_quarter_counts_what_was_decided_in_it():
    review = follow_up(MOVED, LATE, period="2026-Q3")  # LATE was decided before
    assert review.headline == "1 action decided this quarter: 1 moved its metric."


def test_a_year_in_which_nothing_was_decided_tells_the_older_ones():
    said = "No action was decided this year; of the earlier ones 1 was at work: 1 cannot be told yet."
    assert follow_up(LATE, period="2026").headline == said


# --- an action in one sentence


def test_what_fell_as_wanted_is_said_to_fall():
    said = "Refund rate fell by 4.1% against what was to be expected (−7% to −1.2%). "
    assert told(MOVED) == said + "That is less than was hoped for (−10%)."
    assert told(MOVED, "zh-CN") == "退款率比没有它时的预期低 4.1%（−7% 到 −1.2%）。没有达到当初希望的 −10%。"


def test_more_than_hoped_for_is_said():
    said = "Orders rose by 20% against what was to be expected (+10% to +30%). That is more than was hoped for (+5%)."
    assert told(action("A", "moved", (0.2, 0.1, 0.3), hoped=0.05)) == said


def test_what_is_ruled_out_names_what_was_hoped_for():
    said = "An effect as large as hoped (+10%) is ruled out: the change of Orders is between −16% and +6%."
    assert told(NOT_MOVED) == said


def test_without_a_hope_an_effect_worth_having_is_ruled_out():
    said = "An effect worth having (−5%) is ruled out: the change of Orders is between −4% and +3%."
    assert told(action("C", "not_moved", (0.0, -0.03, 0.04), direction="lower")) == said


def test_the_wrong_way_is_called_so():
    row = action("B", "not_moved", (-0.08, -0.1, -0.05), direction="lower", hoped=0.1)
    said = "Orders went the wrong way: it rose by 8% against what was to be expected (+5% to +10%). Hoped for: −10%."
    assert told(row) == said


@pytest.mark.parametrize("upper", [0.04996, 0.04999999])
def test_what_is_ruled_out_is_never_inside_the_interval_as_it_is_written(upper):
    said = told(action("C", "not_moved", (0.02, -0.01, upper)))
    assert "(+5%)" in said and f"+{100 * upper:.9g}%." in said


def test_an_interval_below_the_hope_is_never_rounded_onto_it():
    said = told(action("A", "moved", (0.05, 0.012, 0.0996), hoped=0.1))
    assert said.endswith("(+1.2% to +9.96%). That is less than was hoped for (+10%).")


def test_an_effect_is_never_rounded_out_of_its_interval():
    said = told(action("A", "moved", (0.04128, 0.0412, 0.0414)))
    assert "rose by 4.13% " in said and "(+4.12% to +4.14%)" in said


def test_a_large_hope_that_is_ruled_out_is_said_where_a_smaller_one_is_not():
    # from 10 % on the verdict asks for 10 % only: 12 % cannot be excluded, 30 % can
    said = "Too noisy to tell: the change of Orders is between −3% and +12%. "
    assert told(WIDE | {"hoped": 0.3}) == said + "What was hoped for (+30%) is ruled out; a smaller effect is not."


def test_only_a_verdict_says_that_a_metric_went_the_wrong_way():
    text, figures = FollowText(follow_up(MOVED), "en"), (-0.08, -0.1, -0.05)
    doubtful = action("A", "cannot_tell", figures, reason="pre_trend")
    assert text.chart_title(doubtful) == "Whether Orders moved cannot be told yet"
    assert text.verdict(doubtful) == "○ cannot tell yet"
    assert text.verdict(action("B", "not_moved", figures)) == "◆ the wrong way"


def test_a_bound_below_the_hope_is_never_rounded_onto_it():
    said = told(action("G", "not_moved", (0.02, -0.05, 0.0999), hoped=0.1))
    assert "hoped (+10%)" in said and "+9.99%" in said


def test_noise_is_told_with_its_interval():
    assert told(WIDE) == "Too noisy to tell: the change of Orders is between −3% and +12%. Hoped for: +10%."


def test_a_joint_effect_names_the_others_and_what_they_did_together():
    said = "“K”. What each did is not split by guess. Together: Conversion rose by 5% (+1% to +9%)."
    assert told(JOINT) == f"Other actions were at work on Conversion in the same days: {said}"


def test_a_joint_effect_of_a_metric_that_should_fall_has_the_sign_of_the_metric():
    row = JOINT | {"direction": "lower"}
    assert told(row).endswith("Together: Conversion fell by 5% (−9% to −1%).")


def test_a_joint_effect_that_may_be_nothing_is_not_claimed():
    row = JOINT | {"joint_lower": -0.02}
    assert told(row).endswith("What they did together cannot be told either: between −2% and +9%.")


def test_a_drift_before_is_no_effect():
    said = "Orders was already on the move before the start, so what came after (−15% to −1%) may not be its doing."
    assert told(action("E", "cannot_tell", (0.08, 0.01, 0.15), reason="pre_trend", direction="lower")) == said


def test_few_days_say_how_many_there_are_and_how_many_it_takes():
    said = "6 days of data since 26 Oct 2026; the first verdict needs 7, public holidays not counted."
    assert told(FEW) == said


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "No metric or goal is called odrers: check the name in actions.yaml."),
        ("zh-CN", "没有名为“odrers”的指标或目标：请检查 actions.yaml 中的名称。"),
    ],
)
def test_a_name_nobody_knows_is_told_from_one_that_fell_silent(lang, said):
    assert told(untold("Q", "metric_unknown", metric="odrers"), lang) == said
    assert told(untold("Q", "metric_gone", metric="odrers"), lang) != said


@pytest.mark.parametrize(("row", "waits"), [(FEW, True), (NEXT | {"is_next": False}, True), (LATE, False)])
def test_days_to_wait_for_are_told_only_where_waiting_helps(row, waits):
    assert ("needs 7 days" in FollowText(follow_up(row), "en").certainty()) == waits


@pytest.mark.parametrize("start", ["2026-10-05", "2026-10-06"])  # Monday, or the day after it
def test_an_action_cut_short_names_the_one_that_began(start):
    cut = NOT_MOVED | {"compared_to": "2026-10-04"}
    review = follow_up(cut, WIDE | {"compared_from": start}, MOVED | {"compared_from": start}, DROPPED)
    day = f"{int(start[-2:]) - 1} Oct 2026"
    said = f"Compared until {day}, the day before “Action W” began on the same metric."
    assert FollowText(review, "en").told(review.actions.iloc[0]).endswith(said)


@pytest.mark.parametrize(("start", "period"), [("2026-12-06", "2026"), ("2026-11-05", "2026-10")])
def test_an_action_that_began_after_the_90_days_or_the_period_cut_nothing_short(start, period):
    # the 90 days of 7 September end on 5 December
    review = follow_up(NOT_MOVED, WIDE | {"compared_from": start}, period=period)
    assert "Compared until" not in FollowText(review, "en").told(review.actions.iloc[0])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "reason", [reason for reason in Reason if reason not in {"", "wide", "pre_trend", "rebound", "joint"}]
)
def test_every_reason_is_a_whole_sentence_without_a_figure(reason, lang):
    said = told(untold("Q", reason), lang)
    assert said.endswith(ENDS) and "%" not in said and "–" not in said


@pytest.mark.parametrize("row", AGREEING, ids=lambda row: row["id"])
def test_every_interval_in_words_is_that_of_the_metric_itself(row):
    prefix = "joint_" if row["reason"] == "joint" else ""
    ends = [row[f"{prefix}{end}"] * (-1 if row["direction"] == "lower" else 1) for end in ("lower", "upper")]
    numbers = [float(text) for text in re.findall(r"[-+][\d.]+(?=%)", told(row).replace("−", "-"))]
    assert {round(100 * end, 2) for end in ends} <= set(numbers)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_a_sentence(lang):
    said = everything(lang=lang).sentences()
    assert len(said) == 10 and all(sentence.endswith(ENDS) for sentence in said)  # 7 verdicts, late, carried, load


def test_a_load_is_a_gentle_question():
    finding = Finding(code="load", subject="growth-2", n=5)
    said = "growth-2 carries 5 open actions: can one wait or be handed over?"
    assert FollowView(follow_up(MOVED)).sentence(finding) == said


# --- tables


def test_the_table_has_the_change_of_the_metric_itself():
    row = view_of(MOVED).table().iloc[0].tolist()
    assert row == ["Action M", "growth-2", "7 Sep 2026", "Refund rate", "−4.1%", "−7% to −1.2%", "● moved"]


def test_what_is_unknown_is_a_dash():
    row = view_of(LATE | {"owner": "", "due": ""}).table().iloc[0].tolist()
    assert row == ["Action L", "nobody owns it yet", "–", "–", "–", "–", "○ cannot tell yet"]


def test_certainty_says_what_a_verdict_rests_on():
    row = view_of(NOT_MOVED).certainty().iloc[0].tolist()
    rests = "48 days, 7 Sep 2026 to 31 Oct 2026"
    warned = "public holidays in these days are left out, in the same days: Double 11 warm-up"
    assert row == ["Action N", "◆ did not move", "−16% to +6%", rests, warned]


def test_what_actions_did_together_rests_on_the_days_since_the_first_of_them_began():
    shared = JOINT | {"compared_from": "2026-09-14", "n_days": 41}
    rests = "55 days, 7 Sep 2026 (when the first of them began) to 31 Oct 2026"  # 24 in September, 31 in October
    assert view_of(shared).certainty().iloc[0]["Rests on"] == rests
    caption = "per cent · compared with its own past · source: metrics, 55 days since 7 Sep 2026, "
    text = view_of(shared).text
    assert text.chart_caption(text.review.actions.iloc[0]) == caption + "when the first of them began"


def test_days_without_an_expectation_are_not_counted_as_compared():
    review = follow_up(JOINT)
    frame = review.days
    frame.loc[frame["date"].between("2026-10-01", "2026-10-07"), "expected"] = float("nan")
    text = FollowText(type(review)(**(vars(review) | {"days": frame})), "en")
    assert text.compared(review.actions.iloc[0]) == (48, "2026-09-07", "2026-10-31")  # 55 less seven holidays


def test_what_recurs_is_counted_by_metric():
    frame = FollowView(everything()).recurring()
    assert frame.to_numpy().tolist() == [["Orders", "3", "2", "2", "0", "1", "0"]]
    assert not any("owner" in name.lower() for name in frame.columns)


# --- the page's own parts


def test_conclusions_are_the_answer_then_what_moved_what_did_not_and_what_is_late():
    found = FollowView(everything()).conclusions()
    assert [where for _, where in found] == ["followup", "open-action-M", "open-action-N", "open-action-L"]
    assert found[3][0] == "“Action L” is 31 days overdue."


def test_without_an_action_at_work_nothing_is_concluded():
    assert view_of(NEXT).conclusions() == []


def test_only_a_verdict_that_turned_is_a_change():
    changed = view_of(MOVED | {"was": "cannot_tell"}, NOT_MOVED | {"was": "not_moved"}, WIDE)
    assert changed.changes() == ["“Action M”: cannot be told before, moved now."]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (EVERYTHING, "7 open, 1 overdue"),  # all but the dropped one, with the one decided for the next month
        ((MOVED | {"status": "act"},), "none open"),
        ((NEXT,), "1 open"),
        ((), "no action yet"),
    ],
)
def test_the_tile_counts_open_and_overdue_ones(rows, line):
    assert view_of(*rows).tile()[0] == line


def test_the_tile_has_a_mark_an_action():
    _, picture = view_of(MOVED, NOT_MOVED, WIDE, DROPPED).tile()
    assert [str(picture).count(mark) for mark in ("<circle", "<path")] == [2, 2]


def test_three_questions_are_worded_from_the_result():
    assert FollowView(everything()).questions() == [
        "“Action M” moved: what of it becomes the new standard, and who writes it down?",
        "“Action N” did not move: do we change the action, or the aim?",
        "“Action L” is carried over: split it, give it another owner, escalate it or drop it?",
    ]


def test_questions_claim_nothing_where_nothing_was_decided():
    assert view_of().questions()[0] == "Which number do we most want to move next month?"
    assert not any("moved" in question for question in view_of(DROPPED).questions())


def test_many_titles_are_named_as_far_as_a_sentence_bears_them():
    rows = [MOVED | {"id": name, "title_en": f"Plan {name}"} for name in "ABCDE"]
    assert view_of(*rows).questions()[0].startswith("“Plan A”, “Plan B” and “Plan C” and 2 more moved:")


def test_what_people_say_stands_beside_what_the_days_say():
    text = FollowText(follow_up(NOT_MOVED), "en")
    assert text.outcome(NOT_MOVED | {"outcome": "not moved"}) == "The team says the same: it did not move."
    said = "The team says it moved; the days say it did not move. Which is it, and why?"
    assert text.outcome(NOT_MOVED | {"outcome": "moved"}) == said


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", ("more than three open actions", "for four weeks", "a bad stretch", "Public holidays are left out")),
        ("zh-CN", ("超过三项", "满四周", "低谷", "法定节假日不参与比较")),
    ],
)
def test_the_method_says_what_is_counted_by_person_and_what_is_not_credited(lang, told):
    method = view_of(MOVED, lang=lang).method()
    assert [part for part in told if part not in method] == []


def test_a_trigger_is_told_when_and_then():
    text = FollowText(follow_up(MOVED), "en")
    assert text.trigger(MOVED | {"when_en": "stock runs low", "then_en": "order"}) == "When stock runs low, then order"
    assert text.trigger(MOVED | {"then_zh": "订货"}) == "订货"


@pytest.mark.parametrize(
    ("unit", "value", "shown"), [("percent", 81.0, "81%"), ("fraction", 0.81, "81%"), ("count", 1310.0, "1.31k")]
)
def test_a_baseline_is_shown_in_its_unit(unit, value, shown):
    # a ledger holds per cent where the goal is in per cent
    assert FollowText(follow_up(MOVED), "en").baseline({"baseline": value, "unit": unit}) == shown


# --- the section


def test_a_line_tells_who_until_when_and_how_late(section):
    assert "growth-2 · due 7 Sep 2026 · 31 days overdue It names no metric" in words(section)


def test_decided_last_time_comes_before_older_ones(section):
    text = words(section)
    assert text.index("Decided last time") < text.index("Action M") < text.index("Older, still open or to be checked")


def test_what_is_to_come_stands_apart(section):
    lines = section[: section.index("follow-next")]
    assert "Action X" not in lines and "Action X" in section


def test_every_anchor_is_there(section):
    targets = set(re.findall(r'id="([^"]+)"', section))
    links = set(re.findall(r'href="#(open-[^"]+)"', section))
    assert links == {f"open-action-{row['id']}" for row in EVERYTHING[:-1]} and links <= targets
    assert "open-action-X" in targets


def test_months_that_were_read_stand_in_the_card(section):
    text = words(section)
    assert "Aug 2026 −1% −4% to +2% ○ cannot tell yet Sep 2026 −3% −5% to −1% ● moved Oct 2026 −4.1%" in text


def test_lessons_that_expired_stand_apart(section):
    text = words(section)
    seen = "KPI: Conversion, device: android · seen 2 times"
    assert f"Look at conversion after a release {seen} · believed until 31 Mar 2027 · L-1" in text
    assert text.index("Look at these again") < text.index("Look at the noise first")


def test_a_year_opens_with_what_its_months_read():
    html = str(view_of(MOVED, NOT_MOVED, period="2026", readings=READINGS).section())
    assert html.index("1 of 2 actions moved its metric by the end") < html.index('class="deeds"')


def test_charts_are_drawn_for_a_dozen_and_the_rest_is_counted():
    html = str(view_of(*(MOVED | {"id": f"A-{n}"} for n in range(MOST_DRAWN + 2))).section())
    assert html.count('<div class="picture beside">') == MOST_DRAWN
    assert "The charts of 2 more actions stand in the notebook." in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_of_data_is_text(lang):
    bad = dict.fromkeys(("title_en", "title_zh", "owner", "metric", "then_en", "then_zh", "source_finding"), EVIL)
    html = str(view_of(MOVED | bad, NEXT | bad, lang=lang).section())
    assert "<script" not in html and "49" not in words(html) and "&lt;script&gt;" in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_language_shows_the_other(lang):
    review = everything(lang=lang)
    chinese = re.findall(r"[\u4e00-\u9fff]+", words(FollowView(review).section()))
    assert bool(chinese) == (lang == "zh-CN")


def test_a_title_in_one_language_serves_both():
    assert FollowText(follow_up(MOVED | {"title_en": ""}), "en").quoted("M") == "“行动 M”"


def test_a_result_read_back_from_json_is_shown_alike():
    review = everything()
    again = load(json.loads(review.to_json()), lang="en")
    assert str(view(again).section()) == str(view(review).section())


def test_a_card_alone_is_the_card_of_the_page():
    html = str(FollowView(everything()).card("N"))
    assert 'data-action="action-N"' in html and "In the same days there were also: Double 11 warm-up." in words(html)


def test_an_unknown_action_is_named():
    with pytest.raises(KeyError, match=r"^\"no action 'nobody'; there are M\"$"):
        view_of(MOVED).card("nobody")


def test_a_notebook_shows_answer_and_table():
    html = everything()._repr_html_()
    assert "7 actions decided earlier" in html and html.count("<tr") == 8  # 7 actions and a head


def test_long_titles_are_told_in_full():
    html = view_of(MOVED | {"title_en": LONG["en"], "title_zh": LONG["zh-CN"]}).section()
    assert LONG["en"] in unescape(str(html))


def test_a_result_without_rows_has_a_section():
    assert words(follow_up()._view().section()).strip() == follow_up().headline
    assert isinstance(follow_up().table(), pd.DataFrame)
