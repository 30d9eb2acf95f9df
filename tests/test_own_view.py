"""A team's own result on the page and in a notebook: answer, chart, table, and whatever it holds is only text."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.own_result import TeamResult
from opsretro.analysis.result import Context
from opsretro.report.look import LIGHT
from opsretro.report.own_view import MOST_COLUMNS, MOST_ROWS, OPEN_ROWS, OwnView
from opsretro.report.views import view
from opsretro.words import LANGUAGES

EVIL = "<script>alert(1)</script>"
FORMS = (EVIL, "$x^2$", "=1+1")
MONTHS = pd.DataFrame({"month": ["2026-08", "2026-09", "2026-10"], "app": [4100, 3600, 3000], "shop": [10, 20, np.nan]})
LONG = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=450), "n": range(450)})


def of(frame=MONTHS, answer="Complaints fell", **more):
    return TeamResult.of(frame, answer=answer, **more)


def section(*given, **more):
    return str(view(of(*given, **more)).section())


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))


def axes_of(result, subject=None):
    (axes,) = result.plot(subject).axes
    return axes


def told(axes):
    return [text.get_text() for text in axes.texts]


def test_the_section_is_answer_then_chart_then_table_then_how_sure():
    html = section(chart="line", title="By channel", sure="Two channels of four")
    places = [html.index(part) for part in ("Complaints fell", "By channel", "<svg", "<table", "Two channels")]
    assert places == sorted(places)


def test_the_chart_is_drawn_in_both_sizes_with_its_title_for_who_cannot_see_it():
    html = section(chart="bars", title="By channel")
    assert (html.count('class="picture wide"'), html.count('class="picture narrow"')) == (1, 1)
    assert html.count('role="img" aria-label="By channel"') == 2


def test_a_chart_without_a_title_is_told_by_the_answer():
    assert 'role="img" aria-label="Complaints fell"' in section(chart="line")


def test_without_a_chart_there_is_the_table_under_its_title():
    html = section(title="By channel")
    assert "<svg" not in html and '<h3 class="minor">By channel</h3>' in html


@pytest.mark.parametrize(("lang", "text"), [("zh-CN", "数量 · 3 行"), ("en", "count · 3 rows")])
def test_the_words_around_a_team_s_own_are_in_the_language_of_the_page(lang, text):
    assert text in words(section(chart="line", unit="count", lang=lang))


def test_cells_are_in_their_unit_and_what_is_missing_is_a_dash():
    frame = pd.DataFrame({"what": ["a", None], "share": [0.0421, np.nan], "paid": [1_234_567, -5], "new": [True, None]})
    shown = of(frame, unit={"share": "percent", "paid": "currency"}).table()
    assert shown.to_numpy().tolist() == [["a", "4.21%", "¥1.23M", "yes"], ["–", "–", "−¥5", "–"]]


def test_money_is_in_the_currency_of_the_page_that_shows_it():
    result = replace(of(MONTHS[["month", "app"]], unit="currency"), context=Context(currency="EUR"))
    assert result.table()["app"].tolist() == ["€4.1k", "€3.6k", "€3k"]


def test_a_long_table_is_folded():
    frame = pd.DataFrame({"n": range(OPEN_ROWS + 1)})
    assert "<details" not in section(frame.head(OPEN_ROWS)) and f"Table, {OPEN_ROWS + 1} rows" in section(frame)


def test_of_a_large_table_a_part_is_shown_and_that_is_said():
    frame = pd.DataFrame(np.arange(250 * 25).reshape(250, 25), columns=[f"c{i}" for i in range(25)])
    html = section(frame)
    assert (html.count("<tr>"), html.count('scope="col"')) == (MOST_ROWS + 1, MOST_COLUMNS)
    assert "200 of 250 rows are shown here; the JSON beside this page holds all of them." in html
    assert "20 of 25 columns are shown here" in html


def test_the_whole_of_a_large_table_is_kept():
    assert len(of(LONG).to_dict()["rows"]) == len(LONG)


def test_a_very_long_text_is_shortened_in_the_table_alone():
    result = of(pd.DataFrame({"note": ["long" * 500]}))
    assert len(result.table()["note"].item()) < 300 and len(result.rows["note"].item()) == 2000


def test_each_line_ends_in_its_name_and_last_value():
    assert told(axes_of(of(chart="line"))) == ["app 3k", "shop 20"]


def test_a_missing_number_is_a_gap_in_its_line():
    line = axes_of(of(chart="line")).lines[1]
    assert (line.get_label(), np.isnan(line.get_ydata()).tolist()) == ("shop", [False, False, True])


def test_lines_differ_in_more_than_their_colour():
    frame = pd.DataFrame({"month": ["a", "b"], **{f"n{i}": [i, i + 1] for i in range(5)}})
    looks = [(line.get_color(), line._unscaled_dash_pattern) for line in axes_of(of(frame, chart="line")).lines]
    assert len(set(map(str, looks))) == 5
    assert {colour for colour, _ in looks} <= set(LIGHT.values())


def test_at_most_five_columns_of_one_unit_are_drawn_and_the_others_are_named():
    frame = pd.DataFrame({"month": ["a", "b"], **{f"n{i}": [i, i + 1] for i in range(7)}})
    axes = axes_of(of(frame, chart="line", unit={"n1": "percent"}))
    assert [line.get_label() for line in axes.lines] == ["n0", "n2", "n3", "n4", "n5"]
    assert "in the table only: n1 and n6" in words(section(frame, chart="line", unit={"n1": "percent"}))


def test_days_stand_where_they_lie_in_time():
    days = pd.DataFrame({"day": pd.to_datetime(["2026-10-01", "2026-10-02", "2026-10-05"]), "n": [1, 2, 3]})
    assert axes_of(of(days, chart="line")).lines[0].get_xdata().tolist() == [0.0, 0.5, 2.0]


@pytest.mark.parametrize("first", [["b", "a", "c"], ["2026-10-05", "2026-10-01", "2026-10-02"]])
def test_what_is_not_in_order_stands_side_by_side(first):
    frame = pd.DataFrame({"first": first, "n": [1, 2, 3]})
    assert axes_of(of(frame, chart="line")).lines[0].get_xdata().tolist() == [0.0, 1.0, 2.0]


def test_years_under_a_chart_are_not_shortened():
    frame = pd.DataFrame({"year": [2024, 2025, 2026], "n": [1, 2, 3]})
    ticks = [label.get_text() for label in axes_of(of(frame, chart="line")).get_xticklabels()]
    assert sorted(ticks) == ["2024", "2025", "2026"]


def test_of_a_very_long_line_the_newest_part_is_drawn_and_that_is_said():
    assert len(axes_of(of(LONG, chart="line")).lines[0].get_xdata()) == 400
    assert "the last 400 of 450 rows are drawn" in words(section(LONG, chart="line"))


def test_bars_start_at_zero_and_end_in_their_value():
    axes = axes_of(of(MONTHS[["month", "app"]], chart="bars"))
    assert [bar.get_x() for bar in axes.patches] == [0.0] * 3
    assert (told(axes), [label.get_text() for label in axes.get_yticklabels()]) == (
        ["4.1k", "3.6k", "3k"],
        ["2026-08", "2026-09", "2026-10"],
    )


def test_bars_of_several_columns_stand_together_and_say_which_is_which():
    assert told(axes_of(of(chart="bars"))) == ["4.1k app", "10 shop", "", "3.6k app", "20 shop", "", "3k app", "– shop"]


def test_of_very_many_bars_the_first_are_drawn_and_that_is_said():
    assert len(axes_of(of(LONG, chart="bars")).patches) == 24
    assert "the first 24 of 450 rows are drawn" in words(section(LONG, chart="bars"))


def test_one_column_can_be_drawn_alone():
    assert told(axes_of(of(chart="line"), "shop")) == ["shop 20"]


def test_a_column_that_is_not_drawn_is_refused():
    with pytest.raises(KeyError, match="'month' is not drawn; app, shop is"):
        of(chart="line").plot("month")


def test_without_a_chart_the_picture_is_the_answer():
    figure = of().plot()
    assert (figure.axes, figure.texts[0].get_text()) == ([], "Complaints fell")


@pytest.mark.parametrize("chart", ["line", "bars"])
@pytest.mark.parametrize("values", [[7], [0, 0], [1e99, -1e99], [1e17, 1e18], [1e-9, 2e-9], [np.nan, 3.0]])
def test_odd_numbers_are_drawn_too(chart, values):
    frame = pd.DataFrame({"x": [f"r{i}" for i in range(len(values))], "n": values})
    assert "<svg" in section(frame, chart=chart)


def test_numbers_no_axis_holds_stand_in_the_table_alone():
    html = section(pd.DataFrame({"x": ["a", "b"], "n": [1.7e308, -1.7e308]}), chart="line")
    assert "<svg" not in html and ">1.7e+308<" in html and ">−1.7e+308<" in html


def test_how_sure_is_what_the_team_wrote_or_nothing():
    sure = of(sure={"zh-CN": "三分之一的门店", "en": "A third of the shops"}, lang="zh-CN")
    assert (sure.certainty().to_dict("list"), len(of().certainty())) == ({"把握": ["三分之一的门店"]}, 0)


def test_the_method_is_what_the_team_wrote():
    written = of(title="Complaints", how="Counted by hand"), of(how="Counted by hand"), of()
    assert [view(result).method() for result in written] == [
        "Complaints: Counted by hand",
        "Counted by hand",
        "The team's own notebook: figures and answer are as it saved them.",
    ]


def test_the_answer_is_a_sentence_for_the_top_of_the_page_and_nothing_is_compared():
    shown = OwnView(of())
    assert (shown.conclusions(), shown.changes()) == ([("Complaints fell", "own")], [])


def test_a_notebook_shows_answer_and_table():
    html = of()._repr_html_()
    assert "Complaints fell" in html and "<td>3.6k</td>" in html


def test_two_of_them_on_one_page_share_no_id():
    ids = [re.findall(r'\bid="([^"]+)"', section(answer=answer, chart="line")) for answer in ("One", "Two")]
    assert ids[0] and not set(ids[0]) & set(ids[1])


def test_the_same_result_gives_the_same_bytes():
    assert section(chart="bars") == section(chart="bars")


def hostile(form, chart):
    """A result with one text in every place that takes text."""
    frame = pd.DataFrame({form: [form, f"{form} 2"], f"{form} n": [1, 2], f"{form} t": [form, ""]})
    both = dict.fromkeys(LANGUAGES, form)
    return of(frame, answer=both, title=both, how=both, sure=both, chart=chart)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chart", ["line", "bars", None])
def test_hostile_text_is_shown_and_never_markup(form, chart):
    result = hostile(form, chart)
    html = f"{view(result).section()}{result._repr_html_()}"
    assert "<script" not in html
    assert form.replace("<", "&lt;").replace(">", "&gt;") in html


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chart", ["line", "bars"])
def test_hostile_text_in_a_chart_is_drawn_letter_by_letter(form, chart):
    figure = hostile(form, chart).plot()
    figure.canvas.draw()
    found = [*figure.texts, *figure.axes[0].texts, *figure.axes[0].get_xticklabels(), *figure.axes[0].get_yticklabels()]
    assert figure.texts[0].get_text() == form
    assert not any(text.get_parse_math() for text in found if form[:3] in text.get_text())


def test_signs_nobody_sees_are_left_out_of_what_is_shown():
    result = of(pd.DataFrame({"a\u202eb": ["c\u2066d\ne"]}), answer="f\u202e g\nh")
    assert (result.headline, result.table().to_dict("list")) == ("f g h", {"a b": ["c d e"]})
