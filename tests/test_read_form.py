"""Reading survey exports: every tool, format and spelling, what must never be read, and what is refused."""

import random
import re

import form_files as files
import numpy as np
import pandas as pd
import pytest

from opsretro.errors import InputError
from opsretro.tables.form import read_form
from opsretro.tables.survey_items import on_five, survey_items

STEPS = [("1", "2", "3", "10"), ("2", "3", "4", "9"), ("3", "4", "5", "8"), ("4", "5", "1", "7"), ("5", "1", "2", "1")]
TEAMS = ["增长组", "内容组", "增长组", "内容组", "增长组"]
COMMENTS = ["排期，请提前", "", '他说 "可以"\n第二行', "(跳过)", "=1+1 <script>{{ 7*7 }}"]
EXPECTED = sorted((float(a), float(b), float(c), float(d)) for a, b, c, d in STEPS)


def export(tool="问卷星", spelling="codes"):
    words = files.SPELLINGS[spelling]
    rows = [[words[int(cell) - 1] for cell in row[:3]] + [row[3]] for row in STEPS]
    return files.TOOLS[tool](rows, TEAMS, COMMENTS)


def typed(form):
    return sorted(form.answers[files.IDS].itertuples(index=False, name=None))


def read(path, items=files.ITEMS):
    return read_form(path, items=items)


def small(folder, rows, header=("序号", "tools", "late"), items=("tools", "late")):
    """A form of two items on 1 to 5, its rows numbered."""
    lines = [[str(i), *row] for i, row in enumerate(rows, 1)]
    return read(files.write_text(folder / "form.csv", [list(header), *lines]), list(items))


def column(folder, cells, scale="1-5"):
    """One item alone, and what the log says of it."""
    items = pd.DataFrame([["tools", "tools", "tools", scale, "N"]], columns=files.ITEMS.columns)
    lines = [["序号", "tools"], *([str(i), cell] for i, cell in enumerate(cells, 1))]
    form = read(files.write_text(folder / "form.csv", lines), items)
    return sorted(form.answers["tools"]), dict(form.log.loc[form.log["column"] == "tools", ["kind", "n"]].to_numpy())


def logged(form, kind):
    return dict(form.log.loc[form.log["kind"] == kind, ["column", "n"]].to_numpy())


def refused(path, message, items=files.ITEMS):
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        read(path, items)


@pytest.mark.parametrize("tool", files.TOOLS)
def test_every_tool_in_every_file_format_reads_the_same(tmp_path, tool):
    paths = files.write_formats(tmp_path, "form", export(tool))
    assert {kind: typed(read(path)) == EXPECTED for kind, path in paths.items()} == dict.fromkeys(paths, True)


@pytest.mark.parametrize("spelling", files.SPELLINGS)
def test_every_spelling_of_five_steps_reads_the_same(tmp_path, spelling):
    assert typed(read(files.write_text(tmp_path / "form.csv", export(spelling=spelling)))) == EXPECTED


@pytest.mark.parametrize("tool", files.TOOLS)
def test_no_identity_is_left_anywhere(tmp_path, tool):
    form = read(files.write_text(tmp_path / "form.csv", export(tool)))
    text = form.answers.to_csv() + str(form.comments) + form.log.to_csv() + repr(form)
    assert [who for who in files.WHO.values() if who in text] == []


@pytest.mark.parametrize("tool", files.TOOLS)
def test_every_tool_keeps_the_group_and_the_comments(tmp_path, tool):
    form = read(files.write_text(tmp_path / "form.csv", export(tool)))
    group = form.answers.columns[0]
    assert (group, sorted(form.answers[group])) == (group, sorted(TEAMS))
    assert [sorted(texts) for texts in form.comments.values()] == [sorted([COMMENTS[0], COMMENTS[2], COMMENTS[4]])]


def test_the_numbering_of_a_group_is_taken_off(tmp_path):
    assert read(files.write_text(tmp_path / "form.csv", export())).answers.columns.tolist() == ["团队", *files.IDS]


def test_a_total_is_no_item_and_is_logged(tmp_path):
    assert logged(read(files.write_text(tmp_path / "form.csv", export())), "total") == {"总分": 5}


def test_points_beside_a_question_are_no_item(tmp_path):
    form = read(files.write_text(tmp_path / "form.csv", export("Microsoft")))
    assert "Points - My tools let me work without friction" in logged(form, "total")


