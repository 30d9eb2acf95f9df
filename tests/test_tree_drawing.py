"""Fishbones and 5-whys as pictures: what they show, that texts stay texts, and that nothing is cut or overlaps."""

import re
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from browsing import MISSING, chromium, find_chromium, is_required, opened, use_bundled_font

from opsretro.report.look import DARK, LIGHT, css_tokens
from opsretro.report.tree_drawing import Labels, fishbone_svg, whys_svg
from opsretro.tables import sample
from opsretro.tables.judgements import BASES, CONTROLS
from opsretro.tables.trees import CATEGORIES, COLUMNS, TYPES, read_cause_trees

WORDS = {
    "zh-CN": {"fact": "事实", "guess": "猜测", "controllable": "可控", "influence": "可影响", "escalate": "需上报"},
    "en": {"fact": "fact", "guess": "guess", "controllable": "ours to change", "influence": "we can influence"},
}
NASTY = (
    "<script>alert(1)</script>&\"'",
    "\u202eevil\u202c \x00\x07\ud800\uffff tab\there",
    "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
    "https://example.com/a/very/long/path?with=a&query=of#many-letters-and-no-space",
    "W" * 90,
    "测" * 90,
    "（括号）“引号”《书名》……，，，，，，！！！！！！",
    "مرحبا بالعالم هذا نص عربي 123",
    "😀🎉👩‍👩‍👧 emoji 与文字 mixed 混排",
)
PLAIN = "The checkout loads too slowly on old phones, so people leave. 结算页在旧手机上加载太慢，用户没有等到就离开了。"
SIDES = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def labels(lang="en"):
    words = WORDS[lang]
    verify, root = ("验证：", "根因") if lang == "zh-CN" else ("Check: ", "Root cause")
    return Labels(lang=lang, basis=words, control=words, categories={"data": "Data"}, verify=verify, root=root)


def table(rows):
    """A frame as the reader gives it, from the cells that matter."""
    blank = {name: {"str": "", "int64": 0, "bool": False}[kind] for name, kind in TYPES.items()}
    return pd.DataFrame([blank | row for row in rows], columns=list(COLUMNS)).astype(TYPES)


def node(place, text, basis="fact", **cells):
    above = place.rpartition(".")[0]
    verify = {"verify_zh": f"核实 {text}", "verify_en": f"count {text}"} if basis == "guess" else {}
    words = {"text_zh": text, "text_en": text, "category": "data", "control": "controllable", "basis": basis}
    return words | {"node": place, "parent": above, "depth": place.count(".") + 1} | verify | cells


def problem(text="Sales fell"):
    return {"text_zh": text, "text_en": text}


def whys(*texts, basis="fact"):
    rows = [node(str(n), text, basis, parent=str(n - 1) if n > 1 else "") for n, text in enumerate(texts, 1)]
    return table([problem(), *rows[:-1], rows[-1] | {"is_root": True}])


def grid(n_categories, n_causes, texts=(PLAIN,), *, nested=False):
    """Categories with as many causes each, every second with two levels below."""
    rows = [problem(texts[0])]
    for k, (category, n) in enumerate(product(range(n_categories), range(n_causes)), 1):
        name = f"{category} {texts[category % len(texts)]}"
        own = {"category": f"c{category}", "category_zh": name[:30], "category_en": name[:30]}
        places = [f"{k}", f"{k}.1", f"{k}.1.1", f"{k}.2"] if nested and n % 2 else [f"{k}"]
        rows += [node(place, texts[(k + i) % len(texts)], BASES[(k + i) % 2], **own) for i, place in enumerate(places)]
    return table(rows)


def parsed(svg):
    return ElementTree.fromstring(svg)


def texts_of(svg):
    """Every text of a picture, its lines joined."""
    return ["".join(part.itertext()) for part in parsed(svg).iter("text")]


def circles(svg):
    return [circle.get("fill") for circle in parsed(svg).iter("circle")]


def dashed(svg):
    return [line.get("stroke-dasharray") is not None for line in parsed(svg).iter("line")]


