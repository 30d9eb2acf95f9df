"""What the command loads when it starts, what it leaves for later, and what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

ADDRESS = """
import opsretro.monthly.run, sys
assert "rfc3987_syntax" not in sys.modules
import jsonschema
checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
found = [checker.conforms(text, "iri") for text in ("http://例.com/a", "no address")]
assert found == [True, False] and "rfc3987_syntax" in sys.modules
import rfc3987_syntax
assert rfc3987_syntax.is_valid_syntax("iri", "http://例.com/a") and not rfc3987_syntax.is_valid_syntax("iri", "no")
"""
"""International addresses are checked as ever, and the parser is loaded with the first of them."""


CHARTS = """
import sys
{first}
from opsretro.report.look import new_figure, svg
figure = new_figure("wide", 100)
figure.add_axes((0, 0, 1, 1)).plot([1, 2])
assert "<path" in svg(figure, ident="a", label="a")
assert ("scipy.stats" in sys.modules) is {loaded}, "scipy.stats"
"""
"""A chart is drawn; what has to do with densities and dendrograms is loaded only by whoever loaded it before."""

SEABORN = """
import numpy as np
import seaborn
density = seaborn.kdeplot(x=[1.0, 2.0, 4.0], cumulative=True).lines[0].get_ydata()
assert 0.9 < density[-1] - density[0] < 1
assert len(seaborn.clustermap(np.eye(4)).dendrogram_row.linkage) == 3
from scipy.cluster import hierarchy, vq
from scipy.stats import gaussian_kde, norm
assert norm.cdf(0) == 0.5 and gaussian_kde([1.0, 2.0]).n == 2
assert len(hierarchy.linkage(np.eye(4))) == 3 and vq.whiten(np.eye(2)).shape == (2, 2)
"""
"""Charts of the team's own have all of seaborn and scipy."""

GARBAGE = """
import gc, sys
from opsretro.cli import main
before = gc.get_stats()[0]["collections"]
assert main(["alerts", "--workspace", "{folder}"]) == 0
assert "pandas" in sys.modules and gc.get_stats()[0]["collections"] - before < 20
"""
"""By itself Python looks 200 times meanwhile."""

MEANWHILE = """
import sys
from opsretro.later import _later
with _later("scipy.stats", gaussian_kde=None):
    from scipy.stats import norm
    assert norm.cdf(0) == 0.5
assert sys.modules["scipy.stats"].norm is norm
"""
"""Somebody else, in a thread, needs more of a module than its stand-in has."""


@pytest.mark.parametrize(
    "program",
    [
        ADDRESS,
        CHARTS.format(first="", loaded=False) + SEABORN,
        CHARTS.format(first="import scipy.stats", loaded=True) + SEABORN,
        CHARTS.format(first="import seaborn", loaded=True) + SEABORN,
        MEANWHILE,
    ],
    ids=["addresses", "charts", "scipy first", "seaborn first", "meanwhile"],
)
def test_what_libraries_take_along_is_loaded_when_it_is_asked_for(program):
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_command_seldom_looks_for_garbage(workspace):
    program = GARBAGE.format(folder=workspace)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def running(mark: str) -> list[psutil.Process]:
    """Processes that were given a mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            found += [process] if process.environ().get("MARK") == mark else []
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("month", ["2026-13", "2099-01", "x" * 300], ids=["no month", "no data", "long"])
def test_a_month_that_is_refused_leaves_no_process(month, tmp_path):
    words = ["run", "--month", month, "--workspace", "data", "--out", tmp_path, "--force"]
    command = [sys.executable, "-m", "opsretro.cli", *words]
    done = subprocess.run(command, env=os.environ | {"MARK": str(tmp_path)}, capture_output=True, check=False)
    assert done.returncode == 2 and running(str(tmp_path)) == []


def test_a_run_that_is_killed_while_it_loads_leaves_no_process(tmp_path):
    words = ["run", "--month", "2026-10", "--workspace", "data", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "opsretro.cli", *words]
    process = subprocess.Popen(command, env=os.environ | {"MARK": str(tmp_path)}, stderr=subprocess.PIPE, text=True)
    assert "data" in process.stderr.readline()  # it has begun to check, and to load beside it
    process.kill()
    process.wait()
    process.stderr.close()
    end = time.monotonic() + 60
    while running(str(tmp_path)) and time.monotonic() < end:
        time.sleep(0.1)
    assert running(str(tmp_path)) == []