def test_an_old_workbook_reads_too(tmp_path):
    (tmp_path / "form.xls").write_bytes(files.old_workbook())
    form = read(tmp_path / "form.xls", ["tools", "late"])
    assert sorted(form.answers.itertuples(index=False, name=None)) == [(4.0, 4.0), (5.0, 5.0)]


def test_a_text_under_the_name_of_a_workbook_is_read_as_what_it_is(tmp_path):
    assert typed(read(files.write_text(tmp_path / "form.xlsx", export()))) == EXPECTED


@pytest.mark.parametrize("skip", files.SKIPS)
def test_skips_and_unsure_answers_are_missing_and_not_invalid(tmp_path, skip):
    values, kinds = column(tmp_path, ["5", "4", skip])
    assert (values, set(kinds) <= {"missing", "unsure"}, sum(kinds.values())) == ([4.0, 5.0], True, 1)


@pytest.mark.parametrize("label", ["不清楚", "说不清楚", "不确定", "不适用", "N/A", "not sure", "I don’t know"])
def test_who_is_not_sure_does_not_stand_in_the_middle(tmp_path, label):
    assert column(tmp_path, ["5", label])[1] == {"unsure": 1}


@pytest.mark.parametrize("cell", ["3.5", "6", "0", "11", "-1", "绿色", "3 人", "1e1", "inf"])
def test_what_is_no_answer_is_invalid_and_counted(tmp_path, cell):
    assert column(tmp_path, ["5", "4", "4", cell]) == ([4.0, 4.0, 5.0], {"invalid": 1})


def test_labels_and_codes_of_one_direction_may_be_mixed(tmp_path):
    assert column(tmp_path, ["5", "非常同意", "disagree", "2"])[0] == [2.0, 2.0, 5.0, 5.0]


def test_where_codes_run_against_their_labels_the_label_counts(tmp_path):
    assert column(tmp_path, ["1-非常同意", "2-同意", "3-一般"]) == ([3.0, 4.0, 5.0], {"repaired": 2})


def test_one_code_against_its_label_is_invalid(tmp_path):
    assert column(tmp_path, ["5-非常同意", "4-同意", "1-同意"]) == ([4.0, 5.0], {"invalid": 1})


def test_now_and_then_stands_where_the_other_labels_leave_room(tmp_path):
    assert column(tmp_path, ["偶尔", "有时"])[0] == [2.0, 3.0]
    assert column(tmp_path, ["偶尔", "很少"])[0] == [2.0, 3.0]
    assert column(tmp_path, ["偶尔", "总是", "从不"]) == ([1.0, 5.0], {"invalid": 1})


def test_seven_labels_fit_a_scale_of_seven(tmp_path):
    labels = ["非常不同意", "不同意", "有点不同意", "中立", "有点同意", "同意", "非常同意"]
    assert column(tmp_path, labels, "1-7")[0] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_four_labels_fit_a_scale_without_a_middle(tmp_path):
    assert column(tmp_path, ["非常不同意", "不同意", "同意", "非常同意"], "0-3")[0] == [0.0, 1.0, 2.0, 3.0]


def test_a_scale_of_ten_takes_numbers_and_labelled_ends(tmp_path):
    cells = ["10-非常满意", "7分", "1 - Very dissatisfied", "8", "非常满意"]
    assert column(tmp_path, cells, "1-10") == ([1.0, 7.0, 8.0, 10.0], {"invalid": 1})


def test_two_languages_of_one_question_are_one_item(tmp_path):
    header = ["序号", files.ZH["tools"], files.EN["tools"], files.ZH["late"]]
    lines = [header, ["1", "同意", "", "一般"], ["2", "", "Strongly agree", "一般"], ["3", "(空)", "-3", "同意"]]
    form = read(files.write_text(tmp_path / "form.csv", lines))
    assert sorted(form.answers["tools"].fillna(0)) == [0.0, 4.0, 5.0]


def test_the_same_item_twice_is_refused(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["序号", "1、tools", "2、tools"], ["1", "4", ""]])
    message = "the columns 'tools', 'tools' all ask item 'tools'; keep one, or read each version of the form by itself."
    refused(path, f"form.csv: 1 problem. {message[0].upper()}{message[1:]}", ["tools"])


