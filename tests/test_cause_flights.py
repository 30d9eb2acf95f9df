"""Why flights were late in the summer of 2013: what is named is what a plain group-by shows, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flights import write_workspace

from opsretro import open_workspace

pytestmark = pytest.mark.slow

KPI = "on_time_arrival"
MONTHS = {
    ("2013-06", "previous"): "2013-05",
    ("2013-07", "previous"): "2013-06",
    ("2013-07", "2013-05"): "2013-05",
    ("2013-09", "previous"): "2013-08",
}
"""Month and what it is compared with, and the month that is."""
LARGE = 1_000
"""Flights of a month from which a carrier's rate says something."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return open_workspace(write_workspace(tmp_path_factory.mktemp("flights") / "ws"))


@pytest.fixture(scope="module")
def reviews(workspace):
    return {key: workspace.root_cause(key[0], kpi=KPI, against=key[1]) for key in MONTHS}


@pytest.fixture(scope="module")
def flights(workspace):
    rows = workspace.tables["metrics"].query("kpi == @KPI")
    return rows.assign(month=rows["date"].dt.strftime("%Y-%m"))


def rates(rows, *by):
    """On time by flights, by a plain group-by."""
    sums = rows.groupby([*by, "month"])[["numerator", "denominator"]].sum()
    return (sums["numerator"] / sums["denominator"]).unstack("month")


def chosen(rows, element):
    """Whether a row lies in a slice."""
    return np.logical_and.reduce([rows[dim].isin(values) for dim, values in element.items()])


def gap(rows, inside, before, after):
    """How much more the rate of a slice moved than that of all others."""
    table = rates(rows.assign(inside=inside), "inside")
    moved = table[after] - table[before]
    return moved[True] - moved[False]


def errors_apart(rows, inside, before, after):
    """The same as a number of standard errors, from how much the two lie apart from day to day."""
    sums = rows.assign(inside=inside).groupby(["month", "date", "inside"])[["numerator", "denominator"]].sum()
    apart = (sums["numerator"] / sums["denominator"]).unstack("inside").diff(axis=1)[True]
    months = [apart[month].dropna() for month in (before, after)]
    error = np.sqrt(sum(days.var() / len(days) for days in months))
    return (months[1].mean() - months[0].mean()) / error


def named(review, effect):
    """Rank, slice and change of the causes of a kind."""
    causes = review.causes[review.causes["effect"] == effect]
    return [(review.element(KPI, rank), change) for rank, change in zip(causes["rank"], causes["change"], strict=True)]


@pytest.mark.parametrize("key", MONTHS)
def test_both_rates_are_those_of_the_group_by(reviews, flights, key):
    row, table = reviews[key].kpi(KPI), rates(flights.assign(all="all"), "all").loc["all"]
    assert row["actual"] == pytest.approx(table[key[0]], rel=1e-12)
    assert row["reference"] == pytest.approx(table[MONTHS[key]], rel=1e-12)


@pytest.mark.parametrize(
    ("key", "points"),
    [
        # by the group-by: 76.23 % in May, 66.34 in June, 65.90 in July, 74.69 in August, 84.99 in September
        (("2013-06", "previous"), -9.89),
        (("2013-07", "previous"), -0.44),
        (("2013-07", "2013-05"), -10.33),
        (("2013-09", "previous"), 10.30),
    ],
)
def test_it_fell_in_june_stayed_low_in_july_and_rose_in_september(reviews, key, points):
    assert reviews[key].kpi(KPI)["change"] * 100 == pytest.approx(points, abs=0.005)


@pytest.mark.parametrize("key", MONTHS)
def test_the_parts_add_up_to_the_change(reviews, key):
    row = reviews[key].kpi(KPI)
    parts = row["calendar"] + row["common"] + row["rest"] + reviews[key].causes["change"].sum()
    assert parts == pytest.approx(row["change"], abs=1e-12)


@pytest.mark.parametrize("key", MONTHS)
def test_every_slice_named_for_its_rate_moved_clearly_more_than_the_rest(reviews, flights, key):
    for element, change in named(reviews[key], "rate"):
        inside = chosen(flights, element)
        apart = gap(flights, inside, MONTHS[key], key[0])
        assert abs(apart) > 0.03 and np.sign(apart) == np.sign(change), element
        assert abs(errors_apart(flights, inside, MONTHS[key], key[0])) > 3, element


@pytest.mark.parametrize("key", MONTHS)
def test_what_a_slice_is_said_to_bring_is_what_the_group_by_gives(reviews, flights, key):
    for element, change in named(reviews[key], "rate"):
        inside = chosen(flights, element)
        flown = flights[flights["month"] == key[0]]["denominator"]
        weight = flown[inside[flights["month"] == key[0]]].sum() / flown.sum()
        assert change == pytest.approx(weight * gap(flights, inside, MONTHS[key], key[0]), rel=0.4)


