"""A real Chromium for the tests and the pictures: where it is, how it starts, how a page's picture is taken."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[1]
FONT = ROOT / "opsretro/report/fonts/NotoSansSC-Regular-subset.ttf"
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium: install one (Debian, Ubuntu: apt-get install chromium) or put its path into OPSRETRO_CHROMIUM"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@lru_cache(maxsize=1)
def find_chromium() -> str | None:
    """Path of a Chromium that starts: the one of OPSRETRO_CHROMIUM, of PATH, or playwright's own; None without one."""
    installed = (os.environ.get("OPSRETRO_CHROMIUM"), *map(shutil.which, NAMES))
    return next(filter(_starts, filter(None, installed)), None) or _downloaded()


def _starts(path: str) -> bool:
    """Some names on PATH are stubs that only tell where to get a browser."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if _starts(path) else None


def is_required() -> bool:
    """Whether a missing browser is a failure."""
    return os.environ.get("CI") == "true"


def need_chromium() -> str:
    """Path of a Chromium; a test that has none fails."""
    import pytest

    return find_chromium() or pytest.fail(MISSING)


def skip_without_chromium() -> None:
    """For the top of a test module: leaves all of it out, in one line, unless a browser is required."""
    import pytest

    if not is_required() and not find_chromium():
        pytest.skip(MISSING, allow_module_level=True)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A headless Chromium that asks nothing of the network by itself. No asyncio loop can run while it is open."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, address: str, width: int, height: int, *, scheme: str = "light") -> Iterator[Page]:
    """A page in a fresh profile, for pictures: its own security policy does not keep our font out."""
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "bypass_csp": True}
    context = browser.new_context(**look)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def use_bundled_font(page: Page) -> None:
    """Letters of the bundled font, where the machine has none for Chinese; for pictures only."""
    data = base64.b64encode(FONT.read_bytes()).decode()
    face = f'@font-face{{font-family:"Picture";src:url("data:font/ttf;base64,{data}")}}'
    page.add_style_tag(content=f'{face} :root *{{font-family:"Picture"!important}}')
    page.evaluate("document.fonts.ready")


def picture(what: Page | Locator, path: Path, **options: object) -> Path:
    """A picture of a page or of one element of it, at most 250 kB: few colours are enough for a page."""
    from PIL import Image

    what.screenshot(path=path, **options)
    with Image.open(path) as taken:
        small = taken.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path
