"""The follow-up of a period: which actions it lists, how they stand, and what the month's run keeps of it."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest
from follow_cases import START, by_id, daily, entry, ledger, whole, workspace

from opsretro import cli, open_workspace
from opsretro.analysis.follow_review import FollowUp
from opsretro.errors import InputError
from opsretro.report.views import load
from opsretro.tables.readings import COLUMNS as READING
from opsretro.tables.readings import read_readings

METRICS = pd.concat([daily(lift=0.2), daily("calm", seed=2), daily("wild", noise=0.6, seed=4)])
LEDGER = ledger(
    entry("last", start=START, created_in="2026-09", status="check"),
    entry("late", metric="calm", due="2026-10-21", created_in="2026-09", status="do", carry_count=2),
    entry("older", metric="wild", due="2026-12-01", created_in="2026-07", carry_count=3),
    entry("calm", metric="calm", start=START, due=START, created_in="2026-08", status="act", check_on="2026-10-15"),
    entry("over", start="2026-03-02", created_in="2026-03", status="act", check_on="2026-05-31"),
    entry("next", due="2026-11-20", created_in="2026-10"),
    entry("future", due="2026-12-20", created_in="2026-11"),
)
"""Every way an action can stand to October 2026."""


def reading(period, name, verdict, as_of="2026-09-30"):
    row = dict.fromkeys(READING, "") | dict.fromkeys(("effect", "lower", "upper"))
    row |= {"period": period, "as_of": as_of, "id": name, "verdict": verdict}
    return json.dumps(row) + "\n"


@pytest.fixture(scope="module")
def ops(tmp_path_factory):
    kept = reading("2026-08", "last", "moved") + reading("2026-09", "last", "cannot_tell", "2026-10-02")
    kept += (
        reading("2026-10", "last", "not_moved") + reading("2026-11", "last", "moved") + reading("2026-09", "x", "moved")
    )
    return workspace(tmp_path_factory.mktemp("ws"), LEDGER, METRICS, {"readings.jsonl": kept})


@pytest.fixture(scope="module")
def october(ops):
    return ops.follow_up("2026-10")


@pytest.fixture
def review(tmp_path):
    """The follow-up of October of a ledger and, where they are given, of other metrics or files."""

    def reviewed(*entries, metrics=METRICS, files=None, period="2026-10", as_of=None):
        return workspace(tmp_path, ledger(*entries), metrics, files, as_of).follow_up(period)

    return reviewed


def listed(review):
    return review.actions["id"].tolist()


def test_last_months_actions_come_first_then_older_ones_then_those_for_next_month(october):
    assert listed(october) == ["last", "late", "calm", "older", "next"]


def test_what_was_decided_last_time_and_what_is_for_next_month_is_marked(october):
    rows = october.actions
    assert rows[rows["is_last"]]["id"].tolist() == ["last", "late"]
    assert rows[rows["is_next"]]["id"].tolist() == ["next"]


def test_an_action_that_was_over_and_checked_is_no_longer_listed(october):
    assert not {"over", "future"} & set(listed(october))


def test_an_action_that_is_done_is_listed_in_the_month_after_it_was_decided(review):
    # done is not worked: decided and begun in September, October is the first month that can say what it did
    done = entry("done", start=START, created_in="2026-09", status="act")
    rows = review(done, entry("old", metric="calm", due="2026-12-01", created_in="2026-06")).actions
    assert rows[rows["is_last"]]["id"].tolist() == ["done"] and rows.loc[0, "verdict"] == "moved"


def test_an_action_that_was_dropped_since_last_time_is_told(review):
    dropped = entry("dropped", due="2026-09-20", created_in="2026-09", status="dropped")
    assert "dropped" in listed(review(dropped, entry("old", due="2026-12-01", created_in="2026-06")))


def test_the_last_time_is_the_newest_month_that_decided_anything(review):
    rows = review(entry("a", created_in="2026-06"), entry("b", created_in="2026-08")).actions
    assert rows[rows["is_last"]]["id"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("period", "decided"),
    [
        ("2026-Q3", "last late older calm"),
        ("2026-Q4", "next future"),
        ("2026", "last late older calm over next future"),
    ],
)
def test_a_quarter_and_a_year_mark_what_was_decided_in_them(ops, period, decided):
    rows = ops.follow_up(period).actions
    assert set(rows[rows["is_last"]]["id"]) == set(decided.split()) and not rows["is_next"].any()


@pytest.mark.parametrize(("period", "there"), [("2026-08", []), ("2026-09", ["a"]), ("2026-10", ["a"])])
def test_an_action_without_a_month_of_decision_is_listed_once_it_has_begun(review, period, there):
    assert listed(review(entry("a", start=START), period=period)) == there


@pytest.mark.parametrize("fields", [{}, {"due": "2026-12-01"}])
def test_an_open_action_with_no_month_of_decision_is_not_lost(review, fields):
    # the least a ledger takes is an id and a title; what nobody dated is still to be talked about
    assert listed(review(entry("a", owner=None, **fields), entry("b", created_in="2026-09"))) == ["b", "a"]


def test_what_was_decided_later_is_at_work_on_its_metric_all_the_same(review):
    late = entry("b", start="2026-09-14", created_in="2026-11")
    assert review(entry("a", start=START, created_in="2026-09"), late).action("a")["reason"] == "joint"


def test_every_listed_action_has_its_verdict(october):
    reasons = {"last": "", "late": "joint", "older": "not_begun", "calm": "", "next": "not_begun"}
    assert by_id(october.actions, "reason") == reasons and october.action("last")["verdict"] == "moved"


def test_the_ledgers_start_stands_beside_the_days_that_were_compared(october):
    row = october.action("late")
    assert (row["start"], row["compared_from"], row["compared_to"]) == ("", "2026-10-21", "2026-10-31")


def test_an_action_that_is_not_done_by_its_day_is_overdue(october):
    # 21 to 31 October, the newest day with data
    assert by_id(october.actions, "overdue_days") == {"last": 0, "late": 10, "older": 0, "calm": 0, "next": 0}


@pytest.mark.parametrize(("status", "days"), [("plan", 10), ("do", 10), ("check", 0), ("act", 0), ("dropped", 0)])
def test_only_what_is_planned_or_being_done_is_overdue(review, status, days):
    row = review(entry("a", due="2026-10-21", created_in="2026-09", status=status)).action("a")
    assert row["overdue_days"] == days


def test_an_action_is_not_late_on_its_day(review):
    assert review(entry("a", due="2026-10-31", created_in="2026-09")).action("a")["overdue_days"] == 0


def test_overdue_is_counted_from_the_day_up_to_which_data_was_known(review):
    found = review(entry("a", due="2026-10-15", created_in="2026-09"), as_of="2026-10-20")
    assert (found.action("a")["overdue_days"], found.context.as_of) == (5, "2026-10-20")


def test_days_after_as_of_do_not_exist(review):
    found = review(entry("a", start=START, created_in="2026-09"), as_of="2026-09-30")
    assert (found.action("a")["compared_to"], found.days.dropna()["date"].max()) == ("2026-09-30", "2026-09-30")


def test_days_that_are_still_filling_up_are_not_compared(review):
    # seven and nine tenths of the last two days have not arrived: as values, they would hide +20 %
    late = {"2026-10-30": 0.3, "2026-10-31": 0.1}
    metrics = daily(lift=0.2, since="2026-10-19")
    metrics["value"] *= metrics["date"].dt.strftime("%Y-%m-%d").map(late).fillna(1.0)
    files = {"retro.toml": "[thresholds]\nincomplete_days = 2\n"}
    row = review(entry("a", start="2026-10-19", created_in="2026-09"), metrics=metrics, files=files).action("a")
    assert (row["compared_to"], row["n_days"], row["verdict"]) == ("2026-10-29", 11, "moved")


def test_a_newest_day_that_was_loaded_before_its_end_is_not_compared(review):
    # 8:00 in Shanghai on the last day: most of it is still to come
    stamps = METRICS["date"].dt.strftime("%Y-%m-%dT00:00:00Z")
    part = np.where(METRICS["date"] < "2026-10-31", 1.0, 0.1)
    loaded = METRICS.drop(columns="date").assign(ts_utc=stamps, loaded_at="2026-10-31T00:30:00Z")
    found = review(
        entry("a", start="2026-10-19", created_in="2026-09"), metrics=loaded.assign(value=METRICS["value"] * part)
    )
    assert (found.action("a")["compared_to"], found.action("a")["n_days"]) == ("2026-10-30", 12)


def test_what_was_carried_over_twice_asks_for_a_decision(october):
    assert by_id(october.actions, "asks") == {"last": False, "late": True, "older": True, "calm": False, "next": False}


def test_an_action_that_is_over_asks_for_nothing(review):
    over = entry("a", due="2026-10-21", created_in="2026-09", status="dropped", carry_count=4, owner=None)
    row = review(over, entry("b", created_in="2026-09")).action("a")
    assert (row["asks"], row["missing"]) == (False, ())


@pytest.mark.parametrize(("day", "due"), [("2026-10-31", True), ("2026-11-01", False), (None, False)])
def test_the_day_to_check_has_come(review, day, due):
    assert review(entry("a", created_in="2026-09", check_on=day)).action("a")["due_check"] == due


def test_what_nobody_wrote_yet_is_named(review):
    row = review(entry("a", owner=None, metric=None, created_in="2026-09")).action("a")
    assert row["missing"] == ("owner", "metric", "due")


ACTIVITIES = """\
activity_id,name,type,owner,start_date,end_date,budget,actual_cost,expected_roi,margin_rate
before,B,x,growth-1,2026-09-01,2026-09-06,1,1,1,0.3
touching,T,x,growth-1,2026-09-01,2026-09-07,1,1,1,0.3
inside,I,x,growth-1,2026-10-10,2026-10-11,1,1,1,0.3
after,A,x,growth-1,2026-11-01,2026-11-02,1,1,1,0.3
"""


def test_activities_in_the_compared_days_are_named(review):
    row = review(entry("a", start=START, created_in="2026-09"), files={"activities.csv": ACTIVITIES}).action("a")
    assert row["meanwhile"] == ("touching", "inside")


def test_an_action_that_has_not_begun_has_no_activities_meanwhile(review):
    found = review(entry("a", due="2026-12-01", created_in="2026-09"), files={"activities.csv": ACTIVITIES})
    assert found.action("a")["meanwhile"] == ()


def test_the_verdict_before_is_that_of_the_newest_earlier_month(october):
    assert by_id(october.actions, "was") == {"last": "cannot_tell", "late": "", "older": "", "calm": "", "next": ""}


def test_the_readings_are_those_of_earlier_months_and_listed_actions(october):
    assert october.readings[["period", "verdict"]].to_numpy().tolist() == [
        ["2026-08", "moved"],
        ["2026-09", "cannot_tell"],
    ]


def test_a_quarter_shows_the_readings_of_its_own_months(ops):
    assert ops.follow_up("2026-Q3").readings["period"].tolist() == ["2026-08", "2026-09"]


def test_themes_count_actions_on_one_metric_and_what_came_of_them(october):
    rows = october.themes.set_index("metric")
    assert rows.loc["orders", ["n_actions", "n_months", "n_open"]].tolist() == [3, 3, 2]
    assert rows.loc["calm", ["n_actions", "n_months", "n_open"]].tolist() == [2, 2, 1]
    assert "wild" not in rows.index


def test_themes_count_every_action_at_most_once(october):
    verdicts = october.themes[["n_moved", "n_not_moved", "n_cannot_tell"]].sum(axis=1)
    assert (verdicts <= october.themes["n_actions"]).all()


def test_themes_look_back_twelve_months(review):
    months = [
        entry(month, metric="calm", created_in=month, due="2026-12-01") for month in ("2025-10", "2025-11", "2026-10")
    ]
    # November 2025 to October 2026 are 12 months
    assert review(*months).themes["n_actions"].tolist() == [2]


@pytest.mark.parametrize(("number", "load"), [(3, []), (4, [{"owner": "growth-1", "n_open": 4}])])
def test_more_than_three_open_actions_of_one_owner_are_a_load(review, number, load):
    actions = [entry(f"a{n}", due="2026-12-01", created_in="2026-09") for n in range(number)]
    closed = entry("b", status="dropped", check_on="2026-12-01", created_in="2026-09")
    assert review(*actions, closed).load.to_dict("records") == load


def test_nobodys_actions_are_no_load(review):
    assert review(*(entry(f"a{n}", owner=None, created_in="2026-09") for n in range(5))).load.empty


def test_findings_are_verdicts_then_what_is_late_then_carried_then_load(review):
    found = review(
        entry("wide", metric="wild", start="2026-10-12", created_in="2026-09", status="check"),
        entry("still", metric="calm", start=START, created_in="2026-09", status="check"),
        entry("moved", start=START, created_in="2026-09", status="check", carry_count=2),
        entry("late", metric=None, due="2026-10-21", created_in="2026-09"),
        entry("later", metric=None, due="2026-10-11", created_in="2026-09"),
    )
    assert [(each.code, each.subject, each.n) for each in found.findings][3:] == [
        ("cannot_tell", "late", 0), ("cannot_tell", "later", 0), ("overdue", "later", 20), ("overdue", "late", 10),
        ("carried", "moved", 2), ("load", "growth-1", 5)]  # fmt: skip
    assert [each.code for each in found.findings][:3] == ["moved", "not_moved", "cannot_tell"]


def test_a_finding_has_the_figures_of_its_action(october):
    first, row = october.findings[0], october.action("last")
    assert (first.subject, first.value, first.lower, first.n) == ("last", row["effect"], row["lower"], row["n_days"])


def test_the_days_behind_a_verdict_are_those_of_the_listed_actions(october):
    assert set(october.days["id"]) <= set(listed(october)) and "last" in set(october.days["id"])
    window = october.days.query("id == 'last' and phase == 'window'")["date"]
    assert (window.min(), window.max()) == (START, "2026-10-31")


def test_frames_have_the_columns_and_kinds_that_were_promised(october):
    for name, columns in FollowUp.frames.items():
        frame = getattr(october, name)
        assert {column: str(kind) for column, kind in frame.dtypes.items()} == dict(columns), name


@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2026", "2020-01"])
def test_json_holds_the_whole_review(ops, period):
    found = ops.follow_up(period)
    back = load(json.loads(json.dumps(found.to_dict(), allow_nan=False)), lang="en")
    assert back.to_dict() == found.to_dict() and back.headline == found.headline
    for name in FollowUp.frames:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(found, name))


def test_another_start_shows_what_it_would_mean(ops):
    row = ops.follow_up("2026-10", starts={"last": "2026-10-12"}).action("last")
    assert (row["start"], row["compared_from"]) == ("2026-10-12", "2026-10-12")


def test_another_start_of_no_action_is_refused(ops):
    told = "starts: 1 problem. 'x' is not known; write one of: last, late, older, calm, over, next, future."
    with pytest.raises(InputError, match=whole(told)):
        ops.follow_up("2026-10", starts={"x": START})


def test_another_start_that_is_no_day_is_refused(ops):
    with pytest.raises(InputError, match=r"'soon' is not a date; write it as year-month-day, such as 2026-06-13\.$"):
        ops.follow_up("2026-10", starts={"last": "soon"})


def test_a_period_before_everything_has_no_action_and_says_so(ops):
    found = ops.follow_up("2020-01")
    assert (len(found.actions), [each.code for each in found.findings]) == (0, ["none"])


@pytest.mark.parametrize("text", ["actions: []\n", "# nothing yet\n"])
def test_a_ledger_without_actions_says_so(tmp_path, text):
    found = workspace(tmp_path, text, METRICS).follow_up("2026-10")
    assert (len(found.actions), [each.code for each in found.findings]) == (0, ["none"])


def test_without_any_metrics_every_metric_has_vanished(review):
    found = review(entry("a", start=START, created_in="2026-09"), metrics=None)
    assert (found.action("a")["reason"], found.context.as_of) == ("metric_gone", "")


def test_a_workspace_without_a_ledger_is_told_what_is_missing(tmp_path):
    METRICS.to_csv(tmp_path / "metrics.csv", index=False)
    told = r"^actions.yaml: 1 problem\. The table is absent or has no rows, and the section '"
    with pytest.raises(InputError, match=told):
        open_workspace(tmp_path, lang="en").follow_up("2026-10")


def test_an_action_that_is_not_there_is_told_with_those_that_are(october):
    with pytest.raises(KeyError, match="no action 'x'; there are last, late"):
        october.action("x")


def test_what_is_kept_of_a_month_leaves_out_what_was_decided_in_it(october):
    rows = october.reading_rows()
    assert set(rows["id"]) == {"last", "late", "older", "calm"} and list(rows) == list(READING)
    row = rows.set_index("id").loc["last"]
    assert (row["period"], row["as_of"], row["start"], row["end"]) == ("2026-10", "2026-10-31", START, "2026-10-31")


def test_the_samples_readings_are_what_its_review_says_today():
    ops = open_workspace("data", lang="en")
    kept = read_readings(ops.inputs.folder / "readings.jsonl").query("period == '2026-10'").set_index("id").sort_index()
    today = ops.follow_up("2026-10").reading_rows().set_index("id").sort_index()
    codes = ["period", "as_of", "metric", "start", "end", "verdict", "reason"]
    pd.testing.assert_frame_equal(today[codes], kept[codes])
    np.testing.assert_allclose(today[["effect", "lower", "upper"]], kept[["effect", "lower", "upper"]], atol=5e-4)


# The month's run.


def run(folder, month="2026-10") -> int:
    words = ["--month", month, "--workspace", str(folder), "--out", str(folder / "out"), "--lang", "en"]
    return cli.main(["run", *words])


def bare(folder, **files):
    """A workspace with a ledger and no table, for its run takes half as long."""
    workspace(folder, LEDGER, None, files)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A month that was published once, with what its ledger was before."""
    folder = tmp_path_factory.mktemp("month")
    workspace(folder, LEDGER, METRICS)
    path = folder / "actions.yaml"
    os.utime(path, ns=(10**18, 10**18))
    assert run(folder) == 0
    return folder


