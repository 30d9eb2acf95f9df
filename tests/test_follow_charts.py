"""The pictures of the follow-up by what is drawn: lines, starts, intervals, marks and labels, in both sizes."""

from functools import partial

import numpy as np
import pytest
from follow_results import EVIL, JOINT, LONG, MOVED, NOT_MOVED, READINGS, WIDE, action, everything, follow_up
from test_roi_charts import labelled, outside, touching

from opsretro.report import follow_charts
from opsretro.report.follow_text import FollowText
from opsretro.report.follow_view import FollowView
from opsretro.report.look import LIGHT, ON_PAGE
from opsretro.words import LANGUAGES

KINDS = ("course", "forest", "grid")
NAMED = {"title_en": LONG["en"], "title_zh": LONG["zh-CN"]}


def draw(kind, *rows, size="wide", lang="en", title=False):
    """One of the three kinds of pictures; the course is that of the first action."""
    review = follow_up(*rows, lang=lang, period="2026" if kind == "grid" else "2026-10", readings=READINGS)
    text = FollowText(review, lang)
    if kind == "course":
        row = review.actions.iloc[0]
        days = review.days[review.days["id"] == row["id"]]
        return follow_charts.course(text, row, days, size=size, title=title)
    return getattr(follow_charts, kind)(text, review.judged, size=size, title=title)


def marks(axes):
    """Every mark by place: its shape, its colour, the colour inside and the verdict."""
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    looks = [(line.get_marker(), line.get_color(), line.get_markerfacecolor(), line.get_label()) for line in points]
    return {(line.get_xdata()[0], line.get_ydata()[0]): look for line, look in zip(points, looks, strict=True)}


DOT = ("o", LIGHT["data"], LIGHT["data"], "moved")
DIAMOND = ("D", LIGHT["accent"], LIGHT["accent"], "not_moved")
HOLLOW = ("o", LIGHT["quiet"], LIGHT["paper"], "cannot_tell")


# --- the metric of an action


def test_the_lines_are_the_days_of_the_metric():
    days = follow_up(MOVED).days.tail(28 + 55)
    axes = draw("course", MOVED).axes[0]
    for name in ("actual", "expected"):
        (line,) = labelled(axes, name)
        assert np.array_equal(line.get_ydata(), days[name])


def test_four_weeks_before_the_start_are_drawn():
    (line,) = labelled(draw("course", MOVED).axes[0], "actual")
    assert len(line.get_xdata()) == 28 + 55  # 7 September to 31 October


def test_the_start_is_a_thin_line_with_its_day():
    axes = draw("course", MOVED).axes[0]
    (start,) = labelled(axes, "start")
    assert (list(start.get_xdata()), start.get_linewidth(), start.get_color()) == ([27.5, 27.5], 1, LIGHT["muted"])
    assert [text.get_text() for text in axes.texts] == ["actual", "expected", "start Sep 7"]


def test_an_action_that_shares_its_days_is_marked_where_the_first_of_them_began():
    axes = draw("course", JOINT | {"compared_from": "2026-09-14"}).axes[0]  # its days: since 7 September
    (start,) = labelled(axes, "start")
    assert start.get_xdata()[0] == 27.5 and axes.texts[-1].get_text() == "first start Sep 7"


def test_a_late_start_has_its_label_on_the_side_with_room():
    axes = draw("course", MOVED | {"compared_from": "2026-10-24"}).axes[0]
    assert axes.texts[-1].get_ha() == "right"


def test_the_expectation_is_dashed_and_has_its_band():
    axes = draw("course", MOVED).axes[0]
    (expected,), (band,) = labelled(axes, "expected"), labelled(axes, "interval")
    days = follow_up(MOVED).days.tail(28 + 55)
    assert expected.get_linestyle() == "--"
    assert {days["lower"].min(), days["upper"].max()} <= set(band.get_paths()[0].vertices[:, 1])


def test_lines_are_named_at_their_ends_and_the_newest_day_below():
    axes = draw("course", MOVED, lang="zh-CN").axes[0]
    assert [text.get_text() for text in axes.texts] == ["实际", "预期", "9-7 开始"]
    assert axes.get_xticklabels()[-1].get_text() == "10-31"


