"""Tables as they come: closed days, a KPI that begins at nothing, constants, columns with our own names, slips."""

import re

import numpy as np
import pandas as pd
import pytest
from cause_cases import opened

from opsretro import InputError, rootcause
from opsretro.analysis.cause_element import inside

DAYS = pd.date_range("2026-07-01", "2026-10-31")
OCTOBER = DAYS >= "2026-10-01"
GOAL = (
    "goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source\n"
    "k,K,Hold much,k,ops-1,higher,count,999999,1,2026-01-01,2026-12-31,{how},metrics\n"
)


def rows(values_of, kpi="k", dim="city", cities="abc"):
    """One row a day and city."""
    tables = [pd.DataFrame({"date": DAYS, "kpi": kpi, "value": values_of(city), dim: city}) for city in cities]
    return pd.concat(tables, ignore_index=True)


def shown(review):
    """Everything a page shows of a review, as text."""
    parts = [str(review._view().section()), review.headline, *review.sentences()]
    return " ".join(parts)


def adds_up(review):
    row = review.kpis.iloc[0]
    causes = review.of("causes", row["subject"])["change"].sum()
    return row["calendar"] + row["common"] + causes + row["rest"] == pytest.approx(row["change"], abs=1e-9)


@pytest.mark.parametrize("odd", [0.0, -9.0])
def test_a_closed_day_or_a_day_of_refunds_changes_nothing(tmp_path, odd):
    rng = np.random.default_rng(81)
    made = rows(lambda _: rng.poisson(50, len(DAYS)).astype(float))
    made.loc[made["date"] == DAYS[40], "value"] = odd
    review = opened(tmp_path / "ws", made).root_cause("2026-10", kpi="k")
    assert review.kpis["state"].tolist() == ["nothing"] and adds_up(review)


@pytest.mark.parametrize("before", [0.0, 5.0])
def test_a_kpi_that_was_nothing_or_is_nothing_throughout_has_words(tmp_path, before):
    made = rows(lambda _: np.where(OCTOBER, before, 0.0))
    review = opened(tmp_path / "ws", made).root_cause("2026-10", kpi="k")
    assert adds_up(review) and "inf" not in shown(review) and "nan" not in shown(review)


def test_a_rate_that_rises_from_nothing_is_found(tmp_path):
    rng = np.random.default_rng(82)
    made = rows(lambda city: np.nan, cities="abcde").assign(denominator=200.0)
    made["numerator"] = rng.binomial(200, 0.1, len(made)) * ~((made["city"] == "a") & (made["date"] < "2026-10-01"))
    review = opened(tmp_path / "ws", made.drop(columns="value")).root_cause("2026-10", kpi="k")
    assert review.element("k", 1) == {"city": ["a"]} and adds_up(review)
    assert "its own rate went from 0%" in shown(review)


@pytest.mark.parametrize("missing", [False, True])
def test_a_constant_mean_has_not_moved(tmp_path, missing):
    made = rows(lambda _: np.full(len(DAYS), 5.0))
    made = made[made.index % 5 > 0] if missing else made
    review = opened(tmp_path / "ws", made, goals_csv=GOAL.format(how="mean")).root_cause("2026-10", kpi="k")
    assert review.kpis[["change", "since"]].iloc[0].tolist() == [0.0, ""]


@pytest.mark.parametrize("name", ["num", "den", "actual", "forecast", "rank", "share", "subject", "base"])
def test_a_dimension_may_be_called_as_a_figure_of_ours(tmp_path, name):
    rng = np.random.default_rng(83)
    made = rows(
        lambda city: rng.poisson(np.where(OCTOBER & (city == "a"), 25, 50)).astype(float), dim=name, cities="abcd"
    )
    ops = opened(tmp_path / "ws", made, goals_csv=GOAL.format(how="sum"))
    assert list(ops.root_cause("2026-10").element("k", 1).values()) == [["a"]]


@pytest.mark.parametrize("against", ["2026", "2026-Q4", "2026-10"])
def test_a_period_is_not_held_against_days_of_its_own(tmp_path, against):
    ops = opened(tmp_path / "ws", rows(lambda _: np.ones(len(DAYS))))
    told = f"against: 1 problem. '{against}' shares days with 2026-10, which is under review; name a period beside it."
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        ops.root_cause("2026-10", kpi="k", against=against)


def test_a_month_is_held_against_a_quarter_for_as_many_days(tmp_path):
    rng = np.random.default_rng(84)
    ops = opened(tmp_path / "ws", rows(lambda _: rng.poisson(100, len(DAYS)).astype(float)))
    row = ops.root_cause("2026-10", kpi="k", against="2026-Q3").kpi("k")
    assert abs(row["change"]) < 0.05 * row["actual"]


def test_inside_the_only_dimension_nothing_is_left_to_search(tmp_path):
    rng = np.random.default_rng(85)
    ops = opened(tmp_path / "ws", rows(lambda _: rng.poisson(100, len(DAYS)).astype(float)))
    words = ops.root_cause("2026-10", kpi="k", where={"city": "a"}).sentences()[1]
    assert "no dimension is left to search inside it" in words


def test_trees_stand_although_no_kpi_was_looked_at(tmp_path):
    tree = (
        "trees:\n  - {id: t, kind: 5-whys, month: 2026-10, kpi: k, problem: Fewer, "
        "whys: [{why: It closed, basis: fact, control: influence}]}\n"
    )
    ops = opened(tmp_path / "ws", rows(lambda _: np.ones(len(DAYS))), causes_yaml=tree)
    review = ops.root_cause("2026-10", kpi=[])
    assert review.trees["subject"].tolist() == ["k", "k"] and "It closed" in shown(review)


def test_twelve_dimensions_are_searched():
    rng = np.random.default_rng(86)
    dims = [f"d{i}" for i in range(12)]
    for _ in range(5):
        leaves = pd.DataFrame(rng.integers(0, 2, (60, 12)), columns=dims)
        leaves["forecast"] = rng.poisson(50, 60) + 1.0
        hit = (leaves["d0"] == 0) & (leaves["d1"] == 1) & (leaves["d2"] == 0)
        leaves["actual"] = leaves["forecast"] * np.where(hit, 0.1, 1.0)
        found = [inside(leaves, cause.element) for cause in rootcause.locate(leaves, dims).causes]
        assert (np.any(found, axis=0) == hit).all()  # sixty rows can be described in many ways


def test_no_sign_stands_before_nothing(tmp_path):
    rng = np.random.default_rng(87)
    made = rows(lambda _: rng.poisson(10_000, len(DAYS)).astype(float))
    words = shown(opened(tmp_path / "ws", made).root_cause("2026-10", kpi="k"))
    assert not re.search(r"[+−]0(\.0*)?%", words)
