"""What every slice would have been by its own past: sums, calendars of its own, missing values, sparse tables."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsretro.analysis.methods.expected_leaves import expected_leaves
from opsretro.tables.calendar import working_calendar

DAYS = pd.date_range("2025-09-01", "2026-06-30")
MAY, JUNE = pd.date_range("2026-05-01", "2026-05-31"), pd.date_range("2026-06-01", "2026-06-30")
CALENDAR = working_calendar(date(2025, 9, 1), date(2026, 6, 30), country="CN", own=None).days
OFFICE = CALENDAR.set_index("date")["day_type"].reindex(DAYS).isin(["workday", "makeup_workday"]).to_numpy()


def table(series):
    """Rows of date, customer, value."""
    frames = [pd.DataFrame({"date": DAYS, "customer": name, "value": values}) for name, values in series.items()]
    return pd.concat(frames, ignore_index=True)


def expected(rows, dims=("customer",), period=JUNE, base=MAY, calendar=CALENDAR):
    found = expected_leaves(rows, list(dims), "value", period=period, base=base, calendar=calendar)
    return found.set_index(list(dims)) if dims else found


def poisson(rng, office, home):
    return rng.poisson(np.where(OFFICE, office, home)).astype(float)


def test_actual_and_base_are_plain_sums():
    rows = table({"firms": np.arange(len(DAYS), dtype=float)})
    found = expected(rows)
    assert found["actual"].tolist() == [rows.loc[rows["date"].isin(JUNE), "value"].sum()]
    assert found["base"].tolist() == [rows.loc[rows["date"].isin(MAY), "value"].sum()]


def test_a_month_with_fewer_free_days_brings_more_to_those_who_buy_on_workdays():
    # May 2026 has 19 working days of 31, June 21 of 30; by hand: firms 21/19, homes (9 x 3 + 21)/(12 x 3 + 19) of May
    rng = np.random.default_rng(71)
    found = expected(table({"firms": poisson(rng, 900, 90), "homes": poisson(rng, 400, 1200)}))
    ratio = found["forecast"] / found["base"]
    workdays = [OFFICE[DAYS.isin(month)].sum() for month in (MAY, JUNE)]
    firms, homes = (
        [sum(office if day else home for day in OFFICE[DAYS.isin(m)]) for m in (MAY, JUNE)]
        for office, home in ((900, 90), (400, 1200))
    )
    assert workdays == [19, 21]
    assert ratio["firms"] == pytest.approx(firms[1] / firms[0], rel=0.02)
    assert ratio["homes"] == pytest.approx(homes[1] / homes[0], rel=0.02)


def test_slices_with_the_same_week_are_not_told_apart_by_their_noise():
    rng, apart = np.random.default_rng(72), []
    for _ in range(10):
        found = expected(table({name: poisson(rng, 50, 80) for name in "abcdef"}))
        ratio = found["forecast"] / found["base"]
        apart.append(ratio.max() / ratio.min() - 1)
    assert np.mean(apart) < 0.01


def test_the_forecasts_of_every_dimension_agree_in_their_total():
    rng = np.random.default_rng(73)
    rows = pd.concat(
        [
            table({"firms": poisson(rng, 90, 9)}).assign(city="a"),
            table({"firms": poisson(rng, 30, 3), "homes": poisson(rng, 40, 120)}).assign(city="b"),
        ]
    )
    whole = expected(rows, ()).iloc[0]
    for dims in (("customer",), ("city",), ("customer", "city")):
        assert expected(rows, dims)["forecast"].sum() == pytest.approx(whole["forecast"], rel=1e-9)


def test_a_missing_value_of_a_dimension_is_a_value_of_its_own():
    rows = table({"firms": np.full(len(DAYS), 2.0)})
    rows.loc[::2, "customer"] = None
    found = expected_leaves(rows, ["customer"], "value", period=JUNE, base=MAY, calendar=CALENDAR)
    assert found["customer"].tolist() == ["firms", None]
    assert found["actual"].sum() == 60.0


def test_a_table_by_month_is_compared_as_it_is():
    rows = pd.DataFrame(
        {"date": pd.to_datetime(["2026-05-01", "2026-06-01"]), "customer": "firms", "value": [50.0, 70.0]}
    )
    assert expected(rows)[["actual", "base", "forecast"]].to_numpy().tolist() == [[70.0, 50.0, 50.0]]


def test_values_that_are_new_or_have_gone_stay_on_the_table():
    rows = table({"firms": np.full(len(DAYS), 9.0)})
    new = pd.DataFrame({"date": JUNE, "customer": "new", "value": 3.0})
    gone = pd.DataFrame({"date": MAY, "customer": "gone", "value": 2.0})
    found = expected(pd.concat([rows, new, gone], ignore_index=True))
    assert found.loc["new", ["actual", "forecast"]].tolist() == [90.0, 0.0]
    assert found.loc["gone", "actual"] == 0.0 and found.loc["gone", "forecast"] > 0


def test_without_days_to_expect_from_nothing_is_expected():
    rows = table({"firms": np.full(len(DAYS), 2.0)})
    assert expected(rows, base=pd.date_range("2024-01-01", "2024-01-31"))["forecast"].tolist() == [0.0]


def test_negative_values_are_added_up():
    rows = table({"firms": np.full(len(DAYS), 5.0), "refunds": np.full(len(DAYS), -1.0)})
    found = expected(rows)
    assert found.loc["refunds", ["actual", "base"]].tolist() == [-30.0, -31.0]
    assert np.isfinite(found["forecast"]).all()
