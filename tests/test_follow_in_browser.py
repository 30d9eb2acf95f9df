"""The follow-up on the page as people see it: lines, charts, cards and long titles, in a real browser."""

import pytest
from browsing import skip_without_chromium
from follow_results import EVERYTHING, LONG, READINGS, everything

skip_without_chromium()

from page_looks import browser, unfolded, visit, written  # noqa: E402
from test_page_in_browser import CUT, DESKTOP, FAINT, LETTERS, PAGES, PHONE, READ, TOUCHING  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded", "visit"]
ONE_WORD = "X" * 80


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a month with every verdict, a title as long as they come and one that cannot be broken."""
    review = everything(readings=READINGS)
    titles = dict(zip((row["id"] for row in EVERYTHING), (LONG["en"], ONE_WORD), strict=False))
    actions = review.actions
    actions["title_en"] = actions["id"].map(titles).fillna(actions["title_en"])
    actions["title_zh"] = actions["id"].map(titles | {"M": LONG["zh-CN"]}).fillna(actions["title_zh"])
    return written(tmp_path_factory.mktemp("month"), type(review)(**(vars(review) | {"actions": actions})))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_scrolls_sideways_with_everything_open(unfolded, name, size):
    root = unfolded(name, size).evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert root == [size[0], size[0]]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_texts_of_pictures_are_whole_and_apart(unfolded, name, size):
    page = unfolded(name, size)
    assert [page.evaluate(wrong) for wrong in (CUT, TOUCHING)] == [[], []]


@pytest.mark.parametrize(("size", "n_large", "large"), [(DESKTOP, 5, 20), (PHONE, 1, 12)])
def test_letters_of_the_pictures_can_be_read(unfolded, size, n_large, large):
    """A chart beside a line is small by intent; its card has the large one, which a phone shows in the line."""
    charts = [max(letters) for letters in unfolded("index.en.html", size).evaluate(LETTERS) if letters]
    assert sum(letters >= large for letters in charts) >= n_large
    assert min(charts) >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_their_background(unfolded, name, scheme):
    count, faint = unfolded(name, scheme=scheme).evaluate(FAINT, f"{READ}, h4, b, dt, dd, summary")
    assert count > 100 and faint == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_asks_for_nothing_and_complains_of_nothing(unfolded, name, size):
    page = unfolded(name, size)
    assert (len(page.requests), page.complaints) == (1, [])


def test_every_link_leads_somewhere(unfolded):
    page = unfolded("index.en.html")
    targets = page.locator("main a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    inside = {one for one in targets if one.startswith("#")}
    assert len(inside) >= 8 and [one for one in inside if page.locator(one).count() != 1] == []


def test_the_chart_stands_at_the_side_of_its_line(unfolded):
    page = unfolded("index.en.html")
    words, chart = (page.locator(f"#followup .deeds li >> nth=0 >> {part}").first for part in ("h4", ".beside"))
    assert chart.bounding_box()["x"] > words.bounding_box()["x"] + words.bounding_box()["width"]
    assert chart.bounding_box()["y"] < words.bounding_box()["y"]


def test_on_a_phone_the_chart_stands_below_its_line(unfolded):
    page = unfolded("index.en.html", PHONE)
    words, chart = (page.locator(f"#followup .deeds li >> nth=0 >> {part}").first for part in ("h4", ".beside"))
    assert chart.bounding_box()["y"] > words.bounding_box()["y"] + words.bounding_box()["height"]


def test_an_action_without_days_has_no_room_for_a_chart(unfolded):
    late = unfolded("index.en.html").locator("#followup .deeds li", has_text="31 days overdue")
    assert late.locator("svg").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_title_of_a_line_opens_its_card(visit, size):
    page = visit("index.en.html", size)
    page.locator(".deeds h4 a").first.click()
    card = page.locator("#action-M")
    assert card.evaluate("card => card.open") and card.get_by_text("What each month read").is_visible()


def test_a_conclusion_opens_its_evidence(visit):
    page = visit("index.en.html")
    page.locator(".top li a").nth(1).click()
    assert page.locator("#action-M").evaluate("card => card.open")


def test_verdicts_are_told_by_mark_and_word(unfolded):
    page = unfolded("index.en.html")
    words = set(page.locator(".deeds .verdict").all_inner_texts())
    assert words == {"● moved", "◆ did not move", "○ cannot tell yet", "– dropped"}


def test_folded_parts_are_printed_whole(visit):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    assert page.get_by_text("Look at the noise first").is_visible()
