"""Bad input through the real command: exit code 2, every problem named, nothing written, no traceback."""

from __future__ import annotations

import pytest

from opsretro import cli


def refused(workspace, capsys, month: str = "2026-10", *, lang: str = "en") -> str:
    """Run the month, expect a refusal, and give what was said."""
    out = workspace.parent / "reports"
    code = cli.main(["run", "--month", month, "--workspace", str(workspace), "--out", str(out), "--lang", lang])
    said = capsys.readouterr()
    assert (code, said.out, out.exists()) == (2, "", False)
    assert "Traceback" not in said.err
    return "\n".join(said.err.splitlines()[1:])


def change(workspace, old: str, new: str, table: str = "metrics.csv") -> None:
    path = workspace / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_folder_that_is_not_there(tmp_path, capsys):
    said = refused(tmp_path / "nowhere", capsys)
    assert "nowhere: There is no such folder; name a folder with tables" in said


def test_no_table_at_all(tmp_path, capsys):
    (tmp_path / "ws").mkdir()
    assert "No table has any rows; fill at least goals.csv, metrics.csv." in refused(tmp_path / "ws", capsys)


def test_a_misspelt_header_is_told_its_right_name(workspace, capsys):
    change(workspace, "date,kpi,value", "date,KPI,value")
    assert refused(workspace, capsys) == (
        "metrics.csv: Column 'kpi' is missing; there is 'KPI', rename it.\n1 problem; nothing was written"
    )


def test_a_header_without_date_or_value_names_the_choices(workspace, capsys):
    change(workspace, "date,kpi,value", "day,kpi,amount")
    assert refused(workspace, capsys).splitlines()[:2] == [
        "metrics.csv: The header needs one of these: date / ts_utc; add it.",
        "metrics.csv: The header needs one of these: value / numerator + denominator; add it.",
    ]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "october", "", "2026-10; rm -rf /"])
def test_a_month_that_is_none(workspace, capsys, month):
    assert refused(workspace, capsys, month).startswith(
        f"--month: '{month}' is no period; write 2026-10, 2026-Q3 or 2026."
    )


def test_a_month_before_the_data_is_told_what_there_is(workspace, capsys):
    change(workspace, "2026-01-01,2026-12-31", "2020-01-01,2026-12-31", "goals.csv")
    assert "--month: Metrics has no rows in 2020-05; it has 2025-03 to 2026-10." in refused(
        workspace, capsys, "2020-05"
    )


def test_text_in_a_number_column_names_every_row(workspace, capsys):
    change(workspace, "2025-03-01,sales,11", "2025-03-01,sales,n/a")
    change(workspace, "2025-03-02,sales,12", "2025-03-02,sales,n/a")
    change(workspace, "2025-03-03,sales,10", '2025-03-03,sales,"1,200"')
    assert refused(workspace, capsys).splitlines() == [
        "metrics.csv: Column 'value', rows 2 and 3: 'n/a' is not a number; leave the cell empty.",
        "metrics.csv: Column 'value', row 4: '1,200' is not a number; write 1200.",
        "2 problems; nothing was written",
    ]


def test_a_date_with_day_and_month_exchanged_is_turned_round(workspace, capsys):
    change(workspace, "2025-03-01", "2025/13/3")
    assert "Column 'date', row 2: '2025/13/3' is not a date; write 2025-03-13." in refused(workspace, capsys)


def test_an_empty_file(workspace, capsys):
    (workspace / "metrics.csv").write_bytes(b"")
    assert "metrics.csv: The file is empty; export it again" in refused(workspace, capsys)


def test_a_cut_file_names_its_last_row(workspace, capsys):
    text = (workspace / "metrics.csv").read_text(encoding="utf-8")
    (workspace / "metrics.csv").write_text(text[: text.index("2025-03-05,sales") + 8], encoding="utf-8")
    assert "metrics.csv: Row 6: the file ends in the middle of a row" in refused(workspace, capsys)


def test_a_file_cut_inside_a_chinese_character(workspace, capsys):
    text = "date,kpi,value,渠道\n2026-10-01,sales,1,小程序\n"
    (workspace / "metrics.csv").write_bytes(text.encode()[:-2])
    assert "metrics.csv: Row 2: the file ends in the middle of a row" in refused(workspace, capsys)


