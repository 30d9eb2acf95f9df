"""What may be published of a survey: thresholds, reasons, groups, oddities of answers, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from health_cases import DIMENSION, IDS, answers, months

from opsretro import health
from opsretro.errors import InputError

ONE = ["calm"]


def team(values, **columns) -> pd.DataFrame:
    """One item, one month, one team unless said otherwise."""
    return pd.DataFrame({"month": "2026-10", "team": "a", "calm": [float(value) for value in values]} | columns)


def cells(frame, groups=("team",), items=ONE) -> pd.DataFrame:
    return health.publish(frame, groups=list(groups), items=items).set_index("group")


def calm(scale: str, turned: str) -> pd.DataFrame:
    """The item on another scale, or turned."""
    columns = ["question", "item", "dimension", "scale", "reversed"]
    return pd.DataFrame([("calm", "calm", "calm", scale, turned)], columns=columns)


MIXED = [4, 3, 5, 4, 2, 4, 1, 3, 3, 5]


@pytest.mark.parametrize(("n", "mean", "reason"), [(1, None, "few"), (4, None, "few"), (5, 3.6, ""), (6, 3.7, "")])
def test_a_mean_needs_five_answers(n, mean, reason):
    # 4 + 3 + 5 + 4 + 2 = 18 of 5 people; with 4 more 22 of 6: 3.667
    found = cells(team(MIXED[:n])).loc["all"]
    assert (found["n"], None if pd.isna(found["mean"]) else found["mean"], found["reason"]) == (n, mean, reason)


@pytest.mark.parametrize(("n", "has_bands"), [(9, False), (10, True)])
def test_a_distribution_needs_ten_answers(n, has_bands):
    assert (cells(team(MIXED[:n])).loc["all", "dist"] is not None) == has_bands


def test_the_distribution_counts_bands_of_the_scale():
    # of the ten: 2 and 1; three times 3; 4, 5, 4, 4 and 5
    assert cells(team(MIXED)).loc["all", "dist"] == {"1-2": 2, "3": 3, "4-5": 5}


def test_people_without_an_answer_do_not_count():
    assert cells(team([*MIXED[:4], np.nan, np.nan])).loc["all", ["n", "reason"]].tolist() == [4, "few"]


def test_an_item_nobody_answered_has_no_cell():
    assert cells(team([np.nan] * 8)).empty


def test_no_answers_make_no_cells_of_the_usual_shape():
    empty = cells(team([]))
    assert empty.empty and empty.reset_index().columns.tolist() == cells(team(MIXED)).reset_index().columns.tolist()


def test_what_is_not_on_the_scale_counts_as_missing():
    assert cells(team([*MIXED, 6, 0, 3.5, -3])).loc["all", "n"] == 10


def test_everything_is_returned_with_its_reason():
    frame = answers({"a": 8, "b": 5, "c": 4, "d": 1})
    found = health.publish(frame, groups=["team"], items=IDS)
    assert len(found) == 5 * len(IDS)
    assert set(found.loc[found["suppressed"], "reason"]) <= {"few", "complement", "audit"}
    assert (found["suppressed"] == found["mean"].isna()).all() and (
        found["suppressed"] == (found["reason"] != "")
    ).all()
    assert found.loc[found["suppressed"], "dist"].isna().all()


def test_reasons_say_nothing_of_what_was_answered():
    # the same people in the same groups with answers the other way round: `few` and `complement` stay where they are
    frame = answers({"a": 8, "b": 5, "c": 4}, seed=3)
    turned = frame.assign(**{item: 6 - frame[item] for item in IDS})
    reasons = [health.publish(each, groups=["team"], items=IDS)["reason"] for each in (frame, turned)]
    assert ((reasons[0] == "few") == (reasons[1] == "few")).all()


def test_months_do_not_depend_on_each_other():
    frame = answers({"a": 8, "b": 5}, months(3))
    whole = health.publish(frame, groups=["team"], items=IDS)
    parts = [health.publish(part, groups=["team"], items=IDS) for _, part in frame.groupby("month")]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))


def test_the_same_answers_in_any_order_give_the_same_cells():
    frame = answers({"a": 8, "b": 5}, skipped=0.1)
    mixed = frame.sample(frac=1, random_state=3)
    first, again = (health.publish(each, groups=["team"], items=IDS) for each in (frame, mixed))
    pd.testing.assert_frame_equal(first, again)


def test_publishing_leaves_the_answers_as_they_were():
    frame = answers({"a": 8, "b": 5}, skipped=0.1)
    before = frame.copy()
    health.publish(frame, groups=["team"], items=IDS)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("value", [1, 5])
def test_everybody_at_one_end_of_the_scale_is_withheld(value):
    found = cells(team([value] * 12))
    assert found["suppressed"].all() and set(found["reason"]) == {"audit"}


def test_a_unanimous_team_is_withheld_inside_a_mixed_whole():
    frame = team([5] * 6 + [2, 3, 4, 3, 1, 4, 2], team=["a"] * 6 + ["b"] * 7)
    found = cells(frame)
    assert found.loc["all", "reason"] == "" and found.loc["team=a", "suppressed"]


def test_a_team_that_loses_its_fifth_member_is_withheld():
    sizes = {"a": 11, "b": 8, "c": 5}
    before, after = (cells(answers(sizes | {"c": n}), items=IDS).loc["team=c"] for n in (5, 4))
    assert not before["suppressed"].all() and set(after["reason"]) == {"few"}


def possible_sums(row: pd.Series) -> range:
    """Sums of whole answers whose mean is shown like this, half a tenth rounded up."""
    low, high = (row["mean"] - 0.05) * row["n"], (row["mean"] + 0.05) * row["n"]
    return range(int(np.ceil(low - 1e-9)), int(np.ceil(high - 1e-9)))


def test_the_shown_teams_never_give_away_the_sum_of_one_to_four_others():
    rest = 0
    for seed in range(6):
        found = health.publish(answers({"a": 9, "b": 7, "c": 3, "d": 1}, seed=seed), groups=["team"], items=IDS)
        for _, rows in found[~found["suppressed"]].groupby("item"):
            known = rows.set_index("group")
            if {"all", "team=a", "team=b"} <= set(known.index):
                whole, first, second = (possible_sums(known.loc[name]) for name in ("all", "team=a", "team=b"))
                left = {w - f - s for w in whole for f in first for s in second}
                assert len(left & set(range(4, 21))) > 1
                rest += 1
    assert rest


def test_a_reversed_item_is_turned_before_it_is_shown():
    items = calm("1-5", "Y")
    # 34 of ten people: 3.4; turned 6 - 3.4
    assert (cells(team(MIXED)).loc["all", "mean"], cells(team(MIXED), items=items).loc["all", "mean"]) == (3.4, 2.6)


def test_a_scale_to_ten_is_shown_from_one_to_five():
    items = calm("1-10", "N")
    typed = [10, 8, 6, 3, 1, 7, 9, 2, 5, 4]
    # mean 5.5 is the middle, 3.0; from 8 up (step 7 of 9, three quarters) is favourable: 10, 8, 9
    found = cells(team(typed), items=items).loc["all"]
    assert found["mean"] == 3.0 and found["dist"]["4-5"] == 3


def test_groups_are_cut_one_at_a_time_unless_two_are_asked_for():
    frame = answers({"a": 12, "b": 12}).assign(tenure=["<1y", ">1y"] * 12)
    one = set(health.publish(frame, groups=["team", "tenure"], items=ONE)["group"])
    assert one == {"all", "team=a", "team=b", "tenure=<1y", "tenure=>1y"}
    for cut in ("team&tenure", ("team", "tenure")):
        two = set(health.publish(frame, groups=[cut], items=ONE)["group"])
        assert two == {"all"} | {f"team={name}&tenure={years}" for name in "ab" for years in ("<1y", ">1y")}


def test_people_without_a_group_belong_to_everybody_only():
    frame = team([*MIXED, *MIXED], team=[*"aaaaaaa", *"bbbbbbb", None, None, np.nan, "", None, None])
    assert cells(frame)["n"].to_dict() == {"all": 20, "team=a": 7, "team=b": 7}


def test_a_group_of_blanks_is_no_group():
    frame = team([*MIXED, *MIXED], team=["a"] * 10 + ["  "] * 10)
    assert set(cells(frame).index) == {"all", "team=a"}


def test_spaces_around_a_group_make_no_other_group():
    frame = team([*MIXED, *MIXED], team=["a"] * 10 + [" a "] * 10)
    assert cells(frame)["n"].to_dict() == {"all": 20, "team=a": 20}


def test_a_header_with_an_ampersand_is_given_as_a_tuple():
    frame = team(MIXED).rename(columns={"team": "R&D"})
    assert set(cells(frame, groups=[("R&D",)]).index) == {"all", "R&D=a"}


def test_a_group_named_like_a_cut_by_two_takes_no_cell_of_it():
    frame = answers({"a": 12, "a&tenure=x": 7}).assign(tenure=["x", "y"] * 9 + ["x"])
    found = health.publish(frame, groups=["team", "team&tenure"], items=ONE)
    # the team of seven, and the six of team a with tenure x, are both told of; the sign inside a value is a wide one
    counts = found.set_index("group")["n"]
    assert (counts["team=a＆tenure=x"], counts["team=a&tenure=x"]) == (7, 6)


def test_a_missing_column_a_bad_month_and_a_second_answer_are_refused_at_once():
    frame = team(MIXED, respondent=[1, 1, *range(3, 11)])
    frame.loc[3, "month"] = "2026-13"
    with pytest.raises(InputError, match=r"^answers: 4 problems\. ") as e:
        health.publish(frame, groups=["city"], items=[*ONE, "load"])
    assert [(problem.code, problem.column) for problem in e.value.problems] == [
        ("column_missing", None),
        ("column_missing", None),
        ("not_a_month", "month"),
        ("answered_twice", "respondent"),
    ]


def test_somebody_who_answered_twice_is_refused_with_a_count_and_no_name():
    frame = team(MIXED, respondent=["Zinaida", "Zinaida", *"abcdefgh"])
    told = "^answers: 1 problem. Column 'respondent': 1 respondents answered more than once in a month; keep one row"
    with pytest.raises(InputError, match=told):
        health.publish(frame, groups=["team"], items=ONE)


def test_the_same_person_may_answer_in_two_months():
    frame = pd.concat([team(MIXED, respondent=range(10), month=month) for month in months(2)])
    assert len(health.publish(frame, groups=[], items=ONE)) == 2


@pytest.mark.parametrize("month", ["2026-00", "2026-13", "2026/10", "Oct", "", 202610, None, np.nan])
def test_a_month_that_is_none_is_refused(month):
    frame = team(MIXED).astype({"month": "object"})
    frame.loc[0, "month"] = month
    with pytest.raises(InputError, match=r"^answers: 1 problem\. Column 'month': '.*' is not a month; write it as"):
        health.publish(frame, groups=["team"], items=ONE)


def test_decimals_say_how_far_a_mean_can_be_off():
    frame = answers({"a": 12, "b": 9}, months(4), skipped=0.1)
    found = health.publish(frame, groups=["team"], items=["calm"])
    exact = frame.groupby("month")["calm"].mean()
    whole = found[(found["group"] == "all") & ~found["suppressed"]].set_index("month")
    assert len(whole) and set(whole["decimals"]) == {1}
    assert ((whole["mean"] - exact.reindex(whole.index)).abs() <= 0.05 + 1e-9).all()


def test_cells_stand_by_month_group_and_item_everybody_first():
    found = health.publish(answers({"B": 6, "a": 7}, months(2)), groups=["team"], items=IDS)
    assert found["group"].drop_duplicates().tolist() == ["all", "team=B", "team=a"]
    assert found["month"].is_monotonic_increasing and sorted(set(found["item"])) == sorted(DIMENSION)
