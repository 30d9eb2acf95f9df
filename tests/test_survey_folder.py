"""The survey folder: months, exports, headers that change, permissions, and problems without an answer in them."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pandas as pd
import pytest
from health_cases import EN, IDS, ZH, answers, export, months, published, review, survey, write_items, write_survey

from opsretro.errors import InputError
from opsretro.tables.init import init_workspace
from opsretro.tables.survey import read_survey
from opsretro.tables.survey_files import exports, month_of

SIZES = {"growth": 12, "content": 9}
LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
"""What a workbook with a password begins with ([MS-OFFCRYPTO] 2.3.4.4), and the name of the stream inside."""


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("2026-10.csv", "2026-10"),
        ("survey_202610.xlsx", "2026-10"),
        ("2026年9月.csv", "2026-09"),
        ("2026年10月 团队健康度.csv", "2026-10"),
        ("2026.10.csv", "2026-10"),
        ("health-20261025.csv", "2026-10"),
        ("278202611_按文本_团队_21_21.csv", ""),
        ("2026-13.csv", ""),
        ("2026.csv", ""),
        ("export.csv", ""),
    ],
)
def test_the_month_stands_in_the_name(name, month):
    assert month_of(Path(name)) == month


def test_a_month_in_a_column_serves_a_file_whose_name_has_none(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(2)))
    parts = [pd.read_csv(folder / f"{month}.csv").assign(月份=month) for month in months(2)]
    for month in months(2):
        (folder / f"{month}.csv").unlink()
    pd.concat(parts).to_csv(folder / "year.csv", index=False)
    assert survey(tmp_path).answers["month"].value_counts().to_dict() == dict.fromkeys(months(2), 21)


def test_comments_of_a_file_with_several_months_stay_with_their_month(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(2)))
    parts = [pd.read_csv(folder / f"{month}.csv", dtype=str).assign(月份=month) for month in months(2)]
    parts[0].loc[0, "6、您的建议"] = "九月份的流程实在太慢了"
    for month in months(2):
        (folder / f"{month}.csv").unlink()
    pd.concat(parts).to_csv(folder / "year.csv", index=False)
    assert "九月份的流程实在太慢了" not in survey(tmp_path).comments.get("2026-10", [])


def test_a_file_without_a_month_is_named(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    (folder / "2026-10.csv").rename(folder / "export.csv")
    told = "^export.csv: 1 problem. No month stands in the file name or in a column; rename the file, such as 2026-10"
    with pytest.raises(InputError, match=told):
        survey(tmp_path)


def test_several_exports_of_a_month_are_one_month(tmp_path):
    people = answers(SIZES)
    folder = write_survey(tmp_path, people.iloc[:12])
    export(people.iloc[12:], folder / "2026-10 content.csv", start=40)
    assert survey(tmp_path).answers["month"].value_counts().to_dict() == {"2026-10": 21}


def test_the_same_export_saved_twice_counts_once(tmp_path):
    # counted twice, four people would pass for eight
    folder = write_survey(tmp_path, answers({"growth": 6, "tiny": 4}))
    (folder / "2026-10 (1).csv").write_bytes((folder / "2026-10.csv").read_bytes())
    cells = review(tmp_path).cells
    assert set(cells.loc[cells["group"] == "team=tiny", "n"]) == {4}


def test_an_export_of_all_and_an_earlier_one_of_some_count_everybody_once(tmp_path):
    people = answers({"growth": 6, "tiny": 4})
    folder = write_survey(tmp_path, people)
    export(people.iloc[:8], folder / "2026-10 halfway.csv")
    assert review(tmp_path).cells["n"].max() == 10


def test_the_team_keeps_its_name_when_its_header_changes(tmp_path):
    when = months(3)
    for month, header in zip(when, ["团队", "Team", "部门"], strict=True):
        write_survey(tmp_path, answers(SIZES, [month]), header=header)
    heads = [f"{month},{name},{n}" for month in when for name, n in SIZES.items()]
    (tmp_path / "survey" / "teams.csv").write_text("\n".join(["month,group,headcount", *heads, ""]), encoding="utf-8")
    found = survey(tmp_path)
    assert found.groups == ("team",)
    assert found.answers.groupby(["month", "team"]).size().to_dict() == {
        (m, t): n for m in when for t, n in SIZES.items()
    }


def test_two_columns_with_the_teams_do_not_stop_the_month(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES), header="部门")
    table = pd.read_csv(folder / "2026-10.csv", dtype=str)
    table.insert(5, "team", ["x", "y", "z"] * 7)
    table.to_csv(folder / "2026-10.csv", index=False)
    assert {"all", "team=growth", "team=content"} <= set(review(tmp_path).groups)


def test_without_teams_csv_groups_go_by_their_header(tmp_path):
    write_survey(tmp_path, answers(SIZES), teams=False)
    found = review(tmp_path)
    assert set(found.groups) == {"all", "team=growth", "team=content"}
    assert found.participation["headcount"].isna().all() and found.participation["share"].isna().all()


def test_a_header_with_an_ampersand_is_one_group(tmp_path):
    write_survey(tmp_path, answers(SIZES), header="R&D 团队", teams=False)
    assert set(review(tmp_path).groups) == {"all", "team=growth", "team=content"}


@pytest.mark.parametrize("question", ["你今年想离职吗", "12、您是否考虑离职", "Do you plan to leave this year?"])
def test_a_question_that_is_no_item_is_no_group_either(tmp_path, question):
    # as a group, the exact number of those who said yes would be published, from one person on
    folder = write_survey(tmp_path, answers(SIZES))
    table = pd.read_csv(folder / "2026-10.csv", dtype=str)
    table[question] = ["是", "否", "否"] * 7
    table.to_csv(folder / "2026-10.csv", index=False)
    assert survey(tmp_path).groups == ("team",)


def test_without_items_csv_the_wordings_of_the_kit_are_read(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES), own_items=False)
    own = {
        "我的工作量是做得完的": "这个月我的工作量是做得完的",
        "我经常要加班到很晚": "这个月我经常要加班才能把事情做完",
    }
    text = (folder / "2026-10.csv").read_text(encoding="utf-8-sig")
    for old, new in own.items():
        text = text.replace(old, new)
    (folder / "2026-10.csv").write_text(text, encoding="utf-8")
    found = survey(tmp_path).answers
    assert found["workload_fits"].notna().sum() == 21 == found["workload_late"].notna().sum()
    assert found["tools_work"].isna().all()


def test_an_item_whose_wording_changed_stays_the_item(tmp_path):
    write_survey(tmp_path, answers(SIZES, months(2)))
    newer = dict(ZH, calm="休息以后我的精力恢复得很好")
    write_items(tmp_path / "survey", newer)
    table = pd.read_csv(tmp_path / "survey" / "items.csv")
    older = pd.DataFrame([(ZH["calm"], "calm", "recovery", "1-5", "N")], columns=table.columns)
    pd.concat([table, older]).to_csv(tmp_path / "survey" / "items.csv", index=False)
    export(answers(SIZES), tmp_path / "survey" / "2026-10.csv", wordings=newer)
    assert survey(tmp_path).answers.groupby("month")["calm"].count().to_dict() == dict.fromkeys(months(2), 21)


def test_an_english_export_beside_a_chinese_one_holds_the_same_items(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(2)))
    export(answers(SIZES), folder / "2026-10.csv", wordings=EN)
    assert survey(tmp_path).answers.groupby("month")[IDS].count().eq(21).all(axis=None)


def test_the_rows_of_an_export_are_not_in_their_order(tmp_path):
    write_survey(tmp_path, answers({"growth": 200}))
    typed = answers({"growth": 200})[IDS].to_numpy().tolist()
    first, again = (survey(tmp_path).answers[IDS].to_numpy().tolist() for _ in range(2))
    assert first not in (typed, again) and sorted(first) == sorted(typed)


def test_nobody_can_tell_from_the_survey_object_what_was_said(tmp_path):
    write_survey(tmp_path, answers(SIZES), comments=["一句没有人该看到的话"])
    assert "一句没有人该看到的话" not in repr(survey(tmp_path)) and "192.0.2" not in repr(survey(tmp_path))


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.iterdir()]}


def test_what_people_wrote_is_made_readable_by_its_owner_only(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    (folder / "roster.txt").write_text("林小萌\n", encoding="utf-8")
    (folder / "suggestions.csv").write_text("month,suggestion\n", encoding="utf-8")
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    survey(tmp_path)
    told = modes(folder)
    assert {told[name] for name in ("2026-10.csv", "roster.txt", "suggestions.csv")} == {"0o600"}
    assert told["survey"] == "0o700"


def test_permissions_are_set_although_the_export_is_refused(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    (folder / "2026-10.csv").write_text("nothing,here\n1,2\n", encoding="utf-8")
    (folder / "2026-10.csv").chmod(0o644)
    with pytest.raises(InputError, match=r"^2026-10\.csv: 1 problem\. "):
        survey(tmp_path)
    assert modes(folder)["2026-10.csv"] == "0o600"


def test_init_keeps_answers_and_names_out_of_version_control(tmp_path):
    init_workspace(tmp_path / "ws")
    lines = (tmp_path / "ws" / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"survey/*", "roster.txt", "!survey/published.csv"} <= set(lines)
    assert not {"!survey/suggestions.csv", "!survey/roster.txt"} & set(lines)
    assert modes(tmp_path / "ws" / "survey")["survey"] == "0o700"


def test_git_itself_ignores_the_answers_and_keeps_the_register(tmp_path):
    import subprocess

    init_workspace(folder := tmp_path / "ws")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    names = ["2026-10.csv", "2026-10.xlsx", "roster.txt", "suggestions.csv", "items.csv", "published.csv"]
    done = subprocess.run(
        ["git", "-C", str(folder), "check-ignore", *(f"survey/{name}" for name in names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [f"survey/{name}" for name in names[:4]]


def test_a_locked_workbook_is_named(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    (folder / "2026-09.xlsx").write_bytes(LOCKED)
    with pytest.raises(InputError, match=r"^2026-09\.xlsx: 1 problem\. .*password"):
        survey(tmp_path)


def test_all_problems_are_told_at_once_and_none_with_an_answer(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES), comments=["qzx 一句话"])
    text = (folder / "2026-10.csv").read_text(encoding="utf-8-sig")
    (folder / "2026-09.csv").write_text(re.sub(r",[1-5](?=,)", ",qzx绿色", text), encoding="utf-8")
    (folder / "qzx-less.csv").write_text(text, encoding="utf-8")
    (folder / "2026-08.csv").write_bytes(b"")
    (folder / "teams.csv").write_text("month,group\n", encoding="utf-8")
    (folder / "suggestions.csv").write_text("month,suggestion\nqzx 很重要,qzx 建议\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"2026-08\.csv: 1 problem\. The file is empty") as e:
        survey(tmp_path)
    sources = {problem.source for problem in e.value.problems}
    assert sources == {"2026-09.csv", "qzx-less.csv", "2026-08.csv", "teams.csv", "suggestions.csv"}
    for lang in ("en", "zh-CN"):
        assert "qzx" not in e.value.text(lang).replace("qzx-less.csv", "")


def test_a_form_with_a_header_only_is_a_month_without_answers(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, ["2026-09"]))
    head = (folder / "2026-09.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    (folder / "2026-10.csv").write_text(head + "\n", encoding="utf-8")
    assert set(survey(tmp_path).answers["month"]) == {"2026-09"}
    assert review(tmp_path).state == "no_answers"


def test_a_month_with_one_answer_is_withheld(tmp_path):
    write_survey(tmp_path, answers({"growth": 1}))
    assert review(tmp_path).state == "withheld"


def test_locks_copies_in_progress_and_other_files_are_no_exports(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    for name in ("~$2026-10.xlsx", ".2026-10.csv.swp", "notes.md", "published.csv.bak"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "old").mkdir()
    assert [path.name for path in exports(folder)] == ["2026-10.csv"]


def test_a_survey_that_is_not_there_has_no_exports(tmp_path):
    assert exports(tmp_path / "survey") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_roster_hides_its_names_whatever_its_encoding(tmp_path, encoding):
    folder = write_survey(tmp_path, answers(SIZES), comments=["林小萌很努力地工作着"])
    (folder / "roster.txt").write_bytes("林小萌\n欧阳青青\n".encode(encoding))
    assert review(tmp_path).comments["text"].tolist() == ["[姓名]很努力地工作着"]


def test_the_roster_is_read_from_where_the_survey_is(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES), comments=["林小萌很努力地工作着"])
    (folder / "roster.txt").write_text("林小萌\n", encoding="utf-8")
    folder.rename(tmp_path / "umfrage")
    (tmp_path / "retro.toml").write_text('[sources]\nsurvey = "umfrage"\n', encoding="utf-8")
    assert review(tmp_path).comments["text"].tolist() == ["[姓名]很努力地工作着"]


def test_months_in_the_register_are_not_read_again_unless_asked_for(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(2)))
    published(tmp_path)
    (folder / "2026-09.csv").write_bytes(b"")
    assert review(tmp_path).state == "shown"


def test_headcounts_that_are_none_and_teams_listed_twice_are_named_by_row(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES))
    lines = ["month,group,headcount", "2026-10,growth,7", "2026-10,growth,8", "2026-10,content,5.5"]
    (folder / "teams.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^teams\.csv: 2 problems\. ") as refused:
        read_survey(folder)
    assert [(problem.column, problem.rows) for problem in refused.value.problems] == [
        ("headcount", (4,)),
        ("group", (2, 3)),
    ]
