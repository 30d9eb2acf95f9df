"""The pictures of the documentation: the sample month, published anew, and its meeting; run by `make pictures`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import MISSING, ROOT, chromium, find_chromium, opened, picture, use_bundled_font
from PIL import Image

from opsretro.cli import main as opsretro
from opsretro.report.document import document
from opsretro.report.document_pdf import pictures
from opsretro.report.look import LIGHT
from opsretro.report.page import MonthPage, all_shown
from opsretro.report.sections import SECTIONS
from opsretro.report.views import load
from opsretro.words import LANGUAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).parent
Picture = tuple[str, str, int, int, str]
PICTURES = (
    ("page.zh-CN.png", "index.html", 1280, 1500, ""),
    ("page.en.png", "index.en.html", 1280, 1500, ""),
    ("page.phone.zh-CN.png", "index.html", 390, 1200, ""),
    ("followup.en.png", "index.en.html", 1280, 1500, "#followup ol.deeds >> nth=1"),
    ("followup.phone.zh-CN.png", "index.html", 390, 1200, "#followup ol.deeds >> nth=1"),
    ("card.en.png", "index.en.html", 1280, 1500, "#goal-conversion"),
    ("activities.en.png", "index.en.html", 1280, 1500, "#roi"),
    ("activity.phone.zh-CN.png", "index.html", 390, 1200, "#activity-d11_warmup"),
    ("causes.en.png", "index.en.html", 1280, 1500, "#rootcause"),
    ("cause.phone.zh-CN.png", "index.html", 390, 1200, "#cause-conversion"),
    ("health.en.png", "index.en.html", 1280, 1500, "#health figure >> nth=0"),
    ("health.phone.zh-CN.png", "index.html", 390, 1200, "#health figure >> nth=0"),
)
RUNNING = (
    ("pace.en.png", "index.en.html", 1280, 1500, "#goal-orders"),
    ("pace.phone.zh-CN.png", "index.html", 390, 1200, "#goal-orders"),
)
"""File, page, width and height of the window in px, element that is shown alone; of the month that is over, and of the
same month while it was running."""
ARCHIVE = (
    ("archive.en.png", "index.en.html", 1280, 1700, ""),
    ("archive.phone.zh-CN.png", "index.html", 390, 1500, ""),
)
HALF_YEAR = tuple(f"2026-{month:02d}" for month in range(5, 11))
OVER_ALL = (
    ("teams.en.png", "index.en.html", 1280, 1500, ""),
    ("teams.phone.zh-CN.png", "index.html", 390, 1200, ""),
)
"""The same of the page over all teams."""
PAID = ("activities.csv", "cost_ledger.csv", "funnel.csv", "users.csv", "orders.csv")
TEAMS = {
    "content": ("内容运营组", "Content operations", (6, 10), ("survey", *PAID)),
    "growth": ("增长运营组", "Growth operations", (1, 10), ()),
    "service": ("客服运营组", "Service operations", (4, 10), ("survey",)),
}
"""Folder of a team, its names, goals of the sample it has (the first, and the first it has not), files it lacks."""
MEETING = (
    ("meeting.en.png", "en", "light", (".om-do-phase-result", ".om-do-to_open"), ".om-heap"),
    ("meeting.zh-CN.png", "zh-CN", "dark", (".om-do-face-decide", ".om-decision"), ".om-beside svg"),
)
"""File, language, light or dark, what is clicked one after the other, and what is there when the picture is taken."""
SIZE = (1280, 720)
PRINTED, SHARPNESS, GAP = (1, 4), 92, 12
"""Pages of the document that are shown side by side, points per inch, and px between them."""


def main() -> int:
    """Exit code: 0 with all pictures written."""
    path = find_chromium()
    if path is None:
        print(f"opsretro: {MISSING}", file=sys.stderr)
        return 1
    for taken, more in ((PICTURES, []), (RUNNING, ["--as-of", "2026-10-20"])):
        with TemporaryDirectory() as folder:
            words = ["run", "--month", "2026-10", "--workspace", str(ROOT / "data"), "--out", folder, *more]
            if code := opsretro(words):
                return code
            _take(path, Path(folder) / "2026-10", taken)
            if not more:
                _print(Path(folder) / "2026-10")
    with TemporaryDirectory() as folder:
        for month in HALF_YEAR:
            if code := opsretro(["run", "--month", month, "--workspace", str(ROOT / "data"), "--out", folder]):
                return code
        _take(path, Path(folder), ARCHIVE)
    with TemporaryDirectory() as folder:
        _teams(Path(folder) / "teams")
        out = str(Path(folder) / "out")
        if opsretro(["run", "--month", "2026-10", "--teams", f"{folder}/teams/*", "--out", out]) != 1:  # one is broken
            return 1
        _take(path, Path(out) / "teams" / "2026-10", OVER_ALL)
    for name, lang, scheme, clicks, shown in MEETING:
        with (
            _meeting(lang) as address,
            chromium(path) as browser,
            opened(browser, address, *SIZE, scheme=scheme) as page,
        ):
            _meet(page, clicks, shown)
            picture(page, HERE / name)
    return 0


def _take(path: str, month: Path, pictures: Sequence[Picture]) -> None:
    with chromium(path) as browser:
        for name, page_name, width, height, element in pictures:
            with opened(browser, (month / page_name).as_uri(), width, height) as page:
                use_bundled_font(page)
                if element:
                    page.locator(element).evaluate("card => card.open = true")
                picture(page.locator(element) if element else page, HERE / name)


def _print(month: Path) -> None:
    """Two pages of the document side by side, in each language."""
    for lang in LANGUAGES:
        found = {one.key: json.loads((month / f"{one.key}.json").read_text(encoding="utf-8")) for one in SECTIONS}
        results = {key: load(data, lang=lang) for key, data in found.items()}
        context = results["goals"].context
        page = MonthPage(period=month.name, context=context, results=results, failures={}, files={})
        told = json.dumps(document(page, lang, all_shown(page, lang)), ensure_ascii=False)
        made = pictures(told, ppi=SHARPNESS)
        shown = [Image.open(BytesIO(made[number - 1])).convert("RGB") for number in PRINTED]
        width = sum(one.width for one in shown) + GAP * (len(shown) + 1)
        sheet = Image.new("RGB", (width, shown[0].height + 2 * GAP), LIGHT["hairline"])
        for place, one in enumerate(shown):
            sheet.paste(one, (GAP + place * (one.width + GAP), GAP))
        sheet.quantize(200, Image.Quantize.MAXCOVERAGE).save(HERE / f"pdf.{lang}.png", optimize=True)


def _teams(folder: Path) -> None:
    """Workspaces of teams that differ, out of the sample, and a folder that is none."""
    for name, (chinese, english, (first, end), lacks) in TEAMS.items():
        shutil.copytree(ROOT / "data", folder / name, ignore=shutil.ignore_patterns(*lacks))
        settings = (folder / name / "retro.toml").read_text(encoding="utf-8")
        named = settings.replace("增长运营组", chinese).replace("Growth operations", english)
        (folder / name / "retro.toml").write_text(named, encoding="utf-8")
        lines = (folder / name / "goals.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name / "goals.csv").write_text("".join([lines[0], *lines[first:end]]), encoding="utf-8")
    (folder / "old-campaigns").mkdir()


@contextmanager
def _meeting(lang: str) -> Iterator[str]:
    """The address of the sample's meeting, held on a copy of the sample."""
    with TemporaryDirectory() as folder:
        workspace = shutil.copytree(ROOT / "data", Path(folder) / "data")
        words = ["meet", "--month", "2026-10", "--workspace", str(workspace), "--lang", lang, "--no-browser"]
        command = [sys.executable, "-m", "opsretro.cli", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as held:  # noqa: S603 - our own command
            try:
                yield held.stdout.readline().strip() if held.stdout else ""
            finally:
                held.terminate()


def _meet(page: Page, clicks: Sequence[str], shown: str) -> None:
    """Wait for the meeting, and go to what is to be seen of it."""
    page.locator(".opsretro-meeting:popover-open").wait_for(timeout=120_000)
    use_bundled_font(page)
    for target in clicks:
        page.locator(f"{target}:visible").first.click()
    page.locator(shown).first.wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)  # what follows it comes in pieces
    page.mouse.move(0, 0)


if __name__ == "__main__":
    sys.exit(main())
