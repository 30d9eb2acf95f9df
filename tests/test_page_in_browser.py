"""The month's page as people see it: the sample month, published once, in a real browser, from a folder, offline."""

import re
import shutil
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

import pytest
from browsing import ROOT, chromium, need_chromium, skip_without_chromium
from conftest import publish

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = ("index.html", "index.en.html")
DESKTOP, PHONE = (1280, 800), (390, 844)
READ = "p, li, td, th, h1, h2, h3, a, figcaption, .small, .label"
"""Where the words of the page are."""

UNFOLD = "document.querySelectorAll('details').forEach(details => details.open = true)"

LETTERS = r"""() => {
    const charts = [...document.querySelectorAll(".picture:not(.beside) svg")].filter(svg => svg.checkVisibility())
    return charts.map(svg => {
    const shown = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    const moves = [...svg.querySelectorAll("g[transform]")].map(g => g.getAttribute("transform"))
    return moves.map(move => /scale\(([\d.]+) -/.exec(move)).filter(Boolean).map(found => shown * 100 * found[1])
})}"""
"""Sizes of the letters of each chart in px: matplotlib draws a letter as a path of 100 units and scales it down.

The small charts beside the lines of the actions are left out: the card of each action has its chart for the room."""

CUT = """() => [...document.querySelectorAll(".picture svg")].filter(svg => svg.checkVisibility()).flatMap(svg => {
    const [left, right] = [svg.getBoundingClientRect().left - 1, svg.getBoundingClientRect().right + 1]
    const texts = [...svg.querySelectorAll("g[id*=text_]")].map(g => g.getBoundingClientRect())
    return texts.filter(box => box.left < left || box.right > right).map(box => `${svg.ariaLabel}, ${box.left - left}`)
})"""
"""Texts of charts that reach beyond the picture, where they are not shown."""

TOUCHING = """() => [...document.querySelectorAll(".picture svg")].filter(svg => svg.checkVisibility()).flatMap(svg => {
    const boxes = [...svg.querySelectorAll("g[id*=text_]")].map(g => g.getBoundingClientRect()).filter(box => box.width)
    const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1
    return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => touch(a, b)).map(b => `${svg.ariaLabel}, y ${b.top}`))
})"""
"""Pairs of texts of a chart that lie on one another; descenders may."""

FAINT = """words => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const linear = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor)
            if (colour[3] === 255) return colour
        }
        return [255, 255, 255]
    }
    const ratio = element => {
        const [a, b] = [rgba(getComputedStyle(element).color), behind(element)].map(luminance)
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    }
    const shown = [...document.querySelectorAll(words)].filter(e => e.checkVisibility() && e.textContent.trim())
    const faint = shown.filter(e => ratio(e) < 4.5)
    return [shown.length, faint.map(e => `${e.tagName} ${e.textContent.trim().slice(0, 20)} ${ratio(e).toFixed(2)}`)]
}"""
"""How many pieces of text there are, and those whose contrast is below 4.5 (WCAG 2.2, 1.4.3, level AA)."""


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as started:
        yield started


@pytest.fixture(scope="module")
def month(browser, sample_month):
    return sample_month


@pytest.fixture(scope="module")
def sparse(browser, tmp_path_factory):
    """A month of a workspace with goals and metrics only."""
    workspace = tmp_path_factory.mktemp("sparse")
    for name in ("retro.toml", "goals.csv", "metrics.csv"):
        shutil.copy(ROOT / "data" / name, workspace)
    return publish(workspace, tmp_path_factory.mktemp("sparse_reports"))


