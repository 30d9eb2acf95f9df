"""Questions that cannot be answered: every slip is named with what to write instead, all at once."""

import re

import pandas as pd
import pytest
from cause_cases import GOALS, counts, opened, shop_metrics

from opsretro import InputError, open_workspace

DAYS = pd.date_range("2026-01-01", "2026-06-30")
DIMENSIONS = "channel, city, device"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    rows = shop_metrics()
    rows = rows[rows["date"] >= "2026-03-01"]
    return opened(tmp_path_factory.mktemp("input") / "ws", rows, goals_csv=GOALS)


def refused(workspace, told, period="2026-06", **more):
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        workspace.root_cause(period, **more)


def test_a_misspelt_kpi_is_told_the_nearest(workspace):
    refused(workspace, "kpi: 1 problem. 'slaes' is not known; write one of: sales.", kpi="slaes")


def test_an_unknown_kpi_is_told_all_goals_and_kpis(workspace):
    names = "busy, buying, hours, logins, north, orders, refund_rate, refunds, revenue, sales, stock, store, visits"
    refused(workspace, f"kpi: 1 problem. 'xyz' is not known; write one of: {names}.", kpi="xyz")


def test_all_unknown_kpis_are_named_at_once(workspace):
    told = "kpi: 2 problems. 'slaes' is not known; write one of: sales. 'visit' is not known; write one of: visits."
    refused(workspace, told, kpi=["slaes", "hours", "visit"])


def test_unknown_dimensions_are_named_at_once(workspace):
    told = (
        f"where: 2 problems. 'town' is not known; write one of: {DIMENSIONS}. "
        f"'app' is not known; write one of: {DIMENSIONS}."
    )
    refused(workspace, told, kpi="sales", where={"town": "north", "city": "north", "app": "x"})


@pytest.mark.parametrize("column", ["kpi", "value", "date", "numerator", "loaded_at"])
def test_a_column_that_is_no_dimension_is_no_slice(workspace, column):
    told = f"where: 1 problem. '{column}' is not known; write one of: {DIMENSIONS}."
    refused(workspace, told, kpi="sales", where={column: "x"})


def test_a_slice_is_looked_inside_for_kpis_that_are_named_only(workspace):
    told = "where: 1 problem. A slice is looked inside for the KPIs that are named only; name them with kpi."
    refused(workspace, told, where={"city": "north"})


def test_a_value_no_row_has_is_refused_with_the_nearest(workspace):
    told = "where: 1 problem. 'nort' is not known; write one of: north."
    refused(workspace, told, kpi="sales", where={"city": "nort"})


def test_a_goal_on_one_slice_does_not_answer_for_another(workspace):
    # the goal 'north' watches city=north: no row lies in the north and in the south
    review = workspace.root_cause("2026-06", kpi="north", where={"city": "south"})
    assert review.kpi("north")["state"] == "no_data"


@pytest.mark.parametrize("against", ["last_month", "", "2026-13", "2026-Q9", "Expected"])
def test_a_comparison_that_is_none(workspace, against):
    known = "expected, previous, same_last_year, 2026-07"
    refused(workspace, f"against: 1 problem. '{against}' is not known; write one of: {known}.", against=against)


@pytest.mark.parametrize("period", ["2026-6", "June", "", "2026-06-01"])
def test_a_period_that_is_none(workspace, period):
    told = f"period: 1 problem. '{period}' is no period; write 2026-10, 2026-Q3 or 2026."
    refused(workspace, told, period, kpi="sales")


def test_without_metrics_there_is_nothing_to_search(tmp_path):
    (tmp_path / "goals.csv").write_text(GOALS, encoding="utf-8")
    told = (
        "metrics.csv: 1 problem. The table is absent or has no rows, and the section 'rootcause' cannot do without it; "
        "fill it."
    )
    refused(open_workspace(tmp_path, lang="en"), told)


def test_errors_come_in_the_language_of_the_workspace(workspace):
    chinese = open_workspace(workspace.inputs.folder, lang="zh-CN")
    with pytest.raises(InputError, match=r"^kpi：1 个问题。不认识“slaes”；请写其中之一：sales。$"):
        chinese.root_cause("2026-06", kpi="slaes")


@pytest.mark.parametrize("chain", ['"visits"', "[]", '["visits", ""]', "[1]", '[["visits"]]'])
def test_drivers_that_are_no_chain(tmp_path, chain):
    value = {'"visits"': "'visits'"}.get(chain, chain.replace('"', "'"))
    told = (
        f"retro.toml: 1 problem. [drivers] is '{{'sales': {value}}}'; write gmv = [\"visits\", \"orders\"]: "
        "the KPIs a KPI is the product of, the widest first."
    )
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        opened(tmp_path / "ws", counts("sales", 61, days=DAYS), retro_toml=f"[drivers]\nsales = {chain}\n")


@pytest.mark.parametrize("chain", ['["visits", "sales"]', '["sales"]', "[]", "3", "[3]"])
def test_drivers_are_other_kpis(tmp_path, chain):
    told = (
        f"retro.toml: 1 problem. [drivers] is '{{'sales': {chain.replace(chr(34), chr(39))}}}'; write gmv = "
        '["visits", "orders"]: the KPIs a KPI is the product of, the widest first.'
    )
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        opened(tmp_path / "ws", counts("sales", 62, days=DAYS), retro_toml=f"[drivers]\nsales = {chain}\n")


def test_a_misspelt_driver_is_named(tmp_path):
    rows = [counts("sales", 62, days=DAYS), counts("visits", 63, days=DAYS)]
    ops = opened(tmp_path / "ws", *rows, retro_toml='[drivers]\nsales = ["visit"]\n')
    told = "retro.toml: 1 problem. Metrics has no 'visit'; it has 'visits', write that."
    with pytest.raises(InputError, match=f"^{re.escape(told)}$"):
        ops.root_cause("2026-06", kpi="sales")
