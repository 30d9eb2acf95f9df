"""What can go wrong with a month, really done to it: signals, full and read-only disks, two runs at once, bad input."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from markupsafe import escape
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from opsretro import cli

pytestmark = pytest.mark.slow
SAMPLE_DATA = Path(__file__).resolve().parents[1] / "data"
OPSRETRO = Path(sys.executable).with_name("opsretro")
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
OFFERED = 'month = ""\nworkspace = ""\nout = ""'


def words(workspace, out, *more) -> list[str]:
    command = [str(OPSRETRO), "run", "--month", "2026-10", "--workspace", str(workspace), "--out", str(out)]
    return [*command, "--lang", "en", *more]


def run(workspace, out, *more, **how) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(workspace, out, *more), capture_output=True, text=True, check=False, **how)


def own(folder, name, *sources, declared=OFFERED) -> Path:
    """A notebook of the team's own."""
    folder.mkdir(exist_ok=True)
    first = new_code_cell(declared)
    first.metadata.tags = ["parameters"]
    cells = [new_markdown_cell(f"# {name} title"), first, *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells, metadata=PYTHON), folder / f"{name}.ipynb")
    return folder


def is_a_month_and_its_archive(out):
    """Whether nothing else lies in a reports folder."""
    return {path.name for path in out.iterdir()} - {"index.html", "index.en.html", ".archive.json"} == {"2026-10"}


def listing(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def until(fact, seconds=30):
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A small month that is out, to be copied."""
    from conftest import small_workspace

    folder = tmp_path_factory.mktemp("published")
    small_workspace(folder / "ws")
    assert run(folder / "ws", folder / "out").returncode == 0
    return folder


@pytest.fixture
def good(published, tmp_path):
    """A workspace and its published month, to be broken."""
    shutil.copytree(published, tmp_path / "good")
    return tmp_path / "good"


SLOW = "import time\nprint('here', flush=True)\nopen(workspace + '/begun', 'w').close()\ntime.sleep(60)"
HOLDING = "import ctypes\nopen(workspace + '/begun', 'w').close()\nctypes.PyDLL(None).pause()"
PARENT = (
    "import subprocess, time\nsubprocess.Popen(['sleep', '61234'], start_new_session=True)\n"
    "open(workspace + '/begun', 'w').close()\ntime.sleep(60)"
)


# -- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [SLOW, HOLDING, PARENT], ids=["sleeps", "holds the lock", "has a child"])
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_stopped_run_leaves_no_process_and_the_good_report(good, sign, code, cell):
    before = listing(good / "out")
    more = ["--notebooks", str(own(good / "own", "team", cell))]
    process = subprocess.Popen(words(good / "ws", good / "out", *more), stderr=subprocess.PIPE, text=True)
    until((good / "ws" / "begun").exists)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3
    process.send_signal(sign)
    said = process.communicate(timeout=30)[1]
    assert (process.returncode, "Traceback" in said) == (code, False)
    until(lambda: not any(map(is_alive, family)))
    after = listing(good / "out")
    assert {name: after[name] for name in before} == before
    if sign != signal.SIGKILL:
        assert said.splitlines()[-1] == "interrupted; what is not published yet stays unpublished"
        assert is_a_month_and_its_archive(good / "out")


def test_a_second_signal_does_not_keep_it_from_ending(good):
    more = ["--notebooks", str(own(good / "own", "team", SLOW))]
    process = subprocess.Popen(words(good / "ws", good / "out", *more), stderr=subprocess.DEVNULL)
    until((good / "ws" / "begun").exists)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143


def test_the_run_after_a_killed_one_heals(good):
    more = ["--notebooks", str(own(good / "own", "team", SLOW))]
    process = subprocess.Popen(words(good / "ws", good / "out", *more), stderr=subprocess.DEVNULL)
    until((good / "ws" / "begun").exists)
    process.kill()
    process.wait()
    assert run(good / "ws", good / "out").returncode == 0
    assert is_a_month_and_its_archive(good / "out")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.98])
def test_a_kill_at_any_moment_leaves_a_whole_report(good, share):
    whole = json.loads((good / "out" / "2026-10" / "run.json").read_text("utf-8"))["seconds"] + 1
    process = subprocess.Popen(words(good / "ws", good / "out", "--force"), stderr=subprocess.DEVNULL)
    time.sleep(whole * share)
    process.kill()
    process.wait()
    month = good / "out" / "2026-10"
    manifest = json.loads((month / "run.json").read_text("utf-8"))
    assert all((month / name).exists() for name in manifest["files"])
    assert [json.loads(path.read_text("utf-8")) is None for path in month.glob("*.json")].count(True) == 0
    assert all(path.read_text("utf-8").rstrip().endswith("</html>") for path in month.glob("*.html"))


# -- disks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system of its own; only who may mount can."""
    made = []

    def mount(options: str) -> Path:
        place = tmp_path / "disk"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this user may not mount a file system")
        made.append(place)
        return place

    yield mount
    for place in made:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, *, but: int = 0) -> None:
    """Leave no more than a number of bytes free on a disk."""
    left = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(max(0, left.f_bavail * left.f_frsize - but)))


