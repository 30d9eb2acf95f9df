"""A meeting held without a browser: what the screen would send is sent by hand, and what is on disk is looked at."""

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from ipywidgets.widgets.widget import _instances
from meeting_cases import meeting, saved

from opsretro import open_workspace
from opsretro.errors import InputError
from opsretro.meeting.board_templates import read_agenda
from opsretro.meeting.changes import deciding, started
from opsretro.meeting.conductor import Conductor
from opsretro.meeting.ledger import Ledger
from opsretro.meeting.records import write_minutes, write_paper
from opsretro.meeting.stage import MOST_PAPER_SECONDS, PAPER_SECONDS, QUIET_SECONDS, Stage
from opsretro.tables.meetings import as_json, read_meeting

MONTH = "2026-10"
FORM = """\
提交时间,姓名,IP,保持,问题
2026/10/25 12:31:36,张秘密,10.20.30.40,周会很短,退款审批要五个人签字
2026/10/25 12:40:01,李秘密,10.20.30.41,看板清楚,客服响应太慢
"""
CRASH = """
import os, sys
from opsretro import open_workspace
from opsretro.meeting.conductor import Conductor
from opsretro.meeting.stage import Stage
stage = Stage(Conductor(open_workspace(sys.argv[1], lang="en"), "2026-10"))
ledger, add = stage.decide.ledger, stage.decide.ledger.add
def dying(fields):
    if sys.argv[2] == "after":
        add(fields)
    os._exit(9)
ledger.add = dying
stage.told({"do": "send", "name": "decide", "fields": {"title": sys.argv[3], "owner": "service-1"}})
"""


class Room:
    """A meeting, and what people do in it."""

    def __init__(self, folder, lang="en"):
        self.folder = folder
        self.stage = Stage(Conductor(open_workspace(folder, lang=lang), MONTH))
        self.held, self.form = self.stage.held, self.stage.decide.fields
        self.put = []
        self.stage.guard.send = self.put.append  # what goes to the browser, which is not there
        self.ledger = Ledger(folder / "actions.yaml")
        self.say("hold")  # as the browser does when it is projected

    def say(self, do, **told):
        self.stage.told({"do": do, **told})
        return self.held.notice

    def send(self, name, **fields):
        return self.say("send", name=name, fields={key.replace("_", "-"): text for key, text in fields.items()})

    def press(self, name):
        """Press a button that is on the screen."""
        buttons = [each for each in parts(self.stage.root) if f"om-do-{name}" in getattr(each, "_dom_classes", ())]
        assert buttons, f"no button {name}"
        buttons[0].click()
        return self.held.notice

    def go(self, phase, *, board=True):
        self.press(f"phase-{phase}")
        if board and self.held.face != "board":
            self.held.attempt(lambda: self.held.show("board"))
        return self

    def write(self, *texts):
        for text in texts:
            self.send("card", card=text)
        return self

    def cards(self):
        """Id of each card by its text."""
        return {card.text: card.id for card in self.held.meeting.cards}

    def disk(self):
        return read_meeting(self.folder / "meetings" / f"{MONTH}.json")

    def actions(self):
        return list(self.ledger.actions()["title_en"])

    def again(self, lang="en"):
        """The kernel was restarted."""
        return Room(self.folder, lang)


def parts(widget):
    """A widget with all that is in it."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in parts(child))]


@pytest.fixture
def room(workspace):
    """A meeting that has begun, without the month's facts, which take a while to compute."""
    saved(workspace, started(MONTH, read_agenda(workspace), held="2026-11-03"))
    return Room(workspace)


@pytest.fixture
def fresh(workspace):
    """A meeting that begins now."""
    return Room(workspace)


@pytest.fixture
def board(room):
    """A board of six cards that is shown."""
    room.go("result").write(*"abcdef").press("reveal")
    return room


def file_of(room):
    return (room.folder / "meetings" / f"{MONTH}.json").read_text(encoding="utf-8")


# -- what opens it


def test_a_meeting_opens_with_the_month_s_facts_in_both_languages(fresh):
    facts = [fact for fact in fresh.disk().facts if fact.section == "goals"]
    assert facts
    assert all(set(fact.text) == {"zh-CN", "en"} for fact in facts)


def test_facts_come_before_opinions(fresh):
    fresh.go("goal", board=False)
    assert (fresh.held.face, fresh.held.faces()[0]) == ("facts", "facts")


def test_facts_stay_as_the_room_saw_them(fresh):
    before = fresh.disk().facts
    (fresh.folder / "metrics.csv").write_text("date,kpi,value\n2026-10-01,sales,1\n2026-10-31,sales,1\n")
    assert fresh.again().held.meeting.facts == before


def test_last_month_s_parking_lot_is_there(workspace):
    saved(workspace, meeting(month="2026-09", phases=(), now="", undo=()))
    told = {card.text: (card.parked, card.source) for card in Room(workspace).held.meeting.parked}
    assert told["年货节的客服排班怎么定？"] == (MONTH, "carried")
    assert told["Who owns the price list?"] == ("2026-08", "carried")


