"""What a month computes again and what it keeps, what it says of figures that changed, and the team's own notebooks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import nbformat
import pytest
from conftest import small_workspace
from test_month_faults import OPSRETRO, SAMPLE_DATA, listing, own, run

from opsretro import cli
from opsretro.errors import InputError
from opsretro.monthly.hiding import hide, hide_in
from opsretro.monthly.parameters import declared_parameters, fitting, given_parameters
from opsretro.monthly.progress import Progress
from opsretro.report.sections import SECTIONS
from opsretro.workspace import open_workspace

slow = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reuse")
    small_workspace(folder / "ws")
    assert run(folder / "ws", folder / "out", "--lang", "zh-CN,en").returncode == 0
    return folder


@pytest.fixture
def good(published, tmp_path):
    """The published month, put back afterwards: its path is one of the parameters."""
    shutil.copytree(published, tmp_path / "kept")
    yield published
    shutil.rmtree(published)
    shutil.copytree(tmp_path / "kept", published)


def again(folder, *more, **how):
    return run(folder / "ws", folder / "out", "--lang", "zh-CN,en", *more, **how)


def manifest(folder) -> dict:
    return json.loads((folder / "out" / "2026-10" / "run.json").read_text("utf-8"))


def because(folder) -> dict[str, list[str]]:
    return {key: one["because"] for key, one in manifest(folder)["sections"].items() if one["status"] == "done"}


def without_times(files: dict[str, bytes]) -> dict[str, str]:
    """Files but for what a run says of its own time."""
    kept = {name: data.decode("latin-1") for name, data in files.items() if not name.endswith("run.json")}
    times = r'"(start_time|end_time|duration|iopub[.a-z_]*|shell[.a-z_]*)": [^,\n]*'
    return {name: re.sub(times, "", text) if name.endswith("ipynb") else text for name, text in kept.items()}


@slow
def test_unchanged_input_is_not_computed_again(good):
    before = listing(good / "out")
    done = again(good)
    assert (done.returncode, done.stderr.count("沿用上次的结果")) == (0, 2)
    after = listing(good / "out")
    assert {name for name in before if before[name] != after[name]} <= {"2026-10/run.json"}
    assert {one["reused"] for one in manifest(good)["sections"].values() if one["status"] == "done"} == {True}


@slow
def test_the_same_input_gives_the_same_bytes(good):
    before = without_times(listing(good / "out"))
    assert again(good, "--force", "--jobs", "1").returncode == 0
    assert without_times(listing(good / "out")) == before
    assert because(good) == {"goals": ["forced"], "rootcause": ["forced"]}


@slow
def test_a_figure_that_changed_is_listed_and_stays_listed(good):
    path = good / "ws" / "metrics.csv"
    path.write_text(path.read_text("utf-8").replace("2026-10-05,sales,1", "2026-10-05,sales,9"), encoding="utf-8")
    done = again(good)
    assert because(good) == {"goals": ["metrics"], "rootcause": ["metrics"]}
    changed = manifest(good)["changed"]
    assert any(row["figure"] == "actual" and row["before"] != row["after"] for row in changed["figures"])
    assert "发布的不同" in done.stderr
    page = (good / "out" / "2026-10" / "index.en.html").read_text("utf-8")
    assert "Figures that differ from the publication of" in page and changed["lines"]["en"][0].split(":")[0] in page
    first = without_times(listing(good / "out"))
    assert again(good, "--force").returncode == 0
    assert without_times(listing(good / "out")) == first and manifest(good)["changed"] == changed


@slow
@pytest.mark.parametrize("name", ["goals.json", "goals.ipynb", "index.html"])
def test_a_published_file_that_was_edited_or_cut_is_made_again(name, good):
    path = good / "out" / "2026-10" / name
    whole = without_times({name: path.read_bytes()})
    path.write_bytes(path.read_bytes()[:-100])
    assert again(good).returncode == 0
    assert without_times({name: path.read_bytes()}) == whole


@slow
def test_other_settings_other_parameters_and_a_failure_are_reasons(good):
    (good / "ws" / "retro.toml").write_text('team = "Growth"\n', encoding="utf-8")
    assert again(good).returncode == 0
    assert because(good)["goals"] == ["settings"]
    assert again(good, "--as-of", "2026-10-31").returncode == 0
    assert because(good)["goals"] == ["parameters"]


def changed_tables(ops, section):
    """The result of a section with and without the tables it is said not to depend on."""
    asked = {"followup": "follow_up", "goals": "goal_review", "roi": "activity_roi", "rootcause": "root_cause"}
    whole = getattr(ops, asked[section.key])("2026-10").to_json()
    tables = {name: table for name, table in ops.inputs.tables.items() if name not in section.ignores}
    object.__setattr__(ops.inputs, "tables", tables)
    return whole, getattr(ops, asked[section.key])("2026-10").to_json()


@pytest.mark.parametrize("key", ["followup", "goals", "roi", "rootcause"])
def test_what_a_section_is_said_not_to_depend_on_does_not_change_it(key):
    section = next(section for section in SECTIONS if section.key == key)
    ops = open_workspace(SAMPLE_DATA, lang="en")
    if key == "rootcause":  # the team's own trees are read from causes, and nothing else of what it ignores
        assert "causes" not in section.ignores
    whole, without = changed_tables(ops, section)
    assert whole == without


# -- the team's own notebooks -----------------------------------------------------------------------------------------

TEAM = (
    "import pandas as pd\nfrom opsretro import TeamResult",
    "calls = pd.DataFrame({'month': ['2026-09', '2026-10'], 'calls': [41, 30]})",
    "TeamResult.of(calls, answer={'zh-CN': '投诉少了', 'en': 'Fewer complaints'}, chart='bars').save(out)",
)
CAUSE = (
    "from opsretro import open_workspace",
    "open_workspace(workspace).root_cause(month, kpi='sales').save(out)",
)


@slow
def test_figures_are_compared_with_those_of_before_a_section_failed(good):
    def said(*cells):
        again(good, "--notebooks", str(own(good / "team", "calls", *cells)))
        return manifest(good)

    first = said(*TEAM)
    for broken in ("1 / 0", "2 / 0"):
        assert said(broken)["sections"]["calls"]["figures_of"] == first["published_at"]
    last = said(TEAM[0], TEAM[1].replace("41", "38"), TEAM[2])
    (row,) = last["changed"]["figures"]
    assert (row["before"], row["after"], last["changed"]["since"]) == (41, 38, first["published_at"][:10])
    assert last["sections"]["calls"]["figures_of"] is None
    assert not list((good / "out" / "2026-10").glob(".*"))


TYPED = ("--lang", "zh-CN,en", "-p", "top=007", "-p", "code=007")


@pytest.fixture(scope="module")
def joined(published, tmp_path_factory):
    """Four notebooks beside the month: a result of the team's own, one of ours, none at all, and no parameters."""
    folder = tmp_path_factory.mktemp("joined")
    declared = 'month = ""\nworkspace = ""\nout = ""\ntop = 3\ncode = "x"'
    own(folder / "own", "投诉", *TEAM, "print(repr(top), repr(code))", declared=declared)
    own(folder / "own", "sales", *CAUSE)
    own(folder / "own", "silent", "1")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), folder / "own" / "draft.ipynb")
    done = run(published / "ws", folder / "out", "--notebooks", str(folder / "own"), *TYPED)
    return done, folder


