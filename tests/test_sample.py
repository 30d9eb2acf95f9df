"""The sample workspace: reproducible, complete, and holding the truths its README names (source: data/README.md)."""

import csv
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from opsretro import InputError, health, open_workspace
from opsretro.meeting.facts import Evidence
from opsretro.meeting.ledger import Ledger
from opsretro.tables.calendar import CalendarEnds, calendar_days
from opsretro.tables.health_register import months_that_differ, read_register
from opsretro.tables.meetings import as_json, read_meeting
from opsretro.tables.sample import story, write_sample
from opsretro.tables.sample.campaigns import campaigns
from opsretro.tables.survey import read_survey

DATA = Path(__file__).parents[1] / "data"
DIMENSIONS = ["channel", "city_tier", "device", "user_type"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return {path.relative_to(folder): path.read_bytes() for path in write_sample(folder)}


@pytest.fixture(scope="module")
def meeting():
    return read_meeting(DATA / "meetings" / "2026-10.json")


@pytest.fixture(scope="module")
def metrics():
    rows = pd.read_csv(DATA / "metrics.csv", parse_dates=["date"]).sort_values("loaded_at", na_position="first")
    rows = rows[~(rows["row_id"].notna() & rows.duplicated("row_id", keep="last"))]
    return rows.assign(month=rows["date"].dt.strftime("%Y-%m"))


def conversion(rows):
    by_kpi = rows.groupby("kpi")["value"].sum()
    return by_kpi["orders"] / by_kpi["visits"]


def limits(series):
    half = 2.66 * series.diff().abs().mean()
    return series.mean() - half, series.mean() + half


def test_data_folder_is_what_the_generator_writes_byte_for_byte(fresh):
    assert [str(path) for path, content in fresh.items() if (DATA / path).read_bytes() != content] == []


def test_another_seed_changes_random_tables_only(fresh, tmp_path):
    other = {path.relative_to(tmp_path): path.read_bytes() for path in write_sample(tmp_path, seed=1)}
    same = {path.name for path in fresh if fresh[path] == other.get(path)}
    static = {"retro.toml", "goals.csv", "events.csv", "activities.csv", "actions.yaml", "causes.yaml", "items.csv"}
    static |= {"lessons.yaml"}
    assert same == static | {"cost_ledger.csv", "suggestions.csv", "teams.csv"}


def test_the_register_holds_what_may_be_published_of_the_survey(tmp_path):
    survey = read_survey(shutil.copytree(DATA / "survey", tmp_path / "survey"))
    cells = health.publish(survey.answers, groups=["team"], items=survey.items)
    known = read_register(DATA / "survey" / "published.csv")
    assert set(known["month"]) == set(survey.answers["month"])
    assert months_that_differ(known, cells) == []


def test_sample_stays_below_ten_megabytes(fresh):
    assert sum(map(len, fresh.values())) <= 10_000_000


def test_every_file_is_utf8_with_bare_line_feeds(fresh):
    assert all(content.decode("utf-8").endswith("\n") and b"\r" not in content for content in fresh.values())


def test_every_row_has_as_many_fields_as_its_header(fresh):
    tables = [content.decode().splitlines() for path, content in fresh.items() if path.suffix == ".csv"]
    assert all(len({len(row) for row in csv.reader(lines)}) == 1 for lines in tables)


def test_every_kpi_has_every_day(metrics):
    assert (metrics.groupby("kpi")["date"].nunique() == 730).all()


def test_every_goal_finds_its_parts_in_metrics(metrics):
    goals = pd.read_csv(DATA / "goals.csv")
    parts = goals[["numerator", "denominator"]].stack().dropna()
    own = goals.loc[goals["numerator"].isna(), "kpi"]
    assert set(own) | set(parts) <= set(metrics["kpi"])


def test_goal_weights_add_up_to_one():
    assert pd.read_csv(DATA / "goals.csv")["weight"].sum() == pytest.approx(1.0)


def test_no_leaf_is_counted_twice(metrics):
    assert not metrics.duplicated(["date", "kpi", *DIMENSIONS]).any()


def test_a_kpi_is_split_by_the_same_dimensions_throughout(metrics):
    assert (metrics[DIMENSIONS].isna().groupby(metrics["kpi"]).nunique() == 1).all(axis=None)


def test_zeros_are_written(metrics):
    assert (metrics.groupby(["date", "kpi"]).size().unstack()[["visits", "orders", "gmv"]] == 60).all(axis=None)


def test_newest_row_of_an_id_wins_and_is_the_larger_one():
    rows = pd.read_csv(DATA / "metrics.csv").dropna(subset="row_id").sort_values("loaded_at")
    values = rows[rows.duplicated("row_id", keep=False)].groupby("row_id")["value"]
    assert (values.last() >= values.first()).all()
    assert rows["loaded_at"].max() == story.NEWEST_LOAD


def test_names_of_goals_activities_values_and_groups_are_there_in_both_languages(metrics):
    names = tomllib.loads((DATA / "retro.toml").read_text(encoding="utf-8"))["names"]
    goals, activities = pd.read_csv(DATA / "goals.csv"), pd.read_csv(DATA / "activities.csv")
    used = [goals["goal_id"], metrics["kpi"], *(metrics[name].dropna() for name in DIMENSIONS)]
    used += [activities["activity_id"], activities["type"], activities["target_segment"], DIMENSIONS, story.GROUPS]
    used += [story.SEGMENTS, goals["numerator"].dropna(), goals["denominator"].dropna()]
    assert set().union(*used) <= set(names)
    assert all(set(name) == {"zh-CN", "en"} for name in names.values())


def test_the_bug_leaves_the_planted_share_of_its_slices_conversion(metrics):
    hit = metrics[(metrics[list(story.BUG_SLICE)] == pd.Series(story.BUG_SLICE)).all(axis=1)]
    since = hit["date"] >= story.BUG_START
    left = conversion(hit[since]) / conversion(hit[~since])
    assert left == pytest.approx(story.BUG_CONVERSION_LEFT, abs=0.02)


def test_the_rest_of_the_shop_converts_as_before(metrics):
    rest = metrics[~(metrics[list(story.BUG_SLICE)] == pd.Series(story.BUG_SLICE)).all(axis=1)]
    since = rest["date"] >= story.BUG_START
    assert conversion(rest[since]) / conversion(rest[~since]) == pytest.approx(1.0, abs=0.02)


def test_total_conversion_of_the_last_month_is_below_its_limits(metrics):
    monthly = pd.Series({month: conversion(rows) for month, rows in metrics.groupby("month")})
    assert monthly.iloc[-1] < limits(monthly.iloc[:12])[0]


def test_gmv_of_the_last_month_ends_at_93_per_cent_of_its_target(metrics):
    target = pd.read_csv(DATA / "goals.csv", index_col="goal_id").loc["gmv", "target"]
    actual = metrics.loc[(metrics["kpi"] == "gmv") & (metrics["month"] == "2026-10"), "value"].sum()
    assert actual / target == pytest.approx(0.93, abs=0.005)


def test_refund_target_lies_outside_the_limits_of_the_process(metrics):
    monthly = metrics.pivot_table(index="month", columns="kpi", values="value", aggfunc="sum")
    lower, upper = limits((monthly["refunds"] / monthly["gmv"]).iloc[:12])
    assert not lower <= 0.045 <= upper


@pytest.mark.parametrize(("kpi", "inside"), [("reads_per_article", True), ("service_60s", False)])
def test_last_month_is_noise_for_reads_and_signal_for_service(metrics, kpi, inside):
    parts = metrics[metrics["kpi"] == kpi].groupby("month")[["numerator", "denominator"]].sum()
    monthly = parts["numerator"] / parts["denominator"]
    lower, upper = limits(monthly.iloc[:12])
    assert (lower <= monthly.iloc[-1] <= upper) == inside


def test_the_warm_up_looks_great_and_lost_money():
    truth = campaigns(story.SEED).truth.set_index("activity_id").loc["d11_warmup"]
    assert truth["attributed_roi"] == pytest.approx(2.10, abs=0.01)
    assert truth["roi"] == pytest.approx(-0.35, abs=0.02)


def test_recall_orders_show_a_profit_between_groups():
    users, orders = pd.read_csv(DATA / "users.csv"), pd.read_csv(DATA / "orders.csv")
    net = orders[orders["order_date"] <= "2026-10-21"].groupby("user_id")["gross_amount"].sum()
    mean = users["user_id"].map(net).fillna(0).groupby(users["group"]).mean()
    incremental = (mean["treat"] - mean["holdout"]) * (users["group"] == "treat").sum()
    assert incremental * 0.40 > 5_600


def test_only_the_growth_groups_workload_got_worse():
    said = pd.concat({m: pd.read_csv(DATA / f"survey/{m}.csv") for m in ("2026-09", "2026-10")}, names=["month"])
    agree = {"非常不同意": 1, "不同意": 2, "一般": 3, "同意": 4, "非常同意": 5}
    score = said["2、这个月我的工作量是做得完的"].map(agree).groupby([said["1、团队"], "month"]).mean().unstack()
    fall = score["2026-09"] - score["2026-10"]
    assert fall["growth"] > 0.8 > fall.drop("growth").max()


def test_the_meeting_is_written_as_the_kit_writes_it(meeting):
    assert (DATA / "meetings" / "2026-10.json").read_bytes() == as_json(meeting)


def test_the_meeting_is_over_and_nothing_of_its_course_is_left(meeting):
    assert (meeting.closed, meeting.session, dict(meeting.drafts), meeting.undo) == (True, "", {}, ())


def test_the_meeting_decided_what_stands_in_the_ledger(meeting):
    entry = Ledger(DATA / "actions.yaml").entry("A-2026-10-1").values
    kept = [decision for decision in meeting.decisions if decision.id == "A-2026-10-1"]
    assert [all(entry[name] == value for name, value in one.fields.items()) for one in kept] == [True]


def test_the_meeting_opened_with_what_the_review_flags(meeting):
    flagged = Evidence(open_workspace(DATA, lang="en"), "2026-10").facts()
    assert [(fact.section, fact.anchor) for fact in meeting.facts] == [(fact.section, fact.anchor) for fact in flagged]


def test_survey_addresses_are_reserved_for_documentation():
    said = pd.concat([pd.read_csv(path) for path in (DATA / "survey").glob("2026-*.csv")])  # RFC 5737
    assert said["来自IP"].str.startswith("192.0.2.").all()


@pytest.mark.parametrize(
    ("day", "kind"),
    [  # the State Council's notice on the holidays of 2026
        (date(2026, 2, 17), "holiday"),
        (date(2026, 2, 14), "makeup_workday"),
        (date(2026, 10, 10), "makeup_workday"),
        (date(2026, 10, 17), "weekend"),
        (date(2026, 10, 19), "workday"),
    ],
)
def test_calendar_knows_the_kind_of_a_day(day, kind):
    assert calendar_days(day, day)["day_type"].tolist() == [kind]


def test_calendar_says_where_it_ends():
    with pytest.raises(CalendarEnds, match=r"^The built-in calendar covers 2004 to \d{4}, not 2035; update the"):
        calendar_days(date(2035, 1, 1), date(2035, 1, 2))


def test_somebody_elses_tables_are_never_overwritten(tmp_path):
    (tmp_path / "goals.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"The folder already has goals\.csv; choose another folder"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["goals.csv"]


def test_an_earlier_sample_is_replaced(tmp_path):
    write_sample(tmp_path)
    (tmp_path / "goals.csv").write_text("spoilt", encoding="utf-8")
    write_sample(tmp_path)
    assert (tmp_path / "goals.csv").read_bytes() == (Path("data") / "goals.csv").read_bytes()
