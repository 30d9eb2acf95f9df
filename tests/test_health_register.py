"""The register of publications: one publication a month, cells only, whole or not at all."""

from __future__ import annotations

from multiprocessing import get_context

import pandas as pd
import pytest
from health_cases import answers, months

from opsretro import health
from opsretro.errors import InputError
from opsretro.tables.health_register import COLUMNS, empty_cells, months_that_differ, read_register, record

IDS = ["calm", "late"]
SIZES = {"a": 7, "b": 5, "c": 2}


def publish(frame: pd.DataFrame, register) -> pd.DataFrame:
    return health.publish(frame, groups=["team"], items=IDS, register=register)


def test_what_is_written_is_read_back_whole(tmp_path):
    cells = publish(answers(SIZES, months(2), skipped=0.05), tmp_path / "published.csv")
    keys = ["month", "group", "item"]
    kept = read_register(tmp_path / "published.csv").sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(kept, cells.sort_values(keys, ignore_index=True))


def test_the_same_publication_again_changes_no_byte(tmp_path):
    frame = answers(SIZES, months(2))
    publish(frame, register := tmp_path / "published.csv")
    before = register.read_bytes()
    publish(frame.sample(frac=1, random_state=1), register)
    assert register.read_bytes() == before


def test_a_second_publication_of_a_month_is_refused_and_nothing_is_written(tmp_path):
    frame = answers(SIZES, months(2))
    publish(frame, register := tmp_path / "published.csv")
    before = register.read_bytes()
    told = (
        "^published.csv: 1 problem. 2026-10 was published with other figures, and a second publication would let "
        "answers be worked out; keep the first one.$"
    )
    with pytest.raises(InputError, match=told):
        publish(frame.drop(index=frame.index[-1]), register)
    assert register.read_bytes() == before


def test_every_month_that_differs_is_named(tmp_path):
    publish(answers(SIZES, months(3)), register := tmp_path / "published.csv")
    with pytest.raises(InputError, match="2026-08 was published with other figures") as e:
        publish(answers(SIZES, months(3), seed=2), register)
    assert [problem.values["month"] for problem in e.value.problems] == months(3)


def test_another_cut_of_a_published_month_is_a_second_publication(tmp_path):
    frame = answers(SIZES).assign(tenure=["<1y", ">1y"] * 7)
    publish(frame, register := tmp_path / "published.csv")
    with pytest.raises(InputError, match="2026-10 was published with other figures"):
        health.publish(frame, groups=["team", "tenure"], items=IDS, register=register)


def test_one_item_less_is_a_second_publication(tmp_path):
    publish(answers(SIZES), register := tmp_path / "published.csv")
    with pytest.raises(InputError, match="2026-10 was published with other figures"):
        health.publish(answers(SIZES), groups=["team"], items=IDS[:-1], register=register)


def test_a_new_month_is_added_and_the_old_one_stays(tmp_path):
    old, new = answers(SIZES, ["2026-09"]), answers(SIZES, ["2026-10"], seed=5)
    publish(old, register := tmp_path / "published.csv")
    first = register.read_text(encoding="utf-8").splitlines()
    publish(new, register)
    lines = register.read_text(encoding="utf-8").splitlines()
    assert set(first) < set(lines) and set(read_register(register)["month"]) == {"2026-09", "2026-10"}
    assert len(lines) == len(set(lines)) == 2 * len(first) - 1


def test_the_register_holds_cells_and_nothing_of_a_person(tmp_path):
    frame = answers(SIZES).assign(respondent=[f"qzx{i}" for i in range(14)], note="qzx a note")
    publish(frame, register := tmp_path / "published.csv")
    assert register.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert "qzx" not in register.read_text(encoding="utf-8")
    kept = read_register(register)
    assert kept.loc[kept["n"] < 5, "mean"].isna().all() and kept.loc[kept["n"] < 10, "dist"].isna().all()


@pytest.mark.parametrize(
    "name", ["运营, 一组", 'the "best"', "a=b", "a&b", "a b", "=SUM(A1)", "ü", "1.0", "nan", "'a'", "a\\b"]
)
def test_any_name_of_a_group_is_read_back(tmp_path, name):
    frame = answers({"a": 6, name: 5})
    cells = publish(frame, register := tmp_path / "published.csv")
    assert set(read_register(register)["group"]) == set(cells["group"]) == {"all", "team=a", f"team={name}"}
    publish(frame, register)


