"""`opsretro ledger`: what people type, what they read, and what happens when two of them type at once."""

import json
import os
import pty
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from opsretro import cli
from opsretro.cli_ledger import EXAMPLES
from opsretro.meeting.ledger import Ledger
from opsretro.tables.period import add_months
from opsretro.words import say

LEDGER = """\
actions:
  - id: "A-2026-07-1"
    title: "Staggered shifts"
    owner: "service-1"
    due: "2026-08-03"
    metric: "service_60s"
    direction: "higher"
    status: "check"
  - id: "A-2026-09-1"
    title: "热销二十款加尺码说明"
    trigger: "each week"
    owner: "service-1"
    due: "2026-10-26"
    metric: "refund_rate"
    direction: "lower"
    expected_effect: -0.1
    status: "do"
  - id: "A-2026-09-2"
    title: "Checkout checklist"
    owner: "growth-2"
    due: "2026-10-28"
    metric: "conversion"
    direction: "higher"
    status: "do"
"""
ACTION = "A-2026-09-1"


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "actions.yaml").write_text(LEDGER, encoding="utf-8")
    (tmp_path / "goals.csv").write_text("goal_id,kpi\nservice_60s,answered\nrefund_rate,\n", encoding="utf-8")
    (tmp_path / "metrics.csv").write_text("date,kpi,value\n2026-10-01,conversion,1\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(workspace, capsys):
    """Runs a command and tells its exit code, what it said, and what it complained about."""

    def command(name, *words, lang="en"):
        code = cli.main(["ledger", name, *words, "--workspace", str(workspace), "--lang", lang])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def actions(workspace):
    return Ledger(workspace / "actions.yaml").actions().set_index("id")


def test_the_list_has_the_open_actions_and_what_is_late(run):
    code, out, _ = run("list", "--as-of", "2026-10-27")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["Action", "Status", "Due", "Owner", "Metric", "What"]
    # 2026-10-27 is one day after A-2026-09-1 was due and one before A-2026-09-2 is; A-2026-07-1 is being checked
    assert [line.split()[0] for line in lines if line[0] == "A"][1:] == ["A-2026-07-1", "A-2026-09-1", "A-2026-09-2"]
    assert [lines[3], lines[5]] == ["    1 day late", "3 actions, 1 overdue"]


def test_what_is_settled_is_listed_when_asked_for(run):
    run("edit", "A-2026-07-1", "status=act")
    listed = [
        run("list", *words)[1].splitlines()[-1]
        for words in (["--as-of", "2026-10-01"], ["--as-of", "2026-10-01", "--all"])
    ]
    assert listed == ["2 actions, 0 overdue", "3 actions, 0 overdue"]


def test_the_list_says_whose_day_to_be_checked_has_come(run):
    run("edit", "A-2026-07-1", "check_on=2026-10-31")
    said = [run("list", "--as-of", day, lang=lang)[1] for day, lang in (
        ("2026-10-30", "en"), ("2026-10-31", "en"), ("2026-10-31", "zh-CN"))]  # fmt: skip
    told = ["    to be checked since 31 Oct 2026\n", "    2026年10月31日起应检查\n"]
    assert [[line in text for line in told] for text in said] == [[False, False], [True, False], [False, True]]


def test_a_day_in_words_is_refused_as_all_else_is(run):
    told = "--as-of: 'yesterday' is not a date; write 2026-11-20.\n1 problem; nothing was written\n"
    assert run("list", "--as-of", "yesterday") == (2, "", told)


def test_the_list_says_what_is_missing(run):
    run("add", "title=Size guide", "created_in=2026-10")
    assert "    still to say: Owner, Metric, Direction and Due\n" in run("list")[1]


def test_the_list_as_json_is_an_object_a_line(run, workspace):
    _, out, _ = run("list", "--format", "json", "--as-of", "2026-10-27")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["overdue"] for row in rows] == [False, True, False]
    assert rows[1]["expected_effect"] == -0.1 and rows[1]["missing"] == []


def test_a_workspace_without_a_ledger_has_no_open_action(run, workspace):
    (workspace / "actions.yaml").unlink()
    assert run("list")[:2] == (0, "no action is open; `opsretro ledger add` writes one\n")
    assert run("list", "--format", "json")[:2] == (0, "")


def test_adding_prints_the_id_and_asks_gently_for_the_rest(run, workspace):
    code, out, err = run("add", "title=Size guide", "owner=service-1", "created_in=2026-10", "expected_effect=-0.1")
    assert (code, out) == (0, "A-2026-10-1\n")
    assert re.findall(r"Column '(\w+)'", err) == ["metric", "due"]  # the sign of the effect tells the direction
    assert actions(workspace).loc["A-2026-10-1", "expected_effect"] == -0.1


