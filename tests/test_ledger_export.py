"""Actions for a terminal, a chat, a tracker and a calendar: the same facts in each, and never anything but text."""

import csv
import io
import re
import unicodedata

import pytest

from opsretro.meeting.ledger import Ledger
from opsretro.meeting.ledger_export import COLUMNS, calendar, listing, markdown, tracker
from opsretro.report.plain_text import one_line

ACTION = {
    "title": {"zh-CN": "尺码说明", "en": "Size guide"},
    "created_in": "2026-10",
    "owner": "service-1",
    "due": "2026-10-26",
    "check_on": "2026-12-31",
    "metric": "refund_rate",
    "direction": "lower",
    "baseline": 5.4,
    "expected_effect": -0.1,
    "trigger": {"when": "a product sells best", "then": "show its sizes"},
}
NAMES = {"refund_rate": {"zh-CN": "退款率", "en": "Refund rate"}}


@pytest.fixture
def table(tmp_path):
    """Makes the actions of a ledger."""

    def made(*changes):
        ledger = Ledger(tmp_path / "actions.yaml")
        for change in changes:
            ledger.add({**ACTION, **change})
        return ledger.actions()

    return made


def cells_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def unfolded(data):
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_chat_reads_a_title_and_plain_lines(table):
    assert markdown(table({}), "en", names=NAMES) == (
        "**1 action**\n\n**Size guide** (A-2026-10-1)\n- Owner: service-1\n- Status: planned\n- Due: 26 Oct 2026\n"
        "- Checked on: 31 Dec 2026\n- Metric: Refund rate, expected −10%\n- When: a product sells best\n"
        "- Then: show its sizes\n"
    )


def test_a_chat_reads_chinese(table):
    assert markdown(table({}), "zh-CN", names=NAMES) == (
        "**1 项行动**\n\n**尺码说明**（A-2026-10-1）\n- 负责人：service-1\n- 状态：计划\n- 到期：2026年10月26日\n"
        "- 检查日：2026年12月31日\n- 指标：退款率，预期 −10%\n- 条件：a product sells best\n- 做法：show its sizes\n"
    )


def test_what_is_not_known_has_no_line(table):
    text = markdown(table({"due": None, "metric": None, "expected_effect": None, "trigger": "each morning"}), "en")
    assert text.splitlines()[3:] == [
        "- Owner: service-1", "- Status: planned", "- Checked on: 31 Dec 2026", "- When and then: each morning",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "**b** _i_ ~~s~~ `c` # h", "[x](http://e.com)", "<@U1> <!channel> <at id=all></at>", "@all @13800000000",
        "www.evil.com", "see http://evil.com/a", "a@b.com", "![i](x.png)", "<font color=red>", "&lt;b&gt;", "| a | b |",
        "\n# heading\n- item", "\\*", "__b__", "例子.中国",
    ],
)  # fmt: skip
def test_no_value_is_markup_a_mention_or_a_link(table, text):
    fields = dict.fromkeys(("owner", "metric", "title", "source_finding"), f"x {text}")
    told = markdown(table({**fields, "trigger": {"when": text, "then": text}}), "en")
    values = [re.sub(r"^- [\w ]+: |^\*\*|\*\* \(A-2026-10-1\)$", "", line) for line in told.splitlines()[2:]]
    assert [value for value in values if re.search(r"[*`<>\[\]@|~\\&#]|://|\w\.\w|(?<!\w)_|_(?!\w)", value)] == []
    assert len(values) == len(["title", "owner", "status", "due", "check_on", "metric", "when", "then"])


def test_an_underscore_inside_a_name_stays(table):
    assert "- Metric: refund_rate, expected −10%\n" in markdown(table({}), "en")


def test_a_tracker_reads_every_field_with_english_headers(table):
    data = tracker(table({}), "zh-CN")
    (row,) = cells_of(data)
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\n") == data.count(b"\r\n") == 2
    assert tuple(row) == COLUMNS
    assert [row[name] for name in ("id", "title", "when", "baseline", "expected_effect", "due", "outcome")] == [
        "A-2026-10-1", "尺码说明", "a product sells best", "5.4", "-0.1", "2026-10-26", "",
    ]  # fmt: skip


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " ="])
def test_no_text_is_a_formula_of_a_spreadsheet(table, sign):
    fields = dict.fromkeys(("title", "source_finding", "evidence"), f"{sign}cmd|' /C calc'!A1")
    (row,) = cells_of(tracker(table({**fields, "trigger": f'{sign}1,"2"'}), "en"))
    texts = [row[name] for name in ("title", "evidence", "then", "source_finding")]
    assert [text for text in texts if text.lstrip().startswith(tuple("=+-@\t\r＝＋－＠"))] == []
    assert [text for text in texts if text.startswith("'") != bool(sign.strip())] == []


