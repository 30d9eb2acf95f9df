"""Pages of one result in a real browser: fixtures for modules that look at a section; each brings its own `pages`."""

from functools import cache

import pytest
from browsing import chromium, need_chromium
from test_page_in_browser import DESKTOP, PAGES, UNFOLD, opener

from opsretro.report.page import MonthPage, page_html

LANGUAGE_OF = {"index.html": "zh-CN", "index.en.html": "en"}


def written(folder, review):
    """The pages of one review in both languages, and the folder they are in."""
    parts = {"results": {review.section: review}, "failures": {}, "files": {}}
    page = MonthPage(period=review.period, context=review.context, **parts)
    for name in PAGES:
        (folder / name).write_text(page_html(page, LANGUAGE_OF[name]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as started:
        yield started


@pytest.fixture
def visit(browser, pages):
    """Opens a page for one test, which may change it."""
    with opener(browser, pages) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def unfolded(browser, pages):
    """Shows a page with everything open to tests that only look."""
    with opener(browser, pages) as open_page:

        def show(name, size=DESKTOP, scheme="light"):
            page = open_page(name, size, scheme)
            page.evaluate(UNFOLD)
            return page

        yield cache(show)