@SIDES
def test_every_text_of_a_fishbone_is_shown(narrow):
    svg = fishbone_svg(table([problem(), node("1", "A"), node("1.1", "B", "guess")]), labels=labels(), narrow=narrow)
    shown = ["Sales fell", "Data", "A", "fact · ours to change", "B", "guess · ours to change", "Check: count B"]
    assert sorted(filter(None, texts_of(svg))) == sorted(shown)


@SIDES
def test_every_text_of_the_whys_is_shown_and_the_root_is_named(narrow):
    svg, judged = whys_svg(whys("One", "Two"), labels=labels(), narrow=narrow), "fact · ours to change"
    assert list(filter(None, texts_of(svg))) == ["Sales fell", "One", judged, "Root cause", "Two", judged]


@SIDES
def test_each_language_shows_its_own_texts(narrow):
    rows = table([problem(), node("1", "甲", "guess", text_en="A", verify_en="count", category_zh="数据")])
    zh = " ".join(texts_of(fishbone_svg(rows, labels=labels("zh-CN"), narrow=narrow)))
    en = " ".join(texts_of(fishbone_svg(rows, labels=labels(), narrow=narrow)))
    assert ("甲" in zh, "验证：核实 甲" in zh, "A" in en, "Check: count" in en) == (True, True, True, True)
    assert ("A" in zh.replace("Sales", ""), "甲" in en) == (False, False)


@SIDES
def test_a_fact_has_a_filled_dot_and_a_solid_line(narrow):
    svg = fishbone_svg(table([problem(), node("1", "A")]), labels=labels(), narrow=narrow)
    assert (any("paper" in fill for fill in circles(svg)), any(dashed(svg))) == (False, False)


@SIDES
def test_a_guess_has_a_hollow_dot_and_a_dashed_line(narrow):
    svg = fishbone_svg(table([problem(), node("1", "A", "guess")]), labels=labels(), narrow=narrow)
    assert (sum("paper" in fill for fill in circles(svg)), sum(dashed(svg))) == (1, 1)


@SIDES
def test_a_guess_among_the_whys_is_hollow_and_its_line_dashed(narrow):
    svg = whys_svg(whys("One", "Two", basis="guess"), labels=labels(), narrow=narrow)
    assert (sum("paper" in fill for fill in circles(svg)), sum(dashed(svg))) == (2, 2)


@SIDES
def test_a_cause_about_a_slice_is_a_link_to_it(narrow):
    rows = table([problem(), node("1", "A", slice="device=android")])
    links = list(parsed(fishbone_svg(rows, labels=labels(), anchors={"device=android": "s1"}, narrow=narrow)).iter("a"))
    assert [(link.get("href"), "".join(link.itertext())) for link in links] == [("#s1", "A")]


def test_a_why_about_a_slice_is_a_link_to_it():
    rows = table([problem(), node("1", "A", slice="x=y", is_root=True)])
    assert '<a href="#s1">' in whys_svg(rows, labels=labels(), anchors={"x=y": "s1"})


def test_a_slice_that_is_nowhere_on_the_page_is_no_link():
    rows = table([problem(), node("1", "A", slice="device=android")])
    assert "<a" not in fishbone_svg(rows, labels=labels(), anchors={"device=ios": "s1"})


@pytest.mark.parametrize("anchor", ['"><script>', "javascript:alert(1)", "x' onclick='y"])
def test_an_anchor_cannot_leave_its_link(anchor):
    rows = table([problem(), node("1", "A", slice="x=y")])
    link = next(parsed(fishbone_svg(rows, labels=labels(), anchors={"x=y": anchor})).iter("a"))
    assert link.attrib == {"href": f"#{anchor}"}


@SIDES
def test_markup_in_texts_is_text(narrow):
    rows = grid(2, 3, NASTY)
    kinds = {part.tag for part in parsed(fishbone_svg(rows, labels=labels(), narrow=narrow)).iter()}
    assert kinds <= {"svg", "title", "desc", "g", "path", "line", "circle", "text", "tspan"}
    assert "<script>alert(1)</script>&\"'" in "".join(texts_of(fishbone_svg(rows, labels=labels())))