def test_days_without_an_expectation_are_drawn_alone():
    review = follow_up(MOVED)
    row, bare = review.actions.iloc[0], review.days.assign(expected=np.nan, lower=np.nan, upper=np.nan)
    axes = follow_charts.course(FollowText(review, "en"), row, bare).axes[0]
    assert [text.get_text() for text in axes.texts] == ["actual", "start Sep 7"]


def test_a_missing_day_is_a_gap():
    review = follow_up(MOVED)
    review_days = review.days
    review_days.loc[review_days.index[-3], "actual"] = np.nan
    figure = follow_charts.course(FollowText(review, "en"), review.actions.iloc[0], review_days)
    (line,) = labelled(figure.axes[0], "actual")
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [28 + 55 - 3]


def test_a_rate_is_drawn_in_per_cent():
    labels = [label.get_text() for label in draw("course", MOVED).axes[0].get_yticklabels()]
    assert len(labels) > 1 and all(label.endswith("%") for label in labels)


@pytest.mark.parametrize(
    ("row", "title"),
    [
        (MOVED, "Refund rate fell by 4.1%"),
        (NOT_MOVED, "Orders did not move as hoped"),
        (action("B", "not_moved", (-0.08, -0.1, -0.05)), "Orders fell by 8%, the wrong way"),
        (WIDE, "Whether Orders moved cannot be told yet"),
        (JOINT, "Conversion: only what all actions on it did together"),
    ],
)
def test_the_title_is_the_message(row, title):
    assert draw("course", row, title=True).texts[0].get_text() == title


# --- all actions on one scale


def test_the_wanted_way_is_to_the_right_whatever_the_metric_does():
    found = marks(draw("forest", MOVED, NOT_MOVED, WIDE).axes[0])
    assert found == {(0.041, 0): DOT, (-0.04, 1): DIAMOND, (0.05, 2): HOLLOW}


def test_every_effect_has_its_interval_and_what_was_hoped_for():
    axes = draw("forest", MOVED, NOT_MOVED).axes[0]
    assert [tuple(line.get_xdata()) for line in labelled(axes, "interval")] == [(0.012, 0.07), (-0.16, 0.06)]
    assert [line.get_xdata()[0] for line in labelled(axes, "hoped")] == [0.1, 0.1]


def test_ends_are_the_change_of_the_metric_itself():
    axes = draw("forest", MOVED, NOT_MOVED).axes[0]
    assert [text.get_text() for text in axes.texts[2:]] == ["Refund rate −4.1%", "Orders −4%"]
    narrow = draw("forest", MOVED, NOT_MOVED, size="narrow").axes[0]
    assert [text.get_text() for text in narrow.texts[2:]] == ["−4.1%", "−4%"]


def test_sides_have_no_sign_that_could_be_taken_for_the_metrics():
    labels = [label.get_text() for label in draw("forest", MOVED, NOT_MOVED).axes[0].get_xticklabels()]
    assert "0%" in labels and not any(label.startswith(("+", "−")) for label in labels)


@pytest.mark.parametrize("size", ON_PAGE)
def test_both_sides_of_zero_are_named(size):
    wrong, wanted = draw("forest", MOVED, size=size).axes[0].texts[:2]
    assert [(text.get_text().strip(), text.get_ha(), text.get_position()[0]) for text in (wrong, wanted)] == [
        ("← wrong way", "right", 0),
        ("wanted way →", "left", 0),
    ]


def test_the_scale_is_that_of_the_intervals_whatever_was_hoped_for():
    slip = draw("forest", MOVED, NOT_MOVED | {"hoped": 8.0}).axes[0]
    assert slip.get_xlim() == draw("forest", MOVED, NOT_MOVED | {"hoped": np.nan}).axes[0].get_xlim()
    assert np.isnan([line.get_xdata()[0] for line in labelled(slip, "hoped")]).tolist() == [False, True]


@pytest.mark.parametrize("figures", [(0.05, 0.04, 0.06), (-0.05, -0.06, -0.04)])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_sides_have_room_for_their_names_where_all_lies_on_one(figures, lang):
    short = {"title_en": "Ad", "title_zh": "广告"}
    figure = draw("forest", action("A", "not_moved", figures) | short, size="narrow", lang=lang)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("kind", ["forest", "grid"])