def test_a_broken_meeting_of_last_month_is_told(workspace):
    saved(workspace, meeting(month="2026-09"))
    (workspace / "meetings" / "2026-09.json").write_text("{")
    with pytest.raises(InputError, match=r"^meetings/2026-09\.json: 1 problem\. Row 1: the file breaks off"):
        Room(workspace)
    assert not (workspace / "meetings" / f"{MONTH}.json").exists()


def test_wrong_boards_are_told_before_anything_is_written(workspace):
    (workspace / "boards.toml").write_text("boards = 3")
    with pytest.raises(InputError, match=r"^boards\.toml: 1 problem\. Column 'boards': write it as \[boards\.ours\]"):
        Room(workspace)
    assert not (workspace / "meetings").exists()


# -- typing


def test_every_letter_is_on_disk(room):
    room.go("result")
    field = room.stage.controls.entry.children[1]
    for n in range(1, 8):
        field.value = "退款到账太慢"[:n]
        assert room.disk().drafts.get("card") == "退款到账太慢"[:n]
        assert room.stage.guard.saved["card"] == "退款到账太慢"[:n]


def test_what_was_typed_is_back_after_a_restart(room):
    room.go("result")
    room.stage.controls.entry.children[1].value = "half a sent"
    again = room.again()
    assert again.stage.controls.entry.children[1].value == "half a sent"
    assert (again.held.meeting.now, again.stage.guard.saved["card"]) == ("result", "half a sent")


def test_a_card_that_is_entered_is_no_draft_any_more(room):
    room.go("result")
    room.stage.controls.entry.children[1].value = "退款慢"
    room.send("card", card="退款慢!")
    assert room.disk().drafts == {}
    assert [card.text for card in room.disk().cards] == ["退款慢!"]


def test_half_a_character_does_no_harm(room):
    room.go("result").write("ok \ud83d")
    room.stage.controls.entry.children[1].value = "more \udc00"
    assert [card.text for card in room.disk().cards] == ["ok ?"]
    assert room.disk().drafts == {"card": "more ?"}


def test_a_card_is_hidden_until_all_are_shown(room):
    room.go("result").write("nobody-reads-this")
    assert "nobody-reads-this" not in room.stage.main.value
    room.press("reveal")
    assert "nobody-reads-this" in room.stage.main.value


def test_the_file_tells_no_author_time_or_order(room):
    room.go("result").write("one", "two", "three")
    data = json.loads(file_of(room))
    assert [card["id"] for card in data["cards"]] == sorted(card["id"] for card in data["cards"])
    assert {card["place"] for card in data["cards"]} == {0}
    assert len(data["undo"]) == 1
    told = {key for part in (data, *data["cards"], *data["boards"]) for key in part}
    assert not told & {"author", "user", "time", "at", "written", "created", "order", "n"}
    assert not re.search(r"20\d\d-\d\d-\d\dT|\d\d:\d\d", file_of(room))


# -- groups, votes, undo


def test_a_group_is_undone_with_one_key(board):
    before = board.held.meeting.cards
    for text in "ab":
        board.say("pick", card=board.cards()[text])
    board.send("group", topic="退款慢")
    assert [topic.title for topic in board.disk().topics] == ["退款慢"]
    board.say("undo")
    assert (board.disk().cards, board.disk().topics) == (before, ())


def test_an_undo_works_after_a_restart(board):
    for text in "ab":
        board.say("pick", card=board.cards()[text])
    board.send("group", topic="")
    again = board.again()
    again.say("undo")
    assert again.disk().topics == ()


def test_a_pick_is_let_go_by_another_one_or_by_escape(board):
    one = board.cards()["a"]
    board.say("pick", card=one)
    assert board.held.picked == [one]
    board.say("pick", card=one)
    assert board.held.picked == []
    board.say("pick", card=one)
    board.say("escape")
    assert board.held.picked == []


def voters(board, people="3", budget="5"):
    board.press("panel-voters")
    return board.send("voters", people=people, budget=budget)


def test_votes_are_entered_by_the_facilitator_and_hidden_until_counted(board):
    voters(board)
    board.say("pick", card=board.cards()["d"])
    board.send("vote", **{f"votes-{board.cards()['d']}": "7"})
    assert list(board.disk().board("kpt").votes.values()) == [7]
    assert not re.search(r">\s*7\s*<", board.stage.main.value)
    board.press("to_counted")
    assert re.search(r"<b>7</b>", board.stage.main.value)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("99", "99 is not possible: at most 9 for one topic, 15 votes are left"),
        ("many", "'many' is not a whole number; write 12"),
        ("-1", "'-1' is not a whole number; write 12"),
        ("", "'' is not a whole number; write 12"),
    ],
)
def test_an_odd_tally_is_refused_and_put_back(board, typed, message):
    voters(board)
    board.say("pick", card=board.cards()["a"])
    field = f"votes-{board.cards()['a']}"
    assert message in board.send("vote", **{field: typed})
    assert board.disk().board("kpt").votes == {}
    assert board.put[-1] == {"put": {field: typed} if typed else {}}


