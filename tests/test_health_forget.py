"""Forgetting: what people answered goes, what was published stays, and nothing goes before its time."""

from __future__ import annotations

import os

import pandas as pd
import pytest
from health_cases import answers, months, published, review, write_survey

from opsretro import cli
from opsretro.errors import InputError
from opsretro.tables.health_forget import forget

SIZES = {"growth": 6}
BOX = """\
month,suggestion,answer,answered_in
2026-08,提前公布排班表,下月起提前十天,2026-09
2026-08,客服高峰时段加人,,
2026-09,换一台咖啡机,已经换了,2026-09
2026-10,周会缩短一半,好的,2026-10
"""


@pytest.fixture
def folder(tmp_path):
    """August to October, published, with a box of suggestions."""
    survey = write_survey(tmp_path, answers(SIZES, months(3)))
    (survey / "suggestions.csv").write_text(BOX, encoding="utf-8")
    published(tmp_path)
    return survey


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_exports_before_the_month_are_deleted_and_the_rest_stays(folder):
    told = forget(folder, "2026-10")
    assert told == ["2026-08.csv", "2026-09.csv", "suggestions.csv: 2"]
    assert names(folder) == {"2026-10.csv", "items.csv", "teams.csv", "published.csv", "suggestions.csv"}


def test_the_month_itself_is_kept(folder):
    assert forget(folder, "2026-08") == []
    assert "2026-08.csv" in names(folder)


def test_the_published_figures_stay_byte_by_byte(folder, tmp_path):
    before, shown = (folder / "published.csv").read_bytes(), review(tmp_path).cells
    forget(folder, "2026-11")
    assert (folder / "published.csv").read_bytes() == before
    pd.testing.assert_frame_equal(review(tmp_path).cells, shown)


def test_open_suggestions_stay_and_answered_ones_of_the_time_before_go(folder):
    forget(folder, "2026-10")
    left = pd.read_csv(folder / "suggestions.csv", dtype=str, keep_default_na=False)
    assert left["suggestion"].tolist() == ["客服高峰时段加人", "周会缩短一半"]
    assert left.columns.tolist() == ["month", "suggestion", "answer", "answered_in"]
    assert oct((folder / "suggestions.csv").stat().st_mode & 0o777) == "0o600"


def test_a_second_time_there_is_nothing_to_forget(folder):
    forget(folder, "2026-10")
    assert forget(folder, "2026-10") == []


def test_a_month_that_was_never_published_is_refused_and_nothing_is_deleted(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(3)))
    before = names(folder)
    told = (
        "^2026-08.csv: 1 problem. 2026-08 was never published, and its figures would be gone; run that month first, "
        "or add --unpublished.\n2026-09.csv: 1 problem. 2026-09 was never published"
    )
    with pytest.raises(InputError, match=told):
        forget(folder, "2026-10")
    assert names(folder) == before


def test_unpublished_months_go_when_that_is_asked_for(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, months(3)))
    assert forget(folder, "2026-10", unpublished=True) == ["2026-08.csv", "2026-09.csv"]


@pytest.mark.parametrize("before", ["2026", "2026-13", "2026-10-01", "last", "", "../2026-10"])
def test_what_is_no_month_is_refused(folder, before):
    with pytest.raises(InputError, match=f"^--before: 1 problem. '{before}' is no month; write it as 2026-10.$"):
        forget(folder, before)


def as_one_file(folder) -> None:
    parts = [pd.read_csv(folder / f"{month}.csv", dtype=str).assign(月份=month) for month in months(3)]
    for month in months(3):
        (folder / f"{month}.csv").unlink()
    pd.concat(parts).to_csv(folder / "all.csv", index=False)


def test_a_file_that_also_holds_later_months_is_refused(folder):
    as_one_file(folder)
    told = (
        "^all.csv: 1 problem. It also holds answers of 2026-10, which are to be kept; split the file by month first.$"
    )
    with pytest.raises(InputError, match=told):
        forget(folder, "2026-10")
    assert "all.csv" in names(folder)


def test_a_file_with_older_months_only_is_deleted_whole(folder):
    as_one_file(folder)
    assert forget(folder, "2026-11")[0] == "all.csv"


@pytest.mark.parametrize("text", ["monat,suggestion\n2026-08,qzx\n", "month,suggestion\n2026-08,qzx,zu,viel,e\n", ""])
def test_a_bad_box_of_suggestions_is_refused_before_anything_is_deleted(folder, text):
    (folder / "suggestions.csv").write_text(text, encoding="utf-8")
    before = names(folder)
    with pytest.raises(InputError, match=r"^suggestions\.csv: 1 problem\. "):
        forget(folder, "2026-10")
    assert names(folder) == before


def test_a_broken_register_is_refused_before_anything_is_deleted(folder):
    (folder / "published.csv").write_text("month,group\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^published\.csv: 1 problem\. This is no register of publications any more"):
        forget(folder, "2026-10")
    assert "2026-08.csv" in names(folder)


def command(workspace, *words: str) -> int:
    return cli.main(["health", "forget", "--workspace", str(workspace), *words])


def test_the_command_says_what_it_deleted(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert command(tmp_path, "--before", "2026-10") == 0
    told = capsys.readouterr().out
    assert "2026-08.csv" in told and "2026-09.csv" in told and "2026-10.csv" not in told
    assert told.splitlines()[-1] == "3 deleted; the published figures of the months before 2026-10 stay"


@pytest.mark.parametrize("words", [["--before", "October"], ["--before", "2026-13"]])
def test_the_command_refuses_a_bad_month_with_two(folder, tmp_path, capsys, words):
    assert command(tmp_path, *words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_command_refuses_unpublished_months_with_two(tmp_path, capsys):
    write_survey(tmp_path, answers(SIZES))
    assert command(tmp_path, "--before", "2026-11") == 2
    assert "--unpublished" in capsys.readouterr().err
    assert command(tmp_path, "--before", "2026-11", "--unpublished") == 0


def test_the_command_refuses_a_workspace_that_is_not_there(tmp_path, capsys):
    # "0 deleted" would let somebody believe that the answers are gone
    assert command(tmp_path / "nowhere", "--before", "2026-11") == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may delete anything")
def test_a_file_that_cannot_be_deleted_ends_with_three(folder, tmp_path):
    folder.chmod(0o500)
    assert command(tmp_path, "--before", "2026-10") == 3
    folder.chmod(0o700)


def test_the_command_speaks_the_language_of_the_workspace(folder, tmp_path, capsys):
    (tmp_path / "retro.toml").write_text('locale = "zh-CN"\n', encoding="utf-8")
    assert command(tmp_path, "--before", "2026-10") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "已删除 3 项；2026-10 之前各月已发布的数字仍保留"


def test_a_suggestion_answered_in_a_month_that_is_kept_stays(tmp_path):
    folder = write_survey(tmp_path, answers(SIZES, ["2026-08", "2026-10"]))
    lines = ["month,suggestion,answer,answered_in", "2026-08,tea,yes,2026-10", "2026-08,coffee,no,2026-08"]
    (folder / "suggestions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    forget(folder, "2026-09", unpublished=True)
    assert (folder / "suggestions.csv").read_text(encoding="utf-8").splitlines() == lines[:2]
