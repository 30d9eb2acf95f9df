"""Words, numbers, charts and page of a result, without a browser."""

from __future__ import annotations

import math
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest

from opsretro import open_workspace
from opsretro.analysis.result import Context
from opsretro.report import look, numbers
from opsretro.report.goal_charts import card, days
from opsretro.report.goal_overview import overview
from opsretro.report.goal_text import GoalText
from opsretro.report.goal_view import GoalView
from opsretro.report.page import MonthPage, page_html
from opsretro.report.views import load
from opsretro.words import LANGUAGES


@pytest.fixture(scope="module")
def review():
    return open_workspace("data", lang="en").goal_review("2026-10")


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"),
        (999.6, "1000", "1k"),
        (9999.7, "1 万", "10k"),
        (1e8, "1 亿", "100M"),
        (-1234567, "−123 万", "−1.23M"),
    ],
)
def test_numbers_have_three_digits_and_the_scale_of_the_language(value, zh, en):
    assert (numbers.number(value, "zh-CN"), numbers.number(value, "en")) == (zh, en)


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_missing_number_is_a_dash(value):
    assert numbers.amount(value, "currency", "en") == "–"


def test_a_share_never_rounds_across_the_target():
    assert numbers.share(0.9999, "en") == "99.99%" and numbers.share(1.0001, "en") == "100.01%"


def test_two_values_that_differ_look_different():
    assert numbers.distinct([25999.0, 26000.0], "count", "en") == ["25.999k", "26k"]


def test_a_currency_without_a_sign_keeps_its_code():
    assert numbers.amount(-1250.0, "currency", "en", currency="SEK") == "−SEK 1.25k"


