"""The phases and boards of a meeting as data: those of the kit, those of a team, and every mistake told at once."""

import re

import pytest

from opsretro.errors import InputError
from opsretro.meeting.board_templates import read_agenda
from opsretro.words import LANGUAGES

OWN = """
[[phases]]
key = "result"
minutes = 7.5
board = "ours"
[[phases]]
key = "insight"

[boards.ours]
name = "我们的"
columns = [{ key = "up", name = { en = "Up" }, ask = "什么变好了？" }, { key = "down" }]
"""
WRONG = """
theme = "dark"

[[phases]]
key = "party"
[[phases]]
key = "goal"
minutes = 0
clock = "loud"
[[phases]]
key = "goal"
minutes = true
board = "wall"

[boards."Our Board"]
name = 7
columns = []
colour = "red"
judged = "yes"

[boards.twice]
name = { fr = "Deux" }
columns = [{ key = "a", naem = "A" }, { key = "a", ask = 3 }, { key = "B!" }]

[boards.wide]
columns = [{ key = "c1" }, { key = "c2" }, { key = "c3" }, { key = "c4" }, { key = "c5" }, { key = "c6" },
           { key = "c7" }, { key = "c8" }, { key = "c9" }]

[boards.flat]
columns = "keep, problem, try"
"""


@pytest.fixture
def team(tmp_path):
    def told(text):
        (tmp_path / "boards.toml").write_text(text, encoding="utf-8")
        return read_agenda(tmp_path)

    return told


@pytest.fixture
def refused(team):
    """Code and place of each problem, in the order told."""

    def told(text):
        with pytest.raises(InputError, match=r"^boards\.toml: \d+ problems?\. ") as error:
            team(text)
        return [(problem.code, problem.column) for problem in error.value.problems]

    return told


def test_the_boards_of_the_issue_are_there(tmp_path):
    boards = read_agenda(tmp_path).boards
    assert {"kpt", "kiss", "4ls", "fishbone", "5whys"} <= set(boards)
    assert [column.key for column in boards["kpt"].columns] == ["keep", "problem", "try"]
    assert [len(boards[key].columns) for key in ("kiss", "4ls", "5whys")] == [4, 4, 5]
    assert [key for key, board in boards.items() if board.judged] == ["fishbone", "5whys"]
    assert [key for key, board in boards.items() if board.chain] == ["5whys"]


def test_every_board_asks_in_both_languages(tmp_path):
    for board in read_agenda(tmp_path).boards.values():
        for texts in (board.name, *(told for column in board.columns for told in (column.name, column.ask))):
            assert all(texts[lang] for lang in LANGUAGES)


def test_the_default_boards_of_the_phases(tmp_path):
    boards = {phase.key: phase.board for phase in read_agenda(tmp_path).phases}
    assert boards == {"actions": "", "goal": "", "result": "kpt", "analysis": "fishbone", "insight": "lessons"}


def test_a_team_s_phases_replace_and_its_boards_join(team):
    agenda = team(OWN)
    assert [(phase.key, phase.board, phase.seconds, phase.left) for phase in agenda.phases] == [
        ("result", "ours", 450, 450.0),
        ("insight", "", 600, 600.0),
    ]
    assert {"ours", "kpt"} <= set(agenda.boards)


def test_a_text_in_one_language_serves_both(team):
    ours = team(OWN).boards["ours"]
    assert ours.name == {"zh-CN": "我们的", "en": "我们的"}
    assert [column.name["zh-CN"] for column in ours.columns] == ["Up", "down"]


def test_a_team_s_board_of_the_same_name_takes_the_place_of_the_kit_s(team):
    assert [column.key for column in team('[boards.kpt]\ncolumns = [{ key = "x" }]').boards["kpt"].columns] == ["x"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\ufeff" + OWN])
def test_an_empty_file_or_a_mark_at_its_start_does_no_harm(team, text):
    assert team(text).phases


def test_all_mistakes_are_told_at_once(refused):
    assert refused(WRONG) == [
        ("board_unknown", "theme"),
        ("board_unknown", "boards.Our Board.colour"),
        ("board_key", "boards.Our Board"),
        ("board_columns", "boards.Our Board.columns"),
        ("board_value", "boards.Our Board.judged"),
        ("board_value", "boards.Our Board.name"),
        ("board_columns", "boards.twice.columns"),
        ("board_key", "boards.twice.columns"),
        ("board_unknown", "boards.twice.a.naem"),
        ("board_value", "boards.twice.a.ask"),
        ("board_value", "boards.twice.name"),
        ("board_columns", "boards.wide.columns"),
        ("board_columns", "boards.flat.columns"),
        ("board_phase", "phases.key"),
        ("board_unknown", "phases.goal.clock"),
        ("board_minutes", "phases.goal.minutes"),
        ("board_phase", "phases.key"),
        ("board_minutes", "phases.goal.minutes"),
        ("board_none", "phases.goal.board"),
    ]


ONE = {
    '[boards.x]\ncolumns = [{ key = "a", naem = "b" }]': (
        "Column 'boards.x.a.naem': no such key; there are key, name, ask"
    ),
    '[boards.x]\nname = 3\ncolumns = [{ key = "a" }]': (
        'Column \'boards.x.name\': write it as { zh-CN = "…", en = "…" }'
    ),
    '[boards."a b"]\ncolumns = [{ key = "a" }]': (
        "Column 'boards.a b': 'a b' is no key; use small letters, digits, - and _"
    ),
    "[boards.x]": "Column 'boards.x.columns': a board has 1 to 8 columns, each with a key of its own",
    '[[phases]]\nkey = "party"': (
        "Column 'phases.key': 'party' is no phase, or stands twice; there are actions, goal, result, analysis, insight"
    ),
    '[[phases]]\nkey = "goal"\nminutes = nan': "Column 'phases.goal.minutes': write minutes between 1 and 240",
    '[[phases]]\nkey = "goal"\nboard = "wall"': (
        "Column 'phases.goal.board': there is no board 'wall'; there are kpt, kiss, 4ls, ssc, fishbone, 5whys, lessons"
    ),
    "boards = 3": "Column 'boards': write it as [boards.ours]",
    "[boards": "Not valid TOML (Expected ']' at the end of a table declaration (at end of document)); mend that line.",
}


@pytest.mark.parametrize(("text", "message"), ONE.items())
def test_a_mistake_says_where_it_is_and_what_to_write(team, text, message):
    whole = f"boards.toml: 1 problem. {message.removesuffix('.')}"
    with pytest.raises(InputError, match=rf"^{re.escape(whole)}\.?$"):
        team(text)


@pytest.mark.parametrize(
    "text", ["phases = 3", 'phases = ["goal"]', "[boards]\nkpt = 3", "[boards.kpt]\ncolumns = [[]]"]
)
def test_a_value_of_another_kind_is_told_too(refused, text):
    assert [code for code, _ in refused(text)] in (["board_phase"], ["board_columns"])


def test_a_file_of_another_encoding_is_told(tmp_path):
    (tmp_path / "boards.toml").write_bytes("[boards.我们]".encode("gb18030"))
    with pytest.raises(InputError, match=r"^boards\.toml: 1 problem\. The file is not UTF-8; save it as UTF-8\.$"):
        read_agenda(tmp_path)


def test_a_folder_in_its_place_is_told(tmp_path):
    (tmp_path / "boards.toml").mkdir()
    message = "The file cannot be read (Is a directory); check its name and its permissions."
    with pytest.raises(InputError, match=rf"^boards\.toml: 1 problem\. {re.escape(message)}$"):
        read_agenda(tmp_path)