@pytest.mark.parametrize("draw", [fishbone_svg, whys_svg])
def test_control_and_direction_marks_are_dropped(draw):
    rows = table([problem(NASTY[1]), node("1", NASTY[1], "guess", category_en=NASTY[1], is_root=True)])
    svg = draw(rows, labels=labels())
    assert re.findall("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\uffff]", svg) == []
    assert "evil tab here" in texts_of(svg)


@pytest.mark.parametrize("text", NASTY)
def test_no_letter_that_can_be_seen_is_lost(text):
    rows = table([problem(), node("1", text)])
    seen = [letter for letter in text if letter.isprintable() and letter.strip()]
    shown = "".join(texts_of(fishbone_svg(rows, labels=labels(), narrow=True)))
    assert "".join(seen) in shown.replace(" ", "")


def test_a_picture_says_in_words_what_it_shows():
    svg = parsed(fishbone_svg(table([problem(), node("1", "A"), node("1.1", "B", "guess")]), labels=labels()))
    assert svg.find("title").text == "Sales fell"
    assert svg.find("desc").text == "1 A (fact · ours to change) 1.1 B (guess · ours to change, Check: count B)"


@SIDES
def test_nothing_is_loaded_run_or_styled_outside(narrow):
    svg = fishbone_svg(grid(3, 2), labels=labels(), narrow=narrow) + whys_svg(whys("A", "B"), labels=labels())
    assert re.findall(r"<style|<script|style=|class=|\bid=|https?:|url\(|\bon\w+=|<image|<use|@", svg) == []


@SIDES
def test_colours_are_those_of_the_page_with_one_to_fall_back_on(narrow):
    svg = fishbone_svg(grid(3, 2), labels=labels(), narrow=narrow) + whys_svg(whys("A", "B"), labels=labels())
    used = re.findall(r'(?:fill|stroke)="(?!none)([^"]*)"', svg)
    found = [re.fullmatch(r"var\(--(\w+),(?:var\(--jp-[\w-]+,)?(#\w{6})\)+", colour) for colour in used]
    assert {match[1]: match[2] for match in found}.items() <= LIGHT.items()
    assert {match[1] for match in found} <= set(DARK)


@SIDES
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_letters_are_large_enough_to_read(narrow, lang):
    svg = fishbone_svg(grid(8, 2, nested=True), labels=labels(lang), narrow=narrow)
    sizes = {int(part.get("font-size")) for part in parsed(svg).iter("text")}
    # 13 px in a picture of 960 px for a page, 12 px in one of 358 px for a phone.
    assert min(sizes) >= (12 if narrow else 13)


@pytest.mark.parametrize(("narrow", "width"), [(False, "960"), (True, "358")])
def test_a_picture_is_as_wide_as_its_place(narrow, width):
    for svg in (
        fishbone_svg(grid(3, 1), labels=labels(), narrow=narrow),
        whys_svg(whys("A"), labels=labels(), narrow=narrow),
    ):
        assert parsed(svg).get("viewBox").split()[2] == width


@SIDES
def test_the_same_tree_gives_the_same_picture(narrow):
    first, second = (fishbone_svg(grid(4, 3), labels=labels(), narrow=narrow) for _ in range(2))
    assert first == second


def test_half_of_the_categories_hang_above_the_spine_and_half_below():
    svg = parsed(fishbone_svg(grid(5, 1), labels=labels()))
    groups = [group.get("transform") for group in svg.iter("g")]
    # Three bones above, two below, the problem: those below begin at the spine.
    assert [groups.count(groups[3]), len(groups)] == [2, 6]


@SIDES
def test_a_category_without_causes_is_a_bone_all_the_same(narrow):
    rows = table([problem(), node("1", "", category="c1", category_en="Market"), node("2", "A")])
    shown = texts_of(fishbone_svg(rows, labels=labels(), narrow=narrow))
    assert ("Market" in shown, len(circles(fishbone_svg(rows, labels=labels())))) == (True, 1)


