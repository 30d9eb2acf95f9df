"""The suggestion box: what is shown in a month, what waits, what is refused."""

import re

import pytest

from opsretro.errors import InputError
from opsretro.tables.suggestions import read_suggestions

HEADER = "month,suggestion,answer,answered_in\n"
BOX = HEADER + (
    "2026-07,周会改短,,\n"
    "2026-08,买新显示器,下季度买,2026-10\n"
    "2026-08,更早发排班,已经提前一周,2026-09\n"
    "2026-09,more training,two days in November,2026-11\n"
    "2026-10,王经理少开会,请找小李,\n"
    "2026-10,tea,,\n"
    "2026-10,tea,,\n"
    "2026-11,next month,,\n"
)


def box(folder, text, **options):
    path = folder / "suggestions.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_suggestions(path, **{"month": "2026-10"} | options)


def shown(table, *columns):
    return sorted(table[list(columns)].itertuples(index=False, name=None))


def test_a_month_shows_its_own_what_waits_and_what_was_answered_in_it(tmp_path):
    # By hand: July waits 3 months; August was answered in October after 2; September's answer comes in November only.
    assert shown(box(tmp_path, BOX), "month", "text", "carried") == [
        ("2026-07", "周会改短", 3),
        ("2026-08", "买新显示器", 2),
        ("2026-09", "more training", 1),
        ("2026-10", "[姓名]少开会", 0),
        ("2026-10", "tea", 0),
        ("2026-10", "tea", 0),
    ]


def test_an_answer_of_a_later_month_does_not_exist_yet(tmp_path):
    table = box(tmp_path, BOX).set_index("text")
    assert table.loc["more training", ["answer", "answered_in"]].tolist() == ["", ""]


def test_an_answer_without_a_month_was_given_in_the_month_of_the_suggestion(tmp_path):
    table = box(tmp_path, BOX).set_index("text")
    assert table.loc["[姓名]少开会", ["answer", "answered_in"]].tolist() == ["请找[姓名]", "2026-10"]
    assert "[姓名]少开会" not in set(box(tmp_path, BOX, month="2026-11")["text"])


def test_a_month_later_shows_what_was_answered_in_it(tmp_path):
    table = box(tmp_path, BOX, month="2026-11").set_index("text")
    assert table.loc["more training", ["answer", "carried"]].tolist() == ["two days in November", 2]


def test_months_are_counted_across_the_year(tmp_path):
    assert box(tmp_path, HEADER + "2025-11,tea,,\n", month="2026-02")["carried"].tolist() == [3]


def test_the_roster_is_hidden_in_suggestions_and_answers(tmp_path):
    table = box(tmp_path, HEADER + "2026-10,ask growth-2,GROWTH-2 knows,\n", roster=["growth-2"])
    assert shown(table, "text", "answer") == [("ask [name]", "[name] knows")]


def test_the_order_says_nothing_about_that_of_the_file(tmp_path):
    header, *rows = BOX.splitlines(keepends=True)
    assert box(tmp_path, BOX).equals(box(tmp_path, header + "".join(reversed(rows))))


def test_answers_may_be_left_out_of_the_file(tmp_path):
    table = box(tmp_path, "month,suggestion\n2026-10,tea\n")
    assert table.to_dict("records") == [
        {"month": "2026-10", "text": "tea", "answer": "", "answered_in": "", "carried": 0}
    ]


@pytest.mark.parametrize("text", [HEADER, HEADER + ",,,\n", HEADER + "2026-11,tea,,\n"])
def test_a_box_with_nothing_for_the_month_is_an_empty_table(tmp_path, text):
    table = box(tmp_path, text)
    assert (list(table.columns), len(table)) == (["month", "text", "answer", "answered_in", "carried"], 0)


def test_a_box_that_is_not_there_holds_nothing(tmp_path):
    assert read_suggestions(tmp_path / "suggestions.csv", month="2026-10").empty


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_encodings_and_line_ends_of_windows_are_read(tmp_path, encoding):
    table = box(tmp_path, (HEADER + '2026-10,"周会\n改短",,\n').replace("\n", "\r\n").encode(encoding))
    assert table["text"].tolist() == ["周会 改短"]


def test_formulas_and_markup_stay_text(tmp_path):
    assert box(tmp_path, HEADER + "2026-10,=1+1<b>,,\n")["text"].tolist() == ["=1+1<b>"]


SECRET = "my secret"
BAD = HEADER + (
    f"{SECRET},{SECRET},,\n,tea,,\n2026-10,,,\n2026-10,tea,,2026-11\n2026-10,tea,{SECRET},{SECRET}\n"
    f"2026-10,tea,{SECRET},2026-09\n"
)
REFUSED = (
    "suggestions.csv: 6 problems. Column 'month', row 3: the cell is empty; fill it. Column 'month', row 2: '…' is not "
    "a month; write it as year-month, such as 2026-06. Column 'suggestion', row 4: the cell is empty; fill it. Column "
    "'answer', row 5: the cell is empty; fill it. Column 'answered_in', row 6: '…' is not a month; write it as "
    "year-month, such as 2026-06. Column 'answered_in', row 7: it was answered in 2026-09, before it was "
    "raised; correct one of the months."
)


def test_all_bad_rows_are_named_at_once_and_never_what_was_written(tmp_path):
    with pytest.raises(InputError, match=f"^{re.escape(REFUSED)}$"):
        box(tmp_path, BAD)


def test_missing_columns_are_named(tmp_path):
    message = r"^suggestions\.csv: 1 problem\. Column 'suggestion' is missing; add it to the header\.$"
    with pytest.raises(InputError, match=message):
        box(tmp_path, "month,text\n2026-10,tea\n")


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"^suggestions\.csv: 1 problem\. The file is empty; export it again, or delete"
    ):
        box(tmp_path, "")


def test_a_period_that_is_no_month_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"^month: 1 problem\. '2026-Q3' is no month; write it as 2026-10\.$"):
        box(tmp_path, BOX, month="2026-Q3")