def test_a_full_disk_is_said_and_keeps_the_good_report(good, mounted):
    disk = mounted("size=9m")
    shutil.copytree(good / "out", disk / "out")
    before = listing(disk / "out")
    fill(disk)
    done = run(good / "ws", disk / "out", "--force")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert listing(disk / "out") == before


def test_a_disk_that_becomes_full_on_the_way_is_said_and_keeps_the_good_report(good, mounted):
    disk = mounted("size=9m")
    shutil.copytree(good / "out", disk / "out")
    before = listing(disk / "out")
    fill(disk, but=200_000)
    done = run(good / "ws", disk / "out", "--force")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert listing(disk / "out") == before


def test_a_read_only_disk_is_said(good, mounted):
    disk = mounted("size=9m")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    done = run(good / "ws", disk / "out")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "Read-only file system" in done.stderr.splitlines()[-1]


def test_a_read_only_workspace_is_no_obstacle(good, mounted):
    disk = mounted("size=9m")
    shutil.copytree(good / "ws", disk / "ws")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert run(disk / "ws", good / "elsewhere").returncode == 0


def test_a_limit_on_the_size_of_files_is_said_and_keeps_the_good_report(good):
    before = listing(good / "out")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    done = run(good / "ws", good / "out", "--force", preexec_fn=limit)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "File too large" in done.stderr.splitlines()[-1]
    assert listing(good / "out") == before


# -- two runs ---------------------------------------------------------------------------------------------------------


