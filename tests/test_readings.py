"""What each month read about its actions: added once, the newest counts, and nothing that was written is lost."""

from __future__ import annotations

import json
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from follow_cases import whole
from test_one_writer import full_disk

from opsretro.errors import InputError
from opsretro.tables.readings import COLUMNS, add_readings, read_readings

ROW = {"period": "2026-10", "as_of": "2026-11-02", "id": "A-1", "metric": "orders", "start": "2026-09-07",
       "end": "2026-10-31", "verdict": "moved", "reason": "", "effect": 0.2, "lower": 0.1, "upper": 0.3}  # fmt: skip


def readings(*changes) -> pd.DataFrame:
    return pd.DataFrame([ROW | change for change in changes or ({},)], columns=list(COLUMNS)).astype(COLUMNS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "readings.jsonl"


def test_a_file_that_is_not_there_holds_nothing(path):
    pd.testing.assert_frame_equal(read_readings(path), readings()[:0], check_index_type=False)


def test_what_is_added_is_read_back(path):
    rows = readings({}, {"id": '运营 "A"\n2\u2028', "effect": np.nan, "lower": np.nan, "upper": np.nan})
    assert add_readings(path, rows) == 2
    pd.testing.assert_frame_equal(read_readings(path), rows)


def test_a_line_is_one_reading_with_its_fields_in_order_and_null_for_no_figure(path):
    add_readings(path, readings({"effect": np.nan, "lower": 1 / 3}))
    line = json.loads(path.read_text(encoding="utf-8"))
    assert (list(line), line["effect"], line["lower"]) == (list(COLUMNS), None, 0.333333)


def test_the_same_again_adds_nothing_and_changes_no_byte(path):
    add_readings(path, readings())
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert add_readings(path, readings({"as_of": "2026-11-05", "effect": 0.2004})) == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("change", [{"verdict": "not_moved"}, {"end": "2026-10-30"}, {"effect": 0.25},
                                    {"effect": np.nan}, {"metric": "visits"}])  # fmt: skip
def test_what_says_something_else_is_added_and_counts(path, change):
    add_readings(path, readings())
    assert add_readings(path, readings({"as_of": "2026-11-05"} | change)) == 1
    found = read_readings(path)
    assert len(found) == 1 and found.loc[0, "as_of"] == "2026-11-05"


def test_an_older_reading_never_replaces_a_newer_one(path):
    add_readings(path, readings({"as_of": "2026-11-05"}))
    before = path.read_bytes()
    assert add_readings(path, readings({"as_of": "2026-11-02", "verdict": "not_moved"})) == 0
    assert path.read_bytes() == before


def test_the_newest_knowledge_counts_wherever_it_stands(path):
    lines = [json.dumps(ROW | {"as_of": day, "verdict": verdict})
             for day, verdict in (("2026-11-05", "moved"), ("2026-11-02", "not_moved"))]  # fmt: skip
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert read_readings(path)["verdict"].tolist() == ["moved"]


def test_months_come_in_order(path):
    add_readings(path, readings({"period": "2026-10"}))
    add_readings(path, readings({"period": "2026-09"}, {"period": "2026-11"}))
    assert read_readings(path)["period"].tolist() == ["2026-09", "2026-10", "2026-11"]


def test_a_last_line_that_a_kill_cut_off_is_left_out(path):
    add_readings(path, readings())
    path.write_bytes(path.read_bytes() + b'{"period": "2026-1')
    assert len(read_readings(path)) == 1


def test_the_month_after_a_kill_heals_the_file(path):
    add_readings(path, readings())
    path.write_bytes(path.read_bytes() + b'{"period": "2026-1')
    add_readings(path, readings({"period": "2026-11"}))
    assert read_readings(path)["period"].tolist() == ["2026-10", "2026-11"]


def test_a_last_line_without_an_end_is_a_reading(path):
    path.write_text(json.dumps(ROW), encoding="utf-8")
    add_readings(path, readings({"period": "2026-11"}))
    assert read_readings(path)["period"].tolist() == ["2026-10", "2026-11"]


def test_a_full_disk_is_an_error_and_what_was_written_can_be_read(path):
    add_readings(path, readings())
    many = readings(*({"id": f"A-{number}"} for number in range(100)))
    assert full_disk(add_readings, path, many) == 7
    assert add_readings(path, many) > 0 and set(read_readings(path)["id"]) == {"A-1", *many["id"]}


BROKEN = (
    "readings.jsonl: 1 problem. {rows}: this is no reading; the file is written by the run alone. "
    "Take the line out, or restore the file."
)


ODD = [{"effect": "0.2"}, {"id": 7}, {"as_of": 7}, {"verdict": "banana"}, {"period": ""}, {"effect": 10**400}]


@pytest.mark.parametrize("line", ["no reading", "[]", "42", "{}", '"text"', "null", "[" * 200_000,
                                  *(json.dumps(ROW | odd) for odd in [*ODD, {"effect": True}])])  # fmt: skip
def test_a_line_that_is_no_reading_is_named_and_the_file_left_alone(path, line):
    path.write_text(f"{json.dumps(ROW)}\n{line}\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(InputError, match=whole(BROKEN.format(rows="Row 2"))):
        add_readings(path, readings())
    assert path.read_bytes() == before


def test_all_broken_lines_are_named(path):
    path.write_text(f"a\n{json.dumps(ROW)}\nb\n", encoding="utf-8")
    with pytest.raises(InputError, match=whole(BROKEN.format(rows="Rows 1 and 3"))):
        read_readings(path)


def test_a_last_line_that_is_whole_and_broken_is_named(path):
    path.write_text(f"{json.dumps(ROW)}\nb\n", encoding="utf-8")
    with pytest.raises(InputError, match=whole(BROKEN.format(rows="Row 2"))):
        read_readings(path)


@pytest.mark.parametrize("change", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: b"\n" + data + b"\n",
                                    lambda data: b"\xef\xbb\xbf" + data])  # fmt: skip
def test_line_ends_empty_lines_and_a_mark_of_other_programs_change_nothing(path, change):
    add_readings(path, readings())
    path.write_bytes(change(path.read_bytes()))
    assert (len(read_readings(path)), add_readings(path, readings())) == (1, 0)


def test_fields_of_a_later_version_are_left_alone(path):
    path.write_text(json.dumps(ROW | {"more": 1}) + "\n", encoding="utf-8")
    assert list(read_readings(path)) == list(COLUMNS)


def add_one_by_one(path, name) -> None:
    for number in range(40):
        add_readings(path, readings({"id": f"{name}-{number}"}))


def test_two_runs_at_once_lose_no_reading(path):
    started = [get_context("fork").Process(target=add_one_by_one, args=(path, name)) for name in "ab"]
    for process in started:
        process.start()
    for process in started:
        process.join()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (len(lines), len(read_readings(path)), [each.exitcode for each in started]) == (80, 80, [0, 0])


def add_the_same(path) -> None:
    for number in range(20):
        add_readings(path, readings({"id": f"A-{number}"}))


def test_two_runs_of_one_month_at_once_add_each_reading_once(path):
    started = [get_context("fork").Process(target=add_the_same, args=(path,)) for _ in range(2)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 20


def test_readings_in_no_folder_are_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        add_readings(tmp_path / "nowhere" / "readings.jsonl", readings())


@pytest.mark.parametrize(("effect", "added"), [(0.2049, 0), (0.2051, 1)])
def test_a_figure_within_half_a_point_says_nothing_new(path, effect, added):
    add_readings(path, readings({"effect": 0.2}))
    assert add_readings(path, readings({"effect": effect})) == added
