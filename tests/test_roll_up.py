"""The roll-up: worked by hand, with what is missing left out and said."""

import re

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.roll_up import roll_up, year_to_date
from opsretro.errors import InputError

NAN, INF = float("nan"), float("inf")
WEIGHTS = {"supervisor": 0.20, "peer": 0.15, "self": 0.05, "data": 0.60}
RESULTS = [
    {"goal_id": "gmv", "weight": 0.4, "attainment": 0.9},
    {"goal_id": "orders", "weight": 0.2, "attainment": 1.5},
    {"goal_id": "refunds", "weight": 0.1, "attainment": -0.3},
    {"goal_id": "followers", "weight": 0.3, "attainment": None},
]


def rolled(*attainments, ratings=None, weights=WEIGHTS, **options):
    results = [{"weight": 1, "attainment": value} for value in attainments]
    return roll_up(results, ratings=ratings or {}, weights=weights, **options)


def test_the_roll_up_matches_an_example_worked_by_hand():
    result = roll_up(RESULTS, ratings={"supervisor": 80, "peer": 90, "self": None}, weights=WEIGHTS)
    # Clamped to 0–1.2: 0.9, 1.2, 0. (0.4·0.9 + 0.2·1.2 + 0.1·0) ÷ 0.7 = 0.6 ÷ 0.7 = 0.857143
    assert result.goal_score == pytest.approx(0.857143, abs=1e-6)
    # Followers have no attainment: 0.7 of 1.0.
    assert result.weight_coverage == pytest.approx(0.7)
    # (0.20·80 + 0.15·90 + 0.60·85.7143) ÷ 0.95 = (16 + 13.5 + 51.428571) ÷ 0.95 = 85.187970
    assert result.total == pytest.approx(85.187970, abs=1e-6)


def test_parts_hold_every_score_with_its_renormalised_weight():
    parts = rolled(0.9, ratings={"supervisor": 80, "peer": NAN}).parts
    # Present are supervisor 0.20 and data 0.60, of 0.80 together.
    assert list(parts) == ["supervisor", "data"]
    assert parts["supervisor"] == pytest.approx((80.0, 0.25))
    assert parts["data"] == pytest.approx((90.0, 0.75))


def test_a_frame_and_a_list_of_mappings_give_the_same():
    ratings = {"supervisor": 80, "peer": 90}
    assert roll_up(pd.DataFrame(RESULTS), ratings=ratings, weights=WEIGHTS) == roll_up(
        RESULTS, ratings=ratings, weights=WEIGHTS
    )


def test_a_nullable_column_of_pandas_will_do():
    frame = pd.DataFrame({"weight": [1, 3], "attainment": pd.array([0.8, None], dtype="Float64")})
    result = roll_up(frame, ratings={}, weights=WEIGHTS)
    assert (result.goal_score, result.weight_coverage) == (0.8, 0.25)


@pytest.mark.parametrize(
    ("attainment", "options", "expected"),
    [
        (1.5, {}, 1.2),
        (-0.5, {}, 0.0),
        (1.1, {}, 1.1),
        (1.5, {"cap": 1.0}, 1.0),
        (-0.5, {"floor": -1.0}, -0.5),
        (9.0, {"cap": INF}, 9.0),
    ],
)
def test_attainment_is_clamped_to_floor_and_cap(attainment, options, expected):
    assert rolled(attainment, **options).goal_score == expected


def test_clamping_comes_before_the_mean():
    # (1.2 + 0.6) ÷ 2, not the mean 1.3 of 2.0 and 0.6 cut to 1.2.
    assert rolled(2.0, 0.6).goal_score == pytest.approx(0.9)


def test_the_mean_of_equal_attainments_is_that_attainment_to_the_last_digit():
    results = [{"weight": 0.1, "attainment": 5.0}] * 7
    assert roll_up(results, ratings={}, weights=WEIGHTS).goal_score == 1.2


@pytest.mark.parametrize("attainments", [(), (None,), (NAN, None)])
def test_without_any_attainment_the_data_takes_no_part(attainments):
    result = rolled(*attainments, ratings={"supervisor": 80, "peer": 94})
    # (0.20·80 + 0.15·94) ÷ 0.35 = 30.1 ÷ 0.35 = 86
    assert (result.goal_score, result.weight_coverage) == (None, 0.0)
    assert result.total == pytest.approx(86.0)


