"""Broken and hostile inputs one by one: bombs, paths that lead out, numbers beyond all bounds, words for a terminal."""

import io
import json
import re
import time
import zipfile

import openpyxl
import pytest
from conftest import SAMPLE

from opsretro import InputError, cli, open_workspace
from opsretro.tables.actions import actions_of
from opsretro.tables.form_table import read_table
from opsretro.tables.lessons import read_lessons
from opsretro.tables.meetings import read_meeting
from opsretro.tables.readings import read_readings
from opsretro.tables.settings import read_settings
from opsretro.tables.trees import read_cause_trees

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
CELL = '<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>'


def settings_problems(folder, text):
    (folder / "retro.toml").write_text(text, encoding="utf-8")
    return [problem.text() for problem in read_settings(folder)[1]]


@pytest.mark.parametrize("key", ["sources", "calendar"])
@pytest.mark.parametrize("path", ["/etc/passwd", "../x.csv", "a/../../x.csv", "..", "a\x00b", "a\nb", "\x1b[31m.csv"])
def test_a_path_that_leads_out_or_no_screen_can_show_is_refused(tmp_path, key, path):
    entry = "goals" if key == "sources" else "file"
    assert settings_problems(tmp_path, f"[{key}]\n{entry} = {json.dumps(path)}\n") != []


@pytest.mark.parametrize("zone", ["../../../etc/passwd", "/etc/passwd", "a\x00b", "a" * 5000])
def test_a_time_zone_is_no_path(tmp_path, zone):
    (told,) = settings_problems(tmp_path, f"timezone = {json.dumps(zone)}\n")
    assert told.endswith('write an IANA name such as "Asia/Shanghai".')


def test_settings_that_are_nested_without_end_are_refused(tmp_path):
    told = "The file is nested too deeply to be read; take out some levels."
    assert settings_problems(tmp_path, f"team = {'[' * 5000}{']' * 5000}\n") == [told]


def test_a_number_of_thousands_of_digits_in_the_settings_is_refused(tmp_path):
    (told,) = settings_problems(tmp_path, f"[thresholds]\nbaseline_months = {'9' * 5000}\n")
    assert "Exceeds the limit" in told


def test_an_infinite_weight_is_refused(tmp_path):
    assert settings_problems(tmp_path, "[assessment_weights]\nself = inf\n") != []


@pytest.mark.parametrize("month", ["../../x", "2026-10/../../x", "/etc", "2026-10\x00", "$(touch PWNED)", "=1+1", ""])
def test_a_month_is_no_path(workspace, capsys, month):
    out = workspace.parent / "out"
    assert cli.main(["run", "--month", month, "--workspace", str(workspace), "--out", str(out), "--lang", "en"]) == 2
    assert "is no period" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("option", ["--lang", "--as-of"])
def test_a_language_and_a_day_are_no_paths(workspace, capsys, option):
    out, month = workspace.parent / "out", ["--month", "2026-10"]
    assert cli.main(["run", *month, "--workspace", str(workspace), "--out", str(out), option, "../../x\x1b[2J"]) == 2
    assert STEERING.findall(capsys.readouterr().err) == []
    assert not out.exists()


