"""From raw rows to the slice that moved: planted causes are found and dated, ordinary days and chance are none."""

import numpy as np
import pandas as pd
import pytest
from cause_cases import DIMS, counts, customers, opened, ratio, shop, told

from opsretro import open_workspace, rootcause
from opsretro.analysis.methods.expected_leaves import expected_leaves

DAYS = pd.date_range("2025-09-01", "2026-06-30")
SLICE, BEGINNING = {"channel": "ads", "city": "north"}, "2026-06-08"
FOUND = {"channel": ["ads"], "city": ["north"]}


def planted(times, element=SLICE, first=BEGINNING, last="2026-06-30"):
    return [(element, first, last, times)]


def sums(seed=11, effects=(), days=DAYS, dims=DIMS, **more):
    return counts("sales", seed, dims, days=days, effects=effects, **more)


def rates(seed=12, effects=(), days=DAYS):
    return ratio("returned", seed, counts("returned", seed + 1, days=days, level=400.0), 0.2, effects)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("times", [0.5, 1.7])
@pytest.mark.parametrize(("rows", "effect"), [(sums, "volume"), (rates, "rate")])
def test_planted_slice_direction_and_day_are_found_when_it_falls_and_when_it_rises(tmp_path, rows, effect, times):
    review = opened(tmp_path / "ws", rows(effects=planted(times))).root_cause("2026-06", kpi=rows().iloc[0]["kpi"])
    assert told(review) == [(FOUND, effect)]
    cause = review.causes.iloc[0]
    assert (cause["change"] > 0) == (times > 1)
    assert abs(pd.Timestamp(cause["since"]) - pd.Timestamp(BEGINNING)) <= pd.Timedelta(days=1)
    assert cause["earliest"] <= BEGINNING <= cause["latest"]


def test_the_multiplier_of_a_slice_is_the_planted_one_by_the_days_it_held(tmp_path):
    cause = opened(tmp_path / "ws", sums(effects=planted(0.5))).root_cause("2026-06", kpi="sales").causes.iloc[0]
    # 7 days of 30 whole, 23 at a half, all alike but for the week: about 0.62
    assert cause["multiplier"] == pytest.approx((7 + 23 * 0.5) / 30, abs=0.03)
    assert cause["multiplier_lower"] < cause["multiplier"] < cause["multiplier_upper"]


def test_change_of_a_slice_is_what_was_planted(tmp_path):
    rows = sums(effects=planted(0.5))
    cause = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales").causes.iloc[0]
    part = rows[(rows["channel"] == "ads") & (rows["city"] == "north")]
    lost = part.loc[part["date"] >= BEGINNING, "value"].sum()  # a half went, so as much as is left is missing
    assert cause["change"] == pytest.approx(-lost, rel=0.08)
    assert cause["lower"] < cause["change"] < cause["upper"] < 0


def test_a_movement_that_came_and_went_has_a_last_day(tmp_path):
    rows = sums(effects=planted(0.3, first="2026-06-05", last="2026-06-17"), level=200.0)
    cause = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales").causes.iloc[0]
    assert (cause["since"], cause["until"]) == ("2026-06-05", "2026-06-17")


def test_days_of_a_movement_that_had_begun_before_are_not_expected_from(whole):
    row = whole.root_cause("2026-06", kpi="refunds").kpi("refunds")
    assert (row["base_start"], row["base_end"]) == ("2026-03-01", "2026-05-19")
    assert row["reference"] == pytest.approx(0.1, abs=0.002)  # the planted rate


def test_falls_and_rises_that_cancel_are_both_found(tmp_path):
    both = [*planted(0.5, {"city": "north"}), *planted(1.6, {"city": "south"})]
    review = opened(tmp_path / "ws", sums(effects=both)).root_cause("2026-06", kpi="sales")
    assert sorted(element["city"][0] for element, _ in told(review)) == ["north", "south"]
    assert set(np.sign(review.causes["change"])) == {-1.0, 1.0}


def test_a_growth_that_all_slices_share_is_no_cause(tmp_path):
    review = opened(tmp_path / "ws", sums(effects=planted(1.3, {}))).root_cause("2026-06", kpi="sales")
    row = review.kpi("sales")
    assert (row["state"], told(review)) == ("nothing", [])
    assert row["common"] == pytest.approx(row["moved"], rel=0.05)


@pytest.mark.parametrize("seed", range(20, 26))
@pytest.mark.parametrize(("rows", "kpi"), [(sums, "sales"), (rates, "returned")])
def test_where_nothing_happened_nothing_is_found(tmp_path, rows, kpi, seed):
    row = opened(tmp_path / "ws", rows(seed)).root_cause("2026-06", kpi=kpi).kpi(kpi)
    assert (row["state"], row["since"]) == ("nothing", "")


