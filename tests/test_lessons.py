"""What the team learnt: read with its lines, and told where it is about what comes up, and nowhere else."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from follow_cases import daily, entry, ledger, whole, workspace

from opsretro import open_workspace
from opsretro.analysis.lessons import is_about
from opsretro.errors import InputError
from opsretro.tables.lessons import COLUMNS, read_lessons, unknown_scopes

FULL = """\
lessons:
  - id: L-1
    rule: {zh-CN: 看设备, en: Look at devices}
    scope: {kpi: [conversion, orders], device: android}
    evidence: [A-2026-09-2, conversion-2026-10]
    expires: 2027/3/31
"""
ONE = FULL.partition("\n")[2]


@pytest.fixture
def read(tmp_path):
    def reading(text):
        (tmp_path / "lessons.yaml").write_text(text, encoding="utf-8")
        return read_lessons(tmp_path / "lessons.yaml")

    return reading


def test_every_field_is_read(read):
    assert read(FULL).to_dict("records") == [{
        "id": "L-1", "rule_zh": "看设备", "rule_en": "Look at devices", "scope": "kpi=conversion|orders&device=android",
        "n_evidence": 2, "evidence": ("A-2026-09-2", "conversion-2026-10"), "expires": "2027-03-31",
        "line": 2}]  # fmt: skip


def test_a_single_piece_of_evidence_may_stand_alone(read):
    assert read(FULL.replace("[A-2026-09-2, conversion-2026-10]", "A-2026-09-2")).loc[0, "n_evidence"] == 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "lessons:\n", "lessons: []\n"])
def test_a_library_without_lessons_is_an_empty_table(read, text):
    table = read(text)
    assert table.empty and {name: str(kind) for name, kind in table.dtypes.items()} == COLUMNS


@pytest.mark.parametrize("field", ["id", "rule", "scope", "evidence", "expires"])
def test_a_lesson_that_lacks_a_field_is_refused_with_its_line(read, field):
    lines = [line for line in FULL.replace("- id", "-\n    id").splitlines() if not line.startswith(f"    {field}:")]
    with pytest.raises(
        InputError, match=rf"^lessons.yaml: 1 problem\. Column '{field}', row 3: it is missing or empty"
    ):
        read("\n".join(lines))


def test_everything_wrong_is_told_at_once(read):
    text = FULL.replace("2027/3/31", "next year") + ONE.replace("rule", "rul")
    with pytest.raises(InputError, match=r"^lessons\.yaml: 3 problems") as refusal:
        read(text)
    assert [(each.code, each.rows) for each in refusal.value.problems] == [
        ("not_a_date", (6,)), ("not_unique", (7,)), ("yaml_misspelt", (8,))]  # fmt: skip


def test_a_full_width_colon_is_named_with_its_line(read):
    told = (
        "'expires：' needs a plain colon and a space after the name, as in 'title: …'; a full-width colon will not do."
    )
    with pytest.raises(InputError, match=whole(f"lessons.yaml: 1 problem. Row 6: {told}")):
        read(FULL.replace("expires:", "expires："))


CONVERSION = {"kpi": {"conversion"}}


@pytest.mark.parametrize(
    ("scope", "traits", "about"),
    [
        ("kpi=conversion", CONVERSION, True),
        ("kpi=orders", CONVERSION, False),
        ("kpi=orders|conversion", CONVERSION, True),
        ("kpi=conversion&device=android", CONVERSION, True),
        ("kpi=conversion&device=android", CONVERSION | {"device": {"ios"}}, False),
        ("kpi=conversion&device=android", CONVERSION | {"device": {"ios", "android"}}, True),
        ("kpi=orders&device=android", CONVERSION | {"device": {"android"}}, False),
        ("device=android", CONVERSION, False),
        ("activity_type=recall", {"activity_type": {"recall"}, "activity": {"spring"}}, True),
        ("activity_type=recall", {"activity_type": set(), "activity": {"spring"}}, False),
        ("", CONVERSION, False),
        ("kpi=conversion", {}, False),
    ],
)
def test_a_lesson_is_about_what_shares_a_trait_and_contradicts_none(scope, traits, about):
    assert is_about(scope, traits) is about


@cache
def sample(section):
    """The lessons beside a review of the sample."""
    return getattr(open_workspace("data", lang="en"), section)("2026-10").lessons


@pytest.mark.parametrize(
    ("section", "subject", "lesson"),
    [
        ("goal_review", "conversion", "L-2"),
        ("goal_review", "service_60s", "L-3"),
        ("activity_roi", "recall_coupon", "L-1"),
        ("root_cause", "conversion", "L-2"),
    ],
)
def test_the_lesson_that_fits_stands_beside_its_subject(section, subject, lesson):
    found = sample(section)
    assert (found[found["subject"] == subject]["id"] == lesson).any()


@pytest.mark.parametrize("section", ["goal_review", "activity_roi", "root_cause"])
def test_a_lesson_is_told_once_a_subject_and_never_after_its_day(section):
    found = sample(section)
    assert not found.duplicated(["subject", "id"]).any() and "L-5" not in set(found["id"])


def test_the_follow_up_lists_every_lesson_and_says_which_are_past():
    found = sample("follow_up")
    assert dict(zip(found["id"], found["expired"], strict=True)) == {
        "L-1": False, "L-2": False, "L-3": False, "L-4": False, "L-5": True}  # fmt: skip


@pytest.mark.parametrize(("expires", "expired"), [("2026-09-30", True), ("2026-10-30", True), ("2026-10-31", False)])
def test_a_lesson_is_believed_on_its_last_day(tmp_path, expires, expired):
    files = {"lessons.yaml": FULL.replace("2027/3/31", expires)}
    ops = workspace(tmp_path, ledger(entry("A-1", created_in="2026-09")), daily(), files)
    assert ops.follow_up("2026-10").lessons["expired"].tolist() == [expired]


def test_a_workspace_without_lessons_has_none(tmp_path):
    ops = workspace(tmp_path, ledger(entry("A-1", created_in="2026-09")), daily())
    assert isinstance(ops.follow_up("2026-10").lessons, pd.DataFrame) and ops.follow_up("2026-10").lessons.empty


def test_a_lesson_about_nothing_there_is_gets_a_note_with_its_line(tmp_path):
    path = tmp_path / "lessons.yaml"
    path.write_text(FULL, encoding="utf-8")
    lessons = read_lessons(path).assign(scope="kpi=oders|orders&devise=android")
    told = [note.line() for note in unknown_scopes(lessons, {"metrics": daily().assign(device="android")})]
    assert [line.split("; ")[1] for line in told] == ["known are orders.", "known are device."]


def test_a_lesson_about_what_there_is_gets_no_note(tmp_path):
    path = tmp_path / "lessons.yaml"
    path.write_text(FULL, encoding="utf-8")
    lessons = read_lessons(path).assign(scope="kpi=orders&device=android")
    assert unknown_scopes(lessons, {"metrics": daily().assign(device="android")}) == []
