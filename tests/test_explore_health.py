"""The widget of team health without a browser: only what may be shown can be picked, and a gap says why it is one."""

import re
from html import unescape

import pytest
from health_results import DOWN, EVIL, LEVELS, MONTH, empty, review

from opsretro.meeting.explore_health import explore_health
from opsretro.report.health_view import HealthView

HIDDEN = {("2026-03", "team=growth"): "few", (MONTH, "team=growth", "tools"): "complement"}
PART = DOWN | {("team=growth", "recovery"): "cannot_tell"}


class Shop:
    """A workspace that knows one review, and how often it was asked for it."""

    def __init__(self, found):
        self.found, self.lang, self.asked = found, found.lang, []

    def team_health(self, period):
        """The review, whatever the period."""
        self.asked.append(period)
        return self.found


@pytest.fixture(scope="module")
def found():
    return review(PART, hidden=HIDDEN)


@pytest.fixture
def box(found):
    return explore_health(Shop(found), MONTH)


def words(card):
    """What can be read on the card."""
    bare = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", card.value, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(bare))


def title(card):
    """The title of the card."""
    return re.search(r"<h3>(.*?)</h3>", card.value)[1]


def test_the_card_begins_with_everybodys_first_dimension(found, box):
    group, dimension, item, card = box.children
    assert (group.value, dimension.value, item.value) == ("all", "workload", "")
    assert card.value == str(HealthView(found).card("all", "workload"))
    assert title(card) == "Everybody · Manageable workload" and "down to 3.0" in words(card)


def test_only_what_may_be_shown_can_be_picked(box):
    group, dimension, item, _ = box.children
    assert [value for _, value in group.options] == ["all", "team=growth"]
    assert [value for _, value in dimension.options] == list(LEVELS)
    assert [value for _, value in item.options] == ["", "workload_fits", "workload_late"]


def test_a_group_keeps_the_dimension_and_has_its_own_verdict(box):
    group, dimension, _, card = box.children
    dimension.value = "recovery"
    group.value = "team=growth"
    assert title(card) == "Growth group · Recovery"
    assert "a change of half a point would not stand out" in words(card) and "(11 people)" in words(card)


def test_a_withheld_month_says_why_it_is_a_gap(box):
    group, _, _, card = box.children
    assert "Not shown:" not in words(card)
    group.value = "team=growth"
    assert "Not shown: Mar 2026 (fewer than five answered)." in words(card)


def test_a_dimension_withheld_in_the_month_is_told_as_such(box):
    group, dimension, _, card = box.children
    group.value = "team=growth"
    dimension.value = "tools"
    assert "Nothing may be shown of it in Oct 2026." in words(card) and "nan" not in words(card)
    assert "Oct 2026 (showing it would let people work out a group below five)" in words(card)


def test_an_item_adds_its_months_newest_first(box):
    _, _, item, card = box.children
    item.value = "workload_late"
    assert re.search(r"Seldom has to work late .*Oct 2026 3\.0 22 3 · 7 · 12 .*Oct 2025", words(card))


def test_a_withheld_month_of_an_item_has_a_reason_and_no_number(box):
    group, _, item, card = box.children
    group.value = "team=growth"
    item.value = "workload_fits"
    assert "Mar 2026 – – – fewer than five answered" in words(card)


def test_merged_bands_of_an_item_are_told_as_such(box):
    _, dimension, item, card = box.children
    dimension.value = "tools"
    item.value = "tools_work"
    assert "1–3: 9 · 4–5: 13" in words(card)


def test_another_dimension_has_its_own_items(box):
    _, dimension, item, card = box.children
    item.value = "workload_late"
    dimension.value = "clarity"
    assert (item.value, [value for _, value in item.options]) == ("", ["", "clarity_goal"])
    assert title(card) == "Everybody · Clear goals" and "<tbody>" not in card.value


def test_the_review_is_made_once_however_much_is_looked_at(found):
    shop = Shop(found)
    group, dimension, item, _ = explore_health(shop, MONTH).children
    group.value, dimension.value, item.value = "team=growth", "growth", "growth_learn"
    assert shop.asked == [MONTH]


@pytest.mark.parametrize("state", ["withheld", "running", "no_answers"])
def test_where_nothing_may_be_shown_the_card_says_so_and_nothing_can_be_picked(state):
    group, dimension, _, card = explore_health(Shop(empty(state)), MONTH).children
    assert (group.options, dimension.options) == ((), ())
    assert words(card).strip() == empty(state).headline


def test_controls_speak_the_language_of_the_workspace():
    group, dimension, item, card = explore_health(Shop(review(DOWN, lang="zh-CN")), MONTH).children
    assert [control.description for control in (group, dimension, item)] == ["小组", "维度", "题目"]
    assert [name for name, _ in group.options] == ["全体", "增长组"] and title(card) == "全体 · 工作量合理"


def test_names_are_text_on_the_card():
    box = explore_health(Shop(review(DOWN, names={"workload": {"en": EVIL}})), MONTH)
    assert "<script" not in box.children[-1].value and "&lt;script&gt;" in box.children[-1].value