@pytest.mark.parametrize("against", ["expected", "previous", "same_last_year", "2026-03", "2025-Q4", "2025"])
def test_the_planted_slice_is_found_against_any_other_period(whole, against):
    assert told(whole.root_cause("2026-06", kpi="sales", against=against)) == [(FOUND, "volume")]


@pytest.mark.parametrize(
    ("period", "against", "first", "last"),
    [
        ("2026-06", "expected", "2026-03-01", "2026-05-31"),
        ("2026-06", "previous", "2026-05-01", "2026-05-31"),
        ("2026-06", "same_last_year", "2025-06-01", "2025-06-30"),
        ("2026-06", "2026-02", "2026-02-01", "2026-02-28"),
        ("2026-02", "same_last_year", "2025-02-01", "2025-02-28"),
        ("2026-01", "previous", "2025-12-01", "2025-12-31"),
        ("2026-Q2", "expected", "2026-01-01", "2026-03-31"),
        ("2026-Q2", "previous", "2026-01-01", "2026-03-31"),
        ("2026-Q1", "same_last_year", "2025-01-01", "2025-03-31"),
        ("2026", "previous", "2025-01-01", "2025-12-31"),
        ("2026", "expected", "2025-01-01", "2025-12-31"),
        ("2026", "same_last_year", "2025-01-01", "2025-12-31"),
    ],
)
def test_the_days_that_are_compared_with(whole, period, against, first, last):
    row = whole.root_cause(period, kpi="hours", against=against).kpi("hours")  # by the calendar on the wall
    assert (row["base_start"], row["base_end"], row["against"]) == (first, last, against)


@pytest.mark.parametrize("period", ["2026-Q2", "2026"])
def test_a_quarter_and_a_year_tell_the_planted_slice(whole, period):
    review = whole.root_cause(period, kpi="sales", against="previous")
    assert told(review) == [(FOUND, "volume")]
    assert (review.period, review.kpi("revenue")["end"]) == (period, "2026-06-30")


def test_actual_and_reference_are_the_sums_of_their_days(whole):
    row = whole.root_cause("2026-06", kpi="sales", against="previous").kpi("revenue")
    rows = whole.tables["metrics"].query("kpi == 'sales'")
    sums_of = rows.groupby(rows["date"].dt.strftime("%Y-%m"))["value"].sum()
    assert row[["actual", "reference"]].tolist() == pytest.approx(sums_of[["2026-06", "2026-05"]].tolist(), rel=1e-12)


def test_a_ratio_of_two_kpis_is_the_ratio_of_their_sums(whole):
    row = whole.root_cause("2026-06", kpi="buying", against="previous").kpi("buying")
    rows = whole.tables["metrics"]
    total = rows.groupby([rows["date"].dt.strftime("%Y-%m"), "kpi"])["value"].sum()
    by_hand = [total[month, "orders"] / total[month, "visits"] for month in ("2026-06", "2026-05")]
    assert row[["actual", "reference"]].tolist() == pytest.approx(by_hand, rel=1e-12)


def test_a_ratio_of_two_kpis_names_the_slice_whose_rate_fell(whole):
    review = whole.root_cause("2026-06", kpi="buying")
    assert told(review) == [(FOUND, "rate")]
    cause = review.causes.iloc[0]
    assert (cause["since"], cause["actual"] < cause["expected"]) == ("2026-06-10", True)


def test_a_level_is_what_its_newest_day_says(whole):
    review = whole.root_cause("2026-06", kpi="store")
    stock = whole.tables["metrics"].query("kpi == 'stock'").groupby("date")["value"].sum()
    row = review.kpi("store")
    assert row[["actual", "reference"]].tolist() == stock[["2026-06-30", "2026-05-31"]].tolist()
    assert told(review) == [({"city": ["south"]}, "volume")]


def test_a_kpi_without_dimensions_is_dated_as_a_whole(whole):
    row = whole.root_cause("2026-06", kpi="hours").kpi("hours")
    assert (row["state"], row["since"], row["until"]) == ("no_dims", "2026-06-08", "")
    assert (row["dims"], row["n_leaves"]) == ([], 0)


def test_the_half_that_moved_is_named_not_the_half_that_stayed(tmp_path):
    # the web holds 55 % of the counts; its rate doubles, that of the app stays as it was
    rows = rates(effects=planted(2.0, {"device": "web"}, first="2026-06-01"))
    assert told(opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="returned")) == [({"device": ["web"]}, "rate")]


@pytest.mark.parametrize("against", ["previous", "expected"])
@pytest.mark.parametrize("month", ["2026-02", "2026-05", "2026-06", "2026-08", "2026-10"])
def test_customers_who_buy_on_workdays_only_are_no_cause_of_weekends_and_holidays(tmp_path, month, against):
    # May has 19 workdays, June 21, August 10 days of weekend, October Golden Week and February Spring Festival
    rows = customers(31, "2024-10-01", "2026-10-31")
    review = opened(tmp_path / "ws", rows).root_cause(month, kpi="sales", against=against)
    assert told(review) == []


