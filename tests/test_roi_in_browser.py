"""The activities on the page as people see them: every kind of activity once, in a real browser, screen and print."""

import re

import pytest
from browsing import skip_without_chromium
from roi_cases import year_of_every_kind

skip_without_chromium()

from page_looks import browser, unfolded, visit, written  # noqa: E402
from test_page_in_browser import CUT, DESKTOP, FAINT, LETTERS, PAGES, PHONE, READ, TOUCHING  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded", "visit"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a year in both languages."""
    folder = tmp_path_factory.mktemp("year")
    return written(folder, year_of_every_kind(folder))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_scrolls_sideways_with_every_recap_open(unfolded, name, size):
    root = unfolded(name, size).evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert root == [size[0], size[0]]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_texts_of_charts_are_whole_and_apart(unfolded, name, size):
    page = unfolded(name, size)
    assert page.evaluate(CUT) == [] and page.evaluate(TOUCHING) == []


@pytest.mark.parametrize(("size", "least"), [(DESKTOP, 20), (PHONE, 12)])
def test_letters_of_every_chart_can_be_read(unfolded, size, least):
    charts = unfolded("index.html", size).evaluate(LETTERS)
    assert len(charts) == 9  # the portfolio, a course for each of the seven that have a figure, the split of the sale
    assert min(map(max, charts)) >= least


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_their_background(unfolded, name, scheme):
    count, faint = unfolded(name, scheme=scheme).evaluate(FAINT, READ)
    assert count > 200 and faint == []


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_the_table_leads_to_its_own_recap(unfolded, name):
    page = unfolded(name)
    rows = page.locator("#roi > table tbody tr")
    for row in rows.all():
        link = row.locator("a")
        recap = page.locator("#roi details", has=page.locator(link.get_attribute("href")))
        assert recap.locator("summary").inner_text().startswith(link.inner_text())
    assert (rows.count(), page.locator("#roi .recap").count()) == (10, 7)  # stamps, points and march have no figure


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_click_in_the_table_brings_the_recap_into_view(visit, size):
    page = visit("index.en.html", size)
    page.locator("#roi > table a", has_text="Sale").click()
    top = page.locator("#activity-sale").bounding_box()["y"]
    assert 0 <= top < size[1]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_recap_opens_by_its_link_and_shows_its_head(visit, size):
    page = visit("index.en.html", size)
    assert not page.locator("#activity-sale .say").is_visible()
    page.locator("#roi > table a", has_text="Sale").click()
    assert page.locator("#activity-sale .say").is_visible()
    assert page.locator("#activity-sale summary").bounding_box()["y"] >= 0


def test_a_conclusion_opens_the_recap_it_rests_on(visit):
    page = visit("index.en.html")
    page.locator(".top li", has_text="Trial:").locator("a").click()
    assert page.locator("#activity-trial .say").is_visible()


def test_recaps_open_and_close_by_click_and_key(visit):
    recap = visit("index.html").locator("#activity-trial")
    assert not recap.locator(".say").is_visible()
    recap.locator("summary").click()
    assert recap.locator(".say").is_visible()
    recap.page.keyboard.press("Enter")
    assert not recap.locator(".say").is_visible()


SHEETS = """recaps => recaps.map(recap => {
    const before = recap.previousElementSibling
    const starts = element => getComputedStyle(element).breakBefore === "page"
    return starts(recap) || (before.matches("h3.quiet") && starts(before))
})"""
"""Whether each recap begins a sheet: by itself, or the first one by the heading above all recaps."""


@pytest.mark.parametrize("name", PAGES)
def test_print_begins_every_recap_with_a_figure_on_its_own_sheet(visit, name):
    page = visit(name)
    page.emulate_media(media="print")
    assert page.locator("#roi .recap").evaluate_all(SHEETS) == [True] * 7
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 1 + 7


def test_print_spends_no_sheet_on_a_recap_without_a_figure(visit):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    untold = page.locator("#roi details.card:not(.recap):not(.note)")
    assert untold.evaluate_all("all => all.map(one => getComputedStyle(one).breakBefore)") == ["auto"] * 3


def test_folded_recaps_are_printed_whole(visit):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    assert all(text.is_visible() for text in page.locator("#roi .recap .say").all())
    assert page.locator("#activity-sale table").first.is_visible()


def test_a_phone_shows_each_cell_with_its_label(unfolded):
    cell = unfolded("index.en.html", PHONE).locator("#roi > table tbody td").first
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Cost"'


@pytest.mark.parametrize("name", PAGES)
def test_the_funnel_stays_a_table_on_a_phone(unfolded, name):
    funnel = unfolded(name, PHONE).locator("#activity-sale table.kept")
    kinds = "t => [...t.querySelectorAll('tr, thead th')].map(e => getComputedStyle(e).display)"
    assert set(funnel.evaluate(kinds)) == {"table-row", "table-cell", "none"}
    assert funnel.locator("thead th").first.is_visible()
    wide, room = funnel.evaluate("t => [t.scrollWidth, t.parentElement.clientWidth]")
    assert wide <= room


def test_the_funnel_on_a_phone_has_its_numbers_under_their_heads(unfolded):
    funnel = unfolded("index.en.html", PHONE).locator("#activity-sale table.kept")
    ends = "cells => cells.filter(c => c.checkVisibility()).map(c => Math.round(c.getBoundingClientRect().right))"
    assert funnel.locator("thead th").evaluate_all(ends) == funnel.locator("tbody tr:first-child > *").evaluate_all(
        ends
    )
