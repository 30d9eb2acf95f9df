"""The pictures of the root causes by what is drawn: bars, intervals, bands, labels and their places, in both sizes."""

import math
from functools import partial

import numpy as np
import pytest
from cause_results import (
    ABOUT,
    APP_ANDROID,
    BIDI,
    DATED,
    DAYS,
    ENDED,
    EVIL,
    LONG,
    cause,
    drill,
    kpi,
    named,
    rate,
    rate_cause,
    review,
)
from matplotlib.colors import to_hex
from test_roi_charts import labelled, outside, touching

from opsretro.report import cause_charts
from opsretro.report.cause_text import CauseText
from opsretro.report.cause_view import CauseView
from opsretro.report.look import LIGHT, ON_PAGE
from opsretro.words import LANGUAGES

KINDS = ("parts", "course", "pareto")
OTHER = {"channel": ["mini"]}
SPREAD = (("a", 0.5), ("b", 0.3), ("c", 0.15), ("d", 0.05), ("e", -0.2))
"""Values of one dimension and their share of what moved the way of the change; the last one moved the other way."""


def pieces(*kpis, lang="en", **names):
    """Words of a review of these KPIs, its first KPI and that one's first cause."""
    found = named(review(*kpis, lang=lang), **names)
    causes = found.of("causes", found.kpis["subject"].iloc[0])
    return CauseText(found, lang), found.kpis.iloc[0], causes.iloc[0] if len(causes) else None


def draw(kind, *kpis, size="wide", lang="en", title=False, **names):
    """One of the three pictures of the first KPI."""
    text, row, first = pieces(*kpis, lang=lang, **names)
    if kind == "parts":
        return cause_charts.parts(text, row, size=size, title=title)
    if kind == "course":
        return cause_charts.course(text, row, first, size=size, title=title)
    rows = cause_charts.pareto_rows(text.review.of("drill", row["subject"]), None)
    return cause_charts.pareto(text, row, rows, size=size, title=title)


def axes_of(kind, *kpis, **options):
    return draw(kind, *kpis, **options).axes[0]


def names_of(axes):
    """The words beside the rows of a picture."""
    return [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]


def dated(**dates):
    """A KPI with one cause of these dates."""
    return kpi(cause(**dates))


def spread(values=SPREAD, change=-100.0):
    """A KPI and its drill-down along one dimension."""
    rows = [("channel", name, share, "quiet" if place else "cause") for place, (name, share) in enumerate(values)]
    return kpi(cause(), change=change) | {"drill": drill("sales", change, rows)}


# --- what a change is made of


SEVERAL = kpi(cause(-60.0), cause(25.0, element=OTHER), change=-100.0, calendar=-30.0, common=-20.0)


@pytest.mark.parametrize("made", [SEVERAL, kpi(cause(60.0), change=80.0), rate(rate_cause(), common=-0.002)])
def test_the_parts_add_up_to_the_whole(made):
    bars = [patch.get_width() for patch in axes_of("parts", made).patches]
    assert sum(bars[:-1]) == pytest.approx(bars[-1], abs=0.04 * max(map(abs, bars)))  # parts below 1 % are left out
    assert bars[-1] == made["kpis"][0]["change"]


def test_the_parts_are_causes_then_what_all_share_then_what_is_left():
    assert names_of(axes_of("parts", SEVERAL)) == [
        *("App × Android", "Mini program", "common to all", "weekdays, holidays", "unexplained", "whole change")
    ]


def test_every_bar_begins_at_zero_and_zero_has_a_line():
    axes = axes_of("parts", SEVERAL)
    assert {patch.get_x() for patch in axes.patches} == {0.0}
    (zero,) = labelled(axes, "zero")
    assert list(zero.get_xdata()) == [0, 0]


def test_the_whole_is_hollow_and_the_accent_is_on_the_first_cause_alone():
    patches = axes_of("parts", SEVERAL).patches
    faces = [to_hex(patch.get_facecolor()) for patch in patches]
    assert [face == LIGHT["accent"] for face in faces] == [True] + [False] * 5
    assert (faces[-1], to_hex(patches[-1].get_edgecolor())) == (LIGHT["paper"], LIGHT["ink"])
    assert {patch.get_linewidth() for patch in list(patches)[:-1]} == {0}