def test_numbers_of_another_scale_are_named(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["序号", "tools"], *([str(i), str(i)] for i in range(1, 11))])
    message = "form.csv: 1 problem. Column 'tools': 5 answers are from another scale than 1-5, that of item 'tools'; "
    fix = "correct the scale in items.csv, or read each version of the form by itself."
    refused(path, message + fix, ["tools"])  # the numbers 1 to 10: five of them above 5


def test_six_different_labels_are_no_five_steps(tmp_path):
    labels = ["非常不同意", "不同意", "比较不同意", "比较同意", "同意", "非常同意"]
    path = files.write_text(tmp_path / "form.csv", [["tools"], *([label] for label in labels)])
    message = "form.csv: 1 problem. Column 'tools': 6 answers are from another scale than 1-5, that of item 'tools'; "
    refused(path, message + "correct the scale in items.csv, or read each version of the form by itself.", ["tools"])


def test_words_nobody_knows_are_refused_without_being_told(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["tools", "late"], ["紫色", "4"], ["蓝色", "4"], ["5", "4"]])
    labels = "strongly disagree, disagree, neutral, agree, strongly agree, or never to always"
    message = (
        "Column 'tools': 2 answers to item 'tools' are in words not known here; export codes (1-5), or labels such as"
    )
    refused(path, f"form.csv: 1 problem. {message} {labels}.", ["tools", "late"])


def test_rows_repeated_in_every_column_count_once(tmp_path):
    lines = [["序号", "tools", "late"], ["1", "4", "5"], ["1", "4", "5"], ["2", "4", "5"]]
    form = read(files.write_text(tmp_path / "form.csv", lines), ["tools", "late"])
    assert (len(form.answers), logged(form, "duplicate")) == (2, {"": 1})


def test_people_of_one_mind_are_two_people_where_nothing_tells_them_apart(tmp_path):
    lines = [["来源", "tools"], ["微信", "4"], ["微信", "4"], ["链接", "4"], ["微信", "4"], ["链接", "4"]]
    assert len(read(files.write_text(tmp_path / "form.csv", lines), ["tools"]).answers) == 5


def test_rows_without_a_valid_answer_are_left_out(tmp_path):
    form = small(tmp_path, [("4", "5"), ("", "-3"), ("绿色", "")])
    assert (len(form.answers), logged(form, "empty")) == (1, {"": 2})


def test_items_without_a_column_are_kept_and_logged(tmp_path):
    form = small(tmp_path, [("4", "5"), ("3", "1")], items=["tools", "late", "goal"])
    assert (form.answers["goal"].isna().all(), logged(form, "absent")) == (True, {"goal": 2})


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("补充", ["a@example.com", "b@example.com", ""]),
        ("还有什么", ["13800138000", "138 0013 9000", "+86 139-0013-8000"]),
        ("x", ["10.0.0.1", "10.0.0.2", "10.0.0.2"]), ("团队", ["A0001", "A0002", "A0003"]),
        ("y", ["11010519491231002X", "11010519491231003X", ""]), ("建议", ["k3f9", "p2x7", "m4q1"]),
        ("z", ["2026/10/25 3:04:05 PM", "25/10/2026 15:04", ""]), ("w", ["王小明", "李雷", "韩梅梅"]),
        ("Comments", ["wxid_abc", "wxid_def", "wxid_def"]), ("v", ["Zhang Wei", "Li Lei Junior", "Han Mei"]),
    ],
)  # fmt: skip
def test_identities_are_known_by_their_values(tmp_path, header, cells):
    rows = [(cell, "4") for cell in cells]
    form = small(tmp_path, rows, header=("序号", header, "tools"), items=["tools"])
    assert (form.answers.columns.tolist(), dict(form.comments)) == (["tools"], {})


def test_a_contact_alone_in_a_comment_or_a_group_is_left_out(tmp_path):
    rows = [("增长组", "排期请提前", "4"), ("a@example.com", "13800138000", "5"), ("增长组", "周会短一些", "5")]
    form = small(tmp_path, rows, header=("序号", "团队", "建议", "tools"), items=["tools"])
    assert (form.answers["团队"].isna().sum(), sorted(form.comments["建议"])) == (1, ["周会短一些", "排期请提前"])


def test_a_question_outside_the_items_is_neither_group_nor_comment(tmp_path):
    rows = [(cell, "4") for cell in ["同意", "同意", "一般", "同意"]]
    form = small(tmp_path, rows, header=("序号", "食堂很好", "tools"), items=["tools"])
    assert (form.answers.columns.tolist(), logged(form, "dropped")) == (["tools"], {"食堂很好": 4})


