"""The minutes as data: what a meeting came to, in an order that tells nothing, and nothing the room has not seen."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from meeting_cases import CARDS, CONTEXT, FISHBONE, HIDDEN, KPT, card, hostile, meeting, minutes, saved

from opsretro import open_workspace
from opsretro.analysis.minutes import minutes_of
from opsretro.errors import InputError
from opsretro.report.views import load
from opsretro.tables.meetings import Decision, Meeting, Stage


def decided(**fields):
    """The row of one decision."""
    return minutes(meeting(decisions=(Decision(id="A-1", fields=fields),))).decisions.iloc[0]


def counts(found):
    return {finding.code: finding.n for finding in found.findings}


def test_every_decision_has_what_the_ledger_has():
    row = minutes().decisions.iloc[0]
    assert (row["id"], row["owner"], row["due"], row["metric"]) == (
        "A-2026-10-1", "service-1", "2026-11-16", "refund_rate",
    )  # fmt: skip
    assert (row["direction"], row["expected_effect"], row["controllable"]) == ("lower", -0.1, "controllable")
    assert (row["title_zh"], row["when_en"]) == ("小额退款免二次审核", "a refund is below 50 CNY")


def test_what_nobody_said_is_empty():
    row = minutes().decisions.iloc[2]
    assert (row["id"], row["owner"], row["metric"], row["then_en"]) == ("", "", "", "")
    assert math.isnan(row["expected_effect"]) and math.isnan(row["baseline"])


def test_a_title_that_is_one_text_serves_both_languages():
    row = decided(title="尺码说明")
    assert (row["title_zh"], row["title_en"]) == ("尺码说明", "尺码说明")


def test_a_trigger_that_is_one_text_stands_in_then():
    row = decided(trigger="each Monday")
    assert (row["when_en"], row["then_en"], row["then_zh"]) == ("", "each Monday", "each Monday")


def test_a_trigger_in_two_languages_stands_in_then():
    row = decided(trigger={"zh-CN": "每周一", "en": "each Monday"})
    assert (row["then_zh"], row["then_en"]) == ("每周一", "each Monday")


@pytest.mark.parametrize("odd", [["a", "b"], {"x": 1}, True, None])
def test_a_value_that_is_no_text_is_none(odd):
    row = decided(owner=odd, due=odd, direction=odd, controllable=odd)
    assert [row[name] for name in ("owner", "due", "direction", "controllable")] == [""] * 4


@pytest.mark.parametrize("odd", ["0.1", True, math.inf, [1]])
def test_an_effect_that_is_no_number_is_missing(odd):
    assert math.isnan(decided(expected_effect=odd)["expected_effect"])


@pytest.mark.parametrize(("told", "due"), [("2026/11/6", "2026-11-06"), ("soon", "soon"), ("2026-02-30", "2026-02-30")])
def test_a_due_day_is_iso_where_it_is_a_day(told, due):
    assert decided(due=told)["due"] == due


def test_the_most_wanted_topic_comes_first_board_by_board():
    topics = minutes().topics
    assert list(topics["id"]) == ["t1", "c3", "c5", "c4", "c7", "c6"]
    assert list(topics["votes"][:4]) == [17, 12, 4, 0] and list(topics["n_cards"][:2]) == [2, 1]


def test_topics_with_as_many_votes_stand_in_the_order_of_their_places():
    # places on the board: c3 1, t1 (its first card) 2, c4 3, c5 4
    topics = minutes(meeting(boards=(replace(KPT, votes={}),))).topics
    assert list(topics["id"]) == ["c3", "t1", "c4", "c5"]


def test_a_topic_without_a_title_is_called_after_its_first_card():
    topics = minutes(meeting(topics=())).topics
    assert topics["title"].iloc[0] == "退款审核要等三天，客户第二天就投诉"


def test_cards_stand_in_the_order_that_was_drawn():
    cards = minutes().cards
    assert list(cards["place"]) == [1, 2, 3, 4, 5, 1, 2]


def test_the_order_of_the_file_changes_nothing():
    assert minutes(meeting(cards=CARDS[::-1])).to_json() == minutes().to_json()


def test_votes_of_a_card_are_its_own():
    votes = minutes().cards.set_index("text")["votes"]
    assert votes["The size guide halved the questions about sizes"] == 12
    assert math.isnan(votes["Refunds wait for a second signature"])  # its topic has them


def test_what_was_judged_of_a_card_is_kept():
    row = minutes().cards.set_index("text").loc["客服晚班缺两人"]
    assert (row["basis"], row["verify"], row["control"]) == ("guess", "排班表对照等待", "influence")


@pytest.mark.parametrize("made", [meeting, hostile])
def test_nothing_nobody_has_seen_is_in_the_json(made):
    text = minutes(made()).to_json()
    assert HIDDEN not in text and "revision" not in text and "412" not in text


def test_cards_of_a_board_that_is_still_being_written_are_not_there():
    hidden = minutes(meeting(boards=(replace(KPT, stage=Stage.WRITE), FISHBONE)))
    assert set(hidden.cards["board"]) == set(hidden.topics["board"]) == {"fishbone"}
    assert "退款" not in json.dumps(hidden.to_dict()["cards"], ensure_ascii=False)


@pytest.mark.parametrize("stage", ["vote", "open", "write", "something else"])
def test_tallies_are_there_when_they_are_counted_only(stage):
    found = minutes(meeting(boards=(replace(KPT, stage=stage),), decisions=()))
    assert found.topics["votes"].isna().all() and found.cards["votes"].isna().all()
    assert "17" not in json.dumps([found.to_dict()[name] for name in ("topics", "cards", "boards")])


def test_a_stage_this_version_does_not_know_hides_the_cards():
    assert minutes(meeting(boards=(replace(KPT, stage="later"),))).cards.empty


def test_a_card_in_the_parking_lot_is_on_no_board():
    assert "年货节的客服排班怎么定？" not in set(minutes().cards["text"])


def test_the_parking_lot_says_since_when():
    assert minutes().parked[["text", "since"]].to_numpy().tolist() == [
        ["Who owns the price list?", "2026-08"],
        ["年货节的客服排班怎么定？", "2026-10"],
    ]


def test_what_an_earlier_meeting_left_is_seen_before_its_board_is():
    carried = card("c", "lessons", "rule", "from last month", parked="2026-09", source="carried")
    assert list(minutes(meeting(cards=(carried,))).parked["text"]) == ["from last month"]


def test_columns_and_questions_of_every_board_are_there():
    columns = minutes().columns
    assert columns[["board", "key"]].to_numpy().tolist() == [
        ["kpt", "keep"], ["kpt", "problem"], ["fishbone", "process"], ["fishbone", "capacity"], ["lessons", "rule"],
    ]  # fmt: skip
    assert columns["ask_en"].iloc[0] == "What worked?"


def test_phases_are_open_from_the_one_the_room_is_in():
    phases = minutes().phases
    assert list(phases["key"][phases["is_open"]]) == ["analysis", "insight"]


def test_a_closed_meeting_has_no_open_phase():
    assert not minutes(meeting(closed=True)).phases["is_open"].any()


def test_the_most_important_finding_comes_first():
    assert list(counts(minutes()).items()) == [
        ("decided", 3), ("unwritten", 1), ("no_owner", 1), ("no_due", 1), ("no_metric", 1), ("still_open", 1),
        ("topics", 6), ("parked", 2),
    ]  # fmt: skip


def test_a_meeting_that_came_to_nothing_says_so():
    assert counts(minutes(Meeting(month="2026-10", closed=True))) == {"decided": 0}


def test_a_quarter_has_the_meetings_of_its_months():
    months = [meeting(month=month) for month in ("2026-07", "2026-09")]
    quarter = minutes(*months, period="2026-Q3")
    assert list(quarter.decisions["month"]) == ["2026-07"] * 3 + ["2026-09"] * 3
    assert [counts(quarter)[name] for name in ("decided", "changed", "parked")] == [4, 2, 2]


def test_the_last_parking_lot_of_a_quarter_is_the_one_that_returns():
    first, last = meeting(month="2026-07"), meeting(month="2026-09", cards=())
    assert len(minutes(first, last, period="2026-Q3").parked) == 2
    assert minutes(first, last, period="2026-Q3").returning.empty


def test_actions_the_follow_up_lists_are_marked():
    assert list(minutes().beside(["A-2026-10-2", "A-1"]).decisions["followed"]) == [False, True, False]


def test_a_result_comes_back_from_its_json():
    found = minutes(hostile())
    assert load(json.loads(found.to_json()), lang="en").to_json() == found.to_json()


def test_a_workspace_reads_its_meeting(workspace):
    found = open_workspace(saved(workspace), lang="en").minutes("2026-10")
    assert found.findings == minutes_of([meeting()], period="2026-10", context=CONTEXT).findings


def test_a_workspace_reads_the_meetings_where_its_settings_say(workspace):
    saved(workspace)
    (workspace / "meetings").rename(workspace / "复盘会")
    (workspace / "retro.toml").write_text('sources = { meetings = "复盘会" }\n', encoding="utf-8")
    assert len(open_workspace(workspace).minutes("2026-Q4").meetings) == 1


def test_a_month_without_a_meeting_is_refused(workspace):
    message = (
        r"^meetings/: 1 problem\. The table is absent or has no rows, and the section 'meeting' cannot do without it; "
        r"fill it\.$"
    )
    with pytest.raises(InputError, match=message):
        open_workspace(saved(workspace), lang="en").minutes("2026-09")


@pytest.mark.parametrize("found", [["2026-10.json"], ["2026-10.json", "notes.txt"], ["2026-10.draft.json"], []])
def test_a_folder_counts_where_it_has_a_meeting(workspace, found):
    (workspace / "meetings").mkdir()
    for name in found:
        (workspace / "meetings" / name).write_text("{}", encoding="utf-8")
    assert ("meetings" in open_workspace(workspace).inputs.present) == ("2026-10.json" in found)
