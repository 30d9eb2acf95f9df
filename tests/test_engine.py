"""The engine: notebooks come out of a fork as they come out of papermill's own kernel, and nothing is left running."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from engine_zoo import likeness, zoo
from nbformat.v4 import new_code_cell, new_notebook
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from opsretro.monthly.engine import Ended, ForkEngine
from opsretro.monthly.notebook import KERNEL, run_notebook
from opsretro.report.sections import SECTIONS

pytestmark = pytest.mark.slow
SAMPLE = Path(__file__).resolve().parents[1] / "data"
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def written(tmp_path):
    """Writes a notebook of a few cells."""

    def write(*sources):
        path = tmp_path / "in.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=PYTHON), path)
        return path

    return write


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """The zoo, run by both engines."""
    folder = tmp_path_factory.mktemp("zoo")
    nbformat.write(zoo(), folder / "zoo.ipynb")
    found = {}
    vars(builtins).pop("_", None)  # doctests leave it in the process that is forked
    for engine in (None, "opsretro"):
        record, where = folder / f"{engine}.ipynb", folder / "work"
        where.mkdir(exist_ok=True)
        with pytest.raises(PapermillExecutionError, match="KeyError"):
            execute_notebook(
                folder / "zoo.ipynb", record, {"top": 7}, engine_name=engine, cwd=where, progress_bar=False
            )
        found[engine] = likeness(nbformat.read(record, as_version=4))
    return found[None], found["opsretro"]


def test_every_kind_of_output_is_the_same_cell_by_cell(engines):
    kernel, fork = engines
    assert [cell for cell, other in zip(fork["cells"], kernel["cells"], strict=True) if cell != other] == []


def test_widgets_parameters_and_metadata_are_the_same(engines):
    kernel, fork = engines
    assert {name: fork[name] == kernel[name] for name in fork} == dict.fromkeys(fork, True)
    assert len(fork["widgets"]) > 2


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """The month of the sample by both engines, the zoo among it as a notebook of the team's."""
    folder = tmp_path_factory.mktemp("months")
    (folder / "own").mkdir()
    nbformat.write(zoo(), folder / "own" / "zoo.ipynb")
    for engine in ("kernel", "fork"):
        words = ["run", "--month", "2026-10", "--workspace", SAMPLE, "--out", folder / engine, "--engine", engine]
        command = [sys.executable, "-m", "opsretro.cli", *words, "--lang", "zh-CN", "--notebooks", folder / "own"]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 1 and b"KeyError" in done.stderr, done.stderr
    return folder / "kernel" / "2026-10", folder / "fork" / "2026-10"


@pytest.mark.parametrize("name", [*(section.key for section in SECTIONS if section.notebook), "zoo"])
def test_a_month_has_the_same_records_and_numbers_from_both_engines(name, months):
    kernel, fork = (likeness(nbformat.read(folder / f"{name}.ipynb", as_version=4)) for folder in months)
    assert [cell for cell, other in zip(fork["cells"], kernel["cells"], strict=True) if cell != other] == []
    assert fork == kernel
    numbers = [[path.read_bytes() for path in folder.glob(f"{name}.json")] for folder in months]
    assert numbers[0] == numbers[1] and len(numbers[0]) == (name != "zoo")


OUTPUT = (
    "import ipywidgets as w\nfrom IPython.display import display, HTML\n"
    "o = w.Output()\nwith o:\n    print('inside')\n    display(HTML('<p>in</p>'))\no",
    "p = w.Output()\nwith p:\n    print('before')",
    "p.clear_output()\nwith p:\n    print('again')",
)
"""Not in the zoo: papermill's own kernel now and then never answers a cell that writes into an output widget."""