def test_a_wording_that_mentions_an_account_is_an_item(tmp_path):
    items = pd.DataFrame([["微信群里的建议有人理", "tools", "tools", "1-5", "N"]], columns=files.ITEMS.columns)
    lines = [["序号", "1. 微信群里的建议有人理？"], ["1", "4"]]
    assert read(files.write_text(tmp_path / "form.csv", lines), items).answers["tools"].tolist() == [4.0]


def test_a_month_is_kept_as_a_month(tmp_path):
    rows = [(cell, "4") for cell in ["2026年10月", "2026-10", "2026/9", "?"]]
    form = small(tmp_path, rows, header=("序号", "月份", "tools"), items=["tools"])
    assert sorted(form.answers["month"].fillna("")) == ["", "2026-09", "2026-10", "2026-10"]


def test_the_order_of_rows_and_of_comments_is_gone(tmp_path):
    rows = [(str(i % 5 + 1), f"第{i}条建议，谢谢大家") for i in range(200)]
    form = small(tmp_path, rows, header=("序号", "tools", "建议"), items=["tools"])
    orders = [form.answers["tools"].tolist(), form.comments["建议"]]
    given = [[float(row[0]) for row in rows], [row[1] for row in rows]]
    assert (orders[0] != given[0], orders[1] != given[1], form.answers.index.tolist()) == (True, True, list(range(200)))


def test_the_order_does_not_follow_the_seed_of_anybody(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["tools"], *([str(i % 5 + 1)] for i in range(200))])
    found = []
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)
        found.append(read(path, ["tools"]).answers["tools"].tolist())
    assert found[0] != found[1]


def test_a_header_alone_is_an_empty_form(tmp_path):
    form = small(tmp_path, [])
    assert (len(form.answers), form.answers.columns.tolist(), logged(form, "empty")) == (0, ["tools", "late"], {"": 0})


def test_one_answer_is_a_form(tmp_path):
    assert small(tmp_path, [("4", "5")]).answers.to_dict("records") == [{"tools": 4.0, "late": 5.0}]


def test_error_cells_of_a_workbook_are_missing(tmp_path):
    path = files.write_book(tmp_path / "form.xlsx", [["序号", "tools"], ["1", "4"], ["2", "#N/A"], ["3", "#DIV/0!"]])
    assert read(path, ["tools"]).answers["tools"].tolist() == [4.0]


def test_no_item_names_the_headers_and_what_comes_close(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["序号", "My tools let me do work without friction"], ["1", "4"]])
    close = "Close to items: 'My tools let me do work without friction' ≈ 'My tools let me work without friction'"
    message = f"form.csv: 1 problem. No column asks an item. {close}; make the wordings equal."
    refused(path, message)


def test_no_item_at_all_quotes_nothing_that_somebody_may_have_written(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["天气", "心情"], ["晴", "好"]])
    message = "None of the 2 columns asks an item; add the wordings of the form to items.csv."
    refused(path, f"form.csv: 1 problem. {message}")


def test_a_file_without_its_header_tells_nobody_what_was_answered(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["王小明", "13800138000", "4"], ["李雷", "13900138000", "5"]])
    message = "The first rows hold no questions but what looks like answers; export it with its header."
    refused(path, f"form.csv: 1 problem. {message}")


DAMAGED = "The workbook cannot be opened, it may be damaged; export it again, or save it as CSV (UTF-8)."
LOGIN = "perhaps the login page of the system it came from; sign in and export it again."
LONG = "Row 2: more fields than the header's 2; put quotation marks around text that has commas."
LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty; export it again, or delete it if there is no such data."),
        (b"\xef\xbb\xbf\r\n", "The file is empty; export it again, or delete it if there is no such data."),
        (LOCKED, "The workbook is locked with a password; save a copy without one."),
        (
            b"PK\x03\x04damaged",
            "The workbook cannot be opened, it may be damaged; export it again, or save it as CSV (UTF-8).",
        ),
        (LOCKED[:700], "The workbook is locked with a password; save a copy without one."),
        (b"%PDF-1.7 tools", "The content is pdf, not CSV; save it as CSV (UTF-8)."),
        (b"\x01\x00\x02tools", "This is not text in UTF-8 or GB18030; save it as CSV (UTF-8)."),
        (b"<html><table><tr><td>tools</td></tr></table>", f"This is a web page, not a table, {LOGIN}"),
        (b'id,tools\n1,"4\n2,5\n', "The file ends in the middle of a row; it was cut short, export or copy it again."),
        (
            b"id,tools\n1,4\n2",
            "Row 3: the file ends in the middle of a row; it was cut short, export or copy it again.",
        ),
        (b"id,tools\n1,4,well, no\n", LONG),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    (tmp_path / "form.xls").write_bytes(content)
    refused(tmp_path / "form.xls", f"form.xls: 1 problem. {message}", ["tools"])


