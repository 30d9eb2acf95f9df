"""The explore widget as an analyst uses it: a real JupyterLab on loopback, a real browser, the goals' notebook."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import psutil
import pytest
from browsing import ROOT, chromium, need_chromium, skip_without_chromium
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "01_goal_review.ipynb"
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def lab_folder(folder):
    """A folder with the notebooks, their tables beside them and settings of its own."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "data", folder / "data")
    overrides = folder / "config/labconfig/default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(SETTINGS))
    return folder


def own_places(folder):
    """Everything Jupyter keeps stays in the folder; the kernel is found in the environment that runs the tests."""
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    lab = ("SETTINGS_DIR", "WORKSPACES_DIR")
    places = {f"JUPYTER_{name}": name for name in names} | {f"JUPYTERLAB_{name}": name for name in lab}
    places = {variable: str(folder / name.removesuffix("_DIR").lower()) for variable, name in places.items()}
    return os.environ | places | {"IPYTHONDIR": str(folder / "ipython")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def group(command, **options):
    """A process in a group of its own; afterwards nothing that it started is left, kernels included."""
    started = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield started
    finally:
        end(started)


def end(started, patience_seconds=20):
    """Ask it to stop, and with it its kernels, which lead groups of their own; then end what is left."""
    if started.poll() is not None:
        return
    family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
    os.killpg(started.pid, signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=patience_seconds)
    for process in left:
        process.kill()
    assert psutil.wait_procs(left, timeout=5)[1] == []


def wait_until_up(address, server, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{address} did not come up")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab that only this machine can reach."""
    chromium_path = need_chromium()
    folder, port = lab_folder(tmp_path_factory.mktemp("lab")), free_port()
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token="]
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        with group(command, cwd=folder, env=own_places(folder), stdout=log, stderr=log) as server:
            address = f"http://127.0.0.1:{port}"
            wait_until_up(f"{address}/api", server)
            yield address, chromium_path


@pytest.fixture(scope="module")
def notebook(lab):
    with run_to_its_end(lab, NOTEBOOK, card=".opsretro-card") as page:
        yield page


@contextmanager
def run_to_its_end(lab, name, *, card):
    """A notebook in the browser, run until its widget shows a card."""
    address, path = lab
    with chromium(path) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/lab/tree/notebooks/{name}")
        run_all(page, card)
        yield page


def run_all(page, card, tries=3):
    """Run all cells once the kernel is up; again if it was not ready to take them."""
    page.get_by_text(re.compile(r"\| Idle")).first.wait_for(timeout=150_000)
    for _ in range(tries):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            return page.locator(card).wait_for(timeout=60_000)
        except TooLate:
            page.keyboard.press("Escape")
    raise AssertionError("the notebook showed no card")


@pytest.fixture
def picker(notebook):
    return notebook.locator(".widget-dropdown select").first


def test_list_offers_every_goal_of_the_sample(picker):
    expect(picker.locator("option")).to_have_count(9)  # rows of data/goals.csv


def test_card_follows_the_kpi_that_was_picked(notebook, picker):
    card = notebook.locator(".opsretro-card")
    before, names = card.get_attribute("data-goal"), picker.locator("option").all_text_contents()
    picker.select_option(label=names[2])
    expect(card.locator("h3")).to_contain_text(names[2], timeout=15_000)
    assert card.get_attribute("data-goal") != before


def test_card_follows_a_supposed_target(notebook, picker):
    card = notebook.locator(".opsretro-card")
    picker.select_option(index=0)
    box = notebook.locator(".widget-text input[type=text]").first
    box.fill("1")
    box.press("Enter")
    expect(notebook.get_by_text("假设：目标值与原目标不同，结果不会保存。")).to_be_visible(timeout=15_000)
    expect(card.locator(".say")).to_contain_text("目标 1%", timeout=15_000)
    box.fill("")
    box.press("Enter")
    expect(card.locator(".say")).to_contain_text("目标 4%", timeout=15_000)


def test_card_shows_one_picture_of_the_two(notebook):
    expect(notebook.locator(".opsretro-card .picture").filter(visible=True)).to_have_count(1)


def test_no_cell_of_the_notebook_fails_or_warns(notebook):
    trouble = notebook.locator('[data-mime-type="application/vnd.jupyter.stderr"]')  # errors, too, are shown as this
    assert trouble.all_inner_texts() == []