def test_a_name_has_two_lines_before_it_is_cut(kind):
    title = "Review the search keywords of every campaign every Monday"
    axes = draw(kind, MOVED | {"title_en": title}).axes[0]
    said = axes.get_yticklabels()[0].get_text()
    assert said.count("\n") == 1 and " ".join(said.split()) == title


def test_zero_has_a_line():
    (zero,) = labelled(draw("forest", MOVED).axes[0], "zero")
    assert list(zero.get_xdata()) == [0, 0]


def test_only_what_did_not_move_has_the_accent():
    axes = draw("forest", MOVED, NOT_MOVED, WIDE).axes[0]
    assert {line.get_ydata()[0] for line in axes.lines if line.get_color() == LIGHT["accent"]} == {1}
    assert [text.get_color() == LIGHT["accent"] for text in axes.texts[2:]] == [False, True, False]


def test_an_action_without_a_hope_has_no_tick():
    axes = draw("forest", action("A", "moved", (0.2, 0.1, 0.3))).axes[0]
    assert not np.isfinite(labelled(axes, "hoped")[0].get_xdata()).any()


# --- what the months read


def test_each_month_has_the_mark_of_its_reading():
    axes = draw("grid", MOVED, NOT_MOVED).axes[0]
    assert marks(axes) == {(0, 0): HOLLOW, (1, 0): DOT, (1, 1): DIAMOND}


def test_only_months_that_were_read_have_a_column():
    axes = draw("grid", MOVED, NOT_MOVED).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Aug", "Sep"]
    assert axes.get_xlim() == (-0.5, 1.5)


def test_each_row_ends_with_how_it_stands():
    axes = draw("grid", MOVED, NOT_MOVED).axes[0]
    assert [text.get_text() for text in axes.texts] == ["● moved", "◆ did not move"]


# --- what must hold for all of them


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_stay_inside_and_apart(kind, size, lang):
    figure = draw(kind, MOVED | NAMED, NOT_MOVED | NAMED, WIDE | NAMED, size=size, lang=lang)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_titles_and_captions_stay_inside_and_apart(kind, lang):
    figure = draw(kind, MOVED | NAMED, NOT_MOVED, lang=lang, title=True)
    assert outside(figure) == [] and touching(figure) == []


def test_a_name_is_drawn_letter_by_letter_and_never_as_a_formula():
    axes = draw("forest", MOVED | {"title_en": "$x^2$"}).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$x^2$", ""]  # a row for the sides


def test_what_a_picture_says_to_a_screen_reader_is_text():
    shown = FollowView(follow_up(MOVED | {"metric": EVIL}))
    svg = str(shown._chart(shown.review.action("M"), "narrow", "x"))
    assert "<script" not in svg and 'aria-label="&lt;script&gt;' in svg


def test_colours_are_tokens_and_the_same_picture_the_same_bytes():
    shown = FollowView(follow_up(MOVED))
    one, other = (str(shown._chart(shown.review.action("M"), "narrow", "x")) for _ in range(2))
    assert one == other and "var(--data)" in one and LIGHT["data"] not in one


# --- for a notebook


def test_a_notebook_sees_all_actions_or_one():
    review = everything()
    assert len(labelled(review.plot().axes[0], "interval")) == 3  # those with a figure: M, N, W
    assert labelled(review.plot("M").axes[0], "actual")


def test_a_year_is_seen_by_month():
    review = follow_up(MOVED, NOT_MOVED, period="2026", readings=READINGS)
    assert len(marks(review.plot().axes[0])) == 3


def test_an_action_without_days_is_a_picture_of_words():
    (said,) = everything().plot("L").texts
    assert said.get_text() == "It names no metric, so nothing can be measured: choose one in actions.yaml."


@pytest.mark.parametrize("period", ["2026-10", "2026"])
def test_nothing_to_draw_is_the_answer_in_words(period):
    review = follow_up(period=period)
    assert " ".join(review.plot().texts[0].get_text().split()) == review.headline


def test_an_unknown_action_is_named():
    with pytest.raises(KeyError, match=r"^\"no action 'nobody'; there are M\"$"):
        partial(follow_up(MOVED).plot, "nobody")()
