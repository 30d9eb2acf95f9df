"""The ledger: small changes in a file people wrote, no change lost, nothing half-written."""

import codecs
import difflib
import os
import stat
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from opsretro.errors import InputError
from opsretro.meeting.ledger import Ledger, LedgerConflict, unknown_metrics
from opsretro.tables import sample

SAMPLE = Path(sample.__file__).parent / "static" / "actions.yaml"
HAND = """\
# decided on Mondays

actions:
  # the oldest
  - id: A-2026-07-1   # kept short
    title: 'It''s here'
    owner:            # nobody yet
    due: 2026-08-03   # a Monday
    trigger: {when: "sales fall", then: ask}   # in short
    evidence: |
      line one
      # not a comment

      line three

    # still belongs to the first
    ticket: X-12

  - title:
      zh-CN: 标题
      # about the English
      en: Title
    id: "A-2026-07-2"
    status:   do
    baseline: 0.10
    outcome: ~
    # still belongs to the second

# at the end
"""
COMMENTS = [line[line.index("#") :] for line in HAND.splitlines() if "#" in line]
ODD = [
    "!!python/object/apply:os.system ['true']", "&a b", "*a", "a: b", "a #b", "- x", "NO", "no", "12:30", "007", "null",
    "~", "true", "2026-10-26", "two\nlines", "a\ttab", "\r\n", "😀👩‍👩‍👧", "\"q\" and 'q'", "{a", "[b", "%x", "`x`",
    "@all", "|", "> x", "\u2028", "\x85", "\ufeff", "\x07", "'", "  pad  ", "=1+1", "：", "---", "...", "? q", "\\n",
    "long " * 99,
]  # fmt: skip
FIRST, SECOND = "A-2026-07-1", "A-2026-07-2"


@pytest.fixture
def ledger(tmp_path):
    (path := tmp_path / "actions.yaml").write_text(HAND, encoding="utf-8")
    return Ledger(path)


def changed_lines(before, after):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:2] in ("- ", "+ ")]


