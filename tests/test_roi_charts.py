"""The pictures of the activity review by what is drawn: marks, intervals, labels and their places, in both sizes."""

import itertools
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from roi_cases import EVIL, TURNED, altered, named, year_of_every_kind

from opsretro.report import roi_charts
from opsretro.report.bars import note
from opsretro.report.drawing import shorten, wide, wrapped
from opsretro.report.look import LIGHT, ON_PAGE
from opsretro.report.roi_text import RoiText
from opsretro.report.roi_view import RoiView
from opsretro.words import LANGUAGES

LONG = "Double 11 warm-up with a name nobody shortened before the retro of the month"
KINDS = ("portfolio", "sale", "coupon", "split")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return year_of_every_kind(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module")
def portfolio(kinds):
    """Its axes and its rows, in the order drawn."""
    return drawn(kinds)


def drawn(review):
    """The axes of the portfolio and its rows, in the order drawn."""
    return draw(review, "portfolio").axes[0], RoiView(review)._ranked().reset_index(drop=True)


def draw(review, kind, size="wide", lang="en", title=False):
    """One of the four kinds of pictures."""
    text = RoiText(review, lang)
    if kind == "portfolio":
        return roi_charts.portfolio(text, RoiView(review)._ranked(), size=size, title=title)
    if kind == "split":
        rows = review.split[review.split["activity_id"] == "sale"].reset_index(drop=True)
        return roi_charts.split(text, rows, text.one_name("sale"), size=size, title=title)
    days = review.days[review.days["activity_id"] == kind]
    return roi_charts.course(text, review.activity(kind), days, size=size, title=title)


def labelled(axes, label):
    """What is drawn under a label."""
    return [artist for artist in axes.get_children() if artist.get_label() == label]


def mark(axes, rows, name):
    """The mark of an activity: a line of one point."""
    place = rows.index[rows["activity_id"] == name][0]
    marks = [line for line in axes.lines if list(line.get_ydata()) == [place] and len(line.get_xdata()) == 1]
    assert len(marks) == 1
    return marks[0]


def boxes(figure):
    """Where every text stands that can be read, by its words."""
    figure.canvas.draw()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]
    return [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]


def touching(figure):
    """Pairs of texts that lie on one another by more than a hair."""
    pairs = itertools.combinations(boxes(figure), 2)
    return [
        (one, other)
        for (one, a), (other, b) in pairs
        if a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 - 1 and b.y0 < a.y1 - 1
    ]


def outside(figure):
    """Texts that leave the figure."""
    room = figure.bbox
    return [words for words, box in boxes(figure) if box.x0 < 0 or box.x1 > room.x1 or box.y0 < 0 or box.y1 > room.y1]


# --- the portfolio


def test_the_portfolio_has_a_row_an_effect_the_highest_profit_first(portfolio):
    axes, rows = portfolio
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:5] == ["Stamps + Points, together", "Sale", "Coupon", "Trial", "Gift"]
    assert axes.get_ylim() == (len(rows) - 0.5, -0.5)


def test_every_profit_is_drawn_where_it_lies_with_its_interval(portfolio):
    axes, rows = portfolio
    known = rows[rows["profit"].notna()]
    spans = [(line.get_ydata()[0], *line.get_xdata()) for line in labelled(axes, "interval")]
    assert spans == list(zip(known.index, known["profit_lower"], known["profit_upper"], strict=True))
    assert all(mark(axes, rows, row.activity_id).get_xdata()[0] == row.profit for row in known.itertuples())


def test_what_lost_money_is_a_diamond_in_the_accent(portfolio):
    lost = mark(*portfolio, "gift")
    assert (lost.get_marker(), lost.get_color(), lost.get_label()) == ("D", LIGHT["accent"], "loss")
    assert lost.get_markerfacecolor() == LIGHT["accent"]


@pytest.mark.parametrize("name", ["trial", "coupon"])
def test_what_cannot_be_told_is_hollow_and_grey(portfolio, name):
    unclear = mark(*portfolio, name)
    assert (unclear.get_marker(), unclear.get_color(), unclear.get_label()) == ("o", LIGHT["quiet"], "unclear")
    assert unclear.get_markerfacecolor() == LIGHT["paper"]


def test_what_paid_is_a_filled_dot(portfolio):
    paid = mark(*portfolio, "sale")
    assert (paid.get_marker(), paid.get_markerfacecolor(), paid.get_label()) == ("o", LIGHT["data"], "profit")


