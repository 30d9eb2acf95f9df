"""The ledger as people write it: what is read, what is asked, and what is refused with its line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from follow_cases import entry, ledger, whole

from opsretro.errors import InputError
from opsretro.tables.actions import ASKED, CHOICES, COLUMNS, FIELDS, OPEN, actions_of, read_actions

FULL = """\
actions:
  - id: A-2026-10-1
    title: {zh-CN: 上线尺码说明, en: Size guide}
    trigger:
      when: {zh-CN: 商品进入热销, en: a product sells well}
      then: add the guide
    owner: service-1
    due: 2026-10-26
    start: 2026/10/27
    created_in: 2026-09
    source_finding: refund_rate missed
    controllable: influence
    metric: refund_rate
    direction: lower
    baseline: 5.4
    expected_effect: -0.1
    check_on: 2026年12月31日
    status: check
    evidence: it is live
    carry_count: 2
    outcome: not_moved
"""


def row(text=FULL):
    return actions_of(text).table.iloc[0].to_dict()


def notes(**fields):
    return [(note.code, note.column, note.rows) for note in actions_of(ledger(entry("A-1", **fields))).notes]


def refused(text, message):
    with pytest.raises(InputError, match=whole(f"actions.yaml: {message}")):
        actions_of(text)


def test_every_field_is_read():
    found = row()
    texts = {
        name: found[name] for name in ("id", "owner", "created_in", "controllable", "metric", "direction", "status")
    }
    assert texts == {"id": "A-2026-10-1", "owner": "service-1", "created_in": "2026-09", "controllable": "influence",
                     "metric": "refund_rate", "direction": "lower", "status": "check"}  # fmt: skip
    assert (found["baseline"], found["expected_effect"], found["carry_count"], found["line"]) == (5.4, -0.1, 2, 2)


def test_texts_come_in_both_languages_and_one_alone_serves_both():
    found = row()
    assert (found["title_zh"], found["title_en"]) == ("上线尺码说明", "Size guide")
    assert (found["evidence_zh"], found["evidence_en"]) == ("it is live", "it is live")


def test_a_trigger_is_when_and_then_and_a_plain_one_stands_in_then():
    assert (row()["when_en"], row()["then_zh"]) == ("a product sells well", "add the guide")
    plain = row(ledger(entry("A-1", trigger="ask the shop")))
    assert (plain["when_en"], plain["then_en"]) == ("", "ask the shop")


def test_days_are_iso_however_they_are_written():
    assert [row()[name] for name in ("due", "start", "check_on")] == ["2026-10-26", "2026-10-27", "2026-12-31"]


def test_an_outcome_written_as_a_code_is_the_words_it_stands_for():
    assert row()["outcome"] == "not moved"


def test_the_columns_are_those_that_were_promised_and_typed():
    table = actions_of(FULL).table
    assert {name: str(kind) for name, kind in table.dtypes.items()} == COLUMNS


def test_what_is_missing_is_empty_and_a_plan():
    found = row("actions:\n  - id: A\n    title: x\n")
    assert (found["status"], found["owner"], found["due"], found["carry_count"]) == ("plan", "", "", 0)
    assert np.isnan(found["baseline"]) and np.isnan(found["expected_effect"])


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "actions:\n", "actions: []\n", "actions: null\n", "---\n"])
def test_a_ledger_without_actions_is_an_empty_table(text):
    pd.testing.assert_frame_equal(actions_of(text).table, actions_of(FULL).table[:0])


def test_words_that_mean_something_to_other_readers_stay_words():
    text = ledger(entry("007", owner="no", source_finding="12:30", metric="1e3", title="'yes'"))
    found = row(text)
    assert [found[name] for name in ("id", "owner", "source_finding", "metric", "title_en")] == [
        "007", "no", "12:30", "1e3", "yes"]  # fmt: skip


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    path = tmp_path / "actions.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    pd.testing.assert_frame_equal(read_actions(path).table, actions_of(FULL).table)


def test_an_action_written_in_full_is_asked_for_nothing():
    assert actions_of(FULL).notes == ()


def test_an_open_action_is_asked_for_everything_it_lacks_at_its_line():
    bare = ledger(entry("A-0", due="2026-10-26"), entry("A-1", owner=None, metric=None, direction=None))
    found = [(note.code, note.column, note.rows) for note in actions_of(bare).notes]
    assert found == [("action_asks", name, (8,)) for name in ASKED]


@pytest.mark.parametrize("status", [status for status in CHOICES["status"] if status not in OPEN])
def test_an_action_that_is_over_is_asked_for_nothing(status):
    assert notes(owner=None, metric=None, status=status) == []


@pytest.mark.parametrize("owner", ["a and b", "a, b", "小王、小李", "a；b"])
def test_several_owners_in_one_text_are_asked_about(owner):
    assert ("action_owners", "owner", (6,)) in notes(owner=owner)


@pytest.mark.parametrize(
    "owner", ["growth-1", "android-team", "brand", "运营组长", "R&D", "ops/service", "产品与运营组", "和平组"]
)
def test_one_owner_is_one_owner(owner):
    assert not [code for code, *_ in notes(owner=owner) if code == "action_owners"]


def test_an_effect_that_was_meant_in_per_cent_is_asked_about():
    found = actions_of(ledger(entry("A-1", due="2026-10-26", expected_effect=5))).notes
    assert [note.line() for note in found] == [
        "actions.yaml: Column 'expected_effect', row 8: 5 means +500 %; if it is per cent, write 0.05."
    ]


def test_an_effect_against_the_direction_is_asked_about():
    assert ("action_sign", "expected_effect", (7,)) in notes(expected_effect=-0.05)


def test_a_field_that_is_misspelt_is_asked_about_and_one_of_the_teams_own_is_kept():
    assert [code for code, *_ in notes(due="2026-10-26", ownr="x", ticket="X-12")] == ["yaml_misspelt"]


@pytest.mark.parametrize("name", ["actoins", "Actions", "action"])
def test_a_ledger_whose_list_has_another_name_is_no_empty_ledger(name):
    refused(FULL.replace("actions", name, 1), f"1 problem. Row 1: '{name}' is not a field here; write 'actions'.")


def test_everything_wrong_is_told_at_once_in_the_order_of_the_lines():
    refused(
        ledger(entry("A", due="next Friday"), entry("A", status="done", baseline="5 %"), entry("B", title=None)),
        "5 problems. Column 'due', row 7: 'next Friday' is not a date; write it as year-month-day, such as 2026-06-13. "
        "Column 'id', row 8: 'A' is there more than once; every row needs its own. Column 'status', row 13: 'done' is "
        "not one of the words used here; write one of: plan, do, check, act, dropped. Column 'baseline', row 14: '5 %' "
        "is not a number; write a plain one, such as 0.05. Column 'title', row 15: it is missing or empty; write it, "
        "as in 'title: …'.",
    )


@pytest.mark.parametrize("field", ["due", "start", "check_on"])
@pytest.mark.parametrize("day", ["next Friday", "2026-02-30", "26/10/2026", "2026-10", "下周五"])
def test_a_day_that_is_none_is_refused_with_its_line(field, day):
    told = f"1 problem. Column '{field}', row 7: '{day}' is not a date; write it as year-month-day, such as 2026-06-13."
    refused(ledger(entry("A", **{field: day})), told)


@pytest.mark.parametrize(
    ("number", "fix"), [("5%", "0.05"), ("8 ％", "0.08"), ("much", "0.05"), ("inf", "0.05"), ("nan", "0.05")]
)
def test_a_number_that_is_none_is_refused_with_what_to_write(number, fix):
    told = f"1 problem. Column 'expected_effect', row 7: '{number}' is not a number; write a plain one, such as {fix}."
    refused(ledger(entry("A", expected_effect=number)), told)


@pytest.mark.parametrize("count", ["-1", "1.5"])
def test_a_count_that_is_none_is_refused(count):
    refused(ledger(entry("A", carry_count=count)), f"1 problem. Column 'carry_count', row 7: '{count}' is not a count; "
            "write 0, 1, 2 …")  # fmt: skip


@pytest.mark.parametrize("month", ["2026-9", "September", "2026-13"])
def test_a_month_that_is_none_is_refused(month):
    refused(ledger(entry("A", created_in=month)), f"1 problem. Column 'created_in', row 7: '{month}' is not a month; "
            "write it as year-month, such as 2026-06.")  # fmt: skip


@pytest.mark.parametrize("field", list(CHOICES))
def test_a_word_that_is_none_of_those_is_refused(field):
    fields = {field: "perhaps"} if field == "direction" else {"direction": "higher", field: "perhaps"}
    line = 5 if field == "direction" else 7
    refused(ledger(entry("A", **fields)), f"1 problem. Column '{field}', row {line}: 'perhaps' is not one of the words "
            f"used here; write one of: {', '.join(CHOICES[field])}.")  # fmt: skip


def test_a_field_that_is_there_twice_is_refused():
    refused(
        ledger(entry("A") + "    owner: growth-2\n"), "1 problem. Row 7: the field 'owner' is there twice; keep one."
    )


def test_an_action_that_repeats_another_by_an_anchor_is_refused():
    refused("actions:\n  - &a {id: A, title: x}\n  - *a\n", "1 problem. Row 2: this repeats another part by an anchor "
            "(&, *); write it out.")  # fmt: skip


def test_a_tag_runs_nothing(tmp_path):
    text = ledger(entry("A", title=f"!!python/object/apply:os.mkdir ['{tmp_path}/made']"))
    with pytest.raises(InputError, match=r"^actions.yaml: 1 problem\. Column 'title', row 3: this is no text"):
        actions_of(text)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("text", ["- id: A\n", "just words\n", "42\n"])
def test_a_file_that_is_no_ledger_is_refused_at_its_first_line(text):
    with pytest.raises(InputError, match=r"^actions.yaml: 1 problem\. Row 1: "):
        actions_of(text)


@pytest.mark.parametrize("lines_between", [0, 1, 2, 5])
def test_a_full_width_colon_is_found_however_many_empty_lines_follow(lines_between):
    text = ledger(entry("A", due="2026-10-26")).replace("owner: growth-1", "owner：growth-1" + "\n" * lines_between)
    refused(text, "1 problem. Row 6: 'owner：' needs a plain colon and a space after the name, as in 'title: …'; a "
            "full-width colon will not do.")  # fmt: skip


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", "actions：".encode("gb18030")])
def test_a_file_that_is_no_text_is_refused(tmp_path, data):
    (tmp_path / "actions.yaml").write_bytes(data)
    with pytest.raises(InputError, match=whole("actions.yaml: 1 problem. The file is not UTF-8; save it as UTF-8.")):
        read_actions(tmp_path / "actions.yaml")


def test_a_file_of_many_levels_is_refused_and_does_not_crash():
    refused("actions: " + "[" * 1500, "1 problem. The file is nested too deeply to be read; take out some levels.")


def test_a_new_entry_has_every_field_of_the_ledger():
    assert [line.split(":")[0].strip(" -") for line in FULL.splitlines()[1:] if line[4:5] != " "] == list(FIELDS)