def test_cards_move_into_the_parking_lot_and_out_onto_the_board_of_the_phase(board):
    board.say("pick", card=board.cards()["c"])
    board.press("park")
    assert [(card.text, card.parked) for card in board.disk().parked] == [("c", MONTH)]
    board.press("face-parking")
    board.say("pick", card=board.cards()["c"])
    board.press("unpark")
    assert board.disk().parked == ()
    assert board.disk().on("kpt")[-1].text == "c"


def test_another_board_and_back_keeps_everything(board):
    before = board.held.meeting.on("kpt")
    board.held.attempt(lambda: board.held.use_board("kiss"))
    board.write("x")
    board.held.attempt(lambda: board.held.use_board("kpt"))
    assert board.disk().on("kpt") == before
    assert [card.text for card in board.disk().on("kiss")] == ["x"]


# -- phases and clocks


def test_the_next_step_goes_from_facts_to_board_to_the_next_phase(room):
    room.go("analysis", board=False)
    seen = []
    while room.held.face != "decide":
        seen.append((room.held.meeting.now, room.held.face))
        room.say("next")
    assert seen[-2:] == [("analysis", "board"), ("insight", "board")]
    room.say("next")
    assert room.held.meeting.now == "insight"
    while (room.held.meeting.now, room.held.face) != ("actions", room.held.faces()[0]):
        room.say("back")


def test_a_clock_survives_a_restart(room):
    room.press("start")
    began = room.disk().phase().since
    time.sleep(0.02)
    phase = room.again().held.meeting.phase()
    assert (phase.since, phase.left) == (began, 600)
    assert abs(time.time() - began) < 60


def test_closing_writes_the_minutes_in_both_languages_and_stops_the_clock(room):
    room.go("result").write("hidden-yet")
    room.press("start")
    room.press("face-decide")
    room.press("close")
    names = sorted(path.name for path in (room.folder / "meetings").glob("*.minutes.*"))
    assert names == [f"{MONTH}.minutes.{lang}.{kind}" for lang in ("en", "zh-CN") for kind in ("csv", "html", "md")]
    assert (room.disk().closed, room.disk().phase().since) == (True, 0)
    assert room.again().disk().closed


@pytest.mark.parametrize("kind", ["minutes", "paper", "screen"])
def test_nothing_on_paper_or_screen_tells_a_card_nobody_has_seen(room, kind):
    room.go("result").write("hidden-yet")
    room.stage.controls.entry.children[1].value = "hidden-draft"
    if kind == "screen":
        shown = [part.value for part in (room.stage.main, room.stage.head, room.stage.said)]
    else:
        files = write_minutes(room.held) if kind == "minutes" else [write_paper(room.held)]
        shown = [path.read_text(encoding="utf-8-sig") for path in files]
    assert shown and not any("hidden-" in text for text in shown)


def test_the_paper_page_has_what_was_shown(board):
    assert ">d<" in write_paper(board.held).read_text(encoding="utf-8").replace("\n", "")


# -- decisions


WHOLE = {
    "title": "小额退款免审批",
    "when": "退款低于 50 元",
    "then": "客服当场退",
    "owner": "service-1",
    "due": "2026-11-20",
    "effect": "-10%",
}


def decide(room, **fields):
    room.form["metric"].value = "sales"
    room.form["direction"].value = "lower"
    room.form["controllable"].value = "controllable"
    return room.send("decide", **(WHOLE | fields))


def test_a_decision_goes_into_the_ledger_with_all_it_needs(room):
    notice = decide(room)
    assert notice == "A-2026-10-1 is in the ledger."
    row = room.ledger.entry("A-2026-10-1").values
    assert row["trigger"] == {"when": "退款低于 50 元", "then": "客服当场退"}
    told = {name: row[name] for name in ("title", "owner", "due", "metric", "direction", "controllable")}
    assert told == {
        "title": "小额退款免审批", "owner": "service-1", "due": "2026-11-20", "metric": "sales",
        "direction": "lower", "controllable": "controllable",
    }  # fmt: skip
    assert (row["expected_effect"], row["created_in"]) == (-0.1, MONTH)  # −10 % as a ratio


def test_a_decision_stands_in_the_meeting_and_the_form_is_empty(room):
    decide(room)
    assert [one.id for one in room.disk().decisions] == ["A-2026-10-1"]
    assert room.disk().drafts == {}
    assert {name: field.value for name, field in room.form.items() if field.value} == {}


def test_what_is_missing_is_asked_for_and_not_forced(room):
    notice = room.send("decide", title="Try a holdout")
    assert re.fullmatch(r"A-2026-10-1 is in the ledger\. .+: Owner, Metric, Direction and Due\.", notice)
    assert room.actions() == ["Try a holdout"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": "  "}, "Say what is to be done"),
        ({"effect": "a lot"}, "'a lot' is no per cent; write 5 or -10"),
        ({"effect": "5,5"}, "'5,5' is no per cent; write 5 or -10"),
        ({"due": "20 Nov"}, "'20 Nov'"),
    ],
)
def test_a_decision_that_is_refused_is_put_back_and_nothing_is_written(room, fields, message):
    notice = decide(room, **fields)
    assert message in notice
    assert (room.actions(), room.disk().decisions) == ([], ())
    told = WHOLE | fields
    assert room.put[-1] == {"put": {name: text for name, text in told.items() if text}}


