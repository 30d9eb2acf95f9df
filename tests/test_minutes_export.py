"""The minutes as Markdown, CSV and a page of their own: the same facts in each, and never anything but text."""

from __future__ import annotations

import csv
import io
import re

import pytest
from follow_results import everything
from markupsafe import Markup
from meeting_cases import HIDDEN, HOSTILE, hostile, meeting, minutes

from opsretro.report.minutes_export import COLUMNS, csv_bytes, html, markdown
from opsretro.report.plain_text import spreadsheet
from opsretro.report.views import view
from opsretro.tables.meetings import Decision, Meeting
from opsretro.words import LANGUAGES

WRITERS = (markdown, html, lambda found, lang: csv_bytes(found, lang).decode("utf-8-sig"))


def cells_of(found, lang="en"):
    data = csv_bytes(found, lang).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(data, newline="")))


def figures(found, lang):
    """Effects, tallies and ids as each of the three formats tells them, in one spelling."""
    rows = cells_of(found, lang)
    effects = [f"{float(row['expected_effect']):+.0%}".replace("-", "−") for row in rows if row["expected_effect"]]
    table = (effects, [row["votes"] for row in rows if row["kind"] == "topic" and float(row["votes"] or 0) > 0])
    text, page = markdown(found, lang), html(found, lang)
    chat = (re.findall(r"[+−]\d+%", text), re.findall(r"(?:: |：)(\d+) (?:votes?|票)", text))
    shown = (re.findall(r"[+−]\d+%", page), re.findall(r"</th><td[^>]*>(\d+)<", page))
    return [table, chat, shown]


def test_all_formats_and_languages_have_the_same_numbers():
    found = [told for lang in LANGUAGES for told in figures(minutes(), lang)]
    assert found == [(["−10%"], ["17", "12", "4"])] * 6


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("made", [meeting, hostile])
@pytest.mark.parametrize("write", WRITERS)
def test_nothing_nobody_has_seen_is_in_an_export(write, made, lang):
    assert HIDDEN not in write(minutes(made()), lang)


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_minutes_give_the_same_text(write):
    assert write(minutes(), "en") == write(minutes(), "en")


def test_a_chat_reads_headings_and_lists():
    fields = {"title": "Size guide", "owner": "content-1", "due": "2026-11-16", "metric": "orders"}
    decided = (Decision(id="A-1", fields=fields),)
    assert markdown(minutes(Meeting(month="2026-10", closed=True, held="2026-11-03", decisions=decided)), "en") == (
        "# Minutes of the retro · Oct 2026\n\nGrowth operations · Held on 3 Nov 2026\n\n"
        "1 action was decided for the next month. Each has an owner, a due day and a metric.\n\n"
        "## Decisions\n\n- **Size guide**\n  - A-1 · content-1 · due 16 Nov 2026\n  - Metric: Orders\n"
    )  # fmt: skip


def test_a_chat_reads_chinese():
    text = markdown(minutes(), "zh-CN")
    assert "## 最受关注 · KPT\n\n- 退款太慢 Slow refunds：17 票、2 张卡片\n" in text
    assert "  - 客服晚班缺两人 · 猜测 · 验证：排班表对照等待 · 可影响" in text


def test_no_value_is_markup_in_a_chat():
    lines = markdown(minutes(hostile()), "en").splitlines()
    plain = [re.sub(r"^(# |## |(?:  )?- )", "", line) for line in lines]
    assert [line for line in plain if re.match(r"\s*([-+]|\d+[.)]\s)", line)] == []
    bare = [line.removeprefix("**").removesuffix("**") for line in plain]
    assert not re.search(r"[*`<>\[\]@|~\\#]|://|\u202e", "\n".join(bare))