@pytest.mark.parametrize("words", [["add", "title=x", "created_in=2026-08"], ["edit", ACTION]])
def test_what_was_probably_meant_in_another_way_is_told_of_the_one_action(run, words):
    run("edit", "A-2026-09-2", "owner=a and b")
    fields = ["owner=a, b", "expected_effect=10", "direction=lower", "metric=refund_rat", "due=2026-11-01"]
    code, _, err = run(*words, *fields)
    assert code == 0
    assert [line.split("row ")[1].split(": ", 1)[1] for line in sorted(err.splitlines())] == [
        "10 means +1000 %; if it is per cent, write 0.1.",
        "10 moves the metric against direction 'lower'; change one of the two.",
        "'refund_rat' is neither a KPI of the metrics table nor a goal; write refund_rate, for example.",
        "'a, b' is more than one owner; write one role or id, the others help.",
    ]


def test_an_action_is_of_last_month_unless_told_otherwise(run):
    assert run("add", "title=x")[1] == f"A-{add_months(f'{date.today():%Y-%m}', -1)}-1\n"


def test_a_part_of_a_text_is_changed_alone(run, workspace):
    run("edit", ACTION, "title.en=Sizes", "title.zh-CN=尺码", "trigger.when=sold out", "evidence=a=b")
    row = actions(workspace).loc[ACTION]
    assert row[["title_zh", "title_en", "when_en", "evidence_en"]].tolist() == ["尺码", "Sizes", "sold out", "a=b"]
    assert row["then_en"] == "each week"


def test_options_may_stand_among_the_fields(workspace, capsys):
    words = ["ledger", "edit", ACTION, "--workspace", str(workspace), "status=check", "--lang", "en", "owner="]
    assert cli.main(words) == 0
    assert capsys.readouterr().out == f"{ACTION} is changed\n"
    assert actions(workspace).loc[ACTION, ["status", "owner"]].tolist() == ["check", ""]


