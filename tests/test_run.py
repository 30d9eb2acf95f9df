"""The month through the real command on a small workspace: what is published, what is not, and what is never left."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from meeting_cases import HIDDEN, meeting, saved

from opsretro import cli
from opsretro.monthly.notebook import notebook_folder, without_live_cells
from opsretro.monthly.pages import page_files
from opsretro.monthly.parameters import declared_parameters

pytestmark = pytest.mark.slow


def run(workspace, out, *words: str) -> int:
    return cli.main(["run", "--month", "2026-10", "--workspace", str(workspace), "--out", str(out), *words])


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """The sample's goals and metrics published once, in a folder whose name is hard on careless code."""
    folder = tmp_path_factory.mktemp("运营 {x} 100% 'a'")
    shutil.copytree("data", folder / "工作区")
    assert run(folder / "工作区", folder / "reports") == 0
    return folder / "reports" / "2026-10"


KEYS = ("followup", "goals", "health", "roi", "rootcause")


def test_the_month_has_these_files_and_no_others(month):
    sections = [f"{key}.{kind}" for key in KEYS for kind in ("ipynb", "json")]
    names = sorted(
        [*sections, "meeting.json", "index.en.html", "index.html", "retro.en.pdf", "retro.zh-CN.pdf", "run.json"]
    )
    assert sorted(path.name for path in month.iterdir()) == names
    assert sorted(path.name for path in month.parent.iterdir()) == ["2026-10", "index.en.html", "index.html"]


def test_the_manifest_lists_the_files_beside_it(month):
    files = json.loads((month / "run.json").read_text(encoding="utf-8"))["files"]
    assert sorted([*files, "run.json"]) == sorted(path.name for path in month.iterdir())


@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_the_page_loads_nothing_from_outside(month, name):
    html = (month / name).read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!#|index|\.\./index)[^\"]*\"|url\((?!#)|@import|<script", html)
    assert "default-src 'none'" in html


def test_both_languages_show_the_same_numbers(month):
    pages = [(month / name).read_text(encoding="utf-8") for name in ("index.html", "index.en.html")]
    cells = [re.findall(r">(−?[\d.]+%)</td>", page) for page in pages]
    assert cells[0] == cells[1] != []


def test_every_number_of_the_table_is_in_the_json(month):
    goals = json.loads((month / "goals.json").read_text(encoding="utf-8"))["goals"]
    page = (month / "index.en.html").read_text(encoding="utf-8")
    rates = {f"{row['actual'] * 100:.3g}%" for row in goals if row["unit"] == "percent"}
    assert rates and all(f">{rate}</td>" in page for rate in rates)


def test_the_executed_notebook_has_no_live_cell_and_the_month_as_text(month):
    notebook = json.loads((month / "goals.ipynb").read_text(encoding="utf-8"))
    tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
    assert not any("live" in tag for tag in tags)
    injected = next(cell for cell in notebook["cells"] if "injected-parameters" in cell["metadata"].get("tags", []))
    assert 'month = "2026-10"' in "".join(injected["source"])


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(month, sample_month):
    names = ["index.html", "index.en.html", *(f"{key}.json" for key in KEYS), "meeting.json"]
    same = [name for name in names if (sample_month / name).read_bytes() == (month / name).read_bytes()]
    assert same == names


def test_one_language_is_index_html(workspace, tmp_path, capsys):
    assert run(workspace, tmp_path / "r", "--lang", "en") == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "r" / "2026-10" / "index.html")
    assert '<html lang="en">' in (tmp_path / "r" / "2026-10" / "index.html").read_text(encoding="utf-8")


def test_a_page_the_new_run_did_not_make_is_removed(workspace, tmp_path):
    assert run(workspace, tmp_path) == 0
    (tmp_path / "2026-10" / "note.txt").write_text("mine", encoding="utf-8")
    assert run(workspace, tmp_path, "--lang", "en") == 0
    names = sorted(path.name for path in (tmp_path / "2026-10").iterdir())
    sections = [f"{key}.{kind}" for key in ("goals", "rootcause") for kind in ("ipynb", "json")]
    assert names == sorted([*sections, "index.html", "note.txt", "retro.en.pdf", "run.json"])


def test_a_terminal_that_cannot_show_chinese_is_no_failure(workspace, tmp_path):
    out = tmp_path / "报告"
    words = ["run", "--month", "2026-10", "--workspace", str(workspace), "--out", str(out), "--lang", "zh-CN"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "opsretro.cli", *words], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr, (out / "2026-10" / "index.html").exists()) == (0, False, True)


def test_a_header_without_rows_counts_as_absent_and_is_named(workspace, tmp_path, capsys):
    (workspace / "activities.csv").write_text(
        "activity_id,name,type,owner,start_date,end_date,budget,actual_cost,expected_roi,margin_rate\n",
        encoding="utf-8",
    )
    assert run(workspace, tmp_path, "--lang", "en") == 0
    assert "activities.csv: header only, treated as absent" in capsys.readouterr().err