def test_numbers_do_not_follow_the_locale_of_the_process(monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert numbers.rate(0.0421, "zh-CN") == "4.21%"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_a_sentence(review, lang):
    sentences = review.in_language(lang).sentences()
    assert len(sentences) == 11 and all(sentence.endswith((".", "。")) for sentence in sentences)


def test_a_met_goal_that_got_worse_does_not_look_calm(workspace):
    text = (workspace / "metrics.csv").read_text(encoding="utf-8")
    # 308 a month before, 301 in October: above the target of 300, below everything usual
    (workspace / "metrics.csv").write_text(text.replace("2026-10-31,sales,11", "2026-10-31,sales,-7"), encoding="utf-8")
    row = open_workspace(workspace).goal_review("2026-10").goal("sales")
    assert (row["status"], row["variation"], row["better"]) == ("met", "signal", "worse")


@pytest.mark.parametrize("size", look.SIZES)
def test_the_card_draws_band_target_months_and_signals(review, size):
    figure = card(GoalText(review, "en"), review.goal("conversion"), _months(review), size=size)
    labels = {artist.get_label() for artist in figure.axes[0].get_children()}
    assert {"limits", "mean", "target", "value", "signal"} <= labels


def test_the_line_of_the_card_is_the_months_of_the_result(review):
    figure = card(GoalText(review, "en"), review.goal("conversion"), _months(review))
    line = next(line for line in figure.axes[0].lines if line.get_label() == "value")
    assert np.array_equal(line.get_ydata(), _months(review)["value"].to_numpy())


def test_the_signal_of_this_month_is_the_only_filled_diamond(review):
    figure = card(GoalText(review, "en"), review.goal("conversion"), _months(review))
    signal = next(line for line in figure.axes[0].lines if line.get_label() == "signal")
    assert list(signal.get_xdata()) == [23]


def test_the_overview_has_a_row_a_goal_and_a_mark_a_goal(review):
    axes = overview(GoalText(review, "en"), review.goals, review.months).axes[0]
    marks = [line for line in axes.lines if line.get_label() in {"signal", "ordinary"}]
    assert (len(axes.get_yticks()), len(marks)) == (9, 9)


def test_labels_at_the_line_ends_do_not_touch(review):
    figure = card(GoalText(review, "zh-CN"), review.goal("gmv"), review.months[review.months["goal_id"] == "gmv"])
    figure.canvas.draw()
    heights = sorted(text.get_window_extent().y0 for text in figure.axes[0].texts)
    assert min(np.diff(heights)) >= 0.9 * look.SIZES["wide"][1]


def test_an_svg_has_tokens_for_colours_and_ids_of_its_own(review):
    shown = GoalView(review)
    pictures = shown._pictures("goal-x", "t", partial(shown._draw_card, review.goal("conversion")))
    svg = str(pictures["narrow"])
    assert "var(--accent)" in svg and not set(look.LIGHT.values()) & set(re.findall(r"#[0-9a-f]{6}", svg))
    assert all(name.startswith("goal-x-narrow-") for name in re.findall(r'\bid="([^"]+)"', svg))


def test_ids_of_a_whole_page_are_unique(review):
    names = re.findall(r'\bid="([^"]+)"', _page(review, "en"))
    assert len(names) == len(set(names))


def test_text_from_data_is_text_on_the_page(review):
    evil = "<script>alert(1)</script>{{ 7*7 }}$x^2$"
    data = review.to_dict()
    data["context"]["names"]["conversion"] = dict.fromkeys(LANGUAGES, evil)
    html = _page(load(data, lang="en"), "en")
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html and "{{ 7*7 }}" in html


def test_the_page_of_a_failed_section_says_why():
    page = MonthPage(
        period="2026-10",
        context=Context(),
        results={},
        failures={"goals": {"en": "cell 4: KeyError.", "zh-CN": "单元格 4"}},
        files={},
    )
    assert "This section failed: cell 4: KeyError. The rest of the page is not affected." in page_html(page, "en")


@pytest.mark.parametrize("theme", [look.LIGHT, look.DARK])
@pytest.mark.parametrize("token", ["ink", "muted", "target", "accent", "data"])
def test_text_colours_have_contrast_aa(theme, token):
    assert _contrast(theme[token], theme["paper"]) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def _months(review, goal="conversion"):
    return review.months[review.months["goal_id"] == goal]


def _page(review, lang: str) -> str:
    page = MonthPage(
        period="2026-10",
        context=review.context,
        results={"goals": review},
        failures={},
        files={"goals.csv": 9},
    )
    return page_html(page, lang)


def _one_goal(workspace, october: int, **columns: str):
    """The workspace's goal with other columns, October at another height, reviewed in English."""
    header, row = (workspace / "goals.csv").read_text(encoding="utf-8").splitlines()
    goal = dict(zip(header.split(","), row.split(","), strict=True)) | columns
    (workspace / "goals.csv").write_text(f"{','.join(goal)}\n{','.join(goal.values())}\n", encoding="utf-8")
    text = (workspace / "metrics.csv").read_text(encoding="utf-8")
    (workspace / "metrics.csv").write_text(
        text.replace("-10-31,sales,11", f"-10-31,sales,{october - 308}"), encoding="utf-8"
    )
    return open_workspace(workspace, lang="en").goal_review("2026-10")


def test_a_line_not_to_cross_is_no_way_to_go(workspace):
    review = _one_goal(workspace, 310, direction="lower", target="400", baseline="300")
    assert review.sentences()[1].startswith("Sales met the target: 310 against 400. ")
    assert review.table()["Attained"].tolist() == ["–"]


def test_a_missed_goal_never_looks_like_its_target(workspace):
    review = _one_goal(workspace, 300, target="300.4")
    assert review.table()[["Actual", "Target", "Met?"]].to_numpy().tolist() == [["300", "300.4", "○ missed"]]


def test_a_goal_without_target_and_rows_is_drawn_and_told(workspace):
    review = _one_goal(workspace, 300, target="", kpi="nothing_like_it")
    assert review.plot("sales").axes and review.plot().axes
    assert review.headline == "No verdict on the goal yet."


def test_a_kpi_without_any_variation_keeps_its_signal_in_the_overview(workspace):
    axes = _one_goal(workspace, 320).plot().axes[0]
    assert [line.get_xdata()[0] > 1 for line in axes.lines if line.get_label() == "signal"] == [True]


def test_two_goals_of_one_kpi_keep_their_own_names(review):
    data = review.to_dict()
    data["context"]["names"] = {"orders": {"zh-CN": "订单", "en": "Orders!"}}
    text = GoalText(load(data, lang="en"), "en")
    assert [text.name(text.review.goal(goal)) for goal in ("orders", "new_buyer_orders")] == [
        "Orders!",
        "Orders of new buyers",
    ]


def test_headline_and_tile_count_the_same_goals(workspace):
    row = (workspace / "goals.csv").read_text(encoding="utf-8").splitlines()[1]
    with (workspace / "goals.csv").open("a", encoding="utf-8") as file:
        file.write(row.replace("sales,Sales", "b,B").replace(",sales,", ",zzz,") + "\n")
    shown = GoalView(open_workspace(workspace, lang="en").goal_review("2026-10"))
    assert shown.headline().startswith("1 of 1 goal was met, 1 has no verdict; ")
    assert shown.tile()[0] == "1 of 2 goals met"


def test_texts_of_any_width_stay_inside_the_picture(workspace):
    review = _one_goal(workspace, 310, target="9999999999999", unit="currency")
    figure = review.plot("sales")
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in [*figure.axes[0].texts, *figure.axes[0].get_yticklabels()]]
    assert min(box.x0 for box in boxes) >= 0 and max(box.x1 for box in boxes) <= figure.bbox.width