@pytest.mark.parametrize(
    ("ratings", "weights"),
    [
        ({}, WEIGHTS),
        ({"peer": None}, WEIGHTS),
        ({"peer": 80}, {}),
        ({"peer": 80}, {"peer": 0}),
        ({"guest": 9}, WEIGHTS),
    ],
)
def test_the_total_is_none_when_nothing_with_a_weight_is_present(ratings, weights):
    result = rolled(ratings=ratings, weights=weights)
    assert (result.total, result.parts) == (None, {})


def test_an_assessor_without_a_weight_counts_for_nothing():
    assert rolled(0.9, ratings={"guest": 10}).total == pytest.approx(90.0)


def test_the_scale_of_the_weights_does_not_matter():
    tenfold = {name: 10 * weight for name, weight in WEIGHTS.items()}
    ratings = {"supervisor": 81, "self": 67}
    assert rolled(0.9, ratings=ratings, weights=tenfold).total == pytest.approx(rolled(0.9, ratings=ratings).total)


def test_key_results_of_no_weight_have_no_coverage():
    result = roll_up([{"weight": 0, "attainment": 1.0}], ratings={}, weights=WEIGHTS)
    assert (result.goal_score, result.weight_coverage) == (None, 0.0)


def test_the_total_may_exceed_a_hundred_up_to_the_cap():
    assert rolled(3.0).total == pytest.approx(120.0)


def test_the_input_is_left_as_it_was():
    frame, ratings = pd.DataFrame(RESULTS), {"peer": 90}
    before = frame.copy()
    roll_up(frame, ratings=ratings, weights=WEIGHTS)
    assert (frame.equals(before), ratings) == (True, {"peer": 90})


def test_a_score_for_data_may_be_absent_but_not_given():
    assert rolled(0.9, ratings={"data": None}).total == pytest.approx(90.0)
    message = "ratings: 1 problem. 'data' is computed from the key results; leave it out of the ratings."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        rolled(0.9, ratings={"data": 85})


def test_every_problem_is_named_at_once():
    results = [{"goal_id": "gmv", "attainment": 1.0}, {"weight": -1, "attainment": INF}, {"weight": 1}]
    message = (
        "key_results: 3 problems. The weight of 'gmv' is 'None'; write a number of 0 or more. "
        "The weight of 'key_results[1]' is '-1'; write a number of 0 or more. "
        "The attainment of 'key_results[1]' is 'inf'; write a number, or leave it missing.\n"
        "ratings: 2 problems. The rating of 'peer' is '101'; write a number from 0 to 100, or leave it missing. "
        "The rating of 'guest' is 'good'; write a number from 0 to 100, or leave it missing.\n"
        "weights: 2 problems. The weight of 'peer' is 'inf'; write a number of 0 or more. "
        "The weight of 'self' is 'nan'; write a number of 0 or more.\n"
        "floor: 1 problem. Floor is 2.0 and cap is 1.2; write a floor that is not above the cap."
    )
    ratings = {"peer": 101, "guest": "good"}
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        roll_up(results, ratings=ratings, weights={"peer": INF, "self": NAN}, floor=2.0)


def test_scores_stay_between_the_parts_they_are_made_of():
    rng = np.random.default_rng(8)
    for _ in range(300):
        results = [{"weight": rng.random(), "attainment": rng.normal(1, 0.5)} for _ in range(rng.integers(1, 9))]
        result = roll_up(results, ratings={"peer": rng.uniform(0, 100)}, weights=WEIGHTS)
        scores = [score for score, _ in result.parts.values()]
        assert min(scores) <= result.total <= max(scores)
        assert sum(weight for _, weight in result.parts.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "scores",
    [
        {"2026-01": 80.0, "2026-02": None, "2026-03": 91.0},
        pd.Series([80.0, NAN, 91.0], index=["2026-01", "2026-02", "2026-03"]),
        [80, None, 91],
        (score for score in (80.0, pd.NA, 91.0)),
    ],
)
def test_the_year_is_the_mean_of_the_months_present(scores):
    assert year_to_date(scores) == 85.5  # (80 + 91) ÷ 2


@pytest.mark.parametrize("scores", [[], {}, [None, NAN], pd.Series([NAN])])
def test_a_year_without_scores_has_none(scores):
    assert year_to_date(scores) is None


def test_an_infinite_month_is_refused():
    message = "monthly_scores: 1 problem. A value is infinite; leave it missing."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        year_to_date([80.0, INF])