def test_the_accent_is_on_losses_alone(portfolio):
    axes, _ = portfolio
    assert [line.get_label() for line in axes.lines if line.get_color() == LIGHT["accent"]] == ["interval", "loss"]
    assert sum(text.get_color() == LIGHT["accent"] for text in axes.texts) == 1


def test_zero_has_a_line_and_a_label(portfolio):
    axes, _ = portfolio
    (zero,) = labelled(axes, "zero")
    assert list(zero.get_xdata()) == [0, 0] and "¥0" in [label.get_text() for label in axes.get_xticklabels()]


def test_what_was_attributed_is_a_bar_across_its_row(portfolio):
    axes, rows = portfolio
    bars = [line for line in labelled(axes, "attributed") if np.isfinite(line.get_xdata()).all()]
    known = rows[rows["attributed_profit"].notna()]
    assert [bar.get_xdata()[0] for bar in bars] == known["attributed_profit"].tolist()
    assert [np.mean(bar.get_ydata()) for bar in bars] == known.index.tolist()


def test_everything_lies_inside_the_axis(portfolio):
    axes, rows = portfolio
    values = rows[["profit_lower", "profit_upper", "attributed_profit"]].to_numpy().ravel()
    low, high = axes.get_xlim()
    assert low < min(0, np.nanmin(values)) and np.nanmax(values) < high


def test_rows_without_a_profit_have_words_and_no_mark(portfolio):
    axes, rows = portfolio
    words = [text.get_text() for text in axes.texts]
    unknown = rows.index[rows["profit"].isna()]
    assert {words[place] for place in unknown} == {"– no cost or margin", "– too little history", "… running"}
    assert not [line for line in axes.lines if len(line.get_xdata()) == 1 and line.get_ydata()[0] in unknown]


def test_profits_are_written_at_the_end_of_their_rows(portfolio):
    axes, rows = portfolio
    gift = rows.index[rows["activity_id"] == "gift"][0]
    assert axes.texts[gift].get_text() == f"−¥{-rows.loc[gift, 'profit'] / 1000:.2f}".rstrip("0").rstrip(".") + "k"
    assert [text.xy[1] for text in axes.texts] == rows.index.tolist()


@pytest.mark.parametrize(("size", "room"), [("wide", 36), ("narrow", 13)])
def test_names_are_cut_where_their_room_ends(kinds, size, room):
    axes = draw(named(kinds, sale=LONG), "portfolio", size).axes[0]
    (name,) = [label.get_text() for label in axes.get_yticklabels() if label.get_text().startswith("Double")]
    assert name == shorten(LONG, room) and room - 2 < len(name) <= room


def test_a_profit_bought_ahead_is_drawn_where_it_stands_in_the_end(kinds):
    turned = drawn(altered(kinds, "sale", **TURNED))
    lost = mark(*turned, "sale")
    assert (lost.get_xdata()[0], lost.get_marker(), lost.get_color()) == (-2_400, "D", LIGHT["accent"])
    (interval,) = [line for line in labelled(turned[0], "interval") if line.get_ydata()[0] == lost.get_ydata()[0]]
    assert list(interval.get_xdata()) == [-4_800, -600]


def test_a_profit_bought_ahead_is_ranked_by_where_it_stands_in_the_end(kinds):
    axes, _ = drawn(altered(kinds, "sale", **TURNED))
    assert [label.get_text() for label in axes.get_yticklabels()][1:5] == ["Coupon", "Trial", "Sale", "Gift"]
    assert axes.texts[3].get_text() == "−¥2.4k"


# --- an activity against what would have happened without it


def test_the_lines_of_an_activity_are_its_days(kinds):
    days = kinds.days[kinds.days["activity_id"] == "sale"]
    axes = draw(kinds, "sale").axes[0]
    for name in ("actual", "expected"):
        (line,) = labelled(axes, name)
        assert np.array_equal(line.get_ydata(), days[name].to_numpy()[-len(line.get_ydata()) :], equal_nan=True)


def test_four_weeks_before_the_window_are_drawn(kinds):
    (line,) = labelled(draw(kinds, "sale").axes[0], "actual")
    assert len(line.get_xdata()) == 28 + 7 + 13  # the data end 13 days after the window


def test_the_window_is_shaded_from_its_first_to_its_last_day(kinds):
    (window,) = labelled(draw(kinds, "sale").axes[0], "window")
    assert (window.get_x(), window.get_width()) == (27.5, 7.0)  # 11 to 17 May
    assert to_hex(window.get_facecolor()) == LIGHT["band"]