@pytest.mark.slow
def test_a_run_keeps_what_the_month_says_about_each_action(published):
    kept = read_readings(published / "readings.jsonl")
    shown = json.loads((published / "out/2026-10/followup.json").read_text(encoding="utf-8"))
    said = {row["id"]: row["verdict"] for row in shown["actions"] if not row["is_next"]}
    assert by_id(kept, "verdict") == said and set(kept["period"]) == {"2026-10"}


@pytest.mark.slow
def test_a_run_never_touches_what_people_wrote(published):
    path = published / "actions.yaml"
    assert (path.read_text(encoding="utf-8"), path.stat().st_mtime_ns) == (LEDGER, 10**18)


@pytest.mark.slow
def test_a_run_leaves_nothing_else_in_the_workspace(published):
    assert sorted(path.name for path in published.iterdir()) == ["actions.yaml", "metrics.csv", "out", "readings.jsonl"]


@pytest.mark.slow
def test_a_second_run_adds_nothing_and_publishes_the_same(published, capsys):
    names = ("readings.jsonl", "out/2026-10/index.html", "out/2026-10/followup.json")
    before = [(published / name).read_bytes() for name in names]
    assert run(published) == 0
    assert [(published / name).read_bytes() for name in names] == before
    assert "kept what the month says" not in capsys.readouterr().err


@pytest.mark.slow
def test_a_quarter_keeps_nothing(tmp_path):
    assert run(bare(tmp_path), "2026-Q3") == 0
    assert not (tmp_path / "readings.jsonl").exists()


@pytest.mark.slow
def test_a_month_whose_readings_cannot_be_kept_is_published_and_says_so(tmp_path, capsys):
    (tmp_path / "readings.jsonl").symlink_to(tmp_path / "nowhere" / "readings.jsonl")
    assert run(bare(tmp_path)) == 0
    assert "what the month says about the actions could not be kept in" in capsys.readouterr().err
    assert (tmp_path / "out/2026-10/index.html").exists()


def test_broken_readings_stop_the_month_and_stay_as_they_are(tmp_path, capsys):
    workspace(tmp_path, LEDGER, None)
    (tmp_path / "readings.jsonl").write_text("no reading\n", encoding="utf-8")
    assert run(tmp_path) == 2
    assert "readings.jsonl: Row 1: this is no reading;" in capsys.readouterr().err
    assert (tmp_path / "readings.jsonl").read_text(encoding="utf-8") == "no reading\n"
