"""The archive of a reports folder: whole months, half deleted ones, links between pages, look backs from files."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from archive_lab import MARKS, page, put, sections, write

from opsretro.errors import InputError
from opsretro.monthly.archive import read_archive
from opsretro.monthly.archive_beside import link_neighbours, link_pages
from opsretro.monthly.archive_look_back import look_back, months_within
from opsretro.monthly.archive_says import CACHE
from opsretro.monthly.archive_write import write_archive
from opsretro.monthly.options import Options
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import one_run
from opsretro.monthly.reuse import sum_of
from opsretro.monthly.run import is_look_back
from opsretro.tables.period import Period

LEFT_OUT = "so its figures are left out here"
SEPTEMBER = "Sep 2026"


@pytest.fixture
def out(tmp_path) -> Path:
    """A reports folder with August and September 2026."""
    for label in ("2026-08", "2026-09"):
        put(tmp_path / "reports", label)
    return tmp_path / "reports"


@pytest.fixture
def archived(out) -> Path:
    """The same, with the archive over both."""
    assert write(out) == []
    return out


def html(out, name="index.en.html"):
    return (out / name).read_text(encoding="utf-8")


def rows(text):
    """Words of each row of the grid, the newest month first."""
    found = re.findall(r"<tr.*?</tr>", text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found if "data-m" in row]


def as_root():
    return os.geteuid() == 0


def snapshot(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_month_is_a_row_with_its_sections(out):
    assert write(out) == []
    told = "1/1 met 1 paid 1 cause 1 change 1 open · 1 worked"
    assert rows(html(out)) == [f"Sep 2026 {told}", f"Aug 2026 {told}"]


def test_cells_lead_to_the_page_of_the_language_and_its_section(out):
    write(out)
    assert 'href="2026-09/index.en.html#goals"' in html(out)
    assert 'href="2026-09/index.html#goals"' in html(out, "index.html")


def test_a_month_published_in_one_language_is_linked_from_both(out):
    (out / "2026-09" / "index.en.html").unlink()
    write(out)
    assert 'href="2026-09/index.html#goals"' in html(out)


def test_with_one_language_the_archive_is_one_page(tmp_path):
    put(tmp_path, "2026-09")
    write(tmp_path, langs=("en",))
    assert '<html lang="en">' in html(tmp_path, "index.html")
    assert not (tmp_path / "index.en.html").exists()


def test_an_archive_in_both_languages_stays_in_both(out):
    write(out)
    write(out, langs=("en",))
    assert ('<html lang="zh-CN">' in html(out, "index.html"), '<html lang="en">' in html(out)) == (True, True)


def test_a_month_between_that_is_missing_has_a_row_that_says_so(out):
    put(out, "2026-06")
    write(out)
    assert "Jul 2026 not published" in rows(html(out))


def test_nothing_published_writes_nothing(tmp_path):
    assert write(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_the_same_months_make_the_same_bytes(out):
    write(out)
    before = snapshot(out)
    write(out)
    assert snapshot(out) == before


def test_nothing_but_the_two_pages_is_written(out):
    before = snapshot(out)
    write(out)
    assert {path.name for path in set(snapshot(out)) - set(before)} == {"index.html", "index.en.html"}
    assert {path: data for path, data in snapshot(out).items() if path in before} == before


DAMAGE = {
    "no manifest": (lambda m: (m / "run.json").unlink(), f"{SEPTEMBER}: run.json is missing; the figures are those of"),
    "cut manifest": (lambda m: (m / "run.json").write_text('{"sch'), f"{SEPTEMBER}: run.json is damaged or cut;"),
    "manifest of another kind": (lambda m: (m / "run.json").write_text("[]"), f"{SEPTEMBER}: run.json is damaged"),
    "no page": (lambda m: [(m / name).unlink() for name in ("index.html", "index.en.html")], "the page is missing"),
    "no section": (lambda m: (m / "goals.json").unlink(), f"Goals: goals.json is missing, {LEFT_OUT}"),
    "empty section": (lambda m: (m / "roi.json").write_text(""), f"Activities: roi.json is damaged or cut, {LEFT_OUT}"),
    "cut section": (lambda m: (m / "roi.json").write_text('{"schema": 1,'), "roi.json is damaged or cut"),
    "bytes": (lambda m: (m / "roi.json").write_bytes(b"\xff\xfe\x00"), "roi.json is damaged or cut"),
    "deep": (lambda m: (m / "roi.json").write_text("[" * 100_000), "roi.json is damaged or cut"),
    "a section of another month": (
        lambda m: (m / "roi.json").write_text(json.dumps(sections("2026-01")["roi"])),
        "roi.json is damaged or cut",
    ),
    "newer schema": (
        lambda m: (m / "health.json").write_text(json.dumps({**sections("2026-09")["health"], "schema": 99})),
        "Team health: health.json was written by another version",
    ),
    "link instead of a section": (
        lambda m: [(m / "goals.json").unlink(), (m / "goals.json").symlink_to("/etc/passwd")],
        "goals.json is a link and is not followed",
    ),
    "a folder instead of a section": (
        lambda m: [(m / "goals.json").unlink(), (m / "goals.json").mkdir()],
        "goals.json may not be read",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_half_deleted_month_is_one_line_and_the_rest_is_published(out, what):
    damage, line = DAMAGE[what]
    damage(out / "2026-09")
    told = write(out)
    assert len(told) == 1
    assert line in told[0]
    assert [row[:8] for row in rows(html(out))] == [SEPTEMBER, "Aug 2026"]
    assert told[0] in html(out).replace("&#39;", "'")


def test_a_damaged_section_is_shown_in_words_and_the_others_as_ever(out):
    (out / "2026-09" / "roi.json").write_text("{")
    write(out)
    assert rows(html(out))[0] == "Sep 2026 1/1 met figures damaged 1 cause 1 change 1 open · 1 worked"


@pytest.mark.parametrize(
    ("status", "shown"), [("failed", "failed"), ("absent", "no data"), ("left_out", "not asked for")]
)
def test_a_section_without_a_result_says_why(out, status, shown):
    folder = out / "2026-09"
    manifest = json.loads((folder / "run.json").read_text())
    manifest["sections"]["roi"]["status"] = status
    (folder / "run.json").write_text(json.dumps(manifest))
    (folder / "roi.json").unlink()
    assert write(out) == []
    assert f"1/1 met {shown} 1 cause" in rows(html(out))[0]


@pytest.mark.skipif(as_root(), reason="root may read everything")
def test_a_folder_nobody_may_read_is_one_line(out):
    (out / "2026-09").chmod(0)
    try:
        assert "the folder may not be read" in write(out)[0]
    finally:
        (out / "2026-09").chmod(stat.S_IRWXU)


def test_a_month_that_is_a_link_is_not_followed(out, tmp_path):
    (out / "2026-09").rename(tmp_path / "elsewhere")
    (out / "2026-09").symlink_to(tmp_path / "elsewhere")
    assert "2026-09 is a link and is not followed" in write(out)[0]
    assert 'href="2026-09/' not in html(out)


def test_a_file_named_like_a_month_is_one_line(out):
    (out / "2026-10").write_text("notes")
    assert "2026-10 is a file, not a folder" in write(out)[0]


def test_what_is_not_named_like_a_period_is_left_alone(out):
    (out / "notes").mkdir()
    (out / "2026-13").mkdir()
    (out / "teams").mkdir()
    (out / "readme.txt").write_text("mine")
    assert write(out) == []
    assert "notes" not in html(out)


def test_quarters_years_and_look_backs_stand_beside_their_year(out):
    for label in ("2026-Q3", "2026", "2026-08..2026-09"):
        (out / label).mkdir()
        (out / label / "index.html").write_text("x")
        (out / label / "run.json").write_text("{}")
    write(out)
    summary = re.search(r"<summary>2026(.*?)</summary>", html(out))[1]
    assert re.findall(r'href="([^"]+)"', summary) == [
        "2026/index.html", "2026-08..2026-09/index.html", "2026-Q3/index.html"
    ]  # fmt: skip


def test_words_of_an_older_month_are_made_of_its_results_and_kept(out, sample_month):
    put(out, "2026-07", says=False)
    for name in ("goals.json", "roi.json"):
        data = json.loads((sample_month / name).read_text(encoding="utf-8"))
        (out / "2026-07" / name).write_text(json.dumps({**data, "period": "2026-07"}), encoding="utf-8")
    write(out)
    assert "of 9 goals were met" in html(out)
    kept = (out / CACHE).read_bytes()
    (out / CACHE).write_text("{broken")
    write(out)
    assert (out / CACHE).read_bytes() == kept


def test_a_failure_of_the_archive_is_one_line_and_no_exception(out):
    (out / "index.html").mkdir()
    told = write(out)
    assert len(told) == 1
    assert told[0].startswith("the archive could not be written, ")


def test_two_archives_at_once_leave_whole_pages(out):
    threads = [threading.Thread(target=write, args=(out,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert html(out).endswith("</html>") and html(out, "index.html").endswith("</html>")
    assert not list(out.glob(".archive*"))


# -- links between pages -----------------------------------------------------------------------------------------------


def links(folder, name="index.en.html"):
    line = re.search(r"<!--beside-->(.*?)<!--/beside-->", (folder / name).read_text(), re.DOTALL)[1]
    return re.findall(r'href="([^"]+)"', line)


def test_the_neighbours_of_a_published_month_get_their_link(archived):
    link_neighbours(archived, "2026-09")
    assert links(archived / "2026-08") == ["../index.en.html", "../2026-09/index.en.html"]
    assert links(archived / "2026-09", "index.html") == ["../2026-08/index.html", "../index.html"]


def test_nothing_leads_to_an_archive_that_is_not_there(out):
    link_neighbours(out, "2026-09")
    assert links(out / "2026-08") == ["../2026-09/index.en.html"]
    for path in (out / "2026-08").iterdir():
        path.unlink()
    link_neighbours(out, "2026-09")
    assert 'class="beside"' not in (out / "2026-09" / "index.html").read_text()


def test_only_the_line_of_links_changes_and_the_manifest_is_in_step(out):
    link_neighbours(out, "2026-09")
    folder = out / "2026-08"
    text = (folder / "index.html").read_text()
    assert re.sub(r"<!--beside-->.*?<!--/beside-->", MARKS, text) == page("zh-CN", "2026-08")
    told = json.loads((folder / "run.json").read_text())["sha256"]
    assert told["index.html"] == sum_of(folder / "index.html")


def test_linking_again_changes_no_byte(out):
    link_neighbours(out, "2026-09")
    before = snapshot(out)
    link_neighbours(out, "2026-09")
    assert snapshot(out) == before


def test_a_gap_between_months_is_jumped(archived):
    put(archived, "2026-12")
    link_neighbours(archived, "2026-12")
    assert links(archived / "2026-12") == ["../2026-09/index.en.html", "../index.en.html"]


def test_a_link_to_a_month_that_is_gone_goes_at_the_next_publication(archived):
    link_neighbours(archived, "2026-09")
    for path in (archived / "2026-08").iterdir():
        path.unlink()
    (archived / "2026-08").rmdir()
    link_neighbours(archived, "2026-09")
    assert links(archived / "2026-09") == ["../index.en.html"]


def test_a_page_somebody_edited_is_left_alone(out):
    path = out / "2026-08" / "index.html"
    path.write_text(path.read_text() + "<!-- mine -->")
    before = path.read_bytes()
    link_neighbours(out, "2026-09")
    assert path.read_bytes() == before


def test_a_page_without_the_marks_is_left_alone(tmp_path):
    text = page("en", "2026-08").replace(MARKS, "")
    (tmp_path / "index.html").write_text(text)
    link_pages(tmp_path, ["index.html"], tmp_path / "2026-08")
    assert (tmp_path / "index.html").read_text() == text


def test_a_neighbour_that_is_being_run_is_not_waited_for(archived):
    before = snapshot(archived / "2026-08")
    with one_run(archived, "2026-08", lambda: None):
        link_neighbours(archived, "2026-09")
    assert snapshot(archived / "2026-08") == before
    assert links(archived / "2026-09") == ["../2026-08/index.en.html", "../index.en.html"]


def test_a_quarter_is_beside_quarters_and_not_beside_months(archived):
    for label in ("2026-Q2", "2026-Q3"):
        (archived / label).mkdir()
        (archived / label / "index.html").write_text(page("en", label))
    link_pages(archived / "2026-Q3", ["index.html"], archived / "2026-Q3")
    assert links(archived / "2026-Q3", "index.html") == ["../2026-Q2/index.html", "../index.html"]


# -- look backs --------------------------------------------------------------------------------------------------------


def look(out, label, **options):
    progress = Progress("en", stream=(out.parent / "log").open("w"))
    return look_back(Period.span(label), out=out, progress=progress, options=Options(**options))


def test_a_look_back_is_published_from_files_alone(out):
    page_ = look(out, "2026-07..2026-10")
    assert page_ == out / "2026-07..2026-10" / "index.html"
    names = {path.name for path in page_.parent.iterdir()}
    assert names >= {"index.html", "index.en.html", "months.json", "run.json"}
    text = html(page_.parent)
    assert "2 of 4 months are published. Missing: Jul 2026 and Oct 2026." in text
    assert "No data" not in text


def test_a_look_back_says_in_its_manifest_what_it_was_made_of(out):
    folder = look(out, "2026-08..2026-09").parent
    told = json.loads((folder / "run.json").read_text())
    assert list(told["inputs"]) == ["2026-08/run.json", "2026-09/run.json"]
    assert (told["sections"]["months"]["status"], told["audience"]) == ("done", "all")
    assert {name: sum_of(folder / name) for name in told["files"]} == told["sha256"]


def test_a_look_back_made_again_is_the_same(out):
    before = {path.name: path.read_bytes() for path in look(out, "2026").parent.iterdir()}
    after = {path.name: path.read_bytes() for path in look(out, "2026").parent.iterdir()}
    del before["run.json"], after["run.json"]  # it has the time
    assert before == after


def test_a_look_back_over_nothing_is_refused(out):
    with pytest.raises(InputError, match=r"--month: 1 problem\. No month of '2025-01\.\.2025-03' is published in "):
        look(out, "2025-01..2025-03")
    assert not (out / "2025-01..2025-03").exists()


def test_what_a_look_back_rests_on(out):
    assert months_within(out, Period.span("2026-Q3")).published == ["2026-08", "2026-09"]
    assert months_within(out, Period.span("2025")) is None


@pytest.mark.parametrize(
    ("label", "before", "only", "answer"),
    [
        ("2026-01..2026-03", {}, (), True),
        ("2026-Q3", {}, ("months",), True),
        ("2026-Q3", {"sections": {"goals": {}}}, ("months",), False),
        ("2026-Q3", {}, (), False),
        ("2026-09", {}, ("months",), False),
    ],
)
def test_only_a_range_or_the_months_alone_need_no_tables(label, before, only, answer):
    assert is_look_back(Period.span(label), before, only) == answer


def command(workspace, out, *more):
    run = [Path(sys.executable).with_name("opsretro"), "run", "--workspace", workspace, "--out", out, "--lang", "en"]
    return subprocess.run([*run, *more], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_writes_the_archive_the_links_and_the_look_backs(workspace, tmp_path):
    out = tmp_path / "reports"
    for label in ("2026-08", "2026-09", "2026-Q3", "2026-08..2026-09"):
        assert command(workspace, out, "--month", label).returncode == 0
    assert links(out / "2026-08", "index.html") == ["../index.html", "../2026-09/index.html"]
    assert {row[:8] for row in rows(html(out, "index.html"))} == {SEPTEMBER, "Aug 2026"}
    assert 'id="months"' in html(out / "2026-Q3", "index.html")
    assert 'id="months"' not in html(out / "2026-09", "index.html")
    before = snapshot(out / "2026-08")
    assert command(workspace, out, "--month", "2026-08").returncode == 0
    changed = [path.name for path, data in snapshot(out / "2026-08").items() if before[path] != data]
    assert changed == ["run.json"]


def test_reading_loads_every_month_once_and_changes_nothing(out):
    before = snapshot(out)
    assert [one.label for one in read_archive(out)] == ["2026-08", "2026-09"]
    assert snapshot(out) == before


def test_a_folder_that_is_not_there_has_nothing(tmp_path):
    assert read_archive(tmp_path / "none") == ()
    assert write_archive(tmp_path / "none", ("en",), Progress("en")) is None