def test_the_interval_of_every_cause_is_drawn_on_its_bar():
    spans = [(line.get_ydata()[0], *line.get_xdata()) for line in labelled(axes_of("parts", SEVERAL), "interval")]
    assert spans == [(0, -75.0, -45.0), (1, 10.0, 40.0)]


def test_parts_too_small_to_see_are_left_out():
    assert names_of(axes_of("parts", kpi(cause(-99.5)))) == ["App × Android", "whole change"]


def test_more_causes_than_have_room_are_one_bar():
    causes = [cause(-10.0, 2.0, {"channel": [f"c{n}"]}) for n in range(8)]
    names = names_of(axes_of("parts", kpi(*causes)))
    assert names[5:] == ["further slices", "unexplained", "whole change"]


def test_numbers_stand_at_the_end_of_their_rows_without_the_word_for_points():
    made = rate(rate_cause(-0.003), common=-0.002)
    assert [text.get_text() for text in axes_of("parts", made).texts] == ["−0.300", "−0.200", "+0.100", "−0.400"]
    assert CauseText(review(made), "en").bars_key(review(made).kpis.iloc[0]).endswith("In percentage points.")


def test_everything_drawn_lies_inside_the_axis():
    low, high = axes_of("parts", SEVERAL).get_xlim()
    assert low < -100.0 and high > 40.0


# --- the days of a slice


def test_the_lines_are_the_last_days_of_the_slice():
    found = review(dated())
    axes = axes_of("course", dated())
    for name in ("actual", "expected"):
        (line,) = labelled(axes, name)
        assert line.get_ydata().tolist() == found.days[name].tail(cause_charts.DAYS_SHOWN).tolist()


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [(DATED, "2026-09-22", "2026-10-31"), (ABOUT, "2026-09-22", "2026-10-31"), (ENDED, "2026-09-22", "2026-10-05")],
)
def test_the_band_lies_from_the_first_day_to_the_last(dates, first, last):
    (band,) = labelled(axes_of("course", dated(**dates)), "since")
    shown = [f"{day:%Y-%m-%d}" for day in DAYS[-cause_charts.DAYS_SHOWN :]]
    ends = (shown.index(first) - 0.5, shown.index(last) + 0.5)
    assert (band.get_x(), band.get_x() + band.get_width()) == ends
    assert to_hex(band.get_facecolor()) == LIGHT["band"]


def test_an_undated_course_has_no_band():
    assert labelled(axes_of("course", dated(since="")), "since") == []


def test_a_movement_from_before_the_days_shown_has_its_band_from_the_first():
    (band,) = labelled(axes_of("course", dated(since="2026-07-03")), "since")
    assert band.get_x() == -0.5


def test_a_movement_that_ended_before_the_days_shown_has_no_band():
    # a year's review: the slice stood off in July, the picture shows August to October
    axes = axes_of("course", dated(since="2026-07-03", until="2026-07-20"))
    assert labelled(axes, "since") == []


def test_the_expectation_is_dashed_and_lines_are_named_at_their_ends():
    axes = axes_of("course", dated(), lang="zh-CN")
    (expected,) = labelled(axes, "expected")
    assert expected.get_linestyle() == "--"
    assert [text.get_text() for text in axes.texts] == ["实际", "同其余"]


@pytest.mark.parametrize(("lang", "tick"), [("en", "31 Oct"), ("zh-CN", "10/31")])
def test_the_newest_day_is_named(lang, tick):
    assert axes_of("course", dated(), lang=lang).get_xticklabels()[-1].get_text() == tick


@pytest.mark.parametrize("missing", [slice(-1, None), slice(50, 60)])
def test_days_without_data_are_a_gap(missing):
    made = dated()
    for day in made["days"][missing]:
        day["actual"] = math.nan
    (line,) = labelled(axes_of("course", made), "actual")
    assert np.isnan(line.get_ydata()).sum() == len(made["days"][missing])


def test_a_slice_that_never_was_is_drawn_as_zero():
    made = dated()
    for day in made["days"]:
        day["actual"] = day["expected"] = 0.0
    assert axes_of("course", made).get_ylim()[1] > 0


def test_the_weight_of_a_slice_is_drawn_as_a_number_and_not_in_per_cent():
    made = rate(rate_cause(effect="mix"))
    assert not [label for label in axes_of("course", made).get_yticklabels() if "%" in label.get_text()]


