"""The pictures of team health by what is drawn: dots, intervals, bands, gaps, labels, in both sizes."""

import math

import numpy as np
import pandas as pd
import pytest
from health_results import DOWN, EVIL, LEVELS, LONG, MONTH, UNTOLD, around, empty, review
from matplotlib.colors import to_hex
from test_roi_charts import labelled, outside, touching

from opsretro.report import health_charts
from opsretro.report.health_text import HealthText
from opsretro.report.health_view import HealthView
from opsretro.report.look import LIGHT, ON_PAGE
from opsretro.words import LANGUAGES

KINDS = ("overview", "course", "courses", "beside", "spread")
MIXED = DOWN | {("all", "tools"): "cannot_tell", ("all", "clarity"): "up", ("team=growth", "workload"): "down"}
HIDDEN = {("2026-03", "all"): "few"}


def draw(kind, found=None, size="wide", title=False):
    """One of the pictures."""
    view = HealthView(review(MIXED) if found is None else found)
    rows = {
        "overview": view._drawn(),
        "course": view._row("workload", "all"),
        "courses": view.text.judged("all"),
        "beside": view._workload(),
        "spread": view._spread(),
    }
    return getattr(health_charts, kind)(view.text, rows[kind], size=size, title=title)


def axes_of(kind, *args, **options):
    return draw(kind, *args, **options).axes[0]


def names_of(axes):
    """The words beside the rows of a picture."""
    return [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]


def faces(axes, label):
    """Marker, line and face colour of what is drawn under a label."""
    return [(line.get_marker(), line.get_color(), to_hex(line.get_markerfacecolor())) for line in labelled(axes, label)]


# --- all dimensions on one scale


def test_what_changed_stands_first_groups_included():
    names = names_of(axes_of("overview"))
    assert names[0] == "Manageable workload" and len(names) == len(LEVELS) + 1
    assert names[2] == "Growth group · Manageable workload"  # two changes of everybody before it, five calm rows after


def test_the_scale_is_the_whole_scale_whatever_the_scores():
    axes = axes_of("overview")
    assert axes.get_xlim() == (0.9, 5.1)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3", "4", "5"]


def test_every_mean_is_drawn_where_it_lies_with_its_interval():
    view = HealthView(review(MIXED))
    rows, axes = view._drawn(), axes_of("overview")
    spans = [tuple(line.get_xdata()) for line in labelled(axes, "interval")]
    assert spans == list(zip(rows["low"], rows["high"], strict=True))
    dots = {int(line.get_ydata()[0]): line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1}
    assert [dots[place] for place in range(len(rows))] == list(rows["mean"])


def test_the_band_of_ordinary_variation_stands_behind_each():
    first = axes_of("overview").patches[0]
    assert (first.get_x(), first.get_width()) == pytest.approx((3.25, 0.7))  # 3.6 ± 0.35


def test_no_band_is_drawn_where_nothing_is_expected():
    assert len(axes_of("overview", review(n_months=6)).patches) == 0


@pytest.mark.parametrize("verdict", ["down", "up"])
def test_a_change_is_a_diamond_in_the_accent(verdict):
    assert set(faces(axes_of("overview"), verdict)) == {("D", LIGHT["accent"], LIGHT["accent"])}


def test_what_cannot_be_told_is_hollow_and_grey():
    assert faces(axes_of("overview"), "cannot_tell") == [("o", LIGHT["quiet"], LIGHT["paper"])]


def test_what_did_not_change_is_a_filled_dot():
    assert set(faces(axes_of("overview"), "steady")) == {("o", LIGHT["data"], LIGHT["data"])}


def test_the_accent_is_on_changes_alone():
    quiet = axes_of("overview", review(UNTOLD))
    assert not [line for line in quiet.lines if line.get_color() == LIGHT["accent"]]
    assert not [text for text in quiet.texts if text.get_color() == LIGHT["accent"]]


def test_the_number_of_people_stands_at_each_row():
    ends = [text.get_text() for text in axes_of("overview").texts]
    assert ends[0] == "3.0 (22)" and ends[2] == "3.0 (11)"


@pytest.mark.parametrize(
    ("verdicts", "title"),
    [
        ({}, "All 8 dimensions lie within their ordinary variation"),
        (DOWN, "Manageable workload lies below its ordinary variation"),
        (MIXED, "3 scores lie outside their ordinary variation"),
        ({("all", "tools"): "cannot_tell"}, "7 of the dimensions lie within their ordinary variation"),
        (UNTOLD, "The scores are known; whether they changed cannot be told yet"),
    ],
)
def test_the_title_is_the_message(verdicts, title):
    assert review(verdicts).plot().texts[0].get_text() == title


# --- months