@pytest.mark.parametrize("length", [1_000, 2_000, 4_008, 5_000])
def test_a_workbook_that_was_cut_short_is_refused(tmp_path, length):
    (tmp_path / "form.xls").write_bytes(files.old_workbook()[:length])
    refused(tmp_path / "form.xls", f"form.xls: 1 problem. {DAMAGED}", ["tools"])


@pytest.mark.parametrize(
    "header", ["Tell us your name", "您的称呼", "Mobile No.", "其他联系方式", "提交者（自动）", "时间戳记"]
)
def test_a_header_that_asks_who_is_enough(tmp_path, header):
    rows = [(cell, "4") for cell in ["one of the people here", "one of the people here", "还有别的人也在这里"]]
    form = small(tmp_path, rows, header=("序号", header, "tools"), items=["tools"])
    assert (form.answers.columns.tolist(), dict(form.comments)) == (["tools"], {})


def test_a_header_without_answers_may_have_every_kind_of_column(tmp_path):
    form = read(files.write_text(tmp_path / "form.csv", export("Google")[:1]))
    assert (len(form.answers), form.comments) == (0, {})


def test_a_refusal_says_nothing_that_was_answered(tmp_path):
    rows = [[files.WHO["mail"], "紫色", "11"], [files.WHO["name"], "蓝色", "12"], [files.WHO["name"], "蓝色", "13"]]
    path = files.write_text(tmp_path / "form.csv", [["Name", "tools", "late"], *rows])
    with pytest.raises(InputError, match=r"^form\.csv: 2 problems\. ") as caught:
        read(path, ["tools", "late"])
    texts = [str(caught.value), repr(caught.value), repr(caught.value.problems), caught.value.text("zh-CN")]
    assert [bit for row in rows for bit in row if any(bit in text for text in texts)] == []
    assert caught.value.__context__ is None


def test_items_may_come_as_a_path_a_frame_or_ids(tmp_path):
    files.ITEMS.to_csv(tmp_path / "items.csv", index=False)
    assert survey_items(tmp_path / "items.csv").equals(survey_items(files.ITEMS))
    assert survey_items(survey_items(files.ITEMS)).equals(survey_items(files.ITEMS))
    assert survey_items(["a", "b"])["high"].tolist() == [5.0, 5.0]


def test_items_that_disagree_are_refused_all_at_once():
    rows = [["q1", "a", "d", "1-5", "N"], ["q2", "a", "d", "1-5", "Y"], ["q2", "b", "d", "1-5", "N"]]
    message = (
        "items: 2 problems. Column 'reversed', rows 0 and 1: the wordings of item 'a' disagree; give all of them the "
        "same. Column 'question', rows 1 and 2: 'q2' is there more than once; every row needs its own."
    )
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        survey_items(pd.DataFrame(rows, columns=files.ITEMS.columns))


def test_a_scale_that_a_spreadsheet_turned_into_a_date_is_named():
    rows = pd.DataFrame([["q", "a", "d", "5-Jan", "maybe"]], columns=files.ITEMS.columns)
    message = (
        "items: 2 problems. Column 'scale', row 0: '5-Jan' is no scale; write its first and last step, such as 1-5 or "
        "0-10. Column 'reversed', row 0: 'maybe' is not one of the words used here; write one of: Y, N."
    )
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        survey_items(rows)


@pytest.mark.parametrize(("low", "high"), [(1, 5), (0, 10), (1, 10), (0, 3)])
def test_every_scale_maps_its_ends_to_one_and_five(low, high):
    row = {"low": low, "high": high, "reversed": False}
    assert on_five([low, high, low - 1, high + 1], row).tolist()[:2] == [1.0, 5.0]
    assert np.isnan(on_five([low - 1, high + 1, low + 0.5, np.nan], row)).all()
    assert on_five([low, high], row | {"reversed": True}).tolist() == [5.0, 1.0]
