"""The file of a meeting: what is in it, what is never in it, and that a file of another kind is refused in words."""

import json
import re
from dataclasses import fields, replace

import pytest
from meeting_cases import meeting

from opsretro.errors import InputError
from opsretro.tables.meetings import (
    Card,
    Decision,
    Meeting,
    Phase,
    as_json,
    months_met,
    read_meeting,
    read_meetings,
    text_in,
)

SAY = "meetings/2026-10.json: 1 problem. "
BROKEN = (
    "he file breaks off or is no JSON here; a copy of an earlier state may lie beside it. Move it away to begin anew;"
    " nothing was changed"
)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "meetings").mkdir()
    return tmp_path / "meetings" / "2026-10.json"


@pytest.fixture
def refused(path):
    """The message with which a file is refused; the file is as it was."""

    def told(data):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"^meetings/2026-10\.json: \d+ problem") as error:
            read_meeting(path)
        assert path.read_bytes() == data
        return str(error.value).removesuffix(".")

    return told


@pytest.fixture
def refused_with(refused):
    """The message when one value of a whole meeting is another one."""

    def told(value, *place):
        data = inner = json.loads(as_json(meeting()))
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        return refused(json.dumps(data).encode())

    return told


def test_a_meeting_comes_back_as_it_was(path):
    whole = replace(meeting(), cards=tuple(sorted(meeting().cards, key=lambda card: card.id)))
    path.write_bytes(as_json(whole))
    assert read_meeting(path) == whole
    assert as_json(read_meeting(path)) == as_json(whole)


def test_cards_stand_in_the_order_of_their_ids_whatever_came_first():
    cards = tuple(Card(id=name, board="kpt") for name in "dacb")
    one, other = (Meeting(month="2026-10", cards=told) for told in (cards, cards[::-1]))
    assert as_json(one) == as_json(other)
    assert [card["id"] for card in json.loads(as_json(one))["cards"]] == list("abcd")


def test_a_card_has_no_author_and_no_time():
    known = {"id", "board", "column", "text", "place", "topic", "basis", "verify", "control", "parked", "source"}
    assert {field.name for field in fields(Card)} == known


def test_a_file_of_an_earlier_version_may_lack_what_came_later(path):
    path.write_bytes(b'{"month": "2026-10", "cards": [{"id": "a", "text": "x", "colour": "red"}]}')
    assert read_meeting(path) == Meeting(month="2026-10", cards=(Card(id="a", text="x"),))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_breaks_off_is_refused(refused, share):
    data = as_json(meeting())
    told = refused(data[: int(share * len(data))])
    assert re.fullmatch(rf"{re.escape(SAY)}(Row \d+: t|T){re.escape(BROKEN)}\.?", told)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n", b"\xff\xfe", b"{}x", b"[" * 100_000, b"\xe9t\xe9"],
    ids=["empty", "zeros", "picture", "mark", "more", "deep", "latin"],
)
def test_what_is_no_json_is_refused(refused, data):
    assert BROKEN in refused(data)


def test_half_a_character_is_refused(refused):
    assert BROKEN in refused(b'{"month": "2026-10", "cards": [{"id": "a", "text": "\\ud83d"}]}')


def test_half_a_character_that_was_typed_never_reaches_the_file(path):
    path.write_bytes(as_json(Meeting(month="2026-10", drafts={"card": "ok \ud83d"})))
    assert read_meeting(path).drafts == {"card": "ok ?"}


@pytest.mark.parametrize("data", [b"[]", b"null", b"7", b'"x"', b"true"])
def test_json_of_another_kind_is_refused(refused, data):
    told = "cannot stand here; take the file as opsretro wrote it"
    assert told in refused(data)


def test_a_folder_in_its_place_is_refused(path):
    path.mkdir()
    message = f"{SAY}The file cannot be read (Is a directory); check its name and its permissions."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read_meeting(path)


def test_a_newer_file_is_not_touched(refused):
    newer = as_json(meeting(schema=2))
    assert refused(newer) == f"{SAY}A newer version of opsretro wrote this file; update opsretro"


def test_a_file_of_another_month_is_refused(refused):
    other = as_json(meeting(month="2026-09"))
    assert refused(other) == f"{SAY}The file says month '2026-09'; its name says 2026-10"