@pytest.mark.parametrize(
    ("text", "told"), [("- item", "－ item"), ("1. first", "1． first"), ("---", "－--"), ("-3%", "－3%")]
)
def test_a_text_never_begins_a_list_of_its_own(text, told):
    odd = meeting(decisions=(Decision(id="A", fields={"trigger": text}),))
    assert f"  - {told}\n" in markdown(minutes(odd), "en")


def test_every_line_of_the_minutes_is_a_row():
    kinds = [row["kind"] for row in cells_of(minutes())]
    assert {kind: kinds.count(kind) for kind in kinds} == {"decision": 3, "topic": 6, "card": 7, "fact": 2, "parked": 2}


def test_a_row_has_what_a_tracker_needs():
    row = cells_of(minutes())[0]
    wanted = {"ledger_id": "A-2026-10-1", "owner": "service-1", "due": "2026-11-16", "metric": "refund_rate"}
    wanted |= {"direction": "lower", "expected_effect": "-0.1", "when": "a refund is below 50 CNY"}
    assert {name: row[name] for name in wanted} == wanted


def test_a_card_has_its_place_and_what_was_said_of_it():
    row = next(row for row in cells_of(minutes(), "zh-CN") if row["text"] == "客服晚班缺两人" and row["kind"] == "card")
    assert [row[name] for name in ("board", "column", "basis", "verify", "control", "votes")] == [
        "鱼骨图", "人力", "guess", "排班表对照等待", "influence", "",
    ]  # fmt: skip


def test_the_header_is_the_same_in_both_languages():
    assert {tuple(cells_of(minutes(), lang)[0]) for lang in LANGUAGES} == {COLUMNS}


def test_a_spreadsheet_opens_it_as_text_in_utf_8():
    data = csv_bytes(minutes(), "zh-CN")
    assert data.startswith(b"\xef\xbb\xbf") and data.endswith(b'"\r\n')


def test_no_cell_is_a_formula():
    cells = [cell for row in cells_of(minutes(hostile())) for cell in row.values()]
    assert f"'{HOSTILE[1]}" in cells
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@")) or "\u202e" in cell] == []


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "＝1", " =1", "\n=1"])
def test_a_text_that_looks_like_a_formula_begins_with_an_apostrophe(text):
    assert spreadsheet(["a"], [[text]]).decode("utf-8-sig") == f'"a"\r\n"\'{text}"\r\n'


def test_a_number_is_plain_and_a_missing_one_empty():
    assert spreadsheet(["a", "b"], [[-0.1, float("nan")]]).decode("utf-8-sig") == '"a","b"\r\n"-0.1",""\r\n'


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_loads_nothing_and_runs_nothing(lang):
    text = html(minutes(hostile()), lang)
    assert "default-src 'none'" in text and f'<html lang="{lang}">' in text
    assert not re.search(r"<script|\bsrc=|<link|@import|url\((?!#)", text)


def test_the_page_has_the_questions_that_are_still_ahead():
    text = re.sub(r"<[^>]+>|\s+", " ", html(minutes(), "en"))
    assert re.search(r"Still ahead +Causes · 20 minutes +Process: Why\? +Lessons · 20 minutes +Rule: Which\?", text)


def test_a_closed_meeting_has_nothing_ahead():
    assert "Still ahead" not in html(minutes(meeting(closed=True)), "en")


def test_last_months_actions_stand_on_the_page_and_are_linked():
    listed = minutes().beside(["M"])
    bare = html(listed, "en", pictures={"Chart": Markup("<svg></svg>")})
    whole = html(
        minutes(meeting(decisions=(Decision(id="M"),))).beside(["M"]),
        "en",
        pictures={"followup": view(everything()).section()},
    )
    assert "<h2>Chart</h2>\n<svg></svg>" in bare and "What we decided, and what it did" in whole
    assert whole.count('href="#open-action-M"') == 2 and 'id="open-action-M"' in whole


def test_without_last_months_actions_no_link_leads_nowhere():
    assert "href=" not in html(minutes().beside(["A-2026-10-1"]), "en").partition("<body>")[2]
