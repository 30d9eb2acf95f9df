"""The widget of the activities without a browser: what its controls do to the card, and that nothing is kept."""

import re
from datetime import date

import pytest
from roi_cases import EVIL, every_kind, two_activities, write
from roi_frames import activities, activity, daily

from opsretro import explore_activities, open_workspace
from opsretro.report.roi_view import RoiView
from opsretro.workspace import Workspace

PERIOD = "2026-Q2"
GIFT = (date(2026, 4, 13), date(2026, 4, 19))
SALE = (date(2026, 5, 11), date(2026, 5, 17))


@pytest.fixture(scope="module")
def ops(tmp_path_factory):
    return open_workspace(two_activities(tmp_path_factory.mktemp("explore")), lang="en")


@pytest.fixture
def controls(ops):
    """Activity, first and last day, segments compared with, margin, cost and card."""
    return explore_activities(ops, PERIOD).children


@pytest.fixture(scope="module")
def nonsense(ops):
    """Margin, cost and card of a widget in which nothing but nonsense is ever typed."""
    return explore_activities(ops, PERIOD).children[-3:]


def shown(card):
    """Anchor of the activity on the card."""
    return card.value.partition('data-activity="')[2].partition('"')[0]


def words(card):
    """What can be read on the card."""
    return re.sub(r"<[^>]+>", "", card.value)


def is_supposed(card):
    return card.value.startswith("<p>A supposition: not the activity as the tables have it. Nothing is saved.</p>")


def test_the_card_begins_with_the_most_important_activity_as_the_tables_have_it(ops, controls):
    activity, start, end, segments, margin, cost, card = controls
    assert activity.options == (("Gift", "gift"), ("Sale", "sale"))
    assert (activity.value, start.value, end.value) == ("gift", *GIFT)
    assert (segments.value, margin.value, cost.value) == ((), "", "")
    assert card.value == str(RoiView(ops.activity_roi(PERIOD)).card("gift"))


def test_another_activity_has_its_own_window_segments_margin_and_cost(controls):
    activity, start, end, segments, margin, cost, card = controls
    margin.value, cost.value, segments.value = "50", "10", ("regular",)
    activity.value = "sale"
    assert (start.value, end.value, segments.value, margin.value, cost.value) == (*SALE, (), "", "")
    assert segments.options == (("corporate", "corporate"), ("vip", "vip"), ("visitors", "visitors"))
    assert shown(card) == "activity-sale" and not is_supposed(card)


def test_the_card_follows_the_window(controls):
    _, _, end, _, _, _, card = controls
    end.value = date(2026, 4, 15)
    assert is_supposed(card) and "13 Apr 2026 to 15 Apr 2026" in words(card)


def test_the_card_follows_the_segments_it_is_compared_with(controls):
    *_, segments, _, _, card = controls
    assert "compared with corporate and visitors;" in card.value
    segments.value = ("corporate",)
    assert is_supposed(card) and "compared with corporate;" in card.value


def test_a_supposed_margin_moves_the_break_even(controls):
    *_, margin, _, card = controls
    assert "needed ¥22.5k of additional revenue" in card.value  # 9,000 at 0.4
    margin.value = " 90% "
    assert is_supposed(card) and "needed ¥10k of additional revenue" in card.value  # 9,000 at 0.9


def test_a_supposed_cost_changes_the_verdict_until_it_is_taken_back(controls):
    *_, cost, card = controls
    before = card.value
    cost.value = "0"
    assert is_supposed(card) and "Gift: ◆ lost money" in before and "Gift: ◆ lost money" not in card.value
    cost.value = ""
    assert card.value == before


@pytest.mark.parametrize("typed", ["abc", "1e999", "nan", "1,000", "¥5", "<b>5</b>"])
def test_what_is_no_number_is_told_in_the_place_of_the_card(nonsense, typed):
    margin, cost, card = nonsense
    margin.value, cost.value = "", typed
    told = typed.replace("<", "&lt;").replace(">", "&gt;")
    assert card.value == (
        f"<p>What-if cost: 1 problem. &#39;{told}&#39; is no cost; "
        "write a number from 0, in plain digits, such as 12000.</p>"
    )


def test_what_cannot_be_is_told_and_the_next_value_shown(controls):
    *_, cost, card = controls
    cost.value = "-5"
    assert "&#39;-5&#39; is no cost" in card.value and shown(card) == ""
    cost.value = "40"
    assert shown(card) == "activity-gift"