@pytest.mark.parametrize("key", MONTHS)
def test_what_weights_are_said_to_bring_is_what_the_group_by_gives(reviews, flights, key):
    for element, change in named(reviews[key], "mix"):
        rows = flights.assign(inside=chosen(flights, element))
        rate = rates(rows, "inside")[MONTHS[key]]
        flown = rows.groupby(["inside", "month"])["denominator"].sum().unstack()
        weight = (flown / flown.sum()).loc[True]
        # its change in weight by how far its own rate had been from that of the others
        moved = (weight[key[0]] - weight[MONTHS[key]]) * (rate[True] - rate[False])
        assert change == pytest.approx(moved, rel=0.5), element


def test_in_july_one_large_carrier_fell_while_the_others_rose_and_is_named(reviews, flights):
    # B6 by the group-by: 66.8 -> 61.0 % with a sixth of the flights; all others together 66.2 -> 66.9 %
    table = rates(flights.assign(own=flights["carrier"] == "B6"), "own")
    moved = table["2013-07"] - table["2013-06"]
    assert moved.round(3).to_dict() == {False: 0.006, True: -0.058}
    assert named(reviews["2013-07", "previous"], "rate")[0][0] == {"carrier": ["B6"]}


def test_an_airport_that_moved_in_july_because_of_that_carrier_is_ruled_out(reviews, flights):
    drill = reviews["2013-07", "previous"].drill.query("dimension == 'origin'").set_index("value")["state"]
    rest = flights[flights["carrier"] != "B6"]
    gaps = [gap(rows, rows["origin"] == "JFK", "2013-06", "2013-07") for rows in (flights, rest)]
    assert drill["JFK"] == "ruled_out"
    assert abs(gaps[1]) < 0.6 * abs(gaps[0])  # without that carrier little of it is left


@pytest.mark.parametrize(("month", "sign"), [("2013-06", -1), ("2013-09", 1)])
@pytest.mark.parametrize("dim", ["origin", "carrier"])
def test_where_nothing_is_named_all_airports_and_large_carriers_moved_the_same_way(reviews, flights, month, sign, dim):
    review, before = reviews[month, "previous"], MONTHS[month, "previous"]
    table = rates(flights, dim)
    flown = flights[flights["month"] == month].groupby(dim)["denominator"].sum()
    moved = sign * (table[month] - table[before])[flown > LARGE]
    assert review.kpi(KPI)["state"] == "nothing"
    assert moved.min() > 0.04
    common = review.kpi(KPI)["common"]
    assert common == pytest.approx(review.kpi(KPI)["change"], rel=0.15)


@pytest.mark.parametrize("key", MONTHS)
def test_no_airport_is_named_and_none_moved_far_from_the_others_unseen(reviews, flights, key):
    states = reviews[key].drill.query("dimension == 'origin'").set_index("value")["state"]
    assert "origin" not in reviews[key].elements["dimension"].tolist()
    for name, state in states.items():
        inside = flights["origin"] == name
        far = abs(gap(flights, inside, MONTHS[key], key[0])) > 0.06
        # Newark held better than the others from May to July: told in the drill-down as what is left over
        assert state == "moved" or not far, name


@pytest.mark.parametrize("key", MONTHS)
def test_a_large_carrier_far_apart_from_the_others_is_never_called_quiet(reviews, flights, key):
    states = reviews[key].drill.query("dimension == 'carrier'").set_index("value")["state"]
    flown = flights[flights["month"] == key[0]].groupby("carrier")["denominator"].sum()
    for name in flown.index[flown > LARGE]:
        if abs(errors_apart(flights, flights["carrier"] == name, MONTHS[key], key[0])) > 5:
            assert states[name] in {"cause", "moved"}, name


@pytest.mark.parametrize("key", MONTHS)
@pytest.mark.parametrize("dim", ["carrier", "origin"])
def test_drill_down_equals_the_group_by(reviews, flights, key, dim):
    found = reviews[key].drill.query("dimension == @dim").set_index("value").sort_index()
    month = flights[flights["month"] == key[0]]
    flown = month.groupby(dim)["denominator"].sum()
    by_hand = pd.DataFrame({"actual": rates(month, dim)[key[0]], "weight_after": flown / flown.sum()})
    now = found[found["weight_after"] > 0]
    pd.testing.assert_frame_equal(now[["actual", "weight_after"]], by_hand, check_names=False, rtol=1e-12)
