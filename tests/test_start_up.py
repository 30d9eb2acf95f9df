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


def test_a_parser_nobody_asks_for_is_loaded_with_the_first_address():
    done = subprocess.run([sys.executable, "-c", ADDRESS], capture_output=True, text=True, check=False)
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