def laughs(top):
    """A few lines that would be a hundred billion values if they were written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join([*lines, f"{top}: *a11", ""])


READERS = {
    "actions": lambda path: actions_of(path.read_text(encoding="utf-8")),
    "lessons": read_lessons,
    "trees": lambda path: read_cause_trees(path, people=()),
}


@pytest.mark.parametrize("top", READERS)
def test_values_that_multiply_are_refused_at_once(tmp_path, top):
    (path := tmp_path / "bomb.yaml").write_text(laughs(top), encoding="utf-8")
    started = time.process_time()
    with pytest.raises(InputError, match=r"repeats another part|should be fields"):
        READERS[top](path)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("top", READERS)
def test_a_tag_runs_nothing(tmp_path, monkeypatch, top):
    monkeypatch.chdir(tmp_path)
    call = '!!python/object/apply:os.system ["touch PWNED"]'
    (path := tmp_path / "tag.yaml").write_text(f"{top}:\n  - id: {call}\n  - {call}\n", encoding="utf-8")
    with pytest.raises(InputError, match="problems"):
        READERS[top](path)
    assert [path.name for path in tmp_path.iterdir()] == ["tag.yaml"]


def test_a_key_that_is_a_list_is_no_crash():
    with pytest.raises(InputError, match="Column 'trigger', row 4: it is missing or empty"):
        actions_of("actions:\n  - id: A-1\n    title: x\n    trigger: { ? [a] : b }\n")


def workbook(path, sheet, **more):
    """A workbook whose one sheet is replaced, and what else is put into it."""
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.save(plain := io.BytesIO())
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
        for name, data in more.items():
            new.writestr(name, data)
    return path


@pytest.mark.parametrize(("column", "row"), [("XFD", 1_048_576), ("ZZ", 20_000)])
def test_a_sheet_of_two_cells_far_apart_is_refused(tmp_path, column, row):
    # 4 kB; a reader that makes room for all cells between them asks for 550 GB
    cells = CELL.format(row=1, column="A") + CELL.format(row=row, column=column)
    with pytest.raises(InputError, match="The workbook reaches further than any survey"):
        read_table(workbook(tmp_path / "far.xlsx", SHEET.format(cells)), str)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    book = workbook(tmp_path / "bomb.xlsx", SHEET.format(CELL.format(row=1, column="A")), bomb=b" " * 200_000_001)
    assert book.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="The workbook reaches further than any survey"):
        read_table(book, str)


def test_a_workbook_cannot_ask_for_files(tmp_path):
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&amp;secret;</t></is></c></row>'.replace("&amp;", "&")
    sheet = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>' + SHEET.format(cell)
    with pytest.raises(InputError, match="The workbook cannot be opened"):
        read_table(workbook(tmp_path / "entity.xlsx", sheet), str)


def test_formulas_and_links_of_a_workbook_are_the_values_last_seen(tmp_path):
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
    cells = (
        '<row r="2"><c r="A2"><f>HYPERLINK("http://127.0.0.1:9/x")</f><v>5</v></c><c r="B2"><f>[1]x!A1</f></c></row>'
    )
    table = read_table(workbook(tmp_path / "formula.xlsx", SHEET.format(head + cells)), str)
    assert table.cells.to_numpy().tolist() == [["5", ""]]


@pytest.mark.parametrize("number", ["1e308", "-1e308", "9" * 400, "$" + "9,999" * 80])
def test_a_number_beyond_every_figure_is_refused(workspace, number):
    with (workspace / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write(f'2026-10-30,sales,"{number}"\n')
    with pytest.raises(InputError, match=r"larger than any figure here; write at most 15 digits, in a larger unit"):
        open_workspace(workspace, lang="en")


def test_a_large_figure_is_none_too_large(workspace):
    goals = workspace / "goals.csv"
    goals.write_text(goals.read_text(encoding="utf-8").replace(",300,", ",900000000000000,"), encoding="utf-8")
    assert "1 goal" in open_workspace(workspace, lang="en").goal_review("2026-10").headline


def test_a_reading_beyond_every_figure_is_none(tmp_path):
    reading = json.loads((SAMPLE / "readings.jsonl").read_text(encoding="utf-8").splitlines()[1])
    lines = [json.dumps(reading | {"effect": effect}) for effect in (1e308, 0.1)]
    (path := tmp_path / "readings.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    with pytest.raises(InputError, match=r"readings\.jsonl: 1 problem\. Row 1"):
        read_readings(path)


@pytest.mark.parametrize("field", ["people", "budget"])
def test_a_count_of_a_meeting_beyond_every_figure_is_refused(tmp_path, field):
    meeting = json.loads((SAMPLE / "meetings" / "2026-10.json").read_bytes())
    meeting["boards"][0][field] = 10**400
    (path := tmp_path / "2026-10.json").write_text(json.dumps(meeting), encoding="utf-8")
    with pytest.raises(InputError, match=rf"boards\[0\]\.{field}"):
        read_meeting(path)


def test_a_problem_with_odd_signs_is_one_line_that_steers_nothing(workspace, capsys):
    odd = "\x1b]0;PWNED\x07\x1b[2J\u202en/a\u2066"
    rows = [f"2026-10-29,sales,{odd}", '2026-10-30,sales,"n/a\n[  9.9 s] published /x"', f"2026-10-{odd},sales,1"]
    with (workspace / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join([*rows, ""]))
    (workspace / "retro.toml").write_text('"te\\u001b[31m\\nem" = 1\n', encoding="utf-8")
    (workspace / "lessons.yaml").write_text('lessons: "\\e[31m\\u202e\\n\\u2028x"\n', encoding="utf-8")
    (workspace / "survey").mkdir()
    (workspace / "survey" / "2026-10\x1b[31m\n.csv").write_text("a\u202e,b\n1,2\n", encoding="utf-8")
    assert cli.main(["run", "--month", "2026-10", "--workspace", str(workspace), "--out", "x", "--lang", "en"]) == 2
    lines = capsys.readouterr().err.split("\n")
    assert [STEERING.findall(line) for line in lines] == [[]] * len(lines)
    starts = {line.partition(":")[0] for line in lines[:-2] if "checking" not in line}
    assert starts == {"metrics.csv", "retro.toml", "lessons.yaml", "2026-10[31m .csv"}