def test_without_the_calendar_the_same_rows_would_name_the_customers():
    now, before = pd.date_range("2026-10-01", "2026-10-31"), pd.date_range("2026-09-01", "2026-09-30")
    rows, dims = customers(31, "2024-10-01", "2026-10-31"), ["customer", "city"]
    leaves = expected_leaves(rows, dims, "value", period=now, base=before, calendar=None)
    assert {"customer"} in [set(one.element) for one in rootcause.locate(leaves, dims).causes]


def test_the_calendar_is_told_apart_from_what_happened(tmp_path):
    rows = customers(32, "2024-10-01", "2026-10-31")
    rows.loc[(rows["city"] == "east") & (rows["date"] >= "2026-10-09"), "value"] *= 0.4
    review = opened(tmp_path / "ws", rows).root_cause("2026-10", kpi="sales", against="previous")
    assert told(review) == [({"city": ["east"]}, "volume")]
    assert review.causes.iloc[0]["since"] == "2026-10-09"


def test_a_running_month_ends_with_the_newest_day_and_is_held_against_as_many_days(tmp_path):
    rows = sums(days=DAYS[DAYS <= "2026-06-15"], level=200.0)
    row = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales").kpi("sales")
    assert (row["start"], row["end"], row["state"]) == ("2026-06-01", "2026-06-15", "nothing")
    assert row["reference"] == pytest.approx(row["actual"], rel=0.02)


@pytest.mark.parametrize("against", ["expected", "previous"])
def test_a_cause_in_a_running_month_is_found(tmp_path, against):
    rows = sums(days=DAYS[DAYS <= "2026-06-18"], effects=planted(0.4))
    review = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales", against=against)
    assert told(review) == [(FOUND, "volume")]


def test_a_day_that_is_named_ends_the_period_and_hides_what_came_later(whole):
    early = open_workspace(whole.inputs.folder, lang="en", as_of="2026-06-08").root_cause("2026-06", kpi="sales")
    row = early.kpi("revenue")
    assert (row["end"], row["state"]) == ("2026-06-08", "nothing")  # two days before it began


def test_days_that_are_still_filling_up_are_left_out(tmp_path):
    rows = sums()
    rows.loc[(rows["date"] >= "2026-06-28") & (rows["city"] == "east"), "value"] *= 0.1
    text = "[thresholds]\nincomplete_days = 3\n"
    row = opened(tmp_path / "ws", rows, retro_toml=text).root_cause("2026-06", kpi="sales").kpi("sales")
    assert (row["end"], row["state"]) == ("2026-06-27", "nothing")


def test_several_values_that_fell_alike_are_told_and_no_others(tmp_path):
    both = [*planted(0.5, {"city": "east"}), *planted(0.5, {"city": "south"})]  # together 41 % of the counts
    review = opened(tmp_path / "ws", sums(effects=both)).root_cause("2026-06", kpi="sales")
    assert set(review.elements["dimension"]) == {"city"}
    assert sorted(review.elements["value"]) == ["east", "south"]


GOAL = """\
goal_id,name,statement,kpi,owner,direction,unit,target,weight,start,deadline,aggregation,source
score,Score,Score well,score,team,higher,{unit},4,1,2026-01-01,2026-12-31,{aggregation},metrics
"""


@pytest.mark.parametrize(("unit", "aggregation", "scale"), [("count", "mean", 1), ("percent", "mean_rate", 100)])
def test_a_mean_of_rows_is_told_as_the_rate_of_a_slice(tmp_path, unit, aggregation, scale):
    rows = sums(13, planted(0.5), level=400.0).assign(kpi="score")
    goal = GOAL.format(unit=unit, aggregation=aggregation)
    review = opened(tmp_path / "ws", rows, goals_csv=goal).root_cause("2026-06", kpi="score", against="previous")
    by_hand = rows.groupby(rows["date"].dt.strftime("%Y-%m"))["value"].mean() / scale
    row = review.kpi("score")
    assert row[["actual", "reference"]].tolist() == pytest.approx(by_hand[["2026-06", "2026-05"]].tolist(), rel=1e-12)
    assert told(review) == [(FOUND, "rate")]