def test_a_login_page_saved_as_csv(workspace, capsys):
    (workspace / "metrics.csv").write_text("<!DOCTYPE html>\n<html><title>登录</title></html>", encoding="utf-8")
    assert "metrics.csv: This is a web page, not a table, perhaps the login page" in refused(workspace, capsys)


def test_a_workbook_with_the_name_of_a_csv(workspace, capsys):
    (workspace / "goals.csv").write_bytes(b"PK\x03\x04rest")
    assert "goals.csv: The content is xlsx, not CSV; save it as CSV (UTF-8)." in refused(workspace, capsys)


def test_rows_shorter_and_longer_than_the_header(workspace, capsys):
    change(workspace, "2025-03-01,sales,11", "2025-03-01,sales")
    change(workspace, "2025-03-02,sales,12", "2025-03-02,sales,12,7")
    assert refused(workspace, capsys).splitlines()[:2] == [
        "metrics.csv: Row 2: fewer fields than the header's 3; add the missing fields (empty ones too).",
        "metrics.csv: Row 3: more fields than the header's 3; put quotation marks around text that has commas.",
    ]


def test_a_trailing_comma_and_a_missing_field_do_not_cancel_out(workspace, capsys):
    change(workspace, "2025-03-01,sales,11", "2025-03-01,sales,11,")
    change(workspace, "2025-03-02,sales,12", "2025-03-02,sales")
    assert "Row 2: more fields" in refused(workspace, capsys)


def test_semicolons_are_named(workspace, capsys):
    text = (workspace / "metrics.csv").read_text(encoding="utf-8")
    (workspace / "metrics.csv").write_text(text.replace(",", ";"), encoding="utf-8")
    assert "metrics.csv: Columns are separated by ';'; save it with commas." in refused(workspace, capsys)


def test_problems_of_month_settings_and_tables_come_at_once(workspace, capsys):
    (workspace / "retro.toml").write_text('timezone = "Mars/Base"\nteem = "x"\n', encoding="utf-8")
    change(workspace, "higher", "up", "goals.csv")
    assert refused(workspace, capsys, "2026-13").splitlines() == [
        "--month: '2026-13' is no period; write 2026-10, 2026-Q3 or 2026.",
        "retro.toml: Timezone is 'Mars/Base'; write an IANA name such as \"Asia/Shanghai\".",
        "retro.toml: 'teem' is not a setting; write 'team'.",
        "goals.csv: Column 'direction', row 2: 'up' is not one of the words used here; "
        "write one of: higher, lower, range.",
        "4 problems; nothing was written",
    ]


def test_the_same_problems_in_chinese(workspace, capsys):
    change(workspace, "2025-03-01,sales,11", "2025-03-01,sales,n/a")
    assert refused(workspace, capsys, lang="zh-CN") == (
        "metrics.csv：列“value”，第 2 行：“n/a”不是数字；没有就留空。\n1 个问题；什么都没有写入"
    )


def test_a_goal_id_that_comes_twice(workspace, capsys):
    row = (workspace / "goals.csv").read_text(encoding="utf-8").splitlines()[1]
    with (workspace / "goals.csv").open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    assert "goals.csv: Column 'goal_id', rows 2 and 3: 'sales' is there more than once" in refused(workspace, capsys)


def test_a_dimension_that_metrics_does_not_have(workspace, capsys):
    change(workspace, "source\n", "source,dimension\n", "goals.csv")
    change(workspace, ",metrics\n", ",metrics,channel=app\n", "goals.csv")
    assert "Column 'dimension', row 2: 'channel=app' names a column that metrics does not have" in refused(
        workspace, capsys
    )


def test_a_language_nobody_here_speaks(workspace, capsys):
    assert cli.main(["run", "--month", "2026-10", "--workspace", str(workspace), "--lang", "de"]) == 2
    assert "--lang: 'de' is not a language this kit speaks; write zh-CN or en." in capsys.readouterr().err


def test_a_reports_folder_that_is_a_file_is_exit_3(workspace, capsys):
    (workspace.parent / "taken").write_text("", encoding="utf-8")
    out = str(workspace.parent / "taken")
    assert cli.main(["run", "--month", "2026-10", "--workspace", str(workspace), "--out", out, "--lang", "en"]) == 3
    assert "could not write" in capsys.readouterr().err