def test_an_output_widget_holds_what_was_written_into_it(written, tmp_path):
    execute_notebook(written(*OUTPUT), tmp_path / "out.ipynb", engine_name="opsretro", progress_bar=False)
    found = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    state = found.metadata.widgets["application/vnd.jupyter.widget-state+json"].state.values()
    outputs = [one.state.outputs for one in state if one.model_name == "OutputModel"]  # in the order of random ids
    again, inside = sorted(outputs, key=len)
    assert [one.get("text") or one["data"]["text/html"] for one in inside] == ["inside\n", "<p>in</p>"]
    assert [one["text"] for one in again] == ["again\n"]
    assert [list(cell.outputs and cell.outputs[0].data) for cell in found.cells][1:] == [[], []]


def test_papermills_command_knows_the_engine(written, tmp_path):
    command = [Path(sys.executable).with_name("papermill"), "--engine", "opsretro", "--no-progress-bar"]
    done = subprocess.run([*command, written("6 * 7"), tmp_path / "out.ipynb"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0].outputs[0].data["text/plain"] == "42"


# -- how a notebook ends ----------------------------------------------------------------------------------------------

ENDS = {
    "error": ("1 / 0", {"how": "error", "cell": 2, "error": "ZeroDivisionError: division by zero", "signal": 0}),
    "killed": ("import os\nos.kill(os.getpid(), 9)", {"how": "died", "cell": 2, "signal": 9}),
    "crash": ("import ctypes\nctypes.string_at(0)", {"how": "died", "cell": 2, "signal": 11}),
    "exit of the process": ("import os\nos._exit(0)", {"how": "stopped", "cell": 2}),
    "sys.exit(0)": ("import sys\nsys.exit(0)", {"how": "stopped", "cell": 2}),
    "exit()": ("exit()", {"how": "stopped", "cell": 2}),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_notebook_that_does_not_reach_its_end_says_how_it_ended(what, written, tmp_path):
    source, expected = ENDS[what]
    ran = run_notebook(written("a = 1", source, "print('never')"), tmp_path / "out.ipynb", {})
    assert {name: getattr(ran, name) for name in expected} == expected and not ran.good


def test_the_record_of_a_notebook_that_died_keeps_what_ran_and_marks_what_did_not(written, tmp_path):
    run_notebook(written("print('first')", "import os\nos._exit(3)", "1"), tmp_path / "out.ipynb", {})
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert cells[0].outputs[0].text == "first\n"
    assert [cell.metadata.papermill.status for cell in cells] == ["completed", "failed", "pending"]


PIECES = """
import sys
for name in ("stdout", "stdout", "stderr", "stdout"):
    print(name, file=getattr(sys, name), flush=True)
"""
"""Each goes out by itself."""


@pytest.mark.parametrize("engine", ["fork", KERNEL])
def test_how_fast_the_machine_was_cannot_be_seen_in_the_record(engine, written, tmp_path):
    run_notebook(written(PIECES), tmp_path / "out.ipynb", {}, engine=engine)
    (cell,) = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    said = [(output.name, output.text) for output in cell.outputs]
    assert said == [("stdout", "stdout\nstdout\n"), ("stderr", "stderr\n"), ("stdout", "stdout\n")]


ENDLESS = "import ctypes\nctypes.PyDLL(None).pause()"
"""A C function that never comes back and holds the interpreter's lock."""


@pytest.mark.parametrize(
    ("engine", "source", "seconds"),
    [("fork", "while True:\n    pass", 2), ("fork", ENDLESS, 2), (KERNEL, ENDLESS, 15)],
    ids=["fork, python", "fork, C", "kernel, C"],
)
def test_a_cell_that_hangs_is_ended_when_its_time_is_over(engine, source, seconds, written, tmp_path):
    before = time.monotonic()
    ran = run_notebook(written("a = 1", source), tmp_path / "out.ipynb", {}, engine=engine, seconds=seconds)
    assert (ran.how, ran.cell) == ("time", 2)
    assert seconds <= time.monotonic() - before


# -- nothing is left running ------------------------------------------------------------------------------------------

LEAVERS = {
    "a child": "import subprocess\np = subprocess.Popen(['sleep', '{n}'])",
    "a session of its own": "import subprocess\np = subprocess.Popen(['sleep', '{n}'], start_new_session=True)",
    "a daemon": "import os\nos.system('setsid sh -c \"sleep {n} &\" >/dev/null 2>&1 &')",
    "a fork that ignores signals": (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    os.execvp('sleep', ['sleep', '{n}'])"
    ),
}


def sleepers(n: int) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if _words(one)[:2] == ["sleep", str(n)]]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize(("engine", "what"), [*(("fork", what) for what in LEAVERS), (KERNEL, "a daemon")])
def test_what_a_cell_leaves_behind_is_ended_with_the_notebook(what, engine, written, tmp_path):
    n = 70_000 + os.getpid() % 10_000
    waits = "import time\ntime.sleep(0.3)"
    ran = run_notebook(written(LEAVERS[what].format(n=n), waits), tmp_path / "out.ipynb", {}, engine=engine)
    assert ran.good and sleepers(n) == []


OWNER = """
import sys, threading
from pathlib import Path
from opsretro.monthly.notebook import run_notebook
run_notebook(Path(sys.argv[1]), Path(sys.argv[2]), {}, engine=sys.argv[3])
"""


@pytest.mark.parametrize("engine", ["fork", KERNEL])
def test_the_owner_can_be_killed_and_nothing_stays(engine, written, tmp_path):
    n = 80_000 + os.getpid() % 10_000
    source = written(LEAVERS["a daemon"].format(n=n), ENDLESS)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, source, tmp_path / "out.ipynb", engine])
    until(lambda: sleepers(n))
    family = psutil.Process(owner.pid).children(recursive=True)
    owner.kill()
    owner.wait()
    until(lambda: not sleepers(n) and not any(alive(one) for one in family))