def test_the_expectation_is_dashed_and_has_its_band(kinds):
    axes = draw(kinds, "sale").axes[0]
    (expected,), (band,) = labelled(axes, "expected"), labelled(axes, "interval")
    days = kinds.days[kinds.days["activity_id"] == "sale"].tail(20)
    assert expected.get_linestyle() == "--"
    assert {days["lower"].min(), days["upper"].max()} <= set(band.get_paths()[0].vertices[:, 1])


def test_lines_are_named_at_their_ends_and_the_newest_day_below(kinds):
    axes = draw(kinds, "sale", lang="zh-CN").axes[0]
    assert [text.get_text() for text in axes.texts] == ["实际", "预期"]
    assert axes.get_xticklabels()[-1].get_text() == "5-30"


def test_a_running_window_ends_with_the_data(kinds):
    axes = draw(kinds, "lottery").axes[0]
    (window,) = labelled(axes, "window")
    assert (window.get_x() + window.get_width(), window.get_width()) == (axes.get_xlim()[1] - 0.1, 6.0)


def test_a_missing_day_is_a_gap(kinds):
    days = kinds.days.copy()
    days.loc[days.index[days["activity_id"] == "sale"][-5], ["actual", "expected", "lower", "upper"]] = math.nan
    (line,) = labelled(draw(replace(kinds, days=days), "sale").axes[0], "actual")
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [len(line.get_ydata()) - 5]


def test_a_held_out_activity_is_two_bars_from_zero(kinds):
    row, axes = kinds.activity("coupon"), draw(kinds, "coupon").axes[0]
    bars = labelled(axes, "_nolegend_") or [patch for patch in axes.patches if patch.get_width()]
    assert [bar.get_x() for bar in bars] == [0, 0]
    assert [bar.get_width() for bar in bars] == pytest.approx([row["baseline"] + row["incremental"], row["baseline"]])


def test_the_interval_of_a_held_out_activity_lies_on_what_was_expected(kinds):
    row, axes = kinds.activity("coupon"), draw(kinds, "coupon").axes[0]
    (interval,) = labelled(axes, "interval")
    actual = row["baseline"] + row["incremental"]
    assert list(interval.get_xdata()) == pytest.approx([actual - row["upper"], actual - row["lower"]])
    assert list(interval.get_ydata()) == [1, 1]


# --- the split of plan to actual


def test_the_split_has_a_bar_a_factor_from_zero(kinds):
    rows, axes = kinds.split[kinds.split["activity_id"] == "sale"], draw(kinds, "split").axes[0]
    assert [bar.get_width() for bar in axes.patches] == rows["effect"].tolist()
    assert {bar.get_x() for bar in axes.patches} == {0}
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *("reach", "click rate", "conversion", "basket", "margin", "cost")
    ]


def test_only_the_factor_that_cost_most_has_the_accent(kinds):
    rows, axes = kinds.split[kinds.split["activity_id"] == "sale"], draw(kinds, "split").axes[0]
    accents = [to_hex(bar.get_facecolor()) == LIGHT["accent"] for bar in axes.patches]
    assert accents.index(True) == rows["effect"].to_numpy().argmin() and sum(accents) == 1


def test_a_plan_beaten_in_everything_has_no_accent(kinds):
    better = replace(kinds, split=kinds.split.assign(effect=kinds.split["effect"].abs()))
    axes = draw(better, "split").axes[0]
    assert LIGHT["accent"] not in {to_hex(bar.get_facecolor()) for bar in axes.patches}


@pytest.mark.parametrize("kind", ["split", "coupon"])
def test_bars_do_not_cut_the_line_at_zero(kinds, kind):
    assert {bar.get_linewidth() for bar in draw(kinds, kind).axes[0].patches} == {0}


def test_rounding_is_not_written_as_an_effect(kinds):
    tiny = kinds.split.assign(effect=[10_000.0, -1e-9, 3e-10, -500.0, 0.0, 0.0] * 2)
    words = [text.get_text() for text in draw(replace(kinds, split=tiny), "split").axes[0].texts]
    assert words == ["+¥10k", "¥0", "¥0", "−¥500", "¥0", "¥0"]


# --- names and sentences as far as there is room


@pytest.mark.parametrize("room", range(1, 20))
@pytest.mark.parametrize("name", ["Double 11 warm-up", "双十一预热活动", "双11 warm-up 预热"])
def test_a_shortened_name_keeps_within_its_room(name, room):
    short = shorten(name, room)
    assert sum(2 if ord(letter) > 0x2E7F else 1 for letter in short) <= room
    assert short == name or (short.endswith("…") and name.startswith(short[:-1]))


def test_a_name_that_fits_is_not_shortened():
    assert [shorten(name, 6) for name in ("Coupon", "双十一", "", "Sale")] == ["Coupon", "双十一", "", "Sale"]


