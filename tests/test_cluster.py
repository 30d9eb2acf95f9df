"""Teams spread over a real dask scheduler and its workers: lost workers, versions that differ, nobody who answers."""

import json
import socket
import subprocess
import time

import psutil
import pytest
from dask_cluster import cluster
from test_teams import OPSRETRO, slow_notebook, states, team

from opsretro.errors import InputError
from opsretro.monthly.spread import check_cluster, work

slow = pytest.mark.slow
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


def run(tmp_path, address, *words):
    command = [OPSRETRO, "run", "--month", "2026-10", "--teams", tmp_path / "teams" / "*", "--out", tmp_path / "out"]
    command += ["--cluster", address, "--lang", "en", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@slow
def test_a_worker_that_is_killed_costs_no_team_its_month(tmp_path):
    for name in NAMES:
        team(tmp_path / "teams" / name, name)
    slow_notebook(tmp_path / "own", seconds=1)
    (tmp_path / "dask").mkdir()
    with cluster(tmp_path / "dask", workers=2) as (workers, address):
        going = run(tmp_path, address, "--notebooks", tmp_path / "own")
        while not busy(tmp_path / "out"):
            assert going.poll() is None, going.communicate()
            time.sleep(0.1)
        family = psutil.Process(workers[0].pid).children(recursive=True)
        workers[0].kill()
        _, told = going.communicate(timeout=240)
        assert going.returncode == 0, told
        assert psutil.wait_procs(family, timeout=10)[1] == []
        assert set(states(tmp_path / "out").values()) == {"published"}
        runs = {
            json.loads(path.read_text())["run"]
            for path in (tmp_path / "out").glob("*/2026-10/run.json")
            if path.parts[-3] != "teams"
        }
        assert len(runs) == 1
    assert leftovers(tmp_path) == []


def busy(out):
    """Teams that have begun."""
    return [path for path in out.glob("*/.2026-10.*") if path.is_dir()]


def leftovers(folder):
    """Processes and staging folders that a run left behind."""
    time.sleep(1)
    mine = [process.pid for process in psutil.process_iter() if str(folder) in " ".join(command_of(process))]
    return [*mine, *busy(folder / "out")]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@slow
def test_a_job_that_was_done_is_not_done_again(tmp_path):
    from opsretro.monthly.options import Options
    from opsretro.monthly.team_job import Job, carried_out

    options = Options(langs=("en",), run="asked-once")
    workspace = team(tmp_path / "alpha", "alpha")
    job = Job(team="alpha", workspace=workspace, out=tmp_path / "out", month="2026-10", lang="en", options=options)
    first = [event["event"] for event in carried_out(job.order())]
    stamp = (tmp_path / "out" / "2026-10" / "run.json").stat().st_mtime_ns
    second = [event["event"] for event in carried_out(job.order())]
    assert ("ran" in first, second) == (True, ["checking", "checked", "published", "over"])
    assert (tmp_path / "out" / "2026-10" / "run.json").stat().st_mtime_ns == stamp


def test_a_worker_of_another_version_refuses():
    with pytest.raises(RuntimeError, match="opsretro is another version on this worker"):
        work({"code": "of yesterday"})


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


NOBODY = "No scheduler answers at {} within 15 s; start it with `dask scheduler`, or leave the option out."
NO_WORKER = "The scheduler at {} has no worker; start some with `dask worker {}`."


@pytest.fixture(scope="module")
def waited(tmp_path_factory):
    """What three commands say that wait at the same time: for nobody, for who says nothing, for workers."""
    folder = tmp_path_factory.mktemp("waited")
    team(folder / "teams" / "alpha", "alpha")
    (folder / "dask").mkdir()
    with socket.socket() as silent, cluster(folder / "dask", workers=0) as (_, idle):
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        addresses = [f"tcp://127.0.0.1:{port}" for port in (free_port(), silent.getsockname()[1])]
        going = {address: run(folder, address) for address in (*addresses, idle)}
        told = [(address, one.communicate(timeout=90)[1], one.returncode) for address, one in going.items()]
    return told, (folder / "out").exists()


@slow
@pytest.mark.parametrize(("place", "line"), [(0, NOBODY), (1, NOBODY), (2, NO_WORKER)])
def test_a_scheduler_that_cannot_be_used_is_told_in_one_line(waited, place, line):
    address, said, code = waited[0][place]
    assert said == f"--cluster: {line.format(address, address)}\n1 problem; nothing was written\n"
    assert (code, waited[1]) == (2, False)


@pytest.mark.parametrize("address", ["127.0.0.1", "http://127.0.0.1:1", "tcp://", "tcp://127.0.0.1:port"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InputError, match="No scheduler answers at"):
        check_cluster(address)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--cluster", "tcp://127.0.0.1:1"], "--cluster: A cluster spreads teams; name them with --teams."),
        (
            ["--cluster", "tcp://127.0.0.1:1", "--teams", "x", "--jobs", "2"],
            "--jobs: A cluster has as many jobs as it has workers",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, words, line):
    command = [OPSRETRO, "run", "--month", "2026-10", "--out", tmp_path / "out", "--lang", "en", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, line in done.stderr) == (2, True)