@pytest.fixture(scope="module")
def running():
    """The sample on 20 October, with the month still running."""
    return open_workspace("data", lang="en", as_of="2026-10-20").goal_review("2026-10")


def labels_of(figure):
    return [artist.get_label() for artist in figure.axes[0].get_children()]


def test_a_running_month_is_drawn_as_a_cone_and_not_as_a_fall(running):
    figure = running.plot("gmv")
    assert {"cone80", "cone95", "pace"} <= set(labels_of(figure)) and "so far" in labels_of(figure)
    line = next(line for line in figure.axes[0].lines if line.get_label() == "value")
    assert len(line.get_ydata()) == 23  # November 2024 to September 2026


def test_the_days_of_a_running_month_are_those_of_the_result(running):
    path = running.days[running.days["goal_id"] == "gmv"]
    axes = days(GoalText(running, "en"), running.goal("gmv"), path).axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert path["goal_line"].iloc[-1] == pytest.approx(4_860_000)  # the target in data/goals.csv
    assert (drawn["goal"] == 0).all() and np.isnan(drawn["actual"][20:]).all()
    assert drawn["actual"][19] == running.goal("gmv")["actual"] - path["goal_line"].iloc[19]
    assert drawn["expected"][-1] == path["expected"].iloc[-1] - path["goal_line"].iloc[-1]


