"""A page for readers outside, and a month of which only some sections are asked for."""

import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from conftest import SAMPLE, small_workspace

from opsretro.errors import InputError
from opsretro.tables.period import Period, add_months, last_month
from opsretro.words import catalogue

OPSRETRO = Path(sys.executable).with_name("opsretro")
INSIDE = re.compile(r"health|meeting|survey|minutes|健康|复盘会|问卷", re.IGNORECASE)


def run(workspace, out, *words):
    command = [OPSRETRO, "run", "--month", "2026-10", "--workspace", workspace, "--out", out, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def manifest(out):
    return json.loads((out / "2026-10" / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    done = run(SAMPLE, folder / "out", "--audience", "outside")
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index.html", "index.en.html", "run.json", "followup.json", "goals.json"])
def test_readers_outside_get_no_word_of_the_teams_health_and_meeting(outside, name):
    text = (outside / "2026-10" / name).read_text(encoding="utf-8")
    assert INSIDE.findall(text) == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_no_sentence_of_the_health_section_stands_in_the_page_for_outside(outside, lang):
    page = (outside / "2026-10" / ("index.html" if lang == "zh-CN" else "index.en.html")).read_text(encoding="utf-8")
    inside, others = {}, set()
    for key, text in catalogue(lang).items():
        if key.startswith(("health.", "minutes.", "meeting.")):
            inside[key] = text
        else:
            others.add(text)
    whole = [text for text in inside.values() if len(text) > 16 and "{" not in text and text not in others]
    assert len(whole) > 20
    assert [text for text in whole if text in page] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index.html", "index.en.html"])
def test_the_archive_of_a_folder_for_outside_has_no_word_of_them_either(outside, name):
    assert INSIDE.findall((outside / name).read_text(encoding="utf-8")) == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_document_for_outside_has_no_word_of_them_either(outside, lang):
    from pypdf import PdfReader

    pages = PdfReader(outside / "2026-10" / f"retro.{lang}.pdf").pages
    assert INSIDE.findall("".join(page.extract_text() for page in pages)) == []


@pytest.mark.slow
def test_readers_outside_get_the_other_sections_and_no_notebook(outside):
    names = {path.name for path in (outside / "2026-10").iterdir()}
    assert names >= {"goals.json", "roi.json", "rootcause.json", "followup.json", "index.html", "index.en.html"}
    assert {name for name in names if name.startswith(("health", "meeting")) or name.endswith(".ipynb")} == set()


@pytest.mark.slow
def test_an_action_does_not_tell_readers_outside_which_finding_it_came_from(outside):
    actions = json.loads((outside / "2026-10" / "followup.json").read_text(encoding="utf-8"))["actions"]
    assert {action["source_finding"] for action in actions} == {""}


@pytest.mark.slow
def test_a_folder_for_outside_takes_no_month_of_the_team(outside):
    refused = run(SAMPLE, outside, "--lang", "en")
    assert refused.returncode == 2
    assert "The folder holds 2026-10, published for --audience outside" in refused.stderr
    assert manifest(outside)["audience"] == "outside"


@pytest.mark.slow
def test_a_month_that_does_not_tell_whom_it_is_for_is_no_company_for_readers_outside(outside, tmp_path):
    shutil.copytree(outside, tmp_path / "out")
    (tmp_path / "out" / "2026-09").mkdir()
    (tmp_path / "out" / "2026-09" / "index.html").write_text("inside", encoding="utf-8")
    refused = run(SAMPLE, tmp_path / "out", "--audience", "outside", "--lang", "en")
    assert (refused.returncode, "holds 2026-09, which has no run.json" in refused.stderr) == (2, True)


def test_a_single_month_has_no_section_over_months(tmp_path):
    refused = run(small_workspace(tmp_path / "ws"), tmp_path / "out", "--only", "months", "--lang", "en")
    assert (refused.returncode, "'months' is no section here" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_an_unchanged_month_for_outside_is_not_computed_again(outside):
    run(SAMPLE, outside, "--audience", "outside")
    assert {section["reused"] for section in manifest(outside)["sections"].values()} == {True}


def test_an_audience_that_is_none_is_refused(tmp_path):
    refused = run(small_workspace(tmp_path / "ws"), tmp_path / "out", "--audience", "press", "--lang", "en")
    assert (refused.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "--audience: 'press' is no audience; write all or outside." in refused.stderr


def test_a_section_that_is_none_is_refused_with_those_there_are(tmp_path):
    refused = run(small_workspace(tmp_path / "ws"), tmp_path / "out", "--only", "goal,roi", "--lang", "en")
    assert "--only: 'goal' is no section here; write one or more of followup, goals, roi," in refused.stderr


def test_team_health_cannot_be_asked_for_by_readers_outside(tmp_path):
    words = ("--only", "health", "--audience", "outside", "--lang", "en")
    refused = run(small_workspace(tmp_path / "ws"), tmp_path / "out", *words)
    known = "followup, goals, roi, rootcause"
    assert f"--only: 'health' is no section here; write one or more of {known}." in refused.stderr


@pytest.mark.slow
def test_only_the_sections_that_are_asked_for_are_run_and_the_others_stay(tmp_path):
    ws, out = small_workspace(tmp_path / "ws"), tmp_path / "out"
    run(ws, out, "--only", "goals")
    first = manifest(out)["sections"]
    run(ws, out)
    whole = manifest(out)
    with (ws / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("2026-10-30,sales,11\n")
    run(ws, out, "--only", "goals")
    third = manifest(out)
    run(ws, out)
    assert (first["goals"]["status"], first["rootcause"]["status"]) == ("done", "left_out")
    assert (third["sections"]["goals"]["because"], third["sections"]["rootcause"]["reused"]) == (["metrics"], True)
    assert third["sha256"]["rootcause.json"] == whole["sha256"]["rootcause.json"]
    assert manifest(out)["sections"]["rootcause"]["because"] == ["metrics"]


@pytest.mark.slow
def test_a_section_nobody_asked_for_is_said_to_be_left_out(tmp_path):
    out = tmp_path / "out"
    run(small_workspace(tmp_path / "ws"), out, "--only", "goals", "--lang", "en")
    assert "This section was not asked for (`--only`)" in (out / "2026-10" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_manifest_says_the_page_in_a_few_words(sample_month):
    says = json.loads((sample_month / "run.json").read_text(encoding="utf-8"))["says"]
    assert says["en"]["title"] == "Monthly operations retro · Oct 2026"
    assert set(says["zh-CN"]["sections"]) == {"followup", "goals", "roi", "rootcause", "health", "meeting"}
    page = (sample_month / "index.en.html").read_text(encoding="utf-8")
    assert all(sentence.partition(",")[0] in page for sentence in says["en"]["conclusions"])


@pytest.mark.slow
def test_last_is_the_month_before_the_day_the_data_is_of(tmp_path):
    command = [
        OPSRETRO,
        "run",
        "--month",
        "last",
        "--as-of",
        "2026-11-01",
        "--workspace",
        small_workspace(tmp_path / "ws"),
    ]
    done = subprocess.run([*command, "--out", tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(tmp_path / "out" / "2026-10" / "index.html")


def test_the_last_month_of_a_day_is_over():
    assert (last_month(date(2026, 11, 1)), last_month(date(2026, 10, 31))) == ("2026-10", "2026-09")


def test_a_range_is_whole_months_whatever_its_ends_are():
    span = Period.span("2025-Q4..2026")
    assert (span.label, span.kind, len(span.months)) == ("2025-10..2026-12", "range", 15)
    assert span.months[0] == "2025-10"
    assert span.end.isoformat() == f"{add_months('2026-11', 1)}-31"


@pytest.mark.parametrize(
    "text", ["2026-10..2026-01", "2000..2026", "2026-10..", "..2026-10", "2026-10..x", "2026-01..2026-02..2026-03"]
)
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(InputError, match=re.escape(f"'{text}' is no range of at most 120 months")):
        Period.span(text)


def test_a_review_of_a_range_is_refused_where_a_period_is_wanted():
    with pytest.raises(InputError, match="is no period; write 2026-10, 2026-Q3 or 2026"):
        Period.parse("2026-01..2026-10")