def loaded(path):
    """What another reader of YAML 1.2 finds."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["actions"]


def test_a_changed_status_of_the_sample_is_one_line_of_the_diff(tmp_path):
    (path := tmp_path / "actions.yaml").write_bytes(SAMPLE.read_bytes())
    Ledger(path).edit("A-2026-09-1", {"status": "act"})
    removed, added = changed_lines(SAMPLE.read_text(encoding="utf-8"), path.read_text(encoding="utf-8"))
    assert removed.startswith("-     status: ") and added == '+     status: "act"'


@pytest.mark.parametrize(
    ("action", "changes", "lines"),
    [
        (SECOND, {"status": "act"}, ["-     status:   do", "+     status:   act"]),
        (FIRST, {"title": "It's there"}, ["-     title: 'It''s here'", "+     title: 'It''s there'"]),
        (
            FIRST,
            {"due": date(2026, 8, 4)},
            ["-     due: 2026-08-03   # a Monday", "+     due: 2026-08-04   # a Monday"],
        ),
        (SECOND, {"title": {"zh-CN": "标题", "en": "Name"}}, ["-       en: Title", "+       en: Name"]),
        (SECOND, {"baseline": None}, ["-     baseline: 0.10", "+     baseline: null"]),
        (SECOND, {"expected_effect": 0.05}, ["+     expected_effect: 0.05"]),
    ],
)
def test_a_change_keeps_quotes_spaces_and_the_comment_of_its_line(ledger, action, changes, lines):
    ledger.edit(action, changes)
    assert changed_lines(HAND, ledger.path.read_text(encoding="utf-8")) == lines


def test_an_empty_field_is_filled_before_its_comment(ledger):
    ledger.edit(FIRST, {"owner": "growth-2"})
    assert '    owner: "growth-2"            # nobody yet\n' in ledger.path.read_text(encoding="utf-8")


def test_a_new_field_stands_below_the_one_it_comes_after(ledger):
    ledger.edit(FIRST, {"start": "2026-08-04"})
    lines = ledger.path.read_text(encoding="utf-8").splitlines()
    assert lines[lines.index('    start: "2026-08-04"') - 1] == "    due: 2026-08-03   # a Monday"


def test_the_same_values_again_change_no_byte(ledger):
    ledger.edit(FIRST, {"due": "2026-08-03", "source_finding": None})
    assert ledger.path.read_text(encoding="utf-8") == HAND


def test_a_new_action_stands_at_the_end_as_the_last_one_is_written(ledger):
    name = ledger.add({"title": "Size guide", "created_in": "2026-10", "owner": "service-1", "baseline": np.float64(5)})
    added = f'\n\n  - id: "{name}"\n    title: "Size guide"\n    owner: "service-1"\n'
    added += '    created_in: "2026-10"\n    baseline: 5.0\n    status: "plan"'
    last = "    # still belongs to the second"
    assert ledger.path.read_text(encoding="utf-8") == HAND.replace(last, last + added)


@pytest.mark.parametrize(
    "text",
    ["", "# ours\n", "# ours", "actions:\n", "actions: []\n", "actions: # ours\n", "actions: [] # ours", "team: x\n",
     "---\n# ours\nactions: []\n",
     "actions: [{id: A, title: b}]\n", "actions:\n- id: A\n  title: b"],
)  # fmt: skip
def test_the_first_actions_of_any_file_are_written(tmp_path, text):
    (path := tmp_path / "actions.yaml").write_text(text, encoding="utf-8")
    ledger = Ledger(path)
    names = [ledger.add({"title": "x", "created_in": "2026-10"}) for _ in range(2)]
    assert ledger.actions()["id"].tolist()[-2:] == names == ["A-2026-10-1", "A-2026-10-2"]
    assert ("# ours" in text) == ("# ours" in path.read_text(encoding="utf-8"))


def test_a_ledger_that_does_not_exist_is_made_with_a_comment(tmp_path):
    ledger = Ledger(tmp_path / "actions.yaml")
    assert ledger.actions().empty
    ledger.add({"title": "x", "created_in": "2026-10"})
    assert ledger.path.read_text(encoding="utf-8").startswith("# The action ledger: ")


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("text", [HAND, HAND.replace("\n", "\r\n"), HAND.rstrip()])
def test_line_ends_the_mark_and_every_comment_survive_every_change(tmp_path, text, mark):
    (path := tmp_path / "actions.yaml").write_bytes(mark + text.encode())
    ledger = Ledger(path)
    ledger.edit(FIRST, {"owner": "a", "evidence": "b", "metric": "c"})
    ledger.edit(SECOND, {"title": "d", "outcome": "moved"})
    ledger.add({"title": "e", "created_in": "2026-10"})
    data = path.read_bytes()
    own = [comment for comment in COMMENTS if comment not in ("# not a comment", "# about the English")]
    assert [comment for comment in own if comment.encode() not in data] == []
    assert data.startswith(mark + b"# decided") and data.endswith(text[-3:].encode())
    assert data.count(b"\n") == data.count(b"\r\n") or b"\r" not in data


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["evidence", "source_finding"])
def test_a_text_is_that_text_to_every_reader(ledger, field, odd):
    name = ledger.add({"title": "x", "created_in": "2026-10", field: odd})
    ledger.edit(FIRST, {field: odd})
    ledger.edit(SECOND, {field: odd})
    found = {item["id"]: item.get(field) for item in loaded(ledger.path)}
    assert found == {name: odd, FIRST: odd, SECOND: odd}


def test_a_text_by_language_and_a_trigger_in_two_parts_are_read_back(ledger):
    name = ledger.add(
        {"title": {"zh-CN": "尺码", "en": "Size"}, "created_in": "2026-10", "trigger": {"when": "NO", "then": "#"}}
    )
    row = ledger.actions().set_index("id").loc[name]
    assert row[["title_zh", "title_en", "when_en", "then_en"]].tolist() == ["尺码", "Size", "NO", "#"]


def test_an_id_that_a_run_has_read_is_never_given_to_another_action(ledger):
    reading = '{"period": "2026-10", "id": "A-2026-10-2", "verdict": "moved"}\n'  # its action was deleted by hand
    ledger.path.with_name("readings.jsonl").write_text(reading, encoding="utf-8")
    assert ledger.add({"title": "x", "created_in": "2026-10"}) == "A-2026-10-3"


def test_an_id_in_a_comment_is_taken_too(ledger):
    ledger.path.write_text(HAND + "# - id: A-2026-07-9\n", encoding="utf-8")
    assert ledger.add({"title": "x", "created_in": "2026-07"}) == "A-2026-07-10"


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(ledger):
    told = (
        "^actions.yaml: 4 problems. 'ownr' is not a field here; write 'owner'. "
        "Column 'due': 'next Monday' is not a date; write it as year-month-day, such as 2026-06-13. "
        r"Column 'expected_effect': '\+5%' is not a number; write a plain one, such as 0.05. "
        "Column 'status': 'done' is not one of the words used here; write one of: plan, do, check, act, dropped.$"
    )
    with pytest.raises(InputError, match=told):
        ledger.edit(FIRST, {"ownr": "a", "due": "next Monday", "expected_effect": "+5%", "status": "done"})
    assert ledger.path.read_text(encoding="utf-8") == HAND


def test_a_new_action_needs_its_month_and_a_title(ledger):
    told = "^actions.yaml: 2 problems. Column 'created_in': the cell is empty; fill it. Column 'title': it is missing"
    with pytest.raises(InputError, match=told):
        ledger.add({"owner": "growth-2"})
    assert ledger.path.read_text(encoding="utf-8") == HAND


def test_nobody_sets_an_id(ledger):
    told = "^actions.yaml: 1 problem. Column 'id': the ledger gives the id, and it never changes; leave it out.$"
    with pytest.raises(InputError, match=told):
        ledger.edit(FIRST, {"id": "A-2026-07-3"})


def test_a_field_of_the_team_s_own_may_be_changed(ledger):
    ledger.edit(FIRST, {"ticket": "X-13"})
    ledger.edit(SECOND, {"ticket": "X-14"})
    assert [item["ticket"] for item in loaded(ledger.path)] == ["X-13", "X-14"]


def test_an_action_that_is_not_there_is_refused_with_the_closest(ledger):
    told = "There is no action 'A-2026-7-1'; the ledger has A-2026-07-1, A-2026-07-2, for example.$"
    with pytest.raises(InputError, match=f"^actions.yaml: 1 problem. {told}"):
        ledger.edit("A-2026-7-1", {"status": "act"})


def test_a_ledger_without_actions_says_that_it_is_empty(tmp_path):
    told = "^actions.yaml: 1 problem. There is no action 'A-1'; the ledger is empty.$"
    with pytest.raises(InputError, match=told):
        Ledger(tmp_path / "actions.yaml").edit("A-1", {"status": "act"})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    status:   do", "\tstatus: do", r"Row \d+: a tab stands at the start of this line"),
        ("    status:   do", "    status：do", r"Row \d+: 'status：' needs a plain colon"),
        ('"A-2026-07-2"', "A-2026-07-1", r"Column 'id', row \d+: 'A-2026-07-1' is there more than once"),
        ("2026-08-03", "next Monday", r"Column 'due', row 8: 'next Monday' is not a date"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_stays_byte_for_byte(ledger, old, new, told):
    ledger.path.write_text(HAND.replace(old, new), encoding="utf-8")
    before = ledger.path.read_bytes()
    for write in (
        lambda: ledger.add({"title": "x", "created_in": "2026-10"}),
        lambda: ledger.edit(FIRST, {"owner": "a"}),
    ):
        with pytest.raises(InputError, match=told):
            write()
    assert ledger.path.read_bytes() == before


def test_a_file_that_is_not_utf_8_is_refused_and_kept(ledger):
    ledger.path.write_bytes(data := HAND.encode("gb18030"))
    with pytest.raises(InputError, match=r"^actions\.yaml: 1 problem\. The file is not UTF-8; save it as UTF-8\.$"):
        ledger.edit(FIRST, {"owner": "a"})
    assert ledger.path.read_bytes() == data


def test_a_change_that_would_touch_something_else_is_not_written(ledger):
    ledger.path.write_text(text := HAND.replace("owner:  ", "? owner  "), encoding="utf-8")  # a key without its colon
    told = "^actions.yaml: 1 problem. The change cannot be made without touching something else in the file"
    with pytest.raises(InputError, match=told):
        ledger.edit(FIRST, {"owner": "growth-2"})
    assert ledger.path.read_text(encoding="utf-8") == text


def test_another_s_change_of_another_field_is_kept(ledger):
    seen = ledger.entry(SECOND)
    Ledger(ledger.path).edit(SECOND, {"status": "act"})
    assert ledger.edit(SECOND, {"owner": "growth-2"}, seen=seen).values["status"] == "act"
    assert not ledger.conflicts.exists()


def test_the_same_change_by_two_is_no_conflict(ledger):
    seen = ledger.entry(SECOND)
    Ledger(ledger.path).edit(SECOND, {"status": "act"})
    assert ledger.edit(SECOND, {"status": "act"}, seen=seen).values["status"] == "act"


@pytest.fixture
def conflict(ledger):
    """Theirs is act, mine is dropped, and both saw do."""
    seen = ledger.entry(SECOND)
    Ledger(ledger.path).edit(SECOND, {"status": "act"})
    told = (
        r"^actions.yaml: 2 problems. Column 'status': A-2026-07-2 has \"act\" by now where \"do\" was seen; theirs "
        r"stands, \"dropped\" is kept in actions.conflicts.yaml. Keep theirs, or write yours again. "
        r"Column 'owner': \"growth-2\" for A-2026-07-2 is not written yet, either; it is kept in "
        r"actions.conflicts.yaml, too.$"
    )
    with pytest.raises(LedgerConflict, match=told) as raised:
        ledger.edit(SECOND, {"status": "dropped", "owner": "growth-2"}, seen=seen)
    return raised.value


def test_a_conflict_overwrites_nothing_and_keeps_both(ledger, conflict):
    records = [
        {"id": SECOND, "field": "owner", "theirs": None, "mine": "growth-2", "seen": None},
        {"id": SECOND, "field": "status", "theirs": "act", "mine": "dropped", "seen": "do"},
    ]
    assert ledger.open_conflicts() == list(conflict.records) == records
    assert ledger.entry(SECOND).values["status"] == "act"
    assert "owner" not in ledger.entry(SECOND).values


def test_a_second_conflict_is_kept_beside_the_first(ledger, conflict):
    with pytest.raises(LedgerConflict, match="'evidence'"):
        ledger.edit(FIRST, {"evidence": "mine"}, seen=changed_by_another(ledger, FIRST, "evidence"))
    assert [record["field"] for record in ledger.open_conflicts()] == ["owner", "status", "evidence"]
    ledger.settle(conflict, mine=False)
    assert [record["field"] for record in ledger.open_conflicts()] == ["evidence"]


def changed_by_another(ledger, action, field):
    """The action as it was before another writer changed it."""
    seen = ledger.entry(action)
    Ledger(ledger.path).edit(action, {field: "theirs"})
    return seen


@pytest.mark.parametrize(("mine", "status"), [(True, "dropped"), (False, "act")])
def test_a_conflict_that_is_settled_leaves_nothing_beside_the_ledger(ledger, conflict, mine, status):
    ledger.settle(conflict, mine=mine)
    values = ledger.entry(SECOND).values
    assert (values["status"], values["owner"]) == (status, "growth-2")  # nobody else changed the owner
    assert not ledger.conflicts.exists()


def test_mine_may_meet_a_third_change(ledger, conflict):
    Ledger(ledger.path).edit(SECOND, {"status": "check"})
    with pytest.raises(LedgerConflict, match='has "check" by now where "act" was seen'):
        ledger.settle(conflict, mine=True)
    assert [record["theirs"] for record in ledger.open_conflicts()] == [None, "act", None, "check"]


@pytest.mark.parametrize(
    ("later", "left"),
    [
        ({"status": "dropped"}, ["owner"]),  # mine
        ({"status": "act"}, ["owner"]),  # theirs, which stands there already
        ({"status": "check"}, ["owner", "status"]),  # neither
        ({"status": "act", "owner": "growth-2"}, []),
        ({"evidence": "act"}, ["owner", "status"]),
    ],
)
def test_what_is_kept_goes_when_one_of_its_two_values_is_written(ledger, conflict, later, left):
    Ledger(ledger.path).edit(SECOND, later)
    assert [record["field"] for record in ledger.open_conflicts()] == left
    assert ledger.conflicts.exists() == bool(left)


def test_what_is_kept_of_one_action_stays_when_another_gets_its_value(ledger, conflict):
    ledger.edit(FIRST, {"status": "dropped"})
    assert [record["field"] for record in ledger.open_conflicts()] == ["owner", "status"]


def test_a_change_is_written_though_what_is_kept_cannot_be_read(ledger):
    ledger.conflicts.write_text("conflicts: [", encoding="utf-8")
    assert ledger.edit(SECOND, {"status": "act"}).values["status"] == "act"
    assert ledger.conflicts.read_text(encoding="utf-8") == "conflicts: ["


def test_a_change_of_an_action_somebody_deleted_is_kept(ledger):
    seen = ledger.entry(SECOND)
    ledger.path.write_text(HAND[: HAND.index("  - title:")], encoding="utf-8")
    with pytest.raises(LedgerConflict, match='"mine" is kept'):
        ledger.edit(SECOND, {"evidence": "mine"}, seen=seen)
    assert ledger.open_conflicts()[0]["mine"] == "mine"


def test_conflicts_that_cannot_be_read_are_told_and_left_alone(ledger):
    ledger.conflicts.write_text("conflicts: [", encoding="utf-8")
    with pytest.raises(LedgerConflict, match=r"could not be kept.*\nactions\.conflicts\.yaml: 1 problem\. Row 1: not"):
        ledger.edit(FIRST, {"evidence": "mine"}, seen=changed_by_another(ledger, FIRST, "evidence"))
    assert ledger.conflicts.read_text(encoding="utf-8") == "conflicts: ["


def test_other_fields_that_could_not_be_kept_are_told_too(ledger):
    ledger.conflicts.write_text("conflicts: [", encoding="utf-8")
    seen = changed_by_another(ledger, FIRST, "evidence")
    with pytest.raises(
        LedgerConflict, match='"growth-2" for A-2026-07-1 is not written, either, and could not be kept'
    ):
        ledger.edit(FIRST, {"evidence": "mine", "owner": "growth-2"}, seen=seen)


def test_permissions_and_a_link_survive(ledger, tmp_path):
    ledger.path.chmod(0o640)
    (link := tmp_path / "linked.yaml").symlink_to(ledger.path)
    Ledger(link).edit(FIRST, {"owner": "a"})
    assert link.is_symlink() and stat.S_IMODE(ledger.path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_nobody_may_write_to_leaves_the_file_as_it_is(ledger):
    ledger.path.parent.chmod(0o500)
    with pytest.raises(OSError, match="Permission denied"):
        ledger.edit(FIRST, {"owner": "a"})
    ledger.path.parent.chmod(0o700)
    assert ledger.path.read_text(encoding="utf-8") == HAND


def test_a_metric_nobody_has_is_looked_at_with_the_closest(ledger):
    ledger.edit(FIRST, {"metric": "refund_rat"})
    told = [note.text() for note in unknown_metrics(ledger.actions(), ["gmv", "refund_rate"])]
    assert told == [
        "Column 'metric', row 5: 'refund_rat' is neither a KPI of the metrics table nor a goal; write refund_rate, for "
        "example."
    ]
    assert unknown_metrics(ledger.actions(), []) == []