@slow
def test_own_notebooks_join_the_page_in_both_languages(joined):
    done, folder = joined
    assert done.returncode == 0, done.stderr
    pages = {name: (folder / "out" / "2026-10" / name).read_text("utf-8") for name in ("index.html", "index.en.html")}
    assert "投诉少了" in pages["index.html"] and "Fewer complaints" in pages["index.en.html"]
    assert all("投诉 title" in page and "sales title" in page and "silent title" in page for page in pages.values())
    assert "saved no result" in pages["index.en.html"]
    links = set(re.findall(r'href="#([^"]*)"', pages["index.en.html"]))
    assert links and links <= set(re.findall(r'id="([^"]*)"', pages["index.en.html"]))
    assert "draft.ipynb：没有带 parameters 标签的单元格" in done.stderr


@slow
def test_own_notebooks_leave_their_record_and_their_numbers(joined):
    _, folder = joined
    month = folder / "out" / "2026-10"
    saved = json.loads((month / "投诉.json").read_text("utf-8"))
    assert (saved["section"], saved["rows"][1]["calls"]) == ("own", 30)
    assert json.loads((month / "sales.json").read_text("utf-8"))["section"] == "rootcause"
    assert (month / "silent.ipynb").exists() and not (month / "silent.json").exists()


@slow
def test_parameters_keep_what_was_typed_unless_the_default_is_a_number(joined):
    _, folder = joined
    cells = nbformat.read(folder / "out" / "2026-10" / "投诉.ipynb", as_version=4).cells
    assert cells[-1].outputs[0].text == "7 '007'\n"


@slow
def test_own_notebooks_are_kept_while_nothing_changes(joined, published):
    _, folder = joined
    more = ["--notebooks", str(folder / "own"), *TYPED]
    assert run(published / "ws", folder / "out", *more).returncode == 0
    assert because(folder) == {key: [] for key in ("goals", "rootcause", "投诉", "sales", "silent")}