@contextmanager
def opener(browser, month):
    """Opens pages of the month, each in a fresh profile; a page's `requests` and `complaints` grow as they happen."""
    contexts = []

    def open_page(name, size=DESKTOP, scheme="light", folder=month):
        context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.requests, page.complaints = [], []
        context.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((folder / name).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def visit(browser, month):
    """Opens a page of the month for one test, which may change it."""
    with opener(browser, month) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def look(browser, month):
    """Shows a page of the month to tests that only look; opened once."""
    with opener(browser, month) as open_page:
        yield cache(open_page)


def visible(page, selector):
    return {element.is_visible() for element in page.locator(f"#goals figure {selector}").all()}


@contextmanager
def turned(details):
    """Whether a click or a key turned an element from closed to open, or back."""
    before = details.get_attribute("open") is not None
    yield
    assert (details.get_attribute("open") is not None) != before


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_page_asks_for_nothing_but_itself_and_complains_of_nothing(visit, month, name, size):
    page = visit(name, size)
    page.wait_for_load_state("networkidle")
    assert page.requests == [(month / name).as_uri()]
    assert page.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_does_not_scroll_sideways_on_a_phone(visit, name):
    page = visit(name, PHONE)
    page.evaluate(UNFOLD)
    root = page.evaluate("({wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth})")
    assert root["wide"] <= root["room"] == PHONE[0]


@pytest.mark.parametrize(("size", "shown", "hidden"), [(DESKTOP, ".wide", ".narrow"), (PHONE, ".narrow", ".wide")])
def test_only_pictures_that_fit_the_screen_are_shown(look, size, shown, hidden):
    page = look("index.html", size)
    assert visible(page, shown) == {True}
    assert visible(page, hidden) == {False}


@pytest.mark.parametrize("name", PAGES)
def test_every_letter_of_a_chart_has_12_px_on_a_phone(look, name):
    charts = look(name, PHONE).evaluate(LETTERS)
    assert len(charts) > 1
    assert min(map(min, charts)) >= 12


@pytest.mark.parametrize("name", PAGES)
def test_letters_of_every_chart_have_20_px_in_a_room(look, name):
    charts = look(name, DESKTOP).evaluate(LETTERS)
    assert len(charts) > 1
    assert min(map(max, charts)) >= 20


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_no_text_of_a_chart_is_cut_off(visit, name, size):
    page = visit(name, size)
    page.evaluate(UNFOLD)
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_no_text_of_a_chart_lies_on_another(visit, name, size):
    page = visit(name, size)
    page.evaluate(UNFOLD)
    assert page.evaluate(TOUCHING) == []


@pytest.mark.parametrize(("name", "other"), [PAGES, PAGES[::-1]])
def test_language_link_leads_to_the_other_page_and_back(visit, month, name, other):
    page = visit(name)
    page.locator("header a[hreflang]").click()
    assert page.url == (month / other).as_uri()
    page.locator("header a[hreflang]").click()
    assert page.url == (month / name).as_uri()


@pytest.mark.parametrize(("name", "lang"), [("index.html", "zh-CN"), ("index.en.html", "en")])
def test_page_names_its_language(look, name, lang):
    assert look(name).locator("html").get_attribute("lang") == lang


@pytest.mark.parametrize("name", PAGES)
def test_every_conclusion_leads_to_its_evidence(look, name):
    page = look(name)
    targets = [link.get_attribute("href") for link in page.locator(".top li a").all()]
    assert len(targets) == page.locator(".top li").count() > 1
    assert [target for target in targets if page.locator(target).count() != 1] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_inside_the_page_leads_somewhere(look, name):
    page = look(name)
    targets = {link.get_attribute("href") for link in page.locator('a[href^="#"]').all()}
    assert [target for target in targets if page.locator(target).count() != 1] == []


def test_a_click_on_the_evidence_brings_it_into_view(visit):
    page = visit("index.html", PHONE)
    link = page.locator(".top li a").nth(1)
    link.click()
    box = page.locator(link.get_attribute("href")).bounding_box()
    assert -1 < box["y"] < PHONE[1]  # a fraction of a pixel is the browser's


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_text_stands_out_from_its_background(look, size, scheme):
    count, faint = look("index.html", size, scheme).evaluate(FAINT, READ)
    assert count > 50
    assert faint == []


def test_dark_page_is_dark(look):
    light, dark = (look("index.html", scheme=scheme) for scheme in ("light", "dark"))
    colour = "getComputedStyle(document.body).backgroundColor"
    assert (light.evaluate(colour), dark.evaluate(colour)) == ("rgb(255, 255, 255)", "rgb(18, 24, 31)")


@pytest.mark.parametrize("name", PAGES)
def test_headings_start_at_one_and_skip_no_level(look, name):
    tags = look(name).locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map(e => Number(e.tagName[1]))")
    assert tags[0] == 1 == tags.count(1)
    assert max(after - before for before, after in pairwise(tags)) == 1


def test_details_open_by_click(visit):
    for details in visit("index.html").locator("details").all():
        with turned(details):
            details.locator("summary").click()


def test_details_open_by_keyboard(visit):
    for details in visit("index.html").locator("details").all():
        details.locator("summary").focus()
        with turned(details):
            details.page.keyboard.press("Enter")


def test_first_tab_shows_where_the_keyboard_is(visit):
    page = visit("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("name", PAGES)
def test_charts_speak_to_a_screen_reader(look, name):
    charts = look(name).locator(".picture svg")
    assert charts.count() > 20
    for chart in charts.all():
        is_tree = chart.get_attribute("role") == "group"  # a tree holds links, so it is no single picture
        assert is_tree or chart.get_attribute("role") == "img"
        assert chart.locator("title").inner_html() if is_tree else chart.get_attribute("aria-label")


@pytest.mark.parametrize("name", PAGES)
def test_page_prints_on_several_sheets(look, name):
    printed = look(name).pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 1


def test_folded_cards_are_printed_too(visit):
    page = visit("index.html")
    page.emulate_media(media="print")
    closed = page.locator("details:not([open]) .say")
    assert closed.count() > 0
    assert all(text.is_visible() for text in closed.all())


@pytest.mark.parametrize(
    ("name", "words"),
    [("index.html", "没有数据：这一节需要 {}"), ("index.en.html", "No data: this section is filled by {}")],
)
@pytest.mark.parametrize(
    ("section", "file"), [("followup", "actions.yaml"), ("roi", "activities.csv"), ("health", "survey/")]
)
def test_section_without_data_names_the_table_that_fills_it(look, sparse, name, words, section, file):
    shown = look(name, folder=sparse).locator(f"#{section}.absent p")
    assert shown.inner_text().startswith(words.format(file))
    assert shown.is_visible()
