"""The root causes on the page as people see them: every state and both kinds of trees, in a real browser."""

import pytest
from browsing import skip_without_chromium
from cause_results import LONG, every_state, lead, tree

skip_without_chromium()

from page_looks import browser, unfolded, visit, written  # noqa: E402
from test_page_in_browser import CUT, DESKTOP, FAINT, LETTERS, PAGES, PHONE, READ, TOUCHING, UNFOLD  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded", "visit"]

OUTSIDE = """() => [...document.querySelectorAll("#rootcause svg")].filter(s => s.checkVisibility()).flatMap(svg => {
    const room = svg.getBoundingClientRect()
    const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()])
    return texts.filter(([_, box]) => box.left < room.left - 1 || box.right > room.right + 1).map(([words]) => words)
})"""
"""Texts of the team's trees that reach beyond the picture."""

PARTED = r"""(all, widths) => all.filter(element => element.checkVisibility()).flatMap(element => {
    const text = element.firstChild, range = document.createRange()
    const top = at => {
        range.setStart(text, at); range.setEnd(text, at + 1)
        return range.getBoundingClientRect().top
    }
    const parted = width => {
        element.style.width = width
        return [...text.data.matchAll(/[\u2212+]\S/g)].filter(({index}) => top(index) !== top(index + 1))
    }
    return widths.flatMap(parted).map(([sign]) => `${sign} of ${text.data.trim().slice(0, 20)}`)
})"""
"""Signs at the end of a line whose number begins the next, in texts as wide as this."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a month with a KPI in every state, long names, leads and trees."""
    split = {"subject": "sales", "rank": 0, "before": 0.04, "after": 0.036, "effect": -100.0, "method": "shapley"}
    trees = [*tree(), *tree("whys"), *tree(subject="conversion"), *tree(subject="unwatched", rank=0)]
    more = {"trees": trees, "leads": [lead()], "drivers": [split | {"factor": "orders/visits"}]}
    return written(tmp_path_factory.mktemp("month"), every_state(names={"mini": LONG}, **more))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_scrolls_sideways_with_every_card_open(unfolded, name, size):
    root = unfolded(name, size).evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert root == [size[0], size[0]]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_texts_of_pictures_are_whole_and_apart(unfolded, name, size):
    page = unfolded(name, size)
    assert [page.evaluate(wrong) for wrong in (CUT, TOUCHING, OUTSIDE)] == [[], [], []]


@pytest.mark.parametrize(("size", "least"), [(DESKTOP, 20), (PHONE, 12)])
def test_letters_of_every_chart_can_be_read(unfolded, size, least):
    charts = [letters for letters in unfolded("index.html", size).evaluate(LETTERS) if letters]  # trees are text
    # of conversion and of sales: the bars, the days of a slice, a Pareto chart
    assert len(charts) >= 6
    assert min(map(max, charts)) >= least


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_letters_of_the_trees_can_be_read(unfolded, size):
    letters = "t => t.map(e => parseFloat(e.getAttribute('font-size')) * e.getScreenCTM().a)"
    shown = unfolded("index.html", size).locator("#rootcause svg text:visible")
    assert shown.count() > 10 and min(shown.evaluate_all(letters)) >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_their_background(unfolded, name, scheme):
    count, faint = unfolded(name, scheme=scheme).evaluate(FAINT, READ)
    assert count > 100 and faint == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_picture_is_a_token(unfolded, scheme):
    page = unfolded("index.html", scheme=scheme)
    own = "all => all.filter(e => /#[0-9a-f]{6}/i.test(e.getAttribute('style') || '')).map(e => e.outerHTML)"
    assert page.locator("#rootcause .picture svg *").evaluate_all(own) == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_asks_for_nothing_and_complains_of_nothing(unfolded, name, size):
    page = unfolded(name, size)
    assert (len(page.requests), page.complaints) == (1, [])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("kpi", ["conversion", "sales"])
def test_a_row_of_the_table_opens_the_card_of_its_kpi(visit, kpi, size):
    page = visit("index.en.html", size)
    say = page.locator(f"#cause-{kpi} .say")
    assert not say.is_visible()
    page.locator(f"#rootcause > table a[href='#open-cause-{kpi}']").first.click()
    assert say.is_visible() and page.locator(f"#cause-{kpi} summary").bounding_box()["y"] >= 0


def test_a_conclusion_opens_the_card_it_rests_on(visit):
    page = visit("index.en.html")
    page.locator(".top li", has_text="Sales").locator("a").click()
    assert page.locator("#cause-sales .say").is_visible()