# --- the Pareto chart


@pytest.mark.parametrize("change", [-100.0, 100.0])
def test_shares_of_what_moved_one_way_add_up_to_the_whole(change):
    rows = cause_charts.pareto_rows(review(spread(change=change)).drill, None)
    assert (rows["part"].sum(), rows["total"].iloc[-1]) == pytest.approx((1.0, 1.0))
    assert rows["value"].tolist() == ["a", "b", "c", "d"]


def test_bars_and_line_are_those_shares_and_the_accent_is_on_the_first():
    axes = axes_of("pareto", spread())
    assert [patch.get_width() for patch in axes.patches] == pytest.approx([0.5, 0.3, 0.15, 0.05])
    (line,) = labelled(axes, "total")
    assert list(line.get_xdata()) == pytest.approx([0.5, 0.8, 0.95, 1.0])
    assert [to_hex(patch.get_facecolor()) == LIGHT["accent"] for patch in axes.patches] == [True, False, False, False]


def test_the_line_says_how_far_it_has_added_up():
    assert [text.get_text() for text in axes_of("pareto", spread()).texts] == ["50%", "80%", "95%", "100%"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "Channel: 2 values hold 80% of the movement of Sales"), ("zh-CN", "渠道：2 个取值占销售额变动的 80%")],
)
def test_the_title_counts_the_values_that_hold_most(lang, words):
    text, row, _ = pieces(spread(), lang=lang)
    assert text.pareto_title(row, cause_charts.pareto_rows(text.review.drill, None)) == words


def test_the_title_counts_no_more_values_than_are_drawn():
    values = [(f"v{n}", 0.05) for n in range(20)]
    text, row, _ = pieces(spread(values))
    rows = cause_charts.pareto_rows(text.review.drill, None).head(cause_charts.MOST_BARS["pareto"])
    assert text.pareto_title(row, rows).startswith("Channel: 8 values hold 40%")


def test_a_dimension_in_which_one_value_moved_this_way_is_no_pareto_chart_unless_asked_for():
    drill_of = review(spread([SPREAD[0], SPREAD[-1]])).drill
    assert cause_charts.pareto_rows(drill_of, None).empty
    assert len(cause_charts.pareto_rows(drill_of, "channel")) == 1


def test_the_dimension_whose_largest_value_holds_most_is_taken():
    made = spread()
    made["drill"] += drill(
        "sales", -100.0, [("device", name, share, "cause") for name, share in zip("abc", (0.8, 0.1, 0.1), strict=True)]
    )
    assert set(cause_charts.pareto_rows(review(made).drill, None)["dimension"]) == {"device"}


@pytest.mark.parametrize("state", ["ruled_out", "quiet"])
def test_the_accent_is_never_on_a_value_that_is_part_of_no_cause(state):
    values = [("channel", name, share, state) for name, share in zip("abc", (0.5, 0.3, 0.2), strict=True)]
    values += [("device", "android", 1.0, "cause"), ("device", "ios", 0.02, "quiet")]
    found = review(kpi(cause(element={"device": ["android"]})) | {"drill": drill("sales", -100.0, values)})
    figure = found.pareto("sales", "channel")
    accents = [bar for axes in figure.axes for bar in axes.patches if to_hex(bar.get_facecolor()) == LIGHT["accent"]]
    assert accents == []


def test_parts_of_a_rate_have_one_number_of_decimals():
    made = rate(rate_cause(-0.003312), change=-0.003433, common=-0.000216)
    decimals = {len(text.get_text().partition(".")[2]) for text in axes_of("parts", made).texts}
    assert len(decimals) == 1


# --- what must hold for all of them


