"""Lessons beside what they are about: on the page of the month, in the notebooks, in both languages."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from opsretro import open_workspace
from opsretro.analysis.result import LESSONS
from opsretro.report.lessons_view import MOST, beside
from opsretro.report.page import MonthPage, page_html

DATA = Path(__file__).parents[1] / "data"
EVIL = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture(scope="module")
def ops():
    return open_workspace(DATA, lang="en")


@pytest.fixture(scope="module")
def goals(ops):
    return ops.goal_review("2026-10")


def lesson(name="L-1", **more):
    """One lesson about the conversion goal."""
    base = {"subject": "conversion", "id": name, "rule_zh": "规律", "rule_en": "A rule", "scope": "kpi=conversion"}
    return base | {"n_evidence": 2, "expires": "2027-06-30", "expired": False} | more


def words(markup):
    """What can be read."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", str(markup)))).strip()


def with_lessons(review, *rows):
    """The review with other lessons."""
    return replace(review, lessons=pd.DataFrame(rows, columns=list(LESSONS)))


def test_a_goal_has_the_lesson_about_its_kpi_beside_it(goals):
    told = words(goals.learnt().data)
    assert "Look at conversion by device, city and buyer type within two days of an app release" in told
    assert "Conversion seen 2 times · believed until 31 Mar 2027 · L-2" in told


def test_an_activity_has_the_lesson_about_its_type_beside_it(ops):
    told = words(ops.activity_roi("2026-10").learnt().data)
    assert "Double 11 warm-up seen 4 times · believed until 31 Dec 2027 · L-4" in told
    assert "Recall coupon in autumn seen 2 times" in told


def test_a_cause_has_the_lesson_about_its_slice_beside_it(ops):
    assert "Conversion" in words(ops.root_cause("2026-10").learnt().data)


def test_the_page_shows_them_in_the_section_they_are_about(ops, goals):
    page = MonthPage(period="2026-10", context=ops.context, results={"goals": goals}, failures={}, files={})
    section = re.search(r'<section id="goals".*?</section>', page_html(page, "zh-CN"), flags=re.DOTALL)[0]
    assert "应用发版后两天内，按设备、城市和新老客查看转化率" in section and "有效期至 2027年3月31日" in section


def test_nothing_matching_is_one_sentence_in_a_notebook_and_nothing_on_the_page(goals):
    bare = with_lessons(goals)
    assert words(bare.learnt().data) == "No earlier lesson is about what comes up here."
    assert str(beside(bare)) == ""


def test_a_lesson_about_two_goals_stands_once_with_both(goals):
    told = words(beside(with_lessons(goals, lesson(), lesson(subject="orders"))))
    assert told.count("A rule") == 1 and "Conversion and Orders" in told


def test_more_lessons_than_a_section_can_hold_are_counted(goals):
    told = words(beside(with_lessons(goals, *(lesson(f"L-{n}") for n in range(MOST + 2)))))
    assert told.count("A rule") == MOST and "2 more lessons stand in the follow-up." in told


def test_what_a_lesson_says_is_text(goals):
    shown = str(beside(with_lessons(goals, lesson(rule_en=EVIL, scope=f"kpi={EVIL}"))))
    assert "<script>" not in shown and EVIL in unescape(shown)


def test_lessons_survive_the_way_through_json(goals):
    again = type(goals).from_dict(goals.to_dict(), lang="en")
    pd.testing.assert_frame_equal(again.lessons, goals.lessons)


def test_the_follow_up_lists_every_lesson_and_which_have_expired(ops):
    lessons = ops.follow_up("2026-10").lessons
    assert dict(zip(lessons["id"], lessons["expired"], strict=True)) == {
        **dict.fromkeys(("L-1", "L-2", "L-3", "L-4"), False),
        "L-5": True,  # believed until 30 September 2026
    }


def test_a_workspace_without_lessons_has_none_beside_its_goals(ops, tmp_path):
    for name in ("goals.csv", "metrics.csv", "retro.toml"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    assert open_workspace(tmp_path, lang="en").goal_review("2026-10").lessons.empty