ODD = {
    "a tally that is a text": ("x", "boards", 0, "votes", "t1"),
    "a tally that is a truth": (True, "boards", 0, "votes", "t1"),
    "a tally below one": (-3, "boards", 0, "votes", "t1"),
    "tallies as a list": ([3], "boards", 0, "votes"),
    "a name that is a number": (7, "boards", 0, "name", "en"),
    "a column's question that is a list": ([], "boards", 0, "columns", 0, "ask", "en"),
    "a stage nobody knows": ("shouting", "boards", 0, "stage"),
    "a stage that is a list": ([], "boards", 0, "stage"),
    "people that are a text": ("9", "boards", 0, "people"),
    "a title that is a number": (5, "decisions", 0, "fields", "title"),
    "a title that holds a list": ({"en": [1]}, "decisions", 0, "fields", "title"),
    "an effect that is a text": ("much", "decisions", 0, "fields", "expected_effect"),
    "fields as a text": ("x", "decisions", 0, "fields"),
    "a fact's text as a text": ("x", "facts", 0, "text"),
    "a fact's text that is a number": (3, "facts", 0, "text", "en"),
    "a draft that is a number": (3, "drafts", "card"),
    "a card that is a text": ("x", "cards", 0),
    "cards as a text": ("x", "cards"),
    "a place that is a fraction": (1.5, "cards", 0, "place"),
    "a basis nobody knows": ("rumour", "cards", 0, "basis"),
    "a clock without end": (1e999, "phases", 0, "left"),
    "a clock that is no number": (float("nan"), "phases", 0, "left"),
    "a clock of 400 digits": (10**400, "phases", 0, "since"),
    "a phase that is not there": ("later", "now"),
    "a board that is not there": ("wall", "phases", 2, "board"),
    "two cards of one id": ("c2", "cards", 0, "id"),
    "two boards of one key": ("kpt", "boards", 1, "key"),
    "an undo that is a text": (["x"], "undo"),
    "an undo of a card that is a text": ({"cards": {"x": "y"}}, "undo", 0),
    "an undo of a card with odd fields": ({"cards": {"x": {"colour": "red"}}}, "undo", 0),
    "an undo of a board that is not there": ({"board": {"key": "wall"}}, "undo", 0),
    "a month that is a number": (2026, "month"),
    "a truth that is a number": (1, "closed"),
}


@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
def test_a_value_of_another_kind_is_refused(refused_with, case):
    assert re.search(r"'.*' cannot stand here; take the file as opsretro wrote it", refused_with(*case))


def test_every_odd_value_is_told_at_once(refused):
    data = json.loads(as_json(meeting()))
    data["boards"][0]["votes"]["t1"], data["cards"][2]["place"], data["held"] = "x", None, 7
    places = re.findall(r"Column '([^']+)'", refused(json.dumps(data).encode()))
    assert sorted(places) == ["boards[0].votes", "cards[2].place", "held"]


def test_meetings_are_read_in_the_order_asked_and_a_month_without_one_is_left_out(tmp_path):
    for month in ("2026-08", "2026-10"):
        (tmp_path / f"{month}.json").write_bytes(as_json(Meeting(month=month)))
    found = read_meetings(tmp_path, ["2026-10", "2026-09", "2026-08"])
    assert [each.month for each in found] == ["2026-10", "2026-08"]


def test_all_broken_meetings_are_told_at_once(tmp_path):
    for month in ("2026-08", "2026-09"):
        (tmp_path / f"{month}.json").write_text("{")
    with pytest.raises(InputError, match=r"(?s)2026-08\.json.*2026-09\.json"):
        read_meetings(tmp_path, ["2026-08", "2026-09"])


def test_only_files_of_a_month_are_meetings(tmp_path):
    for name in ("2026-10", "2026-13", "2026-10.kept-ab12", "2026-09", "notes", ".2026-08"):
        (tmp_path / f"{name}.json").write_text("{}")
    assert months_met(tmp_path) == ["2026-09", "2026-10"]
    assert months_met(tmp_path / "nowhere") == []


def test_a_text_falls_back_to_the_other_language():
    assert [text_in(told, "en") for told in ({"zh-CN": "退款"}, {"en": "", "zh-CN": "款"}, {})] == ["退款", "款", ""]


def test_what_is_not_there_is_a_key_error():
    held = Meeting(month="2026-10", phases=(Phase(key="goal"),), decisions=(Decision(),))
    with pytest.raises(KeyError, match="wall"):
        held.board("wall")
    with pytest.raises(KeyError, match="later"):
        held.phase("later")