@pytest.mark.parametrize("typed", ["140", "100.1", "-5", "abc", "0.35.1", "1e1"])
def test_what_is_no_margin_is_told_as_it_was_typed(nonsense, typed):
    margin, cost, card = nonsense
    cost.value, margin.value = "", typed
    assert card.value == (
        f"<p>What-if margin, %: 1 problem. &#39;{typed}&#39; is no margin; "
        "write per cent from 0 to 100, such as 35.</p>"
    )


@pytest.mark.parametrize("typed", ["0", "100", "100%", " 35.5 "])
def test_any_margin_from_0_to_100_per_cent_is_taken(controls, typed):
    *_, margin, _, card = controls
    margin.value = typed
    assert is_supposed(card) and shown(card) == "activity-gift"


def test_a_wrong_margin_is_told_in_the_language_of_the_workspace(tmp_path):
    *_, margin, _, card = explore_activities(open_workspace(two_activities(tmp_path), lang="zh-CN"), PERIOD).children
    margin.value = "140"
    assert "“140”不是毛利率；请写 0 到 100 的百分数，例如 35。" in card.value


def test_an_end_before_the_start_is_told(controls):
    _, _, end, *_, card = controls
    end.value = date(2026, 4, 1)
    assert "ends on 2026-04-01, before it starts on 2026-04-13" in card.value


def test_a_window_outside_the_period_is_told(controls):
    _, start, end, *_, card = controls
    start.value, end.value = date(2026, 3, 9), date(2026, 3, 15)
    assert card.value == (
        "<p>From: 1 problem. This window lies outside the period under review; choose days inside it.</p>"
    )


def test_a_date_that_is_cleared_is_the_tables_own(controls):
    _, start, *_, card = controls
    before = card.value
    start.value = None
    assert card.value == before


def test_a_period_without_activities_is_one_sentence_and_stays_so(ops):
    activity, *_, cost, card = explore_activities(ops, "2025").children
    cost.value = "5"
    assert (activity.options, card.value) == ((), "<p>No activity ran this year.</p>")


def test_what_is_tried_is_saved_nowhere(tmp_path):
    folder = two_activities(tmp_path)
    ops = open_workspace(folder, lang="en")
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    *_, end, _, _, cost, _ = explore_activities(ops, PERIOD).children
    end.value, cost.value = date(2026, 4, 15), "1"
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before
    assert ops.activity_roi(PERIOD).activity("gift")["cost"] == 9_000


def test_controls_speak_the_language_of_the_workspace_and_names_are_text(tmp_path):
    ops = open_workspace(two_activities(tmp_path, name=EVIL), lang="zh-CN")
    activity, start, *_, card = explore_activities(ops, "2026-05").children
    assert (activity.label, activity.description, start.description) == (EVIL, "活动", "开始")
    assert "<script" not in card.value and "&lt;script&gt;" in card.value


# --- controls that have no say, and what is computed


def controls_of(folder, *choices, period=PERIOD):
    """Whether the segments can be chosen, by activity."""
    chosen, _, _, segments, *_ = explore_activities(open_workspace(folder, lang="en"), period).children
    found = {}
    for chosen.value in choices:
        found[chosen.value] = not segments.disabled
    return found


def test_segments_can_be_chosen_only_where_they_are_compared_with(tmp_path):
    folder = write(tmp_path / "kinds", **every_kind())
    assert controls_of(folder, "sale", "coupon", "gift") == {"sale": True, "coupon": False, "gift": True}  # held out


def test_an_activity_nobody_was_left_out_of_has_no_segments_to_choose(tmp_path):
    rows = activities(activity("gift"))
    folder = write(tmp_path / "all", activities=rows, daily_metrics=daily(("vip",)))
    assert controls_of(folder, "gift") == {"gift": False}


class Counted(Workspace):
    """A workspace that knows how often it was asked about its activities."""

    asked = 0

    def activity_roi(self, *args, **changes):
        """As ever, and counted."""
        self.asked += 1
        return super().activity_roi(*args, **changes)


def test_the_start_computes_once_and_another_activity_nothing(ops):
    counted = Counted(ops.inputs, lang="en")
    chosen, *_, cost, card = explore_activities(counted, PERIOD).children
    assert counted.asked == 1
    chosen.value = "sale"
    assert (counted.asked, shown(card)) == (1, "activity-sale")
    cost.value = "10"
    assert counted.asked == 2