def test_a_rate_is_drawn_beside_its_target_and_not_as_a_distance(running):
    path = running.days[running.days["goal_id"] == "conversion"]
    axes = days(GoalText(running, "en"), running.goal("conversion"), path).axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert (drawn["goal"] == 0.04).all() and drawn["actual"][19] == running.goal("conversion")["actual"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_and_interval_of_a_pace_agree(running, lang):
    text = GoalText(running.in_language(lang), lang)
    for _, goal in running.goals.iterrows():
        low, high = text.amounts([goal["pace_lower80"], goal["pace_upper80"]], goal)
        assert low in text.pace(goal) and high in text.pace(goal) and low in text.pace_cells(goal)[0]


def test_a_chance_of_eighty_per_cent_is_on_course_and_of_twenty_is_not(running):
    text = GoalText(running, "en")
    goals = [pd.Series(running.goal("gmv").to_dict() | {"hit_probability": chance}) for chance in (0.2, 0.5, 0.8)]
    titles = [text.chart_title(goal) for goal in goals]
    assert [title.split("(GMV)")[1].strip(": ") for title in titles] == [
        "is not on course for its target",
        "whether it reaches its target is open",
        "is on course for its target",
    ]


def test_the_headline_of_a_running_month_speaks_of_chances(running):
    counts = running.counts()
    assert counts["paced"] == 9 and counts["decided"] == 0
    assert running.headline == (
        f"At this pace {counts['likely']} of 9 goals are likely to be met, "
        f"{9 - counts['likely'] - counts['unlikely']} are open, {counts['unlikely']} are likely to be missed."
    )


def test_a_range_that_started_anew_is_faded_before(review):
    figure = card(GoalText(review, "en"), review.goal("followers"), _months(review, "followers"))
    bands = [artist for artist in figure.axes[0].collections if artist.get_label() == "limits"]
    assert [band.get_alpha() for band in bands] == [0.4, 1.0]  # rebased in 2026-01 by data/retro.toml


def test_the_reason_of_a_new_start_stands_on_the_page_in_its_language(review):
    assert "starts anew in Jan 2026: the content plan was doubled" in _page(review, "en")
    assert "从2026年1月重新起算：内容计划加倍" in _page(review, "zh-CN")


def test_the_target_of_the_card_is_a_step_a_milestone(review):
    figure = card(GoalText(review, "en"), review.goal("followers"), _months(review, "followers"))
    step = next(patch for patch in figure.axes[0].patches if patch.get_label() == "target")
    # 120,000 + a quarter, half and three quarters of 24,000, due in March, June and September 2026
    assert sorted(set(step.get_data().values[~np.isnan(step.get_data().values)])) == [
        120_000,
        126_000,
        132_000,
        138_000,
    ]


def test_the_page_says_how_many_false_alarms_to_expect(review):
    assert "With 9 KPIs, about 0.4 false signals are to be expected even if nothing changed." in _page(review, "en")


def test_the_page_shows_the_team_score_and_its_months(review):
    table = review.team_score()
    assert table["Month"].tolist()[-1] == "Oct 2026" and len(table) == 10
    # 0.6 x 91.76 + 0.2 x supervisor + 0.15 x peers + 0.05 x self of data/assessments.csv
    assert f"Team score {numbers.number(review.scores['total'].iloc[-1], 'en')};" in _page(review, "en")


def test_the_page_says_how_goals_could_be_written_better(review):
    advice = review.advice()
    assert advice["Goal"].tolist() == [
        "Sales (GMV)",
        "Orders",
        "Conversion",
        "Orders of new buyers",
        "Reads per article",
    ]
    assert set(advice["What to write instead"]) == {"Write the baseline: the KPI's value before the goal began."}


def test_what_would_change_a_verdict_is_told_with_its_distance(review):
    text = GoalText(review, "en")
    # 4,860,000 - 4,522,319 = 337,681; limits of twelve months as in the table
    assert text.turn(review.goal("gmv")).startswith(
        "¥338k more in its favour would have met the target; a month below ¥3.76M or above ¥5.29M"
    )


def test_goals_that_will_hardly_be_met_come_first_in_a_running_month(running):
    chances = running.goals.set_index("goal_id")["hit_probability"]
    ordered = [chances[item.subject] for item in running.findings if item.subject]
    ranks = [0 if chance <= 0.2 else 2 if chance >= 0.8 else 1 for chance in ordered]
    assert ranks == sorted(ranks) and len(set(ranks)) == 3


def test_the_tile_of_a_running_month_counts_goals_on_course(running):
    assert GoalView(running).tile()[0] == f"{running.counts()['likely']} of 9 goals on course"
    assert GoalView(running).changes() == []
