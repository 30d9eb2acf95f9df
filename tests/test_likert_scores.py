"""Scores of a survey: shares and means counted by hand, turned and mapped items, and who is left out."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from opsretro.analysis.methods.likert_scores import score
from opsretro.analysis.methods.reliability import cronbach_alpha
from opsretro.errors import InputError

NAN = math.nan
ITEMS = pd.DataFrame(
    [
        ("工作量合适", "load_fits", "load", "1-5", "N"),
        ("My workload is fine", "load_fits", "load", "1-5", "N"),
        ("I often work late", "late", "load", "1-5", "Y"),
        ("Tools help me", "tools", "tools", "1-10", "N"),
        ("I would recommend us", "advise", "advise", "0-10", "N"),
    ],
    columns=["question", "item", "dimension", "scale", "reversed"],
)
ANSWERS = pd.DataFrame(
    {
        "team": ["content", "content", "growth", "growth", "growth"],
        "load_fits": [5, 4, 3, 2, NAN],
        "late": [1, 2, 5, 4, NAN],
        "tools": [10, 1, 8, 4, 7],
        "advise": [10, 9, 8, 7, 0],
    }
)


def items_of(found):
    return found.items.set_index("item")


def dimensions_of(found):
    return found.dimensions.set_index("dimension")


def one(values, scale="1-5", turned="N"):
    """The row of one item."""
    row = {"question": "q", "item": "a", "dimension": "a", "scale": scale, "reversed": turned}
    return score(pd.DataFrame({"a": values}), pd.DataFrame([row])).items.iloc[0]


def test_shares_and_steps_of_an_item_are_counted_by_hand():
    row = items_of(score(ANSWERS, ITEMS)).loc["load_fits"]
    # 5, 4 favourable, 3 neutral, 2 unfavourable, one missing.
    assert (row["n"], row["favourable"], row["neutral"], row["unfavourable"]) == (4, 0.5, 0.25, 0.25)
    assert row["dist"] == {"1": 0, "2": 1, "3": 1, "4": 1, "5": 1}


def test_the_mean_of_an_item_has_its_t_interval():
    row = one([4, 4, 5, 3, 4, 2, 4, 5, 3, 4])
    # Mean 3.8, variance 7.6 / 9, standard error .2906; t(9, .975) = 2.2622: 3.8 ± .6574.
    assert [row["mean"], row["lower"], row["upper"]] == pytest.approx([3.8, 3.1426, 4.4574], abs=5e-5)


def test_a_reversed_item_is_turned():
    row = items_of(score(ANSWERS, ITEMS)).loc["late"]
    # 1, 2, 5, 4 typed are 5, 4, 1, 2.
    assert (row["mean"], row["favourable"]) == (3.0, 0.5)
    assert row["dist"] == {"1": 1, "2": 1, "3": 0, "4": 1, "5": 1}


def test_a_scale_of_ten_is_mapped_and_shows_its_steps_as_typed():
    row = items_of(score(ANSWERS, ITEMS)).loc["tools"]
    # 10, 1, 8, 4, 7 are 5, 1, 37/9, 21/9, 33/9; at least 4: 10 and 8; at most 2: 1.
    assert row["mean"] == pytest.approx((45 + 9 + 37 + 21 + 33) / 45)
    assert [row["favourable"], row["neutral"], row["unfavourable"]] == pytest.approx([0.4, 0.4, 0.2])
    assert {step: n for step, n in row["dist"].items() if n} == {"1": 1, "4": 1, "7": 1, "8": 1, "10": 1}


def test_five_steps_from_0_to_4_are_shown_as_1_to_5():
    assert one([0, 4, 4], "0-4")["dist"] == {"1": 1, "2": 0, "3": 0, "4": 0, "5": 2}


def test_the_balance_is_nine_and_ten_less_nought_to_six():
    # 10 and 9 of five people, 0 of five: 2/5 - 1/5.
    assert items_of(score(ANSWERS, ITEMS)).loc["advise", "balance"] == pytest.approx(0.2)


@pytest.mark.parametrize(("scale", "turned"), [("1-10", "N"), ("1-5", "N"), ("0-10", "Y")])
def test_only_a_straight_scale_from_0_to_10_has_a_balance(scale, turned):
    assert math.isnan(one([1, 5], scale, turned)["balance"])


@pytest.mark.parametrize("wrong", [0, 6, 3.5, -3, math.inf, NAN, None])
def test_what_is_outside_the_scale_or_between_its_steps_is_missing(wrong):
    row = one([4, wrong, 2])
    assert (row["n"], row["mean"], row["favourable"]) == (2, 3.0, 0.5)


def test_a_person_counts_in_a_dimension_by_the_mean_of_valid_answers():
    answers = pd.DataFrame({"load_fits": [5, 4, NAN, NAN], "late": [3, NAN, 5, NAN], "tools": NAN, "advise": NAN})
    row = dimensions_of(score(answers, ITEMS)).loc["load"]
    # People: (5 + 3) / 2 = 4, 4 and 1; of the answers 5, 3, 4, 1 two are favourable.
    assert (row["n"], row["n_items"], row["mean"], row["favourable"]) == (3, 2, 3.0, 0.5)
    # Variance 3, t(2, .975) = 4.3027: 3 ± 4.3027, cut at the ends of the scale.
    assert (row["lower"], row["upper"]) == (1.0, 5.0)


def test_a_dimension_has_the_alpha_of_its_turned_items():
    row = dimensions_of(score(ANSWERS, ITEMS)).loc["load"]
    alpha = cronbach_alpha(pd.DataFrame({"a": ANSWERS["load_fits"], "b": 6 - ANSWERS["late"]}))
    assert (row["alpha"], row["alpha_lower"], row["alpha_upper"]) == (alpha.alpha, alpha.lower, alpha.upper)


def test_a_dimension_of_one_item_has_no_alpha():
    assert math.isnan(dimensions_of(score(ANSWERS, ITEMS)).loc["tools", "alpha"])


def test_items_and_dimensions_keep_the_order_of_the_items():
    found = score(ANSWERS[ANSWERS.columns[::-1]], ITEMS)
    assert found.items["item"].tolist() == ["load_fits", "late", "tools", "advise"]
    assert found.dimensions["dimension"].tolist() == ["load", "tools", "advise"]


def test_the_order_of_the_people_does_not_matter():
    one_way, other = (score(answers, ITEMS) for answers in (ANSWERS, ANSWERS.iloc[::-1].reset_index(drop=True)))
    assert_frame_equal(one_way.items, other.items)
    assert_frame_equal(one_way.dimensions, other.dimensions)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[], [NAN, NAN], [9, 0]])
def test_nobody_has_no_mean_and_no_shares(values):
    row = one(values)
    assert row["n"] == sum(row["dist"].values()) == 0
    assert np.isnan(row[["mean", "lower", "upper", "favourable", "neutral", "unfavourable"]].astype(float)).all()


@pytest.mark.filterwarnings("error")
def test_one_person_has_a_mean_and_no_interval():
    row = dimensions_of(score(pd.DataFrame({"a": [4], "b": [3]}), ["a", "b"])).loc["a"]
    assert (row["n"], row["mean"]) == (1, 4.0)
    assert np.isnan(row[["lower", "upper", "alpha"]].astype(float)).all()


@pytest.mark.filterwarnings("error")
def test_people_who_all_agree_have_an_interval_without_width():
    row = one([4] * 7)
    assert (row["mean"], row["lower"], row["upper"], row["favourable"]) == (4.0, 4.0, 4.0, 1.0)


def test_a_higher_confidence_widens_every_interval():
    narrow, wide = (score(ANSWERS, ITEMS, confidence=confidence).items for confidence in (0.5, 0.8))
    assert (wide["upper"] - wide["lower"] > narrow["upper"] - narrow["lower"]).all()


def test_the_interval_holds_the_mean_of_everybody_as_often_as_it_says():
    shares = [0.1, 0.1, 0.3, 0.3, 0.2]
    surveys = pd.DataFrame(np.random.default_rng(4).choice(5, (12, 400), p=shares) + 1.0).add_prefix("survey_")
    found = score(surveys, list(surveys)).items
    # Mean of everybody 0.1 + 0.2 + 0.9 + 1.2 + 1.0 = 3.4; 95 % of 400 with its error: .95 ± 3 sqrt(.95 * .05 / 400).
    assert 0.917 <= ((found["lower"] <= 3.4) & (found["upper"] >= 3.4)).mean() <= 0.983


def test_everything_wrong_with_the_answers_is_told_at_once_and_no_answer_is():
    answers = ANSWERS.drop(columns="late").assign(tools=["secret", "10", "9分", 3, 4])
    words = (
        "answers: 2 problems. Column 'late' is missing; add it to the header. "
        "Column 'tools': cells that are no numbers: 2; write plain digits, or leave them empty.\n"
        "confidence: 1 problem. '1' is not between 0 and 1; write 0.95, for example."
    )
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        score(answers, ITEMS, confidence=1)


def test_the_answers_handed_over_stay_as_they_were():
    before = ANSWERS.copy()
    score(ANSWERS, ITEMS)
    assert_frame_equal(ANSWERS, before)