def test_a_shortened_name_fills_its_room():
    # the dots take one place of the room
    assert [shorten("abcdefgh", 5), shorten("双十一预热", 5)] == ["abcd…", "双十…"]


@pytest.mark.parametrize("room", [3.0, 6.0, 11.5])
@pytest.mark.parametrize("words", ["no data in all of May", "五月没有数据，无法判断", "Sale：五月 no data 没有数据"])
def test_lines_keep_within_their_room_and_lose_nothing(words, room):
    lines = wrapped(words, room)
    assert all(wide([line]) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


def test_words_break_between_them_and_chinese_anywhere():
    assert wrapped("no data in May", 5.0) == ["no data", "in May"]  # 0.57 a letter
    assert wrapped("五月没有数据", 4.0) == ["五月没有", "数据"]
    assert wrapped("incomprehensible", 2.0) == ["incomprehensible"]


# --- what must hold for all of them


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_stay_inside_and_apart(kinds, kind, size, lang):
    figure = draw(named(kinds, sale=LONG, gift="双十一预热活动" * 5), kind, size, lang)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("kind", KINDS)
def test_titles_and_captions_stay_inside_and_apart(kinds, kind):
    figure = draw(kinds, kind, title=True)
    assert outside(figure) == [] and touching(figure) == []


@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("name", [LONG, "双十一预热活动" * 8])
@pytest.mark.parametrize("kind", ["sale", "split"])
def test_a_long_name_does_not_push_the_title_out_of_a_notebooks_picture(kinds, kind, name, size):
    figure = draw(named(kinds, sale=name), kind, size, title=True)
    assert outside(figure) == [] and figure.texts[0].get_text().endswith("…")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("code", ["pre_trend", "not_separable"])
def test_a_picture_of_words_stays_inside(kinds, code, size, lang):
    refused = named(altered(kinds, "stamps", refused=code), stamps=LONG)
    figure = note(RoiText(refused, lang).told(refused.activity("stamps")), size=size)
    assert outside(figure) == [] and len(figure.texts[0].get_text().splitlines()) > 1


@pytest.mark.parametrize("size", ON_PAGE)
@pytest.mark.parametrize("scale", [1e-4, 1e6])
def test_any_size_of_money_leaves_room_for_the_marks(kinds, size, scale):
    money = [name for name in kinds.activities if name.startswith("profit") or name == "attributed_profit"]
    frames = {
        frame: getattr(kinds, frame).assign(**{name: getattr(kinds, frame)[name] * scale for name in money})
        for frame in ("activities", "joint")
    }
    figure = draw(replace(kinds, **frames), "portfolio", size)
    assert outside(figure) == [] and touching(figure) == []
    assert figure.axes[0].get_position().width > 0.3


def test_many_activities_stay_apart(kinds):
    rows = pd.concat([kinds.judged] * 5, ignore_index=True)
    figure = roi_charts.portfolio(RoiText(kinds, "zh-CN"), rows, size="narrow", title=False)
    assert len(figure.axes[0].get_yticks()) == 40 and touching(figure) == []


def test_a_name_is_drawn_letter_by_letter_and_never_as_a_formula(kinds):
    axes = draw(named(kinds, sale="$x^2$"), "portfolio").axes[0]
    assert "$x^2$" in [label.get_text() for label in axes.get_yticklabels()]


def test_what_a_picture_says_to_a_screen_reader_is_text(kinds):
    view = RoiView(named(kinds, sale=EVIL))
    svg = str(view._pictures("x", view.text.one_name("sale"), partial(draw, kinds, "split"))["wide"])
    assert "<script" not in svg and 'aria-label="&lt;script&gt;' in svg


def test_colours_are_tokens_and_the_same_picture_the_same_bytes(kinds):
    one, other = (str(RoiView(kinds)._pictures("x", "t", partial(draw, kinds, "sale"))["wide"]) for _ in range(2))
    assert one == other and "var(--data)" in one and LIGHT["data"] not in one


@pytest.mark.parametrize("name", ["march", "stamps"])
def test_an_activity_without_a_figure_is_a_picture_of_words(kinds, name):
    (words,) = kinds.plot(name).texts
    assert words.get_text() == RoiText(kinds, "en").told(kinds.activity(name))


def test_a_notebook_can_ask_why_of_every_activity(kinds):
    assert [bool(kinds.why(name).axes) for name in ("sale", "trial", "stamps+points")] == [True, False, False]


def test_an_unknown_activity_is_named(kinds):
    with pytest.raises(KeyError, match=r"^'nobody'$"):
        kinds.plot("nobody")
