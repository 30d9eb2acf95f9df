"""What else happened in a slice and time: leads by scope and by day, and none from elsewhere or another time."""

import pandas as pd
import pytest
from cause_cases import counts, opened, shop

from opsretro.analysis.cause_leads import leads

FIRST, LAST = pd.Timestamp("2026-06-09"), pd.Timestamp("2026-06-11")
SLICE = {"channel": "ads", "city": "north"}


def events(*rows, **dims):
    """Rows (day, last day); every one of them names the same dimensions."""
    table = pd.DataFrame(rows, columns=["date", "end_date"]).apply(pd.to_datetime)
    return {"events": table.assign(kind="release", title="New page", **dims)}


def activities(start, end, segment):
    row = {"activity_id": "sale", "name": "Sale", "start_date": start, "end_date": end, "target_segment": segment}
    return {"activities": pd.DataFrame([row]).astype({"start_date": "datetime64[ns]", "end_date": "datetime64[ns]"})}


def found(tables, element=SLICE, *, dated=True, first=FIRST, last=LAST):
    return leads(tables, element, first, last, dated=dated)


@pytest.mark.parametrize(
    ("named", "scope"),
    [
        ({"channel": "ads", "city": "north"}, ["slice"]),
        ({"channel": "ads"}, ["slice"]),
        ({"city": "north"}, ["slice"]),
        ({"channel": "ads", "device": "web"}, ["part"]),
        ({"device": "web"}, ["part"]),
        ({}, ["all"]),
        ({"channel": "mail"}, []),
        ({"channel": "ads", "city": "south"}, []),
        ({"channel": ""}, ["all"]),
        ({"channel": None}, ["all"]),
    ],
)
def test_an_event_by_what_it_names_of_a_slice(named, scope):
    assert found(events(("2026-06-10", None), **named))["scope"].tolist() == scope


@pytest.mark.parametrize(("city", "scope"), [("north", ["slice"]), ("south", ["slice"]), ("west", [])])
def test_an_event_in_one_value_of_a_group_is_in_the_slice(city, scope):
    assert found(events(("2026-06-10", None), city=city), {"city": ["north", "south"]})["scope"].tolist() == scope


def test_an_event_in_a_slice_is_a_part_of_the_whole():
    assert found(events(("2026-06-10", None), city="north"), {})["scope"].tolist() == ["part"]


def test_a_slice_of_missing_values_is_met_by_no_named_one():
    assert len(found(events(("2026-06-10", None), channel="ads"), {"channel": None})) == 0
    assert found(events(("2026-06-10", None)), {"channel": None})["scope"].tolist() == ["all"]


@pytest.mark.parametrize(
    ("day", "n"),
    [("2026-06-01", 0), ("2026-06-02", 1), ("2026-06-09", 1), ("2026-06-13", 1), ("2026-06-14", 0)],
)
def test_a_dated_movement_is_led_to_by_the_week_before_and_two_days_after(day, n):
    assert len(found(events((day, None)))) == n  # earliest 9 June less 7 days, latest 11 June and 2


def test_an_event_that_ran_long_before_a_dated_movement_is_no_lead():
    assert len(found(events(("2026-03-01", "2026-12-31")))) == 0


@pytest.mark.parametrize(("start", "end", "n"), [("2026-05-01", "2026-06-01", 1), ("2026-05-01", "2026-05-31", 0)])
def test_where_no_day_is_known_all_that_ran_in_the_period_is_a_lead(start, end, n):
    june = {"first": pd.Timestamp("2026-06-01"), "last": pd.Timestamp("2026-06-30")}
    assert len(found(events((start, end)), dated=False, **june)) == n


def test_days_are_counted_from_its_start_to_the_earliest_day_of_the_movement():
    assert found(events(("2026-06-07", None), ("2026-06-10", None)))["days"].tolist() == [-1, 2]


def test_an_event_without_an_end_lasts_a_day():
    assert found(events(("2026-06-10", None)))["end"].tolist() == [pd.Timestamp("2026-06-10")]


