"""Team health on the page as people see it: changes, gaps, voices and long names, in a real browser."""

import pytest
from browsing import skip_without_chromium
from health_results import DOWN, LONG, review

skip_without_chromium()

from page_looks import browser, unfolded, visit, written  # noqa: E402
from test_page_in_browser import CUT, DESKTOP, FAINT, LETTERS, PAGES, PHONE, READ, TOUCHING  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded", "visit"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a month with a change in everybody's and a group's scores, withheld cells and long names."""
    found = review(DOWN | {("team=growth", "workload"): "down"}, names=LONG)
    return written(tmp_path_factory.mktemp("month"), found)


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


@pytest.mark.parametrize(("size", "least"), [(DESKTOP, 20), (PHONE, 12)])
def test_letters_of_the_pictures_can_be_read(unfolded, size, least):
    charts = [letters for letters in unfolded("index.html", size).evaluate(LETTERS) if letters]
    assert len(charts) >= 4  # dimensions, hours, months, answers
    assert min(map(max, charts)) >= least


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_their_background(unfolded, name, scheme):
    count, faint = unfolded(name, scheme=scheme).evaluate(FAINT, READ)
    assert count > 100 and faint == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_asks_for_nothing_and_complains_of_nothing(unfolded, name, size):
    page = unfolded(name, size)
    assert (len(page.requests), page.complaints) == (1, [])


def test_every_link_of_the_section_leads_somewhere(unfolded):
    page = unfolded("index.en.html")
    targets = page.locator("#health a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert len(targets) >= 8 and [one for one in set(targets) if page.locator(one).count() != 1] == []


def test_voices_come_after_every_score(unfolded):
    page = unfolded("index.en.html")
    scores = [one.bounding_box()["y"] for one in page.locator("#health table, #health .picture:visible").all()]
    comment = page.get_by_text("大促排期希望提前两周确定").bounding_box()["y"]
    assert comment > sorted(scores)[-2]  # the last table is that of the themes, beside the comments


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_row_of_the_table_opens_the_months_of_its_dimension(visit, size):
    page = visit("index.en.html", size)
    assert not page.locator("#health-months .picture").first.is_visible()
    page.locator("#health > table a").first.click()
    assert page.locator("#health-months .picture:visible").count() >= 1


def test_folded_parts_are_printed_whole(visit):
    page = visit("index.en.html")
    page.emulate_media(media="print")
    assert page.get_by_text("大促排期希望提前两周确定").is_visible()