def test_the_line_has_the_months_of_the_survey_and_its_band():
    axes = axes_of("course", review(DOWN))
    (line,) = labelled(axes, "mean")
    assert len(line.get_xdata()) == 13 and line.get_ydata()[-1] == 3.0
    (band,) = labelled(axes, "band")
    assert band.get_extents().transformed(axes.transData.inverted()).intervaly == pytest.approx([3.25, 3.95])


def test_the_newest_month_alone_carries_the_verdict():
    axes = axes_of("course", review(DOWN))
    assert [(mark, list(line.get_xdata())) for line in labelled(axes, "down") for mark in [line.get_marker()]] == [
        ("D", [12])
    ]


def test_a_withheld_month_is_a_gap_with_a_hollow_mark_at_the_foot():
    axes = axes_of("course", review(DOWN, hidden=HIDDEN))
    (line,), (hidden,) = labelled(axes, "mean"), labelled(axes, "hidden")
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [5] == list(hidden.get_xdata())
    low, high = axes.get_ylim()
    assert hidden.get_ydata()[0] < low + (high - low) / 8 and hidden.get_markerfacecolor() == LIGHT["paper"]


def test_a_month_without_a_survey_is_a_gap_too():
    found = review()
    cells, dimensions = (frame[frame["month"] != "2026-05"] for frame in (found.cells, found.dimensions))
    axes = axes_of("course", review(cells=cells, dimensions=dimensions))
    assert list(labelled(axes, "hidden")[0].get_xdata()) == [7]


def test_every_month_has_its_interval():
    (lines,) = labelled(axes_of("course", review()), "interval")
    assert len(lines.get_segments()) == 13


def test_a_dimension_not_shown_in_the_month_has_its_line_and_no_band():
    figure = review(hidden={(MONTH, "all", "tools"): "audit"}).course("tools")
    assert labelled(figure.axes[0], "band") == [] and math.isnan(labelled(figure.axes[0], "mean")[0].get_ydata()[-1])


def test_the_small_pictures_share_one_scale_and_name_each_dimension():
    figure = draw("courses")
    assert len(figure.axes) == len(LEVELS) and len({axes.get_ylim() for axes in figure.axes}) == 1
    assert [axes.texts[0].get_text() for axes in figure.axes][:2] == ["Manageable workload", "Recovery"]


def test_small_pictures_of_a_group_are_drawn_too():
    assert len(review().course(group="team=growth").axes) == len(LEVELS)


@pytest.mark.parametrize("size", ON_PAGE)
def test_the_scale_of_a_line_never_leaves_the_scale_of_the_answers(size):
    low, high = axes_of("course", review(), size=size).get_ylim()
    assert low >= 0.9 and high <= 5.1


def test_a_survey_of_one_month_can_be_drawn():
    found = review(n_months=1)
    assert found.course().axes and found.course("workload").axes and found.plot().axes


@pytest.mark.parametrize(
    ("verdicts", "n_months", "title"),
    [
        (DOWN, 13, "Everybody: one dimension left its ordinary variation"),
        ({}, 13, "Everybody: no dimension is seen to have left its ordinary variation"),
        ({}, 6, "Everybody: whether anything changed cannot be told yet"),
    ],
)
def test_the_title_of_the_months_is_their_message(verdicts, n_months, title):
    assert review(verdicts, n_months=n_months).course().texts[0].get_text() == title


# --- workload


def test_overtime_training_and_leave_stand_beside_each_other_from_zero():
    figure = draw("beside")
    assert [axes.texts[-1].get_text() for axes in figure.axes] == ["Overtime", "Training", "Leave"]
    assert all(line.get_xdata()[0] == 0 for axes in figure.axes for line in labelled(axes, "stem"))


def test_a_withheld_group_is_not_drawn():
    assert names_of(axes_of("beside")) == ["Everybody", "Growth group", "Content group"]


def test_the_group_that_stands_off_is_a_diamond_in_the_accent_and_only_in_overtime():
    overtime, *others = draw("beside").axes
    loud = [line for line in overtime.lines if line.get_marker() == "D"]
    assert [line.get_label() for line in loud] == ["team=growth"] and loud[0].get_color() == LIGHT["accent"]
    assert not [line for axes in others for line in axes.lines if line.get_marker() == "D"]


def test_unknown_hours_are_a_dash_and_hours_below_the_contract_reach_to_the_left():
    rows = around()["workload"]
    rows["overtime"] = [-0.02, -0.05, np.nan, 0.0]
    axes = axes_of("beside", review(workload=rows))
    assert [text.get_text() for text in axes.texts[:3]] == ["−2%", "−5%", "–"]
    assert axes.get_xlim()[0] < -0.05 and outside(axes.figure) == []


def test_without_workload_there_are_words():
    none = pd.DataFrame(columns=["month", "group"])
    assert review(workload=none).beside().texts[0].get_text() == "There is no workload to show."