@SIDES
def test_a_problem_alone_can_be_drawn(narrow):
    assert texts_of(fishbone_svg(table([problem()]), labels=labels(), narrow=narrow)) == ["Sales fell"]
    assert texts_of(whys_svg(table([problem()]), labels=labels(), narrow=narrow)) == ["Sales fell"]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_catalogue_has_every_word(lang):
    words = Labels.of(lang)
    assert (set(words.basis), set(words.control), set(words.categories)) == (set(BASES), set(CONTROLS), set(CATEGORIES))
    assert all([*words.basis.values(), *words.control.values(), *words.categories.values(), words.verify, words.root])


FAULTS = """() => [...document.querySelectorAll("svg")].flatMap((svg, n) => {
    const all = svg.getBoundingClientRect(), faults = []
    const texts = [...svg.querySelectorAll("tspan")].map(e => [e.textContent.slice(0, 12), e.getBoundingClientRect()])
    const across = (a, b) => a.left < b.right - .5 && b.left < a.right - .5
    const over = (a, b) => a.top < b.bottom - 4 && b.top < a.bottom - 4 && across(a, b)
    const dots = [...svg.querySelectorAll("circle")].map(e => e.getBoundingClientRect())
    const points = [...svg.querySelectorAll("line")].flatMap(e => [...Array(21).keys()].map(k => {
        const at = (a, b) => +e.getAttribute(a) + (e.getAttribute(b) - e.getAttribute(a)) * k / 20
        return new DOMPoint(at("x1", "x2"), at("y1", "y2")).matrixTransform(e.getScreenCTM())
    }))
    texts.forEach(([name, box], i) => {
        const inside = box.left > all.left - 2 && box.right < all.right + 1 && box.top > all.top - 1
        if (!inside || box.bottom > all.bottom + 1) faults.push(`${n} cut: ${name}`)
        for (const [other, second] of texts.slice(i + 1)) if (over(box, second)) faults.push(`${n} ${name}, ${other}`)
        if (dots.some(dot => over(box, dot))) faults.push(`${n} dot on ${name}`)
        if (points.some(p => p.x > box.left + 1 && p.x < box.right - 1 && p.y > box.top + 3 && p.y < box.bottom - 3))
            faults.push(`${n} line through ${name}`)
    })
    return faults
})"""
"""Texts that are cut off, lie on one another, on a dot or on a line; a little of a letter's empty space may."""


def pictures(narrow):
    rows = read_cause_trees(Path(sample.__file__).parent / "static" / "causes.yaml", people=())
    shapes = [grid(n, m, nested=True) for n, m in ((1, 1), (2, 3), (5, 2), (8, 2))]
    bones = [rows[rows["kind"] == "fishbone"], *shapes, grid(4, 3, NASTY, nested=True)]
    ladders = [rows[rows["kind"] == "whys"], whys(PLAIN), whys(*[PLAIN] * 7), whys(*NASTY[:7], basis="guess")]
    for lang in WORDS:
        yield from (fishbone_svg(tree, labels=labels(lang), narrow=narrow) for tree in bones)
        yield from (whys_svg(tree, labels=labels(lang), narrow=narrow) for tree in ladders)


@pytest.fixture(scope="module")
def browser():
    if not find_chromium() and not is_required():
        pytest.skip(MISSING)
    with chromium(find_chromium()) as started:
        yield started


@pytest.mark.browser
@pytest.mark.parametrize("font", ["bundled", "system"])
@pytest.mark.parametrize(("width", "narrow"), [(1280, False), (390, True)])
def test_no_text_is_cut_or_lies_on_anything_else(browser, tmp_path, width, narrow, font):
    style = f"{css_tokens()}body{{margin:16px;font-family:sans-serif}}svg{{display:block;width:100%}}"
    page = f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(pictures(narrow))}"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    with opened(browser, (tmp_path / "page.html").as_uri(), width, 800) as shown:
        if font == "bundled":
            use_bundled_font(shown)
        assert shown.evaluate(FAULTS) == []