def test_a_change_that_changes_nothing_says_so(run):
    assert run("edit", ACTION, "status=do")[:2] == (0, f"{ACTION} stays as it is\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "title=x", "ownr=y"], "actions.yaml: 'ownr' is not a field here; write 'owner'."),
        (["add", "title=x", "due=soon"], "actions.yaml: Column 'due': 'soon' is not a date; write it as year-"),
        (["add", "title=x", "expected_effect=+5%"], "'+5%' is not a number; write a plain one, such as 0.05."),
        (["add", "title=x", "baseline=nan"], "actions.yaml: Column 'baseline': 'nan' is not a number"),
        (["add", "title＝x"], "opsretro ledger: 'title＝x' is no field with its value; write field=value, such as "),
        (["edit", "A-1", "status=act"], "actions.yaml: There is no action 'A-1'; the ledger has "),
        (["edit", ACTION], "opsretro ledger edit: Say what to change, such as status=check; on a terminal, "),
        (["edit", ACTION, "id=A-1"], "actions.yaml: Column 'id': the ledger gives the id"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_and_nothing_is_written(run, workspace, words, told):
    before = (workspace / "actions.yaml").read_bytes()
    code, out, err = run(*words)
    assert (code, out) == (2, "") and told in err and err.endswith("nothing was written\n")
    assert (workspace / "actions.yaml").read_bytes() == before


def test_a_workspace_that_is_not_there_is_refused(tmp_path, capsys):
    assert cli.main(["ledger", "list", "--workspace", str(tmp_path / "nowhere"), "--lang", "en"]) == 2
    assert "There is no such folder" in capsys.readouterr().err


def test_the_ledger_stands_where_the_settings_say(run, workspace):
    (workspace / "retro.toml").write_text('[sources]\nactions = "ours.yaml"\n', encoding="utf-8")
    run("add", "title=x", "created_in=2026-10")
    assert "A-2026-10-1" in (workspace / "ours.yaml").read_text(encoding="utf-8")


def test_settings_that_are_wrong_are_no_reason_to_write_elsewhere(run, workspace):
    (workspace / "retro.toml").write_text("[sources]\nactions = 5\n", encoding="utf-8")
    code, _, err = run("add", "title=x")
    assert code == 2 and "[sources] is" in err


def test_lint_of_the_sample_has_nothing_to_say(run):
    assert run("lint") == (0, "actions.yaml: 0 to correct, 0 to look at\n", "")


def test_lint_tells_every_note_with_its_line_and_ends_well(run, workspace):
    run("add", "title=x", "created_in=2026-10", "metric=refund_rat", "owner=a", "due=2026-11-01")
    code, out, _ = run("lint")
    assert code == 0
    assert out.splitlines() == [
        "actions.yaml: Column 'direction', row 25: an open action needs one; write it when the team knows it.",
        "actions.yaml: Column 'metric', row 25: 'refund_rat' is neither a KPI of the metrics table nor a goal; write "
        "refund_rate, for example.",
        "actions.yaml: 0 to correct, 2 to look at",
    ]


def test_lint_tells_every_problem_with_its_line_and_ends_with_two(run, workspace):
    text = (workspace / "actions.yaml").read_text(encoding="utf-8")
    (workspace / "actions.yaml").write_text(
        text.replace('"do"', '"doing"').replace('"2026-08-03"', '"August"', 1), encoding="utf-8"
    )
    code, out, _ = run("lint")
    assert code == 2
    assert re.findall(r"Column '(\w+)', row (\d+)", out) == [("due", "5"), ("status", "17"), ("status", "24")]
    assert out.endswith("actions.yaml: 3 to correct, 0 to look at\n")


@pytest.mark.parametrize(
    ("form", "start"), [("md", b"**3 actions**"), ("csv", b"\xef\xbb\xbf"), ("ics", b"BEGIN:VCALENDAR\r\n")]
)
def test_an_export_goes_to_the_terminal_or_to_a_file(workspace, capfdbinary, form, start):
    words = ["ledger", "export", "--format", form, "--workspace", str(workspace), "--lang", "en"]
    assert cli.main(words) == 0
    sys.stdout.flush()
    said = capfdbinary.readouterr().out
    assert cli.main([*words, "--out", str(workspace / "told")]) == 0
    assert said == (workspace / "told").read_bytes() and said.startswith(start)


@pytest.mark.parametrize(
    "name",
    ["actions.yaml", "actions.conflicts.yaml", "readings.jsonl", "goals.csv", "Metrics.csv", "ours.csv", "days.csv",
     "causes.yaml", "lessons.yaml", "retro.toml", "survey/items.csv", "x/../activities.csv"],
)  # fmt: skip
def test_an_export_never_takes_the_place_of_a_file_of_the_workspace(run, workspace, name):
    text = '[sources]\norders = "ours.csv"\n[calendar]\nfile = "days.csv"\n'
    (workspace / "retro.toml").write_text(text, encoding="utf-8")
    before = {path: path.read_bytes() for path in workspace.iterdir()}
    code, _, err = run("export", "--format", "md", "--out", str(workspace / name))
    assert code == 2 and "this file belongs to the workspace; write the export to another file." in err.lower()
    assert {path: path.read_bytes() for path in workspace.iterdir()} == before


def test_an_export_that_cannot_be_written_ends_with_three(run, workspace):
    assert run("export", "--format", "md", "--out", str(workspace / "no" / "x.md"))[0] == 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_command_shows_an_example(name, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["ledger", name, "--help"])
    assert f"opsretro ledger {name}" in capsys.readouterr().out.split("example:")[1]


def on_a_terminal(workspace, script, typed="", editor=None):
    """`opsretro ledger edit ACTION` on a terminal of its own, with a Python script as the editor."""
    (path := workspace / "editor.py").write_text(
        f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\n{script}\n", encoding="utf-8"
    )
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    words = [
        sys.executable,
        "-m",
        "opsretro.cli",
        "ledger",
        "edit",
        ACTION,
        "--workspace",
        str(workspace),
        "--lang",
        "en",
    ]
    env = {**os.environ, "EDITOR": editor or f"{sys.executable} {path}", "TMPDIR": str(workspace)}
    env.pop("VISUAL", None)
    ran = subprocess.run(words, stdin=theirs, capture_output=True, text=True, env=env, check=False)
    os.close(ours)
    os.close(theirs)
    return ran


def drafts(workspace):
    return list(workspace.glob("tmp*.yaml"))


SAVES = "path.write_text(path.read_text(encoding='utf-8').replace('status: \"do\"', 'status: act'), encoding='utf-8')"
MEETS = (
    "from opsretro.meeting.ledger import Ledger\n"
    f"Ledger(path.parent / 'actions.yaml').edit('{ACTION}', {{'status': 'check'}})\n{SAVES}"
)


def test_an_editor_shows_one_action_and_writes_what_changed(workspace):
    before = (workspace / "actions.yaml").read_text(encoding="utf-8")
    ran = on_a_terminal(workspace, SAVES)
    assert (ran.returncode, ran.stdout) == (0, f"{ACTION} is changed\n")
    at = before.index(ACTION)
    wanted = before[:at] + before[at:].replace('status: "do"', 'status: "act"', 1)
    assert (workspace / "actions.yaml").read_text(encoding="utf-8") == wanted


def test_an_editor_that_changes_nothing_leaves_the_file_alone(workspace):
    before = (workspace / "actions.yaml").read_bytes()
    assert on_a_terminal(workspace, "pass").stdout == f"{ACTION} stays as it is\n"
    assert (workspace / "actions.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("path.write_text('status: done')", "'done' is not one of the words used here"),
        ("path.write_text('status：act')", "needs a plain colon"),
        ("path.write_text('status: act\\nstatus: do')", "the field 'status' is there twice"),
        ("path.write_text('stats: act')", "'stats' is not a field here; write 'status'."),
        ("path.write_text('status: act'); sys.exit(3)", "ended with 3; nothing was written"),
    ],
)
def test_what_an_editor_saved_wrongly_is_refused_and_kept(workspace, script, told):
    before = (workspace / "actions.yaml").read_bytes()
    ran = on_a_terminal(workspace, script)
    assert ran.returncode == 2 and told.lower() in ran.stderr.lower()
    assert (workspace / "actions.yaml").read_bytes() == before
    assert Path(re.search(r"kept in (\S+)", ran.stderr).group(1)).exists()


def test_an_editor_that_is_interrupted_tells_where_the_draft_is_kept(workspace):
    ran = on_a_terminal(workspace, f"import os, signal\n{SAVES}\nos.kill(os.getpid(), signal.SIGINT)")
    assert ran.returncode == 130 and ran.stderr.splitlines()[-1] == say("cli.interrupted", "en")
    (draft,) = drafts(workspace)
    assert f"what you wrote is kept in {draft}\n" in ran.stderr and "status: act" in draft.read_text(encoding="utf-8")


def test_an_editor_may_use_the_interrupt_for_itself(workspace):
    ran = on_a_terminal(workspace, f"import os, signal\nos.kill(os.getppid(), signal.SIGINT)\n{SAVES}")
    assert (ran.returncode, ran.stdout) == (0, f"{ACTION} is changed\n")


def test_a_command_that_is_stopped_while_the_editor_is_open_keeps_the_draft(workspace):
    ran = on_a_terminal(
        workspace, f"import os, signal, time\n{SAVES}\nos.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(9)"
    )
    assert ran.returncode == 143 and f"kept in {drafts(workspace)[0]}\n" in ran.stderr


@pytest.mark.parametrize(
    ("editor", "told"), [("/no/such/editor", "ended with No such file or directory"), ("vi '", "No closing quotation")]
)
def test_an_editor_that_cannot_be_started_leaves_nothing_behind(workspace, editor, told):
    ran = on_a_terminal(workspace, "", editor=editor)
    assert ran.returncode == 2 and told in ran.stderr and "kept in" not in ran.stderr
    assert drafts(workspace) == []


@pytest.mark.parametrize(
    ("typed", "code", "status", "waiting"), [("m\n", 0, "act", 0), ("t\n", 0, "check", 0), ("b\n", 2, "check", 1)]
)
def test_a_conflict_in_an_editor_asks_what_to_do(workspace, typed, code, status, waiting):
    ran = on_a_terminal(workspace, MEETS, typed)
    assert ran.returncode == code
    assert f'{ACTION} has "check" by now where "do" was seen; theirs stands, "act" is kept' in ran.stderr
    assert actions(workspace).loc[ACTION, "status"] == status
    assert len(Ledger(workspace / "actions.yaml").open_conflicts()) == waiting


def test_a_conflict_that_waits_is_listed(workspace, run):
    on_a_terminal(workspace, MEETS, "b\n")
    told = "1 change waits to be settled in actions.conflicts.yaml; `opsretro ledger edit` with either value settles it"
    assert [run(name)[1].splitlines()[-1] for name in ("list", "lint")] == [told, told]
    run("edit", ACTION, "status=act")
    assert told not in run("list")[1]


def test_conflicts_that_cannot_be_read_stop_no_list(workspace, run):
    (workspace / "actions.conflicts.yaml").write_text("conflicts: [", encoding="utf-8")
    code, out, err = run("list", "--as-of", "2026-10-01")
    assert (code, out.splitlines()[-1]) == (0, "3 actions, 0 overdue")
    assert err.startswith("actions.conflicts.yaml: Row 1: ")


def test_lint_notes_a_lesson_that_nothing_here_is_about(run, workspace):
    (workspace / "goals.csv").unlink()
    lesson = "  - {id: L-1, rule: x, scope: {kpi: convershun}, evidence: [y], expires: 2027-01-31}"
    (workspace / "lessons.yaml").write_text(f"lessons:\n{lesson}\n", encoding="utf-8")
    told = "Column 'scope', row 2: nothing here is called 'convershun', so this lesson would never be told"
    assert told in run("lint")[1]