def test_a_template_that_was_killed_is_started_again(written, tmp_path):
    source = written("1")
    assert run_notebook(source, tmp_path / "out.ipynb", {}).good
    own = psutil.Process()
    for child in own.children():
        if "opsretro.monthly.template" in " ".join(_words(child)):
            child.kill()
            child.wait()
    assert run_notebook(source, tmp_path / "out.ipynb", {}).good


def test_a_killed_keeper_takes_its_cells_along(written, tmp_path):
    n = 90_000 + os.getpid() % 10_000
    kill = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(60)"
    ran = run_notebook(written(f"{n}", kill), tmp_path / "out.ipynb", {})
    assert (ran.how, ran.cell) == ("died", 2)


def test_asking_for_the_engine_from_many_threads_is_safe(written, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    source = written("import os\nos.getpid()")
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda n: run_notebook(source, tmp_path / f"out{n}.ipynb", {}), range(8)))
    pids = {nbformat.read(tmp_path / f"out{n}.ipynb", 4).cells[0].outputs[0].data["text/plain"] for n in range(8)}
    assert all(one.good for one in ran) and len(pids) == 8


def test_ended_says_what_happened():
    told = [str(Ended(how)) for how in ({"end": "time"}, {"end": "itself", "code": -9}, {"end": "itself", "code": 3})]
    assert told == ["timed out", "the process of the cells ended early, by signal 9", "it ended early, with 3"]


def test_a_notebook_in_another_language_is_left_to_papermill(tmp_path):
    other = {
        "kernelspec": {"name": "no_such_kernel", "display_name": "R", "language": "R"},
        "language_info": {"name": "R"},
    }
    nbformat.write(new_notebook(cells=[new_code_cell("1")], metadata=other), tmp_path / "in.ipynb")
    with pytest.raises(Exception, match="no_such_kernel"):
        execute_notebook(tmp_path / "in.ipynb", tmp_path / "o.ipynb", engine_name="opsretro", progress_bar=False)


def until(fact, seconds=20):
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def teardown_module():
    ForkEngine.template.close()
