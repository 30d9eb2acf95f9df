"""The wheel alone is enough: it carries the notebooks, the words, the font, the templates and the sample."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel, built and unpacked into a folder of its own, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT], check=True)
    wheel = next(folder.glob("opsretro-*.whl"))
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", folder / "site", wheel], check=True)
    return folder


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(installed / "site")}
    command = [sys.executable, "-m", "opsretro.cli", *words]
    return subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True, check=False)


def test_a_month_runs_from_the_wheel_alone(installed):
    assert run(installed, "sample", "--out", "ws").returncode == 0
    done = run(installed, "run", "--month", "2026-10", "--workspace", "ws", "--out", "r", "--lang", "en")
    assert (done.returncode, done.stdout.strip()) == (0, str(installed / "r" / "2026-10" / "index.html"))


def test_the_wheel_is_what_ran(installed):
    code = "import opsretro, opsretro.monthly.notebook as n; print(opsretro.__file__, n.notebook_folder())"
    environment = os.environ | {"PYTHONPATH": str(installed / "site")}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=installed, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.count(str(installed / "site")) == 2