def test_every_problem_with_notebooks_and_parameters_is_told_at_once(good, capsys):
    folder = own(good / "own", "goals", "1")
    own(folder, "cut", "1", declared="month = (")
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    words = ["run", "--month", "2026-10", "--workspace", str(good / "ws"), "--out", str(good / "new"), "--lang", "en"]
    assert cli.main([*words, "--notebooks", str(folder), "-p", "tpo=3", "-p", "month=x", "-p", "oops"]) == 2
    said = capsys.readouterr().err
    assert "goals.ipynb: 'goals' is the name of a file the month writes itself" in said.replace("Goals", "goals")
    assert "cut.ipynb: Its parameters cell is not Python" in said
    assert "broken.ipynb: This is no notebook Jupyter can read" in said
    assert "'month' has an option of its own; write --month" in said and "'oops' is no parameter" in said
    assert not (good / "new").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--jobs", "0"], "--jobs: '0' must be a number above zero."),
        (["--timeout", "soon"], "--timeout: 'soon' must be a number above zero."),
        (["--engine", "warp"], "--engine: 'warp' is no engine; write one of: fork, kernel."),
        (["--notebooks", "nowhere"], "--notebooks: 'nowhere' is no folder"),
        (["-p", "tpo=3"], "-p: No notebook declares 'tpo'; known are: against, as_of, lang, month, out, workspace."),
    ],
)
def test_a_bad_option_is_one_line(option, said, good, capsys):
    words = ["run", "--month", "2026-10", "--workspace", str(good / "ws"), "--out", str(good / "new"), "--lang", "en"]
    assert cli.main([*words, *option]) == 2
    assert said in capsys.readouterr().err


# -- parameters -------------------------------------------------------------------------------------------------------


def test_parameters_are_read_from_the_syntax_tree(tmp_path):
    own(tmp_path, "n", declared="a: int = 1  # b = 2\nb, c = 1, 2\nd = e = 'x'\nf = len('x')")
    assert declared_parameters(tmp_path / "n.ipynb") == {"a": 1, "d": "x", "e": "x", "f": None}


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        ("x", "no", "no"),
        (None, "007", "007"),
        (True, "no", False),
        (3, "007", 7),
        (1.5, "2", 2.0),
        ([1], "[2, 3]", [2, 3]),
        ({"a": 1}, "{'b': 2}", {"b": 2}),
    ],
)
def test_a_value_gets_the_kind_of_its_default(default, text, value):
    assert fitting({"p": default}, {"p": text}) == {"p": value}


@pytest.mark.parametrize(("default", "text"), [(3, "x"), (True, "maybe"), ([1], "{}"), ([1], "open('x')"), (1.5, "")])
def test_a_value_that_does_not_fit_is_refused(default, text):
    with pytest.raises(InputError, match="does not fit p"):
        fitting({"p": default}, {"p": text})


def test_a_parameter_given_twice_is_refused():
    with pytest.raises(InputError, match="given twice"):
        given_parameters(["a=1", "a=2"])


# -- what is told -----------------------------------------------------------------------------------------------------


@slow
def test_every_line_of_a_json_log_is_json_whatever_happens(good):
    for more, code in (([], 0), (["--timeout", "x"], 2)):
        done = again(good, "--log-format", "json", *more)
        told = [json.loads(line) for line in done.stderr.splitlines()]
        assert done.returncode == code and all({"event", "text"} <= set(line) for line in told)
    assert told[-1]["event"] == "refused"


class Terminal:
    """A stream somebody is watching."""

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_a_terminal_has_a_bar_that_ends_with_the_sections():
    stream = Terminal()
    progress = Progress("en", stream)
    progress.expect(["Goals", "Activities"])
    for event, name in (("running", "Goals"), ("running", "Activities"), ("reused", "Goals")):
        progress.say(event, section=name, notebook="n")
    assert stream.text.endswith(f"{'━' * 12}{'─' * 12} 1/2 Activities")
    progress.say("ran", section="Activities", seconds="1")
    assert stream.text.endswith("Activities: done in 1 s\n")


@slow
def test_secrets_of_the_environment_reach_no_file_and_no_line(good):
    secret = {"GITHUB_TOKEN": "ghp_a1b2c3d4e5", "DATABASE_URL": 'postgres://u:p4ssw0rd<&"x@db/x'}
    spill = "import os\nprint(os.environ['GITHUB_TOKEN'], os.environ['DATABASE_URL'])"
    fails = "raise ValueError(os.environ['GITHUB_TOKEN'])"
    more = ["--notebooks", str(own(good / "own", "spill", spill, fails))]
    done = again(good, *more, env=os.environ | secret)
    written = b"".join(listing(good / "out").values()).decode("latin-1") + done.stdout + done.stderr
    assert done.returncode == 1 and "ValueError: ***" in written
    assert [value for value in ("ghp_a1b2c3d4e5", "p4ssw0rd") if value in written] == []


def test_hiding_leaves_a_file_whole(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"note": 'to\\ken"12'}), encoding="utf-8")
    code = (
        "from pathlib import Path; from opsretro.monthly.hiding import hide_in, hide; "
        "hide_in(Path('.')); print(hide('20261010 true'))"
    )
    given = os.environ | {"MY_TOKEN": 'to\\ken"12', "X_KEY": "true", "A_KEY": "20261010"}
    python = OPSRETRO.with_name("python")
    done = subprocess.run([python, "-c", code], cwd=tmp_path, env=given, capture_output=True, text=True, check=True)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"note": "***"}
    assert done.stdout == "20261010 true\n"


def test_nothing_is_hidden_where_there_is_no_secret(tmp_path):
    (tmp_path / "a.html").write_text("plain", encoding="utf-8")
    hide_in(tmp_path)
    assert (tmp_path / "a.html").read_text("utf-8") == hide("plain") == "plain"