@pytest.mark.parametrize(
    "sign", ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
)
def test_no_text_of_a_tracker_turns_the_direction_of_reading(table, sign):
    (row,) = cells_of(tracker(table({"title": f"a{sign}b", "source_finding": f"{sign}=1+1"}), "en"))
    assert [row["title"], row["source_finding"]] == ["ab", "'=1+1"]  # nor hides a formula


def test_a_number_below_zero_stays_a_number(table):
    (row,) = cells_of(tracker(table({"baseline": -1_234_567.5}), "en"))
    assert row["baseline"] == "-1234567.5"


def test_a_calendar_has_a_day_for_due_and_one_for_the_check(table):
    lines = unfolded(calendar(table({}), "en"))
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert [line for line in lines if line.startswith(("DTSTART", "DTEND", "SUMMARY"))] == [
        "DTSTART;VALUE=DATE:20261026", "DTEND;VALUE=DATE:20261027", "SUMMARY:Due: Size guide",
        "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101", "SUMMARY:Did it work? Size guide",
    ]  # fmt: skip


def test_a_calendar_needs_no_clock_and_an_event_keeps_its_identity(table):
    before = calendar(table({}), "en")
    after = calendar(table().assign(title_en="Another", due="2026-11-02"), "en")
    assert calendar(table(), "en") == before
    uids = [[line for line in unfolded(data) if line.startswith("UID")] for data in (before, after)]
    assert uids[0] == uids[1] and len(set(uids[0])) == 2
    assert "DTSTAMP:20261026T000000Z" in unfolded(before)


def test_two_teams_with_one_number_have_different_events(table):
    uids = [unfolded(calendar(table() if team else table({}), "en", team=team))[5] for team in ("", "growth")]
    assert uids[0] != uids[1]


def test_lines_of_a_calendar_are_short_and_no_sign_is_cut(table):
    data = calendar(table({"title": "尺码说明😀" * 40}), "zh-CN")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75  # RFC 5545, 3.1: 75 octets, the line break not counted
    assert [line for line in lines if line.decode(errors="replace").encode() != line] == []
    assert f"SUMMARY:到期：{'尺码说明😀' * 40}" in unfolded(data)


def test_signs_of_a_calendar_are_escaped(table):
    data = calendar(table({"title": "a,b;c\\d\ne\x07", "check_on": None}), "en")
    # RFC 5545, 3.3.11: backslash, semicolon and comma are escaped, a line break is \n
    assert r"SUMMARY:Due: a\,b\;c\\d e" in unfolded(data)
    assert sum(line.startswith("BEGIN:VEVENT") for line in unfolded(data)) == 1


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", r"Metric: Refund rate\, expected −10%"), ("zh-CN", "指标：退款率，预期 −10%")],
)
def test_a_calendar_names_the_metric_as_a_chat_does(table, lang, told):
    lines = unfolded(calendar(table({}), lang, names=NAMES))
    assert [told in line for line in lines if line.startswith("DESCRIPTION")] == [True, True]


def test_no_text_begins_a_line_of_a_calendar(table):
    lines = unfolded(calendar(table({"owner": "x\r\nATTACH:http://evil.com"}), "en"))
    assert [line for line in lines if line.startswith("ATTACH")] == []


def test_columns_of_a_list_stand_below_each_other_with_chinese_too(table):
    rows = (
        table({}, {"title": "b", "owner": "运营一组"})
        .assign(overdue=False, due_check=False, missing=[[]] * 2)
        .to_dict("records")
    )
    lines = listing(rows, "2026-10-20", "zh-CN")
    widths = [
        sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line.split("refund_rate")[0])
        for line in lines[1:3]
    ]
    assert widths[0] == widths[1]
    assert lines[-1] == "2 项行动，其中 0 项逾期"


def test_what_is_late_and_what_is_missing_stand_below_the_action(table):
    rows = table({}).assign(overdue=True, missing=[["metric", "due"]]).to_dict("records")
    # 26 to 29 October are 3 days
    assert listing(rows, "2026-10-29", "en")[2:] == [
        "    3 days late", "    still to say: Metric and Due", "1 action, 1 overdue",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "told"), [("en", "    to be checked since 31 Dec 2026"), ("zh-CN", "    2026年12月31日起应检查")]
)
def test_a_day_to_be_checked_that_has_come_stands_below_the_action(table, lang, told):
    rows = table({}).assign(overdue=False, due_check=True, missing=[[]]).to_dict("records")
    assert listing(rows, "2027-01-02", lang)[2] == told


def test_no_text_steers_a_terminal():
    assert one_line("\x1b[2Jx\u202ey\rz\x9b") == "[2Jx y z"