def test_a_level_with_times_of_day_is_what_its_newest_moment_says(tmp_path):
    rows = counts("stock", 14, {"city": DIMS["city"]}, days=DAYS, level=900.0)
    stamps = [rows.assign(ts_utc=rows["date"].dt.strftime(f"%Y-%m-%dT{hour}:00:00Z")) for hour in ("01", "09")]
    stamps[0]["value"] += 5_000
    goal = GOAL.replace("score,team", "stock,team").replace("score,Score", "store,Stock").replace(",score,", ",stock,")
    goal = goal.format(unit="count", aggregation="last")
    both = pd.concat(stamps).drop(columns="date")
    row = opened(tmp_path / "ws", both, goals_csv=goal).root_cause("2026-06", kpi="stock").kpi("store")
    newest = rows.groupby("date")["value"].sum()
    assert row[["actual", "reference"]].tolist() == newest[["2026-06-30", "2026-05-31"]].tolist()


def test_where_looks_inside_a_slice(whole):
    review = whole.root_cause("2026-06", kpi="sales", where={"city": "north"})
    row = review.kpi("revenue")
    assert (review.element("revenue", 0), row["dims"]) == ({"city": ["north"]}, ["channel", "device"])
    assert told(review) == [({"channel": ["ads"]}, "volume")]
    rows = whole.tables["metrics"].query("kpi == 'sales' and city == 'north' and date >= '2026-06-01'")
    assert row["actual"] == pytest.approx(rows["value"].sum(), rel=1e-12)


def test_where_finds_nothing_in_a_slice_where_nothing_happened(whole):
    review = whole.root_cause("2026-06", kpi="sales", where={"city": "south", "device": "web"})
    assert (review.kpi("revenue")["state"], review.kpi("revenue")["dims"]) == ("nothing", ["channel"])


def test_a_missing_dimension_value_can_be_the_cause(tmp_path):
    dims = {"channel": (None, "ads", "mail", "search"), "city": DIMS["city"]}
    rows = sums(dims=dims, effects=planted(0.4, {"channel": None}))
    review = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales")
    assert told(review) == [({"channel": [None]}, "volume")]
    assert review.elements[["value", "is_missing"]].to_numpy().tolist() == [["", True]]
    assert review.of("drill", "sales").query("is_missing")["state"].tolist() == ["cause"]


def test_missing_values_are_leaves_like_others(tmp_path):
    dims = {"channel": (None, "ads", "mail", "search"), "city": (None, "east", "north", "south")}
    review = opened(tmp_path / "ws", sums(dims=dims, effects=planted(0.4))).root_cause("2026-06", kpi="sales")
    assert (told(review), review.kpi("sales")["n_leaves"]) == ([(FOUND, "volume")], 16)


def without(rows, first, last):
    """The rows without the mail of these days."""
    return rows[~((rows["channel"] == "mail") & rows["date"].between(first, last))]


def test_a_value_that_is_new_is_found(tmp_path):
    rows = without(sums(), "2025-01-01", "2026-06-07")
    review = opened(tmp_path / "ws", rows).root_cause("2026-06", kpi="sales")
    assert told(review) == [({"channel": ["mail"]}, "volume")]
    cause = review.causes.iloc[0]
    assert (cause["expected"], cause["multiplier"]) == (0.0, np.inf)
    assert cause["actual"] == rows.query("channel == 'mail'")["value"].sum()


def test_a_value_that_has_vanished_is_found(tmp_path):
    review = opened(tmp_path / "ws", without(sums(), "2026-06-01", "2026-06-30")).root_cause("2026-06", kpi="sales")
    assert told(review) == [({"channel": ["mail"]}, "volume")]
    assert review.causes.iloc[0][["actual", "multiplier"]].tolist() == [0.0, 0.0]


def simpson(seed):
    """Every month 8000 at 10 % and 2000 at 2 %; in the last 3000 at 10.5 % and 7000 at 2.2 %; in five cities each."""
    rng, tables = np.random.default_rng(seed), []
    now = DAYS >= "2026-06-01"
    for tier, size, share in (("t1", (8000, 3000), (0.1, 0.105)), ("t3", (2000, 7000), (0.02, 0.022))):
        for city in "abcde":
            below = rng.poisson(np.where(now, size[1] / 30, size[0] / 31) / 5)
            above = rng.binomial(below, np.where(now, share[1], share[0]))
            cells = {"date": DAYS, "tier": tier, "city": city, "kpi": "buying"}
            tables.append(pd.DataFrame({**cells, "numerator": above, "denominator": below}))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_where_only_the_weights_moved_the_cause_is_mix_though_every_rate_rose(tmp_path, seed):
    review = opened(tmp_path / "ws", simpson(seed)).root_cause("2026-06", kpi="buying", against="previous")
    row = review.kpi("buying")
    assert row["change"] == pytest.approx(-0.0371, abs=0.008)  # 8.40 -> 4.69 %
    element, effect = told(review)[0]
    assert (list(element), effect) == (["tier"], "mix")
    assert not [one for one, what in told(review) if what == "rate" and list(one) == ["tier"]]