@pytest.mark.parametrize(
    ("state", "title"), [("shown", "Growth group stands off by its overtime of 17%"), ("running", "Overtime, training")]
)
def test_the_title_says_whose_overtime_stands_off(state, title):
    found = review() if state == "shown" else empty(state)
    rows = around()["workload"]
    text = HealthText(found, "en")
    assert text.beside_title(rows).startswith(title)


# --- how answers are spread


def test_the_bands_of_an_item_add_up_to_everybody_who_answered():
    axes = axes_of("spread")
    first = [patch for patch in axes.patches if patch.get_y() < 0.5]
    assert [round(22 * patch.get_width()) for patch in first] == [3, 7, 12]
    assert sum(patch.get_width() for patch in first) == pytest.approx(1)


def test_the_middle_is_grey_and_lies_around_zero():
    middle = next(patch for patch in axes_of("spread").patches if round(22 * patch.get_width()) == 7)
    assert middle.get_x() == pytest.approx(-middle.get_width() / 2)
    assert to_hex(middle.get_facecolor()) == LIGHT["band"]


def test_merged_bands_are_one_bar():
    last = [patch for patch in axes_of("spread").patches if patch.get_y() > 8]
    assert [round(22 * patch.get_width()) for patch in last] == [9, 13]
    assert last[0].get_x() + last[0].get_width() == pytest.approx(0)


def test_only_items_whose_spread_may_be_shown_are_drawn():
    found = review(hidden={(MONTH, "all", "clarity"): "audit"})
    assert len(names_of(axes_of("spread", found))) == 9


def test_neither_red_nor_green_is_used():
    tokens = {LIGHT[name] for name in ("data", "band", "target")}
    assert {to_hex(patch.get_facecolor()) for patch in axes_of("spread").patches} <= tokens


# --- what must hold for all of them


def long_names(lang):
    """A review in which a group and dimensions have long names."""
    names = {
        name: {key: LONG[key] for key in LANGUAGES}
        for name in ("workload", "recovery", "tools", "growth", "tools_work")
    }
    return review(MIXED, lang=lang, names=names, hidden=HIDDEN)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_stay_inside_and_apart(kind, size, lang):
    for found in (review(MIXED, lang=lang, hidden=HIDDEN), long_names(lang)):
        figure = draw(kind, found, size=size)
        assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["overview", "course", "courses", "beside"])
def test_titles_stay_inside_and_apart_and_the_keys_are_whole(kind, lang):
    figure = draw(kind, review(MIXED, lang=lang), title=True)
    assert outside(figure) == [] and touching(figure) == []
    assert not [text for text in figure.texts if text.get_text().endswith("…")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_our_own_names_are_never_cut(lang):
    for size in ON_PAGE:
        drawn = [axes.texts[0].get_text() for axes in draw("courses", review(lang=lang), size=size).axes]
        assert not [name for name in [*drawn, *names_of(axes_of("overview", review(lang=lang)))] if name.endswith("…")]


@pytest.mark.parametrize("size", ON_PAGE)
def test_a_group_and_its_dimension_break_between_the_two(size):
    label = draw("overview", size=size).axes[0].get_yticklabels()[2].get_text()
    assert label == "Growth group ·\nManageable workload"


def test_what_a_picture_says_to_a_screen_reader_is_text_and_colours_are_tokens():
    view = HealthView(review(DOWN, names={"workload": {"en": EVIL}}))
    picture = str(view._draw("overview", EVIL, view._drawn())["narrow"])
    assert "<script" not in picture and 'aria-label="&lt;script&gt;' in picture
    assert "var(--accent)" in picture and LIGHT["accent"] not in picture


def test_the_same_picture_is_the_same_bytes():
    view = HealthView(review(DOWN))
    one, other = (view._draw("beside", "t", view._workload()) for _ in range(2))
    assert one == other


# --- for a notebook


def test_a_subject_is_the_months_of_a_dimension():
    found = review(DOWN)
    title = "Growth group · Manageable workload stayed within its ordinary variation"
    assert found.plot("team=growth/workload").texts[0].get_text() == title
    assert found.plot("workload").texts[0].get_text().startswith("Manageable workload lies below")


def test_what_is_not_shown_is_named_with_what_is():
    with pytest.raises(KeyError, match=r"^\"nothing is shown of 'snacks' in 'team=content'; shown are none\"$"):
        review().course("snacks", "team=content")


@pytest.mark.parametrize("state", ["withheld", "running", "no_answers"])
def test_a_month_without_scores_is_a_picture_of_words(state):
    found = review(state=state)
    assert not found.plot().axes and not found.course().axes
    assert found.plot().texts[0].get_text().replace("\n", " ") == found.headline
