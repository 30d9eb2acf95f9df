"""Which factor of a sum moved: splits that close, the planted factor by name, and slices a chain does not know."""

import pandas as pd
import pytest
from cause_cases import DIMS, FALL, SETTINGS, counts, opened, shares, shop

DAYS = pd.date_range("2026-01-01", "2026-06-30")
PLANTED = [({"city": "north"}, "2026-06-01", "2026-06-30", 0.5)]


def chain(*, visits=(), orders=(), basket=40.0, seed=71):
    """Rows of visits, orders and sales; each has its own planted effects."""
    seen = counts("visits", seed, days=DAYS, level=400.0, effects=visits)
    bought = shares("orders", seed + 1, seen, 0.1, orders)
    return [seen, bought, bought.assign(kpi="sales", value=bought["value"] * basket)]


def searched(folder, rows, **more):
    return opened(folder / "ws", *rows, **({"retro_toml": SETTINGS} | more)).root_cause("2026-06", kpi="sales")


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("drivers")).root_cause("2026-06", kpi=["sales", "visits", "buying"])


def test_factors_of_the_whole_and_of_every_slice_are_told(review):
    for rank in (0, 1):
        factors = review.of("drivers", "revenue", rank)["factor"].tolist()
        assert factors == ["visits", "orders/visits", "sales/orders"]
    assert set(review.drivers["method"]) == {"shapley"}


def test_effects_of_the_whole_add_up_to_its_change(review):
    effects = review.of("drivers", "revenue", 0)["effect"]
    assert effects.sum() == pytest.approx(review.kpi("revenue")["moved"], rel=1e-9)


def test_effects_of_a_slice_add_up_to_what_the_slice_did(review):
    cause = review.of("causes", "revenue", 1).iloc[0]
    effects = review.of("drivers", "revenue", 1)["effect"]
    assert effects.sum() == pytest.approx(cause["actual"] - cause["expected"], rel=1e-9)


@pytest.mark.parametrize("rank", [0, 1])
def test_the_factors_multiply_to_what_was_and_what_was_expected(review, rank):
    rows = review.of("drivers", "revenue", rank)
    after, before = (rows[side].prod() for side in ("after", "before"))
    whole = review.kpi("revenue")[["actual", "reference"]].tolist()
    cause = review.of("causes", "revenue", 1).iloc[0][["actual", "expected"]].tolist()
    assert [after, before] == pytest.approx((whole, cause)[rank], rel=1e-9)


def test_the_planted_factor_is_named(review):
    cause = review.of("causes", "revenue", 1).iloc[0]
    assert cause["driver"] == "orders/visits"  # visits and the value of an order stayed
    assert cause["driver_share"] == pytest.approx(1.0, abs=0.1)


def test_the_factor_has_the_planted_size(review):
    rows = review.of("drivers", "revenue", 1).set_index("factor")
    ratio = rows["after"] / rows["before"]
    held = (9 + 21 * FALL[3]) / 30  # 21 days of June at 0.4
    assert ratio["orders/visits"] == pytest.approx(held, abs=0.03)
    assert ratio[["visits", "sales/orders"]].tolist() == pytest.approx([1.0, 1.0], abs=0.02)


@pytest.mark.parametrize(("where", "factor"), [("visits", "visits"), ("orders", "orders/visits")])
def test_the_factor_that_moved_is_named_whichever_it_is(tmp_path, where, factor):
    review = searched(tmp_path, chain(**{where: PLANTED}))
    assert review.causes.iloc[0]["driver"] == factor
    assert review.element("sales", 1) == {"city": ["north"]}


def test_a_higher_value_of_an_order_is_named(tmp_path):
    rows = chain()
    hit = (rows[2]["city"] == "north") & (rows[2]["date"] >= "2026-06-01")
    rows[2].loc[hit, "value"] *= 2
    cause = searched(tmp_path, rows).causes.iloc[0]
    assert (cause["driver"], cause["change"] > 0) == ("sales/orders", True)


def test_a_ratio_and_a_kpi_without_a_chain_have_no_drivers(review):
    assert set(review.drivers["subject"]) == {"revenue"}
    assert review.of("causes", "buying")["driver"].tolist() == [""]


def test_the_chain_is_counted_inside_the_slice_that_is_looked_at(tmp_path):
    rows = chain(orders=PLANTED)
    workspace = opened(tmp_path / "ws", *rows, retro_toml=SETTINGS)
    review = workspace.root_cause("2026-06", kpi="sales", where={"city": "north"})
    seen = rows[0].query("city == 'north' and date >= '2026-06-01'")["value"].sum()
    assert review.of("drivers", "sales", 0).set_index("factor").loc["visits", "after"] == pytest.approx(seen)


def test_a_step_that_does_not_know_the_slice_leaves_the_whole_only(tmp_path):
    seen, *others = chain(orders=PLANTED)
    seen = seen.groupby(["date", "kpi"], as_index=False)["value"].sum()
    review = searched(tmp_path, [seen, *others])
    assert set(review.drivers["rank"]) == {0}
    assert review.causes["driver"].tolist() == [""]


def test_a_step_without_rows_gives_no_split(tmp_path):
    _, orders, sales = chain(orders=PLANTED)
    review = searched(tmp_path, [orders, sales])
    assert (len(review.drivers), review.kpi("sales")["state"]) == (0, "found")


def test_a_slice_that_vanished_altogether_has_no_split_of_its_own(tmp_path):
    rows = [part[~((part["city"] == "north") & (part["date"] >= "2026-06-01"))] for part in chain()]
    review = searched(tmp_path, rows)
    assert review.element("sales", 1) == {"city": ["north"]}
    assert set(review.drivers["rank"]) == {0}


def test_against_another_period_the_split_closes_on_what_moved(tmp_path):
    workspace = opened(tmp_path / "ws", *chain(orders=PLANTED), retro_toml=SETTINGS)
    review = workspace.root_cause("2026-06", kpi="sales", against="previous")
    assert review.of("drivers", "sales", 0)["effect"].sum() == pytest.approx(review.kpi("sales")["moved"], rel=1e-9)


def test_the_dimensions_of_the_case_are_those_of_the_chain(review):
    assert review.kpi("revenue")["dims"] == list(DIMS)
