"""The month as a PDF, read back: what it says, in which order, in which font, and that data in it is only text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest
from hostile import PAYLOADS, VERY_LONG
from PIL import Image
from pypdf import PdfReader

from opsretro import open_workspace
from opsretro.analysis.own_result import TeamResult
from opsretro.analysis.result import Context
from opsretro.monthly.printing import write_pdfs
from opsretro.report.document import document, one_line
from opsretro.report.document_blocks import MOST, figure, items, paper, table
from opsretro.report.document_pdf import pdf, pictures
from opsretro.report.document_sections import MOST_ROWS
from opsretro.report.look import LIGHT
from opsretro.report.own_page import OwnPart
from opsretro.report.page import MonthPage, all_shown
from opsretro.report.sections import SECTIONS as ALL_SECTIONS
from opsretro.words import LANGUAGES, say, without_unseen

SECTIONS = [section for section in ALL_SECTIONS if section.key != "months"]
"""What a single month shows."""

PAGES = {"zh-CN": "index.html", "en": "index.en.html"}
TEAM = Context(team={"zh-CN": "增长组", "en": "Growth"}, currency="CNY", names={}, as_of="2026-11-02")
NUMBERS = pd.DataFrame({"kind": ["a", "b"], "n": [1, 2]})
ODD = {
    "import": '#import "@preview/x:0.1.0"',
    "let": "#let x = 1; #panic()",
    "heading": "= One",
    "strong": "*one* _two_",
    "stroke": "a \\ b",
    "reference": "@ref and <label>",
    "comment": "// one /* two */",
    "brackets": "[one] {two} (three)",
    "dollar": "$ 5 $",
    "list": "- one",
    "rtl": "\u202eabc\u2066 שלום مرحبا",
}


def made(page, lang="en"):
    return json.dumps(document(page, lang, all_shown(page, lang)), ensure_ascii=False)


def read(page, lang="en"):
    return PdfReader(BytesIO(pdf(made(page, lang))))


def bare(text):
    """A text without the places where lines break."""
    return re.sub(r"\s+", "", text)


def text_of(reader):
    return bare("".join(page.extract_text() for page in reader.pages))


def of(results=None, *, own=(), period="2026-10", failures=None, context=TEAM):
    return MonthPage(
        period=period, context=context, results=results or {}, failures=failures or {}, files={}, own=list(own)
    )


def own(frame=NUMBERS, title="Complaints", answer="They fell", **more):
    result = replace(TeamResult.of(frame, answer=answer, **more), context=TEAM)
    return OwnPart(key="own-1", title=title, record="x.ipynb", result=result)


def headings(reader):
    """Titles of the outline, without those below a section."""
    return [entry.title for entry in reader.outline if not isinstance(entry, list)]


def fonts(reader):
    """Fonts of every page, those of its pictures included."""
    found, todo = set(), [page["/Resources"] for page in reader.pages]
    while todo:
        resources = todo.pop().get_object()
        found |= {font.get_object()["/BaseFont"] for font in resources.get("/Font", {}).values()}
        forms = [form.get_object() for form in resources.get("/XObject", {}).values()]
        todo += [form["/Resources"] for form in forms if "/Resources" in form]
    return {name.partition("+")[2] for name in found}


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request):
    return request.param


@pytest.fixture(scope="module")
def sample(sample_month, lang):
    return PdfReader(sample_month / f"retro.{lang}.pdf")


def test_the_outline_has_every_section_in_the_order_of_the_page(sample, lang):
    names = [say(f"page.section.{section.key}", lang) for section in SECTIONS]
    numbered = [f"{place} {name}" for place, name in enumerate(names, start=1)]
    assert headings(sample) == [*numbered, say("page.method", lang)]


def test_subjects_that_stand_out_are_in_the_outline_below_their_section(sample):
    below = [entry for entry in sample.outline if isinstance(entry, list)]
    assert len(below) == 3 and all(len(entries) > 0 for entries in below)


def test_it_is_as_long_as_somebody_reads(sample):
    assert 6 <= len(sample.pages) <= 12


def test_every_page_says_its_number_the_team_and_the_period(sample, lang):
    last = [bare(page.extract_text())[-60:] for page in sample.pages]
    told = bare(say("page.title.month", lang, period={"zh-CN": "2026 年 10 月", "en": "Oct 2026"}[lang]))
    assert all(text.endswith(f"{told}{n}/{len(last)}") for n, text in enumerate(last, start=1))


def test_every_conclusion_of_the_page_stands_on_its_first_page(sample, sample_month, lang):
    page = (sample_month / PAGES[lang]).read_text(encoding="utf-8")
    top = page[page.index("<ol>") : page.index("</ol>")]
    sentences = [html.unescape(text) for text in re.findall(r"<li>(.*?)&nbsp;<a", top)]
    assert len(sentences) == 5
    assert [text for text in sentences if bare(text) not in bare(sample.pages[0].extract_text())] == []


def test_the_first_page_says_where_each_section_begins(sample, lang):
    first, pages = sample.pages[0].extract_text(), sample.pages
    for section in SECTIONS:
        name = say(f"page.section.{section.key}", lang)
        number = int(re.search(rf"{re.escape(name)}\s+(\d+)\n", first)[1])
        assert bare(name) in bare(pages[number - 1].extract_text())


def test_the_headline_of_every_section_is_in_it(sample, sample_month, lang):
    page = (sample_month / PAGES[lang]).read_text(encoding="utf-8")
    answers = [html.unescape(text) for text in re.findall(r'<p class="answer">(.*?)</p>', page)]
    told = text_of(sample)
    assert len(answers) == 6 and [text for text in answers if bare(text) not in told] == []


def test_the_only_font_is_the_bundled_one(sample):
    assert fonts(sample) == {"NotoSansSC-Regular"}


def test_it_says_its_title_its_language_and_the_day_of_its_data(sample, lang):
    assert sample.metadata.title.startswith(say("page.title.month", lang, period="")[:6])
    assert sample.trailer["/Root"]["/Lang"] in {"zh-CN": ("zh-CN",), "en": ("en-GB",)}[lang]
    assert sample.metadata.creation_date.strftime("%Y-%m-%d") == "2026-11-02"


def test_it_runs_nothing_and_its_links_lead_inside(sample):
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(sample.trailer["/Root"])
    links = [link.get_object() for page in sample.pages for link in page.get("/Annots", [])]
    assert len(links) == len(SECTIONS) + 1
    assert [link for link in links if "/Dest" not in link and link["/A"]["/S"] != "/GoTo"] == []


def test_pictures_are_told_to_who_cannot_see_them(sample_month):
    assert (sample_month / "retro.en.pdf").read_bytes().count(b"/Alt") >= 10


def test_the_same_document_is_the_same_bytes():
    text = made(of(own=[own()]))
    assert pdf(text) == pdf(text)


def test_without_a_day_of_the_data_no_day_is_made_up():
    assert read(of(context=replace(TEAM, as_of=""))).metadata.creation_date is None


@pytest.mark.parametrize("kind", sorted({*ODD, *PAYLOADS} - {"very long"}))
def test_text_of_the_data_is_only_text(kind):
    text = (ODD | PAYLOADS)[kind]
    seen = bare(without_unseen(text))
    told = text_of(read(of(own=[own(title=text or "x", answer=f"{text}.", sure=text, how=text)])))
    if kind == "rtl":  # letters the font lacks are boxes
        seen = "abc"
    assert told.count(seen) >= 4


def test_a_team_with_markup_in_its_name_is_called_so():
    assert "#panic()*x*" in text_of(read(of(context=replace(TEAM, team="#panic() *x*"))))


def test_letters_the_font_lacks_keep_nothing_from_being_set():
    assert "fell" in text_of(read(of(own=[own(answer="😀 ሰላም fell 👩‍👩‍👧 \U0010ffff")])))


def test_a_word_of_five_thousand_letters_is_all_there():
    reader = read(of(own=[own(title=VERY_LONG, answer=VERY_LONG)]))
    lines = [
        line for page in reader.pages for line in page.extract_text().split("\n") if not line.startswith("Growth ")
    ]
    shown = 3 * VERY_LONG.count("long")  # conclusion, heading, answer; and some of it in the list of contents
    assert shown < bare("".join(lines)).count("long") < shown + 20
    assert len(reader.pages) < 12


def test_a_cell_too_long_for_paper_is_cut_with_dots():
    frame = pd.DataFrame({"kind": ["long " * 100], "n": [1]})
    (block,) = table(list(frame.columns), frame.astype(str).to_numpy().tolist())
    assert len(block["rows"][0][0]) == MOST and block["rows"][0][0].endswith("…")


def test_the_head_of_a_table_is_on_every_page_it_goes_over():
    frame = pd.DataFrame({"Reason": ["a reason that takes some room " * 5] * MOST_ROWS, "n": range(MOST_ROWS)})
    reader = read(of(own=[own(frame)]))
    with_rows = [page.extract_text() for page in reader.pages if "a reason" in page.extract_text()]
    assert len(with_rows) > 1 and all("Reason" in text for text in with_rows)


def test_a_long_table_says_how_many_rows_are_on_the_page_only():
    frame = pd.DataFrame({"n": range(MOST_ROWS + 3)})
    assert bare(say("document.more", "en", n=3)) in text_of(read(of(own=[own(frame)])))


def test_sections_without_data_say_why(lang):
    told = text_of(read(of(), lang))
    assert told.count(bare(say("page.absent", lang, tables="actions.yaml"))) == 1
    assert bare(say("page.none_of_it", lang)) in told


def test_a_section_that_failed_says_what_failed(lang):
    why = {code: f"cell 3: no such column ({code})" for code in LANGUAGES}
    assert bare(why[lang]) in text_of(read(of(failures={"goals": why}), lang))


def test_figures_that_changed_have_a_part_of_their_own():
    page = replace(of(), changed={"en": ["Goals, Sales: 1 → 2"]}, changed_since="2026-11-03")
    reader = read(page)
    assert headings(reader)[-2:] == [say("page.changed", "en", day="3 Nov 2026"), say("page.method", "en")]
    assert "Goals,Sales:1→2" in text_of(reader)


@pytest.mark.parametrize(("period", "title"), [("2026-Q3", "Quarterly"), ("2026", "Yearly")])
def test_a_quarter_and_a_year_are_told_as_such(workspace, period, title):
    review = open_workspace(workspace, lang="en").goal_review(period)
    reader = read(of({"goals": review}, period=period, context=review.context))
    assert reader.metadata.title.startswith(title) and bare(review.headline) in text_of(reader)


def test_a_secret_of_the_environment_is_not_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv("OPSRETRO_EXAMPLE_TOKEN", 'tok-"12345"')
    page = of(own=[own(answer='it is tok-"12345"')])
    assert write_pdfs(page, {"en": all_shown(page, "en")}, tmp_path, print) == ["retro.en.pdf"]
    told = text_of(PdfReader(tmp_path / "retro.en.pdf"))
    assert "itis***" in told and "12345" not in told


def test_a_document_that_cannot_be_written_is_told_and_the_other_is_made(tmp_path):
    (tmp_path / "retro.en.pdf").mkdir()
    page, problems = of(), []
    drawn = {lang: all_shown(page, lang) for lang in LANGUAGES}
    assert write_pdfs(page, drawn, tmp_path, problems.append) == ["retro.zh-CN.pdf"]
    assert re.fullmatch(r"retro\.en\.pdf: .*Is a directory.*", problems[0])


def test_what_it_is_made_of_is_gone_afterwards(tmp_path):
    write_pdfs(of(), {"en": {}}, tmp_path, print)
    assert [path.name for path in tmp_path.iterdir()] == ["retro.en.pdf"]


def test_colours_of_a_screen_become_those_of_paper():
    assert paper('<g fill="var(--ink,var(--jp-x,#123456))" stroke="var(--data)"/>') == (
        f'<g fill="{LIGHT["ink"]}" stroke="{LIGHT["data"]}"/>'
    )


def test_no_colour_is_left_that_follows_the_screen():
    review = open_workspace("data", lang="en").root_cause("2026-10")
    assert "var(--" not in made(of({"rootcause": review}))


def test_what_says_nothing_takes_no_room():
    assert items() == [] == figure("title", None, "key") == table(["a"], [])


def test_lines_of_a_text_become_one_paragraph():
    assert one_line(" first\u2028second\n\tthird ") == "first second third"


def test_a_long_word_can_be_found_and_copied_whole():
    word = "https://example.com/" + "a-folder/" * 20
    pages = read(of(own=[own(answer=f"See {word}", how="as")])).pages
    told = "".join(page.extract_text() for page in pages)
    assert told.replace("\n", "").count(word) == 2 and "\u200b" not in told


def test_a_long_word_stays_inside_the_page():
    frame = pd.DataFrame({"kind": [VERY_LONG], "n": [1]})
    page = made(of(own=[own(frame, title=VERY_LONG, answer=VERY_LONG, sure="x" * 300)]))
    margins = [picture.crop((picture.width - 30, 0, picture.width, picture.height)) for picture in drawn_pages(page)]
    assert [margin.getextrema() for margin in margins] == [((255, 255),) * 3] * len(margins)


def drawn_pages(page):
    return [Image.open(BytesIO(picture)).convert("RGB") for picture in pictures(page, ppi=60)]
