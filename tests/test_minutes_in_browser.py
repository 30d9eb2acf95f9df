"""The minutes as people see them: on the month's page and as a page of their own, in a real browser."""

import pytest
from browsing import skip_without_chromium
from meeting_cases import card, hostile, meeting, minutes

skip_without_chromium()

from page_looks import LANGUAGE_OF, browser, unfolded, visit, written  # noqa: E402
from test_page_in_browser import DESKTOP, FAINT, PAGES, PHONE, READ  # noqa: E402

from opsretro.report.minutes_export import html  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "unfolded", "visit"]
ONE_WORD = "X" * 120
OWN = {"index.html": "minutes.html", "index.en.html": "minutes.en.html"}
"""The page of the minutes alone, by the page of the month in the same language."""
BOTH = [*PAGES, *OWN.values()]
WIDE = """() => {
    const cut = e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"
    const found = [...document.querySelectorAll("main *")].filter(e => e.checkVisibility() && cut(e))
    return found.map(e => `${e.tagName} ${e.textContent.trim().slice(0, 30)}`)
}"""
"""Elements whose text reaches beyond them."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A month's page with what people write at its worst: long, unbreakable, markup; and the same as its own page."""
    folder = tmp_path_factory.mktemp("month")
    worst = hostile()
    long = tuple(card(f"l{n}", "kpt", "keep", ONE_WORD if n else "很长" * 60, n + 10) for n in range(2))
    review = minutes(meeting(cards=(*worst.cards, *long), decisions=(*worst.decisions, *meeting().decisions)))
    for name, own in OWN.items():
        (folder / own).write_text(html(review, LANGUAGE_OF[name]), encoding="utf-8")
    return written(folder, review)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_scrolls_sideways_and_texts_are_whole(unfolded, name, size):
    page = unfolded(name, size)
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
    assert page.evaluate(WIDE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", BOTH)
def test_words_stand_out_from_their_background(unfolded, name, scheme):
    count, faint = unfolded(name, scheme=scheme).evaluate(FAINT, f"{READ}, h4, summary")
    assert count > 60 and faint == []


@pytest.mark.parametrize("name", BOTH)
def test_the_page_asks_for_nothing_and_complains_of_nothing(unfolded, name):
    page = unfolded(name)
    assert (len(page.requests), page.complaints) == (1, [])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_tally_stays_on_one_line(unfolded, size):
    cells = (
        unfolded("index.en.html", size)
        .locator("#meeting .kept td")
        .evaluate_all(
            "all => all.map(cell => cell.getBoundingClientRect().height < 60 && /^[0-9–]+$/.test(cell.innerText))"
        )
    )
    assert cells and all(cells)


def test_boards_are_folded_on_the_page_of_the_month_and_open_on_their_own(visit):
    month, own = (visit(name).locator("details.card") for name in ("index.en.html", "minutes.en.html"))
    assert month.count() == 4 and not any(month.evaluate_all("all => all.map(one => one.open)"))
    assert own.count() == 3 and all(own.evaluate_all("all => all.map(one => one.open)"))


@pytest.mark.parametrize("name", BOTH)
def test_everything_is_printed(visit, name):
    page = visit(name)
    page.emulate_media(media="print")
    assert page.get_by_text("客服晚班缺两人").or_(page.get_by_text(ONE_WORD)).first.is_visible()