def test_a_workspace_without_goals_says_so_on_the_page(workspace, tmp_path):
    (workspace / "goals.csv").unlink()
    assert run(workspace, tmp_path, "--lang", "en") == 0
    page = (tmp_path / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert "this section is filled by goals.csv and metrics.csv, which this workspace does not have" in page


@pytest.fixture
def kernel_startup(tmp_path, monkeypatch):
    """Code that every kernel runs first, through IPython's own startup folder."""
    folder = tmp_path / "ipython" / "profile_default" / "startup"
    folder.mkdir(parents=True)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return folder / "00.py"


def test_a_failed_section_says_why_on_the_page(workspace, tmp_path, capsys, kernel_startup):
    kernel_startup.write_text("import opsretro.workspace as w\ndel w.Workspace.goal_review\n", encoding="utf-8")
    assert run(workspace, tmp_path, "--lang", "en", "--engine", "kernel") == 1
    assert "Goals: failed in" in capsys.readouterr().err
    page = (tmp_path / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert "This section failed: cell 4: AttributeError" in page


def test_a_dying_kernel_does_not_destroy_the_good_report(workspace, tmp_path, capsys, kernel_startup):
    assert run(workspace, tmp_path, "--lang", "en") == 0
    before = (tmp_path / "2026-10" / "index.html").read_bytes()
    kernel_startup.write_text("import os\nos._exit(1)\n", encoding="utf-8")
    assert run(workspace, tmp_path, "--lang", "en", "--engine", "kernel", "--force") == 1
    said = capsys.readouterr().err
    assert "process ended before the notebook did" in said
    assert "the earlier report stays" in said
    assert (tmp_path / "2026-10" / "index.html").read_bytes() == before


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(workspace, tmp_path, stop, code):
    words = ["run", "--month", "2026-10", "--workspace", str(workspace), "--out", str(tmp_path / "r"), "--lang", "en"]
    process = subprocess.Popen([sys.executable, "-m", "opsretro.cli", *words], stderr=subprocess.PIPE, text=True)
    assert any("running" in line for line in process.stderr)
    process.send_signal(stop)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, list((tmp_path / "r").iterdir())) == (code, [])
    assert "interrupted; what is not published yet stays unpublished" in said


def test_the_next_run_removes_what_a_killed_one_left(workspace, tmp_path):
    words = ["run", "--month", "2026-10", "--workspace", str(workspace), "--out", str(tmp_path / "r"), "--lang", "en"]
    process = subprocess.Popen([sys.executable, "-m", "opsretro.cli", *words], stderr=subprocess.PIPE, text=True)
    assert any("running" in line for line in process.stderr)
    process.kill()
    process.communicate(timeout=60)
    assert {path.name.startswith(".2026-10.") for path in (tmp_path / "r").iterdir()} == {True}
    assert run(workspace, tmp_path / "r") == 0
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["2026-10", "index.en.html", "index.html"]


def test_page_names_follow_the_languages():
    assert page_files(["en", "zh-CN"]) == {"zh-CN": "index.html", "en": "index.en.html"}


def test_our_notebook_declares_what_it_is_offered():
    source = notebook_folder() / "01_goal_review.ipynb"
    assert list(declared_parameters(source)) == ["month", "workspace", "out", "lang", "as_of"]


def test_the_scheduled_notebook_differs_by_its_live_cells_only():
    source = notebook_folder() / "01_goal_review.ipynb"
    whole = json.loads(source.read_text(encoding="utf-8"))["cells"]
    live = [cell for cell in whole if "live" in cell["metadata"].get("tags", [])]
    assert len(without_live_cells(source).cells) == len(whole) - len(live) < len(whole)


def test_a_running_month_is_published_with_its_pace(workspace, tmp_path):
    assert run(workspace, tmp_path / "out", "--as-of", "2026-10-15", "--lang", "en") == 0
    data = json.loads((tmp_path / "out/2026-10/goals.json").read_text(encoding="utf-8"))
    assert data["context"]["as_of"] == "2026-10-15" and data["goals"][0]["reason"] == "running"
    assert data["goals"][0]["pace_lower80"] <= data["goals"][0]["pace"] <= data["goals"][0]["pace_upper80"]
    page = (tmp_path / "out/2026-10/index.html").read_text(encoding="utf-8")
    assert "chance of meeting the target" in page


@pytest.mark.parametrize(("period", "title"), [("2026-Q3", "Quarterly operations retro · 2026 Q3"), ("2026", "Yearly")])
def test_a_quarter_and_a_year_are_published_under_their_name(workspace, tmp_path, period, title):
    words = ["run", "--month", period, "--workspace", str(workspace), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert cli.main(words) == 0
    assert f"<title>{title}" in (tmp_path / "out" / period / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def met(tmp_path):
    """A workspace with a meeting and nothing else, so that no notebook runs."""
    folder = tmp_path / "ws"
    folder.mkdir()
    return saved(folder)


def test_a_meeting_is_published_with_its_numbers_and_its_hash(met, tmp_path):
    assert run(met, tmp_path / "r", "--lang", "en") == 0
    month = tmp_path / "r" / "2026-10"
    assert sorted(path.name for path in month.iterdir()) == ["index.html", "meeting.json", "retro.en.pdf", "run.json"]
    found = json.loads((month / "run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((met / "meetings" / "2026-10.json").read_bytes()).hexdigest()
    assert found["inputs"]["meetings/2026-10.json"] == {"file": "meetings/2026-10.json", "rows": 1, "sha256": digest}
    assert found["sections"]["meeting"]["status"] == "done"
    assert "3 actions were decided for the next month." in (month / "index.html").read_text(encoding="utf-8")


def test_nothing_nobody_has_seen_is_published(met, tmp_path):
    assert run(met, tmp_path / "r") == 0
    assert [
        path.name for path in (tmp_path / "r").rglob("*") if path.is_file() and HIDDEN.encode() in path.read_bytes()
    ] == []


def test_the_same_meeting_gives_the_same_bytes_and_another_one_other_bytes(met, tmp_path):
    names = ("index.html", "index.en.html", "meeting.json")
    pages = []
    for held in ("2026-11-03", "2026-11-03", "2026-11-04"):
        saved(met, meeting(held=held, closed=held == "2026-11-04"))
        assert run(met, tmp_path / "r") == 0
        pages.append([(tmp_path / "r" / "2026-10" / name).read_bytes() for name in names])
    assert pages[0] == pages[1] and not any(map(bytes.__eq__, pages[1], pages[2]))


def test_a_broken_meeting_is_refused_before_anything_runs(workspace, tmp_path, capsys):
    (saved(workspace) / "meetings" / "2026-10.json").write_text('{"month": "2026-10",', encoding="utf-8")
    (workspace / "goals.csv").write_text("goal_id\n", encoding="utf-8")
    assert run(workspace, tmp_path / "r", "--lang", "en") == 2
    said = capsys.readouterr().err
    assert "meetings/2026-10.json" in said and "goals.csv" in said and not (tmp_path / "r").exists()


def test_a_decision_is_linked_to_its_action_in_the_follow_up(met, tmp_path):
    ledger = 'actions:\n  - id: A-2026-10-1\n    title: Small refunds\n    created_in: "2026-10"\n'
    (met / "actions.yaml").write_text(ledger, encoding="utf-8")
    assert run(met, tmp_path / "r", "--lang", "en") == 0
    page = (tmp_path / "r" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert page.count('href="#open-action-A-2026-10-1"') == page.count('id="open-action-A-2026-10-1"') == 1


def test_a_meeting_of_another_month_is_not_read(met, tmp_path):
    (met / "meetings" / "2026-09.json").write_text("{", encoding="utf-8")
    assert run(met, tmp_path / "r", "--lang", "en") == 0


def test_without_a_meeting_the_page_says_how_to_hold_one(met, tmp_path, capsys):
    assert cli.main(["run", "--month", "2026-09", "--workspace", str(met), "--out", str(tmp_path), "--lang", "en"]) == 0
    page = (tmp_path / "2026-09" / "index.html").read_text(encoding="utf-8")
    assert "`opsretro meet --month 2026-09` holds one" in page and "Meeting: no data" in capsys.readouterr().err


def test_a_quarter_has_the_meetings_of_its_months(met, tmp_path):
    saved(met, meeting(month="2026-11", held="2026-12-02"))
    words = ["run", "--month", "2026-Q4", "--workspace", str(met), "--out", str(tmp_path / "r"), "--lang", "en"]
    assert cli.main(words) == 0
    manifest = json.loads((tmp_path / "r" / "2026-Q4" / "run.json").read_text(encoding="utf-8"))
    assert list(manifest["inputs"]) == ["meetings/2026-10.json", "meetings/2026-11.json"]


def test_a_meeting_does_not_make_a_failed_run_worth_publishing(workspace, tmp_path, capsys, kernel_startup):
    assert run(saved(workspace), tmp_path, "--lang", "en") == 0
    before = (tmp_path / "2026-10" / "index.html").read_bytes()
    kernel_startup.write_text("import os\nos._exit(1)\n", encoding="utf-8")
    assert run(workspace, tmp_path, "--lang", "en", "--engine", "kernel", "--force") == 1
    assert "the earlier report stays" in capsys.readouterr().err
    assert (tmp_path / "2026-10" / "index.html").read_bytes() == before