def test_every_link_of_the_section_leads_somewhere(unfolded):
    page = unfolded("index.en.html")
    targets = page.locator("#rootcause a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert len(targets) >= 3 + 3 * 2  # three rows, and three trees in both sizes
    assert [target for target in set(targets) if page.locator(target).count() != 1] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("which", [0, 1], ids=["fishbone", "whys"])
def test_the_link_of_a_tree_leads_to_the_card_of_its_slice(visit, which, size):
    page = visit("index.en.html", size)
    page.locator("#cause-sales summary").click()
    page.locator("#cause-sales svg[role=group] a:visible").nth(which).click(timeout=3_000)
    assert page.url.endswith("#open-cause-sales")
    assert 0 <= page.locator("#cause-sales summary").bounding_box()["y"] < size[1]


def test_a_tree_of_a_kpi_nobody_flagged_stands_below_the_cards(unfolded):
    page = unfolded("index.en.html")
    title = page.get_by_text("Fishbone: unwatched")
    assert title.count() == 1 and title.locator("xpath=ancestor::details").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_one_of_the_two_sizes_of_a_picture_is_shown(unfolded, size):
    page = unfolded("index.html", size)
    shown, other = ("wide", "narrow") if size == DESKTOP else ("narrow", "wide")
    assert {picture.is_visible() for picture in page.locator(f"#rootcause .{shown}").all()} == {True}
    assert {picture.is_visible() for picture in page.locator(f"#rootcause .{other}").all()} == {False}


def test_cards_open_and_close_by_click_and_key(visit):
    card = visit("index.html").locator("#cause-orders")
    assert not card.locator(".say").is_visible()
    card.locator("summary").click()
    assert card.locator(".say").is_visible()
    card.page.keyboard.press("Enter")
    assert not card.locator(".say").is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_each_cell_of_the_table_with_its_label(unfolded, name):
    cells = unfolded(name, PHONE).locator("#rootcause > table tbody tr").first.locator("td")
    labels = cells.evaluate_all("all => all.map(cell => getComputedStyle(cell, '::before').content)")
    assert labels == [f'"{cell.get_attribute("data-label")}"' for cell in cells.all()] and len(labels) == 6


@pytest.mark.parametrize("name", PAGES)
def test_the_drill_down_stays_a_table_on_a_phone(unfolded, name):
    table = unfolded(name, PHONE).locator("#cause-sales table.kept")
    wide, room = table.evaluate("t => [t.scrollWidth, t.parentElement.clientWidth]")
    assert wide <= room and table.locator("thead th").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_numbers_of_the_drill_down_stand_under_their_heads(unfolded, name, size):
    table = unfolded(name, size).locator("#cause-sales table.kept")
    ends = "cells => cells.filter(c => c.checkVisibility()).map(c => Math.round(c.getBoundingClientRect().right))"
    row = table.locator("tbody tr:not(.group)").first.locator("> *")
    assert table.locator("thead th").evaluate_all(ends) == row.evaluate_all(ends)


@pytest.mark.parametrize("name", PAGES)
def test_no_cell_of_a_table_is_wider_than_its_room(unfolded, name):
    cut = "all => all.filter(c => c.checkVisibility() && c.scrollWidth > c.clientWidth + 1).map(c => c.textContent)"
    assert unfolded(name, PHONE).locator("#rootcause td, #rootcause th").evaluate_all(cut) == []


def test_dimensions_stand_out_from_their_values_on_a_phone(unfolded):
    table = unfolded("index.en.html", PHONE).locator("#cause-sales table.kept")
    weight = "cell => Number(getComputedStyle(cell).fontWeight)"
    assert table.locator(".group th").first.evaluate(weight) > table.locator("tbody td").first.evaluate(weight)


@pytest.mark.parametrize("name", PAGES)
def test_a_sign_and_its_number_stay_on_one_line_of_a_sentence(visit, name):
    page = visit(name)
    page.evaluate(UNFOLD)
    widths = [f"{width}px" for width in range(160, 560, 8)]
    assert page.locator("#rootcause .card .say").evaluate_all(PARTED, widths) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_sign_and_its_number_stay_on_one_line_of_a_table(visit, name):
    page = visit(name, PHONE)
    page.evaluate(UNFOLD)
    assert page.locator("#rootcause td").evaluate_all(PARTED, [""]) == []


@pytest.mark.parametrize("heading", ["h4", ".picture-title"])
def test_no_heading_is_printed_alone_at_the_end_of_a_sheet(visit, heading):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    breaks = "all => [...new Set(all.map(one => getComputedStyle(one).breakAfter))]"
    assert page.locator(f"#rootcause {heading}").evaluate_all(breaks) == ["avoid"]


def test_a_printed_table_leaves_room_for_the_names_of_slices(visit):
    page = visit("index.en.html", (660, 900))  # about the width of A4 without its margins
    page.emulate_media(media="print")
    share = "cell => cell.getBoundingClientRect().width / cell.closest('table').getBoundingClientRect().width"
    assert page.locator("#rootcause > table tbody th").first.evaluate(share) > 0.25


def test_folded_cards_are_printed_whole(visit):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    assert all(text.is_visible() for text in page.locator("#rootcause .card .say").all())
    assert page.locator("#cause-sales table.kept").is_visible()
