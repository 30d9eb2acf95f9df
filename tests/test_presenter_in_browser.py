"""The presenter as a room sees it: a real JupyterLab, a real browser, and a small stage of our own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import nbformat
import psutil
import pytest
from browsing import ROOT, chromium, need_chromium, skip_without_chromium
from playwright.sync_api import expect
from test_explore_in_browser import free_port, group

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

RUN = """
import sys
from pathlib import Path
from opsretro.meeting.meet import meet
notebook, workspace, port = sys.argv[1:]
meet("2026-10", notebook=Path(notebook), workspace=Path(workspace), lang="en", port=int(port), browser=False)
"""
STAGE = """
import ipywidgets as widgets
note, add, told = widgets.Textarea(), widgets.Button(description="Add"), widgets.Label("nothing")
add.on_click(lambda _: setattr(told, "value", f"{month}: {note.value}"))
stage = widgets.VBox([widgets.HTML("<h1>Retro</h1>"), note, add, told])
stage.add_class("opsretro-meeting")
stage
"""
SIZE = {"width": 1280, "height": 720}
FULL = ".opsretro-meeting:popover-open"
KEYS = (
    "x",
    "d",
    "d",
    "b",
    "a",
    "m",
    "Escape",
    "Delete",
    "Control+Shift+ArrowUp",
    "Control+Shift+ArrowDown",
    "z",
    "Enter",
)
ODD = "月 {度} 'a' \"b\" %20"


def notebook_of(path, *sources):
    cells = [nbformat.v4.new_markdown_cell("# Retro"), *map(nbformat.v4.new_code_cell, sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@contextmanager
def meeting(folder, notebook):
    """A meeting on loopback: its process and its address. Its temporary folder has an odd name."""
    places = {"TMPDIR": folder / ODD, "IPYTHONDIR": folder / "ipython"}
    places["TMPDIR"].mkdir()
    command = [sys.executable, "-c", RUN, notebook, ROOT / "data", str(free_port())]
    environment = os.environ | {name: str(place) for name, place in places.items()}
    with group(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as started:
        yield started, started.stdout.readline().strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    need_chromium()
    return tmp_path_factory.mktemp("meet")


@pytest.fixture(scope="module")
def held(folder):
    with meeting(folder, notebook_of(folder / "stage.ipynb", STAGE)) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as running:
        yield running


@pytest.fixture(scope="module")
def asked():
    """Every address the browser asked for."""
    return []


@pytest.fixture(scope="module")
def before(page, folder):
    """The notebook before anybody presses a key: title, injected parameters, stage."""
    cells = saved_cells(page, folder)
    assert len(cells) == 3
    return cells


@pytest.fixture(scope="module")
def page(held, browser, asked):
    page = browser.new_page(viewport=SIZE)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(held[1])
    page.locator(FULL).wait_for(timeout=90_000)
    return page


def saved_cells(page, folder):
    """Id and source of each cell as JupyterLab saves them now."""
    page.evaluate("document.dispatchEvent(new CustomEvent('opsretro-present'))")
    page.evaluate("document.querySelector('.jp-MarkdownCell').focus()")
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/checkpoints" in answer.url):
        page.keyboard.press("Control+s")  # writes the file, and then a copy of it
    page.get_by_role("button", name="Present").click()
    file = next((folder / ODD).glob("opsretro-meet-*/root/*.ipynb"))
    return [(cell.id, cell.source) for cell in nbformat.read(file, as_version=4).cells]


def kernel_of(started):
    family = psutil.Process(started.pid).children(recursive=True)
    alive = [process for process in family if process.status() != psutil.STATUS_ZOMBIE]
    return next(process for process in alive if "ipykernel_launcher" in process.cmdline())


def mark_stages(page):
    """So that a new stage can be told from the old ones."""
    page.evaluate("document.querySelectorAll('.opsretro-meeting').forEach((one) => (one.dataset.old = true))")


def write(page, text):
    page.locator(f"{FULL} textarea").fill(text)
    page.locator(f"{FULL} button").click()
    return expect(page.locator(f"{FULL} .widget-label").last)


def test_the_stage_covers_the_window(page):
    assert page.locator(FULL).bounding_box() == {"x": 0, "y": 0, **SIZE}
    assert page.locator(".opsretro-cover").count() == 0


def test_the_stage_has_the_focus(page):
    expect(page.locator(FULL)).to_be_focused()


def test_typing_reaches_the_kernel(page):
    write(page, "退款慢").to_have_text("2026-10: 退款慢", timeout=15_000)


@pytest.mark.parametrize("where", ["stage", "button", "nowhere", "below"])
def test_no_key_changes_the_notebook_below(page, folder, before, where):
    if where == "button":
        page.locator(f"{FULL} button").click()
    for key in KEYS:
        if where in {"nowhere", "below"}:
            page.evaluate("document.activeElement.blur()")
        if where == "below":
            page.evaluate("document.querySelector('.jp-Cell').focus()")
        page.keyboard.press(key)
    page.keyboard.press("Control+s")
    assert saved_cells(page, folder) == before


def test_the_next_key_goes_to_the_stage_when_the_focus_was_below(page):
    page.evaluate("document.querySelector('.jp-Cell').focus()")
    page.keyboard.press("x")
    expect(page.locator(FULL)).to_be_focused()


def test_letters_stay_in_the_field_that_has_them(page):
    page.locator(f"{FULL} textarea").fill("")
    page.locator(f"{FULL} textarea").press_sequentially("xddbam")
    expect(page.locator(f"{FULL} textarea")).to_have_value("xddbam")


def test_the_right_button_opens_no_menu_of_jupyterlab(page):
    page.locator(f"{FULL} h1").click(button="right")
    assert page.locator(".lm-Menu").count() == 0


def test_the_notebook_below_shows_no_code_and_the_way_back(page):
    page.evaluate("document.dispatchEvent(new CustomEvent('opsretro-present'))")
    button = page.get_by_role("button", name="回到投影 · Present")
    box = button.bounding_box()
    assert box["height"] >= 44 and button.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 20
    code = page.locator(".jp-InputArea-editor, .jp-InputPlaceholder")
    assert [one for one in code.all() if one.is_visible()] == []
    expect(page.locator(".opsretro-meeting textarea")).to_be_visible()  # an ordinary widget meanwhile
    button.click()
    expect(page.locator(f"{FULL}:focus-within")).to_be_visible()  # the stage, or the field that had the focus last
    expect(button).to_be_hidden()


def test_a_killed_kernel_brings_the_stage_back_and_takes_no_focus(page, held):
    mark_stages(page)
    kernel_of(held[0]).kill()
    page.locator(f"{FULL}:not([data-old])").wait_for(timeout=60_000)
    write(page, "again").to_have_text("2026-10: again", timeout=15_000)
    assert page.locator(".jp-Dialog").count() == 0


def test_a_reload_brings_the_stage_back_and_asks_nothing(page):
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    page.locator(FULL).wait_for(timeout=60_000)
    write(page, "reloaded").to_have_text("2026-10: reloaded", timeout=15_000)
    assert asked == []


def test_the_browser_asks_nobody_but_this_machine(page, asked):
    assert len(asked) > 10
    assert [url for url in asked if not re.match(r"http://127\.0\.0\.1:\d+/|data:|blob:", url)] == []


def test_a_cell_that_fails_is_seen(browser, tmp_path):
    with meeting(tmp_path, notebook_of(tmp_path / "bad.ipynb", "1 / 0", STAGE)) as (_, address):
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        expect(page.locator(".opsretro-cover")).to_contain_text("正在准备复盘会…", timeout=60_000)
        expect(page.locator(".opsretro-cover")).to_be_hidden(timeout=90_000)
        expect(page.get_by_text("ZeroDivisionError").first).to_be_visible()
