"""The command `opsretro meet` without a browser: what it prepares and refuses, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

import nbformat
import psutil
import pytest
from browsing import ROOT

from opsretro.meeting.meet import prepared

MEET = [sys.executable, "-m", "opsretro.cli", "meet", "--month", "2026-10", "--no-browser"]


@pytest.fixture
def source():
    return nbformat.read(ROOT / "notebooks/05_retro_meeting.ipynb", as_version=4)


def values_of(notebook):
    """What the parameters are once the cells up to the injected one have run."""
    tagged = {"parameters", "injected-parameters"}
    values = {}
    for cell in notebook.cells:
        if tagged & set(cell.metadata.get("tags", [])):
            exec(cell.source, values)
    return values


def test_parameters_follow_those_of_the_notebook(source):
    shown = prepared(source, {"month": "2026-09", "workspace": "/srv/月 \"a\" 'b' {c} \\ %20"})
    values = values_of(shown)
    assert (values["month"], values["workspace"]) == ("2026-09", "/srv/月 \"a\" 'b' {c} \\ %20")
    assert values["out"] == ""  # the notebook's own default


def test_parameters_come_first_in_a_notebook_that_declares_none():
    plain = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(month)")])
    assert [cell.source for cell in prepared(plain, {"month": "2026-09"}).cells] == [
        "month = '2026-09'",
        "print(month)",
    ]


def test_every_cell_is_locked_and_no_code_is_seen(source):
    cells = prepared(source, {"month": "2026-10"}).cells
    assert {(cell.metadata["editable"], cell.metadata["deletable"]) for cell in cells} == {(False, False)}
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert {cell.metadata["jupyter"]["source_hidden"] for cell in code} == {True}


def test_nothing_of_an_earlier_run_is_left(source):
    code = [cell for cell in prepared(source, {}).cells if cell.cell_type == "code"]
    assert {(tuple(cell.outputs), cell.execution_count) for cell in code} == {((), None)}


def test_live_cells_stay_and_the_notebook_itself_is_not_changed(source):
    before = nbformat.writes(source)
    cells = prepared(source, {"month": "2026-10"}).cells
    assert len(cells) == len(source.cells) + 1
    assert nbformat.writes(source) == before


def test_what_is_prepared_is_a_valid_notebook(source):
    nbformat.validate(prepared(source, {"month": "2026-10"}))


def places(folder):
    """An environment whose temporary folder is ours, to see what is left in it."""
    (folder / "tmp").mkdir()
    return os.environ | {"TMPDIR": str(folder / "tmp"), "IPYTHONDIR": str(folder / "ipython"), "LC_ALL": "C.UTF-8"}


def meet(workspace, tmp_path, *more):
    words = [*MEET, "--workspace", workspace, "--lang", "en", *more]
    return subprocess.run(words, cwd=tmp_path, env=places(tmp_path), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("month", "sentence"),
    [
        ("2026-12", "--month: Metrics has no rows in 2026-12; it has 2025-03 to 2026-10."),
        ("2026-Q3", "--month: '2026-Q3' is not a month; write it as year-month, such as 2026-06."),
        ("October", "--month: 'October' is not a month; write it as year-month, such as 2026-06."),
    ],
)
def test_a_wrong_month_is_refused_before_anything_starts(workspace, tmp_path, month, sentence):
    refused = meet(workspace, tmp_path, "--month", month)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines()[0] == sentence
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_without_tables_is_refused_in_words(tmp_path):
    refused = meet(tmp_path / "nowhere", tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "nowhere" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.slow
def test_a_port_that_is_taken_is_said_in_one_line(workspace, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = meet(workspace, tmp_path, "--port", str(port))
    assert (failed.returncode, failed.stdout) == (2, "")
    assert f"Port {port} is taken by another program; write another one, or leave --port out" in failed.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_there_is_not_is_refused(workspace, tmp_path, port):
    failed = meet(workspace, tmp_path, f"--port={port}")
    assert (failed.returncode, f"there is no port {port}" in failed.stderr.lower()) == (2, True)


def test_everything_that_is_wrong_is_said_before_anything_starts(workspace, tmp_path):
    (workspace / "boards.toml").write_text('[[phases]]\nkey = "goals"\n[boards.kpt]\nname = 3\n', encoding="utf-8")
    (workspace / "meetings").mkdir(exist_ok=True)
    (workspace / "meetings" / "2026-10.json").write_text('{"month":', encoding="utf-8")
    failed = meet(workspace, tmp_path)
    assert (failed.returncode, failed.stdout) == (2, "")
    said = failed.stderr
    assert [word in said for word in ("boards.toml", "phases.key", "boards.kpt", "meetings/2026-10.json")] == [True] * 4
    assert list((tmp_path / "tmp").iterdir()) == []


@contextmanager
def opened(workspace, tmp_path, *more):
    """A meeting in the background: its process and its address."""
    words = [*MEET, "--workspace", workspace, *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    started = subprocess.Popen(words, cwd=tmp_path, env=places(tmp_path), **pipes)
    family = [psutil.Process(started.pid)]
    try:
        yield started, started.stdout.readline().strip()
    finally:
        if started.poll() is None:
            family += family[0].children(recursive=True)
            [process.kill() for process in reversed(family)]
        started.communicate()


def ask(address, path="", **body):
    """What the server answers, asked with the address's token."""
    parts = urlsplit(address)
    headers = {"Authorization": f"token {parts.query.removeprefix('token=')}"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}/{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def with_kernel(started, address):
    """The whole family of a meeting, once it has a kernel; and which Python the kernel is."""
    ask(address, "api/kernels", name="python3")
    family = psutil.Process(started.pid).children(recursive=True)
    family = [process for process in family if process.status() != psutil.STATUS_ZOMBIE]
    kernel = next(process for process in family if "ipykernel_launcher" in process.cmdline())
    assert kernel.cmdline()[0] == sys.executable
    return family


def is_gone(family, tmp_path, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until and (any(map(is_alive, family)) or list((tmp_path / "tmp").iterdir())):
        time.sleep(0.1)
    return not any(map(is_alive, family)) and list((tmp_path / "tmp").iterdir()) == []


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_nothing_is_left_however_it_is_stopped(workspace, tmp_path, stop, code):
    with opened(workspace, tmp_path) as (started, address):
        family = with_kernel(started, address)
        started.send_signal(stop)
        assert started.wait(timeout=60) == code
        assert is_gone(family, tmp_path)


@pytest.mark.slow
def test_shutting_jupyterlab_down_ends_the_command_well(workspace, tmp_path):
    with opened(workspace, tmp_path, "--lang", "zh-CN") as (started, address):
        family = with_kernel(started, address)
        assert unquote(urlsplit(address).path) == "/doc/tree/复盘会 2026-10.ipynb"
        ask(address, "api/shutdown", why="File > Shut Down")
        out, err = started.communicate(timeout=60)
        assert (started.returncode, out, err.count("\n")) == (0, "", 1)  # the address was read, one line on how to end
        assert is_gone(family, tmp_path)


@pytest.mark.slow
def test_nobody_gets_in_without_the_token(workspace, tmp_path):
    with opened(workspace, tmp_path) as (_, address):
        assert json.loads(ask(address, "api/contents"))["type"] == "directory"
        with pytest.raises(HTTPError, match=r"^HTTP Error 403: Forbidden$"):
            ask(address.partition("?")[0] + "?token=guess", "api/contents")


LATE = """
import socket, time
from pathlib import Path
from jupyter_server.serverapp import ServerApp

listen, others = ServerApp._bind_http_server, []

def late(app):
    time.sleep(1)
    if {taken!r} and not Path({taken!r}).exists():
        Path({taken!r}).touch()
        others.append(socket.create_server((app.ip, app.port)))
    listen(app)

ServerApp._bind_http_server = late
"""


@pytest.mark.slow
@pytest.mark.parametrize("taken", ["", "taken"])
def test_the_address_is_told_once_it_answers(workspace, tmp_path, monkeypatch, taken):
    """A server that is slow to listen; and one whose port somebody takes after it was found free."""
    (tmp_path / "config").mkdir()
    late = LATE.format(taken=taken and str(tmp_path / taken))
    (tmp_path / "config" / "jupyter_server_config.py").write_text(late, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "config"))
    with opened(workspace, tmp_path) as (_, address):
        assert json.loads(ask(address, "api/contents"))["type"] == "directory"
        assert (tmp_path / "taken").exists() == bool(taken)


@pytest.mark.slow
def test_it_listens_on_loopback_only_and_keeps_its_token_out_of_the_list_of_processes(workspace, tmp_path):
    with opened(workspace, tmp_path) as (started, address):
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        listening = [c for process in family for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
        token = urlsplit(address).query.removeprefix("token=")
        assert [process for process in family if token in " ".join(process.cmdline())] == []
