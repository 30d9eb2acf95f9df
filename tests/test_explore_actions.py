"""The widget of the actions without a browser, on the sample: another start is another verdict, and nothing is kept."""

import re
from datetime import date
from html import unescape

import pytest

from opsretro import explore_actions, open_workspace

MONTH = "2026-10"


@pytest.fixture(scope="module")
def ops():
    return open_workspace("data", lang="en")


@pytest.fixture
def box(ops):
    return explore_actions(ops, MONTH)


def words(card):
    """What can be read on the card."""
    bare = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", card.value, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(bare))


def test_the_card_begins_with_the_first_action_of_the_review(ops, box):
    action, start, card = box.children
    assert action.value == ops.follow_up(MONTH).actions["id"].iloc[0] == "A-2026-09-1"
    assert start.value == date(2026, 10, 26) and "Size guide for the twenty best sellers" in words(card)


def test_every_action_of_the_review_can_be_picked_by_its_title(ops, box):
    assert [name for _, name in box.children[0].options] == ops.follow_up(MONTH).actions["id"].tolist()
    assert box.children[0].options[0][0] == "Size guide for the twenty best sellers"


def test_another_action_brings_its_own_start_and_card(box):
    action, start, card = box.children
    action.value = "A-2026-07-1"
    assert start.value == date(2026, 8, 3) and "rose by 11%" in words(card)


def test_another_start_is_another_verdict_and_says_that_it_is_supposed(box):
    _, start, card = box.children
    assert "first verdict needs 7" in words(card) and "Supposed" not in words(card)
    start.value = date(2026, 10, 10)
    assert "Supposed: the action took effect on the day chosen here." in words(card)
    assert "first verdict needs 7" not in words(card)


def test_a_start_after_the_period_is_told_and_no_error(box):
    _, start, card = box.children
    start.value = date(2026, 12, 1)
    assert "1 Dec 2026" in words(card)


def test_an_action_without_a_metric_is_told_as_such(box):
    action, _, card = box.children
    action.value = "A-2026-06-1"
    assert "It names no metric" in words(card)


def test_a_supposed_start_leaves_the_ledger_as_it_is(ops, box):
    before = ops.tables["actions"]
    box.children[1].value = date(2026, 10, 10)
    assert ops.tables["actions"].equals(before)
    assert ops.follow_up(MONTH).action("A-2026-09-1")["start"] == "2026-10-26"


def test_a_ledger_without_actions_shows_its_headline(tmp_path):
    (tmp_path / "actions.yaml").write_text("actions: []\n", encoding="utf-8")
    ops = open_workspace(tmp_path, lang="en")
    action, start, card = explore_actions(ops, MONTH).children
    assert (action.value, start.value) == (None, None)
    assert words(card).strip() == ops.follow_up(MONTH).headline


def test_every_cell_of_the_notebook_has_an_answer_where_nothing_was_decided(tmp_path):
    (tmp_path / "actions.yaml").write_text("actions: []\n", encoding="utf-8")
    review = open_workspace(tmp_path, lang="en").follow_up(MONTH)
    assert review.sentences() == [review.headline] and review.plot(review.findings[0].subject) is not None
    assert (len(review.recurring()), len(review.certainty()), len(review.questions())) == (0, 0, 3)