@pytest.mark.parametrize("mark", ["\n", "\u2028"])
def test_a_line_break_in_a_name_does_not_break_the_register(tmp_path, mark):
    frame = answers({"a": 6, f"x{mark}y": 5})
    publish(frame, register := tmp_path / "published.csv")
    publish(frame, register)
    assert len(read_register(register)) == 3 * len(IDS)


def test_a_register_that_is_not_there_is_empty(tmp_path):
    pd.testing.assert_frame_equal(read_register(tmp_path / "published.csv"), empty_cells())


HEAD = ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "month,group\n2026-10,all\n",
        HEAD + "2026-10,all,calm,x,3.1,1,,False,\n",
        HEAD + "2026-10,all,calm,12,much,1,,False,\n",
        HEAD + "2026-10,all,calm,12,3.1,1,{,False,\n",
        HEAD + "2026-10,all,calm,12,3.1,1,,perhaps,\n",
        HEAD + "October,all,calm,12,3.1,1,,False,\n",
        HEAD + "2026-13,all,calm,12,3.1,1,,False,\n",
        HEAD + "2026-10,all,calm,12,3.1,1,7,False,\n",
    ],
)
def test_what_is_no_register_is_refused_and_left_alone(tmp_path, text):
    (register := tmp_path / "published.csv").write_text(text, encoding="utf-8")
    told = r"^published\.csv: 1 problem\. This is no register of publications any more; restore it from a copy"
    with pytest.raises(InputError, match=told):
        publish(answers(SIZES, ["2026-09"]), register)
    assert register.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00\x01\x02\x00", HEAD.encode() + b"2026-10,all"])
def test_a_damaged_file_is_no_empty_register(tmp_path, data):
    (register := tmp_path / "published.csv").write_bytes(data)
    with pytest.raises(InputError, match=r"^published\.csv: 1 problem\. "):
        publish(answers(SIZES), register)
    assert register.read_bytes() == data


def test_a_cell_taken_out_by_hand_is_noticed(tmp_path):
    publish(answers(SIZES), register := tmp_path / "published.csv")
    lines = register.read_text(encoding="utf-8").splitlines(keepends=True)
    register.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(InputError, match="2026-10 was published with other figures"):
        publish(answers(SIZES), register)


def test_a_register_saved_by_a_spreadsheet_is_the_same_register(tmp_path):
    frame = answers(SIZES)
    publish(frame, register := tmp_path / "published.csv")
    text = register.read_text(encoding="utf-8")
    register.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    publish(frame, register)


def test_nothing_is_left_beside_the_register(tmp_path):
    publish(answers(SIZES), tmp_path / "published.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["published.csv"]


def test_a_register_that_cannot_be_written_is_an_error_and_no_register(tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        record(tmp_path / "nowhere" / "published.csv", empty_cells())


def one_month(path, cells: pd.DataFrame, month: str) -> None:
    record(path, cells[cells["month"] == month])


def test_runs_at_once_lose_no_month(tmp_path):
    when = months(12)
    cells = health.publish(answers({"a": 6}, when), groups=["team"], items=["calm"])
    started = [get_context("fork").Process(target=one_month, args=(tmp_path / "p.csv", cells, m)) for m in when]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert set(read_register(tmp_path / "p.csv")["month"]) == set(when)


def test_differing_months_are_found_whatever_the_order_of_rows():
    cells = health.publish(answers(SIZES, months(2)), groups=["team"], items=IDS)
    assert months_that_differ(cells, cells.iloc[::-1]) == []
    assert months_that_differ(cells, cells.drop(index=0)) == [months(2)[0]]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "2026-10,all,calm,3,3.3,1,,False,",
        "2026-10,all,calm,12,31,1,,False,",
        '2026-10,all,calm,12,3.3,1,"{""3"":""a""}",False,',
        "2026-10,all,calm,12,3.3,1,,False,\n2026-10,all,calm,12,3.4,1,,False,",
    ],
)
def test_a_register_that_cannot_be_one_is_never_told_to_be_deleted(tmp_path, line):
    header = "month,group,item,n,mean,decimals,dist,suppressed,reason\n" if line else ""
    (path := tmp_path / "published.csv").write_text(f"{header}{line}\n" if line else "", encoding="utf-8")
    message = r"^published\.csv: 1 problem\. This is no register of publications any more; restore it from a copy, "
    with pytest.raises(InputError, match=message):
        read_register(path)
