"""The archive as people use it: in a real browser, from a folder, offline, by keyboard, on a phone, without scripts."""

import json
import random
from contextlib import contextmanager
from pathlib import Path

import pytest
from archive_lab import ACTION, ACTIVITY, CAUSE, CHANGE, ELEMENT, GOAL, KPI, put, section, write
from browsing import chromium, need_chromium, skip_without_chromium
from hostile import PAYLOADS

from opsretro.analysis.months_join import span

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP, PHONE = (1280, 800), (390, 844)
PAGES = ("index.html", "index.en.html")
AXIS = span("2024-11", "2026-10")
GONE = "2025-05"
HITS = "#hits a"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as started:
        yield started


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """Two years of months, one of them missing."""
    folder = tmp_path_factory.mktemp("reports")
    draw = random.Random(3)
    for month in AXIS:
        if month != GONE:
            signal = "signal" if month == "2026-08" else "noise"
            put(folder, month, actual=draw.uniform(285, 315), status=draw.choice(["met", "missed"]), variation=signal)
    write(folder)
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """Two months whose every text is a payload."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, payload in enumerate(PAYLOADS.values()):
        month = span("2021-01", "2026-10")[number]
        made = put(folder, month)
        told = f"{payload} told"
        for key, tables in poisoned(payload).items():
            (made / f"{key}.json").write_text(json.dumps(section(key, month, **tables)), encoding="utf-8")
        says = {"title": told, "conclusions": [told], "sections": {"goals": told, payload: told}}
        manifest = json.loads((made / "run.json").read_text())
        manifest["says"] = {"en": says, "zh-CN": says, payload: says}
        (made / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    write(folder)
    return folder


def poisoned(payload):
    goal = {**GOAL, "goal_id": f"{payload} id", "name": f"{payload} goal", "kpi": payload, "unit": payload}
    action = {**ACTION, "id": f"{payload} act", "title_en": f"{payload} deed", "title_zh": payload, "metric": payload}
    return {
        "goals": {"goals": [goal], "findings": [{"code": payload, "subject": payload}]},
        "roi": {"activities": [{**ACTIVITY, "activity_id": payload, "name": payload, "type": payload}]},
        "rootcause": {
            "causes": [{**CAUSE, "subject": payload}],
            "kpis": [{**KPI, "subject": payload, "kpi": payload}],
            "elements": [{**ELEMENT, "subject": payload, "dimension": payload, "value": payload}],
        },
        "health": {"changes": [{**CHANGE, "dimension": payload, "group": f"team={payload}"}]},
        "followup": {"actions": [action]},
    }


@contextmanager
def opened(browser, file, *, size=DESKTOP, hash_="", **options):
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    page = context.new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.wrong.append(message.text))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(file.as_uri() + hash_)
    yield page
    context.close()


def months_shown(page):
    return page.eval_on_selector_all(
        "tr[data-m]", "rows => rows.filter(row => row.checkVisibility()).map(row => row.dataset.m)"
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_nothing_and_complains_of_nothing(browser, out, name, size):
    with opened(browser, out / name, size=size) as page:
        assert (page.asked, page.wrong) == ([(out / name).as_uri()], [])


@pytest.mark.parametrize("hash_", ["", "#2025-Q3", "#q=a"])
@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(browser, out, name, hash_):
    with opened(browser, out / name, size=PHONE, hash_=hash_) as page:
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        assert page.evaluate(SIDEWAYS) == 0


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_everything_can_be_read_and_no_search_is_offered(browser, out, name):
    with opened(browser, out / name, java_script_enabled=False) as page:
        assert not page.locator("#tools").is_visible()
        assert page.locator(".sums:visible").count() == 1
        assert page.locator("tr[data-m]").count() == len(AXIS)
        assert page.locator(".kpi svg").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file(browser, out, name):
    with opened(browser, out / name, hash_="#q=2026") as page:
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        files = {link.partition("#")[0] for link in links} - {""}
        assert len(files) > 20
        assert [file for file in files if not (out / file).is_file()] == []


def test_typing_filters_to_hits_with_month_and_link(browser, out):
    with opened(browser, out / "index.en.html") as page:
        page.fill("#find", "size guide")
        assert page.locator(HITS).count() == 1
        assert page.locator(HITS).inner_text().split("\n") == [
            "Oct 2026", "Actions", "Size guide (A-1): moved its metric"
        ]  # fmt: skip
        assert page.locator(HITS).get_attribute("href") == "2026-10/index.en.html#open-action-A-1"
        assert page.locator("#count").inner_text() == "1 hit"


@pytest.mark.parametrize("words", ["结论", "2025-03 的结论", "成交", "ＳＩＧＮ", "２０２５年３月"])
def test_chinese_is_found_by_any_part_of_it_and_wide_letters_are_the_same(browser, out, words):
    with opened(browser, out / "index.html") as page:
        page.fill("#find", words)
        found = page.locator(HITS).count()
        assert found == 0 if words == "ＳＩＧＮ" else found > 0


@pytest.mark.parametrize("words", ["SALES oct 2026", "ｓａｌｅｓ　oct 2026", "oct 2026 sales met"])
def test_case_width_and_order_of_words_do_not_matter(browser, out, words):
    with opened(browser, out / "index.en.html") as page:
        page.fill("#find", words.replace("met", "goals"))
        assert page.locator(HITS).count() > 0


def test_a_conclusion_leads_to_the_top_of_its_month(browser, out):
    with opened(browser, out / "index.en.html", hash_="#q=what 2026-03 came to") as page:
        told = [text.split("\n")[1:] for text in page.locator(HITS).all_inner_texts()]
        assert told == [["Goals", "What 2026-03 came to, goals"], ["Conclusion", "What 2026-03 came to"]]


def test_nothing_found_says_so(browser, out):
    with opened(browser, out / "index.en.html") as page:
        page.fill("#find", "no such thing")
        assert (page.locator(HITS).count(), page.locator("#count").inner_text()) == (0, "nothing found")


def test_the_search_is_worked_by_keyboard_alone(browser, out):
    with opened(browser, out / "index.en.html") as page:
        page.keyboard.press("/")
        page.keyboard.type("came to")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        first = page.evaluate("document.activeElement.innerText").split("\n")[0]
        assert first == "Oct 2026"
        page.keyboard.press("Enter")
        page.wait_for_url("**/2026-10/index.en.html*")


def test_escape_empties_the_search(browser, out):
    with opened(browser, out / "index.en.html", hash_="#q=sales") as page:
        page.focus(HITS)
        page.keyboard.press("Escape")
        assert (page.input_value("#find"), page.locator(HITS).count()) == ("", 0)


def test_the_address_holds_the_search_and_the_period(browser, out):
    with opened(browser, out / "index.html") as page:
        page.select_option("#period", "2026-Q3")
        page.fill("#find", "成交额")
        address = page.evaluate("location.href")
    with opened(browser, out / "index.html", hash_=address[address.index("#") :]) as page:
        assert (page.input_value("#find"), page.input_value("#period")) == ("成交额", "2026-Q3")
        assert {text[:5] for text in page.locator("#hits a span:first-child").all_inner_texts()} == {"2026年"}


@pytest.mark.parametrize(
    ("hash_", "shown"),
    [
        ("#2026-Q3", ["2026-09", "2026-08", "2026-07"]),
        ("#2024", ["2024-12", "2024-11"]),
        ("#2025-04..2025-06", ["2025-06", "2025-05", "2025-04"]),
        ("#2025-06..2025-04", ["2025-06", "2025-05", "2025-04"]),
    ],
)
def test_a_period_in_the_address_limits_the_grid(browser, out, hash_, shown):
    with opened(browser, out / "index.en.html", hash_=hash_) as page:
        assert months_shown(page) == shown


def test_a_period_limits_the_sentences_and_fades_the_rest_of_the_trends(browser, out):
    with opened(browser, out / "index.en.html", hash_="#2026-Q3") as page:
        assert page.locator(".sums:visible .lead").inner_text().startswith("Sep 2026: ")
        faded = page.evaluate("getComputedStyle(document.querySelector('.strip'), '::before').width")
        assert float(faded.removesuffix("px")) > 100


def test_a_span_without_sentences_names_the_command_that_writes_them(browser, out):
    with opened(browser, out / "index.en.html") as page:
        page.select_option("#from", "2025-04")
        page.select_option("#to", "2025-08")
        assert page.locator("#command").inner_text() == "opsretro run --month 2025-04..2025-08 --only months"
        assert page.input_value("#period") == "own"
        page.select_option("#period", "")
        assert len(months_shown(page)) >= 20


@pytest.mark.parametrize("hash_", ["#nonsense", "#%E0%A4%A", "#q=%E0%A4%A", "#2026-99", "#<img src=x>", "#own"])
def test_an_odd_address_is_no_error(browser, out, hash_):
    with opened(browser, out / "index.en.html", hash_=hash_) as page:
        assert page.wrong == []
        assert page.locator(".sums:visible").count() == 1


def test_nothing_hostile_runs_and_nothing_is_loaded(browser, hostile):
    for name in PAGES:
        with opened(browser, hostile / name) as page:
            page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
            page.fill("#find", "told")
            assert page.locator(HITS).count() > 20
            page.keyboard.press("Tab")
            assert page.evaluate("window.pwned") is None
            assert (page.asked, page.wrong) == ([(hostile / name).as_uri()], [])


def test_hostile_texts_are_shown_as_they_are_and_break_nothing(browser, hostile):
    with opened(browser, hostile / "index.en.html", hash_="#q=deed") as page:
        shown = page.locator(HITS).all_inner_texts()
        assert any("<script>window.pwned=1</script> deed" in text for text in shown)
        assert page.locator("#hits img, main script, main iframe, main img, main style").count() == 0
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate(SIDEWAYS) == 0


def test_a_foreign_script_may_not_run(browser, out, tmp_path):
    text = (out / "index.en.html").read_text(encoding="utf-8")
    file = tmp_path / "changed.html"
    file.write_text(text.replace("</main>", "</main><script>window.pwned=1</script><p onclick=x>x</p>"))
    with opened(browser, file) as page:
        assert page.evaluate("window.pwned") is None
        assert len(page.wrong) == 2


def test_the_page_says_who_may_run_and_loosens_nothing(out):
    text = (out / "index.en.html").read_text(encoding="utf-8")
    policy = text.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert " style=" not in text.split("<main>")[1]


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_all_years_are_open_and_no_search_is_printed(browser, out, name):
    with opened(browser, out / name) as page:
        page.emulate_media(media="print")
        assert not page.locator("#tools").is_visible()
        assert page.pdf()[:4] == b"%PDF"
