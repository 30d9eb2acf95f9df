"""Changes between months: bands worked out by hand, known rates of false alarms, and what cannot be told."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from opsretro.analysis.methods.month_changes import changes
from opsretro.errors import InputError

MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)]
CALM = [3.72, 4.11, 3.95, 3.83, 4.08, 3.91]
"""Mean 3.9333, standard deviation 0.14814 = sqrt(.10973 / 5)."""
SIZES = (6, 10, 20, 30)


def of_means(means, **columns):
    return pd.DataFrame({"month": MONTHS[: len(means)], "dimension": "clarity", "mean": means} | columns)


def judged(means, **columns):
    return changes(of_means(means, **columns)).iloc[0]


def of_people(answers, *, keys=True, start=0):
    """A history from answers by month, person and dimension."""
    months, people, dimensions = answers.shape
    table = pd.DataFrame(answers.reshape(-1, dimensions)).add_prefix("d")
    table.insert(0, "month", np.repeat(MONTHS[start : start + months], people))
    return table.assign(respondent=np.tile([f"p{at}" for at in range(people)], months)) if keys else table


def team(rng, months, people, dimensions=8, noise=0.7):
    """People with outlooks of their own that stay, and rounded answers to two items a dimension."""
    outlook = 3.6 + 0.7 * rng.normal(size=(1, people, dimensions, 1))
    items = outlook + noise * rng.normal(size=(months, people, dimensions, 2))
    return items.round().clip(1, 5).mean(axis=3)


def verdicts_disagreeing(found):
    """Rows whose verdict does not follow from the numbers beside it."""
    outside = (found["mean"] < found["lower"]) | (found["mean"] > found["upper"])
    wide = ~(np.fmax(found["expected"] - found["lower"], found["upper"] - found["expected"]) <= 0.5)
    wanted = np.where(wide, "cannot_tell", "steady")
    wanted = np.where(outside, np.where(found["mean"] > found["expected"], "up", "down"), wanted)
    return found[found["verdict"] != wanted]


def test_the_band_is_a_prediction_interval_of_one_month():
    row = judged([*CALM, 3.2])
    # t(5, .975) = 2.5706, sqrt(1 + 1/6) = 1.0801, 5 % wider: 1.05 * 2.5706 * .14814 * 1.0801 = .4319.
    assert [row["expected"], row["lower"], row["upper"]] == pytest.approx([3.9333, 3.5014, 4.3652], abs=1e-4)
    assert (row["verdict"], row["method"], row["n_months"]) == ("down", "prediction", 6)


def test_alpha_is_shared_by_the_dimensions_of_a_group():
    two = pd.concat([of_means([*CALM, 3.9]), of_means([*CALM, 3.9]).assign(dimension="load")])
    # t(5, 1 - .05 / 4) = 3.1634 in place of 2.5706: .4319 * 3.1634 / 2.5706 = .5315.
    assert changes(two)["upper"].to_numpy() - 3.9333 == pytest.approx([0.5315, 0.5315], abs=1e-4)


def test_every_group_has_its_own_alpha_and_band():
    shifted = [mean - 1 for mean in CALM]
    two = pd.concat([of_means([*CALM, 4.9], group="growth"), of_means([*shifted, 3.0], group="content")])
    found = changes(two).set_index("group")
    assert found["verdict"].to_dict() == {"growth": "up", "content": "steady"}
    assert found.loc["growth", "upper"] == pytest.approx(4.3652, abs=1e-4)


def test_only_the_newest_twelve_months_count():
    row = judged([1.11, 4.99, *CALM, *CALM, 3.9])
    assert (row["n_months"], row["expected"]) == (12, pytest.approx(np.mean(CALM)))


def test_months_missing_stay_missing():
    whole = of_means([*CALM, 3.9])
    holes = whole.assign(month=[*MONTHS[:3], *MONTHS[5:8], MONTHS[9]])
    assert_frame_equal(changes(holes), changes(whole))
    assert_frame_equal(changes(of_means([*CALM, math.nan, 3.9]).iloc[::-1]), changes(whole))


def test_fewer_people_than_usual_widen_the_band():
    usual, fewer = judged([*CALM, 3.9], n=20), judged([*CALM, 3.9], n=[20] * 6 + [5])
    # Four times the variance of the new month: sqrt(4 + 1/6) in place of sqrt(1 + 1/6).
    ratio = (fewer["upper"] - fewer["expected"]) / (usual["upper"] - usual["expected"])
    assert ratio == pytest.approx(math.sqrt((4 + 1 / 6) / (1 + 1 / 6)), abs=1e-6)


def test_one_step_of_rounding_is_no_change():
    assert judged([4.1] * 12 + [4.2])["verdict"] == "steady"
    assert judged([4.1] * 12 + [4.3])["verdict"] == "up"


def test_one_person_moving_one_point_is_no_change():
    # Six people at the top of the scale; one says 4: the mean falls by 1/6.
    row = judged([5.0] * 11 + [4.9876, 5 - 1 / 6], n=6)
    assert (row["verdict"], row["upper"]) == ("steady", 5.0)
    assert judged([5.0] * 11 + [4.9876, 5 - 2 / 6], n=6)["verdict"] == "down"


def test_a_wide_band_cannot_tell():
    row = judged([3.12, 4.31, 2.95, 4.48, 3.33, 4.02, 3.71])
    assert row["verdict"] == "cannot_tell"
    assert row["upper"] - row["expected"] > 0.5


def test_telling_decides_what_is_steady():
    history = of_means([*CALM, 3.9])
    # The band reaches .4319 to either side.
    assert [changes(history, telling=telling)["verdict"].item() for telling in (0.43, 0.44)] == [
        "cannot_tell",
        "steady",
    ]


@pytest.mark.parametrize("means", [[3.9], [*CALM[:5], 1.5], [*CALM, 3.9, math.nan]])
def test_means_without_enough_months_cannot_tell(means):
    row = judged(means)
    past = sum(not math.isnan(mean) for mean in means[:-1])  # how many there are is told, for "that takes six"
    assert (row["verdict"], row["method"], row["n_months"]) == ("cannot_tell", "none", past)
    assert np.isnan(row[["expected", "lower", "upper", "p"]].astype(float)).all()


def test_a_group_that_is_absent_this_month_cannot_be_told():
    history = pd.concat([of_means([*CALM, 3.9], group="growth"), of_means(CALM, group="content")])
    found = changes(history).set_index("group")
    assert found["verdict"].to_dict() == {"growth": "steady", "content": "cannot_tell"}
    assert math.isnan(found.loc["content", "mean"])


def test_means_and_the_answers_they_come_from_give_the_same_band():
    answers = team(np.random.default_rng(1), 13, 12)
    by_month = pd.DataFrame(answers.mean(axis=1)).add_prefix("d").assign(month=MONTHS[:13])
    means = by_month.melt("month", var_name="dimension", value_name="mean").assign(n=12)
    for keys in (True, False):
        assert_frame_equal(changes(of_people(answers, keys=keys)), changes(means), check_dtype=False)


def test_a_new_colleague_is_no_change():
    answers = np.tile([[[3.0]], [[3.5]], [[2.5]]], (5, 8, 1))[:13]
    answers[:, 0] += 1.5
    history = of_people(answers)
    history.loc[history.index[-8], ["respondent", "d0"]] = ["new", 1.0]
    # Without keys the mean falls by 3.5 / 8 = .44 with nobody moving; with keys seven people are compared.
    with_keys, without = changes(history).iloc[0], changes(history.drop(columns="respondent")).iloc[0]
    assert with_keys["expected"] - without["expected"] == pytest.approx(-3.5 / 8, abs=0.02)


def test_few_people_and_two_months_are_reshuffled_within_people():
    answers = np.full((2, 6, 1), 4.0)
    answers[1, :, 0] = 2.0
    row = changes(of_people(answers)).iloc[0]
    # All six fell: 2 of the 2^6 ways are as far, 3.1 %; 2,000 of them drawn.
    assert (row["verdict"], row["method"], row["n_months"]) == ("down", "permutation", 1)
    assert row["p"] == pytest.approx(2 / 64, abs=0.012)


def test_answers_without_keys_are_reshuffled_between_months():
    answers = np.full((2, 6, 1), 4.0)
    answers[1, :, 0] = 2.0
    row = changes(of_people(answers, keys=False)).iloc[0]
    # 2 of the 12! / (6! 6!) = 924 ways.
    assert (row["verdict"], row["method"]) == ("down", "permutation")
    assert row["p"] == pytest.approx(2 / 924, abs=0.004)


@pytest.mark.parametrize("keys", [True, False])
def test_five_people_and_two_months_cannot_tell(keys):
    answers = np.full((2, 5, 1), 5.0)
    answers[1] = 1.0
    row = changes(of_people(answers, keys=keys)).iloc[0]
    assert (row["verdict"], row["method"]) == ("cannot_tell", "none")


def test_keys_that_link_nobody_fall_back_to_the_months():
    history = of_people(team(np.random.default_rng(2), 2, 12))
    anew = history.assign(respondent=[f"p{at}" for at in range(24)])
    assert_frame_equal(changes(anew), changes(history.drop(columns="respondent")))


def test_the_order_of_rows_and_columns_does_not_matter():
    for months in (3, 13):
        history = of_people(team(np.random.default_rng(3), months, 10))
        shuffled = history.sample(frac=1, random_state=5)[history.columns[::-1]]
        there_and_back = changes(shuffled).iloc[::-1].reset_index(drop=True)
        assert_frame_equal(there_and_back, changes(history))


@pytest.mark.parametrize("keys", [True, False])
@pytest.mark.parametrize("months", [2, 4, 8])
def test_verdicts_follow_from_the_numbers_beside_them(keys, months):
    answers = team(np.random.default_rng(6), months, 20, dimensions=12)
    answers[-1, :, :6] = (answers[-1, :, :6] + np.linspace(-1.5, 1.5, 6)).clip(1, 5)
    found = changes(of_people(answers, keys=keys))
    assert {"up", "down"} <= set(found["verdict"])
    assert verdicts_disagreeing(found).empty


def test_a_permutation_tells_exactly_what_its_p_tells():
    answers = team(np.random.default_rng(7), 3, 20, dimensions=12)
    answers[-1, :, :6] = (answers[-1, :, :6] + np.linspace(-0.6, 0.6, 6)).clip(1, 5)
    found = changes(of_people(answers))
    assert (found["verdict"].isin(["up", "down"]) == (found["p"] <= 0.05)).all()
    assert 0 < (found["p"] <= 0.05).sum() < 12


def test_false_alarms_are_as_rare_as_promised():
    rng = np.random.default_rng(20261210)
    cases = [(months, people) for months in (2, 3, 7, 13) for people in SIZES for _ in range(6)]
    found = [changes(of_people(team(rng, months, people))) for months, people in cases]
    alarms = sum(one["verdict"].isin(["up", "down"]).any() for one in found)
    # 96 months with 8 dimensions each at .05: 4.8 expected, three errors more are 4.8 + 3 sqrt(96 * .05 * .95) = 11.2.
    assert alarms <= 11


def test_a_fall_of_four_fifths_of_a_point_is_seen_with_a_year_of_history():
    rng = np.random.default_rng(20261211)
    seen = []
    for _ in range(15):
        answers = team(rng, 13, 20)
        answers[-1, :, :2] = (answers[-1, :, :2] - 0.79).clip(1, 5)
        seen += changes(of_people(answers))["verdict"][:2].tolist()
    # .95 with the same people, 20 of them.
    assert np.mean([verdict == "down" for verdict in seen]) >= 0.85


@pytest.mark.filterwarnings("error")
def test_gaps_and_single_people_never_break_it():
    rng = np.random.default_rng(8)
    for months in (1, 2, 5, 9):
        answers = team(rng, months, 7, dimensions=3)
        answers[rng.random(answers.shape) < 0.5] = np.nan
        answers[:, :, 2] = np.nan
        for keys in (True, False):
            found = changes(of_people(answers, keys=keys))
            assert verdicts_disagreeing(found).empty
            assert found["verdict"].iloc[2] == "cannot_tell"


def test_an_empty_history_has_no_rows():
    assert changes(of_means([])).empty
    assert list(changes(of_people(np.zeros((0, 0, 2))))) == list(changes(of_means([*CALM, 3.9])))


def test_everything_wrong_with_a_history_is_told_at_once_and_no_answer_is():
    history = of_means([*CALM, 7.77]).assign(month=["secret", *MONTHS[1:3], MONTHS[2], *MONTHS[4:7]])
    words = (
        "alpha: 1 problem. '5' is not between 0 and 1; write 0.05, for example.\n"
        "telling: 1 problem. '0' is not between 0 and 4; write 0.5, for example.\n"
        "history: 3 problems. Column 'mean': values outside 1 to 5: 1; bring them to that scale first. "
        "Column 'month': cells that are no months: 1; write them as 2026-10. "
        "Rows that repeat another one in month, dimension: 1; keep one of each."
    )
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        changes(history, alpha=5, telling=0)


def test_columns_that_are_missing_or_no_numbers_are_named():
    with pytest.raises(InputError, match=r"^history: 1 problem\. Column 'month' is missing; add it to the header\.$"):
        changes(of_means(CALM).drop(columns="month"))
    words = "history: 1 problem. Column 'd0': cells that are no numbers: 2; write plain digits, or leave them empty."
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        changes(of_people(np.full((1, 2, 1), 3.0)).assign(d0=["secret", "4分"]))


def test_rows_of_no_group_and_people_there_twice_are_refused():
    history = pd.concat([of_people(np.full((2, 3, 1), 3.0)).assign(group="growth")] * 2).reset_index(drop=True)
    history.loc[0, "group"] = None
    words = (
        "history: 2 problems. Column 'group': the cell is empty; fill it. "
        "Rows that repeat another one in group, month, respondent: 5; keep one of each."
    )
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        changes(history)


def test_the_history_handed_over_stays_as_it_was():
    history = of_people(team(np.random.default_rng(9), 3, 8))
    before = history.copy()
    changes(history)
    assert_frame_equal(history, before)
