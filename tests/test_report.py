"""Words, numbers, charts and page of a result, without a browser."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from opsretro import open_workspace
from opsretro.analysis.result import Context
from opsretro.report import look, numbers
from opsretro.report.goal_charts import card
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
    pictures = GoalView(review)._pictures("goal-x", "t", review.goal("conversion"))
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
        present=frozenset({"goals", "metrics"}),
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


def _months(review):
    return review.months[review.months["goal_id"] == "conversion"]


def _page(review, lang: str) -> str:
    page = MonthPage(
        period="2026-10",
        context=review.context,
        results={"goals": review},
        failures={},
        present=frozenset({"goals", "metrics"}),
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
    assert review.headline == "No verdict on the goal yet; too little history to tell signal from noise."


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