def test_two_runs_at_once_are_read_whole_at_any_moment(good):
    month, seen, stop = good / "out" / "2026-10", [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            manifest = json.loads((month / "run.json").read_text("utf-8"))
            files = {name: (month / name).read_bytes().rstrip() for name in manifest["files"] if "own" not in name}
            ends = {"html": b"</html>", "pdf": b"%%EOF", "ipynb": b"}", "json": b"}"}
            seen.append(all(data.endswith(ends[name.rpartition(".")[2]]) for name, data in files.items()))
            seen.append(all(json.loads(data) for data in files.values() if data.endswith(b"}")))
            time.sleep(1 / 30)

    reader = threading.Thread(target=read)
    reader.start()
    both = [
        subprocess.Popen(words(good / "ws", good / "out", "--force"), stderr=subprocess.PIPE, text=True) for _ in "ab"
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    stop.set()
    reader.join()
    assert [process.returncode for process in both] == [0, 0] and all(seen) and len(seen) > 60
    assert sum("another run" in text for text in said) == 1
    assert is_a_month_and_its_archive(good / "out")


# -- what a cell does -------------------------------------------------------------------------------------------------

CELLS = {
    "an error": ("1 / 0", "cell 4: ZeroDivisionError: division by zero"),
    "killed": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "its process was ended by signal 9 in cell 4",
    ),
    "crashed": ("import ctypes\nctypes.string_at(0)", "its process was ended by signal 11 in cell 4"),
    "exit": ("import os\nos._exit(0)", "cell 4 ended the notebook before its last cell"),
    "sys.exit(0)": ("import sys\nsys.exit(0)", "cell 4 ended the notebook before its last cell"),
    "hangs": ("import time\ntime.sleep(60)", "it timed out: not done after 4 s (--timeout), it was ended in cell 4"),
    "C": ("import ctypes\nctypes.PyDLL(None).pause()", "it timed out: not done after 4 s"),
}


@pytest.fixture(scope="module")
def broken(published, tmp_path_factory):
    """Notebooks that break in every way, run beside the month in one go."""
    folder = tmp_path_factory.mktemp("broken")
    for place, (source, _) in enumerate(CELLS.values()):
        own(folder / "own", f"n{place}", source, "print('never')")
    done = run(published / "ws", folder / "out", "--notebooks", str(folder / "own"), "--timeout", "4")
    return done, folder / "out" / "2026-10"


@pytest.mark.parametrize("what", CELLS)
def test_a_notebook_that_breaks_says_why_in_words(what, broken):
    done, month = broken
    place, text = list(CELLS).index(what), CELLS[what][1]
    why = json.loads((month / "run.json").read_text("utf-8"))["sections"][f"n{place}"]["why"]
    assert text in why["en"] and why["zh-CN"] and text in done.stderr
    assert escape(text.split(":")[0]) in (month / "index.html").read_text("utf-8")


def test_the_others_are_published_beside_those_that_broke(broken):
    done, month = broken
    sections = json.loads((month / "run.json").read_text("utf-8"))["sections"]
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert sections["goals"]["status"] == "done" and (month / "n0.ipynb").exists()


def test_the_last_line_says_where_the_page_is(broken):
    done, month = broken
    assert done.stdout.strip() == str(month / "index.html")
    assert done.stderr.splitlines()[-1].endswith(f"published {month / 'index.html'}")


# -- input ------------------------------------------------------------------------------------------------------------

BROKEN = {
    "empty": b"",
    "cut": b"date,kpi,value\n2026-10-01,sales,1\n2026-10-0",
    "binary": bytes(range(256)) * 40,
    "zip": b"PK\x03\x04" + bytes(200),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_input_is_refused_and_nothing_is_written(what, good):
    before = listing(good / "out")
    (good / "ws" / "metrics.csv").write_bytes(BROKEN[what])
    done = run(good / "ws", good / "out")
    assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (2, False, "")
    assert "metrics.csv" in done.stderr and done.stderr.splitlines()[-1].endswith("nothing was written")
    assert listing(good / "out") == before


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "../../x", "", "latest", "2026-10-01", "{month}"])
def test_a_bad_month_is_one_line(month, published, tmp_path, capsys):
    code = cli.main(["run", "--month", month, "--workspace", str(published / "ws"), "--out", str(tmp_path / "new")])
    assert (code, (tmp_path / "new").exists()) == (2, False)
    assert sum(line.startswith("--month") for line in capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ['运营 月报/{x}/it\'s "q"', "-dash/100%/#hash/a\\b"])
def test_odd_paths_are_paths(name, good):
    odd = good / name
    odd.mkdir(parents=True)
    shutil.copytree(good / "ws", odd / "ws")
    done = run(odd / "ws", odd / "out")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == odd / "out" / "2026-10" / "index.html"


def test_a_missing_workspace_is_one_line(tmp_path):
    done = run(tmp_path / "nowhere", tmp_path / "out")
    assert (done.returncode, "Traceback" in done.stderr, (tmp_path / "out").exists()) == (2, False, False)


def test_a_file_where_the_reports_should_go_is_said(good):
    (good / "file").write_text("", encoding="utf-8")
    done = run(good / "ws", good / "file")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_obstacle(closed, good):
    script = f'exec "$@" {closed}'
    done = subprocess.run(["sh", "-c", script, "sh", *words(good / "ws", good / "new")], check=False)
    assert done.returncode == 0 and (good / "new" / "2026-10" / "run.json").exists()


def test_nothing_is_left_in_the_folder_for_temporary_files(good, tmp_path):
    (tmp_path / "temporary").mkdir()
    poor = {"TMPDIR": str(tmp_path / "temporary"), "HOME": "/dev/null"}
    done = run(good / "ws", good / "out", "--force", "--log-format", "json", env=os.environ | poor)
    assert done.returncode == 0 and list((tmp_path / "temporary").iterdir()) == []
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()][-1] == "published"


def test_a_page_nobody_wants_to_hear_of_is_published(good):
    script = 'exec "$@" 2>&- | true'
    command = ["bash", "-o", "pipefail", "-c", f"({script})", "sh", *words(good / "ws", good / "new")]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert (good / "new" / "2026-10" / "run.json").exists()