def long_kpi(lang, made=kpi, part=cause):
    """A KPI whose causes and values have long names."""
    element = {"channel": ["x"], "device": ["android"], "city": ["x", "y", "z", "w"]}
    values = [("channel", name, share, "cause") for name, share in (("x", 0.5), ("mini", 0.3), ("y", 0.2))]
    found = made(part(element=element), part(element={"channel": ["x"]}))
    change = found["kpis"][0]["change"]
    return found | {"drill": drill(found["kpis"][0]["subject"], change, values)}, {"x": LONG[lang], "y": LONG[lang]}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_stay_inside_and_apart(kind, size, lang):
    made, names = long_kpi(lang)
    figure = draw(kind, made, size=size, lang=lang, **names)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_long_titles_stay_inside_and_apart(kind, lang):
    made, names = long_kpi(lang, rate, rate_cause)
    figure = draw(kind, made, lang=lang, title=True, **names)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_any_size_of_money_leaves_room_for_the_bars(size, scale):
    made = kpi(cause(-75.0 * scale, 15.0 * scale), change=-100.0 * scale, reference=1e3 * scale, common=-40.0 * scale)
    figure = draw("parts", made, size=size)
    assert outside(figure) == [] and touching(figure) == []
    assert figure.axes[0].get_position().width > 0.3


@pytest.mark.parametrize("size", ON_PAGE)
def test_a_name_that_has_no_room_is_cut_where_people_see_it(size):
    made, names = long_kpi("en")
    labels = names_of(axes_of("parts", made, size=size, **names))
    assert labels[0].endswith("…") and labels[0].startswith("Everybody")


@pytest.mark.parametrize("kind", ["parts", "pareto"])
def test_a_name_is_drawn_letter_by_letter_and_never_as_a_formula(kind):
    made = kpi(cause(element={"channel": ["x"]})) | {
        "drill": drill("sales", -100.0, [("channel", name, 0.3, "cause") for name in "xyz"])
    }
    assert names_of(axes_of(kind, made, x="$x^2$"))[0] == "$x^2$"


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_picture_says_to_a_screen_reader_is_text(kind):
    made, names = long_kpi("en")
    view = CauseView(review(made))
    svg = str(
        view._pictures("x", EVIL, lambda size: draw(kind, made, size=size, **dict.fromkeys(names, EVIL)))["narrow"]
    )
    assert "<script" not in svg and 'aria-label="&lt;script&gt;' in svg


@pytest.mark.parametrize("kind", KINDS)
def test_marks_that_turn_the_direction_of_writing_do_not_break_a_picture(kind):
    made, names = long_kpi("en")
    figure = draw(kind, made, **dict.fromkeys(names, BIDI))
    assert outside(figure) == [] and touching(figure) == []


def test_colours_are_tokens_and_the_same_picture_the_same_bytes():
    view = CauseView(review(SEVERAL))
    one, other = (str(view._pictures("x", "t", partial(view_parts, SEVERAL))["wide"]) for _ in range(2))
    assert one == other and "var(--accent)" in one and LIGHT["accent"] not in one


def view_parts(made, size):
    return draw("parts", made, size=size)


# --- for a notebook


@pytest.mark.parametrize("method", ["plot", "course", "pareto"])
def test_the_most_important_kpi_is_drawn_unless_another_is_named(method):
    found = review(kpi(subject="orders") | {"drill": []}, spread())
    assert getattr(found, method)().axes and getattr(found, method)("sales").axes


@pytest.mark.parametrize("method", ["plot", "course"])
def test_a_kpi_without_a_cause_is_a_picture_of_words(method):
    found = review(kpi())
    figure = getattr(found, method)()
    assert not figure.axes and "no slice stands out" in figure.texts[0].get_text().replace("\n", " ")


def test_a_pareto_chart_without_values_says_why_there_is_none():
    found = review(kpi(cause(), subject="orders"), spread(SPREAD[:2]))
    words = found.pareto("sales").texts[0].get_text().replace("\n", " ")
    assert "Orders" not in words and "three quarters of it comes from" not in words


@pytest.mark.parametrize("method", ["plot", "course", "pareto"])
def test_a_review_of_no_kpi_is_a_picture_of_words(method):
    (words,) = getattr(review(), method)().texts
    assert words.get_text() == "No KPI was flagged, so there is nothing to explain."


def test_the_course_of_a_second_cause_can_be_asked_for():
    found = review(kpi(cause(), cause(-5.0, element=OTHER)))
    assert found.course("sales", 2).texts[0].get_text().startswith("Mini program stands off the rest")


@pytest.mark.parametrize("method", ["plot", "course", "pareto"])
def test_an_unknown_kpi_is_named_with_those_there_are(method):
    with pytest.raises(KeyError, match=r"^\"'nobody' was not looked at in 2026-10; sales were\"$"):
        getattr(review(kpi(cause(element=APP_ANDROID))), method)("nobody")
