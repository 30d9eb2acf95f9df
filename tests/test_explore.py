"""The explore widget without a browser: what its controls do to the card."""

import pytest

from opsretro import explore, open_workspace


@pytest.fixture
def controls():
    """KPI, period, baseline, target and card."""
    return explore(open_workspace("data", lang="en"), "2026-10").children


def shown(card):
    """Id of the goal on the card."""
    return card.value.partition('data-goal="')[2].partition('"')[0]


def test_the_card_begins_with_the_most_important_goal(controls):
    kpi, period, baseline, target, card = controls
    assert (kpi.label, period.value, baseline.value, target.value) == ("Conversion", "2026-10", 12, "")
    assert shown(card) == "goal-conversion"


def test_the_card_follows_the_period(controls):
    kpi, period, _, _, card = controls
    period.value = "2026-08"
    assert kpi.value == "conversion" and "Conversion moved within the usual range" in card.value


def test_the_card_follows_the_baseline(controls):
    _, _, baseline, _, card = controls
    baseline.value = 16
    assert "from 16 months" in card.value


def test_a_supposed_target_changes_the_verdict_and_is_marked(controls):
    _, _, _, target, card = controls
    assert "Conversion missed the target" in card.value
    target.value = "3.5"
    assert "Conversion met the target" in card.value and card.value.startswith("<p>A supposition:")


def test_another_goal_has_its_own_target_again(controls):
    kpi, _, _, target, card = controls
    target.value = "3.5"
    kpi.value = "gmv"
    assert target.value == "" and shown(card) == "goal-gmv" and "supposition" not in card.value


@pytest.mark.parametrize("typed", ["abc", "1e999", "1,5"])
def test_a_target_that_is_no_number_is_told_in_the_place_of_the_card(controls, typed):
    _, _, _, target, card = controls
    target.value = typed
    assert card.value.startswith("<p>What-if target: 1 problem.") and "is not a number" in card.value


def test_a_period_without_goals_is_told_and_the_next_one_shown(controls):
    _, period, _, _, card = controls
    period.value = "2025-06"
    assert "No goal is in force in 2025-06" in card.value
    period.value = "2026-09"
    assert shown(card) == "goal-conversion"


def test_a_supposition_ends_with_the_period(controls):
    _, period, _, target, card = controls
    target.value = "3.5"
    period.value = "2026-09"
    assert target.value == "" and "supposition" not in card.value


def test_a_range_has_no_target_to_suppose(controls):
    kpi, _, _, target, _ = controls
    kpi.value = "discount_share"
    assert target.disabled
