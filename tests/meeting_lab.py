"""A retro meeting in a real JupyterLab and a real browser: how it is started, what is on its screen and in its file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from browsing import ROOT
from playwright.sync_api import Browser, Locator, Page, expect
from test_explore_in_browser import group
from test_page_in_browser import FAINT

from opsretro.meeting.ledger import Ledger
from opsretro.tables.meetings import Meeting, read_meeting

MONTH = "2026-10"
expect.set_options(timeout=20_000)  # a machine that is busy with other tests answers late, and still answers
SIZE = {"width": 1280, "height": 720}
FULL = ".opsretro-meeting:popover-open"
SLOW = 150_000
"""Milliseconds a kernel may take to come up and show the meeting, on a machine that is busy."""


def sample(folder: Path) -> Path:
    """A workspace of its own, with the sample's tables and without its meeting of this month."""
    return Path(shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns(f"{MONTH}.*")))


@contextmanager
def meeting(
    workspace: Path, folder: Path, port: int, lang: str = "zh-CN"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The real command on loopback: its process, and the address it printed.

    Args:
        workspace: With the tables.
        folder: For everything that is kept beside it.
        port: Where it listens.
        lang: Of the meeting.
    """
    places = {name: folder / name.lower() for name in ("TMPDIR", "IPYTHONDIR")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    command = [Path(sys.executable).with_name("opsretro"), "meet", "--workspace", workspace, "--month", MONTH]
    command += ["--lang", lang, "--port", str(port), "--no-browser"]
    environment = os.environ | {name: str(place) for name, place in places.items()}
    with (folder / "log").open("a") as log:
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": log, "text": True}
        with group(command, cwd=folder, env=environment, **options) as started:
            yield started, started.stdout.readline().strip()


def joined(browser: Browser, address: str) -> Page:
    """A browser of its own on a meeting, once the room sees it.

    What goes wrong in it is kept in `complaints`, what it asks the kernel in `asked`, by name.
    """
    page = browser.new_page(viewport=SIZE)
    page.complaints, page.asked = [], set()
    page.on("pageerror", lambda error: page.complaints.append(f"{error.name}: {error.message}"))
    page.on("websocket", lambda wire: wire.on("framesent", lambda sent: page.asked.update(names_in(sent))))
    page.goto(address)
    ready(page)
    return page


def names_in(sent: bytes | str) -> list[str]:
    """Names of messages in what is sent to a kernel."""
    text = sent if isinstance(sent, str) else sent.decode(errors="replace")
    return re.findall(r'"msg_type": ?"(\w+)"', text)


def ready(page: Page) -> None:
    """Wait until the meeting is on the screen and its kernel answers."""
    shown = page.locator(f"{FULL}:not(.om-lost)")
    expect(shown).to_have_count(1, timeout=SLOW)
    expect(page.locator(FULL)).to_have_count(1)
    shown.locator(".om-head h1").wait_for()


def one(page: Page, selector: str) -> Locator:
    """An element of the meeting that is on the screen."""
    return page.locator(f"{FULL} {selector}")


def press(page: Page, *names: str) -> None:
    """Press buttons by name, one after the other."""
    for name in names:
        one(page, f".om-do-{name}").click()


def press_now(page: Page, *names: str) -> None:
    """Press buttons whether or not they take it, without waiting."""
    for name in names:
        page.evaluate(f"document.querySelector('{FULL} .om-do-{name}').click()")


def until(page: Page, fact: Callable[[], object], seconds: float = 15.0) -> float:
    """Wait until something holds, and let the browser go on meanwhile.

    Returns:
        Seconds it took.
    """
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds, one(page, ".om-said").inner_text()
        page.wait_for_timeout(20)
    return time.monotonic() - began


def state(workspace: Path) -> Meeting:
    """The meeting as it is on disk."""
    return read_meeting(workspace / "meetings" / f"{MONTH}.json")


def without_drafts(meeting: Meeting) -> Meeting:
    """A meeting without what differs between two kernels that tell the same: who writes, how often, what is typed."""
    return replace(meeting, session="", revision=0, drafts={})


def ledger_of(workspace: Path) -> dict[str, str]:
    """Title by id of each action in the ledger."""
    rows = Ledger(workspace / "actions.yaml").actions()
    return dict(zip(rows["id"], rows["title_zh"], strict=True))


def screen(page: Page) -> dict[str, Any]:
    """What the room sees, and what stands in the fields."""
    return {
        "head": one(page, ".om-head").inner_text(),
        "main": one(page, ".om-main").all_inner_texts(),
        "bar": one(page, ".om-bar .om-now").all_inner_texts(),
        "typed": {name: text for name, text in page.evaluate(TYPED).items() if text},
    }


TYPED = """() => Object.fromEntries([...document.querySelectorAll(
    '.opsretro-meeting:popover-open [class*="om-field-"] :is(textarea, input)')].map(
    (box) => [box.closest('[class*="om-field-"]').className.match(/om-field-([\\w-]+)/)[1], box.value]))"""
"""Text by field."""


def kernels_of(started: subprocess.Popen[str]) -> list[psutil.Process]:
    """Kernels of a command that was started."""
    family = psutil.Process(started.pid).children(recursive=True)
    alive = [process for process in family if process.status() != psutil.STATUS_ZOMBIE]
    return [process for process in alive if "ipykernel_launcher" in process.cmdline()]


STAGE = "document.querySelector('.opsretro-meeting:popover-open, .opsretro-meeting')"
TEXTS = r"""(stage) => {
    const seen = (what) => what.checkVisibility() && what.getBoundingClientRect().width
    const walk = document.createTreeWalker(stage, NodeFilter.SHOW_TEXT)
    const found = [...stage.querySelectorAll("input, textarea, select")].filter(seen)
    for (let at = walk.nextNode(); at; at = walk.nextNode()) {
        const what = at.parentElement
        if (at.data.trim() && seen(what) && !what.closest("svg, style, script, option")) found.push(what)
    }
    const sizes = found.map((what) => [what, parseFloat(getComputedStyle(what).fontSize)])
    return sizes.filter(([, px]) => px < 20).map(([what, px]) => `${px} px: ${what.innerText || what.className}`)
}"""
"""Texts below 20 px."""

CONTROLS = r"""(stage) => {
    const all = [...stage.querySelectorAll("button, input, textarea, select, [data-do]")]
    const shown = all.filter((one) => one.checkVisibility()).map((one) => [one, one.getBoundingClientRect()])
    const small = shown.filter(([, box]) => box.width && (box.width < 43.9 || box.height < 43.9))
    return small.map(([one, box]) => `${box.width} x ${box.height}: ${one.innerText || one.className}`)
}"""
"""Controls below 44 px (WCAG 2.2, 2.5.5)."""

SIDEWAYS = r"""(stage) => {
    const parts = ".om-bar, .om-body, .om-main, .om-side, .om-form, .om-beside, .om-entry, .om-tools, .om-said"
    const boxes = [document.documentElement, stage, ...stage.querySelectorAll(parts)]
    const out = boxes.filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
    return out.map((box) => `${box.className.match(/om-\w+/) ?? box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`)
}"""
"""Parts of the meeting that are wider than their room."""

CHARTS = r"""(stage) => [...stage.querySelectorAll("svg")].filter((svg) => svg.checkVisibility()).map((svg) => {
    const moves = [...svg.querySelectorAll("g[transform]")].map((g) => g.getAttribute("transform"))
    const letters = moves.map((move) => /scale\(([\d.]+) -/.exec(move)).filter(Boolean)
    const sizes = letters.map((found) => 100 * found[1] * svg.getScreenCTM().a)
    return [Math.min(...sizes), Math.max(...sizes)]
})"""
"""Smallest and largest letters of each chart: matplotlib draws a letter as a path of 100 units, and scales it."""

BELOW = r"""(stage) => {
    const parts = [...stage.querySelectorAll(":scope > :is(.om-tools, .om-bar, .om-entry, .om-head)")]
    const out = parts.filter((one) => one.checkVisibility() && one.getBoundingClientRect().bottom > innerHeight + 1)
    return out.map((one) => `${one.className.match(/om-\w+/)} ends at ${one.getBoundingClientRect().bottom.toFixed()}`)
}"""
"""What one has to scroll down for, although it is always needed."""
ROOM, LARGE, PHONE = (1280, 720), (1920, 1080), (390, 844)
WORDS = ".opsretro-meeting :is(p, li, h1, h2, h3, b, span, button, label, output, textarea, select, .widget-label)"


def write(page: Page, column: int, text: str) -> None:
    """Write a card into a column, and enter it."""
    choice = one(page, ".om-entry .widget-toggle-button").nth(column)
    choice.click()
    expect(choice).to_have_class(re.compile("mod-active"))
    one(page, ".om-field-card textarea").fill(text)
    one(page, ".om-field-card textarea").press("Enter")


def pick(page: Page, *texts: str) -> None:
    """Pick cards by what they say, and no others."""
    page.keyboard.press("Escape")
    expect(one(page, ".om-on")).to_have_count(0)
    for n, text in enumerate(texts, start=1):
        one(page, ".om-card").filter(has_text=text).click()
        expect(one(page, ".om-on")).to_have_count(n)


def compose(
    page: Page, steps: Sequence[str], word: str, *, pause: float = 0, meanwhile: Callable[[], object] | None = None
) -> None:
    """Type a word as a Chinese input method does: letters that are being composed, then the word itself."""
    one(page, ".om-field-card textarea").focus()
    wire = page.context.new_cdp_session(page)
    for step in steps:
        wire.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
        if meanwhile:
            meanwhile()
        page.wait_for_timeout(pause)
    wire.send("Input.insertText", {"text": word})


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until something has the focus."""
    for _ in range(most):
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {selector}")


def show_decisions(page: Page) -> None:
    """Show the form of a decision, whatever is shown now."""
    if one(page, ".om-do-face-decide.om-now").count() == 0:
        press(page, "face-decide")
    one(page, ".om-form").wait_for()


def look(page: Page, seen: dict[str, dict[str, Any]], name: str) -> None:
    """Measure what the room sees now, in three sizes, dark and light.

    Args:
        page: With the meeting on it.
        seen: Gets, by kind of flaw, what was found where.
        name: Of what is shown.
    """
    page.wait_for_timeout(100)
    for size in (ROOM, LARGE, PHONE):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        tell = {"controls": CONTROLS, "sideways": SIDEWAYS, "texts": TEXTS, "charts": CHARTS}
        for kind, asked in (tell | ({} if size == PHONE else {"below": BELOW})).items():
            if found := page.evaluate(f"({asked})({STAGE})"):
                seen[kind][f"{name}, {size[0]}"] = found
    page.set_viewport_size(SIZE)
    for theme in ("light", "dark"):
        page.evaluate(f"{STAGE}.classList.toggle('om-dark', {'true' if theme == 'dark' else 'false'})")
        if found := page.evaluate(FAINT, WORDS)[1]:
            seen["faint"][f"{name}, {theme}"] = found
    page.evaluate(f"{STAGE}.classList.remove('om-dark')")