@pytest.mark.parametrize(
    ("typed", "ratio"), [("5", 0.05), ("+2.5 %", 0.025), ("−10%", -0.1), ("- 3", -0.03), ("", None)]
)
def test_an_effect_is_typed_in_per_cent(room, typed, ratio):
    decide(room, effect=typed)
    assert room.ledger.entry("A-2026-10-1").values.get("expected_effect") == ratio


def test_a_decision_about_a_card_remembers_it(board):
    board.say("pick", card=board.cards()["b"])
    board.press("decide_this")
    assert board.form["title"].value == "b"
    decide(board, title="b, but better")
    assert board.ledger.entry("A-2026-10-1").values["source_finding"] == "b"


def test_the_decisions_of_a_month_are_numbered(room):
    for n in range(3):
        decide(room, title=f"do {n}")
    assert [one.id for one in room.disk().decisions] == ["A-2026-10-1", "A-2026-10-2", "A-2026-10-3"]


# -- a decision that is changed


def test_a_decision_is_changed_through_the_form(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    assert room.form["effect"].value == "-10"
    room.send("decide", **(WHOLE | {"owner": "growth-2", "effect": "-10"}))
    row = room.ledger.entry("A-2026-10-1").values
    assert (row["owner"], row["expected_effect"], room.actions()) == ("growth-2", -0.1, ["小额退款免审批"])
    assert [one.fields["owner"] for one in room.disk().decisions] == ["growth-2"]


def test_a_change_survives_a_restart_in_the_middle(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.form["owner"].value = "growth-2"
    again = room.again()
    again.send("decide")
    assert again.actions() == ["小额退款免审批"]
    assert again.ledger.entry("A-2026-10-1").values["owner"] == "growth-2"


@pytest.mark.parametrize("restarted", [False, True])
def test_somebody_else_s_change_of_the_same_field_is_told_and_stands(room, restarted):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.ledger.edit("A-2026-10-1", {"owner": "theirs-1"})
    room = room.again() if restarted else room
    notice = room.send("decide", **(WHOLE | {"owner": "mine-1"}))
    assert notice == (
        'actions.yaml: Column \'owner\': A-2026-10-1 has "theirs-1" by now where "service-1" was seen; theirs stands,'
        ' "mine-1" is kept in actions.conflicts.yaml. Keep theirs, or write yours again.'
    )
    assert room.ledger.entry("A-2026-10-1").values["owner"] == "theirs-1"
    assert room.put[-1]["put"]["owner"] == "mine-1"


def test_after_a_conflict_the_decision_can_be_written_again(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.ledger.edit("A-2026-10-1", {"owner": "theirs-1"})
    room.send("decide", **(WHOLE | {"owner": "mine-1"}))
    room.press("clear_form")
    room.say("redecide", card="A-2026-10-1")
    assert room.form["owner"].value == "theirs-1"
    room.send("decide", **(WHOLE | {"owner": "mine-1"}))
    assert room.ledger.entry("A-2026-10-1").values["owner"] == "mine-1"
    assert room.ledger.open_conflicts() == []


def test_somebody_else_s_change_of_another_field_stays(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.ledger.edit("A-2026-10-1", {"due": "2026-12-01", "evidence": "see the chat"})
    room.send("decide", **(WHOLE | {"owner": "growth-2"}))
    row = room.ledger.entry("A-2026-10-1").values
    assert (row["owner"], row["due"], row["evidence"]) == ("growth-2", "2026-12-01", "see the chat")


def test_a_decision_that_left_the_ledger_is_told(room):
    decide(room)
    (room.folder / "actions.yaml").unlink()
    assert (
        room.say("redecide", card="A-2026-10-1")
        == "actions.yaml: There is no action 'A-2026-10-1'; the ledger is empty."
    )


def test_a_title_in_both_languages_changes_in_the_one_it_is_typed_in(room):
    both = {"zh-CN": "尺码说明", "en": "Size guide"}
    action = room.ledger.add({"title": both, "created_in": MONTH})
    room.say("redecide", card=action)
    assert room.form["title"].value == "Size guide"
    room.send("decide", title="Size guides for all")
    assert room.ledger.entry(action).values["title"] == {"zh-CN": "尺码说明", "en": "Size guides for all"}


def test_a_decision_that_is_looked_at_and_left_changes_nothing(room):
    action = room.ledger.add(
        {
            "title": {"zh-CN": "尺", "en": "Size"},
            "created_in": MONTH,
            "trigger": "each morning",
            "expected_effect": 1 / 3,
        }
    )
    before = (room.folder / "actions.yaml").read_bytes()
    room.say("redecide", card=action)
    room.send("decide")
    assert (room.folder / "actions.yaml").read_bytes() == before


def test_emptying_a_field_empties_it_in_the_ledger(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.send("decide", **(WHOLE | {"owner": "", "effect": "", "when": "", "then": ""}))
    row = room.ledger.entry("A-2026-10-1").values
    assert (row["owner"], row["expected_effect"], row["trigger"]) == (None, None, None)


def test_a_decision_about_a_card_never_lands_in_the_action_that_was_being_changed(board):
    decide(board)
    board.say("redecide", card="A-2026-10-1")
    board.say("escape")
    board.go("result").say("pick", card=board.cards()["b"])
    board.press("decide_this")
    board.send("decide", title="another")
    assert board.actions() == ["小额退款免审批", "another"]


# -- crashes and a disk that does not take it


ODD = ("退款 \"慢\": 'x' # y 🙂", "007", "- " + "a" * 300 + "\ttab")


@pytest.mark.parametrize("title", ODD)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_the_ledger_leads_to_one_action(workspace, when, title):
    died = subprocess.run([sys.executable, "-c", CRASH, workspace, when, title], check=False)
    assert died.returncode == 9
    for _ in range(2):
        room = Room(workspace)
        assert room.ledger.entry("A-2026-10-1").values["title"] == title
        assert len(room.actions()) == 1
        assert [one.id for one in room.disk().decisions] == ["A-2026-10-1"]
    assert room.ledger.entry("A-2026-10-1").values["owner"] == "service-1"


def test_the_same_title_twice_is_two_decisions(workspace):
    first = Room(workspace)
    decide(first, title="plain")
    first.held.store.release()
    subprocess.run([sys.executable, "-c", CRASH, workspace, "before", "plain"], check=False)
    assert Room(workspace).actions() == ["plain", "plain"]


def test_a_decision_somebody_left_half_made_is_made_before_the_next_one(room):
    room.held.store.save(deciding(room.held.meeting, {"title": "half made"}))
    room.send("decide", title="the next")
    assert room.actions() == ["half made", "the next"]
    assert [one.id for one in room.disk().decisions] == ["A-2026-10-1", "A-2026-10-2"]


def test_a_ledger_that_cannot_be_read_keeps_the_decision_in_the_form(room):
    (room.folder / "actions.yaml").write_text("actions: {oops")
    assert "actions.yaml" in decide(room)
    assert room.put[-1]["put"]["title"] == WHOLE["title"]
    assert room.disk().decisions == ()
    (room.folder / "actions.yaml").unlink()
    decide(room)
    assert room.actions() == [WHOLE["title"]]


def test_no_decision_goes_into_the_ledger_that_the_meeting_cannot_keep(room):
    folder = room.folder / "meetings"
    folder.rename(room.folder / "away")
    assert "No such file or directory" in decide(room)
    assert room.actions() == []
    (room.folder / "away").rename(folder)
    room.say("ping")
    assert (room.disk().decisions, room.held.store.trouble) == ((), "")


def test_typing_while_the_disk_is_full_is_told_and_written_later(room):
    room.go("result")
    (room.folder / "meetings").rename(room.folder / "away")
    room.stage.controls.entry.children[1].value = "退款"
    assert room.stage.guard.saved.get("card", "") == ""
    assert "No such file or directory" in room.stage.said.value
    (room.folder / "away").rename(room.folder / "meetings")
    room.say("ping")
    assert room.disk().drafts == {"card": "退款"}
    assert "No such file" not in room.stage.said.value


def test_the_page_to_go_on_with_waits_for_a_quiet_moment_but_not_for_ever(room):
    paper = room.folder / "meetings" / f"{MONTH}.paper.html"
    room.go("result").write("a")
    room.held.touched -= QUIET_SECONDS + 0.1
    room.say("ping")
    room.stage.ahead.join()
    cases = ((PAPER_SECONDS, False, False), (PAPER_SECONDS, True, True), (MOST_PAPER_SECONDS, False, True))
    for since, is_quiet, is_written in cases:
        paper.unlink(missing_ok=True)
        room.write(f"card {since} {is_quiet}")
        room.held.touched -= QUIET_SECONDS + 0.1 if is_quiet else 0
        room.stage.paper_at = time.monotonic() - since - 0.1
        room.say("ping")
        assert paper.exists() == is_written


def test_every_metric_of_the_form_has_its_months_beside_it():
    stage = Stage(Conductor(open_workspace("data", lang="en"), "2026-09"))
    charts = [stage.held.evidence.metric(metric) for metric in stage.decide.names]
    titles = [re.match(r'<p class="om-title">([^<]+)</p><svg ', chart)[1] for chart in charts]
    assert all(map(str.startswith, titles, stage.decide.names.values())) and len(titles) == 12


def test_what_was_begun_in_the_form_is_never_replaced(room):
    room.go("result").write("refunds are slow").press("reveal")
    room.form["title"].value, room.form["owner"].value = "half", "service-1"
    room.say("pick", card=room.cards()["refunds are slow"])
    assert "'half'" in room.press("decide_this")
    assert (room.form["title"].value, room.held.face) == ("half", "decide")
    decide(room)
    room.form["then"].value = "half again"
    assert "the form still holds" in room.say("redecide", card="A-2026-10-1").lower()
    assert (room.form["then"].value, room.form["title"].value) == ("half again", "")
    room.press("clear_form")
    room.say("redecide", card="A-2026-10-1")
    assert room.form["title"].value == WHOLE["title"]


def test_a_decision_tells_the_card_it_comes_from_until_the_form_is_emptied(room):
    room.go("result").write("refunds <are> slow").press("reveal")
    room.say("pick", card=room.cards()["refunds <are> slow"])
    room.press("decide_this")
    assert "refunds &lt;are&gt; slow" in room.stage.decide.source.value
    room.press("clear_form")
    room.send("decide", title="Hire a designer")
    assert room.ledger.entry("A-2026-10-1").values.get("source_finding") is None


def test_a_topic_becomes_a_decision_by_its_title(board):
    for text in "ab":
        board.say("pick", card=board.cards()[text])
    board.send("group", topic="slow refunds")
    board.say("pick", card=board.cards()["b"])
    board.press("decide_this")
    assert board.form["title"].value == "slow refunds"


@pytest.mark.parametrize("effect", ["100000000000000", "10001"])
def test_an_effect_nobody_means_is_refused(room, effect):
    assert "no per cent" in decide(room, effect=effect)
    assert room.actions() == []


ODD_DRAFTS = [{"metric": "gone"}, {"due": "soon"}, {"status": "?"}, {"seen": "{"}, {"direction": "up"}]


def test_a_meeting_that_goes_on_in_another_language_leaves_the_texts_in_theirs(room):
    title = {"zh-CN": "退款快一点", "en": "Faster refunds"}
    action = room.ledger.add({"title": title, "created_in": MONTH})
    room.again("zh-CN").say("redecide", card=action)
    english = room.again("en")
    english.send("decide", title="退款快一点")
    assert room.ledger.entry(action).values["title"] == title
    english.say("redecide", card=action)
    english.send("decide", title="Refunds at once")
    assert room.ledger.entry(action).values["title"] == {"zh-CN": "退款快一点", "en": "Refunds at once"}


def test_after_a_conflict_the_same_press_writes_over_theirs(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    room.ledger.edit("A-2026-10-1", {"owner": "theirs-1"})
    room.form["owner"].value = "ours-1"
    fields = {name: room.form[name].value for name in ("title", "when", "then", "owner", "effect")}
    room.send("decide", **fields)
    assert room.ledger.entry("A-2026-10-1").values["owner"] == "theirs-1"
    room.send("decide", **fields)
    assert room.ledger.entry("A-2026-10-1").values["owner"] == "ours-1"


@pytest.mark.parametrize("odd", ODD_DRAFTS)
def test_a_draft_that_fits_no_field_any_more_stops_nothing(room, odd):
    room.held.store.save(replace(room.held.meeting, drafts={"title": "kept", **odd}))
    again = room.again()
    assert again.form["title"].value == "kept"
    decide(again)
    assert again.actions() == [WHOLE["title"]]


def test_the_column_that_was_chosen_is_chosen_after_a_restart(room):
    room.go("result")
    room.stage.controls.column.value = "problem"
    again = room.again()
    again.go("result").write("slow")
    assert [card.column for card in again.disk().cards] == ["problem"]


def test_a_board_of_whys_is_open_from_the_start(room):
    room.go("analysis")
    room.held.attempt(lambda: room.held.use_board("5whys"))
    room.write("refunds are slow")
    assert "refunds are slow" in room.stage.main.value
    assert room.stage.controls.entry.layout.display is None


def test_leaving_cards_nobody_has_seen_is_said(room):
    room.go("result").write("a", "b")
    room.press("phase-goal")
    assert "2 cards there have not been shown yet." in room.stage.said.value


def test_undo_acts_where_the_room_sees_it(board):
    for text in "ab":
        board.say("pick", card=board.cards()[text])
    board.send("group", topic="both")
    board.go("actions", board=False)
    board.say("undo")
    assert [topic.title for topic in board.disk().topics] == ["both"]
    board.go("result")
    board.say("undo")
    assert board.disk().topics == ()


def test_a_card_that_is_taken_back_before_the_reveal_can_be_written_anew(room):
    room.go("result").write("a typo")
    room.say("undo")
    assert (room.put[-1], room.disk().cards) == ({"put": {"card": "a typo"}}, ())


def test_a_tally_belongs_to_its_card(board):
    voters(board)
    one, two = (board.cards()[text] for text in "ab")
    board.say("pick", card=one)
    board.stage.controls.typed(f"votes-{one}", "7")
    board.say("pick", card=one)
    board.say("pick", card=two)
    assert [part.value for part in parts(board.stage.root) if f"om-field-votes-{two}" in part._dom_classes] == [""]


def test_no_tally_can_be_told_from_what_is_left(board):
    voters(board)
    board.say("pick", card=board.cards()["a"])
    assert board.send("vote", **{f"votes-{board.cards()['a']}": "7"}) == ""
    assert "3 people, 5 votes each, at most 9 on one topic" in board.stage.main.value


@pytest.mark.parametrize("way", ["title", "board"])
def test_nobody_becomes_a_cause_by_another_way(room, way):
    room.go("result").write("王经理太慢", "price").press("reveal")
    if way == "board":
        room.say("pick", card=room.cards()["王经理太慢"])
        room.press("park")
    room.go("analysis").write("a", "b").press("reveal")
    if way == "title":
        for text in "ab":
            room.say("pick", card=room.cards()[text])
        room.send("group", topic="王经理")
    else:
        room.press("face-parking")
        room.say("pick", card=room.cards()["王经理太慢"])
        room.press("unpark")
    assert "王经理" in room.held.notice
    assert room.disk().topics == () and (way == "title" or len(room.disk().parked) == 1)


def test_panels_that_were_closed_leave_no_widgets(board):
    for _ in range(2):
        board.say("pick", card=board.cards()["a"])
    before = len(_instances)
    for _ in range(20):
        board.say("pick", card=board.cards()["a"])
    assert len(_instances) <= before


def test_a_board_the_team_took_away_stays_with_the_meeting_that_uses_it(workspace):
    (workspace / "boards.toml").write_text(
        '[[phases]]\nkey = "result"\nboard = "ours"\n[boards.ours]\nname = "Ours"\ncolumns = [{ key = "a" }]\n',
        encoding="utf-8",
    )
    room = Room(workspace)
    room.go("result").write("kept")
    (workspace / "boards.toml").unlink()
    again = room.again()
    again.press("panel-more")
    again.press("panel-more")
    assert again.held.board == "ours" and again.cards().keys() == {"kept"}


def test_a_card_that_was_entered_twice_can_be_told_by_its_number(room):
    room.go("result")
    room.say("send", name="card", fields={"card": "once"}, id="17-4")
    assert (room.disk().drafts["entered"], room.stage.guard.saved["entered"]) == ("17-4", "17-4")
    room.say("send", name="card", fields={"card": "twice"}, id="17-5")
    assert room.disk().drafts["entered"] == "17-4 17-5"


# -- a second facilitator


def test_a_title_that_arrives_again_after_it_was_entered_makes_no_second_decision(room):
    decide(room)
    room.form["title"].value = WHOLE["title"]  # ipywidgets may hold a letter back until the kernel is free
    assert (room.form["title"].value, room.disk().drafts.get("title")) == ("", None)


@pytest.mark.parametrize("way", ["another phase", "another board"])
def test_undo_leaves_alone_what_stands_on_another_board(room, way):
    room.go("result").write("hidden")
    if way == "another phase":
        room.go("analysis")
    else:
        room.held.attempt(lambda: room.held.use_board("kiss"))
    room.say("undo")
    assert [card.text for card in room.disk().cards] == ["hidden"]


def test_undo_of_parking_is_there_where_the_card_stands_now(board):
    board.say("pick", card=board.cards()["a"])
    board.press("park")
    board.press("face-parking")
    board.press("undo")
    assert board.disk().parked == ()


def test_the_panel_of_another_card_changes_nothing(board):
    board.say("pick", card=board.cards()["a"])
    board.send("edit", **{f"edit-{board.cards()['b']}": "meant for b"})
    assert board.cards().keys() == set("abcdef")


def test_what_is_refused_comes_back_alone(board):
    board.go("analysis").write("x", "y").press("reveal")
    card = board.cards()["x"]
    board.say("pick", card=card)
    board.send("edit", **{f"edit-{card}": "王经理太慢", "card": "half"})
    assert board.put[-1] == {"put": {f"edit-{card}": "王经理太慢"}}


def test_a_screen_that_only_looks_writes_nothing_when_the_file_changes(room):
    room.go("result")
    room.stage.controls.column.value = "try"
    file = room.folder / "meetings" / f"{MONTH}.json"
    room.held.store.release()
    looking = Room(room.folder)
    looking.held.store.release()
    looking.held.store.writes = True
    changed = file.read_bytes().replace(b'"held"', b'"held" ')
    file.write_bytes(changed)
    looking.say("ping")
    assert (file.read_bytes(), looking.held.store.holds) == (changed, False)


def test_the_column_of_a_begun_card_is_taken_over_with_it(room):
    room.go("result")
    room.stage.controls.column.value = "problem"
    room.stage.controls.text.value = "refund slow"
    other = Room(room.folder)
    other.held.attempt(other.held.store.take_over)
    assert (other.stage.controls.column.value, other.stage.controls.text.value) == ("problem", "refund slow")


def test_a_take_over_fills_the_form_with_what_the_other_one_was_writing(room):
    decide(room)
    room.say("redecide", card="A-2026-10-1")
    other = Room(room.folder)
    other.stage.held.store.take_over()
    other.stage.render()
    assert other.form["title"].value == WHOLE["title"]
    other.press("clear_form")
    other.send("decide", title="B new decision")
    assert other.actions() == [WHOLE["title"], "B new decision"]


def test_what_the_other_one_wrote_is_in_no_panel_as_it_was(two):
    card = two.cards()["a"]
    two.held.attempt(two.held.store.take_over)
    two.say("pick", card=card)
    theirs = json.loads(file_of(two))
    theirs["session"], theirs["cards"][0]["text"] = "theirs", "a, corrected"
    (two.folder / "meetings" / f"{MONTH}.json").write_text(json.dumps(theirs), encoding="utf-8")
    two.say("ping")
    two.press("take_over")
    assert two.held.picked == []
    two.say("pick", card=card)
    assert "a, corrected" in [getattr(part, "value", "") for part in parts(two.stage.root)]


def test_a_file_somebody_deleted_is_written_again(room):
    room.go("result").write("a")
    (room.folder / "meetings" / f"{MONTH}.json").unlink()
    room.say("ping")
    assert [card.text for card in room.disk().cards] == ["a"]


@pytest.fixture
def two(room):
    """The first one, whose meeting somebody else took over."""
    room.go("result").write("a")
    data = json.loads(file_of(room)) | {"session": "somebody else"}
    (room.folder / "meetings" / f"{MONTH}.json").write_text(json.dumps(data), encoding="utf-8")
    return room


def test_a_card_entered_after_somebody_took_over_is_put_back_and_kept_beside(two):
    two.write("mine")
    assert two.put[-1] == {"put": {"card": "mine"}}
    kept = next((two.folder / "meetings").glob("*.kept-*.json"))
    assert "mine" in {card["text"] for card in json.loads(kept.read_bytes())["cards"]}
    assert kept.name in two.stage.said.value
    two.write("and another")
    assert two.put[-1] == {"put": {"card": "and another"}}
    assert [card.text for card in two.disk().cards] == ["a"]


def test_whoever_looks_on_decides_nothing(two):
    two.say("ping")
    decide(two)
    assert two.actions() == []
    assert two.put[-1]["put"]["title"] == WHOLE["title"]


def test_taking_over_is_one_button(two):
    two.say("ping")
    two.press("take_over")
    two.write("mine")
    assert sorted(card.text for card in two.disk().cards) == ["a", "mine"]


# -- forms, people


def test_a_form_s_cards_come_in_without_a_trace_of_who_wrote_them(room):
    room.go("result")
    (room.folder / "meetings" / "form.csv").write_text(FORM, encoding="utf-8")
    room.press("panel-import")
    notice = room.send("import", **{"import": "form.csv"})
    assert sorted(card.text for card in room.disk().cards) == sorted(
        ["周会很短", "看板清楚", "退款审批要五个人签字", "客服响应太慢"]
    )
    assert "4" in notice
    assert not re.search(r"秘密|10\.20\.30|12:31|12:40|form\.csv|2026/10/25", file_of(room))
    assert {card.source for card in room.disk().cards} == {"form"}


def test_a_form_that_is_not_there_is_told(room):
    room.go("result").press("panel-import")
    notice = room.send("import", **{"import": "nowhere.csv"})
    assert notice.startswith(f"There is no file {room.folder / 'meetings' / 'nowhere.csv'}")
    assert room.disk().cards == ()


def test_a_person_is_no_cause_and_the_text_goes_back(room):
    room.go("analysis")
    notice = room.send("card", card="王经理没有审批")
    assert notice.startswith("A person is never a root cause, and 王经理 looks like one; write what happened, not who")
    assert room.put[-1] == {"put": {"card": "王经理没有审批"}}
    assert room.disk().cards == ()
    room.write("审批没有落实")
    assert [card.text for card in room.disk().cards] == ["审批没有落实"]


def test_an_owner_s_id_is_no_cause_either(room):
    room.go("analysis").write("growth-1 was slow")
    assert room.disk().cards == ()


def test_a_board_of_results_may_thank_somebody(room):
    room.go("result").write("王经理的复盘很清楚")
    assert len(room.disk().cards) == 1


def test_a_cause_cannot_be_edited_into_a_person(room):
    room.go("analysis").write("审批慢").press("reveal")
    card = room.cards()["审批慢"]
    room.say("pick", card=card)
    room.send("edit", **{f"edit-{card}": "王经理慢"})
    assert room.put[-1] == {"put": {f"edit-{card}": "王经理慢"}}
    assert room.disk().cards[0].text == "审批慢"


# -- everything at once


def test_messages_from_several_threads_lose_nothing(room):
    room.go("result")
    threads = [threading.Thread(target=room.write, args=[f"{name}{n}" for n in range(25)]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(room.disk().cards) == 50


@pytest.mark.parametrize(
    "message",
    [{"do": "dance"}, {"do": "pick"}, {"do": "pick", "card": "nope"}, {"do": "redecide"}, {"do": "fact", "card": "x"},
     {"do": "undo"}, {"do": "pair"}, {"do": "send", "name": "group", "fields": {"topic": "x"}}, {"do": "ping"},
     {"do": "send", "name": "vote", "fields": {}}, {"do": "send", "name": "edit", "fields": {}}],
    ids=str,
)  # fmt: skip
def test_a_message_that_makes_no_sense_changes_nothing(room, message):
    room.go("result").write("a")
    before = (room.disk().cards, room.disk().boards, room.disk().decisions)
    if message["do"] == "undo":
        before = ((), *before[1:])
    room.stage.told(message)
    assert (room.disk().cards, room.disk().boards, room.disk().decisions) == before


def test_the_file_on_disk_is_the_state_after_everything(board):
    voters(board)
    decide(board)
    board.press("phase-insight")
    assert (board.folder / "meetings" / f"{MONTH}.json").read_bytes() == as_json(board.held.meeting)