def test_the_nearest_slice_and_then_the_nearest_day_come_first():
    rows = [(f"2026-06-0{day}", None) for day in (3, 8, 9, 4)]
    tables = events(*rows, device=["", "web", "", ""], channel=["", "", "", "ads"])
    assert found(tables)[["scope", "days"]].to_numpy().tolist() == [["slice", 5], ["part", 1], ["all", 0], ["all", 6]]


def test_a_table_of_events_without_an_end_column_is_read():
    tables = {"events": events(("2026-06-10", None))["events"].drop(columns="end_date")}
    assert found(tables)["end"].tolist() == [pd.Timestamp("2026-06-10")]


@pytest.mark.parametrize(
    ("segment", "scope"), [("all", ["all"]), ("", ["all"]), (None, ["all"]), ("north", ["slice"]), ("south", [])]
)
def test_an_activity_is_a_lead_for_all_or_for_the_slice_that_names_its_segment(segment, scope):
    table = found(activities("2026-06-08", "2026-06-14", segment))
    assert table["scope"].tolist() == scope
    assert table["kind"].tolist() == ["activity"] * len(scope)


def test_an_activity_for_a_segment_is_no_lead_of_the_whole():
    assert len(found(activities("2026-06-08", "2026-06-14", "north"), {})) == 0


def test_without_events_and_activities_there_are_no_leads():
    assert found({}).empty
    assert list(found({}).columns) == ["kind", "id", "title", "start", "end", "scope", "days"]


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("leads")).root_cause("2026-06", kpi=["buying", "store", "hours"])


def test_leads_of_the_planted_cause_come_from_its_slice_first(review):
    table = review.of("leads", "buying", 1)
    assert table[["title", "scope", "days"]].to_numpy().tolist() == [
        ["New landing page", "slice", 1],
        ["Outage in the north", "slice", -1],
        ["Gift for the north", "slice", 2],
        ["Sale of a competitor", "all", 0],
        ["Spring sale", "all", 2],
    ]


def test_a_cause_without_a_day_has_the_leads_of_its_period(review):
    # a level cannot be dated: all of June counts, and nothing of the north
    titles = review.of("leads", "store", 1)["title"].tolist()
    assert titles[0] == "Gift for the south"
    assert not {"Outage in the north", "Gift for the north", "Long ago"} & set(titles)


def test_a_kpi_without_dimensions_has_leads_of_the_day_it_moved(review):
    table = review.of("leads", "hours", 0)
    assert table["title"].tolist() == [
        "New landing page",
        "New mail template",
        "Spring sale",
        "Sale of a competitor",
    ]
    assert table["start"].tolist() == ["2026-06-09", "2026-06-10", "2026-06-08", "2026-06-10"]


def test_a_lead_changes_no_figure(tmp_path, review):
    rows = counts("sales", 81, days=pd.date_range("2026-01-01", "2026-06-30"))
    text = "date,kind,title,city\n2026-06-10,release,New page,north\n"
    with_events = opened(tmp_path / "a", rows, events_csv=text).root_cause("2026-06", kpi="sales")
    alone = opened(tmp_path / "b", rows).root_cause("2026-06", kpi="sales")
    pd.testing.assert_frame_equal(with_events.kpis, alone.kpis)
    assert (len(with_events.leads), len(alone.leads)) == (1, 0)


@pytest.fixture(scope="module")
def inside_a_slice(tmp_path_factory):
    """A goal that watches the north only, and an event in either half of the country."""
    text = "date,kind,title,city\n2026-06-10,release,North,north\n2026-06-10,release,South,south\n"
    return shop(tmp_path_factory.mktemp("inside"), events_csv=text).root_cause("2026-06", kpi="north")


@pytest.mark.parametrize("rank", [0, 1])
def test_what_happened_elsewhere_leads_to_nothing_in_a_goal_on_one_slice(inside_a_slice, rank):
    assert "South" not in inside_a_slice.of("leads", "north", rank)["title"].tolist()


def test_what_happened_in_the_slice_of_a_goal_is_in_the_slice(inside_a_slice):
    table = inside_a_slice.of("leads", "north", 1).set_index("title")["scope"]
    assert table["North"] == "slice"
    assert "Gift for the north" in table.index
